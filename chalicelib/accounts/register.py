"""How somebody gets an account, and a password: by the link in a letter, and no other way.

Who asks only leaves an errand behind, whether the address has an account or not: the same work, the same answer. The
letter that the errand sends (`errands`) has a link where one is due, and who has the link sets the password. So an
account is never made for an address whose owner did not take part, nor with a password that somebody else chose.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.accounts import links, passwords, store
from chalicelib.accounts.mail import email_of
from chalicelib.accounts.model import WORDING, Account, Consent, Errand, Event, Origin, Task, new_id
from chalicelib.channels.addresses import mailbox
from chalicelib.channels.model import Address, Channel
from chalicelib.core import limits
from chalicelib.core.callers import Role
from chalicelib.core.config import config
from chalicelib.core.errors import Fault, Invalid, Unavailable
from chalicelib.core.signed import BadLink
from chalicelib.core.telemetry import count

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def ask(given_email: str, language: str, wording: str, origin: Origin, now: datetime) -> None:
    """Ask for an account; `wording` is the version of the consent that was agreed to.

    Raises Invalid, TooMany, Unavailable.
    """
    _check_wording(wording)
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
    limits.spend("link-by-client", limits.wide(origin.client) or origin.client, 100, HOUR, now)
    asked = links.to_set_password(token, now)
    passwords.check(password, asked.email)
    hashed = passwords.hash_of(password)

    def attempt() -> Account:
        errand = links.to_set_password(token, now)
        _check_inviter(errand)
        account = store.account_with(errand.email)
        if account is None:
            return _made(errand, hashed, origin, now)
        return _changed(account, errand, hashed, origin, now)

    return store.persist(attempt)


def _check_inviter(errand: Errand) -> None:
    """An invitation holds as long as who sent it is an admin; one from the terminal always does. Raises BadLink."""
    if errand.task is Task.INVITE and errand.by:
        admin = store.account(errand.by)
        if admin is None or admin.disabled or admin.role is not Role.ADMIN:
            raise BadLink


def _made(errand: Errand, hashed: str, origin: Origin, now: datetime) -> Account:
    if errand.task is Task.RESET:  # the account was deleted, or has another address
        raise BadLink
    at = int(now.timestamp())
    account = Account(
        new_id(), errand.email, errand.role, errand.language, at, hashed, at,
        airlines=errand.airlines, airports=errand.airports,
    )  # fmt: skip
    by = errand.by or account.id
    told = (("invitation", errand.id), ("role", account.role)) if errand.task is Task.INVITE else ()
    store.save(
        account,
        # An invited person agrees by setting the password: the page says to what.
        Consent(account.id, errand.wording or WORDING, errand.language, at),
        Event(now, "registered", by, account.id, origin.client, told),
        gone=[errand],
        now=now,
    )
    count("AccountsMade")
    return account


def _changed(account: Account, errand: Errand, hashed: str, origin: Origin, now: datetime) -> Account:
    if errand.task is Task.CONFIRM or errand.asked_at < account.password_at:
        raise BadLink
    changed = replace(account, password=hashed, password_at=int(now.timestamp()), epoch=account.epoch + 1)
    events = [Event(now, "password-reset", account.id, account.id, origin.client)]
    if errand.task is Task.INVITE:  # they made an account by themselves meanwhile
        changed = replace(changed, role=errand.role, airlines=errand.airlines, airports=errand.airports)
        events.append(Event(now, "role-changed", errand.by, account.id, origin.client, (("role", errand.role),)))
    expires = int((now + links.NOTICE_KEPT).timestamp())
    notice = Errand(new_id(), Task.PASSWORD_CHANGED, account.email, account.language, int(now.timestamp()), expires)
    store.save(changed, notice, *events, gone=[errand], now=now)
    count("PasswordsReset")
    return replace(changed, revision=account.revision + 1)


def _allow(what: str, email: str, origin: Origin, now: datetime) -> None:
    if not config().email_sender:
        raise Unavailable("no emails are sent from here yet: EMAIL_SENDER is not set", 3600)
    client = limits.wide(origin.client) or origin.client
    limits.spend(f"{what}-by-client", client, 100, HOUR, now)
    whose = mailbox(Address(Channel.EMAIL, email))
    limits.spend(f"{what}-by-address", whose, 3, HOUR, now)
    limits.spend(f"{what}-by-address", whose, 6, DAY, now)


def _check_wording(wording: str) -> None:
    if wording != WORDING:
        what = f"is not the version that holds now, {WORDING}; GET /v1/consent says what it says"
        raise Invalid(f"consent {what}", [Fault("body", "consent", what)])
