"""Flights to measure with: the replayed day, over as many dates as it takes."""

import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from chalicelib.core import aws
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.flights import changes, ingest, read
from chalicelib.flights.feeds import replay
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import Flight, FlightUpdate, Observation, Phase
from infra.local import events
from tests.bench import NOON

NOW = Now(NOON, NOON)


def flights(number: int) -> list[FlightUpdate]:
    """What the feed says of that many flights at noon: 1,000 of that day, 1,000 of the day before, and so on."""
    said: list[FlightUpdate] = []
    for day in range(-(-number // 1000)):
        at = NOON - timedelta(days=day)
        said += [update for update in replay.snapshot(at) if update.leg.date == at.date()][:1000]
    return said[:number]


def still_to_leave(updates: Iterable[FlightUpdate]) -> list[Flight]:
    """Those of the flights that leave New York in the next hours and are not cancelled: their gate may change."""
    leaving = [update.leg for update in updates if update.leg.origin in replay.AIRPORTS]
    found = [flight for flight in read.current(leaving, NOON) if flight.status.phase is Phase.SCHEDULED]
    return sorted(found, key=lambda flight: flight.leg)


def take(updates: Iterable[FlightUpdate]) -> None:
    """Take updates into the flights. Raises RuntimeError where one could not be taken."""
    if failed := ingest.take(updates, NOW, sleep=time.sleep).failed:
        raise RuntimeError(f"could not be taken: {failed}")


def new_gate(leg: LegId, second: int) -> FlightUpdate:
    """A feed's word, so many seconds after noon, that a flight has another gate."""
    gate = Observation(f"X{second}", NOON + timedelta(seconds=second))
    return FlightUpdate(leg, replay.SOURCE, {"departure_gate": gate})


def told(leg: LegId) -> dict[str, Any]:
    """What the topic is told of a flight's newest version."""
    return changes.message(read.history(leg, 0, NOON)[-1])


def committed(leg: LegId) -> dict[str, Any]:
    """What the stream brings of a flight's newest version."""
    found = aws.client("dynamodb").query(
        TableName=config().flights_table, KeyConditionExpression="pk = :pk and begins_with(sk, :history)",
        ExpressionAttributeValues={":pk": {"S": f"{leg.flight}-{leg.date:%Y%m%d}"}, ":history": {"S": "history#"}},
        ScanIndexForward=False, Limit=1,
    )["Items"]  # fmt: skip
    record = {"eventName": "INSERT", "dynamodb": {"NewImage": found[0], "SequenceNumber": "1"}}
    return events.stream_record(record, config().flights_stream)
