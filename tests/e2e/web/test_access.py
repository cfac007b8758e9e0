"""For everybody: WCAG 2.2 AA as axe finds it, the keyboard alone, large letters, no motion where none is wanted."""

import os
from collections.abc import Iterable
from functools import cache
from typing import Any

import pytest
from playwright.sync_api import Page

from ..conftest import ROOT
from .conftest import Browsing, Site, is_live, is_lost, settle, until

BOARD = "/airports/EWR/departures"
AXE = ROOT / "infra" / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def anybodys_pages(site: Site) -> dict[str, str]:
    """Every page that a guest may open, by what it is."""
    rows = site.board() + site.board("arrivals")
    phases = {row["phase"]: f"/flights/{row['id']}" for row in rows}
    number, date = rows[0]["number"], rows[0]["id"].split("-")[1]
    return {
        "home": "/",
        "departures": BOARD,
        "arrivals": "/airports/EWR/arrivals",
        "a board where nothing fits": f"{BOARD}?q=nothing-is-called-so",
        "wall": f"{BOARD}?wall=true",
        **{f"a flight, {phase}": path for phase, path in phases.items()},
        "a flight that nobody knows": "/flights/UA1-20200101-EWR",
        "flights of a number": f"/flights?number={number}&date={date[:4]}-{date[4:6]}-{date[6:]}",
        "flights, nothing asked": "/flights",
        "following": "/following",
        "log in": "/login",
        "register": "/register",
        "forgot": "/forgot",
        "profile of a guest": "/profile",
        "not found": "/no/such/page",
    }


@cache
def _axe() -> str:
    return AXE.read_text()


def faults(page: Page, rules: Iterable[str] = RULES) -> list[str]:
    """What axe finds: the rule, and where."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    found = page.evaluate(
        """async (values) => {
          const type = values.length === 1 ? "rule" : "tag";
          const { violations } = await axe.run(document, { runOnly: { type, values }, resultTypes: ["violations"] });
          return violations.flatMap(({ id, nodes }) =>
            nodes.map(({ target, failureSummary }) => `${id}: ${target}: ${failureSummary.replaceAll(/\\s+/g, " ")}`));
        }""",
        list(rules),
    )
    return list(found)


def look_at(page: Page) -> list[str]:
    """What axe finds on the page by day, and by night.

    Bars at the window's edge are put into the page: what one covers now can be scrolled from under it.
    """
    page.evaluate(
        """() => {
          for (const each of document.querySelectorAll("body *")) {
            const { position } = getComputedStyle(each);
            const bar = each.getBoundingClientRect().height < innerHeight / 4;
            if (bar && (position === "fixed" || position === "sticky")) each.style.position = "static";
          }
        }"""
    )
    page.emulate_media(color_scheme="light")
    found = [f"by day: {fault}" for fault in faults(page)]
    page.emulate_media(color_scheme="dark")
    return found + [f"by night: {fault}" for fault in faults(page, ["color-contrast"])]


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_axe_finds_nothing_on_any_page_of_a_guest_by_day_and_night(site, browse, device):
    """WCAG 2.2 AA and best practice; a flight in every state that one is in now."""
    somebody: Browsing = browse(device, reduced_motion="reduce")
    somebody.expect_refusal(404, r"^/v1/flights/UA1-20200101-EWR")
    found = {}
    for name, path in anybodys_pages(site).items():
        page = somebody.open(path)
        settle(page)
        found[name] = look_at(page)
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_axe_finds_nothing_on_the_pages_behind_a_login(site, browse, admin):
    """Profile, people, invitations, keys and the audit trail, as an admin sees them on a phone."""
    somebody: Browsing = browse("phone", reduced_motion="reduce")
    somebody.expect_refusal(404, "^/v1/people/")  # whom the trail names, and who left meanwhile
    page = somebody.log_in(admin)
    me = site.ask("GET", "/v1/accounts/me", token=admin.token)["id"]
    found = {}
    for path in (
        "/profile",
        "/admin/people",
        f"/admin/people/{me}",
        "/admin/invitations",
        "/admin/keys",
        "/admin/audit",
        f"/flights/{site.board()[-1]['id']}",  # with what an operator may change
    ):
        somebody.open(path)
        settle(page)
        found[path] = look_at(page)
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_axe_finds_nothing_where_the_network_is_gone(site, browse, wire):
    """The board as it was last seen, and a page that can't be had now."""
    somebody: Browsing = browse("phone", url=wire.url, reduced_motion="reduce")
    page = somebody.open(BOARD)
    settle(page)
    is_live(page)
    somebody.lose_network()
    wire.cut()
    is_lost(page)
    assert look_at(page) == []


# What reaches over the page's side, and text that its own box cuts off.
_CUT = """() => {
  const name = (each) => `${each.tagName}.${each.getAttribute("class")} "${each.textContent.trim().slice(0, 40)}"`;
  const found = [];
  const all = [...document.querySelectorAll("body *")];
  const width = document.scrollingElement.scrollWidth;
  if (width > innerWidth + 1) {
    const over = all.filter((each) => each.getBoundingClientRect().right > innerWidth + 1);
    found.push(`the page is ${width} wide, not ${innerWidth}`, ...over.slice(0, 5).map(name));
  }
  for (const each of all) {
    const { width, height } = each.getBoundingClientRect();
    const { overflowX, overflowY, visibility } = getComputedStyle(each);
    const text = [...each.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!text || width <= 1 || height <= 1 || visibility === "hidden" || each.closest("svg")) continue;
    const clips = (overflow) => overflow === "hidden" || overflow === "clip";
    if (clips(overflowX) && each.scrollWidth > each.clientWidth + 1) found.push(`cut at its side: ${name(each)}`);
    if (clips(overflowY) && each.scrollHeight > each.clientHeight + 2) found.push(`cut below: ${name(each)}`);
  }
  return found;
}"""


@pytest.mark.parametrize(("device", "letters"), [("narrow", 16), ("phone", 32), ("desktop", 32)])
def test_nothing_is_cut_off_and_no_page_scrolls_sideways(site, browse, device, letters):
    """On the narrowest phone (320 pixels); with letters of twice the size (32 pixels) on a phone and on a desktop."""
    somebody: Browsing = browse(device, reduced_motion="reduce")
    somebody.expect_refusal(404, r"^/v1/flights/UA1-20200101-EWR")
    somebody.context.new_cdp_session(somebody.page).send("Page.setFontSizes", {"fontSizes": {"standard": letters}})
    found = {}
    for name, path in anybodys_pages(site).items():
        page = somebody.open(path)
        assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == f"{letters}px"
        settle(page)
        found[name] = page.evaluate(_CUT)
    assert {name: cut for name, cut in found.items() if cut} == {}


def test_nothing_moves_where_no_motion_is_wanted(site, browse, operator):
    """A change turns no flaps, and a skeleton stands still: no animation runs at any moment."""
    somebody: Browsing = browse(reduced_motion="reduce")
    flight = site.own_flight()
    page = somebody.page
    page.add_init_script(
        """
        window.moved = [];
        const look = () => {
          for (const each of document.getAnimations()) {
            if (each.effect.getComputedTiming().duration > 1) moved.push(each.animationName ?? each.transitionProperty);
          }
          requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
        """
    )
    somebody.open(BOARD)
    row = page.locator(f"main a[href='/flights/{flight['id']}']")
    page.get_by_role("searchbox").fill(flight["number"])
    row.wait_for()
    is_live(page)
    site.ask("POST", f"/v1/flights/{flight['id']}/updates", {"departure_gate": "Z98"}, operator.token)
    page.get_by_text("Z98").first.wait_for()
    page.wait_for_timeout(500)
    assert page.evaluate("moved") == []


# The focus: what has it, whether that can be seen, and whether anything lies over it.
_FOCUS = """() => {
  const active = document.activeElement;
  if (!active || active === document.body) return null;
  const near = [active.parentElement, active.nextElementSibling, active.closest("label"), active.closest("[role=row]")];
  const marked = ({ outlineStyle, outlineWidth }) => outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 1.5;
  const shown = [active, ...active.querySelectorAll("*"), ...near]
    .filter(Boolean)
    .some((each) => [null, "::before", "::after"].some((part) => marked(getComputedStyle(each, part))));
  const { left, top, width, height } = active.getBoundingClientRect();
  const within = top >= -1 && top + Math.min(height, 24) <= innerHeight + 1;
  const over = document.elementFromPoint(left + width / 2, top + Math.min(height / 2, innerHeight - top - 2));
  const label = active.labels?.[0] ?? active;
  const name = (active.getAttribute("aria-label") ?? label.textContent).trim().slice(0, 40);
  const hidden = width <= 1 || getComputedStyle(active).opacity === "0"; // its label stands for it
  return {
    name: `${active.tagName.toLowerCase()} "${name || active.name || active.type}"`,
    shown,
    free: hidden || (within && (!over || active.contains(over) || over.contains(active))),
    inside: active.closest("[role=dialog], [role=alertdialog]") !== null,
  };
}"""


def tab_through(page: Page, most: int) -> list[dict[str, Any]]:
    """What has the focus, press by press of Tab, until it leaves the page."""
    met = []
    for _ in range(most):
        page.keyboard.press("Tab")
        page.wait_for_timeout(30)
        if (focus := page.evaluate(_FOCUS)) is None:
            break
        met.append(focus)
    return met


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_the_keyboard_reaches_all_of_the_board_and_the_focus_is_seen(site, browse, device):
    """Skip link, search, filters, then row by row; nothing that has the focus is without a mark or covered."""
    somebody: Browsing = browse(device, reduced_motion="reduce")
    page = somebody.open(BOARD)
    page.get_by_role("row").nth(3).wait_for()
    is_live(page)
    met = tab_through(page, 40)
    names = " ".join(each["name"] for each in met)
    for wanted in ("Skip to the content", "Search", "Menu", "Find a flight on this board", "Airline", "Say changes"):
        assert wanted in names
    assert [each["name"] for each in met if not each["shown"]] == []
    assert [each["name"] for each in met if not each["free"]] == []
    page.keyboard.press("Home")  # to the first flight, and down the board
    for key in ("ArrowDown", "ArrowDown", "PageDown", "End"):
        page.keyboard.press(key)
        until(page, "document.activeElement.closest('[role=row]')")
    last = page.evaluate("document.activeElement.getAttribute('href')")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{last}")
    until(page, "document.activeElement.tagName === 'H1'")


def test_a_dialog_keeps_the_focus_and_gives_it_back(site, browse, admin):
    """Tab goes round within it; Escape closes it; the button that opened it has the focus again."""
    somebody: Browsing = browse(reduced_motion="reduce")
    page = somebody.log_in(admin)
    somebody.open("/admin/keys")
    page.get_by_role("button", name="Make a key …").focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    assert faults(page) == []
    met = tab_through(page, 12)
    assert len(met) == 12
    assert [each["name"] for each in met if not (each["inside"] and each["shown"])] == []
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    until(page, "document.activeElement.textContent.includes('Make a key')")


def test_a_flight_is_followed_by_keyboard_alone(site, browse):
    """From the page's top by Tab to the address, typed, and Enter: what comes of it has the focus."""
    somebody: Browsing = browse(reduced_motion="reduce")
    page = somebody.open(f"/flights/{site.own_flight()['id']}")
    page.get_by_label("Email address").wait_for()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name === 'address'"):
            break
    page.keyboard.type(f"keys.{os.getpid()}@example.com")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Open the link we sent").wait_for()
    until(page, "document.activeElement.textContent.includes('Open the link we sent')")
