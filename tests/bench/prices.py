"""What AWS asks for each thing that is counted: list prices of us-east-1 in US dollars, and the arithmetic of a bill.

No free tier, no volume discount, no tax. A source says where a price was read, and of when that page is.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import ceil
from typing import NamedTuple

DAY = 86_400  # seconds
MONTH = 30.4  # days
VCPU = 1769  # MB of memory with which a function has one vCPU (AWS agent toolkit, aws-serverless, 2026-08)


class Price(NamedTuple):
    """So many dollars for so many units."""

    usd: float
    per: float
    unit: str
    what: str  # as it stands in the table
    source: str


class Item(NamedTuple):
    """Something that is billed: a kind of PRICES, and of what: the table, the function."""

    kind: str
    of: str = ""


Usage = Counter[Item]  # how many of each; fractions too, where it is a mean

# Pages of AWS itself where they could be read; else of who quotes them. From memory: not looked up.
_DYNAMODB = "aws/agent-toolkit, 2026-08"  # amazon-dynamodb/scripts/calculate_costs.py
_LAMBDA = "AWS, How AWS Pricing Works; undated"
_SES = "AWS Price List API, 2026-07-22"  # by way of api-evangelist/amazon-ses, plans, 2026-08-13
_SNS = "factualminds.com, SNS, 2026-06-13"
_CLOUDWATCH = "factualminds.com, CloudWatch, 2026-06-13"
_KMS = "factualminds.com, KMS, 2026"
_MEMORY = "from memory"

PRICES = {
    "WRU": Price(0.625, 1e6, "M", "DynamoDB write units", _DYNAMODB),
    "RRU": Price(0.125, 1e6, "M", "DynamoDB read units", _DYNAMODB),
    "storage": Price(0.25, 1, "GB-month", "DynamoDB storage", _DYNAMODB),
    "recovery": Price(0.20, 1, "GB-month", "DynamoDB point-in-time recovery", "quoted of AWS Price List API; undated"),
    "requests": Price(0.20, 1e6, "M", "Lambda requests", _LAMBDA),
    "GB-s": Price(16.6667, 1e6, "M GB-s", "Lambda time (x86)", "artillery 2.0.28, prices.js; undated"),
    "emails": Price(0.10, 1000, "1,000", "SES emails, à la carte", _SES),
    "SNS": Price(0.50, 1e6, "M", "SNS publishes", _SNS),
    "app pushes": Price(0.50, 1e6, "M", "SNS app pushes", _SNS),
    "SMS": Price(0.00645, 1, "segment", "SMS segments, USA", _MEMORY),
    "carriers": Price(0.003, 1, "segment", "SMS carriers' fees, USA", _MEMORY),
    "SQS": Price(0.40, 1e6, "M", "SQS requests", "cloudburn.io, SQS, 2026-03-14"),
    "REST": Price(3.50, 1e6, "M", "API Gateway requests", "awsforengineers.com, 2025-05-19"),
    "WebSocket": Price(1.00, 1e6, "M", "WebSocket messages", "awsforengineers.com, 2025-05-19"),
    "connected": Price(0.25, 1e6, "M min", "WebSocket connection minutes", "amnic.com, API Gateway; undated"),
    "CloudFront": Price(0.01, 10_000, "10,000", "CloudFront requests (HTTPS)", "kindatechnical.com; undated"),
    "edge": Price(0.10, 1e6, "M", "CloudFront function calls", "cur.vantage.sh, amazoncloudfront; undated"),
    "viewers": Price(0.085, 1e9, "GB", "CloudFront bytes to viewers", "aws.amazon.com/cloudfront/pricing; undated"),
    "internet": Price(0.09, 1e9, "GB", "bytes to others' servers", "amnic.com, API Gateway; undated"),
    "logs": Price(0.50, 1e9, "GB", "CloudWatch log bytes", _CLOUDWATCH),
    "metrics": Price(0.30, 1, "month", "CloudWatch metrics", "signoz.io, CloudWatch pricing, 2026-02-15"),
    "alarms": Price(0.10, 1, "month", "CloudWatch alarms, by metric", "a workshop of huyanh.click; undated"),
    "composite": Price(0.50, 1, "month", "CloudWatch composite alarms", _MEMORY),
    "dashboards": Price(3.00, 1, "month", "CloudWatch dashboards", _CLOUDWATCH),
    "traces": Price(5.00, 1e6, "M", "X-Ray traces", "aws.amazon.com/de/xray/pricing; undated"),
    "keys": Price(1.00, 1, "month", "KMS keys", _KMS),
    "KMS": Price(0.03, 10_000, "10,000", "KMS requests", _KMS),
}
# SSM's standard parameters, SNS's deliveries to queues and functions, GetRecords of Lambda's triggers and schedules
# cost nothing; nor do CloudFront's fetches from API Gateway and S3 by the byte.

# What an email costs an account that first sends by SES since 2026-07-21, and so begins on its plan Essentials:
# dollars each, up to so many a month (the same source).
ESSENTIALS = ((10e6, 0.00016), (100e6, 0.00014), (float("inf"), 0.00011))


def usd(usage: Mapping[Item, float]) -> float:
    """What all of it costs. Raises KeyError for what has no price."""
    return sum(cost(item, number) for item, number in usage.items())


def cost(item: Item, number: float) -> float:
    """What so many cost."""
    price = PRICES[item.kind]
    return price.usd * number / price.per


def times(usage: Mapping[Item, float], factor: float) -> Usage:
    """So many times that."""
    return Counter({item: number * factor for item, number in usage.items()})


def total(*each: Mapping[Item, float]) -> Usage:
    """All of them together."""
    summed: Usage = Counter()
    for usage in each:
        for item, number in usage.items():
            summed[item] += number  # type: ignore[assignment] # a Counter says it counts whole ones
    return summed


def less(usage: Mapping[Item, float], other: Mapping[Item, float]) -> Usage:
    """What `usage` has more than `other`."""
    return total(usage, times(other, -1))


def on_the_line(few: Mapping[Item, float], many: Mapping[Item, float], at: tuple[float, float], want: float) -> Usage:
    """What `want` of something use, if `at[0]` use `few`, `at[1]` use `many`, and it grows by the same for each."""
    each = times(less(many, few), 1 / (at[1] - at[0]))
    return total(few, times(each, want - at[0]))


def gb_seconds(milliseconds: float, memory: int) -> float:
    """What an invocation is billed for: whole milliseconds, and its memory (MB; 1,024 are a GB)."""
    return ceil(milliseconds) / 1000 * memory / 1024


def duration(processor: float, waiting: float, held: float, memory: int) -> float:
    """Milliseconds an invocation lasts: of a whole vCPU, less of which comes with less memory; of waiting for AWS.

    `held` is for how long it may not end, as it keeps to a provider's rate; it works and waits meanwhile.
    """
    return max(processor * max(1.0, VCPU / memory) + waiting, held)


def traces(invocations: Iterable[float]) -> float:
    """Traces that X-Ray records, of functions invoked so often a day, evenly: one a second, and 5 % of the others."""
    return sum(min(each, DAY) + 0.05 * max(0.0, each - DAY) for each in invocations)


def hits(reads: float, addresses: int, max_age: float) -> float:
    """The share of a day's reads that one cache answers, if they come at random and evenly to so many addresses.

    Of each address, the first read after an answer ran out (`max_age`, seconds) is passed on, and k = rate * max_age
    reads follow it: k of k + 1.
    """
    follow = reads / DAY / addresses * max_age
    return follow / (follow + 1)


def idle_polls(queues: int) -> float:
    """Requests with which Lambda asks queues in a day: five pollers, each of which waits 20 seconds for messages."""
    return queues * 5 * DAY / 20


def kept_keys(holders: int) -> float:
    """Requests to KMS in a day, by so many that ask again every five minutes."""
    return holders * DAY / 300


def emails_by_plan(a_day: float) -> float:
    """Dollars a day for emails on SES's plan Essentials, whose steps are of a month (30 days)."""
    left, asked, below = a_day * 30, 0.0, 0.0
    for up_to, each in ESSENTIALS:
        step = min(left, up_to - below)
        asked += step * each
        left, below = left - step, up_to
    return asked / 30


def a_day_of(monthly: Mapping[Item, float]) -> Usage:
    """A day's share of what is paid by the month."""
    return times(monthly, 1 / MONTH)
