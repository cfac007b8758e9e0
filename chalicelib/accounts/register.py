"""How somebody gets an account, and a password: by the link in a letter, and no other way.

Who asks only leaves an errand behind, whether the address has an account or not: the same work, the same answer. The
letter that the errand sends (`errands`) has a link where one is due, and who has the link sets the password. So an
account is never made for an address whose owner did not take part, nor with a password that somebody else chose.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.accounts import links, passwords, store
from chalicelib.accounts.mail import email_of
from chalicelib.accounts.model import WORDING, Account, Consent, Errand, Event, Origin, Task, check_wording, new_id
from chalicelib.channels.addresses import mailbox
from chalicelib.channels.model import Address, Channel
from chalicelib.core import limits
from chalicelib.core.callers import Role
from chalicelib.core.signed import BadLink
from chalicelib.core.telemetry import count

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def ask(given_email: str, language: str, wording: str, origin: Origin, now: datetime) -> None:
    """Ask for an account; `wording` is the version of the consent that was agreed to.

    Raises Invalid, TooMany, Unavailable.
    """
    check_wording(wording)
    email = email_of(given_email)
    _allow("register", email, origin, now)
    expires = int((now + links.LINK_FOR).timestamp())
    asked_at = int(now.timestamp())
    store.save(Errand(new_id(), Task.CONFIRM, email, language, asked_at, expires, wording=wording), now=now)
    count("AccountsAsked")


def forgot(given_email: str, language: str, origin: Origin, now: datetime) -> None:
    """Ask for a link to set a new password. Raises Invalid, TooMany, Unavailable."""
    email = email_of(given_email)
    _allow("reset", email, origin, now)
    expires = int((now + links.RESET_FOR).timestamp())
    store.save(Errand(new_id(), Task.RESET, email, language, int(now.timestamp()), expires), now=now)


def set_password(token: str, password: str, origin: Origin, now: datetime) -> Account:
    """Set the password by the link of a letter: of a new account, or of one that forgot it, which ends its sessions.

    Returns the account as it then is. Raises BadLink, Invalid for the password, TooMany, Unavailable.
    """
    limits.spend("link-by-client", limits.network(origin.client), 100, HOUR, now)
    if again := links.just_used("password", token, now):
        return _again(again, password)
    passwords.check(password, asked(token, now).email)
    hashed = passwords.hash_of(password)

    def attempt() -> Account:
        if again := links.just_used("password", token, now):  # somebody was as quick: the same, by a double click
            return _again(again, password)
        errand = links.to_set_password(token, now)
        account = store.account_with(errand.email)
        _check(errand, account)
        if account is None:
            return _made(errand, hashed, origin, now)
        return _changed(account, errand, hashed, origin, now)

    return store.persist(attempt)


def asked(token: str, now: datetime) -> Errand:
    """What the link of a letter is for, where it still sets a password. Raises BadLink, Unavailable."""
    errand = links.to_set_password(token, now)
    _inviter(errand)
    _check(errand, store.account_with(errand.email))
    return errand


def _again(account: Account, password: str) -> Account:
    """The button was pressed twice, or the answer was lost: it is done. Raises BadLink for another password."""
    if not passwords.matches(account.password, password):
        raise BadLink
    return account


def _check(errand: Errand, account: Account | None) -> None:
    """See that a link still sets the password of the account with its address. Raises BadLink."""
    match errand.task:
        case Task.CONFIRM if account:  # it was confirmed by another letter
            raise BadLink
        case Task.RESET if account is None or errand.asked_at < account.password_at:  # deleted, or set meanwhile
            raise BadLink


def _inviter(errand: Errand) -> Account | None:
    """The admin who sent an invitation: it holds as long as they are one. One from the terminal needs none.

    Raises BadLink.
    """
    if errand.task is not Task.INVITE or errand.by is None:
        return None
    admin = store.account(errand.by)
    if admin is None or admin.disabled or admin.role is not Role.ADMIN:
        raise BadLink
    return admin


def _made(errand: Errand, hashed: str, origin: Origin, now: datetime) -> Account:
    at = int(now.timestamp())
    account = Account(
        new_id(), errand.email, errand.role, errand.language, at, hashed, at,
        airlines=errand.airlines, airports=errand.airports,
    )  # fmt: skip
    told = (("invitation", errand.id), ("role", account.role)) if errand.task is Task.INVITE else ()
    store.save(
        account,
        # An invited person agrees by setting the password: the page says to what.
        Consent(account.id, errand.wording or WORDING, errand.language, at),
        Event(now, "registered", account.id, account.id, origin.client, told),
        links.used(errand, account, now),
        gone=[errand],
        seen=_inviter(errand),
        now=now,
    )
    count("AccountsMade")
    return account


def _changed(account: Account, errand: Errand, hashed: str, origin: Origin, now: datetime) -> Account:
    changed = replace(account, password=hashed, password_at=int(now.timestamp()), epoch=account.epoch + 1)
    events = [Event(now, "password-reset", account.id, account.id, origin.client)]
    if errand.task is Task.INVITE:  # they made an account by themselves meanwhile
        changed = replace(changed, role=errand.role, airlines=errand.airlines, airports=errand.airports)
        told = (("invitation", errand.id), ("role", errand.role))
        events.append(Event(now, "role-changed", account.id, account.id, origin.client, told))
    expires = int((now + links.NOTICE_KEPT).timestamp())
    notice = Errand(new_id(), Task.PASSWORD_CHANGED, account.email, account.language, int(now.timestamp()), expires)
    used = links.used(errand, account, now)
    store.save(changed, notice, used, *events, gone=[errand], seen=_inviter(errand), now=now)
    count("PasswordsReset")
    return replace(changed, revision=account.revision + 1)


def _allow(what: str, email: str, origin: Origin, now: datetime) -> None:
    links.check_sending()
    client = limits.network(origin.client)
    limits.spend(f"{what}-by-client", client, 100, HOUR, now)
    whose = mailbox(Address(Channel.EMAIL, email))
    # First: one client alone does not spend what the address has, and so keeps nobody from their account.
    limits.spend(f"{what}-of-one-by-client", f"{client} {whose}", 2, HOUR, now)
    limits.spend(f"{what}-by-address", whose, 3, HOUR, now)
    limits.spend(f"{what}-by-address", whose, 6, DAY, now)
