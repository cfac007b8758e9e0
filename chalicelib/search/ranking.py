"""In which order offers are shown, and why each is recommended. Pure.

**Best** is the offer that costs the party least when time is counted as money too, all in cents of a US dollar:

    price + seats x (hours x VALUE_OF_HOUR + stops x STOP + late x LATE)

- hours: gate to gate, with the time between flights; of a trip with several journeys, all of them together.
- VALUE_OF_HOUR: $47.10, what the US Department of Transportation takes an hour of an air traveller to be worth (Revised
  Departmental Guidance on Valuation of Travel Time in Economic Analysis, 2016: air, all purposes, 2015 dollars).
- STOP: a change of flights counts as one hour more than it takes: the walk, the wait and the risk. A house figure.
- late: the share of flights that came in 15 minutes late or later, or not at all, by each flight's own record; of a
  journey with several flights, that of the worst. Where nothing is known yet, `USUALLY_LATE`: about a fifth of US
  flights are (BTS, On-Time Performance). LATE counts each such time as one hour, about the mean delay of a late flight.

Every order is total: offers that are equal by it follow by price, time, departure and the ids of their legs.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from heapq import heappop, heappush
from itertools import pairwise
from typing import Any, NamedTuple

from chalicelib.pricing.fares import Quote
from chalicelib.pricing.model import Price
from chalicelib.search.model import Journey, Segment

VALUE_OF_HOUR = 4710
STOP = VALUE_OF_HOUR
LATE = VALUE_OF_HOUR
USUALLY_LATE = 0.2
BETWEEN_JOURNEYS = timedelta(hours=1, minutes=30)  # from an arrival to the next journey of a trip, at the least
RECOMMENDED = 3  # the first of the best, which are told why
_FASTER = 15  # minutes that are worth a word
_TELLING = 3  # flights that a record needs to say something
_PUNCTUAL = 0.8


class Sort(StrEnum):
    """By what offers are put in order."""

    BEST = "best"
    PRICE = "price"
    FASTEST = "fastest"
    DEPARTURE = "departure"


class Record(NamedTuple):
    """How often a flight number came in on time, less than 15 minutes late (BTS), and how often it did not.

    Late is also what was diverted. What was cancelled is counted apart.
    """

    on_time: int = 0
    late: int = 0
    cancelled: int = 0

    @property
    def flown(self) -> int:
        """How often it flew."""
        return self.on_time + self.late

    @property
    def unreliable(self) -> float | None:
        """The share of days on which it was late or cancelled; None where it was never to fly yet."""
        days = self.flown + self.cancelled
        return (self.late + self.cancelled) / days if days else None


class Reason(NamedTuple):
    """Why an offer is recommended: a code, the figures behind it, and the words.

    `minutes` is the time of its journeys, or what is saved of it; `amount` its price, or what it costs more, in minor
    units; `times` and `of` are counts: stops, arrivals on time of all, its rank among all.
    """

    code: str
    text: str
    minutes: int | None = None
    amount: int | None = None
    times: int | None = None
    of: int | None = None


@dataclass(frozen=True)
class Offer:
    """A trip with seats for the party, and what it costs now: its journeys, the quote of each leg, the price."""

    journeys: tuple[Journey, ...]
    quotes: tuple[Quote, ...]  # by leg, in the order they are flown
    price: Price
    segments: tuple[Segment, ...]
    records: tuple[Record | None, ...]  # by leg; None: not known yet

    @property
    def total(self) -> int:
        """What the party pays."""
        return self.price.total

    @property
    def minutes(self) -> int:
        """The time of all journeys."""
        return sum(journey.minutes for journey in self.journeys)

    @property
    def stops(self) -> int:
        """The stops of all journeys."""
        return sum(journey.stops for journey in self.journeys)

    @property
    def seats_left(self) -> int:
        """How many more could fly at this price: as many as on the fullest of its flights."""
        return min(quote.seats_left for quote in self.quotes)

    @property
    def key(self) -> tuple[str, ...]:
        """The ids of its legs."""
        return tuple(leg for journey in self.journeys for leg in journey.key)

    @property
    def worst(self) -> Record | None:
        """The record of the least reliable of its flights; None where none has any."""
        known = [record for record in self.records if record and record.unreliable is not None]
        return max(known, key=lambda record: (record.unreliable or 0, record), default=None)


def score(total: int, seats: int, minutes: int, stops: int, late: float | None) -> int:
    """What a trip costs the party with its time counted as money, in minor units: the less the better."""
    trouble = USUALLY_LATE if late is None else late
    return total + round(seats * (minutes / 60 * VALUE_OF_HOUR + stops * STOP + trouble * LATE))


def score_of(offer: Offer, seats: int) -> int:
    """The score of an offer."""
    worst = offer.worst
    return score(offer.total, seats, offer.minutes, offer.stops, worst.unreliable if worst else None)


def in_order(offers: Sequence[Offer], sort: Sort, seats: int) -> list[Offer]:
    """The offers in one of the orders."""

    def rest(offer: Offer) -> tuple[Any, ...]:
        return (offer.total, offer.minutes, offer.journeys[0].out, offer.key)

    first: Mapping[Sort, Callable[[Offer], Any]] = {
        Sort.BEST: lambda offer: score_of(offer, seats),
        Sort.PRICE: lambda offer: offer.total,
        Sort.FASTEST: lambda offer: offer.minutes,
        Sort.DEPARTURE: lambda offer: tuple(journey.out for journey in offer.journeys),
    }
    return sorted(offers, key=lambda offer: (first[sort](offer), *rest(offer)))


def reasons(offers: Sequence[Offer], seats: int) -> dict[tuple[str, ...], list[Reason]]:
    """Why each is recommended, by its key: the cheapest, the fastest, and the first of the best; nothing of others."""
    best = in_order(offers, Sort.BEST, seats)
    if not best:
        return {}
    cheapest, fastest = in_order(best, Sort.PRICE, seats)[0], in_order(best, Sort.FASTEST, seats)[0]
    fewest, most = min(o.stops for o in best), max(o.stops for o in best)
    said: dict[tuple[str, ...], list[Reason]] = {}
    for place, offer in enumerate(best, 1):
        why = list(_superlatives(offer, cheapest, fastest))
        if place <= RECOMMENDED or why:
            why += _comparisons(offer, cheapest)
            if offer.stops == fewest < most:
                why.append(Reason("fewest-stops", _stops(offer.stops), times=offer.stops))
            why += _punctual(offer.worst)
            why = why or [Reason("ranked", f"number {place} of {len(best)} by price, time, stops and punctuality",
                                 times=place, of=len(best))]  # fmt: skip
            said[offer.key] = why
    return said


def combinations(
    options: Sequence[Sequence[tuple[Journey, int]]], limit: int, tries: int = 5000
) -> Iterator[tuple[Journey, ...]]:
    """Trips of one journey of each list, those of the lowest cost together first; each journey comes with its cost.

    A journey begins `BETWEEN_JOURNEYS` after the one before has ended. Gives up after so many tries.
    """
    lists = [sorted(journeys, key=lambda option: (option[1], option[0].key)) for journeys in options]
    if not all(lists):
        return
    start = (0,) * len(lists)
    waiting = [(sum(each[0][1] for each in lists), start)]
    seen = {start}
    while waiting and limit and tries:
        tries -= 1
        _, at = heappop(waiting)
        trip = tuple(lists[n][index][0] for n, index in enumerate(at))
        if all(after.out - before.in_ >= BETWEEN_JOURNEYS for before, after in pairwise(trip)):
            limit -= 1
            yield trip
        for n in range(len(lists)):
            then = (*at[:n], at[n] + 1, *at[n + 1 :])
            if then[n] < len(lists[n]) and then not in seen:
                seen.add(then)
                heappush(waiting, (sum(lists[m][index][1] for m, index in enumerate(then)), then))


def _superlatives(offer: Offer, cheapest: Offer, fastest: Offer) -> Iterator[Reason]:
    if offer.total == cheapest.total:
        yield Reason("cheapest", "the cheapest", amount=offer.total)
    if offer.minutes == fastest.minutes:
        yield Reason("fastest", "the fastest", minutes=offer.minutes)


def _comparisons(offer: Offer, cheapest: Offer) -> Iterator[Reason]:
    faster, dearer = cheapest.minutes - offer.minutes, offer.total - cheapest.total
    if dearer > 0 and faster >= _FASTER:
        money = _money(dearer, offer.price.currency)
        text = f"{_time(faster)} faster than the cheapest for {money} more"
        yield Reason("faster-than-cheapest", text, minutes=faster, amount=dearer)


def _punctual(record: Record | None) -> Iterator[Reason]:
    if record and record.flown >= _TELLING and (record.unreliable or 0) <= 1 - _PUNCTUAL:
        days = record.flown + record.cancelled
        yield Reason("on-time", f"on time {record.on_time} times of {days}", times=record.on_time, of=days)


def _stops(stops: int) -> str:
    if not stops:
        return "no stop"
    return "only 1 stop" if stops == 1 else f"only {stops} stops"


def _time(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part)


def _money(amount: int, currency: str) -> str:
    units, cents = divmod(amount, 100)
    text = f"{units:,}.{cents:02}" if cents else f"{units:,}"
    return f"${text}" if currency == "USD" else f"{text} {currency}"
