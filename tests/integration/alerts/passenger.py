"""A passenger with a browser and a mailbox, to test following with: requests as API Gateway hands them over."""

import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
import pytest

import app
from chalicelib.alerts import confirm
from chalicelib.channels import email, push, sms, webhook, webpush
from chalicelib.channels.model import Outcome, Receipt
from chalicelib.core import clock
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from infra.local import events


class Answer:
    """What came back."""

    def __init__(self, response: dict[str, Any]):
        self.status = int(response["statusCode"])
        headers = {name: values[-1] for name, values in response.get("multiValueHeaders", {}).items()}
        self.headers = {name.lower(): str(value) for name, value in {**headers, **response["headers"]}.items()}
        self.text: str = response["body"]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class World:
    """The clock, what was sent to whom, and how far the stream was read."""

    now: Now
    sent: list[tuple[str, str, Any]] = field(default_factory=list)  # channel, address, message
    receipt: Receipt = field(default_factory=lambda: Receipt(Outcome.ACCEPTED, "m1"))
    read: set[str] = field(default_factory=set)

    def later(self, **by: float) -> None:
        span = timedelta(**by)
        self.now = Now(self.now.flight + span, self.now.wall + span)

    def request(
        self, method: str, path: str, body: Any = None, *, client: str = "192.0.2.1", token: str | None = None,
        headers: dict[str, str] | None = None, raw: bytes | None = None,
    ) -> Answer:  # fmt: skip
        """Ask as API Gateway would; `body` a dict is JSON, `raw` is sent as it is."""
        parts = urlsplit(path)
        sent = {"Content-Type": "application/json", **(headers or {})}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        resource, parameters = _route(parts.path)
        event = events.rest(
            method, parts.path, at=self.now.wall, resource=resource, path_parameters=parameters, query=parts.query,
            headers=sent.items(), source_ip=client,
            body=raw if raw is not None else b"" if body is None else json.dumps(body).encode(),
        )  # fmt: skip
        return Answer(app.app(event, events.context("gatecall", 29)))

    def press(self, url: str, **fields: Any) -> Answer:
        """Press a page's button."""
        parts = urlsplit(url)
        return self.request(
            "POST", f"{parts.path}?{parts.query}", raw=urlencode(fields, doseq=True).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )  # fmt: skip

    def open(self, url: str) -> Answer:
        """Open a page."""
        parts = urlsplit(url)
        return self.request("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path)

    def follow(self, address: Any = "ada@example.com", channel: str = "email", **more: Any) -> Answer:
        """Ask to follow a flight."""
        client = more.pop("client", "192.0.2.1")
        return self.request(
            "POST", "/v1/subscriptions", {"channel": channel, "address": address, **more}, client=client
        )

    def stream(self, *, again: bool = False) -> int:
        """Hand each record of the stream to its handler, until there are no more. Returns how many."""
        handled = 0
        while records := [r for r in _records() if again or r["dynamodb"]["SequenceNumber"] not in self.read]:
            again = False
            for record in records:
                self.read.add(record["dynamodb"]["SequenceNumber"])
                confirm.ask(record, self.now)
                handled += 1
            for message in asks():
                confirm.ask_again(message["ask"], 0, self.now)
        return handled

    @property
    def link(self) -> str:
        """The link of the last email."""
        found = re.search(r"https://flights\.test/\S+", self.sent[-1][2].text)
        assert found
        return found[0]

    @property
    def code(self) -> str:
        """The code of the last SMS, push or challenge."""
        found = re.search(r"\b\d{6}\b", str(self.sent[-1][2]))
        assert found
        return found[0]


def world(now: Now, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose providers remember what they were given."""
    made = World(now)

    def taken(channel: str, address: str, message: Any) -> Receipt:
        made.sent.append((channel, address, message))
        return made.receipt

    monkeypatch.setattr(clock, "now", lambda setting: made.now)
    monkeypatch.setattr(email, "send", lambda emails: [taken("email", each.to, each) for each in emails])
    monkeypatch.setattr(sms, "send", lambda number, text: taken("sms", number, text))
    monkeypatch.setattr(push, "send", lambda arn, message: taken("push", arn, message))
    monkeypatch.setattr(
        webpush, "send", lambda subscription, payload, **more: taken("webpush", subscription, payload.decode())
    )
    monkeypatch.setattr(
        webhook, "send", lambda url, secret, id_, at, body: taken("webhook", url, json.loads(body) | {"key": secret})
    )
    return made


def rows(table: str) -> list[dict[str, Any]]:
    """All items of a table."""
    return list(boto3.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"])


def followers() -> list[dict[str, Any]]:
    """The rows of those who are told."""
    return [row for row in rows(config().followers_table) if row["pk"]["S"].startswith("page#")]


def asks() -> list[dict[str, Any]]:
    """The messages that call for a challenge, taken out of their queues."""
    sqs, found = boto3.client("sqs"), []
    for url in (config().pushes_queue, config().webhooks_queue):
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
        for message in messages:
            if "ask" in (body := json.loads(message["Body"])):
                found.append(body)
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def _route(path: str) -> tuple[str, dict[str, str] | None]:
    parts = path.split("/")
    for route in sorted(app.app.routes, key=lambda route: route.replace("{", "\uffff")):
        names = route.split("/")
        if len(names) == len(parts) and all(n == p or n[:1] == "{" for n, p in zip(names, parts, strict=True)):
            return route, {n[1:-1]: p for n, p in zip(names, parts, strict=True) if n[:1] == "{"} or None
    raise LookupError(path)


def _records() -> list[dict[str, Any]]:
    streams = boto3.client("dynamodbstreams")
    arn = boto3.client("dynamodb").describe_table(TableName=config().subscriptions_table)["Table"]["LatestStreamArn"]
    found = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found += streams.get_records(ShardIterator=iterator)["Records"]
    return found
