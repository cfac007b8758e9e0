"""What the stack made once, and somebody may have deleted since: tables, queues, topics, the bucket.

CloudFormation does not look whether they are there still, so no deploy makes them again. They are made by hand under
the same name, with what the template says: then CloudFormation and the app find all as it was.
"""

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from infra import resources
from infra.deploy.remains import unless_gone
from infra.doctor.stage import Finding, Findings, Stage

_NO_VALUE = "AWS::NoValue"
_SETTLED = {"ACTIVE", "UPDATING"}  # a table serves in both


def made(stage: Stage) -> Findings:
    """Is all there that the stack made: each table, queue and topic, and the bucket?"""
    stack = _read(stage)
    wrong: list[Finding] = []
    looked_at = 0
    for resource, each in stack.template.items():
        check = _CHECKS.get(each["Type"])
        if check and resource in stack.ids:  # what is not in it yet, a deploy makes
            looked_at += 1
            wrong += check(stage, stack, resource)
    yield from wrong or [Finding(f"All {looked_at} tables, queues, topics and buckets of the stack are there.")]


@dataclass(frozen=True)
class _Stack:
    """The template, and what the stack made of it: ids and ARNs in the place of references."""

    template: Mapping[str, Any]
    ids: Mapping[str, str]
    known: Mapping[str, str]  # parameters, and pseudo parameters
    arn_of: Callable[[str, str], str]  # of a service's resource

    def arn(self, resource: str) -> str:
        """Of a queue, topic or bucket; gone or not."""
        properties = self.template[resource]["Properties"]
        match self.template[resource]["Type"]:
            case "AWS::SQS::Queue":
                return self.arn_of("sqs", properties["QueueName"])
            case "AWS::SNS::Topic":
                return self.arn_of("sns", properties["TopicName"])
        return f"arn:{self.known['AWS::Partition']}:s3:::{self.ids[resource]}"

    def reference(self, name: str) -> str:
        """What {"Ref": name} stands for."""
        is_topic = self.template.get(name, {}).get("Type") == "AWS::SNS::Topic"
        return self.arn(name) if is_topic else self.known.get(name) or self.ids[name]

    def sub(self, text: str) -> str:
        """What {"Fn::Sub": text} stands for."""
        return re.sub(r"\$\{(\w+)\.Arn\}|\$\{([\w:]+)\}",
                      lambda found: self.arn(found[1]) if found[1] else self.reference(found[2]), text)  # fmt: skip

    def filled(self, value: Any) -> Any:
        """A part of the template as it is in this stack."""
        match value:
            case {"Ref": str(name)}:
                value = self.reference(name)
            case {"Fn::GetAtt": [str(name), "Arn"]}:
                value = self.arn(name)
            case {"Fn::Sub": str(text)}:
                value = self.sub(text)
            case {"Fn::If": ["Deployed", then, otherwise]}:
                value = self.filled(then if self.known.get("RestApi") else otherwise)
            case dict():
                value = {name: self.filled(each) for name, each in value.items()}
            case list():
                found = [self.filled(each) for each in value]
                value = [each for each in found if each != _NO_VALUE]
        return value

    def policy(self, kind: str, of: str) -> str | None:
        """The policy of a queue, topic or bucket, in JSON."""
        for each in self.template.values():
            properties = each["Properties"]
            owners = properties.get("Queues") or properties.get("Topics") or [properties.get("Bucket")]
            if each["Type"] == kind and {"Ref": of} in owners:
                return json.dumps(self.filled(properties["PolicyDocument"]))
        return None


def _read(stage: Stage) -> _Stack:
    pages = stage.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stage.stack_name)
    every = [each for page in pages for each in page["StackResourceSummaries"]]
    ids = {each["LogicalResourceId"]: each.get("PhysicalResourceId", "") for each in every}
    _, partition, _, region, account, _ = stage.stack["StackId"].split(":", 5)
    known = {
        **stage.parameters,
        "AWS::Partition": partition, "AWS::Region": region, "AWS::AccountId": account, "AWS::NoValue": _NO_VALUE,
    }  # fmt: skip
    return _Stack(resources.template(stage.name), ids, known,
                  lambda service, name: f"arn:{partition}:{service}:{region}:{account}:{name}")  # fmt: skip


def _table(stage: Stage, stack: _Stack, resource: str) -> Iterator[Finding]:
    properties = stack.template[resource]["Properties"]
    name, dynamodb = properties["TableName"], stage.client("dynamodb")
    try:
        status = dynamodb.describe_table(TableName=name)["Table"]["TableStatus"]
    except dynamodb.exceptions.ResourceNotFoundException:
        yield Finding(f"The table {name} is gone.", "\n".join(_table_again(name, properties)))
        return
    if status == "DELETING":
        yield Finding(f"The table {name} is being deleted.", "Look again in a minute for what to do then.")
    elif status not in _SETTLED:
        yield Finding(
            f"The table {name} is {status}.",
            "Wait and look again."
            if status == "CREATING"
            else f"See why: aws dynamodb describe-table --table-name {name}",
        )


def _table_again(name: str, properties: Mapping[str, Any]) -> Iterator[str]:
    command = partial(_command, "dynamodb", TableName=name)
    stream = {"StreamEnabled": True, **properties.get("StreamSpecification", {})}
    if backups := properties.get("PointInTimeRecoverySpecification"):
        yield "Restore it from the backup that DynamoDB made of it then, and keeps for 35 days; ARN is the one listed:"
        yield f"aws dynamodb list-backups --backup-type SYSTEM --table-name {name}"
        yield f"aws dynamodb restore-table-from-backup --target-table-name {name} --backup-arn ARN"
    else:
        yield "It has no backup, as it holds nothing for long. Make it again:"
        yield command("create-table", **_create(properties))
    yield f"aws dynamodb wait table-exists --table-name {name}"
    if lives := properties.get("TimeToLiveSpecification"):
        yield command("update-time-to-live", TimeToLiveSpecification=lives)
    if backups:  # what a restored table does not have of the one it was
        yield command("update-continuous-backups", PointInTimeRecoverySpecification=backups)
        yield command("update-table", DeletionProtectionEnabled=True)
        if "StreamSpecification" in properties:
            yield command("update-table", StreamSpecification=stream)
            yield "Then look again: its stream is another one, and what reads it has to be told."


def _create(properties: Mapping[str, Any]) -> dict[str, Any]:
    names = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    return {**{name: properties[name] for name in names if name in properties},
            "SSESpecification": {"Enabled": True, "SSEType": "KMS"}}  # fmt: skip


def _queue(stage: Stage, stack: _Stack, resource: str) -> Iterator[Finding]:
    properties = stack.template[resource]["Properties"]
    name = properties["QueueName"]
    if unless_gone(stage.client("sqs").get_queue_url, QueueName=name):
        return
    told = {each: value for each, value in stack.filled(properties).items() if each != "QueueName"}
    if policy := stack.policy("AWS::SQS::QueuePolicy", resource):
        told["Policy"] = policy
    again = _command("sqs", "create-queue", QueueName=name, Attributes={k: _text(v) for k, v in told.items()})
    yield Finding(f"The queue {name} is gone, and what was in it.",
                  f"Make it again (SQS takes its name from a minute after it was deleted):\n{again}\n"
                  f"Then run: {stage.again('deploy')}")  # fmt: skip


def _topic(stage: Stage, stack: _Stack, resource: str) -> Iterator[Finding]:
    name, arn = stack.template[resource]["Properties"]["TopicName"], stack.arn(resource)
    if unless_gone(stage.client("sns").get_topic_attributes, TopicArn=arn):
        return
    told = {"KmsMasterKeyId": stack.filled(stack.template[resource]["Properties"]["KmsMasterKeyId"])}
    if policy := stack.policy("AWS::SNS::TopicPolicy", resource):
        told["Policy"] = policy
    again = [_command("sns", "create-topic", Name=name, Attributes=told)]
    for subscription, each in stack.template.items():
        if each["Type"] == "AWS::SNS::Subscription" and each["Properties"]["TopicArn"] == {"Ref": resource}:
            if subscription not in stack.ids:
                continue  # of an address that nobody gave
            heard = stack.filled(each["Properties"])
            attributes = {k: _text(heard[k]) for k in ("RawMessageDelivery", "FilterPolicy") if k in heard}
            again.append(_command("sns", "subscribe", TopicArn=arn, Protocol=heard["Protocol"],
                                  Endpoint=heard["Endpoint"], Attributes=attributes))  # fmt: skip
    yield Finding(f"The topic {name} is gone.",
                  "\n".join(("Make it again:", *again, f"Then run: {stage.again('deploy')}")))  # fmt: skip


def _bucket(stage: Stage, stack: _Stack, resource: str) -> Iterator[Finding]:
    name = stack.filled(stack.template[resource]["Properties"]["BucketName"])
    if unless_gone(stage.client("s3").head_bucket, Bucket=name):
        return
    region = stack.known["AWS::Region"]
    elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    again = (
        "Make it again; former releases, to go back to, are gone:",
        _command("s3api", "create-bucket", Bucket=name, **({} if region == "us-east-1" else elsewhere)),
        _command("s3api", "put-bucket-versioning", Bucket=name, VersioningConfiguration={"Status": "Enabled"}),
        _command("s3api", "put-bucket-policy", Bucket=name, Policy=stack.policy("AWS::S3::BucketPolicy", resource)),
        f"Then run: {stage.again('deploy')}",
        "Give it the lifecycle rule of infra/resources.yaml in S3's console, or it keeps former versions for ever.",
    )
    yield Finding(f"The bucket {name} is gone.", "\n".join(again))


_CHECKS: dict[str, Callable[[Stage, _Stack, str], Iterator[Finding]]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::SQS::Queue": _queue,
    "AWS::SNS::Topic": _topic,
    "AWS::S3::Bucket": _bucket,
}


def _text(value: Any) -> str:
    """An attribute, which SQS and SNS take as text."""
    return value if isinstance(value, str) else json.dumps(value)


def _command(service: str, operation: str, **told: Any) -> str:
    return f"aws {service} {operation} --cli-input-json {shlex.quote(json.dumps(told))}"
