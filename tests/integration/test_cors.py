"""Whose pages may call the API from a browser: asked of the whole app, with the setting and without."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from chalice.app import Chalice
from chalice.deploy.swagger import CFNSwaggerGenerator
from chalice.test import Client

from chalicelib.core import cors, routes
from chalicelib.core.callers import ANYONE, SIGNED_LINK
from chalicelib.core.config import Misconfigured, config
from chalicelib.core.errors import TooMany
from chalicelib.core.routes import Answer, Document, Routes
from infra.local.functions import Functions
from infra.local.gateway import rest
from infra.local.gateway.serving import listening, serving

ORIGIN = "https://app.example.com"
ASKING = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization"}


class Told(Answer):
    """An answer."""

    said: str = "yes"


def app_for(origin: str, monkeypatch: pytest.MonkeyPatch) -> Chalice:
    some = Routes(__name__)

    @some.get("/v1/things", callers=ANYONE, max_age=60)
    def things() -> Told:
        """Read."""
        return Told()

    @some.patch("/v1/things", callers=SIGNED_LINK)
    def change() -> Told:
        """Change."""
        return Told()

    @some.get("/v1/often", callers=ANYONE, max_age=None)
    def often() -> Told:
        """Say that it is too often."""
        raise TooMany("too often", 7, "things", 3, 60)

    @some.get("/v1/broken", callers=ANYONE, max_age=None)
    def broken() -> Told:
        """Break."""
        raise ZeroDivisionError

    @some.get("/follow/manage", callers=ANYONE, max_age=None, produces=("text/html",))
    def page() -> Document:
        """A page for people."""
        return Document("<p>", "text/html")

    made = Chalice("cors")
    for each in (routes, rest):
        monkeypatch.setattr(each, "config", lambda: replace(config(), cors_origin=origin))
    made.register_blueprint(some)
    return made


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch) -> Chalice:
    return app_for(ORIGIN, monkeypatch)


@pytest.fixture
def gateway(open_app: Chalice) -> Iterator[httpx.Client]:
    """The REST API as the local cloud serves it."""
    functions = Functions(open_app, set_aside=lambda *told: None)
    with (
        listening("PORT", 0) as http,
        listening("WS_PORT", 0) as websocket,
        serving(functions, http, websocket, compress_from=None),
        httpx.Client(base_url=f"http://127.0.0.1:{http.getsockname()[1]}") as client,
    ):
        yield client


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/things", 200), ("/v1/things?unknown=1", 400), ("/v1/often", 429), ("/v1/broken", 500)],
)
def test_every_answer_of_the_api_may_be_read_by_the_origins_pages(open_app: Chalice, path: str, status: int) -> None:
    """Errors too, with the headers that say what to do; and never with cookies."""
    with Client(open_app) as client:
        answer = client.http.get(path, headers={"Origin": ORIGIN})
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert {"Retry-After", "Idempotency-Replayed"} <= set(answer.headers["Access-Control-Expose-Headers"].split(","))
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_an_answer_is_the_same_whoever_asks(open_app: Chalice) -> None:
    """It names the one origin also to others and to none, so caches need not keep one for each: no Vary."""
    with Client(open_app) as client:
        answers = [client.http.get("/v1/things", headers=h) for h in ({}, {"Origin": "https://evil.example"})]
    assert [answer.headers["Access-Control-Allow-Origin"] for answer in answers] == [ORIGIN, ORIGIN]
    assert all("Vary" not in answer.headers for answer in answers)


def test_a_304_is_for_the_origins_pages_too(open_app: Chalice) -> None:
    """A page that asks whether something changed reads the answer."""
    with Client(open_app) as client:
        etag = client.http.get("/v1/things").headers["ETag"]
        answer = client.http.get("/v1/things", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (304, ORIGIN)


def test_browsers_ask_before_they_change_something(gateway: httpx.Client) -> None:
    """The preflight is answered without the app: the methods of the path, the headers, and how long it holds."""
    answer = gateway.options("/v1/things", headers=ASKING)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert set(answer.headers["Access-Control-Allow-Methods"].split(",")) == {"GET", "PATCH", "OPTIONS"}
    asked = answer.headers["Access-Control-Allow-Headers"].split(",")
    assert {"Authorization", "Content-Type", "If-None-Match", "X-Api-Key", "X-Requested-With"} <= set(asked)
    assert {"Idempotency-Key", "X-Family-Name"} <= set(asked)
    assert answer.headers["Access-Control-Max-Age"] == "7200"


def test_what_api_gateway_answers_by_itself_may_be_read_too(gateway: httpx.Client) -> None:
    """An unknown path, a body that is too large, too many requests: a page learns why."""
    answer = gateway.get("/v1/nothing")
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (404, ORIGIN)


def test_pages_for_people_are_not_opened(gateway: httpx.Client) -> None:
    """No script of another site reads a page behind a link, though the API is open to it."""
    assert gateway.options("/follow/manage", headers=ASKING).status_code == 404
    answer = gateway.get("/follow/manage", headers={"Origin": ORIGIN})
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_api_gateway_is_told_the_same_as_the_gateway_here(open_app: Chalice, gateway: httpx.Client) -> None:
    """What Chalice deploys for a preflight is what was answered here."""
    swagger = CFNSwaggerGenerator().generate_swagger(open_app)
    preflight = swagger["paths"]["/v1/things"]["options"]["x-amazon-apigateway-integration"]
    told = preflight["responses"]["default"]["responseParameters"]
    here = gateway.options("/v1/things", headers=ASKING).headers
    assert preflight["type"] == "mock"
    assert {name.removeprefix("method.response.header."): value.strip("'") for name, value in told.items()} == {
        name: here[name.lower()] for name in (n.removeprefix("method.response.header.") for n in told)
    }
    assert "options" not in swagger["paths"]["/follow/manage"]


def test_without_the_setting_nothing_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """No header, no preflight."""
    closed = app_for("", monkeypatch)
    with Client(closed) as client:
        answer = client.http.get("/v1/things", headers={"Origin": ORIGIN})
    assert not [name for name in answer.headers if name.startswith("Access-Control-")]
    assert all("options" not in path for path in CFNSwaggerGenerator().generate_swagger(closed)["paths"].values())


SHOWN = """
import json
import os
from app import app
print(json.dumps({path: sorted({view.cors and view.cors.allow_origin or "" for view in methods.values()})
                  for path, methods in app.routes.items()}))
"""


def test_the_whole_api_is_opened_and_nothing_beside_it() -> None:
    """Each route of app.py under /v1/, and none of the pages, as a process with the setting has it."""
    ran = subprocess.run(
        [sys.executable, "-c", SHOWN],
        env={**os.environ, "CORS_ORIGIN": "*"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(ran.stdout)
    assert found == {path: ["*" if path.startswith("/v1/") else ""] for path in found}


@pytest.mark.parametrize(
    "origin",
    ["*", "https://app.example.com", "https://localhost:8443", "http://localhost:3000", "http://127.0.0.1:5173"],
)
def test_an_origin_is_taken_as_a_browser_sends_it(origin: str) -> None:
    """One, or all; over HTTP only this machine's."""
    allowed = cors.allowed(origin)
    assert allowed
    assert allowed.allow_origin == origin


@pytest.mark.parametrize(
    "origin",
    ["app.example.com", "http://app.example.com", "https://app.example.com/", "https://App.example.com", "null",
     "https://*.example.com", "https://a.example,https://b.example", "https://u@a.example", "https://a.example'", "**",
     "https://a.example\n"],
)  # fmt: skip
def test_what_is_no_origin_is_named(origin: str) -> None:
    """A deployment that would open nothing, or too much, does not start."""
    with pytest.raises(Misconfigured, match="CORS_ORIGIN"):
        cors.allowed(origin)
