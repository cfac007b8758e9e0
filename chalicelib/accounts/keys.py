"""Makes, recognises, lists, rotates and revokes the API keys of machines. Each of it stands in the audit trail."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.accounts import store
from chalicelib.accounts.model import SCOPES, Event, Key, check_name, hash_of, new_secret
from chalicelib.core.callers import Machine
from chalicelib.core.errors import Conflict, Invalid, NotFound

OVERLAP = timedelta(days=7)  # so long a rotated key still opens: until then its system has the new one


def make(
    name: str, scopes: Sequence[str], airports: Sequence[str], now: datetime, *, by: str | None = None, client: str = ""
) -> str:
    """Make a key and return it: the only time it is seen. Raises Invalid for a name or scope that is none.

    `by` is the admin's account, None on the terminal.
    """
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise Invalid(f"{', '.join(unknown) or 'nothing'} is no scope; there are: {', '.join(SCOPES)}")
    secret = new_secret()
    key = Key(hash_of(secret), check_name(name), tuple(scopes), tuple(airports), now)
    store.save(key, Event(now, "key-made", by, f"key:{name}", client, (("key", key.id),)), now=now)
    return secret


def machine_of(secret: str, now: datetime) -> Machine | None:
    """Whose key this is; None where it is not known, was revoked, or rotated too long ago."""
    key = store.key(hash_of(secret))
    if key is None or not key.holds(now):
        return None
    if not key.revision:  # made before keys were listed
        with suppress(Conflict):
            store.save(key, now=now)
    return Machine(key.name, key.scopes, key.airports)


def every() -> list[Key]:
    """All keys, revoked ones too, by name."""
    return store.machine_keys()


def rotate(id: str, now: datetime, *, by: str | None = None, client: str = "") -> tuple[str, Key]:
    """Make a key that may do the same, and return it with what is kept of it; the former one ends after OVERLAP.

    Raises NotFound, and Conflict where it holds no more.
    """
    former = _named(id)
    if not former.holds(now) or former.ends_at:
        raise Conflict("this key was revoked or rotated already; make another")
    secret = new_secret()
    key = replace(former, hash=hash_of(secret), made_at=now, revision=0)
    event = Event(now, "key-rotated", by, f"key:{key.name}", client, (("key", former.id), ("successor", key.id)))
    store.save(replace(former, ends_at=int((now + OVERLAP).timestamp())), key, event, now=now)
    return secret, key


def revoke(id: str, now: datetime, *, by: str | None = None, client: str = "") -> None:
    """Revoke a key, by its id; to revoke it again does no harm. Raises NotFound."""
    _revoke(_named(id), now, by, client)


def revoke_shown(secret: str, now: datetime) -> None:
    """Revoke a key by itself. Raises NotFound."""
    key = store.key(hash_of(secret))
    if key is None:
        raise NotFound("there is no such key")
    _revoke(key, now, None, "")


def _revoke(found: Key, now: datetime, by: str | None, client: str) -> None:
    def attempt() -> None:
        key = store.key(found.hash)
        if key and not key.revoked:
            event = Event(now, "key-revoked", by, f"key:{key.name}", client, (("key", key.id),))
            store.save(replace(key, revoked=True), event, now=now)

    store.persist(attempt)


def _named(id: str) -> Key:
    for key in store.machine_keys():
        if key.id == id:
            return key
    raise NotFound(f"there is no key {id[:40]!r}")
