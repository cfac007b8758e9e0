"""The lines of a price: fares, taxes, fees, bags, seats and services; and what of them comes back.

Amounts and their sources stand in `charges.toml` beside this file. Each line is a whole number of minor units, rounded
by itself (a percentage to the nearest, half of one upwards), and a price is the sum of its lines.

A journey is cut into trips, each in one direction: a stop longer than a connection, or a leg that begins elsewhere,
begins another trip. Some taxes and fees are of a trip; their line names the trip's first flight, or the flight that
causes them. Codes are those on tickets (US, ZP, AY, XF); where tickets say US for three taxes, US-I is the one on
international trips and US-AH the one on departures from or to Alaska and Hawaii.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib.airports.lookup import airport
from chalicelib.core.errors import Fault, Invalid
from chalicelib.pricing.fares import Quote
from chalicelib.pricing.model import Extra, FareRules, Line, Party, Price, Step, TravellerKind, by_segment
from chalicelib.pricing.seats import Cabin, Seat
from chalicelib.pricing.tariff import rounded, rules

BAG = "BAG"
PUBLIC = frozenset({"AY", "XF"})  # fees that are not this airline's
FAR = frozenset({"Alaska", "Hawaii"})
NO_STATES = frozenset({"Puerto Rico", "Virgin Islands"})  # airports.tsv has them as subdivisions of the US
_LABELS = {
    ("tax", "US"): "US transportation tax",
    ("tax", "ZP"): "US flight segment tax",
    ("tax", "US-I"): "US international transportation tax",
    ("tax", "US-AH"): "US tax on departures from and to Alaska and Hawaii",
    ("fee", "AY"): "September 11th security fee",
    ("fee", "XF"): "Passenger facility charge",
    ("fee", "CHG"): "Change fee",
    ("fee", "RES"): "Kept of the fare before, which is not refundable",
    ("bag", BAG): "Checked bag",
    ("seat", "STANDARD"): "Seat of your choice",
    ("seat", "LEGROOM"): "Seat with extra legroom",
    ("seat", "EXIT"): "Seat at an exit",
}

_NEAREST = "to the nearest cent, half of one upwards"
_RULES = {  # of the lines that every price has; where the amounts are from is said in charges.toml
    ("fare", TravellerKind.ADULT): "an adult pays the fare of the class",
    ("fare", TravellerKind.CHILD): f"a child pays that percentage of an adult's fare, {_NEAREST}",
    ("fare", TravellerKind.INFANT): f"an infant on a lap pays that percentage of an adult's fare, {_NEAREST}; who pays"
    " nothing pays no tax, and who has no seat no fee",
    ("tax", "US"): f"so many thousandths of the passenger's fare, {_NEAREST}: 26 U.S.C. 4261(a)",
    ("tax", "ZP"): "for each flight, the amount of its day: 26 U.S.C. 4261(b) and (e)(4)",
    (
        "tax",
        "US-I",
    ): "for each trip with an end outside the fifty states, in the place of the taxes US and ZP: 26 U.S.C. 4261(c)",
    ("tax", "US-AH"): "for each flight between Alaska or Hawaii and the other states: 26 U.S.C. 4261(c)(3)",
    ("fee", "AY"): "for each one-way trip that begins in the United States, at most twice that for a round trip: 49 CFR"
    " 1510.5",
    ("fee", "XF"): "for each boarding in the United States, at most two in each direction: 49 U.S.C. 40117, 14 CFR"
    " 158.9(a)(1)",
}


@dataclass(frozen=True, slots=True)
class _Dated:
    """Amounts that hold from a day on."""

    effective: date
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refund:
    """What comes back: the amount, of which lines it is the sum, and the fee that was kept of it."""

    amount: int
    lines: tuple[Line, ...]
    fee: int


def price(quotes: Sequence[Quote], party: Party, extras: Sequence[Extra], at: date) -> Price:
    """What a journey costs a party that books on a day. Raises Invalid for an extra that can't be had."""
    if not quotes:
        raise ValueError("a journey has a flight")
    kinds = party.kinds
    fares = [[_fare(quote, kind, at) for quote in quotes] for kind in kinds]
    lines = [
        Line("fare", quote.booking_class, amount, traveller, segment)
        for traveller, amounts in enumerate(fares)
        for segment, (quote, amount) in enumerate(zip(quotes, amounts, strict=True))
    ]
    trips = _trips(quotes, at)
    for traveller, kind in enumerate(kinds):
        lines += _taxes(quotes, trips, traveller, fares[traveller], at)
        if kind is not TravellerKind.INFANT:
            lines += _fees(quotes, trips, traveller, at)
    lines += _extras(quotes, trips, kinds, extras, at)
    return Price(quotes[0].currency, tuple(lines))


def explain(quote: Quote, party: Party, at: date) -> list[tuple[Line, Step]]:
    """The price of one flight for a party that books on a day: each line, and the step by which it came about.

    By a step's inputs the line can be reckoned by hand: a percentage (`percent`) or thousandths (`permille`) of a
    `fare`, that `fare`, or an `amount`.
    """
    kinds, lines = party.kinds, price([quote], party, (), at).lines
    paid = {line.traveller: line.amount for line in lines if line.kind == "fare"}
    return [(line, _step(line, quote, kinds[line.traveller or 0], paid[line.traveller], at)) for line in lines]


def _step(line: Line, quote: Quote, kind: TravellerKind, paid: int, at: date) -> Step:
    """How a line of the price of one flight came about, of a traveller who pays that fare."""
    inputs: dict[str, object] = {"amount": line.amount}
    if line.kind == "fare":
        inputs = {"fare": quote.base}
        if kind is not TravellerKind.ADULT:
            inputs["percent"] = _percent(quote, kind, at)
    elif (line.kind, line.code) == ("tax", "US"):
        inputs = {"fare": paid, "permille": _on("federal", at)["permille"]}
    rule = _RULES["fare", kind] if line.kind == "fare" else _RULES[line.kind, line.code]
    return Step(label(line), rule, inputs, line.amount)


def label(line: Line, at: date | None = None) -> str:
    """A line in words; services by the list of a day, or the newest."""
    if line.kind == "fare":
        return f"Fare, class {line.code}"
    if line.kind == "ssr":
        services = _on("services", at or date.max)["codes"]
        return str(services[line.code]["label"]) if line.code in services else line.code
    return _LABELS.get((line.kind, line.code), line.code)


def seat_extra(seat: Seat) -> str:
    """The code of the extra that choosing a seat is."""
    return "EXIT" if seat.exit else "LEGROOM" if seat.extra_legroom else "STANDARD"


def is_seat(code: str) -> bool:
    """Whether an extra is a chosen seat."""
    return ("seat", code) in _LABELS


def seat_amounts(at: date) -> Mapping[str, int]:
    """What choosing a seat in economy costs on a day of booking, by the code of the extra."""
    return {str(code): int(amount) for code, amount in _on("seats", at).items()}


def needs_assistance(code: str, at: date | None = None) -> bool:
    """Whether an extra is a request for assistance: who makes one has no seat at an exit (14 CFR 121.585)."""
    service = _on("services", at or date.max)["codes"].get(code)
    return bool(service and service["assistance"])


def refund_of(
    lines: Sequence[Line], rules_of: Sequence[FareRules], *, flown: Collection[int] = (), waived: bool = False
) -> Refund:
    """What comes back of a price when all that is not flown is cancelled; `rules_of` are those of each segment's fare.

    Of flights not flown taxes come back always, and so do the fees of airports and security. Fares and extras do where
    the fare is refundable, less the dearest cancellation fee for each traveller, which is taken out of fares and extras
    and never out of taxes. A fee of the airline's own, such as for a change, does not. `waived`: everything that is not
    flown comes back, as within 24 hours of booking, or where the airline cancels. (The law asks less: 14 CFR
    158.45(a)(3)(ii) lets a facility charge be kept where no fare comes back.)
    """
    unflown = [line for line in lines if (not flown if line.segment is None else line.segment not in flown)]
    back = [
        line for line in unflown
        if line.amount and (waived or _is_public(line) or (
            line.kind in ("fare", "bag", "seat", "ssr") and by_segment(rules_of, line.segment).refundable
        ))
    ]  # fmt: skip
    fee = 0
    if not waived:
        for traveller in {line.traveller for line in back}:
            own = [line for line in back if line.traveller == traveller and not _is_public(line)]
            most = max((by_segment(rules_of, line.segment).cancel_fee for line in own), default=0)
            fee += min(most, sum(line.amount for line in own))
    return Refund(sum(line.amount for line in back) - fee, tuple(back), fee)


def _is_public(line: Line) -> bool:
    """Whether a line is a government's, an airport's or a security agency's."""
    return line.kind == "tax" or (line.kind == "fee" and line.code in PUBLIC)


class _Trip(NamedTuple):
    """Segments flown in one direction, by their places; `abroad`: one of them has an end outside the fifty states."""

    segments: tuple[int, ...]
    abroad: bool


def _trips(quotes: Sequence[Quote], at: date) -> list[_Trip]:
    """The journey cut where one stays (49 CFR 1510.3)."""
    security = _on("security", at)
    cut: list[list[int]] = [[0]]
    for place, (before, after) in enumerate(pairwise(quotes), start=1):
        far = not all(_contiguous(code) for q in (before, after) for code in (q.leg.origin, q.destination))
        stop = timedelta(hours=security["far_stop_hours" if far else "stop_hours"])
        back = after.destination == quotes[cut[-1][0]].leg.origin  # whoever turns round has been somewhere
        connects = before.destination == after.leg.origin
        if connects and not back and after.scheduled_out - before.scheduled_in <= stop:
            cut[-1].append(place)
        else:
            cut.append([place])
    return [_Trip(tuple(places), not all(_home(quotes[place]) for place in places)) for places in cut]


def _taxes(
    quotes: Sequence[Quote], trips: Sequence[_Trip], traveller: int, fares: Sequence[int], at: date
) -> list[Line]:
    """What governments take of what a traveller pays; of who pays nothing, nothing."""
    lines = []
    federal = _on("federal", at)
    for trip in trips:
        if trip.abroad:
            crossing = next(p for p in trip.segments if not _home(quotes[p]))
            if any(fares[place] for place in trip.segments):
                lines.append(Line("tax", "US-I", federal["international"], traveller, crossing))
            continue
        for place in trip.segments:
            quote = quotes[place]
            if not fares[place]:
                continue
            lines.append(Line("tax", "US", rounded(fares[place] * federal["permille"], 1000), traveller, place))
            lines.append(Line("tax", "ZP", _on("federal", quote.leg.date)["segment"], traveller, place))
            if _far(quote.leg.origin) != _far(quote.destination):
                lines.append(Line("tax", "US-AH", federal["alaska_hawaii"], traveller, place))
    return lines


def _fees(quotes: Sequence[Quote], trips: Sequence[_Trip], traveller: int, at: date) -> list[Line]:
    """What security and the airports take of who has a seat."""
    lines = []
    security, facility = _on("security", at), _on("facility", at)
    round_trip = _same_city(quotes[0].leg.origin, quotes[-1].destination, at)
    left = security["round_trip"] if round_trip else None
    charged, most = list[int](), facility["boardings"]
    for number, trip in enumerate(trips):
        first = trip.segments[0]
        if _us(quotes[first].leg.origin):
            amount = security["trip"] if left is None else min(left, security["trip"])
            left = None if left is None else left - amount
            if amount:
                lines.append(Line("fee", "AY", amount, traveller, first))
        boardings = [place for place in trip.segments if _us(quotes[place].leg.origin)]
        homeward = round_trip and number == len(trips) - 1 > 0
        charged += boardings[-most:] if homeward else boardings[:most]
    if round_trip:
        charged = charged[:most] + charged[most:][-most:]
    return lines + [Line("fee", "XF", facility["boarding"], traveller, place) for place in charged]


def _extras(
    quotes: Sequence[Quote], trips: Sequence[_Trip], kinds: Sequence[TravellerKind], extras: Sequence[Extra], at: date
) -> list[Line]:
    lines: list[Line] = []
    for number, extra in enumerate(extras):
        name = f"extras.{number}"
        if not 0 <= extra.traveller < len(kinds):
            detail = f"there is no traveller {extra.traveller}; the party has {len(kinds)}, from 0 on"
            raise _wrong(f"{name}.passenger", detail)
        if extra.segment is not None and not 0 <= extra.segment < len(quotes):
            detail = f"there is no flight {extra.segment}; the journey has {len(quotes)}, from 0 on"
            raise _wrong(f"{name}.flight", detail)
        if extra.code == BAG:
            lines += _bag(quotes, trips, extra, lines, at, name=name)
            continue
        places = range(len(quotes)) if extra.segment is None else (extra.segment,)
        lines += [_extra_line(quotes[place], extra, kinds[extra.traveller], place, at, name=name) for place in places]
    return lines


def _bag(
    quotes: Sequence[Quote], trips: Sequence[_Trip], extra: Extra, lines: Sequence[Line], at: date, *, name: str
) -> Iterable[Line]:
    """A bag on each trip (or on that of one flight), as the next of the traveller's bags there; the first are free."""
    bags = _on("bags", at)
    for trip in trips:
        if extra.segment is not None and extra.segment not in trip.segments:
            continue
        first = trip.segments[0]
        had = sum(ln.kind == "bag" and (ln.traveller, ln.segment) == (extra.traveller, first) for ln in lines)
        if had >= bags["most"]:
            raise _wrong(f"{name}.code", f"a traveller takes at most {bags['most']} checked bags")
        included = min(rules(quotes[place].booking_class, at).bags for place in trip.segments)
        amounts = bags["amounts"]
        amount = 0 if had < included else amounts[min(had, len(amounts) - 1)]
        yield Line("bag", BAG, amount, extra.traveller, first)


def _extra_line(quote: Quote, extra: Extra, kind: TravellerKind, place: int, at: date, *, name: str) -> Line:
    seats, services = _on("seats", at), _on("services", at)["codes"]
    if extra.code in seats:
        if kind is TravellerKind.INFANT:
            raise _wrong(f"{name}.code", "an infant sits on a lap and chooses no seat")
        free = quote.cabin is not Cabin.ECONOMY or (
            extra.code == "STANDARD" and rules(quote.booking_class, at).seat_choice
        )
        return Line("seat", extra.code, 0 if free else seats[extra.code], extra.traveller, place)
    if extra.code in services:
        return Line("ssr", extra.code, services[extra.code]["amount"], extra.traveller, place)
    known = ", ".join([BAG, *seats, *services])
    raise _wrong(f"{name}.code", f"{extra.code[:20]} is not sold here; there are {known}")


def _fare(quote: Quote, kind: TravellerKind, at: date) -> int:
    """What somebody of an age pays of an adult's fare."""
    return quote.base if kind is TravellerKind.ADULT else rounded(quote.base * _percent(quote, kind, at), 100)


def _percent(quote: Quote, kind: TravellerKind, at: date) -> int:
    """How much of an adult's fare a child or an infant pays."""
    abroad = _country(quote.leg.origin) != _country(quote.destination)
    return int(_on("ages", at)[f"{kind}_abroad" if abroad else str(kind)])


def _country(code: str) -> str:
    """The country of an airport; Puerto Rico and the Virgin Islands are of the US here."""
    found = airport(code)
    return found.country if found else ""


def _us(code: str) -> bool:
    return _country(code) == "US"


def _in_states(code: str) -> bool:
    """Whether an airport is in one of the fifty states or in Washington (26 U.S.C. 7701(a)(9))."""
    found = airport(code)
    return bool(found and found.country == "US" and found.subdivision not in NO_STATES)


def _far(code: str) -> bool:
    found = airport(code)
    return bool(found and found.country == "US" and found.subdivision in FAR)


def _contiguous(code: str) -> bool:
    return _in_states(code) and not _far(code)


def _home(quote: Quote) -> bool:
    return _in_states(quote.leg.origin) and _in_states(quote.destination)


def _same_city(a: str, b: str, at: date) -> bool:
    return a == b or any(a in city and b in city for city in _on("cities", at)["airports"])


def _wrong(name: str, detail: str) -> Invalid:
    return Invalid(detail, [Fault("body", name, detail)])


def _on(table: str, day: date) -> Mapping[str, Any]:
    """The amounts of a table that hold on a day; before the first, the first."""
    rows = _tables()[table]
    return next((row.values for row in reversed(rows) if row.effective <= day), rows[0].values)


@cache
def _tables() -> Mapping[str, Sequence[_Dated]]:
    import tomllib

    data = tomllib.loads(Path(__file__).with_name("charges.toml").read_text(encoding="utf-8"))
    return {
        name: sorted(
            (_Dated(row["effective"], {k: v for k, v in row.items() if k != "effective"}) for row in rows),
            key=lambda row: row.effective,
        )
        for name, rows in data.items()
    }
