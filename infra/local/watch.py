"""A board, or one flight, live in the terminal: what the WebSocket sends, as it comes."""

import asyncio
import json
import re
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from chalicelib.airports import lookup
from chalicelib.core import clock
from chalicelib.flights.identity import InvalidFlight, LegId
from infra.local import cloud

PING_EVERY = 300  # seconds; API Gateway closes what is silent for ten minutes
FRESH = timedelta(seconds=20)  # how long a change stands out
PAST = timedelta(minutes=20)  # how long a flight stays on the board after its time
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds between attempts to connect; it doubles
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT.*Z")
STYLES = {
    "cancelled": "bold red", "diverted": "bold red", "returned": "bold red",
    "boarding": "green", "final-call": "bold yellow", "gate-closed": "yellow", "arrived": "dim", "airborne": "cyan",
}  # fmt: skip


@dataclass
class Board:
    """What is known of a topic: the rows (`flights.answers.FlightRow`), and what changed last.

    `zone` is that of the airport whose times are shown.
    """

    topic: str
    zone: ZoneInfo
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: deque[tuple[datetime, str]] = field(default_factory=lambda: deque(maxlen=8))  # the newest first
    fresh: dict[str, datetime] = field(default_factory=dict)  # when each flight changed last, by this machine's clock
    parts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def arrivals(self) -> bool:
        """Whether it shows who comes rather than who goes."""
        return self.topic.endswith(":arrivals")

    def take(self, message: dict[str, Any], now: datetime) -> list[str]:
        """Take a message of the WebSocket (`live.messages`); returns what it says, in lines to print."""
        match message.get("type"):
            case "state" if message["topic"] == self.topic:
                return self._state(message)
            case "change":
                return self._change(message, now)
            case "error":
                return [f"refused: {message['detail']}"]
            case None:  # API Gateway's own, such as Internal server error
                return [f"refused: {message.get('message', message)}"]
        return []

    def _state(self, message: dict[str, Any]) -> list[str]:
        if message["part"] == 1:
            self.parts = []
        self.parts.append(message)
        if len(self.parts) < message["parts"]:
            return []
        told = {row["id"]: row for part in self.parts for row in part["flights"]}
        newer = {id_: row for id_, row in self.rows.items() if row["version"] > told.get(id_, row)["version"]}
        self.rows = told | newer
        if not self.rows and self.topic.startswith("flight:"):
            return [f"no flight {self.title} is known yet; it shows when it changes for the first time"]
        return [f"{len(self.rows)} flights on {self.topic}", *(self.line(row) for row in self.in_order())]

    def _change(self, message: dict[str, Any], now: datetime) -> list[str]:
        row = message["flight"]
        known = self.rows.get(row["id"], {"version": 0})["version"]
        if known >= row["version"]:
            return []
        if row["shown"]:
            self.rows[row["id"]] = row
        else:
            self.rows.pop(row["id"], None)
        self.fresh[row["id"]] = now
        news = [
            (change["kind"], self.change_line(row, change))
            for change in message["changes"]
            if change["version"] > known
        ]
        self.changes.extendleft((now, line) for kind, line in news if kind != "updated")  # room for what matters
        return [line for _, line in news]

    def times(self, row: dict[str, Any]) -> tuple[str, str]:
        """When it was to leave (or to come), and when it is now expected to; empty where that is not known."""
        end, event = ("arrival", "in") if self.arrivals else ("departure", "out")
        scheduled: str = row[end].get(f"scheduled_{event}", "")
        return scheduled, row[end].get(f"expected_{event}", scheduled)

    def in_order(self) -> list[dict[str, Any]]:
        """The rows as a board has them: by the time that counts now."""
        return sorted(self.rows.values(), key=lambda row: (self.times(row)[1], row["id"]))

    @property
    def title(self) -> str:
        """What is watched, as a person says it."""
        kind, _, rest = self.topic.partition(":")
        return rest if kind == "flight" else f"{rest.partition(':')[0]} {rest.partition(':')[2]}"

    @property
    def places(self) -> tuple[str, ...]:
        """Where to go, as headings of a board's columns."""
        return ("Terminal", "Gate", "Belt") if self.arrivals else ("Terminal", "Gate")

    def where(self, row: dict[str, Any]) -> list[str]:
        """Where to go: a value for each of `places`."""
        end = row["arrival" if self.arrivals else "departure"]
        return [end.get(name.lower(), "") for name in self.places]

    def status(self, row: dict[str, Any]) -> str:
        """The phase, and how late."""
        minutes = row["arrival" if self.arrivals else "departure"].get("delay_minutes")
        late = f" {minutes:+d} min" if row["delayed"] and minutes else ""
        to = f" to {row['diverted_to']}" if row.get("diverted_to") else ""
        return f"{row['phase'].replace('-', ' ')}{to}{late}"

    def line(self, row: dict[str, Any]) -> str:
        """A row as a line of text."""
        scheduled, expected = (_shown(time, self.zone) for time in self.times(row))
        places = [f"{name.lower()} {at}" for name, at in zip(self.places, self.where(row), strict=True) if at]
        return f"{scheduled} {expected} {_leg(row)}  {' '.join(places):<20} {self.status(row)}"

    def change_line(self, row: dict[str, Any], change: dict[str, Any]) -> str:
        """A change as a line of text; times as the clocks show them at the end of the leg they are of."""
        kind = change["kind"].replace("-", " ")
        if change["field"] in ("stage", "phase", "cancelled", "returned"):
            return f"{_leg(row)}  {kind}"
        end = row["arrival" if change["field"].endswith(("_in", "_on")) else "departure"]
        before, after = (_shown(change[side], ZoneInfo(end.get("zone", "UTC"))) for side in ("before", "after"))
        name = change["field"].replace("_", " ")
        step = after if before == "none" else f"{before} → {after}"
        return f"{_leg(row)}  {kind}: {name} {step}"


def _leg(row: dict[str, Any]) -> str:
    return f"{row['number']:<8}{row['departure']['airport']}→{row['arrival'].get('airport', '?')}"


def _shown(value: Any, zone: ZoneInfo) -> str:
    """An instant as a zone's clocks show it; any other value as it is."""
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return datetime.fromisoformat(value).astimezone(zone).strftime("%H:%M")
    if value in (None, "", []):
        return "none"
    if isinstance(value, list):  # codeshares; or delay codes with their reasons
        return ", ".join(each["reason"] if isinstance(each, dict) else each for each in value)
    return str(value)


def render(board: Board, note: str, now: datetime, flight_now: datetime, height: int) -> RenderableType:
    """The board as it fits a terminal of that height: what is to come, what just happened, and the connection."""
    since = clock.instant(flight_now - PAST)
    rows = [row for row in board.in_order() if (board.times(row)[1] or since) >= since]
    shown = (rows or board.in_order()[-5:])[: max(3, height - 8 - len(board.changes))]
    title = f"[bold]{board.title}[/]   {flight_now.astimezone(board.zone):%H:%M} {board.zone.key}"
    table = Table(title=title, title_style="", box=SIMPLE_HEAD, expand=True)
    for name in ("Time", "Now", "Flight", "From" if board.arrivals else "To", *board.places, "Status"):
        table.add_column(name, no_wrap=True)
    for row in shown:
        changed = board.fresh.get(row["id"])
        style = "reverse" if changed and now - changed < FRESH else STYLES.get(row["phase"], "")
        scheduled, expected = (_shown(time, board.zone) for time in board.times(row))
        other = row["departure" if board.arrivals else "arrival"]
        table.add_row(
            scheduled,
            expected if expected != scheduled else "",
            Text.assemble(row["number"].ljust(7), (" ".join(row["codeshares"][:2]), "dim")),
            f"{other.get('airport', '?')} {other.get('city', '')}",
            *board.where(row),
            Text(board.status(row), "red" if row["delayed"] and not style else ""),
            style=style,
        )
    lines = [Text(line, "bold" if now - at < FRESH else "dim", no_wrap=True) for at, line in board.changes]
    return Group(table, *lines, Text(note, "dim" if note.startswith("connected") else "bold red"))


def watch(what: str, *, arrivals: bool, url: str | None, console: Console) -> int:
    """Print a board or a flight until Ctrl-C. Returns the exit code; raises ValueError for what can't be watched."""
    board = Board(*_topic(what, arrivals))
    flight_clock = ""
    if url is None:
        try:
            running = cloud.find()
            url, flight_clock = running.websocket, running.environment["FLIGHT_CLOCK"]
        except cloud.NotRunning as problem:
            raise ValueError(f"{problem}; or say where to watch with --url wss://…") from None
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(_watch(board, url, lambda: clock.flight_now(flight_clock, clock.wall_now()), console))
    except InvalidURI:
        raise ValueError(f"{url} is not a WebSocket's address; one looks like ws://localhost:8001") from None
    return 0


def _topic(what: str, arrivals: bool) -> tuple[str, ZoneInfo]:
    if airport := lookup.airport(what):
        return f"airport:{airport.iata or airport.icao}:{'arrivals' if arrivals else 'departures'}", lookup.zone(what)
    try:
        leg = LegId.parse(what)
    except InvalidFlight:
        raise ValueError(
            f"{what!r} is neither an airport such as EWR nor a flight's id such as UA1545-20130710-EWR"
        ) from None
    return f"flight:{leg}", lookup.zone(leg.origin)


async def _watch(board: Board, url: str, flight_now: Callable[[], datetime], console: Console) -> None:
    if not console.is_terminal:
        plain: dict[str, Any] = {"sep": "\n", "soft_wrap": True, "highlight": False, "markup": False}
        await _follow(board, url, lambda lines, note: console.print(*lines or [note], **plain))
        return
    note = "connecting …"

    def draw() -> RenderableType:
        return render(board, note, clock.wall_now(), flight_now(), console.height)

    def told(_: list[str], news: str) -> None:
        nonlocal note
        note = news or note

    with Live(get_renderable=draw, console=console, screen=True, refresh_per_second=4):
        await _follow(board, url, told)


async def _follow(board: Board, url: str, tell: Callable[[list[str], str], None]) -> None:
    """Keep watching, over every loss of the connection; `tell` is given lines, or a note on the connection."""
    pause = FIRST_PAUSE
    while True:
        try:
            async with connect(url, max_size=None, ping_interval=None) as socket:
                tell([], f"connected to {url}")
                await socket.send(json.dumps({"action": "watch", "topics": [board.topic]}))
                pinging = asyncio.create_task(_ping(socket.send))
                try:
                    async for message in socket:
                        pause = FIRST_PAUSE
                        if lines := board.take(json.loads(message), clock.wall_now()):
                            tell(lines, lines[0] if lines[0].startswith(("refused", "no flight")) else "")
                finally:
                    pinging.cancel()
            why = "the other side closed it"
        except (OSError, InvalidHandshake, ConnectionClosed, TimeoutError) as lost:
            why = str(lost) or type(lost).__name__
        tell([], f"no connection to {url} ({why}); trying again in {pause:.0f} s")
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def _ping(send: Callable[[str], Any]) -> None:
    while True:
        await asyncio.sleep(PING_EVERY)
        await send(json.dumps({"action": "ping"}))
