"""Structured logs and metrics, set once for every handler. No personal data in either.

X-Ray's active tracing needs no SDK: its trace id is on every log line, and one change can be followed from poll to push
by `xray_trace_id`, `flight` and `version`. Stages that share an AWS account each have a namespace of metrics.
"""

from collections.abc import Callable
from threading import Lock
from typing import Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit, single_metric

from chalicelib.core.config import config

__all__ = ["SERVICE", "MetricUnit", "count", "gauge", "invocation", "logger", "namespace"]

SERVICE = "gatecall"  # the dimension `service` of every metric that is counted

logger = Logger(service=SERVICE, use_rfc3339=True, utc=True)
_one_at_a_time = Lock()  # Lambda runs one event at a time; the local cloud, and ingest's writers, do not
_counted: dict[tuple[tuple[str, str], ...], EphemeralMetrics] = {}  # by dimensions


def namespace(stage: str) -> str:
    """Where CloudWatch keeps the metrics of a stage."""
    return f"gatecall/{stage}"


def count(name: str, number: float = 1, **dimensions: str) -> None:
    """Add to a metric that is counted, such as `FlightsChanged`; it leaves when the handler ends.

    With dimensions, such as channel=email, it is counted by these as well.
    """
    with _one_at_a_time:
        _metrics().add_metric(name, MetricUnit.Count, number)
        if dimensions:
            _metrics(**dimensions).add_metric(name, MetricUnit.Count, number)


def gauge(name: str, value: float, unit: MetricUnit, **dimensions: str) -> None:
    """Report a measured value with dimensions of its own, such as `FeedSilence` in seconds of feed=replay."""
    with single_metric(name, unit, value, namespace=namespace(config().stage)) as metric:
        for dimension, text in dimensions.items():
            metric.add_dimension(dimension, text)


def invocation(event: Any, get_response: Callable[[Any], Any]) -> Any:
    """Chalice middleware around every handler: ids on each log line, counted metrics out at the end."""
    context = getattr(event, "lambda_context", None) or getattr(event, "context", None)
    logger.clear_state()
    logger.append_keys(stage=config().stage, function_request_id=getattr(context, "aws_request_id", None))
    try:
        return get_response(event)
    finally:
        with _one_at_a_time:
            for metrics in _counted.values():
                if metrics.metric_set:
                    metrics.flush_metrics()
                    metrics.clear_metrics()


def _metrics(**dimensions: str) -> EphemeralMetrics:
    given = tuple(dimensions.items())
    if given not in _counted:
        _counted[given] = EphemeralMetrics(namespace=namespace(config().stage), service=SERVICE)
        _counted[given].set_default_dimensions(service=SERVICE, **dimensions)
    return _counted[given]
