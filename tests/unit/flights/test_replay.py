"""The replayed day as an airport system: the true day's figures, and a believable, repeatable story on any date."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from statistics import fmean
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.airports.lookup import zone
from chalicelib.flights.feeds.replay import ScheduledLeg, snapshot, timetable
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import STAGES, Flight, FlightUpdate, Phase, apply

DAY = date(2026, 7, 10)
NEW_YORK = ZoneInfo("America/New_York")
ONE_DAY = timedelta(days=1)


def new_york(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=NEW_YORK).astimezone(UTC)


# From the first moment the feed speaks of the day's legs to the last; on the day itself every three hours and a half.
INSTANTS = [new_york(DAY - ONE_DAY, 0, 1), new_york(DAY - ONE_DAY, 17)]
INSTANTS += [new_york(DAY, 2) + timedelta(hours=3, minutes=31) * n for n in range(7)]
INSTANTS.append(new_york(DAY + ONE_DAY, 23, 59))


def of_day(updates: Iterable[FlightUpdate], day: date = DAY) -> list[FlightUpdate]:
    return [u for u in updates if u.leg.date == day]


def alone(updates: Iterable[FlightUpdate]) -> dict[LegId, Flight]:
    return {u.leg: apply(None, u)[0] for u in updates}


@pytest.fixture(scope="module")
def polls() -> list[list[FlightUpdate]]:
    return [of_day(snapshot(at)) for at in INSTANTS]


@pytest.fixture(scope="module")
def versions(polls: list[list[FlightUpdate]]) -> dict[LegId, list[Flight]]:
    """Every leg of the day, poll by poll, as the system would keep it."""
    kept: dict[LegId, list[Flight]] = {}
    for poll in polls:
        for update in poll:
            known = kept.setdefault(update.leg, [])
            known.append(apply(known[-1] if known else None, update)[0])
    return kept


@pytest.fixture(scope="module")
def ended(versions: dict[LegId, list[Flight]]) -> list[Flight]:
    return [flights[-1] for flights in versions.values()]


@pytest.fixture(scope="module")
def departures(ended: list[Flight]) -> list[Flight]:
    return [f for f in ended if not f.status.derived]


def test_the_day_is_the_true_one(departures: list[Flight]) -> None:
    """1,004 departures, 121 cancelled, 37 diverted, 53 minutes late on average."""
    assert len([leg for leg in timetable(DAY) if not leg.derived]) == 1004
    phases = Counter(f.status.phase for f in departures)
    assert phases == {Phase.ARRIVED: 846, Phase.CANCELLED: 121, Phase.DIVERTED: 37}
    delays = [f.status.departure_delay for f in departures if f.status.actual_out]
    assert round(fmean(d for d in delays if d is not None)) == 53


def test_a_known_leg_has_its_true_times(departures: list[Flight]) -> None:
    """US1431 to Charlotte was to leave Newark at 05:00 and arrive at 06:40; it was a minute and six minutes early."""
    flight = next(f for f in departures if str(f.leg) == "US1431-20260710-EWR")
    status = flight.status
    assert (status.destination, status.registration, status.aircraft_type) == ("CLT", "N564UW", "A321")
    assert status.scheduled_out == new_york(DAY, 5)
    assert status.scheduled_in == new_york(DAY, 6, 40)
    assert (status.departure_delay, status.arrival_delay) == (-1, -6)


def test_the_same_instant_always_gets_the_same_answer() -> None:
    """No state, clock or chance is involved: nor what was asked before, nor Python's hash seed."""
    code = (
        "from datetime import *; from chalicelib.flights.feeds.replay import snapshot\n"
        "print(snapshot(datetime(2026, 7, 10, 21, tzinfo=UTC), ('LGA',)))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": "."}
    elsewhere = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    assert elsewhere.stdout.strip() == str(snapshot(datetime(2026, 7, 10, 21, tzinfo=UTC), ("LGA",)))


def test_a_poll_repeats_what_is_unchanged_to_the_instant() -> None:
    """From one minute to the next, in the busiest hours, few legs of thousands say anything new."""
    first, second = snapshot(new_york(DAY, 17)), snapshot(new_york(DAY, 17, 1))
    changed = [now for was, now in zip(first, second, strict=True) if was != now]
    assert 5 <= len(changed) <= 60
    assert len(second) > 4000


def test_an_instant_is_the_same_in_any_zone_and_must_have_one() -> None:
    """Only the instant counts; a time without a zone is none."""
    at = new_york(DAY, 17)
    assert snapshot(at.astimezone(ZoneInfo("Asia/Tokyo"))) == snapshot(at)
    with pytest.raises(ValueError, match="no time zone"):
        snapshot(at.replace(tzinfo=None))


def test_it_speaks_of_yesterday_today_and_tomorrow_in_new_york() -> None:
    """Half past eleven at night in New York is still that day there, though tomorrow in UTC."""
    late = snapshot(new_york(DAY, 23, 30))
    assert {u.leg.date for u in late} == {DAY - ONE_DAY, DAY, DAY + ONE_DAY}
    assert {str(u.leg) for u in of_day(late, DAY + ONE_DAY)} == {str(s.leg) for s in timetable(DAY + ONE_DAY)}


def test_airports_restrict_to_the_legs_that_leave_from_or_return_to_them() -> None:
    """A deployment for Newark alone polls Newark's legs, and all of them."""
    at = new_york(DAY, 17)
    newark = snapshot(at, airports=("EWR",))
    assert newark == [u for u in snapshot(at) if "EWR" in (u.leg.origin, u.observed["destination"].value)]
    assert {u.leg.origin == "EWR" for u in newark} == {True, False}
    assert snapshot(at, airports=()) == []


def test_nothing_is_said_before_its_time(polls: list[list[FlightUpdate]]) -> None:
    """Every observation was announced by the instant of the poll, and actual times only after they happened."""
    for at, poll in zip(INSTANTS, polls, strict=True):
        for update in poll:
            assert update.source == "replay"
            for name, observation in update.observed.items():
                assert observation.at <= at
                if name.startswith("actual_"):
                    assert observation.value < observation.at
                elif name.startswith("estimated_") and observation.value is not None:
                    assert observation.value > observation.at


def test_the_legs_are_published_before_the_feed_first_speaks_of_them(polls: list[list[FlightUpdate]]) -> None:
    """The first appearance has the whole programme of the day; no leg appears later."""
    programme = {leg.leg: leg for leg in timetable(DAY)}
    for poll in polls:
        assert {u.leg for u in poll} == programme.keys()
    for update in polls[0]:
        leg, said = programme[update.leg], {n: o.value for n, o in update.observed.items()}
        assert (said["destination"], said["scheduled_out"], said["scheduled_in"]) == (
            leg.destination, leg.scheduled_out, leg.scheduled_in)  # fmt: skip
        assert said.get("codeshares", ()) == leg.codeshares
        assert bool(said.get("derived")) == leg.derived


def test_a_later_poll_alone_tells_what_all_before_it_told(
    polls: list[list[FlightUpdate]], versions: dict[LegId, list[Flight]]
) -> None:
    """A system that slept through the polls between ends with the same flights."""
    for number in (0, 5, 8, len(polls) - 1):
        for leg, flight in alone(polls[number]).items():
            assert flight.seen == versions[leg][number].seen


def test_no_leg_goes_back_or_jumps_into_an_impossible_phase(versions: dict[LegId, list[Flight]]) -> None:
    """Versions only grow; phases come in their order; a cancelled leg never flies and a diverted one has left."""
    for flights in versions.values():
        for was, now in pairwise(flights):
            assert now.version in (was.version, was.version + 1)
            before, after = was.status.phase, now.status.phase
            if before in STAGES and after in STAGES:
                assert STAGES.index(before) <= STAGES.index(after)
            elif before not in STAGES:
                assert after is before
            else:
                assert before not in (Phase.LANDED, Phase.ARRIVED)
        actual = [t for n in ("out", "off", "on", "in") if (t := getattr(flights[-1].status, f"actual_{n}"))]
        assert actual == sorted(set(actual))
        assert not (flights[-1].status.cancelled and actual)


def test_all_is_said_before_the_feed_falls_silent_about_a_day(ended: list[Flight]) -> None:
    """At the end of the next day every leg has arrived, was cancelled or diverted."""
    assert {f.status.phase for f in ended} == {Phase.ARRIVED, Phase.CANCELLED, Phase.DIVERTED}


def test_the_stage_is_for_what_happens_at_the_gate(polls: list[list[FlightUpdate]]) -> None:
    """What actual times tell is not said twice; a leg back boards at another airport, which is not known here."""
    stages = Counter(
        (u.observed["stage"].value, "derived" in u.observed) for poll in polls for u in poll if "stage" in u.observed
    )
    assert {stage for stage, _ in stages} <= {"check-in", "boarding", "final-call", "gate-closed"}
    assert not any(derived for _, derived in stages)


def test_gates_are_known_before_boarding_and_some_are_changed(
    versions: dict[LegId, list[Flight]], departures: list[Flight]
) -> None:
    """Terminal and gate come hours ahead; about one gate in eight is another in the end."""
    for flights in versions.values():
        for flight in flights:
            status = flight.status
            if status.departure_gate:
                assert status.departure_terminal
            if status.stage in STAGES[STAGES.index(Phase.BOARDING) :]:
                assert status.departure_gate
    first = {leg: next((f.status.departure_gate for f in fs if f.status.departure_gate), None)
             for leg, fs in versions.items()}  # fmt: skip
    changed = sum(f.status.departure_gate != first[f.leg] for f in departures)
    assert 0.05 <= changed / len(departures) <= 0.15
    assert {(f.leg.origin, f.status.departure_terminal) for f in departures if f.status.departure_terminal} == {
        ("EWR", "A"), ("EWR", "B"), ("EWR", "C"), ("JFK", "2"), ("JFK", "4"), ("JFK", "5"), ("JFK", "7"),
        ("JFK", "8"), ("LGA", "B"), ("LGA", "C"), ("LGA", "D")}  # fmt: skip


def test_no_two_aircraft_board_at_one_gate_at_once(departures: list[Flight]) -> None:
    """A board that sends two flights to one gate in the same minutes reads false."""
    boarding: dict[tuple[str | None, ...], list[datetime]] = {}
    for f in departures:
        if f.status.actual_out:
            gate = (f.leg.origin, f.status.departure_terminal, f.status.departure_gate)
            boarding.setdefault(gate, []).append(f.status.actual_out)
    for times in boarding.values():
        assert all(later - earlier >= timedelta(minutes=30) for earlier, later in pairwise(sorted(times)))


def test_long_delays_grow_in_steps_and_name_their_reasons(
    versions: dict[LegId, list[Flight]], departures: list[Flight]
) -> None:
    """Estimates are revised on the way, the last is close; the codes' minutes add up to the delay."""
    steps = Counter[int]()
    for flight in departures:
        status = flight.status
        if status.actual_out and (status.departure_delay or 0) >= 120:
            steps[len({f.status.estimated_out for f in versions[flight.leg]} - {None})] += 1
            assert abs(status.estimated_out - status.actual_out) <= timedelta(minutes=3)
        if status.actual_out and (status.departure_delay or 0) >= 5:
            assert sum(code.minutes for code in status.delay_codes) == status.departure_delay
            assert {code.scheme for code in status.delay_codes} == {"AHM730"}
    assert max(steps) >= 3
    assert steps[0] == 0
    codes = Counter(code.code for f in departures for code in f.status.delay_codes or ())
    assert min(codes["71"], codes["93"], codes["81"], codes["41"], codes["64"]) >= 10


def test_cancellations_are_announced_mostly_ahead(versions: dict[LegId, list[Flight]]) -> None:
    """Hours to minutes ahead; some only after announced delays, a few with passengers boarding."""
    ahead, stages = [], Counter[str | None]()
    for flights in versions.values():
        status = flights[-1].status
        if status.cancelled:
            ahead.append(status.scheduled_out - flights[-1].seen["cancelled"].at)
            stages[status.stage] += 1
            assert status.estimated_out is None
            assert status.delay_codes
    assert 0.6 <= sum(lead > timedelta(0) for lead in ahead) / len(ahead) <= 0.9
    assert sum(lead > timedelta(hours=5) for lead in ahead) >= 5
    assert 1 <= stages["boarding"] + stages["final-call"] + stages["gate-closed"] <= 25


def test_diverted_legs_land_somewhere_else(departures: list[Flight]) -> None:
    """It is said in the air, where to; the four that reached their destination in the end have their true arrival."""
    diverted = [f for f in departures if f.status.diverted_to is not None]
    for flight in diverted:
        status = flight.status
        assert status.diverted_to not in ("", status.destination, flight.leg.origin)
        assert status.actual_off < flight.seen["diverted_to"].at < status.actual_on
    arrived = {str(f.leg.flight) for f in diverted if f.status.actual_in}
    assert arrived == {"B6431", "UA1618", "EV5091", "DL1643"}
    seattle = next(f for f in diverted if str(f.leg.flight) == "DL1643").status
    assert seattle.actual_in == datetime(2026, 7, 11, 8, 4, tzinfo=ZoneInfo("America/Los_Angeles"))


def test_legs_back_are_marked_linked_and_in_time(ended: list[Flight]) -> None:
    """A departure names the leg that brings its aircraft: the same tail, in with half an hour to spare, as marked."""
    legs = {str(f.leg): f for f in ended}
    for flight in ended:
        status = flight.status
        if status.derived:
            assert status.onward
            assert status.belt
            assert status.arrival_gate
            assert status.departure_gate is None
            way_out = legs.get(status.inbound or "")
            assert status.inbound is None or way_out.status.onward == str(flight.leg)
            if way_out:
                assert way_out.leg.flight == flight.leg.flight
                assert way_out.status.actual_in <= status.actual_out - timedelta(minutes=30)
        elif brings := legs.get(status.inbound or ""):
            assert brings.status.derived
            assert brings.status.onward == str(flight.leg)
            assert brings.status.destination == flight.leg.origin
            assert brings.status.registration == status.registration
            if not status.cancelled:
                assert brings.status.actual_in <= status.actual_out - timedelta(minutes=30)
    assert sum(bool(f.status.derived) for f in ended) == 517
    cancelled_or_diverted = [f for f in ended if f.status.cancelled or f.status.diverted_to is not None]
    assert not any(f.status.onward for f in cancelled_or_diverted)


def test_an_inbound_of_the_day_before_is_linked_across_the_dates() -> None:
    """The leg back that stayed overnight has its own date; both ends of the link name each other."""
    polled = {str(u.leg): u.observed for u in snapshot(new_york(DAY, 23, 59))}
    links = [(leg, str(said["inbound"].value)) for leg, said in polled.items()
             if "inbound" in said and LegId.parse(leg).date == DAY]  # fmt: skip
    overnight = [(leg, back) for leg, back in links if LegId.parse(back).date == DAY - ONE_DAY]
    assert len(overnight) > 100
    assert all(polled[back]["onward"].value == leg for leg, back in overnight)


@pytest.mark.parametrize("day", [DAY, date(2026, 1, 20)])
def test_a_number_means_one_leg_of_an_airport_and_date(day: date) -> None:
    """Whoever searches by a number, the operator's or a codeshare's, finds one leg of each origin."""
    names = Counter((n, leg.leg.origin) for leg in timetable(day) for n in (str(leg.leg.flight), *leg.codeshares))
    assert names.most_common(1)[0][1] == 1
    assert sum(bool(leg.codeshares) for leg in timetable(day)) > 300


@settings(max_examples=3, deadline=None)
@given(day=st.dates(date(2013, 1, 1), date(2060, 12, 31)))
def test_leg_ids_are_unique_over_the_three_days_of_any_date(day: date) -> None:
    """No leg stands for two, so no two histories are mixed."""
    ids = [str(leg.leg) for d in (day - ONE_DAY, day, day + ONE_DAY) for leg in timetable(d)]
    assert len(ids) == len(set(ids)) == 3 * 1521


@pytest.mark.parametrize(
    "day",
    [date(2026, 3, 7), date(2026, 3, 8), date(2026, 10, 31), date(2026, 11, 1), date(2026, 12, 31), date(2028, 2, 29)],
)
def test_each_leg_keeps_its_local_minutes_on_any_date(day: date) -> None:
    """On DST nights and at New Year too; a time the clocks skip comes an hour later, of two alike the first counts."""

    def clocks(leg: ScheduledLeg, on: date) -> list[tuple[timedelta, str]]:
        ends = ((leg.scheduled_out, leg.leg.origin), (leg.scheduled_in, leg.destination))
        midnight = datetime.combine(on, time())
        return [(at.astimezone(zone(code)).replace(tzinfo=None) - midnight, code) for at, code in ends]

    usual = {(leg.leg.flight, leg.leg.origin): clocks(leg, DAY) for leg in timetable(DAY)}
    skipped = 0
    for leg in timetable(day):
        assert leg.scheduled_in - leg.scheduled_out > timedelta(minutes=20)
        for (shown, code), (wanted, _) in zip(clocks(leg, day), usual[leg.leg.flight, leg.leg.origin], strict=True):
            if shown != wanted:
                assert shown - wanted == timedelta(hours=1)
                naive = datetime.combine(day, time(), tzinfo=zone(code)) + wanted
                assert naive.astimezone(UTC).astimezone(zone(code)).replace(tzinfo=None) != naive.replace(tzinfo=None)
                skipped += 1
    assert bool(skipped) == (day in (date(2026, 3, 7), date(2026, 3, 8)))


def test_the_story_holds_on_the_night_that_is_an_hour_short() -> None:
    """Every leg still goes from gate to gate in order, and each ends as on the true day."""
    day = date(2026, 3, 8)
    flights = alone(of_day(snapshot(new_york(day + ONE_DAY, 23, 59)), day)).values()
    phases = Counter(f.status.phase for f in flights if not f.status.derived)
    assert phases == {Phase.ARRIVED: 846, Phase.CANCELLED: 121, Phase.DIVERTED: 37}
    for f in flights:
        times = [t for n in ("out", "off", "on", "in") if (t := getattr(f.status, f"actual_{n}"))]
        assert times == sorted(set(times))


def test_honolulu_is_a_long_way_on_the_same_date() -> None:
    """HA51 leaves JFK at 10:00 and arrives at 14:30 there, ten and a half hours later in summer, nine in winter."""
    for day, hours in ((DAY, 10.5), (date(2026, 1, 20), 9.5)):
        leg = next(leg for leg in timetable(day) if str(leg.leg.flight) == "HA51" and not leg.derived)
        assert leg.scheduled_out.astimezone(NEW_YORK).strftime("%d %H:%M") == f"{day:%d} 10:00"
        assert leg.scheduled_in.astimezone(zone("HNL")).strftime("%d %H:%M") == f"{day:%d} 14:30"
        assert (leg.scheduled_in - leg.scheduled_out) == timedelta(hours=hours)
