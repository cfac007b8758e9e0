"""What is asked for and answered when somebody follows a flight."""

from dataclasses import replace
from datetime import date, time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema

from chalicelib.alerts.model import Interest, QuietHours, Rule
from chalicelib.channels.model import Channel
from chalicelib.core.errors import Fault, Invalid
from chalicelib.core.routes import Answer, Shape


def _day(text: Any) -> date:
    try:
        if isinstance(text, str) and len(text) == 10:
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError("is not a day such as 2026-07-10")


def _clock(text: Any) -> time:
    try:
        if isinstance(text, str) and len(text) == 5 and text[2] == ":":
            return time(int(text[:2]), int(text[3:]))
    except ValueError:
        pass
    raise ValueError("is not a time of day such as 22:00")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of the data
        raise ValueError("is not an IANA time zone such as Europe/Berlin") from None
    return name


Day = Annotated[date, BeforeValidator(_day)]
Clock = Annotated[
    time,
    BeforeValidator(_clock),
    WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}),
]
Zone = Annotated[str, Field(max_length=60), AfterValidator(_zone)]
Language = Literal["en", "es", "fr", "de", "zh"]
Minutes = Annotated[int, Field(ge=5, le=240)]


class Quiet(Shape):
    """When not to be woken, by the clocks of `zone`; it may go over midnight."""

    model_config = ConfigDict(extra="forbid")

    from_: Clock = Field(alias="from", description="such as 22:00")
    to: Clock = Field(description="such as 06:30")


class Wishes(Shape):
    """What to be told, and how."""

    model_config = ConfigDict(extra="forbid")

    language: Language | None = None
    zone: Zone | None = Field(None, description="IANA name, of the quiet hours")
    tell: list[Interest] | None = Field(None, min_length=1, max_length=len(Interest))
    first_delay: Minutes | None = Field(None, description="minutes off schedule that are worth a message")
    further: Minutes | None = Field(None, description="minutes off what was last told that are worth another")
    quiet: Quiet | None = None

    def applied_to(self, rule: Rule) -> Rule:
        """The rule with what is wished; what is not mentioned stays. Raises Invalid."""
        wished: dict[str, Any] = {
            name: value
            for name in ("language", "zone", "first_delay", "further")
            if (value := getattr(self, name)) is not None
        }
        if self.tell is not None:
            wished["interests"] = frozenset(self.tell)
        if "quiet" in self.model_fields_set:
            if self.quiet and self.quiet.from_ == self.quiet.to:
                raise Invalid("the quiet hours begin when they end", [Fault("body", "quiet", "begins when it ends")])
            wished["quiet"] = QuietHours(self.quiet.from_, self.quiet.to) if self.quiet else None
        return replace(rule, **wished)


class FollowRequest(Wishes):
    """What to follow: a flight's id; a flight number and date; or a route and date. And where to tell of it."""

    flight: str | None = Field(None, max_length=40, description="such as UA1545-20260710-EWR")
    number: str | None = Field(None, max_length=40, description="such as UA1545; with `date`")
    origin: str | None = Field(None, max_length=40, description="IATA or ICAO code; with `destination` and `date`")
    destination: str | None = Field(None, max_length=40)
    day: Day | None = Field(None, alias="date", description="the local date at the flight's origin")
    channel: Channel
    address: str | dict[str, Any] = Field(
        description="an email address; a number such as +14155550123; an https URL; for push {platform, token};"
        " for webpush what the browser's PushSubscription.toJSON() gives"
    )


class FollowAnswer(Answer):
    """What was asked for is noted, and counts once whoever has the address agreed. Always the same but for the id."""

    id: str
    status: Literal["pending"] = "pending"
    confirm: Literal["link", "code"] = Field(description="what the one message to the address holds")
    bound: bool = Field(description="whether such a flight is known yet")
    flights: list[str] = Field(description="the flights that are followed, as far as they are known yet")
