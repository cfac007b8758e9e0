"""What pricing speaks of: a party, the lines of a price, what may be added to a booking, and the rules of a fare.

Money is in minor units of a currency (US cents).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from chalicelib.core.errors import Fault, Invalid

MOST_SEATS = 9  # of a party; larger ones are groups, which are not sold here


class TravellerKind(StrEnum):
    """How old somebody is, as fares see it: an infant (under 2) on a lap, a child (2 to 11), an adult."""

    ADULT = "adult"
    CHILD = "child"
    INFANT = "infant"


@dataclass(frozen=True, slots=True)
class Party:
    """Who flies together, in this order: adults, children, infants. Infants sit on the laps of adults."""

    adults: int = 1
    children: int = 0
    infants: int = 0

    @property
    def seats(self) -> int:
        """The seats they need."""
        return self.adults + self.children

    @property
    def kinds(self) -> tuple[TravellerKind, ...]:
        """Each of them, in order."""
        return (
            (TravellerKind.ADULT,) * self.adults
            + (TravellerKind.CHILD,) * self.children
            + (TravellerKind.INFANT,) * self.infants
        )

    @classmethod
    def of(cls, adults: int, children: int = 0, infants: int = 0) -> "Party":
        """The party that was asked for. Raises Invalid where there can't be such a one."""
        if min(adults, children, infants) < 0 or not 1 <= adults + children <= MOST_SEATS:
            detail = f"{adults} adults and {children} children are {adults + children}; 1 to {MOST_SEATS} can be booked"
            raise Invalid(detail, [Fault("query", "passengers", detail)])
        if infants > adults:
            detail = f"{infants} infants need as many adults to sit with; there are {adults}"
            raise Invalid(detail, [Fault("query", "infants", detail)])
        return cls(adults, children, infants)


@dataclass(frozen=True, slots=True)
class Line:
    """One amount of a price. `traveller` and `segment` say by their places whom and which flight it is for.

    `kind` is fare, tax (to a government), fee (to an airport or a security agency), bag, seat or ssr (a request for
    assistance or service). `code` is the booking class of a fare, the two letters of a tax or fee on tickets, or that
    of the extra. `charges.label` has the words.
    """

    kind: str
    code: str
    amount: int
    traveller: int | None = None
    segment: int | None = None


@dataclass(frozen=True, slots=True)
class Extra:
    """Something beside the flight: a checked bag (BAG, once for each), a kind of seat, or an SSR by its code."""

    code: str
    traveller: int
    segment: int | None = None  # None: on every flight


@dataclass(frozen=True, slots=True)
class Price:
    """What a party pays: the sum of its lines."""

    currency: str
    lines: tuple[Line, ...]

    @property
    def total(self) -> int:
        """All lines together."""
        return sum(line.amount for line in self.lines)


@dataclass(frozen=True, slots=True)
class FareRules:
    """What may be done with a fare. Fees are for each traveller; `bags` is how many checked ones are included."""

    brand: str
    changeable: bool
    change_fee: int
    refundable: bool
    cancel_fee: int
    seat_choice: bool
    bags: int


class Step(NamedTuple):
    """One step of a reckoning: what it finds, the rule in words, the numbers that went in, and what came out."""

    name: str
    rule: str
    inputs: dict[str, object]
    result: object


def by_segment(rules: Sequence[FareRules], segment: int | None) -> FareRules:
    """The rules of the fare that a line belongs to; a line of no one flight goes by the first."""
    return rules[segment or 0]
