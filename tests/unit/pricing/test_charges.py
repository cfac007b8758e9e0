"""A price is the sum of its lines; taxes and fees are those of the law; what comes back goes by the fare's rules."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import Invalid
from chalicelib.pricing import charges
from chalicelib.pricing.charges import label, needs_assistance, price, refund_of, seat_extra
from chalicelib.pricing.model import Extra, Line, Party, TravellerKind
from chalicelib.pricing.seats import Cabin, Position, Seat
from chalicelib.pricing.tariff import rounded, tariff

from .legs import NOW, quoted

TODAY = date(2026, 11, 22)
ALONE = Party()
SOLD = NOW + timedelta(days=30)
AIRPORTS = ["EWR", "JFK", "LGA", "LAX", "ORD", "SJU", "STT", "HNL", "LHR", "YYZ"]
CODES = [each.code for each in tariff(TODAY).classes]


def amounts(found, kind=None, code=None):
    return [ln.amount for ln in found.lines if kind in (None, ln.kind) and code in (None, ln.code)]


def there_and_back(out="EWR", to="LAX", *, stay=timedelta(days=5)):
    return [quoted(out, to), quoted(to, out, out=SOLD + timedelta(hours=3) + stay)]


parties = st.builds(
    lambda adults, children, infants: Party(adults, children, min(adults, infants)),
    st.integers(1, 5), st.integers(0, 4), st.integers(0, 5),
)  # fmt: skip


@st.composite
def journeys(draw):
    """Any flights one after the other, with any class, fare and stay."""
    at, where, quotes = SOLD, draw(st.sampled_from(AIRPORTS)), []
    for _ in range(draw(st.integers(1, 5))):
        to = draw(st.sampled_from([code for code in AIRPORTS if code != where]))
        start = draw(st.sampled_from([where, where, draw(st.sampled_from([c for c in AIRPORTS if c != to]))]))
        cabin = draw(st.sampled_from(Cabin))
        code = draw(st.sampled_from([each.code for each in tariff(TODAY).classes_of(cabin)]))
        quotes.append(quoted(start, to, draw(st.integers(1, 500_000)), out=at, booking_class=code, cabin=cabin))
        at, where = quotes[-1].scheduled_in + timedelta(minutes=draw(st.integers(30, 3000))), to
    return quotes


@st.composite
def bookings(draw):
    """A journey, a party and what it adds."""
    quotes, party = draw(journeys()), draw(parties)
    extra = st.builds(
        Extra, st.sampled_from(["BAG", "STANDARD", "LEGROOM", "EXIT", "WCHR", "PETC", "VGML"]),
        st.integers(0, party.seats - 1), st.one_of(st.none(), st.integers(0, len(quotes) - 1)),
    )  # fmt: skip
    return quotes, party, draw(st.lists(extra, max_size=5))


@given(bookings())
def test_the_lines_are_the_price(booking):
    """Each line is a whole number of cents from 0 on, and of a traveller and a flight; together they are the total."""
    quotes, party, extras = booking
    found = price(quotes, party, extras, TODAY)
    assert found.total == sum(line.amount for line in found.lines)
    for line in found.lines:
        assert isinstance(line.amount, int)
        assert line.amount >= 0
        assert line.traveller in range(len(party.kinds))
        assert line.segment in range(len(quotes))
        assert label(line)


@given(bookings())
def test_each_adult_pays_each_fare_once(booking):
    """The fare lines are one for each traveller and flight: the whole fare of an adult, never more for anyone."""
    quotes, party, extras = booking
    found = price(quotes, party, extras, TODAY)
    fares = {(ln.traveller, ln.segment): ln for ln in found.lines if ln.kind == "fare"}
    assert len(fares) == sum(ln.kind == "fare" for ln in found.lines) == len(party.kinds) * len(quotes)
    for (traveller, segment), line in fares.items():
        base = quotes[segment].base
        assert line.code == quotes[segment].booking_class
        assert line.amount == base if party.kinds[traveller] is TravellerKind.ADULT else line.amount <= base


@given(journeys(), parties)
def test_a_party_pays_what_its_members_pay(quotes, party):
    """Nobody pays more or less because others come along."""
    together = price(quotes, party, [], TODAY).total
    adult = price(quotes, Party(1), [], TODAY).total
    child = price(quotes, Party(1, 1), [], TODAY).total - adult
    infant = price(quotes, Party(1, 0, 1), [], TODAY).total - adult
    assert together == party.adults * adult + party.children * child + party.infants * infant


@given(journeys(), parties)
def test_the_same_is_priced_the_same(quotes, party):
    """A price hangs on nothing but what is given."""
    assert price(quotes, party, [], TODAY) == price(quotes, party, [], TODAY)


@given(journeys())
def test_fees_stay_within_what_the_law_allows(quotes):
    """At most two facility charges in each direction; at most 11.20 dollars for security on a round trip."""
    found = price(quotes, ALONE, [], TODAY)
    trips = charges._trips(quotes, TODAY)
    for trip in trips:
        assert sum(ln.code == "XF" and ln.segment in trip.segments for ln in found.lines) <= 2
    assert sum(amounts(found, "fee", "AY")) <= 560 * len(trips)
    if quotes[0].leg.origin == quotes[-1].destination:
        assert sum(amounts(found, "fee", "AY")) <= 1120
        assert len(amounts(found, "fee", "XF")) <= 4


def test_a_domestic_flight():
    """Newark to Los Angeles for 100 dollars: 7.50 tax, 5.30 for the segment, 5.60 security, 4.50 for the airport."""
    found = price([quoted("EWR", "LAX")], ALONE, [], TODAY)
    assert [(ln.kind, ln.code, ln.amount) for ln in found.lines] == [
        ("fare", "M", 10_000), ("tax", "US", 750), ("tax", "ZP", 530), ("fee", "AY", 560), ("fee", "XF", 450),
    ]  # fmt: skip
    assert found.total == 12_290
    assert found.currency == "USD"


def test_taxes_by_the_year():
    """The segment tax is that of the flight's year: 5.00 in 2024, 5.20 in 2025 (PwC, Aircraft Club, 2023 and 2024)."""
    for year, cents in ((2024, 500), (2025, 520)):
        found = price([quoted("EWR", "LAX", out=SOLD.replace(year=year))], ALONE, [], date(year, 1, 2))
        assert amounts(found, "tax", "ZP") == [cents]
    over_new_year = price([quoted("EWR", "LAX", out=SOLD.replace(year=2025, month=1))], ALONE, [], date(2024, 12, 1))
    assert amounts(over_new_year, "tax", "ZP") == [520]


@pytest.mark.parametrize(("cents", "tax"), [(10_000, 750), (10_006, 750), (10_007, 751), (10_020, 752), (1, 0)])
def test_half_a_cent_is_rounded_up(cents, tax):
    """The tax on a fare is 7.5 percent to the nearest cent: of 100.20 dollars it is 7.515, so 7.52."""
    assert amounts(price([quoted("EWR", "LAX", cents)], ALONE, [], TODAY), "tax", "US") == [tax]


@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_rounding_is_to_the_nearest(numerator, denominator):
    """Never off by more than a half, and a half goes up."""
    found = rounded(numerator, denominator)
    assert 2 * numerator - denominator < 2 * found * denominator <= 2 * numerator + denominator


def test_puerto_rico_is_abroad_for_the_transportation_tax():
    """One tax on international trips in place of 7.5 percent and segments, both ways; it is no other country though."""
    for ends in (("JFK", "SJU"), ("SJU", "JFK"), ("EWR", "STT")):
        found = price([quoted(*ends)], Party(1, 0, 1), [], TODAY)
        assert amounts(found, "tax") == [2340]
        assert amounts(found, "fare") == [10_000, 0]
        assert amounts(found, "fee", "AY") == [560]


def test_a_connection_on_the_way_abroad_is_part_of_the_trip():
    """Los Angeles to San Juan by New York: the international tax once, and no domestic one (26 U.S.C. 4262(c))."""
    first = quoted("LAX", "JFK")
    found = price([first, quoted("JFK", "SJU", out=first.scheduled_in + timedelta(hours=2))], ALONE, [], TODAY)
    assert amounts(found, "tax") == [2340]
    assert amounts(found, "fee", "AY") == [560]
    assert amounts(found, "fee", "XF") == [450, 450]


def test_hawaii_has_a_tax_on_departures_beside_the_domestic_ones():
    """7.5 percent, the segment, and 11.70 dollars, in either direction."""
    for ends in (("EWR", "HNL"), ("HNL", "EWR")):
        found = price([quoted(*ends)], ALONE, [], TODAY)
        assert {ln.code: ln.amount for ln in found.lines if ln.kind == "tax"} == {"US": 750, "ZP": 530, "US-AH": 1170}


def test_another_country_takes_a_part_of_the_fare_of_infants_and_children():
    """To London a child pays 75, an infant on a lap 10 percent; within the US the child pays all, the infant none."""
    assert amounts(price([quoted("JFK", "LHR")], Party(1, 1, 1), [], TODAY), "fare") == [10_000, 7500, 1000]
    assert amounts(price([quoted("JFK", "LAX")], Party(1, 1, 1), [], TODAY), "fare") == [10_000, 10_000, 0]


def test_an_infant_on_a_lap_pays_nothing_at_home():
    """No fare, so no tax; no seat, so no fee."""
    found = price([quoted("EWR", "LAX")], Party(1, 0, 1), [], TODAY)
    assert [ln.amount for ln in found.lines if ln.traveller == 1] == [0]


def test_nothing_is_taken_for_security_where_a_trip_begins_abroad():
    """The security fee and facility charges are those of airports of the US."""
    assert amounts(price([quoted("LHR", "JFK")], ALONE, [], TODAY), "fee") == []


def test_a_round_trip_pays_for_security_twice_and_three_trips_do_thrice():
    """5.60 dollars a trip, 11.20 at most when one comes back, even to another airport of the city."""
    assert sum(amounts(price(there_and_back(), ALONE, [], TODAY), "fee", "AY")) == 1120
    around = [quoted("EWR", "LAX"), quoted("LAX", "ORD", out=SOLD + timedelta(days=3)),
              quoted("ORD", "LGA", out=SOLD + timedelta(days=6))]  # fmt: skip
    assert sum(amounts(price(around, ALONE, [], TODAY), "fee", "AY")) == 1120
    assert sum(amounts(price([*around[:2], quoted("ORD", "BOS", out=SOLD + timedelta(days=6))], ALONE, [], TODAY),
                       "fee", "AY")) == 1680  # fmt: skip


@pytest.mark.parametrize(("hours", "trips"), [(1, 1), (4, 1), (4.1, 2)])
def test_a_stop_of_more_than_four_hours_begins_another_trip(hours, trips):
    """49 CFR 1510.3, on the continent."""
    first = quoted("LAX", "JFK")
    quotes = [first, quoted("JFK", "BOS", out=first.scheduled_in + timedelta(hours=hours))]
    assert amounts(price(quotes, ALONE, [], TODAY), "fee", "AY") == [560] * trips


@pytest.mark.parametrize(("hours", "trips"), [(4.1, 1), (12, 1), (12.1, 2)])
def test_abroad_a_stop_may_take_twelve_hours(hours, trips):
    """49 CFR 1510.3, where a flight leaves the contiguous states."""
    first = quoted("LAX", "JFK")
    quotes = [first, quoted("JFK", "SJU", out=first.scheduled_in + timedelta(hours=hours))]
    assert amounts(price(quotes, ALONE, [], TODAY), "fee", "AY") == [560] * trips


def test_whoever_turns_round_at_once_is_on_the_way_back():
    """There and back within hours are two trips, however short the stay."""
    assert amounts(price(there_and_back(stay=timedelta(hours=1)), ALONE, [], TODAY), "fee", "AY") == [560, 560]


def test_bags_count_from_those_included():
    """Of Basic none, of Standard one: the first beyond costs 35 dollars if it is one's first, else 45, then 150."""
    bags = [Extra("BAG", 0)] * 3
    assert amounts(price([quoted("EWR", "LAX", booking_class="L")], ALONE, bags, TODAY), "bag") == [3500, 4500, 15000]
    assert amounts(price([quoted("EWR", "LAX", booking_class="M")], ALONE, bags, TODAY), "bag") == [0, 4500, 15000]
    assert amounts(price([quoted("EWR", "LAX", booking_class="Y")], ALONE, bags, TODAY), "bag") == [0, 0, 15000]


def test_a_bag_is_paid_once_in_each_direction():
    """Not for each flight of a connection; and for one direction alone where only that is asked for."""
    first = quoted("BOS", "JFK", booking_class="L")
    on = quoted("JFK", "LAX", out=first.scheduled_in + timedelta(hours=2), booking_class="L")
    back = quoted("LAX", "JFK", out=SOLD + timedelta(days=5), booking_class="L")
    assert amounts(price([first, on, back], ALONE, [Extra("BAG", 0)], TODAY), "bag") == [3500, 3500]
    assert amounts(price([first, on, back], ALONE, [Extra("BAG", 0, 1)], TODAY), "bag") == [3500]


def test_seats_cost_by_kind_brand_and_cabin():
    """A standard one is included but in Basic; an exit's is not; in front all are."""
    seats = [Extra("STANDARD", 0), Extra("EXIT", 0)]
    assert amounts(price([quoted("EWR", "LAX", booking_class="L")], ALONE, seats, TODAY), "seat") == [1500, 5500]
    assert amounts(price([quoted("EWR", "LAX", booking_class="M")], ALONE, seats, TODAY), "seat") == [0, 5500]
    ahead = quoted("EWR", "LAX", booking_class="D", cabin=Cabin.BUSINESS)
    assert amounts(price([ahead], ALONE, seats, TODAY), "seat") == [0, 0]


def test_a_seat_says_which_extra_it_is():
    """By its exit first, then its legroom."""
    seat = Seat("12A", 12, "A", Cabin.ECONOMY, Position.WINDOW)
    assert seat_extra(seat) == "STANDARD"
    assert seat_extra(seat._replace(extra_legroom=True)) == "LEGROOM"
    assert seat_extra(seat._replace(extra_legroom=True, exit=True)) == "EXIT"


def test_assistance_is_free():
    """14 CFR 382.31: nothing may be asked for it; a pet in the cabin costs 125 dollars a flight."""
    asked = [Extra(code, 0) for code in ("WCHR", "WCHS", "WCHC", "BLND", "DEAF", "DPNA", "MAAS")]
    assert set(amounts(price([quoted("EWR", "LAX")], ALONE, asked, TODAY), "ssr")) == {0}
    assert all(needs_assistance(extra.code) for extra in asked)
    assert not needs_assistance("VGML")
    assert not needs_assistance("BAG")
    assert amounts(price(there_and_back(), ALONE, [Extra("PETC", 0)], TODAY), "ssr") == [12_500, 12_500]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (Extra("GOAT", 0), "GOAT is not sold here"),
        (Extra("BAG", 1), "no traveller 1"),
        (Extra("BAG", 0, 1), "no flight 1"),
        (Extra("BAG", -1), "no traveller -1"),
    ],
)
def test_what_is_not_there_can_not_be_added(extra, said):
    """The error says what is wrong and what there is."""
    with pytest.raises(Invalid, match=said) as caught:
        price([quoted("EWR", "LAX")], ALONE, [extra], TODAY)
    assert caught.value.faults


@pytest.mark.parametrize("to", ["LAX", "SJU", "HNL", "LHR"])
def test_every_line_can_be_reckoned_by_hand(to):
    """By the rule it is explained with, and its inputs alone; also what children and infants pay."""
    party = Party(1, 1, 1)
    explained = charges.explain(quoted("EWR", to, 12_347), party, TODAY)
    assert tuple(line for line, _ in explained) == price([quoted("EWR", to, 12_347)], party, (), TODAY).lines
    assert any("percent" in step.inputs for _, step in explained)
    for line, step in explained:
        given = dict(step.inputs)
        whole = given.pop("fare", None) or given.pop("amount", 0)
        parts = [
            rounded(whole * given[of], among) for of, among in (("percent", 100), ("permille", 1000)) if of in given
        ]
        assert [line.amount] == (parts or [whole])
        assert step.rule


def test_five_bags_are_the_most():
    """A sixth is refused."""
    with pytest.raises(Invalid, match="at most 5"):
        price([quoted("EWR", "LAX")], ALONE, [Extra("BAG", 0)] * 6, TODAY)


def test_an_infant_on_a_lap_chooses_no_seat():
    """It has none."""
    with pytest.raises(Invalid, match="lap"):
        price([quoted("EWR", "LAX")], Party(1, 0, 1), [Extra("EXIT", 1)], TODAY)


@pytest.mark.parametrize("given_party", [(0, 0, 0), (10, 0, 0), (5, 5, 0), (1, 0, 2), (-1, 2, 0), (0, 1, 1)])
def test_parties_that_can_not_be(given_party):
    """One to nine seats, and a lap for each infant."""
    with pytest.raises(Invalid) as caught:
        Party.of(*given_party)
    assert caught.value.faults


def test_a_party_is_in_order():
    """Adults, children, infants: so a line's place says who."""
    assert [str(kind) for kind in Party.of(2, 1, 1).kinds] == ["adult", "adult", "child", "infant"]
    assert Party.of(2, 1, 1).seats == 3


def rules_of(*codes):
    return [tariff(TODAY).rules(code) for code in codes]


@given(bookings(), st.data())
def test_no_more_comes_back_than_was_paid(booking, data):
    """Of what is not flown at most all, never less than its taxes and fees; waived, all of it."""
    quotes, party, extras = booking
    lines = price(quotes, party, extras, TODAY).lines
    rules = rules_of(*(quote.booking_class for quote in quotes))
    flown = data.draw(st.sets(st.integers(0, len(quotes) - 1)))
    unflown = [ln for ln in lines if ln.segment not in flown]
    taxes = sum(ln.amount for ln in unflown if ln.kind in ("tax", "fee"))
    found = refund_of(lines, rules, flown=flown)
    assert taxes <= found.amount <= sum(ln.amount for ln in unflown)
    assert found.amount == sum(ln.amount for ln in found.lines) - found.fee
    assert refund_of(lines, rules, flown=flown, waived=True).amount == sum(ln.amount for ln in unflown)


def test_of_basic_only_taxes_and_fees_come_back():
    """The fare and what was added to it do not."""
    lines = price([quoted("EWR", "LAX", booking_class="L")], ALONE, [Extra("BAG", 0)], TODAY).lines
    found = refund_of(lines, rules_of("L"))
    assert (found.amount, found.fee) == (750 + 530 + 560 + 450, 0)
    assert {ln.kind for ln in found.lines} == {"tax", "fee"}


def test_of_standard_a_fee_is_kept_for_each_traveller():
    """99 dollars each, of the fare; of Flex nothing is kept."""
    lines = price([quoted("EWR", "LAX", 20_000)], Party(2), [], TODAY).lines
    paid = sum(ln.amount for ln in lines)
    assert refund_of(lines, rules_of("M")).amount == paid - 2 * 9900
    assert refund_of(lines, rules_of("Y")).amount == paid


def test_a_fee_is_never_taken_out_of_taxes():
    """Of a fare of 50 dollars, 50 are kept."""
    lines = price([quoted("EWR", "LAX", 5000)], ALONE, [], TODAY).lines
    found = refund_of(lines, rules_of("M"))
    assert (found.fee, found.amount) == (5000, sum(ln.amount for ln in lines) - 5000)


def test_a_round_trip_pays_the_fee_once():
    """For each traveller, not for each flight."""
    lines = price(there_and_back(), ALONE, [], TODAY).lines
    assert refund_of(lines, rules_of("M", "M")).fee == 9900


def test_what_was_flown_does_not_come_back():
    """After the way out, the way back's lines are what there is to refund."""
    lines = price(there_and_back(), ALONE, [], TODAY).lines
    found = refund_of(lines, rules_of("Y", "Y"), flown={0})
    assert {ln.segment for ln in found.lines} == {1}
    assert found.amount == sum(ln.amount for ln in lines if ln.segment == 1)


def test_an_old_service_keeps_its_code():
    """A code that is not sold any more is shown as it is."""
    assert label(Line("ssr", "XXXX", 0)) == "XXXX"


def test_a_fee_of_the_airline_does_not_come_back():
    """What a change cost, and what was kept at it, stay with the airline; where it cancels itself they come back."""
    changed = (Line("fee", "CHG", 7500, 0), Line("fee", "RES", 4000))
    lines = (*price([quoted("EWR", "LAX")], ALONE, [], TODAY).lines, *changed)
    kept = refund_of(lines, rules_of("Y"))
    assert kept.amount == sum(ln.amount for ln in lines) - 11_500
    assert not {"CHG", "RES"} & {ln.code for ln in kept.lines}
    assert refund_of(lines, rules_of("Y"), waived=True).amount == sum(ln.amount for ln in lines)
    assert not {"CHG", "RES"} & {ln.code for ln in refund_of(lines, rules_of("Y"), flown={0}, waived=True).lines}
    assert {label(ln) for ln in changed}.isdisjoint({"CHG", "RES"})


def test_the_dearest_fee_counts_where_fares_are_mixed():
    """One flight of Flex, one of Standard: 99 dollars are kept; no line of nothing is told."""
    quotes = there_and_back()
    quotes[0] = replace(quotes[0], booking_class="Y")
    lines = price(quotes, Party(1, 0, 1), [], TODAY).lines
    found = refund_of(lines, rules_of("Y", "M"))
    assert found.fee == 9900
    assert all(line.amount for line in found.lines)


def test_the_bags_of_a_connection_are_those_of_its_lowest_fare():
    """One of Standard and one of Basic on one trip: the first bag costs 35 dollars."""
    first = quoted("BOS", "JFK", booking_class="M")
    on = quoted("JFK", "LAX", out=first.scheduled_in + timedelta(hours=2), booking_class="L")
    assert amounts(price([first, on], ALONE, [Extra("BAG", 0)], TODAY), "bag") == [3500]


def test_within_hawaii_there_is_no_tax_on_departures():
    """26 U.S.C. 4261(c)(3) is on flights between Hawaii and the continent."""
    assert amounts(price([quoted("HNL", "OGG")], ALONE, [], TODAY), "tax", "US-AH") == []


def test_of_three_boardings_the_first_two_pay_on_the_way_out_and_the_last_two_on_the_way_back():
    """14 CFR 158.45(c), on a round trip."""
    stops, at, quotes = ["EWR", "ORD", "LAX", "SFO", "LAX", "ORD", "EWR"], SOLD, []
    for start, to in pairwise(stops):
        quotes.append(quoted(start, to, out=at, hours=2))
        at += timedelta(hours=3) if to != "SFO" else timedelta(days=3)
    charged = [ln.segment for ln in price(quotes, ALONE, [], TODAY).lines if ln.code == "XF"]
    assert charged == [0, 1, 4, 5]


def test_a_round_trip_by_many_cities_pays_four_facility_charges():
    """The first two and the last two, however many stays there are (14 CFR 158.45(c)); one way each of them pays."""
    stops = ["EWR", "ORD", "DEN", "LAX", "SFO", "LGA"]
    around = [quoted(*ends, out=SOLD + timedelta(days=3 * n)) for n, ends in enumerate(pairwise(stops))]
    assert [ln.segment for ln in price(around, ALONE, [], TODAY).lines if ln.code == "XF"] == [0, 1, 3, 4]
    assert len(amounts(price(around[:-1], ALONE, [], TODAY), "fee", "XF")) == 4
    away = [*around[:-1], quoted("SFO", "BOS", out=SOLD + timedelta(days=20))]
    assert len(amounts(price(away, ALONE, [], TODAY), "fee", "XF")) == 5
