"""What a flight leg is, and how what its sources say of it becomes its status.

A source never states a whole flight: it observes fields, each at an instant (`Observation`). A flight keeps, field by
field, the observation that won: the newer attempt, then the newer instant, then the source of higher priority, then the
greater value. That order is total, so observations may arrive in any order, twice or late: the flight ends the same.
Everything else (phase, delay, changes) is derived from the fields that won, in `FlightStatus.of` and `compare`.

Times are UTC instants. OOOI: out (off-block), off (take-off), on (touch-down), in (on-block).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple, Self

from chalicelib.flights.identity import InvalidFlight, LegId

ON_TIME = 15  # minutes: BTS and Eurocontrol OTP15: late from the 15th minute at the gate on
LONGEST_BOARD = timedelta(days=4)  # the longest window that is shown at a time
SOURCE_PRIORITY = {"replay": 1, "aidx": 2, "operator": 3}  # by the part of the source's name before ':'


class Phase(StrEnum):
    """How far a leg has come. Delay is no phase but a flag beside it."""

    SCHEDULED = "scheduled"
    CHECK_IN = "check-in"
    BOARDING = "boarding"
    FINAL_CALL = "final-call"
    GATE_CLOSED = "gate-closed"
    DEPARTED = "departed"
    AIRBORNE = "airborne"
    LANDED = "landed"
    ARRIVED = "arrived"
    CANCELLED = "cancelled"
    DIVERTED = "diverted"
    RETURNED = "returned"


STAGES = tuple(Phase)[: tuple(Phase).index(Phase.CANCELLED)]  # the phases of an ordinary flight, in order
AT_THE_GATE = STAGES[: STAGES.index(Phase.DEPARTED)]


class Kind(StrEnum):
    """What a change is about, as told to those who asked."""

    DELAYED = "delayed"
    EARLIER = "earlier"
    RESCHEDULED = "rescheduled"
    GATE = "gate"
    TERMINAL = "terminal"
    BELT = "belt"
    CHECK_IN = "check-in"
    BOARDING = "boarding"
    FINAL_CALL = "final-call"
    GATE_CLOSED = "gate-closed"
    DEPARTED = "departed"
    AIRBORNE = "airborne"
    LANDED = "landed"
    ARRIVED = "arrived"
    CANCELLED = "cancelled"
    REINSTATED = "reinstated"
    DIVERTED = "diverted"
    RETURNED = "returned"
    AIRCRAFT = "aircraft"
    WITHDRAWN = "withdrawn"  # its source took the leg off the public display, or deleted it
    UPDATED = "updated"  # any other field


class Direction(StrEnum):
    """The two boards of an airport."""

    DEPARTURES = "departures"
    ARRIVALS = "arrivals"


class Shown(StrEnum):
    """Whether the public may see a leg (AIDX SpecialAction)."""

    SHOWN = "shown"
    HIDDEN = "hidden"
    DELETED = "deleted"


class DelayCode(NamedTuple):
    """Why a leg is late: a code, the scheme it belongs to, and the minutes it accounts for, where the source says."""

    code: str
    scheme: str = "AHM730"
    minutes: int | None = None


Value = datetime | str | bool | tuple[str, ...] | tuple[DelayCode, ...] | None


@dataclass(frozen=True, slots=True)
class Observation:
    """One field's value and the instant (UTC) at which the source set it."""

    value: Value
    at: datetime


@dataclass(frozen=True, slots=True)
class FlightUpdate:
    """What one source says of one leg: the fields it observed (names of `FlightStatus`), and nothing of the others.

    A value of None says that the source took its former value back. `attempt` above 1 is a new departure attempt of
    the same leg (AIDX RepeatNumber): what was observed of an earlier attempt's progress no longer counts.
    """

    leg: LegId
    source: str
    observed: Mapping[str, Observation]
    attempt: int = 1


class Seen(NamedTuple):
    """The observation of a field that won, and who made it."""

    value: Value
    at: datetime
    source: str
    attempt: int = 1

    def beats(self, other: "Seen | None") -> bool:
        """Whether this observation replaces the other. A total order: of two that differ, exactly one wins."""
        if other is None or self == other:
            return other is None
        return self.rank > other.rank

    @property
    def rank(self) -> tuple[int, datetime, int, str, str]:
        """What observations are ordered by."""
        priority = SOURCE_PRIORITY.get(self.source.partition(":")[0], 0)
        return self.attempt, self.at, priority, canonical(self.value), self.source


def canonical(value: Value) -> str:
    """A value as text that is the same for equal values, to order and compare by."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else repr(value)


@dataclass(frozen=True, slots=True)
class Change:
    """One field's step from one committed version to the next, with who reported it and when."""

    kind: Kind
    field: str
    before: Value | Phase
    after: Value | Phase
    source: str
    at: datetime


# Observed of one departure attempt; a new attempt starts without them.
_OF_ATTEMPT = frozenset({
    "estimated_out", "estimated_off", "estimated_on", "estimated_in",
    "actual_out", "actual_off", "actual_on", "actual_in", "stage", "returned", "diverted_to",
})  # fmt: skip
_ACTUALS = ("actual_out", "actual_off", "actual_on", "actual_in")
_TIMES = tuple(f"{s}_{e}" for s in ("scheduled", "estimated", "actual") for e in ("out", "off", "on", "in"))


@dataclass(frozen=True, slots=True)
class FlightStatus:
    """A leg as it now stands: the fields sources observe, and below them what is derived from those."""

    destination: str | None = None
    scheduled_out: datetime | None = None
    scheduled_off: datetime | None = None
    scheduled_on: datetime | None = None
    scheduled_in: datetime | None = None
    estimated_out: datetime | None = None
    estimated_off: datetime | None = None
    estimated_on: datetime | None = None
    estimated_in: datetime | None = None
    actual_out: datetime | None = None
    actual_off: datetime | None = None
    actual_on: datetime | None = None
    actual_in: datetime | None = None
    departure_terminal: str | None = None
    departure_gate: str | None = None
    departure_stand: str | None = None
    arrival_terminal: str | None = None
    arrival_gate: str | None = None
    arrival_stand: str | None = None
    belt: str | None = None
    registration: str | None = None
    aircraft_type: str | None = None
    stage: str | None = None  # the phase as the source words it, for sources that give no times; one of STAGES
    cancelled: bool | None = None
    diverted_to: str | None = None  # an airport; "" when it is not known where to
    returned: bool | None = None  # to the gate or from the air, of this attempt
    codeshares: tuple[str, ...] | None = None
    delay_codes: tuple[DelayCode, ...] | None = None
    inbound: str | None = None  # the leg that brings the aircraft
    onward: str | None = None  # the leg the aircraft flies next
    derived: bool | None = None  # not in the source's data but derived from them by a rule
    shown: str | None = None  # one of Shown
    locked: bool | None = None  # its source says no more of it (AIDX SpecialAction LockDown)
    note: str | None = None  # an operator's words to passengers

    phase: Phase = Phase.SCHEDULED
    departure_delay: int | None = None  # minutes at the gate (runway where no gate time is known); negative: early
    arrival_delay: int | None = None
    delayed: bool = False  # at least 15 minutes late at the end that counts now

    @classmethod
    def of(cls, seen: Mapping[str, Seen]) -> Self:
        """Derive the status from the observations that won."""
        attempt = max((s.attempt for s in seen.values()), default=1)
        current = {n: s for n, s in seen.items() if n not in _OF_ATTEMPT or s.attempt == attempt}
        for name in _contradicted(current):
            del current[name]
        values: dict[str, Any] = {name: s.value for name, s in current.items()}
        phase = _phase(values, current.get("returned"))
        times = _to_come(values) if phase is Phase.RETURNED else values
        departure_delay, arrival_delay = _delay(times, "out", "off"), _delay(times, "in", "on")
        left = times.get("actual_out") or times.get("actual_off")
        relevant = arrival_delay if left and arrival_delay is not None else departure_delay
        delayed = phase is not Phase.CANCELLED and relevant is not None and relevant >= ON_TIME
        return cls(**values, phase=phase, departure_delay=departure_delay, arrival_delay=arrival_delay, delayed=delayed)

    @property
    def expected_out(self) -> datetime | None:
        """When the leg left or is now expected to leave the gate; as scheduled where it is cancelled."""
        return self._expected("out", "off")

    @property
    def expected_in(self) -> datetime | None:
        """When the leg reached or is now expected to reach the gate; as scheduled where it is cancelled."""
        return self._expected("in", "on")

    def _expected(self, gate: str, runway: str) -> datetime | None:
        states = ("scheduled",) if self.cancelled else ("actual", "estimated", "scheduled")
        times: Mapping[str, Any] = {name: getattr(self, name) for name in _TIMES}
        if self.phase is Phase.RETURNED:
            times = _to_come(times)
        return next((t for s in states for e in (gate, runway) if (t := times.get(f"{s}_{e}"))), None)

    @property
    def visible(self) -> bool:
        """Whether the public may see the leg."""
        return self.shown in (None, Shown.SHOWN)


OBSERVED = tuple(f.name for f in fields(FlightStatus))[:-4]  # the fields a source may observe
_FIELDS = frozenset(OBSERVED)


@dataclass(frozen=True)
class Flight:
    """A leg with its committed version: 1 at its first appearance, one more with every change."""

    leg: LegId
    seen: Mapping[str, Seen] = field(default_factory=dict)
    version: int = 0

    @cached_property
    def status(self) -> FlightStatus:
        """The leg as it now stands."""
        return FlightStatus.of(self.seen)

    @property
    def airports(self) -> tuple[str, ...]:
        """The airports concerned: origin, destination and, where diverted, the one it goes to."""
        stops = (self.leg.origin, self.status.destination, self.status.diverted_to)
        return tuple(dict.fromkeys(a for a in stops if a))


def apply(flight: Flight | None, update: FlightUpdate) -> tuple[Flight, list[Change]]:
    """Take an update into a flight (None: one not seen before).

    Returns the flight and the changes, in the order they matter to a passenger. The first appearance of a flight is
    not a change. Without changes the version stays; a newer confirmation of a value still advances its instant.
    Where nothing is new the flight returned is the one given. Raises InvalidFlight for a field no flight has.
    """
    return apply_all(flight, [update])


def apply_all(flight: Flight | None, updates: Iterable[FlightUpdate]) -> tuple[Flight, list[Change]]:
    """Take updates of one leg as one step: one version, with what changed from before the first to after the last."""
    after = flight
    for update in updates:
        after = _merge(after, update)
    if after is None:
        raise InvalidFlight("a flight needs an update to appear by")
    if flight is None:
        return replace(after, version=1), []
    changes = compare(flight, after) if after is not flight else []
    return (replace(after, version=flight.version + 1) if changes else after), changes


def _merge(flight: Flight | None, update: FlightUpdate) -> Flight:
    """The flight with the observations that won; the one given where none did."""
    unknown = [name for name in update.observed if name not in _FIELDS]
    if unknown:
        raise InvalidFlight(f"{update.leg}: no flight has a field {', '.join(unknown)}")
    known = flight.seen if flight else {}
    won = {}
    for name, observation in update.observed.items():
        value = _whole(observation.value) if isinstance(observation.value, datetime) else observation.value
        seen = Seen(value, _whole(observation.at), update.source, update.attempt)
        if seen.beats(known.get(name)):
            won[name] = seen
    if flight and not won:
        return flight
    return Flight(update.leg, {**known, **won}, flight.version if flight else 0)


def _whole(moment: datetime) -> datetime:
    """Instants count in whole seconds, as they are stored."""
    return moment.replace(microsecond=0)


def compare(before: Flight, after: Flight) -> list[Change]:
    """The changes from one state of a flight to a later one."""
    old, new = before.status, after.status
    found = []
    for name in OBSERVED:
        was, is_ = getattr(old, name), getattr(new, name)
        if was != is_:
            # What disappears with an attempt is reported by whoever reported the attempt.
            cause = after.seen.get(name) or before.seen[name]
            if cause == before.seen.get(name):
                cause = max(after.seen.values(), key=lambda s: (s.attempt, s.at))
            found.append(Change(_kind(name, was, is_, old, new), name, was, is_, cause.source, cause.at))
    if not found and old.phase != new.phase:  # a second return: the same value, observed after another departure
        cause = max(after.seen.values(), key=lambda s: (s.attempt, s.at))
        kind = Kind(str(new.phase)) if str(new.phase) in tuple(map(str, Kind)) else Kind.UPDATED
        found.append(Change(kind, "phase", old.phase, new.phase, cause.source, cause.at))
    return sorted(found, key=lambda change: _IMPORTANCE.index(change.kind))


_IMPORTANCE = (
    Kind.CANCELLED, Kind.DIVERTED, Kind.RETURNED, Kind.REINSTATED, Kind.WITHDRAWN, Kind.ARRIVED, Kind.LANDED,
    Kind.AIRBORNE, Kind.DEPARTED, Kind.DELAYED, Kind.EARLIER, Kind.RESCHEDULED, Kind.GATE, Kind.TERMINAL,
    Kind.GATE_CLOSED, Kind.FINAL_CALL, Kind.BOARDING, Kind.CHECK_IN, Kind.BELT, Kind.AIRCRAFT, Kind.UPDATED,
)  # fmt: skip

_KIND_BY_FIELD = {
    "departure_gate": Kind.GATE, "arrival_gate": Kind.GATE,
    "departure_terminal": Kind.TERMINAL, "arrival_terminal": Kind.TERMINAL, "belt": Kind.BELT,
}  # fmt: skip
_KIND_BY_ACTUAL = {"actual_out": Kind.DEPARTED, "actual_off": Kind.AIRBORNE,
                   "actual_on": Kind.LANDED, "actual_in": Kind.ARRIVED}  # fmt: skip


def _kind(name: str, was: Any, is_: Any, old: FlightStatus, new: FlightStatus) -> Kind:  # noqa: PLR0911 - a table
    if name in _KIND_BY_FIELD:
        return _KIND_BY_FIELD[name]
    if name in _KIND_BY_ACTUAL:
        return _KIND_BY_ACTUAL[name] if was is None else Kind.UPDATED
    match name:
        case "cancelled":
            return Kind.CANCELLED if is_ else Kind.REINSTATED
        case "diverted_to":
            return Kind.DIVERTED if is_ is not None else Kind.UPDATED
        case "returned":
            return Kind.RETURNED if is_ else Kind.UPDATED
        case "shown":
            return Kind.UPDATED if new.visible else Kind.WITHDRAWN
        case "registration" | "aircraft_type":
            return Kind.AIRCRAFT if was is not None else Kind.UPDATED
        case "stage":
            timed = any(getattr(new, a) and k == is_ for a, k in _KIND_BY_ACTUAL.items())
            return Kind(is_) if is_ in STAGES[1:] and new.phase == is_ != old.phase and not timed else Kind.UPDATED
        case "estimated_out" | "estimated_in" | "estimated_off" | "estimated_on":
            return _movement(name, old, new)
    return Kind.RESCHEDULED if name.startswith("scheduled_") and was is not None else Kind.UPDATED


def _movement(name: str, old: FlightStatus, new: FlightStatus) -> Kind:
    """Delayed or earlier, against what was expected before; a first estimate, against the schedule."""
    event = name.removeprefix("estimated_")
    was = getattr(old, name) or getattr(old, f"scheduled_{event}")
    now = getattr(new, name)  # None: taken back, which says nothing of when
    if was is None or now is None or was == now or getattr(new, f"actual_{event}") or new.cancelled:
        return Kind.UPDATED
    return Kind.DELAYED if now > was else Kind.EARLIER


def _to_come(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The times of a leg that came back: those of its departure gave way to later estimates of the next."""
    left = max(filter(None, (values.get("actual_out"), values.get("actual_off"))), default=None)
    again = next(filter(None, (values.get("estimated_out"), values.get("estimated_off"))), None)
    if not left or not again or again <= left:
        return values
    return {name: value for name, value in values.items() if not name.startswith("actual_")}


def _delay(values: Mapping[str, Any], gate: str, runway: str) -> int | None:
    for event in (gate, runway):
        scheduled = values.get(f"scheduled_{event}")
        now = values.get(f"actual_{event}") or values.get(f"estimated_{event}")
        if scheduled and now:
            return int((now - scheduled).total_seconds() // 60)
    return None


def _contradicted(seen: Mapping[str, Seen]) -> Sequence[str]:
    """Actual times that would have the leg arrive before it left: of two that can't both be, the older observation."""
    accepted: dict[str, datetime] = {}
    rejected: list[str] = []
    actual = [(n, seen[n]) for n in _ACTUALS if n in seen and seen[n].value is not None]
    if all(early[1].value <= late[1].value for early, late in pairwise(actual)):  # type: ignore[operator] # instants
        return rejected
    for name, s in sorted(actual, key=lambda pair: (pair[1].rank, pair[0]), reverse=True):
        time, place = s.value, _ACTUALS.index(name)
        assert isinstance(time, datetime)
        fits = all((_ACTUALS.index(n) < place and t <= time) or (_ACTUALS.index(n) > place and t >= time)
                   for n, t in accepted.items())  # fmt: skip
        if fits:
            accepted[name] = time
        else:
            rejected.append(name)
    return rejected


def _phase(values: Mapping[str, Any], returned: Seen | None) -> Phase:
    if values.get("cancelled"):
        return Phase.CANCELLED
    if values.get("diverted_to") is not None:
        return Phase.DIVERTED
    left = values.get("actual_out")
    if returned and returned.value and not (left and left > returned.at):
        return Phase.RETURNED
    said = values.get("stage")
    reached = [Phase(said)] if said in STAGES else []
    by_time = zip(_ACTUALS, (Phase.DEPARTED, Phase.AIRBORNE, Phase.LANDED, Phase.ARRIVED), strict=True)
    reached += [phase for name, phase in by_time if values.get(name)]
    return max(reached, key=STAGES.index, default=Phase.SCHEDULED)
