# ruff: noqa: RUF001 - dashes and full-width letters are what is said
"""A flight as a calendar takes it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.alerts.calendar import ics
from chalicelib.core.errors import NotFound
from tests.unit.alerts.flights import CASES, DELAYED, IN, NOW, OUT, flight, later


def entry(text: str):
    """The one event of a calendar, as a library reads it back."""
    from icalendar import Calendar

    [event] = Calendar.from_ical(text).walk("VEVENT")
    return event


def test_an_entry_says_when_and_where_the_flight_now_leaves():
    """Expected times, UTC; the airport with terminal and gate."""
    event = entry(ics(DELAYED, NOW))
    assert event.decoded("dtstart") == OUT + later(45)
    assert event.decoded("dtend") == IN + later(40)
    assert event["summary"] == "UA1545 Newark–Los Angeles"
    assert event["location"] == "Newark Liberty International Airport (EWR), Terminal C, Gate B7"
    assert event["status"] == "CONFIRMED"
    assert b"DTSTART:20260710T220500Z" in ics(DELAYED, NOW).encode()


def test_a_later_entry_replaces_the_former():
    """The same UID, and the flight's version as the sequence (RFC 5545, 3.8.7.4)."""
    first, second = (entry(ics(replace(DELAYED, version=version), NOW)) for version in (1, 2))
    assert first["uid"] == second["uid"] == "UA1545-20260710-EWR"
    assert (first["sequence"], second["sequence"]) == (1, 2)


def test_a_cancelled_flight_is_a_cancelled_entry():
    """At its scheduled time, and in words too, for calendars that show no status."""
    event = entry(ics(CASES["cancelled"][0], NOW, "de"))
    assert event["status"] == "CANCELLED"
    assert event.decoded("dtstart") == OUT
    assert "ANNULLIERT" in event["description"]
    assert "Gate" not in event["location"]


def test_a_feeds_values_can_not_write_calendar_lines():
    """Line ends are gone, and commas and semicolons escaped."""
    text = ics(flight(departure_gate="B;,\\\r\nX:1", departure_terminal="\x00"), NOW)
    assert "\r\nX:1" not in text
    assert entry(text)["location"].endswith("Gate B;,\\ X:1")


def test_every_line_is_one_of_rfc_5545():
    """Ended by CRLF and at most 75 octets."""
    text = ics(flight("PEK", "SCL"), NOW, "zh")
    assert text.endswith("\r\n")
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75


def test_an_entry_never_ends_before_it_begins():
    """Where an arrival is not known, or known too early."""
    for observed in ({"scheduled_in": None}, {"scheduled_in": OUT - timedelta(hours=1)}):
        event = entry(ics(flight(**observed), NOW))
        assert event.decoded("dtend") > event.decoded("dtstart")


def test_without_a_time_there_is_no_entry():
    """It says so as what it is: nothing to be had."""
    with pytest.raises(NotFound, match="UA1545-20260710-EWR"):
        ics(flight(scheduled_out=None), NOW)
