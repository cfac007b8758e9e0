"""All that is held on a person can be had, and is erased, whoever dies on the way."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
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
from chalicelib.core.callers import Role
from chalicelib.core.clock import Now
from chalicelib.core.errors import NotFound, Unavailable

from ..alerts.held import (
    ADA,
    EVE,
    FLIGHT,
    NEW,
    NUMBER,
    ROUTE,
    a_flight,
    agrees,
    changes,
    follows_all,
    held,
    owner,
    put_back,
    queued,
    registered,
    rows,
    streams,
    tables,
    tell,
    wishes,
)  # fmt: skip
from ..alerts.killing import Process, stream_records
from ..alerts.passenger import World, followers, world

AUDIT = ("audit#", "by#")


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


def of_task(task: Task, among: Iterable[tuple[str, Any]] | None = None) -> list[Errand]:
    images = [row for table, row in (rows() if among is None else among) if table == "accounts"]
    return [found for row in images if (found := store.errand_of_image(row)) and found.task is task]


def is_erased(who: Owner) -> None:
    """Nothing is left but what `kept` names: the audit trail by the random id, and the letter that tells of it."""
    everything = list(rows())
    letters = {f"errand#{each.id}" for each in of_task(Task.DELETED, everything)}
    assert [each for each in held(who, everything) if not each[1].startswith(AUDIT) and each[1] not in letters] == []
    assert not [row for _, row in everything if row["pk"]["S"].startswith(AUDIT) and who.email in json.dumps(row)]
    assert who.email not in queued().lower()
    assert of_task(Task.ERASE, everything) == []


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
    assert {each["what"] for each in found["accounts"]["audit"]["lines"]} == {"registered", "flight-updated"}
    assert found["alerts"]["contact"]["wording"]
    assert not found["accounts"]["audit"]["more"]
    assert not found["alerts"]["more"]
    assert found["made_at"] == "2026-07-10T12:00:00Z"
    assert EVE not in text
    assert "hash" not in text


def test_an_export_says_of_nobody_else_who_they_are_and_where(of: World) -> None:
    """What an admin did to the account is in it, but not who or from where; what nobody known did, with its client."""
    ada, admin = registered(ADA, of.now.wall), registered(EVE, of.now.wall, Role.ADMIN)
    change = (("role", "passenger -> operator"),)
    store.save(Event(of.now.wall, "role-changed", admin.id, ada.id, "198.51.100.9", change), now=of.now.wall)
    store.save(Event(of.now.wall, "login-failed", None, ada.id, "203.0.113.4"), now=of.now.wall)
    found = personal.export(owner(ada), of.now)
    said = {each["what"]: (each["by"], each["client"], each["detail"]) for each in found["accounts"]["audit"]["lines"]}
    assert said == {
        "registered": (ada.id, "192.0.2.7", {}), "flight-updated": (ada.id, "192.0.2.7", {}),
        "role-changed": ("an admin", None, dict(change)), "login-failed": (None, "203.0.113.4", {}),
    }  # fmt: skip
    assert admin.id not in json.dumps(found)
    assert "198.51.100.9" not in json.dumps(found)


def test_an_export_is_one_answer_however_long_the_trail_is(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody may add failed logins to a trail without end: they are counted, and hide nothing that happened else."""
    ada, read = registered(ADA, of.now.wall), []

    def endless(what: str, now: datetime, limit: int, cursor: str | None) -> tuple[list[Event], str]:
        read.append(limit)
        ages = [timedelta(minutes=len(read), microseconds=number) for number in range(limit)]
        kinds = ["logged-in" if number % 10 == 0 else "login-failed" for number in range(limit)]
        return [Event(now - age, kind, None, what, "2001:db8::1") for age, kind in zip(ages, kinds, strict=True)], "x"

    def flights(account: str, now: datetime, limit: int) -> list[Event]:
        said = tuple((name, "2026-07-10T12:00:00Z") for name in ("departure_gate", "estimated_out", "estimated_in"))
        ages = [timedelta(minutes=1, microseconds=number) for number in range(limit)]
        return [Event(now - age, "flight-updated", account, "flight:UA1-20260710-EWR", "", said) for age in ages]

    monkeypatch.setattr(store, "events_about", endless)
    monkeypatch.setattr(store, "events_by", flights)
    text = json.dumps(personal.export(owner(ada), of.now))
    audit = json.loads(text)["accounts"]["audit"]
    assert sum(read) == personal.MOST_READ
    assert len(text) < 1_500_000
    kinds = [each["what"] for each in audit["lines"]]
    assert len(kinds) == personal.MOST_LINES
    assert kinds.count("login-failed") <= personal.MOST_FAILED
    assert audit["failed_logins_not_listed"] == personal.MOST_READ * 9 // 10 - personal.MOST_FAILED
    assert audit["more"]
    assert f"about={ada.id}" in audit["ask"]


def test_an_export_lists_the_newest_lines(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of both parts of the trail, the last first; it says whether there is more."""
    ada = registered(ADA, of.now.wall)
    for minutes in range(1, 5):
        at = of.now.wall + timedelta(minutes=minutes)
        about = ada.id if minutes % 2 else "flight:UA2-20260710-EWR"
        store.save(Event(at, f"event {minutes}", ada.id, about, ""), now=at)
    monkeypatch.setattr(personal, "PAGE", 2)
    for most, listed in ((3, ["event 4", "event 3", "event 2"]), (6, None)):
        monkeypatch.setattr(personal, "MOST_LINES", most)
        audit = personal.export(owner(ada), of.now)["accounts"]["audit"]
        assert len(audit["lines"]) == most
        assert audit["more"] == (most == 3)
        assert listed in (None, [each["what"] for each in audit["lines"]])
    assert [each.what for each in store.events_by(ada.id, of.now.wall, 1)] == ["event 4"]


@pytest.mark.parametrize(
    ("bound", "most", "listed", "told"),
    [("MOST_SUBSCRIPTIONS", 2, 2, 2), ("MOST_TOLD", 1, 4, 1), ("MOST_PAGES", 1, 4, 2), ("MOST_TOLD", 9, 4, 5)],
)
def test_an_export_of_what_is_followed_has_an_end(
    of: World, monkeypatch: pytest.MonkeyPatch, *, bound: str, most: int, listed: int, told: int
) -> None:
    """What is active comes first, and stopped last; it says whether there is more, and where."""
    ada = registered(ADA, of.now.wall)
    follows_all(ADA, of)
    changes(of.now, "D1")
    tell(of.now)
    monkeypatch.setattr(alerts, bound, most)
    found = personal.export(owner(ada), of.now)["alerts"]
    statuses = [each["status"] for each in found["subscriptions"]]
    assert len(statuses) == listed
    assert statuses == sorted(statuses, key=lambda status: status == "stopped")
    assert sum(len(each["told"]) for each in found["subscriptions"]) == told
    assert found["more"] == (most < 9)
    assert found["ask"]


def test_an_export_tells_of_a_refusal_and_of_nothing(of: World) -> None:
    """Who follows nothing has a short one; who complained finds that."""
    account = registered(ADA, of.now.wall)
    found = personal.export(owner(account), of.now)["alerts"]
    assert found.pop("ask")
    assert found == {
        "address": ADA, "id": owner(account).address.id, "contact": None, "subscriptions": [], "more": False,
        "refused": None,
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

    def erases(who: Owner, until: datetime | None, now: Now) -> None:
        if fails:
            raise fails.pop(0)
        alerts.KEEPER.erase(who, until, now)

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


def test_an_errand_that_comes_late_takes_nothing_that_a_guest_asked_for_since(of: World) -> None:
    """They followed something else, and anew what was stopped; what is older goes, and nobody is told of it."""
    ada = registered(ADA, of.now.wall)
    follows_all(ADA, of)
    erase(ada, of.now, watch=iter([0.0, 99.0]).__next__)
    of.later(hours=1)
    since = {wishes(ADA, {"number": "UA7", "date": "2026-07-11"}, of.now), wishes(ADA, NUMBER, of.now)}
    streams(of)
    [errand] = of_task(Task.ERASE)
    for _ in range(2):
        personal.go_on_erasing(errand, of.now)
        contact, found = subscriptions.holding(owner(ada).address.id, of.now.wall)
        assert contact
        assert {each.id for each in found} == since
        assert [each["sk"]["S"] for each in followers()] == [each.id for each in found if each.status is Status.ACTIVE]
    agrees(ADA, of)
    assert {each["sk"]["S"] for each in followers()} == since


def test_an_errand_that_is_done_again_takes_nothing_that_a_guest_confirmed_since(of: World) -> None:
    """A dead letter may come again for 14 days."""
    ada = registered(ADA, of.now.wall)
    follows_all(ADA, of)
    erase(ada, of.now, watch=iter([0.0, 99.0]).__next__)
    [errand] = of_task(Task.ERASE)
    personal.go_on_erasing(errand, of.now)
    of.later(hours=1)
    wishes(ADA, FLIGHT, of.now)
    streams(of)
    before = tables()
    personal.go_on_erasing(errand, of.now)
    assert tables() == before
    agrees(ADA, of)
    before = tables()
    personal.go_on_erasing(errand, of.now)
    assert tables() == before
    assert len(followers()) == 1


def through_deaths(of: World, job: Callable[[], Any], all_is_done: Callable[[], Any]) -> None:
    """Do something that dies before its first call, after the first, after the second …, and each time see it done.

    What a death left is done by the errand, or by who asks again. Each begins with the same tables.
    """
    scene, began = tables(), of.now
    for point in count(-1, 2):
        put_back(scene)
        of.now, process = began, Process(max(point, 0))
        with process.installed():
            if not process.run(job):
                of.later(minutes=3)
                if store.account_with(ADA):
                    assert tables() == scene, "all or nothing"
                    job()
                left = list(rows())
                for errand in [*of_task(Task.ERASE, left), *of_task(Task.MOVE, left)]:
                    errands.run(errand.id, of.now)
        all_is_done()
        if process.died_in is None:
            break
    assert len(process.calls) > 10


def test_f1_whoever_dies_anywhere_erases_all_or_has_not_begun(of: World) -> None:
    """Before the first call, and after each; the errand finishes."""
    ada = registered(ADA, of.now.wall)
    follows_all(ADA, of)

    def nothing_is_left() -> None:
        is_erased(Owner("no account", ADA))
        left = {row["pk"]["S"].split("#")[0] for table, row in rows() if table == "accounts"}
        assert left == {"errand", "audit", "by"}

    through_deaths(of, lambda: erase(ada, of.now), nothing_is_left)


def moved(of: World, ada: Account, to: str = NEW) -> Errand:
    """Ada has another address, and an errand says so."""
    after = replace(ada, email=to)
    at = int(of.now.wall.timestamp())
    errand = Errand(new_id(), Task.MOVE, to, "en", at, at + 172_800, account=ada.id, former=ada.email)
    store.save(after, errand, Event(of.now.wall, "email-changed", ada.id, ada.id, ""), former=ada, now=of.now.wall)
    return errand


def has_moved(of: World) -> None:
    """What was active is so at the new address, once; nothing is left at the old one."""
    contact, found = subscriptions.holding(Address(Channel.EMAIL, NEW).id, of.now.wall)
    assert contact
    assert contact.standing is Standing.CONFIRMED
    assert contact.wording
    active = [str(each.subject) for each in found if each.status is Status.ACTIVE]
    assert active == [f"flight:{FLIGHT['flight']}", "route:EWR-IAH-20260710"]
    assert {each["address"]["S"] for each in followers()} == {NEW}
    assert len(followers()) == 2
    assert of_the_former() == []


def of_the_former() -> list[tuple[str, str, str]]:
    """What is held on Ada's former address, but letters to it."""
    return [each for each in held(Owner("no account", ADA)) if not each[1].startswith("errand#")]


def known_to_followers() -> list[str]:
    """What those who were told anything were last told."""
    return sorted(row["told"]["S"] for table, row in rows() if table == "followers" and "told" in row)


def test_what_is_followed_moves_with_the_address_and_is_told_on_from_there(of: World) -> None:
    """Nobody is asked anew, nothing is told twice, and it may be done again."""
    ada = registered(ADA, of.now.wall)
    follows_all(ADA, of)
    changes(of.now, "C9")
    assert tell(of.now) == [ADA, ADA]
    errand, sent, told = moved(of, ada), len(of.sent), known_to_followers()
    personal.move(errand, of.now)
    assert known_to_followers() == [what for what in told if '"C9"' in what]
    personal.move(errand, of.now)
    errands.run(errand.id, of.now)
    streams(of)
    has_moved(of)
    assert len(of.sent) == sent
    assert tell(of.now) == []
    changes(of.now, "D1")
    assert tell(of.now) == [NEW, NEW]


def test_f1_whoever_dies_anywhere_moves_all(of: World) -> None:
    """Before the first call, and after each; the errand finishes."""
    ada = registered(ADA, of.now.wall)
    follows_all(ADA, of)
    errand = moved(of, ada)
    through_deaths(of, lambda: personal.move(errand, of.now), lambda: has_moved(of))


@pytest.mark.parametrize("why", ["complaint", "bounce", "suppressed"])
def test_nothing_more_goes_to_the_former_address_where_the_new_one_is_not_to_be_written_to(of: World, why: str) -> None:
    """Nor is anything kept of it: by its account's deletion it would not be found any more."""
    ada = registered(ADA, of.now.wall)
    follows_all(ADA, of)
    new = Address(Channel.EMAIL, NEW)
    if why == "suppressed":
        wishes(NEW, ROUTE, of.now)
    manage.drop(new, "gone" if why == "suppressed" else why, of.now)
    personal.move(moved(of, ada), of.now)
    assert followers() == []
    assert of_the_former() == []
    changes(of.now, "D1")
    assert tell(of.now) == []


def test_an_address_gets_no_more_than_it_may_have(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is more is lost; what both follow is told once, by the rule of the new one."""
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
    assert by_address == [(NEW, "numbe"), (NEW, "route")]
    assert of_the_former() == []


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


@pytest.mark.parametrize("deleted", [False, True])
def test_what_moves_late_takes_nothing_that_a_guest_asked_for_since(of: World, *, deleted: bool) -> None:
    """At the former address, whether the account is still there or not."""
    ada = registered(ADA, of.now.wall)
    follows_all(ADA, of)
    errand = moved(of, ada)
    of.later(hours=1)
    since = wishes(ADA, {"number": "UA7", "date": "2026-07-11"}, of.now)
    streams(of)
    if deleted:
        now_new = store.account(ada.id)
        assert now_new
        erase(now_new, of.now)
    personal.move(errand, of.now)
    contact, [stayed] = subscriptions.holding(owner(ada).address.id, of.now.wall)
    assert contact
    assert (stayed.id, stayed.status) == (since, Status.ACTIVE)
    assert sorted(each["address"]["S"] for each in followers()) == [ADA, *([] if deleted else [NEW] * 3)]


def test_what_moves_while_the_account_is_deleted_is_erased_at_the_new_address(
    of: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However late: what moves is no newer by that."""
    ada = registered(ADA, of.now.wall)
    follows_all(ADA, of)
    errand = moved(of, ada)
    now_new = store.account(ada.id)
    assert now_new

    def moves(*how: Any) -> None:
        erase(now_new, of.now)
        alerts.KEEPER.move(*how)
        assert len(followers()) == 2

    monkeypatch.setattr(personal, "KEEPERS", [KEEPER, replace(alerts.KEEPER, move=moves)])
    of.later(hours=1)
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
