"""Takes what an airport system pushes over HTTP, and answers it in its own words."""

import json
import time

from chalicelib.airports.lookup import airport
from chalicelib.core.callers import Machine
from chalicelib.core.clock import Now
from chalicelib.core.errors import Fault, Invalid, Unavailable
from chalicelib.core.routes import Document
from chalicelib.core.telemetry import logger
from chalicelib.flights import ingest, read
from chalicelib.flights.feeds import aidx
from chalicelib.flights.feeds.aidx.answer import respond, respond_error
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import FlightUpdate, Observation

XML = "text/xml; charset=utf-8"  # application/xml is binary to API Gateway here and would need an Accept header


def take_aidx(document: bytes, machine: Machine, now: Now, *, as_json: bool) -> Document:
    """Take an AIDX message from the machine's airport system; its source is `aidx:<the key's name>`.

    A leg is taken that leaves or reaches one of the key's airports and is not locked. Raises Invalid, for a client
    that wants JSON, where nothing could be taken; otherwise all that is wrong stands in the answer.
    """
    source = f"aidx:{machine.name}"
    try:
        message = aidx.read(document, source=source, received_at=now.flight, iata_of=_iata_of)
    except aidx.UnreadableMessage as error:
        logger.warning("an AIDX message can't be read", feed=source, place=error.place)
        if as_json:
            raise
        status = 413 if isinstance(error, aidx.TooLarge) else 400
        return Document(respond_error(error, now.flight).decode(), XML, status)
    refused = []
    updates = []
    try:
        locked = _locked([leg.update.leg for leg in message.legs], source, now)
        for leg in message.legs:
            refusal = _not_for(machine, leg) or (_is_locked(leg) if leg.update.leg in locked else None)
            if refusal:
                refused.append(refusal)
            else:
                updates.append(_with_lock(leg.update, leg.special_action, message))
        taken = ingest.take(updates, now, sleep=time.sleep)
        if updates:
            ingest.hear(source, machine.airports, taken, now)
        refused += [_failed(leg) for leg in message.legs if leg.update.leg in taken.failed]
        status, pause = 200, {}
    except Unavailable as error:
        refused = [_failed(leg) for leg in message.legs]
        status, pause = 503, {"Retry-After": str(error.retry_after)}
    every = sorted([*message.refused, *refused], key=lambda refusal: refusal.index)
    logger.info("an AIDX message was taken", feed=source, legs=len(updates), refused=len(every))
    if not as_json:
        return Document(respond(message, refused, now.flight).decode(), XML, status, pause)
    faults = [Fault("body", refusal.where, f"{refusal.leg}: {refusal.what}; {refusal.right}") for refusal in every]
    if status == 503:
        raise Unavailable("the message can't be taken now")
    if every and len(every) == len(message.legs) + len(message.refused):
        raise Invalid("no leg of the message could be taken", faults)
    body = {"taken": len(updates), "refused": [fault._asdict() for fault in faults]}
    return Document(json.dumps(body), "application/json", status)


def _iata_of(icao: str) -> str | None:
    found = airport(icao)
    return found.iata if found else None


def _locked(legs: list[LegId], source: str, now: Now) -> set[LegId]:
    """The legs that this source locked. What the other end's system says of them is still taken."""
    flights = read.current(legs, now.flight)
    return {flight.leg for flight in flights if flight.status.locked and flight.seen["locked"].source == source}


def _with_lock(update: FlightUpdate, special_action: str, message: aidx.Message) -> FlightUpdate:
    if special_action != "LockDown":
        return update
    observed = {**update.observed, "locked": Observation(True, message.time_stamp)}
    return FlightUpdate(update.leg, update.source, observed, update.attempt)


def _not_for(machine: Machine, leg: aidx.LegRead) -> aidx.Refusal | None:
    destination = leg.update.observed.get("destination")
    ends = {leg.update.leg.origin, destination.value if destination else None}
    if ends & set(machine.airports):
        return None
    right = f"it speaks for {', '.join(machine.airports)}"
    return _refusal(leg, "this API key does not speak for either airport of the leg", right, aidx.BAD_FORMAT)


def _is_locked(leg: aidx.LegRead) -> aidx.Refusal:
    right = "after SpecialAction LockDown nothing more is taken of it"
    return _refusal(leg, "the leg is locked", right, aidx.BAD_FORMAT)


def _failed(leg: aidx.LegRead) -> aidx.Refusal:
    return _refusal(leg, "the leg could not be kept", "send it again in a moment", aidx.CANNOT_PROCESS)


def _refusal(leg: aidx.LegRead, what: str, right: str, kind: str) -> aidx.Refusal:
    return aidx.Refusal(leg.index, str(leg.update.leg), what, right, f"//FlightLeg[{leg.index}]", None, kind)
