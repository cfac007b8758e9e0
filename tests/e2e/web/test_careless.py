"""What careless and hostile people type and follow: it is taken as words, answered in words, and does no harm."""

from urllib.parse import quote, urlsplit

import pytest

from .conftest import Browsing

BOARD = "/airports/EWR/departures"
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "\"><script>alert('x')</script>",
    "(((.*+?[\\",
    "{{7*7}} ${7*7} %00 %",
    "' OR 1=1 --",
    "\u0301" * 50 + "\u202e right to left",
    "a" * 3000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_is_searched_for_is_taken_as_words(site, browse, text):
    """Typed into the board's search, and in a link to it: no flight is found, and the page says so."""
    somebody: Browsing = browse()
    page = somebody.open(BOARD)
    page.get_by_role("searchbox").fill(text)
    page.get_by_role("main").get_by_role("heading", level=2).first.wait_for()
    assert page.get_by_role("main").locator("a[href^='/flights/']").count() == 0
    somebody.open(f"{BOARD}?q={quote(text)}")
    assert page.evaluate("document.querySelectorAll('main img, main script').length") == 0


def test_a_board_takes_what_makes_no_sense_in_its_address_for_nothing(site, browse):
    """Filters that do not exist, given twice, or of another type: the board is shown, with all of its flights."""
    somebody: Browsing = browse()
    for search in (
        "show=everything",
        "show=1&show=2",
        'show={"a":1}&terminal=[1,2]&airline=null&wall=maybe',
        "q=%7B%22%24gt%22%3A%22%22%7D&q=",
        "unknown=1&__proto__[x]=1&constructor=1",
    ):
        page = somebody.open(f"{BOARD}?{search}")
        page.get_by_role("searchbox").fill("")
        page.get_by_role("main").locator("a[href^='/flights/']").first.wait_for()


def test_places_that_do_not_exist_are_said_not_to(site, browse):
    """An airport, a flight, a page: each says in its heading what is not there, and leads on."""
    somebody: Browsing = browse()
    somebody.expect_refusal(404, "^/v1/")
    somebody.expect_refusal(400, "^/v1/")
    for path in (
        "/airports/QQQ/departures",
        "/airports/EWR/sideways",
        "/airports/%3Cb%3E/arrivals",
        "/flights/UA1-20200101-EWR",
        "/flights/nonsense",
        "/flights/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/flights?number=%3Cb%3E&date=yesterday",
        "/admin/nothing",
        "/no/such/page",
        "/%E0%A4%A",
    ):
        page = somebody.open(path)
        assert page.title().endswith("Gatecall"), path
        assert page.get_by_role("heading", level=1).inner_text().strip(), path
        assert page.get_by_role("link").count(), path
        assert page.evaluate("document.querySelectorAll('main b, main script').length") == 0, path


def test_ids_are_taken_in_lower_case(site, browse):
    """As people type them: /airports/ewr, /flights/ua1-…-ewr."""
    somebody: Browsing = browse()
    flight = site.board()[-1]
    page = somebody.open(f"/flights/{flight['id'].lower()}")
    page.get_by_role("heading", level=1).filter(has_text=flight["number"]).wait_for()
    page = somebody.open("/airports/ewr")
    page.get_by_role("main").locator("a[href^='/flights/']").first.wait_for()


@pytest.mark.parametrize(
    "place", ["https://example.com/", "//example.com", "/\\example.com", "javascript:alert(1)", "/%09/example.com"]
)
def test_a_login_never_leads_to_another_site(site, browse, place):
    """Whatever a link to the login says is next."""
    somebody: Browsing = browse()
    passenger = site.passenger("careful")
    page = somebody.open(f"/login?next={quote(place)}")
    page.get_by_label("Email address").fill(passenger.email)
    page.get_by_label("Password", exact=True).fill(passenger.password)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: urlsplit(url).path != "/login")
    assert urlsplit(page.url).netloc == urlsplit(site.url).netloc
