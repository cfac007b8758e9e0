"""An operator's word on a flight: who may say what, what makes sense as the flight stands, and how it is taken.

It is one more source of updates, `operator:` and the airline or airport that the operator acts for (never the person),
and goes the way of every other: a newer word of a feed counts more, and at one instant the operator's does.
"""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from typing import Any

from chalicelib.accounts import audit
from chalicelib.accounts.model import Event
from chalicelib.airports.lookup import airport
from chalicelib.core.callers import Person, Role
from chalicelib.core.clock import Now, instant
from chalicelib.core.errors import Conflict, Fault, Forbidden, Invalid, Unavailable
from chalicelib.core.telemetry import logger
from chalicelib.flights import ingest, read
from chalicelib.flights.carriers import carrier
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import (
    STAGES,
    Change,
    DelayCode,
    Flight,
    FlightStatus,
    FlightUpdate,
    Observation,
    Phase,
    Value,
)

FROM_SCHEDULE = timedelta(days=3)  # as far as an estimate may lie from it
AT_DEPARTURE = (
    "departure_gate", "departure_terminal", "estimated_out", "delay_codes", "cancelled", "diverted_to", "note",
)  # fmt: skip
AT_ARRIVAL = ("arrival_gate", "arrival_terminal", "belt", "estimated_in", "note")
FIELDS = tuple(dict.fromkeys(AT_DEPARTURE + AT_ARRIVAL))
_OF_A_CANCELLED_FLIGHT = ("cancelled", "delay_codes", "note")


def operate(
    leg: LegId, said: Mapping[str, Value], person: Person, client: str, now: Now
) -> tuple[Flight, list[tuple[int, Change]]]:
    """Take what a person says of a flight, by field (None takes back): all of it, or nothing.

    Returns the flight as it now stands, and what changed with the version it changed in; nothing, where all was known.
    Raises NotFound, Forbidden, Conflict and Invalid, each before anything is done, and Unavailable.
    """
    before = read.flight(leg, now.flight)
    may = mandate(person, before)
    if barred := [name for name in said if name not in may]:
        raise Forbidden(
            f"this account may not set {', '.join(barred)} of {leg}: it acts for"
            f" {', '.join(person.airlines + person.airports)}, and may set {', '.join(may) or 'nothing of it'}"
        )
    if said.get("cancelled") is False and not before.status.cancelled:  # who reinstates once more is right
        said = {name: value for name, value in said.items() if name != "cancelled"}
        if not said:
            return before, []
    check(before, said, may)
    detail = tuple((name, _as_text(name, value)) for name, value in said.items())
    event = Event(now.wall, "flight-updated", person.id, f"flight:{leg}", client, detail)
    audit.record(event, now.wall)  # first: nothing is done without its line
    updates = list(updates_of(before, said, may, now.flight))
    taken = ingest.take(updates, now, sleep=time.sleep)
    if taken.failed:
        raise Unavailable(f"{leg} can't be changed just now; nothing of this was taken")
    logger.info("operated", flight=str(leg), account=person.id, fields=list(said))
    after = read.flight(leg, now.flight)
    return after, list(_made_by(updates, before, now)) if taken.changed else []


def mandate(person: Person, flight: Flight) -> dict[str, str]:
    """The fields of a flight that a person may set, each with the airline or airport for which they do: or `admin`.

    An airline sets everything of its flights, an airport what happens there; where a flight is diverted, at the airport
    it goes to as at its destination. Designators and codes count as IATA's and ICAO's.
    """
    if person.role is Role.ADMIN:
        return dict.fromkeys(FIELDS, "admin")
    status, operator = flight.status, flight.leg.flight.carrier
    ends = ((status.diverted_to, AT_ARRIVAL), (status.destination, AT_ARRIVAL), (flight.leg.origin, AT_DEPARTURE))
    may: dict[str, str] = {}
    for code, fields in ends:
        if code and any(code == own or _is_one(airport(code), airport(own)) for own in person.airports):
            may |= dict.fromkeys(fields, code)
    if any(operator == own or _is_one(carrier(operator), carrier(own)) for own in person.airlines):
        may |= dict.fromkeys(FIELDS, operator)
    return may


def check(flight: Flight, said: Mapping[str, Value], may: Mapping[str, str]) -> None:
    """See that what is said of a flight can be so, as the flight stands. Raises Conflict or Invalid.

    What is taken back always can.
    """
    leg, status, given = flight.leg, flight.status, {name: v for name, v in said.items() if v is not None}
    cancels = given.get("cancelled")
    # How far it has come, whatever was said of its being cancelled or diverted.
    phase = FlightStatus.of({
        name: seen._replace(value=None) if name in ("cancelled", "diverted_to") else seen
        for name, seen in flight.seen.items()
    }).phase  # fmt: skip
    left = phase in STAGES[STAGES.index(Phase.DEPARTED) :]
    arrived = phase is Phase.ARRIVED
    beside = [name for name in given if name not in _OF_A_CANCELLED_FLIGHT]
    if cancels and left and not status.cancelled:
        raise Conflict(f"{leg} has left, so it can't be cancelled; diverted_to says where it goes instead")
    if cancels and beside:
        faults = [Fault("body", name, "is nothing that a cancelled flight has; null takes it back") for name in beside]
        raise Invalid(f"a flight that is cancelled takes no {', '.join(beside)}", faults)
    if cancels is None and status.cancelled and beside:
        raise Conflict(f'{leg} is cancelled; {", ".join(beside)} can be set together with "cancelled": false')
    if arrived and (late := [name for name in ("diverted_to", "estimated_out", "estimated_in") if name in given]):
        raise Conflict(f"{leg} has arrived, so {', '.join(late)} can't be set any more; null takes it back")
    if left and "estimated_out" in given:
        raise Conflict(f"{leg} has left, so estimated_out can't be set any more; estimated_in can")
    if "diverted_to" in given and given["diverted_to"] == status.destination:
        fault = Fault("body", "diverted_to", "is where the flight goes anyway; null ends a diversion")
        raise Invalid(f"{leg} can't be diverted to its own destination", [fault])
    _check_estimates(flight, said, may, left=left)


def _check_estimates(flight: Flight, said: Mapping[str, Any], may: Mapping[str, str], *, left: bool) -> None:
    leg, status = flight.leg, flight.status
    planned_out = status.scheduled_out or status.scheduled_off or datetime.combine(leg.date, clock_time(12), UTC)
    planned_in = status.scheduled_in or status.scheduled_on or planned_out
    for name, planned in (("estimated_out", planned_out), ("estimated_in", planned_in)):
        if said.get(name) and abs(said[name] - planned) > FROM_SCHEDULE:
            fault = Fault("body", name, f"is not within 3 days of what is planned, {instant(planned)}")
            raise Invalid(f"{name} is too far from the schedule of {leg}", [fault])
    out = (status.actual_out or status.actual_off) if left else said.get("estimated_out", status.estimated_out)
    in_ = said.get("estimated_in", status.estimated_in)
    if not out or not in_ or in_ > out:
        return
    if said.get("estimated_in"):
        fault = Fault("body", "estimated_in", f"is not after {instant(out)}, when it leaves")
        raise Invalid(f"{leg} can't arrive before it leaves", [fault])
    # The airport it leaves from may not say when it arrives: its delay counts all the same, and the airline's word is
    # for the airline to mend.
    if said.get("estimated_out") and "estimated_in" in may:
        raise Conflict(f"{leg} is expected to arrive at {instant(in_)}, before that; say estimated_in too, or null")


def updates_of(
    flight: Flight, said: Mapping[str, Value], may: Mapping[str, str], now: datetime
) -> Iterator[FlightUpdate]:
    """What is said as updates, one for each airline or airport that it is said for.

    It is said in view of the flight: of its departure attempt, and after what it replaces, even where that was said in
    the same second or by a clock that is fast. Taking back what was never said is nothing.
    """
    attempt = max((seen.attempt for seen in flight.seen.values()), default=1)
    by_source: dict[str, dict[str, Observation]] = {}
    for name, value in said.items():
        known = flight.seen.get(name)
        if known is None and value is None:
            continue
        replaces = known is not None and known.value != value
        at = max(now, known.at + timedelta(seconds=1)) if known and replaces else now
        by_source.setdefault(f"operator:{may[name]}", {})[name] = Observation(value, at)
    for source, observed in by_source.items():
        yield FlightUpdate(flight.leg, source, observed, attempt)


def _made_by(updates: list[FlightUpdate], before: Flight, now: Now) -> Iterator[tuple[int, Change]]:
    """The changes that updates made of a flight: others may have made some at the same time."""
    ours = {(update.source, name) for update in updates for name in update.observed}
    for version in read.history(before.leg, before.version, now.flight):
        for change in version.changes:
            if (change.source, change.field) in ours:
                yield version.version, change


def _is_one(one: object, other: object) -> bool:
    return one is not None and one == other


def _as_text(name: str, value: Value) -> str:
    """A value for the audit trail, which outlives it; a note may hold names, so only its length is kept."""
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, tuple):
        codes = [part for part in value if isinstance(part, DelayCode)]
        return " ".join(each.code if each.minutes is None else f"{each.code}/{each.minutes}" for each in codes)
    if value is None or isinstance(value, bool):
        return {None: "taken back", True: "yes", False: "no"}[value]
    return f"{len(value)} characters" if name == "note" else value
