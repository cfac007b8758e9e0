"""What goes out as SMS: one segment (in Chinese two), in GSM-7 wherever the language's letters allow."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from chalicelib.alerts.model import News
from chalicelib.alerts.words.story import Part, Sentence, due, sentences
from chalicelib.alerts.words.texts import said, texts
from chalicelib.channels.sms import segments
from chalicelib.channels.texts import Texts
from chalicelib.flights.identity import FlightNumber
from chalicelib.flights.model import Flight

_MAY_BE_MISSING = tuple(Part)[1:]
_BEFORE_NAMES = (Part.FORMERLY, Part.REASON, Part.DUE)  # these are left out before cities become codes
# Letters that are no other letter with an accent. (noqa: that they look like others is why they stand here.)
_LIKE = {"–": "-", "’": "'", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D",  # noqa: RUF001
         "ð": "d", "þ": "th", "Þ": "Th", "ı": "i"}  # fmt: skip  # noqa: RUF001


def sms_of(
    flight: Flight,
    news: News,
    language: str,
    now: datetime,
    link: str | None,
    *,
    number: FlightNumber | None = None,
    booked: bool = False,
) -> str:
    """The news of a flight as one SMS; `link` leads to what the phone follows. The others: see `email_of`."""
    t = texts(language)
    text = ""
    for codes in (False, True):
        told = sentences(t, flight, news, now, number, codes=codes, booked=booked)
        if link:
            if due(t, flight, now):
                told.append(Sentence(Part.DUE, t["beside"]["due"]))
            told.append(Sentence(Part.LINK, link))
        leave_out = _MAY_BE_MISSING if codes else _BEFORE_NAMES
        dispensable = sorted((s for s in told if s.part in leave_out), key=lambda s: tuple(Part).index(s.part))
        while True:
            text = _text(t, language, told)
            if _fits(text, language):
                return text
            if not dispensable:
                break
            told.remove(dispensable.pop())
    return text


def confirm_sms(code: str, language: str, brand: str) -> str:
    """What asks a number to confirm: the code, for what, and what to do if it was somebody else."""
    text = said(texts(language)["confirm"]["sms"], brand=brand[:30], code=code)
    return text if language == "zh" else in_gsm_7(text)


def in_gsm_7(text: str) -> str:
    """A text in the characters of GSM-7 alone: others lose their accents, or become the nearest there is."""
    return "".join(map(_in_gsm_7, text))


@lru_cache(maxsize=4096)
def _in_gsm_7(character: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
    near = (character, _LIKE.get(character, ""), bare)
    return next((each for each in near if each and segments(each).encoding == "GSM-7"), "?")


def _text(t: Texts, language: str, told: Sequence[Sentence]) -> str:
    """The sentences as sent. A link stands apart, so that no phone takes a letter before it for a part of it."""
    text = ""
    for sentence in told:
        text += (" " if sentence.part is Part.LINK else t["beside"]["between"]) * bool(text) + sentence.text
    return text if language == "zh" else in_gsm_7(text)


def _fits(text: str, language: str) -> bool:
    return segments(text).count <= (2 if language == "zh" else 1)
