"""Cabins and seats of aircraft: which seats there are, what each is like, and which are best for a party.

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
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property, lru_cache
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from chalicelib.core.errors import NotFound
from chalicelib.flights.identity import LegId

EXIT_AGE = 15  # years, 14 CFR 121.585(b)(2)
MOST_ROWS = 80  # of an aircraft that we lay out
_UNLUCKY = 13
_TALLEST = 4  # rows that a party is looked for in as one block


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


def together(
    seat_map: SeatMap,
    free: Collection[str],
    cabin: Cabin,
    party: int,
    *,
    may_exit: Sequence[bool],
    children: Sequence[bool] = (),
) -> list[str] | None:
    """The best of the free seats of a cabin for a party: the number of a seat for each passenger, in their order.

    `may_exit` says of each passenger whether they may sit at an exit, `children` who should sit beside an adult.
    None only where fewer seats are free than there are passengers, or too few away from exits for those who may not
    sit there. What is best, in this order:

    1. seats side by side; 2. in one row, with as few aisles between as can be; 3. a block of rows behind each other,
    the smaller the better, in which nobody sits alone in a row if that can be; 4. the rows nearest to each other;
    and among such seats: none that cost extra (exit, more legroom); for one person no middle seat; those that take
    the fewest pairs of free neighbours from others and leave the fewest seats alone; the row that is farthest in
    front, the seat that is farthest left. For one person taking no pair apart goes before all but the extra cost.

    The same seats for the same question. Raises ValueError where it is not asked of each passenger.
    """
    if party < 1 or len(may_exit) != party or len(children) not in (0, party):
        raise ValueError(f"a party of {party} with {len(may_exit)} and {len(children)} words on its passengers")
    if cabin not in seat_map.letters:
        return None
    if children:
        may_exit = [may and not child for may, child in zip(may_exit, children, strict=True)]
    grid = seat_map.grid(cabin)
    wanted = free if isinstance(free, frozenset | set) else frozenset(free)
    masks = [
        sum(1 << grid.columns[seat.letter] for seat in row if seat.number in wanted and not seat.blocked)
        for row in grid.rows
    ]
    places = _places(grid, masks, may_exit)
    if places is None:
        return None
    return _assigned(grid, sorted(places), may_exit, children)


# --- laying out


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


# --- seating a party


def _places(grid: Grid, masks: Sequence[int], may_exit: Sequence[bool]) -> list[Place] | None:
    """Where a party sits best, in no order; None where too few seats are free."""
    party = len(may_exit)
    if sum(map(int.bit_count, masks)) < party:
        return None
    if all(may_exit):
        return _best(grid, masks, party)
    away = [mask & ~exits for mask, exits in zip(masks, grid.exits, strict=True)]
    count = sum(map(int.bit_count, away))
    if count >= party:
        return _best(grid, away, party)
    if count < party - sum(may_exit):
        return None
    # Some have to sit at an exit: all seats elsewhere, and the rest as near to them as can be.
    taken = [place for row, mask in enumerate(away) for place in _bits(row, mask)]
    others = [place for row, mask in enumerate(masks) for place in _bits(row, mask & grid.exits[row])]
    others.sort(key=lambda place: (min((_apart(place, other) for other in taken), default=0), place))
    return taken + others[: party - count]


def _best(grid: Grid, masks: Sequence[int], party: int) -> list[Place]:
    if party == 1:
        return [_single(grid, masks)]
    return _abreast(grid, masks, party) or _stacked(grid, masks, party) or _nearest(masks, party)


def _single(grid: Grid, masks: Sequence[int]) -> Place:
    best: tuple[Any, ...] | None = None
    for row, mask in enumerate(masks):
        for block in grid.blocks:
            there, inside = mask & block, block & block << 1 & block >> 1
            for _, column in _bits(row, there):
                lost, alone = _loss(there, there & ~(1 << column))
                score = (grid.extras[row], lost, bool(inside >> column & 1), alone, row, column)
                if best is None or score < best:
                    best = score
    assert best
    return best[-2], best[-1]


def _abreast(grid: Grid, masks: Sequence[int], party: int) -> list[Place] | None:
    """Neighbouring seats of one row, with the fewest aisles between."""
    width = len(grid.columns)
    windows = [((1 << party) - 1 << low, grid.aisles(low, low + party - 1)) for low in range(width - party + 1)]
    best: tuple[Any, ...] | None = None
    for row, mask in enumerate(masks):
        if mask.bit_count() < party:
            continue
        extra = grid.extras[row]
        for window, aisles in windows:
            if mask & window != window or (best and (aisles, extra) > best[:2]):
                continue
            score = (aisles, extra, *_losses(mask, window, grid.blocks), row, window)
            if best is None or score < best:
                best = score
    return list(_bits(best[-2], best[-1])) if best else None


def _stacked(grid: Grid, masks: Sequence[int], party: int) -> list[Place] | None:
    """A block of seats in rows behind each other; where it can be, nobody is alone in a row."""
    width, lonely = len(grid.columns), {2: 2, 3: 1}.get(party, 0)
    shapes: dict[int, list[tuple[int, int]]] = {}
    for height in range(2, min(party, _TALLEST, len(masks)) + 1):
        for span in range(-(-party // height), min(width, party, 2 * party // height + 1) + 1):
            for low in range(width - span + 1):
                size = height + span + grid.aisles(low, low + span - 1)
                shapes.setdefault(size, []).append((height, (1 << span) - 1 << low))
    best: tuple[Any, ...] | None = None
    for size in sorted(shapes):
        for height, window in shapes[size]:
            within = [mask & window for mask in masks]
            counts = list(map(int.bit_count, within))
            for row, there in enumerate(map(sum, zip(*(counts[at:] for at in range(height)), strict=False))):
                if there < party or not counts[row]:
                    continue
                rest = (size, any(grid.extras[row : row + height]), row, window)
                if best and (lonely, *rest) > best[:-1]:
                    continue
                places = _trimmed(within, row, height, party)
                score = (_alone(places), *rest, places)
                if best is None or score < best:
                    best = score
        if best and best[0] == lonely:
            break
    return list(best[-1]) if best else None


def _nearest(masks: Sequence[int], party: int) -> list[Place]:
    """The first of the shortest stretches of rows with enough seats."""
    counts = [mask.bit_count() for mask in masks]
    best, low, there = (len(masks), 0), 0, 0
    for high, count in enumerate(counts):
        there += count
        while there - counts[low] >= party:
            there -= counts[low]
            low += 1
        if there >= party:
            best = min(best, (high - low, low))
    span, low = best
    return list(_trimmed(masks, low, span + 1, party))


def _trimmed(masks: Sequence[int], row: int, height: int, party: int) -> tuple[Place, ...]:
    """A party's places among those of some rows: from the front or the back, whichever leaves fewer alone."""
    places = [place for at in range(row, row + height) for place in _bits(at, masks[at])]
    front = tuple(places[:party])
    if len(places) == party:
        return front
    return min(front, tuple(places[-party:]), key=lambda taken: (_alone(taken), taken))


def _alone(places: Sequence[Place]) -> int:
    """How many of the places, row by row from left to right, have none of the others beside them."""
    there = set(places)
    return sum((row, column - 1) not in there and (row, column + 1) not in there for row, column in places)


def _assigned(grid: Grid, places: Sequence[Place], may_exit: Sequence[bool], children: Sequence[bool]) -> list[str]:
    """Who sits where: nobody at an exit who may not, and as many children as can be beside an adult."""
    few = [at for at, child in enumerate(children) if child]
    exits = [bool(grid.exits[row] >> column & 1) for row, column in places]
    adults = [at for at in range(len(places)) if at not in few]
    chosen: Sequence[int] = ()
    if few and adults:
        near = [[_nearness(grid, place, other) for other in places] for place in places]
        best: tuple[Any, ...] | None = None
        for seats in combinations(range(len(places)), len(few)):
            if any(exits[seat] for seat in seats):
                continue
            grown = [at for at in range(len(places)) if at not in seats]
            closest = sorted(max(near[seat][other] for other in grown) for seat in seats)
            score = ([-each for each in closest], seats)
            if best is None or score < best:
                best = score
        chosen = best[-1] if best else ()
    seat_of: dict[int, int] = dict(zip(few, chosen, strict=False))
    left = [at for at in range(len(places)) if at not in chosen]
    waiting = [at for at in range(len(places)) if at not in seat_of]
    # Those who may not sit at an exit first.
    for at in sorted(waiting, key=lambda at: may_exit[at] and any(exits)):
        seat = next(seat for seat in left if may_exit[at] or not exits[seat])
        seat_of[at] = seat
        left.remove(seat)
    return [grid.numbers[places[seat_of[at]]] for at in range(len(places))]


def _nearness(grid: Grid, place: Place, other: Place) -> int:
    """3 side by side, 2 across an aisle, 1 behind each other, else 0."""
    (row, column), (its_row, its_column) = place, other
    if row == its_row and abs(column - its_column) == 1:
        return 3 - grid.aisles(min(column, its_column), max(column, its_column))
    return int(abs(row - its_row) == 1 and column == its_column)


def _apart(place: Place, other: Place) -> int:
    return 3 * abs(place[0] - other[0]) + abs(place[1] - other[1])


def _bits(row: int, mask: int) -> Iterator[Place]:
    column = 0
    while mask:
        if mask & 1:
            yield row, column
        mask >>= 1
        column += 1


def _losses(mask: int, window: int, blocks: Sequence[int]) -> tuple[int, int]:
    """What others lose when the seats of a window are taken: pairs of neighbours, and seats left alone."""
    losses = [_loss(mask & block, mask & block & ~window) for block in blocks if block & window]
    return sum(lost for lost, _ in losses), sum(alone for _, alone in losses)


@cache
def _loss(before: int, after: int) -> tuple[int, int]:
    """Likewise, of one block; ten columns at most, so that few are ever kept."""
    (pairs, alone), (pairs_left, alone_left) = _worth(before), _worth(after)
    return pairs - pairs_left, alone_left - alone


def _worth(mask: int) -> tuple[int, int]:
    """Pairs of neighbours that a block's free seats make at the most, and free seats without a neighbour."""
    runs = [len(run) for run in f"{mask:b}".split("0") if run]
    return sum(run // 2 for run in runs), runs.count(1)
