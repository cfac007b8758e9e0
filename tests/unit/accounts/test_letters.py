"""Which letter is due, and what stands in it."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from chalicelib.accounts import letters, links, words
from chalicelib.accounts.model import LETTERS, LINKS, Errand, Task
from chalicelib.channels.email import Email
from chalicelib.channels.model import LANGUAGES
from chalicelib.core import signed
from chalicelib.core.callers import Role

AT = int(datetime(2026, 11, 21, 14, 55, tzinfo=UTC).timestamp())
HOSTILE = "'\"&<script>alert(1)</script>{0}{brand}%s"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key that links are signed with."""
    monkeypatch.setattr(signed, "secret", lambda name: '["a key"]')


class Page(HTMLParser):
    """The tags and the visible text of a letter."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words += data

    def links(self) -> list[str | None]:
        return [attributes.get("href") for tag, attributes in self.tags if tag == "a"]


def errand(task: Task, language: str = "en", **other) -> Errand:
    return Errand("e" * 24, task, "ada@example.com", language, AT, AT + 86_400, **other)


def written(task: Task, language: str = "en", *, has_account: bool | None = None, **other) -> Email:
    """The letter of an errand, where there is an account if that is how it is mostly."""
    known = task is not Task.CONFIRM if has_account is None else has_account
    letter = letters.letter(errand(task, language, **other), known)
    assert letter
    return letter


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("task", LETTERS)
def test_every_letter_in_every_language(task, language):
    """Complete, with one line as its subject, who writes, and to whom; to be read with and without HTML."""
    letter = written(task, language)
    page = Page(letter.html)
    assert letter.to == "ada@example.com"
    assert letter.unsubscribe is None
    assert letter.subject
    assert "\n" not in letter.subject
    for said in (letter.subject, letter.text, letter.html.partition("</style>")[2]):
        assert not re.search("None|[{}]", said), said
    for said in (letter.text, page.words):
        assert "Example Air" in said
        assert "ada@example.com" in said
    assert letter.subject in page.words
    assert ("html", {"lang": language, "dir": "ltr"}) in page.tags


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("task", LINKS)
def test_a_link_stands_in_a_letter_once(task, language):
    """As a line of its own in the text, as the button in the HTML; and until when it holds."""
    letter = written(task, language)
    url = links.url(errand(task))
    assert letter.text.count("://") == 1
    assert f"\n\n{url}\n\n" in letter.text
    assert Page(letter.html).links() == [url]
    assert letter.html.count(url) == 1
    assert words.moment(words.texts(language), AT + 86_400) in letter.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("task", [task for task in LETTERS if task not in LINKS])
def test_a_notice_says_when_and_leads_nowhere(task, language):
    """When it happened, in UTC; without a link, as letters that want to be clicked in alarm are what thieves send."""
    letter = written(task, language)
    assert words.moment(words.texts(language), AT) in letter.text
    assert "://" not in letter.text
    assert Page(letter.html).links() == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_has_an_account_and_asks_for_one_is_told_so_without_a_link(language):
    """The letter changes nothing and opens nothing: a stranger may have caused it."""
    letter = written(Task.CONFIRM, language, has_account=True)
    assert letter.subject != written(Task.CONFIRM, language).subject
    assert "://" not in letter.text
    assert "token" not in letter.html
    assert Page(letter.html).links() == []


def test_nobody_without_an_account_is_written_to_for_a_password():
    """Else anybody could have us write to strangers."""
    assert letters.letter(errand(Task.RESET), False) is None


@pytest.mark.parametrize("has_account", [True, False])
def test_who_is_invited_gets_the_link_in_any_case(has_account):
    """Who made an account by themselves meanwhile gets the role by it too."""
    assert "://" in written(Task.INVITE, has_account=has_account).text


def test_a_link_to_a_new_address_leads_to_the_page_that_takes_it_over():
    """The others lead to where a password is set."""
    pages = {task: written(task).text.partition("/account/")[2].partition("?")[0] for task in LINKS}
    assert pages == {
        Task.CONFIRM: "password", Task.INVITE: "password", Task.RESET: "password", Task.NEW_ADDRESS: "email",
    }  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_invitation_says_what_the_role_is_and_for_whom(language):
    """An operator's with the airlines and airports, another without."""
    bound = written(Task.INVITE, language, role=Role.OPERATOR, airlines=("UA", "UAL"), airports=("EWR",))
    for said in (bound.text, Page(bound.html).words):
        assert re.search("UA(, |、)UAL", said)
        assert "EWR" in said
    texts = {written(Task.INVITE, language, role=role).text for role in Role}
    assert len(texts) == len(Role)
    assert not any("UA" in text or "EWR" in text for text in texts)


def test_what_others_chose_is_shown_as_it_is():
    """No address, role or sender's name becomes markup, a placeholder, or a second line of the subject."""
    hostile = errand(Task.INVITE, role=Role.OPERATOR, airlines=(HOSTILE,), airports=(HOSTILE,))
    letter = letters.letter(replace(hostile, email="'&{brand}\"@example.com"), False)
    assert letter
    page = Page(letter.html)
    assert "script" not in [tag for tag, _ in page.tags]
    assert page.words.count(HOSTILE) == 2
    assert "'&{brand}\"@example.com" in page.words
    assert letter.text.count(HOSTILE) == 2


def test_no_letter_can_be_written_to_what_is_no_address():
    """A line's end in it would be a header of somebody's own."""
    with pytest.raises(ValueError, match="header"):
        letters.letter(replace(errand(Task.DELETED), email="a@example.com\r\nBcc: b@example.com"), False)


@pytest.mark.parametrize("task", LETTERS)
def test_a_letter_holds_no_secret_but_its_link(task):
    """Neither the former address, nor the accounts' numbers, nor the admin's."""
    letter = written(task, account="f" * 24, former="byron@example.com", by="b" * 24, wording="2026-11")
    for said in (letter.text, letter.html):
        assert not re.search("f{24}|b{24}|byron", said)
