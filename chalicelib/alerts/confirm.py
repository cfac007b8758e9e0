"""Asks whoever has an address whether they agree, and begins to tell them once they do.

The one message that an unconfirmed address gets leaves from the stream of the table `subscriptions` (`ask`), or, where
a stranger's server may keep us waiting, from the queue of its channel (`ask_again`): that holds up nobody else. An
email has a link to a page whose button confirms: a GET never does, as mail scanners follow links. An SMS, a push, a web
push and a webhook's challenge have six digits, which whoever gets them sends to
POST /v1/subscriptions/{id}/confirmation within 15 minutes (a service worker or a server by itself). A challenge also
brings the secret that the webhook's messages are signed with: so it is seen by who has the URL, not by who asked.

Every step can be done again: what a crash cut off is finished by the record that comes again, or by a second click.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.alerts import fanout, ledger, links, manage, plan, store
from chalicelib.alerts.ledger import Kind, Task
from chalicelib.alerts.model import at_first, decide
from chalicelib.alerts.store import Contact, Standing, Status, Subscription
from chalicelib.channels.model import Channel, Outcome, Receipt
from chalicelib.core import limits
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.errors import Fault, Invalid, Unavailable
from chalicelib.core.signed import BadLink
from chalicelib.core.telemetry import count, logger

WORDING = "2026-11"  # of the texts that are agreed to (`words`, confirm): a new one where what they promise changes
LEASE = timedelta(seconds=120)  # longer than a function runs
CODE_FOR = timedelta(minutes=15)
TRIES = 5  # of one code by one client, so that nobody uses up another's
TRIES_OF_ALL = 30  # of one code: two hold at a time, so that is one guess in 16,000
WRONG = 20  # codes an hour by one client, of whatever address
ATTEMPTS = 6  # of a message that the provider does not take now: within an hour
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is taken for something else
_OURS = {Channel.EMAIL, Channel.SMS, Channel.PUSH}  # by AWS: what is not taken now, is taken later


def ask(record: Mapping[str, Any], now: Now) -> None:
    """Do what a record of the table's stream calls for: ask, begin, or end. Raises Unavailable.

    ValueError, KeyError or TypeError for a record that can't be understood.
    """
    image = record["dynamodb"].get("NewImage")
    found = store.row_of_image(image) if image else None
    if isinstance(found, Contact):
        if found.ask and not found.sent and not found.leased_until:
            if found.address.channel not in _OURS:
                fanout.queue([(found.address.channel, {"ask": found.address.id})])
            elif again := _send_once(found, now, 0):
                ledger.plan(Task(Kind.ASK, found.address.id, "wall"), again, now.wall.date(), "1")
        elif found.standing is Standing.CONFIRMED:
            start_all(found.address.id, now.wall)
        elif not found.ask and found.standing is not Standing.BOOKED:
            manage.end_all(found.address.id, now.wall)
    elif found and found.status is Status.PENDING and not found.ask_first:
        _start(found.id, now.wall)
    elif found and found.status is Status.ACTIVE and found.revision == found.started:
        _begin(found, now)


def ask_again(address: str, attempts: int, now: Now) -> datetime | None:
    """Send the confirmation message of an address (its id) that was not taken so many times yet.

    Returns when to try once more, if at all; that is None for a stranger's server. Raises Unavailable.
    """
    contact = store.contact(address, now.wall)
    if contact is None or not contact.ask or contact.sent:
        return None
    return _send_once(contact, now, attempts)


def by_link(token: str, now: Now) -> Contact:
    """Whoever has the link of an email agrees. Returns the address as it now stands. Raises BadLink, Unavailable."""
    address, ask = links.confirmed_by(token, now.wall)
    return _confirm(address, ask, now.wall)


def by_code(id: str, code: str, now: Now, client: str) -> Contact:
    """Whoever has the code of a message agrees; `id` is of the subscription that was asked for.

    Raises TooMany, Unavailable, and Invalid: in the same words whether the code is wrong, too old, tried too often, or
    nothing was asked.
    """
    client = limits.network(client)
    guesses = "code-by-client", client, WRONG, timedelta(hours=1), now.wall
    limits.check(*guesses)  # only wrong ones count: a whole airport may have one network address
    limits.spend("code-of-one-by-client", f"{client} {id}", TRIES, CODE_FOR, now.wall)
    wrong = Invalid("this code does not confirm", [Fault("body", "code", "is wrong or too old; ask for another")])

    def attempt() -> Contact | None:
        contact = store.contact(store.address_of(id), now.wall)
        if contact is None or contact.ask is None or contact.address.channel is Channel.EMAIL:
            return None
        if max(contact.code_until, contact.former_until) <= now.wall.timestamp() or contact.tries >= TRIES_OF_ALL:
            return None
        return store.save_contact(replace(contact, tries=contact.tries + 1), now.wall)

    contact = store.persist(attempt)
    if contact is None or contact.ask is None or not _is_code(code, contact, now.wall):
        limits.spend(*guesses)
        raise wrong
    return _confirm(contact.address.id, contact.ask, now.wall)


def asked(token: str, now: Now) -> tuple[Contact, list[Subscription]]:
    """What the link of an email would confirm: the address, and what it would be told of. Raises BadLink."""
    address, ask = links.confirmed_by(token, now.wall)
    contact, subscriptions = store.holding(address, now.wall)
    if contact is None or contact.ask != ask:
        raise BadLink
    return contact, [each for each in subscriptions if each.status is not Status.STOPPED]


def new_code(address: str, now: datetime) -> str:
    """A short code that leads to what an address (its id) follows, for the links in SMS. Raises Conflict."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    store.keep_code(code, address, now)
    return code


def start_all(address: str, now: datetime, *, again: bool = False) -> None:
    """Make active what waited for an address (its id) to be confirmed; `again`: also what was stopped once."""
    for subscription in store.holding(address, now).subscriptions:
        if subscription.status is Status.PENDING and (again or not subscription.ask_first):
            _start(subscription.id, now)


def _confirm(address: str, ask: str, now: datetime) -> Contact:
    def agree() -> Contact:
        contact = store.contact(address, now)
        if contact is None or contact.ask != ask:
            raise BadLink
        if contact.standing is Standing.CONFIRMED and contact.confirmed_at and contact.confirmed_at >= contact.asked_at:
            return contact
        code = contact.code
        if contact.address.channel is Channel.SMS and not code:
            code = new_code(address, now)
        agreed = store.save_contact(
            replace(
                contact, standing=Standing.CONFIRMED, reason=None, confirmed_at=int(now.timestamp()), wording=WORDING,
                sent=True, leased_until=0, code=code,
                expires=max(contact.expires, int((now + store.CONTACT_KEPT).timestamp())),
            ),
            now,
        )  # fmt: skip
        count("AddressesConfirmed")
        return agreed

    contact = store.persist(agree)
    start_all(address, now, again=True)
    return contact


def _start(id: str, now: datetime) -> None:
    """Make one subscription active, where it waits and its address is confirmed: from here on it is told of changes."""

    def start() -> None:
        contact, subscription = store.contact(store.address_of(id), now), store.subscription(id, now)
        waits = subscription is not None and subscription.status is Status.PENDING
        if contact is None or contact.standing is not Standing.CONFIRMED or subscription is None or not waits:
            return
        expires = ledger.expires(subscription.subject.day)
        active = replace(
            subscription, status=Status.ACTIVE, ask_first=False, expires=expires, started=subscription.revision + 1,
            page=ledger.place(subscription.subject, contact.address.channel),
        )  # fmt: skip
        longest = max(contact.expires, expires + int(store.CONTACT_KEPT.total_seconds()))
        store.save(contact, replace(contact, expires=longest), active, now)
        count("FollowsStarted")

    store.persist(start)


def _begin(subscription: Subscription, now: Now) -> None:
    """A new follower knows the flights as they stand now, and is reminded in time.

    They are a follower already: a change that is committed after these reads is told to them like to anybody.
    """
    contact, there = store.contact(subscription.address, now.wall), store.subscription(subscription.id, now.wall)
    if contact is None or there is None or there.status is not Status.ACTIVE:
        return  # it was stopped or erased meanwhile
    follower = subscription.follower(contact)
    flights = plan.flights_of(subscription.subject, now.flight)
    known = {flight.leg: at_first(flight, now.flight) for flight in flights}
    ledger.begin(follower, known)
    page = ledger.Page.of(follower)
    fanout.queue(  # a cancellation, or a delay: what they are told at once
        (page.channel, {"leg": str(flight.leg), "page": str(page), "only": follower.id})
        for flight in flights
        if decide(follower.rule, known[flight.leg], flight, now.flight)
    )
    plan.following(follower, now)


def _send_once(found: Contact, now: Now, attempts: int) -> datetime | None:
    """Send the one message that an ask calls for; a crash between sending and marking repeats it at most once.

    Returns when to try again, where the provider does not take it now and has not done so too often.
    """
    claimed = store.persist(lambda: _claim(found, now.wall))
    if claimed is None:
        return None
    contact, newest = claimed
    receipt = _send(contact, newest, now) if newest else Receipt(Outcome.REFUSED, reason="nothing is asked for")
    logger.info("asked to confirm", address=contact.address.id, outcome=receipt.outcome, reason=receipt.reason)
    if receipt.outcome is Outcome.LATER and contact.address.channel in _OURS and attempts + 1 < ATTEMPTS:
        again = now.wall + timedelta(minutes=2**attempts)
        store.persist(lambda: _settle(contact, now.wall, sent=False, leased_until=int(again.timestamp())))
        return again
    count("ConfirmationsSent" if receipt.outcome is Outcome.ACCEPTED else "ConfirmationsRefused")
    if receipt.outcome is Outcome.GONE:
        manage.drop(contact.address, receipt.reason or "gone", now)
    else:
        store.persist(lambda: _settle(contact, now.wall, sent=True))
    return None


def _claim(found: Contact, now: datetime) -> tuple[Contact, Subscription | None] | None:
    """Be the one who sends: the address, and what it was asked for last. None where there is nothing to send."""
    contact, subscriptions = store.holding(found.address.id, now)
    if contact is None or (contact.ask, contact.asked_at) != (found.ask, found.asked_at) or contact.sent:
        return None
    if contact.leased_until > now.timestamp():
        raise Unavailable("somebody is sending this")
    lease, code_until = int((now + LEASE).timestamp()), int((now + CODE_FOR).timestamp())
    contact = store.save_contact(replace(contact, leased_until=lease, code_until=code_until), now)
    pending = [each for each in subscriptions if each.status is Status.PENDING]
    return contact, max(pending, key=lambda each: each.expires, default=None)


def _settle(claimed: Contact, now: datetime, *, sent: bool, leased_until: int = 0) -> None:
    contact = store.contact(claimed.address.id, now)
    if contact and contact.ask == claimed.ask and contact.leased_until == claimed.leased_until:
        store.save_contact(replace(contact, leased_until=leased_until, sent=sent), now)


def _send(contact: Contact, wanted: Subscription, now: Now) -> Receipt:
    """The one message that goes to an address nobody confirmed. Raises Unavailable where a secret can't be read."""
    from chalicelib.alerts import words
    from chalicelib.channels import email, push, sms, webhook, webpush

    to, language = contact.address.value, contact.language
    sender = email.brand(config().email_sender)
    code = links.code(contact.address.id, _named(contact))
    match contact.address.channel:
        case Channel.EMAIL:
            link = links.confirm(contact.address.id, contact.ask or "", now.wall)
            label = words.subject_label(wanted.subject, language)
            subject, text, html = words.confirm_email(label, language, link, sender)
            return email.send([email.Email(to, subject, text, html)])[0]
        case Channel.SMS:
            return sms.send(to, words.confirm_sms(code, language, sender))
        case Channel.PUSH:
            title, body, data = words.confirm_push(code, language, sender)
            data = {**data, "subscription": wanted.id}
            return push.send(to, push.Push(title, body, data, urgent=True, topic="confirm"))
        case Channel.WEBPUSH:
            title, body, data = words.confirm_push(code, language, sender)
            data["subscription"] = wanted.id
            if wanted.subject.leg:
                data["flight"] = str(wanted.subject.leg)  # its page is where the code is waited for
            shown = {"title": title, "body": body, "language": language, "urgent": True, "data": data}
            payload = json.dumps(shown, ensure_ascii=False).encode()
            return webpush.send(to, payload, topic="confirm", urgent=True, now=now.wall)
        case Channel.WEBHOOK:
            secret = contact.secret or ""
            challenge = words.confirm_webhook(wanted.id, code, secret, now.wall)
            return webhook.send(to, secret, f"challenge-{contact.address.id}-{contact.asked_at}", now.wall, challenge)


def _is_code(code: str, contact: Contact, now: datetime) -> bool:
    """Whether this is the code of the last message, or of the one before: who is asked again may hold that one."""
    held = [
        f"{contact.ask} {at}"
        for at, until in ((contact.asked_at, contact.code_until), (contact.former_at, contact.former_until))
        if until > now.timestamp()
    ]
    return any(links.is_code(code, contact.address.id, named) for named in held)


def _named(contact: Contact) -> str:
    """What the code of a message is computed from: another for each asking."""
    return f"{contact.ask} {contact.asked_at}"
