"""Rate limits: how often somebody may do something within a span of time. Counted in the table `limits`.

A span is a fixed window that begins at a multiple of itself, and each window has a counter of its own (pk): what is
over is never read again, and `expires` is only for the broom. Whose counter it is stands there as a hash.
"""

from datetime import datetime, timedelta
from hashlib import blake2b
from ipaddress import IPv6Network
from math import ceil

from chalicelib.core import aws
from chalicelib.core.config import config
from chalicelib.core.errors import TooMany, Unavailable
from chalicelib.core.telemetry import count

THIS = "this may be done"


def spend(  # noqa: PLR0917 - the limit, part by part, and its words
    name: str, key: str, allowed: int, within: timedelta, now: datetime, what: str = THIS
) -> None:
    """Do something once more that `key` may do `allowed` times in a window (wall clock): one conditional write.

    Raises TooMany where that is spent, and says `what` may be done so often; Unavailable where the table does not
    answer, as nobody could count then.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    counter, seconds, ends = _window(name, key, within, now)
    try:
        aws.client("dynamodb").update_item(
            TableName=config().limits_table,
            Key=counter,
            UpdateExpression="ADD n :one SET expires = :ends",
            ConditionExpression="attribute_not_exists(n) OR n < :allowed",
            ExpressionAttributeValues={
                ":one": {"N": "1"}, ":allowed": {"N": str(allowed)}, ":ends": {"N": str(ends)},
            },
        )  # fmt: skip
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise Unavailable("nobody can count how often this was asked for") from error
        raise _too_many(name, allowed, seconds, ends, now=now, what=what) from None
    except BotoCoreError as error:
        raise Unavailable("nobody can count how often this was asked for") from error


def give_back(name: str, key: str, within: timedelta, now: datetime) -> None:
    """Take back what was spent at that moment, as it came to nothing: one write. Raises Unavailable."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        aws.client("dynamodb").update_item(
            TableName=config().limits_table,
            Key=_window(name, key, within, now)[0],
            UpdateExpression="ADD n :less",
            ConditionExpression="n > :none",
            ExpressionAttributeValues={":less": {"N": "-1"}, ":none": {"N": "0"}},
        )
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("nobody can count how often this was asked for") from error


def check(  # noqa: PLR0917 - as of spend
    name: str, key: str, allowed: int, within: timedelta, now: datetime, what: str = THIS
) -> None:
    """See that something may be done once more, and do not count it. Raises TooMany, Unavailable."""
    from botocore.exceptions import BotoCoreError, ClientError

    counter, seconds, ends = _window(name, key, within, now)
    try:
        found = aws.client("dynamodb").get_item(TableName=config().limits_table, Key=counter, ConsistentRead=True)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("nobody can count how often this was asked for") from error
    if int(found.get("Item", {}).get("n", {"N": "0"})["N"]) >= allowed:
        raise _too_many(name, allowed, seconds, ends, now=now, what=what)


def wide(client: str) -> str | None:
    """The /48 of an IPv6 client (its /64, as routes give it): whoever has one has 65,536 of those. None for IPv4."""
    try:
        return str(IPv6Network(client).supernet(new_prefix=48))
    except ValueError:
        return None


def network(client: str) -> str:
    """What a client is counted by: an IPv4 address, or the /48 of an IPv6 one."""
    return wide(client) or client


def _window(name: str, key: str, within: timedelta, now: datetime) -> tuple[dict[str, dict[str, str]], int, int]:
    """The key of a counter, its window's seconds, and when that ends (seconds since 1970)."""
    seconds = int(within.total_seconds())
    window = int(now.timestamp()) // seconds
    whose = blake2b(key.encode(), digest_size=16).hexdigest()
    return {"pk": {"S": f"{name}#{whose}#{seconds}#{window}"}}, seconds, (window + 1) * seconds


def _too_many(name: str, allowed: int, seconds: int, ends: int, *, now: datetime, what: str) -> TooMany:
    count("RequestsLimited")
    left = max(1, ceil(ends - now.timestamp()))
    return TooMany(
        f"{what} {allowed} times in {_span(seconds)}; try again in {left} seconds",
        left, name, allowed, seconds,
    )  # fmt: skip


def _span(seconds: int) -> str:
    return f"{seconds // 3600} h" if seconds % 3600 == 0 else f"{seconds // 60} min"
