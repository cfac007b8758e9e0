"""Takes the wish to be told of a flight. Nothing is sent from here, and nothing is told before who is asked agrees.

A wish is kept as a pending subscription; the table's stream does the rest (`confirm`). The answer is the same whether
the address is known, confirmed, suppressed, follows this already, or follows too much to follow more: who asks does not
learn what others follow. So a wish for a confirmed address, too, is kept as pending and becomes active by the stream.
How long the answer takes is not the same: by a few reads and counters where an ask is due, by a write where the wish
is kept. Who measures that learns about as much as the limits let them ask.

- An address confirms once. What is asked for later is active at once, at most 10 an hour, and each message carries the
  link that stops it.
- What somebody stopped is active again only when they have confirmed again.
- The rule of an active subscription is changed by who has its link (`manage`), not by asking again.
- An address is asked at most 3 times a day, 5 times in 30 days, and not within 10 minutes of an ask that is still open;
  what else is asked for meanwhile waits with the first. One that bounced, complained or sent STOP is asked no more.
- What strangers wish for an address takes nothing from what its owner agreed to: each has a most of its own.
"""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from chalicelib.airports import lookup
from chalicelib.alerts import plan, store
from chalicelib.alerts.model import USUAL, Rule, Subject
from chalicelib.alerts.store import Contact, Holding, Standing, Status, Subscription
from chalicelib.alerts.wishes import FollowAnswer, FollowRequest
from chalicelib.channels import addresses
from chalicelib.channels.model import Address, Channel, language_of
from chalicelib.core import limits
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.errors import Fault, Invalid, TooMany
from chalicelib.core.telemetry import count
from chalicelib.flights.carriers import carrier
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import Flight, Phase

AHEAD = timedelta(days=330)  # airlines sell no flights after that
BEHIND = timedelta(days=10)  # no flight is later than that; what is older is not even looked for
LONGEST_AGO = timedelta(hours=24)  # what left before that has arrived, or its source has forgotten it
MOST_FLIGHTS = 40  # of a route on a day
MOST_ACTIVE, MOST_PENDING = 100, 20  # of an address
HOUR, DAY, MONTH = timedelta(hours=1), timedelta(days=1), timedelta(days=30)
CLIENT_WISHES = 300  # an hour: a whole airport may have one network address, and what protects people counts by them
HOST_WISHES = 100  # an hour by an IPv6 /64; its /48 has as many as an IPv4 address
ASK_AGAIN = timedelta(minutes=10)
ASKS = ((3, DAY), (5, MONTH))  # of a mailbox
HOST_ASKS = 10  # a day, of a host that anybody may name: it gets no more, however many URLs it has
BROWSERS = ("fcm.googleapis.com", "push.services.mozilla.com", "push.apple.com", "notify.windows.com")  # push for all
REGION_SMS, ALL_SMS = 200, 1000  # asks by SMS an hour: some earn by each that goes to a network of theirs
_LAST_ZONE = timezone(timedelta(hours=-12))  # where a day ends last


def follow(request: FollowRequest, now: Now, client: str, accept_language: str = "") -> FollowAnswer:
    """Note a wish. Raises Invalid, TooMany, Unavailable."""
    network = limits.wide(client)
    limits.spend("follow-by-client", client, HOST_WISHES if network else CLIENT_WISHES, HOUR, now.wall)
    if network:
        limits.spend("follow-by-network", network, CLIENT_WISHES, HOUR, now.wall)
    subject = subject_of(request)
    _check_day(subject, now.flight.date())
    flights = plan.flights_of(subject, now.flight)
    _check(subject, flights, now.flight)
    address = address_of(request)
    limits.spend("follow-by-address", addresses.mailbox(address), 10, HOUR, now.wall)
    origin = subject.leg.origin if subject.leg else subject.route[0] if subject.route else None
    origin = origin or next((flight.leg.origin for flight in flights), None)
    if origin is None and request.quiet and not request.zone:
        raise _invalid("zone", "is needed for the quiet hours, as it is not known yet where this flight leaves")
    zone = lookup.zone(origin).key if origin else "UTC"
    rule = request.applied_to(Rule(language_of(accept_language), zone, USUAL))

    @cache  # counted once, however often the change is tried
    def may_be_asked() -> bool:
        return _may_be_asked(address, now.wall)

    store.persist(lambda: _keep(address, subject, rule, now.wall, may_be_asked))
    count("FollowsAsked")
    return FollowAnswer(
        id=store.subscription_id(address.id, subject),
        confirm="link" if address.channel is Channel.EMAIL else "code",
        bound=bool(flights),
        flights=[str(flight.leg) for flight in flights],
    )


def subject_of(request: FollowRequest) -> Subject:
    """What is to be followed, in its one spelling. Raises Invalid."""
    given = [name for name in ("flight", "number", "origin") if getattr(request, name) is not None]
    if request.origin is None and request.destination is not None:
        raise _invalid("origin", "is missing: a whole airport is a board, which is watched over the WebSocket")
    if len(given) != 1:
        raise _invalid(given[1] if given else "flight", "one of these is followed: a flight, a number, a route")
    if request.flight is not None:
        if request.day is not None:
            raise _invalid("date", "stands in the flight's id already")
        leg = _parsed("flight", LegId, request.flight)
        return Subject(leg=LegId(_canonical(leg.flight), leg.date, _airport("flight", leg.origin)))
    if request.day is None:
        raise _invalid("date", "is missing")
    if request.number is not None:
        return Subject(number=_canonical(_parsed("number", FlightNumber, request.number)), on=request.day)
    if request.destination is None:
        raise _invalid("destination", "is missing: a whole airport is a board, which is watched over the WebSocket")
    route = _airport("origin", request.origin or ""), _airport("destination", request.destination)
    if route[0] == route[1]:
        raise _invalid("destination", "is the origin")
    return Subject(route=route, on=request.day)


def address_of(request: FollowRequest) -> Address:
    """The address that is given, in its one spelling. Raises Invalid, Unavailable."""
    given = request.address
    if request.channel is Channel.EMAIL and not config().email_sender:
        raise _invalid("channel", "no emails are sent from here")
    if isinstance(given, dict):
        if request.channel is Channel.PUSH and given.keys() == {"platform", "token"}:
            given = f"{given['platform']}:{given['token']}"
        elif request.channel is Channel.WEBPUSH:
            given = json.dumps(given)
        else:
            raise _invalid("address", f"is no address of channel {request.channel}")
    address = addresses.parse(request.channel, given)
    if address.channel is Channel.PUSH:
        from chalicelib.channels import push

        return push.register(address)
    return address


def _check_day(subject: Subject, today: date) -> None:
    """Before it is looked for: not every day that can be written can be reckoned with."""
    name = "flight" if subject.leg else "date"
    if subject.day < today - BEHIND:
        raise _invalid(name, "is in the past")
    if subject.day > today + AHEAD:
        raise _invalid(name, f"is more than {AHEAD.days} days ahead")


def _check(subject: Subject, flights: Sequence[Flight], now: datetime) -> None:
    name = "flight" if subject.leg else "date"
    origin = subject.leg.origin if subject.leg else subject.route[0] if subject.route else None
    there: tzinfo = lookup.zone(origin) if origin else _LAST_ZONE
    if not flights and subject.day < now.astimezone(there).date():
        raise _invalid(name, "is in the past")
    if flights and all(_over(flight, now) for flight in flights):
        raise _invalid("flight" if subject.leg else "number" if subject.number else "date", "has arrived already")
    if subject.route and len(flights) > MOST_FLIGHTS:
        raise _invalid("destination", f"is too broad: {len(flights)} flights that day; follow one of them")


def _over(flight: Flight, now: datetime) -> bool:
    status = flight.status
    left = status.expected_out
    return status.phase in (Phase.LANDED, Phase.ARRIVED) or (left is not None and now - left > LONGEST_AGO)


def _keep(address: Address, subject: Subject, rule: Rule, now: datetime, may_be_asked: Callable[[], bool]) -> None:
    holding = store.holding(address.id, now)
    there = holding.of(store.subscription_id(address.id, subject))
    if there and there.status is Status.ACTIVE:
        return
    if not (there and there.status is Status.PENDING) and _is_full(holding):
        return
    expires = int((now + store.ASKED_KEPT).timestamp())
    stopped = there is not None and there.status is Status.STOPPED
    wish = there or Subscription(address.id, subject, rule, int(now.timestamp()))
    wish = replace(
        wish, rule=rule, created_at=int(now.timestamp()), status=Status.PENDING, page=None, expires=expires,
        ask_first=wish.ask_first or stopped, by_booking=False,
    )  # fmt: skip
    contact = _asked(holding, address, rule.language, now, again=wish.ask_first, may_be_asked=may_be_asked)
    store.save(holding.contact, contact, wish, now)


def _is_full(holding: Holding) -> bool:
    statuses = [each.status for each in holding.subscriptions]
    return statuses.count(Status.ACTIVE) >= MOST_ACTIVE or statuses.count(Status.PENDING) >= MOST_PENDING


def _asked(
    holding: Holding, address: Address, language: str, now: datetime, *, again: bool, may_be_asked: Callable[[], bool]
) -> Contact:
    """The address, with a confirmation message called for where one is needed and may go out."""
    contact = holding.contact
    expires = int((now + store.ASKED_KEPT).timestamp())
    if contact is None:
        contact = Contact(address, language, secret=_secret(address), expires=expires)
    if contact.standing is Standing.CONFIRMED and not again:
        return contact
    contact = replace(contact, expires=max(contact.expires, expires))
    is_open = contact.ask is not None and (contact.confirmed_at or 0) < contact.asked_at
    if is_open and now.timestamp() - contact.asked_at < ASK_AGAIN.total_seconds():
        return contact
    if not may_be_asked():
        return contact
    # While an ask is open, each of its links confirms it, and the code before too.
    language = contact.language if contact.standing is Standing.CONFIRMED else language
    return replace(
        contact, language=language, ask=contact.ask if is_open else secrets.token_hex(8), asked_at=int(now.timestamp()),
        sent=False, leased_until=0, code_until=0, tries=0, former_at=contact.asked_at if is_open else 0,
        former_until=contact.code_until if is_open else 0,
    )  # fmt: skip


def _may_be_asked(address: Address, now: datetime) -> bool:
    """Count one ask more of an address, where it may be asked. Raises Unavailable."""
    mailbox = addresses.mailbox(address)
    if store.refused(mailbox, now) or store.refused(address.id, now):
        return False
    try:
        for allowed, within in ASKS:
            limits.spend("ask", mailbox, allowed, within, now)
        if address.channel in (Channel.WEBHOOK, Channel.WEBPUSH):
            url = address.value if address.channel is Channel.WEBHOOK else json.loads(address.value)["endpoint"]
            host = urlsplit(url).hostname or ""
            if not f".{host}".endswith(tuple(f".{each}" for each in BROWSERS)):
                limits.spend("ask-by-host", host, HOST_ASKS, DAY, now)
        if address.channel is Channel.SMS:
            limits.spend("sms-asks-by-region", _region(address.value), REGION_SMS, HOUR, now)
            limits.spend("sms-asks", "all", ALL_SMS, HOUR, now)
    except TooMany:
        return False
    return True


def _region(number: str) -> str:
    """Where a number is, as of +1 there are 25."""
    import phonenumbers

    parsed = phonenumbers.parse(number)
    return phonenumbers.region_code_for_number(parsed) or str(parsed.country_code)


def _secret(address: Address) -> str | None:
    if address.channel is not Channel.WEBHOOK:
        return None
    from chalicelib.channels import webhook

    return webhook.new_secret()


def _canonical(number: FlightNumber) -> FlightNumber:
    """By the airline's IATA designator, where it has one."""
    operator = carrier(number.carrier)
    return number._replace(carrier=operator.iata) if operator and operator.iata else number


def _parsed(name: str, kind: Any, text: str) -> Any:
    try:
        return kind.parse(text)
    except Invalid as error:
        raise _invalid(name, str(error)) from None


def _airport(name: str, code: str) -> str:
    found = lookup.airport(code.strip())
    if found is None:
        raise _invalid(name, f"there is no airport {code[:40]!r}; an airport's code looks like EWR")
    return found.iata or found.icao


def _invalid(name: str, detail: str) -> Invalid:
    return Invalid(f"this can't be followed: {name}: {detail}", [Fault("body", name, detail)])
