"""What Chalice has no words for: how event sources are set, what API Gateway answers by itself, how much it lets in.

This is the one place that says it. `tune` sets it on what is deployed (infra/deploy/tune.py), `package` writes it into
the template (infra/deploy/package.py); both in the words of AWS's API, which are CloudFormation's here.
"""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from chalicelib.core import cors
from chalicelib.core.metrics import CRITICAL_ROUTES
from chalicelib.core.routes import SECURITY
from infra import policies
from infra.functions import Function

# A stream's shard waits for a batch that fails. It is tried for an hour at most, halved each time, so that one record
# does not hold up the rest; what is left then goes to the dead letters, and has 23 hours to be replayed from there
# (a stream keeps a day). A split is no attempt: attempts are bounded only so that none goes on without an end.
_STREAM = {
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "BisectBatchOnFunctionError": True,
    "MaximumRetryAttempts": 100,
    "MaximumRecordAgeInSeconds": 3600,
    "ParallelizationFactor": 2,
}
# A queue's own redrive policy counts attempts, and moves what came too often to the dead letters.
_QUEUE = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
# A topic asks a function once and hands it over to Lambda, which keeps it and asks twice again: 6 hours is the most.
_TOPIC = {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 21600}
# What is missed is done by the next run: a late one would only run beside it. 60 s is the least that Lambda takes.
_SCHEDULE = {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}


def _only(*events: str, **key: str) -> dict[str, Any]:
    """Only such records, of items whose key begins so: the rest of a table's stream calls nobody, and costs nothing."""
    keys = {name: {"S": [{"prefix": prefix}]} for name, prefix in key.items()}
    return {"Filters": [{"Pattern": json.dumps({"eventName": events, "dynamodb": {"Keys": keys}})}]}


_OTHERWISE: dict[str, dict[str, Any]] = {
    # A busy day's changes come by thousands; those of one flight stay in order (parallel by partition key).
    "tell_changes": {"ParallelizationFactor": 10, "FilterCriteria": _only("INSERT", sk="history#")},
    "queue_errands": {"FilterCriteria": _only("INSERT", pk="errand#")},
    "tell_bookings": {"FilterCriteria": _only("INSERT", "MODIFY", pk="booking#")},
    # Who watches has long asked again by then, and got what this would have told.
    "push_change": {"MaximumEventAgeInSeconds": 900},
    "push_seats": {"MaximumEventAgeInSeconds": 900},
}


def functions(stage: str) -> list[Function]:
    """Every function of a stage. By infra/policies.yaml: app.py, which says the same, starts in one stage only."""
    return [Function(name, "", kind, source) for name, (kind, source) in policies.declared(stage).items()]


def event_source(function: Function, dead_letters: Any) -> dict[str, Any]:
    """How the mapping of a function's stream or queue is set; nothing where it has neither.

    `dead_letters` is the ARN of the queue for what can't be handled, or what stands for it in a template.
    """
    match function.kind:
        case "stream":
            return {**_STREAM, **_OTHERWISE.get(function.name, {}), "DestinationConfig": _on_failure(dead_letters)}
        case "queue":
            return {**_QUEUE, **_OTHERWISE.get(function.name, {})}
    return {}


def asynchronous(function: Function, dead_letters: Any) -> dict[str, Any]:
    """How Lambda goes on where a topic or a schedule invoked a function; nothing for functions of other kinds."""
    kinds = {"topic": _TOPIC, "schedule": _SCHEDULE}
    if function.kind not in kinds:
        return {}
    return {
        **kinds[function.kind],
        **_OTHERWISE.get(function.name, {}),
        "DestinationConfig": _on_failure(dead_letters),
    }


def _on_failure(dead_letters: Any) -> dict[str, Any]:
    return {"OnFailure": {"Destination": dead_letters}}


# What API Gateway answers without asking the function, by its name for it: the status, and a sentence.
#
# No route of ours asks API Gateway to authorise: where it misses or reads a signature, there is no such route. It says
# so of an unknown path and of an unknown method alike.
_NO_ROUTE = (HTTPStatus.NOT_FOUND, "there is nothing at this address, or not by this method; /docs lists what there is")
_FORBIDDEN = (HTTPStatus.FORBIDDEN, "this is not for you")
_OUR_FAULT = (HTTPStatus.INTERNAL_SERVER_ERROR, "this is our fault; it was logged")
_NOT_NOW = (HTTPStatus.SERVICE_UNAVAILABLE, "this took too long or could not be asked for; try again")
_TOO_MANY = (HTTPStatus.TOO_MANY_REQUESTS, "too many requests are being made of this stage; try again")
_ANSWERS: dict[str, tuple[HTTPStatus, str]] = {
    "ACCESS_DENIED": _FORBIDDEN,
    "API_CONFIGURATION_ERROR": _OUR_FAULT,
    "AUTHORIZER_CONFIGURATION_ERROR": _OUR_FAULT,
    "AUTHORIZER_FAILURE": _OUR_FAULT,
    "BAD_REQUEST_BODY": (HTTPStatus.BAD_REQUEST, "the body can't be read"),
    "BAD_REQUEST_PARAMETERS": (HTTPStatus.BAD_REQUEST, "the parameters can't be read"),
    "EXPIRED_TOKEN": _NO_ROUTE,
    "INTEGRATION_FAILURE": _NOT_NOW,
    "INTEGRATION_TIMEOUT": _NOT_NOW,
    "INVALID_API_KEY": _FORBIDDEN,
    "INVALID_SIGNATURE": _NO_ROUTE,
    "MISSING_AUTHENTICATION_TOKEN": _NO_ROUTE,
    "QUOTA_EXCEEDED": _TOO_MANY,
    "REQUEST_TOO_LARGE": (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "a request is at most 10 MB"),
    "RESOURCE_NOT_FOUND": _NO_ROUTE,
    "THROTTLED": _TOO_MANY,
    "UNAUTHORIZED": (HTTPStatus.UNAUTHORIZED, "this needs to know who is asking"),
    "UNSUPPORTED_MEDIA_TYPE": (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "this content type is not taken here"),
    "WAF_FILTERED": _FORBIDDEN,
}
_DEFAULTS = ("DEFAULT_4XX", "DEFAULT_5XX")  # what has no name, or none yet: it keeps the status that it comes with
_RETRY_AFTER = "5"  # seconds


def gateway_responses(cors_origin: str) -> dict[str, dict[str, Any]]:
    """What API Gateway answers by itself, as RFC 9457 problem+json with the headers of every other answer.

    By response type, in the words of PutGatewayResponse and of OpenAPI's x-amazon-apigateway-gateway-responses.
    `cors_origin` is the setting CORS_ORIGIN. Raises Misconfigured.
    """
    answers = {kind: _gateway_response(status, detail, cors_origin) for kind, (status, detail) in _ANSWERS.items()}
    return answers | {kind: _gateway_response(None, None, cors_origin) for kind in _DEFAULTS}


def _gateway_response(status: HTTPStatus | None, detail: str | None, cors_origin: str) -> dict[str, Any]:
    # API Gateway fills the variables in as they stand; messageString alone is a JSON string with its quotes.
    said = {"type": '"about:blank"'}
    if status is not None:
        said |= {"title": json.dumps(status.phrase), "status": str(status.value)}
    said["detail"] = json.dumps(detail) if detail else "$context.error.messageString"
    said["instance"] = '"urn:gatecall:request:$context.requestId"'
    headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store", **SECURITY}
    if allowed := cors.allowed(cors_origin):
        headers |= allowed.get_access_control_headers()
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        headers["Retry-After"] = _RETRY_AFTER
    return {
        **({} if status is None else {"statusCode": str(status.value)}),
        "responseParameters": {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in headers.items()},
        # API Gateway takes the template of this type where nothing else was asked for; the header says what it is.
        "responseTemplates": {"application/json": "{" + ", ".join(f'"{name}": {v}' for name, v in said.items()) + "}"},
    }


@dataclass(frozen=True)
class Throttle:
    """How many requests API Gateway lets in: a second in the long run, and at once."""

    rate: int
    burst: int


# REST, WebSocket messages, and our own calls to connections share the account's 10,000 requests a second and burst of
# 5,000; in smaller Regions 2,500 and 1,250 (API Gateway, quotas). These leave a fifth of the smaller for pushes: a
# storm of reads must not keep a change from those who watch.
REST = Throttle(1500, 750)
WEBSOCKET = Throttle(500, 250)


def method_settings() -> dict[tuple[str, str], dict[str, Any]]:
    """Settings of the REST stage by path and method: of all, and of each critical route alone.

    Metrics of a route of its own are what its alarm looks at; they cost, so only those have any. What is set of one
    route is not taken over from what is set of all.
    """
    throttle = {"throttlingRateLimit": float(REST.rate), "throttlingBurstLimit": REST.burst}
    settings: dict[tuple[str, str], dict[str, Any]] = {("*", "*"): {**throttle, "metricsEnabled": False}}
    for route in CRITICAL_ROUTES:
        method, path = route.split()
        settings[path, method] = {**throttle, "metricsEnabled": True}
    return settings


def route_settings() -> dict[str, Any]:
    """Settings of all routes of the WebSocket stage."""
    return {"ThrottlingRateLimit": float(WEBSOCKET.rate), "ThrottlingBurstLimit": WEBSOCKET.burst}
