"""Holds seats for a party: a locator, the seats and a price, for 15 minutes. All of it is one transaction, or nothing.

The locator is derived from the Idempotency-Key, so whoever asks again finds what they were given. Who wants the same
seats in the same moment tries again a few times; in the end one of them is told that the flight is full, or too much
asked for.
"""

import random
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from chalicelib.airports import cities
from chalicelib.booking import locator as locators
from chalicelib.booking import names, store
from chalicelib.booking.model import (
    HOLD,
    MOST_SEGMENTS,
    MOST_TRAVELLERS,
    Booking,
    Contact,
    Held,
    KeyUse,
    Segment,
    Traveller,
    seats_by_traveller,
)
from chalicelib.booking.seating import Shelf, shelf
from chalicelib.booking.store import Kept
from chalicelib.core import limits
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.errors import Conflict, Fault, Invalid, NotFound, TooMany, Unavailable
from chalicelib.core.secrets import secret
from chalicelib.core.tables import LostRace
from chalicelib.core.telemetry import count, logger
from chalicelib.flights import read, timetable
from chalicelib.flights.identity import LegId
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing import charges, demand, fares
from chalicelib.pricing.fares import Quote
from chalicelib.pricing.inventory import Inventory, SeatTaken
from chalicelib.pricing.model import Extra, Line, Party, TravellerKind
from chalicelib.pricing.seats import EXIT_AGE, Cabin
from chalicelib.pricing.together import together
from chalicelib.search.model import LIVE, minimum_connection

CLOSES = timedelta(minutes=45)  # before departure: nobody buys a seat for a flight that boards
ACROSS = timedelta(hours=4)  # from one airport of a city to another
STAYS = timedelta(hours=24)  # somewhere, from which on one may go on from another airport
ATTEMPTS = 40  # of a hold that others are faster than: a popular flight may have as many buyers in one moment
PAUSE, LONGEST_PAUSE = 0.02, 0.5  # seconds, doubling, at random (full jitter): fewer are at it at once, and fewer lose
# Holds of one flight in an hour: seats are not to be kept from others by holding them. Of an account, or of a guest's
# network address; and of all accounts at one network address, which may be an airport. A hold is counted before it is
# tried, so that a thousand at once are no more, and what is refused is given back: by a network so often an hour.
BUYER_HOLDS, NETWORK_HOLDS, REFUSALS = 6, 60, 600
HOUR = timedelta(hours=1)
BOOKING = 0  # its place in the transaction
_NOUNS = {TravellerKind.ADULT: "an adult", TravellerKind.CHILD: "a child", TravellerKind.INFANT: "an infant"}
LOCATORS = 5  # tried, where one is taken by somebody else's booking


class Wanted(NamedTuple):
    """A flight that is asked for, in a cabin; `seats` for those who need one, in their order, or None: any.

    `place` is that among all that were asked for, by which faults name it.
    """

    leg: LegId
    cabin: Cabin
    seats: tuple[str, ...] | None = None
    place: int = 0


@dataclass(frozen=True)
class Order:
    """What somebody wants to book. `total`: the price they were shown, minor units; None: any."""

    flights: tuple[Wanted, ...]
    travellers: tuple[Traveller, ...]
    extras: tuple[Extra, ...]
    contact: Contact
    total: int | None
    account: str | None


class Placed(NamedTuple):
    """Seats found for a party on its flights, and what that costs."""

    segments: tuple[Segment, ...]
    lines: tuple[Line, ...]
    currency: str
    seats: dict[LegId, Inventory]


class SoldOut(Conflict):
    """A flight has no seats left for the party in that cabin."""


class PriceChanged(Conflict):
    """The price is another one than the buyer was shown."""


class CrowdedOut(Unavailable):
    """Others were faster each time; nothing is held."""


def hold(order: Order, use: KeyUse, client: str, now: Now, sleep: Callable[[float], None]) -> Booking:
    """Hold what is ordered, at most once for a key. Raises Invalid, NotFound, SoldOut, PriceChanged, Conflict, TooMany,
    KeyReused, Unavailable.
    """
    check(order)
    try:
        scheduled = scheduled_legs([wanted.leg for wanted in order.flights], now)
        check_bookable(scheduled, now)
        spend(order, client, now.wall)
    except (Conflict, NotFound, TooMany):  # by now; the key may have held seats when they were sold
        before = answered(use, now)
        if before is None:
            raise
        return before
    with free_if_refused(order, client, now.wall):
        for attempt in range(LOCATORS):
            name = locators.derive(secret("locator-key"), use.key, attempt)
            found = _held(name, order, scheduled, use, now=now, sleep=sleep)
            if found:
                return found
    raise Unavailable("no locator is free; try again")


def answered(use: KeyUse, now: Now) -> Booking | None:
    """What the key was given before."""
    for attempt in range(LOCATORS):
        kept = store.booking(locators.derive(secret("locator-key"), use.key, attempt), now.wall)
        before = kept.booking.answered(use) if kept else None
        if kept is None or before:
            return before[0] if before else None
    return None


def _held(
    name: str,
    order: Order,
    scheduled: Sequence[ScheduledLeg],
    use: KeyUse,
    *,
    now: Now,
    sleep: Callable[[float], None],
) -> Booking | None:
    """The booking of that locator, held now or by this key before; None where it is somebody else's."""
    for attempt in range(ATTEMPTS):
        try:
            return _try(name, order, scheduled, use, now)
        except Conflict as refusal:
            only_seats = isinstance(refusal, LostRace) and refusal.places and BOOKING not in refusal.places
            there = None if only_seats else store.booking(name, now.wall)
            if there:  # ours, where an answer was lost; it has the seats then
                before = there.booking.answered(use)
                return before[0] if before else None
            if not isinstance(refusal, LostRace):
                raise
        sleep(random.uniform(0, min(PAUSE * 2**attempt, LONGEST_PAUSE)))
    count("HoldsCrowdedOut")
    raise CrowdedOut("too many want seats of this flight in this moment", retry_after=2)


def _try(name: str, order: Order, scheduled: Sequence[ScheduledLeg], use: KeyUse, now: Now) -> Booking:
    until = now.wall + HOLD
    there = shelf(scheduled, now.wall)
    if any(each.booking.locator == name for each, _ in there.lapsed):
        raise LostRace("the key held these seats before, and its hold is over")
    placed = place(order, scheduled, there, locators.to_number(name), until=until, now=now)
    total = sum(line.amount for line in placed.lines)
    if order.total is not None and order.total != total:
        raise PriceChanged(
            f"the price is {placed.currency} {total / 100:.2f} by now, and was {order.total / 100:.2f}",
            members={"total": {"amount": total, "currency": placed.currency}},
        )
    event = Held(
        now.wall, until, order.travellers, placed.segments, placed.lines, order.extras, placed.currency, order.contact,
        order.account, use,
    )  # fmt: skip
    booking = Booking(name).then(event)
    store.write([(Kept(Booking(name), 0), booking), *there.lapsed], placed.seats)
    count("BookingsHeld")
    logger.info("seats are held", pnr=name, flights=[str(wanted.leg) for wanted in order.flights])
    return booking


def place(
    order: Order, scheduled: Sequence[ScheduledLeg], there: Shelf, number: int, *, until: datetime | None, now: Now
) -> Placed:
    """Find seats and prices for a party, and take them in the inventories. Raises SoldOut, SeatTaken, Invalid."""
    party = party_of(order.travellers)
    segments, quotes, seats = [], list[Quote](), dict(there.seats)
    expected = demand.of_routes([(leg.leg.origin, leg.destination) for leg in scheduled], now)
    for flight, leg in zip(order.flights, scheduled, strict=True):
        inventory = seats[leg.leg]
        quote = fares.quote(leg, flight.cabin, party.seats, inventory, expected[leg.leg.origin, leg.destination], now)
        if quote is None:
            raise _sold_out(leg, flight.cabin, party.seats, inventory.free_in(flight.cabin, now.wall))
        chosen = _seats(flight, order.travellers, order.extras, inventory, now.wall)
        seats[leg.leg] = inventory.take(number, quote.booking_class, chosen, until)
        quotes.append(quote)
        segments.append(segment_of(leg, quote, seats_by_traveller(order.travellers, chosen)))
    extras = (*order.extras, *_chosen(order, segments, seats))
    priced = charges.price(quotes, party, extras, now.flight.date())
    return Placed(tuple(segments), priced.lines, priced.currency, seats)


def _chosen(order: Order, segments: Sequence[Segment], seats: Mapping[LegId, Inventory]) -> Iterator[Extra]:
    """The seats that were chosen, each an extra; those that are given cost nothing."""
    for at, (flight, segment) in enumerate(zip(order.flights, segments, strict=True)):
        seat_map = seats[segment.leg].seat_map
        for traveller, number in enumerate(segment.seats):
            if flight.seats and number:
                yield Extra(charges.seat_extra(seat_map.seats[seat_map.index[number]]), traveller, at)


def segment_of(leg: ScheduledLeg, quote: Quote, seats: tuple[str | None, ...]) -> Segment:
    """A scheduled leg as a segment of a booking."""
    return Segment(
        leg.leg, leg.destination, leg.scheduled_out, leg.scheduled_in, quote.cabin, quote.booking_class,
        quote.fare_basis, seats, quote.inputs,
    )  # fmt: skip


def party_of(travellers: Sequence[Traveller]) -> Party:
    """How many of each kind."""
    kinds = [each.kind for each in travellers]
    return Party(*(kinds.count(kind) for kind in (TravellerKind.ADULT, TravellerKind.CHILD, TravellerKind.INFANT)))


def scheduled_legs(legs: Sequence[LegId], now: Now) -> list[ScheduledLeg]:
    """The legs as their timetable has them. Raises NotFound for one that is not sold, Conflict where nothing is."""
    if not config().payments:
        raise Conflict("nothing is sold here: no payment service is set up")
    today = timetable.today(now.flight)
    found = [timetable.leg(leg, today) for leg in legs]
    missing = [str(leg) for leg, there in zip(legs, found, strict=True) if there is None]
    if missing:
        raise NotFound(f"{', '.join(missing)}: no such flight is sold; GET /v1/search says which are")
    return [leg for leg in found if leg]


def spend(order: Order, client: str, at: datetime) -> None:
    """Count a hold of each flight, by who asks for it: of all, or of none. Raises TooMany, Unavailable."""
    spent = list[tuple[str, str]]()
    for name, key, allowed, what in _limits(order, client):
        try:
            limits.spend(name, key, allowed, HOUR, at, what)
        except TooMany:
            _give_back(spent, at)
            raise
        spent.append((name, key))


@contextmanager
def free_if_refused(order: Order, client: str, at: datetime) -> Iterator[None]:
    """Give back what was spent on a hold where it is refused, so that nothing was held: losing a race costs nothing.

    Not where nobody knows whether seats are held; nor for a network that is refused all the time, which then pays.
    """
    try:
        yield
    except (Conflict, Invalid, CrowdedOut):
        with suppress(TooMany, Unavailable):
            limits.spend("holds-refused", limits.network(client), REFUSALS, HOUR, at)
            _give_back([(name, key) for name, key, _, _ in _limits(order, client)], at)
        raise


def _limits(order: Order, client: str) -> Iterator[tuple[str, str, int, str]]:
    """What a hold counts against: the limit's name, whose, how often, and what may be done so often."""
    network = limits.network(client)
    for wanted in order.flights:
        what = f"seats of {wanted.leg} may be held"
        yield "holds", f"{order.account or network}#{wanted.leg}", BUYER_HOLDS, f"{what} by one buyer"
        if order.account:
            yield "holds-of-network", f"{network}#{wanted.leg}", NETWORK_HOLDS, f"{what} from one network"


def _give_back(spent: Sequence[tuple[str, str]], at: datetime) -> None:
    for name, key in spent:
        with suppress(Unavailable):
            limits.give_back(name, key, HOUR, at)


def check(order: Order) -> None:
    """See that an order makes sense in itself. Raises Invalid."""
    travellers = order.travellers
    if not 1 <= len(travellers) <= MOST_TRAVELLERS:
        raise _invalid("passengers", f"must be 1 to {MOST_TRAVELLERS}")
    if not 1 <= len(order.flights) <= MOST_SEGMENTS:
        raise _invalid("flights", f"must be 1 to {MOST_SEGMENTS}")
    if [each.kind for each in travellers] != sorted((each.kind for each in travellers), key=list(TravellerKind).index):
        raise _invalid("passengers", "must stand in this order: adults, children, infants")
    if len({wanted.leg for wanted in order.flights}) < len(order.flights):
        raise _invalid("flights", "name a flight twice")
    _check_infants(travellers)
    _check_ages(order)
    seated = sum(each.kind is not TravellerKind.INFANT for each in travellers)
    for at, wanted in enumerate(order.flights):
        if wanted.seats is not None and (len(set(wanted.seats)) != len(wanted.seats) or len(wanted.seats) != seated):
            raise _invalid(f"flights.{at}.seats", f"must be {seated} different ones, one for each who needs a seat")
    for at, extra in enumerate(order.extras):
        if not 0 <= extra.traveller < len(travellers):
            raise _invalid(f"extras.{at}.passenger", f"must be the place of a passenger, at most {len(travellers) - 1}")
        if charges.is_seat(extra.code):
            raise _invalid(f"extras.{at}.code", "is that of a seat; seats are chosen by `seats` of a flight")


def _check_ages(order: Order) -> None:
    """Who gives a date of birth is what it makes of them, on the day of each flight: fares go by age."""
    for at, each in enumerate(order.travellers):
        born = each.date_of_birth
        if born is None:
            continue
        for wanted in order.flights:
            if born > wanted.leg.date:
                raise _invalid(f"passengers.{at}.date_of_birth", f"is after {wanted.leg} leaves")
            if names.age(born, wanted.leg.date) > names.OLDEST:
                raise _invalid(f"passengers.{at}.date_of_birth", f"is {born}; nobody alive is so old")
            is_ = names.passenger_type(born, wanted.leg.date)
            if is_ is not each.kind:
                detail = f"must be that of {_NOUNS[each.kind]}: by it this is {_NOUNS[is_]} when {wanted.leg} leaves"
                raise _invalid(f"passengers.{at}.date_of_birth", detail)


def _check_infants(travellers: Sequence[Traveller]) -> None:
    laps = []
    for at, each in enumerate(travellers):
        if each.kind is TravellerKind.INFANT:
            lap = each.lap_of
            if lap is None or not 0 <= lap < len(travellers) or travellers[lap].kind is not TravellerKind.ADULT:
                raise _invalid(
                    f"passengers.{at}.lap_of", "must be the place of the adult whose lap it is, counted from 0"
                )
            laps.append(lap)
        elif each.lap_of is not None:
            raise _invalid(f"passengers.{at}.lap_of", "is for infants only")
    if len(set(laps)) < len(laps):
        raise _invalid("passengers", "must not have two infants on one lap; one of them needs a seat, as a child")
    if not any(each.kind is TravellerKind.ADULT for each in travellers):
        raise _invalid("passengers", "must have an adult; children who fly alone are booked by telephone")


def check_bookable(scheduled: Sequence[ScheduledLeg], now: Now, *, known: Container[LegId] = ()) -> None:
    """See that the flights can be flown one after the other, and that those not `known` are still sold.

    Raises Invalid, Conflict.
    """
    for before, after in pairwise(scheduled):
        between = after.scheduled_out - before.scheduled_in
        if between <= timedelta():
            raise _unconnected(f"{after.leg} leaves before {before.leg} has arrived")
        if before.destination == after.leg.origin and between < (least := minimum_connection(before, after)):
            minutes = int(least.total_seconds() // 60)
            raise _unconnected(f"{after.leg} leaves less than {minutes} minutes after {before.leg} has arrived")
        if before.destination != after.leg.origin and between < (ACROSS if _one_city(before, after) else STAYS):
            raise _unconnected(f"{after.leg} leaves from {after.leg.origin}, and {before.leg} goes elsewhere")
    near = [leg for leg in scheduled if leg.scheduled_out - now.flight < LIVE]
    status = {flight.leg: flight.status for flight in read.current([leg.leg for leg in near], now.flight)}
    for leg in scheduled:
        if leg.leg in known:
            continue
        live = status.get(leg.leg)
        if live and live.cancelled:
            raise Conflict(f"{leg.leg} is cancelled")
        out = live.expected_out if live and live.expected_out else leg.scheduled_out
        if out - now.flight < CLOSES or (live and (live.actual_out or not live.visible)):
            raise Conflict(f"{leg.leg} is not sold any more: sales end {CLOSES.seconds // 60} minutes before departure")


def _one_city(before: ScheduledLeg, after: ScheduledLeg) -> bool:
    city = cities.city_of(before.destination)
    return city is not None and city == cities.city_of(after.leg.origin)


def _unconnected(detail: str) -> Invalid:
    return Invalid(detail, [Fault("body", "flights", detail)])


def _seats(
    wanted: Wanted, travellers: Sequence[Traveller], extras: Sequence[Extra], inventory: Inventory, at: datetime
) -> tuple[str, ...]:
    """The seats that are wanted, or the best there are. Raises SeatTaken, Invalid, SoldOut."""
    may_exit = exit_allowed(travellers, extras, wanted.leg.date)
    free = inventory.free(at)
    if wanted.seats is None:
        children = [each.kind is TravellerKind.CHILD for each in travellers if each.kind is not TravellerKind.INFANT]
        found = together(inventory.seat_map, free, wanted.cabin, len(may_exit), may_exit=may_exit, children=children)
        if found is None:
            raise _sold_out_of(wanted, len(may_exit), inventory.free_in(wanted.cabin, at))
        return tuple(found)
    name = f"flights.{wanted.place}.seats"
    check_seats(wanted.leg, wanted.cabin, wanted.seats, may_exit, inventory, name=name)
    gone = [number for number in wanted.seats if number not in free]
    if gone:
        raise SeatTaken(wanted.leg, gone)
    return wanted.seats


def check_seats(
    leg: LegId,
    cabin: Cabin,
    seats: Sequence[str],
    may_exit: Sequence[bool],
    inventory: Inventory,
    *,
    name: str = "seats",
) -> None:
    """See that seats are of the cabin, and those at exits for who may sit there. Raises Invalid, by that name."""
    index = inventory.seat_map.index
    for number, may in zip(seats, may_exit, strict=True):
        if number not in index or inventory.seat_map.seats[index[number]].cabin is not cabin:
            raise _invalid(name, f"has {number[:5]!r}: {leg} has no such seat in {cabin}")
        if inventory.seat_map.seats[index[number]].exit and not may:
            raise _invalid(name, f"has {number}, at an exit: that is for those of {EXIT_AGE} and more who can help")


def exit_allowed(travellers: Sequence[Traveller], extras: Sequence[Extra], on: date | None = None) -> list[bool]:
    """Of each who needs a seat, whether an exit row will do on a day (14 CFR 121.585).

    No children, nobody with an infant on the lap, nobody who needs help; nor who is known to be too young.
    """
    laps = {each.lap_of for each in travellers if each.lap_of is not None}
    helped = {extra.traveller for extra in extras if charges.needs_assistance(extra.code)}
    return [
        each.kind is TravellerKind.ADULT and place not in laps and place not in helped and not _too_young(each, on)
        for place, each in enumerate(travellers)
        if each.kind is not TravellerKind.INFANT
    ]


def _too_young(traveller: Traveller, on: date | None) -> bool:
    born = traveller.date_of_birth
    return born is not None and on is not None and names.age(born, on) < EXIT_AGE


def _sold_out(leg: ScheduledLeg, cabin: Cabin, seats: int, left: int) -> SoldOut:
    return _sold_out_of(Wanted(leg.leg, cabin), seats, left)


def _sold_out_of(wanted: Wanted, seats: int, left: int) -> SoldOut:
    if not left:
        return SoldOut(f"{wanted.leg} is sold out in {wanted.cabin}")
    return SoldOut(f"{wanted.leg} has {left} seats left in {wanted.cabin}, and the party needs {seats} together")


def _invalid(name: str, detail: str) -> Invalid:
    return Invalid(f"this can't be booked: {name} {detail}", [Fault("body", name, detail)])
