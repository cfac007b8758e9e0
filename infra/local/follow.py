"""Follow a flight in the local cloud from the terminal: what anyone may ask of POST /v1/subscriptions."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from rich.console import Console

from chalicelib.airports import lookup
from chalicelib.core import clock
from chalicelib.flights.identity import FlightNumber, InvalidFlight, LegId
from infra.local import cloud

ANSWERS_WITHIN = 30  # seconds


class Refused(ValueError):
    """The cloud does not take it, or does not answer; the message says why."""


def follow(
    running: cloud.Running, what: str, on: date | None, *, by: str, address: str, language: str, console: Console
) -> int:
    """Ask to be told of a flight, and print what came back. Returns the exit code.

    Without a date it is today's flight of a number, or tomorrow's where today's has left. Raises ValueError for what
    can't be followed.
    """
    now = clock.flight_now(running.environment["FLIGHT_CLOCK"], clock.wall_now())
    today = now.astimezone(lookup.zone(running.environment["AIRPORTS"].partition(",")[0])).date()
    named = subject(what, on or today)
    if "number" in named and on is None and _has_left(running.rest, named, now):
        named["date"] = (today + timedelta(days=1)).isoformat()
    request = {**named, "channel": by, "address": address, "language": language}
    answer = ask(f"{running.rest}/v1/subscriptions", request)
    shown = json.dumps(answer, indent=2, ensure_ascii=False)
    said = f"Asked to tell {address} by {by} of {' '.join(named.values())}:"
    console.print(said, shown, sep="\n", markup=False, highlight=False, soft_wrap=True)
    hint = f"Nothing is told before that is confirmed: see {running.rest}/local/outbox"
    if by == "sms":
        hint += (
            ", and send the code:\ncurl -H 'Content-Type: application/json' -d '{\"code\": \"…\"}' "
            f"{running.rest}/v1/subscriptions/{answer['id']}/confirmation"
        )
    console.print(hint, markup=False, highlight=False, soft_wrap=True)
    return 0


def _has_left(rest: str, named: Mapping[str, str], now: datetime) -> bool:
    """Whether a number's flights of a date are known, and none of them is still to leave."""
    flights = ask(f"{rest}/v1/flights?{urlencode(named)}")["flights"]
    leaves = [flight["departure"].get("expected_out", "") for flight in flights]
    return bool(leaves) and max(leaves) < clock.instant(now)


def subject(what: str, on: date) -> dict[str, str]:
    """What is followed, as the route asks for it: a leg's id, a route such as EWR-LAX, or a flight number.

    The latter two on a date. Raises ValueError.
    """
    text = what.strip().upper()
    try:
        return {"flight": str(LegId.parse(text))}
    except InvalidFlight:
        pass
    if found := re.fullmatch(r"([A-Z]{3})-([A-Z]{3})", text):
        return {"origin": found[1], "destination": found[2], "date": on.isoformat()}
    try:
        return {"number": str(FlightNumber.parse(text)), "date": on.isoformat()}
    except InvalidFlight:
        raise ValueError(
            f"{what!r} is nothing to follow; that is a flight number such as UA1545, a route such as EWR-LAX, "
            "or a flight's id such as UA1545-20130710-EWR"
        ) from None


def ask(url: str, body: Mapping[str, Any] | None = None) -> Any:
    """GET a route of the REST API, or POST a body to it; its answer. Raises Refused."""
    sent = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, sent, {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is on this machine
    try:
        with opener.open(request, timeout=ANSWERS_WITHIN) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            raise Refused(_why(refusal.read())) from None
    except OSError as problem:
        raise Refused(f"{url} does not answer: {problem}") from None


def _why(body: bytes) -> str:
    """A problem (RFC 9457) in words; or whatever it is."""
    try:
        problem = json.loads(body)
        faults = [f"{fault['name']} {fault['detail']}" for fault in problem.get("errors", ())]
        return "; ".join([problem.get("detail") or problem.get("title") or problem["message"], *faults])
    except (ValueError, TypeError, KeyError, AttributeError):
        return body.decode(errors="replace")[:300]
