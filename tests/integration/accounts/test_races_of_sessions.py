"""Refreshing, logging in and logging out at the same instant: on tables that are exact under threads."""

from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib.accounts import sessions, store, tokens
from chalicelib.accounts.model import Account
from chalicelib.accounts.sessions import Tokens
from chalicelib.core import secrets
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.errors import NotFound, Unauthenticated, Unavailable
from infra import secrets as made_secrets

from .logins import HERE, PASSWORD, account, at_once, change, events

pytestmark = pytest.mark.usefixtures("exact_cloud")

ADA = "ada@example.com"
THREADS = 20
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def ada(exact_cloud: None, now: Now) -> Account:
    return account(ADA, now.wall)


@pytest.fixture
def logged_in(ada: Account, now: Now) -> Tokens:
    return sessions.log_in(ADA, PASSWORD, HERE, now.wall)


def only(kind: type, came: list[Any]) -> None:
    assert [each for each in came if not isinstance(each, kind)] == []


@pytest.mark.parametrize("round_", range(5))
def test_one_token_used_20_times_at_once_has_one_successor(logged_in: Tokens, now: Now, round_: int) -> None:
    """All get the same, and later reuse of the old one ends the family."""
    came = at_once(*[lambda: sessions.refresh(logged_in.refresh, HERE, now.wall)] * THREADS)
    clean = [each for each in came if not isinstance(each, Unavailable)]  # whoever lost 8 races asks again
    only(Tokens, clean)
    assert len({each.refresh for each in clean}) == 1
    session = store.session(logged_in.account.id, logged_in.session.id, now.wall)
    assert session
    assert (session.generation, session.revision) == (2, 2)
    assert all(tokens.person_of(each.access, now.wall) for each in clean)
    successor = clean[0].refresh
    third = sessions.refresh(successor, HERE, now.wall + 12 * SECOND)
    with pytest.raises(Unauthenticated):
        sessions.refresh(logged_in.refresh, HERE, now.wall + 12 * SECOND)
    with pytest.raises(Unauthenticated):
        sessions.refresh(third.refresh, HERE, now.wall + 12 * SECOND)
    assert sessions.of(logged_in.account.id, now.wall) == []


def test_one_successor_also_while_the_keys_are_rotated(logged_in: Tokens, now: Now) -> None:
    """Some still hold the old list: what they make is what the others made."""
    stage = config().stage

    def rotate() -> None:
        made_secrets.rotate(stage, "token-keys", boto3.client("ssm"))

    def refresh_anew() -> Tokens:
        secrets._known.clear()  # as another function would that has just started
        return sessions.refresh(logged_in.refresh, HERE, now.wall)

    half = [lambda: sessions.refresh(logged_in.refresh, HERE, now.wall)] * 9
    rotated, *came = at_once(rotate, *half, *[refresh_anew] * 9)
    assert rotated is None
    clean = [each for each in came if not isinstance(each, Unavailable)]
    only(Tokens, clean)
    assert len({each.refresh for each in clean}) == 1


def test_a_used_token_that_comes_20_times_at_once_ends_the_family_once(logged_in: Tokens, now: Now) -> None:
    """While its successor is used, too: whoever is first, nobody is logged in at the end."""
    second = sessions.refresh(logged_in.refresh, HERE, now.wall)
    later = now.wall + MINUTE
    old = [lambda: sessions.refresh(logged_in.refresh, HERE, later)] * 12
    came = at_once(*old, *[lambda: sessions.refresh(second.refresh, HERE, later)] * 8)
    only(Unauthenticated, came[:12])
    only((Tokens, Unauthenticated, Unavailable), came[12:])  # type: ignore[arg-type]
    assert store.sessions(logged_in.account.id, now.wall) == []
    assert events(logged_in.account.id, later).count("refresh-replayed") == 1
    for each in came[12:]:
        if isinstance(each, Tokens):
            assert tokens.person_of(each.access, later) is None


def test_who_logs_out_while_refreshing_is_logged_out(logged_in: Tokens, now: Now) -> None:
    """Nothing of the session is left, whichever was first."""
    id = logged_in.account.id

    def log_out() -> None:
        sessions.end(id, logged_in.session.id, now.wall, by=id, client="192.0.2.1", why="logged-out")

    came = at_once(log_out, *[lambda: sessions.refresh(logged_in.refresh, HERE, now.wall)] * 10, log_out)
    only((Tokens, Unauthenticated, Unavailable), came[1:-1])  # type: ignore[arg-type]
    assert {type(came[0]), type(came[-1])} == {NotFound, type(None)}
    assert store.sessions(id, now.wall) == []
    assert events(id, now.wall).count("logged-out") == 1


def test_who_logs_in_while_all_sessions_end_is_in_or_out(ada: Account, now: Now) -> None:
    """What is listed is what the tokens open: nobody stays in by a session that nobody sees."""
    came = at_once(
        *[lambda: sessions.log_in(ADA, PASSWORD, HERE, now.wall)] * 8,
        *[lambda: sessions.end_all(ada.id, now.wall, by=ada.id, client="192.0.2.1")] * 2,
        *[lambda: sessions._begin(ada, HERE, now.wall)] * 8,
    )
    only((Tokens, type(None)), came)  # type: ignore[arg-type]
    begun = [each for each in came if isinstance(each, Tokens)]
    live = {each.session.id for each in begun if tokens.person_of(each.access, now.wall)}
    assert live == {each.id for each in sessions.of(ada.id, now.wall)}
    assert live.isdisjoint(each.session.id for each in came[-8:])  # of before: they ended in any case
    for each in begun:
        if each.session.id not in live:
            with pytest.raises(Unauthenticated):
                sessions.refresh(each.refresh, HERE, now.wall)


def test_logins_at_once_all_succeed(ada: Account, now: Now) -> None:
    """Also where the hash is made anew by each."""
    change(ada, now.wall, language="fr")
    came = at_once(*[lambda: sessions.log_in(ADA, PASSWORD, HERE, now.wall)] * 8)
    only(Tokens, came)
    assert len(sessions.of(ada.id, now.wall)) == 8
