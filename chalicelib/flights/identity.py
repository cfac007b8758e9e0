"""What names a flight and its legs.

A leg's identity is its operating carrier, number and suffix, the local origin date of the flight, and the origin
airport: `UA1545-20130710-EWR`. Codeshares are other names of the same leg.
"""

import re
from datetime import date
from typing import NamedTuple, Self

from chalicelib.core.errors import Fault, Invalid

_CARRIER = r"(?P<carrier>[A-Z]{3}|[A-Z][A-Z0-9]|[0-9][A-Z])"
_NUMBER = r"(?P<number>[0-9]{1,4})(?P<suffix>[A-Z]?)"
_FLIGHT_NUMBER = re.compile(rf"{_CARRIER}{_NUMBER}")
_LEG_ID = re.compile(rf"{_CARRIER}{_NUMBER}-(?P<date>[0-9]{{8}})-(?P<origin>[A-Z0-9]{{3,4}})")


class InvalidFlight(Invalid, ValueError):
    """Something that is said to name a flight does not; the message says what would be right."""


class FlightNumber(NamedTuple):
    """A flight's public name: carrier (IATA, or ICAO where it has none), number, operational suffix."""

    carrier: str
    number: int
    suffix: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `UA1545`, `ua 1545`, `UA0045`, `VS808P`. Raises InvalidFlight."""
        found = _FLIGHT_NUMBER.fullmatch(re.sub(r"\s", "", text).upper())
        if not found:
            raise InvalidFlight(f"{text[:40]!r} is not a flight number; one looks like UA1545")
        return cls(found["carrier"], int(found["number"]), found["suffix"])

    def __str__(self) -> str:
        return f"{self.carrier}{self.number}{self.suffix}"


class LegId(NamedTuple):
    """The identity of a leg, which never changes: operating flight number, local origin date of the flight, origin.

    Written `UA1545-20130710-EWR`. Not the destination (a diversion does not make another leg), not the time.
    """

    flight: FlightNumber
    date: date
    origin: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `UA1545-20130710-EWR`. Raises InvalidFlight."""
        found = _LEG_ID.fullmatch(text.strip().upper())
        if not found:
            raise InvalidFlight(f"{text[:40]!r} is not a flight id; one looks like UA1545-20130710-EWR")
        try:
            day = date.fromisoformat(found["date"])
        except ValueError:
            raise InvalidFlight(f"{text!r}: there is no day {found['date']} (year, month, day)") from None
        return cls(FlightNumber(found["carrier"], int(found["number"]), found["suffix"]), day, found["origin"])

    @classmethod
    def of_path(cls, id: str) -> Self:
        """Read the `{id}` of a route. Raises Invalid, which names that part of the path."""
        return cls.given(id, "id", "path")

    @classmethod
    def given(cls, text: str, name: str, place: str = "body") -> Self:
        """Read what stands in a request under a name. Raises Invalid, which says where."""
        try:
            return cls.parse(text)
        except InvalidFlight as error:
            detail = "is not a flight id; one looks like UA1545-20130710-EWR"
            raise Invalid(str(error), [Fault(place, name, detail)]) from None

    def __str__(self) -> str:
        return f"{self.flight}-{self.date:%Y%m%d}-{self.origin}"
