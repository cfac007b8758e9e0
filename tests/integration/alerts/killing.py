"""A process that can be killed before or after each of its AWS calls, and what brings its work back."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import boto3
from botocore.client import BaseClient

from chalicelib.core.config import config


class Killed(BaseException):
    """The process ends here: nothing of it runs any more."""


@dataclass
class Process:
    """Counts the AWS calls of the code that runs in it, and dies at one: an even point is before a call, an odd one
    after it (point 5: after the third)."""  # fmt: skip

    dies_at: int | None = None
    died_in: int | None = None  # the place of the call it died before or after, from 1 on
    calls: list[str] = field(default_factory=list)
    _running: bool = False

    @contextmanager
    def installed(self) -> Iterator["Process"]:
        """Stand in the way of every botocore client, pynamodb's too."""
        real = BaseClient._make_api_call

        def call(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
            if not self._running:
                return real(client, operation, parameters)
            self.before(operation)
            try:
                return real(client, operation, parameters)
            finally:
                self.after()

        with patch.object(BaseClient, "_make_api_call", call):
            yield self

    def run(self, work: Callable[[], Any]) -> bool:
        """Run something in the process. Returns whether it lived."""
        self._running = True
        try:
            work()
            return True
        except Killed:
            return False
        finally:
            self._running = False

    def before(self, operation: str) -> None:
        """A call is about to be made."""
        self._point(2 * len(self.calls))
        self.calls.append(operation)

    def after(self) -> None:
        """It was answered, or refused."""
        self._point(2 * len(self.calls) - 1)

    def _point(self, number: int) -> None:
        if number == self.dies_at:
            self.dies_at, self.died_in = None, len(self.calls)  # the process that comes after it lives
            raise Killed


def stream_records(table: str) -> list[dict[str, Any]]:
    """All records of a table's stream, as Lambda gets them."""
    streams = boto3.client("dynamodbstreams")
    [arn] = [s["StreamArn"] for s in streams.list_streams(TableName=table)["Streams"]]
    [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]  # fmt: skip
    return list(streams.get_records(ShardIterator=iterator)["Records"])


@dataclass
class Queue:
    """A queue's messages, each handed over until it is handled."""

    url: str

    @classmethod
    def named(cls, name: str) -> "Queue":
        return cls(boto3.client("sqs").get_queue_url(QueueName=f"gatecall-{config().stage}-{name}")["QueueUrl"])

    def drain(self, process: Process, handle: Callable[[Any], Any], died: Callable[[], Any]) -> None:
        """Handle all that is there; a message whose process died comes again, after `died` was called."""
        sqs = boto3.client("sqs")
        while messages := sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, VisibilityTimeout=600
        ).get("Messages"):  # fmt: skip
            for message in messages:
                body = json.loads(message["Body"])
                while not process.run(lambda body=body: handle(body)):
                    died()
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
