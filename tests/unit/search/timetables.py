"""Timetables made by hand: real airports, so that their zones are real, and flights of one's own."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import count

from chalicelib.airports.lookup import zone
from chalicelib.flights.feeds.replay import ScheduledLeg
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.pricing.fares import Quote
from chalicelib.pricing.model import Line, Price
from chalicelib.pricing.seats import Cabin
from chalicelib.search.model import Journey, Legs, Segment
from chalicelib.search.ranking import Offer, Record

DAY = date(2026, 12, 1)
_numbers = count(1)


def at(code: str, clock: str, day: date = DAY) -> datetime:
    """When an airport's clocks show a time; "+1" after it: on the next day."""
    shown, _, later = clock.partition("+")
    local = datetime.combine(day, time.fromisoformat(shown), tzinfo=zone(code)) + timedelta(days=int(later or 0))
    return local.astimezone(UTC)


def leg(way: str, out: str, in_: str, *, carrier: str = "UA", codeshares: tuple[str, ...] = ()) -> ScheduledLeg:
    """A flight such as `BOS-JFK`, from a local time to a local time."""
    origin, destination = way.split("-")
    leaves = at(origin, out)
    day = leaves.astimezone(zone(origin)).date()
    return ScheduledLeg(
        LegId(FlightNumber(carrier, next(_numbers)), day, origin), destination, leaves, at(destination, in_), codeshares
    )


def legs_of(timetable: Sequence[ScheduledLeg]) -> Legs:
    """The timetable as journeys ask for it."""
    return lambda origin, destination, day: [
        each for each in timetable if (each.leg.origin, each.destination, each.leg.date) == (origin, destination, day)
    ]


def routes_of(timetable: Sequence[ScheduledLeg]) -> set[tuple[str, str]]:
    return {(each.leg.origin, each.destination) for each in timetable}


def quote_of(scheduled: ScheduledLeg, base: int = 10000, seats_left: int = 9) -> Quote:
    return Quote(
        scheduled.leg, scheduled.destination, scheduled.scheduled_out, scheduled.scheduled_in, Cabin.ECONOMY, "M",
        "M07MAIN", base, "USD", seats_left, "[]",
    )  # fmt: skip


def offer_of(*journeys: Sequence[ScheduledLeg], total: int, records: Sequence[Record | None] | None = None) -> Offer:
    flown = [each for legs in journeys for each in legs]
    return Offer(
        tuple(Journey(tuple(legs)) for legs in journeys),
        tuple(quote_of(each) for each in flown),
        Price("USD", (Line("fare", "M", total, 0, 0),)),
        tuple(Segment(each) for each in flown),
        tuple(records or [None] * len(flown)),
    )
