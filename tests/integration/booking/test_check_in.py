"""Check-in and boarding passes over the REST API: when, for whom, and what the pass says."""

from datetime import timedelta

import pytest

from chalicelib.booking import boarding, check_in
from chalicelib.flights.timetable import ScheduledLeg
from tests.unit.booking.test_boarding import drawn, scanned

from . import shop
from .desk import Desk, adults

PASSPORT = {
    "number": "C01X00T47", "issuing_state": "USA", "nationality": "USA", "date_of_birth": "1984-06-03",
    "expires_on": "2030-06-02", "sex": "F",
}  # fmt: skip


@pytest.fixture
def leg() -> ScheduledLeg:
    """A flight of tomorrow."""
    return shop.leg(days=2)


def check(desk: Desk, pnr: str, leg: ScheduledLeg, *, key: str | None = None, **who: object):
    return desk.post(f"/v1/bookings/{pnr}/check-in", {"flight": str(leg.leg), **who}, key=key)


def boarding_pass(desk: Desk, pnr: str, leg: ScheduledLeg, passenger: int = 0):
    return desk.get(f"/v1/bookings/{pnr}/boarding-pass", flight=str(leg.leg), passenger=passenger)


def test_it_opens_and_closes_at_its_time(desk: Desk, leg: ScheduledLeg) -> None:
    """24 hours before the scheduled departure, 45 minutes before the expected one."""
    pnr, late = desk.ticketed(leg), desk.ticketed(leg)
    desk.until(leg, hours=24, seconds=1)
    early = check(desk, pnr, leg)
    opens = (leg.scheduled_out - timedelta(hours=24)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (early.status, early.json["opens"]) == (409, opens)
    desk.until(leg, hours=24)
    assert check(desk, pnr, leg).json["flights"][0]["checked_in"] == [0]
    desk.until(leg, minutes=44)
    assert check(desk, late, leg).status == 409
    desk.fly(leg, estimated_out=leg.scheduled_out + timedelta(minutes=30))
    assert check(desk, late, leg).status == 200


def test_each_has_a_number_of_its_own(desk: Desk, leg: ScheduledLeg) -> None:
    """By flight, over all bookings; some of a party first, the others later; the same key gets the same answer."""
    first, second = desk.ticketed(leg, passengers=adults(3)), desk.ticketed(leg, passengers=adults(2))
    desk.until(leg, hours=20)
    answer = check(desk, first, leg, passengers=[2], key="k")
    assert answer.json["flights"][0]["checked_in"] == [2]
    check(desk, second, leg)
    assert check(desk, first, leg).json["flights"][0]["checked_in"] == [0, 1, 2]
    assert check(desk, first, leg, passengers=[2], key="k").body == answer.body
    assert check(desk, first, leg).status == 409
    numbers = [n for pnr in (first, second) for n in desk.booking(pnr).checked_in[leg.leg].values()]
    assert sorted(numbers) == [1, 2, 3, 4, 5]


def test_an_infant_comes_with_the_adult(desk: Desk, leg: ScheduledLeg) -> None:
    """And has a pass without a seat and a number."""
    infant = {"kind": "infant", "family_name": "Smith", "given_name": "Cy", "lap_of": 1, "date_of_birth": "2026-01-01"}
    pnr = desk.ticketed(leg, passengers=[*adults(2), infant])
    desk.until(leg, hours=3)
    assert check(desk, pnr, leg, passengers=[2]).status == 409
    assert check(desk, pnr, leg, passengers=[1]).json["flights"][0]["checked_in"] == [1, 2]
    lap = boarding_pass(desk, pnr, leg, 2).json
    assert (lap["seat"], "sequence" in lap) == ("INF", False)
    assert boarding_pass(desk, pnr, leg, 0).status == 409
    assert boarding_pass(desk, pnr, leg, 7).status == 400


def test_the_pass_says_what_stands_now(desk: Desk, leg: ScheduledLeg) -> None:
    """Gate and times by the board; the symbol is read back by a library, and holds flight, seat and number."""
    pnr = desk.ticketed(leg)
    desk.until(leg, hours=2)
    out = leg.scheduled_out + timedelta(minutes=20)
    desk.fly(leg, estimated_out=out, departure_gate="B7")
    check(desk, pnr, leg)
    made = boarding_pass(desk, pnr, leg).json
    assert (made["gate"], made["sequence"], made["name"]) == ("B7", 1, "SMITH/ANN")
    assert made["boarding_at"] == (out - boarding.BOARDING_BEGINS).strftime("%Y-%m-%dT%H:%M:%SZ")
    seat = desk.booking(pnr).segments[0].seats[0]
    assert f"{pnr:7}EWRLAX" in made["text"]
    assert f"{seat:0>4}0001" in made["text"]
    assert scanned(drawn(made["svg"])) == made["text"]
    picture = desk.get(f"/v1/bookings/{pnr}/boarding-pass.svg", flight=str(leg.leg))
    assert (picture.headers["content-type"], picture.body.decode()) == ("image/svg+xml", made["svg"])


def test_another_seat_makes_another_pass_of_the_same_number(desk: Desk, leg: ScheduledLeg) -> None:
    """From check-in on a common seat costs nothing."""
    pnr = desk.ticketed(leg)
    desk.until(leg, hours=2)
    check(desk, pnr, leg)
    moved = desk.post(f"/v1/bookings/{pnr}/seats", {"flight": str(leg.leg), "seats": ["22C"]})
    assert moved.json["flights"][0]["seats"] == ["22C"]
    made = boarding_pass(desk, pnr, leg).json
    assert (made["seat"], made["sequence"]) == ("22C", 1)


def test_nobody_checks_in_on_a_cancelled_flight_or_unpaid(desk: Desk, leg: ScheduledLeg) -> None:
    """And the pass of one that is cancelled later is none."""
    pnr = desk.ticketed(leg)
    desk.until(leg, hours=5)
    held = desk.hold(leg).json["pnr"]
    assert check(desk, held, leg).status == 409
    check(desk, pnr, leg)
    desk.fly(leg, cancelled=True)
    assert boarding_pass(desk, pnr, leg).status == 409
    assert check(desk, desk.booking(pnr).locator, leg).status == 409
    assert check(desk, pnr, shop.leg(days=9)).status == 404


def test_a_flight_to_another_country_needs_passports_first(
    desk: Desk, leg: ScheduledLeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal names who lacks one."""
    monkeypatch.setattr(check_in, "is_domestic", lambda segment: False)
    pnr = desk.ticketed(leg, passengers=adults(2))
    desk.until(leg, hours=5)
    desk.post(f"/v1/bookings/{pnr}/documents", {"passenger": 0, "passport": PASSPORT})
    refused = check(desk, pnr, leg)
    assert (refused.status, refused.json["documents"]) == (409, [1])
    assert check(desk, pnr, leg, passengers=[0]).status == 200
    desk.post(f"/v1/bookings/{pnr}/documents", {"passenger": 1, "passport": PASSPORT})
    assert check(desk, pnr, leg).json["flights"][0]["checked_in"] == [0, 1]
