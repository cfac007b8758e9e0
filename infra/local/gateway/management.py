"""AWS's own interfaces that moto has not or plays differently, on the WebSocket port: who runs the app and its clients.

API Gateway's management API of connections (`apigatewaymanagementapi`), and Lambda's Invoke, of any function the app
declares. Both want a signed request. The signature is not verified; but no web page can send one unasked.
"""

import asyncio
import json
import logging
from functools import partial
from typing import Any

from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from infra.local import events
from infra.local.functions import Functions, NoSuchFunction
from infra.local.gateway.sockets import MAX_MESSAGE, Connection, Sockets

log = logging.getLogger(__name__)


class Refused(Exception):
    """An AWS error, as botocore reads it: HTTP status, name, message."""

    def __init__(self, status: int, kind: str, message: str):
        super().__init__(message)
        self.status = status
        self.kind = kind


def application(sockets: Sockets, functions: Functions) -> Starlette:
    """The ASGI application of the WebSocket port."""
    management = Management(sockets, functions)
    connection = f"/{events.STAGE}/@connections/{{id}}"
    return Starlette(
        routes=[
            WebSocketRoute("/", sockets.serve),
            WebSocketRoute(f"/{events.STAGE}", sockets.serve),
            Route(connection, management.post, methods=["POST"]),
            Route(connection, management.look, methods=["GET"]),
            Route(connection, management.close, methods=["DELETE"]),
            Route("/2015-03-31/functions/{name}/invocations", management.invoke, methods=["POST"]),
        ],
        exception_handlers={Refused: _answer},
    )


class Management:
    """The routes."""

    def __init__(self, sockets: Sockets, functions: Functions):
        self._sockets = sockets
        self._functions = functions
        self._later: set[asyncio.Task[Any]] = set()

    async def post(self, request: Request) -> Response:
        """Send the body to a connection."""
        connection, body = self._connection(request), await request.body()
        if len(body) > MAX_MESSAGE:
            raise Refused(413, "PayloadTooLargeException", "Message too long")
        try:
            message: str | bytes = body.decode()
        except UnicodeDecodeError:
            message = body
        if not connection.post(message):
            raise Refused(429, "LimitExceededException", "The client's buffer is full")
        return Response()

    async def look(self, request: Request) -> Response:
        """Tell about a connection."""
        connection = self._connection(request)
        agent = connection.socket.headers.get("user-agent", "")
        told = {
            "connectedAt": connection.at.isoformat(),
            "lastActiveAt": connection.active.isoformat(),
            "identity": {"sourceIp": connection.source_ip, "userAgent": agent},
        }
        return Response(json.dumps(told), media_type="application/json")

    async def close(self, request: Request) -> Response:
        """Close a connection."""
        self._sockets.close(self._connection(request), 1000, "Connection Closed Normally")
        return Response(status_code=204)

    def _connection(self, request: Request) -> Connection:
        _check_signed(request)
        connection = self._sockets.open.get(request.path_params["id"])
        if connection is None:
            raise Refused(410, "GoneException", "Gone")
        return connection

    async def invoke(self, request: Request) -> Response:
        """Call a function: and wait, or later (InvocationType Event), or not at all (DryRun)."""
        _check_signed(request)
        try:
            name = self._functions.named(request.path_params["name"])
            event = json.loads(await request.body() or "{}")
        except NoSuchFunction as error:
            raise Refused(404, "ResourceNotFoundException", str(error)) from None
        except ValueError as error:
            raise Refused(400, "InvalidRequestContentException", f"the payload is not JSON: {error}") from None
        kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
        if kind == "DryRun":
            return Response(status_code=204)
        if kind == "Event":
            call = partial(self._functions.invoke_later, name, event)
            self._later.add(task := asyncio.create_task(run_sync(call, abandon_on_cancel=True)))
            task.add_done_callback(self._later.discard)
            return Response(status_code=202)
        try:
            answer = await run_sync(self._functions.invoke, name, event, abandon_on_cancel=True)
        except Exception as error:
            log.exception("%s failed", name)
            told = {"errorMessage": str(error), "errorType": type(error).__name__}
            return Response(json.dumps(told), headers={"x-amz-function-error": "Unhandled"})
        return Response(json.dumps(answer), media_type="application/json")


def _check_signed(request: Request) -> None:
    if not request.headers.get("authorization", "").startswith("AWS4-HMAC-SHA256"):
        raise Refused(403, "MissingAuthenticationTokenException", "Missing Authentication Token")


async def _answer(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return Response(json.dumps({"message": str(error)}), error.status, {"x-amzn-errortype": error.kind})
