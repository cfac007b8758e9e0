"""Sets on a deployed stage what Chalice cannot (infra/deploy/tuning.py), and puts what is public before the app.

It is run after every deploy: Chalice writes the REST API anew each time, and what API Gateway answers by itself is
lost with it. Run again, it changes nothing. What a rollback switched off is switched on again.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from chalice.config import Config
from rich.console import Console

from infra import stages
from infra.deploy import Refused, provision, recorded, releases, stacks, tuning, web
from infra.functions import Function

_SETTLED = {"Enabled", "Disabled"}  # states of an event source mapping that something else can be asked of
_LOOKS = 90  # for a mapping that does not settle: with 2 s between, three minutes


@dataclass(frozen=True)
class Deployed:
    """What Chalice notes of a stage, as far as it is needed here."""

    rest_api: str  # ids
    websocket_api: str
    rules: tuple[str, ...]  # names of EventBridge's


def deployed(stage: str) -> Deployed:
    """Read Chalice's record on this machine. Raises Refused where the stage is not deployed."""
    noted = recorded.read(stage)
    if missing := {"rest_api", "websocket_api"} - noted.keys():
        raise Refused(
            f"{stage} is not deployed: Chalice's record of it names no {' and no '.join(sorted(missing))}; "
            f"run: .venv/bin/python -m infra deploy --stage {stage}"
        )
    return Deployed(
        noted["rest_api"]["rest_api_id"],
        noted["websocket_api"]["websocket_api_id"],
        tuple(each["rule_name"] for each in noted.values() if each["resource_type"] == "cloudwatch_event"),
    )


def tune(stage: str, console: Console, sleep: Callable[[float], None] = time.sleep) -> None:
    """Set what differs, and say what was set. Raises Refused."""
    import boto3

    stacks.check_name(stage)
    outputs = stacks.outputs(stage, boto3.client("cloudformation"))
    s3 = boto3.client("s3")
    console.print(recorded.restore(stage, outputs["Bucket"], s3), markup=False, soft_wrap=True)
    found = deployed(stage)
    dead_letters = boto3.client("sqs").get_queue_attributes(
        QueueUrl=outputs["DeadLettersQueueUrl"], AttributeNames=["QueueArn"]
    )["Attributes"]["QueueArn"]
    declared, lambda_ = tuning.functions(stage), boto3.client("lambda")
    settings = stages.written()
    changes = 0
    with console.status(f"gatecall-{stage}: comparing"):
        for change in chain(
            _event_sources(stage, declared, dead_letters, lambda_, sleep),
            _asynchronous(stage, declared, dead_letters, lambda_),
            _schedules(found, boto3.client("events")),
            _log_groups(stage, declared, settings, boto3.client("logs")),
            _rest_api(stage, found, settings, boto3.client("apigateway")),
            _websocket_api(stage, found, boto3.client("apigatewayv2")),
        ):
            console.print(change, markup=False, soft_wrap=True)
            changes += 1
    changes += _front(stage, found, outputs, console)
    if not changes:
        console.print(f"gatecall-{stage} is tuned already: nothing to do.", soft_wrap=True)
    recorded.save(stage, outputs["Bucket"], s3)
    releases.record(stage, outputs["Bucket"], s3, console)
    _show_urls(stage, boto3.client("ssm"), console)


def holds(there: Any, wanted: Any) -> bool:
    """Whether a setting is as it should be: of a dict, what is wanted has to be in it; AWS tells more."""
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(holds(there.get(name), value) for name, value in wanted.items())
    return bool(there == wanted)


def _event_sources(
    stage: str, declared: list[Function], dead_letters: str, lambda_: Any, sleep: Callable[[float], None]
) -> Iterator[str]:
    set_now = []
    for function in declared:
        wanted = tuning.event_source(function, dead_letters)
        if not wanted:
            continue
        name = function.full_name(stage)
        mappings = lambda_.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
        if not mappings:
            raise Refused(f"{name} has no event source; run: .venv/bin/python -m infra deploy --stage {stage}")
        for mapping in mappings:
            # What is about to go (a source that was replaced) takes no settings.
            if mapping["State"] == "Deleting":
                continue
            now = _settled(mapping, lambda_, sleep)
            if holds(now, wanted) and now["State"] == "Enabled":
                continue
            lambda_.update_event_source_mapping(UUID=now["UUID"], Enabled=True, **wanted)
            set_now.append(now)
            yield f"{name}: event source set" + (", and switched on" if now["State"] == "Disabled" else "")
    for mapping in set_now:  # all at once: each takes Lambda up to a minute
        _settled(mapping, lambda_, sleep)


def _settled(mapping: dict[str, Any], lambda_: Any, sleep: Callable[[float], None]) -> dict[str, Any]:
    """The mapping once nothing is under way with it: Lambda refuses to change what is changing. Raises Refused."""
    for _ in range(_LOOKS):
        now: dict[str, Any] = lambda_.get_event_source_mapping(UUID=mapping["UUID"])
        if now["State"] in _SETTLED:
            return now
        sleep(2)
    raise Refused(
        f"the event source of {mapping['FunctionArn'].rpartition(':')[2]} is {now['State']} for minutes now; "
        "run this again when Lambda is done with it"
    )


def _asynchronous(stage: str, declared: list[Function], dead_letters: str, lambda_: Any) -> Iterator[str]:
    for function in declared:
        wanted = tuning.asynchronous(function, dead_letters)
        if not wanted:
            continue
        name = function.full_name(stage)
        try:
            there = lambda_.get_function_event_invoke_config(FunctionName=name)
        except lambda_.exceptions.ResourceNotFoundException:
            there = None
        if not holds(there, wanted):
            lambda_.put_function_event_invoke_config(FunctionName=name, **wanted)
            yield f"{name}: attempts and dead letters set"


def _schedules(found: Deployed, events: Any) -> Iterator[str]:
    for rule in found.rules:
        if events.describe_rule(Name=rule)["State"] == "DISABLED":
            events.enable_rule(Name=rule)
            yield f"{rule}: schedule switched on"


def _log_groups(stage: str, declared: list[Function], settings: dict[str, Any], logs: Any) -> Iterator[str]:
    """Chalice keeps another log group's lines for so long than the REST function's: it has that one's name wrong."""
    for function in declared:
        days = Config(chalice_stage=stage, function_name=function.name, config_from_disk=settings).log_retention_in_days
        name = f"/aws/lambda/{function.full_name(stage)}"
        groups = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        there = next((each for each in groups if each["logGroupName"] == name), None)
        if there is None:
            logs.create_log_group(logGroupName=name)
        if there is None or there.get("retentionInDays") != days:
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)
            yield f"{name}: kept for {days} days"


def _rest_api(stage: str, found: Deployed, settings: dict[str, Any], apigateway: Any) -> Iterator[str]:
    api = found.rest_api
    environment = settings["environment_variables"] | settings["stages"][stage]["environment_variables"]
    wanted = tuning.gateway_responses(environment["CORS_ORIGIN"])
    items = apigateway.get_gateway_responses(restApiId=api, limit=500)["items"]
    there = {each["responseType"]: each for each in items}
    differ = [kind for kind, answer in wanted.items() if not holds(there.get(kind), answer)]
    for kind in differ:
        apigateway.put_gateway_response(restApiId=api, responseType=kind, **wanted[kind])
    at = {"restApiId": api, "stageName": stage}
    now = apigateway.get_stage(**at)
    # They count once they are deployed; the deployment says which they were, should this have been stopped between.
    mark = f"answers {hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:16]}"
    live = apigateway.get_deployment(restApiId=api, deploymentId=now["deploymentId"])
    if differ or live.get("description") != mark:
        deployment = apigateway.create_deployment(restApiId=api, description=mark)["id"]
        apigateway.update_stage(**at, patchOperations=[{"op": "replace", "path": "/deploymentId", "value": deployment}])
        yield f"API Gateway's own answers: {len(differ)} set, and deployed"
    patches = [
        {"op": "replace", "path": f"/{route}/{_PATHS[name]}", "value": json.dumps(value)}
        for (path, method), wanted_of in tuning.method_settings().items()
        for route in [f"{path.replace('/', '~1')}/{method}"]
        for name, value in wanted_of.items()
        if now.get("methodSettings", {}).get(route, {}).get(name) != value
    ]
    if patches:
        apigateway.update_stage(**at, patchOperations=patches)
        yield f"REST stage: {len(patches)} of its settings set (throttling, metrics of the routes with an alarm)"


# A method setting as UpdateStage knows it.
_PATHS = {
    "metricsEnabled": "metrics/enabled",
    "throttlingRateLimit": "throttling/rateLimit",
    "throttlingBurstLimit": "throttling/burstLimit",
}


def _websocket_api(stage: str, found: Deployed, apigatewayv2: Any) -> Iterator[str]:
    at = {"ApiId": found.websocket_api, "StageName": stage}
    wanted = tuning.route_settings()
    try:
        now = apigatewayv2.get_stage(**at)
    except apigatewayv2.exceptions.NotFoundException:
        # Chalice makes it with the API alone: of a first deploy that failed between, it is never made.
        deployment = apigatewayv2.create_deployment(ApiId=found.websocket_api)["DeploymentId"]
        apigatewayv2.create_stage(**at, DeploymentId=deployment, DefaultRouteSettings=wanted)
        yield "WebSocket stage: made"
        return
    if not holds(now.get("DefaultRouteSettings"), wanted):
        apigatewayv2.update_stage(**at, DefaultRouteSettings=wanted)
        yield "WebSocket stage: throttling set"


def _front(stage: str, found: Deployed, outputs: dict[str, str], console: Console) -> int:
    """Upload the web app and put CloudFront before it and the APIs. Returns how many things changed."""
    import boto3

    ssm = boto3.client("ssm")
    files = web.renew(outputs["Bucket"], boto3.client("s3"), console)
    if files:
        console.print(f"web app: {files} files uploaded or removed", soft_wrap=True)
    key = ssm.get_parameter(Name=f"/gatecall/{stage}/front-key", WithDecryption=True)["Parameter"]["Value"]
    updated = provision.update(stage, console, RestApi=found.rest_api, WebSocketApi=found.websocket_api, FrontKey=key)
    distribution = stacks.outputs(stage, boto3.client("cloudformation")).get("DistributionId")
    if files and distribution:
        boto3.client("cloudfront").create_invalidation(
            DistributionId=distribution,
            InvalidationBatch={
                "Paths": {"Quantity": 1, "Items": ["/index.html"]},
                "CallerReference": os.urandom(8).hex(),
            },
        )
    return files + updated


def _show_urls(stage: str, ssm: Any, console: Console) -> None:
    names = {f"/gatecall/{stage}/{kind}-url": label for kind, label in
             {"rest": "REST", "websocket": "WebSocket", "web": "web"}.items()}  # fmt: skip
    there = {each["Name"]: each["Value"] for each in ssm.get_parameters(Names=list(names))["Parameters"]}
    for name, label in names.items():
        console.print(f"{label}: {there.get(name, f'{name} is not there: the stack did not make it')}", soft_wrap=True)
