"""Takes up what is due: pages to look at again (quiet hours, retries), reminders, flights that were not there yet.

A schedule does so every minute. Taking up only makes somebody look: what is told hangs on the ledger (`deliver`). So a
schedule that runs late, twice or not at all changes nothing but the minute.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from chalicelib.alerts import bookings, confirm, fanout, ledger, plan
from chalicelib.alerts.ledger import Due, Kind, Page
from chalicelib.alerts.model import Subject, subjects
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.core.telemetry import count, logger
from chalicelib.flights import read
from chalicelib.flights.identity import LegId

AT_MOST = 1000  # tasks of each shard taken up in one run; the others are a minute later
QUEUED = timedelta(days=4)  # a page that was taken up is in its queue, for so long
TAKEN = timedelta(minutes=10)  # what is done here and was cut off is due again
POISON = timedelta(hours=1)  # what can't be taken up comes again, behind all that can


def take_up(now: Now, remaining: Callable[[], float]) -> int:
    """Take up what is due by both clocks, while `remaining` seconds are enough. Returns how many tasks."""
    done = 0
    overdue = {each: now.flight - each.at for each in ledger.due("flight", now.flight, AT_MOST)}
    overdue |= {each: now.wall - each.at for each in ledger.due("wall", now.wall, AT_MOST)}
    for task in sorted(overdue, key=lambda each: overdue[each], reverse=True):
        if remaining() < 5:
            logger.warning("more is due than one run can take up", done=done)
            break
        try:
            _take_up(task, now)
            done += 1
        except Unavailable:
            logger.warning(
                "what is due waits: the tables or a queue are busy", task=task.task.name, kind=task.task.kind
            )
        except Exception:
            logger.exception("what is due could not be taken up", task=task.task.name, kind=task.task.kind)
            count("DueFailed")
            with suppress(Conflict):
                ledger.take(task, task.at + overdue[task] + POISON)
    count("DueTakenUp", done)
    return done


def _take_up(found: Due, now: Now) -> None:
    {
        Kind.PAGE: _look_again,
        Kind.REMIND: _remind,
        Kind.LOOK: _look_for_flights,
        Kind.ASK: _ask_again,
        Kind.CHECK_IN: _check_in,
    }[found.task.kind](found, now)


def _look_again(found: Due, now: Now) -> None:
    leg, _, page = found.task.name.partition(" ")
    clock = now.flight if found.task.clock == "flight" else now.wall
    message = {"leg": leg, "page": page, "due": [found.task.clock, found.revision + 1]}
    fanout.queue([(Page.parse(page).channel, message)])
    with suppress(Conflict):  # somebody else took it up, too
        ledger.take(found, clock + QUEUED)


def _remind(found: Due, now: Now) -> None:
    leg = LegId.parse(found.task.name)
    flight = next(iter(read.current([leg], now.flight)), None)
    if flight:
        fanout.queue_pages(flight, ledger.following(leg, subjects(flight))[1])
    following = plan.next_reminder(flight, now.flight) if flight else None
    ledger.settle(found.task, found.revision, following, leg.date)


def _look_for_flights(found: Due, now: Now) -> None:
    """Look at flights of a subject that appeared since the last look, and so remind of them in time."""
    subject = Subject.parse(found.task.name)
    known = set(found.note.split())
    flights = plan.flights_of(subject, now.flight)
    for flight in flights:
        if str(flight.leg) not in known:
            fanout.queue_pages(flight, ledger.following(flight.leg, [str(subject)])[1])
            plan.reminder(flight, now.flight)
    note = " ".join(sorted(known | {str(flight.leg) for flight in flights}))
    ledger.settle(found.task, found.revision, plan.next_look(subject, flights, now.flight), subject.day, note)


def _check_in(found: Due, _: Now) -> None:
    name, leg = found.task.name.split(" ")
    bookings.tell_to_check_in(name, LegId.parse(leg), found.note.split())
    ledger.settle(found.task, found.revision, None, LegId.parse(leg).date)


def _ask_again(found: Due, now: Now) -> None:
    attempts = int(found.note)
    with suppress(Conflict):
        revision = ledger.take(found, now.wall + TAKEN)
        again = confirm.ask_again(found.task.name, attempts, now)
        ledger.settle(found.task, revision, again, now.wall.date(), str(attempts + 1))
