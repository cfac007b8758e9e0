"""Has each booking follow its own flights, and its passengers told what becomes of it (messages of `booking-changes`).

Nobody is asked to confirm: whoever booked gave the address so that they can be told of what they paid for, and saw so.
Telling them is part of the contract (GDPR, article 6(1)(b); Directive 2002/58/EC, article 13, is about direct marketing
alone), and an SMS about one's own journey informs, and sells nothing (47 CFR 64.1200(a)(1), prior express consent by
giving the number). That is as far as it goes: the address stands as `booked`, and is asked before it is told of
anything else. STOP, complaints, bounces and unsubscribing count as for every subscription: what a person stopped is
not begun again by the same booking, and a suppressed address is told nothing.

A booking may be made with somebody else's number, and cancelled for all its money within a day, again and again. So a
number that nobody confirmed gets at most `LETTERS` SMS of bookings a day, and begins to follow at most `FLIGHTS`
flights a day, of which it is told as every follower is. One STOP ends all of it. What SMS leave out, email says.

What is followed hangs on the booking as it stands when a message is read, and is looked at once more after anything
was written. So messages may come twice, late, or out of order. A booking ends only what bookings began, and only where
no other booking of that address flies the same.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from chalicelib.airports import lookup
from chalicelib.alerts import confirm, facts, fanout, ledger, store
from chalicelib.alerts.ledger import Kind, Task
from chalicelib.alerts.model import USUAL, Interest, Rule, Subject
from chalicelib.alerts.store import Contact, Standing, Status, Subscription
from chalicelib.booking import read
from chalicelib.booking.check_in import OPENS
from chalicelib.booking.model import Booking, Segment, State
from chalicelib.channels import addresses
from chalicelib.channels.model import Address, Channel
from chalicelib.core import limits
from chalicelib.core.clock import Now
from chalicelib.core.errors import TooMany, Unavailable
from chalicelib.core.telemetry import count, logger
from chalicelib.flights.identity import LegId

WORDING = "booking-2026-11"  # of what whoever books is told of these messages
OVER = timedelta(days=2)  # after the scheduled arrival: no flight that late is followed anew
LETTERS, FLIGHTS = 10, 8  # by SMS, a day, to a number that nobody confirmed; a booking has up to 8 flights
LOOKS = 3  # at a booking that changes while it is looked at
# At 24 hours before departure the letter on check-in goes out, which says when the flight leaves.
TOLD = USUAL - {Interest.REMINDER}


def follow(message: Mapping[str, Any], now: Now) -> None:
    """Have a booking follow its flights, and queue what its passengers are to be told. Raises Unavailable."""
    name, seen = str(message["booking"]), None
    for _ in range(LOOKS):
        booking = read.booking(name, now.wall)
        if booking is None or booking.contact is None:
            return
        if booking.version == seen:
            break
        if not _follow(booking, now):
            break
        seen = booking.version
    else:
        raise Unavailable("this booking changes all the time")
    last = int(message["version"])
    _tell(booking, range(last - len(message["events"]) + 1, last + 1))


def tell_to_check_in(name: str, leg: LegId, channels: Iterable[str]) -> None:
    """Queue the letter on check-in to the passengers of a booking. Raises Unavailable."""
    told = {"booking": name, "fact": facts.check_in(leg)}
    fanout.queue([(Channel(each), {**told, "channel": each}) for each in channels])


def addresses_of(booking: Booking) -> Iterator[Address]:
    """Where the passengers of a booking are told."""
    if booking.contact:
        yield Address(Channel.EMAIL, booking.contact.email)
        if booking.contact.phone:
            yield Address(Channel.SMS, booking.contact.phone)


def is_silent(address: Address, contact: Contact | None, now: Now) -> bool:
    """Whether an address is to be told nothing: it bounces, complained, sent STOP, or is no more."""
    if contact and contact.standing is Standing.SUPPRESSED:
        return True
    return bool(store.refused(addresses.mailbox(address), now.wall) or store.refused(address.id, now.wall))


def is_few(what: str, allowed: int, address: Address, contact: Contact | None, now: Now) -> bool:
    """Count one thing more by SMS to a number that nobody confirmed, and whether it may be done. Raises Unavailable."""
    if address.channel is not Channel.SMS or (contact and contact.standing is Standing.CONFIRMED):
        return True
    try:
        limits.spend(what, address.id, allowed, timedelta(days=1), now.wall)
    except TooMany:
        logger.warning("a number that nobody confirmed is told no more today", address=address.id, what=what)
        return False
    return True


def _tell(booking: Booking, numbers: Iterable[int]) -> None:
    told = [number for number in numbers if facts.kind(booking, number)]
    fanout.queue(
        (address.channel, {"booking": booking.locator, "fact": str(number), "channel": address.channel})
        for number in told
        for address in addresses_of(booking)
    )


def _follow(booking: Booking, now: Now) -> bool:
    """Follow what a booking flies, and no more what it does not. Returns whether anything was written."""
    flown = {segment.leg: segment for segment in _flown(booking, now)}
    begins: list[tuple[Segment, Address]] = []
    ends: list[str] = []
    for address in addresses_of(booking):
        contact, there = store.holding(address.id, now.wall)
        ours = {each.subject.leg: each.id for each in there if booking.locator in each.bookings}
        if flown.keys() - ours and not is_silent(address, contact, now):
            new = [(segment, address) for leg, segment in flown.items() if leg not in ours]
            begins += [each for each in new if is_few("sms-flights-of-bookings", FLIGHTS, address, contact, now)]
        ends += [id for leg, id in ours.items() if leg not in flown]
    if begins:  # first: what a crash cuts off is begun when the message comes again
        _plan_check_in(booking, flown.values(), now)
    for segment, address in begins:
        store.persist(partial(_begin, booking, segment, address, now))
    for id in ends:
        store.persist(partial(_end, booking, id, now))
    return bool(begins or ends)


def _flown(booking: Booking, now: Now) -> Sequence[Segment]:
    """The flights that are paid for and not over."""
    if booking.state(now.wall) is not State.TICKETED:
        return []
    return [segment for segment in booking.segments if now.flight < segment.scheduled_in + OVER]


def _begin(booking: Booking, segment: Segment, address: Address, now: Now) -> None:
    """Follow one flight. It begins as it does for everybody who confirmed: by the record of the table's stream."""
    assert booking.contact
    before, there = store.holding(address.id, now.wall)
    subject = Subject(leg=segment.leg)
    known = next((each for each in there if each.subject == subject), None)
    if known and booking.locator in known.bookings:
        return
    if known and known.status is Status.ACTIVE:
        store.save(before, _of(before), replace(known, bookings=known.bookings | {booking.locator}), now.wall)
        return
    expires = ledger.expires(segment.leg.date)
    rule = Rule(booking.contact.language, lookup.zone(segment.leg.origin).key, TOLD)
    new = known or Subscription(address.id, subject, rule, int(now.wall.timestamp()))
    active = replace(
        new, rule=rule, status=Status.ACTIVE, ask_first=False, expires=expires, started=new.revision + 1,
        page=ledger.place(subject, address.channel), bookings=new.bookings | {booking.locator}, by_booking=True,
    )  # fmt: skip
    store.save(before, _contact(before, booking, address, expires, now), active, now.wall)
    count("FollowsStarted")
    logger.info("a booking follows a flight", pnr=booking.locator, flight=str(segment.leg), channel=address.channel)


def _of(contact: Contact | None) -> Contact:
    assert contact, "there is no subscription without its address"
    return contact


def _contact(before: Contact | None, booking: Booking, address: Address, expires: int, now: Now) -> Contact:
    """The address, which may be told of this booking's flights from now on."""
    assert booking.contact
    contact = before or Contact(address, booking.contact.language)
    expires = max(contact.expires, expires + int(store.CONTACT_KEPT.total_seconds()))
    if contact.standing is Standing.ASKED:
        contact = replace(contact, standing=Standing.BOOKED, wording=WORDING)
    if address.channel is Channel.SMS and not contact.code:
        contact = replace(contact, code=confirm.new_code(address.id, now.wall))
    return replace(contact, expires=expires)


def _end(booking: Booking, id: str, now: Now) -> None:
    """Follow a flight no more, where no other booking flies it and no person wished to."""
    contact, known = store.contact(store.address_of(id), now.wall), store.subscription(id, now.wall)
    if contact is None or known is None or booking.locator not in known.bookings:
        return
    left = known.bookings - {booking.locator}
    over = known.by_booking and not left and known.status is Status.ACTIVE
    status = Status.STOPPED if over else known.status
    store.save(contact, contact, replace(known, bookings=left, status=status), now.wall)
    if over:
        count("FollowsStopped")
        logger.info("a booking follows a flight no more", pnr=booking.locator, flight=str(known.subject))


def _plan_check_in(booking: Booking, segments: Iterable[Segment], now: Now) -> None:
    """The letter on check-in goes out when that opens (flight clock); where it is open already, the tickets say so."""
    channels = " ".join(address.channel for address in addresses_of(booking))
    for segment in segments:
        opens = segment.scheduled_out - OPENS
        if opens > now.flight:
            task = Task(Kind.CHECK_IN, f"{booking.locator} {segment.leg}", "flight")
            ledger.plan(task, opens, segment.leg.date, channels)
