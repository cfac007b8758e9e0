"""What one follower is sent on their channel, and how it is handed to the channel."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from hashlib import blake2b
from typing import Any

from chalicelib.alerts import links, words
from chalicelib.alerts.model import Follower, News
from chalicelib.channels import email, push, sms, webhook, webpush
from chalicelib.channels.email import Email
from chalicelib.channels.model import AT_ONCE, Channel, Outcome, Receipt
from chalicelib.channels.pace import Pace
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.telemetry import logger
from chalicelib.core.urls import public_url
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import Flight

# An email, which goes out with others; on every other channel the sending itself, which is one call.
Letter = Email | Callable[[], Receipt]

_rendered: dict[Any, words.EmailWords] = {}  # the last emails without their recipients' links


@dataclass(frozen=True)
class Means:
    """What telling needs of its surroundings."""

    function: str  # whose dead letters they are
    send: Callable[[Channel, Sequence[Any]], list[Receipt]]
    pace: Callable[[Channel, int], None]  # waits until so many messages may go
    remaining: Callable[[], float]  # seconds until the function's end


def in_one_call(channel: Channel) -> int:
    """How many letters go out in one call of the provider."""
    return min(email.MOST_AT_ONCE, max(1, int(config().email_rate))) if channel is Channel.EMAIL else 1


def write(follower: Follower, flight: Flight, news: News, now: Now) -> Letter:
    """What a follower is told on their channel, in their language."""
    language, to, number = follower.rule.language, follower.address.value, follower.subject.number
    match follower.address.channel:
        case Channel.EMAIL:
            urls = words.Links(
                links.manage(follower.address.id, now.wall), links.unsubscribe(follower.id), calendar(flight.leg),
                page(flight.leg),
            )  # fmt: skip
            subject, text, html = _email(flight, news, follower, now).for_links(urls)
            return Email(to, subject, text, html, urls.unsubscribe)
        case Channel.SMS:
            text = words.sms_of(
                flight, news, language, now.flight, links.short(follower.code), number=number, booked=follower.booked
            )
            return partial(sms.send, to, text)
        case Channel.PUSH:
            title, body, data = words.push_of(flight, news, language, now.flight, number=number)
            return partial(push.send, to, push.Push(title, body, data, news.urgent, str(flight.leg)))
        case Channel.WEBPUSH:
            title, body, data = words.push_of(flight, news, language, now.flight, number=number)
            shown = {"title": title, "body": body, "language": language, "urgent": news.urgent, "data": data}
            payload = json.dumps(shown, ensure_ascii=False).encode()
            return partial(webpush.send, to, payload, topic=str(flight.leg), urgent=news.urgent, now=now.wall)
        case Channel.WEBHOOK:
            said = words.webhook_of(flight, news, follower.id, now.wall)
            # The same when it is tried again, another for a reminder of the same version.
            name = (
                f"{follower.id} {flight.leg} {flight.version} {news.after.reminded} {' '.join(news.matters)}".encode()
            )
            id_ = f"msg_{blake2b(name, digest_size=16).hexdigest()}"
            return partial(webhook.send, to, follower.secret or "", id_, now.wall, said)


def send(channel: Channel, letters: Sequence[Letter]) -> list[Receipt]:
    """Hand letters to their channel: one call. Returns a receipt for each."""
    emails = [letter for letter in letters if isinstance(letter, Email)]
    if channel is Channel.EMAIL:
        return email.send(emails)
    return [_sent(letter) for letter in letters if not isinstance(letter, Email)]


def _sent(letter: Callable[[], Receipt]) -> Receipt:
    """Send one; what its channel did not foresee holds up no other, is tried again, and is set aside in the end."""
    try:
        return letter()
    except Exception as error:
        logger.exception("a letter could not be sent")
        return Receipt(Outcome.LATER, reason=type(error).__name__)


def pace(channel: Channel, number: int) -> None:
    """Wait until so many letters may go: this function's share of what the provider allows."""
    settings = config()
    rate = {Channel.EMAIL: settings.email_rate, Channel.SMS: settings.sms_rate}.get(channel)
    if rate is not None:
        _pace(rate / AT_ONCE[channel], channel).take(number)


def calendar(leg: LegId) -> str:
    """Where a flight's .ics is."""
    return f"{public_url()}/v1/flights/{leg}/calendar.ics"


def page(leg: LegId) -> str:
    """Where a flight is in the web app."""
    return f"{public_url()}/flights/{leg}"


@cache
def _pace(per_second: float, _: Channel) -> Pace:
    return Pace(per_second, time.sleep, time.monotonic)


def _email(flight: Flight, news: News, follower: Follower, now: Now) -> words.EmailWords:
    """Rendered once for all who were told the same before."""
    language, number = follower.rule.language, follower.subject.number
    key = (flight.leg, flight.version, news.matters, news.before, language, number, follower.booked, now.flight)
    if key not in _rendered:
        if len(_rendered) >= 100:
            _rendered.clear()
        _rendered[key] = words.email_of(flight, news, language, now.flight, number=number, booked=follower.booked)
    return _rendered[key]
