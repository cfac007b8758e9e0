import itertools

import airportsdata
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.airports.suggest import suggest, words

LONDON = ["LHR", "LGW", "STN", "LTN", "LCY", "SEN"]


def codes(query: str, limit: int = 10) -> list[str]:
    return [found.iata or found.icao for found in suggest(query, limit)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        # codes: airports', cities', ICAO
        ("jfk", ["JFK"]),
        ("ewr", ["EWR"]),
        ("lon", LONDON),
        ("nyc", ["JFK", "EWR", "LGA"]),
        ("par", ["CDG", "ORY"]),
        ("sha", ["SHA", "PVG"]),
        ("egll", ["LHR"]),
        ("jf", ["JFK"]),
        ("san", ["SAN", "SFO"]),
        ("jfk airport", ["JFK"]),
        # cities
        ("london", LONDON),
        ("new york", ["JFK", "EWR", "LGA"]),
        ("paris", ["CDG", "ORY"]),
        ("tokyo", ["HND", "NRT"]),
        ("sao paulo", ["GRU", "CGH", "VCP"]),
        ("sao p", ["GRU", "CGH", "VCP"]),
        ("reykjavik", ["KEF", "RKV"]),
        ("newark", ["EWR"]),
        ("york", ["JFK"]),
        ("washington", ["IAD"]),
        ("lima", ["LIM"]),
        ("rome", ["FCO", "CIA"]),
        ("birmingham", ["BHX", "BHM"]),
        ("portland", ["PDX", "PWM"]),
        ("panama city", ["PTY"]),
        # what a city is called at home, or in English
        ("zurich", ["ZRH"]),
        ("malmo", ["MMX"]),
        ("munich", ["MUC"]),
        ("munchen", ["MUC"]),
        ("muenchen", ["MUC"]),
        ("venice", ["VCE"]),
        ("venezia", ["VCE"]),
        ("bombay", ["BOM"]),
        # names
        ("heathrow", ["LHR"]),
        ("heathrow airp", ["LHR"]),
        ("haneda", ["HND"]),
        ("kennedy", ["JFK"]),
        ("la guardia", ["LGA"]),
        ("san diego intl", ["SAN"]),
        ("int'l san diego", ["SAN"]),
        # countries and states, alone or to tell cities apart
        ("spain", ["MAD", "BCN"]),
        ("germany", ["FRA", "MUC"]),
        ("london uk", LONDON),
        ("london ontario", ["YXU"]),
        ("paris texas", ["PRX"]),
        ("portland maine", ["PWM"]),
        ("san jose costa rica", ["SJO"]),
        # words begun, in any order
        ("york new", ["JFK", "EWR", "LGA"]),
        ("heathrow london", ["LHR"]),
        ("lond heath", ["LHR"]),
        # one letter
        ("z", ["ZRH"]),
        ("l", ["LHR"]),
    ],
)
def test_the_airport_meant_comes_first(query: str, first: list[str]) -> None:
    """What people type finds what they mean, in the order they expect."""
    assert codes(query)[: len(first)] == first


@pytest.mark.parametrize(
    "spellings",
    [
        ("zurich", "Zürich", "ZÜRICH", "  zu\u0308rich. "),
        ("sao paulo", "São Paulo", "SAO-PAULO", "são, paulo"),
        ("malmo", "Malmö", "MALMO"),
        ("o'hare", "O’Hare", "ohare", "o`hare"),  # noqa: RUF001 - the apostrophe a telephone types
        ("st johns", "St. John's", "st john's", "ST. JOHNS"),
        ("new york", "New-York", "new_york", "new%york"),
    ],
)
def test_case_accents_and_punctuation_do_not_matter(spellings: tuple[str, ...]) -> None:
    """However a name is written, the answer is the same."""
    answers = [codes(spelling) for spelling in spellings]
    assert answers[0]
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize(
    ("query", "iata"),
    [("o hare", "ORD"), ("st johns", "YYT"), ("saint johns", "YYT"), ("ft myers", "RSW"), ("fort myers", "RSW")],
)
def test_abbreviations_and_parted_names_find_the_airport(query: str, iata: str) -> None:
    """`St` and `Saint`, `Ft` and `Fort`, `O Hare` and `O'Hare` mean the same."""
    assert codes(query)[0] == iata


def test_airports_with_scheduled_service_come_before_small_fields() -> None:
    """Fields without an IATA code come last, even where the others only have the name within theirs."""
    found = [one.iata is None for one in suggest("london", 50)]
    assert any(found)
    assert found == sorted(found)


def test_a_small_field_is_found_too() -> None:
    """All 28,000 can be found, not the prominent alone."""
    assert codes("00al") == ["00AL"]
    assert codes("epps airpark") == ["00AL"]


@given(st.sampled_from(sorted(airportsdata.load("IATA"))))
def test_the_airport_whose_iata_code_was_typed_is_always_first(code: str) -> None:
    """A code finds its airport though it is also how a great city's name begins (COL, VAN, NEW)."""
    assert codes(code.lower())[0] == code


@pytest.mark.parametrize("query", ["", " ", "\t\n", "'", "—", "%", "東京", "😀", "\x00", "\ud800"])
def test_what_holds_no_word_suggests_nothing(query: str) -> None:
    """An empty query has no suggestions rather than all of them."""
    assert suggest(query) == []


@pytest.mark.parametrize(
    "query",
    [
        "x" * 10_000,
        "a " * 5_000,
        "london" + " " * 10_000,
        " ".join(map("".join, itertools.product("abcdefghij", repeat=3))),
        "'; DROP TABLE airports; --",
        "(a+)+$",
        ".*",
        "[",
        "\\",
        "lon\x00don\x1b[2J",
        "london\n\tparis",
        "^|london^",
        "🛫 lon 🛬",
        "\u202elondon",
        "../../etc/passwd",
    ],
)
def test_odd_queries_are_harmless(query: str) -> None:
    """Long texts and those with a meaning elsewhere have none here."""
    assert len(suggest(query)) <= 10


@given(st.text() | st.text("aeiostl nr'.-", max_size=40), st.integers(-1, 30))
def test_any_text_gives_at_most_as_many_as_asked_for_and_each_once(query: str, limit: int) -> None:
    """No text raises, exceeds the limit or repeats an airport."""
    found = suggest(query, limit)
    assert len(found) <= max(limit, 0)
    assert len(set(found)) == len(found)
    assert len(found) == len(suggest(query, 30)[: max(limit, 0)])


@given(st.sampled_from(["london heathrow", "new york", "sao paulo", "st johns", "john f kennedy"]), st.integers(1, 15))
def test_typing_on_never_loses_the_airport_meant(query: str, typed: int) -> None:
    """Once an airport's full name finds it, so does every part typed on the way there, if enough are asked for."""
    best = suggest(query)[0]
    begun = query[:typed]
    assert len(begun.strip()) < 3 or best in suggest(begun, 50)


def test_the_words_of_a_text_are_plain_small_letters() -> None:
    """Letters that are no accented ones of another are spelled in Latin letters too."""
    assert words("Łódź, Þórshöfn & Ærø; Diyarbak\u0131r / İzmir") == [
        "lodz",
        "thorshofn",
        "aero",
        "diyarbakir",
        "izmir",
    ]
    assert words("Chicago O'Hare Int'l") == ["chicago", "ohare", "international"]
