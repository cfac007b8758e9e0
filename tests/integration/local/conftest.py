"""A toy app, so that the local cloud is tested with triggers Gatecall does not have, and without its tables."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from chalice import BadRequestError, Chalice, CORSConfig, Response

from infra.local.functions import Functions
from infra.local.gateway.serving import listening, serving


@dataclass
class Toy:
    """The toy app's functions, running, and what has happened in them."""

    functions: Functions
    rest: str
    websocket: str
    happened: list[Any]
    set_aside: list[tuple[str, Any, Exception]]
    pauses: list[float]


def toy_app(happened: list[Any]) -> Chalice:
    app = Chalice("toy")
    app.experimental_feature_flags.update(["WEBSOCKETS"])

    @app.route("/echo/{name}", methods=["GET", "POST"], content_types=["*/*"])
    def echo(name: str) -> Any:
        return app.current_request.to_original_event() | {
            "name": name,
            "body length": len(app.current_request.raw_body),
        }

    @app.route("/between/{name}/end")
    def between(name: str) -> Any:
        return {"name": name}

    @app.route("/echo/literal")
    def literal() -> Any:
        return {"literal": True}

    @app.route("/picture")
    def picture() -> Response:
        return Response(bytes(range(256)), headers={"Content-Type": "image/png"})

    @app.route("/large")
    def large() -> Response:
        return Response("x" * 5000, headers={"Content-Type": "text/plain", "Set-Cookie": ["a=1", "b=2"]})

    @app.route("/open", cors=CORSConfig(allow_origin="https://example.test"))
    def for_browsers() -> Any:
        return {}

    @app.route("/who/{name}")
    def who(name: str) -> Any:
        """Wait for another request to be under way, then say what this one's is: they must not be mixed up."""
        meeting.wait(5)
        return {"asked": name, "told": app.current_request.uri_params["name"]}

    meeting = threading.Barrier(2)

    @app.route("/slow")
    def slow() -> Any:
        threading.Event().wait(1)
        return {}

    @app.on_ws_connect()
    def connect(event: Any) -> Any:
        happened.append(event.to_dict())
        return {"statusCode": 401 if "refuse" in event.to_dict().get("queryStringParameters", {}) else 200}

    @app.on_ws_message()
    def message(event: Any) -> None:
        happened.append(event.to_dict())
        if event.body == "fail":
            raise BadRequestError("no")

    @app.on_ws_disconnect()
    def disconnect(event: Any) -> None:
        happened.append(event.to_dict())

    @app.lambda_function()
    def double(event: Any, context: Any) -> Any:
        if event.get("fail"):
            raise ValueError("it was asked to fail")
        return {"twice": event["number"] * 2, "function": context.function_name}

    return app


@pytest.fixture
def toy() -> Iterator[Toy]:
    """It runs; a request may take half a second."""
    with _running() as toy:
        yield toy


@pytest.fixture
def hasty_toy() -> Callable[..., AbstractContextManager[Toy]]:
    """One whose connections end soon: `with hasty_toy(idle=timedelta(seconds=1)) as toy:`."""
    return _running


@contextmanager
def _running(**limits: timedelta) -> Iterator[Toy]:
    happened: list[Any] = []
    aside: list[tuple[str, Any, Exception]] = []
    pauses: list[float] = []
    functions = Functions(toy_app(happened), set_aside=lambda *told: aside.append(told), sleep=pauses.append)
    with ExitStack() as stack:
        rest = stack.enter_context(listening("PORT", 0))
        websocket = stack.enter_context(listening("WS_PORT", 0))
        stack.enter_context(serving(functions, rest, websocket, compress_from=1000, seconds=0.5, **limits))
        yield Toy(
            functions,
            f"http://127.0.0.1:{rest.getsockname()[1]}",
            f"ws://127.0.0.1:{websocket.getsockname()[1]}",
            happened,
            aside,
            pauses,
        )
