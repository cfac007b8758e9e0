"""Which documents are AIDX messages, what their heads say, and what is said of those that are none."""

from datetime import UTC, datetime

import pytest

from chalicelib.flights.feeds.aidx import Notice, TooLarge, UnreadableMessage, read
from chalicelib.flights.feeds.aidx.xml import CHUNK
from tests.unit.flights.aidx_messages import IATA, RECEIVED, UA1545, leg, notification, only_leg, understood, utc

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"


def enveloped(message: bytes, namespace: str = SOAP_11, header: str = "") -> bytes:
    bare = message.partition(b"?>")[2]
    head = f'<soap:Envelope xmlns:soap="{namespace}">{header}<soap:Body>'
    return head.encode() + bare + b"</soap:Body></soap:Envelope>"


def response(inner: str, version: str = "16.1") -> bytes:
    return f'<IATA_AIDX_FlightLegRS {IATA} Version="{version}">{inner}</IATA_AIDX_FlightLegRS>'.encode()


def refused(document: bytes) -> UnreadableMessage:
    with pytest.raises(UnreadableMessage) as caught:
        understood(document)
    return caught.value


@pytest.mark.parametrize("version", ["13", "13.2", "14.1", "15.1", "16.1", "17.2", "21.3", "22", "22.1", "022.10"])
def test_versions_13_to_22_are_taken(version: str) -> None:
    """With or without a minor number; the version is kept as it was written."""
    message = understood(notification(leg(), version=version))
    assert (message.version, len(message.legs)) == (version, 1)


@pytest.mark.parametrize("version", ["12.1", "23.1", "0", "", "latest", "22,1", "-22.1", "1e1", "22.1.1.1", "9" * 400])
def test_other_versions_are_refused(version: str) -> None:
    """With where the version stands and which would be right."""
    error = refused(notification(leg(), version=version))
    assert error.place == "/IATA_AIDX_FlightLegNotifRQ/@Version"
    assert "13 to 22" in error.right
    assert len(str(error)) < 200


def test_a_message_without_version_is_refused() -> None:
    """The standard demands it."""
    error = refused(notification(leg()).replace(b'Version="22.1"', b""))
    assert error.what == "the message has no Version"


@pytest.mark.parametrize("namespace", [SOAP_11, SOAP_12])
def test_a_soap_envelope_is_opened(namespace: str) -> None:
    """Of either version, with or without a header; places are those of the message."""
    plain = understood(notification(leg(), leg(identifier="")))
    header = "<soap:Header><Security xmlns='urn:x'><Token>1</Token></Security></soap:Header>"
    for document in (enveloped(notification(leg(), leg(identifier="")), namespace, h) for h in ("", header)):
        message = understood(document)
        assert message.soap == namespace
        assert message.legs == plain.legs
        assert [r.where for r in message.refused] == [r.where for r in plain.refused]


def test_any_namespace_prefix_will_do() -> None:
    """Gatwick's messages name theirs ns0."""
    prefixed = notification(leg()).replace(b"<", b"<ns0:").replace(b"<ns0:/", b"</ns0:").replace(b"<ns0:?", b"<?")
    prefixed = prefixed.replace(b"xmlns=", b"xmlns:ns0=")
    assert only_leg(prefixed) == only_leg(notification(leg()))


def test_a_response_brings_legs_as_a_notification_does() -> None:
    """An airport that is asked rather than told to tell."""
    message = understood(response(f"<Success/>{leg()}"))
    assert [str(r.update.leg) for r in message.legs] == ["UA1545-20250910-EWR"]


@pytest.mark.parametrize(
    ("inner", "notices"),
    [
        ("<Success/><Warnings><Warning Type='911'>busy, try in 590 seconds</Warning></Warnings>",
         [Notice("warning", "911", "busy, try in 590 seconds")]),
        ("<Errors><Error Type='911' ShortText='down'/><Error Code='1007'>x</Error></Errors>",
         [Notice("error", "911", "down"), Notice("error", "1007", "x")]),
        ("<Success/>", []),
    ],
)  # fmt: skip
def test_a_response_may_report_in_place_of_legs(inner: str, notices: list[Notice]) -> None:
    """It is understood as what it is: no leg, and what its sender says of itself."""
    message = understood(response(inner))
    assert (message.legs, message.refused, message.notices) == ([], [], notices)


def test_the_head_is_read() -> None:
    """Everything the answer repeats, and what tells messages apart."""
    tokens = 'EchoToken="&lt;e&gt;" TransactionIdentifier="T1" CorrelationID="c-1" SequenceNmbr="7" Target="Test"'
    sent = 'TimeStamp="2025-09-10T09:13:19.4014748+01:00"'
    message = understood(notification(leg(), attributes=f"{tokens} {sent}"))
    assert (message.echo_token, message.transaction_identifier, message.correlation_id) == ("<e>", "T1", "c-1")
    assert (message.sequence_number, message.target, message.soap) == (7, "Test", None)
    assert message.time_stamp == datetime(2025, 9, 10, 8, 13, 19, 401474, tzinfo=UTC)
    assert not message.warnings


@pytest.mark.parametrize(
    ("attributes", "time_stamp", "warning"),
    [
        ('TimeStamp="2025-09-10T09:00:00"', utc("9:00"), "no zone"),
        ("", RECEIVED, "missing"),
        ('TimeStamp="yesterday"', RECEIVED, "'yesterday'"),
        ('TimeStamp="2025-09-10T12:04:00Z"', utc("12:04"), ""),
        ('TimeStamp="2025-09-10T12:06:00Z"', RECEIVED, "ahead"),
        ('TimeStamp="2025-09-10T09:00:00Z" SequenceNmbr="x"', utc("9:00"), "SequenceNmbr"),
        (f'TimeStamp="2025-09-10T09:00:00Z" EchoToken="{"x" * 129}"', utc("9:00"), "EchoToken"),
    ],
)
def test_a_head_that_is_not_quite_right_is_read_with_a_warning(
    attributes: str, time_stamp: datetime, warning: str
) -> None:
    """No zone is UTC; no time is the time of receipt, and so is one more than five minutes ahead of it."""
    message = understood(notification(leg(), attributes=attributes))
    assert message.time_stamp == time_stamp
    assert message.legs[0].update.observed["destination"].at == time_stamp
    assert [warning in w for w in message.warnings] == ([True] if warning else [])


@pytest.mark.parametrize(
    ("document", "what"),
    [
        (b"", "empty"),
        (b" \r\n\t ", "empty"),
        (b"\xef\xbb\xbf", "not well-formed"),
        (b"UA1545 EWR IAH", "not well-formed"),
        (b'{"flight": "UA1545"}', "not well-formed"),
        (notification(leg())[:-20], "not well-formed"),
        (notification(leg()) + b"<more/>", "not well-formed"),
        (notification(leg()).replace(b"UA<", b"UA\x00<"), "not well-formed"),
        (notification(leg()).replace(b"EWR AODB", b"EWR \xff"), "not well-formed"),
        (notification(leg()).replace(b"</LegData>", b"&nbsp;</LegData>"), "not well-formed"),
        (notification(leg()).replace(b"UTF-8", b"UTF-9"), "encoding"),
        (notification(leg()).replace(b"UTF-8", b"zlib"), "encoding"),
        (notification(leg()).replace(b"UTF-8", b"undefined"), "encoding"),
        (notification(leg()).replace(b"IATA/2007", b"IATA/2008"), "namespace 'http://www.iata.org/IATA/2008/00'"),
        (notification(leg()).replace(IATA.encode(), b""), "no namespace"),
        (notification(leg()).replace(b"FlightLegNotifRQ", b"FlightLegRQ"), "'IATA_AIDX_FlightLegRQ'"),
        (b"<html><body>502</body></html>", "'html'"),
        (enveloped(notification(leg()), "urn:other"), "'Envelope'"),
        (enveloped(b"<?xml?><soap:Fault><faultstring>x</faultstring></soap:Fault>"), "'Fault'"),
        (enveloped(b"<?xml?>"), "holds no AIDX message"),
        (enveloped(notification(leg()) + notification(leg()).partition(b"?>")[2]), "second message"),
        (notification(), "no FlightLeg"),
        (response(""), "no FlightLeg"),
        (notification("<FlightLeg xmlns='urn:other'/>"), "no FlightLeg"),
    ],
)
def test_what_is_no_aidx_message_is_refused_whole(document: bytes, what: str) -> None:
    """It is said what is wrong and what would be right, in words short enough to log."""
    error = refused(document)
    assert what in error.what
    assert error.right
    assert str(error) == f"{error.what}; {error.right}"
    assert error.faults[0].place == "body"
    assert len(str(error)) < 250


def test_a_line_is_named_where_there_is_one() -> None:
    """Also behind blank lines that precede the message."""
    broken = b"\n\n" + notification(leg(), leg().replace("</LegIdentifier>", "</LegId>"))
    line = broken.splitlines().index(b"    </LegId>") + 1
    assert refused(broken).line == line
    assert f"line {line}" in refused(broken).what
    bad = notification(leg(), leg(identifier=UA1545.replace("1545", "?")))
    (refusal,) = understood(b"\n\n" + bad).refused
    assert refusal.line == bad.splitlines().index(b"      <FlightNumber>?</FlightNumber>") + 3


def test_a_document_may_be_utf_16() -> None:
    """As XML demands of every reader."""
    document = notification(leg()).decode().replace("UTF-8", "UTF-16").encode("utf-16")
    assert str(only_leg(document).update.leg) == "UA1545-20250910-EWR"


def test_the_limit_on_bytes_is_the_callers() -> None:
    """Exactly so many are taken, one more is not."""
    document = notification(leg())
    assert read(document, source="aidx:x", received_at=RECEIVED, limit=len(document)).legs
    with pytest.raises(TooLarge, match="at most"):
        read(document, source="aidx:x", received_at=RECEIVED, limit=len(document) - 1)


def test_elements_of_other_namespaces_are_not_mistaken_for_the_standards() -> None:
    """A look-alike beside or within a leg is an extension, whatever its name."""
    alien = '<x:OperationalStatus xmlns:x="urn:x">DX</x:OperationalStatus><x:LegData xmlns:x="urn:x"/>'
    assert "cancelled" not in only_leg(notification(leg(alien))).update.observed


@pytest.mark.parametrize("length", [2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1])
def test_a_long_message_is_read_whole(length: int) -> None:
    """Every leg, in order, wherever the pieces in which it is parsed happen to end."""
    legs = [leg(identifier=UA1545.replace("1545", str(n))) for n in range(1, 1001)]
    document = notification(*legs)
    document += b" " * (length - len(document))
    assert len(document) == length
    message = understood(document)
    assert [r.update.leg.flight.number for r in message.legs] == list(range(1, 1001))
    assert [r.index for r in message.legs] == list(range(1, 1001))
