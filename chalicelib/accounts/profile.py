"""What people change of their own account: password, address, language, consent."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.accounts import links, passwords, personal, store
from chalicelib.accounts.mail import email_of
from chalicelib.accounts.model import Account, Consent, Errand, Event, Origin, Task, check_wording, new_id
from chalicelib.channels.addresses import mailbox
from chalicelib.channels.model import Address, Channel
from chalicelib.core import limits
from chalicelib.core.callers import Person, Role
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, Fault, Invalid, NotFound
from chalicelib.core.signed import BadLink

HOUR = timedelta(hours=1)


class WrongPassword(Invalid):
    """It is not the account's password."""

    def __init__(self) -> None:
        said = "is not the password of this account"
        super().__init__(f"this {said}", [Fault("body", "current_password", said)])


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
    """Ask to have another address: it gets a letter with a link, and the present one is told.

    Nothing changes before the link is used. Raises Invalid, TooMany, Unavailable.
    """
    links.check_sending()
    email = email_of(given_email)
    account = _proven(person, password, now)
    if email == account.email:
        raise Invalid("this is your address already", [Fault("body", "email", "is your address already")])
    limits.spend("address-by-account", person.id, 5, HOUR, now)
    limits.spend("address-by-address", mailbox(Address(Channel.EMAIL, email)), 3, HOUR, now)
    errand = Errand(
        new_id(), Task.NEW_ADDRESS, email, account.language, int(now.timestamp()),
        int((now + links.LINK_FOR).timestamp()), account=account.id, former=account.email, epoch=account.epoch,
    )  # fmt: skip
    store.save(
        errand,
        _notice(Task.ADDRESS_ASKED, account, account.email, now),
        Event(now, "email-change-asked", account.id, account.id, origin.client),
        now=now,
    )


def take_address(token: str, password: str, origin: Origin, now: datetime) -> Account:
    """Take over the address that the link of a letter was sent to. The former one is told, and what hangs on it moves.

    Who does it reads the mail and has the account's password: neither alone is enough. Whatever ended the account's
    sessions since it was asked for (another password, log-out everywhere, disabling) has ended this, too.

    Returns the account as it then is. Raises BadLink, WrongPassword, Conflict where another account has that address,
    TooMany, Unavailable.
    """
    limits.spend("link-by-client", limits.network(origin.client), 100, HOUR, now)
    again = links.just_used("email", token, now)
    asking = again or _wanted(token, now)[1]
    limits.spend("password-by-account", asking.id, 10, HOUR, now)
    if not passwords.matches(asking.password, password):
        raise WrongPassword
    if again:
        return again  # the button was pressed twice, or the answer was lost

    def attempt() -> Account | None:
        errand, before = _wanted(token, now)
        if store.account_with(errand.email):
            return None
        after = replace(before, email=errand.email)
        moved = _notice(Task.MOVE, before, errand.email, now)
        store.save(
            after,
            replace(moved, former=before.email),
            _notice(Task.ADDRESS_CHANGED, before, before.email, now),
            Event(now, "email-changed", before.id, before.id, origin.client),
            links.used(errand, before, now),
            gone=[errand],
            former=before,
            now=now,
        )
        return after

    account = store.persist(attempt)
    if account is None:
        raise Conflict("another account has this address")
    return account


def asked(token: str, now: datetime) -> Errand:
    """What the link of a letter is for, where it still gives an account an address. Raises BadLink, Unavailable."""
    return _wanted(token, now)[0]


def _wanted(token: str, now: datetime) -> tuple[Errand, Account]:
    """The wish for an address that a link is for, and the account as it is. Raises BadLink."""
    errand = links.to_take_address(token, now)
    account = store.account(errand.account or "")
    if account is None or account.disabled or (account.email, account.epoch) != (errand.former, errand.epoch):
        raise BadLink
    return errand, account


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
    check_wording(wording)
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
        raise WrongPassword
    return account


def _notice(task: Task, account: Account, to: str, now: datetime) -> Errand:
    expires = int((now + links.NOTICE_KEPT).timestamp())
    return Errand(new_id(), task, to, account.language, int(now.timestamp()), expires, account=account.id)
