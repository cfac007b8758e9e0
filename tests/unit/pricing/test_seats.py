"""Cabins and configurations: which seats there are, and with what each leg of the day flies."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import NotFound
from chalicelib.flights.feeds.replay import timetable
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.pricing import seats
from chalicelib.pricing.seats import Cabin, Position, SeatMap, configuration_of, seat_map

DAY = date(2026, 12, 1)
TYPES = sorted(seats._data()["types"])
FLEET = sorted({configuration_of(leg) for leg in timetable(DAY)})
SOLD_IN_FRONT = ("A321-199", "B762-255", "B764-292", "A332-377")


@dataclass(frozen=True)
class Leg:
    """What is known of a leg that no timetable holds."""

    leg: LegId
    registration: str | None = None
    aircraft_type: str | None = None


def flown_by(carrier: str, registration: str | None = None, aircraft_type: str | None = None) -> str:
    """The configuration of such a leg."""
    return configuration_of(Leg(LegId(FlightNumber(carrier, 1), DAY, "JFK"), registration, aircraft_type))


def sizes() -> st.SearchStrategy[str]:
    """Configurations of every type, in sizes that it has or might have."""
    most = {"light": 12, "jet": 30, "erj": 60, "crj": 110, "e_jet": 120}
    return st.sampled_from(TYPES).flatmap(
        lambda name: st.builds(
            lambda size, one: f"{name}-{size}{one}",
            st.integers(1, most.get(seats._data()["types"][name]["layout"], 400)),
            st.sampled_from(["", "Y"]),
        )
    )


def test_every_leg_has_exactly_the_seats_of_its_aircraft() -> None:
    """A leg whose aircraft is listed has as many seats as the table says; 183 departures are not listed."""
    lines = Path(seats.__file__).with_name("aircraft.csv").read_text().splitlines()[2:]
    table = {line.split(",")[0]: int(line.split(",")[2]) for line in lines}
    unlisted = 0
    for leg in timetable(DAY):
        size = len(seat_map(configuration_of(leg)).seats)
        if leg.registration in table:
            assert size == table[leg.registration], leg
        else:
            unlisted += not leg.derived
    assert unlisted == 183


@pytest.mark.parametrize(
    ("carrier", "registration", "aircraft_type", "configuration"),
    [
        ("UA", "N18223", "B738", "B738-149"),
        ("UA", "N18223", None, "B738-149"),
        ("UA", "N00000", "B764", "B764-242"),
        ("UA", None, "A20N", "B752-178"),
        ("AA", None, None, "B738-160"),
        ("MQ", "N500MQ", None, "E145-50Y"),
        ("B6", None, None, "A320-200Y"),
        ("ZZ", None, None, "A320-150"),
    ],
)
def test_an_aircraft_that_is_not_listed_has_a_documented_size(
    carrier: str, registration: str | None, aircraft_type: str | None, configuration: str
) -> None:
    """By its registration, else by its type, else the carrier's usual one; one cabin where the carrier sells one."""
    assert flown_by(carrier, registration, aircraft_type) == configuration


def test_every_default_can_be_laid_out() -> None:
    """So can each carrier's usual configuration, and each type in its usual size."""
    defaults = seats._data()["defaults"]
    names = [defaults["any"], *defaults["carriers"].values()]
    names += [f"{name}-{data['usual']}" for name, data in seats._data()["types"].items()]
    for name in names:
        assert len(seat_map(name).seats) == int(name.split("-")[1])
    assert {leg.leg.flight.carrier for leg in timetable(DAY)} <= set(defaults["carriers"])


@given(sizes())
def test_a_map_has_the_seats_it_is_asked_for(name: str) -> None:
    """Exactly so many, no two of one number, row by row and cabin by cabin from the front; the same again."""
    try:
        laid = seat_map(name)
    except NotFound:  # more rows than any aircraft has, or fewer seats than the cabins in front take
        return
    assert len(laid.seats) == int(name.split("-")[1].rstrip("Y"))
    assert len(laid.index) == len(laid.seats)
    assert [laid.seats[at].number for at in laid.index.values()] == list(laid.index)
    assert [cabin for cabin, _ in groupby(seat.cabin for seat in laid.seats)] == list(laid.cabins)
    assert [*laid.cabins] == [cabin for cabin in Cabin if laid.of(cabin)]
    assert all(a.row < b.row or (a.row == b.row and a.letter < b.letter) for a, b in pairwise(laid.seats))
    assert {seat.row for seat in laid.seats}.isdisjoint({0, 13})
    seats._laid_out.cache_clear()
    assert seat_map(name).seats == laid.seats


@pytest.mark.parametrize("name", FLEET)
def test_only_the_last_row_of_a_cabin_is_short(name: str) -> None:
    """Every other row has all letters of its cabin, each at its place."""
    laid = seat_map(name)
    for cabin in laid.cabins:
        letters = laid.letters[cabin].replace(" ", "")
        rows = ["".join(s.letter for s in row) for _, row in groupby(laid.of(cabin), key=lambda seat: seat.row)]
        assert set(rows[:-1]) <= {letters}
        assert letters.startswith(rows[-1])


def test_a_seat_knows_where_in_its_row_it_is() -> None:
    """At a window, at an aisle, or between two others."""

    def row(laid: SeatMap, number: int) -> str:
        return "".join(seat.position[0] for seat in laid.seats if seat.row == number)

    assert row(seat_map("B738-149"), 1) == "waaw"
    assert row(seat_map("B738-149"), 20) == "wmaamw"
    assert row(seat_map("A332-377"), 30) == "waammaaw"
    assert row(seat_map("E145-55"), 5) == "waw"
    assert {seat.position for seat in seat_map("P28A-4").seats} == {Position.WINDOW}


def test_exits_are_over_the_wing_and_have_room() -> None:
    """Rows of economy, neither the first nor the last; more legroom there, and in the rows in front.

    14 CFR 121.585(a)(1)(i): between two aisles no seat is an exit seat.
    """
    for name in FLEET:
        laid = seat_map(name)
        exits = {seat.row for seat in laid.of(Cabin.ECONOMY) if seat.exit}
        roomy = {seat.row for seat in laid.seats if seat.extra_legroom}
        rows = sorted({seat.row for seat in laid.of(Cabin.ECONOMY)})
        assert exits <= roomy <= set(rows)
        beside = {
            block for letters in laid.letters.values() for block in (letters.split(" ")[0], letters.split(" ")[-1])
        }
        assert all(
            seat.exit == (seat.row in exits and seat.letter in "".join(beside)) for seat in laid.of(Cabin.ECONOMY)
        )
        if len(rows) > 4 and exits:
            assert rows[0] < min(exits) <= max(exits) < rows[-1]
    assert {seat.row for seat in seat_map("B738-149").seats if seat.exit} == {12, 14}
    assert [seat.number for seat in seat_map("A332-377").seats if seat.exit] == ["24A", "24B", "24J", "24K"]
    assert {seat.row for seat in seat_map("B738-149").seats if seat.extra_legroom} == {5, 6, 7, 12, 14}


def test_a_cabin_in_front_is_whole() -> None:
    """First and business have whole rows and no short one; one-cabin carriers have neither."""
    for name in SOLD_IN_FRONT:
        laid = seat_map(name)
        for cabin in laid.cabins[:-1]:
            assert set(Counter(seat.row for seat in laid.of(cabin)).values()) == {
                len(laid.letters[cabin].replace(" ", ""))
            }
    assert seat_map("A320-200").cabins == (Cabin.FIRST, Cabin.ECONOMY)
    assert seat_map("A320-200Y").cabins == (Cabin.ECONOMY,)


def test_blocked_seats_are_among_the_number() -> None:
    """Crew rest and weight and balance take seats that the aircraft has and nobody is sold."""
    assert [seat.number for seat in seat_map("A332-377").seats if seat.blocked] == ["4D", "4G"]
    assert [seat.number for seat in seat_map("CRJ2-55").seats if seat.blocked] == ["14A", "14B"]


@pytest.mark.parametrize(
    "name", ["", "B738", "B738-", "B738-0", "B738-0149", "B738-١٤٩", "B738-149X", "B738-9999", "A332-20Y-", "X-1"]
)
def test_what_is_no_configuration_is_refused(name: str) -> None:
    """The message says what one looks like."""
    with pytest.raises(NotFound, match="B738-149"):
        seat_map(name)


def test_a_configuration_stays_what_it_is() -> None:
    """Inventories are kept by the order of its seats: a name that has flown means the same seats for ever."""
    text = json.dumps([[seat.number, seat.cabin] for name in FLEET for seat in seat_map(name).seats])
    assert blake2b(text.encode(), digest_size=8).hexdigest() == "c0c30a01accbab41", (
        "who sits where would be read wrongly"
    )


def test_the_data_are_whole() -> None:
    """Each type names a layout that has letters for its cabins, and blocks only seats that there are."""
    data = seats._data()
    for name, of in data["types"].items():
        layout = data["layouts"][of["layout"]]
        assert {"economy", *of.get("rows", {})} <= set(layout), name
        for block in of.get("blocked", ()):
            assert set(block["letters"]) <= set(layout[block["cabin"]])
            assert block["reason"]
    for letters in (letters for layout in data["layouts"].values() for letters in layout.values()):
        assert "I" not in letters
        assert sorted(letters.replace(" ", "")) == list(letters.replace(" ", ""))
