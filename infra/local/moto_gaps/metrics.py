"""CloudWatch: GetMetricData with percentiles and SEARCH, and with each namespace for itself."""

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

_SEARCH = re.compile(
    r"""SEARCH\('\{"(?P<namespace>[^"]+)","(?P<dimension>[^"]+)"\} MetricName="(?P<metric>[^"]+)"',"""
    r""" '(?P<statistic>\w+)', (?P<period>\d+)\)"""
)
_PROPERTY = re.compile(r"\$\{PROP\('Dim\.([^']+)'\)\}")

Key = tuple[str, str, frozenset[tuple[str, str]]]


def mend() -> None:
    """Moto knows no percentile and finds nothing by SEARCH; where dimensions are given it takes data of any namespace;
    and it looks at all data for each query and each period, so that a dashboard's worth takes seconds.

    Of SEARCH there is the form with one dimension and one metric, of labels the value of a dimension. Queries with
    other expressions are moto's own.
    """  # fmt: skip
    from moto.cloudwatch.models import CloudWatchBackend

    original = CloudWatchBackend.get_metric_data

    def get_metric_data(
        self: Any,
        queries: list[dict[str, Any]],
        start_time: datetime,
        end_time: datetime,
        scan_by: str = "TimestampAscending",
    ) -> list[dict[str, Any]]:
        if start_time >= end_time or not all("MetricStat" in q or _SEARCH.fullmatch(q["Expression"]) for q in queries):
            return original(self, queries, start_time, end_time, scan_by)
        kept: defaultdict[Key, list[Any]] = defaultdict(list)
        for datum in self.get_all_metrics():
            if start_time <= datum.timestamp < end_time:
                kept[datum.namespace, datum.name, frozenset((d.name, d.value) for d in datum.dimensions)].append(datum)
        results = []
        for query in queries:
            for label, data, statistic, seconds in _found(query, kept):
                values = _values(data, statistic, start_time, timedelta(seconds=seconds))
                values.sort(reverse=scan_by == "TimestampDescending")
                results.append({
                    "id": query["Id"], "label": label, "status_code": "Complete",
                    "timestamps": [at for at, _ in values], "values": [value for _, value in values],
                })  # fmt: skip
        return results

    setattr(CloudWatchBackend, "get_metric_data", get_metric_data)  # noqa: B010 - its class is typed otherwise


def _found(query: dict[str, Any], kept: dict[Key, list[Any]]) -> list[tuple[str, list[Any], str, int]]:
    """Label, data, statistic and period in seconds of each series that a query is about."""
    if stat := query.get("MetricStat"):
        asked = stat["Metric"]
        dimensions = frozenset((each["Name"], each["Value"]) for each in asked.get("Dimensions", ()))
        data = kept.get((asked["Namespace"], asked["MetricName"], dimensions), [])
        return [(query.get("Label") or asked["MetricName"], data, stat["Stat"], int(stat["Period"]))]
    searched = _SEARCH.fullmatch(query["Expression"])
    assert searched
    return [
        (
            _PROPERTY.sub(lambda p, of=dict(dimensions): of[p[1]], query.get("Label") or name),
            data, searched["statistic"], int(searched["period"]),
        )
        for (namespace, name, dimensions), data in kept.items()
        if (namespace, name) == (searched["namespace"], searched["metric"])
        and {dimension for dimension, _ in dimensions} == {searched["dimension"]}
    ]  # fmt: skip


def _values(data: Sequence[Any], statistic: str, start: datetime, period: timedelta) -> list[tuple[datetime, Any]]:
    """The statistic of each period in which there is any data, by the period's beginning."""
    from moto.cloudwatch.models import Statistics

    periods: defaultdict[datetime, list[Any]] = defaultdict(list)
    for datum in data:
        periods[start + (datum.timestamp - start) // period * period].append(datum)
    found = []
    for at, of in periods.items():
        statistics = Statistics([statistic], at)
        statistics.metric_data = of
        if statistic.startswith("p"):
            value: Any = _percentile(sorted(statistics.metric_single_values_list), float(statistic[1:]))
        else:
            value = statistics.get_statistics_for_type(statistic)
        if value is not None:
            found.append((at, value))
    return found


def _percentile(values: Sequence[float], percent: float) -> float | None:
    """By nearest rank; of values that came as sums alone there is none, on AWS neither."""
    return values[max(0, math.ceil(percent / 100 * len(values)) - 1)] if values else None
