"""Signed tokens of links in messages: who has one, may do what it is for, and nothing else. Without a login.

A token names what it is for and until when, and is signed with the first of the stage's `link-keys`. All of them
verify, so a key can be replaced. No kind of token stands in for another: each is signed with a salt of its own.
"""

import hashlib
import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from chalicelib.core.errors import Invalid
from chalicelib.core.secrets import secret


class BadLink(Invalid):
    """A link that is none of ours, was changed, or is too old."""

    def __init__(self) -> None:
        super().__init__("this link is not one of ours, was used, or is too old")


def sign(purpose: str, names: list[str], until: datetime) -> str:
    """A token that holds these names until an instant, for one purpose, such as `alerts.confirm`."""
    return str(_serializer(purpose, secret("link-keys")).dumps([*names, int(until.timestamp())]))


def verify(purpose: str, token: str, now: datetime) -> list[str]:
    """The names that a token holds. Raises BadLink, Unavailable."""
    from itsdangerous import BadData

    try:
        signed: list[Any] = _serializer(purpose, secret("link-keys")).loads(token)
    except (BadData, ValueError):  # ValueError: a token that is no text
        raise BadLink from None
    *names, until = signed
    if until <= now.timestamp():
        raise BadLink
    return [str(name) for name in names]


@lru_cache(maxsize=8)  # a page of followers takes a thousand signatures; a rotated secret is another one
def _serializer(purpose: str, keys: str) -> Any:
    from itsdangerous import URLSafeSerializer

    return URLSafeSerializer(
        list(reversed(json.loads(keys))),  # it signs with the last
        salt=f"gatecall.{purpose}",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
