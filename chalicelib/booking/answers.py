"""What is sent and answered about bookings. Money is in minor units; instants are UTC, zones beside them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import EmailStr, Field, model_validator

from chalicelib.airports import lookup
from chalicelib.booking import access, names
from chalicelib.booking.hold import Order, Wanted
from chalicelib.booking.model import (
    MOST_SEGMENTS,
    Booking,
    Challenged,
    Change,
    Contact,
    Declined,
    Segment,
    State,
    Traveller,
)
from chalicelib.channels import addresses
from chalicelib.channels.model import Address, Channel, language_of
from chalicelib.core.errors import Fault, Invalid
from chalicelib.core.routes import Answer, Query, Shape
from chalicelib.flights.answers import Instant
from chalicelib.flights.carriers import carrier
from chalicelib.flights.identity import LegId
from chalicelib.pricing import charges, tariff
from chalicelib.pricing.answers import FareExplained, FlightSeats, Money
from chalicelib.pricing.model import Extra, Line, TravellerKind
from chalicelib.pricing.seats import Cabin

if TYPE_CHECKING:
    from chalicelib.booking.cancel import Terms
    from chalicelib.booking.configure import Configured, Said
    from chalicelib.booking.documents import Document
    from chalicelib.booking.papers import Pass
    from chalicelib.booking.rebook import Options


CURRENCY = "USD"  # of every tariff


class FlightWanted(Shape):
    """A flight to book, by its id; `seats` for those who need one, in their order, where not just any will do."""

    flight: str
    cabin: Cabin = Cabin.ECONOMY
    seats: list[str] | None = None


class PassengerGiven(Shape):
    """Somebody who is to fly. An infant under two sits on the lap of the adult at place `lap_of`, counted from 0."""

    kind: TravellerKind = TravellerKind.ADULT
    family_name: str
    given_name: str = ""
    date_of_birth: date | None = None
    lap_of: int | None = None


class ContactGiven(Shape):
    """Whom to tell about the flights."""

    email: EmailStr
    phone: str | None = None
    language: str | None = None


class ExtraWanted(Shape):
    """A bag (BAG, once for each) or assistance (an SSR code such as WCHR) for a passenger, on one flight or on all."""

    code: str
    passenger: int = 0
    flight: str | None = None


class HoldRequest(Shape):
    """What is to be held. `total`: the price that was shown; where it is another by now, nothing is held."""

    flights: Annotated[list[FlightWanted], Field(min_length=1, max_length=8)]
    passengers: Annotated[list[PassengerGiven], Field(min_length=1, max_length=9)]
    contact: ContactGiven
    extras: Annotated[list[ExtraWanted], Field(max_length=50, default_factory=list)]
    total: Money | None = None

    def order(self, account: str | None, accept_language: str) -> Order:
        """The order in the house's words. Raises Invalid."""
        flights = tuple(map(_wanted, self.flights))
        legs = [wanted.leg for wanted in flights]
        return Order(
            flights,
            tuple(_traveller(at, each) for at, each in enumerate(self.passengers)),
            tuple(_extra(at, each, legs) for at, each in enumerate(self.extras)),
            _contact(self.contact, accept_language),
            amount(self.total, "total"),
            account,
        )


class PaymentRequest(Shape):
    """A token of the payment service, which stands for a card that is not sent here; none: the last one paid with.

    `return_url`: where the payer comes back to after proving who they are (3-D Secure).
    """

    token: Annotated[str, Field(min_length=1, max_length=300)] | None = None
    return_url: Annotated[str, Field(max_length=500)] = "/"


class PassengerShown(Shape):
    """Somebody who flies, with the ticket's number once there is one."""

    kind: TravellerKind
    family_name: str
    given_name: str
    lap_of: int | None = None
    ticket: str | None = None
    document: bool = False


class SegmentShown(Shape):
    """A flight of the booking, as it was scheduled when it was booked; seats in the order of the passengers."""

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


class LineShown(Shape):
    """A line of the price: of which passenger and flight (by place; none: of all), what for, how much."""

    kind: str
    code: str
    label: str
    amount: int
    passenger: int | None = None
    flight: int | None = None


class ChangeShown(Shape):
    """Other flights: held until an instant; what would have to be paid for them, or (below zero) comes back."""

    flights: list[SegmentShown]
    due: Money
    until: Instant | None = None


class OfferShown(ChangeShown):
    """Other flights offered for one that does not fly, or flies much later."""

    instead_of: str
    why: str


class ChallengeShown(Shape):
    """Where the payer proves who they are (3-D Secure)."""

    url: str


class ContactShown(Shape):
    """Whom we tell."""

    email: str
    phone: str | None = None
    language: str


class BookingAnswer(Answer):
    """A booking as it stands."""

    pnr: str
    state: State
    hold_until: Instant | None = None
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
    offer: OfferShown | None = None
    booked_at: Instant | None = None
    version: int

    @classmethod
    def of(cls, booking: Booking, at: datetime, *, whole: bool = True) -> Self:
        """A booking as it stands at an instant (wall clock); not `whole`: as who knows locator and name may see it."""
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
            flights=[segment_shown(segment, booking) for segment in booking.segments],
            lines=[line_shown(line) for line in booking.lines],
            total=Money(amount=booking.total, currency=currency),
            to_pay=None if to_pay is None else Money(amount=to_pay, currency=currency),
            paid=Money(amount=sum(payment.amount for payment in booking.payments), currency=currency),
            refund_due=Money(amount=booking.due_back - back, currency=currency) if booking.due_back > back else None,
            refunded=Money(amount=back, currency=currency) if back else None,
            contact=_contact_shown(booking.contact, whole=whole),
            link=access.link(booking) if whole else access.day_link(booking, at),
            payment=_payment(booking),
            challenge=ChallengeShown(url=attempt.url) if isinstance(attempt, Challenged) else None,
            change=_change(change, booking) if change else None,
            offer=_offer(booking, at) if offer else None,
            booked_at=booking.booked_at,
            version=booking.version,
        )


def segment_shown(segment: Segment, booking: Booking) -> SegmentShown:
    """A flight of a booking, or of a change of it."""
    airline = carrier(segment.leg.flight.carrier)
    origin, destination = lookup.airport(segment.leg.origin), lookup.airport(segment.destination)
    rules = tariff.rules(segment.booking_class, booking.journal[0].at.date()) if segment.booking_class else None
    return SegmentShown(
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
    )


def line_shown(line: Line) -> LineShown:
    """A line of a price, in words."""
    return LineShown(
        kind=line.kind, code=line.code, label=charges.label(line), amount=line.amount, passenger=line.traveller,
        flight=line.segment,
    )  # fmt: skip


def _passengers(booking: Booking) -> list[PassengerShown]:
    return [
        PassengerShown(
            kind=each.kind, family_name=each.family_name, given_name=each.given_name, lap_of=each.lap_of,
            ticket=booking.tickets[place] if booking.tickets else None, document=place in booking.documents,
        )
        for place, each in enumerate(booking.travellers)
    ]  # fmt: skip


def _contact_shown(contact: Contact, *, whole: bool) -> ContactShown:
    if whole:
        return ContactShown(email=contact.email, phone=contact.phone, language=contact.language)
    phone = addresses.hidden(Address(Channel.SMS, contact.phone)) if contact.phone else None
    return ContactShown(
        email=addresses.hidden(Address(Channel.EMAIL, contact.email)), phone=phone, language=contact.language
    )


def _payment(booking: Booking) -> Literal["open", "challenge", "declined"] | None:
    if isinstance(booking.open_attempt, Challenged):
        return "challenge"
    if booking.open_attempt:
        return "open"
    return "declined" if isinstance(booking.journal[-1], Declined) else None


def _change(change: Change, booking: Booking) -> ChangeShown:
    return ChangeShown(
        flights=[segment_shown(segment, booking) for segment in change.segments],
        due=Money(amount=change.due, currency=booking.currency),
        until=change.until,
    )


def _offer(booking: Booking, at: datetime) -> OfferShown:
    offer = booking.offer_at(at)
    assert offer
    shown = _change(offer.change, booking)
    return OfferShown(
        flights=shown.flights, due=shown.due, until=shown.until, instead_of=str(offer.instead_of), why=offer.why
    )


def _wanted(given: FlightWanted) -> Wanted:
    return Wanted(LegId.parse(given.flight), given.cabin, _seats(given.seats) if given.seats else None)


def _seats(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(seat.strip().upper() for seat in given)


def amount(money: Money | None, name: str) -> int | None:
    """An amount that was shown to somebody, in the currency of all prices. Raises Invalid for another one."""
    if money is None:
        return None
    if money.currency != CURRENCY:
        raise Invalid(f"{name}.currency: prices are in USD", [Fault("body", f"{name}.currency", "is not USD")])
    return money.amount


def _traveller(at: int, given: PassengerGiven) -> Traveller:
    if given.kind is not TravellerKind.ADULT and given.date_of_birth is None:
        detail = "is needed for children and infants: fares go by age"
        raise Invalid(
            f"passengers.{at}.date_of_birth {detail}", [Fault("body", f"passengers.{at}.date_of_birth", detail)]
        )
    name = names.name(given.family_name, given.given_name, within=f"passengers.{at}.")
    return Traveller(given.kind, name.family, name.given, given.date_of_birth, given.lap_of)


def _extra(at: int, wanted: ExtraWanted, legs: list[LegId]) -> Extra:
    if wanted.flight is None:
        return Extra(wanted.code.upper(), wanted.passenger)
    leg = LegId.parse(wanted.flight)
    if leg not in legs:
        detail = "is none of the flights that are booked"
        raise Invalid(f"extras.{at}.flight {detail}", [Fault("body", f"extras.{at}.flight", detail)])
    return Extra(wanted.code.upper(), wanted.passenger, legs.index(leg))


def _contact(given: ContactGiven, accept_language: str) -> Contact:
    email = addresses.parse(Channel.EMAIL, given.email).value
    phone = addresses.parse(Channel.SMS, given.phone).value if given.phone else None
    return Contact(email, phone, language_of(given.language or accept_language))


class OfferQuery(Shape):
    """The token of the link in a message."""

    token: str = Field("", max_length=1000)


class RebookRequest(Shape):
    """Which flights to take, by their ids in order, as `options` shows them; none: those that are held."""

    flights: Annotated[list[str], Field(min_length=1, max_length=8)] | None = None

    def legs(self) -> list[LegId] | None:
        """The flights; None: those that are held. Raises Invalid."""
        return [LegId.parse(each) for each in self.flights] if self.flights is not None else None


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
        return cls(
            instead_of=str(found.trouble.leg) if found.trouble else None,
            why=found.trouble.why.value if found.trouble else None,
            offer=_offer(booking, at) if booking.offer_at(at) else None,
            options=[
                OptionShown(
                    flights=[segment_shown(each, booking) for each in route.segments],
                    leaves=route.out,
                    arrives=route.in_,
                )
                for route in found.routes
            ],
        )


class ChangeRequest(Shape):
    """All flights that the booking is to have, those that stay among them.

    `due`: what was shown to be paid (below zero: to come back); where that is another by now, nothing is changed.
    """

    flights: Annotated[list[FlightWanted], Field(min_length=1, max_length=8)]
    due: Money | None = None

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        """The flights in the house's words. Raises Invalid."""
        return tuple(map(_wanted, self.flights))


class ChangeQuery(Query):
    """All flights that the booking would have, and the cabin of those that are new."""

    flights: str = Field(
        max_length=300, description="ids in order, such as UA1545-20261201-EWR,UA512-20261205-LAX",
        examples=["UA1545-20261201-EWR"],
    )  # fmt: skip
    cabin: Cabin = Cabin.ECONOMY

    def wanted(self, booking: Booking) -> tuple[Wanted, ...]:
        """The flights in the house's words; those of the booking stay in their cabins. Raises Invalid."""
        own = {segment.leg: segment.cabin for segment in booking.segments}
        legs = [LegId.parse(each.strip()) for each in self.flights.split(",")[:MOST_SEGMENTS]]
        return tuple(Wanted(leg, own.get(leg, self.cabin), None) for leg in legs)


class ChangeAnswer(Answer):
    """Other flights, and what would have to be paid for them, or (below zero) comes back."""

    flights: list[SegmentShown]
    due: Money

    @classmethod
    def of(cls, change: Change, booking: Booking) -> Self:
        """What a change of a booking would be; its seats are those of this moment."""
        shown = _change(change, booking)
        return cls(flights=shown.flights, due=shown.due)


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


class SeatsRequest(Shape):
    """Other seats on a flight of the booking, one for each who needs one, in the order of the passengers."""

    flight: str
    seats: Annotated[list[Annotated[str, Field(max_length=5)]], Field(min_length=1, max_length=9)]

    @property
    def chosen(self) -> tuple[str, ...]:
        """The seats' numbers as seat maps have them."""
        return _seats(self.seats)


class CheckInRequest(Shape):
    """Who comes to a flight, by places from 0 on; none named: everybody. An infant comes with the adult."""

    flight: str
    passengers: Annotated[list[int], Field(min_length=1, max_length=9)] | None = None


class PassportGiven(Shape):
    """A passport, as it has it; states have three letters (Germany: D)."""

    number: Annotated[str, Field(max_length=30)]
    issuing_state: Annotated[str, Field(max_length=10)]
    nationality: Annotated[str, Field(max_length=10)]
    date_of_birth: date
    expires_on: date
    sex: Annotated[str, Field(max_length=3)] = "X"


class DocumentRequest(Shape):
    """A passenger's passport: typed, or the two lines of its machine readable zone. It is kept sealed."""

    passenger: int = 0
    passport: PassportGiven | None = None
    machine_readable_zone: (
        Annotated[list[Annotated[str, Field(max_length=60)]], Field(min_length=2, max_length=2)] | None
    ) = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.passport is None) == (self.machine_readable_zone is None):
            raise ValueError("give either passport or machine_readable_zone")
        return self

    @property
    def read(self) -> "Callable[[date], Document]":
        """How the passport is read, for the day of the last flight."""
        from chalicelib.booking import documents

        given, lines = self.passport, self.machine_readable_zone
        if given is not None:
            return lambda last: documents.passport(**dict(given), last_flight_on=last)
        assert lines
        return lambda last: documents.of_machine_readable(lines[0], lines[1], last)


class PassQuery(Query):
    """Whose boarding pass for which flight."""

    flight: str = Field(max_length=40, description="a flight's id, such as UA1545-20261201-EWR")
    passenger: int = Field(0, description="by place, from 0 on")


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
        from chalicelib.pricing import fares

        return cls(
            flights=[
                FareOfFlight(**dict(FareExplained.of(fares.explain(each.fare))), flight=str(each.leg))
                for each in booking.segments
                if each.fare
            ],
            lines=[line_shown(line) for line in booking.lines],
            total=Money(amount=booking.total, currency=booking.currency),
        )


class ConfigurationRequest(Shape):
    """What a flight is flown with. What is not given stays as it is."""

    configuration: Annotated[str, Field(max_length=20)] | None = Field(
        None, description="aircraft type and seats, such as B738-149; null: that of the timetable"
    )
    blocked: Annotated[list[Annotated[str, Field(max_length=5)]], Field(max_length=100)] | None = Field(
        None, description="all seats that are not to be sold or sat on, such as 12A; null: none"
    )

    @property
    def said(self) -> "Said":
        """In the house's words."""
        from chalicelib.booking.configure import Said

        return Said(
            (self.configuration or "") if "configuration" in self.model_fields_set else None,
            _seats(self.blocked or ()) if "blocked" in self.model_fields_set else None,
        )


class ConfiguredAnswer(Answer, FlightSeats):
    """The seats of the flight as they then stood, and who was moved: the new seat by the old one."""

    moved: dict[str, str]

    @classmethod
    def made(cls, configured: "Configured", at: datetime) -> Self:
        """What came of it, at an instant of wall time."""
        shown: Mapping[str, object] = dict(FlightSeats.of(configured.inventory, at))
        return cls.model_validate({**shown, "moved": dict(configured.moves)})
