"""Queues and topics, read for a function as Lambda reads them."""

import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from chalice.app import SNSEventConfig, SQSEventConfig

from infra.local import events
from infra.local.functions import Functions

log = logging.getLogger(__name__)


class Queue:
    """A queue read for a function: what it handled is deleted, the rest comes again after the queue's own time-out.

    `concurrently` runs a batch beside others.
    """

    def __init__(
        self,
        source: SQSEventConfig,
        functions: Functions,
        sqs: Any,
        *,
        concurrently: Callable[[Callable[[], Any]], None],
    ):
        self._source = source
        self._functions = functions
        self._sqs = sqs
        self._concurrently = concurrently
        name = source.queue or str(source.queue_arn).rpartition(":")[2]
        self._arn = source.queue_arn or f"arn:aws:sqs:{events.REGION}:{events.ACCOUNT}:{name}"
        self._url = sqs.get_queue_url(QueueName=name)["QueueUrl"]

    def poll(self) -> bool:
        """Hand over one batch. Returns whether there was any."""
        messages = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=min(self._source.batch_size, 10),
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
            WaitTimeSeconds=0,
        ).get("Messages", [])
        if messages:
            self._concurrently(lambda: self._hand_over(messages))
        return bool(messages)

    def _hand_over(self, messages: list[dict[str, Any]]) -> None:
        batch = [events.sqs_record(message, self._arn) for message in messages]
        try:
            result = self._functions.invoke(self._source.name, events.records(*batch))
        except Exception as error:
            log.warning("%s failed with a batch of %d: %r", self._source.name, len(batch), error, exc_info=True)
            return
        reported = result.get("batchItemFailures") if isinstance(result, dict) else None
        failed = {failure.get("itemIdentifier") for failure in reported or ()}
        if failed <= {message["MessageId"] for message in messages}:  # else the report is wrong: the whole batch failed
            for message in messages:
                if message["MessageId"] not in failed:
                    self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])


class Topic:
    """A topic subscribed to for a function: each message is an asynchronous invocation of its own."""

    def __init__(
        self,
        source: SNSEventConfig,
        functions: Functions,
        sqs: Any,
        sns: Any,
        *,
        concurrently: Callable[[Callable[[], Any]], None],
    ):
        self._name = source.name
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
        messages = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=0).get(
            "Messages", []
        )
        for message in messages:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
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
