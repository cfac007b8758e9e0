"""The signed links in messages (`core.signed`), and the codes that confirm an address."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

from chalicelib.core.callers import Holder
from chalicelib.core.config import config
from chalicelib.core.secrets import secret
from chalicelib.core.signed import BadLink, sign, verify
from chalicelib.core.urls import public_url

CONFIRM_FOR = timedelta(hours=48)
MANAGE_FOR = timedelta(days=60)
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def confirm(address: str, ask: str, now: datetime) -> str:
    """The URL of the page that confirms an address (its id), as this ask asked for."""
    return _url("confirm", sign("alerts.confirm", [address, ask], now + CONFIRM_FOR))


def manage(address: str, now: datetime) -> str:
    """The URL of the page that shows, changes and stops what an address follows."""
    return _url("manage", manage_token(address, now))


def unsubscribe(subscription: str) -> str:
    """The URL that stops one subscription by one click (RFC 8058); it never gets too old."""
    return _url("unsubscribe", sign("alerts.unsubscribe", [subscription], _NEVER))


def short(code: str | None) -> str | None:
    """The URL in SMS that leads to the page of `manage`; None where the deployment has no short domain."""
    base = config().short_url
    return f"{base}/s/{code}" if base and code else None


def manage_token(address: str, now: datetime) -> str:
    """What shows that one has a message that was sent to an address."""
    return sign("alerts.manage", [address], now + MANAGE_FOR)


def holder(token: str, now: datetime) -> Holder | None:
    """Who has a token of `manage`; None where it is none or too old."""
    try:
        (address,) = verify("alerts.manage", token, now)
    except BadLink:
        return None
    return Holder(address)


def confirmed_by(token: str, now: datetime) -> tuple[str, str]:
    """The address and the ask that a token of `confirm` is for. Raises BadLink."""
    address, ask = verify("alerts.confirm", token, now)
    return address, ask


def unsubscribed_by(token: str, now: datetime) -> str:
    """The subscription that a token of `unsubscribe` is for. Raises BadLink."""
    (subscription,) = verify("alerts.unsubscribe", token, now)
    return subscription


def code(address: str, ask: str, key: str | None = None) -> str:
    """The six digits that confirm an address, as this ask asked for.

    They are computed, so that they stand nowhere: not in a table, not in a log.
    """
    digest = hmac.digest((key or _keys()[0]).encode(), f"code:{address}:{ask}".encode(), hashlib.sha256)
    return f"{int.from_bytes(digest[:8]) % 1_000_000:06}"


def is_code(given: str, address: str, ask: str) -> bool:
    """Whether these are the six digits of an ask."""
    given = "".join(given.split())
    return any(hmac.compare_digest(given.encode(), code(address, ask, key).encode()) for key in _keys())


def _url(page: str, token: str) -> str:
    return f"{public_url()}/follow/{page}?token={token}"


def _keys() -> list[str]:
    keys: list[str] = json.loads(secret("link-keys"))
    return keys
