"""Items keep through releases: an older one's are upgraded on read, a newer one's are read all the same.

And a table that is not there for a moment is told of as such.
"""

from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import GetError

from chalicelib.core.errors import Unavailable
from chalicelib.core.tables import Rows, storage

OLD = {"pk": {"S": "gate#C71"}, "opens": {"S": "06:00"}}


def _has_a_pier(row: Any) -> None:
    row.pier = row.pier or row.pk[5]


def _has_a_floor(row: Any) -> None:
    row.floor = row.floor or "1"


class First(Rows):
    """A table's rows as the first release has them."""

    class Meta:  # noqa: D106 - pynamodb's
        table_name = "gates"

    pk = UnicodeAttribute(hash_key=True)
    opens = UnicodeAttribute(null=True)


class Third(Rows):
    """The same, two releases later."""

    class Meta:  # noqa: D106 - pynamodb's
        table_name = "gates"

    upgrades = (_has_a_pier, _has_a_floor)

    pk = UnicodeAttribute(hash_key=True)
    opens = UnicodeAttribute(null=True)
    pier = UnicodeAttribute(null=True)
    floor = UnicodeAttribute(null=True)


def written(row: Rows) -> dict[str, Any]:
    item: dict[str, Any] = row.serialize()
    return item


def test_what_is_written_whole_says_its_schema() -> None:
    """1 to begin with; one more with each upgrade."""
    assert written(First("gate#C71"))["schema"] == {"N": "1"}
    assert written(Third("gate#C71"))["schema"] == {"N": "3"}


def test_an_item_of_an_older_release_is_upgraded_on_read() -> None:
    """By every step that it lacks; an item that does not say its schema is of the first."""
    for item in (OLD, written(First("gate#C71", opens="06:00"))):
        row = Third.from_raw_data(item)
        assert (row.opens, row.pier, row.floor) == ("06:00", "C", "1")
    second = Third.from_raw_data({**OLD, "schema": {"N": "2"}})
    assert (second.pier, second.floor) == (None, "1")


def test_an_upgrade_leaves_what_is_there() -> None:
    """An update may have written a new attribute into an old item, which still says its old schema."""
    assert Third.from_raw_data({**OLD, "pier": {"S": "B"}}).pier == "B"


def test_an_item_of_a_newer_release_is_read_after_a_rollback() -> None:
    """What the older release does not know, it does not see."""
    row = First.from_raw_data(written(Third("gate#C71", opens="06:00", pier="C", floor="2")))
    assert row.opens == "06:00"


@pytest.mark.parametrize("silent", [ReadTimeoutError, ConnectTimeoutError])
def test_a_table_that_does_not_answer_is_unavailable(silent: type[Exception]) -> None:
    """Who asked is told to come again: a botocore error has no response to read a code from."""
    with pytest.raises(Unavailable), storage():
        raise GetError("no answer", silent(endpoint_url="https://dynamodb.test"))
