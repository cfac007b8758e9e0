"""Which journeys a timetable holds, and which of them anybody would choose."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.airports.lookup import zone
from chalicelib.flights.feeds.replay import ScheduledLeg
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import FlightStatus
from chalicelib.search import model
from chalicelib.search.model import LONGEST_CONNECTION, LONGEST_OVERNIGHT, Journey, Segment, journeys, worthwhile

from .timetables import DAY, at, leg, legs_of, routes_of

MINUTE = timedelta(minutes=1)


def found(
    timetable: Sequence[ScheduledLeg],
    way: str,
    *,
    day: date = DAY,
    stops: int = 2,
    longest: timedelta = LONGEST_CONNECTION,
) -> list[Journey]:
    origins, destinations = (side.split(",") for side in way.split("-"))
    return journeys(
        origins, destinations, day, routes=routes_of(timetable), legs=legs_of(timetable), stops=stops, longest=longest
    )


def test_a_direct_flight_is_a_journey() -> None:
    """It leaves on the day that was asked for, by the clocks at its origin."""
    flight = leg("JFK-LAX", "23:30", "02:40+1")
    (journey,) = found([flight], "JFK-LAX")
    assert (journey.legs, journey.stops, journey.minutes) == ((flight,), 0, 370)
    assert found([flight], "JFK-LAX", day=DAY + timedelta(days=1)) == []


def test_one_changes_twice_and_arrives_the_next_day() -> None:
    """Three flights over two dates: Burlington, Boston, Chicago, San Francisco."""
    flights = [
        leg("BTV-BOS", "18:00", "19:05"),
        leg("BOS-ORD", "20:15", "22:20"),
        leg("ORD-SFO", "23:40", "02:20+1"),
    ]
    (journey,) = found(flights, "BTV-SFO")
    assert journey.airports == ("BTV", "BOS", "ORD", "SFO")
    assert (journey.stops, journey.minutes) == (2, 11 * 60 + 20)
    assert found(flights, "BTV-SFO", stops=1) == []


def test_the_next_flight_may_leave_after_midnight() -> None:
    """It is a flight of the next date then."""
    flights = [leg("BOS-ORD", "20:00", "22:10"), leg("ORD-LAX", "00:20+1", "02:40+1")]
    (journey,) = found(flights, "BOS-LAX")
    assert [each.leg.date for each in journey.legs] == [DAY, DAY + timedelta(days=1)]


def test_a_night_between_two_flights_is_for_those_who_ask_for_it() -> None:
    """Six hours is the longest wait; up to twelve where nothing goes sooner."""
    flights = [leg("BOS-ORD", "20:00", "22:10"), leg("ORD-LAX", "07:00+1", "09:20+1")]
    assert found(flights, "BOS-LAX") == []
    assert len(found(flights, "BOS-LAX", longest=LONGEST_OVERNIGHT)) == 1


def test_nobody_changes_airports() -> None:
    """Who comes in at JFK does not go on from Newark."""
    assert found([leg("BOS-JFK", "08:00", "09:20"), leg("EWR-LAX", "12:00", "15:00")], "BOS-LAX") == []


def test_nobody_comes_back_to_a_city() -> None:
    """Not to set out from its other airport, nor to pass through one before getting there."""
    flights = [
        leg("EWR-BOS", "08:00", "09:10"), leg("BOS-JFK", "10:30", "11:50"), leg("JFK-LAX", "13:30", "17:00"),
        leg("BOS-LAX", "13:00", "16:30"),
    ]  # fmt: skip
    assert [each.airports for each in found(flights, "EWR-LAX")] == [("EWR", "BOS", "LAX")]
    assert found(flights, "EWR-JFK") == []
    assert [each.airports for each in found(flights, "BOS-EWR,JFK,LGA")] == [("BOS", "JFK")]


def test_a_city_is_searched_with_all_its_airports() -> None:
    """From New York to Chicago: whichever pair flies."""
    flights = [leg("JFK-ORD", "08:00", "10:00"), leg("LGA-MDW", "09:00", "11:00"), leg("EWR-DEN", "09:00", "11:30")]
    assert len(found(flights, "EWR,JFK,LGA-ORD,MDW")) == 2


@pytest.mark.parametrize(
    ("first", "second", "minutes"),
    [
        ("BOS-EWR", "EWR-LAX", 45),
        ("BOS-JFK", "JFK-LAX", 60),
        ("SJU-EWR", "EWR-LAX", 45),  # Puerto Rico: no passport is asked for
        ("STT-JFK", "JFK-BOS", 60),
        ("LHR-JFK", "JFK-LAX", 105),
        ("BOS-JFK", "JFK-LHR", 105),
        ("BOS-CLT", "CLT-LAX", 45),  # an airport without figures of its own
        ("LHR-CLT", "CLT-LAX", 90),
    ],
)
def test_each_airport_has_its_minimum(first: str, second: str, minutes: int) -> None:
    """By airport, and by whether one of the flights is international; half an hour more between carriers."""
    before = leg(first, "08:00", "12:00")
    assert model.minimum_connection(before, leg(second, "14:00", "18:00")) == minutes * MINUTE
    other = leg(second, "14:00", "18:00", carrier="B6")
    assert model.minimum_connection(before, other) == (minutes + 30) * MINUTE


def test_a_connection_is_neither_too_short_nor_too_long() -> None:
    """From the minimum to six hours, both included, and at one airport."""
    first = leg("BOS-EWR", "08:00", "09:00")

    def to(clock: str, way: str = "EWR-LAX") -> bool:
        return model.connects(first, leg(way, clock, "23:00"), LONGEST_CONNECTION)

    assert [to("09:44"), to("09:45"), to("15:00"), to("15:01"), to("08:30")] == [False, True, True, False, False]
    assert not to("12:00", "JFK-LAX")


def test_flights_that_one_carrier_sells_are_its_own() -> None:
    """United sells ExpressJet's flight: its bags go on without another carrier's hands."""
    before = leg("BOS-EWR", "08:00", "09:10", carrier="EV", codeshares=("UA4321",))
    assert model.minimum_connection(before, leg("EWR-LAX", "10:00", "13:00")) == 45 * MINUTE


def test_a_delay_that_breaks_a_connection_forbids_it() -> None:
    """What is expected counts: the first flight's delay, less what the next is late, too."""
    first, second = leg("BOS-EWR", "08:00", "09:10"), leg("EWR-LAX", "10:10", "13:00")

    def late(scheduled: ScheduledLeg, minutes: int) -> Segment:
        by = minutes * MINUTE
        return Segment(
            scheduled,
            FlightStatus(estimated_out=scheduled.scheduled_out + by, estimated_in=scheduled.scheduled_in + by),
        )

    assert model.holds(Segment(first), Segment(second))
    assert model.holds(late(first, 15), Segment(second))
    assert not model.holds(late(first, 16), Segment(second))
    assert model.holds(late(first, 90), late(second, 75))


@pytest.mark.parametrize(
    ("status", "sold"),
    [
        (FlightStatus(), True),
        (FlightStatus(estimated_out=at("EWR", "07:45")), False),
        (FlightStatus(cancelled=True), False),
        (FlightStatus(shown="hidden"), False),
        (FlightStatus(actual_out=at("EWR", "08:02")), False),
        (FlightStatus(diverted_to="PHL"), False),
    ],
)
def test_what_does_not_fly_is_not_sold(status: FlightStatus, sold: bool) -> None:
    """Cancelled, hidden, gone, or about to go."""
    segment = Segment(leg("EWR-LAX", "08:00", "11:00"), status)
    assert segment.sold_at(at("EWR", "07:00")) is sold


def test_a_flight_is_sold_until_three_quarters_of_an_hour_before_it_leaves() -> None:
    """By when it will leave: a late one longer."""
    flight = leg("EWR-LAX", "08:00", "11:00")
    assert Segment(flight).sold_at(at("EWR", "07:14"))
    assert not Segment(flight).sold_at(at("EWR", "07:15"))
    assert Segment(flight, FlightStatus(estimated_out=at("EWR", "10:00"))).sold_at(at("EWR", "08:30"))


DIRECT = Journey((leg("BOS-LAX", "08:00", "11:00"),))  # 6 h
VIA_ORD = Journey((leg("BOS-ORD", "08:00", "10:00"), leg("ORD-LAX", "11:00", "13:00")))  # 8 h


@pytest.mark.parametrize(
    ("other", "costs", "kept"),
    [
        (DIRECT, (100, 100), False),  # as early, sooner there, without a stop, for the same
        (DIRECT, (101, 100), True),  # it is cheaper
        (Journey((leg("BOS-LAX", "07:59", "11:00"),)), (100, 100), True),  # it leaves later
        (Journey((leg("BOS-LAX", "08:00", "13:01"),)), (100, 100), True),  # it arrives earlier
        (Journey((leg("BOS-EWR", "08:00", "09:00"), leg("EWR-LAX", "10:00", "13:00"))), (100, 100), True),  # as good
        (Journey((leg("BOS-EWR", "08:00", "09:00"), leg("EWR-LAX", "10:00", "13:00"))), (99, 100), False),
        (Journey((leg("BOS-LGB", "08:00", "11:00"),)), (100, 100), True),  # it goes elsewhere
    ],
)
def test_a_connection_that_is_beaten_in_every_way_is_dropped(
    other: Journey, costs: tuple[int, int], kept: bool
) -> None:
    """By another between the same airports that is no worse in time, stops and price, and better in one."""
    cost = dict(zip((other.key, VIA_ORD.key), costs, strict=True))
    assert (VIA_ORD in worthwhile([VIA_ORD, other], lambda journey: cost[journey.key])) is kept


def test_of_two_that_are_equal_both_stay() -> None:
    """Whichever comes first: they are of different airlines, or by different airports."""
    other = Journey((leg("BOS-EWR", "08:00", "09:00"), leg("EWR-LAX", "10:00", "13:00")))
    assert set(worthwhile([VIA_ORD, other], lambda journey: 100)) == {VIA_ORD, other}


def test_more_stops_are_no_better_for_leaving_and_arriving_alike() -> None:
    """A journey with two stops does not drop one with one."""
    twice = Journey(
        (leg("BOS-EWR", "08:00", "09:00"), leg("EWR-ORD", "10:00", "11:30"), leg("ORD-LAX", "12:30", "14:30"))
    )
    once = Journey((leg("BOS-ORD", "07:59", "10:00"), leg("ORD-LAX", "12:30", "14:31")))
    assert set(worthwhile([once, twice], lambda journey: 100)) == {once, twice}


def test_a_direct_flight_is_never_dropped_for_another() -> None:
    """Who wants that airline, or that hour, finds it."""
    faster = Journey((leg("BOS-LAX", "09:00", "11:00"),))
    assert worthwhile([DIRECT, faster], lambda journey: 100) == [DIRECT, faster]


def test_what_takes_far_too_long_is_dropped() -> None:
    """Over twice the fastest, and over six hours more: where the fastest takes five hours, over eleven."""
    fast, slow = Journey((leg("EWR-DEN", "08:00", "11:00"),)), Journey((leg("EWR-DEN", "12:00", "21:01"),))
    assert (fast.minutes, slow.minutes) == (300, 661)
    assert worthwhile([fast, slow], lambda journey: 100) == [fast]
    assert worthwhile([slow], lambda journey: 100) == [slow]
    eleven = Journey((leg("EWR-DEN", "12:00", "21:00"),))
    assert worthwhile([fast, eleven], lambda journey: 100) == [fast, eleven]
    far, farther = Journey((leg("EWR-HNL", "08:00", "14:00"),)), Journey((leg("EWR-HNL", "09:00", "02:00+1"),))
    assert (far.minutes, farther.minutes) == (660, 1320)
    assert worthwhile([far, farther], lambda journey: 100) == [far, farther]


WAYS = (
    "BOS-EWR", "BOS-JFK", "BOS-ORD", "BOS-LAX", "EWR-ORD", "EWR-LAX", "JFK-ORD", "JFK-LAX", "ORD-LAX", "ORD-EWR",
    "JFK-BOS", "LAX-EWR", "EWR-LHR", "LHR-JFK",
)  # fmt: skip


@st.composite
def timetables(draw: st.DrawFn) -> list[ScheduledLeg]:
    """A dozen flights or so, most of them on the way from Boston to Los Angeles, in the course of a day and a night."""
    flights = []
    for number, way in enumerate(draw(st.lists(st.sampled_from(WAYS), min_size=6, max_size=16)), 1):
        origin, destination = way.split("-")
        out = datetime(2026, 12, 1, 13, tzinfo=UTC) + draw(st.integers(0, 16 * 4)) * 15 * MINUTE
        in_ = out + draw(st.integers(4, 16)) * 15 * MINUTE
        carrier = draw(st.sampled_from(["UA", "B6"]))
        day = out.astimezone(zone(origin)).date()
        flights.append(ScheduledLeg(LegId(FlightNumber(carrier, number), day, origin), destination, out, in_))
    return flights


def connected(flown: Sequence[ScheduledLeg]) -> bool:
    """Whether one can fly these, one after the other: the rules once more, in other words."""
    airports = [flown[0].leg.origin, *(each.destination for each in flown)]
    cities = ["NYC" if code in ("EWR", "JFK") else code for code in airports]
    return len(set(cities)) == len(cities) and all(
        before.destination == after.leg.origin
        and model.minimum_connection(before, after) <= after.scheduled_out - before.scheduled_in <= LONGEST_CONNECTION
        for before, after in pairwise(flown)
    )


@given(timetables())
def test_every_journey_there_is_is_found_and_no_other(flights: list[ScheduledLeg]) -> None:
    """As trying every order of up to three flights finds them: connected in place and in time, no airport twice."""
    ways = [flown for n in (1, 2, 3) for flown in permutations(flights, n)]
    wanted = {
        tuple(str(each.leg) for each in flown)
        for flown in ways
        if flown[0].leg.origin == "BOS" and flown[-1].destination == "LAX" and flown[0].leg.date == DAY
        if connected(flown)
    }
    got = [journey.key for journey in found(flights, "BOS-LAX")]
    assert sorted(got) == sorted(wanted)


def beats(one: Journey, other: Journey, cost: dict[tuple[str, ...], int]) -> bool:
    better = [
        one.out >= other.out, one.in_ <= other.in_, one.stops <= other.stops, cost[one.key] <= cost[other.key],
    ]  # fmt: skip
    same = (one.out, one.in_, one.stops, cost[one.key]) == (other.out, other.in_, other.stops, cost[other.key])
    return all(better) and not same


@given(timetables(), st.data())
def test_only_what_nobody_would_choose_is_dropped(flights: list[ScheduledLeg], data: st.DataObject) -> None:
    """A dropped connection is beaten by one that stays, or takes far too long; a direct flight is never beaten."""
    there = found(flights, "BOS-LAX")
    cost = {each.key: data.draw(st.integers(1, 4)) for each in there}
    kept = worthwhile(there, lambda journey: cost[journey.key])
    assert {each.key for each in kept} <= cost.keys()
    assert kept == sorted(kept, key=lambda each: (each.out, each.in_, each.key))
    fastest = min((each.minutes for each in there), default=0)
    for each in there:
        too_long = each.minutes > max(2 * fastest, fastest + 360)
        beaten = each.stops > 0 and any(beats(other, each, cost) for other in kept)
        assert (each in kept) is not (too_long or beaten)
