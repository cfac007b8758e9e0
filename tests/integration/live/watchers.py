"""Clients to test with, the gateway between, and flights that change."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from chalicelib.core.clock import Now
from chalicelib.flights import changes, ingest, read
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import FlightUpdate, Observation
from chalicelib.live import push, watch
from chalicelib.live.wire import Sent

DOMAIN, STAGE = "ws.example.com", "test"


class Gateway:
    """Plays API Gateway: keeps what each connection was sent, in order, and answers as told."""

    def __init__(self) -> None:
        self.sent: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.answers: dict[str, Sent] = {}  # other than YES, by connection
        self.before: Callable[[str, dict[str, Any]], None] = lambda connection, message: None
        self.tries = 0
        self._lock = Lock()

    def post(self, connection: str, address: str, message: bytes) -> Sent:
        """As `wire.post`."""
        assert address == f"https://{DOMAIN}/{STAGE}"
        told = json.loads(message)
        self.before(connection, told)
        with self._lock:
            self.tries += 1
            answer = self.answers.get(connection, Sent.YES)
            if answer is Sent.YES:
                self.sent[connection].append(told)
        return answer

    def types(self, connection: str) -> list[str]:
        """What kinds of messages a connection was sent."""
        return [message["type"] for message in self.sent[connection]]

    def take(self, connection: str) -> list[dict[str, Any]]:
        """What a connection was sent since the last time."""
        with self._lock:
            return self.sent.pop(connection, [])


@dataclass
class Client:
    """Applies what it is sent as the protocol has it, and holds the other side to what it promises."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)  # the newest version of each flight it was ever sent
    lossy: bool = (
        False  # a message to it may have been lost for good: then it finds the gap, and fills it from the history
    )

    def take(self, message: Mapping[str, Any]) -> None:
        """Take a message: nothing older after newer, and no change left out."""
        match message["type"]:
            case "state":
                for row in message["flights"]:
                    self._see(row)
            case "change":
                row = message["flight"]
                assert row["version"] == message["version"]
                told = [line["version"] for line in message["changes"]]
                assert told == sorted(told), "changes come in order"
                known = self.versions.get(row["id"])
                if known is not None:
                    new = {version for version in told if version > known}
                    first = min(new, default=row["version"] + 1) if self.lossy else known + 1
                    assert new == set(range(first, row["version"] + 1)), f"{known} -> {row['version']}: {told}"
                self._see(row)

    def _see(self, row: dict[str, Any]) -> None:
        assert row["version"] >= self.versions.get(row["id"], 0), "an older version after a newer one"
        self.versions[row["id"]] = row["version"]
        self.rows[row["id"]] = row


def no_sleep(_: float) -> None:
    """Wait for nothing."""


def connect(connection: str, now: Now) -> None:
    """A client connects."""
    watch.connect(connection, DOMAIN, STAGE, now)


def say(
    connection: str,
    what: object,
    now: Now,
    gateway: Gateway,
    sleep: Callable[[float], None] = no_sleep,
) -> list[dict[str, Any]]:
    """A client says something (JSON, or a text as it is); returns what all it is sent while it is answered."""
    before = len(gateway.sent[connection])
    text = what if isinstance(what, str) else json.dumps(what)
    watch.receive(connection, DOMAIN, STAGE, text, now, sleep=sleep, post=gateway.post)
    return gateway.sent[connection][before:]


def watching(connection: str, topics: list[str], now: Now, gateway: Gateway) -> None:
    """A client connects and watches."""
    connect(connection, now)
    told = say(connection, {"action": "watch", "topics": topics}, now, gateway)
    assert told[-1]["type"] == "watching", told


def leg(number: int, day: datetime) -> LegId:
    """A leg of United's from Newark."""
    return LegId(FlightNumber("UA", number), day.date(), "EWR")


def scheduled(number: int, now: Now, **more: Any) -> LegId:
    """A leg to Houston appears, in two hours' time."""
    out = now.flight + timedelta(hours=2)
    observed = {"destination": "IAH", "scheduled_out": out, "scheduled_in": out + timedelta(hours=4), **more}
    return say_of(number, now, now.flight - timedelta(days=1), **observed)


def say_of(number: int, now: Now, at: datetime, **observed: Any) -> LegId:
    """A source says something of a leg."""
    of = leg(number, now.flight)
    update = FlightUpdate(of, "replay", {name: Observation(value, at) for name, value in observed.items()})
    assert not ingest.take([update], now, sleep=no_sleep).failed
    return of


def gate(number: int, now: Now, *gates: str) -> list[dict[str, Any]]:
    """A leg's gate changes, once or several times; returns what the topic is told of each version."""
    messages = []
    for name in gates:
        known = read.current([leg(number, now.flight)], now.flight)[0]
        at = known.seen["departure_gate"].at if "departure_gate" in known.seen else now.flight - timedelta(hours=1)
        of = say_of(number, now, at + timedelta(seconds=1), departure_gate=name)
        messages += told(of, known.version, now)
    return messages


def told(of: LegId, after: int, now: Now) -> list[dict[str, Any]]:
    """What the topic is told of a leg's versions after one, as it comes out of SNS."""
    return [json.loads(json.dumps(changes.message(version))) for version in read.history(of, after, now.flight)]


def push_all(
    messages: list[dict[str, Any]], now: Now, gateway: Gateway, sleep: Callable[[float], None] = no_sleep
) -> None:
    """SNS brings messages, one after another."""
    for message in messages:
        push.push(message, now, sleep=sleep, post=gateway.post)
