"""Lists and replays what could not be handled: the same on this machine and on AWS.

Two kinds of letters are in the queue. A record that a function set aside, with the error (core/deadletters.py): it is
given to that function again. And a message that a queue gave up on, as it came too often and was never handled (its
redrive policy): it is sent to that queue again.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chalicelib.core import aws
from chalicelib.core.clock import instant
from chalicelib.core.config import config

SHOWN_FOR = 300  # seconds that a listed letter stays out of other readers' sight


@dataclass(frozen=True)
class Letter:
    """What could not be handled: by which function, or in which queue; since when, why; and how SQS forgets it."""

    at: str
    error: str
    record: dict[str, Any]  # as the function is given it, or as the queue was
    receipt: str
    function: str = ""
    queue: str = ""  # the ARN

    @property
    def by(self) -> str:
        """Who could not handle it, as a person reads it."""
        return self.function or self.queue.rpartition(":")[2]


def letters(visible_again_after: int = SHOWN_FOR) -> Iterator[Letter]:
    """Every letter in the queue. One that was read is not seen again for some seconds."""
    sqs, queue = aws.client("sqs"), config().dead_letters_queue
    while messages := sqs.receive_message(
        QueueUrl=queue,
        MaxNumberOfMessages=10,
        VisibilityTimeout=visible_again_after,
        WaitTimeSeconds=1,
        MessageSystemAttributeNames=["All"],
        MessageAttributeNames=["All"],
    ).get("Messages"):
        yield from map(_read, messages)


def _read(message: dict[str, Any]) -> Letter:
    told, receipt = message["Attributes"], message["ReceiptHandle"]
    if queue := told.get("DeadLetterQueueSourceArn"):
        first = datetime.fromtimestamp(int(told["SentTimestamp"]) / 1000, UTC)
        record = {"MessageBody": message["Body"], "MessageAttributes": message.get("MessageAttributes", {})}
        return Letter(instant(first), "it came too often and was never handled", record, receipt, queue=queue)
    letter = json.loads(message["Body"])
    return Letter(letter["at"], letter["error"], letter["record"], receipt, function=letter["function"])


def show(console: Console) -> None:
    """Print what could not be handled as a table, and put it back."""
    table = Table("at", "by", "what", "error", title=f"Set aside in stage {config().stage}")
    found = list(letters())
    for letter in found:
        table.add_row(*map(escape, (letter.at, letter.by, _name(letter.record), letter.error)))
        _put_back(letter)
    console.print(table if found else f"Nothing is set aside in stage {config().stage}.")


def replay(console: Console) -> int:
    """Give each record to its function or queue again, and forget those that went well. Returns how many did not."""
    sqs = aws.client("sqs")
    went, failed = 0, 0
    for letter in list(letters()):  # all first: a poison record comes back while we go on
        problem = _send_again(letter) if letter.queue else _invoke_again(letter)
        if problem:
            console.print(f"[red]failed again[/]: {escape(f'{_name(letter.record)}: {problem}')}")
            _put_back(letter)
            failed += 1
        else:
            sqs.delete_message(QueueUrl=config().dead_letters_queue, ReceiptHandle=letter.receipt)
            went += 1
    console.print(f"{went} replayed, {failed} failed again. A record that is still poison was set aside anew.")
    return failed


def _invoke_again(letter: Letter) -> str | None:
    """Returns what the function says against it, if anything."""
    functions = aws.client("lambda", retries=False, timeout=60)
    answer = functions.invoke(
        FunctionName=f"gatecall-{config().stage}-{letter.function}",
        Payload=json.dumps({"Records": [letter.record]}).encode(),
    )
    result = json.loads(answer["Payload"].read() or b"null")
    failed = answer.get("FunctionError") or (isinstance(result, dict) and result.get("batchItemFailures"))
    return str(result) if failed else None


def _send_again(letter: Letter) -> str | None:
    """Returns what SQS says against it, if anything."""
    from botocore.exceptions import ClientError

    sqs = aws.client("sqs")
    try:
        url = sqs.get_queue_url(QueueName=letter.by)["QueueUrl"]
        sqs.send_message(QueueUrl=url, **letter.record)
    except ClientError as error:
        return str(error)
    return None


def _put_back(letter: Letter) -> None:
    aws.client("sqs").change_message_visibility(
        QueueUrl=config().dead_letters_queue, ReceiptHandle=letter.receipt, VisibilityTimeout=0
    )


def _name(record: dict[str, Any]) -> str:
    """What a record is about, as far as it can be read."""
    if keys := record.get("dynamodb", {}).get("Keys"):
        return " ".join(str(next(iter(value.values()))) for value in keys.values())
    if message := record.get("Sns", {}).get("Message"):
        return str(message)[:80]
    if body := record.get("MessageBody"):
        return str(body)[:80]
    return str(record.get("messageId", record))[:80]
