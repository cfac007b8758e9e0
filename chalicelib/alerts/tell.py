"""Tells one fact of a booking to one address, once: from the queue of its channel.

Claimed, sent and marked as `deliver` does for flights, by a row of its own in the same ledger: what a follower is told
of a flight hangs on the flight and may be overtaken, but a booking's fact is told or not. What is over when its turn
comes (an offer that was taken) is not told. A crash between the provider's answer and the mark repeats that one letter.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from chalicelib.alerts import facts, fanout, ledger, manage, store
from chalicelib.alerts.bookings import LETTERS, addresses_of, is_few, is_silent
from chalicelib.alerts.facts import Fact
from chalicelib.alerts.ledger import Letter
from chalicelib.alerts.model import Delivery
from chalicelib.booking import access, read, rebook
from chalicelib.booking.model import Booking
from chalicelib.channels.model import Channel, Outcome, Receipt
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.core.telemetry import count, logger
from chalicelib.core.urls import public_url

if TYPE_CHECKING:
    from chalicelib.alerts.letters import Means

LEASE = timedelta(seconds=120)  # longer than a function runs
ATTEMPTS = 10  # of a letter that the provider does not take now: within two hours
LONGEST = 900  # seconds that a queue keeps a message back


def tell(message: Mapping[str, Any], now: Now, means: "Means") -> None:
    """Tell what a message of `bookings` names. Raises Unavailable where it is to come again."""
    name, fact, channel = str(message["booking"]), str(message["fact"]), Channel(message["channel"])
    booking = read.booking(name, now.wall)
    told = facts.still(booking, fact, now.wall) if booking else None
    address = next((each for each in addresses_of(booking) if each.channel is channel), None) if booking else None
    if booking is None or told is None or address is None:
        return
    contact = store.contact(address.id, now.wall)
    if is_silent(address, contact, now):
        logger.info("an address is told nothing", address=address.id, pnr=name, fact=told)
        return
    letter = Letter(name, fact, address)
    means.pace(channel, 1)
    try:
        failed = ledger.claim_letter(letter, now.wall, now.wall + LEASE)
    except Conflict:
        raise Unavailable("somebody is telling this") from None
    if failed is None:
        return
    if failed or is_few("sms-of-bookings", LETTERS, address, contact, now):
        [receipt] = means.send(channel, [_written(booking, told, letter, now)])
    else:
        receipt = Receipt(Outcome.REFUSED, reason="too many to a number that nobody confirmed")
    again = receipt.outcome is Outcome.LATER and failed + 1 < ATTEMPTS
    delivery = Delivery(now.wall, (str(told),), 0, receipt.outcome, receipt.id, receipt.reason)
    with suppress(Conflict):  # it took us longer than a lease lasts, and another told it
        ledger.mark_letter(letter, None if again else delivery, now.wall, failed + 1)
    _report(letter, told, receipt)
    if again:
        fanout.queue([(channel, message)], min(LONGEST, 30 * 2**failed))
    elif receipt.outcome is Outcome.GONE:
        manage.drop(address, receipt.reason or "gone", now)


def links_of(booking: Booking) -> dict[str, str]:
    """What letters link to. The page's token stands behind the #, which is sent to no server and gets into no log."""
    token, base = access.link(booking), public_url()
    papers = f"{base}/v1/bookings/{booking.locator}/itinerary"
    return {
        "booking": f"{base}/bookings/{booking.locator}#link={token}",
        "calendar": f"{papers}.ics?token={token}",
        "receipt": f"{papers}.pdf?token={token}",
    }


def _written(booking: Booking, fact: Fact, letter: Letter, now: Now) -> Any:
    from chalicelib.alerts.words.booking import BookingLinks, BookingWords
    from chalicelib.channels import sms
    from chalicelib.channels.email import Email

    assert booking.contact
    links = BookingLinks(**links_of(booking), rebook=rebook.link(booking))
    words = BookingWords(booking, fact, letter.fact, links, now, booking.contact.language)
    if letter.address.channel is Channel.EMAIL:
        return Email(letter.address.value, *words.email)
    return partial(sms.send, letter.address.value, words.sms)


def _report(letter: Letter, fact: Fact, receipt: Receipt) -> None:
    channel = letter.address.channel
    logger.info(
        "told a booking's passengers", pnr=letter.booking, fact=fact, channel=channel, outcome=receipt.outcome,
        reason=receipt.reason, id=receipt.id,
    )  # fmt: skip
    count(f"Messages{receipt.outcome.value.capitalize()}", channel=channel)
