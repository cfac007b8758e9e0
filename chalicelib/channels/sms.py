"""SMS, through SNS: how many segments a text takes, its sending, and who answered STOP."""

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.channels import sns
from chalicelib.channels.model import Receipt
from chalicelib.core import aws
from chalicelib.core.config import config
from chalicelib.core.errors import Unavailable
from chalicelib.core.telemetry import logger

# 3GPP TS 23.038, section 6.2.1: the default alphabet, and its extension table, whose characters take two septets.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENSION = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True)
class Segments:
    """What a text takes: its encoding, its length in septets (GSM-7) or UTF-16 units (UCS-2), and its segments."""

    encoding: str  # "GSM-7" or "UCS-2"
    units: int
    count: int


def segments(text: str) -> Segments:
    """Measure a text. One character outside of GSM-7 makes all of it UCS-2.

    3GPP TS 23.040: 160 septets alone, 153 in each of several segments; 70 and 67 units. A segment never ends within an
    extension character or a surrogate pair.
    """
    if _GSM.union(_GSM_EXTENSION).issuperset(text):
        sizes = [2 if character in _GSM_EXTENSION else 1 for character in text]
        return Segments("GSM-7", sum(sizes), _count(sizes, alone=160, of_several=153))
    sizes = [2 if ord(character) > 0xFFFF else 1 for character in text]
    return Segments("UCS-2", sum(sizes), _count(sizes, alone=70, of_several=67))


def _count(sizes: list[int], *, alone: int, of_several: int) -> int:
    if sum(sizes) <= alone:
        return 1
    count, room = 1, of_several
    for size in sizes:
        if size > room:
            count, room = count + 1, of_several
        room -= size
    return count


def send(number: str, text: str) -> Receipt:
    """Send a text to an E.164 number.

    ACCEPTED means no more than that. SNS may also accept, and drop, what goes to a number that answered STOP
    (`opted_out` tells).
    """
    attributes = {"AWS.SNS.SMS.SMSType": "Transactional"}
    sender = config().sms_sender
    if sender:
        is_number = sender.removeprefix("+").isdigit()
        attributes["AWS.MM.SMS.OriginationNumber" if is_number else "AWS.SNS.SMS.SenderID"] = sender
    return sns.publish(
        PhoneNumber=number,
        Message=text,
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    )  # fmt: skip


def opted_out() -> Iterator[str]:
    """Every number that answered STOP to this account. Raises Unavailable.

    None where SNS refuses: it sends no SMS in every Region, and its list of who opted out may have a policy of its own.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        for page in aws.client("sns").get_paginator("list_phone_numbers_opted_out").paginate():
            yield from page["phoneNumbers"]
    except (BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError) and not aws.is_transient(error):
            logger.warning("SNS does not say who opted out", reason=error.response["Error"]["Code"])
            return
        raise Unavailable(f"SNS does not say who opted out: {type(error).__name__}") from error
