"""What is kept of a stage's deployments in its bucket, and how to go back to the one before.

deployed/<stage>.json  Chalice's record of what it made. Chalice knows an API only by it: without it, it makes a second
                       one. So it is put back here before a deploy, and kept after.
packages/<sha256>.zip  the packages of the last releases
releases.json          the releases, the oldest first: what ran, and since when
deploying.json         who deploys at the moment
"""

import base64
import getpass
import hashlib
import json
import os
import re
import secrets
import socket
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

import chalicelib
from chalicelib.core.clock import instant, wall_now
from infra import stages
from infra.deploy import Refused

KEPT = 10  # releases to which a stage can go back
TAKES = timedelta(minutes=90)  # the longest that a deploy holds off others; one that died does it as long

RELEASES = "releases.json"
LOCK = "deploying.json"

Record = dict[str, dict[str, Any]]  # of Chalice: what it made, by the name that it gives it


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


def record_file(stage: str) -> Path:
    """Where Chalice keeps its record on this machine."""
    return stages.CONFIG.parent / "deployed" / f"{stage}.json"


def restore(stage: str, bucket: str, s3: Any) -> str:
    """Put Chalice's record here as it was written last, wherever that was; returns a sentence on what was done.

    The bucket and this machine each know when Chalice wrote theirs: the later one wins. Two that name different APIs
    can't both be right: then the bucket's wins, which is what others deploy by, as long as its API is there. What
    Chalice made and did not come to note, as it notes nothing where it fails, is looked for and added.
    """
    file = record_file(stage)
    here = file.read_bytes() if file.exists() else None
    here_at = datetime.fromtimestamp(file.stat().st_mtime, UTC) if here is not None else None
    kept, kept_at = _kept_record(stage, bucket, s3)
    said = f"Chalice's record of {stage}: "
    if kept is None or kept_at is None:
        said += "there is none yet." if here is None else "the bucket has none; this machine's is used."
    elif here is None or here_at is None:
        _write(file, kept, kept_at)
        said += "from the bucket."
    elif json.loads(here) == json.loads(kept):
        said += "the bucket's and this machine's are the same."
    elif _other_api(json.loads(here), json.loads(kept)):
        _write(file, kept, kept_at)
        said += "from the bucket; this machine's names another API, and is dropped."
    elif here_at > kept_at:
        said += f"this machine's of {instant(here_at)} is later than the bucket's of {instant(kept_at)}; it is used."
    else:
        _write(file, kept, kept_at)
        said += f"from the bucket, of {instant(kept_at)}; this machine's of {instant(here_at)} was older."
    if found := _not_noted(stage, read_record(stage)):
        _write(file, _as_text([*read_record(stage).values(), *found.values()]), wall_now())
        said += f" Chalice had not noted, and now has: {', '.join(sorted(found))}."
    return said


def save(stage: str, bucket: str, s3: Any) -> bool:
    """Keep this machine's record in the bucket, unless a later one is there. True where it was changed."""
    file = record_file(stage)
    if not file.exists():
        return False
    body, written = file.read_bytes(), datetime.fromtimestamp(file.stat().st_mtime, UTC)
    kept, kept_at = _kept_record(stage, bucket, s3)
    if body == kept or (kept_at and kept_at > written):
        return False
    s3.put_object(Bucket=bucket, Key=_key(stage), Body=body, Metadata={"written-at": written.isoformat()})
    return True


def read_record(stage: str) -> Record:
    """What Chalice notes on this machine that it made of a stage."""
    file = record_file(stage)
    return {each["name"]: each for each in json.loads(file.read_bytes())["resources"]} if file.exists() else {}


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

    client, noted = boto3.client("lambda"), read_record(stage)
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
        deployment=_rest_stage(noted, stage)["deploymentId"],
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
    if key not in _packages(bucket, s3):
        s3.put_object(Bucket=bucket, Key=key, Body=package)
    releases = releases[-KEPT:]
    _note(releases, bucket, s3)
    for old in _packages(bucket, s3) - {f"packages/{each.sha256}.zip" for each in releases}:
        s3.delete_object(Bucket=bucket, Key=old)
    if not again:
        console.print(f"Release {release.version} ({sha256[:8]}) is kept, to go back to.",
                      highlight=False, soft_wrap=True)  # fmt: skip


def current(releases: list[Release]) -> Release | None:
    """The release that runs."""
    return next((each for each in reversed(releases) if not each.withdrawn), None)


def rollback(stage: str, console: Console) -> None:
    """Put the release before the current one back. Raises Refused; then running it again goes on where it stopped.

    Tables and policies stay as they are: schemas only ever gain (CONTRIBUTING), so the release before reads what this
    one wrote.
    """
    import boto3

    from infra.deploy import provision

    provision.check_name(stage)
    bucket = provision.outputs(stage, boto3.client("cloudformation"))["Bucket"]
    s3 = boto3.client("s3")
    with alone(stage, bucket, s3, "rollback"):
        restore(stage, bucket, s3)
        releases = read(bucket, s3)
        good = [each for each in releases if not each.withdrawn]
        if len(good) < 2:
            raise Refused(f"{stage} has no release before this one in its bucket" + (
                f": it runs {_named(good[0])}" if good else "") + ". Deploy the commit that you want")  # fmt: skip
        before, now = good[-2], good[-1]
        console.print(f"From {_named(now)} back to {_named(before)}.", highlight=False, soft_wrap=True)
        noted = read_record(stage)
        _refuse_what_is_gone(before, noted, bucket, s3)
        failed = _put_code_back(before, bucket, console)
        if not failed:
            failed = _put_api_back(before, stage, noted, console) + _silence(before, noted, console)
        if failed:
            raise Refused(f"{stage} is not wholly back at {_named(before)}: {'; '.join(failed)}. Run the rollback "
                          "again: it goes on with what is left")  # fmt: skip
        releases[releases.index(now)] = replace(now, withdrawn=instant(wall_now()))
        _note(releases, bucket, s3)
    console.print(f"{stage} runs {_named(before)} again. Tables, settings and policies stay as they are; the next "
                  "deploy goes forward again.", highlight=False, soft_wrap=True)  # fmt: skip


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


def _key(stage: str) -> str:
    return f"deployed/{stage}.json"


def _kept_record(stage: str, bucket: str, s3: Any) -> tuple[bytes | None, datetime | None]:
    """The bucket's record, and when Chalice wrote it."""
    try:
        found = s3.get_object(Bucket=bucket, Key=_key(stage))
    except s3.exceptions.NoSuchKey:
        return None, None
    written = found["Metadata"].get("written-at")
    return found["Body"].read(), datetime.fromisoformat(written) if written else found["LastModified"]


def _write(file: Path, body: bytes, at: datetime) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)
    os.utime(file, (at.timestamp(), at.timestamp()))


def _as_text(entries: list[dict[str, Any]]) -> bytes:
    return json.dumps({"resources": entries, "schema_version": "2.0", "backend": "api"}, indent=2).encode()


def _other_api(here: dict[str, Any], kept: dict[str, Any]) -> bool:
    """Whether this machine's record names another REST API than the bucket's, which is there."""
    import boto3

    ours, theirs = ({each.get("rest_api_id") for each in one["resources"]} - {None} for one in (here, kept))
    if not theirs or ours == theirs:
        return False
    client = boto3.client("apigateway")
    try:
        client.get_rest_api(restApiId=theirs.pop())
    except client.exceptions.NotFoundException:
        return False
    return True


def _not_noted(stage: str, noted: Record) -> Record:
    """What Chalice made of this stage that its record lacks, as its record would have it.

    Chalice writes the record at its very end. After a first deploy that failed midway it would make a second REST and
    WebSocket API, and fail at event sources that are there already.
    """
    import boto3

    found: Record = {}
    region = boto3.client("lambda").meta.region_name
    function = re.compile(rf":function:gatecall-{stage}-([A-Za-z0-9_]+)$")  # no "-": that is another stage's

    def add(name: str, kind: str, **values: str) -> None:
        if name not in noted:
            found[name] = {"name": name, "resource_type": kind, **values}

    for page in boto3.client("lambda").get_paginator("list_event_source_mappings").paginate():
        for mapping in page["EventSourceMappings"]:
            arn, source = mapping["FunctionArn"], mapping["EventSourceArn"]
            if (ours := function.search(arn)) and mapping.get("State") != "Deleting":
                told = {"event_uuid": mapping["UUID"], "lambda_arn": arn}
                if ":sqs:" in source:
                    queue = source.rpartition(":")[2]
                    add(f"{ours[1]}-sqs-event-source", "sqs_event", queue=queue, queue_arn=source, **told)
                elif ":dynamodb:" in source:
                    add(f"{ours[1]}-dynamodb-event-source", "dynamodb_event", stream_arn=source, **told)
    for page in boto3.client("sns").get_paginator("list_subscriptions").paginate():
        for each in page["Subscriptions"]:
            if ours := function.search(each["Endpoint"]):
                topic = each["TopicArn"]
                add(f"{ours[1]}-sns-subscription", "sns_event", topic=topic, topic_arn=topic,
                    lambda_arn=each["Endpoint"], subscription_arn=each["SubscriptionArn"])  # fmt: skip
    if "rest_api" not in noted and (api := rest_api(stage)):
        add("rest_api", "rest_api", rest_api_id=api, rest_api_url=_url("https", api, region, stage))
    if "websocket_api" not in noted and (api := websocket_api(stage)):
        add("websocket_api", "websocket_api", websocket_api_id=api, websocket_api_url=_url("wss", api, region, stage))
    return found


def _url(scheme: str, api: str, region: str, stage: str) -> str:
    return f"{scheme}://{api}.execute-api.{region}.amazonaws.com/{stage}/"


def rest_api(stage: str) -> str:
    """The id of the REST API that calls this stage's function: Chalice calls those of all stages `gatecall`."""
    import boto3

    client = boto3.client("apigateway")
    calls = f":function:gatecall-{stage}/invocations"
    for page in client.get_paginator("get_rest_apis").paginate():
        for api in page["items"]:
            if api["name"] == "gatecall":
                paths = client.get_resources(restApiId=api["id"], embed=["methods"], limit=500)
                if calls in json.dumps(paths["items"], default=str):
                    return str(api["id"])
    return ""


def websocket_api(stage: str) -> str:
    """The id of this stage's WebSocket API. One without a stage was never finished, and Chalice does not finish it:
    it is deleted.
    """  # fmt: skip
    import boto3

    client = boto3.client("apigatewayv2")
    for page in client.get_paginator("get_apis").paginate():
        for api in page["Items"]:
            if api["Name"] == f"gatecall-{stage}-websocket-api":
                if client.get_stages(ApiId=api["ApiId"])["Items"]:
                    return str(api["ApiId"])
                client.delete_api(ApiId=api["ApiId"])
    return ""


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


def _packages(bucket: str, s3: Any) -> set[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="packages/")
    return {each["Key"] for page in pages for each in page.get("Contents", ())}


def _note(releases: list[Release], bucket: str, s3: Any) -> None:
    noted = json.dumps({"releases": [asdict(each) for each in releases]}, indent=2)
    s3.put_object(Bucket=bucket, Key=RELEASES, Body=noted.encode(), ContentType="application/json")


def _named(release: Release) -> str:
    commit = f", commit {release.commit[:8]}" if release.commit else ""
    return f"{release.version} ({release.sha256[:8]}{commit}) of {release.at}"


def _rest_stage(noted: Record, stage: str) -> dict[str, Any]:
    import boto3

    if "rest_api" not in noted:
        raise Refused(f"Chalice's record of {stage} names no REST API; deploy again")
    api = noted["rest_api"]["rest_api_id"]
    found: dict[str, Any] = boto3.client("apigateway").get_stage(restApiId=api, stageName=stage)
    return found


def _refuse_what_is_gone(before: Release, noted: Record, bucket: str, s3: Any) -> None:
    """Raises Refused, before anything is changed, where what the release needs is no more."""
    import boto3

    there = {each["lambda_arn"].rpartition(":")[2] for each in noted.values()
             if each["resource_type"] == "lambda_function"}  # fmt: skip
    gone = [f"the function {name}" for name in before.functions if name not in there]
    if f"packages/{before.sha256}.zip" not in _packages(bucket, s3):
        gone.append("its package in the bucket")
    api = boto3.client("apigateway")
    try:
        api.get_deployment(restApiId=noted["rest_api"]["rest_api_id"], deploymentId=before.deployment)
    except api.exceptions.NotFoundException:
        gone.append("its deployment of the REST API")
    if gone:
        raise Refused(f"{_named(before)} can't be put back: {', '.join(gone)} is no more. Deploy that commit instead")


def _put_code_back(before: Release, bucket: str, console: Console) -> list[str]:
    """Returns what failed, and why."""
    import boto3

    client, failed = boto3.client("lambda"), []
    wanted = base64.b64encode(bytes.fromhex(before.sha256)).decode()
    for name, ran in before.functions.items():
        try:
            about = client.get_function_configuration(FunctionName=name)
            if (about["Handler"], about["Runtime"]) != (ran["handler"], ran["runtime"]):
                client.update_function_configuration(FunctionName=name, Handler=ran["handler"], Runtime=ran["runtime"])
                client.get_waiter("function_updated_v2").wait(FunctionName=name)
            if about["CodeSha256"] != wanted:
                client.update_function_code(FunctionName=name, S3Bucket=bucket, S3Key=f"packages/{before.sha256}.zip")
                client.get_waiter("function_updated_v2").wait(FunctionName=name)
                about = client.get_function_configuration(FunctionName=name)
            if about["CodeSha256"] != wanted:
                failed.append(f"{name} runs another package than it was given")
            else:
                console.print(f"  {name}", highlight=False, soft_wrap=True)
        except (ClientError, BotoCoreError) as error:
            failed.append(f"{name}: {error}")
    return failed


def _put_api_back(before: Release, stage: str, noted: Record, console: Console) -> list[str]:
    """Point the REST API's stage at the release's deployment."""
    import boto3

    try:
        if _rest_stage(noted, stage)["deploymentId"] != before.deployment:
            boto3.client("apigateway").update_stage(
                restApiId=noted["rest_api"]["rest_api_id"],
                stageName=stage,
                patchOperations=[{"op": "replace", "path": "/deploymentId", "value": before.deployment}],
            )
            console.print(f"  the REST API's routes of {before.at}", highlight=False, soft_wrap=True)
    except (ClientError, BotoCoreError) as error:
        return [f"the REST API: {error}"]
    return []


def _silence(before: Release, noted: Record, console: Console) -> list[str]:
    """Disable what triggers functions that the release did not have: its package holds no such handler."""
    import boto3

    newer = {each["name"] for each in noted.values() if each["resource_type"] == "lambda_function"
             and each["lambda_arn"].rpartition(":")[2] not in before.functions}  # fmt: skip
    mappings, failed = boto3.client("lambda"), []
    for name, entry in noted.items():
        function = name.partition("-")[0]  # fan_out-sqs-event-source
        if function not in newer or entry["resource_type"] == "lambda_function":
            continue
        try:
            match entry["resource_type"]:
                case "sqs_event" | "dynamodb_event":
                    state = mappings.get_event_source_mapping(UUID=entry["event_uuid"])["State"]
                    if state not in {"Disabled", "Disabling"}:
                        mappings.update_event_source_mapping(UUID=entry["event_uuid"], Enabled=False)
                case "cloudwatch_event":
                    boto3.client("events").disable_rule(Name=entry["rule_name"])
                case "sns_event":
                    boto3.client("sns").unsubscribe(SubscriptionArn=entry["subscription_arn"])
                case _:
                    continue
            console.print(f"  {function} is triggered no more: the release did not have it", highlight=False,
                          soft_wrap=True)  # fmt: skip
        except (ClientError, BotoCoreError) as error:
            failed.append(f"{name}: {error}")
    return failed
