"""A stage on AWS, made from the template; against moto's CloudFormation."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra import __main__ as command
from infra import resources, stages
from infra.deploy import Refused, provision, stacks
from infra.deploy.provision import NotProvisioned

from .conftest import Screen

pytestmark = pytest.mark.usefixtures("aws", "project")


def settings(stage: str) -> dict[str, str]:
    return json.loads(stages.CONFIG.read_text())["stages"][stage]["environment_variables"]


def set_sender(address: str) -> None:
    written = json.loads(stages.CONFIG.read_text())
    written["environment_variables"]["EMAIL_SENDER"] = address
    stages.CONFIG.write_text(json.dumps(written, indent=2) + "\n")


def parameters(stage: str) -> dict[str, str]:
    [stack] = boto3.client("cloudformation").describe_stacks(StackName=f"gatecall-{stage}")["Stacks"]
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}


def test_a_provisioned_stage_is_known_to_the_app(screen: Screen) -> None:
    """Every name the app is told leads to something that is there, and only settings are told."""
    provision.provision("dev", screen.console)
    told, tables = settings("dev"), boto3.client("dynamodb")
    for name in ("FLIGHTS_TABLE", "LIVE_TABLE", "ACCOUNTS_TABLE"):
        assert tables.describe_table(TableName=told[name])["Table"]["TableStatus"] == "ACTIVE"
    stream = tables.describe_table(TableName=told["FLIGHTS_TABLE"])["Table"]["LatestStreamArn"]
    assert told["FLIGHTS_STREAM_ARN"] == stream
    for name in told:
        if name.endswith("_TOPIC_ARN"):
            boto3.client("sns").get_topic_attributes(TopicArn=told[name])
        elif name.endswith("_QUEUE_URL"):
            boto3.client("sqs").get_queue_attributes(QueueUrl=told[name])
    assert "set by provisioning" not in told.values()
    assert not {"BUCKET", "ALARMS_TOPIC_ARN"} & told.keys()


def test_a_stage_that_nobody_knew_gets_a_whole_entry(screen: Screen) -> None:
    """Its settings, its API Gateway stage, and a policy for each function, in files that are there."""
    provision.provision("prod", screen.console)
    entry = json.loads(stages.CONFIG.read_text())["stages"]["prod"]
    assert entry["api_gateway_stage"] == "prod"
    assert entry["environment_variables"]["GATECALL_STAGE"] == "prod"
    assert entry["environment_variables"]["FLIGHTS_TABLE"] == "gatecall-prod-flights"
    assert {"api_handler", "poll_feeds", "websocket_connect"} <= entry["lambda_functions"].keys()
    for function in entry["lambda_functions"].values():
        policy = json.loads((stages.CONFIG.parent / function["iam_policy_file"]).read_text())
        assert policy["Statement"]
    assert "dev" in json.loads(stages.CONFIG.read_text())["stages"]


def test_provisioning_again_changes_nothing(screen: Screen) -> None:
    """Neither the stack's resources nor a file, and it says so."""
    client = boto3.client("cloudformation")
    provision.provision("dev", screen.console)
    files = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files_of_project()}
    first = client.describe_stack_resources(StackName="gatecall-dev")["StackResources"]
    screen.clear()
    provision.provision("dev", screen.console)
    again = client.describe_stack_resources(StackName="gatecall-dev")["StackResources"]
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files_of_project()} == files
    assert [r.get("PhysicalResourceId") for r in first] == [r.get("PhysicalResourceId") for r in again]
    assert "gatecall-dev: nothing to do" in screen.text
    assert "made." not in screen.text


def files_of_project() -> list[Path]:
    return sorted(path for path in stages.CONFIG.parent.rglob("*") if path.is_file())


def test_the_whole_template_lies_in_the_stages_bucket(screen: Screen) -> None:
    """CloudFormation takes no more than 51,200 bytes with a call: a stack begins without what only watches it."""
    provision.provision("dev", screen.console)
    assert "CREATE_COMPLETE" in screen.text
    assert "UPDATE_COMPLETE" in screen.text
    there = boto3.client("cloudformation").get_template(StackName="gatecall-dev")["TemplateBody"]
    assert there == resources.document()
    assert boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]


def test_a_stack_whose_second_step_failed_is_made_whole_by_the_next_run(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands, only without alarms; nobody has to take it away first."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(provision, "_template", interrupted)
        with pytest.raises(KeyboardInterrupt):
            provision.provision("dev", screen.console)
    client = boto3.client("cloudformation")
    assert client.get_template(StackName="gatecall-dev")["TemplateBody"] == provision.first()
    provision.provision("dev", screen.console)
    assert client.get_template(StackName="gatecall-dev")["TemplateBody"] == resources.document()


def test_what_is_asked_for_once_stays(screen: Screen) -> None:
    """The address of alarms is given to the first run; later ones and `update` leave it as it is."""
    provision.provision("dev", screen.console, alarms_to="ops@example.com")
    provision.provision("dev", screen.console)
    assert provision.update("dev", screen.console, FrontKey="a-key", RestApi="abc123", WebSocketApi="def456")
    assert parameters("dev")["AlarmsTo"] == "ops@example.com"
    assert parameters("dev")["RestApi"] == "abc123"
    provision.provision("dev", screen.console)
    assert parameters("dev")["RestApi"] == "abc123"


CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1"


@pytest.mark.parametrize(
    ("domain", "certificate", "says"),
    [
        ("flights.example.com", None, "--certificate is missing"),
        (None, CERTIFICATE, "--domain is missing"),
        ("flights.example.com", CERTIFICATE.replace("us-east-1", "eu-central-1"), "in us-east-1"),
    ],
)
def test_a_domain_needs_its_certificate(domain: str | None, certificate: str | None, says: str, screen: Screen) -> None:
    """CloudFront takes both or neither; it is said before anything is made."""
    with pytest.raises(Refused, match=says):
        provision.provision("dev", screen.console, domain=domain, certificate=certificate)
    assert not boto3.client("cloudformation").list_stacks()["StackSummaries"]


def test_a_domain_stays_and_can_be_taken_back(screen: Screen) -> None:
    """Given once, it need not be given again; and not be taken back by half."""
    provision.provision("dev", screen.console, domain="flights.example.com", certificate=CERTIFICATE)
    provision.provision("dev", screen.console)
    assert (parameters("dev")["Domain"], parameters("dev")["Certificate"]) == ("flights.example.com", CERTIFICATE)
    with pytest.raises(Refused, match="--domain is missing"):
        provision.provision("dev", screen.console, domain="")
    provision.provision("dev", screen.console, domain="", certificate="")
    assert (parameters("dev")["Domain"], parameters("dev")["Certificate"]) == ("", "")


def test_secrets_can_be_made_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """For teams that deploy the packaged template by themselves; again there is nothing to do."""
    assert command.main(["secrets", "--stage", "dev"]) == 0
    made = [each["Name"] for each in boto3.client("ssm").describe_parameters()["Parameters"]]
    assert capsys.readouterr().out.splitlines() == [f"{name} made." for name in made]
    assert "/gatecall/dev/link-keys" in made
    assert command.main(["secrets", "--stage", "dev"]) == 0
    assert capsys.readouterr().out == "nothing to do\n"


def test_an_update_of_no_stack_says_what_to_run(screen: Screen) -> None:
    """`tune` of a stage that is not there."""
    with pytest.raises(NotProvisioned, match="python -m infra deploy --stage dev"):
        provision.update("dev", screen.console, RestApi="abc123")


def test_tables_are_safe_from_updates(screen: Screen) -> None:
    """A stack policy denies whatever would replace or delete a table or the bucket; it is put back when it is gone."""
    provision.provision("dev", screen.console)
    client = boto3.client("cloudformation")

    def denied() -> list[dict[str, Any]]:
        policy = json.loads(client.get_stack_policy(StackName="gatecall-dev")["StackPolicyBody"])
        return [each for each in policy["Statement"] if each["Effect"] == "Deny"]

    [deny] = denied()
    assert set(deny["Action"]) == {"Update:Replace", "Update:Delete"}
    assert deny["Condition"]["StringEquals"]["ResourceType"] == ["AWS::DynamoDB::Table", "AWS::S3::Bucket"]
    client.set_stack_policy(StackName="gatecall-dev", StackPolicyBody=json.dumps({"Statement": []}))
    provision.provision("dev", screen.console)
    assert denied()


def test_the_senders_domain_becomes_an_identity(screen: Screen) -> None:
    """It is made with the stack, and kept: also while no sender is set."""
    set_sender("Example Air <flights@example.com>")
    provision.provision("dev", screen.console)
    assert boto3.client("sesv2").get_email_identity(EmailIdentity="example.com")["IdentityType"] == "DOMAIN"
    screen.clear()
    provision.provision("dev", screen.console)
    assert "nothing to do" in screen.text
    set_sender("")
    provision.provision("dev", screen.console)
    assert parameters("dev")["EmailIdentity"] == "example.com"


@pytest.mark.parametrize("known", ["flights@mail.example.com", "mail.example.com", "example.com"])
def test_an_identity_that_is_there_is_used_as_it_is(known: str, screen: Screen) -> None:
    """The address's, its domain's, or that of a domain above it: it is not made again, and so not taken away."""
    boto3.client("sesv2").create_email_identity(EmailIdentity=known)
    set_sender("flights@mail.example.com")
    provision.provision("dev", screen.console)
    assert parameters("dev")["EmailIdentity"] == ""


@pytest.mark.parametrize("stage", ["Prod", "1st", "a_b", "x" * 17, "", "dev;rm"])
def test_a_stage_needs_a_name_that_aws_takes(stage: str, screen: Screen) -> None:
    """It is refused before anything is asked or made."""
    with pytest.raises(Refused, match="can't be a stage's name"):
        provision.provision(stage, screen.console)
    assert not boto3.client("cloudformation").list_stacks()["StackSummaries"]


def test_the_local_stage_is_not_on_aws(screen: Screen) -> None:
    """Who asks for it is told what to run."""
    with pytest.raises(Refused, match="make run"):
        provision.provision("local", screen.console)


def test_tables_of_a_former_stage_are_not_lost(screen: Screen) -> None:
    """CloudFormation can't make what is there: what to do is said, and nothing is touched."""
    boto3.client("dynamodb").create_table(
        TableName="gatecall-dev-flights", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )  # fmt: skip
    with pytest.raises(NotProvisioned, match=r"gatecall-dev-flights.*python -m infra destroy --stage dev"):
        provision.provision("dev", screen.console)
    assert boto3.client("dynamodb").list_tables()["TableNames"] == ["gatecall-dev-flights"]


def in_state(status: str) -> Any:
    """The stack gatecall-dev of moto, as if CloudFormation had left it so."""
    from moto.cloudformation.models import cloudformation_backends

    stack = cloudformation_backends["123456789012"]["us-east-1"].get_stack("gatecall-dev")
    stack.status = status
    return stack


def never_came_up() -> None:
    """As CloudFormation leaves a stack whose creation failed: nothing was put into the bucket yet."""
    boto3.client("s3").delete_object(Bucket="gatecall-dev-123456789012-us-east-1", Key="template.json")
    in_state("ROLLBACK_COMPLETE")


def test_a_stack_that_never_came_up_is_made_anew(screen: Screen) -> None:
    """ROLLBACK_COMPLETE can't be updated: it goes, with the empty tables that it kept, and the next one stands."""
    provision.provision("dev", screen.console)
    never_came_up()
    screen.clear()
    provision.provision("dev", screen.console)
    assert "never came up" in screen.text
    assert "gatecall-dev: CREATE_COMPLETE" in screen.text


def test_a_deleted_queues_name_is_waited_for(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQS gives it out again after 60 s only (its API reference): sooner, the next stack would fail too."""
    provision.provision("dev", screen.console)
    never_came_up()
    waited: list[float] = []
    monkeypatch.setattr(provision, "NAMES_KEPT", 61)
    monkeypatch.setattr(provision.time, "sleep", waited.append)
    provision.provision("dev", screen.console)
    assert 61 in waited


def test_what_holds_something_is_kept_from_a_stack_that_never_came_up(screen: Screen) -> None:
    """Nothing is deleted that somebody may miss."""
    provision.provision("dev", screen.console)
    row = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    boto3.client("dynamodb").put_item(TableName="gatecall-dev-accounts", Item=row)
    never_came_up()
    with pytest.raises(NotProvisioned, match="of a former one there are: gatecall-dev-accounts"):
        provision.provision("dev", screen.console)
    assert boto3.client("dynamodb").scan(TableName="gatecall-dev-accounts")["Items"] == [row]


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name gatecall-dev"),
        ("DELETE_FAILED", "python -m infra destroy --stage dev"),
        ("REVIEW_IN_PROGRESS", "change set that was never executed"),
    ],
)
def test_a_stack_in_a_bad_state_is_named_with_what_to_do(status: str, advice: str, screen: Screen) -> None:
    """Whatever CloudFormation can't update from."""
    provision.provision("dev", screen.console)
    in_state(status)
    with pytest.raises(Refused, match=advice):
        provision.provision("dev", screen.console)


def test_somebody_elses_update_is_waited_for(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said; and once it is through, this one goes on."""
    provision.provision("dev", screen.console)
    stack = in_state("UPDATE_IN_PROGRESS")
    monkeypatch.setattr(provision.time, "sleep", lambda _: setattr(stack, "status", "UPDATE_COMPLETE"))
    screen.clear()
    provision.provision("dev", screen.console)
    assert "Somebody else changes gatecall-dev (UPDATE_IN_PROGRESS); waiting" in screen.text
    assert "nothing to do" in screen.text


def test_nobody_waits_for_ever(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """An update that does not end is left to CloudFormation, and that is said."""
    provision.provision("dev", screen.console)
    in_state("UPDATE_IN_PROGRESS")
    monkeypatch.setattr(stacks, "LIMIT", timedelta(0))
    with pytest.raises(Refused, match="still UPDATE_IN_PROGRESS"):
        provision.provision("dev", screen.console)


class Told:
    """CloudFormation as `follow` knows it: each look finds one more page of events, the newest first."""

    def __init__(self, *looks: list[tuple[str, str, str]]) -> None:
        self.looks, self.looked = looks, 0

    def describe_stacks(self, StackName: str) -> Any:
        last = self.looked + 1 == len(self.looks)
        return {"Stacks": [{"StackName": "gatecall-dev", "StackStatus": "UPDATE_ROLLBACK_COMPLETE" if last else
                            "UPDATE_IN_PROGRESS"}]}  # fmt: skip

    def get_paginator(self, _: str) -> "Told":
        return self

    def paginate(self, **_: Any) -> list[Any]:
        self.looked = min(self.looked + 1, len(self.looks))
        events = [event for look in self.looks[: self.looked] for event in look]
        told = [{"EventId": str(number), "LogicalResourceId": name, "ResourceStatus": status,
                 "ResourceStatusReason": reason, "PhysicalResourceId": name, "Timestamp": datetime.now(UTC)}
                for number, (name, status, reason) in enumerate(events)]  # fmt: skip
        return [{"StackEvents": told[::-1][:2]}, {"StackEvents": told[::-1][2:]}]


def test_the_progress_is_shown_resource_by_resource(screen: Screen) -> None:
    """In the order of time, each event once, those before the update not at all; and what failed, with its reason."""
    cloudformation = Told(
        [("FlightsTable", "CREATE_COMPLETE", "")],  # of before
        [("Bucket", "UPDATE_IN_PROGRESS", ""), ("Bucket", "UPDATE_COMPLETE", ""), ("Alarm", "UPDATE_IN_PROGRESS", "")],
        [("Alarm", "UPDATE_FAILED", "No such metric"), ("Topic", "UPDATE_FAILED", "Resource update cancelled")],
    )
    failures = stacks.follow("a-stack", cloudformation, screen.console, since="0")
    lines = [line.split() for line in screen.text.splitlines()]
    assert [(line[-1], " ".join(line[:-1])) for line in lines] == [
        ("Bucket", "update in progress"), ("Bucket", "update complete"), ("Alarm", "update in progress"),
        ("Alarm", "update failed"), ("Topic", "update failed"),
    ]  # fmt: skip
    assert failures == ["Alarm: No such metric"]


def test_a_failed_creation_says_why(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason of the resource that failed, not only the stack's status."""
    monkeypatch.setattr(stacks, "follow", lambda *_: [in_state("ROLLBACK_COMPLETE") and "Bucket: it is taken"])
    with pytest.raises(NotProvisioned, match="ROLLBACK_COMPLETE: Bucket: it is taken"):
        provision.provision("dev", screen.console)


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "AWS_PROFILE"),
        ({"AWS_DEFAULT_REGION": None}, "AWS_REGION"),
        ({"AWS_PROFILE": "nobody"}, "nobody"),
    ],
)
def test_a_shell_without_aws_is_told_what_it_lacks(
    environment: dict[str, str | None], says: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], tmp_path: Path,
) -> None:  # fmt: skip
    """Credentials, a region, a profile: a sentence, exit code 2, and no traceback."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    for name, value in environment.items():
        monkeypatch.delenv(name) if value is None else monkeypatch.setenv(name, value)
    assert command.main(["provision", "--stage", "dev"]) == 2
    said = capsys.readouterr().out
    assert says in said
    assert "Traceback" not in said


def test_who_may_not_is_told_what_they_may_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """AWS's own sentence, which names the action, and where the permissions stand that deploying takes."""
    answer = {"Error": {"Code": "AccessDenied", "Message": "User: x is not authorized to perform: cloudformation:Y"}}

    def denied(*_: object, **__: object) -> None:
        raise ClientError(answer, "CreateStack")

    monkeypatch.setattr(provision, "provision", denied)
    assert command.main(["provision", "--stage", "dev"]) == 2
    said = capsys.readouterr().out.replace("\n", " ")
    assert "cloudformation:Y" in said
    assert "infra/github.yaml" in said
