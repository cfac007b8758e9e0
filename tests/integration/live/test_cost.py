"""What watching and pushing cost: calls, counted; not seconds."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from pynamodb.connection.base import Connection as PynamoConnection

from chalicelib.core.clock import Now
from chalicelib.live import push, store, watch

from .watchers import DOMAIN, STAGE, Gateway, connect, gate, no_sleep, say, scheduled, watching

pytestmark = pytest.mark.usefixtures("cloud", "one_thread")

BOARD = "airport:EWR:departures"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """The calls to DynamoDB from now on, by operation."""
    made: Counter[str] = Counter()
    call = PynamoConnection._make_api_call

    def counted(self: Any, operation: str, arguments: Any) -> Any:
        made[operation] += 1
        return call(self, operation, arguments)

    monkeypatch.setattr(PynamoConnection, "_make_api_call", counted)
    return made


def many_watch(watchers: int, now: Now) -> None:
    """Connections as `store` keeps them once they have had their state; written many at a time."""
    row, expires = store._rows(), int(now.wall.timestamp()) + 60
    with row.batch_write() as batch:
        for key in (f"connection#c{n}" for n in range(watchers)):
            batch.save(row(BOARD, key, expires=expires))
            batch.save(row(
                key, "connection", callback=f"https://{DOMAIN}/{STAGE}", expires=expires, topics={BOARD}, hold="earlier"
            ))  # fmt: skip


def test_a_change_that_nobody_watches(now: Now, gateway: Gateway, calls: Counter[str]) -> None:
    """Most changes are watched by nobody: they cost one read of the flight and one query for each topic."""
    scheduled(1, now)
    [message] = gate(1, now, "A1")
    calls.clear()
    push.push(message, now, sleep=no_sleep, post=gateway.post)
    assert calls == {"BatchGetItem": 1, "Query": 3}


@pytest.mark.parametrize(("watchers", "reads"), [(1, 1), (100, 1), (1000, 10)])
def test_a_change_to_many(watchers: int, reads: int, now: Now, gateway: Gateway, calls: Counter[str]) -> None:
    """A change to N watchers costs N messages, one read for each 100 of them, and nothing else that grows."""
    scheduled(1, now)
    [message] = gate(1, now, "A1")
    many_watch(watchers, now)
    calls.clear()
    push.push(message, now, sleep=no_sleep, post=gateway.post)
    assert gateway.tries == watchers
    # The flight before and after the watchers, its topics, its history; the lease, taken and given back.
    assert calls == {"BatchGetItem": 2 + reads, "Query": 3 + 1, "UpdateItem": 2}
    gateway.sent.clear()
    calls.clear()
    push.push(message, now, sleep=no_sleep, post=gateway.post)
    assert calls["UpdateItem"] == 1, "a second time costs the lease that is not had"
    assert not gateway.sent


@pytest.mark.parametrize(("what", "cost"), [
    ({"action": "ping"}, {"BatchGetItem": 1}),
    # The row, the hold, the watch, the board by its index and each 100 of its flights, the hold's end.
    ({"action": "watch", "topics": [BOARD]}, {"BatchGetItem": 3, "UpdateItem": 2, "BatchWriteItem": 1, "Query": 1}),
    ({"action": "unwatch", "topics": [BOARD]}, {"BatchGetItem": 1, "UpdateItem": 2, "BatchWriteItem": 1}),
    ({"action": "look"}, {}),
], ids=lambda value: value.get("action"))  # fmt: skip
def test_what_a_message_costs(
    what: dict[str, Any], cost: dict[str, int], now: Now, gateway: Gateway, calls: Counter[str]
) -> None:
    """What a client says costs a handful of calls, whatever the board; nonsense costs none."""
    for number in range(1, 121):
        scheduled(number, now)
    connect("c", now)
    calls.clear()
    say("c", what, now, gateway)
    assert calls == cost


def test_watching_more_costs_a_look_at_the_pushers(now: Now, gateway: Gateway, calls: Counter[str]) -> None:
    """The second watch of a connection looks at the positions of the flights, once for each 100."""
    scheduled(1, now)
    watching("c", ["airport:JFK:departures"], now, gateway)
    calls.clear()
    say("c", {"action": "watch", "topics": [BOARD]}, now, gateway)
    assert calls == {"BatchGetItem": 3, "UpdateItem": 2, "BatchWriteItem": 1, "Query": 1}


def test_connecting_and_going(now: Now, gateway: Gateway, calls: Counter[str]) -> None:
    """A connection costs one write at its beginning; at its end one read and two writes."""
    doing: list[Callable[[], None]] = [lambda: connect("c", now), lambda: watch.disconnect("c")]
    for do, cost in zip(doing, ({"PutItem": 1}, {"BatchGetItem": 1, "BatchWriteItem": 1}), strict=True):
        calls.clear()
        do()
        assert calls == cost
