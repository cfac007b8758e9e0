"""What is sent about bookings: bodies and queries, and what they mean in the house's words.

Money is in minor units; a flight is named by its id, a passenger by place, from 0 on.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import EmailStr, Field, model_validator

from chalicelib.booking import names
from chalicelib.booking.hold import Order, Wanted
from chalicelib.booking.model import MOST_SEGMENTS, Booking, Contact, Traveller
from chalicelib.channels import addresses
from chalicelib.channels.model import Channel, language_of
from chalicelib.core.errors import Fault, Invalid
from chalicelib.core.routes import Body, Query, Shape
from chalicelib.flights.identity import LegId
from chalicelib.pricing.answers import Money
from chalicelib.pricing.model import Extra, TravellerKind
from chalicelib.pricing.seats import Cabin

if TYPE_CHECKING:
    from chalicelib.booking.configure import Said
    from chalicelib.booking.documents import Document

CURRENCY = "USD"  # of every tariff


class FlightWanted(Body):
    """A flight to book, by its id; `seats` for those who need one, in their order, where not just any will do."""

    flight: str
    cabin: Cabin = Cabin.ECONOMY
    seats: list[str] | None = None


class PassengerGiven(Body):
    """Somebody who is to fly. An infant under two sits on the lap of the adult at place `lap_of`, counted from 0."""

    kind: TravellerKind = TravellerKind.ADULT
    family_name: str
    given_name: str = ""
    date_of_birth: date | None = None
    lap_of: int | None = None


class ContactGiven(Body):
    """Whom to tell about the flights."""

    email: EmailStr
    phone: str | None = None
    language: Literal["en", "es", "fr", "de", "zh"] | None = Field(
        None, description="of what they are told; null: what Accept-Language likes best of these"
    )


class ExtraWanted(Body):
    """A bag (BAG, once for each) or assistance (an SSR code such as WCHR) for a passenger, on one flight or on all."""

    code: str
    passenger: int = 0
    flight: str | None = None


class HoldRequest(Body):
    """What is to be held. `total`: the price that was shown; where it is another by now, nothing is held."""

    flights: Annotated[list[FlightWanted], Field(min_length=1, max_length=8)]
    passengers: Annotated[
        list[PassengerGiven],
        Field(min_length=1, max_length=9, description="in this order: adults, children, infants; one adult at least"),
    ]
    contact: ContactGiven
    extras: Annotated[list[ExtraWanted], Field(max_length=50, default_factory=list)]
    total: Money | None = None

    def order(self, account: str | None, accept_language: str) -> Order:
        """The order in the house's words. Raises Invalid."""
        flights = _wanted(self.flights)
        legs = [wanted.leg for wanted in flights]
        return Order(
            flights,
            tuple(_traveller(at, each) for at, each in enumerate(self.passengers)),
            tuple(_extra(at, each, legs) for at, each in enumerate(self.extras)),
            _contact(self.contact, accept_language),
            amount(self.total, "total"),
            account,
        )


class PaymentRequest(Body):
    """A token of the payment service, which stands for a card that is not sent here; none: the last one paid with.

    `return_url`: where the payer comes back to after proving who they are (3-D Secure).
    """

    token: Annotated[str, Field(min_length=1, max_length=300)] | None = None
    return_url: Annotated[str, Field(max_length=500)] = "/"


class OfferQuery(Shape):
    """The token of the link in a message."""

    token: str = Field("", max_length=1000)


class RebookRequest(Body):
    """Which flights to take, by their ids in order, as `options` shows them; none: those that are held."""

    flights: Annotated[list[str], Field(min_length=1, max_length=8)] | None = None

    def legs(self) -> list[LegId] | None:
        """The flights; None: those that are held. Raises Invalid."""
        if self.flights is None:
            return None
        return [LegId.given(each, f"flights.{at}") for at, each in enumerate(self.flights)]


class ChangeRequest(Body):
    """All flights that the booking is to have, those that stay among them.

    `due`: what was shown to be paid (below zero: to come back); where that is another by now, nothing is changed.
    """

    flights: Annotated[list[FlightWanted], Field(min_length=1, max_length=8)]
    due: Money | None = None

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        """The flights in the house's words. Raises Invalid."""
        return _wanted(self.flights)


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
        legs = [LegId.given(each, "flights", "query") for each in self.flights.split(",")[:MOST_SEGMENTS]]
        return tuple(Wanted(leg, own.get(leg, self.cabin), None) for leg in legs)


class SeatsRequest(Body):
    """Other seats on a flight of the booking, one for each who needs one, in the order of the passengers."""

    flight: str
    seats: Annotated[list[Annotated[str, Field(max_length=5)]], Field(min_length=1, max_length=9)]

    @property
    def chosen(self) -> tuple[str, ...]:
        """The seats' numbers as seat maps have them."""
        return _seats(self.seats)


class CheckInRequest(Body):
    """Who comes to a flight, by places from 0 on; none named: everybody. An infant comes with the adult."""

    flight: str
    passengers: Annotated[list[int], Field(min_length=1, max_length=9)] | None = None


class PassportGiven(Body):
    """A passport, as it has it; states have three letters (Germany: D)."""

    number: Annotated[str, Field(max_length=30)]
    issuing_state: Annotated[str, Field(max_length=10)]
    nationality: Annotated[str, Field(max_length=10)]
    date_of_birth: date
    expires_on: date
    sex: Annotated[str, Field(max_length=3)] = "X"


class DocumentRequest(Body):
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


class ConfigurationRequest(Body):
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


def amount(money: Money | None, name: str) -> int | None:
    """An amount that was shown to somebody, in the currency of all prices. Raises Invalid for another one."""
    if money is None:
        return None
    if money.currency != CURRENCY:
        raise Invalid(f"{name}.currency: prices are in USD", [Fault("body", f"{name}.currency", "is not USD")])
    return money.amount


def _wanted(flights: Sequence[FlightWanted]) -> tuple[Wanted, ...]:
    return tuple(
        Wanted(
            LegId.given(each.flight, f"flights.{at}.flight"), each.cabin, _seats(each.seats) if each.seats else None, at
        )
        for at, each in enumerate(flights)
    )


def _seats(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(seat.strip().upper() for seat in given)


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
    leg = LegId.given(wanted.flight, f"extras.{at}.flight")
    if leg not in legs:
        detail = "is none of the flights that are booked"
        raise Invalid(f"extras.{at}.flight {detail}", [Fault("body", f"extras.{at}.flight", detail)])
    return Extra(wanted.code.upper(), wanted.passenger, legs.index(leg))


def _contact(given: ContactGiven, accept_language: str) -> Contact:
    email = _address(Channel.EMAIL, given.email, "contact.email")
    phone = _address(Channel.SMS, given.phone, "contact.phone") if given.phone else None
    return Contact(email, phone, language_of(given.language or accept_language))


def _address(channel: Channel, given: str, name: str) -> str:
    """An address in its one spelling. Raises Invalid, which names the field."""
    try:
        return addresses.parse(channel, given).value
    except Invalid as error:
        raise Invalid(f"{name}: {error}", [Fault("body", name, fault.detail) for fault in error.faults]) from None
