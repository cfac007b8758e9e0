"""Many want the last seats in the same moment: each seat is sold once, and who gets none is told so."""

import random
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from chalicelib.booking import cancel, pay, settle
from chalicelib.booking.hold import SoldOut, hold
from chalicelib.booking.model import HOLD, Booking, State
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.flights import timetable
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing import store as pricing
from chalicelib.pricing.inventory import Inventory, SeatTaken
from chalicelib.pricing.seats import Cabin
from infra.local import motoserver

from ..conftest import NOON
from . import shop

THREADS = 32
_clients = count()


def a_flight_of(seats: int, now: Now) -> ScheduledLeg:
    """A flight with so many seats in economy: an operator has blocked the others."""
    for origin, destination in sorted(timetable.routes()):
        for leg in timetable.legs(origin, destination, now.flight.date() + timedelta(days=20), now.flight.date()):
            inventory = Inventory.unsold(leg)
            economy = sorted(inventory.free(now.wall) & {seat.number for seat in inventory.seat_map.of(Cabin.ECONOMY)})
            if seats <= len(economy) < seats + 10:
                pricing.save(replace(inventory, blocked=frozenset(economy[seats:])))
                return leg
    raise LookupError(f"no flight has about {seats} seats")


def few_seats(seats: int, now: Now) -> ScheduledLeg:
    """A flight on which all but a few seats of economy, in one block, are blocked."""
    leg = shop.leg()
    inventory = Inventory.unsold(leg)
    economy = [seat.number for seat in inventory.seat_map.of(Cabin.ECONOMY) if not seat.blocked]
    others = {seat.number for seat in inventory.seat_map.seats} - set(economy[:seats])
    pricing.save(replace(inventory, blocked=frozenset(others)))
    return leg


def buy(
    leg: ScheduledLeg, now: Now, size: int = 1, seats: tuple[str, ...] | None = None, *, again: int = 4
) -> Booking | None:
    """Hold seats; None where there are not enough. Who is told to come back later does, with the same key."""
    number, use = next(_clients), shop.key()
    client = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    order = shop.order(leg, size=size, seats=seats)
    while True:
        try:
            return hold(order, use, client, now, threading.Event().wait)
        except (SoldOut, SeatTaken):
            return None
        except Unavailable:
            again -= 1
            if again < 0:
                raise


def at_once(threads: int, work: Callable[[int], Any], times: int | None = None) -> list[Any]:
    """Do something in as many threads, which begin together."""
    together = threading.Barrier(threads)
    buy(shop.leg(days=30), Now(NOON, NOON))  # else each thread makes a client of its own for every table, at length

    def begin(number: int) -> Any:
        if number < threads:
            together.wait()
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(begin, range(times or threads)))


def disturb(monkeypatch: pytest.MonkeyPatch, seed: int) -> Counter[str]:
    """Have DynamoDB throttle and cancel transactions now and then, before it does anything; counts how often."""
    chance, made, told = random.Random(seed), BaseClient.__init__, Counter[str]()
    throttled = b'{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slower"}'
    conflict = (
        b'{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"cancelled, please refer '
        b'cancellation reasons for specific reasons [None, TransactionConflict]",'
        b'"CancellationReasons":[{"Code":"None"},{"Code":"TransactionConflict","Message":"a conflict"}]}'
    )

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        operation = request.headers.get("X-Amz-Target", b"").decode().partition(".")[2]
        luck = chance.random()
        if operation == "TransactWriteItems" and luck < 0.1:
            told["conflict"] += 1
            return _response(request.url, conflict)
        if luck > 0.99:
            told["throttled"] += 1
            return _response(request.url, throttled)
        return None

    def disturbed(client: Any, *args: Any, **kwargs: Any) -> None:
        made(client, *args, **kwargs)
        client.meta.events.register_first("before-send.dynamodb", answer)

    monkeypatch.setattr(BaseClient, "__init__", disturbed)
    return told


def _response(url: str, body: bytes) -> AWSResponse:
    class Raw:
        def stream(self, *_: Any, **__: Any) -> Any:
            yield body

    return AWSResponse(url, 400, {"content-type": "application/x-amz-json-1.0"}, Raw())


def test_a_seat_is_sold_once(exact_cloud: None, now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 1,000 buyers and 150 seats 150 buyers get one each, another one each; 850 are told that it is sold out. The
    table throttles and transactions conflict meanwhile."""  # fmt: skip
    leg = a_flight_of(150, now)
    told = disturb(monkeypatch, 150)
    bookings = at_once(THREADS, lambda number: buy(leg, now), times=1000)
    sold = [booking for booking in bookings if booking]
    assert len(sold) == 150
    assert len({booking.segments[0].seats[0] for booking in sold}) == 150
    assert bookings.count(None) == 850
    shop.check_sums([leg], sold, now)
    assert told["conflict"]
    assert told["throttled"]


@pytest.mark.parametrize("seats", [20, 33])
def test_a_party_is_never_split(exact_cloud: None, now: Now, monkeypatch: pytest.MonkeyPatch, seats: int) -> None:
    """Parties of 1 to 6 get all their seats or none, while the table throttles and transactions conflict; nobody is
    sent away whom the seats that are left would do."""  # fmt: skip
    leg = few_seats(seats, now)
    told = disturb(monkeypatch, seats)
    shop_closed = Counter[int]()

    def party(number: int) -> Booking | None:
        size = 1 + number % 6
        booking = buy(leg, now, size)
        shop_closed[size] += booking is None
        return booking

    bookings = [booking for booking in at_once(16, party, times=48) if booking]
    taken = [seat for booking in bookings for seat in booking.segments[0].taken]
    assert all(len(booking.segments[0].taken) == len(booking.travellers) for booking in bookings)
    assert len(set(taken)) == len(taken)
    sums = shop.check_sums([leg], bookings, now)
    assert sums.get("free", 0) == seats - len(taken)
    assert not sums.get("free") or shop_closed[1] == 0, "somebody alone was sent away, and a seat is left"
    assert told["conflict"]


@pytest.mark.parametrize("workers", [2, 8, 64])
def test_f7_of_all_who_want_one_seat_one_gets_it(exact_cloud: None, now: Now, workers: int) -> None:
    """The others are told plainly that it is taken: no time-out, no server's error."""
    leg = shop.leg()
    seat = sorted(
        Inventory.unsold(leg).free(now.wall) & {s.number for s in Inventory.unsold(leg).seat_map.of(Cabin.ECONOMY)}
    )[40]
    bookings = at_once(workers, lambda number: buy(leg, now, seats=(seat,), again=0))
    sold = [booking for booking in bookings if booking]
    assert [booking.segments[0].taken for booking in sold] == [(seat,)]
    assert bookings.count(None) == workers - 1
    shop.check_sums([leg], sold, now)


@pytest.mark.parametrize("seats", [1, 5])
def test_f8_the_last_seats_are_sold_to_as_many(exact_cloud: None, now: Now, seats: int) -> None:
    """Exactly as many buyers as there are seats get one."""
    leg = few_seats(seats, now)
    sold = [booking for booking in at_once(24, lambda number: buy(leg, now)) if booking]
    assert len({booking.segments[0].taken for booking in sold}) == len(sold) == seats


def test_one_key_from_many_sides_is_one_booking(exact_cloud: None, now: Now) -> None:
    """A client that asks many times at once holds seats once, and reads the same each time; so does who pays."""
    leg, use, paying = shop.leg(), shop.key(), shop.key()
    order = shop.order(leg, size=2)
    held = at_once(6, lambda number: hold(order, use, "192.0.2.1", now, threading.Event().wait))
    assert all(each == held[0] for each in held)
    paid = at_once(8, lambda number: pay.pay(pay.known(held[0].locator, now), "tok_approve", "/", paying, now))
    assert all(each.kept_as is State.TICKETED for each in paid)
    [booking] = shop.everything([held[0].locator], now.wall)
    assert len(booking.payments) == 1
    assert shop.check_sums([leg], [booking], now)["sold"] == 2


def test_whatever_many_do_at_once_adds_up(exact_cloud: None, now: Now) -> None:
    """Holds, payments, cancellations and ends of holds by many, as time goes by: seats and money agree after it."""
    leg, names, lock = few_seats(12, now), list[str](), threading.Lock()
    clock = [now]

    def live(number: int) -> None:
        chance = random.Random(number)
        for _ in range(8):
            at = clock[0]
            with lock:
                name = chance.choice(names) if names and chance.random() < 0.6 else None
            try:
                if name is None:
                    booking = buy(leg, at, chance.randint(1, 3))
                    with lock:
                        names.extend([booking.locator] if booking else [])
                    continue
                kept = pay.known(name, at)
                match chance.randrange(4):
                    case 0 | 1:
                        pay.pay(kept, chance.choice(("tok_approve", "tok_timeout", "tok_decline")), "/", shop.key(), at)
                    case 2:
                        cancel.cancel(kept, shop.key(), at)
                    case _:
                        settle.look(name, at)
            except (Conflict, Unavailable):
                continue
            finally:
                if chance.random() < 0.1:
                    with lock:
                        clock[0] = Now(at.flight, clock[0].wall + HOLD / 3)

    at_once(8, live)
    shop.check_sums([leg], shop.everything(names, clock[0].wall), clock[0])
    end = Now(now.flight, clock[0].wall + HOLD)
    for name in names:
        settle.look(name, end)
    bookings = shop.everything(names, end.wall)
    shop.check_money(bookings)
    assert all(booking.closed and not booking.refunds for booking in bookings)
    assert {booking.state(end.wall) for booking in bookings} <= {State.TICKETED, State.CANCELLED, State.EXPIRED}
    for booking in bookings:
        assert booking.paid == (booking.total if booking.kept_as is State.TICKETED else 0)
    shop.check_sums([leg], bookings, end)


class Counted(NamedTuple):
    """What a table made of one thing."""

    lost: int  # updates that were taken, and are not there
    taken: int  # of two transactions with one ClientRequestToken
    units: tuple[float, float]  # capacity for a write of five kB, and a consistent read of it


def counted(threads: int) -> Counted:
    """Have threads count up one item, each at the version it read; then ask what can be told by one thread."""
    table, client = config().inventory_table, boto3.client("dynamodb")
    item = {"TableName": table, "Key": {"pk": {"S": "race"}, "sk": {"S": "race"}}}

    def version() -> int:
        return int(client.get_item(**item, ConsistentRead=True)["Item"]["version"]["N"])

    def climb(number: int) -> int:
        won = 0
        for _ in range(12):
            read = version()
            update = {
                **item, "UpdateExpression": "SET version = :next", "ConditionExpression": "version = :read",
                "ExpressionAttributeValues": {":read": {"N": str(read)}, ":next": {"N": str(read + 1)}},
            }  # fmt: skip
            with suppress(ClientError):  # somebody was faster
                if number % 2:
                    client.transact_write_items(TransactItems=[{"Update": update}])
                else:
                    client.update_item(**update)
                won += 1
        return won

    client.put_item(TableName=table, Item={**item["Key"], "version": {"N": "0"}})
    won = sum(at_once(threads, climb))
    assert won
    reached = version()
    one_more = {**item, "UpdateExpression": "ADD version :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    for _ in range(2):
        client.transact_write_items(ClientRequestToken="t" * 36, TransactItems=[{"Update": one_more}])
    taken = version() - reached
    large = {**item["Key"], "version": {"N": "0"}, "large": {"S": "x" * 4500}}
    wrote = client.put_item(TableName=table, Item=large, ReturnConsumedCapacity="TOTAL")
    read = client.get_item(**item, ConsistentRead=True, ReturnConsumedCapacity="TOTAL")
    return Counted(
        won - reached, taken, (wrote["ConsumedCapacity"]["CapacityUnits"], read["ConsumedCapacity"]["CapacityUnits"])
    )


def test_the_tables_of_these_tests_are_exact(exact_cloud: None, services: dict[str, str]) -> None:
    """As DynamoDB's: no update is lost, no two transactions that read one version are both taken. On dynoxide also: a
    repeated token does nothing, and capacity units are those of the items' sizes."""  # fmt: skip
    made = counted(16)
    assert not made.lost
    if services["AWS_ENDPOINT_URL_DYNAMODB"] != services["AWS_ENDPOINT_URL"]:
        assert made == Counted(lost=0, taken=1, units=(5, 2))


def test_moto_alone_is_not(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lets two threads pass one condition, knows no tokens, and counts a unit for any item: hence `exact_cloud`.

    Where this fails, moto has become exact, and races may be run on it.
    """
    monkeypatch.setattr(motoserver, "_one", nullcontext())  # the lock that a local cloud in this process puts before it
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # seconds: threads take turns between check and write, too
    try:
        runs = [counted(8)]
        while len(runs) < 30 and not runs[-1].lost:
            runs.append(counted(8))
    finally:
        sys.setswitchinterval(before)
    assert runs[-1].lost
    assert (runs[-1].taken, runs[-1].units) == (2, (1, 0.5))
