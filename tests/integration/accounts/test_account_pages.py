"""The pages behind the links in letters: a password is set, an address taken over, by their buttons alone."""

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest

from chalicelib.accounts import links, passwords, register, store
from chalicelib.accounts.model import Account, Errand, Task, new_id
from chalicelib.channels.model import LANGUAGES
from chalicelib.core import clock
from chalicelib.core.callers import Role
from chalicelib.core.clock import Now
from chalicelib.core.errors import TooMany, Unavailable

from ..alerts.passenger import Answer, World, world

pytestmark = pytest.mark.usefixtures("cloud")

ADA = "ada@example.com"
PASSWORD = "correct horse battery staple"


class Page(HTMLParser):
    """The tags of a page, and its visible text."""

    def __init__(self, answer: Answer):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        self.feed(answer.text.partition("</style>")[2])

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, text: str) -> None:
        self.words += text

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def of(now: Now, monkeypatch: pytest.MonkeyPatch) -> World:
    made = world(now, monkeypatch)
    monkeypatch.setattr(clock, "wall_now", lambda: made.now.wall)
    return made


def sent(of: World, task: Task = Task.CONFIRM, language: str = "en", **other: Any) -> Errand:
    """An errand whose letter was sent."""
    at = int(of.now.wall.timestamp())
    errand = Errand(new_id(), task, other.pop("email", ADA), language, at, at + 86_400, **other)
    store.save(errand, now=of.now.wall)
    return errand


def wish(of: World, account: Account) -> str:
    """The link of a letter by which an account takes over the address that it was sent to."""
    return links.url(sent(of, Task.NEW_ADDRESS, account=account.id, former=account.email, epoch=account.epoch))


def account(of: World, email: str = ADA) -> Account:
    at = int(of.now.wall.timestamp()) - 1
    made = Account(new_id(), email, Role.PASSENGER, "en", at, passwords.hash_of(PASSWORD), at)
    store.save(made, now=of.now.wall)
    return made


def test_the_page_sets_a_password_for_who_has_the_link(of: World) -> None:
    """Looking at it, which mail scanners do, changes nothing. The button makes the account and leads on to the log-in;
    the link is used up."""
    url = links.url(sent(of, language="de"))
    for _ in range(3):
        assert of.open(url).status == 200
    assert store.account_with(ADA) is None
    done = of.press(url, username=ADA, password=PASSWORD)
    assert (done.status, 'lang="de"' in done.text) == (200, True)
    assert [link["href"] for link in Page(done).all("a")] == ["/login"]
    assert "Anmelden" in Page(done).words
    made = store.account_with(ADA)
    assert made
    assert passwords.matches(made.password, PASSWORD)
    for again in (of.open(url), of.press(url, password="another of twelve letters")):
        assert (again.status, Page(again).all("a")) == (404, [])
    assert store.account_with(ADA) == made


def test_a_forgotten_password_is_set_anew_by_the_same_page(of: World) -> None:
    """It says that devices are logged out, and asks for no consent: that was given before."""
    before = account(of)
    url = links.url(sent(of, Task.RESET))
    page = Page(of.open(url))
    assert "All devices" in page.words
    assert "What you agree to" not in page.words
    assert of.press(url, password=PASSWORD).status == 200
    after = store.account(before.id)
    assert after
    assert passwords.matches(after.password, PASSWORD)


@pytest.mark.parametrize("task", [Task.CONFIRM, Task.INVITE])
def test_who_gets_an_account_reads_what_they_agree_to(of: World, task: Task) -> None:
    """Before they press the button, on the same page."""
    words = Page(of.open(links.url(sent(of, task)))).words
    assert "By setting the password you agree" in words
    assert "What you agree to" in words
    assert "400 days" in words


@pytest.mark.parametrize("password", ["", "short", "passwordpassword", "ada@example.com", "x" * 201])
def test_a_password_that_is_refused_is_asked_for_again(of: World, password: str) -> None:
    """All rules are named; it stands nowhere on the page; the link still holds."""
    url = links.url(sent(of))
    refused = of.press(url, password=password)
    assert refused.status == 400
    page = Page(refused)
    assert [each["role"] for each in page.all("p") if "role" in each] == ["status"]
    assert "12 to 200 characters" in page.words
    [field] = [each for each in page.all("input") if each["type"] == "password"]
    assert "value" not in field
    assert store.account_with(ADA) is None
    assert of.open(url).status == 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_suits_password_managers_and_screen_readers(of: World, language: str) -> None:
    """The field has a label and its rules, and says it is a new password; the address is there as the user's name."""
    answer = of.open(links.url(sent(of, language=language)))
    page = Page(answer)
    assert f'<html lang="{language}" dir="ltr">' in answer.text
    name, field = page.all("input")
    assert (name["autocomplete"], name["value"], "hidden" in name) == ("username", ADA, True)
    assert (field["type"], field["autocomplete"]) == ("password", "new-password")
    assert (field["minlength"], field["maxlength"], "required" in field) == ("12", "200", True)
    assert [each["for"] for each in page.all("label")] == [field["id"]]
    assert field["aria-describedby"] in [each.get("id") for each in page.all("p")]


def test_the_page_takes_over_an_address_by_the_accounts_password(of: World) -> None:
    """Looking at it changes nothing, and neither does another password; the link is used up."""
    before = account(of, "byron@example.com")
    url = wish(of, before)
    assert ADA in Page(of.open(url)).words
    refused = of.press(url, password="the reader's own password")
    assert refused.status == 400
    assert "not the password" in Page(refused).words
    assert store.account_with(ADA) is None
    assert of.press(url, password=PASSWORD).status == 200
    after = store.account_with(ADA)
    assert after
    assert after.id == before.id
    assert of.open(url).status == 404


def test_who_presses_twice_is_told_the_same_twice(of: World) -> None:
    """A double click, or an answer that was lost: for ten minutes, and with the same password."""
    url = links.url(sent(of))
    for _ in range(2):
        done = of.press(url, password=PASSWORD)
        assert (done.status, "password is set" in Page(done).words) == (200, True)
    made = store.account_with(ADA)
    assert made
    assert of.press(url, password="another of twelve letters").status == 404
    url = wish(of, account(of, "byron@example.com"))
    assert of.press(url, password=PASSWORD).status == 409
    store.save(gone=[made], now=of.now.wall)
    for _ in range(2):
        assert of.press(url, password=PASSWORD).status == 200


def test_a_page_promises_nothing_that_its_button_refuses(of: World) -> None:
    """The second letter of somebody who asked twice, and an older one for a lost password."""
    first, second = links.url(sent(of)), links.url(sent(of))
    older = sent(of, Task.RESET)
    assert of.press(first, password=PASSWORD).status == 200
    assert of.open(second).status == of.press(second, password=PASSWORD).status == 404
    assert store.errand(older.id, of.now.wall)
    made = store.account_with(ADA)
    assert made
    store.save(replace(made, password_at=made.password_at + 1), now=of.now.wall)
    assert of.open(links.url(older)).status == 404


def test_an_address_that_another_account_has_is_not_taken_over(of: World) -> None:
    """The page says so, to who reads its mailbox."""
    before, other = account(of, "byron@example.com"), account(of)
    refused = of.press(wish(of, before), password=PASSWORD)
    assert refused.status == 409
    assert "Another account" in Page(refused).words
    mine = store.account_with(ADA)
    assert mine
    assert mine.id == other.id


@pytest.mark.parametrize("page", ["password", "email"])
@pytest.mark.parametrize("token", ["", "nonsense", "é\x00", "a.b.c", "x" * 1000])
def test_what_is_no_link_leads_to_a_page_that_says_so(of: World, page: str, token: str) -> None:
    """In the language of the browser, with no form."""
    for method in ("GET", "POST"):
        answer = of.request(
            method, f"/account/{page}?token={token}", raw=b"password=correct-horse-battery",
            headers={"Accept-Language": "fr", "Content-Type": "application/x-www-form-urlencoded"},
        )  # fmt: skip
        assert answer.status == 404
        assert 'lang="fr"' in answer.text
        assert Page(answer).all("form") == []


def test_a_link_opens_its_own_page_only(of: World) -> None:
    """A link to set a password takes over no address, and the other way round."""
    before = account(of, "byron@example.com")
    password = links.url(sent(of))
    address = wish(of, before)
    assert of.press(password.replace("/password?", "/email?"), password=PASSWORD).status == 404
    assert of.press(address.replace("/email?", "/password?"), password=PASSWORD).status == 404
    assert store.account_with(ADA) is None


def test_a_link_that_is_too_old_opens_nothing(of: World) -> None:
    """As if it had never been."""
    url = links.url(sent(of))
    of.later(hours=24)
    assert of.open(url).status == 404
    assert of.press(url, password=PASSWORD).status == 404
    assert store.account_with(ADA) is None


def test_what_mail_programs_add_to_links_is_passed_over(of: World) -> None:
    """Trackers of theirs are no reason to turn a person away."""
    assert of.open(links.url(sent(of)) + "&utm_source=mail&utm_source=mail").status == 200


@pytest.mark.parametrize(
    ("error", "status"),
    [(TooMany("no", 90, "link-by-client", 100, 3600), 429), (Unavailable("no", 90), 503)],
    ids=["too many", "unavailable"],
)
def test_who_has_to_wait_is_told_on_a_page(
    of: World, error: Exception, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And for how long, to browsers."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(register, "set_password", fail)
    answer = of.press(links.url(sent(of)), password=PASSWORD)
    assert (answer.status, answer.headers["retry-after"]) == (status, "90")
    assert "try again" in Page(answer).words


def test_pages_run_nothing_load_nothing_and_tell_nobody_where_one_is(of: World) -> None:
    """Every kind of page: no script, one style that the policy knows by its hash, no referrer, never kept or found."""
    before = account(of, "byron@example.com")
    address = sent(of, Task.NEW_ADDRESS, account=before.id, former="byron@example.com")
    urls = url, other = links.url(sent(of)), links.url(address)
    for answer in (
        of.open(url), of.press(url, password=""), of.press(url, password=PASSWORD), of.open(url), of.open(other),
    ):  # fmt: skip
        policy = answer.headers["content-security-policy"]
        styles = re.findall("<style>(.*?)</style>", answer.text, re.DOTALL)
        [style] = styles
        assert f"style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}';" in policy
        assert "default-src 'none'" in policy
        assert "form-action 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<script|\son\w+=|\sstyle=|://", answer.text)
        assert not any(urlsplit(each).query.removeprefix("token=") in answer.text for each in urls)


def test_an_address_is_shown_as_it_is(of: World) -> None:
    """It becomes no markup and no placeholder, in the text and as the user's name."""
    hostile = "'&{title}<b>\"@example.com"
    page = Page(of.open(links.url(sent(of, email=hostile))))
    assert hostile in page.words
    assert page.all("input")[0]["value"] == hostile
    assert page.all("b") == []


def test_the_token_is_the_only_thing_in_the_query(of: World) -> None:
    """No address stands in a browser's history."""
    parts = urlsplit(links.url(sent(of)))
    assert re.fullmatch(r"token=[A-Za-z0-9._-]+", parts.query)
