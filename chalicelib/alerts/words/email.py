"""What goes out as email: a subject, a text, and HTML. Rendered once, and sent to many with the links of each."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from chalicelib.airports.lookup import zone
from chalicelib.alerts.model import Matter, News, arrives, leaves, to_leave
from chalicelib.alerts.words.story import Due, Part, due, name, route, sentences
from chalicelib.alerts.words.texts import city, clean, clock, day_words, said, texts, zone_words
from chalicelib.channels import frame
from chalicelib.channels.texts import Texts
from chalicelib.flights.identity import FlightNumber
from chalicelib.flights.model import Flight, Phase

_GRAVE = {Matter.CANCELLED, Matter.DIVERTED, Matter.RETURNED, Matter.FINAL_CALL}
_OVER = (Phase.CANCELLED, Phase.DIVERTED, Phase.LANDED, Phase.ARRIVED)
# Where a recipient's links come in: control characters, which no value of a feed keeps.
_LINK = "\x02{}\x03"
_ONLY_WITH = "\x02?{}\x03"
_END = "\x02.\x03"
_BLOCK = re.compile("\x02\\?(\\w+)\x03(.*?)\x02\\.\x03", re.DOTALL)


@dataclass(frozen=True)
class Links:
    """What a message links to, as whole URLs; what is None is not offered."""

    manage: str | None
    unsubscribe: str | None
    calendar: str | None
    flight: str | None


@dataclass(frozen=True)
class EmailWords:
    """An email that has no recipient yet."""

    subject: str
    text: str
    html: str

    def for_links(self, links: Links) -> tuple[str, str, str]:
        """The subject, text and HTML for one recipient."""
        urls = {name: url for name, url in vars(links).items() if url}
        text, page = _offering(self, frozenset(urls))
        for link, url in urls.items():
            text = text.replace(_LINK.format(link), url)
            page = page.replace(_LINK.format(link), html.escape(url))
        return self.subject, text, page


@lru_cache(maxsize=100)  # mostly, everybody is offered the same
def _offering(email: EmailWords, links: frozenset[str]) -> tuple[str, str]:
    """The text and the HTML with these links only."""
    text, page = (_BLOCK.sub(lambda m: m[2] if m[1] in links else "", body) for body in (email.text, email.html))
    return re.sub("\n{3,}", "\n\n", text), page


class Cell(NamedTuple):
    """One fact of the table, such as Scheduled, 17:20, EDT (New York time)."""

    caption: str
    value: str
    note: str = ""
    day: str = ""


class End(NamedTuple):
    """One end of the flight: a column of the table."""

    caption: str
    place: str
    cells: tuple[Cell, ...]


class _Content(NamedTuple):
    headline: str
    summary: str
    reason: str
    grave: bool
    ends: tuple[End, ...]
    calendar: bool
    due: Due | None
    why: str


def email_of(
    flight: Flight,
    news: News,
    language: str,
    now: datetime,
    *,
    number: FlightNumber | None = None,
    booked: bool = False,
) -> EmailWords:
    """The news of a flight. `now` is the flight clock's; `number` is the one it is followed by, a codeshare's perhaps.

    `booked`: a booking follows it, and tells by letters of its own what its passengers can do.

    What it says hangs on the arguments alone: it is the same for everybody who knew the same before.
    """
    t = texts(language)
    first, *others = sentences(t, flight, news, now, number, booked=booked)
    between = t["beside"]["between"]
    content = _Content(
        headline=first.text,
        summary=between.join(s.text for s in others if s.part is not Part.REASON),
        reason=between.join(s.text for s in others if s.part is Part.REASON),
        grave=not _GRAVE.isdisjoint(news.matters),
        ends=tuple(ends(t, flight, now)),
        calendar=planned(flight),
        due=due(t, flight, now),
        why=said(t["email"]["why"], flight=f"{name(flight, number)} {route(t, flight)}".strip()),
    )
    subject = first.text.rstrip(".\N{IDEOGRAPHIC FULL STOP}")
    page = _page("flight.html", language, subject=subject, **content._asdict())
    return EmailWords(subject, _text(t, content), page)


def confirm_email(label: str, language: str, link: str, brand: str) -> tuple[str, str, str]:
    """What asks an address to confirm: subject, text, HTML. `label` says what for (`subject_label`)."""
    t = texts(language)
    words = t["confirm"]
    brand = clean(brand, 60) or "Gatecall"
    subject = said(words["email_subject"], what=label)
    asked = said(words["email_asked"], what=label, brand=brand)
    text = f"{asked} {words['email_do']}\n\n{link}\n\n{words['email_ignore']}\n"
    return subject, text, _page("confirm.html", language, subject=subject, asked=asked, link=link)


def _page(template: str, language: str, **shown: object) -> str:
    markers = {"only_with": _ONLY_WITH.format, "link_to": _LINK.format, "end": _END}
    return frame.html("chalicelib.alerts.words", template, t=texts(language), language=language, **markers, **shown)


def planned(flight: Flight) -> bool:
    """Whether an entry for it in a calendar is still of use."""
    status = flight.status
    return status.expected_out is not None and status.phase not in _OVER


def ends(t: Texts, flight: Flight, now: datetime) -> Iterator[End]:
    """The two columns of the table; of a diverted flight the second is the airport it goes to."""
    words, status, leg = t["email"], flight.status, flight.leg
    yield End(words["departure"], _place(t, leg.origin), tuple(_departure(t, flight, now)))
    if status.phase is Phase.DIVERTED:
        if status.diverted_to:
            yield End(words["diverted_to"], _place(t, status.diverted_to), ())
    elif status.destination:
        yield End(words["arrival"], _place(t, status.destination), tuple(_arrival(t, flight, now)))


def _place(t: Texts, code: str) -> str:
    place, code = city(t, code), clean(code, 4) or "?"
    return place if place == code else f"{place} ({code})"


def _departure(t: Texts, flight: Flight, now: datetime) -> Iterator[Cell]:
    status, words, origin = flight.status, t["email"], flight.leg.origin
    actual = status.actual_out or status.actual_off
    scheduled = status.scheduled_out or status.scheduled_off
    if (out := leaves(status)) and out != scheduled and not status.cancelled:
        yield _time(t, words["left"] if actual else words["expected"], out, origin, now)
    if to_leave(status):
        yield from _values((words["terminal"], status.departure_terminal), (words["gate"], status.departure_gate))
    if scheduled:
        yield _time(t, words["scheduled"], scheduled, origin, now)


def _arrival(t: Texts, flight: Flight, now: datetime) -> Iterator[Cell]:
    status, words, destination = flight.status, t["email"], flight.status.destination or ""
    actual = status.actual_in or status.actual_on
    scheduled = status.scheduled_in or status.scheduled_on
    if (in_ := arrives(status)) and in_ != scheduled and status.phase not in (Phase.CANCELLED, Phase.RETURNED):
        yield _time(t, words["arrived"] if actual else words["expected"], in_, destination, now)
    if status.phase not in (Phase.CANCELLED, Phase.RETURNED):
        yield from _values(
            (words["terminal"], status.arrival_terminal),
            (words["gate"], status.arrival_gate),
            (words["belt"], status.belt),
        )
    if scheduled:
        yield _time(t, words["scheduled"], scheduled, destination, now)


def _time(t: Texts, caption: str, at: datetime, code: str, now: datetime) -> Cell:
    local, today = at.astimezone(zone(code)), now.astimezone(zone(code)).date()
    day = day_words(t, local.date()) if local.date() != today else ""
    return Cell(caption, clock(t, local), zone_words(t, at, code), day)


def _values(*named: tuple[str, str | None]) -> Iterator[Cell]:
    for caption, value in named:
        if shown := clean(value):
            yield Cell(caption, shown)


def _text(t: Texts, content: _Content) -> str:
    paragraphs = [content.headline, content.summary, content.reason]
    for end in content.ends:
        cells = (f"  {_labelled(t, c.caption, f'{c.value} {c.note} {c.day}')}" for c in end.cells)
        paragraphs.append("\n".join((_labelled(t, end.caption, end.place), *cells)))
    if content.due:
        words = t["due"]
        lines = (f"- {line}" for line in content.due.lines)
        rules = (_labelled(t, rule, url) for rule, url in content.due.rules)
        paragraphs.append("\n".join((words["heading"], words["intro"], *lines, *rules, words["not_advice"])))
    paragraphs.append("".join(_linked(t, link) for link in ("flight", "calendar")[: 1 + content.calendar]))
    paragraphs.append(f"-- \n{content.why}\n" + "".join(_linked(t, link) for link in ("manage", "unsubscribe")))
    return "\n\n".join(filter(None, paragraphs))


def _labelled(t: Texts, label: str, value: str) -> str:
    return said(t["beside"]["labelled"], label=label, value=value).rstrip()


def _linked(t: Texts, link: str) -> str:
    return f"{_ONLY_WITH.format(link)}{_labelled(t, t['email'][link], _LINK.format(link))}\n{_END}"
