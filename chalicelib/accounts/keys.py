"""Makes, recognises and revokes the API keys of machines."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.accounts import store
from chalicelib.accounts.model import SCOPES, Key, check_name, hash_of, new_secret
from chalicelib.core.callers import Machine
from chalicelib.core.errors import Conflict, Invalid, NotFound


def make(name: str, scopes: Sequence[str], airports: Sequence[str], now: datetime) -> str:
    """Make a key and return it: the only time it is seen. Raises Invalid for a name or scope that is none."""
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise Invalid(f"{', '.join(unknown) or 'nothing'} is no scope; there are: {', '.join(SCOPES)}")
    secret = new_secret()
    store.add_key(Key(hash_of(secret), check_name(name), tuple(scopes), tuple(airports), now))
    return secret


def machine_of(secret: str) -> Machine | None:
    """Whose key this is; None where it is not known or was revoked."""
    key = store.key(hash_of(secret))
    return None if key is None or key.revoked else Machine(key.name, key.scopes, key.airports)


def revoke(secret: str) -> None:
    """Revoke a key. Raises NotFound."""
    try:
        store.revoke_key(hash_of(secret))
    except Conflict:
        raise NotFound("there is no such key") from None
