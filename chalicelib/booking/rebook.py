"""Takes other flights in the place of cancelled or much delayed ones, at no cost: those that are held for the party, or
others of the next flights with seats. By the app, or with one tap in a message.
"""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from chalicelib.booking import disruption, reroute
from chalicelib.booking import locator as locators
from chalicelib.booking.disruption import Route, Trouble
from chalicelib.booking.hold import CLOSES, SoldOut
from chalicelib.booking.model import Booking, By, Changed, KeyUse, Offered, State
from chalicelib.booking.pay import known
from chalicelib.booking.reroute import Finder, Seated
from chalicelib.booking.store import Kept
from chalicelib.core import signed
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, NotFound, Unavailable
from chalicelib.core.tables import ATTEMPTS, LostRace
from chalicelib.core.telemetry import count, logger
from chalicelib.core.urls import public_url
from chalicelib.flights.identity import LegId
from chalicelib.pricing import stock
from chalicelib.pricing.inventory import Inventory

MOST_SHOWN = 10
LINK_KEPT = timedelta(days=2)  # after the offer: whoever is late is told so
_PURPOSE = "booking.rebook"


class Options(NamedTuple):
    """What a party whose flights are in trouble may fly instead; `trouble` None: its flights are as booked."""

    trouble: Trouble | None
    routes: list[Route]


class OfferOver(Conflict):
    """Nothing is held for the party any more."""


def options(booking: Booking, now: Now) -> Options:
    """The next flights with seats for a party in trouble, the best first. Raises Unavailable."""
    finder = Finder(now)
    found = finder.trouble(booking) if booking.state(now.wall) is State.TICKETED else None
    return Options(found, finder.options(booking, found)[:MOST_SHOWN] if found else [])


def rebook(kept: Kept, flights: Sequence[LegId] | None, use: KeyUse, now: Now) -> Booking:
    """Take the flights that are held (None), or others of the options. Returns the booking as it stood then.

    Raises Conflict, OfferOver, SoldOut, KeyReused, Unavailable.
    """
    for again in range(ATTEMPTS):
        if again:
            kept = known(kept.booking.locator, now)
        booking = kept.booking
        before = booking.answered(use)
        if before:
            return before[0]
        if booking.state(now.wall) is not State.TICKETED:
            raise Conflict("only what is ticketed can be rebooked")
        offer = booking.offer_at(now.wall)
        seated = _held(booking, offer, now) if flights is None else _chosen(booking, flights, now)
        after = booking.then(Changed(now.wall, seated.change, By.AIRLINE, use))
        try:
            reroute.write(kept, after, seated, now)
        except LostRace:
            continue
        count("BookingsRebooked")
        logger.info("a booking is rebooked", pnr=booking.locator, offered=flights is None, version=after.version)
        return after
    raise Unavailable("others keep changing this booking")


def link(booking: Booking) -> str | None:
    """The URL of the page that takes the newest offer with one tap; None where none was made. Whoever has it may."""
    numbers = [number for number, event in enumerate(booking.journal) if isinstance(event, Offered)]
    if not numbers:
        return None
    offer = booking.journal[numbers[-1]]
    assert isinstance(offer, Offered)
    assert offer.change.until
    token = signed.sign(_PURPOSE, [booking.locator, str(numbers[-1])], offer.change.until + LINK_KEPT)
    return f"{public_url()}/v1/rebook?token={token}"


class Tap(NamedTuple):
    """What the page behind a link is about: the booking, the offer, and whether that can be taken or was."""

    kept: Kept
    offer: Offered
    use: KeyUse
    open: bool
    taken: bool


def tapped(token: str, now: Now) -> Tap:
    """What a link's token is for. Raises BadLink, NotFound, Unavailable."""
    name, number = signed.verify(_PURPOSE, token, now.wall)
    kept = known(name, now)
    offer = kept.booking.journal[int(number)]
    if not isinstance(offer, Offered):
        raise NotFound("this link is for no offer")
    use = KeyUse(hashlib.sha256(f"rebook {name} {number}".encode()).hexdigest()[:32], "")
    taken = kept.booking.answered(use) is not None
    return Tap(kept, offer, use, kept.booking.offer_at(now.wall) == offer, taken)


def take(tap: Tap, now: Now) -> Booking:
    """Take the offer of a link; again: the same. Raises OfferOver, Conflict, Unavailable."""
    if not tap.open and not tap.taken:
        raise OfferOver("these flights are not held any more")
    return rebook(tap.kept, None, tap.use, now)


def _held(booking: Booking, offer: Offered | None, now: Now) -> Seated:
    """The offer that is held, as a change of the booking as it now stands."""
    if offer is None:
        raise OfferOver("no other flights are held for this booking; its options show which have seats")
    finder, found, own = Finder(now), disruption.replaced(booking, offer), {s.leg for s in booking.segments}
    after = len(booking.segments) - found.end
    new = offer.change.segments[found.first : len(offer.change.segments) - after]
    finder.read([booking])
    for segment in new:
        status = finder.status(segment.leg)
        if disruption.changed(segment, status) is disruption.Why.CANCELLED or disruption.has_left(status):
            raise Conflict(f"{segment.leg} does not fly any more for you; the options show which flights have seats")
    if disruption.leaves(new[0], finder.status(new[0].leg)) - now.flight < CLOSES:
        raise OfferOver(f"{new[0].leg} is about to leave; the options show which flights have seats")
    number, seats, kinds = locators.to_number(booking.locator), dict[LegId, Inventory](), {}
    for segment in new:
        if segment.leg in own:
            continue
        inventory = stock.known(segment.leg, segment.destination, now.wall)
        if inventory is None or set(inventory.seats_of(number)) != set(segment.taken):
            raise LostRace("the seats of the offer are not as the booking says")
        seats[segment.leg], kinds[segment.leg] = inventory.settle(number), reroute.kinds_of(inventory, segment)
    as_now = {segment.leg: segment for segment in booking.segments}
    flown = [as_now.get(segment.leg, segment) for segment in new]
    return Seated(disruption.changed_to(booking, found, flown, kinds), seats, [])


def _chosen(booking: Booking, flights: Sequence[LegId], now: Now) -> Seated:
    """Seats for good on flights that the party chose."""
    finder = Finder(now)
    found = finder.trouble(booking)
    if found is None:
        raise Conflict("its flights are as they were booked; a change goes by the rules of its fare")
    for route in finder.options(booking, found):
        if [segment.leg for segment in route.segments] == list(flights):
            seated = finder.seated(booking, found, route, None)
            if seated is None:
                raise SoldOut("these flights have no seats left for the whole party")
            return seated
    raise Conflict("these are none of the next flights with seats; the options show them")
