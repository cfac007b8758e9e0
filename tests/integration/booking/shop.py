"""What tests of bookings buy: flights of the timetable, parties, keys; and the sums that always hold."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import count

from chalicelib.booking import hold, locator, pay, store
from chalicelib.booking.hold import Order, Wanted
from chalicelib.booking.model import Booking, Contact, KeyUse, State, Traveller
from chalicelib.booking.seating import shelf
from chalicelib.booking.store import Kept
from chalicelib.core.clock import Now
from chalicelib.flights import timetable
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing.inventory import Inventory
from chalicelib.pricing.model import TravellerKind
from chalicelib.pricing.seats import Cabin

_numbers = count(1)


def leg(origin: str = "EWR", destination: str = "LAX", days: int = 20, today: date = date(2026, 7, 10)) -> ScheduledLeg:
    """The first leg of a route some days ahead."""
    return timetable.legs(origin, destination, today + timedelta(days=days), today)[0]


def key() -> KeyUse:
    """An Idempotency-Key nobody used yet."""
    return KeyUse(f"{next(_numbers):032x}", "f" * 32)


def somebody() -> str:
    """The network address of somebody who was not there yet."""
    return f"2001:db8:{next(_numbers):x}::1"


def party(size: int) -> tuple[Traveller, ...]:
    """Some adults."""
    return tuple(Traveller(TravellerKind.ADULT, "Smith", f"Number{chr(65 + n)}") for n in range(size))


def order(
    *legs: ScheduledLeg, size: int = 1, cabin: Cabin = Cabin.ECONOMY, seats: tuple[str, ...] | None = None
) -> Order:
    """A party's wish to fly."""
    wanted = tuple(Wanted(each.leg, cabin, seats) for each in legs)
    return Order(wanted, party(size), (), Contact("ann@example.com"), None, None)


def held(*legs: ScheduledLeg, now: Now, size: int = 1, use: KeyUse | None = None, client: str | None = None) -> Booking:
    """A booking that is held."""
    return hold.hold(order(*legs, size=size), use or key(), client or somebody(), now, lambda _: None)


def paid(booking: Booking, now: Now, token: str = "tok_approve") -> Booking:
    """A booking that is paid."""
    kept = store.booking(booking.locator, now.wall)
    assert kept
    return pay.pay(kept, token, "/", key(), now)


def everything(locators: Iterable[str], now: datetime) -> list[Booking]:
    """The bookings as they are kept."""
    return [kept.booking for kept in store.bookings(locators, now)]


def check_sums(legs: Iterable[ScheduledLeg], bookings: Iterable[Kept | Booking], now: Now) -> dict[str, int]:
    """Of each leg, sold + held + free == capacity, each seat has one holder, and each holder its seats.

    Returns the seats of all legs by how they stand.
    """
    every = [each.booking if isinstance(each, Kept) else each for each in bookings]
    totals: Counter[str] = Counter()
    for inventory in shelf(list(legs), now.wall).seats.values():
        claimed = {each.locator: claims[inventory.leg] for each in every
                   if inventory.leg in (claims := each.claims(now.wall))}  # fmt: skip
        free, sold, kept_back = inventory.free(now.wall), Counter[str](), 0
        for name, (segment, until) in claimed.items():
            assert set(inventory.seats_of(locator.to_number(name))) == set(segment.taken), f"{name} lacks its seats"
            assert not free & set(segment.taken), f"{name} has seats that count as free"
            sold["held" if until else "sold"] += len(segment.taken)
        _check_classes(inventory, now)
        sellable = sum(inventory.capacity.values())
        orphans = {n for n in inventory.locators - inventory.lapsed(now.wall) if locator.of_number(n) not in claimed}
        assert not orphans, f"seats without a booking: {[locator.of_number(n) for n in orphans]}"
        assert sum(sold.values()) + len(free) + kept_back == sellable
        totals += sold + Counter(free=len(free), capacity=sellable)
    return dict(totals)


def check_money(bookings: Iterable[Booking]) -> None:
    """Money that was taken is the price of live tickets, or is on its way back."""
    for each in bookings:
        taken = sum(payment.amount for payment in each.payments)
        price = each.total if each.kept_as is State.TICKETED else 0
        fees = taken - each.due_back - price
        assert fees >= 0 if each.kept_as is State.CANCELLED else fees == 0, f"{each.locator}: {fees} too much was kept"


def _check_classes(inventory: Inventory, now: Now) -> None:
    taken = sum(holder != 0 for holder in inventory.holders)
    assert sum(inventory.sold.values()) == taken, "seats by booking class are not the seats that are taken"
    assert all(count >= 0 for count in inventory.sold_by_class(now.wall).values())
