"""Other flights are taken in the place of cancelled ones: by one request, or by one tap in a message."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from chalice.test import Client

import app
from chalicelib.booking import access, rebook, settle, store
from chalicelib.booking.model import Booking, By, Changed, KeyUse
from chalicelib.booking.rebook import OfferOver
from chalicelib.core import clock
from chalicelib.core.clock import Now, instant
from chalicelib.core.errors import Conflict, KeyReused
from chalicelib.core.tables import LostRace
from chalicelib.flights import timetable
from chalicelib.flights.identity import LegId
from chalicelib.flights.timetable import ScheduledLeg

from . import shop, trouble


@pytest.fixture
def leg() -> ScheduledLeg:
    """A flight of tomorrow."""
    return shop.leg("EWR", "LAX", days=1)


@pytest.fixture
def booking(cloud: None, now: Now, leg: ScheduledLeg) -> Booking:
    """A party of two whose flight was cancelled, with an offer."""
    made = trouble.bought(leg, now=now, size=2)
    trouble.cancel(leg, now)
    return kept(made, now).booking


def kept(booking: Booking, now: Now) -> store.Kept:
    """As it stands."""
    found = store.booking(booking.locator, now.wall)
    assert found
    return found


def take(booking: Booking, now: Now, flights: list[LegId] | None = None, use: KeyUse | None = None) -> Booking:
    """Take what is held, or others."""
    return rebook.rebook(kept(booking, now), flights, use or shop.key(), now)


def check(booking: Booking, leg: ScheduledLeg, now: Now) -> None:
    """Seats and money add up."""
    stands = kept(booking, now).booking
    shop.check_sums([leg, *trouble.instead(leg)], [stands], now)
    shop.check_money([stands])


def test_the_held_flights_are_taken_for_good(now: Now, booking: Booking, leg: ScheduledLeg) -> None:
    """The seats of the cancelled flight are given back; price, tickets and what was paid stay."""
    offer = booking.offer
    assert offer
    after = take(booking, now)
    assert after.segments == offer.change.segments
    assert (after.total, after.paid, after.tickets) == (booking.total, booking.paid, booking.tickets)
    last = after.journal[-1]
    assert isinstance(last, Changed)
    assert last.by is By.AIRLINE
    assert after.offer is None
    check(booking, leg, trouble.later(now, hours=3))


def test_the_same_key_gets_the_same_answer(now: Now, booking: Booking) -> None:
    """Also once the offer is over; another body with it is refused."""
    use = shop.key()
    after = take(booking, now, use=use)
    late = trouble.later(now, hours=5)
    assert take(booking, late, use=use) == after
    with pytest.raises(KeyReused):
        take(booking, now, use=use._replace(fingerprint="0" * 32))
    assert kept(booking, now).booking == after


def test_other_flights_can_be_taken_instead_of_the_held_ones(now: Now, booking: Booking, leg: ScheduledLeg) -> None:
    """What was held is given back with the seats of the cancelled flight."""
    assert booking.offer
    held = [segment.leg for segment in booking.offer.change.segments]
    routes = rebook.options(booking, now).routes
    wanted = next(r for r in routes if [s.leg for s in r.segments] != held)
    after = take(booking, now, [segment.leg for segment in wanted.segments])
    assert [segment.leg for segment in after.segments] == [segment.leg for segment in wanted.segments]
    assert all(segment.taken for segment in after.segments)
    check(booking, leg, now)


def test_the_held_flights_can_be_chosen_by_name(now: Now, booking: Booking, leg: ScheduledLeg) -> None:
    """That is no second pair of seats on them."""
    assert booking.offer
    after = take(booking, now, [segment.leg for segment in booking.offer.change.segments])
    assert [len(segment.taken) for segment in after.segments] == [2] * len(after.segments)
    check(booking, leg, trouble.later(now, hours=3))


def test_what_lapsed_can_not_be_taken_but_options_can(now: Now, booking: Booking, leg: ScheduledLeg) -> None:
    """Judged by the clock, whether or not anything ran meanwhile."""
    late = trouble.later(now, hours=2)
    with pytest.raises(OfferOver):
        take(booking, late)
    route = rebook.options(booking, late).routes[0]
    take(booking, late, [segment.leg for segment in route.segments])
    check(booking, leg, late)


def test_flights_as_booked_are_not_replaced_for_nothing(cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """Neither are flights that are none of the options."""
    booking = trouble.bought(leg, now=now)
    other = trouble.instead(leg)[3]
    assert rebook.options(booking, now) == (None, [])
    with pytest.raises(Conflict):
        take(booking, now, [other.leg])
    with pytest.raises(OfferOver):
        take(booking, now)
    trouble.cancel(leg, now)
    with pytest.raises(Conflict):
        take(booking, now, [shop.leg("EWR", "ORD").leg])
    assert kept(booking, now).booking.segments == booking.segments


def test_a_reinstated_flight_may_still_be_left_for_the_held_ones(now: Now, booking: Booking, leg: ScheduledLeg) -> None:
    """What was promised holds until its time is over."""
    trouble.say(leg, trouble.later(now, minutes=1), cancelled=False)
    assert booking.offer
    assert take(booking, trouble.later(now, minutes=2)).segments == booking.offer.change.segments


@pytest.mark.parametrize(
    ("observed", "minutes", "said"),
    [("cancelled", None, "does not fly"), ("actual_out", -1, "does not fly"), ("estimated_out", 44, "about to leave")],
)
def test_an_offered_flight_that_can_not_be_flown_is_not_taken(
    observed: str, minutes: int | None, said: str, now: Now, booking: Booking
) -> None:
    """However fast the tap, and late the news: it is cancelled too, has left, or is about to."""
    assert booking.offer
    (segment, *_) = booking.offer.change.segments
    offered = next(each for each in trouble.instead(shop.leg("EWR", "LAX", days=1)) if each.leg == segment.leg)
    trouble.say(offered, now, **{observed: minutes is None or now.flight + timedelta(minutes=minutes)})
    with pytest.raises(Conflict, match=said):
        take(booking, now)


def test_lost_races_are_run_again(now: Now, booking: Booking, monkeypatch: pytest.MonkeyPatch) -> None:
    """What others wrote meanwhile is read, and the offer is taken once."""
    write, lost = store.write, iter([True, True, False])

    def racing(*args: Any) -> None:
        if next(lost):
            raise LostRace("somebody else was first")
        write(*args)

    monkeypatch.setattr(store, "write", racing)
    take(booking, now)
    assert [event.what for event in kept(booking, now).booking.journal].count("changed") == 1


def test_taking_and_lapsing_at_the_end_agree(exact_cloud: None, now: Now) -> None:
    """In the offer's last moment it is taken or it lapses: then seats, money and journal say the same."""
    leg = shop.leg("EWR", "LAX", days=1)
    parties = [trouble.bought(leg, now=now) for _ in range(4)]
    trouble.cancel(leg, now)
    end = trouble.later(now, hours=2)
    just = Now(end.flight - timedelta(seconds=1), end.wall - timedelta(seconds=1))
    barrier = threading.Barrier(8)

    def act(number: int) -> None:
        booking = parties[number // 2]
        barrier.wait()
        try:
            if number % 2:
                take(booking, just)
            else:
                settle.look(booking.locator, end)
        except Conflict:
            pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(act, range(8)))
    after = [kept(each, end).booking for each in parties]
    for each in after:
        said = [event.what for event in each.journal[-2:]]
        assert "changed" in said or said == ["offered", "lapsed"]
        settle.look(each.locator, end)
    later = trouble.later(now, hours=4)
    shop.check_sums(trouble.instead(leg), [kept(each, later).booking for each in parties], later)


@pytest.fixture
def api(now: Now, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The REST API, at noon."""
    monkeypatch.setattr(clock, "now", lambda *_: now)
    monkeypatch.setattr(clock, "wall_now", lambda: now.wall)
    with Client(app.app, stage_name="test") as client:
        yield client.http


def test_options_and_rebooking_over_rest(api: Any, booking: Booking) -> None:
    """What is held, what else has seats, and one request that takes it."""
    headers = {"authorization": f"Bearer {access.link(booking)}", "content-type": "application/json"}
    shown = api.get(f"/v1/bookings/{booking.locator}/options", headers=headers).json_body
    assert (shown["why"], shown["instead_of"]) == ("cancelled", str(booking.segments[0].leg))
    assert shown["offer"]["due"]["amount"] == 0
    assert 1 < len(shown["options"]) <= rebook.MOST_SHOWN
    keyed = {**headers, "idempotency-key": "one-tap"}
    first = api.post(f"/v1/bookings/{booking.locator}/rebook", headers=keyed, body="{}")
    again = api.post(f"/v1/bookings/{booking.locator}/rebook", headers=keyed, body="{}")
    assert first.status_code == 200
    assert first.body == again.body
    flights = [each["flight"] for each in first.json_body["flights"]]
    assert flights == [each["flight"] for each in shown["offer"]["flights"]]
    other = json.dumps({"flights": flights})
    assert api.post(f"/v1/bookings/{booking.locator}/rebook", headers=keyed, body=other).status_code == 422


def test_a_booking_says_how_its_flights_stand(
    api: Any, now: Now, booking: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled, also once nothing is offered any more; what was taken instead flies as scheduled, or as expected."""
    headers = {"authorization": f"Bearer {access.link(booking)}", "content-type": "application/json"}
    path = f"/v1/bookings/{booking.locator}"
    shown = api.get(path, headers=headers).json_body
    leg = str(booking.segments[0].leg)
    assert shown["disruption"] == {"flight": leg, "why": "cancelled"}
    assert shown["flights"][0]["phase"] == "cancelled"
    assert "expected_out" not in shown["flights"][0]
    monkeypatch.setattr(clock, "now", lambda *_: trouble.later(now, hours=2))
    over = api.get(path, headers=headers).json_body
    assert ("offer" in over, over["disruption"]["flight"]) == (False, leg)
    monkeypatch.setattr(clock, "now", lambda *_: now)
    taken = api.post(f"{path}/rebook", headers={**headers, "idempotency-key": "taken"}, body="{}").json_body
    [segment] = kept(booking, now).booking.segments
    scheduled = timetable.leg(segment.leg, timetable.today(now.flight))
    assert scheduled
    late = segment.scheduled_out + timedelta(minutes=40)
    trouble.say(scheduled, now, estimated_out=late)
    [flight] = api.get(path, headers=headers).json_body["flights"]
    assert (flight["phase"], flight["expected_out"]) == ("scheduled", instant(late))
    assert flight["flight"] == taken["flights"][0]["flight"]
    assert "disruption" not in api.get(path, headers=headers).json_body


def path_of(booking: Booking) -> str:
    """The page of its offer."""
    link = rebook.link(booking)
    assert link
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


def test_one_tap_takes_the_offer_and_reading_its_page_does_not(api: Any, now: Now, booking: Booking) -> None:
    """Scanners follow links; the button may be pressed twice."""
    path = path_of(booking)
    assert booking.offer
    for _ in range(2):
        page = api.get(path)
        assert page.status_code == 200
        assert '<form method="post">' in page.body.decode()
    assert kept(booking, now).booking == booking
    for _ in range(2):
        assert api.post(path).status_code == 200
    after = kept(booking, now).booking
    assert after.segments == booking.offer.change.segments
    assert [event.what for event in after.journal].count("changed") == 1
    assert "<form" not in api.get(path).body.decode()


def test_a_link_says_so_when_the_offer_is_over(
    api: Any, now: Now, booking: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its button does nothing then; a changed token opens no page."""
    path = path_of(booking)
    monkeypatch.setattr(clock, "now", lambda *_: trouble.later(now, hours=2))
    assert api.get(path).status_code == 409
    assert api.post(path).status_code == 409
    assert api.get(path + "x").status_code == 404
    assert kept(booking, now).booking == booking
