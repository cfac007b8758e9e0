"""What a cancellation or a delay does to a booking, and what its itinerary becomes with other flights. Pure.

A flight is **cancelled**; or it is **delayed** so much that 14 CFR 260.2 calls it significantly changed (it arrives
three hours late or more within the United States, six hours on other trips: `flights.passenger_law`); or it makes its
passengers miss the next one: a **missed_connection** is known as soon as the expected times say so, which is before it
happens. What has left is not replaced any more, only what would follow it.

Other flights cost nothing. They are flown on the ticket that was bought: the booking class, its rules and the price
lines stay, and so does the total, less what was paid for a chosen seat that the new flight does not have, or for a
service on each of two flights that have become one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from chalicelib.airports.lookup import airport
from chalicelib.booking.model import OFFER, OFFER_ENDS, Booking, Change, Offered, Segment
from chalicelib.core.clock import Now
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import FlightStatus
from chalicelib.flights.passenger_law import US, US_REFUNDS
from chalicelib.pricing.fares import kilometres
from chalicelib.pricing.model import Extra, Line
from chalicelib.pricing.seats import Cabin

CONNECTION = timedelta(hours=12)  # between flights: a longer stay is one, and another journey begins after it
AHEAD = timedelta(hours=48)  # how much later than scheduled other flights may leave
OWN_FIRST = timedelta(hours=2)  # how much later than others the party's own airline may arrive and still come first
LEAST_OFFER = timedelta(minutes=10)  # an offer that would hold no longer than that is none
EXTRAS = ("seat", "bag", "ssr")  # kinds of lines that are for a service on a flight

Minimum = Callable[[Segment, Segment], timedelta]  # the shortest time in which one changes from one to the other


class Why(StrEnum):
    """Why a party is offered other flights."""

    CANCELLED = "cancelled"
    DELAYED = "delayed"
    MISSED_CONNECTION = "missed_connection"


class Trouble(NamedTuple):
    """What is wrong with a booking: its segments from `first` to before `end` are to be replaced.

    `leg` is the first of them, which is cancelled, late, or would be missed. `arrives` is when the party would reach
    the end of that journey as things stand; None: not at all.
    """

    first: int
    end: int
    leg: LegId
    why: Why
    arrives: datetime | None


class Route(NamedTuple):
    """Legs that could be flown instead: each as a segment without seats, and when it leaves and arrives as expected."""

    segments: tuple[Segment, ...]
    out: datetime
    in_: datetime


def trouble(booking: Booking, statuses: Mapping[LegId, FlightStatus], minimum: Minimum) -> Trouble | None:
    """The first thing that is wrong with a booking's flights as they now stand; None: nothing is."""
    segments = booking.segments
    for place, segment in enumerate(segments):
        status = statuses.get(segment.leg)
        left = has_left(status)
        why = None if left else changed(segment, status)
        if why is None and not left and _missed(segments, place, statuses, minimum):
            why = Why.MISSED_CONNECTION
        if why:
            end = journey_end(segments, place)
            late = why is Why.DELAYED
            return Trouble(
                place, end, segment.leg, why, _arrival(segments[place:end], statuses, minimum) if late else None
            )
    return None


def changed(segment: Segment, status: FlightStatus | None) -> Why | None:
    """Whether a flight does not fly, or arrives so late, or leaves so early, that it is significantly changed."""
    if status is None:
        return None
    if status.cancelled or status.destination not in (None, segment.destination):
        return Why.CANCELLED
    much = significant(segment)
    late = arrives(segment, status) - segment.scheduled_in >= much
    early = segment.scheduled_out - leaves(segment, status) >= much
    return Why.DELAYED if late or early else None


def significant(segment: Segment) -> timedelta:
    """By how much a flight is significantly changed (14 CFR 260.2), by the rule of its day."""
    day = segment.scheduled_out.date()
    rule = next((r for r in US_REFUNDS if r.since <= day <= (r.until or date.max)), US_REFUNDS[-1])
    ends = airport(segment.leg.origin), airport(segment.destination)
    return rule.domestic if all(end and end.country in US for end in ends) else rule.international


def has_left(status: FlightStatus | None) -> bool:
    """Whether a flight is on its way, or was, and did not come back: some sources tell only that it has arrived."""
    if status is None or status.cancelled or status.returned:
        return False
    return any((status.actual_out, status.actual_off, status.actual_on, status.actual_in))


def leaves(segment: Segment, status: FlightStatus | None) -> datetime:
    """When a flight leaves the gate as things stand."""
    return (status.expected_out if status else None) or segment.scheduled_out


def arrives(segment: Segment, status: FlightStatus | None) -> datetime:
    """When a flight reaches the gate as things stand; where only its departure is known to be late, as much later."""
    if status is None:
        return segment.scheduled_in
    known = status.actual_in or status.actual_on or status.estimated_in or status.estimated_on
    if known is None and status.expected_out and status.scheduled_out:
        late = max(timedelta(), status.expected_out - status.scheduled_out)
        return (status.scheduled_in or segment.scheduled_in) + late
    return status.expected_in or segment.scheduled_in


def connects(first: Segment, second: Segment) -> bool:
    """Whether one flight was booked to be changed to from another."""
    between = second.scheduled_out - first.scheduled_in
    return first.destination == second.leg.origin and timedelta() < between <= CONNECTION


def journeys(segments: Sequence[Segment]) -> list[range]:
    """The places of each journey's flights."""
    found, start = list[range](), 0
    while start < len(segments):
        found.append(range(start, journey_end(segments, start)))
        start = found[-1].stop
    return found


def journey_end(segments: Sequence[Segment], place: int) -> int:
    """The place after the last flight of the journey that a flight is of: it ends where one stays, or turns round."""
    start = journey_start(segments, place)
    been = {segment.leg.origin for segment in segments[start : place + 1]}
    end = place + 1
    while end < len(segments) and connects(segments[end - 1], segments[end]) and segments[end].destination not in been:
        been.add(segments[end].leg.origin)
        end += 1
    return end


def journey_start(segments: Sequence[Segment], place: int) -> int:
    """The place of the first flight of the journey that a flight is of."""
    start = place
    while start and connects(segments[start - 1], segments[start]):
        if segments[place].destination in {s.leg.origin for s in segments[start - 1 : place]}:
            break
        start -= 1
    return start


def _missed(segments: Sequence[Segment], place: int, statuses: Mapping[LegId, FlightStatus], minimum: Minimum) -> bool:
    """Whether the flight before it arrives too late for it, or elsewhere."""
    if not place or not connects(segments[place - 1], segments[place]):
        return False
    before, segment = segments[place - 1], segments[place]
    status = statuses.get(before.leg)
    if status and (status.diverted_to is not None and not status.actual_in):
        return True
    between = leaves(segment, statuses.get(segment.leg)) - arrives(before, status)
    return between < min(minimum(before, segment), segment.scheduled_out - before.scheduled_in)


def _arrival(journey: Sequence[Segment], statuses: Mapping[LegId, FlightStatus], minimum: Minimum) -> datetime | None:
    """When a journey whose first flight is late reaches its end; None: its flights can't all be flown."""
    for place in range(1, len(journey)):
        if changed(journey[place], statuses.get(journey[place].leg)) or _missed(journey, place, statuses, minimum):
            return None
    return arrives(journey[-1], statuses.get(journey[-1].leg))


def soonest(booking: Booking, found: Trouble, statuses: Mapping[LegId, FlightStatus], at: datetime) -> datetime:
    """From when on other flights may leave: nobody has to be there earlier than planned, or before they can be."""
    segment = booking.segments[found.first]
    times = [at, segment.scheduled_out]
    if found.first and connects(booking.segments[found.first - 1], segment):
        before = booking.segments[found.first - 1]
        times.append(arrives(before, statuses.get(before.leg)))
    return max(times)


def cabins(cabin: Cabin) -> tuple[tuple[Cabin, ...], ...]:
    """In which cabins a party may sit instead, the first choice first: never in a lesser one.

    A downgrade is a significant change too (14 CFR 260.2). Narrow bodies call their better cabin first, wide bodies
    theirs business: either stands for the other. Who booked economy sits there if that can be, else in front.
    """
    front = (Cabin.FIRST, Cabin.BUSINESS)
    return ((Cabin.ECONOMY,), front) if cabin is Cabin.ECONOMY else (front,)


def in_order(routes: Iterable[Route], booking: Booking, found: Trouble) -> list[Route]:
    """Other flights, the best first: such as leave the rest of the trip as it is, then by arrival, and fewest flights.

    Flights of the airlines that the party booked come before others that arrive sooner by no more than OWN_FIRST: an
    airline first seats its passengers on its own flights, which keep its tickets, bags and service, and buys seats of
    others where it would be much later. Flights that would arrive no sooner than the delayed ones are not among them.
    """
    rest = booking.segments[found.end :]
    booked = {segment.leg.flight.carrier for segment in booking.segments[found.first : found.end]}
    better = [route for route in routes if found.arrives is None or route.in_ < found.arrives]

    def breaks(route: Route) -> bool:
        return bool(rest) and route.in_ >= rest[0].scheduled_out

    _, soonest = min(((breaks(route), route.in_) for route in better), default=(False, None))

    def is_own(route: Route) -> bool:
        own = all(segment.leg.flight.carrier in booked for segment in route.segments)
        return own and soonest is not None and route.in_ - soonest <= OWN_FIRST

    return sorted(
        better,
        key=lambda r: (breaks(r), not is_own(r), r.in_, len(r.segments), tuple(str(s.leg) for s in r.segments)),
    )


def offer_until(out: datetime, now: Now) -> datetime | None:
    """Until when (wall time) flights that leave then are held; None: they leave too soon to be held at all."""
    span = min(OFFER, out - OFFER_ENDS - now.flight)
    return now.wall + span if span >= LEAST_OFFER else None


def replaced(booking: Booking, offer: Offered) -> Trouble:
    """Which flights of a booking an offer stands for."""
    own, new = ([segment.leg for segment in segments] for segments in (booking.segments, offer.change.segments))
    first = 0
    while first < min(len(own), len(new)) and own[first] == new[first]:
        first += 1
    end = len(own)
    while end > first and len(own) - end < len(new) - first and own[end - 1] == new[len(new) - 1 - (len(own) - end)]:
        end -= 1
    return Trouble(first, end, offer.instead_of, Why(offer.why), None)


def stands_for(lost: Sequence[LegId], new: Sequence[LegId]) -> list[tuple[int, ...]]:
    """For each flight of a journey that is replaced, the places of those that are flown for it.

    What stays stands for itself. The others go one by one, in their order; those left over go with the last.
    """
    gone = [leg for leg in lost if leg not in new]
    came = [at for at, leg in enumerate(new) if leg not in lost] or [0]
    last = min(len(gone), len(came)) - 1
    places = {leg: tuple(came[at : at + 1] if at < last else came[last:]) for at, leg in enumerate(gone)}
    return [places[leg] if leg in places else (list(new).index(leg),) for leg in lost]


def changed_to(
    booking: Booking, found: Trouble, new: Sequence[Segment], kinds: Mapping[LegId, Sequence[str | None]]
) -> Change:
    """The booking with other flights in the place of those in trouble, at no cost.

    What was paid for a flight stands with those that are flown for it: its fare, and the tax that is a percentage of
    that, in parts by their distance, all else with the first. `kinds` says what kind of seat each traveller has on the
    new flights: who chose and paid for one of another kind gets that back (14 CFR 260.4: a service that was not
    provided), as does who paid for several flights and has one.
    """
    segments = (*booking.segments[: found.first], *new, *booking.segments[found.end :])
    places = _places(booking, found, new)
    lines, back = list[Line](), 0
    given = dict[tuple[str, str, int | None, int], int]()  # for which flight an extra was paid that is had on a new one
    for line in booking.lines:
        if line.segment is None:
            lines.append(line)
            continue
        there = places(line.segment)
        twice = given.setdefault((line.kind, line.code, line.traveller, there[0]), line.segment) != line.segment
        if (line.kind in EXTRAS and twice) or (line.kind == "seat" and _lost(line, segments[there[0]], kinds)):
            back += line.amount
        elif line.kind == "fare" or (line.kind, line.code) == ("tax", "US"):
            lines += _parts(line, [(at, segments[at]) for at in there])
        else:
            lines.append(replace(line, segment=there[0]))
    return Change(segments, tuple(lines), -back, None, _moved(booking.extras, lambda place: places(place)[0]))


def without_flights(booking: Booking, first: int, end: int) -> tuple[tuple[Segment, ...], tuple[Extra, ...]]:
    """The segments and extras of a booking that loses some flights; `lines_without` has its price."""
    places = _places_without(first, end)
    extras = [
        replace(extra, segment=None if extra.segment is None else places(extra.segment))
        for extra in booking.extras
        if extra.segment is None or not first <= extra.segment < end
    ]
    return (*booking.segments[:first], *booking.segments[end:]), tuple(extras)


def lines_without(lines: Sequence[Line], first: int, end: int) -> tuple[tuple[Line, ...], int]:
    """The price without some flights, and what of it comes back: all that was paid for them."""
    places = _places_without(first, end)
    gone = [line for line in lines if line.segment is not None and first <= line.segment < end]
    kept = [line if line.segment is None else replace(line, segment=places(line.segment))
            for line in lines if line not in gone]  # fmt: skip
    return tuple(kept), sum(line.amount for line in gone)


def _lost(line: Line, flown: Segment, kinds: Mapping[LegId, Sequence[str | None]]) -> bool:
    """Whether a line is for a chosen seat that the flight which is flown does not have."""
    had = kinds.get(flown.leg)
    return had is not None and line.traveller is not None and had[line.traveller] != line.code


def _parts(line: Line, flown: Sequence[tuple[int, Segment]]) -> list[Line]:
    """An amount divided among flights by their distance, to the unit."""
    parts, left = list[Line](), line.amount
    rest = [kilometres(segment.leg.origin, segment.destination) for _, segment in flown]
    for (place, _), km in zip(flown, tuple(rest), strict=True):
        part = left * km // sum(rest) if sum(rest) else left
        parts.append(replace(line, amount=part, segment=place))
        left -= part
        rest.pop(0)
    return parts


def _places(booking: Booking, found: Trouble, new: Sequence[Segment]) -> Callable[[int], tuple[int, ...]]:
    """Where what was paid for a flight stands once others are in the place of those in trouble."""
    lost = [segment.leg for segment in booking.segments[found.first : found.end]]
    stand = stands_for(lost, [segment.leg for segment in new])

    def places(segment: int) -> tuple[int, ...]:
        if segment < found.first:
            return (segment,)
        if segment < found.end:
            return tuple(found.first + at for at in stand[segment - found.first])
        return (segment - len(lost) + len(new),)

    return places


def _places_without(first: int, end: int) -> Callable[[int], int]:
    return lambda segment: segment if segment < first else segment - (end - first)


def _moved(extras: Sequence[Extra], places: Callable[[int], int]) -> tuple[Extra, ...]:
    """Extras at their new places; what was ordered for several flights that have become one, once."""
    moved, given = list[Extra](), dict[Extra, int]()
    for extra in extras:
        there = extra if extra.segment is None else replace(extra, segment=places(extra.segment))
        if extra.segment is None or given.setdefault(there, extra.segment) == extra.segment:
            moved.append(there)
    return tuple(moved)
