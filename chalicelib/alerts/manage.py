"""Shows, changes and stops what an address follows, for whoever has one of its links; and drops who is not to be told.

A subscription that is stopped loses its follower in the same transaction: from then on nobody tells it anything.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.alerts import ledger, links, plan, store
from chalicelib.alerts.model import Delivery, Rule
from chalicelib.alerts.store import Contact, Holding, Standing, Status, Subscription
from chalicelib.channels import addresses, sms
from chalicelib.channels.model import Address, Channel
from chalicelib.core import limits
from chalicelib.core.clock import Now
from chalicelib.core.errors import NotFound
from chalicelib.core.signed import BadLink
from chalicelib.core.telemetry import count, logger
from chalicelib.flights.identity import LegId

FINAL = ("bounce", "complaint", "stop")  # who goes for such a reason is not asked any more, whoever wants them asked


def held(address: str, now: Now) -> Holding:
    """An address, by its id, and what it follows or followed. Raises Unavailable."""
    return store.holding(address, now.wall)


def one(address: str, id: str, now: Now) -> Subscription:
    """A subscription of an address. Raises NotFound, also for one of somebody else."""
    found = store.subscription(id, now.wall) if store.address_of(id) == address else None
    if found is None:
        raise _unknown(id)
    return found


def change(address: str, id: str, changed: Callable[[Rule], Rule], now: Now) -> Subscription:
    """Give a subscription another rule. Raises NotFound, and what `changed` raises."""

    def attempt() -> Subscription:
        contact, subscription = store.contact(address, now.wall), one(address, id, now)
        if contact is None:
            raise _unknown(id)
        rule = changed(subscription.rule)
        store.save(contact, replace(contact, language=rule.language), replace(subscription, rule=rule), now.wall)
        return replace(subscription, rule=rule)

    return store.persist(attempt)


def stop(id: str, now: datetime, *, unless_confirmed: bool = False) -> None:
    """Stop a subscription; where it is stopped, or gone, that is well."""

    def attempt() -> None:
        contact, subscription = store.contact(store.address_of(id), now), store.subscription(id, now)
        if unless_confirmed and contact and contact.standing in (Standing.CONFIRMED, Standing.BOOKED):
            return
        if contact and subscription and subscription.status is not Status.STOPPED:
            store.save(contact, contact, replace(subscription, status=Status.STOPPED), now)
            count("FollowsStopped")

    store.persist(attempt)


def stop_all(address: str, now: datetime) -> None:
    """Stop all that an address follows, and take back that it was confirmed."""

    def taken_back(contact: Contact) -> Contact:
        if contact.standing is Standing.SUPPRESSED:
            return contact
        return replace(contact, standing=Standing.ASKED, ask=None, sent=True, leased_until=0, former_until=0)

    _withdraw(address, now, taken_back)
    for subscription in store.holding(address, now).subscriptions:
        stop(subscription.id, now)


def drop(address: Address, reason: str, now: Now) -> None:
    """Tell an address nothing any more: its mail bounces, who has it complained or sent STOP, or it is gone.

    What is FINAL is kept for 400 days, whether the address is known or not: a complaint for all spellings of the
    mailbox; a bounce for this one alone, as anybody may make up another that bounces. Done again, it does no harm.
    Raises Unavailable: then it is to be done again.
    """
    if reason.startswith(FINAL):
        store.refuse(address.id if reason.startswith("bounce") else addresses.mailbox(address), reason, now.wall)
    expires = int((now.wall + store.SUPPRESSED_KEPT).timestamp())
    suppressed = _withdraw(
        address.id,
        now.wall,
        lambda contact: replace(
            contact, standing=Standing.SUPPRESSED, reason=reason, ask=None, sent=True, leased_until=0,
            former_until=0, expires=max(contact.expires, expires),
        ),
    )  # fmt: skip
    if suppressed:
        count("AddressesSuppressed")
        logger.info("suppressed", address=address.id, reason=reason)
    end_all(address.id, now.wall)


def readmit(address: Address, now: Now) -> None:
    """Who answered START may be asked again; they are told nothing before they confirm anew. Raises Unavailable."""
    if (store.refused(addresses.mailbox(address), now.wall) or "").startswith("stop"):
        store.unrefuse(addresses.mailbox(address))


def end_all(address: str, now: datetime) -> None:
    """Stop what is still active of an address that is to be told nothing: what a crash left of `stop_all`, `drop`.

    Who has confirmed since keeps it: the record that calls for this may come late, and more than once.
    """
    for subscription in store.holding(address, now).subscriptions:
        if subscription.status is Status.ACTIVE:
            stop(subscription.id, now, unless_confirmed=True)


def honour_opt_outs(now: Now) -> None:
    """Drop who answered STOP, as far as SNS alone knows of it. Raises Unavailable.

    That is not FINAL: SNS sends nothing to who is on its list, and only they themselves get off it.
    """
    for number in sms.opted_out():
        address = Address(Channel.SMS, number)
        contact = store.contact(address.id, now.wall)
        if contact and contact.standing is not Standing.SUPPRESSED:
            drop(address, "opted out", now)


def deliveries(address: str, id: str, now: Now) -> tuple[Channel, list[tuple[LegId, Delivery]]]:
    """What a subscription was told by its channel, the newest first: of each flight the last ten. Raises NotFound."""
    contact, subscription = store.contact(address, now.wall), one(address, id, now)
    if contact is None:
        raise _unknown(id)
    if subscription.page is None:
        return contact.address.channel, []
    legs = [flight.leg for flight in plan.flights_of(subscription.subject, now.flight)]
    return contact.address.channel, ledger.deliveries(subscription.follower(contact), legs)


def page_of_code(code: str, now: Now, client: str) -> str:
    """The URL that a short code in an SMS leads to. Raises BadLink, TooMany: 30 an hour are nobody's way to guess.

    Only wrong ones count: a whole airport may have one network address.
    """
    guesses = "short-by-client", limits.network(client), 30, timedelta(hours=1), now.wall
    limits.check(*guesses)
    address = store.address_of_code(code, now.wall)
    if address is None:
        limits.spend(*guesses)
        raise BadLink
    return links.manage(address, now.wall)


def _withdraw(address: str, now: datetime, change: Callable[[Contact], Contact]) -> bool:
    """Change whether an address agrees. Returns whether that was news."""

    def attempt() -> bool:
        contact = store.contact(address, now)
        changed = change(contact) if contact else None
        if changed is None or changed == contact:
            return False
        store.save_contact(changed, now)
        return True

    return store.persist(attempt)


def _unknown(id: str) -> NotFound:
    return NotFound(f"this address has no subscription {id[:60]!r}")
