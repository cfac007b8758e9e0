"""Asks the polled feeds, once a minute, what they have to say now."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from chalicelib.core.clock import Now
from chalicelib.core.telemetry import count, logger
from chalicelib.flights import ingest
from chalicelib.flights.feeds import replay
from chalicelib.flights.model import FlightUpdate

Snapshot = Callable[[datetime, Collection[str]], Iterable[FlightUpdate]]

# A feed that is polled: its name, and what it says at an instant about the flights of some airports.
FEEDS: dict[str, Snapshot] = {"replay": replay.snapshot}


def poll(feeds: Iterable[str], airports: Collection[str], now: Now, *, sleep: Callable[[float], None]) -> None:
    """Take what each feed says into the flights. A feed that fails is reported and stops no other."""
    for name in feeds:
        try:
            taken = ingest.take(FEEDS[name](now.flight, airports), now, sleep=sleep)
            ingest.hear(name, airports, taken, now)
        except Exception:
            logger.exception("a feed could not be polled", feed=name)
            count("FeedsFailed")
    ingest.report_silence(now)
