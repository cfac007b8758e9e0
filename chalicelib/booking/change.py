"""Changes a ticketed booking to other flights, by the rules of its fares.

Flights that stay keep their fares and seats, and journeys that stay whole keep their price line by line; the others are
bought at today's. Who changes pays the difference and the fee of the fare; new seats are held until that is paid
(`pay`). Where nothing is to be paid, the change is made at once. What gets cheaper comes back where the fares given up
are refundable. What former changes cost stays part of the price.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple

from chalicelib.booking import disruption, hold, store
from chalicelib.booking import locator as locators
from chalicelib.booking.hold import Order, Placed, PriceChanged, Wanted
from chalicelib.booking.model import (
    COOLING_OFF,
    HOLD,
    Booking,
    By,
    Change,
    Changed,
    ChangeHeld,
    KeyUse,
    Segment,
    State,
)
from chalicelib.booking.pay import known
from chalicelib.booking.rules import rules_of
from chalicelib.booking.seating import shelf, without
from chalicelib.booking.standing import is_gone, statuses
from chalicelib.booking.store import Kept
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, Fault, Invalid, Unavailable
from chalicelib.core.tables import ATTEMPTS, LostRace
from chalicelib.core.telemetry import count, logger
from chalicelib.flights.identity import LegId
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing import charges
from chalicelib.pricing.fares import Quote
from chalicelib.pricing.inventory import Inventory
from chalicelib.pricing.model import Extra, FareRules, Line, TravellerKind

FEE, KEPT_BACK = "CHG", "RES"  # codes of the lines that a change adds, of the kind fee


class Terms(NamedTuple):
    """What a change would come to: what the new flights cost more (below zero: less), and the fee for it.

    `why` there is no fee, or why nothing comes back though the flights cost less; "": by the rules of the fares, these
    two are what is due.
    """

    change: Change
    difference: int
    fee: int
    why: str  # "" | 24_hours | not_refundable


def change(
    kept: Kept, flights: Sequence[Wanted], due: int | None, use: KeyUse, now: Now, *, by: By = By.PASSENGER
) -> Booking:
    """Change a booking to these flights, all that it is to have. `due`: what was shown to be paid; None: any.

    Returns the booking as it stood then: changed, or with a change that waits for its payment. Raises Conflict,
    Invalid, SoldOut, SeatTaken, PriceChanged, NotFound, KeyReused, Unavailable.
    """
    for again in range(ATTEMPTS):
        if again:
            kept = known(kept.booking.locator, now)
        before = kept.booking.answered(use)
        if before:
            return before[0]
        try:
            return _changed(kept, flights, due, use, now, by=by)
        except LostRace:
            continue
    raise Unavailable("others keep changing this booking")


def preview(booking: Booking, flights: Sequence[Wanted], now: Now) -> Terms:
    """What a change to these flights would come to at this moment; nothing is held. Raises as `change` does."""
    planned = _planned(booking, flights, _bought(booking, flights, now), now.wall + HOLD, now)[0]
    fee, kept_back = (_added(planned, booking, code) for code in (FEE, KEPT_BACK))
    why = "24_hours" if _is_fresh(booking, now) else "not_refundable" if kept_back else ""
    return Terms(planned, planned.due - fee - kept_back, fee, why)


def _changed(kept: Kept, flights: Sequence[Wanted], due: int | None, use: KeyUse, now: Now, *, by: By) -> Booking:
    booking = kept.booking
    others = _bought(booking, flights, now)
    until = now.wall + HOLD
    planned, seats, lapsed = _planned(booking, flights, others, until, now)
    if due is not None and due != planned.due:
        raise PriceChanged(
            f"the change comes to {booking.currency} {planned.due / 100:.2f} by now",
            members={"due": {"amount": planned.due, "currency": booking.currency}},
        )
    if planned.due > 0:
        after = booking.then(ChangeHeld(now.wall, planned, use))
        over = without(booking, after.claims(now.wall), now.wall)  # of a change that was not paid in time
        seats |= {leg: inventory for leg, inventory in over.items() if leg not in seats}
    else:
        number = locators.to_number(booking.locator)
        after = booking.then(Changed(now.wall, replace(planned, until=None), by, use))
        seats = {leg: inventory.settle(number) for leg, inventory in seats.items()}
        seats |= without(booking, {segment.leg for segment in after.segments}, now.wall)
    changes = [(each, ended) for each, ended in lapsed if each.booking.locator != booking.locator]
    store.write([(kept, after), *changes], seats)
    count("ChangesHeld" if planned.due > 0 else "BookingsChanged")
    logger.info("a booking is changed", pnr=booking.locator, due=planned.due, version=after.version)
    return after


def _bought(booking: Booking, flights: Sequence[Wanted], now: Now) -> list[ScheduledLeg]:
    """The flights that are new. Raises Conflict, Invalid, NotFound where the booking can't be changed so."""
    if booking.state(now.wall) is not State.TICKETED:
        raise Conflict("only what is ticketed can be changed; a hold can be made anew")
    if booking.change_at(now.wall):
        raise Conflict("a change waits for its payment already; pay it, or wait until its hold is over")
    had = {segment.leg: segment for segment in booking.segments}
    wanted = {each.leg: each for each in flights}
    if len(wanted) < len(flights):
        raise _invalid("name a flight twice")
    recabined = [str(leg) for leg, each in wanted.items() if leg in had and had[leg].cabin is not each.cabin]
    if recabined:
        raise _invalid(f"have {', '.join(recabined)} in another cabin: book that anew, then cancel")
    reseated = [str(leg) for leg, each in wanted.items()
                if leg in had and each.seats is not None and each.seats != had[leg].taken]  # fmt: skip
    if reseated:
        raise _invalid(f"have other seats on {', '.join(reseated)}, which stays: POST …/seats changes those")
    offer = booking.offer_at(now.wall)
    offered = [str(each.leg) for each in offer.change.segments if each.leg in wanted.keys() - had] if offer else []
    if offered:
        raise Conflict(f"{', '.join(offered)} is held for this booking already, free of charge: POST …/rebook takes it")
    new = [leg for leg in wanted if leg not in had]
    if not new and len(wanted) == len(had):
        raise Conflict("these are the flights of the booking; for another cabin book anew, then cancel this one")
    if not new:
        raise _invalid("leave flights out and bring none instead: cancel the booking, and book what you keep anew")
    status = statuses(booking, now)
    gone = [str(leg) for leg, segment in had.items() if leg not in wanted and is_gone(segment, status.get(leg), now)]
    if gone:
        raise Conflict(f"{', '.join(gone)} has left, and can't be changed any more")
    in_order = hold.scheduled_legs(list(wanted), now)
    hold.check_bookable(in_order, now, known=[leg for leg in wanted if leg in had])
    return [leg for leg in in_order if leg.leg in new]


def _planned(
    booking: Booking, flights: Sequence[Wanted], bought: Sequence[ScheduledLeg], until: datetime, now: Now
) -> tuple[Change, dict[LegId, Inventory], list[tuple[Kept, Booking]]]:
    """The change with its price, the inventories with its new seats, and the bookings whose holds are over."""
    assert booking.contact
    rules = _rules(booking, {wanted.leg for wanted in flights}, now)
    there = shelf(bought, now.wall)
    order = Order(
        tuple(wanted for wanted in flights if wanted.leg in there.seats), booking.travellers, _services(booking),
        booking.contact, None, booking.account,
    )  # fmt: skip
    number = locators.to_number(booking.locator)
    placed = hold.place(order, bought, there, number, until=until, now=now)
    seats = {leg: inventory for leg, inventory in placed.seats.items() if leg in {s.leg for s in placed.segments}}
    segments = {segment.leg: segment for segment in (*booking.segments, *placed.segments)}
    itinerary = tuple(segments[wanted.leg] for wanted in flights)
    extras = [replace(e, segment=at) for e in booking.extras for at in _places(e.segment, booking.segments, itinerary)]
    lines = priced(booking, itinerary, placed, extras, now.flight.date())
    lines += [line for line in booking.lines if line.kind == "fee" and line.code in (FEE, KEPT_BACK)]
    fee = 0 if _is_fresh(booking, now) else max((rule.change_fee for rule in rules), default=0)
    lines += [Line("fee", FEE, fee, place) for place in booking.seated if fee]
    due = sum(line.amount for line in lines) - booking.total
    if due < 0 and not _is_fresh(booking, now) and not all(rule.refundable for rule in rules):
        lines.append(Line("fee", KEPT_BACK, -due))
        due = 0
    return Change(itinerary, tuple(lines), due, until, tuple(extras)), seats, there.lapsed


def priced(
    booking: Booking, itinerary: Sequence[Segment], bought: Placed, extras: Sequence[Extra], at: date
) -> list[Line]:
    """The price of a booking's new itinerary on a day, without what changes cost. Pure.

    Fares are what was paid for a flight that stays, and what is asked for one that is `bought`. Taxes, fees and
    extras are those of the whole, but for journeys that stay as they were: who was rebooked at no cost, onto more
    flights perhaps, pays nothing for that when another flight is changed.
    """
    sources = (booking.lines, booking.segments), (bought.lines, bought.segments)
    lines = [
        replace(line, segment=place)
        for former, segments in sources
        for line in former if line.segment is not None
        for place in _places(line.segment, segments, itinerary) if place is not None
    ]  # fmt: skip
    whole = _whole(booking.segments, itinerary)
    seated = [Extra(ln.code, ln.traveller or 0, ln.segment) for ln in lines if ln.kind == "seat"]
    adult = next(n for n, each in enumerate(booking.travellers) if each.kind is TravellerKind.ADULT)
    quotes = [
        _quote(each, sum(ln.amount for ln in lines if (ln.kind, ln.traveller, ln.segment) == ("fare", adult, place)),
               booking.currency)
        for place, each in enumerate(itinerary)
    ]  # fmt: skip
    anew = charges.price(quotes, hold.party_of(booking.travellers), [*extras, *seated], at).lines
    kept = [line for line in lines if line.kind == "fare" or line.segment in whole]
    return kept + [line for line in anew if line.kind != "fare" and line.segment not in whole]


def _whole(former: Sequence[Segment], itinerary: Sequence[Segment]) -> set[int]:
    """The places in an itinerary of the journeys that are as they were."""
    had = {tuple(former[at].leg for at in journey) for journey in disruption.journeys(former)}
    journeys = disruption.journeys(itinerary)
    return {at for journey in journeys if tuple(itinerary[at].leg for at in journey) in had for at in journey}


def _services(booking: Booking) -> tuple[Extra, ...]:
    """The assistance that travellers asked for: who needs some has no seat at an exit."""
    return tuple(Extra(e.code, e.traveller) for e in booking.extras if charges.needs_assistance(e.code))


def _rules(booking: Booking, staying: set[LegId], now: Now) -> list[FareRules]:
    """The rules of the fares that are given up. Raises Conflict where one can't be changed."""
    given_up = [
        (segment, rule) for segment, rule in zip(booking.segments, rules_of(booking), strict=True)
        if segment.leg not in staying
    ]  # fmt: skip
    for segment, rule in given_up:
        if not rule.changeable and not _is_fresh(booking, now):
            raise Conflict(f"the fare of {segment.leg} ({rule.brand}) can't be changed; it can be cancelled")
    return [rule for _, rule in given_up]


def _added(planned: Change, booking: Booking, code: str) -> int:
    """What a change adds to a booking's fees of a code."""
    after, before = (
        sum(line.amount for line in lines if (line.kind, line.code) == ("fee", code))
        for lines in (planned.lines, booking.lines)
    )
    return after - before


def _places(segment: int | None, former: Sequence[Segment], itinerary: Sequence[Segment]) -> list[int | None]:
    """Where an extra of a flight stands among other flights; nowhere, where that one is given up."""
    if segment is None:
        return [None]
    legs = [each.leg for each in itinerary]
    leg = former[segment].leg
    return [legs.index(leg)] if leg in legs else []


def _quote(segment: Segment, base: int, currency: str) -> Quote:
    """What an adult's fare on a segment is, as pricing has it."""
    return Quote(
        segment.leg, segment.destination, segment.scheduled_out, segment.scheduled_in, segment.cabin,
        segment.booking_class, segment.fare_basis, base, currency, len(segment.taken), segment.fare,
    )  # fmt: skip


def _is_fresh(booking: Booking, now: Now) -> bool:
    return booking.booked_at is not None and now.wall - booking.booked_at <= COOLING_OFF


def _invalid(detail: str) -> Invalid:
    return Invalid(f"the flights {detail}", [Fault("body", "flights", detail)])
