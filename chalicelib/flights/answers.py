"""A leg as the public reads it: one shape on boards, in answers and over the WebSocket.

What is not known is absent. Instants are UTC; `zone` is the airport's IANA zone, to show them by.
"""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field, PlainSerializer

from chalicelib.airports.lookup import airport
from chalicelib.core.clock import instant
from chalicelib.core.routes import Shape
from chalicelib.flights.carriers import carrier
from chalicelib.flights.delay_codes import plain_words
from chalicelib.flights.model import Change, DelayCode, Flight, FlightStatus, Kind, Phase, Value

Instant = Annotated[datetime, PlainSerializer(instant, return_type=str)]


class Departure(Shape):
    """The leg's end at its origin. `expected_out` is when it left or is now expected to leave the gate."""

    airport: str
    city: str | None = None
    zone: str
    scheduled_out: Instant | None = None
    estimated_out: Instant | None = None
    actual_out: Instant | None = None
    expected_out: Instant | None = None
    terminal: str | None = None
    gate: str | None = None
    delay_minutes: int | None = None


class Arrival(Shape):
    """The leg's end at its scheduled destination. `expected_in`: when it reached or is expected to reach the gate."""

    airport: str | None = None
    city: str | None = None
    zone: str | None = None
    scheduled_in: Instant | None = None
    estimated_in: Instant | None = None
    actual_in: Instant | None = None
    expected_in: Instant | None = None
    terminal: str | None = None
    gate: str | None = None
    belt: str | None = None
    delay_minutes: int | None = None


class FlightRow(Shape):
    """A leg in one line of a board."""

    id: str
    version: int
    number: str
    airline: str | None = None
    codeshares: list[str]
    phase: Phase
    delayed: bool
    departure: Departure
    arrival: Arrival
    diverted_to: str | None = Field(None, description='an airport; "" when it is not known where to')
    shown: bool = Field(True, description="false: its source took it off public display")

    @classmethod
    def of(cls, flight: Flight) -> Self:
        """The row of a leg."""
        return cls(**_row(flight))


class Delay(Shape):
    """A reason for a delay: the code, the scheme it belongs to, and what it means."""

    code: str
    scheme: str
    minutes: int | None = None
    reason: str


class Runway(Shape):
    """Take-off and touch-down."""

    scheduled_off: Instant | None = None
    estimated_off: Instant | None = None
    actual_off: Instant | None = None
    scheduled_on: Instant | None = None
    estimated_on: Instant | None = None
    actual_on: Instant | None = None


class Observed(Shape):
    """Who last observed a field, and when."""

    source: str
    at: Instant


class FlightDetail(FlightRow):
    """A leg with everything known of it."""

    runway: Runway
    departure_stand: str | None = None
    arrival_stand: str | None = None
    registration: str | None = Field(None, description="the aircraft's registration, its tail number")
    aircraft_type: str | None = None
    delays: list[Delay]
    inbound: str | None = Field(None, description="the leg that brings the aircraft")
    onward: str | None = Field(None, description="the leg the aircraft flies next")
    note: str | None = Field(None, description="an operator's words to passengers: plain text")
    derived: bool = Field(description="true: not in the source's data but derived from them by a documented rule")
    observed: dict[str, Observed]

    @classmethod
    def of(cls, flight: Flight) -> Self:
        """Everything about a leg."""
        status = flight.status
        return cls(
            **_row(flight),
            runway=Runway(**{name: getattr(status, name) for name in Runway.model_fields}),
            departure_stand=status.departure_stand,
            arrival_stand=status.arrival_stand,
            registration=status.registration,
            aircraft_type=status.aircraft_type,
            delays=[_delay(code) for code in status.delay_codes or ()],
            inbound=status.inbound,
            onward=status.onward,
            note=status.note,
            derived=bool(status.derived),
            observed={name: Observed(source=seen.source, at=seen.at) for name, seen in sorted(flight.seen.items())},
        )


class ChangeLine(Shape):
    """One change of a leg: what, from what to what, who reported it and when."""

    version: int
    kind: Kind
    field: str
    before: Any = None
    after: Any = None
    source: str
    at: Instant

    @classmethod
    def of(cls, version: int, change: Change) -> Self:
        """A change of a version."""
        return cls(
            version=version, kind=change.kind, field=change.field, before=_readable(change.before),
            after=_readable(change.after), source=change.source, at=change.at,
        )  # fmt: skip


def _readable(value: Value | Phase) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, tuple):
        return [_delay(part).model_dump(exclude_none=True) if isinstance(part, DelayCode) else part for part in value]
    return value


def _delay(code: DelayCode) -> Delay:
    return Delay(code=code.code, scheme=code.scheme, minutes=code.minutes, reason=plain_words(code))


def _row(flight: Flight) -> dict[str, Any]:
    leg, status = flight.leg, flight.status
    operator = carrier(leg.flight.carrier)
    return {
        "id": str(leg),
        "version": flight.version,
        "number": str(leg.flight),
        "airline": operator.name if operator else None,
        "codeshares": list(status.codeshares or ()),
        "phase": status.phase,
        "delayed": status.delayed,
        "departure": Departure(**_end(status, leg.origin, "departure", "out")),
        "arrival": Arrival(**_end(status, status.destination, "arrival", "in"), belt=status.belt),
        "diverted_to": status.diverted_to,
        "shown": status.visible,
    }


def _end(status: FlightStatus, code: str | None, end: str, event: str) -> dict[str, Any]:
    place = airport(code) if code else None
    times = {f"{state}_{event}": getattr(status, f"{state}_{event}") for state in ("scheduled", "estimated", "actual")}
    return {
        "airport": code,
        "city": place.city if place else None,
        "zone": (place.zone if place else "UTC") if code else None,
        **times,
        f"expected_{event}": getattr(status, f"expected_{event}"),
        "terminal": getattr(status, f"{end}_terminal"),
        "gate": getattr(status, f"{end}_gate"),
        "delay_minutes": getattr(status, f"{end}_delay"),
    }
