"""What could have cost a passenger money or seats: each was once so, or nearly."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.booking import pay, payments, settlements, store
from chalicelib.booking.model import (
    MOST_EVENTS,
    Booking,
    By,
    Change,
    Changed,
    ChangeHeld,
    Offered,
    Reseated,
    State,
)
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.flights import timetable
from chalicelib.pricing import stock

from . import shop
from .desk import Desk


def test_a_full_journal_keeps_no_seats(desk: Desk) -> None:
    """Who changes seats all day long is stopped; the hold ends all the same, and others book that flight."""
    leg = shop.leg()
    pnr = desk.hold(leg).json["pnr"]
    kept = store.booking(pnr, desk.now.wall)
    assert kept
    taken = kept.booking.segments[0].seats
    for _ in range(MOST_EVENTS - 1):
        kept = store.save(kept, kept.booking.then(reseated(kept, taken)))
    refused = desk.post(f"/v1/bookings/{pnr}/seats", {"flight": str(leg.leg), "seats": ["20A"]})
    assert refused.status == 409
    desk.wait(minutes=16)
    assert desk.hold(leg).status == 201
    assert desk.booking(pnr).kept_as is State.EXPIRED


def reseated(kept: store.Kept, seats: tuple[str | None, ...]) -> Reseated:
    """A wish for other seats, which are the same."""
    booking = kept.booking
    return Reseated(booking.journal[0].at, booking.segments[0].leg, seats, booking.lines, By.PASSENGER, shop.key())


def test_nobody_pays_for_a_flight_that_was_cancelled_meanwhile(desk: Desk) -> None:
    """A flight is cancelled while its seats are held: nothing is charged."""
    leg = shop.leg(days=1)
    pnr = desk.hold(leg).json["pnr"]
    desk.fly(leg, cancelled=True)
    refused = desk.pay(pnr)
    assert (refused.status, "cancelled" in refused.json["detail"]) == (409, True)
    assert desk.booking(pnr).payments == ()


def test_a_charge_that_was_given_back_buys_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A locator that is given out anew finds the charge of the booking before, which was refunded: no ticket for it."""
    leg = shop.leg()
    pnr = desk.hold(leg, key="once").json["pnr"]
    service = pay.payments.service()
    total = desk.booking(pnr).total
    asked = {"amount": total, "currency": "USD", "token": "tok_approve", "return_url": "/", "now": desk.now.wall}
    service.charge(f"{pnr}-1", **asked)
    service.refund(f"{pnr}-1", f"{pnr}-1-1", total, desk.now.wall)
    assert desk.pay(pnr).status == 409
    assert desk.booking(pnr).kept_as is State.HELD


def test_a_change_for_nothing_closes_the_one_that_was_being_paid(desk: Desk) -> None:
    """A change lapses while its charge has no answer, and a rebooking follows: the charge is still asked for."""
    booking = desk.booking(desk.ticketed(shop.leg()))
    waits = replace(booking, change=Change(booking.segments, booking.lines, 100, desk.now.wall))
    assert waits.then(changed(booking)).closed is False
    assert booking.then(changed(booking)).closed is True


def changed(booking: Booking) -> Changed:
    """A change that costs nothing."""
    return Changed(booking.journal[0].at, Change(booking.segments, booking.lines, 0), By.AIRLINE, None)


def test_flights_too_close_to_each_other_are_not_sold(desk: Desk) -> None:
    """A connection under the minimum of its airport, and one from another place, are refused with the reason."""
    today = desk.now.flight.date()
    day = today + timedelta(days=20)
    arriving, leaving = timetable.legs("BOS", "EWR", day, today), timetable.legs("EWR", "CLT", day, today)
    first, close = next(
        (one, two) for one in arriving for two in leaving
        if timedelta() < two.scheduled_out - one.scheduled_in < timedelta(minutes=30)
    )  # fmt: skip
    answer = desk.hold(first, close)
    assert (answer.status, "minutes after" in answer.json["detail"]) == (400, True)
    tomorrow = timetable.legs("LGA", "CLT", day + timedelta(days=1), today)[0]
    assert "elsewhere" in desk.hold(timetable.legs("EWR", "BOS", day, today)[-1], tomorrow).json["detail"]


def test_a_charge_that_nobody_noted_comes_back_as_the_hold_ends(desk: Desk) -> None:
    """Whoever died between the payment service's word and its own write has left it there alone."""
    held = shop.held(shop.leg(), now=desk.now)
    payments.service().charge(
        pay.reference(held.locator, 1), amount=held.total, currency="USD", token="tok_approve", return_url="/",
        now=desk.now.wall,
    )  # fmt: skip
    desk.wait(minutes=15)
    desk.look(held.locator)
    after = desk.booking(held.locator)
    assert [event.what for event in after.journal] == ["held", "expired", "overpaid", "closed", "refunded"]
    assert (after.due_back, after.paid) == (held.total, 0)


def test_a_look_at_what_has_nothing_open_writes_nothing(desk: Desk) -> None:
    """However often it is asked for."""
    pnr = desk.ticketed(shop.leg())
    before = store.booking(pnr, desk.now.wall)
    desk.look(pnr)
    assert store.booking(pnr, desk.now.wall) == before


@pytest.mark.parametrize(
    ("message", "verb"),
    [
        ({"look": "K3M9TZ"}, "settle.look"),
        ({"disrupted": "UA742-20260712-EWR"}, "disrupt.again"),
        ({"party": "K3M9TZ", "flights": ["UA742-20260712-EWR"]}, "disrupt.attend"),
        ({"freed": ["UA742-20260712-EWR", "LAX"]}, "waitlist.serve"),
        ({"configured": ["UA742-20260712-EWR", 5]}, "changes.tell_seats"),
        ({"erased": "a1b2"}, "personal.erase"),
    ],
)
def test_what_cannot_be_settled_is_tried_again_for_ever(
    cloud: None, now: Now, monkeypatch: pytest.MonkeyPatch, message: dict[str, Any], verb: str
) -> None:
    """A payment service or a table that is away sends nothing to the dead letters: the same comes again in minutes."""
    later = []
    monkeypatch.setattr(f"chalicelib.booking.{verb}", away)
    monkeypatch.setattr("chalicelib.booking.changes.send", lambda *sent: later.append(sent))
    settlements.handle(message, now)
    assert later == [(message, settlements.AGAIN)]


def away(*_: object) -> None:
    """A payment service, or a table, that does not answer."""
    raise Unavailable("the payment service does not answer")


def test_an_offer_outlives_a_change_that_lapsed(desk: Desk) -> None:
    """An offer is held for two hours, a change for fifteen minutes: the end of one ends the other not."""
    leg = shop.leg()
    booking = desk.booking(desk.ticketed(leg))
    at = desk.now.wall
    short = Change(booking.segments, booking.lines, 100, at + timedelta(minutes=15))
    long = Change(booking.segments, booking.lines, 0, at + timedelta(hours=2))
    both = booking.then(Offered(at, long, leg.leg, "cancelled"), ChangeHeld(at, short, None))
    ended = both.ended(at + timedelta(minutes=20))
    assert (ended.change, ended.offer is not None, ended.closed) == (None, True, False)
    assert both.ended(at + timedelta(hours=3)).offer is None


def test_who_has_seats_on_a_flight_takes_no_others(desk: Desk) -> None:
    """One locator has one set of seats on a leg."""
    leg = shop.leg()
    booking = desk.booking(desk.ticketed(leg))
    inventory = stock.of([leg], desk.now.wall)[leg.leg]
    number = next(iter(inventory.locators))
    with pytest.raises(Conflict):
        inventory.take(number, booking.segments[0].booking_class, ["20A"], None)
