"""Tells the followers of one page what is new of one flight.

What a follower is told hangs on the ledger and on the flight as it now stands (`model.decide`), so a message of the
queue that comes twice, late or out of order tells nothing twice. The order of reads and writes makes it so:

- The ledger is read before the flight: no row can then know a newer flight than we do.
- What goes out in one call of the provider is claimed first, each row as it was read, for longer than a function runs;
  then sent; then marked. Two functions on one page can't both claim a row. A crash before the call tells nobody, and
  the claim runs out; a crash between the provider's answer and the mark repeats that one call; what is marked is never
  sent again. The queue's message comes back until all is done. Where SES refuses a whole call for one bad address, its
  halves are claimed, sent and marked by themselves.
- Who must wait (quiet hours, a retry) is not told and not marked: the page is planned to be looked at again.
"""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from threading import Lock
from typing import Any
from uuid import uuid4

from chalicelib.alerts import fanout, ledger, letters
from chalicelib.alerts.ledger import Clock, Entry, Kind, Page, Task
from chalicelib.alerts.letters import Means
from chalicelib.alerts.model import Delivery, Follower, News, Wait, decide, unseen
from chalicelib.channels.model import CallRefused, Channel, Outcome, Receipt
from chalicelib.core.clock import Now
from chalicelib.core.deadletters import set_aside
from chalicelib.core.errors import Unavailable
from chalicelib.core.telemetry import count, logger
from chalicelib.flights import read
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import Flight

LEASE = timedelta(seconds=120)  # longer than a function runs
TIME_FOR_ONE = 20  # seconds that one call and its mark may take; with less, the rest is left in the queue
SENDERS = {Channel.WEBHOOK: 10, Channel.WEBPUSH: 10}  # calls at a time: servers of many, of which some are slow
PROBE = timedelta(minutes=1)  # until a provider that took nothing is tried with those who were not tried yet
ENOUGH = {Channel.EMAIL: 1, Channel.SMS: 3}  # failed calls in a row that say the provider takes nothing now
LOOK_AGAIN = 10  # seconds until a page is looked at again where somebody else is at work on it
ATTEMPTS = 8  # of a message that a provider does not take now; webhooks have their own
_METRICS = {
    Outcome.ACCEPTED: "MessagesAccepted",
    Outcome.LATER: "MessagesLater",
    Outcome.REFUSED: "MessagesRefused",
    Outcome.GONE: "MessagesGone",
}


@dataclass(frozen=True)
class _Sight:
    """A page and a flight as they were read."""

    page: Page
    flight: Flight
    known: Mapping[str, Entry]  # by subscription
    now: Now


@dataclass
class _Work:
    """What is to do on a page: news by follower, and when to look again, by clock."""

    news: list[tuple[Follower, News]]
    again: dict[Clock, datetime]
    busy: bool = False  # somebody else is telling one of its followers
    failed_in_a_row: int = 0  # calls of the provider
    refused: bool = False  # the provider takes nothing now: what is left waits with what it did not take
    out_of_time: bool = False
    _lock: Lock = field(default_factory=Lock)

    def look_again(self, clock: Clock, at: datetime) -> None:
        """Not later than that."""
        with self._lock:
            self.again[clock] = min(at, self.again.get(clock, at))


def deliver(message: Mapping[str, Any], now: Now, means: Means) -> None:
    """Tell a page's followers (a message of `fanout` or `due`), or a booking's passengers. Raises Unavailable."""
    if "booking" in message:
        from chalicelib.alerts import tell

        tell.tell(message, now, means)
        return
    leg, page, only = LegId.parse(message["leg"]), Page.parse(message["page"]), message.get("only")
    known = ledger.entries(leg, page)
    flight = next(iter(read.current([leg], now.flight)), None)
    if flight is None:
        return
    sight = _Sight(page, flight, known, now)
    work = _work(sight, only)
    calls = _calls(page.channel, work.news)
    if (at_a_time := SENDERS.get(page.channel, 1)) > 1:
        with ThreadPoolExecutor(at_a_time) as pool:
            list(pool.map(lambda batch: _tell(sight, batch, work, means), calls))
    else:
        for batch in calls:
            _tell(sight, batch, work, means)
    if work.out_of_time:
        fanout.queue([(page.channel, message)])
        return
    _plan(leg, page, work.again, message.get("due"))
    if work.busy:
        fanout.queue([(page.channel, message)], LOOK_AGAIN)


def _work(sight: _Sight, only: str | None) -> _Work:
    """Decide for each follower; `only` one of them, even where that was given up."""
    work = _Work([], {})
    for follower in ledger.followers(sight.page, sight.now.flight):
        entry = sight.known.get(follower.id, Entry())
        told = entry.told or unseen(sight.flight)
        given_up = entry.given_up >= sight.flight.version and not only
        if told.version > sight.flight.version or given_up or only not in (None, follower.id):
            continue
        found = decide(follower.rule, told, sight.flight, sight.now.flight)
        if isinstance(found, Wait):
            work.look_again("flight", found.until)
        elif found and entry.claimed(sight.now.wall):
            work.busy = True
        elif found and _waits(entry, found, sight) and not only:
            work.look_again("wall", entry.retry_at or sight.now.wall)
        elif found:
            work.news.append((follower, found))
    work.news.sort(key=lambda each: sight.known.get(each[0].id, Entry()).attempts)  # who fails holds up nobody
    return work


def _waits(entry: Entry, news: News, sight: _Sight) -> bool:
    """Whether a failed message is tried again later; what is urgent and newer does not wait for it."""
    newer = bool(entry.recent) and entry.recent[-1].version < sight.flight.version
    return bool(entry.retry_at and entry.retry_at > sight.now.wall) and not (news.urgent and newer)


def _calls(channel: Channel, news: Sequence[tuple[Follower, News]]) -> Iterator[list[tuple[Follower, News]]]:
    """What goes out in one call of the provider."""
    each = iter(news)
    while batch := list(islice(each, letters.in_one_call(channel))):
        yield batch


def _tell(sight: _Sight, batch: Sequence[tuple[Follower, News]], work: _Work, means: Means) -> None:
    """Claim, send and mark one call, if there is time."""
    work.out_of_time |= means.remaining() < TIME_FOR_ONE
    if work.refused or work.out_of_time:
        return
    means.pace(sight.page.channel, len(batch))
    page, flight, now = sight.page, sight.flight, sight.now
    written = {follower.id: _written(follower, news, sight, means) for follower, news in batch}
    found = {follower.id: sight.known.get(follower.id, Entry()) for follower, _ in batch}
    claimed = ledger.claim(flight.leg, page, found, uuid4().hex, now.wall + LEASE)
    work.busy |= len(claimed) < len(batch)
    ours = [(follower, news) for follower, news in batch if follower.id in claimed]
    going = [id_ for id_ in claimed if written[id_] is not None]
    try:
        receipts = means.send(page.channel, [written[id_] for id_ in going]) if going else []
    except CallRefused:
        _tell_halves(sight, ours, claimed, work, means)
        return
    said = dict(zip(going, receipts, strict=True))
    after = {f.id: _after(claimed[f.id], news, sight, said.get(f.id)) for f, news in ours}
    for id_ in going:
        reason = TimeoutError(f"not taken in {claimed[id_].attempts + 1} attempts")
        if after[id_].given_up and not _set_aside(id_, sight, means, reason):
            raise Unavailable("a message is given up, and can't be set aside")
    ledger.mark(flight.leg, page, after)
    for entry in after.values():
        if entry.retry_at:
            work.look_again("wall", entry.retry_at)
    for follower, _ in ours:
        receipt = said.get(follower.id)
        dead = page.channel is Channel.WEBHOOK and after[follower.id].given_up
        if receipt and (dead or receipt.outcome is Outcome.GONE):
            from chalicelib.alerts import manage

            manage.drop(follower.address, receipt.reason or "gone", now)
    _report(sight, said)
    failed = bool(receipts) and all(receipt.outcome is Outcome.LATER for receipt in receipts)
    work.failed_in_a_row = work.failed_in_a_row + 1 if failed else 0
    if work.failed_in_a_row >= ENOUGH.get(page.channel, len(work.news)):
        work.refused = True
        work.look_again("wall", now.wall + PROBE)


def _tell_halves(
    sight: _Sight, ours: Sequence[tuple[Follower, News]], claimed: Mapping[str, Entry], work: _Work, means: Means
) -> None:
    """Tell the halves of a call that was refused as a whole: each claimed anew, sent and marked by itself."""
    anew = replace(sight, known={**sight.known, **claimed})
    half = len(ours) // 2
    for part in (ours[:half], ours[half:]):
        _tell(anew, part, work, means)


def _written(follower: Follower, news: News, sight: _Sight, means: Means) -> Any:
    """A follower's message; None where it can't be written, which is set aside: the others are told."""
    try:
        return letters.write(follower, sight.flight, news, sight.now)
    except Exception as error:
        if not _set_aside(follower.id, sight, means, error):
            raise Unavailable("a follower can't be told, and can't be set aside") from error
        return None


def _set_aside(id_: str, sight: _Sight, means: Means, error: Exception) -> bool:
    body = {"leg": str(sight.flight.leg), "page": str(sight.page), "only": id_}
    return set_aside(means.function, {"messageId": id_, "body": json.dumps(body)}, error)


def _after(entry: Entry, news: News, sight: _Sight, receipt: Receipt | None) -> Entry:
    """A claimed row once it is known what came of it; no receipt: there was nothing to send."""
    version = sight.flight.version
    entry = replace(entry, claim_until=0, retry_at=None, given_up=0)
    if receipt is None:
        return replace(entry, attempts=0, given_up=version)
    delivery = Delivery(sight.now.wall, news.matters, version, receipt.outcome, receipt.id, receipt.reason)
    recent = entry.recent
    if recent and recent[-1].outcome == Outcome.LATER:  # one line for a message, however often it was tried
        recent = recent[:-1]
    entry = replace(entry, recent=(*recent, delivery))
    if receipt.outcome is not Outcome.LATER:
        return replace(entry, told=news.after, attempts=0, given_up=0)
    attempts = entry.attempts + 1
    pause = _pause(sight.page.channel, attempts)
    if pause is None:
        return replace(entry, attempts=0, given_up=version)
    return replace(entry, attempts=attempts, retry_at=sight.now.wall + pause)


def _pause(channel: Channel, attempts: int) -> timedelta | None:
    """How long to wait after so many failed attempts; None: it is given up. Jitter keeps them from coming at once."""
    if channel is Channel.WEBHOOK:
        from chalicelib.channels import webhook

        return webhook.pause_after(attempts)
    if attempts >= ATTEMPTS:
        return None
    return timedelta(seconds=random.uniform(0.5, 1) * min(60 * 2 ** (attempts - 1), 3600))


def _plan(leg: LegId, page: Page, again: Mapping[Clock, datetime], taken: Sequence[Any] | None) -> None:
    """See to it that the page is looked at again, and end what was taken up."""
    clocks: tuple[Clock, ...] = ("flight", "wall")
    for clock in clocks:
        task = Task(Kind.PAGE, f"{leg} {page}", clock)
        at = again.get(clock)
        if taken and taken[0] == clock:
            ledger.settle(task, taken[1], at, leg.date)
        elif at:
            ledger.plan(task, at, leg.date)


def _report(sight: _Sight, said: Mapping[str, Receipt]) -> None:
    for outcome in Outcome:
        messages = {id_: receipt.id for id_, receipt in said.items() if receipt.outcome is outcome}
        if messages:
            count(_METRICS[outcome], len(messages), channel=sight.page.channel)
            logger.info(
                "told followers", flight=str(sight.flight.leg), version=sight.flight.version,
                channel=sight.page.channel, outcome=outcome, messages=messages,
            )  # fmt: skip
