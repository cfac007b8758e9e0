"""How a message reaches a client: API Gateway's management API, at the connection's own callback address."""

from collections.abc import Callable
from enum import StrEnum
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from chalicelib.core import aws
from chalicelib.core.telemetry import logger

ANSWERS_WITHIN = 2  # seconds


class Sent(StrEnum):
    """What became of a message."""

    YES = "yes"
    GONE = "gone"  # the client is not there any more
    FULL = "full"  # refused: the client reads too slowly, or the account sends too much
    UNKNOWN = "unknown"  # no answer in time, or an unclear one: it may have been delivered, or may yet be


Post = Callable[[str, str, bytes], Sent]  # connection id, callback address, message


def callback(domain_name: str, stage: str) -> str:
    """Where a connection is written to, by the `requestContext` of its events; without TLS on this machine alone."""
    host = urlsplit(f"//{domain_name}").hostname or ""
    local = host in ("localhost", "::1") or host.startswith("127.")
    return f"{'http' if local else 'https'}://{domain_name}/{stage}"


def post(connection_id: str, address: str, message: bytes) -> Sent:
    """Send a message to a connection. Raises nothing: what is our own fault (too large, not allowed) is logged."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        gateway = aws.client("apigatewaymanagementapi", address, retries=False, timeout=ANSWERS_WITHIN)
        gateway.post_to_connection(ConnectionId=connection_id, Data=message)
    except ClientError as error:
        return _refused(connection_id, len(message), error)
    except BotoCoreError as error:
        logger.warning("no answer from a connection", connection=connection_id, reason=type(error).__name__)
        return Sent.UNKNOWN
    return Sent.YES


def _refused(connection_id: str, size: int, error: Any) -> Sent:
    # By status: with a body that is no JSON, botocore names the error by its number.
    match error.response["ResponseMetadata"]["HTTPStatusCode"]:
        case HTTPStatus.GONE:
            return Sent.GONE
        case HTTPStatus.TOO_MANY_REQUESTS:
            return Sent.FULL
    logger.error("a connection refused a message", connection=connection_id, bytes=size, reason=str(error))
    return Sent.UNKNOWN
