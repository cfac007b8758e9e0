"""Events as AWS hands them to a function: one factory for the local cloud and the tests.

Shapes are those of the Lambda developer guide ("Using AWS Lambda with other services") and of API Gateway's input
formats. Instants are arguments; ids are made here where none is given.
"""

import base64
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl

from chalice.local import LambdaContext

ACCOUNT = "123456789012"
REGION = "us-east-1"
STAGE = "local"

Pairs = Iterable[tuple[str, str]]


def context(function: str, seconds: float = 29, memory: int = 1769) -> LambdaContext:
    """What Lambda says of an invocation: the function's full name, how long it may take, its memory (MB)."""
    made = LambdaContext(function, memory, max_runtime_ms=int(seconds * 1000))
    made.invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"
    made.log_group_name = f"/aws/lambda/{function}"
    return made


def rest(
    method: str,
    path: str,
    *,
    at: datetime,
    resource: str | None = None,
    path_parameters: Mapping[str, str] | None = None,
    query: str = "",
    headers: Pairs = (),
    body: bytes = b"",
    binary_types: Sequence[str] = (),
    domain: str = "localhost",
    source_ip: str = "127.0.0.1",
) -> dict[str, Any]:
    """A request as API Gateway's REST proxy integration tells it.

    `path` and `path_parameters` undecoded, as they came; `query` the raw query string; `resource` the route's path
    with its `{names}`. A body whose Content-Type is one of `binary_types` is handed over in base64.
    """
    many_headers, many_queries = _many(headers), _many(parse_qsl(query, keep_blank_values=True))
    content_type = next((v[-1] for n, v in many_headers.items() if n.lower() == "content-type"), "application/json")
    kind = content_type.partition(";")[0].strip().lower()
    binary = bool(body) and any(fnmatchcase(kind, pattern) for pattern in binary_types)
    text = base64.b64encode(body).decode() if binary else body.decode(errors="replace")
    return {
        "resource": resource or path,
        "path": path,
        "httpMethod": method,
        "headers": _last(many_headers),
        "multiValueHeaders": many_headers,
        "queryStringParameters": _last(many_queries) or None,
        "multiValueQueryStringParameters": many_queries or None,
        "pathParameters": dict(path_parameters) if path_parameters else None,
        "stageVariables": None,
        "requestContext": {
            **_request_context(domain, at, source_ip, many_headers),
            "resourceId": "local",
            "resourcePath": resource or path,
            "httpMethod": method,
            "path": path,
            "protocol": "HTTP/1.1",
        },
        "body": text or None,
        "isBase64Encoded": binary,
    }


def websocket(
    route: str,
    connection: str,
    *,
    at: datetime,
    connected_at: datetime,
    domain: str = "localhost:8001",
    headers: Pairs = (),
    query: str = "",
    body: str | bytes | None = None,
    closed: tuple[int, str] | None = None,
    source_ip: str = "127.0.0.1",
) -> dict[str, Any]:
    """What API Gateway tells of a WebSocket: `route` is `$connect`, `$default` or `$disconnect`.

    `body` is the message; `closed` its closing code and reason, for `$disconnect`.
    """
    kinds = {"$connect": "CONNECT", "$disconnect": "DISCONNECT"}
    many_headers, many_queries = _many(headers), _many(parse_qsl(query, keep_blank_values=True))
    told = {
        **_request_context(domain, at, source_ip, many_headers),
        "routeKey": route,
        "eventType": kinds.get(route, "MESSAGE"),
        "messageDirection": "IN",
        "connectedAt": _millis(connected_at),
        "connectionId": connection,
    }
    event: dict[str, Any] = {"requestContext": told, "isBase64Encoded": isinstance(body, bytes)}
    if route not in kinds:
        told["messageId"] = base64.b64encode(uuid.uuid4().bytes[:11]).decode()
    else:
        event |= {"headers": _last(many_headers), "multiValueHeaders": many_headers}
        if many_queries:
            event |= {"queryStringParameters": _last(many_queries), "multiValueQueryStringParameters": many_queries}
    if closed:
        told["disconnectStatusCode"], told["disconnectReason"] = closed
    if body is not None:
        event["body"] = base64.b64encode(body).decode() if isinstance(body, bytes) else body
    return event


def records(*each: Mapping[str, Any]) -> dict[str, Any]:
    """The event of a batch of records."""
    return {"Records": list(each)}


def stream_record(record: Mapping[str, Any], stream_arn: str) -> dict[str, Any]:
    """A record as botocore's GetRecords gives it, as Lambda hands it on: JSON, with its stream's ARN."""
    told = {**record, "awsRegion": REGION, "eventSourceARN": stream_arn}
    plain: dict[str, Any] = json.loads(json.dumps(told, default=_stream_value))
    return plain


def sns_record(
    message: str,
    *,
    topic_arn: str,
    at: datetime,
    subject: str | None = None,
    attributes: Mapping[str, Any] | None = None,
    message_id: str | None = None,
) -> dict[str, Any]:
    """A topic's message as Lambda hands it on; `attributes` as {name: {"Type": …, "Value": …}}."""
    return {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": f"{topic_arn}:{uuid.uuid5(uuid.NAMESPACE_URL, topic_arn)}",
        "Sns": {
            "Type": "Notification",
            "MessageId": message_id or str(uuid.uuid4()),
            "TopicArn": topic_arn,
            "Subject": subject,
            "Message": message,
            "Timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z",
            "SignatureVersion": "1",
            "Signature": "local",
            "SigningCertUrl": "local",
            "UnsubscribeUrl": "local",
            "MessageAttributes": dict(attributes or {}),
        },
    }


def sqs_record(message: Mapping[str, Any], queue_arn: str) -> dict[str, Any]:
    """A message as botocore's ReceiveMessage gives it, as Lambda hands it on."""
    attributes = {
        name: {f"{kind[0].lower()}{kind[1:]}": _text(value) for kind, value in attribute.items()}
        for name, attribute in message.get("MessageAttributes", {}).items()
    }
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": attributes,
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }


def schedule(rule: str, at: datetime) -> dict[str, Any]:
    """What EventBridge tells when a rule's time has come: `at` is that time."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule}"],
        "detail": {},
    }


def _request_context(domain: str, at: datetime, source_ip: str, headers: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    agent = next((values[-1] for name, values in headers.items() if name.lower() == "user-agent"), None)
    return {
        "accountId": ACCOUNT,
        "apiId": "local",
        "stage": STAGE,
        "domainName": domain,
        "requestId": str(uuid.uuid4()),
        "extendedRequestId": base64.b64encode(uuid.uuid4().bytes[:11]).decode(),
        "requestTime": at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": _millis(at),
        "identity": {"sourceIp": source_ip, "userAgent": agent},
    }


def _many(pairs: Pairs) -> dict[str, list[str]]:
    many: dict[str, list[str]] = {}
    for name, value in pairs:
        many.setdefault(name, []).append(value)
    return many


def _last(many: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {name: values[-1] for name, values in many.items()}


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _stream_value(value: Any) -> Any:
    return value.timestamp() if isinstance(value, datetime) else _text(value)


def _text(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
