"""Who is told what, and when: the rules between a flight's state and a message. Pure.

What a follower is told hangs on three things alone: the follower's rule, what they were last told (`Told`), and the
flight as it now stands. Not on which change, reminder or retry made us look (`decide`). So looking twice, late or out
of order does no harm, several changes become one message, and what was taken back meanwhile is not told.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from chalicelib.channels.model import Address
from chalicelib.core.errors import Invalid
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import AT_THE_GATE, STAGES, Flight, FlightStatus, Phase

TIMES_WITHIN = timedelta(hours=24)  # of departure: earlier time changes are in the reminder (Google Wallet)
PLACES_WITHIN = timedelta(hours=3)  # likewise: earlier gate and terminal changes
MOST = 5  # messages of time, gate and terminal changes per leg and phase (AeroAPI's bundles)
REMINDERS = (24, 3)  # hours before departure


class Interest(StrEnum):
    """What a follower may ask to be told."""

    CANCELLATION = "cancellation"  # cancelled, or flown after all
    DIVERSION = "diversion"  # diverted, or returned
    TIME = "time"  # leaves or arrives later or earlier
    GATE = "gate"  # gate or terminal of departure
    BOARDING = "boarding"  # boarding, final call
    DEPARTURE = "departure"  # has left the gate
    ARRIVAL = "arrival"  # has landed
    BELT = "belt"  # where the bags come
    REMINDER = "reminder"  # 24 and 3 hours before departure


USUAL = frozenset({Interest.CANCELLATION, Interest.DIVERSION, Interest.TIME, Interest.GATE, Interest.REMINDER})


class Matter(StrEnum):
    """One thing that a message tells, in the order a passenger needs them."""

    CANCELLED = "cancelled"
    REINSTATED = "reinstated"  # it flies after all
    DIVERTED = "diverted"
    DIVERSION_ENDED = "diversion-ended"  # it goes to its destination after all
    RETURNED = "returned"  # to the gate, or to the airport it left
    DELAYED = "delayed"  # leaves (before departure) or arrives (after it) later than last told
    EARLIER = "earlier"  # or earlier than last told
    GATE = "gate"
    TERMINAL = "terminal"
    FINAL_CALL = "final-call"
    BOARDING = "boarding"
    DEPARTED = "departed"
    LANDED = "landed"
    BELT = "belt"
    REMINDER = "reminder"


_CRITICAL = {Matter.CANCELLED, Matter.REINSTATED, Matter.DIVERTED, Matter.DIVERSION_ENDED, Matter.RETURNED}
_MOVED = {Matter.DELAYED, Matter.EARLIER}
_COUNTED = {*_MOVED, Matter.GATE, Matter.TERMINAL}
# What is as good an hour later. A gate is told within three hours of departure only, and that can't wait.
_CAN_WAIT = {Matter.DELAYED, Matter.EARLIER, Matter.DEPARTED, Matter.LANDED, Matter.BELT, Matter.REMINDER}


class QuietHours(NamedTuple):
    """When a follower is not to be woken, by the clocks of the rule's zone; may go over midnight."""

    start: time
    end: time


@dataclass(frozen=True)
class Rule:
    """What a follower wants to be told, how, and when not."""

    language: str = "en"  # one of LANGUAGES
    zone: str = "UTC"  # IANA name: of the quiet hours
    interests: frozenset[Interest] = USUAL
    first_delay: int = 15  # minutes off schedule that are worth a message
    further: int = 10  # minutes off what was last told that are worth another
    quiet: QuietHours | None = None


@dataclass(frozen=True)
class Subject:
    """What is followed: a leg; a flight number on an origin date; or every flight of a route on one.

    Exactly one of `leg`, `number`, `route` is set; with the latter two `on`, the local origin date.
    """

    leg: LegId | None = None
    number: FlightNumber | None = None
    route: tuple[str, str] | None = None  # origin, destination
    on: date | None = None

    def __str__(self) -> str:
        """Its one spelling, such as `flight:UA1545-20260710-EWR`."""
        if self.leg:
            return f"flight:{self.leg}"
        assert self.on
        what = f"number:{self.number}" if self.number else f"route:{'-'.join(self.route or ())}"
        return f"{what}-{self.on:%Y%m%d}"

    @classmethod
    def parse(cls, text: str) -> "Subject":
        """The reverse of str(). Raises Invalid."""
        kind, _, rest = text.partition(":")
        what, _, day = rest.rpartition("-")
        try:
            if kind == "flight":
                return cls(leg=LegId.parse(rest))
            on = date(int(day[:4]), int(day[4:6]), int(day[6:]))
            if kind == "number":
                return cls(number=FlightNumber.parse(what), on=on)
            origin, destination = what.split("-")
            if kind == "route":
                return cls(route=(origin, destination), on=on)
        except ValueError:
            pass
        raise Invalid(f"{text[:60]!r} is nothing that can be followed")

    @property
    def day(self) -> date:
        """The local origin date of the flights."""
        day = self.leg.date if self.leg else self.on
        assert day
        return day

    def matches(self, flight: Flight) -> bool:
        """Whether a flight is followed by this."""
        return str(self) in subjects(flight)


def subjects(flight: Flight) -> list[str]:
    """Everything by which a flight may be followed, spelled as Subject spells it."""
    leg, status = flight.leg, flight.status
    day = f"{leg.date:%Y%m%d}"
    numbers = dict.fromkeys((str(leg.flight), *(status.codeshares or ())))
    routes = [f"route:{leg.origin}-{status.destination}-{day}"] if status.destination else []
    return [f"flight:{leg}", *(f"number:{number}-{day}" for number in numbers), *routes]


class Delivery(NamedTuple):
    """One message that was sent to a follower, or tried."""

    at: datetime
    matters: tuple[str, ...]
    version: int  # of the flight
    outcome: str  # of channels' Outcome
    id: str | None = None  # the provider's
    reason: str | None = None


@dataclass(frozen=True)
class Told:
    """What a follower was last told of a leg. What stands here is as they know it, not as it is."""

    version: int = 0  # of the flight, when they were told last
    out: datetime | None = None  # when it leaves the gate: the schedule, until they are told of a delay worth telling
    in_: datetime | None = None  # when it arrives at the gate, likewise
    off_schedule: bool = False  # they were told of such a delay
    arrival_moved: bool = False  # they were told, under way, that the arrival moved
    gate: str | None = None
    terminal: str | None = None
    belt: str | None = None
    cancelled: bool = False
    diverted_to: str | None = None
    returned_at: datetime | None = None  # the return they were told of
    phase: Phase = Phase.SCHEDULED
    counted: int = 0  # messages of time, gate and terminal changes in that phase
    reminded: int | None = None  # the last reminder they had, or need not have: hours before departure


@dataclass(frozen=True)
class News:
    """What a follower is to be told now: the matters, what they knew before, and what they know after."""

    matters: tuple[Matter, ...]
    before: Told
    after: Told

    @property
    def urgent(self) -> bool:
        """Whether it goes through quiet hours."""
        return not _CAN_WAIT.issuperset(self.matters)


@dataclass(frozen=True)
class Wait:
    """There is news, but not before this instant (flight clock)."""

    until: datetime


@dataclass(frozen=True)
class Follower:
    """A confirmed subscription as those who tell read it. `page` is where its row is: see `ledger`."""

    id: str  # the subscription's
    subject: Subject
    address: Address
    rule: Rule
    page: int
    secret: str | None = field(default=None, repr=False)  # what a webhook's messages are signed with
    code: str | None = field(default=None, repr=False)  # of the short link in SMS
    booked: bool = False  # a booking of theirs flies it, and has letters of its own on what they can do


def at_first(flight: Flight, now: datetime) -> Told:
    """What a new follower need not be told: where it stands, and reminders that are past.

    A cancellation, a diversion, a delay worth telling: these they are told at once.
    """
    status = flight.status
    left = status.expected_out is not None and status.expected_out <= now
    return replace(
        unseen(flight), version=flight.version, gate=status.departure_gate, terminal=status.departure_terminal,
        belt=status.belt, phase=status.phase, reminded=REMINDERS[-1] if left else _reminder(status, Told(), now),
    )  # fmt: skip


def unseen(flight: Flight) -> Told:
    """What a follower knows of a flight that appeared after they asked: its schedule."""
    status = flight.status
    return Told(out=status.scheduled_out or status.scheduled_off, in_=status.scheduled_in or status.scheduled_on)


def decide(rule: Rule, told: Told, flight: Flight, now: datetime) -> News | Wait | None:
    """What a follower is to be told of a flight now (flight clock); Wait where quiet hours hold it back."""
    status = flight.status
    found = set(_matters(rule, told, flight, now))
    counted = told.counted if told.phase == status.phase else 0
    if _COUNTED.issuperset(found) and (not found or counted >= MOST):
        return None
    after = replace(_as_it_stands(flight, told, rule), counted=counted + (not _COUNTED.isdisjoint(found)))
    if not found.isdisjoint(_MOVED):
        out, in_ = leaves(status), arrives(status)
        after = replace(after, out=out, in_=in_, off_schedule=True, arrival_moved=not to_leave(status))
    if Matter.REMINDER in found:
        after = replace(after, reminded=_reminder(status, told, now))
    news = News(tuple(matter for matter in Matter if matter in found), told, after)
    if not news.urgent and rule.quiet and (until := _quiet_until(rule, status, now)):
        return Wait(until)
    return news


def reminders(flight: Flight) -> dict[int, datetime]:
    """When the reminders of a flight are due, by their hours before departure; none where it has left or will not."""
    out = flight.status.expected_out
    if out is None or not to_leave(flight.status):
        return {}
    return {hours: out - timedelta(hours=hours) for hours in REMINDERS}


def to_leave(status: FlightStatus) -> bool:
    """Whether passengers are still to leave with it, or to leave again."""
    return status.visible and status.phase in (*AT_THE_GATE, Phase.RETURNED)


def leaves(status: FlightStatus) -> datetime | None:
    """When it leaves the gate, as far as that can be compared with what was told before."""
    return _at_the_gate(status, status.scheduled_out, status.departure_delay, status.expected_out)


def arrives(status: FlightStatus) -> datetime | None:
    """When it arrives at the gate, likewise."""
    return _at_the_gate(status, status.scheduled_in, status.arrival_delay, status.expected_in)


def _at_the_gate(
    status: FlightStatus, scheduled: datetime | None, delay: int | None, expected: datetime | None
) -> datetime | None:
    """By the delay: some sources estimate take-off and touch-down alone, which are no times at the gate."""
    if scheduled is None or status.cancelled:
        return expected
    return scheduled + timedelta(minutes=delay or 0)


def _matters(rule: Rule, told: Told, flight: Flight, now: datetime) -> Iterator[Matter]:
    asked, status = rule.interests, flight.status
    if not status.visible:
        return
    cancelled = status.phase is Phase.CANCELLED
    if cancelled != told.cancelled and Interest.CANCELLATION in asked:
        yield Matter.CANCELLED if cancelled else Matter.REINSTATED
    if cancelled:
        return
    if Interest.DIVERSION in asked:
        if status.diverted_to != told.diverted_to:
            yield Matter.DIVERTED if status.diverted_to is not None else Matter.DIVERSION_ENDED
        if _returned_at(flight) not in (None, told.returned_at):
            yield Matter.RETURNED
    if Interest.TIME in asked and (moved := _moved(rule, told, status, now)):
        yield moved
    if Interest.GATE in asked and to_leave(status) and _within(status.expected_out, now, PLACES_WITHIN):
        if status.departure_gate not in (None, told.gate):
            yield Matter.GATE
        if status.departure_terminal not in (None, told.terminal):
            yield Matter.TERMINAL
    yield from _progress(asked, told, status)
    if Interest.REMINDER in asked and (due := _reminder(status, told, now)) and due != told.reminded:
        yield Matter.REMINDER


def _returned_at(flight: Flight) -> datetime | None:
    """When the return that it stands back from was reported."""
    return flight.seen["returned"].at if flight.status.phase is Phase.RETURNED else None


def _moved(rule: Rule, told: Told, status: FlightStatus, now: datetime) -> Matter | None:
    if to_leave(status):
        scheduled, delay = status.scheduled_out, status.departure_delay
        known, expected, off_schedule = told.out, leaves(status), told.off_schedule
        near = _within(expected, now, TIMES_WITHIN) or _within(known, now, TIMES_WITHIN)
    else:
        scheduled, delay = status.scheduled_in, status.arrival_delay
        known, expected, off_schedule = told.in_, arrives(status), told.arrival_moved
        near = not (status.actual_in or status.actual_on or status.phase is Phase.DIVERTED)
    known = known or scheduled  # who followed before the times were known counts on the schedule
    if known is None or expected is None or not near:
        return None
    if delay is None and told.off_schedule and expected < known:
        return None  # an estimate that was taken back says nothing of when, least of all that it is earlier
    if abs(expected - known) < timedelta(minutes=rule.further if off_schedule else rule.first_delay):
        return None
    return Matter.DELAYED if expected > known else Matter.EARLIER


def _progress(asked: Iterable[Interest], told: Told, status: FlightStatus) -> Iterator[Matter]:
    if status.phase not in STAGES:
        return
    reached = STAGES.index(status.phase)
    known = Phase.AIRBORNE if told.phase is Phase.DIVERTED else told.phase
    before = STAGES.index(known) if known in STAGES else -1

    def newly(phase: Phase) -> bool:
        return before < STAGES.index(phase) <= reached

    if Interest.BOARDING in asked and to_leave(status):
        if status.phase is Phase.FINAL_CALL and newly(Phase.FINAL_CALL):
            yield Matter.FINAL_CALL
        elif status.phase is Phase.BOARDING and newly(Phase.BOARDING):
            yield Matter.BOARDING
    if Interest.DEPARTURE in asked and newly(Phase.DEPARTED) and reached < STAGES.index(Phase.LANDED):
        yield Matter.DEPARTED
    landed = reached >= STAGES.index(Phase.LANDED)
    if Interest.ARRIVAL in asked and landed and before < STAGES.index(Phase.LANDED):
        yield Matter.LANDED
    if Interest.BELT in asked and landed and status.belt not in (None, told.belt):
        yield Matter.BELT


def _reminder(status: FlightStatus, told: Told, now: datetime) -> int | None:
    """The reminder whose time has come, or the one they had last."""
    out = status.expected_out
    if out is None or out <= now or not to_leave(status):
        return told.reminded
    come = [hours for hours in REMINDERS if out - now <= timedelta(hours=hours)]
    return min([*come, *([] if told.reminded is None else [told.reminded])], default=None)


def _as_it_stands(flight: Flight, told: Told, rule: Rule) -> Told:
    """What they know once they have read a message, which shows the flight as it stands."""
    status = flight.status
    delay = status.departure_delay if to_leave(status) else status.arrival_delay
    off_schedule = told.off_schedule or abs(delay or 0) >= rule.first_delay
    known = Told(out=leaves(status), in_=arrives(status)) if off_schedule else unseen(flight)
    return replace(
        told, version=flight.version, out=known.out, in_=known.in_, off_schedule=off_schedule,
        gate=status.departure_gate, terminal=status.departure_terminal, belt=status.belt,
        cancelled=status.phase is Phase.CANCELLED, diverted_to=status.diverted_to,
        returned_at=_returned_at(flight) or told.returned_at, phase=status.phase,
    )  # fmt: skip


def _within(instant: datetime | None, now: datetime, span: timedelta) -> bool:
    return instant is not None and instant - now <= span


def _quiet_until(rule: Rule, status: FlightStatus, now: datetime) -> datetime | None:
    """The end of the quiet hours that it is in; or three hours before departure: what waits longer is of no use.

    None where nothing is to wait.
    """
    assert rule.quiet
    start, end = rule.quiet
    zone = ZoneInfo(rule.zone)
    local = now.astimezone(zone)
    over_midnight = start > end
    at = local.time()
    quiet = (at >= start or at < end) if over_midnight else start <= at < end
    if not quiet:
        return None
    ends_on = local.date() + timedelta(days=1 if over_midnight and at >= start else 0)
    until = datetime.combine(ends_on, end, zone).astimezone(now.tzinfo)
    out = status.expected_out
    if out is not None and to_leave(status):
        until = min(until, out - PLACES_WITHIN)
    return until if until > now else None
