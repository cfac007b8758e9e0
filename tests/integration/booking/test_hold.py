"""Holding seats over the REST API: once for a key, at the price that was shown, and never longer than said."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ReadTimeoutError

from chalicelib.booking import hold
from chalicelib.core.errors import Unavailable
from chalicelib.pricing import stock
from chalicelib.pricing.seats import Cabin

from . import shop
from .desk import Desk, adults, order

BABY = {"kind": "infant", "family_name": "Smith", "given_name": "Cy", "date_of_birth": "2026-01-01"}


def test_a_key_holds_once_and_gets_its_answer_again(desk: Desk) -> None:
    """Byte for byte, also after the booking has moved on; another body with it is a 422."""
    first = desk.hold(shop.leg(), key="k")
    assert first.status == 201
    desk.wait(seconds=5)
    assert desk.pay(first.json["pnr"]).json["state"] == "ticketed"
    again = desk.hold(shop.leg(), key="k")
    assert (again.status, again.body) == (201, first.body)
    other = desk.hold(shop.leg(destination="SFO"), key="k")
    assert other.status == 422
    shop.check_sums([shop.leg()], [desk.booking(first.json["pnr"])], desk.now)


def test_a_lost_answer_costs_no_seat(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The transaction was made, nobody heard: the same key is told what it got, and no second seat is held."""
    real, cut = BaseClient._make_api_call, iter([True])

    def call(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        answer = real(client, operation, parameters)
        if operation == "TransactWriteItems" and next(cut, False):
            raise ReadTimeoutError(endpoint_url="dynamodb")
        return answer

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    first = desk.hold(shop.leg(), key="k")
    again = desk.hold(shop.leg(), key="k")
    assert again.status == 201
    assert first.status in (201, 503)
    totals = shop.check_sums([shop.leg()], [desk.booking(again.json["pnr"])], desk.now)
    assert totals["held"] == 1


def test_seats_come_back_with_nothing_running(desk: Desk) -> None:
    """After 15 minutes: who comes late is told so, the seats are another's, and what was held is noted as expired."""
    held = desk.hold(shop.leg(), seats=["12A"]).json
    assert desk.hold(shop.leg(), seats=["12A"]).status == 409
    desk.wait(minutes=15)
    assert desk.get(f"/v1/bookings/{held['pnr']}").json["state"] == "expired"
    late = desk.pay(held["pnr"])
    assert (late.status, "over" in late.json["detail"]) == (409, True)
    other = desk.hold(shop.leg(), seats=["12A"])
    assert other.json["flights"][0]["seats"] == ["12A"]
    assert desk.booking(held["pnr"]).journal[-1].what == "expired"
    shop.check_sums([shop.leg()], [desk.booking(other.json["pnr"])], desk.now)


def test_a_price_that_changed_holds_nothing(desk: Desk) -> None:
    """The refusal says what the price is by now, and with it seats are held."""
    shown = {"amount": 1, "currency": "USD"}
    refused = desk.hold(shop.leg(), total=shown)
    assert refused.status == 409
    held = desk.hold(shop.leg(), total=refused.json["total"])
    assert held.json["total"] == refused.json["total"]
    assert shop.check_sums([shop.leg()], [desk.booking(held.json["pnr"])], desk.now)["held"] == 1


def test_infants_have_no_seat_and_children_sit_beside_an_adult(desk: Desk) -> None:
    """Seats in the order of the passengers; the infant's is none."""
    party = [
        {"family_name": "Smith", "given_name": "Ann"},
        {"kind": "child", "family_name": "Smith", "given_name": "Ben", "date_of_birth": "2020-01-01"},
        {"kind": "infant", "family_name": "Smith", "given_name": "Cy", "lap_of": 0, "date_of_birth": "2026-01-01"},
    ]
    held = desk.hold(shop.leg(), passengers=party).json
    seats = held["flights"][0]["seats"]
    assert seats[2] is None
    assert seats[0][:-1] == seats[1][:-1]
    assert {line["passenger"] for line in held["lines"] if line["kind"] == "fare"} == {0, 1, 2}
    assert all(line["amount"] == 0 for line in held["lines"] if line["passenger"] == 2)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"passengers": [{**BABY, "lap_of": 0}]}, "passengers.0.lap_of"),
        ({"passengers": [{**BABY, "kind": "child", "date_of_birth": "2020-01-01"}]}, "passengers"),
        ({"passengers": [{"kind": "child", "family_name": "Smith"}]}, "passengers.0.date_of_birth"),
        ({"passengers": [{"family_name": "Sm1th"}]}, "passengers.0.family_name"),
        ({"passengers": [{"family_name": "Smith", "date_of_birth": "1862-01-01"}]}, "passengers.0.date_of_birth"),
        ({"passengers": [{"family_name": "Smith", "date_of_birth": "2020-01-01"}]}, "passengers.0.date_of_birth"),
        ({"seats": ["99Z"]}, "flights.0.seats"),
        ({"seats": ["12A", "12B"]}, "flights.0.seats"),
        ({"extras": [{"code": "LEGROOM"}]}, "extras.0.code"),
        ({"extras": [{"code": "BAG", "passenger": 3}]}, "extras.0.passenger"),
        ({"extras": [{"code": "NOSUCH"}]}, "extras.0.code"),
        ({"extras": [{"code": "BAG", "flight": "UA1"}]}, "extras.0.flight"),
        ({"flights": [{"flight": "UA1"}]}, "flights.0.flight"),
        ({"flights": [{"flight": str(shop.leg().leg), "seat": ["20A"]}]}, "flights.0.seat"),
        ({"totl": {"amount": 1, "currency": "USD"}}, "totl"),
        ({"contact": {"email": "ann@example.com", "language": "xx"}}, "contact.language"),
        ({"contact": {"email": "ann@example.com", "phone": "12"}}, "contact.phone"),
        ({"contact": {"email": "ann@localhost", "phone": "+12025550123"}}, "contact.email"),
    ],
)
def test_what_can_not_be_booked_is_named(change: dict[str, Any], named: str, desk: Desk) -> None:
    """And nothing is held."""
    refused = desk.hold(shop.leg(), **change)
    assert refused.status == 400
    assert named in {fault["name"] for fault in refused.json["errors"]}
    assert shop.check_sums([shop.leg()], [], desk.now).get("held", 0) == 0


def test_exits_are_for_those_who_can_help(desk: Desk) -> None:
    """Not for children, for who is younger than 15, has an infant on the lap, or asked for assistance."""
    seat_map = stock.of([shop.leg()], desk.now.wall)[shop.leg().leg].seat_map
    at_exit = next(seat.number for seat in seat_map.of(Cabin.ECONOMY) if seat.exit)
    young = [{"family_name": "Smith", "given_name": "Ann", "date_of_birth": "2013-01-01"}]
    assert desk.hold(shop.leg(), seats=[at_exit], passengers=young).status == 400
    assert desk.hold(shop.leg(), seats=[at_exit], extras=[{"code": "WCHR"}]).status == 400
    held = desk.hold(shop.leg(), seats=[at_exit])
    assert held.status == 201
    assert [line["code"] for line in held.json["lines"] if line["kind"] == "seat"] == ["EXIT"]


def test_a_bag_is_paid_once_for_each_trip(desk: Desk) -> None:
    """Not once for each flight of it."""
    out, back = shop.leg(), shop.leg("LAX", "EWR", days=25)
    held = desk.hold(out, back, extras=[{"code": "BAG"}]).json
    assert [line["flight"] for line in held["lines"] if line["kind"] == "bag"] == [0, 1]
    one = desk.hold(out, extras=[{"code": "BAG"}]).json
    assert [line["flight"] for line in one["lines"] if line["kind"] == "bag"] == [0]


def test_sales_end_before_departure_and_for_cancelled_flights(desk: Desk) -> None:
    """45 minutes before it is expected to leave."""
    leg = shop.leg(days=1)
    desk.until(leg, minutes=44)
    assert desk.hold(leg).status == 409
    desk.until(leg, hours=3)
    desk.fly(leg, cancelled=True)
    refused = desk.hold(leg)
    assert (refused.status, "cancelled" in refused.json["detail"]) == (409, True)


def test_nobody_keeps_seats_from_others_by_holding_them(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client holds seats of one flight so many times an hour, and is told of which; of another flight it may."""
    monkeypatch.setattr("chalicelib.booking.hold.BUYER_HOLDS", 2)
    *got, refused = [desk.hold(shop.leg()) for _ in range(3)]
    assert [each.status for each in (*got, refused)] == [201, 201, 429]
    assert f"seats of {shop.leg().leg} may be held by one buyer 2 times in 1 h" in refused.json["detail"]
    assert desk.hold(shop.leg(days=21)).status == 201


def test_a_hold_that_is_refused_costs_nothing_of_what_a_buyer_may_hold(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who loses seats to others, or finds another price, may go on; but not for ever: tries are counted too."""
    monkeypatch.setattr("chalicelib.booking.hold.BUYER_HOLDS", 2)
    monkeypatch.setattr("chalicelib.booking.hold.REFUSALS", 4)
    assert desk.hold(shop.leg(), seats=["20A"]).status == 201
    refused = [
        desk.hold(shop.leg(), seats=["20A"]), desk.hold(shop.leg(), seats=["99Z"]),
        desk.hold(shop.leg(), total={"amount": 1, "currency": "USD"}), desk.post("/v1/waitlist", order(shop.leg())),
    ]  # fmt: skip
    assert [each.status for each in refused] == [409, 400, 409, 409]
    assert desk.hold(shop.leg(), seats=["20A"]).status == 409  # the fifth refusal counts as a hold
    assert desk.hold(shop.leg()).status == 429


@pytest.mark.parametrize(("failure", "then"), [(hold.CrowdedOut("others"), 201), (Unavailable("storage"), 429)])
def test_a_hold_of_which_nobody_knows_whether_it_was_made_is_counted(
    failure: Exception, then: int, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else seats could be held without end; where others were faster each time, none are held."""

    def fails(*_: Any, **__: Any) -> None:
        raise failure

    monkeypatch.setattr(hold, "BUYER_HOLDS", 1)
    with monkeypatch.context() as patched:
        patched.setattr(hold, "_held", fails)
        assert desk.hold(shop.leg()).status == 503
    assert desk.hold(shop.leg()).status == then


def test_of_two_flights_that_may_not_be_held_together_neither_is_counted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One has been held too often by the buyer; the other may still be held as often as before."""
    monkeypatch.setattr("chalicelib.booking.hold.BUYER_HOLDS", 1)
    out, back = shop.leg(), shop.leg("LAX", "EWR", days=25)
    assert [desk.hold(back).status, desk.hold(out, back).status, desk.hold(out).status] == [201, 429, 201]


def test_guesses_at_locators_and_names_are_few(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong family names end in 429, also for the right one from there; what is wrong is not said, but what helps."""
    monkeypatch.setattr("chalicelib.booking.access.GUESSES", 3)
    held = desk.hold(shop.leg()).json
    got = [desk.get(f"/v1/bookings/{held['pnr']}", name="Jones") for _ in range(4)]
    assert [each.status for each in got] == [404] * 3 + [429]
    assert "link and its account still open" in got[-1].json["detail"]
    assert "wrong names from one network 3 times in 1 h" in got[-1].json["detail"]
    nobody = "ABCDEF" if held["pnr"] != "ABCDEF" else "ABCDEG"
    assert desk.get(f"/v1/bookings/{held['pnr']}").status == 429
    linked = desk._answer(
        desk.client.http.get(f"/v1/bookings/{held['pnr']}", headers={"Authorization": f"Bearer {held['link']}"})
    )
    assert linked.status == 200
    desk.wait(hours=2)
    assert desk.get(f"/v1/bookings/{held['pnr']}").status == 200
    missing = desk.get(f"/v1/bookings/{nobody}", name="Jones").json["detail"].replace(nobody, held["pnr"])
    assert missing == got[0].json["detail"]


def test_two_flights_are_held_together_or_not_at_all(desk: Desk) -> None:
    """One that is full leaves the other as it was; flights that can't be flown one after the other are refused."""
    out, back = shop.leg(), shop.leg("LAX", "EWR", days=25)
    taken = desk.hold(back, seats=["20A"]).json
    body = order(out, back)
    body["flights"][1]["seats"] = ["20A"]
    assert desk.post("/v1/bookings", body).status == 409
    assert shop.check_sums([out], [], desk.now).get("held", 0) == 0
    assert desk.hold(back, out).status == 400
    both = desk.hold(out, back, passengers=adults(2)).json
    bookings = [desk.booking(taken["pnr"]), desk.booking(both["pnr"])]
    assert shop.check_sums([out, back], bookings, desk.now)["held"] == 5
    assert both["hold_until"] == (desk.now.wall + timedelta(minutes=15)).strftime("%Y-%m-%dT%H:%M:%SZ")
