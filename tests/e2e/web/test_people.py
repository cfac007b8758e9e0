"""Accounts: a passenger's from the first letter to the last, and what an admin does for others."""

import os
import time
from pathlib import Path

import httpx
from playwright.sync_api import Page

from .conftest import PASSWORD, Account, Browsing
from .test_follow import open_from_outbox


def set_password(somebody: Browsing, email: str) -> None:
    """By the link of the newest letter."""
    page = open_from_outbox(somebody, email, "/account/password")
    page.get_by_label("password").first.fill(PASSWORD)
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.get_by_role("button").click()
    assert answered.value.status == 200
    page.close()


def menu(page: Page, what: str) -> None:
    """Choose something in the menu."""
    page.get_by_role("navigation", name="Main").get_by_role("button", name="Menu").click()
    page.locator("#menu").get_by_text(what, exact=True).click()


def test_a_passenger_registers_logs_in_on_two_devices_takes_a_copy_and_leaves(site, browse):
    """The letter leads to the password; a session outlives a reload; all tabs log out together; deleted is deleted."""
    email = f"ada.{os.getpid()}.{time.monotonic_ns()}@example.com"
    somebody: Browsing = browse("phone")
    page = somebody.open("/register")
    page.get_by_label("Email address").fill(email)
    page.get_by_text("I have read this and agree.").click()
    page.get_by_role("main").get_by_role("button", name="Create an account").click()
    page.get_by_role("heading", level=1, name="A letter is on its way").wait_for()
    set_password(somebody, email)
    ada = Account(email, "")
    somebody.log_in(ada)

    somebody.open("/profile")
    page.reload()
    devices = page.get_by_role("region", name="Where you are logged in")
    devices.get_by_text("This device").wait_for()
    elsewhere: Browsing = browse()
    elsewhere.log_in(ada)
    page.reload()
    others = devices.get_by_role("listitem").filter(has_not_text="This device")
    others.get_by_role("button", name="Log out").click()
    devices.get_by_text("Logged out:").wait_for()
    assert others.count() == 0
    elsewhere.expect_refusal(401, "^/v1/")
    elsewhere.page.goto(f"{site.url}/profile")
    elsewhere.page.wait_for_url("**/login?**")

    with page.expect_download() as downloaded:
        page.get_by_role("region", name="A copy of your data").get_by_role("button", name="Download").click()
    assert email in Path(downloaded.value.path()).read_text()

    beside = somebody.context.new_page()
    beside.goto(f"{site.url}/profile")
    beside.get_by_role("region", name="Who you are").get_by_text(email).wait_for()
    menu(page, "Log out")
    for tab in (page, beside):
        tab.wait_for_url("**/login?**")

    somebody.log_in(ada)
    somebody.open("/profile")
    page.get_by_role("button", name="Delete account …").click()
    page.get_by_label(f"Type {email} to confirm").fill(email)
    page.get_by_role("alertdialog").get_by_role("button", name="Delete account").click()
    page.get_by_role("heading", level=1, name="Your account is deleted").wait_for()
    somebody.expect_refusal(401, "^/v1/sessions$")
    somebody.open("/login")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    page.get_by_role("alert").get_by_text("wrong").wait_for()


def test_an_admin_invites_an_operator_keeps_keys_and_reads_of_it(site, browse, admin):
    """The invited sees what they may operate; a key is seen once, and revoked opens nothing; the trail has it all."""
    email = f"crew.{os.getpid()}.{time.monotonic_ns()}@example.com"
    boss: Browsing = browse()
    page = boss.log_in(admin)
    menu(page, "Administration")
    page.get_by_role("button", name="Invite somebody …").click()
    asked = page.get_by_role("dialog")
    asked.get_by_label("Email address").fill(email)
    asked.get_by_label("Airports").fill("ewr")
    asked.get_by_role("button", name="Send the invitation").click()
    page.get_by_text(f"A letter went to {email}.").wait_for()
    boss.open("/admin/invitations")
    page.get_by_text(email).first.wait_for()

    crew: Browsing = browse("phone")
    set_password(crew, email)
    crew.log_in(Account(email, ""))
    flight = site.board()[-1]["id"]
    crew.open(f"/flights/{flight}")
    crew.page.get_by_role("heading", name="Operate this flight").wait_for()
    crew.open("/admin/people")
    crew.page.get_by_role("heading", level=1, name="Not for this account").wait_for()

    name = f"tower-{os.getpid()}"
    boss.open("/admin/keys")
    page.get_by_role("button", name="Make a key …").click()
    asked.get_by_label("Name").fill(name)
    asked.get_by_label("Airports it speaks for").fill("EWR")
    asked.get_by_role("button", name="Make the key").click()
    key = page.get_by_text("gck_").inner_text()
    feed = {"headers": {"X-Api-Key": key, "Content-Type": "application/xml"}, "content": "<a/>"}
    assert httpx.post(f"{site.url}/v1/feeds/aidx", **feed).status_code == 400  # it opens, but that is no AIDX
    page.reload()
    page.get_by_role("link", name=name).wait_for()
    assert key not in page.content()
    page.get_by_role("button", name=f"Revoke {name}").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Revoke").click()
    page.get_by_role("row").filter(has_text=name).get_by_text("Revoked").wait_for()
    assert httpx.post(f"{site.url}/v1/feeds/aidx", **feed).status_code == 401

    boss.expect_refusal(404, "^/v1/people/")  # whom the trail names, and who left meanwhile
    boss.open("/admin/audit")
    trail = page.get_by_role("list", name="What happened, the last first")
    for words in (admin.email, email, f"{name}"):
        trail.get_by_text(words).first.wait_for()
