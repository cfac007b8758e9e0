"""What admins do with people's accounts, against moto."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib.accounts import links, people, personal, store
from chalicelib.accounts.model import Account, Errand, Event, Session, Task, new_id, stands
from chalicelib.core.callers import Person, Role
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unavailable
from chalicelib.core.signed import BadLink

pytestmark = pytest.mark.usefixtures("cloud")

HERE = "198.51.100.7"


def kept(email: str, now: Now, **changes: Any) -> Account:
    account = replace(Account(new_id(), email, Role.PASSENGER, "en", 1, "a hash", 1), **changes)
    store.save(account, now=now.wall)
    return replace(account, revision=1)


def as_caller(account: Account) -> Person:
    return Person(account.id, account.role, account.email, "address", "en", "session", timedelta())


@pytest.fixture
def admin(now: Now) -> Person:
    return as_caller(kept("admin@example.com", now, role=Role.ADMIN))


@pytest.fixture
def ada(now: Now) -> Account:
    return kept("ada@example.com", now)


def told(about: str, now: Now) -> list[Event]:
    """What the trail says, the first first."""
    return list(reversed(store.events_about(about, now.wall, 100, None)[0]))


def rows() -> list[Any]:
    items: list[Any] = boto3.client("dynamodb").scan(TableName=config().accounts_table)["Items"]
    return items


def test_people_are_listed_by_role_and_by_the_beginning_of_their_address(now: Now, ada: Account, admin: Person) -> None:
    """In any case of letters."""
    operator = kept("adam@example.com", now, role=Role.OPERATOR, airlines=("UA",))
    assert {each.id for each in people.listed(tuple(Role), "", 10, None)[0]} == {ada.id, operator.id, admin.id}
    assert people.listed([Role.PASSENGER], " ADA", 10, None) == ([ada], None)
    assert {each.id for each in people.listed(tuple(Role), "ada", 10, None)[0]} == {ada.id, operator.id}
    for nobody in ("zoe", "ädä", "\ud800", "ada@example.net", "@", "x" * 254):
        assert people.listed(tuple(Role), nobody, 10, None) == ([], None)


def test_what_no_address_begins_with_is_not_looked_for(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB fails on half of a surrogate pair."""
    monkeypatch.setattr(store, "people", lambda *_: pytest.fail("the table was asked"))
    assert people.listed(tuple(Role), "\ud800", 10, None) == ([], None)


def test_a_whole_address_finds_its_account_alone(now: Now, ada: Account) -> None:
    """Not also those that begin with it; one that is not whole yet finds all that begin so."""
    longer = kept("ada@example.community", now)
    assert people.listed(tuple(Role), "Ada@Example.com", 10, None) == ([ada], None)
    assert people.listed([Role.ADMIN], "ada@example.com", 10, None) == ([], None)
    found, _ = people.listed(tuple(Role), "ada@example.c", 10, None)
    assert {each.id for each in found} == {ada.id, longer.id}


def test_people_are_listed_page_by_page(now: Now) -> None:
    """With the cursor of the page before, also where the beginning has an @ in it."""
    everybody = {kept(f"ada@{n}.example.com", now).id for n in range(7)}
    found, cursor = people.listed([Role.PASSENGER], "ada@", 3, None)
    while cursor:
        page, cursor = people.listed([Role.PASSENGER], "ada@", 3, cursor)
        found += page
    assert len(found) == 7
    assert {each.id for each in found} == everybody


def test_who_is_not_there_is_not_found(now: Now, admin: Person) -> None:
    """By whatever one asks for."""
    for id in ("nobody", "", "x" * 3000, "ü"):
        with pytest.raises(NotFound):
            people.one(id)
        with pytest.raises(NotFound):
            people.change(id, admin, HERE, now.wall, disabled=True)
        with pytest.raises(NotFound):
            people.delete(id, admin, HERE, now)


def test_an_invitation_holds_for_seven_days_and_stands_in_the_trail_without_an_address(now: Now, admin: Person) -> None:
    """With what is given, by whom, and from where."""
    errand = people.invite(
        " Op@Example.com", Role.OPERATOR, ["UAL", "UA", "UA"], ["EWR"], "fr", admin, HERE, now.wall
    )  # fmt: skip
    kept_one = store.errand(errand.id, now.wall)
    assert kept_one == replace(errand, revision=1)
    assert (errand.task, errand.email, errand.language, errand.role) == (
        Task.INVITE, "op@example.com", "fr", Role.OPERATOR,
    )  # fmt: skip
    assert (errand.airlines, errand.airports, errand.by, errand.done) == (("UA", "UAL"), ("EWR",), admin.id, False)
    assert errand.expires == now.wall.timestamp() + timedelta(days=7).total_seconds()
    assert links.to_set_password(links.url(errand).partition("token=")[2], now.wall) == kept_one
    (event,) = told(f"invitation:{errand.id}", now)
    assert (event.what, event.by, event.client) == ("invited", admin.id, HERE)
    assert event.detail == (("role", "operator"), ("airlines", "UA,UAL"), ("airports", "EWR"))
    audit = [row for row in rows() if row["pk"]["S"].startswith(("audit#", "by#"))]
    assert audit
    assert "op@example.com" not in json.dumps(audit)


def test_an_invitation_is_listed_until_it_is_used_or_withdrawn(now: Now, admin: Person) -> None:
    """Withdrawn, its link opens nothing; the trail says who did it."""
    second, first = (
        people.invite(f"{name}@example.com", Role.ADMIN, [], [], "en", admin, HERE, now.wall) for name in "ba"
    )
    assert [each.id for each in people.invitations(now.wall)] == [first.id, second.id]
    token = links.url(first).partition("token=")[2]
    people.withdraw(first.id, admin, HERE, now.wall)
    assert [each.id for each in people.invitations(now.wall)] == [second.id]
    with pytest.raises(BadLink):
        links.to_set_password(token, now.wall)
    assert {event.what for event in told(f"invitation:{first.id}", now)} == {"invited", "invitation-withdrawn"}
    with pytest.raises(NotFound):
        people.withdraw(first.id, admin, HERE, now.wall)
    assert people.invitations(now.wall + timedelta(days=7)) == []


def test_an_address_has_one_invitation(now: Now, admin: Person) -> None:
    """The newer one ends the older: nobody keeps a second for later."""
    first, second = (
        people.invite("op@example.com", role, [], [], "en", admin, HERE, now.wall)
        for role in (Role.ADMIN, Role.PASSENGER)
    )
    assert [each.id for each in people.invitations(now.wall)] == [second.id]
    for errand, opens in ((first, False), (second, True)):
        token = links.url(errand).partition("token=")[2]
        if opens:
            assert links.to_set_password(token, now.wall).id == second.id
        else:
            with pytest.raises(BadLink):
                links.to_set_password(token, now.wall)
    later = now.wall + timedelta(days=7, seconds=1)
    third = people.invite("op@example.com", Role.ADMIN, [], [], "en", admin, HERE, later)
    assert [each.id for each in people.invitations(later)] == [third.id]
    people.withdraw(third.id, admin, HERE, later)
    assert people.invite("op@example.com", Role.ADMIN, [], [], "en", admin, HERE, later)


def test_nothing_but_an_invitation_is_withdrawn(now: Now, admin: Person) -> None:
    """A lost password is its owner's."""
    at = int(now.wall.timestamp())
    errand = Errand("ab" * 12, Task.RESET, "ada@example.com", "en", at, at + 600)
    store.save(errand, now=now.wall)
    with pytest.raises(NotFound):
        people.withdraw(errand.id, admin, HERE, now.wall)
    assert store.errand(errand.id, now.wall)


@pytest.mark.parametrize(
    "what",
    [
        ("no address", Role.PASSENGER, [], []),
        ("op@example.com", Role.OPERATOR, [], []),
        ("op@example.com", Role.OPERATOR, ["ua"], []),
        ("op@example.com", Role.OPERATOR, [], ["E"]),
        ("op@example.com", Role.ADMIN, ["UA"], []),
        ("op@example.com", Role.PASSENGER, [], ["EWR"]),
    ],
)
def test_what_can_not_be_given_is_not_offered(what: tuple[Any, ...], now: Now, admin: Person) -> None:
    """Nothing is written."""
    before = len(rows())
    with pytest.raises(Invalid):
        people.invite(*what, "en", admin, HERE, now.wall)
    assert len(rows()) == before


def test_who_has_an_account_is_not_invited(now: Now, ada: Account, admin: Person) -> None:
    """The admin is told to change the role instead."""
    before = len(rows())
    with pytest.raises(Conflict, match="change its role"):
        people.invite("Ada@example.com", Role.ADMIN, [], [], "en", admin, HERE, now.wall)
    assert len(rows()) == before


def test_nobodys_mailbox_is_filled_with_invitations(now: Now, admin: Person) -> None:
    """Three an hour, in whatever spelling; and nobody invites who can't be written to."""
    for n in range(3):
        people.invite(f"op+{n}@example.com", Role.ADMIN, [], [], "en", admin, HERE, now.wall)
    with pytest.raises(TooMany) as limited:
        people.invite("Op@example.com", Role.ADMIN, [], [], "en", admin, HERE, now.wall)
    assert limited.value.limit == "invite-by-address"
    people.invite("other@example.com", Role.ADMIN, [], [], "en", admin, HERE, now.wall)


def test_nobody_is_invited_where_no_emails_are_sent(now: Now, admin: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """And that is said."""
    monkeypatch.setenv("EMAIL_SENDER", "")
    config.cache_clear()
    try:
        with pytest.raises(Unavailable, match="EMAIL_SENDER"):
            people.invite("op@example.com", Role.ADMIN, [], [], "en", admin, HERE, now.wall)
    finally:
        monkeypatch.undo()
        config.cache_clear()


def test_a_role_is_given_and_taken_with_what_it_is_bound_to(now: Now, ada: Account, admin: Person) -> None:
    """The trail says what it was and what it is; who is no operator any more acts for nobody."""
    given = people.change(ada.id, admin, HERE, now.wall, role=Role.OPERATOR, airlines=["UAL", "UA"])
    assert given == people.one(ada.id)
    assert (given.role, given.airlines, given.airports, given.epoch) == (Role.OPERATOR, ("UA", "UAL"), (), 1)
    bound = people.change(ada.id, admin, HERE, now.wall + timedelta(minutes=1), airlines=[], airports=["EWR"])
    assert (bound.role, bound.airlines, bound.airports) == (Role.OPERATOR, (), ("EWR",))
    taken = people.change(ada.id, admin, HERE, now.wall + timedelta(minutes=2), role=Role.PASSENGER)
    assert (taken.role, taken.airlines, taken.airports) == (Role.PASSENGER, (), ())
    events = told(ada.id, now)
    assert [(each.what, each.by, each.client) for each in events] == [("role-changed", admin.id, HERE)] * 3
    assert [each.detail for each in events] == [
        (("role", "passenger -> operator"), ("airlines", "none -> UA,UAL")),
        (("airlines", "UA,UAL -> none"), ("airports", "none -> EWR")),
        (("role", "operator -> passenger"), ("airports", "EWR -> none")),
    ]


@pytest.mark.parametrize(
    "wanted",
    [
        {"role": Role.OPERATOR}, {"role": Role.OPERATOR, "airlines": ["U"]}, {"airlines": ["UA"]},
        {"role": Role.ADMIN, "airports": ["EWR"]}, {"role": Role.OPERATOR, "airports": ["ewr"]},
    ],
)  # fmt: skip
def test_a_role_that_can_not_be_is_not_given(wanted: dict[str, Any], now: Now, ada: Account, admin: Person) -> None:
    """An operator acts for some, nobody else does; nothing is written."""
    with pytest.raises(Invalid):
        people.change(ada.id, admin, HERE, now.wall, **wanted)
    assert people.one(ada.id) == ada
    assert told(ada.id, now) == []


def test_who_is_disabled_is_logged_out_everywhere_in_the_same_write(now: Now, ada: Account, admin: Person) -> None:
    """Enabling brings no session back."""
    at = int(now.wall.timestamp())
    used = Session(ada.id, "s1", "a hash", 1, at, at, at, at + 3600, HERE, "a browser")
    assert stands(ada, used, now.wall)
    disabled = people.change(ada.id, admin, HERE, now.wall, disabled=True)
    assert disabled.disabled
    assert not stands(disabled, used, now.wall)
    enabled = people.change(ada.id, admin, HERE, now.wall + timedelta(seconds=1), disabled=False)
    assert not enabled.disabled
    assert not stands(enabled, used, now.wall)
    assert stands(enabled, replace(used, epoch=enabled.epoch), now.wall)
    assert [(each.what, each.by) for each in told(ada.id, now)] == [("disabled", admin.id), ("enabled", admin.id)]


def test_what_is_so_already_is_not_written(now: Now, ada: Account, admin: Person) -> None:
    """No revision, no line in the trail."""
    for nothing in ({}, {"role": Role.PASSENGER}, {"disabled": False}, {"airlines": [], "airports": []}):
        assert people.change(ada.id, admin, HERE, now.wall, **nothing) == ada
    assert people.one(ada.id) == ada
    assert told(ada.id, now) == []


def test_an_admin_does_nothing_to_their_own_account(now: Now, admin: Person) -> None:
    """Another admin can: so there is always one."""
    for wanted in ({"role": Role.PASSENGER}, {"disabled": True}, {}):
        with pytest.raises(Conflict, match="another admin"):
            people.change(admin.id, admin, HERE, now.wall, **wanted)
    with pytest.raises(Conflict, match="another admin"):
        people.delete(admin.id, admin, HERE, now)
    assert people.one(admin.id).role is Role.ADMIN


@pytest.mark.parametrize("what", [{"role": Role.PASSENGER}, {"disabled": True}])
def test_who_is_no_admin_any_more_changes_nothing(what: dict[str, Any], now: Now, ada: Account, admin: Person) -> None:
    """Also where they were one when the request was let in."""
    other = as_caller(kept("other@example.com", now, role=Role.ADMIN))
    people.change(admin.id, other, HERE, now.wall, **what)
    with pytest.raises(Forbidden):
        people.change(ada.id, admin, HERE, now.wall, disabled=True)
    assert people.one(ada.id) == ada


def test_a_deleted_account_is_erased_in_the_admins_name(
    now: Now, ada: Account, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An admin's loses its role first, so that of two who delete each other one stays."""
    erased: list[tuple[Account, dict[str, Any]]] = []
    monkeypatch.setattr(personal, "erase", lambda account, **more: erased.append((account, more)), raising=False)
    other = kept("other@example.com", now, role=Role.ADMIN)
    people.delete(ada.id, admin, HERE, now)
    people.delete(other.id, admin, HERE, now)
    how = {"by": admin.id, "client": HERE, "now": now}
    assert erased == [(ada, how), (replace(other, role=Role.PASSENGER, revision=2), how)]
    assert people.one(other.id).role is Role.PASSENGER
    with pytest.raises(Forbidden):
        people.delete(admin.id, as_caller(other), HERE, now)


def test_a_first_admin_is_invited_without_a_letter(now: Now) -> None:
    """By a link that whoever typed the command has; the trail says so."""
    errand = people.make_admin("Boss@Example.com", "de", "terminal", now.wall)
    assert not isinstance(errand, Account)
    assert (errand.role, errand.email, errand.language, errand.by, errand.done) == (
        Role.ADMIN, "boss@example.com", "de", None, True,
    )  # fmt: skip
    assert links.to_set_password(links.url(errand).partition("token=")[2], now.wall) == replace(errand, revision=1)
    (event,) = told(f"invitation:{errand.id}", now)
    assert (event.what, event.by, event.client, event.detail) == ("invited", None, "terminal", (("role", "admin"),))


def test_who_has_an_account_is_made_an_admin_at_once(now: Now) -> None:
    """One that was disabled is enabled, and an operator acts for none any more."""
    mine = kept("op@example.com", now, role=Role.OPERATOR, airlines=("UA",), disabled=True)
    made = people.make_admin("op@example.com", "en", "terminal", now.wall)
    assert made == people.one(mine.id)
    assert isinstance(made, Account)
    assert (made.role, made.airlines, made.disabled) == (Role.ADMIN, (), False)
    assert sorted((each.what, each.by, each.client) for each in told(mine.id, now)) == [
        ("enabled", None, "terminal"), ("role-changed", None, "terminal"),
    ]  # fmt: skip
