"""How sources that report on one flight at the same time get on."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from chalicelib.flights import read
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import FlightUpdate, Observation
from tests.bench import NOON, day
from tests.bench.meter import Meter, metered


class Race(NamedTuple):
    """So many sources at once: what it cost, how long it took, and how many versions came of it."""

    sources: int
    meter: Meter
    seconds: float
    versions: int


def race(leg: LegId, sources: int) -> Race:
    """Each source reports another fact of one flight, all at the same moment."""

    def say(source: int) -> None:
        observed = Observation(f"{sources}-{source}", NOON)
        day.take([FlightUpdate(leg, f"source-{sources}-{source}", {FIELDS[source]: observed})])

    before = read.current([leg], NOON)[0].version
    with metered() as meter, ThreadPoolExecutor(sources) as pool:
        began = time.perf_counter()
        list(pool.map(say, range(sources)))
        seconds = time.perf_counter() - began
    return Race(sources, meter, seconds, read.current([leg], NOON)[0].version - before)


# Of which each change is a version of its own.
FIELDS = ("departure_terminal", "departure_gate", "arrival_terminal", "arrival_gate", "belt", "registration")
