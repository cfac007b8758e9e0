"""What every store needs of pynamodb: how its exceptions read, and settings. Only stores import this."""

from collections.abc import Iterator
from contextlib import contextmanager

from pynamodb.exceptions import PynamoDBException, TransactWriteError

from chalicelib.core.errors import Conflict, Unavailable

_LOST_RACE = {
    "ConditionalCheckFailedException",
    "ConditionalCheckFailed",
    "TransactionConflictException",
    "TransactionConflict",
}
_BUSY = {
    "ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded", "InternalServerError",
    "ServiceUnavailable", "ThrottlingError", "ProvisionedThroughputExceeded", "TransactionInProgressException",
}  # fmt: skip


class TableSettings:
    """pynamodb's Meta for every row class: time-outs in seconds, well below the function's."""

    connect_timeout_seconds = 2
    read_timeout_seconds = 5
    max_retry_attempts = 3
    max_pool_connections = 50


@contextmanager
def storage() -> Iterator[None]:
    """Turn what DynamoDB refuses into the house's words: Conflict for a lost race, Unavailable for a busy table."""
    from botocore.exceptions import BotoCoreError

    try:
        yield
    except TransactWriteError as error:
        codes = {reason.code for reason in error.cancellation_reasons if reason} | {error.cause_response_code}
        raise _worded(error, codes) from error
    except PynamoDBException as error:
        raise _worded(error, {error.cause_response_code}) from error
    except BotoCoreError as error:
        raise Unavailable("the tables can't be reached") from error


def _worded(error: PynamoDBException, codes: set[str | None]) -> Exception:
    if codes & _LOST_RACE:
        return Conflict("somebody else changed this first")
    if codes & _BUSY or isinstance(error.cause, OSError) or error.cause_response_code is None:
        return Unavailable("the tables are busy")
    return error
