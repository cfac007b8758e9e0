"""Reads legs for whoever may ask: boards, one leg, a number on a date, a history."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from chalicelib.core.clock import Now, instant
from chalicelib.core.errors import NotFound
from chalicelib.flights import store
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import Direction, Flight

SILENT_AFTER = timedelta(minutes=10)  # of wall time without a word: the feed is shown as silent


class Feed(NamedTuple):
    """A feed behind a board: when it last spoke, and whether it has fallen silent."""

    name: str
    heard_at: datetime
    silent: bool


class Board(NamedTuple):
    """A part of an airport's board, in time order, with its window and the feeds behind it."""

    flights: list[Flight]
    cursor: str | None
    start: datetime
    end: datetime
    feeds: list[Feed]


def window(now: datetime) -> tuple[datetime, datetime]:
    """What a board shows unless asked otherwise: from an hour ago to twelve hours ahead."""
    return now - timedelta(hours=1), now + timedelta(hours=12)


def board(
    airport: str,
    direction: Direction,
    *,
    start: datetime,
    end: datetime,
    limit: int,
    cursor: str | None,
    now: Now,
) -> Board:
    """What an airport's board shows from `start` to before `end`. Two Querys: the index, and the feeds."""
    page = store.board(airport, direction, start=start, end=end, limit=limit, cursor=cursor, now=now.flight)
    sources = {seen.source for flight in page.flights for seen in flight.seen.values()}
    feeds = [
        Feed(feed.name, feed.heard_at.flight, now.wall - feed.heard_at.wall > SILENT_AFTER)
        for feed in store.feeds(now)
        if airport in feed.airports or feed.name in sources
    ]
    return Board(page.flights, page.cursor, page.start, page.end, feeds)


def whole_board(airport: str, direction: Direction, *, start: datetime, end: datetime, now: datetime) -> list[Flight]:
    """All legs of a board in a window as they stand this instant: who, by the index; how, by consistent reads."""
    legs: list[LegId] = []
    cursor = None
    while True:
        page = store.board(airport, direction, start=start, end=end, limit=1000, cursor=cursor, now=now)
        legs += [flight.leg for flight in page.flights]
        cursor = page.cursor
        if cursor is None:
            return sorted(current(legs, now), key=lambda flight: (board_time(flight, direction), flight.leg))


def route(origin: str, destination: str, *, start: datetime, end: datetime, now: datetime) -> list[Flight]:
    """All legs from an airport to another that leave from `start` to before `end`, as they stand this instant."""
    legs: list[LegId] = []
    cursor = None
    while True:
        page = store.board(origin, Direction.DEPARTURES, start=start, end=end, limit=1000, cursor=cursor, now=now)
        legs += [flight.leg for flight in page.flights if flight.status.destination == destination]
        cursor = page.cursor
        if cursor is None:
            return sorted(current(legs, now), key=lambda flight: (board_time(flight, Direction.DEPARTURES), flight.leg))


def board_time(flight: Flight, direction: Direction) -> str:
    """The instant by which a leg stands on a board; "" where it has none any more."""
    status = flight.status
    time = status.expected_out if direction is Direction.DEPARTURES else status.expected_in
    return instant(time) if time else ""


def current(legs: Iterable[LegId], now: datetime) -> list[Flight]:
    """Those of the legs that are there, as they stand this instant, hidden ones too."""
    return [kept.flight for kept in store.flights(legs, now)]


def flight(leg: LegId, now: datetime) -> Flight:
    """One leg the public may see. Raises NotFound."""
    kept = store.flight(leg, now)
    if kept is None or not kept.flight.status.visible:
        raise NotFound(f"there is no flight {leg}; flights are known from the day before to the day after")
    return kept.flight


def numbered(number: FlightNumber, day: date, now: datetime) -> list[Flight]:
    """The legs that fly under a number, their own or a codeshare's, on a local origin date, by departure."""
    found = current(store.legs_numbered(number, day, now), now)
    # A codeshare's item may be older than what the leg now says of itself.
    shown = [f for f in found if f.status.visible and str(number) in (str(f.leg.flight), *(f.status.codeshares or ()))]
    return sorted(shown, key=lambda flight: (board_time(flight, Direction.DEPARTURES), flight.leg))


def history(leg: LegId, after: int, now: datetime, limit: int | None = None) -> list[store.Version]:
    """The versions of a leg after one, oldest first."""
    return store.history(leg, after, now, limit)
