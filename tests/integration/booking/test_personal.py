"""What bookings hold on a person: shown, and erased with the account, but what is needed to fly."""

import json
from datetime import timedelta

import boto3
import pytest

from chalicelib.accounts.personal import Owner
from chalicelib.booking import changes, hold, locator, passports, personal, settlements, store
from chalicelib.booking.model import Booking, State, replay
from chalicelib.booking.personal import KEEPER
from chalicelib.booking.requests import HoldRequest
from chalicelib.booking.store import Kept
from chalicelib.core.config import config
from chalicelib.flights.timetable import ScheduledLeg

from . import shop
from .desk import Desk, order
from .test_documents_routes import PASSPORT

ANN = Owner("account-of-ann", "ann@example.com")


def booked(desk: Desk, leg: ScheduledLeg) -> str:
    """A paid booking of Ann's account, with her passport."""
    wanted = HoldRequest.model_validate(order(leg)).order(ANN.account, "")
    pnr = hold.hold(wanted, shop.key(), "192.0.2.1", desk.now, lambda seconds: None).locator
    assert desk.pay(pnr).status == 200
    assert desk.post(f"/v1/bookings/{pnr}/documents", {"passport": PASSPORT}).status == 200
    return pnr


def kept_of(pnr: str) -> str:
    items = boto3.client("dynamodb").scan(TableName=config().bookings_table)["Items"]
    return json.dumps([each for each in items if pnr in each["pk"]["S"]], default=str)


def test_everything_is_shown_to_whose_it_is(desk: Desk) -> None:
    """The passport, too: nobody else gets this."""
    pnr = booked(desk, shop.leg())
    desk.ticketed(shop.leg())
    shown = KEEPER.export(ANN, desk.now)
    [booking] = shown["bookings"]
    assert (booking["pnr"], booking["passengers"][0]["family_name"]) == (pnr, "Smith")
    assert booking["passengers"][0]["document"]["number"] == "C01X00T47"
    assert booking["contact"]["email"] == "ann@example.com"
    assert json.loads(json.dumps(shown)) == shown


def test_what_is_over_names_nobody_any_more(desk: Desk) -> None:
    """Money and flights stay, for the ledger; the family name opens it no more, and a refund goes on."""
    pnr = booked(desk, shop.leg())
    cancelled = desk.post(f"/v1/bookings/{pnr}/cancel").json
    KEEPER.erase(ANN, None, desk.now)
    booking = desk.booking(pnr)
    assert (booking.account, booking.documents, booking.travellers[0].family_name) == (None, {}, "")
    assert booking.contact
    assert booking.contact.email == ""
    assert KEEPER.export(ANN, desk.now)["bookings"] == []
    assert desk.get(f"/v1/bookings/{pnr}").status == 404
    desk.look(pnr)
    assert desk.booking(pnr).payments[0].refunded == cancelled["paid"]["amount"]
    assert (booking.state(desk.now.wall), booking.total) == (State.CANCELLED, cancelled["total"]["amount"])
    for left in ("Smith", "ann@example", ANN.account):
        assert left not in str(booking) + kept_of(pnr)


def test_what_is_to_be_flown_is_kept_until_then(desk: Desk) -> None:
    """By locator and family name, and no account's; a day after the last arrival it names nobody."""
    leg = shop.leg(days=3)
    pnr = booked(desk, leg)
    KEEPER.erase(ANN, None, desk.now)
    assert KEEPER.export(ANN, desk.now)["bookings"] == []
    assert desk.get(f"/v1/bookings/{pnr}").json["passengers"][0]["family_name"] == "Smith"
    desk.now = desk.now._replace(flight=leg.scheduled_in)
    desk.wait(hours=24)
    passports.sweep(desk.now)
    booking = desk.booking(pnr)
    assert "Smith" not in str(booking)
    assert booking.paid == booking.total


def test_a_booking_that_the_index_does_not_show_yet_is_erased_minutes_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Indexes lag, and requests may be under way while an account goes; later is soon enough, and twice no harm."""
    sent: list[tuple[dict[str, str], timedelta]] = []
    monkeypatch.setattr(changes, "send", lambda body, delay: sent.append((body, delay)))
    pnr = booked(desk, shop.leg())
    with monkeypatch.context() as lagging:
        lagging.setattr(store, "locators_of", lambda account: [])
        KEEPER.erase(ANN, None, desk.now)
    assert desk.booking(pnr).account
    [(body, delay)] = sent
    assert delay >= timedelta(minutes=1)
    for _ in range(2):
        settlements.handle(body, desk.now)
        assert desk.booking(pnr).account is None
    assert len(sent) == 1


def test_all_bookings_of_an_account_are_shown_and_erased(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many: more than DynamoDB reads in one batch; what an answer can't hold is said to be there."""
    wanted = HoldRequest.model_validate(order(shop.leg())).order(ANN.account, "")
    first = hold.hold(wanted, shop.key(), "192.0.2.1", desk.now, lambda seconds: None)
    for number in range(1, 120):
        store.save(Kept(Booking(""), 0), replay(locator.of_number(number), first.journal))
    shown = KEEPER.export(ANN, desk.now)
    assert (len(shown["bookings"]), shown["more"]) == (120, False)
    monkeypatch.setattr(personal, "MOST", 119)
    shown = KEEPER.export(ANN, desk.now)
    assert (len(shown["bookings"]), shown["more"]) == (119, True)
    KEEPER.erase(ANN, None, desk.now)
    assert store.locators_of(ANN.account) == []


def test_erasing_again_erases_what_was_left(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be cut off anywhere."""
    pnrs = [booked(desk, shop.leg()) for _ in range(3)]
    for pnr in pnrs:
        desk.post(f"/v1/bookings/{pnr}/cancel")
    real, left = store.save, [1]

    def save(*arguments):
        left[0] -= 1
        if left[0] < 0:
            raise RuntimeError("cut off")
        return real(*arguments)

    monkeypatch.setattr(store, "save", save)
    with pytest.raises(RuntimeError):
        KEEPER.erase(ANN, None, desk.now)
    monkeypatch.setattr(store, "save", real)
    KEEPER.erase(ANN, None, desk.now)
    assert all(desk.booking(pnr).account is None for pnr in pnrs)
    assert all("Smith" not in str(desk.booking(pnr)) for pnr in pnrs)
