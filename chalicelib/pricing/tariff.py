"""The tariff: fares by distance, cabin and booking class, and their rules; the file `tariff.toml` beside this one.

A fare is reckoned in whole numbers only, so that it is the same on every machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from chalicelib.pricing.model import FareRules
from chalicelib.pricing.seats import Cabin


@dataclass(frozen=True)
class BookingClass:
    """A booking class: its letter, its fare as `percent` of its cabin's, its rules, and how its demand comes.

    It is sold until `advance` days before departure. Its demand comes between `opens` days before departure and then;
    on an average flight it is `share` permille of the cabin's seats.
    """

    code: str
    cabin: Cabin
    brand: str
    percent: int
    advance: int
    opens: int
    share: int
    bags: int

    @cached_property
    def fare_basis(self) -> str:
        """The fare's name on tickets: booking class, days of advance purchase, brand, such as L21BASI."""
        return f"{self.code}{self.advance:02}{self.brand[:4].upper()}"

    def to_come(self, days: int) -> float:
        """Which part of its demand is still to come so many days before departure."""
        return min(1.0, max(0.0, (days - self.advance) / (self.opens - self.advance)))


@dataclass(frozen=True)
class Tariff:
    """The prices and rules that hold from a day on. `demand` are the numbers of the assumption on demand."""

    effective: date
    currency: str
    fixed: int
    bands: tuple[tuple[int, int], ...]
    unit: int
    powers: tuple[tuple[int, int], ...]
    demand: Mapping[str, Any]
    cabins: Mapping[Cabin, int]
    brands: Mapping[str, Mapping[str, Any]]
    classes: tuple[BookingClass, ...]

    @cached_property
    def number(self) -> int:
        """Its day as a number, such as 20260101: what a fare's inputs name it by."""
        return int(f"{self.effective:%Y%m%d}")

    @cached_property
    def _by_cabin(self) -> dict[Cabin, tuple[BookingClass, ...]]:
        return {cabin: tuple(c for c in self.classes if c.cabin is cabin) for cabin in Cabin}

    def classes_of(self, cabin: Cabin) -> tuple[BookingClass, ...]:
        """The booking classes of a cabin, the highest fare first."""
        return self._by_cabin[cabin]

    def full_fare(self, km: int, cabin: Cabin) -> int:
        """The highest fare of a cabin over a distance: so much, and a rate for each kilometre that falls by bands."""
        total, start = self.fixed, 0
        for end, rate in self.bands:
            total += max(0, min(km, end) - start) * rate
            start = end
        return total * self.cabins[cabin] // 100

    def fare(self, full: int, booking_class: BookingClass) -> int:
        """A class's fare: its percentage of the full fare, to the nearest unit, half of one upwards."""
        return rounded(full * booking_class.percent, 100 * self.unit) * self.unit

    def power(self, days: int) -> int:
        """To which power the load is taken in the bid price, so many days before departure."""
        return next(power for start, power in self.powers if max(0, days) >= start)

    def rules(self, booking_class: str) -> FareRules:
        """What may be done with a fare of that class. Raises KeyError where there is no such class."""
        found = next((c for c in self.classes if c.code == booking_class), None)
        if found is None:
            raise KeyError(booking_class)
        brand = self.brands[found.brand]
        return FareRules(
            brand["name"], brand["changeable"], brand["change_fee"], brand["refundable"], brand["cancel_fee"],
            brand["seat_choice"], found.bags,
        )  # fmt: skip


def rounded(numerator: int, denominator: int) -> int:
    """The nearest whole number to a quotient of numbers that are not negative, half of one upwards."""
    return (2 * numerator + denominator) // (2 * denominator)


def tariff(on: date) -> Tariff:
    """The tariff that holds on a day; before the first, the first."""
    return next((each for each in reversed(tariffs()) if each.effective <= on), tariffs()[0])


def numbered(number: int) -> Tariff:
    """The tariff of a number, as an old fare's inputs name it. Raises KeyError."""
    return next((t for t in tariffs() if t.number == number), None) or _missing(number)


def rules(booking_class: str, on: date) -> FareRules:
    """What may be done with a fare of that class that was sold on a day. Raises KeyError."""
    return tariff(on).rules(booking_class)


def _missing(number: int) -> Tariff:
    raise KeyError(f"there is no tariff of {number}")


@cache
def tariffs() -> tuple[Tariff, ...]:
    """All tariffs, the oldest first."""
    import tomllib

    data = tomllib.loads(Path(__file__).with_name("tariff.toml").read_text(encoding="utf-8"))
    return tuple(sorted(map(_tariff, data["tariff"]), key=lambda t: t.effective))


def _tariff(data: Mapping[str, Any]) -> Tariff:
    return Tariff(
        data["effective"], data["currency"], data["fixed"], tuple((end, rate) for end, rate in data["bands"]),
        data["unit"], tuple((start, power) for start, power in data["powers"]), data["demand"],
        {Cabin(name): percent for name, percent in data["cabins"].items()}, data["brands"],
        tuple(BookingClass(**{**each, "cabin": Cabin(each["cabin"])}) for each in data["classes"]),
    )  # fmt: skip
