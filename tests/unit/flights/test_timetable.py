"""What is for sale: the programme of the next sixty days, leg by leg and route by route."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core import config
from chalicelib.flights import timetable
from chalicelib.flights.feeds import replay
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import apply

TODAY = date(2026, 11, 21)
ONE_DAY = timedelta(days=1)


def test_a_leg_is_sold_under_the_id_that_the_live_day_will_have() -> None:
    """What the programme holds for a date is, leg by leg, what the feed announces on it: id, ends, times, aircraft."""
    day = TODAY + timedelta(days=17)
    evening = datetime(day.year, day.month, day.day, 23, tzinfo=UTC)
    announced = {
        update.leg: apply(None, update)[0].status for update in replay.snapshot(evening) if update.leg.date == day
    }
    sold = [each for route in timetable.routes() for each in timetable.legs(*route, day, TODAY)]
    assert {each.leg for each in sold} == announced.keys()
    assert len(sold) == len(announced) > 1500
    for each in sold:
        status = announced[each.leg]
        assert (each.destination, each.scheduled_out, each.scheduled_in) == (
            status.destination, status.scheduled_out, status.scheduled_in,
        )  # fmt: skip
        assert each.codeshares == (status.codeshares or ())
        if status.registration:  # announced in the course of the day
            assert (each.registration, each.aircraft_type) == (status.registration, status.aircraft_type)
    assert sum(status.registration is not None for status in announced.values()) > 500


def test_a_route_has_its_legs_only_by_departure() -> None:
    """Newark to Los Angeles, eighteen times a day."""
    found = timetable.legs("EWR", "LAX", TODAY, TODAY)
    assert len(found) == 18
    assert {(each.leg.origin, each.destination, each.leg.date) for each in found} == {("EWR", "LAX", TODAY)}
    assert [each.scheduled_out for each in found] == sorted(each.scheduled_out for each in found)
    assert found == [each for each in replay.timetable(TODAY) if (each.leg.origin, each.destination) == ("EWR", "LAX")]


@given(st.integers(-1, 60), st.integers(0, 10_000))
def test_each_leg_is_found_by_its_id(ahead: int, which: int) -> None:
    """By id it is the leg that its route holds."""
    day = TODAY + timedelta(days=ahead)
    origin, destination = sorted(timetable.routes())[which % len(timetable.routes())]
    for each in timetable.legs(origin, destination, day, TODAY):
        assert timetable.leg(each.leg, TODAY) == each


def test_the_programme_reaches_sixty_days_ahead() -> None:
    """Not further, and not back beyond yesterday, which may not be over in the west."""
    on = [bool(timetable.legs("EWR", "LAX", TODAY + timedelta(days=n), TODAY)) for n in (-2, -1, 0, 60, 61)]
    assert on == [False, True, True, True, False]
    leg = timetable.legs("EWR", "LAX", TODAY + timedelta(days=60), TODAY)[0].leg
    assert timetable.leg(leg, TODAY) is not None
    assert timetable.leg(leg, TODAY - ONE_DAY) is None


def test_a_leg_that_was_sold_is_known_after_its_day() -> None:
    """A booking of last month can still be shown."""
    leg = timetable.legs("EWR", "LAX", TODAY, TODAY)[0].leg
    assert timetable.leg(leg, TODAY + timedelta(days=30)) is not None


def test_what_nobody_flies_is_not_there() -> None:
    """No route, no leg; nor one from an airport it does not leave."""
    assert timetable.legs("BOS", "MIA", TODAY, TODAY) == []
    assert timetable.legs("XXX", "YYY", TODAY, TODAY) == []
    assert timetable.leg(LegId(FlightNumber("UA", 9999), TODAY, "EWR"), TODAY) is None
    assert timetable.leg(LegId(FlightNumber("UA", 1258), TODAY, "JFK"), TODAY) is None


def test_every_leg_touches_new_york() -> None:
    """The data are New York's: so nobody flies between two other airports."""
    home = set(replay.AIRPORTS)
    assert all(origin in home or destination in home for origin, destination in timetable.routes())
    assert not set(product(home, home)) & set(timetable.routes())


def test_today_is_new_yorks() -> None:
    """Half past eleven at night there is that day still, though tomorrow in UTC."""
    assert timetable.today(datetime(2026, 11, 22, 4, 30, tzinfo=UTC)) == TODAY
    assert timetable.today(datetime(2026, 11, 22, 5, 30, tzinfo=UTC)) == TODAY + ONE_DAY


def test_a_stage_without_the_feed_sells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A programme comes from a feed: where it is not polled, no leg would ever fly."""
    leg = timetable.legs("EWR", "LAX", TODAY, TODAY)[0].leg
    monkeypatch.setenv("FEEDS", "")
    config.config.cache_clear()
    try:
        assert (timetable.routes(), timetable.legs("EWR", "LAX", TODAY, TODAY), timetable.leg(leg, TODAY)) == (
            (), [], None,
        )  # fmt: skip
    finally:
        config.config.cache_clear()
