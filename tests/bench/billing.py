"""What the app uses of AWS, counted as it is billed: its own functions, called with the events that AWS would send.

Everything runs in one thread: what a function writes is in its stream or queue before the next is called. So a batch
is as large as what happened at once, which is the most that may be batched.
"""

import gzip
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from chalice.app import DynamoDBEventConfig, SNSEventConfig, SQSEventConfig

import app
from chalicelib.channels.pace import Pace
from chalicelib.core import aws
from infra.local import cloud, events
from infra.local.functions import Functions
from infra.local.triggers.queues import Queue, Topic
from infra.local.triggers.streams import Stream
from tests.bench.log import LINE, Said
from tests.bench.meter import Meter, metered
from tests.bench.prices import Item, Usage, duration, gb_seconds

# Milliseconds that an answer of AWS takes, and a stranger's server: assumed, as nothing here is as far as AWS is.
WAIT = {"dynamodb": 8, "sqs": 10, "sns": 20, "sesv2": 60, "ssm": 10, "apigatewaymanagementapi": 20}
WAIT_EMAIL = 3  # and for each email in a call of SES
WAIT_WEBHOOK = 300
AT_A_TIME = {"apigatewaymanagementapi": 32, "webhook": 10}  # live.delivery.SENDERS, alerts.deliver.SENDERS
PLATFORM = 500 + 4 * LINE  # bytes of the lines START, END, REPORT and XRAY of an invocation


class Cloud:
    """The app's functions, and what triggers them. `taken` are the messages that providers took."""

    def __init__(self, said: Said, taken: Counter[str]):
        self.functions = _Counted(said, taken)
        self._sources: list[Stream | Queue | Topic] = []
        sqs, streams = aws.client("sqs"), _streams()
        for source in app.app.event_sources:
            match source:
                case DynamoDBEventConfig():
                    stream = Stream(source, self.functions, streams, set_aside=_set_aside, sleep=lambda _: None)
                    self._sources.append(stream)
                case SQSEventConfig():
                    self._sources.append(Queue(source, self.functions, sqs, concurrently=_at_once))
                case SNSEventConfig():
                    sns = aws.client("sns")
                    self._sources.append(Topic(source, self.functions, sqs, sns, concurrently=_at_once))

    def invoke(self, name: str, event: Any) -> Any:
        """Call one function, `""` being that of REST, which is to answer with no error."""
        answer = self.functions.invoke(name, event)
        if not name and answer["statusCode"] not in (200, 202, 304):
            raise RuntimeError(f"{event['httpMethod']} {event['path']}: {answer}")
        return answer

    def during(self, work: Callable[[], Any]) -> Usage:
        """What some work uses, with all that comes of it. Raises RuntimeError where a function fails."""
        self.functions.used = Counter()
        work()
        while sum(source.poll() for source in self._sources) or self._held_back():
            time.sleep(0.01)
        if self.functions.failed:
            raise RuntimeError(f"{self.functions.failed} failed")
        return self.functions.used

    def _held_back(self) -> bool:
        """Whether a message waits in a queue: those of changes do, for a minute, which is a second here."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"]
        urls = [source._url for source in self._sources if isinstance(source, Queue)]
        # Asked twice: moto counts one after the other, and what is released meanwhile is in neither number.
        told = [aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names) for url in urls * 2]
        return any(int(each["Attributes"][name]) for each in told for name in names)


class _Counted(Functions):
    """Functions that count what each invocation is billed for."""

    def __init__(self, said: Said, taken: Counter[str]):
        super().__init__(app.app, seconds=60, set_aside=_set_aside, sleep=lambda _: None)
        self.used: Usage = Counter()
        self.failed: list[str] = []
        self._said, self._taken = said, taken
        self._queues = {each.name for each in app.app.event_sources if isinstance(each, SQSEventConfig)}
        self._memory = _memory()

    def invoke(self, name: str, event: Any) -> Any:
        said, taken, held = self._said.bytes, Counter(self._taken), [0.0]

        def hold(pace: Pace, number: int = 1) -> None:
            held[0] += number * pace._seconds_each * 1000

        with metered() as meter, _processor() as busy, patch.object(Pace, "take", hold):
            try:
                answer = super().invoke(name, event)
            except Exception:
                self.failed.append(name)
                raise
        if isinstance(answer, dict) and answer.get("batchItemFailures"):
            self.failed.append(name)
        took = self._taken - taken
        self._bill(name or "api_handler", meter, sum(busy) * 1000, took, held[0])
        self.used[Item("logs")] += self._said.bytes - said + PLATFORM
        if not name:
            self._request(answer)
        return answer

    def _bill(self, name: str, meter: Meter, processor: float, took: Counter[str], held: float) -> None:
        waiting: float = WAIT["dynamodb"] * meter.dynamodb.total() + WAIT_EMAIL * took["email"]
        waiting += WAIT_WEBHOOK * took["webhook"] / AT_A_TIME["webhook"]
        waiting += sum(WAIT[service] * n / AT_A_TIME.get(service, 1) for service, n in meter.others.items())
        memory = self._memory(name)
        used = {
            Item("requests", name): 1,
            Item("GB-s", name): gb_seconds(duration(processor, waiting, held, memory), memory),
            Item("SQS"): meter.others["sqs"] + 2 * (name in self._queues),  # Lambda receives a batch, and deletes it
            Item("SNS"): meter.others["sns"] - took["sms"],
            Item("emails"): took["email"],
            Item("SMS"): took["segments"],
            Item("carriers"): took["segments"],
            Item("app pushes"): took["push"],
            Item("WebSocket"): took["websocket"] + (name == "message"),
            Item("CloudFront"): name == "connect",
            Item("edge"): name == "connect",
            Item("viewers"): took["bytes to websockets"],
            Item("internet"): took["bytes to webhooks"],
            # The table does not say what a write costs that failed on its condition: it is that of a row up to 1 KB.
            Item("WRU", "on conditions that failed"): meter.refused,
            **{Item(kind, table.rpartition("-")[2]): units for (table, kind), units in meter.tables.items()},
        }
        self.used.update({item: number for item, number in used.items() if number})

    def _request(self, answer: Mapping[str, Any]) -> None:
        body = answer["body"].encode()
        headers = sum(len(name) + len(str(value)) + 4 for name, value in answer["headers"].items())
        sent = len(gzip.compress(body)) if len(body) >= cloud_config()["minimum_compression_size"] else len(body)
        self.used.update({Item("REST"): 1, Item("CloudFront"): 1, Item("edge"): 1, Item("viewers"): sent + headers})


def cloud_config() -> dict[str, Any]:
    """What .chalice/config.json says."""
    told: dict[str, Any] = json.loads((cloud.ROOT / ".chalice" / "config.json").read_text())
    return told


def stored(table: str) -> int:
    """Bytes of a table's rows as DynamoDB bills them: names, values, and 100 for each row."""
    pages = aws.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    rows = [row for page in pages for row in page["Items"]]
    return sum(100 + sum(len(name) + len(str(next(iter(v.values())))) for name, v in row.items()) for row in rows)


def tokens_in(emails: str) -> list[str]:
    """The tokens of the links that confirm, in a call of SES."""
    return list(dict.fromkeys(re.findall(r"follow/confirm\?token=([\w.~%-]+)", emails)))


def _memory() -> Callable[[str], int]:
    told = cloud_config()
    by_name = told["lambda_functions"]
    return lambda name: int(by_name.get(name, {}).get("lambda_memory_size", told["lambda_memory_size"]))


@contextmanager
def _processor() -> Iterator[list[float]]:
    """Seconds of this thread, and of what it has pools do; not of moto, which answers in this process."""
    busy: list[float] = []
    submit = ThreadPoolExecutor.submit

    def timed(pool: ThreadPoolExecutor, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        def run() -> Any:
            began = time.thread_time()
            try:
                return work(*args, **kwargs)
            finally:
                busy.append(time.thread_time() - began)

        return submit(pool, run)

    began = time.thread_time()
    with patch.object(ThreadPoolExecutor, "submit", timed):
        yield busy
    busy.append(time.thread_time() - began)


def _streams() -> Any:
    """dynoxide's shards have shorter ids than botocore expects."""
    import boto3
    from botocore.config import Config

    return boto3.client("dynamodbstreams", config=Config(parameter_validation=False))


def _at_once(work: Callable[[], Any]) -> None:
    work()


def _set_aside(function: str, record: Any, error: Exception) -> None:
    raise RuntimeError(f"{function} can't handle {json.dumps(record)[:500]}") from error


def connection(route: str, id: str, at: Any, body: str | None = None) -> dict[str, Any]:
    """The event of a WebSocket."""
    return events.websocket(route, id, at=at, connected_at=at, domain="ws.example.com", body=body)
