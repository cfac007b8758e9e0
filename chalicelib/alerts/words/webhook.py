"""What goes out to servers: JSON, in no language."""

import json
from datetime import datetime
from typing import Any

from chalicelib.alerts.model import News
from chalicelib.core.clock import instant
from chalicelib.flights.answers import FlightRow
from chalicelib.flights.model import Flight


def webhook_of(flight: Flight, news: News, subscription_id: str, at: datetime) -> bytes:
    """The news of a flight, with the flight as REST shows it and what the receiver was last told (null: not known)."""
    before = news.before
    return _body(
        "flight.changed",
        at,
        {
            "subscription": subscription_id,
            "flight": FlightRow.of(flight).model_dump(mode="json", exclude_none=True),
            "matters": list(news.matters),
            "before": {
                "version": before.version,
                "phase": before.phase,
                "expected_out": instant(before.out) if before.out else None,
                "expected_in": instant(before.in_) if before.in_ else None,
                "terminal": before.terminal,
                "gate": before.gate,
                "belt": before.belt,
                "cancelled": before.cancelled,
                "diverted_to": before.diverted_to,
            },
        },
    )


def confirm_webhook(subscription_id: str, code: str, secret: str, at: datetime) -> bytes:
    """What asks a server to prove itself: it is to post the code back, and to keep the secret that signs messages."""
    return _body("subscription.challenge", at, {"subscription": subscription_id, "code": code, "secret": secret})


def _body(kind: str, at: datetime, data: dict[str, Any]) -> bytes:
    body = {"type": kind, "timestamp": instant(at), "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
