"""Followers by page, what each was last told, and what is due: the table `followers`.

| question or fact | function | key |
| --- | --- | --- |
| a page with room for one follower more | `place` | pk = head#flight:UA1545-20260710-EWR, sk = head (counts up) |
| the pages of a leg's subjects, and how far it was fanned out | `following` | the same, and the next; one call |
| all pages of subjects | `pages` | the first |
| a follower, as it is kept | `follower_row` | pk = page#flight:UA1545-20260710-EWR#email#0, sk = subscription |
| who follows, by page | `followers` | the same |
| what each of a page was told of a leg | `entries` | pk = told#UA1545-20260710-EWR#(page), sk = subscription |
| what a new follower knows already | `begin` | the same, if nothing is there |
| somebody begins to tell followers | `claim` | the same, each as it was read |
| what came of it | `mark` | the same, by whoever claimed |
| what a subscription was told, by leg | `deliveries` | the same |
| what a follower knows, by leg | `known` | the same |
| who is not to be told any more, and what they were told | `forget` | the follower's, and these |
| a leg was fanned out up to a version | `mark_fanned` | pk = leg#UA1545-20260710-EWR, sk = fanned; if below |
| something is due at an instant | `plan` | pk = due#page#…, sk = clock; the earliest instant stays |
| what is due | `due` | index `due`: due = clock#shard, due_at |
| somebody takes it up | `take` | pk = due#page#…, as it was read |
| it was done, or is due again | `settle` | the same, as it was taken |
| it is not to be done any more | `cancel` | the same |
| somebody begins to tell of a booking | `claim_letter` | pk = letter#K3M9TZ#4, sk = email#(address), if not told |
| what came of it | `mark_letter` | the same, by whoever claimed |

A subject's followers stand in pages of `PAGE` by channel. Each is one partition, read by one Query and told by one
queue message, so a million followers are two thousand times the work of five hundred. Everything here lives 30 days
after the local origin date of what is followed (`expires`; an expired follower is absent on every read, and no leg of
that day changes any more); what was told of a booking, 30 days from then on. A ledger row of up to 1 KB costs 2 write
units to claim with others and 1 to mark.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Literal, NamedTuple
from zlib import crc32

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.transactions import TransactWrite

from chalicelib.alerts.model import Delivery, Follower, Interest, QuietHours, Rule, Subject, Told
from chalicelib.channels.model import Address, Channel
from chalicelib.core.clock import instant
from chalicelib.core.config import config
from chalicelib.core.errors import Conflict
from chalicelib.core.tables import Rows, TableSettings, batch_get, storage
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import Phase

KEPT = timedelta(days=30)  # after the local origin date of what is followed
PAGE = {Channel.EMAIL: 500, Channel.SMS: 100, Channel.PUSH: 200, Channel.WEBPUSH: 100, Channel.WEBHOOK: 20}
LETTER_KEPT = timedelta(days=30)  # longer than any queue may bring it again
RECENT = 550  # bytes of deliveries kept in a ledger row, which so stays below 1 KB: five emails, or a dozen SMS
SHARDS = 8  # of what is due, by clock

Clock = Literal["flight", "wall"]


class Kind(StrEnum):
    """What can be due."""

    PAGE = "page"  # a page's followers are to be looked at again for a leg: quiet hours, retries
    REMIND = "remind"  # a leg's followers are to be reminded
    LOOK = "look"  # for flights of a subject that were not there yet
    ASK = "ask"  # an address whose confirmation message was not taken
    CHECK_IN = "check-in"  # the passengers of a booking are to be told that they can check in for a leg


class _Due(GlobalSecondaryIndex["_Row"]):  # type: ignore[no-untyped-call] # pynamodb leaves it untyped
    class Meta(TableSettings):
        index_name = "due"
        projection = AllProjection()

    due = UnicodeAttribute(hash_key=True)
    due_at = UnicodeAttribute(range_key=True)


class _Row(Rows):
    class Meta(TableSettings):
        table_name: str | None = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    expires = NumberAttribute(null=True)
    revision = NumberAttribute(null=True)  # of a ledger row, or of something due
    # a head: how many ever followed, by channel
    email = NumberAttribute(null=True)
    sms = NumberAttribute(null=True)
    push = NumberAttribute(null=True)
    webpush = NumberAttribute(null=True)
    webhook = NumberAttribute(null=True)
    # a follower
    address = UnicodeAttribute(null=True)
    rule = UnicodeAttribute(null=True)
    secret = UnicodeAttribute(null=True)
    code = UnicodeAttribute(null=True)
    booked = BooleanAttribute(null=True)
    # a ledger row
    told = UnicodeAttribute(null=True)
    recent = UnicodeAttribute(null=True)
    claim = UnicodeAttribute(null=True)
    claim_until = NumberAttribute(null=True)
    attempts = NumberAttribute(null=True)
    retry_at = UnicodeAttribute(null=True)
    given_up = NumberAttribute(null=True)
    # a leg
    version = NumberAttribute(null=True)
    # something due
    due = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)

    index = _Due()


class Page(NamedTuple):
    """A part of a subject's followers on one channel."""

    subject: str
    channel: Channel
    number: int

    def __str__(self) -> str:
        return f"{self.subject}#{self.channel}#{self.number}"

    @classmethod
    def parse(cls, text: str) -> "Page":
        """The reverse of str(). Raises ValueError."""
        subject, channel, number = text.split("#")
        return cls(subject, Channel(channel), int(number))

    @classmethod
    def of(cls, follower: Follower) -> "Page":
        """The page a follower stands in."""
        return cls(str(follower.subject), follower.address.channel, follower.page)


@dataclass(frozen=True)
class Entry:
    """A follower's ledger row of one leg, with the revision that a claim of it must still find."""

    told: Told | None = None  # None: nothing yet
    recent: tuple[Delivery, ...] = ()  # oldest first
    revision: int = 0
    claim_until: int = 0  # seconds since 1970; somebody is telling them until then
    attempts: int = 0  # that failed in a row, and may go well later
    retry_at: datetime | None = None  # wall clock
    given_up: int = 0  # the flight's version that could not be told for good

    def claimed(self, now: datetime) -> bool:
        """Whether somebody is at it (wall clock)."""
        return self.claim_until > now.timestamp()


class Task(NamedTuple):
    """Something to be done when its time has come, by one of the clocks."""

    kind: Kind
    name: str  # the leg, a blank and the page; the leg; the subject; the address's id; or a locator, a blank, the leg
    clock: Clock


class Letter(NamedTuple):
    """A fact of a booking (the number of an event of its journal, or a leg to check in for) that an address is told."""

    booking: str
    fact: str
    address: Address


class Due(NamedTuple):
    """A task as it was read: when it is due, its note, and the revision that a change of it must find."""

    task: Task
    at: datetime
    note: str
    revision: int


@cache
def _rows() -> type[_Row]:
    _Row.Meta.table_name = config().followers_table
    return _Row


def expires(day: date) -> int:
    """When what hangs on flights of a local origin date is swept: seconds since 1970."""
    return int((datetime.combine(day, time(), UTC) + KEPT).timestamp())


def place(subject: Subject, channel: Channel) -> int:
    """The number of a page with room for one follower more."""
    row = _rows()(f"head#{subject}", "head")
    with storage():
        row.update([getattr(_Row, channel).add(1), _Row.expires.set(expires(subject.day))])
    return (int(getattr(row, channel)) - 1) // PAGE[channel]


def following(leg: LegId, subjects: Iterable[str]) -> tuple[int, list[Page]]:
    """Up to which version a leg was fanned out, and all pages of its subjects (consistent), in one call."""
    keys = [(f"leg#{leg}", "fanned"), *((f"head#{subject}", "head") for subject in subjects)]
    with storage():
        rows = list(batch_get(_rows(), keys, consistent=True))
    version = next((int(row.version) for row in rows if row.sk == "fanned"), 0)
    return version, _pages_of(rows)


def pages(subjects: Iterable[Subject]) -> list[Page]:
    """All pages of subjects (consistent)."""
    with storage():
        return _pages_of(list(batch_get(_rows(), [(f"head#{each}", "head") for each in subjects], consistent=True)))


def follower_row(follower: Follower) -> _Row:
    """The item of a follower, for a transaction that writes or deletes it together with its subscription."""
    return _rows()(
        f"page#{Page.of(follower)}", follower.id, address=follower.address.value, rule=encode_rule(follower.rule),
        secret=follower.secret, code=follower.code, booked=follower.booked or None,
        expires=expires(follower.subject.day),
    )  # fmt: skip


def followers(page: Page, now: datetime) -> list[Follower]:
    """Who follows a subject, by one of its pages (consistent; flight clock)."""
    subject = Subject.parse(page.subject)
    with storage():
        rows = _rows().query(f"page#{page}", consistent_read=True)
        return [
            Follower(
                row.sk, subject, Address(page.channel, row.address), decode_rule(row.rule), page.number,
                row.secret, row.code, bool(row.booked),
            )
            for row in rows
            if row.expires is None or row.expires > now.timestamp()
        ]  # fmt: skip


def entries(leg: LegId, page: Page) -> dict[str, Entry]:
    """What each follower of a page was told of a leg (consistent); who was told nothing is not in it."""
    with storage():
        return {row.sk: _entry(row) for row in _rows().query(f"told#{leg}#{page}", consistent_read=True)}


def begin(follower: Follower, told: Mapping[LegId, Told]) -> None:
    """A new follower knows these legs as they stand; what was told before, stays."""
    for leg, at_first in told.items():
        row = _ledger_row(leg, Page.of(follower), follower.id, Entry(at_first, revision=1))
        with storage(), suppress(Conflict):
            _save(row, _Row.pk.does_not_exist())


def claim(leg: LegId, page: Page, found: Mapping[str, Entry], holder: str, until: datetime) -> dict[str, Entry]:
    """Be the one who tells followers, by subscription, of a leg. Returns those won, as they now are.

    Who was claimed or told by somebody else since they were read is not among them. One write for all: one follower, or
    at most 100 in a transaction.
    """
    won = dict(found)
    while won:
        taken = {
            id_: Entry(e.told, e.recent, e.revision + 1, int(until.timestamp()), e.attempts, e.retry_at, e.given_up)
            for id_, e in won.items()
        }
        lost = _claim(leg, page, won, holder, until)
        if not lost:
            return taken
        won = {id_: entry for id_, entry in won.items() if id_ not in lost}
    return {}


def _claim(leg: LegId, page: Page, found: Mapping[str, Entry], holder: str, until: datetime) -> set[str]:
    """Claim all or none. Returns who could not be claimed."""
    ids = list(found)

    def write(id_: str) -> tuple[_Row, list[Any], Condition]:
        entry = found[id_]
        actions = [
            _Row.claim.set(holder), _Row.claim_until.set(int(until.timestamp())),
            _Row.revision.set(entry.revision + 1), _Row.expires.set(expires(leg.date)),
        ]  # fmt: skip
        as_read = _Row.revision == entry.revision if entry.revision else _Row.pk.does_not_exist()
        return _rows()(f"told#{leg}#{page}", id_), actions, as_read

    if len(ids) == 1:
        row, actions, as_read = write(ids[0])
        try:
            with storage():
                row.update(actions, as_read)
        except Conflict:
            with storage():
                there = next(iter(batch_get(_rows(), [(row.pk, row.sk)], consistent=True)), None)
            return set() if there is not None and there.claim == holder else {ids[0]}  # or the answer was lost
        return set()
    try:
        with storage(), TransactWrite(connection=_rows()._get_connection().connection) as transaction:
            for id_ in ids:
                row, actions, as_read = write(id_)
                transaction.update(row, actions, as_read)
    except Conflict as conflict:
        cause = conflict.__cause__
        assert isinstance(cause, TransactWriteError)
        reasons = cause.cancellation_reasons
        return {id_ for id_, reason in zip(ids, reasons, strict=True) if reason} if reasons else set(ids)
    return set()


def mark(leg: LegId, page: Page, outcome: Mapping[str, Entry]) -> None:
    """What came of telling followers whom we had claimed; it ends the claims.

    Not conditional, as nobody else writes a claimed row, and a claim outlives the function that made it.
    """
    with storage(), _rows().batch_write() as batch:
        for id_, entry in outcome.items():
            batch.save(_ledger_row(leg, page, id_, entry))


def deliveries(follower: Follower, legs: Iterable[LegId]) -> list[tuple[LegId, Delivery]]:
    """What a subscription was told of legs, the newest first."""
    by_key = {f"told#{leg}#{Page.of(follower)}": leg for leg in legs}
    with storage():
        rows = list(batch_get(_rows(), [(key, follower.id) for key in by_key], consistent=True))
    found = [(by_key[row.pk], delivery) for row in rows for delivery in _entry(row).recent]
    return sorted(found, key=lambda each: each[1].at, reverse=True)


def known(follower: Follower, legs: Iterable[LegId]) -> dict[LegId, Told]:
    """What a follower knows of legs, as far as they were told of them (consistent)."""
    by_key = {f"told#{leg}#{Page.of(follower)}": leg for leg in legs}
    with storage():
        rows = list(batch_get(_rows(), [(key, follower.id) for key in by_key], consistent=True))
    return {by_key[row.pk]: told for row in rows if (told := _entry(row).told)}


def forget(followers: Iterable[Follower], legs: Mapping[Subject, Iterable[LegId]]) -> None:
    """Delete followers, and after them what they were told of the legs of what they follow: nobody is told anew."""
    followers = list(followers)
    told = {(f"told#{leg}#{Page.of(each)}", each.id) for each in followers for leg in legs[each.subject]}
    for keys in ({(f"page#{Page.of(each)}", each.id) for each in followers}, told):
        with storage(), _rows().batch_write() as batch:
            for pk, sk in sorted(keys):
                batch.delete(_rows()(pk, sk))


def mark_fanned(leg: LegId, version: int) -> None:
    """A leg's pages, at that version or later, are queued."""
    row = _rows()(f"leg#{leg}", "fanned")
    below = _Row.pk.does_not_exist() | (_Row.version < version)
    with storage(), suppress(Conflict):
        _update(row, [_Row.version.set(version), _Row.expires.set(expires(leg.date))], below)


def plan(task: Task, at: datetime, day: date, note: str = "") -> None:
    """A task is due at an instant of its clock, unless it is due earlier; `day` is that of the flights."""
    row = _due_row(task)
    actions = [
        _Row.due.set(_shard(task)), _Row.due_at.set(instant(at)), _Row.revision.add(1),
        _Row.note.set(note), _Row.expires.set(expires(day)),
    ]  # fmt: skip
    later_or_never = _Row.due_at.does_not_exist() | (_Row.due_at > instant(at))
    with storage():
        try:
            _update(row, actions, later_or_never)
        except Conflict:  # whoever is at it now must not settle it
            with suppress(Conflict):
                _update(row, [_Row.revision.add(1)], _Row.pk.exists())


def due(clock: Clock, until: datetime, limit: int) -> list[Due]:
    """What is due by an instant of a clock, at most `limit` of each shard, the longest due first."""
    found = []
    with storage():
        _rows()
        for shard in range(SHARDS):
            for row in _Row.index.query(f"{clock}#{shard}", _Due.due_at <= instant(until), limit=limit):
                _, kind, name = row.pk.split("#", 2)
                task = Task(Kind(kind), name, clock)
                found.append(Due(task, datetime.fromisoformat(row.due_at), row.note or "", int(row.revision)))
    return sorted(found, key=lambda each: each.at)


def take(found: Due, until: datetime) -> int:
    """Take a task up; unless it is settled by then, it is due again. Returns its revision. Raises Conflict."""
    row = _due_row(found.task)
    with storage():
        _update(
            row,
            [_Row.due_at.set(instant(until)), _Row.revision.set(found.revision + 1)],
            _Row.revision == found.revision,
        )
    return found.revision + 1


def settle(task: Task, revision: int, again: datetime | None, day: date, note: str = "") -> None:
    """A task that was taken up is done, or due again; if it was planned anew meanwhile, that stays."""
    row = _due_row(task)
    as_taken = _Row.revision == revision
    with storage():
        try:
            if again is None:
                _delete(row, as_taken)
            else:
                _update(row, [_Row.due_at.set(instant(again)), _Row.revision.add(1), _Row.note.set(note)], as_taken)
            return
        except Conflict:
            pass
    if again is not None:
        plan(task, again, day, note)


def cancel(task: Task) -> None:
    """A task is not to be done any more, whoever is at it; where there is none, that is well."""
    with storage():
        _due_row(task).delete()


def claim_letter(letter: Letter, at: datetime, until: datetime) -> int | None:
    """Be the one who tells a fact of a booking to an address. Returns how often that failed; None: it is told.

    Raises Conflict where somebody else is at it (wall clock).
    """
    row = _letter_row(letter)
    free = _Row.claim_until.does_not_exist() | (_Row.claim_until <= int(at.timestamp()))
    try:
        _update(row, [_Row.claim_until.set(int(until.timestamp())), _Row.expires.set(_after(at))],
                _Row.recent.does_not_exist() & free)  # fmt: skip
    except Conflict:
        with storage():
            there = next(iter(batch_get(_rows(), [(row.pk, row.sk)], consistent=True)), None)
        if there is not None and there.recent is not None:
            return None
        raise
    return int(row.attempts or 0)


def mark_letter(letter: Letter, told: Delivery | None, at: datetime, attempts: int = 0) -> None:
    """What came of telling a fact that we had claimed; None: it is to be tried again. It ends the claim."""
    actions = [_Row.claim_until.remove(), _Row.attempts.set(attempts), _Row.expires.set(_after(at))]
    if told:
        actions.append(_Row.recent.set(_encode_recent([told])))
    with storage():
        _update(_letter_row(letter), actions, _Row.recent.does_not_exist())


def _letter_row(letter: Letter) -> _Row:
    address = letter.address
    return _rows()(f"letter#{letter.booking}#{letter.fact}", f"{address.channel}#{address.id}")


def _after(at: datetime) -> int:
    return int((at + LETTER_KEPT).timestamp())


def _pages_of(rows: Iterable[_Row]) -> list[Page]:
    return [
        Page(row.pk.removeprefix("head#"), channel, number)
        for row in rows
        for channel in Channel
        for number in range(-(-int(getattr(row, channel) or 0) // PAGE[channel]))
    ]


def _save(row: _Row, condition: Condition) -> None:
    with storage():
        row.save(condition)


def _update(row: _Row, actions: list[Any], condition: Condition) -> None:
    with storage():
        row.update(actions, condition)


def _delete(row: _Row, condition: Condition) -> None:
    with storage():
        row.delete(condition)


def _due_row(task: Task) -> _Row:
    return _rows()(f"due#{task.kind}#{task.name}", task.clock)


def _shard(task: Task) -> str:
    return f"{task.clock}#{crc32(task.name.encode()) % SHARDS}"


def _ledger_row(leg: LegId, page: Page, id_: str, entry: Entry) -> _Row:
    return _rows()(
        f"told#{leg}#{page}", id_, told=None if entry.told is None else _encode_told(entry.told),
        recent=_encode_recent(entry.recent), revision=entry.revision, attempts=entry.attempts or None,
        retry_at=None if entry.retry_at is None else instant(entry.retry_at), given_up=entry.given_up or None,
        expires=expires(leg.date),
    )  # fmt: skip


def _entry(row: _Row) -> Entry:
    return Entry(
        None if row.told is None else _decode_told(row.told), _decode_recent(row.recent or "[]"), int(row.revision),
        int(row.claim_until or 0), int(row.attempts or 0),
        None if row.retry_at is None else datetime.fromisoformat(row.retry_at), int(row.given_up or 0),
    )  # fmt: skip


def encode_rule(rule: Rule) -> str:
    """A rule as it is stored, in subscriptions too."""
    quiet = [f"{at:%H:%M}" for at in rule.quiet] if rule.quiet else None
    return _json([rule.language, rule.zone, sorted(rule.interests), rule.first_delay, rule.further, quiet])


def decode_rule(text: str) -> Rule:
    """The reverse of encode_rule."""
    language, zone, interests, first_delay, further, quiet = json.loads(text)
    hours = QuietHours(*map(time.fromisoformat, quiet)) if quiet else None
    return Rule(language, zone, frozenset(map(Interest, interests)), first_delay, further, hours)


def _encode_told(told: Told) -> str:
    return _json([
        told.version, _moment(told.out), _moment(told.in_), int(told.off_schedule), int(told.arrival_moved), told.gate,
        told.terminal, told.belt, int(told.cancelled), told.diverted_to, _moment(told.returned_at), told.phase,
        told.counted, told.reminded,
    ])  # fmt: skip


def _decode_told(text: str) -> Told:
    (version, out, in_, off, moved, gate, terminal, belt, cancelled, diverted, returned, phase, counted,
     reminded) = json.loads(text)  # fmt: skip
    return Told(
        version, _instant(out), _instant(in_), bool(off), bool(moved), gate, terminal, belt, bool(cancelled), diverted,
        _instant(returned), Phase(phase), counted, reminded,
    )  # fmt: skip


def _encode_recent(recent: Sequence[Delivery]) -> str:
    kept = [[_moment(d.at), list(d.matters), *d[2:]] for d in recent]
    while len((text := _json(kept)).encode()) > RECENT:
        kept = kept[1:]
    return text


def _decode_recent(text: str) -> tuple[Delivery, ...]:
    return tuple(
        Delivery(datetime.fromtimestamp(at, UTC), tuple(matters), *rest) for at, matters, *rest in json.loads(text)
    )


def _moment(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
