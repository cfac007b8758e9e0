"""The board in the terminal: `python -m infra.local watch`."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console
from websockets.asyncio.server import serve

from chalicelib.airports.lookup import zone
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import DelayCode, FlightUpdate, Observation, apply
from chalicelib.live import messages
from infra.local import watch
from infra.local.watch import Board, render

NOON = datetime(2026, 7, 10, 16, tzinfo=UTC)  # at EWR
TOPIC = "airport:EWR:departures"


def leg(number, **fields):
    """A flight from EWR as the model has it, observed at noon; and its next version."""
    given = {
        "destination": "IAH",
        "scheduled_out": NOON + timedelta(minutes=number),
        "scheduled_in": NOON + timedelta(hours=4),
        **fields,
    }
    observed = {name: Observation(value, NOON) for name, value in given.items()}
    return apply(None, FlightUpdate(LegId.parse(f"UA{number}-20260710-EWR"), "replay", observed))[0]


def changed(flight, **fields):
    """The flight after an update, and the message that tells it."""
    observed = {name: Observation(value, NOON + timedelta(minutes=1)) for name, value in fields.items()}
    after, changes = apply(flight, FlightUpdate(flight.leg, "replay", observed))
    return after, json.loads(messages.change(after, [(after.version, changes)]))


def board(*flights, topic=TOPIC):
    made = Board(topic, zone("EWR"))
    for part in messages.state(topic, flights):
        made.take(json.loads(part), NOON)
    return made


def drawn(made, now=NOON, height=40):
    console = Console(record=True, width=100, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123 - as long as the test
    console.print(render(made, "connected to ws://x", now, now, height))
    console.file.close()
    return console.export_text()


def test_a_state_shows_once_all_its_parts_are_there():
    """The parts replace what was known together, in the board's order, at the airport's own time."""
    flights = [leg(number) for number in range(1, 200)]
    parts = [json.loads(part) for part in messages.state(TOPIC, reversed(flights))]
    assert len(parts) > 1
    made = Board(TOPIC, zone("EWR"))
    for part in parts[:-1]:
        assert made.take(part, NOON) == []
        assert not made.rows
    lines = made.take(parts[-1], NOON)
    assert lines[0] == "199 flights on airport:EWR:departures"
    assert lines[1].startswith("12:01 12:01 UA1     EWR→IAH")
    assert len(lines) == 200


def test_a_change_shows_on_its_row_and_by_itself():
    """The row stands out for some seconds, and the change is told in words."""
    made = board(flight := leg(5, departure_gate="B4"))
    _, message = changed(flight, departure_gate="B7")
    assert made.take(message, NOON) == ["UA5     EWR→IAH  gate: departure gate B4 → B7"]
    assert "gate: departure gate B4 → B7" in drawn(made)
    assert "B7" in drawn(made).split("gate:")[0]


def test_times_of_a_change_are_those_of_the_clocks_there():
    """A departure's time is shown as at the origin, an arrival's as at the destination."""
    made = board(flight := leg(5))
    _, message = changed(flight, estimated_out=NOON + timedelta(hours=1), estimated_in=NOON + timedelta(hours=5))
    lines = made.take(message, NOON)
    assert any(line.endswith("estimated out 13:00") for line in lines)
    assert any(line.endswith("estimated in 16:00") for line in lines)  # Houston is an hour behind


def test_values_are_told_in_words():
    """Delay codes and codeshares are lists; a value that was not known is left out."""
    made = board(flight := leg(5))
    _, message = changed(
        flight, delay_codes=(DelayCode("71", "AHM730", 20), DelayCode("93")), codeshares=("LH1", "AC2")
    )
    lines = made.take(message, NOON)
    assert any(
        line.endswith(
            "delay codes weather at the departure airport, late arrival of the aircraft from its previous flight"
        )
        for line in lines
    )
    assert any(line.endswith("codeshares LH1, AC2") for line in lines)


def test_what_is_older_than_what_is_shown_changes_nothing():
    """A version that is there already, or an older one, is passed over; in a state too."""
    made = board(flight := leg(5, departure_gate="B4"))
    second, first_message = changed(flight, departure_gate="B7")
    _, second_message = changed(second, departure_gate="C1")
    made.take(second_message, NOON)
    assert made.take(first_message, NOON) == []
    for part in messages.state(TOPIC, [flight]):
        made.take(json.loads(part), NOON)
    assert made.rows[str(flight.leg)]["departure"]["gate"] == "C1"


def test_a_flight_taken_off_the_display_goes():
    """What its source hides is no longer on the board."""
    made = board(flight := leg(5), leg(6))
    _, message = changed(flight, shown="hidden")
    assert made.take(message, NOON)
    assert list(made.rows) == ["UA6-20260710-EWR"]


def test_arrivals_show_where_from_and_the_belt():
    """The arrivals board shows the time at the gate, the origin, and the belt."""
    flight = leg(5, destination="JFK", belt="3", arrival_terminal="4", scheduled_in=NOON + timedelta(hours=1))
    made = Board("airport:JFK:arrivals", zone("JFK"))
    for part in messages.state(made.topic, [flight]):
        lines = made.take(json.loads(part), NOON)
    assert lines[1].startswith("13:00 13:00 UA5     EWR→JFK  terminal 4 belt 3")
    assert "EWR Newark" in drawn(made)


def test_only_what_is_to_come_is_drawn_and_it_fits():
    """Flights long gone are left out, a flight without times is not, and the terminal's height is kept."""
    made = board(*[leg(number) for number in range(1, 100)], leg(500, scheduled_out=None, scheduled_in=None))
    text = drawn(made, NOON + timedelta(minutes=60), height=30)
    assert "UA39 " not in text
    assert "UA40 " in text
    assert "UA500" in text
    assert len(text.splitlines()) <= 30


def test_a_refusal_is_told():
    """What the other side can't do is said in its words, also where API Gateway says it."""
    made = board()
    assert made.take(json.loads(messages.refusal(ValueError("no"))), NOON) == ["refused: no"]
    assert made.take({"message": "Internal server error", "connectionId": "x"}, NOON) == [
        "refused: Internal server error"
    ]


def test_it_connects_again_and_watches_again(monkeypatch):
    """A connection that is lost is said to be lost, made again after a pause that grows, and asked the same."""
    said, asked = [], []
    monkeypatch.setattr(watch, "FIRST_PAUSE", 0.01)

    async def server(socket):
        asked.append(json.loads(await socket.recv()))
        for part in messages.state(TOPIC, [leg(5)]):
            await socket.send(part.decode())
        if len(asked) == 3:
            await socket.wait_closed()

    async def watching():
        made = Board(TOPIC, zone("EWR"))
        done = asyncio.Event()

        def tell(lines, note):
            said.extend(lines or [note])
            if len(asked) == 3 and lines:
                done.set()

        async with serve(server, "127.0.0.1", 0) as running:
            port = running.sockets[0].getsockname()[1]
            following = asyncio.create_task(watch._follow(made, f"ws://127.0.0.1:{port}", tell))
            await asyncio.wait_for(done.wait(), 5)
            following.cancel()

    asyncio.run(watching())
    assert asked == [{"action": "watch", "topics": [TOPIC]}] * 3
    assert sum(line.startswith("no connection to") for line in said) == 2
    assert sum(line == "1 flights on airport:EWR:departures" for line in said) == 3


@pytest.mark.parametrize("what", ["EWRX9", "UA1545-20261399-EWR"])
def test_what_can_not_be_watched_is_refused(what):
    """Neither an airport nor a flight: the answer says what one looks like."""
    with pytest.raises(ValueError, match="UA1545-20130710-EWR"):
        watch.watch(what, arrivals=False, url="ws://127.0.0.1:1", console=Console())


def test_without_a_local_cloud_it_says_how_to_start_one(monkeypatch, tmp_path):
    """No address given, and nothing running."""
    monkeypatch.setattr(watch.cloud, "find", lambda: (_ for _ in ()).throw(watch.cloud.NotRunning("not running")))
    with pytest.raises(ValueError, match="--url"):
        watch.watch("EWR", arrivals=False, url=None, console=Console())
