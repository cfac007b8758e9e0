"""Fault tests of the path from a change to its followers, by their numbers."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.alerts import deliver, due, fanout, ledger, letters
from chalicelib.alerts.ledger import Page
from chalicelib.channels.model import Channel, Outcome, Receipt
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.deadletters import handle_each
from chalicelib.core.errors import Unavailable
from chalicelib.flights import changes as flight_changes

from .following import Provider, a_flight, changes, deliver_all, follow, means, queued, set_aside, tell, write
from .killing import Queue, stream_records

pytestmark = pytest.mark.usefixtures("cloud")

Fault = Callable[[str, dict[str, Any], Callable[[], Any]], Any]


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def plain_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters that the provider here takes."""
    monkeypatch.setattr(letters, "write", write)


def later(now: Now, **by: float) -> Now:
    return Now(now.flight + timedelta(**by), now.wall + timedelta(**by))


@contextmanager
def between(fault: Fault) -> Iterator[list[str]]:
    """Stand between the code and AWS: `fault` gets each operation, its parameters, and the call itself."""
    real, calls = BaseClient._make_api_call, []

    def call(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        calls.append(operation)
        return fault(operation, parameters, lambda: real(client, operation, parameters))

    with patch.object(BaseClient, "_make_api_call", call):
        yield calls


def throttled(operation: str) -> ClientError:
    error = {"Error": {"Code": "ThrottlingException", "Message": "slow down"},
             "ResponseMetadata": {"HTTPStatusCode": 400}}  # fmt: skip
    return ClientError(error, operation)


@pytest.mark.parametrize("position", [0, 49, 99])
@pytest.mark.usefixtures("plain_letters")
def test_f5_a_poison_message_is_set_aside_and_the_others_are_handled(
    position: int, now: Now, provider: Provider
) -> None:
    """F5: at each end and in the middle of a batch of a hundred."""
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 2, now)
    fanout.fan_out(changes(flight, now, now.flight, departure_gate="B7"), now)
    [page] = queued()
    batch = [{"messageId": f"m{n}", "body": page} for n in range(100)]
    batch[position]["body"] = {"leg": "nonsense", "page": "?"}
    handled = []

    def handle(record: Any) -> None:
        deliver.deliver(record["body"], now, means(provider))
        handled.append(record["messageId"])

    answer = handle_each("send_emails", batch, handle, lambda record: record["messageId"])
    assert answer == {"batchItemFailures": []}
    assert len(handled) == 99
    assert [letter["record"]["messageId"] for letter in set_aside()] == [f"m{position}"]
    assert provider.each == {"s0": 1, "s1": 1}


def test_f11_a_lost_answer_of_ses_is_one_attempt_and_at_most_one_repeat(now: Now) -> None:
    """F11: the SDK sends once; the ledger tries again a minute later."""
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 3, now)
    fanout.fan_out(changes(flight, now, now.flight, departure_gate="B7"), now)
    sent: list[str] = []
    lost = [True]

    def lose(operation: str, parameters: dict[str, Any], call: Callable[[], Any]) -> Any:
        answer = call()
        if operation == "SendBulkEmail":
            sent.extend(entry["Destination"]["ToAddresses"][0] for entry in parameters["BulkEmailEntries"])
            if lost.pop():
                lost.append(False)
                raise ReadTimeoutError(endpoint_url="https://email")
            lost.append(False)
        return answer

    real = letters.Means("send_emails", letters.send, letters.pace, lambda: 60)
    with between(lose) as calls:
        for message in queued():
            deliver.deliver(message, now, real)
        assert calls.count("SendBulkEmail") == 1
        for minutes in (1, 5, 60):
            at = later(now, minutes=minutes)
            due.take_up(at, lambda: 60)
            for message in queued():
                deliver.deliver(message, at, real)
    assert sorted(sent) == sorted([f"p{n}@example.com" for n in range(3)] * 2)


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.usefixtures("plain_letters")
def test_f12_throttling_anywhere_ends_in_success_or_in_coming_again(times: int, now: Now, provider: Provider) -> None:
    """F12: each operation throttled once, twice, three times beyond the SDK's own attempts."""
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 3, now)
    change = changes(flight, now, now.flight, departure_gate="B7")
    refused: dict[str, int] = {}

    def throttle(operation: str, _: dict[str, Any], call: Callable[[], Any]) -> Any:
        if refused.get(operation, 0) < times and operation != "ReceiveMessage":
            refused[operation] = refused.get(operation, 0) + 1
            raise throttled(operation)
        return call()

    def until_done(work: Callable[[], Any]) -> None:
        for _ in range(40):
            try:
                return work()
            except Unavailable:
                continue
        raise AssertionError("it never ends")

    at = now
    with between(throttle):
        until_done(lambda: fanout.fan_out(change, at))
    pages = queued()
    with between(throttle):
        for page in pages:
            for _ in range(20):
                at = later(at, seconds=121)
                try:
                    deliver.deliver(page, at, means(provider))
                except Unavailable:
                    continue
    assert set(refused) >= {"BatchGetItem", "Query", "SendMessageBatch", "UpdateItem", "TransactWriteItems"}
    assert set(provider.each) == {"s0", "s1", "s2"}
    assert provider.calls <= 1 + times, "only marks that were refused let a call be repeated"


@pytest.mark.usefixtures("plain_letters")
def test_f14_messages_that_a_queue_does_not_take_are_given_to_it_again(now: Now, provider: Provider) -> None:
    """F14: none is dropped when SQS takes a batch in part."""
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 45, now, channel=Channel.WEBHOOK)
    refusals = iter([2, 1])

    def in_part(operation: str, parameters: dict[str, Any], call: Callable[[], Any]) -> Any:
        refused = next(refusals, 0) if operation == "SendMessageBatch" else 0
        if not refused:
            return call()
        lost = parameters["Entries"][:refused]
        parameters["Entries"] = parameters["Entries"][refused:]
        answer = call()
        return {**answer, "Failed": [{"Id": e["Id"], "Code": "InternalError", "SenderFault": False} for e in lost]}

    with between(in_part):
        fanout.fan_out(changes(flight, now, now.flight, departure_gate="B7"), now)
    assert sorted(page["page"][-1] for page in queued(Channel.WEBHOOK)) == ["0", "1", "2"]


@pytest.mark.usefixtures("plain_letters")
def test_f14_marks_that_the_table_does_not_take_are_given_to_it_again(now: Now, provider: Provider) -> None:
    """F14: UnprocessedItems of a batch write."""
    flight = a_flight(now, departure_gate="B4")
    [follower, *_] = follow(flight, 20, now)
    first = [True]

    def in_part(operation: str, parameters: dict[str, Any], call: Callable[[], Any]) -> Any:
        if operation == "BatchWriteItem" and first:
            first.clear()
            [(table, items)] = parameters["RequestItems"].items()
            parameters["RequestItems"] = {table: items[7:]}
            return {**call(), "UnprocessedItems": {table: items[:7]}}
        return call()

    change = changes(flight, now, now.flight, departure_gate="B7")
    with between(in_part):
        tell(change, now, provider)
    entries = ledger.entries(flight.leg, Page.of(follower))
    assert len(entries) == 20
    assert not any(entry.claim_until for entry in entries.values())


@pytest.mark.usefixtures("plain_letters")
def test_f15_whoever_is_gone_is_dropped_and_the_others_are_told(
    now: Now, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F15, for push endpoints: any of them may be gone."""
    from chalicelib.alerts import manage

    dropped: list[str] = []
    monkeypatch.setattr(manage, "drop", lambda address, reason, now: dropped.append(address.value))
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 6, now, channel=Channel.PUSH)
    provider.answer = lambda name: Receipt(Outcome.GONE if name in ("s0", "s3") else Outcome.ACCEPTED)
    fanout.fan_out(changes(flight, now, now.flight, departure_gate="B7"), now)
    deliver_all(queued(Channel.PUSH), now, provider)
    assert sorted(provider.each) == ["s1", "s2", "s4", "s5"]
    assert dropped == ["p0@example.com", "p3@example.com"]


@pytest.mark.usefixtures("plain_letters")
def test_a_webhook_that_is_dead_for_72_hours_is_stopped(
    now: Now, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tried again with growing pauses until then."""
    from chalicelib.alerts import manage

    dropped: list[float] = []
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 1, now, channel=Channel.WEBHOOK)
    provider.answer = lambda name: Receipt(Outcome.LATER, reason="timeout")
    fanout.fan_out(changes(flight, now, now.flight, departure_gate="B7"), now)
    at, end, tried = now, now.wall + timedelta(hours=80), [0.0]
    monkeypatch.setattr(
        manage, "drop", lambda address, reason, when: dropped.append((when.wall - now.wall).total_seconds() / 3600)
    )
    deliver_all(queued(Channel.WEBHOOK), at, provider)
    while waiting := ledger.due("wall", end, 1):
        at = Now(now.flight, max(at.wall, min(each.at for each in waiting)) + timedelta(minutes=1))
        due.take_up(at, lambda: 60)
        calls = provider.calls
        deliver_all(queued(Channel.WEBHOOK), at, provider)
        tried += [(at.wall - now.wall) / timedelta(hours=1)] * (provider.calls - calls)
    assert [round(hours) for hours in tried] == [0, 0, 0, 1, 3, 8, 18, 28, 38, 48, 58, 68]
    [hours] = dropped
    assert 60 < hours < 72.1


@pytest.mark.usefixtures("plain_letters")
def test_f20_followers_are_told_what_the_stream_had_lost(now: Now, provider: Provider) -> None:
    """F20: the version is found in the index of what was never told, and goes the whole way."""
    sqs = boto3.client("sqs")
    sqs.set_queue_attributes(QueueUrl=Queue.named("changes").url, Attributes={"DelaySeconds": "0"})
    flight = a_flight(now, departure_gate="B4")
    follow(flight, 2, now)
    changes(flight, now, now.flight, departure_gate="B7")  # no record of it ever reaches us
    flight_changes.repair(now.wall + timedelta(minutes=5))
    told: list[Any] = []
    sqs_queue = Queue.named("changes")
    while messages := sqs.receive_message(QueueUrl=sqs_queue.url, VisibilityTimeout=600).get("Messages"):
        told += messages
    for message in told:
        tell(json.loads(message["Body"]), now, provider)
    assert provider.each == {"s0": 1, "s1": 1}


@pytest.mark.usefixtures("plain_letters")
def test_f23_telling_everything_again_changes_nothing(now: Now, provider: Provider) -> None:
    """F23: all changes from the first on, after what was fanned out is forgotten: the same ledger, nothing sent."""
    flight = a_flight(now, departure_gate="B4")
    [follower, *_] = follow(flight, 3, now)
    gates = ("B7", "C1", "C2")
    told = [changes(flight, now, now.flight + timedelta(minutes=n), departure_gate=g) for n, g in enumerate(gates)]
    for change in told:
        tell(change, now, provider)
    before, taken = ledger.entries(flight.leg, Page.of(follower)), list(provider.taken)
    ledger._rows()(f"leg#{flight.leg}", "fanned").delete()
    for change in told:
        tell(change, now, provider)
    assert ledger.entries(flight.leg, Page.of(follower)) == before
    assert provider.taken == taken
    assert len(stream_records(config().flights_table)) >= 4
