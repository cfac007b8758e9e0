"""Where the replayed legs stand at New York's airports, and under which other numbers they are sold: simulated.

The data know neither. Terminals follow the airports of 2013, simplified to one for each carrier; the gates are a range
within it. (LaGuardia's Terminal A had Delta's shuttle only, which the data lack.) Gates are handed out over the day as
it went: no two aircraft are at one gate at once while the carrier has another free. An aircraft that leaves within four
hours of coming in keeps its gate.

Codeshares are the partnerships of 2013, simplified. A regional carrier's leg is sold under the number of the carrier it
flies for; some of the large carriers' legs to their hubs also under numbers of partners overseas, made by adding an
offset to their own.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache

from chalicelib.flights.feeds.replay.script import Flown, Places, between, draw

_Range = tuple[str, int, int]
_TERMINALS: tuple[tuple[str, str, str, _Range], ...] = (  # airport, sold as, terminal, gates
    ("EWR", "AA", "A", ("A", 30, 39)), ("EWR", "AS", "A", ("A", 30, 39)), ("EWR", "VX", "A", ("A", 30, 39)),
    ("EWR", "US", "A", ("A", 20, 28)), ("EWR", "B6", "A", ("A", 10, 18)), ("EWR", "WN", "A", ("A", 10, 18)),
    ("EWR", "DL", "B", ("B", 40, 48)), ("EWR", "UA", "C", ("C", 70, 139)),
    ("JFK", "DL", "4", ("B", 20, 41)), ("JFK", "VX", "4", ("A", 2, 7)), ("JFK", "B6", "5", ("", 1, 30)),
    ("JFK", "HA", "5", ("", 1, 30)), ("JFK", "UA", "7", ("", 1, 12)), ("JFK", "US", "7", ("", 1, 12)),
    ("JFK", "AA", "8", ("", 1, 47)),
    ("LGA", "AA", "B", ("C", 1, 14)), ("LGA", "UA", "B", ("A", 1, 7)), ("LGA", "B6", "B", ("B", 1, 8)),
    ("LGA", "WN", "B", ("B", 1, 8)), ("LGA", "FL", "B", ("B", 1, 8)), ("LGA", "F9", "B", ("B", 1, 8)),
    ("LGA", "US", "C", ("C", 15, 29)), ("LGA", "DL", "D", ("D", 1, 11)),
)  # fmt: skip
_REGIONAL: tuple[tuple[str, str, str, _Range], ...] = (  # where Delta's partners have a terminal of their own
    ("JFK", "DL", "2", ("C", 60, 70)), ("LGA", "DL", "C", ("C", 30, 44)),
)  # fmt: skip
_OTHERS = {"EWR": ("B", ("B", 51, 57)), "JFK": ("1", ("", 1, 11)), "LGA": ("B", ("B", 1, 8))}
_BELTS = {"EWR": 8, "JFK": 6, "LGA": 5}

# Sold as, partner, what is added to the number, from where to where.
_PARTNERS: tuple[tuple[str, str, int, frozenset[str], frozenset[str]], ...] = (
    ("UA", "LH", 7000, frozenset({"EWR"}), frozenset({"DEN", "IAH", "LAX", "MCO", "ORD", "SAN", "SEA", "SFO"})),
    ("UA", "AC", 4000, frozenset({"EWR", "LGA"}), frozenset({"DEN", "IAH", "LAS", "LAX", "ORD", "SFO"})),
    ("DL", "AF", 6000, frozenset({"JFK"}), frozenset({"ATL", "DTW", "LAX", "MSP", "SEA", "SFO", "SLC"})),
    ("AA", "BA", 1500, frozenset({"JFK"}), frozenset({"AUS", "DFW", "LAS", "LAX", "MIA", "ORD", "SAN", "SFO"})),
    ("B6", "EI", 5000, frozenset({"JFK"}), frozenset({"AUS", "BOS", "BUF", "FLL", "LAX", "MCO", "SFO", "TPA"})),
)


def sold_as(carrier: str, number: int, home: str) -> str:
    """The carrier whose name is on the ticket."""
    if carrier in ("EV", "OO"):  # ExpressJet and SkyWest fly for two: at Newark always for United
        return "DL" if home != "EWR" and (carrier == "OO" or 4800 <= number < 5700) else "UA"
    return {"9E": "DL", "MQ": "AA", "YV": "US"}.get(carrier, carrier)


def codeshares(carrier: str, number: int, origin: str, destination: str) -> tuple[str, ...]:
    """The other numbers of a departure from New York."""
    sold = sold_as(carrier, number, origin)
    if sold != carrier:
        return (f"{sold}{number}",)
    return tuple(
        f"{partner}{number + offset}"
        for own, partner, offset, origins, destinations in _PARTNERS
        if own == carrier and origin in origins and destination in destinations and number + offset <= 9999
    )


def allocate(day: Iterable[Flown]) -> dict[str, Places]:
    """The places of the legs of one origin date, by leg id."""
    free: dict[tuple[str, str], dict[str, datetime]] = {}
    places = {}
    for start, end, flown, others in sorted(_visits(list(day)), key=lambda visit: (visit[0], visit[2].id)):
        carrier = sold_as(flown.leg.flight.carrier, flown.leg.flight.number, flown.home)
        terminal, gates = _terminal(flown.home, carrier, carrier != flown.leg.flight.carrier)
        until = free.setdefault((flown.home, terminal), {})
        turn = int(draw(flown.id, "gate") * len(gates))
        order = gates[turn:] + gates[:turn]
        free_now = (gate for gate in order if until.get(gate, start) <= start)
        gate = next(free_now, None) or min(order, key=until.__getitem__)  # none free: at the one that will be first
        until[gate] = end
        changed = len(gates) > 1 and draw(flown.id, "gate change") < 0.12
        first = order[(order.index(gate) + between(flown.id, "other gate", 1, len(gates) - 1)) % len(gates)]
        for one in (flown, *others):
            belt = str(between(one.id, "belt", 1, _BELTS[one.home])) if one.derived else ""
            places[one.id] = Places(terminal, gate, first if changed and not one.derived else gate, belt)
    return places


def _visits(day: list[Flown]) -> Iterator[tuple[datetime, datetime, Flown, tuple[Flown, ...]]]:
    """Stays at a gate: from, to, the leg, and the leg that brought the aircraft where that is one stay."""
    known = {flown.id: flown for flown in day}
    turned = set()
    for flown in day:
        if flown.derived:
            continue
        end = flown.out or flown.scheduled_out
        inbound = known.get(flown.inbound or "")
        if inbound and inbound.in_ and timedelta(0) < end - inbound.in_ <= timedelta(hours=4):
            turned.add(inbound.id)
            yield inbound.in_, end, flown, (inbound,)
        else:
            yield end - timedelta(minutes=50), end, flown, ()
    for flown in day:
        if flown.derived and flown.id not in turned:
            start = flown.in_ or flown.scheduled_in
            yield start, start + timedelta(minutes=40), flown, ()


@cache
def _terminal(home: str, sold: str, regional: bool) -> tuple[str, list[str]]:
    terminal, (letter, first, last) = _OTHERS[home]
    for airport, name, its, gates in (*(_REGIONAL if regional else ()), *_TERMINALS):
        if (airport, name) == (home, sold):
            terminal, (letter, first, last) = its, gates
            break
    return terminal, [f"{letter}{n}" for n in range(first, last + 1)]
