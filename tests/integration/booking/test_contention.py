"""Many want the last seats in the same moment: each seat is sold once, and who gets none is told so."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from chalicelib.booking.hold import SoldOut, hold
from chalicelib.booking.model import Booking
from chalicelib.core.clock import Now
from chalicelib.flights import timetable
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing import store as pricing
from chalicelib.pricing.inventory import Inventory
from chalicelib.pricing.seats import Cabin

from . import shop

THREADS = 32


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


def test_a_seat_is_sold_once(exact_cloud: None, now: Now) -> None:
    """Of 1,000 buyers and 150 seats 150 buyers get one each, another one each; 850 are told that it is sold out."""
    leg = a_flight_of(150, now)

    def buy(number: int) -> Booking | None:
        try:
            return hold(shop.order(leg), shop.key(), f"192.0.{number // 250}.{number % 250}", now, threading.Event().wait)
        except SoldOut:
            return None

    with ThreadPoolExecutor(THREADS) as pool:
        bookings = list(pool.map(buy, range(1000)))
    sold = [booking for booking in bookings if booking]
    assert len(sold) == 150
    assert len({booking.segments[0].seats[0] for booking in sold}) == 150
    assert bookings.count(None) == 850
    shop.check_sums([leg], sold, now)
