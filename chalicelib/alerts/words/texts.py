"""The texts of a language, and how it writes times, days, places and reasons."""

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.airports.lookup import airport, lines, parse, zone
from chalicelib.alerts.model import Subject
from chalicelib.channels import texts as files
from chalicelib.channels.model import LANGUAGES
from chalicelib.channels.texts import Texts
from chalicelib.flights.delay_codes import plain_words, reason
from chalicelib.flights.model import DelayCode

_HERE = Path(__file__).parent
_PROMINENT = 1021  # of the airports: these are international, or busy, or sold under a metropolis's code
LONGEST_VALUE = 12  # characters of a gate, terminal or belt


def texts(language: str) -> Texts:
    """Everything that is said in a language; English where there is no such language."""
    return files.texts(_HERE, language)


def page_texts(language: str) -> Mapping[str, str]:
    """The texts of the pages, `[pages]` of a language's file; and `dir`, the direction in which it is written."""
    return files.page_texts(_HERE, language)


def due_texts(language: str) -> Mapping[str, str]:
    """The words around what may be due to passengers."""
    words: Mapping[str, str] = texts(language)["due"]
    return words


def language_names() -> dict[str, str]:
    """What each language calls itself."""
    return {language: texts(language)["name"] for language in LANGUAGES}


def subject_label(subject: Subject, language: str) -> str:
    """What is followed, such as "UA1545 on Friday 10 July"."""
    t = texts(language)
    day = day_words(t, subject.day)
    if subject.route:
        origin, destination = (which(t, code) for code in subject.route)
        return said(t["subject"]["route"], origin=origin, destination=destination, day=day)
    number = subject.leg.flight if subject.leg else subject.number
    return said(t["subject"]["flight"], flight=number, day=day)


def said(text: str, **values: Any) -> str:
    """A text with its values. What ends in a period gets no second one."""
    return text.format(**values).replace("..", ".")


def clean(value: str | None, longest: int = LONGEST_VALUE) -> str | None:
    """A feed's value fit to be shown: one line, no invisible characters, not too long; None where nothing is left."""
    if value is None:
        return None
    shown = "".join(" " if c.isspace() else c for c in value if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(shown.split())[:longest].strip() or None


def city(t: Texts, code: str) -> str:
    """The city of an airport, as the language calls it; its code where not known."""
    place = airport(code)
    if place is None:
        return clean(code) or "?"
    return str(t["cities"].get(place.city, place.city)) or code


def which(t: Texts, code: str) -> str:
    """The city of an airport, and its code where the city has several, such as "New York JFK"."""
    name = city(t, code)
    if name == code or not _one_of_several(code):
        return name
    return said(t["beside"]["several"], city=name, code=clean(code, 4))


@lru_cache(maxsize=4096)
def _one_of_several(code: str) -> bool:
    """Whether a prominent airport other than this one lies in a city of the same name."""
    place = airport(code)
    return place is not None and bool(_prominent().get(_known_as(place.city), set()) - {place.icao})


@cache
def _prominent() -> Mapping[str, set[str]]:
    """The airports to reckon with, by city: the data have them first."""
    found: dict[str, set[str]] = {}
    for line in lines().split(b"\n", _PROMINENT + 1)[1:-1]:
        place = parse(line)
        found.setdefault(_known_as(place.city), set()).add(place.icao)
    return found


def _known_as(name: str) -> str:
    """Mississauga is Toronto to passengers."""
    return str(texts("en")["cities"].get(name, name))


def moment(t: Texts, at: datetime | None, code: str, now: datetime) -> str:
    """An instant by the clocks of an airport, with the zone; and the day where it is not today there."""
    if at is None:
        return str(t["times"]["unknown"])
    local = at.astimezone(zone(code))
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    time = _clock(t, local, "at_twice" if twice else "at")
    if local.date() == now.astimezone(zone(code)).date():
        return time
    return said(t["times"]["on"], time=time, day=day_words(t, local.date(), short=True))


def moment_before(t: Texts, before: datetime | None, after: datetime | None, code: str, now: datetime) -> str:
    """What an instant was before it moved: the clock alone where that can't be mistaken."""
    if before and after:
        was, is_, today = (at.astimezone(zone(code)) for at in (before, after, now))
        if was.utcoffset() == is_.utcoffset() and was.date() in (is_.date(), today.date()):
            return clock(t, was)
    return moment(t, before, code, now)


def zone_words(t: Texts, at: datetime, code: str) -> str:
    """The zone of an airport's clocks at an instant, such as "EDT (New York time)"."""
    where = zone(code)
    return "UTC" if where.key == "UTC" else _clock(t, at.astimezone(where), "zone")


def clock(t: Texts, local: datetime) -> str:
    """What clocks show, such as 18:05."""
    return str(t["times"]["clock"].format(hour=f"{local:%H}", minute=f"{local:%M}"))


def day_words(t: Texts, day: date, *, short: bool = False) -> str:
    """A day, such as "Friday 10 July"."""
    times, form = t["times"], "_short" if short else ""
    return said(
        times["day"],
        weekday=times[f"weekdays{form}"][day.weekday()],
        date=times["first_of_month"] if day.day == 1 else day.day,
        month=times[f"months{form}"][day.month - 1],
    )


def span(t: Texts, minutes: int) -> str:
    """A length of time, such as "1 h 5 min"."""
    hours, rest = divmod(minutes, 60)
    form = "minutes" if not hours else "hours_minutes" if rest else "hours"
    return said(t["times"][form], hours=hours, minutes=rest)


def reason_words(t: Texts, code: DelayCode) -> str | None:
    """Why a flight is late; None for a code that says nothing to a passenger."""
    known = reason(code)
    if known is None or known.code == "99":
        return None
    return str(t["reasons"][known.code]) if "reasons" in t else plain_words(code)


def _clock(t: Texts, local: datetime, form: str) -> str:
    where = local.tzinfo
    assert isinstance(where, ZoneInfo)
    short = local.tzname() or ""
    if not short.isalpha():  # the zone has no abbreviation but its offset
        sign, offset = local.strftime("%z")[0], local.strftime("%z")[1:]
        short = f"UTC{sign}{int(offset[:2])}" + (f":{offset[2:]}" if offset[2:] != "00" else "")
    name = where.key.rpartition("/")[2].replace("_", " ")
    return said(
        t["times"][form],
        clock=clock(t, local),
        zone=t["abbreviations"].get(short, short),
        city=t["zones"].get(where.key) or t["cities"].get(name, name),
    )
