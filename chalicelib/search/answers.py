"""Offers as the public reads them. Instants are UTC; `zone` is the airport's IANA zone, to show them by.

What is not known is absent. An offer needs no id: its flights and cabin are all that booking it takes.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Self

from pydantic import Field

from chalicelib.airports.lookup import airport, zone
from chalicelib.core.routes import Answer, Shape
from chalicelib.flights.answers import Instant
from chalicelib.flights.carriers import carrier
from chalicelib.pricing.answers import Money, RulesLine
from chalicelib.pricing.fares import Quote
from chalicelib.pricing.model import Party, TravellerKind
from chalicelib.pricing.seats import Cabin
from chalicelib.pricing.tariff import rules
from chalicelib.search.model import Journey, Segment
from chalicelib.search.ranking import Offer, Reason, Record


class DepartureLine(Shape):
    """Where and when a flight leaves."""

    airport: str
    city: str
    zone: str
    scheduled_out: Instant
    estimated_out: Instant | None = None
    terminal: str | None = None


class ArrivalLine(Shape):
    """Where and when a flight arrives."""

    airport: str
    city: str
    zone: str
    scheduled_in: Instant
    estimated_in: Instant | None = None
    terminal: str | None = None


class RecordLine(Shape):
    """How the flight number came in on the last 14 days: on time is less than 15 minutes late at the gate."""

    on_time: int
    late: int = Field(description="diverted ones too")
    cancelled: int


class SegmentLine(Shape):
    """One flight of a journey, and the fare that a seat of it has now."""

    flight: str
    number: str
    codeshares: list[str]
    carrier: str
    airline: str | None = None
    departure: DepartureLine
    arrival: ArrivalLine
    minutes: int
    aircraft_type: str | None = None
    cabin: Cabin
    booking_class: str
    fare_basis: str
    rules: RulesLine
    seats_left: int = Field(description="at this fare")
    record: RecordLine | None = Field(None, description="absent: not known yet")

    @classmethod
    def of(cls, segment: Segment, quote: Quote, record: Record | None, on: date) -> Self:
        """A flight with its fare by the tariff of a day."""
        scheduled, status = segment.scheduled, segment.status
        number = scheduled.leg.flight
        known = carrier(number.carrier)
        return cls(
            flight=str(scheduled.leg),
            number=str(number),
            codeshares=list(scheduled.codeshares),
            carrier=number.carrier,
            airline=known.name if known else None,
            departure=DepartureLine(
                airport=scheduled.leg.origin,
                city=_city(scheduled.leg.origin),
                zone=str(zone(scheduled.leg.origin)),
                scheduled_out=scheduled.scheduled_out,
                estimated_out=status.estimated_out if status else None,
                terminal=status.departure_terminal if status else None,
            ),
            arrival=ArrivalLine(
                airport=scheduled.destination,
                city=_city(scheduled.destination),
                zone=str(zone(scheduled.destination)),
                scheduled_in=scheduled.scheduled_in,
                estimated_in=status.estimated_in if status else None,
                terminal=status.arrival_terminal if status else None,
            ),
            minutes=int((scheduled.scheduled_in - scheduled.scheduled_out).total_seconds() // 60),
            aircraft_type=scheduled.aircraft_type,
            cabin=quote.cabin,
            booking_class=quote.booking_class,
            fare_basis=quote.fare_basis,
            rules=RulesLine.of(rules(quote.booking_class, on)),
            seats_left=quote.seats_left,
            record=RecordLine(**record._asdict()) if record else None,
        )


class ConnectionLine(Shape):
    """Where one changes flights, and the time for it by the schedule."""

    airport: str
    minutes: int


class JourneyLine(Shape):
    """The flights from a place to another, in order."""

    segments: list[SegmentLine]
    connections: list[ConnectionLine]
    stops: int
    minutes: int = Field(description="from gate to gate, with the time between flights")
    days_later: int = Field(description="1: it arrives on the date after, by the airports' clocks")

    @classmethod
    def of(cls, journey: Journey, segments: list[SegmentLine]) -> Self:
        """A journey of these flights."""
        connections = [
            ConnectionLine(
                airport=after.leg.origin,
                minutes=int((after.scheduled_out - before.scheduled_in).total_seconds() // 60),
            )
            for before, after in pairwise(journey.legs)
        ]
        first, last = journey.legs[0].leg.origin, journey.legs[-1].destination
        later = journey.in_.astimezone(zone(last)).date() - journey.out.astimezone(zone(first)).date()
        return cls(
            segments=segments, connections=connections, stops=journey.stops, minutes=journey.minutes,
            days_later=later.days,
        )  # fmt: skip


class TravellersLine(Shape):
    """What all travellers of a kind pay together, in minor units."""

    type: TravellerKind
    count: int
    fare: int
    taxes: int = Field(description="and fees")
    total: int


class ReasonLine(Shape):
    """Why an offer is recommended: in words, and as a code with the figures behind them."""

    code: str = Field(description="cheapest, fastest, faster-than-cheapest, fewest-stops, on-time or ranked")
    text: str
    minutes: int | None = Field(None, description="of its journeys, or saved")
    amount: Money | None = Field(None, description="the price, or what it costs more")
    times: int | None = Field(None, description="stops, arrivals on time, or its rank")
    of: int | None = Field(None, description="flights that were to arrive, or offers that were ranked")

    @classmethod
    def of_reason(cls, reason: Reason, currency: str) -> Self:
        """A reason."""
        money = None if reason.amount is None else Money(amount=reason.amount, currency=currency)
        return cls.model_validate({**reason._asdict(), "amount": money})


class OfferLine(Shape):
    """A trip that can be booked now, and what it costs the party with all taxes and fees."""

    journeys: list[JourneyLine]
    price: Money
    travellers: list[TravellersLine]
    seats_left: int = Field(description="at this price: as many as on the fullest of its flights")
    stops: int
    minutes: int = Field(description="of all its journeys")
    reasons: list[ReasonLine]

    @classmethod
    def of(cls, offer: Offer, why: Sequence[Reason], party: Party, on: date) -> Self:
        """An offer to a party on a day."""
        segments = iter(
            SegmentLine.of(segment, quote, record, on)
            for segment, quote, record in zip(offer.segments, offer.quotes, offer.records, strict=True)
        )
        currency = offer.price.currency
        return cls(
            journeys=[JourneyLine.of(each, [next(segments) for _ in each.legs]) for each in offer.journeys],
            price=Money(amount=offer.total, currency=currency),
            travellers=list(_travellers(offer, party)),
            seats_left=offer.seats_left,
            stops=offer.stops,
            minutes=offer.minutes,
            reasons=[ReasonLine.of_reason(reason, currency) for reason in why],
        )


class SearchAnswer(Answer):
    """What can be booked, in the order that was asked for."""

    offers: list[OfferLine]
    found: int = Field(description="how many offers there are; `limit` of them are here")


class DayLine(Shape):
    """The lowest price of a day."""

    date: date
    price: Money | None = Field(None, description="for the whole party; absent: nothing is to be had")


class DaysAnswer(Answer):
    """The lowest price for each day of a month that is on sale. It may be five minutes old: a search is exact."""

    days: list[DayLine]


def _travellers(offer: Offer, party: Party) -> Iterator[TravellersLine]:
    kinds = party.kinds
    for kind in dict.fromkeys(kinds):
        own = [line for line in offer.price.lines if line.traveller is not None and kinds[line.traveller] is kind]
        fare, total = sum(line.amount for line in own if line.kind == "fare"), sum(line.amount for line in own)
        yield TravellersLine(type=kind, count=kinds.count(kind), fare=fare, taxes=total - fare, total=total)


def _city(code: str) -> str:
    found = airport(code)
    return found.city if found else code
