"""Flights to be told of, for the tests of what is said."""

from datetime import UTC, date, datetime, timedelta

from chalicelib.alerts.model import Matter, News, Told
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import DelayCode, Flight, FlightUpdate, Observation, apply

NOW = datetime(2026, 7, 10, 19, tzinfo=UTC)  # 15:00 in New York
OUT = datetime(2026, 7, 10, 21, 20, tzinfo=UTC)  # 17:20 there
IN = OUT + timedelta(hours=6)  # 20:20 in Los Angeles


def later(minutes: int) -> timedelta:
    return timedelta(minutes=minutes)


def flight(origin: str = "EWR", destination: str | None = "LAX", **observed) -> Flight:
    """UA1545 with what was observed of it."""
    fields = {"destination": destination, "scheduled_out": OUT, "scheduled_in": IN, "departure_terminal": "C",
              "departure_gate": "B7", **observed}  # fmt: skip
    seen = {name: Observation(value, NOW) for name, value in fields.items()}
    leg = LegId(FlightNumber("UA", 1545), date(2026, 7, 10), origin)
    return apply(None, FlightUpdate(leg, "aidx:test", seen))[0]


def news(*matters: Matter, **before) -> News:
    """News for somebody who knew the schedule, and what is given."""
    told = Told(**{"out": OUT, "in_": IN, **before})
    return News(matters, told, told)


DELAYED = flight(
    estimated_out=OUT + later(45), estimated_in=IN + later(40), delay_codes=(DelayCode("71", minutes=45),)
)  # fmt: skip
IN_THE_AIR = flight(actual_out=OUT, estimated_in=IN + later(30))
# One case of each matter, and of each wording it has.
CASES = {
    "cancelled": (flight(cancelled=True, delay_codes=(DelayCode("41"),)), news(Matter.CANCELLED)),
    "reinstated": (flight(), news(Matter.REINSTATED, cancelled=True)),
    "diverted": (flight(actual_out=OUT, diverted_to="BOS"), news(Matter.DIVERTED)),
    "diverted-unknown": (flight(actual_out=OUT, diverted_to=""), news(Matter.DIVERTED)),
    "turning-back": (flight(actual_out=OUT, diverted_to="EWR"), news(Matter.DIVERTED)),
    "diversion-ended": (IN_THE_AIR, news(Matter.DIVERSION_ENDED, diverted_to="BOS")),
    "returned": (flight(actual_out=NOW - later(30), returned=True), news(Matter.RETURNED)),
    "leaves-later": (DELAYED, news(Matter.DELAYED)),
    "leaves-earlier": (flight(estimated_out=OUT + later(25)), news(Matter.EARLIER, out=OUT + later(45))),
    "arrives-later": (IN_THE_AIR, news(Matter.DELAYED)),
    "arrives-earlier": (IN_THE_AIR, news(Matter.EARLIER, in_=IN + later(60))),
    "gate": (flight(), news(Matter.GATE)),
    "gate-changed": (DELAYED, news(Matter.GATE, gate="B4")),
    "terminal": (flight(), news(Matter.TERMINAL)),
    "terminal-changed": (flight(), news(Matter.TERMINAL, Matter.REMINDER, terminal="A")),
    "final-call": (flight(stage="final-call"), news(Matter.FINAL_CALL)),
    "boarding": (flight(stage="boarding"), news(Matter.BOARDING)),
    "departed": (IN_THE_AIR, news(Matter.DEPARTED)),
    "landed": (flight(actual_out=OUT, actual_on=IN, belt="5"), news(Matter.LANDED, Matter.BELT)),
    "belt": (flight(actual_out=OUT, actual_on=IN, belt="5"), news(Matter.BELT)),
    "belt-changed": (flight(actual_out=OUT, actual_on=IN, belt="5"), news(Matter.BELT, belt="4")),
    "reminder": (flight(), news(Matter.REMINDER)),
    "everything": (
        DELAYED,
        news(Matter.REINSTATED, Matter.DELAYED, Matter.GATE, Matter.TERMINAL, Matter.REMINDER, gate="B4", terminal="A"),
    ),
    "nothing known": (
        flight(destination=None, scheduled_out=None, scheduled_in=None, departure_terminal=None, departure_gate=None),
        news(Matter.REINSTATED, out=None, in_=None),
    ),
}  # fmt: skip
