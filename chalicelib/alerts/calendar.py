"""A flight as an entry of a calendar (iCalendar, RFC 5545), as it now stands.

Taken in again later it replaces the former entry: the same UID, a higher SEQUENCE.
"""

from datetime import datetime, timedelta

from chalicelib.airports.lookup import airport
from chalicelib.alerts.model import to_leave
from chalicelib.alerts.words.story import route
from chalicelib.alerts.words.texts import city, clean, said, texts
from chalicelib.core.errors import NotFound
from chalicelib.flights.model import Flight, Phase


def ics(flight: Flight, now: datetime, language: str = "en") -> str:
    """The flight's entry, stamped with `now` (UTC). Raises NotFound where it is not known when the flight leaves."""
    from icalendar import Calendar, Event

    status = flight.status
    if status.expected_out is None:
        raise NotFound(f"it is not known when {flight.leg} leaves")
    t = texts(language)
    event = Event()
    event.add("uid", str(flight.leg))
    event.add("sequence", flight.version)
    event.add("dtstamp", now)
    event.add("dtstart", status.expected_out)
    event.add("dtend", max(status.expected_in or status.expected_out, status.expected_out + timedelta(minutes=1)))
    event.add("summary", f"{flight.leg.flight} {route(t, flight)}".strip())
    event.add("location", _location(flight, language))
    cancelled = status.phase is Phase.CANCELLED
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    if cancelled:
        event.add("description", said(t["news"]["cancelled"], flight=flight.leg.flight))
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Gatecall//Flights//EN")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return str(calendar.to_ical(), "utf-8")


def _location(flight: Flight, language: str) -> str:
    t, status, origin = texts(language), flight.status, flight.leg.origin
    place = airport(origin)
    parts = [f"{place.name} ({origin})" if place else city(t, origin)]
    if to_leave(status):
        named = ((t["email"]["terminal"], status.departure_terminal), (t["email"]["gate"], status.departure_gate))
        parts += [f"{caption} {shown}" for caption, value in named if (shown := clean(value))]
    return ", ".join(parts)
