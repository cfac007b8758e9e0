"""REST routes: a Chalice blueprint whose views are typed, say who may call them, and answer errors in one shape.

A view's signature is its contract, and the OpenAPI document is made from it (`openapi`): parameters named in the path
are strings; `query` and `body` are pydantic models (or `body: bytes`); `machine` is the caller with an API key; the
annotation of the result is the answer. Chalice middleware never sees a view's exception, hence the wrapper here.
"""

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any, get_type_hints
from urllib.parse import unquote

from chalice.app import Blueprint, Response
from pydantic import BaseModel, ConfigDict, ValidationError

from chalicelib.core import errors
from chalicelib.core.callers import Callers, admit
from chalicelib.core.telemetry import logger

JSON = "application/json"
DECLARED = "declared_route"  # the attribute of a registered view that holds its Route

_STATUS = {
    errors.WrongMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.Invalid: HTTPStatus.BAD_REQUEST,
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Shape(BaseModel):
    """Base of what is sent or received. Built on first use: a cold start pays only for the models it needs."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class Query(Shape):
    """Base of query strings: a parameter nobody knows is an error that names it, not a silent nothing."""

    model_config = ConfigDict(extra="forbid")


class Answer(Shape):
    """Base of what routes answer with."""

    def tag(self) -> bytes:
        """What the weak ETag is made from: equal for answers that mean the same."""
        return self.model_dump_json().encode()

    def headers(self) -> Mapping[str, str]:
        """Headers of its own; they come with a 304 too, and so refresh what a client has kept."""
        return {}


@dataclass(frozen=True)
class Document:
    """An answer that is no JSON of ours: a page, a script, XML."""

    body: str
    content_type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """One route as declared: what the wrapper obeys and the OpenAPI document tells."""

    method: str
    path: str
    view: Callable[..., Any]
    callers: Callers
    max_age: int | None  # seconds an answer may be kept before asking again; None: never kept
    consumes: tuple[str, ...]
    produces: tuple[str, ...]

    @cached_property
    def hints(self) -> dict[str, Any]:
        """The view's annotations by parameter name, and `return`."""
        return get_type_hints(self.view)

    @cached_property
    def parameters(self) -> frozenset[str]:
        """The names of the view's parameters."""
        return frozenset(inspect.signature(self.view).parameters)


class Routes(Blueprint):
    """The routes of one capability."""

    def get(
        self, path: str, *, callers: Callers, max_age: int | None, produces: tuple[str, ...] = (JSON,)
    ) -> Callable[..., Any]:
        """Declare a view that reads. `max_age` in seconds."""
        return self._declare("GET", path, callers=callers, max_age=max_age, consumes=(), produces=produces)

    def post(
        self, path: str, *, callers: Callers, consumes: tuple[str, ...] = (JSON,), produces: tuple[str, ...] = (JSON,)
    ) -> Callable[..., Any]:
        """Declare a view that takes a body of the given content types."""
        return self._declare("POST", path, callers=callers, max_age=None, consumes=consumes, produces=produces)

    def _declare(self, method: str, path: str, **contract: Any) -> Callable[..., Any]:
        def declare(view: Callable[..., Any]) -> Callable[..., Any]:
            route = Route(method, path, view, **contract)

            def answer(**path_parameters: str) -> Response:
                return _answer(route, self.current_request, path_parameters)

            answer.__name__ = view.__name__
            answer.__doc__ = view.__doc__
            setattr(answer, DECLARED, route)
            # Any content type gets as far as _answer, so that a wrong one is refused in our own shape.
            self.route(path, methods=[method], content_types=["*/*"], name=view.__name__)(answer)
            return view

        return declare


def _answer(route: Route, request: Any, path_parameters: Mapping[str, str]) -> Response:
    try:
        machine = admit(route.callers, request.headers)
        arguments: dict[str, Any] = {name: unquote(text) for name, text in path_parameters.items()}
        if "machine" in route.parameters:
            arguments["machine"] = machine
        if "query" in route.parameters:
            arguments["query"] = _query(route.hints["query"], request.query_params)
        elif request.query_params:
            raise errors.Invalid("this takes no query", [
                errors.Fault("query", name, "is not known here") for name in request.query_params
            ])  # fmt: skip
        if "body" in route.parameters:
            arguments["body"] = _body(route, request)
        if "headers" in route.parameters:
            arguments["headers"] = request.headers
        return _shaped(route, request, route.view(**arguments))
    except errors.GatecallError as error:
        return problem(error, request)
    except Exception:
        logger.exception("a view failed", route=f"{route.method} {route.path}")
        return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "this is our fault; it was logged", request)


def _query(model: type[BaseModel], parameters: Any) -> BaseModel:
    given: dict[str, str] = {}
    for name in parameters or ():
        values = parameters.getlist(name)
        if len(values) > 1:
            raise errors.Invalid("a query parameter is given twice", [errors.Fault("query", name, "is given twice")])
        given[name] = values[0]
    return _validated(model, given, "query")


def _body(route: Route, request: Any) -> Any:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in route.consumes:
        raise errors.WrongMediaType(
            f"this takes {' or '.join(route.consumes)}",
            [errors.Fault("header", "Content-Type", f"is {content_type or 'missing'}")],
        )
    try:
        raw: bytes = request.raw_body
    except ValueError:  # base64 that is none, text that is none
        raise errors.Invalid("the body can't be decoded") from None
    if route.hints["body"] is bytes:
        return raw
    try:
        parsed = json.loads(raw)
    except ValueError as error:
        raise errors.Invalid(f"the body is not JSON: {error}") from None
    return _validated(route.hints["body"], parsed, "body")


def _validated(model: type[BaseModel], given: Any, place: str) -> BaseModel:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        faults = [
            errors.Fault(place, ".".join(map(str, e["loc"])), _reason(e))
            for e in error.errors(include_url=False, include_input=False)
        ]
        raise errors.Invalid(
            f"the {place} can't be used: {'; '.join(f'{f.name}: {f.detail}' for f in faults)}", faults
        ) from None


def _reason(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "is not known here"
    if error["type"] == "missing":
        return "is missing"
    message: str = error["msg"].removeprefix("Value error, ")
    return message[0].lower() + message[1:]


def _shaped(route: Route, request: Any, result: Answer | Document) -> Response:
    headers: dict[str, str | list[str]] = {
        "Cache-Control": "no-store" if route.max_age is None else f"public, max-age={route.max_age}"
    }
    if isinstance(result, Document):
        headers |= {"Content-Type": result.content_type, **result.headers}
        body, tag, status = result.body, result.body.encode(), result.status
    else:
        headers |= {"Content-Type": JSON, **result.headers()}
        body, tag, status = result.model_dump_json(by_alias=True, exclude_none=True), result.tag(), HTTPStatus.OK
    if route.max_age is not None:
        etag = f'W/"{hashlib.blake2b(tag, digest_size=12).hexdigest()}"'
        headers["ETag"] = etag
        if _same(request.headers.get("if-none-match"), etag):
            return Response("", headers=headers, status_code=HTTPStatus.NOT_MODIFIED)
    return Response(body, headers=headers, status_code=status)


def _same(if_none_match: str | None, etag: str) -> bool:
    """Weak comparison (RFC 9110, section 13.1.2)."""
    tags = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return "*" in tags or etag.removeprefix("W/") in tags


def problem(error: errors.GatecallError, request: Any) -> Response:
    """An error as RFC 9457 problem+json, with every fault named."""
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), HTTPStatus.BAD_REQUEST)
    return _problem(status, str(error), request, error)


def _problem(status: HTTPStatus, detail: str, request: Any, error: errors.GatecallError | None = None) -> Response:
    body: dict[str, Any] = {
        "type": "about:blank",  # RFC 9457, section 4.2.1: no more than the status says
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "instance": f"urn:gatecall:request:{request.context.get('requestId', '')}",
    }
    headers: dict[str, str | list[str]] = {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    if isinstance(error, errors.Invalid) and error.faults:
        body["errors"] = [{"in": f.place, "name": f.name, "detail": f.detail} for f in error.faults]
    if isinstance(error, errors.Unavailable):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.Unauthenticated):
        headers["WWW-Authenticate"] = "ApiKey"
    return Response(json.dumps(body), headers=headers, status_code=status.value)
