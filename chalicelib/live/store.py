"""How watchers are kept: the table `live`. Expiry, holds and leases run on wall time, in seconds since 1970.

| question or fact | function | key |
| --- | --- | --- |
| connections, those that are there | `connections` | pk = connection#L0SM9cOFvHcCIhw=, sk = connection; 100 a call |
| a client connected | `connect` | the same |
| somebody begins to write to a client | `take` | the same, as it was read and not held |
| a client is owed something | `owe` | the same, as it was read; or `anyway` |
| it got what it was owed | `lift` | the same, while held by us |
| we stop writing, though more is owed | `let_go` | the same, while held by us |
| who watches a topic | `watchers` | pk = airport:EWR:departures, sk from connection# on |
| a client watches topics | `watch` | pk = the topic, sk = connection#L0SM9cOFvHcCIhw= |
| a client watches topics no more | `unwatch` | the same |
| a client is gone | `forget` | its watches, then its connection |
| how far flights have been pushed | `positions` | pk = position#UA1545-20130710-EWR, sk = position; 100 a call |
| somebody begins to push a flight | `lease` | the same, if below that version and not leased |
| a flight was pushed | `release` | the same, while leased by us |
| a push failed on its way | `abandon` | the same, while leased by us |

A connection and its watches live 2 h 10 min from its beginning; what has expired is absent on every read. A position
lives 31 days from its last push: longer than its flight, so that nothing asks for an expired one.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.core.config import config
from chalicelib.core.errors import Conflict
from chalicelib.core.tables import Rows, TableSettings, batch_get, storage
from chalicelib.flights.identity import LegId
from chalicelib.live.model import Connection, Position

POSITION_KEPT = timedelta(days=31)


class _Row(Rows):
    class Meta(TableSettings):
        table_name: str | None = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    expires = NumberAttribute(null=True)
    # a connection
    callback = UnicodeAttribute(null=True)
    topics = UnicodeSetAttribute(null=True)
    owed = UnicodeSetAttribute(null=True)
    hold = UnicodeAttribute(null=True)
    hold_until = NumberAttribute(null=True)
    # a position
    pushed = NumberAttribute(null=True)
    lease = UnicodeAttribute(null=True)
    lease_until = NumberAttribute(null=True)


@cache
def _rows() -> type[_Row]:
    _Row.Meta.table_name = config().live_table
    return _Row


def connections(ids: Iterable[str], at: datetime) -> list[Connection]:
    """Those of the connections that are there, as they stand this instant (consistent)."""
    keys = [(_connection_key(id_), "connection") for id_ in set(ids)]
    with storage():
        rows = batch_get(_rows(), keys, consistent=True)
        return [_connection(row) for row in rows if row.expires > at.timestamp()]


def connect(connection: Connection) -> None:
    """Keep a new connection."""
    row = _rows()(
        _connection_key(connection.id), "connection", callback=connection.callback, expires=connection.expires
    )
    with storage():
        row.save()


def take(
    connection: Connection,
    hold: str,
    at: datetime,
    until: datetime,
    *,
    watch: frozenset[str] = frozenset(),
    unwatch: frozenset[str] = frozenset(),
) -> Connection:
    """Hold a connection, which then watches (and is owed) some topics, or watches them no more.

    Returns it as it then is. Raises Conflict where it is held, gone, or was held since it was read.
    """
    actions: list[Action] = [_Row.hold.set(hold), _Row.hold_until.set(_seconds(until))]
    if watch:
        actions += [_Row.topics.add(set(watch)), _Row.owed.add(set(watch))]
    if unwatch:
        actions += [_Row.topics.delete(set(unwatch)), _Row.owed.delete(set(unwatch))]
    not_since_read = _same(_Row.hold, connection.hold)
    free = _Row.hold_until.does_not_exist() | (_Row.hold_until <= _seconds(at))
    return _update(connection, actions, _Row.pk.exists() & not_since_read & free)


def owe(connection: Connection, entries: set[str], *, until: datetime | None = None, anyway: bool = False) -> None:
    """Note what a connection is owed; nobody is to write to it `until` then.

    Raises Conflict where it is gone or its hold is not as it was read; `anyway`: where it is gone.
    """
    actions: list[Action] = [_Row.owed.add(entries)]
    if until:
        actions += [_Row.hold.set("quarantine"), _Row.hold_until.set(_seconds(until))]
    as_read = _same(_Row.hold, connection.hold) & _same(_Row.hold_until, connection.hold_until)
    _update(connection, actions, _Row.pk.exists() if anyway else _Row.pk.exists() & as_read)


def lift(connection: Connection, paid: frozenset[str]) -> Connection | None:
    """Take off what a connection was owed and got, and its hold where nothing more is owed.

    Returns None where the hold is lifted, else the connection with what is owed now. Raises Conflict where it is not
    held by us any more.
    """
    still_ours = (_Row.hold == connection.hold) & _Row.hold_until.exists()
    if paid == connection.owed:
        nothing_more = _Row.owed == set(paid) if paid else _Row.owed.does_not_exist()
        try:
            _update(connection, [_Row.owed.remove(), _Row.hold_until.remove()], still_ours & nothing_more)
            return None
        except Conflict:
            pass
    # Setting what is set already asks, with a condition, how things stand.
    taken_off = _Row.owed.delete(set(paid)) if paid else _Row.hold.set(connection.hold or "")
    return _update(connection, [taken_off], still_ours)


def let_go(connection: Connection, until: datetime | None = None) -> None:
    """Hold a connection no more, or only `until` then, though it is owed more. Raises Conflict where it is not ours."""
    action = _Row.hold_until.set(_seconds(until)) if until else _Row.hold_until.remove()
    _update(connection, [action], (_Row.hold == connection.hold) & _Row.hold_until.exists())


def watchers(topic: str, at: datetime) -> list[str]:
    """The ids of the connections that watch a topic (consistent)."""
    with storage():
        rows = _rows().query(topic, _Row.sk.startswith("connection#"), consistent_read=True)
        return [row.sk.removeprefix("connection#") for row in rows if row.expires > at.timestamp()]


def watch(connection: Connection, topics: Iterable[str]) -> None:
    """A connection watches topics, as long as it lives."""
    with storage(), _rows().batch_write() as batch:
        for topic in topics:
            batch.save(_rows()(topic, _connection_key(connection.id), expires=connection.expires))


def unwatch(connection_id: str, topics: Iterable[str]) -> None:
    """A connection watches topics no more."""
    with storage(), _rows().batch_write() as batch:
        for topic in topics:
            batch.delete(_rows()(topic, _connection_key(connection_id)))


def forget(gone: Iterable[Connection]) -> None:
    """Connections are gone, and so are their watches."""
    gone = list(gone)
    with storage(), _rows().batch_write() as batch:
        for connection in gone:
            for topic in connection.topics:
                batch.delete(_rows()(topic, _connection_key(connection.id)))
    with storage(), _rows().batch_write() as batch:  # last, so that a crash before it leaves no watch unknown
        for connection in gone:
            batch.delete(_rows()(_connection_key(connection.id), "connection"))


def positions(legs: Iterable[LegId]) -> Mapping[LegId, Position]:
    """How far flights have been pushed (consistent); what was never pushed is not in it."""
    keys = [(_position_key(leg), "position") for leg in set(legs)]
    with storage():
        rows = batch_get(_rows(), keys, consistent=True)
        return {LegId.parse(row.pk.removeprefix("position#")): _position(row) for row in rows}


def lease(leg: LegId, version: int, holder: str, at: datetime, until: datetime) -> Position:
    """Be the one who pushes a flight up to a version. Returns its position.

    Raises Conflict where somebody else is, or that version was pushed.
    """
    row = _rows()(_position_key(leg), "position")
    not_pushed = _Row.pushed.does_not_exist() | (_Row.pushed < version)
    free = _Row.lease.does_not_exist() | (_Row.lease_until <= _seconds(at))
    with storage():
        row.update(
            [
                _Row.lease.set(holder),
                _Row.lease_until.set(_seconds(until)),
                _Row.expires.set(_seconds(at + POSITION_KEPT)),
            ],
            not_pushed & free,
        )
    return _position(row)


def release(leg: LegId, pushed: int, holder: str) -> None:
    """A flight was pushed up to a version. Raises Conflict where the lease is not ours any more."""
    _end(leg, holder, [_Row.pushed.set(pushed), _Row.lease.remove(), _Row.lease_until.remove()])


def abandon(leg: LegId, holder: str) -> None:
    """A push failed on its way: others may lease the flight, and can see so. Raises Conflict as `release`."""
    _end(leg, holder, [_Row.lease_until.set(0)])


def _end(leg: LegId, holder: str, actions: list[Action]) -> None:
    row = _rows()(_position_key(leg), "position")
    with storage():
        row.update(actions, _Row.lease == holder)


def _update(connection: Connection, actions: list[Action], condition: Condition) -> Connection:
    row = _rows()(_connection_key(connection.id), "connection")
    with storage():
        row.update(actions, condition)
    return _connection(row)


def _same(attribute: Any, value: Any) -> Condition:
    condition: Condition = attribute.does_not_exist() if value is None else attribute == value
    return condition


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _connection_key(connection_id: str) -> str:
    return f"connection#{connection_id}"


def _position_key(leg: LegId) -> str:
    return f"position#{leg}"


def _connection(row: _Row) -> Connection:
    return Connection(
        row.pk.removeprefix("connection#"), row.callback, int(row.expires), frozenset(row.topics or ()),
        frozenset(row.owed or ()), row.hold, None if row.hold_until is None else int(row.hold_until),
    )  # fmt: skip


def _position(row: _Row) -> Position:
    return Position(int(row.pushed or 0), row.lease, int(row.lease_until or 0))
