"""The data file of the replay is what its script makes, and the script follows aircraft by its documented rule."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

import pytest

from infra.data.replay_day import MIN_TURN, TARGET, Leg, WayBack, alternate, arrival, follow, read, text, ways_back

DAY = date(2013, 7, 10)
TURN = timedelta(minutes=MIN_TURN)


def instant(hour: int, minute: int = 0, day: int = 10) -> datetime:
    return datetime(2013, 7, day, hour, minute, tzinfo=UTC)


# To Chicago and out again in the afternoon; all times UTC, New York is four hours behind.
WAY_OUT = Leg("UA", 100, "N1", "A320", "EWR", "ORD", instant(12), instant(14, 30), 5, -3, 115, 719)
NEXT = Leg("UA", 200, "N1", "A320", "LGA", "IAH", instant(21), instant(1, day=11), 10, 4, 190, 1416)


def way_back(way_out: Leg = WAY_OUT, departure: Leg = NEXT) -> WayBack | None:
    return follow(way_out, departure, departure if departure.out_delay is not None else None)


def test_the_file_is_what_the_script_makes_of_the_package() -> None:
    """Nobody edits it by hand: the same package gives the same bytes."""
    assert TARGET.read_text() == text(DAY, read(DAY)), "make it again: python -m infra.data.replay_day"


def test_a_day_without_data_is_refused() -> None:
    """The package holds 2013 and nothing else."""
    with pytest.raises(ValueError, match=r"no data of 2014-01-01.*2013"):
        text(date(2014, 1, 1), [WAY_OUT])


def test_the_way_back_takes_the_block_time_of_the_way_out_after_a_turn() -> None:
    """It keeps the airport of the next departure, and is scheduled fifty minutes after the aircraft's arrival."""
    back = way_back()
    assert back
    assert back.out == instant(15, 20)
    assert back.in_ - back.out == WAY_OUT.block
    assert back.identity == ("UA", 100, "ORD")
    assert abs(back.actual_out - back.out) <= timedelta(minutes=5)


def test_the_way_back_is_never_later_than_the_next_departure_allows() -> None:
    """A tight programme shortens the turn to half an hour at either end; a tighter one can't be flown."""
    earliest = WAY_OUT.in_ + TURN + WAY_OUT.block + TURN
    tight = way_back(departure=replace(NEXT, out=earliest, in_=earliest + NEXT.block, out_delay=30))
    assert tight
    assert (tight.out, tight.in_) == (WAY_OUT.in_ + TURN, earliest - TURN)
    assert tight.actual_in <= earliest + timedelta(minutes=30) - TURN
    too_tight = earliest - timedelta(minutes=1)
    assert way_back(departure=replace(NEXT, out=too_tight, in_=too_tight + NEXT.block)) is None


def test_a_late_way_out_makes_the_way_back_late() -> None:
    """The aircraft must be there before it can leave; where it came too late for the next leg, it was another one."""
    late = way_back(way_out=replace(WAY_OUT, out_delay=120, in_delay=110))
    assert late
    assert late.actual_out >= WAY_OUT.in_ + timedelta(minutes=110) + TURN
    assert way_back(way_out=replace(WAY_OUT, out_delay=260, in_delay=260)) is None


def test_no_way_back_is_invented() -> None:
    """None after a cancelled or diverted way out, none after more than two days."""
    assert way_back(way_out=replace(WAY_OUT, out_delay=None, in_delay=None, air=None)) is None
    assert way_back(way_out=replace(WAY_OUT, in_delay=None, air=None)) is None
    two_days = timedelta(hours=48)
    assert way_back(departure=replace(NEXT, out=WAY_OUT.out + two_days, in_=NEXT.in_ + two_days))
    longer = two_days + timedelta(minutes=1)
    assert way_back(departure=replace(NEXT, out=WAY_OUT.out + longer, in_=NEXT.in_ + two_days)) is None


def test_the_way_back_waits_for_the_morning_where_it_may() -> None:
    """Not at night, unless the next departure needs it."""
    evening = replace(WAY_OUT, out=instant(2), in_=instant(4, 30))  # at Chicago at 23:30
    back = way_back(way_out=evening)
    assert back
    assert back.out.astimezone(ZoneInfo("America/Chicago")).strftime("%d %H:%M") == "10 06:00"
    early = way_back(way_out=evening, departure=replace(NEXT, out=instant(9), in_=instant(13)))
    assert early
    assert early.out == instant(5, 20)


def test_a_departure_that_left_late_may_have_waited_for_its_aircraft() -> None:
    """Then the way back comes in late, but still half an hour before the departure."""
    late = [
        way_back(replace(WAY_OUT, number=n), replace(NEXT, out=instant(19), out_delay=120)) for n in range(100, 140)
    ]
    waits = [back.actual_in - back.in_ for back in late if back]
    assert len(waits) == 40
    assert 10 <= sum(wait > timedelta(hours=1) for wait in waits) <= 35
    assert all(back.actual_in <= instant(21) - TURN for back in late if back)


def test_only_the_leg_before_is_followed() -> None:
    """A tail whose last leg out was cancelled has no leg back, whatever it flew before that."""
    cancelled = replace(
        WAY_OUT, number=150, out=instant(16), in_=instant(18, 30), out_delay=None, in_delay=None, air=None
    )
    assert [back.feeds for back in ways_back([WAY_OUT, NEXT], DAY)] == [NEXT]
    assert ways_back([WAY_OUT, cancelled, replace(NEXT, out=instant(23))], DAY) == []
    assert ways_back([WAY_OUT, replace(NEXT, tail="N2")], DAY) == []
    assert ways_back([replace(WAY_OUT, tail=None), replace(NEXT, tail=None)], DAY) == []


def test_of_two_legs_back_of_one_number_the_later_way_out_is_kept() -> None:
    """The replay lays the day over every date, where they would be one leg."""
    day_before = replace(WAY_OUT, tail="N2", out=instant(12, day=9), in_=instant(14, 30, day=9))
    other = replace(NEXT, number=300, tail="N2", out=instant(13), in_=instant(17))
    assert [back.way_out.tail for back in ways_back([day_before, WAY_OUT, other, NEXT], DAY)] == ["N1"]
    assert [back.way_out.tail for back in ways_back([day_before, other], DAY)] == ["N2"]


def test_an_arrival_is_on_the_day_nearest_to_what_the_distance_says() -> None:
    """Five past midnight is the next day there; Honolulu's afternoon is the same day's."""
    assert arrival(5, "PWM", instant(3, 55)) == instant(4, 5)
    assert arrival(1430, "HNL", instant(1, 30, day=11)) == instant(0, 30, day=11)
    assert arrival(2359, "ORD", instant(5, 10)) == instant(4, 59)


def test_an_alternate_is_near_but_not_in_the_same_city() -> None:
    """What keeps a flight from O'Hare keeps it from Midway; an island far from everything has none."""
    assert alternate("ORD", ["MDW", "MKE", "IND"])[0] == "MKE"
    assert alternate("HNL", ["LAX", "SFO"])[0] == ""


def test_the_legs_back_in_the_file_have_numbers_and_origins_of_their_own() -> None:
    """So their ids are unique on all dates, and never a departure's."""
    lines = [line.split(",") for line in TARGET.read_text().splitlines()[2:]]
    keys = sorted((carrier, number, origin) for carrier, number, _, _, origin, *_ in lines)
    assert all(len(list(group)) == 1 for _, group in groupby(keys))
    assert {line[4] in ("EWR", "JFK", "LGA") for line in lines if line[14]} == {False}
    assert len(lines) == 1521
