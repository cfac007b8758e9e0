"""Seats for a party: which of a cabin's free ones are best for those who fly together, and who sits where.

A cabin is a grid of rows and columns (`seats.Grid`). What is free in a row is a number with a bit for each column
(a mask), so that seats side by side are found with a few operations on whole numbers.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from itertools import combinations
from typing import Any

from chalicelib.pricing.seats import Cabin, Grid, Place, SeatMap

_TALLEST = 4  # rows that a party is looked for in as one block


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

    The same seats for the same question. Raises ValueError where `may_exit` or `children` is not of each passenger.
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
