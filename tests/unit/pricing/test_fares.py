"""A seat costs what the tariff, the seats sold and the days before departure say, and every price is explained."""

import json
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from math import ceil, floor, sqrt
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.airports.lookup import airport
from chalicelib.flights.identity import LegId
from chalicelib.pricing import fares, tariff
from chalicelib.pricing.fares import Inputs, bid_price, explain, kilometres, quote, reckon
from chalicelib.pricing.forecast import Demand
from chalicelib.pricing.seats import Cabin

from .legs import CLOCKS, NOW, inventory, scheduled

TARIFF = tariff.tariff(date(2026, 11, 22))
DEMAND = Demand("JFK", "LAX")
CLASSES = {cabin: len(TARIFF.classes_of(cabin)) for cabin in Cabin}


@st.composite
def inputs(draw) -> Inputs:
    """What any fare may hang on."""
    cabin = draw(st.sampled_from(Cabin))
    capacity = draw(st.integers(1, 400))
    return Inputs(
        TARIFF.number, str(cabin), draw(st.integers(100, 16_000)), draw(st.integers(0, 70)), capacity,
        draw(st.integers(0, capacity)), draw(st.integers(1, 9)), draw(st.integers(0, 6)), draw(st.integers(0, 23)),
        draw(st.sampled_from(["UA", "EV", "B6"])),
        tuple(draw(st.lists(st.integers(0, 900), min_size=CLASSES[cabin], max_size=CLASSES[cabin]))),
        draw(st.integers(0, 10_000)),
    )  # fmt: skip


def test_the_full_fare_is_reckoned_by_distance():
    """60 dollars, 14 cents for each of the first 800 km, 9 to 2,400, then 6: 3,974 km are 410.44 dollars."""
    assert TARIFF.full_fare(3974, Cabin.ECONOMY) == 6000 + 800 * 14 + 1600 * 9 + 1574 * 6 == 41_044
    assert TARIFF.full_fare(500, Cabin.ECONOMY) == 6000 + 500 * 14
    assert TARIFF.full_fare(3974, Cabin.FIRST) == 4 * 41_044


def test_the_distance_is_the_great_circle():
    """JFK to LAX is 2,475 statute miles as mileage programmes count it, within the sphere's half percent; each way."""
    assert kilometres("JFK", "LAX") == pytest.approx(2475 * 1.609344, rel=0.005)
    assert kilometres("JFK", "LAX") == kilometres("LAX", "JFK")


def test_an_unknown_airport_has_no_distance():
    """A fare is never made up."""
    with pytest.raises(KeyError, match="QQQ"):
        kilometres("JFK", "QQQ")


@pytest.mark.parametrize("rule", tariff.tariffs(), ids=lambda rule: str(rule.number))
def test_every_tariff_is_in_order(rule):
    """In each cabin fares fall from class to class at any distance served, and each class has a brand and demand."""
    assert len({each.code for each in rule.classes}) == len(rule.classes)
    for cabin in Cabin:
        classes = rule.classes_of(cabin)
        assert classes
        assert all(each.brand in rule.brands and each.opens > each.advance >= 0 for each in classes)
        assert sum(each.share for each in classes) < 1000
        for km in (100, 151, 800, 4152, 8007, 16_000):
            found = [rule.fare(rule.full_fare(km, cabin), each) for each in classes]
            assert all(a > b > 0 and b % rule.unit == 0 for a, b in pairwise(found))


@given(st.sampled_from(Cabin), st.integers(0, 20_000), st.integers(0, 20_000))
def test_farther_is_never_cheaper(cabin, a, b):
    """No class costs less over a longer distance."""
    near, far = sorted((a, b))
    for each in TARIFF.classes_of(cabin):
        assert TARIFF.fare(TARIFF.full_fare(near, cabin), each) <= TARIFF.fare(TARIFF.full_fare(far, cabin), each)


def test_fare_basis_codes_tell_the_fares_apart():
    """Each class has its own, of at most eight characters as tickets have room for."""
    codes = [each.fare_basis for each in TARIFF.classes]
    assert len(set(codes)) == len(codes)
    assert all(len(code) <= 8 and code.isalnum() and code.isupper() for code in codes)
    assert "L21BASI" in codes


def test_rules_come_from_the_brand():
    """Basic can't be changed or refunded and has no bag, Standard can for a fee, Flex without one."""
    basic, standard, flex = (tariff.rules(code, date(2026, 12, 1)) for code in "LMY")
    assert (basic.brand, basic.changeable, basic.refundable, basic.bags) == ("Basic", False, False, 0)
    assert (standard.changeable, standard.refundable, standard.bags) == (True, True, 1)
    assert standard.change_fee > 0 < standard.cancel_fee
    assert (flex.changeable, flex.change_fee, flex.refundable, flex.cancel_fee, flex.bags) == (True, 0, True, 0, 2)


def test_there_is_no_other_class():
    """A class that is not in the tariff has no rules."""
    with pytest.raises(KeyError):
        tariff.rules("Z", date(2026, 12, 1))


def test_before_the_first_tariff_the_first_holds():
    """A clock set to an earlier year still finds prices."""
    assert tariff.tariff(date(2013, 7, 10)) is tariff.tariffs()[0]


@given(st.integers(1, 500_000), st.integers(1, 400), st.data())
def test_the_bid_price_rises_with_the_load(highest, capacity, data):
    """Of the same flight on the same day, a seat less to sell never lowers it; it stays within the highest fare."""
    days = data.draw(st.integers(0, 70))
    prices = [bid_price(highest, capacity, free, TARIFF.power(days)) for free in range(capacity, -1, -1)]
    assert prices[0] == 0
    assert prices[-1] == highest
    assert all(a <= b for a, b in pairwise(prices))


@given(st.integers(1, 500_000), st.integers(1, 400), st.data())
def test_the_bid_price_rises_as_departure_comes_near(highest, capacity, data):
    """At any load a day less never lowers it; at four fifths it is well higher on the last day than two months out."""
    free = data.draw(st.integers(0, capacity))
    prices = [bid_price(highest, capacity, free, TARIFF.power(days)) for days in range(70, -1, -1)]
    assert all(a <= b for a, b in pairwise(prices))
    assert bid_price(10_000, 100, 20, TARIFF.power(0)) > 1.5 * bid_price(10_000, 100, 20, TARIFF.power(60))


@given(inputs())
def test_classes_are_nested(given_inputs):
    """A higher class never has fewer seats than a lower one, none more than are free, and all cost more."""
    states = reckon(given_inputs).classes
    assert states[0].limit == given_inputs.free
    assert all(a.limit >= b.limit >= 0 and a.fare >= b.fare for a, b in pairwise(states))


@given(inputs())
def test_whoever_finds_enough_free_seats_can_buy(given_inputs):
    """The highest class is open while there are seats for the whole party, and nothing is when there are not."""
    chosen = reckon(given_inputs).chosen
    assert (chosen is not None) == (given_inputs.free >= given_inputs.seats)
    if chosen:
        assert chosen.limit >= given_inputs.seats


@given(inputs())
def test_the_lowest_open_class_is_offered(given_inputs):
    """Every class below the one offered is closed for a reason that is said, and costs no more."""
    found = reckon(given_inputs)
    if found.chosen:
        below = found.classes[found.classes.index(found.chosen) + 1 :]
        assert all(state.closed and state.fare <= found.chosen.fare for state in below)
        assert found.chosen.fare >= found.bid_price


@given(inputs(), st.integers(0, 400))
def test_a_price_never_falls_as_seats_are_sold(given_inputs, sold):
    """Of the same flight at the same time, with fewer free seats a seat costs as much or more."""
    fuller = given_inputs._replace(free=max(0, given_inputs.free - sold))
    before, after = reckon(given_inputs).chosen, reckon(fuller).chosen
    assert after is None or (before is not None and after.fare >= before.fare)


@given(inputs(), st.integers(1, 8))
def test_a_larger_party_never_pays_less_each(given_inputs, more):
    """All of a party sit in one class, so it may have to be a higher one."""
    small, large = reckon(given_inputs).chosen, reckon(given_inputs._replace(seats=given_inputs.seats + more)).chosen
    assert large is None or (small is not None and large.fare >= small.fare)


@given(inputs())
def test_a_booking_keeps_few_bytes_that_say_it_all(given_inputs):
    """The inputs are less than 120 bytes of JSON, and the same steps come from them again."""
    text = given_inputs.pack()
    assert len(text.encode()) < 120
    assert explain(text) == reckon(given_inputs)


@pytest.mark.parametrize("text", ["", "[]", "{}", "[1]", '"x"', "null"])
def test_other_inputs_are_refused(text):
    """What is no fare's inputs is an error that says so."""
    with pytest.raises(ValueError, match=r"."):
        Inputs.unpack(text)


def by_hand(steps: dict) -> int | None:
    """The fare from the explanation's inputs alone, with the rules as its words have them."""
    i = {name: step["inputs"] for name, step in steps.items()}
    full, start = i["full_fare"]["fixed"], 0
    for end, cents in i["full_fare"]["bands"]:
        full += max(0, min(i["full_fare"]["km"], end) - start) * cents
        start = end
    full = full * i["full_fare"]["percent"] // 100
    unit = i["fares"]["unit"]
    prices = {c: floor(full * p / 100 / unit + 0.5) * unit for c, p in i["fares"]["percent"].items()}
    busy = i["factor"]["weekday"] * i["factor"]["hour"] * i["factor"]["carrier"] // 10**6
    to_come = i["demand_to_come"]
    means, deviations = {}, {}
    for c, share in to_come["share"].items():
        part = (to_come["days"] - to_come["advance"][c]) / (to_come["opens"][c] - to_come["advance"][c])
        means[c] = round(to_come["capacity"] * share * busy * min(1, max(0, part)) / 10**6, 2)
        deviations[c] = round(sqrt(means[c] + (i["deviation"]["uncertainty"] / 100 * means[c]) ** 2), 2)
    codes, limits, kept = list(prices), {}, 0.0
    for place, c in enumerate(codes):
        above = codes[:place]
        demand = sum(means[a] for a in above)
        if demand:
            average = sum(prices[a] * means[a] for a in above) / demand
            spread = sqrt(sum(deviations[a] ** 2 for a in above))
            kept = max(kept, demand + spread * NormalDist().inv_cdf(1 - prices[c] / average))
        limits[c] = max(0, i["limits"]["free"] - floor(round(kept, 2) + 0.5))
    taken = (i["bid_price"]["capacity"] - i["bid_price"]["free"]) / i["bid_price"]["capacity"]
    power = next(p for days, p in i["bid_price"]["powers"] if i["bid_price"]["days"] >= days)
    bid = ceil(round(prices[codes[0]] * taken**power, 6))
    open_ones = [
        c for c in codes
        if i["class"]["days"] >= i["class"]["advance"][c] and prices[c] >= bid and limits[c] >= i["class"]["seats"]
    ]  # fmt: skip
    return prices[open_ones[-1]] if open_ones else None


@given(inputs())
def test_a_price_can_be_reckoned_anew_by_hand(given_inputs):
    """From the numbers that the explanation shows, sent as JSON, and the rules it states comes the same fare."""
    found = reckon(given_inputs)
    steps = {step.name: json.loads(json.dumps(step._asdict())) for step in found.steps}
    assert by_hand(steps) == (found.chosen.fare if found.chosen else None) == steps["fare"]["result"]


@given(inputs())
def test_what_a_step_finds_is_what_the_next_takes(given_inputs):
    """Where a number has the name of an earlier step, it is that step's result."""
    results = {}
    for step in reckon(given_inputs).steps:
        for name, value in step.inputs.items():
            if name in results and name in {"full_fare", "bid_price", "protected", "factor", "deviation"}:
                assert value == results[name]
        results[step.name] = step.result


def test_an_empty_flight_a_month_ahead_is_sold_at_the_lowest_fare():
    """Class L, 30 percent of the full fare, to the dollar."""
    leg = scheduled()
    found = quote(leg, Cabin.ECONOMY, 2, inventory(leg), DEMAND, CLOCKS)
    assert (found.booking_class, found.fare_basis, found.currency) == ("L", "L21BASI", "USD")
    assert found.base == TARIFF.fare(TARIFF.full_fare(kilometres("JFK", "LAX"), Cabin.ECONOMY), TARIFF.classes[-1])
    assert found.seats_left >= 2
    assert found.steps[-1].result == found.base


def some_inputs(**other) -> Inputs:
    """Of an economy cabin of ten seats over 500 km (full fare 130 dollars), on the day of departure."""
    shares = tuple(each.share for each in TARIFF.classes_of(Cabin.ECONOMY))
    return Inputs(TARIFF.number, "economy", 500, 0, 10, 10, 1, 2, 12, "UA", shares, 0)._replace(**other)


def test_a_fare_as_high_as_the_bid_price_is_sold():
    """Six of ten seats gone make a bid price of 78 dollars, which is the fare of class H; a seat more closes it."""
    found = reckon(some_inputs(free=4))
    assert (found.bid_price, found.chosen.code, found.chosen.fare) == (7800, "H", 7800)
    assert reckon(some_inputs(free=3)).chosen.code == "M"


def test_the_bid_price_is_rounded_up():
    """A third of a dollar is 34 cents: a seat is never given for less."""
    assert bid_price(100, 3, 2, 1) == 34
    assert bid_price(100, 4, 3, 1) == 25


@pytest.mark.parametrize(("days", "code"), [(21, "L"), (20, "K"), (14, "K"), (13, "Q"), (7, "Q"), (6, "H")])
def test_an_advance_purchase_ends_with_its_day(days, code):
    """A fare of 21 days is sold 21 days before and not 20; of an empty cabin."""
    assert reckon(some_inputs(days=days, capacity=200, free=200)).chosen.code == code


def test_days_go_by_the_flight_clock_and_holds_by_the_wall():
    """A clock of flights that runs ahead brings departure nearer, and ends no hold."""
    leg = scheduled(out=NOW + timedelta(days=30))
    held = inventory(leg, sold=5, until=NOW + timedelta(minutes=15))
    ahead = fares.inputs_of(leg, Cabin.ECONOMY, 1, held, DEMAND, CLOCKS._replace(flight=NOW + timedelta(days=20)))
    later = fares.inputs_of(leg, Cabin.ECONOMY, 1, held, DEMAND, CLOCKS._replace(wall=NOW + timedelta(days=20)))
    assert (ahead.days, ahead.capacity - ahead.free) == (10, 5)
    assert (later.days, later.capacity - later.free) == (30, 0)


def test_a_flight_tomorrow_costs_more():
    """Fares with an advance purchase are closed then."""
    leg = scheduled(out=NOW + timedelta(hours=30))
    soon = quote(leg, Cabin.ECONOMY, 1, inventory(leg), DEMAND, CLOCKS)
    later = scheduled()
    assert soon.base > quote(later, Cabin.ECONOMY, 1, inventory(later), DEMAND, CLOCKS).base
    assert soon.booking_class == "H"


def test_nothing_is_sold_of_a_flight_that_has_left():
    """From its scheduled departure on, by the flight clock, there is no price."""
    leg = scheduled(out=NOW)
    assert quote(leg, Cabin.ECONOMY, 1, inventory(leg), DEMAND, CLOCKS) is None


def test_the_last_seat_is_sold_and_then_none():
    """At the highest fare there is; a party of two does not get it."""
    leg = scheduled()
    seats = inventory(leg).capacity[Cabin.ECONOMY]
    almost = inventory(leg, sold=seats - 1)
    last = quote(leg, Cabin.ECONOMY, 1, almost, DEMAND, CLOCKS)
    assert (last.booking_class, last.seats_left) == ("Y", 1)
    assert quote(leg, Cabin.ECONOMY, 2, almost, DEMAND, CLOCKS) is None
    assert quote(leg, Cabin.ECONOMY, 1, inventory(leg, sold=seats), DEMAND, CLOCKS) is None


def test_there_is_no_price_in_a_cabin_that_is_not_there():
    """An aircraft of one cabin sells no other."""
    leg = scheduled()
    missing = next(cabin for cabin in Cabin if cabin not in inventory(leg).capacity)
    assert quote(leg, missing, 1, inventory(leg), DEMAND, CLOCKS) is None


def test_seats_of_holds_that_are_over_are_free_again():
    """The same price as if nobody had ever held them; while the hold lasts it is another load."""
    leg = scheduled()
    half = inventory(leg).capacity[Cabin.ECONOMY] * 9 // 10
    over = inventory(leg, sold=half, until=NOW)
    lasting = inventory(leg, sold=half, until=NOW + timedelta(seconds=1))
    empty = quote(leg, Cabin.ECONOMY, 1, inventory(leg), DEMAND, CLOCKS)
    assert quote(leg, Cabin.ECONOMY, 1, over, DEMAND, CLOCKS) == empty
    assert quote(leg, Cabin.ECONOMY, 1, lasting, DEMAND, CLOCKS).base > empty.base


def test_the_hour_is_that_of_the_origin():
    """A flight at 08:00 in Los Angeles is a morning flight, though it is 16:00 UTC."""
    leg = scheduled("LAX", "JFK", out=NOW.replace(hour=16) + timedelta(days=30))
    found = fares.inputs_of(leg, Cabin.ECONOMY, 1, inventory(leg), Demand("LAX", "JFK"), CLOCKS)
    assert (found.hour, found.weekday) == (8, leg.leg.date.weekday())


def test_other_things_do_not_matter():
    """Two flights that differ in number alone cost the same: a price hangs on its inputs only."""
    one, other = scheduled(number=1), scheduled(number=2)
    quotes = [quote(leg, Cabin.ECONOMY, 3, inventory(leg), DEMAND, CLOCKS) for leg in (one, other)]
    assert quotes[0].inputs == quotes[1].inputs
    assert replace(quotes[1], leg=quotes[0].leg) == quotes[0]


def test_all_routes_of_the_timetable_have_prices():
    """Every airport served is known, and no fare is below 20 dollars."""
    from chalicelib.flights import timetable

    for origin, destination in timetable.routes():
        assert airport(origin)
        assert airport(destination)
        full = TARIFF.full_fare(kilometres(origin, destination), Cabin.ECONOMY)
        assert TARIFF.fare(full, TARIFF.classes[-1]) >= 2000


def test_the_leg_is_named():
    """A quote says which leg, and when, so that lines and taxes can be made of it."""
    leg = scheduled()
    found = quote(leg, Cabin.ECONOMY, 1, inventory(leg), DEMAND, CLOCKS)
    assert isinstance(found.leg, LegId)
    assert (found.leg, found.destination, found.scheduled_out) == (leg.leg, leg.destination, leg.scheduled_out)
