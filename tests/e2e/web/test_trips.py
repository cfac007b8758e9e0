"""A passenger's booking in the browser: found, checked in, its boarding pass read by a scanner, changed, cancelled,
and rebooked when the airline cancels a flight.
"""

import base64
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import zxingcpp
from playwright.sync_api import Locator, Page

from . import test_access
from .conftest import Browsing, Site, eventually, settle

NAMES = (("Lovelace", "Ada"), ("Hopper", "Grace"))
# A picture as grey pixels: drawn on a page of nobody's, as that of the app allows no such code.
_GREY = """
async (png) => {
  const picture = new Image();
  picture.src = "data:image/png;base64," + png;
  await picture.decode();
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const drawing = canvas.getContext("2d");
  drawing.drawImage(picture, 0, 0);
  const { data } = drawing.getImageData(0, 0, picture.width, picture.height);
  let grey = "";
  for (let at = 0; at < data.length; at += 4) grey += String.fromCharCode(data[at + 1]);
  return [picture.width, picture.height, btoa(grey)];
}
"""


def post(site: Site, path: str, body: object, link: str = "") -> dict[str, Any]:
    """What the API answers to something that is wanted once."""
    headers = {"Idempotency-Key": str(uuid.uuid4()), **({"Authorization": f"Bearer {link}"} if link else {})}
    answer = httpx.post(f"{site.url}{path}", json=body, headers=headers, timeout=60)
    assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
    booking: dict[str, Any] = answer.json()
    return booking


def held(site: Site, flight: str, passengers: int = 1) -> dict[str, Any]:
    """A booking of a flight that is to be paid yet."""
    wanted = {
        "flights": [{"flight": flight}],
        "passengers": [{"family_name": family, "given_name": given} for family, given in NAMES[:passengers]],
        "contact": {"email": f"ada.{uuid.uuid4().hex[:8]}@example.com", "language": "en"},
    }
    return post(site, "/v1/bookings", wanted)


def booked(site: Site, flight: str, passengers: int = 1) -> dict[str, Any]:
    """A booking of a flight, paid."""
    booking = held(site, flight, passengers)
    return post(site, f"/v1/bookings/{booking['pnr']}/payments", {"token": "tok_approve"}, booking["link"])


def far_flight(site: Site) -> str:
    """A flight three weeks ahead."""
    date = (datetime.now(UTC) + timedelta(days=21)).date()
    found = site.ask("GET", f"/v1/search?from=EWR&to=LAX&date={date}&stops=0&sort=departure")
    flight: str = found["offers"][0]["journeys"][0]["segments"][0]["flight"]
    return flight


def find(somebody: Browsing, pnr: str, name: str = "lovelace") -> Page:
    """Look for a booking by what stands on its papers."""
    page = somebody.open("/bookings")
    page.get_by_label("Booking reference").fill(pnr.lower())
    page.get_by_label("Family name").fill(name)
    page.get_by_role("button", name="Open the booking").click()
    return page


def scanned(somebody: Browsing, symbol: Locator) -> str:
    """What a scanner reads off the screen."""
    blank = somebody.context.new_page()
    width, height, grey = blank.evaluate(_GREY, base64.b64encode(symbol.screenshot()).decode())
    blank.close()
    pixels = memoryview(base64.b64decode(grey)).cast("B", (height, width))
    found = zxingcpp.read_barcodes(pixels, formats=zxingcpp.BarcodeFormat.Aztec)
    return found[0].text if found else ""


def faults(page: Page) -> list[str]:
    """What axe finds by day and by night, but for React Aria's own announcements, which go by themselves."""
    page.evaluate("document.querySelectorAll('[data-live-announcer] [role=img]').forEach((each) => each.remove())")
    return test_access.look_at(page)


def test_a_booking_is_found_checked_in_and_its_passes_scanned_without_a_network_too(site: Site, browse: Any) -> None:
    """A wrong pair is told nothing. Both passes are read as the API has them, by night, and after a reload offline."""
    flight = site.own_flight()["id"]
    booking = booked(site, flight, passengers=2)
    pnr = booking["pnr"]
    somebody: Browsing = browse("phone", service_workers="allow", color_scheme="dark")
    somebody.expect_refusal(404, rf"^/v1/bookings/{pnr}$")
    page = find(somebody, pnr, "Turing")
    page.get_by_text("There is no booking with this reference and this family name").wait_for()
    assert faults(page) == []
    page = find(somebody, pnr)
    page.get_by_role("heading", name="Check-in is open").wait_for()
    page.get_by_role("main").get_by_role("link", name="Check in", exact=True).click()
    page.get_by_role("heading", name="Check in for").wait_for()
    settle(page)
    assert faults(page) == []
    page.get_by_role("button", name="Check in").click()
    page.get_by_role("heading", name="Boarding pass 1 of 2").wait_for()

    shown = page.get_by_role("img", name="Code for the scanner")
    for place, (family, given) in enumerate(NAMES):
        path = f"/v1/bookings/{pnr}/boarding-pass?flight={flight}&passenger={place}"
        told = site.ask("GET", path, token=booking["link"])
        page.get_by_role("heading", name=f"Boarding pass {place + 1} of 2").wait_for()
        page.get_by_text(f"{family}/{given}".upper()).first.wait_for()
        eventually(lambda text=told["text"]: scanned(somebody, shown) == text)
        if place == 0:
            page.get_by_role("button", name="Next").click()
    assert faults(page) == []
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.wait_for_timeout(3_000)  # what is kept on the device is written every two seconds
    somebody.lose_network()
    somebody.context.set_offline(True)
    somebody.open(f"/bookings/{pnr}/pass?flight={flight}&passenger=1")
    page.get_by_role("heading", name="Boarding pass 2 of 2").wait_for()
    assert scanned(somebody, shown) == told["text"]
    somebody.context.set_offline(False)


def test_a_change_and_a_cancellation_say_what_they_cost_before_they_are_done(site: Site, browse: Any) -> None:
    """Other flights for nothing or for the difference, as was said; then what was said comes back."""
    booking = booked(site, far_flight(site))
    somebody: Browsing = browse("desktop")
    page = find(somebody, booking["pnr"])
    page.get_by_role("link", name="Change flights").click()
    page.get_by_role("button", name="Find flights").click()
    other = page.get_by_role("radio").last
    other.wait_for()
    assert faults(page) == []
    other.check(force=True)
    page.get_by_role("heading", name="The change costs").wait_for()
    page.get_by_role("button", name=re.compile("Change to these flights|Hold these flights and pay")).click()
    page.wait_for_url(re.compile(rf"/bookings/{booking['pnr']}$|/pay$"))
    if page.url.endswith("/pay"):
        post(site, f"/v1/bookings/{booking['pnr']}/payments", {"token": "tok_approve"}, booking["link"])
        somebody.open(f"/bookings/{booking['pnr']}")
    now = site.ask("GET", f"/v1/bookings/{booking['pnr']}", token=booking["link"])
    assert now["flights"][0]["flight"] != booking["flights"][0]["flight"]
    page.get_by_role("heading", name=now["flights"][0]["number"]).wait_for()
    page.get_by_role("button", name="Cancel the booking").click()
    dialog = page.get_by_role("alertdialog")
    said = dialog.get_by_text(re.compile("comes back[:,.]")).inner_text()
    assert faults(page) == []
    dialog.get_by_role("button", name="Cancel the booking").click()
    page.get_by_role("heading", name="This booking is cancelled").wait_for()
    [sum_] = re.findall(r"\$[\d,.]+\d", said)
    page.get_by_text(re.compile(rf"{re.escape(sum_)} (is on its way|came) back")).wait_for()
    assert faults(page) == []


def test_a_passenger_of_a_cancelled_flight_takes_the_one_that_is_held_with_one_press(
    site: Site, browse: Any, operator: Any
) -> None:
    """The page that is open says so by itself; the flights are the offer's, and cost nothing."""
    flight = site.own_flight()
    booking = booked(site, flight["id"], passengers=2)
    somebody: Browsing = browse("phone")
    somebody.expect_refusal(404, "^/v1/flights/")  # of the flight that is offered, if no feed tells yet
    page = find(somebody, booking["pnr"])
    page.get_by_role("heading", name=re.compile("Check-in is open|You are booked")).wait_for()
    site.ask("POST", f"/v1/flights/{flight['id']}/updates", {"cancelled": True}, operator.token)
    page.get_by_role("heading", name=f"{flight['number']} is cancelled").wait_for()

    def offered() -> dict[str, Any] | None:
        return site.ask("GET", f"/v1/bookings/{booking['pnr']}", token=booking["link"]).get("offer")

    offer = eventually(offered)
    take = page.get_by_role("button", name="Take these flights")
    take.wait_for()
    assert faults(page) == []
    take.click()
    page.get_by_role("heading", name=offer["flights"][0]["number"]).wait_for()
    page.get_by_role("heading", name=f"{flight['number']} is cancelled").wait_for(state="detached")
    now = site.ask("GET", f"/v1/bookings/{booking['pnr']}", token=booking["link"])
    assert [each["flight"] for each in now["flights"]] == [each["flight"] for each in offer["flights"]]
    assert (now["paid"], "to_pay" in now) == (booking["paid"], False)


def test_trips_of_this_device_are_listed_until_they_are_forgotten(site: Site, browse: Any) -> None:
    """Without an account; a booking that is forgotten here has to be found again."""
    booking = booked(site, far_flight(site))
    somebody: Browsing = browse("phone")
    page = somebody.open("/trips")
    page.get_by_role("heading", name="No trips on this device yet").wait_for()
    page = somebody.open(f"/bookings/{booking['pnr']}#token={booking['link']}")
    page.get_by_role("heading", name="You are booked").wait_for()
    assert "token" not in page.url
    page.get_by_role("link", name="Trips").first.click()
    page.get_by_role("link", name=re.compile(booking["pnr"])).wait_for()
    assert faults(page) == []
    page.get_by_role("link", name=re.compile(booking["pnr"])).click()
    page.get_by_text("Kept on this device").click()
    page.get_by_role("button", name="Forget on this device").click()
    page.get_by_role("heading", name="No trips on this device yet").wait_for()
    somebody.expect_refusal(401, rf"^/v1/bookings/{booking['pnr']}$")
    somebody.open(f"/bookings/{booking['pnr']}")
    page.get_by_label("Family name").wait_for()
