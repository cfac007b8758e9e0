"""Somebody of whom everything is held that may be, and a look into all tables and queues for what is."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from chalicelib.accounts import store as accounts
from chalicelib.accounts.model import Account, Consent, Event, Session, new_id
from chalicelib.accounts.personal import Owner
from chalicelib.alerts import confirm, deliver, follow, ledger, letters, manage, store
from chalicelib.alerts.ledger import Kind, Page, Task
from chalicelib.alerts.wishes import FollowRequest
from chalicelib.channels.model import Address, Channel, Outcome, Receipt
from chalicelib.core.callers import Role
from chalicelib.core.clock import Now
from chalicelib.flights import ingest
from chalicelib.flights.identity import LegId

from ..conftest import client
from ..flights.legs import said, scheduled
from .killing import stream_records
from .passenger import World

ADA, EVE, NEW = "ada@example.com", "eve@example.com", "lovelace@example.com"
LEG = LegId.parse("UA1545-20260710-EWR")
DAY = LEG.date.isoformat()
FLIGHT, NUMBER = {"flight": str(LEG)}, {"number": "UA1545", "date": DAY}
ROUTE = {"origin": "EWR", "destination": "IAH", "date": DAY}


def a_flight(now: Now) -> None:
    ingest.take([scheduled(1545, now.flight + timedelta(hours=2))], now, sleep=lambda _: None)


def registered(email: str, now: datetime, role: Role = Role.PASSENGER) -> Account:
    """An account with sessions, of which one ran out, a consent, and lines in the audit trail about it and by it."""
    at = int(now.timestamp())
    account = Account(new_id(), email, role, "en", at, "hash of the password", at)
    accounts.save(account, now=now)
    accounts.save(
        Session(account.id, new_id(), "hash of a token", 1, at, at, at, at + 3600, "192.0.2.7", "a browser"),
        Session(account.id, new_id(), "hash of a token", 1, at, at, at, at - 3600, "192.0.2.7", "an app"),
        Consent(account.id, "2026-11", "en", at),
        Event(now, "registered", account.id, account.id, "192.0.2.7"),
        Event(now, "flight-updated", account.id, "flight:UA1-20260710-EWR", "192.0.2.7"),
        now=now,
    )
    found = accounts.account(account.id)
    assert found
    return found


def wishes(email: str, what: dict[str, str], now: Now) -> str:
    """Ask to follow something. Returns the subscription's id."""
    request = FollowRequest.model_validate({"channel": "email", "address": email, **what})
    return follow.follow(request, now, "192.0.2.1").id


def streams(of: World) -> None:
    """Handle what the stream of subscriptions has not told yet."""
    while records := [r for r in stream_records("gatecall-test-subscriptions") if _number(r) not in of.read]:
        for record in records:
            of.read.add(_number(record))
            confirm.ask(record, of.now)


def agrees(email: str, of: World) -> None:
    """Confirm an address by the link of the letter."""
    contact = store.contact(Address(Channel.EMAIL, email).id, of.now.wall)
    assert contact
    confirm._confirm(contact.address.id, contact.ask or "", of.now.wall)
    streams(of)


def follows_all(email: str, of: World) -> None:
    """Follow a flight, of which they were told; a number, no more; a route; and what is asked for just now."""
    wishes(email, FLIGHT, of.now)
    streams(of)
    agrees(email, of)
    stopped = wishes(email, NUMBER, of.now)
    wishes(email, ROUTE, of.now)
    streams(of)
    changes(of.now)
    tell(of.now)
    manage.stop(stopped, of.now.wall)
    ledger.plan(Task(Kind.ASK, Address(Channel.EMAIL, email).id, "wall"), of.now.wall, LEG.date, "1")
    wishes(email, {**NUMBER, "number": "UA9"}, of.now)


def changes(now: Now, gate: str = "C7") -> None:
    at = now.flight - timedelta(minutes=1)
    ingest.take([said(1545, now.flight, at, departure_gate=gate)], now, sleep=lambda _: None)


def tell(now: Now, **more: Any) -> list[Any]:
    """Deliver all pages of the flight. Returns who was written to."""
    written: list[Any] = []

    def send(_: Channel, letters: Any) -> list[Receipt]:
        written.extend(letters)
        return [Receipt(Outcome.ACCEPTED, "m1")] * len(letters)

    means = letters.Means("send_emails", send, lambda *_: None, lambda: 60)
    for subject in (f"flight:{LEG}", f"number:UA1545-{LEG.date:%Y%m%d}", f"route:EWR-IAH-{LEG.date:%Y%m%d}"):
        page = Page(subject, Channel.EMAIL, 0)
        deliver.deliver({"leg": str(LEG), "page": str(page), **more}, now, means)
    return [each.to for each in written]


def owner(account: Account) -> Owner:
    return Owner(account.id, account.email)


def rows() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every item of every table."""
    for table, items in tables().items():
        for row in items.values():
            yield table.rpartition("-")[2], row


def tables() -> dict[str, dict[str, dict[str, Any]]]:
    """Every table's items by their keys, to `put_back`."""
    dynamodb = client("dynamodb")
    return {
        table: {json.dumps(_key(row)): row for row in dynamodb.scan(TableName=table, ConsistentRead=True)["Items"]}
        for table in dynamodb.list_tables()["TableNames"]
    }


def put_back(before: dict[str, dict[str, dict[str, Any]]]) -> None:
    """Make all tables what they were: much sooner done than what made them so."""
    for table, items in tables().items():
        was = before[table]
        writes = [{"PutRequest": {"Item": row}} for key, row in was.items() if items.get(key) != row]
        writes += [{"DeleteRequest": {"Key": _key(row)}} for key, row in items.items() if key not in was]
        for first in range(0, len(writes), 25):
            client("dynamodb").batch_write_item(RequestItems={table: writes[first : first + 25]})


def held(of: Owner, among: Iterable[tuple[str, dict[str, Any]]] | None = None) -> list[tuple[str, str, str]]:
    """Table, pk and sk of all items that have the address in any spelling, its id, or the account's id."""
    return sorted(
        (table, row["pk"]["S"], row.get("sk", {"S": ""})["S"])
        for table, row in (rows() if among is None else among)
        if _names(json.dumps(row), of)
    )


def queued() -> str:
    """All that is in any queue."""
    sqs, found = client("sqs"), []
    for url in sqs.list_queues()["QueueUrls"]:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        found += [message["Body"] for message in answer.get("Messages", ())]
    return "\n".join(found)


def _key(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("pk", "sk") if name in row}


def _names(text: str, of: Owner) -> bool:
    return any(needle in text.lower() for needle in (of.email, of.address.id, of.account))


def _number(record: dict[str, Any]) -> str:
    return str(record["dynamodb"]["SequenceNumber"])
