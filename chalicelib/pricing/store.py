"""How inventories are kept: the table `inventory`, one item for each leg that has sold a seat or was configured.

| question or fact | function | key |
| --- | --- | --- |
| the legs of a route on a date that have sold | `of_route` | pk = EWR-LAX-20261201 |
| some legs | `of` | the same, sk = UA1545-20261201-EWR, 100 a call |
| a leg's seats change | `write` | the same, at the version read; part of the seller's transaction |
| a hold was paid | `save` | the same, by itself |

An item lives 40 days after the leg's origin date (`expires`): the forecast of demand reads what was sold. Cells are four
bytes for each seat in the order of the seat map, big-endian: the number of a locator, 0 where the seat is free. So a leg
of 186 seats stays below 1 KB, which is what a write costs by.
"""

import json
import struct
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from chalicelib.core.config import config
from chalicelib.core.tables import Rows, TableSettings, batch_get, storage
from chalicelib.flights.identity import LegId
from chalicelib.pricing.inventory import Inventory, Pending

KEPT = timedelta(days=40)


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


@cache
def _rows() -> type[_Row]:
    _Row.Meta.table_name = config().inventory_table
    return _Row


def of_route(origin: str, destination: str, day: date, now: datetime) -> list[Inventory]:
    """The legs of a route and origin date of which something was sold or configured: one Query, eventually consistent."""
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


def _as_read(inventory: Inventory) -> Condition:
    condition: Condition = _Row.version == inventory.version if inventory.version else _Row.pk.does_not_exist()
    return condition


def _pk(origin: str, destination: str, day: date) -> str:
    return f"{origin}-{destination}-{day:%Y%m%d}"


def _alive(row: _Row, now: datetime) -> bool:
    return row.expires is None or row.expires > now.timestamp()


def _row(inventory: Inventory) -> _Row:
    leg = inventory.leg
    day = datetime(leg.date.year, leg.date.month, leg.date.day, tzinfo=UTC)
    row = _rows()(
        _pk(leg.origin, inventory.destination, leg.date), str(leg), version=inventory.version + 1,
        configuration=inventory.configuration, cells=_packed(inventory.holders),
        sold=_text({name: count for name, count in sorted(inventory.sold.items()) if count}),
        expires=int((day + KEPT).timestamp()),
    )  # fmt: skip
    if inventory.pending:
        row.pending = _text({str(number): list(pending) for number, pending in sorted(inventory.pending.items())})
    if inventory.blocked:
        row.blocked = " ".join(sorted(inventory.blocked))
    return row


def _inventory(row: _Row) -> Inventory:
    return Inventory(
        LegId.parse(row.sk), row.pk.split("-")[1], row.configuration, _unpacked(row.cells), json.loads(row.sold),
        {int(number): Pending(*pending) for number, pending in json.loads(row.pending or "{}").items()},
        frozenset((row.blocked or "").split()), int(row.version),
    )  # fmt: skip


def _packed(holders: tuple[int, ...]) -> bytes:
    return struct.pack(f">{len(holders)}I", *holders)


def _unpacked(cells: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(cells) // 4}I", cells)


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
