"""What SES and people tell back. The messages are those of the AWS guides, shortened."""

# ruff: noqa: RUF001 - letters that look alike are what is tested

import json
from typing import Any

import pytest

from chalicelib.channels.feedback import read_email_event, read_sms_reply, says_stop
from chalicelib.channels.model import Address, Channel

JANE = Address(Channel.EMAIL, "jane@example.com")


def bounce(kind: str, of: str = "notificationType", subtype: str = "General") -> dict[str, Any]:
    return {
        of: "Bounce",
        "bounce": {
            "bounceType": kind,
            "bounceSubType": subtype,
            "bouncedRecipients": [{"emailAddress": "jane@Example.com", "status": "5.1.1", "action": "failed"}],
            "timestamp": "2026-01-27T14:59:38.237Z",
        },
        "mail": {"destination": ["jane@example.com", "mary@example.com"]},
    }


def complaint(of: str, kind: str | None) -> dict[str, Any]:
    told = {"complainedRecipients": [{"emailAddress": "Jane Doe <jane@example.com>"}], "feedbackId": "1"}
    return {of: "Complaint", "complaint": told | ({"complaintFeedbackType": kind} if kind else {})}


@pytest.mark.parametrize("of", ["notificationType", "eventType"])
def test_who_can_or_will_not_be_reached(of: str) -> None:
    """A permanent bounce or a complaint ends it, in both of SES's formats; of those addressed, only who is named."""
    assert read_email_event(json.dumps(bounce("Permanent", of))) == [(JANE, "bounce: General")]
    assert read_email_event(json.dumps(complaint(of, "abuse"))) == [(JANE, "complaint: abuse")]
    assert read_email_event(json.dumps(complaint(of, None))) == [(JANE, "complaint: of no kind")]


@pytest.mark.parametrize(
    "message",
    [
        json.dumps(bounce("Transient")),
        json.dumps(bounce("Transient", "eventType", "MailboxFull")),
        json.dumps(bounce("Undetermined")),
        json.dumps(complaint("eventType", "not-spam")),
        json.dumps({"eventType": "Delivery", "delivery": {"recipients": ["jane@example.com"]}}),
        json.dumps({"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have successfully …"}),
        "Successfully validated SNS topic for Amazon SES event publishing.",
    ],
)
def test_what_ends_nothing(message: str) -> None:
    """A full mailbox, a delivery, a word that it is no spam, and SES's own greetings."""
    assert read_email_event(message) == []


@pytest.mark.parametrize(
    "message",
    [
        "", "x", "[]", "null", "{}", json.dumps({"eventType": "Bounce"}), json.dumps({"notificationType": "Complaint"}),
        json.dumps({"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}}),
        json.dumps(bounce("Permanent") | {"bounce": {"bounceType": "Permanent", "bounceSubType": "x",
            "bouncedRecipients": [{"emailAddress": "nobody"}]}}),
    ],
)  # fmt: skip
def test_what_is_no_event(message: str) -> None:
    """It is an error, so that it is set aside."""
    with pytest.raises((ValueError, KeyError, TypeError)):
        read_email_event(message)


def reply(text: object, number: object = "+14255550182") -> str:
    return json.dumps(
        {"originationNumber": number, "destinationNumber": "+12125550101", "messageKeyword": "KEYWORD_1",
         "messageBody": text, "inboundMessageId": "cae173d2-66b9-564c-8309-21f858e9fb84"}
    )  # fmt: skip


def test_replies() -> None:
    """Who wrote, and whether to stop, to start again, or neither; a short code is nobody."""
    writer = Address(Channel.SMS, "+14255550182")
    assert read_sms_reply(reply("STOP")) == (writer, True)
    assert read_sms_reply(reply("Start.")) == read_sms_reply(reply(" UNSTOP")) == (writer, False)
    for text in ("Thanks!", "start what?", ""):
        assert read_sms_reply(reply(text, "14255550182")) == (writer, None)
    assert read_sms_reply(reply("STOP", "22395")) is None


@pytest.mark.parametrize("message", ["", "[]", "{}", '"x"', reply("STOP", 5), reply(None)])
def test_what_is_no_reply(message: str) -> None:
    """It is an error, so that it is set aside."""
    with pytest.raises((ValueError, KeyError, TypeError)):
        read_sms_reply(message)


@pytest.mark.parametrize(
    "text",
    [
        "stop", "STOP", " Stop. ", "stop!!!", "QUIT", "end", "Revoke", "opt out", "OPT-OUT", "optout", "Cancel",
        "unsubscribe", "STOPALL", "Stop all", "Arrêt", "ARRET", "alto", "stopp", "please stop", "Stop texting me",
        "“Stop”", "ＳＴＯＰ", "st\u200bop", "Stop 🛑", "退订",
    ],
)  # fmt: skip
def test_stop(text: str) -> None:
    """The words of 47 CFR 64.1200(a)(10), those of other languages, and what people make of them."""
    assert says_stop(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "yes",
        "start",
        "When does it end?",
        "Is it cancelled?",
        "cancel my seat",
        "nonstop",
        "don't stop",
        "1234",
    ],
)
def test_no_stop(text: str) -> None:
    """A question about a flight is no wish to hear no more of it."""
    assert not says_stop(text)
