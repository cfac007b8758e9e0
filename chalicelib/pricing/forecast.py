"""How many will want to fly: the forecast of demand for a leg, by booking class.

A class is expected to sell share * factor * seats of a departure. The factor says how busy the departure is: by weekday
and hour of departure, at the origin's clocks, and by carrier. The share is the tariff's assumption, corrected by what
the route has sold: sales are taken as Poisson, the share's prior as a gamma distribution as sure as `weight` seats sold
would make one, so that the corrected share is

    (assumed share * weight + seats sold) / (weight + seats offered * factor)

the mean of the posterior (conjugate; for example A. Gelman et al., Bayesian Data Analysis, section 2.6). A route of
which nothing was ever sold goes by the assumption. What was observed counts a little less each day (`forget`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import sqrt
from typing import Self

from chalicelib.pricing.seats import Cabin
from chalicelib.pricing.tariff import BookingClass, Tariff


@dataclass(frozen=True)
class Departure:
    """What one departure sold: when it left by the origin's clocks, its seats by cabin, those sold by class."""

    weekday: int  # Monday is 0
    hour: int
    carrier: str
    seats: Mapping[Cabin, int]
    sold: Mapping[str, int]


@dataclass(frozen=True)
class Demand:
    """What is known of a route's demand: seats sold by class, and seats offered (times their factor) by cabin.

    All days until `through` are counted. Version 0: nothing was observed, and nothing is stored.
    """

    origin: str
    destination: str
    sold: Mapping[str, float] = field(default_factory=dict)
    offered: Mapping[str, float] = field(default_factory=dict)
    through: date | None = None
    version: int = 0

    def share(self, booking_class: BookingClass, tariff: Tariff) -> int:
        """The permille of a cabin's seats that a class is expected to sell on a departure of factor 1."""
        weight: int = tariff.demand["weight"]
        sold = booking_class.share / 1000 * weight + self.sold.get(booking_class.code, 0)
        share: float = 1000 * sold / (weight + self.offered.get(booking_class.cabin, 0))
        return round(share)

    def shares(self, cabin: Cabin, tariff: Tariff) -> list[int]:
        """The shares of a cabin's classes, the highest fare first."""
        return [self.share(booking_class, tariff) for booking_class in tariff.classes_of(cabin)]

    def observe(self, day: date, departures: Iterable[Departure], tariff: Tariff) -> Self:
        """The demand after a day's departures, which are counted once: a day that is counted changes nothing."""
        if self.through and day <= self.through:
            return self
        kept = (tariff.demand["forget"] / 1000) ** ((day - self.through) // timedelta(days=1) if self.through else 1)
        sold = {code: seats * kept for code, seats in self.sold.items()}
        offered = {cabin: seats * kept for cabin, seats in self.offered.items()}
        for departure in departures:
            part = factor(tariff, departure.weekday, departure.hour, departure.carrier) / 1000
            for cabin, seats in departure.seats.items():
                offered[cabin] = offered.get(cabin, 0) + seats * part
            for code, seats in departure.sold.items():
                sold[code] = sold.get(code, 0) + seats
        return type(self)(self.origin, self.destination, _short(sold), _short(offered), day, self.version)


def factor(tariff: Tariff, weekday: int, hour: int, carrier: str) -> int:
    """How busy a departure is expected to be, in permille of an average one; the hour is the origin's."""
    rule = tariff.demand
    of_hour = next(permille for start, permille in rule["hours"] if hour >= start)
    product: int = rule["weekdays"][weekday] * of_hour * rule["carriers"].get(carrier, 1000)
    return product // 1_000_000


def deviation(tariff: Tariff, mean: float) -> float:
    """The standard deviation of a demand: chance (Poisson: the variance is the mean), and a mean that may be wrong."""
    return sqrt(mean + (tariff.demand["uncertainty"] / 100 * mean) ** 2)


def _short(numbers: Mapping[str, float]) -> dict[str, float]:
    """With three decimals, and without what has been forgotten."""
    return {name: kept for name, number in numbers.items() if (kept := round(number, 3))}
