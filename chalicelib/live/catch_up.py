"""Brings one client up to date: the states of topics, and the changes it missed. Why so: the package's docstring."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.telemetry import count, logger
from chalicelib.flights import read
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import Change, Flight
from chalicelib.live import messages, store
from chalicelib.live.model import (
    QUARANTINE,
    AirportTopic,
    Connection,
    FlightTopic,
    Missed,
    MissedSeats,
    Position,
    SeatsTopic,
    owed_of,
)
from chalicelib.live.wire import Post, Sent

if TYPE_CHECKING:
    from chalicelib.pricing.inventory import Inventory

ROUNDS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)  # seconds to wait after each round that could do nothing
PATIENCE = (0.2, 0.5, 1.0)  # seconds to wait for a client that takes no more


class _NotSent(Exception):
    """The client did not take a message."""

    def __init__(self, sent: Sent):
        super().__init__(sent)
        self.sent = sent


def catch_up(
    connection: Connection, *, known_to_pushers: bool, now: Now, sleep: Callable[[float], None], post: Post
) -> bool:
    """Send a connection that we hold what it is owed, and lift the hold. Returns whether the client takes messages.

    `known_to_pushers`: it was held before, so a pusher may be at work that found it free. What can't be sent (a slow
    client, a pusher that does not end) stays owed, until its next message. Raises Unavailable.
    """
    try:
        _pay(connection, known_to_pushers, now, sleep, post)
        return True
    except _NotSent as problem:
        _part(connection, problem.sent, now)
        return False
    except Conflict:  # our hold ran out, and somebody else goes on, or it is gone
        logger.warning("a hold was lost", connection=connection.id)
        return False
    except Exception:
        _let_go(connection)
        raise


def _pay(connection: Connection, known_to_pushers: bool, now: Now, sleep: Callable[[float], None], post: Post) -> None:
    pushers: dict[LegId, str | None] | None = {} if known_to_pushers else None
    for pause in ROUNDS:
        paid = _round(connection, pushers, now, sleep, post)
        left = store.lift(connection, paid)
        if left is None:
            return
        connection = left
        if not paid:
            sleep(pause)
    logger.warning("a connection is still owed", connection=connection.id, entries=len(connection.owed))
    store.let_go(connection)


def _round(
    connection: Connection,
    pushers: dict[LegId, str | None] | None,
    now: Now,
    sleep: Callable[[float], None],
    post: Post,
) -> frozenset[str]:
    """Send the states that a connection is owed or, where it has them all, the changes. Returns what could be sent."""
    owed = {entry: owed_of(entry) for entry in sorted(connection.owed)}
    states = {entry: what for entry, what in owed.items() if not isinstance(what, Missed | MissedSeats)}
    store.watch(connection, states)  # stored first, then the state is read
    seats = {entry: what.leg for entry, what in owed.items() if isinstance(what, SeatsTopic | MissedSeats)}
    for leg in sorted(set(seats.values())):  # a newer one may come before or after: their versions tell
        _send(connection, messages.seats(str(SeatsTopic(leg)), seats_of(leg, now), now.wall), sleep, post)
    flights_owed = {entry: what for entry, what in owed.items() if not isinstance(what, SeatsTopic | MissedSeats)}
    due = {entry: what for entry, what in flights_owed.items() if entry in states} or flights_owed
    boards = {entry: _board(what, now.flight) for entry, what in due.items() if isinstance(what, AirportTopic)}
    single = {entry: what.leg for entry, what in due.items() if not isinstance(what, AirportTopic)}
    flights = {flight.leg: flight for flight in chain(*boards.values())}
    flights |= {flight.leg: flight for flight in read.current(single.values(), now.flight)}
    busy: set[LegId] = set() if pushers is None else _being_pushed(flights, pushers, now)
    paid = set(seats)
    for entry, what in due.items():
        legs = [flight.leg for flight in boards[entry]] if entry in boards else [single[entry]]
        if busy.isdisjoint(legs):
            for message in _messages(what, [flights[leg] for leg in legs if leg in flights], now):
                _send(connection, message, sleep, post)
            paid.add(entry)
    return frozenset(paid)


def _board(topic: AirportTopic, now: datetime) -> list[Flight]:
    start, end = read.window(now)
    return read.whole_board(topic.airport, topic.direction, start=start, end=end, now=now)


def _being_pushed(flights: dict[LegId, Flight], pushers: dict[LegId, str | None], now: Now) -> set[LegId]:
    """The flights whose pusher may have found the connection free and is still at work.

    `pushers` keeps who was at work on each flight when it was first looked at: whoever came after found the hold.
    What a pusher has overtaken, or may have, is read again into `flights` after its end.
    """
    positions = store.positions(flights)
    busy: set[LegId] = set()
    again: set[LegId] = set()
    for leg, flight in flights.items():
        position = positions.get(leg, Position())
        before_us = pushers.setdefault(leg, position.lease)
        if before_us and before_us == position.lease and position.leased(now.wall):
            busy.add(leg)
        elif before_us:
            pushers[leg] = None
            again.add(leg)
        elif position.pushed > flight.version:
            again.add(leg)
    flights |= {flight.leg: flight for flight in read.current(again, now.flight)}
    return busy


def _messages(what: AirportTopic | FlightTopic | Missed, flights: list[Flight], now: Now) -> Iterator[bytes]:
    if not isinstance(what, Missed):
        yield from messages.state(str(what), [flight for flight in flights if flight.status.visible])
        return
    for flight in flights:
        yield messages.change(flight, changes_since(what.since, flight, now))


def seats_of(leg: LegId, now: Now) -> "Inventory | None":
    """The seats of a flight as they stand this instant; None: it is not sold. Raises Unavailable."""
    from chalicelib.pricing import show

    with suppress(NotFound):
        return show.seats(leg, now, consistent=True)
    return None


def changes_since(version: int, flight: Flight, now: Now) -> list[tuple[int, tuple[Change, ...]]]:
    """A flight's changes by version, after one version and up to the one that it has."""
    told = read.history(flight.leg, version, now.flight)
    return [(each.version, each.changes) for each in told if each.version <= flight.version]


def _send(connection: Connection, message: bytes, sleep: Callable[[float], None], post: Post) -> None:
    sent = post(connection.id, connection.callback, message)
    for pause in PATIENCE:
        if sent is not Sent.FULL:
            break
        sleep(pause)
        sent = post(connection.id, connection.callback, message)
    if sent is not Sent.YES:
        raise _NotSent(sent)


def _part(connection: Connection, sent: Sent, now: Now) -> None:
    """Leave a client that does not take what it is sent: for good, or until its next message."""
    if sent is Sent.GONE:
        store.forget([connection])
        count("ConnectionsGone")
    else:
        # What went unanswered may still be delivered: nothing newer is to overtake it.
        _let_go(connection, now.wall + QUARANTINE if sent is Sent.UNKNOWN else None)
        count("ConnectionsBehind")
    logger.info("a connection does not take what it is owed", connection=connection.id, sent=sent)


def _let_go(connection: Connection, until: datetime | None = None) -> None:
    with suppress(Conflict):
        store.let_go(connection, until)
