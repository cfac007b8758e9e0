"""What a cancellation brings back and what a change comes to is said before it is done, and then holds."""

import pytest

from chalicelib.pricing import tariff
from chalicelib.pricing.model import FareRules

from . import shop
from .desk import Desk

STRICT = FareRules("Basic", changeable=False, change_fee=0, refundable=False, cancel_fee=0, seat_choice=False, bags=0)
SAVER = FareRules("Saver", changeable=True, change_fee=5000, refundable=False, cancel_fee=0, seat_choice=False, bags=0)


@pytest.mark.parametrize("hours", [1, 25])
def test_what_a_cancellation_brings_back_is_said_before(hours: int, desk: Desk, monkeypatch: pytest.MonkeyPatch):
    """Within a day all of it, and why; later by the rules of the fare. Who asks changes nothing."""
    monkeypatch.setattr(tariff, "rules", lambda *_: STRICT)
    pnr = desk.ticketed(shop.leg())
    desk.wait(hours=hours)
    before = desk.booking(pnr)
    said = desk.get(f"/v1/bookings/{pnr}/cancel").json
    assert (said.get("why"), desk.booking(pnr)) == ("24_hours" if hours == 1 else None, before)
    assert desk.post(f"/v1/bookings/{pnr}/cancel").json["refund_due"] == said["refund"]
    assert desk.get(f"/v1/bookings/{pnr}/cancel").status == 409


def test_a_hold_brings_nothing_back(desk: Desk):
    """Nothing was paid."""
    pnr = desk.hold(shop.leg()).json["pnr"]
    assert desk.get(f"/v1/bookings/{pnr}/cancel").json["refund"]["amount"] == 0


@pytest.mark.parametrize(("to", "later"), [("LAX", None), ("BOS", "not_refundable")])
def test_what_a_change_comes_to_is_said_before(to: str, later: str | None, desk: Desk, monkeypatch: pytest.MonkeyPatch):
    """Dearer or cheaper, with the fee of the fare and why there is none: as the change has it. Asking holds nothing."""
    monkeypatch.setattr(tariff, "rules", lambda *_: SAVER)
    had = shop.leg(destination="BOS", days=21) if to == "LAX" else shop.leg()
    new = shop.leg() if to == "LAX" else shop.leg(destination="BOS", days=21)
    pnr = desk.ticketed(had)
    path = f"/v1/bookings/{pnr}/change?flights={new.leg}"
    fresh = desk.get(path).json
    assert (fresh["fee"]["amount"], fresh["due"], fresh["why"]) == (0, fresh["difference"], "24_hours")
    desk.wait(hours=25)
    before = desk.booking(pnr)
    said = desk.get(path).json
    difference, fee = said["difference"]["amount"], said["fee"]["amount"]
    assert (fee, said.get("why"), difference > 0) == (5000, later, to == "LAX")
    assert said["due"]["amount"] == max(0, difference + fee)
    assert [flight["flight"] for flight in said["flights"]] == [str(new.leg)]
    assert desk.booking(pnr) == before
    shop.check_sums([had, new], [before], desk.now)
    body = {"flights": [{"flight": str(new.leg)}], "due": said["due"]}
    assert desk.post(f"/v1/bookings/{pnr}/change", body).status == 200


def test_a_change_that_can_not_be_is_refused_when_it_is_asked_about(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    """By the rules of the fare, and where there is no such flight."""
    monkeypatch.setattr(tariff, "rules", lambda *_: STRICT)
    pnr = desk.ticketed(shop.leg())
    desk.wait(hours=25)
    path = f"/v1/bookings/{pnr}/change?flights="
    assert desk.get(f"{path}{shop.leg(destination='BOS', days=21).leg}").status == 409
    assert desk.get(f"{path}nonsense").status == 400
