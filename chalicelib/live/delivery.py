"""Brings one message to many connections: who is gone is forgotten, who takes no more is owed it.

Why so: the package's docstring.
"""

from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.core.telemetry import count, logger
from chalicelib.live import store
from chalicelib.live.model import QUARANTINE, Connection
from chalicelib.live.wire import Post, Sent

SENDERS = 32  # messages under way at a time
TRIES = 5  # of what a change by somebody else makes start over


@dataclass(frozen=True)
class Delivery:
    """One message on its way: to whom, by connection id, as watchers of which topics.

    `missed` is what a connection that somebody writes to is owed instead, in a spelling that no other message has;
    `metric` counts who got it, `about` says of what in the log.
    """

    topics: Mapping[str, set[str]]
    missed: str
    metric: str
    about: Mapping[str, Any]
    now: Now
    post: Post

    def ready(self) -> list[Connection]:
        """The connections that can be written to. The others, as they are, are owed it."""
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
        """Send the message; who is gone is forgotten, who takes no more falls behind."""
        with ThreadPoolExecutor(SENDERS) as pool:
            sent = list(pool.map(lambda connection: self._send(connection, message), connections))
        gone = [connection for connection, result in zip(connections, sent, strict=True) if result is Sent.GONE]
        with suppress(Unavailable):  # they are found gone again
            store.forget(gone)
        behind = sent.count(Sent.FULL) + sent.count(Sent.UNKNOWN)
        count(self.metric, sent.count(Sent.YES))
        count("ConnectionsGone", len(gone))
        count("ConnectionsBehind", behind)
        logger.info("pushed", **self.about, connections=sent.count(Sent.YES), gone=len(gone), behind=behind)

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
        """As watcher of which topics it concerns a connection; what its own row does not name, it watches no more."""
        return self.topics[connection.id] & connection.topics

    def _owe(self, connection: Connection, *, quarantined: bool = False) -> bool:
        """Note the message as owed. Returns whether the connection was still as it was read.

        To who is held, what it missed: its holder sends it. To who is behind, the topics, so that it does not add up.
        """
        held = connection.held(self.now.wall)
        entries = {self.missed} if held else self._watched(connection)
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
            store.owe(connection, {self.missed}, anyway=True)


def by_connection(listed: Mapping[str, set[str]]) -> Mapping[str, set[str]]:
    """What is watched, by connection, of who watches, by topic."""
    topics: dict[str, set[str]] = defaultdict(set)
    for topic, ids in listed.items():
        for id_ in ids:
            topics[id_].add(topic)
    return topics
