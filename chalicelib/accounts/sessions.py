"""Logging in, staying logged in, and logging out.

A session is one login on one device. Its refresh token is good for once: each use gives the next, and when one comes
back that was used already, somebody has a copy, and the session ends for both (RFC 9700, section 4.14.2). Who asks
again with the last one within `GRACE` lost the answer, and gets the same successor again: nothing is written for that.
One that was used and is older than the keys can't be told from one that was made up: it is refused, and ends nothing.
"""

import hmac
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from chalicelib.accounts import passwords, store, tokens
from chalicelib.accounts.mail import email_of
from chalicelib.accounts.model import NOBODY, Account, Event, Origin, Session, hash_of, lives_until, new_id, stands
from chalicelib.channels.addresses import mailbox
from chalicelib.channels.model import Address, Channel
from chalicelib.core import limits
from chalicelib.core.errors import Conflict, NotFound, Unauthenticated, Unavailable
from chalicelib.core.telemetry import count, logger

GRACE = 10  # seconds; instants are kept in whole ones, so it may be one more
MOST = 30  # sessions of an account: the one that was not used for longest goes
AT_ONCE = 90  # that one transaction lets go beside what it keeps; it takes 100 items
HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)


@dataclass(frozen=True)
class Tokens:
    """What a client gets at login and at every refresh."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_in: int  # seconds: the access token
    session: Session
    account: Account


def log_in(email: str, password: str, origin: Origin, now: datetime) -> Tokens:
    """Begin a session. Raises Unauthenticated, Invalid for an address that is none, TooMany, Unavailable.

    Whether there is no such account, it is disabled, or the password is another: the same words, after the same work.
    """
    client = limits.network(origin.client)
    limits.spend("login-by-client", client, 300, HOUR, now)
    spelled = email_of(email)
    whose = mailbox(Address(Channel.EMAIL, spelled))
    # In this order: one client alone does not spend what the address has, and so keeps nobody from their account.
    limits.spend("login-of-one-by-client", f"{client} {whose}", 10, QUARTER, now)
    limits.spend("login-by-address", whose, 50, HOUR, now)
    account = store.account_with(spelled)
    right = passwords.matches(account.password if account else None, password)
    if account is None or account.disabled or not right:
        store.save(Event(now, "login-failed", None, account.id if account else NOBODY, origin.client), now=now)
        count("LoginsFailed")
        raise Unauthenticated("the address or the password is wrong", "Bearer")
    if passwords.outdated(account.password):
        with suppress(Conflict):  # the next login does it
            store.save(replace(account, password=passwords.hash_of(password)), now=now)
    return _begin(account, origin, now)


def refresh(token: str, origin: Origin, now: datetime) -> Tokens:
    """The next tokens of a session, for its refresh token. Raises Unauthenticated, TooMany, Unavailable."""
    limits.spend("refresh-by-client", limits.network(origin.client), 2000, HOUR, now)
    said = tokens.refresh_of(token)
    if said is None:
        raise _over()
    found = store.persist(lambda: _refreshed(token, said, origin, now))
    if found is None:
        raise _over()
    return found


def of(account_id: str, now: datetime) -> list[Session]:
    """The sessions of an account, the last used first."""
    account = store.account(account_id)
    if account is None:
        return []
    return [each for each in store.sessions(account_id, now) if stands(account, each, now)]


def end(
    account_id: str, session_id: str, now: datetime, *, by: str | None, client: str, why: str = "session-ended"
) -> None:
    """End one session of an account. Raises NotFound where it has no such session; Unavailable."""

    def attempt() -> None:
        session = store.session(account_id, session_id, now)
        if session is None:
            raise NotFound("there is no such session")
        event = Event(now, why, by, account_id, client, (("session", session_id),))
        store.save(event, gone=[session], now=now)

    store.persist(attempt)


def end_all(
    account_id: str,
    now: datetime,
    *,
    but: str | None = None,
    by: str | None,
    client: str,
    why: str = "logged-out-everywhere",
) -> None:
    """End all sessions of an account but one, and those that are just beginning. Raises NotFound, Unavailable."""

    def attempt() -> None:
        account = store.account(account_id)
        if account is None:
            raise NotFound("there is no such account")
        after = replace(account, epoch=account.epoch + 1)
        sessions = store.sessions(account_id, now)
        stay = [replace(each, epoch=after.epoch) for each in sessions if each.id == but and stands(account, each, now)]
        gone = [each for each in sessions if each.id not in {kept.id for kept in stay}]
        # By the epoch alone they are over; what does not go now, the broom takes.
        store.save(after, *stay, Event(now, why, by, account_id, client), gone=gone[:AT_ONCE], now=now)

    store.persist(attempt)


def _begin(account: Account, origin: Origin, now: datetime) -> Tokens:
    id, at = new_id(), int(now.timestamp())
    token = tokens.new_refresh(account.id, id, 1)
    session = Session(
        account.id, id, hash_of(token), 1, at, at, at, lives_until(account.role, at, now), origin.client, origin.agent,
        account.epoch,
    )  # fmt: skip
    event = Event(now, "logged-in", account.id, account.id, origin.client, (("session", id),))

    def attempt() -> None:
        before = store.sessions(account.id, now)  # the last used first
        live = [each for each in before if stands(account, each, now)]
        over = [each for each in before if each not in live]
        most = live[MOST - 1 :][:MOST]
        ended = [
            Event(now, "session-ended", account.id, account.id, origin.client, (("session", each.id), ("why", "most")))
            for each in most
        ]
        store.save(session, event, *ended, gone=[*most, *over][: AT_ONCE - len(most)], now=now)

    store.persist(attempt)
    return _tokens(account, session, token, now)


def _refreshed(token: str, said: tokens.Refresh, origin: Origin, now: datetime) -> Tokens | None:
    account, session = store.account_and_session(said.account, said.session, now)
    if account is None or session is None or not stands(account, session, now):
        return None
    shown, at = hash_of(token), int(now.timestamp())
    if hmac.compare_digest(shown, session.current):
        return _rotated(account, session, origin, now)
    was_last = hmac.compare_digest(shown, session.former or "")
    if was_last and at - session.rotated_at <= GRACE:
        return _again(account, session, now)
    if was_last or tokens.is_ours(token):
        event = Event(now, "refresh-replayed", None, account.id, origin.client, (("session", session.id),))
        store.save(event, gone=[session], now=now)
        count("SessionsReplayed")
        logger.warning("a used refresh token came back, and its session ended", account=account.id, session=session.id)
    return None


def _rotated(account: Account, session: Session, origin: Origin, now: datetime) -> Tokens:
    at = int(now.timestamp())
    token = tokens.new_refresh(account.id, session.id, session.generation + 1)
    following = replace(
        session, current=hash_of(token), former=session.current, generation=session.generation + 1, rotated_at=at,
        used_at=at, expires=lives_until(account.role, session.logged_in_at, now), client=origin.client,
        agent=origin.agent,
    )  # fmt: skip
    store.save(following, now=now)
    return _tokens(account, following, token, now)


def _again(account: Account, session: Session, now: datetime) -> Tokens:
    """The successor that was given out already: by whichever key it was made."""
    for token in tokens.each_refresh(tokens.Refresh(account.id, session.id, session.generation)):
        if hmac.compare_digest(hash_of(token), session.current):
            return _tokens(account, session, token, now)
    raise Unavailable("this session's key is not known here yet")  # keys were rotated twice within minutes


def _tokens(account: Account, session: Session, token: str, now: datetime) -> Tokens:
    left = tokens.expires(session, now) - int(now.timestamp())
    return Tokens(tokens.access_token(account, session, now), token, left, session, account)


def _over() -> Unauthenticated:
    return Unauthenticated("this refresh token is none, or its session is over; log in anew", "Bearer")
