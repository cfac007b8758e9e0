"""The forecasts of demand: what each route has sold, observed once a day and kept as one row for each route.

A schedule calls `recompute`. It takes up a day when the last of its departures has left, looks at each route's legs
(one Query), and writes a route's row where anything was ever sold on it; a route without a row goes by the tariff's
assumption. It can be stopped anywhere and called again at any time: a row says which day it was observed through, so
that no day counts twice, and its progress is kept, so that no route is asked in vain.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial

from chalicelib.airports.lookup import zone
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.tables import persist
from chalicelib.core.telemetry import logger
from chalicelib.flights import timetable
from chalicelib.pricing import stock, store
from chalicelib.pricing.forecast import Demand, Departure
from chalicelib.pricing.inventory import Inventory
from chalicelib.pricing.tariff import tariff

OVER = timedelta(hours=34)  # after a date began in UTC, it has ended in Honolulu, too: its last departure has left
LATEST = timedelta(days=7)  # days further back are not observed any more, if nothing ran for so long
AT_ONCE = 50  # routes between two notes of how far it came
ENOUGH = 5.0  # seconds that must remain to go on
KEPT = 600  # seconds that a process knows a forecast

Route = tuple[str, str]
_known: dict[tuple[str, Route], tuple[float, Demand]] = {}


def of_routes(routes: Iterable[Route], now: Now) -> dict[Route, Demand]:
    """What is known of each route's demand: one BatchGet for those that this process asked of over ten minutes ago.

    So a new forecast, which comes once a day, counts everywhere ten minutes later. Raises Unavailable.
    """
    table, clock = config().inventory_table, time.monotonic()
    wanted = list(dict.fromkeys(routes))
    missing = [r for r in wanted if (table, r) not in _known or clock - _known[table, r][0] > KEPT]
    if missing:
        stored = {(found.origin, found.destination): found for found in store.demands(missing, now.wall)}
        for route in missing:
            _known[table, route] = clock, stored.get(route) or Demand(*route)
    return {route: _known[table, route][1] for route in wanted}


def recompute(now: Now, remaining: Callable[[], float]) -> bool:
    """Observe what the days that are over have sold; `remaining` tells the seconds this run has left.

    Returns whether all was observed. Raises Unavailable.
    """
    last = (now.flight - OVER).date()
    progress = store.progress(now.wall)
    if progress.day and progress.day >= last:
        return True
    done = max(progress.day, last - LATEST) if progress.day else last - timedelta(days=1)
    after = progress.route if done == progress.day else ""
    while done < last:
        day = done + timedelta(days=1)
        if not _observe_day(day, after, now, remaining, done):
            logger.info("demand is observed in part; the next run goes on", day=str(day))
            return False
        done, after = day, ""
        store.save_progress(store.Progress(done), now.wall)
    return True


def _observe_day(day: date, after: str, now: Now, remaining: Callable[[], float], done: date) -> bool:
    """Observe a day's departures on the routes after one; False where time ran out."""
    routes = sorted(route for route in timetable.routes() if "-".join(route) > after)
    written = 0
    for first in range(0, len(routes), AT_ONCE):
        some = routes[first : first + AT_ONCE]
        if remaining() < ENOUGH:
            return False
        written += _observe(some, day, now)
        store.save_progress(store.Progress(done, "-".join(some[-1])), now.wall)
    logger.info("demand is observed", day=str(day), routes=len(routes), written=written)
    return True


def _observe(routes: Sequence[Route], day: date, now: Now) -> int:
    """Observe a day's departures on some routes; how many of these are written."""
    known = {(found.origin, found.destination): found for found in store.demands(routes, now.wall)}
    written = 0
    for route in routes:
        scheduled = timetable.legs(*route, day, day)
        if not scheduled:
            continue
        inventories = stock.of_route(*route, day, scheduled, now.wall)
        departures = [_departure(leg, inventories[leg.leg], now) for leg in scheduled]
        if route in known or any(departure.sold for departure in departures):
            written += persist(partial(_save, route, day, departures, now))
    return written


def _save(route: Route, day: date, departures: Sequence[Departure], now: Now) -> bool:
    """Add a day's departures to a route's demand, unless it is counted."""
    demand = next(iter(store.demands([route], now.wall, consistent=True)), Demand(*route))
    observed = demand.observe(day, departures, tariff(day))
    if observed is demand:
        return False
    store.save_demand(observed, now.wall)
    return True


def _departure(scheduled: timetable.ScheduledLeg, inventory: Inventory, now: Now) -> Departure:
    leg = scheduled.leg
    sold: Mapping[str, int] = inventory.sold_by_class(now.wall)
    return Departure(
        leg.date.weekday(), scheduled.scheduled_out.astimezone(zone(leg.origin)).hour, leg.flight.carrier,
        inventory.capacity, {booking_class: seats for booking_class, seats in sold.items() if seats > 0},
    )  # fmt: skip
