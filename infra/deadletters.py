"""Lists and replays what could not be handled: the same on this machine and on AWS.

Four kinds of letters are in the queue:
- a record that a function set aside, with the error (core/deadletters.py): it is given to that function again;
- a message that a queue gave up on, as it came too often and was never handled (its redrive policy): it is sent to that
  queue again;
- an event of a topic or a schedule that Lambda gave up on (infra/deploy/tuning.py): its function is invoked with it;
- where a batch of a table's stream is that Lambda gave up on. Its records are not in the letter: they are read from the
  stream again, which keeps them for 24 hours.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chalicelib.core import aws
from chalicelib.core.clock import instant, wall_now
from chalicelib.core.config import config

SHOWN_FOR = 300  # seconds that a listed letter stays out of other readers' sight
STREAMS_KEEP = timedelta(hours=24)
MOST_EMPTY = 50  # answers of a stream in a row, though more is to come
AT_ONCE = 100  # records of a stream that a function is given at once


class Gone(Exception):
    """A stream no longer has the records of a letter; the message says which."""


@dataclass(frozen=True)
class Letter:
    """What could not be handled: by whom, since when, why; and how SQS forgets it."""

    kind: Literal["record", "message", "event", "batch", "unknown"]
    at: str
    by: str  # the function, without the stage; of a message, the queue
    error: str
    record: dict[str, Any]  # as the function is given it, as the queue was, or as Lambda says where the batch is
    receipt: str


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
        return Letter(
            "message",
            instant(first),
            queue.rpartition(":")[2],
            "it came too often and was never handled",
            record,
            receipt,
        )
    try:
        letter = json.loads(message["Body"])
        return _of_ours(letter, receipt)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        first = datetime.fromtimestamp(int(told["SentTimestamp"]) / 1000, UTC)
        record = {"MessageBody": message["Body"]}
        return Letter("unknown", instant(first), "nobody known", "this is no letter of ours", record, receipt)


def _of_ours(letter: dict[str, Any], receipt: str) -> Letter:
    """What a function of ours set aside, or Lambda. Raises KeyError and the like for anything else."""
    if "requestContext" not in letter:
        record = dict(letter["record"])
        return Letter("record", letter["at"], letter["function"], letter["error"], record, receipt)
    # Lambda's own: arn:aws:lambda:<region>:<account>:function:<name>, and after it :$LATEST or nothing.
    function = letter["requestContext"]["functionArn"].split(":")[6].removeprefix(f"gatecall-{config().stage}-")
    at = instant(datetime.fromisoformat(letter["timestamp"]))
    if "DDBStreamBatchInfo" in letter:
        return Letter("batch", at, function, _reason(letter), letter["DDBStreamBatchInfo"], receipt)
    return Letter("event", at, function, _reason(letter), letter["requestPayload"], receipt)


def _reason(letter: dict[str, Any]) -> str:
    """Why Lambda gave up, and what the function said last, where it ran."""
    said = letter.get("responsePayload") or {}
    error = ": ".join(str(said[name]) for name in ("errorType", "errorMessage") if said.get(name))
    return f"{letter['requestContext']['condition']}{f' ({error})' if error else ''}"


def show(console: Console) -> None:
    """Print what could not be handled as a table, and put it back."""
    table = Table("at", "by", "what", "error", title=f"Set aside in stage {config().stage}")
    found = list(letters())
    for letter in found:
        table.add_row(*map(escape, (letter.at, letter.by, _name(letter), letter.error)))
        _put_back(letter)
    console.print(table if found else f"Nothing is set aside in stage {config().stage}.")


def replay(console: Console) -> int:
    """Give each record to its function or queue again, and forget those that went well. Returns how many did not.

    A batch that its stream no longer has is told of and forgotten, too: there is nothing left to replay.
    """
    sqs, found = aws.client("sqs"), list(letters())
    if not found:
        console.print(f"Nothing is set aside in stage {config().stage}.")
        return 0
    went, failed = 0, 0
    for letter in found:  # all first: a poison record comes back while we go on
        try:
            problem = _again(letter)
        except Gone as gone:
            console.print(f"[red]gone[/]: {escape(str(gone))}", soft_wrap=True)
            problem, failed = None, failed + 1
        else:
            went += not problem
        if problem:
            console.print(f"[red]failed again[/]: {escape(f'{_name(letter)}: {problem}')}")
            _put_back(letter)
            failed += 1
        else:
            sqs.delete_message(QueueUrl=config().dead_letters_queue, ReceiptHandle=letter.receipt)
    console.print(f"{went} replayed, {failed} failed again. A record that is still poison was set aside anew.")
    return failed


def _again(letter: Letter) -> str | None:
    """Returns what is said against it, if anything. Raises Gone."""
    match letter.kind:
        case "record":
            return _invoke(letter.by, {"Records": [letter.record]})
        case "message":
            return _send_again(letter)
        case "event":
            return _invoke(letter.by, letter.record)
        case "batch":
            return _read_again(letter)
        case "unknown":
            return letter.error


def _invoke(function: str, event: dict[str, Any]) -> str | None:
    """Returns what the function says against it, if anything."""
    functions = aws.client("lambda", retries=False, timeout=60)
    answer = functions.invoke(FunctionName=f"gatecall-{config().stage}-{function}", Payload=json.dumps(event).encode())
    result = json.loads(answer["Payload"].read() or b"null")
    failed = answer.get("FunctionError") or (isinstance(result, dict) and result.get("batchItemFailures"))
    return str(result) if failed else None


def _read_again(letter: Letter) -> str | None:
    """Give a function the records of a batch from its stream. Returns what is said against it. Raises Gone.

    Between the batch's first and last record there may be others, of keys that went another way (parallelisation) and
    were handled: functions take a record again without doing it again.
    """
    from botocore.exceptions import ClientError

    try:
        records = list(_records(letter.record))
    except ClientError as error:
        last = datetime.fromisoformat(letter.record["approximateArrivalOfLastRecord"])
        trimmed = error.response["Error"]["Code"] in {"TrimmedDataAccessException", "ResourceNotFoundException"}
        if trimmed and wall_now() - last >= STREAMS_KEEP:
            raise Gone(f"{_name(letter)}, since {instant(last + STREAMS_KEEP)}: see to it by hand") from error
        return str(error)
    if not records:
        return "the stream does not give these records"
    problems = [
        _invoke(letter.by, {"Records": records[first : first + AT_ONCE]}) for first in range(0, len(records), AT_ONCE)
    ]
    return "; ".join(problem for problem in problems if problem) or None


def _records(batch: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The records of a batch as Lambda hands them to a function."""
    from infra.local.events import stream_record

    streams, arn = aws.client("dynamodbstreams"), batch["streamArn"]
    iterator = streams.get_shard_iterator(
        StreamArn=arn,
        ShardId=batch["shardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=batch["startSequenceNumber"],
    )["ShardIterator"]
    last, empty = int(batch["endSequenceNumber"]), 0
    while iterator and empty < MOST_EMPTY:
        page = streams.get_records(ShardIterator=iterator)
        empty = 0 if page["Records"] else empty + 1
        for record in page["Records"]:
            number = int(record["dynamodb"]["SequenceNumber"])
            if number <= last:
                yield {**stream_record(record, arn), "awsRegion": record["awsRegion"]}
            if number >= last:
                return
        iterator = page.get("NextShardIterator")


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


def _name(letter: Letter) -> str:
    """What a letter is about, as far as it can be read."""
    match letter.record:
        case {"startSequenceNumber": first, "endSequenceNumber": last, "batchSize": size, "streamArn": stream}:
            table = stream.partition(":table/")[2].partition("/")[0]
            return f"{size} records of {table}, {first} to {last}"
        case {"Records": [first, *_]}:
            return _name_of_record(first)
        case {"detail-type": kind, "time": at}:
            return f"{kind} of {at}"
    return _name_of_record(letter.record)


def _name_of_record(record: dict[str, Any]) -> str:
    if keys := record.get("dynamodb", {}).get("Keys"):
        return " ".join(str(next(iter(value.values()))) for value in keys.values())
    if message := record.get("Sns", {}).get("Message"):
        return str(message)[:80]
    if body := record.get("MessageBody"):
        return str(body)[:80]
    return str(record.get("messageId", record))[:80]
