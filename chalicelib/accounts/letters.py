"""The letters of accounts: which one is due, and what it says.

They are written because somebody asked for something or something was done with an account, so nobody unsubscribes
from them. None holds a secret but its link, and the link's page does nothing before its button is pressed.
"""

from collections.abc import Iterator
from typing import Any

from chalicelib.accounts import links, words
from chalicelib.accounts.model import LINKS, Errand, Task
from chalicelib.channels import frame
from chalicelib.channels.email import Email, brand
from chalicelib.channels.texts import Texts
from chalicelib.core.config import config


def letter(errand: Errand, has_account: bool) -> Email | None:
    """The letter that an errand calls for; `has_account`: whether there is an account with its address.

    None where none is due: nobody resets the password of an account that is not there.
    """
    if errand.task is Task.RESET and not has_account:
        return None
    if errand.task is Task.CONFIRM and has_account:
        return _written("known", errand, None)
    return _written(errand.task, errand, links.url(errand) if errand.task in LINKS else None)


def _written(kind: str, errand: Errand, link: str | None) -> Email:
    t = words.texts(errand.language)
    said = t["letters"][kind]
    filled = {
        "brand": brand(config().email_sender),
        "at": words.moment(t, errand.asked_at),
        "until": words.moment(t, errand.expires),
    }
    subject = said["subject"].format(**filled)
    before, after = ([paragraph.format(**filled) for paragraph in said[part]] for part in ("before", "after"))
    if errand.task is Task.INVITE:
        before[1:1] = _offered(t, errand)
    sent_to = t["letter"]["sent_to"].format(address=errand.email)
    text = "\n\n".join([*before, *([link] if link else []), *after, f"-- \n{sent_to}\n"])
    page = frame.html(
        "chalicelib.accounts.words", "letter.html", t=t, language=errand.language, subject=subject, before=before,
        link=link, button=said.get("button"), after=after, sent_to=sent_to,
    )  # fmt: skip
    return Email(errand.email, subject, text, page)


def _offered(t: Texts, errand: Errand) -> Iterator[str]:
    """What an invited person is to be, and for whom."""
    role: dict[str, Any] = t["role"]
    yield role[errand.role]
    if errand.airlines:
        yield role["airlines"].format(codes=role["between"].join(errand.airlines))
    if errand.airports:
        yield role["airports"].format(codes=role["between"].join(errand.airports))
