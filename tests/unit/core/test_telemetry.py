"""What the handlers say of themselves: metrics by stage, and log lines that name it."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.core import telemetry
from chalicelib.core.telemetry import MetricUnit


def said(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_counted_metrics_leave_with_the_handler_under_their_stages_name(capsys: pytest.CaptureFixture[str]) -> None:
    """Two stages of one account do not add up; and nothing is counted twice."""

    def handler(_: object) -> str:
        telemetry.count("FlightsAdded", 2)
        telemetry.count("FlightsAdded", 3)
        return "answer"

    event = SimpleNamespace(lambda_context=SimpleNamespace(aws_request_id="r1"))
    assert telemetry.invocation(event, handler) == "answer"
    [line] = said(capsys)
    [declared] = line["_aws"]["CloudWatchMetrics"]
    assert declared == {
        "Namespace": "gatecall/test", "Dimensions": [["service"]],
        "Metrics": [{"Name": "FlightsAdded", "Unit": "Count"}],
    }  # fmt: skip
    assert (line["service"], line["FlightsAdded"]) == ("gatecall", [2, 3])
    telemetry.invocation(event, lambda _: None)
    assert said(capsys) == []


def test_what_is_counted_by_channel_is_counted_in_all_too(capsys: pytest.CaptureFixture[str]) -> None:
    """An alarm looks at all of them, the dashboard at each."""

    def handler(_: object) -> None:
        telemetry.count("MessagesAccepted", 2, channel="email")
        telemetry.count("MessagesAccepted", 3, channel="sms")

    for _ in range(2):
        telemetry.invocation(SimpleNamespace(), handler)
        counted = {
            (tuple(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]), line.get("channel")): line[
                "MessagesAccepted"
            ]
            for line in said(capsys)
        }
        assert counted == {
            (("service",), None): [2, 3],
            (("service", "channel"), "email"): [2],
            (("service", "channel"), "sms"): [3],
        }


def test_a_measured_value_leaves_at_once_under_its_stages_name(capsys: pytest.CaptureFixture[str]) -> None:
    """With the dimensions it is given."""
    telemetry.gauge("FeedSilence", 60, MetricUnit.Seconds, feed="replay")
    [line] = said(capsys)
    [declared] = line["_aws"]["CloudWatchMetrics"]
    assert (declared["Namespace"], declared["Dimensions"]) == ("gatecall/test", [["feed"]])
    assert (line["feed"], line["FeedSilence"]) == ("replay", [60])


def test_each_log_line_of_a_handler_names_the_stage_and_the_request() -> None:
    """Logs of all stages can be searched together."""
    event = SimpleNamespace(lambda_context=SimpleNamespace(aws_request_id="r1"))
    keys = telemetry.invocation(event, lambda _: telemetry.logger.get_current_keys())
    assert (keys["stage"], keys["function_request_id"]) == ("test", "r1")
