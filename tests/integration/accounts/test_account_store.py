"""How people, sessions, keys and the audit trail are kept, against moto."""

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any

import pytest

from chalicelib.accounts import store
from chalicelib.accounts.model import Account, Consent, Errand, Event, Key, Session, Task, new_id
from chalicelib.core import tables
from chalicelib.core.callers import Role
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, Invalid, Unavailable

pytestmark = pytest.mark.usefixtures("cloud")


def account(email: str = "ada@example.com", **changes: Any) -> Account:
    return replace(Account(new_id(), email, Role.PASSENGER, "en", 1, "a hash", 1), **changes)


def session(owner: Account, id: str, now: datetime, lasts: timedelta = timedelta(hours=1)) -> Session:
    at = int(now.timestamp())
    return Session(owner.id, id, "a hash", 1, at, at, at, int((now + lasts).timestamp()), "198.51.100.7", "a browser")


def errand(now: datetime, **changes: Any) -> Errand:
    at = int(now.timestamp())
    return replace(Errand(new_id(), Task.CONFIRM, "ada@example.com", "en", at, at + 3600), **changes)


def event(now: datetime, about: str, **changes: Any) -> Event:
    return replace(Event(now, "disabled", None, about, "198.51.100.7"), **changes)


def kept(*accounts: Account, now: Now) -> list[Account]:
    for each in accounts:
        store.save(each, now=now.wall)
    return [replace(each, revision=1) for each in accounts]


def everybody(prefix: str = "", limit: int = 100, roles: Any = tuple(Role)) -> list[list[str]]:
    """Page by page."""
    pages, cursor = [], None
    while True:
        found, cursor = store.people(roles, prefix, limit, cursor)
        pages.append([each.email for each in found])
        if cursor is None:
            return pages


def cursor(*parts: Any) -> str:
    return urlsafe_b64encode(json.dumps(parts).encode()).decode()


def test_everything_reads_back_as_it_was_kept(now: Now) -> None:
    """Every field of each kind of item."""
    mine = account(
        role=Role.OPERATOR, airlines=("UA", "UAL"), airports=("EWR",), disabled=True, language="fr", epoch=4,
        password_at=7,
    )  # fmt: skip
    used = session(mine, "s1", now.wall)
    asked = errand(now.wall, task=Task.INVITE, role=Role.OPERATOR, airlines=("UA",), by="x", wording="w", done=True,
                   account="y", former="z@example.com", leased_until=9)  # fmt: skip
    agreed = Consent(mine.id, "2026-11", "fr", 5)
    told = event(now.wall, mine.id, by=mine.id, detail=(("role", "passenger -> admin"),))
    key = Key("ab" * 32, "ewr-aodb", ("feeds:aidx",), ("EWR", "JFK"), now.wall, ends_at=99)
    store.save(mine, used, asked, agreed, told, key, now=now.wall)
    assert store.account(mine.id) == store.account_with(mine.email) == replace(mine, revision=1)
    assert store.session(mine.id, "s1", now.wall) == replace(used, revision=1)
    assert store.account_and_session(mine.id, "s1", now.wall) == (
        replace(mine, revision=1), replace(used, revision=1),
    )  # fmt: skip
    assert store.errand(asked.id, now.wall) == replace(asked, revision=1)
    assert store.consents(mine.id) == [agreed]
    assert store.events_about(mine.id, now.wall, 10, None) == ([told], None)
    assert store.events_of(now.wall.date(), now.wall, 10, None) == ([told], None)
    assert store.key(key.hash) == replace(key, revision=1)
    assert store.machine_keys() == [replace(key, revision=1)]


def test_an_address_is_one_accounts(now: Now) -> None:
    """The second that claims it is refused, and nothing of it is kept."""
    kept(account(), now=now)
    second = account()
    with pytest.raises(Conflict):
        store.save(second, event(now.wall, second.id), now=now.wall)
    assert store.account(second.id) is None
    assert store.events_about(second.id, now.wall, 10, None) == ([], None)


def test_a_former_address_is_free_again_and_the_new_one_is_claimed(now: Now) -> None:
    """In the same write; an account that goes lets its address go as well."""
    (mine,) = kept(account(), now=now)
    store.save(replace(mine, email="new@example.com"), former=mine, now=now.wall)
    assert store.account_with("ada@example.com") is None
    moved = store.account_with("new@example.com")
    assert moved
    (other,) = kept(account(), now=now)
    with pytest.raises(Conflict):
        store.save(replace(other, email="new@example.com"), former=other, now=now.wall)
    assert store.account_with("ada@example.com") == other
    store.save(gone=[moved], now=now.wall)
    assert (store.account(moved.id), store.account_with("new@example.com")) == (None, None)
    kept(account("new@example.com"), now=now)


def test_what_was_changed_meanwhile_is_not_overwritten_and_does_not_go(now: Now) -> None:
    """By revision: of an account, a session, an errand and a key."""
    mine = account()
    key = Key("ab" * 32, "ewr-aodb", ("feeds:aidx",), ("EWR",), now.wall)
    first: list[Any] = [mine, session(mine, "s1", now.wall), errand(now.wall), key]
    store.save(*first, now=now.wall)
    for item in first:
        other = replace(item, language="fr") if isinstance(item, Errand) else item
        with pytest.raises(Conflict):
            store.save(other, now=now.wall)  # as if it were new
        read = replace(item, revision=1)
        store.save(read, now=now.wall)
        with pytest.raises(Conflict):
            store.save(read, now=now.wall)
        with pytest.raises(TypeError if item is key else Conflict):  # keys are revoked, and stay
            store.save(gone=[read], now=now.wall)


def test_all_or_nothing(now: Now) -> None:
    """One item that is refused keeps out all others, what goes too."""
    (mine,) = kept(account(), now=now)
    stale, new, told = replace(mine, revision=7), errand(now.wall), event(now.wall, mine.id)
    used = session(mine, "s1", now.wall)
    store.save(used, now=now.wall)
    with pytest.raises(Conflict):
        store.save(stale, new, told, gone=[replace(used, revision=1)], now=now.wall)
    assert store.account(mine.id) == mine
    assert store.errand(new.id, now.wall) is None
    assert store.events_about(mine.id, now.wall, 10, None) == ([], None)
    assert store.session(mine.id, "s1", now.wall)


def test_a_change_holds_only_while_who_was_seen_is_as_they_were(now: Now) -> None:
    """And they are not written."""
    admin, mine = kept(account("admin@example.com", role=Role.ADMIN), account(), now=now)
    store.save(mine, seen=admin, now=now.wall)
    assert store.account(admin.id) == admin
    store.save(replace(admin, role=Role.PASSENGER), now=now.wall)
    with pytest.raises(Conflict):
        store.save(replace(mine, revision=2), seen=admin, now=now.wall)


def test_what_has_expired_is_absent(now: Now) -> None:
    """From that second on, on every read; and what is new may have its place."""
    (mine,) = kept(account(), now=now)
    short, asked, told = session(mine, "s1", now.wall), errand(now.wall), event(now.wall, mine.id)
    store.save(short, asked, told, now=now.wall)
    later = now.wall + timedelta(hours=1)
    assert store.session(mine.id, "s1", later) is None
    assert store.sessions(mine.id, later) == []
    assert store.account_and_session(mine.id, "s1", later) == (mine, None)
    assert store.errand(asked.id, later) is None
    before = later - timedelta(seconds=1)
    assert store.session(mine.id, "s1", before)
    assert store.errand(asked.id, before)
    store.save(session(mine, "s1", later), now=later)
    much_later = now.wall + store.AUDIT_KEPT
    assert store.events_about(mine.id, much_later, 10, None) == ([], None)
    assert store.events_of(now.wall.date(), much_later, 10, None) == ([], None)
    assert store.events_of(now.wall.date(), much_later - timedelta(seconds=1), 10, None) == ([told], None)


def test_people_are_paged_over_all_partitions(now: Now) -> None:
    """Each once, whatever the size of a page, also where a page ends with a partition."""
    emails = [f"p{n:02}@example.com" for n in range(23)]
    kept(*(account(email) for email in emails), account("op@example.com", role=Role.OPERATOR), now=now)
    for limit in (1, 2, 5, 24, 100):
        pages = everybody(limit=limit)
        assert sorted(chain(*pages)) == sorted([*emails, "op@example.com"])
        assert all(len(page) <= limit for page in pages)
    assert everybody(roles=[Role.OPERATOR]) == [["op@example.com"]]
    assert everybody(roles=[Role.ADMIN]) == [[]]


def test_people_are_found_by_the_beginning_of_their_address(now: Now) -> None:
    """On every page of every partition, and no others."""
    ours = [f"ada{n}@example.com" for n in range(15)]
    kept(*(account(email) for email in (*ours, "ad@example.com", "adb@example.com", "bada@example.com")), now=now)
    for limit in (1, 4, 100):
        assert sorted(chain(*everybody("ada", limit))) == sorted(ours)
    assert everybody("ada1@")[0] == ["ada1@example.com"]
    assert everybody("zoe") == [[]]


@pytest.mark.parametrize(
    "hostile",
    [
        "", "=", "none of ours", "äöü", "\ud800", "A" * 1000, cursor("passenger#0"), cursor("passenger#0", 1),
        cursor("nobody#0", "a"), cursor("keys", "a"), cursor("passenger#99", ""), cursor("passenger#0", "ü"),
        cursor("passenger#0", "\ud800"), cursor("passenger#0", "a" * 500), cursor(None, None), cursor({}, []),
        urlsafe_b64encode(b'{"0": "passenger#0", "1": ""}').decode(), urlsafe_b64encode(b"[" * 700).decode(),
    ],
)  # fmt: skip
def test_a_cursor_that_is_none_is_refused(hostile: str, now: Now) -> None:
    """As bad input: nothing of it gets to the table."""
    with pytest.raises(Invalid):
        store.people(tuple(Role), "", 10, hostile)


def test_a_cursor_opens_no_other_list(now: Now) -> None:
    """Of other roles, or of another beginning, which DynamoDB would fail on."""
    with pytest.raises(Invalid):
        store.people([Role.PASSENGER], "", 10, store.cursor_of("admin#0", "a"))
    with pytest.raises(Invalid):
        store.people([Role.ADMIN], "ada", 10, store.cursor_of("admin#0", "zoe"))
    assert store.people([Role.ADMIN], "ada", 10, store.cursor_of("admin#0", "")) == ([], None)


@pytest.mark.parametrize(
    "hostile", ["x", cursor("\ud800"), cursor("ü"), cursor("a" * 500), cursor("a", "b"), cursor(1)]
)
def test_a_cursor_of_the_trail_that_is_none_is_refused(hostile: str, now: Now) -> None:
    """Of a day's, or of what stands about somebody."""
    for read in (lambda: store.events_of(now.wall.date(), now.wall, 10, hostile),
                 lambda: store.events_about("x", now.wall, 10, hostile)):  # fmt: skip
        with pytest.raises(Invalid):
            read()


def test_a_made_up_cursor_of_the_trail_reads_no_more_than_is_there(now: Now) -> None:
    """Before the first, after the last, empty, or with what sorts before all else."""
    told = event(now.wall, "x")
    store.save(told, now=now.wall)
    for where, found in (("", [told]), ("0", []), ("9", [told]), ("\x00", [])):
        made_up = store.cursor_of(where)
        assert store.events_of(now.wall.date(), now.wall, 10, made_up)[0] == found
        assert store.events_about("x", now.wall, 10, made_up)[0] == found


def test_ids_that_can_be_none_of_ours_are_absent(now: Now) -> None:
    """Also such as DynamoDB would not take for a key."""
    for id in ("", "x" * 3000, "ü" * 700, "\ud800", "a#b"):
        assert store.account(id) is None
        assert store.session(id, id, now.wall) is None
        assert store.errand(id, now.wall) is None
        assert store.events_about(id, now.wall, 10, None) == ([], None)


def test_who_has_another_role_by_now_is_not_listed_by_the_one_before(now: Now) -> None:
    """The list follows at once in moto; what it leads to is looked at either way."""
    (mine,) = kept(account(), now=now)
    keys = [(f"account#{mine.id}", "account")] * 2
    assert store._accounts(keys, [Role.PASSENGER], "ada") == [mine]
    assert store._accounts(keys, [Role.ADMIN], "ada") == []
    assert store._accounts(keys, [Role.PASSENGER], "zoe") == []


def test_the_trail_is_read_backwards_page_by_page(now: Now) -> None:
    """Of a day and about somebody, each line once, the last first."""
    told = [event(now.wall + timedelta(seconds=n), "x", id=f"{n:08x}") for n in range(13)]
    other = event(now.wall - timedelta(days=1), "x")
    for each in (*told, other):
        store.save(each, now=now.wall)
    told.reverse()
    for limit in (1, 4, 13, 50):
        of_day = partial(store.events_of, now.wall.date(), now.wall, limit)
        about = partial(store.events_about, "x", now.wall, limit)
        for read, wanted in ((of_day, told), (about, [*told, other])):
            found, following = read(None)
            while following:
                page, following = read(following)
                assert len(page) <= limit
                found += page
            assert found == wanted


def test_a_change_that_keeps_losing_gives_up(now: Now) -> None:
    """As busy, not as wrong."""
    tried = []

    def lose() -> None:
        tried.append(1)
        raise Conflict("again")

    with pytest.raises(Unavailable):
        store.persist(lose)
    assert len(tried) == tables.ATTEMPTS
