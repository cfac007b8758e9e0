"""What of the legs is sold, for whoever sells or shows them; one that sold nothing yet is as its timetable has it."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from chalicelib.core.tables import persist
from chalicelib.flights.identity import LegId
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing import store
from chalicelib.pricing.inventory import Inventory, epoch


def of_route(
    origin: str, destination: str, day: date, scheduled: Collection[ScheduledLeg], now: datetime
) -> dict[LegId, Inventory]:
    """The inventories of a route's scheduled legs on an origin date: one Query, which may be a moment old."""
    kept = {each.leg: each for each in store.of_route(origin, destination, day, now)}
    return {each.leg: kept.get(each.leg) or Inventory.unsold(each) for each in scheduled}


def of(scheduled: Collection[ScheduledLeg], now: datetime, *, consistent: bool = True) -> dict[LegId, Inventory]:
    """The inventories of legs as they stand this instant; not `consistent`: or a moment ago, at half the cost."""
    legs = [(each.leg, each.destination) for each in scheduled]
    kept = {each.leg: each for each in store.of(legs, now, consistent=consistent)}
    return {each.leg: kept.get(each.leg) or Inventory.unsold(each) for each in scheduled}


def known(leg: LegId, destination: str, now: datetime) -> Inventory | None:
    """The inventory of a leg of which something was sold or configured, as it stands this instant."""
    return next(iter(store.of([(leg, destination)], now)), None)


def write(transaction: Any, changes: Mapping[LegId, Inventory]) -> None:
    """Add new states of legs to the transaction that sells them, each at the version it was read at."""
    for _, inventory in sorted(changes.items()):
        store.write(transaction, inventory)


def settle(leg: LegId, destination: str, number: int, held: Collection[datetime], now: datetime) -> None:
    """What a locator held on a leg until one of these instants was paid, and is its own for good. Raises Unavailable.

    What it holds until another one was held later, and not paid.
    """

    def settled() -> None:
        inventory = known(leg, destination, now)
        pending = inventory.pending.get(number) if inventory else None
        if inventory and pending and pending.until in map(epoch, held):
            store.save(inventory.settle(number))

    persist(settled)
