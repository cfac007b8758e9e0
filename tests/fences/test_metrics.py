"""The table of metrics, what the code emits, and the dashboards: they all tell of the same."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest

import app as the_map
from chalicelib.channels.model import Channel
from chalicelib.core import metrics, openapi
from chalicelib.core.metrics import TABLE
from infra import functions, resources

ROOT = Path(__file__).parents[2]
GRAFANA = json.loads((ROOT / "infra" / "grafana.json").read_text())
PANELS = [panel for panel in GRAFANA["panels"] if panel["type"] != "row"]
BY_NAME = {metric.name: metric for metric in TABLE}
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]


def test_names_are_as_prometheus_has_them() -> None:
    """Counters end in _total, what is measured in its base unit; no name stands twice; each has a help."""
    assert len(BY_NAME) == len(TABLE)
    for metric in TABLE:
        assert re.fullmatch(r"gatecall(_[a-z0-9]+)+", metric.name)
        assert metric.name.endswith("_total") == metric.counted
        assert metric.counted or re.search(r"_(seconds|ratio|messages)$", metric.name)
        assert re.fullmatch(r"[A-Z0-9].*[^.]", metric.help)
        assert bool(metric.label) == bool(metric.each or metrics.EACH in metric.dimensions.values())
        assert metric.scale == (0.001 if metric.name.endswith("_seconds") and metric.namespace in {
            "AWS/ApiGateway", "AWS/Lambda"} else 1)  # fmt: skip


def test_the_table_knows_every_function_queue_table_channel_and_critical_route() -> None:
    """What is new is scraped too."""
    declared = functions.declared()
    assert set(metrics.FUNCTIONS) == {function.name for function in declared}
    assert set(metrics.READERS) == {function.name for function in declared if function.kind == "stream"}
    named = {"AWS::SQS::Queue": "QueueName", "AWS::DynamoDB::Table": "TableName"}
    for kind, names in (("AWS::SQS::Queue", metrics.QUEUES), ("AWS::DynamoDB::Table", metrics.TABLES)):
        described = [each["Properties"][named[kind]] for each in resources.template("x").values()
                     if each["Type"] == kind]  # fmt: skip
        assert sorted(f"gatecall-x-{name}" for name in names) == sorted(described)
    assert set(metrics.CHANNELS) == set(Channel)
    routes = {f"{route.method} {route.path}" for route in openapi.routes_of(the_map.app)}
    assert set(metrics.CRITICAL_ROUTES) <= routes


def test_the_names_of_functions_are_those_on_aws() -> None:
    """Chalice gives the REST function no name of its own."""
    [by_function] = [metric for metric in TABLE if metric.name == "gatecall_function_errors_total"]
    asked = {
        value: query["MetricStat"]["Metric"]["Dimensions"][0]["Value"] for value, query in by_function.queries("x")
    }
    assert asked == {function.name: function.full_name("x") for function in functions.declared()}


def test_what_the_table_has_of_ours_is_emitted_so() -> None:
    """By these names and with these dimensions."""
    sources = "".join(path.read_text() for path in (ROOT / "chalicelib").rglob("*.py") if path.name != "metrics.py")
    counted = set(re.findall(r'"((?:[A-Z][a-z]+){2,})"', sources))  # also those that another function is told to count
    measured = set(re.findall(r'\bgauge\(\s*"(\w+)"', sources))
    for metric in TABLE:
        if metric.namespace.startswith("gatecall/"):
            assert metric.metric in (counted if metric.counted else measured)
            assert (metric.label == "channel") == metric.metric.startswith("Messages")


def test_importing_the_app_loads_nothing_of_metrics() -> None:
    """Only who scrapes pays for it."""
    script = "import sys, app; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    assert not {"prometheus_client", "chalicelib.core.metrics"} & set(run.stdout.split())


def pair(namespace: str, metric: str) -> tuple[str, str]:
    """As the table has it."""
    return namespace.replace("${Stage}", "{stage}"), metric


def on_the_dashboard() -> Iterator[tuple[tuple[str, str], tuple[tuple[str, str], ...]]]:
    """Namespace and metric, and the dimensions, of all that the CloudWatch dashboard shows; a search has none."""
    [dashboard] = [
        each for each in resources.document()["Resources"].values() if each["Type"] == "AWS::CloudWatch::Dashboard"
    ]
    [body, _] = dashboard["Properties"]["DashboardBody"]["Fn::Sub"]
    for widget in json.loads(body)["widgets"]:
        before: list[str] = []
        for line in widget["properties"].get("metrics", []):
            said = [part for part in line if isinstance(part, str)]
            if not said:
                searched = line[0]["expression"]
                if found := re.match(r"""SEARCH\('\{"?([^",]+)"?,""", searched):
                    yield from ((pair(found[1], m), ()) for m in re.findall(r'MetricName="([\w.]+)"', searched))
                continue
            if said[0] == "...":  # the last of them are given, what stands before is as in the line above
                said = before[: len(before) - len(said[1:])] + said[1:]
            said = [before[n] if part == "." else part for n, part in enumerate(said)]
            before = said
            dimensions = tuple(sorted(zip(said[2::2], said[3::2], strict=True)))
            yield pair(said[0], said[1]), dimensions


def test_the_cloudwatch_dashboard_shows_what_is_scraped() -> None:
    """The same metrics, and of those it names by their dimensions the same dimensions."""
    shown = dict.fromkeys(pair for pair, _ in on_the_dashboard())
    assert set(shown) == {(metric.namespace, metric.metric) for metric in TABLE}
    asked = {
        (*pair(where["Namespace"], where["MetricName"]),
         tuple(sorted((each["Name"], each["Value"]) for each in where["Dimensions"])))
        for metric in TABLE for _, query in metric.queries("${Stage}") if "MetricStat" in query
        for where in [query["MetricStat"]["Metric"]]
    }  # fmt: skip
    named = {(*pair, dimensions) for pair, dimensions in on_the_dashboard() if dimensions}
    assert named <= asked
    assert len(named) > 20


def test_panels_do_not_overlap_and_have_ids_of_their_own() -> None:
    """Grafana lays them out on 24 columns."""
    ids = [panel["id"] for panel in GRAFANA["panels"]]
    assert len(set(ids)) == len(ids)
    places: Counter[tuple[int, int]] = Counter()
    for panel in GRAFANA["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        places.update(
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        )
    assert max(places.values()) == 1
    assert sum(places.values()) == 24 * (1 + max(y for _, y in places))  # and there are no holes


def test_the_dashboard_is_of_any_prometheus_and_of_one_stage() -> None:
    """Whoever imports it chooses both; every panel asks the one chosen, and says what it shows."""
    assert GRAFANA["schemaVersion"] >= 39
    assert [(v["name"], v["type"]) for v in GRAFANA["templating"]["list"]] == [
        ("datasource", "datasource"), ("stage", "query"),
    ]  # fmt: skip
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    for panel in PANELS:
        assert panel["datasource"] == chosen
        assert panel["title"]
        assert panel["description"]
        assert [target["datasource"] for target in panel["targets"]] == [chosen] * len(panel["targets"])
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def parts(query: str) -> Iterator[Any]:
    """The parts of a PromQL expression."""
    found: list[Any] = []
    promql_parser.walk(promql_parser.parse(query.replace("$__rate_interval", "16m")), found.append)
    return iter(found)


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_asks_for_what_is_scraped(query: str) -> None:
    """Names and labels of the table, of one stage; a counter by its increase, and nothing else so."""
    every = list(parts(query))
    ranged = [part.vector_selector.name for part in every if isinstance(part, promql_parser.MatrixSelector)]
    selected = [part for part in every if isinstance(part, promql_parser.VectorSelector)]
    assert selected
    for selector in selected:
        metric = BY_NAME[selector.name or ""]
        assert metric.counted == (selector.name in ranged)
        labels = {matcher.name: matcher.value for matcher in selector.matchers.matchers}
        assert labels.pop("stage") == "$stage"
        assert set(labels) <= {metric.label}
        grouped = [part.modifier.labels for part in every if isinstance(part, promql_parser.AggregateExpr)
                   and part.modifier]  # fmt: skip
        assert all(by == [metric.label] for by in grouped)


def test_legends_name_labels_that_there_are() -> None:
    """Lines can be told apart."""
    for panel in PANELS:
        for target in panel["targets"]:
            [*_, selector] = [p for p in parts(target["expr"]) if isinstance(p, promql_parser.VectorSelector)]
            label = BY_NAME[selector.name or ""].label
            fixed = {matcher.name for matcher in selector.matchers.matchers}
            assert re.findall(r"{{(\w+)}}", target["legendFormat"]) == ([label] if label and label not in fixed else [])
        legends = [target["legendFormat"] for target in panel["targets"]]
        assert len(set(legends)) == len(legends)


def test_grafana_shows_all_that_is_scraped() -> None:
    """And so what the table has."""
    shown = {p.name for query in QUERIES for p in parts(query) if isinstance(p, promql_parser.VectorSelector)}
    assert shown == set(BY_NAME)
