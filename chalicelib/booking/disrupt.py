"""Offers other flights to the parties of a flight that is cancelled or much later, or that will miss their next one.

Each change of a flight brings a look at all who have seats on it, in the order of `priority`. What counts is how their
flights stand now, not what the message says; so it may come twice, late, or out of order. For each party the best of
the next flights with seats is held, in one transaction with the offer: for two hours, or until an hour before those
leave.

- A party that has just got its seats is looked at by itself (queue `settlements`), as it may have paid while its flight
  was cancelled.
- A party with an open offer gets no other, unless it can't be flown as things stand.
- An offer that lapsed is not made again before its flights change once more, and `MOST_OFFERS` times at the most for
  one flight; what there is can still be taken by `rebook`, as long as the flight is in trouble.
- Where no seats are found, that is noted (event `disrupted`), and passengers are told. While a flight is cancelled, it
  is looked at again every quarter of an hour: seats that come back are offered.
- Who has accepted nothing when a cancelled flight was to leave, and has no open offer, gets all back that was paid for
  that journey, without asking (14 CFR 260.6); other journeys of the booking stay. A delayed flight is still flown, so
  its refund is for who asks (`cancel`).
- A flight that is reinstated ends no offer; there are no more of them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.booking import cancel, changes, disruption, priority, reroute, standing, store
from chalicelib.booking import locator as locators
from chalicelib.booking.disruption import Trouble
from chalicelib.booking.model import Booking, By, Change, Changed, Disrupted, Offered, State
from chalicelib.booking.reroute import Finder
from chalicelib.booking.store import Kept
from chalicelib.core.clock import Now
from chalicelib.core.errors import Unavailable
from chalicelib.core.tables import ATTEMPTS, LostRace
from chalicelib.core.telemetry import count, logger
from chalicelib.flights import read, timetable
from chalicelib.flights.identity import LegId
from chalicelib.pricing import stock

MOST_OFFERS = 3  # for one flight
RESERVE = 10  # seconds of the function that are left for the party at work
AGAIN = timedelta(minutes=15)


def follow(told: Mapping[str, Any], now: Now, remaining: Callable[[], float]) -> None:
    """Look after the parties of a flight that changed (a message of `flight-changes`).

    `remaining` says how many seconds there are. Raises Unavailable where they do not suffice for all, or a table does
    not answer: the message comes again, and finds who has an offer.
    """
    leg = LegId.parse(told["flight"])
    parties = look(leg, now, remaining)
    if "cancelled" in told["kinds"] and parties:
        _look_later(leg, now)


def look(leg: LegId, now: Now, remaining: Callable[[], float]) -> list[Kept]:
    """Offer other flights to whoever has seats on a leg and needs some. Returns all who have. Raises as `follow`."""
    finder = Finder(now)
    parties = _parties(leg, now)
    kept = {each.booking.locator: each for each in parties}
    finder.read(each.booking for each in parties)
    troubled = [(each.booking, found) for each in parties if (found := finder.trouble(each.booking))]
    for booking, _ in priority.in_order(troubled):
        if remaining() < RESERVE:
            raise Unavailable(f"not all parties of {leg} were looked at yet")
        _help(kept[booking.locator], finder, now)
    return parties


def again(leg: LegId, now: Now, remaining: Callable[[], float]) -> None:
    """Look once more at a cancelled flight: for seats that came back; once it was to leave, for refunds.

    As long as somebody waits, it has itself called again (queue `settlements`). Raises Unavailable, as `follow`.
    """
    flight = next(iter(read.current([leg], now.flight)), None)
    scheduled = timetable.leg(leg, timetable.today(now.flight))
    if not scheduled or not flight or not flight.status.cancelled:
        return
    if now.flight < scheduled.scheduled_out:
        if look(leg, now, remaining):
            _look_later(leg, now)
        return
    parties = [each for each in _parties(leg, now) if _flies(each.booking, leg)]
    for each in parties:
        if remaining() < RESERVE:
            raise Unavailable(f"not all parties of {leg} were refunded yet")
        _refund(each, leg, now)
    if any(each.booking.offer_at(now.wall) for each in parties):
        _look_later(leg, now)


def attend(name: str, legs: Iterable[LegId], now: Now, remaining: Callable[[], float]) -> None:
    """Offer other flights to one party that has just got seats on legs, if it needs some. Raises as `follow`.

    A flight may have been cancelled while the party was paying for it: it had no seats then that `look` would find.
    """
    if remaining() < RESERVE:
        raise Unavailable(f"{name} was not looked at yet")
    kept = store.booking(name, now.wall)
    if kept is None or kept.booking.state(now.wall) is not State.TICKETED:
        return
    finder = Finder(now)
    _help(kept, finder, now)
    for leg in legs:
        status = finder.status(leg)
        if status and status.cancelled and _flies(kept.booking, leg):
            _look_later(leg, now)


def _look_later(leg: LegId, now: Now) -> None:
    """In a quarter of an hour, or when the flight was to leave."""
    scheduled = timetable.leg(leg, timetable.today(now.flight))
    left = scheduled.scheduled_out - now.flight if scheduled else AGAIN
    changes.send({"disrupted": str(leg)}, min(AGAIN, left) if left > timedelta() else AGAIN)


def _parties(leg: LegId, now: Now) -> list[Kept]:
    """Who has seats on a leg, for good or by an offer."""
    scheduled = timetable.leg(leg, timetable.today(now.flight))
    inventory = stock.known(leg, scheduled.destination, now.wall) if scheduled else None
    names = map(locators.of_number, sorted(inventory.locators)) if inventory else ()
    return [each for each in store.bookings(names, now.wall) if each.booking.state(now.wall) is State.TICKETED]


def _flies(booking: Booking, leg: LegId) -> bool:
    return leg in {segment.leg for segment in booking.segments}


def _help(kept: Kept, finder: Finder, now: Now) -> None:
    """Hold the best of the next flights for a party, or note that there is none."""
    for _ in range(ATTEMPTS):
        booking = kept.booking
        found = finder.trouble(booking)
        if found is None or booking.state(now.wall) is not State.TICKETED or not _needs(booking, found, finder, now):
            return
        try:
            if not _offer(kept, found, finder, now):
                _note(kept, found, now)
            return
        except LostRace:
            there = store.booking(booking.locator, now.wall)
        if there is None:
            return
        kept = there
    raise Unavailable("others keep changing this booking")


def _needs(booking: Booking, found: Trouble, finder: Finder, now: Now) -> bool:
    """Whether a party in trouble is to be offered something."""
    open_ = booking.offer_at(now.wall)
    if open_:
        segments = open_.change.segments
        then = finder.trouble(replace(booking, segments=segments))
        return then is not None and any(not _flies(booking, s.leg) for s in segments[then.first : then.end])
    made = [event for event in booking.journal if isinstance(event, Offered) and event.instead_of == found.leg]
    return len(made) < MOST_OFFERS and not (made and made[-1].flights_version == finder.version(booking))


def _offer(kept: Kept, found: Trouble, finder: Finder, now: Now) -> bool:
    """Hold the best route with seats; False: there is none. Raises LostRace."""
    booking = kept.booking
    for route in finder.routes(booking, found):
        until = disruption.offer_until(route.out, now)
        seated = finder.seated(booking, found, route, until) if until else None
        if not seated:
            continue
        offered = Offered(
            now.wall, replace(seated.change, until=until), found.leg, found.why, finder.version(booking)
        )  # fmt: skip
        reroute.write(kept, booking.then(offered), seated, now)
        count("OffersMade")
        logger.info("other flights are offered", pnr=booking.locator, instead_of=str(found.leg), why=found.why)
        return True
    return False


def _note(kept: Kept, found: Trouble, now: Now) -> None:
    """Note once that no seats were found."""
    booking = kept.booking
    said = {(e.leg, e.why) for e in booking.journal if isinstance(e, Disrupted)}
    if (found.leg, found.why) in said:
        return
    store.save(kept, booking.then(Disrupted(now.wall, found.leg, found.why)))
    count("OffersNotFound")
    logger.info("no other flights have seats", pnr=booking.locator, instead_of=str(found.leg), why=found.why)


def _refund(kept: Kept, leg: LegId, now: Now) -> None:
    """Give back what was paid for a journey that does not take place, and keep the rest of the booking."""
    for _ in range(ATTEMPTS):
        booking = kept.booking
        if not _flies(booking, leg) or booking.state(now.wall) is not State.TICKETED or booking.offer_at(now.wall):
            return
        first = [segment.leg for segment in booking.segments].index(leg)
        end = disruption.journey_end(booking.segments, first)
        stand = standing.statuses(booking, now)
        rest = (*booking.segments[:first], *booking.segments[end:])
        try:
            if all(standing.is_gone(segment, stand.get(segment.leg), now) for segment in rest):
                cancel.once(kept, None, now, by=By.AIRLINE, why="cancelled")
            else:
                _drop(kept, first, end, now)
        except LostRace:
            there = store.booking(booking.locator, now.wall)
            if there is None:
                return
            kept = there
            continue
        count("RefundsUnasked")
        logger.info("a journey that was cancelled is refunded", pnr=booking.locator, flight=str(leg))
        return
    raise Unavailable("others keep changing this booking")


def _drop(kept: Kept, first: int, end: int, now: Now) -> None:
    """Take a journey out of a booking, and have its price sent back."""
    booking = kept.booking
    segments, extras = disruption.without_flights(booking, first, end)
    lines, back = disruption.lines_without(booking.lines, first, end)
    change = Change(segments, lines, -back, None, extras)
    reroute.write(kept, booking.then(Changed(now.wall, change, By.AIRLINE, None)), None, now)
