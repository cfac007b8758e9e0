"""F6 once more, in real threads, on tables that are exact under them: what test_interleavings can't show."""

import random
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, Queue
from threading import Event
from typing import Any

import pytest

from chalicelib.core.clock import Now, wall_now
from chalicelib.core.errors import Unavailable
from chalicelib.flights import read
from chalicelib.live import push, store
from chalicelib.live.model import LEASE, QUARANTINE
from chalicelib.live.wire import Sent

from .watchers import Client, Gateway, connect, gate, leg, say, scheduled

pytestmark = pytest.mark.usefixtures("exact_cloud")

FLIGHTS, VERSIONS, CLIENTS, PUSHERS = 2, 20, 4, 6
BOARDS = ["airport:EWR:departures", "airport:IAH:arrivals"]


def _now() -> Now:
    return Now(wall_now(), wall_now())


class Network(Gateway):
    """A gateway that takes its time, and loses some: refused, or unanswered and delivered or not."""

    def __init__(self, dice: random.Random, lossy: bool):
        super().__init__()
        self._dice = dice
        self._lossy = lossy

    def post(self, connection: str, address: str, message: bytes) -> Sent:
        _dawdle(self._dice)
        fate = self._dice.random() if self._lossy else 1
        if fate < 0.04:
            return Sent.FULL
        if fate < 0.05:
            return Sent.UNKNOWN
        super().post(connection, address, message)
        return Sent.UNKNOWN if fate < 0.06 else Sent.YES


def _dawdle(dice: random.Random) -> None:
    """Mostly quick; now and then long enough for anything to happen meanwhile."""
    if dice.random() < 0.1:
        time.sleep(dice.uniform(0, 0.15))


def _slowly(function: Callable[..., Any], dice: random.Random) -> Callable[..., Any]:
    """What was read is a little old when it arrives."""

    def slow(*arguments: Any, **named: Any) -> Any:
        result = function(*arguments, **named)
        _dawdle(dice)
        return result

    return slow


@pytest.mark.parametrize("lossy", [False, True], ids=["sound", "lossy"])
def test_f6_threads(lossy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """F6: no client ever gets an older version after a newer one, none misses a change, all end at the last version.

    Where an unanswered message was lost while the client was being caught up, it may miss a change's line: it sees that
    by the versions.
    """
    dice = random.Random(lossy)
    network = Network(dice, lossy)
    for module, name in (
        (read, "current"), (read, "history"), (store, "connections"), (store, "watchers"), (store, "positions"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, _slowly(getattr(module, name), dice))
    begun = _now()
    legs = [scheduled(number, begun) for number in range(1, FLIGHTS + 1)]
    topic: Queue[dict[str, Any]] = Queue()
    committed = Event()
    with ThreadPoolExecutor(32) as pool:
        working: list[Future[None]] = [pool.submit(_push, topic, committed, network, dice) for _ in range(PUSHERS)]
        working += [pool.submit(_client, f"c{n}", network, dice, committed, begun) for n in range(CLIENTS)]
        writing = [pool.submit(_commit, number, begun, topic, dice) for number in range(1, FLIGHTS + 1)]
        for each in writing:
            each.result()
        committed.set()
        for each in working:
            each.result()
    network._lossy = False
    later = Now(begun.flight, wall_now() + max(LEASE, QUARANTINE))
    for n in range(CLIENTS):
        say(f"c{n}", {"action": "ping"}, later, network)
        client = Client(lossy=lossy)
        for message in network.sent[f"c{n}"]:
            client.take(message)
        [row] = store.connections([f"c{n}"], later.wall)
        assert row.topics
        assert not row.owed
        at_least = (
            {t.removeprefix("flight:") for t in row.topics} - set(BOARDS)
            if row.topics.isdisjoint(BOARDS)
            else set(map(str, legs))
        )
        assert {client.versions[flight] for flight in at_least} == {VERSIONS + 1}, f"c{n}"
    assert all(position.lease is None for position in store.positions(legs).values())


def _commit(number: int, now: Now, topic: "Queue[dict[str, Any]]", dice: random.Random) -> None:
    for version in range(VERSIONS):
        [message] = gate(number, now, f"A{version}")
        for _ in range(dice.choice((1, 1, 2))):  # SNS may bring it twice
            topic.put(message)
        time.sleep(dice.uniform(0, 0.06))


def _push(topic: "Queue[dict[str, Any]]", committed: Event, network: Network, dice: random.Random) -> None:
    while True:
        try:
            message = topic.get(timeout=0.05)
        except Empty:
            if committed.is_set():
                return
            continue
        _dawdle(dice)  # SNS keeps no order
        try:
            push.push(message, _now(), sleep=time.sleep, post=network.post)
        except Unavailable:
            topic.put(message)


def _client(name: str, network: Network, dice: random.Random, committed: Event, now: Now) -> None:
    connect(name, _now())
    flight = f"flight:{leg(dice.randint(1, FLIGHTS), now.flight)}"
    say(name, {"action": "watch", "topics": [flight]}, _now(), network, time.sleep)
    say(name, {"action": "watch", "topics": [dice.choice(BOARDS)]}, _now(), network, time.sleep)
    while not committed.is_set():
        time.sleep(dice.uniform(0, 0.05))
        say(name, dice.choice((
            {"action": "ping"},
            {"action": "watch", "topics": BOARDS},
            {"action": "watch", "topics": [flight]},
            {"action": "unwatch", "topics": [flight]},
        )), _now(), network, time.sleep)  # fmt: skip
