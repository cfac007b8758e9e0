"""A flight's change reaches everyone who watches it: in order, none lost, whatever SNS and the clients do."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.flights import read
from chalicelib.flights.answers import FlightRow
from chalicelib.live import messages, push, store, watch
from chalicelib.live.model import LEASE, QUARANTINE
from chalicelib.live.wire import Sent

from .watchers import Client, Gateway, gate, leg, no_sleep, push_all, say, say_of, scheduled, told, watching

pytestmark = pytest.mark.usefixtures("cloud", "one_thread")

BOARD = "airport:EWR:departures"


def changes(gateway: Gateway, connection: str) -> list[dict[str, Any]]:
    return [message for message in gateway.sent[connection] if message["type"] == "change"]


def test_a_change_is_told_whole(now: Now, gateway: Gateway) -> None:
    """A change says how the flight now stands, and what changed from what to what, by whom and when."""
    scheduled(1, now)
    watching("c", [BOARD], now, gateway)
    push_all(gate(1, now, "A1"), now, gateway)
    [message] = changes(gateway, "c")
    assert FlightRow.model_validate(message["flight"]).departure.gate == "A1"
    assert message["version"] == message["flight"]["version"] == 2
    assert message["changes"] == [{
        "version": 2, "kind": "gate", "field": "departure_gate", "before": None, "after": "A1",
        "source": "replay", "at": "2026-07-10T11:00:01Z",
    }]  # fmt: skip


@pytest.mark.parametrize(
    ("topic", "is_told"),
    [
        ("flight:UA1-20260710-EWR", True),
        ("airport:EWR:departures", True),
        ("airport:IAH:arrivals", True),
        ("airport:AUS:arrivals", True),  # where it is diverted to
        ("airport:EWR:arrivals", False),
        ("airport:IAH:departures", False),
        ("airport:JFK:departures", False),
        ("flight:UA2-20260710-EWR", False),
    ],
)
def test_whom_a_change_concerns(topic: str, is_told: bool, now: Now, gateway: Gateway) -> None:
    """A flight's change is told to those who watch it, its origin's departures and its destinations' arrivals."""
    of = scheduled(1, now)
    watching("c", [topic], now, gateway)
    say_of(1, now, now.flight, diverted_to="AUS")
    push_all(told(of, 1, now), now, gateway)
    assert len(changes(gateway, "c")) == is_told


def test_diverted_back_to_its_origin(now: Now, gateway: Gateway) -> None:
    """A flight that is diverted to where it came from is told to that airport's arrivals, and so is all after."""
    of = scheduled(1, now)
    watching("c", ["airport:EWR:arrivals"], now, gateway)
    say_of(1, now, now.flight, diverted_to="EWR")
    push_all(told(of, 1, now), now, gateway)
    push_all(gate(1, now, "A1"), now, gateway)
    assert [message["version"] for message in changes(gateway, "c")] == [2, 3]


def test_a_board_that_a_flight_leaves_is_told(now: Now, gateway: Gateway) -> None:
    """When a flight gets another destination, the former one's arrivals are told too, even with a later change."""
    of = scheduled(1, now)
    watching("old", ["airport:IAH:arrivals"], now, gateway)
    watching("new", ["airport:DFW:arrivals"], now, gateway)
    watching("all", [BOARD], now, gateway)
    say_of(1, now, now.flight, destination="DFW")
    [_, later] = told(of, 1, now) + gate(1, now, "A1")
    push_all([later], now, gateway)  # brings the change of destination with it
    for connection in ("old", "new", "all"):
        assert [message["version"] for message in changes(gateway, connection)] == [3]
        assert [line["version"] for line in changes(gateway, connection)[0]["changes"]] == [2, 3]


def test_a_flight_taken_off_is_told(now: Now, gateway: Gateway) -> None:
    """A flight that its source hides is told with shown: false, so that boards drop it."""
    of = scheduled(1, now)
    watching("c", [BOARD], now, gateway)
    say_of(1, now, now.flight, shown="hidden")
    push_all(told(of, 1, now), now, gateway)
    [message] = changes(gateway, "c")
    assert message["flight"]["shown"] is False


def test_nobody_watches(now: Now, gateway: Gateway) -> None:
    """A change that nobody watches writes nothing and sends nothing."""
    scheduled(1, now)
    push_all(gate(1, now, "A1"), now, gateway)
    assert gateway.tries == 0
    assert store.positions([leg(1, now.flight)]) == {}


def test_f3_same_messages_many_times(now: Now, gateway: Gateway) -> None:
    """F3: what SNS brings again and again is sent once."""
    of = scheduled(1, now)
    watching("c", [BOARD], now, gateway)
    messages = gate(1, now, "A1")
    push_all(messages * 10, now, gateway)
    messages += gate(1, now, "A2", "A3")
    kept = store.connections(["c"], now.wall)
    push_all(messages * 10, now, gateway)
    assert [message["version"] for message in changes(gateway, "c")] == [2, 4]
    assert store.positions([of])[of].pushed == 4
    assert store.connections(["c"], now.wall) == kept


@pytest.mark.parametrize("order", list(permutations((2, 3, 4, 5))))
def test_f4_old_after_newer(order: tuple[int, ...], now: Now, gateway: Gateway) -> None:
    """F4: in whatever order SNS brings versions, a client is told each change once, and nothing older after newer."""
    of = scheduled(1, now)
    watching("c", [BOARD], now, gateway)
    messages: dict[int, dict[str, Any]] = {}
    for version in order:
        while len(messages) + 1 < version:  # none comes before it is committed
            [message] = gate(1, now, f"A{len(messages)}")
            messages[message["version"]] = message
        push_all([messages[version]], now, gateway)
    client = Client()
    for message in gateway.sent["c"]:
        client.take(message)
    assert client.versions == {str(of): 5}
    assert [line["version"] for message in changes(gateway, "c") for line in message["changes"]] == [2, 3, 4, 5]


def test_a_watch_begun_before_any_push_misses_nothing(now: Now, gateway: Gateway) -> None:
    """Where SNS brings a later version first, and none was ever pushed, the earlier one's changes come with it."""
    scheduled(1, now)
    watching("c", [BOARD], now, gateway)
    messages = gate(1, now, "A1", "A2", "A3")
    push_all(messages[2:], now, gateway)
    push_all(messages, now, gateway)
    [message] = changes(gateway, "c")
    assert [line["version"] for line in message["changes"]] == [2, 3, 4]


def test_f15_gone_connections(now: Now, gateway: Gateway) -> None:
    """F15: whoever is gone is forgotten, all others are told, and nothing is raised."""
    scheduled(1, now)
    scheduled(2, now)
    everyone = [f"c{n}" for n in range(12)]
    for connection in everyone:
        watching(connection, [BOARD, "airport:IAH:arrivals"], now, gateway)
    gone = set(everyone[::3])
    gateway.answers = dict.fromkeys(gone, Sent.GONE)
    push_all(gate(1, now, "A1"), now, gateway)
    assert {c for c in everyone if changes(gateway, c)} == set(everyone) - gone
    assert {row.id for row in store.connections(everyone, now.wall)} == set(everyone) - gone
    for topic in (BOARD, "airport:IAH:arrivals"):
        assert set(store.watchers(topic, now.wall)) == set(everyone) - gone
    gateway.answers = dict.fromkeys(everyone, Sent.GONE)
    push_all(gate(2, now, "A1"), now, gateway)
    assert store.connections(everyone, now.wall) == []


@pytest.mark.parametrize("answer", [Sent.FULL, Sent.UNKNOWN])
def test_f16_one_slow_connection(answer: Sent, now: Now, gateway: Gateway) -> None:
    """F16: one that takes no more holds up nobody; later changes try it no more; its ping brings it up to date."""
    scheduled(1, now)
    scheduled(2, now)
    for connection in ("slow", "a", "b"):
        watching(connection, [BOARD], now, gateway)
    gateway.answers["slow"] = answer
    push_all(gate(1, now, "A1"), now, gateway)
    tries = gateway.tries
    push_all(gate(1, now, "A2") + gate(2, now, "C1", "C2"), now, gateway)
    assert gateway.tries == tries + 2 * 2, "the slow one is tried no more; two versions of one flight go as one"
    for connection in ("a", "b"):
        assert [(m["flight"]["number"], m["version"]) for m in changes(gateway, connection)] == [
            ("UA1", 2), ("UA1", 3), ("UA2", 3),
        ]  # fmt: skip
    del gateway.answers["slow"]
    later = Now(now.flight, now.wall + QUARANTINE)
    if answer is Sent.UNKNOWN:  # the gateway may yet deliver what it did not answer for
        assert [m["type"] for m in say("slow", {"action": "ping"}, now, gateway)] == ["pong"]
    messages = say("slow", {"action": "ping"}, later, gateway)
    [state] = [m for m in messages if m["type"] == "state"]
    assert [(row["number"], row["departure"]["gate"]) for row in state["flights"]] == [("UA1", "A2"), ("UA2", "C2")]
    push_all(gate(1, later, "A3"), later, gateway)
    assert changes(gateway, "slow")[-1]["flight"]["departure"]["gate"] == "A3"
    client = Client()
    for message in gateway.sent["slow"]:
        client.take(message)


def test_a_slow_connection_adds_nothing_up(now: Now, gateway: Gateway) -> None:
    """However many changes pass one who does not take them, what it is owed stays its topics."""
    for number in range(1, 6):
        scheduled(number, now)
    watching("slow", [BOARD, "airport:IAH:arrivals"], now, gateway)
    gateway.answers["slow"] = Sent.FULL
    for number in range(1, 6):
        push_all(gate(number, now, "A1", "A2"), now, gateway)
    [row] = store.connections(["slow"], now.wall)
    assert row.owed == {BOARD, "airport:IAH:arrivals"}


def test_changes_while_the_state_is_sent(now: Now, gateway: Gateway) -> None:
    """Changes that are pushed while a client gets its state come right after it, and never between its parts."""
    for number in range(1, 91):
        scheduled(number, now, departure_gate="C101")
    pushed = []

    def meanwhile(connection: str, message: dict[str, Any]) -> None:
        if message["type"] == "state" and message["part"] in (1, 2):
            name = f"{message['part']}"
            pushed.append(name)
            push_all(gate(int(name), now, "Z1", "Z2"), now, gateway)

    gateway.before = meanwhile
    watching("c", [BOARD], now, gateway)
    parts = gateway.sent["c"][0]["parts"]
    assert gateway.types("c") == ["state"] * parts + ["change", "change", "watching"]
    assert pushed == ["1", "2"]
    client = Client()
    for message in gateway.sent["c"]:
        client.take(message)
    assert {client.rows[str(leg(n, now.flight))]["departure"]["gate"] for n in (1, 2)} == {"Z2"}


def test_a_pusher_that_found_the_connection_free(now: Now, gateway: Gateway) -> None:
    """A state is never sent past a pusher at work on one of its flights: what that sends may be older, and come later.

    It is sent when the pusher has ended.
    """
    scheduled(1, now)
    flight = f"flight:{leg(1, now.flight)}"
    watching("c", [flight], now, gateway)
    [first] = gate(1, now, "A1")
    asked: list[list[dict[str, Any]]] = []

    def meanwhile(connection: str, message: dict[str, Any]) -> None:
        if message["type"] == "change" and not asked:
            asked.append([])
            gate(1, now, "A2")
            asked[0] = say("c", {"action": "watch", "topics": [BOARD]}, now, gateway)

    gateway.before = meanwhile
    push_all([first], now, gateway)
    assert [message["type"] for message in asked[0]] == ["watching"], "the state is not sent while the pusher works"
    [_, _, late] = gateway.sent["c"][-3:]
    assert (late["type"], late["version"]) == ("change", 2)
    [state, _] = say("c", {"action": "ping"}, now, gateway)
    assert state["topic"] == BOARD
    assert state["flights"][0]["version"] == 3


def test_a_pusher_that_overtook_the_state(now: Now, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state read before a pusher, that found the connection free, had pushed something newer is read again."""
    scheduled(1, now)
    flight = f"flight:{leg(1, now.flight)}"
    watching("c", [flight], now, gateway)
    positions = store.positions
    late = gate(1, now, "A1")
    busy = []

    def push_meanwhile(legs: Any) -> Any:
        if not busy:
            busy.append(True)
            # As if it had read the connection's row before the hold: nothing is noted, the change is sent.
            with monkeypatch.context() as patch:
                patch.setattr("chalicelib.live.model.Connection.held", lambda self, at: False)
                patch.setattr(store, "owe", lambda *_, **__: None)
                connections = store.connections
                patch.setattr(store, "connections", lambda ids, at: [_not_owed(each) for each in connections(ids, at)])
                push_all(gate(1, now, "A2"), now, gateway)
        return positions(legs)

    monkeypatch.setattr(store, "positions", push_meanwhile)
    messages = say("c", {"action": "watch", "topics": [BOARD]}, now, gateway)
    assert [m["type"] for m in messages] == ["change", "state", "watching"]
    assert messages[0]["version"] == 3
    assert messages[1]["flights"][0]["version"] == 3
    assert late[0]["version"] == 2


def test_a_pusher_that_ends_between_two_looks(now: Now, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a pusher sent that was waited for, and ended without a word, is found by reading the flight again."""
    of = scheduled(1, now)
    watching("c", [f"flight:{of}"], now, gateway)
    gate(1, now, "A1")
    store.lease(of, 2, "found it free", now.wall, now.wall + LEASE)
    positions = store.positions
    looks: list[int] = []

    def look(legs: Any) -> Any:
        looks.append(1)
        if len(looks) == 2:  # the flight has been read for this round
            gate(1, now, "A2")
            [flight] = read.current([of], now.flight)
            gateway.post("c", "https://ws.example.com/test", messages.change(flight, []))
            store.abandon(of, "found it free")
            store.lease(of, 3, "found the hold", now.wall, now.wall + LEASE)
        return positions(legs)

    monkeypatch.setattr(store, "positions", look)
    told = say("c", {"action": "watch", "topics": [BOARD]}, now, gateway)
    assert [m["type"] for m in told] == ["change", "state", "watching"]
    assert (told[0]["version"], told[1]["flights"][0]["version"]) == (3, 3)


def test_states_before_changes(now: Now, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is owed a flight's state and a later change of it gets the state first: it may not know what was before."""
    of = scheduled(1, now)
    flight = f"flight:{of}"
    watching("c", [flight], now, gateway)
    say("c", {"action": "unwatch", "topics": [flight]}, now, gateway)
    watching("other", [BOARD], now, gateway)
    push_all(gate(1, now, "A1", "A2"), now, gateway)
    store.lease(of, 9, "at work", now.wall, now.wall + LEASE)
    positions = store.positions

    def look(legs: Any) -> Any:
        found = positions(legs)
        monkeypatch.setattr(store, "positions", positions)
        store.release(of, 3, "at work")
        push_all(gate(1, now, "A3"), now, gateway)  # finds the hold
        return found

    monkeypatch.setattr(store, "positions", look)
    told = say("c", {"action": "watch", "topics": [flight]}, now, gateway)
    assert [m["type"] for m in told] == ["state", "change", "watching"]
    assert [line["version"] for line in told[1]["changes"]] == [4]


def _not_owed(connection: Any) -> Any:
    object.__setattr__(connection, "owed", frozenset())
    return connection


def test_a_hold_lifted_while_a_change_is_noted(now: Now, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change that can't be noted any more, since the hold was just lifted, is sent instead."""
    scheduled(1, now)
    watching("c", [BOARD], now, gateway)
    [row] = store.connections(["c"], now.wall)
    held = store.take(row, "state", now.wall, now.wall + LEASE)
    owe = store.owe

    def lift_first(*args: Any, **more: Any) -> None:
        monkeypatch.setattr(store, "owe", owe)
        assert store.lift(held, frozenset()) is None
        owe(*args, **more)

    monkeypatch.setattr(store, "owe", lift_first)
    push_all(gate(1, now, "A1"), now, gateway)
    assert [message["version"] for message in changes(gateway, "c")] == [2]


def test_a_flight_that_changes_while_it_is_pushed(now: Now, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version committed after the watchers were listed is pushed only to a list made after it; nobody is left out."""
    scheduled(1, now)
    watching("early", [BOARD], now, gateway)
    [first] = gate(1, now, "A1")
    watchers = store.watchers
    more: list[dict[str, Any]] = []

    def listed(topic: str, at: Any) -> list[str]:
        found = watchers(topic, at)
        if topic == BOARD and not more:
            watching("late", [BOARD], now, gateway)  # sees version 2, and is on nobody's list
            more.extend(gate(1, now, "A2"))
        return found

    monkeypatch.setattr(store, "watchers", listed)
    push_all([first, *more, first], now, gateway)
    push_all(more, now, gateway)
    assert [message["version"] for message in changes(gateway, "early")] == [3]
    assert [message["version"] for message in changes(gateway, "late")] == [3]


def test_another_pusher_at_work(now: Now, gateway: Gateway) -> None:
    """While another pushes the flight a pusher waits a little, then asks SNS to come again; a dead one's lease ends."""
    of = scheduled(1, now)
    watching("c", [BOARD], now, gateway)
    [message] = gate(1, now, "A1")
    store.lease(of, 2, "another", now.wall, now.wall + LEASE)
    waited: list[float] = []
    with pytest.raises(Unavailable):
        push.push(message, now, sleep=waited.append, post=gateway.post)
    assert 1 < sum(waited) < 5
    assert changes(gateway, "c") == []
    push_all([message], Now(now.flight, now.wall + LEASE), gateway)
    assert len(changes(gateway, "c")) == 1
    with pytest.raises(Conflict):
        store.release(of, 2, "another")


def test_another_pusher_that_pushes_it_meanwhile(now: Now, gateway: Gateway) -> None:
    """Who waited and finds the version pushed has nothing to do."""
    of = scheduled(1, now)
    watching("c", [BOARD], now, gateway)
    [message] = gate(1, now, "A1")
    store.lease(of, 2, "another", now.wall, now.wall + LEASE)
    push.push(message, now, sleep=lambda s: store.release(of, 2, "another"), post=gateway.post)
    assert changes(gateway, "c") == []


def test_a_dead_pusher(now: Now, gateway: Gateway) -> None:
    """Where a pusher dies on its way through the list, the next attempt tells all; a change twice, but never older."""
    scheduled(1, now)
    everyone = [f"c{n}" for n in range(6)]
    for connection in everyone:
        watching(connection, [BOARD], now, gateway)
    [message] = gate(1, now, "A1")

    class Killed(BaseException):
        pass

    def die(connection: str, message: object) -> None:
        if sum(len(changes(gateway, c)) for c in everyone) == 3:
            raise Killed

    gateway.before = die
    with pytest.raises(Killed):
        push_all([message], now, gateway)
    gateway.before = lambda connection, message: None
    # A state of that flight waits for the dead one's lease to end, as it can't know what was sent.
    assert [m["type"] for m in say("c0", {"action": "watch", "topics": [BOARD]}, now, gateway)] == ["watching"]
    later = Now(now.flight, now.wall + LEASE)
    assert [m["type"] for m in say("c0", {"action": "ping"}, later, gateway)] == ["state", "pong"]
    push_all([message], later, gateway)
    for connection in everyone:
        client = Client()
        for each in gateway.sent[connection]:
            client.take(each)
        assert client.versions == {str(leg(1, now.flight)): 2}


def test_a_push_that_fails(now: Now, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where storage fails under a pusher SNS may come again at once: the flight is not left leased."""
    scheduled(1, now)
    watching("c", [BOARD], now, gateway)
    [message] = gate(1, now, "A1")
    with monkeypatch.context() as patch:

        def busy(*_: object) -> None:
            raise Unavailable("the tables are busy")

        patch.setattr(store, "connections", busy)
        with pytest.raises(Unavailable):
            push_all([message], now, gateway)
    push_all([message], now, gateway)
    assert [message["version"] for message in changes(gateway, "c")] == [2]


def test_who_unwatches_meanwhile(now: Now, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was on the list but has unwatched since is told nothing, though its watch be found."""
    scheduled(1, now)
    watching("c", [BOARD], now, gateway)
    [message] = gate(1, now, "A1")
    monkeypatch.setattr(store, "unwatch", lambda *_: None)  # the watch's row is not deleted yet
    say("c", {"action": "unwatch", "topics": [BOARD]}, now, gateway)
    push_all([message], now, gateway)
    assert changes(gateway, "c") == []


def test_a_flight_that_is_not_kept_any_more(now: Now, gateway: Gateway) -> None:
    """A message of a flight that has expired does nothing."""
    scheduled(1, now)
    watching("c", [BOARD], now, gateway)
    [message] = gate(1, now, "A1")
    much_later = Now(now.flight + timedelta(days=40), now.wall)
    push_all([message], much_later, gateway)
    assert changes(gateway, "c") == []


def test_a_message_that_says_nothing(now: Now, gateway: Gateway) -> None:
    """What is no message of the topic is an error, so that it is set aside."""
    for nonsense in ({}, {"flight": "x", "version": 1}, {"flight": str(leg(1, now.flight)), "version": "x"}):
        with pytest.raises((KeyError, ValueError)):
            push.push(nonsense, now, sleep=no_sleep, post=gateway.post)


def test_who_disconnects_while_a_change_is_pushed(now: Now, gateway: Gateway) -> None:
    """Who goes while it is written to, and can't be told, leaves no row behind."""
    scheduled(1, now)
    watching("c", [BOARD], now, gateway)
    gateway.before = lambda connection, message: watch.disconnect("c")
    gateway.answers["c"] = Sent.FULL
    push_all(gate(1, now, "A1"), now, gateway)
    assert store.connections(["c"], now.wall) == []
    assert store.watchers(BOARD, now.wall) == []
