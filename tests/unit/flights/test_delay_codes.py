"""What delay codes mean to a passenger."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.flights.delay_codes import AHM730, Responsibility, plain_words, reason, responsibility
from chalicelib.flights.model import DelayCode

VECTORS = Path(__file__).parents[3].parent / "shared" / "domain-vectors.json"


def test_the_table_holds_the_published_pairs_and_no_others():
    """Each of the 76 codes of the manual is in the table with its letters, and reads the same written either way."""
    if not VECTORS.exists():
        pytest.skip("the published pairs are not at hand")
    pairs = {(pair["code"], pair["alpha"]) for pair in json.loads(VECTORS.read_text())["ahm730"]}
    assert len(pairs) == 76
    assert {(known.code, known.alpha) for known in AHM730.values()} == pairs
    for digits, letters in pairs:
        assert reason(DelayCode(digits)) == reason(DelayCode(letters)) == AHM730[digits]
        assert plain_words(DelayCode(digits)) == plain_words(DelayCode(letters))


def test_every_wording_is_short_plain_and_different():
    """No two codes read alike, and all are short phrases that follow 'delayed by'."""
    words = [known.words for known in AHM730.values()]
    assert len(set(words)) == len(words) == 76
    assert all(3 < len(text) <= 80 and not text.endswith(".") for text in words)
    assert not any(re.search(r"\b(ATFM|ULD|MEL|AOG|GPU|STD|VIP\b(?!s))", text) for text in words)


@pytest.mark.parametrize(
    ("code", "words"),
    [("93", "late arrival of the aircraft from its previous flight"), ("41", "a technical defect of the aircraft"),
     ("64", "a shortage of pilots"), ("71", "weather at the departure airport"), ("RA", AHM730["93"].words),
     ("81", "air-traffic control: not enough capacity on the route"), ("6", AHM730["06"].words)],
)  # fmt: skip
def test_a_code_reads_as_a_passenger_would_say_it(code, words):
    """Digits, letters and a digit without its zero are understood."""
    assert plain_words(DelayCode(code)) == words


@pytest.mark.parametrize("written", ["31C", "31c", " 31 C", "31/C", "GD1", "gd", "31"])
def test_an_airlines_sub_code_does_not_hide_the_code(written):
    """AHM 731 adds a letter of the airline's own: 31C is still 31."""
    assert reason(DelayCode(written)) == AHM730["31"]


@pytest.mark.parametrize(
    ("code", "words", "who"),
    [("00", "a reason the airline has a code of its own for", Responsibility.UNKNOWN),
     ("20", "handling of cargo or mail", Responsibility.CARRIER),
     ("49B", "a technical matter with the aircraft", Responsibility.CARRIER),
     ("53", "damage to the aircraft or a computer failure", Responsibility.UNKNOWN),
     ("74", "weather", Responsibility.WEATHER),
     ("80", "air-traffic control, the airport or authorities", Responsibility.UNKNOWN)],
)  # fmt: skip
def test_a_number_the_manual_leaves_open_reads_as_its_group(code, words, who):
    """An unknown number is no more than its group, which is true of it."""
    assert reason(DelayCode(code)) is None
    assert (plain_words(DelayCode(code)), responsibility(DelayCode(code))) == (words, who)


@pytest.mark.parametrize(
    "code",
    [DelayCode("DBN", "AHM732"), DelayCode("DBN"), DelayCode("RAA"), DelayCode("93", "AHM732"), DelayCode("QZ"),
     DelayCode("93", "house code")],
)  # fmt: skip
def test_no_meaning_is_invented_for_other_schemes_and_unknown_letters(code):
    """The letters of AHM 732 have no public meanings: the code is shown as a code, and nobody is blamed."""
    assert plain_words(code) == f"a reason the airline reports as code {code.code}"
    assert responsibility(code) is Responsibility.UNKNOWN


@pytest.mark.parametrize("code", ["", "   ", "<b>93</b>", "ABCDE", "٩٣", "93 OR 1=1"])
def test_what_is_no_code_is_not_shown(code):
    """Text that can't be a delay code is not repeated to a passenger."""
    assert plain_words(DelayCode(code)) == "a reason not yet explained"


@pytest.mark.parametrize(
    ("codes", "who"),
    [("41 42 43 44 46 47", Responsibility.CARRIER), ("61 63 64 66 67", Responsibility.CARRIER),
     ("97", Responsibility.CARRIER), ("71 72 73 75 76 77", Responsibility.WEATHER),
     ("81 82 83 84", Responsibility.AIR_TRAFFIC), ("86 87 88 89", Responsibility.AIRPORT),
     ("85 69", Responsibility.SECURITY), ("91 92 93 94 95 96", Responsibility.REACTIONARY),
     ("11 15", Responsibility.PASSENGER), ("51 98", Responsibility.EXTERNAL), ("99", Responsibility.UNKNOWN)],
)  # fmt: skip
def test_the_cause_lies_where_the_code_puts_it(codes, who):
    """Technical and crew are the airline's; weather, air traffic, airport and security are not; knock-on is apart."""
    assert {responsibility(DelayCode(code)) for code in codes.split()} == {who}


@given(st.text(max_size=8), st.sampled_from(["AHM730", "AHM731", "AHM732", "", "x"]))
def test_any_text_has_a_wording(code, scheme):
    """Whatever a feed sends as a code, there is one line of words for it, and it answers for somebody or nobody."""
    words = plain_words(DelayCode(code, scheme))
    assert 0 < len(words) <= 80
    assert "\n" not in words
    assert responsibility(DelayCode(code, scheme)) in Responsibility
