"""Prices as the public reads them: money, the lines of a price, and how a fare came about."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field

from chalicelib.core.routes import Shape
from chalicelib.pricing.charges import label
from chalicelib.pricing.fares import ClassState, Reckoning
from chalicelib.pricing.model import FareRules, Line, Step
from chalicelib.pricing.tariff import numbered


class Money(Shape):
    """An amount in minor units (cents) of an ISO 4217 currency."""

    amount: int
    currency: str = "USD"


class PriceLine(Shape):
    """One amount of a price; `passenger` and `segment` say by their places, from 0 on, whom and which flight it is for."""

    kind: str = Field(description="fare, tax, fee, bag, seat or ssr")
    code: str
    label: str
    amount: int
    passenger: int | None = None
    segment: int | None = None

    @classmethod
    def of(cls, line: Line) -> Self:
        """A line, in words too."""
        return cls(
            kind=line.kind, code=line.code, label=label(line), amount=line.amount, passenger=line.traveller,
            segment=line.segment,
        )  # fmt: skip


class RulesLine(Shape):
    """What may be done with a fare, at what fee for each passenger, and how many checked bags are included."""

    brand: str
    changeable: bool
    change_fee: int
    refundable: bool
    cancel_fee: int
    seat_choice: bool
    bags: int

    @classmethod
    def of(cls, rules: FareRules) -> Self:
        """The rules of a fare."""
        return cls.model_validate(rules, from_attributes=True)


class ClassLine(Shape):
    """A booking class of the cabin, as it stands: `closed` says why it is not open to this party."""

    code: str
    fare_basis: str
    fare: int
    demand: float = Field(description="seats it is still expected to sell")
    deviation: float
    protected: float = Field(description="seats kept from it for the classes above")
    limit: int = Field(description="seats it may still sell")
    sold: int | None = Field(None, description="seats gone in it so far; not of a fare that was booked earlier")
    open: bool
    closed: str | None = None
    rules: RulesLine

    @classmethod
    def of(cls, state: ClassState, rules: FareRules, sold: Mapping[str, int] | None) -> Self:
        """A class with its rules, and with what it has sold where that is known."""
        return cls(
            code=state.code, fare_basis=state.fare_basis, fare=state.fare, demand=state.mean, deviation=state.deviation,
            protected=state.protected, limit=state.limit, sold=None if sold is None else sold.get(state.code, 0),
            open=not state.closed, closed=state.closed or None, rules=RulesLine.of(rules),
        )  # fmt: skip


class StepLine(Shape):
    """One step of a reckoning: the rule in words, every number that went in, and what came out."""

    name: str
    rule: str
    inputs: dict[str, Any]
    result: Any

    @classmethod
    def of(cls, step: Step) -> Self:
        """A step."""
        return cls(name=step.name, rule=step.rule, inputs=step.inputs, result=step.result)


class InputsLine(Shape):
    """All that a fare hangs on: with these numbers, and the tariff of that day, it comes out again."""

    tariff: int = Field(description="the day of the tariff, such as 20260101")
    cabin: str
    km: int = Field(description="great-circle distance")
    days: int = Field(description="whole days before departure")
    capacity: int = Field(description="seats of the cabin that are sold at all")
    free: int = Field(description="seats of them that can be had")
    seats: int = Field(description="seats that the party needs")
    weekday: int = Field(description="of departure, Monday is 0")
    hour: int = Field(description="of departure, at the origin")
    carrier: str
    shares: list[int] = Field(description="of each class, permille: what it is expected to sell on an average flight")
    demand: int = Field(description="version of the forecast that the shares are from; 0: the tariff's assumption")


class FareExplained(Shape):
    """How a fare came about. Without a `booking_class` none was open to the party."""

    inputs: InputsLine
    classes: list[ClassLine]
    steps: list[StepLine]
    booking_class: str | None = None
    fare_basis: str | None = None
    fare: Money | None = Field(None, description="of an adult, before taxes")
    seats_left: int | None = Field(None, description="at this fare")

    @classmethod
    def of(cls, reckoning: Reckoning, sold: Mapping[str, int] | None = None) -> Self:
        """A reckoning (`pricing.fares.explain` makes one of what a booking keeps)."""
        tariff, chosen = numbered(reckoning.inputs.tariff), reckoning.chosen
        return cls(
            inputs=InputsLine.model_validate(reckoning.inputs._asdict()),
            classes=[ClassLine.of(state, tariff.rules(state.code), sold) for state in reckoning.classes],
            steps=[StepLine.of(step) for step in reckoning.steps],
            booking_class=chosen.code if chosen else None,
            fare_basis=chosen.fare_basis if chosen else None,
            fare=Money(amount=chosen.fare, currency=tariff.currency) if chosen else None,
            seats_left=chosen.limit if chosen else None,
        )
