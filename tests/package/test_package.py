"""What Lambda gets: complete, small, nothing else in it; and what was deployed around it."""

import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

import app
from infra import functions

from .conftest import ROOT, Checkout, Cloud

pytestmark = pytest.mark.xdist_group("dev")  # one deployment for both files
MB = 1_000_000


@pytest.fixture(scope="module")
def deployed(cloud: Cloud, dev: Checkout) -> dict[str, dict[str, Any]]:
    """The configuration of each deployed function, by AWS's name."""
    pages = cloud.client("lambda").get_paginator("list_functions").paginate()
    return {
        each["FunctionName"]: each
        for page in pages
        for each in page["Functions"]
        if each["FunctionName"].startswith("gatecall-dev")
    }


def test_no_wheel_is_missing(unpacked: Path) -> None:
    """Each dependency that requirements.txt pins is there: Chalice only warns of one that has no wheel for Lambda."""
    pinned = [line.partition("==")[0] for line in (ROOT / "requirements.txt").read_text().splitlines()
              if "==" in line]  # fmt: skip
    there = {path.name.partition("-")[0].lower().replace("_", "-") for path in unpacked.glob("*.dist-info")}
    assert pinned
    assert [name for name in pinned if name.lower().replace("_", "-") not in there] == []


def test_the_package_is_small(package: Path) -> None:
    """At most 40 MB to upload and 150 MB unpacked, below Lambda's 50 and 250."""
    assert package.stat().st_size <= 40 * MB
    with zipfile.ZipFile(package) as archive:
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
    """No tests, no local cloud, no web app's source, nothing of what only this repository needs."""
    ours = {path.name for path in ROOT.iterdir()} - {"app.py", "chalicelib"}
    strangers = {"moto", "boto3", "pytest", "starlette", "uvicorn", "node_modules", "web"}
    assert not (ours | strangers) & {path.name for path in unpacked.iterdir()}
    data = {path.suffix for path in (unpacked / "chalicelib").rglob("*") if path.is_file()}
    assert data - {".pyc"} == {".py", ".tsv", ".csv", ".toml", ".html"}


def test_every_function_is_deployed(deployed: dict[str, dict[str, Any]]) -> None:
    """Those that app.py declares, each as the handler it declares, all of one package, and no other."""
    declared = {each.full_name("dev"): f"app.{each.handler}" for each in functions.declared()}
    assert {name: each["Handler"] for name, each in deployed.items()} == declared
    assert len({each["CodeSha256"] for each in deployed.values()}) == 1


def test_every_function_has_memory_a_role_and_its_settings(deployed: dict[str, dict[str, Any]]) -> None:
    """At least 1,024 MB, as a cold start of all this needs; a role of its own; what provisioning made known."""
    for each in deployed.values():
        assert each["MemorySize"] >= 1024
        assert 29 <= each["Timeout"] <= 60
        assert each["TracingConfig"] == {"Mode": "Active"}
        told = each["Environment"]["Variables"]
        assert told["GATECALL_STAGE"] == "dev"
        assert "set by provisioning" not in told.values()
    assert len({each["Role"] for each in deployed.values()}) == len(deployed)


def test_every_trigger_is_deployed(cloud: Cloud, deployed: dict[str, dict[str, Any]]) -> None:
    """Streams and queues, topics, schedules and the WebSocket's routes reach the functions they are declared for."""
    found: set[tuple[str, str, str]] = set()
    for mapping in cloud.client("lambda").list_event_source_mappings()["EventSourceMappings"]:
        arn = mapping["EventSourceArn"]
        stream = ":dynamodb:" in arn
        source = arn.partition(":table/")[2].partition("/")[0] if stream else arn.rpartition(":")[2]
        found.add((mapping["FunctionArn"].rpartition(":")[2], "stream" if stream else "queue", source))
        assert not stream or mapping["StartingPosition"] == "TRIM_HORIZON"
    for each in cloud.client("sns").list_subscriptions()["Subscriptions"]:
        if each["Protocol"] == "lambda":
            found.add((each["Endpoint"].rpartition(":")[2], "topic", each["TopicArn"].rpartition(":")[2]))
    events = cloud.client("events")
    for rule in events.list_rules()["Rules"]:
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
            found.add((target["Arn"].rpartition(":")[2], "schedule", rule["ScheduleExpression"]))
    hourly = {"honour_opt_outs"}
    assert {each for each in found if each[0] in deployed} == {
        (each.full_name("dev"), each.kind, _source(each, hourly))
        for each in functions.declared()
        if each.kind not in {"rest", "websocket"}
    }
    gateway = cloud.client("apigatewayv2")
    [api] = [each for each in gateway.get_apis()["Items"] if each["Name"] == "gatecall-dev-websocket-api"]
    assert {each["RouteKey"] for each in gateway.get_routes(ApiId=api["ApiId"])["Items"]} == {
        "$connect", "$default", "$disconnect",
    }  # fmt: skip


def _source(function: functions.Function, hourly: set[str]) -> str:
    if function.kind == "schedule":
        return "rate(1 hour)" if function.name in hourly else "rate(1 minute)"
    return function.source.replace("-test-", "-dev-")  # as the tests' own environment has it


def test_every_route_is_deployed(cloud: Cloud, dev: Checkout) -> None:
    """Each path of app.py with its methods."""
    gateway = cloud.client("apigateway")
    found: set[tuple[str, str]] = set()
    for api in gateway.get_rest_apis()["items"]:
        if any(each["stageName"] == "dev" for each in gateway.get_stages(restApiId=api["id"])["item"]):
            for resource in gateway.get_resources(restApiId=api["id"])["items"]:
                found |= {(resource["path"], method) for method in resource.get("resourceMethods", ())}
    assert found >= {(path, method) for path, methods in app.app.routes.items() for method in methods}
