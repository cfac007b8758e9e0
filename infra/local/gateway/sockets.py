"""The WebSocket API in the place of API Gateway.

Limits are API Gateway's: messages of 128 KB in frames of 32 KB, ten minutes idle, two hours in all. Each message is an
invocation of its own, beside others.
"""

import asyncio
import base64
import json
import logging
import secrets
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from anyio.to_thread import run_sync
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from infra.local import events
from infra.local.functions import Functions

MAX_MESSAGE = 128 * 1024
MAX_FRAME = 32 * 1024
MAX_WAITING = 1024 * 1024  # bytes that may wait for a client that reads slowly
IDLE = timedelta(minutes=10)
LONGEST = timedelta(hours=2)
GOING_AWAY, TOO_BIG = 1001, 1009

log = logging.getLogger(__name__)


@dataclass
class Connection:
    """One client's socket, and what waits to be sent to it."""

    id: str
    socket: WebSocket
    at: datetime
    active: datetime
    outbox: asyncio.Queue[str | bytes] = field(default_factory=asyncio.Queue)
    waiting: int = 0  # bytes in the outbox

    @property
    def source_ip(self) -> str:
        """Where the client connects from."""
        return self.socket.client.host if self.socket.client else "127.0.0.1"

    async def send_waiting(self) -> None:
        """Send what waits, in order, as fast as the client reads, until it is gone."""
        with suppress(WebSocketDisconnect, RuntimeError):  # closed meanwhile
            while True:
                message = await self.outbox.get()
                if isinstance(message, str):
                    await self.socket.send_text(message)
                else:
                    await self.socket.send_bytes(message)
                self.waiting -= len(message)

    def post(self, message: str | bytes) -> bool:
        """Have a message sent. Returns whether there was room for it."""
        if self.waiting + len(message) > MAX_WAITING:
            return False
        self.waiting += len(message)
        self.active = datetime.now(UTC)
        self.outbox.put_nowait(message)
        return True

    async def close(self, code: int, reason: str) -> None:
        """Close the socket, after what is being sent."""
        with suppress(WebSocketDisconnect, RuntimeError):  # it was closed already
            await self.socket.close(code, reason)


class Sockets:
    """The connections of one WebSocket API. `domain` is where it is itself, whatever name a client came by; `idle` and
    `longest` are how long a connection may be silent, and last.
    """  # fmt: skip

    def __init__(self, functions: Functions, *, domain: str, idle: timedelta = IDLE, longest: timedelta = LONGEST):
        self._functions = functions
        self._domain = domain
        self._handlers = {route: handler.name for route, handler in functions.app.websocket_handlers.items()}
        self._idle = idle
        self._longest = longest
        self.open: dict[str, Connection] = {}  # by id
        self._closing: set[asyncio.Task[None]] = set()

    async def serve(self, socket: WebSocket) -> None:
        """One connection, from its request to its end."""
        now = datetime.now(UTC)
        connection = Connection(base64.urlsafe_b64encode(secrets.token_bytes(11)).decode(), socket, now, now)
        refusal = await self._connect(connection)
        if refusal:
            await socket.send_denial_response(Response(status_code=refusal))
            return
        await socket.accept()
        self.open[connection.id] = connection
        work = [asyncio.create_task(connection.send_waiting()), asyncio.create_task(self._end_in_time(connection))]
        handling: set[asyncio.Task[None]] = set()
        closed = 1006, "Going away"
        try:
            while True:
                message = await socket.receive()
                if message["type"] == "websocket.disconnect":
                    closed = message.get("code", 1005), message.get("reason") or ""
                    break
                connection.active = datetime.now(UTC)
                text = message.get("text")
                body = message["bytes"] if text is None else text
                handling.add(task := asyncio.create_task(self._handle(connection, body)))
                task.add_done_callback(handling.discard)
        finally:
            self.open.pop(connection.id, None)
            for task in work:
                task.cancel()
            try:
                await self._call("$disconnect", connection, closed=closed)
            except Exception:
                log.exception("a connection's end could not be handled")

    def close(self, connection: Connection, code: int, reason: str) -> None:
        """Close a connection. It is gone at once, even where its client reads nothing any more."""
        self.open.pop(connection.id, None)
        self._closing.add(task := asyncio.create_task(connection.close(code, reason)))
        task.add_done_callback(self._closing.discard)

    async def _connect(self, connection: Connection) -> int | None:
        """Ask the app about a connection. Returns the HTTP status it is refused with, if it is."""
        try:
            answer = await self._call("$connect", connection)
        except Exception:
            log.exception("a connection could not be decided on")
            return 500
        status = int((answer or {}).get("statusCode", 200))
        return None if 200 <= status < 300 else status

    async def _handle(self, connection: Connection, body: str | bytes) -> None:
        try:
            await self._call("$default", connection, body=body)
        except Exception:
            log.exception("a message could not be handled")
            told = {"connectionId": connection.id, "requestId": str(uuid.uuid4())}
            connection.post(json.dumps({"message": "Internal server error", **told}))

    async def _call(self, route: str, connection: Connection, **told: Any) -> Any:
        if route not in self._handlers:
            return None
        socket = connection.socket
        event = events.websocket(
            route,
            connection.id,
            at=datetime.now(UTC),
            connected_at=connection.at,
            domain=self._domain,
            headers=socket.headers.items(),
            query=socket.url.query,
            source_ip=connection.source_ip,
            **told,
        )
        return await run_sync(self._functions.invoke, self._handlers[route], event, abandon_on_cancel=True)

    async def _end_in_time(self, connection: Connection) -> None:
        while True:
            end = min(connection.active + self._idle, connection.at + self._longest)
            left = (end - datetime.now(UTC)).total_seconds()
            if left <= 0:
                self.close(connection, GOING_AWAY, "Going away")
                return
            await asyncio.sleep(left)


class FramesAsOnApiGateway(WebSocketsSansIOProtocol):
    """uvicorn's protocol, with API Gateway's limit on a single frame, which ASGI does not show."""

    def handle_text(self, event: Frame) -> None:
        """A text frame has come."""
        if self._fits(event):
            super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        """A binary frame has come."""
        if self._fits(event):
            super().handle_bytes(event)

    def handle_cont(self, event: Frame) -> None:
        """A frame that goes on with a message has come."""
        if self._fits(event):
            super().handle_cont(event)

    def _fits(self, event: Frame) -> bool:
        if len(event.data) <= MAX_FRAME:
            return True
        self.conn.fail(TOO_BIG, "Message too long")
        self.handle_parser_exception()
        return False
