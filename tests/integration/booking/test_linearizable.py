"""F21: whatever clients do at once, each seat's story can be told in one order (Wing and Gong, 1993)."""

import itertools
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from chalicelib.booking import cancel, pay
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict
from chalicelib.pricing import stock

from . import shop
from .test_contention import at_once, buy, few_seats

CLIENTS, TIMES = 8, 12


@dataclass(frozen=True)
class Operation:
    """What a client asked of a seat, when it began and had its answer, and that answer."""

    what: str  # take | leave | look
    who: str
    answer: bool | str
    began: float
    ended: float


def step(holder: str, operation: Operation) -> str | None:
    """A seat after an operation; None: it can't have answered so. A seat is nothing but who has it."""
    match operation.what:
        case "take":
            taken = not holder
            return None if taken != operation.answer else operation.who if taken else holder
        case "leave":
            left = holder == operation.who
            return None if left != operation.answer else "" if left else holder
        case _:
            return holder if operation.answer == bool(holder) else None


def is_linearizable(history: Sequence[Operation]) -> bool:
    """Whether there is an order of the operations that explains every answer, in which none comes before another that
    had ended when it began."""  # fmt: skip
    order = sorted(history, key=lambda operation: operation.began)
    seen = set[tuple[frozenset[int], str]]()
    todo = [(frozenset(range(len(order))), "")]
    while todo:
        left, holder = todo.pop()
        if not left:
            return True
        if (left, holder) in seen:
            continue
        seen.add((left, holder))
        first_end = min(order[at].ended for at in left)
        for at in left:
            if order[at].began <= first_end and (after := step(holder, order[at])) is not None:
                todo.append((left - {at}, after))
    return False


@pytest.mark.parametrize(
    ("history", "told"),
    [
        ("a take yes 0 1, b take no 2 3, a leave yes 4 5, b take yes 6 7", True),
        ("a take yes 0 9, b take yes 1 2, b leave yes 3 4", True),
        ("a take yes 0 1, b take yes 2 3", False),
        ("a take yes 0 9, b take yes 1 2", False),
        ("a take yes 0 1, a leave yes 2 3, b take no 4 5", False),
        ("a take yes 0 1, b look no 2 3", False),
        ("a take yes 0 5, b look no 2 3", True),
    ],
)
def test_the_checker_knows_histories_that_can_be_told(history: str, told: bool) -> None:
    """Some that can, some that can't: a seat sold twice, one lost, an answer of the past."""
    operations = [
        Operation(what, who, answer == "yes", float(began), float(ended))
        for who, what, answer, began, ended in (each.split() for each in history.split(", "))
    ]
    assert all(is_linearizable(each) == told for each in itertools.islice(itertools.permutations(operations), 24))


@pytest.mark.parametrize("seed", range(2))
def test_f21_each_seat_is_linearizable(exact_cloud: None, now: Now, seed: int) -> None:
    """Eight clients hold, pay for, leave and look at three seats, as it comes."""
    leg = few_seats(3, now)
    [inventory] = stock.of([leg], now.wall).values()
    seats = sorted(inventory.free(now.wall))
    histories: dict[str, list[Operation]] = {seat: [] for seat in seats}
    lock = threading.Lock()

    def client(number: int) -> None:
        chance, mine = random.Random(100 * seed + number), dict[str, str]()
        for _ in range(TIMES):
            seat = chance.choice(seats)
            began = time.monotonic()
            if seat in mine and chance.random() < 0.7:
                what, who = "leave", mine.pop(seat)
                try:
                    if chance.random() < 0.5:
                        pay.pay(pay.known(who, now), "tok_approve", "/", shop.key(), now)
                    answer = bool(cancel.cancel(pay.known(who, now), shop.key(), now))
                except Conflict:
                    answer = False
            elif chance.random() < 0.7:
                what, booking = "take", buy(leg, now, seats=(seat,))
                answer, who = booking is not None, booking.locator if booking else f"nobody {number}"
                if booking:
                    mine[seat] = who
            else:
                what, who = "look", f"nobody {number}"
                [there] = stock.of([leg], now.wall).values()
                answer = seat not in there.free(now.wall)
            operation = Operation(what, who, answer, began, time.monotonic())
            with lock:
                histories[seat].append(operation)

    at_once(CLIENTS, client)
    assert sum(map(len, histories.values())) == CLIENTS * TIMES
    assert any(operation.what == "take" and operation.answer for operation in itertools.chain(*histories.values()))
    for seat, history in histories.items():
        assert is_linearizable(history), f"{seat}: {history}"
