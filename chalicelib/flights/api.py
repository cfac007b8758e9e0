"""REST routes of flights: boards, one leg, its history and rights, a number on a date; doors of operators and AIDX."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field, StrictBool, model_validator

from chalicelib import __version__
from chalicelib.airports.lookup import airport
from chalicelib.core import clock
from chalicelib.core.callers import ANYONE, OPERATORS, ApiKey, Machine, Person
from chalicelib.core.clock import instant
from chalicelib.core.config import config
from chalicelib.core.errors import Fault, Invalid, NotFound
from chalicelib.core.routes import Answer, Day, Document, Query, Routes, Shape
from chalicelib.flights.answers import ChangeLine, FlightDetail, FlightRow, Instant
from chalicelib.flights.carriers import carrier
from chalicelib.flights.delay_codes import reason
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import LONGEST_BOARD, DelayCode, Direction, Value

if TYPE_CHECKING:
    from chalicelib.flights.rights import Right

routes = Routes(__name__)  # a view imports what it alone needs: every function of the app starts with this module

HISTORY_PART = 100  # versions in an answer
_TURNS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")  # they would turn the rest of a page's line
AIDX_TYPES = ("application/xml", "text/xml", "application/soap+xml")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None or not 2000 <= moment.year <= 2100:
            raise ValueError(text)
    except ValueError:
        raise ValueError("is not an instant such as 2026-07-10T12:00:00Z (a + is written %2B here)") from None
    return moment.replace(microsecond=0)


Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]


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


def _time(text: Any) -> datetime:
    try:
        if isinstance(text, str):
            return _moment(text).astimezone(UTC)
    except ValueError:
        pass
    raise ValueError("is not an instant such as 2026-07-10T12:00:00Z")


def _place(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("is not as on a sign: printable characters, none of them a space at its ends")
    return text


def _words(text: str) -> str:
    if any(unicodedata.category(c) in ("Cc", "Zl", "Zp") or unicodedata.bidirectional(c) in _TURNS for c in text):
        raise ValueError("is not plain text on one line")
    if not text.strip():
        raise ValueError("is blank; null removes a note")
    return text.strip()


def _code(text: str) -> str:
    if reason(DelayCode(text)) is None:
        raise ValueError("is no code of AHM 730 such as 93 or RA")
    return text.upper()


def _diversion(code: str) -> str:
    place = airport(code)
    if place is None:
        raise ValueError("is not the code of an airport such as ORD")
    return place.iata or place.icao


Time = Annotated[AwareDatetime, BeforeValidator(_time)]
Place = Annotated[str, Field(min_length=1, max_length=12), AfterValidator(_place)]


class DelayReason(Shape):
    """Why a flight is late: a code of AHM 730, digits or letters, and the minutes it accounts for."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[
        str, Field(pattern="^([0-9]{2}[A-Za-z]?|[A-Za-z]{2}[0-9]?)$", examples=["93", "RA"]), AfterValidator(_code)
    ]
    minutes: int | None = Field(None, ge=1, le=4320)


def _named_only(schema: dict[str, Any]) -> None:
    """A client that filled in defaults would take everything back: there are none."""
    schema["minProperties"] = 1
    for of in schema["properties"].values():
        of.pop("default", None)


class OperatorUpdate(Shape):
    """What an operator says of a flight, one field at least: what is not named stays, what is null is taken back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_named_only)

    departure_gate: Place | None = None
    departure_terminal: Place | None = None
    arrival_gate: Place | None = None
    arrival_terminal: Place | None = None
    belt: Place | None = None
    estimated_out: Time | None = Field(None, description="RFC 3339; within 3 days of the schedule")
    estimated_in: Time | None = Field(None, description="likewise, and after it leaves")
    delay_codes: Annotated[list[DelayReason], Field(max_length=5)] | None = None
    cancelled: StrictBool = Field(False, description="false reinstates what was cancelled")
    diverted_to: Annotated[str, Field(max_length=4), AfterValidator(_diversion)] | None = Field(
        None, description="an airport, by its IATA or ICAO code; null: it goes to its destination"
    )
    note: Annotated[str, Field(min_length=1, max_length=280), AfterValidator(_words)] | None = Field(
        None, description="to passengers: plain text on one line"
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(f"it says nothing; it may name {', '.join(type(self).model_fields)}")
        return self

    def said(self) -> dict[str, Value]:
        """By field of a flight, those that are named."""
        named: dict[str, Any] = {name: getattr(self, name) for name in sorted(self.model_fields_set)}
        if "delay_codes" in named:
            codes = tuple(DelayCode(each.code, minutes=each.minutes) for each in self.delay_codes or ())
            named["delay_codes"] = codes or None
        return named


class OperatedAnswer(Answer):
    """The leg as it now stands, and what of it changed by what was said; nothing, where all was known."""

    flight: FlightDetail
    changes: list[ChangeLine]


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

    return FlightAnswer.of(read.flight(LegId.of_path(id), _now().flight))


@routes.get("/v1/flights/{id}/history", callers=ANYONE, max_age=10)
def flight_history(id: str, query: HistoryQuery) -> HistoryAnswer:
    """What changed on a leg, version by version: who reported it, when, from what to what."""
    from chalicelib.flights import read

    found = read.flight(LegId.of_path(id), _now().flight)
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
    found = read.flight(LegId.of_path(id), now)
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
    "/v1/flights/{id}/updates",
    callers=OPERATORS,
    others={
        403: "The account is not an operator's, or acts for other airlines and airports; the detail names the fields",
        409: "The flight does not stand so that this could be said of it; the detail says what could",
        429: None,
    },
)
def update_flight(id: str, body: OperatorUpdate, person: Person, client: str) -> OperatedAnswer:
    """Say what is so of a flight, as its airline or as an airport it flies from or to: all of it is taken, or nothing.

    An airline says everything of its flights. The airport of departure: `departure_gate`, `departure_terminal`,
    `estimated_out`, `delay_codes`, `cancelled`, `diverted_to`, `note`. The destination, and the airport a flight is
    diverted to: `arrival_gate`, `arrival_terminal`, `belt`, `estimated_in`, `note`.

    Field by field the newer word counts, whosever it is: what a feed observes later replaces what is said here, and
    what is said here replaces what was known before. Of two words of one second the operator's counts. The history
    names the airline or airport for which it was said (`operator:UA`), never a person.
    """
    from chalicelib.flights import operate

    leg = LegId.of_path(id)
    now = _now()
    flight, changes = operate.operate(leg, body.said(), person, client, now)
    lines = [ChangeLine.of(version, change) for version, change in changes]
    return OperatedAnswer(flight=FlightDetail.of(flight), changes=lines)


@routes.post(
    "/v1/feeds/aidx", callers=ApiKey("feeds:aidx"), consumes=AIDX_TYPES, produces=("text/xml", "application/json"),
    others={
        400: "What was sent is no AIDX message", 413: "The message is larger than what is taken",
        503: "Its legs can't be kept now: try again after Retry-After",
    },
)  # fmt: skip
def aidx(body: bytes, headers: Mapping[str, str], machine: Machine) -> Document:
    """Take an IATA AIDX (RP 1797A) message, bare or in SOAP, and answer with the standard's FlightLegRS.

    The good legs of a message are taken and the bad ones named. A client that accepts application/json before XML
    gets errors as problem+json.
    """
    from chalicelib.flights import upload

    before_json, json, _ = headers.get("accept", "").lower().partition("json")
    wants_json = bool(json) and "xml" not in before_json
    return upload.take_aidx(body, machine, _now(), as_json=wants_json)
