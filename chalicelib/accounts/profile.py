"""What people change of their own account: password, address, language, consent."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.accounts import links, passwords, personal, store
from chalicelib.accounts.mail import email_of
from chalicelib.accounts.model import WORDING, Account, Consent, Errand, Event, Origin, Task, new_id
from chalicelib.core import limits
from chalicelib.core.callers import Person, Role
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.errors import Conflict, Fault, Invalid, NotFound, Unavailable
from chalicelib.core.signed import BadLink

HOUR = timedelta(hours=1)


def of(person: Person) -> tuple[Account, Consent | None]:
    """Somebody's own account, and what they agreed to last. Raises NotFound where it is gone meanwhile."""
    account = store.account(person.id)
    if account is None:
        raise NotFound("this account was deleted")
    return account, next(reversed(store.consents(account.id)), None)


def change_password(person: Person, current: str, password: str, origin: Origin, now: datetime) -> None:
    """Change the password of who gives the current one, and end all sessions but this one. They are told by email.

    Raises Invalid, TooMany, Unavailable.
    """
    proven = _proven(person, current, now)
    passwords.check(password, proven.email)
    hashed = passwords.hash_of(password)

    def attempt() -> None:
        account, session = store.account_and_session(person.id, person.session, now)
        if account is None or session is None or account.password != proven.password:
            raise Invalid("the password was changed meanwhile")
        epoch, at = account.epoch + 1, int(now.timestamp())
        store.save(
            replace(account, password=hashed, password_at=at, epoch=epoch),
            replace(session, epoch=epoch, logged_in_at=at),
            Event(now, "password-changed", account.id, account.id, origin.client),
            _notice(Task.PASSWORD_CHANGED, account, account.email, now),
            now=now,
        )

    store.persist(attempt)


def ask_for_address(person: Person, password: str, given_email: str, origin: Origin, now: datetime) -> None:
    """Ask to have another address: it gets a letter with a link. Nothing changes before that is used.

    Raises Invalid, TooMany, Unavailable.
    """
    if not config().email_sender:
        raise Unavailable("no emails are sent from here yet: EMAIL_SENDER is not set", 3600)
    email = email_of(given_email)
    account = _proven(person, password, now)
    if email == account.email:
        raise Invalid("this is your address already", [Fault("body", "email", "is your address already")])
    limits.spend("address-by-account", person.id, 5, HOUR, now)
    errand = Errand(
        new_id(), Task.NEW_ADDRESS, email, account.language, int(now.timestamp()),
        int((now + links.LINK_FOR).timestamp()), account=account.id, former=account.email,
    )  # fmt: skip
    store.save(errand, Event(now, "email-change-asked", account.id, account.id, origin.client), now=now)


def take_address(token: str, origin: Origin, now: datetime) -> Account:
    """Take over the address that the link of a letter was sent to. The former one is told, and what hangs on it moves.

    Returns the account as it then is. Raises BadLink, Conflict where another account has that address, TooMany,
    Unavailable.
    """
    limits.spend("link-by-client", limits.wide(origin.client) or origin.client, 100, HOUR, now)

    def attempt() -> Account | None:
        errand = links.to_take_address(token, now)
        before = store.account(errand.account or "")
        if before is None or before.email != errand.former:
            raise BadLink
        if store.account_with(errand.email):
            return None
        after = replace(before, email=errand.email)
        moved = _notice(Task.MOVE, before, errand.email, now)
        store.save(
            after,
            replace(moved, former=before.email),
            _notice(Task.ADDRESS_CHANGED, before, before.email, now),
            Event(now, "email-changed", before.id, before.id, origin.client),
            gone=[errand],
            former=before,
            now=now,
        )
        return after

    account = store.persist(attempt)
    if account is None:
        raise Conflict("another account has this address")
    return account


def change_language(person: Person, language: str, now: datetime) -> Account:
    """Say in which language letters are to be. Returns the account. Raises NotFound, Unavailable."""

    def attempt() -> Account:
        account, _ = of(person)
        if account.language != language:
            account = replace(account, language=language)
            store.save(account, now=now)
        return account

    return store.persist(attempt)


def agree(person: Person, wording: str, language: str, origin: Origin, now: datetime) -> None:
    """Agree to the wording of the consent that holds now. Raises Invalid, Unavailable."""
    if wording != WORDING:
        what = f"is not the version that holds now, {WORDING}; GET /v1/consent says what it says"
        raise Invalid(f"consent {what}", [Fault("body", "consent", what)])
    if any(each.wording == wording for each in store.consents(person.id)):
        return
    event = Event(now, "consented", person.id, person.id, origin.client, (("wording", wording),))
    try:
        store.save(Consent(person.id, wording, language, int(now.timestamp())), event, now=now)
    except Conflict:
        return  # twice in a second


def export(person: Person, client: str, now: Now) -> dict[str, Any]:
    """Everything that is held on somebody. Raises TooMany, Unavailable."""
    limits.spend("export-by-account", person.id, 10, HOUR, now.wall)
    store.save(Event(now.wall, "exported", person.id, person.id, client), now=now.wall)
    return personal.export(personal.Owner(person.id, person.email), now)


def delete(person: Person, client: str, now: Now) -> personal.Erased:
    """Delete the account. Raises Conflict for an admin's, NotFound, Unavailable."""
    if person.role is Role.ADMIN:
        raise Conflict("an admin's account is not deleted by itself; another admin takes the role away first")
    account, _ = of(person)
    return personal.erase(account, by=person.id, client=client, now=now)


def _proven(person: Person, password: str, now: datetime) -> Account:
    """The account, where this is its password."""
    limits.spend("password-by-account", person.id, 10, HOUR, now)
    account, _ = of(person)
    if not passwords.matches(account.password, password):
        raise Invalid("this is not your password", [Fault("body", "current_password", "is not your password")])
    return account


def _notice(task: Task, account: Account, to: str, now: datetime) -> Errand:
    expires = int((now + links.NOTICE_KEPT).timestamp())
    return Errand(new_id(), task, to, account.language, int(now.timestamp()), expires, account=account.id)
