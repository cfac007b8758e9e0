"""Pushes a flight's change to everyone who watches it. Why so: the package's docstring."""

import random
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from itertools import chain
from typing import Any
from uuid import uuid4

from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, GatecallError, Unavailable
from chalicelib.flights import read
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import Flight
from chalicelib.live import messages, store, wire
from chalicelib.live.catch_up import changes_since
from chalicelib.live.delivery import TRIES, Delivery, by_connection
from chalicelib.live.model import LEASE, Missed, Position, topics_at, topics_of
from chalicelib.live.wire import Post

TURNS = (0.1, 0.2, 0.4, 0.8, 1.0, 1.0)  # seconds to wait, each time, for another pusher of the same flight
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
        delivery = _delivery(listed, Missed(flight.leg, since, flight.version), now, post)
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


def _delivery(listed: Mapping[str, set[str]], missed: Missed, now: Now, post: Post) -> Delivery:
    about: dict[str, Any] = {"flight": str(missed.leg), "version": missed.version}
    return Delivery(by_connection(listed), str(missed), "ChangesPushed", about, now, post)
