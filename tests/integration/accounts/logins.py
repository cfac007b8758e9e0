"""Accounts that can log in, what became of them, and doing much at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import cache
from threading import Barrier
from typing import Any

from chalicelib.accounts import passwords, store
from chalicelib.accounts.model import Account, Origin, new_id
from chalicelib.core.callers import Role
from chalicelib.core.errors import GatecallError

PASSWORD = "a tram to the harbour"
HERE = Origin("192.0.2.1", "curl/8")


@cache
def hash_of_password() -> str:
    """Made once: it takes its time."""
    return passwords.hash_of(PASSWORD)


def account(email: str, now: datetime, **changes: Any) -> Account:
    """Somebody who has an account, as it is stored."""
    at = int(now.timestamp())
    made = replace(Account(new_id(), email, Role.PASSENGER, "en", at, hash_of_password(), at), **changes)
    store.save(made, now=now)
    return replace(made, revision=1)


def change(account: Account, now: datetime, **changes: Any) -> Account:
    """Change an account, as it is stored now."""
    there = store.account(account.id)
    assert there
    store.save(replace(there, **changes), now=now)
    return replace(there, **changes, revision=there.revision + 1)


def events(about: str, now: datetime) -> list[str]:
    """What the audit trail says of somebody, the last first."""
    return [event.what for event in store.events_about(about, now, 100, None)[0]]


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Do all of it at once; gives what came of each, also where that was an error of ours."""
    start = Barrier(len(deeds))

    def do(deed: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return deed()
        except GatecallError as error:
            return error

    with ThreadPoolExecutor(len(deeds)) as threads:
        return list(threads.map(do, deeds))
