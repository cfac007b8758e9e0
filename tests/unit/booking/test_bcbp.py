"""The text of boarding passes: by published examples, by the layout, and read by a parser that is not ours."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.booking import bcbp
from chalicelib.booking.bcbp import Issue, Leg, Security, Ticket
from chalicelib.core.errors import Invalid
from tests.unit.booking.bcbp_parser import parse

# Resolution 792, attachment B, as the tests of KDE's KItinerary and of Rust's iata_bcbp reproduce it. Days 326, 327 and
# 339 are of 2011, when the examples were issued.
LUC = Leg("ABC123", "YUL", "FRA", "AC", 834, date(2011, 11, 22), "J", "1A", 25)
LUC_WITH_BAGS = replace(
    LUC,
    locator="AB12C3",
    seat="3A",
    sequence=27,
    ticket=Ticket("0141234567890", " ", "1", "AC", "AC", "1234567890123", " ", "4PC", "Y"),
    airline_use="LX58Z",
)
LUC_ON = Leg(
    "DEF456", "FRA", "GVA", "LH", 3664, date(2011, 11, 23), "C", "12C", 2,
    ticket=Ticket("0140987654321", " ", "1", "AC", "AC", "1234567890123", " ", "3PC", "N"), airline_use="WQ",
)  # fmt: skip
ISSUE = Issue("1", "W", "W", date(2011, 11, 21), "B", "AC", ("0014123456002", "0014123467001", "0014123478901"))
SIGNED = Security("1", "ABCDEFGH")
ONE = "M1DESMARAIS/LUC       EABC123 YULFRAAC 0834 326J001A0025 100"
ONE_B = "M1DESMARAIS/LUC       EABC123 YULFRAAC 0834 226F001A0025 100"
TWO = (
    "M1DESMARAIS/LUC       EAB12C3 YULFRAAC 0834 326J003A0027 167>5321WW1325BAC 001412345600200141234670010014123478901"
    "2A0141234567890 1AC AC 1234567890123    4PCYLX58Z^108ABCDEFGH"
)
FOUR = (
    "M2DESMARAIS/LUC       EAB12C3 YULFRAAC 0834 326J003A0027 167>5321WW1325BAC 001412345600200141234670010014123478901"
    "2A0141234567890 1AC AC 1234567890123    4PCYLX58ZDEF456 FRAGVALH 3664 327C012C0002 12E2A"
    "0140987654321 1AC AC 1234567890123    3PCNWQ^108ABCDEFGH"
)


@pytest.mark.parametrize(
    ("example", "legs", "issue", "security"),
    [
        (ONE, [LUC], None, None),
        (ONE_B, [replace(LUC, departs_on=date(2011, 8, 14), compartment="F")], None, None),
        (TWO, [LUC_WITH_BAGS], ISSUE, SIGNED),
        (FOUR, [LUC_WITH_BAGS, LUC_ON], ISSUE, SIGNED),
    ],
)
def test_published_examples_are_written_to_the_letter(example, legs, issue, security):
    """Attachment B: one leg without and with conditional items, two legs, signed."""
    assert bcbp.encode("DESMARAIS/LUC", legs, issue, security, version=5) == example


def test_a_ticket_is_told_without_an_issue():
    """Examples 3 and 5 of attachment B, up to their signature, whose length is wrong as published."""
    frequent = Ticket("0571234567890", " ", " ", "AF", "AF", "1234567890123456", " ", "", "Y")
    out = Leg("ABC123", "GVA", "CDG", "AF", 123, date(2011, 12, 5), "C", "2F", 25, ticket=frequent)
    back = replace(
        out, locator="DEF456", origin="CDG", destination="DTW", carrier="NW", number=49, compartment="F", seat="1A",
        sequence=2, ticket=Ticket("0120987654321", "0", "1", free_bags="2PC"),
    )  # fmt: skip
    three = (
        "M1GRANDMAIRE/MELANIE  EABC123 GVACDGAF 0123 339C002F0025 130>5002A0571234567890  AF AF 1234567890123456    Y"
    )
    assert bcbp.encode("GRANDMAIRE/MELANIE", [out], version=5) == three
    two = bcbp.encode("GRANDMAIRE/MELANIE", [out, back], version=5)
    assert two.startswith("M2" + three[2:] + "DEF456 CDGDTWNW 0049 339F001A0002 12C2A0120987654321")
    assert two.endswith("2PC ")


LEGS = st.builds(
    Leg,
    locator=st.text("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", min_size=6, max_size=6),
    origin=st.sampled_from(["EWR", "JFK", "LGA"]),
    destination=st.sampled_from(["LAX", "SJU", "ORD"]),
    carrier=st.sampled_from(["UA", "B6", "9E"]),
    number=st.integers(1, 9999),
    departs_on=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    compartment=st.sampled_from("FJYMQ"),
    seat=st.builds("{}{}".format, st.integers(1, 60), st.sampled_from("ABCDEF")) | st.just("INF"),
    sequence=st.none() | st.integers(1, 999),
    suffix=st.sampled_from(["", "P"]),
    ticket=st.none()
    | st.builds(
        Ticket,
        number=st.from_regex(r"[0-9]{13}", fullmatch=True),
        marketing_carrier=st.sampled_from(["", "UA"]),
        free_bags=st.sampled_from(["", "1PC"]),
    ),
)
NAMES = st.from_regex(r"[A-Z]{1,9}/[A-Z]{1,10}", fullmatch=True)
ISSUES = st.none() | st.builds(
    Issue,
    description=st.sampled_from(bcbp.Description),
    issued_on=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    issuer=st.sampled_from(["UA", "B6"]),
    bag_tags=st.lists(st.from_regex(r"[0-9]{13}", fullmatch=True), max_size=3).map(tuple),
)


def read(text):
    """A text by the layout of the Resolution, in order, with nothing left over."""

    def take(width):
        nonlocal at
        at += width
        assert at <= len(text)
        return text[at - width : at]

    at = 0
    assert take(1) == "M"
    count = int(take(1))
    told = {"name": take(20).strip(), "e": take(1), "legs": []}
    for place in range(count):
        leg = [take(width).strip() for width in (7, 3, 3, 3, 5, 3, 1, 4, 5, 1)]
        end = int(take(2), 16) + at
        ticket = ""
        if end > at:
            if place == 0:
                assert take(2) == f">{bcbp.VERSION}"
                told["issue"] = take(int(take(2), 16))
            ticket = take(int(take(2), 16))
        leg += [ticket[:13], take(end - at)]
        told["legs"].append(leg)
    assert at == len(text)
    return told


@given(NAMES, st.lists(LEGS, min_size=1, max_size=4), ISSUES)
def test_every_pass_has_the_layout_of_the_resolution(name, legs, issue):
    """Sizes add up, and every field stands where it belongs."""
    told = read(bcbp.encode(name, legs, issue))
    assert (told["name"], told["e"]) == (name, "E")
    for leg, found in zip(legs, told["legs"], strict=True):
        seat = leg.seat if leg.seat == "INF" else leg.seat.zfill(4)
        assert found == [
            leg.locator, leg.origin, leg.destination, leg.carrier, f"{leg.number:04}{leg.suffix}",
            f"{leg.departs_on.timetuple().tm_yday:03}", leg.compartment, seat,
            f"{leg.sequence:04}" if leg.sequence else "", "1", leg.ticket.number if leg.ticket else "", "",
        ]  # fmt: skip


def test_passes_are_read_by_another_parser():
    """What it says of name, flights, seats and tickets is what we wrote, of 200 passes."""
    passes = []

    @settings(max_examples=200, database=None, suppress_health_check=list(HealthCheck))
    @given(NAMES, st.lists(LEGS, min_size=1, max_size=4), ISSUES)
    def collect(name, legs, issue):
        passes.append((name, legs, issue))

    collect()
    told = parse([bcbp.encode(*each) for each in passes])
    assert len(told) >= 200
    for (name, legs, issue), found in zip(passes, told, strict=True):
        data = found["data"]
        assert data["passengerName"] == name
        if issue:
            assert data["passengerDescription"] == issue.description
            assert data["issuanceDate"][:10] == str(issue.issued_on)
            tags = ("baggageTagNumber", "firstBaggageTagNumber", "secondBaggageTagNumber")
            assert [data[tag] for tag in tags if data.get(tag)] == list(issue.bag_tags)
        for leg, read_leg in zip(legs, data["legs"], strict=True):
            assert read_leg["operatingCarrierPNR"] == leg.locator
            assert read_leg["departureAirport"] == leg.origin
            assert read_leg["arrivalAirport"] == leg.destination
            assert read_leg["operatingCarrierDesignator"] == leg.carrier
            assert read_leg["flightNumber"] == f"{leg.number:04}{leg.suffix}"
            assert read_leg["flightDate"][5:10] == f"{leg.departs_on:%m-%d}"  # it supposes a year
            assert read_leg["compartmentCode"] == leg.compartment
            assert read_leg["seatNumber"].lstrip("0") == leg.seat
            if leg.ticket:
                assert read_leg["airlineNumericCode"] + read_leg["serialNumber"] == leg.ticket.number


@pytest.mark.parametrize(
    ("legs", "said"),
    [
        ([], "1 to 4 legs"),
        ([LUC] * 5, "1 to 4 legs"),
        ([replace(LUC, locator="ABCD1234")], "locator"),
        ([replace(LUC, number=12345, suffix="P")], "flight number"),
        ([replace(LUC, seat="1234A")], "seat"),
        ([replace(LUC, airline_use="X" * 256)], "255"),
        ([replace(LUC, compartment="É")], "A to Z"),
        ([replace(LUC, compartment="\n")], "A to Z"),
    ],
)
def test_what_does_not_fit_is_no_pass(legs, said):
    """Rather none than one that a gate reads wrongly."""
    with pytest.raises(Invalid, match=said):
        bcbp.encode("DESMARAIS/LUC", legs)


def test_a_pass_holds_three_bag_tags():
    """And a name of twenty characters."""
    with pytest.raises(Invalid, match="three bag tags"):
        bcbp.encode("DESMARAIS/LUC", [LUC], replace(ISSUE, bag_tags=("1",) * 4))
    with pytest.raises(Invalid, match="the name"):
        bcbp.encode("GRANDMAIRE/MELANIECHA", [LUC])
