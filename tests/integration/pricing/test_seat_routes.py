"""Seat maps as anyone sees them, before and after seats of a flight are sold."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import jsonschema
import pytest
from chalice.test import Client

import app
from chalicelib.core import clock
from chalicelib.core.clock import Now, instant
from chalicelib.flights import timetable
from chalicelib.flights.identity import LegId
from chalicelib.pricing import show, store
from chalicelib.pricing.answers import FlightSeats
from chalicelib.pricing.inventory import FREE, Inventory, Pending
from chalicelib.pricing.seats import seat_map

pytestmark = pytest.mark.usefixtures("cloud")

FLIGHT = "UA1258-20260711-EWR"  # by a 737-800 with 149 seats
Ask = Callable[..., tuple[int, Any]]


@pytest.fixture(autouse=True)
def at_noon(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clocks stand."""
    monkeypatch.setattr(clock, "now", lambda setting: now)


@pytest.fixture
def ask() -> Iterator[Ask]:
    """Ask for a seat map: the status, and the answer."""
    with Client(app.app) as client:

        def asked(flight: str = FLIGHT, query: str = "") -> tuple[int, Any]:
            response = client.http.get(f"/v1/flights/{flight}/seats{query}")
            return response.status_code, json.loads(response.body)

        yield asked


def unsold() -> Inventory:
    """The flight before anybody bought a seat."""
    scheduled = timetable.leg(LegId.parse(FLIGHT), date(2026, 7, 10))
    assert scheduled
    return Inventory.unsold(scheduled)


def lines(answer: Any) -> dict[str, Any]:
    """The seats of an answer by their numbers."""
    return {seat["number"]: seat for cabin in answer["cabins"] for row in cabin["rows"] for seat in row["seats"]}


def test_a_flight_that_has_sold_nothing_has_its_seat_map(ask: Ask) -> None:
    """From the timetable: every seat free, with what is to be known of each, and nothing stored."""
    status, answer = ask()
    assert status == 200
    assert (answer["flight"], answer["version"], answer["configuration"]) == (FLIGHT, 0, "B738-149")
    assert list(lines(answer)) == [seat.number for seat in seat_map("B738-149").seats]
    assert Counter(seat["state"] for seat in lines(answer).values()) == {"free": 149}
    first, economy = answer["cabins"]
    assert (first["cabin"], first["left"], economy["cabin"], economy["left"]) == ("first", 16, "economy", 133)
    assert [column["position"] for column in economy["columns"]] == [
        "window", "middle", "aisle", "aisle", "middle", "window",
    ]  # fmt: skip
    assert [column["letter"] for column in economy["columns"] if column.get("aisle")] == ["C"]
    rows = {row["row"]: row for row in economy["rows"]}
    assert lines(answer)["12A"] == {"number": "12A", "state": "free", "exit": True, "extra": "EXIT"}
    assert [rows[row]["extra"] for row in (5, 12, 20)] == ["LEGROOM", "LEGROOM", "STANDARD"]
    assert [row for row in rows if rows[row].get("extra_legroom")] == [5, 6, 7, 12, 14]
    assert "extra" not in first["rows"][0]
    assert {each["code"]: each["price"]["currency"] for each in answer["prices"]} == {
        "STANDARD": "USD", "LEGROOM": "USD", "EXIT": "USD",
    }  # fmt: skip
    assert store.of([(LegId.parse(FLIGHT), "DEN")], clock.now("").wall) == []


def test_what_is_sold_held_and_blocked_is_seen(ask: Ask, now: Now) -> None:
    """A held seat with the instant at which it is free again; one whose hold is over is free."""
    until, over = now.wall + timedelta(minutes=10), now.wall - timedelta(seconds=1)
    sold = unsold().take(7, "Y", ["20A", "20B"], None).take(8, "Y", ["21A"], until).take(9, "Y", ["22A"], over)
    store.save(replace(sold, blocked=frozenset({"23A"})))
    _, answer = ask()
    seats = lines(answer)
    assert answer["version"] == 1
    assert [seats[number]["state"] for number in ("20A", "20B", "21A", "22A", "23A")] == [
        "taken", "taken", "held", "free", "blocked",
    ]  # fmt: skip
    assert seats["21A"]["until"] == instant(until)
    assert {number for number, seat in seats.items() if "until" in seat} == {"21A"}
    assert answer["cabins"][1]["left"] == 133 - 4


def test_between_two_aisles_no_seat_is_at_an_exit() -> None:
    """Of a row at an exit only the seats beside it are; the others have its legroom, and its price."""
    inventory = replace(unsold(), configuration="A332-377", holders=(FREE,) * 377)
    economy = FlightSeats.of(inventory, clock.now("").wall).cabins[1]
    row = next(row for row in economy.rows if row.row == 24)
    assert [seat.number for seat in row.seats if seat.exit] == ["24A", "24B", "24J", "24K"]
    assert (row.extra, {seat.extra for seat in row.seats}) == ("LEGROOM", {"EXIT", None})


def test_a_seat_map_says_nothing_of_who_sits_there(ask: Ask, now: Now) -> None:
    """Two seats of one locator look like two of different ones."""
    store.save(unsold().take(7, "Y", ["20A", "20B"], now.wall + timedelta(minutes=1)))
    _, answer = ask()
    assert lines(answer)["20A"] == {**lines(answer)["20B"], "number": "20A"}
    assert set(lines(answer)["20A"]) == {"number", "state", "until"}


def test_one_cabin_can_be_asked_for(ask: Ask) -> None:
    """Only its seats come; of a cabin that the aircraft has not, none."""
    _, answer = ask(query="?cabin=first")
    assert [cabin["cabin"] for cabin in answer["cabins"]] == ["first"]
    assert len(lines(answer)) == 16
    assert ask(query="?cabin=business")[1]["cabins"] == []


@pytest.mark.parametrize(
    "flight", ["UA1258-20260708-EWR", "UA1258-20260909-EWR", "UA1-20260711-EWR", "XX1-20260711-JFK"]
)
def test_a_flight_that_is_not_sold_has_no_seat_map(ask: Ask, flight: str) -> None:
    """Of a day that is over or too far ahead, or in no timetable: 404."""
    status, problem = ask(flight)
    assert status == 404
    assert "60 days" in problem["detail"]


def test_flights_are_sold_for_sixty_days(ask: Ask) -> None:
    """Yesterday's, which may not have left elsewhere, to the sixtieth day's."""
    assert ask("UA1258-20260709-EWR")[0] == ask("UA1258-20260908-EWR")[0] == 200


@pytest.mark.parametrize(
    ("flight", "query", "place", "name"),
    [
        ("UA1258", "", "path", "id"),
        ("UA1258-20261301-EWR", "", "path", "id"),
        (FLIGHT, "?cabin=hold", "query", "cabin"),
        (FLIGHT, "?seats=2", "query", "seats"),
    ],
)
def test_what_is_asked_wrongly_is_named(ask: Ask, flight: str, query: str, place: str, name: str) -> None:
    """400, with the place and the name of what is wrong."""
    status, problem = ask(flight, query)
    assert status == 400
    assert [(fault["in"], fault["name"]) for fault in problem["errors"]] == [(place, name)]


def test_a_sale_changes_the_etag(now: Now) -> None:
    """Who has the map is not sent it again until something of it changes."""
    with Client(app.app) as client:
        path = f"/v1/flights/{FLIGHT}/seats"
        tag = client.http.get(path).headers["ETag"]
        assert client.http.get(path, headers={"If-None-Match": tag}).status_code == 304
        store.save(unsold().take(7, "Y", ["20A"], None))
        again = client.http.get(path, headers={"If-None-Match": tag})
        assert again.status_code == 200
        assert again.headers["ETag"] != tag


@pytest.mark.parametrize("configuration", ["A332-400", "B744-400", "A321-400Y"])
def test_the_largest_aircraft_fits_into_one_frame(configuration: str, now: Now) -> None:
    """400 seats, each held, stay below 30,000 bytes: API Gateway's WebSocket frames take 32 KB."""
    cells = tuple(FREE if seat.blocked else 7 for seat in seat_map(configuration).seats)
    until = int((now.wall + timedelta(minutes=15)).timestamp())
    full = Inventory(LegId.parse(FLIGHT), "DEN", configuration, cells, pending={7: Pending("Y", until)}, version=99)
    assert len(FlightSeats.of(full, now.wall).model_dump_json(exclude_none=True)) < 30_000


def test_the_seats_of_a_flight_cost_one_read(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """One item of one leg, which need not be of this very moment."""
    asked: list[tuple[int, bool]] = []
    of = store.of

    def counted(legs: Any, at: Any, *, consistent: bool = True) -> Any:
        asked.append((len(legs), consistent))
        return of(legs, at, consistent=consistent)

    monkeypatch.setattr(store, "of", counted)
    assert ask()[0] == 200
    assert asked == [(1, False)]


def test_a_live_map_is_the_same_as_the_answer(ask: Ask, now: Now) -> None:
    """Whoever watches a flight's seats is sent what the route would answer."""
    store.save(unsold().take(7, "Y", ["20A"], None))
    shown = FlightSeats.of(show.seats(LegId.parse(FLIGHT), now), now.wall)
    assert json.loads(shown.model_dump_json(exclude_none=True)) == ask()[1]


def test_a_seat_map_keeps_to_the_openapi_document(ask: Ask, now: Now) -> None:
    """What the document requires is there, also of a seat that is held."""
    store.save(unsold().take(7, "Y", ["12A"], now.wall + timedelta(minutes=1)))
    with Client(app.app) as client:
        document = json.loads(client.http.get("/v1/openapi.json").body)
    answers = document["paths"]["/v1/flights/{id}/seats"]["get"]["responses"]
    schema = answers["200"]["content"]["application/json"]["schema"]
    jsonschema.validate(ask()[1], {**schema, "components": document["components"]})
    assert {"400", "404"} <= set(answers)
