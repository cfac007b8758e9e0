"""REST routes of flights: boards, one leg, its history and rights, a number on a date; and the AIDX feed's door."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from chalicelib import __version__
from chalicelib.airports.lookup import airport
from chalicelib.core import clock
from chalicelib.core.callers import ANYONE, ApiKey, Machine
from chalicelib.core.clock import instant
from chalicelib.core.config import config
from chalicelib.core.errors import Fault, Invalid, NotFound
from chalicelib.core.routes import Answer, Document, Query, Routes, Shape
from chalicelib.flights.answers import ChangeLine, FlightDetail, FlightRow, Instant
from chalicelib.flights.carriers import carrier
from chalicelib.flights.identity import FlightNumber, InvalidFlight, LegId
from chalicelib.flights.model import LONGEST_BOARD, Direction

if TYPE_CHECKING:
    from chalicelib.flights.rights import Right

routes = Routes(__name__)  # a view imports what it alone needs: every function of the app starts with this module

HISTORY_PART = 100  # versions in an answer
AIDX_TYPES = ("application/xml", "text/xml", "application/soap+xml")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None or not 2000 <= moment.year <= 2100:
            raise ValueError(text)
    except ValueError:
        raise ValueError("is not an instant such as 2026-07-10T12:00:00Z (a + is written %2B here)") from None
    return moment.replace(microsecond=0)


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise ValueError("is not a day such as 2026-07-10") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
Day = Annotated[date, BeforeValidator(_day)]


class BoardQuery(Query):
    """Which part of a board is asked for."""

    from_: Moment | None = Field(None, alias="from", description="RFC 3339; an hour ago unless given")
    to: Moment | None = Field(None, description="RFC 3339, exclusive; thirteen hours after `from` unless given")
    limit: int = Field(100, ge=1, le=500)
    cursor: str | None = Field(None, max_length=500, description="as the part before gave it; it carries its window")


class FeedLine(Shape):
    """A feed behind a board. A silent one has said nothing for ten minutes: what the board shows may be old."""

    name: str
    heard_at: Instant
    silent: bool


class BoardAnswer(Answer):
    """A part of a board, by the time a passenger waits for: actual, else estimated, else scheduled."""

    airport: str
    direction: Direction
    zone: str
    from_: Instant = Field(serialization_alias="from")
    to: Instant
    feeds: list[FeedLine]
    flights: list[FlightRow]
    cursor: str | None = None

    def tag(self) -> bytes:
        """Without the feeds' instants, which move each minute and change no flight; they come as a header too."""
        parts = [__version__, *(f"{row.id} {row.version}" for row in self.flights)]
        parts += [f"{feed.name} {feed.silent}" for feed in self.feeds]
        return f"{self.airport} {self.direction} {self.cursor} {parts}".encode()

    def headers(self) -> Mapping[str, str]:
        """When each feed last spoke, which a 304 brings up to date."""
        return {"Gatecall-Feeds": ", ".join(f"{f.name};heard={instant(f.heard_at)}" for f in self.feeds)}


class FlightsAnswer(Answer):
    """The legs of a flight number on a date."""

    flights: list[FlightDetail]


class FlightAnswer(Answer, FlightDetail):
    """One leg."""


class HistoryAnswer(Answer):
    """A part of a leg's history, oldest first. Where `more`, ask again with `after` the last version here."""

    flight: str
    version: int = Field(description="the leg's version now")
    changes: list[ChangeLine]
    more: bool


class RightLine(Shape):
    """Something that may be due, under what conditions, and the source of the rule."""

    scheme: str
    section: str
    kind: str = Field(description="compensation, refund, re-routing, care or transfer")
    wording: str
    amount: int | None = Field(None, description="for each passenger, in whole units; absent: no fixed sum")
    currency: str | None = None
    conditions: list[str]
    likelihood: str | None = Field(None, description="how the reported reason for the trouble bears on the claim")
    source: str
    url: str
    effective_from: date

    @classmethod
    def of(cls, right: "Right") -> Self:
        """A right with its source beside it."""
        return cls(
            scheme=right.scheme, section=right.section, kind=right.kind, wording=right.wording, amount=right.amount,
            currency=right.currency, conditions=list(right.conditions), likelihood=right.likelihood,
            source=right.source.regulation, url=right.source.url, effective_from=right.source.effective_from,
        )  # fmt: skip


class RightsAnswer(Answer):
    """What a passenger of a leg may be due as things stand."""

    flight: str
    rights: list[RightLine]
    disclaimer: str


def _board(iata: str, direction: Direction, query: BoardQuery) -> BoardAnswer:
    from chalicelib.flights import read

    now = _now()
    place = airport(iata)
    if place is None:
        raise NotFound(f"there is no airport {iata[:40]!r}; an airport's code looks like EWR")
    start = query.from_ or read.window(now.flight)[0]
    end = query.to or (start + timedelta(hours=13) if query.from_ else read.window(now.flight)[1])
    if not start < end <= start + LONGEST_BOARD:
        raise Invalid("the window can't be used", [Fault("query", "to", "is not within 4 days after `from`")])
    code = place.iata or place.icao
    board = read.board(code, direction, start=start, end=end, limit=query.limit, cursor=query.cursor, now=now)
    return BoardAnswer(
        airport=code,
        direction=direction,
        zone=place.zone,
        from_=board.start,
        to=board.end,
        feeds=[FeedLine(name=feed.name, heard_at=feed.heard_at, silent=feed.silent) for feed in board.feeds],
        flights=[FlightRow.of(flight) for flight in board.flights],
        cursor=board.cursor,
    )


@routes.get("/v1/airports/{iata}/departures", callers=ANYONE, max_age=10)
def departures(iata: str, query: BoardQuery) -> BoardAnswer:
    """The departures of an airport in a window of time."""
    return _board(iata, Direction.DEPARTURES, query)


@routes.get("/v1/airports/{iata}/arrivals", callers=ANYONE, max_age=10)
def arrivals(iata: str, query: BoardQuery) -> BoardAnswer:
    """The arrivals of an airport in a window of time."""
    return _board(iata, Direction.ARRIVALS, query)


class NumberQuery(Query):
    """A flight number on a date."""

    number: Annotated[str, AfterValidator(lambda text: str(FlightNumber.parse(text)))] = Field(
        description="such as UA1545, own or codeshare"
    )
    day: Day = Field(alias="date", description="the local date at the flight's origin")


class HistoryQuery(Query):
    """Which part of a history is asked for."""

    after: int = Field(0, ge=0, lt=10**9, description="the version one has; what came later is answered")


def _leg(id: str) -> LegId:
    try:
        return LegId.parse(id)
    except InvalidFlight as error:
        raise Invalid(
            str(error), [Fault("path", "id", "is not a flight id; one looks like UA1545-20130710-EWR")]
        ) from None


def _now() -> clock.Now:
    return clock.now(config().flight_clock)


@routes.get("/v1/flights", callers=ANYONE, max_age=10)
def flights_numbered(query: NumberQuery) -> FlightsAnswer:
    """The legs that fly under a number on a date, their own number or a codeshare's."""
    from chalicelib.flights import read

    number = FlightNumber.parse(query.number)
    operator = carrier(number.carrier)
    if operator and operator.iata:  # by its ICAO designator, perhaps
        number = number._replace(carrier=operator.iata)
    found = read.numbered(number, query.day, _now().flight)
    return FlightsAnswer(flights=[FlightDetail.of(flight) for flight in found])


@routes.get("/v1/flights/{id}", callers=ANYONE, max_age=10)
def flight(id: str) -> FlightAnswer:
    """One leg, with everything known of it."""
    from chalicelib.flights import read

    return FlightAnswer.of(read.flight(_leg(id), _now().flight))


@routes.get("/v1/flights/{id}/history", callers=ANYONE, max_age=10)
def flight_history(id: str, query: HistoryQuery) -> HistoryAnswer:
    """What changed on a leg, version by version: who reported it, when, from what to what."""
    from chalicelib.flights import read

    found = read.flight(_leg(id), _now().flight)
    versions = read.history(found.leg, query.after, _now().flight, limit=HISTORY_PART)
    return HistoryAnswer(
        flight=str(found.leg),
        version=found.version,
        changes=[ChangeLine.of(version.version, change) for version in versions for change in version.changes],
        more=len(versions) == HISTORY_PART,
    )


@routes.get("/v1/flights/{id}/rights", callers=ANYONE, max_age=60)
def flight_rights(id: str) -> RightsAnswer:
    """What a passenger of this leg may be due, by EU 261/2004, its UK counterpart and the US DOT's rules.

    Not legal advice."""
    from chalicelib.flights import read, rights

    now = _now().flight
    found = read.flight(_leg(id), now)
    destination = found.status.destination
    operator = carrier(found.leg.flight.carrier)
    due = rights.rights(
        found,
        origin=airport(found.leg.origin),
        destination=airport(destination) if destination else None,
        carrier_country=operator.country if operator else None,
        now=now,
    )
    lines = [RightLine.of(right) for right in due]
    return RightsAnswer(flight=str(found.leg), rights=lines, disclaimer=rights.NOT_LEGAL_ADVICE)


@routes.post(
    "/v1/feeds/aidx", callers=ApiKey("feeds:aidx"), consumes=AIDX_TYPES, produces=("text/xml", "application/json")
)
def aidx(body: bytes, headers: Mapping[str, str], machine: Machine) -> Document:
    """Take an IATA AIDX (RP 1797A) message, bare or in SOAP, and answer with the standard's FlightLegRS.

    The good legs of a message are taken and the bad ones named. A client that accepts application/json before XML
    gets errors as problem+json.
    """
    from chalicelib.flights import upload

    before_json, json, _ = headers.get("accept", "").lower().partition("json")
    wants_json = bool(json) and "xml" not in before_json
    return upload.take_aidx(body, machine, _now(), as_json=wants_json)
