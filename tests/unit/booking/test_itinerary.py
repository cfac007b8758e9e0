# ruff: noqa: RUF001 - letters of many alphabets are what is printed
"""The itinerary and receipt, read back by a library."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from chalicelib.booking import paper, words
from chalicelib.booking.itinerary import Charge, Flight, Itinerary, Passenger, pdf
from chalicelib.booking.words import money, texts
from chalicelib.channels.model import LANGUAGES
from chalicelib.pricing.model import FareRules

NOW = datetime(2026, 11, 22, 1, 2, tzinfo=UTC)
OUT = datetime(2026, 12, 1, 22, 20, tzinfo=UTC)
STRICT = FareRules("Basic", False, 0, False, 0, False, 0)
FREE = FareRules("Flex", True, 0, True, 0, True, 2)
FOR_A_FEE = FareRules("Main", True, 9900, True, 5000, True, 1)
BOOKED = Itinerary(
    "K3M9TZ",
    [
        Passenger("Zoë Łukasiewicz", "LUKASIEWICZ/ZOE", "0166995762352", "adult"),
        Passenger("Юлия Щербакова", "SHCHERBAKOVA/IULIIA", "0161234567890", "child"),
        Passenger("Jörg Müller", "MUELLER/JOERG", "0160000000001", "infant"),
    ],
    [
        Flight(
            "UA1545", "United Airlines", "EWR", "LAX", OUT, OUT + timedelta(hours=6), "economy", "M",
            ("12A", "12B", ""),
        ),
        Flight(
            "UA1546", "United Airlines", "LAX", "EWR", OUT + timedelta(days=6, hours=8),
            OUT + timedelta(days=6, hours=13), "first", "F", ("1A", "1B", ""),
        ),
    ],
    [
        Charge("Fare UA1545", 123450, "Zoë Łukasiewicz"),
        Charge("Transportation tax", 9258),
        Charge("Voucher", -1000),
    ],
    "USD",
    [("UA1545", FOR_A_FEE), ("UA1546", STRICT)],
    "zoe@example.com",
)  # fmt: skip


def read(file):
    """The text of a PDF file, with each run of white space as one space."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(file), strict=True).pages).split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_paper_says_who_flies_when_and_what_was_paid(language):
    """In every language: names and tickets, flights by the clocks of each airport, lines and their sum."""
    text = read(pdf(BOOKED, NOW, language))
    for fact in (
        "K3M9TZ", "zoe@example.com", "Zoë Łukasiewicz", "LUKASIEWICZ/ZOE", "016 6995762352", "Юлия Щербакова",
        "SHCHERBAKOVA/IULIIA", "Jörg Müller", "016 0000000001", "UA1545", "United Airlines", "17:20 EST", "20:20 PST",
        "Newark Liberty International Airport (EWR)", "Los Angeles International Airport (LAX)", "12A, 12B",
        "Transportation tax",
        texts(language)["itinerary"]["title"], texts(language)["cabins"]["first"],
    ):  # fmt: skip
        assert fact in text
    amounts = (123450, 9258, -1000, 123450 + 9258 - 1000)
    assert all(" ".join(money(texts(language), amount, "USD").split()) in text for amount in amounts)


def test_days_are_those_of_each_airport():
    """A flight by night leaves on one day and arrives on another, each by its own calendar."""
    text = read(pdf(BOOKED, NOW))
    assert "Mon, 7 Dec 2026 22:20 PST" in text
    assert "Tue, 8 Dec 2026 06:20 EST" in text


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (STRICT, ["can't be changed", "not refunded", "No checked bag"]),
        (FREE, ["Changes are free", "refunded in full", "per passenger: 2"]),
        (FOR_A_FEE, ["cost USD 99.00", "less USD 50.00", "per passenger: 1"]),
    ],
)
def test_the_rules_of_the_fare_are_in_words(rules, said):
    """Changes, cancelling and bags; and that within 24 hours everything can be undone."""
    text = read(pdf(replace(BOOKED, rules=[("", rules)]), NOW))
    assert all(words in text for words in [*said, rules.brand, "Within 24 hours"])


def test_a_cancelled_flight_is_marked():
    """And has no seats any more."""
    gone = replace(BOOKED, flights=[replace(BOOKED.flights[0], cancelled=True)])
    assert "UA1545 – CANCELLED" in read(pdf(gone, NOW))
    assert "12A" not in read(pdf(gone, NOW))


def test_the_same_facts_are_the_same_file():
    """Made at the same instant, to the byte; it says when that was."""
    assert pdf(BOOKED, NOW) == pdf(BOOKED, NOW)
    known = PdfReader(BytesIO(pdf(BOOKED, NOW, "de"))).metadata
    assert known.creation_date == NOW
    assert known.title == "Reiseplan und Beleg K3M9TZ"


def test_nothing_is_lost_at_the_end_of_a_page():
    """Nine travellers, eight flights, a hundred lines: on as many pages as it takes, numbered."""
    many = replace(
        BOOKED,
        passengers=[replace(BOOKED.passengers[0], ticket=f"016{place:010}") for place in range(9)],
        flights=BOOKED.flights * 4,
        charges=[Charge(f"Line number {place} " + "of a long label " * 12, place) for place in range(100)],
    )
    file = pdf(many, NOW)
    text, pages = read(file), len(PdfReader(BytesIO(file)).pages)
    assert pages > 3
    assert all(f"Line number {place} of" in text for place in range(100))
    assert all(f"Page {page} of {pages}" in text for page in range(1, pages + 1))
    assert len(file) < 30_000


@settings(max_examples=25, deadline=None)
@given(st.text(min_size=1, max_size=60))
def test_no_name_or_label_breaks_the_paper(text):
    """Whatever characters there are, it is a file that can be read."""
    odd = replace(BOOKED, passengers=[replace(BOOKED.passengers[0], name=text)], charges=[Charge(text, 1, text)])
    assert "K3M9TZ" in read(pdf(odd, NOW))


@pytest.mark.parametrize(
    "text", ["Dvořák", "Győző", "Şahin", "Țăran", "Ångström", "Þór", "İnci", "Βασιλείου", "Ђорђе", "王"]
)
def test_letters_are_printed_as_they_are(text):
    """Those of the fonts that every reader has: Latin, Greek, Cyrillic and Chinese."""
    assert text in read(pdf(replace(BOOKED, contact=text), NOW))


@pytest.mark.parametrize("name", ["Nguyễn Thị Phượng", "Đặng Ảnh", "NGUYỄN ỆỢ", "Ṁẽṽ", "Ṣọlá", "Ǩẁỹ", "Ǐị"])
def test_letters_that_no_font_has_are_drawn_and_read_as_they_are(name):
    """With all of their marks, as the names of passengers are."""
    assert name in read(pdf(replace(BOOKED, contact=name), NOW))


def test_as_many_letters_are_drawn_as_a_font_has_codes():
    """Further ones lose marks, and nothing else."""
    letters = "".join(map(chr, range(0x1E00, 0x1EFA)))
    assert "K3M9TZ" in read(pdf(replace(BOOKED, contact=letters), NOW))


@given(st.text(st.characters(max_codepoint=0x9FFF, categories=["L", "P", "Zs"]), max_size=200), st.integers(60, 400))
def test_lines_hold_all_of_a_text(text, room):
    """Wrapped where there is room to, and no character goes astray but spaces."""
    lines = paper.wrapped(text, room, 10)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_no_line_begins_with_a_comma():
    """In Chinese, where a line may end after any character but before those."""
    lines = paper.wrapped("自行取消，" * 20, 90, 10)
    assert len(lines) > 5
    assert not any(line.startswith("，") for line in lines)


@pytest.mark.parametrize(
    ("amount", "currency", "language", "shown"),
    [
        (123450, "USD", "en", "USD 1,234.50"),
        (-5, "USD", "en", "USD -0.05"),
        (123450, "USD", "de", "USD 1.234,50"),
        (100000000, "EUR", "fr", "EUR 1 000 000,00"),
        (1234, "JPY", "en", "JPY 1,234"),
        (1234567, "KWD", "en", "KWD 1,234.567"),
    ],
)
def test_amounts_have_the_digits_of_their_currency(amount, currency, language, shown):
    """ISO 4217, with the signs of the language."""
    assert " ".join(money(texts(language), amount, currency).split()) == shown


def leaves(table, path=()):
    """The texts of a file, by their paths."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_texts_with_the_same_braces(language):
    """So nothing is missing on paper."""
    folder = Path(words.__file__).parent

    def said(name):
        return dict(leaves(tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))))

    def braces(text):
        return {field for _, field, _, _ in Formatter().parse(text) if field} if isinstance(text, str) else len(text)

    english, other = said("en"), said(language)
    assert english.keys() == other.keys()
    assert {path: braces(text) for path, text in english.items()} == {
        path: braces(text) for path, text in other.items()
    }
    assert all(other.values())
