"""A person's trips: their bookings, and the flights that they follow beside those, what comes next before what is over.

Read with few calls however many trips there are: a Query and a batch for the bookings, a Query for what the account's
email address follows, a batch for the flights, and a Query for each of a few flight numbers that are followed. Flights
are asked for only on days of which flights are known.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.alerts import plan, store
from chalicelib.alerts.store import Status, Subscription
from chalicelib.booking import check_in, disruption, rebook, standing
from chalicelib.booking import read as bookings
from chalicelib.booking.model import Booking, State
from chalicelib.core.callers import Person
from chalicelib.core.clock import Now
from chalicelib.flights import read
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import Flight

MOST_BOOKINGS = 100  # those made last: as many as one batch reads (DynamoDB)
MOST_NUMBERS = 5  # followed by number or route of which flights are looked for
KNOWN = timedelta(days=2)  # before and after now: flights of other days are not known
FLIGHT = timedelta(hours=12)  # that nobody knows when it arrives: after its departure it is over


class Step(NamedTuple):
    """What a party can do next: by when, for which flight, at which page."""

    do: str  # pay | wait | rebook | options | check_in | board
    until: datetime | None = None
    leg: LegId | None = None
    why: str | None = None  # of rebook and options: cancelled | delayed | missed_connection
    url: str | None = None


@dataclass(frozen=True)
class Trip:
    """A booking, or a subscription that no booking has; with its flights, as far as they are known."""

    booking: Booking | None
    subscription: Subscription | None
    flights: Mapping[LegId, Flight]
    leaves: datetime
    over: bool
    step: Step | None = None


class Trips(NamedTuple):
    """What comes, the soonest first; then what is over, the latest first. `more`: there are others, made before."""

    trips: list[Trip]
    more: bool


def of(person: Person, now: Now) -> Trips:
    """A person's trips. Raises Unavailable."""
    booked, more = bookings.of_account(person.id, now.wall, MOST_BOOKINGS)
    own = {segment.leg for booking in booked if _counts(booking, now) for segment in booking.segments}
    followed = [
        each
        for each in store.holding(person.address, now.wall).subscriptions
        if each.status is Status.ACTIVE and each.subject.leg not in own
    ]
    flights = _flights(own | {each.subject.leg for each in followed if each.subject.leg}, now)
    trips = [_of_booking(each, flights, now) for each in booked]
    trips += _of_subscriptions(followed, flights, now)
    coming = sorted((each for each in trips if not each.over), key=lambda each: each.leaves)
    over = sorted((each for each in trips if each.over), key=lambda each: each.leaves, reverse=True)
    return Trips(coming + over, more)


def next_step(booking: Booking, flights: Mapping[LegId, Flight], now: Now) -> Step | None:
    """What a party can do next; None: nothing, but fly or see what was."""
    change, offer = booking.change_at(now.wall), booking.offer_at(now.wall)
    match booking.state(now.wall):
        case State.HELD:
            return Step("pay", booking.until)
        case State.WAITLISTED:
            return Step("wait")
        case State.TICKETED if change:
            return Step("pay", change.until)
        case State.TICKETED if offer:
            return Step("rebook", offer.change.until, offer.instead_of, offer.why, rebook.link(booking))
        case State.TICKETED:
            return _of_flights(booking, flights, now)
    return None


def _of_flights(booking: Booking, flights: Mapping[LegId, Flight], now: Now) -> Step | None:
    """What the flights of a paid booking ask for: other ones, to check in, or to board."""
    statuses = {leg: flight.status for leg, flight in flights.items()}
    if found := standing.trouble(booking, statuses):
        return Step("options", None, found.leg, found.why)
    for segment in booking.segments:
        status = statuses.get(segment.leg)
        out = check_in.expected_out(segment, status)
        if disruption.has_left(status) or out < now.flight:
            continue
        if now.flight < check_in.opens(segment, status):
            return None
        if len(booking.checked_in.get(segment.leg, {})) == len(booking.travellers):
            return Step("board", out, segment.leg)
        closes = out - check_in.CLOSES
        return Step("check_in", closes, segment.leg) if now.flight < closes else None
    return None


def _counts(booking: Booking, now: Now) -> bool:
    """Whether somebody flies by it, or may yet."""
    return booking.state(now.wall) not in (State.CANCELLED, State.EXPIRED)


def _flights(legs: Iterable[LegId], now: Now) -> dict[LegId, Flight]:
    today = now.flight.date()
    near = [leg for leg in legs if abs(leg.date - today) <= KNOWN]
    return {flight.leg: flight for flight in read.current(near, now.flight) if flight.status.visible}


def _of_booking(booking: Booking, flights: Mapping[LegId, Flight], now: Now) -> Trip:
    own = {segment.leg: flights[segment.leg] for segment in booking.segments if segment.leg in flights}
    leaves = min(segment.scheduled_out for segment in booking.segments)
    last = max(disruption.arrives(each, own[each.leg].status if each.leg in own else None) for each in booking.segments)
    over = not _counts(booking, now) or last < now.flight
    return Trip(booking, None, own, leaves, over, None if over else next_step(booking, own, now))


def _of_subscriptions(followed: Sequence[Subscription], flights: Mapping[LegId, Flight], now: Now) -> list[Trip]:
    today, found = now.flight.date(), []
    near = [each for each in followed if not each.subject.leg and abs(each.subject.day - today) <= KNOWN]
    looked = {each.id: plan.flights_of(each.subject, now.flight) for each in near[:MOST_NUMBERS]}
    for each in followed:
        leg = each.subject.leg
        known = [flights[leg]] if leg and leg in flights else looked.get(each.id, [])
        begins = datetime.combine(each.subject.day, datetime.min.time(), now.flight.tzinfo)
        leaves = min((flight.status.expected_out or begins for flight in known), default=begins)
        ends = max((_ends(flight, begins) for flight in known), default=begins + timedelta(days=1) + FLIGHT)
        found.append(Trip(None, each, {flight.leg: flight for flight in known}, leaves, ends < now.flight))
    return found


def _ends(flight: Flight, begins: datetime) -> datetime:
    status = flight.status
    return status.expected_in or (status.expected_out or begins) + FLIGHT
