"""What following keeps on a person: to show it, to erase it, and to bring it along to another address.

All of it hangs on the email address: so what was followed as a guest is the account's, once its address is verified.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from chalicelib.accounts.personal import Keeper, Kept, Owner
from chalicelib.alerts.model import Delivery, Follower, Interest, Rule, Subject
from chalicelib.channels.model import Address
from chalicelib.core.clock import Now, instant
from chalicelib.core.telemetry import logger
from chalicelib.flights.identity import LegId

if TYPE_CHECKING:
    from chalicelib.alerts.store import Contact, Holding, Subscription

# An export is one answer, of at most 6 MB (Lambda) and within half a minute. Active and pending are 120 at most, but
# who stops may follow anew; and what is followed by many has a page for each 500.
MOST_SUBSCRIPTIONS, MOST_PAGES, MOST_TOLD = 200, 400, 4_000


def _export(owner: Owner, now: Now) -> dict[str, Any]:
    from chalicelib.alerts import ledger, store
    from chalicelib.channels.addresses import mailbox

    address = owner.address
    contact, everything = store.holding(address.id, now.wall)
    subscriptions = sorted(everything, key=lambda each: each.status is store.Status.STOPPED)[:MOST_SUBSCRIPTIONS]
    own, legs = {each.id: each.page for each in subscriptions}, _legs(subscriptions, now)
    followers = sorted(_followers(address, subscriptions), key=lambda each: each.page != own[each.id])
    told: dict[str, list[tuple[LegId, Delivery]]] = {each.id: [] for each in subscriptions}
    room = MOST_TOLD
    for follower in followers[:MOST_PAGES]:
        found = ledger.deliveries(follower, legs[follower.subject])[:room]
        told[follower.id] += found
        room -= len(found)
        if not room:
            break
    return {
        "address": address.value,
        "id": address.id,
        "contact": _contact(contact) if contact else None,
        "subscriptions": [_subscription(each, told[each.id]) for each in subscriptions],
        "more": not room or len(followers) > MOST_PAGES or len(everything) > MOST_SUBSCRIPTIONS,
        "ask": "GET /v1/subscriptions, and of each /v1/subscriptions/{id}/deliveries",
        "refused": store.refused(mailbox(address), now.wall) or store.refused(address.id, now.wall),
    }


def _erase(owner: Owner, until: datetime | None, now: Now) -> None:
    """Delete all that hangs on an address. What comes later, of a stream, a queue or a schedule, finds nobody.

    The address goes first: without it nothing begins, is changed or is confirmed. Then who is told, what they were
    told, and the wishes last: by them the others are found again, if this is cut off.

    What was asked for after `until` stays, also anew, and with it the address and whether that is confirmed.
    """
    from chalicelib.alerts import ledger, store
    from chalicelib.alerts.ledger import Kind, Task

    address = owner.address

    def attempt() -> None:
        holding = store.holding(address.id, None)
        subscriptions = _there(holding, until)
        if len(subscriptions) == len(holding.subscriptions):
            if holding.contact:
                store.forget_contact(holding.contact)
            ledger.cancel(Task(Kind.ASK, address.id, "wall"))
        ledger.forget(_followers(address, subscriptions), _legs(subscriptions, now))
        for subscription in subscriptions:
            store.forget(subscription)

    store.persist(attempt)
    logger.info("erased what an address followed", address=address.id)


def _there(holding: "Holding", until: datetime | None) -> list["Subscription"]:
    """What was asked for by an instant; None: ever."""
    return [each for each in holding.subscriptions if until is None or each.created_at <= until.timestamp()]


def _move(before: Owner, after: Owner, until: datetime, now: Now) -> None:
    """Follow with the new address what was active with the former one at an instant, of which nothing is kept then.

    The account showed that the new one is theirs: so it is not asked. What can't be followed with it is lost, as nobody
    is to write to the former one any more: all, where the new one bounced, complained, sent STOP or is suppressed for
    another reason; what is over 100, where it follows much already; and what waits to be confirmed, or was stopped.
    """
    from chalicelib.alerts import store
    from chalicelib.alerts.store import Status
    from chalicelib.channels.addresses import mailbox

    old, new = before.address, after.address

    def active() -> list["Subscription"]:
        return [each for each in _there(store.holding(old.id, now.wall), until) if each.status is Status.ACTIVE]

    if not (store.refused(mailbox(new), now.wall) or store.refused(new.id, now.wall)):
        for subscription in active():
            store.persist(partial(_move_one, subscription.id, old, new, now))
    if lost := len(active()):
        logger.info("a new address can't follow what the former did", former=old.id, new=new.id, subscriptions=lost)
    _erase(before, until, now)


def _move_one(id: str, old: Address, new: Address, now: Now) -> None:
    """Move one subscription in one transaction, with what is known of its flights. Raises Conflict.

    It is no newer by that: if the account is deleted meanwhile, it is found to be of before.
    """
    from chalicelib.alerts import follow, ledger, manage, store
    from chalicelib.alerts.store import Contact, Standing, Status, Subscription

    left, subscription = store.contact(old.id, now.wall), store.subscription(id, now.wall)
    if left is None or subscription is None or subscription.status is not Status.ACTIVE:
        return
    before, others = holding = store.holding(new.id, now.wall)
    agreed = left.standing in (Standing.CONFIRMED, Standing.BOOKED)
    if not agreed or (before and before.standing is Standing.SUPPRESSED):
        return
    there = holding.of(store.subscription_id(new.id, subscription.subject))
    if there and there.status is Status.ACTIVE:
        manage.stop(id, now.wall)
        return
    if [each.status for each in others].count(Status.ACTIVE) >= follow.MOST_ACTIVE:
        return
    at, expires = int(now.wall.timestamp()), ledger.expires(subscription.subject.day)
    contact = before or Contact(new, left.language)
    if contact.standing is not Standing.CONFIRMED:
        contact = replace(
            contact, standing=Standing.CONFIRMED, reason=None, confirmed_at=at, wording=left.wording, sent=True,
            leased_until=0,
        )  # fmt: skip
    contact = replace(contact, expires=max(contact.expires, expires + int(store.CONTACT_KEPT.total_seconds())))
    since = subscription.created_at
    wish = there or Subscription(new.id, subscription.subject, subscription.rule, since)
    moved = replace(
        wish, rule=subscription.rule, created_at=since, status=Status.ACTIVE, ask_first=False, expires=expires,
        started=wish.revision + 1, page=ledger.place(subscription.subject, new.channel),
    )  # fmt: skip
    legs = _legs([subscription], now)[subscription.subject]
    ledger.begin(moved.follower(contact), ledger.known(subscription.follower(left), legs))
    store.save(before, contact, moved, now.wall, left=(left, replace(subscription, status=Status.STOPPED)))


def _followers(address: Address, subscriptions: Iterable["Subscription"]) -> list[Follower]:
    """Each subscription in all pages where it may stand or have stood."""
    from chalicelib.alerts import ledger

    subscriptions = list(subscriptions)
    numbers: dict[str, set[int]] = {}
    for page in ledger.pages(each.subject for each in subscriptions):
        if page.channel is address.channel:
            numbers.setdefault(page.subject, set()).add(page.number)
    return [
        Follower(each.id, each.subject, address, each.rule, number)
        for each in subscriptions
        for number in sorted(numbers.get(str(each.subject), set()) | ({each.page} if each.page is not None else set()))
    ]


def _legs(subscriptions: Iterable["Subscription"], now: Now) -> dict[Subject, list[LegId]]:
    """The legs that each subject means now."""
    from chalicelib.alerts import plan

    def legs(subject: Subject) -> list[LegId]:
        return [subject.leg] if subject.leg else [flight.leg for flight in plan.flights_of(subject, now.flight)]

    return {each.subject: legs(each.subject) for each in subscriptions}


def _contact(contact: "Contact") -> dict[str, Any]:
    return {
        "channel": contact.address.channel.value,
        "language": contact.language,
        "standing": contact.standing.value,
        "reason": contact.reason,
        "asked_at": _instant(contact.asked_at),
        "confirmed_at": _instant(contact.confirmed_at),
        "wording": contact.wording,
        "kept_until": _instant(contact.expires),
    }


def _subscription(subscription: "Subscription", told: Iterable[tuple[LegId, Delivery]]) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "follows": str(subscription.subject),
        "status": subscription.status.value,
        "bookings": sorted(subscription.bookings),
        "created_at": _instant(subscription.created_at),
        "kept_until": _instant(subscription.expires),
        "rule": _rule(subscription.rule),
        "told": [
            {
                "flight": str(leg), "version": each.version, "at": instant(each.at), "matters": list(each.matters),
                "outcome": str(each.outcome), "id": each.id, "reason": each.reason,
            }
            for leg, each in told
        ],
    }  # fmt: skip


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "language": rule.language,
        "zone": rule.zone,
        "tell": sorted(rule.interests, key=list(Interest).index),
        "first_delay": rule.first_delay,
        "further": rule.further,
        "quiet": {"from": f"{rule.quiet.start:%H:%M}", "to": f"{rule.quiet.end:%H:%M}"} if rule.quiet else None,
    }


def _instant(seconds: int | None) -> str | None:
    return instant(datetime.fromtimestamp(seconds, UTC)) if seconds else None


KEEPER = Keeper(
    "alerts",
    _export,
    _erase,
    _move,
    (
        Kept(
            "that the address bounces, complained or does not want to be written to: a hash of it, and the reason",
            "so that nobody writes to it again, whoever asks for that (GDPR, article 6(1)(f))",
            "400 days after that",
        ),
        Kept(
            "what a message under way at that moment told of a flight, or of one that its number or route no longer "
            "means: by a number without the address",
            "nothing finds it by the person any more; it is swept by itself",
            "30 days after the flight",
        ),
        Kept(
            "which letters on a booking went out: by its locator and a number in the place of the address",
            "so that none goes out twice; who books gave the address to be told (GDPR, article 6(1)(b))",
            "30 days",
        ),
        Kept(
            "queue messages with the number of a subscription, and counters of how often was asked for: a hash",
            "they run out by themselves; nobody is found or told by them",
            "4 days; counters 30 days",
        ),
    ),
)
