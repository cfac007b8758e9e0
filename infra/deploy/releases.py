"""The releases of a stage, kept in its bucket to go back to.

packages/<sha256>.zip  the packages of the last releases
releases.json          the releases, the oldest first: what ran, and since when
"""

import base64
import hashlib
import json
import subprocess
import zipfile
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from typing import Any
from urllib.request import urlopen

from rich.console import Console

import chalicelib
from chalicelib.core.clock import instant, wall_now
from infra import stages
from infra.deploy import Refused, recorded

KEPT = 10  # releases to which a stage can go back

RELEASES = "releases.json"


@dataclass(frozen=True)
class Release:
    """A package that ran, and what it ran in."""

    at: str  # since when, as an instant
    sha256: str  # of the package, in hex: packages/<sha256>.zip
    content: str  # a digest of the package's files: the same files packed again are the same release
    version: str
    commit: str  # of git; "" where it was deployed from no checkout
    functions: dict[str, dict[str, str]]  # by AWS's name: `handler` and `runtime`
    deployment: str  # of the REST API
    withdrawn: str = ""  # when somebody went back to the release before; "" if nobody did

    def __str__(self) -> str:
        commit = f", commit {self.commit[:8]}" if self.commit else ""
        return f"{self.version} ({self.sha256[:8]}{commit}) of {self.at}"


def read(bucket: str, s3: Any) -> list[Release]:
    """The releases, the oldest first."""
    try:
        noted = json.loads(s3.get_object(Bucket=bucket, Key=RELEASES)["Body"].read())
    except s3.exceptions.NoSuchKey:
        return []
    return [Release(**each) for each in noted["releases"]]


def record(stage: str, bucket: str, s3: Any, console: Console) -> None:
    """Keep the package that runs now, and note it as the release. Raises Refused where functions run different ones."""
    import boto3

    client, noted = boto3.client("lambda"), recorded.read(stage)
    found = {}
    for entry in noted.values():
        if entry["resource_type"] == "lambda_function":
            about = client.get_function_configuration(FunctionName=entry["lambda_arn"])
            found[about["FunctionName"]] = about
    if not found:
        return
    sums = {about["CodeSha256"] for about in found.values()}
    if len(sums) > 1:
        odd = ", ".join(f"{name}: {about['CodeSha256'][:8]}" for name, about in sorted(found.items()))
        raise Refused(f"the functions of {stage} do not run one package ({odd}); deploy again")
    sha256 = base64.b64decode(sums.pop()).hex()
    releases = read(bucket, s3)
    now = current(releases)
    package = _package(sha256, next(iter(found)), client)
    release = Release(
        at=instant(wall_now()),
        sha256=sha256,
        content=_content(package),
        version=chalicelib.__version__,
        commit=_commit(),
        functions={name: {"handler": about["Handler"], "runtime": about["Runtime"]} for name, about in found.items()},
        deployment=rest_stage(noted, stage)["deploymentId"],
    )
    again = now and now.content == release.content and now.functions == release.functions
    if now and again:
        release = replace(release, at=now.at)
        if release == now:
            return
        releases[releases.index(now)] = release
    else:
        releases.append(release)
    key = f"packages/{sha256}.zip"
    if key not in packages(bucket, s3):
        s3.put_object(Bucket=bucket, Key=key, Body=package)
    releases = releases[-KEPT:]
    note(releases, bucket, s3)
    for old in packages(bucket, s3) - {f"packages/{each.sha256}.zip" for each in releases}:
        s3.delete_object(Bucket=bucket, Key=old)
    if not again:
        console.print(f"Release {release.version} ({sha256[:8]}) is kept, to go back to.",
                      highlight=False, soft_wrap=True)  # fmt: skip


def current(releases: list[Release]) -> Release | None:
    """The release that runs."""
    return next((each for each in reversed(releases) if not each.withdrawn), None)


def _package(sha256: str, function: str, client: Any) -> bytes:
    """The package that runs: Chalice's file of it here, or else Lambda's. Raises Refused."""
    for file in (stages.CONFIG.parent / "deployments").glob("*.zip"):
        body = file.read_bytes()
        if hashlib.sha256(body).hexdigest() == sha256:
            return body
    with urlopen(client.get_function(FunctionName=function)["Code"]["Location"], timeout=60) as answer:
        code: bytes = answer.read()
    if hashlib.sha256(code).hexdigest() != sha256:
        raise Refused(f"Lambda handed out another package than {function} runs; run this again")
    return code


def _content(package: bytes) -> str:
    with zipfile.ZipFile(BytesIO(package)) as archive:
        files = sorted((entry.filename, entry.CRC, entry.file_size) for entry in archive.infolist())
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()


def _commit() -> str:
    try:
        said = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            cwd=stages.CONFIG.parent.parent, capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
    except OSError:  # no git here
        return ""
    return said.stdout.strip() if said.returncode == 0 else ""


def packages(bucket: str, s3: Any) -> set[str]:
    """The keys of the packages that the bucket has."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="packages/")
    return {each["Key"] for page in pages for each in page.get("Contents", ())}


def note(releases: list[Release], bucket: str, s3: Any) -> None:
    """Write the releases down."""
    noted = json.dumps({"releases": [asdict(each) for each in releases]}, indent=2)
    s3.put_object(Bucket=bucket, Key=RELEASES, Body=noted.encode(), ContentType="application/json")


def rest_stage(noted: recorded.Record, stage: str) -> dict[str, Any]:
    """The stage of the REST API, as API Gateway has it. Raises Refused where Chalice has noted none."""
    import boto3

    if "rest_api" not in noted:
        raise Refused(f"Chalice's record of {stage} names no REST API; deploy again")
    api = noted["rest_api"]["rest_api_id"]
    found: dict[str, Any] = boto3.client("apigateway").get_stage(restApiId=api, stageName=stage)
    return found
