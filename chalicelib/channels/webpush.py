"""Web Push (RFC 8030): encrypted for one browser (RFC 8291), from a server that shows who it is (RFC 8292, VAPID)."""

import json
import re
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from email.utils import parseaddr
from functools import cache
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

from chalicelib.channels import https
from chalicelib.channels.model import Outcome, Receipt
from chalicelib.core.config import config
from chalicelib.core.errors import Unavailable
from chalicelib.core.secrets import secret
from chalicelib.core.urls import public_url

LARGEST = 3993  # bytes of a payload: 4096 that push services must take, without header, padding and tag (RFC 8291)
KEPT = timedelta(hours=24)  # by the push service, for a browser that is not running


def send(subscription: str, payload: bytes, *, topic: str, urgent: bool, now: datetime) -> Receipt:
    """Send a payload to a browser's subscription (`addresses.parse`). A later message of a topic replaces one that
    still waits. `now` is wall time.
    """
    from webpush import WebPush, WebPushSubscription  # type: ignore[import-untyped] # has no types

    if len(payload) > LARGEST:
        return Receipt(Outcome.REFUSED, reason=f"{len(payload)} bytes are too many")
    to = WebPushSubscription.model_validate_json(subscription)
    endpoint = json.loads(subscription)["endpoint"]
    allow_private = config().webhooks_to == "anywhere"
    try:
        pem = secret("vapid-key")
    except Unavailable as error:
        return Receipt(Outcome.LATER, reason=str(error))
    private_key, public_key = (key.encode() for key in _pems(pem))
    message = WebPush(private_key, public_key).get(payload, to, subscriber="nobody@invalid")
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(int(KEPT.total_seconds())),
        "Urgency": "high" if urgent else "normal",
        "Topic": _topic(topic),
    }
    try:
        target = https.read(endpoint, allow_private=allow_private)
        headers["Authorization"] = _vapid(f"{target.scheme}://{target.authority}", pem, now)
        answer = https.post(endpoint, headers, message.encrypted, allow_private=allow_private)
    except https.NotAllowed as error:
        return Receipt(Outcome.REFUSED, reason=str(error))
    except https.NoAnswer as error:
        return Receipt(Outcome.LATER, reason=str(error))
    return Receipt(_outcome(answer.status), reason=None if answer.status < 300 else str(answer.status))


def public_key() -> str:
    """The key by which a browser subscribes to this deployment (`applicationServerKey`). Raises Unavailable."""
    return _application_server_key(secret("vapid-key"))


def _outcome(status: int) -> Outcome:
    if status in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED):
        return Outcome.ACCEPTED
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return Outcome.GONE
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= 500:
        return Outcome.LATER
    return Outcome.REFUSED


def _topic(topic: str) -> str:
    """RFC 8030, section 5.4: at most 32 characters of base64url."""
    if re.fullmatch(r"[A-Za-z0-9_-]{1,32}", topic):
        return topic
    return urlsafe_b64encode(blake2b(topic.encode(), digest_size=24).digest()).decode()


def _vapid(origin: str, pem: str, now: datetime) -> str:
    """The Authorization header. The library's own leaves the port out of the origin, and knows no contact but email."""
    import jwt

    _, sender = parseaddr(config().email_sender)
    contact = f"mailto:{sender}" if sender else public_url()
    claims = {"aud": origin, "exp": int((now + timedelta(hours=12)).timestamp()), "sub": contact}
    return f"vapid t={jwt.encode(claims, pem, algorithm='ES256')}, k={_application_server_key(pem)}"


@cache
def _pems(pem: str) -> tuple[str, str]:
    """A private key and its public key, as PEM."""
    from cryptography.hazmat.primitives import serialization as s

    public = _key(pem).public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    return pem, public.decode()


@cache
def _application_server_key(pem: str) -> str:
    from cryptography.hazmat.primitives import serialization as s

    point = _key(pem).public_key().public_bytes(s.Encoding.X962, s.PublicFormat.UncompressedPoint)
    return urlsafe_b64encode(point).rstrip(b"=").decode()


def _key(pem: str) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return load_pem_private_key(pem.encode(), password=None)
