"""Email through SES v2, by the mended moto."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from moto.ses.models import ses_backends

from chalicelib.channels import email
from chalicelib.channels.email import Email
from chalicelib.channels.model import CallRefused, Outcome, Receipt
from chalicelib.core import aws

from .conftest import Answering

pytestmark = pytest.mark.usefixtures("senders")


def outbox() -> list[Any]:
    return ses_backends["123456789012"]["us-east-1"].sent_messages


def letter(to: str = "ada@example.com", **parts: Any) -> Email:
    return Email(**{"to": to, "subject": "Gate B7", "text": "Gate B7", "html": "<p>Gate B7</p>", **parts})


def client() -> Any:
    return aws.client("sesv2", retries=False, timeout=email.ANSWERS_WITHIN)


def refusal(code: str, message: str = "no", status: int = 400) -> tuple[int, bytes, dict[str, str]]:
    return status, json.dumps({"message": message}).encode(), {"x-amzn-ErrorType": code}


def results(*statuses: str | None) -> tuple[int, bytes, dict[str, str]]:
    entries = [{"Status": status, "MessageId": "1"} if status else {} for status in statuses]
    return 200, json.dumps({"BulkEmailEntryResults": entries}).encode(), {}


def test_fifty_in_one_call() -> None:
    """Each gets its own subject, texts and headers, just as they were given; each has its own receipt."""
    calls = Answering(client(), "SendBulkEmail")
    html = '<p title="&amp;">{{text}} “é” 航班 \\ \n</p>'
    letters = [
        letter(f"ada{n}@example.com", subject=f"s{n}", html=html, unsubscribe=f"https://f.test/{n}") for n in range(50)
    ]
    receipts = email.send(letters)
    assert len(calls.requests) == 1
    assert [receipt.outcome for receipt in receipts] == [Outcome.ACCEPTED] * 50
    sent = outbox()
    assert [each.to for each in sent] == [each.to for each in letters]
    assert [each.id for each in sent] == [receipt.id for receipt in receipts]
    assert (sent[7].subject, sent[7].text, sent[7].html) == ("s7", "Gate B7", html)
    assert sent[7].source == "Example Air <flights@example.com>"
    assert sent[7].headers == {
        "List-Unsubscribe": "<https://f.test/7>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert json.loads(calls.requests[0].body)["ConfigurationSetName"] == "gatecall-test"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("SUCCESS", Outcome.ACCEPTED), ("MESSAGE_REJECTED", Outcome.REFUSED), ("INVALID_PARAMETER", Outcome.REFUSED),
        ("ACCOUNT_THROTTLED", Outcome.LATER), ("ACCOUNT_DAILY_QUOTA_EXCEEDED", Outcome.LATER),
        ("TRANSIENT_FAILURE", Outcome.LATER), ("FAILED", Outcome.LATER), ("ACCOUNT_SUSPENDED", Outcome.LATER),
        ("ACCOUNT_SENDING_PAUSED", Outcome.LATER), ("CONFIGURATION_SET_SENDING_PAUSED", Outcome.LATER),
        ("CONFIGURATION_SET_NOT_FOUND", Outcome.LATER), ("MAIL_FROM_DOMAIN_NOT_VERIFIED", Outcome.LATER),
        ("TEMPLATE_NOT_FOUND", Outcome.LATER), ("INVALID_SENDING_POOL_NAME", Outcome.LATER),
        ("NEW_WORD", Outcome.LATER),
    ],
)  # fmt: skip
def test_every_status_of_an_entry(status: str, outcome: Outcome) -> None:
    """What is wrong with one message ends it; what is wrong with the account passes, or is mended."""
    Answering(client(), "SendBulkEmail", results(status))
    [receipt] = email.send([letter()])
    assert receipt.outcome is outcome
    assert receipt.reason == (None if status == "SUCCESS" else status)


def test_every_status_is_known() -> None:
    """None of the service's model is missing above."""
    of_model = client().meta.service_model.shape_for("BulkEmailStatus").enum
    [marks] = [mark for mark in test_every_status_of_an_entry.pytestmark if mark.name == "parametrize"]
    assert set(of_model) <= {status for status, _ in marks.args[1]}


def test_f14_a_call_that_is_taken_in_part() -> None:
    """F14: each entry has its own receipt, none is dropped; also where SES answers for fewer than were sent."""
    to = ["a@example.com", "account_throttled@simulator.amazonses.com", "b@example.com",
          "message_rejected@simulator.amazonses.com", "bounce@simulator.amazonses.com"]  # fmt: skip
    receipts = email.send([letter(each) for each in to])
    assert [receipt.outcome for receipt in receipts] == [
        Outcome.ACCEPTED, Outcome.LATER, Outcome.ACCEPTED, Outcome.REFUSED, Outcome.ACCEPTED,
    ]  # fmt: skip
    assert [each.to for each in outbox()] == [to[0], to[2], to[4]]
    Answering(client(), "SendBulkEmail", results("SUCCESS"))
    assert [receipt.outcome for receipt in email.send([letter()] * 3)] == [
        Outcome.ACCEPTED,
        Outcome.LATER,
        Outcome.LATER,
    ]


@pytest.mark.parametrize(
    "lost",
    [
        ReadTimeoutError(endpoint_url="x"), ConnectTimeoutError(endpoint_url="x"),
        refusal("TooManyRequestsException", status=429), refusal("InternalFailure", status=500), (503, b"<html>", {}),
        refusal("LimitExceededException"), refusal("SendingPausedException"), refusal("AccountSuspendedException"),
        refusal("MailFromDomainNotVerifiedException"), refusal("NotFoundException", status=404),
        refusal("AccessDeniedException", status=403), refusal("ExpiredTokenException", status=403),
    ],
    ids=str,
)  # fmt: skip
def test_f11_a_call_without_a_good_answer(lost: Any) -> None:
    """F11: it is made once, by nobody again, and all of it comes later."""
    calls = Answering(client(), "SendBulkEmail", lost)
    receipts = email.send([letter("a@example.com"), letter("b@example.com")])
    assert [receipt.outcome for receipt in receipts] == [Outcome.LATER] * 2
    assert all(receipt.reason for receipt in receipts)
    assert len(calls.requests) == 1


@pytest.mark.parametrize("bad", range(3))
def test_a_call_that_ses_refuses_for_one_address_sends_nothing_and_says_so(bad: int) -> None:
    """Whoever sends halves finds that one; a call of one says that it is refused."""
    letters = [letter(f"a{n}@example.com") for n in range(3)]
    letters[bad] = letter("nobody")
    with pytest.raises(CallRefused):
        email.send(letters)
    assert outbox() == []
    [receipt] = email.send([letters[bad]])
    assert receipt.outcome is Outcome.REFUSED


def test_a_sender_that_is_not_verified() -> None:
    """That is mended by an admin: nothing is given up, and nothing is tried address by address."""
    boto3.client("sesv2").delete_email_identity(EmailIdentity="flights@example.com")
    calls = Answering(client(), "SendBulkEmail")
    receipts = email.send([letter("a@example.com"), letter("b@example.com")])
    assert receipts == [Receipt(Outcome.LATER, reason="MessageRejected")] * 2
    assert len(calls.requests) == 1


def test_a_recipient_that_is_not_verified() -> None:
    """In SES's sandbox that one is refused, and its address is not in the reason."""
    Answering(client(), "SendBulkEmail", refusal("MessageRejected", "Email address is not verified: ada@example.com"))
    assert email.send([letter()]) == [Receipt(Outcome.REFUSED, reason="MessageRejected")]


def test_without_a_sender(set_to: Callable[[str, str], None]) -> None:
    """A deployment that sends no email says so, and calls nobody."""
    set_to("EMAIL_SENDER", "")
    assert email.send([letter()]) == [Receipt(Outcome.REFUSED, reason="EMAIL_SENDER is not set")]
    assert email.send([]) == []


def test_nothing_to_send() -> None:
    """No call is made for nothing."""
    calls = Answering(client(), "SendBulkEmail")
    assert email.send([]) == []
    assert calls.requests == []


@pytest.mark.parametrize(
    "change",
    [
        {"ReplacementHeaders": [{"Name": "X-Ä", "Value": "x"}]},
        {"ReplacementHeaders": [{"Name": "X", "Value": "x\r\nBcc: y"}]},
        {"ReplacementHeaders": [{"Name": "X", "Value": "é"}]},
        {"ReplacementHeaders": [{"Name": f"X-{n}", "Value": "x"} for n in range(16)]},
        {"ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": "{"}}},
        {"ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": f'{{"a": "{"x" * 262144}"}}'}}},
    ],
    ids=range(6),
)
def test_what_the_mended_moto_refuses(change: dict[str, Any]) -> None:
    """The limits of AWS's own model."""
    ses = boto3.client("sesv2")
    template = {"TemplateContent": {"Subject": "s", "Text": "t", "Html": "h"}, "TemplateData": "{}"}
    with pytest.raises(ses.exceptions.BadRequestException):
        ses.send_bulk_email(
            FromEmailAddress="flights@example.com",
            DefaultContent={"Template": template},
            BulkEmailEntries=[{"Destination": {"ToAddresses": ["ada@example.com"]}, **change}],
        )
    assert outbox() == []
