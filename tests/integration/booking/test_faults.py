"""What a network, a busy table and impatient clients do to bookings: answers lost, calls refused, keys repeated."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.booking import cancel, hold, locator, pay, settle, store
from chalicelib.booking.hold import SoldOut
from chalicelib.booking.model import HOLD, KeyUse, State
from chalicelib.booking.payments import simulated
from chalicelib.booking.seating import MOST_AT_ONCE
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, KeyReused, TooMany, Unavailable
from chalicelib.pricing import stock
from chalicelib.pricing import store as pricing
from chalicelib.pricing.inventory import Inventory
from chalicelib.pricing.seats import Cabin

from . import shop, trouble
from .test_contention import a_flight_of

TRANSACTION = "TransactWriteItems"


def held(leg: Any, use: KeyUse, now: Now, **wanted: Any) -> Any:
    """A hold as a client asks for it, with a key."""
    return hold.hold(shop.order(leg, **wanted), use, "192.0.2.1", now, lambda _: None)


@contextmanager
def failing(operation: str, times: int, fail: Callable[[Callable[[], Any]], Any]) -> Iterator[list[str]]:
    """Have the next calls of an operation fail in some way; gives the calls that were made."""
    real, calls = BaseClient._make_api_call, list[str]()

    def call(client: BaseClient, name: str, parameters: dict[str, Any]) -> Any:
        calls.append(name)
        if name == operation and calls.count(operation) <= times:
            return fail(lambda: real(client, name, parameters))
        return real(client, name, parameters)

    with patch.object(BaseClient, "_make_api_call", call):
        yield calls


def lost(call: Callable[[], Any]) -> Any:
    """It is done, and the answer is lost, also to each repetition by the SDK."""
    call()
    raise ReadTimeoutError(endpoint_url="https://dynamodb")


def refused(code: str, *reasons: str) -> Callable[[Callable[[], Any]], Any]:
    """Nothing is done."""

    def refuse(call: Callable[[], Any]) -> Any:
        answer: Any = {"Error": {"Code": code, "Message": code}, "CancellationReasons": [{"Code": r} for r in reasons]}
        raise ClientError(answer, TRANSACTION)

    return refuse


def test_f9_a_hold_whose_answer_is_lost_is_made_once(cloud: None, now: Now) -> None:
    """The client repeats its key: one booking, one set of seats, and the same answer each time."""
    leg, use = shop.leg(), shop.key()
    with failing(TRANSACTION, 1, lost), pytest.raises(Unavailable):
        held(leg, use, now, size=2)
    first = held(leg, use, now, size=2)
    assert held(leg, use, now, size=2) == first
    assert shop.check_sums([leg], [first], now)["held"] == 2


def test_f9_a_payment_whose_answer_is_lost_is_taken_once(cloud: None, now: Now) -> None:
    """Neither the service's answer came nor our table's: the money is found by its reference, and makes tickets."""
    booking, use = shop.held(shop.leg(), now=now), shop.key()
    with failing("PutItem", 2, lost), pytest.raises(Unavailable):  # in the service's books, and in ours
        pay.pay(pay.known(booking.locator, now), "tok_approve", "/", use, now)
    again = pay.pay(pay.known(booking.locator, now), "tok_approve", "/", use, now)
    assert again.open_attempt
    settle.look(booking.locator, now)
    paid = pay.pay(pay.known(booking.locator, now), "tok_approve", "/", use, now)
    assert paid.kept_as is State.TICKETED
    assert len(paid.payments) == 1
    assert paid.paid == paid.total


def test_f10_a_key_with_another_body_changes_nothing(cloud: None, now: Now) -> None:
    """It is told so, and the key still answers for its first body a day later."""
    leg, use = shop.leg(), shop.key()
    first = held(leg, use, now)
    for other in (leg, shop.leg(destination="SFO")):
        with pytest.raises(KeyReused):
            held(other, use._replace(fingerprint="e" * 32), now, size=3)
    assert shop.check_sums([leg], [first], now)["held"] == 1
    assert held(leg, use, trouble.later(now, hours=24)) == first


def test_a_key_is_answered_when_sales_are_over(cloud: None, now: Now) -> None:
    """Who has seats is told so, also when the flight is cancelled or all that may be held was held."""
    leg, use = shop.leg(days=1), shop.key()
    first = held(leg, use, now)
    trouble.say(leg, now, cancelled=True)
    assert held(leg, use, now) == first
    with pytest.raises(Conflict):
        held(leg, shop.key(), now)
    other = shop.leg()
    for _ in range(hold.BUYER_HOLDS):
        try:
            held(other, shop.key(), now, size=1)
        except TooMany:
            break
    with pytest.raises(TooMany):
        held(other, shop.key(), now)
    assert held(leg, use, now) == first


def test_a_key_whose_own_hold_is_over_is_answered(cloud: None, now: Now) -> None:
    """Its seats are free again, and it gets no others."""
    leg, use = shop.leg(), shop.key()
    first = held(leg, use, now)
    later = trouble.later(now, minutes=16)
    assert held(leg, use, later) == first
    assert shop.check_sums([leg], [first], later).get("held", 0) == 0


@pytest.mark.parametrize("times", [1, 2, 5])
def test_f13_a_transaction_that_conflicts_is_tried_again(cloud: None, now: Now, times: int) -> None:
    """A conflict of transactions is a lost race: it is tried again, and has no effect twice."""
    leg = shop.leg()
    with failing(TRANSACTION, times, refused("TransactionCanceledException", "None", "TransactionConflict")) as calls:
        booking = held(leg, shop.key(), now, size=2)
    assert calls.count(TRANSACTION) == times + 1
    assert shop.check_sums([leg], [booking], now)["held"] == 2


def test_f13_who_loses_every_race_is_told_when_to_come_back(cloud: None, now: Now) -> None:
    """After so many attempts it is a plain 503, and nothing was held."""
    leg = shop.leg()
    conflict = refused("TransactionCanceledException", "TransactionConflict", "None")
    with failing(TRANSACTION, hold.ATTEMPTS, conflict), pytest.raises(Unavailable) as told:
        held(leg, shop.key(), now)
    assert told.value.retry_after
    assert shop.check_sums([leg], [], now).get("held", 0) == 0


@pytest.mark.parametrize("operation", ["BatchGetItem", TRANSACTION, "UpdateItem"])
def test_f12_a_table_that_is_busy_is_a_plain_503(cloud: None, now: Now, operation: str) -> None:
    """What throttles for longer than the SDK waits is told as such; the same key succeeds later."""
    leg, use = shop.leg(), shop.key()
    with failing(operation, 1, refused("ThrottlingException")), pytest.raises(Unavailable):
        held(leg, use, now)
    assert held(leg, use, now).kept_as is State.HELD


def test_f18_a_hold_that_is_over_is_none_wherever_nothing_ran(cloud: None, now: Now) -> None:
    """Its seats are free to see and to have at that instant, and its booking has expired; not a second before."""
    leg = shop.leg()
    first = shop.held(leg, now=now, size=3)
    seats = first.segments[0].taken
    almost, over = (Now(at, at) for at in (now.wall + HOLD - timedelta(seconds=1), now.wall + HOLD))
    for at, free in ((almost, False), (over, True)):
        [inventory] = stock.of([leg], at.wall).values()
        assert (set(seats) <= inventory.free(at.wall)) == free
        assert inventory.sold_by_class(at.wall)[first.segments[0].booking_class] == (0 if free else 3)
    with pytest.raises(Conflict):
        held(leg, shop.key(), almost, size=3, seats=seats)
    second = held(leg, shop.key(), over, size=3, seats=seats)
    assert second.segments[0].taken == seats
    with pytest.raises(Conflict):
        pay.pay(pay.known(first.locator, over), "tok_approve", "/", shop.key(), over)
    shop.check_sums([leg], shop.everything([first.locator, second.locator], over.wall), over)


def test_f18_a_whole_flight_of_holds_that_are_over_is_free(cloud: None, now: Now) -> None:
    """However many there are, more than one transaction takes too, who comes next gets seats."""
    leg = a_flight_of(150, now)
    names = [hold.hold(shop.order(leg), shop.key(), f"192.0.2.{n}", now, lambda _: None).locator for n in range(150)]
    assert len(names) > 2 * MOST_AT_ONCE
    with pytest.raises(SoldOut):
        held(leg, shop.key(), now)
    later = trouble.later(now, minutes=15)
    booking = held(leg, shop.key(), later, size=6)
    sums = shop.check_sums([leg], shop.everything([*names, booking.locator], later.wall), later)
    assert sums["free"] == sums["capacity"] - 6


def test_f18_a_locator_whose_booking_is_to_be_erased_is_used_anew(cloud: None, now: Now) -> None:
    """DynamoDB may take days to erase an item; nobody's hold fails by that."""
    use, leg = shop.key(), shop.leg()
    first = held(leg, use, now)
    much_later = trouble.later(now, days=31)
    again = held(shop.leg(today=much_later.flight.date()), use, much_later)
    assert again.locator == first.locator
    assert again.journal[0].at == much_later.wall


def test_a_refund_that_was_sent_and_not_noted_stays_the_same(cloud: None, now: Now) -> None:
    """Whatever else falls due meanwhile: the service would refuse another amount by the same reference, for ever."""
    booking = shop.paid(shop.held(shop.leg(), now=now), now)
    kept = pay.known(booking.locator, now)
    [fare, *_] = [line for line in booking.lines if line.kind == "fare"]
    less = replace(fare, kind="fee", code="RES", amount=-1000)
    from chalicelib.booking.model import By, Change, Changed

    part = Change(booking.segments, (*booking.lines, less), -1000)
    store.save(kept, kept.booking.then(Changed(now.wall, part, By.AIRLINE, shop.key())))
    with patch.object(settle, "_refunded", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        settle.look(booking.locator, now)  # dies between the service's answer and its own note
    cancel.cancel(pay.known(booking.locator, now), shop.key(), now)
    settle.look(booking.locator, now)
    after = pay.known(booking.locator, now).booking
    assert (after.paid, after.refunds) == (0, ())


def test_a_payment_that_follows_a_change_left_unpaid_is_taken(cloud: None, now: Now) -> None:
    """The reference that was closed with the former change is not used for the next."""
    from chalicelib.booking import change
    from chalicelib.booking.hold import Wanted

    far, near = shop.leg(days=40), shop.leg(days=1)
    booking = shop.paid(shop.held(far, now=now), now)
    wanted = [Wanted(near.leg, Cabin.ECONOMY)]
    change.change(pay.known(booking.locator, now), wanted, None, shop.key(), now)
    later = trouble.later(now, minutes=20)
    settle.look(booking.locator, later)
    after = change.change(pay.known(booking.locator, later), wanted, None, shop.key(), later)
    assert after.to_pay(later.wall), "the nearer flight costs more"
    assert shop.paid(after, later).segments[0].leg == near.leg


def test_a_record_that_comes_late_settles_only_what_was_paid(cloud: None, now: Now) -> None:
    """What is held by the same locator since then is free again when its time is over."""
    leg, number = shop.leg(), locator.to_number
    first = shop.paid(shop.held(leg, now=now), now)
    [inventory] = stock.of([leg], now.wall).values()
    later = now.wall + timedelta(hours=1)
    pricing.save(
        inventory.give_back(number(first.locator), "Y").take(number(first.locator), "Y", first.segments[0].taken, later)
    )
    stock.settle(leg.leg, leg.destination, number(first.locator), first.held_until(leg.leg), now.wall)
    [inventory] = stock.of([leg], now.wall).values()
    assert number(first.locator) in inventory.pending
    assert isinstance(inventory, Inventory)


def test_what_is_paid_is_not_free_though_nothing_has_settled_it(cloud: None, now: Now) -> None:
    """The stream may be hours late: who would take such a seat asks its booking first."""
    leg = shop.leg()
    first = shop.paid(shop.held(leg, now=now), now)
    later = trouble.later(now, hours=2)
    with pytest.raises(Conflict):
        held(leg, shop.key(), later, seats=first.segments[0].taken)
    assert shop.check_sums([leg], [first], later)["sold"] == 1


@pytest.mark.parametrize("meanwhile", ["cancelled", "taken over"])
def test_a_payment_that_comes_too_late_goes_back(cloud: None, now: Now, meanwhile: str) -> None:
    """While the service is at work, the passenger cancels, or the hold ends and another party has the seats."""
    leg = shop.leg()
    first, others = shop.held(leg, now=now), list[str]()
    charge = simulated.charge

    def slow(reference: str, **asked: Any) -> Any:
        charged = charge(reference, **asked)
        if meanwhile == "cancelled":
            cancel.cancel(pay.known(first.locator, now), shop.key(), now)
        else:
            later = trouble.later(now, minutes=15)
            others.append(held(leg, shop.key(), later, seats=first.segments[0].taken).locator)
        return charged

    with patch.object(simulated, "charge", slow):
        after = pay.pay(pay.known(first.locator, now), "tok_approve", "/", shop.key(), now)
    assert after.kept_as is not State.TICKETED
    assert after.due_back == first.total
    later = trouble.later(now, minutes=15)
    settle.look(first.locator, later)
    done = pay.known(first.locator, later).booking
    assert (done.paid, done.refunds, done.closed) == (0, (), True)
    shop.check_sums([leg], shop.everything([first.locator, *others], later.wall), later)
