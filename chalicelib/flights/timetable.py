"""What will fly: the legs that a feed's published programme holds for the days to come, under the ids they will have.

A programme comes from a feed that has one (`replay`), where the stage polls it (setting FEEDS); other stages sell
nothing. It is computed, not stored: a leg is asked for by its route or by its id, and only that is laid.

`today` is an argument everywhere, like every clock: the date in New York, where the programme's airports lie. Legs are
for sale up to `HORIZON` from it, and of yesterday, which at airports west of New York may not be over.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from chalicelib.core.config import config
from chalicelib.flights.feeds import replay
from chalicelib.flights.feeds.replay import ScheduledLeg
from chalicelib.flights.identity import LegId

__all__ = ["HORIZON", "ScheduledLeg", "leg", "legs", "routes", "today"]

HORIZON = timedelta(days=60)
_DAY = timedelta(days=1)


def today(at: datetime) -> date:
    """The programme's date at an instant of flight time."""
    return at.astimezone(ZoneInfo(replay.HOME_ZONE)).date()


def legs(origin: str, destination: str, day: date, today: date) -> list[ScheduledLeg]:
    """The legs from an airport to another (IATA) of an origin date, by departure; none outside yesterday to HORIZON."""
    if not _published() or not today - _DAY <= day <= today + HORIZON:
        return []
    return list(_laid(origin, destination, day))


def leg(leg_id: LegId, today: date) -> ScheduledLeg | None:
    """The leg of an id; None where the programme holds none, or not yet. Of a day that is over, too: it was sold."""
    if not _published() or leg_id.date > today + HORIZON:
        return None
    return replay.leg_on(leg_id.flight, leg_id.origin, leg_id.date)


def routes() -> Collection[tuple[str, str]]:
    """The pairs of airports (IATA) that legs fly from and to."""
    return replay.routes() if _published() else ()


def _published() -> bool:
    return replay.SOURCE in config().feeds


@lru_cache(maxsize=4096)  # a month of a city pair is some 180 of them
def _laid(origin: str, destination: str, day: date) -> Sequence[ScheduledLeg]:
    return tuple(replay.route_on(origin, destination, day))
