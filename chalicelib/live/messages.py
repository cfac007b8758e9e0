"""What clients say over the WebSocket, and what they are told: JSON both ways.

| a client says | and is told |
| --- | --- |
| {"action": "watch", "topics": [...]} | each topic's `state`, then `watching`; again for what it watches already |
| {"action": "unwatch", "topics": [...]} | `watching` |
| {"action": "ping"} | what it is owed, if it was too slow before; then `pong`, `at` by the flight clock |
| anything else | `error` with `detail` and, for each thing wrong, `errors` |

A topic is `airport:EWR:departures`, `airport:EWR:arrivals`, `flight:UA1545-20260710-EWR` or
`seats:UA1545-20260710-EWR`. A message is done as a whole or not at all. Messages that do not wait for each other's
answer may be done in any order.

- `{"type": "state", "topic": ..., "part": 1, "parts": 4, "flights": [...]}` replaces what the client knew of the topic;
  parts have at most 30,000 bytes. A board covers the window that REST shows without `from` and `to`. A flight nobody
  knows yet is an empty state, and is told from its first change on: its first appearance is not a change.
- `{"type": "change", "flight": {...}, "version": 7, "changes": [...]}` is one flight as it now stands, and its changes
  since the last push, oldest first. They may begin before what the client has: those it skips, by their `version`.
  They may begin after the next it expects (very many at once): those are in `GET /v1/flights/{id}/history?after=`.
  A flight with `"shown": false` is to be taken off.
- `{"type": "state", "topic": "seats:...", "part": 1, "parts": 1, "seats": {...}}` are all seats of a flight, as
  `GET /v1/flights/{id}/seats` shapes them; again whenever a booking takes or frees some. `seats` is null for a flight
  that is not sold. Of two, the one with the higher `version` holds, in whatever order they come. A held seat says until
  when: a client shows it free from then on, as nothing is sent at that moment.

Flights are shaped as REST shapes them (`flights.answers`). Each carries its `version`: what is not newer than what a
client has, it can skip. API Gateway closes what is silent for ten minutes: clients send pings.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from chalicelib.core.clock import instant
from chalicelib.core.errors import Fault, Invalid, Unavailable
from chalicelib.flights.answers import ChangeLine, FlightRow
from chalicelib.flights.model import Change, Flight
from chalicelib.live.model import parse

if TYPE_CHECKING:
    from chalicelib.pricing.inventory import Inventory

MAX_SAID = 4096  # bytes of a client's message
MAX_NAMED = 50  # topics in a client's message
PART = 30_000  # bytes of a message to a client; a frame of API Gateway's ends at 32 KB

_Topic = Annotated[str, AfterValidator(lambda text: str(parse(text)))]


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Watching(_Said):
    """The client wants to watch topics, or not to watch them any more."""

    action: Literal["watch", "unwatch"]
    topics: Annotated[list[_Topic], Field(min_length=1, max_length=MAX_NAMED)]


class Ping(_Said):
    """The client is there."""

    action: Literal["ping"]


_said: TypeAdapter[Watching | Ping] = TypeAdapter(Annotated[Watching | Ping, Field(discriminator="action")])


def understand(text: str) -> Watching | Ping:
    """What a client says; topics in their one spelling. Raises Invalid, with each thing wrong."""
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_SAID:
        raise Invalid(f"the message has {size} bytes; at most {MAX_SAID} are read")
    try:
        return _said.validate_json(text.encode(errors="replace"))
    except ValidationError as error:
        faults = [_fault(e) for e in error.errors(include_url=False, include_input=False)]
        raise Invalid(
            f"the message can't be used: {'; '.join(f'{f.name} {f.detail}' for f in faults)}", faults
        ) from None


def _fault(error: Any) -> Fault:
    # The first step of a place inside is the action, by which pydantic chose the shape.
    name = ".".join(str(step) for step in error["loc"][1:]) or "message"
    match error["type"]:
        case "json_invalid":
            return Fault("message", name, f"is not JSON: {error['ctx']['error']}")
        case "union_tag_not_found" | "union_tag_invalid":
            return Fault("message", "action", "is watch, unwatch or ping")
        case "model_attributes_type" | "model_type" | "dict_type":
            return Fault("message", name, 'is not an object such as {"action": "ping"}')
        case "extra_forbidden":
            return Fault("message", name, "is not known here")
        case "missing":
            return Fault("message", name, "is missing")
    reason: str = error["msg"].removeprefix("Value error, ")
    return Fault("message", name, reason[0].lower() + reason[1:])


def refusal(problem: Exception) -> bytes:
    """What went wrong, fit for the client to read."""
    told: dict[str, Any] = {"type": "error", "detail": str(problem)}
    if isinstance(problem, Unavailable):
        told["detail"] += f"; try again in {problem.retry_after} seconds"
    if isinstance(problem, Invalid) and problem.faults:
        told["errors"] = [{"in": f.place, "name": f.name, "detail": f.detail} for f in problem.faults]
    return _json(told)


def pong(at: datetime) -> bytes:
    """The answer to a ping."""
    return _json({"type": "pong", "at": instant(at)})


def watching(topics: Iterable[str]) -> bytes:
    """All that the connection watches now."""
    return _json({"type": "watching", "topics": sorted(topics)})


def state(topic: str, flights: Iterable[Flight]) -> Iterator[bytes]:
    """A topic's flights as they stand, in numbered parts."""
    rows = [FlightRow.of(flight).model_dump_json(exclude_none=True).encode() for flight in flights]
    parts = _packed(rows, PART - len(_part(topic, 9999, 9999, [])))
    for number, part in enumerate(parts, 1):
        yield _part(topic, number, len(parts), part)


def seats(topic: str, inventory: "Inventory | None", at: datetime) -> bytes:
    """The seats of a flight as they stand at an instant (wall clock); None: it is not sold."""
    from chalicelib.pricing.answers import FlightSeats

    shown = FlightSeats.of(inventory, at).model_dump_json(exclude_none=True, by_alias=True) if inventory else "null"
    head = json.dumps({"type": "state", "topic": topic, "part": 1, "parts": 1}, separators=(",", ":"))
    return f'{head[:-1]},"seats":{shown}}}'.encode()


def change(flight: Flight, changes: Sequence[tuple[int, Sequence[Change]]]) -> bytes:
    """A flight as it stands, and its changes by version, oldest first; of too many to send, the newest."""
    head = (
        b'{"type":"change","flight":' + FlightRow.of(flight).model_dump_json(exclude_none=True).encode()
        + b',"version":%d,"changes":[' % flight.version
    )  # fmt: skip
    lines: list[bytes] = []
    room = PART - len(head) - 2
    for version, of_version in reversed(changes):
        told = [ChangeLine.of(version, each).model_dump_json().encode() for each in of_version]
        room -= sum(len(line) + 1 for line in told)
        if room < 0:
            break
        lines = told + lines
    return head + b",".join(lines) + b"]}"


def _part(topic: str, number: int, parts: int, rows: Sequence[bytes]) -> bytes:
    head = json.dumps({"type": "state", "topic": topic, "part": number, "parts": parts}, separators=(",", ":"))
    return head[:-1].encode() + b',"flights":[' + b",".join(rows) + b"]}"


def _packed(rows: Iterable[bytes], room: int) -> list[list[bytes]]:
    """The rows in order, as few parts as fit them so."""
    parts: list[list[bytes]] = [[]]
    left = room
    for row in rows:
        if len(row) > left and parts[-1]:
            parts.append([])
            left = room
        parts[-1].append(row)
        left -= len(row) + 1
    return parts


def _json(told: Any) -> bytes:
    return json.dumps(told, separators=(",", ":")).encode()
