"""What selling asks of AWS: a search, a hold, a payment, what settles it, a booking whole, a cancellation, an end."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple
from unittest.mock import patch

import boto3

from chalicelib.booking import cancel, changes, hold, pay, settle, store
from chalicelib.booking.hold import Order, Wanted
from chalicelib.booking.model import HOLD, Booking, Contact, KeyUse, Traveller
from chalicelib.booking.payments import simulated
from chalicelib.core.clock import Now, wall_now
from chalicelib.core.config import config
from chalicelib.flights import timetable
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing.model import Party, TravellerKind
from chalicelib.pricing.seats import Cabin
from chalicelib.search import find, market
from tests.bench import NOON
from tests.bench.meter import Meter, metered


class Asked(NamedTuple):
    """What one step asked for; `bytes` of the booking's item after it, and of the inventory's."""

    meter: Meter
    booking: int | None = None
    inventory: int | None = None

    def figures(self) -> tuple[str, ...]:
        """As they stand in a row of the table."""
        calls, _, read, _, write, *_ = self.meter.figures()
        others = ", ".join(f"{number} {service}" for service, number in sorted(self.meter.others.items()))
        return calls, others, read, write, *(f"{size:,}" if size else "" for size in (self.booking, self.inventory))


PARTIES = (("a guest, 1 traveller, 1 flight", 1, 1, None), ("an account, 4 travellers, 2 flights", 4, 2, "ada"))


def measure() -> Iterator[tuple[str, Asked]]:
    """Each step by name; the payment service's own books are not counted."""
    now, today = Now(NOON, wall_now()), NOON.date()
    asking = find.Request((market.Part("EWR", "LAX", today + timedelta(days=20)),), Party(1), Cabin.ECONOMY)
    find.offers(asking, now)
    yield "a search, direct and with one stop", Asked(_metered(lambda: find.offers(asking, now))[1])
    for days, (name, size, flights, account) in enumerate(PARTIES, 20):
        legs = [
            timetable.legs("EWR", "LAX", today + timedelta(days=days + 3 * flight), today)[0]
            for flight in range(flights)
        ]
        _sell(legs, 1, None, now)  # nothing is done for the first time below
        steps = _sell(legs, size, account, now)
        whole = Meter()
        for _, asked in steps:
            whole.dynamodb += asked.meter.dynamodb
            whole.others += asked.meter.others
            whole.read += asked.meter.read
            whole.write += asked.meter.write
        yield f"a booking whole, {name}", Asked(whole)
        for step, asked in steps:
            yield f"· {step}", asked
    yield from _afterwards(timetable.legs("EWR", "LAX", today + timedelta(days=30), today)[:1], now)


def _sell(legs: list[ScheduledLeg], size: int, account: str | None, now: Now) -> list[tuple[str, Asked]]:
    booking, held = _metered(lambda: _held(legs, size, account, now))
    sizes = _item(config().bookings_table, f"booking#{booking.locator}", "booking"), _inventory(legs[0])
    seen = store.booking(booking.locator, now.wall)
    assert seen
    _, telling = _metered(lambda: _told(None, booking, now))
    with _unmetered_service():
        paid, payment = _metered(lambda: pay.pay(seen, "tok_approve", "/", _use(), now))
        _, settling = _metered(lambda: _told(booking, paid, now))
    return [
        ("hold", Asked(held, *sizes)),
        ("the stream's work after it", Asked(telling)),
        ("payment", Asked(payment, _item(config().bookings_table, f"booking#{booking.locator}", "booking"))),
        ("the stream's work after it, which settles the seats", Asked(settling, None, _inventory(legs[0]))),
    ]


def _afterwards(legs: list[ScheduledLeg], now: Now) -> Iterator[tuple[str, Asked]]:
    booking = _held(legs, 1, None, now)
    with _unmetered_service():
        pay.pay(pay.known(booking.locator, now), "tok_approve", "/", _use(), now)
        yield "cancellation", Asked(_metered(lambda: cancel.cancel(pay.known(booking.locator, now), _use(), now))[1])
        yield "its refund", Asked(_metered(lambda: settle.look(booking.locator, now))[1])
        booking = _held(legs, 1, None, now)
        later = Now(now.flight, now.wall + HOLD + timedelta(seconds=1))
        yield "the end of a hold", Asked(_metered(lambda: settle.look(booking.locator, later))[1])
        _held(legs, 1, None, now)
        yield (
            "hold, while another one is over that nothing has ended",
            Asked(_metered(lambda: _held(legs, 1, None, later))[1]),
        )


def _held(legs: list[ScheduledLeg], size: int, account: str | None, now: Now) -> Booking:
    travellers = tuple(Traveller(TravellerKind.ADULT, "Featherstonehaugh", f"Ann{chr(65 + n)}") for n in range(size))
    order = Order(
        tuple(Wanted(leg.leg, Cabin.ECONOMY) for leg in legs), travellers, (),
        Contact("ann.featherstonehaugh@example.com"), None, account,
    )  # fmt: skip
    client = f"10.{uuid.uuid4().bytes[0]}.{uuid.uuid4().bytes[0]}.1"
    return hold.hold(order, _use(), client, now, lambda _: None)


def _told(before: Booking | None, after: Booking, now: Now) -> None:
    def image(booking: Booking) -> Any:
        return store._row(booking, booking.version).to_dynamodb_dict()

    images = {"NewImage": image(after), **({"OldImage": image(before)} if before else {})}
    changes.tell_record({"dynamodb": images}, now)


def _use() -> KeyUse:
    return KeyUse(uuid.uuid4().hex, uuid.uuid4().hex)


def _metered(work: Callable[[], Any]) -> tuple[Any, Meter]:
    with metered() as meter:
        answer = work()
    return answer, meter


@contextmanager
def _unmetered_service() -> Iterator[None]:
    """The simulated payment service keeps its books in our tables; a real one keeps them itself."""
    books: dict[str, Any] = {}

    def asked(operation: str, **request: Any) -> dict[str, Any] | None:
        key = json.dumps(request.get("Key") or {name: request["Item"][name] for name in ("pk", "sk")})
        if operation == "get_item":
            return {"Item": books[key]} if key in books else {}
        if operation == "put_item":
            if key in books:
                return None
            books[key] = request["Item"]
            return {}
        values = request["ExpressionAttributeValues"]
        item = books[key]
        if ":room" in values:
            refund = request["ExpressionAttributeNames"]["#refund"]
            item["refunds"]["M"][refund] = values[":amount"]
            item["refunded"] = {"N": str(int(item["refunded"]["N"]) + int(values[":amount"]["N"]))}
        return {"Attributes": item}

    with patch.object(simulated, "_asked", asked), patch.object(simulated, "_call_back", lambda *a, **k: None):
        yield


def _inventory(leg: ScheduledLeg) -> int:
    pk = f"{leg.leg.origin}-{leg.destination}-{leg.leg.date:%Y%m%d}"
    return _item(config().inventory_table, pk, str(leg.leg))


def _item(table: str, pk: str, sk: str) -> int:
    """The size of an item as DynamoDB reckons it: names and values in bytes."""
    item = boto3.client("dynamodb").get_item(
        TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True
    )["Item"]
    return sum(len(name) + _bytes(*value.items()) for name, value in item.items())


def _bytes(pairs: tuple[str, Any]) -> int:
    kind, value = pairs
    return len(value) // 2 + 2 if kind == "N" else len(value)
