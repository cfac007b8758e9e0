"""The flights of a booking as entries of a calendar (iCalendar, RFC 5545), as they now stand.

Taken in again later they replace the former entries: the same UIDs, a higher SEQUENCE; what the booking no longer has
is among them as cancelled, else it would stay in the calendar. They stand beside those of
followed flights (`alerts.calendar`), whose UIDs are the legs' own: a booking's are its locator and the leg.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.airports.lookup import airport
from chalicelib.booking.words import texts


@dataclass(frozen=True, slots=True)
class Entry:
    """A flight of a booking, as it now stands, in UTC; `cancelled` also where the booking no longer has it."""

    leg: str
    flight: str
    origin: str
    destination: str
    departs_at: datetime
    arrives_at: datetime
    seats: tuple[str, ...] = ()
    cancelled: bool = False


def ics(locator: str, version: int, entries: Sequence[Entry], now: datetime, language: str = "en") -> str:
    """The entries, stamped with `now` (UTC); `version` counts the changes of the booking and of its flights."""
    from icalendar import Calendar, Event

    words = texts(language)["calendar"]
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Gatecall//Bookings//EN")
    calendar.add("method", "PUBLISH")
    for entry in entries:
        event = Event()
        event.add("uid", f"{locator}-{entry.leg}")
        event.add("sequence", version)
        event.add("dtstamp", now)
        event.add("dtstart", entry.departs_at)
        event.add("dtend", max(entry.arrives_at, entry.departs_at + timedelta(minutes=1)))
        event.add("summary", f"{entry.flight} {_city(entry.origin)}–{_city(entry.destination)}")  # noqa: RUF001 - a dash
        place = airport(entry.origin)
        event.add("location", f"{place.name} ({entry.origin})" if place else entry.origin)
        event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
        said = [words["description"].format(locator=locator)]
        if entry.cancelled:
            said.append(words["cancelled"])
        elif entry.seats:
            said.append(words["seats"].format(seats=", ".join(entry.seats)))
        event.add("description", "\n".join(said))
        calendar.add_component(event)
    return str(calendar.to_ical(), "utf-8")


def _city(code: str) -> str:
    place = airport(code)
    return place.city if place else code
