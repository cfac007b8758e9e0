"""Follow a flight in the app, confirm, and be told: from the first click to the message, by each way there is."""

import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page

from .conftest import Account, Browsing, Site, eventually
from .push import PushService


def follow_panel(page: Page) -> Locator:
    """The part of a flight's page that is about following it."""
    return page.locator("section").filter(has=page.get_by_role("heading", name=re.compile("ollow this flight")))


def ask_to_follow(page: Page, way: str, label: str = "", address: str = "") -> None:
    """Choose a way, give the address, Follow: three clicks."""
    panel = follow_panel(page)
    panel.get_by_text(way, exact=True).first.click()
    if address:
        panel.get_by_label(label).fill(address)
    panel.get_by_role("button", name="Follow", exact=True).click()


def cancel(browse, operator: Account, flight: str) -> None:
    """An operator cancels the flight on its page."""
    ops: Browsing = browse()
    ops.log_in(operator)
    page = ops.open(f"/flights/{flight}")
    page.get_by_role("button", name="Cancel flight").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Cancel flight").click()
    page.get_by_role("list", name="What went out").wait_for()


def open_from_outbox(somebody: Browsing, address: str, link: str) -> Page:
    """Open what leads on in the newest email to an address, as it stands in the outbox."""
    outbox = somebody.context.new_page()
    outbox.goto(f"{somebody.url}/local/outbox")
    message = outbox.locator("details.message").filter(has_text=address).first
    message.wait_for()
    if message.get_attribute("open") is None:
        message.locator("summary").first.click()
    with somebody.context.expect_page() as opened:
        message.frame_locator("iframe").locator(f"a[href*='{link}']").first.click()
    outbox.close()
    return opened.value


def is_told(site: Site, address: str, words: str) -> None:
    """Wait until a message with these words is in the outbox."""
    wanted = re.compile(words, re.IGNORECASE)
    eventually(lambda: any(wanted.search(message["text"]) for message in site.outbox(address)))


def test_by_email_wholly_through_the_pages(site, browse, operator):
    """Follow, confirm by the letter's link, go back to the flight; an operator cancels it, and a letter says so."""
    flight = site.own_flight()
    address = f"follower.{os.getpid()}@example.com"
    somebody: Browsing = browse("phone")
    page = somebody.open(f"/flights/{flight['id']}")
    ask_to_follow(page, "Email", "Email address", address)
    page.get_by_role("heading", name="Open the link we sent").wait_for()

    confirm = open_from_outbox(somebody, address, "/follow/confirm")
    confirm.get_by_role("button").click()
    confirm.locator(f"a[href*='/flights/{flight['id']}']").first.click()
    confirm.get_by_role("heading", name="You follow this flight").wait_for()
    assert "token" not in confirm.url
    cancel(browse, operator, flight["id"])
    is_told(site, address, "cancelled")

    confirm.goto(f"{site.url}/following")
    followed = confirm.get_by_role("article").filter(has=confirm.locator(f"a[href='/flights/{flight['id']}']"))
    followed.get_by_role("button", name="Stop").click()
    confirm.get_by_role("alertdialog").get_by_role("button", name="Stop").click()
    confirm.get_by_text("Nothing is followed with this address at the moment.").wait_for()


def test_by_sms_with_the_code_typed(site, browse, operator):
    """Six digits come to the phone; typed into the page they confirm, and the cancellation is an SMS."""
    flight = site.own_flight()
    number = f"+120255501{os.getpid() % 100:02}"  # one of those that nobody has
    somebody: Browsing = browse("phone")
    page = somebody.open(f"/flights/{flight['id']}")
    ask_to_follow(page, "SMS", "Mobile number", number)
    page.get_by_label("Code of six digits").wait_for()
    code = eventually(lambda: re.search(r"\b\d{6}\b", " ".join(each["text"] for each in site.outbox(number))))[0]
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    somebody.expect_refusal(400, "^/v1/subscriptions/[^/]+/confirmation$")
    page.get_by_label("Code of six digits").fill(wrong)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_text("This code is wrong or too old.").wait_for()
    page.get_by_label("Code of six digits").fill(code)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("heading", name="You follow this flight").wait_for()
    site.ask("POST", f"/v1/flights/{flight['id']}/updates", {"cancelled": True}, operator.token)
    is_told(site, number, "cancelled")


@pytest.fixture
def push() -> Iterator[PushService]:
    """A push service of the test's own."""
    service = PushService()
    yield service
    service.close()


def test_by_push_to_the_browser_which_confirms_by_itself(site, browse, operator, push):
    """The confirming message comes to the service worker, and no hand is needed; then the change is a notification."""
    flight = site.own_flight()
    somebody: Browsing = browse(service_workers="allow")
    push.serve(somebody.context)
    page = somebody.open(f"/flights/{flight['id']}")
    ask_to_follow(page, "Browser")
    push.deliver(page)
    page.get_by_role("heading", name="You follow this flight").wait_for()
    site.ask("POST", f"/v1/flights/{flight['id']}/updates", {"cancelled": True}, operator.token)
    told = push.deliver(page)
    assert flight["number"] in told["title"].replace(" ", "") + told["body"].replace(" ", "")
    shown = eventually(lambda: [each for each in push.shown(page) if each["title"] == told["title"]])[0]
    assert shown["body"] == told["body"]
