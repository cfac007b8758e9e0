"""What the dashboards show of a stage, and GET /v1/metrics: the one table of it, read from CloudWatch for Prometheus.

What is counted is a counter of the day: it starts again at midnight UTC, as counters may, so that nothing is lost
however seldom one scrapes, and any instance of the function tells the same. What is measured is of the newest whole
minute, of the last five, that CloudWatch has. What CloudWatch knows nothing of is left out.

CloudWatch asks $0.01 for 1,000 metrics of GetMetricData, and one reading asks for each line that is scraped (some 240,
so $0.0024: $26 a month at one every four minutes). What was read serves every scraper of this process for a minute.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core import aws
from chalicelib.core.config import config
from chalicelib.core.errors import Unavailable
from chalicelib.core.telemetry import SERVICE, logger, namespace

KEPT = timedelta(seconds=55)  # less than the minute between two scrapes, so that no counter seems to go back
LATE = timedelta(minutes=5)  # after which what was measured says nothing of now
MINUTE, HOUR, DAY = 60, 3600, 86400
EACH = "*"  # of a dimension: whatever values CloudWatch knows

FUNCTIONS = (
    "api_handler", "websocket_connect", "websocket_message", "websocket_disconnect", "poll_feeds", "repair_changes",
    "tell_changes", "push_change", "push_seats", "tell_bookings", "settle_bookings", "follow_disruptions",
    "forecast_demand", "erase_documents", "follow_bookings", "fan_out_at_once", "fan_out", "send_emails",
    "send_texts", "send_pushes", "call_webhooks", "take_up_due", "ask_to_confirm", "queue_errands", "run_errands",
    "hear_email_events", "hear_sms_replies", "honour_opt_outs",
)  # fmt: skip
READERS = ("tell_changes", "ask_to_confirm", "queue_errands", "tell_bookings")  # of tables' streams
QUEUES = (
    "changes", "urgent-changes", "emails", "texts", "pushes", "webhooks", "errands", "disruptions", "settlements",
    "bookings-told", "dead-letters",
)  # fmt: skip
TABLES = (
    "flights", "live", "accounts", "subscriptions", "followers", "limits", "inventory", "searches", "bookings",
)  # fmt: skip
CHANNELS = ("email", "sms", "push", "webpush", "webhook")
CRITICAL_ROUTES = (  # whose answers are to be there within 300 ms
    "GET /v1/airports/{iata}/departures", "GET /v1/airports/{iata}/arrivals", "GET /v1/flights/{id}",
    "POST /v1/sessions", "POST /v1/subscriptions",
)  # fmt: skip


@dataclass(frozen=True)
class Metric:
    """One metric, in Prometheus and in CloudWatch; `{stage}` in a namespace or a dimension is filled in."""

    name: str  # in Prometheus: of what is counted it ends in _total, of what is measured in the base unit
    help: str
    namespace: str
    metric: str  # its name in CloudWatch
    statistic: str
    dimensions: Mapping[str, str]
    label: str = ""  # what tells its lines apart in Prometheus
    each: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # further dimensions by that label's value
    scale: float = 1  # CloudWatch's unit in the base unit: of milliseconds 0.001
    period: int = MINUTE  # seconds that one value is of

    @property
    def counted(self) -> bool:
        """Whether it is a counter."""
        return self.statistic == "Sum"

    def queries(self, stage: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """What to ask CloudWatch for, by the label's value; "" where there is no label, or each answer says its own."""
        where, period = self.namespace.replace("{stage}", stage), DAY if self.counted else self.period
        searched = [name for name, value in self.dimensions.items() if value == EACH]
        if searched:
            search = f'{{"{where}","{searched[0]}"}} MetricName="{self.metric}"'
            yield (
                "",
                {
                    "Expression": f"SEARCH('{search}', '{self.statistic}', {period})",
                    "Label": f"${{PROP('Dim.{searched[0]}')}}",
                },
            )
            return
        for value, more in (self.each or {"": {}}).items():
            dimensions = [
                {"Name": name, "Value": text.replace("{stage}", stage)}
                for name, text in {**self.dimensions, **more}.items()
            ]
            asked = {"Namespace": where, "MetricName": self.metric, "Dimensions": dimensions}
            yield value, {"MetricStat": {"Metric": asked, "Period": period, "Stat": self.statistic}}


@dataclass(frozen=True)
class Sample:
    """A value of a metric; `of` is the label's value."""

    metric: Metric
    of: str
    value: float


def _each(dimension: str, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Our resources by their short names."""
    return {name: {dimension: f"gatecall-{{stage}}-{name}"} for name in names}


_STAGE = namespace("{stage}")
_OURS = {"service": SERVICE}
_API = {"ApiName": "gatecall", "Stage": "{stage}"}
_ROUTES = {route: dict(zip(("Method", "Resource"), route.split(), strict=True)) for route in CRITICAL_ROUTES}
_BY_CHANNEL = {channel: {"channel": channel} for channel in CHANNELS}
_BY_QUEUE = _each("QueueName", QUEUES)
_BY_TABLE = _each("TableName", TABLES)
_BY_FUNCTION = {**_each("FunctionName", FUNCTIONS), "api_handler": {"FunctionName": "gatecall-{stage}"}}


def _counted(name: str, metric: str, help: str) -> Metric:
    """What handlers count (`telemetry.count`)."""
    return Metric(f"gatecall_{name}_total", help, _STAGE, metric, "Sum", _OURS)


def _told(name: str, metric: str, help: str) -> Metric:
    return Metric(
        f"gatecall_messages_{name}_total", help, _STAGE, metric, "Sum", _OURS, "channel", _BY_CHANNEL,
    )  # fmt: skip


def _api(name: str, metric: str, statistic: str, help: str, *, scale: float = 1) -> Metric:
    return Metric(f"gatecall_http_{name}", help, "AWS/ApiGateway", metric, statistic, _API, scale=scale)


def _of(kind: str, name: str, metric: str, statistic: str, help: str, *, scale: float = 1) -> Metric:
    where, each = {
        "function": ("AWS/Lambda", _BY_FUNCTION),
        "queue": ("AWS/SQS", _BY_QUEUE),
        "table": ("AWS/DynamoDB", _BY_TABLE),
    }[kind]
    return Metric(f"gatecall_{kind}_{name}", help, where, metric, statistic, {}, kind, each, scale)


TABLE: tuple[Metric, ...] = (
    # Service level, traffic and latency
    _api("requests_total", "Count", "Sum", "Requests to the REST API"),
    _api("server_errors_total", "5XXError", "Sum", "Requests that were answered with 500 or more"),
    _api("client_errors_total", "4XXError", "Sum", "Requests that were answered with 400 to 499"),
    _api("latency_p50_seconds", "Latency", "p50", "Half of the requests were answered within", scale=0.001),
    _api("latency_p99_seconds", "Latency", "p99", "99 % of the requests were answered within", scale=0.001),
    Metric(
        "gatecall_http_route_latency_p99_seconds", "99 % of the requests of a critical route were answered within",
        "AWS/ApiGateway", "Latency", "p99", _API, "route", _ROUTES, 0.001,
    ),
    _counted("requests_limited", "RequestsLimited", "Requests refused as too many"),
    _counted("logins_failed", "LoginsFailed", "Logins with a wrong password, or of nobody"),
    # Feeds
    Metric(
        "gatecall_feed_silence_seconds", "Since a feed last said something", _STAGE, "FeedSilence", "Maximum",
        {"feed": EACH}, "feed",
    ),
    Metric(
        "gatecall_feed_longest_silence_seconds", "Since the most silent feed last said something", _STAGE,
        "LongestFeedSilence", "Maximum", _OURS,
    ),
    _counted("feeds_failed", "FeedsFailed", "Feeds that could not be polled"),
    _counted("flights_added", "FlightsAdded", "Flights not seen before"),
    _counted("flights_changed", "FlightsChanged", "New versions of flights"),
    _counted("updates_failed", "UpdatesFailed", "Flights whose updates could not be taken"),
    # Changes
    _counted("changes_told", "ChangesTold", "Versions told to the topic"),
    _counted("changes_repaired", "ChangesRepaired", "Versions told late, as the stream lost them"),
    _counted("changes_not_told", "ChangesNotTold", "Versions that could not be told so far"),
    _counted("changes_pushed", "ChangesPushed", "Changes sent to WebSocket connections"),
    _counted("seats_pushed", "SeatsPushed", "Seats of flights sent to WebSocket connections"),
    _counted("connections_gone", "ConnectionsGone", "WebSocket connections found gone"),
    _counted("connections_behind", "ConnectionsBehind", "WebSocket connections told to catch up"),
    Metric(
        "gatecall_stream_age_seconds", "How old the records were that a reader of a stream was given", "AWS/Lambda",
        "IteratorAge", "Maximum", {}, "function", _each("FunctionName", READERS), 0.001,
    ),
    # Bookings
    _counted("bookings_held", "BookingsHeld", "Bookings whose seats were held"),
    _counted("bookings_ticketed", "BookingsTicketed", "Bookings paid and ticketed"),
    _counted("bookings_cancelled", "BookingsCancelled", "Bookings cancelled by who made them"),
    _counted("bookings_changed", "BookingsChanged", "Bookings changed to other flights by who made them"),
    _counted("bookings_rebooked", "BookingsRebooked", "Bookings taken to another flight after a disruption"),
    _counted("holds_ended", "HoldsEnded", "Holds that ended unpaid"),
    _counted("holds_crowded_out", "HoldsCrowdedOut", "Holds given up as others kept taking the seats"),
    _counted("offers_made", "OffersMade", "Bookings that a disruption left with another flight held for them"),
    _counted("offers_not_found", "OffersNotFound", "Bookings that a disruption left with no other flight"),
    _counted("waitlist_joined", "WaitlistJoined", "Parties that joined a waitlist"),
    _counted("waitlist_served", "WaitlistServed", "Parties of a waitlist that got seats"),
    _counted("payments_declined", "PaymentsDeclined", "Payments that the service declined"),
    _counted("payments_open", "PaymentsOpen", "Payments that wait for an answer or for who pays"),
    _counted("refunds_sent", "RefundsSent", "Refunds that the service took"),
    _counted("refunds_refused", "RefundsRefused", "Refunds that the service refused for now; they are tried again"),
    # Messages by channel
    _told("accepted", "MessagesAccepted", "Messages taken by a provider or a follower's server"),
    _told("later", "MessagesLater", "Messages not taken now; they are tried again"),
    _told("refused", "MessagesRefused", "Messages refused for good"),
    _told("gone", "MessagesGone", "Messages to addresses that are no more"),
    _counted("alert_pages_queued", "AlertPagesQueued", "Pages of followers queued to be told"),
    _counted("due_taken_up", "DueTakenUp", "Pages looked at again as they were due"),
    _counted("due_failed", "DueFailed", "Pages that were due and could not be taken up"),
    Metric(
        "gatecall_email_bounce_ratio", "Emails that bounced, of the account's lately sent", "AWS/SES",
        "Reputation.BounceRate", "Maximum", {}, period=HOUR,
    ),
    Metric(
        "gatecall_email_complaint_ratio", "Emails complained of, of the account's lately sent", "AWS/SES",
        "Reputation.ComplaintRate", "Maximum", {}, period=HOUR,
    ),
    # Queues and dead letters
    _of("queue", "messages", "ApproximateNumberOfMessagesVisible", "Maximum", "Messages that wait in a queue"),
    _of(
        "queue", "oldest_message_seconds", "ApproximateAgeOfOldestMessage", "Maximum",
        "Age of the oldest message in a queue",
    ),
    _counted("records_set_aside", "RecordsSetAside", "Records that could not be handled, put to the dead letters"),
    # Functions
    _of("function", "invocations_total", "Invocations", "Sum", "Times a function was run"),
    _of("function", "errors_total", "Errors", "Sum", "Times a function failed"),
    _of("function", "throttles_total", "Throttles", "Sum", "Times a function could not be run for want of capacity"),
    _of("function", "duration_p99_seconds", "Duration", "p99", "99 % of a function's runs ended within", scale=0.001),
    # Tables
    _of("table", "read_units_total", "ConsumedReadCapacityUnits", "Sum", "Read units consumed"),
    _of("table", "write_units_total", "ConsumedWriteCapacityUnits", "Sum", "Write units consumed"),
    _of("table", "read_throttles_total", "ReadThrottleEvents", "Sum", "Reads refused as too many"),
    _of("table", "write_throttles_total", "WriteThrottleEvents", "Sum", "Writes refused as too many"),
)  # fmt: skip


def exposition(accept: str, now: datetime) -> tuple[str, str]:
    """What is known as text for a scraper that accepts this, and the text's content type. Raises Unavailable."""
    from prometheus_client import CollectorRegistry
    from prometheus_client.exposition import choose_encoder

    registry = CollectorRegistry()
    registry.register(_Collector(config().stage, _known(now)))
    encode, content_type = choose_encoder(accept)
    return encode(registry).decode(), content_type


_kept: tuple[datetime, list[Sample]] | None = None  # what this process read last


def _known(now: datetime) -> list[Sample]:
    global _kept  # noqa: PLW0603 - as above
    if not (_kept and _kept[1] and timedelta() <= now - _kept[0] < KEPT):
        _kept = now, read(config().stage, now)
    return _kept[1]


def read(stage: str, now: datetime) -> list[Sample]:
    """What CloudWatch knows of a stage, in the order of the table. Raises Unavailable."""
    asked = [(metric, of, query) for metric in TABLE for of, query in metric.queries(stage)]
    queries = [{"Id": f"q{number}", **query} for number, (_, _, query) in enumerate(asked)]
    of_a_minute = [not metric.counted and metric.period == MINUTE for metric, _, _ in asked]
    minute = now.replace(second=0, microsecond=0)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    found = _ask([q for q, is_so in zip(queries, of_a_minute, strict=True) if is_so], minute - LATE, minute)
    others = [q for q, is_so in zip(queries, of_a_minute, strict=True) if not is_so]
    # from yesterday: of what SES says each hour there is nothing yet shortly after midnight
    found |= _ask(others, midnight - timedelta(days=1), minute + timedelta(minutes=1))
    samples = []
    for query, (metric, of, _) in zip(queries, asked, strict=True):
        for label, (at, value) in found.get(query["Id"], {}).items():
            if not metric.counted or at >= midnight:
                samples.append(Sample(metric, of or (label if metric.label else ""), value * metric.scale))
    return samples


def _ask(queries: list[dict[str, Any]], start: datetime, end: datetime) -> dict[str, dict[str, tuple[datetime, float]]]:
    """The newest value, and when it is of, by the query's id and by the label of what it found."""
    from botocore.exceptions import BotoCoreError, ClientError

    found: dict[str, dict[str, tuple[datetime, float]]] = {}
    try:
        # without retries: the scraper waits for ten seconds, and comes again by itself
        pages = aws.client("cloudwatch", retries=False, timeout=4).get_paginator("get_metric_data")
        for page in pages.paginate(MetricDataQueries=queries, StartTime=start, EndTime=end):
            for result in page["MetricDataResults"]:
                values = [
                    (at, value)
                    for at, value in zip(result["Timestamps"], result["Values"], strict=True)
                    if value is not None
                ]
                kept = found.setdefault(result["Id"], {})
                if values:
                    newest = max(values)
                    kept[result["Label"]] = max(newest, kept.get(result["Label"], newest))
    except (BotoCoreError, ClientError) as error:
        logger.warning("CloudWatch does not say what it knows", error=type(error).__name__, reason=str(error))
        raise Unavailable("CloudWatch does not say now what it knows", retry_after=60) from error
    return found


class _Collector:
    """What prometheus_client asks for metrics."""

    def __init__(self, stage: str, samples: Iterable[Sample]):
        self._stage = stage
        self._samples = samples

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        families: dict[str, Any] = {}
        for sample in self._samples:
            metric = sample.metric
            labels = ["stage", metric.label] if metric.label else ["stage"]
            if metric.name not in families:
                kind = CounterMetricFamily if metric.counted else GaugeMetricFamily
                families[metric.name] = kind(metric.name, metric.help, labels=labels)
            families[metric.name].add_metric([self._stage, sample.of][: len(labels)], sample.value)
        yield from families.values()
