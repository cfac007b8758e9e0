"""The pages behind the links in letters (`core.pages`): `pages.html` is their one template."""

from typing import Any

from chalicelib.accounts import words
from chalicelib.accounts.model import Errand, Task
from chalicelib.core import pages
from chalicelib.core.routes import Document


def to_set_password(errand: Errand, notice: str | None = None, status: int = 200) -> Document:
    """The form in which a password is set; `notice` names what to say above it.

    Who gets an account by that reads here what they agree to.
    """
    anew = errand.task is Task.RESET
    return _page(
        "password", errand.language, "heading_new_password" if anew else "heading_password", notice, status,
        email=errand.email, consent=[] if anew else words.consent(errand.language).split("\n\n"),
    )  # fmt: skip


def to_take_address(errand: Errand, notice: str | None = None, status: int = 200) -> Document:
    """The form by which an account takes over an address: it asks for the account's password.

    Else who only reads the mail might give the address, and what hangs on it, to somebody else's account.
    """
    return _page("address", errand.language, "heading_address", notice, status, email=errand.email)


def said(language: str, notice: str, status: int = 200) -> Document:
    """A page that says one thing; `notice` names it. Who has just set a password is led on to the web app's log-in."""
    return _page("said", language, f"heading_{notice}", notice, status, to_log_in=notice == "password_set")


def _page(
    kind: str, language: str, heading: str, notice: str | None = None, status: int = 200, **shown: Any
) -> Document:
    t = words.page_texts(language)
    return pages.page(
        "chalicelib.accounts", language, t, heading=heading, notice=notice, status=status, kind=kind, **shown
    )
