"""Paying over the REST API with each card of the simulated service: a ticket or the money back, whatever happens."""

import json
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ReadTimeoutError

from chalicelib.booking import payments, settlements
from chalicelib.booking.payments import simulated
from chalicelib.booking.tickets import holder
from chalicelib.core.config import config
from chalicelib.core.secrets import secret

from . import shop
from .desk import Desk, adults

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_paying_makes_a_ticket_for_each(desk: Desk) -> None:
    """Thirteen digits each, which lead back to the booking; the seats are its own, also where no stream was read."""
    held = desk.hold(shop.leg(), passengers=adults(3)).json
    paid = desk.pay(held["pnr"]).json
    numbers = [each["ticket"] for each in paid["passengers"]]
    assert [holder(number, secret("ticket-key")) for number in numbers] == [(held["pnr"], place) for place in range(3)]
    assert (paid["state"], paid["paid"], "to_pay" in paid) == ("ticketed", held["total"], False)
    shop.check_sums([shop.leg()], [desk.booking(held["pnr"])], desk.now)
    shop.check_money([desk.booking(held["pnr"])])
    desk.wait(hours=1)
    assert desk.get(f"/v1/bookings/{held['pnr']}").json["state"] == "ticketed"
    assert desk.hold(shop.leg(), seats=held["flights"][0]["seats"], passengers=adults(3)).status == 409


def test_a_payment_is_taken_once_for_a_key(desk: Desk) -> None:
    """The answer comes again, byte for byte, whatever the booking has become; another body is a 422."""
    pnr = desk.hold(shop.leg()).json["pnr"]
    first = desk.pay(pnr, key="k")
    desk.wait(minutes=1)
    assert desk.post(f"/v1/bookings/{pnr}/cancel").json["state"] == "cancelled"
    desk.look(pnr)
    again = desk.pay(pnr, key="k")
    assert (again.status, again.body) == (200, first.body)
    assert desk.pay(pnr, "tok_challenge", key="k").status == 422
    assert desk.pay(pnr).status == 409
    assert len(desk.booking(pnr).payments) == 1


def test_after_a_declined_card_another_one_works(desk: Desk) -> None:
    """402 with the reason, again for the same key; of a stolen card no more is said than of any other."""
    pnr = desk.hold(shop.leg()).json["pnr"]
    declined = desk.pay(pnr, "tok_decline", key="k")
    assert (declined.status, "insufficient funds" in declined.json["detail"]) == (402, True)
    assert desk.pay(pnr, "tok_decline", key="k").json["detail"] == declined.json["detail"]
    assert "stolen" not in desk.pay(pnr, "tok_decline_stolen").json["detail"]
    assert desk.get(f"/v1/bookings/{pnr}").json["payment"] == "declined"
    assert desk.pay(pnr).json["state"] == "ticketed"
    shop.check_money([desk.booking(pnr)])


@pytest.mark.parametrize(("card", "becomes"), [("tok_timeout", "ticketed"), ("tok_timeout_lost", "held")])
def test_what_is_not_answered_is_asked_for_later(card: str, becomes: str, desk: Desk) -> None:
    """The booking says `open`; looking again finds what was taken, or nothing, and then another card works."""
    pnr = desk.hold(shop.leg()).json["pnr"]
    waits = desk.pay(pnr, card)
    assert (waits.status, waits.json["payment"], waits.json["state"]) == (200, "open", "held")
    desk.wait(seconds=30)
    desk.look(pnr)
    found = desk.get(f"/v1/bookings/{pnr}").json
    assert found["state"] == becomes
    if becomes == "held":
        assert desk.pay(pnr).json["state"] == "ticketed"
    assert len(desk.booking(pnr).payments) == 1
    shop.check_money([desk.booking(pnr)])


def test_who_pays_again_while_nothing_is_answered_pays_once(desk: Desk) -> None:
    """The first charge is asked for first: it was taken, so nothing more is."""
    pnr = desk.hold(shop.leg()).json["pnr"]
    desk.pay(pnr, "tok_timeout")
    again = desk.pay(pnr, "tok_approve")
    assert again.status in (200, 409)
    booking = desk.booking(pnr)
    assert (booking.kept_as, len(booking.payments)) == ("ticketed", 1)
    shop.check_money([booking])


def test_a_slow_card_is_asked_for_until_it_answers(desk: Desk) -> None:
    """While the service is still at work nothing else is charged."""
    pnr = desk.hold(shop.leg()).json["pnr"]
    assert desk.pay(pnr, "tok_slow").json["payment"] == "open"
    assert desk.pay(pnr, "tok_approve").status == 409
    desk.wait(seconds=21)
    desk.look(pnr)
    assert desk.booking(pnr).kept_as == "ticketed"
    assert len(desk.booking(pnr).payments) == 1


@pytest.mark.parametrize("card", ["tok_timeout", "tok_challenge"])
def test_what_is_approved_too_late_comes_back_in_full(card: str, desk: Desk) -> None:
    """The hold was over, its seats are another's: no ticket, and all of the money back."""
    held = desk.hold(shop.leg(), seats=["12A"]).json
    pnr = held["pnr"]
    desk.wait(minutes=14)
    answer = desk.pay(pnr, card).json
    desk.wait(seconds=59)
    if card == "tok_challenge":
        _press(desk, answer["challenge"]["url"], "approve")
    desk.wait(seconds=2)
    other = desk.hold(shop.leg(), seats=["12A"])
    assert other.status == 201
    desk.look(pnr)
    booking = desk.booking(pnr)
    assert booking.kept_as == "expired"
    assert booking.paid == 0
    assert [payment.amount for payment in booking.payments] == [held["total"]["amount"]]
    assert simulated.status(f"{pnr}-1", desk.now.wall).refunded == held["total"]["amount"]
    shop.check_sums([shop.leg()], [booking, desk.booking(other.json["pnr"])], desk.now)


def test_a_challenge_is_passed_on_the_banks_page(desk: Desk) -> None:
    """The answer says where; its callback, coming twice, makes one ticket, and the key's answer says so."""
    pnr = desk.hold(shop.leg()).json["pnr"]
    asked = desk.pay(pnr, "tok_challenge", key="k").json
    assert desk.pay(pnr, "tok_challenge", key="k").json == asked
    assert (asked["payment"], asked["state"]) == ("challenge", "held")
    assert _press(desk, asked["challenge"]["url"], "approve").status_code == 303
    event = {"id": "evt_1", "type": "payment.approved", "reference": f"{pnr}-1"}
    for _ in range(2):
        settlements.handle({"callback": event}, desk.now)
    booking = desk.booking(pnr)
    assert (booking.kept_as, len(booking.payments)) == ("ticketed", 1)
    assert [event.what for event in booking.journal] == ["held", "challenged", "ticketed"]
    assert desk.pay(pnr, "tok_challenge", key="k").json["state"] == "ticketed"


def test_a_challenge_that_is_declined_or_left_leads_to_another_card(desk: Desk) -> None:
    """Who leaves it and pays otherwise pays once: the challenge can't be passed any more."""
    pnr = desk.hold(shop.leg()).json["pnr"]
    first = desk.pay(pnr, "tok_challenge").json["challenge"]["url"]
    _press(desk, first, "decline")
    desk.look(pnr)
    assert desk.get(f"/v1/bookings/{pnr}").json["payment"] == "declined"
    second = desk.pay(pnr, "tok_challenge").json["challenge"]["url"]
    assert desk.pay(pnr).json["state"] == "ticketed"
    _press(desk, second, "approve")
    desk.look(pnr)
    assert len(desk.booking(pnr).payments) == 1
    shop.check_money([desk.booking(pnr)])


@pytest.mark.parametrize("lost", ["charge", "note"])
def test_a_lost_answer_takes_the_money_once(lost: str, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the service, or of the table that keeps what it said: the same key ends with one ticket and one payment."""
    pnr = desk.hold(shop.leg()).json["pnr"]
    real, cut = BaseClient._make_api_call, iter([True])

    def call(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        answer = real(client, operation, parameters)
        ours = str(parameters.get("Key", parameters.get("Item", ""))).find(f"booking#{pnr}") >= 0
        hit = operation in ("PutItem", "UpdateItem") and (ours if lost == "note" else not ours)
        if hit and config().bookings_table == parameters["TableName"] and next(cut, False):
            raise ReadTimeoutError(endpoint_url="dynamodb")
        return answer

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    desk.pay(pnr, key="k")
    desk.wait(seconds=30)
    desk.pay(pnr, key="k")
    desk.look(pnr)
    booking = desk.booking(pnr)
    assert (booking.kept_as, len(booking.payments)) == ("ticketed", 1)
    shop.check_money([booking])


def test_no_payment_begins_in_the_last_seconds_of_a_hold(desk: Desk) -> None:
    """It could not be over in time; the refusal says until when one may."""
    pnr = desk.hold(shop.leg()).json["pnr"]
    desk.wait(minutes=14, seconds=31)
    refused = desk.pay(pnr)
    assert (refused.status, "until 30 seconds before a hold is over" in refused.json["detail"]) == (409, True)
    assert payments.service().status(f"{pnr}-1", desk.now.wall) is None


def test_who_tries_card_after_card_is_stopped(desk: Desk) -> None:
    """Ten of them; and a token that is none is a 400 which leaves nothing behind."""
    pnr = desk.hold(shop.leg()).json["pnr"]
    assert desk.pay(pnr, "tok_nonsense").status == 400
    assert [desk.pay(pnr, "tok_decline").status for _ in range(11)] == [402] * 10 + [409]


def test_tokens_are_sealed(desk: Desk) -> None:
    """Who reads the table finds no payment token; the next payment of the booking can do with it all the same."""
    pnr = desk.ticketed(shop.leg())
    items = boto3.client("dynamodb").scan(TableName=config().bookings_table)["Items"]
    assert "tok_approve" not in json.dumps(items, default=str)
    token = desk.booking(pnr).journal[-1].token
    assert token
    assert "tok_approve" not in token


def test_a_refund_that_is_refused_is_sent_until_it_is_taken(desk: Desk) -> None:
    """And one whose answer is lost is sent once."""
    for card in ("tok_refund_fails", "tok_refund_timeout"):
        pnr = desk.hold(shop.leg()).json["pnr"]
        total = desk.pay(pnr, card).json["total"]["amount"]
        due = desk.post(f"/v1/bookings/{pnr}/cancel").json["refund_due"]["amount"]
        assert due == total
        with pytest.raises(Exception, match=r"refund|answer"):
            desk.look(pnr)
        desk.look(pnr)
        assert desk.booking(pnr).paid == 0
        assert simulated.status(f"{pnr}-1", desk.now.wall).refunded == total


def _press(desk: Desk, url: str, button: str) -> Any:
    parts = urlsplit(url)
    body = urlencode({"answer": button}).encode()
    return desk.client.http.post(f"{parts.path}?{parts.query}", headers=FORM, body=body)
