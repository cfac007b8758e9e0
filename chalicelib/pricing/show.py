"""Which seats of a flight can be had, for whoever looks at its seat map."""

from datetime import timedelta

from chalicelib.core.clock import Now
from chalicelib.core.errors import NotFound
from chalicelib.flights import timetable
from chalicelib.flights.identity import LegId
from chalicelib.pricing import stock
from chalicelib.pricing.inventory import Inventory

YESTERDAY = timedelta(days=1)  # a leg of which may still be ahead, at airports west of New York


def seats(leg_id: LegId, now: Now, *, consistent: bool = False) -> Inventory:
    """The inventory of a leg; one that has sold nothing yet is as its timetable has it.

    It may be a moment old; `consistent`: it is as it stands this instant, at double the cost.

    Raises NotFound for a leg that is not sold, or not any more.
    """
    today = timetable.today(now.flight)
    scheduled = timetable.leg(leg_id, today)
    if scheduled is None or leg_id.date < today - YESTERDAY:
        raise NotFound(f"{leg_id} is not sold; flights of the next {timetable.HORIZON.days} days are")
    return stock.of([scheduled], now.wall, consistent=consistent)[leg_id]
