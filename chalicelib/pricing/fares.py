"""What a seat costs now, and why.

The price of a seat follows from a dozen numbers (`Inputs`) and the tariff (`tariff.toml`), in steps that can be done by
hand; `reckon` does them, and a booking keeps the numbers, so that its price can be explained ever after:

1. the full fare of the cabin, from the great-circle distance in whole kilometres;
2. each booking class's fare, a percentage of it;
3. the demand still to come for each class: share * factor * seats * the part that books later than now;
4. what of the free seats is protected for the classes above (EMSR-b), and so how many each class may sell. As only
   demand still to come is protected, what is sold already needs no subtracting (net nesting);
5. the bid price: highest fare * load ^ power, with a power that falls as departure comes near. The load is the part of
   the cabin that is taken. So it rises with each seat sold, and for a flight that is not empty with each day passed;
6. the class: the lowest whose fare is at least the bid price, that is sold so many days before, and that has a seat
   for everybody. A party is never split over classes on a leg.

Days before departure are whole ones, by the flight clock. Seats of holds that are over count as free.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from chalicelib.airports.lookup import airport, zone
from chalicelib.airports.model import distance_km
from chalicelib.core.clock import Now
from chalicelib.flights.identity import LegId
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing.emsr import booking_limits, emsr_b
from chalicelib.pricing.forecast import Demand, deviation, factor
from chalicelib.pricing.inventory import Inventory
from chalicelib.pricing.model import Step
from chalicelib.pricing.seats import Cabin
from chalicelib.pricing.tariff import BookingClass, Tariff, numbered, tariff


class Inputs(NamedTuple):
    """All that a fare hangs on, beside the tariff."""

    tariff: int  # its day, such as 20260101
    cabin: str
    km: int
    days: int  # before departure, whole ones
    capacity: int  # the cabin's seats that are sold at all
    free: int  # those that can be had
    seats: int  # that the party needs
    weekday: int  # of the origin date, Monday is 0
    hour: int  # of departure, at the origin
    carrier: str
    shares: tuple[int, ...]  # of each class, permille (`Demand.shares`)
    demand: int  # the version of the forecast they are from

    def pack(self) -> str:
        """As a booking keeps it: JSON, less than 120 bytes."""
        return json.dumps(self, separators=(",", ":"))

    @classmethod
    def unpack(cls, text: str) -> "Inputs":
        """What `pack` made. Raises ValueError."""
        try:
            tariff, cabin, km, days, capacity, free, seats, weekday, hour, carrier, shares, demand = json.loads(text)
            return cls(
                int(tariff), str(Cabin(cabin)), int(km), int(days), int(capacity), int(free), int(seats), int(weekday),
                int(hour), str(carrier), tuple(map(int, shares)), int(demand),
            )  # fmt: skip
        except TypeError as error:
            raise ValueError("these are not the inputs of a fare") from error


class ClassState(NamedTuple):
    """How a booking class stands: its fare, the demand still to come, seats protected from it, and its limit.

    `closed` says why it is not open to this party; "" where it is.
    """

    code: str
    fare_basis: str
    brand: str
    fare: int
    mean: float
    deviation: float
    protected: float  # for the classes above it
    limit: int
    closed: str


@dataclass(frozen=True)
class Reckoning:
    """A fare with all that led to it. `chosen` is None where no class is open to the party."""

    inputs: Inputs
    bid_price: int
    classes: tuple[ClassState, ...]
    chosen: ClassState | None
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Quote:
    """What a seat costs each adult on a leg: the class, its fare before taxes, and how many are left at that fare."""

    leg: LegId
    destination: str
    scheduled_out: datetime
    scheduled_in: datetime
    cabin: Cabin
    booking_class: str
    fare_basis: str
    base: int
    currency: str
    seats_left: int
    inputs: str  # `Inputs.pack`

    @property
    def steps(self) -> tuple[Step, ...]:
        """How the fare came about, step by step."""
        return explain(self.inputs).steps


def quote(  # noqa: PLR0917 - what is asked for, then what it hangs on
    scheduled: ScheduledLeg, cabin: Cabin, seats: int, inventory: Inventory, demand: Demand, now: Now
) -> Quote | None:
    """What a leg costs a party that needs so many seats; None where it can't have them, or the leg has left."""
    if scheduled.scheduled_out <= now.flight:
        return None
    inputs = inputs_of(scheduled, cabin, seats, inventory, demand, now)
    if inputs.free < seats:
        return None
    chosen = _choose(inputs)[2]
    if chosen is None:
        return None
    return Quote(
        scheduled.leg, scheduled.destination, scheduled.scheduled_out, scheduled.scheduled_in, cabin, chosen.code,
        chosen.fare_basis, chosen.fare, numbered(inputs.tariff).currency, chosen.limit, inputs.pack(),
    )  # fmt: skip


def inputs_of(  # noqa: PLR0917 - as quote
    scheduled: ScheduledLeg, cabin: Cabin, seats: int, inventory: Inventory, demand: Demand, now: Now
) -> Inputs:
    """The numbers that a leg's fare hangs on at this moment."""
    rule = tariff(now.flight.date())
    leg = scheduled.leg
    return Inputs(
        tariff=rule.number,
        cabin=str(cabin),
        km=kilometres(leg.origin, scheduled.destination),
        days=max(0, (scheduled.scheduled_out - now.flight) // timedelta(days=1)),
        capacity=inventory.capacity.get(cabin, 0),
        free=inventory.free_in(cabin, now.wall),
        seats=seats,
        weekday=leg.date.weekday(),
        hour=scheduled.scheduled_out.astimezone(zone(leg.origin)).hour,
        carrier=leg.flight.carrier,
        shares=tuple(demand.shares(cabin, rule)),
        demand=demand.version,
    )


@lru_cache(maxsize=4096)
def kilometres(origin: str, destination: str) -> int:
    """The great-circle distance between two airports, to the nearest kilometre. Raises KeyError for an unknown one."""
    a, b = airport(origin), airport(destination)
    if a is None or b is None:
        raise KeyError(f"{origin if a is None else destination} is not an airport known here")
    return round(distance_km(a, b))


def explain(inputs: str) -> Reckoning:
    """A fare from the numbers that a booking keeps. Raises ValueError for others, KeyError for an unknown tariff."""
    return reckon(Inputs.unpack(inputs))


def reckon(inputs: Inputs) -> Reckoning:
    """A fare with all its steps."""
    rule = numbered(inputs.tariff)
    states, bid, chosen = _choose(inputs)
    return Reckoning(inputs, bid, states, chosen, tuple(_steps(inputs, rule, bid, states, chosen)))


def bid_price(highest: int, capacity: int, free: int, power: int) -> int:
    """The least that a seat is given for: highest fare * load ^ power, rounded up to the next minor unit."""
    if not capacity:
        return highest
    price: int = -(-highest * (capacity - free) ** power // capacity**power)
    return price


@lru_cache(maxsize=4096)  # a month of a route is 1,600 departures, of which many are alike
def _choose(inputs: Inputs) -> tuple[tuple[ClassState, ...], int, ClassState | None]:
    """How each class stands, the bid price, and the class to sell."""
    rule = numbered(inputs.tariff)
    classes = rule.classes_of(Cabin(inputs.cabin))
    full = rule.full_fare(inputs.km, Cabin(inputs.cabin))
    fares = [rule.fare(full, each) for each in classes]
    bid = bid_price(fares[0], inputs.capacity, inputs.free, rule.power(inputs.days))
    means = _means(inputs, rule, classes)
    deviations = [round(deviation(rule, mean), 2) for mean in means]
    protected = [0.0, *(round(level, 2) for level in emsr_b(fares, means, deviations))]
    limits = booking_limits(inputs.free, protected[1:])
    states = tuple(
        ClassState(
            each.code, each.fare_basis, rule.brands[each.brand]["name"], fare, mean, spread, level, limit,
            _closed(inputs, each, fare, bid, limit),
        )
        for each, fare, mean, spread, level, limit in zip(
            classes, fares, means, deviations, protected, limits, strict=True
        )
    )  # fmt: skip
    return states, bid, next((state for state in reversed(states) if not state.closed), None)


def _means(inputs: Inputs, rule: Tariff, classes: Sequence[BookingClass]) -> list[float]:
    """The seats that each class is still expected to sell, to a hundredth."""
    busy = factor(rule, inputs.weekday, inputs.hour, inputs.carrier)
    return [
        round(inputs.capacity * share * busy * each.to_come(inputs.days) / 1_000_000, 2)
        for each, share in zip(classes, inputs.shares, strict=True)
    ]


def _closed(inputs: Inputs, booking_class: BookingClass, fare: int, bid: int, limit: int) -> str:
    if inputs.days < booking_class.advance:
        return f"sold until {booking_class.advance} days before departure"
    if fare < bid:
        return "below the bid price"
    if limit < inputs.seats:
        return "no seats left at this fare" if not limit else f"{limit} left at this fare, for {inputs.seats}"
    return ""


def _steps(
    inputs: Inputs, rule: Tariff, bid: int, states: Sequence[ClassState], chosen: ClassState | None
) -> list[Step]:
    """The steps, each with every number that goes into it: from those of the inputs and of the tariff alone."""
    full = rule.full_fare(inputs.km, Cabin(inputs.cabin))
    classes = rule.classes_of(Cabin(inputs.cabin))
    demand = rule.demand
    busy = factor(rule, inputs.weekday, inputs.hour, inputs.carrier)
    parts = [each.to_come(inputs.days) for each in classes]
    codes = [each.code for each in classes]

    def by_class(values: Sequence[object]) -> dict[str, object]:
        return dict(zip(codes, values, strict=True))

    return [
        Step(
            "full_fare",
            "fixed, and for each kilometre the cents of its band (up to so many kilometres), times the cabin's percent;"
            " cents are dropped below one",
            {
                "km": inputs.km,
                "fixed": rule.fixed,
                "bands": [list(band) for band in rule.bands],
                "percent": rule.cabins[Cabin(inputs.cabin)],
            },
            full,
        ),
        Step(
            "fares",
            "each class's percent of the full fare, to the nearest unit, half of one upwards",
            {"full_fare": full, "unit": rule.unit, "percent": by_class([each.percent for each in classes])},
            by_class([state.fare for state in states]),
        ),
        Step(
            "factor",
            "how busy the departure is, permille: weekday * hour * carrier, decimals dropped",
            {
                "weekday": demand["weekdays"][inputs.weekday],
                "hour": next(permille for start, permille in demand["hours"] if inputs.hour >= start),
                "carrier": demand["carriers"].get(inputs.carrier, 1000),
            },
            busy,
        ),
        Step(
            "demand_to_come",
            "capacity * share * factor * to_come, to a hundredth of a seat; share and factor are permille, to_come is"
            " (days - advance) / (opens - advance), from 0 to 1",
            {
                "capacity": inputs.capacity,
                "factor": busy,
                "days": inputs.days,
                "share": by_class(inputs.shares),
                "advance": by_class([each.advance for each in classes]),
                "opens": by_class([each.opens for each in classes]),
                "to_come": by_class([round(part, 4) for part in parts]),
                "forecast_version": inputs.demand,
            },
            by_class([state.mean for state in states]),
        ),
        Step(
            "deviation",
            "the square root of mean + (uncertainty percent of the mean) squared, to a hundredth",
            {"mean": by_class([state.mean for state in states]), "uncertainty": demand["uncertainty"]},
            by_class([state.deviation for state in states]),
        ),
        Step(
            "protected",
            "seats kept from a class for those above it (EMSR-b): S + sigma * inverse normal(1 - fare / p), where S is"
            " the sum of their demands, sigma the root of the sum of their squared deviations, p their average fare by"
            " demand; never below 0 or below the level before, to a hundredth",
            {
                "fare": by_class([state.fare for state in states]),
                "mean": by_class([state.mean for state in states]),
                "deviation": by_class([state.deviation for state in states]),
            },
            by_class([state.protected for state in states]),
        ),
        Step(
            "limits",
            "free seats less the protected ones (to the nearest whole seat, half of one upwards), not below 0",
            {"free": inputs.free, "protected": by_class([state.protected for state in states])},
            by_class([state.limit for state in states]),
        ),
        Step(
            "bid_price",
            "highest fare * ((capacity - free) / capacity) ^ power, rounded up; the power is the first of powers (from"
            " so many days before departure)",
            {
                "highest": states[0].fare,
                "capacity": inputs.capacity,
                "free": inputs.free,
                "days": inputs.days,
                "powers": [list(power) for power in rule.powers],
            },
            bid,
        ),
        Step(
            "class",
            "the lowest class sold so many days before departure (advance), whose fare is at least the bid price, and"
            " whose limit is at least the seats of the party",
            {
                "days": inputs.days,
                "advance": by_class([each.advance for each in classes]),
                "fare": by_class([state.fare for state in states]),
                "bid_price": bid,
                "limit": by_class([state.limit for state in states]),
                "seats": inputs.seats,
            },
            chosen.code if chosen else None,
        ),
        Step(
            "fare",
            "the fare of that class, for each adult, before taxes",
            {"class": chosen.code if chosen else None},
            chosen.fare if chosen else None,
        ),
    ]
