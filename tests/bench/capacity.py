"""What each operation asks of DynamoDB and SNS."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import app
from chalicelib.accounts import keys
from chalicelib.core.clock import Now, wall_now
from chalicelib.flights import poll
from chalicelib.flights.feeds import replay
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import Flight, FlightUpdate
from chalicelib.live import push, watch
from infra.local import events
from tests.bench import NOON, day
from tests.bench.meter import Meter, metered
from tests.bench.requests import answer, functions, reads
from tests.unit.flights import aidx_messages

WATCHERS = (1, 100, 1000)

_seconds = count(1)  # each change comes a second after the one before


class Capacity:
    """The operations, on the flights of a feed, which are kept already. Connects WATCHERS to some of them."""

    def __init__(self, updates: list[FlightUpdate]):
        self._updates = updates
        self._key = keys.make("bench", ["feeds:aidx"], replay.AIRPORTS, NOON)
        legs = [flight.leg for flight in day.still_to_leave(updates)]
        self._watched = dict(zip(WATCHERS, legs, strict=False))
        for number, leg in self._watched.items():
            for client in range(number):
                _watch(f"{number}-{client}", leg)
        self._poll([])  # the feed was heard of just now

    def measure(self) -> Iterator[tuple[str, Meter]]:
        """Each operation by name, and what it cost."""
        flights = [f for f in day.still_to_leave(self._updates) if f.leg not in self._watched.values()]
        legs = [flight.leg for flight in flights]
        for name, event in reads(legs[0]).items():
            yield name, _metered(partial(answer, event))
        for changed in (0, 1, 100):
            yield f"poll of 1,000 flights, {changed} changed", self._poll(legs[:changed])
        day.take([day.new_gate(legs[1], next(_seconds))])
        record = day.committed(legs[1])
        yield "telling one change", _metered(lambda: functions.invoke("tell_changes", events.records(record)))
        for number, leg in self._watched.items():
            yield f"one change to {number:,} watcher{'s' * (number > 1)}", _push(leg)
        for number in (1, 50):
            yield f"AIDX message, {number} leg{'s' * (number > 1)} changed", self._aidx(flights[2 : 2 + number])

    def _poll(self, legs: list[LegId]) -> Meter:
        said = [*self._updates, *(day.new_gate(leg, next(_seconds)) for leg in legs)]
        poll.FEEDS["bench"] = lambda at, airports: said
        return _metered(lambda: poll.poll(["bench"], replay.AIRPORTS, day.NOW, sleep=time.sleep))

    def _aidx(self, flights: list[Flight]) -> Meter:
        sent = NOON + timedelta(seconds=next(_seconds))
        gate = f"<PassengerGate>Y{sent:%M%S}</PassengerGate>"
        at_origin = f'<Resource DepartureOrArrival="Departure">{gate}</Resource>'
        data = f'<AirportResources Usage="Actual">{at_origin}</AirportResources>'
        legs = [aidx_messages.leg(data, identifier=_identifier(flight)) for flight in flights]
        event = events.rest(
            "POST", "/v1/feeds/aidx", at=NOON, resource="/v1/feeds/aidx",
            body=aidx_messages.notification(*legs, attributes=f'TimeStamp="{sent:%Y-%m-%dT%H:%M:%SZ}"'),
            headers=[("x-api-key", self._key), ("content-type", "application/xml"), ("accept", "application/json")],
            binary_types=app.app.api.binary_types,
        )  # fmt: skip
        with metered() as meter:
            said = answer(event)
        if '"refused": []' not in said["body"]:
            raise RuntimeError(said["body"])
        return meter


def _identifier(flight: Flight) -> str:
    leg = flight.leg
    return (
        f"<Airline>{leg.flight.carrier}</Airline><FlightNumber>{leg.flight.number}</FlightNumber>"
        f"<DepartureAirport>{leg.origin}</DepartureAirport>"
        f"<ArrivalAirport>{flight.status.destination}</ArrivalAirport><OriginDate>{leg.date}</OriginDate>"
    )


def _watch(connection: str, leg: LegId) -> None:
    now, place = Now(NOON, wall_now()), ("ws.example.com", "bench")
    said = f'{{"action": "watch", "topics": ["flight:{leg}"]}}'
    watch.connect(connection, *place, now)
    watch.receive(connection, *place, said, now, sleep=time.sleep, post=Meter().push)


def _push(leg: LegId) -> Meter:
    day.take([day.new_gate(leg, next(_seconds))])
    message = day.told(leg)
    with metered() as meter:
        push.push(message, Now(NOON, wall_now()), sleep=time.sleep, post=meter.push)
    return meter


def _metered(work: Callable[[], Any]) -> Meter:
    with metered() as meter:
        work()
    return meter
