"""What of a booking its passengers are told, each fact once: which events tell something, and whether it is still so.

Pure. A fact is named by the number of its event in the booking's journal, or by the leg that check-in opens for.
"""

from datetime import datetime
from enum import StrEnum

from chalicelib.booking.model import (
    Booking,
    By,
    Cancelled,
    Changed,
    Disrupted,
    Event,
    Held,
    Offered,
    Overpaid,
    Refunded,
    Reseated,
    State,
    Ticketed,
    replay,
)
from chalicelib.flights.identity import LegId

_CHECK_IN = "check-in "


class Fact(StrEnum):
    """What is told; each has its texts in `words/bookings`."""

    TICKETS = "tickets"
    CHANGED = "changed"
    SEATS_FOUND = "seats_found"  # for who was on the waitlist
    OFFERED = "offered"
    NO_SEATS = "no_seats"
    REBOOKED = "rebooked"
    DROPPED = "dropped"  # a journey that was cancelled, and not replaced
    CANCELLED = "cancelled"
    CANCELLED_BY_AIRLINE = "cancelled_by_airline"
    REFUNDED = "refunded"
    TOO_LATE = "too_late"  # a payment that came when nothing was held any more
    RESEATED = "reseated"
    CHECK_IN = "check_in"


def check_in(leg: LegId) -> str:
    """The name of the fact that one can check in for a leg."""
    return f"{_CHECK_IN}{leg}"


def leg_of(name: str) -> LegId | None:
    """The leg that check-in opened for; None: the name is of an event."""
    return LegId.parse(name.removeprefix(_CHECK_IN)) if name.startswith(_CHECK_IN) else None


def kind(booking: Booking, number: int) -> Fact | None:
    """What an event of the journal (from 1) tells the passengers; None: nothing they do not see anyway."""
    event = booking.journal[number - 1] if 1 <= number <= booking.version else None
    found = None
    match event:
        case Offered():
            found = Fact.OFFERED
        case Disrupted():
            found = Fact.NO_SEATS
        case Refunded():
            found = Fact.REFUNDED
        case Overpaid():
            found = Fact.TOO_LATE
        case Ticketed():
            found = Fact.CHANGED if _before(booking, number).kept_as is State.TICKETED else Fact.TICKETS
        case Held() if number > 1 and _before(booking, number).kept_as is State.WAITLISTED:
            found = Fact.SEATS_FOUND
        case Changed(by=By.PASSENGER | By.STAFF):
            found = Fact.CHANGED
        case Changed(key=None):
            found = Fact.DROPPED
        case Changed():
            found = Fact.REBOOKED
        case Cancelled(by=By.PASSENGER | By.STAFF):  # who only held seats may have named anybody's address
            found = Fact.CANCELLED if _before(booking, number).booked_at else None
        case Cancelled():
            found = Fact.CANCELLED_BY_AIRLINE
        case Reseated(by=By.AIRLINE):
            found = Fact.RESEATED
    return found


def still(booking: Booking, name: str, at: datetime) -> Fact | None:
    """What a fact tells at an instant (wall clock); None: nothing any more, as it is over or was overtaken."""
    leg = leg_of(name)
    if leg:
        flies = booking.state(at) is State.TICKETED and leg in {segment.leg for segment in booking.segments}
        coming = booking.checked_in.get(leg, {})
        return Fact.CHECK_IN if flies and len(coming) < len(booking.travellers) else None
    number = int(name)
    found, later = kind(booking, number), booking.journal[number:]
    match found:
        case Fact.OFFERED:
            return found if booking.offer_at(at) == booking.journal[number - 1] else None
        case Fact.NO_SEATS:
            return None if _has(later, Offered, Changed, Cancelled) else found
        case Fact.SEATS_FOUND:
            return found if booking.state(at) is State.HELD else None
        case Fact.TICKETS | Fact.CHANGED | Fact.REBOOKED | Fact.RESEATED:
            return found if booking.state(at) in (State.TICKETED, State.HELD) else None
    return found


def _has(events: tuple[Event, ...], *kinds: type) -> bool:
    return any(isinstance(event, kinds) for event in events)


def _before(booking: Booking, number: int) -> Booking:
    return replay(booking.locator, booking.journal[: number - 1])
