"""GET /v1/metrics: what CloudWatch knows of the stage, as a scraper reads it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError
from botocore.stub import Stubber
from chalice.test import Client, HTTPResponse
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as families

import app
from chalicelib.accounts import keys
from chalicelib.core import aws, clock, metrics
from chalicelib.core.clock import Now

pytestmark = pytest.mark.usefixtures("cloud")

API = {"ApiName": "gatecall", "Stage": "test"}
OURS = {"service": "gatecall"}
Labels = dict[str, str]


@pytest.fixture
def key(now: Now) -> str:
    return keys.make("prometheus", ["metrics:read"], [], now.wall)


@pytest.fixture
def ask(now: Now, key: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., HTTPResponse]]:
    """Asks so many seconds after noon."""
    monkeypatch.setattr(metrics, "_kept", None)
    with Client(app.app) as client:

        def get(later: float = 0, accept: str = "*/*") -> HTTPResponse:
            monkeypatch.setattr(clock, "wall_now", lambda: now.wall + timedelta(seconds=later))
            return client.http.get("/v1/metrics", headers={"X-Api-Key": key, "Accept": accept})

        yield get


@pytest.fixture
def scrape(ask: Callable[..., HTTPResponse]) -> Callable[..., dict[str, list[tuple[Labels, float]]]]:
    """Labels and value of each sample by its name, so many seconds after noon."""

    def read(later: float = 0) -> dict[str, list[tuple[Labels, float]]]:
        answer = ask(later)
        assert answer.status_code == 200
        found: dict[str, list[tuple[Labels, float]]] = {}
        for family in families(answer.body.decode()):
            for sample in family.samples:
                found.setdefault(sample.name, []).append((sample.labels, sample.value))
        return found

    return read


def happened(at: datetime, namespace: str, metric: str, dimensions: Labels, *values: float) -> None:
    """What AWS, or a log line of ours, tells CloudWatch."""
    boto3.client("cloudwatch").put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": metric, "Timestamp": at, "Values": list(values),
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            }
        ],
    )  # fmt: skip


def test_what_is_counted_is_a_counter_of_the_day(now: Now, scrape: Callable[..., Any]) -> None:
    """Of this stage alone, since midnight UTC: no minute is lost, however seldom one scrapes."""
    midnight = now.wall.replace(hour=0)
    for at, count in ((midnight - timedelta(minutes=1), 1000), (midnight, 2), (now.wall - timedelta(seconds=90), 3)):
        happened(at, "gatecall/test", "FlightsAdded", OURS, count)
        happened(at, "gatecall/prod", "FlightsAdded", OURS, 100)
        happened(at, "AWS/ApiGateway", "Count", API, count)
        happened(at, "AWS/ApiGateway", "Count", {**API, "Stage": "prod"}, 100)
    happened(midnight - timedelta(minutes=1), "gatecall/test", "FlightsChanged", OURS, 1000)
    told = scrape()
    assert "gatecall_flights_changed_total" not in told
    assert told["gatecall_flights_added_total"] == [({"stage": "test"}, 5)]
    assert told["gatecall_http_requests_total"] == [({"stage": "test"}, 5)]


def test_what_is_measured_is_of_the_newest_whole_minute(now: Now, scrape: Callable[..., Any]) -> None:
    """In seconds; the minute that runs is not told, nor what is older than five minutes."""
    minutes = {-7: 7000, -3: 300, -2: 200, 0: 100}
    for minute, latency in minutes.items():
        happened(
            now.wall + timedelta(minutes=minute, seconds=20), "AWS/ApiGateway", "Latency", API,
            *[latency + n for n in range(100)],
        )  # fmt: skip
    told = scrape(30)
    assert told["gatecall_http_latency_p99_seconds"] == [({"stage": "test"}, pytest.approx(0.298))]
    assert told["gatecall_http_latency_p50_seconds"] == [({"stage": "test"}, pytest.approx(0.249))]
    assert "gatecall_http_latency_p99_seconds" not in scrape(60 * 10)


def test_lines_of_a_metric_are_told_apart_by_a_label(now: Now, scrape: Callable[..., Any]) -> None:
    """Feeds by whatever name they have; queues, functions, tables, routes and channels by ours."""
    at = now.wall - timedelta(seconds=30)
    for feed, seconds in (("replay", 20), ("wsi-aodb", 700)):
        happened(at, "gatecall/test", "FeedSilence", {"feed": feed}, seconds)
        happened(at, "gatecall/prod", "FeedSilence", {"feed": feed}, 5)
    happened(at, "AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": "gatecall-test-dead-letters"}, 4)
    happened(at, "AWS/Lambda", "Errors", {"FunctionName": "gatecall-test"}, 1)
    happened(at, "AWS/Lambda", "Errors", {"FunctionName": "gatecall-test-poll_feeds"}, 2)
    happened(at, "gatecall/test", "MessagesAccepted", OURS, 9)
    happened(at, "gatecall/test", "MessagesAccepted", {**OURS, "channel": "sms"}, 9)
    route = {"Method": "GET", "Resource": "/v1/flights/{id}"}
    happened(at, "AWS/ApiGateway", "Latency", {**API, **route}, 120)
    told = {}
    for name, samples in scrape().items():
        for labels, value in samples:
            assert labels.pop("stage") == "test"
            told[name, *labels.items()] = value
    assert told == {
        ("gatecall_feed_silence_seconds", ("feed", "replay")): 20,
        ("gatecall_feed_silence_seconds", ("feed", "wsi-aodb")): 700,
        ("gatecall_queue_messages", ("queue", "dead-letters")): 4,
        ("gatecall_function_errors_total", ("function", "api_handler")): 1,
        ("gatecall_function_errors_total", ("function", "poll_feeds")): 2,
        ("gatecall_messages_accepted_total", ("channel", "sms")): 9,
        ("gatecall_http_route_latency_p99_seconds", ("route", "GET /v1/flights/{id}")): pytest.approx(0.12),
    }


def test_a_rate_that_ses_says_each_hour_is_told_until_the_next(now: Now, scrape: Callable[..., Any]) -> None:
    """Shortly after midnight, yesterday's last."""
    happened(now.wall.replace(hour=0) - timedelta(minutes=50), "AWS/SES", "Reputation.BounceRate", {}, 0.02)
    assert scrape(-12 * 3600 + 60)["gatecall_email_bounce_ratio"] == [({"stage": "test"}, 0.02)]


def test_what_cloudwatch_knows_nothing_of_is_left_out(scrape: Callable[..., Any]) -> None:
    """A queue without messages, a feed that never spoke: no line says 0 that nobody counted."""
    assert scrape() == {}


def test_what_was_read_serves_for_a_minute(now: Now, scrape: Callable[..., Any]) -> None:
    """CloudWatch is paid by the metric asked for."""
    happened(now.wall - timedelta(hours=1), "gatecall/test", "FlightsAdded", OURS, 2)
    assert scrape()["gatecall_flights_added_total"][0][1] == 2
    happened(now.wall - timedelta(hours=1), "gatecall/test", "FlightsAdded", OURS, 3)
    assert scrape(54)["gatecall_flights_added_total"][0][1] == 2
    assert scrape(59)["gatecall_flights_added_total"][0][1] == 5


@pytest.mark.parametrize("code", ["Throttling", "AccessDenied", "InternalServiceFault"])
def test_where_cloudwatch_refuses_the_scraper_is_told_to_come_again(
    code: str, ask: Callable[..., HTTPResponse], monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with Retry-After; and what failed is not kept."""
    cloudwatch, client = boto3.client("cloudwatch"), aws.client
    with Stubber(cloudwatch) as stub, monkeypatch.context() as patched:
        stub.add_client_error("get_metric_data", code, http_status_code=400)
        patched.setattr(aws, "client", lambda name, **_: cloudwatch if name == "cloudwatch" else client(name))
        answer = ask()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert answer.json_body["detail"] == "CloudWatch does not say now what it knows"
    assert ask().status_code == 200


def test_where_cloudwatch_does_not_answer_the_scraper_is_told_to_come_again(
    ask: Callable[..., HTTPResponse], monkeypatch: pytest.MonkeyPatch
) -> None:
    """503, and no error of ours."""

    def silent(**_: object) -> None:
        raise ConnectTimeoutError(endpoint_url="https://monitoring.test")

    cloudwatch, client = boto3.client("cloudwatch"), aws.client
    monkeypatch.setattr(cloudwatch, "get_metric_data", silent)
    monkeypatch.setattr(aws, "client", lambda name, **_: cloudwatch if name == "cloudwatch" else client(name))
    assert ask().status_code == 503


def test_a_scraper_gets_the_text_that_it_asks_for(now: Now, ask: Callable[..., HTTPResponse]) -> None:
    """Prometheus' own text, or OpenMetrics; each reads as what it says it is."""
    happened(now.wall - timedelta(seconds=30), "gatecall/test", "FlightsAdded", OURS, 2)
    plain = ask()
    assert plain.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert plain.headers["Cache-Control"] == "no-store"
    [family] = families(plain.body.decode())
    assert (family.name, family.type, family.documentation) == (
        "gatecall_flights_added", "counter", "Flights not seen before",
    )  # fmt: skip
    opened = ask(accept="application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1")
    assert opened.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    [family] = open_metrics(opened.body.decode())  # type: ignore[no-untyped-call]
    assert [(s.name, s.labels, s.value) for s in family.samples] == [
        ("gatecall_flights_added_total", {"stage": "test"}, 2)
    ]
