"""Makes the IAM policy of each Lambda function of infra/policies.yaml.

Chalice makes a role for each function, with the policy it finds in .chalice/policies/<stage>/<function>.json
(`iam_policy_file` in .chalice/config.json). These files are rendered for each stage, as IAM wants exact ARNs.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from infra import resources
from infra.functions import Function, Kind

TEMPLATE = Path(__file__).parent / "policies.yaml"
LARGEST = 10_240  # characters of all inline policies of a role, white space not counted (IAM quotas)

# What Lambda does in a function's name: Lambda Developer Guide, "Process DynamoDB records" and "Amazon SQS".
_STREAM = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams")
_QUEUE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_LOG = ("logs:CreateLogStream", "logs:PutLogEvents")  # not CreateLogGroup: Chalice makes it, with its retention

_ARNS = {  # by type: the service, and how its resource is named
    "AWS::DynamoDB::Table": ("dynamodb", "table/", "TableName"),
    "AWS::SQS::Queue": ("sqs", "", "QueueName"),
    "AWS::SNS::Topic": ("sns", "", "TopicName"),
    "AWS::SES::ConfigurationSet": ("ses", "configuration-set/", "Name"),
}
_KINDS: dict[str, Kind] = {"AWS::DynamoDB::Table": "stream", "AWS::SQS::Queue": "queue", "AWS::SNS::Topic": "topic"}


def render(stage: str, *, partition: str, region: str, account: str) -> dict[str, dict[str, Any]]:
    """The policy of each function, by its name in .chalice/config.json.

    For a template, partition, region and account may be `${AWS::Partition}` and so on: ARNs are {"Fn::Sub": …} then.
    Raises ValueError where policies.yaml names what is not there.
    """
    names = {"Stage": stage, "Partition": partition, "Region": region, "Account": account}

    def arn(resource: str) -> Any:
        filled = _arn(resource, stage)
        for name, value in names.items():
            filled = filled.replace(f"${{{name}}}", value)
        return {"Fn::Sub": filled} if "${" in filled else filled

    return {
        name: {"Version": "2012-10-17", "Statement": list(_statements(name, stage, arn))}
        for name in _read()["functions"]
    }


def write(stage: str, directory: Path, *, partition: str, region: str, account: str) -> list[str]:
    """Render a stage's policies into `directory` (.chalice), where Chalice looks for them; what is there, stays.

    Returns the names of the functions whose policy was written or, as they are no more, taken away.
    """
    folder = directory / "policies" / stage
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    rendered = render(stage, partition=partition, region=region, account=account)
    for name, policy in rendered.items():
        path, text = folder / f"{name}.json", json.dumps(policy, indent=2) + "\n"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            changed.append(name)
    for path in folder.glob("*.json"):
        if path.stem not in rendered:
            path.unlink()
            changed.append(path.stem)
    return changed


def files(stage: str) -> dict[str, str]:
    """Where Chalice finds each function's policy: `iam_policy_file` of the stage's `lambda_functions`."""
    return {name: f"policies/{stage}/{name}.json" for name in _read()["functions"]}


def declared(stage: str) -> dict[str, tuple[Kind, str]]:
    """What triggers each function: its kind, and the name of the table, queue or topic in that stage."""
    return {name: _trigger(name, stage) for name in _read()["functions"]}


def _statements(function: str, stage: str, arn: Any) -> Iterator[dict[str, Any]]:
    yield from _for_lambda(function, stage, arn)
    described = _function(function)
    parts = [*(_read()["bundles"][name] for name in described.get("with", ())), described.get("may", {})]
    yield from _by_name([part for part in parts if isinstance(part, dict)], stage, arn)
    of_no_resource = [statement for part in parts if isinstance(part, list) for statement in part]
    for written in (*of_no_resource, *_read()["everywhere"]):
        statement = json.loads(json.dumps(written).replace("${Stage}", stage))
        named = statement.get("Resource") in {*_made(stage), *_read()["resources"]}
        yield {**statement, "Resource": arn(statement["Resource"])} if named else statement


def _by_name(parts: Iterable[Mapping[str, list[str]]], stage: str, arn: Any) -> Iterator[dict[str, Any]]:
    """What is granted on resources that have a name: one statement for all of which the same may be done."""
    granted: dict[str, set[str]] = {}
    for resource, actions in (each for part in parts for each in part.items()):
        service = _arn(resource, stage).split(":")[2]
        granted.setdefault(resource, set()).update(f"{service}:{action}" for action in actions)
    alike: dict[tuple[str, ...], list[str]] = {}
    for resource, allowed in granted.items():
        alike.setdefault(tuple(sorted(allowed)), []).append(resource)
    for same, names in alike.items():
        yield _allow(same, [arn(name) for name in names])


def _for_lambda(function: str, stage: str, arn: Any) -> Iterator[dict[str, Any]]:
    """What Lambda does in the name of a function, by what triggers it."""
    kind, _ = _trigger(function, stage)
    source = _function(function)["trigger"]
    group = f"/aws/lambda/{Function(function, '', kind).full_name(stage)}"
    log = f"arn:${{Partition}}:logs:${{Region}}:${{Account}}:log-group:{group}:*"
    yield _allow(_LOG, [arn(log)], Sid="LambdaLogs")
    if kind == "stream":
        yield _allow(_STREAM, [arn(f"{_arn(source, stage)}/stream/*")], Sid="LambdaReadsTheStream")
    elif kind == "queue":
        yield _allow(_QUEUE, [arn(source)], Sid="LambdaReadsTheQueue")
    if kind in ("stream", "topic", "schedule"):  # a queue has its dead letters by itself
        yield _allow(["sqs:SendMessage"], [arn("DeadLettersQueue")], Sid="LambdaSetsAside")


def _allow(actions: Iterable[str], resources: list[Any], **more: str) -> dict[str, Any]:
    return {**more, "Effect": "Allow", "Action": list(actions), "Resource": resources}


def _trigger(function: str, stage: str) -> tuple[Kind, str]:
    source = _function(function)["trigger"]
    if source in ("rest", "websocket", "schedule"):
        return source, ""
    made = _made(stage).get(source)
    if made is None or made["Type"] not in _KINDS:
        raise ValueError(f"infra/policies.yaml: {function} is triggered by {source}, which is no table, queue or topic")
    return _KINDS[made["Type"]], made["Properties"][_ARNS[made["Type"]][2]]


def _arn(resource: str, stage: str) -> str:
    """The ARN of a resource, with ${Partition}, ${Region} and ${Account} left in it; one that is an ARN stays."""
    others: dict[str, str] = _read()["resources"]
    if resource.startswith("arn:") or resource in others:
        return others.get(resource, resource)
    name, _, index = resource.partition("/")
    made = _made(stage).get(name)
    if made is None or made["Type"] not in _ARNS:
        raise ValueError(f"infra/policies.yaml names {name}, which neither it nor infra/resources.yaml has")
    service, prefix, named = _ARNS[made["Type"]]
    if index and index not in [each["IndexName"] for each in made["Properties"].get("GlobalSecondaryIndexes", ())]:
        raise ValueError(f"infra/policies.yaml names {resource}, but that table has no such index")
    tail = f"/index/{index}" if index else ""
    return f"arn:${{Partition}}:{service}:${{Region}}:${{Account}}:{prefix}{made['Properties'][named]}{tail}"


@cache
def _made(stage: str) -> dict[str, Any]:
    return resources.template(stage)


def _function(name: str) -> dict[str, Any]:
    described: dict[str, Any] = _read()["functions"][name]
    return described


@cache
def _read() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(TEMPLATE.read_text())
    return read
