"""Finds what can be booked: offers for a trip, and other flights in a flight's place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from chalicelib.airports.lookup import airport, zone
from chalicelib.core.clock import Now
from chalicelib.flights import timetable
from chalicelib.flights.timetable import HORIZON
from chalicelib.pricing import charges
from chalicelib.pricing.model import Party
from chalicelib.pricing.seats import Cabin
from chalicelib.search import model, ranking, store
from chalicelib.search.market import Market, Option, Part, airports, attempt
from chalicelib.search.ranking import Offer, Reason, Sort

MOST_PARTS = 6  # journeys of a trip
MOST_COMBINED = 100  # offers made of several journeys
_MORE_DAYS = 3  # on which alternatives are sought after the first
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Request:
    """A trip that is wanted, for whom, and how the offers are to be put."""

    parts: tuple[Part, ...]
    party: Party = Party(1)  # noqa: RUF009 - a Party is frozen: all may have the same one
    cabin: Cabin = Cabin.ECONOMY
    sort: Sort = Sort.BEST
    stops: int = model.MOST_STOPS  # of each journey, at the most
    limit: int = 20


class Mistake(NamedTuple):
    """What is wrong with a part of a request: `field` is origin, destination or day."""

    part: int
    field: str
    detail: str


@dataclass(frozen=True)
class Found:
    """The offers in the order that was asked for, why some are recommended (by `Offer.key`), and how many there are."""

    offers: list[Offer]
    reasons: dict[tuple[str, ...], list[Reason]]
    count: int


def mistakes(parts: Sequence[Part], now: Now) -> list[Mistake]:
    """What is wrong with the parts of a trip; nothing, where it can be searched."""
    found = []
    last = timetable.today(now.flight) + HORIZON
    for number, part in enumerate(parts):
        for field, code in (("origin", part.origin), ("destination", part.destination)):
            if not airports(code):
                detail = f"{code[:10]!r} is no airport or city known here; codes look like EWR or NYC"
                found.append(Mistake(number, field, detail))
        if set(airports(part.origin)) & set(airports(part.destination)):
            found.append(Mistake(number, "destination", f"{part.destination[:10]} is where the journey begins"))
        first = first_day(part.origin, now)
        if part.day < first:
            found.append(Mistake(number, "day", f"{part.day} is over; it is {first} there"))
        elif part.day > last:
            found.append(Mistake(number, "day", f"{part.day} is not on sale yet; the last day is {last}"))
        elif number and part.day < parts[number - 1].day:
            found.append(Mistake(number, "day", f"{part.day} is before the journey that it follows"))
    return found


def first_day(origin: str, now: Now) -> date:
    """The date at a place; New York's where nobody knows the place."""
    dates = (now.flight.astimezone(zone(code)).date() for code in airports(origin))
    return min(dates, default=timetable.today(now.flight))


def offers(request: Request, now: Now) -> Found:
    """What can be booked of a trip, and for how much. The parts of the request are without mistakes.

    Of a trip with several journeys these are the best combinations. Raises Unavailable where what is sold can't be
    read; what else fails (a shared answer, the records of punctuality, the count of searches) costs no search.
    """
    options = Market(request.cabin, request.party.seats, now).options(request.parts, request.stops)
    found = list(_trips(options, request, now))
    attempt("a search was not counted", lambda: _count(request, now))
    ordered = ranking.in_order(found, request.sort, request.party.seats)
    return Found(ordered[: request.limit], ranking.reasons(found, request.party.seats), len(found))


def alternatives(
    origin: str, destination: str, *, after: datetime, party: int, cabin: Cabin, now: Now, limit: int
) -> list[Offer]:
    """The next journeys from a place to another that leave at an instant or later and have seats, by arrival.

    They are sought on the date of that instant and the three after it. The price is what as many adults would pay now.
    """
    market, travellers = Market(cabin, party, now), Party(party)
    first = min((after.astimezone(zone(code)).date() for code in airports(origin)), default=after.date())
    found: list[Offer] = []
    for n in range(_MORE_DAYS + 1):
        (options,) = market.options([Part(origin, destination, first + n * _DAY)], model.MOST_STOPS)
        found += [_offer([each], travellers, now) for each in options if each.segments[0].expected_out >= after]
        if len(found) >= limit:
            break
    return sorted(found, key=lambda offer: (offer.segments[-1].expected_in, offer.stops, offer.key))[:limit]


def _trips(options: Sequence[Sequence[Option]], request: Request, now: Now) -> Iterator[Offer]:
    """The offers that can be made of the journeys: each journey, or of several the best combinations."""
    if len(options) == 1:
        yield from (_offer([option], request.party, now) for option in options[0])
        return
    by_journey = [{option.journey.key: option for option in each} for each in options]
    costs = [
        [(option.journey, _cost(_offer([option], request.party, now), request)) for option in each] for each in options
    ]
    for trip in ranking.combinations(costs, limit=MOST_COMBINED):
        chosen = [each[journey.key] for each, journey in zip(by_journey, trip, strict=True)]
        yield _offer(chosen, request.party, now)


def _cost(offer: Offer, request: Request) -> int:
    """By what combinations are chosen: of each journey alone, which is near what the whole trip is."""
    if request.sort is Sort.PRICE:
        return offer.total
    if request.sort is Sort.FASTEST:
        return offer.minutes
    return ranking.score_of(offer, request.party.seats)


def _offer(options: Sequence[Option], party: Party, now: Now) -> Offer:
    quotes = tuple(quote for option in options for quote in option.quotes)
    return Offer(
        tuple(option.journey for option in options),
        quotes,
        charges.price(quotes, party, (), now.flight.date()),
        tuple(segment for option in options for segment in option.segments),
        tuple(record for option in options for record in option.records),
    )


def _count(request: Request, now: Now) -> None:
    """Count the search by its first journey: where (by IATA's codes), when, how long before. Nothing of who asked."""
    first, *more = request.parts
    back = len(more) == 1 and (more[0].origin, more[0].destination) == (first.destination, first.origin)
    kind = "round_trip" if back else "several" if more else "one_way"
    ahead = max(0, (first.day - timetable.today(now.flight)).days)
    origin, destination = ((airports(code)[0] if airport(code) else code) for code in (first.origin, first.destination))
    store.count(origin, destination, first.day, ahead, kind)
