"""What an admin got wrong is refused before anything is made of it."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError
from pynamodb.exceptions import QueryError

from chalicelib.accounts import keys
from chalicelib.core.config import Misconfigured
from chalicelib.core.errors import Unavailable
from infra import __main__ as command
from infra import policies, stages
from infra.deploy import Refused, deploy, package, provision, recorded

from .conftest import Screen

pytestmark = pytest.mark.usefixtures("aws", "project")

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1"


def put(name: str, value: str) -> None:
    written = json.loads(stages.CONFIG.read_text())
    written["environment_variables"][name] = value
    stages.CONFIG.write_text(json.dumps(written))


def made() -> list[Any]:
    return list(boto3.client("cloudformation").describe_stacks()["Stacks"])


@pytest.mark.parametrize(
    "asked",
    [
        {"alarms_to": "nobody"},
        {"alarms_to": "ops@example"},
        {"domain": "https://flights.example.com/", "certificate": CERTIFICATE},
        {"domain": "flights", "certificate": CERTIFICATE},
    ],
)
def test_what_is_no_address_and_no_name_is_refused(screen: Screen, asked: dict[str, str]) -> None:
    """CloudFormation would fail at it after minutes, and take back all that it made."""
    with pytest.raises(Refused, match=f"--{next(iter(asked)).replace('_', '-')} "):
        provision.provision("dev", screen.console, **asked)
    assert made() == []


def test_what_the_account_can_not_reserve_is_refused(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new account has 10 executions at a time: Chalice would fail midway. What is reserved already is no more."""
    functions = boto3.client("lambda")
    limit = {"AccountLimit": {"UnreservedConcurrentExecutions": 299}}
    monkeypatch.setattr(functions, "get_account_settings", lambda: limit)
    with pytest.raises(Refused, match=r"keeps 200 executions .* has 299.*L-B99A9384"):
        provision.provision("prod", screen.console)
    assert made() == []
    monkeypatch.setattr(functions, "get_function_concurrency", lambda **_: {"ReservedConcurrentExecutions": 200})
    provision.provision("prod", screen.console)
    provision.provision("dev", screen.console)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CORS_ORIGIN", "nonsense"),
        ("EMAIL_RATE", "many"),
        ("EMAIL_SENDER", "nonsense"),
        ("EMAIL_SENDER", "Example <a@@example.com>"),
        ("FEEDS", "replay,bogus"),
        ("FLIGHT_CLOCK", "soon"),
        ("FLIGHT_CLOCK", "2026-11-21T08:00:00Z*fast"),
    ],
)
def test_a_setting_with_which_the_app_would_not_run_is_refused(screen: Screen, name: str, value: str) -> None:
    """By its name, and not by the traceback of a package that can't be made, nor by functions that fail."""
    put(name, value)
    with pytest.raises(Misconfigured, match=f"^{name} "):
        provision.provision("dev", screen.console)
    assert made() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CORS_ORIGIN", "https://app.example.com"),
        ("EMAIL_SENDER", "flights@example.com"),
        ("EMAIL_SENDER", '"Example Air" <flights@mail.example.com>'),
        ("FEEDS", ""),
        ("FLIGHT_CLOCK", "2026-11-21T08:00:00Z*60"),
    ],
)
def test_a_setting_that_is_right_is_let_through(screen: Screen, name: str, value: str) -> None:
    """As is an address for alarms, and a domain."""
    put(name, value)
    provision.provision("dev", screen.console, alarms_to="ops@example.com", domain="flights.example.com",
                        certificate=CERTIFICATE)  # fmt: skip
    assert len(made()) == 1


def test_a_stage_of_another_region_keeps_its_roles(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """IAM's roles are the account's. With AWS_REGION forgotten, a second stage of that name would take them over."""
    function = next(iter(policies.files("dev")))
    iam = boto3.client("iam")
    iam.create_role(RoleName=f"gatecall-dev-{function}", AssumeRolePolicyDocument="{}")
    document = policies.render("dev", partition="aws", region="us-east-1", account="123456789012")[function]
    iam.put_role_policy(RoleName=f"gatecall-dev-{function}", PolicyName="p", PolicyDocument=json.dumps(document))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with pytest.raises(Refused, match="dev is in us-east-1 already"):
        provision.provision("dev", screen.console)
    assert made() == []
    provision.provision("prod", screen.console)  # another name is free
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    provision.provision("dev", screen.console)  # as it is where its stack was deleted by hand


def test_a_stack_of_a_packaged_template_is_left_alone(screen: Screen) -> None:
    """It holds the functions too, and infra/resources.yaml does not: an update would delete them."""
    cloudformation = boto3.client("cloudformation")
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "t"}}}}
    cloudformation.create_stack(StackName="gatecall-prod", TemplateBody=json.dumps(template))
    with pytest.raises(Refused, match="Package it again"):
        provision.provision("prod", screen.console)
    assert len(boto3.client("sns").list_topics()["Topics"]) == 1


@pytest.mark.parametrize("text", ['{"resources": [', "{}", "[1]"])
def test_a_record_that_was_cut_off_is_named(screen: Screen, text: str) -> None:
    """A disk was full, say. Without it, the bucket's is taken, and nothing is made a second time."""
    provision.provision("dev", screen.console)
    recorded.path_of("dev").parent.mkdir(exist_ok=True)
    recorded.path_of("dev").write_text(text)
    with pytest.raises(Refused, match=r"dev\.json can't be read\. Delete it"):
        provision.provision("dev", screen.console)
    recorded.path_of("dev").unlink()
    provision.provision("dev", screen.console)


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (NoCredentialsError(), "Set AWS_PROFILE"),
        (NoRegionError(), "Set AWS_REGION"),
        (ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "Query"), "AWS_PROFILE and AWS_REGION"),
    ],
)
def test_a_command_that_reads_the_tables_says_why_it_can_not(
    screen: Screen,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    cause: Exception,
    said: str,
) -> None:
    """The app tells its callers that the tables are busy; an admin is told what AWS said."""

    def busy() -> None:
        raise Unavailable("the tables are busy") from QueryError(cause=cause)

    provision.provision("dev", screen.console)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr(keys, "every", busy)
    assert command.main(["keys", "--stage", "dev"]) == 2
    told = capsys.readouterr().out
    assert said in told
    assert "busy" not in told


def test_aws_region_goes_before_the_other(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """As it does with the AWS CLI; boto3 alone looks at AWS_DEFAULT_REGION only."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    command.main(["doctor", "--stage", "dev"])
    assert "eu-west-1" in capsys.readouterr().out


def test_a_command_that_is_told_to_end_ends_in_order() -> None:
    """A CI's cancel and a closed terminal are as Ctrl-C: whatever is held is given up, and it is said."""
    with socket.create_server(("127.0.0.1", 0)) as aws:
        address = f"http://127.0.0.1:{aws.getsockname()[1]}"
        keys = {"AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "k"}
        with subprocess.Popen(
            [sys.executable, "-m", "infra", "provision", "--stage", "dev"],
            cwd=stages.__file__.rpartition("/infra/")[0], env={**os.environ, **keys, "AWS_REGION": "us-east-1"},
            stdout=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            asked, _ = aws.accept()  # and never answers
            process.send_signal(signal.SIGTERM)
            told, _ = process.communicate(timeout=60)
            asked.close()
    assert process.returncode == 130
    assert "Stopped." in told


@pytest.mark.parametrize("stage", ["Dev", "de v", "averyveryverylongstagename", "", "local"])
def test_a_name_that_no_stage_can_have_is_refused_before_anything_is_done(
    screen: Screen, tmp_path: Path, stage: str
) -> None:
    """Nor is a package made that could never be deployed."""
    with pytest.raises(Refused, match="stage"):
        deploy.deploy(stage, screen.console)
    with pytest.raises(Refused, match="stage"):
        package.package(stage, tmp_path, screen.console)
    assert screen.text == ""
    assert list(tmp_path.glob("*.json")) == []
