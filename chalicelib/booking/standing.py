"""How the flights of a booking stand: of those that are near enough to be known."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from chalicelib.airports import lookup
from chalicelib.booking import disruption
from chalicelib.booking.disruption import Trouble
from chalicelib.booking.model import Booking, Segment
from chalicelib.core.clock import Now
from chalicelib.flights import read, timetable
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import FlightStatus
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.search.model import minimum_connection

# After the departure that was expected last, a flight of which nothing more is told has left: some sources tell of no
# departures, and whoever tells of delays moves the estimate before it is so long over. No flight is much delayed
# earlier (14 CFR 260.2), and few are flown and over.
UNTOLD = timedelta(hours=3)

Statuses = Mapping[LegId, FlightStatus]


def statuses(booking: Booking, now: Now) -> Statuses:
    """How its flights stand."""
    return statuses_of([segment.leg for segment in booking.segments], now)


def statuses_of(legs: Iterable[LegId], now: Now) -> Statuses:
    """How flights stand."""
    return {flight.leg: flight.status for flight in read.current(legs, now.flight)}


def is_gone(flight: Segment | ScheduledLeg, status: FlightStatus | None, now: Now) -> bool:
    """Whether a flight has left without coming back; by its schedule where nothing else is known.

    Where it is known, and no movement of it, it has left UNTOLD after it was expected to.
    """
    if status is None:
        return flight.scheduled_out <= now.flight
    if status.cancelled or status.returned:
        return False
    expected = status.expected_out or flight.scheduled_out
    return disruption.has_left(status) or expected + UNTOLD <= now.flight


def trouble(booking: Booking, stand: Statuses) -> Trouble | None:
    """What is wrong with a booking's flights as they stand; None: nothing is."""
    return disruption.trouble(booking, stand, minimum)


def minimum(first: Segment, second: Segment) -> timedelta:
    """The shortest time in which one changes from one flight to the other."""
    return minimum_connection(_leg_of(first), _leg_of(second))


def is_domestic(segment: Segment) -> bool:
    """Whether both ends are in one country."""
    ends = lookup.airport(segment.leg.origin), lookup.airport(segment.destination)
    return all(ends) and len({end.country for end in ends if end}) == 1


def _leg_of(segment: Segment) -> ScheduledLeg:
    """A segment as the timetable has it, with its codeshares; as it was booked where that has it no more."""
    found = timetable.leg(segment.leg, segment.leg.date)
    return found or ScheduledLeg(segment.leg, segment.destination, segment.scheduled_out, segment.scheduled_in)
