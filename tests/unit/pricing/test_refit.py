"""Another configuration, or blocked seats: nobody who has a seat is left without one, or it can't be done."""

from collections import Counter
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import Invalid, NotFound
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.pricing.inventory import FREE, Inventory, Pending
from chalicelib.pricing.refit import refit
from chalicelib.pricing.seats import Cabin, seat_map

LEG = LegId(FlightNumber("UA", 1545), date(2026, 12, 1), "EWR")
FLEET = ("B738-149", "B738-140Y", "B738-189", "B739-191", "A319-145", "A320-200Y", "A321-379", "CRJ7-80", "E145-55")


def sold(configuration: str, by_locator: dict[int, str], *, blocked: str = "") -> Inventory:
    """A leg whose seats are had by locators: {7: "20A 20B"}."""
    holders = {seat: number for number, seats in by_locator.items() for seat in seats.split()}
    laid = seat_map(configuration)
    assert set(holders) <= set(laid.index)
    cells = tuple(holders.get(seat.number, FREE) for seat in laid.seats)
    held = {number: Pending("Y", 2_000_000_000) for number in list(by_locator)[:1]}
    counts = {"Y": len(holders)} if holders else {}
    return Inventory(LEG, "LAX", configuration, cells, counts, held, frozenset(blocked.split()), 3)


@st.composite
def changes(draw: st.DrawFn) -> tuple[Inventory, str, set[str]]:
    """A leg with some parties, what it shall fly with, and seats to be blocked."""
    old, new = draw(st.sampled_from(FLEET)), draw(st.sampled_from(FLEET))
    seed, share = draw(st.randoms(use_true_random=False)), draw(st.sampled_from([0.1, 0.4, 0.8, 1]))
    seats = [seat.number for seat in seat_map(old).seats if not seat.blocked and seed.random() < share]
    by_locator: dict[int, str] = {}
    while seats:
        party = seed.randint(1, 6)
        by_locator[len(by_locator) + 1], seats = " ".join(seats[:party]), seats[party:]
    blocked = {seat.number for seat in seat_map(new).seats if seed.random() < 0.05}
    return sold(old, by_locator), new, blocked


@given(changes())
def test_nobody_is_left_without_a_seat_or_it_can_not_be_done(change: tuple[Inventory, str, set[str]]) -> None:
    """Each passenger has one seat of their cabin, not blocked, and at an exit only who was; or the plan is none."""
    inventory, configuration, blocked = change
    plan = refit(inventory, configuration, blocked)
    old, new = inventory.seat_map, seat_map(configuration)
    had = {s.number: h for s, h in zip(old.seats, inventory.holders, strict=True) if h != FREE}
    usable = [seat for seat in new.seats if not seat.blocked and seat.number not in blocked]
    short = False
    for cabin in Cabin:
        there = [old.seats[old.index[number]] for number in had if old.seats[old.index[number]].cabin is cabin]
        open_ = [seat for seat in usable if seat.cabin is cabin]
        short |= len(open_) < len(there)
        short |= sum(not seat.exit for seat in open_) < sum(not seat.exit for seat in there)
    assert bool(plan.stranded) == short
    assert (plan.inventory is None) == short
    if not plan.inventory:
        return
    after = plan.inventory
    assert Counter(after.holders) - Counter({FREE: after.holders.count(FREE)}) == Counter(had.values())
    for number, holder in had.items():
        seat = new.seats[new.index[plan.moves.get(number, number)]]
        before = old.seats[old.index[number]]
        assert after.holders[new.index[seat.number]] == holder
        assert seat in usable
        assert seat.cabin is before.cabin
        assert before.exit or not seat.exit
    assert set(plan.moves) <= set(had)
    assert all(old_seat != new_seat for old_seat, new_seat in plan.moves.items())
    assert (after.sold, after.pending, after.version) == (inventory.sold, inventory.pending, inventory.version)
    assert (after.configuration, after.blocked) == (configuration, frozenset(blocked))
    assert refit(inventory, configuration, blocked).moves == plan.moves


@given(changes())
def test_a_change_to_the_same_moves_nobody(change: tuple[Inventory, str, set[str]]) -> None:
    """The configuration that it has, with nothing blocked."""
    inventory, _, _ = change
    plan = refit(inventory, inventory.configuration)
    assert not plan.moves
    assert plan.inventory == inventory


def test_who_finds_the_same_seat_keeps_it() -> None:
    """Only those move whose seats are not there, and each stays in their cabin."""
    inventory = sold("B738-189", {1: "1A", 2: "20A 20B", 3: "34A 34B"})
    plan = refit(inventory, "B738-149")
    assert plan.moves == {"34A": "8A", "34B": "8B"}
    assert plan.by_locator == {3: {"34A": "8A", "34B": "8B"}}
    assert plan.inventory
    at = datetime(2026, 11, 21, tzinfo=UTC)
    assert {"1A", "20A", "20B", "8A", "8B"}.isdisjoint(plan.inventory.free(at))


def test_a_party_stays_together() -> None:
    """Those of one locator who have to move sit side by side; beside those of them who keep their seats."""
    assert refit(sold("B738-189", {1: "34A 34B 34D"}), "B738-149").moves == {"34A": "8A", "34B": "8B", "34D": "8C"}
    plan = refit(sold("B738-149", {1: "20A 20B 20C"}), "B738-149", {"20B"})
    assert plan.moves == {"20B": "20D"}


def test_who_sat_at_an_exit_makes_room_for_who_may_not() -> None:
    """Of the last two seats one is at an exit: it goes to the one of whom it is known that they may sit there."""
    open_ = {"12A", "15A"}  # 12 is an exit row of the former aircraft, 15 one of the latter
    blocked = {seat.number for seat in seat_map("B738-189").seats if seat.cabin is Cabin.ECONOMY} - open_
    plan = refit(sold("B738-149", {1: "12A", 2: "20A"}), "B738-189", blocked)
    assert plan.moves == {"12A": "15A", "20A": "12A"}


def test_blocking_a_sold_seat_moves_who_has_it() -> None:
    """It stays blocked, and what was blocked before and is not named is open again."""
    plan = refit(sold("B738-149", {1: "20A"}, blocked="21A"), "B738-149", {"20A"})
    assert plan.moves == {"20A": "20F"}
    assert plan.inventory
    free = plan.inventory.free(datetime(2026, 11, 21, tzinfo=UTC))
    assert "20A" not in free
    assert "21A" in free


def test_nobody_is_put_at_an_exit_of_whom_it_is_not_known_that_they_may() -> None:
    """Row 12 of 149 seats is at an exit, and is none of 189: who sat there moves, unless it is said that they may."""
    inventory = sold("B738-189", {1: "12A", 2: "12B"})
    plan = refit(inventory, "B738-149", may_exit=["12B"])
    assert plan.moves == {"12A": "11A"}


def test_a_cabin_that_is_not_there_strands_its_passengers() -> None:
    """Nobody is put into another cabin without being asked."""
    plan = refit(sold("B738-149", {1: "1A 1B", 2: "20A"}), "B738-140Y")
    assert plan.stranded == ("1A", "1B")
    assert plan.inventory is None


def test_too_small_an_aircraft_strands_as_few_as_can_be() -> None:
    """Sixty seats sold do not fit into fifty-five; five are named."""
    seats = [seat.number for seat in seat_map("B738-149").of(Cabin.ECONOMY) if not seat.exit][:60]
    plan = refit(sold("B738-149", {1: " ".join(seats)}), "E145-55")
    exits = sum(seat.exit for seat in seat_map("E145-55").seats)
    assert len(plan.stranded) == 60 - (55 - exits)


def test_what_is_no_configuration_is_refused() -> None:
    """So are seats to be blocked that it has not."""
    with pytest.raises(NotFound):
        refit(sold("B738-149", {}), "B738-12345")
    with pytest.raises(Invalid, match="99Z") as refused:
        refit(sold("B738-149", {}), "B738-149", {"99Z", "20A"})
    assert refused.value.faults[0].name == "blocked"


def test_one_person_finds_a_seat_like_the_old_one() -> None:
    """With its legroom, at a window or an aisle as before, and near."""
    assert refit(sold("B738-189", {1: "34C"}), "B738-149").moves == {"34C": "27C"}
    assert refit(sold("B738-149", {1: "6F"}), "B738-149", {"6F"}).moves == {"6F": "6A"}
