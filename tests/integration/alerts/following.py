"""Followers of a flight to test with, a provider that remembers what it was given, and the queues between."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

import boto3

from chalicelib.alerts import deliver, fanout, ledger, letters, model
from chalicelib.alerts.model import Follower, Rule, Subject
from chalicelib.channels.model import Address, Channel, Outcome, Receipt
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.flights import ingest, read
from chalicelib.flights.model import Flight

from ..flights.legs import leg, said, scheduled
from .killing import Process

NUMBER = 1545
USUAL = Rule()


def no_sleep(_: float) -> None:
    """Time stands in tests."""


@dataclass
class Provider:
    """Takes letters, each the name of its recipient and what it tells; answers as it is told to.

    Whoever calls it in a process that is to die, may die before the call and after it.
    """

    process: Process | None = None
    sent: list[tuple[int, set[str]]] = field(
        default_factory=list
    )  # each call's recipients, by its place in the process
    taken: list[tuple[str, str]] = field(default_factory=list)
    calls: int = 0
    answer: Callable[[str], Receipt] = lambda name: Receipt(Outcome.ACCEPTED, f"id-{name}")

    def send(self, channel: Channel, letters: Sequence[tuple[str, str]]) -> list[Receipt]:
        self.calls += 1
        if self.process:
            self.process.before("Send")
        receipts = [self.answer(name) for name, _ in letters]
        self.taken += [
            letter for letter, receipt in zip(letters, receipts, strict=True) if receipt.outcome is Outcome.ACCEPTED
        ]
        if self.process:
            self.sent.append((len(self.process.calls), {name for name, _ in letters}))
            self.process.after()
        return receipts

    @property
    def cut_off(self) -> set[str]:
        """Who was in the last call before the process died."""
        died_in = self.process.died_in if self.process else None
        calls = [names for place, names in self.sent if died_in is not None and place <= died_in]
        return calls[-1] if calls else set()

    @property
    def each(self) -> Counter[str]:
        """How many messages each recipient got."""
        return Counter(name for name, _ in self.taken)


def write(follower: Follower, flight: Flight, news: model.News, now: Now) -> tuple[str, str]:
    """A letter as the provider here takes it."""
    return follower.id, f"{flight.version}: {' '.join(news.matters)}"


def means(provider: Provider, remaining: Callable[[], float] = lambda: 60) -> letters.Means:
    return letters.Means("send_emails", provider.send, lambda channel, number: None, remaining)


def a_flight(now: Now, leaves_in: timedelta = timedelta(hours=2), **more: Any) -> Flight:
    """A flight that leaves soon, as its feed announced it."""
    ingest.take([scheduled(NUMBER, now.flight + leaves_in, **more)], now, sleep=no_sleep)
    [flight] = read.current([leg(NUMBER, now.flight + leaves_in)], now.flight)
    return flight


def _noon(flight: Flight) -> datetime:
    return datetime.combine(flight.leg.date, time(12), UTC)


def changes(flight: Flight, now: Now, at: datetime, **observed: Any) -> dict[str, Any]:
    """A change of a flight, committed; returns what the topic tells of it."""
    before = read.current([flight.leg], now.flight)[0].version
    ingest.take([said(NUMBER, _noon(flight), at, **observed)], now, sleep=no_sleep)
    after = read.current([flight.leg], now.flight)[0]
    assert after.version > before, "that is no change"
    return {"flight": str(flight.leg), "version": after.version}


def follow(
    flight: Flight, number: int, now: Now, *, rule: Rule = USUAL, channel: Channel = Channel.EMAIL, first: int = 0
) -> list[Follower]:
    """People who follow a flight, confirmed."""
    subject = Subject(leg=flight.leg)
    followers = []
    for n in range(first, first + number):
        address = Address(channel, f"p{n}@example.com")
        follower = Follower(f"s{n}", subject, address, rule, ledger.place(subject, channel))
        ledger.begin(follower, {flight.leg: model.at_first(flight, now.flight)})
        ledger.follower_row(follower).save()
        followers.append(follower)
    return followers


def queued(channel: Channel = Channel.EMAIL) -> list[dict[str, Any]]:
    """What is in a channel's queue now, taken out of it; delayed messages too."""
    sqs, url = boto3.client("sqs"), fanout.queue_of(channel)
    messages = []
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=600).get("Messages"):
        for message in found:
            messages.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return messages


def set_aside() -> list[dict[str, Any]]:
    """What is in the dead-letter queue."""
    found = boto3.client("sqs").receive_message(
        QueueUrl=config().dead_letters_queue, MaxNumberOfMessages=10, VisibilityTimeout=0
    )
    return [json.loads(message["Body"]) for message in found.get("Messages", ())]


def deliver_all(messages: Iterable[dict[str, Any]], now: Now, provider: Provider) -> None:
    for message in messages:
        deliver.deliver(message, now, means(provider))


def tell(change: dict[str, Any], now: Now, provider: Provider) -> None:
    """One change the whole way, from the topic to the provider."""
    fanout.fan_out(change, now)
    deliver_all(queued(), now, provider)
