"""Legs to test with."""

from datetime import datetime, timedelta

from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import FlightUpdate, Observation


def leg(number: int, day: datetime) -> LegId:
    """A leg of United's from Newark."""
    return LegId(FlightNumber("UA", number), day.date(), "EWR")


def scheduled(number: int, out: datetime, **more: object) -> FlightUpdate:
    """The programme's word on a leg to Houston, said a day before."""
    observed = {"destination": "IAH", "scheduled_out": out, "scheduled_in": out + timedelta(hours=4), **more}
    return said(number, out, out - timedelta(days=1), **observed)


def said(number: int, day: datetime, at: datetime, *, source: str = "replay", **observed: object) -> FlightUpdate:
    """What a source says of a leg at an instant."""
    return FlightUpdate(leg(number, day), source, {name: Observation(v, at) for name, v in observed.items()})
