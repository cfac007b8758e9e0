# ruff: noqa: RUF001 - dashes and full-width letters are what is said
"""What messages say: their sentences, and each channel's form but SMS."""

import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from chalicelib.alerts import words
from chalicelib.alerts.model import Matter
from chalicelib.alerts.words.texts import texts
from chalicelib.channels.model import LANGUAGES
from chalicelib.flights.identity import FlightNumber
from chalicelib.flights.model import DelayCode
from tests.unit.alerts.flights import CASES, DELAYED, IN, IN_THE_AIR, NOW, OUT, flight, later, news

LINKS = words.Links(
    manage="https://f.test/manage?token=a&b=c",
    unsubscribe="https://f.test/unsubscribe?token=x",
    calendar="https://f.test/ics",
    flight="https://f.test/flight",
)
HOSTILE = "<b>\"'&{0}\r\nBcc: x\x02=y\u202e"


class Page(HTMLParser):
    """The tags and the visible text of an email."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    def links(self) -> set[str | None]:
        return {attributes.get("href") for tag, attributes in self.tags if tag == "a"}


def email(case, language: str = "en", links: words.Links = LINKS) -> tuple[str, str, str]:
    return words.email_of(*case, language, NOW).for_links(links)


def told(case, language: str = "en") -> str:
    """A push message as read: what happened, and the rest."""
    title, body, _ = words.push_of(*case, language, NOW)
    return f"{title}. {body}"


def test_the_cases_cover_every_matter():
    """So that no matter is without words in any language."""
    assert {matter for _, each in CASES.values() for matter in each.matters} == set(Matter)


def test_every_wording_of_the_news_is_told():
    """Each text of [news] is one that some news make."""
    titles = [words.push_of(*case, "en", NOW)[0] for case in CASES.values()]
    patterns = {key: re.sub(r"\\{\w+\\}", ".+", re.escape(text[:-1])) for key, text in texts("en")["news"].items()}
    assert [key for key, pattern in patterns.items() if not any(re.fullmatch(pattern, each) for each in titles)] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_every_matter_is_told_in_every_language(case, language):
    """By email and push: complete, one line to a title, with nothing left to fill in."""
    subject, text, page = email(CASES[case], language)
    title, body, data = words.push_of(*CASES[case], language, NOW)
    for said in (subject, text, page.partition("</style>")[2], title, body):
        assert not re.search("[{}\x00-\x08\x0e-\x1f]|None|\\.\\.", said), said
    assert "\n" not in subject + title
    assert subject.startswith("UA1545")
    assert title.startswith("UA1545")
    assert all(isinstance(value, str) for value in data.values())
    assert len(page.encode()) < 12_000


SAMPLES = {
    "en": "UA1545 leaves LATER: 18:05 EDT instead of 17:20. Newark–Los Angeles\n"
    "45 min late. NEW gate B7, no longer B4. Terminal C. Reason: weather at the departure airport.",
    "es": "UA1545 sale MÁS TARDE: 18:05 EDT en lugar de 17:20. Newark–Los Angeles\n"
    "45 min de retraso. NUEVA puerta B7, ya no B4. Terminal C. Motivo: mal tiempo en el aeropuerto de salida.",
    "fr": "UA1545 : départ RETARDÉ, 18h05 EDT au lieu de 17h20. Newark–Los Angeles\n"
    "45 min de retard. NOUVELLE porte B7, et non plus B4. Terminal C. Motif : conditions météo à l'aéroport de départ.",
    "de": "UA1545: Abflug SPÄTER, 18:05 Uhr EDT statt 17:20. Newark–Los Angeles\n"
    "45 Min. Verspätung. NEUES Gate B7, nicht mehr B4. Terminal C. Grund: Wetter am Abflughafen.",
    "zh": "UA1545 起飞推迟：纽约时间18:05，原为17:20. 纽瓦克至洛杉矶\n"
    "晚点45分钟。登机口改为B7，不再是B4。C航站楼。原因：出发机场天气。",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_delay_with_a_new_gate_reads_well(language):
    """What happened first, from what to what, by how much, where to go, and why."""
    assert told((DELAYED, news(Matter.DELAYED, Matter.GATE, gate="B4")), language) == SAMPLES[language]


def test_a_delay_that_shrinks_can_not_be_missed():
    """Who relies on the later time misses the flight: it says earlier, and against what, though it is late."""
    assert told(CASES["leaves-earlier"]).startswith(
        "UA1545 leaves EARLIER than last told: 17:45 EDT, no longer 18:05. Newark–Los Angeles\n25 min late."
    )
    back_on_time = flight(estimated_out=OUT), news(Matter.EARLIER, out=OUT + later(45))
    assert "no longer 18:05. Newark–Los Angeles\nOn time." in told(back_on_time)


def test_while_passengers_are_to_leave_departure_is_told_and_then_arrival():
    """By the clocks of the airport concerned."""
    assert "leaves LATER: 18:05 EDT instead of 17:20" in told(CASES["leaves-later"])
    assert "arrives LATER: 20:50 PDT instead of 20:20" in told(CASES["arrives-later"])


def test_the_gate_is_told_until_departure():
    """With every message before it, once; and where there was none before it is not called new."""
    for case in ("leaves-later", "leaves-earlier", "reinstated", "boarding", "final-call", "reminder", "terminal"):
        assert told(CASES[case]).count("gate B7") + told(CASES[case]).count("Gate B7") == 1, case
    assert "Leaves 17:20 EDT" in told(CASES["gate"])
    assert "gate B7. Newark" in told(CASES["gate"])
    assert "no longer" not in told(CASES["gate"])
    for case in ("cancelled", "diverted", "departed", "landed"):
        assert "B7" not in told(CASES[case]) + email(CASES[case])[1], case


def test_a_reminder_says_how_long_it_is_and_what_is_new():
    """A new time stands for the reminder's own."""
    assert told(CASES["reminder"]) == "UA1545 leaves in 2 h 20 min: 17:20 EDT. Newark–Los Angeles\nTerminal C, gate B7."
    both = DELAYED, news(Matter.DELAYED, Matter.GATE, Matter.REMINDER)
    assert told(both).count("18:05") == 1
    tomorrow = words.push_of(flight(), news(Matter.REMINDER), "de", OUT - timedelta(hours=24))[0]
    assert tomorrow == "UA1545: Abflug in 24 Stunden, 17:20 Uhr EDT am Fr, 10. Juli"


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(24 * 60, "24 hours"), (24 * 60 - 4, "24 hours"), (23 * 60 + 30, "23 hours"), (3 * 60, "3 hours"),
     (3 * 60 - 4, "3 hours"), (2 * 60 + 54, "2 h 54 min"), (96, "1 h 36 min"), (120, "2 h"), (45, "45 min")],
)  # fmt: skip
def test_how_long_it_is_until_departure_is_never_made_longer(minutes, said):
    """But by the few minutes that a reminder takes to be sent."""
    title = words.push_of(flight(), news(Matter.REMINDER), "en", OUT - timedelta(minutes=minutes))[0]
    assert title == f"UA1545 leaves in {said}: 17:20 EDT" + " on Fri 10 Jul" * (minutes > 18 * 60)


def test_a_gate_that_is_first_known_comes_after_the_reminder():
    """It is no news that something changed; a gate or terminal that did comes first."""
    three = OUT - timedelta(hours=3)
    first = news(Matter.GATE, Matter.TERMINAL, Matter.REMINDER)
    subject = words.email_of(flight(), first, "en", three).subject
    assert subject == "UA1545 Newark–Los Angeles leaves in 3 hours: 17:20 EDT"
    assert words.push_of(flight(), first, "en", three)[1].endswith("\nGate B7. Terminal C.")
    changed = news(Matter.GATE, Matter.TERMINAL, Matter.REMINDER, gate="B4")
    assert words.push_of(flight(), changed, "en", three)[0] == "UA1545: NEW gate B7, no longer B4"


def test_a_cancellation_says_what_to_do():
    """What it was, what to ask for, why, and what may be due."""
    _, text, _ = email(CASES["cancelled"])
    assert text.startswith("UA1545 Newark–Los Angeles is CANCELLED.")
    for said in ("Ask your airline", "It was to leave 17:20 EDT.", "Reason: a technical defect", "may be due",
                 "refund of the ticket", "https://www.ecfr.gov/"):  # fmt: skip
        assert said in text


def test_a_cancellation_says_when_it_was_to_leave_as_they_knew_it():
    """The time they were told last; an estimate nobody told them of is not said, nor expected any more."""
    subject = flight(cancelled=True, estimated_out=OUT + later(90), estimated_in=IN + later(90))
    assert "It was to leave 18:05 EDT." in told((subject, news(Matter.CANCELLED, out=OUT + later(45))))
    assert "It was to leave 17:20 EDT." in told((subject, news(Matter.CANCELLED)))
    assert "It was to leave 17:20 EDT." in told((subject, news(Matter.CANCELLED, out=None)))
    _, text, _ = email((subject, news(Matter.CANCELLED)))
    assert "Expected" not in text
    assert "Scheduled: 17:20 EDT" in text


@pytest.mark.parametrize("case", ["cancelled", "diverted", "landed"])
def test_what_is_not_to_be_planned_any_more_is_offered_to_no_calendar(case):
    """While it is still to fly as planned, it is."""
    assert LINKS.calendar not in "".join(email(CASES[case]))
    assert LINKS.calendar in email(CASES["gate"])[1]
    assert LINKS.calendar in email(CASES["gate"])[2]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_may_be_due_comes_with_its_sum_and_its_rule(language):
    """A flight from Munich five hours late: each kind once, and the rule's own page."""
    late = flight("MUC", "FRA", estimated_out=OUT + later(300), estimated_in=IN + later(300))
    _, text, page = email((late, news(Matter.DELAYED)), language)
    assert text.count("250") == 1
    assert "EUR" in text
    assert "261/2004" in text
    assert "https://eur-lex.europa.eu/eli/reg/2004/261/oj" in text
    assert "https://eur-lex.europa.eu/eli/reg/2004/261/oj" in Page(page).links()


def test_a_short_delay_speaks_of_no_rights():
    """Nothing is due for three quarters of an hour."""
    assert "due" not in email(CASES["leaves-later"])[1]


def test_a_diversion_says_where_to_or_that_nobody_knows():
    """And does not show the destination it no longer goes to."""
    assert "DIVERTED to Boston" in told(CASES["diverted"])
    assert "not yet known where to" in told(CASES["diverted-unknown"])
    assert "TURNING BACK to Newark" in told(CASES["turning-back"])
    _, text, _ = email(CASES["diverted"])
    assert "Diverted to: Boston (BOS)" in text
    assert "Arrival:" not in text


def test_the_weightiest_reason_is_told_and_an_unknown_one_is_not():
    """Of several codes the one with the most minutes; a code that means nothing to a passenger is left out."""
    codes = (DelayCode("93", minutes=5), DelayCode("71", minutes=40))
    two = flight(estimated_out=OUT + later(45), delay_codes=codes), news(Matter.DELAYED)
    assert "Reason: weather at the departure airport." in told(two)
    unknown = flight(estimated_out=OUT + later(45), delay_codes=(DelayCode("Q9Z", "AHM732"),)), news(Matter.DELAYED)
    assert "Reason" not in told(unknown)


def test_no_old_delays_reason_is_given_for_something_else():
    """The codes say why it left late, not why it turned aside or back; nor why one flies after all."""
    late = {"delay_codes": (DelayCode("71", minutes=45),)}
    for subject, matters in (
        (flight(actual_out=OUT, diverted_to="BOS", **late), [Matter.DIVERTED]),
        (flight(actual_out=NOW, returned=True, **late), [Matter.RETURNED, Matter.DELAYED]),
        (flight(**late), [Matter.REINSTATED, Matter.REMINDER]),
    ):
        for language, reason in (("en", "Reason"), ("de", "Grund")):
            assert (
                reason not in told((subject, news(*matters)), language) + email((subject, news(*matters)), language)[1]
            )


def test_a_flight_that_flies_after_all_says_its_time_once():
    """Also where a reminder is due with it."""
    both = flight(), news(Matter.REINSTATED, Matter.REMINDER, cancelled=True)
    assert told(both).startswith("UA1545 FLIES AFTER ALL: it leaves 17:20 EDT.")
    assert told(both).count("17:20") == 1


# ---- email


def test_an_email_is_rendered_once_and_gets_each_recipients_links():
    """One rendering, and every link stands where it belongs, escaped in HTML and plain in text."""
    rendered = words.email_of(*CASES["leaves-later"], "en", NOW)
    for token in ("one", "two"):
        links = words.Links(f"https://f.test/m?t={token}&x=1", None, None, None)
        subject, text, page = rendered.for_links(links)
        assert subject == "UA1545 Newark–Los Angeles leaves LATER: 18:05 EDT instead of 17:20"
        assert links.manage in text
        assert Page(page).links() == {links.manage}
        assert f"?t={token}&amp;x=1" in page
        assert "Unsubscribe" not in text + page
        assert "calendar" not in text + page


def test_all_links_of_an_email_are_offered():
    """The flight, the calendar, changing, and unsubscribing."""
    _, text, page = email(CASES["gate"])
    assert set(LINKS.__dict__.values()) <= Page(page).links()
    assert [url for url in LINKS.__dict__.values() if url not in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_email_is_fit_for_phones_readers_and_the_dark(language):
    """It says its language and direction, allows a dark scheme, loads nothing, and hides no table from readers."""
    _, _, page = email(CASES["leaves-later"], language)
    tags = Page(page).tags
    assert ("html", {"lang": language, "dir": "ltr"}) in tags
    assert ("meta", {"name": "color-scheme", "content": "light dark"}) in tags
    assert "prefers-color-scheme: dark" in page
    assert not {"img", "script", "link", "iframe"} & {tag for tag, _ in tags}
    tables = [attributes for tag, attributes in tags if tag == "table"]
    assert [table.get("role") for table in tables] == ["presentation", "presentation", None]
    assert sum(tag == "th" for tag, _ in tags) == 2


def test_times_in_the_table_have_their_zones_name_and_the_day():
    """Each end by its own clocks; what was scheduled beside what is expected where they differ."""
    _, text, _ = words.email_of(*CASES["leaves-later"], "en", NOW).for_links(LINKS)
    assert "Expected: 18:05 EDT (New York time)\n" in text
    assert "Scheduled: 17:20 EDT (New York time)\n" in text
    assert "Expected: 21:00 PDT (Los Angeles time)\n" in text
    abroad = flight("EWR", "FRA"), news(Matter.GATE)
    assert "Scheduled: 05:20 CEST (Berlin time) Saturday 11 July" in email(abroad)[1]
    assert "Expected" not in email(abroad)[1]


def test_a_feeds_values_can_not_write_html_headers_or_links():
    """Whatever a gate, a terminal, a belt or a code holds: it is text, on its line, and short."""
    hostile = flight(departure_gate=HOSTILE, departure_terminal=HOSTILE, arrival_gate=HOSTILE * 9, belt=HOSTILE,
                     delay_codes=(DelayCode(HOSTILE),), destination="<i>")  # fmt: skip
    landed = flight(actual_out=OUT, actual_on=IN, belt=HOSTILE, diverted_to=HOSTILE)
    for case in ((hostile, news(Matter.GATE, gate=HOSTILE)), (landed, news(Matter.DIVERTED, Matter.BELT))):
        subject, text, page = email(case)
        harmless = {tag for tag, _ in Page(email(CASES["leaves-later"])[2]).tags} | {"h2", "ul", "li"}
        assert {tag for tag, _ in Page(page).tags} <= harmless
        assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", subject + text + page)
        assert "\n" not in subject
        assert "\nBcc" not in text
        assert "<b>" in subject + text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_confirmation_says_who_asks_for_what_and_what_to_do_otherwise(language):
    """By email: with the link, and escaped."""
    label = words.subject_label(_subject(), language)
    url = "https://f.test/confirm?token=a&b=c"
    subject, text, page = words.confirm_email(label, language, url, "Example & <Air>")
    assert label in subject
    assert label in text
    assert "Example & <Air>" in text
    assert url in text
    assert Page(page).links() == {url}
    assert "token=a&amp;b=c" in page
    assert "Example &amp; &lt;Air&gt;" in page
    assert not re.search("[{}]", subject + text)


# ---- push, webhooks


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_app_is_told_a_code_to_confirm_with(language):
    """In words and as data."""
    title, body, data = words.confirm_push("123456", language, "Example Air")
    assert title
    assert "123456" in body
    assert "Example Air" in body
    assert data == {"type": "confirm", "code": "123456"}


def test_an_app_can_read_what_it_is_told():
    """The flight, its version and the matters are data beside the words."""
    assert words.push_of(DELAYED, news(Matter.DELAYED, Matter.GATE), "en", NOW)[2] == {
        "type": "flight.changed", "flight": "UA1545-20260710-EWR", "version": "1", "matters": "delayed,gate",
    }  # fmt: skip


def test_a_server_is_told_the_flight_and_what_it_knew_before():
    """JSON in no language: the flight as REST shows it, the matters, and what was last told."""
    told_before = news(Matter.DELAYED, Matter.GATE, gate="B4", version=3)
    body = json.loads(words.webhook_of(DELAYED, told_before, "sub-1", datetime(2026, 7, 10, 19, 0, 1, tzinfo=UTC)))
    assert (body["type"], body["timestamp"]) == ("flight.changed", "2026-07-10T19:00:01Z")
    data = body["data"]
    assert data["subscription"] == "sub-1"
    assert data["matters"] == ["delayed", "gate"]
    assert data["flight"]["id"] == "UA1545-20260710-EWR"
    assert data["flight"]["departure"]["expected_out"] == "2026-07-10T22:05:00Z"
    assert data["before"] == {
        "version": 3, "phase": "scheduled", "expected_out": "2026-07-10T21:20:00Z",
        "expected_in": "2026-07-11T03:20:00Z", "terminal": None, "gate": "B4", "belt": None, "cancelled": False,
        "diverted_to": None,
    }  # fmt: skip


def test_a_server_is_asked_to_prove_itself():
    """By a code it is to post back; and it learns the secret that its messages are signed with."""
    assert json.loads(words.confirm_webhook("sub-1", "c0de", "whsec_x", NOW)) == {
        "type": "subscription.challenge", "timestamp": "2026-07-10T19:00:00Z",
        "data": {"subscription": "sub-1", "code": "c0de", "secret": "whsec_x"},
    }  # fmt: skip


def test_who_follows_a_codeshare_reads_its_number():
    """It stands on their ticket; the operating flight's stands on the airport's boards."""
    ticket = FlightNumber.parse("LH7600")
    case = CASES["cancelled"]
    assert words.push_of(*case, "en", NOW, number=ticket)[0] == "LH7600 (UA1545) is CANCELLED"
    assert words.sms_of(*case, "en", NOW, None, number=ticket).startswith(
        "LH7600 (UA1545) Newark-Los Angeles is CANCELLED."
    )
    rendered = words.email_of(*case, "en", NOW, number=ticket)
    assert rendered.subject == "LH7600 (UA1545) Newark–Los Angeles is CANCELLED"
    assert "you follow LH7600 (UA1545)" in rendered.text
    assert words.email_of(*case, "en", NOW, number=FlightNumber.parse("UA1545")) == words.email_of(*case, "en", NOW)


def test_after_departure_the_expected_arrival_is_told():
    """By the clocks of the destination."""
    assert "Expected to arrive 20:50 PDT. 30 min late." in told((IN_THE_AIR, news(Matter.DEPARTED)))
    assert "arrive" not in told(CASES["returned"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_how_a_flight_stands_is_shown_in_every_language(case, language):
    """Complete, whatever it does; with its gate while passengers are to leave."""
    state = words.state_of(CASES[case][0], language, NOW)
    shown = " ".join([state.headline or "", state.summary, *(c.value for end in state.ends for c in end.cells)])
    assert not re.search("[{}]|None", shown), shown
    assert (state.headline or "UA1545").startswith("UA1545")


def test_how_a_flight_stands_begins_with_what_matters_most():
    """That it does not fly, that it is late; of one on time, nothing but its times."""
    said = {case: words.state_of(CASES[case][0], "en", NOW) for case in CASES}
    assert said["cancelled"].headline == "UA1545 Newark–Los Angeles is CANCELLED."
    assert said["diverted"].headline == "UA1545 Newark–Los Angeles: DIVERTED to Boston."
    assert said["leaves-later"].headline == "UA1545 Newark–Los Angeles leaves LATER: 18:05 EDT instead of 17:20."
    assert said["arrives-later"].headline == "UA1545 Newark–Los Angeles arrives LATER: 20:50 PDT instead of 20:20."
    assert said["landed"].headline == "UA1545 Newark–Los Angeles has landed in Los Angeles."
    assert said["gate"].headline is None
    assert [c.value for c in said["gate"].ends[0].cells] == ["C", "B7", "17:20"]
    assert [bool(said[case].calendar) for case in ("gate", "cancelled", "diverted", "landed")] == [True] + [False] * 3


def test_passengers_to_a_city_with_several_airports_read_which():
    """In a subject, an SMS and a push; in the table it stands beside the city anyway."""
    case = flight("JFK", "PDX", diverted_to="PWM", actual_out=OUT), news(Matter.DIVERTED)
    subject, text, _ = email(case)
    assert subject == "UA1545 New York JFK–Portland PDX: DIVERTED to Portland PWM"
    assert "Departure: New York (JFK)" in text
    assert words.sms_of(*case, "en", NOW, None).startswith(
        "UA1545 New York JFK-Portland PDX: DIVERTED to Portland PWM."
    )
    assert "New York JFK–Portland PDX" in told(case)


def _subject():
    from chalicelib.alerts.model import Subject

    return Subject.parse("number:UA1545-20260710")
