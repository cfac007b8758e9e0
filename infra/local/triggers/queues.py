"""Queues and topics, read for a function as Lambda reads them."""

import json
import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from chalice.app import SNSEventConfig, SQSEventConfig

from infra.local import events
from infra.local.functions import Functions

MOST_AT_A_TIME = 1000  # invocations by a queue whose function says nothing of it: what an account may run

log = logging.getLogger(__name__)


class Queue:
    """A queue read for a function: what it handled is deleted, the rest comes again after the queue's own time-out.

    Delays, and what came too often, are the queue's own doing. `concurrently` runs a batch beside others: as many as
    the function's `maximum_concurrency` allows, for nothing is received that can't be handed over at once. Where
    nothing has come, it is listened to for `listen` seconds (SQS's long polling).
    """

    def __init__(
        self,
        source: SQSEventConfig,
        functions: Functions,
        sqs: Any,
        *,
        concurrently: Callable[[Callable[[], Any]], None],
        listen: int = 0,
    ):
        self._source = source
        self._listen = listen
        self._functions = functions
        self._sqs = sqs
        self._concurrently = concurrently
        name = source.queue or str(source.queue_arn).rpartition(":")[2]
        self._arn = source.queue_arn or f"arn:aws:sqs:{events.REGION}:{events.ACCOUNT}:{name}"
        self._url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        self._places = threading.BoundedSemaphore(source.maximum_concurrency or MOST_AT_A_TIME)

    def poll(self) -> bool:
        """Hand over one batch. Returns whether there was any."""
        if not self._places.acquire(timeout=1):
            return True  # the next look may follow at once: it waits here again
        messages: list[dict[str, Any]] = []
        try:
            messages = self._receive()
        finally:
            if not messages:
                self._places.release()
        if messages:
            self._concurrently(lambda: self._hand_over(messages))
        return bool(messages)

    def _receive(self) -> list[dict[str, Any]]:
        """A batch as large as the function takes; SQS gives ten messages a call."""
        batch: list[dict[str, Any]] = []
        while (room := self._source.batch_size - len(batch)) > 0:
            received = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(room, 10),
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
                WaitTimeSeconds=0 if batch else self._listen,
            ).get("Messages")
            if not received:
                break
            batch += received
        return batch

    def _hand_over(self, messages: list[dict[str, Any]]) -> None:
        try:
            self._invoke(messages)
        finally:
            self._places.release()

    def _invoke(self, messages: list[dict[str, Any]]) -> None:
        batch = [events.sqs_record(message, self._arn) for message in messages]
        try:
            result = self._functions.invoke(self._source.name, events.records(*batch))
        except Exception as error:
            log.warning("%s failed with a batch of %d: %r", self._source.name, len(batch), error, exc_info=True)
            return
        reported = result.get("batchItemFailures") if isinstance(result, dict) else None
        failed = {failure.get("itemIdentifier") for failure in reported or ()}
        if failed <= {message["MessageId"] for message in messages}:  # else the report is wrong: the whole batch failed
            done = [
                {"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]}
                for n, message in enumerate(messages)
                if message["MessageId"] not in failed
            ]
            if done:
                self._sqs.delete_message_batch(QueueUrl=self._url, Entries=done)


class Topic:
    """A topic subscribed to for a function: each message is an asynchronous invocation of its own.

    Where nothing has come, it is listened to for `listen` seconds.
    """

    def __init__(
        self,
        source: SNSEventConfig,
        functions: Functions,
        sqs: Any,
        sns: Any,
        *,
        concurrently: Callable[[Callable[[], Any]], None],
        listen: int = 0,
    ):
        self._name = source.name
        self._listen = listen
        self._functions = functions
        self._sqs = sqs
        self._concurrently = concurrently
        arn = source.topic
        if not arn.startswith("arn:"):
            arn = f"arn:aws:sns:{events.REGION}:{events.ACCOUNT}:{source.topic}"
        self._url = sqs.create_queue(QueueName=f"local-topic-for-{source.name}")["QueueUrl"]
        wanted = sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=wanted["Attributes"]["QueueArn"])

    def poll(self) -> bool:
        """Hand over what the topic delivered, each message beside the others. Returns whether there was any."""
        messages = self._sqs.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=self._listen
        ).get("Messages", [])
        if messages:
            done = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=done)
        for message in messages:
            self._deliver(json.loads(message["Body"]))
        return bool(messages)

    def _deliver(self, told: dict[str, Any]) -> None:
        record = events.sns_record(
            told["Message"],
            topic_arn=told["TopicArn"],
            at=datetime.fromisoformat(told["Timestamp"]),
            subject=told.get("Subject"),
            attributes=told.get("MessageAttributes"),
            message_id=told["MessageId"],
        )
        self._concurrently(lambda: self._functions.invoke_later(self._name, events.records(record)))
