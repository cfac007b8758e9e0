"""When a flight has left: what can't be cancelled, changed or checked in for any more."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.booking import standing
from chalicelib.core.clock import Now
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import FlightStatus
from chalicelib.flights.timetable import ScheduledLeg

OUT = datetime(2026, 7, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEG = ScheduledLeg(LegId.parse("UA1-20260710-EWR"), "LAX", OUT, OUT + 6 * HOUR)


def is_gone(hours: float, status: FlightStatus | None) -> bool:
    """Whether it has left so long after the time it was to leave."""
    at = OUT + hours * HOUR
    return standing.is_gone(LEG, status, Now(at, at))


def status(**known: object) -> FlightStatus:
    return FlightStatus(destination="LAX", scheduled_out=OUT, scheduled_in=LEG.scheduled_in, **known)  # type: ignore[arg-type] # fields


@pytest.mark.parametrize("event", ["out", "off", "on", "in"])
def test_any_movement_says_that_a_flight_has_left(event: str) -> None:
    """Also where only its arrival is told; but not of a flight that came back, or was cancelled after all."""
    moved = {f"actual_{event}": OUT + HOUR}
    assert is_gone(1, status(**moved))
    assert not is_gone(9, status(**moved, returned=True))
    assert not is_gone(9, status(**moved, cancelled=True))


def test_a_flight_of_which_no_movement_is_told_has_left_hours_later() -> None:
    """Later still where it was expected later; one of which nothing is known, by its schedule."""
    assert not is_gone(2.9, status())
    assert is_gone(3, status())
    assert not is_gone(7.9, status(estimated_out=OUT + 5 * HOUR))
    assert is_gone(8, status(estimated_out=OUT + 5 * HOUR))
    assert not is_gone(9, status(cancelled=True))
    assert not is_gone(-0.1, None)
    assert is_gone(0, None)
