"""What every store needs of pynamodb: exceptions in our words, settings, lost races, batch reads. Only for stores."""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Self, TypeVar

from pynamodb.attributes import NumberAttribute
from pynamodb.exceptions import DoesNotExist, PynamoDBException, TransactWriteError
from pynamodb.models import Model

from chalicelib.core.aws import is_transient
from chalicelib.core.errors import Conflict, Unavailable

_M = TypeVar("_M", bound=Model)
_T = TypeVar("_T")
_LOST_RACE = {
    "ConditionalCheckFailedException",
    "ConditionalCheckFailed",
    "TransactionConflictException",
    "TransactionConflict",
}
_BUSY_IN_TRANSACTION = {"ThrottlingError", "ProvisionedThroughputExceeded", "TransactionInProgressException"}
ATTEMPTS = 8  # of a change that keeps losing races
READ_ATTEMPTS = 6  # of a batch read that DynamoDB answers in part


class LostRace(Conflict):
    """Somebody else wrote first; who reads again may succeed. `places`: of a transaction's items, those that lost."""

    places: frozenset[int] = frozenset()  # none: not known


class TableSettings:
    """pynamodb's Meta for every row class: time-outs in seconds, well below the function's."""

    connect_timeout_seconds = 2
    read_timeout_seconds = 5
    max_retry_attempts = 3
    max_pool_connections = 50


class Rows(Model):
    """Base of every table's row class. An item carries the schema it was written in, and is upgraded when it is read.

    Schemas only add (CONTRIBUTING, "Adding to a table"). `upgrades` holds a step from each schema to the next: it fills
    in what an item of the older one lacks, and leaves what is there, as an item may be upgraded many times before it is
    written whole again. An item without the attribute is of schema 1; one of a newer release is taken as it is.
    """

    upgrades: ClassVar[Sequence[Callable[[Any], None]]] = ()

    schema = NumberAttribute(null=True)

    def __init__(self, hash_key: Any = None, range_key: Any = None, **attributes: Any):
        super().__init__(hash_key, range_key, **{"schema": 1 + len(self.upgrades), **attributes})

    @classmethod
    def from_raw_data(cls, data: dict[str, Any]) -> Self:
        """The row of an item as DynamoDB gives it, upgraded. Every read comes by here."""
        row = super().from_raw_data(data)
        for upgrade in cls.upgrades[int(row.schema or 1) - 1 :]:
            upgrade(row)
        return row


def persist(change: Callable[[], _T]) -> _T:
    """Do a change that reads, decides and writes; once more where somebody else was first. Raises Unavailable."""
    for _ in range(ATTEMPTS):
        try:
            return change()
        except Conflict:
            continue
    raise Unavailable("others keep changing the same")


@contextmanager
def storage() -> Iterator[None]:
    """Turn what DynamoDB refuses into the house's words: LostRace, and Unavailable for a busy table."""
    from botocore.exceptions import BotoCoreError

    try:
        yield
    except DoesNotExist:
        raise
    except TransactWriteError as error:
        codes = {reason.code for reason in error.cancellation_reasons if reason} | {_code(error)}
        worded = _worded(error, codes)
        if isinstance(worded, LostRace):
            reasons = enumerate(error.cancellation_reasons)
            worded.places = frozenset(place for place, reason in reasons if reason and reason.code in _LOST_RACE)
        raise worded from error
    except PynamoDBException as error:
        raise _worded(error, {_code(error)}) from error
    except BotoCoreError as error:
        raise Unavailable("the tables can't be reached") from error


def _code(error: PynamoDBException) -> str | None:
    """DynamoDB's word for what went wrong; none where it did not answer (pynamodb's own property fails there)."""
    from botocore.exceptions import ClientError

    return error.cause_response_code if isinstance(error.cause, ClientError) else None


def _worded(error: PynamoDBException, codes: set[str | None]) -> Exception:
    from botocore.exceptions import ClientError

    if codes & _LOST_RACE:
        return LostRace("somebody else changed this first")
    refused = isinstance(error.cause, ClientError) and not is_transient(error.cause)
    if refused and not codes & _BUSY_IN_TRANSACTION:
        return error
    return Unavailable("the tables are busy")  # no cause: a batch write that was taken only in part, to the last


def batch_get(
    rows: type[_M],
    keys: Iterable[tuple[str, str]],
    *,
    consistent: bool,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[_M]:
    """The rows of those (pk, sk) that are there, 100 a call. Raises Unavailable where DynamoDB keeps answering in part.

    pynamodb's own batch_get asks again for ever, and without a pause.
    """
    wanted = [{"pk": pk, "sk": sk} for pk, sk in dict.fromkeys(keys)]
    for first in range(0, len(wanted), 100):
        left = wanted[first : first + 100]
        for attempt in range(READ_ATTEMPTS):
            if attempt:
                sleep(random.uniform(0, 0.05 * 2**attempt))  # full jitter
            connection: Any = rows._get_connection()  # it takes more than its annotations say
            answer = connection.batch_get_item(left, consistent_read=consistent)
            table = rows.Meta.table_name
            unprocessed = answer["UnprocessedKeys"].get(table, {}).get("Keys")
            yield from map(rows.from_raw_data, answer["Responses"].get(table, ()))
            if not unprocessed:
                break
            left = unprocessed
        else:
            raise Unavailable("the tables are busy")
