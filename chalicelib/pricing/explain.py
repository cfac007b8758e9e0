"""What a flight costs a party at this moment, with everything that the price hangs on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.core.clock import Now
from chalicelib.core.errors import NotFound
from chalicelib.flights import timetable
from chalicelib.flights.identity import LegId
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing import charges, demand, fares, stock
from chalicelib.pricing.fares import Reckoning
from chalicelib.pricing.forecast import Demand
from chalicelib.pricing.model import Line, Party, Step
from chalicelib.pricing.seats import Cabin


@dataclass(frozen=True)
class Explanation:
    """A fare as it stands, and the price of a party, line by line with how each came about.

    There are no lines where no class is open to it.
    """

    scheduled: ScheduledLeg
    reckoning: Reckoning
    sold: Mapping[str, int]  # seats by booking class
    demand: Demand
    lines: Sequence[tuple[Line, Step]]


def explain(leg_id: LegId, cabin: Cabin, party: Party, now: Now) -> Explanation:
    """Explain the fare of a leg's cabin. Raises NotFound for a leg that is not for sale, or has no such cabin."""
    scheduled = timetable.leg(leg_id, timetable.today(now.flight))
    if scheduled is None:
        raise NotFound(f"{leg_id} is not in the timetable; flights of the next {timetable.HORIZON.days} days are")
    if scheduled.scheduled_out <= now.flight:
        raise NotFound(f"{leg_id} has left, and has no price any more")
    route = leg_id.origin, scheduled.destination
    inventory = stock.of([scheduled], now.wall, consistent=False)[scheduled.leg]
    if not inventory.capacity.get(cabin):
        raise NotFound(f"{leg_id} has no {cabin} cabin; it has {' and '.join(inventory.capacity)}")
    known = demand.of_routes([route], now)[route]
    reckoning = fares.reckon(fares.inputs_of(scheduled, cabin, party.seats, inventory, known, now))
    quote = fares.quote(scheduled, cabin, party.seats, inventory, known, now)
    lines = charges.explain(quote, party, now.flight.date()) if quote else []
    return Explanation(scheduled, reckoning, inventory.sold_by_class(now.wall), known, lines)
