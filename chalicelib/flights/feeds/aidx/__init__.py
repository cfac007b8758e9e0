"""IATA AIDX (RP 1797A), the XML with which airport databases tell of flight legs: `read` makes FlightUpdates of it.

Taken are FlightLegNotifRQ and FlightLegRS of the versions 13 to 22, bare or in a SOAP envelope. Pure: no clock, no AWS.
`xml` takes the document apart, `leg` (with `status` and `details`) reads one leg, `answer`
makes the answer.

Every field of a message is observed at the message's TimeStamp, one without a zone being UTC. OriginDate is taken as
it stands: it is the flight's day at its origin, where a source keeps to that.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.flights.feeds.aidx.leg import BAD_FORMAT, CANNOT_PROCESS, IataOf, LegRead, Refusal, read_leg
from chalicelib.flights.feeds.aidx.xml import (
    Document,
    Node,
    TooLarge,
    UnreadableMessage,
    children,
    instant,
    local_name,
    quote,
    text,
)

__all__ = ["BAD_FORMAT", "CANNOT_PROCESS", "LegRead", "Message", "Notice", "Refusal", "TooLarge", "UnreadableMessage",
           "read"]  # fmt: skip

LIMIT = 4_000_000  # bytes; a Lambda function is sent 6 MB at most, and XML comes to it in base64
VERSIONS = range(13, 23)
AHEAD = timedelta(minutes=5)  # how far a sender's clock may be ahead of ours before ours counts

MAX_TOKEN = 128  # characters; the standard's limit on EchoToken
MAX_NOTICES = 99  # the standard's limit

_VERSION = re.compile(r"([0-9]{1,4})(\.[0-9]{1,4}){0,2}")
_SEQUENCE_NUMBER = re.compile(r"\+?[0-9]{1,18}")


class Notice(NamedTuple):
    """What an airport system reports in place of legs (an RS with Errors or Warnings): `911` means try again later."""

    kind: str  # error, warning
    type: str  # PADIS 9321, "" where not said
    text: str


@dataclass(frozen=True)
class Message:
    """What a document says: its head, the legs that were read, those refused, and what its sender reports of itself.

    `time_stamp` is the instant at which everything in it is observed. `soap` is the namespace of the envelope it came
    in. `warnings` are about the head.
    """

    time_stamp: datetime
    version: str = ""
    echo_token: str | None = None
    transaction_identifier: str | None = None
    correlation_id: str | None = None
    sequence_number: int | None = None
    target: str = "Production"
    soap: str | None = None
    legs: list[LegRead] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read(
    document: bytes, *, source: str, received_at: datetime, limit: int = LIMIT, iata_of: IataOf = lambda _: None
) -> Message:
    """Read one AIDX document of at most `limit` bytes that came from `source` (such as `aidx:wsi`) at `received_at`.

    `iata_of` gives the IATA code of the airport of an ICAO code, if it has one. Raises UnreadableMessage for what is
    no AIDX message as a whole; a leg that can't be read is among `refused`, and the others are taken. An RS may hold
    no leg: one that reports errors or warnings instead holds `notices`.
    """
    parts = Document(document, limit)
    try:
        return _read(parts, source, received_at, iata_of)
    except UnreadableMessage as error:
        error.attributes, error.soap = parts.attributes, parts.soap
        raise


def _read(parts: Document, source: str, received_at: datetime, iata_of: IataOf) -> Message:
    message, count, answered = None, 0, False
    for part in parts:
        message = message or _begin(parts, received_at)
        name = local_name(part)
        if name == "FlightLeg":
            count += 1
            place = f"/{parts.root}/FlightLeg[{count}]"
            leg = read_leg(part, count, place, source=source, at=message.time_stamp, iata_of=iata_of)
            if isinstance(leg, LegRead):
                message.legs.append(leg)
            else:
                message.refused.append(leg)
        elif name in ("Success", "Errors", "Warnings"):
            answered = True
            message.notices.extend(_notices(part))
    message = message or _begin(parts, received_at)
    if not count and not (answered and parts.root.endswith("RS")):
        raise UnreadableMessage("the message holds no FlightLeg", "it holds one at least", f"/{parts.root}")
    return message


def _begin(parts: Document, received_at: datetime) -> Message:
    """The message's head. Raises UnreadableMessage for a version that is not taken."""
    message = head(parts.attributes, parts.soap, received_at)
    if not message.version:
        said = parts.attributes.get("Version")
        what = "the message has no Version" if said is None else f"the message is of Version {quote(said)}"
        right = f'{VERSIONS[0]} to {VERSIONS[-1]} are taken, such as Version="22.1"'
        raise UnreadableMessage(what, right, f"/{parts.root}/@Version")
    return message


def head(attributes: Mapping[str, str], soap: str | None, received_at: datetime) -> Message:
    """A message without its legs, from the attributes of its root; its version is "" where it is not taken."""
    warnings: list[str] = []
    version = attributes.get("Version", "").strip()
    found = _VERSION.fullmatch(version)
    tokens = {}
    for name in ("EchoToken", "TransactionIdentifier", "CorrelationID"):
        tokens[name] = attributes.get(name)
        if len(tokens[name] or "") > MAX_TOKEN:
            warnings.append(f"@{name}: longer than {MAX_TOKEN} characters; not repeated")
            tokens[name] = None
    number = attributes.get("SequenceNmbr", "").strip()
    if number and not _SEQUENCE_NUMBER.fullmatch(number):
        warnings.append(f"@SequenceNmbr: {quote(number)} is no number; passed over")
    return Message(
        time_stamp=_time_stamp(attributes.get("TimeStamp", "").strip(), received_at, warnings),
        version=version if found and int(found[1]) in VERSIONS else "",
        echo_token=tokens["EchoToken"],
        transaction_identifier=tokens["TransactionIdentifier"],
        correlation_id=tokens["CorrelationID"],
        sequence_number=int(number) if _SEQUENCE_NUMBER.fullmatch(number) else None,
        target="Test" if attributes.get("Target", "").strip() == "Test" else "Production",
        soap=soap,
        warnings=warnings,
    )


def _time_stamp(said: str, received_at: datetime, warnings: list[str]) -> datetime:
    if not said:
        warnings.append("@TimeStamp: missing; the time of receipt counts")
        return received_at
    try:
        time, zoned = instant(said)
    except ValueError:
        warnings.append(f"@TimeStamp: {quote(said)} is no date and time; the time of receipt counts")
        return received_at
    if time > received_at + AHEAD:
        warnings.append(f"@TimeStamp: {said} lies ahead of the time of receipt, which counts")
        return received_at
    if not zoned:
        warnings.append("@TimeStamp: names no zone; read as UTC")
    return time


def _notices(part: Node) -> Iterator[Notice]:
    for kind in ("Error", "Warning"):
        for node in children(part, kind)[:MAX_NOTICES]:
            said = text(node) or node.get("ShortText", "").strip()
            yield Notice(kind.lower(), (node.get("Type") or node.get("Code") or "").strip()[:20], said[:200])
