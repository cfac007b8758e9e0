"""A flight that is cancelled or much later: each party is offered the next flights with seats."""

from datetime import timedelta

from chalicelib.booking import disrupt, store
from chalicelib.booking.model import Booking, Offered
from chalicelib.core.clock import Now

from . import shop, trouble


def kept(booking: Booking, now: Now) -> Booking:
    """As it stands."""
    found = store.booking(booking.locator, now.wall)
    assert found
    return found.booking


def test_each_party_of_a_cancelled_flight_is_held_the_next_with_seats(cloud: None, now: Now) -> None:
    """Seats on a later flight are held for two hours, beside those it has; it costs nothing."""
    leg = shop.leg("EWR", "LAX", days=1)
    booking = shop.paid(shop.held(leg, now=now, size=3), now)
    trouble.cancel(leg, now)
    after = kept(booking, now)
    offer = after.offer_at(now.wall)
    assert offer and (offer.instead_of, offer.why) == (leg.leg, "cancelled")
    assert offer.change.until == now.wall + timedelta(hours=2)
    assert offer.change.segments[0].scheduled_out >= leg.scheduled_out
    assert offer.change.segments[-1].destination == "LAX"
    assert (offer.change.due, after.total) == (0, booking.total)
