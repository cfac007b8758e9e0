"""How punctual a flight was, by its own history."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.clock import Now
from chalicelib.flights import ingest
from chalicelib.flights.feeds import replay
from chalicelib.flights.feeds.replay import ScheduledLeg
from chalicelib.flights.model import FlightUpdate, Observation
from chalicelib.pricing import demand
from chalicelib.search import find, punctuality
from chalicelib.search.ranking import Record

from .market import TODAY, calls, later, legs, request

pytestmark = pytest.mark.usefixtures("cloud")
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """No forecast is known from other tests, and moto is not atomic under threads."""
    demand._known.clear()
    monkeypatch.setattr(ingest, "WRITERS", 1)


def flew(flight: ScheduledLeg, days_ago: int, now: Now, late: int | None, **more: Any) -> None:
    """A flight number came in so many minutes late, so many days ago; None: it never left."""
    (leg,) = (
        each
        for each in replay.route_on(flight.leg.origin, flight.destination, TODAY - timedelta(days=days_ago))
        if each.leg.flight == flight.leg.flight
    )
    values: dict[str, Any] = {
        "destination": leg.destination, "scheduled_out": leg.scheduled_out, "scheduled_in": leg.scheduled_in, **more,
    }  # fmt: skip
    if late is not None:
        values |= {"actual_out": leg.scheduled_out, "actual_in": leg.scheduled_in + late * MINUTE}
    at = leg.scheduled_in + timedelta(hours=8)
    update = FlightUpdate(leg.leg, "replay", {name: Observation(value, at) for name, value in values.items()})
    ingest.take([update], now, sleep=lambda seconds: None)


def records(flights: Sequence[ScheduledLeg], now: Now) -> list[Record | None]:
    known = punctuality.records(flights, now)
    return [known.get(flight.leg) for flight in flights]


def test_a_flight_number_has_the_record_of_its_last_two_weeks(now: Now) -> None:
    """On time is less than 15 minutes late; what was diverted is late, what was cancelled counts apart."""
    one, other, never = legs("JFK-HNL")[:1] + legs("EWR-HNL")[:1] + legs("EWR-LAX")[:1]
    for days_ago, late in ((1, 14), (2, -20), (3, 15), (14, 0), (15, 0)):
        flew(one, days_ago, now, late)
    flew(one, 4, now, None, cancelled=True)
    flew(one, 5, now, 200, diverted_to="SFO")
    flew(one, 6, now, None)  # nobody said what became of it
    flew(one, 7, now, 0, shown="hidden")
    flew(other, 1, now, 30)
    assert records([one, other, never], now) == [Record(3, 2, 1), Record(0, 1, 0), None]


def test_a_record_is_kept_for_six_hours(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then only the days are looked at that were not over, and the new one."""
    (flight,) = legs("JFK-HNL")[:1]
    flew(flight, 1, now, 0)
    with calls(monkeypatch) as asked:
        assert records([flight], now) == [Record(1, 0, 0)]
    assert asked == {"BatchGetItem searches": 1, "BatchGetItem flights": 1, "PutItem searches": 1}
    flew(flight, 2, now, 60)
    flew(flight, 3, now, 60)
    with calls(monkeypatch) as asked:
        assert records([flight], later(now, hours=6, seconds=-1)) == [Record(1, 0, 0)]
    assert asked == {"BatchGetItem searches": 1}
    looked: list[Any] = []
    real = punctuality.read.current
    monkeypatch.setattr(punctuality.read, "current", lambda asked, at: looked.extend(asked) or real(asked, at))
    assert records([flight], later(now, hours=6)) == [Record(1, 1, 0)]
    assert {leg.date for leg in looked} == {TODAY - timedelta(days=n) for n in (1, 2)}
    looked.clear()
    records([flight], later(now, hours=24))
    assert {leg.date for leg in looked} == {TODAY - timedelta(days=n) for n in (0, 1)}


def test_a_flight_that_was_not_asked_after_is_looked_up_at_once(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other flights of the route are known already: each number has its own record, and both stay up to date."""
    one, other, *_ = legs("EWR-LAX")
    for flight, late in ((one, 0), (other, 30)):
        flew(flight, 1, now, late)
        flew(flight, 5, now, late)
    assert records([one], now) == [Record(2, 0, 0)]
    assert records([one, other], now) == [Record(2, 0, 0), Record(0, 2, 0)]
    with calls(monkeypatch) as asked:
        records([one, other], now)
    assert asked == {"BatchGetItem searches": 1}
    later_on = later(now, days=1)
    flew(one, 0, later_on, 0)
    flew(other, 0, later_on, 0)
    assert records([other], later_on) == [Record(1, 2, 0)]
    assert records([one], later_on) == [Record(3, 0, 0)]


def test_an_offer_says_how_punctual_its_flights_were(now: Now) -> None:
    """Each leg by itself; of what never flew, nothing."""
    flight = legs("JFK-HNL")[0]
    for days_ago in range(1, 11):
        flew(flight, days_ago, now, 0 if days_ago < 10 else 40)
    found = find.offers(request("NYC-HNL", limit=100), now)
    offer = next(each for each in found.offers if each.key == (str(flight.leg),))
    assert offer.records == (Record(9, 1, 0),)
    assert "on time 9 times of 10" in [reason.text for reason in found.reasons[offer.key]]
    assert {each.records for each in found.offers if each.journeys[0].legs[0].leg.origin == "EWR"} == {(None,)}


def test_nothing_is_said_of_what_is_not_over(now: Now) -> None:
    """A flight in the air has no record yet, whatever is expected of it."""
    (flight,) = legs("JFK-HNL")[:1]
    flew(flight, 1, now, None, actual_out=now.flight, estimated_in=now.flight + timedelta(hours=3))
    assert records([flight], now) == [None]
