"""Reads infra/resources.yaml, and makes what stands there in a cloud without CloudFormation (one machine, tests)."""

import json
import re
from collections.abc import Callable, Mapping
from email.utils import parseaddr
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from infra import secrets

TEMPLATE = Path(__file__).parent / "resources.yaml"


class Made(NamedTuple):
    """What CloudFormation resolves: `!Ref FlightsTable`, or `!GetAtt FlightsTable.StreamArn`."""

    name: str
    attribute: str = "Ref"


def template(stage: str) -> dict[str, Any]:
    """The template's resources by logical name, with `${Stage}` filled in."""
    resources: dict[str, Any] = _read(stage)["Resources"]
    return resources


def setting(output: str) -> str:
    """The setting that an output of the template becomes: FlightsStreamArn -> FLIGHTS_STREAM_ARN."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", output).upper()


def create(
    stage: str, client: Callable[[str], Any], settings: Mapping[str, str], *, faster: float = 1
) -> dict[str, str]:
    """Create what is not there yet, and what an admin brings: a sender for email, applications for push, secrets.

    `client` gives the client of a service, such as "sqs"; `faster` is how many times as fast the flight clock goes:
    the queues' delays shrink by it. What is about permission and encryption is left out: no such cloud asks for it.
    Returns the environment the app needs: the `settings` given, and the names, ARNs and URLs of what was made.
    """
    read = _read(stage)
    made: dict[str, dict[str, str]] = {}

    def value_of(value: Any) -> Any:
        match value:
            case Made(name, attribute):
                resource = read["Resources"].get(name, {})
                if resource.get("Type") not in _MAKERS:
                    return None  # a key, or the account: not asked for here
                if name not in made:
                    made[name] = _MAKERS[resource["Type"]](client, value_of(resource["Properties"]), faster)
                return made[name][attribute]
            case dict():
                return {name: value_of(each) for name, each in value.items()}
            case list():
                return [value_of(each) for each in value]
        return value

    for name in read["Resources"]:
        value_of(Made(name))
    if sender := settings.get("EMAIL_SENDER"):
        client("sesv2").create_email_identity(EmailIdentity=parseaddr(sender)[1])
    secrets.make(stage, client("ssm"))
    return {
        "GATECALL_STAGE": stage,
        **settings,
        **{setting(name): value_of(output["Value"]) for name, output in read["Outputs"].items()},
        "FCM_APPLICATION_ARN": _application(client, "GCM", stage),
        "APNS_APPLICATION_ARN": _application(client, "APNS", stage),
    }


@cache
def _read(stage: str) -> dict[str, Any]:
    class Loader(yaml.SafeLoader):
        pass

    Loader.add_constructor("!Sub", lambda _, node: str(node.value).replace("${Stage}", stage))
    Loader.add_constructor("!Ref", lambda _, node: Made(node.value))
    Loader.add_constructor("!GetAtt", lambda _, node: Made(*node.value.split(".")))
    read: dict[str, Any] = yaml.load(TEMPLATE.read_text(), Loader)
    return read


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


_MAKERS: dict[str, Callable[[Callable[[str], Any], Mapping[str, Any], float], dict[str, str]]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::SNS::Topic": _topic,
    "AWS::SQS::Queue": _queue,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SES::ConfigurationSet": _configuration_set,
}


def _application(client: Callable[[str], Any], platform: str, stage: str) -> str:
    """A platform application of SNS, which takes tokens of Android (GCM: FCM's old name) or iOS (APNS)."""
    told = {"PlatformCredential": "none", "PlatformPrincipal": "none"}
    made = client("sns").create_platform_application(Name=stage, Platform=platform, Attributes=told)
    arn: str = made["PlatformApplicationArn"]
    return arn
