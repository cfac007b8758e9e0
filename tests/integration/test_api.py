"""The REST API as a client sees it, through Chalice, against moto."""

import gzip
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import boto3
import jsonschema
import pytest
from chalice.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import app
from chalicelib.accounts import keys
from chalicelib.core import clock
from chalicelib.core.clock import Now, instant
from chalicelib.core.config import config
from chalicelib.core.errors import Unavailable
from chalicelib.flights import ingest, store
from chalicelib.flights.model import DelayCode
from infra.local import events

from .flights.legs import said, scheduled

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture(autouse=True)
def at_noon(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clocks stand, and moto is not atomic under threads."""
    monkeypatch.setattr(clock, "now", lambda setting: now)
    monkeypatch.setattr(ingest, "WRITERS", 1)


class Answer:
    def __init__(self, response: Any):
        self.status: int = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self.body: bytes = response.body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@pytest.fixture
def get() -> Iterator[Callable[..., Answer]]:
    with Client(app.app) as client:

        def ask(path: str, *, headers: dict[str, str] | None = None, **query: object) -> Answer:
            return Answer(client.http.get(f"{path}?{urlencode(query)}" if query else path, headers=headers or {}))

        yield ask


@pytest.fixture
def post() -> Iterator[Callable[..., Answer]]:
    with Client(app.app) as client:

        def send(path: str, body: bytes, **headers: str) -> Answer:
            return Answer(
                client.http.post(path, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()})
            )

        yield send


def take(now: Now, *updates: Any) -> None:
    taken = ingest.take(updates, now, sleep=lambda seconds: None)
    ingest._noted.clear()
    ingest.hear("replay", ["EWR"], taken, now)


def problem(answer: Answer, status: int) -> Any:
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["status"] == status
    return answer.json


def test_a_board_shows_what_leaves_and_when_its_feed_last_spoke(now: Now, get: Callable[..., Answer]) -> None:
    """In time order, with the airport's zone."""
    take(now, scheduled(2, now.flight + timedelta(hours=2)), scheduled(1, now.flight + timedelta(hours=1)))
    board = get("/v1/airports/EWR/departures").json
    assert [row["number"] for row in board["flights"]] == ["UA1", "UA2"]
    assert board["flights"][0]["departure"]["expected_out"] == "2026-07-10T13:00:00Z"
    assert (
        board["flights"][0]["arrival"] | {"city": "Houston", "zone": "America/Chicago"}
        == board["flights"][0]["arrival"]
    )
    assert (board["zone"], board["airport"]) == ("America/New_York", "EWR")
    assert board["feeds"] == [{"name": "replay", "heard_at": "2026-07-10T12:00:00Z", "silent": False}]
    arrivals = get("/v1/airports/iah/arrivals").json
    assert [row["number"] for row in arrivals["flights"]] == ["UA1", "UA2"]


def test_a_silent_feed_shows_as_such(now: Now, get: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch) -> None:
    """What the board shows may be old."""
    take(now, scheduled(1, now.flight + timedelta(hours=1)))
    for minutes, silent in ((10, False), (11, True)):
        later = Now(now.flight, now.wall + timedelta(minutes=minutes))
        monkeypatch.setattr(clock, "now", lambda setting, later=later: later)
        assert get("/v1/airports/EWR/departures").json["feeds"][0]["silent"] is silent


def test_a_board_comes_in_parts(now: Now, get: Callable[..., Answer]) -> None:
    """`cursor` leads on; the last part has none."""
    take(now, *(scheduled(n, now.flight + timedelta(minutes=n)) for n in range(5)))
    first = get("/v1/airports/EWR/departures", limit=3).json
    rest = get("/v1/airports/EWR/departures", limit=3, cursor=first["cursor"]).json
    assert [row["number"] for row in first["flights"] + rest["flights"]] == [f"UA{n}" for n in range(5)]
    assert "cursor" not in rest


def test_nothing_changed_is_304_and_a_change_is_not(now: Now, get: Callable[..., Answer]) -> None:
    """Weak ETags; what only the feed's clock moved is no change, and comes as a header."""
    take(now, scheduled(1, now.flight + timedelta(hours=1)))
    for path in (
        "/v1/airports/EWR/departures",
        "/v1/flights/UA1-20260710-EWR",
        "/v1/airports?q=ewr",
        "/v1/openapi.json",
    ):
        first = get(path)
        assert first.headers["etag"].startswith('W/"')
        assert re.fullmatch(r"public, max-age=\d+, stale-if-error=60", first.headers["cache-control"])
        again = get(path, headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", first.headers["etag"])
    board = get("/v1/airports/EWR/departures")
    later = now.flight + timedelta(minutes=5)
    ingest.hear("replay", ["EWR"], ingest.Taken(changed=1), Now(later, now.wall))
    unchanged = get("/v1/airports/EWR/departures", headers={"If-None-Match": board.headers["etag"]})
    assert (unchanged.status, unchanged.headers["gatecall-feeds"]) == (304, f"replay;heard={instant(later)}")
    take(now, said(1, now.flight, now.flight, departure_gate="B4"))
    assert get("/v1/airports/EWR/departures", headers={"If-None-Match": board.headers["etag"]}).status == 200


def test_a_flight_is_answered_with_everything_known(now: Now, get: Callable[..., Answer]) -> None:
    """And who said so, and when."""
    late = now.flight + timedelta(hours=2)
    take(now, scheduled(1, now.flight + timedelta(hours=1)))
    take(now, said(1, now.flight, now.flight, estimated_out=late, delay_codes=(DelayCode("93", "AHM730", 60),)))
    flight = get("/v1/flights/UA1-20260710-EWR").json
    assert (flight["version"], flight["phase"], flight["delayed"]) == (2, "scheduled", True)
    assert flight["departure"] | {"delay_minutes": 60, "estimated_out": "2026-07-10T14:00:00Z"} == flight["departure"]
    assert flight["delays"][0]["code"] == "93"
    assert "aircraft" in flight["delays"][0]["reason"]
    told = get("/v1/flights/UA1-20260710-EWR/history").json["changes"]
    assert [c["after"][0]["reason"] for c in told if c["field"] == "delay_codes"] == [flight["delays"][0]["reason"]]
    assert flight["observed"]["estimated_out"] == {"source": "replay", "at": "2026-07-10T12:00:00Z"}


def test_a_flight_is_found_by_number_and_date_codeshares_too(now: Now, get: Callable[..., Answer]) -> None:
    """As it stands on a ticket."""
    take(now, scheduled(1, now.flight + timedelta(hours=1), codeshares=("LH7600",)))
    for number in ("UA1", "ua 0001", "UAL1", "LH7600"):
        found = get("/v1/flights", number=number, date="2026-07-10").json["flights"]
        assert [flight["id"] for flight in found] == ["UA1-20260710-EWR"]
    assert get("/v1/flights", number="UA2", date="2026-07-10").json == {"flights": []}


def test_a_history_fills_the_gap_after_a_version(now: Now, get: Callable[..., Answer]) -> None:
    """Who reported it, when, from what to what."""
    take(now, scheduled(1, now.flight + timedelta(hours=1)))
    for minute, gate in enumerate(("B4", "B5", "B6")):
        take(now, said(1, now.flight, now.flight + timedelta(minutes=minute), departure_gate=gate))
    history = get("/v1/flights/UA1-20260710-EWR/history", after=2).json
    assert (history["version"], history["more"]) == (4, False)
    assert [(c["version"], c["kind"], c["before"], c["after"]) for c in history["changes"]] == [
        (3, "gate", "B4", "B5"),
        (4, "gate", "B5", "B6"),
    ]


def test_rights_say_what_may_be_due_and_under_what(now: Now, get: Callable[..., Answer]) -> None:
    """With the source; no legal advice."""
    take(now, scheduled(1, now.flight + timedelta(hours=1)))
    assert get("/v1/flights/UA1-20260710-EWR/rights").json["rights"] == []
    take(now, said(1, now.flight, now.flight, cancelled=True))
    answer = get("/v1/flights/UA1-20260710-EWR/rights").json
    assert [right["kind"] for right in answer["rights"]] == ["refund"]
    assert "may be due" in answer["rights"][0]["wording"]
    assert answer["rights"][0]["url"].startswith("https://")
    assert "not legal advice" in answer["disclaimer"]


def test_a_hidden_flight_is_not_there(now: Now, get: Callable[..., Answer]) -> None:
    """DoNotDisplay is for boards, numbers and ids alike."""
    take(now, scheduled(1, now.flight + timedelta(hours=1), shown="hidden"))
    problem(get("/v1/flights/UA1-20260710-EWR"), 404)
    assert get("/v1/flights", number="UA1", date="2026-07-10").json == {"flights": []}
    assert get("/v1/airports/EWR/departures").json["flights"] == []


@pytest.mark.parametrize(
    ("path", "query", "status", "faults"),
    [
        ("/v1/airports/EWR/departures", {"limit": 0, "from": "noon"}, 400, {"limit", "from"}),
        ("/v1/airports/EWR/departures", {"from": "2026-07-10T12:00:00"}, 400, {"from"}),
        ("/v1/airports/EWR/departures", {"from": "2026-07-10T12:00Z", "to": "2026-07-10T11:00Z"}, 400, {"to"}),
        ("/v1/airports/EWR/departures", {"from": "2026-07-10T12:00Z", "to": "2027-07-10T11:00Z"}, 400, {"to"}),
        ("/v1/airports/EWR/departures", {"from": "9999-12-31T23:00:00Z"}, 400, {"from"}),
        ("/v1/airports/EWR/departures", {"from": "1783036800"}, 400, {"from"}),
        (
            "/v1/airports/EWR/departures",
            {"from": "2026-07-10T12:00:00.2Z", "to": "2026-07-10T12:00:00.8Z"},
            400,
            {"to"},
        ),
        ("/v1/flights", {"number": "UA1", "date": "0"}, 400, {"date"}),
        ("/v1/airports/EWR/departures", {"cursor": "zzz"}, 400, {"cursor"}),
        ("/v1/airports/EWR/departures", {"lmit": 3}, 400, {"lmit"}),
        ("/v1/airports/XXX/departures", {}, 404, None),
        ("/v1/airports/%F0%9F%9B%AB/arrivals", {}, 404, None),
        ("/v1/flights", {}, 400, {"number", "date"}),
        ("/v1/flights", {"number": "1545", "date": "2026-02-30"}, 400, {"number", "date"}),
        ("/v1/flights/UA1545", {}, 400, {"id"}),
        ("/v1/flights/UA1545-20260710-EWR", {}, 404, None),
        ("/v1/flights/UA1545-20260710-EWR", {"x": 1}, 400, {"x"}),
        ("/v1/flights/UA1545-20260710-EWR/history", {"after": -1}, 400, {"after"}),
        ("/v1/airports", {"q": "x" * 300}, 400, {"q"}),
        ("/docs/../../etc/passwd", {}, 404, None),
    ],
)
def test_bad_input_is_answered_with_what_is_wrong_and_where(
    get: Callable[..., Answer], path: str, query: dict[str, object], status: int, faults: set[str] | None
) -> None:
    """Problem+json, every invalid field named."""
    if ".." in path:
        path = f"/docs/{quote('../../etc/passwd', safe='')}"
    answer = problem(get(path, **query), status)
    assert {fault["name"] for fault in answer.get("errors", ())} == (faults or set())


def test_a_parameter_given_twice_is_refused(get: Callable[..., Answer]) -> None:
    """Which of the two is meant is not guessed."""
    assert problem(get("/v1/airports/EWR/departures?limit=1&limit=2"), 400)["errors"][0]["name"] == "limit"


@given(
    st.text(max_size=30), st.sampled_from(["/v1/flights/{}", "/v1/airports/{}/departures", "/v1/flights/{}/history"])
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_path_gets_a_5xx(text: str, path: str) -> None:
    """Whatever stands in it."""
    with Client(app.app) as client:
        encoded = quote(text, safe="")
        if encoded in ("", ".", ".."):
            return
        assert client.http.get(path.format(encoded)).status_code < 500


def test_storage_that_stays_throttled_is_503_with_a_pause(
    get: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """F12: one clean answer."""

    def busy(*arguments: object, **more: object) -> None:
        raise Unavailable("the tables are busy")

    monkeypatch.setattr(store, "flights", busy)
    answer = get("/v1/flights/UA1545-20260710-EWR")
    problem(answer, 503)
    assert answer.headers["retry-after"] == "2"


def test_our_own_faults_are_logged_and_tell_nothing(
    get: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 500 is a bug; its answer has the request's id and no trace."""
    monkeypatch.setattr(store, "flights", lambda *a, **k: 1 / 0)
    answer = problem(get("/v1/flights/UA1545-20260710-EWR"), 500)
    assert "ZeroDivision" not in json.dumps(answer)


def test_health_says_version_stage_addresses_and_tables(get: Callable[..., Answer]) -> None:
    """And is never kept by a cache."""
    answer = get("/v1/health")
    assert answer.json["stage"] == "test"
    assert set(answer.json["tables"].values()) == {"answers"}
    assert answer.headers["cache-control"] == "no-store"
    boto3.client("dynamodb").delete_table(TableName=config().live_table)
    problem(get("/v1/health"), 503)


def test_the_documentation_is_served_with_all_it_needs(get: Callable[..., Answer]) -> None:
    """Nothing is fetched from elsewhere."""
    assert get("/").headers["location"] == "docs"
    page = get("/docs")
    assert b"http" not in page.body
    for asset in ("docs/swagger-ui-bundle.min.js", "docs/swagger-ui.min.css", "v1/openapi.json"):
        assert asset.encode() in page.body
        assert get(f"/{asset}").status == 200
    problem(get("/docs/app.py"), 404)


AIDX = """<?xml version="1.0"?>
<IATA_AIDX_FlightLegNotifRQ xmlns="http://www.iata.org/IATA/2007/00" Version="22.1" TimeStamp="2026-07-10T11:59:00Z"
  EchoToken="e1">{legs}</IATA_AIDX_FlightLegNotifRQ>"""
LEG = """<FlightLeg><LegIdentifier><Airline>UA</Airline><FlightNumber>{number}</FlightNumber>
  <DepartureAirport>{origin}</DepartureAirport><ArrivalAirport>IAH</ArrivalAirport><OriginDate>{day}</OriginDate>
  </LegIdentifier><LegData><AirportResources Usage="Actual"><Resource DepartureOrArrival="Departure">
  <PassengerGate>{gate}</PassengerGate></Resource></AirportResources>
  <OperationTime OperationQualifier="OFB" TimeType="SCT">2026-07-10T13:00:00Z</OperationTime></LegData>
  <TPA_Extension/></FlightLeg>"""


def aidx(*numbers: int, origin: str = "EWR", day: str = "2026-07-10", gate: str = "B4", special: str = "") -> bytes:
    legs = "".join(LEG.format(number=n, origin=origin, day=day, gate=gate) for n in numbers)
    if special:
        legs = legs.replace("<LegData>", f"<SpecialAction>{special}</SpecialAction><LegData>")
    return AIDX.format(legs=legs).encode()


@pytest.fixture
def key(now: Now) -> str:
    return keys.make("ewr-aodb", ["feeds:aidx"], ["EWR"], now.wall)


def test_an_aidx_message_is_on_the_board_at_once(now: Now, key: str, post: Callable[..., Answer], get: Any) -> None:
    """Pushed with the feed's key, answered in the standard's words."""
    answer = post("/v1/feeds/aidx", aidx(1, 2), X_Api_Key=key, Content_Type="application/xml")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert b"IATA_AIDX_FlightLegRS" in answer.body
    assert b'EchoToken="e1"' in answer.body
    assert b"Success" in answer.body
    board = get("/v1/airports/EWR/departures").json
    assert [(row["number"], row["departure"]["gate"]) for row in board["flights"]] == [("UA1", "B4"), ("UA2", "B4")]
    assert board["feeds"][0]["name"] == "aidx:ewr-aodb"


def test_the_good_legs_of_a_batch_are_taken_and_the_bad_ones_named(
    now: Now, key: str, post: Callable[..., Answer], get: Any
) -> None:
    """One bad leg costs one leg."""
    batch = aidx(1, 2, 3).replace(b"<FlightNumber>2<", b"<FlightNumber>two<")
    answer = post("/v1/feeds/aidx", batch, X_Api_Key=key, Content_Type="text/xml")
    assert answer.status == 200
    assert b"FlightLeg[2]" in answer.body
    assert [row["number"] for row in get("/v1/airports/EWR/departures").json["flights"]] == ["UA1", "UA3"]
    as_json = post("/v1/feeds/aidx", batch, X_Api_Key=key, Content_Type="text/xml", Accept="application/json")
    assert as_json.json["taken"] == 2
    assert "FlightLeg[2]" in as_json.json["refused"][0]["name"]


def test_a_message_that_can_not_be_read_is_refused_in_the_clients_language(
    key: str, post: Callable[..., Answer]
) -> None:
    """XML for an airport system, problem+json for who asks for JSON."""
    headers = {"X_Api_Key": key, "Content_Type": "application/xml"}
    answer = post("/v1/feeds/aidx", b"<nonsense", **headers)
    assert (answer.status, b"Errors" in answer.body) == (400, True)
    problem(post("/v1/feeds/aidx", b"<nonsense", **headers, Accept="application/json"), 400)
    bomb = b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'
    assert post("/v1/feeds/aidx", bomb, **headers).status == 400
    assert post("/v1/feeds/aidx", b" " * 4_000_001, **headers).status == 413
    problem(post("/v1/feeds/aidx", gzip.compress(b"x"), X_Api_Key=key, Content_Type="application/gzip"), 415)


def test_a_feed_shows_its_key_and_speaks_for_its_own_airports(key: str, post: Callable[..., Answer], now: Now) -> None:
    """401 without, 403 without the scope, and nobody writes on another airport's board."""
    problem(post("/v1/feeds/aidx", aidx(1), Content_Type="text/xml"), 401)
    problem(post("/v1/feeds/aidx", aidx(1), Content_Type="text/xml", X_Api_Key="gck_wrong"), 401)
    foreign = aidx(1, origin="JFK")
    answer = post("/v1/feeds/aidx", foreign, Content_Type="text/xml", X_Api_Key=key, Accept="application/json")
    assert "does not speak for" in problem(answer, 400)["errors"][0]["detail"]
    keys.revoke_shown(key, now.wall)
    problem(post("/v1/feeds/aidx", aidx(1), Content_Type="text/xml", X_Api_Key=key), 401)


def test_only_the_hash_of_a_key_is_kept(key: str) -> None:
    """Who reads the table can't send."""
    items = boto3.client("dynamodb").scan(TableName=config().accounts_table)["Items"]
    assert key not in json.dumps(items)


def test_json_is_answered_to_who_names_it_before_xml(key: str, post: Callable[..., Answer]) -> None:
    """And 413 is 413 in either language."""
    for accept, kind in (
        ("application/json, application/xml", "application/json"),
        ("Application/JSON", "application/json"),
        ("text/xml, application/json", "text/xml; charset=utf-8"),
        ("*/*", "text/xml; charset=utf-8"),
    ):
        answer = post("/v1/feeds/aidx", aidx(1), X_Api_Key=key, Content_Type="text/xml", Accept=accept)
        assert answer.headers["content-type"] == kind
    large = b" " * 4_000_001
    problem(post("/v1/feeds/aidx", large, X_Api_Key=key, Content_Type="text/xml", Accept="application/json"), 413)


def test_a_body_that_is_no_base64_is_refused(now: Now, key: str) -> None:
    """As nothing but a hostile or broken client sends."""
    event = events.rest("POST", "/v1/feeds/aidx", at=now.wall, resource="/v1/feeds/aidx")
    event |= {"headers": {"x-api-key": key, "content-type": "text/xml"}, "body": "%%%", "isBase64Encoded": True}
    assert app.app(event, events.context("gatecall", 29))["statusCode"] == 400


def test_a_locked_leg_takes_nothing_more(now: Now, key: str, post: Callable[..., Answer], get: Any) -> None:
    """SpecialAction LockDown, from the source that locked it; the other end's system goes on."""
    headers = {"X_Api_Key": key, "Content_Type": "text/xml", "Accept": "application/json"}
    post("/v1/feeds/aidx", aidx(1, special="LockDown"), **headers)
    later = aidx(1, gate="B9").replace(b"11:59:00Z", b"11:59:30Z")
    assert "locked" in problem(post("/v1/feeds/aidx", later, **headers), 400)["errors"][0]["detail"]
    assert get("/v1/flights/UA1-20260710-EWR").json["departure"]["gate"] == "B4"
    other = {**headers, "X_Api_Key": keys.make("iah-aodb", ["feeds:aidx"], ["IAH"], now.wall)}
    assert post("/v1/feeds/aidx", later, **other).json["taken"] == 1


def test_a_message_whose_legs_can_not_be_kept_is_to_be_sent_again(
    key: str, post: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Error type 911 and 503 with a pause: nothing is lost, nothing half-written."""

    def busy(*arguments: object, **more: object) -> None:
        raise Unavailable("the tables are busy")

    monkeypatch.setattr(store, "flights", busy)
    answer = post("/v1/feeds/aidx", aidx(1), X_Api_Key=key, Content_Type="text/xml")
    assert (answer.status, answer.headers["retry-after"], b'"911"' in answer.body) == (503, "2", True)


def test_every_answer_keeps_to_the_openapi_document(now: Now, get: Callable[..., Answer]) -> None:
    """What the document requires is there, also on the last part of a board."""
    take(now, scheduled(1, now.flight + timedelta(hours=1), delay_codes=(DelayCode("93"),)))
    take(now, said(1, now.flight, now.flight, cancelled=True))
    document = get("/v1/openapi.json").json
    for path, asked in (
        ("/v1/airports/{iata}/departures", "/v1/airports/EWR/departures"),
        ("/v1/flights/{id}", "/v1/flights/UA1-20260710-EWR"),
        ("/v1/flights/{id}/history", "/v1/flights/UA1-20260710-EWR/history"),
        ("/v1/flights/{id}/rights", "/v1/flights/UA1-20260710-EWR/rights"),
        ("/v1/flights", "/v1/flights?number=UA1&date=2026-07-10"),
        ("/v1/airports", "/v1/airports?q=lon"),
        ("/v1/health", "/v1/health"),
    ):
        schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema.validate(get(asked).json, {**schema, "components": document["components"]})


def test_where_nothing_was_typed_the_stages_own_airports_come(
    get: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order of AIRPORTS, so that a client knows what to show first; a code that is no airport is left out."""
    monkeypatch.setattr("chalicelib.airports.api.config", lambda: replace(config(), airports=("LGA", "QQQ", "EWR")))
    assert [airport["iata"] for airport in get("/v1/airports").json["airports"]] == ["LGA", "EWR"]
    assert [airport["iata"] for airport in get("/v1/airports", limit=1).json["airports"]] == ["LGA"]


def test_a_poll_brings_the_replayed_day_to_the_boards(
    get: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the schedule's event on, with nothing stubbed between."""
    monkeypatch.setattr(app, "settings", replace(app.settings, airports=("LGA",)))
    with Client(app.app) as client:
        client.lambda_.invoke("poll_feeds", client.events.generate_cw_event("aws.events", "Scheduled Event", {}, []))
    board = get("/v1/airports/LGA/departures", limit=20).json
    assert len(board["flights"]) == 20
    assert {row["departure"]["airport"] for row in board["flights"]} == {"LGA"}
    assert board["feeds"][0]["name"] == "replay"
