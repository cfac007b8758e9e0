"""Cancelling over the REST API: seats are free at once, and what is due comes back by the way it was paid."""

from datetime import timedelta

import pytest

from chalicelib.booking import cancel as cancels
from chalicelib.booking import pay
from chalicelib.core import callers
from chalicelib.core.callers import Person, Role
from chalicelib.flights import read
from chalicelib.pricing import tariff
from chalicelib.pricing.model import FareRules

from . import shop
from .desk import Desk, adults, order

STRICT = FareRules("Basic", changeable=False, change_fee=0, refundable=False, cancel_fee=0, seat_choice=False, bags=0)
FEE = FareRules("Main", changeable=True, change_fee=0, refundable=True, cancel_fee=4000, seat_choice=False, bags=0)


def cancel(desk: Desk, pnr: str, *, key: str | None = None):
    return desk.post(f"/v1/bookings/{pnr}/cancel", key=key)


def public(desk: Desk, pnr: str) -> int:
    return sum(ln.amount for ln in desk.booking(pnr).lines if ln.kind == "tax" or ln.code in ("AY", "XF"))


def test_within_a_day_all_comes_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the fare; the seats are free at once; the key gets its answer again after the refund was sent."""
    monkeypatch.setattr(tariff, "rules", lambda *_: STRICT)
    pnr = desk.ticketed(shop.leg(), passengers=adults(2))
    answer = cancel(desk, pnr, key="k")
    assert (answer.json["state"], answer.json["refund_due"]) == ("cancelled", answer.json["paid"])
    assert shop.check_sums([shop.leg()], [desk.booking(pnr)], desk.now)["free"] > 0
    desk.look(pnr)
    shown = desk.get(f"/v1/bookings/{pnr}").json
    assert (shown["refunded"], "refund_due" in shown) == (answer.json["paid"], False)
    assert cancel(desk, pnr, key="k").body == answer.body
    assert cancel(desk, pnr).status == 409


def test_nobody_says_that_passengers_did_what_an_admin_did(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal names staff, for seats, changes and cancellations; on the admin's own booking it does not."""
    admin = Person("ada", Role.ADMIN, "ada@example.com", "a", "en", "s", callers.RECENT, (), ())
    monkeypatch.setattr(callers, "_find_person", lambda token: admin)
    pnr, signed_in = desk.ticketed(shop.leg(), seats=["20A"]), {"Authorization": "Bearer t"}
    seats = {"flight": str(shop.leg().leg), "seats": ["20B"]}
    change = {"flights": [{"flight": str(shop.leg(days=21).leg)}]}
    for verb, body in (("seats", seats), ("change", change), ("cancel", None)):
        done = desk.post(f"/v1/bookings/{pnr}/{verb}", body, **signed_in)
        assert (done.status, desk.booking(pnr).journal[-1].by) == (200, "staff"), done.body
    own = desk.post("/v1/bookings", order(shop.leg()), **signed_in).json["pnr"]
    desk.post(f"/v1/bookings/{own}/cancel", **signed_in)
    assert desk.booking(own).journal[-1].by == "passenger"


def test_holds_that_are_over_end_with_another_of_the_flight(desk: Desk) -> None:
    """In the same write as a cancellation or the end of one of them: who is paid in that moment has seats."""
    pnr = desk.ticketed(shop.leg())
    for ends in (lambda held: desk.look(held.locator), lambda _: cancel(desk, pnr)):
        held, over = (shop.held(shop.leg(), now=desk.now) for _ in range(2))
        desk.wait(minutes=16)
        ends(held)
        assert [event.what for event in desk.booking(over.locator).journal] == ["held", "expired"]


def test_how_its_flights_stand_is_one_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that a cancellation decides, it decides by the same word."""
    asked = []
    monkeypatch.setattr(read, "current", lambda legs, at: asked.append(list(legs)) or [])
    kept = pay.known(desk.ticketed(shop.leg()), desk.now)
    asked.clear()
    cancels.cancel(kept, shop.key(), desk.now)
    assert asked == [[shop.leg().leg]]


@pytest.mark.parametrize("rules", [STRICT, FEE])
def test_later_the_fare_decides(rules: FareRules, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taxes and fees of airports always; refundable fares less the fee of each traveller."""
    monkeypatch.setattr(tariff, "rules", lambda *_: rules)
    pnr = desk.ticketed(shop.leg(), passengers=adults(2))
    total = desk.booking(pnr).total
    desk.wait(hours=25)
    due = cancel(desk, pnr).json["refund_due"]["amount"]
    assert due == (public(desk, pnr) if rules is STRICT else total - 2 * FEE.cancel_fee)
    shop.check_money([desk.booking(pnr)])


def test_where_the_airline_changes_much_all_comes_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three hours within the country (14 CFR 260.2); less than that does not count."""
    monkeypatch.setattr(tariff, "rules", lambda *_: STRICT)
    leg = shop.leg(days=3)
    pnr, other = desk.ticketed(leg), desk.ticketed(leg)
    total = desk.booking(pnr).total
    desk.until(leg, hours=5)
    desk.fly(leg, estimated_in=leg.scheduled_in + timedelta(minutes=179))
    assert cancel(desk, other).json["refund_due"]["amount"] == public(desk, other)
    desk.wait(minutes=1)
    desk.fly(leg, estimated_in=leg.scheduled_in + timedelta(minutes=180))
    assert cancel(desk, pnr).json["refund_due"]["amount"] == total


def test_what_was_flown_does_not_come_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor can a booking be cancelled whose flights have all left."""
    monkeypatch.setattr(tariff, "rules", lambda *_: STRICT)
    out, back = shop.leg(days=2), shop.leg("LAX", "EWR", days=5)
    pnr, gone = desk.ticketed(out, back), desk.ticketed(out)
    desk.until(out, hours=-1)
    desk.fly(out, actual_out=out.scheduled_out)
    assert cancel(desk, gone).status == 409
    due = cancel(desk, pnr).json.get("refund_due", {"amount": 0})["amount"]
    lines = desk.booking(pnr).lines
    assert due == sum(line.amount for line in lines if line.segment == 1 and line.kind in ("tax", "fee"))


def test_a_hold_is_given_back_and_nothing_is_due(desk: Desk) -> None:
    """Its payment comes too late: all of it goes back."""
    pnr = desk.hold(shop.leg()).json["pnr"]
    assert "refund_due" not in cancel(desk, pnr).json
    assert desk.pay(pnr).status == 409
    desk.look(pnr)
    assert shop.check_sums([shop.leg()], [desk.booking(pnr)], desk.now).get("held", 0) == 0
