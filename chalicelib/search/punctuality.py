"""How punctual a flight was: the record of each flight number on a route, from what became of it in the last two weeks.

On time is what reached its gate less than 15 minutes after its schedule (US Bureau of Transportation Statistics, and
Eurocontrol's OTP15). What was diverted is late; what was cancelled is counted apart; of what is not over, nothing is
said. A route is looked up every six hours at most, and of the days before only those that were not over then.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
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
    routes: dict[tuple[str, str], dict[str, FlightNumber]] = {}
    for each in scheduled:
        routes.setdefault((each.leg.origin, each.destination), {})[str(each.leg.flight)] = each.leg.flight
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


def _looked_up(
    routes: Mapping[tuple[str, str], Mapping[str, FlightNumber]], now: Now
) -> dict[tuple[str, str], store.Days]:
    known = store.punctuality(routes, now.wall)
    for (origin, destination), numbers in routes.items():
        days = known.get((origin, destination))
        if days is None or now.wall - days.looked_at >= store.PUNCTUALITY_FRESH:
            looked = _look_up(origin, numbers.values(), days, now)
            store.keep_punctuality(origin, destination, looked, now.wall)
            known[origin, destination] = looked
    return known


def _look_up(origin: str, numbers: Iterable[FlightNumber], before: store.Days | None, now: Now) -> store.Days:
    """What became of the flights of a route on each of the last days."""
    last = today(now.flight) - _DAY
    wanted = [last - n * _DAY for n in range(DAYS)]
    kept = {day: flights for day, flights in (before.outcomes if before else {}).items() if day in wanted}
    missing = [day for day in wanted if day not in kept or last - day < _UNSETTLED * _DAY]
    legs = [LegId(number, day, origin) for day in missing for number in numbers]
    outcomes: dict[date, dict[str, str]] = {day: {} for day in missing}
    for flight in read.current(legs, now.flight):
        became = outcome(flight.status)
        if became:
            outcomes[flight.leg.date][str(flight.leg.flight)] = became
    return store.Days(_whole(now.wall), {**kept, **outcomes})


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
