"""Chalice's record of what it made of a stage: kept in the stage's bucket, as deployed/<stage>.json.

Chalice knows an API only by it: without it, it makes a second one. So it is put back here before a deploy, and kept
after.
"""

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chalicelib.core.clock import instant, wall_now
from infra import stages
from infra.deploy import Refused

Record = dict[str, dict[str, Any]]  # what it made, by the name that it gives it


def path_of(stage: str) -> Path:
    """Where Chalice keeps its record on this machine."""
    return stages.CONFIG.parent / "deployed" / f"{stage}.json"


def restore(stage: str, bucket: str, s3: Any) -> str:
    """Put Chalice's record here as it was written last, wherever that was; returns a sentence on what was done.

    The bucket and this machine each know when Chalice wrote theirs: the later one wins. Two that name different APIs
    can't both be right: then the bucket's wins, which is what others deploy by, as long as its API is there. What
    Chalice made and did not come to note, as it notes nothing where it fails, is looked for and added.
    Raises Refused where this machine's can't be read.
    """
    read(stage)  # before it is compared
    file = path_of(stage)
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
    if found := _not_noted(stage, read(stage)):
        _write(file, _as_text([*read(stage).values(), *found.values()]), wall_now())
        said += f" Chalice had not noted, and now has: {', '.join(sorted(found))}."
    return said


def save(stage: str, bucket: str, s3: Any) -> bool:
    """Keep this machine's record in the bucket, unless a later one is there. True where it was changed."""
    file = path_of(stage)
    if not file.exists():
        return False
    body, written = file.read_bytes(), datetime.fromtimestamp(file.stat().st_mtime, UTC)
    kept, kept_at = _kept_record(stage, bucket, s3)
    if body == kept or (kept_at and kept_at > written):
        return False
    s3.put_object(Bucket=bucket, Key=_key(stage), Body=body, Metadata={"written-at": written.isoformat()})
    return True


def read(stage: str) -> Record:
    """What Chalice notes on this machine that it made of a stage. Raises Refused where that can't be read."""
    file = path_of(stage)
    if not file.exists():
        return {}
    try:
        return {each["name"]: each for each in json.loads(file.read_bytes())["resources"]}
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(f"{file} can't be read. Delete it, and run this again: the stage's bucket has another") from error


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
            arn, source = mapping["FunctionArn"], mapping.get("EventSourceArn", "")  # Kafka has none
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
