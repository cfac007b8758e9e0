"""An airport system that is always there: one true day at EWR, JFK and LGA, replayed over every date.

The day is Wednesday 10 July 2013: thunderstorms, 1,004 departures, 121 cancelled, 37 diverted, on average 53 minutes
late. It stands in `day.csv`, which `infra/data/replay_day.py` makes and describes, with the rule by which the legs
that bring the aircraft back were derived. `script` says what is announced when, `gates` at which gates.

The day is laid over a date by the clocks: each leg leaves and arrives at the same local minute as on the day itself. On
the night summer time begins, a local time that is skipped moves on by the hour skipped; of one that occurs twice the
first is meant. Delays and taxi times are kept in minutes, so a date on which two zones lie otherwise apart than in
July (Phoenix, Honolulu, San Juan in winter) changes the time in the air.

Everything is a pure function of its arguments. What is computed of a date is kept (`lru_cache`) for speed alone.
"""

import csv
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from chalicelib.airports.lookup import zone
from chalicelib.flights.feeds.replay.gates import allocate, codeshares
from chalicelib.flights.feeds.replay.script import Flown, announcements, between
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import FlightUpdate, Observation

SOURCE = "replay"
AIRPORTS = ("EWR", "JFK", "LGA")
HOME_ZONE = "America/New_York"  # all three airports'; its date is "today"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ScheduledLeg:
    """A leg as its timetable has it; the times are UTC instants. `derived`: a leg back that the data do not hold."""

    leg: LegId
    destination: str
    scheduled_out: datetime
    scheduled_in: datetime
    codeshares: tuple[str, ...] = ()
    derived: bool = False
    registration: str | None = None
    aircraft_type: str | None = None


def timetable(day: date) -> list[ScheduledLeg]:
    """The published programme of the legs whose origin date is that day, in the order of scheduled departure."""
    return _in_order(_schedule(row, day) for row in _rows())


def route_on(origin: str, destination: str, day: date) -> list[ScheduledLeg]:
    """The part of the programme that flies from an airport to another: no other leg is laid."""
    return _in_order(_schedule(row, day) for row in _by_route().get((origin, destination), ()))


def leg_on(flight: FlightNumber, origin: str, day: date) -> ScheduledLeg | None:
    """The leg of a flight number that leaves an airport on an origin date; None where the programme has none."""
    row = _by_flight().get((flight, origin))
    return _schedule(row, day) if row else None


def routes() -> Collection[tuple[str, str]]:
    """The pairs of airports that legs fly from and to; it is the same ones on every day."""
    return _by_route().keys()


def _in_order(legs: Iterable[ScheduledLeg]) -> list[ScheduledLeg]:
    return sorted(legs, key=lambda each: (each.scheduled_out, str(each.leg)))


def snapshot(at: datetime, airports: Collection[str] = AIRPORTS) -> list[FlightUpdate]:
    """What the airport system says at an instant of the legs that leave from or return to the airports.

    Those are the legs whose origin date is yesterday, today or tomorrow, where today is the date in New York. Each
    observation's time is that of its announcement, so that what is said again unchanged is the same to the instant.
    Raises ValueError for an instant without a zone.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone: the instant must be aware, best in UTC")
    now = at.astimezone(UTC)
    today = at.astimezone(ZoneInfo(HOME_ZONE)).date()
    return [
        _update(story, count)
        for day in (today - _DAY, today, today + _DAY)
        for story in _stories(day)
        if story.leg.origin in airports or story.destination in airports
        if (count := bisect_right(story.instants, now))
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Story:
    """All that is ever said of a leg, in the order of time."""

    leg: LegId
    destination: str
    instants: list[datetime]
    fields: list[str]
    observations: list[Observation]


@lru_cache(maxsize=8192)
def _update(story: _Story, count: int) -> FlightUpdate:
    """The first announcements of a story as an update; kept, as most legs say nothing new from minute to minute."""
    return FlightUpdate(story.leg, SOURCE, dict(zip(story.fields[:count], story.observations, strict=False)))


@lru_cache(maxsize=4)
def _stories(day: date) -> list[_Story]:
    legs = _legs(day)
    places = allocate(legs)
    stories = []
    for flown in legs:
        said = announcements(flown, places[flown.id])
        observations = [Observation(value, at) for at, _, value in said]
        stories.append(
            _Story(flown.leg, flown.destination, [at for at, _, _ in said], [f for _, f, _ in said], observations)
        )
    return stories


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the data file (infra/data/replay_day.py says what its columns hold); times in minutes."""

    flight: FlightNumber
    registration: str | None
    aircraft_type: str | None
    origin: str
    destination: str
    day: int
    out: int
    in_: int
    out_delay: int | None
    in_delay: int | None
    taxi: int
    alternate: str | None
    away: int
    feeds: str
    way_out: int | None
    codeshares: tuple[str, ...]


@cache
def _rows() -> tuple[_Row, ...]:
    def number(text: str) -> int | None:
        return int(text) if text else None

    def clock(text: str) -> int:
        hours, minutes = text.split(":")
        return 60 * int(hours) + int(minutes)

    def row(r: dict[str, str]) -> _Row:
        flight = FlightNumber(r["carrier"], int(r["number"]))
        return _Row(
            flight, r["tail"] or None, r["type"] or None, r["origin"], r["destination"], int(r["day"]),
            clock(r["out"]), clock(r["in"]), number(r["out_delay"]), number(r["in_delay"]), number(r["taxi"]) or 0,
            r["alternate"] if r["away"] else None, number(r["away"]) or 0, r["feeds"], number(r["way_out"]),
            () if r["feeds"] else codeshares(flight.carrier, flight.number, r["origin"], r["destination"]),
        )  # fmt: skip

    with Path(__file__).with_name("day.csv").open(newline="") as file:
        next(file)  # the source
        return tuple(row(line) for line in csv.DictReader(file))


@cache
def _by_route() -> Mapping[tuple[str, str], Sequence[_Row]]:
    routes: dict[tuple[str, str], list[_Row]] = {}
    for row in _rows():
        routes.setdefault((row.origin, row.destination), []).append(row)
    return routes


@cache
def _by_flight() -> Mapping[tuple[FlightNumber, str], _Row]:
    return {(row.flight, row.origin): row for row in _rows()}


@cache
def _bad_weather() -> frozenset[tuple[str, int]]:
    """Airports and scheduled hours in which legs left 40 minutes late on average, or a fifth of them never did."""
    hours: dict[tuple[str, int], list[int | None]] = {}
    for row in _rows():
        if not row.feeds:
            hours.setdefault((row.origin, row.out // 60), []).append(row.out_delay)
    return frozenset(
        hour for hour, delays in hours.items()
        if delays.count(None) >= len(delays) / 5 or sum(d or 0 for d in delays) >= 40 * len(delays)
    )  # fmt: skip


@lru_cache(maxsize=4)
def _legs(day: date) -> list[Flown]:
    """The legs whose origin date is that day, linked.

    A leg back may leave a day or two before the one it is for: then it is linked to that date's, and this day's
    departure to the leg back of the date before.
    """
    laid = [(row, _lay(row, day)) for row in _rows()]
    departures = {f"{f.leg.flight}-{f.leg.origin}": f for row, f in laid if not row.feeds}
    outward = {(f.leg.flight, f.destination): f for f in departures.values()}
    for row, back in laid:
        if not row.feeds:
            continue
        departure = departures[row.feeds]
        brings = back if row.day == 0 else _lay(row, day + row.day * _DAY)
        departure.inbound, departure.aircraft_there = brings.id, brings.in_
        back.onward = str(departure.leg._replace(date=day - row.day * _DAY))
        if row.way_out == 0:
            out = outward[back.leg.flight, back.leg.origin]
            back.inbound, out.onward, back.aircraft_there = out.id, back.id, out.in_
    return [flown for _, flown in laid]


def _schedule(row: _Row, day: date) -> ScheduledLeg:
    return ScheduledLeg(
        LegId(row.flight, day, row.origin), row.destination, _instant(day, row.out, row.origin),
        _instant(day, row.in_, row.destination), row.codeshares, bool(row.feeds), row.registration, row.aircraft_type,
    )  # fmt: skip


def _lay(row: _Row, day: date) -> Flown:
    leg = LegId(row.flight, day, row.origin)
    flown = Flown(
        leg, str(leg), row.destination, _instant(day, row.out, row.origin), _instant(day, row.in_, row.destination),
        registration=row.registration, aircraft_type=row.aircraft_type, codeshares=row.codeshares,
        derived=bool(row.feeds), bad_weather=(row.origin, row.out // 60) in _bad_weather(), alternate=row.alternate,
    )  # fmt: skip
    if row.out_delay is not None:
        _fly(flown, row, row.out_delay)
    return flown


def _fly(flown: Flown, row: _Row, out_delay: int) -> None:
    """Give a leg the times of what came of it. How much of the taxiing was before take-off is simulated."""
    flown.out = flown.scheduled_out + timedelta(minutes=out_delay)
    if row.in_delay is not None:
        flown.in_ = flown.scheduled_in + timedelta(minutes=row.in_delay)
    block = (flown.in_ - flown.out).total_seconds() // 60 if flown.in_ else 2 * row.taxi
    taxi = min(row.taxi, int(block // 2))
    taxi_in = min(between(flown.id, "taxi in", 4, 9), taxi // 3)
    flown.off = flown.out + timedelta(minutes=taxi - taxi_in)
    if flown.in_:
        flown.on = flown.in_ - timedelta(minutes=taxi_in)
    if row.alternate is not None:
        flown.landed_away = flown.out + timedelta(minutes=row.away)
        if flown.on:  # where the date's zones leave less time between the two landings
            flown.landed_away = min(flown.landed_away, flown.on - timedelta(hours=1))


def _instant(day: date, minute: int, airport: str) -> datetime:
    """When the clocks at an airport show a minute counted from a date's midnight; fold=0 is the rule for DST nights."""
    at = time(minute % 1440 // 60, minute % 60, tzinfo=zone(airport))
    return datetime.combine(day + minute // 1440 * _DAY, at).astimezone(UTC)
