"""The answer to an AIDX message: the standard's FlightLegRS, in an envelope where the message came in one.

Success with Warnings where anything was taken, else Errors: the standard has the one or the other. A warning or error
names the leg (RecordID), the place (Tag: an XPath), the type (PADIS 9321) and, in its text, what would be right.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from chalicelib.core.clock import instant
from chalicelib.flights.feeds.aidx import BAD_FORMAT, VERSIONS, Message, Refusal, UnreadableMessage, head
from chalicelib.flights.feeds.aidx.xml import NAMESPACE

NEWEST_VERSION = f"{VERSIONS[-1]}.1"
MAX_REPORTS = 99  # the standard's limit on Warning, on Error

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def respond(message: Message, outcomes: Iterable[Refusal], now: datetime) -> bytes:
    """The answer to a message; `outcomes` are the legs refused after they were read (storage, rights)."""
    outcomes = list(outcomes)
    refused = sorted([*message.refused, *outcomes], key=lambda refusal: refusal.index)
    taken = len(message.legs) - len({refusal.index for refusal in outcomes})
    reports = [_of_refusal(refusal) for refusal in refused]
    if refused and taken <= 0:
        return _answer(message, now, errors=reports)
    for leg in message.legs:
        if leg.warnings:
            place, record, said = f"//FlightLeg[{leg.index}]", str(leg.update.leg), "; ".join(leg.warnings)
            reports.append(_report(said, "passed over in part", tag=place, record=record, status="Incomplete"))
    reports += [_report(said, "about the message's head", status="Complete") for said in message.warnings]
    for notice in message.notices:
        said = f"the message reports {notice.kind} {notice.type}: {notice.text}"
        reports.append(_report(said, "a report in place of legs", status="Complete"))
    return _answer(message, now, warnings=reports)


def respond_error(error: UnreadableMessage, now: datetime) -> bytes:
    """The answer to a document that is no AIDX message as a whole."""
    said = f"{error.what}{_in_line(error.line)}; {error.right}"
    report = _report(said, error.what, tag=error.place, status="NotProcessed", kind=BAD_FORMAT)
    return _answer(head(error.attributes, error.soap, now), now, errors=[report])


def _of_refusal(refusal: Refusal) -> dict[str, str]:
    said = f"{refusal.leg}: {refusal.what}{_in_line(refusal.line)}; {refusal.right}"
    return _report(
        said, refusal.what, tag=refusal.where, record=refusal.leg, status="NotProcessed", kind=refusal.type
    )  # fmt: skip


def _in_line(line: int | None) -> str:
    return f" (line {line})" if line else ""


def _report(text: str, short: str, *, status: str, tag: str = "", record: str = "", kind: str = "") -> dict[str, str]:
    """The attributes of one Warning or Error, and under "" its text; lengths are the schema's."""
    attributes = {"Type": kind, "ShortText": short[:64], "Status": status, "Tag": tag, "RecordID": record[:32]}
    return {"": text, "Language": "en"} | {name: value for name, value in attributes.items() if value}


def _answer(message: Message, now: datetime, *, errors: Sequence[dict[str, str]] = (),
            warnings: Sequence[dict[str, str]] = ()) -> bytes:  # fmt: skip
    root = Element("IATA_AIDX_FlightLegRS", {
        "xmlns": NAMESPACE,
        "Version": message.version or NEWEST_VERSION,
        "TimeStamp": instant(now),
        "Target": message.target,
    })  # fmt: skip
    echoed = {
        "EchoToken": message.echo_token,
        "TransactionIdentifier": message.transaction_identifier,
        "CorrelationID": message.correlation_id,
    }
    root.attrib.update({name: value for name, value in echoed.items() if value is not None})
    if errors:
        _add(SubElement(root, "Errors"), "Error", errors)
    else:
        SubElement(root, "Success")
        if warnings:
            _add(SubElement(root, "Warnings"), "Warning", warnings)
    if message.soap:
        envelope = Element("s:Envelope", {"xmlns:s": message.soap})
        SubElement(envelope, "s:Body").append(root)
        root = envelope
    answer: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return answer


def _add(parent: Element, name: str, reports: Sequence[dict[str, str]]) -> None:
    if len(reports) > MAX_REPORTS:
        left_out = len(reports) - MAX_REPORTS + 1
        reports = [*reports[: MAX_REPORTS - 1], _report(f"and {left_out} more", "and more", status="Unknown")]
    for report in reports:
        attributes = {key: _NOT_XML.sub("?", value) for key, value in report.items() if key}
        SubElement(parent, name, attributes).text = _NOT_XML.sub("?", report[""])
