"""Which flights take one there: journeys of up to three flights, and when one flight can be changed for another.

Pure. A journey is made of the legs that a timetable holds (`journeys`); which of its flights have seats, and at what
price, others say, and then `worthwhile` drops what nobody would choose. Connections are made at one airport. All
spans are by the schedule; what is known of today's delays can only forbid a connection.
"""

import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib.airports.cities import city_of
from chalicelib.airports.lookup import airport, zone
from chalicelib.flights.identity import FlightNumber
from chalicelib.flights.model import Flight, FlightStatus
from chalicelib.flights.timetable import ScheduledLeg

MOST_STOPS = 2
LONGEST_CONNECTION = timedelta(hours=6)
LONGEST_OVERNIGHT = timedelta(hours=12)  # where no journey connects sooner
CLOSED = timedelta(minutes=45)  # before departure: a flight is sold no more
LIVE = timedelta(days=3)  # flights that leave within that are asked how they stand: feeds speak of tomorrow, too
_DAY = timedelta(days=1)
_NONE = timedelta()

Legs = Callable[[str, str, date], Sequence[ScheduledLeg]]  # from an airport to another on an origin date


@dataclass(frozen=True, slots=True)
class Segment:
    """A leg as one flies it: as scheduled, and as it stands now where its day is near enough for that to be known."""

    scheduled: ScheduledLeg
    status: FlightStatus | None = None

    @classmethod
    def of(cls, scheduled: ScheduledLeg, flight: Flight | None) -> "Segment":
        """The segment of a leg, with what is known of its flight."""
        return cls(scheduled, flight.status if flight else None)

    @property
    def expected_out(self) -> datetime:
        """When it will leave the gate as things stand."""
        return (self.status.expected_out if self.status else None) or self.scheduled.scheduled_out

    @property
    def expected_in(self) -> datetime:
        """When it will reach the gate as things stand."""
        return (self.status.expected_in if self.status else None) or self.scheduled.scheduled_in

    def sold_at(self, now: datetime) -> bool:
        """Whether it can still be booked at an instant: not cancelled, off the display, gone or about to go."""
        gone = self.status is not None and (
            self.status.cancelled
            or not self.status.visible
            or self.status.actual_out is not None
            or self.status.diverted_to is not None
        )
        return not gone and self.expected_out - now > CLOSED


@dataclass(frozen=True, slots=True)
class Journey:
    """The flights that take one from a place to another, in order."""

    legs: tuple[ScheduledLeg, ...]

    @property
    def out(self) -> datetime:
        """When it leaves, by the schedule."""
        return self.legs[0].scheduled_out

    @property
    def in_(self) -> datetime:
        """When it arrives, by the schedule."""
        return self.legs[-1].scheduled_in

    @property
    def minutes(self) -> int:
        """How long it takes from gate to gate, with the time between flights."""
        return int((self.in_ - self.out).total_seconds() // 60)

    @property
    def stops(self) -> int:
        """How often one changes flights."""
        return len(self.legs) - 1

    @property
    def airports(self) -> tuple[str, ...]:
        """From the first to the last."""
        return (*(leg.leg.origin for leg in self.legs), self.legs[-1].destination)

    @property
    def key(self) -> tuple[str, ...]:
        """The ids of its legs, which tell it from any other."""
        return tuple(str(leg.leg) for leg in self.legs)


class _Times(NamedTuple):
    domestic: timedelta
    international: timedelta


def minimum_connection(first: ScheduledLeg, second: ScheduledLeg) -> timedelta:
    """The shortest time in which one can change from a flight to the next (`connections.toml`)."""
    times = _by_airport().get(second.leg.origin, _default())
    domestic = _one_country(first.leg.origin, second.leg.origin) and _one_country(second.leg.origin, second.destination)
    minimum = times.domestic if domestic else times.international
    return minimum if _sellers(first) & _sellers(second) else minimum + _other_carrier()


def connects(first: ScheduledLeg, second: ScheduledLeg, longest: timedelta) -> bool:
    """Whether one can change from a flight to the next without waiting longer than that, by the schedule."""
    between = second.scheduled_out - first.scheduled_in
    if first.destination != second.leg.origin or not _NONE < between <= longest:
        return False
    return between >= minimum_connection(first, second)


def holds(first: Segment, second: Segment) -> bool:
    """Whether a connection that was scheduled is still made as things stand: no delay breaks it."""
    minimum = minimum_connection(first.scheduled, second.scheduled)
    return second.expected_out - first.expected_in >= minimum


def journeys(
    origins: Collection[str],
    destinations: Collection[str],
    day: date,
    *,
    routes: Collection[tuple[str, str]],
    legs: Legs,
    stops: int = MOST_STOPS,
    longest: timedelta = LONGEST_CONNECTION,
) -> list[Journey]:
    """Every journey that leaves one of some airports on a local date for one of others.

    A leg flies on the local date at its origin, so a journey may go on, or arrive, on the next. Nobody comes through an
    airport twice, nor through another of a city where one was, sets out from or wants to go.
    """
    return [
        Journey(flown)
        for path in paths(origins, destinations, routes, stops)
        for flown in _along(path, day, legs, longest)
    ]


def paths(
    origins: Collection[str], destinations: Collection[str], routes: Collection[tuple[str, str]], stops: int
) -> list[tuple[str, ...]]:
    """The sequences of airports that journeys can take, those with fewer stops first."""
    onward: dict[str, list[str]] = {}
    for origin, destination in sorted(routes):
        onward.setdefault(origin, []).append(destination)
    found: list[tuple[str, ...]] = []
    ways: list[tuple[str, ...]] = [(origin,) for origin in sorted(set(origins))]
    for _ in range(min(stops, MOST_STOPS) + 1):
        ways = [(*way, next_) for way in ways for next_ in onward.get(way[-1], ()) if not _been(way, next_)]
        found += [way for way in ways if way[-1] in destinations]
    return found


def worthwhile(found: Iterable[Journey], cost: Callable[[Journey], int]) -> list[Journey]:
    """The journeys that somebody might choose, by departure.

    Dropped is what takes longer than twice the fastest, where that is also over six hours more; and a connection where
    another journey between the same airports leaves no earlier, arrives no later, has no more stops and costs no more,
    and is better in one of these. A direct flight is never dropped for another flight's sake.
    """
    there = list(found)
    fastest = min((journey.minutes for journey in there), default=0)
    bound = max(2 * fastest, fastest + 360)
    ranked = sorted(
        (journey for journey in there if journey.minutes <= bound),
        key=lambda j: (-j.out.timestamp(), j.in_, j.stops, cost(j), j.key),
    )
    kept: list[tuple[Journey, datetime, int, int]] = []
    for journey in ranked:  # whatever is better in every way comes before
        in_, stops, costs = journey.in_, journey.stops, cost(journey)
        if stops and any(
            other_in <= in_ and other_stops <= stops and other_costs <= costs
            and (other.out, other_in, other_stops, other_costs) != (journey.out, in_, stops, costs)
            and (other.airports[0], other.airports[-1]) == (journey.airports[0], journey.airports[-1])
            for other, other_in, other_stops, other_costs in kept
        ):  # fmt: skip
            continue
        kept.append((journey, in_, stops, costs))
    return sorted((journey for journey, *_ in kept), key=lambda j: (j.out, j.in_, j.key))


@cache
def place(code: str) -> str:
    """The city that an airport is sold with, or the airport itself."""
    city = city_of(code)
    return f"city {city.code}" if city else code


def _been(way: Sequence[str], next_: str) -> bool:
    return place(next_) in map(place, way)


def _along(path: Sequence[str], day: date, legs: Legs, longest: timedelta) -> Iterator[tuple[ScheduledLeg, ...]]:
    """The flights along a path that connect."""
    ways: list[tuple[ScheduledLeg, ...]] = [(leg,) for leg in legs(path[0], path[1], day)]
    for origin, destination in pairwise(path[1:]):
        ways = [
            (*way, leg)
            for way in ways
            for date_ in _dates(origin, way[-1].scheduled_in, longest)
            for leg in legs(origin, destination, date_)
            if connects(way[-1], leg, longest)
        ]
    yield from ways


def _dates(code: str, arrived: datetime, longest: timedelta) -> list[date]:
    """The local dates on which a flight may leave that one changes to."""
    first, last = (instant.astimezone(zone(code)).date() for instant in (arrived, arrived + longest))
    return [first + n * _DAY for n in range((last - first).days + 1)]


@cache
def _data() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("connections.toml").read_text(encoding="utf-8"))


@cache
def _by_airport() -> Mapping[str, _Times]:
    return {code: _times(given) for code, given in _data()["airports"].items()}


@cache
def _default() -> _Times:
    return _times(_data()["default"])


@cache
def _other_carrier() -> timedelta:
    return timedelta(minutes=_data()["other_carrier"])


def _times(given: Mapping[str, int]) -> _Times:
    return _Times(timedelta(minutes=given["domestic"]), timedelta(minutes=given["international"]))


@cache
def _one_country(code: str, other: str) -> bool:
    here, there = airport(code), airport(other)
    if not here or not there:
        return False  # the longer time, in doubt
    groups: list[list[str]] = _data()["without_borders"]
    return here.country == there.country or any(here.country in g and there.country in g for g in groups)


def _sellers(leg: ScheduledLeg) -> frozenset[str]:
    """The carriers under whose numbers a leg is sold."""
    return _carriers(leg.leg.flight.carrier, leg.codeshares)


@cache
def _carriers(operator: str, codeshares: tuple[str, ...]) -> frozenset[str]:
    return frozenset({operator, *(FlightNumber.parse(number).carrier for number in codeshares)})
