"""Following a flight, as those who do it see it: through the routes, with the stream, against moto."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.alerts import confirm, due, follow, ledger, links, manage, store
from chalicelib.alerts.model import Delivery, Subject
from chalicelib.alerts.store import Standing
from chalicelib.channels import addresses, email, sms, webhook, webpush
from chalicelib.channels.model import LANGUAGES, Address, Channel, Outcome, Receipt
from chalicelib.core import callers, signed
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.flights import ingest

from ..flights.legs import said, scheduled
from . import passenger
from .passenger import Answer, World, asks, followers, rows, world

pytestmark = pytest.mark.usefixtures("cloud")

FLIGHT = "UA1545-20260710-EWR"
send_email = email.send
ADA = "ada@example.com"


@pytest.fixture
def of(now: Now, monkeypatch: pytest.MonkeyPatch) -> World:
    """Noon; UA1545 leaves in two hours."""
    made = world(now, monkeypatch)
    monkeypatch.setattr(callers, "_find_holder", lambda token: links.holder(token, made.now.wall))
    ingest.take([scheduled(1545, now.flight + timedelta(hours=2))], now, sleep=lambda _: None)
    return made


def confirmed(of: World, address: str = ADA, **what: Any) -> str:
    """Somebody follows and agrees. Returns the subscription's id."""
    id_: str = of.follow(address, **(what or {"flight": FLIGHT})).json["id"]
    of.stream()
    assert of.press(of.link).status == 200
    of.stream()
    return id_


def token_of(of: World, address: str = ADA) -> str:
    return links.manage_token(Address(Channel.EMAIL, address).id, of.now.wall)


def contact(of: World, address: str = ADA) -> store.Contact:
    found = store.contact(Address(Channel.EMAIL, address).id, of.now.wall)
    assert found
    return found


def faults(answer: Answer, status: int = 400) -> set[str]:
    assert answer.status == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return {fault["name"] for fault in answer.json.get("errors", ())}


def test_who_follows_is_asked_once_agrees_and_is_a_follower(of: World) -> None:
    """The whole way: one message, a page, a button."""
    answer = of.follow(flight=FLIGHT)
    assert (answer.status, answer.json["status"], answer.json["confirm"]) == (202, "pending", "link")
    assert (answer.json["bound"], answer.json["flights"]) == (True, [FLIGHT])
    assert of.sent == []
    of.stream()
    [(channel, to, message)] = of.sent
    assert (channel, to) == ("email", ADA)
    assert "UA1545" in message.subject
    assert followers() == []
    page = of.open(of.link)
    assert "UA1545" in page.text
    assert "a…@example.com" in page.text
    assert followers() == []
    assert of.press(of.link).status == 200
    of.stream()
    [follower] = followers()
    assert follower["sk"]["S"] == answer.json["id"]
    assert follower["address"]["S"] == ADA
    page_ = ledger.Page(f"flight:{FLIGHT}", Channel.EMAIL, 0)
    [told] = ledger.entries(Subject.parse(f"flight:{FLIGHT}").leg, page_).values()  # type: ignore[arg-type]
    assert told.told
    assert told.told.version == 1
    assert len(of.sent) == 1
    assert contact(of).wording == confirm.WORDING


def test_asking_again_and_again_sends_one_message(of: World) -> None:
    """Twenty times, from many places, in other spellings of the same mailbox too."""
    answers = [
        of.follow(["ada@example.com", "Ada@EXAMPLE.com", f"ada+{n}@example.com"][n % 3 if n else 0], flight=FLIGHT,
                  client=f"192.0.2.{n}") for n in range(20)
    ]  # fmt: skip
    of.stream()
    of.stream(again=True)
    assert {answer.status for answer in answers} == {202, 429}
    assert [each[1] for each in of.sent].count(ADA) == 1
    assert len(of.sent) <= 3


def test_an_address_is_asked_again_after_ten_minutes_and_three_times_a_day(of: World) -> None:
    """And five times in 30 days. What is asked for meanwhile waits with the first; each link confirms all of it."""
    links_, counts = [], []
    for minute in range(0, 66, 6):
        of.follow(flight=FLIGHT, client=f"192.0.2.{minute}")
        of.stream()
        links_.append(of.link)
        counts.append(len(of.sent))
        of.later(minutes=6)
    assert counts == [1, 1, 2, 2, 3, 3, 3, 3, 3, 3, 3]
    assert of.press(links_[0]).status == 200
    assert len(followers()) == 1


def test_who_never_answers_is_asked_five_times_in_a_month(of: World) -> None:
    """However long somebody goes on asking."""
    of.later(days=10)  # the window of 30 days begins in June
    for _ in range(20):
        of.later(hours=6)
        of.follow(number="UA1545", date="2026-09-10")
        of.stream()
    assert len(of.sent) == 5


def test_one_client_asks_so_many_times_an_hour(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """429 with the pause, the policy and the problem's type; IPv6 counts by /64, and by /48 like an IPv4 address."""
    monkeypatch.setattr(follow, "HOST_WISHES", 3)
    monkeypatch.setattr(follow, "CLIENT_WISHES", 5)
    for n in range(3):
        assert of.follow(f"p{n}@example.com", flight=FLIGHT, client=f"2001:db8::{n:x}").status == 202
    refused = of.follow("p@example.com", flight=FLIGHT, client="2001:db8::ffff")
    assert faults(refused, 429) == set()
    assert refused.headers["retry-after"] == "3600"
    assert refused.headers["ratelimit-policy"] == '"follow-by-client";q=3;w=3600'
    assert refused.json["type"].endswith("#quota-exceeded")
    for n, status in ((1, 202), (2, 202), (3, 429)):
        assert of.follow(f"q{n}@example.com", flight=FLIGHT, client=f"2001:db8:0:{n}::1").status == status
    assert of.follow("p@example.com", flight=FLIGHT, client="2001:db8:1::1").status == 202
    assert [of.follow(f"r{n}@example.com", flight=FLIGHT).status for n in range(6)] == [202] * 5 + [429]
    of.later(hours=1)
    assert of.follow("q@example.com", flight=FLIGHT, client="2001:db8::ffff").status == 202


@pytest.mark.parametrize("state", ["new", "asked", "follows", "confirmed", "stopped", "suppressed"])
def test_the_answer_does_not_tell_what_is_known_of_an_address(of: World, state: str) -> None:
    """Whoever asks, for whomever."""
    fresh = of.follow("nobody@example.com", flight=FLIGHT, client="192.0.2.9")
    if state != "new":
        id_ = of.follow(flight=FLIGHT if state != "confirmed" else None, **(
            {"number": "UA9", "date": "2026-07-11"} if state == "confirmed" else {}
        )).json["id"]  # fmt: skip
        of.stream()
    if state in ("follows", "confirmed", "stopped"):
        of.press(of.link)
    if state == "stopped":
        manage.stop(id_, of.now.wall)
    if state == "suppressed":
        manage.drop(Address(Channel.EMAIL, ADA), "bounce: General", of.now)
    answer = of.follow(flight=FLIGHT)
    assert (answer.status, set(answer.headers)) == (fresh.status, set(fresh.headers))
    assert answer.json | {"id": ""} == fresh.json | {"id": ""}
    assert len(answer.json["id"]) == len(fresh.json["id"])


def test_what_a_confirmed_address_follows_next_is_active_at_once(of: World) -> None:
    """An address confirms once."""
    confirmed(of)
    assert of.follow(number="UA1545", date="2026-07-10").json["status"] == "pending"
    of.stream()
    assert len(followers()) == 2
    assert len(of.sent) == 1


def test_who_asks_again_does_not_change_an_active_rule(of: World) -> None:
    """Only who has the link may."""
    id_ = confirmed(of)
    of.follow(flight=FLIGHT, tell=["belt"], first_delay=240)
    of.stream()
    found = of.request("GET", f"/v1/subscriptions/{id_}", token=token_of(of)).json
    assert (found["first_delay"], "cancellation" in found["tell"]) == (15, True)


def test_what_somebody_stopped_needs_their_word_again(of: World) -> None:
    """A stranger can't set it going."""
    id_ = confirmed(of)
    manage.stop(id_, of.now.wall)
    assert followers() == []
    of.later(minutes=11)
    of.follow(flight=FLIGHT)
    of.stream()
    assert followers() == []
    assert len(of.sent) == 2
    of.press(of.link)
    assert len(followers()) == 1


def test_who_stopped_everything_is_asked_anew(of: World) -> None:
    """Their word is taken back."""
    confirmed(of)
    old = of.link
    assert of.press(links.manage(contact(of).address.id, of.now.wall), action="stop_all").status == 200
    assert followers() == []
    assert of.press(old).status == 404
    of.later(minutes=11)
    of.follow(number="UA1545", date="2026-07-10")
    of.stream()
    assert followers() == []
    assert len(of.sent) == 2


def test_each_pages_title_says_what_it_is(of: World) -> None:
    """It asks to confirm before, not after; and of a bad link it says that it is bad."""
    of.follow(flight=FLIGHT)
    of.stream()
    assert "<h1>Confirm your flight messages</h1>" in of.open(of.link).text
    assert "<h1>Confirmed</h1>" in of.press(of.link).text
    bad = of.open("https://flights.test/follow/manage?token=x")
    assert (bad.status, "<title>This link is not valid</title>" in bad.text) == (404, True)


def test_nobody_agrees_by_opening_a_page(of: World) -> None:
    """Scanners open every link, again and again."""
    id_ = of.follow(flight=FLIGHT).json["id"]
    of.stream()
    for _ in range(3):
        assert of.open(of.link).status == 200
        assert of.open(links.unsubscribe(id_)).status == 200
    assert contact(of).standing is Standing.ASKED
    of.press(of.link)
    for url in (links.unsubscribe(id_), links.manage(contact(of).address.id, of.now.wall)):
        assert of.open(url).status == 200
    assert len(followers()) == 1


def test_the_page_behind_an_sms_says_what_may_be_due(of: World) -> None:
    """The one link of an SMS leads there, and a cancellation's SMS speaks of it."""
    confirmed(of)
    page = links.manage(contact(of).address.id, of.now.wall)
    assert "refund" not in of.open(page).text
    at = of.now.flight
    ingest.take([said(1545, at, at, cancelled=True)], of.now, sleep=lambda _: None)
    assert "A refund of the ticket" in of.open(page).text
    assert "https://www.ecfr.gov/" in of.open(page).text


def test_the_page_shows_how_a_followed_flight_stands(of: World) -> None:
    """Whoever opens it sees the times, the gate and the calendar's link; and first of all that it is cancelled."""
    confirmed(of)
    page = links.manage(contact(of).address.id, of.now.wall)
    at = of.now.flight
    ingest.take([said(1545, at, at, departure_terminal="C", departure_gate="C72")], of.now, sleep=lambda _: None)
    shown = of.open(page).text
    for word in ("Newark (EWR)", "Houston (IAH)", "<strong>C72</strong>", "10:00", f"{FLIGHT}/calendar.ics"):
        assert word in shown, word
    assert "<h3>" not in shown
    ingest.take([said(1545, at, at, estimated_out=at + timedelta(hours=3))], of.now, sleep=lambda _: None)
    assert "Houston IAH leaves LATER:" in of.open(page).text
    of.later(minutes=1)
    ingest.take([said(1545, at, of.now.flight, cancelled=True)], of.now, sleep=lambda _: None)
    shown = of.open(page).text
    assert "is CANCELLED.</h3>" in shown
    assert "C72" not in shown
    assert "calendar.ics" not in shown
    assert ">active<" not in shown


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain"])
def test_a_mail_program_unsubscribes_in_one_click(of: World, kind: str) -> None:
    """RFC 8058: no cookie, no page before it, years later, and again."""
    id_ = confirmed(of)
    parts = urlsplit(links.unsubscribe(id_))
    body = b"List-Unsubscribe=One-Click"
    if kind.startswith("multipart"):
        body = b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
    for _ in range(2):
        answer = of.request("POST", f"{parts.path}?{parts.query}", raw=body, headers={"Content-Type": kind})
        assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert followers() == []
    of.later(days=4000)
    assert of.request("POST", f"{parts.path}?{parts.query}", raw=body, headers={"Content-Type": kind}).status == 200


def test_whoever_confirmed_is_led_to_what_they_follow(of: World) -> None:
    """The thank-you page's link opens the page that shows and changes it."""
    of.follow(flight=FLIGHT)
    of.stream()
    [token] = re.findall(r'href="manage\?token=([^"]+)"', of.press(of.link).text)
    assert of.request("GET", f"/follow/manage?token={token}").status == 200


def test_a_second_click_says_the_same_and_does_nothing(of: World) -> None:
    """And by the API's own door too."""
    confirmed(of)
    assert of.press(of.link).status == 200
    token = parse_qs(urlsplit(of.link).query)["token"][0]
    assert of.request("POST", "/v1/confirmations", {"token": token}).json["status"] == "confirmed"
    of.stream()
    assert len(followers()) == 1


def test_links_are_not_taken_when_changed_too_old_or_of_another_kind(of: World) -> None:
    """And no one gets a 5xx for trying."""
    id_ = of.follow(flight=FLIGHT).json["id"]
    of.stream()
    token = parse_qs(urlsplit(of.link).query)["token"][0]
    manage_token = token_of(of)
    unsubscribe = parse_qs(urlsplit(links.unsubscribe(id_)).query)["token"][0]
    for bad in (token[:-1], token[1:], manage_token, unsubscribe, "", "x", "a.b.c", "é\u2028", "." * 900):
        assert of.request("POST", "/v1/confirmations", {"token": bad}).status == 400
        assert of.request("GET", "/v1/subscriptions", token=token).status == 401
    assert of.request("GET", "/v1/subscriptions", token=unsubscribe).status == 401
    assert of.press(f"https://flights.test/follow/unsubscribe?token={manage_token}").status == 404
    of.later(hours=47)
    assert of.open(of.link).status == 200
    of.later(hours=2)
    assert (of.open(of.link).status, of.press(of.link).status) == (404, 404)
    assert followers() == []


def test_a_key_is_replaced_without_breaking_links(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first key signs, all verify; a dropped one does no more."""
    monkeypatch.setattr(signed, "secret", lambda name: json.dumps(["one"]))
    old = links.manage_token("a", of.now.wall)
    monkeypatch.setattr(signed, "secret", lambda name: json.dumps(["two", "one"]))
    new = links.manage_token("a", of.now.wall)
    assert links.holder(old, of.now.wall) == links.holder(new, of.now.wall) == callers.Holder("a")
    monkeypatch.setattr(signed, "secret", lambda name: json.dumps(["two"]))
    assert links.holder(new, of.now.wall)
    assert links.holder(old, of.now.wall) is None


def test_the_link_shows_changes_and_stops_its_own_address_and_no_other(of: World) -> None:
    """By REST, with the token as bearer or in the query."""
    mine, theirs = confirmed(of), confirmed(of, "eve@example.com", flight=FLIGHT)
    token = token_of(of)
    listed = of.request("GET", f"/v1/subscriptions?token={token}")
    assert [each["id"] for each in listed.json["subscriptions"]] == [mine]
    assert (listed.json["address"], ADA in listed.text) == ("a…@example.com", False)
    changed = of.request(
        "PATCH", f"/v1/subscriptions/{mine}", token=token,
        body={"tell": ["belt"], "quiet": {"from": "22:00", "to": "06:30"}, "zone": "Asia/Shanghai", "language": "zh"},
    )  # fmt: skip
    assert changed.json["quiet"] == {"from": "22:00", "to": "06:30"}
    [row] = [row for row in followers() if row["sk"]["S"] == mine]
    assert json.loads(row["rule"]["S"])[:3] == ["zh", "Asia/Shanghai", ["belt"]]
    assert of.request("PATCH", f"/v1/subscriptions/{mine}", {"quiet": None}, token=token).json.get("quiet") is None
    for method in ("GET", "PATCH", "DELETE"):
        assert of.request(method, f"/v1/subscriptions/{theirs}", {}, token=token).status == 404
    assert of.request("GET", f"/v1/subscriptions/{theirs}/deliveries", token=token).status == 404
    assert of.request("GET", "/v1/subscriptions").status == 401
    assert of.request("GET", "/v1/subscriptions").headers["www-authenticate"] == "Bearer"
    for _ in range(2):
        gone = of.request("DELETE", f"/v1/subscriptions/{mine}", token=token)
        assert (gone.status, gone.text) == (204, "")
    assert [row["sk"]["S"] for row in followers()] == [theirs]
    of.later(days=61)
    assert of.request("GET", "/v1/subscriptions", token=token).status == 401


def test_deliveries_show_what_was_sent_and_what_came_of_it(of: World) -> None:
    """The newest first."""
    id_ = confirmed(of)
    leg = Subject.parse(f"flight:{FLIGHT}").leg
    assert leg
    page = ledger.Page(f"flight:{FLIGHT}", Channel.EMAIL, 0)
    sent = Delivery(of.now.wall, ("gate",), 2, "accepted", "m7")
    ledger.mark(leg, page, {id_: ledger.Entry(recent=(sent,), revision=2)})
    [line] = of.request("GET", f"/v1/subscriptions/{id_}/deliveries", token=token_of(of)).json["deliveries"]
    assert line == {
        "flight": FLIGHT, "version": 2, "at": "2026-07-10T12:00:00Z", "channel": "email", "matters": ["gate"],
        "outcome": "accepted", "id": "m7",
    }  # fmt: skip


def test_the_page_shows_changes_and_stops(of: World) -> None:
    """With no script and nothing from elsewhere; every value escaped."""
    id_ = confirmed(of)
    url = links.manage(contact(of).address.id, of.now.wall)
    page = of.open(url)
    assert page.status == 200
    assert "UA1545" in page.text
    assert re.findall(r"<script|src=|https?:|@import|url\(", page.text) == []
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in page.headers["x-robots-tag"]
    assert page.headers["cache-control"] == "no-store"
    fields = {"id": id_, "action": "save", "tell": ["gate", "belt"], "first_delay": "30", "further": "20",
              "quiet_from": "", "quiet_to": "", "zone": "Europe/Berlin", "language": "de"}  # fmt: skip
    saved = of.press(url, **fields)
    assert (saved.status, "Gespeichert" in saved.text, 'lang="de"' in saved.text) == (200, True, True)
    found = of.request("GET", f"/v1/subscriptions/{id_}", token=token_of(of)).json
    assert (found["tell"], found["first_delay"], found["zone"]) == (["gate", "belt"], 30, "Europe/Berlin")
    for wrong in ({"first_delay": "1"}, {"zone": "<b>"}, {"tell": []}, {"quiet_from": "25:00"}, {"language": "xx"}):
        assert of.press(url, **{**fields, **wrong}).status == 400
    assert of.press(url, action="stop", id=id_).status == 200
    assert followers() == []


def test_pages_lead_into_the_web_app_which_may_manage_what_they_show(of: World) -> None:
    """By a token in the link's fragment, which no server is sent; a flight to its own page, all else to the list."""
    of.follow(flight=FLIGHT)
    of.follow(number="UA1545", date="2026-07-11")
    of.stream()
    for page in (of.press(of.link), of.open(links.manage(contact(of).address.id, of.now.wall))):
        leads = dict(re.findall(r'href="\.\./(flights/[^"#]*|following)#token=([^"]+)"', page.text))
        assert set(leads) == {f"flights/{FLIGHT}", "following"}
        for token in leads.values():
            assert len(of.request("GET", "/v1/subscriptions", token=token).json["subscriptions"]) == 2


def test_what_stands_on_a_page_is_escaped(of: World) -> None:
    """An address may begin with anything."""
    of.follow("&ada@example.com", flight=FLIGHT)
    of.stream()
    assert "&amp;…@example.com" in of.open(of.link).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_speak_the_language_that_was_asked_for(of: World, language: str) -> None:
    """Each of the five has each page."""
    id_ = of.follow(flight=FLIGHT, language=language).json["id"]
    of.stream()
    pages = [of.open(of.link), of.press(of.link), of.open(links.unsubscribe(id_))]
    pages += [of.open(links.manage(contact(of).address.id, of.now.wall)), of.press(links.unsubscribe(id_))]
    assert {page.status for page in pages} == {200}
    assert all(f'<html lang="{language}"' in page.text for page in pages)


def test_the_browsers_language_and_the_airports_zone_are_the_defaults(of: World) -> None:
    """Unless told otherwise."""
    body = {"flight": FLIGHT, "channel": "email", "address": ADA}
    for accept, language in (
        ("fr-CA, en;q=0.8", "fr"),
        ("en;q=0.1, zh-Hans;q=0.9", "zh"),
        ("xx", "en"),
        ("%;q=x", "en"),
    ):
        answer = of.request("POST", "/v1/subscriptions", body, headers={"Accept-Language": accept})
        found = store.subscription(answer.json["id"], of.now.wall)
        assert found
        assert (found.rule.language, found.rule.zone) == (language, "America/New_York")


@pytest.mark.parametrize(
    ("wish", "fault"),
    [
        ({}, "flight"),
        ({"flight": FLIGHT, "number": "UA1545", "date": "2026-07-10"}, "number"),
        ({"flight": "UA1545"}, "flight"),
        ({"flight": "UA1545-20260710-QQQ"}, "flight"),
        ({"flight": "UA1545-20260708-EWR"}, "flight"),
        ({"flight": FLIGHT, "date": "2026-07-10"}, "date"),
        ({"number": "UA1545"}, "date"),
        ({"number": "UA1545", "date": "2026-07-08"}, "date"),
        ({"number": "UA1545", "date": "2027-07-10"}, "date"),
        ({"number": "UA1545", "date": "10.07.2026"}, "date"),
        ({"number": "UA1545", "date": "0001-01-01"}, "date"),
        ({"number": "UA1545", "date": "9999-12-31"}, "date"),
        ({"origin": "EWR", "destination": "LAX", "date": "0001-01-01"}, "date"),
        ({"origin": "EWR", "destination": "LAX", "date": "9999-12-31"}, "date"),
        ({"flight": "UA1545-00010101-EWR"}, "flight"),
        ({"flight": "UA1545-99991231-EWR"}, "flight"),
        ({"number": "1545", "date": "2026-07-10"}, "number"),
        ({"origin": "EWR", "date": "2026-07-10"}, "destination"),
        ({"destination": "EWR", "date": "2026-07-10"}, "origin"),
        ({"origin": "EWR", "destination": "XXX", "date": "2026-07-10"}, "destination"),
        ({"origin": "EWR", "destination": "KEWR", "date": "2026-07-10"}, "destination"),
        ({"flight": FLIGHT, "tell": ["everything"]}, "tell.0"),
        ({"flight": FLIGHT, "tell": []}, "tell"),
        ({"flight": FLIGHT, "first_delay": 4}, "first_delay"),
        ({"flight": FLIGHT, "further": 241}, "further"),
        ({"flight": FLIGHT, "zone": "../../etc/passwd"}, "zone"),
        ({"flight": FLIGHT, "zone": "America"}, "zone"),
        ({"flight": FLIGHT, "language": "tlh"}, "language"),
        ({"flight": FLIGHT, "quiet": {"from": "22:00"}}, "quiet.to"),
        ({"flight": FLIGHT, "quiet": {"from": "22:00", "to": "22:00"}}, "quiet"),
        ({"flight": FLIGHT, "quiet": {"from": "9", "to": "24:00"}}, "quiet.from"),
        ({"number": "UA7", "date": "2026-07-12", "quiet": {"from": "22:00", "to": "06:00"}}, "zone"),
        ({"flight": FLIGHT, "address": "ada@example.com\r\nBcc: all@example.com"}, "address"),
        ({"flight": FLIGHT, "address": {"platform": "fcm", "token": "x"}}, "address"),
        ({"flight": FLIGHT, "address": "x" * 5000}, "address"),
        ({"flight": FLIGHT, "channel": "pigeon"}, "channel"),
        ({"flight": FLIGHT, "colour": "red"}, "colour"),
    ],
)  # fmt: skip
def test_what_can_not_be_followed_is_refused_when_it_is_made(of: World, wish: dict[str, Any], fault: str) -> None:
    """With the field that is wrong."""
    wish = {"channel": "email", "address": ADA, **wish}
    assert fault in faults(of.request("POST", "/v1/subscriptions", wish))
    assert rows(config().subscriptions_table) == []


def test_a_flight_that_has_arrived_is_not_followed(of: World) -> None:
    """There is nothing more to tell."""
    of.later(days=2)
    assert faults(of.follow(flight=FLIGHT)) == {"flight"}
    assert faults(of.follow(number="UA1545", date="2026-07-10")) == {"number"}


def test_a_route_that_is_too_broad_is_refused(of: World) -> None:
    """41 flights that day are a board."""
    updates = [scheduled(n, of.now.flight + timedelta(minutes=n)) for n in range(1, 41)]
    ingest.take(updates, of.now, sleep=lambda _: None)
    answer = of.follow(origin="EWR", destination="IAH", date="2026-07-10")
    assert faults(answer) == {"destination"}
    assert "41 flights" in answer.text


def test_a_flight_that_is_not_there_yet_is_followed(of: World) -> None:
    """It is bound when it appears."""
    answer = of.follow(origin="EWR", destination="KLAX", date="2026-07-12").json
    assert (answer["bound"], answer["flights"]) == (False, [])
    of.stream()
    of.press(of.link)
    of.stream()
    assert followers()[0]["pk"]["S"] == "page#route:EWR-LAX-20260712#email#0"
    assert any(row["pk"]["S"].startswith("due#look") for row in rows(config().followers_table))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[" * 90_000, b"null", b"[]", b'"x"', b'{"flight": "\\ud800"}', b"\xff\xfe", b'{"date": 1e999}',
        b'{"channel": {}, "address": [], "flight": {}, "tell": {"a": 1}, "quiet": 5, "first_delay": "x"}',
    ],
)  # fmt: skip
def test_no_body_gets_a_5xx(of: World, body: bytes) -> None:
    """Whatever stands in it."""
    assert 400 <= of.request("POST", "/v1/subscriptions", raw=body).status < 500
    for path in ("/v1/subscriptions/x/confirmation", "/v1/confirmations"):
        assert 400 <= of.request("POST", path, raw=body).status < 500


def test_a_huge_body_is_refused(of: World) -> None:
    """Before it is parsed."""
    assert of.request("POST", "/v1/subscriptions", raw=b" " * 100_001).status == 413


def test_pages_answer_a_person_whatever_is_posted(of: World) -> None:
    """HTML, and no 5xx; what stands in a link is not shown again."""
    for path in ("/follow/manage", "/follow/confirm", "/follow/unsubscribe"):
        answer = of.open(f"https://flights.test{path}?token=%3Cscript%3E&utm_source=mail")
        assert (answer.status, "<script>" in answer.text) == (404, False)
        assert of.press(f"https://flights.test{path}?token={token_of(of)}", action="stop", id="<b>").status == 404
    german = of.request("GET", "/follow/manage", headers={"Accept-Language": "de-AT"})
    assert '<html lang="de"' in german.text


def test_no_id_gets_a_5xx(of: World) -> None:
    """However long."""
    id_ = confirmed(of)
    for wrong in (id_ + "0" * 3000, "x", "%F0%9F%98%80", id_[:-1] + "g"):
        for path in (f"/v1/subscriptions/{wrong}", f"/v1/subscriptions/{wrong}/deliveries"):
            assert of.request("GET", path, token=token_of(of)).status == 404
        assert of.request("POST", f"/v1/subscriptions/{wrong}/confirmation", {"code": "123456"}).status == 400
        assert of.open(f"https://f.test/s/{wrong}").status == 404


def test_an_sms_code_confirms_and_its_number_gets_a_short_link(of: World) -> None:
    """Six digits; the short link leads to the page."""
    answer = of.follow("+1 415 555 2671", "sms", flight=FLIGHT)
    assert answer.json["confirm"] == "code"
    of.stream()
    [(channel, to, text)] = of.sent
    assert (channel, to, len(text) <= 160) == ("sms", "+14155552671", True)
    path = f"/v1/subscriptions/{answer.json['id']}/confirmation"
    assert of.request("POST", path, {"code": f" {of.code[:3]} {of.code[3:]}"}).json["status"] == "confirmed"
    of.stream()
    [follower] = followers()
    short = links.short(follower["code"]["S"])
    assert short
    assert re.fullmatch(r"https://f\.test/s/[2-9a-hj-np-z]{10}", short)
    led = of.open(short)
    assert led.status == 303
    assert "UA1545" in of.open(led.headers["location"]).text
    assert of.code not in json.dumps(rows(config().subscriptions_table))


def test_short_links_can_not_be_guessed(of: World) -> None:
    """30 wrong ones an hour, and nothing learnt; right ones do not count, as a whole airport may have one address."""
    store.keep_code("abcdefghjk", "a" * 24, of.now.wall)
    assert {of.open("https://f.test/s/abcdefghjk").status for _ in range(40)} == {303}
    answers = {of.open(f"https://f.test/s/{n:010}").status for n in range(30)}
    assert answers == {404}
    assert of.open("https://f.test/s/abcdefghjk").status == 429


def test_a_code_holds_for_15_minutes_and_so_many_tries(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing tells a wrong code from one that was never sent."""
    monkeypatch.setattr(confirm, "TRIES_OF_ALL", 6)
    id_ = of.follow("+14155552671", "sms", flight=FLIGHT).json["id"]
    of.stream()
    right, path = of.code, f"/v1/subscriptions/{id_}/confirmation"
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    unknown = of.request("POST", f"/v1/subscriptions/{'0' * 40}/confirmation", {"code": wrong}).json
    for n in range(6):
        answer = of.request("POST", path, {"code": wrong}, client=f"192.0.2.{n}")
        assert answer.json | {"instance": ""} == unknown | {"instance": ""}
    late = of.request("POST", path, {"code": right}, client="192.0.2.77").json
    assert late | {"instance": ""} == unknown | {"instance": ""}
    of.later(minutes=16)
    of.follow("+14155552671", "sms", flight=FLIGHT)
    of.stream()
    assert of.code != right
    assert faults(of.request("POST", path, {"code": right})) == {"code"}
    of.later(minutes=16)
    assert faults(of.request("POST", path, {"code": of.code})) == {"code"}
    assert followers() == []


def test_a_stranger_uses_up_nobody_elses_tries(of: World) -> None:
    """Five are theirs; then they are told to wait, and whoever has the code is not."""
    id_ = of.follow("+14155552671", "sms", flight=FLIGHT).json["id"]
    of.stream()
    path = f"/v1/subscriptions/{id_}/confirmation"
    wrong = f"{(int(of.code) + 1) % 1_000_000:06}"
    statuses = [of.request("POST", path, {"code": wrong}, client="198.51.100.6").status for _ in range(7)]
    assert statuses == [400] * 5 + [429] * 2
    assert of.request("POST", path, {"code": of.code}).status == 200


def test_a_second_ask_leaves_the_first_code_valid(of: World) -> None:
    """For its 15 minutes: who is about to type it is not to fail because somebody asked again."""
    id_ = of.follow("+14155552671", "sms", flight=FLIGHT).json["id"]
    of.stream()
    first = of.code
    of.later(minutes=11)
    of.follow("+14155552671", "sms", flight=FLIGHT, client="198.51.100.6")
    of.stream()
    assert of.code != first
    of.later(minutes=3)
    assert of.request("POST", f"/v1/subscriptions/{id_}/confirmation", {"code": first}).status == 200


def test_one_client_tries_twenty_codes_an_hour(of: World) -> None:
    """Of whatever number; right ones do not count."""
    paths = [f"/v1/subscriptions/{n:040}/confirmation" for n in range(21)]
    assert {of.request("POST", path, {"code": "000000"}).status for path in paths[:20]} == {400}
    assert of.request("POST", paths[20], {"code": "000000"}).status == 429


def test_an_emails_address_is_not_confirmed_by_a_code(of: World) -> None:
    """None was sent."""
    id_ = of.follow(flight=FLIGHT).json["id"]
    of.stream()
    found = contact(of)
    code = links.code(found.address.id, confirm._named(found))
    assert faults(of.request("POST", f"/v1/subscriptions/{id_}/confirmation", {"code": code})) == {"code"}


def test_a_webhook_proves_itself_and_alone_learns_the_secret(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asked does not see it."""
    monkeypatch.setattr(addresses, "parse", Address)
    answer = of.follow("https://example.com/hook", "webhook", flight=FLIGHT)
    of.stream()
    [(_, url, challenge)] = of.sent
    assert url == "https://example.com/hook"
    text = json.dumps(challenge)
    assert challenge["type"] == "subscription.challenge"
    assert challenge["key"] in text
    assert challenge["key"] not in answer.text
    path = f"/v1/subscriptions/{answer.json['id']}/confirmation"
    assert of.request("POST", path, {"code": of.code}).status == 200
    assert followers()[0]["secret"]["S"] == challenge["key"]


def test_a_push_and_a_browser_prove_themselves(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a code in their data, which says too on which page of the web app it is waited for, and in which language."""
    monkeypatch.setattr(addresses, "parse", Address)
    id_ = of.follow({"endpoint": "https://push.example/1"}, "webpush", flight=FLIGHT, language="fr").json["id"]
    of.stream()
    shown = json.loads(of.sent[-1][2])
    data = shown["data"]
    assert (shown["language"], shown["urgent"]) == ("fr", True)
    assert (data["subscription"], data["flight"]) == (id_, FLIGHT)
    assert of.request("POST", f"/v1/subscriptions/{id_}/confirmation", {"code": data["code"]}).status == 200
    assert len(followers()) == 1


def test_a_dead_server_does_not_hold_up_the_others(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a stranger's server does not take is not tried again by itself."""
    monkeypatch.setattr(addresses, "parse", Address)
    of.receipt = Receipt(Outcome.LATER, reason="no answer")
    of.follow("https://example.com/hook", "webhook", flight=FLIGHT)
    of.stream()
    of.stream(again=True)
    assert len(of.sent) == 1


@pytest.mark.parametrize("channel", ["webhook", "webpush"])
def test_the_stream_waits_for_no_strangers_server(of: World, monkeypatch: pytest.MonkeyPatch, channel: str) -> None:
    """A challenge is called for by the queue of its channel, and sent once however often that says so."""
    monkeypatch.setattr(addresses, "parse", Address)
    monkeypatch.setattr(passenger, "asks", list)
    of.follow({"endpoint": "https://push.example/1"} if channel == "webpush" else "https://example.com/hook", channel,
              flight=FLIGHT)  # fmt: skip
    of.stream()
    assert of.sent == []
    monkeypatch.undo()
    [message] = asks()
    sent: list[Any] = []
    for provider in (webhook, webpush):
        monkeypatch.setattr(provider, "send", lambda *a, **k: sent.append(a) or Receipt(Outcome.LATER))
    for _ in range(2):
        assert confirm.ask_again(message["ask"], 0, of.now) is None
    assert len(sent) == 1


def test_what_a_provider_does_not_take_now_is_sent_when_it_is_due_again(of: World) -> None:
    """With growing pauses, however often the record comes; and once it is taken, no more."""
    of.receipt = Receipt(Outcome.LATER, reason="throttled")
    of.follow(flight=FLIGHT)
    for _ in range(3):
        of.stream()
    due.take_up(of.now, lambda: 60)
    assert len(of.sent) == 1
    of.later(minutes=1)
    due.take_up(of.now, lambda: 60)
    of.receipt = Receipt(Outcome.ACCEPTED, "m2")
    of.later(minutes=1)
    due.take_up(of.now, lambda: 60)
    assert len(of.sent) == 2
    for _ in range(3):
        of.later(minutes=1)
        due.take_up(of.now, lambda: 60)
        of.stream()
    assert len(of.sent) == 3


def test_a_provider_that_never_takes_it_is_given_up(of: World) -> None:
    """Within an hour or so; whoever wants to be told asks again."""
    of.receipt = Receipt(Outcome.LATER, reason="throttled")
    of.follow(flight=FLIGHT)
    of.stream()
    for _ in range(20):
        of.later(minutes=15)
        due.take_up(of.now, lambda: 60)
        of.stream()
    assert len(of.sent) == confirm.ATTEMPTS


def test_a_crash_between_sending_and_marking_repeats_at_most_one_message(
    of: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim runs out, and the record is still there."""
    of.follow(flight=FLIGHT)
    with monkeypatch.context() as crash:
        crash.setattr(confirm, "_settle", lambda *a, **k: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            of.stream()
    with pytest.raises(Unavailable):
        of.stream(again=True)
    of.later(minutes=3)
    for _ in range(3):
        of.stream(again=True)
    assert len(of.sent) == 2


@pytest.mark.parametrize("at", range(8))
def test_what_a_crash_cuts_off_the_stream_finishes(of: World, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Confirmed is confirmed, whichever write the crash came after."""
    for subject in ({"flight": FLIGHT}, {"number": "UA1545", "date": "2026-07-10"}):
        of.follow(**subject)
    of.stream()
    calls = 0

    def dying(write: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == at + 1:
                raise Unavailable("the function ends here")
            return write(*arguments, **more)

        return call

    with monkeypatch.context() as crash:
        for name in ("save", "save_contact", "holding", "contact"):
            crash.setattr(store, name, dying(getattr(store, name)))
        answer = of.press(of.link)
    if answer.status != 200 and contact(of).standing is not Standing.CONFIRMED:
        assert of.press(of.link).status == 200
    of.stream()
    assert len(followers()) == 2


def test_a_bounce_ends_everything_and_nobody_is_asked_any_more(of: World) -> None:
    """Nor after a complaint; told twice does no harm."""
    confirmed(of)
    for _ in range(2):
        manage.drop(Address(Channel.EMAIL, ADA), "complaint: abuse", of.now)
    assert followers() == []
    of.later(days=1)
    assert of.follow(number="UA1545", date="2026-07-11").status == 202
    of.stream()
    assert len(of.sent) == 1
    assert of.press(of.link).status == 404
    assert of.press(links.manage(contact(of).address.id, of.now.wall), action="stop_all").status == 200
    of.later(days=1)
    of.follow(number="UA1545", date="2026-07-12")
    of.stream()
    assert (len(of.sent), followers()) == (1, [])


@pytest.mark.parametrize("reason", ["bounce: General", "complaint: abuse"])
def test_who_was_forgotten_and_complains_is_not_asked_again(of: World, reason: str) -> None:
    """Bounces and complaints may come long after; they are kept for 400 days, and tell nobody whose they are."""
    manage.drop(Address(Channel.EMAIL, ADA), reason, of.now)
    assert "ada" not in json.dumps(rows(config().subscriptions_table))
    of.later(days=399)
    of.follow(number="UA1545", date=f"{of.now.flight.date()}")
    of.stream()
    assert of.sent == []
    of.later(days=2)
    of.follow(number="UA1545", date=f"{of.now.flight.date()}")
    of.stream()
    assert len(of.sent) == 1


@pytest.mark.parametrize(
    ("complains", "spellings"),
    [
        (ADA, ["Ada@example.com", "ada+x@example.com", "ADA+y+z@example.com"]),
        ("a.d.a@gmail.com", ["ada@gmail.com", "A.da+x@googlemail.com"]),
    ],
)
def test_a_complaint_counts_for_every_spelling_of_a_mailbox(of: World, complains: str, spellings: list[str]) -> None:
    """A bounce for its own alone, as anybody may make up a spelling that bounces."""
    manage.drop(Address(Channel.EMAIL, complains), "complaint: abuse", of.now)
    manage.drop(Address(Channel.EMAIL, "eve+nobody@example.com"), "bounce: General", of.now)
    for spelling in [*spellings, "eve+nobody@example.com"]:
        assert of.follow(spelling, flight=FLIGHT).status == 202
        of.stream()
    assert of.sent == []
    of.follow("eve@example.com", flight=FLIGHT)
    of.stream()
    assert len(of.sent) == 1


def test_stop_holds_until_who_said_it_says_start(of: World) -> None:
    """Whoever else wants their number asked; and START by itself tells nothing."""
    number = Address(Channel.SMS, "+14155552671")
    id_ = of.follow(number.value, "sms", flight=FLIGHT).json["id"]
    of.stream()
    of.request("POST", f"/v1/subscriptions/{id_}/confirmation", {"code": of.code})
    manage.drop(number, "stop", of.now)
    of.later(days=1)
    of.follow(number.value, "sms", number="UA1545", date="2026-07-11")
    of.stream()
    assert len(of.sent) == 1
    for _ in range(2):
        manage.readmit(number, of.now)
    of.follow(number.value, "sms", number="UA1545", date="2026-07-11")
    of.stream()
    assert (len(of.sent), followers()) == (2, [])


def test_start_takes_back_no_complaint(of: World) -> None:
    """Only what was said by STOP."""
    number = Address(Channel.SMS, "+14155552671")
    manage.drop(number, "complaint: abuse", of.now)
    manage.readmit(number, of.now)
    of.follow(number.value, "sms", flight=FLIGHT)
    of.stream()
    assert of.sent == []


def test_texts_that_ask_are_bounded_by_where_they_go_and_in_all(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some earn by each text to a network of theirs, and have many numbers; the answer stays the same."""
    monkeypatch.setattr(follow, "REGION_SMS", 2)
    monkeypatch.setattr(follow, "ALL_SMS", 3)
    jamaica = [f"+1876555012{n}" for n in range(3)]
    for number in [*jamaica, "+14155552671", "+442079460123"]:
        assert of.follow(number, "sms", flight=FLIGHT).status == 202
        of.stream()
    assert [to for _, to, _ in of.sent] == [*jamaica[:2], "+14155552671"]
    of.later(hours=1)
    of.follow("+442079460123", "sms", flight=FLIGHT)
    of.stream()
    assert len(of.sent) == 4


def test_a_host_gets_so_many_challenges_a_day(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many URLs, ports and browsers it has; what serves all browsers gets more."""
    monkeypatch.setattr(addresses, "parse", Address)
    for n in range(6):
        of.follow(f"https://example.com:{443 + n}/hook", "webhook", flight=FLIGHT)
        of.follow({"endpoint": f"https://example.com/{n}"}, "webpush", flight=FLIGHT)
        for of_browsers in range(2):
            endpoint = f"https://updates.push.services.mozilla.com/{n}-{of_browsers}"
            of.follow({"endpoint": endpoint}, "webpush", flight=FLIGHT)
        of.stream()
    assert sum("//example.com" in to for _, to, _ in of.sent) == 10
    assert sum("mozilla" in to for _, to, _ in of.sent) == 12


def test_a_browser_with_other_keys_is_the_same_browser(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody can make up keys."""
    monkeypatch.setattr(addresses, "parse", Address)
    for n in range(5):
        of.follow({"endpoint": "https://push.example/1", "keys": {"auth": n}}, "webpush", flight=FLIGHT)
        of.stream()
    assert len(of.sent) == 3


def test_who_answered_stop_may_come_back_by_a_new_code(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """SNS keeps the list; once they are off it, they may be asked."""
    id_ = of.follow("+14155552671", "sms", flight=FLIGHT).json["id"]
    of.stream()
    of.request("POST", f"/v1/subscriptions/{id_}/confirmation", {"code": of.code})
    assert len(followers()) == 1
    monkeypatch.setattr(sms, "opted_out", lambda: iter(["+14155552671", "+14155550000"]))
    for _ in range(2):
        manage.honour_opt_outs(of.now)
    assert followers() == []
    of.later(minutes=11)
    of.follow("+14155552671", "sms", flight=FLIGHT)
    of.stream()
    assert of.request("POST", f"/v1/subscriptions/{id_}/confirmation", {"code": of.code}).status == 200
    assert len(followers()) == 1


def test_an_endpoint_that_is_gone_when_asked_is_dropped(of: World) -> None:
    """And the record does not come again."""
    of.receipt = Receipt(Outcome.GONE, reason="opted out")
    of.follow("+14155552671", "sms", flight=FLIGHT)
    of.stream()
    of.stream(again=True)
    assert len(of.sent) == 1
    found = store.contact(Address(Channel.SMS, "+14155552671").id, of.now.wall)
    assert found
    assert found.standing is Standing.SUPPRESSED


def test_nobody_follows_more_than_so_many_things(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there already may still be asked for."""
    monkeypatch.setattr(follow, "MOST_PENDING", 3)
    answers = [of.follow(number=f"UA{n + 1}", date="2026-07-20") for n in range(4)]
    answers.append(of.follow(number="UA2", date="2026-07-20"))
    assert {(each.status, each.json["status"]) for each in answers} == {(202, "pending")}
    assert len(store.holding(contact(of).address.id, of.now.wall).subscriptions) == 3


def test_what_strangers_wish_takes_nothing_from_what_is_followed(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it tell them how much that is."""
    monkeypatch.setattr(follow, "MOST_ACTIVE", 3)
    monkeypatch.setattr(follow, "MOST_PENDING", 1)
    confirmed(of)
    for n, follows in ((1, 2), (2, 3), (3, 3)):
        assert of.follow(number=f"UA{n}", date="2026-07-20").status == 202
        of.stream()
        assert len(followers()) == follows


@pytest.mark.parametrize("all_of_it", [True, False])
def test_who_follows_again_right_after_stopping_is_asked(of: World, all_of_it: bool) -> None:
    """The ten minutes are for an ask that is open, not for one that was answered or taken back."""
    id_ = confirmed(of)
    if all_of_it:
        manage.stop_all(contact(of).address.id, of.now.wall)
    else:
        manage.stop(id_, of.now.wall)
    of.later(minutes=1)
    of.follow(flight=FLIGHT)
    of.stream()
    assert len(of.sent) == 2
    of.press(of.link)
    assert len(followers()) == 1


def test_old_records_end_nothing_that_was_agreed_to_since(of: World) -> None:
    """The stream may give any of them again, in their order, at any time."""
    confirmed(of)
    manage.stop_all(contact(of).address.id, of.now.wall)
    of.stream()
    of.follow(flight=FLIGHT)
    of.stream()
    of.press(of.link)
    of.stream()
    assert len(followers()) == 1
    of.stream(again=True)
    assert (len(followers()), len(of.sent)) == (1, 2)


def test_where_no_emails_are_sent_nobody_is_told_that_one_comes(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """EMAIL_SENDER is empty."""
    monkeypatch.setattr(follow, "config", lambda: replace(config(), email_sender=""))
    assert faults(of.follow(flight=FLIGHT)) == {"channel"}


def test_what_nobody_agreed_to_is_forgotten_after_three_days(of: World) -> None:
    """As if it had never been asked for."""
    of.follow(number="UA1545", date="2026-12-10")
    of.stream()
    of.later(days=3, seconds=1)
    assert store.holding(Address(Channel.EMAIL, ADA).id, of.now.wall) == store.Holding(None, [])
    assert of.open(of.link).status == 404


def test_no_address_stands_in_the_counters_or_in_the_log(of: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor a token, nor a code."""
    confirmed(of)
    limits_ = json.dumps(rows(config().limits_table))
    written = capsys.readouterr()
    for secret in (ADA, "192.0.2.1", parse_qs(urlsplit(of.link).query)["token"][0]):
        assert secret not in limits_
        assert secret not in written.out + written.err


def test_counters_that_do_not_answer_let_nobody_in(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 with a pause, and nothing written."""
    import boto3

    boto3.client("dynamodb").delete_table(TableName=config().limits_table)
    answer = of.follow(flight=FLIGHT)
    assert (answer.status, answer.headers["retry-after"]) == (503, "2")
    assert rows(config().subscriptions_table) == []


def test_a_lost_race_is_run_again(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that is always lost is 503."""
    save = store.save
    lost = iter([True, True])

    def racing(*arguments: Any) -> None:
        if next(lost, False):
            raise Conflict("somebody else was first")
        save(*arguments)

    monkeypatch.setattr(store, "save", racing)
    assert of.follow(flight=FLIGHT).status == 202
    asked = [row for row in rows(config().limits_table) if row["pk"]["S"].startswith("ask#")]
    assert {row["n"]["N"] for row in asked} == {"1"}  # by day and by month
    lost = iter([True] * 100)
    assert of.follow(number="UA1545", date="2026-07-10").status == 503


def test_the_calendar_of_a_flight_and_the_key_of_web_push_are_served(of: World) -> None:
    """Links in messages lead to them."""
    answer = of.open(f"https://flights.test/v1/flights/{FLIGHT}/calendar.ics?language=de")
    assert answer.headers["content-type"].startswith("text/calendar")
    assert "BEGIN:VEVENT" in answer.text
    assert len(of.open("https://flights.test/v1/webpush/key").json["key"]) > 80


def test_a_wish_reaches_ses_as_one_email(of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing stubbed between: who sends, to whom, and the link."""
    from moto.ses.models import ses_backends

    monkeypatch.setattr(email, "send", send_email)
    of.follow(flight=FLIGHT)
    of.stream()
    [message] = ses_backends["123456789012"]["us-east-1"].sent_messages
    assert message.to == ADA
    token = re.search(r"/follow/confirm\?token=(\S+)", message.text)
    assert token
    assert of.request("POST", "/v1/confirmations", {"token": token[1]}).status == 200
    assert len(followers()) == 1


@pytest.mark.parametrize("longer", [True, False])
def test_nobody_becomes_a_follower_who_leaves_meanwhile(
    of: World, monkeypatch: pytest.MonkeyPatch, longer: bool
) -> None:
    """Between what was read and what is written; whether the address is to be kept longer or not."""
    confirmed(of)
    of.follow(number="UA1545", date="2026-07-11" if longer else "2026-07-10")
    place = ledger.place

    def place_late(*arguments: Any) -> int:
        monkeypatch.setattr(ledger, "place", place)
        manage.drop(Address(Channel.EMAIL, ADA), "complaint: abuse", of.now)
        return place(*arguments)

    monkeypatch.setattr(ledger, "place", place_late)
    confirm.start_all(contact(of).address.id, of.now.wall)
    assert ledger.place is place
    assert followers() == []
