"""What a party takes along of a booking: boarding passes, the itinerary as PDF, its flights for a calendar.

Each is made when it is asked for, with the flights as they then stand. Itineraries are of what is paid.
"""

from typing import NamedTuple

from chalicelib.booking import bcbp, boarding, calendar, check_in, itinerary, names
from chalicelib.booking.disruption import arrives, leaves
from chalicelib.booking.model import Booking, Changed, CheckedIn, Segment, State, Ticketed, Traveller, replay
from chalicelib.booking.rules import rules_of
from chalicelib.booking.standing import is_domestic, statuses
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, Fault, Invalid
from chalicelib.flights import read
from chalicelib.flights.carriers import carrier
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import FlightStatus
from chalicelib.pricing import charges

ON_LAP = "INF"  # where a pass has the seat (Resolution 792)


class Pass(NamedTuple):
    """A boarding pass, and how its flight stands."""

    printed: boarding.BoardingPass
    status: FlightStatus | None
    svg: str


def boarding_pass(booking: Booking, leg: LegId, place: int, now: Now) -> Pass:
    """The boarding pass of a traveller who is checked in on a flight. Raises Conflict, Invalid, NotFound."""
    _, segment = check_in.segment_of(booking, leg)
    if not 0 <= place < len(booking.travellers):
        detail = f"is {place}; the booking has passengers 0 to {len(booking.travellers) - 1}"
        raise Invalid(f"passenger {detail}", [Fault("query", "passenger", detail)])
    there = booking.checked_in.get(leg, {})
    if booking.state(now.wall) is not State.TICKETED or place not in there:
        raise Conflict(f"this passenger is not checked in on {leg}")
    status = check_in.status_of(segment, now)
    if status and status.cancelled:
        raise Conflict(f"{leg} is cancelled, so it has no boarding passes")
    traveller, number = booking.travellers[place], leg.flight
    checked_in_on = next(
        event.at for event in reversed(booking.journal)
        if isinstance(event, CheckedIn) and event.leg == leg and place in event.sequence
    )  # fmt: skip
    with_infant = any(each.lap_of == place for each in booking.travellers)
    printed = boarding.boarding_pass(
        names.on_ticket(name_of(traveller)),
        bcbp.Leg(
            locator=booking.locator,
            origin=leg.origin,
            destination=segment.destination,
            carrier=number.carrier,
            number=number.number,
            suffix=number.suffix,
            departs_on=leg.date,
            compartment=segment.booking_class,
            seat=segment.seats[place] or ON_LAP,
            sequence=there[place] or None,
            ticket=bcbp.Ticket(booking.tickets[place], document_check="0" if is_domestic(segment) else "2"),
        ),
        bcbp.Issue(
            boarding.description(traveller.kind, with_infant=with_infant),
            issued_on=checked_in_on.date(),
            issuer=number.carrier,
        ),
        check_in.expected_out(segment, status),
        segment.cabin,
    )
    return Pass(printed, status, boarding.svg(printed.text, f"{name_of(traveller)}, {number}"))


def as_pdf(booking: Booking, now: Now, language: str) -> bytes:
    """The itinerary and receipt. Raises Conflict where nothing was paid."""
    if not booking.tickets or not booking.contact:
        raise Conflict("there is an itinerary once the booking is paid")
    stand = statuses(booking, now)
    travellers = list(enumerate(booking.travellers))
    gone = booking.kept_as is State.CANCELLED
    return itinerary.pdf(
        itinerary.Itinerary(
            booking.locator,
            [
                itinerary.Passenger(
                    str(name_of(each)), names.on_ticket(name_of(each)), booking.tickets[place], each.kind
                )
                for place, each in travellers
            ],
            [
                itinerary.Flight(
                    str(segment.leg.flight),
                    _airline(segment.leg),
                    segment.leg.origin,
                    segment.destination,
                    leaves(segment, stand.get(segment.leg)),
                    arrives(segment, stand.get(segment.leg)),
                    segment.cabin,
                    segment.booking_class,
                    tuple(seat or "" for seat in segment.seats),
                    cancelled=gone or _cancelled(stand.get(segment.leg)),
                )
                for segment in booking.segments
            ],
            [
                itinerary.Charge(
                    charges.label(line),
                    line.amount,
                    "" if line.traveller is None else str(name_of(booking.travellers[line.traveller])),
                )
                for line in booking.lines
            ],
            booking.currency,
            [
                (str(segment.leg.flight), rules)
                for segment, rules in zip(booking.segments, rules_of(booking), strict=True)
            ],
            booking.contact.email,
        ),
        now.wall,
        language,
    )


def as_ics(booking: Booking, now: Now, language: str) -> str:
    """The flights for a calendar; cancelled are those of a booking that is over, and those it had before a change.

    Raises Conflict.
    """
    if not booking.tickets:
        raise Conflict("there are flights for a calendar once the booking is paid")
    former = _former(booking)
    segments = (*booking.segments, *former.values())
    flights = {flight.leg: flight for flight in read.current([segment.leg for segment in segments], now.flight)}
    gone = booking.kept_as is State.CANCELLED
    entries = []
    for segment in segments:
        status = flights[segment.leg].status if segment.leg in flights else None
        entries.append(
            calendar.Entry(
                str(segment.leg),
                str(segment.leg.flight),
                segment.leg.origin,
                segment.destination,
                leaves(segment, status),
                arrives(segment, status),
                segment.taken,
                cancelled=gone or segment.leg in former or _cancelled(status),
            )
        )
    version = booking.version + sum(flight.version for flight in flights.values())
    return calendar.ics(booking.locator, version, entries, now.wall, language)


def name_of(traveller: Traveller) -> names.Name:
    """A traveller's name."""
    return names.Name(traveller.family_name, traveller.given_name)


def _former(booking: Booking) -> dict[LegId, Segment]:
    """The flights that its tickets were for before a change, and are no more."""
    had: dict[LegId, Segment] = {}
    for number, event in enumerate(booking.journal):
        if isinstance(event, Changed | Ticketed):
            before = replay(booking.locator, booking.journal[:number])
            if before.tickets:
                had |= {segment.leg: segment for segment in before.segments}
    flown = {segment.leg for segment in booking.segments}
    return {leg: segment for leg, segment in had.items() if leg not in flown}


def _airline(leg: LegId) -> str:
    found = carrier(leg.flight.carrier)
    return found.name if found else ""


def _cancelled(status: FlightStatus | None) -> bool:
    return bool(status and status.cancelled)
