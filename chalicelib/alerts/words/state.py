"""How a flight now stands, for the page of who follows it: in the words and with the table of an email."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.alerts.model import Matter, News, to_leave, unseen
from chalicelib.alerts.words.email import End, ends, planned
from chalicelib.alerts.words.story import Part, sentences
from chalicelib.alerts.words.texts import texts
from chalicelib.flights.identity import FlightNumber
from chalicelib.flights.model import Flight, FlightStatus, Phase

_SAID = {
    Phase.CANCELLED: Matter.CANCELLED,
    Phase.DIVERTED: Matter.DIVERTED,
    Phase.RETURNED: Matter.RETURNED,
    Phase.FINAL_CALL: Matter.FINAL_CALL,
    Phase.LANDED: Matter.LANDED,
    Phase.ARRIVED: Matter.LANDED,
}
_SAID_ON_TIME = {Phase.BOARDING: Matter.BOARDING, Phase.DEPARTED: Matter.DEPARTED, Phase.AIRBORNE: Matter.DEPARTED}
_BESIDE = (Part.LATE, Part.ADVICE, Part.REASON)  # what neither the headline nor the table says


@dataclass(frozen=True)
class State:
    """A flight as it now stands."""

    headline: str | None  # None where there is nothing to say but its times
    summary: str
    ends: tuple[End, ...]
    calendar: str | None  # what the link to its calendar entry says; None where it needs none any more


def state_of(flight: Flight, language: str, now: datetime, number: FlightNumber | None = None) -> State:
    """A flight as it now stands, in a language. `now` is the flight clock's; `number` is the one it is followed by."""
    t, status = texts(language), flight.status
    headline, summary = None, ""
    if matter := _matter(status):
        known = unseen(flight)
        first, *others = sentences(t, flight, News((matter,), before=known, after=known), now, number)
        headline = first.text
        summary = t["beside"]["between"].join(each.text for each in others if each.part in _BESIDE)
    return State(headline, summary, tuple(ends(t, flight, now)), t["email"]["calendar"] if planned(flight) else None)


def _matter(status: FlightStatus) -> Matter | None:
    if status.phase in _SAID:
        return _SAID[status.phase]
    late = status.departure_delay if to_leave(status) else status.arrival_delay
    return Matter.DELAYED if status.delayed and (late or 0) > 0 else _SAID_ON_TIME.get(status.phase)
