"""Whoever asks what a flight costs is told why, with every number that the price hangs on."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from chalice.test import Client

import app
from chalicelib.core import clock
from chalicelib.core.clock import Now
from chalicelib.flights import timetable
from chalicelib.pricing import fares, store
from chalicelib.pricing.fares import Inputs
from chalicelib.pricing.forecast import Demand
from chalicelib.pricing.inventory import Inventory
from chalicelib.pricing.seats import Cabin

NOON = datetime(2026, 11, 21, 17, tzinfo=UTC)
LEG = timetable.legs("JFK", "LAX", NOON.date() + timedelta(days=30), NOON.date())[0]
FLIGHT = str(LEG.leg)


@pytest.fixture(autouse=True)
def clocks(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """They stand."""
    monkeypatch.setattr(clock, "now", lambda setting: Now(NOON, NOON))


@pytest.fixture
def ask() -> Iterator[Callable[..., tuple[int, Any]]]:
    """Ask for an explanation; the status and the JSON answered."""
    with Client(app.app) as client:

        def get(**query: Any) -> tuple[int, Any]:
            answer = client.http.get(f"/v1/fare/explain?{urlencode({'flight': FLIGHT} | query)}")
            return answer.status_code, json.loads(answer.body)

        yield get


def sell(seats: int, until: datetime | None = None) -> None:
    unsold = Inventory.unsold(LEG)
    some = [seat.number for seat in unsold.seat_map.seats if seat.cabin is Cabin.ECONOMY and not seat.blocked][:seats]
    store.save(unsold.take(7, "M", some, until))


def test_a_price_is_explained_whole(ask):
    """Inputs, each class with its limit, each step, each line, and their sum."""
    status, answer = ask(passengers=2, children=1, infants=1)
    assert status == 200
    assert (answer["flight"], answer["origin"]["iata"], answer["destination"]["iata"]) == (FLIGHT, "JFK", "LAX")
    assert [each["code"] for each in answer["classes"]] == list("YBMHQKL")
    assert answer["booking_class"] == "L"
    assert answer["fare"] == {"amount": answer["steps"][-1]["result"], "currency": "USD"}
    assert answer["total"]["amount"] == sum(line["amount"] for line in answer["lines"])
    assert {line["passenger"] for line in answer["lines"]} == {0, 1, 2, 3}
    assert {line["code"] for line in answer["lines"]} == {"L", "US", "ZP", "AY", "XF"}
    assert all(line["label"] for line in answer["lines"])
    assert all(line["rule"] and line["inputs"] for line in answer["lines"])


def test_it_is_the_price_that_is_sold(ask):
    """A quote of the same moment has the same class and fare, and keeps the same inputs."""
    _, answer = ask(passengers=2)
    now = Now(NOON, NOON)
    quote = fares.quote(LEG, Cabin.ECONOMY, 2, Inventory.unsold(LEG), Demand("JFK", "LAX"), now)
    assert (quote.booking_class, quote.base, quote.seats_left) == (
        answer["booking_class"], answer["fare"]["amount"], answer["seats_left"],
    )  # fmt: skip
    assert quote.inputs == Inputs(**{**answer["inputs"], "shares": tuple(answer["inputs"]["shares"])}).pack()


def test_its_inputs_make_it_again(ask):
    """From the answer's inputs alone come all its steps, as JSON has them, and so the fare."""
    _, answer = ask(passengers=3)
    again = fares.reckon(Inputs(**{**answer["inputs"], "shares": tuple(answer["inputs"]["shares"])}))
    assert json.loads(json.dumps([step._asdict() for step in again.steps])) == answer["steps"]
    assert again.chosen.fare == answer["fare"]["amount"]


def test_what_was_sold_shows_and_counts(ask):
    """Ninety seats gone make the seats left dearer, and stand in their class; the closed classes say why."""
    _, empty = ask()
    seats = empty["inputs"]["capacity"] * 9 // 10
    sell(seats)
    _, fuller = ask()
    assert fuller["fare"]["amount"] > empty["fare"]["amount"]
    assert {each["code"]: each["sold"] for each in fuller["classes"]}["M"] == seats
    assert fuller["inputs"]["free"] == fuller["inputs"]["capacity"] - seats
    closed = [each for each in fuller["classes"] if not each["open"]]
    assert closed
    assert all(each["closed"] for each in closed)
    assert all("closed" not in each for each in fuller["classes"] if each["open"])


def test_a_hold_that_is_over_counts_no_more(ask):
    """Its seats are free again at that instant."""
    _, empty = ask()
    sell(empty["inputs"]["capacity"] * 9 // 10, until=NOON)
    assert ask()[1] == empty


def test_a_forecast_shows(ask):
    """Its version, the day it was observed through, and the shares it makes."""
    seen = Demand("JFK", "LAX", {"Y": 900.0}, {Cabin.ECONOMY: 1000}, NOON.date() - timedelta(days=1))
    store.save_demand(seen, NOON)
    _, answer = ask()
    assert (answer["inputs"]["demand"], answer["observed_through"]) == (1, "2026-11-20")
    assert answer["inputs"]["shares"][0] == round((40 + 900) / 2000 * 1000)
    assert answer["classes"][-1]["protected"] > 0


def test_a_full_cabin_is_explained_too(ask):
    """No price, no lines; each class says that nothing is left."""
    _, empty = ask()
    sell(empty["inputs"]["capacity"])
    status, answer = ask()
    assert status == 200
    assert "fare" not in answer
    assert "total" not in answer
    assert answer["lines"] == []
    assert not any(each["open"] for each in answer["classes"])
    assert answer["classes"][0]["closed"] == "no seats left at this fare"


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"flight": "nonsense"}, 400, '"name": "flight", "detail": "is not a flight id'),
        ({"flight": "UA9999-20261221-JFK"}, 404, "not in the timetable"),
        ({"flight": "UA9999-20301221-JFK"}, 404, "not in the timetable"),
        ({"flight": str(timetable.legs("JFK", "LAX", NOON.date(), NOON.date())[0].leg)}, 404, "has left"),
        ({"cabin": "cargo"}, 400, "cabin"),
        ({"passengers": 0}, 400, "passengers"),
        ({"passengers": 10}, 400, "passengers"),
        ({"passengers": 5, "children": 5}, 400, "1 to 9"),
        ({"infants": 2}, 400, "to sit with"),
        ({"colour": "red"}, 400, "colour"),
    ],
)
def test_what_can_not_be_explained_says_what_is_wrong(ask, query, status, said):
    """A fault of the question, or a flight that is not sold: never a fault of ours."""
    found, problem = ask(**query)
    assert found == status
    assert said in json.dumps(problem)


def test_a_cabin_that_is_not_on_board(ask):
    """Which there are is said."""
    missing = next(cabin for cabin in Cabin if cabin not in Inventory.unsold(LEG).capacity)
    status, problem = ask(cabin=missing)
    assert status == 404
    assert "it has" in problem["detail"]
    assert "economy" in problem["detail"]
