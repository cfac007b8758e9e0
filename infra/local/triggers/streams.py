"""A table's stream, read for a function as Lambda's event source mapping reads it.

Batches in each shard's order; what the function reports as failed comes again from the lowest of it on; where it
raises, the batch is halved, so that one bad record costs no good one. A record that fails ATTEMPTS times is set aside.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalice.app import DynamoDBEventConfig

from infra.local import events
from infra.local.functions import Functions

ATTEMPTS = 3
PAUSE = 0.2  # seconds before a failed batch comes again; doubled for a record that fails once more

log = logging.getLogger(__name__)


class Reported(Exception):
    """The function named a record in its batchItemFailures."""


@dataclass
class _Shard:
    iterator: str | None = None
    handled: str | None = None  # the sequence number read last
    closed: bool = False


class Stream:
    """One function's reading of one stream. `client` is a DynamoDB Streams client."""

    def __init__(
        self,
        source: DynamoDBEventConfig,
        functions: Functions,
        client: Any,
        *,
        set_aside: Callable[[str, Any, Exception], Any],
        sleep: Callable[[float], Any],
    ):
        self._source = source
        self._functions = functions
        self._client = client
        self._set_aside = set_aside
        self._sleep = sleep
        self._shards: dict[str, _Shard] = {}

    def poll(self) -> bool:
        """Hand one batch of each shard to the function. Returns whether there was any."""
        if all(shard.closed for shard in self._shards.values()):
            self._find_shards()
        busy = [self._poll_shard(name, shard) for name, shard in self._shards.items() if not shard.closed]
        return any(busy)

    def _find_shards(self) -> None:
        described = self._client.describe_stream(StreamArn=self._source.stream_arn)["StreamDescription"]
        for told in described["Shards"]:
            self._shards.setdefault(told["ShardId"], _Shard())

    def _poll_shard(self, name: str, shard: _Shard) -> bool:
        if shard.iterator is None:
            place = (
                {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": shard.handled}
                if shard.handled
                else {"ShardIteratorType": self._source.starting_position}
            )
            made = self._client.get_shard_iterator(StreamArn=self._source.stream_arn, ShardId=name, **place)
            shard.iterator = made["ShardIterator"]
        iterator, shard.iterator = shard.iterator, None  # should the read fail (expired), a new one is made
        answer = self._client.get_records(ShardIterator=iterator, Limit=self._source.batch_size)
        batch = [events.stream_record(record, self._source.stream_arn) for record in answer["Records"]]
        if batch:
            self._hand_over(batch)
            shard.handled = batch[-1]["dynamodb"]["SequenceNumber"]
        shard.iterator = answer.get("NextShardIterator")
        shard.closed = shard.iterator is None
        return bool(batch)

    def _hand_over(self, batch: Sequence[Mapping[str, Any]]) -> None:
        attempt = 1
        while batch:
            try:
                failed = _first_failed(self._functions.invoke(self._source.name, events.records(*batch)), batch)
                if failed is None:
                    return
                error: Exception = Reported("the function reported this record as failed")
            except Exception as raised:
                failed, error = 0, raised
                log.warning("%s failed with a batch of %d: %r", self._source.name, len(batch), raised)
            if failed > 0:
                batch, attempt = batch[failed:], 1
            if not isinstance(error, Reported) and len(batch) > 1:
                self._sleep(PAUSE)
                half = len(batch) // 2
                self._hand_over(batch[:half])
                batch, attempt = batch[half:], 1
            elif attempt < ATTEMPTS:
                self._sleep(PAUSE * 2 ** (attempt - 1))
                attempt += 1
            else:
                self._set_aside(self._source.name, batch[0], error)
                batch, attempt = batch[1:], 1


def _first_failed(result: Any, batch: Sequence[Mapping[str, Any]]) -> int | None:
    """The place in the batch of the first record reported as failed; None where all went well.

    A report that can't be read, or names a record that is not there, fails the whole batch: so it does on Lambda.
    """
    if not isinstance(result, dict) or not result.get("batchItemFailures"):
        return None
    places = {record["dynamodb"]["SequenceNumber"]: place for place, record in enumerate(batch)}
    return min(places.get(failure.get("itemIdentifier"), 0) for failure in result["batchItemFailures"])
