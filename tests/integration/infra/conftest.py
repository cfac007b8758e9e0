"""A project to deploy, an AWS to deploy it to, and a stand-in for Chalice, which is not run here."""

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from rich.console import Console

from infra import stages, webapp
from infra.deploy import provision, stacks
from infra.local import moto_gaps

from ..conftest import make_client

# All that a stage is made of; IAM and S3 are one for all regions.
STAGE_IS_OF = (
    *((service, "us-east-1") for service in (
        "apigateway", "apigatewayv2", "cloudformation", "cloudwatch", "dynamodb", "events", "kms", "lambda", "logs",
        "ses", "sesv2", "sns", "sqs", "ssm",
    )),
    *((service, "aws") for service in ("iam", "s3")),
)  # fmt: skip

ARN = "arn:aws:lambda:us-east-1:123456789012:function"
ALLOWED = json.dumps({
    "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}],
})  # fmt: skip


@pytest.fixture(autouse=True)
def one_client_of_each_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes 12 ms to make, and a deploy makes fifty. A test may hang things on its own."""
    made: dict[Any, Any] = {}

    def client(service: str, **settings: Any) -> Any:
        key = service, os.environ.get("AWS_DEFAULT_REGION"), *sorted(settings.items())
        if key not in made:
            made[key] = make_client(service, **settings)
        return made[key]

    monkeypatch.setattr(boto3, "client", client)


@pytest.fixture
def web_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A web app that is built already: how it is built, test_webapp.py looks at."""
    built = tmp_path / "web" / "dist"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text('<script type="module" src="/assets/index-Bx1f09_q.js"></script>')
    (built / "assets" / "index-Bx1f09_q.js").write_text("run()")
    monkeypatch.setattr(webapp, "DIST", built)
    monkeypatch.setattr(webapp, "build", lambda say: False)
    return built


@pytest.fixture
def aws(web_app: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty account."""
    moto_gaps.mend_deploying()
    monkeypatch.setattr(stacks, "PACE", 0)
    monkeypatch.setattr(provision, "NAMES_KEPT", 0)
    with mock_aws():
        yield


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This checkout as it is fresh: its settings as they are checked in, and no record of any deployment."""
    directory = tmp_path / "project" / ".chalice"
    directory.mkdir(parents=True)
    shutil.copy(stages.CONFIG, directory / "config.json")
    monkeypatch.setattr(stages, "CONFIG", directory / "config.json")
    return directory.parent


@dataclass
class Screen:
    """What was said, where there is no terminal."""

    console: Console = field(default_factory=lambda: Console(file=StringIO(), width=400, force_terminal=False))

    @property
    def text(self) -> str:
        """All of it."""
        file = self.console.file
        assert isinstance(file, StringIO)
        return file.getvalue()

    def clear(self) -> None:
        """Forget it."""
        self.console.file = StringIO()


@pytest.fixture
def screen() -> Screen:
    return Screen()


@dataclass
class StandIn:
    """What `chalice package` and `chalice deploy` leave behind, of a few functions; by its record, as Chalice goes."""

    project: Path
    functions: tuple[str, ...] = ("api_handler", "poll_feeds", "fan_out", "push_change")
    code: str = "1"  # what is packaged
    fails: str = ""  # the function at which it fails; it notes nothing then
    warns: str = ""  # the dependency that it found no wheel of
    ran: list[str] = field(default_factory=list)

    def __call__(self, arguments: list[str], say: Callable[[str], None]) -> int:
        command, stage = arguments[0], arguments[arguments.index("--stage") + 1]
        self.ran.append(command)
        say("Creating deployment package.")
        package = self._package(say)
        if command == "package":
            return 0
        return self._deploy(stage, package, say)

    def _package(self, say: Callable[[str], None]) -> bytes:
        file = self.project / ".chalice" / "deployments" / f"{hashlib.md5(self.code.encode()).hexdigest()}.zip"
        if file.exists():
            say("Reusing existing deployment package.")
        else:
            file.parent.mkdir(exist_ok=True)
            with zipfile.ZipFile(file, "w") as archive:
                archive.writestr("app.py", self.code)
            if self.warns:
                for line in ("", "Could not install dependencies:", self.warns, "You will have to build these "
                             "yourself and vendor them in", "the chalice vendor folder."):  # fmt: skip
                    say(line)
        return file.read_bytes()

    def _deploy(self, stage: str, package: bytes, say: Callable[[str], None]) -> int:
        noted, record = self._noted(stage), []
        client = boto3.client("lambda")
        for name in self.functions:
            full = f"gatecall-{stage}" if name == "api_handler" else f"gatecall-{stage}-{name}"
            if name == self.fails:
                say(f"ERROR - While sending your chalice handler code to Lambda to create function {full}")
                return 2
            handler = "app.app" if name == "api_handler" else f"app.{name}"
            try:
                client.update_function_code(FunctionName=full, ZipFile=package)
                say(f"Updating lambda function: {full}")
            except client.exceptions.ResourceNotFoundException:
                role = _role(f"gatecall-{stage}-{name}")
                client.create_function(FunctionName=full, Runtime="python3.11", Handler=handler, Role=role,
                                       Code={"ZipFile": package})  # fmt: skip
                _log_group(f"/aws/lambda/gatecall-{stage}-{name}")
                say(f"Creating lambda function: {full}")
            record += [
                {"name": f"{name}_role", "resource_type": "iam_role", "role_name": f"gatecall-{stage}-{name}"},
                {"name": name, "resource_type": "lambda_function", "lambda_arn": f"{ARN}:{full}"},
            ]
            record += self._event_sources(stage, name, f"{ARN}:{full}", noted)
        record += self._apis(stage, noted)
        file = self.project / ".chalice" / "deployed" / f"{stage}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({"resources": record, "schema_version": "2.0", "backend": "api"}))
        return 0

    def _noted(self, stage: str) -> dict[str, Any]:
        file = self.project / ".chalice" / "deployed" / f"{stage}.json"
        return {each["name"]: each for each in json.loads(file.read_text())["resources"]} if file.exists() else {}

    def _event_sources(self, stage: str, name: str, arn: str, noted: dict[str, Any]) -> list[dict[str, Any]]:
        match name:
            case "poll_feeds" | "sweep":
                rule = f"gatecall-{stage}-{name}-event"
                boto3.client("events").put_rule(Name=rule, ScheduleExpression="rate(1 minute)")
                boto3.client("events").put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": arn}])
                return [{"name": f"{name}-event", "resource_type": "cloudwatch_event", "rule_name": rule}]
            case "fan_out" | "send_more":
                entry = f"{name}-sqs-event-source"
                if entry in noted:
                    return [noted[entry]]
                queue = f"gatecall-{stage}-" + {"fan_out": "changes", "send_more": "emails"}[name]
                queue_arn = f"arn:aws:sqs:us-east-1:123456789012:{queue}"
                made = boto3.client("lambda").create_event_source_mapping(EventSourceArn=queue_arn, FunctionName=arn)
                return [{"name": entry, "resource_type": "sqs_event", "queue": queue, "queue_arn": queue_arn,
                         "event_uuid": made["UUID"], "lambda_arn": arn}]  # fmt: skip
            case "push_change" | "hear":
                topic = f"arn:aws:sns:us-east-1:123456789012:gatecall-{stage}-flight-changes"
                made = boto3.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
                return [{"name": f"{name}-sns-subscription", "resource_type": "sns_event", "topic": topic,
                         "topic_arn": topic, "lambda_arn": arn,
                         "subscription_arn": made["SubscriptionArn"]}]  # fmt: skip
        return []

    def _apis(self, stage: str, noted: dict[str, Any]) -> list[dict[str, Any]]:
        rest = boto3.client("apigateway")
        if "rest_api" in noted:
            api = noted["rest_api"]["rest_api_id"]
        else:
            api = rest.create_rest_api(name="gatecall")["id"]
            [root] = rest.get_resources(restApiId=api)["items"]
            rest.put_method(restApiId=api, resourceId=root["id"], httpMethod="GET", authorizationType="NONE")
            uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{ARN}:gatecall-{stage}/invocations"
            rest.put_integration(restApiId=api, resourceId=root["id"], httpMethod="GET", type="AWS_PROXY", uri=uri,
                                 integrationHttpMethod="POST")  # fmt: skip
        rest.create_deployment(restApiId=api, stageName=stage)
        live = boto3.client("apigatewayv2")
        if "websocket_api" in noted:
            socket = noted["websocket_api"]["websocket_api_id"]
        else:
            name = f"gatecall-{stage}-websocket-api"
            socket = live.create_api(
                Name=name, ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
            )["ApiId"]
            live.create_stage(ApiId=socket, StageName=stage)
        return [
            {"name": "rest_api", "resource_type": "rest_api", "rest_api_id": api},
            {"name": "websocket_api", "resource_type": "websocket_api", "websocket_api_id": socket},
        ]


def _log_group(name: str) -> None:
    """As Chalice does: one whose name only begins so is there, for it; and the REST function's has the wrong name."""
    logs = boto3.client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]:
        logs.create_log_group(logGroupName=name)
    logs.put_retention_policy(logGroupName=name, retentionInDays=30)


def _role(name: str) -> str:
    iam = boto3.client("iam")
    try:
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]
        iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=ALLOWED)
    except iam.exceptions.EntityAlreadyExistsException:
        made = iam.get_role(RoleName=name)["Role"]
    return str(made["Arn"])


@pytest.fixture
def chalice(project: Path, aws: None, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """It packs `code` and deploys `functions`. What `tune` sets is not looked at here: it only keeps the release."""
    from infra.deploy import recorded, releases, tune

    def kept(stage: str, console: Console) -> None:
        s3, bucket = boto3.client("s3"), stacks.outputs(stage, boto3.client("cloudformation"))["Bucket"]
        recorded.save(stage, bucket, s3)
        releases.record(stage, bucket, s3, console)

    monkeypatch.setattr(tune, "tune", kept)
    return StandIn(project)
