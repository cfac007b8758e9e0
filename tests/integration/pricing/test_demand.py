"""What a day has sold is learnt once, whatever stops in between, at the cost of a Query for each route."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

import app
from chalicelib.core import clock
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.flights import timetable
from chalicelib.pricing import demand, stock, store
from chalicelib.pricing.forecast import Demand
from chalicelib.pricing.inventory import Inventory
from chalicelib.pricing.seats import Cabin
from infra.local import events

DAY = date(2026, 11, 20)
AFTER = datetime(2026, 11, 21, 10, tzinfo=UTC)  # of that day, the last flight has left
NOW = Now(AFTER, AFTER)
ROUTES = [("EWR", "LAX"), ("JFK", "LAX"), ("JFK", "SFO"), ("LGA", "ATL")]


@pytest.fixture(autouse=True)
def a_small_airline(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four routes, of which two are looked at before progress is kept."""
    monkeypatch.setattr(timetable, "routes", lambda: list(ROUTES))
    monkeypatch.setattr(demand, "AT_ONCE", 2)


def sell(origin: str, destination: str, day: date, seats: int, until: Any = None) -> None:
    leg = timetable.legs(origin, destination, day, day)[0]
    unsold = Inventory.unsold(leg)
    some = [seat.number for seat in unsold.seat_map.seats if seat.cabin is Cabin.ECONOMY and not seat.blocked][:seats]
    store.save(unsold.take(7, "M", some, until))


def plenty() -> float:
    return 60.0


def stored(*routes: tuple[str, str]) -> dict[tuple[str, str], Demand]:
    return {(found.origin, found.destination): found for found in store.demands(routes or ROUTES, AFTER)}


def at(moment: datetime) -> Now:
    return Now(moment, moment)


def until_stopped(batches: int) -> Callable[[], float]:
    """Time for so many batches of routes."""
    left = iter([plenty()] * batches)
    return lambda: next(left, 0.0)


def test_a_route_that_sold_has_its_row_and_others_none():
    """Seats sold by class, seats offered by cabin on all the route's departures of that day, and the day."""
    sell("JFK", "LAX", DAY, 20)
    assert demand.recompute(NOW, plenty)
    found = stored()
    assert set(found) == {("JFK", "LAX")}
    seen = found["JFK", "LAX"]
    assert (seen.sold, seen.through, seen.version) == ({"M": 20}, DAY, 1)
    legs = timetable.legs("JFK", "LAX", DAY, DAY)
    assert seen.offered[Cabin.ECONOMY] > 0.8 * sum(Inventory.unsold(leg).capacity[Cabin.ECONOMY] for leg in legs)


def test_again_it_changes_nothing():
    """The schedule may run at any time: a day counts once, and then costs one read."""
    sell("JFK", "LAX", DAY, 20)
    demand.recompute(NOW, plenty)
    before = stored()
    assert demand.recompute(at(AFTER + timedelta(hours=1)), plenty)
    assert stored() == before


def test_a_day_that_is_known_costs_one_call(calls):
    """Of all the hours of a day, one has work to do."""
    demand.recompute(NOW, plenty)
    calls.clear()
    demand.recompute(at(AFTER + timedelta(hours=5)), plenty)
    assert calls == ["BatchGetItem"]


def test_a_night_costs_a_query_for_each_route(calls):
    """One Query for each route, a write for each with sales, and a read and a write for each batch of routes."""
    sell("JFK", "LAX", DAY, 20)
    calls.clear()
    demand.recompute(NOW, plenty)
    assert calls.count("Query") == len(ROUTES)
    assert calls.count("PutItem") == 1 + 2 + 1  # the route, two batches, the day
    assert calls.count("BatchGetItem") == 1 + 2 + 1  # the progress, two batches, the route that is written
    assert set(calls) == {"Query", "PutItem", "BatchGetItem"}


@pytest.mark.parametrize("batches", [0, 1])
def test_what_was_stopped_goes_on(batches):
    """With no time left it says so; the next run takes up the routes that are left, and the result is the same."""
    for route in ROUTES:
        sell(*route, DAY, 10)
    assert not demand.recompute(NOW, until_stopped(batches))
    assert len(stored()) == 2 * batches
    assert demand.recompute(NOW, plenty)
    assert {route: seen.sold for route, seen in stored().items()} == {route: {"M": 10} for route in ROUTES}
    assert {seen.version for seen in stored().values()} == {1}


@pytest.mark.parametrize("lost", range(1, 8))  # four routes, two batches, the day
def test_whatever_fails_in_between_each_day_counts_once(lost, monkeypatch):
    """One call of DynamoDB fails for good, each in turn: the next run makes the same rows as if nothing had been."""
    for route in ROUTES:
        sell(*route, DAY, 10)
    number = 0
    for name in ("save_demand", "save_progress"):
        kept = getattr(store, name)

        def failing(*given: Any, kept: Any = kept) -> Any:
            nonlocal number
            number += 1
            if number == lost:
                raise Unavailable("the tables are busy")
            return kept(*given)

        monkeypatch.setattr(store, name, failing)
    try:
        demand.recompute(NOW, plenty)
    except Unavailable:
        demand.recompute(NOW, plenty)
    assert {route: seen.sold for route, seen in stored().items()} == {route: {"M": 10} for route in ROUTES}


def test_two_at_once_count_a_day_once(monkeypatch):
    """Another run writes the row between the reading and the writing of this one: it is read again, and left."""
    sell("JFK", "LAX", DAY, 10)
    save, raced = store.save_demand, []

    def slower(seen: Demand, now: datetime) -> None:
        if not raced:
            raced.append(seen)
            save(seen, now)
        save(seen, now)

    monkeypatch.setattr(store, "save_demand", slower)
    assert demand.recompute(NOW, plenty)
    assert raced
    assert (stored()["JFK", "LAX"].sold, stored()["JFK", "LAX"].version) == ({"M": 10}, 1)


def test_a_day_is_learnt_when_its_last_flight_has_left():
    """Not while it is still that day in Honolulu."""
    sell("JFK", "LAX", DAY, 10)
    demand.recompute(at(AFTER - timedelta(seconds=1)), plenty)
    assert stored() == {}
    demand.recompute(NOW, plenty)
    assert stored()["JFK", "LAX"].through == DAY


def test_holds_that_ran_out_were_no_sales():
    """Only seats that somebody has count."""
    sell("JFK", "LAX", DAY, 10, until=AFTER - timedelta(hours=12))
    sell("LGA", "ATL", DAY, 10)
    demand.recompute(NOW, plenty)
    assert set(stored()) == {("LGA", "ATL")}


def test_days_that_were_missed_are_made_up_for():
    """Three days later all three are counted, the older ones less; a fortnight later the last week is."""
    for number in range(3):
        sell("JFK", "LAX", DAY + timedelta(days=number), 10)
    demand.recompute(NOW, plenty)
    assert demand.recompute(at(AFTER + timedelta(days=2)), plenty)
    seen = stored()["JFK", "LAX"]
    assert seen.through == DAY + timedelta(days=2)
    assert seen.sold["M"] == pytest.approx(10 * (1 + 0.98 + 0.98**2), abs=0.01)
    assert seen.version == 3
    assert demand.recompute(at(AFTER + timedelta(days=30)), plenty)
    assert stored()["JFK", "LAX"].version == 3 + 7


def test_a_forecast_is_read_in_one_call_and_kept_for_a_while(calls, monkeypatch):
    """Of several routes at once; those without a row go by the assumption; and soon after, no call at all."""
    sell("JFK", "LAX", DAY, 20)
    demand.recompute(NOW, plenty)
    calls.clear()
    found = demand.of_routes([*ROUTES, ROUTES[0]], NOW)
    assert calls == ["BatchGetItem"]
    assert {route: seen.version for route, seen in found.items()} == {
        route: int(route == ("JFK", "LAX")) for route in ROUTES
    }
    assert demand.of_routes(ROUTES, NOW) == found
    assert len(calls) == 1
    monkeypatch.setattr(demand, "KEPT", -1)
    demand.of_routes(ROUTES, NOW)
    assert len(calls) == 2


def test_a_stage_without_a_timetable_has_nothing_to_learn(monkeypatch):
    """It says that all is done."""
    monkeypatch.setattr(timetable, "routes", lambda: ())
    assert demand.recompute(NOW, plenty)


def test_a_row_is_written_at_the_version_read():
    """A second writer of the same version is refused."""
    seen = Demand("JFK", "LAX", {"M": 1.5}, {Cabin.ECONOMY: 150}, DAY)
    store.save_demand(seen, AFTER)
    with pytest.raises(Conflict):
        store.save_demand(seen, AFTER)
    [kept] = store.demands([("JFK", "LAX")], AFTER)
    assert (kept.sold, kept.offered, kept.through, kept.version) == ({"M": 1.5}, {"economy": 150}, DAY, 1)


def test_what_is_old_is_absent():
    """After 400 days without a flight nothing is known, whether or not the row was swept up."""
    store.save_demand(Demand("JFK", "LAX", {"M": 1.5}, {Cabin.ECONOMY: 150}, DAY), AFTER)
    assert store.demands([("JFK", "LAX")], AFTER + timedelta(days=401)) == []


def test_legs_and_forecasts_do_not_meet():
    """A leg's Query finds no forecast, and the other way about."""
    sell("JFK", "LAX", DAY, 20)
    demand.recompute(NOW, plenty)
    legs = timetable.legs("JFK", "LAX", DAY, DAY)
    found = stock.of_route("JFK", "LAX", DAY, legs, AFTER)
    assert sum(each.version for each in found.values()) == 1


def test_the_schedule_learns(monkeypatch):
    """Called by EventBridge as it is deployed, with no more rights than its policy gives."""
    monkeypatch.setattr(clock, "now", lambda setting: NOW)
    sell("JFK", "LAX", DAY, 20)
    app.forecast_demand(events.schedule("forecast_demand", AFTER), events.context("forecast_demand"))
    assert set(stored()) == {("JFK", "LAX")}
