"""The channels by which a message leaves, addresses on them, and what came of a sending."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b

LANGUAGES = ("en", "es", "fr", "de", "zh")  # that messages are written in


class Channel(StrEnum):
    """How a message leaves."""

    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"  # FCM or APNs, through an SNS platform endpoint
    WEBPUSH = "webpush"
    WEBHOOK = "webhook"


@dataclass(frozen=True)
class Address:
    """Where messages go on one channel, in its one spelling (`addresses.parse`)."""

    channel: Channel
    value: str  # an email address; E.164; an endpoint's ARN; a browser's subscription as JSON; an https URL

    @cached_property
    def id(self) -> str:
        """What names the address in keys, links and logs without telling it."""
        return blake2b(f"{self.channel}:{self.value}".encode(), digest_size=12).hexdigest()


class Outcome(StrEnum):
    """What a provider said to a message."""

    ACCEPTED = "accepted"
    LATER = "later"  # it is busy or broken: the same message may be taken later
    REFUSED = "refused"  # it will never take this message
    GONE = "gone"  # nobody is reached at the address any more, or nobody there wants to be


@dataclass(frozen=True)
class Receipt:
    """What came of one message: the provider's id for it, or why not."""

    outcome: Outcome
    id: str | None = None
    reason: str | None = None


# Functions that send at a time: app.py bounds the queues by it, and each function takes its share of the rate.
AT_ONCE = {Channel.EMAIL: 5, Channel.SMS: 2, Channel.PUSH: 10, Channel.WEBPUSH: 10, Channel.WEBHOOK: 20}


class CallRefused(Exception):
    """A provider took nothing of a call of several messages, for the fault of one: smaller calls may be taken."""


def language_of(accept_language: str) -> str:
    """The language that suits best what a browser says its user reads (RFC 9110, section 12.5.4)."""
    liked: list[tuple[float, str]] = []
    for part in accept_language.split(",")[:20]:
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        liked.append((quality, tag.strip().lower().partition("-")[0]))
    known = [(quality, language) for quality, language in liked if language in LANGUAGES and quality > 0]
    return max(known, key=lambda each: each[0], default=(0, "en"))[1]
