"""What comes back: bounces and complaints, as SES tells them to a topic, and answers to a two-way SMS number."""

import json
import re
from email.utils import parseaddr
from typing import Any
from unicodedata import category, normalize

from chalicelib.channels.addresses import parse
from chalicelib.channels.model import Address, Channel
from chalicelib.core.errors import Invalid

# 47 CFR 64.1200(a)(10), and what people write in the languages we write in.
_STOP = {
    "stop", "quit", "end", "revoke", "opt out", "optout", "cancel", "unsubscribe",
    "stopall", "stop all", "arret", "alto", "baja", "stopp", "abmelden", "退订", "停止",
}  # fmt: skip
_START = {"start", "unstop"}  # by which a number comes back to those who keep such lists (CTIA)
_STOP_FIRST = {"stop", "stopall", "stopp", "arret", "unsubscribe"}  # whatever follows: "Stop texting me!"


def read_email_event(message: str) -> list[tuple[Address, str]]:
    """The addresses to which nothing is to be sent any more, and why: permanent bounces and complaints.

    Reads both of SES's formats, feedback notifications (`notificationType`) and event publishing (`eventType`); any
    other event gives nothing. Raises ValueError, KeyError or TypeError for what is none.
    """
    if message.startswith("Successfully validated SNS topic"):  # SES says so once, not as JSON
        return []
    event = _object(message)
    kind = event.get("eventType") or event["notificationType"]
    if kind == "Bounce" and event["bounce"]["bounceType"] == "Permanent":
        bounce = event["bounce"]
        return [
            (_email(each["emailAddress"]), f"bounce: {bounce['bounceSubType']}") for each in bounce["bouncedRecipients"]
        ]
    if kind == "Complaint" and event["complaint"].get("complaintFeedbackType") != "not-spam":
        complaint = event["complaint"]
        reason = f"complaint: {complaint.get('complaintFeedbackType') or 'of no kind'}"
        return [(_email(each["emailAddress"]), reason) for each in complaint["complainedRecipients"]]
    return []


def read_sms_reply(message: str) -> tuple[Address, bool | None] | None:
    """Who answered a text (SNS, AWS End User Messaging), and whether to stop. None for a short code.

    True is to stop, False to start again, None neither. Raises ValueError, KeyError or TypeError for what is
    no such message.
    """
    reply = _object(message)
    number, text = reply["originationNumber"], reply["messageBody"]
    if not isinstance(text, str):
        raise TypeError("a message's text is no text")
    if not re.fullmatch(r"\+?[0-9]{7,15}", number):
        return None
    stop = True if says_stop(text) else False if " ".join(_words(text)) in _START else None
    return Address(Channel.SMS, f"+{number.removeprefix('+')}"), stop


def says_stop(text: str) -> bool:
    """Whether somebody who answers so wants no more messages; case, accents, punctuation and "please" aside."""
    words = _words(text)
    return " ".join(words) in _STOP or not _STOP_FIRST.isdisjoint(words[:1])


def _words(text: str) -> list[str]:
    plain = "".join(
        " " if category(character)[0] in "PSZC" else character
        for character in normalize("NFKD", text.casefold())
        if category(character)[0] != "M" and category(character) != "Cf"
    )
    return [word for word in plain.split() if word not in ("please", "pls")]


def _object(message: str) -> dict[str, Any]:
    read = json.loads(message)
    if not isinstance(read, dict):
        raise ValueError("this is no JSON object")
    return read


def _email(given: str) -> Address:
    try:
        return parse(Channel.EMAIL, parseaddr(given)[1])
    except Invalid as error:
        raise ValueError("SES names an address that is none") from error
