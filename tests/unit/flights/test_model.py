"""The rules of a flight's status, as properties that hold for any observations in any order."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.flights.identity import FlightNumber, InvalidFlight, LegId
from chalicelib.flights.model import (
    OBSERVED,
    STAGES,
    DelayCode,
    Flight,
    FlightStatus,
    FlightUpdate,
    Kind,
    Observation,
    Phase,
    apply,
)

LEG = LegId.parse("UA1545-20130710-EWR")
NOON = datetime(2013, 7, 10, 12, tzinfo=UTC)
ACTUALS = ("actual_out", "actual_off", "actual_on", "actual_in")


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def said(source: str = "replay", when: float = 0, attempt: int = 1, **observed: object) -> FlightUpdate:
    return FlightUpdate(LEG, source, {n: Observation(v, at(when)) for n, v in observed.items()}, attempt)


def after(*updates: FlightUpdate) -> Flight:
    flight = None
    for update in updates:
        flight, _ = apply(flight, update)
    assert flight
    return flight


minutes = st.integers(-600, 600)
instants = minutes.map(at)
values = {
    name: st.one_of(st.none(), instants) for name in OBSERVED if name.startswith(("scheduled", "estimated", "actual"))
}
values |= {
    name: st.one_of(st.none(), st.sampled_from(["1", "2", "B4"])) for name in ("departure_gate", "belt", "registration")
}
values |= {
    "destination": st.sampled_from(["IAH", "ORD"]),
    "stage": st.one_of(st.none(), st.sampled_from([str(s) for s in STAGES])),
    "cancelled": st.sampled_from([None, True, False]),
    "returned": st.sampled_from([None, True, False]),
    "diverted_to": st.sampled_from([None, "", "AUS"]),
    "shown": st.sampled_from([None, "shown", "hidden", "deleted"]),
    "delay_codes": st.lists(st.builds(DelayCode, st.sampled_from(["93", "71"])), max_size=2).map(tuple),
}
observed = st.fixed_dictionaries({}, optional={n: st.builds(Observation, v, instants) for n, v in values.items()})
updates = st.builds(
    FlightUpdate,
    st.just(LEG),
    st.sampled_from(["replay", "aidx:ewr", "operator:ua", "unknown"]),
    observed,
    st.integers(1, 3),
)
histories = st.lists(updates, min_size=1, max_size=6)


@given(histories, st.data())
def test_any_order_of_updates_ends_in_the_same_flight(history: list[FlightUpdate], data: st.DataObject) -> None:
    """Observations may arrive in any order."""
    shuffled = data.draw(st.permutations(history))
    assert after(*history).seen == after(*shuffled).seen
    assert after(*history).status == after(*shuffled).status


@given(histories)
def test_an_update_taken_twice_changes_nothing_the_second_time(history: list[FlightUpdate]) -> None:
    """Delivery at least once is enough."""
    flight = after(*history)
    for update in history:
        again, changes = apply(flight, update)
        assert again is flight
        assert changes == []


@given(histories, updates)
def test_an_older_observation_never_wins(history: list[FlightUpdate], stale: FlightUpdate) -> None:
    """What is known of a later instant, or a later attempt, stays."""
    flight = after(*history)
    then, _ = apply(flight, stale)
    for name, observation in stale.observed.items():
        known = flight.seen.get(name)
        if known and (known.attempt, known.at) > (stale.attempt, observation.at):
            assert then.seen[name] == known


@given(histories)
def test_no_leg_arrives_before_it_departed(history: list[FlightUpdate]) -> None:
    """Actual times that are shown follow out, off, on, in."""
    status = after(*history).status
    shown = [time for name in ACTUALS if (time := getattr(status, name))]
    assert all(earlier <= later for earlier, later in pairwise(shown))


@given(histories)
def test_the_version_grows_by_one_with_changes_and_only_then(history: list[FlightUpdate]) -> None:
    """A version stands for something a passenger could see."""
    flight, changes = apply(None, history[0])
    assert (flight.version, changes) == (1, [])
    for update in history[1:]:
        then, changes = apply(flight, update)
        assert then.version == flight.version + bool(changes)
        assert bool(changes) == (then.status != flight.status)
        flight = then


@given(histories)
def test_the_changes_of_a_version_lead_from_the_old_status_to_the_new(history: list[FlightUpdate]) -> None:
    """Who keeps a status up to date by changes alone has the right one."""
    flight, _ = apply(None, history[0])
    mirror = {name: getattr(flight.status, name) for name in OBSERVED}
    for update in history[1:]:
        flight, changes = apply(flight, update)
        for change in changes:
            assert mirror[change.field] == change.before
            mirror[change.field] = change.after
    assert mirror == {name: getattr(flight.status, name) for name in OBSERVED}


@given(histories)
def test_a_cancelled_leg_is_cancelled_until_it_is_reinstated(history: list[FlightUpdate]) -> None:
    """Nothing but `cancelled` itself undoes a cancellation (AIDX: DX is undone by SQ alone)."""
    history = [
        replace(update, observed={name: seen for name, seen in update.observed.items() if name != "cancelled"})
        for update in history
    ]
    cancelled = said(when=1000, cancelled=True)
    assert after(cancelled, *history).status.phase is Phase.CANCELLED
    assert after(cancelled, *history, said(when=1001, cancelled=False)).status.phase is not Phase.CANCELLED


def test_the_first_appearance_of_a_flight_is_not_a_change() -> None:
    """Version 1 has no history."""
    flight, changes = apply(None, said(scheduled_out=NOON, cancelled=True))
    assert (flight.version, changes) == (1, [])


def test_a_newer_confirmation_advances_the_instant_without_a_change() -> None:
    """So that a correction older than the confirmation does not win."""
    flight = after(said(departure_gate="B4"))
    confirmed, changes = apply(flight, said(when=5, departure_gate="B4"))
    assert changes == []
    assert (confirmed.version, confirmed.seen["departure_gate"].at) == (1, at(5))


def test_at_the_same_instant_the_source_of_higher_priority_wins() -> None:
    """An operator knows better than the airport's feed, and that better than the replay."""
    by = {source: said(source, departure_gate=source[:2]) for source in ("replay", "aidx:ewr", "operator:ua")}
    assert after(by["replay"], by["aidx:ewr"]).status.departure_gate == "ai"
    assert after(by["operator:ua"], by["aidx:ewr"], by["replay"]).status.departure_gate == "op"


@pytest.mark.parametrize(("late", "delayed"), [(14, False), (15, True), (-20, False)])
def test_a_leg_is_delayed_from_the_fifteenth_minute_on(late: int, delayed: bool) -> None:
    """BTS and Eurocontrol count a leg as on time when it is less than 15 minutes late at the gate."""
    status = after(said(scheduled_out=NOON, estimated_out=at(late))).status
    assert (status.departure_delay, status.delayed) == (late, delayed)


def test_once_left_a_leg_is_delayed_by_its_arrival() -> None:
    """Who made up the time in the air is on time."""
    left = said(scheduled_out=NOON, scheduled_in=at(120), actual_out=at(40), estimated_in=at(125))
    assert (after(left).status.departure_delay, after(left).status.delayed) == (40, False)


@pytest.mark.parametrize(
    ("first", "then", "kind"),
    [
        ({"scheduled_out": NOON}, {"estimated_out": at(20)}, Kind.DELAYED),
        ({"scheduled_out": NOON, "estimated_out": at(40)}, {"estimated_out": at(20)}, Kind.EARLIER),
        ({"scheduled_out": NOON}, {"estimated_out": NOON}, Kind.UPDATED),
        ({"scheduled_in": NOON, "estimated_in": at(20)}, {"estimated_in": None}, Kind.UPDATED),
        ({"scheduled_out": NOON}, {"scheduled_out": at(20)}, Kind.RESCHEDULED),
        ({"departure_gate": "B4"}, {"departure_gate": "B7"}, Kind.GATE),
        ({}, {"arrival_gate": "B7"}, Kind.GATE),
        ({"departure_terminal": "1"}, {"departure_terminal": "2"}, Kind.TERMINAL),
        ({}, {"belt": "3"}, Kind.BELT),
        ({}, {"stage": "check-in"}, Kind.CHECK_IN),
        ({"stage": "check-in"}, {"stage": "boarding"}, Kind.BOARDING),
        ({}, {"stage": "final-call"}, Kind.FINAL_CALL),
        ({}, {"stage": "gate-closed"}, Kind.GATE_CLOSED),
        ({}, {"actual_out": NOON}, Kind.DEPARTED),
        ({}, {"actual_off": NOON}, Kind.AIRBORNE),
        ({}, {"actual_on": NOON}, Kind.LANDED),
        ({}, {"actual_in": NOON}, Kind.ARRIVED),
        ({}, {"stage": "arrived"}, Kind.ARRIVED),
        ({}, {"cancelled": True}, Kind.CANCELLED),
        ({"cancelled": True}, {"cancelled": False}, Kind.REINSTATED),
        ({}, {"diverted_to": "AUS"}, Kind.DIVERTED),
        ({}, {"diverted_to": ""}, Kind.DIVERTED),
        ({"actual_out": NOON}, {"returned": True}, Kind.RETURNED),
        ({"registration": "N1"}, {"registration": "N2"}, Kind.AIRCRAFT),
        ({}, {"registration": "N1"}, Kind.UPDATED),
        ({}, {"shown": "hidden"}, Kind.WITHDRAWN),
        ({}, {"delay_codes": (DelayCode("93"),)}, Kind.UPDATED),
    ],
)
def test_each_change_is_told_by_its_kind(first: dict[str, object], then: dict[str, object], kind: Kind) -> None:
    """The kinds are what people choose to be told of."""
    _, changes = apply(after(said(**first)), said(when=1, **then))
    assert [change.kind for change in changes] == [kind]


def test_departure_said_by_time_and_by_word_is_one_departure() -> None:
    """A feed that gives both must not have people told twice."""
    _, changes = apply(after(said()), said(when=1, actual_out=NOON, stage="departed"))
    assert [change.kind for change in changes].count(Kind.DEPARTED) == 1


def test_the_gravest_change_comes_first() -> None:
    """A message that has room for one thing says the right one."""
    flight = after(said(scheduled_out=NOON, departure_gate="B4"))
    _, changes = apply(flight, said(when=1, departure_gate="B7", cancelled=True, registration="N2"))
    assert [change.kind for change in changes] == [Kind.CANCELLED, Kind.GATE, Kind.UPDATED]


def test_a_new_attempt_starts_without_what_was_observed_of_the_last() -> None:
    """AIDX RepeatNumber: the same leg, tried again after it came back to the gate."""
    out = after(said(scheduled_out=NOON, actual_out=at(5)), said(when=20, returned=True))
    assert out.status.phase is Phase.RETURNED
    again, changes = apply(out, said(when=30, attempt=2, estimated_out=at(60)))
    assert (again.status.phase, again.status.actual_out) == (Phase.SCHEDULED, None)
    assert {change.at for change in changes} == {at(30)}
    late, _ = apply(again, said(when=40, attempt=1, actual_off=at(7)))
    assert late.status.phase is Phase.SCHEDULED


def test_a_leg_that_left_again_is_no_longer_returned() -> None:
    """Some feeds count no attempts."""
    back = after(said(actual_out=at(5)), said(when=20, returned=True))
    assert after(
        *[said(actual_out=at(5)), said(when=20, returned=True), said(when=50, actual_out=at(50))]
    ).status.phase is (Phase.DEPARTED)
    assert back.status.phase is Phase.RETURNED


def test_a_diverted_leg_stays_diverted_when_it_lands() -> None:
    """It has not arrived where its passengers are met."""
    assert after(said(diverted_to="AUS", actual_on=NOON, actual_in=at(9))).status.phase is Phase.DIVERTED


def test_a_nil_clears_a_field() -> None:
    """A source may take a value back."""
    flight, changes = apply(after(said(departure_gate="B4")), said(when=1, departure_gate=None))
    assert flight.status.departure_gate is None
    assert changes[0].kind is Kind.GATE


def test_a_field_no_flight_has_is_refused() -> None:
    """A feed with a misspelt field is told, not silently ignored."""
    with pytest.raises(InvalidFlight, match="departure_gat"):
        apply(None, said(departure_gat="B4"))


def test_instants_count_in_whole_seconds() -> None:
    """As they are stored, so that a poll which repeats one writes nothing."""
    update = FlightUpdate(
        LEG, "replay", {"actual_out": Observation(NOON.replace(microsecond=9), NOON.replace(microsecond=7))}
    )
    assert after(update).seen["actual_out"].at == NOON
    assert after(update).status.actual_out == NOON


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("UA1545", FlightNumber("UA", 1545)),
        (" ua 0045 ", FlightNumber("UA", 45)),
        ("VS808P", FlightNumber("VS", 808, "P")),
        ("U21234", FlightNumber("U2", 1234)),
        ("9E3421", FlightNumber("9E", 3421)),
        ("TOM123", FlightNumber("TOM", 123)),
    ],
)
def test_flight_numbers_are_read_as_people_write_them(text: str, number: FlightNumber) -> None:
    """Two-character IATA designators may hold a digit; three letters are ICAO's."""
    assert FlightNumber.parse(text) == number


@pytest.mark.parametrize("text", ["", "UA", "1545", "UA15456", "99123", "UA1545-20130710-EWR", "UA\uff11", "U\u06631"])
def test_what_is_no_flight_number_is_refused_with_an_example(text: str) -> None:
    """The message says what one looks like."""
    with pytest.raises(InvalidFlight, match="UA1545"):
        FlightNumber.parse(text)


@given(
    st.from_regex(r"[A-Z]{3}|[A-Z][A-Z0-9]|[0-9][A-Z]", fullmatch=True),
    st.integers(0, 9999),
    st.sampled_from(["", "A", "Z"]),
    st.dates(date(1990, 1, 1), date(2090, 1, 1)),
)
def test_a_flight_id_reads_back_as_what_was_written(carrier: str, number: int, suffix: str, day: date) -> None:
    """Identity survives text."""
    leg = LegId(FlightNumber(carrier, number, suffix), day, "EWR")
    assert LegId.parse(str(leg)) == leg


@pytest.mark.parametrize(
    "text", ["", "UA1545", "UA1545-20130732-EWR", "UA1545-2013071-EWR", "UA1545-20130710-", "x" * 9999]
)
def test_what_is_no_flight_id_is_refused(text: str) -> None:
    """The message says what is wrong."""
    with pytest.raises(InvalidFlight):
        LegId.parse(text)


def test_every_field_of_a_status_is_observed_or_derived() -> None:
    """A field added to the status is one a feed may observe, unless it is one of the four derived."""
    derived = {"phase", "departure_delay", "arrival_delay", "delayed"}
    assert set(OBSERVED) | derived == set(FlightStatus.__dataclass_fields__)


def test_a_second_return_is_a_change_though_the_value_is_the_same() -> None:
    """Out, back, out again, back again: the phase is what a passenger sees."""
    flight = after(said(actual_out=at(5)), said(when=20, returned=True), said(when=50, actual_out=at(50)))
    assert flight.status.phase is Phase.DEPARTED
    back, changes = apply(flight, said(when=70, returned=True))
    assert (back.status.phase, back.version) == (Phase.RETURNED, flight.version + 1)
    assert [(change.kind, change.field) for change in changes] == [(Kind.RETURNED, "phase")]


@given(histories)
def test_equal_versions_have_equal_statuses(history: list[FlightUpdate]) -> None:
    """So that who has a version has what can be seen of the leg (ETags, watchers)."""
    seen: dict[int, FlightStatus] = {}
    flight = None
    for update in history:
        flight, _ = apply(flight, update)
        assert seen.setdefault(flight.version, flight.status) == flight.status
