"""What admins, keys and addresses come to where several are at it at once, on tables that are exact under threads."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.accounts import keys, links, people, store
from chalicelib.accounts.model import Account, Errand, Task, hash_of, id_of, new_id
from chalicelib.core.callers import Person, Role
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict

from .logins import at_once

pytestmark = pytest.mark.usefixtures("exact_cloud")


def kept(email: str, now: Now, role: Role = Role.PASSENGER) -> Account:
    account = Account(new_id(), email, role, "en", 1, "a hash", 1)
    store.save(account, now=now.wall)
    return replace(account, revision=1)


def as_caller(account: Account) -> Person:
    return Person(account.id, account.role, account.email, "address", "en", "session", timedelta())


def test_one_of_many_gets_an_address(now: Now) -> None:
    """Of twenty accounts that claim it at once, one is there, and it has the address."""
    claiming = [Account(new_id(), "ada@example.com", Role.PASSENGER, "en", 1, "a hash", 1) for _ in range(20)]
    came = at_once(*(lambda each=each: store.save(each, now=now.wall) for each in claiming))
    assert all(each is None or isinstance(each, Conflict) for each in came)
    assert {each is None for each in came} == {True, False}
    (winner,) = [each for each, failed in zip(claiming, came, strict=True) if failed is None]
    assert [each.id for each in claiming if store.account(each.id)] == [winner.id]
    found = store.account_with("ada@example.com")
    assert found
    assert found.id == winner.id


def test_of_two_who_move_to_one_address_one_stays_where_it_was(now: Now) -> None:
    """No address is left without its account, and the one that is left is free."""
    both = [kept("a@example.com", now), kept("b@example.com", now)]
    came = at_once(
        *(lambda each=each: store.save(replace(each, email="c@example.com"), former=each, now=now.wall)
          for each in both)
    )  # fmt: skip
    assert sorted(isinstance(each, Conflict) for each in came if each) == [True]
    assert None in came
    moved, stayed = both if came[0] is None else reversed(both)
    assert store.account_with(stayed.email) == stayed
    assert store.account_with(moved.email) is None
    kept(moved.email, now)


def test_of_many_who_invite_an_address_at_once_one_does(now: Now) -> None:
    """It has one invitation, and the link of no other opens anything."""
    asked, expires = int(now.wall.timestamp()), int((now.wall + links.INVITED_FOR).timestamp())
    sent = [Errand(new_id(), Task.INVITE, "ada@example.com", "en", asked, expires, role=Role.ADMIN) for _ in range(10)]
    came = at_once(*(lambda each=each: store.save(each, now=now.wall) for each in sent))
    assert all(each is None or isinstance(each, Conflict) for each in came)
    assert {each is None for each in came} == {True, False}
    (winner,) = [each for each, failed in zip(sent, came, strict=True) if failed is None]
    found = store.invitation_of("ada@example.com", now.wall)
    assert found
    assert [each.id for each in sent if store.errand(each.id, now.wall)] == [winner.id] == [found.id]


def test_of_admins_who_demote_each_other_one_stays(now: Now) -> None:
    """Ten times, as it is luck who comes first."""
    for n in range(10):
        a, b = kept(f"a{n}@example.com", now, Role.ADMIN), kept(f"b{n}@example.com", now, Role.ADMIN)

        def demote(whom: Account, by: Account) -> Any:
            return people.change(whom.id, as_caller(by), "198.51.100.7", now.wall, role=Role.PASSENGER)

        came = at_once(lambda a=a, b=b: demote(a, b), lambda a=a, b=b: demote(b, a))
        assert sorted(type(each).__name__ for each in came) == ["Account", "Forbidden"]
        assert sorted(people.one(each.id).role for each in (a, b)) == ["admin", "passenger"]


def test_changes_of_one_account_at_once_are_all_made(now: Now) -> None:
    """Each on what the other left, and each is in the trail."""
    admin, mine = kept("admin@example.com", now, Role.ADMIN), kept("ada@example.com", now)
    by = as_caller(admin)
    at_once(
        lambda: people.change(mine.id, by, "", now.wall, role=Role.OPERATOR, airlines=["UA"]),
        lambda: people.change(mine.id, by, "", now.wall, disabled=True),
    )
    found = people.one(mine.id)
    assert (found.role, found.airlines, found.disabled, found.epoch) == (Role.OPERATOR, ("UA",), True, 2)
    assert sorted(event.what for event in store.events_about(mine.id, now.wall, 10, None)[0]) == [
        "disabled", "role-changed",
    ]  # fmt: skip


def test_a_key_that_is_revoked_and_rotated_at_once_is_revoked(now: Now) -> None:
    """Whoever comes first: ten times. There are two keys or one, and none is rotated twice."""
    for n in range(10):
        key = keys.make(f"feed-{n}", ["feeds:aidx"], ["EWR"], now.wall)
        came = at_once(
            lambda key=key: keys.revoke(id_of(key), now.wall),
            lambda key=key: keys.rotate(id_of(key), now.wall),
            lambda key=key: keys.rotate(id_of(key), now.wall),
            lambda key=key: keys.machine_of(key, now.wall),
        )
        assert came[0] is None
        assert keys.machine_of(key, now.wall) is None
        rotated = [each for each in came[1:3] if isinstance(each, tuple)]
        assert len(rotated) <= 1
        of_feed = [each for each in keys.every() if each.name == f"feed-{n}"]
        assert len(of_feed) == 1 + len(rotated)
        assert all(keys.machine_of(secret, now.wall) for secret, _ in rotated)


def test_an_unlisted_key_that_is_used_and_revoked_at_once_is_revoked(now: Now) -> None:
    """Being listed for the first time does not bring it back."""
    for n in range(10):
        key = keys.make(f"feed-{n}", ["feeds:aidx"], ["EWR"], now.wall)
        row = store._rows()
        old = row.get(f"key#{hash_of(key)}", "key")
        old.update([row.list.remove(), row.listed_as.remove(), row.revision.remove(), row.ends_at.remove()])
        came = at_once(
            *[lambda key=key: keys.machine_of(key, now.wall)] * 3, lambda key=key: keys.revoke_shown(key, now.wall)
        )
        assert came[3] is None
        assert keys.machine_of(key, now.wall) is None
