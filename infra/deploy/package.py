"""Makes one CloudFormation template of the app and all that it needs, for teams that deploy by CloudFormation.

`chalice package` describes the functions and the APIs; what it is told to merge into that is infra/resources.yaml, and
what `tune` would set afterwards (infra/deploy/tuning.py).
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from chalice.utils import to_cfn_resource_name
from rich.console import Console

from chalicelib.core import config
from infra import policies, resources
from infra.deploy import Refused, stacks, tuning

ROOT = Path(__file__).parents[2]
TEMPLATE = "sam.json"  # as Chalice names it, beside deployment.zip

_APP = ("app.py", "chalicelib", "requirements.txt", ".chalice")  # what Chalice looks at
_DEAD_LETTERS = {"Fn::GetAtt": ["DeadLettersQueue", "Arn"]}
# The template's parameters that the app's own resources take the place of.
_APIS = {"RestApi": "RestAPI", "WebSocketApi": "WebsocketAPI"}
# How Chalice names a function's event source, and what a template says of it, by what triggers the function.
_EVENTS = {
    "stream": ("dynamodb-event-source", "Stream", ".StreamArn"),
    "queue": ("sqs-event-source", "Queue", ".Arn"),
    "topic": ("sns-subscription", "Topic", ""),
}
_NAMED_BY = {"AWS::DynamoDB::Table": "TableName", "AWS::SQS::Queue": "QueueName", "AWS::SNS::Topic": "TopicName"}


def package(stage: str, out: Path, console: Console, project: Path = ROOT) -> None:
    """Write sam.json and deployment.zip into `out`. Raises Refused for a bad name, or where Chalice fails.

    It is done in a copy of the project: the policies are for the template, not for `chalice deploy`.
    """
    stacks.check_name(stage)
    out = out.resolve()
    with TemporaryDirectory() as directory, console.status(f"gatecall-{stage}: packaging"):
        copy = Path(directory) / "gatecall"
        _copy(project, copy)
        settings = _settled(stage, copy / ".chalice" / "config.json")
        policies.write(
            stage,
            copy / ".chalice",
            partition="${AWS::Partition}",
            region="${AWS::Region}",
            account="${AWS::AccountId}",
        )
        merged = Path(directory) / "merge.json"
        merged.write_text(json.dumps(template(stage, settings)))
        made = subprocess.run(
            [
                Path(sys.executable).with_name("chalice"), "package", "--stage", stage, "--pkg-format",
                "cloudformation", "--merge-template", merged, out,
            ],
            cwd=copy, env={**os.environ, "AWS_DEFAULT_REGION": _region()}, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
    if made.returncode:
        raise Refused(f"chalice package failed: {made.stdout.strip()}")
    if "Could not install" in made.stdout:  # Chalice goes on without them
        raise Refused(f"the package would be incomplete: {made.stdout.strip()}")
    console.print(f"{out / TEMPLATE} and {out / 'deployment.zip'} made.", soft_wrap=True)


def template(stage: str, settings: dict[str, Any]) -> dict[str, Any]:
    """What is merged into Chalice's template; `settings` is .chalice/config.json."""
    made: dict[str, Any] = _with_apis(resources.document())
    for name in _APIS:
        del made["Parameters"][name]
    del made["Conditions"]["Deployed"]
    del made["Parameters"]["FrontKey"]["Default"]  # CloudFront stands at once, and takes no empty header
    made["Parameters"]["Stage"] |= {"Default": stage, "AllowedValues": [stage]}
    made["Resources"] |= _functions(stage, made)
    made["Resources"] |= {
        "RestAPI": {"Properties": _rest_api(stage, settings)},
        # Chalice names it by a function that it calls otherwise.
        "ApiHandlerLogGroup": {"Properties": {"LogGroupName": {"Fn::Sub": "/aws/lambda/${APIHandler}"}}},
        "WebsocketAPIStage": {"Properties": {"DefaultRouteSettings": tuning.route_settings()}},
    }
    return made


def _functions(stage: str, made: dict[str, Any]) -> dict[str, Any]:
    variables = {
        resources.setting(name): output["Value"]
        for name, output in made["Outputs"].items()
        if resources.setting(name) in config.names()
    }
    logical = {
        of["Properties"][_NAMED_BY[of["Type"]]]: name
        for name, of in resources.template(stage).items()
        if of["Type"] in _NAMED_BY
    }
    functions = {}
    for function in tuning.functions(stage):
        name = function.name
        properties: dict[str, Any] = {
            "FunctionName": function.full_name(stage),
            "Environment": {"Variables": variables},
        }
        if function.kind in _EVENTS:
            suffix, of, attribute = _EVENTS[function.kind]
            # Chalice has an Fn::Sub here for most, and merging adds: beside it, a Ref would be one function too many.
            origin = {"Fn::Sub": f"${{{logical[function.source]}{attribute}}}"}
            properties["Events"] = {
                to_cfn_resource_name(f"{name}-{suffix}"): {
                    "Properties": {of: origin, **tuning.event_source(function, _DEAD_LETTERS)}
                }
            }
        if tuned := tuning.asynchronous(function, _DEAD_LETTERS):
            tuned["DestinationConfig"]["OnFailure"]["Type"] = "SQS"  # SAM asks for it
            properties["EventInvokeConfig"] = tuned
        functions["APIHandler" if function.kind == "rest" else to_cfn_resource_name(name)] = {"Properties": properties}
    return functions


def _rest_api(stage: str, settings: dict[str, Any]) -> dict[str, Any]:
    environment = settings["environment_variables"] | settings["stages"][stage]["environment_variables"]
    return {
        "OpenApiVersion": "2.0",  # as Chalice writes it; without this, SAM makes a second stage, named Stage
        "TracingEnabled": bool(settings.get("xray")),
        "DefinitionBody": {
            "x-amazon-apigateway-gateway-responses": tuning.gateway_responses(environment["CORS_ORIGIN"])
        },
        "MethodSettings": [
            {
                "ResourcePath": "/*" if path == "*" else path.replace("/", "~1").replace("~1", "/~1", 1),
                "HttpMethod": method,
                **{name[0].upper() + name[1:]: value for name, value in each.items()},
            }
            for (path, method), each in tuning.method_settings().items()
        ],
    }


def _with_apis(value: Any) -> Any:
    """The template with the app's own APIs where it asks for their ids, and deployed: they are made together."""
    match value:
        case {"Ref": str(name)} if name in _APIS:
            return {"Ref": _APIS[name]}
        case {"Fn::If": ["Deployed", then, _]}:
            return _with_apis(then)
        case dict():
            return {
                name: _with_apis(each)
                for name, each in value.items()
                if not (name == "Condition" and each == "Deployed")
            }
        case list():
            return [_with_apis(each) for each in value]
        case str():  # of an Fn::Sub: nothing else has these
            for parameter, resource in _APIS.items():
                value = value.replace(f"${{{parameter}}}", f"${{{resource}}}")
    return value


def _copy(project: Path, copy: Path) -> None:
    copy.mkdir()
    for name in _APP:
        if (project / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "deployments", "deployed", "policies")
            shutil.copytree(project / name, copy / name, ignore=ignored)
        else:
            shutil.copy2(project / name, copy / name)


def _settled(stage: str, path: Path) -> dict[str, Any]:
    """Let the app start in a stage that may not be provisioned yet, or not be in the config file at all."""
    settings: dict[str, Any] = json.loads(path.read_text())
    of_stage = settings["stages"].setdefault(stage, {"api_gateway_stage": stage})
    of_stage.setdefault(
        "lambda_functions", {name: {"iam_policy_file": file} for name, file in policies.files(stage).items()}
    )
    known = settings["environment_variables"] | of_stage.setdefault("environment_variables", {})
    of_stage["environment_variables"] |= dict.fromkeys(config.names() - known.keys(), stage)
    path.write_text(json.dumps(settings))
    return settings


def _region() -> str:
    """Chalice asks for one, to name the services as its partition does."""
    from botocore.session import get_session

    return get_session().get_config_variable("region") or "us-east-1"
