# ruff: noqa: RUF001 - letters of many alphabets are what is read
"""Names of passengers, and what age makes of them."""

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.booking.names import (
    LONGEST,
    Name,
    machine_readable,
    name,
    on_ticket,
    passenger_type,
    same_family,
)
from chalicelib.core.errors import Invalid
from chalicelib.pricing.model import TravellerKind

LETTERS = st.characters(categories=["L"], max_codepoint=0x17F) | st.characters(min_codepoint=0x410, max_codepoint=0x44F)
WORDS = st.text(LETTERS | st.sampled_from(" -'"), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        # The examples of Doc 9303-3, 4.6: apostrophes left out, hyphens as spaces.
        ("D'Artagnan", "DARTAGNAN"),
        ("Marie-Elise", "MARIE ELISE"),
        ("van der Muellen", "VAN DER MUELLEN"),
        # Section 6, table A.
        ("Müller", "MUELLER"),
        ("Ångström", "AANGSTROEM"),
        ("Peña", "PENA"),
        ("Straße", "STRASSE"),
        ("Þórðardóttir", "THORDARDOTTIR"),
        ("Łukasiewicz", "LUKASIEWICZ"),
        ("Đurđević", "DURDEVIC"),
        ("Øster", "OESTER"),
        ("Işık", "ISIK"),
        ("Œuvrard", "OEUVRARD"),
        ("Nguyễn", "NGUYEN"),
        # Table B.
        ("Щербаков", "SHCHERBAKOV"),
        ("Юлия", "IULIIA"),
        ("Ильич", "ILICH"),
        ("Хрущёв", "KHRUSHCHEV"),
        # As typed on a phone, and as composed by another keyboard.
        ("O’Neil", "ONEIL"),
        ("Mu\u0308ller", "MUELLER"),
        ("  Anna\u00a0 Maria ", "ANNA MARIA"),
        ("St. John", "ST JOHN"),
    ],
)
def test_a_name_is_read_as_passports_have_it(written, read):
    """By ICAO Doc 9303-3, section 6."""
    assert machine_readable(written) == read
    assert machine_readable(name(written).family) == read


def test_a_name_is_kept_as_it_was_given():
    """Cleaned of stray spaces, with the hyphens and apostrophes of keyboards; no letter changed."""
    assert name("  O’Neil ", "Zoë  Anne‑Marie") == Name("O'Neil", "Zoë Anne-Marie")
    assert str(name("Müller", "Jörg")) == "Jörg Müller"
    assert str(name("Suharto")) == "Suharto"


@pytest.mark.parametrize(
    ("family", "given_names", "field", "said"),
    [
        ("", "Ann", "family", "no letter"),
        ("-", "Ann", "family", "no letter"),
        ("Ь", "Ann", "family", "no letter"),
        ("Smith3", "Ann", "family", "digit"),
        ("Smith", "Ann\u0000", "given", "not taken"),
        ("王", "Ann", "family", "'王' is not taken"),
        ("محمد", "Ann", "family", "machine readable zone"),
        ("Παπά", "Ann", "family", "machine readable zone"),
        ("Smith/Jones", "Ann", "family", "'/' is not taken"),
        ("Smith", "A" * (LONGEST + 1), "given", "61 characters"),
        ("Smith", "😀", "given", "not taken"),
    ],
)
def test_what_no_passport_could_have_is_refused(family, given_names, field, said):
    """With the character, and what to write instead."""
    with pytest.raises(Invalid) as raised:
        name(family, given_names, "passengers.1.")
    [fault] = raised.value.faults
    assert (fault.place, fault.name) == ("body", f"passengers.1.{field}_name")
    assert said in fault.detail


def test_both_parts_of_a_name_are_found_wrong_at_once():
    """So that nobody corrects twice."""
    with pytest.raises(Invalid) as raised:
        name("1", "2")
    assert [fault.name for fault in raised.value.faults] == ["family_name", "given_name"]


@example("ŉ", "ĸ")
@given(WORDS, WORDS)
def test_every_name_that_is_taken_can_be_printed(family, given_names):
    """A to Z on the ticket, with one slash at most, and no more than 20 characters."""
    try:
        taken = name(family, given_names)
    except Invalid:
        return
    printed = on_ticket(taken)
    assert 0 < len(printed) <= 20
    assert printed.replace("/", "", 1).isalpha()
    assert printed.isascii()
    assert printed.isupper()
    if machine_readable(taken.given):
        last, first = printed.split("/")
        assert last
        assert first
    assert name(taken.family, taken.given) == taken


@pytest.mark.parametrize(
    ("family", "given_names", "printed"),
    [
        ("Desmarais", "Luc", "DESMARAIS/LUC"),
        ("de la Cruz", "María José", "DELACRUZ/MARIAJOSE"),
        ("Wolfeschlegelsteinhausenbergerdorff", "Hubert", "WOLFESCHLEGELSTEIN/H"),
        ("Grandmaire", "Melanie Charlotte", "GRANDMAIRE/MELANIECH"),
        ("Suharto", "", "SUHARTO"),
    ],
)
def test_a_long_name_is_cut_and_keeps_both_its_parts(family, given_names, printed):
    """The given names first, but not their first letter."""
    assert on_ticket(name(family, given_names)) == printed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "MUELLER"),
        ("Müller", "muller"),
        ("O'Neil", "oneil"),
        ("Smith-Jones", "smith jones"),
        ("Åberg-Müller", "ABERGMUELLER"),
        ("Garçon", "garcon"),
        ("Щербаков", "Shcherbakov"),
        ("Peña", "Penxxa"),
    ],
)
def test_whoever_asks_for_a_booking_may_write_the_name_without_its_marks(one, other):
    """In any of the ways that passports write it, whichever side has the marks."""
    assert same_family(one, other)
    assert same_family(other, one)


@pytest.mark.parametrize(
    ("one", "other"), [("Mueller", "Muller"), ("Smith", "Smit"), ("Smith", ""), ("", ""), ("王", "王")]
)
def test_another_name_opens_nothing(one, other):
    """Nor does none."""
    assert not same_family(one, other)


@given(WORDS)
def test_a_name_is_the_same_as_itself_however_written(text):
    """Where it has a letter at all; and as the passport has it."""
    try:
        taken = name(text).family
    except Invalid:
        return
    for written in (taken, taken.upper(), taken.lower(), machine_readable(taken), taken.replace(" ", "-")):
        assert same_family(taken, written), written


def test_looking_a_name_up_takes_no_longer_for_hostile_letters():
    """Of 60 letters that each have three forms, few ways are tried."""
    assert same_family("ü" * LONGEST, "Ü" * LONGEST)
    assert not same_family("ü" * LONGEST, "ö" * LONGEST)


@pytest.mark.parametrize(
    ("born", "on", "counts_as"),
    [
        (date(2024, 7, 11), date(2026, 7, 10), TravellerKind.INFANT),
        (date(2024, 7, 10), date(2026, 7, 10), TravellerKind.CHILD),
        (date(2026, 7, 10), date(2026, 7, 10), TravellerKind.INFANT),
        (date(2014, 7, 11), date(2026, 7, 10), TravellerKind.CHILD),
        (date(2014, 7, 10), date(2026, 7, 10), TravellerKind.ADULT),
        (date(2024, 2, 29), date(2026, 2, 28), TravellerKind.INFANT),
        (date(2024, 2, 29), date(2026, 3, 1), TravellerKind.CHILD),
        (date(1926, 1, 1), date(2026, 7, 10), TravellerKind.ADULT),
    ],
)
def test_age_counts_on_the_day_of_the_flight(born, on, counts_as):
    """An infant until the second birthday, a child until the twelfth."""
    assert passenger_type(born, on) is counts_as


def test_nobody_flies_before_birth():
    """It says both days."""
    with pytest.raises(Invalid, match=r"2026-07-11.*2026-07-10"):
        passenger_type(date(2026, 7, 11), date(2026, 7, 10))
