"""Demand is the tariff's assumption, corrected by what was sold: each day once, and less as it grows old."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.pricing.forecast import Demand, Departure, deviation, factor
from chalicelib.pricing.seats import Cabin
from chalicelib.pricing.tariff import tariff

DAY = date(2026, 11, 21)
TARIFF = tariff(DAY)
CLASSES = {each.code: each for each in TARIFF.classes}
UNKNOWN = Demand("JFK", "LAX")


def departure(seats: int = 150, hour: int = 12, **sold: int) -> Departure:
    return Departure(DAY.weekday(), hour, "UA", {Cabin.ECONOMY: seats}, sold)


sales = st.lists(st.builds(departure, st.integers(1, 300), st.integers(0, 23), M=st.integers(0, 60)), max_size=8)


def test_without_sales_the_assumption_holds():
    """A route of which nothing is stored sells the tariff's shares, and says version 0."""
    assert UNKNOWN.shares(Cabin.ECONOMY, TARIFF) == [each.share for each in TARIFF.classes_of(Cabin.ECONOMY)]
    assert UNKNOWN.version == 0


def test_the_published_formula_by_hand():
    """Class M, 90 permille assumed as sure as 1,000 seats: 60 of 500 seats sold make (90 + 60) / (1000 + 500) = 100."""
    seen = Demand("JFK", "LAX", {"M": 60}, {Cabin.ECONOMY: 500}, DAY, 3)
    assert seen.share(CLASSES["M"], TARIFF) == 100


@given(sales, st.integers(0, 60))
def test_more_sales_expect_more(departures, more):
    """Who sells more in a class is never expected to sell less, and another cabin does not change."""
    some = UNKNOWN.observe(DAY, departures, TARIFF)
    others = UNKNOWN.observe(DAY, [*departures[:-1], *(_more(d, more) for d in departures[-1:])], TARIFF)
    assert others.share(CLASSES["M"], TARIFF) >= some.share(CLASSES["M"], TARIFF) >= 0
    assert some.share(CLASSES["F"], TARIFF) == UNKNOWN.share(CLASSES["F"], TARIFF)


def _more(one: Departure, more: int) -> Departure:
    return replace(one, sold={"M": one.sold["M"] + more})


@given(sales)
def test_a_day_counts_once(departures):
    """Seen again, or an older day after it: nothing changes."""
    once = UNKNOWN.observe(DAY, departures, TARIFF)
    assert once.observe(DAY, departures, TARIFF) is once
    assert once.observe(DAY - timedelta(days=1), departures, TARIFF) is once
    assert once.through == DAY


def test_what_was_sold_in_full_flights_raises_the_forecast_step_by_step():
    """Each day of 20 sales where 12 were expected brings the share nearer to what is sold, and never beyond."""
    seen, shares = UNKNOWN, []
    for number in range(60):
        day = DAY + timedelta(days=number)
        seats = round(100_000 / factor(TARIFF, day.weekday(), 12, "UA"))
        seen = seen.observe(day, [Departure(day.weekday(), 12, "UA", {Cabin.ECONOMY: seats}, {"M": 20})], TARIFF)
        shares.append(seen.share(CLASSES["M"], TARIFF))
    assert shares == sorted(shares)
    assert 90 < shares[0] < shares[-1] <= 200
    assert shares[-1] > 160


def test_the_old_is_forgotten():
    """A year after the last sale the assumption is back, and what is kept is small."""
    seen = UNKNOWN.observe(DAY, [departure(M=60)], TARIFF)
    later = seen.observe(DAY + timedelta(days=365), [], TARIFF)
    assert seen.share(CLASSES["M"], TARIFF) > 90
    assert later.shares(Cabin.ECONOMY, TARIFF) == UNKNOWN.shares(Cabin.ECONOMY, TARIFF)


def test_days_between_count_for_forgetting():
    """A day skipped makes the past as old as a day without flights does."""
    seen = UNKNOWN.observe(DAY, [departure(M=60)], TARIFF)
    skipped = seen.observe(DAY + timedelta(days=2), [], TARIFF)
    stepped = seen.observe(DAY + timedelta(days=1), [], TARIFF).observe(DAY + timedelta(days=2), [], TARIFF)
    assert skipped.sold["M"] == pytest.approx(stepped.sold["M"], abs=0.002)


def test_a_busy_hour_is_expected_to_sell_more():
    """Friday evening more than Saturday night, a regional carrier less; in permille of an average flight."""
    assert factor(TARIFF, 4, 17, "UA") == 1210
    assert factor(TARIFF, 5, 2, "UA") == 765
    assert factor(TARIFF, 4, 17, "EV") == 1149


def test_what_is_offered_counts_by_how_busy_it_is():
    """The same sales on a quiet departure are a sign of more demand than on a busy one."""
    quiet, busy = (UNKNOWN.observe(DAY, [departure(hour=hour, M=30)], TARIFF) for hour in (2, 17))
    assert quiet.offered[Cabin.ECONOMY] == 150 * factor(TARIFF, DAY.weekday(), 2, "UA") / 1000
    assert quiet.share(CLASSES["M"], TARIFF) > busy.share(CLASSES["M"], TARIFF)


def test_all_hours_and_days_have_a_factor():
    """No departure is without a forecast."""
    assert all(500 < factor(TARIFF, day, hour, "??") < 1500 for day in range(7) for hour in range(24))


@given(st.floats(0, 300), st.floats(0, 300))
def test_more_demand_is_more_uncertain(a, b):
    """The deviation is at least that of chance, and grows with the mean."""
    low, high = sorted((a, b))
    assert deviation(TARIFF, low) <= deviation(TARIFF, high)
    assert deviation(TARIFF, high) >= high**0.5


def test_the_deviation_by_hand():
    """Of 16 expected: chance 16, and 30 percent of it squared, 23.04: the root of 39.04."""
    assert deviation(TARIFF, 16) == pytest.approx(39.04**0.5)


@pytest.mark.parametrize("each", TARIFF.classes, ids=lambda each: each.code)
def test_demand_comes_before_its_advance_purchase(each):
    """All of it is to come while the class is not open yet, none when its sale has ended, and less each day between."""
    parts = [each.to_come(days) for days in range(80, -1, -1)]
    assert parts == sorted(parts, reverse=True)
    assert each.to_come(each.opens) == 1
    assert each.to_come(each.advance) == 0
