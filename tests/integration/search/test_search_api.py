"""Search over REST, as a client sees it."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from chalice.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import app
from chalicelib.core import clock
from chalicelib.core.clock import Now
from chalicelib.core.errors import Unavailable
from chalicelib.flights import ingest
from chalicelib.pricing import demand

from .market import DAY, TODAY, legs, sell, tell

pytestmark = pytest.mark.usefixtures("cloud")
Get = Callable[..., Any]


@pytest.fixture(autouse=True)
def at_noon(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clocks stand; no forecast is known; moto is not atomic under threads."""
    monkeypatch.setattr(clock, "now", lambda setting: now)
    monkeypatch.setattr(ingest, "WRITERS", 1)
    demand._known.clear()


@pytest.fixture
def get() -> Iterator[Get]:
    with Client(app.app) as client:

        def ask(path: str = "/v1/search", *, status: int = 200, headers: Any = None, **query: object) -> Any:
            named = {name.rstrip("_"): value for name, value in query.items()}
            response = client.http.get(f"{path}?{urlencode(named)}", headers=headers or {})
            assert response.status_code == status, response.body
            return response if status == 304 else json.loads(response.body) | {"headers": response.headers}

        yield ask


def faults(answer: Any) -> list[str]:
    return [each["name"] for each in answer["errors"]]


def test_an_offer_says_all_that_one_needs_to_choose(get: Get) -> None:
    """Flights, times with zones, connection, fare and rules, seats left, price by kind of traveller, reasons."""
    found = get(from_="bos", to="MIA", date=DAY, passengers=2, children=1, infants=1)
    offer = found["offers"][0]
    (journey,) = offer["journeys"]
    first, second = journey["segments"]
    assert first["departure"]["airport"] == "BOS"
    assert first["departure"]["zone"] == "America/New_York"
    assert first["departure"]["scheduled_out"].endswith("Z")
    assert first["arrival"]["airport"] == second["departure"]["airport"] == journey["connections"][0]["airport"]
    assert second["arrival"]["city"] == "Miami"
    assert (journey["stops"], journey["days_later"], offer["stops"]) == (1, 0, 1)
    assert first["flight"].startswith(first["number"])
    assert first["airline"]
    assert {"cabin", "booking_class", "fare_basis", "rules", "seats_left", "minutes", "codeshares"} <= first.keys()
    assert first["rules"]["brand"]
    assert "record" not in first
    assert offer["seats_left"] == min(first["seats_left"], second["seats_left"])
    assert [(each["type"], each["count"]) for each in offer["travellers"]] == [
        ("adult", 2),
        ("child", 1),
        ("infant", 1),
    ]
    assert sum(each["total"] for each in offer["travellers"]) == offer["price"]["amount"]
    assert all(each["fare"] + each["taxes"] == each["total"] for each in offer["travellers"])
    assert offer["price"]["currency"] == "USD"
    assert offer["reasons"][0]["text"]
    assert found["found"] >= len(found["offers"])


def test_what_is_known_of_a_near_flight_stands_beside_its_schedule(get: Get, now: Now) -> None:
    """Estimated times and terminals."""
    flight = legs("EWR-LAX", TODAY + timedelta(days=1))[0]
    late = flight.scheduled_out + timedelta(minutes=40)
    tell(flight, now, estimated_out=late, departure_terminal="C")
    found = get(from_="EWR", to="LAX", date=TODAY + timedelta(days=1), limit=100)
    shown = [each["journeys"][0]["segments"][0] for each in found["offers"]]
    (departure,) = [each["departure"] for each in shown if each["flight"] == str(flight.leg)]
    assert departure["estimated_out"] == clock.instant(late)
    assert departure["scheduled_out"] == clock.instant(flight.scheduled_out)
    assert departure["terminal"] == "C"


def test_there_and_back_and_through_several_cities(get: Get) -> None:
    """`return` for the one, `trip` for the other; a city's code or an airport's, ICAO too, in any case of letters."""
    back = get(from_="NYC", to="LAX", date=DAY, return_=DAY + timedelta(days=3), sort="price", limit=3)
    assert [len(offer["journeys"]) for offer in back["offers"]] == [2, 2, 2]
    trip = get(trip=f"kewr-LAX-{DAY},lax-nyc-{DAY + timedelta(days=3)}", sort="price", limit=3)
    assert [len(offer["journeys"]) for offer in trip["offers"]] == [2, 2, 2]
    assert trip["offers"][0]["journeys"][0]["segments"][0]["departure"]["airport"] == "EWR"


@pytest.mark.parametrize("sort", ["best", "price", "fastest", "departure"])
def test_offers_come_as_they_are_asked_for(get: Get, sort: str) -> None:
    """By price, by time, by departure, or the best; as many as asked for."""
    offers = get(from_="NYC", to="LAX", date=DAY, sort=sort, limit=12)["offers"]
    by = {
        "price": [offer["price"]["amount"] for offer in offers],
        "fastest": [offer["minutes"] for offer in offers],
        "departure": [offer["journeys"][0]["segments"][0]["departure"]["scheduled_out"] for offer in offers],
    }
    assert len(offers) == 12
    assert by.get(sort, []) == sorted(by.get(sort, []))
    assert sort != "best" or all(offer["reasons"] for offer in offers[:3])


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({}, ["from", "to", "date"]),
        ({"from": "NYC", "to": "LAX"}, ["date"]),
        ({"from": "XXX", "to": "LAX", "date": DAY}, ["from"]),
        ({"from": "XXX", "to": "LAX", "date": DAY, "return": DAY}, ["from"]),
        ({"from": "N?", "to": "LAX", "date": DAY}, ["from"]),
        ({"from": "NYC", "to": "JFK", "date": DAY}, ["to"]),
        ({"from": "NYC", "to": "LAX", "date": "2026-07-09"}, ["date"]),
        ({"from": "NYC", "to": "LAX", "date": "2026-09-09"}, ["date"]),
        ({"from": "NYC", "to": "LAX", "date": "0001-01-01"}, ["date"]),
        ({"from": "NYC", "to": "LAX", "date": "9999-12-31"}, ["date"]),
        ({"from": "NYC", "to": "LAX", "date": "tomorrow"}, ["date"]),
        ({"from": "NYC", "to": "LAX", "date": DAY, "return": DAY - timedelta(days=1)}, ["return"]),
        ({"from": "NYC", "to": "LAX", "date": DAY, "passengers": 6, "children": 4}, ["passengers"]),
        ({"from": "NYC", "to": "LAX", "date": DAY, "passengers": 10}, ["passengers"]),
        ({"from": "NYC", "to": "LAX", "date": DAY, "passengers": 0}, ["passengers"]),
        ({"from": "NYC", "to": "LAX", "date": DAY, "infants": 2}, ["infants"]),
        ({"from": "NYC", "to": "LAX", "date": DAY, "cabin": "deck"}, ["cabin"]),
        ({"from": "NYC", "to": "LAX", "date": DAY, "sort": "luck"}, ["sort"]),
        ({"from": "NYC", "to": "LAX", "date": DAY, "stops": 3}, ["stops"]),
        ({"from": "NYC", "to": "LAX", "date": DAY, "limit": 101}, ["limit"]),
        ({"from": "NYC", "to": "LAX", "date": DAY, "colour": "red"}, ["colour"]),
        ({"trip": "NYC-LAX"}, ["trip"]),
        ({"trip": f"NYC-LAX-{DAY},XXX-SFO-{DAY}"}, ["trip"]),
        ({"trip": f"NYC-LAX-{DAY},LAX-SFO-2026-02-30"}, ["trip"]),
        ({"trip": f"NYC-LAX-{DAY}", "to": "SFO"}, ["to"]),
        ({"trip": ",".join([f"NYC-LAX-{DAY}"] * 7)}, ["trip"]),
    ],
)
def test_what_cannot_be_searched_is_named(get: Get, query: dict[str, Any], wrong: list[str]) -> None:
    """Each parameter that is wrong, with what would be right."""
    assert faults(get(status=400, **query)) == wrong


def test_a_month_has_a_price_for_each_day(get: Get, now: Now) -> None:
    """The lowest; none where everything is sold."""
    for flight in legs("EWR-LAX") + legs("JFK-LAX"):
        sell(flight, now)
    days = get("/v1/search/days", from_="NYC", to="LAX", month=f"{DAY:%Y-%m}")["days"]
    by_day = {each["date"]: each for each in days}
    assert by_day[f"{DAY}"] == {"date": f"{DAY}"}
    assert by_day[f"{DAY + timedelta(days=1)}"]["price"]["amount"] > 0


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"from": "NYC", "to": "LAX", "month": "2026-13"}, ["month"]),
        ({"from": "NYC", "to": "LAX", "month": "2026-06"}, ["month"]),
        ({"from": "NYC", "to": "LAX", "month": "2027-06"}, ["month"]),
        ({"from": "NYC", "to": "LAX", "month": "9999-12"}, ["month"]),
        ({"from": "NYC", "to": "LAX", "month": "0001-01"}, ["month"]),
        ({"from": "NYC", "to": "XXX", "month": "2026-08"}, ["to"]),
        ({"from": "NYC", "to": "EWR", "month": "2026-08"}, ["to"]),
        ({"to": "LAX"}, ["from", "month"]),
    ],
)
def test_what_month_cannot_be_searched_is_named(get: Get, query: dict[str, Any], wrong: list[str]) -> None:
    """Likewise."""
    assert faults(get("/v1/search/days", status=400, **query)) == wrong


def test_an_answer_is_asked_for_anew_each_time(get: Get, now: Now) -> None:
    """No cache may show a seat that is gone; where nothing changed, the answer is short."""
    query = {"from": "JFK", "to": "HNL", "date": DAY}
    headers = get(**query)["headers"]
    assert headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    get(**query, status=304, headers={"If-None-Match": headers["ETag"]})
    sell(legs("JFK-HNL")[0], now, seats=1)
    assert get(**query, headers={"If-None-Match": headers["ETag"]})["headers"]["ETag"] != headers["ETag"]


def test_a_busy_table_is_said_so(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    """503, and when to come again; never a seat that nobody looked at."""

    def busy(*_: Any, **__: Any) -> Any:
        raise Unavailable("the tables are busy")

    monkeypatch.setattr("chalicelib.pricing.store.of_route", busy)
    answer = get(status=503, from_="NYC", to="LAX", date=DAY)
    assert answer["headers"]["Retry-After"]


NAMES = ("from", "to", "date", "return", "trip", "passengers", "children", "infants", "cabin", "sort", "stops", "limit",
         "month")  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=40),
    st.integers(),
    st.dates().map(str),
    st.sampled_from(["NYC", "LAX", "HNL", "DFW", str(DAY), "2026-08", f"NYC-LAX-{DAY}"]),
    st.builds("{}-{}-{}".format, st.just("NYC"), st.sampled_from(["LAX", "A-"]), st.dates()),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(NAMES), VALUES), st.sampled_from(["/v1/search", "/v1/search/days"]))
def test_no_input_is_our_fault(query: dict[str, Any], path: str) -> None:
    """Whatever is sent: an answer, or what is wrong with it."""
    with Client(app.app) as client:
        text = urlencode({name: str(value).encode(errors="replace") for name, value in query.items()})
        assert client.http.get(f"{path}?{text}").status_code in (200, 400)
