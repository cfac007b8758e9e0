"""REST routes: a Chalice blueprint whose views are typed, say who may call them, and answer errors in one shape.

A view's signature is its contract, and the OpenAPI document is made from it (`openapi`): parameters named in the path
are strings; `query` and `body` are pydantic models (or `body: bytes`); `machine` is the caller with an API key and
`holder` the one with a signed link, `person` the one with an access token (None, where nobody needs one and there is
none), `party` what somebody shows for a booking; `client` is the network address of whoever calls; `idempotency_key` is
for a view that keeps it itself; the annotation of the result is the answer. Chalice middleware never sees a view's
exception, hence the wrapper here.
"""

import hashlib
import hmac
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property, partial
from http import HTTPStatus
from ipaddress import IPv6Network, ip_address
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_type_hints
from urllib.parse import parse_qsl, unquote

from chalice.app import Blueprint, Chalice, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from chalicelib.core import clock, cors, errors, idempotency
from chalicelib.core.callers import BookingParty, Caller, Callers, SignedLink, admit, identity
from chalicelib.core.config import config
from chalicelib.core.secrets import secret
from chalicelib.core.telemetry import logger

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
FRONT_HEADER = "x-gatecall-front"
VIEWER_HEADER = "x-gatecall-viewer"  # infra/resources.yaml sets both
LARGEST = 100_000  # bytes of a body of ours; a view that takes raw bytes sees to it itself
NAMED = 20  # faults that a problem names: a body has room for thousands
LONGEST = 200  # characters of a name and of a reason that a problem repeats
NO_OTHERS: Mapping[int, str | None] = MappingProxyType({})
STALE = "stale-if-error=60"  # RFC 5861: while this API fails, a cache would hand out old boards for as long as it likes
DECLARED = "declared_route"  # the attribute of a registered view that holds its Route
# What no browser may do with an answer; a page that needs more says so itself. HSTS counts over HTTPS only.
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}

_STATUS = {
    errors.WrongMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.Invalid: HTTPStatus.BAD_REQUEST,
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.KeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.PaymentDeclined: HTTPStatus.PAYMENT_REQUIRED,
    errors.TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


Idempotency = Literal["required", "kept", "none"]  # how a POST takes the header Idempotency-Key: see core/idempotency


class Shape(BaseModel):
    """Base of what is sent or received. Built on first use: a cold start pays only for the models it needs.

    Its errors do not show what was given: they may reach the log.
    """

    model_config = ConfigDict(frozen=True, defer_build=True, hide_input_in_errors=True)


class Query(Shape):
    """Base of query strings: a parameter nobody knows is an error that names it, not a silent nothing."""

    model_config = ConfigDict(extra="forbid")


class Body(Shape):
    """Base of bodies, and of what stands in them: likewise, as no misspelt wish is to be forgotten."""

    model_config = ConfigDict(extra="forbid")


def day(text: str) -> date:
    """A day as a query says it, such as 2026-12-01. Raises ValueError."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise ValueError("is not a day such as 2026-12-01") from None


Day = Annotated[date, BeforeValidator(day)]


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
    status: int = 200  # of an answer; a Document brings its own
    others: Mapping[int, str | None] = field(default_factory=dict)  # see Routes
    idempotency: Idempotency = "none"

    @cached_property
    def hints(self) -> dict[str, Any]:
        """The view's annotations by parameter name, and `return`."""
        return get_type_hints(self.view)

    @cached_property
    def parameters(self) -> frozenset[str]:
        """The names of the view's parameters."""
        return frozenset(inspect.signature(self.view).parameters)


class Routes(Blueprint):
    """The routes of one capability.

    `others` is for the OpenAPI document: the statuses that can't be told from the rest of what is declared, with what
    they mean; a view that answers with Documents says them so too. None: this one never comes.
    """

    def get(
        self,
        path: str,
        *,
        callers: Callers,
        max_age: int | None,
        produces: tuple[str, ...] = (JSON,),
        status: int = 200,
        others: Mapping[int, str | None] = NO_OTHERS,
    ) -> Callable[..., Any]:
        """Declare a view that reads. `max_age` in seconds."""
        return self._declare(
            "GET", path, callers=callers, max_age=max_age, consumes=(), produces=produces, status=status, others=others
        )

    def post(
        self,
        path: str,
        *,
        callers: Callers,
        consumes: tuple[str, ...] = (JSON,),
        produces: tuple[str, ...] = (JSON,),
        status: int = 200,
        others: Mapping[int, str | None] = NO_OTHERS,
        idempotency: Idempotency = "kept",
    ) -> Callable[..., Any]:
        """Declare a view that takes a body of the given content types; none: it looks at no body.

        A form comes as text, and as a list of texts where a name is given more than once. `idempotency` "none" is for
        what changes nothing, or has a rule of its own for what comes twice: that is said beside it.
        """
        return self._declare(
            "POST", path, callers=callers, max_age=None, consumes=consumes, produces=produces, status=status,
            others=others, idempotency=idempotency,
        )  # fmt: skip

    def patch(self, path: str, *, callers: Callers, others: Mapping[int, str | None] = NO_OTHERS) -> Callable[..., Any]:
        """Declare a view that changes what its JSON body names, and leaves the rest (RFC 7396 in spirit)."""
        return self._declare(
            "PATCH", path, callers=callers, max_age=None, consumes=(JSON,), produces=(JSON,), others=others
        )

    def delete(
        self, path: str, *, callers: Callers, status: int = 204, others: Mapping[int, str | None] = NO_OTHERS
    ) -> Callable[..., Any]:
        """Declare a view that ends something; it answers nothing, where `status` is 204."""
        produces = () if status == HTTPStatus.NO_CONTENT else (JSON,)
        return self._declare(
            "DELETE", path, callers=callers, max_age=None, consumes=(), produces=produces, status=status, others=others
        )

    def _declare(self, method: str, path: str, **contract: Any) -> Callable[..., Any]:
        def declare(view: Callable[..., Any]) -> Callable[..., Any]:
            route = Route(method, path, view, **contract)
            if (route.idempotency == "required") != ("idempotency_key" in route.parameters):
                raise TypeError(f"{path}: idempotency_key is for a view that keeps it: idempotency='required'")

            def answer(**path_parameters: str) -> Response:
                return _answer(route, self.current_request, path_parameters)

            answer.__name__ = view.__name__
            answer.__doc__ = view.__doc__
            setattr(answer, DECLARED, route)
            # Any content type gets as far as _answer, so that a wrong one is refused in our own shape.
            self.route(
                path, methods=[method], content_types=["*/*"], name=view.__name__,
                cors=None if path.startswith(cors.API) else False,  # None: as the app has it, see register
            )(answer)  # fmt: skip
            return view

        return declare

    def register(self, app: Chalice, options: dict[str, Any]) -> None:
        """Chalice's own, when the app starts: only now has it settings. Raises Misconfigured."""
        app.api.cors = cors.allowed(config().cors_origin)
        super().register(app, options)

    def route(self, path: str, **kwargs: Any) -> Callable[..., Any]:
        """Chalice's own decorator, for the methods above: a view that does not say who may call it does not start."""
        register = super().route(path, **kwargs)

        def registered(view: Callable[..., Any]) -> Callable[..., Any]:
            if not isinstance(getattr(view, DECLARED, None), Route):
                raise TypeError(f"{path} does not say who may call it; declare it by get, post, patch or delete")
            answer: Callable[..., Any] = register(view)
            return answer

        return registered


def _answer(route: Route, request: Any, path_parameters: Mapping[str, str]) -> Response:
    """Answer a request, with the headers that guard every answer (OWASP, HTTP Headers Cheat Sheet)."""
    response = _answered(route, request, path_parameters)
    response.headers = {**SECURITY, **response.headers}
    return response


def _answered(route: Route, request: Any, path_parameters: Mapping[str, str]) -> Response:
    try:
        query = _once(request.query_params, _looked_at(route))
        token = query.pop("token", None) if isinstance(route.callers, SignedLink | BookingParty) else None
        caller = admit(route.callers, request.headers, token)
        arguments, said = _arguments(route, request, caller, path_parameters, query)
        act = partial(_act, route, request, arguments)
        text = _shown_key(route, request)
        if text is None:
            return act()
        key = idempotency.key(text, identity(caller), f"{route.method} {route.path}", said)
        if route.idempotency == "required":
            arguments["idempotency_key"] = key
            return act()
        return _once_by(key, text, act)
    except errors.GatecallError as error:
        return problem(error, request)
    except Exception:
        logger.exception("a view failed", route=f"{route.method} {route.path}")
        return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "this is our fault; it was logged", request)


def _arguments(
    route: Route, request: Any, caller: Caller | None, path_parameters: Mapping[str, str], query: Mapping[str, str]
) -> tuple[dict[str, Any], bytes]:
    """What the view is given; and what was said by path, query and body: equal for requests that say the same."""
    arguments: dict[str, Any] = {name: unquote(text) for name, text in path_parameters.items()}
    said = json.dumps([arguments, query], sort_keys=True).encode()
    for name in ("machine", "holder", "person", "party"):
        if name in route.parameters:
            arguments[name] = caller
    if "client" in route.parameters:
        arguments["client"] = _client(request)
    if "query" in route.parameters:
        arguments["query"] = _validated(route.hints["query"], query, "query")
    elif query:
        faults, more = _few([errors.Fault("query", name, "is not known here") for name in query])
        raise errors.Invalid(f"this takes no query{more}", faults)
    if "body" in route.parameters:
        arguments["body"], canonical = _body(route, request)
        said += canonical
    if "headers" in route.parameters:
        arguments["headers"] = request.headers
    return arguments, said


def _act(route: Route, request: Any, arguments: Mapping[str, Any]) -> Response:
    return _shaped(route, request, route.view(**arguments))


def _shown_key(route: Route, request: Any) -> str | None:
    if route.idempotency == "none":
        return None
    return idempotency.shown(request.headers, required=route.idempotency == "required")


def _once_by(key: idempotency.Key, text: str, act: Callable[[], Response]) -> Response:
    """The answer to a request with an Idempotency-Key: the first, or what the first got."""

    def kept() -> idempotency.Kept:
        response = act()
        return idempotency.Kept(response.status_code, response.headers, response.body)

    answer, again = idempotency.once(key, text, kept, clock.wall_now())
    headers = {**answer.headers, **({idempotency.REPLAYED: "true"} if again else {})}
    return Response(answer.body, headers=headers, status_code=answer.status)


def _looked_at(route: Route) -> set[str] | None:
    """The names in a query that a view looks at; None: every one, as those it does not know are errors."""
    model: type[BaseModel] | None = route.hints["query"] if "query" in route.parameters else None
    if model is None or model.model_config.get("extra") == "forbid":
        return None
    return {"token", *(field.alias or name for name, field in model.model_fields.items())}


def _once(parameters: Any, looked_at: set[str] | None) -> dict[str, str]:
    """The parameters of a query that are looked at, each given once."""
    given: dict[str, str] = {}
    for name in parameters or ():
        if looked_at is not None and name not in looked_at:
            continue
        values = parameters.getlist(name)
        if len(values) > 1:
            raise errors.Invalid("a query parameter is given twice", [errors.Fault("query", name, "is given twice")])
        given[name] = values[0]
    return given


def _client(request: Any) -> str:
    """The network address of whoever calls; of an IPv6 address the /64, which is one household or host."""
    text = _viewer(request) or str(request.context.get("identity", {}).get("sourceIp", ""))
    try:
        address = ip_address(text)
    except ValueError:
        return text
    return str(IPv6Network((int(address), 64), strict=False)) if address.version == 6 else text


def _viewer(request: Any) -> str | None:
    """The address that the front says a viewer has. It is the front (CloudFront) that knows the secret `front-key`.

    Anybody may send the header that names the viewer; it counts only beside that secret.
    """
    shown = request.headers.get(FRONT_HEADER)
    if not shown or not hmac.compare_digest(shown.encode(errors="replace"), secret("front-key").encode()):
        return None
    viewer: str = request.headers.get(VIEWER_HEADER, "")
    try:
        ip_address(viewer)
    except ValueError:
        return None
    return viewer


def _body(route: Route, request: Any) -> tuple[Any, bytes]:
    """The body as the view takes it; and canonical, equal for bodies that say the same."""
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
        return raw, raw
    if len(raw) > LARGEST:
        raise errors.TooLarge(f"a body is at most {LARGEST} bytes")
    if content_type == FORM:
        return _validated(route.hints["body"], _form(raw), "body"), raw
    try:
        parsed = json.loads(raw)
        canonical = json.dumps(parsed, ensure_ascii=False, sort_keys=True).encode()  # half of a surrogate pair: no text
    except RecursionError:
        raise errors.Invalid("the body is nested too deeply") from None
    except ValueError as error:
        raise errors.Invalid(f"the body is not JSON: {error}") from None
    if not isinstance(parsed, dict):
        raise errors.Invalid("the body must be a JSON object")
    return _validated(route.hints["body"], parsed, "body"), canonical


def _form(raw: bytes) -> dict[str, Any]:
    """The fields of a form (WHATWG URL): text; a list where one is given more than once.

    Not of one in parts (RFC 7578): no page of ours sends any, and for some the standard library takes 11 s of CPU.
    """
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=200, errors="strict")
    except ValueError as error:
        raise errors.Invalid(f"the body is no form: {error}") from None
    given: dict[str, Any] = {}
    for name, value in pairs:
        given[name] = (
            value if name not in given else [*([given[name]] if isinstance(given[name], str) else given[name]), value]
        )
    return given


def _validated(model: type[BaseModel], given: Any, place: str) -> BaseModel:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        faults, more = _few([
            errors.Fault(place, ".".join(map(str, e["loc"])), _reason(e))
            for e in error.errors(include_url=False, include_input=False)
        ])  # fmt: skip
        raise errors.Invalid(
            f"the {place} can't be used: {'; '.join(f'{f.name}: {f.detail}' for f in faults)}{more}", faults
        ) from None


def _few(faults: Sequence[errors.Fault]) -> tuple[list[errors.Fault], str]:
    """The first faults, in short, and how many more there are: a problem is not to be larger than what was sent."""
    more = f"; and {len(faults) - NAMED} more" if len(faults) > NAMED else ""
    return [errors.Fault(f.place, _short(f.name), _short(f.detail)) for f in faults[:NAMED]], more


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _reason(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "is not known here"
    if error["type"] == "missing":
        return "is missing"
    message: str = error["msg"].removeprefix("Value error, ")
    return message[0].lower() + message[1:]


def _shaped(route: Route, request: Any, result: Answer | Document | None) -> Response:
    headers: dict[str, str | list[str]] = {"Cache-Control": _kept(route.max_age)}
    if result is None:
        return Response("", headers=headers, status_code=route.status)
    if isinstance(result, Document):
        headers |= {"Content-Type": result.content_type, **result.headers}
        body, tag, status = result.body, result.body.encode(), result.status
    else:
        headers |= {"Content-Type": JSON, **result.headers()}
        body, tag, status = result.model_dump_json(by_alias=True, exclude_none=True), result.tag(), route.status
    if route.max_age is not None:
        etag = f'W/"{hashlib.blake2b(tag, digest_size=12).hexdigest()}"'
        headers["ETag"] = etag
        if _same(request.headers.get("if-none-match"), etag):
            return Response("", headers=headers, status_code=HTTPStatus.NOT_MODIFIED)
    return Response(body, headers=headers, status_code=status)


def _kept(max_age: int | None) -> str:
    """How long a cache may hand an answer out; what is to be asked for each time, such as seats, never without us."""
    if max_age is None:
        return "no-store"
    return f"public, max-age={max_age}, {STALE if max_age else 'must-revalidate'}"


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
        **(error.members if error else {}),  # RFC 9457, section 3.2
        "type": "about:blank",  # RFC 9457, section 4.2.1: no more than the status says
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "instance": f"urn:gatecall:request:{request.context.get('requestId', '')}",
    }
    headers: dict[str, str | list[str]] = {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    if isinstance(error, errors.Invalid) and error.faults:
        body["errors"] = [{"in": f.place, "name": f.name, "detail": f.detail} for f in error.faults]
    if isinstance(error, errors.Unavailable | errors.TooMany | errors.AtWork):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.TooMany):  # draft-ietf-httpapi-ratelimit-headers-10
        body["type"] = "https://iana.org/assignments/http-problem-types#quota-exceeded"
        body["violated-policies"] = [error.limit]
        headers["RateLimit-Policy"] = f'"{error.limit}";q={error.allowed};w={error.within}'
        headers["RateLimit"] = f'"{error.limit}";r=0;t={error.retry_after}'
    if isinstance(error, errors.Unauthenticated):
        headers["WWW-Authenticate"] = error.scheme
    return Response(json.dumps(body), headers=headers, status_code=status.value)
