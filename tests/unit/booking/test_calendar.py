# ruff: noqa: RUF001 - dashes are what is said
"""The flights of a booking as a calendar takes them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from chalicelib.booking.calendar import Entry, ics
from chalicelib.channels.model import LANGUAGES

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
OUT = datetime(2026, 12, 1, 22, 20, tzinfo=UTC)
THERE = Entry("UA1545-20261201-EWR", "UA1545", "EWR", "LAX", OUT, OUT + timedelta(hours=6), ("12A", "12B"))
BACK = replace(THERE, leg="UA1546-20261207-LAX", flight="UA1546", origin="LAX", destination="EWR", cancelled=True)


def entries(text):
    """The events of a calendar, as a library reads them back."""
    return Calendar.from_ical(text).walk("VEVENT")


def test_each_flight_is_an_entry():
    """When and where it leaves, with the booking and its seats."""
    there, back = entries(ics("K3M9TZ", 4, [THERE, BACK], NOW))
    assert there.decoded("dtstart") == OUT
    assert there.decoded("dtend") == OUT + timedelta(hours=6)
    assert there["summary"] == "UA1545 Newark–Los Angeles"
    assert there["location"] == "Newark Liberty International Airport (EWR)"
    assert there["description"] == "Booking K3M9TZ\nSeats 12A, 12B"
    assert there["status"] == "CONFIRMED"
    assert there.decoded("dtstamp") == NOW
    assert back["status"] == "CANCELLED"
    assert "Seats" not in back["description"]


def test_a_later_calendar_replaces_the_former():
    """The same UIDs, a higher sequence; and another booking on the flight has an entry of its own."""
    first, second = (entries(ics("K3M9TZ", version, [THERE], NOW))[0] for version in (1, 2))
    assert first["uid"] == second["uid"]
    assert (first["sequence"], second["sequence"]) == (1, 2)
    assert entries(ics("K3M9TY", 1, [THERE], NOW))[0]["uid"] != first["uid"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_line_is_one_of_rfc_5545(language):
    """Ended by CRLF, at most 75 octets, in every language; an arrival is never before the departure."""
    text = ics("K3M9TZ", 1, [replace(THERE, arrives_at=OUT - timedelta(hours=1)), BACK], NOW, language)
    assert text.endswith("\r\n")
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    assert all(entry.decoded("dtend") > entry.decoded("dtstart") for entry in entries(text))


def test_an_unknown_airport_is_named_by_its_code():
    """And writes no calendar line of its own."""
    [entry] = entries(ics("K3M9TZ", 1, [replace(THERE, destination="ZZZ", seats=("1A\r\nX-EVIL:1",))], NOW))
    assert entry["summary"] == "UA1545 Newark–ZZZ"
    assert "X-EVIL" not in entry
