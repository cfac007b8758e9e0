"""How event sources are set, and what API Gateway answers by itself: the data that `tune` and `package` share."""

import json
from typing import Any

import pytest

import app
from chalicelib.core.config import Misconfigured
from chalicelib.core.metrics import CRITICAL_ROUTES
from chalicelib.core.routes import SECURITY
from infra import functions, resources
from infra.deploy import tuning

DEAD_LETTERS = "arn:aws:sqs:us-east-1:123456789012:gatecall-test-dead-letters"
DECLARED = functions.declared()
TO_DEAD_LETTERS = {"OnFailure": {"Destination": DEAD_LETTERS}}


def of_kind(*kinds: str) -> list[functions.Function]:
    found = [function for function in DECLARED if function.kind in kinds]
    assert found
    return found


def test_a_stream_is_held_up_by_nothing_for_more_than_an_hour_and_loses_nothing() -> None:
    """F24: part of a batch, halves, an end to attempts and age, and the dead letters; flights' order by key."""
    for function in of_kind("stream"):
        settings = tuning.event_source(function, DEAD_LETTERS)
        assert settings["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert settings["BisectBatchOnFunctionError"] is True
        assert 0 < settings["MaximumRetryAttempts"] <= 100
        assert 60 <= settings["MaximumRecordAgeInSeconds"] <= 3600
        assert 1 <= settings["ParallelizationFactor"] <= 10
        assert settings["DestinationConfig"] == TO_DEAD_LETTERS
        assert tuning.asynchronous(function, DEAD_LETTERS) == {}


def passes(pattern: Any, told: Any) -> bool:
    """Lambda's event filtering, as far as it is used here: equal values, and prefixes."""
    if isinstance(pattern, dict):
        return all(name in told and passes(each, told[name]) for name, each in pattern.items())
    return any(told.startswith(each["prefix"]) if isinstance(each, dict) else told == each for each in pattern)


@pytest.mark.parametrize(
    ("function", "event", "key", "comes"),
    [
        ("tell_changes", "INSERT", {"pk": "UA1-20260710", "sk": "history#EWR#0000000002"}, True),
        ("tell_changes", "MODIFY", {"pk": "UA1-20260710", "sk": "history#EWR#0000000002"}, False),
        ("tell_changes", "INSERT", {"pk": "UA1-20260710", "sk": "flight#EWR"}, False),
        ("queue_errands", "INSERT", {"pk": "errand#1", "sk": "errand"}, True),
        ("queue_errands", "MODIFY", {"pk": "errand#1", "sk": "errand"}, False),
        ("queue_errands", "INSERT", {"pk": "account#1", "sk": "session#1"}, False),
        ("tell_bookings", "INSERT", {"pk": "booking#K3M9TZ", "sk": "booking"}, True),
        ("tell_bookings", "MODIFY", {"pk": "booking#K3M9TZ", "sk": "booking"}, True),
        ("tell_bookings", "REMOVE", {"pk": "booking#K3M9TZ", "sk": "booking"}, False),
        ("tell_bookings", "INSERT", {"pk": "simulated#K3M9TZ-1", "sk": "charge"}, False),
    ],
)
def test_a_function_is_called_for_what_it_looks_at(function: str, event: str, key: dict[str, str], comes: bool) -> None:
    """It is asked about nothing that it would pass over: most of a table's stream."""
    record = {"eventName": event, "dynamodb": {"Keys": {name: {"S": value} for name, value in key.items()}}}
    [found] = [each for each in DECLARED if each.name == function]
    [told] = tuning.event_source(found, DEAD_LETTERS)["FilterCriteria"]["Filters"]
    assert passes(json.loads(told["Pattern"]), record) is comes


def test_a_queue_gets_back_what_is_left_of_a_batch_and_nothing_else_is_set() -> None:
    """How often, and where to then, is the queue's redrive policy: Lambda knows no such settings of a queue."""
    for function in of_kind("queue"):
        assert tuning.event_source(function, DEAD_LETTERS) == {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
        assert tuning.asynchronous(function, DEAD_LETTERS) == {}


def test_what_a_topic_says_is_tried_again_and_then_set_aside() -> None:
    """Within what Lambda takes: 0 to 2 attempts more, 60 s to 6 hours."""
    for function in of_kind("topic"):
        settings = tuning.asynchronous(function, DEAD_LETTERS)
        assert settings["MaximumRetryAttempts"] == 2
        assert 60 <= settings["MaximumEventAgeInSeconds"] <= 21600
        assert settings["DestinationConfig"] == TO_DEAD_LETTERS
        assert tuning.event_source(function, DEAD_LETTERS) == {}


def test_a_run_that_was_missed_is_not_made_up_for() -> None:
    """The next one does it: a late poll would only run beside it."""
    for function in of_kind("schedule"):
        settings = tuning.asynchronous(function, DEAD_LETTERS)
        assert (settings["MaximumRetryAttempts"], settings["MaximumEventAgeInSeconds"]) == (0, 60)


def test_whoever_waits_for_an_answer_is_left_alone() -> None:
    """API Gateway invokes these, and tells the caller what became of it."""
    for function in of_kind("rest", "websocket"):
        assert tuning.event_source(function, DEAD_LETTERS) == tuning.asynchronous(function, DEAD_LETTERS) == {}


def test_every_exception_is_of_a_function_that_there_is() -> None:
    """A function that is renamed takes its exception along."""
    assert set(tuning._OTHERWISE) <= {function.name for function in DECLARED}


def filled_in(template: str) -> dict[str, object]:
    """What a caller gets, of a message with all that JSON has to escape."""
    told = template.replace("$context.error.messageString", json.dumps('a "quoted" \\ message\n'))
    problem: dict[str, object] = json.loads(told.replace("$context.requestId", "c6af9ac6-7b61"))
    return problem


@pytest.mark.parametrize("kind", sorted(tuning.gateway_responses("")))
def test_what_api_gateway_answers_by_itself_is_a_problem_like_ours(kind: str) -> None:
    """RFC 9457, with the headers that guard every answer, and the request named as the log does."""
    answer = tuning.gateway_responses("")[kind]
    headers = answer["responseParameters"]
    for name, value in {"Content-Type": "application/problem+json", "Cache-Control": "no-store", **SECURITY}.items():
        assert headers[f"gatewayresponse.header.{name}"] == f"'{value}'"
    assert not [name for name in headers if "Access-Control" in name]
    problem = filled_in(answer["responseTemplates"]["application/json"])
    assert problem["type"] == "about:blank"
    assert problem["detail"]
    assert problem["instance"] == "urn:gatecall:request:c6af9ac6-7b61"
    if kind.startswith("DEFAULT"):
        assert "statusCode" not in answer, "all that has no name would get this one"
        assert "status" not in problem
    else:
        assert answer["statusCode"] == str(problem["status"])


def test_an_unknown_address_is_not_found() -> None:
    """API Gateway takes it for a lack of rights (403), or for a bad signature where a token was sent."""
    answers = tuning.gateway_responses("")
    for kind in ("MISSING_AUTHENTICATION_TOKEN", "INVALID_SIGNATURE", "EXPIRED_TOKEN", "RESOURCE_NOT_FOUND"):
        assert answers[kind]["statusCode"] == "404"
    assert "nothing at this address" in answers["RESOURCE_NOT_FOUND"]["responseTemplates"]["application/json"]


def test_whoever_comes_too_often_or_at_a_bad_time_is_told_to_come_again() -> None:
    """429 and 503, as the app answers them; no 502 or 504."""
    answers = tuning.gateway_responses("")
    for kind, status in {
        "THROTTLED": "429", "QUOTA_EXCEEDED": "429", "INTEGRATION_TIMEOUT": "503", "INTEGRATION_FAILURE": "503",
    }.items():  # fmt: skip
        assert answers[kind]["statusCode"] == status
        assert int(answers[kind]["responseParameters"]["gatewayresponse.header.Retry-After"].strip("'")) > 0
    assert "gatewayresponse.header.Retry-After" not in answers["REQUEST_TOO_LARGE"]["responseParameters"]


def test_pages_of_the_origin_that_may_call_may_read_what_api_gateway_answers() -> None:
    """Else a browser hides a 429 from the script that has to wait."""
    for answer in tuning.gateway_responses("https://app.example.com").values():
        headers = answer["responseParameters"]
        assert headers["gatewayresponse.header.Access-Control-Allow-Origin"] == "'https://app.example.com'"
        assert "Retry-After" in headers["gatewayresponse.header.Access-Control-Expose-Headers"]
    with pytest.raises(Misconfigured):
        tuning.gateway_responses("example.com/app")


def test_reads_never_take_all_that_the_account_may_ask_of_api_gateway() -> None:
    """Pushes to connections share its 10,000 a second and burst of 5,000, in smaller Regions 2,500 and 1,250."""
    assert tuning.REST.rate + tuning.WEBSOCKET.rate <= 0.8 * 2500
    assert tuning.REST.burst + tuning.WEBSOCKET.burst <= 0.8 * 1250


def watched(template: Any) -> set[tuple[str, str]]:
    """The path and method of every route that something of a template looks at."""
    match template:
        case {"Namespace": "AWS/ApiGateway", "Dimensions": [*dimensions]}:
            values = {each["Name"]: each["Value"] for each in dimensions}
            return {(values["Resource"], values["Method"])} if {"Resource", "Method"} <= values.keys() else set()
        case dict():
            return set().union(*map(watched, template.values()))
        case list():
            return set().union(*map(watched, template))
    return set()


def test_every_route_with_an_alarm_has_the_metrics_that_it_looks_at() -> None:
    """Without them, the alarm would see nothing, and never ring."""
    routes = watched(resources.document())
    assert routes
    assert [route for route in routes if not tuning.method_settings().get(route, {}).get("metricsEnabled")] == []


def test_the_critical_routes_have_metrics_of_their_own() -> None:
    """Alarms look at them. They let in as much as all others: what is set of one route is not taken over from all."""
    settings = tuning.method_settings()
    assert settings["*", "*"]["metricsEnabled"] is False
    assert {f"{method} {path}" for (path, method), each in settings.items() if each["metricsEnabled"]} == {
        *CRITICAL_ROUTES
    }
    routes = {(path, method) for path, methods in app.app.routes.items() for method in methods}
    assert settings.keys() - {("*", "*")} <= routes
    assert {each["throttlingRateLimit"] for each in settings.values()} == {float(tuning.REST.rate)}
    assert {each["throttlingBurstLimit"] for each in settings.values()} == {tuning.REST.burst}
