"""A trip is searched, held, seated and paid in the browser: the price explained, a seat taken by others gone at once,
a payment approved at the bank.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from playwright.sync_api import Page

from .conftest import Browsing, Site
from .test_access import look_at
from .test_trips import NAMES, post

SEATS = re.compile(r"/book/([A-Z2-9]{6})/seats$")


def search(somebody: Browsing, days: int) -> Page:
    """Look for flights to Los Angeles so many days ahead, by the form."""
    page = somebody.open("/search")
    page.get_by_text("One way", exact=True).click()
    for label, typed, code in (("From", "newark", "EWR"), ("To", "los angeles", "LAX")):
        page.get_by_role("combobox", name=label).fill(typed)
        page.get_by_role("option", name=re.compile(f"^{code}")).wait_for()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    page.get_by_label("On", exact=True).fill(f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}")
    page.get_by_role("button", name="More: Adults").click()
    page.get_by_role("button", name="Find flights").click()
    page.get_by_role("article").first.wait_for()
    return page


def name_the_party(page: Page) -> None:
    """Say who flies, and whom to tell."""
    for place, (family, given) in enumerate(NAMES):
        page.get_by_label("Given names").nth(place).fill(given)
        page.get_by_label("Family name").nth(place).fill(family)
    page.get_by_label("Email address").fill("ada@example.com")


def hold(page: Page) -> str:
    """Hold the first offer for two. Returns the locator."""
    page.get_by_role("link", name="Choose the flight").first.click()
    page.get_by_role("heading", name="Passengers", level=1).wait_for()
    name_the_party(page)
    page.get_by_role("button", name="Hold the seats").click()
    page.wait_for_url(SEATS)
    page.get_by_role("grid").wait_for()
    found = SEATS.search(urlsplit(page.url).path)
    assert found
    return found[1]


def trouble(page: Page) -> list[str]:
    """What axe finds. React Aria's announcer names a button that was on its way by an id of the page before."""
    page.evaluate("document.querySelectorAll('[data-live-announcer] [role=img]').forEach((each) => each.remove())")
    return look_at(page)


def test_two_people_book_with_the_keyboard_and_pay_through_their_bank(
    browse: Callable[..., Browsing], site: Site
) -> None:
    """Search → why it costs that → hold → two seats by arrow keys → declined → no answer → 3-D Secure → the booking."""
    somebody = browse("phone")
    somebody.expect_refusal(402, "/payments$")
    page = search(somebody, 20)
    assert "from=EWR" in page.url
    offer = page.get_by_role("article").first
    offer.get_by_text("How this price came about").click()
    offer.get_by_text("The cheapest class that is open to your party is").wait_for()
    assert trouble(page) == []
    pnr = hold(page)
    assert trouble(page) == []
    assert page.get_by_text("Your seats and this price are kept until").is_visible()
    seat = page.locator("[role=gridcell][tabindex='0']")
    seat.focus()
    page.keyboard.press("Control+Home")
    for key in ("ArrowDown", "ArrowDown", "Enter", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    chosen = page.get_by_role("gridcell", selected=True)
    assert [re.sub(r",.*chosen for", "", name or "").split(", ")[0] for name in (
        chosen.nth(at).get_attribute("aria-label") for at in range(2)
    )] == ["9A Ada Lovelace", "9B Grace Hopper"]  # fmt: skip
    page.get_by_role("button", name="Take the seats you chose").click()
    page.get_by_role("heading", name="Payment", level=1).wait_for()
    page.get_by_text("Seats 9A, 9B").wait_for()
    assert trouble(page) == []
    page.get_by_text("Empty card").click()
    page.get_by_role("button", name=re.compile("^Pay")).click()
    page.get_by_text("The card has not enough money left for this").wait_for()
    page.get_by_text("Card that is never reached").click()
    page.get_by_role("button", name=re.compile("^Pay")).click()
    page.get_by_role("button", name="Use another card").click()
    page.get_by_text("Card with 3-D Secure").click()
    page.get_by_role("button", name=re.compile("^Pay")).click()
    page.get_by_role("button", name="Approve").click()
    page.wait_for_url(re.compile(f"/bookings/{pnr}$"))
    page.get_by_text("9A").first.wait_for()


def test_a_seat_that_others_take_is_gone_from_the_map_at_once(browse: Callable[..., Browsing], site: Site) -> None:
    """It is told over the WebSocket, and who had chosen it is told so; nothing is taken from them."""
    somebody = browse()
    page = search(somebody, 22)
    hold(page)
    flight = (page.get_by_role("grid").get_attribute("aria-label") or "").removeprefix("Seats of ")
    seat = page.get_by_role("gridcell", name=re.compile("^20A,"))
    seat.click()
    page.get_by_text("20A for Ada Lovelace.").wait_for()
    legs = site.ask("GET", f"/v1/search?from=EWR&to=LAX&date={datetime.now(UTC) + timedelta(days=22):%Y-%m-%d}&stops=0")
    leg = next(
        segment["flight"]
        for offer in legs["offers"]
        for segment in offer["journeys"][0]["segments"]
        if segment["number"] == flight
    )
    wanted = {
        "flights": [{"flight": leg, "seats": ["20A"]}],
        "passengers": [{"family_name": "Turing", "given_name": "Alan"}],
        "contact": {"email": "alan@example.com"},
    }
    post(site, "/v1/bookings", wanted)
    page.get_by_text("20A was just taken by somebody else").wait_for()
    assert seat.get_attribute("aria-disabled") == "true"


def test_who_looks_for_what_can_not_be_is_told_at_the_field(browse: Callable[..., Browsing]) -> None:
    """A day that is not on sale yet, and a name that no passport has."""
    somebody = browse()
    somebody.expect_refusal(400, "/v1/search|/v1/bookings$")
    page = somebody.open("/search?from=EWR&to=EWR&date=2026-01-01")
    page.get_by_text("is where the journey begins").first.wait_for()
    page = search(somebody, 24)
    page.get_by_role("link", name="Choose the flight").first.click()
    page.get_by_role("heading", name="Passengers", level=1).wait_for()
    name_the_party(page)
    family = page.get_by_label("Family name").first
    family.fill("Love1ace")
    page.get_by_role("button", name="Hold the seats").click()
    page.get_by_text("is a digit").wait_for()
    assert family.evaluate("field => document.activeElement === field")
