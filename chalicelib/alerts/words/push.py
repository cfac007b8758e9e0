"""What goes out to apps and browsers."""

from datetime import datetime

from chalicelib.alerts.model import News
from chalicelib.alerts.words.story import route, sentences
from chalicelib.alerts.words.texts import said, texts
from chalicelib.flights.identity import FlightNumber
from chalicelib.flights.model import Flight

Push = tuple[str, str, dict[str, str]]  # title, body, and data for the app


def push_of(flight: Flight, news: News, language: str, now: datetime, *, number: FlightNumber | None = None) -> Push:
    """The news of a flight: what happened as the title, the rest as the body. `now`, `number`: see `email_of`."""
    t = texts(language)
    first, *others = sentences(t, flight, news, now, number, routed=False)
    body = "\n".join(filter(None, (route(t, flight), t["beside"]["between"].join(s.text for s in others))))
    data = {
        "type": "flight.changed",
        "flight": str(flight.leg),
        "version": str(flight.version),
        "matters": ",".join(news.matters),
    }
    return first.text.rstrip(".\N{IDEOGRAPHIC FULL STOP}"), body, data


def confirm_push(code: str, language: str, brand: str) -> Push:
    """What asks an app or a browser to prove itself by a code."""
    words = texts(language)["confirm"]
    return words["push_title"], said(words["push_body"], brand=brand, code=code), {"type": "confirm", "code": code}
