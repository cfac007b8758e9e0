"""The journal of a booking, and how it stands by that."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.booking import changes, settle
from chalicelib.booking.encoding import decode, encode
from chalicelib.booking.model import (
    MOST_EVENTS,
    Booking,
    By,
    Cancelled,
    Change,
    Changed,
    ChangeHeld,
    CheckedIn,
    Closed,
    Contact,
    Declined,
    Documented,
    Expired,
    Held,
    KeyUse,
    Lapsed,
    Offered,
    Refunded,
    Reseated,
    Segment,
    State,
    Ticketed,
    Traveller,
    replay,
)
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, KeyReused
from chalicelib.flights.identity import LegId
from chalicelib.pricing.model import Line, TravellerKind
from chalicelib.pricing.seats import Cabin

AT = datetime(2026, 7, 10, 12, tzinfo=UTC)
UNTIL = AT + timedelta(minutes=15)
LEG, OTHER = LegId.parse("UA742-20260730-EWR"), LegId.parse("UA9-20260731-EWR")


def segment(leg=LEG, seats=("12A",)):
    out = datetime(leg.date.year, leg.date.month, leg.date.day, 12, tzinfo=UTC)
    return Segment(leg, "LAX", out, out + timedelta(hours=6), Cabin.ECONOMY, "M", "M14MAIN", tuple(seats), "")


LINES = (Line("fare", "M", 20_000, 0, 0),)
ANN = Traveller(TravellerKind.ADULT, "Smith", "Ann", date(1984, 6, 3))
HELD = Held(AT, UNTIL, (ANN,), (segment(),), LINES, (), "USD", Contact("ann@example.com"), None, KeyUse("a", "1"))
PAID = Ticketed(AT, 1, "sim_1", 20_000, ("0160000000001",), None, KeyUse("b", "2"))
DEARER = Change((segment(OTHER, ("14C",)),), (Line("fare", "Y", 30_000, 0, 0),), 10_000, UNTIL)
CHEAPER = Change((segment(OTHER, ("14C",)),), (Line("fare", "L", 15_000, 0, 0),), -5_000)
KEYS = st.one_of(st.none(), st.builds(KeyUse, st.sampled_from("abcdef"), st.just("1")))
EVENTS = st.lists(
    st.one_of(
        st.just(PAID), st.builds(Expired, st.just(AT)),
        st.builds(Lapsed, st.just(AT), st.sampled_from(["change", "offer"])),
        st.builds(Closed, st.just(AT), st.integers(0, 3)),
        st.builds(Declined, st.just(AT), st.integers(1, 9), st.text(max_size=9), KEYS),
        st.builds(ChangeHeld, st.just(AT), st.just(DEARER), KEYS),
        st.builds(Changed, st.just(AT), st.just(CHEAPER), st.sampled_from(By), KEYS),
        st.builds(Cancelled, st.just(AT), st.sampled_from(By), st.integers(0, 20_000), st.just(""), KEYS),
        st.builds(CheckedIn, st.just(AT), st.just(LEG), st.just({0: 1}), KEYS),
        st.builds(Documented, st.just(AT), st.just(0), st.sampled_from(["", "sealed"]), KEYS),
        st.builds(Reseated, st.just(AT), st.just(LEG), st.just(("20F",)), st.just(LINES), st.sampled_from(By), KEYS),
        st.builds(Refunded, st.just(AT), st.just(1), st.text(max_size=5), st.integers(1, 100)),
    ),
    max_size=12,
)  # fmt: skip


@given(EVENTS)
def test_a_booking_is_its_journal(events):
    """Read back from its bytes it stands the same, after every event; each event is one version more."""
    booking = Booking("K3M9TZ").then(HELD)
    for event in events:
        before, booking = booking, booking.then(event)
        assert booking.version == before.version + 1
        assert booking.journal[:-1] == before.journal
    assert replay("K3M9TZ", decode(encode(booking.journal))) == booking


@given(EVENTS, st.timedeltas(timedelta(-1), timedelta(1)))
def test_rights_to_seats_follow_from_how_it_stands(events, since):
    """For good only what is ticketed, until an instant only what is held; nothing after that, or once it is over."""
    booking, at = Booking("K3M9TZ").then(HELD, *events), UNTIL + since
    claims = booking.claims(at)
    assert all(until is None or at < until for _, until in claims.values())
    state = booking.state(at)
    assert (state is State.TICKETED) == any(until is None for _, until in claims.values())
    if state in (State.EXPIRED, State.CANCELLED) and not booking.change_at(at):
        assert claims == {}


def test_a_key_is_answered_with_what_stood_then():
    """Whatever came after it; with another body it is refused; an unknown one has no answer."""
    booking = Booking("K3M9TZ").then(HELD, PAID, Cancelled(AT, By.PASSENGER, 20_000, "", KeyUse("c", "3")))
    then, event = booking.answered(KeyUse("b", "2"))
    assert (then.state(AT), event, then.version) == (State.TICKETED, PAID, 2)
    assert booking.answered(KeyUse("z", "1")) is None
    with pytest.raises(KeyReused):
        booking.answered(KeyUse("b", "9"))


def test_a_paid_change_has_its_seats_and_lines_and_a_lapsed_one_has_none():
    """And what comes back of a cheaper one is due against the payment."""
    booking = Booking("K3M9TZ").then(HELD, PAID, ChangeHeld(AT, DEARER, None))
    assert booking.to_pay(AT) == 10_000
    assert booking.to_pay(UNTIL) is None
    paid = booking.then(Ticketed(AT, 2, "sim_2", 10_000, PAID.tickets, None, None))
    assert (paid.segments, paid.total, paid.paid, paid.change) == (DEARER.segments, 30_000, 30_000, None)
    assert booking.then(Lapsed(AT, "change")).segments == HELD.segments
    cheaper = Booking("K3M9TZ").then(HELD, PAID, Changed(AT, CHEAPER, By.PASSENGER, None))
    assert [(due.attempt, due.amount) for due in cheaper.refunds] == [(1, 5_000)]


def test_a_change_that_another_comes_before_is_closed_at_the_payment_service():
    """It may still be paid there: who is rebooked meanwhile has that back. One that was paid is not open."""
    waits = Booking("K3M9TZ").then(HELD, PAID, ChangeHeld(AT, DEARER, None))
    after = waits.then(Changed(AT, CHEAPER, By.AIRLINE, None))
    assert (after.change, after.closed, settle.next_look(after, AT)) == (None, False, AT)
    assert waits.then(PAID).closed


@pytest.mark.parametrize(
    ("events", "ends"),
    [
        ([HELD], UNTIL), ([HELD, PAID], None), ([HELD, PAID, ChangeHeld(AT, DEARER, None)], UNTIL),
        ([HELD, PAID, Offered(AT, DEARER, LEG, "cancelled")], UNTIL), ([HELD, Expired(AT)], AT),
        ([HELD, PAID, Cancelled(AT, By.PASSENGER, 1, "", None)], AT),
    ],
    ids=["held", "paid", "change", "offer", "over", "refund"],
)  # fmt: skip
def test_a_booking_is_looked_at_when_something_of_it_ends(events, ends):
    """At once where something is over or due already; else not at all."""
    assert settle.next_look(Booking("K3M9TZ").then(*events), AT) == ends


def test_other_seats_reach_a_change_that_leaves_the_flight():
    """Who is moved while a change waits sits on the new seat after it, too."""
    stays = Change((segment(), segment(OTHER, ("14C",))), LINES, 10_000, UNTIL)
    moved = Reseated(AT, LEG, ("20F",), LINES, By.AIRLINE, None, 3_000)
    booking = Booking("K3M9TZ").then(HELD, PAID, ChangeHeld(AT, stays, None), moved)
    assert booking.segments[0].seats == booking.change.segments[0].seats == ("20F",)
    assert (booking.due_back, [due.amount for due in booking.refunds]) == (3_000, [3_000])


@pytest.mark.parametrize(
    ("before", "then", "days", "gained"),
    [
        ([HELD], [PAID], 2, [LEG]),
        ([HELD], [PAID], 4, []),  # how it stands is not known yet
        ([], [HELD], 2, []),
        ([HELD, PAID], [Changed(AT, CHEAPER, By.PASSENGER, None)], 1, [OTHER]),
        ([HELD, PAID], [ChangeHeld(AT, DEARER, None)], 1, []),
        ([HELD, PAID, ChangeHeld(AT, DEARER, None)], [PAID], 1, [OTHER]),
        ([HELD, PAID], [Reseated(AT, LEG, ("20F",), LINES, By.PASSENGER, None)], 1, []),
        ([HELD, PAID], [Cancelled(AT, By.PASSENGER, 0, "", None)], 1, []),
    ],
    ids=["paid", "far", "held", "changed", "to pay", "change paid", "reseated", "cancelled"],
)
def test_seats_had_for_good_on_a_flight_that_leaves_soon_are_looked_at(before, then, days, gained):
    """Once, in the version that brings them: the flight may have been cancelled while they were paid."""
    was = Booking("K3M9TZ").then(*before)
    at = datetime(2026, 7, 30, 12, tzinfo=UTC) - timedelta(days=days)
    assert changes.gained(was if before else None, was.then(*then), Now(at, AT)) == gained


def test_an_erased_document_is_none():
    """What was given is gone, and its event stays."""
    booking = Booking("K3M9TZ").then(HELD, Documented(AT, 0, "sealed", None))
    assert booking.documents == {0: "sealed"}
    assert booking.then(Documented(AT, 0, "", None)).documents == {}


def test_a_journal_has_an_end():
    """Nobody makes a booking grow without bounds; what has to happen to it still does."""
    wish = Documented(AT, 0, "sealed", KeyUse("k", "f"))
    booking = Booking("K3M9TZ").then(HELD, *(wish for _ in range(MOST_EVENTS - 1)))
    with pytest.raises(Conflict):
        booking.then(wish)
    assert booking.then(Expired(AT)).kept_as is State.EXPIRED
    assert booking.then(Ticketed(AT, 1, "sim_1", booking.total, ("0",), None, KeyUse("p", "f"))).paid == booking.total
