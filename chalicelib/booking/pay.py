"""Takes the payment for what is held: one call of the payment service, and one write of what it said.

A charge has a reference, of the locator and the number of the attempt, by which the service takes it once however
often it is asked. So nothing has to be written before the call: who dies between call and write has left a charge that
`settle` finds at the end of the hold, at the latest, by that reference.

What is approved makes tickets while the seats are held. What is approved too late is due back in full, at once.
"""

from base64 import b64decode, b64encode
from contextlib import suppress
from datetime import datetime

from chalicelib.booking import locator as locators
from chalicelib.booking import payments, store, tickets
from chalicelib.booking.model import (
    LAST_CALL,
    MOST_ATTEMPTS,
    Booking,
    Challenged,
    ChangeHeld,
    Declined,
    Held,
    KeyUse,
    Overpaid,
    State,
    Ticketed,
    Unanswered,
)
from chalicelib.booking.payments import Charged, Outcome
from chalicelib.booking.seating import Shelf, cleared, without
from chalicelib.booking.store import Kept
from chalicelib.core import vault
from chalicelib.core.clock import Now
from chalicelib.core.errors import AtWork, Conflict, Fault, Invalid, NotFound, Unavailable
from chalicelib.core.secrets import secret
from chalicelib.core.tables import ATTEMPTS, LostRace
from chalicelib.core.telemetry import count, logger
from chalicelib.flights import read
from chalicelib.pricing import stock
from chalicelib.search.model import LIVE

NO_CODE = "000"  # begins the ticket of an airline whose accounting code is not known


def pay(kept: Kept, token: str | None, return_url: str, use: KeyUse, now: Now) -> Booking:
    """Pay what waits for a payment, with a token of the payment service; None: with that of the last payment.

    Returns the booking as it stood after the answer: ticketed, or with a challenge to pass or a charge to wait for, or
    as it was where the service declined (`Booking.journal[-1]` says). The same key gets the same answer; while that is
    a challenge or a charge to wait for, what became of it since. Raises NotFound, Conflict, Invalid, KeyReused, AtWork,
    Unavailable.
    """
    name = kept.booking.locator
    for again in range(ATTEMPTS):
        if again:
            kept = known(name, now)
        before = kept.booking.answered(use)
        if before:
            return before[0]
        attempt, amount = _next_attempt(kept.booking, now.wall)
        if kept.booking.open_attempt:  # a challenge that was left, a charge without an answer: first its end
            with suppress(LostRace):
                close(kept, now)
            continue
        _check_flights(kept.booking, now)
        sealed, token = _token(kept.booking, token)
        try:
            charged: Charged | None = payments.service().charge(
                reference(name, attempt),
                amount=amount,
                currency=kept.booking.currency,
                token=token,
                return_url=return_url,
                now=now.wall,
            )
        except Conflict as refusal:  # an attempt whose answer was lost, with another card: first its end
            if isinstance(refusal, AtWork):
                raise
            with suppress(LostRace):
                close(kept, now)
            continue
        except Unavailable:  # nobody knows whether it was taken
            charged = None
        if charged and charged.refunded:  # by a reference that a booking of this locator used before
            raise Conflict("this payment was taken and given back; book again, with another Idempotency-Key")
        return _kept_answer(kept, charged, attempt, amount, now=now, use=use, sealed=sealed)
    raise Unavailable("others keep changing this booking")


def _kept_answer(
    kept: Kept, charged: Charged | None, attempt: int, amount: int, *, now: Now, use: KeyUse, sealed: str
) -> Booking:
    """Keep the service's answer, whatever became of the booking meanwhile: money was taken, perhaps."""
    for _ in range(ATTEMPTS):
        try:
            return note(kept, charged, attempt, amount, now=now, use=use, sealed=sealed).booking
        except LostRace:
            kept = known(kept.booking.locator, now)
        before = kept.booking.answered(use)
        if before:
            return before[0]
        if kept.booking.attempts >= attempt:  # somebody else was told the same answer, and kept it
            return kept.booking
    raise Unavailable("others keep changing this booking")


def known(name: str, now: Now) -> Kept:
    """A booking that is there. Raises NotFound."""
    kept = store.booking(name, now.wall)
    if kept is None:
        raise NotFound(f"there is no booking {name}")
    return kept


def reference(name: str, attempt: int) -> str:
    """By which the payment service knows a charge."""
    return f"{name}-{attempt}"


def close(kept: Kept, now: Now) -> Kept:
    """End the attempt that is open: a challenge is declined for good; what was approved meanwhile counts."""
    booking = kept.booking
    attempt = booking.open_attempt.attempt if booking.open_attempt else booking.attempts + 1
    amount = booking.open_attempt.amount if booking.open_attempt else 0
    charged = payments.service().cancel(reference(booking.locator, attempt), now.wall)
    return note(kept, charged, attempt, charged.amount or amount, now=now)


def note(  # noqa: PLR0911 - one for each thing that a service may say
    kept: Kept,
    charged: Charged | None,
    attempt: int,
    amount: int,
    *,
    now: Now,
    use: KeyUse | None = None,
    sealed: str | None = None,
) -> Kept:
    """Keep what the service said of an attempt (None: nothing in time). Raises LostRace, Unavailable."""
    booking, at = kept.booking, now.wall
    use = use or (booking.open_attempt.key if booking.open_attempt else None)
    if charged is None:
        return _noted(kept, booking.then(Unanswered(at, attempt, amount, use)), "unanswered")
    match charged.outcome:
        case Outcome.CHALLENGE:
            return _noted(
                kept, booking.then(Challenged(at, attempt, amount, charged.challenge_url or "", use)), "challenged"
            )
        case Outcome.DECLINED:
            reason = charged.decline.reason if charged.decline else "declined"
            return _noted(kept, booking.then(Declined(at, attempt, reason, use)), "declined")
    if booking.to_pay(at) != charged.amount:  # the hold is over, or something else was paid: nothing to have for it
        return _noted(kept, booking.then(Overpaid(at, attempt, charged.payment, charged.amount, use)), "overpaid")
    paid = Ticketed(at, attempt, charged.payment, charged.amount, booking.tickets or _tickets(booking), sealed, use)
    after = booking.then(paid)
    if booking.state(at) is State.HELD:
        return _noted(kept, after, "ticketed")
    seats = seats_after_change(booking, after, now)
    if seats is None:
        return _noted(kept, booking.then(Overpaid(at, attempt, charged.payment, charged.amount, use)), "overpaid")
    store.write([(kept, after), *seats.lapsed], seats.seats)
    count("BookingsChanged")
    return Kept(after, kept.revision + 1)


def _noted(kept: Kept, after: Booking, what: str) -> Kept:
    noted = store.save(kept, after)
    count({"ticketed": "BookingsTicketed", "declined": "PaymentsDeclined"}.get(what, "PaymentsOpen"))
    logger.info("a payment is noted", pnr=after.locator, attempt=after.attempts, outcome=what)
    return noted


def seats_after_change(before: Booking, after: Booking, now: Now) -> Shelf | None:
    """The inventories of a paid booking's legs once a change is made: former seats are free, new ones its own for good.

    None where the new seats are not held for it any more.
    """
    number = locators.to_number(before.locator)
    had = {segment.leg for segment in before.segments}
    seats = without(before, {segment.leg for segment in after.segments}, now.wall)  # an offer's, too
    for segment in after.segments:
        if segment.leg not in had:
            inventory = stock.known(segment.leg, segment.destination, now.wall)
            if inventory is None or set(inventory.seats_of(number)) != set(segment.taken):
                return None
            seats[segment.leg] = inventory.settle(number)
    return cleared(seats, now.wall)


def _next_attempt(booking: Booking, at: datetime) -> tuple[int, int]:
    """The number of the next attempt to pay, and how much. Raises Conflict."""
    amount = booking.to_pay(at)
    if amount is None:
        raise Conflict(_nothing_to_pay(booking.state(at)))
    change = booking.change_at(at)
    until = booking.until if booking.state(at) is State.HELD else change.until if change else None
    if until and until - at < LAST_CALL:
        raise Conflict(
            f"payments are taken until {LAST_CALL.seconds} seconds before a hold is over, as they may take long;"
            " nothing was charged. Once it is over, ask for the seats anew"
        )
    if _declined_in_vain(booking) >= MOST_ATTEMPTS:
        raise Conflict(f"{MOST_ATTEMPTS} attempts to pay have failed; book again")
    return booking.attempts + 1, amount


def _check_flights(booking: Booking, now: Now) -> None:
    """See that nobody pays for a flight that was cancelled since its seats were held. Raises Conflict."""
    if booking.state(now.wall) is not State.HELD:
        return
    near = [segment.leg for segment in booking.segments if segment.scheduled_out - now.flight < LIVE]
    gone = [str(flight.leg) for flight in read.current(near, now.flight) if flight.status.cancelled] if near else []
    if gone:
        raise Conflict(f"{', '.join(gone)} is cancelled by now; nothing was charged. Search again")


def _declined_in_vain(booking: Booking) -> int:
    """How often the service has declined what is to be paid now."""
    asked = max(at for at, event in enumerate(booking.journal) if isinstance(event, Held | ChangeHeld))
    return sum(isinstance(event, Declined) for event in booking.journal[asked:])


def _nothing_to_pay(state: State) -> str:
    return {
        State.EXPIRED: "the hold is over, and its seats are free again; book again",
        State.TICKETED: "this is paid",
        State.CANCELLED: "this booking is cancelled",
        State.WAITLISTED: "this waits for seats; there is nothing to pay yet",
    }.get(state, "there is nothing to pay")


def _tickets(booking: Booking) -> tuple[str, ...]:
    code = tickets.accounting_code(booking.segments[0].leg.flight.carrier) or NO_CODE
    key = secret("ticket-key")
    return tuple(tickets.ticket(code, booking.locator, place, key) for place in range(len(booking.travellers)))


def _token(booking: Booking, token: str | None) -> tuple[str, str]:
    """The payment token, sealed and as it is."""
    context = {"pnr": booking.locator}
    if token is not None:
        return b64encode(vault.seal(token, context)).decode(), token
    sealed = next((e.token for e in reversed(booking.journal) if isinstance(e, Ticketed) and e.token), None)
    if sealed is None:
        raise Invalid("nothing was paid with yet", [Fault("body", "token", "is missing: there is no former payment")])
    return sealed, vault.unseal(b64decode(sealed), context)
