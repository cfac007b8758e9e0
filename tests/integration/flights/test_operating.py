"""An operator says what is so of a flight: it is shown, told and kept as every source's word, and it is audited."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from chalice.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import app
from chalicelib.accounts import audit
from chalicelib.accounts.model import Event
from chalicelib.alerts import deliver, letters
from chalicelib.core import callers, clock
from chalicelib.core.callers import Person, Role
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.flights import api, changes, ingest, read, store
from chalicelib.flights.operate import FIELDS
from chalicelib.live import delivery

from ..alerts import following
from ..live import watchers
from .legs import leg, said, scheduled

PEOPLE = {
    "united": (Role.OPERATOR, ("UA",), ()),
    "delta": (Role.OPERATOR, ("DL",), ()),
    "newark": (Role.OPERATOR, (), ("EWR",)),
    "houston": (Role.OPERATOR, (), ("KIAH",)),
    "admin": (Role.ADMIN, (), ()),
    "passenger": (Role.PASSENGER, (), ()),
}
ID = "UA1-20260710-EWR"


@pytest.fixture(autouse=True)
def a_flight(cloud: None, now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """UA1 leaves Newark for Houston in two hours. The clocks stand, and moto is not atomic under threads."""
    monkeypatch.setattr(clock, "now", lambda setting: now)
    for module, name, value in ((ingest, "WRITERS", 1), (delivery, "SENDERS", 1), (deliver, "SENDERS", {})):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(callers, "_find_person", a_person)
    take(now, scheduled(1, now.flight + timedelta(hours=2)))


def a_person(name: str) -> Person | None:
    if name not in PEOPLE:
        return None
    role, airlines, airports = PEOPLE[name]
    return Person(f"id-of-{name}", role, f"{name}@example.com", "a1", "en", "s1", timedelta(), airlines, airports)


def take(now: Now, *updates: Any) -> None:
    assert not ingest.take(updates, now, sleep=lambda seconds: None).failed


class Answer:
    def __init__(self, response: Any):
        self.status: int = response.status_code
        self.json: Any = json.loads(response.body)


Say = Callable[..., Answer]


@pytest.fixture
def say() -> Iterator[Say]:
    with Client(app.app) as client:

        def post(word: Any, *, by: str | None = "united", flight: str = ID) -> Answer:
            headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {by}"} if by else {})
            path = f"/v1/flights/{flight}/updates"
            return Answer(client.http.post(path, body=json.dumps(word).encode(), headers=headers))

        yield post


def trail(now: Now) -> list[Event]:
    return audit.trail(f"flight:{ID}", None, None, 100, None, now.wall)[0]


def status(now: Now) -> Any:
    return read.flight(leg(1, now.flight), now.flight).status


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("departure_gate", "B4", "gate"),
        ("departure_terminal", "C", "terminal"),
        ("arrival_gate", "Gate 12 Nord", "gate"),
        ("arrival_terminal", "航站楼", "terminal"),
        ("belt", "3", "belt"),
        ("estimated_out", "2026-07-10T15:00:00Z", "delayed"),
        ("estimated_in", "2026-07-10T17:00:00Z", "earlier"),
        ("delay_codes", [{"code": "93", "minutes": 60}, {"code": "RA"}], "updated"),
        ("diverted_to", "ORD", "diverted"),
        ("cancelled", True, "cancelled"),
        ("note", "Bitte zum Schalter 4, merci ✈", "updated"),
    ],
)
def test_each_field_is_set_and_taken_back(now: Now, say: Say, field: str, value: Any, kind: str) -> None:
    """The answer is the flight as it now stands, with what changed; so is the history, with the airline as source."""
    answer = say({field: value})
    assert answer.status == 200, answer.json
    [change] = answer.json["changes"]
    assert (change["field"], change["kind"], change["version"]) == (field, kind, 2)
    assert (change["source"], change["at"]) == ("operator:UA", "2026-07-10T12:00:00Z")
    assert (answer.json["flight"]["version"], answer.json["flight"]["id"]) == (2, ID)
    [version] = store.history(leg(1, now.flight), 0, now.flight)
    assert [(c.field, c.source) for c in version.changes] == [(field, "operator:UA")]
    back = say({field: False if field == "cancelled" else None})
    assert [(c["field"], c["version"]) for c in back.json["changes"]] == [(field, 3)]
    assert getattr(status(now), field) in (None, False)
    assert back.json["flight"]["phase"] == "scheduled"


def test_a_word_in_other_spellings_is_the_same(now: Now, say: Say) -> None:
    """ICAO codes, other zones, small letters, an empty list."""
    word = {"diverted_to": "kord", "estimated_out": "2026-07-10T11:30:00.5-04:00", "delay_codes": [{"code": "ra"}]}
    assert say(word).status == 200
    now_stands = status(now)
    assert now_stands.diverted_to == "ORD"
    assert now_stands.estimated_out == now.flight + timedelta(hours=3, minutes=30)
    assert now_stands.delay_codes[0].code == "RA"
    assert say({"delay_codes": []}).json["flight"]["delays"] == []


def test_a_note_is_read_by_everybody(now: Now, say: Say) -> None:
    """In the flight and in its history; as text, whatever stands in it."""
    note = "<b>Gate</b> & desk open"
    assert say({"note": f"  {note} "}, by="houston").json["flight"]["note"] == note
    with Client(app.app) as client:
        assert json.loads(client.http.get(f"/v1/flights/{ID}").body)["note"] == note
        [line] = json.loads(client.http.get(f"/v1/flights/{ID}/history").body)["changes"]
    assert (line["field"], line["after"], line["source"]) == ("note", note, "operator:IAH")


def test_saying_what_is_known_changes_nothing(say: Say) -> None:
    """No version, no message; taking back what was never said neither."""
    assert len(say({"departure_gate": "B4", "belt": "3"}).json["changes"]) == 2
    again = say({"departure_gate": "B4", "note": None})
    assert (again.status, again.json["changes"], again.json["flight"]["version"]) == (200, [], 2)


def test_two_words_of_one_second_count_in_their_order(say: Say) -> None:
    """Whatever their values, and whoever says them."""
    for version, (gate, by) in enumerate([("M5", "united"), ("A1", "newark"), ("Z9", "admin"), ("B2", "newark")], 2):
        flight = say({"departure_gate": gate}, by=by).json["flight"]
        assert (flight["departure"]["gate"], flight["version"]) == (gate, version)


def test_a_newer_word_of_a_feed_replaces_an_operators(now: Now, say: Say) -> None:
    """And an older one does not."""
    say({"departure_gate": "B4"})
    take(now, said(1, now.flight, now.flight - timedelta(minutes=1), departure_gate="A1"))
    assert status(now).departure_gate == "B4"
    take(now, said(1, now.flight, now.flight + timedelta(minutes=1), departure_gate="A1"))
    assert status(now).departure_gate == "A1"


WORD = {
    "departure_gate": "B4", "departure_terminal": "C", "arrival_gate": "D1", "arrival_terminal": "D", "belt": "3",
    "estimated_out": "2026-07-10T15:00:00Z", "estimated_in": "2026-07-10T19:00:00Z", "delay_codes": [{"code": "93"}],
    "cancelled": True, "diverted_to": "ORD", "note": "Sorry.",
}  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_an_operator_sets_what_is_theirs_and_nothing_else(now: Now, say: Say, field: str) -> None:
    """One more field that is not theirs, and nothing is taken; the refusal names it, and leaves no trace."""
    at_departure = field.startswith("departure") or field in (
        "estimated_out",
        "delay_codes",
        "cancelled",
        "diverted_to",
    )
    right = {
        "united": True, "admin": True, "delta": False, "passenger": False, "newark": at_departure or field == "note",
        "houston": not at_departure,
    }  # fmt: skip
    for by, may in right.items():
        if not may:
            refused = say({field: WORD[field], "note": "Sorry."}, by=by)
            assert refused.status == 403
            assert field in refused.json["detail"] or by == "passenger"
    assert trail(now) == []
    assert read.flight(leg(1, now.flight), now.flight).version == 1
    for by in (by for by, may in right.items() if may):
        assert say({field: WORD[field]}, by=by).status == 200
    assert trail(now)


@pytest.mark.parametrize("by", [None, "nobody"])
def test_who_is_not_logged_in_says_nothing(say: Say, by: str | None) -> None:
    """401, whatever the flight."""
    assert say({"belt": "3"}, by=by).status == 401


@pytest.mark.parametrize("by", ["united", "delta", "newark", "admin"])
def test_a_flight_that_is_not_there_or_hidden_is_404_for_all(now: Now, say: Say, by: str) -> None:
    """Whether they might set it is not told."""
    assert say({"belt": "3"}, by=by, flight="UA9-20260710-EWR").status == 404
    take(now, scheduled(2, now.flight + timedelta(hours=1), shown="hidden"))
    assert say({"belt": "3"}, by=by, flight="UA2-20260710-EWR").status == 404
    assert say({"belt": "3"}, by=by, flight="nonsense").status == 400


@pytest.mark.parametrize(
    ("word", "fault"),
    [
        ({}, ""),
        ({"gate": "B4"}, "gate"),
        ({"departure_gate": ""}, "departure_gate"),
        ({"departure_gate": "B" * 13}, "departure_gate"),
        ({"departure_gate": "B\n4"}, "departure_gate"),
        ({"departure_gate": " "}, "departure_gate"),
        ({"departure_gate": 4}, "departure_gate"),
        ({"estimated_out": "2026-07-10T15:00:00"}, "estimated_out"),
        ({"estimated_out": 1783000000}, "estimated_out"),
        ({"estimated_out": "9999-12-31T23:59:59-01:00"}, "estimated_out"),
        ({"estimated_out": "2026-07-14T15:00:00Z"}, "estimated_out"),
        ({"estimated_in": "2026-07-10T13:00:00Z", "estimated_out": "2026-07-10T14:00:00Z"}, "estimated_in"),
        ({"delay_codes": [{"code": "00"}]}, "delay_codes.0.code"),
        ({"delay_codes": [{"code": "ZZ"}]}, "delay_codes.0.code"),
        ({"delay_codes": [{"code": "93", "minutes": 0}]}, "delay_codes.0.minutes"),
        ({"delay_codes": [{"code": "93"}] * 6}, "delay_codes"),
        ({"cancelled": None}, "cancelled"),
        ({"cancelled": "yes"}, "cancelled"),
        ({"cancelled": True, "belt": "3"}, "belt"),
        ({"diverted_to": "XXX"}, "diverted_to"),
        ({"diverted_to": ""}, "diverted_to"),
        ({"diverted_to": "IAH"}, "diverted_to"),
        ({"note": "n" * 281}, "note"),
        ({"note": "one\ntwo"}, "note"),
        ({"note": "turned \u202e round"}, "note"),
        ({"note": "  "}, "note"),
        ({"note": ""}, "note"),
    ],
)
def test_what_can_not_be_understood_is_400_and_names_the_field(now: Now, say: Say, word: Any, fault: str) -> None:
    """Nothing of it is taken, though the rest is in order; nothing stands in the audit trail."""
    answer = say(word if not word or "belt" in word else word | {"belt": "3"})
    assert (answer.status, [each["name"] for each in answer.json["errors"]]) == (400, [fault]), answer.json
    assert read.flight(leg(1, now.flight), now.flight).version == 1
    assert trail(now) == []


def test_what_the_flight_does_not_allow_is_409_and_changes_nothing(now: Now, say: Say) -> None:
    """It says what would be right."""
    take(now, said(1, now.flight, now.flight, actual_out=now.flight - timedelta(minutes=5)))
    answer = say({"cancelled": True, "note": "Sorry."})
    assert answer.status == 409
    assert "diverted_to" in answer.json["detail"]
    assert (status(now).note, trail(now)) == (None, [])


def test_who_reinstates_once_more_is_right(say: Say) -> None:
    """A client that lost the answer asks again: nothing changes."""
    for cancelled in (True, False):
        assert len(say({"cancelled": cancelled}).json["changes"]) == 1
    again = say({"cancelled": False})
    assert (again.status, again.json["changes"]) == (200, [])


def test_who_reinstates_a_flight_that_was_never_cancelled_says_nothing(now: Now, say: Say) -> None:
    """It is no word of an operator that a later word of a feed would have to be newer than."""
    answer = say({"cancelled": False})
    assert (answer.status, answer.json["changes"]) == (200, [])
    assert "cancelled" not in read.flight(leg(1, now.flight), now.flight).seen


def test_a_cancelled_flight_is_reinstated_with_a_new_estimate_in_one_request(say: Say) -> None:
    """And takes none before."""
    say({"cancelled": True})
    late = {"estimated_out": "2026-07-10T18:00:00Z", "estimated_in": "2026-07-10T22:00:00Z"}
    assert say(late).status == 409
    answer = say({"cancelled": False, **late})
    assert [change["kind"] for change in answer.json["changes"]] == ["reinstated", "delayed", "delayed"]
    assert len({change["version"] for change in answer.json["changes"]}) == 1


def test_each_word_stands_in_the_audit_trail_before_it_counts(
    now: Now, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who, what and from where; of a note only its length. Also where the change then fails."""
    say({"note": "Ask for Ms Miller.", "departure_gate": "B4", "estimated_out": "2026-07-10T15:00:00Z"})
    say({"delay_codes": [{"code": "93", "minutes": 60}, {"code": "RA"}], "cancelled": True, "departure_gate": None})

    def lost(*arguments: object) -> None:
        raise Conflict("somebody was first")

    monkeypatch.setattr(store, "commit", lost)
    monkeypatch.setattr(ingest, "RACES", 2)
    failed = say({"belt": None, "note": "Never said."})
    assert failed.status == 503
    assert status(now).note == "Ask for Ms Miller."
    lines = trail(now)
    assert {(line.by, line.what, line.about, line.client) for line in lines} == {
        ("id-of-united", "flight-updated", f"flight:{ID}", "127.0.0.1")
    }
    assert {frozenset(line.detail) for line in lines} == {
        frozenset({("note", "18 characters"), ("departure_gate", "B4"), ("estimated_out", "2026-07-10T15:00:00Z")}),
        frozenset({("delay_codes", "93/60 RA"), ("cancelled", "yes"), ("departure_gate", "taken back")}),
        frozenset({("belt", "taken back"), ("note", "11 characters")}),
    }


def test_what_others_change_at_the_same_time_is_not_answered_as_theirs(
    now: Now, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flight is as it stands with both."""
    record = audit.record

    def meanwhile(*arguments: Any) -> None:
        record(*arguments)
        take(now, said(1, now.flight, now.flight, belt="3"))

    monkeypatch.setattr(audit, "record", meanwhile)
    answer = say({"departure_gate": "B4"}).json
    assert [change["field"] for change in answer["changes"]] == ["departure_gate"]
    assert (answer["flight"]["arrival"]["belt"], answer["flight"]["version"]) == ("3", 3)


def test_without_its_line_in_the_audit_trail_nothing_is_done(
    now: Now, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503: ask again."""

    def busy(*arguments: object) -> None:
        raise Unavailable("the tables are busy")

    monkeypatch.setattr(audit, "record", busy)
    assert say({"departure_gate": "B4"}).status == 503
    assert status(now).departure_gate is None


def test_followers_are_told_of_an_operators_cancellation_and_not_of_a_note(
    now: Now, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By themselves, as of every source's."""
    monkeypatch.setattr(letters, "write", following.write)
    provider, flight = following.Provider(), read.flight(leg(1, now.flight), now.flight)
    following.follow(flight, 1, now)
    for version, word in ((2, {"note": "All is well."}), (3, {"cancelled": True})):
        assert say(word).json["flight"]["version"] == version
        following.tell({"flight": ID, "version": version}, now, provider)
    assert provider.taken == [("s0", "3: cancelled")]


def test_who_watches_sees_an_operators_word(now: Now, say: Say) -> None:
    """On the flight and on the board, as of every source's."""
    gateway = watchers.Gateway()
    watchers.watching("c1", [f"flight:{ID}", "airport:EWR:departures"], now, gateway)
    gateway.take("c1")
    say({"departure_gate": "B4", "note": "All is well."}, by="newark")
    watchers.push_all(watchers.told(leg(1, now.flight), 1, now), now, gateway)
    [told] = [message for message in gateway.take("c1") if message["type"] == "change"]
    assert (told["flight"]["departure"]["gate"], told["version"]) == ("B4", 2)
    assert {(line["field"], line["source"]) for line in told["changes"]} == {
        ("departure_gate", "operator:EWR"),
        ("note", "operator:EWR"),
    }


def test_the_topic_names_the_airport_or_airline_and_nobody(now: Now, say: Say) -> None:
    """What is public tells of no person."""
    say({"cancelled": True, "note": "Sorry."}, by="admin")
    [version] = read.history(leg(1, now.flight), 0, now.flight)
    told = json.dumps(changes.message(version))
    assert "operator:admin" in told
    assert "id-of-admin" not in told
    assert "example.com" not in told


def test_a_client_that_fills_in_defaults_takes_nothing_back() -> None:
    """The document has none: what is not said stays."""
    schema = api.OperatorUpdate.model_json_schema()
    assert [name for name, of in schema["properties"].items() if "default" in of] == []
    assert set(schema["properties"]) == set(FIELDS)


values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=300), st.datetimes().map(lambda d: f"{d.isoformat()}Z"),
    st.sampled_from([*WORD.values(), [{"code": "93", "minutes": -1}], [[]], {}, "2026-07-10T16:00:00+23:59", "EWR"]),
)  # fmt: skip
words = st.dictionaries(st.sampled_from([*FIELDS, "x", ""]), values, max_size=4)


@given(st.one_of(words, values), st.sampled_from(["united", "newark", "houston", "admin"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_word_gets_a_5xx(say: Say, word: Any, by: str) -> None:
    """Whatever stands in it, after whatever was said before."""
    answer = say(word, by=by)
    assert answer.status in (200, 400, 403, 409), answer.json
