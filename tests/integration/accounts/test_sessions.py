"""Logging in, staying logged in, logging out."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import argon2
import boto3
import pytest

from chalicelib.accounts import passwords, sessions, store, tokens
from chalicelib.accounts.model import Account, Origin, hash_of, new_id
from chalicelib.accounts.sessions import Tokens
from chalicelib.core import secrets
from chalicelib.core.callers import Role
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, Invalid, NotFound, TooMany, Unauthenticated, Unavailable
from infra import secrets as made_secrets

from ..alerts.killing import Process
from .logins import HERE, PASSWORD, account, change, events

pytestmark = pytest.mark.usefixtures("cloud")

ADA = "ada@example.com"
THERE = Origin("198.51.100.9", "a phone")
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def ada(now: Now) -> Account:
    return account(ADA, now.wall)


@pytest.fixture
def logged_in(ada: Account, now: Now) -> Tokens:
    return sessions.log_in(ADA, PASSWORD, HERE, now.wall)


@pytest.fixture
def process() -> Iterator[Process]:
    with Process().installed() as each:
        yield each


def is_over(token: str, at: datetime) -> bool:
    """Whether a refresh token gets nothing more."""
    try:
        sessions.refresh(token, HERE, at)
    except Unauthenticated:
        return True
    return False


def rotate_keys() -> None:
    """As the command does, after five minutes: nobody holds the old list any more."""
    made_secrets.rotate("test", "token-keys", boto3.client("ssm"))
    secrets._known.clear()


# Logging in


def test_who_knows_the_password_is_logged_in(ada: Account, now: Now) -> None:
    """Under any spelling of the address; it stands in the audit trail."""
    got = sessions.log_in("  Ada@EXAMPLE.com ", PASSWORD, HERE, now.wall)
    person = tokens.person_of(got.access, now.wall)
    assert person
    assert (person.id, person.session, got.account.id, got.expires_in) == (ada.id, got.session.id, ada.id, 900)
    (session,) = sessions.of(ada.id, now.wall)
    assert session == replace(got.session, revision=1)
    assert (session.generation, session.client, session.agent) == (1, "192.0.2.1", "curl/8")
    assert session.logged_in_at == session.used_at == int(now.wall.timestamp())
    assert events(ada.id, now.wall) == ["logged-in"]


def test_no_token_is_kept_or_shown(logged_in: Tokens) -> None:
    """The table has hashes; what is printed has neither."""
    rows = json.dumps(boto3.client("dynamodb").scan(TableName="gatecall-test-accounts")["Items"])
    assert logged_in.refresh not in rows
    assert logged_in.refresh.rpartition(".")[2] not in rows
    assert hash_of(logged_in.refresh) in rows
    for secret in (logged_in.refresh, logged_in.access, hash_of(logged_in.refresh)):
        assert secret not in repr(logged_in)


@pytest.mark.parametrize("of", ["unknown", "disabled", "wrong", "empty", "long", "NUL", "no text"])
def test_whoever_may_not_log_in_hears_the_same(ada: Account, now: Now, of: str) -> None:
    """Whether there is no such account, it is disabled, or the password is another."""
    if of == "disabled":
        change(ada, now.wall, disabled=True)
    email = "eve@example.com" if of == "unknown" else ADA
    tried = {"unknown": PASSWORD, "disabled": PASSWORD, "wrong": "a tram to the desert", "empty": "", "NUL": "\x00",
             "long": PASSWORD * 1000, "no text": "\ud800"}  # fmt: skip
    with pytest.raises(Unauthenticated, match=r"^the address or the password is wrong$") as refused:
        sessions.log_in(email, tried[of], HERE, now.wall)
    assert refused.value.scheme == "Bearer"
    assert sessions.of(ada.id, now.wall) == []
    assert events(ada.id, now.wall) == ([] if of == "unknown" else ["login-failed"])


def test_whoever_may_not_log_in_costs_the_same(
    ada: Account, now: Now, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS calls and verifications are counted: nobody learns by them whether an address has an account."""
    account("bob@example.com", now.wall, disabled=True)
    verified: list[str] = []
    hasher = passwords.hasher()

    class Counting:
        check_needs_rehash = staticmethod(hasher.check_needs_rehash)

        def verify(self, hash: str, password: bytes) -> bool:
            verified.append(str(argon2.extract_parameters(hash)))
            return hasher.verify(hash, password)

    monkeypatch.setattr(passwords, "hasher", Counting)
    work = {}
    for who, password in ((ADA, "a tram to the desert"), ("bob@example.com", PASSWORD), ("eve@example.com", PASSWORD)):
        process.calls.clear()
        verified.clear()

        def fails(who: str = who, password: str = password) -> None:
            with pytest.raises(Unauthenticated):
                sessions.log_in(who, password, HERE, now.wall)

        process.run(fails)
        work[who] = [*process.calls], [*verified]
    assert work[ADA] == work["bob@example.com"] == work["eve@example.com"]
    calls, verifications = work[ADA]
    assert len(verifications) == 1
    assert calls == [*["UpdateItem"] * 3, *["GetItem"] * 2, "PutItem"]


def test_an_address_that_is_none_is_a_mistake_not_a_wrong_password(now: Now) -> None:
    """It tells nothing of accounts."""
    with pytest.raises(Invalid):
        sessions.log_in("ada", PASSWORD, HERE, now.wall)


def test_a_client_tries_one_address_10_times_in_15_minutes(ada: Account, now: Now) -> None:
    """Then not even the right password helps; and what is refused does not count for the address."""
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            sessions.log_in("ada+x@example.com", "a tram to the desert", HERE, now.wall)
    for _ in range(60):
        with pytest.raises(TooMany) as refused:
            sessions.log_in(ADA, PASSWORD, HERE, now.wall)
    assert (refused.value.limit, refused.value.allowed, refused.value.within) == ("login-of-one-by-client", 10, 900)
    assert sessions.log_in(ADA, PASSWORD, THERE, now.wall)
    assert sessions.log_in(ADA, PASSWORD, HERE, now.wall + 15 * MINUTE)


def test_an_address_is_tried_50_times_an_hour(ada: Account, now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """By however many clients."""
    monkeypatch.setattr(passwords, "matches", lambda hash, password: False)
    for number in range(50):
        with pytest.raises(Unauthenticated):
            sessions.log_in(ADA, "x", Origin(f"192.0.2.{number}"), now.wall)
    with pytest.raises(TooMany) as refused:
        sessions.log_in(ADA, PASSWORD, THERE, now.wall)
    assert refused.value.limit == "login-by-address"


def test_a_client_tries_300_times_an_hour(ada: Account, now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many addresses; a whole network of IPv6 is one client. That is counted first, and before any work."""
    spent: list[tuple[Any, ...]] = []
    monkeypatch.setattr(sessions.limits, "spend", lambda *given: spent.append(given))
    sessions.log_in("Ada@Example.com", PASSWORD, Origin("2001:db8:1:2::/64"), now.wall)
    assert spent == [
        ("login-by-client", "2001:db8:1::/48", 300, HOUR, now.wall),
        ("login-of-one-by-client", "2001:db8:1::/48 ada@example.com", 10, 15 * MINUTE, now.wall),
        ("login-by-address", "ada@example.com", 50, HOUR, now.wall),
    ]

    def none_left(*given: Any) -> None:
        raise TooMany("no", 1, given[0], given[2], 3600)

    monkeypatch.setattr(sessions.limits, "spend", none_left)
    with Process().installed() as process, pytest.raises(TooMany):
        process.run(lambda: sessions.log_in("no address", PASSWORD, HERE, now.wall))
    assert process.calls == []


def test_a_hash_of_before_is_made_anew_at_login(now: Now) -> None:
    """Where the parameters changed; the password stays as it was."""
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    account(ADA, now.wall, password=old)
    sessions.log_in(ADA, PASSWORD, HERE, now.wall)
    there = store.account_with(ADA)
    assert there
    assert there.password != old
    assert not passwords.outdated(there.password)
    sessions.log_in(ADA, PASSWORD, HERE, now.wall)
    again = store.account_with(ADA)
    assert again
    assert again.revision == there.revision


def test_a_hash_is_not_made_anew_by_a_wrong_password(now: Now) -> None:
    """Nothing changes for who does not know it."""
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    account(ADA, now.wall, password=old)
    with pytest.raises(Unauthenticated):
        sessions.log_in(ADA, "a tram to the desert", HERE, now.wall)
    there = store.account_with(ADA)
    assert there
    assert there.password == old


def test_who_changes_the_account_meanwhile_does_not_fail_the_login(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash is then made anew the next time."""
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    ada = account(ADA, now.wall, password=old)
    real = passwords.hash_of

    def meanwhile(password: str) -> str:
        change(ada, now.wall, language="fr")
        return real(password)

    monkeypatch.setattr(passwords, "hash_of", meanwhile)
    sessions.log_in(ADA, PASSWORD, HERE, now.wall)
    there = store.account_with(ADA)
    assert there
    assert (there.language, there.password) == ("fr", old)


def test_an_account_has_30_sessions(ada: Account, now: Now) -> None:
    """Of more, the one that was not used for longest goes."""
    first, second, *_ = [sessions._begin(ada, HERE, now.wall + each * MINUTE) for each in range(30)]
    later = now.wall + HOUR
    first = sessions.refresh(first.refresh, HERE, later)
    sessions.log_in(ADA, PASSWORD, HERE, later)
    live = {each.id for each in sessions.of(ada.id, later)}
    assert len(live) == 30
    assert first.session.id in live
    assert is_over(second.refresh, later)


def test_a_login_that_began_before_all_ended_is_over(ada: Account, now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has the old password and is just logging in when it is changed does not stay."""
    real = passwords.matches

    def meanwhile(hash: str | None, password: str) -> bool:
        sessions.end_all(ada.id, now.wall, by=ada.id, client="192.0.2.1")
        return real(hash, password)

    monkeypatch.setattr(passwords, "matches", meanwhile)
    got = sessions.log_in(ADA, PASSWORD, THERE, now.wall)
    assert tokens.person_of(got.access, now.wall) is None
    assert is_over(got.refresh, now.wall)
    assert sessions.of(ada.id, now.wall) == []


# Staying logged in


def test_a_refresh_token_gives_the_next_ones(logged_in: Tokens, now: Now) -> None:
    """Each another; where and when it was used is kept; who calls logged in when they did."""
    later = now.wall + 20 * MINUTE
    assert tokens.person_of(logged_in.access, later) is None
    got = sessions.refresh(logged_in.refresh, THERE, later)
    assert got.refresh != logged_in.refresh
    person = tokens.person_of(got.access, later)
    assert person
    assert (person.session, person.since_login) == (logged_in.session.id, 20 * MINUTE)
    session = store.session(got.account.id, got.session.id, later)
    assert session
    assert (session.generation, session.client, session.agent) == (2, "198.51.100.9", "a phone")
    assert session.used_at == session.rotated_at == int(later.timestamp())
    assert session.expires == int((later + 30 * DAY).timestamp())
    third = sessions.refresh(got.refresh, THERE, later + HOUR)
    assert len({logged_in.refresh, got.refresh, third.refresh}) == 3


def test_a_refresh_is_one_read_and_one_write(logged_in: Tokens, now: Now, process: Process) -> None:
    """And the counter's."""
    process.run(lambda: sessions.refresh(logged_in.refresh, HERE, now.wall))
    assert process.calls == ["UpdateItem", "BatchGetItem", "PutItem"]


def test_who_lost_the_answer_gets_the_same_again(logged_in: Tokens, now: Now, process: Process) -> None:
    """Within 10 seconds, as often as they ask, and nothing is written for it."""
    later = now.wall + HOUR
    got = sessions.refresh(logged_in.refresh, HERE, later)
    for seconds in (0, 1, 9.99, 10):
        again = sessions.refresh(logged_in.refresh, THERE, later + seconds * SECOND)
        assert (again.refresh, again.session.id) == (got.refresh, got.session.id)
        assert tokens.person_of(again.access, later + seconds * SECOND)
    process.run(lambda: sessions.refresh(logged_in.refresh, HERE, later))
    assert process.calls == ["UpdateItem", "BatchGetItem"]
    assert sessions.refresh(got.refresh, HERE, later + MINUTE).session.generation == 3


def test_a_used_token_that_comes_back_ends_the_session(
    logged_in: Tokens, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has a copy, and it is not known who: neither goes on (RFC 9700, section 4.14.2)."""
    counted: list[str] = []
    monkeypatch.setattr(sessions, "count", counted.append)
    other = sessions.log_in(ADA, PASSWORD, THERE, now.wall)
    got = sessions.refresh(logged_in.refresh, THERE, now.wall)
    assert is_over(logged_in.refresh, now.wall + 12 * SECOND)
    assert is_over(got.refresh, now.wall + 12 * SECOND)
    assert tokens.person_of(got.access, now.wall + 12 * SECOND) is None
    assert events(got.account.id, now.wall)[0] == "refresh-replayed"
    assert counted == ["SessionsReplayed"]
    assert [each.id for each in sessions.of(got.account.id, now.wall)] == [other.session.id]


def test_any_token_of_before_ends_the_session_at_once(logged_in: Tokens, now: Now) -> None:
    """Only the last one may have been lost."""
    second = sessions.refresh(logged_in.refresh, HERE, now.wall)
    third = sessions.refresh(second.refresh, HERE, now.wall)
    assert is_over(logged_in.refresh, now.wall)
    assert is_over(third.refresh, now.wall)


def test_a_token_that_was_made_up_ends_nothing(logged_in: Tokens, now: Now) -> None:
    """Whoever knows the ids of a session can't log anybody out by them."""
    second = sessions.refresh(logged_in.refresh, HERE, now.wall)
    account_id, session_id = second.account.id, second.session.id
    for generation in (1, 2, 3, 999_999_999):
        assert is_over(f"gcr_{account_id}.{session_id}.{generation}.{'A' * 43}", now.wall + MINUTE)
    other = account("bob@example.com", now.wall)
    for token in (
        logged_in.refresh[:-1], logged_in.refresh + "A", logged_in.refresh.replace(account_id, other.id),
        tokens.new_refresh(other.id, session_id, 1), tokens.new_refresh(account_id, new_id(), 1), "", "gcr_", "\ud800",
        "x" * 100_000, second.access,
    ):  # fmt: skip
        assert is_over(token, now.wall + MINUTE)
    assert sessions.refresh(second.refresh, HERE, now.wall + MINUTE)


def test_keys_are_rotated_with_nobody_logged_out(logged_in: Tokens, now: Now) -> None:
    """Access tokens hold, refresh tokens too, and so does what was lost while the keys changed."""
    rotate_keys()
    assert tokens.person_of(logged_in.access, now.wall)
    got = sessions.refresh(logged_in.refresh, HERE, now.wall)
    rotate_keys()
    assert sessions.refresh(logged_in.refresh, HERE, now.wall + SECOND).refresh == got.refresh
    assert tokens.person_of(got.access, now.wall)
    assert sessions.refresh(got.refresh, HERE, now.wall + HOUR).session.generation == 3


def test_who_was_away_while_keys_were_rotated_twice_is_still_logged_in(logged_in: Tokens, now: Now) -> None:
    """None of the keys of then is left; the answer may even be lost."""
    for _ in range(4):
        rotate_keys()
    got = sessions.refresh(logged_in.refresh, HERE, now.wall + DAY)
    assert sessions.refresh(logged_in.refresh, HERE, now.wall + DAY + SECOND).refresh == got.refresh
    assert tokens.person_of(got.access, now.wall + DAY)
    assert is_over(logged_in.refresh, now.wall + 2 * DAY)
    assert is_over(got.refresh, now.wall + 2 * DAY)


def test_a_used_token_of_the_key_before_still_ends_the_session(logged_in: Tokens, now: Now) -> None:
    """What was used three times ago, by a key that signs no more."""
    got = logged_in
    for _ in range(3):
        got = sessions.refresh(got.refresh, HERE, now.wall)
    rotate_keys()
    assert is_over(logged_in.refresh, now.wall)
    assert is_over(got.refresh, now.wall)


def test_a_function_that_does_not_know_the_key_yet_ends_nothing(logged_in: Tokens, now: Now) -> None:
    """It says that it is unavailable, where it can't make the successor again."""
    old = dict(secrets._known)
    rotate_keys()
    rotate_keys()
    got = sessions.refresh(logged_in.refresh, HERE, now.wall)
    secrets._known.update(old)
    with pytest.raises(Unavailable):
        sessions.refresh(logged_in.refresh, HERE, now.wall)
    secrets._known.clear()
    assert sessions.refresh(logged_in.refresh, HERE, now.wall).refresh == got.refresh


@pytest.mark.parametrize(
    ("role", "uses", "lives"),
    [
        (Role.PASSENGER, timedelta(days=29), timedelta(days=180)),
        (Role.OPERATOR, timedelta(hours=1), timedelta(hours=12)),
        (Role.ADMIN, timedelta(hours=1), timedelta(hours=12)),
    ],
)
def test_a_session_that_is_used_ends_at_last(now: Now, role: Role, uses: timedelta, lives: timedelta) -> None:
    """After 180 days; after 12 hours on duty, and the last access token with it."""
    account(ADA, now.wall, role=role, airlines=("UA",) if role is Role.OPERATOR else ())
    got = sessions.log_in(ADA, PASSWORD, HERE, now.wall)
    at = now.wall + uses
    while at < now.wall + lives:
        got = sessions.refresh(got.refresh, HERE, at)
        at += uses
    last = now.wall + lives - SECOND
    got = sessions.refresh(got.refresh, HERE, last)
    assert got.expires_in == 1
    assert tokens.person_of(got.access, last)
    assert tokens.person_of(got.access, now.wall + lives) is None
    assert is_over(got.refresh, now.wall + lives)


def test_a_session_that_is_not_used_ends_though_its_row_is_still_there(logged_in: Tokens, now: Now) -> None:
    """F18: the broom comes days later."""
    expired = now.wall + 30 * DAY
    rows = boto3.client("dynamodb").scan(TableName="gatecall-test-accounts")["Items"]
    assert [row for row in rows if row["sk"]["S"] == f"session#{logged_in.session.id}"]
    assert is_over(logged_in.refresh, expired)
    assert tokens.person_of(tokens.access_token(logged_in.account, logged_in.session, expired), expired) is None
    assert sessions.of(logged_in.account.id, expired) == []
    with pytest.raises(NotFound):
        sessions.end(logged_in.account.id, logged_in.session.id, expired, by=None, client="")


def test_a_passenger_who_becomes_an_operator_logs_in_anew_after_12_hours(logged_in: Tokens, now: Now) -> None:
    """The session of before does not outlive what the role allows."""
    change(logged_in.account, now.wall, role=Role.OPERATOR, airlines=("UA",))
    got = sessions.refresh(logged_in.refresh, HERE, now.wall + HOUR)
    assert got.session.expires == int((now.wall + 12 * HOUR).timestamp())
    later = now.wall + 12 * HOUR
    assert is_over(got.refresh, later)
    assert sessions.of(got.account.id, later) == []


@pytest.mark.parametrize("end", ["disabled", "deleted", "all sessions ended"])
def test_whose_account_is_disabled_or_gone_is_logged_out_at_once(logged_in: Tokens, now: Now, end: str) -> None:
    """Access token and refresh token alike; and that is no replay."""
    if end == "disabled":
        change(logged_in.account, now.wall, disabled=True)
    elif end == "deleted":
        there = store.account(logged_in.account.id)
        assert there
        store.save(gone=[there], now=now.wall)
    else:
        change(logged_in.account, now.wall, epoch=2)
    assert tokens.person_of(logged_in.access, now.wall) is None
    assert is_over(logged_in.refresh, now.wall)
    assert sessions.of(logged_in.account.id, now.wall) == []
    assert "refresh-replayed" not in events(logged_in.account.id, now.wall)


def test_who_is_enabled_again_is_still_logged_in(logged_in: Tokens, now: Now) -> None:
    """Disabling ends nothing by itself; who wants that ends the sessions too."""
    change(logged_in.account, now.wall, disabled=True)
    assert is_over(logged_in.refresh, now.wall)
    change(logged_in.account, now.wall, disabled=False)
    assert sessions.refresh(logged_in.refresh, HERE, now.wall)


def test_a_client_refreshes_2000_times_an_hour(logged_in: Tokens, now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is refused then has lost nothing."""
    spent: list[tuple[Any, ...]] = []

    def spend(*given: Any) -> None:
        spent.append(given)
        raise TooMany("no", 1, given[0], given[2], 3600)

    monkeypatch.setattr(sessions.limits, "spend", spend)
    with pytest.raises(TooMany):
        sessions.refresh(logged_in.refresh, Origin("2001:db8:1:2::/64"), now.wall)
    assert spent == [("refresh-by-client", "2001:db8:1::/48", 2000, HOUR, now.wall)]
    monkeypatch.undo()
    assert sessions.refresh(logged_in.refresh, HERE, now.wall)


def test_wherever_a_refresh_dies_the_client_asks_again(ada: Account, now: Now) -> None:
    """Before and after every AWS call: within 10 seconds the old token gets a successor that goes on."""
    for point in range(100):
        at = now.wall + point * HOUR
        logged_in = sessions._begin(ada, HERE, at)
        with Process(dies_at=point).installed() as process:
            lived = process.run(lambda token=logged_in.refresh, at=at: sessions.refresh(token, HERE, at))
        got = sessions.refresh(logged_in.refresh, HERE, at + 10 * SECOND)
        assert got.session.generation == 2
        assert sessions.refresh(got.refresh, HERE, at + MINUTE).session.generation == 3
        if lived:
            break
    assert point == 6
    assert "refresh-replayed" not in events(ada.id, now.wall)


def test_wherever_a_login_dies_it_can_be_done_again(ada: Account, now: Now) -> None:
    """There is at most a session more, which nobody has the tokens of."""
    for point in range(100):
        at = now.wall + point * HOUR
        with Process(dies_at=point).installed() as process:
            lived = process.run(lambda at=at: sessions.log_in(ADA, PASSWORD, HERE, at))
        assert sessions.log_in(ADA, PASSWORD, HERE, at)
        if lived:
            break
    assert point == 14


# Logging out


def test_who_logs_out_is_logged_out_here(logged_in: Tokens, now: Now) -> None:
    """At once, and in no other place."""
    other = sessions.log_in(ADA, PASSWORD, THERE, now.wall)
    id = logged_in.account.id
    sessions.end(id, logged_in.session.id, now.wall + SECOND, by=id, client="192.0.2.1", why="logged-out")
    assert tokens.person_of(logged_in.access, now.wall) is None
    assert is_over(logged_in.refresh, now.wall)
    assert tokens.person_of(other.access, now.wall)
    assert events(id, now.wall)[0] == "logged-out"
    with pytest.raises(NotFound):
        sessions.end(id, logged_in.session.id, now.wall, by=id, client="192.0.2.1")


def test_nobody_ends_anothers_session(logged_in: Tokens, now: Now) -> None:
    """There is no such session, for them; nor one of a name that can't be."""
    bob = account("bob@example.com", now.wall)
    for id in (logged_in.session.id, "", "x" * 5000, "é", "#", "\ud800"):
        with pytest.raises(NotFound):
            sessions.end(bob.id, id, now.wall, by=bob.id, client="192.0.2.1")
    assert tokens.person_of(logged_in.access, now.wall)
    assert events(bob.id, now.wall) == []


@pytest.mark.parametrize("but", [True, False])
def test_who_logs_out_everywhere_is_logged_out_everywhere(ada: Account, now: Now, but: bool) -> None:
    """At once, or everywhere but here; nothing of it is left in the table."""
    here, *others = [sessions._begin(ada, HERE, now.wall) for _ in range(3)]
    sessions.end_all(ada.id, now.wall, but=here.session.id if but else None, by=ada.id, client="192.0.2.1")
    assert [tokens.person_of(each.access, now.wall) for each in others] == [None, None]
    assert all(is_over(each.refresh, now.wall) for each in others)
    assert (tokens.person_of(here.access, now.wall) is not None) is but
    assert is_over(here.refresh, now.wall) is not but
    assert len(store.sessions(ada.id, now.wall)) == but
    assert events(ada.id, now.wall).count("logged-out-everywhere") == 1
    assert sessions.log_in(ADA, PASSWORD, HERE, now.wall)


def test_more_sessions_than_one_transaction_takes_all_end(ada: Account, now: Now) -> None:
    """What is left in the table logs nobody in."""
    all_of_them = [replace(sessions._begin(ada, HERE, now.wall).session, id=new_id(), revision=0) for _ in range(2)]
    store.save(*[replace(all_of_them[0], id=new_id()) for _ in range(95)], now=now.wall)
    store.save(*[replace(all_of_them[1], id=new_id()) for _ in range(95)], now=now.wall)
    assert len(sessions.of(ada.id, now.wall)) == 192
    sessions.end_all(ada.id, now.wall, by=None, client="", why="password-reset")
    assert sessions.of(ada.id, now.wall) == []
    assert len(store.sessions(ada.id, now.wall)) == 192 - sessions.AT_ONCE
    sessions.log_in(ADA, PASSWORD, HERE, now.wall)
    assert len(store.sessions(ada.id, now.wall)) == 192 - 2 * sessions.AT_ONCE + 1
    assert len(sessions.of(ada.id, now.wall)) == 1


def test_the_sessions_of_nobody(now: Now) -> None:
    """There are none; and none to end."""
    assert sessions.of("nobody", now.wall) == []
    with pytest.raises(NotFound):
        sessions.end_all("nobody", now.wall, by=None, client="")


def test_a_refresh_that_loses_against_an_end_is_over(
    logged_in: Tokens, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing brings back a session that was ended while it was refreshed."""
    real: Callable[..., None] = store.save

    def meanwhile(*items: Any, **more: Any) -> None:
        monkeypatch.setattr(store, "save", real)
        sessions.end(logged_in.account.id, logged_in.session.id, now.wall, by=None, client="")
        real(*items, **more)

    monkeypatch.setattr(store, "save", meanwhile)
    assert is_over(logged_in.refresh, now.wall)
    assert store.sessions(logged_in.account.id, now.wall) == []


def test_where_others_keep_changing_the_session_it_is_said(
    logged_in: Tokens, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503, and nothing is lost by it."""

    def conflict(*_: Any, **__: Any) -> None:
        raise Conflict("somebody else changed this first")

    monkeypatch.setattr(store, "save", conflict)
    with pytest.raises(Unavailable):
        sessions.refresh(logged_in.refresh, HERE, now.wall)
    monkeypatch.undo()
    assert sessions.refresh(logged_in.refresh, HERE, now.wall)
