"""Changing flights over the REST API: by the rules of the fares, at a price that adds up, and never without seats."""

from typing import Any

import pytest

from chalicelib.booking import change
from chalicelib.booking.model import COOLING_OFF
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing import tariff
from chalicelib.pricing.model import FareRules

from . import shop
from .desk import Desk, adults

CHEAP = FareRules("Saver", changeable=True, change_fee=5000, refundable=False, cancel_fee=0, seat_choice=False, bags=0)
FLEX = FareRules("Flex", changeable=True, change_fee=0, refundable=True, cancel_fee=0, seat_choice=True, bags=1)
FIXED = FareRules("Basic", changeable=False, change_fee=0, refundable=False, cancel_fee=0, seat_choice=False, bags=0)


@pytest.fixture
def legs() -> tuple[ScheduledLeg, ScheduledLeg]:
    """To Los Angeles, and to Boston: much cheaper."""
    return shop.leg(), shop.leg(destination="BOS", days=21)


def change_to(desk: Desk, pnr: str, *legs: ScheduledLeg, key: str | None = None, **more: Any) -> Any:
    flights = [{"flight": str(leg.leg), **more.pop(str(leg.leg), {})} for leg in legs]
    return desk.post(f"/v1/bookings/{pnr}/change", {"flights": flights, **more}, key=key)


def by(monkeypatch: pytest.MonkeyPatch, rules: FareRules) -> None:
    """All fares have these rules."""
    monkeypatch.setattr(tariff, "rules", lambda booking_class, on: rules)


def fees(booking: dict[str, Any]) -> dict[str, int]:
    return {
        code: sum(line["amount"] for line in booking["lines"] if (line["kind"], line["code"]) == ("fee", code))
        for code in ("CHG", "RES")
    }


def check(desk: Desk, *pnrs: str, legs: tuple[ScheduledLeg, ...]) -> dict[str, int]:
    bookings = [desk.booking(pnr) for pnr in pnrs]
    shop.check_money(bookings)
    return shop.check_sums(legs, bookings, desk.now)


def test_a_dearer_flight_is_held_until_it_is_paid(desk: Desk, legs: Any) -> None:
    """Then the former seats are free and the new ones its own; tickets stay. The key gets the same answer again."""
    far, near = legs
    pnr = desk.ticketed(near, passengers=adults(2))
    before = desk.get(f"/v1/bookings/{pnr}").json
    asked = change_to(desk, pnr, far, key="k")
    assert asked.status == 200
    due = asked.json["change"]["due"]
    assert due["amount"] > 0
    assert (asked.json["to_pay"], asked.json["flights"]) == (due, before["flights"])
    totals = check(desk, pnr, legs=legs)
    assert (totals["sold"], totals["held"]) == (2, 2)
    paid = desk.pay(pnr)
    assert paid.json["flights"][0]["flight"] == str(far.leg)
    assert "change" not in paid.json
    assert [each["ticket"] for each in paid.json["passengers"]] == [each["ticket"] for each in before["passengers"]]
    totals = check(desk, pnr, legs=legs)
    assert (totals["sold"], totals.get("held", 0)) == (2, 0)
    assert change_to(desk, pnr, far, key="k").body == asked.body
    assert paid.json["total"]["amount"] == before["total"]["amount"] + due["amount"]


def test_a_change_that_is_not_paid_lapses(desk: Desk, legs: Any) -> None:
    """The booking is as it was, nothing can be paid for it, and the new seats are anybody's, with nothing running."""
    far, near = legs
    pnr = desk.ticketed(near)
    held = change_to(desk, pnr, far, **{str(far.leg): {"seats": ["12A"]}})
    assert held.json["change"]["flights"][0]["seats"] == ["12A"]
    desk.wait(minutes=15)
    shown = desk.get(f"/v1/bookings/{pnr}").json
    assert (shown["state"], "change" in shown, "to_pay" in shown) == ("ticketed", False, False)
    assert desk.pay(pnr).status == 409
    other = desk.ticketed(far, seats=["12A"])
    desk.look(pnr)
    assert [event.what for event in desk.booking(pnr).journal[-3:]] == ["change_held", "lapsed", "closed"]
    assert check(desk, pnr, other, legs=legs)["sold"] == 2
    assert change_to(desk, pnr, far).status == 200
    assert desk.pay(pnr).json["flights"][0]["flight"] == str(far.leg)
    assert check(desk, pnr, other, legs=legs)["sold"] == 2


def test_another_change_begins_after_one_lapsed(desk: Desk, legs: Any) -> None:
    """Also before anything noted that: the seats of the former are given back with it."""
    far, near = legs
    other = shop.leg(destination="SFO")
    pnr = desk.ticketed(near)
    change_to(desk, pnr, far)
    assert change_to(desk, pnr, other).status == 409
    desk.wait(minutes=16)
    assert change_to(desk, pnr, other).status == 200
    assert check(desk, pnr, legs=(far, near, other))["held"] == 1
    assert desk.pay(pnr).json["state"] == "ticketed"
    totals = check(desk, pnr, legs=(far, near, other))
    assert (totals["sold"], totals.get("held", 0)) == (1, 0)


def test_what_gets_cheaper_comes_back_of_refundable_fares(
    desk: Desk, legs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, without a payment; the money is sent, and the price is that of the new flights."""
    far, near = legs
    pnr = desk.ticketed(far)
    by(monkeypatch, FLEX)
    desk.wait(days=2)
    before = desk.booking(pnr).total
    changed = change_to(desk, pnr, near).json
    assert changed["flights"][0]["flight"] == str(near.leg)
    assert changed["refund_due"]["amount"] == before - changed["total"]["amount"] > 0
    assert check(desk, pnr, legs=legs)["sold"] == 1
    desk.look(pnr)
    assert desk.booking(pnr).paid == changed["total"]["amount"]


def test_of_fares_that_are_not_refundable_the_rest_is_kept(
    desk: Desk, legs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line says so; the fee of the fare is in it, and neither comes back when the booking is cancelled later."""
    far, near = legs
    pnr = desk.ticketed(far)
    by(monkeypatch, CHEAP)
    desk.wait(days=2)
    before = desk.booking(pnr).total
    changed = change_to(desk, pnr, near).json
    assert "refund_due" not in changed
    assert changed["total"]["amount"] == before
    assert fees(changed)["CHG"] == 5000
    assert fees(changed)["RES"] > 0
    assert {line["label"] for line in changed["lines"]}.isdisjoint({"CHG", "RES"})
    cancelled = desk.post(f"/v1/bookings/{pnr}/cancel").json
    public = sum(ln["amount"] for ln in changed["lines"] if ln["kind"] == "tax" or ln["code"] in ("AY", "XF"))
    assert cancelled["refund_due"]["amount"] == public
    check(desk, pnr, legs=legs)


def test_each_change_costs_its_fee_and_former_ones_are_not_credited(
    desk: Desk, legs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice as many fees after two changes; within 24 hours of booking none is asked."""
    far, near = legs
    by(monkeypatch, CHEAP)
    pnr = desk.ticketed(near)
    assert fees(change_to(desk, pnr, far).json["change"] | {"lines": []})["CHG"] == 0
    desk.pay(pnr)
    assert fees(desk.get(f"/v1/bookings/{pnr}").json)["CHG"] == 0
    desk.wait(seconds=COOLING_OFF.total_seconds() + 1)
    change_to(desk, pnr, near)
    first = desk.get(f"/v1/bookings/{pnr}").json
    assert fees(first)["CHG"] == 5000
    dear = change_to(desk, pnr, far).json
    if "change" in dear:
        desk.pay(pnr)
    second = desk.get(f"/v1/bookings/{pnr}").json
    assert fees(second) == {"CHG": 10_000, "RES": fees(first)["RES"]}
    check(desk, pnr, legs=legs)


def test_some_fares_can_not_be_changed(desk: Desk, legs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """But within 24 hours of booking."""
    far, near = legs
    pnr = desk.ticketed(near)
    by(monkeypatch, FIXED)
    assert change_to(desk, pnr, far).status == 200
    desk.wait(seconds=COOLING_OFF.total_seconds() + 1)
    refused = change_to(desk, pnr, far)
    assert (refused.status, "can't be changed" in refused.json["detail"]) == (409, True)


def test_a_price_that_changed_changes_nothing(desk: Desk, legs: Any) -> None:
    """The refusal says what would be due; with that it is held."""
    far, near = legs
    pnr = desk.ticketed(near)
    refused = change_to(desk, pnr, far, due={"amount": 1})
    assert (refused.status, refused.json["due"]["amount"] > 1) == (409, True)
    assert check(desk, pnr, legs=legs).get("held", 0) == 0
    assert change_to(desk, pnr, far, due=refused.json["due"]).json["change"]["due"] == refused.json["due"]


def test_what_stays_keeps_its_seats_and_what_was_paid_for_them(desk: Desk) -> None:
    """And bags; chosen seats of new flights are charged."""
    out, back, later = shop.leg(), shop.leg("LAX", "EWR", days=25), shop.leg("LAX", "EWR", days=27)
    pnr = desk.ticketed(out, back, seats=["8A"], extras=[{"code": "BAG"}])
    before = desk.get(f"/v1/bookings/{pnr}").json
    seat = [line for line in before["lines"] if line["kind"] == "seat" and line["flight"] == 0]
    assert seat
    assert seat[0]["amount"] > 0
    assert change_to(desk, pnr, out, later, **{str(out.leg): {"seats": ["9A"]}}).status == 400
    change_to(desk, pnr, out, later, **{str(later.leg): {"seats": ["8F"]}})
    if desk.booking(pnr).change:
        desk.pay(pnr)
    after = desk.get(f"/v1/bookings/{pnr}").json
    assert [flight["seats"] for flight in after["flights"]] == [["8A"], ["8F"]]
    assert [line for line in after["lines"] if line["kind"] == "seat" and line["flight"] == 0] == seat
    assert [line["flight"] for line in after["lines"] if line["kind"] == "seat"] == [0, 1]
    assert [line["flight"] for line in after["lines"] if line["kind"] == "bag"] == [0, 1]
    check(desk, pnr, legs=(out, back, later))


def test_what_was_flown_stays(desk: Desk) -> None:
    """It can't be given up; the flight back can be changed all the same."""
    out, back, later = shop.leg(days=1), shop.leg("LAX", "EWR", days=5), shop.leg("LAX", "EWR", days=7)
    pnr = desk.ticketed(out, back)
    desk.until(out, hours=-8)
    desk.fly(out, actual_out=out.scheduled_out)
    refused = change_to(desk, pnr, later)
    assert (refused.status, "has left" in refused.json["detail"]) == (409, True)
    assert change_to(desk, pnr, out, later).status == 200
    if desk.booking(pnr).change:
        desk.pay(pnr)
    assert [str(each.leg) for each in desk.booking(pnr).segments] == [str(out.leg), str(later.leg)]
    check(desk, pnr, legs=(back, later))


def test_whoever_was_paid_meanwhile_is_not_changed_twice(
    desk: Desk, legs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A payment that comes between reading and writing a change: the change is made on what stands by then."""
    far, near = legs
    pnr = desk.ticketed(near)
    change_to(desk, pnr, far)
    real, once = change._changed, iter([True])

    def slow(*arguments: Any, **more: Any) -> Any:
        if next(once, False):
            desk.pay(pnr)
        return real(*arguments, **more)

    monkeypatch.setattr(change, "_changed", slow)
    answer = change_to(desk, pnr, near)
    assert answer.status in (200, 409)
    check(desk, pnr, legs=legs)


@pytest.mark.parametrize("wrong", ["same", "none", "twice", "unknown"])
def test_what_is_no_change_is_refused(wrong: str, desk: Desk, legs: Any) -> None:
    """In words, and nothing is done."""
    far, near = legs
    pnr = desk.ticketed(near)
    flights = {
        "same": [str(near.leg)], "none": [], "twice": [str(far.leg)] * 2, "unknown": ["UA1-20260801-EWR"],
    }[wrong]  # fmt: skip
    refused = desk.post(f"/v1/bookings/{pnr}/change", {"flights": [{"flight": each} for each in flights]})
    assert refused.status in (400, 404, 409)
    assert desk.booking(pnr).version == 2


def test_a_hold_is_not_changed_but_made_anew(desk: Desk, legs: Any) -> None:
    """Only what is ticketed has a fare to change."""
    pnr = desk.hold(legs[1]).json["pnr"]
    assert change_to(desk, pnr, legs[0]).status == 409
