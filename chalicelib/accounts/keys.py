"""Makes, recognises, lists, rotates and revokes the API keys of machines. Each of it stands in the audit trail."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.accounts import store
from chalicelib.accounts.model import OF_AIRPORTS, SCOPES, Event, Key, check_name, hash_of, new_secret
from chalicelib.core.callers import Machine
from chalicelib.core.errors import Conflict, Fault, Invalid, NotFound, Unavailable

OVERLAP = timedelta(days=7)  # so long a rotated key still opens: until then its system has the new one


def make(
    name: str, scopes: Sequence[str], airports: Sequence[str], now: datetime, *, by: str | None = None, client: str = ""
) -> str:
    """Make a key and return it: the only time it is seen. Raises Invalid for a name, scope or airport that is none.

    A key that feeds flights speaks for some airports. `by` is the admin's account, None on the terminal.
    """
    check_name(name)
    _check("scopes", scopes, SCOPES, f"is no scope; there are: {', '.join(SCOPES)}")
    codes = [code for code in airports if re.fullmatch("[A-Z0-9_]{3,4}", code)]
    if airports or set(scopes) & set(OF_AIRPORTS):
        _check("airports", airports, codes, "is no airport's code, such as EWR")
    secret = new_secret()
    key = Key(hash_of(secret), name, tuple(scopes), tuple(airports), now)
    store.save(key, Event(now, "key-made", by, f"key:{name}", client, (("key", key.id),)), now=now)
    return secret


def machine_of(secret: str, now: datetime) -> Machine | None:
    """Whose key this is; None where it is not known, was revoked, or rotated too long ago."""
    key = store.key(hash_of(secret))
    if key is None or not key.holds(now):
        return None
    if not key.revision:  # made before keys were listed
        with suppress(Conflict, Unavailable):  # then the next time
            store.save(key, now=now)
    return Machine(key.name, key.scopes, key.airports)


def every() -> list[Key]:
    """All keys, revoked ones too, by name."""
    return store.machine_keys()


def rotate(id: str, now: datetime, *, by: str | None = None, client: str = "") -> tuple[str, Key]:
    """Make a key that may do the same, and return it with what is kept of it; the former one ends after OVERLAP.

    Raises NotFound, and Conflict where it holds no more, or somebody revokes or rotates it at the same time.
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


def revoke_shown(secret: str, now: datetime, *, client: str = "") -> None:
    """Revoke a key by itself. Raises NotFound."""
    key = store.key(hash_of(secret))
    if key is None:
        raise NotFound("there is no such key")
    _revoke(key, now, None, client)


def _revoke(found: Key, now: datetime, by: str | None, client: str) -> None:
    def attempt() -> None:
        key = store.key(found.hash)
        if key and not key.revoked:
            event = Event(now, "key-revoked", by, f"key:{key.name}", client, (("key", key.id),))
            store.save(replace(key, revoked=True), event, now=now)

    store.persist(attempt)


def _check(place: str, given: Sequence[str], known: Sequence[str], fault: str) -> None:
    unknown = [each for each in given if each not in known]
    if unknown or not given:
        raise Invalid(f"{', '.join(unknown) or 'nothing'} {fault}", [Fault("body", place, fault)])


def _named(id: str) -> Key:
    for key in store.machine_keys():
        if key.id == id:
            return key
    raise NotFound(f"there is no key {id[:40]!r}")
