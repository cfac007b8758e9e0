"""What cancellations and delays do to a booking, by its flights as they stand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.booking import disruption
from chalicelib.booking.disruption import Route, Trouble, Why, trouble
from chalicelib.booking.model import Booking, Change, Offered, Segment, Traveller
from chalicelib.core.clock import Now
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import FlightStatus
from chalicelib.pricing.model import Extra, Line, TravellerKind
from chalicelib.pricing.seats import Cabin

NOON = datetime(2026, 7, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def segment(number: int, origin: str, destination: str, out: float, hours: float = 3) -> Segment:
    leaves = NOON + out * HOUR
    leg = LegId(FlightNumber("UA", number), date(2026, 7, 10), origin)
    return Segment(
        leg, destination, leaves, leaves + hours * HOUR, Cabin.ECONOMY, "K", "KOW", (f"{number}A",), "[]"
    )  # fmt: skip


def booking(*segments: Segment, lines: tuple[Line, ...] = (), extras: tuple[Extra, ...] = ()) -> Booking:
    ann = Traveller(TravellerKind.ADULT, "Smith", "Ann")
    return Booking("K3M9TZ", travellers=(ann,), segments=segments, lines=lines, extras=extras)


def status(each: Segment, **more: object) -> FlightStatus:
    known = {"destination": each.destination, "scheduled_out": each.scheduled_out, "scheduled_in": each.scheduled_in}
    return FlightStatus(**{**known, **more})  # type: ignore[arg-type] # fields


def late(each: Segment, hours: float, **more: object) -> FlightStatus:
    by = hours * HOUR
    times = {"estimated_out": each.scheduled_out + by, "estimated_in": each.scheduled_in + by}
    return status(each, **times, **more)


def an_hour(first: Segment, second: Segment) -> timedelta:
    return HOUR


def found(of: Booking, *statuses: tuple[Segment, FlightStatus]) -> Trouble | None:
    return trouble(of, {each.leg: stands for each, stands in statuses}, an_hour)


OUT = segment(1, "EWR", "ORD", 0)
ON = segment(2, "ORD", "LAX", 5)
BACK = segment(3, "LAX", "EWR", 100)


def test_nothing_is_wrong_with_flights_as_booked() -> None:
    """Neither with those of which nothing is known, nor with those on time."""
    assert found(booking(OUT, ON)) is None
    assert found(booking(OUT, ON), (OUT, status(OUT)), (ON, status(ON))) is None


def test_a_cancelled_flight_takes_the_rest_of_its_journey_with_it() -> None:
    """Its onward flight is replaced with it; the way back is not."""
    trip = booking(OUT, ON, BACK)
    assert found(trip, (OUT, status(OUT, cancelled=True))) == Trouble(0, 2, OUT.leg, Why.CANCELLED, None)
    assert found(trip, (BACK, status(BACK, cancelled=True))) == Trouble(2, 3, BACK.leg, Why.CANCELLED, None)


@pytest.mark.parametrize(("destination", "hours"), [("ORD", 3), ("LHR", 6)])
def test_a_delay_counts_from_three_hours_within_the_us_and_six_elsewhere(destination: str, hours: int) -> None:
    """14 CFR 260.2, to the minute."""
    flight = segment(1, "EWR", destination, 0)
    assert found(booking(flight), (flight, late(flight, hours - 1 / 60))) is None
    wrong = found(booking(flight), (flight, late(flight, hours)))
    assert wrong == Trouble(0, 1, flight.leg, Why.DELAYED, flight.scheduled_in + hours * HOUR)


def test_a_late_departure_is_a_late_arrival_where_nothing_else_is_known() -> None:
    """The arrival of the schedule is no longer to be believed."""
    stands = status(OUT, estimated_out=OUT.scheduled_out + 4 * HOUR)
    wrong = found(booking(OUT), (OUT, stands))
    assert wrong
    assert wrong.arrives == OUT.scheduled_in + 4 * HOUR


def test_a_flight_that_leaves_three_hours_early_is_changed_as_much() -> None:
    """14 CFR 260.2 counts early departures too."""
    early = status(OUT, estimated_out=OUT.scheduled_out - 3 * HOUR)
    wrong = found(booking(OUT), (OUT, early))
    assert wrong
    assert wrong.why is Why.DELAYED


def test_a_connection_is_said_to_break_before_it_does() -> None:
    """From the moment on at which the expected times leave less than the minimum."""
    assert found(booking(OUT, ON), (OUT, late(OUT, 1))) is None
    wrong = found(booking(OUT, ON), (OUT, late(OUT, 1.1)))
    assert wrong == Trouble(1, 2, ON.leg, Why.MISSED_CONNECTION, None)


def test_a_connection_that_is_late_too_still_holds() -> None:
    """Both flights count as they are expected."""
    assert found(booking(OUT, ON), (OUT, late(OUT, 2)), (ON, late(ON, 2))) is None


def test_whoever_is_on_the_way_has_only_the_next_flight_replaced() -> None:
    """A flight that has left is flown, however late."""
    gone = late(OUT, 4, actual_out=OUT.scheduled_out + 4 * HOUR)
    wrong = found(booking(OUT, ON), (OUT, gone))
    assert wrong == Trouble(1, 2, ON.leg, Why.MISSED_CONNECTION, None)
    assert found(booking(OUT), (OUT, gone)) is None


def test_a_diversion_breaks_the_connection() -> None:
    """Nobody knows when those on board will be where they were to be."""
    diverted = status(OUT, actual_out=OUT.scheduled_out, diverted_to="CLE")
    wrong = found(booking(OUT, ON), (OUT, diverted))
    assert wrong
    assert wrong.why is Why.MISSED_CONNECTION


def test_a_stay_is_no_connection() -> None:
    """The way back, days later, is a journey of its own; so is one that turns round at once."""
    assert disruption.journey_end((OUT, ON, BACK), 0) == 2
    assert disruption.journey_start((OUT, ON, BACK), 1) == 0
    turned = segment(4, "ORD", "EWR", 5)
    assert disruption.journey_end((OUT, turned), 0) == 1


def test_nobody_is_put_in_a_lesser_cabin() -> None:
    """Economy may become the cabin in front, and that one stays."""
    assert disruption.cabins(Cabin.ECONOMY)[0] == (Cabin.ECONOMY,)
    assert all(
        Cabin.ECONOMY not in group for cabin in (Cabin.FIRST, Cabin.BUSINESS) for group in disruption.cabins(cabin)
    )


def test_options_that_arrive_no_sooner_than_the_late_flight_are_none() -> None:
    """Who is late anyway gains nothing by them."""
    wrong = found(booking(OUT), (OUT, late(OUT, 4)))
    assert wrong
    assert wrong.arrives
    routes = [Route((ON,), NOON, wrong.arrives + shift * HOUR) for shift in (1, 0, -1)]
    assert disruption.in_order(routes, booking(OUT), wrong) == [routes[2]]


def test_options_that_leave_the_rest_of_the_trip_as_it_is_come_first() -> None:
    """Before such as arrive after the way back has left."""
    wrong = Trouble(0, 2, OUT.leg, Why.CANCELLED, None)
    after, before = (Route((ON,), NOON, BACK.scheduled_out + shift * HOUR) for shift in (1, -1))
    assert disruption.in_order([after, before], booking(OUT, ON, BACK), wrong) == [before, after]


def test_the_own_airline_comes_first_unless_it_is_much_later() -> None:
    """By up to two hours; the soonest that leaves the rest of the trip as it is counts."""
    wrong = Trouble(0, 1, OUT.leg, Why.CANCELLED, None)
    other = replace(ON, leg=LegId(FlightNumber("VX", 9), ON.leg.date, ON.leg.origin))
    theirs, mixed = Route((other,), NOON, NOON + 5 * HOUR), Route((ON, other), NOON, NOON + 5.5 * HOUR)
    near, far = (Route((ON,), NOON, NOON + hours * HOUR) for hours in (7, 7.1))
    order = disruption.in_order([theirs, mixed, far, near], booking(OUT, BACK), wrong)
    assert order == [near, theirs, mixed, far]


FARES = (
    Line("fare", "K", 10000, 0, 0), Line("fare", "K", 8000, 0, 1), Line("fare", "K", 20000, 0, 2),
    Line("seat", "LEGROOM", 5000, 0, 1), Line("bag", "BAG", 3500, 0, 2),
)  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 3])
def test_other_flights_cost_what_was_paid(count: int) -> None:
    """However many there are, every line stays, of the same trip; so does what was ordered."""
    trip = booking(OUT, ON, BACK, lines=FARES, extras=(Extra("WCHR", 0, 1), Extra("BAG", 0, 2)))
    new = [segment(10 + n, "EWR", "LAX", n) for n in range(count)]
    wrong = Trouble(0, 2, OUT.leg, Why.CANCELLED, None)
    change = disruption.changed_to(trip, wrong, new, {})
    assert change.segments == (*new, BACK)
    assert sum(line.amount for line in change.lines) == trip.total - change.due == trip.total
    assert {line.segment for line in change.lines if line.amount == 20000} == {count}
    assert change.extras == (Extra("WCHR", 0, min(1, count - 1)), Extra("BAG", 0, count))


def test_what_was_paid_for_a_seat_that_there_is_not_comes_back() -> None:
    """And only that; where the new seat is of the same kind, nothing does."""
    trip, new = booking(OUT, ON, BACK, lines=FARES), [segment(10, "EWR", "LAX", 1)]
    wrong = Trouble(0, 2, OUT.leg, Why.CANCELLED, None)
    lost = disruption.changed_to(trip, wrong, new, {new[0].leg: ["STANDARD"]})
    assert (lost.due, sum(line.amount for line in lost.lines)) == (-5000, trip.total - 5000)
    assert disruption.changed_to(trip, wrong, new, {new[0].leg: ["LEGROOM"]}).due == 0


def test_a_journey_that_does_not_take_place_is_given_back_whole() -> None:
    """What is left is the price of the other flights, each line at its new place."""
    trip = booking(OUT, ON, BACK, lines=FARES, extras=(Extra("WCHR", 0, 1), Extra("BAG", 0, 2)))
    lines, back = disruption.lines_without(trip.lines, 0, 2)
    segments, extras = disruption.without_flights(trip, 0, 2)
    assert back == 23000
    assert {line.segment for line in lines} == {0}
    assert sum(line.amount for line in lines) + back == trip.total
    assert (segments, extras) == ((BACK,), (Extra("BAG", 0, 0),))


def test_a_flight_that_was_moved_to_another_airport_does_not_fly_for_them() -> None:
    """Another destination is another flight (14 CFR 260.2)."""
    wrong = found(booking(OUT), (OUT, replace(status(OUT), destination="MDW")))
    assert wrong
    assert wrong.why is Why.CANCELLED


@pytest.mark.parametrize(
    ("ahead", "held"), [(1, None), (1.1, None), (1.5, 0.5), (2.5, 1.5), (3, 2), (30, 2)]
)  # fmt: skip
def test_an_offer_holds_two_hours_or_until_an_hour_before_it_leaves(ahead: float, held: float | None) -> None:
    """Flights that leave so soon that nobody could answer are not held at all."""
    until = disruption.offer_until(NOON + ahead * HOUR, Now(NOON, NOON + 100 * HOUR))
    assert until == (None if held is None else NOON + (100 + held) * HOUR)


@pytest.mark.parametrize(
    ("offered", "place"),
    [
        ([segment(10, "EWR", "LAX", 1), BACK], (0, 2)),
        ([segment(10, "EWR", "ORD", 1), ON, BACK], (0, 1)),
        ([OUT, segment(10, "ORD", "LAX", 6), BACK], (1, 2)),
        ([OUT, ON, segment(10, "LAX", "ORD", 101), segment(11, "ORD", "EWR", 105)], (2, 3)),
    ],
)
def test_an_offer_says_which_flights_it_stands_for(offered: list[Segment], place: tuple[int, int]) -> None:
    """Those that are in the booking and not in it."""
    offer = Offered(NOON, Change(tuple(offered), (), 0), OUT.leg, "cancelled")
    found = disruption.replaced(booking(OUT, ON, BACK), offer)
    assert (found.first, found.end) == place
