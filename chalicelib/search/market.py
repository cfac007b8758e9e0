"""What can be had of the legs that fly: seats, prices and punctuality, read once for a search and shared for 300 s.

What flies is computed from the timetable; so a search reads only what is sold of the legs that can take one there: one
Query for each leg pattern (origin, destination, date), and where the day is near, the legs' status in one batch.

The priced journeys are shared (`store`) under a digest of all that they hang on: which journeys can be booked as their
flights stand, the versions of the inventories and of the forecasts, the next instant at which a held seat comes back,
the tariff, and the whole days left before each departure. So a sale, a seat that comes back, a delay or another price
is never hidden by what is shared. A new forecast counts in each process within ten minutes (`pricing.demand`).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from itertools import pairwise
from typing import Any, TypeVar

from chalicelib.airports.cities import city
from chalicelib.airports.lookup import airport
from chalicelib.core.clock import Now
from chalicelib.core.telemetry import logger
from chalicelib.flights import read, timetable
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import Flight
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing import demand, fares, stock
from chalicelib.pricing.forecast import Demand
from chalicelib.pricing.inventory import Inventory
from chalicelib.pricing.seats import Cabin
from chalicelib.pricing.tariff import tariff
from chalicelib.search import model, punctuality, store
from chalicelib.search.model import Journey, Segment
from chalicelib.search.ranking import Record

_DAY = timedelta(days=1)
_FORM = 1  # of what is shared; another where its content changes
_T = TypeVar("_T")


@dataclass(frozen=True)
class Part:
    """One journey that is wanted: between airports or cities (by their codes), on a local date at the origin."""

    origin: str
    destination: str
    day: date


@dataclass(frozen=True)
class Option:
    """A journey with seats: the quote of each of its legs, how it stands, and its record (None: not known yet)."""

    journey: Journey
    quotes: tuple[fares.Quote, ...]
    segments: tuple[Segment, ...]
    records: tuple[Record | None, ...]


def airports(code: str) -> tuple[str, ...]:
    """The airports (IATA) that a code means: its own, or those of the city; none where nobody knows it."""
    place = airport(code)
    if place:
        return (place.iata,) if place.iata else ()
    found = city(code)
    return found.airports if found else ()


class Market:
    """What one search has read so far: nothing is read twice."""

    def __init__(self, cabin: Cabin, seats: int, now: Now):
        self._cabin, self._seats, self._now = cabin, seats, now
        self._today = timetable.today(now.flight)
        self._flights: dict[LegId, Flight | None] = {}
        self._inventories: dict[LegId, Inventory] = {}
        self._demands: dict[tuple[str, str], Demand] = {}

    def options(self, parts: Sequence[Part], stops: int) -> list[list[Option]]:
        """For each part of a trip the journeys that have seats, with at most so many stops.

        With a night between two flights only where there is no other. Raises Unavailable where what is sold can't be
        read; without shared answers and records it does.
        """
        found = self._options(parts, stops, model.LONGEST_CONNECTION)
        again = [number for number, options in enumerate(found) if not options] if stops else []
        nights = self._options([parts[number] for number in again], stops, model.LONGEST_OVERNIGHT)
        for number, options in zip(again, nights, strict=True):
            found[number] = options
        return found

    def journeys(self, part: Part, stops: int, longest: timedelta) -> list[Journey]:
        """What flies, whether it has seats or not."""
        return model.journeys(
            airports(part.origin),
            airports(part.destination),
            part.day,
            routes=timetable.routes(),
            legs=lambda origin, destination, day: timetable.legs(origin, destination, day, self._today),
            stops=stops,
            longest=longest,
        )

    def to_be_had(self, journeys: Sequence[Sequence[Journey]]) -> list[list[Journey]]:
        """Of each list the journeys that can still be booked as the flights stand, seats or not."""
        self._read_status(leg for each in journeys for journey in each for leg in journey.legs)
        return [[journey for journey in each if self._bookable(journey)] for each in journeys]

    def read_batch(self, legs: Iterable[ScheduledLeg]) -> None:
        """What is sold of many legs, 100 a call: of fewer legs, Querys of their patterns are cheaper."""
        needed = {leg.leg: leg for leg in legs}
        self._inventories |= stock.of(list(needed.values()), self._now.wall, consistent=False)
        self._read_demand(needed.values())

    def quote(self, leg: ScheduledLeg) -> fares.Quote | None:
        """What a leg that was read costs now; None where the party can't have it."""
        expected = self._demands[leg.leg.origin, leg.destination]
        return fares.quote(leg, self._cabin, self._seats, self._inventories[leg.leg], expected, now=self._now)

    def _options(self, parts: Sequence[Part], stops: int, longest: timedelta) -> list[list[Option]]:
        flown = self.to_be_had([self.journeys(part, stops, longest) for part in parts])
        legs = {leg.leg: leg for each in flown for journey in each for leg in journey.legs}
        self._read_inventories(legs.values())
        self._read_demand(legs.values())
        digests = [self._digest(each) for each in flown]
        shared = self._shared([digest for digest, each in zip(digests, flown, strict=True) if each])
        missed = {
            digest: each for digest, each in zip(digests, flown, strict=True) if each and digest not in shared
        }  # fmt: skip
        for digest, answer in zip(missed, self._priced(list(missed.values())), strict=True):
            shared[digest] = answer
            attempt("an answer was not shared", self._sharing(digest, answer))
        return [
            list(self._read(shared[digest], legs)) if each else [] for digest, each in zip(digests, flown, strict=True)
        ]

    def _read_status(self, legs: Iterable[ScheduledLeg]) -> None:
        """Of the legs that leave soon enough for somebody to have spoken of them: one batch, as who buys asks."""
        near = {leg.leg for leg in legs if leg.scheduled_out - self._now.flight < model.LIVE} - self._flights.keys()
        if near:
            self._flights |= dict.fromkeys(near)
            self._flights |= {flight.leg: flight for flight in read.current(sorted(near), self._now.flight)}

    def _bookable(self, journey: Journey) -> bool:
        segments = [self._segment(leg) for leg in journey.legs]
        return all(segment.sold_at(self._now.flight) for segment in segments) and all(
            model.holds(first, second) for first, second in pairwise(segments)
        )

    def _segment(self, leg: ScheduledLeg) -> Segment:
        return Segment.of(leg, self._flights.get(leg.leg))

    def _read_inventories(self, legs: Iterable[ScheduledLeg]) -> None:
        """One Query for each leg pattern."""
        patterns: dict[tuple[str, str, date], list[ScheduledLeg]] = {}
        for leg in legs:
            patterns.setdefault((leg.leg.origin, leg.destination, leg.leg.date), []).append(leg)
        for (origin, destination, day), pattern in sorted(patterns.items()):
            if any(leg.leg not in self._inventories for leg in pattern):
                whole = timetable.legs(origin, destination, day, self._today)
                self._inventories |= stock.of_route(origin, destination, day, whole, self._now.wall)

    def _read_demand(self, legs: Iterable[ScheduledLeg]) -> None:
        unknown = {(leg.leg.origin, leg.destination) for leg in legs} - self._demands.keys()
        if unknown:
            self._demands |= demand.of_routes(sorted(unknown), self._now)

    def _digest(self, journeys: Sequence[Journey]) -> str:
        """Of all that the prices of these journeys hang on."""
        legs = {leg.leg: leg for journey in journeys for leg in journey.legs}
        routes = sorted({(leg.leg.origin, leg.destination) for leg in legs.values()})
        return digest(
            _FORM, self._cabin, self._seats, tariff(self._now.flight.date()).number,
            [(*route, self._demands[route].version) for route in routes],
            [
                (
                    str(leg_id),
                    self._inventories[leg_id].version,
                    self._inventories[leg_id].next_lapse(self._now.wall),
                    (leg.scheduled_out - self._now.flight) // _DAY,
                )
                for leg_id, leg in sorted(legs.items())
            ],
            [journey.key for journey in journeys],
        )  # fmt: skip

    def _shared(self, digests: Sequence[str]) -> dict[str, Any]:
        if not digests:
            return {}
        return attempt("no shared answer was read", lambda: store.found(digests, self._now.wall)) or {}

    def _sharing(self, digest: str, answer: Mapping[str, Any]) -> Callable[[], None]:
        return lambda: store.keep(digest, answer, self._now.wall)

    def _priced(self, flown: Sequence[Sequence[Journey]]) -> Iterator[dict[str, Any]]:
        """The journeys that have seats and are worthwhile, with quotes and records, as they are shared."""
        legs = {leg.leg: leg for each in flown for journey in each for leg in journey.legs}
        quotes = {leg_id: quote for leg_id, leg in legs.items() if (quote := self.quote(leg))}
        worthwhile = [
            model.worthwhile(
                [journey for journey in each if all(leg.leg in quotes for leg in journey.legs)],
                cost=lambda journey: sum(quotes[leg.leg].base for leg in journey.legs),
            )
            for each in flown
        ]
        used = [sorted({leg.leg for journey in each for leg in journey.legs}) for each in worthwhile]
        records = punctuality.records([legs[leg_id] for leg_id in sorted(set().union(*used))], self._now)
        for journeys, own in zip(worthwhile, used, strict=True):
            yield {
                "journeys": [journey.key for journey in journeys],
                "quotes": {str(leg_id): _plain(quotes[leg_id]) for leg_id in own},
                "records": {str(leg_id): records[leg_id] for leg_id in own if leg_id in records},
            }

    def _read(self, answer: Mapping[str, Any], legs: Mapping[LegId, ScheduledLeg]) -> Iterator[Option]:
        """The options of an answer as it is shared."""
        by_id = {str(leg_id): leg for leg_id, leg in legs.items()}
        quotes = {leg_id: self._quoted(by_id[leg_id], plain) for leg_id, plain in answer["quotes"].items()}
        records = {leg_id: Record(*counts) for leg_id, counts in answer["records"].items()}
        for key in answer["journeys"]:
            flown = tuple(by_id[leg_id] for leg_id in key)
            yield Option(
                Journey(flown),
                tuple(quotes[leg_id] for leg_id in key),
                tuple(map(self._segment, flown)),
                tuple(records.get(leg_id) for leg_id in key),
            )

    def _quoted(self, leg: ScheduledLeg, plain: Sequence[Any]) -> fares.Quote:
        return fares.Quote(
            leg.leg, leg.destination, leg.scheduled_out, leg.scheduled_in, self._cabin, *plain,
        )  # fmt: skip


def digest(*parts: Any) -> str:
    """The name under which an answer is shared."""
    text = json.dumps(parts, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=16).hexdigest()


def attempt(failure: str, action: Callable[[], _T]) -> _T | None:
    """Do what a search can do without; where it fails, that is logged, and nothing else."""
    try:
        return action()
    except Exception:
        logger.warning(failure, exc_info=True)
        return None


def _plain(quote: fares.Quote) -> tuple[str, str, int, str, int, str]:
    return quote.booking_class, quote.fare_basis, quote.base, quote.currency, quote.seats_left, quote.inputs
