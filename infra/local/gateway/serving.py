"""Listens on this machine only, and serves the REST and the WebSocket API from a thread of their own."""

import asyncio
import errno
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from infra.local.functions import Functions
from infra.local.gateway import web
from infra.local.gateway.management import application
from infra.local.gateway.rest import RestApi
from infra.local.gateway.sockets import IDLE, LONGEST, MAX_MESSAGE, FramesAsOnApiGateway, Sockets

HOST = "127.0.0.1"


class PortInUse(Exception):
    """Something listens there already; the message says which setting chooses another."""


@contextmanager
def listening(setting: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens on a port; 0 is any free one. Raises PortInUse."""
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(128)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(
                    f"port {port} is in use; choose another with {setting}=, such as {setting}={port + 10}"
                ) from None
            if error.errno == errno.EACCES:
                raise PortInUse(f"port {port} may not be used; choose one above 1023 with {setting}=") from None
            raise
        yield listener
    finally:
        listener.close()


@contextmanager
def serving(
    functions: Functions,
    rest: socket.socket,
    websocket: socket.socket,
    *,
    compress_from: int | None,
    seconds: float = 29,
    idle: timedelta = IDLE,
    longest: timedelta = LONGEST,
    web_app: Path | None = None,
    local: ASGIApp | None = None,
    measured: Callable[[str, int, float], None] = lambda *_: None,
) -> Iterator[None]:
    """Serve an app's REST API on one socket, and its WebSocket API (with AWS's own interfaces) on the other.

    The first is one host for all, as CloudFront is: the WebSocket API is at /ws there too, and the web app, built in
    the directory `web_app`, has the paths that are nobody else's. `local` answers below /local/: what is no part of the
    app. `measured` is told of each request to the REST API: the route, the status, and how many seconds it took.
    """
    api = RestApi(functions, compress_from=compress_from, seconds=seconds, measured=measured)
    pages = web.WebApp(directory=web_app, check_dir=False) if web_app else api
    # The app answers a connection by the management API, which is beside the WebSocket's own port.
    sockets = Sockets(functions, domain=f"{HOST}:{websocket.getsockname()[1]}", idle=idle, longest=longest)

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        origin = web.origin(scope["raw_path"].decode("latin-1"))
        if scope["type"] == "websocket":
            socket = WebSocket(scope, receive, send)
            await (sockets.serve(socket) if origin == "websocket" else socket.send_denial_response(Response("", 403)))
        elif local and scope["path"].startswith("/local/"):
            await local(scope, receive, send)
        elif origin == "websocket":
            await Response("", 403)(scope, receive, send)  # API Gateway's answer to what is no WebSocket
        else:
            await (pages if origin == "web" else api)(scope, receive, send)

    servers = [
        uvicorn.Server(uvicorn.Config(
            application, log_config=None, access_log=False, lifespan="off", server_header=False,
            timeout_graceful_shutdown=2, ws=FramesAsOnApiGateway, ws_max_size=MAX_MESSAGE, ws_ping_interval=None,
            ws_per_message_deflate=False, proxy_headers=False,  # nobody stands in front
        )) for application in (front, application(sockets, functions))
    ]  # fmt: skip

    async def serve() -> None:
        await asyncio.gather(servers[0].serve([rest]), servers[1].serve([websocket]))

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="serving", daemon=True)
    thread.start()
    try:
        yield
    finally:
        for server in servers:
            server.should_exit = True
        thread.join(5)
