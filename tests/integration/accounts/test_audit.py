"""The audit trail: what it says to whom asks, and that nothing takes a line back."""

import ast
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from chalicelib.accounts import audit, store
from chalicelib.accounts.model import Event
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.errors import Conflict, Invalid

pytestmark = pytest.mark.usefixtures("cloud")

CHALICELIB = Path(store.__file__).parents[1]


def event(at: datetime, about: str = "ada", by: str | None = "admin", **changes: Any) -> Event:
    return replace(Event(at, "disabled", by, about, "198.51.100.7", (("why", "left"),)), **changes)


def recorded(*events: Event, now: Now) -> list[Event]:
    for each in events:
        audit.record(each, now.wall)
    return list(events)


def all_of(now: Now, limit: int = 100, **asked: Any) -> list[Event]:
    """Page by page."""
    cursor, found = None, []
    while True:
        page, cursor = audit.trail(
            asked.get("about"), asked.get("by"), asked.get("day"), limit, cursor, now.wall
        )  # fmt: skip
        assert len(page) <= limit
        found += page
        if cursor is None:
            return found


def test_a_line_says_who_did_what_to_whom_from_where_when(now: Now) -> None:
    """To the microsecond, with all its detail."""
    (line,) = recorded(event(now.wall.replace(microsecond=123456), about="flight:UA1-2026-07-10-EWR"), now=now)
    assert audit.trail("flight:UA1-2026-07-10-EWR", None, None, 10, None, now.wall) == ([line], None)
    assert audit.trail(None, None, None, 10, None, now.wall) == ([line], None)


def test_the_trail_of_today_is_shown_where_no_day_is_named(now: Now) -> None:
    """UTC, the last first."""
    yesterday, first, last = recorded(
        event(now.wall - timedelta(days=1)), event(now.wall), event(now.wall + timedelta(seconds=1)), now=now
    )
    assert all_of(now) == [last, first]
    assert all_of(now, day=yesterday.at.date()) == [yesterday]
    assert all_of(now, day=date(9999, 12, 31)) == []


def test_the_trail_of_one_account_is_shown_over_all_days(now: Now) -> None:
    """Or of one of them."""
    lines = recorded(*(event(now.wall + timedelta(hours=7 * n)) for n in range(-7, 7)), now=now)
    recorded(event(now.wall, about="zoe"), now=now)
    lines.reverse()
    for limit in (1, 3, 100):
        assert all_of(now, limit, about="ada") == lines
        for day in {each.at.date() for each in lines}:
            assert all_of(now, limit, about="ada", day=day) == [each for each in lines if each.at.date() == day]
    for day in (date(2020, 1, 1), date(9999, 12, 31), date.min):
        assert all_of(now, about="ada", day=day) == []


def test_what_one_account_did_is_picked_out(now: Now) -> None:
    """Page by page, also where most lines are others'."""
    lines = recorded(
        *(event(now.wall + timedelta(seconds=n), by="admin" if n % 9 == 0 or n % 3 == 1 else None) for n in range(40)),
        now=now,
    )
    admins = [each for each in reversed(lines) if each.by == "admin"]
    for limit in (1, 3, 100):
        assert all_of(now, limit, by="admin") == admins
        assert all_of(now, limit, by="admin", about="ada") == admins
    assert all_of(now, by="nobody") == []


def test_one_question_reads_so_many_pages_and_no_more(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers with what it found, and where to read on from."""
    recorded(*(event(now.wall + timedelta(seconds=n), by=None) for n in range(audit.PAGES + 3)), now=now)
    found, cursor = audit.trail(None, "admin", None, 1, None, now.wall)
    assert found == []
    assert cursor


def test_of_one_day_no_more_is_read_than_that_day(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is there a cursor to what came before it."""
    monkeypatch.setattr(audit, "PAGES", 1)
    lines = recorded(*(event(now.wall - timedelta(days=n)) for n in range(4)), now=now)
    assert audit.trail("ada", None, now.wall.date(), 2, None, now.wall) == ([lines[0]], None)


def test_a_cursor_that_is_none_is_refused(now: Now) -> None:
    """Whatever is asked."""
    for about, day in (("ada", None), (None, None), ("ada", now.wall.date())):
        with pytest.raises(Invalid):
            audit.trail(about, None, day, 10, "none of ours", now.wall)


def test_a_line_is_written_once(now: Now) -> None:
    """Another in its place is refused, by itself and beside others; it does not go either. The same again is nothing:

    botocore asks a second time where the first answer was lost."""
    (line,) = recorded(event(now.wall), now=now)
    audit.record(line, now.wall)
    another = replace(line, what="enabled", by="zoe", detail=())
    with pytest.raises(Conflict):
        audit.record(another, now.wall)
    with pytest.raises(Conflict):
        store.save(event(now.wall), another, now=now.wall)
    with pytest.raises(TypeError):
        store.save(gone=[line], now=now.wall)
    assert all_of(now) == [line]


def test_nothing_but_the_stores_save_writes_the_table() -> None:
    """And that puts what is new and deletes what it is given, under conditions; there is no update."""
    writers = re.compile(
        r"\b(put|update|delete)_item|batch_write|transact_write|TransactWrite\(|\.(save|update|delete)\("
    )
    functions = [each for each in ast.parse(Path(store.__file__).read_text()).body if isinstance(each, ast.FunctionDef)]
    assert [each.name for each in functions if writers.search(ast.unparse(each))] == ["save"]
    (save,) = [each for each in functions if each.name == "save"]
    assert set(re.findall(r"transaction\.(\w+)\(", ast.unparse(save))) <= {"save", "delete", "condition_check"}
    assert "transaction.update" not in ast.unparse(save)


def test_nobody_else_names_the_table() -> None:
    """But the config, and the check that it is there."""
    named = [str(path.relative_to(CHALICELIB)) for path in sorted(CHALICELIB.rglob("*.py"))
             if "accounts_table" in path.read_text()]  # fmt: skip
    assert named == ["accounts/store.py", "core/api.py", "core/config.py"]


def test_a_line_is_kept_for_400_days(now: Now) -> None:
    """DynamoDB's broom takes it then, and reading passes it over from that second on."""
    (line,) = recorded(event(now.wall), now=now)
    for row in boto3.client("dynamodb").scan(TableName=config().accounts_table)["Items"]:
        assert int(row["expires"]["N"]) == int((line.at + timedelta(days=400)).timestamp())
