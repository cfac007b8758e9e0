"""AIDX from outside may be anything: it is read, or refused as UnreadableMessage, quickly, and always answered."""

from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.flights.feeds.aidx import LegRead, UnreadableMessage, read
from chalicelib.flights.feeds.aidx.answer import respond, respond_error
from chalicelib.flights.feeds.aidx.xml import instant
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import OBSERVED, apply
from tests.unit.flights.aidx_messages import RECEIVED, fids, leg, notification, status, time, understood

RICH = notification(
    leg(
        status("OP", "DV") + time("OFB", "SCT", "10:00") + time("OFB", "EST", "10:25") + time("GTO", "ACT", "09:30")
        + """
        <PlannedArrivalAptHistory RepeatIndex="1">IAH</PlannedArrivalAptHistory>
        <PlannedArrivalAptHistory RepeatIndex="2">KORD</PlannedArrivalAptHistory>
        <IrregularityDelay DepartureOrArrival="Departure"><ReasonCode>93</ReasonCode><Duration>PT25M</Duration>
        </IrregularityDelay>
        <CodeShareInfo><Airline>LH</Airline><FlightNumber>7001</FlightNumber></CodeShareInfo>
        <AssociatedFlightLegAircraft FlightSequence="upline"><Airline>UA</Airline><FlightNumber>1</FlightNumber>
          <DepartureAirport>BOS</DepartureAirport><ArrivalAirport>EWR</ArrivalAirport><OriginDate>2025-09-10</OriginDate>
        </AssociatedFlightLegAircraft>
        <AirportResources Usage="Actual"><Resource DepartureOrArrival="Departure">
          <PassengerGate RepeatIndex="1">C73</PassengerGate><PublicTerminal>C</PublicTerminal></Resource>
        </AirportResources>
        <AircraftInfo><AircraftType>738</AircraftType><Registration>N76288</Registration></AircraftInfo>""",
        action="<SpecialAction>LockDown</SpecialAction>", extension=fids("DEL"),
    ),
    attributes='TimeStamp="2025-09-10T09:00:00Z" EchoToken="e" SequenceNmbr="1"',
)  # fmt: skip


def read_or_refused(document: bytes) -> list[LegRead]:
    """The legs read; whatever the document is, the answer to it is well-formed and every observation usable."""
    try:
        message = understood(document)
    except UnreadableMessage as error:
        refused = error
    else:
        refused = None
    if refused:
        assert fromstring(respond_error(refused, RECEIVED)).tag
        assert len(str(refused)) < 400
        return []
    assert fromstring(respond(message, [], RECEIVED)).tag
    for found in message.legs:
        assert LegId.parse(str(found.update.leg)) == found.update.leg
        assert set(found.update.observed) <= set(OBSERVED)
        assert apply(None, found.update)[0].status.phase
    return message.legs


def test_the_message_that_is_mutated_is_a_good_one() -> None:
    """Else its mutations would prove nothing."""
    (found,) = read_or_refused(RICH)
    assert not found.warnings
    assert len(found.update.observed) == 13


@given(st.binary(max_size=300))
@example(b"\xff\xfe<\x00a\x00>\x00")
@example(b"<?xml version='1.0' encoding='hex'?><a/>")
@example(b"<?xml version='1.0' encoding='utf-7'?><a/>")
@example(b"<?xml version='1.0' encoding='idna'?><a/>")
def test_any_bytes_are_read_or_refused(document: bytes) -> None:
    """No other exception, whatever comes."""
    read_or_refused(document)


@given(st.lists(st.tuples(st.integers(0, len(RICH) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_any_change_of_bytes_is_read_or_refused(changes: list[tuple[int, int]]) -> None:
    """A message garbled on its way."""
    document = bytearray(RICH)
    for place, value in changes:
        document[place] = value
    read_or_refused(bytes(document))


@given(st.integers(0, len(RICH)), st.integers(0, 200), st.integers(0, len(RICH)))
def test_any_loss_or_repetition_is_read_or_refused(start: int, length: int, insert_at: int) -> None:
    """Bytes cut out, or cut out and pasted elsewhere."""
    piece, rest = RICH[start : start + length], RICH[:start] + RICH[start + length :]
    read_or_refused(rest)
    read_or_refused(RICH[:insert_at] + piece + RICH[insert_at:])
    read_or_refused(rest[:insert_at] + piece + rest[insert_at:])


LINES = RICH.splitlines()


@given(st.lists(st.sampled_from(LINES[6:-1]), max_size=60))
def test_any_order_and_number_of_elements_is_read_or_refused(lines: list[bytes]) -> None:
    """Elements missing, doubled and out of order."""
    read_or_refused(b"\n".join([*LINES[:6], *lines, LINES[-1]]))


VALUES = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="<&"), max_size=30)


@given(
    VALUES,
    st.sampled_from(
        [
            "UA<",
            "1545<",
            "EWR<",
            "IAH<",
            "2025-09-10<",
            "OP<",
            "09:30:00Z<",
            "IAH<",
            "KORD<",
            "93<",
            "PT25M<",
            "7001<",
            "BOS<",
            "C73<",
            "738<",
            "N76288<",
            "LockDown<",
            "DEL<",
        ]
    ),
)
def test_any_text_in_any_element_is_read_or_refused(value: str, where: str) -> None:
    """From empty to emoji."""
    read_or_refused(RICH.replace(f">{where}".encode(), f">{value}<".encode()))


@given(
    VALUES.filter(lambda v: '"' not in v),
    st.sampled_from(
        ['"2025-09-10T09:00:00Z"', '"22.1"', '"e"', '"1"', '"OFB"', '"SCT"', '"Actual"', '"Departure"', '"upline"']
    ),
)
def test_any_text_in_any_attribute_is_read_or_refused(value: str, where: str) -> None:
    """RepeatIndex and Version among them."""
    read_or_refused(RICH.replace(where.encode(), f'"{value}"'.encode()))


@given(st.binary(max_size=400))
def test_utf_16_garbage_is_read_or_refused(garbage: bytes) -> None:
    """Lone surrogates and the like."""
    head, tail = RICH.decode().replace("UTF-8", "UTF-16").encode("utf-16-le").split("OP".encode("utf-16-le"), 1)
    read_or_refused(b"\xff\xfe" + head + garbage[: len(garbage) // 2 * 2] + tail)


@given(
    st.datetimes(
        min_value=RECEIVED.replace(year=1970, month=1, tzinfo=None), max_value=RECEIVED.replace(year=2098, tzinfo=None)
    ),
    st.integers(-14 * 60, 14 * 60),
)
def test_a_time_means_the_same_in_every_zone(moment, minutes) -> None:  # type: ignore[no-untyped-def] # by hypothesis
    """An offset shifts how it is written, not when it is."""
    from datetime import UTC, timedelta, timezone

    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    if aware.astimezone(UTC).year >= 1970:
        assert instant(aware.isoformat()) == (aware.astimezone(UTC), True)


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY l2 "&lol;&lol;&lol;&lol;&lol;">
<!ENTITY l3 "&l2;&l2;&l2;&l2;&l2;">]><lolz>&l3;</lolz>"""
EXTERNAL = RICH.replace(b"?>", b'?><!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>').replace(b">OP<", b">&x;<")
REMOTE_DTD = RICH.replace(b"?>", b'?><!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">')
PARAMETER = RICH.replace(b"?>", b'?><!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x">%p;]>')


@pytest.mark.parametrize("document", [LAUGHS, EXTERNAL, REMOTE_DTD, PARAMETER], ids=["laughs", "file", "dtd", "param"])
def test_document_types_and_entities_are_refused(document: bytes) -> None:
    """Nothing is expanded, opened or fetched."""
    with pytest.raises(UnreadableMessage, match="DOCTYPE"):
        understood(document)


@pytest.mark.parametrize("times", [10_000, 1_000_000])
@pytest.mark.parametrize("around", [
    RICH.partition(b"<LegData>")[0] + b"<LegData>",
    b'<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope"><Header>',
], ids=["leg", "header"])  # fmt: skip
def test_deep_nesting_is_refused(around: bytes, times: int) -> None:
    """Within a leg and before it, without recursion."""
    with pytest.raises(UnreadableMessage, match="too deeply"):
        understood(around + b"<a>" * times)


@pytest.mark.parametrize(
    "piece",
    [
        b"<a " + b" ".join(b"a%d=''" % n for n in range(100_000)) + b"/>",
        b"<a " + b" ".join(b"xmlns:a%d='u%d'" % (n, n) for n in range(20_000)) + b"/>",
        b"<PassengerGate>" + b"9" * 3_000_000 + b"</PassengerGate>",
        b"<OperationTime OperationQualifier='BST' TimeType='ACT'>" + b" " * 3_000_000 + b"</OperationTime>",
        b"<!--" + b"x" * 3_000_000 + b"-->",
        b"<a b='" + b"x" * 3_000_000 + b"'/>",
        b"<OperationalStatus>SCH</OperationalStatus>" * 20_000,
        b"<IrregularityDelay/>" * 20_000,
    ],
    ids=["attributes", "namespaces", "text", "blanks", "comment", "attribute", "statuses", "delays"],
)
def test_excess_within_the_limit_does_not_hurt_the_leg(piece: bytes) -> None:
    """What the standard does not know is passed over, and takes no longer than a large message."""
    (found,) = read_or_refused(RICH.replace(b"<LegData>", b"<LegData>" + piece))
    assert found.update.observed["departure_gate"].value == "C73"


def test_a_document_of_empty_elements_only_is_refused() -> None:
    """Bytes are not all that costs."""
    with pytest.raises(UnreadableMessage, match="too many elements"):
        read(RICH.replace(b"<LegData>", b"<LegData>" + b"<a/>" * 250_000), source="aidx:x", received_at=RECEIVED)
