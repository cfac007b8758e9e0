"""Many followers, and many functions at work on them at once: on tables that are exact under threads."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Lock
from typing import Any

import pytest
from moto.ses.models import ses_backends

from chalicelib.alerts import deliver, fanout, ledger, letters
from chalicelib.alerts.model import Follower, Rule, Subject
from chalicelib.channels.email import Email
from chalicelib.channels.model import Address, Channel, Outcome, Receipt
from chalicelib.core.clock import Now, wall_now
from chalicelib.flights.model import Flight
from infra.local.events import ACCOUNT, REGION

from .following import a_flight, changes, follow, queued, write

pytestmark = pytest.mark.usefixtures("exact_cloud")

PEOPLE = 10_000


def follow_at_once(flight: Flight, number: int) -> None:
    """Followers by email, kept many at a time."""
    subject, size = Subject(leg=flight.leg), ledger.PAGE[Channel.EMAIL]

    def keep(page: int) -> None:
        with ledger._rows().batch_write() as batch:
            for n in range(page * size, min(number, (page + 1) * size)):
                address = Address(Channel.EMAIL, f"p{n}@example.com")
                batch.save(ledger.follower_row(Follower(f"s{n}", subject, address, Rule(), page)))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(keep, range(-(-number // size))))
    ledger._rows()(f"head#{subject}", "head").update([ledger._Row.email.set(number)])


def means(send: Any) -> letters.Means:
    return letters.Means("send_emails", send, lambda channel, number: None, lambda: 60)


def now() -> Now:
    return Now(wall_now(), wall_now())


def test_ten_thousand_followers_are_each_told_once() -> None:
    """By SES, two hundred calls of fifty, from four functions at a time."""
    taken = ses_backends[ACCOUNT][REGION].sent_messages
    before, calls = len(taken), []

    def send(channel: Channel, emails: list[Email]) -> list[Receipt]:
        calls.append(len(emails))
        return letters.send(channel, emails)

    at = now()
    flight = a_flight(at, departure_gate="B4")
    follow_at_once(flight, PEOPLE)
    fanout.fan_out(changes(flight, at, at.flight, departure_gate="B7"), at)
    pages = queued()
    assert len(pages) == PEOPLE // 500
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda page: deliver.deliver(page, at, means(send)), pages))
    assert Counter(message.to for message in taken[before:]) == {f"p{n}@example.com": 1 for n in range(PEOPLE)}
    assert calls == [50] * (PEOPLE // 50)
    assert queued() == []


def test_two_functions_on_the_same_page_tell_nobody_twice() -> None:
    """Eight of them, begun at the same moment: nobody is told twice, and what is left comes again."""
    at = now()
    flight = a_flight(at, departure_gate="B4")
    follow_at_once(flight, 300)
    fanout.fan_out(changes(flight, at, at.flight, departure_gate="B7"), at)
    [page] = queued()
    taken: Counter[str] = Counter()
    lock, together = Lock(), Barrier(8)

    def send(channel: Channel, emails: list[Email]) -> list[Receipt]:
        with lock:
            taken.update(e.to for e in emails)
        return [Receipt(Outcome.ACCEPTED)] * len(emails)

    def work(_: int) -> None:
        together.wait()
        deliver.deliver(page, at, means(send))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    deliver.deliver(page, at, means(send))  # as the delayed messages of those who found somebody at it
    assert taken == {f"p{n}@example.com": 1 for n in range(300)}


def test_f16_one_slow_server_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """F16, for webhooks: while it does not answer, all others of its page are called."""
    monkeypatch.setattr(letters, "write", write)
    monkeypatch.setattr(deliver, "SENDERS", {Channel.WEBHOOK: 10})
    at = now()
    flight = a_flight(at, departure_gate="B4")
    follow(flight, 10, at, channel=Channel.WEBHOOK)
    fanout.fan_out(changes(flight, at, at.flight, departure_gate="B7"), at)
    called: list[str] = []
    all_others = Event()

    def send(_: Channel, batch: list[tuple[str, str]]) -> list[Receipt]:
        [(name, _)] = batch
        if name == "s0":
            assert all_others.wait(20), f"only {called} were called"
        called.append(name)
        if len(called) == 9:
            all_others.set()
        return [Receipt(Outcome.ACCEPTED)]

    for message in queued(Channel.WEBHOOK):
        deliver.deliver(message, at, letters.Means("call_webhooks", send, lambda c, n: None, lambda: 60))
    assert sorted(called) == [f"s{n}" for n in range(10)]
    assert called[-1] == "s0"
