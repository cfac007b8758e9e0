"""Who is offered seats first where there are not enough for all. Pure.

The house's order, by what is worst about waiting; each rule counts only among those who are equal by the ones before:

1. parties with somebody who asked for assistance, with infants or with children;
2. parties for whom more than this flight is lost: an onward flight, too;
3. the better cabin;
4. the fare that promises more: refundable ones, then those that can be changed;
5. who booked first; of the same instant, by locator, so that the order is the same each time.

A party is never split: one that is too large for what is left is passed over, and smaller ones behind it are served.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from chalicelib.booking.disruption import Trouble, Why
from chalicelib.booking.model import Booking
from chalicelib.booking.rules import fare_rules
from chalicelib.pricing import charges
from chalicelib.pricing.model import TravellerKind
from chalicelib.pricing.seats import Cabin

_CABINS = {Cabin.FIRST: 0, Cabin.BUSINESS: 0, Cabin.ECONOMY: 1}  # first of narrow bodies is business of wide ones
_NEVER = datetime.max.replace(tzinfo=UTC)


def in_order(parties: Iterable[tuple[Booking, Trouble]]) -> list[tuple[Booking, Trouble]]:
    """The parties of a flight, who is served first."""
    return sorted(parties, key=lambda each: _rank(*each))


def _rank(booking: Booking, found: Trouble) -> tuple[bool, bool, int, int, datetime, str]:
    segment = booking.segments[found.first]
    rules = fare_rules(booking, segment)
    more = found.end - found.first > 1 or found.why is Why.MISSED_CONNECTION
    return (
        not needs_care(booking),
        not more,
        _CABINS[segment.cabin],
        -(2 * rules.refundable + rules.changeable),
        booking.booked_at or _NEVER,
        booking.locator,
    )


def needs_care(booking: Booking) -> bool:
    """Whether somebody of a party is a child, an infant, or asked for assistance."""
    young = any(each.kind is not TravellerKind.ADULT for each in booking.travellers)
    return young or any(charges.needs_assistance(extra.code) for extra in booking.extras)
