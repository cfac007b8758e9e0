"""Prices and seats as the public reads them: money, a price's lines, how a fare came about, the seats of a flight."""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Literal, Self

from pydantic import Field

from chalicelib.core.routes import Shape
from chalicelib.flights.answers import Instant
from chalicelib.pricing.charges import label, seat_amounts, seat_extra
from chalicelib.pricing.fares import ClassState, Reckoning
from chalicelib.pricing.inventory import FREE, Inventory
from chalicelib.pricing.model import FareRules, Line, Step
from chalicelib.pricing.seats import Cabin, Position, Seat, SeatMap
from chalicelib.pricing.tariff import numbered


class Money(Shape):
    """An amount in minor units (cents) of an ISO 4217 currency."""

    amount: int
    currency: str = "USD"


class PriceLine(Shape):
    """One amount of a price. `passenger` and `segment` are places, from 0 on: whom and which flight it is for."""

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


class SeatLine(Shape):
    """A seat of a row. A held one is free again at `until`, unless it is paid before; no more is said then."""

    number: str = Field(description="such as 12A")
    state: Literal["free", "taken", "held", "blocked"]
    until: Instant | None = Field(None, description="of a held seat")
    exit: Literal[True] | None = Field(None, description="true: at an exit; who sits there is 15 or older and able")
    extra: str | None = Field(None, description="the code of the extra that it is, where that is not its row's")


class SeatRow(Shape):
    """A row. `extra` is that which choosing one of its seats is; absent in cabins where that costs nothing."""

    row: int
    extra_legroom: Literal[True] | None = Field(None, description="true: more of it than in other rows")
    extra: str | None = Field(None, description="its code; `prices` has its price")
    seats: list[SeatLine]


class SeatColumn(Shape):
    """A letter of a cabin's rows, from left to right; an aisle may lie on its right."""

    letter: str
    position: Position
    aisle: Literal[True] | None = Field(None, description="true: an aisle lies between this letter and the next")


class CabinSeats(Shape):
    """A cabin, from front to back."""

    cabin: Cabin
    left: int = Field(description="seats that can be had")
    columns: list[SeatColumn]
    rows: list[SeatRow]


class SeatPrice(Shape):
    """What choosing a seat costs each traveller. Some fares include STANDARD."""

    code: str
    price: Money


class FlightSeats(Shape):
    """The seats of a flight. Of two of them the one with the higher version is newer; 0: nothing was sold yet."""

    flight: str
    version: int
    configuration: str = Field(description="aircraft type and seats, such as B738-149; Y: one cabin")
    cabins: list[CabinSeats]
    prices: list[SeatPrice]

    @classmethod
    def of(cls, inventory: Inventory, at: datetime, cabin: Cabin | None = None) -> Self:
        """An inventory as it stands at an instant of wall time; without a cabin, all of it."""
        laid, free = inventory.seat_map, inventory.free(at)
        lines = {
            seat.number: _seat(seat, holder, inventory, free=seat.number in free)
            for seat, holder in zip(laid.seats, inventory.holders, strict=True)
        }
        return cls(
            flight=str(inventory.leg),
            version=inventory.version,
            configuration=inventory.configuration,
            cabins=[_cabin(laid, each, lines) for each in laid.cabins if cabin in (None, each)],
            prices=[
                SeatPrice(code=code, price=Money(amount=amount)) for code, amount in seat_amounts(at.date()).items()
            ],
        )


def _seat(seat: Seat, holder: int, inventory: Inventory, *, free: bool) -> SeatLine:
    state: Literal["free", "taken", "held", "blocked"] = "free" if free else "blocked" if holder == FREE else "taken"
    until = None
    if state == "taken" and (pending := inventory.pending.get(holder)):
        state, until = "held", datetime.fromtimestamp(pending.until, UTC)
    if not seat.exit:
        return SeatLine(number=seat.number, state=state, until=until)
    return SeatLine(number=seat.number, state=state, until=until, exit=True, extra=seat_extra(seat))


def _cabin(laid: SeatMap, cabin: Cabin, lines: Mapping[str, SeatLine]) -> CabinSeats:
    rows = []
    for number, row in groupby(laid.of(cabin), key=lambda seat: seat.row):
        seats = list(row)
        rows.append(
            SeatRow(
                row=number,
                extra_legroom=seats[0].extra_legroom or None,
                extra=seat_extra(seats[0]._replace(exit=False)) if cabin is Cabin.ECONOMY else None,
                seats=[lines[seat.number] for seat in seats],
            )
        )
    letters = laid.letters[cabin]
    positions = {seat.letter: seat.position for seat in laid.of(cabin)}
    columns = [
        SeatColumn(letter=letter, position=positions[letter], aisle=letters[at + 1 : at + 2] == " " or None)
        for at, letter in enumerate(letters)
        if letter in positions
    ]
    left = sum(line.state == "free" for row in rows for line in row.seats)
    return CabinSeats(cabin=cabin, left=left, columns=columns, rows=rows)
