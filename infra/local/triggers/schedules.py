"""Scheduled functions: EventBridge's rate(…) and cron(…), kept by the flight clock."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from chalice.app import ScheduledEventConfig, ScheduleExpression

from infra.local import events
from infra.local.functions import Functions

LOOK_BACK = timedelta(days=2)  # a cron rule's missed times further back than this are not looked for

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_NAMES = {
    "month": {name: number for number, name in enumerate(_MONTHS, 1)},
    "day of week": {name: number for number, name in enumerate(_DAYS, 1)},
}
_FIELDS = {
    "minute": (0, 59),
    "hour": (0, 23),
    "day of month": (1, 31),
    "month": (1, 12),
    "day of week": (1, 7),
    "year": (1970, 2199),
}


class UnknownSchedule(ValueError):
    """A schedule expression that can't be understood; the message says which part."""


@dataclass(frozen=True)
class Rate:
    """`rate(5 minutes)`: every so often from `start` on."""

    period: timedelta
    start: datetime

    def latest(self, after: datetime, until: datetime) -> datetime | None:
        """The last time the rule fires in (after, until]."""
        fires = self.start + (until - self.start) // self.period * self.period
        return fires if fires > after else None


@dataclass(frozen=True)
class Cron:
    """`cron(0 6 ? * MON-FRI *)`, UTC: the values each field may have."""

    fields: dict[str, frozenset[int]]

    def latest(self, after: datetime, until: datetime) -> datetime | None:
        """The last minute in (after, until] that the rule names."""
        at = until.replace(second=0, microsecond=0)
        while at > max(after, until - LOOK_BACK):
            if self._names(at):
                return at
            at -= timedelta(minutes=1)
        return None

    def _names(self, at: datetime) -> bool:
        told = {
            "minute": at.minute, "hour": at.hour, "day of month": at.day, "month": at.month,
            "day of week": at.isoweekday() % 7 + 1, "year": at.year,
        }  # fmt: skip
        return all(told[name] in values for name, values in self.fields.items())


def parse(expression: str, start: datetime) -> Rate | Cron:
    """Read a schedule expression; a rate counts from `start`. Raises UnknownSchedule."""
    if found := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression):
        number, unit = int(found[1]), found[2]
        if number > 0:
            return Rate(number * {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}.get(
                unit, timedelta(days=1)), start)  # fmt: skip
    if found := re.fullmatch(r"cron\((.+)\)", expression):
        parts = found[1].split()
        if len(parts) == len(_FIELDS):
            return Cron({name: _values(name, part) for name, part in zip(_FIELDS, parts, strict=True)})
    raise UnknownSchedule(f"{expression!r} is not a schedule; one looks like rate(1 minute) or cron(0 6 * * ? *)")


def _values(name: str, part: str) -> frozenset[int]:
    low, high = _FIELDS[name]
    values: set[int] = set()
    for piece in part.upper().split(","):
        span, _, step = piece.partition("/")
        first, dash, last = span.partition("-")
        try:
            if span in ("*", "?"):
                begin, end = low, high
            else:
                begin = _number(name, first)
                end = _number(name, last) if dash else (high if step else begin)
            values.update(range(begin, end + 1, int(step or 1)))
        except ValueError:
            raise UnknownSchedule(f"{part!r} as the {name} of a cron rule is not understood here") from None
    if not values or not values <= set(range(low, high + 1)):
        raise UnknownSchedule(f"{part!r} as the {name} of a cron rule is not within {low} to {high}")
    return frozenset(values)


def _number(name: str, text: str) -> int:
    return _NAMES.get(name, {}).get(text) or int(text)


@dataclass
class Schedule:
    """A function and its times. A run that takes long is not overlapped; the times it missed become one."""

    source: ScheduledEventConfig
    functions: Functions
    now: Callable[[], datetime]  # the flight clock
    _rule: Rate | Cron = field(init=False)
    _fired: datetime = field(init=False)
    _one_at_a_time: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._fired = self.now()
        expression = self.source.schedule_expression
        text = expression.to_string() if isinstance(expression, ScheduleExpression) else expression
        self._rule = parse(text, self._fired)

    def poll(self) -> bool:
        """Run the function if its time has come. Returns False: the next look can wait."""
        if at := self._rule.latest(self._fired, self.now()):
            self._fired = at
            self.run(at)
        return False

    def run(self, at: datetime) -> bool:
        """Run the function as at that time, and wait. Returns whether it succeeded."""
        event = events.schedule(self.functions.full_name(self.source.name), at)
        with self._one_at_a_time:
            return self.functions.invoke_later(self.source.name, event)
