"""What infra/resources.yaml describes, made without CloudFormation."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.core import config
from chalicelib.flights.model import Kind
from infra import resources
from infra.stages import CONFIG

GIVEN = {"EMAIL_SENDER": "Example Air <flights@example.com>"}


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        yield


def attributes(url: str) -> dict[str, str]:
    told: dict[str, str] = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return told


def queue_named(name: str) -> str:
    url: str = boto3.client("sqs").get_queue_url(QueueName=f"gatecall-toy-{name}")["QueueUrl"]
    return url


def test_the_app_is_told_whatever_it_asks_for(aws: None) -> None:
    """With what stands in .chalice/config.json for every stage, no setting is missing, none is unknown."""
    for_all = json.loads(CONFIG.read_text())["environment_variables"]
    made = resources.create("toy", boto3.client, for_all)
    assert config.read(made).stage == "toy"
    assert config.read(made).emails_queue == queue_named("emails")
    assert config.read(made).email_configuration_set == "gatecall-toy"


def test_making_it_again_changes_nothing(aws: None) -> None:
    """The same names and addresses, and no secret is overwritten."""
    first = resources.create("toy", boto3.client, GIVEN)
    assert resources.create("toy", boto3.client, GIVEN) == first
    described = [each for each in resources.template("toy").values() if "Condition" not in each]
    subscriptions = [each for each in described if each["Type"] == "AWS::SNS::Subscription"]
    assert len(boto3.client("sns").list_subscriptions()["Subscriptions"]) == len(subscriptions)
    kms = boto3.client("kms")
    sealed = kms.encrypt(KeyId=first["PASSENGERS_KEY"], Plaintext=b"a passport")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"a passport"


def test_what_is_for_a_stage_on_aws_is_not_made(aws: None) -> None:
    """What stands under a condition of the template; there is neither an address for alarms nor CloudFront."""
    resources.create("toy", boto3.client, GIVEN)
    assert {each["Protocol"] for each in boto3.client("sns").list_subscriptions()["Subscriptions"]} == {"sqs"}
    parameters = boto3.client("ssm").describe_parameters()["Parameters"]
    assert [each["Name"] for each in parameters if each["Type"] == "String"] == []


@pytest.mark.parametrize(
    "name", ["changes", "urgent-changes", "emails", "texts", "pushes", "webhooks", "settlements", "disruptions"]
)
def test_a_queue_comes_again_after_every_claim_and_gives_up_in_the_end(aws: None, name: str) -> None:
    """Later than a function may take (60 s) and than a claim holds (120 s); ten times, then it is a dead letter."""
    made = resources.create("toy", boto3.client, GIVEN)
    told = attributes(queue_named(name))
    assert int(told["VisibilityTimeout"]) > 120
    assert json.loads(told["RedrivePolicy"]) == {
        "deadLetterTargetArn": attributes(made["DEAD_LETTERS_QUEUE_URL"])["QueueArn"], "maxReceiveCount": 10,
    }  # fmt: skip


def test_changes_wait_for_a_minute_and_what_is_urgent_does_not(aws: None) -> None:
    """From the topic to both queues, as it was published."""
    made = resources.create("toy", boto3.client, GIVEN)
    topic = made["FLIGHT_CHANGES_TOPIC_ARN"]
    assert attributes(queue_named("changes"))["DelaySeconds"] == "60"
    for kinds in (["gate"], ["cancelled", "gate"]):
        told = {"kinds": {"DataType": "String.Array", "StringValue": json.dumps(kinds)}}
        boto3.client("sns").publish(TopicArn=topic, Message=json.dumps(kinds), MessageAttributes=told)
    [urgent] = boto3.client("sqs").receive_message(QueueUrl=queue_named("urgent-changes"), MaxNumberOfMessages=10)[
        "Messages"
    ]
    assert json.loads(urgent["Body"]) == ["cancelled", "gate"]
    assert attributes(queue_named("changes"))["ApproximateNumberOfMessagesDelayed"] == "2"


def test_bookings_are_looked_at_for_any_news_of_times(aws: None) -> None:
    """Any change of a flight may break a connection, but for those of gates, belts and boarding."""
    topic = resources.create("toy", boto3.client, GIVEN)["FLIGHT_CHANGES_TOPIC_ARN"]
    for kind in Kind:
        kinds = {"kinds": {"DataType": "String.Array", "StringValue": json.dumps([kind])}}
        boto3.client("sns").publish(TopicArn=topic, Message=kind, MessageAttributes=kinds)
    told = set()
    while found := boto3.client("sqs").receive_message(QueueUrl=queue_named("disruptions")).get("Messages"):
        told |= {message["Body"] for message in found}
    assert set(Kind) - told == {
        Kind.GATE, Kind.TERMINAL, Kind.BELT, Kind.CHECK_IN, Kind.BOARDING, Kind.FINAL_CALL, Kind.GATE_CLOSED,
    }  # fmt: skip


@pytest.mark.parametrize(("faster", "seconds"), [(0.5, "60"), (1, "60"), (20, "3"), (600, "1")])
def test_the_minute_is_one_of_the_flight_clock(aws: None, faster: float, seconds: str) -> None:
    """Where that clock is fast; a second is the least, and a slow clock makes nobody wait for longer."""
    resources.create("toy", boto3.client, GIVEN, faster=faster)
    assert attributes(queue_named("changes"))["DelaySeconds"] == seconds


def test_email_may_be_sent_at_once(aws: None) -> None:
    """Its sender is verified."""
    resources.create("toy", boto3.client, GIVEN)
    simple: Any = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}
    boto3.client("sesv2").send_email(
        FromEmailAddress=GIVEN["EMAIL_SENDER"],
        Destination={"ToAddresses": ["a@example.com"]},
        Content={"Simple": simple},
    )
