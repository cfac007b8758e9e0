"""Cabins and seats of aircraft: which seats there are, and what each is like.

A configuration is an aircraft type and a number of seats, `B738-149`; a `Y` at its end means one cabin, economy. Its
seat map is laid out from `cabins.toml`, with exactly that number of seats:

- Rows are numbered from 1 at the front, without 13, which many carriers leave out.
- The cabins in front have whole rows, as many as the type's data say for that size; economy has the rest. Its last row
  may be short: it has the first letters of a row.
- A seat at an end of a row is at a window, another one beside an aisle is at the aisle, the others are in the middle.
- Seats that nobody is sold (`blocked`) are among the number.

Who sits at an exit must be 15 or older, able, and not charged with a small child: 14 CFR 121.585(b). Between two aisles
nobody does: exit seats are those from the exit to the first aisle, (a)(1)(i).
"""

import csv
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from chalicelib.core.errors import NotFound
from chalicelib.flights.identity import LegId

EXIT_AGE = 15  # years, 14 CFR 121.585(b)(2)
MOST_ROWS = 80  # of an aircraft that we lay out
_UNLUCKY = 13


class Cabin(StrEnum):
    """A part of the aircraft that is sold for itself, from the front to the back."""

    FIRST = "first"
    BUSINESS = "business"
    ECONOMY = "economy"


class Position(StrEnum):
    """Where in its row a seat is."""

    WINDOW = "window"
    MIDDLE = "middle"
    AISLE = "aisle"


class Scheduled(Protocol):
    """What has to be known of a leg to say what it flies with (a ScheduledLeg)."""

    @property
    def leg(self) -> LegId:
        """Its identity; the carrier counts."""

    @property
    def registration(self) -> str | None:
        """The aircraft's, where it is known."""

    @property
    def aircraft_type(self) -> str | None:
        """The ICAO designator of its type, where it is known."""


class Seat(NamedTuple):
    """One seat. `exit`: it is an exit seat; `blocked`: it is not sold."""

    number: str  # as on a boarding pass: 12A
    row: int
    letter: str
    cabin: Cabin
    position: Position
    exit: bool = False
    extra_legroom: bool = False
    blocked: bool = False


@dataclass(frozen=True, eq=False)
class SeatMap:
    """The seats of a configuration, from front left to back right: the order of an inventory's cells.

    `letters`: those of each cabin's rows, with a space for each aisle.
    """

    name: str
    seats: tuple[Seat, ...]
    letters: Mapping[Cabin, str]

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Where each seat stands in `seats`, by its number."""
        return {seat.number: at for at, seat in enumerate(self.seats)}

    @cached_property
    def cabins(self) -> tuple[Cabin, ...]:
        """The cabins there are, from the front."""
        return tuple(self.letters)

    def of(self, cabin: Cabin) -> tuple[Seat, ...]:
        """The seats of a cabin; none where the aircraft has no such cabin."""
        return self._by_cabin.get(cabin, ())

    def grid(self, cabin: Cabin) -> "Grid":
        """A cabin by rows and columns. Raises KeyError where the aircraft has no such cabin."""
        return self._grids[cabin]

    @cached_property
    def _by_cabin(self) -> Mapping[Cabin, tuple[Seat, ...]]:
        return {cabin: tuple(seat for seat in self.seats if seat.cabin is cabin) for cabin in self.letters}

    @cached_property
    def _grids(self) -> "Mapping[Cabin, Grid]":
        return {cabin: Grid.of(self._by_cabin[cabin], letters) for cabin, letters in self.letters.items()}


Place = tuple[int, int]  # a row and a column of a grid, both counted from 0


@dataclass(frozen=True, eq=False)
class Grid:
    """A cabin as rows of columns. A set of places in one row is a number with the bit of each column set."""

    rows: tuple[tuple[Seat, ...], ...]
    columns: Mapping[str, int]  # by letter
    blocks: tuple[int, ...]  # the columns between two aisles, as bits

    @classmethod
    def of(cls, seats: Sequence[Seat], letters: str) -> "Grid":
        """The grid of a cabin's seats."""
        columns = {letter: at for at, letter in enumerate(letters.replace(" ", ""))}
        blocks = tuple(sum(1 << columns[letter] for letter in block) for block in letters.split(" "))
        rows: dict[int, list[Seat]] = {}
        for seat in seats:
            rows.setdefault(seat.row, []).append(seat)
        return cls(tuple(map(tuple, rows.values())), columns, blocks)

    @cached_property
    def exits(self) -> tuple[int, ...]:
        """By row, its exit seats."""
        return tuple(sum(1 << self.columns[seat.letter] for seat in row if seat.exit) for row in self.rows)

    @cached_property
    def extras(self) -> tuple[bool, ...]:
        """By row, whether it has more legroom, as at an exit, and so costs more."""
        return tuple(row[0].extra_legroom for row in self.rows)

    @cached_property
    def numbers(self) -> Mapping[Place, str]:
        """The numbers of the seats by their places."""
        return {(at, self.columns[seat.letter]): seat.number for at, row in enumerate(self.rows) for seat in row}

    def aisles(self, low: int, high: int) -> int:
        """How many aisles there are between two columns."""
        return sum(low < block.bit_length() <= high for block in self.blocks[:-1])


def seat_map(configuration: str) -> SeatMap:
    """The seat map of a configuration such as `B738-149`. Raises NotFound."""
    try:
        return _laid_out(configuration)
    except (KeyError, ValueError):
        raise NotFound(
            f"there is no configuration {configuration[:40]!r}; one is an aircraft type and a number of seats: B738-149"
        ) from None


def configuration_of(leg: Scheduled) -> str:
    """The configuration that a leg flies with.

    By its registration, in the table of aircraft. Of an aircraft that is not listed, by its type; where that is not
    known, the carrier's usual one (`[defaults]` in cabins.toml).
    """
    data, carrier = _data(), leg.leg.flight.carrier
    if leg.registration and leg.registration in _aircraft():
        name = _aircraft()[leg.registration]
    elif leg.aircraft_type and leg.aircraft_type in data["types"]:
        name = f"{leg.aircraft_type}-{data['types'][leg.aircraft_type]['usual']}"
    else:
        name = data["defaults"]["carriers"].get(carrier, data["defaults"]["any"])
    return f"{name}Y" if carrier in data["one_cabin"]["carriers"] else name


@lru_cache(maxsize=256)
def _laid_out(configuration: str) -> SeatMap:
    """Raises KeyError or ValueError for what is no configuration."""
    type_, _, size = configuration.partition("-")
    one_cabin = size.endswith("Y")
    digits = size.removesuffix("Y")
    if not (digits.isascii() and digits.isdecimal()) or str(int(digits)) != digits:
        raise ValueError(configuration)
    total, data = int(digits), _data()["types"][type_]
    layout: dict[str, str] = _data()["layouts"][data["layout"]]
    shape: list[tuple[Cabin, str, int]] = []  # a cabin, its letters, its seats
    left = total
    for name in () if one_cabin else (Cabin.FIRST, Cabin.BUSINESS):
        steps = data.get("rows", {}).get(name, ())
        if count := max((rows for least, rows in steps if total >= least), default=0):
            seats = count * len(layout[name].replace(" ", ""))
            shape.append((name, layout[name], seats))
            left -= seats
    shape.append((Cabin.ECONOMY, layout["economy"], left))
    if left < 1 or sum(-(-seats // len(letters.replace(" ", ""))) for _, letters, seats in shape) > MOST_ROWS:
        raise ValueError(configuration)
    return SeatMap(configuration, tuple(_seats(shape, data)), {cabin: letters for cabin, letters, _ in shape})


def _seats(shape: Sequence[tuple[Cabin, str, int]], data: Mapping[str, Any]) -> Iterator[Seat]:
    rows = [(cabin, letters, *place) for cabin, letters, seats in shape for place in _rows(letters, seats)]
    economy = len(rows) - sum(cabin is Cabin.ECONOMY for cabin, *_ in rows)  # its first row
    exits: set[int] = set()
    if "exits" in data:
        count, share = data["exits"]
        first = max(economy, int(len(rows) * share))
        exits = set(range(first, min(first + count, len(rows))))
    legroom = set(range(economy, economy + data.get("legroom", 0))) if len(rows) - economy >= 10 else set()
    for at, (cabin, letters, behind, taken) in enumerate(rows):
        number = at + 1 + (at + 1 >= _UNLUCKY)
        held = {letter for block in data.get("blocked", ()) for letter in block["letters"]
                if (block["cabin"], block["row"]) == (cabin, -1 - behind)}  # fmt: skip
        outer = letters.split(" ")[0] + letters.split(" ")[-1]
        for letter in taken:
            yield Seat(
                f"{number}{letter}", number, letter, cabin, _position(letter, letters), at in exits and letter in outer,
                at in exits or at in legroom, letter in held,
            )  # fmt: skip


def _rows(letters: str, seats: int) -> list[tuple[int, str]]:
    """The rows of a cabin: how many are behind each, and its letters."""
    row = letters.replace(" ", "")
    whole, rest = divmod(seats, len(row))
    rows = [row] * whole + ([row[:rest]] if rest else [])
    return [(len(rows) - 1 - at, taken) for at, taken in enumerate(rows)]


@cache
def _position(letter: str, letters: str) -> Position:
    if letter in (letters[0], letters[-1]):
        return Position.WINDOW
    beside_aisle = any(letter in pair and " " in pair for pair in map("".join, pairwise(letters)))
    return Position.AISLE if beside_aisle else Position.MIDDLE


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("cabins.toml").read_text())


@cache
def _aircraft() -> Mapping[str, str]:
    """Configurations by tail number."""
    with Path(__file__).with_name("aircraft.csv").open(newline="") as file:
        next(file)  # the source
        return {row["tail"]: f"{row['type']}-{row['seats']}" for row in csv.DictReader(file)}
