"""How searches are kept: the table `searches`. All of it can be lost without harm.

| question or fact | function | key |
| --- | --- | --- |
| what was found lately | `found` | pk = found#{digest of all it hangs on}, sk = answer; 100 a call |
| a search has an answer | `keep` | the same |
| how punctual a route's flights were | `punctuality` | pk = punctuality#EWR-LAX, sk = days; 100 a call |
| that was looked up | `keep_punctuality` | the same |
| somebody searched | `count` | pk = searched#NYC-LAX, sk = 20261201#009: departure date, days ahead |

An answer lives 300 s. What is known of a route's punctuality is looked up anew after 6 h, and lives 15 days, as the
days that are over stay what they were. The counts of searches live 400 days after the departure date, for statistics;
they say nothing of who searched. What has expired is absent on every read.
"""

import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.core.config import config
from chalicelib.core.tables import Rows, TableSettings, batch_get, storage

ANSWER_KEPT = timedelta(seconds=300)
PUNCTUALITY_FRESH = timedelta(hours=6)
PUNCTUALITY_KEPT = timedelta(days=15)
COUNTS_KEPT = timedelta(days=400)
NOTHING = ""  # became of a flight that was looked up: it did not fly on that day, or nobody said


class Days(NamedTuple):
    """How a route's flights came in: by date, by flight number, one letter of `punctuality.Outcome`, or NOTHING."""

    looked_at: datetime
    outcomes: Mapping[date, Mapping[str, str]]


class _Row(Rows):
    class Meta(TableSettings):
        table_name: str | None = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    expires = NumberAttribute(null=True)
    # an answer; the days of a route
    content = BinaryAttribute(null=True, legacy_encoding=False)
    looked_at = NumberAttribute(null=True)
    # how often one searched, by the kind of trip
    one_way = NumberAttribute(null=True)
    round_trip = NumberAttribute(null=True)
    several = NumberAttribute(null=True)


@cache
def _rows() -> type[_Row]:
    _Row.Meta.table_name = config().searches_table
    return _Row


def found(digests: Iterable[str], now: datetime) -> dict[str, Any]:
    """Those of the answers that are there and have not expired."""
    keys = [(f"found#{digest}", "answer") for digest in digests]
    with storage():
        rows = [row for row in batch_get(_rows(), keys, consistent=False) if _alive(row, now)]
    return {row.pk.removeprefix("found#"): _unpacked(row.content) for row in rows}


def keep(digest: str, answer: Any, now: datetime) -> None:
    """Keep an answer (what JSON can hold)."""
    expires = int((now + ANSWER_KEPT).timestamp())
    with storage():
        _rows()(f"found#{digest}", "answer", content=_packed(answer), expires=expires).save()


def punctuality(routes: Iterable[tuple[str, str]], now: datetime) -> dict[tuple[str, str], Days]:
    """What is known of the punctuality of routes."""
    keys = [(f"punctuality#{origin}-{destination}", "days") for origin, destination in routes]
    known = {}
    with storage():
        for row in batch_get(_rows(), keys, consistent=False):
            if _alive(row, now):
                origin, _, destination = row.pk.removeprefix("punctuality#").partition("-")
                known[origin, destination] = _days(row)
    return known


def keep_punctuality(origin: str, destination: str, days: Days, now: datetime) -> None:
    """Keep what was looked up of a route's punctuality."""
    content = {day.isoformat(): dict(flights) for day, flights in sorted(days.outcomes.items())}
    row = _rows()(
        f"punctuality#{origin}-{destination}", "days", content=_packed(content),
        looked_at=int(days.looked_at.timestamp()), expires=int((now + PUNCTUALITY_KEPT).timestamp()),
    )  # fmt: skip
    with storage():
        row.save()


def count(origin: str, destination: str, departure: date, ahead: int, kind: str) -> None:
    """Somebody searched a trip from a place to another so many days before; `kind` is a counter of `_Row`."""
    midnight = datetime(departure.year, departure.month, departure.day, tzinfo=UTC)
    row = _rows()(f"searched#{origin}-{destination}", f"{departure:%Y%m%d}#{ahead:03}")
    with storage():
        row.update([
            getattr(_Row, kind).add(1), _Row.expires.set(int((midnight + COUNTS_KEPT).timestamp())),
        ])  # fmt: skip


def _days(row: _Row) -> Days:
    outcomes = {date.fromisoformat(day): flights for day, flights in _unpacked(row.content).items()}
    return Days(datetime.fromtimestamp(int(row.looked_at), UTC), outcomes)


def _alive(row: _Row, now: datetime) -> bool:
    return row.expires is None or row.expires > now.timestamp()


def _packed(content: Any) -> bytes:
    return zlib.compress(json.dumps(content, separators=(",", ":")).encode(), 6)


def _unpacked(content: bytes) -> Any:
    return json.loads(zlib.decompress(content))
