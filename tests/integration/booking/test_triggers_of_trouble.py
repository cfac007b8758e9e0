"""Disruptions and waitlists through the functions that the queues call."""

import json
from datetime import timedelta
from typing import Any

import pytest

import app
from chalicelib.booking import cancel, disrupt, pay, settlements, store
from chalicelib.booking.model import Booking, State
from chalicelib.core import clock
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.flights.timetable import ScheduledLeg
from infra.local import events

from . import shop, trouble
from .test_waitlist import full, waits
from .world import World, an_empty_gatecall, check_quiet, ledger, now_of


@pytest.fixture
def leg() -> ScheduledLeg:
    """A flight of tomorrow."""
    return shop.leg("EWR", "LAX", days=1)


def call(function: str, message: dict[str, Any], now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a function handle one message of its queue at an instant; it does."""
    monkeypatch.setattr(clock, "now", lambda *_: now)
    record = {"messageId": "m1", "body": json.dumps(message)}
    done = getattr(app, function)(events.records(record), events.context(function))
    assert done == {"batchItemFailures": []}


def kept(booking: Booking, now: Now) -> Booking:
    """As it stands."""
    found = store.booking(booking.locator, now.wall)
    assert found
    return found.booking


def test_a_cancelled_flight_from_its_message_to_the_refund(
    cloud: None, now: Now, leg: ScheduledLeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offered, lapsed, offered no more, refunded when it was to leave."""
    booking = trouble.bought(leg, now=now)
    trouble.say(leg, now, cancelled=True)
    call("follow_disruptions", trouble.told(leg, "cancelled"), now, monkeypatch)
    assert kept(booking, now).offer_at(now.wall)
    later = trouble.later(now, hours=2)
    call("settle_bookings", {"look": booking.locator}, later, monkeypatch)
    call("settle_bookings", {"disrupted": str(leg.leg)}, later, monkeypatch)
    assert not kept(booking, later).offer_at(later.wall)
    gone = Now(leg.scheduled_out, leg.scheduled_out)
    call("settle_bookings", {"disrupted": str(leg.leg)}, gone, monkeypatch)
    call("settle_bookings", {"look": booking.locator}, gone, monkeypatch)
    after = kept(booking, gone)
    assert (after.state(gone.wall), after.paid) == (State.CANCELLED, 0)


def test_who_pays_while_the_flight_is_cancelled_is_looked_after_too() -> None:
    """The charge had no answer yet when the others were offered flights: it makes tickets, and brings them an offer."""
    leg = shop.leg("EWR", "LAX", days=1)
    with an_empty_gatecall(), World(trouble.before(leg, hours=4)).open() as world:
        booking = shop.paid(shop.held(leg, now=world.now), world.now, "tok_timeout")
        trouble.cancel(leg, world.now)
        assert not now_of(booking.locator, world.now).offer
        world.deliver(timedelta(minutes=2))
        after = now_of(booking.locator, world.now)
        assert [event.what for event in after.journal] == ["held", "unanswered", "ticketed", "offered"]
        again = {"party": booking.locator, "flights": [str(leg.leg)]}
        settlements.handle(again, world.now)
        assert now_of(booking.locator, world.now) == after
        with pytest.raises(Unavailable):  # no time is left: the message comes again
            disrupt.attend(booking.locator, [leg.leg], world.now, lambda: 5)
        world.deliver(timedelta(hours=5))
        assert (now_of(booking.locator, world.now).kept_as, ledger(booking.locator)[0]) == (
            State.CANCELLED,
            booking.total,
        )
        check_quiet([leg], [booking.locator], world)


def test_seats_that_come_back_on_a_cancelled_flights_route(
    cloud: None, now: Now, leg: ScheduledLeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Are found by the function of settlements, and offered."""
    booking = trouble.bought(leg, now=now)
    trouble.say(leg, now, cancelled=True)
    call("settle_bookings", {"disrupted": str(leg.leg)}, now, monkeypatch)
    assert kept(booking, now).offer_at(now.wall)


def test_freed_seats_are_held_for_who_waits(
    cloud: None, now: Now, leg: ScheduledLeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the message that the bookings' stream leaves."""
    (one,) = full(leg, now, 1)
    waiting = waits(leg, now=now)
    there = store.booking(one.locator, now.wall)
    assert there
    cancel.cancel(there, shop.key(), now)
    call("settle_bookings", {"freed": [str(leg.leg), leg.destination]}, now, monkeypatch)
    assert kept(waiting, now).state(now.wall) is State.HELD
    assert store.waiting(leg.leg, now.wall, 10) == []


def test_who_pays_again_for_a_cancelled_flight_is_not_told_that_nothing_was_charged(cloud: None, now: Now) -> None:
    """Before a cancelled flight is refused, the end of the charge that had no answer is known: here it made tickets."""
    leg = shop.leg("EWR", "LAX", days=1)
    booking = shop.paid(shop.held(leg, now=now), now, "tok_timeout")
    trouble.say(leg, now, cancelled=True)
    with pytest.raises(Conflict) as told:
        pay.pay(pay.known(booking.locator, now), "tok_approve", "/", shop.key(), now)
    assert "nothing was charged" not in str(told.value)
    assert kept(booking, now).state(now.wall) is State.TICKETED
