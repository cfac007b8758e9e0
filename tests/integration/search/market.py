"""What tests of search need of a market: clocks that go on, seats that are sold, flights that are told of."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import botocore.client
import pytest

from chalicelib.core.clock import Now
from chalicelib.flights import ingest, timetable
from chalicelib.flights.feeds.replay import ScheduledLeg
from chalicelib.flights.model import FlightUpdate, Observation
from chalicelib.pricing import stock, store
from chalicelib.pricing.seats import Cabin
from chalicelib.search.find import Request
from chalicelib.search.market import Part

NOON = datetime.fromisoformat("2026-07-10T12:00:00Z")
TODAY = timetable.today(NOON)
DAY = TODAY + timedelta(days=20)


def later(now: Now, **by: float) -> Now:
    """Both clocks so much later."""
    return Now(now.flight + timedelta(**by), now.wall + timedelta(**by))


def legs(way: str, day: Any = DAY) -> list[ScheduledLeg]:
    origin, destination = way.split("-")
    return timetable.legs(origin, destination, day, TODAY)


def request(*ways: str, days: int = 20, **more: Any) -> Request:
    """A trip such as `NYC-LAX`, each journey two days after the one before."""
    parts = [Part(*way.split("-"), TODAY + timedelta(days=days + 2 * n)) for n, way in enumerate(ways)]
    return Request(tuple(parts), **more)


def sell(
    scheduled: ScheduledLeg, now: Now, *, seats: int | None = None, left: int = 0, until: datetime | None = None
) -> int:
    """Sell so many seats of a leg's economy cabin, or all but those that are left; for good, or until an instant."""
    inventory = stock.of([scheduled], now.wall)[scheduled.leg]
    free = inventory.free(now.wall)
    able = [each.number for each in inventory.seat_map.of(Cabin.ECONOMY) if each.number in free]
    taken = able[: len(able) - left if seats is None else seats]
    number = max(inventory.locators, default=0) + 1
    store.save(inventory.take(number, "Y", taken, until))
    return len(able) - len(taken)


def block(scheduled: ScheduledLeg, now: Now) -> None:
    """Let an operator block the whole aircraft."""
    inventory = stock.of([scheduled], now.wall)[scheduled.leg]
    store.save(replace(inventory, blocked=frozenset(seat.number for seat in inventory.seat_map.seats)))


def tell(scheduled: ScheduledLeg, now: Now, **observed: Any) -> None:
    """Let the feed speak of a leg: its programme, and what else it observes."""
    said = {
        "destination": scheduled.destination,
        "scheduled_out": scheduled.scheduled_out,
        "scheduled_in": scheduled.scheduled_in,
        **observed,
    }
    update = FlightUpdate(
        scheduled.leg, "replay", {name: Observation(value, now.flight) for name, value in said.items()}
    )
    ingest.take([update], now, sleep=lambda seconds: None)


@contextmanager
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """What is asked of AWS meanwhile: `Query inventory`, by the end of the table's name."""
    counted: Counter[str] = Counter()
    real = botocore.client.BaseClient._make_api_call

    def spy(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        table = parameters.get("TableName") or next(iter(parameters.get("RequestItems", {"": 0})))
        counted[f"{operation} {table.rpartition('-')[2]}"] += 1
        return real(self, operation, parameters)

    with monkeypatch.context() as patch:
        patch.setattr(botocore.client.BaseClient, "_make_api_call", spy)
        yield counted
