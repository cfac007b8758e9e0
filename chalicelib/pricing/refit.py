"""What becomes of who sits on a leg when an operator changes what it flies with, or blocks some of its seats.

`refit` plans it, purely: who keeps their seat, where the others sit, and who is left without one. The moves stand in
bookings, too: the verb that writes both in one transaction is booking's.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property

from chalicelib.core.errors import Fault, Invalid
from chalicelib.pricing.inventory import FREE, Inventory
from chalicelib.pricing.seats import Cabin, Seat, SeatMap, seat_map
from chalicelib.pricing.together import together


@dataclass(frozen=True)
class Refit:
    """A plan. Where `stranded` names seats, whose passengers would have none, it may not be done: no inventory."""

    inventory: Inventory | None  # as it would stand, to be written at the version it was read at
    moves: Mapping[str, str]  # the seats of all who have to move: the old one, the new one
    stranded: tuple[str, ...]  # old seats
    holders: Mapping[str, int]  # by old seat: the number of the locator that has it

    @cached_property
    def by_locator(self) -> Mapping[int, Mapping[str, str]]:
        """The moves by the number of the locator that has the seats."""
        found: dict[int, dict[str, str]] = {}
        for old, new in self.moves.items():
            found.setdefault(self.holders[old], {})[old] = new
        return found


def refit(
    inventory: Inventory, configuration: str, blocked: Iterable[str] = (), *, may_exit: Iterable[str] = ()
) -> Refit:
    """Plan another configuration, or the same with other seats blocked by the operator.

    Everybody stays in their cabin. Who has a seat of the same number there, and not blocked, keeps it. The others are
    seated by their parties (who share a locator): beside those of them who keep theirs, else together, and one person
    on a seat like the old one; larger parties first. Where that would leave somebody without a seat, each is seated
    for themselves, and who sat at an exit goes to one so that others have a seat.

    Nobody who did not sit at an exit comes to sit at one, as we don't know whether they may (14 CFR 121.585), but for
    those whose seats `may_exit` names. Holds that are over count like any other: give them back before.

    Raises NotFound for what is no configuration, Invalid for blocked seats it has not.
    """
    old, new, blocked = inventory.seat_map, seat_map(configuration), frozenset(blocked)
    if unknown := sorted(blocked - set(new.index)):
        detail = f"{configuration} has no seat {', '.join(unknown[:9])}"
        raise Invalid(detail, [Fault("body", "blocked", detail)])
    holders = {seat.number: holder for seat, holder in zip(old.seats, inventory.holders, strict=True) if holder != FREE}
    away = {number for number in holders if not old.seats[old.index[number]].exit} - set(may_exit)
    usable = {seat.number: seat for seat in new.seats if not seat.blocked and seat.number not in blocked}
    kept = {number for number in holders
            if _keeps(old.seats[old.index[number]], usable.get(number), stays_away=number in away)}  # fmt: skip
    moves: dict[str, str] = {}
    stranded: list[str] = []
    for cabin in old.cabins:
        parties: dict[int, list[Seat]] = {}
        for seat in old.of(cabin):
            if seat.number in holders and seat.number not in kept:
                parties.setdefault(holders[seat.number], []).append(seat)
        open_ = _Open(new, cabin, frozenset(n for n, seat in usable.items() if seat.cabin is cabin) - kept, away)
        staying = {number: [seat for seat in new.of(cabin) if seat.number in kept and holders[seat.number] == number]
                   for number in parties}  # fmt: skip
        own = [seat for party in parties.values() for seat in party]
        found = open_.by_party(parties, staying)
        if found is None:
            found = open_.one_by_one(own)
        if len(found) < len(own):  # who may sit at an exit makes room for those who may not
            room = [seat for seat in old.of(cabin) if seat.number in kept - away and not usable[seat.number].exit]
            room = room[: len(own) - len(found)]
            wider = replace(open_, free=open_.free | {seat.number for seat in room}).one_by_one([*own, *room])
            found = wider if len(wider) == len(own) + len(room) else found
        moves |= {seat: other for seat, other in found.items() if seat != other}
        stranded += [seat.number for seat in own if seat.number not in found]
    if stranded:
        return Refit(None, moves, tuple(stranded), holders)
    seats = {moves.get(number, number): holder for number, holder in holders.items()}
    cells = tuple(seats.get(seat.number, FREE) for seat in new.seats)
    after = replace(inventory, configuration=configuration, holders=cells, blocked=blocked)
    return Refit(after, moves, (), holders)


def _keeps(old: Seat, new: Seat | None, *, stays_away: bool) -> bool:
    return new is not None and new.cabin is old.cabin and not (new.exit and stays_away)


@dataclass(frozen=True)
class _Open:
    """The seats of a cabin that nobody keeps, and the old seats of those who may not come to sit at an exit."""

    seat_map: SeatMap
    cabin: Cabin
    free: frozenset[str]
    away: Set[str]

    def by_party(self, parties: Mapping[int, list[Seat]], staying: Mapping[int, list[Seat]]) -> dict[str, str] | None:
        """New seats for all, party by party; None where one of them finds too few."""

        def urgency(locator: int) -> tuple[bool, int, int]:
            own = parties[locator]
            return all(seat.number not in self.away for seat in own), -len(own), locator

        found: dict[str, str] = {}
        for locator in sorted(parties, key=urgency):
            own, left = parties[locator], replace(self, free=self.free - set(found.values()))
            seats = left.beside(own, staying[locator]) if staying[locator] else left.apart(own)
            if seats is None:
                return None
            found |= zip((seat.number for seat in own), seats, strict=True)
        return found

    def apart(self, own: Sequence[Seat]) -> list[str] | None:
        """The best seats for a party none of whom keeps theirs; for one person a seat like the old one, and near it."""
        if len(own) > 1:
            may_exit = [seat.number not in self.away for seat in own]
            return together(self.seat_map, self.free, self.cabin, len(own), may_exit=may_exit)
        [old] = own
        there = self.permitted(old)
        like = [
            (old.extra_legroom != seat.extra_legroom, old.position is not seat.position, abs(old.row - seat.row), at)
            for at, seat in enumerate(there)
        ]
        return [there[min(like)[-1]].number] if like else None

    def permitted(self, old: Seat) -> list[Seat]:
        """The free seats in which who had an old one may sit."""
        return [seat for seat in self.seat_map.of(self.cabin)
                if seat.number in self.free and not (seat.exit and old.number in self.away)]  # fmt: skip

    def beside(self, own: Iterable[Seat], staying: Iterable[Seat]) -> list[str] | None:
        """For each old seat the free one nearest to where others of the party stay; a row is as far as three seats."""
        columns = self.seat_map.grid(self.cabin).columns
        near, taken = list(staying), list[str]()
        for seat in own:
            there = [free for free in self.permitted(seat) if free.number not in taken]
            if not there:
                return None
            _, at = min(
                (min(3 * abs(free.row - other.row) + abs(columns[free.letter] - columns[other.letter])
                     for other in near), at)
                for at, free in enumerate(there)
            )  # fmt: skip
            taken.append(there[at].number)
            near.append(there[at])
        return taken

    def one_by_one(self, own: Iterable[Seat]) -> dict[str, str]:
        """New seats for as many as there are; those first who may not sit at an exit."""
        found: dict[str, str] = {}
        for seat in sorted(own, key=lambda seat: seat.number not in self.away):
            if seats := replace(self, free=self.free - set(found.values())).apart([seat]):
                found[seat.number] = seats[0]
        return found
