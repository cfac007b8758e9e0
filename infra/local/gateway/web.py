"""The web app in the place of CloudFront: which path is whose, and the files of infra/web/dist as S3 holds them.

All of it is taken from where it is said for AWS, infra/resources.yaml and infra/deploy/web.py: one machine and a stage
can't differ.
"""

import gzip
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from os import stat_result
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Receive, Scope, Send

from infra import resources
from infra.deploy import web
from infra.local import events
from infra.local.gateway.rest import accepts_gzip

# What CloudFront compresses (Developer Guide, "Serve compressed files"): these types among others, of these sizes.
_COMPRESSED = ("text/", "application/javascript", "application/json", "application/manifest+json", "image/svg+xml",
               "application/wasm", "application/xml", "image/x-icon")  # fmt: skip
_SIZES = range(1_000, 10_000_001)


def origin(path: str) -> str:
    """Whose a path is, such as /v1/health: `web`, `rest` or `websocket`, by the first behaviour that it fits."""
    return next(origin for pattern, origin in _behaviours() if fnmatchcase(path, pattern))


@cache
def _behaviours() -> list[tuple[str, str]]:
    distribution = _properties("Distribution")["DistributionConfig"]
    return [
        *((each["PathPattern"], each["TargetOriginId"]) for each in distribution["CacheBehaviors"]),
        ("*", distribution["DefaultCacheBehavior"]["TargetOriginId"]),
    ]


@cache
def headers() -> dict[str, str]:
    """What CloudFront adds to each answer of the web app's; but for HSTS, which is for HTTPS."""
    security = _properties("WebHeaders")["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    policy, _ = security["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
    return {
        "Content-Security-Policy": policy.replace("${Host}", ""),  # no name of its own
        "Referrer-Policy": security["ReferrerPolicy"]["ReferrerPolicy"],
        "X-Content-Type-Options": "nosniff",
    }


def _properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = resources.template(events.STAGE)[name]["Properties"]
    return found


class WebApp(StaticFiles):
    """The ASGI application: files of a directory, as it stands when they are asked for."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            if scope["method"] not in ("GET", "HEAD"):
                raise HTTPException(403)  # CloudFront hands nothing else on here
            response = await self.get_response(self.get_path(scope), scope)
        except HTTPException as refused:
            response = Response("There is nothing here.", refused.status_code, media_type="text/plain")
        response.headers.update(headers())
        await response(scope, receive, send)

    def get_path(self, scope: Scope) -> str:
        """The file that is asked for. The web app answers every path of its own: as WebRequests of the template says,
        those without a dot in their last part are no files.
        """  # fmt: skip
        if b"." not in scope["raw_path"].rpartition(b"/")[2]:
            return "index.html"
        return super().get_path(scope)

    def file_response(
        self, full_path: Any, stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:  # fmt: skip
        """A file, as it would be uploaded; compressed for who takes it."""
        path, asked = Path(full_path), Headers(scope=scope)
        name = path.relative_to(Path(str(self.directory)).resolve()).as_posix()
        kind = web.content_type(name)
        told = {"Cache-Control": web.cache_control(name), "Content-Type": kind}
        response: Response = FileResponse(path, status_code, told, stat_result=stat_result)
        compressed = kind.startswith(_COMPRESSED) and stat_result.st_size in _SIZES
        if compressed:
            response.headers["Vary"] = "Accept-Encoding"
        if self.is_not_modified(response.headers, asked):
            return NotModifiedResponse(response.headers)
        if compressed and accepts_gzip(asked.get("accept-encoding", "")):
            told |= {"Vary": "Accept-Encoding", "Content-Encoding": "gzip", "ETag": f"W/{response.headers['etag']}"}
            response = Response(_gzipped(path, stat_result.st_mtime_ns), status_code, told)
        return response


@lru_cache(maxsize=512)
def _gzipped(path: Path, _: int) -> bytes:
    """A file compressed, once for each time that it is written."""
    return gzip.compress(path.read_bytes(), 6, mtime=0)
