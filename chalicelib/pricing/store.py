"""How inventories are kept: the table `inventory`, one item for each leg that has sold a seat or was configured.

| question or fact | function | key |
| --- | --- | --- |
| the legs of a route on a date that have sold | `of_route` | pk = EWR-LAX-20261201 |
| some legs | `of` | the same, sk = UA1545-20261201-EWR, 100 a call |
| a leg's seats change | `write` | the same, at the version read; part of the seller's transaction |
| a hold was paid | `save` | the same, by itself |
| what is known of routes' demand | `demands` | pk = demand#EWR-LAX, sk = demand, 100 a call |
| a route's demand was observed | `save_demand` | the same, at the version read |
| how far demand was observed | `progress`, `save_progress` | pk = demand, sk = progress |

An item lives 100 days after it was last written (`expires`), whatever day the flight clock has: a flight is sold 60
days ahead at the most, and once it has left the forecast of demand reads what was sold. Cells are four bytes for each
seat in the order of the seat map, big-endian: the number of a locator, 0 where the seat is free. So a leg of 186 seats
stays below 1 KB, which is what a write costs by. A route's demand lives 400 days after it was last observed, when
nothing of it would count any more; how far it was observed, as long.
"""

import json
import struct
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from chalicelib.core.clock import wall_now
from chalicelib.core.config import config
from chalicelib.core.tables import Rows, TableSettings, batch_get, storage
from chalicelib.flights.identity import LegId
from chalicelib.pricing.forecast import Demand
from chalicelib.pricing.inventory import Inventory, Pending

KEPT = timedelta(days=100)
DEMAND_KEPT = timedelta(days=400)


class _Row(Rows):
    class Meta(TableSettings):
        table_name: str | None = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    expires = NumberAttribute(null=True)
    # a leg
    version = NumberAttribute(null=True)
    configuration = UnicodeAttribute(null=True)
    cells = BinaryAttribute(null=True, legacy_encoding=False)
    sold = UnicodeAttribute(null=True)
    pending = UnicodeAttribute(null=True)
    blocked = UnicodeAttribute(null=True)
    sequence = NumberAttribute(null=True)
    # a route's demand (version as above), and how far it was observed
    observed = UnicodeAttribute(null=True)
    through = UnicodeAttribute(null=True)


@cache
def _rows() -> type[_Row]:
    _Row.Meta.table_name = config().inventory_table
    return _Row


def of_route(origin: str, destination: str, day: date, now: datetime) -> list[Inventory]:
    """The legs of a route and origin date of which something was sold or configured: one Query, a moment old."""
    with storage():
        found = _rows().query(_pk(origin, destination, day))
        return [_inventory(row) for row in found if _alive(row, now)]


def of(legs: Iterable[tuple[LegId, str]], now: datetime, *, consistent: bool = True) -> list[Inventory]:
    """Those of the legs, each with its destination, of which something was sold or configured."""
    keys = [(_pk(leg.origin, destination, leg.date), str(leg)) for leg, destination in legs]
    with storage():
        return [_inventory(row) for row in batch_get(_rows(), keys, consistent=consistent) if _alive(row, now)]


def write(transaction: TransactWrite, inventory: Inventory) -> None:
    """Add a leg's new state to a transaction, on the condition that it stands at the version it was read at."""
    transaction.save(_row(inventory), _as_read(inventory))


def save(inventory: Inventory) -> None:
    """Keep a leg's new state by itself. Raises Conflict where it is not as it was read."""
    with storage():
        _row(inventory).save(_as_read(inventory))


class Progress(NamedTuple):
    """How far demand was observed: all days until `day`, and of the one after it the routes until `route`."""

    day: date | None = None
    route: str = ""


def demands(routes: Iterable[tuple[str, str]], now: datetime, *, consistent: bool = False) -> list[Demand]:
    """What is known of the demand of those routes of which anything is stored."""
    keys = [(_demand_pk(*route), "demand") for route in routes]
    with storage():
        return [_demand(row) for row in batch_get(_rows(), keys, consistent=consistent) if _alive(row, now)]


def save_demand(demand: Demand, now: datetime) -> None:
    """Keep a route's demand as its next version. Raises Conflict where it is not as it was read."""
    row = _rows()(
        _demand_pk(demand.origin, demand.destination), "demand", version=demand.version + 1,
        observed=_text([demand.sold, demand.offered]), through=demand.through.isoformat() if demand.through else None,
        expires=int((now + DEMAND_KEPT).timestamp()),
    )  # fmt: skip
    as_read: Condition = _Row.version == demand.version if demand.version else _Row.pk.does_not_exist()
    with storage():
        row.save(as_read)


def progress(now: datetime) -> Progress:
    """How far demand was observed."""
    with storage():
        found = next(batch_get(_rows(), [("demand", "progress")], consistent=True), None)
    if found is None or not _alive(found, now):
        return Progress()
    return Progress(date.fromisoformat(found.through), found.observed or "")


def save_progress(progress: Progress, now: datetime) -> None:
    """Keep how far demand was observed: for speed alone, so the last one to write wins."""
    assert progress.day, "progress is of a day"
    row = _rows()(
        "demand", "progress", through=progress.day.isoformat(), observed=progress.route or None,
        expires=int((now + DEMAND_KEPT).timestamp()),
    )  # fmt: skip
    with storage():
        row.save()


def _demand_pk(origin: str, destination: str) -> str:
    return f"demand#{origin}-{destination}"


def _demand(row: _Row) -> Demand:
    origin, destination = row.pk.removeprefix("demand#").split("-")
    sold, offered = json.loads(row.observed)
    through = date.fromisoformat(row.through) if row.through else None
    return Demand(origin, destination, sold, offered, through, int(row.version))


def _as_read(inventory: Inventory) -> Condition:
    condition: Condition = _Row.version == inventory.version if inventory.version else _Row.pk.does_not_exist()
    return condition


def _pk(origin: str, destination: str, day: date) -> str:
    return f"{origin}-{destination}-{day:%Y%m%d}"


def _alive(row: _Row, now: datetime) -> bool:
    return row.expires is None or row.expires > now.timestamp()


def _row(inventory: Inventory) -> _Row:
    leg = inventory.leg
    row = _rows()(
        _pk(leg.origin, inventory.destination, leg.date), str(leg), version=inventory.version + 1,
        configuration=inventory.configuration, cells=_packed(inventory.holders),
        sold=_text({name: count for name, count in sorted(inventory.sold.items()) if count}),
        expires=int((wall_now() + KEPT).timestamp()),
    )  # fmt: skip
    if inventory.pending:
        row.pending = _text({str(number): list(pending) for number, pending in sorted(inventory.pending.items())})
    if inventory.blocked:
        row.blocked = " ".join(sorted(inventory.blocked))
    if inventory.sequence:
        row.sequence = inventory.sequence
    return row


def _inventory(row: _Row) -> Inventory:
    return Inventory(
        LegId.parse(row.sk), row.pk.split("-")[1], row.configuration, _unpacked(row.cells), json.loads(row.sold),
        {int(number): Pending(*pending) for number, pending in json.loads(row.pending or "{}").items()},
        frozenset((row.blocked or "").split()), int(row.version), int(row.sequence or 0),
    )  # fmt: skip


def _packed(holders: tuple[int, ...]) -> bytes:
    return struct.pack(f">{len(holders)}I", *holders)


def _unpacked(cells: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(cells) // 4}I", cells)


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
