"""The lowest price for each day of a month, for whoever can choose the day."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from chalicelib.core.clock import Now
from chalicelib.flights import timetable
from chalicelib.flights.timetable import HORIZON
from chalicelib.pricing import charges, fares
from chalicelib.pricing.model import Party
from chalicelib.pricing.seats import Cabin
from chalicelib.search import model, store
from chalicelib.search.find import first_day
from chalicelib.search.market import Market, Part, airports, attempt, digest
from chalicelib.search.model import Journey

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


class Lowest(NamedTuple):
    """What the party pays at the least, in minor units."""

    total: int
    currency: str


def days(
    origin: str, destination: str, month: date, *, party: Party, cabin: Cabin, now: Now
) -> dict[date, Lowest | None]:
    """The lowest price for each day of a month (its first day) that is on sale; None where nothing is to be had.

    By direct flights where the route has any, else with one stop. What is sold of all the legs is read in batches of
    100. An answer is shared for 300 s whatever is sold meanwhile: it is a guide, and a search is exact. Raises
    Unavailable.
    """
    last = timetable.today(now.flight) + HORIZON
    wanted = [day for day in _days_of(month) if first_day(origin, now) <= day <= last]
    if not wanted:
        return {}
    name = digest(
        "days", origin, destination, wanted[0].isoformat(), wanted[-1].isoformat(),
        [party.adults, party.children, party.infants], cabin,
    )  # fmt: skip
    shared = (attempt("no shared answer was read", lambda: store.found([name], now.wall)) or {}).get(name)
    if shared is None:
        found = _lowest(origin, destination, wanted, party=party, cabin=cabin, now=now)
        shared = {day.isoformat(): lowest for day, lowest in found.items()}
        attempt("an answer was not shared", lambda: store.keep(name, shared, now.wall))
    return {date.fromisoformat(day): Lowest(*lowest) if lowest else None for day, lowest in shared.items()}


def _lowest(
    origin: str, destination: str, wanted: Sequence[date], *, party: Party, cabin: Cabin, now: Now
) -> dict[date, Lowest | None]:
    market = Market(cabin, party.seats, now)
    direct = model.paths(airports(origin), airports(destination), timetable.routes(), 0)
    flown = market.to_be_had([_flown(Part(origin, destination, day), 0 if direct else 1, market) for day in wanted])
    market.read_batch(leg for journeys in flown for journey in journeys for leg in journey.legs)
    return {day: _cheapest(journeys, market, party, now) for day, journeys in zip(wanted, flown, strict=True)}


def _flown(part: Part, stops: int, market: Market) -> Sequence[Journey]:
    by_day = market.journeys(part, stops, model.LONGEST_CONNECTION)
    return by_day or market.journeys(part, stops, model.LONGEST_OVERNIGHT)


def _cheapest(journeys: Sequence[Journey], market: Market, party: Party, now: Now) -> Lowest | None:
    """The lowest price of some journeys.

    Taxes and fees are the same for journeys by the same airports with stops of as many hours, so of those only the one
    of the lowest fares is priced.
    """
    quotes = {leg: market.quote(leg) for leg in {leg for journey in journeys for leg in journey.legs}}
    lowest: dict[Any, tuple[int, tuple[fares.Quote, ...]]] = {}
    for journey in journeys:
        flown = tuple(quote for leg in journey.legs if (quote := quotes[leg]))
        if len(flown) < len(journey.legs):
            continue
        stays = tuple(
            -((before.scheduled_in - after.scheduled_out) // _HOUR)  # rounded up
            for before, after in pairwise(journey.legs)
        )
        base = sum(quote.base for quote in flown)
        if (journey.airports, stays) not in lowest or base < lowest[journey.airports, stays][0]:
            lowest[journey.airports, stays] = base, flown
    prices = [charges.price(flown, party, (), now.flight.date()) for _, flown in lowest.values()]
    return min((Lowest(price.total, price.currency) for price in prices), default=None)


def _days_of(month: date) -> list[date]:
    first = month.replace(day=1)
    return [day for n in range(31) if (day := first + n * _DAY).month == first.month]
