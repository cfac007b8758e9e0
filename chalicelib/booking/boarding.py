"""The boarding pass: what it says to people, and the Aztec symbol that machines read (ISO/IEC 24778).

Aztec is one of the symbols that Resolution 792 allows on a screen; it needs no margin around it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from chalicelib.booking import bcbp
from chalicelib.pricing.model import TravellerKind

# Before departure. Usual on domestic flights in the US; each airline says its own.
BOARDING_BEGINS = timedelta(minutes=40)
GATE_CLOSES = timedelta(minutes=15)
CORRECTION = 23  # percent of the symbol that may be damaged and corrected, as ISO/IEC 24778 recommends


@dataclass(frozen=True, slots=True)
class BoardingPass:
    """A pass for one leg: what IATA's Recommended Practice 1706d has printed on it, and the text of its symbol.

    Instants are UTC. The gate is the board's to say, as it changes.
    """

    name: str
    locator: str
    ticket: str
    carrier: str
    flight: str
    origin: str
    destination: str
    departs_at: datetime
    boarding_at: datetime
    gate_closes_at: datetime
    cabin: str
    booking_class: str
    seat: str
    sequence: int | None
    text: str


def boarding_pass(
    name: str,
    leg: bcbp.Leg,
    issue: bcbp.Issue,
    departs_at: datetime,
    cabin: str,
) -> BoardingPass:
    """The pass of a passenger who is checked in on a leg. `name` is `LAST/FIRST`. Raises Invalid."""
    return BoardingPass(
        name=name,
        locator=leg.locator,
        ticket=leg.ticket.number if leg.ticket else "",
        carrier=leg.carrier,
        flight=f"{leg.carrier}{leg.number}{leg.suffix}",
        origin=leg.origin,
        destination=leg.destination,
        departs_at=departs_at,
        boarding_at=departs_at - BOARDING_BEGINS,
        gate_closes_at=departs_at - GATE_CLOSES,
        cabin=cabin,
        booking_class=leg.compartment,
        seat=leg.seat,
        sequence=leg.sequence,
        text=bcbp.encode(name, [leg], issue),
    )


def description(kind: TravellerKind, *, with_infant: bool = False) -> bcbp.Description:
    """How a pass describes its passenger; `with_infant` is an adult with an infant on the lap."""
    if with_infant:
        return bcbp.Description.ADULT_WITH_INFANT
    return bcbp.Description[kind.name]


def svg(text: str, label: str = "") -> str:
    """The Aztec symbol of a text as SVG of no fixed size, black on white. `label` is for who can't see it."""
    from html import escape

    rows = modules(text)
    size = len(rows)
    path = "".join(f"M{x} {y}h{width}v1h-{width}z" for y, row in enumerate(rows) for x, width in _dark(row))
    name = f' role="img" aria-label="{escape(label)}"' if label else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges"{name}>'
        f'<path fill="#fff" d="M0 0h{size}v{size}h-{size}z"/><path d="{path}"/></svg>'
    )


def modules(text: str) -> list[list[bool]]:
    """The squares of the Aztec symbol of a text, row by row; True is dark."""
    from aztec_code_generator import AztecCode  # type: ignore[import-untyped] # has no types

    symbol = AztecCode(text.encode("ascii"), ec_percent=CORRECTION)
    return [[bool(module) for module in row] for row in symbol.matrix]


def _dark(row: Sequence[bool]) -> list[tuple[int, int]]:
    """Where dark runs of a row begin, and how wide they are."""
    runs = (list(run) for _, run in groupby(enumerate(row), itemgetter(1)))
    return [(run[0][0], len(run)) for run in runs if run[0][1]]
