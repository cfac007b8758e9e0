"""What each part of a day uses, measured: flights that change, followers, reads, schedules, watchers."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any
from unittest.mock import patch

from chalicelib.channels.model import Channel
from chalicelib.core import clock
from chalicelib.core.config import config
from chalicelib.flights import ingest, poll, read
from chalicelib.flights.feeds import replay
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import Flight, FlightUpdate, Observation, Phase
from infra.local import events
from tests.bench import NOON, telling
from tests.bench.billing import Cloud, connection, stored, tokens_in
from tests.bench.log import Said
from tests.bench.prices import Usage, less, times, total
from tests.bench.requests import reads

FLIGHTS = 100
FOLLOWERS = (1000, 2000)  # of which the line through is taken; with 10,000 it is true to five digits, in three minutes
CHANGES = 4
OTHERS = 100  # followers by each other channel; watchers
PASSENGERS = 20  # who follow and confirm: ten at a time, as the stream's batches are
SCHEDULES = ("repair_changes", "take_up_due", "honour_opt_outs")

_seconds = count(1)


@dataclass
class Measured:
    """What each part uses."""

    adding: Usage  # the poll that brings the day's flights
    quiet_poll: Usage
    noting_poll: Usage  # one that says nothing new either, but notes that the feed spoke
    change: Usage  # a poll that brings one, with what comes of it where nobody follows
    told: dict[int, Usage]  # CHANGES of a flight with so many followers by email
    told_by: dict[Channel, Usage]  # one message by another channel
    read: dict[str, Usage]
    again: dict[str, Usage]  # the same, not modified (304)
    scheduled: dict[str, Usage]
    follow: Usage  # asking to follow, the letter, confirming
    rows: tuple[float, float]  # bytes that a follower leaves in the tables subscriptions and followers
    connect: Usage  # a WebSocket that comes, watches a flight, and goes
    push: Usage  # one change to one watcher
    metrics: frozenset[tuple[str, ...]]  # with their dimensions
    email: float  # bytes of an email, as SES is given it


def measure(said: Said, doing: Callable[[str], Any]) -> Measured:
    """Everything, in about a minute. The environment is that of a local cloud, and nothing is in it."""
    letters: list[str] = []
    with telling.providers(letters.append) as taken, patch.object(clock, "now", lambda _: clock.Now(NOON, NOON)):
        return _Day(Cloud(said, taken), letters, doing, taken).measure(said)


class _Day:
    def __init__(self, cloud: Cloud, letters: list[str], doing: Callable[[str], Any], taken: Counter[str]):
        self._cloud, self._letters, self._doing, self._taken = cloud, letters, doing, taken
        self._feed = _feed()
        poll.FEEDS["replay"] = lambda at, airports: self._feed

    def measure(self, said: Said) -> Measured:
        self._doing("flights")
        adding = self._poll()
        legs = [update.leg for update in self._feed]
        flights = iter(sorted(filter(_leaves_soon, read.current(legs, NOON)), key=lambda flight: flight.leg))
        quiet = self._poll()  # every process has done everything once by then
        quiet = self._poll()
        ingest._noted.clear()
        noting = self._poll()
        self._changes(next(flights), 1)
        flight = next(flights)
        change = times(self._changes(flight, CHANGES), 1 / CHANGES)
        told = {}
        for number in (1, *FOLLOWERS):
            self._doing(f"telling {number:,} followers {CHANGES} times")
            flight = next(flights)
            telling.followed(flight, Channel.EMAIL, number)
            told[number] = self._tell(flight, Channel.EMAIL, number, CHANGES)
        by = {}
        for channel in (Channel.SMS, Channel.PUSH, Channel.WEBHOOK):
            self._doing(f"telling {OTHERS} by {channel}")
            flight = next(flights)
            telling.followed(flight, channel, OTHERS)
            by[channel] = times(less(self._tell(flight, channel, OTHERS, 1), change), 1 / OTHERS)
        self._doing("reading, following, watching")
        read_, again = self._read(next(flights).leg)
        for _ in range(2):
            scheduled = {name: self._schedule(name) for name in SCHEDULES}
        follow, rows = self._follow(next(flights).leg)
        connect, push = self._watch(next(flights), change)
        told.pop(1)
        return Measured(
            adding, quiet, noting, change, told, by, read_, again, scheduled, follow, rows, connect, push,
            frozenset(said.metrics), self._taken["bytes of emails"] / self._taken["email"],
        )  # fmt: skip

    def _poll(self) -> Usage:
        return self._schedule("poll_feeds")

    def _schedule(self, name: str) -> Usage:
        return self._cloud.during(lambda: self._cloud.invoke(name, events.schedule(name, NOON)))

    def _changes(self, flight: Flight, number: int) -> Usage:
        """A delay, a gate, a longer delay, another gate: as many polls, each of which brings one."""
        used = []
        for which in range(number):
            self._feed.append(_said(flight, which))
            used.append(self._poll())
        return total(*used)

    def _tell(self, flight: Flight, channel: Channel, followers: int, changes: int) -> Usage:
        before = self._taken[channel]
        used = self._changes(flight, changes)
        if (told := self._taken[channel] - before) != followers * changes:
            raise RuntimeError(f"{told} of {followers * changes} messages went out by {channel}")
        return used

    def _read(self, leg: LegId) -> tuple[dict[str, Usage], dict[str, Usage]]:
        read_, again = {}, {}
        for name, event in reads(leg).items():
            for _ in range(3):
                answer, read_[name] = self._ask(event)
            tag = answer["headers"]["ETag"]
            asked = {**event, "headers": {"if-none-match": tag}, "multiValueHeaders": {"if-none-match": [tag]}}
            answer, again[name] = self._ask(asked)
            if answer["statusCode"] != 304:
                raise RuntimeError(f"{name} is said to be modified")
        return read_, again

    def _ask(self, event: dict[str, Any]) -> tuple[Any, Usage]:
        answers: list[Any] = []
        used = self._cloud.during(lambda: answers.append(self._cloud.invoke("", event)))
        return answers[0], used

    def _follow(self, leg: LegId) -> tuple[Usage, tuple[float, float]]:
        tables = config().subscriptions_table, config().followers_table
        self._follow_by(["192.0.2.1"], leg)
        before = [stored(table) for table in tables]
        used = []
        for first in range(0, PASSENGERS, 10):
            used.append(self._follow_by([f"198.51.100.{n}" for n in range(first, first + 10)], leg))
        after = [stored(table) for table in tables]
        subscriptions, followers = ((b - a) / PASSENGERS for a, b in zip(before, after, strict=True))
        return times(total(*used), 1 / PASSENGERS), (subscriptions, followers)

    def _follow_by(self, clients: list[str], leg: LegId) -> Usage:
        def ask() -> None:
            for client in clients:
                body = {"flight": str(leg), "channel": "email", "address": f"p{client}@example.com"}
                self._cloud.invoke("", _post("/v1/subscriptions", body, client))

        def agree() -> None:
            for client, token in zip(clients, tokens, strict=True):
                self._cloud.invoke("", _post("/v1/confirmations", {"token": token}, client))

        self._letters.clear()
        asked = self._cloud.during(ask)
        tokens = [token for letter in self._letters for token in tokens_in(letter)]
        return total(asked, self._cloud.during(agree))

    def _watch(self, flight: Flight, change: Usage) -> tuple[Usage, Usage]:
        ids = [f"connection-{n}" for n in range(OTHERS)]
        watch = json.dumps({"action": "watch", "topics": [f"flight:{flight.leg}"]})

        def come() -> None:
            for id_ in ids:
                self._cloud.invoke("connect", connection("$connect", id_, NOON))
                self._cloud.invoke("message", connection("$default", id_, NOON, watch))

        def go() -> None:
            for id_ in ids:
                self._cloud.invoke("disconnect", connection("$disconnect", id_, NOON))

        came = self._cloud.during(come)
        before = self._taken["websocket"]
        pushed = self._changes(flight, 1)
        if self._taken["websocket"] - before != OTHERS:
            raise RuntimeError(f"{self._taken['websocket'] - before} of {OTHERS} watchers were sent the change")
        each = times(total(came, self._cloud.during(go)), 1 / OTHERS)
        return each, times(less(pushed, change), 1 / OTHERS)


def _feed() -> list[FlightUpdate]:
    """What a feed says of a small airport's day: flights that leave Newark, those of the next hours among them."""
    leaving = [update for update in replay.snapshot(NOON) if update.leg.origin == "EWR"]
    today = [update for update in leaving if update.leg.date == NOON.date()]
    return sorted(today, key=lambda update: abs(_out(update) - NOON))[:FLIGHTS]


def _out(update: FlightUpdate) -> Any:
    return update.observed["scheduled_out"].value


def _leaves_soon(flight: Flight) -> bool:
    """So soon that followers are told of gates even where it is late: within three hours."""
    out = flight.status.expected_out
    left = out - NOON if out else timedelta()
    return flight.status.phase in (Phase.SCHEDULED, Phase.CHECK_IN) and timedelta(hours=1) < left < timedelta(
        minutes=100
    )


def _said(flight: Flight, which: int) -> FlightUpdate:
    at = NOON + timedelta(seconds=next(_seconds))
    status = flight.status
    field_ = "estimated_out" if which % 2 == 0 else "departure_gate"
    late = timedelta(minutes=40 + 15 * which)
    value = (status.scheduled_out or NOON) + late if which % 2 == 0 else f"X{at:%M%S}"
    return FlightUpdate(flight.leg, replay.SOURCE, {field_: Observation(value, at)})


def _post(path: str, body: dict[str, Any], client: str) -> dict[str, Any]:
    return events.rest(
        "POST", path, at=NOON, resource=path, headers=[("content-type", "application/json")],
        body=json.dumps(body).encode(), source_ip=client,
    )  # fmt: skip
