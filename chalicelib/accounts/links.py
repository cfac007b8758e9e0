"""The links in letters: who has one, reads the mailbox it was sent to, and may do once what the errand is for."""

from datetime import UTC, datetime, timedelta

from chalicelib.accounts import store
from chalicelib.accounts.model import Account, Errand, Task, Used
from chalicelib.core.config import config
from chalicelib.core.errors import Unavailable
from chalicelib.core.signed import BadLink, sign, verify
from chalicelib.core.urls import public_url

LINK_FOR = timedelta(hours=24)
RESET_FOR = timedelta(hours=1)  # OWASP, Forgot Password Cheat Sheet
INVITED_FOR = timedelta(days=7)
TWICE_WITHIN = timedelta(minutes=10)  # a link was used, and its button is pressed again
NOTICE_KEPT = timedelta(days=2)  # an errand without a link
_PAGES = {Task.CONFIRM: "password", Task.INVITE: "password", Task.RESET: "password", Task.NEW_ADDRESS: "email"}


def check_sending() -> None:
    """See that letters can go out, and their links be opened. Raises Unavailable, which says what is to be set."""
    missing = [name for name, value in (("EMAIL_SENDER", config().email_sender), ("PUBLIC_URL", public_url()))
               if not value]  # fmt: skip
    if missing:
        raise Unavailable(f"no letters are sent from here yet: {' and '.join(missing)} not set", 3600)


def url(errand: Errand) -> str:
    """The URL of the page on which a password is set, or an address taken over."""
    page = _PAGES[errand.task]
    token = sign(f"accounts.{page}", [errand.id], datetime.fromtimestamp(errand.expires, UTC))
    return f"{public_url()}/account/{page}?token={token}"


def to_set_password(token: str, now: datetime) -> Errand:
    """The errand by which a password is set. Raises BadLink, also where it was used already; Unavailable."""
    return _errand("password", token, now)


def to_take_address(token: str, now: datetime) -> Errand:
    """The errand by which an account takes over an address. Raises BadLink, Unavailable."""
    return _errand("email", token, now)


def used(errand: Errand, account: Account, now: datetime) -> Used:
    """That its link was used for an account: to be kept where the errand goes."""
    return Used(errand.id, account.id, int((now + TWICE_WITHIN).timestamp()))


def just_used(page: str, token: str, now: datetime) -> Account | None:
    """The account that the link of a page (password, email) was used for a moment ago. Raises BadLink, Unavailable."""
    (id,) = verify(f"accounts.{page}", token, now)
    found = store.used(id, now)
    return store.account(found.account) if found else None


def _errand(page: str, token: str, now: datetime) -> Errand:
    (id,) = verify(f"accounts.{page}", token, now)
    errand = store.errand(id, now)
    if errand is None or _PAGES.get(errand.task) != page:
        raise BadLink
    return errand
