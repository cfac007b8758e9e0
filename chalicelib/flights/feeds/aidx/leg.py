"""One AIDX FlightLeg as a FlightUpdate: which leg it is, and what the message states of it. What it omits stays."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from chalicelib.flights.feeds.aidx.details import observe_aircraft, observe_codeshares, observe_delays, observe_places
from chalicelib.flights.feeds.aidx.status import Observe, UnreadableLeg, Warn, in_order, observe_status, observe_times
from chalicelib.flights.feeds.aidx.xml import Node, child, children, quote, text
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import FlightUpdate, Observation, Shown

BAD_FORMAT = "294"  # PADIS 9321: not to be sent again before it is mended
CANNOT_PROCESS = "911"  # PADIS 9321: to be sent again later

MAX_WARNINGS = 20  # of one leg; what follows is more of the same

IataOf = Callable[[str], str | None]  # the IATA code of the airport of an ICAO code, if it has one

_AIRLINE = re.compile(r"[A-Z]{3}|[A-Z][A-Z0-9]|[0-9][A-Z]")
_NUMBER = re.compile(r"[0-9]{1,4}")
_SUFFIX = re.compile(r"[A-Z]?")
_STATION = re.compile(r"[A-Z]{3}|[A-Z0-9]{4}")
_ORIGIN_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T00:00(:00(\.0+)?)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?")
_ATTEMPT = re.compile(r"0*([1-9][0-9]?)")

_SHOWN = {"": Shown.SHOWN, "Delete": Shown.DELETED, "DoNotDisplay": Shown.HIDDEN, "LockDown": Shown.SHOWN}


@dataclass(frozen=True, slots=True)
class LegRead:
    """A leg that was read; `index` is its place in the message (from 1), `warnings` what of it was passed over."""

    index: int
    update: FlightUpdate
    special_action: str = ""  # Delete, DoNotDisplay, LockDown
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A leg that is not taken: which, why, where the trouble stands in the message (XPath, line), what would be right.

    `type` is an error type of PADIS 9321: BAD_FORMAT or CANNOT_PROCESS.
    """

    index: int
    leg: str
    what: str
    right: str
    where: str
    line: int | None = None
    type: str = BAD_FORMAT


def read_leg(node: Node, index: int, where: str, *, source: str, at: datetime, iata_of: IataOf) -> LegRead | Refusal:
    """Read one FlightLeg, observed at that instant; `where` is its XPath.

    A leg whose identification or OOOI times can't be read is refused. Other trouble costs the detail, and a warning.
    """
    observed: dict[str, Observation] = {}
    warnings: list[str] = []

    def observe(field: str, value: Any) -> None:
        observed[field] = Observation(value, at)

    def warn(place: str, what: str) -> None:
        if len(warnings) < MAX_WARNINGS:
            warnings.append(f"{place}: {what}")

    data = child(node, "LegData")
    try:
        if child(node, "GeneralAviationLegIdentifier") is not None:
            raise UnreadableLeg("", node.line, "it is a general aviation leg", "only flights of airlines are followed")
        leg, destination, attempt = _identify(node, "LegIdentifier/", child(node, "LegIdentifier"), iata_of)
        progress = observe_times(data, observe, warn)
    except UnreadableLeg as error:
        place = f"{where}/{error.place}".rstrip("/")
        return Refusal(index, _named(child(node, "LegIdentifier")), error.what, error.right, place, error.line)

    said = text(child(node, "SpecialAction"))
    action = next((name for name in _SHOWN if name.lower() == said.lower()), "")
    if said and not action:
        warn("SpecialAction", f"{quote(said)} is none of Delete, LockDown, DoNotDisplay; passed over")
    observe("shown", _SHOWN[action].value)
    observe("destination", destination)
    diverted = observe_status(node, data, progress, observe, warn)
    _observe_diversion(data, destination, diverted, iata_of, observe)
    observe_places(data, observe, warn)
    observe_aircraft(child(data, "AircraftInfo"), observe, warn)
    observe_codeshares(data, leg.flight, observe, warn)
    observe_delays(data, observe, warn)
    _observe_links(data, leg, destination, iata_of, observe=observe, warn=warn)
    update = FlightUpdate(leg, source, observed, attempt)
    return LegRead(index, update, action, tuple(warnings))


def _identify(parent: Node, place: str, node: Node | None, iata_of: IataOf) -> tuple[LegId, str, int]:
    """The leg, its scheduled destination and the departure attempt. Raises UnreadableLeg, its place below `place`."""
    if node is None:
        right = "each FlightLeg begins with a LegIdentifier"
        raise UnreadableLeg("", parent.line, "LegIdentifier is missing", right)

    def part(name: str, pattern: re.Pattern[str], right: str, otherwise: str = "") -> re.Match[str]:
        element = child(node, name)
        found = pattern.fullmatch(text(element).upper() or otherwise)
        if not found:
            what = f"{name} is {quote(text(element))}" if text(element) else f"{name} is missing"
            raise UnreadableLeg(place + name, (node if element is None else element).line, what, right)
        return found

    airline = part("Airline", _AIRLINE, "it is two characters such as UA (IATA) or three letters such as UAL (ICAO)")
    number = part("FlightNumber", _NUMBER, "it is one to four digits")
    suffix = part("OperationalSuffix", _SUFFIX, "it is one letter")
    station = "it is an airport's code such as EWR (IATA) or KEWR (ICAO)"
    origin, destination = part("DepartureAirport", _STATION, station), part("ArrivalAirport", _STATION, station)
    day = part("OriginDate", _ORIGIN_DATE, "it is the flight's first day such as 2025-09-10")
    attempt = part("RepeatNumber", _ATTEMPT, "it is a number from 1 to 99", "1")
    flight = FlightNumber(airline[0], int(number[0]), suffix[0])
    leg = LegId(flight, _day(day[1], place, node), _iata(origin[0], iata_of))
    return leg, _iata(destination[0], iata_of), int(attempt[1])


def _day(value: str, place: str, node: Node) -> date:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = date.min
    if not 1970 <= day.year < 2100:
        element = child(node, "OriginDate")
        what = f"OriginDate is {quote(value)}, a day on which nothing flies"
        line = (node if element is None else element).line
        raise UnreadableLeg(f"{place}OriginDate", line, what, "it is the flight's first day such as 2025-09-10")
    return day


def _iata(code: str, iata_of: IataOf) -> str:
    return code if len(code) == 3 else iata_of(code) or code  # a field without IATA code goes by its ICAO code


def _named(node: Node | None) -> str:
    """A leg that is refused, by what can be read of it."""
    airline, number, suffix, origin, destination, day = (
        text(child(node, name))[:10]
        for name in ("Airline", "FlightNumber", "OperationalSuffix", "DepartureAirport", "ArrivalAirport", "OriginDate")
    )
    return f"{airline or '?'}{number or '?'}{suffix} {origin or '?'}-{destination or '?'} {day or '?'}"


def _observe_diversion(data: Node | None, destination: str, diverted: bool, iata_of: IataOf, observe: Observe) -> None:
    """A diversion or re-routing leaves ArrivalAirport as it was and adds to PlannedArrivalAptHistory.

    Where the newest entry is elsewhere the leg is diverted there, whatever its status says. Where it is the scheduled
    destination the leg goes there (again), unless its status is diverted: then it is not known where to.
    """
    history = [code for node in in_order(children(data, "PlannedArrivalAptHistory")) if (code := text(node).upper())]
    newest = _iata(history[-1], iata_of) if history and _STATION.fullmatch(history[-1]) else None
    if newest and newest != destination:
        observe("diverted_to", newest)
    elif diverted:
        observe("diverted_to", "")
    elif newest:
        observe("diverted_to", None)


def _observe_links(
    data: Node | None, leg: LegId, destination: str, iata_of: IataOf, *, observe: Observe, warn: Warn
) -> None:
    """The legs that the same aircraft flies before (inbound, upline) and after (onward, downline)."""
    for n, node in enumerate(children(data, "AssociatedFlightLegAircraft"), 1):
        place = f"LegData/AssociatedFlightLegAircraft[{n}]"
        try:
            other, other_destination, _ = _identify(node, "", node, iata_of) if len(node) else (None, "", 1)
        except UnreadableLeg as error:
            warn(f"{place}/{error.place}", f"{error.what}; {error.right}")
            continue
        said = node.get("FlightSequence", "").strip().lower()
        field = {"upline": "inbound", "downline": "onward"}.get(said)
        if field is None and other:
            field = _sequence(other, other_destination, leg, destination)
        if field is None or other == leg:
            warn(place, "names no leg before (upline) or after (downline) this one; passed over")
        else:
            observe(field, str(other) if other else None)


def _sequence(other: LegId, other_destination: str, leg: LegId, destination: str) -> str | None:
    """Before AIDX 16.1 there is no FlightSequence; airports tell, and days where two legs go to and fro."""
    before, after = other_destination == leg.origin, other.origin == destination
    if before and after:
        before, after = other.date < leg.date, other.date > leg.date
    return "inbound" if before else "onward" if after else None
