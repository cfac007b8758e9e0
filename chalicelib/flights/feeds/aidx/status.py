"""The words and times with which AIDX says how far a leg has come, and what they mean here.

Sources: IATA's implementation guide to RP 1797A (its selection of the PADIS code sets 2005, 9750 and 1245), and the
codes that Gatwick, Amadeus' airport system and the Chroma systems of Birmingham, Cardiff and London City display.
Codes are read alike whatever code set a message names for them: real messages name none, or ZZZ.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.flights.feeds.aidx.xml import Node, children, instant, local_name, quote, text
from chalicelib.flights.model import AT_THE_GATE, STAGES, Phase

Observe = Callable[[str, Any], None]  # a field of FlightStatus and its value; None takes the former value back
Warn = Callable[[str, str], None]  # a place within the leg, and what is amiss there

# OOOI. Where a message gives several times for one field, the first of these counts.
EVENTS = {"OFB": "out", "TKO": "off", "TDN": "on", "ONB": "in"}
STATES = {
    "SCT": ("scheduled", 1), "PLN": ("scheduled", 2),
    "EST": ("estimated", 1), "TAR": ("estimated", 2), "CAL": ("estimated", 3), "ACT": ("actual", 1),
}  # fmt: skip

# The stage that an event brings a leg to, when its time is actual. An open gate is not boarding yet; BEN is the
# final boarding (IATA's name for it), when who hurries still gets in.
STAGE_BY_EVENT = {
    "CHK": Phase.CHECK_IN, "CHC": Phase.CHECK_IN, "GTO": Phase.CHECK_IN, "BST": Phase.BOARDING,
    "FCT": Phase.FINAL_CALL, "BEN": Phase.FINAL_CALL, "GCL": Phase.GATE_CLOSED, "FCL": Phase.GATE_CLOSED,
    "THM": Phase.AIRBORNE, "TEN": Phase.AIRBORNE,
    "FBG": Phase.ARRIVED, "LBG": Phase.ARRIVED, "FBA": Phase.ARRIVED, "LBA": Phase.ARRIVED,
}  # fmt: skip

# The same for a word: the events above, OOOI, and what is displayed besides. Words about punctuality (SCT, EST, EXP,
# DEL, EAR, NIT) and the static ones of 1245 (SCH, OP) say nothing of progress.
STAGE_BY_WORD = STAGE_BY_EVENT | {
    "CKO": Phase.CHECK_IN, "CKC": Phase.CHECK_IN, "GOP": Phase.CHECK_IN, "GCO": Phase.CHECK_IN,
    "BRD": Phase.BOARDING,
    "OFB": Phase.DEPARTED, "DEP": Phase.DEPARTED,
    "TKO": Phase.AIRBORNE, "AIR": Phase.AIRBORNE, "FIR": Phase.AIRBORNE, "FIN": Phase.AIRBORNE,
    "STE": Phase.AIRBORNE, "STX": Phase.AIRBORNE, "OVS": Phase.AIRBORNE,
    "TDN": Phase.LANDED, "LAN": Phase.LANDED, "LD": Phase.LANDED, "LND": Phase.LANDED,
    "ONB": Phase.ARRIVED, "OC": Phase.ARRIVED, "ARR": Phase.ARRIVED, "FRB": Phase.ARRIVED, "LSB": Phase.ARRIVED,
}  # fmt: skip

# NOP, not operating, counts as cancelled: who holds a ticket won't fly either way, and 1245's own word for taking it
# back is SQ too.
CANCELLED = frozenset({"DX", "CX", "CNX", "CNL", "NOP"})
REINSTATED = frozenset({"SQ"})
DIVERTED = frozenset({"DV", "DIV"})
RETURNED = frozenset({"GRT", "RST"})  # ground return; returned to stand (Gatwick). RT is no return but a re-routing.

_DISRUPTED = CANCELLED | DIVERTED | RETURNED
_NEVER = (None, None)


class UnreadableLeg(ValueError):
    """A leg can't be taken: what is wrong, where within it and in which line, and what would be right."""

    def __init__(self, place: str, line: int | None, what: str, right: str):
        super().__init__(f"{what}; {right}")
        self.place, self.line, self.what, self.right = place, line, what, right


class Progress(NamedTuple):
    """How far a leg has come by its actual times."""

    reached: Phase | None  # by OOOI times
    stages: list[Phase | None]  # by other events; None: such a time was taken back


def observe_times(data: Node | None, observe: Observe, warn: Warn) -> Progress:
    """Observe the OOOI times, and return what actual times bear witness of.

    Qualifiers and types of time that mean nothing here are passed over. Raises UnreadableLeg for an OOOI time: half
    of a leg's times would mislead.
    """
    best: dict[str, tuple[tuple[bool, int, int], datetime | None]] = {}
    stages: list[Phase | None] = []
    for n, node in enumerate(children(data, "OperationTime"), 1):
        event, kind = (node.get(name, "").strip().upper() for name in ("OperationQualifier", "TimeType"))
        place = f"LegData/OperationTime[{n}]"
        if event in EVENTS and kind in STATES:
            state, precedence = STATES[kind]
            time = _time(node, place, warn)
            rank = (time is not None, -precedence, repeat_index(node, n))
            field = f"{state}_{EVENTS[event]}"
            if field not in best or rank > best[field][0]:
                best[field] = rank, time
        elif event in EVENTS and not kind:
            warn(place, f"{event} without a TimeType says neither scheduled, estimated nor actual; passed over")
        elif event in STAGE_BY_EVENT and kind == "ACT":
            try:
                stages.append(STAGE_BY_EVENT[event] if _time(node, place, warn) else None)
            except UnreadableLeg as error:
                warn(place, f"{error.what}; passed over")
    for field, (_, time) in best.items():
        observe(field, time)
    reached = [STAGE_BY_WORD[event] for event, name in EVENTS.items() if best.get(f"actual_{name}", _NEVER)[1]]
    return Progress(max(reached, key=STAGES.index, default=None), stages)


def _time(node: Node, place: str, warn: Warn) -> datetime | None:
    value = text(node)
    if not value:
        return None
    try:
        time, zoned = instant(value)
    except ValueError:
        what = f"{node.get('OperationQualifier')} {node.get('TimeType')} is {quote(value)}, no date and time"
        raise UnreadableLeg(place, node.line, what, "it looks like 2025-09-10T10:25:00Z") from None
    if not zoned:
        warn(place, "the time names no zone; read as UTC")
    return time


def observe_status(leg: Node, data: Node | None, progress: Progress, observe: Observe, warn: Warn) -> bool:
    """Observe stage, cancellation and return from all words of a leg; return whether they say that it is diverted.

    OperationalStatus decides on disruptions. What is merely displayed (PublicStatus, RemarkTextCode, FIDS status,
    RemarkFreeText) decides where there is no OperationalStatus. A cancellation is undone by SQ alone. The stage is the
    furthest that any word or time bears witness of; a word that actual times confirm adds nothing to them.
    """
    operational = _words(data, "OperationalStatus")
    displayed = [word for name in ("PublicStatus", "RemarkTextCode") for word in _words(data, name)]
    displayed += [*_fids(leg), *_words(data, "RemarkFreeText")]
    decisive = operational or displayed
    for word in decisive:
        if word in CANCELLED | REINSTATED:
            observe("cancelled", word in CANCELLED)
        if word in RETURNED:
            observe("returned", True)
    unheard = _DISRUPTED.intersection(displayed) - _DISRUPTED.intersection(decisive)
    if unheard:
        warn("LegData", f"{', '.join(sorted(unheard))} is displayed, but OperationalStatus does not say so")
    witnessed = [p for p in progress.stages if p]
    witnessed += [p for w in operational + displayed if (p := STAGE_BY_WORD.get(w)) and not _confirmed(p, progress)]
    if witnessed:
        observe("stage", max(witnessed, key=STAGES.index).value)
    elif progress.stages:
        observe("stage", None)
    return not DIVERTED.isdisjoint(decisive)


def _confirmed(stage: Phase, progress: Progress) -> bool:
    under_way = stage not in AT_THE_GATE
    return under_way and progress.reached is not None and STAGES.index(stage) <= STAGES.index(progress.reached)


def _words(data: Node | None, name: str) -> list[str]:
    return [word for node in in_order(children(data, name)) if (word := text(node).upper())]


def _fids(leg: Node) -> Iterator[str]:
    """Amadeus: TPA_Extension//Statuses/Status[Qualifier=FIDS]/Value, in a namespace of its own."""
    for extension in children(leg, "TPA_Extension"):
        for status in extension.iter():
            if local_name(status) == "Status":
                said = {local_name(part): text(part).upper() for part in status}
                if said.get("Qualifier") == "FIDS" and said.get("Value"):
                    yield said["Value"]


def in_order(nodes: list[Node]) -> list[Node]:
    """Repeating elements by their RepeatIndex, or as they stand."""
    return [node for _, node in sorted(enumerate(nodes, 1), key=lambda n: repeat_index(n[1], n[0]))]


def repeat_index(node: Node, otherwise: int) -> int:
    """A repeating element's RepeatIndex (1 to 99), or its place in the document where it has none."""
    value = node.get("RepeatIndex", "").strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 6 else otherwise
