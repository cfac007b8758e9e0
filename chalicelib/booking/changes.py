"""Tells each committed version of a booking to the topic `booking-changes`, and has done what follows from it.

The bookings table's stream brings every version, with the one before. A message says what happened since (the names of
the events), how the booking stands, and on which flights seats changed hands; it names nobody. Receivers drop a version
they have. That a flight was configured is told likewise, of no booking (event `configured`).

What is to be looked at later (the end of a hold, a charge without an answer, a refund) is a delayed message on the
queue `settlements`; so is a party that has got seats on flights which leave soon, as those may have been cancelled in
that moment. Doing all of this twice is harmless.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.booking import locator as locators
from chalicelib.booking import passports, settle, store
from chalicelib.booking.model import FOR_GOOD, Booking, State
from chalicelib.core import aws
from chalicelib.core.clock import Now, instant
from chalicelib.core.config import config
from chalicelib.core.errors import Unavailable
from chalicelib.core.telemetry import count, logger
from chalicelib.flights.identity import LegId
from chalicelib.pricing import stock
from chalicelib.search.model import LIVE

LONGEST_DELAY = 900  # seconds that SQS keeps a message back


def tell_record(record: Mapping[str, Any], now: Now) -> None:
    """Tell the version that a stream record brings; any other item of the table is passed over.

    Raises Unavailable where a topic, queue or table does not answer now; ValueError, KeyError or TypeError for a record
    that can't be understood.
    """
    images = record["dynamodb"]
    after = store.of_image(images["NewImage"]) if "NewImage" in images else None
    before = store.of_image(images["OldImage"]) if "OldImage" in images else None
    if after is None or (before and before.version >= after.version):  # erased, or gone: nothing happened to it
        return
    _settle_seats(after, now)
    _publish(message(before, after, now))
    send_later(after.locator, settle.next_look(after, now.wall), now.wall)
    passports.note(after, now)
    for leg, destination in freed(before, after).items():
        send({"freed": [str(leg), destination]})
    if legs := gained(before, after, now):
        send({"party": after.locator, "flights": [str(leg) for leg in legs]})


def message(before: Booking | None, after: Booking, now: Now) -> dict[str, Any]:
    """A version as the topic's subscribers read it."""
    seen = before.version if before else 0
    return {
        "booking": after.locator,
        "version": after.version,
        "at": instant(after.journal[-1].at),
        "state": str(after.state(now.wall)),
        "events": [event.what for event in after.journal[seen:]],
        "flights": [str(segment.leg) for segment in after.segments],
        "seats_of": sorted({str(leg) for leg, _, _ in _seats(before) ^ _seats(after)}),
    }


def tell_seats(leg: LegId, version: int, now: Now) -> None:
    """Tell that a flight's seats are others by no booking's doing, at a version of them. Raises Unavailable."""
    _publish({
        "booking": "", "version": version, "at": instant(now.wall), "state": "", "events": ["configured"],
        "flights": [], "seats_of": [str(leg)],
    })  # fmt: skip


def freed(before: Booking | None, after: Booking) -> dict[LegId, str]:
    """The legs, with their destinations, on which seats came back; or may have, while a party joined their waitlist."""
    if after.kept_as is State.WAITLISTED and not (before and before.kept_as is State.WAITLISTED):
        return {segment.leg: segment.destination for segment in after.segments}
    has = {leg for leg, _, _ in _seats(after)}
    return {leg: destination for leg, destination, _ in sorted(_seats(before)) if leg not in has}


def gained(before: Booking | None, after: Booking, now: Now) -> list[LegId]:
    """The legs leaving soon on which a booking has seats for good, and had none before: how they stand is known."""
    had = {segment.leg for segment in before.segments} if before and before.kept_as is State.TICKETED else set()
    new = [segment for segment in after.segments if segment.leg not in had]
    return [s.leg for s in new if s.scheduled_out - now.flight < LIVE] if after.kept_as is State.TICKETED else []


def send_later(name: str, when: datetime | None, at: datetime) -> None:
    """Have a booking looked at (`settle.look`) at an instant; None: never. Raises Unavailable."""
    if when is not None:
        send({"look": name}, when - at + timedelta(seconds=1))


def send(body: Mapping[str, Any], delay: timedelta = timedelta()) -> None:
    """Have something done by `settlements`, after a delay or the longest there is. Raises Unavailable."""
    from botocore.exceptions import BotoCoreError, ClientError

    seconds = max(0, min(LONGEST_DELAY, int(delay.total_seconds())))
    try:
        aws.client("sqs").send_message(
            QueueUrl=config().settlements_queue,
            MessageBody=json.dumps(body, separators=(",", ":")),
            DelaySeconds=seconds,
        )
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(f"the queue of settlements does not answer: {type(error).__name__}") from error


def _settle_seats(booking: Booking, now: Now) -> None:
    """What is paid is its own for good: it stands no longer among what is held."""
    number = locators.to_number(booking.locator)
    for leg, (segment, until) in booking.claims(now.wall).items():
        if until is FOR_GOOD:
            stock.settle(leg, segment.destination, number, booking.held_until(leg), now.wall)


def _seats(booking: Booking | None) -> set[tuple[LegId, str, tuple[str, ...]]]:
    """The seats that a booking has, or that are held for it by its word: leg, destination, seats."""
    if booking is None or booking.kept_as not in (State.HELD, State.TICKETED):
        return set()
    changes = [booking.change, booking.offer.change if booking.offer else None]
    segments = [*booking.segments, *(segment for change in changes if change for segment in change.segments)]
    return {(segment.leg, segment.destination, segment.taken) for segment in segments}


def _publish(said: Mapping[str, Any]) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        aws.client("sns", retries=False).publish(
            TopicArn=config().booking_changes_topic,
            Message=json.dumps(said, separators=(",", ":")),
            MessageAttributes={
                "booking": {"DataType": "String", "StringValue": said["booking"] or "none"},
                "events": {"DataType": "String.Array", "StringValue": json.dumps(said["events"])},
            },
        )
    except (BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError) and not aws.is_transient(error):
            raise
        raise Unavailable(f"the topic does not take {said['booking']} version {said['version']}: {error}") from error
    count("BookingChangesTold")
    logger.info("booking told", pnr=said["booking"], version=said["version"], events=said["events"])
