"""`python -m infra tune` of a stage that is provisioned and deployed, in moto."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import boto3
import pytest
from rich.console import Console

from infra import functions, resources
from infra.deploy import Refused, provision, recorded, releases, stacks, tune, tuning

STAGE = "dev"
DECLARED = tuning.functions(STAGE)
READING = ("Get", "List", "Describe", "Head")


@pytest.fixture
def console() -> Console:
    return Console(record=True, width=200, file=io.StringIO())


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every call that is made and does not only read: service.Operation."""
    made: list[str] = []
    client = boto3.client

    def heard(service: str, *args: Any, **more: Any) -> Any:
        of = client(service, *args, **more)

        def note(model: Any, **_: Any) -> None:
            if not model.name.startswith(READING):
                made.append(f"{service}.{model.name}")

        of.meta.events.register("before-parameter-build", note, unique_id="noted")
        return of

    monkeypatch.setattr(boto3, "client", heard)
    return made


@pytest.fixture
def stage(aws: None, project: Path, monkeypatch: pytest.MonkeyPatch, console: Console) -> None:
    """Provisioned, and deployed as Chalice does it: its record is on this machine."""
    monkeypatch.setattr(releases, "urlopen", lambda *_, **__: io.BytesIO(packed()))  # Lambda's own bucket
    provision.provision(STAGE, console)
    record = recorded.path_of(STAGE)
    record.parent.mkdir()
    record.write_text(json.dumps({"resources": deployed(), "schema_version": "2.0", "backend": "api"}))


def packed() -> bytes:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), "")
    return package.getvalue()


def deployed() -> list[dict[str, str]]:
    """Make what Chalice makes, and note it as it does."""
    lambda_, events = boto3.client("lambda"), boto3.client("events")
    role = boto3.client("iam").create_role(RoleName="gatecall", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    noted = []
    sources = {
        of["Properties"][name]: of["Type"]
        for of in resources.template(STAGE).values()
        for name in ("TableName", "QueueName")
        if name in of["Properties"]
    }
    for function in DECLARED:
        arn = lambda_.create_function(
            FunctionName=function.full_name(STAGE), Runtime="python3.11", Role=role, Handler="app.app",
            Code={"ZipFile": packed()},
        )["FunctionArn"]  # fmt: skip
        noted.append({"name": function.name, "resource_type": "lambda_function", "lambda_arn": arn})
        if function.kind == "schedule":
            rule = f"{function.full_name(STAGE)}-event"
            events.put_rule(Name=rule, ScheduleExpression="rate(1 minute)")
            noted.append({"name": f"{function.name}-event", "resource_type": "cloudwatch_event", "rule_name": rule})
        elif function.kind == "stream":
            assert function.source in sources
            stream = boto3.client("dynamodb").describe_table(TableName=function.source)["Table"]["LatestStreamArn"]
            lambda_.create_event_source_mapping(
                EventSourceArn=stream, FunctionName=arn, BatchSize=100, StartingPosition="TRIM_HORIZON"
            )
        elif function.kind == "queue":
            queue = f"arn:aws:sqs:us-east-1:123456789012:{function.source}"
            lambda_.create_event_source_mapping(EventSourceArn=queue, FunctionName=arn, BatchSize=10)
    sockets = boto3.client("apigatewayv2")
    websocket = sockets.create_api(Name="gatecall", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body")
    sockets.create_stage(ApiId=websocket["ApiId"], StageName=STAGE)
    return [
        *noted,
        {"name": "rest_api", "resource_type": "rest_api", "rest_api_id": rest_api()},
        {"name": "websocket_api", "resource_type": "websocket_api", "websocket_api_id": websocket["ApiId"]},
    ]


def rest_api() -> str:
    api = boto3.client("apigateway")
    made: str = api.create_rest_api(name="gatecall")["id"]
    [root] = api.get_resources(restApiId=made)["items"]
    at = {"restApiId": made, "resourceId": root["id"], "httpMethod": "GET"}
    api.put_method(**at, authorizationType="NONE")
    api.put_integration(**at, type="MOCK")
    api.create_deployment(restApiId=made, stageName=STAGE)
    return made


def mapping(name: str) -> dict[str, Any]:
    [found] = boto3.client("lambda").list_event_source_mappings(FunctionName=f"gatecall-{STAGE}-{name}")[
        "EventSourceMappings"
    ]
    return dict(found)


def dead_letters() -> str:
    queue = boto3.client("sqs").get_queue_url(QueueName=f"gatecall-{STAGE}-dead-letters")["QueueUrl"]
    told = boto3.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    return str(told["Attributes"]["QueueArn"])


pytestmark = pytest.mark.usefixtures("stage")


def test_every_function_is_set_as_the_one_place_says(console: Console) -> None:
    """Sources, and what becomes of what a topic or a schedule started."""
    tune.tune(STAGE, console)
    for function in DECLARED:
        name = function.full_name(STAGE)
        if wanted := tuning.event_source(function, dead_letters()):
            assert tune.holds(mapping(function.name), wanted), name
        if wanted := tuning.asynchronous(function, dead_letters()):
            there = boto3.client("lambda").get_function_event_invoke_config(FunctionName=name)
            assert tune.holds(there, wanted), name
    assert {each.full_name(STAGE) for each in functions.declared()} == {each.full_name(STAGE) for each in DECLARED}


def test_tuning_again_changes_nothing_and_says_so(console: Console, calls: list[str]) -> None:
    """Not one call that writes."""
    tune.tune(STAGE, console)
    assert calls
    assert "nothing to do" not in console.export_text()
    calls.clear()
    tune.tune(STAGE, console)
    assert [call for call in calls if call != "cloudformation.UpdateStack"] == []  # AWS says: no updates
    assert "nothing to do" in console.export_text()


def test_what_a_rollback_switched_off_is_on_again(console: Console) -> None:
    """Sources of events, and schedules."""
    tune.tune(STAGE, console)
    lambda_, events = boto3.client("lambda"), boto3.client("events")
    lambda_.update_event_source_mapping(UUID=mapping("send_emails")["UUID"], Enabled=False)
    events.disable_rule(Name=f"gatecall-{STAGE}-poll_feeds-event")
    tune.tune(STAGE, console)
    assert mapping("send_emails")["State"] == "Enabled"
    assert events.describe_rule(Name=f"gatecall-{STAGE}-poll_feeds-event")["State"] == "ENABLED"
    assert "switched on" in console.export_text()


def test_a_source_that_is_changing_is_waited_for(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda takes no change of what is changing; and nobody waits for ever."""
    from moto.awslambda.models import EventSourceMapping

    configuration = EventSourceMapping.get_configuration
    looks: list[float] = []

    def changing(self: Any) -> dict[str, Any]:
        return {**configuration(self), "State": "Enabling" if len(looks) < 3 else "Enabled"}

    monkeypatch.setattr(EventSourceMapping, "get_configuration", changing)
    tune.tune(STAGE, console, sleep=looks.append)
    assert len(looks) == 3
    monkeypatch.setattr(
        EventSourceMapping, "get_configuration", lambda self: {**configuration(self), "State": "Updating"}
    )
    with pytest.raises(Refused, match="gatecall-dev-tell_changes is Updating"):
        tune.tune(STAGE, console, sleep=looks.append)


def live_responses(api: Any, rest: str) -> dict[str, Any]:
    return {each["responseType"]: each for each in api.get_gateway_responses(restApiId=rest, limit=500)["items"]}


def test_api_gateways_own_answers_are_problems_and_deployed_once(console: Console, calls: list[str]) -> None:
    """Chalice writes the API anew at each deploy, and they are gone: they are set again."""
    tune.tune(STAGE, console)
    assert calls.count("apigateway.CreateDeployment") == 1
    api, rest = boto3.client("apigateway"), tune.deployed(STAGE).rest_api
    wanted = tuning.gateway_responses("")
    assert all(tune.holds(live_responses(api, rest)[kind], answer) for kind, answer in wanted.items())
    for kind in wanted:
        api.delete_gateway_response(restApiId=rest, responseType=kind)
    api.create_deployment(restApiId=rest, stageName=STAGE)
    calls.clear()
    tune.tune(STAGE, console)
    assert calls.count("apigateway.PutGatewayResponse") == len(wanted)
    assert calls.count("apigateway.CreateDeployment") == 1
    assert live_responses(api, rest).keys() == wanted.keys()


def test_answers_that_were_set_and_not_deployed_are_deployed(console: Console, calls: list[str]) -> None:
    """A tune that was stopped between leaves nothing half done for the next."""
    tune.tune(STAGE, console)
    boto3.client("apigateway").create_deployment(restApiId=tune.deployed(STAGE).rest_api, stageName=STAGE)
    calls.clear()
    tune.tune(STAGE, console)
    assert calls.count("apigateway.CreateDeployment") == 1
    assert "apigateway.PutGatewayResponse" not in calls


def test_the_stages_let_in_what_they_should_and_watch_what_has_an_alarm(console: Console) -> None:
    """Throttling of REST and WebSocket, metrics of single routes."""
    tune.tune(STAGE, console)
    found = tune.deployed(STAGE)
    there = boto3.client("apigateway").get_stage(restApiId=found.rest_api, stageName=STAGE)["methodSettings"]
    for (path, method), wanted in tuning.method_settings().items():
        assert tune.holds(there[f"{path.replace('/', '~1')}/{method}"], wanted)
    sockets = boto3.client("apigatewayv2").get_stage(ApiId=found.websocket_api, StageName=STAGE)
    assert tune.holds(sockets["DefaultRouteSettings"], tuning.route_settings())


def test_a_websocket_stage_that_was_never_made_is_made(console: Console) -> None:
    """Chalice makes it with the API only: a first deploy that failed between leaves the API without."""
    api = tune.deployed(STAGE).websocket_api
    sockets = boto3.client("apigatewayv2")
    sockets.delete_stage(ApiId=api, StageName=STAGE)
    tune.tune(STAGE, console)
    assert tune.holds(sockets.get_stage(ApiId=api, StageName=STAGE)["DefaultRouteSettings"], tuning.route_settings())


def test_every_log_has_an_end(console: Console) -> None:
    """The REST function's too, whose log group Chalice names wrongly."""
    tune.tune(STAGE, console)
    groups = {each["logGroupName"]: each.get("retentionInDays") for each in
              boto3.client("logs").describe_log_groups()["logGroups"]}  # fmt: skip
    assert groups[f"/aws/lambda/gatecall-{STAGE}"] == 30
    assert {f"/aws/lambda/{each.full_name(STAGE)}" for each in DECLARED} <= groups.keys()
    assert set(groups.values()) == {30}


def test_the_public_addresses_are_in_ssm_and_shown(console: Console) -> None:
    """The stack learns of the app, and the front believes the app's key."""
    tune.tune(STAGE, console)
    shown, ssm, found = console.export_text(), boto3.client("ssm"), tune.deployed(STAGE)
    for kind in ("rest", "websocket", "web"):
        url = ssm.get_parameter(Name=f"/gatecall/{STAGE}/{kind}-url")["Parameter"]["Value"]
        assert url in shown
    assert f"https://{found.rest_api}.execute-api.us-east-1." in shown
    given = {
        each["ParameterKey"]: each["ParameterValue"]
        for each in boto3.client("cloudformation").describe_stacks(StackName=f"gatecall-{STAGE}")["Stacks"][0][
            "Parameters"
        ]
    }
    assert (given["RestApi"], given["WebSocketApi"]) == (found.rest_api, found.websocket_api)


def test_the_web_app_is_up(console: Console) -> None:
    """Below web/, where CloudFront looks; and the record and the package are kept beside it."""
    tune.tune(STAGE, console)
    bucket = stacks.outputs(STAGE, boto3.client("cloudformation"))["Bucket"]
    keys = {each["Key"] for each in boto3.client("s3").list_objects_v2(Bucket=bucket)["Contents"]}
    assert {"web/index.html", "web/assets/index-Bx1f09_q.js", f"deployed/{STAGE}.json", releases.RELEASES} <= keys


def test_a_stage_that_is_not_deployed_can_not_be_tuned(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says what to run."""
    recorded.path_of(STAGE).unlink()
    monkeypatch.setattr(recorded, "restore", lambda *_: "there is none yet.")
    with pytest.raises(Refused, match=r"run: \.venv/bin/python -m infra deploy --stage dev"):
        tune.tune(STAGE, console)


def test_a_stage_that_was_deployed_elsewhere_is_tuned_from_here(console: Console) -> None:
    """By Chalice's record in the bucket: on a machine that has none, nothing is to do."""
    tune.tune(STAGE, console)
    recorded.path_of(STAGE).unlink()
    tune.tune(STAGE, console)
    assert "nothing to do" in console.export_text()
    assert recorded.path_of(STAGE).exists()


def test_a_function_without_its_source_is_told_of(console: Console) -> None:
    """Nothing here makes one: Chalice does."""
    boto3.client("lambda").delete_event_source_mapping(UUID=mapping("send_texts")["UUID"])
    with pytest.raises(Refused, match="gatecall-dev-send_texts has no event source"):
        tune.tune(STAGE, console)
