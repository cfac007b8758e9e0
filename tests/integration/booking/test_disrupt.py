"""A flight that is cancelled or much later: each party is offered the next flights with seats."""

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count

import pytest

from chalicelib.booking import cancel, changes, disrupt, rebook, reroute, settle, store
from chalicelib.booking.hold import SoldOut
from chalicelib.booking.model import Booking, By, Cancelled, Changed, Disrupted, Offered, State
from chalicelib.core.clock import Now
from chalicelib.core.errors import Unavailable
from chalicelib.core.tables import LostRace
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing.seats import Cabin
from chalicelib.search import find

from . import shop, trouble

Sent = list[tuple[dict[str, object], timedelta]]


@pytest.fixture
def leg() -> ScheduledLeg:
    """A flight of tomorrow."""
    return shop.leg("EWR", "LAX", days=1)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What is to be looked at later, and after how long."""
    messages: Sent = []
    monkeypatch.setattr(changes, "send", lambda body, delay=timedelta(): messages.append((body, delay)))
    return messages


def kept(booking: Booking, now: Now) -> Booking:
    """As it stands."""
    found = store.booking(booking.locator, now.wall)
    assert found
    return found.booking


def revision(booking: Booking, now: Now) -> int:
    """At which it is kept."""
    found = store.booking(booking.locator, now.wall)
    assert found
    return found.revision


def offer_of(booking: Booking, now: Now) -> Offered:
    """What is held for it."""
    offer = kept(booking, now).offer_at(now.wall)
    assert offer
    return offer


def only(monkeypatch: pytest.MonkeyPatch, legs: Iterable[ScheduledLeg]) -> None:
    """Let no other flights be found than these, each by itself."""
    wanted = {each.leg for each in legs}

    def alternatives(*args: object, **more: object) -> list[find.Offer]:
        offers = real(*args, **more)  # type: ignore[arg-type] # as it is called
        return [offer for offer in offers if {s.scheduled.leg for s in offer.segments} <= wanted and not offer.stops]

    real = find.alternatives
    monkeypatch.setattr(reroute.find, "alternatives", alternatives)


def check(bookings: Iterable[Booking], legs: Iterable[ScheduledLeg], now: Now) -> None:
    """Seats and money add up."""
    every = [kept(each, now) for each in bookings]
    shop.check_sums(legs, every, now)
    shop.check_money(every)


def test_each_party_of_a_cancelled_flight_is_held_the_next_with_seats(cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """Seats on a later flight are held for two hours, beside those it has; it costs nothing."""
    booking = trouble.bought(leg, now=now, size=3)
    trouble.cancel(leg, now)
    offer = offer_of(booking, now)
    assert (offer.instead_of, offer.why) == (leg.leg, "cancelled")
    assert offer.change.until == now.wall + timedelta(hours=2)
    assert offer.change.segments[0].scheduled_out >= leg.scheduled_out
    assert offer.change.segments[-1].destination == "LAX"
    assert (offer.change.due, kept(booking, now).total) == (0, booking.total)
    check([booking], trouble.instead(leg), now)


def test_the_offer_ends_an_hour_before_the_offered_flight(cloud: None, leg: ScheduledLeg) -> None:
    """Where that is sooner than two hours; what leaves too soon to be held is not offered."""
    early = trouble.before(leg, hours=1)
    booking = trouble.bought(leg, now=early)
    trouble.cancel(leg, early)
    offer = offer_of(booking, early)
    leaves = offer.change.segments[0].scheduled_out
    assert offer.change.until == min(early.wall + timedelta(hours=2), leaves - timedelta(hours=1))


def test_a_message_may_come_twice_and_late(cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """An offer is made once, whatever else is told of the flight."""
    booking = trouble.bought(leg, now=now)
    trouble.cancel(leg, now)
    once = kept(booking, now)
    for kinds in (["cancelled"], ["delayed"], ["reinstated"]):
        trouble.follow(leg, now, *kinds)
    assert kept(booking, now) == once


def test_the_flight_counts_as_it_stands_not_as_it_was_told(cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """A cancellation that is told after the flight was reinstated changes nothing."""
    booking = trouble.bought(leg, now=now)
    trouble.say(leg, now, cancelled=False)
    trouble.follow(leg, now, "cancelled")
    assert kept(booking, now) == booking


def test_an_open_offer_outlives_a_reinstatement(cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """It may still be taken; another is not made once it lapses."""
    booking = trouble.bought(leg, now=now)
    trouble.cancel(leg, now)
    soon = trouble.later(now, minutes=5)
    trouble.say(leg, soon, cancelled=False)
    trouble.follow(leg, soon, "reinstated")
    assert kept(booking, soon).offer_at(soon.wall)
    late = trouble.later(now, hours=3)
    settle.look(booking.locator, late)
    trouble.follow(leg, late, "reinstated")
    assert not kept(booking, late).offer_at(late.wall)


def test_only_a_delay_of_three_hours_brings_an_offer_that_is_sooner(cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """14 CFR 260.2; and nobody is offered to arrive later than by waiting."""
    booking = trouble.bought(leg, now=now)
    trouble.delay(leg, now, timedelta(hours=2, minutes=59))
    assert kept(booking, now) == booking
    trouble.delay(leg, trouble.later(now, minutes=1), timedelta(hours=4))
    offer = offer_of(booking, now)
    assert offer.why == "delayed"
    assert offer.change.segments[-1].scheduled_in < leg.scheduled_in + timedelta(hours=4)
    check([booking], trouble.instead(leg), now)


def test_who_holds_without_having_paid_is_offered_nothing(cloud: None, now: Now, leg: ScheduledLeg, sent: Sent) -> None:
    """A hold ends by itself; where nobody has paid, nobody is to be looked at again."""
    booking = shop.held(leg, now=now)
    trouble.cancel(leg, now)
    assert (kept(booking, now), sent) == (booking, [])


def test_who_cancels_in_that_moment_is_offered_nothing(
    cloud: None, now: Now, leg: ScheduledLeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever loses the race looks at what became of the booking."""
    booking = trouble.bought(leg, now=now)

    def too_late(there: store.Kept, *_: object) -> None:
        cancel.once(there, None, now)
        raise LostRace("changed since")

    monkeypatch.setattr(reroute, "write", too_late)
    trouble.cancel(leg, now)
    assert [event.what for event in kept(booking, now).journal] == ["held", "ticketed", "cancelled"]


def test_where_seats_run_short_the_documented_order_holds(
    cloud: None, now: Now, leg: ScheduledLeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who booked first is served first, no party is split, a smaller one behind is; the others are noted once."""
    last = trouble.instead(leg)[2]
    only(monkeypatch, [last])
    trouble.leave([last], 4, now)
    parties = [
        trouble.bought(leg, now=at, size=size)
        for n, size in enumerate((3, 2, 1, 1))
        for at in [trouble.later(now, minutes=n)]
    ]
    at = trouble.later(now, minutes=10)
    trouble.cancel(leg, at)
    after = [kept(each, at) for each in parties]
    assert [bool(each.offer_at(at.wall)) for each in after] == [True, False, True, False]
    assert [each.journal[-1].what for each in after] == ["offered", "disrupted", "offered", "disrupted"]
    check(parties, [leg, last], at)
    trouble.follow(leg, at, "cancelled")
    assert [kept(each, at) for each in parties] == after


def test_seats_that_come_back_are_offered_a_quarter_of_an_hour_later(
    cloud: None, now: Now, leg: ScheduledLeg, monkeypatch: pytest.MonkeyPatch, sent: Sent
) -> None:
    """A cancelled flight is looked at again for as long as somebody waits."""
    other = trouble.instead(leg)[1]
    only(monkeypatch, [other])
    trouble.leave([other], 0, now)
    booking = trouble.bought(leg, now=now)
    trouble.cancel(leg, now)
    assert isinstance(kept(booking, now).journal[-1], Disrupted)
    assert ({"disrupted": str(leg.leg)}, timedelta(minutes=15)) in sent
    later = trouble.later(now, minutes=15)
    trouble.leave([other], 3, later)
    disrupt.again(leg.leg, later, lambda: 60)
    assert offer_of(booking, later).change.segments[0].leg == other.leg


def test_nobody_is_offered_to_leave_more_than_two_days_later(
    cloud: None, now: Now, leg: ScheduledLeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is no trip any more that was booked; it is refunded, unless sooner seats come back."""
    monkeypatch.setattr(reroute, "MOST_ROUTES", 500)
    only(monkeypatch, [each for each in trouble.instead(leg) if each.leg.date >= leg.leg.date + timedelta(days=3)])
    booking = trouble.bought(leg, now=now)
    trouble.cancel(leg, now)
    assert isinstance(kept(booking, now).journal[-1], Disrupted)


def test_what_there_is_no_time_for_is_done_when_the_message_comes_again(
    cloud: None, now: Now, leg: ScheduledLeg
) -> None:
    """Nobody is offered twice, and nobody is left out."""
    parties = [trouble.bought(leg, now=now) for _ in range(3)]
    trouble.say(leg, now, cancelled=True)
    for done in (1, 2):
        left = count(disrupt.RESERVE, -1)
        with pytest.raises(Unavailable):
            disrupt.follow(trouble.told(leg, "cancelled"), now, lambda left=left: next(left))  # type: ignore[misc]
        assert sum(bool(kept(each, now).offer) for each in parties) >= min(done, 2) - 1
    trouble.follow(leg, now, "cancelled")
    for each in parties:
        assert [event.what for event in kept(each, now).journal].count("offered") == 1


def test_an_offer_that_lapsed_comes_again_only_with_another_change(cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """And three times at the most."""
    booking = trouble.bought(leg, now=now)
    offers = []
    for n in range(6):
        at = trouble.later(now, hours=2.5 * n)
        settle.look(booking.locator, at)
        trouble.delay(leg, at, timedelta(hours=5, minutes=n))
        trouble.follow(leg, at, "delayed")
        offers.append(sum(isinstance(event, Offered) for event in kept(booking, at).journal))
        lapsed = trouble.later(at, hours=2.2)
        settle.look(booking.locator, lapsed)
        trouble.follow(leg, lapsed, "delayed")
        check([booking], trouble.instead(leg), lapsed)
    assert offers == [1, 2, 3, 3, 3, 3]


def test_an_offered_flight_that_is_cancelled_too_is_replaced(cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """Its seats go back with the new offer."""
    booking = trouble.bought(leg, now=now, size=2)
    trouble.cancel(leg, now)
    first = offer_of(booking, now).change.segments
    legs = {each.leg: each for each in trouble.instead(leg)}
    for segment in first:
        if segment.leg in legs:
            trouble.cancel(legs[segment.leg], now)
    second = offer_of(booking, now).change.segments
    assert not {s.leg for s in first} & {s.leg for s in second}
    check([booking], trouble.instead(leg), now)


def connection() -> tuple[ScheduledLeg, ScheduledLeg]:
    """From Los Angeles to Boston by Newark, with two hours and a half at the most to change."""
    for first in trouble.instead(shop.leg("LAX", "EWR", days=1), 1):
        for second in trouble.instead(shop.leg("EWR", "BOS", days=1), 2):
            if timedelta(hours=1, minutes=15) < second.scheduled_out - first.scheduled_in < timedelta(hours=2.5):
                return first, second
    raise LookupError


def test_a_connection_that_a_delay_will_break_is_said_before_it_breaks(cloud: None, now: Now) -> None:
    """Only the next flight is replaced, by one that is reached; the first, late by less than three hours, is flown."""
    first, second = connection()
    booking = trouble.bought(first, second, now=now, size=2)
    at = trouble.before(first, hours=3)
    by = second.scheduled_out - first.scheduled_in
    trouble.delay(first, at, by)
    offer = offer_of(booking, at)
    assert (offer.why, offer.instead_of) == ("missed_connection", second.leg)
    assert offer.change.segments[0] == booking.segments[0]
    assert offer.change.segments[1].scheduled_out >= first.scheduled_in + by
    check([booking], [first, *trouble.instead(second)], at)


def test_who_took_nothing_when_the_flight_was_to_leave_has_all_back(cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """Without asking (14 CFR 260.6), once no offer is open any more; looking again sends nothing more."""
    booking = trouble.bought(leg, now=now, size=2)
    trouble.cancel(leg, now)
    gone = Now(leg.scheduled_out, leg.scheduled_out)
    settle.look(booking.locator, gone)
    for at in (gone, trouble.later(gone, minutes=15)):
        disrupt.again(leg.leg, at, lambda: 60)
        settle.look(booking.locator, at)
    after = kept(booking, gone)
    assert (after.state(gone.wall), after.paid) == (State.CANCELLED, 0)
    assert [e.by for e in after.journal if isinstance(e, Cancelled)] == [By.AIRLINE]
    check([booking], trouble.instead(leg), gone)


def test_a_flight_that_flies_after_all_is_refunded_to_nobody(
    cloud: None, now: Now, leg: ScheduledLeg, sent: Sent
) -> None:
    """Nor looked at again, though it was cancelled once."""
    booking = trouble.bought(leg, now=now)
    trouble.cancel(leg, now)
    soon = trouble.later(now, minutes=15)
    trouble.say(leg, soon, cancelled=False)
    sent.clear()
    for at in (soon, Now(leg.scheduled_out, leg.scheduled_out)):
        disrupt.again(leg.leg, at, lambda: 60)
        assert (kept(booking, at).kept_as, sent) == (State.TICKETED, [])


def test_an_open_offer_comes_before_the_refund(
    cloud: None, now: Now, leg: ScheduledLeg, monkeypatch: pytest.MonkeyPatch, sent: Sent
) -> None:
    """Who may still take other flights keeps the booking for so long; they are looked at as it leaves, and on."""
    only(monkeypatch, trouble.instead(leg)[5:])
    early = trouble.before(leg, minutes=30)
    booking = trouble.bought(leg, now=now)
    trouble.cancel(leg, early)
    for minutes, delay in ((5, 5), (0, 15)):
        at = trouble.before(leg, minutes=minutes)
        sent.clear()
        disrupt.again(leg.leg, at, lambda: 60)
        assert kept(booking, at).state(at.wall) is State.TICKETED
        assert sent == [({"disrupted": str(leg.leg)}, timedelta(minutes=delay))]


def test_the_way_back_stays_where_the_way_there_is_refunded(cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """Only what does not take place is given back."""
    back = shop.leg("LAX", "EWR", days=9)
    booking = trouble.bought(leg, back, now=now)
    trouble.cancel(leg, now)
    gone = Now(leg.scheduled_out, leg.scheduled_out)
    settle.look(booking.locator, gone)
    disrupt.again(leg.leg, gone, lambda: 60)
    settle.look(booking.locator, gone)
    after = kept(booking, gone)
    assert [segment.leg for segment in after.segments] == [back.leg]
    assert isinstance(next(e for e in after.journal if e.what == "changed"), Changed)
    assert 0 < after.paid == after.total < booking.total
    check([booking], [*trouble.instead(leg), back], gone)


def test_who_booked_economy_sits_in_front_only_where_there_is_nothing_else(
    cloud: None, now: Now, leg: ScheduledLeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The class and the rules that were paid stay."""
    other = trouble.instead(leg)[1]
    only(monkeypatch, [other])
    booking = trouble.bought(leg, now=now)
    trouble.leave([other], 4, now, Cabin.FIRST)
    trouble.cancel(leg, now)
    segment = offer_of(booking, now).change.segments[0]
    assert (segment.leg, segment.cabin.value) == (other.leg, "first")
    assert segment.booking_class == booking.segments[0].booking_class
    check([booking], [leg, other], now)


def test_the_last_seats_go_once_whoever_asks_in_the_same_moment(
    exact_cloud: None, now: Now, leg: ScheduledLeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six parties, five seats, the message four times at once, and buyers in between."""
    other = trouble.instead(leg)[1]
    only(monkeypatch, [other])
    trouble.leave([other], 5, now)
    parties = [trouble.bought(leg, now=now, size=1 + n % 2) for n in range(6)]
    trouble.say(leg, now, cancelled=True)
    barrier = threading.Barrier(8)

    def act(number: int) -> Booking | None:
        barrier.wait()
        if number % 2:
            trouble.follow(leg, now, "delayed")
            return None
        try:
            return shop.held(other, now=now, client=f"192.0.2.{number}")
        except SoldOut:
            return None

    with ThreadPoolExecutor(8) as pool:
        sold = [booking for booking in pool.map(act, range(8)) if booking]
    every = [*parties, *sold]
    sums = shop.check_sums([other], [kept(each, now) for each in every], now)
    assert sums["capacity"] - sums.get("free", 0) in (4, 5)
    for each in parties:
        assert [event.what for event in kept(each, now).journal].count("offered") <= 1


def test_who_will_miss_the_next_flight_may_have_all_back_instead(cloud: None, now: Now) -> None:
    """The trip arrives too late, though none of its flights does (14 CFR 260.2 counts the whole itinerary)."""
    first, second = connection()
    booking = trouble.bought(first, second, now=now)
    at = trouble.before(first, hours=3)
    trouble.delay(first, at, second.scheduled_out - first.scheduled_in)
    assert cancel.preview(booking, at) == (cancel.preview(booking, now).refund, "airline")


def test_an_offer_that_no_longer_helps_is_replaced(cloud: None, now: Now) -> None:
    """The next flight was to be replaced; then the first is cancelled, too."""
    first, second = connection()
    booking = trouble.bought(first, second, now=now)
    at = trouble.before(first, hours=3)
    trouble.delay(first, at, second.scheduled_out - first.scheduled_in)
    trouble.cancel(first, trouble.later(at, minutes=5))
    offer = offer_of(booking, at)
    assert (offer.why, offer.instead_of) == ("cancelled", first.leg)
    assert first.leg not in {segment.leg for segment in offer.change.segments}
    check([booking], [*trouble.instead(first), *trouble.instead(second)], at)


def test_an_offer_for_the_way_there_outlives_trouble_on_the_way_back(cloud: None, now: Now, leg: ScheduledLeg) -> None:
    """One offer at a time, the first to be flown first; the other comes once that is taken and the flight changes."""
    back = shop.leg("LAX", "EWR", days=2)
    booking = trouble.bought(leg, back, now=now)
    trouble.cancel(leg, now)
    offer = offer_of(booking, now)
    trouble.cancel(back, now)
    assert offer_of(booking, now) == offer
    rebook.rebook(store.Kept(kept(booking, now), revision(booking, now)), None, shop.key(), now)
    trouble.follow(back, now, "cancelled")
    assert offer_of(booking, now).instead_of == back.leg
