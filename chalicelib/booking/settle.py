"""Settles what a booking has left open: a charge without an answer, a hold that is over, a refund that is due.

Everything here may be asked for at any time, late, or twice: what is to be done follows from the booking, and from what
the payment service knows of its references.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from chalicelib.booking import payments, store
from chalicelib.booking.model import Booking, Challenged, Closed, Overpaid, Refunded, State
from chalicelib.booking.pay import note, reference
from chalicelib.booking.seating import cleared, without
from chalicelib.booking.store import Kept
from chalicelib.core.clock import Now
from chalicelib.core.errors import Unavailable
from chalicelib.core.tables import persist
from chalicelib.core.telemetry import count, logger

AGAIN = timedelta(seconds=20)  # between two questions after a charge that has no answer yet
AGAIN_CHALLENGED = timedelta(minutes=2)  # likewise where the payer is asked to prove who they are: a callback comes


def look(name: str, now: Now) -> datetime | None:
    """Do what is open of a booking, as far as can be done now. Returns when to look again; None: nothing is open.

    Raises Unavailable where something has to be tried again soon: the payment service, or a table, does not answer.
    """
    persist(lambda: _answer(name, now))
    persist(lambda: _end(name, now))
    persist(lambda: _refund(name, now))
    kept = store.booking(name, now.wall)
    return next_look(kept.booking, now.wall) if kept else None


def next_look(booking: Booking, at: datetime) -> datetime | None:
    """When something will be open of a booking; None: nothing will."""
    if booking.refunds or booking.ended(at) is not booking or not booking.closed:
        return at
    again = None
    if booking.open_attempt:
        again = at + (AGAIN_CHALLENGED if isinstance(booking.open_attempt, Challenged) else AGAIN)
    ends = [
        again,
        booking.until if booking.kept_as is State.HELD else None,
        booking.change.until if booking.change else None,
        booking.offer.change.until if booking.offer else None,
    ]
    return min((end for end in ends if end), default=None)


@contextmanager
def _patient() -> Iterator[None]:
    """What the payment service is still at work on is asked for later, not at once again."""
    try:
        yield
    except payments.AtWork as error:
        raise Unavailable(str(error), retry_after=int(AGAIN.total_seconds())) from error


def _answer(name: str, now: Now) -> None:
    """Ask what became of the charge that has no answer yet."""
    kept = store.booking(name, now.wall)
    if kept is None or kept.booking.open_attempt is None:
        return
    waits = kept.booking.open_attempt
    with _patient():
        charged = payments.service().status(reference(name, waits.attempt), now.wall)
    if charged and not (charged.outcome is payments.Outcome.CHALLENGE and isinstance(waits, Challenged)):
        note(kept, charged, waits.attempt, waits.amount, now=now)


def _end(name: str, now: Now) -> None:
    """Close what is over: the payment service can take nothing for it any more, and its seats are given back."""
    kept = store.booking(name, now.wall)
    if kept is None:
        return
    before = kept.booking
    after = before.ended(now.wall)
    if after is before and before.closed:
        return
    if not after.closed:
        attempt = before.open_attempt.attempt if before.open_attempt else before.attempts + 1
        with _patient():
            charged = payments.service().cancel(reference(name, attempt), now.wall)
        if charged.outcome is payments.Outcome.APPROVED:
            after = after.then(Overpaid(now.wall, attempt, charged.payment, charged.amount, None))
        after = after.then(Closed(now.wall, attempt))
    there = cleared(without(before, after.claims(now.wall), now.wall), now.wall)
    others = [(each, ended) for each, ended in there.lapsed if each.booking.locator != name]
    store.write([(kept, after), *others], there.seats)
    count("HoldsEnded")
    logger.info("a hold is over", pnr=name, kept_as=after.kept_as)


def _refund(name: str, now: Now) -> None:
    """Send back what is due, each refund by a reference of its own. Raises Unavailable where one is not taken yet."""
    kept = store.booking(name, now.wall)
    for due in kept.booking.refunds if kept else ():
        assert kept
        sent = payments.service().refund(reference(name, due.attempt), due.reference, due.amount, now.wall)
        if not sent.taken:
            count("RefundsRefused")
            raise Unavailable(f"the payment service does not take the refund {due.reference} now")
        kept = _refunded(kept, Refunded(now.wall, due.attempt, due.reference, due.amount))


def _refunded(kept: Kept, event: Refunded) -> Kept:
    after = store.save(kept, kept.booking.then(event))
    count("RefundsSent")
    logger.info("a refund is sent", pnr=kept.booking.locator, refund=event.reference, amount=event.amount)
    return after
