"""What else an AIDX leg states: gates, terminals, stands and belt, the aircraft, codeshares, delay codes.

Elements that are nil or empty take the former value back; what can't be used costs a warning and nothing else.
"""

import re
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.flights.feeds.aidx.status import Observe, Warn, in_order
from chalicelib.flights.feeds.aidx.xml import Node, child, children, quote, text
from chalicelib.flights.identity import FlightNumber, InvalidFlight
from chalicelib.flights.model import DelayCode

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MAX_REPEATS = 50  # of codeshares, of delay codes; the standard allows 20 and 8
MAX_LENGTH = 20  # characters of a gate, stand, belt, terminal, registration; the standard allows 10 at most

_PLACES = {  # by field: the elements that name it, the first of them that has a value counts
    "terminal": ("PublicTerminal", "AircraftTerminal"),
    "gate": ("PassengerGate",),
    "stand": ("AircraftParkingPosition",),
}
_TERMINAL = re.compile(r"(?:T|TERMINAL) ?([0-9]+[A-Z]?)")
_NO_GATE = re.compile(r"0+")
_AHM730 = re.compile(r"[0-9]{2}[A-Z0-9]?|[A-Z]{2}[0-9]?")  # two digits or letters and a sub-code
_AHM732 = re.compile(r"[A-Z]{3}")


def observe_places(data: Node | None, observe: Observe, warn: Warn) -> None:
    """Terminal, gate and stand of both ends, and the belt (BaggageClaimUnit; a make-up belt is for staff).

    Actual resources count before planned ones; of several gates, terminals or belts the first is the public one.
    """
    every = [(usage.get("Usage", ""), resource) for usage in children(data, "AirportResources")
             for resource in children(usage, "Resource")]  # fmt: skip
    every.sort(key=lambda pair: pair[0].strip().lower() != "actual")
    for end in ("departure", "arrival"):
        resources = [r for _, r in every if r.get("DepartureOrArrival", "").strip().lower() == end]
        places = {f"{end}_{name}": elements for name, elements in _PLACES.items()}
        if end == "arrival":
            places["belt"] = ("BaggageClaimUnit",)
        for field, elements in places.items():
            stated = [n for r in resources for element in elements for n in in_order(children(r, element))]
            _observe_first(field, stated, observe, warn)
    if any(r.get("DepartureOrArrival", "").strip().lower() not in ("departure", "arrival") for _, r in every):
        warn("LegData/AirportResources/Resource", "DepartureOrArrival is missing or unknown; passed over")


def _observe_first(field: str, stated: list[Node], observe: Observe, warn: Warn) -> None:
    values = []
    for node in stated:
        value = text(node)
        if len(value) > MAX_LENGTH:
            warn("LegData", f"the {field.replace('_', ' ')} {quote(value)} is too long; passed over")
        else:
            values.append(_tidy(field, value))
    if values:
        observe(field, next(filter(None, values), None))


def _tidy(field: str, value: str) -> str:
    if field.endswith("_gate") and _NO_GATE.fullmatch(value):
        return ""
    terminal = _TERMINAL.fullmatch(value.upper()) if field.endswith("_terminal") else None
    return terminal[1] if terminal else value.upper() if field == "registration" else value


def observe_aircraft(info: Node | None, observe: Observe, warn: Warn) -> None:
    """Registration (a tail number where there is none) and type, the IATA one rather than ICAO's."""
    tail = [node for node in children(info, "TailNumber") if text(node)]
    _observe_first("registration", children(info, "Registration") + tail, observe, warn)
    types = [node for node in children(info, "AircraftType") if text(node) != "ZZZ"]  # ZZZ: none is defined
    _observe_first("aircraft_type", sorted(types, key=lambda node: len(text(node))), observe, warn)


def observe_codeshares(data: Node | None, operating: FlightNumber, observe: Observe, warn: Warn) -> None:
    """The numbers under which other airlines sell the leg."""
    stated = children(data, "CodeShareInfo")
    numbers, unusable = set(), 0
    for n, node in enumerate(stated[:MAX_REPEATS], 1):
        airline, number, suffix = (text(child(node, x)) for x in ("Airline", "FlightNumber", "OperationalSuffix"))
        if airline or number:
            try:
                numbers.add(_flight(airline, number, suffix))
            except InvalidFlight as error:
                unusable += 1
                warn(f"LegData/CodeShareInfo[{n}]", f"{error}; passed over")
    _warn_of_more(stated, "CodeShareInfo", warn)
    if numbers or (stated and not unusable):
        observe("codeshares", tuple(sorted(map(str, numbers - {operating}))) or None)


def _flight(airline: str, number: str, suffix: str) -> FlightNumber:
    flight = FlightNumber.parse(f"{airline}{number}{suffix}"[:MAX_LENGTH])
    if flight.carrier != airline.upper():
        raise InvalidFlight(f"{quote(airline)} is no airline; one looks like UA or UAL")
    return flight


def observe_delays(data: Node | None, observe: Observe, warn: Warn) -> None:
    """Delay codes with the scheme they belong to: AHM 730 in digits or letters, AHM 732 in three letters."""
    stated = in_order(children(data, "IrregularityDelay"))
    codes, unusable = [], 0
    for node in stated[:MAX_REPEATS]:
        code, duration = text(child(node, "ReasonCode")).upper(), text(child(node, "Duration"))
        code = code.zfill(2) if code.isascii() and code.isdigit() else code
        scheme = "AHM732" if _AHM732.fullmatch(code) else "AHM730" if _AHM730.fullmatch(code) else None
        minutes = _minutes(duration)
        if scheme:
            codes.append(DelayCode(code, scheme, minutes))
        elif code:
            unusable += 1
            warn("LegData/IrregularityDelay/ReasonCode", f"{quote(code)} is a code of neither AHM 730 nor AHM 732")
        if duration and minutes is None:
            warn("LegData/IrregularityDelay/Duration", f"{quote(duration)} is no duration; it looks like PT2H15M")
    _warn_of_more(stated, "IrregularityDelay", warn)
    if codes or (stated and not unusable):
        observe("delay_codes", tuple(dict.fromkeys(codes)) or None)


def _warn_of_more(nodes: list[Node], name: str, warn: Warn) -> None:
    if len(nodes) > MAX_REPEATS:
        warn(f"LegData/{name}", f"only the first {MAX_REPEATS} of {len(nodes)} are taken")


def _minutes(duration: str) -> int | None:
    """Whole minutes of an ISO 8601 duration; None if it is none, or negative, or above thirty days."""
    try:
        read = _durations().validate_strings(duration)
    except ValueError:
        return None
    return int(read.total_seconds() // 60) if timedelta(0) <= read <= timedelta(days=30) else None


@cache
def _durations() -> "TypeAdapter[timedelta]":
    from pydantic import TypeAdapter

    return TypeAdapter(timedelta)
