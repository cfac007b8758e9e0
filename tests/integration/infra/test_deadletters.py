"""`python -m infra deadletters`, against moto; Lambda is played by a function of the test."""

import io
import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from chalicelib.core import aws, deadletters
from chalicelib.core.clock import wall_now
from chalicelib.core.config import config
from chalicelib.core.errors import Unavailable
from infra import deadletters as command

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def console() -> Console:
    return Console(record=True, width=200, file=io.StringIO())


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], Any]], list[str]]:
    """Say what Lambda answers for each record; gives the names of the functions invoked."""

    def play(answer: Callable[[str], Any]) -> list[str]:
        invoked: list[str] = []
        real = aws.client

        class Lambda:
            def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:
                invoked.append(FunctionName)
                event = json.loads(Payload)
                [record, *_] = event.get("Records", [event])
                return {"Payload": io.BytesIO(json.dumps(answer(record.get("messageId", event))).encode())}

        monkeypatch.setattr(aws, "client", lambda name, **more: Lambda() if name == "lambda" else real(name, **more))
        return invoked

    return play


def set_aside(*names: str) -> None:
    for name in names:
        assert deadletters.set_aside("push_change", {"messageId": name}, ValueError(f"[/b] is wrong with {name}"))


def test_what_was_set_aside_is_listed_and_stays(console: Console) -> None:
    """More than SQS gives at a time; whatever an error's text holds."""
    names = [f"record-{n}" for n in range(13)]
    set_aside(*names)
    for _ in range(2):
        command.show(console)
        shown = console.export_text()
        assert all(name in shown for name in names)
        assert "ValueError: [/b] is wrong with record-7" in shown


def test_an_empty_queue_is_said_to_be_empty(console: Console) -> None:
    """No table without rows."""
    command.show(console)
    assert command.replay(console) == 0
    assert console.export_text().count("Nothing is set aside") == 2


@pytest.mark.parametrize("body", ["", "no JSON", "[]", '{"what": 1}', '{"requestContext": {"functionArn": 1}}'])
def test_what_is_no_letter_of_ours_holds_nobody_up(body: str, console: Console, functions: Any) -> None:
    """Somebody sent it there by hand: it is shown, and stays; the letters beside it are replayed."""
    aws.client("sqs").send_message(QueueUrl=config().dead_letters_queue, MessageBody=body or " ")
    set_aside("good")
    invoked = functions(lambda name: None)
    command.show(console)
    assert "no letter of ours" in console.export_text(clear=False)
    assert command.replay(console) == 1
    assert invoked == ["gatecall-test-push_change"]
    assert [letter.kind for letter in command.letters()] == ["unknown"]


def test_what_goes_well_is_forgotten_and_what_fails_stays(console: Console, functions: Any) -> None:
    """Each record goes to the function that set it aside."""
    set_aside("good", "bad")
    invoked = functions(lambda name: {"batchItemFailures": [{"itemIdentifier": name}] if name == "bad" else []})
    assert command.replay(console) == 1
    assert invoked == ["gatecall-test-push_change"] * 2
    assert [letter.record["messageId"] for letter in command.letters()] == ["bad"]


def test_a_poison_record_is_replayed_once_at_a_time(console: Console, functions: Any) -> None:
    """It is set aside anew while the replay goes on, which must come to an end."""
    set_aside("poison")

    def again(name: str) -> dict[str, Any]:
        set_aside(name)
        return {"batchItemFailures": []}

    invoked = functions(again)
    assert command.replay(console) == 0
    assert len(invoked) == 1
    assert [letter.record["messageId"] for letter in command.letters()] == ["poison"]


def test_a_batch_of_which_all_is_left_comes_again_whole() -> None:
    """By an error: until `tune` has set a source, Lambda takes what is returned for success. Nothing is set aside."""

    def busy(_: Any) -> None:
        raise Unavailable("not now")

    with pytest.raises(Unavailable):
        deadletters.handle_each("push_change", [{"id": "a"}, {"id": "b"}], busy, lambda record: record["id"])
    assert deadletters.handle_each("push_change", [], busy, lambda record: record["id"]) == {"batchItemFailures": []}
    assert list(command.letters()) == []


def test_a_batch_reports_what_can_not_be_handled_now_and_sets_aside_what_never_can() -> None:
    """Uninteresting, good, busy, poison, good: each has its own end."""
    handled = []

    def handle(record: Any) -> None:
        if record["messageId"] == "busy":
            raise Unavailable("not now")
        if record["messageId"] == "poison":
            raise KeyError("nothing in it")
        handled.append(record["messageId"])

    records = [{"messageId": name} for name in ("dull", "good", "busy", "poison", "fine")]
    answer = deadletters.handle_each("push_change", records, handle, lambda record: str(record["messageId"]))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "busy"}]}
    assert handled == ["dull", "good", "fine"]
    assert [letter.record["messageId"] for letter in command.letters()] == ["poison"]


def given_up(*bodies: str) -> str:
    """Messages that a queue gave up on, as they came too often; gives the queue's address."""
    sqs = aws.client("sqs")
    queue: str = sqs.get_queue_url(QueueName="gatecall-test-emails")["QueueUrl"]
    attributes = {"n": {"DataType": "Number", "StringValue": "7"}}
    for body in bodies:
        sqs.send_message(QueueUrl=queue, MessageBody=body, MessageAttributes=attributes)
    for _ in range(11):
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", ()):
            sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
            time.sleep(0.002)  # visible again from the next millisecond on
    return queue


def test_a_message_that_a_queue_gave_up_on_is_listed_beside_the_others(console: Console) -> None:
    """With its queue, and what it says."""
    set_aside("record-1")
    given_up('{"page": "flight:UA1545#email#3"}')
    command.show(console)
    shown = console.export_text()
    assert "gatecall-test-emails" in shown
    assert "flight:UA1545#email#3" in shown
    assert "it came too often" in shown
    assert "record-1" in shown


def test_a_message_that_a_queue_gave_up_on_goes_into_its_queue_again(console: Console) -> None:
    """Whole, with its attributes; and it is a dead letter no more."""
    queue = given_up("hello")
    assert command.replay(console) == 0
    assert list(command.letters()) == []
    [message] = aws.client("sqs").receive_message(QueueUrl=queue, MessageAttributeNames=["All"])["Messages"]
    assert message["Body"] == "hello"
    assert message["MessageAttributes"] == {"n": {"DataType": "Number", "StringValue": "7"}}


def test_a_message_whose_queue_is_gone_stays(console: Console) -> None:
    """And what SQS says is shown."""
    queue = given_up("hello")
    aws.client("sqs").delete_queue(QueueUrl=queue)
    assert command.replay(console) == 1
    assert "NonExistentQueue" in console.export_text()
    assert [letter.record["MessageBody"] for letter in command.letters()] == ["hello"]


def given_up_by_lambda(function: str, condition: str, **told: Any) -> None:
    """What Lambda sends to a function's destination on failure (Lambda Developer Guide, "Retaining records")."""
    body = {
        "version": "1.0",
        "timestamp": "2026-07-10T16:00:49.717Z",
        "requestContext": {
            "requestId": "316aa6d0-8154",
            "functionArn": f"arn:aws:lambda:us-east-1:123456789012:function:gatecall-test-{function}:$LATEST",
            "condition": condition,
            "approximateInvokeCount": 3,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        **told,
    }
    queue = aws.client("sqs").get_queue_url(QueueName="gatecall-test-dead-letters")["QueueUrl"]
    aws.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(body))


SAID = {
    "requestPayload": {"Records": [{"Sns": {"MessageId": "a-1", "Message": '{"flight": "UA1545"}'}}]},
    "responsePayload": {"errorType": "Unavailable", "errorMessage": "not now"},
}
RUN = {"requestPayload": {"detail-type": "Scheduled Event", "time": "2026-07-10T16:00:00Z", "resources": ["a-rule"]}}


def test_an_event_that_lambda_gave_up_on_is_listed(console: Console) -> None:
    """Of a topic and of a schedule: what it says, why Lambda gave up, and what the function said."""
    given_up_by_lambda("push_change", "RetriesExhausted", **SAID)
    given_up_by_lambda("poll_feeds", "EventAgeExceeded", **RUN)
    command.show(console)
    shown = console.export_text()
    for said in (
        "push_change", '{"flight": "UA1545"}', "RetriesExhausted (Unavailable: not now)", "2026-07-10T16:00:49",
        "poll_feeds", "Scheduled Event of 2026-07-10T16:00:00Z", "EventAgeExceeded",
    ):  # fmt: skip
        assert said in shown


def test_an_event_that_lambda_gave_up_on_goes_to_its_function_again(console: Console, functions: Any) -> None:
    """Whole, as it was; what fails again stays."""
    given_up_by_lambda("push_change", "RetriesExhausted", **SAID)
    seen = []

    def answer(event: Any) -> Any:
        seen.append(event)
        return {"batchItemFailures": [{"itemIdentifier": "a-1"}]} if len(seen) == 1 else None

    invoked = functions(answer)
    assert command.replay(console) == 1
    assert command.replay(console) == 0
    assert invoked == ["gatecall-test-push_change"] * 2
    assert seen == [SAID["requestPayload"]] * 2
    assert list(command.letters()) == []


def versions(*numbers: int) -> list[dict[str, Any]]:
    """Write so many items to the accounts table; gives its stream's records."""
    dynamodb, streams = aws.client("dynamodb"), aws.client("dynamodbstreams")
    for n in numbers:
        dynamodb.put_item(
            TableName="gatecall-test-accounts", Item={"pk": {"S": f"account#{n}"}, "sk": {"S": "account"}}
        )
    arn = dynamodb.describe_table(TableName="gatecall-test-accounts")["Table"]["LatestStreamArn"]
    [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
    found = streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    return [{**record, "shard": shard["ShardId"], "arn": arn} for record in found]


def lost(records: list[dict[str, Any]], arrived: datetime, **instead: Any) -> None:
    """Lambda gave up on a batch of a stream, and says where it is."""
    first, last = records[0], records[-1]
    arrived_at = arrived.strftime("%Y-%m-%dT%H:%M:%SZ")
    given_up_by_lambda(
        "queue_errands", "RetryAttemptsExhausted",
        DDBStreamBatchInfo={
            "shardId": first["shard"], "streamArn": first["arn"], "batchSize": len(records),
            "startSequenceNumber": first["dynamodb"]["SequenceNumber"],
            "endSequenceNumber": last["dynamodb"]["SequenceNumber"],
            "approximateArrivalOfFirstRecord": arrived_at, "approximateArrivalOfLastRecord": arrived_at, **instead,
        },
    )  # fmt: skip


def test_a_batch_that_lambda_gave_up_on_is_listed_by_where_it_is(console: Console) -> None:
    """The letter has no records: the table, and from which to which."""
    records = versions(1, 2, 3)
    lost(records, wall_now())
    command.show(console)
    shown = console.export_text()
    first, last = records[0]["dynamodb"]["SequenceNumber"], records[-1]["dynamodb"]["SequenceNumber"]
    assert f"3 records of gatecall-test-accounts, {first} to {last}" in shown
    assert "queue_errands" in shown
    assert "RetryAttemptsExhausted" in shown


def test_a_batch_is_read_from_its_stream_again_and_given_to_its_function(console: Console, functions: Any) -> None:
    """Those records and no others, as Lambda hands them over: JSON, with the stream's ARN."""
    records = versions(1, 2, 3, 4, 5)
    lost(records[1:4], wall_now())
    events: list[Any] = []

    def answer(event: Any) -> Any:
        events.append(event)
        return {"batchItemFailures": []}

    invoked = functions(answer)
    assert command.replay(console) == 0
    assert invoked == ["gatecall-test-queue_errands"]
    [event] = events
    keys = [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]]
    assert keys == ["account#2", "account#3", "account#4"]
    assert {record["eventSourceARN"] for record in event["Records"]} == {records[0]["arn"]}
    assert isinstance(event["Records"][0]["dynamodb"]["ApproximateCreationDateTime"], float)
    assert list(command.letters()) == []


def test_a_batch_that_fails_again_stays(console: Console, functions: Any) -> None:
    """It has the rest of the stream's 24 hours."""
    lost(versions(1), wall_now())
    functions(lambda _: {"batchItemFailures": [{"itemIdentifier": "1"}]})
    assert command.replay(console) == 1
    assert len(list(command.letters())) == 1


def test_a_batch_that_the_stream_no_longer_has_is_told_of_and_forgotten(console: Console, functions: Any) -> None:
    """After 24 hours nothing can be replayed; before, the letter stays, whatever the stream says."""
    records, invoked = versions(1), functions(lambda _: None)
    nowhere = {"streamArn": records[0]["arn"].replace("gatecall-test-accounts", "gatecall-test-nowhere")}
    lost(records, wall_now() - timedelta(hours=23), **nowhere)
    assert command.replay(console) == 1
    assert len(list(command.letters())) == 1
    aws.client("sqs").purge_queue(QueueUrl=config().dead_letters_queue)
    lost(records, wall_now() - timedelta(hours=25), **nowhere)
    assert command.replay(console) == 1
    assert "gone: 1 records of gatecall-test-nowhere" in console.export_text()
    assert list(command.letters()) == []
    assert invoked == []
