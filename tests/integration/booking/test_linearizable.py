"""F21: whatever clients do at once, a flight's story can be told in one order (Wing and Gong, 1993).

That order is of all operations on the flight, each of one seat or several, and none in it comes before another that had
ended when it began. So the flight is strictly serializable, and each of its seats, of which the same order tells, is
linearizable.
"""

import itertools
import random
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.booking import cancel, pay
from chalicelib.booking.model import Booking
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing import stock

from . import shop
from .test_contention import at_once, buy, few_seats

CLIENTS = 8
TIMES = min(1000, max(15, settings.default.max_examples // 4))  # that each client asks: 1,000 with the profile `long`
NEWEST = 4  # parties of which a client cancels one: others may choose the same in that moment
ANY = "?"  # a seat that is not chosen

Holders = frozenset[tuple[str, str]]  # who has which seats of a flight


@dataclass(frozen=True)
class Operation:
    """What a client asked of a flight and was told, when it asked, and when it had the answer.

    `takes` these seats; `misses` these, as not all are free; `leaves` these, all its own; `lacks` any to leave; `sees`
    that these are free, and no others.
    """

    what: str
    who: str
    seats: tuple[str, ...]
    began: float
    ended: float


def step(holders: Holders, operation: Operation, every: Collection[str]) -> Holders | None:
    """A flight after an operation; None: it can't have been told so."""
    seats, free = set(operation.seats) - {ANY}, set(every) - {seat for seat, _ in holders}
    own = frozenset((seat, operation.who) for seat in operation.seats)
    match operation.what:
        case "takes":
            return holders | own if seats <= free else None
        case "misses":
            return None if seats <= free and len(operation.seats) <= len(free) else holders
        case "leaves":
            return holders - own if {pair for pair in holders if pair[1] == operation.who} == own else None
        case "lacks":
            return None if any(who == operation.who for _, who in holders) else holders
        case _:
            return holders if seats == free else None


def in_one_order(history: Collection[Operation], every: Collection[str]) -> bool:
    """Whether an order of the operations explains every answer, and keeps what had ended before what began then.

    Only what was under way with the oldest that is left can be next: so a state is that one, what is in the order of
    those after it, and who has which seats.
    """
    order = sorted(history, key=lambda operation: operation.began)
    nothing = frozenset[int]()
    todo, seen = [(0, nothing, Holders())], set[tuple[int, frozenset[int], Holders]]()
    while todo:
        oldest, ahead, holders = state = todo.pop()
        if oldest == len(order):
            return True
        if state in seen:
            continue
        seen.add(state)
        for at in _next(order, oldest, ahead):
            after = step(holders, order[at], every)
            if after is not None:
                told, first = ahead | {at}, oldest
                while first in told:
                    told, first = told - {first}, first + 1
                todo.append((first, told, after))
    return False


def _next(order: Sequence[Operation], oldest: int, ahead: Collection[int]) -> Iterator[int]:
    """Which operations can be next: those that began before any that is left had ended."""
    first_end = order[oldest].ended
    for at in range(oldest, len(order)):
        if order[at].began > first_end:
            return
        if at not in ahead:
            first_end = min(first_end, order[at].ended)
            yield at


@pytest.mark.parametrize(
    ("history", "told"),
    [
        ("a takes A 0 1, b misses A 2 3, a leaves A 4 5, b takes A 6 7", True),
        ("a takes A 0 9, b takes A 1 2, b leaves A 3 4", True),
        ("a takes A 0 1, b takes A 2 3", False),
        ("a takes A 0 9, b takes A 1 2", False),
        ("a takes A 0 1, a leaves A 2 3, b misses A 4 5", False),
        ("a takes A 0 1, b sees AB 2 3", False),
        ("a takes A 0 5, b sees AB 2 3", True),
        ("a takes AB 0 9, c sees A 1 2", False),
        ("a takes A 0 9, b takes B 0 9, c sees A 1 2, d sees B 3 4", False),
        ("a takes A 0 1, b misses ?? 2 3, b misses ? 4 5", False),
        ("a takes A 0 1, a leaves A 2 9, c lacks - 3 4", True),
        ("a takes A 0 1, a leaves A 2 9, a leaves A 3 4", False),
    ],
)
def test_the_checker_knows_stories_that_can_be_told(history: str, told: bool) -> None:
    """Some that can, some that can't: a seat sold twice, one lost, a party split, an answer of the past."""
    operations = [
        Operation(what, who, tuple(seats.strip("-")), float(began), float(ended))
        for who, what, seats, began, ended in (each.split() for each in history.split(", "))
    ]
    assert in_one_order(operations, "AB") == told


def free_seats(leg: ScheduledLeg, now: Now) -> tuple[str, ...]:
    """The seats of a flight that can be had."""
    [inventory] = stock.of([leg], now.wall).values()
    return tuple(inventory.free(now.wall))


_operations = st.builds(
    lambda what, who, seats, began, lasts: Operation(what, who, tuple(sorted(seats)), began, began + lasts),
    st.sampled_from(("takes", "misses", "leaves", "lacks", "sees")), st.sampled_from("ab"),
    st.sets(st.sampled_from("AB"), min_size=1), st.integers(0, 9), st.integers(0, 9),
)  # fmt: skip


@given(st.lists(_operations, max_size=4))
def test_the_checker_finds_every_order_there_is(history: list[Operation]) -> None:
    """As does who tries all of them."""

    def explains(order: Sequence[Operation]) -> bool:
        holders: Holders | None = frozenset()
        for operation in order:
            holders = step(holders, operation, "AB") if holders is not None else None
        return holders is not None and all(a.began <= b.ended for a, b in itertools.combinations(order, 2))

    assert in_one_order(history, "AB") == any(map(explains, itertools.permutations(history)))


def test_f21_a_flight_is_serializable_and_its_seats_linearizable(exact_cloud: None, now: Now) -> None:
    """Eight clients hold seats of their choice or any, pay, cancel and look, as it comes; so ends the flight, too."""
    leg = few_seats(4, now)
    seats = sorted(free_seats(leg, now))
    parties, history = list[Booking](), list[Operation]()

    def operate(chance: random.Random, number: int) -> Operation:
        luck, nobody, began = chance.random(), f"nobody {number}", time.monotonic()
        if luck < 0.2:
            return Operation("sees", nobody, free_seats(leg, now), began, time.monotonic())
        if luck < 0.6 or not parties:
            size, chosen = chance.randint(1, 2), chance.random() < 0.7
            wanted = tuple(chance.sample(seats, size)) if chosen else (ANY,) * size
            booking = buy(leg, now, size, wanted if chosen else None)
            if booking is None:
                return Operation("misses", nobody, wanted, began, time.monotonic())
            taken, ended = booking.segments[0].taken, time.monotonic()
            assert len(taken) == size
            assert set(taken) == set(wanted) or not chosen
            parties.append(booking)
            return Operation("takes", booking.locator, taken, began, ended)
        party = chance.choice(parties[-NEWEST:])
        if chance.random() < 0.3:
            with suppress(Conflict):  # others paid for it, or cancelled it
                pay.pay(pay.known(party.locator, now), "tok_approve", "/", shop.key(), now)
        try:
            cancel.cancel(pay.known(party.locator, now), shop.key(), now)
        except Conflict:
            return Operation("lacks", party.locator, (), began, time.monotonic())
        return Operation("leaves", party.locator, party.segments[0].taken, began, time.monotonic())

    def client(number: int) -> None:
        chance = random.Random(number)
        for _ in range(TIMES):
            history.append(operate(chance, number))

    at_once(CLIENTS, client)
    end = time.monotonic()
    history.append(Operation("sees", "nobody", free_seats(leg, now), end, end))
    assert len(history) == CLIENTS * TIMES + 1
    assert {operation.what for operation in history} == {"takes", "misses", "leaves", "lacks", "sees"}
    assert in_one_order(history, seats), history
    shop.check_sums([leg], shop.everything([party.locator for party in parties], now.wall), now)
