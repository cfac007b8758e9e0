"""Installed on a phone, and without a network: what was seen last is there, with its age."""

import json
import re

from playwright.sync_api import Page

from .conftest import Browsing, eventually, is_live

BOARD = "/airports/EWR/departures"


def kept(page: Page) -> str:
    """What of flights is kept on the device."""
    return str(page.evaluate(
        """() => new Promise((resolve) => {
          const asked = indexedDB.open("keyval-store");
          asked.onsuccess = () => {
            const got = asked.result.transaction("keyval").objectStore("keyval").get("gatecall.seen");
            got.onsuccess = () => resolve(JSON.stringify(got.result ?? ""));
          };
        })"""
    ))  # fmt: skip


def test_it_can_be_installed(site, browse):
    """Chromium finds nothing against it: a valid manifest with icons that are there, for any shape too."""
    somebody: Browsing = browse("phone", service_workers="allow")
    page = somebody.open("/")
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    chromium = somebody.context.new_cdp_session(page)
    told = chromium.send("Page.getAppManifest")
    assert told["errors"] == []
    manifest = json.loads(told["data"])
    assert {manifest["display"], manifest["start_url"]} == {"standalone", "/"}
    for icon in manifest["icons"]:
        answer = somebody.context.request.get(f"{site.url}/{icon['src'].lstrip('/')}")
        assert (answer.status, answer.headers["content-type"]) == (200, icon["type"])
    assert {"any", "maskable"} <= {icon.get("purpose", "any") for icon in manifest["icons"]}
    against = chromium.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [each for each in against if each["errorId"] != "in-incognito"] == []  # as all browsers of the tests are


def test_the_board_that_was_seen_last_is_there_without_a_network_and_lives_again_with_it(site, browse):
    """Loaded anew: the same flights, marked as what was seen some time ago; back on the network it is live."""
    somebody: Browsing = browse("phone", service_workers="allow")
    page = somebody.open(BOARD)
    flights = page.get_by_role("main").locator("a[href^='/flights/']")
    flights.first.wait_for()
    is_live(page)
    seen = flights.first.get_attribute("href")
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    eventually(lambda: seen.rpartition("/")[2] in kept(page))
    somebody.lose_network()
    somebody.context.set_offline(True)
    page.reload()
    page.locator(f"main a[href='{seen}']").wait_for()
    # Chromium forgets over a reload that it is offline; the page finds out by itself.
    page.get_by_text(re.compile(r"(last seen|shown as of) \d\d:\d\d")).first.wait_for()
    somebody.context.set_offline(False)
    is_live(page)
    assert page.locator(f"main a[href='{seen}']").count()


def test_a_page_that_was_never_seen_says_that_there_is_no_network(site, browse):
    """Another flight, opened without a network: what happened, and a way to try again."""
    somebody: Browsing = browse("phone", service_workers="allow")
    page = somebody.open(BOARD)
    flights = page.get_by_role("main").locator("a[href^='/flights/']")
    flights.first.wait_for()
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    somebody.lose_network()
    somebody.context.set_offline(True)
    somebody.open(flights.nth(2).get_attribute("href") or "")
    page.get_by_text("no connection").first.wait_for()
    again = page.get_by_role("button", name="Try again")
    again.wait_for()
    somebody.context.set_offline(False)
    again.click()
    page.get_by_role("main").get_by_text("EWR").first.wait_for()
