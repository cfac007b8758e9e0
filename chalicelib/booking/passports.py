"""Takes travellers' passports, sealed, and erases them 24 hours after their last flight has arrived.

A row `erase#2026-12-03` in the table of bookings says which bookings are due on a day: it is written by the reader of
the table's stream, with each version of a booking that holds a document, and read every hour (`sweep`). So nothing has
to wait for weeks, and who changes to earlier flights is erased earlier. Erasing takes the sealed text out of the
journal, which no version tells of.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial

from chalicelib.airports import lookup
from chalicelib.booking import documents, names, store
from chalicelib.booking.disruption import arrives
from chalicelib.booking.documents import Document
from chalicelib.booking.model import (
    Booking,
    Challenged,
    Contact,
    Documented,
    Event,
    Held,
    KeyUse,
    State,
    Ticketed,
    Waitlisted,
    replay,
)
from chalicelib.booking.pay import known
from chalicelib.booking.standing import statuses
from chalicelib.booking.store import Kept
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, Fault, Invalid, Unavailable
from chalicelib.core.tables import ATTEMPTS, LostRace, persist
from chalicelib.core.telemetry import count, logger
from chalicelib.pricing.model import TravellerKind

_OF_AGE = {
    TravellerKind.INFANT: "an infant under 2", TravellerKind.CHILD: "a child of 2 to 11",
    TravellerKind.ADULT: "somebody of 12 or more",
}  # fmt: skip


def give(kept: Kept, place: int, read: Callable[[date], Document], use: KeyUse, now: Now) -> Booking:
    """Keep the passport of a traveller; `read` makes it, for the day of the last flight. A second replaces the first.

    Returns the booking as it stood then. Raises Invalid, Conflict, KeyReused, Unavailable.
    """
    sealed = ""
    for again in range(ATTEMPTS):
        if again:
            kept = known(kept.booking.locator, now)
        booking = kept.booking
        before = booking.answered(use)
        if before:
            return before[0]
        _check(booking, place, now)
        if not sealed:
            document = read(last_day(booking))
            _check_age(booking, place, document)
            sealed = b64encode(documents.seal(document, booking.locator, place)).decode()
        try:
            after = store.save(kept, booking.then(Documented(now.wall, place, sealed, use))).booking
        except LostRace:
            continue
        logger.info("a passport is kept", pnr=booking.locator, traveller=place)
        return after
    raise Unavailable("others keep changing this booking")


def opened(booking: Booking, place: int) -> Document:
    """The passport of a traveller; whoever calls has shown that they may see it. Raises Unavailable, Invalid."""
    return documents.unseal(b64decode(booking.documents[place]), booking.locator, place)


def last_day(booking: Booking) -> date:
    """The local day on which its last flight arrives."""
    last = booking.segments[-1]
    return last.scheduled_in.astimezone(lookup.zone(last.destination)).date()


def due_at(booking: Booking, now: Now) -> datetime:
    """When its documents are to be erased (flight time): after the last arrival, or at once where nobody flies."""
    if booking.state(now.wall) in (State.CANCELLED, State.EXPIRED):
        return now.flight
    stand = statuses(booking, now)
    return max(arrives(segment, stand.get(segment.leg)) for segment in booking.segments) + documents.KEPT


def note(booking: Booking, now: Now) -> None:
    """Note the day on which a booking's documents are due. Raises Unavailable."""
    if booking.documents:
        store.note_erasing(booking.locator, due_at(booking, now).date(), now)


def sweep(now: Now) -> int:
    """Erase what is due, of all bookings. Returns of how many.

    One that can't be erased keeps none of the others: it is tried again by the next sweep. Raises Unavailable once all
    were tried.
    """
    erased, left = 0, []
    for back in reversed(range(store.ERASING_KEPT.days + 1)):
        day = now.flight.date() - timedelta(days=back)
        for row in store.erasings(day, now.wall):
            try:
                erased += persist(partial(_erase, row, now))
            except Exception:
                logger.exception("documents can't be erased", pnr=row.locator)
                left.append(row.locator)
    if left:
        raise Unavailable(f"the documents of {len(left)} bookings, of {left[0]} first, can't be erased now")
    return erased


def _erase(row: store.Erasing, now: Now) -> bool:
    kept = store.booking(row.locator, now.wall)
    if kept is None or not (kept.booking.documents or row.whole):
        store.forget_erasing(row)
        return False
    due = due_at(kept.booking, now)
    if now.flight < due:
        if due.date() > row.day:  # it flies later than it was to
            store.note_erasing(row.locator, due.date(), now, whole=row.whole)
            store.forget_erasing(row)
        return False
    store.save(kept, anonymous(kept.booking) if row.whole else without_documents(kept.booking))
    store.forget_erasing(row)
    count("DocumentsErased")
    logger.info("documents are erased", pnr=row.locator, people=row.whole)
    return True


def without_documents(booking: Booking) -> Booking:
    """A booking whose journal holds no document any more."""
    journal = (replace(each, sealed="") if isinstance(each, Documented) else each for each in booking.journal)
    return replay(booking.locator, journal)


def anonymous(booking: Booking) -> Booking:
    """A booking whose journal names nobody: its money and flights stay, by its locator alone."""
    journal = map(_anonymous, without_documents(booking).journal)
    return replay(booking.locator, journal)


def _anonymous(event: Event) -> Event:
    match event:
        case Held() | Waitlisted():
            nobody = tuple(replace(who, family_name="", given_name="", date_of_birth=None) for who in event.travellers)
            contact = Contact("", None, event.contact.language)
            return replace(event, travellers=nobody, contact=contact, account=None)
        case Ticketed():
            return replace(event, token=None)
        case Challenged():
            return replace(event, url="")
    return event


def _check(booking: Booking, place: int, now: Now) -> None:
    if booking.state(now.wall) not in (State.HELD, State.TICKETED):
        raise Conflict(f"this booking is {booking.state(now.wall)}, and needs no documents")
    if not 0 <= place < len(booking.travellers):
        detail = f"is {place}; the booking has passengers 0 to {len(booking.travellers) - 1}"
        raise Invalid(f"passenger {detail}", [Fault("body", "passenger", detail)])
    last = booking.last_in
    if last and now.flight >= last:
        raise Conflict("its last flight has arrived; no documents are needed any more")


def _check_age(booking: Booking, place: int, document: Document) -> None:
    """See that the ticket is for somebody of that age on the first flight: fares and seats go by it. Raises Invalid."""
    kind, first = booking.travellers[place].kind, booking.segments[0].leg.date
    if names.passenger_type(document.date_of_birth, first) is not kind:
        detail = f"does not go with the ticket of passenger {place}, which is for {_OF_AGE[kind]} on {first}"
        raise Invalid(f"the date of birth {detail}", [Fault("body", "date_of_birth", detail)])
    born = booking.travellers[place].date_of_birth
    if born and born != document.date_of_birth:
        detail = "is not that with which the flight was booked"
        raise Invalid(f"the date of birth {detail}", [Fault("body", "date_of_birth", detail)])
