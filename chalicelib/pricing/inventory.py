"""What of a leg is sold: who sits where, how many seats of each booking class are gone, and which are only held.

Who has a seat is known by the number of a record locator, which says nothing of people. A seat that is held stands in
`pending` with the instant at which it is free again, whether or not anything runs at that instant: all that is asked
of an inventory is asked as of an instant of wall time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from math import ceil
from typing import NamedTuple, Self

from chalicelib.core.errors import Conflict
from chalicelib.flights.identity import LegId
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing.seats import Cabin, SeatMap, configuration_of, seat_map

FREE = 0  # in a cell: nobody has the seat


def epoch(until: datetime) -> int:
    """The end of a hold as an inventory keeps it: in whole seconds, and never before the booking's own."""
    return ceil(until.timestamp())


class SeatTaken(Conflict):
    """A seat that is asked for is not free, or not on this aircraft; `seats` are those."""

    def __init__(self, leg: LegId, seats: Sequence[str]):
        super().__init__(
            f"{leg} has no free seat {', '.join(seats)}", members={"flight": str(leg), "seats": list(seats)}
        )
        self.seats = tuple(seats)


class Pending(NamedTuple):
    """Seats that are held and not paid yet: their booking class, and when they are free again (epoch seconds)."""

    booking_class: str
    until: int


@dataclass(frozen=True)
class Inventory:
    """A leg's seats as they were read; version 0: nothing was ever sold of it, and nothing is stored."""

    leg: LegId
    destination: str
    configuration: str
    holders: tuple[int, ...]  # by seat, in the order of the seat map: the number of a locator, or FREE
    sold: Mapping[str, int] = field(default_factory=dict)  # seats by booking class, held ones too
    pending: Mapping[int, Pending] = field(default_factory=dict)  # by the number of a locator
    blocked: frozenset[str] = frozenset()  # by an operator, beside those that the seat map blocks
    version: int = 0
    sequence: int = 0  # the last check-in sequence number that was given

    @classmethod
    def unsold(cls, scheduled: ScheduledLeg) -> Self:
        """The inventory of a leg of which nothing was sold."""
        configuration = configuration_of(scheduled)
        return cls(scheduled.leg, scheduled.destination, configuration, (FREE,) * len(seat_map(configuration).seats))

    @cached_property
    def seat_map(self) -> SeatMap:
        """The seats there are."""
        return seat_map(self.configuration)

    @cached_property
    def capacity(self) -> Mapping[Cabin, int]:
        """The seats that can be sold, by cabin: blocked ones are none."""
        capacity: dict[Cabin, int] = {}
        for seat in self.seat_map.seats:
            if not seat.blocked and seat.number not in self.blocked:
                capacity[seat.cabin] = capacity.get(seat.cabin, 0) + 1
        return capacity

    @cached_property
    def _sellable(self) -> frozenset[str]:
        """The seats that are for sale at all."""
        return frozenset(s.number for s in self.seat_map.seats if not s.blocked and s.number not in self.blocked)

    def lapsed(self, at: datetime) -> frozenset[int]:
        """The locators whose hold is over as far as is known here; one of them may have been paid since."""
        return frozenset(number for number, pending in self.pending.items() if pending.until <= at.timestamp())

    def next_lapse(self, at: datetime) -> int | None:
        """When the next hold will be over, in epoch seconds."""
        return min((p.until for p in self.pending.values() if p.until > at.timestamp()), default=None)

    def free(self, at: datetime) -> frozenset[str]:
        """The numbers of the seats that can be had; those whose hold is over are among them."""
        if not self.locators:
            return self._sellable
        lapsed = self.lapsed(at)
        return frozenset(
            seat.number
            for seat, holder in zip(self.seat_map.seats, self.holders, strict=True)
            if (holder == FREE or holder in lapsed) and not seat.blocked and seat.number not in self.blocked
        )

    def free_in(self, cabin: Cabin, at: datetime) -> int:
        """How many seats of a cabin can be had."""
        if not self.locators:
            return self.capacity.get(cabin, 0)
        seats = self.seat_map.index
        return sum(self.seat_map.seats[seats[number]].cabin is cabin for number in self.free(at))

    def sold_by_class(self, at: datetime) -> Mapping[str, int]:
        """Seats gone by booking class, without those whose hold is over."""
        sold = dict(self.sold)
        for number in self.lapsed(at):
            sold[self.pending[number].booking_class] -= self.holders.count(number)
        return sold

    def seats_of(self, number: int) -> tuple[str, ...]:
        """The seats that a locator has, in the order of the seat map."""
        return tuple(
            seat.number for seat, holder in zip(self.seat_map.seats, self.holders, strict=True) if holder == number
        )

    @cached_property
    def locators(self) -> frozenset[int]:
        """All who have a seat, held or sold."""
        return frozenset(self.holders) - {FREE}

    def take(self, number: int, booking_class: str, seats: Sequence[str], until: datetime | None) -> Self:
        """Give seats to a locator that has none here, until an instant or for good. Raises SeatTaken.

        Seats of holds that are over have to be given back first: only a booking knows whether it was paid. Raises
        LostRace where the locator has seats: they were taken, or not yet given back, since its booking was read.
        """
        if number in self.locators:
            from chalicelib.core.tables import LostRace

            raise LostRace(f"this booking has seats on {self.leg} already")
        self._check_free(seats)
        pending = dict(self.pending)
        if until is not None:
            pending[number] = Pending(booking_class, epoch(until))
        sold = {**self.sold, booking_class: self.sold.get(booking_class, 0) + len(seats)}
        return replace(self, holders=self._with(dict.fromkeys(seats, number)), sold=sold, pending=pending)

    def give_back(self, number: int, booking_class: str) -> Self:
        """Free every seat that a locator has."""
        seats = self.seats_of(number)
        left = self.sold.get(booking_class, 0) - len(seats)
        sold = {name: count for name, count in {**self.sold, booking_class: left}.items() if count}
        pending = {other: until for other, until in self.pending.items() if other != number}
        return replace(self, holders=self._with(dict.fromkeys(seats, FREE)), sold=sold, pending=pending)

    def settle(self, number: int) -> Self:
        """What a locator holds is its own for good: it was paid."""
        return replace(self, pending={other: until for other, until in self.pending.items() if other != number})

    def prolong(self, number: int, until: datetime) -> Self:
        """A locator holds its seats until another instant."""
        there = self.pending[number]
        return replace(self, pending={**self.pending, number: there._replace(until=epoch(until))})

    def reseat(self, number: int, seats: Sequence[str]) -> Self:
        """Give a locator as many other seats for those it has. Raises SeatTaken."""
        had = self.seats_of(number)
        cleared = replace(self, holders=self._with(dict.fromkeys(had, FREE)))
        cleared._check_free(seats)
        return replace(cleared, holders=cleared._with(dict.fromkeys(seats, number)))

    def checked_in(self, last: int) -> Self:
        """Check-in sequence numbers were given, up to a last one."""
        return replace(self, sequence=last)

    def _check_free(self, seats: Sequence[str]) -> None:
        index = self.seat_map.index
        gone = [
            number for number in seats
            if number not in index or self.holders[index[number]] != FREE
            or self.seat_map.seats[index[number]].blocked or number in self.blocked
        ]  # fmt: skip
        if gone:
            raise SeatTaken(self.leg, gone)

    def _with(self, holders: Mapping[str, int]) -> tuple[int, ...]:
        cells = list(self.holders)
        for seat, number in holders.items():
            cells[self.seat_map.index[seat]] = number
        return tuple(cells)
