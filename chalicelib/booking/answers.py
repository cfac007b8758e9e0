"""What is answered about bookings. Money is in minor units; instants are UTC, zones beside them."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field

from chalicelib.airports import lookup
from chalicelib.booking import access
from chalicelib.booking.disruption import arrives, leaves
from chalicelib.booking.model import Booking, Challenged, Change, Contact, Declined, Offered, Segment, State
from chalicelib.booking.rules import fare_rules
from chalicelib.channels import addresses
from chalicelib.channels.model import Address, Channel
from chalicelib.core.routes import Answer, Shape
from chalicelib.flights.answers import Instant
from chalicelib.flights.carriers import carrier
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import FlightStatus, Phase
from chalicelib.pricing import charges, fares
from chalicelib.pricing.answers import FareExplained, FlightSeats, Money
from chalicelib.pricing.model import Line, TravellerKind
from chalicelib.pricing.seats import Cabin

if TYPE_CHECKING:
    from chalicelib.booking.cancel import Terms
    from chalicelib.booking.change import Terms as ChangeTerms
    from chalicelib.booking.configure import Configured
    from chalicelib.booking.disruption import Trouble
    from chalicelib.booking.papers import Pass
    from chalicelib.booking.rebook import Options


class PassengerShown(Shape):
    """Somebody who flies, with the ticket's number once there is one."""

    kind: TravellerKind
    family_name: str
    given_name: str
    lap_of: int | None = None
    ticket: str | None = None
    document: bool = False


class SegmentShown(Shape):
    """A flight of the booking, as it was scheduled when it was booked; seats in the order of the passengers.

    `GET /v1/bookings/{pnr}` says how it now stands, too.
    """

    flight: str
    number: str
    airline: str | None = None
    origin: str
    origin_city: str | None = None
    origin_zone: str
    destination: str
    destination_city: str | None = None
    destination_zone: str
    scheduled_out: Instant
    scheduled_in: Instant
    cabin: Cabin
    booking_class: str
    fare_basis: str
    brand: str
    seat_choice: bool = Field(False, description="choosing a standard seat costs nothing")
    seats: list[str | None]
    checked_in: list[int]
    phase: Phase | None = Field(None, description="how it now stands; absent until the day before, and once long over")
    expected_out: Instant | None = Field(None, description="with `phase`, unless it is cancelled")
    expected_in: Instant | None = Field(None, description="likewise")

    @classmethod
    def of(cls, segment: Segment, booking: Booking, status: FlightStatus | None = None) -> Self:
        """A flight of a booking, or of a change of it; `status`: how it now stands."""
        flies = status and not status.cancelled
        airline = carrier(segment.leg.flight.carrier)
        origin, destination = lookup.airport(segment.leg.origin), lookup.airport(segment.destination)
        rules = fare_rules(booking, segment) if segment.booking_class else None
        return cls(
            flight=str(segment.leg),
            number=str(segment.leg.flight),
            airline=airline.name if airline else None,
            origin=segment.leg.origin,
            origin_city=origin.city if origin else None,
            origin_zone=lookup.zone(segment.leg.origin).key,
            destination=segment.destination,
            destination_city=destination.city if destination else None,
            destination_zone=lookup.zone(segment.destination).key,
            scheduled_out=segment.scheduled_out,
            scheduled_in=segment.scheduled_in,
            cabin=segment.cabin,
            booking_class=segment.booking_class,
            fare_basis=segment.fare_basis,
            brand=rules.brand if rules else "",
            seat_choice=bool(rules and rules.seat_choice),
            seats=list(segment.seats),
            checked_in=sorted(booking.checked_in.get(segment.leg, {})),
            phase=status.phase if status else None,
            expected_out=leaves(segment, status) if flies else None,
            expected_in=arrives(segment, status) if flies else None,
        )


class LineShown(Shape):
    """A line of the price: of which passenger and flight (by place; none: of all), what for, how much."""

    kind: str
    code: str
    label: str
    amount: int
    passenger: int | None = None
    flight: int | None = None

    @classmethod
    def of(cls, line: Line) -> Self:
        """A line of a price, in words."""
        return cls(
            kind=line.kind, code=line.code, label=charges.label(line), amount=line.amount, passenger=line.traveller,
            flight=line.segment,
        )  # fmt: skip


class ChangeShown(Shape):
    """Other flights: held until an instant; what would have to be paid for them, or (below zero) comes back."""

    flights: list[SegmentShown]
    due: Money
    until: Instant | None = Field(None, description="as hold_until: payments are taken until 30 seconds before")

    @classmethod
    def of(cls, change: Change, booking: Booking) -> Self:
        """A change of a booking that could be made, or is held."""
        return cls(
            flights=[SegmentShown.of(segment, booking) for segment in change.segments],
            due=Money(amount=change.due, currency=booking.currency),
            until=change.until,
        )


class OfferShown(ChangeShown):
    """Other flights offered for one that does not fly, or flies much later."""

    instead_of: str
    why: str

    @classmethod
    def of_offer(cls, offer: Offered, booking: Booking) -> Self:
        """What is held for a booking."""
        shown = ChangeShown.of(offer.change, booking)
        return cls(**dict(shown), instead_of=str(offer.instead_of), why=offer.why)


class DisruptionShown(Shape):
    """What is wrong with the flights: which is cancelled, much later, or will be missed; /options has others."""

    flight: str
    why: Literal["cancelled", "delayed", "missed_connection"]


class ChallengeShown(Shape):
    """Where the payer proves who they are (3-D Secure)."""

    url: str


class ContactShown(Shape):
    """Whom we tell."""

    email: str
    phone: str | None = None
    language: str

    @classmethod
    def of(cls, contact: Contact, *, whole: bool) -> Self:
        """Whom a booking tells; not `whole`: with most of each address hidden. Of an erased person there is none."""
        email, phone = contact.email, contact.phone
        if not whole:
            email = addresses.hidden(Address(Channel.EMAIL, email)) if email else ""
            phone = addresses.hidden(Address(Channel.SMS, phone)) if phone else None
        return cls(email=email, phone=phone, language=contact.language)


class BookingAnswer(Answer):
    """A booking as it stands."""

    pnr: str
    state: State
    hold_until: Instant | None = Field(
        None,
        description="the seats are kept until then; a payment is taken until 30 seconds before, as it may take long",
    )
    passengers: list[PassengerShown]
    flights: list[SegmentShown]
    lines: list[LineShown]
    total: Money
    to_pay: Money | None = None
    paid: Money
    refund_due: Money | None = None
    refunded: Money | None = None
    contact: ContactShown
    link: str
    payment: Literal["open", "challenge", "declined"] | None = None
    challenge: ChallengeShown | None = None
    change: ChangeShown | None = None
    disruption: DisruptionShown | None = Field(None, description="in GET alone: as things stand")
    offer: OfferShown | None = None
    booked_at: Instant | None = None
    version: int

    @classmethod
    def of(
        cls,
        booking: Booking,
        at: datetime,
        *,
        whole: bool = True,
        stand: Mapping[LegId, FlightStatus] | None = None,
        found: "Trouble | None" = None,
    ) -> Self:
        """A booking as it stands at an instant (wall clock); not `whole`: as who knows locator and name may see it.

        `stand` is how its flights stand, as far as they are known, and `found` what is wrong with them.
        """
        assert booking.contact
        currency = booking.currency
        to_pay, back = booking.to_pay(at), sum(payment.refunded for payment in booking.payments)
        change, offer = booking.change_at(at), booking.offer_at(at)
        attempt = booking.open_attempt
        return cls(
            pnr=booking.locator,
            state=booking.state(at),
            hold_until=booking.until if booking.state(at) is State.HELD else None,
            passengers=_passengers(booking),
            flights=[SegmentShown.of(each, booking, (stand or {}).get(each.leg)) for each in booking.segments],
            lines=[LineShown.of(line) for line in booking.lines],
            total=Money(amount=booking.total, currency=currency),
            to_pay=None if to_pay is None else Money(amount=to_pay, currency=currency),
            paid=Money(amount=sum(payment.amount for payment in booking.payments), currency=currency),
            refund_due=Money(amount=booking.due_back - back, currency=currency) if booking.due_back > back else None,
            refunded=Money(amount=back, currency=currency) if back else None,
            contact=ContactShown.of(booking.contact, whole=whole),
            link=access.link(booking) if whole else access.day_link(booking, at),
            payment=_payment(booking),
            challenge=ChallengeShown(url=attempt.url) if isinstance(attempt, Challenged) else None,
            change=ChangeShown.of(change, booking) if change else None,
            disruption=DisruptionShown(flight=str(found.leg), why=found.why.value) if found else None,
            offer=OfferShown.of_offer(offer, booking) if offer else None,
            booked_at=booking.booked_at,
            version=booking.version,
        )


class OptionShown(Shape):
    """Flights that can be flown instead, at no cost, and when they leave and arrive as things stand.

    Seats are given when they are taken; those of the booking's own flights among them stay.
    """

    flights: list[SegmentShown]
    leaves: Instant
    arrives: Instant


class OptionsAnswer(Answer):
    """What is wrong with a booking's flights, what is held for it, and which of the next flights have seats.

    `instead_of` none: its flights are as booked.
    """

    instead_of: str | None = None
    why: Literal["cancelled", "delayed", "missed_connection"] | None = None
    offer: OfferShown | None = None
    options: list[OptionShown]

    @classmethod
    def of(cls, booking: Booking, found: "Options", at: datetime) -> Self:
        """The options of a booking, at an instant of wall time."""
        offer = booking.offer_at(at)
        return cls(
            instead_of=str(found.trouble.leg) if found.trouble else None,
            why=found.trouble.why.value if found.trouble else None,
            offer=OfferShown.of_offer(offer, booking) if offer else None,
            options=[
                OptionShown(
                    flights=[SegmentShown.of(each, booking) for each in route.segments],
                    leaves=route.out,
                    arrives=route.in_,
                )
                for route in found.routes
            ],
        )


class ChangeAnswer(Answer):
    """Other flights, and what would have to be paid for them, or (below zero) comes back.

    That is `difference` and `fee` together, unless the flights cost less and the fare does not give that back.
    """

    flights: list[SegmentShown]
    due: Money
    difference: Money = Field(description="what the flights cost more than those of the booking; below zero: less")
    fee: Money = Field(description="for the change, by the rules of the fare, of all passengers together")
    why: Literal["24_hours", "not_refundable"] | None = Field(
        None,
        description="24_hours: it is so soon after booking that no fee is asked; not_refundable: what the flights cost"
        " less does not come back; null: by the rules of the fares",
    )

    @classmethod
    def of(cls, terms: "ChangeTerms", booking: Booking) -> Self:
        """What a change of a booking would be; its seats are those of this moment."""
        shown = ChangeShown.of(terms.change, booking)
        difference, fee = (Money(amount=each, currency=booking.currency) for each in (terms.difference, terms.fee))
        return cls.model_validate(
            {"flights": shown.flights, "due": shown.due, "difference": difference, "fee": fee, "why": terms.why or None}
        )


class CancellationAnswer(Answer):
    """What a cancellation brings back. `why` all of it does, where it does; null: by the rules of the fares."""

    refund: Money
    why: Literal["24_hours", "airline"] | None = None

    @classmethod
    def of(cls, terms: "Terms", currency: str) -> Self:
        """The terms of a cancellation at an instant."""
        return cls.model_validate(
            {"refund": Money(amount=terms.refund.amount, currency=currency), "why": terms.why or None}
        )


class BoardingPassAnswer(Answer):
    """A boarding pass: what people read, and the Aztec symbol that machines do, as SVG and as its text.

    Gate, terminal and times are as they stand now; the symbol does not change with them.
    """

    pnr: str
    name: str
    ticket: str
    flight: str
    number: str
    airline: str | None = None
    origin: str
    origin_city: str | None = None
    origin_zone: str
    destination: str
    destination_city: str | None = None
    scheduled_out: Instant
    departs_at: Instant
    boarding_at: Instant
    gate_closes_at: Instant
    terminal: str | None = None
    gate: str | None = None
    cabin: Cabin
    booking_class: str
    seat: str = Field(description="INF: an infant, on a lap")
    sequence: int | None = Field(None, description="of the check-in on this flight; an infant has none")
    text: str = Field(description="of the symbol: IATA Resolution 792, format M")
    svg: str

    @classmethod
    def of(cls, made: "Pass", flight: SegmentShown) -> Self:
        """A pass, with its flight as the booking has it."""
        printed, status = made.printed, made.status
        return cls(
            pnr=printed.locator,
            name=printed.name,
            ticket=printed.ticket,
            flight=flight.flight,
            number=printed.flight,
            airline=flight.airline,
            origin=flight.origin,
            origin_city=flight.origin_city,
            origin_zone=flight.origin_zone,
            destination=flight.destination,
            destination_city=flight.destination_city,
            scheduled_out=(status.scheduled_out if status else None) or flight.scheduled_out,
            departs_at=printed.departs_at,
            boarding_at=printed.boarding_at,
            gate_closes_at=printed.gate_closes_at,
            terminal=status.departure_terminal if status else None,
            gate=status.departure_gate if status else None,
            cabin=flight.cabin,
            booking_class=printed.booking_class,
            seat=printed.seat,
            sequence=printed.sequence,
            text=printed.text,
            svg=made.svg,
        )


class FareOfFlight(FareExplained):
    """How the fare of a flight of the booking came about."""

    flight: str


class FaresAnswer(Answer):
    """How the price of a booking came about: each flight's fare from its inputs, and all lines."""

    flights: list[FareOfFlight]
    lines: list[LineShown]
    total: Money

    @classmethod
    def of(cls, booking: Booking) -> Self:
        """The price of a booking."""
        return cls(
            flights=[
                FareOfFlight(**dict(FareExplained.of(fares.explain(inputs))), flight=str(each.leg))
                for each in booking.segments
                for inputs in each.fares
            ],
            lines=[LineShown.of(line) for line in booking.lines],
            total=Money(amount=booking.total, currency=booking.currency),
        )


class ConfiguredAnswer(Answer, FlightSeats):
    """The seats of the flight as they then stood, and who was moved: the new seat by the old one."""

    moved: dict[str, str]

    @classmethod
    def made(cls, configured: "Configured", at: datetime) -> Self:
        """What came of it, at an instant of wall time."""
        shown = FlightSeats.of(configured.inventory, at)
        return cls(**dict(shown), moved=dict(configured.moves))


def _passengers(booking: Booking) -> list[PassengerShown]:
    return [
        PassengerShown(
            kind=each.kind, family_name=each.family_name, given_name=each.given_name, lap_of=each.lap_of,
            ticket=booking.tickets[place] if booking.tickets else None, document=place in booking.documents,
        )
        for place, each in enumerate(booking.travellers)
    ]  # fmt: skip


def _payment(booking: Booking) -> Literal["open", "challenge", "declined"] | None:
    if isinstance(booking.open_attempt, Challenged):
        return "challenge"
    if booking.open_attempt:
        return "open"
    return "declined" if isinstance(booking.journal[-1], Declined) else None
