"""In five languages: each page says all it says in the one that is chosen."""

import json
import re
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page

from ..conftest import ROOT
from .conftest import Browsing, Site, settle, until
from .test_trips import booked, far_flight, held

BOARD = "/airports/EWR/departures"
WORDS = ROOT / "infra" / "web" / "src" / "words"
# Words by which English gives itself away; none of the other languages has them.
ENGLISH = re.compile(r"\b(the|of|and|with|your|you|this|that|from|have|when|which)\b", re.IGNORECASE)

# What can be read on the page: text, and what a screen reader says instead. Names in English are marked as English.
_READ = """() => {
  const found = new Set();
  const foreign = (element) => element.closest("[lang]")?.lang !== document.documentElement.lang;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!foreign(element) && !element.closest("script, style, noscript")) found.add(texts.currentNode.data.trim());
  }
  for (const element of document.querySelectorAll("[aria-label], [placeholder], [title], [alt], [aria-description]")) {
    if (foreign(element)) continue;
    for (const name of ["aria-label", "placeholder", "title", "alt", "aria-description"]) {
      found.add((element.getAttribute(name) ?? "").trim());
    }
  }
  found.add(document.title);
  return [...found].filter((text) => /\\p{L}{2}/u.test(text));
}"""


@cache
def messages(language: str) -> dict[str, str]:
    """A language's catalogues: what is said for each English message."""
    found = {}
    for path in sorted((WORDS / language).glob("*.po")):
        for entry in path.read_text().split("\n\n"):
            said = {"msgid": "", "msgstr": ""}
            at = ""
            for line in entry.splitlines():
                name, _, text = line.rpartition(' "') if not line.startswith('"') else (at, "", line[1:])
                at = name
                if name in said:
                    said[name] += json.loads(f'"{text}')
            found[said["msgid"]] = said["msgstr"]
    return {english: said for english, said in found.items() if english}


def left_in_english(language: str) -> list[re.Pattern[str]]:
    """What must not be read in another language: messages, in their pieces between tags, that it says otherwise."""
    patterns = []
    for english, said in messages(language).items():
        if english == said or ", plural," in english or ", select" in english:
            continue
        for piece in re.split(r"</?\d+/?>", english):
            words = re.sub(r"\{\w+\}", "", piece)
            if re.search(r"[a-z]{3}", words) and piece.strip() not in said:
                shape = re.sub(r"\\\{\w+\\\}", ".+", re.escape(piece.strip()))
                patterns.append(re.compile(shape))
    return patterns


NOTE = "A bus takes you to the aircraft."  # an operator said so of a flight (test_live.py): these are their words


def english_on(page: Page, language: str) -> list[str]:
    """What of a page is in English still."""
    left = left_in_english(language)
    return [
        text
        for text in page.evaluate(_READ)
        if (ENGLISH.search(text) or any(pattern.fullmatch(text) for pattern in left)) and NOTE not in text
    ]


def of_passengers(site: Site) -> dict[str, str]:
    """The pages of who books and flies: offers, a booking that is to be paid, and one that can be checked in."""
    flight = far_flight(site)
    to_pay, paid = held(site, flight), booked(site, site.own_flight()["id"])
    unpaid, ticketed = to_pay["pnr"], paid["pnr"]
    date = flight.split("-")[1]
    return {
        "offers": f"/search?from=EWR&to=LAX&date={date[:4]}-{date[4:6]}-{date[6:]}",
        "passengers": f"/book?flights={flight}&infants=1",
        "booking-to-pay": f"/bookings/{unpaid}#token={to_pay['link']}",
        "seats": f"/book/{unpaid}/seats",
        "pay": f"/book/{unpaid}/pay",
        "booking": f"/bookings/{ticketed}#token={paid['link']}",
        "check-in": f"/bookings/{ticketed}/check-in",
        "change": f"/bookings/{ticketed}/change",
        "trips": "/trips",
        "bookings": "/bookings",
    }


@pytest.mark.parametrize("language", ["es", "fr", "de", "zh"])
def test_nothing_is_left_in_english(site, browse, language):
    """Who has a browser in that language reads it: boards and flights, following, booking and trips, logging in."""
    somebody: Browsing = browse("phone", locale={"zh": "zh-CN"}.get(language, f"{language}-{language.upper()}"))
    rows = site.board()
    states = {row["phase"]: f"/flights/{row['id']}" for row in rows}
    found: dict[str, Any] = {}
    others = ("/following", *of_passengers(site).values(), "/login", "/register", "/forgot", "/no/such/page")
    for path in ("/", BOARD, *states.values(), *others):
        page = somebody.open(path)
        settle(page)
        assert page.locator("html").get_attribute("lang") == language
        found[path] = english_on(page, language)
    left = sorted({text for texts in found.values() for text in texts})
    assert left == [], {path: texts for path, texts in found.items() if texts}


def test_another_language_keeps_the_page_as_it_is(site, browse):
    """Chosen in the menu: the search, what was found and the place stay; it is kept over a reload."""
    somebody: Browsing = browse()
    flight = site.board()[-1]
    page = somebody.open(BOARD)
    page.get_by_role("searchbox").fill(flight["number"])
    page.wait_for_url(f"**?q={flight['number']}")
    row = page.locator(f"main a[href='/flights/{flight['id']}']")
    row.wait_for()
    page.get_by_role("navigation", name="Main").get_by_role("button", name="Menu").click()
    page.get_by_label("Language").select_option("de")
    until(page, "document.documentElement.lang === 'de'")
    assert page.url.endswith(f"?q={flight['number']}")
    assert page.get_by_role("searchbox").input_value() == flight["number"]
    row.wait_for()
    page.reload()
    until(page, "document.documentElement.lang === 'de'")
    row.wait_for()


def test_times_are_the_airports_own(site, browse):
    """Who looks from Madrid reads when it leaves by the clocks of Newark."""
    somebody: Browsing = browse()
    flight = site.board()[-1]
    leaves = datetime.fromisoformat(flight["departure"]["scheduled_out"]).astimezone(ZoneInfo("America/New_York"))
    page = somebody.open(f"{BOARD}?q={flight['number']}")
    row = page.get_by_role("row").filter(has=page.locator(f"a[href='/flights/{flight['id']}']"))
    row.get_by_text(f"{leaves:%H:%M}").first.wait_for()
    page = somebody.open(f"/flights/{flight['id']}")
    page.get_by_role("main").get_by_text(f"{leaves:%H:%M}").first.wait_for()
