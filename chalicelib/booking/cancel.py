"""Cancels a booking: seats are free again at once, and what comes back is due by the rules of its fares.

All of it comes back within 24 hours of booking, and where the airline cancels a flight or changes it much (14 CFR
260); else taxes and fees of what is not flown do, and fares where their rules say so. The payment service is told by
`settle`.
"""

from contextlib import suppress
from typing import NamedTuple

from chalicelib.booking import standing, store
from chalicelib.booking.model import COOLING_OFF, Booking, By, Cancelled, KeyUse, State
from chalicelib.booking.pay import known
from chalicelib.booking.rules import rules_of
from chalicelib.booking.seating import cleared, without
from chalicelib.booking.standing import Statuses
from chalicelib.booking.store import Kept
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.core.tables import ATTEMPTS, LostRace
from chalicelib.core.telemetry import count, logger
from chalicelib.pricing import charges
from chalicelib.pricing.charges import Refund


class Terms(NamedTuple):
    """What a cancellation would bring back now, and why all of it does, where it does."""

    refund: Refund
    why: str  # "" by the fare's rules; 24_hours | airline


def cancel(kept: Kept, use: KeyUse | None, now: Now, by: By = By.PASSENGER) -> Booking:
    """Cancel a booking for its passengers. Returns it as it stood then. Raises Conflict, KeyReused, Unavailable."""
    for again in range(ATTEMPTS):
        if again:
            kept = known(kept.booking.locator, now)
        before = kept.booking.answered(use) if use else None
        if before:
            return before[0]
        with suppress(LostRace):
            return once(kept, use, now, by=by)
    raise Unavailable("others keep changing this booking")


def once(kept: Kept, use: KeyUse | None, now: Now, *, by: By = By.PASSENGER, why: str = "") -> Booking:
    """Cancel a booking as it was read. Raises LostRace where it changed since, Conflict, Unavailable."""
    booking = kept.booking
    refund, reason = preview(booking, now, by_airline=by is By.AIRLINE)
    after = booking.then(Cancelled(now.wall, by, refund.amount, why or reason, use))
    there = cleared(without(booking, (), now.wall), now.wall)
    others = [(each, ended) for each, ended in there.lapsed if each.booking.locator != booking.locator]
    store.write([(kept, after), *others], there.seats)
    count("BookingsCancelled")
    logger.info("a booking is cancelled", pnr=booking.locator, by=by, refund=refund.amount)
    return after


def preview(booking: Booking, now: Now, *, by_airline: bool = False) -> Terms:
    """What a cancellation at this moment would bring back. Raises Conflict where it can't be cancelled."""
    state = booking.state(now.wall)
    if state in (State.CANCELLED, State.EXPIRED):
        raise Conflict("this booking is cancelled" if state is State.CANCELLED else "the hold was over already")
    if state is not State.TICKETED:
        return Terms(Refund(0, (), 0), "")
    return _terms(booking, standing.statuses(booking, now), now, by_airline=by_airline)


def _terms(booking: Booking, stand: Statuses, now: Now, *, by_airline: bool = False) -> Terms:
    """What comes back of a ticketed booking when all that is not flown is cancelled, by how its flights stand.

    All of it where a flight still to come is cancelled, significantly changed, or will be missed as the one before is
    late, and is not flown otherwise (14 CFR 260.2). Raises Conflict where all have left.
    """
    flown = [at for at, each in enumerate(booking.segments) if standing.is_gone(each, stand.get(each.leg), now)]
    if len(flown) == len(booking.segments):
        raise Conflict("its flights have left")
    airline = by_airline or standing.trouble(booking, stand) is not None
    fresh = booking.booked_at is not None and now.wall - booking.booked_at <= COOLING_OFF
    refund = charges.refund_of(booking.lines, rules_of(booking), flown=flown, waived=airline or fresh)
    return Terms(refund, "airline" if airline else "24_hours" if fresh else "")
