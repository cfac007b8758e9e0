"""Real AIDX messages, where they are at hand: they are not part of this project."""

from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from chalicelib.flights.feeds.aidx import LegRead, Message, read
from chalicelib.flights.feeds.aidx.answer import respond
from chalicelib.flights.model import Phase, apply

SAMPLES = Path(__file__).parents[3].parent / "shared" / "samples"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample messages are not at hand")

RECEIVED = datetime(2026, 1, 1, tzinfo=UTC)


def message(name: str) -> Message:
    return read((SAMPLES / name).read_bytes(), source="aidx:sample", received_at=RECEIVED)


def seen(leg: LegRead) -> tuple[str, Phase, dict[str, object]]:
    """A leg's identity, phase, and what was observed of it, times as `10T10:25`."""
    values = {name: o.value.strftime("%dT%H:%M") if isinstance(o.value, datetime) else o.value
              for name, o in leg.update.observed.items()}  # fmt: skip
    return str(leg.update.leg), apply(None, leg.update)[0].status.phase, values


WSI = {"shown": "shown", "diverted_to": None}
ARRIVAL = WSI | {"arrival_terminal": "1"}
DEPARTURE = WSI | {"departure_terminal": "1"}


@pytest.mark.parametrize(
    ("name", "leg", "phase", "delay", "observed"),
    [
        ("Arrival_ETA_LATE_30MIN_STA", "JQ355-20250910-DRW", Phase.SCHEDULED, 30, ARRIVAL | {
            "destination": "WSI", "scheduled_in": "10T10:00", "estimated_in": "10T10:30", "arrival_gate": "20B",
            "arrival_stand": "20R", "belt": "RE03", "aircraft_type": "73W", "onward": "JQ355-20250910-WSI"}),
        ("Arrival_ETA_LESS_10MIN_STA", "JQ155-20250910-CNS", Phase.SCHEDULED, -10, ARRIVAL | {
            "destination": "WSI", "scheduled_in": "10T09:30", "estimated_in": "10T09:20", "arrival_gate": "22A",
            "arrival_stand": "22L", "belt": "RE02", "aircraft_type": "320", "onward": "JQ156-20250910-WSI"}),
        ("Arrival_with_OperationTime_TDN_landed", "VA419-20250908-HBA", Phase.LANDED, 0, ARRIVAL | {
            "destination": "WSI", "scheduled_in": "08T04:30", "estimated_in": "08T04:30", "actual_on": "08T04:20",
            "arrival_gate": "19B", "arrival_stand": "19R", "belt": "RE02", "aircraft_type": "73W",
            "onward": "VA419-20250908-WSI"}),
        ("Departure_ETD_LATE_10MIN_STD", "JQ256-20250910-WSI", Phase.SCHEDULED, 10, DEPARTURE | {
            "destination": "OOL", "scheduled_out": "10T10:15", "estimated_out": "10T10:25", "departure_gate": "19B",
            "departure_stand": "19R", "aircraft_type": "320", "inbound": "JQ255-20250910-OOL"}),
        ("Departure_with_OperationTime_GTO_Gate_Open_XMIDS", "VA619-20250908-WSI", Phase.CHECK_IN, 0, DEPARTURE | {
            "destination": "MEL", "scheduled_out": "08T07:30", "estimated_out": "08T07:30", "departure_gate": "19B",
            "departure_stand": "19R", "aircraft_type": "320", "inbound": "VA619-20250908-OOL",
            "codeshares": ("VA6199",), "stage": "check-in"}),
        ("Departure_with_OperationTime_and_Resource_OFB_TKO", "QF215-20250905-WSI", Phase.AIRBORNE, 0, DEPARTURE | {
            "destination": "DXB", "scheduled_out": "05T10:00", "estimated_out": "05T10:00", "actual_out": "05T10:00",
            "actual_off": "05T10:10", "departure_gate": "24A", "departure_stand": "24L", "aircraft_type": "77L",
            "inbound": "QF215-20250905-MEL"}),
        ("Departure_with_OperationalStatus_DX_Cancelled", "QF473-20250905-WSI", Phase.CANCELLED, 0, DEPARTURE | {
            "destination": "BNE", "scheduled_out": "05T11:00", "estimated_out": "05T11:00", "departure_gate": "23B",
            "departure_stand": "23R", "aircraft_type": "73W", "cancelled": True}),
        ("JQ355_Departure_Gate_19A", "JQ355-20250910-WSI", Phase.SCHEDULED, 0, DEPARTURE | {
            "destination": "ADL", "scheduled_out": "10T11:00", "estimated_out": "10T11:00", "departure_gate": "19A",
            "departure_stand": "19L", "aircraft_type": "73W", "inbound": "JQ355-20250910-DRW"}),
    ],
)  # fmt: skip
def test_western_sydney(name: str, leg: str, phase: Phase, delay: int, observed: dict[str, object]) -> None:
    """Amadeus' airport system, 22.1: one leg a message, its FIDS status in an extension."""
    found = message(f"aidx_wsi/{name}.xml")
    (read_leg,) = found.legs
    assert (found.version, found.soap, found.refused, found.warnings, read_leg.warnings) == ("22.1", None, [], [], ())
    assert seen(read_leg) == (leg, phase, observed)
    status = apply(None, read_leg.update)[0].status
    assert (status.departure_delay if "scheduled_out" in observed else status.arrival_delay) == delay


def test_jq355_is_two_legs_of_one_number_and_date() -> None:
    """Each is the other's inbound or onward leg."""
    arrival, departure = (
        message(f"aidx_wsi/{name}.xml").legs[0].update
        for name in ("Arrival_ETA_LATE_30MIN_STA", "JQ355_Departure_Gate_19A")
    )
    assert arrival.leg != departure.leg
    assert arrival.observed["onward"].value == str(departure.leg)
    assert departure.observed["inbound"].value == str(arrival.leg)


@pytest.mark.parametrize("name", ["lgw", "lgwWith0Pax"])
def test_gatwick(name: str) -> None:
    """15.1, prefixed, a suffix to the number, times out of order, a TimeStamp without zone, no FlightSequence."""
    found = message(f"aidx_gatwick/{name}.xml")
    assert (found.version, found.target, found.echo_token, found.sequence_number) == ("15.1", "Test", "0", 1)
    assert found.time_stamp == datetime(2018, 6, 7, 11, 24, 57, tzinfo=UTC)
    assert found.warnings == ["@TimeStamp: names no zone; read as UTC"]
    (leg,) = found.legs
    assert seen(leg) == ("VS808P-20180603-LHR", Phase.ARRIVED, {
        "destination": "LGW", "scheduled_in": "03T19:50", "estimated_in": "03T19:37", "estimated_on": "03T19:28",
        "actual_on": "03T19:30", "actual_in": "03T19:36", "arrival_terminal": "2", "aircraft_type": "346",
        "registration": "GVFIZ", "onward": "VS809P-20180607-LGW", "shown": "shown"})  # fmt: skip


def test_birmingham() -> None:
    """SOAP, 16.1: gate 0 is none, nil elements, the state in RemarkFreeText alone."""
    found = message("aidx_soap/BHXFeedSpec_1.xml")
    assert found.soap == "http://schemas.xmlsoap.org/soap/envelope/"
    assert found.time_stamp == datetime(2019, 7, 25, 8, 13, 19, 401474, tzinfo=UTC)
    assert [seen(leg) for leg in found.legs] == [("SN1234-20190805-TST", Phase.ARRIVED, {
        "destination": "BHX", "scheduled_in": "01T23:00", "arrival_terminal": "1", "arrival_gate": None,
        "arrival_stand": "5", "stage": "arrived", "shown": "shown"})]  # fmt: skip


def test_cardiff() -> None:
    """Four codeshares, terminal T1, last bag."""
    assert [seen(leg) for leg in message("aidx_soap/CWLFeedSpec_1.xml").legs] == [
        ("AA1234-20241223-CDG", Phase.ARRIVED, {
            "destination": "CWL", "scheduled_in": "23T09:45", "estimated_in": "23T09:55", "actual_on": "23T09:52",
            "actual_in": "23T09:59", "arrival_terminal": "1", "arrival_gate": "10", "arrival_stand": "10", "belt": "A",
            "aircraft_type": "E90", "registration": "PHEZY", "shown": "shown",
            "codeshares": ("DL1111", "EY2222", "KQ3333", "VS4444")}),
    ]  # fmt: skip


def test_london_city() -> None:
    """13.2: two legs, airlines by their ICAO codes."""
    found = message("aidx_soap/LCYClientSpec_1.xml")
    assert found.version == "13.2"
    assert [seen(leg)[:2] for leg in found.legs] == [
        ("MMD5055-20191118-SGD", Phase.ARRIVED), ("AFP24-20191203-TOJ", Phase.ARRIVED),
    ]  # fmt: skip
    values = seen(found.legs[0])[2]
    assert (values["actual_on"], values["actual_in"], values["belt"]) == ("18T12:47", "18T12:49", "03")


def test_every_sample_is_understood_and_answered() -> None:
    """None refused, none answered but with success, envelope for envelope."""
    files = sorted(SAMPLES.glob("aidx_*/*.xml"))
    assert files
    for file in files:
        found = message(str(file.relative_to(SAMPLES)))
        assert found.legs or found.notices, file.name
        assert not found.refused, file.name
        answer = fromstring(respond(found, [], RECEIVED))
        assert answer.find(".//{http://www.iata.org/IATA/2007/00}Success") is not None, file.name
        assert answer.tag.endswith("Envelope") == bool(found.soap), file.name
