"""How observations and changes are written as JSON text: compact, since it is what a write and a read cost.

Observations stand by source: {"replay": {"departure_gate": ["B4", 1373450000]}}, times as seconds since 1970; a third
element is a departure attempt above 1. A change is [kind, field, before, after, source, at].
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from chalicelib.flights.model import Change, DelayCode, Kind, Phase, Seen, Value


def encode(seen: Mapping[str, Seen]) -> str:
    """Observations as one JSON text, by source."""
    by_source: dict[str, dict[str, list[Any]]] = {}
    for name, s in sorted(seen.items()):
        observation = [_plain(s.value), int(s.at.timestamp())] + ([s.attempt] if s.attempt > 1 else [])
        by_source.setdefault(s.source, {})[name] = observation
    return json.dumps(by_source, separators=(",", ":"), ensure_ascii=False)


def decode(text: str) -> dict[str, Seen]:
    """The observations of one JSON text."""
    return {
        name: Seen(_value(name, value), _time(at), source, *attempt)
        for source, of in json.loads(text).items()
        for name, (value, at, *attempt) in of.items()
    }


def encode_changes(changes: Iterable[Change]) -> str:
    """The changes of one version as one JSON text."""
    plain = [[c.kind, c.field, _plain(c.before), _plain(c.after), c.source, int(c.at.timestamp())] for c in changes]
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False)


def decode_changes(text: str) -> tuple[Change, ...]:
    """The changes of one JSON text."""
    return tuple(
        Change(Kind(kind), name, _value(name, before), _value(name, after), source, _time(at))
        for kind, name, before, after, source, at in json.loads(text)
    )


def _plain(value: Value | Phase) -> Any:
    return int(value.timestamp()) if isinstance(value, datetime) else value


def _value(name: str, value: Any) -> Value:
    if value is None:
        return None
    if name.startswith(("scheduled_", "estimated_", "actual_")):
        return _time(value)
    if name == "delay_codes":
        return tuple(DelayCode(*code) for code in value)
    return tuple(value) if name == "codeshares" else value


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
