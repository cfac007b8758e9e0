"""What can be watched, and whom a change concerns."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import Change, Direction, Flight, Kind, Seen
from chalicelib.live.model import (
    AirportTopic,
    Connection,
    FlightTopic,
    Missed,
    Position,
    UnknownTopic,
    owed_of,
    parse,
    topics_of,
)

NOON = datetime(2026, 7, 10, 12, tzinfo=UTC)
LEG = LegId(FlightNumber("UA", 1545), date(2026, 7, 10), "EWR")


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("airport:EWR:departures", AirportTopic("EWR", Direction.DEPARTURES)),
        ("AIRPORT:ewr:Arrivals", AirportTopic("EWR", Direction.ARRIVALS)),
        ("airport:EGLL:arrivals", AirportTopic("LHR", Direction.ARRIVALS)),
        ("flight:UA1545-20260710-EWR", FlightTopic(LEG)),
        (" flight:ua01545-20260710-ewr ", None),
        ("flight:ua1545-20260710-ewr", FlightTopic(LEG)),
    ],
)
def test_topics(text: str, topic: object) -> None:
    """A topic is read in any case of letters, an airport by either code; it has one spelling."""
    if topic is None:
        with pytest.raises(UnknownTopic):
            parse(text)
    else:
        assert parse(text) == topic
        assert parse(str(topic)) == topic


@given(st.text())
def test_whatever_is_no_topic(text: str) -> None:
    """Any other text is refused, in words."""
    with pytest.raises(UnknownTopic, match=r"\w+ \w+"):
        parse(f"{text}:x")


def flight(**observed: str) -> Flight:
    return Flight(LEG, {name: Seen(value, NOON, "replay") for name, value in observed.items()}, 3)


def change(field: str, before: str | None, after: str | None) -> Change:
    return Change(Kind.UPDATED, field, before, after, "replay", NOON)


@pytest.mark.parametrize(
    ("observed", "changes", "arrivals"),
    [
        ({}, [], set()),
        ({"destination": "IAH"}, [], {"IAH"}),
        ({"destination": "IAH", "diverted_to": "AUS"}, [], {"IAH", "AUS"}),
        ({"destination": "IAH", "diverted_to": ""}, [change("diverted_to", None, "")], {"IAH"}),
        ({"destination": "DFW"}, [change("destination", "IAH", "DFW")], {"IAH", "DFW"}),
        ({"destination": "IAH"}, [change("diverted_to", "AUS", None)], {"IAH", "AUS"}),
        ({"destination": "IAH"}, [change("departure_gate", "C1", "C2")], {"IAH"}),
        ({"destination": "EWR"}, [], {"EWR"}),
    ],
)
def test_whom_a_change_concerns(observed: dict[str, str], changes: list[Change], arrivals: set[str]) -> None:
    """A flight concerns itself, its origin's departures, and the arrivals of wherever it is or was bound."""
    expected = {"flight:UA1545-20260710-EWR", "airport:EWR:departures"} | {f"airport:{a}:arrivals" for a in arrivals}
    assert topics_of(flight(**observed), changes) == expected


@pytest.mark.parametrize("owed", [Missed(LEG, 3, 17), FlightTopic(LEG), AirportTopic("EWR", Direction.ARRIVALS)])
def test_what_is_owed_is_kept_as_text(owed: object) -> None:
    """What a connection is owed reads back as what it was."""
    assert owed_of(str(owed)) == owed


def test_two_pushes_never_write_the_same_entry() -> None:
    """An entry names the version that it was noted for: taking one off takes off no other push's."""
    assert str(Missed(LEG, 3, 6)) != str(Missed(LEG, 3, 7))


def test_holds_and_leases_end() -> None:
    """A hold and a lease are over when their time has come."""
    second = int(NOON.timestamp())
    assert [Connection("c", "", 0, hold="h", hold_until=second + n).held(NOON) for n in (-1, 0, 1)] == [False] * 2 + [
        True
    ]
    assert [Position(1, "l", second + n).leased(NOON) for n in (-1, 0, 1)] == [False] * 2 + [True]
    assert not Connection("c", "", 0, hold="h").held(NOON)
    assert not Position(1, None, second + 1).leased(NOON)
