"""Other seats on a flight of a booking, held or ticketed: the inventory and the booking change in one transaction.

Choosing a seat costs what it did on the day of booking. While seats are held, the price changes with them. Once they
are paid, they are changed free of charge: seats that cost more than what was paid for seats of this flight are refused,
since a seat can't be held and had at once; of cheaper ones nothing comes back. From check-in on, a seat of the common
kind costs nothing.
"""

from collections.abc import Sequence

from chalicelib.booking import check_in, hold, store
from chalicelib.booking import locator as locators
from chalicelib.booking.boarding import GATE_CLOSES
from chalicelib.booking.change import KEPT_BACK
from chalicelib.booking.model import Booking, By, KeyUse, Reseated, Segment, State, seats_by_traveller
from chalicelib.booking.pay import known
from chalicelib.booking.rules import fare_rules, priced_on
from chalicelib.booking.seating import cleared
from chalicelib.booking.store import Kept
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, Fault, Invalid, Unavailable
from chalicelib.core.tables import ATTEMPTS, LostRace
from chalicelib.core.telemetry import count, logger
from chalicelib.flights.identity import LegId
from chalicelib.pricing import charges, stock
from chalicelib.pricing.inventory import Inventory, SeatTaken
from chalicelib.pricing.model import Line
from chalicelib.pricing.seats import Cabin


def reseat(kept: Kept, leg: LegId, seats: Sequence[str], use: KeyUse, now: Now, *, by: By = By.PASSENGER) -> Booking:
    """Give a party other seats on a flight, in the order of those who need one. Returns the booking as it stood then.

    Raises Invalid, Conflict, SeatTaken, NotFound, KeyReused, Unavailable.
    """
    for again in range(ATTEMPTS):
        if again:
            kept = known(kept.booking.locator, now)
        before = kept.booking.answered(use)
        if before:
            return before[0]
        try:
            return _reseated(kept, leg, seats, use, now=now, by=by)
        except LostRace:
            continue
    raise Unavailable("others keep changing this booking, or this flight's seats")


def _reseated(kept: Kept, leg: LegId, seats: Sequence[str], use: KeyUse, *, now: Now, by: By) -> Booking:
    booking = kept.booking
    place, segment = check_in.segment_of(booking, leg)
    _check(booking, segment, seats, now)
    kept_seats = stock.known(leg, segment.destination, now.wall)
    assert kept_seats, "a leg with seats of a booking is stored"
    there = cleared({leg: kept_seats}, now.wall)
    inventory = there.seats[leg]
    may_exit = hold.exit_allowed(booking.travellers, booking.extras, leg.date)
    hold.check_seats(leg, segment.cabin, seats, may_exit, inventory)
    gone = [each for each in seats if each not in inventory.free(now.wall) and each not in segment.taken]
    if gone:
        raise SeatTaken(leg, gone)
    lines = _lines(booking, place, seats_by_traveller(booking.travellers, seats), inventory, now)
    event = Reseated(now.wall, leg, seats_by_traveller(booking.travellers, seats), lines, by, use)
    after = booking.then(event)
    others = [(each, ended) for each, ended in there.lapsed if each.booking.locator != booking.locator]
    number = locators.to_number(booking.locator)
    store.write([(kept, after), *others], {leg: inventory.reseat(number, seats)})
    count("SeatsChanged")
    logger.info("seats are changed", pnr=booking.locator, flight=str(leg))
    return after


def _check(booking: Booking, segment: Segment, seats: Sequence[str], now: Now) -> None:
    state = booking.state(now.wall)
    if state not in (State.HELD, State.TICKETED):
        raise Conflict(f"this booking is {state}, so it has no seats to change")
    if booking.open_attempt:
        raise Conflict("a payment is not over yet; seats can be changed once it is")
    if booking.change_at(now.wall) or booking.offer_at(now.wall):
        raise Conflict("other flights are held for this booking; take them, or wait until their hold is over")
    if len(set(seats)) != len(seats) or len(seats) != len(segment.taken):
        detail = f"must be {len(segment.taken)} different ones, one for each who needs a seat"
        raise Invalid(f"seats {detail}", [Fault("body", "seats", detail)])
    status = check_in.status_of(segment, now)
    if status and status.cancelled:
        raise Conflict(f"{segment.leg} is cancelled")
    if check_in.expected_out(segment, status) - now.flight < GATE_CLOSES:
        raise Conflict(f"the gate of {segment.leg} is closed; seats can't be changed any more")


def _lines(
    booking: Booking, place: int, seats: Sequence[str | None], inventory: Inventory, now: Now
) -> tuple[Line, ...]:
    """The price with other seats on the flight at `place`. Raises Conflict where paid seats would cost more."""
    segment, seat_map = booking.segments[place], inventory.seat_map
    had = {line.traveller: line for line in booking.lines if line.kind == "seat" and line.segment == place}
    own = []
    for traveller, seat in enumerate(seats):
        if seat and seat != segment.seats[traveller]:
            code = charges.seat_extra(seat_map.seats[seat_map.index[seat]])
            own.append(Line("seat", code, _amount(booking, segment, code, now), traveller, place))
        elif traveller in had:
            own.append(had[traveller])
    others = [line for line in booking.lines if line not in had.values()]
    more = sum(line.amount for line in own) - sum(line.amount for line in had.values())
    if booking.state(now.wall) is State.HELD or more == 0:
        return (*others, *own)
    if more > 0:
        raise Conflict(
            f"these seats cost {booking.currency} {more / 100:.2f} more than what was paid for seats of {segment.leg};"
            " paid seats are changed for others that cost no more",
            members={"more": {"amount": more, "currency": booking.currency}},
        )
    return (*others, *own, Line("fee", KEPT_BACK, -more))


def _amount(booking: Booking, segment: Segment, code: str, now: Now) -> int:
    """What choosing a seat of a kind costs a traveller."""
    if segment.cabin is not Cabin.ECONOMY:
        return 0
    if code == "STANDARD" and (fare_rules(booking, segment).seat_choice or check_in.opens(segment, None) <= now.flight):
        return 0
    return charges.seat_amounts(priced_on(booking))[code]
