"""What goes wrong with flights in tests of bookings, and how it is told."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from chalicelib.booking import disrupt
from chalicelib.core.clock import Now
from chalicelib.flights import ingest
from chalicelib.flights.model import FlightUpdate, Observation
from chalicelib.flights.timetable import ScheduledLeg


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
