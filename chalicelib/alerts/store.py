"""How addresses and subscriptions are kept: the table `subscriptions`, one item collection for each address.

| question or fact | function | key |
| --- | --- | --- |
| an address and all it asked for | `holding` | pk = address#<id> |
| an address is not to be known any more | `forget_contact` | sk = address, as it was read; and its short code |
| a subscription is not | `forget` | sk = subscription#<id>, as it was read |
| one address | `contact` | pk = address#<id>, sk = address |
| one subscription | `subscription` | pk = address#<id>, sk = subscription#<id> |
| a change of an address | `save_contact` | sk = address, as it was read |
| a change of a subscription (and address) | `save` | both, as they were read, and the follower: one transaction |
| whose page a short code leads to | `address_of_code` | pk = code#<code>, sk = code |
| the short code of an address | `keep_code` | the same, if nobody has it |
| nobody is to ask a mailbox any more | `refuse` | pk = refused#<hash>, sk = refused |
| whether that is so | `refused` | the same |
| who has it may be asked again | `unrefuse` | the same |
| what names a subscription, and whose that is | `subscription_id`, `address_of` | none |

A subscription that nobody agreed to lives 3 days after it was last asked for, and so does its address. One that
somebody agreed to lives until 30 days after the local origin date of what it follows, also when it was stopped; its
address, 60 days longer: so long hold the links of `manage`. A suppressed address lives 400 days, and so do a short
code and a refusal, which stands by itself: an address that complains may be forgotten already. What has expired is
absent on every read. `revision` counts an item's writes.

A subscription's id begins with that of its address, and the rest comes from what it follows: so who asks again asks for
the same subscription, and whose it is needs no look-up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from hashlib import blake2b
from typing import Any, NamedTuple

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from chalicelib.alerts import ledger
from chalicelib.alerts.model import Follower, Rule, Subject
from chalicelib.channels.model import Address, Channel
from chalicelib.core.config import config
from chalicelib.core.tables import Rows, TableSettings, storage
from chalicelib.core.tables import persist as persist  # noqa: PLC0414 - for the verbs

ASKED_KEPT = timedelta(days=3)
CONTACT_KEPT = timedelta(days=60)  # after the last subscription
SUPPRESSED_KEPT = timedelta(days=400)
LENGTH_OF_ID = 40


class Standing(StrEnum):
    """Whether who has an address agreed to be told anything."""

    ASKED = "asked"  # not yet
    BOOKED = "booked"  # who paid for a booking gave it: it is told of that one's flights, of nothing else
    CONFIRMED = "confirmed"
    SUPPRESSED = "suppressed"  # mail to it bounced, who has it complained or sent STOP, or nobody is there


class Status(StrEnum):
    """How far a subscription has come."""

    PENDING = "pending"
    ACTIVE = "active"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Contact:
    """An address, and what is known of its consent. Instants are of the wall clock."""

    address: Address
    language: str
    standing: Standing = Standing.ASKED
    reason: str | None = None  # why it is suppressed
    ask: str | None = None  # what confirms it must name this; None: nothing was asked, or it was taken back
    asked_at: int = 0  # seconds since 1970: when a confirmation message was last called for
    sent: bool = False  # that message is on its way
    leased_until: int = 0  # somebody is sending it until then
    code_until: int = 0  # the code in it holds until then
    tries: int = 0  # of that code
    former_at: int = 0  # the `asked_at` of the message before, whose code holds too, if it still does
    former_until: int = 0
    confirmed_at: int | None = None
    wording: str | None = None  # the version of the text that was agreed to
    secret: str | None = field(default=None, repr=False)  # what a webhook's messages are signed with
    code: str | None = field(default=None, repr=False)  # of the short link in SMS
    expires: int = 0
    revision: int = 0


@dataclass(frozen=True)
class Subscription:
    """What an address asked to be told."""

    address: str  # its id
    subject: Subject
    rule: Rule
    created_at: int
    status: Status = Status.PENDING
    ask_first: bool = False  # it was stopped once: another confirmation, not the first, makes it active
    page: int | None = None
    started: int = 0  # the revision with which it became active
    expires: int = 0
    revision: int = 0
    bookings: frozenset[str] = frozenset()  # locators of those that fly what it follows, or did when it was stopped
    by_booking: bool = False  # nobody wished for it: it follows as long as a booking flies that

    @property
    def id(self) -> str:
        """What names it, in links too."""
        return subscription_id(self.address, self.subject)

    def follower(self, contact: Contact) -> Follower:
        """As those who tell read it."""
        assert self.page is not None
        return Follower(
            self.id, self.subject, contact.address, self.rule, self.page, secret=contact.secret, code=contact.code,
            booked=bool(self.bookings),
        )  # fmt: skip


class Holding(NamedTuple):
    """An address, where it is known, and its subscriptions, the first flights first."""

    contact: Contact | None
    subscriptions: list[Subscription]

    def of(self, id: str) -> Subscription | None:
        """Its subscription of that id."""
        return next((each for each in self.subscriptions if each.id == id), None)


class _Row(Rows):
    class Meta(TableSettings):
        table_name: str | None = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    expires = NumberAttribute()
    revision = NumberAttribute(null=True)
    # an address
    channel = UnicodeAttribute(null=True)
    value = UnicodeAttribute(null=True)
    language = UnicodeAttribute(null=True)
    standing = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    ask = UnicodeAttribute(null=True)
    asked_at = NumberAttribute(null=True)
    sent = BooleanAttribute(null=True)
    leased_until = NumberAttribute(null=True)
    code_until = NumberAttribute(null=True)
    tries = NumberAttribute(null=True)
    former_at = NumberAttribute(null=True)
    former_until = NumberAttribute(null=True)
    confirmed_at = NumberAttribute(null=True)
    wording = UnicodeAttribute(null=True)
    secret = UnicodeAttribute(null=True)
    code = UnicodeAttribute(null=True)
    # a subscription
    subject = UnicodeAttribute(null=True)
    rule = UnicodeAttribute(null=True)
    created_at = NumberAttribute(null=True)
    status = UnicodeAttribute(null=True)
    ask_first = BooleanAttribute(null=True)
    page = NumberAttribute(null=True)
    started = NumberAttribute(null=True)
    bookings = UnicodeSetAttribute(null=True)
    by_booking = BooleanAttribute(null=True)
    # a short code
    address = UnicodeAttribute(null=True)


@cache
def _rows() -> type[_Row]:
    _Row.Meta.table_name = config().subscriptions_table
    return _Row


def subscription_id(address: str, subject: Subject) -> str:
    """The one id of a subscription: 24 digits of its address (an Address.id), 16 of what it follows."""
    return address + blake2b(f"{address} {subject}".encode(), digest_size=8).hexdigest()


def address_of(subscription: str) -> str:
    """The id of the address a subscription's id begins with."""
    return subscription[:24]


def holding(address: str, now: datetime | None) -> Holding:
    """An address, by its id, and all it asked for (consistent); now None: also what has expired and is not swept."""
    contact, subscriptions = None, []
    with storage():
        for row in _rows().query(f"address#{address}", consistent_read=True):
            if now is not None and row.expires <= now.timestamp():
                continue
            if row.sk == "address":
                contact = _contact(row)
            else:
                subscriptions.append(_subscription(row))
    return Holding(contact, sorted(subscriptions, key=lambda each: (each.subject.day, str(each.subject))))


def contact(address: str, now: datetime) -> Contact | None:
    """One address, by its id (consistent)."""
    row = _get(f"address#{address}", "address", now)
    return _contact(row) if row else None


def subscription(id: str, now: datetime) -> Subscription | None:
    """One subscription (consistent)."""
    if len(id) != LENGTH_OF_ID:
        return None
    row = _get(f"address#{address_of(id)}", f"subscription#{id}", now)
    return _subscription(row) if row else None


def save_contact(contact: Contact, now: datetime) -> Contact:
    """Keep an address that was read, or is new. Returns it as it then is. Raises Conflict."""
    row = _contact_row(contact)
    with storage():
        row.save(_as_read(contact.revision, now))
    return replace(contact, revision=contact.revision + 1)


def save(
    before: Contact | None, contact: Contact, subscription: Subscription, now: datetime,
    *, left: tuple[Contact, Subscription] | None = None,
) -> None:  # fmt: skip
    """Keep a subscription and its address, each as it was read or new, and its follower: all or nothing.

    There is a follower where it is active, and none where it is not. `left` is an address, as it was read, with the
    stopped subscription whose place this one takes: nobody is told twice, or not at all. Raises Conflict.
    """
    with storage(), _transaction() as transaction:
        _write(transaction, before, contact, subscription, now)
        if left:
            _write(transaction, left[0], *left, now)


def forget_contact(contact: Contact) -> None:
    """Delete an address as it was read, and its short code. Raises Conflict."""
    with storage(), _transaction() as transaction:
        transaction.delete(_rows()(f"address#{contact.address.id}", "address"), _Row.revision == contact.revision)
        if contact.code:
            transaction.delete(_rows()(f"code#{contact.code}", "code"))


def forget(subscription: Subscription) -> None:
    """Delete a subscription as it was read, without its follower. Raises Conflict."""
    row = _rows()(f"address#{subscription.address}", f"subscription#{subscription.id}")
    with storage():
        row.delete(_Row.revision == subscription.revision)


def refuse(key: str, reason: str, now: datetime) -> None:
    """Whoever has an address (its id) or a mailbox is not to be asked any more, whether it is known or not."""
    with storage():
        _rows()(f"refused#{_hash(key)}", "refused", reason=reason, expires=_seconds(now + SUPPRESSED_KEPT)).save()


def refused(key: str, now: datetime) -> str | None:
    """Why an address (its id) or a mailbox is not to be asked any more."""
    row = _get(f"refused#{_hash(key)}", "refused", now)
    return row.reason if row else None


def unrefuse(key: str) -> None:
    """Take back that a mailbox is not to be asked."""
    with storage():
        _rows()(f"refused#{_hash(key)}", "refused").delete()


def address_of_code(code: str, now: datetime) -> str | None:
    """The id of the address that a short code was made for."""
    if len(code) > LENGTH_OF_ID:
        return None
    row = _get(f"code#{code}", "code", now)
    return row.address if row else None


def keep_code(code: str, address: str, now: datetime) -> None:
    """A short code leads to an address, by its id. Raises Conflict where somebody has that code."""
    row = _rows()(f"code#{code}", "code", address=address, expires=_seconds(now + SUPPRESSED_KEPT))
    with storage():
        row.save(_Row.pk.does_not_exist() | (_Row.address == address))


def row_of_image(image: Mapping[str, Any]) -> Contact | Subscription | None:
    """What a stream record's new image holds; None for a short code or a refusal.

    Raises ValueError, KeyError or TypeError for an image that is none of this table's.
    """
    row = _Row.from_raw_data(dict(image))
    if row.sk == "address":
        return _contact(row)
    return _subscription(row) if row.sk.startswith("subscription#") else None


def _transaction() -> TransactWrite:
    return TransactWrite(connection=_rows()._get_connection().connection)


def _write(
    transaction: TransactWrite, before: Contact | None, contact: Contact, subscription: Subscription, now: datetime
) -> None:
    if contact == before:
        key = f"address#{contact.address.id}"
        transaction.condition_check(_rows(), key, "address", condition=_as_read(contact.revision, now))
    else:
        transaction.save(_contact_row(contact), _as_read(contact.revision, now))
    transaction.save(_subscription_row(subscription), _as_read(subscription.revision, now))
    if subscription.page is not None:
        follower = ledger.follower_row(subscription.follower(contact))
        if subscription.status is Status.ACTIVE:
            transaction.save(follower)
        else:
            transaction.delete(follower)


def _get(pk: str, sk: str, now: datetime) -> _Row | None:
    try:
        with storage():
            row = _rows().get(pk, sk, consistent_read=True)
    except _Row.DoesNotExist:
        return None
    return row if row.expires > now.timestamp() else None


def _as_read(revision: int, now: datetime) -> Condition:
    """As it was read; or not there, or expired and waiting for the broom, where nothing was."""
    if revision:
        return _Row.revision == revision
    absent: Condition = _Row.pk.does_not_exist() | (_Row.expires <= _seconds(now))
    return absent


def _hash(key: str) -> str:
    """So that nobody who reads a key knows whose it is."""
    return blake2b(key.encode(), digest_size=16).hexdigest()


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


_OF_CONTACT = (
    "language", "reason", "ask", "asked_at", "sent", "leased_until", "code_until", "tries", "confirmed_at", "wording",
    "secret", "code", "former_at", "former_until",
)  # fmt: skip


def _contact_row(contact: Contact) -> _Row:
    known = {name: value for name in _OF_CONTACT if (value := getattr(contact, name))}
    address = contact.address
    return _rows()(
        f"address#{address.id}", "address", channel=address.channel, value=address.value, standing=contact.standing,
        expires=contact.expires, revision=contact.revision + 1, **known,
    )  # fmt: skip


def _contact(row: _Row) -> Contact:
    def whole(name: str) -> int:
        return int(getattr(row, name) or 0)

    return Contact(
        Address(Channel(row.channel), row.value), row.language, Standing(row.standing), row.reason, row.ask,
        whole("asked_at"), bool(row.sent), whole("leased_until"), whole("code_until"), whole("tries"),
        whole("former_at"), whole("former_until"), whole("confirmed_at") or None, row.wording, row.secret, row.code,
        whole("expires"), whole("revision"),
    )  # fmt: skip


def _subscription_row(subscription: Subscription) -> _Row:
    return _rows()(
        f"address#{subscription.address}", f"subscription#{subscription.id}", subject=str(subscription.subject),
        rule=ledger.encode_rule(subscription.rule), created_at=subscription.created_at, status=subscription.status,
        ask_first=subscription.ask_first or None, page=subscription.page, started=subscription.started,
        expires=subscription.expires, revision=subscription.revision + 1, bookings=set(subscription.bookings) or None,
        by_booking=subscription.by_booking or None,
    )  # fmt: skip


def _subscription(row: _Row) -> Subscription:
    return Subscription(
        row.pk.removeprefix("address#"), Subject.parse(row.subject), ledger.decode_rule(row.rule), int(row.created_at),
        Status(row.status), bool(row.ask_first), None if row.page is None else int(row.page), int(row.started or 0),
        int(row.expires), int(row.revision), frozenset(row.bookings or ()), bool(row.by_booking),
    )  # fmt: skip
