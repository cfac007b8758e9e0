"""F1 for following: a process that dies anywhere between the wish and the end of it loses nobody, and asks at most once
more. Nobody follows who ended it.
"""  # fmt: skip

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from chalicelib.alerts import confirm, follow, ledger, manage, store
from chalicelib.alerts.ledger import Kind, Page
from chalicelib.alerts.store import Standing, Status
from chalicelib.alerts.wishes import FollowRequest
from chalicelib.channels import email, sms
from chalicelib.channels.model import Address, Channel
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.errors import Unavailable
from chalicelib.flights import ingest, read
from chalicelib.flights.identity import LegId

from ..conftest import NOON
from ..flights.legs import scheduled
from .killing import Process, stream_records
from .passenger import World, followers, world
from .test_kill_points import an_empty_gatecall

LEG = LegId.parse("UA1545-20260710-EWR")
ADDRESSES = {Channel.EMAIL: "ada@example.com", Channel.SMS: "+12015550123"}
CLIENT = "192.0.2.1"


@dataclass
class Writer(Process):
    """Dies only by calls that change something: to die by a read is to die after the call before."""

    _reads: bool = False

    def before(self, operation: str) -> None:
        self._reads = operation.startswith(("Get", "BatchGet", "Query"))
        if not self._reads:
            super().before(operation)

    def after(self) -> None:
        if not self._reads:
            super().after()


@dataclass
class Story:
    """Somebody asks to follow a flight, is asked, agrees, and ends it; whoever dies on the way, it is done again: by
    the stream, which brings a record until it is handled, or by a person who gets no answer.
    """  # fmt: skip

    address: Address
    end: str
    process: Process
    of: World
    read: set[str] = field(default_factory=set)
    ends_from: int = 0  # the calls before the end begins

    @property
    def id(self) -> str:
        return store.subscription_id(self.address.id, follow.subject_of(self.request))

    @property
    def request(self) -> FollowRequest:
        return FollowRequest(flight=str(LEG), channel=self.address.channel, address=self.address.value)

    def asks(self) -> None:
        self._until_done(lambda: follow.follow(self.request, self.of.now, CLIENT))
        self._stream()

    def agrees(self) -> None:
        if self.address.channel is Channel.EMAIL:
            found = re.search(r"token=(\S+)", self.of.sent[-1][2].text)
            assert found
            self._until_done(lambda: confirm.by_link(found[1], self.of.now))
        else:
            self._until_done(lambda: confirm.by_code(self.id, self.of.code, self.of.now, CLIENT))
        self._stream()

    def ends(self) -> None:
        self.ends_from = len(self.process.calls)
        ways: dict[str, Callable[[], Any]] = {
            "stop": lambda: manage.stop(self.id, self.of.now.wall),
            "stop_all": lambda: manage.stop_all(self.address.id, self.of.now.wall),
            "drop": lambda: manage.drop(self.address, "bounce: nobody there", self.of.now),
        }
        self._until_done(ways[self.end])
        self._stream()

    def streams_again(self) -> None:
        """Every record once more, from the first on."""
        self.read.clear()
        self._stream()

    def _until_done(self, work: Callable[[], Any]) -> None:
        for _ in range(5):
            try:
                if self.process.run(work):
                    return
            except Unavailable:  # whoever died has it leased
                self.of.later(minutes=2, seconds=1)
        raise AssertionError("it is never done")

    def _stream(self) -> None:
        while records := [r for r in stream_records(config().subscriptions_table) if _number(r) not in self.read]:
            for record in records:
                self._until_done(lambda record=record: confirm.ask(record, self.of.now))
                self.read.add(_number(record))


def _number(record: dict[str, Any]) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def through(channel: Channel, end: str, dies_at: int | None, monkeypatch: pytest.MonkeyPatch) -> Story:
    """See a story through, and look at each of its stages."""
    of, process = world(Now(NOON, NOON), monkeypatch), Writer(dies_at)
    ingest.take([scheduled(1545, NOON + timedelta(hours=6))], of.now, sleep=lambda _: None)
    story = Story(Address(channel, ADDRESSES[channel]), end, process, of)

    def take(message: Any) -> Any:
        process.before("Send")
        of.sent.append((channel, ADDRESSES[channel], message))
        process.after()
        return of.receipt

    monkeypatch.setattr(email, "send", lambda emails: [take(each) for each in emails])
    monkeypatch.setattr(sms, "send", lambda number, text: take(text))
    with process.installed():
        story.asks()
        assert followers() == [], "nobody agreed yet"
        story.agrees()
        _is_told(story)
        story.ends()
        _is_told_no_more(story)
        asked = len(of.sent)
        story.streams_again()
        _is_told_no_more(story)
    assert asked == len(of.sent), "who ended it is asked again"
    cut_off = process.died_in is not None and "Send" in process.calls[: process.died_in]
    assert asked == 1 or (asked == 2 and cut_off), f"asked {asked} times"
    return story


def _is_told(story: Story) -> None:
    """They are a follower, know the flight as it stands, and will be reminded."""
    contact, [subscription] = store.holding(story.address.id, story.of.now.wall)
    assert contact
    assert (contact.standing, subscription.status) == (Standing.CONFIRMED, Status.ACTIVE)
    page = Page.of(subscription.follower(contact))
    assert [(row["pk"]["S"], row["sk"]["S"]) for row in followers()] == [(f"page#{page}", story.id)]
    assert set(ledger.entries(LEG, page)) == {story.id}
    [flight] = read.current([LEG], NOON)
    assert flight.status.expected_out
    due = ledger.due("flight", flight.status.expected_out, 10)
    assert (Kind.REMIND, str(LEG)) in [(each.task.kind, each.task.name) for each in due]


def _is_told_no_more(story: Story) -> None:
    assert followers() == []
    contact, [subscription] = store.holding(story.address.id, story.of.now.wall)
    assert subscription.status is Status.STOPPED
    assert contact
    left = {"stop": Standing.CONFIRMED, "stop_all": Standing.ASKED, "drop": Standing.SUPPRESSED}
    assert contact.standing is left[story.end]


@pytest.mark.parametrize(
    ("channel", "end", "step"),
    [(Channel.EMAIL, "stop", 1), (Channel.EMAIL, "stop_all", 1), (Channel.EMAIL, "drop", 1), (Channel.SMS, "stop", 3)],
)
def test_f1_whoever_dies_anywhere_loses_no_follower_and_asks_once_more_at_most(
    channel: Channel, end: str, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each call that changes something, one by one; of an SMS, every third. How it begins, with the first end
    alone.
    """  # fmt: skip
    with an_empty_gatecall():
        unharmed = through(channel, end, None, monkeypatch)
    assert len(unharmed.of.sent) == 1
    first = 0 if end == "stop" else unharmed.ends_from
    for place in count(first + 1, step):
        with an_empty_gatecall():
            story = through(channel, end, 2 * place - 1, monkeypatch)
        if story.process.died_in is None:  # it has no such call
            break
    assert place > first + 2
