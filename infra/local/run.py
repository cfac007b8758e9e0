"""Runs the local cloud until it is asked to end, and says on the terminal what is happening and what to try."""

import importlib
import json
import logging
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner

from infra import webapp
from infra.local import cloud, follow
from infra.local.applog import AppLog
from infra.local.functions import Functions
from infra.local.gateway import outbox as outbox_page
from infra.local.gateway.serving import HOST, PortInUse, listening, serving
from infra.local.measures import Measures
from infra.local.outbox import Outbox
from infra.local.triggers import Triggers

STOP_SECONDS = 3
PLAIN: dict[str, Any] = {"markup": False, "highlight": False, "soft_wrap": True}  # of what a line holds
FILL_SECONDS = 5  # after which it is said to run, with what is in by then


@dataclass(frozen=True)
class Settings:
    """What `make run` can be told."""

    port: int = 8000
    ws_port: int = 8001
    speed: float = 1  # flight-clock seconds per second
    airports: str = ""  # comma separated; empty: as in .chalice/config.json
    directory: Path = cloud.DIRECTORY  # of the log, and of the note for other commands
    show_log: bool = False  # on the terminal, instead of in the file


class AlreadyRuns(RuntimeError):
    """Another cloud runs from the same directory; two would share a log and a note."""


def run(settings: Settings, console: Console) -> int:
    """Run until KeyboardInterrupt, by Ctrl-C or SIGTERM. Returns the exit code."""
    ending = threading.Event()
    try:
        with ExitStack() as stack:
            try:
                _start(settings, console, stack, ending)
                while True:  # a signal that comes just before a wait without an end would not end it
                    time.sleep(1)
            except KeyboardInterrupt:
                ending.set()
                for name in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(name, signal.SIG_IGN)  # it ends already, within seconds
                stack.enter_context(_progress(console, "Ending …"))
    except (PortInUse, AlreadyRuns) as problem:
        console.print(f"[red]Gatecall can't start:[/] {problem}", soft_wrap=True)
        return 1
    console.print("Ended.")
    return 0


def _start(settings: Settings, console: Console, stack: ExitStack, ending: threading.Event) -> None:
    """Start everything; it ends with the stack."""
    from chalicelib.core import aws

    with suppress(cloud.NotRunning):
        raise AlreadyRuns(f"it runs here already, at {cloud.find(settings.directory).rest}")
    rest = stack.enter_context(listening("PORT", settings.port))
    websocket = stack.enter_context(listening("WS_PORT", settings.ws_port))
    port, ws_port = rest.getsockname()[1], websocket.getsockname()[1]

    def note(text: str) -> None:
        console.print(f"[yellow]Note:[/] {escape(text)}", soft_wrap=True)

    web_app = _web_app(console, note)
    measures = Measures()
    stack.enter_context(_logging(settings, console, ending, measures))
    with _progress(console, "Starting the cloud …") as progress:
        address = f"http://localhost:{port}"
        given = {
            "FLIGHT_CLOCK": "" if settings.speed == 1 else f"{datetime.now(UTC).isoformat()}*{settings.speed:g}",
            "SHORT_URL": address,
            "EMAIL_SENDER": "Gatecall <flights@gatecall.test>",
            "EMAIL_RATE": "1000",
            "SMS_RATE": "1000",
            "WEBHOOKS_TO": "anywhere",
        }
        if settings.airports:
            given["AIRPORTS"] = settings.airports
        environment = stack.enter_context(cloud.services(note))
        environment["AWS_ENDPOINT_URL_LAMBDA"] = f"http://{HOST}:{ws_port}"
        cloud.point_here(environment)
        environment |= cloud.provision(given, settings.speed)
        os.environ.update(environment)
        cloud.write_urls(address, f"ws://localhost:{ws_port}")
        progress.update(text="Loading the app …")
        functions, triggers = _app(environment, measures)
        for name in triggers.not_run:
            note(f"nothing calls {name} here: its kind of trigger has no stand-in")
        outbox = Outbox(lambda message: console.print(f"{message.at.astimezone():%H:%M:%S}  {message}", **PLAIN))
        stack.enter_context(outbox.watching())
        local = outbox_page.application(outbox)
        stack.enter_context(serving(functions, rest, websocket, compress_from=_compress_from(), web_app=web_app,
                                    local=local, measured=measures.request))  # fmt: skip
        stack.enter_context(measures.watching(aws.client("cloudwatch")))
        stack.callback(triggers.stop, STOP_SECONDS)
        filled = _fill(triggers, progress)
        triggers.start()
        running = cloud.Running(os.getpid(), address, f"ws://localhost:{ws_port}", environment)
        stack.callback(cloud.remove_note, settings.directory)
        cloud.write_note(settings.directory, running)
    _welcome(console, settings, running, web_app)
    if not filled:
        note("the flights of yesterday and tomorrow are still coming in, for a few seconds more")


def _web_app(console: Console, note: Callable[[str], None]) -> Path | None:
    """The directory of the web app, as it is now or, where that can't be built, as it was; None where there is none."""
    directory = webapp.DIST if (webapp.DIST / webapp.INDEX).is_file() else None
    try:
        with webapp.telling(console) as say:
            webapp.build(say)
    except webapp.NotBuilt as reason:
        what = "the web app is as it was built before" if directory else "there is no web app, but all else runs"
        note(f"{what}: {reason}")
        return directory
    return webapp.DIST


def _app(environment: dict[str, str], measures: Measures) -> tuple[Functions, Triggers]:
    from botocore.config import Config
    from botocore.session import get_session

    from chalicelib.core import aws, clock
    from chalicelib.core.deadletters import set_aside

    functions = Functions(importlib.import_module("app").app, set_aside=set_aside, measured=measures.run)
    clients: dict[str, Any] = {name: aws.client(name) for name in ("sns", "sqs")}
    # dynoxide's shard ids are shorter than botocore thinks they may be
    clients["dynamodbstreams"] = get_session().create_client(
        "dynamodbstreams", config=Config(parameter_validation=False)
    )
    setting = environment["FLIGHT_CLOCK"]
    return functions, Triggers(
        functions, clients, set_aside=set_aside, now=lambda: clock.flight_now(setting, clock.wall_now())
    )


def _compress_from() -> int | None:
    size: int | None = json.loads((cloud.ROOT / ".chalice" / "config.json").read_text()).get("minimum_compression_size")
    return size


def _fill(triggers: Triggers, progress: Spinner) -> bool:
    """Run every scheduled function once, so that there is something to see. Returns whether all is in.

    Today's flights come first; who wants to look need not wait for the others.
    """
    began = time.monotonic()
    for schedule in triggers.schedules:
        work = threading.Thread(target=schedule.run, args=(schedule.now(),), daemon=True)
        work.start()
        while work.is_alive():
            progress.update(text=f"Filling it ({schedule.source.name}) … {time.monotonic() - began:.0f} s")
            work.join(0.2)
            if time.monotonic() - began > FILL_SECONDS:
                return False
    return True


@contextmanager
def _progress(console: Console, text: str) -> Iterator[Spinner]:
    """What is happening now, on a line that goes away. stdout is left alone: it is the app's log already."""
    spinner = Spinner("dots", text)
    with Live(spinner, console=console, transient=True, redirect_stdout=False, redirect_stderr=False):
        yield spinner


@contextmanager
def _logging(settings: Settings, console: Console, ending: threading.Event, measures: Measures) -> Iterator[None]:
    """Send what the app and its tools write to the log, and what is amiss to the terminal, in short."""

    def show(level: str, message: str) -> None:
        if not ending.is_set() and not settings.show_log:
            colour = "yellow" if level == "WARNING" else "red"
            console.print(f"[{colour}]{level.lower()}[/] {escape(message[:200])}", soft_wrap=True)

    settings.directory.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        file = sys.stderr if settings.show_log else stack.enter_context((settings.directory / "app.log").open("w"))
        log = AppLog(file, show, measured=measures.line)
        stack.enter_context(redirect_stdout(log))
        stack.enter_context(redirect_stderr(log))
        logging.basicConfig(
            stream=log, level=logging.WARNING, format="%(levelname)s: %(name)s: %(message)s", force=True
        )
        logging.getLogger("werkzeug").setLevel(logging.WARNING)  # moto's requests
        yield


def _flight_to_follow(rest: str, airport: str) -> str:
    """The number of a flight that has yet to leave; any number where none is known."""
    try:
        board = follow.ask(f"{rest}/v1/airports/{airport}/departures?limit=200")
    except follow.Refused:
        return "UA1545"
    to_leave = [row["number"] for row in board["flights"] if row["phase"] in ("scheduled", "check-in")]
    return str(to_leave[len(to_leave) // 2]) if to_leave else "UA1545"


def _welcome(console: Console, settings: Settings, running: cloud.Running, web_app: Path | None) -> None:
    airport = running.environment["AIRPORTS"].partition(",")[0]
    python = os.path.relpath(sys.executable) if shutil.which("make") else sys.executable
    rest = running.rest
    board = f"airports/{airport}/departures"
    pages = f"""{rest}/
         {rest}/{board}  (the board)
         {rest}/docs  (the API)""" if web_app else f"""{rest}/docs
         {rest}/v1/{board}"""  # fmt: skip
    pace = "as the clock" if settings.speed == 1 else f"{settings.speed:g} times as fast as the clock"
    console.print(f"""
[bold green]Gatecall runs.[/] One day of operations is repeated, {pace}. Ctrl-C ends it.

  [bold]Open[/]   {pages}
         {rest}/local/outbox  (messages as they go out)
         {running.websocket}  (WebSocket)
  [bold]Try[/]    {python} -m infra.local watch {airport}
         {python} -m infra.local follow {_flight_to_follow(rest, airport)} --email me@example.com
         {python} -m infra admin --email admin@example.com
         curl '{rest}/v1/airports?q=lon'
         curl '{rest}/v1/airports/{airport}/arrivals?limit=3'
         curl {rest}/v1/health
  [bold]Log[/]    {'below' if settings.show_log else os.path.relpath(settings.directory / 'app.log')}
""", highlight=False, soft_wrap=True)  # fmt: skip
