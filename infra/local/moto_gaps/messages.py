"""SES and SQS: bulk email, and where a dead letter came from."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class BulkEmail:
    """One message of SES v2 SendBulkEmail, in `ses_backends[account][region].sent_messages`, in the order sent."""

    id: str
    source: str
    to: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    sent_at: datetime  # UTC, without a zone, as moto has it


def mend() -> None:
    """Mend moto in this process."""
    _mend_bulk_email()
    _mend_redrive()


def _mend_bulk_email() -> None:
    """Moto has no SES v2 SendBulkEmail. Here it is with inline TemplateContent, by the limits of AWS's model.

    A recipient at the mailbox simulator whose name is a status, such as `account_throttled@simulator.amazonses.com`,
    gets that status; all others are accepted, bounce@simulator.amazonses.com too.
    """
    from moto.sesv2 import urls
    from moto.sesv2.responses import SESV2Response

    urls.url_paths["{0}/v2/email/outbound-bulk-emails$"] = SESV2Response.dispatch  # for its server, which needs each
    setattr(SESV2Response, "send_bulk_email", _send_bulk_email)  # noqa: B010 - moto's class has no such method


def _send_bulk_email(response: Any) -> str:
    from moto.core.exceptions import JsonRESTError
    from moto.core.utils import utcnow
    from moto.ses.models import ses_backends
    from moto.ses.utils import get_random_message_id

    body = response.body if isinstance(response.body, str) else response.body.decode()
    request = json.loads(body)
    source = request.get("FromEmailAddress", "")
    backend = ses_backends[response.current_account][response.region]
    if not backend._is_verified_address(source):
        raise JsonRESTError("MessageRejected", f"Email address is not verified: {source}")
    try:
        _demand(len(body) <= 1024 * 1024, "Input is longer than 1 MB.")
        _demand(1 <= len(request["BulkEmailEntries"]) <= 50, "A call has 1 to 50 entries.")
        template = request["DefaultContent"].get("Template", {})
        _demand(template.keys() >= {"TemplateContent", "TemplateData"}, "Give TemplateContent and TemplateData.")
        messages = [_rendered(entry, template) for entry in request["BulkEmailEntries"]]
    except ValueError as error:  # the whole call is refused
        raise JsonRESTError("BadRequestException", str(error)) from None
    results = []
    for to, parts, headers in messages:
        name, _, domain = to.partition("@")
        if domain == "simulator.amazonses.com" and name.upper() in _STATUSES:
            results.append({"Status": name.upper(), "Error": "as this address asks for"})
            continue
        message = BulkEmail(get_random_message_id(), source, to, **parts, headers=headers, sent_at=utcnow())
        backend.sent_messages.append(message)
        backend.sent_message_count += 1
        results.append({"Status": "SUCCESS", "MessageId": message.id})
    return json.dumps({"BulkEmailEntryResults": results})


def _rendered(entry: Any, template: Any) -> tuple[str, dict[str, str], dict[str, str]]:
    """To whom an entry goes, its parts, its headers. Raises ValueError."""
    recipients = [each for of_kind in entry["Destination"].values() for each in of_kind]
    _demand(len(recipients) == 1, "Here an entry has one recipient.")
    _demand(re.fullmatch(r"[!-~]+@[A-Za-z0-9.-]+", recipients[0]), "Invalid recipient.")
    headers = {header["Name"]: header["Value"] for header in entry.get("ReplacementHeaders", ())}
    _demand(len(headers) <= 15, "More than 15 headers.")
    for name, value in headers.items():
        _demand(re.fullmatch(r"[!-9;-~]{1,126}", name), f"Invalid header name {name!r}.")
        _demand(re.fullmatch(r"[ -~]{1,995}", value) and len(name + value) <= 996, f"Invalid value of {name}.")
    data = entry.get("ReplacementEmailContent", {}).get("ReplacementTemplate", {}).get("ReplacementTemplateData", "{}")
    _demand(len(data) <= 262144, "ReplacementTemplateData is too long.")
    values = json.loads(template["TemplateData"]) | json.loads(data)

    def value_of(variable: re.Match[str]) -> str:
        return str(values[variable[1]])

    parts = {
        part.lower(): re.sub(r"{{\s*(\w+)\s*}}", value_of, template["TemplateContent"].get(part, ""))
        for part in ("Subject", "Text", "Html")
    }
    return recipients[0], parts, headers


def _demand(met: Any, message: str) -> None:
    if not met:
        raise ValueError(message)


# BulkEmailStatus of the service's model, but SUCCESS.
_STATUSES = {
    "MESSAGE_REJECTED", "MAIL_FROM_DOMAIN_NOT_VERIFIED", "CONFIGURATION_SET_NOT_FOUND", "TEMPLATE_NOT_FOUND",
    "ACCOUNT_SUSPENDED", "ACCOUNT_THROTTLED", "ACCOUNT_DAILY_QUOTA_EXCEEDED", "INVALID_SENDING_POOL_NAME",
    "ACCOUNT_SENDING_PAUSED", "CONFIGURATION_SET_SENDING_PAUSED", "INVALID_PARAMETER", "TRANSIENT_FAILURE", "FAILED",
}  # fmt: skip


def _mend_redrive() -> None:
    """Moto moves a message that came too often to the dead-letter queue, and does not say from where."""
    from moto.sqs.models import Queue
    from moto.sqs.responses import SQSResponse

    add_message, receive_message = Queue.add_message, SQSResponse.receive_message

    def added(self: Any, message: Any) -> None:
        message.came_from = getattr(message, "stands_in", None)
        message.stands_in = self.queue_arn
        add_message(self, message)

    def received(self: Any) -> Any:
        answer: Any = receive_message(self)
        kept = self.sqs_backend.get_queue(self._get_queue_name())._messages
        came_from = {message.id: message.came_from for message in kept if message.came_from}
        for message in answer.result.get("Messages", ()):
            if "Attributes" in message and message["MessageId"] in came_from:
                message["Attributes"]["DeadLetterQueueSourceArn"] = came_from[message["MessageId"]]
        return answer

    for place, name, patch in ((Queue, "add_message", added), (SQSResponse, "receive_message", received)):
        setattr(place, name, patch)
