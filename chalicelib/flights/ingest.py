"""Takes what a feed says into the flights: whatever source, this is the one way in.

Only what changed is written. Each leg is read, decided by the model and written under the revision it was read at;
whoever loses that race reads again. One leg's failure stops no other.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict
from chalicelib.core.telemetry import SERVICE, MetricUnit, count, gauge, logger
from chalicelib.flights import store
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import FlightUpdate, apply_all

RACES = 8  # lost races before giving up on a leg for this time
WRITERS = 8  # writes under way at a time
ADDED_AT_ONCE = 100  # legs in one transaction: as many as one takes
NOTED_EVERY = timedelta(minutes=5)  # a feed that says nothing new is noted as heard this often


class Outcome(StrEnum):
    """What became of the updates of one leg; also the field of `Taken` that counts it."""

    ADDED = "added"
    CHANGED = "changed"
    CONFIRMED = "confirmed"
    UNCHANGED = "unchanged"


@dataclass
class Taken:
    """What became of the updates of one delivery, as numbers of legs; and the failures, by leg."""

    added: int = 0
    changed: int = 0
    confirmed: int = 0
    unchanged: int = 0
    failed: dict[LegId, Exception] = field(default_factory=dict)

    @property
    def written(self) -> int:
        """Legs of which something was new."""
        return self.added + self.changed + self.confirmed

    def tally(self, outcome: Outcome) -> None:
        """Count one leg's outcome."""
        setattr(self, outcome, getattr(self, outcome) + 1)

    def fail(self, leg: LegId, error: Exception) -> None:
        """Keep one leg's failure."""
        logger.error("an update could not be taken", flight=str(leg), exc_info=error)
        self.failed[leg] = error


def take(updates: Iterable[FlightUpdate], now: Now, *, sleep: Callable[[float], None]) -> Taken:
    """Take updates into the flights; `sleep` is given the seconds to wait after a lost race.

    Costs one BatchGetItem for each 100 legs, and a write for each leg of which something is new.
    """
    by_leg: dict[LegId, list[FlightUpdate]] = {}
    for update in updates:
        by_leg.setdefault(update.leg, []).append(update)
    read = {kept.flight.leg: kept for kept in store.flights(by_leg, now.flight, consistent=False)}
    taken = Taken()
    news = [leg for leg, of in by_leg.items() if _news(leg, of, read.get(leg), taken)]
    news.sort(key=lambda leg: abs(leg.date - now.flight.date()))  # a first fill has today's flights before all others
    with ThreadPoolExecutor(WRITERS) as pool:
        added = list(pool.map(partial(_add, by_leg, now.flight), _batches([leg for leg in news if leg not in read])))
        taken.added = sum(map(len, added))
        left = set(news).difference(*added)
        under_way = {leg: pool.submit(_write, leg, by_leg[leg], read.get(leg), now, sleep) for leg in left}
    for leg, outcome in under_way.items():
        try:
            taken.tally(outcome.result())
        except Exception as error:
            taken.fail(leg, error)
    count("FlightsAdded", taken.added)
    count("FlightsChanged", taken.changed)
    count("UpdatesFailed", len(taken.failed))
    logger.info(
        "updates taken", added=taken.added, changed=taken.changed, confirmed=taken.confirmed,
        unchanged=taken.unchanged, failed=len(taken.failed),
    )  # fmt: skip
    return taken


def _news(leg: LegId, updates: Sequence[FlightUpdate], kept: store.Kept | None, taken: Taken) -> bool:
    """Whether the updates say anything new of the leg as read."""
    try:
        if kept and apply_all(kept.flight, updates)[0] is kept.flight:
            taken.unchanged += 1
            return False
    except Exception as error:
        taken.fail(leg, error)
        return False
    return True


def _batches(legs: Sequence[LegId]) -> list[Sequence[LegId]]:
    return [legs[first : first + ADDED_AT_ONCE] for first in range(0, len(legs), ADDED_AT_ONCE)]


def _add(by_leg: Mapping[LegId, Sequence[FlightUpdate]], now: datetime, legs: Sequence[LegId]) -> Sequence[LegId]:
    """Add legs not seen before in one transaction. Returns those added: all, or none where one can't be."""
    try:
        store.add([apply_all(None, by_leg[leg])[0] for leg in legs], now)
    except Exception:
        logger.info("legs are added one by one", legs=len(legs), exc_info=True)
        return ()
    return legs


def _write(
    leg: LegId, updates: Sequence[FlightUpdate], kept: store.Kept | None, now: Now, sleep: Callable[[float], None]
) -> Outcome:
    for race in range(RACES):
        if race:
            sleep(random.uniform(0, 0.02 * 2**race))  # full jitter
            kept = store.flight(leg, now.flight)
        flight, changes = apply_all(kept.flight if kept else None, updates)
        try:
            if kept is None:
                store.add([flight], now.flight)
                return Outcome.ADDED
            if flight is kept.flight:
                return Outcome.UNCHANGED
            if not changes:
                store.confirm(kept, flight, now.flight)
                return Outcome.CONFIRMED
            store.commit(kept, flight, changes, now)
        except Conflict:
            continue
        for change in changes:
            logger.info(
                "flight changed", flight=str(leg), version=flight.version, kind=change.kind, source=change.source
            )
        return Outcome.CHANGED
    raise Conflict(f"{leg} was being changed by others all the time")


_noted: dict[str, datetime] = {}  # when (wall time) this process last noted each feed as heard


def hear(feed: str, airports: Iterable[str], taken: Taken, now: Now) -> None:
    """Note that a feed spoke: with every delivery that brought news, and else every five minutes."""
    if taken.written or now.wall - _noted.get(feed, now.wall - NOTED_EVERY) >= NOTED_EVERY:
        store.heard(feed, airports, now)
        _noted[feed] = now.wall


def report_silence(now: Now) -> None:
    """Report for each feed for how many seconds (wall time) it has said nothing (metric FeedSilence).

    And the longest of them (LongestFeedSilence): an alarm watches one metric and does not know the feeds' names.
    """
    silences = {feed.name: max(0.0, (now.wall - feed.heard_at.wall).total_seconds()) for feed in store.feeds(now)}
    for name, seconds in silences.items():
        gauge("FeedSilence", seconds, MetricUnit.Seconds, feed=name)
    if silences:
        gauge("LongestFeedSilence", max(silences.values()), MetricUnit.Seconds, service=SERVICE)
