"""Pushes to apps through SNS platform endpoints."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from moto.sns.models import sns_backends

from chalicelib.channels import addresses, push
from chalicelib.channels.model import Address, Channel, Outcome
from chalicelib.channels.push import Push
from chalicelib.core import aws
from chalicelib.core.errors import Invalid, Unavailable

from .conftest import Answering
from .test_sms import attributes, refusal

pytestmark = pytest.mark.usefixtures("senders")
GATE = Push("UA1545", "Gate B7", {"flight": "UA1545-20260710-EWR"}, urgent=True, topic="UA1545-20260710-EWR")


def app(kind: str = "fcm") -> Address:
    return addresses.parse(Channel.PUSH, {"fcm": "fcm:" + "a:B-_" * 30, "apns": "apns:" + "ab" * 32}[kind])


def received(endpoint: Address) -> list[Any]:
    endpoints = sns_backends["123456789012"]["us-east-1"].platform_endpoints
    return [json.loads(message) for message in endpoints[endpoint.value].messages.values()]


def test_an_android_app() -> None:
    """It is registered, and gets FCM's own payload as text."""
    endpoint = push.register(app())
    assert ":endpoint/GCM/test/" in endpoint.value
    receipt = push.send(endpoint.value, GATE)
    assert (receipt.outcome, bool(receipt.id)) == (Outcome.ACCEPTED, True)
    [message] = received(endpoint)
    assert message["default"] == "UA1545"
    assert json.loads(message["GCM"])["fcmV1Message"]["message"]["notification"]["body"] == "Gate B7"


def test_an_iphone_app() -> None:
    """It gets APNs' payload, with APNs' headers as SNS's attributes."""
    endpoint = push.register(app("apns"))
    calls = Answering(aws.client("sns", retries=False), "Publish")
    assert push.send(endpoint.value, GATE).outcome is Outcome.ACCEPTED
    [message] = received(endpoint)
    assert json.loads(message["APNS"])["aps"]["alert"] == {"title": "UA1545", "body": "Gate B7"}
    sent = attributes(calls)
    assert sent.pop("AWS.SNS.MOBILE.APNS.TTL").isdigit()
    assert sent == {
        "AWS.SNS.MOBILE.APNS.PUSH_TYPE": "alert",
        "AWS.SNS.MOBILE.APNS.PRIORITY": "10",
        "AWS.SNS.MOBILE.APNS.COLLAPSE_ID": GATE.topic,
    }


def test_the_sandbox_of_apns(set_to: Callable[[str, str], None]) -> None:
    """An application of APNs' sandbox is served by its own name."""
    arn = boto3.client("sns").create_platform_application(Name="test", Platform="APNS_SANDBOX", Attributes={})
    set_to("APNS_APPLICATION_ARN", arn["PlatformApplicationArn"])
    endpoint = push.register(app("apns"))
    push.send(endpoint.value, GATE)
    assert received(endpoint)[0].keys() == {"default", "APNS_SANDBOX"}


def test_an_app_that_was_disabled_and_comes_back() -> None:
    """A disabled endpoint is gone; registered again it is the same one, enabled."""
    endpoint = push.register(app())
    assert push.register(app()) == endpoint
    boto3.client("sns").set_endpoint_attributes(EndpointArn=endpoint.value, Attributes={"Enabled": "false"})
    assert push.send(endpoint.value, GATE).outcome is Outcome.GONE
    assert push.register(app()) == endpoint
    assert push.send(endpoint.value, GATE).outcome is Outcome.ACCEPTED


def test_an_app_that_is_gone() -> None:
    """An endpoint that was deleted, in each of SNS's ways to say so."""
    endpoint = push.register(app())
    boto3.client("sns").delete_endpoint(EndpointArn=endpoint.value)
    assert push.send(endpoint.value, GATE).outcome is Outcome.GONE
    Answering(
        aws.client("sns", retries=False), "Publish",
        refusal("InvalidParameter", "Invalid parameter: TargetArn Reason: No endpoint found for the target arn"),
        refusal("NotFound", status=404),
    )  # fmt: skip
    assert [push.send(endpoint.value, GATE).outcome for _ in range(2)] == [Outcome.GONE] * 2


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (refusal("PlatformApplicationDisabled"), Outcome.LATER),
        (refusal("Throttling"), Outcome.LATER),
        (refusal("InvalidParameter"), Outcome.REFUSED),
        (ReadTimeoutError(endpoint_url="x"), Outcome.LATER),
    ],
)
def test_f11_refusals_and_lost_answers(answer: Any, outcome: Outcome) -> None:
    """F11: one call whatever comes back; what an admin can mend is not given up."""
    endpoint = push.register(app())
    calls = Answering(aws.client("sns", retries=False), "Publish", answer)
    assert push.send(endpoint.value, GATE).outcome is outcome
    assert len(calls.requests) == 1


def test_data_that_is_too_large_is_not_sent() -> None:
    """Nobody is asked in vain."""
    endpoint = push.register(app())
    calls = Answering(aws.client("sns", retries=False), "Publish")
    assert push.send(endpoint.value, Push("t", "b", {"x": "y" * 5000}, True, "t")).outcome is Outcome.REFUSED
    assert calls.requests == []


def test_a_kind_that_is_not_served(set_to: Callable[[str, str], None]) -> None:
    """A deployment without an app for it says so."""
    set_to("APNS_APPLICATION_ARN", "")
    with pytest.raises(Invalid, match="not served"):
        push.register(app("apns"))


def test_a_token_that_is_not_taken() -> None:
    """The person who gave it is told; what is not its fault is for later."""
    Answering(
        aws.client("sns"), "CreatePlatformEndpoint",
        refusal("InvalidParameter", "Invalid parameter: Token Reason: iOS device tokens must be no more than 400"),
        refusal("NotFound", "PlatformApplication does not exist", 404),
        *[refusal("InternalError", status=500)] * 4,
    )  # fmt: skip
    with pytest.raises(Invalid) as refused:
        push.register(app())
    assert refused.value.faults[0].name == "address"
    with pytest.raises(Unavailable):
        push.register(app())


def test_only_what_the_platform_needs_is_sent() -> None:
    """One platform's payload, not all of them."""
    endpoint = push.register(app())
    calls = Answering(aws.client("sns", retries=False), "Publish")
    push.send(endpoint.value, GATE)
    form = parse_qs(calls.requests[0].body)
    assert json.loads(form["Message"][0]).keys() == {"default", "GCM"}
    assert form["MessageStructure"] == ["json"]
