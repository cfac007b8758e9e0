"""Rate limits: how often somebody may do something within a span of time. Counted in the table `limits`.

A span is a fixed window that begins at a multiple of itself, and each window has a counter of its own (pk): what is
over is never read again, and `expires` is only for the broom. Whose counter it is stands there as a hash.
"""

from datetime import datetime, timedelta
from hashlib import blake2b
from math import ceil

from chalicelib.core import aws
from chalicelib.core.config import config
from chalicelib.core.errors import TooMany, Unavailable
from chalicelib.core.telemetry import count


def spend(name: str, key: str, allowed: int, within: timedelta, now: datetime) -> None:
    """Do something once more that `key` may do `allowed` times in a window (wall clock): one conditional write.

    Raises TooMany where that is spent; Unavailable where the table does not answer, as nobody could count then.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    seconds = int(within.total_seconds())
    window = int(now.timestamp()) // seconds
    ends = (window + 1) * seconds
    whose = blake2b(key.encode(), digest_size=16).hexdigest()
    try:
        aws.client("dynamodb").update_item(
            TableName=config().limits_table,
            Key={"pk": {"S": f"{name}#{whose}#{seconds}#{window}"}},
            UpdateExpression="ADD n :one SET expires = :ends",
            ConditionExpression="attribute_not_exists(n) OR n < :allowed",
            ExpressionAttributeValues={
                ":one": {"N": "1"}, ":allowed": {"N": str(allowed)}, ":ends": {"N": str(ends)},
            },
        )  # fmt: skip
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise Unavailable("nobody can count how often this was asked for") from error
        count("RequestsLimited")
        left = max(1, ceil(ends - now.timestamp()))
        raise TooMany(
            f"this may be done {allowed} times in {_span(seconds)}; try again in {left} seconds",
            left, name, allowed, seconds,
        ) from None  # fmt: skip
    except BotoCoreError as error:
        raise Unavailable("nobody can count how often this was asked for") from error


def _span(seconds: int) -> str:
    return f"{seconds // 3600} h" if seconds % 3600 == 0 else f"{seconds // 60} min"
