"""`python -m infra deploy` against moto, with a stand-in for Chalice; the real one runs in tests/package."""

import json
import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path

import boto3
import pytest
from rich.console import Console

from chalicelib.core.clock import wall_now
from infra import stages, webapp
from infra.deploy import Refused, lock, recorded
from infra.deploy.deploy import deploy, run_chalice

from .conftest import Screen, StandIn

BUCKET = "gatecall-dev-123456789012-us-east-1"


def apis() -> list[str]:
    return [each["id"] for each in boto3.client("apigateway").get_rest_apis()["items"]]


def fresh_runner() -> None:
    """Another machine with the same checkout: nothing is known there of any deployment."""
    for name in ("deployed", "deployments", "policies"):
        shutil.rmtree(stages.CONFIG.parent / name, ignore_errors=True)


def test_the_three_steps_come_in_order(chalice: StandIn, screen: Screen) -> None:
    """Each with its heading; Chalice's lines are shown below its own, indented."""
    deploy("dev", screen.console, chalice=chalice)
    lines = screen.text.splitlines()
    headings = [line for line in lines if " of 3: " in line]
    assert headings == ["1 of 3: provision", "2 of 3: chalice deploy", "3 of 3: tune"]
    after = lines[lines.index("2 of 3: chalice deploy") : lines.index("3 of 3: tune")]
    assert "  Creating lambda function: gatecall-dev-fan_out" in after
    assert "\x1b" not in screen.text  # no terminal: plain lines
    assert chalice.ran == ["package", "deploy"]


def test_a_web_app_that_fails_to_build_stops_a_deploy_before_it_begins(
    chalice: StandIn, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is made yet; a machine without node deploys all else."""

    def fails(say: webapp.Say) -> bool:
        raise webapp.NotBuilt("npm run build failed: it said why")

    def without_node(say: webapp.Say) -> bool:
        raise webapp.NoNode("node is not installed")

    monkeypatch.setattr(webapp, "build", fails)
    with pytest.raises(Refused, match="the web app can't be built: npm run build failed"):
        deploy("dev", screen.console, chalice=chalice)
    assert boto3.client("cloudformation").describe_stacks()["Stacks"] == []
    monkeypatch.setattr(webapp, "build", without_node)
    deploy("dev", screen.console, chalice=chalice)
    assert "dev is deployed" in screen.text


def test_in_a_terminal_the_steps_are_shown_at_once(chalice: StandIn, screen: Screen) -> None:
    """Each with a mark once it is done and how long it took, below what is said."""
    screen.console = Console(file=StringIO(), width=120, force_terminal=True)
    deploy("dev", screen.console, chalice=chalice)
    assert "\x1b" in screen.text
    assert re.search(r"✓\S* \S*chalice deploy", screen.text)
    assert "dev is deployed" in screen.text


def test_a_fresh_runner_updates_the_same_api(chalice: StandIn, screen: Screen) -> None:
    """Chalice's record comes from the bucket, so that no second API is made."""
    deploy("dev", screen.console, chalice=chalice)
    first = apis()
    fresh_runner()
    screen.clear()
    chalice.code = "2"
    deploy("dev", screen.console, chalice=chalice)
    assert apis() == first
    assert len(first) == 1
    assert "Chalice's record of dev: from the bucket." in screen.text
    assert "Updating lambda function: gatecall-dev" in screen.text


def test_what_chalice_did_not_come_to_note_is_found(chalice: StandIn, screen: Screen) -> None:
    """It notes nothing when it fails: what it made by then is looked for, and used the next time, on any machine."""
    deploy("dev", screen.console, chalice=chalice)
    boto3.client("s3").delete_object(Bucket=BUCKET, Key="deployed/dev.json")
    fresh_runner()
    screen.clear()
    deploy("dev", screen.console, chalice=chalice)
    assert len(apis()) == 1
    assert len(boto3.client("apigatewayv2").get_apis()["Items"]) == 1
    assert len(boto3.client("lambda").list_event_source_mappings()["EventSourceMappings"]) == 1
    assert "had not noted, and now has: fan_out-sqs-event-source, push_change-sns-subscription, rest_api" in screen.text


def test_a_websocket_api_that_was_never_finished_is_made_anew(chalice: StandIn, screen: Screen) -> None:
    """Chalice makes its stage at the very end, and never again: without one, nobody can connect."""
    name = "gatecall-dev-websocket-api"
    client = boto3.client("apigatewayv2")
    half = client.create_api(Name=name, ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
    deploy("dev", screen.console, chalice=chalice)
    [whole] = client.get_apis()["Items"]
    assert whole["ApiId"] != half["ApiId"]


def test_another_stages_app_is_not_taken_for_this_ones(chalice: StandIn, screen: Screen) -> None:
    """Chalice calls the REST APIs of all stages `gatecall`, and dev-two's functions begin with dev's name."""
    deploy("dev-two", screen.console, chalice=chalice)
    deploy("dev", screen.console, chalice=chalice)
    assert len(apis()) == 2
    noted = [set(recorded.read(stage)) for stage in ("dev", "dev-two")]
    assert noted[0] == noted[1]
    ids = {recorded.read(stage)["rest_api"]["rest_api_id"] for stage in ("dev", "dev-two")}
    assert ids == set(apis())


def test_chalices_failure_is_the_deploys(chalice: StandIn, screen: Screen) -> None:
    """Its exit code is honoured, tune is not run, and running it again goes on."""
    chalice.fails = "fan_out"
    with pytest.raises(Refused, match="chalice deploy ended with code 2"):
        deploy("dev", screen.console, chalice=chalice)
    assert "  ERROR - While sending your chalice handler code" in screen.text
    assert "3 of 3" not in screen.text
    chalice.fails = ""
    deploy("dev", screen.console, chalice=chalice)
    assert "dev is deployed" in screen.text


def test_a_log_group_is_made_that_chalice_takes_for_there(chalice: StandIn, screen: Screen) -> None:
    """Of a deploy that stopped between fan_out_at_once and fan_out: Chalice looks for names that begin so."""
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName="/aws/lambda/gatecall-dev-fan_out_at_once")
    deploy("dev", screen.console, chalice=chalice)
    groups = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/gatecall-dev-fan_out")["logGroups"]
    assert "/aws/lambda/gatecall-dev-fan_out" in [group["logGroupName"] for group in groups]


def test_the_record_is_kept_when_the_tuning_fails(
    chalice: StandIn, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From then on it is what others deploy by."""
    from infra.deploy import tune

    def fails(*_: object) -> None:
        raise Refused("no")

    monkeypatch.setattr(tune, "tune", fails)
    with pytest.raises(Refused, match="no"):
        deploy("dev", screen.console, chalice=chalice)
    kept = json.loads(boto3.client("s3").get_object(Bucket=BUCKET, Key="deployed/dev.json")["Body"].read())
    assert [each["rest_api_id"] for each in kept["resources"] if each["name"] == "rest_api"] == apis()


def test_a_missing_wheel_stops_the_deploy(chalice: StandIn, screen: Screen) -> None:
    """Chalice only warns of it; nothing is uploaded, and the package is not used the next time either."""
    chalice.warns = "argon2-cffi==25.1.0"
    for _ in range(2):
        with pytest.raises(Refused, match=r"no wheel for Lambda: argon2-cffi==25\.1\.0.*Nothing was deployed"):
            deploy("dev", screen.console, chalice=chalice)
    assert chalice.ran == ["package", "package"]
    assert not boto3.client("lambda").list_functions()["Functions"]


def test_two_deploys_do_not_mix(chalice: StandIn, screen: Screen) -> None:
    """The second says who is at it since when; when the first is through, it may."""
    seen = []

    def meanwhile(arguments: list[str], say: Callable[[str], None]) -> int:
        if arguments[0] == "deploy":
            with pytest.raises(Refused, match=r"a deploy of dev is going on since .* by .*; wait for it") as refused:
                deploy("dev", screen.console, chalice=chalice)
            seen.append(str(refused.value))
        return chalice(arguments, say)

    deploy("dev", screen.console, chalice=meanwhile)
    assert f"aws s3 rm s3://{BUCKET}/deploying.json" in seen[0]
    deploy("dev", screen.console, chalice=chalice)


def test_a_deploy_that_died_holds_nobody_off_for_ever(chalice: StandIn, screen: Screen) -> None:
    """Its lock ends; before that nobody takes it, and whoever takes it first has it alone."""
    deploy("dev", screen.console, chalice=chalice)
    s3 = boto3.client("s3")

    def left(until: str) -> None:
        died = {"id": "x", "what": "deploy", "by": "ada at laptop", "at": "2026-07-10T12:00:00Z", "until": until}
        s3.put_object(Bucket=BUCKET, Key="deploying.json", Body=json.dumps(died).encode())

    left((wall_now() + timedelta(minutes=1)).isoformat())
    with pytest.raises(Refused, match="since 2026-07-10T12:00:00Z, by ada at laptop"):
        deploy("dev", screen.console, chalice=chalice)
    left((wall_now() - timedelta(minutes=1)).isoformat())
    with lock.alone("dev", BUCKET, s3, "deploy"), pytest.raises(Refused, match="wait for it"):
        deploy("dev", screen.console, chalice=chalice)
    deploy("dev", screen.console, chalice=chalice)
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET, Prefix="deploying.json")


def test_one_of_two_takes_over_from_one_that_died(
    chalice: StandIn, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both saw that it is over; the slower one is refused."""
    deploy("dev", screen.console, chalice=chalice)
    s3, look = boto3.client("s3"), lock._lock
    died = {"id": "x", "what": "deploy", "by": "ada", "at": "2026-07-10T12:00:00Z", "until": "2026-07-10T13:00:00Z"}
    s3.put_object(Bucket=BUCKET, Key="deploying.json", Body=json.dumps(died).encode())
    quicker = json.dumps(died | {"id": "y"}).encode()

    def looked(*given: str) -> object:
        seen = look(*given)
        s3.put_object(Bucket=BUCKET, Key="deploying.json", Body=quicker)
        return seen

    monkeypatch.setattr(lock, "_lock", looked)
    with pytest.raises(Refused, match="somebody else began to deploy dev just now"):
        deploy("dev", screen.console, chalice=chalice)
    assert s3.get_object(Bucket=BUCKET, Key="deploying.json")["Body"].read() == quicker


def test_chalice_runs_in_this_interpreter(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lines come as it says them, its errors among them; its exit code is handed on."""
    said: list[str] = []
    assert run_chalice(["no-such-command"], said.append) != 0
    assert any("No such command" in line for line in said)
    said.clear()
    assert run_chalice(["--version"], said.append) == 0
    assert any(line.startswith("chalice 1.") for line in said)


def test_what_python_compiled_is_not_packed(project: Path) -> None:
    """Chalice takes chalicelib as it lies there: the same code would be another package wherever it ran before."""
    compiled = stages.CONFIG.parent.parent / "chalicelib" / "core" / "__pycache__" / "aws.cpython-311.pyc"
    compiled.parent.mkdir(parents=True, exist_ok=True)
    compiled.write_bytes(b"")
    assert run_chalice(["--version"], lambda line: None) == 0
    assert not compiled.exists()


def test_a_chalice_that_hangs_is_ended(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for ever."""
    monkeypatch.setattr("infra.deploy.deploy.LIMIT", timedelta(0))
    assert run_chalice(["--version"], lambda _: None) != 0
