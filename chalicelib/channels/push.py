"""Pushes to apps on Android (FCM) and iOS (APNs), through SNS platform endpoints."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from chalicelib.channels import sns
from chalicelib.channels.model import Address, Outcome, Receipt
from chalicelib.core import aws
from chalicelib.core.config import config
from chalicelib.core.errors import Fault, Invalid, Unavailable
from chalicelib.core.telemetry import logger

LARGEST = 4096  # bytes of a payload, of FCM and of APNs
KEPT = timedelta(hours=24)  # for a phone that is off


@dataclass(frozen=True)
class Push:
    """What a phone shows, and the strings its app gets with it."""

    title: str
    body: str
    data: Mapping[str, str]
    urgent: bool
    topic: str  # a later push of a topic takes the place of an earlier one


def register(address: Address) -> Address:
    """The address of an app (`fcm:…`, `apns:…`) as the SNS endpoint by which it is reached, which is made, or enabled.

    Raises Invalid for a token that is not taken, or of a kind that this deployment does not serve; Unavailable.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    kind, _, token = address.value.partition(":")
    application = {"fcm": config().fcm_application, "apns": config().apns_application}[kind]
    if not application:
        raise _invalid(f"is of a kind that is not served here: {kind}")
    try:
        return replace(address, value=_endpoint(application, token))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "InvalidParameter":
            raise _invalid(f"holds a token that {kind.upper()} does not know") from None
        logger.error("SNS does not register an app", code=code)
        raise Unavailable("apps can't be registered now") from error
    except BotoCoreError as error:
        raise Unavailable("apps can't be registered now") from error


def _endpoint(application: str, token: str) -> str:
    """As the SNS guide has it: made; or found, from the words of the refusal, and given this token and enabled."""
    from botocore.exceptions import ClientError

    client = aws.client("sns")
    enabled = {"Enabled": "true"}
    try:
        return str(client.create_platform_endpoint(
            PlatformApplicationArn=application, Token=token, Attributes=enabled
        )["EndpointArn"])  # fmt: skip
    except ClientError as error:
        there = re.search(r"Endpoint (arn:\S+) already exists with the same [Tt]oken", str(error))
        if not there:
            raise
        client.set_endpoint_attributes(EndpointArn=there[1], Attributes={"Token": token, **enabled})
        return there[1]


def send(endpoint: str, push: Push) -> Receipt:
    """Send a push to an SNS endpoint. GONE where the app is no longer there, or its token has changed."""
    platform = endpoint.split("/")[1]  # arn:…:endpoint/APNS/… ; also GCM, APNS_SANDBOX
    shape = _fcm if platform == "GCM" else _apns
    payload = _fitting(push, shape)
    if payload is None:
        return Receipt(Outcome.REFUSED, reason="its data is too large")
    attributes = {}
    if platform != "GCM":
        attributes = {
            "AWS.SNS.MOBILE.APNS.PUSH_TYPE": "alert",
            "AWS.SNS.MOBILE.APNS.PRIORITY": "10" if push.urgent else "5",
            "AWS.SNS.MOBILE.APNS.COLLAPSE_ID": push.topic[:64],
            f"AWS.SNS.MOBILE.{platform}.TTL": str(int(KEPT.total_seconds())),
        }
    return sns.publish(
        TargetArn=endpoint,
        MessageStructure="json",
        Message=json.dumps({"default": push.title, platform: payload}, ensure_ascii=False),
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    )  # fmt: skip


def _fcm(push: Push) -> dict[str, Any]:
    message = {
        "notification": {"title": push.title, "body": push.body},
        "data": dict(push.data),
        "android": {
            "priority": "high" if push.urgent else "normal",
            "ttl": f"{int(KEPT.total_seconds())}s",
            "collapse_key": push.topic,  # of what still waits
            "notification": {"tag": push.topic},  # of what is shown
        },
    }
    return {"fcmV1Message": {"message": message}}


def _apns(push: Push) -> dict[str, Any]:
    aps = {
        "alert": {"title": push.title, "body": push.body},
        "sound": "default",
        "interruption-level": "time-sensitive" if push.urgent else "active",
        "thread-id": push.topic,
    }
    return {**push.data, "aps": aps}


def _fitting(push: Push, shape: Callable[[Push], dict[str, Any]]) -> str | None:
    """The payload, its text cut where it would be too large; None where that is not enough."""
    payload = _json(shape(push))
    while len(payload.encode()) > LARGEST:
        if not push.body:
            return None
        # A character takes at most six bytes here, and a cut must make room for the ellipsis.
        keep = len(push.body) - max(2, (len(payload.encode()) - LARGEST) // 6)
        push = replace(push, body=f"{push.body[:keep].rstrip()}…" if keep > 0 else "")
        payload = _json(shape(push))
    return payload


def _json(thing: Any) -> str:
    return json.dumps(thing, ensure_ascii=False, separators=(",", ":"))


def _invalid(detail: str) -> Invalid:
    return Invalid(f"the address {detail}", [Fault("body", "address", detail)])
