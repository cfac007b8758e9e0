"""Finds other flights with seats for a party whose own do not fly, or fly much later; and takes seats on them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from chalicelib.booking import disruption, standing, store
from chalicelib.booking import locator as locators
from chalicelib.booking.disruption import Route, Trouble
from chalicelib.booking.hold import CLOSES, exit_allowed
from chalicelib.booking.model import ANOTHER, Booking, Change, Segment, seats_by_traveller
from chalicelib.booking.rules import fare_rules, freedom
from chalicelib.booking.seating import shelf, without
from chalicelib.booking.store import Kept
from chalicelib.core.clock import Now
from chalicelib.flights import read, timetable
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import Flight, FlightStatus
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing import charges
from chalicelib.pricing.inventory import Inventory
from chalicelib.pricing.model import TravellerKind
from chalicelib.pricing.seats import Cabin
from chalicelib.pricing.together import together
from chalicelib.search import find

MOST_ROUTES = 20  # that are looked at for a party, in each cabin


class Seated(NamedTuple):
    """A party's other flights with its seats on them, and the inventories and bookings to write with that."""

    change: Change
    seats: dict[LegId, Inventory]
    lapsed: list[tuple[Kept, Booking]]


class Finder:
    """What is known of flights at one moment: nothing is asked twice."""

    def __init__(self, now: Now):
        self._now = now
        self._flights: dict[LegId, Flight | None] = {}
        self._found: dict[tuple[str, str, datetime, int, Cabin], list[tuple[ScheduledLeg, ...]]] = {}
        self._full: set[tuple[LegId, Cabin, int]] = set()

    def read(self, bookings: Iterable[Booking]) -> None:
        """Learn how the flights of bookings stand, as far as that is known: one batch."""
        legs = {
            segment.leg
            for each in bookings
            for segment in (*each.segments, *(each.offer.change.segments if each.offer else ()))
        }
        unknown = legs - self._flights.keys()
        if unknown:
            self._flights |= dict.fromkeys(unknown)
            self._flights |= {flight.leg: flight for flight in read.current(sorted(unknown), self._now.flight)}

    def status(self, leg: LegId) -> FlightStatus | None:
        """How a flight stands that was read."""
        flight = self._flights.get(leg)
        return flight.status if flight else None

    def version(self, booking: Booking) -> int:
        """The versions of a booking's flights together: any change of one of them is another."""
        return sum(flight.version for s in booking.segments if (flight := self._flights.get(s.leg)))

    def trouble(self, booking: Booking) -> Trouble | None:
        """What is wrong with a booking's flights."""
        self.read([booking])
        return standing.trouble(booking, self._statuses)

    def routes(self, booking: Booking, found: Trouble) -> Iterator[Route]:
        """Other flights with seats for the party, the best first. Raises Unavailable."""
        self.read([booking])
        for group in disruption.cabins(booking.segments[found.first].cabin):
            routes = [route for cabin in group for route in self._in(cabin, booking, found)]
            yield from disruption.in_order(routes, booking, found)

    def options(self, booking: Booking, found: Trouble) -> list[Route]:
        """What a party may choose from: flights in its cabin; only where there are none, in the one in front."""
        routes = list(self.routes(booking, found))
        first_choice = disruption.cabins(booking.segments[found.first].cabin)[0]
        return [route for route in routes if route.segments[0].cabin in first_choice] or routes

    def seated(self, booking: Booking, found: Trouble, route: Route, until: datetime | None) -> Seated | None:
        """Seats for the party on other flights, until an instant of wall time or for good; None: there are none."""
        number, seats = locators.to_number(booking.locator), len(booking.seated)
        own = {segment.leg for segment in booking.segments}
        needed = [segment for segment in route.segments if segment.leg not in own]
        if any((s.leg, s.cabin, fewer) in self._full for s in needed for fewer in range(1, seats + 1)):
            return None
        there = shelf([leg for s in needed if (leg := _scheduled(s.leg, self._now))], self._now.wall)
        changed, taken, kinds = dict(there.seats), dict[LegId, Segment](), dict[LegId, Sequence[str | None]]()
        for segment in needed:
            inventory = _without_own(changed[segment.leg], number, booking, self._now.wall, for_good=until is None)
            if inventory is None:
                return None
            chosen = _seats(booking, segment.cabin, inventory, self._now.wall)
            if not chosen:
                if inventory.free_in(segment.cabin, self._now.wall) < seats:
                    self._full.add((segment.leg, segment.cabin, seats))
                return None
            changed[segment.leg] = inventory.take(number, segment.booking_class, chosen, until)
            taken[segment.leg] = _with_seats(segment, booking, chosen)
            kinds[segment.leg] = kinds_of(inventory, taken[segment.leg])
        new = [taken.get(segment.leg, segment) for segment in route.segments]
        return Seated(disruption.changed_to(booking, found, new, kinds), changed, there.lapsed)

    @property
    def _statuses(self) -> dict[LegId, FlightStatus]:
        return {leg: flight.status for leg, flight in self._flights.items() if flight}

    def _in(self, cabin: Cabin, booking: Booking, found: Trouble) -> Iterator[Route]:
        """Other flights in a cabin; also such as reach the next flight of the party's own."""
        lost = booking.segments[found.first : found.end]
        after = disruption.soonest(booking, found, self._statuses, self._now.flight)
        wanted = [(lost[-1].destination, ())] + [(lost[0].destination, lost[1:])] * (len(lost) > 1)
        seen = set()
        for destination, kept in wanted:
            for legs in self._alternatives(lost[0].leg.origin, destination, after, len(booking.seated), cabin):
                route = self._route(booking, found, legs, kept, cabin)
                key = tuple(segment.leg for segment in route.segments)
                if key not in seen and self._fits(booking, found, route, kept):
                    seen.add(key)
                    yield route

    def _alternatives(
        self, origin: str, destination: str, after: datetime, seats: int, cabin: Cabin
    ) -> list[tuple[ScheduledLeg, ...]]:
        key = origin, destination, after, seats, cabin
        if key not in self._found:
            offers = find.alternatives(
                origin, destination, after=after, party=seats, cabin=cabin, now=self._now, limit=MOST_ROUTES
            )
            self._flights |= {s.scheduled.leg: None for o in offers for s in o.segments} | self._flights
            legs = {s.scheduled.leg for o in offers for s in o.segments}
            unknown = sorted(leg for leg in legs if self._flights[leg] is None)
            self._flights |= {flight.leg: flight for flight in read.current(unknown, self._now.flight)}
            self._found[key] = [tuple(segment.scheduled for segment in offer.segments) for offer in offers]
        return self._found[key]

    def _route(
        self, booking: Booking, found: Trouble, legs: Sequence[ScheduledLeg], kept: Sequence[Segment], cabin: Cabin
    ) -> Route:
        segments = replacing(booking, found, legs, kept, cabin)
        first, last = segments[0], segments[-1]
        return Route(
            segments,
            disruption.leaves(first, self.status(first.leg)),
            disruption.arrives(last, self.status(last.leg)),
        )

    def _fits(self, booking: Booking, found: Trouble, route: Route, kept: Sequence[Segment]) -> bool:
        """Whether a party can fly these: after what it has flown, soon enough, and in time for what it keeps."""
        legs = [segment.leg for segment in route.segments]
        others = {s.leg for s in (*booking.segments[: found.first], *booking.segments[found.end :])}
        if found.leg in legs or others & set(legs) or len(set(legs)) < len(legs):
            return False
        lost = booking.segments[found.first]
        if route.out - lost.scheduled_out > disruption.AHEAD or route.out - self._now.flight < CLOSES:
            return False
        before = booking.segments[found.first - 1] if found.first else None
        if before and disruption.connects(before, lost) and not self._holds(before, route.segments[0]):
            return False
        if not kept:
            return True
        onward = len(route.segments) - len(kept)
        as_flown = booking.segments[: found.first] + route.segments
        rest = standing.trouble(_as(booking, as_flown), self._statuses)
        return self._holds(route.segments[onward - 1], kept[0]) and rest is None

    def _holds(self, first: Segment, second: Segment) -> bool:
        between = disruption.leaves(second, self.status(second.leg)) - disruption.arrives(first, self.status(first.leg))
        return between >= standing.minimum(first, second)


def replacing(
    booking: Booking, found: Trouble, legs: Sequence[ScheduledLeg], kept: Sequence[Segment], cabin: Cabin
) -> tuple[Segment, ...]:
    """The segments that legs are in the place of those in trouble, before some that are kept. Pure.

    They are flown on the tickets that were bought: each has the class and the rules of the freest fare that it stands
    for, and each fare stands once. New ones have no seats yet.
    """
    own = {segment.leg: segment for segment in booking.segments}
    lost = booking.segments[found.first : found.end]
    stand = disruption.stands_for([s.leg for s in lost], [*(leg.leg for leg in legs), *(s.leg for s in kept)])

    def instead(place: int, leg: ScheduledLeg) -> Segment:
        of = [(each, places[0] == place) for each, places in zip(lost, stand, strict=True) if place in places]
        freest = max((each for each, _ in of), key=lambda each: freedom(fare_rules(booking, each)))
        fares = ANOTHER.join(fare for each, first in of if first for fare in each.fares)
        return Segment(
            leg.leg, leg.destination, leg.scheduled_out, leg.scheduled_in, cabin, freest.booking_class,
            freest.fare_basis, (None,) * len(freest.seats), fares,
        )  # fmt: skip

    return (*(own.get(leg.leg) or instead(place, leg) for place, leg in enumerate(legs)), *kept)


def write(kept: Kept, after: Booking, found: Seated | None, now: Now) -> None:
    """Keep a booking with its other flights, and give back what it has no right to any more. Raises LostRace."""
    seats = {**without(kept.booking, after.claims(now.wall), now.wall), **(found.seats if found else {})}
    others = [(each, ended) for each, ended in (found.lapsed if found else ()) if each.booking.locator != after.locator]
    store.write([(kept, after), *others], seats)


def kinds_of(inventory: Inventory, segment: Segment) -> list[str | None]:
    """The kind of each traveller's seat, as it is sold."""
    seat_map = inventory.seat_map
    return [charges.seat_extra(seat_map.seats[seat_map.index[seat]]) if seat else None for seat in segment.seats]


def _seats(booking: Booking, cabin: Cabin, inventory: Inventory, at: datetime) -> list[str] | None:
    """The best seats for the party, which is never split."""
    may_exit = exit_allowed(booking.travellers, booking.extras, inventory.leg.date)
    children = [booking.travellers[place].kind is TravellerKind.CHILD for place in booking.seated]
    return together(
        inventory.seat_map, inventory.free(at), cabin, len(may_exit), may_exit=may_exit, children=children
    )  # fmt: skip


def _without_own(
    inventory: Inventory, number: int, booking: Booking, at: datetime, *, for_good: bool
) -> Inventory | None:
    """An inventory without what the party holds there for an offer; None where that is for a change of its own."""
    if number not in inventory.locators:
        return inventory
    pending = inventory.pending.get(number)
    change = booking.change_at(at)
    own = change is not None and inventory.leg in {segment.leg for segment in change.segments}
    return inventory.give_back(number, pending.booking_class) if pending and (for_good or not own) else None


def _with_seats(segment: Segment, booking: Booking, seats: Sequence[str]) -> Segment:
    return Segment(
        segment.leg, segment.destination, segment.scheduled_out, segment.scheduled_in, segment.cabin,
        segment.booking_class, segment.fare_basis, seats_by_traveller(booking.travellers, seats), segment.fare,
    )  # fmt: skip


def _as(booking: Booking, segments: Sequence[Segment]) -> Booking:
    return Booking(booking.locator, segments=tuple(segments))


def _scheduled(leg: LegId, now: Now) -> ScheduledLeg | None:
    return timetable.leg(leg, timetable.today(now.flight))
