"""SNS, which carries SMS and pushes to apps: one Publish, and what its answers mean."""

from typing import Any

from chalicelib.channels.model import Outcome, Receipt
from chalicelib.core import aws
from chalicelib.core.telemetry import logger

_GONE = {"OptedOut", "OptedOutException", "EndpointDisabled", "EndpointDisabledException", "NotFound"}
_REFUSED = {"InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "ValidationException"}
_NOBODY = ("opted out", "No endpoint found")  # some of InvalidParameter say this


def publish(**request: Any) -> Receipt:
    """Publish once (parameters of SNS Publish). LATER also where it is not known whether SNS has taken it."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = aws.client("sns", retries=False).publish(**request)
    except ClientError as error:
        return _refused(error)
    except BotoCoreError as error:
        return Receipt(Outcome.LATER, reason=type(error).__name__)
    return Receipt(Outcome.ACCEPTED, id=answer["MessageId"])


def _refused(error: Any) -> Receipt:
    said = error.response.get("Error", {})
    code, message = said.get("Code", ""), said.get("Message", "")
    if aws.is_transient(error):
        return Receipt(Outcome.LATER, reason=code)
    if code in _GONE or any(words in message for words in _NOBODY):
        return Receipt(Outcome.GONE, reason=code)
    if code in _REFUSED:
        return Receipt(Outcome.REFUSED, reason=code)
    # Not the message's fault but this account's (permissions, a platform application that is off): can be mended.
    logger.error("SNS does not let us publish", code=code)
    return Receipt(Outcome.LATER, reason=code)
