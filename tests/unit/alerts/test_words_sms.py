# ruff: noqa: RUF001 - dashes and full-width letters are what is said
"""What SMS say, and that each fits."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.airports.lookup import lines
from chalicelib.alerts import words
from chalicelib.alerts.model import Matter
from chalicelib.alerts.words.sms import in_gsm_7
from chalicelib.alerts.words.texts import texts
from chalicelib.channels.model import LANGUAGES
from chalicelib.channels.sms import segments
from chalicelib.flights.identity import FlightNumber
from chalicelib.flights.model import DelayCode
from tests.unit.alerts.flights import CASES, IN, NOW, OUT, flight, later, news

LINK = "https://f.test/s/abcdefgh"
LONGEST = sorted((line.split("\t") for line in lines().decode().splitlines()[1:]), key=lambda place: -len(place[3]))
AIRPORTS = st.sampled_from(
    [place[0] or place[1] for place in LONGEST[:200]] + ["EWR", "LAX", "CDG", "XXX", "łó", "\x00"]
)
WORDS = st.none() | st.text(max_size=40) | st.sampled_from(["B4", "€[]{}|~^\\" * 5, "W" * 200, "\U0001f6eb" * 9])
MINUTES = st.integers(-3000, 3000).map(lambda minutes: timedelta(minutes=minutes))


def fits(text: str, language: str) -> bool:
    return segments(text).count <= (2 if language == "zh" else 1)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_every_matter_fits_and_says_first_what_happened(case, language):
    """In every language, with the link; and all but Chinese in GSM-7, for accents would halve the room."""
    text = words.sms_of(*CASES[case], language, NOW, LINK)
    assert fits(text, language)
    assert text.startswith("UA1545")
    assert text.endswith(" " + LINK)
    assert segments(text).encoding == ("UCS-2" if language == "zh" else "GSM-7")
    assert not {"{", "}", "?"} & set(text)


@given(
    language=st.sampled_from(LANGUAGES), origin=AIRPORTS, destination=st.none() | AIRPORTS, to=st.none() | AIRPORTS,
    gate=WORDS, before=WORDS, terminal=WORDS, moved=MINUTES, was=MINUTES, ago=MINUTES,
    stage=st.sampled_from([None, "boarding", "departed", "landed"]), cancelled=st.booleans(),
    code=st.sampled_from(["41", "93", "51", "XX"]), matters=st.sets(st.sampled_from(list(Matter)), min_size=1),
    link=st.sampled_from([None, LINK, "https://" + "x" * 150]),
    number=st.sampled_from([None, FlightNumber("LHX", 7600, "P")]),
)  # fmt: skip
def test_nothing_a_feed_says_makes_an_sms_longer(  # noqa: PLR0917
    language,
    origin,
    destination,
    to,
    gate,
    before,
    terminal,
    moved,
    was,
    ago,
    stage,
    cancelled,
    code,
    matters,
    link,
    number,
):
    """Long cities and gates, days ahead, everything at once: it drops what matters least, and begins all the same."""
    subject = flight(
        origin, destination, estimated_out=OUT + moved, estimated_in=IN + moved, departure_gate=gate, belt=gate,
        departure_terminal=terminal, diverted_to=to, stage=stage, cancelled=cancelled, delay_codes=(DelayCode(code),),
    )  # fmt: skip
    known = news(*(m for m in Matter if m in matters), out=OUT + was, in_=IN + was, gate=before, terminal=before)
    text = words.sms_of(subject, known, language, NOW + ago, link, number=number)
    assert fits(text, language)
    assert text.startswith("LHX7600P (UA1545)" if number else "UA1545")
    assert language == "zh" or segments(text).encoding == "GSM-7"
    assert not set(text) & set("\r\n\x00")


SAMPLES = {
    "en": "UA1545 Newark-Los Angeles is CANCELLED. Ask your airline for another flight or a refund. "
    "It was to leave 17:20 EDT. https://f.test/s/abcdefgh",
    "es": "UA1545 Newark-Los Angeles ha sido CANCELADO. Pida a su aerolinea otro vuelo o el reembolso. "
    "https://f.test/s/abcdefgh",
    "fr": "UA1545 Newark-Los Angeles est ANNULÉ. Demandez à votre compagnie un autre vol ou le remboursement. "
    "Le départ était prévu à 17h20 EDT. https://f.test/s/abcdefgh",
    "de": "UA1545 Newark-Los Angeles ist ANNULLIERT und fliegt nicht. Bitten Sie Ihre Airline um einen anderen Flug "
    "oder um Erstattung. https://f.test/s/abcdefgh",
    "zh": "UA1545 纽瓦克至洛杉矶 已取消。请联系航空公司改签或退票。原定起飞时间：纽约时间17:20。原因：飞机技术故障。"
    "您可能有权获得退款或赔偿： https://f.test/s/abcdefgh",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_cancellation_reads_well(language):
    """What happened, what to do, and where to read on."""
    assert words.sms_of(*CASES["cancelled"], language, NOW, LINK) == SAMPLES[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_booked_is_sent_to_the_booking(language):
    """It has other flights for them, and their money: no airline is to be asked, in one segment as before."""
    text = words.sms_of(*CASES["cancelled"], language, NOW, LINK, booked=True)
    advice = texts(language)["beside"]["see_booking"]
    assert (advice if language == "zh" else in_gsm_7(advice)) in text
    assert text.endswith(" " + LINK)
    assert fits(text, language)


def test_what_matters_least_goes_first():
    """The reason before the gate, the cities' names before the gate too, and the link last of all."""
    case = CASES["everything"]
    text = words.sms_of(*case, "en", NOW, LINK)
    assert "Reason" not in text
    assert "gate B7" in text
    assert text.endswith(LINK)
    free = words.sms_of(*CASES["gate"], "en", NOW, None)
    assert free == "UA1545 Newark-Los Angeles: gate B7. Leaves 17:20 EDT. Terminal C."
    far = flight("PWK", "PGK", estimated_out=OUT + later(60), estimated_in=IN + later(60))
    assert words.sms_of(far, news(Matter.DELAYED), "de", NOW, LINK).startswith("UA1545 PWK-PGK: ")


def test_rights_are_hinted_at_before_the_link_where_there_is_room():
    """And not where there is no link that says more."""
    diverted = CASES["diverted"]
    assert words.sms_of(*diverted, "en", NOW, LINK).endswith(f"A refund or compensation may be due: {LINK}")
    assert "due" not in words.sms_of(*diverted, "en", NOW, None)


def test_letters_without_a_place_in_gsm_7_become_the_nearest():
    """Those it has stay: è and É, ü and ß, ñ and ø."""
    assert in_gsm_7("è É ü ß ñ Ñ ø Å ¿") == "è É ü ß ñ Ñ ø Å ¿"
    assert in_gsm_7("á ê ç Í œ Łódź Þ – São ﬁ \u00a0") == "a e c I oe Lodz Th - Sao fi  "
    assert in_gsm_7("北\U0001f6eb") == "??"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_number_is_asked_to_confirm_in_one_segment(language):
    """Who asks, the code, and what to do otherwise; whatever the sender is called."""
    text = words.confirm_sms("123456", language, "Example Air " * 9)
    assert segments(text).count == 1
    assert "123456" in text
    assert text.startswith("Example Air Example Air")
    assert not set("{}") & set(text)
