"""What a flight is flown with, as its airline or the airport it leaves from says: the aircraft, and blocked seats.

Who sits on a seat that is no more, or is blocked, is moved to another one of the same cabin, and told (`Reseated` by
the airline); nobody is left without a seat: then nothing is done. The flight's seats and all bookings that are moved
change in one transaction. Who paid for a kind of seat that they don't have then gets that back (14 CFR 260.4), unless
other flights are held for them at that moment: then their agent does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from chalicelib.accounts import audit
from chalicelib.accounts.model import Event
from chalicelib.booking import changes, store
from chalicelib.booking import locator as locators
from chalicelib.booking.model import Booking, By, Reseated, State
from chalicelib.booking.seating import shelf
from chalicelib.booking.standing import is_gone, statuses_of
from chalicelib.booking.store import Kept
from chalicelib.core.callers import Person
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, Forbidden, NotFound, Unavailable
from chalicelib.core.tables import ATTEMPTS, LostRace
from chalicelib.core.telemetry import count, logger
from chalicelib.flights import operate, timetable
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import Flight
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing import charges
from chalicelib.pricing.inventory import Inventory
from chalicelib.pricing.model import Line
from chalicelib.pricing.refit import Refit, refit
from chalicelib.pricing.seats import SeatMap, configuration_of

MOST_ITEMS = 100  # of a transaction (DynamoDB's quotas)
SERVED_AFTER = timedelta(minutes=1)  # until a waitlist is served: the flight's seats are written by then
SHOWN_AFTER = timedelta(seconds=5)  # until who watches the seats is shown them: likewise, as a rule


@dataclass(frozen=True)
class Said:
    """What an operator says. `configuration` "": that of the timetable; None: as it is. `blocked`: all of them."""

    configuration: str | None
    blocked: tuple[str, ...] | None


@dataclass(frozen=True)
class Configured:
    """A flight's seats as they then stood, and who was moved: old seats, and the new ones."""

    inventory: Inventory
    moves: Mapping[str, str]


def configure(leg: LegId, said: Said, person: Person, client: str, now: Now) -> Configured:
    """Change what a flight flies with, all or nothing. Raises NotFound, Forbidden, Invalid, Conflict, Unavailable."""
    _check_may(leg, person)
    scheduled = timetable.leg(leg, timetable.today(now.flight))
    if scheduled is None:
        raise NotFound(f"{leg} is not sold; flights of the next {timetable.HORIZON.days} days are")
    if is_gone(scheduled, statuses_of([leg], now).get(leg), now):
        raise Conflict(f"{leg} has left")
    recorded = False
    for _ in range(ATTEMPTS):
        there = shelf([scheduled], now.wall)
        plan = _plan(there.seats[leg], scheduled, said)
        assert plan.inventory
        if (plan.inventory.configuration, plan.inventory.blocked) == (
            there.seats[leg].configuration, there.seats[leg].blocked,
        ):  # fmt: skip
            return Configured(there.seats[leg], {})
        moved = _moved(leg, plan, now)
        if 1 + len(moved) + len(there.lapsed) > MOST_ITEMS:
            raise Conflict(
                f"{len(moved)} bookings would have to move at once, and at most {MOST_ITEMS - 1} can; take a"
                " configuration that is more like the present one, or block fewer seats at a time",
                members={"bookings": len(moved)},
            )
        if not recorded:
            detail = {
                "configuration": plan.inventory.configuration,
                "blocked": " ".join(sorted(plan.inventory.blocked)),
            }
            audit.record(
                Event(now.wall, "flight-configured", person.id, f"flight:{leg}", client, tuple(detail.items())),
                now.wall,
            )  # first: nothing is done without its line
            recorded = True
        # Before, lest it be forgotten.
        changes.send({"configured": [str(leg), plan.inventory.version + 1]}, SHOWN_AFTER)
        if len(plan.inventory.free(now.wall)) > len(there.seats[leg].free(now.wall)):
            changes.send({"freed": [str(leg), scheduled.destination]}, SERVED_AFTER)
        ended = [each for each in there.lapsed if each[0].booking.locator not in {k.booking.locator for k, _ in moved}]
        try:
            store.write([*moved, *ended], {leg: plan.inventory})
        except LostRace:
            continue
        count("FlightsConfigured")
        logger.info("configured", flight=str(leg), account=person.id, moved=len(moved))
        return Configured(replace(plan.inventory, version=plan.inventory.version + 1), plan.moves)
    raise Unavailable("others keep buying seats of this flight; try again")


def _check_may(leg: LegId, person: Person) -> None:
    """See that a person acts for the airline, whose the aircraft is. Raises Forbidden."""
    acts_for = operate.mandate(person, Flight(leg)).get("departure_gate")
    if acts_for not in (leg.flight.carrier, "admin"):
        whom = ", ".join(person.airlines + person.airports)
        raise Forbidden(f"this account may not configure {leg}: {leg.flight.carrier} may, and it acts for {whom}")


def _plan(inventory: Inventory, scheduled: ScheduledLeg, said: Said) -> Refit:
    """What would become of everybody. Raises Conflict where somebody would have no seat, NotFound, Invalid."""
    name = inventory.configuration if said.configuration is None else said.configuration or configuration_of(scheduled)
    blocked = inventory.blocked if said.blocked is None else said.blocked
    plan = refit(inventory, name, blocked)
    if plan.stranded:
        raise Conflict(
            f"{len(plan.stranded)} passengers of {inventory.leg} would have no seat: those on "
            + ", ".join(plan.stranded[:20]) + (", …" if len(plan.stranded) > 20 else ""),
            members={"stranded": list(plan.stranded)},
        )  # fmt: skip
    return plan


def _moved(leg: LegId, plan: Refit, now: Now) -> list[tuple[Kept, Booking]]:
    """The bookings whose travellers move, before and after. Raises Unavailable where one is not as the seats say."""
    assert plan.inventory
    by_name = {locators.of_number(number): moves for number, moves in plan.by_locator.items()}
    found = {kept.booking.locator: kept for kept in store.bookings(by_name, now.wall)}
    moved = []
    for name, moves in by_name.items():
        kept = found.get(name)
        claim = kept.booking.claims(now.wall).get(leg) if kept else None
        if kept is None or claim is None:
            raise Unavailable(f"the seats of {leg} are just changing hands; try again")
        seats = tuple(moves.get(seat, seat) if seat else None for seat in claim[0].seats)
        lines, back = _lines(kept.booking, leg, seats, plan.inventory.seat_map, now)
        moved.append((kept, kept.booking.then(Reseated(now.wall, leg, seats, lines, By.AIRLINE, None, back))))
    return moved


def _lines(
    booking: Booking, leg: LegId, seats: Sequence[str | None], seat_map: SeatMap, now: Now
) -> tuple[tuple[Line, ...], int]:
    """The price without the kinds of seats that were chosen and are not had any more, and what comes back of it."""
    place = next((at for at, segment in enumerate(booking.segments) if segment.leg == leg), None)
    if place is None or booking.change_at(now.wall) or booking.offer_at(now.wall):
        return booking.lines, 0

    def lost(line: Line) -> bool:
        seat = seats[line.traveller] if line.traveller is not None else None
        there = line.kind == "seat" and line.segment == place and seat
        return bool(there) and charges.seat_extra(seat_map.seats[seat_map.index[str(seat)]]) != line.code

    gone = [line for line in booking.lines if lost(line)]
    back = sum(line.amount for line in gone) if booking.state(now.wall) is State.TICKETED else 0
    return tuple(line for line in booking.lines if line not in gone), back
