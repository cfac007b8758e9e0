"""How bookings are kept: the table `bookings`, one item for each, its whole journal in it.

| question or fact | function | key |
| --- | --- | --- |
| one booking | `booking` | pk = booking#K3M9TZ, sk = booking |
| several bookings | `bookings` | the same, 100 a call |
| an account's bookings | `of_account`, `locators_of` | index account: account, held_at; then the items |
| a booking and the seats of its legs change | `write` | items here and in `inventory`: one transaction |
| a booking alone changes | `save` | its item, at the revision read |
| a party waits for seats on legs | `enlist` | its item, and pk = waitlist#UA1545-20261201-EWR, sk = <instant>#K3M9TZ |
| who waits for seats on a leg | `waiting` | pk = waitlist#UA1545-20261201-EWR, by sk: who asked first |
| a party waits no more | `delist` | the same |
| what a stream record says of a booking | `of_image` | none |
| whose documents are due for erasing on a day | `erasings` | pk = erase#2026-12-03 |
| a booking's documents are due, or are erased | `note_erasing`, `forget_erasing` | the same, sk = K3M9TZ |

A booking lives 400 days after its last flight, as claims may be made for about a year; one that was never paid, 30
days after its hold, or after the flight it waited for (`expires`); a place on a waitlist until the flight leaves.
DynamoDB deletes by the wall's clock: `_by_the_wall`.
`payments/simulated.py` keeps its ledger under keys of its own in the same table.
"""

from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.transactions import TransactWrite

from chalicelib.booking.encoding import decode, encode
from chalicelib.booking.model import KEPT, Booking, State, replay
from chalicelib.core.clock import Now, flight_now, instant
from chalicelib.core.config import config
from chalicelib.core.tables import Rows, TableSettings, batch_get, storage
from chalicelib.flights.identity import LegId
from chalicelib.pricing import stock
from chalicelib.pricing.inventory import Inventory

UNPAID_KEPT = timedelta(days=30)
ERASING_KEPT = timedelta(days=60)  # after its day: longer than any outage of the sweep
_WHOLE = "#whole"  # after the locator, where all that names people is to go


class _Account(GlobalSecondaryIndex["_Row"]):  # type: ignore[no-untyped-call] # pynamodb leaves it untyped
    class Meta(TableSettings):
        index_name = "account"
        projection = KeysOnlyProjection()

    account = UnicodeAttribute(hash_key=True)
    held_at = UnicodeAttribute(range_key=True)


class _Row(Rows):
    class Meta(TableSettings):
        table_name: str | None = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    expires = NumberAttribute(null=True)
    revision = NumberAttribute(null=True)
    journal = BinaryAttribute(null=True, legacy_encoding=False)
    account = UnicodeAttribute(null=True)
    held_at = UnicodeAttribute(null=True)

    by_account = _Account()


class Kept(NamedTuple):
    """A booking as it was read, with the revision that a write of it must still find; 0: it is not there yet."""

    booking: Booking
    revision: int


@cache
def _rows() -> type[_Row]:
    _Row.Meta.table_name = config().bookings_table
    return _Row


def booking(locator: str, now: datetime) -> Kept | None:
    """One booking, as it stands this instant."""
    return next(iter(bookings([locator], now)), None)


def bookings(locators: Iterable[str], now: datetime, *, consistent: bool = True) -> list[Kept]:
    """Those of the bookings that are there."""
    with storage():
        rows = batch_get(_rows(), [(_pk(locator), "booking") for locator in locators], consistent=consistent)
        return [_kept(row) for row in rows if _alive(row, now)]


def of_account(account: str, now: datetime, limit: int) -> tuple[list[Kept], bool]:
    """An account's bookings, the newest first, and whether there are older ones beyond that many."""
    with storage():
        _rows()
        found = list(_Row.by_account.query(account, limit=limit + 1, scan_index_forward=False))
        rows = batch_get(_rows(), [(row.pk, row.sk) for row in found[:limit]], consistent=False)
        kept = {row.pk: _kept(row) for row in rows if _alive(row, now)}
    return [kept[row.pk] for row in found if row.pk in kept], len(found) > limit


def locators_of(account: str) -> list[str]:
    """The locators of all of an account's bookings, by an index that may be a moment old."""
    with storage():
        _rows()
        return [row.pk.removeprefix("booking#") for row in _Row.by_account.query(account)]


def write(changes: Sequence[tuple[Kept, Booking]], seats: Mapping[LegId, Inventory]) -> None:
    """Keep bookings together with the seats of their legs, all or nothing. Raises LostRace, Unavailable.

    Each booking is written at the revision, each leg at the version that it was read at.
    """
    with storage(), TransactWrite(connection=_rows()._get_connection().connection) as transaction:
        for before, after in changes:
            transaction.save(_row(after, before.revision + 1), _as_read(before, after))
        stock.write(transaction, seats)


def save(before: Kept, after: Booking) -> Kept:
    """Keep a booking by itself. Raises LostRace where it is not as it was read, Unavailable."""
    with storage():
        _row(after, before.revision + 1).save(_as_read(before, after))
    return Kept(after, before.revision + 1)


class Erasing(NamedTuple):
    """A booking whose documents are due for erasing on a day; `whole`: and all else that names people."""

    locator: str
    day: date
    whole: bool = False


def note_erasing(locator: str, day: date, now: Now, *, whole: bool = False) -> None:
    """Note that a booking's documents are due on a day (of flight time). Raises Unavailable."""
    last = max(day, now.flight.date())
    expires = _by_the_wall(datetime(last.year, last.month, last.day, tzinfo=UTC), now) + ERASING_KEPT
    with storage():
        _rows()(f"erase#{day}", locator + _WHOLE * whole, expires=int(expires.timestamp())).save()


def erasings(day: date, now: datetime) -> list[Erasing]:
    """The bookings noted for a day of flight time, as they stand this instant (wall time). Raises Unavailable."""
    with storage():
        found = [row for row in _rows().query(f"erase#{day}") if _alive(row, now)]
    return [Erasing(row.sk.removesuffix(_WHOLE), day, row.sk.endswith(_WHOLE)) for row in found]


def forget_erasing(row: Erasing) -> None:
    """A booking is done, or stands on another day. Raises Unavailable."""
    with storage():
        _rows()(f"erase#{row.day}", row.locator + _WHOLE * row.whole).delete()


def of_image(image: Mapping[str, Any]) -> Booking | None:
    """The booking that a stream record's image holds; None for any other item.

    Raises ValueError, KeyError or TypeError for an image that is none of this table's.
    """
    if image["sk"]["S"] != "booking":
        return None
    journal = image["journal"]["B"]  # Lambda has it in base64, the API of streams has bytes
    read = b64decode(journal, validate=True) if isinstance(journal, str) else journal
    return _kept(_Row.from_raw_data({**image, "journal": {"B": read}})).booking


def _as_read(before: Kept, after: Booking) -> Condition:
    """That a booking is as it was read; one that was to be erased by now, and is still there, counts as none."""
    at = int(after.journal[-1].at.timestamp())
    as_read: Condition = _Row.revision == before.revision
    return as_read if before.revision else _Row.pk.does_not_exist() | (_Row.expires <= at)


def _pk(locator: str) -> str:
    return f"booking#{locator}"


def _alive(row: _Row, now: datetime) -> bool:
    return row.expires is None or row.expires > now.timestamp()


def _row(booking: Booking, revision: int) -> _Row:
    row = _rows()(
        _pk(booking.locator), "booking", revision=revision, journal=encode(booking.journal), expires=_expires(booking)
    )
    if booking.account:
        row.account, row.held_at = booking.account, instant(booking.journal[0].at)
    return row


def _by_the_wall(moment: datetime, now: Now) -> datetime:
    """When the wall's clock shows an instant of the flight clock: one that runs faster shows it before."""
    return now.wall + (moment - now.flight)


def _expires(booking: Booking) -> int:
    last = booking.journal[-1].at
    if booking.last_in and booking.kept_as in (State.TICKETED, State.CANCELLED, State.WAITLISTED):
        flown = _by_the_wall(booking.last_in, Now(flight_now(config().flight_clock, last), last))
        kept = UNPAID_KEPT if booking.kept_as is State.WAITLISTED else KEPT
        return int((max(last, flown) + kept).timestamp())
    # As long as the payment service knows its references: a locator given out anew begins with the first of them.
    kept = KEPT if booking.payments else UNPAID_KEPT
    return int((max(last, booking.until or last) + kept).timestamp())


def _kept(row: _Row) -> Kept:
    return Kept(replay(row.pk.removeprefix("booking#"), decode(row.journal)), int(row.revision))


class Place(NamedTuple):
    """Where somebody stands on the waitlist of a leg; places sort by when they were taken."""

    leg: LegId
    since: str
    locator: str


def enlist(kept: Kept, after: Booking, until: Mapping[LegId, datetime], now: Now) -> None:
    """Keep a booking that waits for seats, with its place on the list of each leg until that leaves (flight time).

    Raises LostRace, Unavailable.
    """
    since = after.journal[-1].at.astimezone(UTC).isoformat(timespec="microseconds")
    with storage(), TransactWrite(connection=_rows()._get_connection().connection) as transaction:
        transaction.save(_row(after, kept.revision + 1), _as_read(kept, after))
        for leg, leaves in until.items():
            row = _rows()(
                _waitlist(leg), f"{since}#{after.locator}", expires=int(_by_the_wall(leaves, now).timestamp())
            )
            transaction.save(row)


def waiting(leg: LegId, now: datetime, limit: int) -> list[Place]:
    """Who waits for seats on a leg, who asked first before the others."""
    with storage():
        rows = _rows().query(_waitlist(leg), limit=limit, consistent_read=True)
        return [Place(leg, *row.sk.split("#")) for row in rows if _alive(row, now)]


def delist(place: Place) -> None:
    """Take somebody off the list of a leg; who is off it stays so. Raises Unavailable."""
    with storage():
        _rows()(_waitlist(place.leg), f"{place.since}#{place.locator}").delete()


def _waitlist(leg: LegId) -> str:
    return f"waitlist#{leg}"
