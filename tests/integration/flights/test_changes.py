"""Every committed version is told to the topic, whatever happens to the stream."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib.core import aws, deadletters
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.flights import changes, ingest, store

from .legs import leg, said, scheduled

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture(autouse=True)
def one_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto is not atomic under threads."""
    monkeypatch.setattr(ingest, "WRITERS", 1)


@pytest.fixture
def listen() -> Any:
    """A queue that hears the topic; call it for the messages since the last call."""
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    boto3.client("sns").subscribe(TopicArn=config().flight_changes_topic, Protocol="sqs", Endpoint=arn)

    def heard() -> list[dict[str, Any]]:
        found = []
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    return heard


def change(now: Now, gate: str, *, minutes: int = 0, number: int = 1) -> None:
    at = now.flight + timedelta(minutes=minutes)
    ingest.take(
        [scheduled(number, now.flight), said(number, now.flight, at, departure_gate=gate)], now, sleep=lambda s: None
    )


def stream() -> list[dict[str, Any]]:
    """All records of the flights table's stream so far, as Lambda gets them."""
    streams = boto3.client("dynamodbstreams")
    arn = boto3.client("dynamodb").describe_table(TableName=config().flights_table)["Table"]["LatestStreamArn"]
    [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    start = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
    return streams.get_records(ShardIterator=start["ShardIterator"])["Records"]


def tell(records: list[dict[str, Any]]) -> dict[str, Any]:
    return deadletters.handle_each(
        "tell_changes", records, changes.tell_record, lambda r: r["dynamodb"]["SequenceNumber"]
    )


def dead_letters() -> list[dict[str, Any]]:
    messages = boto3.client("sqs").receive_message(QueueUrl=config().dead_letters_queue, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in messages.get("Messages", ())]


def test_a_version_is_one_message_with_its_changes(now: Now, listen: Any) -> None:
    """With attributes for filter policies; the first appearance is none."""
    change(now, "B4")
    change(now, "B7", minutes=1)
    assert tell(stream()) == {"batchItemFailures": []}
    [heard] = listen()
    message = json.loads(heard["Message"])
    assert message["changes"] == [
        {
            "version": 2,
            "kind": "gate",
            "field": "departure_gate",
            "before": "B4",
            "after": "B7",
            "source": "replay",
            "at": "2026-07-10T12:01:00Z",
        }
    ]
    assert (message["flight"], message["version"], message["kinds"]) == ("UA1-20260710-EWR", 2, ["gate"])
    assert message["airports"] == ["EWR", "IAH"]
    assert json.loads(heard["MessageAttributes"]["airports"]["Value"]) == ["EWR", "IAH"]
    assert json.loads(heard["MessageAttributes"]["kinds"]["Value"]) == ["gate"]


def test_what_was_told_is_not_told_again_by_the_repair(now: Now, listen: Any) -> None:
    """Once, in the ordinary case."""
    change(now, "B4")
    change(now, "B7", minutes=1)
    tell(stream())
    assert changes.repair(now.wall + timedelta(minutes=10)) == 0
    assert len(listen()) == 1


def test_what_the_stream_lost_is_told_by_the_repair(now: Now, listen: Any) -> None:
    """F20: after one run nothing is untold; younger versions are left to the stream."""
    for number in range(3):
        change(now, "B4", number=number)
        change(now, "B7", minutes=1, number=number)
    assert changes.repair(now.wall + timedelta(minutes=1)) == 0
    assert changes.repair(now.wall + timedelta(minutes=3)) == 3
    assert {json.loads(m["Message"])["flight"] for m in listen()} == {str(leg(n, now.flight)) for n in range(3)}
    assert store.untold(now.wall + timedelta(days=1), 10) == []


def test_the_repair_may_run_never_twice_or_late(now: Now, listen: Any) -> None:
    """F19: the outcome is the same."""
    change(now, "B4")
    change(now, "B7", minutes=1)
    for minutes in (3, 3, 600):
        changes.repair(now.wall + timedelta(minutes=minutes))
    assert len(listen()) == 1


@pytest.mark.parametrize("place", [0, 1, 50, 99])
def test_a_poison_record_is_set_aside_whole_and_the_rest_goes_on(now: Now, listen: Any, place: int) -> None:
    """F5: at each place of a batch of 100; 99 are told, one is in the queue with its error."""
    change(now, "B4")
    change(now, "B7", minutes=1)
    [good] = [r for r in stream() if r["dynamodb"]["NewImage"]["sk"]["S"].startswith("history#")]
    batch = [good] * 99
    image = {**good["dynamodb"]["NewImage"], "changes": {"S": "[["}}
    batch.insert(place, poison := {**good, "dynamodb": {**good["dynamodb"], "NewImage": image}})
    assert tell(batch) == {"batchItemFailures": []}
    assert len(listen()) == 99
    [letter] = dead_letters()
    assert letter["function"] == "tell_changes"
    assert letter["record"]["dynamodb"]["NewImage"] == poison["dynamodb"]["NewImage"]
    assert "JSONDecodeError" in letter["error"]


def test_uninteresting_good_poison_good(now: Now, listen: Any) -> None:
    """A batch handler looks at every record."""
    change(now, "B4")
    change(now, "B7", minutes=1)
    first, *_, good = stream()
    good = next(r for r in stream() if r["dynamodb"]["NewImage"]["sk"]["S"].startswith("history#"))
    poison = {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "7", "NewImage": {"sk": {"N": "1"}}}}
    removed = {"eventName": "REMOVE", "dynamodb": {"SequenceNumber": "8"}}
    tell([first, removed, good, poison, good])
    assert len(listen()) == 2
    assert len(dead_letters()) == 1


def test_a_topic_that_does_not_answer_brings_the_record_back(
    now: Now, listen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is set aside that will go well in a minute; botocore does not try again by itself (F11)."""
    change(now, "B4")
    change(now, "B7", minutes=1)
    attempts = []

    class Silent:
        def publish(self, **arguments: object) -> None:
            attempts.append(arguments)
            raise EndpointConnectionError(endpoint_url="https://sns")

    real = aws.client
    monkeypatch.setattr(aws, "client", lambda service, **more: Silent() if service == "sns" else real(service, **more))
    records = stream()
    history = next(r for r in records if r["dynamodb"]["NewImage"]["sk"]["S"].startswith("history#"))
    assert tell(records) == {"batchItemFailures": [{"itemIdentifier": history["dynamodb"]["SequenceNumber"]}]}
    assert len(attempts) == 1
    assert dead_letters() == []
    monkeypatch.undo()
    tell(records)
    assert len(listen()) == 1


def refused(code: str, status: int) -> ClientError:
    answer = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Publish")


@pytest.mark.parametrize(
    ("error", "comes_again"),
    [
        (refused("InvalidParameter", 400), False),
        (refused("Throttling", 400), True),
        (refused("InternalError", 500), True),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_the_topic_never_takes_is_set_aside(
    now: Now, monkeypatch: pytest.MonkeyPatch, error: ClientError, comes_again: bool
) -> None:
    """What it does not take now comes again."""
    change(now, "B4")
    change(now, "B7", minutes=1)
    records = stream()
    real = aws.client

    class Refusing:
        def publish(self, **_: object) -> None:
            raise error

    monkeypatch.setattr(
        aws, "client", lambda service, **more: Refusing() if service == "sns" else real(service, **more)
    )
    assert bool(tell(records)["batchItemFailures"]) is comes_again
    assert bool(dead_letters()) is not comes_again


def test_one_version_that_can_not_be_told_holds_up_no_other(
    now: Now, listen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The repair goes on, and comes back to it."""
    for number in range(3):
        change(now, "B4", number=number)
        change(now, "B7", minutes=1, number=number)
    real = changes.message

    def broken(version: store.Version) -> dict[str, Any]:
        if version.leg.flight.number == 0:
            raise ValueError("broken")
        return real(version)

    monkeypatch.setattr(changes, "message", broken)
    assert changes.repair(now.wall + timedelta(minutes=3)) == 2
    assert len(listen()) == 2
    monkeypatch.undo()
    assert changes.repair(now.wall + timedelta(minutes=4)) == 1


def test_the_sending_client_has_no_retries_of_its_own() -> None:
    """botocore would send twice when an answer is lost."""
    assert aws.client("sns", retries=False).meta.config.retries["total_max_attempts"] == 1
