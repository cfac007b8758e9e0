"""Which leg an AIDX FlightLeg is, its times, and when it is refused."""

from datetime import date

import pytest

from chalicelib.flights.identity import LegId
from chalicelib.flights.model import Phase
from tests.unit.flights.aidx_messages import (
    UA1545,
    leg,
    nil,
    notification,
    observed,
    only_leg,
    sent,
    time,
    understood,
    utc,
)


def test_a_leg_is_known_by_its_operating_flight_origin_date_and_origin() -> None:
    """The identity is the LegIdentifier's, and the arrival airport is the scheduled destination."""
    read = only_leg(notification(leg()))
    assert str(read.update.leg) == "UA1545-20250910-EWR"
    assert read.update.observed["destination"].value == "IAH"
    assert (read.index, read.update.source, read.update.attempt) == (1, "aidx:ewr", 1)


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        (UA1545.replace("1545", "0045"), "UA45-20250910-EWR"),
        (UA1545.replace(">UA<", ">TOM<"), "TOM1545-20250910-EWR"),
        (UA1545.replace(">UA<", ">u2<"), "U21545-20250910-EWR"),
        (UA1545.replace("</FlightNumber>", "</FlightNumber><OperationalSuffix>p</OperationalSuffix>"),
         "UA1545P-20250910-EWR"),
        (UA1545.replace("EWR", " ewr\n "), "UA1545-20250910-EWR"),
        (UA1545.replace('"3">EWR', '"6">KEWR'), "UA1545-20250910-EWR"),
        (UA1545.replace('"3">EWR', '"6">K1G4'), "UA1545-20250910-K1G4"),
        (UA1545.replace("2025-09-10<", "2025-09-10Z<"), "UA1545-20250910-EWR"),
        (UA1545.replace("2025-09-10<", "2025-09-10+02:00<"), "UA1545-20250910-EWR"),
        (UA1545.replace("2025-09-10<", "2025-09-10T00:00:00<"), "UA1545-20250910-EWR"),
    ],
)  # fmt: skip
def test_identities_are_normalised(identifier: str, expected: str) -> None:
    """Leading zeros, case, blanks, ICAO codes and zones of dates make no other leg; an unknown ICAO code stays."""
    assert str(only_leg(notification(leg(identifier=identifier))).update.leg) == expected


def test_a_leg_keeps_its_origin_date_when_it_leaves_after_midnight() -> None:
    """OriginDate is the flight's; the times have no say in it."""
    data = time("OFB", "SCT", "2025-09-10T23:50:00-04:00") + time("OFB", "ACT", "2025-09-11T07:00:00Z")
    update = only_leg(notification(leg(data))).update
    assert update.leg == LegId.parse("UA1545-20250910-EWR")
    assert update.leg.date == date(2025, 9, 10)
    assert update.observed["scheduled_out"].value == utc("11T03:50")


@pytest.mark.parametrize(
    ("wrong", "element", "what"),
    [
        (UA1545.replace("2025-09-10<", "2025-02-30<"), "OriginDate", "'2025-02-30'"),
        (UA1545.replace("2025-09-10<", "10SEP25<"), "OriginDate", "'10SEP25'"),
        (UA1545.replace("2025-09-10<", "2025-09-10T23:50:00Z<"), "OriginDate", "'2025-09-10T23:50:00Z'"),
        (UA1545.replace("2025-09-10<", "0001-01-01<"), "OriginDate", "'0001-01-01'"),
        (UA1545.replace("2025-09-10<", "<"), "OriginDate", "missing"),
        (UA1545.replace(">UA<", "><"), "Airline", "missing"),
        (UA1545.replace(">UA<", ">12<"), "Airline", "'12'"),
        (UA1545.replace(">UA<", ">UNITED<"), "Airline", "'UNITED'"),
        (UA1545.replace(">1545<", ">15451<"), "FlightNumber", "'15451'"),
        (UA1545.replace(">1545<", ">UA1545<"), "FlightNumber", "'UA1545'"),
        (UA1545.replace(">1545<", ' xsi:nil="true"><'), "FlightNumber", "missing"),
        (UA1545.replace(">EWR<", ">NEWARK<"), "DepartureAirport", "'NEWARK'"),
        (UA1545.replace(">IAH<", ">I4<"), "ArrivalAirport", "'I4'"),
        (UA1545 + "<OperationalSuffix>PP</OperationalSuffix>", "OperationalSuffix", "'PP'"),
        (UA1545 + "<RepeatNumber>0</RepeatNumber>", "RepeatNumber", "'0'"),
        (UA1545 + "<RepeatNumber>100</RepeatNumber>", "RepeatNumber", "'100'"),
        (UA1545 + "<RepeatNumber>two</RepeatNumber>", "RepeatNumber", "'two'"),
    ],
)
def test_a_leg_without_identity_is_refused(wrong: str, element: str, what: str) -> None:
    """It is said what is wrong, where to the element and line, and what would be right."""
    message = understood(notification(leg(identifier=wrong)))
    assert not message.legs
    (refusal,) = message.refused
    assert refusal.where == f"/IATA_AIDX_FlightLegNotifRQ/FlightLeg[1]/LegIdentifier/{element}"
    assert element in refusal.what
    assert what in refusal.what
    assert refusal.right.startswith("it is ")
    assert refusal.type == "294"
    assert refusal.line is not None
    assert 4 <= refusal.line <= 11


def test_a_leg_without_legidentifier_is_refused() -> None:
    """So is one of general aviation, which no passenger follows."""
    private = "<GeneralAviationLegIdentifier><Airline>GN</Airline></GeneralAviationLegIdentifier>"
    message = understood(notification("<FlightLeg><LegData/></FlightLeg>", f"<FlightLeg>{private}</FlightLeg>"))
    assert [(r.where, r.what) for r in message.refused] == [
        ("/IATA_AIDX_FlightLegNotifRQ/FlightLeg[1]", "LegIdentifier is missing"),
        ("/IATA_AIDX_FlightLegNotifRQ/FlightLeg[2]", "it is a general aviation leg"),
    ]


def test_of_a_batch_the_good_legs_are_taken_and_the_bad_one_named() -> None:
    """One bad leg spoils nothing but itself."""
    bad = UA1545.replace("2025-09-10<", "2025-13-10<")
    message = understood(notification(leg(), leg(identifier=bad), leg(identifier=UA1545.replace("1545", "1546"))))
    assert [(r.index, str(r.update.leg)) for r in message.legs] == [
        (1, "UA1545-20250910-EWR"), (3, "UA1546-20250910-EWR"),
    ]  # fmt: skip
    assert [(r.index, r.leg) for r in message.refused] == [(2, "UA1545 EWR-IAH 2025-13-10")]


def test_oooi_times_are_scheduled_estimated_and_actual() -> None:
    """OFB is out, TKO off, TDN on, ONB in; each at three states."""
    events = {"OFB": "out", "TKO": "off", "TDN": "on", "ONB": "in"}
    states = {"SCT": "scheduled", "EST": "estimated", "ACT": "actual"}
    data = "".join(time(event, state, f"2025-09-10T{n:02}:{m:02}:00Z")
                   for n, event in enumerate(events, 10) for m, state in enumerate(states))  # fmt: skip
    values = observed(data)
    for n, event in enumerate(events.values(), 10):
        for m, state in enumerate(states.values()):
            assert values[f"{state}_{event}"] == utc(f"{n}:{m:02}")


@pytest.mark.parametrize(
    "text",
    ["2025-09-10T10:25:00Z", "2025-09-10T10:25Z", "2025-09-10T06:25:00-04:00", "2025-09-10T12:25:00.000+02:00",
     "2025-09-10T10:25:00.0000000Z", " 2025-09-10T10:25:00z ", "2025-09-10T10:25:00"],
)  # fmt: skip
def test_times_are_read_with_and_without_zone_and_fractions(text: str) -> None:
    """All of these are one instant; a time that names no zone is UTC."""
    assert observed(time("OFB", "SCT", text))["scheduled_out"] == utc("10:25")


def test_a_time_without_zone_is_warned_of() -> None:
    """The leg is taken and the sender told how it was read."""
    read = only_leg(notification(leg(time("OFB", "SCT", "2025-09-10T10:25:00"))))
    assert read.warnings == ("LegData/OperationTime[1]: the time names no zone; read as UTC",)


def test_midnight_may_end_a_day() -> None:
    """XML Schema's 24:00:00 is the next day's first instant."""
    assert observed(time("OFB", "SCT", "24:00"))["scheduled_out"] == utc("11T00:00")


@pytest.mark.parametrize(
    ("times", "field", "expected"),
    [
        (time("OFB", "PLN", "09:00") + time("OFB", "SCT", "10:00"), "scheduled_out", "10:00"),
        (time("OFB", "PLN", "09:00"), "scheduled_out", "9:00"),
        (time("TKO", "CAL", "09:00") + time("TKO", "TAR", "10:00"), "estimated_off", "10:00"),
        (time("TKO", "TAR", "09:00") + time("TKO", "EST", "10:00"), "estimated_off", "10:00"),
        (nil("TKO", "EST") + time("TKO", "CAL", "10:00"), "estimated_off", "10:00"),
        (time("ONB", "EST", "09:00") + time("ONB", "EST", "10:00"), "estimated_in", "10:00"),
    ],
)  # fmt: skip
def test_several_times_for_one_field_have_an_order(times: str, field: str, expected: str) -> None:
    """SCT before PLN; EST before TAR before CAL; a value before nil; of equals the last."""
    assert observed(times)[field] == utc(expected)


def test_a_nil_time_takes_the_former_one_back() -> None:
    """An actual time sent in error disappears, and with it the phase."""
    flight, _ = sent(None, "09:00", time("OFB", "SCT", "10:00") + time("OFB", "ACT", "08:58"))
    assert flight.status.phase is Phase.DEPARTED
    flight, changes = sent(flight, "09:05", nil("OFB", "ACT"))
    assert flight.status.phase is Phase.SCHEDULED
    assert flight.status.actual_out is None
    assert flight.status.scheduled_out == utc("10:00")
    assert [change.field for change in changes] == ["actual_out"]


@pytest.mark.parametrize(
    "text", ["10:25Z", "2025-09-10", "2025-09-10T25:00:00Z", "2025-02-30T10:00:00Z", "soon", "0001-01-01T00:00:00",
             "2025-09-10T10:00:00+99:00", "9999-12-31T23:59:59Z"],
)  # fmt: skip
def test_a_leg_with_an_unreadable_oooi_time_is_refused(text: str) -> None:
    """Half of a leg's times would mislead; the place is the OperationTime's."""
    message = understood(notification(leg(time("OFB", "SCT", "10:00") + time("ONB", "EST", text))))
    assert not message.legs
    (refusal,) = message.refused
    assert refusal.where == "/IATA_AIDX_FlightLegNotifRQ/FlightLeg[1]/LegData/OperationTime[2]"
    assert refusal.what == f"ONB EST is {text!r}, no date and time"
    assert refusal.leg == "UA1545 EWR-IAH 2025-09-10"


def test_times_that_mean_nothing_here_are_passed_over() -> None:
    """Unknown qualifiers and types are no error, whatever they hold; a lone malformed event costs a warning."""
    data = time("CMA", "CAL", "x", "ZZZ") + time("OFB", "XYZ", "x") + time("ATO", "ACT", "x", "0000")
    assert set(observed(data)) == {"destination", "shown"}
    read = only_leg(notification(leg(time("BST", "ACT", "soon") + time("OFB", "", "10:00"))))
    assert "stage" not in read.update.observed
    assert [w.partition(":")[0] for w in read.warnings] == ["LegData/OperationTime[1]", "LegData/OperationTime[2]"]


def test_a_message_states_only_what_it_holds() -> None:
    """An arrival airport's message says nothing of the departure, and an empty one nothing but where it goes."""
    assert set(observed(time("ONB", "SCT", "13:00"))) == {"destination", "shown", "scheduled_in"}


def test_an_observation_is_as_old_as_its_message() -> None:
    """The message's TimeStamp is the instant at which everything in it was so."""
    update = only_leg(notification(leg(), attributes='TimeStamp="2025-09-10T11:00:00+02:00"')).update
    assert {o.at for o in update.observed.values()} == {utc("9:00")}
