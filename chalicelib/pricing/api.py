"""REST routes of prices and seats: what a flight costs now, and why; which of its seats can be had."""

from datetime import date
from typing import Self

from pydantic import Field

from chalicelib.airports.lookup import airport
from chalicelib.core import clock
from chalicelib.core.callers import ANYONE
from chalicelib.core.config import config
from chalicelib.core.errors import NotFound
from chalicelib.core.routes import Answer, Query, Routes, Shape
from chalicelib.flights.identity import LegId
from chalicelib.pricing.answers import FareExplained, FlightSeats, Money, PriceLine
from chalicelib.pricing.model import Line, Party, Step
from chalicelib.pricing.seats import Cabin

routes = Routes(__name__)  # a view imports what it alone needs: every function of the app starts with this module


class AirportPlace(Shape):
    """Where an airport is, in degrees north and east: the distance is reckoned from this."""

    iata: str
    lat: float
    lon: float

    @classmethod
    def of(cls, code: str) -> Self:
        """The place of an airport. Raises NotFound."""
        found = airport(code)
        if found is None:
            raise NotFound(f"{code} is not an airport known here")
        return cls(iata=code, lat=found.lat, lon=found.lon)


class ExplainQuery(Query):
    """A flight and a party."""

    flight: str = Field(max_length=40, description="a flight's id, such as UA1545-20261201-EWR")
    cabin: Cabin = Cabin.ECONOMY
    passengers: int = Field(1, ge=1, le=9, description="adults")
    children: int = Field(0, ge=0, le=8, description="2 to 11 years old, each with a seat")
    infants: int = Field(0, ge=0, le=9, description="younger, each on the lap of an adult")


class LineExplained(PriceLine):
    """A line of a price with the rule that it comes from, its source, and every number that went in."""

    rule: str
    inputs: dict[str, int] = Field(
        description="minor units; the line is `amount`, or `fare`, of which it is so many `percent` or `permille`"
    )

    @classmethod
    def of_step(cls, line: Line, step: Step) -> Self:
        """A line, and the step by which it came about."""
        return cls.model_validate({**dict(PriceLine.of(line)), "rule": step.rule, "inputs": step.inputs})


class FareAnswer(Answer, FareExplained):
    """What a flight costs a party now, and why: the fare step by step, and the price line by line."""

    flight: str
    origin: AirportPlace
    destination: AirportPlace
    observed_through: date | None = Field(None, description="the last day whose sales the forecast knows")
    lines: list[LineExplained] = Field(description="none where no class is open to the party")
    total: Money | None = Field(None, description="the sum of the lines")


@routes.get("/v1/fare/explain", callers=ANYONE, max_age=None)
def fare_explained(query: ExplainQuery) -> FareAnswer:
    """How the price of a flight comes about at this moment: all inputs, each class, each step, taxes and fees.

    With the inputs and the tariff it can be reckoned anew by hand, from the distance to the last cent of tax.
    """
    from chalicelib.pricing.explain import explain

    party = Party.of(query.passengers, query.children, query.infants)
    found = explain(LegId.given(query.flight, "flight", "query"), query.cabin, party, clock.now(config().flight_clock))
    explained = FareExplained.of(found.reckoning, found.sold)
    return FareAnswer(
        **dict(explained),
        flight=str(found.scheduled.leg),
        origin=AirportPlace.of(found.scheduled.leg.origin),
        destination=AirportPlace.of(found.scheduled.destination),
        observed_through=found.demand.through,
        lines=[LineExplained.of_step(line, step) for line, step in found.lines],
        total=Money(amount=sum(line.amount for line, _ in found.lines), currency=explained.fare.currency)
        if explained.fare
        else None,
    )


class SeatsQuery(Query):
    """Which part of a seat map is asked for."""

    cabin: Cabin | None = Field(None, description="all of them unless given")


class SeatMapAnswer(Answer, FlightSeats):
    """The seats of a flight: where they are, what they are like, and which can be had."""


@routes.get("/v1/flights/{id}/seats", callers=ANYONE, max_age=5)
def flight_seats(id: str, query: SeatsQuery) -> SeatMapAnswer:
    """The seat map of a flight that is sold, with who can have what: free, taken, held for a while, or blocked.

    A cabin that the aircraft has not is not among `cabins`.
    """
    from chalicelib.pricing import show

    leg = LegId.of_path(id)
    now = clock.now(config().flight_clock)
    return SeatMapAnswer.of(show.seats(leg, now), now.wall, query.cabin)
