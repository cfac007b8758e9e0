"""Email, through SES v2: up to 50 messages in one call, each with its own headers."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from chalicelib.channels.model import CallRefused, Outcome, Receipt
from chalicelib.core import aws
from chalicelib.core.config import config
from chalicelib.core.telemetry import logger

MOST_AT_ONCE = 50
LARGEST_CALL = 1_000_000  # bytes; SES takes 1 MB of JSON with an inline template
ANSWERS_WITHIN = 15  # seconds: cutting a call of 50 short would send 50 messages again

# The words of BulkEmailEntryResult for what is wrong with one message. The others (throttled, paused, suspended, not
# verified, not found) say something about this account, which passes or can be mended.
_REFUSED = {"MESSAGE_REJECTED", "INVALID_PARAMETER"}


@dataclass(frozen=True)
class Email:
    """One message to one address."""

    to: str
    subject: str
    text: str
    html: str
    unsubscribe: str | None = None  # where one click ends it (RFC 8058)

    def __post_init__(self) -> None:
        for value in (self.to, self.unsubscribe or "-"):
            if not re.fullmatch(r"[!-~]+", value) or re.search("[<>,;]", value):
                raise ValueError("an address or a link holds what ends a header")


def brand(sender: str) -> str:
    """Who writes, from the setting EMAIL_SENDER: the name in "Example Air <flights@example.com>", else the domain."""
    name, address = parseaddr(sender)
    return name or address.partition("@")[2] or "Gatecall"


def at_once(emails: Sequence[Email]) -> int:
    """How many of the first of them may go in one call: by number, by size, and by what SES allows in a second."""
    size = 0
    most = min(MOST_AT_ONCE, max(1, int(config().email_rate)))
    for number, email in enumerate(emails[:most]):
        size += len(json.dumps(_entry(email))) + 2
        if number and size > LARGEST_CALL:
            return number
    return min(most, len(emails))


def send(emails: Sequence[Email]) -> list[Receipt]:
    """Send at most 50 messages in one call of SES (`at_once`). Returns a receipt for each, in their order.

    SES refuses all of a call for one address or message that it can't read. Raises CallRefused then: nothing was sent,
    and whoever sends halves finds that one.
    """
    if len(emails) > MOST_AT_ONCE:
        raise ValueError(f"{len(emails)} emails are too many for one call")
    if not config().email_sender:
        return [Receipt(Outcome.REFUSED, reason="EMAIL_SENDER is not set")] * len(emails)
    if not emails:
        return []
    receipts = _call(emails)
    if isinstance(receipts, Receipt):
        if receipts.outcome is Outcome.REFUSED and len(emails) > 1:
            raise CallRefused(receipts.reason)
        return [receipts] * len(emails)
    return receipts


def _call(emails: Sequence[Email]) -> list[Receipt] | Receipt:
    """One call: a receipt for each, or one for all."""
    from botocore.exceptions import BotoCoreError, ClientError

    request = {
        "FromEmailAddress": config().email_sender,
        # SES fills these in as they are: "SES doesn't escape HTML content" (Developer Guide, advanced personalization).
        "DefaultContent": {
            "Template": {
                "TemplateContent": {"Subject": "{{subject}}", "Text": "{{text}}", "Html": "{{html}}"},
                "TemplateData": json.dumps({"subject": "", "text": "", "html": ""}),
            }
        },
        "BulkEmailEntries": [_entry(email) for email in emails],
    }
    if config().email_configuration_set:
        request["ConfigurationSetName"] = config().email_configuration_set
    try:
        answer = aws.client("sesv2", retries=False, timeout=ANSWERS_WITHIN).send_bulk_email(**request)
    except ClientError as error:
        return _refused(error)
    except BotoCoreError as error:  # it may have been sent
        return Receipt(Outcome.LATER, reason=type(error).__name__)
    results = answer["BulkEmailEntryResults"]
    missing = [Receipt(Outcome.LATER, reason="SES does not say")] * (len(emails) - len(results))
    return [_receipt(result) for result in results] + missing


def _entry(email: Email) -> dict[str, Any]:
    subject = " ".join(email.subject.split())  # one line
    data = {"subject": subject, "text": email.text, "html": email.html}
    entry: dict[str, Any] = {
        "Destination": {"ToAddresses": [email.to]},
        "ReplacementEmailContent": {
            "ReplacementTemplate": {"ReplacementTemplateData": json.dumps(data, ensure_ascii=False)}
        },
    }
    if email.unsubscribe:
        entry["ReplacementHeaders"] = [
            {"Name": "List-Unsubscribe", "Value": f"<{email.unsubscribe}>"},
            {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
        ]
    return entry


def _receipt(result: Any) -> Receipt:
    status = result.get("Status")
    if status == "SUCCESS":
        return Receipt(Outcome.ACCEPTED, id=result.get("MessageId"))
    return Receipt(Outcome.REFUSED if status in _REFUSED else Outcome.LATER, reason=status)


def _refused(error: Any) -> Receipt:
    said = error.response.get("Error", {})
    code, message = said.get("Code", ""), said.get("Message", "")
    ours = "not verified" in message and parseaddr(config().email_sender)[1] in message
    if code in ("BadRequestException", "MessageRejected") and not ours:
        return Receipt(Outcome.REFUSED, reason=code)
    if not aws.is_transient(error):
        logger.error("SES does not let us send", code=code)
    return Receipt(Outcome.LATER, reason=code)
