"""Bookings over REST: hold, pay, look at. `/docs` shows every field."""

import time

from chalicelib.booking import access, cancel, hold, pay
from chalicelib.booking.answers import BookingAnswer, HoldRequest, PaymentRequest
from chalicelib.booking.model import Booking, Declined, KeyUse
from chalicelib.core import clock
from chalicelib.core.callers import ANYONE_OR_SIGNED_IN, BOOKING_PARTY, Party, Person
from chalicelib.core.config import config
from chalicelib.core.errors import PaymentDeclined
from chalicelib.core.idempotency import Key
from chalicelib.core.routes import Routes

routes = Routes(__name__)


def _now() -> clock.Now:
    return clock.now(config().flight_clock)


def _use(key: Key) -> KeyUse:
    return KeyUse(key.name_hash, key.fingerprint[:32])


def _then(booking: Booking) -> BookingAnswer:
    """The booking as it stood after its last event: what a key is answered with, each time."""
    return BookingAnswer.of(booking, booking.journal[-1].at)


@routes.post("/v1/bookings", callers=ANYONE_OR_SIGNED_IN, status=201, idempotency="required")
def hold_seats(
    body: HoldRequest, person: Person | None, client: str, headers: dict[str, str], idempotency_key: Key
) -> BookingAnswer:
    """Hold seats for a party for 15 minutes, at a price that stays. The locator (`pnr`) and `link` open the booking."""
    order = body.order(person.id if person else None, headers.get("accept-language", ""))
    return _then(hold.hold(order, _use(idempotency_key), client, _now(), time.sleep))


@routes.get("/v1/bookings/{pnr}", callers=BOOKING_PARTY, max_age=None)
def one_booking(pnr: str, party: Party, client: str) -> BookingAnswer:
    """A booking as it stands."""
    now = _now()
    return BookingAnswer.of(access.admitted(pnr, party, client, now).booking, now.wall)


@routes.post(
    "/v1/bookings/{pnr}/payments", callers=BOOKING_PARTY, idempotency="required",
    others={402: "the payment service declines; try another card while the hold lasts"},
)  # fmt: skip
def pay_booking(pnr: str, body: PaymentRequest, party: Party, client: str, idempotency_key: Key) -> BookingAnswer:
    """Pay what is held, or a change, with a token of the payment service.

    The answer's `state` is `ticketed`; or `payment` says `challenge` (open `challenge.url`), or `open`: the service has
    not answered yet, and the booking will say within seconds what became of it.
    """
    now = _now()
    kept = access.admitted(pnr, party, client, now)
    booking = pay.pay(kept, body.token, body.return_url, _use(idempotency_key), now)
    last = booking.journal[-1]
    if isinstance(last, Declined):
        raise PaymentDeclined(f"the payment was declined: {last.reason.replace('_', ' ')}")
    return _then(booking)


@routes.post("/v1/bookings/{pnr}/cancel", callers=BOOKING_PARTY, consumes=(), idempotency="required")
def cancel_booking(pnr: str, party: Party, client: str, idempotency_key: Key) -> BookingAnswer:
    """Cancel a booking. Its seats are free at once; `refund_due` comes back by the way it was paid.

    All of it does within 24 hours of booking, and where the airline cancels a flight or changes it much.
    """
    now = _now()
    return _then(cancel.cancel(access.admitted(pnr, party, client, now), _use(idempotency_key), now))
