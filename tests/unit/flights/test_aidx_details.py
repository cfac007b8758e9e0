"""Gates and the like, delay codes, codeshares, the aircraft and its other legs in AIDX."""

from datetime import UTC, datetime

import pytest

from chalicelib.flights.model import DelayCode
from tests.unit.flights.aidx_messages import leg, notification, observed, only_leg, time


def test_places_of_both_ends_are_read() -> None:
    """Gate, terminal, stand; the belt passengers wait at, not the one bags are made up on."""
    values = observed("""
      <AirportResources Usage="Planned">
        <Resource DepartureOrArrival="Departure">
          <AircraftParkingPosition Qualifier="Gate">73L</AircraftParkingPosition>
          <PassengerGate RepeatIndex="1">C73</PassengerGate><AircraftTerminal>C</AircraftTerminal>
          <BaggageMakeupBelt>MU05</BaggageMakeupBelt>
        </Resource>
        <Resource DepartureOrArrival="Arrival">
          <AircraftParkingPosition Qualifier="Gate">E6</AircraftParkingPosition>
          <PassengerGate>E6</PassengerGate><PublicTerminal>T2</PublicTerminal>
          <BaggageClaimUnit RepeatIndex="1">7</BaggageClaimUnit>
        </Resource>
      </AirportResources>""")
    expected = {"departure_gate": "C73", "departure_terminal": "C", "departure_stand": "73L",
                "arrival_gate": "E6", "arrival_terminal": "2", "arrival_stand": "E6", "belt": "7"}  # fmt: skip
    assert {name: values[name] for name in expected} == expected


def place(usage: str, inner: str, end: str = "Departure") -> str:
    return (
        f'<AirportResources Usage="{usage}"><Resource DepartureOrArrival="{end}">{inner}</Resource></AirportResources>'
    )


@pytest.mark.parametrize(
    ("data", "field", "expected"),
    [
        (place("Planned", "<PassengerGate>1</PassengerGate>") + place("Actual", "<PassengerGate>2</PassengerGate>"),
         "departure_gate", "2"),
        (place("Actual", "<PassengerGate>2</PassengerGate>") + place("Planned", "<PassengerGate>1</PassengerGate>"),
         "departure_gate", "2"),
        (place("Planned", "<PassengerGate>1</PassengerGate>") + place("Actual", '<PassengerGate xsi:nil="true"/>'),
         "departure_gate", "1"),
        (place("Actual", '<PassengerGate RepeatIndex="2">B</PassengerGate>'
               '<PassengerGate RepeatIndex="1">A</PassengerGate>'), "departure_gate", "A"),
        (place("Actual", "<PassengerGate>0</PassengerGate>"), "departure_gate", None),
        (place("Actual", '<PassengerGate xsi:nil="true"/>'), "departure_gate", None),
        (place("Actual", "<PassengerGate/>", "Arrival"), "arrival_gate", None),
        (place("Actual", '<PassengerGate xsi:nil="1">9</PassengerGate>'), "departure_gate", None),
        (place("Actual", "<AircraftTerminal>M</AircraftTerminal><PublicTerminal>5</PublicTerminal>"),
         "departure_terminal", "5"),
        (place("Actual", "<AircraftTerminal>t1</AircraftTerminal>"), "departure_terminal", "1"),
        (place("Actual", "<AircraftTerminal>Terminal 2E</AircraftTerminal>"), "departure_terminal", "2E"),
        (place("Actual", "<AircraftTerminal>TE</AircraftTerminal>"), "departure_terminal", "TE"),
        (place("Actual", '<BaggageClaimUnit RepeatIndex="2">8</BaggageClaimUnit><BaggageClaimUnit RepeatIndex="1">7'
               "</BaggageClaimUnit>", "Arrival"), "belt", "7"),
        (place("Actual", '<BaggageClaimUnit xsi:nil="1"/>', "Arrival"), "belt", None),
    ],
)  # fmt: skip
def test_the_public_place_is_chosen(data: str, field: str, expected: str | None) -> None:
    """Actual before planned, first before second, public before operational; 0 is no gate, nil and empty clear."""
    assert observed(data)[field] == expected


def test_a_place_no_sign_could_show_is_passed_over() -> None:
    """A gate of 21 characters costs a warning, not the leg."""
    read = only_leg(notification(leg(place("Actual", f"<PassengerGate>{'9' * 21}</PassengerGate>"))))
    assert "departure_gate" not in read.update.observed
    assert "too long" in read.warnings[0]


def delay(code: str, duration: str = "") -> str:
    inner = f"<Duration>{duration}</Duration>" if duration else ""
    return f"""
      <IrregularityDelay DepartureOrArrival="Departure"><ReasonCode>{code}</ReasonCode>{inner}</IrregularityDelay>"""


def test_delay_codes_keep_their_scheme() -> None:
    """AHM 730 in digits or letters with or without sub-code, AHM 732 in three letters; minutes where given."""
    data = delay("93", "PT2H15M") + delay("6") + delay("WO", "PT45S") + delay("41C", "P1D") + delay("MKA", "PT90M")
    assert observed(data)["delay_codes"] == (
        DelayCode("93", "AHM730", 135), DelayCode("06", "AHM730"), DelayCode("WO", "AHM730", 0),
        DelayCode("41C", "AHM730", 1440), DelayCode("MKA", "AHM732", 90),
    )  # fmt: skip


def test_delays_that_cannot_be_read_cost_no_more_than_themselves() -> None:
    """A bad duration leaves the code; a bad code leaves the others, and does not clear what was known."""
    read = only_leg(notification(leg(delay("93", "2 hours") + delay("9999", "PT5M") + delay("71", "-PT5M"))))
    assert read.update.observed["delay_codes"].value == (DelayCode("93"), DelayCode("71"))
    assert len(read.warnings) == 3
    assert "delay_codes" not in observed(delay("????"))


def test_nil_delays_and_codeshares_clear() -> None:
    """Elements that are there and say nothing take back what was said."""
    values = observed('<IrregularityDelay xsi:nil="true"/><CodeShareInfo xsi:nil="true"/>')
    assert values["delay_codes"] is None
    assert values["codeshares"] is None


def test_codeshares_are_sorted_and_unique() -> None:
    """Numbers normalised as any other, the operating one left out."""

    def share(airline: str, number: str) -> str:
        return f"<CodeShareInfo><Airline>{airline}</Airline><FlightNumber>{number}</FlightNumber></CodeShareInfo>"

    data = share("NH", "7201") + share("LH", "0409") + share("NH", "7201") + share("UA", "1545")
    assert observed(data)["codeshares"] == ("LH409", "NH7201")
    read = only_leg(notification(leg(share("AC", "1") + share("U", "2123") + share("AC", ""))))
    assert read.update.observed["codeshares"].value == ("AC1",)
    assert len(read.warnings) == 2
    assert "codeshares" not in observed(share("U", "2123"))  # nor does it clear what was known
    assert len(observed("".join(share("AC", str(n)) for n in range(1000)))["codeshares"]) == 50  # type: ignore[arg-type] # a tuple


def test_the_aircraft_is_known_by_registration_and_iata_type() -> None:
    """The tail number stands in; a nil one says nothing of a registration that is not mentioned."""

    def aircraft(inner: str) -> dict[str, object]:
        return observed(f"<AircraftInfo>{inner}</AircraftInfo>")

    both = '<AircraftType CodeContext="6">B738</AircraftType><AircraftType CodeContext="3">738</AircraftType>'
    values = aircraft(both + '<Registration>n76288</Registration><TailNumber xsi:nil="true"/>')
    assert (values["aircraft_type"], values["registration"]) == ("738", "N76288")
    assert aircraft("<TailNumber>N762</TailNumber>")["registration"] == "N762"
    assert aircraft('<Registration xsi:nil="true"/>')["registration"] is None
    assert not {"registration", "aircraft_type"} & set(
        aircraft('<TailNumber xsi:nil="true"/><AircraftType>ZZZ</AircraftType>')
    )


def linked(sequence: str, airline: str, number: str, route: str, day: str = "2025-09-10") -> str:
    origin, destination = route.split("-")
    return f"""
      <AssociatedFlightLegAircraft {f'FlightSequence="{sequence}"' if sequence else ""}>
        <Airline CodeContext="3">{airline}</Airline><FlightNumber>{number}</FlightNumber>
        <DepartureAirport>{origin}</DepartureAirport><ArrivalAirport>{destination}</ArrivalAirport>
        <OriginDate>{day}</OriginDate>
      </AssociatedFlightLegAircraft>"""


def test_linked_legs_are_where_the_aircraft_comes_from_and_goes_to() -> None:
    """Upline is inbound, downline onward; the same number on the same date is another leg by its airport."""
    values = observed(linked("upline", "UA", "1545", "BOS-EWR") + linked("downline", "UA", "0077", "IAH-LAX"))
    assert values["inbound"] == "UA1545-20250910-BOS"
    assert values["onward"] == "UA77-20250910-IAH"


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (linked("", "UA", "9", "BOS-EWR"), {"inbound": "UA9-20250910-BOS"}),
        (linked("", "UA", "9", "IAH-LAX"), {"onward": "UA9-20250910-IAH"}),
        (linked("", "UA", "9", "IAH-EWR", "2025-09-09"), {"inbound": "UA9-20250909-IAH"}),
        (linked("", "UA", "9", "IAH-EWR", "2025-09-11"), {"onward": "UA9-20250911-IAH"}),
        (linked("", "UA", "9", "IAH-EWR"), {}),
        (linked("", "UA", "9", "LAX-SFO"), {}),
        (linked("upline", "UA", "1545", "EWR-IAH"), {}),
        (linked("upline", "", "9", "BOS-EWR"), {}),
        (linked("upline", "UA", "9", "BOS-EWR", ""), {}),
        ('<AssociatedFlightLegAircraft FlightSequence="upline" xsi:nil="true"/>', {"inbound": None}),
    ],
)
def test_links_without_a_sequence_are_inferred_or_left_out(link: str, expected: dict[str, str | None]) -> None:
    """By airports, then by days; what stays open, or names no other leg in full, is no link."""
    values = observed(link)
    assert {name: values[name] for name in ("inbound", "onward") if name in values} == expected


def test_warnings_of_one_leg_have_a_limit() -> None:
    """Twenty tell the sender as much as a million."""
    assert len(only_leg(notification(leg(time("BST", "ACT", "x") * 1000))).warnings) == 20


def test_the_instant_of_a_leg_is_aware_and_utc() -> None:
    """Whatever zone the message wrote."""
    update = only_leg(notification(leg(time("OFB", "SCT", "2025-09-10T10:00:00+05:30")))).update
    scheduled = update.observed["scheduled_out"].value
    assert isinstance(scheduled, datetime)
    assert scheduled.tzinfo is UTC
