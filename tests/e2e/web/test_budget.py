"""What the board costs who opens it, counted: bytes, requests, connections, rows."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, WebSocketRoute

from .conftest import Browsing, Site

KILOBYTE = 1000
BOARD = "/airports/EWR/departures"
FLIGHTS = "main a[href^='/flights/']"  # each row leads to its flight

# Notes when the first row is there: milliseconds since 1970, as requests are timed.
_FIRST_ROW = """
new MutationObserver((_, observer) => {
  if (!document.querySelector("%s")) return;
  window.firstRow = performance.timeOrigin + performance.now();
  observer.disconnect();
}).observe(document, { childList: true, subtree: true });
"""


def test_the_board_loads_at_most_150_kb_with_at_most_8_requests_and_one_websocket(site, browse):
    """On the first visit, before anything is clicked: scripts and styles as they come, compressed.

    Whatever else there is comes on demand: map, forms and dialogs, accounts, administration, other languages.
    """
    somebody: Browsing = browse("phone")
    page = somebody.page
    requests: list[Request] = []
    sockets: list[str] = []

    def note(request: Request) -> None:
        requests.append(request)

    page.on("request", note)
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.add_init_script(_FIRST_ROW % FLIGHTS)
    somebody.open(BOARD)
    page.locator(FLIGHTS).first.wait_for()
    page.wait_for_load_state("networkidle")
    first_row = page.evaluate("window.firstRow")
    code = {
        request.url.rpartition("/")[2]: request.sizes()["responseBodySize"]
        for request in requests
        if request.resource_type in ("script", "stylesheet") or request.url.endswith((".js", ".css"))
    }
    assert code
    # The icon, which the page and the browser's tab both show, is one request.
    before = {request.url for request in requests if request.timing["startTime"] < first_row}
    total = sum(code.values())
    assert total <= 150 * KILOBYTE, f"{total} bytes: {sorted(code.items(), key=lambda each: -each[1])}"
    assert len(before) <= 8, f"{len(before)} requests: {before}"
    assert len(sockets) == 1, sockets


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_a_board_of_1000_flights_has_at_most_60_rows_in_the_document(site, browse, device):
    """At the top, in the middle, at the end, and at each moment of a scroll through all of it."""
    somebody: Browsing = browse(device)
    page = somebody.page
    flights = thousand_flights(site)
    instead_of_its_own(page, flights)
    somebody.open(f"{BOARD}?earlier=true")  # those that left, too
    page.locator(FLIGHTS).first.wait_for()
    scrolled = page.evaluate(_SCROLL, {"flights": FLIGHTS, "last": flights[-1]["id"]})
    assert scrolled["seen"] > 900, "the scroll passes by most of them"
    assert scrolled["rows"] <= 60
    for place in ("top", "middle", "end"):
        shown = page.evaluate(_SCROLL, {"flights": FLIGHTS, "place": place})["rows"]
        assert 5 <= shown <= 60, f"{shown} rows at the {place}"


def thousand_flights(site: Site) -> list[dict[str, Any]]:
    """Real ones of three days; where there are fewer, some fly again under numbers of their own."""
    began = datetime.now(UTC) - timedelta(days=1.5)
    window = f"from={began:%Y-%m-%dT%H:%M:%SZ}&to={began + timedelta(days=3.9):%Y-%m-%dT%H:%M:%SZ}"
    flights: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = site.ask("GET", f"/v1{BOARD}?limit=500&{window}{cursor and f'&cursor={cursor}'}")
        flights += answer["flights"]
        cursor = answer.get("cursor")
    flights += [{**row, "id": row["id"].replace("-", "9-", 1), "number": f"{row['number']}9"} for row in flights]
    return sorted(flights, key=lambda row: row["departure"]["scheduled_out"])[:1000]


def instead_of_its_own(page: Page, flights: list[dict[str, Any]]) -> None:
    """The board is told these flights: by REST in pages, by the WebSocket in parts."""

    def rest(route: Route) -> None:
        url, cursor, _ = route.request.url.partition("&cursor=")
        answer = route.fetch(url=url)
        first = 500 if cursor else 0
        told = {**answer.json(), "flights": flights[first : first + 500]}
        if not first:
            told["cursor"] = "the second half"
        route.fulfill(response=answer, json=told)

    def websocket(socket: WebSocketRoute) -> None:
        def hear(said: str | bytes) -> None:
            if json.loads(said)["action"] != "watch":
                return
            for part in range(20):
                told = {"type": "state", "topic": "airport:EWR:departures", "part": part + 1, "parts": 20}
                socket.send(json.dumps({**told, "flights": flights[part * 50 : part * 50 + 50]}))

        socket.on_message(hear)

    page.route(f"**/v1{BOARD}**", rest)
    page.route_web_socket("**/ws", websocket)


# `place`: what is shown there. Without one: what is seen from the top until the flight `last` is, and the most at once.
_SCROLL = """async ({ flights, place, last }) => {
  const shown = () => new Set([...document.querySelectorAll(flights)].map((row) => row.pathname));
  let box = document.querySelector(flights);
  while (box && !(box.scrollHeight > box.clientHeight + 50 && /auto|scroll/.test(getComputedStyle(box).overflowY))) {
    box = box.parentElement;
  }
  box ??= document.scrollingElement;
  const frames = async (many) => {
    for (let frame = 0; frame < many; frame++) await new Promise(requestAnimationFrame);
  };
  if (place) {
    box.scrollTop = { top: 0, middle: box.scrollHeight / 2, end: box.scrollHeight }[place];
    await frames(20);
    return { rows: shown().size };
  }
  const seen = new Set();
  let rows = 0;
  for (let step = 0; step < 2000 && !seen.has(`/flights/${last}`); step++) {
    const here = shown();
    for (const path of here) seen.add(path);
    rows = Math.max(rows, here.size);
    box.scrollTop += box.clientHeight * 0.8;
    await frames(1);
  }
  return { rows, seen: seen.size };
}"""
