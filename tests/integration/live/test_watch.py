"""A client says what it wants to watch, and gets its state."""

import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pynamodb.connection.base import Connection as PynamoConnection

from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict
from chalicelib.live import store, watch
from chalicelib.live.model import CONNECTION_LIFE, LEASE, MAX_TOPICS
from chalicelib.live.wire import Sent

from .watchers import DOMAIN, STAGE, Gateway, connect, gate, leg, push_all, say, say_of, scheduled, watching

pytestmark = pytest.mark.usefixtures("cloud", "one_thread")

BOARD = "airport:EWR:departures"


def watched(connection: str, now: Now) -> set[str]:
    [row] = store.connections([connection], now.wall)
    assert row.topics == {t for t in row.topics if connection in store.watchers(t, now.wall)}
    return set(row.topics)


def test_state_comes_before_the_answer(now: Now, gateway: Gateway) -> None:
    """Who watches a board and a flight gets the state of both, then the list of what it watches."""
    scheduled(1, now)
    scheduled(2, now)
    connect("c", now)
    flight = f"flight:{leg(2, now.flight)}"
    board, one, answer = say("c", {"action": "watch", "topics": [flight, BOARD]}, now, gateway)
    assert (board["type"], board["topic"], board["part"], board["parts"]) == ("state", BOARD, 1, 1)
    assert [row["number"] for row in board["flights"]] == ["UA1", "UA2"]
    assert [row["id"] for row in one["flights"]] == [str(leg(2, now.flight))]
    assert one["topic"] == flight
    assert answer == {"type": "watching", "topics": [BOARD, flight]}
    assert watched("c", now) == {BOARD, flight}


def test_empty_states(now: Now, gateway: Gateway) -> None:
    """An empty board, and a flight nobody knows, are one part without flights; both are watched."""
    connect("c", now)
    unknown = f"flight:{leg(9, now.flight)}"
    told = say("c", {"action": "watch", "topics": [BOARD, unknown]}, now, gateway)
    assert [(m["part"], m["parts"], m["flights"]) for m in told[:2]] == [(1, 1, []), (1, 1, [])]
    scheduled(9, now)
    push_all(gate(9, now, "A1"), now, gateway)
    assert gateway.types("c")[3:] == ["change"]


def test_big_board_comes_in_parts(now: Now, gateway: Gateway) -> None:
    """A board of more than 30 kB comes in numbered parts, none larger, which together are the board."""
    for number in range(1, 91):
        scheduled(number, now, departure_gate="C101")
    connect("c", now)
    *parts, answer = say("c", {"action": "watch", "topics": [BOARD]}, now, gateway)
    assert len(parts) > 1
    assert [(part["part"], part["parts"]) for part in parts] == [(n, len(parts)) for n in range(1, len(parts) + 1)]
    assert sorted(row["number"] for part in parts for row in part["flights"]) == sorted(f"UA{n}" for n in range(1, 91))
    assert max(len(json.dumps(part, separators=(",", ":"), ensure_ascii=False).encode()) for part in parts) <= 30_000
    assert answer["type"] == "watching"


def test_hidden_flights_are_in_no_state(now: Now, gateway: Gateway) -> None:
    """What its source took off the display is not shown to those who come."""
    scheduled(1, now)
    say_of(1, now, now.flight, shown="hidden")
    connect("c", now)
    told = say("c", {"action": "watch", "topics": [BOARD, f"flight:{leg(1, now.flight)}"]}, now, gateway)
    assert [message["flights"] for message in told[:2]] == [[], []]


def test_watching_again_sends_the_state_again(now: Now, gateway: Gateway) -> None:
    """Who watches what it watches already gets its state anew, as it is now."""
    scheduled(1, now)
    watching("c", [BOARD], now, gateway)
    push_all(gate(1, now, "A1"), now, gateway)
    state, _ = say("c", {"action": "watch", "topics": [BOARD]}, now, gateway)
    assert state["flights"][0]["departure"]["gate"] == "A1"


def test_unwatch(now: Now, gateway: Gateway) -> None:
    """What is unwatched is not told any more; what is left is the answer."""
    scheduled(1, now)
    flight = f"flight:{leg(1, now.flight)}"
    watching("c", [BOARD, flight], now, gateway)
    [answer] = say("c", {"action": "unwatch", "topics": [BOARD, "airport:JFK:arrivals"]}, now, gateway)
    assert answer == {"type": "watching", "topics": [flight]}
    assert watched("c", now) == {flight}
    say("c", {"action": "unwatch", "topics": [flight]}, now, gateway)
    before = len(gateway.sent["c"])
    push_all(gate(1, now, "A1"), now, gateway)
    assert len(gateway.sent["c"]) == before


def test_topics_in_any_spelling(now: Now, gateway: Gateway) -> None:
    """Small letters, an ICAO code and a padded number name the same topics, and come back in their one spelling."""
    connect("c", now)
    day = f"{now.flight:%Y%m%d}"
    *_, answer = say(
        "c", {"action": "watch", "topics": ["Airport:kewr:Departures", f"flight:ua0001-{day}-ewr"]}, now, gateway
    )
    assert answer["topics"] == [BOARD, f"flight:UA1-{day}-EWR"]


def test_ping(now: Now, gateway: Gateway) -> None:
    """A ping is answered with a pong, and what time it is."""
    connect("c", now)
    assert say("c", {"action": "ping"}, now, gateway) == [{"type": "pong", "at": "2026-07-10T12:00:00Z"}]


@pytest.mark.parametrize(
    ("what", "name", "detail"),
    [
        ("{", "message", "is not JSON"),
        ("", "message", "is not JSON"),
        ("[1]", "message", "is not an object"),
        ('"ping"', "message", "is not an object"),
        ({"topics": [BOARD]}, "action", "is watch, unwatch or ping"),
        ({"action": "look"}, "action", "is watch, unwatch or ping"),
        ({"action": ["watch"]}, "action", "is watch, unwatch or ping"),
        ({"action": "watch"}, "topics", "is missing"),
        ({"action": "watch", "topics": []}, "topics", "at least 1"),
        ({"action": "watch", "topics": BOARD}, "topics", "array"),
        ({"action": "watch", "topics": [BOARD] * 51}, "topics", "at most 50"),
        ({"action": "watch", "topics": [BOARD, 7]}, "topics.1", "string"),
        ({"action": "watch", "topics": [BOARD], "since": 4}, "since", "is not known here"),
        ({"action": "ping", "topics": []}, "topics", "is not known here"),
        ({"action": "watch", "topics": ["EWR"]}, "topics.0", "one looks like airport:EWR:departures"),
        ({"action": "watch", "topics": ["airport:EWR"]}, "topics.0", "one looks like airport:EWR:departures"),
        ({"action": "watch", "topics": ["airport:ZZZ:arrivals"]}, "topics.0", "there is no airport 'ZZZ'"),
        ({"action": "watch", "topics": ["flight:UA1"]}, "topics.0", "'UA1' is not a flight id; one looks like UA1545"),
        ({"action": "watch", "topics": ["flight:UA1-20260732-EWR"]}, "topics.0", "there is no day 20260732"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood(what: object, name: str, detail: str, now: Now, gateway: Gateway) -> None:
    """An error says what is wrong, where, and what would be right; nothing is done."""
    connect("c", now)
    [told] = say("c", what, now, gateway)
    assert told["type"] == "error"
    [error] = told["errors"]
    assert error["in"] == "message"
    assert error["name"] == name
    assert detail in error["detail"]
    assert detail in told["detail"]
    assert watched("c", now) == set()


def test_good_and_bad_topics(now: Now, gateway: Gateway) -> None:
    """Of a message with good and bad topics nothing is done, and each bad one is named."""
    connect("c", now)
    topics = [BOARD, "airport:QQQ:departures", "nonsense"]
    [told] = say("c", {"action": "watch", "topics": topics}, now, gateway)
    assert [error["name"] for error in told["errors"]] == ["topics.1", "topics.2"]
    assert watched("c", now) == set()


def test_message_too_long(now: Now, gateway: Gateway) -> None:
    """Of a message of more than 4 kB not a word is read."""
    connect("c", now)
    [told] = say("c", '{"action": "ping"}' + " " * 4096, now, gateway)
    assert told["detail"] == "the message has 4114 bytes; at most 4096 are read"


def test_too_many_topics(now: Now, gateway: Gateway) -> None:
    """A connection watches 20 topics and no more; what it watched already does not count twice."""
    connect("c", now)
    topics = [f"flight:{leg(n, now.flight)}" for n in range(1, MAX_TOPICS + 1)]
    *_, answer = say("c", {"action": "watch", "topics": topics}, now, gateway)
    assert len(answer["topics"]) == MAX_TOPICS
    [told] = say("c", {"action": "watch", "topics": [topics[0], BOARD]}, now, gateway)
    assert told["detail"].startswith("a connection watches at most 20 topics; with these it would be 21")
    assert watched("c", now) == set(topics)
    say("c", {"action": "unwatch", "topics": topics[:1]}, now, gateway)
    assert say("c", {"action": "watch", "topics": [BOARD]}, now, gateway)[-1]["type"] == "watching"


@given(text=st.one_of(
    st.text(st.characters(), max_size=200),
    st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
                 lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
                 max_leaves=20).map(json.dumps),
    st.builds(lambda action, topics: json.dumps({"action": action, "topics": topics}),
              st.sampled_from(["watch", "unwatch", "ping", "", None, 1]) | st.text(max_size=10),
              st.lists(st.sampled_from([BOARD, "flight:UA1-20260710-EWR"]) | st.text(max_size=40), max_size=5)),
    st.sampled_from(["[" * 4000, '{"a":' * 800, "9" * 4000, '{"action":"ping","action":"x"}', "\ud800", "\x00", "NaN"]),
))  # fmt: skip
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hostile_messages(text: str, now: Now) -> None:
    """Whatever a client says, it is answered once, with an error or as it asked; nothing breaks."""
    gateway = Gateway()
    connect("c", now)
    told = say("c", text, now, gateway)
    assert [m["type"] for m in told if m["type"] != "state"] in (["error"], ["pong"], ["watching"])
    if told[-1]["type"] == "error":
        assert len(told) == 1
        assert told[0]["detail"]
    watch.disconnect("c")


def test_f18_expired_connection_is_absent(now: Now, gateway: Gateway) -> None:
    """F18: a connection past its time is told nothing, and asked to connect again, though its rows are still there."""
    scheduled(1, now)
    watching("c", [BOARD], now, gateway)
    later = Now(now.flight, now.wall + CONNECTION_LIFE)
    before = len(gateway.sent["c"])
    push_all(gate(1, later, "A1"), later, gateway)
    assert gateway.sent["c"][before:] == []
    assert store.watchers(BOARD, later.wall) == []
    for what in ({"action": "ping"}, {"action": "watch", "topics": [BOARD]}):
        [told] = say("c", what, later, gateway)
        assert told["type"] == "error"
        assert "connect again" in told["detail"]
    connect("c", later)
    assert say("c", {"action": "ping"}, later, gateway)[0]["type"] == "pong"


def test_disconnect_forgets(now: Now, gateway: Gateway) -> None:
    """Who disconnects leaves no row behind; twice does no harm."""
    watching("c", [BOARD], now, gateway)
    for _ in range(2):
        watch.disconnect("c")
        assert store.connections(["c"], now.wall) == []
        assert store.watchers(BOARD, now.wall) == []


def test_gone_while_it_gets_its_state(now: Now, gateway: Gateway) -> None:
    """A client that goes while it is sent its state is forgotten."""
    scheduled(1, now)
    connect("c", now)
    gateway.answers["c"] = Sent.GONE
    assert say("c", {"action": "watch", "topics": [BOARD]}, now, gateway) == []
    assert gateway.tries == 1
    assert store.connections(["c"], now.wall) == []
    assert store.watchers(BOARD, now.wall) == []


def test_gone_before_its_answer(now: Now, gateway: Gateway) -> None:
    """A client that is gone when it is answered is forgotten."""
    connect("c", now)
    gateway.answers["c"] = Sent.GONE
    assert say("c", {"action": "ping"}, now, gateway) == []
    assert store.connections(["c"], now.wall) == []


@pytest.mark.parametrize("answer", [Sent.FULL, Sent.UNKNOWN])
def test_too_slow_for_its_state(answer: Sent, now: Now, gateway: Gateway) -> None:
    """A client that can't take its state is owed it, and gets it when it pings; changes in between are in it."""
    scheduled(1, now)
    connect("c", now)
    gateway.answers["c"] = answer
    say("c", {"action": "watch", "topics": [BOARD]}, now, gateway)
    push_all(gate(1, now, "A1"), now, gateway)
    del gateway.answers["c"]
    if answer is Sent.UNKNOWN:  # the gateway may deliver it yet
        assert [m["type"] for m in say("c", {"action": "ping"}, now, gateway)] == ["pong"]
        now = Now(now.flight, now.wall + timedelta(minutes=1))
    *told, pong = say("c", {"action": "ping"}, now, gateway)
    assert told[0]["type"] == "state" or told[0]["type"] == "change"
    [state] = [m for m in told if m["type"] == "state"]
    assert state["flights"][0]["departure"]["gate"] == "A1"
    assert pong["type"] == "pong"
    assert [m["type"] for m in say("c", {"action": "ping"}, now, gateway)] == ["pong"]


def test_a_client_that_is_slow_for_a_moment(now: Now, gateway: Gateway) -> None:
    """A client that takes no more for a moment is waited for, a little."""
    scheduled(1, now)
    connect("c", now)
    gateway.answers["c"] = Sent.FULL
    told = say("c", {"action": "watch", "topics": [BOARD]}, now, gateway, sleep=lambda s: gateway.answers.clear())
    assert [message["type"] for message in told] == ["state", "watching"]


def test_turns(now: Now, gateway: Gateway) -> None:
    """While an earlier message is being answered a later one waits; for long, and it is told to come again."""
    scheduled(1, now)
    connect("c", now)
    answers = []

    def meanwhile(connection: str, message: dict[str, object]) -> None:
        if message["type"] == "state" and not answers:
            waited: list[float] = []
            answers.append("asked")
            answers.extend(
                say("c", {"action": "watch", "topics": ["airport:EWR:arrivals"]}, now, gateway, waited.append)
            )
            assert 5 < sum(waited) < 10

    gateway.before = meanwhile
    say("c", {"action": "watch", "topics": [BOARD]}, now, gateway)
    assert answers[1]["type"] == "error"
    assert answers[1]["detail"].endswith("still being answered; try again in 5 seconds")
    assert watched("c", now) == {BOARD}


def test_tables_that_take_only_a_part(now: Now, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where DynamoDB keeps leaving writes undone the client is asked to come again; what it asked for is kept."""
    scheduled(1, now)
    connect("c", now)
    call = PynamoConnection._make_api_call

    def leave_undone(self: object, operation: str, arguments: dict[str, object]) -> object:
        if operation == "BatchWriteItem":
            return {"UnprocessedItems": arguments["RequestItems"]}
        return call(self, operation, arguments)

    with monkeypatch.context() as patch:
        patch.setattr(PynamoConnection, "_make_api_call", leave_undone)
        [told] = say("c", {"action": "watch", "topics": [BOARD]}, now, gateway)
    assert (told["type"], told["detail"]) == ("error", "the tables are busy; try again in 2 seconds")
    assert [m["type"] for m in say("c", {"action": "ping"}, now, gateway)] == ["state", "pong"]
    assert watched("c", now) == {BOARD}


def test_one_handler_at_a_time(now: Now) -> None:
    """Of two handlers that read the same connection one holds it; nobody else does until it is lifted, or runs out."""
    connect("c", now)
    [row] = store.connections(["c"], now.wall)
    held = store.take(row, "first", now.wall, now.wall + LEASE)
    for read in (row, held):
        with pytest.raises(Conflict):
            store.take(read, "second", now.wall, now.wall + LEASE)
    assert store.lift(held, frozenset()) is None
    with pytest.raises(Conflict):
        store.take(row, "second", now.wall, now.wall + LEASE)
    [row] = store.connections(["c"], now.wall)
    store.take(row, "second", now.wall, now.wall + LEASE)
    [row] = store.connections(["c"], now.wall)
    store.take(row, "third", now.wall + LEASE, now.wall + 2 * LEASE)
    with pytest.raises(Conflict):
        store.let_go(held)


def test_a_dead_handler_leaves_nothing_undone(now: Now, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a handler dies between storing a watch and sending its state, the client's next message brings it."""
    scheduled(1, now)
    connect("c", now)

    class Killed(BaseException):
        pass

    def die(connection: str, message: object) -> None:
        raise Killed

    gateway.before = die
    with pytest.raises(Killed):
        say("c", {"action": "watch", "topics": [BOARD]}, now, gateway)
    gateway.before = lambda connection, message: None
    push_all(gate(1, now, "A1"), now, gateway)
    assert gateway.sent["c"] == [], "somebody holds it, as far as is known"
    assert [m["type"] for m in say("c", {"action": "ping"}, now, gateway)] == ["pong"]
    later = Now(now.flight, now.wall + LEASE)
    told = say("c", {"action": "ping"}, later, gateway)
    assert [m["type"] for m in told] == ["state", "change", "pong"]
    assert told[0]["flights"][0]["departure"]["gate"] == "A1"


def test_callback_is_the_connections_own(now: Now) -> None:
    """A connection's row says where to write to it."""
    watch.connect("c", DOMAIN, STAGE, now)
    [row] = store.connections(["c"], now.wall)
    assert row.callback == "https://ws.example.com/test"
