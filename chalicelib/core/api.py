"""REST routes about the system itself: its health, its metrics, and the document of its API."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from chalicelib import __version__
from chalicelib.core.callers import ANYONE, ApiKey
from chalicelib.core.config import config
from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.core.routes import Answer, Document, Routes
from chalicelib.core.urls import urls

routes = Routes(__name__)

# Swagger UI as aws-lambda-powertools ships it (Apache-2.0), so that nothing is fetched from elsewhere.
_ASSETS = {"swagger-ui-bundle.min.js": "text/javascript", "swagger-ui.min.css": "text/css"}
_SCRIPT = 'SwaggerUIBundle({url: "v1/openapi.json", dom_id: "#docs", deepLinking: true})'
_PAGE = f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Gatecall API</title><link rel="stylesheet" href="docs/swagger-ui.min.css"></head>
<body><div id="docs"></div><script src="docs/swagger-ui-bundle.min.js"></script>
<script>{_SCRIPT}</script></body>
</html>
"""
# What Swagger UI needs, and no more: its files, this one script, styles on elements, icons in its own CSS.
_POLICY = "; ".join([
    "default-src 'none'", f"script-src 'self' 'sha256-{b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()}'",
    "style-src 'self' 'unsafe-inline'", "img-src 'self' data:", "connect-src 'self'", "base-uri 'none'",
    "form-action 'none'", "frame-ancestors 'none'",
])  # fmt: skip


class Health(Answer):
    """Which version runs where, where it is to be had, and whether its tables answer."""

    version: str
    stage: str
    urls: dict[str, str]  # of the web app, `rest` and `websocket`, as far as deploying has told them
    tables: dict[str, str]


@routes.get("/v1/health", callers=ANYONE, max_age=None)
def health() -> Health:
    """The version, the stage, its addresses, and whether the tables answer."""
    from botocore.exceptions import BotoCoreError, ClientError

    from chalicelib.core import aws

    settings = config()
    dynamodb = aws.client("dynamodb")
    tables = {}
    for name in (settings.flights_table, settings.live_table, settings.accounts_table):
        try:
            dynamodb.get_item(TableName=name, Key={"pk": {"S": "health"}, "sk": {"S": "health"}})
            tables[name] = "answers"
        except (BotoCoreError, ClientError) as error:
            raise Unavailable(f"the table {name} does not answer: {type(error).__name__}") from error
    known = {name: url for name, url in urls()._asdict().items() if url}
    return Health(version=__version__, stage=settings.stage, urls=known, tables=tables)


@routes.get(
    "/v1/metrics",
    callers=ApiKey("metrics:read"),
    max_age=None,
    produces=("text/plain", "application/openmetrics-text"),
)
def scraped_metrics(headers: Mapping[str, str]) -> Document:
    """What the dashboards show, for Prometheus: text exposition 0.0.4, or OpenMetrics 1.0 where that is asked for.

    Counters are of the day and start again at midnight UTC; all else is of the newest whole minute. What was read from
    CloudWatch serves for a minute.
    """
    from chalicelib.core import clock, metrics

    return Document(*metrics.exposition(headers.get("accept", ""), clock.wall_now()))


@routes.get("/v1/openapi.json", callers=ANYONE, max_age=300)
def openapi_document() -> Document:
    """This API as an OpenAPI 3.1 document."""
    request = routes.current_request
    return Document(_served_at(request.context.get("path", "").removesuffix(request.path)), "application/json")


@lru_cache(maxsize=4)  # whoever asks may spell a path in many ways, and so the base
def _served_at(base: str) -> str:
    return json.dumps({**_document(), "servers": [{"url": base or "/"}]})


@cache
def _document() -> dict[str, Any]:
    from chalicelib.core import openapi  # to make it takes 100 ms

    return openapi.document(openapi.routes_of(routes.current_app), __version__)


@routes.get("/", callers=ANYONE, max_age=300, produces=("text/plain",), status=307)
def front() -> Document:
    """Leads to the page of this API."""
    return Document("", "text/plain", 307, {"Location": "docs"})


@routes.get("/docs", callers=ANYONE, max_age=300, produces=("text/html",))
def docs() -> Document:
    """This API as a page to read and try."""
    return Document(_PAGE, "text/html; charset=utf-8", headers={"Content-Security-Policy": _POLICY})


@routes.get("/docs/{asset}", callers=ANYONE, max_age=86400, produces=tuple(_ASSETS.values()))
def docs_asset(asset: str) -> Document:
    """A script or style of the page."""
    if asset not in _ASSETS:
        raise NotFound(f"there is no {asset!r} here")
    from importlib.resources import files

    folder = files("aws_lambda_powertools") / "event_handler" / "openapi" / "swagger_ui"
    return Document((folder / asset).read_text(), f"{_ASSETS[asset]}; charset=utf-8")
