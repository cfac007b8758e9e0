"""Who is told what, and when."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.alerts import model
from chalicelib.alerts.model import Interest, Matter, News, QuietHours, Rule, Subject, Told, Wait
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import Flight, FlightUpdate, Observation, apply, apply_all

OUT = datetime(2026, 7, 10, 20, tzinfo=UTC)  # 16:00 in Newark
LEG = LegId(FlightNumber("UA", 1545), date(2026, 7, 10), "EWR")
EVERYTHING = Rule(interests=frozenset(Interest))


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def scheduled(**more: Any) -> Flight:
    observed = {"destination": "IAH", "scheduled_out": OUT, "scheduled_in": OUT + timedelta(hours=4), **more}
    at = OUT - timedelta(days=2)
    return apply(None, FlightUpdate(LEG, "replay", {n: Observation(v, at) for n, v in observed.items()}))[0]


def then(flight: Flight, **observed: Any) -> Flight:
    """The flight after its source said more, a second later than all before."""
    at = max(seen.at for seen in flight.seen.values()) + timedelta(seconds=1)
    return apply(flight, FlightUpdate(LEG, "replay", {n: Observation(v, at) for n, v in observed.items()}))[0]


def late(flight: Flight, by: float) -> Flight:
    return then(flight, estimated_out=OUT + minutes(by), estimated_in=OUT + timedelta(hours=4) + minutes(by))


def told(rule: Rule, before: Told, flight: Flight, at: datetime = OUT - timedelta(hours=2)) -> tuple[Matter, ...]:
    """What is told; nothing is an empty tuple."""
    found = model.decide(rule, before, flight, at)
    return found.matters if isinstance(found, News) else ()


def following(flight: Flight, rule: Rule = EVERYTHING, at: datetime = OUT - timedelta(hours=2)) -> Told:
    """What somebody knows who followed and was told at once what there was to tell."""
    told = model.at_first(flight, at)
    found = model.decide(replace(rule, quiet=None), told, flight, at)
    return found.after if isinstance(found, News) else told


@pytest.mark.parametrize(("by", "matters"), [(14, ()), (15, (Matter.DELAYED,)), (-15, (Matter.EARLIER,)), (-14, ())])
def test_the_first_delay_is_told_from_fifteen_minutes_on(by: int, matters: tuple[Matter, ...]) -> None:
    """Late or early, against the schedule."""
    assert told(EVERYTHING, following(scheduled()), late(scheduled(), by)) == matters


@pytest.mark.parametrize(
    ("by", "matters"), [(49, ()), (50, (Matter.DELAYED,)), (31, ()), (30, (Matter.EARLIER,)), (0, (Matter.EARLIER,))]
)
def test_further_movement_counts_from_what_was_last_told(by: int, matters: tuple[Matter, ...]) -> None:
    """Ten minutes, in both directions: a delay that shrinks makes people miss flights."""
    flight = late(scheduled(), 40)
    first = model.decide(EVERYTHING, following(scheduled()), flight, OUT - timedelta(hours=2))
    assert isinstance(first, News)
    assert told(EVERYTHING, first.after, late(flight, by)) == matters


def test_creeping_by_less_than_ten_minutes_is_told_once_it_adds_up() -> None:
    """Movement counts from what was last told, not from the last change."""
    flight, known, matters = late(scheduled(), 20), following(late(scheduled(), 20)), []
    for by in (25, 29, 33, 38, 41):
        flight = late(flight, by)
        found = model.decide(EVERYTHING, known, flight, OUT - timedelta(hours=2))
        if isinstance(found, News):
            matters.append((by, found.matters))
            known = found.after
    assert matters == [(33, (Matter.DELAYED,))]


def test_a_gate_message_does_not_use_up_the_first_delay() -> None:
    """Who was told of a gate while the flight was ten minutes late is told when it is fifteen late, not twenty-five."""
    flight = then(late(scheduled(departure_gate="B4"), 10), departure_gate="B7")
    found = model.decide(EVERYTHING, following(scheduled(departure_gate="B4")), flight, OUT - timedelta(hours=2))
    assert isinstance(found, News)
    assert found.matters == (Matter.GATE,)
    assert told(EVERYTHING, found.after, late(flight, 15)) == (Matter.DELAYED,)


def test_thresholds_are_the_followers_own() -> None:
    """First delay 60, further 30."""
    rule = Rule(first_delay=60, further=30)
    assert told(rule, following(scheduled(), rule), late(scheduled(), 59)) == ()
    assert told(rule, following(scheduled(), rule), late(scheduled(), 60)) == (Matter.DELAYED,)
    assert told(rule, following(late(scheduled(), 60), rule), late(scheduled(), 89)) == ()


def test_times_are_told_within_a_day_of_departure() -> None:
    """What changed earlier is in the reminder that goes out then."""
    known, flight = following(scheduled(), at=OUT - timedelta(hours=30)), late(scheduled(), 60)
    assert told(EVERYTHING, known, flight, OUT - timedelta(hours=26)) == ()
    assert told(EVERYTHING, known, flight, OUT - timedelta(hours=23)) == (Matter.DELAYED, Matter.REMINDER)


def test_gates_and_terminals_are_told_within_three_hours_of_departure() -> None:
    """What changed earlier is in the reminder that goes out then."""
    known = following(scheduled(departure_gate="B4", departure_terminal="B"), at=OUT - timedelta(hours=4))
    flight = then(scheduled(), departure_gate="C9", departure_terminal="C")
    assert told(EVERYTHING, known, flight, OUT - timedelta(hours=3, minutes=5)) == ()
    at_three = told(EVERYTHING, known, flight, OUT - timedelta(hours=3))
    assert at_three == (Matter.GATE, Matter.TERMINAL, Matter.REMINDER)


def test_what_was_taken_back_is_not_told() -> None:
    """Gate B4, B7, B4 again."""
    known, flight = following(scheduled(departure_gate="B4")), scheduled(departure_gate="B4")
    there = then(flight, departure_gate="B7")
    assert told(EVERYTHING, known, there) == (Matter.GATE,)
    assert told(EVERYTHING, known, then(there, departure_gate="B4")) == ()


def test_at_most_five_messages_of_changes_per_phase() -> None:
    """The sixth waits for the next phase; a cancellation does not."""
    flight, known, count = scheduled(), following(scheduled()), 0
    for by in range(20, 400, 20):
        flight = late(flight, by)
        found = model.decide(EVERYTHING, known, flight, OUT - timedelta(hours=2))
        if isinstance(found, News):
            known, count = found.after, count + 1
    assert count == model.MOST
    assert told(EVERYTHING, known, then(flight, cancelled=True)) == (Matter.CANCELLED,)
    assert told(EVERYTHING, known, then(flight, stage="boarding")) == (Matter.DELAYED, Matter.BOARDING)


def test_a_cancellation_is_told_long_before_departure_and_alone() -> None:
    """Nothing else of a flight that does not go is of use."""
    flight = then(late(scheduled(departure_gate="B4"), 90), cancelled=True, departure_gate="B9")
    known = following(scheduled(departure_gate="B4"), at=OUT - timedelta(days=2))
    assert told(EVERYTHING, known, flight, OUT - timedelta(hours=40)) == (Matter.CANCELLED,)


def test_a_flight_that_flies_after_all_is_told() -> None:
    """With how late it is then."""
    flight = then(scheduled(), cancelled=True)
    known = following(flight)
    assert told(EVERYTHING, known, flight) == ()
    assert told(EVERYTHING, known, late(then(flight, cancelled=False), 45))[0] is Matter.REINSTATED


def test_a_diversion_its_change_and_its_end_are_told() -> None:
    """Each once."""
    flight = then(scheduled(), actual_out=OUT, actual_off=OUT + minutes(15))
    known = following(flight)
    for step, matter in (("AUS", Matter.DIVERTED), ("SAT", Matter.DIVERTED), (None, Matter.DIVERSION_ENDED)):
        flight = then(flight, diverted_to=step)
        found = model.decide(EVERYTHING, known, flight, OUT + timedelta(hours=3))
        assert isinstance(found, News)
        assert found.matters == (matter,)
        known = found.after
        assert told(EVERYTHING, known, flight, OUT + timedelta(hours=3)) == ()


def test_who_is_under_way_is_told_of_the_arrival() -> None:
    """After departure delays are those of the arrival."""
    flight = then(scheduled(), actual_out=OUT, actual_off=OUT + minutes(15))
    later = then(flight, estimated_in=OUT + timedelta(hours=4, minutes=40))
    assert told(EVERYTHING, following(flight), later, OUT + timedelta(hours=1)) == (Matter.DELAYED,)
    landed = then(later, actual_on=OUT + timedelta(hours=4, minutes=30), belt="7")
    assert told(EVERYTHING, following(later), landed, OUT + timedelta(hours=5)) == (Matter.LANDED, Matter.BELT)


def test_each_interest_can_be_left_out() -> None:
    """Nothing is told to who asked for nothing."""
    nothing = Rule(interests=frozenset())
    flight = late(scheduled(departure_gate="B4"), 90)
    for step in ({"departure_gate": "B7"}, {"stage": "boarding"}, {"actual_out": OUT}, {"diverted_to": "AUS"}):
        flight = then(flight, **step)
        assert told(nothing, following(scheduled(), nothing), flight) == ()
    assert told(nothing, following(scheduled(), nothing), then(flight, cancelled=True)) == ()


def test_reminders_come_once_each() -> None:
    """24 and 3 hours before departure, at whatever moment we look; none of what is past at first."""
    flight = scheduled()
    known = following(flight, at=OUT - timedelta(days=2))
    looks = [timedelta(hours=h) for h in (25, 23.9, 20, 5, 2.9, 2, 1)]
    heard = []
    for before in looks:
        found = model.decide(EVERYTHING, known, flight, OUT - before)
        if isinstance(found, News):
            heard.append((before, found.matters))
            known = found.after
    assert heard == [(looks[1], (Matter.REMINDER,)), (looks[4], (Matter.REMINDER,))]
    assert following(flight, at=OUT - timedelta(hours=20)).reminded == 24
    assert told(EVERYTHING, following(flight, at=OUT - timedelta(hours=2)), flight, OUT - timedelta(hours=1)) == ()


def test_no_reminder_of_a_flight_that_left_or_will_not() -> None:
    """Nor after its time."""
    known = model.unseen(scheduled())
    for flight in (then(scheduled(), actual_out=OUT - minutes(5)), then(scheduled(), cancelled=True)):
        assert Matter.REMINDER not in told(EVERYTHING, known, flight, OUT - minutes(4))
    assert told(EVERYTHING, known, scheduled(), OUT + minutes(1)) == ()
    assert model.reminders(then(scheduled(), cancelled=True)) == {}


def test_who_follows_a_flight_that_is_late_or_cancelled_already_is_told_at_once() -> None:
    """The page they confirmed on said nothing of it."""
    for flight, matters in (
        (late(scheduled(), 120), (Matter.DELAYED,)),
        (then(scheduled(), cancelled=True), (Matter.CANCELLED,)),
        (late(scheduled(departure_gate="B4"), 10), ()),
    ):
        at = OUT - timedelta(hours=2)
        assert told(EVERYTHING, model.at_first(flight, at), flight, at) == matters


def test_a_take_off_estimated_alone_is_no_delay_at_the_gate() -> None:
    """Taxiing is in the schedule: AIDX TKO with EST comes without an off-block time."""
    flight = then(scheduled(scheduled_off=OUT + minutes(17)), estimated_off=OUT + minutes(17))
    assert told(EVERYTHING, following(scheduled()), flight) == ()
    known = following(scheduled())
    flight = then(flight, estimated_off=OUT + minutes(77))
    found = model.decide(EVERYTHING, known, flight, OUT - timedelta(hours=2))
    assert isinstance(found, News)
    assert (found.matters, found.after.out) == ((Matter.DELAYED,), OUT + minutes(60))
    assert told(EVERYTHING, found.after, flight) == ()
    assert told(EVERYTHING, following(scheduled()), then(scheduled(), estimated_off=OUT + minutes(17))) == ()


def test_movement_counts_from_what_was_told_after_a_change_of_schedule_too() -> None:
    """Schedule 20 later, estimate 30: told as 30."""
    flight = then(scheduled(), scheduled_out=OUT + minutes(20), estimated_out=OUT + minutes(30))
    found = model.decide(EVERYTHING, following(scheduled()), flight, OUT - timedelta(hours=2))
    assert isinstance(found, News)
    assert told(EVERYTHING, found.after, then(flight, estimated_out=OUT + minutes(35))) == ()
    assert told(EVERYTHING, found.after, then(flight, estimated_out=OUT + minutes(20))) == (Matter.EARLIER,)


def test_who_came_back_to_the_gate_is_told_how_it_goes_on() -> None:
    """New gate, new time, reminders again; and of a second return."""
    flight = then(scheduled(departure_gate="B4"), actual_out=OUT)
    known, heard = following(flight, at=OUT), []
    for after, step in (
        (30, {"returned": True}),
        (40, {"departure_gate": "C9", "estimated_out": OUT + minutes(120)}),
        (50, {"estimated_out": OUT + minutes(80)}),
        (80, {"actual_out": OUT + minutes(80)}),
        (110, {"returned": True}),
    ):
        at = OUT + minutes(after)
        flight = apply(flight, FlightUpdate(LEG, "replay", {n: Observation(v, at) for n, v in step.items()}))[0]
        if isinstance(found := model.decide(Rule(), known, flight, at), News):
            heard.append((after, found.matters))
            known = found.after
    assert heard == [
        (30, (Matter.RETURNED,)), (40, (Matter.DELAYED, Matter.GATE)), (50, (Matter.EARLIER,)),
        (110, (Matter.RETURNED,)),
    ]  # fmt: skip


def test_who_followed_before_the_times_were_known_is_told_of_delays() -> None:
    """They count on the schedule that came later."""
    bare = apply(None, FlightUpdate(LEG, "replay", {"destination": Observation("IAH", OUT - timedelta(days=9))}))[0]
    known = model.at_first(bare, OUT - timedelta(days=9))
    flight = then(bare, scheduled_out=OUT, scheduled_in=OUT + timedelta(hours=4))
    assert told(Rule(interests=frozenset({Interest.TIME})), known, late(flight, 120)) == (Matter.DELAYED,)


def test_an_estimate_that_was_taken_back_is_not_told_as_earlier() -> None:
    """It says nothing of when."""
    flight = late(scheduled(), 60)
    assert told(EVERYTHING, following(flight), then(flight, estimated_out=None, estimated_in=None)) == ()


def test_an_arrival_that_swings_within_a_quarter_of_an_hour_is_not_told() -> None:
    """Also where the departure was late."""
    known = following(late(scheduled(), 20))
    flight = then(late(scheduled(), 20), actual_out=OUT + minutes(20))
    known = replace(known, phase=flight.status.phase)
    for by in (-10, 0, 10, 0, -10, 10):
        flight = then(flight, estimated_in=OUT + timedelta(hours=4, minutes=20 + by))
        assert told(EVERYTHING, known, flight, OUT + timedelta(hours=1)) == ()


def test_of_a_hidden_flight_nothing_is_told() -> None:
    """Its source took it off the public display."""
    flight = then(late(scheduled(), 90), shown="hidden", cancelled=True)
    assert told(EVERYTHING, following(scheduled()), flight) == ()


NIGHT = Rule(zone="America/New_York", quiet=QuietHours(time(22), time(7)))


def test_quiet_hours_hold_a_delay_back() -> None:
    """Until they end; in the follower's own zone."""
    at = datetime(2026, 7, 10, 4, tzinfo=UTC)  # midnight in New York; the flight leaves at 16:00 there
    assert model.decide(NIGHT, following(scheduled(), at=at), late(scheduled(), 60), at) == Wait(
        datetime(2026, 7, 10, 11, tzinfo=UTC)
    )


@pytest.mark.parametrize("change", [{"cancelled": True}, {"diverted_to": "AUS"}])
def test_quiet_hours_hold_no_cancellation_or_diversion_back(change: dict[str, Any]) -> None:
    """Whoever is to fly wants to be woken."""
    at = datetime(2026, 7, 10, 4, tzinfo=UTC)
    assert isinstance(model.decide(NIGHT, following(scheduled(), at=at), then(scheduled(), **change), at), News)


def test_quiet_hours_hold_no_gate_back_within_three_hours_of_departure() -> None:
    """Nor a delay: what waits past then is of no use."""
    rule = Rule(zone="America/New_York", quiet=QuietHours(time(12), time(20)))
    flight = late(then(scheduled(departure_gate="B4"), departure_gate="B7"), 60)  # leaves 17:00 in New York
    known = following(scheduled(departure_gate="B4"), at=OUT - timedelta(days=1))
    assert model.decide(rule, known, flight, OUT - timedelta(hours=2, minutes=1)) == Wait(OUT - timedelta(hours=2))
    found = model.decide(rule, known, flight, OUT - timedelta(hours=2))
    assert isinstance(found, News)
    assert found.matters[:2] == (Matter.DELAYED, Matter.GATE)


def test_quiet_hours_end_at_their_end() -> None:
    """Seven o'clock is not quiet any more; ten o'clock is."""
    known, flight = following(scheduled(), at=OUT - timedelta(days=1)), late(scheduled(), 60)
    seven, ten = datetime(2026, 7, 10, 11, tzinfo=UTC), datetime(2026, 7, 10, 2, tzinfo=UTC)
    assert isinstance(model.decide(NIGHT, known, flight, seven), News)
    assert isinstance(model.decide(NIGHT, known, flight, ten), Wait)


@pytest.mark.parametrize("text", ["flight:UA1545-20260710-EWR", "number:UA1545-20260710", "route:EWR-IAH-20260710"])
def test_a_subject_has_one_spelling(text: str) -> None:
    """And matches the flights it means."""
    assert str(Subject.parse(text)) == text
    assert Subject.parse(text).matches(scheduled())
    assert not Subject.parse(text.replace("0710", "0711")).matches(scheduled())


def test_a_flight_is_followed_by_its_codeshares_too() -> None:
    """Under the number on the ticket."""
    assert Subject.parse("number:LH7600-20260710").matches(scheduled(codeshares=("LH7600",)))


@pytest.mark.parametrize(
    "text", ["", "flight:", "number:UA1545", "route:EWR-20260710", "route:EWR-IAH-20261340", "x:y-z"]
)
def test_what_is_no_subject_is_refused(text: str) -> None:
    """With a clear error."""
    with pytest.raises(model.Invalid):
        Subject.parse(text)


steps = st.lists(
    st.one_of(
        st.fixed_dictionaries({"estimated_out": st.integers(-30, 300).map(lambda m: OUT + minutes(m))}),
        st.fixed_dictionaries({"estimated_off": st.integers(-30, 300).map(lambda m: OUT + minutes(m))}),
        st.fixed_dictionaries({"estimated_in": st.integers(200, 500).map(lambda m: OUT + minutes(m))}),
        st.fixed_dictionaries({"scheduled_out": st.sampled_from([OUT, OUT + minutes(20), OUT + minutes(90)])}),
        st.fixed_dictionaries({"actual_out": st.sampled_from([OUT + minutes(5), None])}),
        st.fixed_dictionaries({"returned": st.booleans()}),
        st.fixed_dictionaries({"departure_gate": st.sampled_from(["B4", "B7", "C1", None])}),
        st.fixed_dictionaries({"cancelled": st.booleans()}),
        st.fixed_dictionaries({"diverted_to": st.sampled_from(["AUS", "", None])}),
        st.fixed_dictionaries({"stage": st.sampled_from(["boarding", "final-call"])}),
    ),
    max_size=12,
)


@given(steps, st.lists(st.booleans(), max_size=12), st.integers(-60, 60 * 30))
def test_looking_again_tells_nothing_twice(said: list[dict[str, Any]], looks: list[bool], before: int) -> None:
    """Whatever happens, and whenever we look: a second look at once finds nothing; the last look knows the flight."""
    flight, at = scheduled(departure_gate="B4"), OUT - minutes(before)
    known = following(flight, at=at)
    for step, look in zip(said, [*looks, *[True] * len(said)], strict=False):
        flight = then(flight, **step)
        if look and isinstance(found := model.decide(EVERYTHING, known, flight, at), News):
            assert found.matters
            known = found.after
            assert model.decide(EVERYTHING, known, flight, at) is None
    if isinstance(found := model.decide(EVERYTHING, known, flight, at), News):
        known = found.after
    assert known.cancelled == bool(flight.status.cancelled)


@given(steps)
def test_what_is_told_hangs_on_the_end_not_on_the_way(said: list[dict[str, Any]]) -> None:
    """Whoever looks only at the end is told what the changes add up to."""
    step_by_step = scheduled(departure_gate="B4")
    for step in said:
        step_by_step = then(step_by_step, **step)
    updates = [
        FlightUpdate(LEG, "replay", {n: Observation(seen.value, seen.at)}) for n, seen in step_by_step.seen.items()
    ]
    at_once = replace(apply_all(scheduled(departure_gate="B4"), updates)[0], version=step_by_step.version)
    known = following(scheduled(departure_gate="B4"))
    assert told(EVERYTHING, known, at_once) == told(EVERYTHING, known, step_by_step)
