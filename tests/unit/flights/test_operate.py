"""Who may say what of a flight, and what can be so of it: the rules of an operator's word."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.core.callers import Person, Role
from chalicelib.core.errors import Conflict, Invalid
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import Flight, FlightUpdate, Observation, apply, apply_all
from chalicelib.flights.operate import AT_ARRIVAL, AT_DEPARTURE, FIELDS, check, mandate, updates_of

NOON = datetime(2026, 7, 10, 12, tzinfo=UTC)
LEG = LegId(FlightNumber("UA", 1545), date(2026, 7, 10), "EWR")
OUT, IN = NOON + timedelta(hours=2), NOON + timedelta(hours=6)
ALL = dict.fromkeys(FIELDS, "UA")


def said(at: datetime = NOON, attempt: int = 1, source: str = "aidx:ewr", **observed: Any) -> FlightUpdate:
    return FlightUpdate(LEG, source, {name: Observation(value, at) for name, value in observed.items()}, attempt)


def flight(**observed: Any) -> Flight:
    """To Houston in two hours, and what else was observed of it an hour ago."""
    plan = {"destination": "IAH", "scheduled_out": OUT, "scheduled_in": IN}
    return apply(None, said(NOON - timedelta(hours=1), **{**plan, **observed}))[0]


def person(*, airlines: tuple[str, ...] = (), airports: tuple[str, ...] = (), role: Role = Role.OPERATOR) -> Person:
    return Person("p1", role, "ops@example.com", "a1", "en", "s1", timedelta(), airlines, airports)


DEPARTED = {"actual_out": NOON - timedelta(hours=2)}
ARRIVED = DEPARTED | {"actual_in": NOON - timedelta(minutes=5)}
CANCELLED = {"cancelled": True}


@pytest.mark.parametrize(
    ("who", "may"),
    [
        (person(airlines=("UA",)), dict.fromkeys(FIELDS, "UA")),
        (person(airlines=("UAL",)), dict.fromkeys(FIELDS, "UA")),
        (person(airlines=("UA",), airports=("EWR", "IAH")), dict.fromkeys(FIELDS, "UA")),
        (person(airlines=("DL",)), {}),
        (person(airlines=("DL",), airports=("JFK",)), {}),
        (person(airports=("EWR",)), dict.fromkeys(AT_DEPARTURE, "EWR")),
        (person(airports=("KEWR",)), dict.fromkeys(AT_DEPARTURE, "EWR")),
        (person(airports=("IAH",)), dict.fromkeys(AT_ARRIVAL, "IAH")),
        (person(airports=("ORD",)), dict.fromkeys(AT_ARRIVAL, "ORD")),
        (person(airports=("IAH", "EWR")), dict.fromkeys(AT_ARRIVAL, "IAH") | dict.fromkeys(AT_DEPARTURE, "EWR")),
        (person(role=Role.ADMIN), dict.fromkeys(FIELDS, "admin")),
        (person(role=Role.PASSENGER), {}),
    ],
)
def test_an_operator_may_set_what_is_their_airlines_or_happens_at_their_airport(
    who: Person, may: dict[str, str]
) -> None:
    """Here of a United flight from Newark to Houston that is diverted to Chicago."""
    assert mandate(who, flight(diverted_to="ORD")) == may


def test_an_airline_or_airport_that_nobody_knows_is_itself_alone() -> None:
    """Two that are both unknown are not one."""
    leg = LEG._replace(flight=FlightNumber("QQQ", 1), origin="ZZZ")
    unknown = apply(None, FlightUpdate(leg, "replay", {"scheduled_out": Observation(OUT, NOON)}))[0]
    assert mandate(person(airlines=("QQX",), airports=("ZZX",)), unknown) == {}
    assert set(mandate(person(airlines=("QQQ",)), unknown)) == set(FIELDS)
    assert set(mandate(person(airports=("ZZZ",)), unknown)) == set(AT_DEPARTURE)


@pytest.mark.parametrize(
    ("stands", "word"),
    [
        ({}, {"cancelled": True}),
        ({}, {"cancelled": True, "note": "We are sorry.", "delay_codes": None, "estimated_out": None}),
        (CANCELLED, {"cancelled": True}),
        (CANCELLED, {"cancelled": False}),
        (CANCELLED, {"cancelled": False, "estimated_out": OUT, "departure_gate": "B4"}),
        (CANCELLED, {"note": "Go to desk 4."}),
        (CANCELLED, {"departure_gate": None, "estimated_out": None}),
        (DEPARTED | CANCELLED, {"cancelled": True}),
        (DEPARTED, {"estimated_in": IN + timedelta(hours=1), "diverted_to": "ORD", "arrival_gate": "C1"}),
        (DEPARTED | {"returned": True, "scheduled_out": NOON}, {"cancelled": True}),
        (DEPARTED | {"returned": True}, {"estimated_out": OUT}),
        (DEPARTED | {"returned": True} | CANCELLED, {"cancelled": False, "estimated_out": OUT}),
        (ARRIVED, {"belt": "3", "note": "Belt 3.", "estimated_in": None, "diverted_to": None}),
        ({}, {"estimated_out": OUT + timedelta(days=3), "estimated_in": IN + timedelta(days=3)}),
        ({"estimated_in": IN}, {"estimated_out": IN + timedelta(hours=1), "estimated_in": None}),
        ({"estimated_out": IN + timedelta(hours=1)}, {"estimated_out": None, "estimated_in": IN}),
        ({"diverted_to": "ORD"}, {"diverted_to": None}),
    ],
)
def test_what_can_be_so_is_taken(stands: dict[str, Any], word: dict[str, Any]) -> None:
    """What is taken back always can."""
    check(flight(**stands), word, ALL)


@pytest.mark.parametrize(
    ("stands", "word", "refusal", "right"),
    [
        (DEPARTED, {"cancelled": True}, Conflict, "diverted_to"),
        ({"stage": "departed"}, {"cancelled": True}, Conflict, "diverted_to"),
        (DEPARTED | {"diverted_to": "ORD"}, {"cancelled": True}, Conflict, "diverted_to"),
        (DEPARTED, {"estimated_out": OUT}, Conflict, "estimated_in can"),
        (ARRIVED, {"diverted_to": "ORD"}, Conflict, "has arrived"),
        (ARRIVED, {"estimated_in": IN}, Conflict, "has arrived"),
        (ARRIVED | {"diverted_to": "ORD"}, {"estimated_in": IN}, Conflict, "has arrived"),
        (CANCELLED, {"departure_gate": "B4"}, Conflict, '"cancelled": false'),
        (CANCELLED, {"estimated_out": OUT, "note": "Perhaps."}, Conflict, '"cancelled": false'),
        ({}, {"cancelled": True, "departure_gate": "B4"}, Invalid, "departure_gate"),
        ({}, {"diverted_to": "IAH"}, Invalid, "destination"),
        ({}, {"estimated_out": OUT + timedelta(days=3, seconds=1)}, Invalid, "estimated_out"),
        ({}, {"estimated_in": IN - timedelta(days=3, seconds=1)}, Invalid, "estimated_in"),
        ({"scheduled_out": None}, {"estimated_out": NOON + timedelta(days=4)}, Invalid, "estimated_out"),
        ({}, {"estimated_out": OUT, "estimated_in": OUT}, Invalid, "before it leaves"),
        ({"estimated_out": OUT}, {"estimated_in": OUT}, Invalid, "before it leaves"),
        (DEPARTED, {"estimated_in": NOON - timedelta(hours=2)}, Invalid, "before it leaves"),
        ({"estimated_in": IN}, {"estimated_out": IN}, Conflict, "estimated_in too"),
    ],
)
def test_what_can_not_be_so_is_refused_with_what_would_be_right(
    stands: dict[str, Any], word: dict[str, Any], refusal: type[Exception], right: str
) -> None:
    """409 where the flight is in the way, 400 where the request is."""
    with pytest.raises(refusal, match=right) as refused:
        check(flight(**stands), word, ALL)
    if isinstance(refused.value, Invalid):
        assert {fault.name for fault in refused.value.faults} <= set(word)
        assert refused.value.faults


def test_the_airport_of_departure_may_delay_beyond_an_arrival_it_may_not_set() -> None:
    """The delay is so, whatever the airline expects still."""
    may = mandate(person(airports=("EWR",)), flight())
    check(flight(estimated_in=IN), {"estimated_out": IN}, may)


def test_a_word_is_of_the_departure_attempt_as_the_flight_stands() -> None:
    """The word of an earlier attempt would count for nothing."""
    before, _ = apply(flight(), said(NOON - timedelta(minutes=30), attempt=2, departure_gate="B4"))
    after, changes = apply_all(before, updates_of(before, {"departure_gate": "B7"}, ALL, NOON))
    assert (after.status.departure_gate, len(changes)) == ("B7", 1)


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(hours=1)])
def test_a_word_counts_over_what_it_answers_to(ahead: timedelta) -> None:
    """Said in the same second, or by a clock that is fast; whatever the values, also when taken back."""
    for value in ("A1", "Z9", None):
        before, _ = apply(flight(), said(NOON + ahead, source="operator:EWR", departure_gate="M5"))
        after, _ = apply_all(before, updates_of(before, {"departure_gate": value}, ALL, NOON))
        assert after.status.departure_gate == value
        newer, _ = apply(after, said(NOON + ahead + timedelta(seconds=2), departure_gate="B1"))
        assert newer.status.departure_gate == "B1"


def test_at_one_instant_an_operators_word_counts_more_than_a_feeds() -> None:
    """Whichever comes first."""
    before = flight()
    [word] = updates_of(before, {"departure_gate": "A1"}, ALL, NOON)
    feeds = said(NOON, departure_gate="Z9")
    for order in ([word, feeds], [feeds, word]):
        assert apply_all(before, order)[0].status.departure_gate == "A1"


def test_taking_back_what_was_never_said_is_nothing() -> None:
    """And saying what is known already changes nothing."""
    before = flight(departure_gate="B4")
    assert list(updates_of(before, {"note": None, "belt": None}, ALL, NOON)) == []
    assert apply_all(before, updates_of(before, {"departure_gate": "B4"}, ALL, NOON))[1] == []


def test_each_field_is_said_for_the_airport_that_it_belongs_to() -> None:
    """By an operator of both; in one version."""
    before = flight()
    may = mandate(person(airports=("EWR", "IAH")), before)
    after, changes = apply_all(before, updates_of(before, {"departure_gate": "B4", "belt": "3"}, may, NOON))
    assert {c.field: c.source for c in changes} == {"departure_gate": "operator:EWR", "belt": "operator:IAH"}
    assert after.version == before.version + 1
