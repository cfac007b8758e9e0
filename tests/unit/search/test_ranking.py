"""In which order offers stand, and why they are recommended."""

from datetime import timedelta
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.search import ranking
from chalicelib.search.model import Journey
from chalicelib.search.ranking import Offer, Record, Sort, combinations, in_order, reasons

from .timetables import leg, offer_of

MORNING = leg("EWR-LAX", "08:00", "11:00")  # 6 h
SLOWER = leg("EWR-LAX", "09:00", "13:00")  # 7 h
EVENING = leg("EWR-LAX", "18:00", "21:00")
VIA = (leg("EWR-ORD", "08:00", "09:30"), leg("ORD-LAX", "10:30", "12:45"))  # 7 h 45 min


def codes(offer: Offer, among: list[Offer]) -> list[str]:
    return [reason.code for reason in reasons(among, 1).get(offer.key, [])]


def texts(offer: Offer, among: list[Offer]) -> list[str]:
    return [reason.text for reason in reasons(among, 1).get(offer.key, [])]


def test_a_price_in_time_is_a_price() -> None:
    """An hour is worth $47.10: for $40 more one flies an hour faster, for $50 more one does not."""
    slow = offer_of([SLOWER], total=30000)
    dear, too_dear = offer_of([MORNING], total=34000), offer_of([MORNING], total=35000)
    assert in_order([slow, dear], Sort.BEST, 1) == [dear, slow]
    assert in_order([slow, too_dear], Sort.BEST, 1) == [slow, too_dear]
    assert in_order([slow, too_dear], Sort.BEST, 2) == [too_dear, slow]  # the time of two for the same money


def test_a_score_is_reckoned_as_documented() -> None:
    """300 dollars, 6 hours, one stop, late 1 time of 4, for two: by hand."""
    assert ranking.score(30000, 2, 360, 1, 0.25) == 30000 + 2 * (6 * 4710 + 4710) + round(0.5 * 4710)
    assert ranking.score(30000, 1, 60, 0, None) == 30000 + 4710 + 942


def test_a_punctual_flight_is_better_than_a_late_one() -> None:
    """Same price, same time; of what is not known yet, the usual is taken."""
    good, bad = Record(14, 0, 0), Record(4, 8, 2)
    punctual = offer_of([MORNING], total=30000, records=[good])
    late = offer_of([EVENING], total=30000, records=[bad])
    unknown = offer_of([leg("EWR-LAX", "12:00", "15:00")], total=30000)
    assert in_order([late, unknown, punctual], Sort.BEST, 1) == [punctual, unknown, late]


def test_a_connection_is_as_punctual_as_its_worst_flight() -> None:
    """Both have to come in."""
    assert offer_of(VIA, total=1, records=[Record(14, 0, 0), Record(7, 7, 0)]).worst == Record(7, 7, 0)
    assert offer_of(VIA, total=1, records=[Record(14, 0, 0), None]).worst == Record(14, 0, 0)
    assert offer_of(VIA, total=1).worst is None
    assert Record(0, 0, 0).unreliable is None


def test_each_recommendation_says_why() -> None:
    """In words with the figures: cheapest, fastest, faster for so much more, no stop, on time."""
    cheap = offer_of(VIA, total=30000)
    fast = offer_of([MORNING], total=33200, records=[Record(9, 1, 0)])
    both = [cheap, fast]
    assert texts(cheap, both) == ["the cheapest"]
    assert texts(fast, both) == [
        "the fastest", "1 h 45 min faster than the cheapest for $32 more", "no stop", "on time 9 times of 10",
    ]  # fmt: skip
    faster = reasons(both, 1)[fast.key][1]
    assert (faster.code, faster.minutes, faster.amount) == ("faster-than-cheapest", 105, 3200)


def test_the_first_of_the_best_always_have_a_reason() -> None:
    """Where nothing else is to be said, their rank; the others have none."""
    offers = [
        offer_of([leg("EWR-LAX", f"{hour:02}:00", f"{hour + 3:02}:00")], total=30000 + hour) for hour in range(8, 16)
    ]
    offers.append(offer_of([leg("EWR-LAX", "07:00", "09:50")], total=90000))  # the fastest, for a fortune
    best = in_order(offers, Sort.BEST, 1)
    assert codes(best[0], offers) == ["cheapest"]
    assert texts(best[1], offers) == ["number 2 of 9 by price, time, stops and punctuality"]
    assert codes(best[2], offers) == ["ranked"]
    assert codes(best[3], offers) == []
    assert codes(offers[-1], offers)[0] == "fastest"


def test_a_few_flights_say_nothing_of_punctuality() -> None:
    """Twice is no record; nor is being late a recommendation."""
    for record in (Record(2, 0, 0), Record(5, 9, 0), Record(9, 0, 5)):
        offer = offer_of([MORNING], total=30000, records=[record])
        assert "on-time" not in codes(offer, [offer])


def test_nothing_is_ranked_where_there_is_nothing() -> None:
    """No offers, no reasons."""
    assert reasons([], 1) == {}
    assert in_order([], Sort.BEST, 1) == []


@pytest.mark.parametrize(("amount", "text"), [(2000, "$20"), (2050, "$20.50"), (123456, "$1,234.56"), (5, "$0.05")])
def test_money_is_said_as_people_do(amount: int, text: str) -> None:
    """Dollars, and cents where there are any."""
    assert ranking._money(amount, "USD") == text
    assert ranking._money(2000, "EUR") == "20 EUR"


@st.composite
def offers(draw: st.DrawFn) -> list[Offer]:
    """Offers that are often equal in price, in time or in both."""
    some = []
    for _ in range(draw(st.integers(1, 8))):
        hour, length = draw(st.integers(5, 12)), draw(st.integers(1, 3))
        record = draw(st.sampled_from([None, Record(14, 0, 0), Record(5, 5, 4)]))
        flight = leg("EWR-LAX", f"{hour:02}:00", f"{hour + length:02}:00")
        some.append(offer_of([flight], total=draw(st.sampled_from([20000, 25000, 30000])), records=[record]))
    return some


@given(offers(), st.sampled_from(list(Sort)), st.integers(1, 9), st.randoms())
def test_each_order_is_total(some: list[Offer], sort: Sort, seats: int, chance: object) -> None:
    """However the offers come, they stand the same; and by what they are sorted, they rise."""
    ordered = in_order(some, sort, seats)
    shuffled = list(some)
    chance.shuffle(shuffled)  # type: ignore[attr-defined] # a Random
    assert in_order(shuffled, sort, seats) == ordered
    assert in_order(ordered, sort, seats) == ordered
    assert {offer.key for offer in ordered} == {offer.key for offer in some}
    by = {
        Sort.PRICE: lambda offer: offer.total,
        Sort.FASTEST: lambda offer: offer.minutes,
        Sort.DEPARTURE: lambda offer: offer.journeys[0].out,
        Sort.BEST: lambda offer: ranking.score_of(offer, seats),
    }[sort]
    assert all(by(one) <= by(other) for one, other in pairwise(ordered))


@given(offers(), st.integers(1, 9))
def test_the_cheapest_and_the_fastest_are_always_named(some: list[Offer], seats: int) -> None:
    """And never another."""
    said = reasons(some, seats)
    for offer in some:
        named = {reason.code for reason in said.get(offer.key, [])}
        assert ("cheapest" in named) is (offer.total == min(each.total for each in some))
        assert ("fastest" in named) is (offer.minutes == min(each.minutes for each in some))


@given(st.lists(st.lists(st.tuples(st.integers(5, 20), st.integers(1, 9)), max_size=5), min_size=1, max_size=3))
def test_trips_come_by_what_they_cost_together(given_: list[list[tuple[int, int]]]) -> None:
    """As trying all combinations finds them: the cheapest first, none whose journeys overlap."""
    options = [
        [(Journey((leg("EWR-LAX", f"{hour:02}:00", f"{hour + 1:02}:00"),)), cost) for hour, cost in journeys]
        for journeys in given_
    ]
    possible = sorted(
        sum(cost for _, cost in trip)
        for trip in product(*options)
        if all(after.out - before.in_ >= timedelta(minutes=90) for (before, _), (after, _) in pairwise(trip))
    )
    costs = {journey.key: cost for journeys in options for journey, cost in journeys}
    found = [sum(costs[journey.key] for journey in trip) for trip in combinations(options, limit=10)]
    assert found == possible[:10]
