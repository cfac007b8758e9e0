"""Who is served first where there are not enough seats for all."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.booking import priority
from chalicelib.booking.disruption import Trouble, Why
from chalicelib.booking.model import Booking, Contact, Segment, Traveller, Waitlisted
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.pricing.model import Extra, TravellerKind
from chalicelib.pricing.seats import Cabin

NOON = datetime(2026, 7, 10, 12, tzinfo=UTC)
LEG = LegId(FlightNumber("UA", 1), date(2026, 7, 11), "EWR")
ADULT = Traveller(TravellerKind.ADULT, "Smith", "Ann")
CHILD = Traveller(TravellerKind.CHILD, "Smith", "Tim")
Party = tuple[Booking, Trouble]


def party(
    name: str,
    *,
    child: bool = False,
    wheelchair: bool = False,
    onward: bool = False,
    cabin: Cabin = Cabin.ECONOMY,
    fare: str = "K",
    booked: int = 0,
) -> Party:
    segment = Segment(LEG, "LAX", NOON, NOON, cabin, fare, "", ("1A",), "")
    travellers, extras = (ADULT, *([CHILD] * child)), (Extra("WCHR", 0),) * wheelchair
    event = Waitlisted(NOON, travellers, (segment,), extras, Contact("a@example.com"), None, None)
    booking = Booking(
        name, (event,), travellers=travellers, segments=(segment,), extras=extras,
        booked_at=NOON + timedelta(hours=booked),
    )  # fmt: skip
    return booking, Trouble(0, 2 if onward else 1, LEG, Why.CANCELLED, None)


def names(*parties: Party) -> list[str]:
    return [booking.locator for booking, _ in priority.in_order(parties)]


def test_the_order_is_the_one_that_is_documented() -> None:
    """Care, then a lost connection, then the cabin, then the fare, then who booked first."""
    assert names(
        party("LAST22", booked=2), party("SOON22", booked=1), party("FULL22", fare="Y", booked=3),
        party("FRONT2", cabin=Cabin.FIRST, fare="F", booked=4), party("CNCTNG", onward=True, booked=5),
        party("WHEEL2", wheelchair=True, booked=6), party("CHELD2", child=True, booked=5),
    ) == ["CHELD2", "WHEEL2", "CNCTNG", "FRONT2", "FULL22", "SOON22", "LAST22"]  # fmt: skip


@given(st.permutations([party(f"AAAA{n}B", child=n % 2 > 0, booked=n // 3) for n in range(2, 9)]))
def test_the_order_is_the_same_whoever_comes_first(parties: list[Party]) -> None:
    """It hangs on nothing but the parties."""
    assert names(*parties) == names(*sorted(parties, key=lambda each: each[0].locator))
