"""F6: pushers, clients and feeds at the same time, in random interleavings of their every step.

Each seed finds other faults: with one of the package's rules left out, one to seven of twenty runs fail.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from pynamodb.connection.base import Connection as PynamoConnection

from chalicelib.core.clock import Now
from chalicelib.core.errors import Unavailable
from chalicelib.live import delivery, push, store, watch
from chalicelib.live.model import LEASE, QUARANTINE
from chalicelib.live.wire import Sent

from .interleaved import Interleaved
from .watchers import Client, Gateway, connect, gate, leg, say, scheduled

pytestmark = pytest.mark.usefixtures("cloud", "one_thread")

FLIGHTS, VERSIONS, CLIENTS, PUSHERS, MESSAGES = 2, 6, 3, 4, 4
BOARDS = ["airport:EWR:departures", "airport:IAH:arrivals"]


class Network(Gateway):
    """A gateway where others go first, and which loses some: refused, or unanswered and delivered or not."""

    def __init__(self, turns: Interleaved, dice: random.Random, lossy: bool):
        super().__init__()
        self.lossy = lossy
        self._turns = turns
        self._dice = dice

    def post(self, connection: str, address: str, message: bytes) -> Sent:
        """As `wire.post`."""
        self._turns.pause()
        fate = self._dice.random() if self.lossy else 1
        if fate < 0.06:
            return Sent.FULL
        if fate < 0.07:
            return Sent.UNKNOWN
        sent = super().post(connection, address, message)
        self._turns.pause()
        return Sent.UNKNOWN if fate < 0.08 else sent


class OneAfterAnother:
    """In the place of the pushers' thread pool: moto is not atomic under threads."""

    def __init__(self, _: int):
        pass

    def __enter__(self) -> "OneAfterAnother":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, function: Callable[[Any], Any], each: Iterable[Any]) -> Iterator[Any]:
        """As a pool's."""
        return map(function, each)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], tuple[Interleaved, random.Random]]:
    """Tasks that take turns at every call to DynamoDB."""

    def made(seed: int) -> tuple[Interleaved, random.Random]:
        dice = random.Random(seed)
        turns = Interleaved(dice)
        call = PynamoConnection._make_api_call

        def called(self: Any, *arguments: Any) -> Any:
            turns.pause()
            return call(self, *arguments)

        monkeypatch.setattr(PynamoConnection, "_make_api_call", called)
        monkeypatch.setattr(delivery, "ThreadPoolExecutor", OneAfterAnother)
        monkeypatch.setattr(random, "uniform", dice.uniform)
        return turns, dice

    return made


@pytest.mark.parametrize("lossy", [False, True], ids=["sound", "lossy"])
@pytest.mark.parametrize("seed", range(5))
def test_f6_random_interleavings(seed: int, lossy: bool, world: Any, now: Now) -> None:
    """F6: no client ever gets an older version after a newer one, none misses a change, all end at the last version."""
    turns, dice = world(seed)
    network = Network(turns, dice, lossy)
    legs = [scheduled(number, now) for number in range(1, FLIGHTS + 1)]
    topic: list[dict[str, Any]] = []  # what SNS has yet to bring
    committing = [object()] * FLIGHTS

    def commit(number: int) -> None:
        for version in range(VERSIONS):
            turns.pause(dice.uniform(0, 1.5))
            topic.extend(gate(number, now, f"A{version}") * dice.choice((1, 1, 2)))
        committing.pop()

    def pushing() -> None:
        while committing or topic:
            turns.pause(dice.uniform(0, 0.3))
            if topic:
                message = topic.pop(dice.randrange(len(topic)))
                try:
                    push.push(message, now, sleep=turns.pause, post=network.post)
                except Unavailable:
                    topic.append(message)

    def client(name: str) -> None:
        flight = f"flight:{legs[dice.randrange(FLIGHTS)]}"
        for _ in range(MESSAGES):
            turns.pause(dice.uniform(0, 1))
            what = dice.choice((
                {"action": "ping"},
                {"action": "watch", "topics": [dice.choice(BOARDS)]},
                {"action": "watch", "topics": [flight]},
                {"action": "unwatch", "topics": [flight]},
            ))  # fmt: skip
            say(name, what, now, network, turns.pause)

    names = [f"c{n}" for n in range(CLIENTS)]
    for name in names:
        connect(name, now)
    tasks: list[Callable[[], None]] = [lambda number=n + 1: commit(number) for n in range(FLIGHTS)]
    tasks += [pushing] * PUSHERS
    tasks += [lambda name=name: client(name) for name in names * 2]  # a client's messages are handled side by side
    turns.run(tasks)

    network.lossy = False
    later = Now(now.flight, now.wall + max(LEASE, QUARANTINE))
    assert all(position.lease is None for position in store.positions(legs).values())
    for name in names:
        say(name, {"action": "ping"}, later, network)
        [row] = store.connections([name], later.wall)
        assert not row.owed
        seen = Client()
        for message in network.sent[name]:
            seen.take(message)
        watched = [str(leg) for leg in legs if row.topics & {*BOARDS, f"flight:{leg}"}]
        assert {flight: seen.versions[flight] for flight in watched} == dict.fromkeys(watched, VERSIONS + 1)


@pytest.mark.parametrize("seed", range(2))
def test_clients_that_come_and_go(seed: int, world: Any, now: Now) -> None:
    """Clients that connect, watch and disconnect all the time leave no row behind, and nothing is raised."""
    turns, dice = world(seed)
    network = Network(turns, dice, lossy=True)
    scheduled(1, now)

    def come_and_go(name: str) -> None:
        for _ in range(4):
            connect(name, now)
            say(name, {"action": "watch", "topics": BOARDS}, now, network, turns.pause)
            turns.pause(dice.uniform(0, 0.5))
            watch.disconnect(name)

    def pushing() -> None:
        for version in range(8):
            [message] = gate(1, now, f"A{version}")
            push.push(message, now, sleep=turns.pause, post=network.post)

    turns.run([lambda name=f"c{n}": come_and_go(name) for n in range(3)] + [pushing])
    assert store.connections([f"c{n}" for n in range(3)], now.wall) == []
    assert [store.watchers(board, now.wall) for board in BOARDS] == [[], []]
    assert store.positions([leg(1, now.flight)])[leg(1, now.flight)].lease is None
