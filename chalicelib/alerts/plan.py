"""Sees to it that followers are looked at again when no change makes us: reminders, and flights not there yet."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from chalicelib.airports import lookup
from chalicelib.alerts import ledger
from chalicelib.alerts.ledger import Kind, Task
from chalicelib.alerts.model import Follower, Subject, reminders
from chalicelib.core.clock import Now
from chalicelib.flights import read
from chalicelib.flights.model import Flight

LOOK_EVERY = timedelta(minutes=30)  # for flights that are not there yet (flight clock)
LOOK_FROM = timedelta(hours=36)  # before the day begins in UTC: flights are known from the day before on
LOOK_UNTIL = timedelta(hours=40)  # after that: a day lasts longest at UTC-12


def following(follower: Follower, now: Now) -> None:
    """See to the reminders of who just began to follow. Raises Unavailable."""
    subject = follower.subject
    flights = flights_of(subject, now.flight)
    if at := next_look(subject, flights, now.flight):
        ledger.plan(Task(Kind.LOOK, str(subject), "flight"), at, subject.day)
    for flight in flights:
        reminder(flight, now.flight)


def reminder(flight: Flight, now: datetime) -> None:
    """The next reminder of a flight is due at its time (flight clock)."""
    if at := next_reminder(flight, now):
        ledger.plan(Task(Kind.REMIND, str(flight.leg), "flight"), at, flight.leg.date)


def flights_of(subject: Subject, now: datetime) -> list[Flight]:
    """The flights that a subject means, as far as they are known: at most one Query, for a route those of a board."""
    if subject.leg:
        found = read.current([subject.leg], now)
    elif subject.number:
        found = read.numbered(subject.number, subject.day, now)
    else:
        assert subject.route
        origin, destination = subject.route
        start = datetime.combine(subject.day, time(), lookup.zone(origin))
        end = start + timedelta(days=2)  # one that is very late still has that date
        found = read.route(origin, destination, start=start, end=end, now=now)
    return [flight for flight in found if flight.status.visible and subject.matches(flight)]


def next_reminder(flight: Flight, now: datetime) -> datetime | None:
    """When the next reminder of a flight is due."""
    return min((at for at in reminders(flight).values() if at > now), default=None)


def next_look(subject: Subject, flights: Sequence[Flight], now: datetime) -> datetime | None:
    """When to look next for flights of a subject; None when they are there, or its day is over.

    A route may get one flight more at any time. Whatever changes is told without a look: this is for first appearances.
    """
    begins = datetime.combine(subject.day, time(), UTC)
    at = max(begins - LOOK_FROM, now + LOOK_EVERY)
    there = bool(flights) and subject.route is None
    return at if not there and at < begins + LOOK_UNTIL else None
