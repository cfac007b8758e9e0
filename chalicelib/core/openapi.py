"""The OpenAPI 3.1 document, made from the routes as they are registered and the pydantic models they name."""

import inspect
import re
from collections.abc import Iterable
from typing import Any

from chalice.app import Chalice
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from chalicelib.core.callers import (
    API_KEY_HEADER,
    FAMILY_NAME_HEADER,
    AnyoneOrSignedIn,
    ApiKey,
    BookingParty,
    RefreshToken,
    Role,
    SignedIn,
    SignedLink,
)
from chalicelib.core.idempotency import HEADER, LONGEST, REPLAYED
from chalicelib.core.routes import DECLARED, JSON, Answer, Document, Route

_REF = "#/components/schemas/{model}"
_NOT_UNDERSTOOD = "What was sent can't be understood"
_BEFORE = (400, 413, 503)  # may come before the view is asked: as a problem, whatever the view itself answers
_AGAIN = {"Retry-After": {"description": "seconds", "required": True, "schema": {"type": "integer"}}}
_HOW = "how to show who one is (RFC 6750, RFC 9470)"
_HEADERS = {  # that come with a status
    # API Gateway hands it on as x-amzn-Remapped-WWW-Authenticate, so it can't be promised
    "401": {"WWW-Authenticate": {"description": _HOW, "schema": {"type": "string"}}},
    "409": {name: {**of, "required": False} for name, of in _AGAIN.items()},  # of a key that is still at work
    "429": _AGAIN,
    "503": _AGAIN,
}
_KEY = {
    "name": HEADER,
    "in": "header",
    "description": "A new random value, such as a UUID, for each thing that is wanted done. Sent again with it, the "
    "same request is done once and gets the same answer for 24 hours (draft-ietf-httpapi-idempotency-key-header).",
    # A key with double quotes or backslashes in it would have to be written as a String of RFC 9651.
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": r"^[!#-\[\]-~]+$"},
}
_STILL_AT_WORK = f"The {HEADER} is still at work: try again after Retry-After"
_KEY_REUSED = f"The {HEADER} came before with another request"
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details; `errors` names every invalid field. Some have members of their own.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["in", "name", "detail"],
                "properties": {
                    "in": {"enum": ["path", "query", "header", "body"]},
                    "name": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


def routes_of(app: Chalice) -> list[Route]:
    """Every route of the app, as declared."""
    entries = (entry for methods in app.routes.values() for entry in methods.values())
    return [getattr(entry.view_function, DECLARED) for entry in entries]


def document(routes: Iterable[Route], version: str) -> dict[str, Any]:
    """The whole document; where the API is served is for who serves it to say (a stage of API Gateway adds a path)."""
    routes = sorted(routes, key=lambda route: (route.path, route.method))
    models = {model for route in routes for model in _models(route)}
    ordered = sorted(models, key=lambda model: (model[0].__name__, model[1]))
    in_use, schemas = models_json_schema(ordered, ref_template=_REF)
    named = schemas.get("$defs", {})
    paths: dict[str, Any] = {}
    for route in routes:
        named |= _query(route).get("$defs", {})
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, in_use)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Gatecall",
            "version": version,
            "description": "Flight status in, everything that follows from it out. Instants are UTC (RFC 3339, Z).\n\n"
            + _who_may_call_what(routes),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in sorted({_tag(route) for route in routes}, key=lambda t: (t == "system", t))],
        "paths": paths,
        "components": {
            "schemas": {"Problem": _PROBLEM, **named},
            "securitySchemes": {
                "apiKey": {"type": "apiKey", "in": "header", "name": API_KEY_HEADER},
                "signedLink": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "the token of the link in a message; it is the key to what its address follows",
                },
                "signedLinkQuery": {"type": "apiKey", "in": "query", "name": "token", "description": "the same"},
                "accessToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "of an account's session, for 15 minutes: POST /v1/sessions",
                },
                "familyName": {
                    "type": "apiKey",
                    "in": "header",
                    "name": FAMILY_NAME_HEADER,
                    "description": "the family name of a passenger of the booking, percent-encoded UTF-8 (RFC 3986)",
                },
            },
        },
    }


def _who_may_call_what(routes: Iterable[Route]) -> str:
    """One table (Markdown) of all routes, from what each declares."""
    rows = [f"| `{route.method} {route.path}` | {route.callers} |" for route in routes]
    return "\n".join(["## Who may call what", "", "| route | callers |", "| --- | --- |", *rows])


def _tag(route: Route) -> str:
    capability = route.view.__module__.split(".")[1]
    return "system" if capability == "core" else capability


def _models(route: Route) -> list[tuple[type[BaseModel], JsonSchemaMode]]:
    """Each with how it is meant: as it is taken, or as it is given."""
    named: list[tuple[Any, JsonSchemaMode]] = [
        (route.hints.get("body"), "validation"), (route.hints["return"], "serialization"),
    ]  # fmt: skip
    return [(model, mode) for model, mode in named if inspect.isclass(model) and issubclass(model, BaseModel)]


def _operation(route: Route, in_use: Any) -> dict[str, Any]:
    summary, _, description = (inspect.getdoc(route.view) or "").partition("\n\n")
    operation: dict[str, Any] = {
        "operationId": route.view.__name__,
        "summary": " ".join(summary.split()),
        "tags": [_tag(route)],
        "parameters": _parameters(route),
        "responses": _responses(route, in_use),
        "x-callers": str(route.callers),
    }
    if description:
        operation["description"] = description
    if "body" in route.parameters:
        body = route.hints["body"]
        schema = {"type": "string"} if body is bytes else in_use[body, "validation"]
        operation["requestBody"] = {"required": True, "content": {t: {"schema": schema} for t in route.consumes}}
    if isinstance(route.callers, ApiKey):
        operation["security"] = [{"apiKey": []}]
    if isinstance(route.callers, AnyoneOrSignedIn):
        operation["security"] = [{}, {"accessToken": []}]
    if isinstance(route.callers, BookingParty):
        operation["security"] = [
            {"accessToken": []}, {"signedLink": []}, {"signedLinkQuery": []}, {"familyName": []},
        ]  # fmt: skip
    if isinstance(route.callers, SignedLink):
        operation["security"] = [{"signedLink": []}, {"signedLinkQuery": []}, {"accessToken": []}]
    if isinstance(route.callers, SignedIn):
        operation["security"] = [{"accessToken": []}]
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    schema = _query(route)
    for name, of in schema.get("properties", {}).items():
        found.append({"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": of})
        if "description" in of:
            found[-1]["description"] = of.pop("description")
    if route.idempotency != "none":
        found.append({**_KEY, "required": route.idempotency == "required"})
    return found


def _query(route: Route) -> dict[str, Any]:
    """The schema of a view's query. Its parameters are there or are not: there is no null in a URL."""
    if "query" not in route.parameters:
        return {}
    schema: dict[str, Any] = route.hints["query"].model_json_schema(ref_template=_REF)
    for of in schema["properties"].values():
        choices = [each for each in of.pop("anyOf", []) if each != {"type": "null"}]
        if len(choices) == 1:
            of.update(choices[0])
            if of.get("default", ...) is None:
                del of["default"]
        elif choices:
            of["anyOf"] = choices
    return schema


def _responses(route: Route, in_use: Any) -> dict[str, Any]:
    answer = route.hints["return"]
    if inspect.isclass(answer) and issubclass(answer, Answer):
        content = {JSON: {"schema": in_use[answer, "serialization"]}}
    else:
        content = {kind: {"schema": {"type": "string"} if kind != JSON else {}} for kind in route.produces}
    responses = {str(route.status): _as_asked(route, content)}
    if route.max_age is not None:
        responses["304"] = {"description": "Nothing changed since the ETag in If-None-Match"}
    problem = {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}}
    problems = _reasons(route)
    documents: dict[int, str] = {}
    for code, why in route.others.items():
        if answer is Document or why is None:
            problems.pop(code, None)
        if why is not None:
            (documents if answer is Document else problems)[code] = why
    if route.idempotency != "none":
        problems[409] = "; ".join(filter(None, [problems.get(409), _STILL_AT_WORK]))
        problems[422] = "; ".join(filter(None, [problems.get(422), _KEY_REUSED]))
    if route.method == "GET" and not any(kind.startswith("text/html") for kind in route.produces):
        problems, documents = problems | documents, {}  # of a file: a page says in its own words why there is none
    for code, why in documents.items():
        responses[str(code)] = {"description": why, "content": content | (problem if code in _BEFORE else {})}
    if 400 in documents:
        responses["400"]["description"] = f"{_NOT_UNDERSTOOD}. {documents[400]}"
    for code, why in problems.items():
        responses[str(code)] = {"description": why, "content": problem}
    for status in responses.keys() & _HEADERS.keys():
        responses[status]["headers"] = _HEADERS[status]
    return dict(sorted(responses.items()))


def _as_asked(route: Route, content: Any) -> dict[str, Any]:
    """The answer to a request that goes well."""
    told: dict[str, Any] = {"description": "As asked"}
    if content and route.status < 300:
        told["content"] = content
    if route.idempotency == "kept":
        replayed = {"description": "`true`: the answer that this key got before", "schema": {"type": "string"}}
        told["headers"] = {REPLAYED: replayed}
    return told


def _reasons(route: Route) -> dict[int, str]:
    """The problems that come of what is declared, by status."""
    reasons = {400: f"{_NOT_UNDERSTOOD}; each fault is named", 503: "Try again after Retry-After"}
    if "{" in route.path:
        reasons[404] = "There is no such thing"
    if isinstance(route.callers, ApiKey):
        reasons |= {401: "No valid API key", 403: "The API key lacks the scope"}
    if isinstance(route.callers, SignedLink):
        reasons[401] = "No valid signed link or access token"
    if isinstance(route.callers, AnyoneOrSignedIn):
        reasons[401] = "The access token holds no more"
    if isinstance(route.callers, BookingParty):
        reasons[401] = "No valid access token, booking's link or family name"
    if isinstance(route.callers, SignedIn):
        reasons |= {401: "No valid access token", 403: f"The account is not that of {route.callers}"}
        if set(route.callers.roles) == set(Role):
            del reasons[403]
    if isinstance(route.callers, RefreshToken):
        reasons[401] = "No valid refresh token"
    if "client" in route.parameters:
        reasons[429] = "Too often: try again after Retry-After"
    if route.consumes:
        reasons[413] = "The body is larger than what is taken"
        reasons[415] = f"The body is not {' or '.join(route.consumes)}"
    return reasons
