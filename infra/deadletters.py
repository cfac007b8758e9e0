"""Lists and replays the records that were set aside: the same on this machine and on AWS."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chalicelib.core import aws
from chalicelib.core.config import config

SHOWN_FOR = 300  # seconds that a listed letter stays out of other readers' sight


@dataclass(frozen=True)
class Letter:
    """One record as it was set aside: by which function, when, why, and the receipt by which SQS forgets it."""

    function: str
    at: str
    error: str
    record: dict[str, Any]
    receipt: str


def letters(visible_again_after: int = SHOWN_FOR) -> Iterator[Letter]:
    """Every letter in the queue. One that was read is not seen again for some seconds."""
    sqs, queue = aws.client("sqs"), config().dead_letters_queue
    while messages := sqs.receive_message(
        QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=visible_again_after, WaitTimeSeconds=1
    ).get("Messages"):
        for message in messages:
            letter = json.loads(message["Body"])
            yield Letter(letter["function"], letter["at"], letter["error"], letter["record"], message["ReceiptHandle"])


def show(console: Console) -> None:
    """Print what was set aside as a table, and put it back."""
    table = Table("at", "function", "what", "error", title=f"Set aside in stage {config().stage}")
    found = list(letters())
    for letter in found:
        table.add_row(*map(escape, (letter.at, letter.function, _name(letter.record), letter.error)))
        _put_back(letter)
    console.print(table if found else f"Nothing is set aside in stage {config().stage}.")


def replay(console: Console) -> int:
    """Give each record to its function again, and forget those that went well. Returns how many did not."""
    sqs, functions = aws.client("sqs"), aws.client("lambda", retries=False, timeout=60)
    went, failed = 0, 0
    for letter in list(letters(visible_again_after=300)):  # all first: a poison record comes back while we go on
        answer = functions.invoke(
            FunctionName=f"gatecall-{config().stage}-{letter.function}",
            Payload=json.dumps({"Records": [letter.record]}).encode(),
        )
        result = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError") or (isinstance(result, dict) and result.get("batchItemFailures")):
            console.print(f"[red]failed again[/]: {escape(f'{_name(letter.record)}: {result}')}")
            _put_back(letter)
            failed += 1
        else:
            sqs.delete_message(QueueUrl=config().dead_letters_queue, ReceiptHandle=letter.receipt)
            went += 1
    console.print(f"{went} replayed, {failed} failed again. A record that is still poison was set aside anew.")
    return failed


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
    return str(record.get("messageId", record))[:80]
