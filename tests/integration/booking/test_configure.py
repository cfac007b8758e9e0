"""Other aircraft and blocked seats over the REST API: everybody keeps a seat, or nothing is done."""

import json
from dataclasses import replace
from typing import Any

import pytest

import app
from chalicelib.accounts import audit
from chalicelib.booking import configure
from chalicelib.booking.configure import Said
from chalicelib.core import callers
from chalicelib.core.callers import Person, Role
from chalicelib.core.errors import Conflict, Forbidden, NotFound
from chalicelib.core.tables import LostRace
from chalicelib.flights.identity import LegId
from chalicelib.pricing import stock
from chalicelib.pricing.seats import Cabin

from . import shop
from .desk import Desk, adults

PILOT = Person("ada", Role.OPERATOR, "ada@example.com", "a", "en", "s", callers.RECENT, ("UA",), ())


@pytest.fixture(autouse=True)
def ada(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator whose token is `t`."""
    assert app
    monkeypatch.setattr(callers, "_find_person", lambda token: PILOT if token == "t" else None)


def patch(desk: Desk, **said: Any) -> Any:
    headers = {"Authorization": "Bearer t", "Content-Type": "application/json"}
    path = f"/v1/flights/{shop.leg().leg}/configuration"
    return desk._answer(desk.client.http.request("PATCH", path, headers=headers, body=json.dumps(said)))


def inventory(desk: Desk):
    return stock.of([shop.leg()], desk.now.wall)[shop.leg().leg]


def test_who_sits_on_a_blocked_seat_is_moved(desk: Desk) -> None:
    """Within the cabin, with an event by the airline; seats and bookings agree, and the trail says who did it."""
    pnr, held = (
        desk.ticketed(shop.leg(), passengers=adults(2), seats=["20A", "20B"]),
        desk.hold(shop.leg(), seats=["20C"]),
    )
    done = patch(desk, blocked=["20A", "20C"])
    assert done.status == 200, done.body
    assert set(done.json["moved"]) == {"20A", "20C"}
    moved = desk.booking(pnr)
    assert moved.segments[0].seats == (done.json["moved"]["20A"], "20B")
    assert (moved.journal[-1].what, moved.journal[-1].by) == ("reseated", "airline")
    bookings = [moved, desk.booking(held.json["pnr"])]
    shop.check_sums([shop.leg()], bookings, desk.now)
    assert desk.hold(shop.leg(), seats=["20A"]).status == 409
    lines, _ = audit.trail(f"flight:{shop.leg().leg}", None, None, 10, None, desk.now.wall)
    assert [(line.what, line.by, dict(line.detail)["blocked"]) for line in lines] == [
        ("flight-configured", "ada", "20A 20C")
    ]
    assert patch(desk, blocked=["20A", "20C"]).json["moved"] == {}


def test_nobody_is_left_without_a_seat(desk: Desk) -> None:
    """A smaller aircraft than was sold is refused, with the seats of those who would stand."""
    first = [seat.number for seat in inventory(desk).seat_map.of(Cabin.FIRST)][:4]
    pnr = desk.ticketed(shop.leg(), passengers=adults(4), cabin="first", seats=first)
    refused = patch(desk, configuration="A320-200Y")
    assert (refused.status, sorted(refused.json["stranded"])) == (409, sorted(first))
    assert desk.booking(pnr).segments[0].taken == tuple(first)
    assert patch(desk, configuration="B737-9999").status in (400, 404)
    assert patch(desk, blocked=["99Z"]).status == 400


def test_another_aircraft_and_back(desk: Desk) -> None:
    """null is that of the timetable; who has a seat of the same number keeps it."""
    before = inventory(desk).configuration
    pnr = desk.ticketed(shop.leg(), seats=["8A"])
    other = "B752-178" if before != "B752-178" else "B739-191"
    done = patch(desk, configuration=other)
    assert (done.status, done.json["configuration"]) == (200, other)
    shop.check_sums([shop.leg()], [desk.booking(pnr)], desk.now)
    assert patch(desk, configuration=None).json["configuration"] == before
    shop.check_sums([shop.leg()], [desk.booking(pnr)], desk.now)


def test_what_was_paid_for_a_kind_of_seat_comes_back_with_another(desk: Desk) -> None:
    """14 CFR 260.4: a service that was paid for and is not provided."""
    legroom = [s.number for s in inventory(desk).seat_map.of(Cabin.ECONOMY) if s.extra_legroom and not s.exit]
    pnr = desk.ticketed(shop.leg(), seats=[legroom[0]])
    paid = next(line.amount for line in desk.booking(pnr).lines if line.kind == "seat")
    assert patch(desk, blocked=legroom).status == 200
    booking = desk.booking(pnr)
    assert booking.due_back == paid > 0
    shop.check_money([booking])
    desk.look(pnr)
    assert desk.booking(pnr).paid == booking.total


def test_only_those_of_the_flight_may(desk: Desk) -> None:
    """Its airline, whose the aircraft is; no airport."""
    leg, said = shop.leg().leg, Said(None, ("20A",))
    for airlines, airports, may in ((("UA",), (), True), ((), ("EWR",), False), (("BA",), ("LAX",), False)):
        person = replace(PILOT, airlines=airlines, airports=airports)
        if may:
            configure.configure(leg, said, person, "192.0.2.1", desk.now)
        else:
            with pytest.raises(Forbidden):
                configure.configure(leg, said, person, "192.0.2.1", desk.now)
    with pytest.raises(NotFound):
        configure.configure(LegId.parse("UA1-20270710-EWR"), said, PILOT, "", desk.now)
    desk.until(shop.leg(), hours=-1)
    with pytest.raises(Conflict):
        configure.configure(leg, said, PILOT, "", desk.now)


def test_too_many_bookings_are_not_moved_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a transaction takes: the refusal says so, and nothing is done."""
    monkeypatch.setattr(configure, "MOST_ITEMS", 2)
    for number in ("20A", "20B"):
        desk.ticketed(shop.leg(), seats=[number])
    refused = patch(desk, blocked=["20A", "20B"])
    assert (refused.status, refused.json["bookings"]) == (409, 2)
    assert inventory(desk).blocked == frozenset()


def test_a_sale_in_between_is_seen(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who bought the seat a moment before it was blocked is moved, too."""
    real, once = configure.store.write, iter([True])

    def write(changes: Any, seats: Any) -> None:
        if next(once, False):
            monkeypatch.setattr(configure.store, "write", real)
            desk.hold(shop.leg(), seats=["20A"], key="k")
            raise LostRace("somebody bought")
        real(changes, seats)

    monkeypatch.setattr(configure.store, "write", write)
    assert set(patch(desk, blocked=["20A"]).json["moved"]) == {"20A"}
    shop.check_sums([shop.leg()], [desk.booking(desk.hold(shop.leg(), seats=["20A"], key="k").json["pnr"])], desk.now)
