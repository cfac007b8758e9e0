"""What is deployed: complete, small, with every trigger; and its handlers run from it, with nothing else there."""

import json
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

import app
from infra.local import events

from .conftest import ROOT, Cloud, Gateway, Package

NOON = datetime(2026, 7, 10, 16, tzinfo=UTC)  # at New York
CLOCK = f"{NOON.isoformat()}*0"  # stands still
LATER = f"{NOON.replace(minute=20).isoformat()}*0"
MB = 1_000_000


def test_no_wheel_is_missing(package: Package) -> None:
    """Everything that requirements.txt pins is there for Lambda's Linux: chalice only warns of what is not."""
    assert "Could not install" not in package.output


def test_the_package_is_small(package: Package) -> None:
    """At most 40 MB to upload and 150 MB unpacked, below Lambda's 50 and 250."""
    assert package.zip.stat().st_size <= 40 * MB
    with zipfile.ZipFile(package.zip) as archive:
        assert sum(entry.file_size for entry in archive.infolist()) <= 150 * MB


def test_the_app_is_whole(unpacked: Path) -> None:
    """app.py and every file of chalicelib, data too, as they stand here."""
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "app.py", "chalicelib"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    files = [name for name in tracked if (ROOT / name).exists()]
    missing = [name for name in files if not (unpacked / name).is_file()]
    assert not missing
    for data in ("airports/airports.tsv", "flights/carriers.tsv", "flights/feeds/replay/day.csv"):
        assert f"chalicelib/{data}" in files, f"{data} has moved: name it here"


def test_nothing_else_is_packed(unpacked: Path) -> None:
    """No tests, no infra, nothing of what only this repository needs."""
    ours = {path.name for path in ROOT.iterdir()} - {"app.py", "chalicelib"} | {"moto", "boto3", "node_modules"}
    assert not ours & {path.name for path in unpacked.iterdir()}
    data = {path.suffix for path in (unpacked / "chalicelib").rglob("*") if path.is_file()}
    assert data == {".py", ".tsv", ".csv", ".toml", ".html"}


def test_every_trigger_is_declared(package: Package) -> None:
    """Schedules, both streams from their beginning, topics, queues, the WebSocket's routes, and every REST route."""
    resources = package.template["Resources"].values()
    functions = [each["Properties"] for each in resources if each["Type"] == "AWS::Serverless::Function"]
    triggers = {
        function["Handler"].removeprefix("app."): event
        for function in functions
        for event in function.get("Events", {}).values()
    }
    assert {name: event["Type"] for name, event in triggers.items()} == {
        "poll_feeds": "Schedule", "repair_changes": "Schedule", "tell_changes": "DynamoDB", "push_change": "SNS",
        "fan_out_at_once": "SQS", "fan_out": "SQS", "send_emails": "SQS", "send_texts": "SQS", "send_pushes": "SQS",
        "call_webhooks": "SQS", "take_up_due": "Schedule", "ask_to_confirm": "DynamoDB", "hear_email_events": "SNS",
        "hear_sms_replies": "SNS", "honour_opt_outs": "Schedule", "queue_errands": "DynamoDB", "run_errands": "SQS",
    }  # fmt: skip
    assert triggers["poll_feeds"]["Properties"]["Schedule"] == "rate(1 minute)"
    stream = triggers["tell_changes"]["Properties"]
    assert stream["StartingPosition"] == "TRIM_HORIZON"
    assert "/gatecall-dev-flights/stream/" in stream["Stream"]
    assert triggers["push_change"]["Properties"]["Topic"].endswith(":gatecall-dev-flight-changes")
    for name in ("emails", "texts", "pushes"):
        queue = triggers[f"send_{name}"]["Properties"]
        assert json.dumps(queue["Queue"]).count(f"gatecall-dev-{name}") == 1
        assert queue["ScalingConfig"]["MaximumConcurrency"] >= 2
    routes = {each["Properties"]["RouteKey"] for each in resources if each["Type"] == "AWS::ApiGatewayV2::Route"}
    assert routes == {"$connect", "$default", "$disconnect"}
    assert {function["Handler"].removeprefix("app.") for function in functions} == {
        "app", "connect", "message", "disconnect", *(source.name for source in app.app.event_sources),
    }  # fmt: skip
    [rest] = [each["Properties"] for each in resources if each["Type"] == "AWS::Serverless::Api"]
    paths = rest["DefinitionBody"]["paths"]
    assert {(path, method) for path, methods in paths.items() for method in methods} >= {
        (path, method.lower()) for path, methods in app.app.routes.items() for method in methods
    }


def test_every_function_has_memory_and_its_settings(package: Package) -> None:
    """At least 1,024 MB, as a cold start of all this needs; and the stage's environment."""
    for each in package.template["Resources"].values():
        if each["Type"] == "AWS::Serverless::Function":
            assert each["Properties"]["MemorySize"] >= 1024
            told = each["Properties"]["Environment"]["Variables"]
            assert told["GATECALL_STAGE"] == "dev"
            assert "set by provisioning" not in told.values()


@pytest.fixture(scope="session")
def polled(cloud: Cloud) -> None:
    """The packaged schedule has polled LaGuardia's feed at noon, and again twenty minutes later."""
    for clock in (CLOCK, LATER):
        assert cloud.invoke("poll_feeds", events.schedule("gatecall-dev-poll_feeds", NOON), FLIGHT_CLOCK=clock) is None


@pytest.fixture(scope="session")
def record(cloud: Cloud, polled: None) -> dict[str, Any]:
    """What the flights' stream brings of a committed version."""
    streams = cloud.client("dynamodbstreams")
    arn = cloud.environment["FLIGHTS_STREAM_ARN"]
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        told = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        iterator = told["ShardIterator"]
        while iterator:
            batch = streams.get_records(ShardIterator=iterator)
            for each in batch["Records"]:
                if each["eventName"] == "INSERT" and each["dynamodb"]["Keys"]["sk"]["S"].startswith("history#"):
                    return events.stream_record(each, arn)
            iterator = batch["Records"] and batch.get("NextShardIterator")
    raise AssertionError("twenty minutes at LaGuardia have changed nothing")


def get(cloud: Cloud, path: str, resource: str, **parameters: str) -> Any:
    """The answer of a REST route."""
    event = events.rest("GET", path, at=NOON, resource=resource, path_parameters=parameters)
    answer = cloud.invoke("app", event, FLIGHT_CLOCK=LATER)
    assert answer["statusCode"] == 200, answer
    return json.loads(answer["body"])


def test_health_answers(cloud: Cloud) -> None:
    """The packaged REST function knows its stage, and reaches its tables."""
    health = get(cloud, "/v1/health", "/v1/health")
    assert health["stage"] == "dev"
    assert set(health["tables"].values()) == {"answers"}


MAKE_ADMIN = """
from chalicelib.accounts import links, people
from chalicelib.core.clock import wall_now
print(links.url(people.make_admin("admin@example.com", "en", "terminal", wall_now())).partition("token=")[2])
"""


def test_the_first_admin_sets_a_password_and_logs_in(cloud: Cloud) -> None:
    """The packaged REST function knows passwords and tokens: argon2, zxcvbn and PyJWT came along."""
    made = subprocess.run(
        [sys.executable, "-c", MAKE_ADMIN],
        cwd=ROOT, env={**os.environ, **cloud.environment}, check=True, capture_output=True, text=True,
    )  # fmt: skip

    def post(path: str, body: dict[str, str]) -> Any:
        headers = [("content-type", "application/json")]
        event = events.rest("POST", path, at=NOON, resource=path, headers=headers, body=json.dumps(body).encode())
        return cloud.invoke("app", event)

    token, password = made.stdout.strip(), "a tram to the harbour"
    assert post("/v1/accounts/confirmation", {"token": token, "password": "passwordpassword"})["statusCode"] == 400
    assert post("/v1/accounts/confirmation", {"token": token, "password": password})["statusCode"] == 200
    session = post("/v1/sessions", {"email": "admin@example.com", "password": password})
    assert session["statusCode"] == 201, session
    bearer = ("authorization", f"Bearer {json.loads(session['body'])['access_token']}")
    people = cloud.invoke("app", events.rest("GET", "/v1/people", at=NOON, resource="/v1/people", headers=[bearer]))
    assert [each["role"] for each in json.loads(people["body"])["people"]] == ["admin"]


def test_a_polled_airport_has_a_board(cloud: Cloud, polled: None) -> None:
    """What the packaged schedule polled, the packaged REST function shows."""
    board = get(cloud, "/v1/airports/LGA/departures", "/v1/airports/{iata}/departures", iata="LGA")
    assert board["feeds"][0]["name"] == "replay"
    assert not board["feeds"][0]["silent"]
    assert len(board["flights"]) == 100
    assert {flight["departure"]["airport"] for flight in board["flights"]} == {"LGA"}


def test_a_committed_version_is_told(cloud: Cloud, record: dict[str, Any]) -> None:
    """The packaged stream function publishes it to the topic, and marks it told."""
    sqs, sns = cloud.client("sqs"), cloud.client("sns")
    queue = sqs.create_queue(QueueName="a-subscriber")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=cloud.environment["FLIGHT_CHANGES_TOPIC_ARN"], Protocol="sqs", Endpoint=arn)

    assert cloud.invoke("tell_changes", events.records(record)) == {"batchItemFailures": []}

    [brought] = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=2)["Messages"]
    message = json.loads(json.loads(brought["Body"])["Message"])
    image = record["dynamodb"]["NewImage"]
    assert message["flight"] == image["leg"]["S"]
    assert message["version"] == int(image["version"]["N"])
    assert message["changes"]
    row = cloud.client("dynamodb").get_item(
        TableName=cloud.environment["FLIGHTS_TABLE"], Key={"pk": image["pk"], "sk": image["sk"]}, ConsistentRead=True
    )["Item"]
    assert "untold" not in row


def test_a_change_reaches_who_watches(cloud: Cloud, record: dict[str, Any], gateway: Gateway) -> None:
    """A client of the packaged WebSocket functions watches a flight; the packaged SNS function pushes its change."""
    image = record["dynamodb"]["NewImage"]
    leg, version = image["leg"]["S"], int(image["version"]["N"])
    told = {"at": NOON, "connected_at": NOON, "domain": gateway.domain}
    topic = f"flight:{leg}"

    connected = cloud.invoke("connect", events.websocket("$connect", "Xyz=", **told), FLIGHT_CLOCK=LATER)
    assert connected["statusCode"] == 200
    watch = json.dumps({"action": "watch", "topics": [topic]})
    cloud.invoke("message", events.websocket("$default", "Xyz=", **told, body=watch), FLIGHT_CLOCK=LATER)
    change = {
        "flight": leg, "version": version, "airports": image["airports"]["SS"],
        "changes": [{"field": "departure_gate", "before": None, "after": "B4"}],
    }  # fmt: skip
    brought = events.sns_record(json.dumps(change), topic_arn=cloud.environment["FLIGHT_CHANGES_TOPIC_ARN"], at=NOON)
    cloud.invoke("push_change", events.records(brought), FLIGHT_CLOCK=LATER)

    assert {path for path, _ in gateway.sent} == {f"/{events.STAGE}/@connections/{quote('Xyz=')}"}
    state, watching, pushed = (message for _, message in gateway.sent)
    assert (state["type"], state["topic"], state["flights"][0]["id"]) == ("state", topic, leg)
    assert (watching["type"], watching["topics"]) == ("watching", [topic])
    assert (pushed["type"], pushed["flight"]["id"]) == ("change", leg)
    assert version in {line["version"] for line in pushed["changes"]}
