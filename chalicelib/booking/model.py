"""A booking: its journal of what happened, and how it stands by that.

A booking is nothing but its journal: what was held, answered by the payment service, ticketed, changed, cancelled,
refunded, in that order. How it stands is a fold over it (`replay`), so what an answer said then can be said again, and
whoever asks why is told. Instants are wall time, but for those of flights.

- **held**: seats are kept until an instant; a price is promised. When that is over, the booking is `expired`, whether
  or not anything ran at that instant (`state`).
- **ticketed**: paid; each traveller has a ticket.
- **cancelled**: nobody flies; what comes back is due as refunds.
- **waitlisted**: it waits for seats, and is held once there are.

Beside that a booking may have a **change** that waits for its payment, or an **offer** of other flights, each with
seats held for it until an instant.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal, NamedTuple

from chalicelib.core.errors import Conflict, KeyReused
from chalicelib.flights.identity import LegId
from chalicelib.pricing.model import Extra, Line, TravellerKind
from chalicelib.pricing.seats import Cabin

HOLD = timedelta(minutes=15)
LAST_CALL = timedelta(seconds=30)  # a payment begins at least so long before its hold ends: it may take a while
OFFER = timedelta(hours=2)  # of other flights, where one is cancelled or much delayed
OFFER_ENDS = timedelta(hours=1)  # before the offered departure
COOLING_OFF = timedelta(hours=24)  # after booking, a refund in full (14 CFR 259.5(b)(4), here without its seven days)
KEPT = timedelta(days=400)  # after the last flight; a claim may be made for about a year
MOST_TRAVELLERS = 9
MOST_SEGMENTS = 8
MOST_EVENTS = 120  # after which passengers can add no more to a journal; what has to happen still can
MOST_ATTEMPTS = 10  # to pay: whoever tries more cards than that tries cards
ANOTHER = "\n"  # between the inputs of two fares
FOR_GOOD = None  # until when a paid seat is had


class State(StrEnum):
    """How a booking stands."""

    WAITLISTED = "waitlisted"
    HELD = "held"
    EXPIRED = "expired"
    TICKETED = "ticketed"
    CANCELLED = "cancelled"


class By(StrEnum):
    """Who cancelled, changed or chose seats; staff: an admin of ours, for the passengers."""

    PASSENGER = "passenger"
    AIRLINE = "airline"
    STAFF = "staff"


class KeyUse(NamedTuple):
    """An Idempotency-Key and the body it came with, both as hashes."""

    key: str
    fingerprint: str


@dataclass(frozen=True)
class Traveller:
    """Somebody who flies. An infant sits on the lap of an adult, by that one's place among the travellers."""

    kind: TravellerKind
    family_name: str
    given_name: str
    date_of_birth: date | None = None
    lap_of: int | None = None


@dataclass(frozen=True)
class Segment:
    """A flight of a booking: as scheduled when it was booked, and each traveller's seat; an infant has none."""

    leg: LegId
    destination: str
    scheduled_out: datetime
    scheduled_in: datetime
    cabin: Cabin
    booking_class: str
    fare_basis: str
    seats: tuple[str | None, ...]
    fare: str  # the inputs of its fares (`fares`), as pricing can explain them (`pricing.fares.Quote.inputs`)

    @property
    def fares(self) -> tuple[str, ...]:
        """The inputs of each of its fares: one; where it is flown instead of more or fewer flights, several or none."""
        return tuple(self.fare.split(ANOTHER)) if self.fare else ()

    @property
    def taken(self) -> tuple[str, ...]:
        """The seats it takes."""
        return tuple(seat for seat in self.seats if seat)


@dataclass(frozen=True)
class Contact:
    """Whom to tell."""

    email: str
    phone: str | None = None
    language: str = "en"


@dataclass(frozen=True)
class Held:
    """Seats are kept, and a price is promised, until an instant."""

    at: datetime
    until: datetime
    travellers: tuple[Traveller, ...]
    segments: tuple[Segment, ...]
    lines: tuple[Line, ...]
    extras: tuple[Extra, ...]
    currency: str
    contact: Contact
    account: str | None
    key: KeyUse | None
    what: Literal["held"] = "held"


@dataclass(frozen=True)
class Waitlisted:
    """A party waits for seats on flights that are full; the segments have none yet, and no fare."""

    at: datetime
    travellers: tuple[Traveller, ...]
    segments: tuple[Segment, ...]
    extras: tuple[Extra, ...]
    contact: Contact
    account: str | None
    key: KeyUse | None
    until: datetime | None = None  # wall time: when the first of them leaves; None: as it is scheduled
    what: Literal["waitlisted"] = "waitlisted"


@dataclass(frozen=True)
class Expired:
    """The hold was over without a payment, and its seats were given back."""

    at: datetime
    what: Literal["expired"] = "expired"


@dataclass(frozen=True)
class Challenged:
    """The payment service wants the payer to prove who they are (3-D Secure), at a URL."""

    at: datetime
    attempt: int
    amount: int
    url: str
    key: KeyUse | None
    what: Literal["challenged"] = "challenged"


@dataclass(frozen=True)
class Unanswered:
    """The payment service did not answer in time: the charge may have been taken."""

    at: datetime
    attempt: int
    amount: int
    key: KeyUse | None
    what: Literal["unanswered"] = "unanswered"


@dataclass(frozen=True)
class Declined:
    """The payment service said no."""

    at: datetime
    attempt: int
    reason: str
    key: KeyUse | None
    what: Literal["declined"] = "declined"


@dataclass(frozen=True)
class Ticketed:
    """Paid. Travellers have their tickets; where a change waited for this payment, it is made."""

    at: datetime
    attempt: int
    payment: str
    amount: int
    tickets: tuple[str, ...]
    token: str | None  # the payment token, sealed
    key: KeyUse | None
    what: Literal["ticketed"] = "ticketed"


@dataclass(frozen=True)
class Overpaid:
    """A payment was taken for what can't be had any more: all of it is due back."""

    at: datetime
    attempt: int
    payment: str
    amount: int
    key: KeyUse | None
    what: Literal["overpaid"] = "overpaid"


@dataclass(frozen=True)
class Reseated:
    """Travellers have other seats on a flight; `by` the airline where the aircraft changed, and `back` comes back."""

    at: datetime
    leg: LegId
    seats: tuple[str | None, ...]
    lines: tuple[Line, ...]
    by: By
    key: KeyUse | None
    back: int = 0  # minor units, of what was paid for kinds of seats that they don't have any more
    what: Literal["reseated"] = "reseated"


@dataclass(frozen=True)
class CheckedIn:
    """Travellers are checked in on a flight, each with a check-in sequence number; 0: an infant on a lap has none."""

    at: datetime
    leg: LegId
    sequence: Mapping[int, int]  # by the traveller's place
    key: KeyUse | None
    what: Literal["checked_in"] = "checked_in"


@dataclass(frozen=True)
class Change:
    """Other flights instead of some: the itinerary and price lines after it, and what is to be paid (or comes back)."""

    segments: tuple[Segment, ...]
    lines: tuple[Line, ...]
    due: int  # minor units; below zero: comes back
    until: datetime | None = None  # its new seats are held until then
    extras: tuple[Extra, ...] | None = None  # None: as they were


@dataclass(frozen=True)
class ChangeHeld:
    """A change waits for its payment."""

    at: datetime
    change: Change
    key: KeyUse | None
    what: Literal["change_held"] = "change_held"


@dataclass(frozen=True)
class Changed:
    """A change was made that costs nothing, or from which something comes back."""

    at: datetime
    change: Change
    by: By
    key: KeyUse | None
    what: Literal["changed"] = "changed"


@dataclass(frozen=True)
class Offered:
    """Other flights are held for a party whose own does not fly, or flies much later; it costs nothing."""

    at: datetime
    change: Change
    instead_of: LegId
    why: str  # cancelled | delayed | missed_connection
    flights_version: int = 0  # of its flights together, by which that was known
    what: Literal["offered"] = "offered"


@dataclass(frozen=True)
class Disrupted:
    """A flight does not fly, or flies much later, or a delay will break a connection, and no seats were found instead.

    It is noted once for each leg and reason.
    """

    at: datetime
    leg: LegId
    why: str  # as of Offered
    what: Literal["disrupted"] = "disrupted"


@dataclass(frozen=True)
class Lapsed:
    """The seats of a change or of an offer were given back."""

    at: datetime
    of: Literal["change", "offer"]
    what: Literal["lapsed"] = "lapsed"


@dataclass(frozen=True)
class Closed:
    """The payment service was told that nothing waits for a payment any more: it can take none for what is over."""

    at: datetime
    attempt: int = 0  # that can't be made any more
    what: Literal["closed"] = "closed"


@dataclass(frozen=True)
class Cancelled:
    """Nobody flies. What comes back is due."""

    at: datetime
    by: By
    refund: int
    why: str
    key: KeyUse | None
    what: Literal["cancelled"] = "cancelled"


@dataclass(frozen=True)
class Refunded:
    """The payment service has taken a refund."""

    at: datetime
    attempt: int
    reference: str
    amount: int
    what: Literal["refunded"] = "refunded"


@dataclass(frozen=True)
class Documented:
    """A traveller's travel document was given, sealed; "" once it was erased."""

    at: datetime
    traveller: int
    sealed: str
    key: KeyUse | None
    what: Literal["documented"] = "documented"


Event = (
    Held | Waitlisted | Expired | Challenged | Unanswered | Declined | Ticketed | Overpaid | Reseated | CheckedIn
    | ChangeHeld | Changed | Offered | Disrupted | Lapsed | Closed | Cancelled | Refunded | Documented
)  # fmt: skip


_WISHES = Held | Reseated | CheckedIn | ChangeHeld | Changed | Documented  # beside payments, of which there are few


@dataclass(frozen=True)
class Payment:
    """Money that was taken by an attempt, and how much of it went back."""

    attempt: int
    id: str
    amount: int
    refunded: int = 0


class RefundDue(NamedTuple):
    """Money to send back: of which attempt, how much, and the reference that keeps it from being sent twice."""

    attempt: int
    amount: int
    reference: str


@dataclass(frozen=True)
class Booking:
    """A booking as it stands by its journal. `kept_as` is how it is; `state` how it counts at an instant."""

    locator: str
    journal: tuple[Event, ...] = ()
    kept_as: State = State.HELD
    until: datetime | None = None  # wall time: of the hold, or of the wait for seats
    booked_at: datetime | None = None  # when it was first ticketed
    travellers: tuple[Traveller, ...] = ()
    segments: tuple[Segment, ...] = ()
    lines: tuple[Line, ...] = ()
    extras: tuple[Extra, ...] = ()
    currency: str = "USD"
    contact: Contact | None = None
    account: str | None = None
    tickets: tuple[str, ...] = ()
    payments: tuple[Payment, ...] = ()
    attempts: int = 0  # answered, or given up
    open_attempt: Challenged | Unanswered | None = None
    closed: bool = True  # nothing is over for which the payment service may still take something
    due_back: int = 0  # of all payments, minor units, sent or not
    refunds: tuple["RefundDue", ...] = ()  # still to be sent
    checked_in: Mapping[LegId, Mapping[int, int]] = field(default_factory=dict)
    change: Change | None = None
    offer: Offered | None = None
    documents: Mapping[int, str] = field(default_factory=dict)

    @property
    def version(self) -> int:
        """One more with every event."""
        return len(self.journal)

    @property
    def total(self) -> int:
        """The price, minor units."""
        return sum(line.amount for line in self.lines)

    @property
    def paid(self) -> int:
        """Money taken, less what went back."""
        return sum(payment.amount - payment.refunded for payment in self.payments)

    @cached_property
    def seated(self) -> tuple[int, ...]:
        """The places of the travellers who need a seat."""
        return tuple(place for place, each in enumerate(self.travellers) if each.kind is not TravellerKind.INFANT)

    @property
    def last_in(self) -> datetime | None:
        """When its last flight arrives by the schedule."""
        return max((segment.scheduled_in for segment in self.segments), default=None)

    def state(self, at: datetime) -> State:
        """How it counts at an instant: a hold that is over has expired, as has a wait for flights that have left."""
        if self.kept_as in (State.HELD, State.WAITLISTED) and self.until and at >= self.until:
            return State.EXPIRED
        return self.kept_as

    def offer_at(self, at: datetime) -> Offered | None:
        """The other flights that are held for it."""
        held = self.offer and self.offer.change.until and at < self.offer.change.until
        return self.offer if held else None

    def change_at(self, at: datetime) -> Change | None:
        """The change that waits for its payment."""
        return self.change if self.change and self.change.until and at < self.change.until else None

    def claims(self, at: datetime) -> dict[LegId, tuple[Segment, datetime | None]]:
        """The legs on which it has a right to seats, with those, and until when (FOR_GOOD: they are paid)."""
        claimed: dict[LegId, tuple[Segment, datetime | None]] = {}
        if offer := self.offer_at(at):
            claimed |= {segment.leg: (segment, offer.change.until) for segment in offer.change.segments}
        if change := self.change_at(at):
            claimed |= {segment.leg: (segment, change.until) for segment in change.segments}
        if self.state(at) is State.HELD:
            claimed |= {segment.leg: (segment, self.until) for segment in self.segments}
        if self.state(at) is State.TICKETED:
            claimed |= {segment.leg: (segment, FOR_GOOD) for segment in self.segments}
        return claimed

    def held_until(self, leg: LegId) -> list[datetime]:
        """The ends of all holds, changes and offers in which seats of a leg were held for it so far."""
        holds = [(event.segments, event.until) for event in self.journal if isinstance(event, Held)]
        changes = [event.change for event in self.journal if isinstance(event, ChangeHeld | Offered)]
        holds += [(change.segments, change.until) for change in changes if change.until]
        return [until for segments, until in holds if any(segment.leg == leg for segment in segments)]

    def to_pay(self, at: datetime) -> int | None:
        """What a payment made at this instant would be, minor units; None: nothing waits for one."""
        if self.state(at) is State.HELD:
            return self.total
        change = self.change_at(at)
        return change.due if change else None

    def answered(self, use: KeyUse) -> tuple["Booking", Event] | None:
        """The booking as it stood once a key was answered, and the event that answered it; None: key unknown here.

        Raises KeyReused where the key came with another body.
        """
        for number in range(len(self.journal), 0, -1):
            event = self.journal[number - 1]
            key = getattr(event, "key", None)
            if key and key.key == use.key:
                if key.fingerprint != use.fingerprint:
                    raise KeyReused("this Idempotency-Key was used with another body")
                return replay(self.locator, self.journal[:number]), event
        return None

    def ended(self, at: datetime) -> "Booking":
        """The booking with what is over noted: its hold, its change, its offer. Itself where nothing is."""
        after = self
        if self.kept_as is State.HELD and self.state(at) is State.EXPIRED:
            after = after.then(Expired(at))
        if self.change is not None and not self.change_at(at):
            after = after.then(Lapsed(at, "change"))
        if self.offer is not None and not self.offer_at(at):
            after = after.then(Lapsed(at, "offer"))
        return after

    def then(self, *events: Event) -> "Booking":
        """The booking after something more happened. Raises Conflict for a wish of passengers where it is full."""
        if self.version >= MOST_EVENTS and any(isinstance(e, _WISHES) and getattr(e, "key", None) for e in events):
            raise Conflict("too much has happened to this booking; make another one")
        after = self
        for event in events:
            after = replace(_AFTER[type(event)](after, event), journal=(*after.journal, event))
        return after


def replay(locator: str, journal: Iterable[Event]) -> Booking:
    """A booking as it stands by a journal."""
    booking = Booking(locator)
    for event in journal:
        booking = replace(_AFTER[type(event)](booking, event), journal=(*booking.journal, event))
    return booking


def _held(booking: Booking, event: Held) -> Booking:
    return replace(
        booking, kept_as=State.HELD, until=event.until, travellers=event.travellers, segments=event.segments,
        lines=event.lines, extras=event.extras, currency=event.currency, contact=event.contact, account=event.account,
    )  # fmt: skip


def _waitlisted(booking: Booking, event: Waitlisted) -> Booking:
    return replace(
        booking, kept_as=State.WAITLISTED, until=event.until or event.segments[0].scheduled_out,
        travellers=event.travellers, segments=event.segments, extras=event.extras, contact=event.contact,
        account=event.account,
    )  # fmt: skip


def _open(booking: Booking, event: Challenged | Unanswered) -> Booking:
    return replace(booking, open_attempt=event)


def _declined(booking: Booking, event: Declined) -> Booking:
    return replace(booking, attempts=event.attempt, open_attempt=None)


def _ticketed(booking: Booking, event: Ticketed) -> Booking:
    after = _paid(booking, event)
    if booking.kept_as is State.TICKETED and booking.change:
        after = _after_change(after, booking.change)
    return replace(
        after, kept_as=State.TICKETED, until=None, booked_at=booking.booked_at or event.at, tickets=event.tickets
    )


def _overpaid(booking: Booking, event: Overpaid) -> Booking:
    return _owing(_paid(booking, event), event.amount)


def _lapsed(booking: Booking, event: Lapsed) -> Booking:
    return replace(booking, offer=None) if event.of == "offer" else replace(booking, change=None, closed=False)


def _paid(booking: Booking, event: Ticketed | Overpaid) -> Booking:
    payment = Payment(event.attempt, event.payment, event.amount)
    return replace(booking, attempts=event.attempt, open_attempt=None, payments=(*booking.payments, payment))


def _reseated(booking: Booking, event: Reseated) -> Booking:
    """Also in a change or an offer that would leave the flight as it was."""

    def reseated(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
        return tuple(replace(each, seats=event.seats) if each.leg == event.leg else each for each in segments)

    change, offer = booking.change, booking.offer
    return replace(
        _owing(booking, event.back), segments=reseated(booking.segments), lines=event.lines,
        change=change and replace(change, segments=reseated(change.segments)),
        offer=offer and replace(offer, change=replace(offer.change, segments=reseated(offer.change.segments))),
    )  # fmt: skip


def _checked_in(booking: Booking, event: CheckedIn) -> Booking:
    there = {**booking.checked_in.get(event.leg, {}), **event.sequence}
    return replace(booking, checked_in={**booking.checked_in, event.leg: there})


def _after_change(booking: Booking, change: Change) -> Booking:
    kept = {segment.leg for segment in change.segments}
    return replace(
        _owing(booking, max(0, -change.due)),
        segments=change.segments, lines=change.lines, change=None, offer=None,
        closed=booking.closed and booking.change in (None, change),  # another one may just be paid
        extras=booking.extras if change.extras is None else change.extras,
        checked_in={leg: who for leg, who in booking.checked_in.items() if leg in kept},
    )  # fmt: skip


def _cancelled(booking: Booking, event: Cancelled) -> Booking:
    return replace(
        _owing(booking, event.refund), kept_as=State.CANCELLED, until=None, change=None, offer=None, checked_in={},
        closed=booking.kept_as is State.TICKETED and booking.change is None,
    )  # fmt: skip


def _refunded(booking: Booking, event: Refunded) -> Booking:
    payments = tuple(
        replace(p, refunded=p.refunded + event.amount) if p.attempt == event.attempt else p for p in booking.payments
    )
    left = tuple(due for due in booking.refunds if due.reference != event.reference)
    return replace(booking, payments=payments, refunds=left)


def _owing(booking: Booking, amount: int) -> Booking:
    """A booking of which an amount falls due, from the newest payments first.

    The references are of the event that it falls due by: a refund that was sent and not noted stays the same one,
    whatever else falls due meanwhile.
    """
    due, left = list(booking.refunds), amount
    for payment in reversed(booking.payments):
        owed = sum(each.amount for each in due if each.attempt == payment.attempt)
        part = min(left, payment.amount - payment.refunded - owed)
        if part > 0:
            reference = f"{booking.locator}-{payment.attempt}-{booking.version + 1}"
            due.append(RefundDue(payment.attempt, part, reference))
            left -= part
    return replace(booking, due_back=booking.due_back + amount, refunds=tuple(due))


def _closed(booking: Booking, event: Closed) -> Booking:
    return replace(booking, closed=True, open_attempt=None, attempts=max(booking.attempts, event.attempt))


def _documented(booking: Booking, event: Documented) -> Booking:
    others = {place: sealed for place, sealed in booking.documents.items() if place != event.traveller}
    return replace(booking, documents=others | ({event.traveller: event.sealed} if event.sealed else {}))


_AFTER: Mapping[type, Callable[[Booking, Any], Booking]] = {
    Held: _held,
    Waitlisted: _waitlisted,
    Expired: lambda booking, _: replace(booking, kept_as=State.EXPIRED, closed=False),
    Challenged: _open,
    Unanswered: _open,
    Declined: _declined,
    Ticketed: _ticketed,
    Overpaid: _overpaid,
    Reseated: _reseated,
    CheckedIn: _checked_in,
    ChangeHeld: lambda booking, event: replace(booking, change=event.change),
    Changed: lambda booking, event: _after_change(booking, event.change),
    Offered: lambda booking, event: replace(booking, offer=event),
    Disrupted: lambda booking, _: booking,
    Lapsed: _lapsed,
    Closed: _closed,
    Cancelled: _cancelled,
    Refunded: _refunded,
    Documented: _documented,
}


def seats_by_traveller(travellers: Sequence[Traveller], seats: Sequence[str]) -> tuple[str | None, ...]:
    """Seats in the order of those who need one, spread over all travellers."""
    left = iter(seats)
    return tuple(None if each.kind is TravellerKind.INFANT else next(left) for each in travellers)
