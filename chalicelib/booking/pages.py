"""The page behind the link of an offer (`core.pages`): other flights, and the button that takes them."""

from collections.abc import Iterable
from datetime import UTC
from typing import Any

from chalicelib.airports import lookup
from chalicelib.booking import words
from chalicelib.booking.model import Booking, Offered, Segment
from chalicelib.channels import texts
from chalicelib.channels.model import LANGUAGES
from chalicelib.core import pages
from chalicelib.core.routes import Document

_HEADINGS = {"link_invalid": "heading_invalid", "offer_over": "heading_over"}


def offer(booking: Booking, offered: Offered) -> Document:
    """The flights that are held instead, with the button that takes them."""
    language = _language(booking)
    t, until = words.texts(language), offered.change.until
    assert until
    intro = t["pages"][offered.why].format(flight=offered.instead_of.flight, pnr=booking.locator)
    utc = until.astimezone(UTC)
    held = t["pages"]["held_until"].format(time=f"{utc:%H:%M}", day=words.day(t, utc.date()))
    had = {segment.leg for segment in booking.segments}
    shown = [segment for segment in offered.change.segments if segment.leg not in had]
    return _page("offer", language, "heading_rebook", flights=_flights(shown, t), intro=intro, held_until=held)


def rebooked(booking: Booking) -> Document:
    """That the flights are taken, and how one flies."""
    language = _language(booking)
    flights = _flights(booking.segments, words.texts(language))
    return _page("rebooked", language, "heading_rebooked", "rebooked", flights=flights)


def over(booking: Booking) -> Document:
    """That nothing is held any more."""
    return said(_language(booking), "offer_over", 409)


def said(language: str, notice: str, status: int) -> Document:
    """A page that says one thing; `notice` names a text."""
    return _page("said", language, _HEADINGS.get(notice, "heading_rebook"), notice, status, flights=())


def _flights(segments: Iterable[Segment], t: texts.Texts) -> list[dict[str, Any]]:
    return [
        {
            "number": str(each.leg.flight),
            "day": words.day(t, each.leg.date),
            "ends": [
                {"time": f"{at.astimezone(lookup.zone(code)):%H:%M}", "place": _place(code)}
                for at, code in ((each.scheduled_out, each.leg.origin), (each.scheduled_in, each.destination))
            ],
            "seats": t["itinerary"]["seats"] + ": " + ", ".join(each.taken),
        }
        for each in segments
    ]


def _place(code: str) -> str:
    found = lookup.airport(code)
    return f"{found.city} {code}" if found and found.city else code


def _language(booking: Booking) -> str:
    return booking.contact.language if booking.contact else "en"


def _page(
    kind: str, language: str, heading: str, notice: str | None = None, status: int = 200, **shown: Any
) -> Document:
    language = language if language in LANGUAGES else "en"
    t: dict[str, str] = words.texts(language)["pages"]
    return pages.page(
        "chalicelib.booking", language, t, heading=heading, notice=notice, status=status, kind=kind, **shown
    )
