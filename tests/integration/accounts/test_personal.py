"""All that is held on a person can be had, and is erased, whoever dies on the way."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from chalicelib.accounts import errands, personal, store
from chalicelib.accounts.model import Account, Errand, Event, Session, Task, new_id
from chalicelib.accounts.personal import KEEPER, Owner
from chalicelib.alerts import confirm, due, follow, manage
from chalicelib.alerts import personal as alerts
from chalicelib.alerts import store as subscriptions
from chalicelib.alerts.store import Standing, Status
from chalicelib.channels.model import Address, Channel
from chalicelib.core.clock import Now
from chalicelib.core.errors import NotFound, Unavailable

from ..alerts.held import (
    ADA,
    EVE,
    FLIGHT,
    NEW,
    ROUTE,
    a_flight,
    agrees,
    changes,
    follows_all,
    held,
    owner,
    queued,
    registered,
    rows,
    streams,
    tell,
    wishes,
)  # fmt: skip
from ..alerts.killing import Process, stream_records
from ..alerts.passenger import World, followers, world
from ..alerts.test_kill_points import an_empty_gatecall
from ..conftest import NOON

AUDIT = ("audit#", "by#")
PARTS = 4  # so that workers share the points


@pytest.fixture(autouse=True)
def keepers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personal, "KEEPERS", [KEEPER, alerts.KEEPER])


@pytest.fixture
def of(cloud: None, now: Now, monkeypatch: pytest.MonkeyPatch) -> World:
    """Noon; UA1545 leaves in two hours."""
    made = world(now, monkeypatch)
    a_flight(now)
    return made


def erase(account: Account, now: Now, **more: Any) -> personal.Erased:
    return personal.erase(account, by=account.id, client="192.0.2.7", now=now, **more)


def of_task(task: Task) -> list[Errand]:
    images = [row for table, row in rows() if table == "accounts"]
    return [found for row in images if (found := store.errand_of_image(row)) and found.task is task]


def is_erased(who: Owner) -> None:
    """Nothing is left but what `kept` names: the audit trail by the random id, and the letter that tells of it."""
    left = held(who)
    letters = {f"errand#{each.id}" for each in of_task(Task.DELETED)}
    assert [each for each in left if not each[1].startswith(AUDIT) and each[1] not in letters] == []
    assert not [row for _, row in rows() if row["pk"]["S"].startswith(AUDIT) and who.email in json.dumps(row)]
    assert who.email not in queued().lower()
    assert of_task(Task.ERASE) == []


def test_the_export_holds_all_that_any_table_holds(of: World) -> None:
    """Every item with the address, its id or the account's id is told of; passwords and tokens are not, hashed too."""
    account = registered(ADA, of.now.wall)
    registered(EVE, of.now.wall)
    follows_all(ADA, of)
    wishes(EVE, FLIGHT, of.now)
    found = personal.export(owner(account), of.now)
    text = json.dumps(found)
    mentions = {
        "account": account.id, "email": ADA, "address": owner(account).address.id, "ask": owner(account).address.id,
    }  # fmt: skip
    items = held(owner(account))
    assert {table for table, _, _ in items} == {"accounts", "subscriptions", "followers"}
    for table, pk, sk in items:
        kind = sk.partition("#")[0] if table != "followers" else pk.split("#")[1] if pk.startswith("due") else ""
        if kind == "session":
            expired = sk.partition("#")[2] not in {each.id for each in store.sessions(account.id, of.now.wall)}
            assert expired or sk.partition("#")[2] in text
        elif kind == "consent":
            assert len(found["accounts"]["consents"]) == 1
        else:
            assert mentions.get(kind, sk.rpartition("#")[2]) in text, (table, pk, sk)
    told = {each["follows"]: each["told"] for each in found["alerts"]["subscriptions"]}
    assert [len(told[f"flight:{FLIGHT['flight']}"]), len(told["route:EWR-IAH-20260710"])] == [1, 1]
    assert {each["status"] for each in found["alerts"]["subscriptions"]} == {"active", "stopped", "pending"}
    assert {each["what"] for each in found["accounts"]["audit"]} == {"registered", "flight-updated"}
    assert found["alerts"]["contact"]["wording"]
    assert found["made_at"] == "2026-07-10T12:00:00Z"
    assert EVE not in text
    assert "hash" not in text


def test_an_export_tells_of_a_refusal_and_of_nothing(of: World) -> None:
    """Who follows nothing has a short one; who complained finds that."""
    account = registered(ADA, of.now.wall)
    assert personal.export(owner(account), of.now)["alerts"] == {
        "address": ADA, "id": owner(account).address.id, "contact": None, "subscriptions": [], "refused": None,
    }  # fmt: skip
    manage.drop(Address(Channel.EMAIL, ADA), "complaint: abuse", of.now)
    assert personal.export(owner(account), of.now)["alerts"]["refused"] == "complaint: abuse"


def test_erasing_leaves_nothing_but_what_it_says(of: World) -> None:
    """No item, no queue message; and what others have stays as it was, byte for byte."""
    ada, eve = registered(ADA, of.now.wall), registered(EVE, of.now.wall)
    for who in (ADA, EVE):
        follows_all(who, of)
    before = personal.export(owner(eve), of.now), held(owner(eve))
    erased = erase(ada, of.now)
    assert erased.done == ("accounts", "alerts")
    assert erased.continues == ()
    assert len(erased.kept) == len(KEEPER.kept) + len(alerts.KEEPER.kept)
    is_erased(owner(ada))
    assert (personal.export(owner(eve), of.now), held(owner(eve))) == before
    assert store.account_with(ADA) is None
    [letter] = of_task(Task.DELETED)
    assert (letter.email, letter.account) == (ADA, None)
    assert "deleted" in [each.what for each in store.events_about(ada.id, of.now.wall, 10, None)[0]]
    with pytest.raises(NotFound):
        erase(ada, of.now)


def test_what_comes_after_erasing_brings_nothing_back(of: World) -> None:
    """Records of the stream, the first too, pages of the queue, and what was due: nobody is found, nobody is told."""
    ada = registered(ADA, of.now.wall)
    follows_all(ADA, of)
    records = stream_records("gatecall-test-subscriptions")
    [first] = [each["sk"]["S"] for each in followers() if each["pk"]["S"].startswith("page#flight")]
    erase(ada, of.now)
    sent = len(of.sent)
    for record in records:
        confirm.ask(record, of.now)
    changes(of.now, "D1")
    assert tell(of.now) == []
    assert tell(of.now, only=first) == []
    due.take_up(Now(of.now.flight + timedelta(days=1), of.now.wall + timedelta(days=1)), lambda: 60)
    streams(of)
    assert len(of.sent) == sent
    is_erased(owner(ada))


def test_a_wish_of_later_gets_nothing_of_what_was_erased(of: World) -> None:
    """A guest who asks again is asked to confirm; old records then bring back nothing of before."""
    ada = registered(ADA, of.now.wall)
    follows_all(ADA, of)
    records = stream_records("gatecall-test-subscriptions")
    erase(ada, of.now)
    of.later(hours=1)
    wishes(ADA, FLIGHT, of.now)
    for record in records:
        confirm.ask(record, of.now)
    contact, [wish] = subscriptions.holding(owner(ada).address.id, of.now.wall)
    assert contact
    assert (contact.standing, wish.status) == (Standing.ASKED, Status.PENDING)
    assert followers() == []
    assert not [pk for _, pk, _ in held(owner(ada)) if pk.startswith("told#")]


def test_whoever_logs_in_while_an_account_goes_leaves_nothing(of: World) -> None:
    """A session or a consent of an account that is not there is not kept."""
    ada = registered(ADA, of.now.wall)
    erase(ada, of.now)
    at = int(of.now.wall.timestamp())
    with pytest.raises(Unavailable):
        store.persist(
            lambda: store.save(Session(ada.id, new_id(), "x", 1, at, at, at, at + 9, "", ""), now=of.now.wall)
        )
    is_erased(owner(ada))


@pytest.mark.parametrize("error", [Unavailable("busy"), RuntimeError("a bug")])
def test_what_a_request_can_not_finish_the_errand_does(
    of: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The account is gone at once; the rest is named, and done by the queue, once more where that fails too."""
    fails = [error, Unavailable("busy still")]

    def erases(who: Owner, now: Now) -> None:
        if fails:
            raise fails.pop(0)
        alerts.KEEPER.erase(who, now)

    monkeypatch.setattr(personal, "KEEPERS", [KEEPER, replace(alerts.KEEPER, erase=erases)])
    ada = registered(ADA, of.now.wall)
    follows_all(ADA, of)
    assert erase(ada, of.now)[:2] == (("accounts",), ("alerts",))
    assert store.account(ada.id) is None
    [errand] = of_task(Task.ERASE)
    with pytest.raises(Unavailable):
        errands.run(errand.id, of.now)
    assert len(followers()) == 2
    errands.run(errand.id, of.now)
    errands.run(errand.id, of.now)
    is_erased(owner(ada))


def test_a_request_that_takes_too_long_leaves_the_rest_to_the_errand(of: World) -> None:
    """Seconds are an argument."""
    ada = registered(ADA, of.now.wall)
    seconds = iter([0, 1, personal.LONGEST + 1])
    assert erase(ada, of.now, watch=lambda: next(seconds))[:2] == (("accounts",), ("alerts",))
    [errand] = of_task(Task.ERASE)
    personal.go_on_erasing(errand, of.now)
    personal.go_on_erasing(errand, of.now)
    is_erased(owner(ada))


def test_an_errand_that_comes_late_takes_nothing_from_a_new_account_of_the_address(of: World) -> None:
    """What hangs on the address is the new account's by then; what hung on the old one's id goes."""
    ada = registered(ADA, of.now.wall)
    follows_all(ADA, of)
    erase(ada, of.now, watch=iter([0.0, 99.0]).__next__)
    again = registered(ADA, of.now.wall)
    before = personal.export(owner(again), of.now)
    [errand] = of_task(Task.ERASE)
    errands.run(errand.id, of.now)
    assert personal.export(owner(again), of.now) == before
    assert before["alerts"]["subscriptions"]
    assert {pk.partition("#")[0] for _, pk, _ in held(Owner(ada.id, "nobody"))} == {"audit", "by"}


def through_death(dies_at: int | None, work: Callable[[World, Account], Callable[[], Any]], of: World) -> Process:
    """Do something in a process that dies at a point; what it left is done by the errand, or by who asks again."""
    process = Process(dies_at)
    ada = registered(ADA, of.now.wall)
    follows_all(ADA, of)
    job = work(of, ada)
    with process.installed():
        if process.run(job):
            return process
        of.later(minutes=3)
        if store.account(ada.id) is not None and not of_task(Task.MOVE):
            assert len(store.sessions(ada.id, None)) == 2, "all or nothing"
            job()
        for errand in [*of_task(Task.ERASE), *of_task(Task.MOVE)]:
            errands.run(errand.id, of.now)
    return process


@pytest.mark.parametrize("part", range(PARTS))
def test_f1_whoever_dies_anywhere_erases_all_or_has_not_begun(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first call, and after each; the errand finishes."""
    for point in count(2 * part - 1, 2 * PARTS):
        with an_empty_gatecall():
            of = world(Now(NOON, NOON), monkeypatch)
            a_flight(of.now)
            process = through_death(max(point, 0), lambda of, ada: lambda: erase(ada, of.now), of)
            for table, row in rows():
                assert table != "accounts" or row["pk"]["S"].split("#")[0] in ("errand", "audit", "by")
            is_erased(Owner("no account", ADA))
        if process.died_in is None:
            break
    assert point > 20


def moved(of: World, ada: Account, to: str = NEW) -> Errand:
    """Ada has another address, and an errand says so."""
    after = replace(ada, email=to)
    at = int(of.now.wall.timestamp())
    errand = Errand(new_id(), Task.MOVE, to, "en", at, at + 172_800, account=ada.id, former=ada.email)
    store.save(after, errand, Event(of.now.wall, "email-changed", ada.id, ada.id, ""), former=ada, now=of.now.wall)
    return errand


def has_moved(of: World, told: bool = False) -> None:
    """What was active is so at the new address, once; nothing is left at the old one."""
    contact, found = subscriptions.holding(Address(Channel.EMAIL, NEW).id, of.now.wall)
    assert contact
    assert contact.standing is Standing.CONFIRMED
    assert contact.wording
    active = [str(each.subject) for each in found if each.status is Status.ACTIVE]
    assert active == [f"flight:{FLIGHT['flight']}", "route:EWR-IAH-20260710"]
    assert {each["address"]["S"] for each in followers()} == {NEW}
    assert len(followers()) == 2
    assert [each for each in held(Owner("no account", ADA)) if not each[1].startswith("errand#")] == []


def test_what_is_followed_moves_with_the_address_and_is_told_on_from_there(of: World) -> None:
    """Nobody is asked anew, nothing is told twice, and it may be done again."""
    ada = registered(ADA, of.now.wall)
    follows_all(ADA, of)
    errand, sent = moved(of, ada), len(of.sent)
    personal.move(errand, of.now)
    personal.move(errand, of.now)
    errands.run(errand.id, of.now)
    streams(of)
    has_moved(of)
    assert len(of.sent) == sent
    assert tell(of.now) == []
    changes(of.now, "D1")
    assert tell(of.now) == [NEW, NEW]


@pytest.mark.parametrize("part", range(PARTS))
def test_f1_whoever_dies_anywhere_moves_all(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each call, one by one."""
    for point in count(2 * part + 1, 2 * PARTS):
        with an_empty_gatecall():
            of = world(Now(NOON, NOON), monkeypatch)
            a_flight(of.now)

            def work(of: World, ada: Account) -> Callable[[], Any]:
                errand = moved(of, ada)
                return lambda: personal.move(errand, of.now)

            process = through_death(point, work, of)
            has_moved(of)
        if process.died_in is None:
            break
    assert point > 20


@pytest.mark.parametrize("why", ["complaint", "bounce", "suppressed"])
def test_what_is_followed_stays_where_the_new_address_is_not_to_be_written_to(of: World, why: str) -> None:
    """It goes on at the old one."""
    ada = registered(ADA, of.now.wall)
    follows_all(ADA, of)
    new = Address(Channel.EMAIL, NEW)
    if why == "suppressed":
        wishes(NEW, ROUTE, of.now)
    manage.drop(new, "gone" if why == "suppressed" else why, of.now)
    personal.move(moved(of, ada), of.now)
    assert {each["address"]["S"] for each in followers()} == {ADA}
    assert len(followers()) == 2


def test_an_address_gets_no_more_than_it_may_have(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is more stays at the old address; what both follow is told once, by the rule of the new one."""
    monkeypatch.setattr(follow, "MOST_ACTIVE", 2)
    ada = registered(ADA, of.now.wall)
    follows_all(ADA, of)
    wishes(NEW, ROUTE, of.now)
    streams(of)
    agrees(NEW, of)
    wishes(NEW, {"number": "UA7", "date": "2026-07-11"}, of.now)
    streams(of)
    personal.move(moved(of, ada), of.now)
    by_address = sorted((each["address"]["S"], each["pk"]["S"].split("#")[1][:5]) for each in followers())
    assert by_address == [(ADA, "fligh"), (NEW, "numbe"), (NEW, "route")]


def test_what_moves_late_goes_where_the_account_is_by_then(of: World) -> None:
    """Two errands, the second first."""
    ada = registered(ADA, of.now.wall)
    follows_all(ADA, of)
    first = moved(of, ada, "between@example.com")
    between = store.account(ada.id)
    assert between
    second = moved(of, between)
    for errand in (second, first):
        personal.move(errand, of.now)
    has_moved(of)


def test_what_moves_after_the_account_was_erased_is_erased(of: World) -> None:
    """At the former address too."""
    ada = registered(ADA, of.now.wall)
    follows_all(ADA, of)
    errand = moved(of, ada)
    now_new = store.account(ada.id)
    assert now_new
    erase(now_new, of.now)
    personal.move(errand, of.now)
    store.save(gone=of_task(Task.MOVE), now=of.now.wall)
    is_erased(owner(ada))
    is_erased(owner(now_new))


def test_what_moves_leaves_an_address_alone_that_somebody_else_has_by_now(of: World) -> None:
    """A new account of the former address keeps what hangs on it."""
    ada = registered(ADA, of.now.wall)
    follows_all(ADA, of)
    errand = moved(of, ada)
    other = registered(ADA, of.now.wall)
    before = personal.export(owner(other), of.now)
    personal.move(errand, of.now)
    assert personal.export(owner(other), of.now) == before
    assert {each["address"]["S"] for each in followers()} == {ADA}


def test_everybody_who_holds_something_has_a_name_of_their_own() -> None:
    """It names the part of the export."""
    names = [keeper.name for keeper in personal.KEEPERS]
    assert len(set(names)) == len(names)
    assert "made_at" not in names
