"""What admins do with people's accounts: find, invite, give and take roles, disable, delete. All of it is audited.

Whoever calls from a terminal (`python -m infra admin`) is no account: `by` is None.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.accounts import links, store
from chalicelib.accounts.mail import email_of
from chalicelib.accounts.model import Account, Errand, Event, Task, check_mandate, new_id
from chalicelib.channels.addresses import mailbox
from chalicelib.channels.model import Address, Channel
from chalicelib.core import limits
from chalicelib.core.callers import Person, Role
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, Forbidden, Invalid, NotFound

if TYPE_CHECKING:
    from chalicelib.accounts.personal import Erased

HOUR = timedelta(hours=1)


def listed(roles: Sequence[Role], prefix: str, limit: int, cursor: str | None) -> tuple[list[Account], str | None]:
    """Accounts of these roles whose address begins so, and what to read on from; a whole address finds its account.

    By role, not by address. A page may hold fewer than `limit`. Raises Invalid for a cursor that is none.
    """
    prefix = prefix.strip().lower()
    if "@" in prefix and cursor is None:
        try:
            found = store.account_with(email_of(prefix))
        except Invalid:
            found = None  # not whole yet
        if found:
            return [found] if found.role in roles else [], None
    if not prefix.isascii():  # no address is otherwise
        return [], None
    return store.people(roles, prefix, limit, cursor)


def one(id: str) -> Account:
    """An account. Raises NotFound."""
    account = store.account(id)
    if account is None:
        raise NotFound("there is no such account")
    return account


def invite(  # noqa: PLR0917 - the invitation, then who makes it
    given_email: str, role: Role, airlines: Sequence[str], airports: Sequence[str], language: str,
    by: Person, client: str, now: datetime,
) -> Errand:  # fmt: skip
    """Invite somebody to have an account of this role: a letter leads on to where the password is set.

    Raises Invalid, Conflict where the address has an account, TooMany, Unavailable.
    """
    links.check_sending()
    check_mandate(role, airlines, airports)
    email = email_of(given_email)
    limits.spend("invite-by-account", by.id, 100, HOUR, now)
    limits.spend("invite-by-address", mailbox(Address(Channel.EMAIL, email)), 3, HOUR, now)
    if store.account_with(email):
        raise Conflict("this address has an account; find it among the people, and change its role")
    errand = _invitation(email, language, now, role=role, airlines=_few(airlines), airports=_few(airports), by=by.id)
    _keep(errand, client, now)
    return errand


def invitations(now: datetime) -> list[Errand]:
    """Invitations whose link was not used, by address."""
    return store.invitations(now)


def withdraw(id: str, by: Person, client: str, now: datetime) -> None:
    """Take an invitation back: its link opens nothing. Raises NotFound, also where it was used; Unavailable."""

    def attempt() -> None:
        errand = store.errand(id, now)
        if errand is None or errand.task is not Task.INVITE:
            raise NotFound("there is no such invitation, or it was used")
        store.save(Event(now, "invitation-withdrawn", by.id, f"invitation:{id}", client), gone=[errand], now=now)

    store.persist(attempt)


def make_admin(given_email: str, language: str, client: str, now: datetime) -> Account | Errand:
    """Make an admin of whoever has this address, as a stage has none at first: asks for no admin and sends no letter.

    Returns the account, where the address has one, or the invitation (`links.url`). Raises Invalid, Unavailable.
    """
    email = email_of(given_email)
    if account := store.account_with(email):
        return change(account.id, None, client, now, role=Role.ADMIN, disabled=False)
    errand = _invitation(email, language, now, role=Role.ADMIN, done=True)
    _keep(errand, client, now)
    return errand


def change(
    id: str, by: Person | None, client: str, now: datetime, *,
    role: Role | None = None, airlines: Sequence[str] | None = None, airports: Sequence[str] | None = None,
    disabled: bool | None = None,
) -> Account:  # fmt: skip
    """Give or take a role and what an operator acts for, disable or enable; what is None stays as it is.

    It holds at once, as every request is admitted by what the account is then; disabling ends all sessions. Who is no
    operator any more acts for nobody. Returns the account as it then is. Raises NotFound, Invalid, Conflict for one's
    own, Forbidden for who is no admin any more, Unavailable.
    """
    _not_oneself(id, by)

    def attempt() -> Account:
        admin, before = _still_admin(by), one(id)
        wanted = before.role if role is None else role
        stays = wanted is Role.OPERATOR
        after = replace(
            before,
            role=wanted,
            airlines=_few(airlines) if airlines is not None else before.airlines if stays else (),
            airports=_few(airports) if airports is not None else before.airports if stays else (),
            disabled=before.disabled if disabled is None else disabled,
        )
        check_mandate(after.role, after.airlines, after.airports)
        if after == before:
            return before
        events = _told(before, after, by.id if by else None, client, now)
        if after.disabled and not before.disabled:
            after = replace(after, epoch=before.epoch + 1)
        store.save(after, *events, seen=admin, now=now)
        return replace(after, revision=before.revision + 1)

    return store.persist(attempt)


def delete(id: str, by: Person, client: str, now: Now) -> "Erased":
    """Delete an account and all that is held on the person. Raises NotFound, Conflict for one's own, Unavailable."""
    from chalicelib.accounts import personal

    _not_oneself(id, by)
    account = one(id)
    if account.role is Role.ADMIN:  # the role goes first: of two admins who delete each other at once, one stays
        account = change(id, by, client, now.wall, role=Role.PASSENGER)
    return personal.erase(account, by=by.id, client=client, now=now)


def _still_admin(by: Person | None) -> Account | None:
    """The admin's account; the change holds only if it is the same then: of two who demote each other, one stays."""
    if by is None:
        return None
    admin = store.account(by.id)
    if admin is None or admin.disabled or admin.role is not Role.ADMIN:
        raise Forbidden("this account is no admin's any more")
    return admin


def _not_oneself(id: str, by: Person | None) -> None:
    if by and by.id == id:
        raise Conflict("this account is your own; another admin can do that")


def _told(before: Account, after: Account, by: str | None, client: str, now: datetime) -> list[Event]:
    """What the audit trail says of a change."""
    events = []
    detail = tuple((name, f"{was} -> {_mandate(after)[name]}")
                   for name, was in _mandate(before).items() if was != _mandate(after)[name])  # fmt: skip
    if detail:
        events.append(Event(now, "role-changed", by, after.id, client, detail))
    if before.disabled != after.disabled:
        events.append(Event(now, "disabled" if after.disabled else "enabled", by, after.id, client))
    return events


def _mandate(who: Account | Errand) -> dict[str, str]:
    return {"role": str(who.role), "airlines": ",".join(who.airlines) or "none",
            "airports": ",".join(who.airports) or "none"}  # fmt: skip


def _invitation(
    email: str, language: str, now: datetime, *, role: Role, airlines: tuple[str, ...] = (),
    airports: tuple[str, ...] = (), by: str | None = None, done: bool = False,
) -> Errand:  # fmt: skip
    asked_at, expires = int(now.timestamp()), int((now + links.INVITED_FOR).timestamp())
    return Errand(
        new_id(), Task.INVITE, email, language, asked_at, expires, role=role, airlines=airlines, airports=airports,
        by=by, done=done,
    )  # fmt: skip


def _keep(errand: Errand, client: str, now: datetime) -> None:
    """Keep an invitation in the place of a former one of the address, whose link then opens nothing."""

    def attempt() -> None:
        former = store.invitation_of(errand.email, now)
        store.save(errand, _invited(errand, client, now), gone=[former] if former else [], now=now)

    store.persist(attempt)


def _invited(errand: Errand, client: str, now: datetime) -> Event:
    """There is no account yet that it could be about, and the address has no place in the trail."""
    detail = tuple((name, value) for name, value in _mandate(errand).items() if value != "none")
    return Event(now, "invited", errand.by, f"invitation:{errand.id}", client, detail)


def _few(codes: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(set(codes)))
