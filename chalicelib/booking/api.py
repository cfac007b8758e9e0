"""REST routes of bookings: hold, pay, look at, change, cancel, rebook, check in; the pages behind an offer's link."""

import time
from collections.abc import Callable

from chalicelib.booking import access, cancel, hold, pay
from chalicelib.booking.answers import (
    BoardingPassAnswer,
    BookingAnswer,
    CancellationAnswer,
    ChangeAnswer,
    ConfiguredAnswer,
    FaresAnswer,
    OptionsAnswer,
    SegmentShown,
)
from chalicelib.booking.model import Booking, Declined, KeyUse, State
from chalicelib.booking.payments.answers import ChallengeForm, ChallengeQuery, MethodsAnswer
from chalicelib.booking.requests import (
    ChangeQuery,
    ChangeRequest,
    CheckInRequest,
    ConfigurationRequest,
    DocumentRequest,
    HoldRequest,
    OfferQuery,
    PassQuery,
    PaymentRequest,
    RebookRequest,
    SeatsRequest,
    amount,
)
from chalicelib.channels.model import language_of
from chalicelib.core import clock
from chalicelib.core.callers import ANYONE, ANYONE_OR_SIGNED_IN, BOOKING_PARTY, OPERATORS, Party, Person
from chalicelib.core.config import config
from chalicelib.core.errors import Conflict, Forbidden, PaymentDeclined
from chalicelib.core.idempotency import Key
from chalicelib.core.routes import FORM, Document, Routes
from chalicelib.flights.identity import LegId

routes = Routes(__name__)

HTML = ("text/html",)
OFFER_PAGES = {
    404: "A page: this link is not valid", 409: "A page: the offer is over", 429: None, 503: "A page: try again later"
}  # fmt: skip
CHALLENGES = {404: "A page: there is no such challenge", 503: "A page: try again after Retry-After"}


def _now() -> clock.Now:
    return clock.now(config().flight_clock)


def _use(key: Key) -> KeyUse:
    return KeyUse(key.name_hash, key.fingerprint[:32])


def _then(booking: Booking, party: Party | None = None) -> BookingAnswer:
    """The booking as it stood after its last event: what a key is answered with, each time. No `party`: who made it."""
    at = booking.journal[-1].at
    return BookingAnswer.of(booking, at, whole=party is None or access.is_whole(booking, party, _now().wall))


@routes.post("/v1/bookings", callers=ANYONE_OR_SIGNED_IN, status=201, idempotency="required")
def hold_seats(
    body: HoldRequest, person: Person | None, client: str, headers: dict[str, str], idempotency_key: Key
) -> BookingAnswer:
    """Hold seats for a party for 15 minutes, at a price that stays. The locator (`pnr`) and `link` open the booking."""
    order = body.order(person.id if person else None, headers.get("accept-language", ""))
    return _then(hold.hold(order, _use(idempotency_key), client, _now(), time.sleep))


@routes.get("/v1/bookings/{pnr}", callers=BOOKING_PARTY, max_age=None)
def one_booking(pnr: str, party: Party, client: str) -> BookingAnswer:
    """A booking as it stands, and its flights, where they are near enough to be known. `pnr`: or a ticket's number."""
    from chalicelib.booking import standing

    now = _now()
    booking = access.admitted(pnr, party, client, now).booking
    stand = standing.statuses(booking, now) if booking.state(now.wall) in (State.HELD, State.TICKETED) else {}
    return BookingAnswer.of(
        booking,
        now.wall,
        whole=access.is_whole(booking, party, now.wall),
        stand={leg: status for leg, status in stand.items() if status.visible},
        found=standing.trouble(booking, stand) if stand else None,
    )


@routes.post(
    "/v1/bookings/{pnr}/payments", callers=BOOKING_PARTY, idempotency="required",
    others={402: "the payment service declines; try another card while the hold lasts"},
)  # fmt: skip
def pay_booking(pnr: str, body: PaymentRequest, party: Party, client: str, idempotency_key: Key) -> BookingAnswer:
    """Pay what is held, or a change, with a token of the payment service.

    The answer's `state` is `ticketed`; or `payment` says `challenge` (open `challenge.url`), or `open`: the service has
    not answered yet, and the booking will say within seconds what became of it; so does the same Idempotency-Key.
    Payments are taken until 30 seconds before `hold_until`.
    """
    now = _now()
    kept = access.acting(pnr, party, client, now, "pay")
    if body.token is None and not access.is_whole(kept.booking, party, now.wall):
        raise Forbidden("locator and name are not enough to pay with the card of last time; give a token")
    booking = pay.pay(kept, body.token, body.return_url, _use(idempotency_key), now)
    last = booking.journal[-1]
    if isinstance(last, Declined):
        raise PaymentDeclined(f"the payment was declined: {last.reason.replace('_', ' ')}")
    return _then(booking, party)


@routes.post("/v1/bookings/{pnr}/cancel", callers=BOOKING_PARTY, consumes=(), idempotency="required")
def cancel_booking(pnr: str, party: Party, client: str, idempotency_key: Key) -> BookingAnswer:
    """Cancel a booking. Its seats are free at once; `refund_due` comes back by the way it was paid.

    All of it does within 24 hours of booking, and where the airline cancels a flight or changes it much.
    """
    now = _now()
    kept = access.acting(pnr, party, client, now, "cancel")
    return _then(cancel.cancel(kept, _use(idempotency_key), now, access.by(kept.booking, party)), party)


@routes.get("/v1/bookings/{pnr}/cancel", callers=BOOKING_PARTY, max_age=None, others={409: "It can't be cancelled"})
def cancellation_terms(pnr: str, party: Party, client: str) -> CancellationAnswer:
    """What a cancellation at this moment would bring back, and why. Nothing is cancelled."""
    now = _now()
    booking = access.admitted(pnr, party, client, now).booking
    return CancellationAnswer.of(cancel.preview(booking, now), booking.currency)


@routes.get("/v1/payments/methods", callers=ANYONE, max_age=300, others={503: "Nothing is sold here"})
def payment_methods() -> MethodsAnswer:
    """Who takes payments, and what to pay with. Card data never reach this API: it is given a token of the service."""
    from chalicelib.booking import payments

    return MethodsAnswer.of(config().payments, payments.service().methods())


@routes.post(
    "/v1/payments/callbacks", callers=ANYONE, status=204,
    idempotency="none",  # the service sends it again as it is; looking again is harmless
    others={401: "It is not signed by the payment service, or not lately"},
)  # fmt: skip
def hear_payment(body: bytes, headers: dict[str, str]) -> None:
    """Hear of the payment service that something became of a charge. It is signed by Standard Webhooks."""
    from chalicelib.booking import changes, settlements
    from chalicelib.booking.payments import callbacks

    now = _now().wall
    name = settlements.booking_of(callbacks.receive(headers, body, now))
    changes.send_later(name, now, now)  # the service waits for a quick answer


@routes.get(
    "/v1/payments/simulated/{reference}", callers=ANYONE, max_age=None, produces=HTML, others=CHALLENGES,
)  # fmt: skip
def challenge_page(reference: str, query: ChallengeQuery) -> Document:
    """The page of the simulated payment service's bank, which asks for 3-D Secure. Who has its URL may answer."""
    from chalicelib.booking.payments import pages

    return pages.challenge(reference, query.key)


@routes.post(
    "/v1/payments/simulated/{reference}", callers=ANYONE, consumes=(FORM,), produces=HTML, status=303,
    idempotency="none",  # a button of a page; what was decided stays
    others=CHALLENGES,
)  # fmt: skip
def answer_challenge(reference: str, query: ChallengeQuery, body: ChallengeForm) -> Document:
    """Approve or decline the payment, and go back to its `return_url`."""
    from chalicelib.booking.payments import pages

    return pages.answered(reference, query.key, approve=body.answer == "approve")


@routes.get("/v1/bookings/{pnr}/options", callers=BOOKING_PARTY, max_age=None)
def rebooking_options(pnr: str, party: Party, client: str) -> OptionsAnswer:
    """The next flights with seats, where a flight is cancelled, much delayed, or would be missed. They cost nothing."""
    from chalicelib.booking import rebook

    now = _now()
    booking = access.admitted(pnr, party, client, now).booking
    return OptionsAnswer.of(booking, rebook.options(booking, now), now.wall)


@routes.post(
    "/v1/bookings/{pnr}/rebook", callers=BOOKING_PARTY, idempotency="required",
    others={409: "Nothing is held any more, these flights have no seats left, or the booking's flights are as booked"},
)  # fmt: skip
def rebook_booking(pnr: str, body: RebookRequest, party: Party, client: str, idempotency_key: Key) -> BookingAnswer:
    """Take the flights that are held instead of one that is cancelled or much delayed, or others of the options."""
    from chalicelib.booking import rebook

    now = _now()
    kept = access.acting(pnr, party, client, now, "rebook")
    return _then(rebook.rebook(kept, body.legs(), _use(idempotency_key), now), party)


@routes.get("/v1/rebook", callers=ANYONE, max_age=None, produces=HTML, others=OFFER_PAGES)
def offer_page(query: OfferQuery) -> Document:
    """The page that shows the flights that are held, with the button that takes them. To read it takes nothing."""
    from chalicelib.booking import pages, rebook

    def show() -> Document:
        tap = rebook.tapped(query.token, _now())
        booking = tap.kept.booking
        if tap.taken:
            return pages.rebooked(booking)
        return pages.offer(booking, tap.offer) if tap.open else pages.over(booking)

    return _page(show)


@routes.post("/v1/rebook", callers=ANYONE, consumes=(), produces=HTML, others=OFFER_PAGES)
def take_offer(query: OfferQuery) -> Document:
    """Take the flights that are held; once more does nothing more."""
    from chalicelib.booking import pages, rebook

    def take() -> Document:
        now = _now()
        tap = rebook.tapped(query.token, now)
        try:
            return pages.rebooked(rebook.take(tap, now))
        except Conflict:
            return pages.over(tap.kept.booking)

    return _page(take)


def _page(make: Callable[[], Document]) -> Document:
    """A page, or one that says to a person why not, in the language of the browser."""
    from chalicelib.booking import pages
    from chalicelib.core.pages import page_or_why_not

    language = language_of(routes.current_request.headers.get("accept-language", ""))
    return page_or_why_not(make, lambda notice, status: pages.said(language, notice, status))


@routes.post(
    "/v1/waitlist", callers=ANYONE_OR_SIGNED_IN, status=201, idempotency="required",
    others={409: "These flights have seats: book them"},
)  # fmt: skip
def join_waitlist(
    body: HoldRequest, person: Person | None, client: str, headers: dict[str, str], idempotency_key: Key
) -> BookingAnswer:
    """Wait for seats on flights that are full. As they come back, they are held for two hours, first come first served.

    Seats and prices that are asked for do not count: both are those of that moment.
    """
    from chalicelib.booking import waitlist

    order = body.order(person.id if person else None, headers.get("accept-language", ""))
    return _then(waitlist.join(order, _use(idempotency_key), client, _now()))


@routes.delete(
    "/v1/waitlist/{pnr}", callers=BOOKING_PARTY, others={409: "Seats are held for it already: cancel the booking"}
)
def leave_waitlist(pnr: str, party: Party, client: str) -> None:
    """Wait no more; who does not wait any more is told the same."""
    from chalicelib.booking import waitlist

    now = _now()
    kept = access.acting(pnr, party, client, now, "leave-waitlist")
    waitlist.leave(kept, now, access.by(kept.booking, party))


@routes.post(
    "/v1/bookings/{pnr}/change", callers=BOOKING_PARTY, idempotency="required",
    others={409: "It can't be changed so: a fare's rules, a price that changed, flights that are full, or have left"},
)  # fmt: skip
def change_booking(pnr: str, body: ChangeRequest, party: Party, client: str, idempotency_key: Key) -> BookingAnswer:
    """Change a ticketed booking to other flights, by the rules of its fares.

    Where something is to be paid, `change` holds the new seats for 15 minutes until that is done. Else it is made.
    """
    from chalicelib.booking import change

    now = _now()
    kept = access.acting(pnr, party, client, now, "change")
    due = amount(body.due, "due")
    by = access.by(kept.booking, party)
    return _then(change.change(kept, body.wanted, due, _use(idempotency_key), now, by=by), party)


@routes.get(
    "/v1/bookings/{pnr}/change", callers=BOOKING_PARTY, max_age=None,
    others={409: "It can't be changed so: a fare's rules, or flights that are full, or have left"},
)  # fmt: skip
def change_terms(pnr: str, query: ChangeQuery, party: Party, client: str) -> ChangeAnswer:
    """What a change to these flights would come to at this moment. Nothing is held."""
    from chalicelib.booking import change

    now = _now()
    booking = access.admitted(pnr, party, client, now).booking
    return ChangeAnswer.of(change.preview(booking, query.wanted(booking), now), booking)


@routes.post(
    "/v1/bookings/{pnr}/seats", callers=BOOKING_PARTY, idempotency="required",
    others={409: "A seat is taken, or would cost more than what was paid for seats; or it is too late"},
)  # fmt: skip
def change_seats(pnr: str, body: SeatsRequest, party: Party, client: str, idempotency_key: Key) -> BookingAnswer:
    """Choose other seats on a flight. While seats are held, the price changes with them.

    Once paid, they are changed for seats that cost no more; from check-in on, common seats cost nothing.
    """
    from chalicelib.booking import reseat

    now = _now()
    kept = access.acting(pnr, party, client, now, "seats")
    by = access.by(kept.booking, party)
    return _then(
        reseat.reseat(kept, LegId.given(body.flight, "flight"), body.chosen, _use(idempotency_key), now, by=by), party
    )


@routes.post(
    "/v1/bookings/{pnr}/check-in", callers=BOOKING_PARTY, idempotency="required",
    others={409: "Check-in is not open, passports are missing, or they are checked in already"},
)  # fmt: skip
def check_in_party(pnr: str, body: CheckInRequest, party: Party, client: str, idempotency_key: Key) -> BookingAnswer:
    """Check in on a flight, from 24 hours before it is to leave until 45 minutes before it is expected to."""
    from chalicelib.booking import check_in

    now = _now()
    kept = access.acting(pnr, party, client, now, "check-in")
    return _then(
        check_in.check_in(kept, LegId.given(body.flight, "flight"), body.passengers, _use(idempotency_key), now), party
    )


@routes.get(
    "/v1/bookings/{pnr}/boarding-pass", callers=BOOKING_PARTY, max_age=None,
    others={409: "The passenger is not checked in, or the flight is cancelled"},
)  # fmt: skip
def boarding_pass(pnr: str, query: PassQuery, party: Party, client: str) -> BoardingPassAnswer:
    """The boarding pass of a passenger who is checked in."""
    from chalicelib.booking import check_in, papers

    now = _now()
    booking, leg = access.admitted(pnr, party, client, now).booking, LegId.given(query.flight, "flight", "query")
    made = papers.boarding_pass(booking, leg, query.passenger, now)
    return BoardingPassAnswer.of(made, SegmentShown.of(check_in.segment_of(booking, leg)[1], booking))


@routes.get(
    "/v1/bookings/{pnr}/boarding-pass.svg", callers=BOOKING_PARTY, max_age=None, produces=("image/svg+xml",),
    others={409: "The passenger is not checked in, or the flight is cancelled"},
)  # fmt: skip
def boarding_pass_symbol(pnr: str, query: PassQuery, party: Party, client: str) -> Document:
    """The Aztec symbol of a boarding pass as a picture."""
    from chalicelib.booking import papers

    now = _now()
    booking = access.admitted(pnr, party, client, now).booking
    made = papers.boarding_pass(booking, LegId.given(query.flight, "flight", "query"), query.passenger, now)
    return Document(made.svg, "image/svg+xml")


@routes.post("/v1/bookings/{pnr}/documents", callers=BOOKING_PARTY, idempotency="required")
def give_document(pnr: str, body: DocumentRequest, party: Party, client: str, idempotency_key: Key) -> BookingAnswer:
    """Give a passenger's passport, for flights to another country. It is sealed, and erased after the last flight."""
    from chalicelib.booking import passports

    now = _now()
    kept = access.acting(pnr, party, client, now, "documents")
    return _then(passports.give(kept, body.passenger, body.read, _use(idempotency_key), now), party)


@routes.get(
    "/v1/bookings/{pnr}/itinerary.pdf", callers=BOOKING_PARTY, max_age=None, produces=("application/pdf",),
    others={409: "Nothing is paid yet"},
)  # fmt: skip
def itinerary_pdf(pnr: str, party: Party, client: str) -> Document:
    """The itinerary and receipt, in the language of the booking's contact."""
    from chalicelib.booking import papers

    now = _now()
    booking = access.admitted(pnr, party, client, now).booking
    name = f'inline; filename="{booking.locator}.pdf"'
    text = papers.as_pdf(booking, now, _language(booking)).decode()  # it is text, so no gateway has to know of it
    return Document(text, "application/pdf", headers={"Content-Disposition": name})


@routes.get(
    "/v1/bookings/{pnr}/itinerary.ics", callers=BOOKING_PARTY, max_age=None, produces=("text/calendar",),
    others={409: "Nothing is paid yet"},
)  # fmt: skip
def itinerary_ics(pnr: str, party: Party, client: str) -> Document:
    """The flights as they now stand, for a calendar (RFC 5545)."""
    from chalicelib.booking import papers

    now = _now()
    booking = access.admitted(pnr, party, client, now).booking
    return Document(papers.as_ics(booking, now, _language(booking)), "text/calendar; charset=utf-8")


def _language(booking: Booking) -> str:
    return booking.contact.language if booking.contact else "en"


@routes.get("/v1/bookings/{pnr}/fare/explain", callers=BOOKING_PARTY, max_age=None)
def booked_fare_explained(pnr: str, party: Party, client: str) -> FaresAnswer:
    """How the price of a booking came about: all inputs of each fare as it was booked, each step, and each line."""
    return FaresAnswer.of(access.admitted(pnr, party, client, _now()).booking)


@routes.patch(
    "/v1/flights/{id}/configuration", callers=OPERATORS,
    others={
        403: "The account is not an operator's, or acts for other airlines and airports",
        409: "Passengers would have no seat (`stranded` names theirs), too many would move at once, or it has left",
    },
)  # fmt: skip
def configure_flight(id: str, body: ConfigurationRequest, person: Person, client: str) -> ConfiguredAnswer:
    """Change what a flight is flown with, and which seats are blocked, as its airline or the airport it leaves from.

    Who sat on a seat that is no more is moved to another one of the cabin, and told; or nothing is done.
    """
    from chalicelib.booking import configure

    leg, now = LegId.of_path(id), _now()
    return ConfiguredAnswer.made(configure.configure(leg, body.said, person, client, now), now.wall)
