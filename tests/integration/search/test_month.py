"""The lowest price for each day of a month."""

from datetime import date, timedelta

import pytest

from chalicelib.core.clock import Now
from chalicelib.pricing import demand
from chalicelib.pricing.model import Party
from chalicelib.pricing.seats import Cabin
from chalicelib.search import find, month
from chalicelib.search.find import Request
from chalicelib.search.market import Part
from chalicelib.search.month import Lowest
from chalicelib.search.ranking import Sort

from .market import TODAY, calls, later, legs, sell, tell

pytestmark = pytest.mark.usefixtures("cloud")
JULY, AUGUST, SEPTEMBER = date(2026, 7, 1), date(2026, 8, 1), date(2026, 9, 1)


@pytest.fixture(autouse=True)
def afresh() -> None:
    """No forecast is known from other tests."""
    demand._known.clear()


def days(way: str, of: date, now: Now, party: Party = Party(1)) -> dict[date, Lowest | None]:  # noqa: B008 - frozen
    origin, _, destination = way.partition("-")
    return month.days(origin, destination, of, party=party, cabin=Cabin.ECONOMY, now=now)


@pytest.mark.parametrize(("way", "party"), [("NYC-LAX", Party(1)), ("NYC-CHI", Party(2, 1, 1)), ("BOS-MIA", Party(1))])
def test_a_days_price_is_what_a_search_finds(way: str, party: Party, now: Now) -> None:
    """Direct or with a connection: the cheapest offer of that day."""
    for flight in legs("EWR-LAX", date(2026, 8, 6))[:4]:
        sell(flight, now, left=5)
    found = days(way, AUGUST, now, party)
    assert sorted(found) == [AUGUST + timedelta(days=n) for n in range(31)]
    for day in (date(2026, 8, 1), date(2026, 8, 6), date(2026, 8, 31)):
        origin, _, destination = way.partition("-")
        offers = find.offers(Request((Part(origin, destination, day),), party, sort=Sort.PRICE), now).offers
        assert found[day] == Lowest(offers[0].total, "USD")


def test_a_month_has_the_days_that_are_on_sale(now: Now) -> None:
    """From today to sixty days ahead."""
    assert min(days("EWR-LAX", JULY, now)) == TODAY
    assert max(days("EWR-LAX", SEPTEMBER, now)) == TODAY + timedelta(days=60)
    assert days("EWR-LAX", date(2026, 6, 1), now) == {}
    assert days("EWR-LAX", date(2026, 10, 1), now) == {}
    assert days("EWR-LAX", date.max.replace(day=1), now) == {}


def test_a_day_without_seats_or_flights_has_no_price(now: Now) -> None:
    """All legs full, or none there."""
    full = TODAY + timedelta(days=30)
    for flight in legs("JFK-HNL", full):
        sell(flight, now)
    found = days("JFK-HNL", full.replace(day=1), now)
    assert found[full] is None
    assert found[full + timedelta(days=1)] is not None
    assert set(days("BOS-XNA", AUGUST, now).values()) != {None}
    assert set(days("LHR-LAX", AUGUST, now).values()) == {None}


def test_a_cancelled_flight_has_no_price(now: Now) -> None:
    """Where the day is near, how its flights stand counts."""
    tomorrow = TODAY + timedelta(days=1)
    assert days("JFK-HNL", JULY, now)[tomorrow]
    for flight in legs("JFK-HNL", tomorrow):
        tell(flight, now, cancelled=True)
    assert days("JFK-HNL", JULY, later(now, seconds=300))[tomorrow] is None


def test_a_month_is_read_in_batches_and_shared(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred legs a call, never a Query for each day; asked again within five minutes, one call."""
    flown = len(legs("EWR-LAX")) + len(legs("JFK-LAX"))
    with calls(monkeypatch) as first:
        found = days("NYC-LAX", AUGUST, now)
    batches = -(-31 * flown // 100)
    assert first == {"BatchGetItem searches": 1, "BatchGetItem inventory": batches + 1, "PutItem searches": 1}
    with calls(monkeypatch) as second:
        assert days("NYC-LAX", AUGUST, later(now, seconds=299)) == found
    assert second == {"BatchGetItem searches": 1}
    with calls(monkeypatch) as third:
        days("NYC-LAX", AUGUST, later(now, seconds=300))
    assert third["BatchGetItem inventory"] == batches  # the forecast is still known
