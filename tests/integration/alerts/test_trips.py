"""One's bookings and followed flights, together: what comes first, what to do next, and with few calls."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.alerts import trips
from chalicelib.alerts.trip_answers import TripsAnswer
from chalicelib.booking import cancel, check_in, hold, store
from chalicelib.booking.model import Booking
from chalicelib.channels.model import Address, Channel
from chalicelib.core.callers import Person, Role
from chalicelib.core.clock import Now
from chalicelib.flights.timetable import ScheduledLeg

from ..booking import shop, trouble
from .passenger import World, world

pytestmark = pytest.mark.usefixtures("cloud")

ANN = "ann@example.com"
ME = Person("acc1", Role.PASSENGER, ANN, Address(Channel.EMAIL, ANN).id, "en", "s1", timedelta())


@pytest.fixture
def of(now: Now, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose providers remember what they were given."""
    return world(now, monkeypatch)


def held(of: World, *legs: ScheduledLeg, account: str | None = ME.id) -> Booking:
    wanted = replace(shop.order(*legs), account=account)
    return hold.hold(wanted, shop.key(), "192.0.2.1", of.now, lambda _: None)


def bought(of: World, *legs: ScheduledLeg) -> Booking:
    return shop.paid(held(of, *legs), of.now)


def kept(booking: Booking, of: World) -> store.Kept:
    found = store.booking(booking.locator, of.now.wall)
    assert found
    return found


def shown(of: World) -> TripsAnswer:
    """What the route answers."""
    return TripsAnswer.of(trips.of(ME, of.now), of.now)


def follow(of: World, **what: str) -> None:
    of.follow(ANN, **what)
    of.stream()
    if of.sent:
        of.press(of.link)
    of.stream()


def test_bookings_and_followed_flights_by_time(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The soonest first, bookings or not; what was cancelled or is over behind; nobody else's; and whether that is all.

    Of too many bookings those made last are shown.
    """
    soon, later, gone = shop.leg(days=5), shop.leg("JFK", "LAX", days=9), shop.leg(days=3)
    one = bought(of, later)
    of.later(seconds=1)
    other, over = bought(of, soon), bought(of, gone)
    cancel.cancel(kept(over, of), shop.key(), of.now)
    held(of, soon, account="somebody else")
    follow(of, number="UA9", date="2026-07-17")
    answer = shown(of)
    assert [each.booking.pnr if each.booking else each.followed and each.followed.number for each in answer.trips] == [
        other.locator, "UA9", one.locator, over.locator,
    ]  # fmt: skip
    assert [each.over for each in answer.trips] == [False, False, False, True]
    assert not answer.more
    monkeypatch.setattr(trips, "MOST_BOOKINGS", 2)
    fewer = shown(of)
    assert fewer.more
    assert {each.booking.pnr for each in fewer.trips if each.booking} == {other.locator, over.locator}


def test_a_booked_flight_is_not_shown_twice(of: World) -> None:
    """What a booking flies is its own trip, though the address follows it, too."""
    flight = shop.leg(days=5)
    bought(of, flight)
    follow(of, flight=str(flight.leg))
    assert [each.followed for each in shown(of).trips] == [None]


def test_what_to_do_next(of: World) -> None:
    """Pay; then nothing; check in from 24 hours before; board; see what was."""
    flight = shop.leg(days=5)
    booking = held(of, flight)

    def step() -> tuple[str, str | None] | None:
        found = shown(of).trips[0].booking
        assert found
        return (found.next.do, found.next.flight) if found.next else None

    assert step() == ("pay", None)
    shown_to_pay = shown(of).trips[0].booking
    assert shown_to_pay
    assert shown_to_pay.to_pay
    assert shown_to_pay.to_pay.amount == booking.total
    shop.paid(booking, of.now)
    assert step() is None
    of.now = trouble.before(flight, hours=20)
    assert step() == ("check_in", str(flight.leg))
    check_in.check_in(kept(booking, of), flight.leg, None, shop.key(), of.now)
    assert step() == ("board", str(flight.leg))
    of.now = Now(flight.scheduled_in + timedelta(hours=1), of.now.wall)
    trip = shown(of).trips[0]
    assert trip.over
    assert step() is None


def test_a_cancelled_flight_is_said_with_its_offer(of: World) -> None:
    """The flight as it now stands, the offer by one tap, and until when."""
    flight = shop.leg(days=5)
    of.now = trouble.before(flight, hours=30)
    booking = bought(of, flight)
    trouble.cancel(flight, of.now)
    found = shown(of).trips[0].booking
    assert found
    assert found.next
    assert (found.next.do, found.next.why, found.next.flight) == ("rebook", "cancelled", str(flight.leg))
    assert found.next.until
    assert "/v1/rebook?token=" in (found.next.url or "")
    [line] = found.flights
    assert line.live
    assert line.live.phase == "cancelled"
    assert found.pnr == booking.locator


def test_a_hold_that_is_over_is_behind(of: World) -> None:
    """Nothing waits for who did not pay in time."""
    held(of, shop.leg(days=5))
    of.later(minutes=20)
    [trip] = shown(of).trips
    assert trip.over
    assert trip.booking
    assert (trip.booking.state, trip.booking.next) == ("expired", None)


def test_calls_are_few_however_many_trips(of: World, calls: list[str]) -> None:
    """Two for the bookings, one for what is followed, one for the flights, and one each for a few followed numbers."""
    for days in (1, 2, 3, 4):
        bought(of, shop.leg(days=days))
    for number in range(1, 9):
        follow(of, number=f"UA{number}", date="2026-07-11")
    calls.clear()
    assert len(shown(of).trips) == 12
    assert len(calls) <= 4 + trips.MOST_NUMBERS, calls


def test_nobody_without_an_account(of: World) -> None:
    """The route is for who is signed in."""
    assert of.request("GET", "/v1/trips").status == 401
