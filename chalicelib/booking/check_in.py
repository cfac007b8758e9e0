"""Check-in: travellers say that they come, and get their boarding passes.

It opens 24 hours before the scheduled departure of each flight and closes 45 minutes before the departure as it is
expected. On flights to another country each traveller's passport has to be known first, as the carrier sends who comes
(on departures from the US 19 CFR 122.75a). Check-in sequence numbers count up by flight: the last one stands in the
flight's inventory, and is written in the transaction with the booking, so none is given twice.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from chalicelib.booking import store
from chalicelib.booking.model import Booking, CheckedIn, KeyUse, Segment, State
from chalicelib.booking.pay import known
from chalicelib.booking.seating import cleared
from chalicelib.booking.standing import is_domestic, is_gone
from chalicelib.booking.store import Kept
from chalicelib.core.clock import Now, instant
from chalicelib.core.errors import Conflict, Fault, Invalid, NotFound, Unavailable
from chalicelib.core.tables import ATTEMPTS, LostRace
from chalicelib.core.telemetry import count, logger
from chalicelib.flights import read
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import FlightStatus
from chalicelib.pricing import stock
from chalicelib.pricing.model import TravellerKind

OPENS = timedelta(hours=24)  # before the scheduled departure; usual in the US
CLOSES = timedelta(minutes=45)  # before the expected departure
NO_SEQUENCE = 0  # of an infant on a lap


def check_in(kept: Kept, leg: LegId, places: Collection[int] | None, use: KeyUse, now: Now) -> Booking:
    """Check travellers in on a flight, by their places; None: all. Who is checked in stays so.

    Returns the booking as it stood then. Raises Conflict, Invalid, NotFound, KeyReused, Unavailable.
    """
    for again in range(ATTEMPTS):
        if again:
            kept = known(kept.booking.locator, now)
        before = kept.booking.answered(use)
        if before:
            return before[0]
        try:
            return _checked_in(kept, leg, places, use, now)
        except LostRace:
            continue
    raise Unavailable("others keep checking in on the same flight")


def _checked_in(kept: Kept, leg: LegId, places: Collection[int] | None, use: KeyUse, now: Now) -> Booking:
    booking = kept.booking
    _, segment = segment_of(booking, leg)
    _check_time(booking, segment, now)
    coming = _who(booking, segment, places)
    stored = stock.known(leg, segment.destination, now.wall)
    assert stored, "a leg with seats of a booking is stored"
    there = cleared({leg: stored}, now.wall)
    numbers, last = {}, there.seats[leg].sequence
    for place in coming:
        on_lap = booking.travellers[place].kind is TravellerKind.INFANT
        last += not on_lap
        numbers[place] = NO_SEQUENCE if on_lap else last
    after = booking.then(CheckedIn(now.wall, leg, numbers, use))
    others = [(each, ended) for each, ended in there.lapsed if each.booking.locator != booking.locator]
    store.write([(kept, after), *others], {leg: there.seats[leg].checked_in(last)})
    count("CheckedIn")
    logger.info("travellers are checked in", pnr=booking.locator, flight=str(leg), travellers=len(coming))
    return after


def segment_of(booking: Booking, leg: LegId) -> tuple[int, Segment]:
    """A flight of a booking, and its place. Raises NotFound."""
    for place, segment in enumerate(booking.segments):
        if segment.leg == leg:
            return place, segment
    raise NotFound(f"{leg} is no flight of this booking; it has {', '.join(str(s.leg) for s in booking.segments)}")


def status_of(segment: Segment, now: Now) -> FlightStatus | None:
    """How a flight stands; None: it is too far away to be known."""
    return next((flight.status for flight in read.current([segment.leg], now.flight)), None)


def expected_out(segment: Segment, status: FlightStatus | None) -> datetime:
    """When a flight leaves as things stand."""
    return (status.expected_out if status else None) or segment.scheduled_out


def opens(segment: Segment, status: FlightStatus | None) -> datetime:
    """When check-in of a flight opens."""
    return ((status.scheduled_out if status else None) or segment.scheduled_out) - OPENS


def _check_time(booking: Booking, segment: Segment, now: Now) -> None:
    if booking.state(now.wall) is not State.TICKETED:
        raise Conflict(f"this booking is {booking.state(now.wall)}; who is ticketed checks in")
    status = status_of(segment, now)
    if status and status.cancelled:
        raise Conflict(f"{segment.leg} is cancelled")
    if now.flight < (first := opens(segment, status)):
        raise Conflict(f"check-in of {segment.leg} opens at {instant(first)}", members={"opens": instant(first)})
    last = expected_out(segment, status) - CLOSES
    if now.flight > last or is_gone(segment, status, now):
        raise Conflict(f"check-in of {segment.leg} closed at {instant(last)}", members={"closed": instant(last)})


def _who(booking: Booking, segment: Segment, places: Collection[int] | None) -> list[int]:
    """The places of those to check in, in order; an infant comes with the adult. Raises Invalid, Conflict."""
    everybody, there = range(len(booking.travellers)), booking.checked_in.get(segment.leg, {})
    if places is not None and (strange := [place for place in places if place not in everybody]):
        detail = f"name {strange[0]}; the booking has passengers 0 to {len(everybody) - 1}"
        raise Invalid(f"passengers {detail}", [Fault("body", "passengers", detail)])
    asked = set(everybody if places is None else places)
    asked |= {place for place in everybody if booking.travellers[place].lap_of in asked}
    for place in asked:
        lap = booking.travellers[place].lap_of
        if lap is not None and lap not in asked and lap not in there:
            raise Conflict(f"passenger {place} is an infant, and is checked in together with passenger {lap}")
    coming = sorted(asked - there.keys())
    if not coming:
        raise Conflict(f"they are checked in on {segment.leg} already")
    lacking = [] if is_domestic(segment) else [place for place in coming if place not in booking.documents]
    if lacking:
        raise Conflict(
            f"{segment.leg} goes to another country: first give the passport of "
            + ", ".join(f"{booking.travellers[place].given_name} (passenger {place})".strip() for place in lacking),
            members={"documents": lacking},
        )
    return coming
