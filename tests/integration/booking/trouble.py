"""What goes wrong with flights in tests of bookings, and how it is told."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.booking import disrupt, locator
from chalicelib.booking.model import Booking
from chalicelib.core.clock import Now
from chalicelib.flights import ingest, timetable
from chalicelib.flights.model import FlightUpdate, Observation
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing import stock, store
from chalicelib.pricing.seats import Cabin

from . import shop


def bought(*legs: ScheduledLeg, now: Now, size: int = 1) -> Booking:
    """A booking that is paid, and its seats settled, as the bookings' stream has done."""
    booking = shop.paid(shop.held(*legs, now=now, size=size), now)
    number = locator.to_number(booking.locator)
    for each in legs:
        stock.settle(each.leg, each.destination, number, booking.held_until(each.leg), now.wall)
    return booking


def told(leg: ScheduledLeg, *kinds: str) -> dict[str, object]:
    """A message of `flight-changes`."""
    return {"flight": str(leg.leg), "version": 2, "kinds": list(kinds)}


def say(leg: ScheduledLeg, now: Now, **observed: object) -> None:
    """Have the airport say something of a leg, beside its schedule."""
    schedule = {
        "destination": leg.destination, "scheduled_out": leg.scheduled_out, "scheduled_in": leg.scheduled_in
    }  # fmt: skip
    before = {name: Observation(value, now.flight - timedelta(days=1)) for name, value in schedule.items()}
    after = {name: Observation(value, now.flight) for name, value in observed.items()}
    for each in (before, after):
        ingest.take([FlightUpdate(leg.leg, "replay", each)], now, sleep=lambda seconds: None)


def cancel(leg: ScheduledLeg, now: Now) -> None:
    """Cancel a leg, and have its parties looked after."""
    say(leg, now, cancelled=True)
    follow(leg, now, "cancelled")


def delay(leg: ScheduledLeg, now: Now, by: timedelta) -> None:
    """Delay a leg, and have its parties looked after."""
    say(leg, now, estimated_out=leg.scheduled_out + by, estimated_in=leg.scheduled_in + by)
    follow(leg, now, "delayed")


def follow(leg: ScheduledLeg, now: Now, *kinds: str) -> None:
    """Have the parties of a leg looked after, with all the time in the world."""
    disrupt.follow(told(leg, *kinds), now, lambda: 900)


def later(now: Now, **span: float) -> Now:
    """Both clocks, later."""
    return Now(now.flight + timedelta(**span), now.wall + timedelta(**span))


def before(leg: ScheduledLeg, **span: float) -> Now:
    """Both clocks, some time before a leg leaves."""
    at: datetime = leg.scheduled_out - timedelta(**span)
    return Now(at, at)


def first(legs: Iterable[ScheduledLeg]) -> ScheduledLeg:
    """The first to leave."""
    return min(legs, key=lambda each: each.scheduled_out)


def leave(legs: Iterable[ScheduledLeg], seats: int, now: Now, cabin: Cabin = Cabin.ECONOMY) -> None:
    """Leave so many seats of a cabin on each leg, the first ones; an operator blocks all others."""
    for inventory in stock.of(list(legs), now.wall).values():
        free = [s.number for s in inventory.seat_map.seats if s.cabin is cabin and not s.exit][:seats]
        blocked = frozenset(seat.number for seat in inventory.seat_map.seats) - set(free)
        store.save(replace(inventory, blocked=blocked))


def instead(leg: ScheduledLeg, days: int = 4) -> list[ScheduledLeg]:
    """The direct flights of a leg's route on its day and the next ones."""
    today = leg.leg.date - timedelta(days=1)
    return [
        each
        for n in range(days)
        for each in timetable.legs(leg.leg.origin, leg.destination, leg.leg.date + timedelta(days=n), today)
    ]
