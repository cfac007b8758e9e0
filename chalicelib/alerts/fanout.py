"""From one change of a flight to its followers: a queue message for each page of them.

The topic's changes come over two queues: one that waits 60 seconds, and one for what can't wait. A window opens at a
flight's first change; what the flight is when it closes is told once, as the later messages of the same window find
the flight fanned out at their version already.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chalicelib.alerts import ledger, plan
from chalicelib.alerts.ledger import Page
from chalicelib.alerts.model import subjects
from chalicelib.channels.model import Channel
from chalicelib.core import aws
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.errors import Unavailable
from chalicelib.core.telemetry import count, logger
from chalicelib.flights import read
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import Flight

PATIENCE = 5  # times that messages SQS did not take are given to it


def fan_out(told: Mapping[str, Any], now: Now) -> None:
    """Queue the pages of a flight that changed (a message of `flight-changes`). Raises Unavailable."""
    leg, version = LegId.parse(told["flight"]), int(told["version"])
    flight = next(iter(read.current([leg], now.flight)), None)
    if flight is None:
        return
    fanned, pages = ledger.following(leg, subjects(flight))
    if not pages or fanned >= version:
        logger.info("nobody to tell", flight=str(leg), version=version, fanned_out=fanned)
        return
    queue_pages(flight, pages)
    plan.reminder(flight, now.flight)
    ledger.mark_fanned(leg, flight.version)  # last: what a crash cut off comes again
    logger.info("fanned out", flight=str(leg), version=flight.version, pages=len(pages))


def queue_pages(flight: Flight, pages: Sequence[Page]) -> None:
    """Have the followers of a flight on these pages looked at."""
    queue([(page.channel, {"leg": str(flight.leg), "page": str(page), "version": flight.version}) for page in pages])
    count("AlertPagesQueued", len(pages))


def queue(messages: Iterable[tuple[Channel, Mapping[str, Any]]], delay: int = 0) -> None:
    """Put messages into their channels' queues, to be read after `delay` seconds. Raises Unavailable."""
    by_queue: dict[str, list[str]] = {}
    for channel, message in messages:
        by_queue.setdefault(queue_of(channel), []).append(json.dumps(message, separators=(",", ":")))
    for url, bodies in by_queue.items():
        for first in range(0, len(bodies), 10):
            _send(url, bodies[first : first + 10], delay)


def queue_of(channel: Channel) -> str:
    """The URL of a channel's queue. One slow channel holds up no other."""
    settings = config()
    return {
        Channel.EMAIL: settings.emails_queue,
        Channel.SMS: settings.texts_queue,
        Channel.PUSH: settings.pushes_queue,
        Channel.WEBPUSH: settings.pushes_queue,
        Channel.WEBHOOK: settings.webhooks_queue,
    }[channel]


def _send(url: str, bodies: list[str], delay: int) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    left = [{"Id": str(n), "MessageBody": body, "DelaySeconds": delay} for n, body in enumerate(bodies)]
    try:
        for _ in range(PATIENCE):
            answer = aws.client("sqs").send_message_batch(QueueUrl=url, Entries=left)
            failed = {each["Id"] for each in answer.get("Failed", ())}
            left = [entry for entry in left if entry["Id"] in failed]
            if not left:
                return
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(f"a queue does not take messages: {type(error).__name__}") from error
    raise Unavailable(f"a queue did not take {len(left)} of {len(bodies)} messages")
