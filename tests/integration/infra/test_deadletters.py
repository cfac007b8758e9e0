"""`python -m infra deadletters`, against moto; Lambda is played by a function of the test."""

import io
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from chalicelib.core import aws, deadletters
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
                [record] = json.loads(Payload)["Records"]
                return {"Payload": io.BytesIO(json.dumps(answer(record["messageId"])).encode())}

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
    assert "Nothing is set aside" in console.export_text()


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
