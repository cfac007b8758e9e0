"""What was paid for a journey stays what it is credited with, on however many flights it is flown in the end."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.booking import change, disruption, reroute
from chalicelib.booking.disruption import Trouble, Why
from chalicelib.booking.hold import Placed, segment_of
from chalicelib.booking.model import Booking, Change, Contact, Held, Segment, Ticketed, Traveller
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing import charges, tariff
from chalicelib.pricing.fares import Inputs, Quote
from chalicelib.pricing.model import Extra, Line, Party, TravellerKind
from chalicelib.pricing.seats import Cabin

AT = datetime(2026, 7, 10, 12, tzinfo=UTC)
OUT, BACK = AT + timedelta(days=9), AT + timedelta(days=20)
ON_THE_WAY = ("ORD", "DEN", "SLC")
KINDS = (TravellerKind.ADULT, TravellerKind.CHILD, TravellerKind.INFANT)
PARTY = tuple(Traveller(kind, "Smith", "Ann") for kind in KINDS)
counts = st.integers(1, 4)


def flights(origin: str, stops: int, destination: str, at: datetime, number: int) -> list[ScheduledLeg]:
    """A journey with some stops of an hour."""
    ends = (origin, *ON_THE_WAY[:stops], destination)
    times = [at + timedelta(hours=3 * n) for n in range(stops + 1)]
    return [
        ScheduledLeg(LegId(FlightNumber("UA", number + n), out.date(), here), there, out, out + timedelta(hours=2))
        for n, (here, there, out) in enumerate(zip(ends, ends[1:], times, strict=False))
    ]


def sold(legs: list[ScheduledLeg], bases: list[int], codes: str, extras: Sequence[Extra] = ()) -> Placed:
    """Flights at fares, as they are sold."""
    quotes = []
    for n, leg in enumerate(legs):
        base, code, number = bases[n % len(bases)], codes[n % len(codes)], leg.leg.flight.number
        inputs = Inputs(tariff.tariff(AT.date()).number, "economy", 1, 1, 1, 1, 1, 1, 1, "UA", (), number).pack()
        quotes.append(Quote(
            leg.leg, leg.destination, leg.scheduled_out, leg.scheduled_in, Cabin.ECONOMY, code, f"{code}00", base,
            "USD", 9, inputs,
        ))  # fmt: skip
    price = charges.price(quotes, Party(1, 1, 1), extras, AT.date())
    segments = [segment_of(leg, quote, ("1A", "1B", None)) for leg, quote in zip(legs, quotes, strict=True)]
    return Placed(tuple(segments), price.lines, "USD", {})


def paid(placed: Placed, extras: list[Extra]) -> Booking:
    """A booking of these."""
    contact = Contact("ann@example.com")
    held = Held(AT, AT, PARTY, placed.segments, placed.lines, tuple(extras), "USD", contact, None, None)
    return Booking("K3M9TZ").then(held, Ticketed(AT, 1, "sim_1", sum(ln.amount for ln in placed.lines), (), None, None))


def rebooked(booking: Booking, end: int, instead: list[ScheduledLeg], kept: tuple[Segment, ...]) -> Change:
    """The booking whose way there is flown otherwise."""
    found = Trouble(0, end, booking.segments[0].leg, Why.CANCELLED, None)
    new = reroute.replacing(booking, found, instead, kept, Cabin.ECONOMY)
    return disruption.changed_to(booking, found, new, {})


def amounts(lines: Iterable[Line], *kinds: str) -> Counter[tuple[int | None, str]]:
    """What each traveller paid for each kind of thing."""
    sums = Counter[tuple[int | None, str]]()
    for line in lines:
        if line.kind in kinds:
            sums[line.traveller, line.kind] += line.amount
    return sums


@given(counts, counts, st.lists(st.integers(1, 90_000), min_size=5, max_size=5), st.booleans())
def test_other_flights_change_no_money_then_or_later(lost: int, new: int, bases: list[int], keeps: bool) -> None:
    """As many or as few as they are: each fare stands once, and another way back costs what it costs the others."""
    extras = [Extra("WCHR", 0), Extra("BAG", 1)]
    there = flights("EWR", lost - 1, "LAX", OUT, 100)
    booking = paid(sold([*there, *flights("LAX", 0, "EWR", BACK, 200)], bases[:4], "YML", extras), extras)
    kept = booking.segments[lost - 1 : lost] if keeps and lost > 1 else ()  # the last of them is reached otherwise
    to, at = (kept[0].leg.origin, kept[0].scheduled_out - timedelta(hours=3 * new)) if kept else ("LAX", OUT)
    change_ = rebooked(booking, lost, flights("EWR", new - 1, to, at, 300), kept)
    flown = replace(booking, segments=change_.segments, lines=change_.lines, extras=change_.extras or ())
    assert flown.total - change_.due == booking.total
    assert amounts(flown.lines, "fare", "tax", "fee") == amounts(booking.lines, "fare", "tax", "fee")
    assert {line.segment for line in flown.lines if line.kind == "fare"} == set(range(len(flown.segments)))
    assert sorted(i for s in flown.segments for i in s.fares) == sorted(i for s in booking.segments for i in s.fares)
    for segment in kept:
        own = (booking.segments.index(segment), booking.lines), (flown.segments.index(segment), flown.lines)
        assert len({str([ln.amount for ln in lines if ln.segment == place]) for place, lines in own}) == 1
    bought = sold(flights("LAX", 0, "EWR", BACK + timedelta(days=1), 400), bases[4:], "M")
    due = []
    for each in (booking, flown):
        lines = change.priced(each, (*each.segments[:-1], *bought.segments), bought, each.extras, AT.date())
        due.append(sum(line.amount for line in lines) - each.total)
        stays = [line for line in each.lines if line.segment != len(each.segments) - 1]
        assert [line for line in lines if line.segment != len(each.segments) - 1] == stays
    assert due[0] == due[1]


@given(counts, counts, st.integers(1, 90_000))
def test_a_part_of_a_journey_is_worth_its_part(lost: int, new: int, base: int) -> None:
    """Who changes one flight of it has what was paid for the others, and gives up no more than that flight's part."""
    booking = paid(sold(flights("EWR", lost - 1, "LAX", OUT, 100), [base], "Y"), [])
    change_ = rebooked(booking, lost, flights("EWR", new - 1, "LAX", OUT, 300), ())
    flown = replace(booking, segments=change_.segments, lines=change_.lines)
    last = flown.segments[-1]
    bought = sold(flights(last.leg.origin, 0, "LAX", last.scheduled_out + timedelta(hours=1), 400), [7], "Y")
    lines = change.priced(flown, (*flown.segments[:-1], *bought.segments), bought, (), AT.date())
    stays = [ln for ln in flown.lines if ln.kind == "fare" and ln.segment != new - 1]
    assert [ln for ln in lines if ln.kind == "fare" and ln.segment != new - 1] == stays
    assert sum(ln.amount for ln in stays if ln.traveller == 0) <= base * lost


@given(counts, counts)
def test_several_fares_on_one_flight_go_by_the_freest(lost: int, new: int) -> None:
    """Nobody's ticket is worth less for being flown otherwise."""
    booking = paid(sold(flights("EWR", lost - 1, "LAX", OUT, 100), [10_000], "LY"), [])
    change_ = rebooked(booking, lost, flights("EWR", new - 1, "LAX", OUT, 300), ())
    classes = [segment.booking_class for segment in change_.segments]
    assert classes == ["LYLY"[min(at, lost - 1)] if at < new - 1 or lost <= new else "Y" for at in range(new)]


def test_what_was_paid_twice_for_one_flight_comes_back_once() -> None:
    """Two bags and two seats with legroom on two flights; one flight, and one of each."""
    extras = [Extra(code, 0, place) for place in (0, 1) for code in ("LEGROOM", "WCHR")]
    booking = paid(sold(flights("EWR", 1, "LAX", OUT, 100), [10_000], "M", extras), extras)
    change_ = rebooked(booking, 2, flights("EWR", 0, "LAX", OUT, 300), ())
    seats = [line.amount for line in booking.lines if line.kind == "seat"]
    assert (change_.due, [line.amount for line in change_.lines if line.kind == "seat"]) == (-seats[1], seats[:1])
    assert change_.extras == (Extra("LEGROOM", 0, 0), Extra("WCHR", 0, 0))
