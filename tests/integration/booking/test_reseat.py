"""Other seats over the REST API: free of charge, or with the price, and never two on one seat."""

import pytest

from chalicelib.pricing import charges, stock
from chalicelib.pricing.seats import Cabin

from . import shop
from .desk import Desk, adults


def seats(desk: Desk, pnr: str, *numbers: str, key: str | None = None):
    return desk.post(f"/v1/bookings/{pnr}/seats", {"flight": str(shop.leg().leg), "seats": list(numbers)}, key=key)


def seat_of(code: str) -> str:
    """A seat whose choice costs so much."""
    unsold = stock.Inventory.unsold(shop.leg())
    return [s.number for s in unsold.seat_map.of(Cabin.ECONOMY)
            if charges.seat_extra(s) == code and not s.blocked][-1]  # fmt: skip


def check(desk: Desk, *pnrs: str) -> None:
    bookings = [desk.booking(pnr) for pnr in pnrs]
    shop.check_sums([shop.leg()], bookings, desk.now)
    shop.check_money(bookings)


def test_while_seats_are_held_the_price_goes_with_them(desk: Desk) -> None:
    """The key gets its answer again; what is paid is the price of the seats that one has."""
    held = desk.hold(shop.leg()).json
    pnr, dear = held["pnr"], seat_of("LEGROOM")
    moved = seats(desk, pnr, dear, key="k")
    assert moved.json["flights"][0]["seats"] == [dear]
    assert moved.json["total"]["amount"] > held["total"]["amount"]
    assert desk.hold(shop.leg(), seats=[dear]).status == 409
    back = seats(desk, pnr, seat_of("STANDARD")).json
    assert back["total"]["amount"] < moved.json["total"]["amount"]
    assert seats(desk, pnr, dear, key="k").body == moved.body
    assert desk.pay(pnr).json["paid"] == back["total"]
    check(desk, pnr)


def test_paid_seats_are_changed_for_such_as_cost_no_more(desk: Desk) -> None:
    """Dearer ones are refused with the difference; of cheaper ones nothing comes back."""
    pnr = desk.ticketed(shop.leg(), seats=[seat_of("STANDARD")])
    refused = seats(desk, pnr, seat_of("LEGROOM"))
    assert (refused.status, refused.json["more"]["amount"] > 0) == (409, True)
    dear = desk.ticketed(shop.leg(), seats=[seat_of("LEGROOM")])
    total = desk.booking(dear).total
    moved = seats(desk, dear, "20A").json
    assert (moved["total"]["amount"], moved["flights"][0]["seats"]) == (total, ["20A"])
    check(desk, pnr, dear)


def test_a_party_can_change_places(desk: Desk) -> None:
    """Seats it has among those it wants."""
    pnr = desk.ticketed(shop.leg(), passengers=adults(2), seats=["20A", "20B"])
    assert seats(desk, pnr, "20B", "20A").json["flights"][0]["seats"] == ["20B", "20A"]
    check(desk, pnr)


def test_a_seat_of_others_stays_theirs(desk: Desk) -> None:
    """Also one that is held; but not one whose hold is over."""
    pnr, other = desk.ticketed(shop.leg(), seats=["20A"]), desk.hold(shop.leg(), seats=["20B"]).json["pnr"]
    refused = seats(desk, pnr, "20B")
    assert (refused.status, refused.json["seats"]) == (409, ["20B"])
    desk.wait(minutes=15)
    assert seats(desk, pnr, "20B").status == 200
    assert desk.booking(other).journal[-1].what == "expired"
    check(desk, pnr, other)


@pytest.mark.parametrize("wrong", [["99Z"], ["1A"], ["20A", "20B"], [""]])
def test_what_is_no_seat_for_them_is_named(wrong: list[str], desk: Desk) -> None:
    """Of another cabin, too many, none."""
    pnr = desk.ticketed(shop.leg())
    assert seats(desk, pnr, *wrong).status == 400


def test_exits_are_for_those_who_can_help(desk: Desk) -> None:
    """As when seats are held."""
    pnr = desk.hold(shop.leg(), extras=[{"code": "WCHR"}]).json["pnr"]
    assert seats(desk, pnr, seat_of("EXIT")).status == 400


def test_there_is_a_time_for_it(desk: Desk) -> None:
    """Not while other flights are held for the booking, not after the gate has closed, not once it is over."""
    near = shop.leg(destination="BOS", days=21)
    waits = desk.ticketed(near)
    desk.post(f"/v1/bookings/{waits}/change", {"flights": [{"flight": str(shop.leg().leg)}]})
    assert desk.booking(waits).change
    assert desk.post(f"/v1/bookings/{waits}/seats", {"flight": str(near.leg), "seats": ["20A"]}).status == 409
    pnr = desk.ticketed(shop.leg())
    desk.until(shop.leg(), minutes=10)
    assert seats(desk, pnr, "20A").status == 409
    held = desk.hold(shop.leg(days=25)).json["pnr"]
    desk.wait(minutes=15)
    assert desk.post(
        f"/v1/bookings/{held}/seats", {"flight": str(shop.leg(days=25).leg), "seats": ["20A"]}
    ).status == 409  # fmt: skip
