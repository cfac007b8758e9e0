"""The REST API in the place of API Gateway: HTTP in, a proxy event to the app, its answer out.

Paths go to the app undecoded; what matches no route, and what fails outside the app, gets API Gateway's own answers as
infra/deploy/tuning.py sets them (docs: "API Gateway quotas", "Gateway response types", "Enable payload compression").
"""

import asyncio
import base64
import gzip
import json
import logging
import re
import time
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from anyio.to_thread import run_sync
from chalice.local import LocalGatewayAuthorizer, LocalGatewayException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chalicelib.core.config import config
from infra.deploy import tuning
from infra.local import events
from infra.local.functions import Functions

MAX_PAYLOAD = 10 * 1024 * 1024
MAX_EVENT = 6 * 1024 * 1024  # what Lambda takes in, and gives out

log = logging.getLogger(__name__)


class Refused(Exception):
    """API Gateway answers by itself, without the app: by one of its gateway responses, as tuning sets them."""

    def __init__(self, kind: str, message: str, status: int = 500):
        super().__init__(message)
        self.kind = kind
        self.status = status  # where the gateway response leaves it


class RestApi:
    """The ASGI application. `compress_from` bytes on, answers are compressed; `seconds` is how long one may take;
    `measured` is told of each request: the route, such as `GET /v1/flights/{id}`, the status, and how many seconds.
    """  # fmt: skip

    def __init__(
        self,
        functions: Functions,
        *,
        compress_from: int | None,
        seconds: float = 29,
        measured: Callable[[str, int, float], None] = lambda *_: None,
    ):
        self._functions = functions
        self._app = functions.app
        self._compress_from = compress_from
        self._seconds = seconds
        self._measured = measured

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began, resource = time.perf_counter(), ""
        request = Request(scope, receive)
        try:
            event = await self._event(request)
            resource = event["resource"]
            work = run_sync(self._answer, event, request.headers, abandon_on_cancel=True)
            response = await asyncio.wait_for(work, self._seconds)
        except Refused as refused:
            response = _refusal(refused)
        except TimeoutError:
            response = _refusal(Refused("INTEGRATION_TIMEOUT", "Endpoint request timed out"))
        except ClientDisconnect:
            return
        self._measured(f"{request.method} {resource}", response.status_code, time.perf_counter() - began)
        await response(scope, receive, send)

    async def _event(self, request: Request) -> dict[str, Any]:
        path = request.scope["raw_path"].decode("latin-1")
        resource, parameters = self._route(path)
        methods = self._app.routes[resource]
        if request.method not in methods and not (request.method == "OPTIONS" and _cors(methods)):
            raise Refused("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")
        body = _decompressed(await _read(request), request.headers.get("content-encoding"))
        host, client = request.headers.get("host", "localhost"), request.client
        source_ip = client.host if client else "127.0.0.1"
        kept = [(n, v) for n, v in request.headers.items() if n != "content-encoding"]
        return events.rest(
            request.method,
            path,
            at=datetime.now(UTC),
            resource=resource,
            path_parameters=parameters,
            query=request.url.query,
            headers=[*kept, ("x-forwarded-for", source_ip), ("x-forwarded-proto", "http")],
            body=body,
            binary_types=self._app.api.binary_types,
            domain=host,
            source_ip=source_ip,
        )

    def _route(self, path: str) -> tuple[str, dict[str, str]]:
        """The route of a path, and its parameters as they came; a literal part goes before a parameter."""
        parts = (path.rstrip("/") or "/").split("/")
        for route in sorted(self._app.routes, key=lambda route: route.replace("{", "\uffff")):
            names = route.split("/")
            if len(names) == len(parts) and all(
                n == p or (n[:1] == "{" and p) for n, p in zip(names, parts, strict=True)
            ):
                return route, {n[1:-1]: p for n, p in zip(names, parts, strict=True) if n[:1] == "{"}
        raise Refused("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")

    def _answer(self, event: dict[str, Any], headers: Mapping[str, str]) -> Response:
        resource, method = event["resource"], event["httpMethod"]
        if method not in self._app.routes[resource]:
            return _preflight(self._app.routes[resource])
        if len(event["body"] or "") > MAX_EVENT:
            raise Refused("REQUEST_TOO_LARGE", "Request Too Long")
        try:
            context = events.context(self._functions.full_name(""), self._seconds)
            event, _ = LocalGatewayAuthorizer(self._app).authorize(event["path"], event, context)
            answer = self._functions.invoke("", event)
            content = base64.b64decode(answer["body"]) if answer.get("isBase64Encoded") else answer["body"].encode()
            status = int(answer["statusCode"])
            if len(content) > MAX_EVENT:
                raise ValueError(f"an answer of {len(content)} bytes is more than Lambda gives out")
        except LocalGatewayException as denied:
            return Response(denied.body, denied.CODE, denied.headers, "application/json")
        except Exception:
            log.exception("the app failed at %s %s", method, event["path"])
            raise Refused("DEFAULT_5XX", "Internal server error", 502) from None
        response = Response(content, status, {"x-amzn-requestid": event["requestContext"]["requestId"]})
        response.headers.setdefault("content-type", "application/json")
        for name, value in answer.get("headers", {}).items():
            response.headers[name] = str(value)
        for name, values in answer.get("multiValueHeaders", {}).items():
            for value in values:
                response.headers.append(name, str(value))
        self._compress(response, headers.get("accept-encoding", ""))
        return response

    def _compress(self, response: Response, accepted: str) -> None:
        if (
            self._compress_from is not None
            and len(response.body) >= self._compress_from
            and accepts_gzip(accepted)
            and "content-encoding" not in response.headers
        ):
            response.body = gzip.compress(response.body, 6, mtime=0)
            response.headers["content-encoding"] = "gzip"
            response.headers["content-length"] = str(len(response.body))


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_PAYLOAD:
            raise Refused("REQUEST_TOO_LARGE", "Request Too Long")
    return bytes(body)


def _decompressed(body: bytes, coding: str | None) -> bytes:
    """A compressed request's payload: with compression switched on, API Gateway hands it on decompressed."""
    if not body or coding not in ("gzip", "deflate"):
        return body
    try:
        decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # either header
        plain = decompressor.decompress(body, MAX_PAYLOAD + 1)
    except zlib.error:
        raise Refused("BAD_REQUEST_BODY", f"The body is not {coding}") from None
    if len(plain) > MAX_PAYLOAD:
        raise Refused("REQUEST_TOO_LARGE", "Request Too Long")
    return plain


def accepts_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding takes gzip."""
    weights = {
        name.strip().lower(): weight for name, _, weight in (part.partition(";") for part in accepted.split(","))
    }
    weight = weights.get("gzip", weights.get("*"))
    return weight is not None and not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)


def _cors(methods: Mapping[str, Any]) -> bool:
    return any(route.cors for route in methods.values())


def _preflight(methods: Mapping[str, Any]) -> Response:
    allowed = [method for method, route in methods.items() if route.cors]
    headers = methods[allowed[0]].cors.get_access_control_headers()
    return Response(
        status_code=200, headers={**headers, "Access-Control-Allow-Methods": ",".join([*allowed, "OPTIONS"])}
    )


def _refusal(refused: Refused) -> Response:
    answer = tuning.gateway_responses(config().cors_origin)[refused.kind]
    prefix = "gatewayresponse.header."
    headers = {name.removeprefix(prefix): value[1:-1] for name, value in answer["responseParameters"].items()}
    body: str = answer["responseTemplates"]["application/json"]
    body = body.replace("$context.requestId", events.context("").aws_request_id)
    body = body.replace("$context.error.messageString", json.dumps(str(refused)))
    return Response(body, int(answer.get("statusCode", refused.status)), headers)
