"""Following, agreeing and stopping at the same instant: on tables that are exact under threads."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.alerts import confirm, follow, links, manage, store
from chalicelib.alerts.store import Standing, Status
from chalicelib.alerts.wishes import FollowRequest
from chalicelib.channels.model import Address, Channel
from chalicelib.core import limits
from chalicelib.core.clock import Now
from chalicelib.core.errors import TooMany
from chalicelib.core.signed import BadLink
from chalicelib.flights import ingest

from ..flights.legs import scheduled
from .passenger import followers

pytestmark = pytest.mark.usefixtures("exact_cloud")

ADA = Address(Channel.EMAIL, "ada@example.com")
THREADS = 8


@pytest.fixture
def at_once() -> Iterator[Callable[..., list[Any]]]:
    """Runs calls at the same time; returns what each returned, or its exception."""
    with ThreadPoolExecutor(THREADS) as pool:

        def run(*calls: Callable[[], Any]) -> list[Any]:
            futures = [pool.submit(call) for call in calls]
            return [future.exception() or future.result() for future in futures]

        yield run


@pytest.fixture
def asked(now: Now) -> str:
    """Ada asked to follow a flight and its number. Returns the link's token."""
    ingest.take([scheduled(1545, now.flight + timedelta(hours=2))], now, sleep=lambda _: None)
    _follow(now, {"flight": "UA1545-20260710-EWR"})
    _follow(now, {"number": "UA1545", "date": "2026-07-10"})
    contact = store.contact(ADA.id, now.wall)
    assert contact
    return links.confirm(ADA.id, contact.ask or "", now.wall).partition("token=")[2]


def _follow(now: Now, what: dict[str, str]) -> None:
    request = FollowRequest.model_validate({"channel": "email", "address": ADA.value, **what})
    follow.follow(request, now, "192.0.2.1")


def test_who_asks_many_times_at_once_is_asked_once(now: Now, at_once: Callable[..., list[Any]]) -> None:
    """One address, one subscription, one ask."""
    wish = {"number": "UA1545", "date": "2026-07-10"}
    came = at_once(*[lambda: _follow(now, wish) for _ in range(THREADS)])
    assert [each for each in came if each is not None] == []
    contact, subscriptions = store.holding(ADA.id, now.wall)
    assert contact
    assert (contact.standing, contact.asked_at, len(subscriptions)) == (
        Standing.ASKED,
        int(now.wall.timestamp()),
        1,
    )


def test_who_confirms_many_times_at_once_is_one_follower(
    now: Now, asked: str, at_once: Callable[..., list[Any]]
) -> None:
    """One of each subscription, on the page that it names."""
    came = at_once(*[lambda: confirm.by_link(asked, now) for _ in range(THREADS)])
    assert [each for each in came if isinstance(each, Exception)] == []
    kept = store.holding(ADA.id, now.wall).subscriptions
    assert {each.status for each in kept} == {Status.ACTIVE}
    assert sorted((row["pk"]["S"], row["sk"]["S"]) for row in followers()) == sorted(
        (f"page#{each.subject}#email#{each.page}", each.id) for each in kept
    )


@pytest.mark.parametrize("end", ["drop", "stop_all"])
def test_nobody_is_told_who_ends_it_while_confirming(
    now: Now, asked: str, at_once: Callable[..., list[Any]], end: str
) -> None:
    """Whichever came last, there are followers only where an address is confirmed."""
    ends = {
        "drop": lambda: manage.drop(ADA, "complaint: abuse", now),
        "stop_all": lambda: manage.stop_all(ADA.id, now.wall),
    }
    came = at_once(*[lambda: confirm.by_link(asked, now)] * 3, ends[end], *[lambda: confirm.by_link(asked, now)] * 3)
    assert [each for each in came if isinstance(each, Exception) and not isinstance(each, BadLink)] == []
    contact, kept = store.holding(ADA.id, now.wall)
    assert contact
    assert contact.standing is not Standing.CONFIRMED
    assert Status.ACTIVE not in {each.status for each in kept}
    assert followers() == []


def test_a_stop_and_a_change_at_once_leave_no_follower_behind(
    now: Now, asked: str, at_once: Callable[..., list[Any]]
) -> None:
    """A rule that is saved late does not bring a follower back."""
    confirm.by_link(asked, now)
    id_ = store.holding(ADA.id, now.wall).subscriptions[0].id
    wishes = FollowRequest.model_validate({"channel": "email", "address": "x", "first_delay": 30})
    change = [lambda: manage.change(ADA.id, id_, wishes.applied_to, now)] * 3
    came = at_once(*change, lambda: manage.stop(id_, now.wall), *change)
    assert [each for each in came if isinstance(each, Exception)] == []
    assert [row["sk"]["S"] for row in followers() if row["sk"]["S"] == id_] == []


def test_a_limit_lets_through_so_many_and_no_more(now: Now, at_once: Callable[..., list[Any]]) -> None:
    """However many come at once; and again in the next window."""
    for at, allowed in ((now.wall, 5), (now.wall + timedelta(hours=1), 5)):
        came = at_once(*[lambda at=at: limits.spend("x", "k", 5, timedelta(hours=1), at)] * 30)
        assert came.count(None) == allowed
        assert {type(each) for each in came if each is not None} == {TooMany}
