"""Pushes a flight's change to everyone who watches it. Why so: the package's docstring."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import uuid4

from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, GatecallError, Unavailable
from chalicelib.core.telemetry import count, logger
from chalicelib.flights import read
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import Flight
from chalicelib.live import messages, store, wire
from chalicelib.live.catch_up import changes_since
from chalicelib.live.model import LEASE, QUARANTINE, Connection, Missed, Position, topics_at, topics_of
from chalicelib.live.wire import Post, Sent

SENDERS = 32  # messages under way at a time
TURNS = (0.1, 0.2, 0.4, 0.8, 1.0, 1.0)  # seconds to wait, each time, for another pusher of the same flight
TRIES = 5  # of what a change by somebody else makes start over
UNTOLD = 10  # versions to look back where a flight was never pushed: SNS may bring a later one first


def push(message: Mapping[str, Any], now: Now, *, sleep: Callable[[float], None], post: Post = wire.post) -> None:
    """Push one message of the topic `flight-changes` (`flights.changes.message`).

    A version that was pushed is not pushed again; later ones that are committed already are pushed with it. Raises
    Unavailable where storage does not answer or others are at work on this flight for long; ValueError, KeyError or
    TypeError for a message that can't be understood.
    """
    leg, version = LegId.parse(message["flight"]), int(message["version"])
    flight = _current(leg, now)
    if flight is None:
        return
    listed = _watchers(topics_of(flight) | _topics_of(leg, message), now)
    if not any(listed.values()):
        return
    pusher = uuid4().hex
    position = _take_turn(leg, version, pusher, now, sleep)
    if position is None:
        return
    since = position.pushed or max(0, version - UNTOLD)
    try:
        pushed = _push(flight, listed, since, now, post)
    except Exception:
        with suppress(GatecallError):  # it ends by itself
            store.abandon(leg, pusher)
        raise
    with suppress(Conflict):  # it took us longer than a lease lasts
        store.release(leg, pushed, pusher)


def _push(flight: Flight, listed: Mapping[str, set[str]], since: int, now: Now, post: Post) -> int:
    """Push a flight, of which we have the lease, to those `listed` by topic after it was read. Returns the version."""
    for _ in range(TRIES):
        delivery = _Delivery(_by_connection(listed), Missed(flight.leg, since, flight.version), now, post)
        ready = delivery.ready()
        latest = _current(flight.leg, now)
        if latest is None:
            return flight.version
        changes = changes_since(since, latest, now)
        topics = topics_of(latest, chain.from_iterable(of_version for _, of_version in changes))
        if latest.version == flight.version and topics <= listed.keys():
            delivery.send(ready, messages.change(latest, changes))
            return latest.version
        flight, listed = latest, _watchers(topics | listed.keys(), now)
    raise Unavailable(f"{flight.leg} changes all the time")


@dataclass(frozen=True)
class _Delivery:
    """One change on its way: to whom, by connection id, as watchers of which topics."""

    topics: Mapping[str, set[str]]
    missed: Missed
    now: Now
    post: Post

    def ready(self) -> list[Connection]:
        """The connections that can be written to. The others, as they are, are owed the change."""
        ready: list[Connection] = []
        unsure = list(self.topics)
        for _ in range(TRIES):
            found = [each for each in store.connections(unsure, self.now.wall) if self._watched(each)]
            unsure = []
            for connection in found:
                if not connection.owed and not connection.held(self.now.wall):
                    ready.append(connection)
                elif not self._owe(connection):
                    unsure.append(connection.id)
            if not unsure:
                return ready
        for connection in store.connections(unsure, self.now.wall):
            self._owe_anyway(connection)
        return ready

    def send(self, connections: list[Connection], message: bytes) -> None:
        """Send the change; who is gone is forgotten, who takes no more falls behind."""
        with ThreadPoolExecutor(SENDERS) as pool:
            sent = list(pool.map(lambda connection: self._send(connection, message), connections))
        gone = [connection for connection, result in zip(connections, sent, strict=True) if result is Sent.GONE]
        with suppress(Unavailable):  # they are found gone again
            store.forget(gone)
        behind = sent.count(Sent.FULL) + sent.count(Sent.UNKNOWN)
        count("ChangesPushed", sent.count(Sent.YES))
        count("ConnectionsGone", len(gone))
        count("ConnectionsBehind", behind)
        logger.info(
            "change pushed", flight=str(self.missed.leg), version=self.missed.version,
            connections=sent.count(Sent.YES), gone=len(gone), behind=behind,
        )  # fmt: skip

    def _send(self, connection: Connection, message: bytes) -> Sent:
        sent = self.post(connection.id, connection.callback, message)
        if sent in (Sent.FULL, Sent.UNKNOWN):
            self._fall_behind(connection, sent)
        return sent

    def _fall_behind(self, connection: Connection, sent: Sent) -> None:
        logger.info("a connection falls behind", connection=connection.id, sent=sent)
        for _ in range(TRIES):
            if self._owe(connection, quarantined=sent is Sent.UNKNOWN):
                return
            found = store.connections([connection.id], self.now.wall)
            if not found:
                return
            [connection] = found
        self._owe_anyway(connection)

    def _watched(self, connection: Connection) -> set[str]:
        """As watcher of which topics the change concerns it; what its own row does not name, it watches no more."""
        return self.topics[connection.id] & connection.topics

    def _owe(self, connection: Connection, *, quarantined: bool = False) -> bool:
        """Note the change as owed. Returns whether the connection was still as it was read.

        To who is held, the change: its holder sends it. To who is behind, the topics, so that it does not add up.
        """
        held = connection.held(self.now.wall)
        entries = {str(self.missed)} if held else self._watched(connection)
        until = self.now.wall + QUARANTINE if quarantined and entries and not held else None
        if entries <= connection.owed and not until:
            return True
        try:
            store.owe(connection, entries, until=until)
        except Conflict:
            return False
        return True

    def _owe_anyway(self, connection: Connection) -> None:
        with suppress(Conflict):  # gone
            store.owe(connection, {str(self.missed)}, anyway=True)


def _take_turn(leg: LegId, version: int, pusher: str, now: Now, sleep: Callable[[float], None]) -> Position | None:
    """Lease a flight's position. Returns None where that version was pushed; raises Unavailable after some patience.

    SNS's next attempts, after one minute and two, outlast a dead pusher's lease.
    """
    for pause in (*TURNS, None):
        try:
            return store.lease(leg, version, pusher, now.wall, now.wall + LEASE)
        except Conflict:
            position = store.positions([leg]).get(leg, Position())
        if position.lease == pusher:  # we took it, and the answer was lost
            return position
        if position.pushed >= version:
            return None
        if pause is not None:
            sleep(random.uniform(pause / 2, pause))
    raise Unavailable(f"{leg} is being pushed by another", retry_after=60)


def _topics_of(leg: LegId, message: Mapping[str, Any]) -> set[str]:
    """The topics that a message's version concerns: the airports after it, and those its changes name."""
    bound = {airport for airport in message["airports"] if airport != leg.origin}
    for change in message["changes"]:
        if change["field"] in ("destination", "diverted_to"):
            bound |= {change["before"] or "", change["after"] or ""}
    return topics_at(leg, filter(None, bound))


def _current(leg: LegId, now: Now) -> Flight | None:
    return next(iter(read.current([leg], now.flight)), None)


def _watchers(topics: Iterable[str], now: Now) -> dict[str, set[str]]:
    """Who watches, by topic."""
    return {topic: set(store.watchers(topic, now.wall)) for topic in topics}


def _by_connection(listed: Mapping[str, set[str]]) -> Mapping[str, set[str]]:
    """What is watched, by connection."""
    topics: dict[str, set[str]] = defaultdict(set)
    for topic, ids in listed.items():
        for id_ in ids:
            topics[id_].add(topic)
    return topics
