# ruff: noqa: RUF001 - dashes and full-width letters are what is said
"""The texts of each language, and how it writes times, days and places."""

import re
import string
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import available_timezones

import pytest

from chalicelib.airports.lookup import lines
from chalicelib.alerts import words
from chalicelib.alerts.model import Interest, Subject
from chalicelib.alerts.words import texts
from chalicelib.alerts.words.texts import clean, moment, moment_before, reason_words, span, zone_words
from chalicelib.channels.model import LANGUAGES
from chalicelib.flights.delay_codes import AHM730
from chalicelib.flights.model import DelayCode
from chalicelib.flights.passenger_law import PASSENGER_LAWS
from chalicelib.flights.rights import RightKind

HERE = Path(texts.__file__).parent
NAMES = ("abbreviations", "cities", "reasons", "zones")  # tables of names, which languages need not all have


def entries(table: dict, path: str = "") -> Iterator[tuple[str, str | list]]:
    """Each text with its place, such as news.gate."""
    for key, value in table.items():
        place = f"{path}.{key}".lstrip(".")
        if isinstance(value, dict):
            yield from entries(value, place)
        else:
            yield place, value


def said_in(language: str) -> dict[str, str | list]:
    return dict(entries({key: value for key, value in texts.texts(language).items() if key not in NAMES}))


def placeholders(text: str | list) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name} if isinstance(text, str) else set()


def test_there_is_one_file_for_each_language():
    """No language lacks its texts, and no texts lack their language."""
    assert {path.stem for path in HERE.glob("*.toml")} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_says_everything_that_english_says(language):
    """The same texts, no fewer, no more, none empty but what stands between sentences."""
    here, english = said_in(language), said_in("en")
    assert here.keys() == english.keys()
    assert [place for place, text in here.items() if not text and place != "beside.between"] == []
    assert [p for p, text in here.items() if isinstance(text, list) and len(text) != len(english[p])] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_fills_in_what_english_fills_in(language):
    """The placeholders of each text have the same names. Of the clocks' forms a language may use what it needs."""
    english = said_in("en")
    for place, text in said_in(language).items():
        if place in ("times.at", "times.at_twice"):
            assert {"clock"} < placeholders(text) <= {"clock", "zone", "city"}
        else:
            assert placeholders(text) == placeholders(english[place]), place


def test_every_text_is_used():
    """Each is named in the code or in a template; families by their members. Of news see test_words."""
    families = {f"due.{kind}" for kind in RightKind} | {f"due.{law.scheme}" for law in PASSENGER_LAWS} | {"due.US-DOT"}
    families |= {f"due.{RightKind.COMPENSATION}_sum", *(f"pages.interest_{interest}" for interest in Interest)}
    families |= {f"pages.status_{status}" for status in ("pending", "active", "stopped")}
    families |= {"times.weekdays_short", "times.months_short"}
    around = [HERE.parents[1] / "channels" / "frame.html", HERE.parents[1] / "core" / "pages.py"]
    sources = [path for path in HERE.parent.rglob("*") if path.suffix in (".py", ".html")] + around
    code = "".join(path.read_text() for path in sources)
    named = {place for place in said_in("en") if re.search(rf'[".]{place.rpartition(".")[2]}\b', code)}
    assert [p for p in said_in("en") if p not in named | families and not p.startswith("news.")] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_news_names_its_flight_first(language):
    """So that it can be left out where the sentence is not the first."""
    assert [text for text in texts.texts(language)["news"].values() if not text.startswith("{flight}")] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_interest_has_its_words_on_the_pages(language):
    """And no other has."""
    named = {key for key in words.page_texts(language) if key.startswith("interest_")}
    assert named == {f"interest_{interest}" for interest in Interest}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_delay_code_has_plain_words_in_each_language(language):
    """All codes of AHM 730, and none that it does not have; English has them in flights.delay_codes."""
    if language != "en":
        assert texts.texts(language)["reasons"].keys() == AHM730.keys()
    found = {code: reason_words(texts.texts(language), DelayCode(code)) for code in AHM730}
    assert [code for code, reason in found.items() if not reason and code != "99"] == []
    assert reason_words(texts.texts(language), DelayCode("ZZZ", "AHM732")) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_cities_and_zones_with_another_name_are_real(language):
    """A name that no airport's city and no zone has would never be said: a slip of the pen."""
    t = texts.texts(language)
    cities = {line.split("\t")[3] for line in lines().decode().splitlines()}
    zones = {zone.rpartition("/")[2].replace("_", " ") for zone in available_timezones()}
    assert set(t["cities"]) - cities - zones == set()
    assert set(t["zones"]) - available_timezones() == set()
    assert [name for name, own in t["cities"].items() if name == own] == []


def test_texts_are_plain_toml_that_names_no_text_twice():
    """A translator's slip is found here and not by a passenger."""
    for path in HERE.glob("*.toml"):
        tomllib.loads(path.read_text(encoding="utf-8"))


LABELS = {
    "en": ("UA1545 on Friday 10 July", "Newark to Los Angeles on Friday 10 July"),
    "es": ("UA1545 del viernes 10 de julio", "Newark–Los Angeles del viernes 10 de julio"),
    "fr": ("UA1545 du vendredi 10 juillet", "Newark–Los Angeles du vendredi 10 juillet"),
    "de": ("UA1545 am Freitag, 10. Juli", "Newark–Los Angeles am Freitag, 10. Juli"),
    "zh": ("7月10日星期五 UA1545 航班", "7月10日星期五纽瓦克至洛杉矶航班"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_followed_is_said_in_words(language):
    """A flight by its number, whether a leg or a number is followed; a route by its cities."""
    number, route = LABELS[language]
    assert words.subject_label(Subject.parse("flight:UA1545-20260710-EWR"), language) == number
    assert words.subject_label(Subject.parse("number:UA1545-20260710"), language) == number
    assert words.subject_label(Subject.parse("route:EWR-LAX-20260710"), language) == route


def test_a_city_with_several_airports_is_said_with_the_code():
    """Also where the other one is in a city of the same name far away, or the city's own airport is in a suburb."""
    english, chinese = texts.texts("en"), texts.texts("zh")
    several = {"JFK": "New York JFK", "PWM": "Portland PWM", "IST": "Istanbul IST", "YTZ": "Toronto YTZ"}
    alone = {"EWR": "Newark", "LAX": "Los Angeles", "MAN": "Manchester", "XXX": "XXX"}
    assert {code: texts.which(english, code) for code in several | alone} == several | alone
    assert texts.which(chinese, "JFK") == "纽约（JFK）"
    assert words.subject_label(Subject.parse("route:JFK-LAX-20260710"), "de") == (
        "New York JFK–Los Angeles am Freitag, 10. Juli"
    )


def test_the_first_of_a_month_is_said_as_french_says_it():
    """Le 1er juillet, le 2 juillet."""
    assert texts.day_words(texts.texts("fr"), date(2026, 7, 1)) == "mercredi 1er juillet"
    assert texts.day_words(texts.texts("de"), date(2026, 7, 1)) == "Mittwoch, 1. Juli"


def test_a_sentence_that_ends_in_an_abbreviation_has_one_period():
    """El vie. 10 de jul."""
    day = texts.day_words(texts.texts("es"), date(2026, 7, 10), short=True)
    assert texts.said("Salida {day}.", day=day) == "Salida vie. 10 de jul."


def test_times_are_those_of_the_airport_with_its_zones_name():
    """And the day where it is not today there, whatever day it is elsewhere."""
    english, chinese, german = (texts.texts(language) for language in ("en", "zh", "de"))
    at, now = datetime(2026, 7, 10, 22, 5, tzinfo=UTC), datetime(2026, 7, 10, 19, tzinfo=UTC)
    assert moment(english, at, "EWR", now) == "18:05 EDT"
    assert moment(english, at, "FRA", now) == "00:05 CEST on Sat 11 Jul"
    assert moment(german, at, "FRA", now) == "00:05 Uhr MESZ am Sa, 11. Juli"
    assert moment(english, at, "DXB", now) == "02:05 UTC+4 on Sat 11 Jul"
    assert moment(english, at, "DEL", now) == "03:35 IST"
    assert moment(chinese, at, "PEK", now) == "北京时间06:05"
    assert moment(english, at, "nowhere", now) == "22:05 UTC"
    assert moment(english, None, "EWR", now) == "at a time not yet known"
    assert zone_words(english, at, "EWR") == "EDT (New York time)"
    assert zone_words(german, at, "FRA") == "MESZ (Ortszeit Berlin)"
    assert zone_words(english, at, "KTM") == "UTC+5:45 (Kathmandu time)"
    assert zone_words(english, at, "nowhere") == "UTC"


def test_where_clocks_show_a_time_twice_the_zone_tells_them_apart():
    """The night summer time ends in New York: 01:30 comes twice, an hour apart."""
    first, second = datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    english, chinese = texts.texts("en"), texts.texts("zh")
    assert [moment(english, at, "EWR", first) for at in (first, second)] == ["01:30 EDT", "01:30 EST"]
    assert [moment(chinese, at, "EWR", first) for at in (first, second)] == [
        "纽约时间01:30（EDT）",
        "纽约时间01:30（EST）",
    ]
    assert moment_before(english, first, second, "EWR", first) == "01:30 EDT"


def test_what_a_time_was_before_is_the_clock_alone_where_it_can_not_be_mistaken():
    """The same zone, and today or the day it now is; else everything."""
    english, now = texts.texts("en"), datetime(2026, 7, 10, 19, tzinfo=UTC)
    evening, night = datetime(2026, 7, 11, 1, tzinfo=UTC), datetime(2026, 7, 11, 5, tzinfo=UTC)
    assert moment_before(english, evening, night, "EWR", now) == "21:00"
    assert moment_before(english, night, evening, "EWR", now) == "01:00 EDT on Sat 11 Jul"
    assert moment_before(english, None, night, "EWR", now) == "at a time not yet known"


def test_spans_are_said_in_hours_and_minutes():
    """No hours where there are none, no minutes where there are none."""
    english = texts.texts("en")
    assert [span(english, minutes) for minutes in (0, 59, 60, 61, 605)] == [
        "0 min", "59 min", "1 h", "1 h 1 min", "10 h 5 min",
    ]  # fmt: skip


def test_a_feeds_values_are_shown_on_one_line_without_what_can_not_be_seen():
    """Control characters, direction overrides and zero-width letters are gone; what is long is cut."""
    assert clean("B4") == "B4"
    assert clean(" B\r\n4\t") == "B 4"
    assert clean("B\x00\x02\x1b\u202e\u200b4\ud800") == "B4"
    assert clean("x" * 1000) == "x" * texts.LONGEST_VALUE
    assert clean("\u202e\x00 \n") is None
    assert clean(None) is None


def test_an_unknown_language_reads_english():
    """Nobody is left without words."""
    assert texts.texts("tlh") is texts.texts("en")
    assert words.language_names() == {"en": "English", "es": "Español", "fr": "Français", "de": "Deutsch", "zh": "中文"}
