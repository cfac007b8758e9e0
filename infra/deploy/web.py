"""Puts the web app into a stage's bucket, below `web/`, where CloudFront takes it from.

Building it takes node (infra/webapp.py). On a machine without, a stage keeps the web app that it has; one that has none
shows the page of infra/web/start.
"""

import hashlib
import re
from pathlib import Path, PurePosixPath
from typing import Any

from rich.console import Console

from infra import webapp
from infra.deploy import Refused

PREFIX = "web/"
START = webapp.WEB / "start"
# Named by what is in them, such as assets/board-Bx1f09_q.js: the same name never means anything else.
_HASHED = re.compile(r"assets/(.+/)?[^/]+-[A-Za-z0-9_-]{8}\.\w+(\.map)?")
_CONTENT_TYPES = {
    ".avif": "image/avif",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}


def build(console: Console) -> None:
    """Build the web app, where it changed. Raises webapp.NoNode, and Refused where it fails for another reason."""
    try:
        with webapp.telling(console) as say:
            webapp.build(say)
    except webapp.NoNode:
        raise
    except webapp.NotBuilt as reason:
        raise Refused(f"the web app can't be built: {reason}") from None


def renew(bucket: str, s3: Any, console: Console) -> int:
    """Build the web app and upload it. Returns how many files changed. Raises Refused."""
    try:
        build(console)
    except webapp.NoNode as reason:
        there = PREFIX + webapp.INDEX in _there(bucket, s3)
        shown = "the one that is there stays" if there else "a page in its place is shown"
        console.print(f"web app: not built, {shown}: {reason}", markup=False, soft_wrap=True)
        return 0 if there else upload(bucket, s3, START)
    return upload(bucket, s3, webapp.DIST)


def content_type(name: str) -> str:
    """What a file is, by its name."""
    return _CONTENT_TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")


def cache_control(name: str) -> str:
    """How long a browser may keep a file, by its name below the web app's directory."""
    return "public, max-age=31536000, immutable" if _HASHED.fullmatch(name) else "no-cache"


def upload(bucket: str, s3: Any, directory: Path) -> int:
    """Make what is below `web/` in the bucket the same as the directory. Returns how many files changed.

    The page that names all others comes after them, and what it names no more goes after it: whoever loads the web app
    meanwhile gets the one or the other, whole. Raises Refused where S3 keeps what is to go.
    """
    wanted = {PREFIX + path.relative_to(directory).as_posix(): path for path in directory.rglob("*") if path.is_file()}
    there = _there(bucket, s3)
    changed = [key for key, path in wanted.items() if there.get(key) != _md5(path)]
    for key in sorted(changed, key=lambda key: (key == PREFIX + webapp.INDEX, key)):
        name = key.removeprefix(PREFIX)
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=wanted[key].read_bytes(),
            ContentType=content_type(name),
            CacheControl=cache_control(name),
        )
    gone = sorted(there.keys() - wanted.keys())
    for first in range(0, len(gone), 1000):
        left = s3.delete_objects(
            Bucket=bucket, Delete={"Objects": [{"Key": key} for key in gone[first : first + 1000]], "Quiet": True}
        )
        if errors := left.get("Errors"):
            raise Refused(f"{errors[0]['Key']} stays in {bucket}: {errors[0]['Message']}")
    return len(changed) + len(gone)


def _there(bucket: str, s3: Any) -> dict[str, str]:
    """The MD5 of each file by its key: S3's ETag of what was put in one piece and is encrypted by S3's own key."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX)
    return {each["Key"]: each["ETag"].strip('"') for page in pages for each in page.get("Contents", ())}


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
