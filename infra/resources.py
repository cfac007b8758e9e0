"""Reads infra/resources.yaml, and makes what stands there in a cloud without CloudFormation (one machine, tests)."""

import copy
import json
import re
from collections.abc import Callable, Mapping
from email.utils import parseaddr
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from chalicelib.core import config
from infra import secrets

TEMPLATE = Path(__file__).parent / "resources.yaml"


def document() -> dict[str, Any]:
    """The template as JSON has it: `!Ref Name` as {"Ref": "Name"}, `!GetAtt A.B` as {"Fn::GetAtt": ["A", "B"]}."""
    return copy.deepcopy(_read())


def template(stage: str) -> dict[str, Any]:
    """The template's resources by logical name, with `${Stage}` filled in where nothing else is to be."""
    resources: dict[str, Any] = _filled(_read()["Resources"], stage)
    return resources


def setting(output: str) -> str:
    """The setting that an output of the template becomes: FlightsStreamArn -> FLIGHTS_STREAM_ARN."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", output).upper()


def create(
    stage: str, client: Callable[[str], Any], settings: Mapping[str, str], *, faster: float = 1
) -> dict[str, str]:
    """Create what is not there yet, and what an admin brings: a sender for email, applications for push, secrets.

    `client` gives the client of a service, such as "sqs"; `faster` is how many times as fast the flight clock goes:
    the queues' delays shrink by it. What is about permission and encryption is left out: no such cloud asks for it; and
    so is what stands under a condition, which is for a stage on AWS.
    Returns the environment the app needs: the `settings` given, and the names, ARNs and URLs of what was made.
    """
    described = {name: each for name, each in template(stage).items() if "Condition" not in each}
    made: dict[str, dict[str, str]] = {}

    def attribute_of(name: str, attribute: str) -> str | None:
        resource = described.get(name, {})
        if resource.get("Type") not in _MAKERS:
            return None  # a key, or the account: not asked for here
        if name not in made:
            made[name] = _MAKERS[resource["Type"]](client, value_of(resource["Properties"]), faster)
        return made[name][attribute]

    def value_of(value: Any) -> Any:
        match value:
            case {"Ref": name}:
                return attribute_of(name, "Ref")
            case {"Fn::GetAtt": [name, attribute]}:
                return attribute_of(name, attribute)
            case dict():
                return {name: value_of(each) for name, each in value.items()}
            case list():
                return [value_of(each) for each in value]
        return value

    for name in described:
        attribute_of(name, "Ref")
    if sender := settings.get("EMAIL_SENDER"):
        client("sesv2").create_email_identity(EmailIdentity=parseaddr(sender)[1])
    secrets.make(stage, client("ssm"))
    outputs = {setting(name): output["Value"] for name, output in _read()["Outputs"].items()}
    return {
        "GATECALL_STAGE": stage,
        **settings,
        **{name: value_of(value) for name, value in outputs.items() if name in config.names()},
        "FCM_APPLICATION_ARN": _application(client, "GCM", stage),
        "APNS_APPLICATION_ARN": _application(client, "APNS", stage),
    }


@cache
def _read() -> dict[str, Any]:
    read: dict[str, Any] = yaml.load(TEMPLATE.read_text(), _Loader)
    return read


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms."""


def _long_form(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    match node:
        case yaml.ScalarNode():
            value: Any = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case yaml.MappingNode():
            value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in {"Ref", "Condition"} else f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _long_form)


def _filled(value: Any, stage: str) -> Any:
    match value:
        case {"Fn::Sub": str(text)} if "${" not in (filled := text.replace("${Stage}", stage)):
            return filled
        case dict():
            return {name: _filled(each, stage) for name, each in value.items()}
        case list():
            return [_filled(each, stage) for each in value]
    return value


def _table(client: Callable[[str], Any], properties: Mapping[str, Any], _: float) -> dict[str, str]:
    dynamodb = client("dynamodb")
    names = ("TableName", "BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    wanted = {name: properties[name] for name in names if name in properties}
    if view := properties.get("StreamSpecification"):
        wanted["StreamSpecification"] = {"StreamEnabled": True, **view}
    try:
        description: dict[str, Any] = dynamodb.create_table(**wanted)["TableDescription"]
    except dynamodb.exceptions.ResourceInUseException:
        description = dynamodb.describe_table(TableName=wanted["TableName"])["Table"]
    return {"Ref": wanted["TableName"], "StreamArn": description.get("LatestStreamArn", "")}


def _topic(client: Callable[[str], Any], properties: Mapping[str, Any], _: float) -> dict[str, str]:
    return {"Ref": client("sns").create_topic(Name=properties["TopicName"])["TopicArn"]}


def _queue(client: Callable[[str], Any], properties: Mapping[str, Any], faster: float) -> dict[str, str]:
    attributes = {name: str(properties[name]) for name in ("VisibilityTimeout", "MessageRetentionPeriod")
                  if name in properties}  # fmt: skip
    if delay := properties.get("DelaySeconds"):
        attributes["DelaySeconds"] = str(max(1, round(delay / max(1, faster))))
    if redrive := properties.get("RedrivePolicy"):
        attributes["RedrivePolicy"] = json.dumps(redrive)
    sqs, name = client("sqs"), properties["QueueName"]
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]  # …/account/name
    return {"Ref": url, "Arn": f"arn:aws:sqs:{sqs.meta.region_name}:{url.split('/')[-2]}:{name}"}


def _subscription(client: Callable[[str], Any], properties: Mapping[str, Any], _: float) -> dict[str, str]:
    attributes = {"RawMessageDelivery": "true"} if properties.get("RawMessageDelivery") else {}
    if policy := properties.get("FilterPolicy"):
        attributes["FilterPolicy"] = json.dumps(policy)
    told = {name: properties[name] for name in ("TopicArn", "Protocol", "Endpoint")}
    return {"Ref": client("sns").subscribe(**told, Attributes=attributes)["SubscriptionArn"]}


def _configuration_set(client: Callable[[str], Any], properties: Mapping[str, Any], _: float) -> dict[str, str]:
    ses = client("sesv2")
    name: str = properties["Name"]
    if name not in ses.list_configuration_sets()["ConfigurationSets"]:
        ses.create_configuration_set(ConfigurationSetName=name)
    return {"Ref": name}


def _key_alias(client: Callable[[str], Any], properties: Mapping[str, Any], _: float) -> dict[str, str]:
    """The alias, and a key for it: of keys without one nobody here is asked."""
    kms = client("kms")
    name: str = properties["AliasName"]
    try:
        kms.describe_key(KeyId=name)
    except kms.exceptions.NotFoundException:
        kms.create_alias(AliasName=name, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    return {"Ref": name}


_MAKERS: dict[str, Callable[[Callable[[str], Any], Mapping[str, Any], float], dict[str, str]]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::SNS::Topic": _topic,
    "AWS::SQS::Queue": _queue,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SES::ConfigurationSet": _configuration_set,
    "AWS::KMS::Alias": _key_alias,
}


def _application(client: Callable[[str], Any], platform: str, stage: str) -> str:
    """A platform application of SNS, which takes tokens of Android (GCM: FCM's old name) or iOS (APNS)."""
    told = {"PlatformCredential": "none", "PlatformPrincipal": "none"}
    made = client("sns").create_platform_application(Name=stage, Platform=platform, Attributes=told)
    arn: str = made["PlatformApplicationArn"]
    return arn
