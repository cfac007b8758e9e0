"""What AWS measures by itself, on one machine: metrics of log lines, requests, functions and queues, for CloudWatch.

What happens is noted in memory; a thread of its own puts it to moto's CloudWatch every few seconds, so that nobody
waits for it. Consumed capacity of tables and throttling have no stand-in here.
"""

import json
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.core.clock import wall_now
from infra.local import events, motoserver

PUT_EVERY = 15.0  # seconds
LOOK_EVERY = 60.0  # seconds between looks at the queues, as SQS has it
MOST = 150  # values of a metric in one PutMetricData, which percentiles are taken of
KEPT = timedelta(days=1, hours=1)  # in moto, which forgets nothing; what is counted is of a day
_SOCKETS = {"connect", "message", "disconnect"}  # handlers whose functions Chalice calls websocket_…

Key = tuple[str, str, tuple[tuple[str, str], ...]]  # namespace, metric, dimensions

log = logging.getLogger(__name__)


class Measures:
    """Takes notes from any thread; `put` and `watching` hand them on."""

    def __init__(self) -> None:
        self._one = threading.Lock()
        self._noted: defaultdict[Key, list[float]] = defaultdict(list)

    def line(self, line: str) -> None:
        """A line of the app's log: of metrics, where it is in the embedded metric format (EMF)."""
        if not line.startswith('{"_aws"'):
            return
        try:
            told = json.loads(line)
        except ValueError:  # who writes it is the app: it is not to fail for it
            return
        for declared in told["_aws"]["CloudWatchMetrics"]:
            for names in declared["Dimensions"]:
                dimensions = {name: told[name] for name in names}
                for metric in declared["Metrics"]:
                    self._note(declared["Namespace"], metric["Name"], dimensions, *told[metric["Name"]])

    def request(self, route: str, status: int, seconds: float) -> None:
        """A request to the REST API; `route` such as `GET /v1/flights/{id}`."""
        from chalicelib.core.metrics import CRITICAL_ROUTES  # not above: the app's logger takes stdout as it finds it

        api = {"ApiName": "gatecall", "Stage": events.STAGE}
        method, _, resource = route.partition(" ")
        of_route = [{**api, "Method": method, "Resource": resource}] if route in CRITICAL_ROUTES else []
        for dimensions in (api, *of_route):
            self._note("AWS/ApiGateway", "Count", dimensions, 1)
            self._note("AWS/ApiGateway", "4XXError", dimensions, int(400 <= status < 500))
            self._note("AWS/ApiGateway", "5XXError", dimensions, int(status >= 500))
            self._note("AWS/ApiGateway", "Latency", dimensions, round(seconds * 1000))

    def run(self, name: str, event: Any, seconds: float, failed: bool) -> None:
        """A run of a function by its handler's name, "" is the REST function, with what it was given."""
        function = f"websocket_{name}" if name in _SOCKETS else name
        dimensions = {"FunctionName": f"gatecall-{events.STAGE}" + (f"-{function}" if function else "")}
        self._note("AWS/Lambda", "Invocations", dimensions, 1)
        self._note("AWS/Lambda", "Errors", dimensions, int(failed))
        self._note("AWS/Lambda", "Duration", dimensions, seconds * 1000)
        records = event.get("Records") if isinstance(event, dict) else None
        if records and "dynamodb" in records[-1]:
            age = time.time() - records[-1]["dynamodb"]["ApproximateCreationDateTime"]
            self._note("AWS/Lambda", "IteratorAge", dimensions, max(0, age * 1000))

    def queues(self) -> None:
        """How many messages wait in each queue, and since when the oldest."""
        from moto.sqs.models import sqs_backends

        from chalicelib.core.metrics import QUEUES

        with motoserver.alone():
            queues = sqs_backends[events.ACCOUNT][events.REGION].queues
            for name in (f"gatecall-{events.STAGE}-{queue}" for queue in QUEUES):
                if name not in queues:
                    continue
                sent = [message.sent_timestamp or 0 for message in queues[name]._messages]
                self._note("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": name},
                           queues[name].approximate_number_of_messages)  # fmt: skip
                self._note("AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": name},
                           max(0, time.time() - min(sent) / 1000) if sent else 0)  # fmt: skip

    def put(self, cloudwatch: Any, at: datetime) -> None:
        """Put what was noted since to CloudWatch."""
        with self._one:
            noted, self._noted = self._noted, defaultdict(list)
        by_namespace = defaultdict(list)
        for (namespace, metric, dimensions), values in noted.items():
            by_namespace[namespace].append({
                "MetricName": metric, "Timestamp": at,
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions],
                **_in_short(metric, values),
            })  # fmt: skip
        for namespace, data in by_namespace.items():
            cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)

    @contextmanager
    def watching(self, cloudwatch: Any) -> Iterator[None]:
        """Put what is noted every few seconds, until the context ends."""
        ended = threading.Event()

        def keep() -> None:
            looked = 0.0
            while not ended.wait(PUT_EVERY):
                try:
                    if time.monotonic() - looked >= LOOK_EVERY - 1:
                        looked = time.monotonic()
                        self.queues()
                    self.put(cloudwatch, wall_now())
                    _forget(wall_now() - KEPT)
                except Exception:
                    if not ended.is_set():
                        log.exception("metrics could not be put")

        thread = threading.Thread(target=keep, name="measures", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(1)

    def _note(self, namespace: str, metric: str, dimensions: Mapping[str, str], *values: float) -> None:
        with self._one:
            self._noted[namespace, metric, tuple(dimensions.items())] += values


def _in_short(metric: str, values: list[float]) -> dict[str, Any]:
    """Values where percentiles are asked of them, else their sum and what goes with it."""
    if metric in {"Latency", "Duration"}:
        return {"Values": values[:MOST]}
    told = {"SampleCount": len(values), "Sum": sum(values), "Minimum": min(values), "Maximum": max(values)}
    return {"StatisticValues": told}


def _forget(before: datetime) -> None:
    from moto.cloudwatch.models import cloudwatch_backends

    with motoserver.alone():
        backend = cloudwatch_backends[events.ACCOUNT][events.REGION]
        backend.metric_data = [datum for datum in backend.metric_data if datum.timestamp.replace(tzinfo=UTC) >= before]
