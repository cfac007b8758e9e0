"""Measures, and prints tables: what it asks of AWS, what it takes of a processor, how long a cold start is."""

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra.local import cloud
from tests.bench import CLOCK, cold

KEPT = (1000, 10_000)  # flights
EMAIL = {
    "PUBLIC_URL": "https://flights.test",
    "EMAIL_SENDER": "Example Air <flights@example.com>",
    "EMAIL_RATE": "1000",  # with less than 50, a call takes only so many
}


def main() -> None:
    """Run everything, which takes about six minutes."""
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 170)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    missing: list[str] = []
    with cloud.services(missing.append) as environment, Path(os.devnull).open("w") as nowhere:
        cloud.point_here(environment)
        os.environ.update(cloud.provision({"FLIGHT_CLOCK": CLOCK, "AIRPORTS": "EWR", **EMAIL}))
        with redirect_stdout(nowhere):  # the app's logs; the work of writing them is measured
            from tests.bench import day

            with _doing(console, f"keeping {KEPT[0]:,} flights"):
                day.take(day.flights(KEPT[0]))
            for reason in missing:
                console.print(f"\n[yellow]No capacity, no concurrency:[/] their figures would be wrong, as {reason}")
            if not missing:
                console.print(_capacity(console))
                console.print(_races())
                console.print(_accounts())
                console.print(_booking())
            with _doing(console, "timing warm requests"):
                warm = _processor()
            console.print(warm)
            if not missing:
                with _doing(console, "telling followers, which takes minutes"):
                    told = _telling()
                console.print(told)
            with _doing(console, "starting cold"):
                starts = _cold()
            console.print(*starts, sep="\n")


def _capacity(console: Console) -> Table:
    from tests.bench import day
    from tests.bench.capacity import Capacity

    more = day.flights(KEPT[1])
    with _doing(console, "connecting watchers"):
        capacity = Capacity(more[: KEPT[0]])
    with _doing(console, "counting calls"):
        few = dict(capacity.measure())
    with _doing(console, f"keeping {KEPT[1]:,} flights"):
        for start in range(KEPT[0], KEPT[1], 1000):
            day.take(more[start : start + 1000])
    with _doing(console, "counting calls"):
        many = dict(capacity.measure())
    table = Table(
        title="\nWhat one operation asks of AWS, as dynoxide and botocore count it",
        caption=f"One figure: the same with {KEPT[0]:,} and with {KEPT[1]:,} flights kept; else a → b (what is asked "
        "for was changed some more in between). RCU, WCU: read and write capacity units, of which the indexes took "
        "a share. kB (1,000 bytes): bodies of requests and answers of DynamoDB and SNS. Clients: messages to WebSocket "
        "clients, and their kB.",
    )
    table.add_column("operation")
    for heading in (
        "DynamoDB calls",
        "SNS",
        "RCU",
        "(indexes)",
        "WCU",
        "(indexes)",
        "kB sent",
        "kB received",
        "clients",
    ):
        table.add_column(heading, justify="left" if heading == "DynamoDB calls" else "right")
    for name, a in few.items():
        b = many[name]
        table.add_row(
            name,
            *(_grown(x, y) for x, y in zip(a.figures(), b.figures(), strict=True)),
        )
    return table


def _telling() -> Table:
    from tests.bench import day, telling

    table = Table(
        title="\nWhat telling one change to its followers by email asks of AWS, and other work of alerts",
        caption="From the change's message to the last mark, tables on dynoxide; SES, SNS and webhooks' servers answer "
        "from memory. Processor: of telling pages, without fan-out; botocore's packing and parsing included. "
        "Aim, per 1,000 followers by email: at most 20 SES calls, 80 DynamoDB calls, 3 WCU a follower, and no more "
        "per follower for 100,000 than for 100.",
    )
    for heading in (
        "what", "SES, SNS", "SQS", "DynamoDB", "of which", "RCU", "WCU", "WCU per follower", "DynamoDB per 1,000",
        "ms per follower",
    ):  # fmt: skip
        table.add_column(heading, justify="left" if heading in ("what", "of which") else "right")
    for name, told in telling.measure(day.flights(KEPT[0])):
        table.add_row(name, *told.figures())
    return table


def _accounts() -> Table:
    from tests.bench import accounts

    table = Table(
        title="\nWhat a person's requests ask of AWS",
        caption="Processor: milliseconds of the handler's thread, botocore's packing and parsing included. Passwords: "
        "argon2id with 19 MiB and 2 passes. Three calls of each that logs in are limits, counted in their own table.",
    )
    for heading in ("request", "DynamoDB calls", "SQS, SES", "RCU", "WCU", "processor ms"):
        table.add_column(heading, justify="left" if heading in ("request", "DynamoDB calls") else "right")
    for name, asked in accounts.measure():
        table.add_row(name, *asked.figures())
    return table


def _booking() -> Table:
    from tests.bench import booking

    table = Table(
        title="\nWhat selling seats asks of AWS",
        caption="The payment service's own calls and books are not counted. Bytes: of the booking's item and a leg's "
        "inventory, after the step. Aim: a search 1 Query for each route and day, a hold 1 transaction, a payment 1 "
        "write, and at most 7 WCU for a booking of a guest.",
    )
    for heading in ("step", "DynamoDB calls", "other calls", "RCU", "WCU", "booking, bytes", "inventory, bytes"):
        table.add_column(heading, justify="left" if heading in ("step", "DynamoDB calls", "other calls") else "right")
    for name, asked in booking.measure():
        table.add_row(name, *asked.figures())
    return table


def _races() -> Table:
    from tests.bench import day
    from tests.bench.races import race

    table = Table(
        title="\nSources that report on one flight at the same moment, each another fact (dynoxide)",
        caption="Lost races: writes that found the flight changed since they read it, and were tried again.",
    )
    for heading in ("sources", "versions", "lost races", "DynamoDB calls", "WCU of writes done", "milliseconds"):
        table.add_column(heading, justify="right")
    flights = day.still_to_leave(day.flights(KEPT[0]))
    for sources, flight in zip((1, 3, 6), reversed(flights), strict=False):
        done = race(flight.leg, sources)
        table.add_row(
            str(sources), str(done.versions), str(done.meter.refused), str(done.meter.dynamodb.total()),
            f"{done.meter.write:g}", f"{done.seconds * 1000:.0f}",
        )  # fmt: skip
    return table


def _processor() -> Table:
    from tests.bench import day, processor

    flight = day.still_to_leave(day.flights(KEPT[0]))[0]
    for second in (900, 901, 902):
        day.take([day.new_gate(flight.leg, second)])
    table = Table(
        title="\nProcessor time of a warm request, AWS's answers given from memory",
        caption=f"Microseconds of the handler's thread over {processor.TIMES} calls, from event to answer; "
        "without the network, and without botocore's packing and parsing.",
    )
    for heading in ("request", "least", "median", "times bare", "bytes of answer"):
        table.add_column(heading, justify="left" if heading == "request" else "right")
    bare = None
    for name, taken in processor.measure(flight.leg, day.committed(flight.leg)):
        bare = bare or taken
        beside = f"{taken.median / bare.median:.0f}"
        table.add_row(name, f"{taken.least:,.0f}", f"{taken.median:,.0f}", beside, f"{taken.bytes:,}")
    return table


def _cold() -> tuple[Table, Table]:
    from tests.bench import requests

    board = requests.get("/v1/airports/EWR/departures", "/v1/airports/{iata}/departures", "limit=100", iata="EWR")
    starts = cold.measure(json.dumps(board))
    floor = starts[cold.FLOOR]
    table = Table(
        title="\nA cold start",
        caption=f"Milliseconds of processor time of a fresh interpreter, bare Python included; median of {cold.RUNS} "
        "runs in turn. Not compiled: from source, as the package made by Chalice is. Aim for `import app`: at most "
        "1.25 times the floor.",
    )
    for heading in ("what", "compiled (.pyc)", "times the floor", "not compiled", "times the floor"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for name, start in starts.items():
        table.add_row(
            f"{name} (the floor)" if start is floor else name,
            f"{start.compiled:.0f}", f"{start.compiled / floor.compiled:.2f}",
            f"{start.not_compiled:.0f}", f"{start.not_compiled / floor.not_compiled:.2f}",
        )  # fmt: skip
    dearest = Table(
        title="\nThe ten packages that `import app` spends most in",
        caption="Milliseconds in the package's own modules (-X importtime, the best of 5 runs; it adds some itself).",
    )
    dearest.add_column("package")
    dearest.add_column("ms", justify="right")
    for package, milliseconds in cold.most_expensive():
        dearest.add_row(package, f"{milliseconds:.1f}")
    return table, dearest


def _grown(few: str, many: str) -> str:
    return few if few == many else f"{few} → {many}"


@contextmanager
def _doing(console: Console, what: str) -> Iterator[None]:
    console.print(f"[dim]{what} …[/]")
    yield


if __name__ == "__main__":
    main()
