"""Who waits for seats on a full flight is held some as they come back, in the order in which they asked."""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from chalice.test import Client

import app
from chalicelib.booking import access, cancel, changes, configure, hold, locator, settle, settlements, store, waitlist
from chalicelib.booking.configure import Said
from chalicelib.booking.model import Booking, KeyUse, State, replay
from chalicelib.core import callers, clock
from chalicelib.core.callers import Party, Person, Role
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.errors import Conflict, KeyReused
from chalicelib.flights.timetable import ScheduledLeg

from ..conftest import NOON
from . import shop, trouble
from .world import World, an_empty_gatecall

OPERATOR = Person("ada", Role.ADMIN, "ada@example.com", "a", "en", "s", callers.RECENT, (), ())


@pytest.fixture
def leg() -> ScheduledLeg:
    """A flight in some days."""
    return shop.leg("EWR", "ORD", days=10)


def full(leg: ScheduledLeg, now: Now, *sizes: int) -> list[Booking]:
    """Parties that have all seats of a leg."""
    trouble.leave([leg], sum(sizes), now)
    return [trouble.bought(leg, now=now, size=size) for size in sizes]


def waits(*legs: ScheduledLeg, now: Now, size: int = 1, use: KeyUse | None = None) -> Booking:
    """A party on the waitlist."""
    use = use or shop.key()
    return waitlist.join(shop.order(*legs, size=size), use, shop.somebody(), now)


def kept(booking: Booking, now: Now) -> store.Kept:
    """As it stands."""
    found = store.booking(booking.locator, now.wall)
    assert found
    return found


def states(bookings: Iterable[Booking], now: Now) -> list[str]:
    """How they stand."""
    return [str(kept(each, now).booking.state(now.wall)) for each in bookings]


def give_up(booking: Booking, now: Now, leg: ScheduledLeg) -> None:
    """Cancel, and serve the waitlist, as the stream has it done."""
    cancel.cancel(kept(booking, now), shop.key(), now)
    waitlist.serve(leg.leg, leg.destination, now)


def check(bookings: Iterable[Booking], leg: ScheduledLeg, now: Now) -> None:
    """Seats add up."""
    shop.check_sums([leg], [kept(each, now).booking for each in bookings], now)


def test_who_asked_first_is_held_seats_first(cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """For two hours, at the fare of that moment; the others wait on."""
    (one, two) = full(leg, now, 1, 1)
    waiting = [waits(leg, now=trouble.later(now, minutes=n)) for n in range(3)]
    at = trouble.later(now, hours=1)
    give_up(one, at, leg)
    assert states(waiting, at) == ["held", "waitlisted", "waitlisted"]
    served = kept(waiting[0], at).booking
    assert served.until == at.wall + timedelta(hours=2)
    assert served.total > 0
    give_up(two, at, leg)
    assert states(waiting, at) == ["held", "held", "waitlisted"]
    check([one, two, *waiting], leg, at)


def test_a_party_that_does_not_fit_is_passed_over_and_keeps_its_place(cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """It blocks nobody, is not split, and is served once there are enough."""
    (one, two) = full(leg, now, 1, 3)
    waiting = [waits(leg, now=trouble.later(now, minutes=n), size=size) for n, size in enumerate((3, 1))]
    at = trouble.later(now, hours=1)
    give_up(one, at, leg)
    assert states(waiting, at) == ["waitlisted", "held"]
    give_up(two, at, leg)
    assert states(waiting, at) == ["held", "held"]
    check([one, two, *waiting], leg, at)


def test_however_many_do_not_fit_those_behind_them_are_served(cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """A list of parties that are too large keeps nobody from the seats."""
    (one,) = full(leg, now, 1)
    large = waits(leg, now=now, size=2)
    for number in range(1, 110):
        another = replay(locator.of_number(number), large.journal)
        store.enlist(store.Kept(Booking(another.locator), 0), another, {leg.leg: leg.scheduled_out}, now)
    last = waits(leg, now=trouble.later(now, minutes=1))
    give_up(one, now, leg)
    assert states([large, last], now) == ["waitlisted", "held"]


def test_a_hold_that_lapses_unpaid_goes_to_the_next(
    cloud: None, now: Now, leg: ScheduledLeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what the bookings' stream says of it."""
    (one,) = full(leg, now, 1)
    waiting = [waits(leg, now=trouble.later(now, minutes=n)) for n in range(2)]
    at = trouble.later(now, hours=1)
    give_up(one, at, leg)
    before, late = kept(waiting[0], at).booking, trouble.later(at, hours=2)
    settle.look(before.locator, late)
    freed = changes.freed(before, kept(waiting[0], late).booking)
    assert freed == {leg.leg: leg.destination}
    settlements.handle({"freed": [str(leg.leg), leg.destination]}, late)
    assert states(waiting, late) == ["expired", "held"]
    check([one, *waiting], leg, late)


def test_seats_that_come_back_while_somebody_joins_are_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the process dies that put them on the list: the stream has seen it."""
    leg, enlist = shop.leg("EWR", "ORD", days=10), store.enlist
    with an_empty_gatecall(), World(Now(NOON, NOON)).open() as world:
        (one,) = full(leg, world.now, 1)

        def meanwhile(*listed: Any) -> None:
            cancel.cancel(kept(one, world.now), shop.key(), world.now)
            world.deliver()
            enlist(*listed)
            raise SystemExit

        monkeypatch.setattr(store, "enlist", meanwhile)
        use = shop.key()
        with pytest.raises(SystemExit):
            waits(leg, now=world.now, use=use)
        world.deliver()
        assert states([waits(leg, now=world.now, use=use)], world.now) == ["held"]


def test_seats_that_an_operator_gives_back_go_to_who_waits_whatever_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the process dies that has just written them."""
    leg, write = shop.leg("EWR", "ORD", days=10), store.write
    with an_empty_gatecall(), World(Now(NOON, NOON)).open() as world:
        full(leg, world.now, 1)
        waiting = waits(leg, now=world.now)

        def last(*written: Any) -> None:
            write(*written)
            raise SystemExit

        monkeypatch.setattr(store, "write", last)
        with pytest.raises(SystemExit):
            configure.configure(leg.leg, Said("", ()), OPERATOR, "192.0.2.1", world.now)
        monkeypatch.setattr(store, "write", write)
        world.deliver(configure.SERVED_AFTER)
        assert states([waiting], world.now) == ["held"]


def test_who_was_served_pays_like_anybody(cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """The hold is a hold."""
    (one,) = full(leg, now, 1)
    waiting = waits(leg, now=now)
    give_up(one, now, leg)
    paid = shop.paid(waiting, trouble.later(now, minutes=90))
    assert paid.state(now.wall) is State.TICKETED
    shop.check_money([kept(one, now).booking, paid])


def test_flights_with_seats_have_no_waitlist(cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """They can be booked."""
    trouble.leave([leg], 2, now)
    with pytest.raises(Conflict, match="have seats"):
        waits(leg, now=now, size=2)
    assert waits(leg, now=now, size=3).state(now.wall) is State.WAITLISTED


def test_one_key_waits_once(cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """Also once seats are held for it."""
    (one,) = full(leg, now, 1)
    use = shop.key()
    booking = waits(leg, now=now, use=use)
    assert waits(leg, now=now, use=use) == booking
    give_up(one, now, leg)
    assert waits(leg, now=now, use=use) == booking
    assert waits(leg, now=trouble.before(leg, minutes=5), use=use) == booking
    with pytest.raises(KeyReused):
        waits(leg, now=now, use=use._replace(fingerprint="0" * 32))
    assert store.waiting(leg.leg, now.wall, 10) == []


@pytest.mark.parametrize("freed", [False, True], ids=["full", "a seat came back"])
def test_one_key_that_comes_twice_at_once_waits_once(
    cloud: None, now: Now, leg: ScheduledLeg, monkeypatch: pytest.MonkeyPatch, freed: bool
) -> None:
    """Whoever is slower is given what the faster one got, whatever happened to the flight in between."""
    (one,) = full(leg, now, 1)
    use, real, faster = shop.key(), hold.spend, list[Booking]()

    def meanwhile(*arguments: Any) -> None:
        monkeypatch.setattr(hold, "spend", real)
        faster.append(waits(leg, now=now, use=use))
        if freed:
            cancel.cancel(kept(one, now), shop.key(), now)
        real(*arguments)

    monkeypatch.setattr(hold, "spend", meanwhile)
    assert [waits(leg, now=now, use=use)] == faster
    assert len(store.waiting(leg.leg, now.wall, 10)) == 1


def test_who_waits_is_kept_until_the_flight_leaves_whatever_the_flight_clock_shows(
    cloud: None, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deleted, or over, by the wall's clock, which may be far ahead of the flights'."""
    ahead, leg = timedelta(days=100), shop.leg("EWR", "ORD", days=50)
    full(leg, now, 1)
    apart = now._replace(wall=now.wall + ahead)
    monkeypatch.setattr(store, "flight_now", lambda _, wall: wall - ahead)
    booking = waits(leg, now=apart)
    store.note_erasing(booking.locator, leg.scheduled_in.date(), apart)
    items = boto3.client("dynamodb").scan(TableName=config().bookings_table)["Items"]
    of_it = [each for each in items if booking.locator in each["pk"]["S"] + each["sk"]["S"]]
    assert len(of_it) == 3
    assert min(int(each["expires"]["N"]) for each in of_it) >= int((leg.scheduled_out + ahead).timestamp())
    assert [each.locator for each in store.waiting(leg.leg, apart.wall, 10)] == [booking.locator]
    leaves = leg.scheduled_out + ahead
    assert [booking.state(at) for at in (apart.wall, leaves)] == [State.WAITLISTED, State.EXPIRED]


def test_the_link_of_a_booking_opens_it_whatever_the_flight_clock_shows(
    cloud: None, now: Now, leg: ScheduledLeg
) -> None:
    """Links end by the wall's clock, which may be far ahead of the flights'."""
    full(leg, now, 1)
    before, later = kept(waits(leg, now=now), now), trouble.later(now, days=1000)
    made = replay(before.booking.locator, [replace(before.booking.journal[0], at=later.wall)])
    store.save(before, made)
    assert access.admitted(made.locator, Party(link=access.link(made)), "", later).booking == made


def test_who_leaves_the_list_is_passed_over(cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """By leaving or by cancelling; leaving twice does no harm."""
    (one,) = full(leg, now, 1)
    waiting = [waits(leg, now=trouble.later(now, minutes=n)) for n in range(3)]
    for _ in range(2):
        waitlist.leave(kept(waiting[0], now), now)
    cancel.cancel(kept(waiting[1], now), shop.key(), now)
    give_up(one, now, leg)
    assert states(waiting, now) == ["cancelled", "cancelled", "held"]
    with pytest.raises(Conflict):
        waitlist.leave(kept(waiting[2], now), now)


def test_a_journey_is_held_only_as_a_whole(cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """A party waits on the lists of all its flights, and is served once all have seats."""
    back = shop.leg("ORD", "EWR", days=12)
    (out,), (home,) = full(leg, now, 1), full(back, now, 1)
    booking = waits(leg, back, now=now)
    give_up(out, now, leg)
    assert states([booking], now) == ["waitlisted"]
    give_up(home, now, back)
    assert states([booking], now) == ["held"]
    shop.check_sums([leg, back], [kept(each, now).booking for each in (out, home, booking)], now)
    waitlist.serve(leg.leg, leg.destination, now)
    assert store.waiting(leg.leg, now.wall, 10) == []


def test_nobody_is_held_seats_too_late_to_be_told(cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """An hour before departure a hold would end."""
    (one,) = full(leg, now, 1)
    booking = waits(leg, now=now)
    late = trouble.before(leg, minutes=65)
    cancel.cancel(kept(one, now), shop.key(), now)
    waitlist.serve(leg.leg, leg.destination, late)
    assert states([booking], late) == ["waitlisted"]
    gone = Now(leg.scheduled_out, leg.scheduled_out)
    assert store.waiting(leg.leg, gone.wall, 10) == []


def test_seats_are_served_once_however_many_messages_come(exact_cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """Four seats, eight who wait, eight messages at once: the first four have one each."""
    taken = full(leg, now, 1, 1, 1, 1)
    waiting = [waits(leg, now=trouble.later(now, seconds=n)) for n in range(8)]
    at = trouble.later(now, minutes=5)
    for each in taken:
        cancel.cancel(kept(each, at), shop.key(), at)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: waitlist.serve(leg.leg, leg.destination, at), range(8)))
    assert states(waiting, at) == ["held"] * 4 + ["waitlisted"] * 4
    check([*taken, *waiting], leg, at)


@pytest.fixture
def api(cloud: None, now: Now, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The REST API, at noon."""
    monkeypatch.setattr(clock, "now", lambda *_: now)
    monkeypatch.setattr(clock, "wall_now", lambda: now.wall)
    with Client(app.app, stage_name="test") as client:
        yield client.http


def test_waiting_over_rest(api: Any, now: Now, leg: ScheduledLeg) -> None:
    """Joined like a booking, shown as one, and left again; without seats to wait for it is a 409 that says so."""
    trouble.leave([leg], 1, now)
    body = {
        "flights": [{"flight": str(leg.leg)}],
        "passengers": [{"family_name": "Müller", "given_name": "Ann"}],
        "contact": {"email": "ann@example.com"},
    }
    headers = {"content-type": "application/json", "idempotency-key": "w1"}
    refused = api.post("/v1/waitlist", headers=headers, body=json.dumps(body))
    assert refused.status_code == 409
    shop.held(leg, now=now)
    made = api.post("/v1/waitlist", headers=headers, body=json.dumps(body))
    assert (made.status_code, made.json_body["state"]) == (201, "waitlisted")
    named = {"x-family-name": quote("Müller")}
    pnr = made.json_body["pnr"]
    assert api.get(f"/v1/bookings/{pnr}", headers=named).json_body["state"] == "waitlisted"
    assert api.delete(f"/v1/waitlist/{pnr}", headers={"x-family-name": "Smith"}).status_code == 404
    for _ in range(2):
        assert api.delete(f"/v1/waitlist/{pnr}", headers=named).status_code == 204
    assert api.get(f"/v1/bookings/{pnr}", headers=named).json_body["state"] == "cancelled"
