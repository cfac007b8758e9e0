"""A change reaches its followers, each once."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import time, timedelta
from itertools import chain, repeat
from typing import Any

import pytest

from chalicelib.alerts import deliver, due, fanout, ledger, letters, plan
from chalicelib.alerts.ledger import Entry, Kind, Page, Task
from chalicelib.alerts.model import Follower, QuietHours, Rule, Subject
from chalicelib.channels.model import Address, CallRefused, Channel, Outcome, Receipt
from chalicelib.core.clock import Now

from .following import Provider, a_flight, changes, deliver_all, follow, means, queued, set_aside, tell, write
from .killing import Killed

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture(autouse=True)
def plain_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters that the provider here takes."""
    monkeypatch.setattr(letters, "write", write)


@pytest.fixture
def provider() -> Provider:
    return Provider()


def later(now: Now, **by: float) -> Now:
    return Now(now.flight + timedelta(**by), now.wall + timedelta(**by))


def due_now(now: Now) -> list[dict[str, Any]]:
    """What the schedule queues at an instant."""
    due.take_up(now, lambda: 60)
    return queued()


def test_f3_every_follower_is_told_a_change_once(now: Now, provider: Provider) -> None:
    """F3: however often it is fanned out and delivered."""
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 7, now)
    change = changes(flight, now, now.flight, departure_gate="B7")
    fanout.fan_out(change, now)
    pages = queued()
    for _ in range(3):
        deliver_all(pages, now, provider)
        tell(change, now, provider)
    assert provider.each == {f"s{n}": 1 for n in range(7)}
    assert provider.calls == 1
    assert {text for _, text in provider.taken} == {"2: gate"}


def test_a_change_that_nobody_follows_costs_no_message(now: Now, provider: Provider) -> None:
    """Nor a queue's."""
    flight = a_flight(now)
    fanout.fan_out(changes(flight, now, now.flight, departure_gate="B7"), now)
    assert queued() == []


def test_changes_of_one_window_are_one_message(now: Now, provider: Provider) -> None:
    """The first to be fanned out tells all that is there by then; the others find it done."""
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 1, now)
    first = changes(flight, now, now.flight, departure_gate="B7")
    second = changes(flight, now, now.flight, estimated_out=now.flight + timedelta(hours=3))
    tell(first, now, provider)
    fanout.fan_out(second, now)
    assert queued() == []
    assert provider.taken == [("s0", "3: delayed gate")]


def test_what_was_taken_back_in_the_window_is_not_sent(now: Now, provider: Provider) -> None:
    """Gate B4, B7, B4."""
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 1, now)
    first = changes(flight, now, now.flight, departure_gate="B7")
    changes(flight, now, now.flight + timedelta(seconds=30), departure_gate="B4")
    tell(first, now, provider)
    assert provider.taken == []


def test_f4_an_old_change_after_a_newer_one_tells_nothing_older(now: Now, provider: Provider) -> None:
    """F4: whoever looks, looks at the flight as it is."""
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 2, now)
    old = changes(flight, now, now.flight, departure_gate="B7")
    fanout.fan_out(old, now)
    old_pages = queued()
    tell(changes(flight, now, now.flight + timedelta(minutes=1), departure_gate="C1"), now, provider)
    deliver_all(old_pages, now, provider)
    tell(old, now, provider)
    assert provider.taken == [("s0", "3: gate"), ("s1", "3: gate")]


def test_a_million_followers_are_many_pages(now: Now, provider: Provider) -> None:
    """Each page is a message of its own (here: of twenty webhooks)."""
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 45, now, channel=Channel.WEBHOOK)
    fanout.fan_out(changes(flight, now, now.flight, departure_gate="B7"), now)
    pages = queued(Channel.WEBHOOK)
    assert sorted(page["page"].rpartition("#")[2] for page in pages) == ["0", "1", "2"]
    deliver_all(pages, now, provider)
    assert provider.each == {f"s{n}": 1 for n in range(45)}


def test_fifty_emails_go_in_one_call(now: Now, provider: Provider) -> None:
    """SES takes no more."""
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 60, now)
    tell(changes(flight, now, now.flight, departure_gate="B7"), now, provider)
    assert (provider.calls, len(provider.taken)) == (2, 60)


def test_what_a_provider_does_not_take_now_is_tried_again(now: Now, provider: Provider) -> None:
    """With growing pauses, once a minute at most, and once it is taken never again."""
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 3, now)
    provider.answer = lambda name: Receipt(Outcome.LATER, reason="throttled")
    tell(changes(flight, now, now.flight, departure_gate="B7"), now, provider)
    assert due_now(later(now, seconds=20)) == []
    deliver_all(due_now(later(now, minutes=1)), later(now, minutes=1), provider)
    assert provider.calls == 2
    provider.answer = lambda name: Receipt(Outcome.ACCEPTED)
    for minutes in (3, 4, 30):
        deliver_all(due_now(later(now, minutes=minutes)), later(now, minutes=minutes), provider)
    assert provider.each == {"s0": 1, "s1": 1, "s2": 1}


def test_only_those_who_were_not_taken_are_tried_again(now: Now, provider: Provider) -> None:
    """F14: a bulk call may fail in part."""
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 4, now)
    provider.answer = lambda name: Receipt(Outcome.LATER if name in ("s1", "s3") else Outcome.ACCEPTED)
    tell(changes(flight, now, now.flight, departure_gate="B7"), now, provider)
    provider.answer = lambda name: Receipt(Outcome.ACCEPTED)
    deliver_all(due_now(later(now, minutes=2)), later(now, minutes=2), provider)
    assert provider.each == {f"s{n}": 1 for n in range(4)}


def test_a_busy_provider_is_not_asked_for_the_rest_of_the_page(now: Now, provider: Provider) -> None:
    """The rest goes out with what is tried again."""
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 120, now)
    provider.answer = lambda name: Receipt(Outcome.LATER)
    tell(changes(flight, now, now.flight, departure_gate="B7"), now, provider)
    assert provider.calls == 1
    provider.answer = lambda name: Receipt(Outcome.ACCEPTED)
    deliver_all(due_now(later(now, minutes=2)), later(now, minutes=2), provider)
    assert provider.each == {f"s{n}": 1 for n in range(120)}


def test_who_can_never_be_reached_holds_up_nobody(now: Now, provider: Provider) -> None:
    """A number that always fails goes last when it is tried again."""
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 4, now, channel=Channel.SMS)
    provider.answer = lambda name: Receipt(Outcome.LATER if name == "s0" else Outcome.ACCEPTED)
    fanout.fan_out(changes(flight, now, now.flight, departure_gate="B7"), now)
    deliver_all(queued(Channel.SMS), now, provider)
    at = later(now, minutes=1)
    due.take_up(at, lambda: 60)
    deliver_all(queued(Channel.SMS), at, provider)
    assert sorted(provider.each) == ["s1", "s2", "s3"]


def test_what_is_refused_is_marked_and_not_tried_again(now: Now, provider: Provider) -> None:
    """And shows in the deliveries."""
    flight = a_flight(now, departure_gate="B4")
    [follower] = follow(flight, 1, now)
    provider.answer = lambda name: Receipt(Outcome.REFUSED, reason="not verified")
    change = changes(flight, now, now.flight, departure_gate="B7")
    tell(change, now, provider)
    fanout.queue([(Channel.EMAIL, {"leg": change["flight"], "page": str(Page.of(follower))})])
    deliver_all(queued(), later(now, hours=1), provider)
    assert provider.calls == 1
    [(_, delivery)] = ledger.deliveries(follower, [flight.leg])
    assert (delivery.outcome, delivery.reason, delivery.matters) == ("refused", "not verified", ("gate",))


def test_what_fails_for_good_is_set_aside_and_can_be_replayed(now: Now, provider: Provider) -> None:
    """Like every poison record; the flight's next version is told all the same."""
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 1, now)
    provider.answer = lambda name: Receipt(Outcome.LATER)
    tell(changes(flight, now, now.flight, departure_gate="B7"), now, provider)
    for minutes in range(2, 600, 60):
        deliver_all(due_now(Now(now.flight, later(now, minutes=minutes).wall)), later(now, minutes=minutes), provider)
    assert provider.calls == deliver.ATTEMPTS
    [letter] = set_aside()
    assert letter["function"] == "send_emails"
    provider.answer = lambda name: Receipt(Outcome.ACCEPTED)
    deliver.deliver(json.loads(letter["record"]["body"]), now, means(provider))
    assert provider.taken == [("s0", "2: gate")]


def test_a_follower_whose_message_cannot_be_written_holds_up_nobody(
    now: Now, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5: at each place of a call of fifty, the others are told; the poison is set aside once."""

    def poison(follower: Follower, *rest: Any) -> tuple[str, str]:
        if follower.id == "s2":
            raise ValueError("poison")
        return write(follower, *rest)

    monkeypatch.setattr(letters, "write", poison)
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 5, now)
    change = changes(flight, now, now.flight, departure_gate="B7")
    fanout.fan_out(change, now)
    pages = queued()
    for _ in range(2):
        deliver_all(pages, now, provider)
    assert sorted(provider.each) == ["s0", "s1", "s3", "s4"]
    assert [letter["error"] for letter in set_aside()] == ["ValueError: poison"]


def test_who_is_being_told_by_somebody_else_is_looked_at_again(now: Now, provider: Provider) -> None:
    """Their claim may be that of a dead function: after its lease they are told."""
    flight = a_flight(now, departure_gate="B4")
    [follower, _] = follow(flight, 2, now)
    change = changes(flight, now, now.flight, departure_gate="B7")
    page = Page.of(follower)
    held = {follower.id: ledger.entries(flight.leg, page)[follower.id]}
    ledger.claim(flight.leg, page, held, "somebody", now.wall + deliver.LEASE)
    tell(change, now, provider)
    assert list(provider.each) == ["s1"]
    after = later(now, seconds=121)
    deliver_all([{"leg": change["flight"], "page": str(page)}], after, provider)
    assert provider.each == {"s0": 1, "s1": 1}


def test_f17_a_function_that_runs_out_of_time_leaves_the_rest_in_the_queue(now: Now, provider: Provider) -> None:
    """F17: taken up again, each is told once."""
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 130, now)
    fanout.fan_out(changes(flight, now, now.flight, departure_gate="B7"), now)
    seconds: Iterator[float] = chain([60], repeat(15))
    for message in queued():
        deliver.deliver(message, now, means(provider, lambda: next(seconds)))
    assert len(provider.taken) == 50
    deliver_all(queued(), now, provider)
    assert provider.each == {f"s{n}": 1 for n in range(130)}


def test_quiet_hours_merge_what_waits_into_one_message(now: Now, provider: Provider) -> None:
    """What was taken back by then is not told at all."""
    rule = Rule(quiet=QuietHours(time(11), time(13)))
    flight = a_flight(now, timedelta(hours=8), departure_gate="B4")
    follow(flight, 2, now, rule=rule)
    for by in (30, 60):
        tell(changes(flight, now, now.flight + timedelta(seconds=by),
                     estimated_out=now.flight + timedelta(hours=8, minutes=by)), now, provider)  # fmt: skip
    assert provider.taken == []
    assert due_now(later(now, minutes=59)) == []
    deliver_all(due_now(later(now, minutes=60)), later(now, minutes=60), provider)
    assert provider.taken == [("s0", "3: delayed"), ("s1", "3: delayed")]
    assert due_now(later(now, hours=2)) == []


@pytest.mark.parametrize("fires", [[60], [60, 60], [61, 63, 200]], ids=["once", "twice", "late and again"])
def test_f19_a_schedule_that_fires_late_or_twice_changes_nothing(
    fires: list[int], now: Now, provider: Provider
) -> None:
    """F19: same outcome, nothing sent twice."""
    flight = a_flight(now, timedelta(hours=8), departure_gate="B4")
    follow(flight, 2, now, rule=Rule(quiet=QuietHours(time(11), time(13))))
    tell(changes(flight, now, now.flight, estimated_out=now.flight + timedelta(hours=9)), now, provider)
    messages = [message for at in fires for message in due_now(later(now, minutes=at))]
    deliver_all(messages, later(now, minutes=60), provider)
    assert provider.each == {"s0": 1, "s1": 1}


def test_a_cancellation_goes_through_quiet_hours(now: Now, provider: Provider) -> None:
    """With nobody waiting for seven o'clock."""
    flight = a_flight(now, timedelta(hours=20))
    follow(flight, 1, now, rule=Rule(quiet=QuietHours(time(11), time(13))))
    tell(changes(flight, now, now.flight, cancelled=True), now, provider)
    assert provider.taken == [("s0", "2: cancelled")]


def test_entries_of_a_leg_do_not_mix_with_another_of_the_same_page(now: Now) -> None:
    """A route's followers have a ledger row for each flight."""
    flight = a_flight(now)
    [follower] = follow(flight, 1, now)
    other = flight.leg._replace(origin="JFK")
    assert ledger.entries(other, Page.of(follower)) == {}
    assert isinstance(ledger.entries(flight.leg, Page.of(follower))[follower.id], Entry)


def run(now: Now, provider: Provider, minutes: int, step: int = 1, channel: Channel = Channel.EMAIL) -> Now:
    """Let the schedule fire and the queue be read for some minutes; returns the time then."""
    for minute in range(step, minutes + 1, step):
        at = later(now, minutes=minute)
        due.take_up(at, lambda: 60)
        deliver_all(queued(channel), at, provider)
    return later(now, minutes=minutes)


def test_a_provider_that_was_down_for_half_an_hour_loses_nobody(now: Now, provider: Provider) -> None:
    """Those who were not tried yet, too."""
    flight = a_flight(now, timedelta(hours=6))
    follow(flight, 120, now)
    provider.answer = lambda name: Receipt(Outcome.LATER)
    tell(changes(flight, now, now.flight, cancelled=True), now, provider)
    at = run(now, provider, 30, 3)
    provider.answer = lambda name: Receipt(Outcome.ACCEPTED)
    run(at, provider, 120, 10)
    assert provider.each == {f"s{n}": 1 for n in range(120)}


def test_who_was_given_up_is_told_the_next_news_with_all_attempts(now: Now, provider: Provider) -> None:
    """A number that failed for hours may work again."""
    flight = a_flight(now, timedelta(hours=20))
    follow(flight, 1, now)
    provider.answer = lambda name: Receipt(Outcome.LATER)
    tell(changes(flight, now, now.flight, estimated_out=now.flight + timedelta(hours=21)), now, provider)
    at = run(now, provider, 300, 20)
    assert provider.calls == deliver.ATTEMPTS
    tell(changes(flight, at, at.flight, cancelled=True), at, provider)
    provider.answer = lambda name: Receipt(Outcome.ACCEPTED)
    run(at, provider, 5)
    assert [text for _, text in provider.taken] == ["3: cancelled"]
    assert len(set_aside()) == 1


def test_a_cancellation_does_not_wait_for_the_retry_of_a_gate(now: Now, provider: Provider) -> None:
    """What is urgent and newer goes at once."""
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 1, now)
    provider.answer = lambda name: Receipt(Outcome.LATER)
    tell(changes(flight, now, now.flight, departure_gate="B7"), now, provider)
    provider.answer = lambda name: Receipt(Outcome.ACCEPTED)
    at = later(now, seconds=5)
    tell(changes(flight, at, at.flight, cancelled=True), at, provider)
    assert provider.taken == [("s0", "3: cancelled")]


def test_a_page_that_is_in_its_queue_is_not_queued_again(now: Now, provider: Provider) -> None:
    """A provider that is slow for hours does not make its own queue longer."""
    flight = a_flight(now, timedelta(hours=20))
    follow(flight, 1, now)
    provider.answer = lambda name: Receipt(Outcome.LATER)
    tell(changes(flight, now, now.flight, cancelled=True), now, provider)
    waiting = [message for minute in range(1, 120, 7) for message in due_now(later(now, minutes=minute))]
    assert len(waiting) == 1


def test_what_cannot_be_taken_up_holds_up_nothing_that_can(
    now: Now, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes again after an hour, behind the others."""
    monkeypatch.setattr(due, "AT_MOST", 1)
    for n in range(12):
        ledger.plan(Task(Kind.PAGE, f"nonsense {n}", "wall"), now.wall, now.wall.date())
    flight = a_flight(now, timedelta(hours=20))
    follow(flight, 1, now)
    provider.answer = lambda name: Receipt(Outcome.LATER)
    tell(changes(flight, now, now.flight, cancelled=True), now, provider)
    provider.answer = lambda name: Receipt(Outcome.ACCEPTED)
    run(now, provider, 15)
    assert provider.each == {"s0": 1}


@pytest.mark.parametrize("followed", ["flight:UA1545-20260711-EWR", "number:UA1545-20260711", "route:EWR-IAH-20260711"])
def test_a_flight_that_was_not_there_yet_is_reminded_of_and_looked_for_no_longer(
    followed: str, now: Now, provider: Provider
) -> None:
    """Followed by its id, its number or its route, a day before it appears."""
    subject = Subject.parse(followed)
    follower = Follower(
        "s0", subject, Address(Channel.EMAIL, "p0@example.com"), Rule(), ledger.place(subject, Channel.EMAIL)
    )
    ledger.follower_row(follower).save()
    plan.following(follower, now)
    deliver_all(due_now(later(now, hours=1)), later(now, hours=1), provider)
    a_flight(now, timedelta(hours=23))
    for half_hours in range(3, 60):
        at = later(now, minutes=30 * half_hours)
        deliver_all(due_now(at), at, provider)
    assert provider.taken == [("s0", "1: reminder"), ("s0", "1: reminder")]
    looks = [
        found for found in ledger.due("flight", now.flight + timedelta(days=9), 10) if found.task.kind is Kind.LOOK
    ]
    assert bool(looks) == (subject.route is not None)


@pytest.mark.parametrize("dies_at", [None, 0, 1, 2])
def test_one_that_ses_cannot_read_spoils_no_other(dies_at: int | None, now: Now, provider: Provider) -> None:
    """A call refused for one address is told by halves, each claimed by itself; a crash repeats one of them at most."""
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 7, now)
    fanout.fan_out(changes(flight, now, now.flight, departure_gate="B7"), now)
    [page] = queued()
    calls: list[set[str]] = []

    def send(channel: Channel, batch: Sequence[tuple[str, str]]) -> list[Receipt]:
        names = {name for name, _ in batch}
        if "s4" in names:
            if len(batch) > 1:
                raise CallRefused("BadRequestException")
            return [Receipt(Outcome.REFUSED)]
        calls.append(names)
        if len(calls) - 1 == dies_at:
            raise Killed
        return provider.send(channel, batch)

    how = replace(means(provider), send=send)
    with suppress(Killed):
        deliver.deliver(page, now, how)
    deliver.deliver(page, later(now, minutes=3), how)
    told = Counter(name for names in calls for name in names)
    assert set(told) == {f"s{n}" for n in range(7)} - {"s4"}
    twice = {name for name, times in told.items() if times > 1}
    assert twice == (set() if dies_at is None else calls[dies_at])
