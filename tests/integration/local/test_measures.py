"""What AWS would measure of the app, on one machine: noted as it happens, and found again in CloudWatch."""

import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.core import aws, metrics
from infra.local import events, measures, moto_gaps
from infra.local.measures import Measures

AT = datetime(2026, 7, 10, 12, tzinfo=UTC)


@pytest.fixture
def cloudwatch() -> Iterator[Any]:
    moto_gaps.mend()
    with mock_aws():
        aws._client.cache_clear()
        yield boto3.client("cloudwatch")
    aws._client.cache_clear()


def told(at: datetime) -> dict[tuple[str, str], float]:
    """What a scraper reads, by name and label."""
    return {(sample.metric.name, sample.of): sample.value for sample in metrics.read(events.STAGE, at)}


def test_metrics_of_log_lines_requests_and_runs_are_found_in_cloudwatch(cloudwatch: Any) -> None:
    """Under the names that they have on AWS: the scrape's own table finds them."""
    noted = Measures()
    for count in (2, 3):
        noted.line(json.dumps({
            "_aws": {"Timestamp": 1, "CloudWatchMetrics": [{
                "Namespace": "gatecall/local", "Dimensions": [["service"]],
                "Metrics": [{"Name": "FlightsAdded", "Unit": "Count"}, {"Name": "FlightsChanged", "Unit": "Count"}],
            }]},
            "service": "gatecall", "FlightsAdded": [count, 1], "FlightsChanged": [0],
        }))  # fmt: skip
    noted.line('{"level":"INFO","message":"no metrics here"}')
    noted.line("moto: no JSON here")
    noted.line('{"_aws":{"CloudWatchM')
    noted.request("GET /v1/flights/{id}", 200, 0.2)
    noted.request("GET ", 403, 0.001)
    noted.request("GET /v1/health", 503, 0.1)
    noted.run("", {}, 0.25, failed=False)
    noted.run("connect", {}, 0.5, failed=True)
    noted.put(cloudwatch, AT - timedelta(seconds=30))
    assert told(AT) == pytest.approx({
        ("gatecall_flights_added_total", ""): 7,
        ("gatecall_flights_changed_total", ""): 0,
        ("gatecall_http_requests_total", ""): 3,
        ("gatecall_http_client_errors_total", ""): 1,
        ("gatecall_http_server_errors_total", ""): 1,
        ("gatecall_http_latency_p50_seconds", ""): 0.1,
        ("gatecall_http_latency_p99_seconds", ""): 0.2,
        ("gatecall_http_route_latency_p99_seconds", "GET /v1/flights/{id}"): 0.2,
        ("gatecall_function_invocations_total", "api_handler"): 1,
        ("gatecall_function_invocations_total", "websocket_connect"): 1,
        ("gatecall_function_errors_total", "api_handler"): 0,
        ("gatecall_function_errors_total", "websocket_connect"): 1,
        ("gatecall_function_duration_p99_seconds", "api_handler"): 0.25,
        ("gatecall_function_duration_p99_seconds", "websocket_connect"): 0.5,
    })  # fmt: skip


def test_nothing_is_put_twice(cloudwatch: Any) -> None:
    """What was put is noted no more."""
    noted = Measures()
    noted.request("GET /v1/health", 200, 0.1)
    noted.put(cloudwatch, AT - timedelta(seconds=50))
    noted.put(cloudwatch, AT - timedelta(seconds=30))
    assert told(AT)["gatecall_http_requests_total", ""] == 1


def test_a_queue_tells_how_many_wait_and_since_when(cloudwatch: Any) -> None:
    """Those of the stage; what waits as the local cloud's own is none of its metrics."""
    sqs = boto3.client("sqs")
    for name in ("gatecall-local-dead-letters", "gatecall-local-emails", "local-topic-for-push_change"):
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        if name != "gatecall-local-emails":
            sqs.send_message(QueueUrl=url, MessageBody="x")
    noted = Measures()
    noted.queues()
    noted.put(cloudwatch, AT - timedelta(seconds=30))
    found = told(AT)
    assert 0 <= found.pop(("gatecall_queue_oldest_message_seconds", "dead-letters")) < 60
    assert found == {
        ("gatecall_queue_messages", "dead-letters"): 1,
        ("gatecall_queue_messages", "emails"): 0,
        ("gatecall_queue_oldest_message_seconds", "emails"): 0,
    }


def test_a_cloudwatch_that_fails_stops_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said in the log, and tried again."""

    class Broken:
        def put_metric_data(self, **_: object) -> None:
            raise OSError("moto is gone")

    monkeypatch.setattr(measures, "PUT_EVERY", 0.01)
    noted = Measures()
    noted.request("GET /v1/health", 200, 0.1)
    with noted.watching(Broken()), caplog.at_level(logging.ERROR):
        for _ in range(500):
            if caplog.records:
                break
            noted.request("GET /v1/health", 200, 0.1)
            time.sleep(0.01)
    assert caplog.records[0].getMessage() == "metrics could not be put"


def test_what_is_older_than_a_day_is_forgotten(cloudwatch: Any) -> None:
    """Moto keeps all it is given; a cloud that runs for weeks would not end well."""
    noted = Measures()
    for at in (AT - timedelta(days=3), AT):
        noted.request("GET /v1/health", 200, 0.1)
        noted.put(cloudwatch, at)
    measures._forget(AT - measures.KEPT)
    assert told(AT - timedelta(days=3) + timedelta(minutes=1)) == {}
    assert told(AT + timedelta(minutes=1))["gatecall_http_requests_total", ""] == 1
