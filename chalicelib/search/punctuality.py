"""How punctual a flight was: the record of each flight number on a route, from what became of it in the last two weeks.

On time is what reached its gate less than 15 minutes after its schedule (US Bureau of Transportation Statistics, and
Eurocontrol's OTP15). What was diverted is late; what was cancelled is counted apart; of what is not over, nothing is
said. A route is looked up every six hours at most, and of the days before only those that were not over then; a flight
number that nobody has asked after, at once.
"""

from collections.abc import Collection, Mapping, Sequence, Set
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from chalicelib.core.clock import Now
from chalicelib.core.errors import Unavailable
from chalicelib.core.telemetry import logger
from chalicelib.flights import read
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import ON_TIME, FlightStatus, Phase
from chalicelib.flights.timetable import ScheduledLeg, today
from chalicelib.search import store
from chalicelib.search.ranking import Record

DAYS = 14
_UNSETTLED = 2  # days after which a leg's outcome is what it stays
_DAY = timedelta(days=1)
_NEVER = datetime.min.replace(tzinfo=UTC)


class Outcome(StrEnum):
    """What became of a leg, as it is kept."""

    ON_TIME = "o"
    LATE = "l"
    CANCELLED = "c"


def outcome(status: FlightStatus) -> Outcome | None:
    """What became of a leg; None while it is not over, or not to be spoken of."""
    if not status.visible:
        return None
    if status.cancelled:
        return Outcome.CANCELLED
    if status.phase is Phase.DIVERTED:
        return Outcome.LATE
    if status.arrival_delay is None or not (status.actual_in or status.actual_on):
        return None
    return Outcome.ON_TIME if status.arrival_delay < ON_TIME else Outcome.LATE


def records(scheduled: Collection[ScheduledLeg], now: Now) -> dict[LegId, Record]:
    """The records of the flights that these legs are of; none where nothing is known yet, or the tables are busy."""
    routes: dict[tuple[str, str], set[str]] = {}
    for each in scheduled:
        routes.setdefault((each.leg.origin, each.destination), set()).add(str(each.leg.flight))
    try:
        known = _looked_up(routes, now)
    except Unavailable:
        logger.warning("nobody can say how punctual flights are")
        return {}
    first = today(now.flight) - DAYS * _DAY
    found = {}
    for each in scheduled:
        days = known.get((each.leg.origin, each.destination))
        if days:
            letters = [
                flights.get(str(each.leg.flight)) for day, flights in days.outcomes.items() if day >= first
            ]  # fmt: skip
            record = Record(*(letters.count(kind) for kind in Outcome))
            if record != Record():
                found[each.leg] = record
    return found


def _looked_up(routes: Mapping[tuple[str, str], Set[str]], now: Now) -> dict[tuple[str, str], store.Days]:
    """What is known of the days of routes, those of these flight numbers at the least."""
    known = store.punctuality(routes, now.wall)
    for (origin, destination), numbers in routes.items():
        before = known.get((origin, destination)) or store.Days(_NEVER, {})
        fresh = now.wall - before.looked_at < store.PUNCTUALITY_FRESH
        wanted = _wanted(before, numbers, today(now.flight) - _DAY, fresh=fresh)
        if wanted:
            looked = store.Days(before.looked_at if fresh else _whole(now.wall), _look_up(origin, wanted, before, now))
            store.keep_punctuality(origin, destination, looked, now.wall)
            known[origin, destination] = looked
    return known


def _wanted(before: store.Days, numbers: Set[str], last: date, *, fresh: bool) -> dict[date, list[str]]:
    """By day the flight numbers to look up: new ones; where the last look was long ago, also what was not over then."""
    asked = {number for flights in before.outcomes.values() for number in flights}
    wanted = {}
    for day in (last - n * _DAY for n in range(DAYS)):
        settled = before.outcomes.get(day, {}) if last - day >= _UNSETTLED * _DAY else {}
        some = numbers - asked if fresh else (asked | numbers) - settled.keys()
        if some:
            wanted[day] = sorted(some)
    return wanted


def _look_up(
    origin: str, wanted: Mapping[date, Sequence[str]], before: store.Days, now: Now
) -> dict[date, dict[str, str]]:
    """What became of the flights of the last days: what was known before, and what is looked up."""
    last = today(now.flight) - _DAY
    legs = [LegId(FlightNumber.parse(number), day, origin) for day, numbers in wanted.items() for number in numbers]
    found = {(each.leg.date, str(each.leg.flight)): outcome(each.status) for each in read.current(legs, now.flight)}
    first = last - (DAYS - 1) * _DAY
    outcomes = {day: dict(flights) for day, flights in before.outcomes.items() if day >= first}
    for day, numbers in wanted.items():
        for number in numbers:
            became = found.get((day, number))
            if became or last - day >= _UNSETTLED * _DAY:
                outcomes.setdefault(day, {})[number] = became or store.NOTHING
    return outcomes


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
