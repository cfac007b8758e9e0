"""How people, sessions, errands, API keys and the audit trail are kept: the table `accounts`.

| question or fact | function | key |
| --- | --- | --- |
| an account | `account` | pk = account#<id>, sk = account |
| whose address this is | `account_with` | pk = email#<id of the address>, sk = email; then the account |
| an account and one of its sessions | `account_and_session` | both, one BatchGetItem |
| a session | `session` | pk = account#<id>, sk = session#<id> |
| all sessions of an account | `sessions` | pk = account#<id>, sk from session# |
| what was agreed to | `consents` | pk = account#<id>, sk from consent# |
| something to be done | `errand` | pk = errand#<id>, sk = errand |
| a link that was just used | `used` | pk = used#<errand>, sk = used |
| the invitation of an address | `invitation_of` | pk = email#<id of the address>, sk = invited; then the errand |
| invitations that nobody used | `invitations` | index listed: list = invitations, listed_as = email |
| accounts by role and beginning of address | `people` | index listed: list = <role>#<shard>, listed_as = email |
| whose key this is | `key` | pk = key#<hash>, sk = key |
| all keys | `machine_keys` | index listed: list = keys, listed_as = name |
| the audit trail of a day | `events_of` | pk = audit#<day>#<shard>, sk = <instant>#<id> |
| the audit trail of one account, flight, key | `events_about` | index listed: list = about#<what>, listed_as = as sk |
| what an account did to others | `events_by` | pk = by#<account>, sk = as above: a copy |
| any of these, new or changed, and what goes | `save` | all or nothing |
| what to read on from | `cursor_of`, `after` | none |

An account stays until it is deleted, and so do its address and what it agreed to. A session lives as long as it may be
used, an errand from an hour to 14 days, a link that was used 10 minutes, a line of the audit trail 400 days; API keys
stay until they are revoked, and a revoked or rotated one stays as a record of who had it. What has expired is absent on
every read. `revision` counts an item's writes. A line of the audit trail and a consent are written once, and never
changed.

The index has keys only: what is read by it is as it stands this instant, or is passed over.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import blake2b
from typing import Any, TypeGuard

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.transactions import TransactWrite

from chalicelib.accounts.model import NOBODY, Account, Consent, Errand, Event, Key, Session, Task, Used
from chalicelib.channels.model import Address, Channel
from chalicelib.core.callers import Role
from chalicelib.core.clock import instant
from chalicelib.core.config import config
from chalicelib.core.errors import Invalid
from chalicelib.core.tables import Rows, TableSettings, batch_get, storage
from chalicelib.core.tables import persist as persist  # noqa: PLC0414 - for the verbs

AUDIT_KEPT = timedelta(days=400)
SHARDS = {Role.PASSENGER: 8, Role.OPERATOR: 1, Role.ADMIN: 1}  # partitions of the index that new passengers write to
AUDIT_SHARDS = 8  # partitions of a day's audit trail: each takes 1,000 writes a second, and every login is one

Item = Account | Session | Errand | Used | Consent | Event | Key


class _Listed(GlobalSecondaryIndex["_Row"]):  # type: ignore[no-untyped-call] # pynamodb leaves it untyped
    class Meta:
        index_name = "listed"
        projection = KeysOnlyProjection()

    list = UnicodeAttribute(hash_key=True)
    listed_as = UnicodeAttribute(range_key=True)


class _Row(Rows):
    class Meta(TableSettings):
        table_name: str | None = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    list = UnicodeAttribute(null=True)
    listed_as = UnicodeAttribute(null=True)
    listed = _Listed()
    expires = NumberAttribute(null=True)
    revision = NumberAttribute(null=True)
    # an API key, as it was before there were people
    name = UnicodeAttribute(null=True)
    scopes = UnicodeSetAttribute(null=True)
    airports = UnicodeSetAttribute(null=True)
    made_at = UnicodeAttribute(null=True)
    revoked = BooleanAttribute(null=True)
    ends_at = NumberAttribute(null=True)
    # an address
    account = UnicodeAttribute(null=True)
    # all else: what nobody asks for by itself
    said = JSONAttribute(null=True)


@cache
def _rows() -> type[_Row]:
    _Row.Meta.table_name = config().accounts_table
    return _Row


def account(id: str) -> Account | None:
    """An account (consistent)."""
    row = _get(f"account#{id}", "account")
    return _account(row) if row else None


def account_with(email: str) -> Account | None:
    """The account with an address (consistent). Two reads, also where nobody has it: who asks can't tell by them."""
    claim = _get(_email(email), "email")
    found = account(claim.account if claim and claim.account else "nobody")
    return found if found and found.email == email else None


def account_and_session(account: str, session: str, now: datetime) -> tuple[Account | None, Session | None]:
    """An account and one of its sessions, by their ids (consistent): one call."""
    keys = (f"account#{account}", "account"), (f"account#{account}", f"session#{session}")
    with storage():
        found = {row.sk: row for row in batch_get(_rows(), keys, consistent=True) if _alive(row, now)}
    mine, used = found.get("account"), found.get(f"session#{session}")
    return (_account(mine) if mine else None), (_session(used) if used else None)


def session(account: str, id: str, now: datetime) -> Session | None:
    """One session (consistent)."""
    row = _get(f"account#{account}", f"session#{id}", now)
    return _session(row) if row else None


def sessions(account: str, now: datetime | None) -> list[Session]:
    """All sessions of an account, the last used first (consistent); now None: also expired ones not swept yet."""
    with storage():
        rows = _rows().query(f"account#{account}", _Row.sk.startswith("session#"), consistent_read=True)
        found = [_session(row) for row in rows if now is None or _alive(row, now)]
    return sorted(found, key=lambda each: -each.used_at)


def consents(account: str) -> list[Consent]:
    """What an account agreed to, the first first."""
    with storage():
        rows = _rows().query(f"account#{account}", _Row.sk.startswith("consent#"), consistent_read=True)
        return [Consent(account, **row.said) for row in rows]


def errand(id: str, now: datetime) -> Errand | None:
    """Something to be done, or done already (consistent)."""
    row = _get(f"errand#{id}", "errand", now)
    return _errand(row) if row else None


def used(errand: str, now: datetime) -> Used | None:
    """Whose link was used a moment ago, by its errand (consistent)."""
    row = _get(f"used#{errand}", "used", now)
    return Used(errand, row.account or "", int(row.expires or 0)) if row else None


def invitation_of(email: str, now: datetime) -> Errand | None:
    """The invitation of an address that was not used (consistent): there is one at most."""
    row = _get(_email(email), "invited", now)
    return errand(row.account, now) if row and row.account else None


def invitations(now: datetime) -> list[Errand]:
    """Invitations whose link was not used, by address."""
    found, _ = _listed("invitations", 1000, None)
    with storage():
        rows = [row for row in batch_get(_rows(), found, consistent=True) if _alive(row, now)]
    return sorted((_errand(row) for row in rows), key=lambda each: each.email)


def people(roles: Sequence[Role], prefix: str, limit: int, cursor: str | None) -> tuple[list[Account], str | None]:
    """Accounts of these roles whose address begins so, at most so many, and what to read on from.

    By partition of the index, and there by address. Raises Invalid for a cursor that is none, or of another list.
    """
    lists = [f"{role}#{shard}" for role in roles for shard in range(SHARDS[role])]
    begin, last = after(cursor, 2) or (lists[0], None)
    if begin not in lists or (last and not last.startswith(prefix)):
        raise Invalid("this cursor is of another list")
    keys: list[tuple[str, str]] = []
    for name in lists[lists.index(begin) :]:
        found, last = _listed(name, limit - len(keys), last, prefix=prefix)
        keys += found
        if len(keys) >= limit:
            following = cursor_of(name, last) if last else _next(lists, name)
            return _accounts(keys, roles, prefix), following
        last = None
    return _accounts(keys, roles, prefix), None


def key(hash: str) -> Key | None:
    """The key of a hash, revoked or not."""
    row = _get(f"key#{hash}", "key")
    return _key(row) if row else None


def machine_keys() -> list[Key]:
    """All keys, revoked ones too, by name; those made before there was such a list, from when they are next used."""
    found, _ = _listed("keys", 10_000, None)
    with storage():
        rows = list(batch_get(_rows(), found, consistent=True))
    return sorted((_key(row) for row in rows), key=lambda each: (each.name, each.made_at))


def events_of(day: date, now: datetime, limit: int, cursor: str | None) -> tuple[list[Event], str | None]:
    """The audit trail of a day (UTC), the last first, and what to read on from. Raises Invalid."""
    before = after(cursor, 1)
    condition = _Row.sk < before[0] if before and before[0] else None
    rows: list[_Row] = []
    with storage():
        for shard in range(AUDIT_SHARDS):
            found = _rows().query(
                f"audit#{day}#{shard}", condition, scan_index_forward=False, limit=limit, consistent_read=True
            )
            rows += [row for row in found if _alive(row, now)]
    last = sorted(rows, key=lambda row: row.sk, reverse=True)[:limit]
    return [_event(row) for row in last], cursor_of(last[-1].sk) if len(rows) >= limit else None


def events_about(what: str, now: datetime, limit: int, cursor: str | None) -> tuple[list[Event], str | None]:
    """The audit trail of one account, flight or key, the last first, and what to read on from. Raises Invalid."""
    before = after(cursor, 1)
    if not _may_be_key(what):
        return [], None
    keys, last = _listed(f"about#{what}", limit, before[0] if before else None, forward=False)
    with storage():
        rows = [row for row in batch_get(_rows(), keys, consistent=True) if _alive(row, now)]
    events = [_event(row) for row in sorted(rows, key=lambda row: row.sk, reverse=True)]
    return events, cursor_of(last) if last else None


def events_by(account: str, now: datetime, limit: int) -> list[Event]:
    """What an account did to others, to flights and to keys: the last so many, the last first (consistent)."""
    with storage():
        rows = _rows().query(f"by#{account}", scan_index_forward=False, limit=limit, consistent_read=True)
        return [_event(row) for row in rows if _alive(row, now)]


def save(
    *items: Item, gone: Iterable[Item] = (), former: Account | None = None, seen: Account | None = None, now: datetime
) -> None:
    """Keep items, each as it was read or new, and let others go, each as it was read: all or nothing. Raises Conflict.

    With an account its address is claimed, and with one that goes it is let go; so is that of `former`, an account of
    `items` as it was before, where it has another address now. `seen` must be as it was read, and is not written.
    An address has one invitation at most: another one is kept only where the former goes. A session or a consent that
    is new is kept only where its account is there: who logs in while it is deleted leaves nothing behind. Together at
    most 100.
    """
    gone = list(gone)
    if any(isinstance(item, Event | Key) for item in gone):
        raise TypeError("the audit trail is only added to, and keys are revoked")
    left = [item for item in (*gone, former) if isinstance(item, Account)]
    new = [item for item in items if isinstance(item, Session | Consent) and not getattr(item, "revision", 0)]
    owners = {item.account for item in new}
    if len(items) == 1 and not (gone or owners or seen) and _stands_alone(items[0]):
        with storage():  # a transaction costs twice as much
            _row(items[0]).save(_as_read(items[0], now))
        return
    with storage(), TransactWrite(connection=_rows()._get_connection().connection) as transaction:
        for item in items:
            transaction.save(_row(item), _as_read(item, now))
            if isinstance(item, Event) and _elsewhere(item):
                transaction.save(_event_row(item, f"by#{item.by}"))
            if isinstance(item, Account) and (former or not item.revision):
                claim = _rows()(_email(item.email), "email", account=item.id)
                transaction.save(claim, _Row.pk.does_not_exist() | (_Row.account == item.id))
        for invitation in (item for item in items if _invites(item) and not item.revision):
            pointer = _rows()(_email(invitation.email), "invited", account=invitation.id, expires=invitation.expires)
            replaced = [item.id for item in gone if _invites(item)]
            free = _Row.pk.does_not_exist() | (_Row.expires <= int(now.timestamp()))
            transaction.save(pointer, free | _Row.account.is_in(*replaced) if replaced else free)
        for invitation in (item for item in gone if _invites(item) and not any(map(_invites, items))):
            transaction.delete(_rows()(_email(invitation.email), "invited"), _Row.account == invitation.id)
        for item in gone:
            transaction.delete(_row(item), _as_read(item, now) if getattr(item, "revision", 0) else None)
        for account in left:
            transaction.delete(_rows()(_email(account.email), "email"), _Row.account == account.id)
        if seen:
            transaction.condition_check(_rows(), f"account#{seen.id}", "account", _as_read(seen, now))
        for id in owners - {account.id for account in (*items, seen) if isinstance(account, Account)}:
            transaction.condition_check(_rows(), f"account#{id}", "account", _Row.pk.exists())


def cursor_of(*where: str) -> str:
    """What a client gives back to read on from there."""
    return urlsafe_b64encode(json.dumps(where).encode()).decode().rstrip("=")


def after(cursor: str | None, parts: int) -> tuple[str, ...] | None:
    """Where a cursor of so many parts says to read on from. Raises Invalid."""
    if cursor is None:
        return None
    try:
        where = json.loads(urlsafe_b64decode(cursor + "=="))
        if not (isinstance(where, list) and len(where) == parts and all(map(_may_be_key, where))):
            raise ValueError(where)
    except (ValueError, RecursionError):
        raise Invalid("this cursor is none of ours") from None
    return tuple(where)


def errand_of_image(image: Mapping[str, Any]) -> Errand | None:
    """What a stream record's new image holds; None for anything but an errand.

    Raises ValueError, KeyError or TypeError for an image that is none of this table's.
    """
    if not image["pk"]["S"].startswith("errand#"):
        return None
    return _errand(_Row.from_raw_data(dict(image)))


def _may_be_key(text: Any) -> bool:
    """All of ours are ASCII and short; DynamoDB fails on some that are not."""
    return isinstance(text, str) and text.isascii() and len(text) <= 400


def _get(pk: str, sk: str, now: datetime | None = None) -> _Row | None:
    if not (_may_be_key(pk) and _may_be_key(sk)):
        return None
    try:
        with storage():
            row = _rows().get(pk, sk, consistent_read=True)
    except _Row.DoesNotExist:
        return None
    return row if now is None or _alive(row, now) else None


def _alive(row: _Row, now: datetime) -> bool:
    return row.expires is None or row.expires > now.timestamp()


def _listed(
    name: str, limit: int, last: str | None, *, prefix: str = "", forward: bool = True
) -> tuple[list[tuple[str, str]], str | None]:
    """Keys of a list, and the `listed_as` to read on after; None: there is no more."""
    condition: Any = None
    if prefix:  # DynamoDB takes one condition: what begins so, after the last, lies between these
        condition = _Listed.listed_as.between(f"{last}\x00" if last else prefix, f"{prefix}\U0010ffff")
    elif last:
        condition = _Listed.listed_as > last if forward else _Listed.listed_as < last
    with storage():
        rows = _rows().listed.query(name, condition, limit=limit + 1, scan_index_forward=forward)
        found = [(row.pk, row.sk, row.listed_as) for row in rows]
    keys = [(pk, sk) for pk, sk, _ in found[:limit]]
    return keys, found[limit - 1][2] if len(found) > limit else None


def _next(lists: Sequence[str], name: str) -> str | None:
    following = lists.index(name) + 1
    return cursor_of(lists[following], "") if following < len(lists) else None


def _accounts(keys: Sequence[tuple[str, str]], roles: Sequence[Role], prefix: str) -> list[Account]:
    """The index follows the table a moment later: who has another role or address by now is passed over."""
    with storage():
        found = {(row.pk, row.sk): row for row in batch_get(_rows(), keys, consistent=True)}
    accounts = [_account(found[key]) for key in dict.fromkeys(keys) if key in found]
    return [account for account in accounts if account.role in roles and account.email.startswith(prefix)]


def _email(email: str) -> str:
    return f"email#{Address(Channel.EMAIL, email).id}"


def _as_read(item: Item, now: datetime) -> Condition:
    """As it was read; or not there, or expired and waiting for the broom, where nothing was."""
    if revision := getattr(item, "revision", 0):
        return _Row.revision == revision
    absent: Condition = _Row.pk.does_not_exist() | (_Row.expires <= int(now.timestamp()))
    if isinstance(item, Event | Errand):  # once more the same: botocore's second try, where the first answer was lost
        absent |= _Row.said == _row(item).said
    if isinstance(item, Key):  # those made before there were revisions have none
        absent |= _Row.revision.does_not_exist() & (_Row.name == item.name)
    return absent


def _row(item: Item) -> _Row:  # noqa: PLR0911 - a table
    match item:
        case Account():
            return _account_row(item)
        case Session():
            said = _said(item, "account", "id", "expires", "revision")
            return _rows()(f"account#{item.account}", f"session#{item.id}", expires=item.expires,
                           revision=item.revision + 1, said=said)  # fmt: skip
        case Errand():
            said = _said(item, "id", "expires", "revision")
            invited = item.task is Task.INVITE
            return _rows()(
                f"errand#{item.id}", "errand", expires=item.expires, revision=item.revision + 1, said=said,
                list="invitations" if invited else None, listed_as=item.email if invited else None,
            )  # fmt: skip
        case Used():
            return _rows()(f"used#{item.errand}", "used", account=item.account, expires=item.expires)
        case Consent():
            return _rows()(f"account#{item.account}", f"consent#{item.at:012}", said=_said(item, "account"))
        case Event():
            return _event_row(item)
        case Key():
            return _key_row(item)


def _said(item: Item, *but: str) -> dict[str, Any]:
    return {name: value for name, value in vars(item).items() if name not in but and value not in (None, (), False)}


def _invites(item: Item) -> TypeGuard[Errand]:
    return isinstance(item, Errand) and item.task is Task.INVITE


def _elsewhere(event: Event) -> bool:
    """Whether somebody did it to another."""
    return bool(event.by) and event.by != event.about


def _stands_alone(item: Item) -> bool:
    """Whether nothing else is written with it."""
    if isinstance(item, Event):
        return not _elsewhere(item)
    return isinstance(item, Session) or (isinstance(item, Errand) and not (_invites(item) and not item.revision))


def _account_row(account: Account) -> _Row:
    shard = blake2b(account.id.encode(), digest_size=1).digest()[0] % SHARDS[account.role]
    return _rows()(
        f"account#{account.id}", "account", revision=account.revision + 1, list=f"{account.role}#{shard}",
        listed_as=account.email, said=_said(account, "id", "email", "revision"),
    )  # fmt: skip


def _account(row: _Row) -> Account:
    said = _tuples(row.said, "airlines", "airports") | {"role": Role(row.said["role"])}
    return Account(row.pk.removeprefix("account#"), row.listed_as or "", **said, revision=int(row.revision or 0))


def _session(row: _Row) -> Session:
    return Session(
        row.pk.removeprefix("account#"), row.sk.removeprefix("session#"), **row.said,
        expires=int(row.expires or 0), revision=int(row.revision or 0),
    )  # fmt: skip


def _errand(row: _Row) -> Errand:
    said = _tuples(row.said, "airlines", "airports")
    said |= {"task": Task(said["task"]), "role": Role(said["role"])}
    return Errand(
        row.pk.removeprefix("errand#"), **said, expires=int(row.expires or 0), revision=int(row.revision or 0)
    )


def _event_row(event: Event, copy: str | None = None) -> _Row:
    """A line of the audit trail; or its copy in a partition of that name, which is not listed."""
    sk = f"{event.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}#{event.id}"
    said = {"what": event.what, "by": event.by, "about": event.about, "client": event.client,
            "detail": dict(event.detail)}  # fmt: skip
    shard = int(event.id, 16) % AUDIT_SHARDS
    # What is about nobody is not listed: whoever tries out addresses would fill one partition of the index.
    listed: dict[str, Any] = {} if copy or event.about == NOBODY else {"list": f"about#{event.about}", "listed_as": sk}
    return _rows()(
        copy or f"audit#{event.at.astimezone(UTC).date()}#{shard}", sk, said=said, **listed,
        expires=int((event.at + AUDIT_KEPT).timestamp()),
    )  # fmt: skip


def _event(row: _Row) -> Event:
    at, _, id = row.sk.partition("#")
    said = row.said | {"detail": tuple(row.said["detail"].items())}
    return Event(datetime.fromisoformat(at), **said, id=id)


def _key_row(key: Key) -> _Row:
    return _rows()(
        f"key#{key.hash}", "key", name=key.name, scopes=set(key.scopes), airports=set(key.airports) or None,
        made_at=instant(key.made_at), revoked=key.revoked, ends_at=key.ends_at, list="keys", listed_as=key.name,
        revision=key.revision + 1,
    )  # fmt: skip


def _key(row: _Row) -> Key:
    return Key(
        row.pk.removeprefix("key#"), row.name or "", tuple(sorted(row.scopes or ())), tuple(sorted(row.airports or ())),
        datetime.fromisoformat(row.made_at or ""), bool(row.revoked), int(row.ends_at) if row.ends_at else None,
        int(row.revision or 0),
    )  # fmt: skip


def _tuples(said: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: tuple(value) if name in names else value for name, value in said.items()}
