"""What doctor says of a stage on AWS: nothing where nothing is wrong, and of each thing that is, what to do."""

import io
import json
import os
import shlex
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from rich.console import Console

from chalicelib.core import config
from chalicelib.flights.read import SILENT_AFTER
from infra import doctor, functions, policies, resources, secrets, stages
from infra.__main__ import main
from infra.deploy import tuning
from infra.doctor import channels, gateway, made, running, stack
from infra.doctor import functions as of_functions
from infra.doctor.stage import Finding, Findings, Stage
from infra.local import moto_gaps

from ..conftest import Known
from .conftest import STAGE_IS_OF

pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse .* not supported by moto's CloudFormation")

DECLARED = functions.declared()
ACCOUNT = "123456789012"
SETTINGS = {name: os.environ[name] for name in config.names()} | {
    "EMAIL_SENDER": "", "FCM_APPLICATION_ARN": "", "APNS_APPLICATION_ARN": "", "PUBLIC_URL": "", "EMAIL_RATE": "14",
}  # fmt: skip
REAL = {"FEEDS": "", "AIRPORTS": "", "EMAIL_SENDER": "Example Air <flights@example.com>"}


@dataclass
class Clients:
    """Clients of moto, each the same one each time; a test puts answers on them that moto does not have."""

    made: dict[str, Any] = field(default_factory=dict)

    def __call__(self, service: str, region_name: str = "us-east-1") -> Any:
        if service not in self.made:
            self.made[service] = boto3.client(service, region_name=region_name)
        return self.made[service]

    def answer(self, service: str, **answers: Any) -> None:
        for operation, answer in answers.items():
            setattr(self(service), operation, lambda answer=answer, **_: answer)


def healthy_answer(url: str) -> tuple[int, str]:
    assert url.startswith("https://")
    return 200, json.dumps({"version": "0.5.0"})


@pytest.fixture
def client() -> Iterator[Clients]:
    """An AWS account: what moto does not know of one is as it should be."""
    moto_gaps.mend_deploying()
    with mock_aws():
        clients = Clients()
        quota = {"MaxSendRate": 14.0, "Max24HourSend": 50000.0, "SentLast24Hours": 0.0}
        clients.answer("sesv2", get_account={
            "ProductionAccessEnabled": True, "SendingEnabled": True, "EnforcementStatus": "HEALTHY", "SendQuota": quota,
        })  # fmt: skip
        clients.answer("lambda", get_account_settings={"AccountLimit": {"ConcurrentExecutions": 1000}})
        clients.answer("sns", get_sms_sandbox_account_status={"IsInSandbox": False})
        yield clients


@pytest.fixture
def bare(client: Clients) -> Stage:
    """A stage of which nothing is there."""
    return Stage("test", {"StackStatus": "CREATE_COMPLETE"}, client, SETTINGS, DECLARED, healthy_answer,
                 datetime.now(UTC))  # fmt: skip


@pytest.fixture
def deployed(bare: Stage) -> Stage:
    """A whole stage, as provision, chalice deploy and tune leave it."""
    if _deployed:
        _deployed[0].fill()
    else:
        deploy(bare)
        _deployed.append(Known.of(STAGE_IS_OF))
    bare.client("cloudwatch").put_metric_data(
        Namespace="gatecall/test",
        MetricData=[{"MetricName": "FeedSilence", "Value": 3.0, "Dimensions": [{"Name": "feed", "Value": "replay"}]}],
    )
    return again(bare)


_deployed: list[Known] = []  # once it is made: making it takes two hundred calls


def deploy(bare: Stage) -> None:
    """Make one."""
    client = bare.client
    rest = client("apigateway").create_rest_api(name="gatecall")["id"]
    websocket = client("apigatewayv2").create_api(
        Name="gatecall", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )["ApiId"]
    given = {
        "Stage": "test",
        "RestApi": rest,
        "WebSocketApi": websocket,
        "FrontKey": "k",
        "AlarmsTo": "ops@example.com",
    }
    client("cloudformation").create_stack(
        StackName="gatecall-test",
        TemplateBody=json.dumps(resources.document()),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
    )
    secrets.make("test", client("ssm"))
    stage = again(bare)
    make_functions(stage)
    tune_gateway(stage, rest, websocket)


def again(stage: Stage, **settings: str) -> Stage:
    """The stage as it is now, looked at anew."""
    there = stage.client("cloudformation").describe_stacks(StackName="gatecall-test")["Stacks"][0]
    made = stack.settings_of({each["OutputKey"]: each["OutputValue"] for each in there["Outputs"]})
    return replace(stage, stack=there, settings={**stage.settings, **made, **settings}, now=datetime.now(UTC))


def package(content: bytes = b"gatecall") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), content)
    return made.getvalue()


def make_functions(stage: Stage) -> None:
    """What `chalice deploy` makes of app.py, tuned."""
    client, zipped = stage.client, package()
    iam, rendered = client("iam"), policies.render("test", partition="aws", region="us-east-1", account=ACCOUNT)
    dead_letters = stage.dead_letters
    for function in stage.functions:
        name, role = function.full_name("test"), f"gatecall-test-{function.name}"
        iam.create_role(RoleName=role, AssumeRolePolicyDocument="{}")
        iam.put_role_policy(RoleName=role, PolicyName=role, PolicyDocument=json.dumps(rendered[function.name]))
        arn = client("lambda").create_function(
            FunctionName=name, Runtime="python3.11", Role=f"arn:aws:iam::{ACCOUNT}:role/{role}", Handler="app.app",
            Code={"ZipFile": zipped}, Environment={"Variables": dict(stage.settings)},
        )["FunctionArn"]  # fmt: skip
        client("logs").create_log_group(logGroupName=f"/aws/lambda/{name}")
        client("logs").put_retention_policy(logGroupName=f"/aws/lambda/{name}", retentionInDays=30)
        match function.kind:
            case "stream" | "queue":
                connect(stage, function, source_of(stage, function))
            case "schedule":
                client("events").put_rule(Name=f"{name}-event", ScheduleExpression="rate(1 minute)", State="ENABLED")
                client("events").put_targets(Rule=f"{name}-event", Targets=[{"Id": "1", "Arn": arn}])
            case "topic":
                client("sns").subscribe(TopicArn=source_of(stage, function), Protocol="lambda", Endpoint=arn)
        if wanted := tuning.asynchronous(function, dead_letters):
            client("lambda").put_function_event_invoke_config(FunctionName=name, **wanted)


def source_of(stage: Stage, function: functions.Function) -> str:
    if function.kind == "stream":
        table = stage.client("dynamodb").describe_table(TableName=function.source)["Table"]
        return str(table["LatestStreamArn"])
    service = "sqs" if function.kind == "queue" else "sns"
    return f"arn:aws:{service}:us-east-1:{ACCOUNT}:{function.source}"


def connect(stage: Stage, function: functions.Function, source: str) -> str:
    made = stage.client("lambda").create_event_source_mapping(
        FunctionName=function.full_name("test"), EventSourceArn=source,
        **tuning.event_source(function, stage.dead_letters),
    )  # fmt: skip
    return str(made["UUID"])


def tune_gateway(stage: Stage, rest: str, websocket: str) -> None:
    api = stage.client("apigateway")
    root = api.get_resources(restApiId=rest)["items"][0]["id"]
    api.put_method(restApiId=rest, resourceId=root, httpMethod="GET", authorizationType="NONE")
    api.put_integration(restApiId=rest, resourceId=root, httpMethod="GET", type="MOCK")
    api.create_deployment(restApiId=rest, stageName="test")
    for kind, answer in tuning.gateway_responses(stage.settings["CORS_ORIGIN"]).items():
        api.put_gateway_response(restApiId=rest, responseType=kind, **answer)
    set_methods(stage, rest, {
        f"/{path.replace('/', '~1')}/{method}/{_PATHS[name]}": json.dumps(value)
        for (path, method), wanted in tuning.method_settings().items()
        for name, value in wanted.items()
    })  # fmt: skip
    stage.client("apigatewayv2").create_stage(
        ApiId=websocket, StageName="test", DefaultRouteSettings=tuning.route_settings()
    )


_PATHS = {
    "metricsEnabled": "metrics/enabled", "throttlingRateLimit": "throttling/rateLimit",
    "throttlingBurstLimit": "throttling/burstLimit",
}  # fmt: skip


def set_methods(stage: Stage, rest: str, values: dict[str, str]) -> None:
    stage.client("apigateway").update_stage(
        restApiId=rest, stageName="test",
        patchOperations=[{"op": "replace", "path": path, "value": value} for path, value in values.items()],
    )  # fmt: skip


def problems(check: Callable[[Stage], Findings], stage: Stage) -> list[str]:
    """What is wrong, and what to do, as one text each."""
    found = list(check(stage))
    assert found, "a check says something, whatever it finds"
    return [f"{finding.says} -> {finding.do}" for finding in found if finding.do]


def one_problem(check: Callable[[Stage], Findings], stage: Stage, *words: str) -> None:
    found = problems(check, stage)
    assert len(found) == 1, found
    for word in words:
        assert word in found[0]


def advice(check: Callable[[Stage], Findings], stage: Stage) -> str:
    """What to do about the one thing that is wrong."""
    [found] = [finding.do for finding in check(stage) if finding.do]
    return found


def follow(stage: Stage, told: str) -> None:
    """Do what is told, as far as it is in commands of AWS's that are wholly written out."""
    for line in told.splitlines():
        command = line.removeprefix("Run: ")
        match shlex.split(command) if command.startswith("aws ") else []:
            case ["aws", service, operation, "--cli-input-json", text]:
                client = stage.client(service.removesuffix("api"))
                getattr(client, operation.replace("-", "_"))(**json.loads(text))


def settings(stage: Stage) -> Findings:
    return stack.settings(stage, stage.settings)


def name_of(function: str) -> functions.Function:
    return next(each for each in DECLARED if each.name == function)


# The whole


def test_a_healthy_stage_has_nothing_wrong(deployed: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every check says so, and none that it could not look."""
    monkeypatch.setattr(doctor, "written", lambda name: deployed.settings)
    found = [finding for what, check in doctor.CHECKS for finding in doctor.look(what, check, deployed)]
    assert [finding for finding in found if finding.do] == []
    assert len(found) >= len(doctor.CHECKS)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """`doctor` as it is run: how much is wrong, and what is printed."""
    monkeypatch.setattr(os, "environ", os.environ.copy())  # the stage's settings are put there

    def run(stage: Stage, **more: Any) -> tuple[int, str]:
        monkeypatch.setattr(doctor, "_account", lambda: (Finding("This account."), stage.client))
        monkeypatch.setattr(doctor, "written", lambda name: stage.settings)
        monkeypatch.setattr(doctor, "answer_of", stage.answer_of)
        printed = io.StringIO()
        return doctor.examine("test", Console(file=printed, width=300), **more), printed.getvalue()

    return run


def test_each_problem_is_printed_with_what_to_do(deployed: Stage, command: Callable[..., tuple[int, str]]) -> None:
    """What is right in one line each; --quiet leaves it out. The number of problems is what is returned."""
    assert command(deployed)[0] == 0
    assert "✓ Nothing was set aside." in command(deployed)[1]
    assert command(deployed, quiet=True) == (0, "gatecall-test: Nothing is wrong.\n")
    deployed.client("sqs").send_message(QueueUrl=deployed.settings["DEAD_LETTERS_QUEUE_URL"], MessageBody="{}")
    wrong, printed = command(again(deployed), quiet=True)
    assert wrong == 1
    assert "✗ 1 record could not be handled and was set aside" in printed
    assert "python -m infra deadletters list --stage test" in printed


def test_the_command_fails_where_something_is_wrong(
    deployed: Stage, command: Callable[..., tuple[int, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 0 or 1; 2 for a stage that can't be one on AWS."""
    command(deployed)  # so that `main` finds this stage too
    assert main(["doctor", "--stage", "test", "--quiet"]) == 0
    deployed.client("sqs").send_message(QueueUrl=deployed.settings["DEAD_LETTERS_QUEUE_URL"], MessageBody="{}")
    assert main(["doctor", "--stage", "test"]) == 1
    assert main(["doctor", "--stage", "local"]) == 2
    assert "make run" in capsys.readouterr().out


def test_a_stage_that_is_not_there_is_one_problem(bare: Stage, command: Callable[..., tuple[int, str]]) -> None:
    """Not twenty."""
    wrong, printed = command(bare)
    assert wrong == 1
    assert "There is no stack gatecall-test" in printed
    assert "python -m infra deploy --stage test" in printed


def test_what_an_admin_may_not_look_at_is_one_problem_each(
    deployed: Stage, command: Callable[..., tuple[int, str]]
) -> None:
    """Named with the operation to allow; the other checks go on."""

    def denied(**_: Any) -> None:
        error = {"Code": "AccessDeniedException", "Message": "User: bob is not authorized to perform: ses:GetAccount"}
        raise ClientError({"Error": error}, "GetSMSSandboxAccountStatus")

    deployed.client("sns").get_sms_sandbox_account_status = denied
    wrong, printed = command(replace(deployed, settings={**deployed.settings, "FEEDS": ""}))
    assert "Could not look at SMS: User: bob is not authorized" in printed
    assert "Have GetSMSSandboxAccountStatus allowed" in printed
    assert "✓ Nothing was set aside." in printed
    assert wrong == 3  # with the setting that was not deployed, and email, which is sent by none


def test_without_credentials_or_region_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """One problem, and how to give them."""
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    assert "AWS_REGION" in doctor._account()[0].do
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    assert "AWS_PROFILE" in doctor._account()[0].do


# The stack, and what the app is told of it


@pytest.mark.parametrize(
    ("status", "word"),
    [("UPDATE_IN_PROGRESS", "Wait"), ("UPDATE_ROLLBACK_COMPLETE", "describe-stack-events"),
     ("UPDATE_ROLLBACK_FAILED", "describe-stack-events")],
)  # fmt: skip
def test_a_stack_in_another_state_is_named(deployed: Stage, status: str, word: str) -> None:
    """Also one that an update left as it was before."""
    one_problem(stack.state, replace(deployed, stack={**deployed.stack, "StackStatus": status}), status, word)


def test_a_stack_of_another_template_is_named(deployed: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the checkout before, or changed by hand."""
    other = resources.document()
    other["Resources"]["ChangesQueue"]["Properties"]["DelaySeconds"] = 61
    monkeypatch.setattr(resources, "document", lambda: other)
    one_problem(stack.state, deployed, "another template", "python -m infra deploy --stage test")


def test_settings_that_are_not_the_stacks_are_named(deployed: Stage) -> None:
    """A stale stream ARN in .chalice/config.json, or one that was never provisioned from here."""
    stale = {**deployed.settings, "FLIGHTS_STREAM_ARN": "set by provisioning"}
    one_problem(lambda stage: stack.settings(stage, stale), deployed, "FLIGHTS_STREAM_ARN", "deploy --stage test")


def test_settings_that_were_not_deployed_are_named(deployed: Stage) -> None:
    """What is in .chalice/config.json is not what the functions run with."""
    changed = replace(deployed, settings={**deployed.settings, "AIRPORTS": "EWR"})
    one_problem(settings, changed, "AIRPORTS", "deploy --stage test")


def test_a_stream_that_was_made_anew_by_hand_is_named(deployed: Stage) -> None:
    """The stack goes on naming the one that has ended."""
    former = {**deployed.settings, "ACCOUNTS_STREAM_ARN": deployed.settings["ACCOUNTS_STREAM_ARN"] + "-former"}
    outputs = [{**each, "OutputValue": each["OutputValue"] + "-former"} if each["OutputKey"] == "AccountsStreamArn"
               else each for each in deployed.stack["Outputs"]]  # fmt: skip
    found = problems(lambda stage: stack.settings(stage, former), replace(deployed, stack={"Outputs": outputs}))
    assert "made anew" in found[0]
    assert f"Put {deployed.settings['ACCOUNTS_STREAM_ARN']} there" in found[0]
    assert len(found) == 1  # and no deploy, which would put the former one there
    mended = replace(deployed, stack={"Outputs": outputs}, settings=former)
    assert problems(lambda stage: stack.settings(stage, deployed.settings), mended) == []


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"EMAIL_SENDER": "flights@example.com"}, ("replay", "EMAIL_SENDER", "empty")),
        ({"FEEDS": "", "FLIGHT_CLOCK": "2026-11-21T08:00:00Z*60"}, ("FLIGHT_CLOCK",)),
        ({"WEBHOOKS_TO": "anywhere"}, ("WEBHOOKS_TO", "public")),
        ({"PUBLIC_URL": "http://flights.example.com"}, ("PUBLIC_URL", "https")),
        ({"PUBLIC_URL": "https://flights.example.com/app"}, ("PUBLIC_URL",)),
    ],
)
def test_settings_that_make_no_sense_are_named(bare: Stage, told: dict[str, str], words: tuple[str, ...]) -> None:
    """Each by itself; a stage with a real feed may send."""
    one_problem(stack.sense, replace(bare, settings={**SETTINGS, **told}), *words)
    assert problems(stack.sense, replace(bare, settings={**SETTINGS, **REAL})) == []


def test_a_setting_with_which_the_app_would_not_run_is_named(
    bare: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As `deploy` refuses it (infra/deploy/checks.py)."""
    assert problems(stack.sense, replace(bare, settings={**SETTINGS, **REAL})) == []
    written = stages.written()
    written["environment_variables"]["FEEDS"] = "replay,smoke-signals"
    monkeypatch.setattr(stages, "CONFIG", tmp_path / "config.json")
    stages.CONFIG.write_text(json.dumps(written))
    one_problem(stack.sense, replace(bare, settings={**SETTINGS, **REAL}), "smoke-signals", "deploy --stage test")


def test_missing_secrets_and_addresses_are_named(deployed: Stage) -> None:
    """With the command that makes each."""
    ssm = deployed.client("ssm")
    ssm.delete_parameter(Name="/gatecall/test/vapid-key")
    one_problem(stack.parameters, deployed, "/gatecall/test/vapid-key", "provision --stage test")
    secrets.make("test", ssm)
    web, rest = deployed.outputs["WebUrl"], deployed.outputs["RestUrl"]
    for name, url in {"web-url": web, "rest-url": rest, "websocket-url": f"wss{web[5:]}/ws"}.items():
        assert ssm.get_parameter(Name=f"/gatecall/test/{name}")["Parameter"]["Value"] == url
        ssm.delete_parameter(Name=f"/gatecall/test/{name}")
        one_problem(stack.parameters, deployed, f"/gatecall/test/{name} is gone", url)
        follow(deployed, advice(stack.parameters, deployed))
        assert problems(stack.parameters, deployed) == []
    ssm.put_parameter(Name="/gatecall/test/web-url", Type="String", Value="https://other", Overwrite=True)
    one_problem(stack.parameters, deployed, "/gatecall/test/web-url is https://other")
    follow(deployed, advice(stack.parameters, deployed))
    assert problems(stack.parameters, deployed) == []
    never = replace(deployed, stack={**deployed.stack, "Outputs": []})
    one_problem(stack.parameters, never, "its own address", "tune --stage test")


# What the stack made


def test_a_table_that_is_gone_is_named_with_how_to_restore_it(deployed: Stage) -> None:
    """From the backup that DynamoDB makes of it; and what a restored table does not have of the one that it was."""
    assert problems(made.made, deployed) == []
    dynamodb, name = deployed.client("dynamodb"), "gatecall-test-accounts"
    delete_table(deployed, name)
    one_problem(made.made, deployed, f"The table {name} is gone", "list-backups --backup-type SYSTEM",
                f"restore-table-from-backup --target-table-name {name}", "look again")  # fmt: skip
    told = advice(made.made, deployed)
    assert problems(settings, deployed) == []
    assert problems(of_functions.streams_and_queues, deployed) == []
    properties = resources.template("test")["AccountsTable"]["Properties"]
    dynamodb.create_table(TableName=name, **made._create(properties))
    follow(deployed, told)
    assert problems(made.made, deployed) == []
    table = dynamodb.describe_table(TableName=name)["Table"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert table["DeletionProtectionEnabled"]
    assert dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["AttributeName"] == "expires"
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert "made anew" in problems(settings, deployed)[0]
    one_problem(of_functions.streams_and_queues, deployed, "wait a minute, then do what is said above")


def test_a_table_without_a_backup_is_made_again(deployed: Stage) -> None:
    """As the template has it."""
    before = deployed.client("dynamodb").describe_table(TableName="gatecall-test-live")["Table"]
    delete_table(deployed, "gatecall-test-live")
    one_problem(made.made, deployed, "gatecall-test-live is gone", "It has no backup")
    follow(deployed, advice(made.made, deployed))
    assert problems(made.made, deployed) == []
    after = deployed.client("dynamodb").describe_table(TableName="gatecall-test-live")["Table"]
    for same in ("KeySchema", "AttributeDefinitions", "BillingModeSummary"):
        assert after[same] == before[same]


@pytest.mark.parametrize(
    ("status", "word"),
    [("DELETING", "again in a minute"), ("CREATING", "Wait"), ("INACCESSIBLE_ENCRYPTION_CREDENTIALS", "See why")],
)
def test_a_table_that_does_not_serve_is_named(deployed: Stage, status: str, word: str) -> None:
    """In the words of DynamoDB."""
    dynamodb = deployed.client("dynamodb")
    real = dynamodb.describe_table

    def described(TableName: str) -> Any:
        found = real(TableName=TableName)
        return {"Table": {**found["Table"], "TableStatus": status}} if TableName.endswith("-limits") else found

    dynamodb.describe_table = described
    one_problem(made.made, deployed, "gatecall-test-limits is", word)


def delete_table(stage: Stage, name: str) -> None:
    """As somebody does who means it."""
    stage.client("dynamodb").update_table(TableName=name, DeletionProtectionEnabled=False)
    stage.client("dynamodb").delete_table(TableName=name)


@pytest.mark.parametrize("name", ["gatecall-test-emails", "gatecall-test-changes", "gatecall-test-dead-letters"])
def test_a_queue_that_is_gone_is_made_again_as_it_was(deployed: Stage, name: str) -> None:
    """With all its attributes, and the policy that lets a topic send there."""
    sqs = deployed.client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    before = set_attributes(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]))
    sqs.delete_queue(QueueUrl=url)
    one_problem(made.made, deployed, f"The queue {name} is gone", "deploy --stage test")
    follow(deployed, advice(made.made, deployed))
    assert problems(made.made, deployed) == []
    assert set_attributes(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])) == before


def set_attributes(told: dict[str, Any]) -> dict[str, Any]:
    """Those of a queue that are set."""
    changing = ("Approximate", "Created", "LastModified")
    found = {name: value for name, value in told["Attributes"].items() if not name.startswith(changing)}
    return {name: json.loads(value) if name in {"Policy", "RedrivePolicy"} else value for name, value in found.items()}


@pytest.mark.parametrize(
    ("name", "sender"),
    [("flight-changes", ""), ("email-events", "ses.amazonaws.com"), ("sms-replies", "sms-voice.amazonaws.com"),
     ("alarms", "")],
)  # fmt: skip
def test_a_topic_that_is_gone_is_made_again_as_it_was(deployed: Stage, name: str, sender: str) -> None:
    """With its key and policy, and those who heard it; functions hear it by a deploy."""
    sns, arn = deployed.client("sns"), f"arn:aws:sns:us-east-1:{ACCOUNT}:gatecall-test-{name}"
    before = topic(sns, arn)
    for each in sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])
    sns.delete_topic(TopicArn=arn)
    one_problem(made.made, deployed, f"The topic gatecall-test-{name} is gone", "deploy --stage test")
    follow(deployed, advice(made.made, deployed))
    assert problems(made.made, deployed) == []
    assert topic(sns, arn) == before
    # moto's CloudFormation sets no policy that could be compared
    policy = json.loads(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
    assert [each["Principal"]["Service"] for each in policy["Statement"] if "Service" in each["Principal"]] == (
        [sender] if sender else []
    )


def topic(sns: Any, arn: str) -> Any:
    """What is set of a topic, and who hears it but for functions."""
    told = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    heard = []
    for each in sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]:
        if each["Protocol"] != "lambda":
            of = sns.get_subscription_attributes(SubscriptionArn=each["SubscriptionArn"])["Attributes"]
            heard.append((each["Protocol"], each["Endpoint"], of.get("RawMessageDelivery"), of.get("FilterPolicy")))
    return told["KmsMasterKeyId"], sorted(heard)


def test_a_bucket_that_is_gone_is_made_again(deployed: Stage) -> None:
    """With versions, and the policy that lets CloudFront read the web app."""
    s3, name = deployed.client("s3"), deployed.outputs["Bucket"]
    before = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])
    s3.delete_bucket(Bucket=name)
    one_problem(made.made, deployed, f"The bucket {name} is gone", "deploy --stage test", "lifecycle")
    follow(deployed, advice(made.made, deployed))
    assert problems(made.made, deployed) == []
    assert json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]) == before
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"


def test_what_can_not_be_looked_at_as_something_is_gone_is_said_so(deployed: Stage) -> None:
    """What is gone is named before: nobody is asked to tell us."""
    deployed.client("sqs").delete_queue(QueueUrl=deployed.settings["DEAD_LETTERS_QUEUE_URL"])
    [found] = doctor.look("records set aside", running.dead_letters, deployed)
    assert "named as gone above" in found.do


# The functions


def test_roles_that_are_gone_or_differ_are_named(deployed: Stage) -> None:
    """As infra/policies.yaml has them in this stage, account and region: a deploy makes them so."""
    assert problems(of_functions.roles, deployed) == []
    iam, role = deployed.client("iam"), "gatecall-test-fan_out"
    more = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    iam.put_role_policy(RoleName=role, PolicyName="more", PolicyDocument=json.dumps(more))
    one_problem(of_functions.roles, deployed, f"delete-role-policy --role-name {role} --policy-name more")
    iam.delete_role_policy(RoleName=role, PolicyName="more")
    iam.put_role_policy(RoleName=role, PolicyName=role, PolicyDocument=json.dumps(more))
    one_problem(of_functions.roles, deployed, "infra/policies.yaml says: fan_out", "deploy --stage test")
    iam.delete_role_policy(RoleName=role, PolicyName=role)
    one_problem(of_functions.roles, deployed, "infra/policies.yaml says: fan_out", "deploy --stage test")
    iam.delete_role(RoleName=role)
    one_problem(of_functions.roles, deployed, f"Roles are gone: {role}", "deploy --stage test")


def test_functions_that_are_missing_or_differ_are_named(deployed: Stage) -> None:
    """One that is not there, one of another package, one whose update failed."""
    functions = deployed.client("lambda")
    functions.update_function_code(FunctionName="gatecall-test-fan_out", ZipFile=package(b"older"))
    one_problem(of_functions.deployed, again(deployed), "fan_out", "same package", "deploy --stage test")
    functions.update_function_code(FunctionName="gatecall-test-fan_out", ZipFile=package())
    functions.delete_function(FunctionName="gatecall-test-push_change")
    one_problem(of_functions.deployed, again(deployed), "gatecall-test-push_change", "deploy --stage test")
    failed = again(deployed)
    failed.__dict__["deployed"] = {
        **failed.deployed,
        "push_change": {
            **failed.deployed["fan_out"],
            "LastUpdateStatus": "Failed",
            "LastUpdateStatusReason": "no role",
        },
    }
    one_problem(of_functions.deployed, failed, "push_change", "no role")


def test_a_stale_stream_is_named_with_how_to_let_go_of_it(deployed: Stage) -> None:
    """Chalice keeps a mapping that it knows: it goes first."""
    functions = deployed.client("lambda")
    mapping = functions.list_event_source_mappings(FunctionName="gatecall-test-tell_changes")["EventSourceMappings"][0]
    stale = {**mapping, "EventSourceArn": mapping["EventSourceArn"] + "-former"}
    real = functions.list_event_source_mappings

    def listed(FunctionName: str) -> Any:
        return (
            {"EventSourceMappings": [stale]}
            if FunctionName.endswith("tell_changes")
            else real(FunctionName=FunctionName)
        )

    functions.list_event_source_mappings = listed
    one_problem(of_functions.streams_and_queues, deployed, "tell_changes", "stale",
                f"delete-event-source-mapping --uuid {mapping['UUID']}", "deploy --stage test")  # fmt: skip


def test_event_sources_that_are_gone_off_or_untuned_are_named(deployed: Stage) -> None:
    """Each with what to do."""
    functions = deployed.client("lambda")

    def mapping(name: str) -> str:
        found = functions.list_event_source_mappings(FunctionName=f"gatecall-test-{name}")["EventSourceMappings"]
        return str(found[0]["UUID"])

    uuid = mapping("send_emails")
    functions.update_event_source_mapping(UUID=uuid, Enabled=False)
    one_problem(of_functions.streams_and_queues, deployed, "send_emails", "disabled", "tune --stage test")
    functions.update_event_source_mapping(UUID=uuid, Enabled=True)
    uuid = mapping("queue_errands")
    functions.update_event_source_mapping(UUID=uuid, BisectBatchOnFunctionError=False)
    one_problem(of_functions.streams_and_queues, deployed, "queue_errands", "BisectBatchOnFunctionError", "tune")
    functions.update_event_source_mapping(UUID=uuid, BisectBatchOnFunctionError=True)
    functions.delete_event_source_mapping(UUID=mapping("fan_out"))
    one_problem(of_functions.streams_and_queues, deployed, "fan_out", "not connected", "deploy --stage test")


def test_schedules_and_topics_that_do_not_call_are_named(deployed: Stage) -> None:
    """A schedule that is off or gone, a topic that is not heard, and failures that would be lost."""
    events, sns = deployed.client("events"), deployed.client("sns")
    events.disable_rule(Name="gatecall-test-poll_feeds-event")
    one_problem(of_functions.topics_and_schedules, deployed, "poll_feeds", "disabled", "tune --stage test")
    events.remove_targets(Rule="gatecall-test-poll_feeds-event", Ids=["1"])
    one_problem(of_functions.topics_and_schedules, deployed, "poll_feeds", "not there", "deploy --stage test")
    events.put_targets(Rule="gatecall-test-poll_feeds-event",
                       Targets=[{"Id": "1", "Arn": deployed.deployed["poll_feeds"]["FunctionArn"]}])  # fmt: skip
    events.enable_rule(Name="gatecall-test-poll_feeds-event")
    deployed.client("lambda").delete_function_event_invoke_config(FunctionName="gatecall-test-push_change")
    one_problem(of_functions.topics_and_schedules, deployed, "push_change", "not tuned", "tune --stage test")
    wanted = tuning.asynchronous(name_of("push_change"), deployed.dead_letters)
    deployed.client("lambda").put_function_event_invoke_config(FunctionName="gatecall-test-push_change", **wanted)
    for each in sns.list_subscriptions()["Subscriptions"]:
        if each["Endpoint"].endswith("hear_sms_replies"):
            sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])
    one_problem(of_functions.topics_and_schedules, deployed, "hear_sms_replies", "does not hear")


def test_an_account_that_is_too_small_is_named(bare: Stage) -> None:
    """A new one runs ten functions at once; some share few requests a second among all their APIs."""
    assert problems(of_functions.limits, bare) == []
    bare.client.answer("lambda", get_account_settings={"AccountLimit": {"ConcurrentExecutions": 10}})  # type: ignore[attr-defined]
    one_problem(of_functions.limits, bare, "10 functions", "request-service-quota-increase", "L-B99A9384")
    bare.client.answer("lambda", get_account_settings={"AccountLimit": {"ConcurrentExecutions": 1000}})  # type: ignore[attr-defined]
    bare.client.answer("apigateway", get_account={"throttleSettings": {"rateLimit": 500.0}})  # type: ignore[attr-defined]
    one_problem(of_functions.limits, bare, "500 requests a second", "L-8A5B8E43")


def test_a_log_without_an_end_is_named(bare: Stage) -> None:
    """Of this stage's functions only."""
    logs = bare.client("logs")
    for name in ("gatecall-test-fan_out", "gatecall-test2-fan_out"):
        logs.create_log_group(logGroupName=f"/aws/lambda/{name}")
    one_problem(of_functions.logs, bare, "/aws/lambda/gatecall-test-fan_out is kept", "tune --stage test")


# What stands before them


def test_apis_that_are_not_tuned_are_named(deployed: Stage) -> None:
    """Answers in API Gateway's own shape, as each deploy leaves them, and no throttling."""
    rest, websocket = deployed.parameters["RestApi"], deployed.parameters["WebSocketApi"]
    deployed.client("apigateway").delete_gateway_response(restApiId=rest, responseType="THROTTLED")
    set_methods(deployed, rest, {"/*/*/throttling/rateLimit": "10000"})
    deployed.client("apigatewayv2").delete_stage(ApiId=websocket, StageName="test")
    deployed.client("apigatewayv2").create_stage(ApiId=websocket, StageName="test")
    found = problems(gateway.tuned, deployed)
    assert [next(word for word in ("THROTTLED", "* *", "WebSocket") if word in each) for each in found] == [
        "THROTTLED", "* *", "WebSocket",
    ]  # fmt: skip
    assert all("tune --stage test" in each for each in found)


def test_apis_that_are_gone_are_named(deployed: Stage) -> None:
    """Or their stages: a deploy makes what is missing, of the WebSocket API's stage `tune`."""
    rest, websocket = deployed.parameters["RestApi"], deployed.parameters["WebSocketApi"]
    deployed.client("apigatewayv2").delete_stage(ApiId=websocket, StageName="test")
    one_problem(gateway.tuned, deployed, f"WebSocket API {websocket} is gone", "tune --stage test")
    deployed.client("apigatewayv2").delete_api(ApiId=websocket)
    one_problem(gateway.tuned, deployed, f"The WebSocket API {websocket} is gone", "deploy --stage test")
    deployed.client("apigateway").delete_stage(restApiId=rest, stageName="test")
    assert f"The stage test of the REST API {rest} is gone" in problems(gateway.tuned, deployed)[0]
    deployed.client("apigateway").delete_rest_api(restApiId=rest)
    found = problems(gateway.tuned, deployed)
    assert f"The REST API {rest} is gone" in found[0]
    assert "deploy --stage test; it makes another" in found[0]
    assert len(found) == 2


def test_a_stack_that_was_never_tuned_is_named(bare: Stage) -> None:
    """It has no CloudFront yet."""
    one_problem(gateway.tuned, bare, "CloudFront", "tune --stage test")


@pytest.mark.parametrize("answer", [(503, ""), OSError("timed out")])
def test_a_stage_that_does_not_answer_is_named(deployed: Stage, answer: Any) -> None:
    """At both its addresses, with where to look."""

    def asked(url: str) -> tuple[int, str]:
        if isinstance(answer, OSError):
            raise answer
        status: tuple[int, str] = answer
        return status

    found = problems(gateway.health, replace(deployed, answer_of=asked))
    assert len(found) == 2
    assert all("/v1/health" in each and "aws logs tail /aws/lambda/gatecall-test" in each for each in found)


def test_whose_pages_may_call_is_said(bare: Stage) -> None:
    """A page of a visitor's own machine may not, where flights are real."""
    one_problem(gateway.pages, replace(bare, settings={**SETTINGS, **REAL, "CORS_ORIGIN": "http://localhost:3000"}),
                "CORS_ORIGIN", "deploy --stage test")  # fmt: skip
    for origin in ("", "*", "https://app.example.com"):
        assert problems(gateway.pages, replace(bare, settings={**SETTINGS, **REAL, "CORS_ORIGIN": origin})) == []


def test_a_certificate_that_is_not_good_is_named(bare: Stage) -> None:
    """Not issued yet, for another name, or about to end."""

    def with_certificate(**told: Any) -> Stage:
        arn = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/x"
        certificate = {"Status": "ISSUED", "DomainName": "flights.example.com",
                       "NotAfter": bare.now + timedelta(days=200), **told}  # fmt: skip
        bare.client.answer("acm", describe_certificate={"Certificate": certificate})  # type: ignore[attr-defined]
        parameters = {"Domain": "flights.example.com", "Certificate": arn}
        listed = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
        return replace(bare, stack={"Parameters": listed})

    record = {"Name": "_x.flights.example.com.", "Type": "CNAME", "Value": "_y.acm-validations.aws."}
    waiting = with_certificate(Status="PENDING_VALIDATION", DomainValidationOptions=[{"ResourceRecord": record}])
    one_problem(gateway.domain, waiting, "PENDING_VALIDATION", "_x.flights.example.com. CNAME _y.acm-validations.aws.")
    one_problem(gateway.domain, with_certificate(DomainName="other.example.com"), "other.example.com", "--certificate")
    one_problem(gateway.domain, with_certificate(NotAfter=bare.now + timedelta(days=9)), "renewed")
    assert problems(gateway.domain, with_certificate(DomainName="*.example.com")) == []
    assert problems(gateway.domain, bare) == []


# What messages leave by


@pytest.fixture
def sending(bare: Stage) -> Stage:
    """A stage with real flights, a verified domain, and money for SMS."""
    bare.client("sesv2").create_email_identity(EmailIdentity="example.com")
    bare.client("sns").set_sms_attributes(attributes={"MonthlySpendLimit": "500"})
    verified = {"VerifiedForSendingStatus": True, "DkimAttributes": {"Tokens": []}}
    real = bare.client("sesv2").get_email_identity

    def found(EmailIdentity: str) -> Any:
        return {**real(EmailIdentity=EmailIdentity), **verified}

    bare.client("sesv2").get_email_identity = found
    return replace(bare, settings={**SETTINGS, **REAL})


def test_a_stage_that_may_send_has_nothing_wrong(sending: Stage) -> None:
    """Neither has one that sends nothing, as it replays."""
    assert problems(channels.email, sending) + problems(channels.sms, sending) == []
    replaying = replace(sending, settings=SETTINGS)
    assert problems(channels.email, replaying) + problems(channels.sms, replaying) == []


@pytest.mark.parametrize(
    ("account", "words"),
    [
        ({"ProductionAccessEnabled": False}, ("sandbox", "--production-access-enabled")),
        ({"SendingEnabled": False}, ("does not let", "--sending-enabled")),
        ({"EnforcementStatus": "SHUTDOWN"}, ("does not let", "Account dashboard")),
        ({"SendQuota": {"MaxSendRate": 1.0}}, ("EMAIL_RATE is 14", "Set it to 1 ")),
    ],
)
def test_an_account_that_may_not_send_email_is_named(
    sending: Stage, account: dict[str, Any], words: tuple[str, ...]
) -> None:
    """The sandbox, a pause, and a rate that is less than EMAIL_RATE."""
    now = sending.client("sesv2").get_account()
    sending.client.answer("sesv2", get_account={**now, **account})  # type: ignore[attr-defined]
    one_problem(channels.email, sending, *words)


def test_a_sender_that_is_not_verified_is_named(bare: Stage) -> None:
    """Nobody told SES of it; the records of a domain are not there yet; the letter to an address was not answered."""
    real = replace(bare, settings={**SETTINGS, **REAL})
    one_problem(channels.email, real, "flights@example.com", "provision --stage test")
    no_address = replace(bare, settings={**SETTINGS, **REAL, "EMAIL_SENDER": "me"})
    assert problems(channels.email, no_address) == []  # among the settings it is
    ses = bare.client("sesv2")
    ses.create_email_identity(EmailIdentity="example.com")
    told = {"VerifiedForSendingStatus": False, "DkimAttributes": {"Status": "PENDING", "Tokens": ["abc", "def"]}}
    found = {"example.com": told}

    def identity(EmailIdentity: str) -> Any:
        if EmailIdentity not in found:
            raise ses.exceptions.NotFoundException({"Error": {"Code": "NotFoundException"}}, "GetEmailIdentity")
        return found[EmailIdentity]

    ses.get_email_identity = identity
    one_problem(channels.email, real, "not verified example.com",
                "abc._domainkey.example.com CNAME abc.dkim.amazonses.com; def._domainkey")  # fmt: skip
    found["flights@example.com"] = {"VerifiedForSendingStatus": False}
    one_problem(channels.email, real, "not verified flights@example.com", "Open the link")
    one_problem(channels.email, replace(real, settings={**real.settings, "EMAIL_SENDER": ""}), "EMAIL_SENDER is empty")


def test_an_account_that_may_not_send_sms_is_named(sending: Stage) -> None:
    """The sandbox, and a spend limit that nobody raised."""
    sns = sending.client("sns")
    sns.set_sms_attributes(attributes={"MonthlySpendLimit": "1"})
    one_problem(channels.sms, sending, "$1 a month", "MonthlySpendLimit")
    sns.set_sms_attributes(attributes={"MonthlySpendLimit": "500"})
    sending.client.answer("sns", get_sms_sandbox_account_status={"IsInSandbox": True})  # type: ignore[attr-defined]
    one_problem(channels.sms, sending, "sandbox", "Exit SMS sandbox")


def test_a_number_that_is_not_ours_or_whose_answers_go_elsewhere_is_named(sending: Stage) -> None:
    """Who answers STOP is heard at once where its answers go to our topic."""
    numbers: list[dict[str, str]] = []

    class Pages:
        def paginate(self) -> list[Any]:
            return [{"PhoneNumbers": numbers}]

    sending.client.answer("pinpoint-sms-voice-v2", get_paginator=None)  # type: ignore[attr-defined]
    sending.client("pinpoint-sms-voice-v2").get_paginator = lambda _: Pages()
    stage = replace(sending, settings={**sending.settings, "SMS_SENDER": "+12025550123"})
    one_problem(channels.sms, stage, "+12025550123", "no number of this account")
    numbers.append({"PhoneNumber": "+12025550123", "PhoneNumberId": "phone-1"})
    one_problem(channels.sms, stage, "STOP", f"--two-way-channel-arn {SETTINGS['SMS_REPLIES_TOPIC_ARN']}", "phone-1")
    numbers[0]["TwoWayChannelArn"] = SETTINGS["SMS_REPLIES_TOPIC_ARN"]
    assert problems(channels.sms, stage) == []


def test_an_application_that_is_gone_or_off_is_named(bare: Stage) -> None:
    """SNS switches one off whose credentials are refused."""
    sns = bare.client("sns")
    arn = sns.create_platform_application(
        Name="test", Platform="GCM", Attributes={"PlatformCredential": "x", "PlatformPrincipal": "x"}
    )["PlatformApplicationArn"]
    stage = replace(bare, settings={**SETTINGS, "FCM_APPLICATION_ARN": arn})
    assert problems(channels.push, bare) + problems(channels.push, stage) == []
    sns.set_platform_application_attributes(PlatformApplicationArn=arn, Attributes={"Enabled": "false"})
    one_problem(channels.push, stage, "disabled", "Enabled=true")
    sns.delete_platform_application(PlatformApplicationArn=arn)
    one_problem(channels.push, stage, "FCM_APPLICATION_ARN", "not there")


# What goes on


def report_silence(stage: Stage, feed: str, seconds: float) -> None:
    stage.client("cloudwatch").put_metric_data(
        Namespace="gatecall/test",
        MetricData=[{"MetricName": "FeedSilence", "Value": seconds, "Dimensions": [{"Name": "feed", "Value": feed}]}],
    )


def test_a_feed_that_says_nothing_is_named(bare: Stage) -> None:
    """One that is polled, one that is pushed, one of which nothing is known; and one that no code is there for."""
    one_problem(running.feeds, bare, "replay", "poll_feeds")
    report_silence(bare, "replay", 5)
    bare = replace(bare, now=datetime.now(UTC))
    assert problems(running.feeds, bare) == []
    report_silence(bare, "ewr-aodb", SILENT_AFTER.total_seconds() + 60)
    one_problem(running.feeds, replace(bare, now=datetime.now(UTC)), "ewr-aodb", "11 minutes", "pushed")


def test_a_stage_that_was_deployed_just_now_has_time_to_poll(bare: Stage) -> None:
    """A quarter of an hour: a deploy that ends with `doctor` would fail the first time, else."""
    poll = {"poll_feeds": {"LastModified": (bare.now - timedelta(minutes=3)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")}}
    bare.__dict__["deployed"] = poll
    assert problems(running.feeds, bare) == []
    later = replace(bare, now=bare.now + timedelta(minutes=15))
    later.__dict__["deployed"] = poll
    one_problem(running.feeds, later, "replay", "poll_feeds")


def test_feeds_that_are_asked_about_no_airport_are_named(bare: Stage) -> None:
    """They are polled, and tell nothing."""
    report_silence(bare, "replay", 5)
    one_problem(
        running.feeds, replace(bare, now=datetime.now(UTC), settings={**SETTINGS, "AIRPORTS": " ,"}), "AIRPORTS"
    )


def test_records_set_aside_are_counted(bare: Stage) -> None:
    """How many, since when, and how to look."""
    sqs = bare.client("sqs")
    queue = sqs.create_queue(QueueName="gatecall-test-dead-letters")["QueueUrl"]
    stage = replace(bare, settings={**SETTINGS, "DEAD_LETTERS_QUEUE_URL": queue})
    assert problems(running.dead_letters, stage) == []
    for _ in range(3):
        sqs.send_message(QueueUrl=queue, MessageBody="{}")
    sqs.receive_message(QueueUrl=queue)  # somebody looks at one
    one_problem(running.dead_letters, stage, "3 records", "deadletters list --stage test", "deadletters replay")
    bare.client("cloudwatch").put_metric_data(Namespace="AWS/SQS", MetricData=[{
        "MetricName": "ApproximateAgeOfOldestMessage", "Value": 7200.0,
        "Dimensions": [{"Name": "QueueName", "Value": "gatecall-test-dead-letters"}],
    }])  # fmt: skip
    stage = replace(stage, now=datetime.now(UTC))
    one_problem(running.dead_letters, stage, f"since {stage.now - timedelta(hours=2):%Y-%m-%d %H:%M} UTC")


def test_alarms_that_are_raised_are_named(bare: Stage) -> None:
    """Of this stage, with what their description says to do; not what is part of another, and tells nobody."""
    cloudwatch = bare.client("cloudwatch")
    for name in ("gatecall-test-errors", "gatecall-test-errors-5m", "gatecall-test-throttles", "gatecall-prod-errors"):
        actions = [] if name.endswith("5m") else [f"arn:aws:sns:us-east-1:{ACCOUNT}:gatecall-test-alarms"]
        cloudwatch.put_metric_alarm(
            AlarmName=name, AlarmDescription="Read the log.", MetricName="Errors", Namespace="AWS/Lambda", Period=60,
            EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold", Statistic="Sum",
            AlarmActions=actions,
        )  # fmt: skip
    assert problems(running.alarms, bare) == []
    for name in ("gatecall-test-errors", "gatecall-test-errors-5m", "gatecall-prod-errors"):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="x")
    one_problem(running.alarms, bare, "gatecall-test-errors", "Read the log.")


def test_alarms_of_which_nobody_is_told_are_named(bare: Stage) -> None:
    """No topic, nobody on it where flights are real, or somebody who did not agree."""
    sns = bare.client("sns")
    one_problem(running.told_of_alarms, bare, "provision --stage test")
    topic = sns.create_topic(Name="gatecall-test-alarms")["TopicArn"]
    replaying = replace(bare, stack={"Outputs": [{"OutputKey": "AlarmsTopicArn", "OutputValue": topic}]})
    assert problems(running.told_of_alarms, replaying) == []
    stage = replace(replaying, settings={**SETTINGS, **REAL})
    one_problem(running.told_of_alarms, stage, "--alarms-to")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
    assert problems(running.told_of_alarms, stage) == []

    class Pages:
        def paginate(self, **_: Any) -> list[Any]:
            return [{"Subscriptions": [{"Endpoint": "ops@example.com", "SubscriptionArn": "PendingConfirmation"}]}]

    sns.get_paginator = lambda _: Pages()
    one_problem(running.told_of_alarms, stage, "ops@example.com", "Open the link")


def test_the_settings_are_those_of_the_stage() -> None:
    """Those of all stages, and over them its own."""
    said = json.loads(stages.CONFIG.read_text())
    assert doctor.written("nowhere") == said["environment_variables"]
    assert doctor.written("dev")["GATECALL_STAGE"] == "dev"


def test_an_address_is_asked_over_http() -> None:
    """What it answers, also where that is an error; and why not, where nothing answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/v1/health" else 503)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_port}"
        assert doctor.answer_of(f"{here}/v1/health") == (200, "{}")
        assert doctor.answer_of(f"{here}/v1/other")[0] == 503
        server.shutdown()
    with pytest.raises(OSError, match="refused"):
        doctor.answer_of(here)
