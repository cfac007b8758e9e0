"""Reads infra/resources.yaml, and makes what stands there in a cloud without CloudFormation (one machine, tests)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).parent / "resources.yaml"


def template(stage: str) -> dict[str, Any]:
    """The template's resources by logical name, with `${Stage}` filled in."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_constructor("!Sub", lambda _, node: str(node.value).replace("${Stage}", stage))
    Loader.add_multi_constructor("!", lambda *_: None)  # what only CloudFormation resolves: outputs
    resources: dict[str, Any] = yaml.load(TEMPLATE.read_text(), Loader)["Resources"]
    return resources


def create(stage: str, clients: Mapping[str, Any], settings: Mapping[str, str]) -> dict[str, str]:
    """Create what is not there yet: tables by clients["dynamodb"], topics by "sns", queues by "sqs".

    Returns the environment the app needs: the names, ARNs and URLs of what was made, over the `settings` given.
    """
    made: dict[str, Any] = {}
    for name, resource in template(stage).items():
        properties = resource["Properties"]
        match resource["Type"]:
            case "AWS::DynamoDB::Table":
                made[name] = _table(clients["dynamodb"], properties)
            case "AWS::SNS::Topic":
                made[name] = clients["sns"].create_topic(Name=properties["TopicName"])["TopicArn"]
            case "AWS::SQS::Queue":
                made[name] = clients["sqs"].create_queue(QueueName=properties["QueueName"])["QueueUrl"]
    return {
        "GATECALL_STAGE": stage,
        "FLIGHTS_TABLE": made["FlightsTable"]["TableName"],
        "FLIGHTS_STREAM_ARN": made["FlightsTable"]["LatestStreamArn"],
        "LIVE_TABLE": made["LiveTable"]["TableName"],
        "ACCOUNTS_TABLE": made["AccountsTable"]["TableName"],
        "SUBSCRIPTIONS_TABLE": made["SubscriptionsTable"]["TableName"],
        "SUBSCRIPTIONS_STREAM_ARN": made["SubscriptionsTable"]["LatestStreamArn"],
        "FOLLOWERS_TABLE": made["FollowersTable"]["TableName"],
        "LIMITS_TABLE": made["LimitsTable"]["TableName"],
        "FLIGHT_CHANGES_TOPIC_ARN": made["FlightChangesTopic"],
        "DEAD_LETTERS_QUEUE_URL": made["DeadLettersQueue"],
        **settings,
    }


def _table(dynamodb: Any, properties: Mapping[str, Any]) -> dict[str, Any]:
    names = ("TableName", "BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    wanted = {name: properties[name] for name in names if name in properties}
    if view := properties.get("StreamSpecification"):
        wanted["StreamSpecification"] = {"StreamEnabled": True, **view}
    try:
        description: dict[str, Any] = dynamodb.create_table(**wanted)["TableDescription"]
    except dynamodb.exceptions.ResourceInUseException:
        description = dynamodb.describe_table(TableName=wanted["TableName"])["Table"]
    return description
