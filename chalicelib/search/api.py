"""REST routes of search: offers for a trip, and the lowest price for each day of a month."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from chalicelib.core import clock
from chalicelib.core.callers import ANYONE
from chalicelib.core.config import config
from chalicelib.core.errors import Fault, Invalid
from chalicelib.core.routes import Day, Query, Routes, day
from chalicelib.pricing.answers import Money
from chalicelib.pricing.model import MOST_SEATS, Party
from chalicelib.pricing.seats import Cabin
from chalicelib.search import find, month
from chalicelib.search.answers import DayLine, DaysAnswer, OfferLine, SearchAnswer
from chalicelib.search.market import Part
from chalicelib.search.model import MOST_STOPS
from chalicelib.search.ranking import Sort

routes = Routes(__name__)

_PART = re.compile(r"([A-Za-z0-9]{3,4})-([A-Za-z0-9]{3,4})-([0-9]{4}-[0-9]{2}-[0-9]{2})")


def _month(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        raise ValueError("is not a month such as 2026-12") from None


Month = Annotated[
    date, BeforeValidator(_month, json_schema_input_type=Annotated[str, Field(pattern="^[0-9]{4}-[0-9]{2}$")])
]
Code = Annotated[str, Field(pattern="^[A-Za-z0-9]{3,4}$", examples=["EWR", "NYC"])]


class _WhoFlies(Query):
    """A party and its cabin."""

    passengers: int = Field(1, ge=1, le=MOST_SEATS, description="adults, from 12 years on")
    children: int = Field(0, ge=0, le=MOST_SEATS - 1, description="from 2 to 11 years; with the adults at most 9")
    infants: int = Field(0, ge=0, le=MOST_SEATS, description="under 2 years, each on an adult's lap")
    cabin: Cabin = Cabin.ECONOMY


class SearchQuery(_WhoFlies):
    """A trip: `from`, `to` and `date`, with `return` there and back; or `trip` with up to six journeys."""

    from_: Code | None = Field(None, alias="from", description="an airport, or a city with several: EWR, NYC")
    to: Code | None = Field(None, description="likewise")
    day: Day | None = Field(None, alias="date", description="of departure, at the origin")
    return_: Day | None = Field(None, alias="return", description="of the way back")
    trip: str | None = Field(
        None, max_length=200, description="journeys, in order: NYC-LAX-2026-12-01,LAX-SFO-2026-12-05"
    )
    sort: Sort = Sort.BEST
    stops: int = Field(MOST_STOPS, ge=0, le=MOST_STOPS, description="of each journey, at the most; 0: direct flights")
    limit: int = Field(20, ge=1, le=100)


class DaysQuery(_WhoFlies):
    """A way, and the month of which the prices are wanted."""

    from_: Code = Field(alias="from", description="an airport, or a city with several: EWR, NYC")
    to: Code = Field(description="likewise")
    month: Month


@routes.get("/v1/search", callers=ANYONE, max_age=0)
def search(query: SearchQuery) -> SearchAnswer:
    """What can be booked of a trip now: seats and prices, direct and with up to two connections.

    `best` weighs price, time, stops and how punctual the flights have been.
    """
    now = clock.now(config().flight_clock)
    party = Party.of(query.passengers, query.children, query.infants)
    parts, names = _parts(query)
    _check(parts, names, now)
    request = find.Request(tuple(parts), party, query.cabin, query.sort, query.stops, query.limit)
    found = find.offers(request, now)
    today = now.flight.date()
    return SearchAnswer(
        offers=[OfferLine.of(offer, found.reasons.get(offer.key, ()), party, today) for offer in found.offers],
        found=found.count,
    )


@routes.get("/v1/search/days", callers=ANYONE, max_age=60)
def search_days(query: DaysQuery) -> DaysAnswer:
    """The lowest price of each day of a month that is on sale, for whoever can choose the day."""
    now = clock.now(config().flight_clock)
    party = Party.of(query.passengers, query.children, query.infants)
    origin, destination = query.from_.upper(), query.to.upper()
    _check([Part(origin, destination, find.first_day(origin, now))], [("from", "to", "month")], now)
    found = month.days(origin, destination, query.month, party=party, cabin=query.cabin, now=now)
    if not found:
        detail = f"{query.month:%Y-%m} is over, or not on sale yet: flights are sold 60 days ahead"
        raise Invalid(f"month: {detail}", [Fault("query", "month", detail)])
    return DaysAnswer(
        days=[
            DayLine(date=day, price=Money(amount=lowest.total, currency=lowest.currency) if lowest else None)
            for day, lowest in sorted(found.items())
        ]
    )


def _parts(query: SearchQuery) -> tuple[list[Part], list[tuple[str, str, str]]]:
    """The journeys asked for, each with the parameters that say where from, where to and when."""
    if query.trip is not None:
        _refuse(
            [
                Fault("query", name, "is not for a `trip`, which says all of it")
                for name, given in _one_way(query).items()
                if given is not None
            ]
        )
        parts = _of_trip(query.trip)
        return parts, [("trip", "trip", "trip")] * len(parts)
    _refuse(
        [
            Fault("query", name, "is missing; a search needs from, to and date, or trip")
            for name, given in _one_way(query).items()
            if given is None and name != "return"
        ]
    )
    assert query.from_ is not None
    assert query.to is not None
    assert query.day is not None
    origin, destination = query.from_.upper(), query.to.upper()
    parts, names = [Part(origin, destination, query.day)], [("from", "to", "date")]
    if query.return_ is not None:
        parts.append(Part(destination, origin, query.return_))
        names.append(("to", "from", "return"))
    return parts, names


def _one_way(query: SearchQuery) -> dict[str, object]:
    return {"from": query.from_, "to": query.to, "date": query.day, "return": query.return_}


def _of_trip(text: str) -> list[Part]:
    parts, faults = [], []
    for number, given in enumerate(text.split(","), 1):
        found = _PART.fullmatch(given.strip())
        try:
            if not found:
                raise ValueError("is not a journey such as NYC-LAX-2026-12-01")
            parts.append(Part(found[1].upper(), found[2].upper(), day(found[3])))
        except ValueError as error:
            faults.append(Fault("query", "trip", f"journey {number}: {given.strip()[:40]!r} {error}"))
    if len(text.split(",")) > find.MOST_PARTS:
        faults.append(Fault("query", "trip", f"has more than {find.MOST_PARTS} journeys"))
    _refuse(faults)
    return parts


def _check(parts: Sequence[Part], names: Sequence[tuple[str, str, str]], now: clock.Now) -> None:
    """Raises Invalid where a trip can't be searched."""
    faults = []
    for mistake in find.mistakes(parts, now):
        name = names[mistake.part][("origin", "destination", "day").index(mistake.field)]
        detail = f"journey {mistake.part + 1}: {mistake.detail}" if name == "trip" else mistake.detail
        faults.append(Fault("query", name, detail))
    _refuse(dict.fromkeys(faults))  # an airport unknown on the way there is so on the way back


def _refuse(faults: Iterable[Fault]) -> None:
    found = list(faults)
    if found:
        raise Invalid("; ".join(f"{fault.name}: {fault.detail}" for fault in found), found)
