"""Parties that wait for seats on flights that are full, and are held some as seats come back.

First come, first served: as seats come back, the list is gone through in the order in which it was joined, and each
party that fits is held seats, on all its flights, at the fares of that moment. A party that does not fit is passed over
and keeps its place; none is split. The hold lasts two hours, or until an hour before departure; when it lapses unpaid,
its seats come back, and the next are served.

Whoever books in the moment in which seats come back may be faster: nothing is kept back for the list.
"""

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.booking import cancel, disruption, hold, store
from chalicelib.booking import locator as locators
from chalicelib.booking.hold import LOCATORS, Order, SoldOut, Wanted
from chalicelib.booking.model import HOLD, Booking, By, Held, KeyUse, Segment, State, Waitlisted
from chalicelib.booking.seating import shelf
from chalicelib.booking.store import Kept
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, NotFound, TooMany, Unavailable
from chalicelib.core.secrets import secret
from chalicelib.core.tables import ATTEMPTS, LostRace
from chalicelib.core.telemetry import count, logger
from chalicelib.flights.identity import LegId
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing import stock
from chalicelib.pricing.inventory import Inventory, SeatTaken

LONGEST = 1000  # places of a list that are looked at: more than anybody takes to keep others from being served


def join(order: Order, use: KeyUse, client: str, now: Now) -> Booking:
    """Put a party on the waitlist of its flights, at most once for a key. Seats and prices are not promised.

    Raises Conflict where the flights have seats, else as `hold.hold`.
    """
    order = replace(order, flights=tuple(Wanted(each.leg, each.cabin) for each in order.flights), total=None)
    hold.check(order)
    for again in range(ATTEMPTS):
        name, before = _named(use, now)
        if before:
            return before
        try:
            scheduled = hold.scheduled_legs([wanted.leg for wanted in order.flights], now)
            hold.check_bookable(scheduled, now)
            if not again:
                hold.spend(order, client, now.wall)
            with hold.free_if_refused(order, client, now.wall):
                _check_full(name, order, scheduled, now)
            return _listed(name, order, scheduled, use, now)
        except LostRace:
            continue
        except (Conflict, NotFound, TooMany):  # the key may have come twice at once, and the other was faster
            _, before = _named(use, now)
            if before is None:
                raise
            return before
    raise Unavailable("others keep changing the same")


def _named(use: KeyUse, now: Now) -> tuple[str, Booking | None]:
    """The first of a key's locators that nobody else has, with what the key was given. Raises KeyReused, Unavailable.

    Both by one read: whoever comes with the same key between two would be given the next locator.
    """
    for attempt in range(LOCATORS):
        name = locators.derive(secret("locator-key"), use.key, attempt)
        kept = store.booking(name, now.wall)
        before = kept.booking.answered(use) if kept else None
        if kept is None or before:
            return name, before[0] if before else None
    raise Unavailable("no locator is free; try again")


def leave(kept: Kept, now: Now, by: By = By.PASSENGER) -> None:
    """Take a party off the waitlist; who is off it already stays so. Raises Conflict, Unavailable."""
    if kept.booking.kept_as is State.CANCELLED:
        return
    if kept.booking.kept_as is not State.WAITLISTED:
        raise Conflict("this booking does not wait for seats; it can be cancelled")
    cancel.cancel(kept, None, now, by)


def serve(leg: LegId, destination: str, now: Now) -> None:
    """Hold seats that came back on a leg for those who wait for them. Raises Unavailable."""
    places = {place.locator: place for place in store.waiting(leg, now.wall, LONGEST)}
    if not places:
        return
    kept = {each.booking.locator: each for each in store.bookings(places, now.wall)}
    logger.info("a waitlist is served", flight=str(leg), destination=destination, waiting=len(places))
    seats = stock.known(leg, destination, now.wall)
    for name, place in places.items():
        there = kept.get(name)
        if there and seats and not _has_room(seats, there.booking, now):
            continue
        if there is None or _served(there, now):
            store.delist(place)
            seats = stock.known(leg, destination, now.wall)


def _has_room(seats: Inventory, booking: Booking, now: Now) -> bool:
    """Whether a leg has as many seats as a party needs; true also of one that waits no more."""
    cabin = next((segment.cabin for segment in booking.segments if segment.leg == seats.leg), None)
    if cabin is None or booking.kept_as is not State.WAITLISTED:
        return True
    return seats.free_in(cabin, now.wall) >= len(booking.seated)


def _served(kept: Kept, now: Now) -> bool:
    """Hold seats for a party that waits, if it fits. Returns whether it waits no more. Raises Unavailable."""
    there: Kept | None = kept
    for _ in range(ATTEMPTS):
        if there is None or there.booking.kept_as is not State.WAITLISTED:
            return True
        try:
            _hold(there, now)
            return True
        except LostRace:
            there = store.booking(kept.booking.locator, now.wall)
        except (Conflict, NotFound):  # it does not fit; or a flight is cancelled, or about to leave
            return False
    raise Unavailable("too many want seats of this flight in this moment")


def _hold(kept: Kept, now: Now) -> None:
    """Hold seats on all flights of a party, at the fares of this moment. Raises SoldOut, Conflict, NotFound."""
    booking = kept.booking
    assert booking.contact
    wanted = tuple(Wanted(segment.leg, segment.cabin) for segment in booking.segments)
    scheduled = hold.scheduled_legs([each.leg for each in wanted], now)
    hold.check_bookable(scheduled, now)
    until = disruption.offer_until(scheduled[0].scheduled_out, now)
    if until is None:
        raise Conflict("these flights leave too soon for anybody to be told")
    order = Order(wanted, booking.travellers, booking.extras, booking.contact, None, booking.account)
    there = shelf(scheduled, now.wall)
    placed = hold.place(order, scheduled, there, locators.to_number(booking.locator), until=until, now=now)
    event = Held(
        now.wall, until, order.travellers, placed.segments, placed.lines, order.extras, placed.currency, order.contact,
        order.account, None,
    )  # fmt: skip
    others = [(each, ended) for each, ended in there.lapsed if each.booking.locator != booking.locator]
    store.write([(kept, booking.then(event)), *others], placed.seats)
    count("WaitlistServed")
    logger.info("seats are held for who waited", pnr=booking.locator, until=until.isoformat())


def _check_full(name: str, order: Order, scheduled: Sequence[ScheduledLeg], now: Now) -> None:
    """See that the flights have no seats for the party. Raises Conflict."""
    until, number = now.wall + HOLD, locators.to_number(name)
    try:
        hold.place(order, scheduled, shelf(scheduled, now.wall), number, until=until, now=now)
    except (SoldOut, SeatTaken):
        return
    raise Conflict("these flights have seats for the whole party; they can be booked")


def _listed(name: str, order: Order, scheduled: Sequence[ScheduledLeg], use: KeyUse, now: Now) -> Booking:
    nobody = tuple(None for _ in order.travellers)
    segments = tuple(
        Segment(each.leg, each.destination, each.scheduled_out, each.scheduled_in, wanted.cabin, "", "", nobody, "")
        for each, wanted in zip(scheduled, order.flights, strict=True)
    )
    until = now.wall + (scheduled[0].scheduled_out - now.flight)
    event = Waitlisted(now.wall, order.travellers, segments, order.extras, order.contact, order.account, use, until)
    booking = Booking(name).then(event)
    store.enlist(Kept(Booking(name), 0), booking, {each.leg: each.scheduled_out for each in scheduled}, now)
    count("WaitlistJoined")
    logger.info("a party waits for seats", pnr=name, flights=[str(each.leg) for each in scheduled])
    return booking
