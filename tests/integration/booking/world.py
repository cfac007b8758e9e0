"""What comes to bookings by itself, as AWS brings it: records of the stream, messages of the queue, each until it is
handled. Processes may die at any of their AWS calls, and time passes only where a test says so."""  # fmt: skip

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from unittest.mock import patch

from botocore.client import BaseClient
from moto import mock_aws

from chalicelib.booking import changes, settlements, store
from chalicelib.booking.model import Booking, State
from chalicelib.core import aws
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.errors import Unavailable
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing import stock
from infra.local import moto_gaps

from .. import conftest
from ..alerts.killing import Process
from . import shop

AGAIN = timedelta(seconds=180)  # as the queue's time-out
READS = ("Get", "BatchGet", "Query", "Encrypt", "Decrypt", "GenerateDataKey")  # and what writes nothing
_T = TypeVar("_T")


class GaveUp(Exception):
    """The client was cut off, and asks no more."""


@contextmanager
def an_empty_gatecall() -> Iterator[None]:
    """As the fixture `cloud`, as often as a test likes."""
    moto_gaps.mend()
    with mock_aws():
        conftest._made().fill()
        aws._client.cache_clear()
        conftest._forget_known()
        yield


@dataclass
class World:
    """The clock, the client, and all that is on its way."""

    now: Now
    process: Process = field(default_factory=Process)
    patient: bool = True  # whether the client asks again where it was cut off
    of_clients: set[int] = field(default_factory=set)  # points of the process at which the client was asking
    begins: set[int] = field(default_factory=set)  # points of the process before the first call of a piece of work
    queue: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)  # to the topic
    _iterator: str | None = None

    @contextmanager
    def open(self) -> Iterator["World"]:
        """Stand between the code and AWS: queues and topics answer at once, and keep what is sent here."""
        real = BaseClient._make_api_call

        def call(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
            if operation == "SendMessage" and parameters["QueueUrl"] == config().settlements_queue:
                due = self.now.wall + timedelta(seconds=parameters.get("DelaySeconds", 0))
                self.queue.append((due, json.loads(parameters["MessageBody"])))
                return {"MessageId": "1"}
            if operation == "Publish":
                self.told.append(json.loads(parameters["Message"]))
                return {"MessageId": "1"}
            return real(client, operation, parameters)

        with patch.object(BaseClient, "_make_api_call", call), self.process.installed():
            yield self

    def ask(self, work: Callable[[], _T]) -> _T:
        """Ask as a client does: again, where it was cut off, unless it gives up. Raises GaveUp."""
        answers: list[_T] = []
        first = 2 * len(self.process.calls)
        while not self._run(lambda: answers.append(work())):
            if not self.patient:
                raise GaveUp
        self.of_clients |= set(range(first, 2 * len(self.process.calls)))
        return answers[0]

    def wait(self, span: timedelta) -> None:
        """Time passes, and nothing runs."""
        self.now = Now(self.now.flight + span, self.now.wall + span)

    def deliver(self, span: timedelta = timedelta(), *, least: Callable[[int], int] = lambda number: 0) -> None:
        """Time passes, and all that comes within is handled; what fails comes again. `least` chooses among messages."""
        end = self.now.wall + span
        while True:
            for record in self.records():
                self.bring(lambda record=record: changes.tell_record(record, self.now))
            self.queue.sort(key=lambda message: message[0])
            due = sum(at <= end for at, _ in self.queue)
            if not due:
                break
            at, body = self.queue.pop(least(due))
            self.wait(max(timedelta(), at - self.now.wall))
            if not self._lived(lambda body=body: settlements.handle(body, self.now)):
                self.queue.append((self.now.wall + AGAIN, body))
        self.wait(max(timedelta(), end - self.now.wall))

    def bring(self, work: Callable[[], object]) -> None:
        """Have something handled that comes again until it is."""
        while not self._lived(work):
            pass

    def points(self) -> list[int]:
        """The points at which a process can die and leave something else behind: at the beginning, after a write."""
        calls = enumerate(self.process.calls)
        return sorted(self.begins | {2 * at + 1 for at, operation in calls if not operation.startswith(READS)})

    def records(self) -> list[dict[str, Any]]:
        """The stream's records of bookings that were not taken yet."""
        streams = conftest.client("dynamodbstreams")
        if self._iterator is None:
            [stream] = streams.list_streams(TableName=config().bookings_table)["Streams"]
            shards = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]
            self._iterator = streams.get_shard_iterator(
                StreamArn=stream["StreamArn"], ShardId=shards[0]["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
        got = streams.get_records(ShardIterator=self._iterator)
        self._iterator = got["NextShardIterator"]
        found: list[dict[str, Any]] = got["Records"]
        return [each for each in found if each["dynamodb"]["Keys"]["pk"]["S"].startswith("booking#")]

    def _lived(self, work: Callable[[], object]) -> bool:
        try:
            return self._run(work)
        except Unavailable:
            return False

    def _run(self, work: Callable[[], object]) -> bool:
        self.begins.add(2 * len(self.process.calls))
        return self.process.run(work)


def now_of(name: str, now: Now) -> Booking:
    """A booking as it stands."""
    kept = store.booking(name, now.wall)
    assert kept
    return kept.booking


def ledger(name: str) -> tuple[int, int]:
    """What the payment service took for a booking, and what it gave back, by its own books."""
    rows = conftest.client("dynamodb").scan(TableName=config().bookings_table)["Items"]
    charges = [row for row in rows if row["pk"]["S"].startswith(f"simulated#{name}-")]
    taken = sum(int(row["amount"]["N"]) for row in charges if row["state"]["S"] == "approved")
    return taken, sum(int(row["refunded"]["N"]) for row in charges)


def check(legs: list[ScheduledLeg], names: list[str], now: Now) -> None:
    """What holds at any instant, whatever died and whatever is still on its way."""
    bookings = shop.everything(names, now.wall)
    shop.check_sums(legs, bookings, now)
    shop.check_money(bookings)


def check_quiet(legs: list[ScheduledLeg], names: list[str], world: World) -> None:
    """What holds once all has come that comes: nothing is held, owed or open, and the service's books are ours."""
    check(legs, names, world.now)
    for booking in shop.everything(names, world.now.wall):
        assert booking.kept_as is not State.HELD
        assert (booking.closed, booking.open_attempt, booking.refunds) == (True, None, ())
        assert (booking.change, booking.offer) == (None, None)
        taken, refunded = ledger(booking.locator)
        assert taken == sum(payment.amount for payment in booking.payments)
        assert refunded == sum(payment.refunded for payment in booking.payments) == booking.due_back
        if booking.kept_as is State.TICKETED:
            assert taken - refunded == booking.total, "money was kept that no ticket is for"
            assert booking.tickets
    for inventory in stock.of(legs, world.now.wall).values():
        assert not inventory.pending
    assert not world.queue
