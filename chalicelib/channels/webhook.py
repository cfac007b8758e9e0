"""Webhooks: a POST to a company's server, signed as Standard Webhooks has it (standardwebhooks.com)."""

import secrets
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from chalicelib.channels import https
from chalicelib.channels.model import Outcome, Receipt
from chalicelib.core.config import config

# Svix, from which Standard Webhooks comes, makes these pauses (docs.svix.com/retries); then every 10 hours.
_PAUSES = (
    timedelta(0), timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30),
    timedelta(hours=2), timedelta(hours=5), timedelta(hours=10),
)  # fmt: skip
TRIED_FOR = timedelta(hours=72)


def pause_after(attempts: int) -> timedelta | None:
    """How long to wait after so many attempts, or None: 72 hours are over."""
    pauses = [_PAUSES[min(n, len(_PAUSES) - 1)] for n in range(attempts + 1)]
    return pauses[-1] if sum(pauses, timedelta()) <= TRIED_FOR else None


def new_secret() -> str:
    """A secret to sign with, which its receiver is shown once."""
    return "whsec_" + b64encode(secrets.token_bytes(24)).decode()


def send(url: str, secret: str, message_id: str, at: datetime, body: bytes) -> Receipt:
    """Send a JSON body, signed as of `at`.

    410 says that nobody wants it any more. Any other answer but 2xx, and none, is LATER: the caller tries again.
    """
    from standardwebhooks import Webhook

    at = at.astimezone(UTC)  # the library takes any time for UTC
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, body.decode()),
    }
    try:
        answer = https.post(url, headers, body, allow_private=config().webhooks_to == "anywhere")
    except (https.NotAllowed, https.NoAnswer) as error:
        return Receipt(Outcome.LATER, reason=str(error))
    if 200 <= answer.status < 300:
        return Receipt(Outcome.ACCEPTED, id=message_id)
    outcome = Outcome.GONE if answer.status == HTTPStatus.GONE else Outcome.LATER
    return Receipt(outcome, reason=str(answer.status))
