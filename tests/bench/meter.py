"""Counts what goes to AWS while something runs: calls, capacity units as the table reports them, bytes of bodies."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.httpsession import URLLib3Session

READS = {"Query", "GetItem", "BatchGetItem"}
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}


@dataclass
class Meter:
    """What was counted: calls, capacity units and the indexes' share of them, bytes."""

    dynamodb: Counter[str] = field(default_factory=Counter)  # calls by operation
    others: Counter[str] = field(default_factory=Counter)  # calls by service: sns, sqs, sesv2
    refused: int = 0  # calls that failed on their condition; the table does not say what those cost
    read: float = 0
    read_index: float = 0
    write: float = 0
    write_index: float = 0
    tables: Counter[tuple[str, str]] = field(default_factory=Counter)  # capacity units by table, "RRU" or "WRU"
    sent: int = 0
    received: int = 0
    pushed: int = 0  # messages to WebSocket clients, counted by whoever stands in for the gateway
    pushed_bytes: int = 0
    _lock: Any = field(default_factory=threading.Lock)

    def push(self, connection: str, address: str, message: bytes) -> Any:
        """Stand in for `wire.post`."""
        from chalicelib.live.wire import Sent

        with self._lock:
            self.pushed += 1
            self.pushed_bytes += len(message)
        return Sent.YES

    def figures(self) -> tuple[str, ...]:
        """As they stand in a row of the table."""
        calls = ", ".join(f"{number} {operation}" for operation, number in sorted(self.dynamodb.items()))
        clients = f"{self.pushed:,} ({self.pushed_bytes / 1000:,.1f})" if self.pushed else ""
        return (
            calls or "none", f"{self.others['sns'] or ''}", f"{self.read:g}", f"{self.read_index:g}", f"{self.write:g}",
            f"{self.write_index:g}", f"{self.sent / 1000:,.1f}", f"{self.received / 1000:,.1f}", clients,
        )  # fmt: skip

    def _units(self, operation: str, consumed: Any) -> None:
        for each in consumed if isinstance(consumed, list) else [consumed]:
            of_indexes = sum(index["CapacityUnits"] for index in each.get("GlobalSecondaryIndexes", {}).values())
            self.tables[each["TableName"], "RRU" if operation in READS else "WRU"] += each["CapacityUnits"]
            if operation in READS:
                self.read += each["CapacityUnits"]
                self.read_index += of_indexes
            else:
                self.write += each["CapacityUnits"]
                self.write_index += of_indexes


@contextmanager
def metered(meter: Meter | None = None) -> Iterator[Meter]:
    """Count everything this process sends to AWS meanwhile, in all its threads; `meter` counts on."""
    meter = meter or Meter()
    call: Callable[..., Any] = BaseClient._make_api_call
    send: Callable[..., Any] = URLLib3Session.send

    def counted_call(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        service = client.meta.service_model.service_name
        if service == "dynamodb" and operation in READS | WRITES:
            parameters = {**parameters, "ReturnConsumedCapacity": "INDEXES"}
        try:
            answer = call(client, operation, parameters)
        except client.exceptions.ClientError:
            with meter._lock:
                meter.dynamodb[operation] += 1
                meter.refused += 1
            raise
        with meter._lock:
            if service == "dynamodb":
                meter.dynamodb[operation] += 1
                meter._units(operation, answer.get("ConsumedCapacity", []))
            else:
                meter.others[service] += 1
        return answer

    def counted_send(session: Any, request: Any) -> Any:
        response = send(session, request)
        with meter._lock:
            meter.sent += len(request.body or b"")
            meter.received += len(response.content)
        return response

    with patch.object(BaseClient, "_make_api_call", counted_call), patch.object(URLLib3Session, "send", counted_send):
        yield meter
