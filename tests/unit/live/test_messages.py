"""What clients say, and what they are told."""

import json
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import Invalid, Unavailable
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import Change, Flight, Kind, Seen
from chalicelib.live import messages
from chalicelib.pricing import seats
from chalicelib.pricing.inventory import Inventory, Pending, epoch

NOON = datetime(2026, 7, 10, 12, tzinfo=UTC)


def flight(number: int, version: int = 1, **observed: object) -> Flight:
    seen = {name: Seen(value, NOON, "replay") for name, value in {"destination": "GRU", **observed}.items()}
    return Flight(LegId(FlightNumber("UA", number), date(2026, 7, 10), "EWR"), seen, version)


def changes(first: int, last: int, length: int = 1) -> list[tuple[int, list[Change]]]:
    gate = "é" * length
    return [(v, [Change(Kind.GATE, "departure_gate", gate, gate, "replay", NOON)] * 2) for v in range(first, last + 1)]


@given(numbers=st.lists(st.tuples(st.integers(0, 300), st.text(max_size=60)), max_size=200))
def test_parts_of_a_state(numbers: list[tuple[int, str]]) -> None:
    """A state's parts have at most 30,000 bytes, are numbered from 1, and together are the state, in order."""
    flights = [flight(n + 1, departure_gate=gate, codeshares=("LH1",) * n) for n, gate in numbers]
    parts = list(messages.state("airport:EWR:departures", flights))
    assert max(map(len, parts)) <= 30_000
    told = [json.loads(part) for part in parts]
    assert [(each["part"], each["parts"]) for each in told] == [(n, len(told)) for n in range(1, len(told) + 1)]
    rows = [row for each in told for row in each["flights"]]
    assert [row["id"] for row in rows] == [str(f.leg) for f in flights]
    assert [row["departure"]["gate"] for row in rows] == [gate for _, gate in numbers]
    assert {(each["type"], each["topic"]) for each in told} == {("state", "airport:EWR:departures")}


def test_parts_are_few() -> None:
    """A part is as full as it can be: 350 flights are ten parts or so, not 350."""
    parts = list(messages.state("airport:EWR:departures", [flight(n, departure_gate="C1") for n in range(1, 351)]))
    assert all(len(part) > 29_000 for part in parts[:-1])


def test_an_empty_state() -> None:
    """A state without flights is one part."""
    [part] = messages.state("flight:UA1-20260710-EWR", [])
    assert json.loads(part) == {
        "type": "state",
        "topic": "flight:UA1-20260710-EWR",
        "part": 1,
        "parts": 1,
        "flights": [],
    }


def test_a_change() -> None:
    """A change is the flight as REST shows it, its version, and what changed; what is not known is absent."""
    told = json.loads(messages.change(flight(1, 7, departure_gate="C1"), changes(6, 7)))
    assert (told["type"], told["version"], told["flight"]["version"]) == ("change", 7, 7)
    assert [line["version"] for line in told["changes"]] == [6, 6, 7, 7]
    assert "terminal" not in told["flight"]["departure"]


@given(number=st.integers(1, 400), length=st.integers(1, 20_000))
def test_very_many_changes(number: int, length: int) -> None:
    """Of more changes than fit 30,000 bytes the newest whole versions are told; the flight always is."""
    message = messages.change(flight(1, number + 1), changes(2, number + 1, length))
    assert len(message) <= 30_000
    versions = [line["version"] for line in json.loads(message)["changes"]]
    assert versions == [v for v in range(number + 2 - len(versions) // 2, number + 2) for _ in range(2)]


@given(st.text(st.characters(), max_size=300))
def test_any_text(text: str) -> None:
    """Whatever is said is understood, or refused with what is wrong."""
    try:
        messages.understand(text)
    except Invalid as error:
        told = json.loads(messages.refusal(error))
        assert told["type"] == "error"
        assert told["detail"]
        assert all(each["in"] == "message" and each["detail"] for each in told["errors"])


def test_topics_are_understood_in_their_one_spelling() -> None:
    """What a client watches is known by one name."""
    said = messages.understand('{"action": "watch", "topics": ["airport:kewr:ARRIVALS"]}')
    assert isinstance(said, messages.Watching)
    assert said.topics == ["airport:EWR:arrivals"]


def test_a_refusal_for_now() -> None:
    """What can't be done now says when to try again."""
    told = json.loads(messages.refusal(Unavailable("the tables are busy", retry_after=3)))
    assert told == {"type": "error", "detail": "the tables are busy; try again in 3 seconds"}


def test_pong() -> None:
    """A pong says what time it is."""
    assert json.loads(messages.pong(NOON + timedelta(seconds=1))) == {"type": "pong", "at": "2026-07-10T12:00:01Z"}


def test_the_seats_of_the_largest_aircraft() -> None:
    """Whatever the aircraft, all its seats, each held (the longest way to say it), are one message of 30,000 bytes."""
    until = NOON + timedelta(minutes=15)
    for configuration in sorted(set(seats._aircraft().values())):
        places = len(seats.seat_map(configuration).seats)
        holders = tuple(range(1, places + 1))
        pending = {holder: Pending("Y", epoch(until)) for holder in holders}
        leg = LegId(FlightNumber("UA", 1234), date(2026, 7, 10), "EWR")
        inventory = Inventory(leg, "LAX", configuration, holders, {"Y": places}, pending, version=99_999)
        message = messages.seats(f"seats:{leg}", inventory, NOON)
        assert len(message) <= messages.PART, configuration
        assert message.count(b'"until"') == places
