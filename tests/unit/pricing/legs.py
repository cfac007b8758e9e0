"""Legs, inventories and quotes to reckon with."""

from datetime import UTC, date, datetime, timedelta

from chalicelib.core.clock import Now
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing.fares import Quote
from chalicelib.pricing.inventory import Inventory
from chalicelib.pricing.seats import Cabin

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CLOCKS = Now(NOW, NOW)


def scheduled(
    origin: str = "JFK", destination: str = "LAX", *, out: datetime = NOW + timedelta(days=30), carrier: str = "UA",
    number: int = 1,
) -> ScheduledLeg:  # fmt: skip
    leg = LegId(FlightNumber(carrier, number), out.date(), origin)
    return ScheduledLeg(leg, destination, out, out + timedelta(hours=3), registration=None, aircraft_type=None)


def inventory(
    leg: ScheduledLeg, *, sold: int = 0, cabin: Cabin = Cabin.ECONOMY, until: datetime | None = None
) -> Inventory:
    """With so many seats of a cabin gone, for good or held until an instant."""
    unsold = Inventory.unsold(leg)
    seats = sorted(seat.number for seat in unsold.seat_map.seats if seat.cabin is cabin and not seat.blocked)[:sold]
    return unsold.take(7, "Y", seats, until) if seats else unsold


def quoted(
    origin: str, destination: str, base: int = 10_000, *, out: datetime = NOW + timedelta(days=30),
    hours: float = 3, booking_class: str = "M", cabin: Cabin = Cabin.ECONOMY,
) -> Quote:  # fmt: skip
    """A quote of a leg that leaves at an instant and takes so many hours."""
    leg = LegId(FlightNumber("UA", 1), date(out.year, out.month, out.day), origin)
    return Quote(
        leg,
        destination,
        out,
        out + timedelta(hours=hours),
        cabin,
        booking_class,
        f"{booking_class}00",
        base,
        "USD",
        9,
        "",
    )
