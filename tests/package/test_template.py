"""`python -m infra package`: one template of everything, and what CloudFormation would make of it (F24).

The wheels that the package needs stay out: they take long, and nothing here looks at them.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from infra import functions, resources
from infra.deploy import Refused, package, tuning
from infra.local import events

DEAD_LETTERS = {"Fn::GetAtt": ["DeadLettersQueue", "Arn"]}
TO_DEAD_LETTERS = {"OnFailure": {"Destination": DEAD_LETTERS}}


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    found = {name: of["Properties"] for name, of in template["Resources"].items() if of["Type"] == kind}
    assert found, kind
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project, without what it requires."""
    project = tmp_path_factory.mktemp("project")
    for name in ("app.py", "chalicelib", ".chalice"):
        if (package.ROOT / name).is_dir():
            shutil.copytree(package.ROOT / name, project / name, ignore=shutil.ignore_patterns("deploy*", "policies"))
        else:
            shutil.copy2(package.ROOT / name, project / name)
    (project / "requirements.txt").touch()
    return project


@pytest.fixture(scope="module")
def out(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command writes, of a stage that is not provisioned."""
    out = tmp_path_factory.mktemp("out")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", events.REGION)
        package.package("prod", out, Console(quiet=True), project)
    return out


@pytest.fixture(scope="module")
def template(out: Path) -> dict[str, Any]:
    """The SAM template, with a package that `aws cloudformation package` has put into a bucket."""
    template: dict[str, Any] = json.loads((out / "sam.json").read_text())
    for function in of_type(template, "AWS::Serverless::Function").values():
        assert function["CodeUri"] == "./deployment.zip"
        function["CodeUri"] = "s3://a-bucket/a-key"
    return template


@pytest.fixture(scope="module")
def translated(template: dict[str, Any]) -> dict[str, Any]:
    """The template as CloudFormation deploys it."""
    from samtranslator.translator.transform import transform

    class NoPolicies:
        def load(self) -> dict[str, str]:
            return {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", events.REGION)
        translated: dict[str, Any] = transform(template, {}, NoPolicies())
    return translated


def linted(path: Path) -> str:
    run = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), path], check=False, capture_output=True, text=True, timeout=300
    )
    return run.stdout + run.stderr


def test_the_template_passes_cfn_lint(out: Path) -> None:
    """With no rule switched off."""
    assert (out / "deployment.zip").stat().st_size > 0
    assert linted(out / "sam.json") == ""


def test_what_cloudformation_makes_of_it_passes_cfn_lint(translated: dict[str, Any], tmp_path: Path) -> None:
    """Nothing waits for itself, either (E3004): API, functions, what stands before them, and what they use."""
    path = tmp_path / "cloudformation.json"
    path.write_text(json.dumps(translated))
    assert linted(path) == ""


def test_streams_are_held_up_by_nothing_and_lose_nothing(translated: dict[str, Any]) -> None:
    """F24: from the first record on, a batch in part and in halves, not for ever, and then the dead letters."""
    streams = [
        mapping for mapping in of_type(translated, "AWS::Lambda::EventSourceMapping").values()
        if "StreamArn" in json.dumps(mapping["EventSourceArn"])
    ]  # fmt: skip
    assert len(streams) == len([each for each in functions.declared() if each.kind == "stream"])
    for mapping in streams:
        assert mapping["StartingPosition"] == "TRIM_HORIZON"
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["BisectBatchOnFunctionError"] is True
        assert 0 < mapping["MaximumRetryAttempts"] <= 100
        assert 60 <= mapping["MaximumRecordAgeInSeconds"] <= 3600
        assert mapping["ParallelizationFactor"] >= 1
        assert mapping["DestinationConfig"] == TO_DEAD_LETTERS


def test_queues_take_back_a_part_of_a_batch_and_give_up_in_the_end(translated: dict[str, Any]) -> None:
    """F24: ReportBatchItemFailures, and the queue's own redrive policy to the dead letters."""
    queues = [
        mapping for mapping in of_type(translated, "AWS::Lambda::EventSourceMapping").values()
        if "StreamArn" not in json.dumps(mapping["EventSourceArn"])
    ]  # fmt: skip
    assert len(queues) == len([each for each in functions.declared() if each.kind == "queue"])
    for mapping in queues:
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        name = mapping["EventSourceArn"]["Fn::Sub"].removeprefix("${").removesuffix(".Arn}")
        redrive = translated["Resources"][name]["Properties"]["RedrivePolicy"]
        assert redrive["deadLetterTargetArn"] == DEAD_LETTERS


def test_every_trigger_leads_to_its_own_function(translated: dict[str, Any]) -> None:
    """Tables, queues and topics of this very template, by reference: no name or ARN of another stage."""
    wired = {
        (mapping["FunctionName"]["Ref"], mapping["EventSourceArn"]["Fn::Sub"].strip("${}").partition(".")[0])
        for mapping in of_type(translated, "AWS::Lambda::EventSourceMapping").values()
    } | {
        (subscription["Endpoint"]["Fn::GetAtt"][0], subscription["TopicArn"]["Fn::Sub"].strip("${}"))
        for subscription in of_type(translated, "AWS::SNS::Subscription").values()
        if subscription["Protocol"] == "lambda"
    }
    assert wired == {
        ("TellChanges", "FlightsTable"), ("AskToConfirm", "SubscriptionsTable"), ("QueueErrands", "AccountsTable"),
        ("PushChange", "FlightChangesTopic"), ("FanOutAtOnce", "UrgentChangesQueue"), ("FanOut", "ChangesQueue"),
        ("SendEmails", "EmailsQueue"), ("SendTexts", "TextsQueue"), ("SendPushes", "PushesQueue"),
        ("CallWebhooks", "WebhooksQueue"), ("RunErrands", "ErrandsQueue"),
        ("HearEmailEvents", "EmailEventsTopic"), ("HearSmsReplies", "SmsRepliesTopic"),
        ("TellBookings", "BookingsTable"), ("SettleBookings", "SettlementsQueue"), ("PushSeats", "BookingChangesTopic"),
        ("FollowBookings", "BookingsToldQueue"), ("FollowDisruptions", "DisruptionsQueue"),
    }  # fmt: skip


def test_what_topics_and_schedules_start_is_tried_again_or_not_and_then_set_aside(translated: dict[str, Any]) -> None:
    """A topic's message twice more, a schedule's run never."""
    by_kind = {each.name: each.kind for each in functions.declared() if each.kind in ("topic", "schedule")}
    configured = of_type(translated, "AWS::Lambda::EventInvokeConfig")
    assert len(configured) == len(by_kind)
    for settings in configured.values():
        name = translated["Resources"][settings["FunctionName"]["Ref"]]["Properties"]["FunctionName"]
        kind = by_kind[name.removeprefix("gatecall-prod-")]
        assert settings["MaximumRetryAttempts"] == (2 if kind == "topic" else 0)
        assert settings["DestinationConfig"] == TO_DEAD_LETTERS


def test_functions_have_their_names_their_power_and_what_the_stack_made(translated: dict[str, Any]) -> None:
    """F24: memory of 1,024 MB or more. What an output tells provisioning, the template refers to."""
    made = of_type(translated, "AWS::Lambda::Function").values()
    assert {each["FunctionName"] for each in made} == {each.full_name("prod") for each in functions.declared()}
    for function in made:
        assert function["MemorySize"] >= 1024
        settings = function["Environment"]["Variables"]
        assert settings["GATECALL_STAGE"] == "prod"
        assert settings["FLIGHTS_STREAM_ARN"] == {"Fn::GetAtt": ["FlightsTable", "StreamArn"]}
        assert settings["DEAD_LETTERS_QUEUE_URL"] == {"Ref": "DeadLettersQueue"}
        assert "set by provisioning" not in json.dumps(function)


def test_every_log_has_an_end(translated: dict[str, Any]) -> None:
    """One log group for each function, the REST function's too."""
    groups = of_type(translated, "AWS::Logs::LogGroup").values()
    named = {each["LogGroupName"]["Fn::Sub"].removeprefix("/aws/lambda/${").removesuffix("}") for each in groups}
    assert named == set(of_type(translated, "AWS::Lambda::Function"))
    assert all(each["RetentionInDays"] > 0 for each in groups)


def test_the_apis_are_the_templates_own(template: dict[str, Any]) -> None:
    """CloudFront and the addresses in SSM refer to them; nothing waits for a later deploy."""
    text = json.dumps(template)
    assert {"RestApi", "WebSocketApi"}.isdisjoint(template["Parameters"])
    assert "${RestApi}" not in text
    assert "${WebSocketApi}" not in text
    assert '"Deployed"' not in text
    assert "${RestAPI}" in json.dumps(template["Resources"]["Distribution"])
    assert "${WebsocketAPI}" in json.dumps(template["Resources"]["Distribution"])
    assert template["Parameters"]["Stage"]["AllowedValues"] == ["prod"]
    assert "Default" not in template["Parameters"]["FrontKey"], "the front shows it from the first moment on"


def test_the_apis_answer_and_let_in_as_tuned(translated: dict[str, Any]) -> None:
    """Problems in our own shape, throttling, and metrics for each route with an alarm; one stage, not two."""
    api = of_type(translated, "AWS::ApiGateway::RestApi")["RestAPI"]
    assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}, "CloudFront stands before it already"
    assert api["Body"]["x-amazon-apigateway-gateway-responses"] == tuning.gateway_responses("")
    assert api["Body"]["paths"]
    [stage] = of_type(translated, "AWS::ApiGateway::Stage").values()
    of_all, *of_routes = stage["MethodSettings"]
    assert (of_all["ResourcePath"], of_all["HttpMethod"]) == ("/*", "*")
    assert of_all["ThrottlingRateLimit"] == tuning.REST.rate
    assert all(each["MetricsEnabled"] and each["ResourcePath"].startswith("/~1") for each in of_routes)
    assert len(of_routes) == len(tuning.method_settings()) - 1
    for deployment in of_type(translated, "AWS::ApiGateway::Deployment").values():
        assert "StageName" not in deployment
    [sockets] = of_type(translated, "AWS::ApiGatewayV2::Stage").values()
    assert sockets["DefaultRouteSettings"]["ThrottlingBurstLimit"] == tuning.WEBSOCKET.burst


def test_the_alarms_are_there(translated: dict[str, Any]) -> None:
    """F24: what is watched after `provision` is watched here."""
    alarms = {name for name, of in resources.document()["Resources"].items() if of["Type"] == "AWS::CloudWatch::Alarm"}
    assert alarms
    assert alarms <= set(of_type(translated, "AWS::CloudWatch::Alarm"))


def test_nothing_of_the_project_changes(project: Path, out: Path) -> None:
    """The policies of a template are none for `chalice deploy`: they must not lie where it looks for them."""
    assert out.exists()
    assert not (project / ".chalice" / "policies").exists()
    assert (project / ".chalice" / "config.json").read_text() == (package.ROOT / ".chalice" / "config.json").read_text()


def test_what_chalice_says_against_it_is_shown(project: Path, tmp_path: Path) -> None:
    """In one sentence with its own words, not as a traceback of ours."""
    broken = tmp_path / "broken"
    shutil.copytree(project, broken)
    (broken / "app.py").write_text("import nothing_of_this_name\n")
    with pytest.raises(Refused, match="nothing_of_this_name"):
        package.package("prod", tmp_path / "out", Console(quiet=True), broken)
