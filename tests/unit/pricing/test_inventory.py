"""Who has which seats of a leg, and until when."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.tables import LostRace
from chalicelib.pricing.inventory import Inventory, SeatTaken, epoch
from chalicelib.pricing.seats import Cabin

from .legs import NOW, inventory, scheduled

ANN, BOB = 7, 8


def numbers(there: Inventory, count: int) -> list[str]:
    """The first free seats of economy."""
    return [seat.number for seat in there.seat_map.of(Cabin.ECONOMY) if seat.number in there.free(NOW)][:count]


def test_a_seat_has_one_holder() -> None:
    """Who comes second is told which seats are gone."""
    there = inventory(scheduled())
    first, second, third = numbers(there, 3)
    there = there.take(ANN, "M", [first, second], None)
    with pytest.raises(SeatTaken, match=second):
        there.take(BOB, "M", [second, third], None)


def test_who_has_seats_is_given_none_besides() -> None:
    """An inventory ends a hold up to a second after its booking: what is held in that second would be held twice."""
    there = inventory(scheduled())
    first, second = numbers(there, 2)
    until = NOW + timedelta(milliseconds=200)
    held = there.take(ANN, "M", [first], until)
    assert not held.lapsed(until)
    with pytest.raises(LostRace):
        held.take(ANN, "K", [second], until + timedelta(minutes=15))


@given(span=st.timedeltas(min_value=timedelta(), max_value=timedelta(minutes=15)))
def test_a_seat_is_never_free_before_its_hold_ends(span: timedelta) -> None:
    """Ends are kept in whole seconds, and rounded up."""
    until = NOW + span
    assert until.timestamp() <= epoch(until) < until.timestamp() + 1


def test_what_is_given_back_is_free_and_not_sold() -> None:
    """Seats and counts by class go back together."""
    there = inventory(scheduled())
    taken = there.take(ANN, "M", numbers(there, 3), NOW + timedelta(minutes=15))
    assert taken.sold_by_class(NOW) == {"M": 3}
    assert taken.give_back(ANN, "M") == there
