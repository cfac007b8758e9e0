"""SMS through SNS."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from moto.sns.models import sns_backends

from chalicelib.channels import sms
from chalicelib.channels.model import Outcome, Receipt
from chalicelib.core import aws
from chalicelib.core.errors import Unavailable

from .conftest import Answering

pytestmark = pytest.mark.usefixtures("senders")
NUMBER = "+12025550123"


def client() -> Any:
    return aws.client("sns", retries=False)


def refusal(code: str, message: str = "no", status: int = 400) -> tuple[int, bytes, dict[str, str]]:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return status, f"<ErrorResponse>{error}</ErrorResponse>".encode(), {"Content-Type": "text/xml"}


def attributes(calls: Answering) -> dict[str, str]:
    form = {name: values[0] for name, values in parse_qs(calls.requests[-1].body).items()}
    names = {name.removesuffix(".Name"): value for name, value in form.items() if name.endswith(".Name")}
    return {name: form[f"{entry}.Value.StringValue"] for entry, name in names.items()}


def test_a_text(set_to: Callable[[str, str], None]) -> None:
    """It goes out once, as transactional; from a number or a name where one is set."""
    calls = Answering(client(), "Publish")
    receipt = sms.send(NUMBER, "Gate B7 航班")
    assert receipt.outcome is Outcome.ACCEPTED
    assert sns_backends["123456789012"]["us-east-1"].sms_messages == {receipt.id: (NUMBER, "Gate B7 航班")}
    assert attributes(calls) == {"AWS.SNS.SMS.SMSType": "Transactional"}
    for sender, name in (
        ("+12065550100", "AWS.MM.SMS.OriginationNumber"),
        ("73212", "AWS.MM.SMS.OriginationNumber"),
        ("GATECALL", "AWS.SNS.SMS.SenderID"),
    ):
        set_to("SMS_SENDER", sender)
        sms.send(NUMBER, "x")
        assert attributes(calls) == {"AWS.SNS.SMS.SMSType": "Transactional", name: sender}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (refusal("OptedOut"), Outcome.GONE),
        (refusal("InvalidParameter", "Invalid parameter: PhoneNumber Reason: this number has opted out"), Outcome.GONE),
        (refusal("InvalidParameter"), Outcome.REFUSED),
        (refusal("ParameterValueInvalid"), Outcome.REFUSED),
        (refusal("ValidationException"), Outcome.REFUSED),
        (refusal("Throttling"), Outcome.LATER),
        (refusal("Throttled", status=429), Outcome.LATER),
        (refusal("KMSThrottling"), Outcome.LATER),
        (refusal("InternalError", status=500), Outcome.LATER),
        (refusal("AuthorizationError", status=403), Outcome.LATER),
        ((502, b"<html>", {"Content-Type": "text/html"}), Outcome.LATER),
        (ReadTimeoutError(endpoint_url="x"), Outcome.LATER),
        (EndpointConnectionError(endpoint_url="x"), Outcome.LATER),
    ],
)
def test_f11_refusals_and_lost_answers(answer: Any, outcome: Outcome) -> None:
    """F11: one call whatever comes back; a number is in no reason."""
    calls = Answering(client(), "Publish", answer)
    receipt = sms.send(NUMBER, "x")
    assert receipt.outcome is outcome
    assert receipt.reason
    assert NUMBER not in receipt.reason
    assert len(calls.requests) == 1


def test_who_opted_out() -> None:
    """SNS keeps who answered STOP, and drops silently what goes there: so a schedule asks for them, page by page."""

    def page(numbers: str, more: str) -> tuple[int, bytes, dict[str, str]]:
        result = f"<phoneNumbers><member>{numbers}</member></phoneNumbers>{more}"
        body = f"<R><ListPhoneNumbersOptedOutResult>{result}</ListPhoneNumbersOptedOutResult></R>"
        return 200, body.encode(), {"Content-Type": "text/xml"}

    calls = Answering(
        aws.client("sns"), "ListPhoneNumbersOptedOut", page("+1", "<nextToken>a</nextToken>"), page("+2", "")
    )
    assert list(sms.opted_out()) == ["+1", "+2"]
    assert len(calls.requests) == 2


def test_who_opted_out_is_not_said() -> None:
    """It is asked again later."""
    Answering(aws.client("sns"), "ListPhoneNumbersOptedOut", *[refusal("InternalError", status=500)] * 4)
    with pytest.raises(Unavailable):
        list(sms.opted_out())


def test_where_sns_may_not_say_who_opted_out_nobody_did() -> None:
    """A stage that sends no SMS, or a list with a policy of its own, is no failure of every hour."""
    Answering(aws.client("sns"), "ListPhoneNumbersOptedOut", refusal("AuthorizationError", status=403))
    assert list(sms.opted_out()) == []


def test_a_receipt_tells_the_id() -> None:
    """By which the provider's logs name the message."""
    assert sms.send(NUMBER, "x") != Receipt(Outcome.ACCEPTED)
