"""Who changes a stage at the moment: one at a time, by the object deploying.json in the stage's bucket."""

import getpass
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.core.clock import instant, wall_now
from infra.deploy import Refused

TAKES = timedelta(minutes=90)  # the longest that a deploy holds off others; one that died does it as long

LOCK = "deploying.json"


@contextmanager
def alone(stage: str, bucket: str, s3: Any, what: str) -> Iterator[None]:
    """Hold off whoever else wants to change this stage. Raises Refused where somebody does already."""
    now = wall_now()
    ours = {"id": secrets.token_hex(8), "what": what, "by": _who(), "at": instant(now), "until": instant(now + TAKES)}
    body = json.dumps(ours).encode()
    try:
        s3.put_object(Bucket=bucket, Key=LOCK, Body=body, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"PreconditionFailed", "ConditionalRequestConflict"}:
            raise
        _take_over(stage, bucket, s3, body, now)
    try:
        yield
    finally:
        held, _ = _lock(bucket, s3)
        if held and held["id"] == ours["id"]:
            s3.delete_object(Bucket=bucket, Key=LOCK)


def _take_over(stage: str, bucket: str, s3: Any, body: bytes, now: datetime) -> None:
    """Take the lock of one that died. Raises Refused where it may be at work still, or somebody else was quicker."""
    held, etag = _lock(bucket, s3)
    if held is None or datetime.fromisoformat(held["until"]) > now:
        theirs = held or {"what": "deploy", "by": "somebody", "at": "this moment", "until": "the next"}
        raise Refused(
            f"a {theirs['what']} of {stage} is going on since {theirs['at']}, by {theirs['by']}; wait for it. If it "
            f"died, it holds others off until {theirs['until']}, or until you run: aws s3 rm s3://{bucket}/{LOCK}"
        )
    try:
        s3.put_object(Bucket=bucket, Key=LOCK, Body=body, IfMatch=etag)
    except ClientError as error:
        raise Refused(f"somebody else began to deploy {stage} just now; wait for it") from error


def _lock(bucket: str, s3: Any) -> tuple[dict[str, str] | None, str]:
    try:
        found = s3.get_object(Bucket=bucket, Key=LOCK)
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return None, ""
    return json.loads(found["Body"].read()), found["ETag"]


def _who() -> str:
    run = os.environ.get("GITHUB_RUN_ID")
    if run:
        return f"run {run} of {os.environ.get('GITHUB_REPOSITORY', 'GitHub')}"
    try:
        return f"{getpass.getuser()} at {socket.gethostname()}"
    except (KeyError, OSError):  # a user without a name, as in some containers
        return socket.gethostname()
