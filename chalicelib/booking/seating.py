"""The seats of legs as they can be had now: what holds that are over had is given back, once their bookings were asked.

An inventory knows when a hold is over, and not whether it was paid meanwhile. Whoever writes one asks the bookings
first, and writes what became of them in the same transaction; so a seat is never sold twice, however late anything ran.
"""

from collections.abc import Collection, Container, Mapping
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from chalicelib.booking import locator as locators
from chalicelib.booking import store
from chalicelib.booking.model import FOR_GOOD, Booking, Segment
from chalicelib.booking.store import Kept
from chalicelib.core.errors import Unavailable
from chalicelib.core.tables import ATTEMPTS, LostRace
from chalicelib.flights.identity import LegId
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing import stock
from chalicelib.pricing.inventory import Inventory

MOST_AT_ONCE = 40  # bookings whose holds are over: a transaction takes 100 items


class Shelf(NamedTuple):
    """Inventories without holds that are over, and the bookings that lost theirs, to be written together."""

    seats: Mapping[LegId, Inventory]
    lapsed: list[tuple[Kept, Booking]]


def shelf(scheduled: Collection[ScheduledLeg], now: datetime) -> Shelf:
    """The legs' inventories as they stand this instant (wall time). Raises Unavailable.

    More holds that are over than a transaction takes are ended first, in transactions of their own.
    """
    for _ in range(ATTEMPTS):
        there = stock.of(scheduled, now)
        without_some = cleared(there, now)
        if not any(inventory.lapsed(now) for inventory in without_some.seats.values()):
            return without_some
        ended = {leg: inventory for leg, inventory in without_some.seats.items() if inventory is not there[leg]}
        with suppress(LostRace):
            store.write(without_some.lapsed, ended)
    raise Unavailable("too many holds are over in this moment; try again")


def cleared(seats: Mapping[LegId, Inventory], now: datetime) -> Shelf:
    """Inventories, and what their bookings say of the holds that are over."""
    over = sorted({number for inventory in seats.values() for number in inventory.lapsed(now)})[:MOST_AT_ONCE]
    if not over:
        return Shelf(seats, [])
    kept = {each.booking.locator: each for each in store.bookings(map(locators.of_number, over), now)}
    after = dict(seats)
    for number in over:
        there = kept.get(locators.of_number(number))
        claims = there.booking.claims(now) if there else {}
        for leg, inventory in after.items():
            if number in inventory.lapsed(now):
                after[leg] = _told(inventory, number, claims.get(leg))
    ended = [(each, each.booking.ended(now)) for each in kept.values()]
    return Shelf(after, [(each, booking) for each, booking in ended if booking is not each.booking])


def without(booking: Booking, rights: Container[LegId], now: datetime) -> dict[LegId, Inventory]:
    """The inventories of the legs on which a booking has seats but no right to them, without those seats."""
    number = locators.to_number(booking.locator)
    changes = [booking.change, booking.offer.change if booking.offer else None]
    segments = [*booking.segments, *(segment for change in changes if change for segment in change.segments)]
    seats = {}
    for segment in segments:
        inventory = None if segment.leg in rights else stock.known(segment.leg, segment.destination, now)
        if inventory and number in inventory.locators:
            pending = inventory.pending.get(number)
            seats[segment.leg] = inventory.give_back(
                number, pending.booking_class if pending else segment.booking_class
            )
    return seats


def _told(inventory: Inventory, number: int, claim: tuple[Segment, datetime | None] | None) -> Inventory:
    """An inventory as a booking's claim on its leg says it is: paid, held longer, or over."""
    if claim is None:
        return inventory.give_back(number, inventory.pending[number].booking_class)
    _, until = claim
    return inventory.settle(number) if until is FOR_GOOD else inventory.prolong(number, until)
