"""python -m infra.local run | watch … | follow …"""

import argparse
import os
import signal
import sys
from datetime import date
from pathlib import Path

from rich.console import Console

from infra.local import cloud


def main(arguments: list[str] | None = None) -> int:
    """Run the command that the arguments ask for. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.local", description="Gatecall on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run it (make run)", description=(
        "Runs Gatecall on this machine. Settings from the environment: PORT (8000), WS_PORT (8001), "
        "SPEED (flight-clock seconds per second, 1), AIRPORTS (comma separated)."))  # fmt: skip
    run.add_argument(
        "--directory", type=Path, default=cloud.DIRECTORY, help="of the log and of the note for other commands"
    )
    run.add_argument("--show-log", action="store_true", help="on the terminal, instead of in a file")
    watch = commands.add_parser("watch", help="print a board, or a flight, live")
    watch.add_argument("what", help="an airport such as EWR, or a flight's id such as UA1545-20130710-EWR")
    watch.add_argument("--arrivals", action="store_true", help="the airport's arrivals instead of its departures")
    watch.add_argument("--url", help="the WebSocket's address; else that of the local cloud")
    follow = commands.add_parser("follow", help="be told of a flight, by messages that the outbox shows")
    follow.add_argument("what", help="a flight number such as UA1545, a route such as EWR-LAX, or a flight's id")
    channel = follow.add_mutually_exclusive_group(required=True)
    channel.add_argument("--email", help="such as me@example.com")
    channel.add_argument("--sms", help="a phone number such as +12025550123")
    channel.add_argument("--webhook", help="an address such as http://localhost:9000/hook")
    follow.add_argument("--date", type=date.fromisoformat, help="at the origin, such as 2026-07-10; else today")
    follow.add_argument("--language", default="en", help="en, es, fr, de or zh (default: %(default)s)")
    follow.add_argument("--directory", type=Path, default=cloud.DIRECTORY, help="of the note that a cloud runs")
    given = parser.parse_args(arguments)
    console = Console(file=sys.stdout)
    for name in (signal.SIGINT, signal.SIGTERM):  # also where our parent ignores them, as a shell's background does
        signal.signal(name, signal.default_int_handler)
    try:
        if given.command == "watch":
            from infra.local.watch import watch as watch_live

            return watch_live(given.what, arrivals=given.arrivals, url=given.url, console=console)
        if given.command == "follow":
            from infra.local.follow import follow as ask_to_follow

            by, address = next((n, value) for n in ("email", "sms", "webhook") if (value := getattr(given, n)))
            return ask_to_follow(
                cloud.find(given.directory), given.what, given.date,
                by=by, address=address, language=given.language, console=console,
            )  # fmt: skip
        return _run(given, console)
    except (ValueError, cloud.NotRunning) as problem:
        console.print(str(problem), style="red", markup=False, soft_wrap=True)
        return 2


def _run(given: argparse.Namespace, console: Console) -> int:
    from infra.local.run import Settings, run

    settings = Settings(
        port=_number("PORT", 8000),
        ws_port=_number("WS_PORT", 8001),
        speed=_speed(),
        airports=_airports(),
        directory=given.directory,
        show_log=given.show_log,
    )
    code = run(settings, console)
    sys.stdout.flush()
    # Everything is closed and its data is gone. A function may still be at work, in threads that an ordinary exit
    # would wait for; like Lambda, we do not.
    os._exit(code)


def _number(name: str, usual: int) -> int:
    text = os.environ.get(name) or str(usual)
    if not text.isdigit() or int(text) > 65535:
        raise ValueError(f"{name}={text} is not a port; one is a number up to 65535")
    return int(text)


def _speed() -> float:
    text = os.environ.get("SPEED") or "1"
    try:
        speed = float(text)
    except ValueError:
        speed = 0
    if not 0 < speed <= 86400:
        raise ValueError(f"SPEED={text} is not a speed; it is flight-clock seconds per second, such as 60")
    return speed


def _airports() -> str:
    from chalicelib.airports.lookup import airport

    codes = [code.strip().upper() for code in os.environ.get("AIRPORTS", "").split(",") if code.strip()]
    for code in codes:
        if airport(code) is None:
            raise ValueError(f"AIRPORTS: {code} is not an airport; name some such as EWR,JFK")
    return ",".join(codes)


if __name__ == "__main__":
    sys.exit(main())
