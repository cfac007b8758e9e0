"""How legs are kept: the table `flights`, one item collection for each flight number and origin date.

| question or fact | function | key |
| --- | --- | --- |
| one leg | `flight` | pk = UA1545-20130710, sk = flight#EWR |
| several legs | `flights` | the same, 100 a call |
| legs of a number (own or codeshare) on a date | `legs_numbered` | pk; sk from codeshare# to flight# |
| who leaves (reaches) an airport in a window | `board` | index departures: leaves, leaves_at (reaches, reaches_at) |
| a leg's history after a version | `history` | pk; sk = history#EWR#0000000012 and later |
| legs not seen before | `add` | flight# and codeshare# items, if none is there |
| a new version | `commit` | flight# at the revision read, history# and codeshare# items: one transaction |
| a confirmation of what is known | `confirm` | flight# at the revision read |
| versions not told to the topic yet | `untold` | index `untold`: untold, committed_at (sparse) |
| a version was told | `mark_told` | history# |
| when feeds last spoke | `feeds` | pk = feeds, sk = the feed's name |
| a feed spoke | `heard` | the same |

An item lives 30 days after the leg's scheduled day, or after its last write if that was later (`expires`); a feed's, 30
days after it last spoke. What has expired is absent on every read. A board's time is the one a passenger waits for:
actual, else estimated, else scheduled; so a leg moves along its board. `revision` counts writes, `version` changes;
`encoding` says how observations and changes are written.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.transactions import TransactWrite

from chalicelib.core.clock import Now, instant
from chalicelib.core.config import config
from chalicelib.core.errors import Fault, Invalid
from chalicelib.core.tables import Rows, TableSettings, batch_get, storage
from chalicelib.flights.encoding import decode, decode_changes, encode, encode_changes
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import LONGEST_BOARD, Change, Direction, Flight

KEPT = timedelta(days=30)


class _Departures(GlobalSecondaryIndex["_Row"]):  # type: ignore[no-untyped-call] # pynamodb leaves it untyped
    class Meta(TableSettings):
        index_name = "departures"
        projection = AllProjection()

    leaves = UnicodeAttribute(hash_key=True)
    leaves_at = UnicodeAttribute(range_key=True)


class _Arrivals(GlobalSecondaryIndex["_Row"]):  # type: ignore[no-untyped-call] # pynamodb leaves it untyped
    class Meta(TableSettings):
        index_name = "arrivals"
        projection = AllProjection()

    reaches = UnicodeAttribute(hash_key=True)
    reaches_at = UnicodeAttribute(range_key=True)


class _Untold(GlobalSecondaryIndex["_Row"]):  # type: ignore[no-untyped-call] # pynamodb leaves it untyped
    class Meta(TableSettings):
        index_name = "untold"
        projection = KeysOnlyProjection()

    untold = UnicodeAttribute(hash_key=True)
    committed_at = UnicodeAttribute(range_key=True)


class _Row(Rows):
    class Meta(TableSettings):
        table_name: str | None = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    expires = NumberAttribute(null=True)
    # a leg
    version = NumberAttribute(null=True)
    revision = NumberAttribute(null=True)
    seen = UnicodeAttribute(null=True)
    leaves = UnicodeAttribute(null=True)
    leaves_at = UnicodeAttribute(null=True)
    reaches = UnicodeAttribute(null=True)
    reaches_at = UnicodeAttribute(null=True)
    # a version of its history
    committed_at = UnicodeAttribute(null=True)
    changes = UnicodeAttribute(null=True)
    airports = UnicodeSetAttribute(null=True)
    untold = UnicodeAttribute(null=True)
    # a codeshare
    leg = UnicodeAttribute(null=True)
    # a feed
    heard_at = UnicodeAttribute(null=True)
    noted_at = UnicodeAttribute(null=True)

    departures = _Departures()
    arrivals = _Arrivals()
    told_not_yet = _Untold()


class Kept(NamedTuple):
    """A leg as it was read, with the revision a write of it must still find."""

    flight: Flight
    revision: int


@dataclass(frozen=True)
class Version:
    """One committed version of a leg: its changes, and the airports concerned."""

    leg: LegId
    version: int
    committed_at: datetime
    airports: tuple[str, ...]
    changes: tuple[Change, ...]


class Page(NamedTuple):
    """A part of a board, the cursor of the next (None: this was the last), and the window."""

    flights: list[Flight]
    cursor: str | None
    start: datetime
    end: datetime


class FeedState(NamedTuple):
    """A feed, the airports it speaks for, and when it last spoke, by both clocks."""

    name: str
    airports: tuple[str, ...]
    heard_at: Now


@cache
def _rows() -> type[_Row]:
    _Row.Meta.table_name = config().flights_table
    return _Row


def flight(leg: LegId, now: datetime) -> Kept | None:
    """One leg, as it stands this instant (consistent)."""
    return next(iter(flights([leg], now)), None)


def flights(legs: Iterable[LegId], now: datetime, *, consistent: bool = True) -> list[Kept]:
    """Those of the legs that are there, as they stand this instant; not `consistent`: or a moment ago, at half cost."""
    keys = [(_pk(leg), _flight_sk(leg)) for leg in dict.fromkeys(legs)]
    with storage():
        return [_kept(row) for row in batch_get(_rows(), keys, consistent=consistent) if _alive(row, now)]


def legs_numbered(number: FlightNumber, day: date, now: datetime) -> list[LegId]:
    """The legs that fly under a number on an origin date, as operating flight or as codeshare."""
    with storage():
        rows = _rows().query(f"{number}-{day:%Y%m%d}", _Row.sk < "history#", consistent_read=True)
        return [
            LegId.parse(row.leg) if row.leg else LegId(number, day, row.sk.removeprefix("flight#"))
            for row in rows
            if _alive(row, now)
        ]


def board(
    airport: str,
    direction: Direction,
    *,
    start: datetime,
    end: datetime,
    limit: int,
    cursor: str | None,
    now: datetime,
) -> Page:
    """The legs an airport's board shows from `start` to before `end` (whole seconds), in time order: one Query.

    A cursor carries its window, which then counts. Raises Invalid for a cursor that is not one of this board's.
    """
    index, place, time = (
        (_Row.departures, "leaves", _Departures.leaves_at)
        if direction is Direction.DEPARTURES
        else (_Row.arrivals, "reaches", _Arrivals.reaches_at)
    )
    after = None
    if cursor is not None:
        start, end, after = _continued(cursor, place, airport)
    window = time.between(instant(start), instant(end - timedelta(seconds=1)))
    with storage():
        _rows()
        found = index.query(airport, window, limit=limit, page_size=limit, last_evaluated_key=after)
        legs = [_kept(row).flight for row in found if _alive(row, now)]
        last = found.last_evaluated_key
    return Page(legs, _cursor(last, place, start, end) if last else None, start, end)


def history(leg: LegId, after: int, now: datetime, limit: int | None = None) -> list[Version]:
    """The versions of a leg after one, oldest first (consistent)."""
    first, last = _history_sk(leg, after + 1), _history_sk(leg, 10**10 - 1)
    with storage():
        rows = _rows().query(_pk(leg), _Row.sk.between(first, last), consistent_read=True, limit=limit)
        return [_version(row) for row in rows if _alive(row, now)]


def add(flights: Sequence[Flight], now: datetime) -> None:
    """Keep legs not seen before (at most 100), all or none. Raises Conflict where one of them is there already.

    Their codeshares go first: one that leads to no leg is passed over, a leg without its codeshares would not be found.
    """
    with storage():
        with _rows().batch_write() as batch:
            for alias in (alias for flight in flights for alias in _codeshare_rows(flight, now)):
                batch.save(alias)
        if len(flights) == 1:  # a transaction costs twice as much
            _flight_row(flights[0], 1, now).save(_absent(now))
            return
        with TransactWrite(connection=_rows()._get_connection().connection) as transaction:
            for flight in flights:
                transaction.save(_flight_row(flight, 1, now), _absent(now))


def commit(before: Kept, after: Flight, changes: Sequence[Change], now: Now) -> None:
    """Keep a new version and its history, all or nothing. Raises Conflict where the leg is not as it was read."""
    had, has = _codeshare_rows(before.flight, now.flight), _codeshare_rows(after, now.flight)
    kept = {alias.pk for alias in has}
    airports = tuple(dict.fromkeys(before.flight.airports + after.airports))  # who is told that it is not coming, too
    version = Version(after.leg, after.version, now.wall, airports, tuple(changes))
    with storage(), TransactWrite(connection=_rows()._get_connection().connection) as transaction:
        still_as_read = _Row.revision == before.revision
        transaction.save(_flight_row(after, before.revision + 1, now.flight), still_as_read)
        not_written_before = _absent(now.flight)
        transaction.save(_history_row(version, now.flight), not_written_before)
        for alias in has:
            if alias.pk not in {old.pk for old in had}:
                transaction.save(alias)
        for alias in had:
            if alias.pk not in kept:
                transaction.delete(alias)


def confirm(before: Kept, after: Flight, now: datetime) -> None:
    """Keep newer instants of what was known. Raises Conflict where the leg is not as it was read."""
    with storage():
        _rows()
        _flight_row(after, before.revision + 1, now).save(_Row.revision == before.revision)


def untold(before: datetime, limit: int) -> list[Version]:
    """Versions committed before an instant that were never told to the topic, oldest first."""
    with storage():
        _rows()
        found = list(_Row.told_not_yet.query("untold", _Untold.committed_at < instant(before), limit=limit))
        rows = list(batch_get(_rows(), [(row.pk, row.sk) for row in found], consistent=True))
    return sorted((_version(r) for r in rows if r.untold), key=lambda v: (v.committed_at, v.leg, v.version))


def mark_told(leg: LegId, version: int) -> None:
    """A version was told to the topic; telling it again would be harmless."""
    row = _rows()(_pk(leg), _history_sk(leg, version))
    with storage():
        row.update([_Row.untold.remove()], condition=_Row.pk.exists())


def feeds(now: Now) -> list[FeedState]:
    """Every feed that has spoken within 30 days."""
    with storage():
        return [
            FeedState(
                row.sk,
                tuple(sorted(row.airports or ())),
                Now(datetime.fromisoformat(row.heard_at), datetime.fromisoformat(row.noted_at)),
            )
            for row in _rows().query("feeds")
            if _alive(row, now.wall)
        ]


def heard(feed: str, airports: Iterable[str], at: Now) -> None:
    """A feed spoke about flights of these airports of its own."""
    row = _rows()("feeds", feed)
    with storage():
        row.update([
            _Row.heard_at.set(instant(at.flight)), _Row.noted_at.set(instant(at.wall)),
            _Row.airports.set(set(airports)), _Row.expires.set(int((at.wall + KEPT).timestamp())),
        ])  # fmt: skip


def version_of_image(image: Mapping[str, Any]) -> Version | None:
    """The version that a stream record's new image holds; None for any other item.

    Raises ValueError, KeyError or TypeError for an image that is none of this table's.
    """
    if not image["sk"]["S"].startswith("history#"):
        return None
    return _version(_Row.from_raw_data(dict(image)))


def _pk(leg: LegId) -> str:
    return f"{leg.flight}-{leg.date:%Y%m%d}"


def _flight_sk(leg: LegId) -> str:
    return f"flight#{leg.origin}"


def _history_sk(leg: LegId, version: int) -> str:
    return f"history#{leg.origin}#{version:010}"


def _expires(leg: LegId, now: datetime) -> int:
    day = datetime(leg.date.year, leg.date.month, leg.date.day, tzinfo=UTC)
    return int((max(day, now) + KEPT).timestamp())


def _absent(now: datetime) -> Condition:
    """No item is there, or one that has expired and waits for the broom."""
    absent: Condition = _Row.pk.does_not_exist() | (_Row.expires <= int(now.timestamp()))
    return absent


def _alive(row: _Row, now: datetime) -> bool:
    return row.expires is None or row.expires > now.timestamp()


def _flight_row(flight: Flight, revision: int, now: datetime) -> _Row:
    leg, status = flight.leg, flight.status
    row = _rows()(
        _pk(leg),
        _flight_sk(leg),
        version=flight.version,
        revision=revision,
        seen=encode(flight.seen),
        expires=_expires(leg, now),
    )
    if status.visible and status.expected_out:
        row.leaves, row.leaves_at = leg.origin, instant(status.expected_out)
    if status.visible and status.expected_in and status.destination:
        row.reaches, row.reaches_at = status.destination, instant(status.expected_in)
    return row


def _codeshare_rows(flight: Flight, now: datetime) -> list[_Row]:
    day = f"{flight.leg.date:%Y%m%d}"
    return [
        _rows()(f"{number}-{day}", f"codeshare#{flight.leg}", leg=str(flight.leg), expires=_expires(flight.leg, now))
        for number in flight.status.codeshares or ()
    ]


def _history_row(version: Version, now: datetime) -> _Row:
    return _rows()(
        _pk(version.leg), _history_sk(version.leg, version.version), version=version.version,
        leg=str(version.leg), committed_at=instant(version.committed_at), airports=set(version.airports),
        changes=encode_changes(version.changes), expires=_expires(version.leg, now), untold="untold",
    )  # fmt: skip


def _kept(row: _Row) -> Kept:
    number, _, day = row.pk.rpartition("-")
    leg = LegId.parse(f"{number}-{day}-{row.sk.removeprefix('flight#')}")
    return Kept(Flight(leg, decode(row.seen), int(row.version)), int(row.revision))


def _version(row: _Row) -> Version:
    return Version(
        LegId.parse(row.leg), int(row.version), datetime.fromisoformat(row.committed_at),
        tuple(sorted(row.airports)), decode_changes(row.changes),
    )  # fmt: skip


def _cursor(last: Mapping[str, Any], place: str, start: datetime, end: datetime) -> str:
    parts = [last[name]["S"] for name in (f"{place}_at", "pk", "sk")] + [instant(start), instant(end)]
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _continued(cursor: str, place: str, airport: str) -> tuple[datetime, datetime, dict[str, Any]]:
    """The window of a cursor, and the key after which its board goes on."""
    try:
        at, pk, sk, *window = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        LegId.parse(f"{pk}-{sk.removeprefix('flight#')}")
        when, start, end = (datetime.fromisoformat(text) for text in (at, *window))
        if not (start <= when < end <= start + LONGEST_BOARD and [at, *window] == [*map(instant, (when, start, end))]):
            raise ValueError(cursor)
    except (ValueError, AttributeError, TypeError, OverflowError):
        fault = Fault("query", "cursor", "is not one that this board gave; ask again without it")
        raise Invalid("the cursor can't be used", [fault]) from None
    key = {place: airport, f"{place}_at": at, "pk": pk, "sk": sk}
    return start, end, {name: {"S": text} for name, text in key.items()}
