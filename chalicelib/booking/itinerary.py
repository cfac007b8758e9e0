"""The itinerary and receipt of a paid booking as PDF: who flies, with which tickets, when, and what was paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest

from chalicelib.airports.lookup import airport, zone
from chalicelib.booking.paper import LEADING, MARGIN, SIZE, WIDTH, Paper, width, wrapped
from chalicelib.booking.words import day, money, texts
from chalicelib.channels.texts import Texts
from chalicelib.pricing.model import FareRules

RIGHT = WIDTH - MARGIN


@dataclass(frozen=True, slots=True)
class Passenger:
    """Who flies; `kind` is adult, child or infant."""

    name: str
    name_on_ticket: str
    ticket: str
    kind: str


@dataclass(frozen=True, slots=True)
class Flight:
    """A flight of the booking, as it now stands. Instants are UTC; seats in the order of the passengers."""

    number: str
    airline: str
    origin: str
    destination: str
    departs_at: datetime
    arrives_at: datetime
    cabin: str
    booking_class: str
    seats: tuple[str, ...]
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Charge:
    """A line of the price: what for, for whom ("" for all), and the amount in minor units."""

    label: str
    amount: int
    whom: str = ""


@dataclass(frozen=True, slots=True)
class Itinerary:
    """All that the paper says. `rules` are those of each fare in the booking, by what they are for ("" for all)."""

    locator: str
    passengers: Sequence[Passenger]
    flights: Sequence[Flight]
    charges: Sequence[Charge]
    currency: str
    rules: Sequence[tuple[str, FareRules]]
    contact: str


def pdf(booked: Itinerary, now: datetime, language: str = "en") -> bytes:
    """The itinerary as a PDF file, made at `now` (UTC). The same facts give the same bytes."""
    t = texts(language)
    words = t["itinerary"]
    paper = Paper()
    paper.line(words["title"], 18, bold=True)
    paper.line(f"{words['booking']}  {booked.locator}", 13, bold=True)
    at = now.astimezone(UTC)
    paper.line(words["issued"].format(day=day(t, at.date()), time=f"{at:%H:%M}"), 8)
    paper.line(f"{words['contact']}: {booked.contact}", 8)
    _passengers(paper, t, booked.passengers)
    _flights(paper, t, booked.flights)
    _price(paper, t, booked)
    _head(paper, words["rules"])
    for which, rules in booked.rules:
        if which:
            paper.line(f"{which} – {rules.brand}", bold=True)  # noqa: RUF001 - a dash
        else:
            paper.line(rules.brand, bold=True)
        for sentence in _rules(t, rules, booked.currency):
            paper.line(sentence)
    paper.y -= 5
    paper.line(t["rules"]["always"])
    paper.number(words["page"])
    return paper.pdf(f"{words['title']} {booked.locator}", language, at)


def _passengers(paper: Paper, t: Texts, passengers: Sequence[Passenger]) -> None:
    words = t["itinerary"]
    _head(paper, words["passengers"])
    for x, column in ((MARGIN, "passenger"), (MARGIN + 210, "name_on_ticket"), (MARGIN + 365, "ticket")):
        paper.put(words[column], x, 8)
    paper.y -= LEADING
    for passenger in passengers:
        _row(
            paper,
            (MARGIN, f"{passenger.name} ({t['types'][passenger.kind]})", 200),
            (MARGIN + 210, passenger.name_on_ticket, 150),
            (MARGIN + 365, f"{passenger.ticket[:3]} {passenger.ticket[3:]}", 150),
        )


def _flights(paper: Paper, t: Texts, flights: Sequence[Flight]) -> None:
    words = t["itinerary"]
    _head(paper, words["flights"])
    for flight in flights:
        paper.room_for(64)
        by = words["operated_by"].format(airline=flight.airline) if flight.airline else ""
        status = f" – {words['cancelled']}" if flight.cancelled else ""  # noqa: RUF001 - a dash
        paper.line(f"{flight.number}{status}", 11, bold=True)
        paper.line("  ".join(part for part in (by, _cabin(t, flight)) if part), 8)
        for place, code, at in (
            (words["from"], flight.origin, flight.departs_at),
            (words["to"], flight.destination, flight.arrives_at),
        ):
            local = at.astimezone(zone(code))
            known = airport(code)
            _row(
                paper,
                (MARGIN, place, 45),
                (MARGIN + 45, f"{day(t, local.date())}  {local:%H:%M} {_zone(local)}", 165),
                (MARGIN + 210, f"{known.name} ({code})" if known else code, RIGHT - MARGIN - 210),
            )
        if any(flight.seats) and not flight.cancelled:
            paper.line(f"{words['seats']}: {', '.join(seat for seat in flight.seats if seat)}")
        paper.y -= 5
    paper.line(words["local"], 8)
    paper.line(words["check_in"], 8)


def _price(paper: Paper, t: Texts, booked: Itinerary) -> None:
    words = t["itinerary"]
    _head(paper, words["price"])
    for charge in booked.charges:
        shown = money(t, charge.amount, booked.currency)
        label = f"{charge.label}, {charge.whom or words['for_all']}"
        _row(paper, (MARGIN, label, RIGHT - MARGIN - 110), (RIGHT - width(shown, SIZE), shown, 110))
    paper.room_for(20)
    paper.y -= 3
    paper.rule()
    total = sum(charge.amount for charge in booked.charges)
    paper.put(words["total"], bold=True)
    paper.put(money(t, total, booked.currency), until=RIGHT)
    paper.y -= LEADING


def _rules(t: Texts, rules: FareRules, currency: str) -> list[str]:
    """What a fare allows, in sentences."""
    words = t["rules"]
    change = "no_change" if not rules.changeable else "change_fee" if rules.change_fee else "free_change"
    cancel = "no_refund" if not rules.refundable else "cancel_fee" if rules.cancel_fee else "free_cancel"
    return [
        words[change].format(fee=money(t, rules.change_fee, currency)),
        words[cancel].format(fee=money(t, rules.cancel_fee, currency)),
        words["bags" if rules.bags else "no_bags"].format(count=rules.bags),
    ]


def _head(paper: Paper, text: str) -> None:
    paper.room_for(70)  # a heading does not stand alone at the end of a page
    paper.y -= 16
    paper.rule()
    paper.line(text, 12, bold=True)
    paper.y -= 3


def _cabin(t: Texts, flight: Flight) -> str:
    return f"{t['cabins'][flight.cabin]} ({flight.booking_class})"


def _row(paper: Paper, *cells: tuple[float, str, float]) -> None:
    """Write cells beside each other: where each begins, its text, and how wide it may be."""
    lines = list(zip_longest(*(wrapped(text, room, SIZE) for _, text, room in cells), fillvalue=""))
    paper.room_for(LEADING * len(lines))
    for line in lines:
        for (x, _, _), part in zip(cells, line, strict=True):
            paper.put(part, x)
        paper.y -= LEADING


def _zone(local: datetime) -> str:
    """The zone's letters, or its offset where it has none."""
    name = local.tzname() or ""
    return name if name[:1].isalpha() else f"UTC{name}"
