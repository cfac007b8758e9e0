"""The two clocks. Wall time for sessions, leases and limits; flight time for feeds and what hangs on departures.

They are the same in production. On one machine the flight clock can run faster (setting FLIGHT_CLOCK).
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple


class Now(NamedTuple):
    """What both clocks show at one moment."""

    flight: datetime
    wall: datetime


def wall_now() -> datetime:
    """The present instant, UTC."""
    return datetime.now(UTC)


def now(setting: str) -> Now:
    """Both clocks, the flight clock as FLIGHT_CLOCK sets it."""
    wall = wall_now()
    return Now(flight_now(setting, wall), wall)


def flight_now(setting: str, wall: datetime) -> datetime:
    """The instant the flight clock shows at a wall instant.

    The setting is empty (real time) or `2026-11-21T08:00:00Z*60`: from that instant on, 60 times as fast.
    Raises ValueError for any other.
    """
    if not setting:
        return wall
    start, star, speed = setting.partition("*")
    started = datetime.fromisoformat(start)
    if not star or started.tzinfo is None:
        raise ValueError(f"FLIGHT_CLOCK is {setting!r}; it is empty or looks like 2026-11-21T08:00:00Z*60")
    return started + max(timedelta(), wall - started) * float(speed)


def instant(moment: datetime) -> str:
    """An instant as it is sent and stored: RFC 3339, UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
