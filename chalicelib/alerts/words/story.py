"""The sentences that tell a flight's news, the first of them what happened; and what may be due for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from chalicelib.airports.lookup import airport
from chalicelib.alerts.model import REMINDERS, Matter, News, arrives, leaves, to_leave
from chalicelib.alerts.words.texts import (
    clean,
    moment,
    moment_before,
    reason_words,
    said,
    span,
    texts,
    which,
)
from chalicelib.channels.texts import Texts
from chalicelib.flights.carriers import carrier
from chalicelib.flights.identity import FlightNumber
from chalicelib.flights.model import Flight, FlightStatus, Phase

_MOVED = {Matter.DELAYED, Matter.EARLIER}
_SAY_WHEN = {
    Matter.CANCELLED,
    Matter.REINSTATED,
    Matter.REMINDER,
    *_MOVED,
}  # matters whose sentence says when it leaves
_SAY_WHY = {Matter.CANCELLED, Matter.DELAYED, Matter.REMINDER}
# The codes say why it left late: not why it turned aside or back, and nothing once what they were given for is undone.
_SAY_NO_MORE_WHY = {Matter.DIVERTED, Matter.RETURNED, Matter.REINSTATED}
_NOT_LATE = (Phase.CANCELLED, Phase.DIVERTED, Phase.RETURNED)  # of these it says nothing by how much they are late
_IN_THE_AIR = (Phase.DEPARTED, Phase.AIRBORNE)
_IN_TIME = 5  # minutes that a reminder may take to be sent
_LONG = 3  # hours until departure from which on minutes are not said


class Part(StrEnum):
    """What a sentence is about; the later here, the sooner it may be missing."""

    HEADLINE = "headline"
    LINK = "link"
    NEWS = "news"
    PLACE = "place"
    LATE = "late"
    TIME = "time"
    ADVICE = "advice"
    FORMERLY = "formerly"
    REASON = "reason"
    DUE = "due"


class Sentence(NamedTuple):
    """One sentence of a message."""

    part: Part
    text: str


@dataclass(frozen=True)
class Due:
    """What may be due to passengers, as lines to read; and the rules behind it, each with its URL."""

    lines: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]


def name(flight: Flight, number: FlightNumber | None) -> str:
    """A flight by the number its passenger knows, such as "LH7600 (UA1545)" on a codeshare."""
    own = flight.leg.flight
    return f"{number} ({own})" if number not in (None, own) else str(own)


def route(t: Texts, flight: Flight, *, codes: bool = False) -> str:
    """Where from and where to; "" where that is not known."""
    if not flight.status.destination:
        return ""
    ends = (flight.leg.origin, flight.status.destination)
    origin, destination = ((clean(end, 4) or "?") if codes else which(t, end) for end in ends)
    return said(t["beside"]["route"], origin=origin, destination=destination)


def sentences(
    t: Texts,
    flight: Flight,
    news: News,
    now: datetime,
    number: FlightNumber | None,
    *,
    routed: bool = True,
    codes: bool = False,
    booked: bool = False,
) -> list[Sentence]:
    """A message, in the order it is read.

    The first sentence names the flight (`name`) and, where `routed`, its route; `codes` puts airports' codes for
    cities. Who is `booked` here is sent to their booking, where others are to ask their airline.
    """
    where = route(t, flight, codes=codes) if routed else ""
    return list(_Told(t, flight, news, now, f"{name(flight, number)} {where}".strip(), codes, booked).sentences())


def due_of(flight: Flight, language: str, now: datetime) -> Due | None:
    """What may be due to passengers of a flight as it now stands, in a language; None where nothing is."""
    return due(texts(language), flight, now)


def due(t: Texts, flight: Flight, now: datetime) -> Due | None:
    """What may be due to passengers of a flight as it now stands; None where nothing is."""
    from chalicelib.flights.rights import rights

    operator, destination = carrier(flight.leg.flight.carrier), flight.status.destination
    found = rights(
        flight,
        origin=airport(flight.leg.origin),
        destination=airport(destination) if destination else None,
        carrier_country=operator.country if operator else None,
        now=now,
    )
    rules: dict[str, str] = {}
    by_what: dict[tuple[str, int | None, str | None], list[str]] = {}
    for right in found:
        rule = t["due"].get(right.scheme, right.scheme)
        rules[rule] = right.source.url
        by_what.setdefault((right.kind, right.amount, right.currency), []).append(rule)
    lines = tuple(
        said(t["due"][f"{kind}_sum" if amount else kind], amount=amount, currency=currency, schemes=", ".join(named))
        for (kind, amount, currency), named in by_what.items()
    )
    return Due(lines, tuple(rules.items())) if lines else None


@dataclass(frozen=True)
class _Told:
    t: Texts
    flight: Flight
    news: News
    now: datetime
    name: str
    codes: bool
    booked: bool

    def sentences(self) -> Iterator[Sentence]:
        beside, status, matters = self.t["beside"], self.status, set(self.news.matters)
        yield from self._news()
        if self.to_leave and not matters & _SAY_WHEN:
            yield Sentence(Part.TIME, said(beside["leaves"], time=self._leaves()))
        if status.phase in _IN_THE_AIR and not matters & _MOVED and arrives(status):
            yield Sentence(Part.TIME, said(beside["arrives"], time=self._arrives()))
        if status.delayed and not matters & _MOVED and status.phase not in _NOT_LATE:
            yield from self._late()
        if self.to_leave:
            yield from self._place(matters)
        if Matter.CANCELLED in matters:
            yield Sentence(Part.ADVICE, beside["see_booking" if self.booked else "ask_airline"])
            if was := self.news.before.out or status.scheduled_out or status.scheduled_off:
                time = moment(self.t, was, self.flight.leg.origin, self.now)
                yield Sentence(Part.FORMERLY, said(beside["was_to_leave"], time=time))
        if matters & _SAY_WHY and not matters & _SAY_NO_MORE_WHY and (why := self._why()):
            yield Sentence(Part.REASON, said(beside["reason"], reason=why))

    @property
    def status(self) -> FlightStatus:
        return self.flight.status

    @property
    def to_leave(self) -> bool:
        return to_leave(self.status)

    def _news(self) -> Iterator[Sentence]:
        for number, (key, values) in enumerate(self._events()):
            text = self.t["news"][key]
            if number == 0:
                yield Sentence(Part.HEADLINE, said(text, flight=self.name, **values))
            else:
                rest = said(text.removeprefix("{flight}").lstrip(" :\N{FULLWIDTH COLON}"), **values)
                yield Sentence(Part.NEWS, rest[0].upper() + rest[1:])
            if key.startswith(("leaves", "arrives")):
                yield from self._late()

    def _events(self) -> Iterator[tuple[str, dict[str, str]]]:
        """For each matter the key of its text, and what is filled in."""
        status, before = self.status, self.news.before
        for matter in self._ordered():
            match matter:
                case Matter.DIVERTED:
                    yield self._diverted(status.diverted_to)
                case Matter.DIVERSION_ENDED | Matter.LANDED:
                    yield matter.replace("-", "_"), {"place": self._city(status.destination)}
                case Matter.RETURNED | Matter.DEPARTED:
                    yield matter, {"place": self._city(self.flight.leg.origin)}
                case Matter.DELAYED | Matter.EARLIER:
                    yield self._moved(matter)
                case Matter.GATE:
                    yield _new("gate", before.gate, status.departure_gate)
                case Matter.TERMINAL:
                    yield _new("terminal", before.terminal, status.departure_terminal)
                case Matter.BELT:
                    yield _new("belt", before.belt, status.belt)
                case Matter.REINSTATED:
                    yield matter, {"time": self._leaves()}
                case Matter.REMINDER if not {*_MOVED, Matter.REINSTATED} & set(self.news.matters):
                    yield matter, {"time": self._leaves(), "span": self._until()}
                case Matter.CANCELLED | Matter.FINAL_CALL | Matter.BOARDING:
                    yield matter.replace("-", "_"), {}

    def _ordered(self) -> Sequence[Matter]:
        """The matters, the weightiest first; a gate that is only now known is no weightier than the reminder."""
        matters, before = self.news.matters, self.news.before
        if Matter.REMINDER not in matters:
            return matters
        known = {Matter.GATE: clean(before.gate), Matter.TERMINAL: clean(before.terminal)}
        return sorted(matters, key=lambda matter: matter in known and not known[matter])

    def _diverted(self, to: str | None) -> tuple[str, dict[str, str]]:
        if not to:
            return "diverted_unknown", {}
        return "turning_back" if to == self.flight.leg.origin else "diverted", {"place": self._city(to)}

    def _moved(self, matter: Matter) -> tuple[str, dict[str, str]]:
        way = "later" if matter is Matter.DELAYED else "earlier"
        before, after = self.news.before, self.status
        if self.to_leave:
            was = moment_before(self.t, before.out, leaves(after), self.flight.leg.origin, self.now)
            return f"leaves_{way}", {"time": self._leaves(), "was": was}
        was = moment_before(self.t, before.in_, arrives(after), after.destination or "", self.now)
        return f"arrives_{way}", {"time": self._arrives(), "was": was}

    def _late(self) -> Iterator[Sentence]:
        minutes = self.status.departure_delay if self.to_leave else self.status.arrival_delay
        if minutes is not None:
            key = "late" if minutes > 0 else "early" if minutes < 0 else "on_time"
            yield Sentence(Part.LATE, said(self.t["beside"][key], span=span(self.t, abs(minutes))))

    def _place(self, told: set[Matter]) -> Iterator[Sentence]:
        terminal = clean(self.status.departure_terminal) if Matter.TERMINAL not in told else None
        gate = clean(self.status.departure_gate) if Matter.GATE not in told else None
        if terminal or gate:
            key = "terminal_and_gate" if terminal and gate else "only_gate" if gate else "only_terminal"
            yield Sentence(Part.PLACE, said(self.t["beside"][key], terminal=terminal, gate=gate))

    def _why(self) -> str | None:
        codes = self.status.delay_codes or ()
        if not codes:
            return None
        return reason_words(self.t, max(codes, key=lambda code: code.minutes or 0))

    def _city(self, code: str | None) -> str:
        return (clean(code or "?", 4) or "?") if self.codes else which(self.t, code or "?")

    def _leaves(self) -> str:
        return moment(self.t, leaves(self.status), self.flight.leg.origin, self.now)

    def _arrives(self) -> str:
        return moment(self.t, arrives(self.status), self.status.destination or "", self.now)

    def _until(self) -> str:
        """How long it is until departure: hours where a reminder is in time or it is long, else minutes too."""
        out = leaves(self.status)
        minutes = max(0, int((out - self.now).total_seconds() // 60)) if out else 0
        in_time = (hours for hours in REMINDERS if 0 <= 60 * hours - minutes <= _IN_TIME)
        hours = next(in_time, minutes // 60)
        return said(self.t["times"]["in_hours"], hours=hours) if hours >= _LONG else span(self.t, minutes)


def _new(key: str, before: str | None, after: str | None) -> tuple[str, dict[str, str]]:
    was, is_ = clean(before), clean(after) or "?"
    return (f"{key}_changed", {key: is_, "was": was}) if was else (key, {key: is_})
