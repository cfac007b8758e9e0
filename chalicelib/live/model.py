"""What can be watched, whom a flight's change concerns, and what is known of a connection. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.airports.lookup import airport
from chalicelib.core.errors import Invalid
from chalicelib.flights.identity import InvalidFlight, LegId
from chalicelib.flights.model import Change, Direction, Flight

MAX_TOPICS = 20  # watched by one connection
CONNECTION_LIFE = timedelta(hours=2, minutes=10)  # API Gateway ends a connection after 2 hours
LEASE = timedelta(seconds=35)  # longer than the function may run (29 s), so that who holds an expired one is dead
# From a handler's start on: 16 seconds, at least, in which the gateway may yet deliver what it did not answer for.
QUARANTINE = timedelta(seconds=45)

_TOPIC = re.compile(
    r"airport:(?P<airport>[a-z0-9]{3,4}):(?P<direction>departures|arrivals)|(?P<of>flight|seats):(?P<leg>.+)", re.I
)


class UnknownTopic(Invalid, ValueError):
    """Something that is said to be a topic is none; the message says what one looks like."""


class AirportTopic(NamedTuple):
    """One of an airport's boards: `airport:EWR:departures`."""

    airport: str
    direction: Direction

    def __str__(self) -> str:
        return f"airport:{self.airport}:{self.direction}"


class FlightTopic(NamedTuple):
    """One flight: `flight:UA1545-20260710-EWR`."""

    leg: LegId

    def __str__(self) -> str:
        return f"flight:{self.leg}"


class SeatsTopic(NamedTuple):
    """The seats of a flight: `seats:UA1545-20260710-EWR`."""

    leg: LegId

    def __str__(self) -> str:
        return f"seats:{self.leg}"


Topic = AirportTopic | FlightTopic | SeatsTopic


def parse(text: str) -> Topic:
    """Read a topic, in any case of letters; an airport by its IATA or ICAO code. Raises UnknownTopic."""
    found = _TOPIC.fullmatch(text.strip())
    if not found:
        raise UnknownTopic(
            f"{text[:60]!r} is not a topic; one looks like airport:EWR:departures, airport:EWR:arrivals, "
            "flight:UA1545-20260710-EWR or seats:UA1545-20260710-EWR"
        )
    if found["leg"]:
        try:
            leg = LegId.parse(found["leg"])
            return SeatsTopic(leg) if found["of"].lower() == "seats" else FlightTopic(leg)
        except InvalidFlight as error:
            raise UnknownTopic(str(error)) from None
    place = airport(found["airport"])
    if place is None:
        raise UnknownTopic(f"there is no airport {found['airport'].upper()!r}; codes are those of IATA, such as EWR")
    return AirportTopic(place.iata or place.icao, Direction(found["direction"].lower()))


def topics_of(flight: Flight, changes: Iterable[Change] = ()) -> set[str]:
    """The topics whose watchers a flight's changes concern.

    The flight, its origin's departures, the arrivals of its destination and of where it is diverted to; and the
    arrivals of where it was bound before these changes, so that those boards drop it.
    """
    bound = {flight.status.destination, flight.status.diverted_to}
    for change in changes:
        if change.field in ("destination", "diverted_to"):
            bound |= {str(change.before or ""), str(change.after or "")}
    return topics_at(flight.leg, (place for place in bound if place))


def topics_at(leg: LegId, bound: Iterable[str]) -> set[str]:
    """The topics of a flight that is bound for these airports."""
    boards = [AirportTopic(leg.origin, Direction.DEPARTURES), *(AirportTopic(p, Direction.ARRIVALS) for p in bound)]
    return {str(FlightTopic(leg)), *map(str, boards)}


class Missed(NamedTuple):
    """A change that a connection is owed: a flight at this version or a later one, with all changes since another.

    No two pushes write the same entry. So who takes one off after reading the flight takes off none he has not seen.
    """

    leg: LegId
    since: int
    version: int

    def __str__(self) -> str:
        return f"change:{self.leg}:{self.since}:{self.version}"


class MissedSeats(NamedTuple):
    """The seats of a flight, as a booking's version left them or later: owed while somebody writes to a connection.

    Of no booking (""): as a version of the seats themselves, by which the flight was configured. No two versions write
    the same entry, as with `Missed`.
    """

    leg: LegId
    booking: str
    version: int

    def __str__(self) -> str:
        return f"seats-of:{self.leg}:{self.booking}:{self.version}"


def owed_of(text: str) -> Topic | Missed | MissedSeats:
    """What an entry of a connection's `owed` stands for: a topic's state, a change, or seats."""
    if text.startswith("change:"):
        _, leg, since, version = text.split(":")
        return Missed(LegId.parse(leg), int(since), int(version))
    if text.startswith("seats-of:"):
        _, leg, booking, number = text.split(":")
        return MissedSeats(LegId.parse(leg), booking, int(number))
    return parse(text)


@dataclass(frozen=True)
class Connection:
    """One client: its callback address, what it watches, and what it is owed.

    `hold` names who held it last, `hold_until` (seconds since 1970) is there while it is held.
    """

    id: str
    callback: str
    expires: int
    topics: frozenset[str] = frozenset()
    owed: frozenset[str] = frozenset()
    hold: str | None = None
    hold_until: int | None = None

    def held(self, at: datetime) -> bool:
        """Whether somebody is writing to it."""
        return self.hold_until is not None and self.hold_until > at.timestamp()

    @property
    def never_held(self) -> bool:
        """Whether nobody has ever written to it, so that no pusher can know it."""
        return self.hold is None


@dataclass(frozen=True)
class Position:
    """How far a flight has been pushed. `lease` names the pusher at work, or one that died (`leased` is false)."""

    pushed: int = 0
    lease: str | None = None
    lease_until: int = 0

    def leased(self, at: datetime) -> bool:
        """Whether a pusher is at work."""
        return self.lease is not None and self.lease_until > at.timestamp()
