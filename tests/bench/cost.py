"""What a day costs: 100 flights with 10,000 passengers each, four messages to each, 1,000,000 reads (`make cost`).

`usage` measures what each part uses, `prices` says what that costs; here it is made into a day, and printed.
"""

import logging
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Console
from rich.table import Table

from infra import resources
from infra.local import cloud
from tests.bench import CLOCK, prices
from tests.bench.log import Said
from tests.bench.prices import PRICES, Item, Usage, times, total

if TYPE_CHECKING:
    from tests.bench.usage import Measured

FLIGHTS, PASSENGERS, MESSAGES, READS = 100, 10_000, 4, 1_000_000
WATCHERS, WATCHED_MINUTES, WATCHED_CHANGES = 100_000, 10, 10  # a million messages to WebSockets
# Of the reads, the share of each; how many addresses it is asked at, and for how long an answer may be kept (seconds).
READ = {
    "a board, 100 rows": (0.35, 6, 10),
    "one flight": (0.45, FLIGHTS, 10),
    "flights by number and date": (0.15, FLIGHTS, 10),
    "airport suggestion": (0.05, 1000, 86_400),
}
AGAIN = 0.3  # of boards and flights: by who has the answer already, and it is not modified
SPEED = 60  # of the queue that holds changes back for a minute
EMAIL_RATE = 1000  # a second, that SES allows: five functions at a time send 200 a second each
ENVIRONMENTS, SECRETS = 20, 2  # of functions that run, and what each reads of SSM
KEPT = {"subscriptions": 61, "followers": 31}  # days: an address 91, its subscription 31; a follower and its ledger 31
SETTINGS = {
    "FLIGHT_CLOCK": CLOCK,
    "AIRPORTS": "EWR",
    "PUBLIC_URL": "https://flights.test",
    "EMAIL_SENDER": "Example Air <flights@example.com>",
    "EMAIL_RATE": str(EMAIL_RATE),
    "SMS_RATE": "1000",
}


class Block(NamedTuple):
    """A part of the bill."""

    name: str
    usage: Usage


def main() -> None:
    """Measure, and print: in about two minutes."""
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 100)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    missing: list[str] = []
    with cloud.services(missing.append) as environment:
        if missing:
            sys.exit(f"What a day costs can't be measured: {missing[0]}")
        cloud.point_here(environment)
        os.environ.update(cloud.provision(SETTINGS, SPEED))
        measured = _measured(console)
    blocks, reads = day_of(measured), cached_reads(measured)
    console.print(_bill(blocks))
    console.print(_beside(measured, blocks, reads))
    console.print(_list_of_prices())
    for paragraph in _assumptions(measured).split("\n\n"):
        console.print(" ".join(paragraph.split()), highlight=False)


def day_of(measured: "Measured") -> list[Block]:
    """The day's bill in its parts, X-Ray's traces in each."""
    changes = FLIGHTS * MESSAGES
    few, many = sorted(measured.told)
    told = prices.on_the_line(measured.told[few], measured.told[many], (few, many), PASSENGERS)
    telling = prices.less(told, times(measured.change, MESSAGES))
    minutes = 24 * 60
    noting = (minutes - changes) // 5
    scheduled = {name: 24 if name == "honour_opt_outs" else minutes for name in measured.scheduled}
    always = [
        times(measured.noting_poll, noting),
        times(measured.quiet_poll, minutes - changes - noting),
        *(times(measured.scheduled[name], often) for name, often in scheduled.items()),
        _standing(measured.metrics),
    ]
    parts = {
        f"{changes} changes of {FLIGHTS} flights": total(measured.adding, times(measured.change, changes)),
        f"{FLIGHTS * PASSENGERS * MESSAGES:,} messages by email": times(telling, FLIGHTS),
        f"{READS:,} reads, all of them by the app": reads_of(measured, READS, dict.fromkeys(READ, 0.0)),
        "Every day, whatever happens": total(*always),
    }
    return [Block(name, _traced(usage)) for name, usage in parts.items()]


def reads_of(measured: "Measured", reads: float, cached: Mapping[str, float]) -> Usage:
    """What so many reads use; `cached` is the share that CloudFront answers, of each kind."""
    used = []
    for name, (share, _, _) in READ.items():
        again = AGAIN if name in ("a board, 100 rows", "one flight") else 0
        for usage, part in ((measured.read[name], 1 - again), (measured.again[name], again)):
            number = reads * share * part
            used.append(times(usage, number * (1 - cached[name])))
            outside = {item: n for item, n in usage.items() if item.kind in ("CloudFront", "edge", "viewers")}
            used.append(times(outside, number * cached[name]))
    return total(*used)


def cached_reads(measured: "Measured") -> tuple[float, Usage]:
    """The share of reads that CloudFront's cache answers, and what the day's reads then use."""
    hits = {name: prices.hits(READS * share, addresses, age) for name, (share, addresses, age) in READ.items()}
    share = sum(hits[name] * READ[name][0] for name in READ)
    return share, _traced(reads_of(measured, READS, hits))


def _standing(metrics: Iterable[tuple[str, ...]]) -> Usage:
    """What is paid for by the month, and what asks by itself."""
    by_type: dict[str, list[Any]] = {}
    for resource in resources.document()["Resources"].values():
        by_type.setdefault(resource["Type"], []).append(resource.get("Properties", {}))
    named = _named_in_readme() | {metric[0] for metric in metrics}
    more = sum(len(metric) > 1 and not metric[1].startswith("service=") for metric in metrics)
    monthly = {
        Item("metrics"): len(named) + more,
        Item("alarms"): sum(map(metrics_of_alarm, by_type.get("AWS::CloudWatch::Alarm", ()))),
        Item("composite"): len(by_type.get("AWS::CloudWatch::CompositeAlarm", ())),
        Item("dashboards"): len(by_type.get("AWS::CloudWatch::Dashboard", ())),
        Item("keys"): len(by_type.get("AWS::KMS::Key", ())),
    }
    queues, tables = _queues(), len(by_type["AWS::DynamoDB::Table"])
    return total(
        prices.a_day_of(monthly),
        {
            Item("SQS"): prices.idle_polls(queues),
            Item("KMS"): prices.kept_keys(tables * _functions() + ENVIRONMENTS * SECRETS),
        },
    )


def metrics_of_alarm(alarm: Mapping[str, Any]) -> int:
    """How many metrics an alarm looks at: each is billed."""
    return sum("MetricStat" in each for each in alarm.get("Metrics", ())) or 1


def _named_in_readme() -> set[str]:
    text = (cloud.ROOT / "README.md").read_text()
    listed = re.search(r"^- \*\*Metrics\*\*.*?(?=^- \*\*|\Z)", text, re.DOTALL | re.MULTILINE)
    return set(re.findall(r"`([A-Z][A-Za-z]+)`", listed[0])) if listed else set()


def _queues() -> int:
    from chalice.app import SQSEventConfig

    import app

    return sum(isinstance(source, SQSEventConfig) for source in app.app.event_sources)


def _functions() -> int:
    import app

    return 1 + 3 + len(app.app.event_sources)  # REST, WebSocket


def _traced(usage: Usage) -> Usage:
    invoked = [number for item, number in usage.items() if item.kind == "requests"]
    return total(usage, {Item("traces"): prices.traces(invoked)})


def _measured(console: Console) -> "Measured":
    said = Said()
    with redirect_stdout(said):
        from tests.bench import usage

        return usage.measure(said, lambda what: console.print(f"[dim]{what} …[/]"))


def _bill(blocks: Iterable[Block]) -> Table:
    table = Table(
        title=f"\nA day: {FLIGHTS} flights of {PASSENGERS:,} passengers, {MESSAGES} emails to each, {READS:,} reads",
        caption="List prices of us-east-1, without free tiers and discounts.",
    )
    for heading in ("what", "how many", "$ for", "$ a day"):
        table.add_column(heading, justify="left" if heading == "what" else "right", no_wrap=True)
    blocks = list(blocks)
    for block in blocks:
        table.add_section()
        table.add_row(f"[bold]{block.name}[/]", "", "", f"[bold]{prices.usd(block.usage):,.2f}[/]")
        small: list[float] = []
        for item, number in sorted(_rows(block.usage).items(), key=lambda each: -prices.cost(*each)):
            asked = prices.cost(item, number)
            if asked < 0.01:
                small.append(asked)
                continue
            table.add_row(f"  {_name(item)}", _many(item, number), _price(item), f"{asked:,.2f}")
        if small:
            table.add_row(f"  {len(small)} lines under a cent", "", "", f"{sum(small):,.2f}")
    whole = sum(prices.usd(block.usage) for block in blocks)
    table.add_section()
    table.add_row("[bold]A day[/]", "", "", f"[bold]{whole:,.2f}[/]")
    biggest = _biggest(blocks)
    table.add_row(f"  of which the biggest line: {_name(biggest[0][0])}", "", "", f"{biggest[0][1]:,.2f}")
    table.add_row(f"  and the second: {_name(biggest[1][0])}", "", "", f"{biggest[1][1]:,.2f}")
    return table


def _beside(measured: "Measured", blocks: list[Block], reads: tuple[float, Usage]) -> Table:
    """What else there is to know: the same otherwise, and what the day's sentence leaves out."""
    table = Table(title="\nBeside it")
    table.add_column("what")
    table.add_column("$", justify="right")
    cost = [prices.usd(block.usage) for block in blocks]
    messages = FLIGHTS * PASSENGERS * MESSAGES
    ses = prices.cost(Item("emails"), messages)
    essentials = prices.emails_by_plan(messages)
    table.add_row("1,000 messages by email", f"{cost[1] / messages * 1000:.4f}")
    table.add_row("  without what SES asks", f"{(cost[1] - ses) / messages * 1000:.4f}")
    table.add_row("  on SES's plan Essentials, where accounts begin since 2026-07-21; NONE is à la carte",
                  f"{(cost[1] - ses + essentials) / messages * 1000:.4f}")  # fmt: skip
    for channel, usage in measured.told_by.items():
        known = " (prices from memory)" if channel == "sms" else ""
        table.add_row(f"1,000 messages by {channel}{known}", f"{prices.usd(usage) * 1000:.4f}")
    table.add_section()
    table.add_row("1,000,000 reads, all of them by the app", f"{cost[2] / READS * 1e6:.2f}")
    table.add_row(f"  {reads[0]:.0%} of them from CloudFront's cache", f"{prices.usd(reads[1]) / READS * 1e6:.2f}")
    for name in READ:
        table.add_row(f"  each of them: {_kind(name)}", f"{prices.usd(measured.read[name]) * 1e6:.2f}")
    table.add_section()
    follows = FLIGHTS * PASSENGERS
    asked = prices.usd(_traced(times(measured.follow, follows)))
    table.add_row(f"{follows:,} who follow that day by email, and confirm", f"{asked:,.2f}")
    subscriptions, followers = measured.rows
    gigabytes = follows * (subscriptions * KEPT["subscriptions"] + followers * KEPT["followers"]) / 1e9
    rows = prices.a_day_of({Item("storage"): gigabytes, Item("recovery"): gigabytes})
    table.add_row(f"  their rows, a day, once they are as old as they get ({gigabytes:,.0f} GB)",
                  f"{prices.usd(rows):,.2f}")  # fmt: skip
    watched = _traced(times(total(measured.connect, times(measured.push, WATCHED_CHANGES)), WATCHERS))
    watched = total(watched, {Item("connected"): WATCHERS * WATCHED_MINUTES})
    table.add_row(f"{WATCHERS:,} who watch a flight for {WATCHED_MINUTES} minutes, {WATCHED_CHANGES} changes to each",
                  f"{prices.usd(watched):,.2f}")  # fmt: skip
    return table


def _list_of_prices() -> Table:
    table = Table(title="\nThe prices, and where they were read")
    for heading in ("what", "$ for", "source, and of when it is"):
        table.add_column(heading, justify="right" if heading == "$ for" else "left")
    for kind, price in PRICES.items():
        table.add_row(price.what, _price(Item(kind)), price.source)
    return table


def _assumptions(measured: "Measured") -> str:
    from tests.bench import billing

    took = []
    for followers, told in sorted(measured.told.items()):
        emails = followers * MESSAGES
        units, time = told[Item("WRU", "followers")] / emails, told[Item("GB-s", "send_emails")] / emails
        took.append(f"with {followers:,} followers a message took {units:.3f} write units and {time * 1000:.1f} GB-ms")
    waits = ", ".join(f"{name} {milliseconds}" for name, milliseconds in billing.WAIT.items())
    asked = ", ".join(f"{share:.0%} {_kind(name)}" for name, (share, _, _) in READ.items())
    return f"""
[bold]Measured[/], on dynoxide and this processor: the app's own functions, called with the events that AWS would
send. Of each flight, {MESSAGES} changes were told: {", ".join(took)}. The line through these goes on to {PASSENGERS:,}.

[bold]Assumed[/]: a function waits so many milliseconds for an answer of AWS: {waits}, and
{billing.WAIT_EMAIL} for each email of a call; for one of a webhook {billing.WAIT_WEBHOOK}.
Lambda's processors are as fast as this one. SES allows {EMAIL_RATE:,} emails a second, and functions wait for their
share of that. Reads come evenly, {asked}; of the first two, {AGAIN:.0%} have the answer already (304).
CloudFront is one cache, which keeps an answer for 10 seconds, and suggestions for a day.
X-Ray records of each function one a second and 5 % of the others. Each function asks KMS for each table's key every
five minutes. Lambda asks each queue by five pollers of 20 seconds.

[bold]Left out[/]: cold starts (1,000 of 0.6 s are $0.02), S3 and SSM (under a cent), the web app's files, kept logs,
TLS, taxes, support. An email has {measured.email / 1000:.1f} kB: SES asks for the bytes of attachments alone."""


def _kind(read: str) -> str:
    return read.partition(",")[0]


def _rows(usage: Usage) -> Usage:
    """As they stand in the table: Lambda's requests in one line, and its time where it is by much."""
    shown: Usage = Counter()
    for item, number in usage.items():
        together = item.kind == "requests" or (item.kind in ("GB-s", "RRU", "WRU") and prices.cost(item, number) < 0.01)
        shown[Item(item.kind) if together else item] += number
    return shown


def _biggest(blocks: Iterable[Block]) -> list[tuple[Item, float]]:
    whole = total(*(block.usage for block in blocks))
    return sorted(((item, prices.cost(item, number)) for item, number in whole.items()), key=lambda each: -each[1])


def _name(item: Item) -> str:
    return f"{PRICES[item.kind].what}, {item.of}" if item.of else PRICES[item.kind].what


def _many(item: Item, number: float) -> str:
    price = PRICES[item.kind]
    if price.unit == "GB":
        return f"{number / price.per:,.2f} GB"
    number *= prices.MONTH if price.unit == "month" else 1
    return f"{number:,.0f}"


def _price(item: Item) -> str:
    price = PRICES[item.kind]
    return f"{price.usd:g} / {price.unit}"


if __name__ == "__main__":
    main()
