"""What telling a flight's followers asks of AWS, from the change's message to the last mark, and of the processor."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs

import pytest
from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session

from chalicelib.alerts import deliver, due, fanout, ledger, letters, model, store
from chalicelib.alerts.model import Delivery, Follower, Rule, Subject
from chalicelib.channels import email, https, sms, webhook
from chalicelib.channels.model import Address, Channel, Outcome
from chalicelib.core import aws
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import Flight, FlightUpdate
from tests.bench import NOON, day
from tests.bench.meter import Meter, metered
from tests.integration.alerts.following import queued
from tests.integration.alerts.passenger import world

NOW = Now(NOON + timedelta(hours=2), NOON + timedelta(hours=2))  # those who leave soon are told of a new gate
EMAILS = (1, 100, 1000, 10_000, 100_000)

_ADDRESSES: dict[Channel, Callable[[int], str]] = {
    Channel.EMAIL: "passenger.{}@example.com".format,
    Channel.SMS: "+1201555{:04}".format,
    Channel.PUSH: "arn:aws:sns:us-east-1:123456789012:endpoint/GCM/bench/{}".format,
    Channel.WEBHOOK: "https://hooks.example.com/{}".format,
}
_RECEIPT = "0100018f2c3d4e5f-{:08x}-89ab-cdef-0123-456789abcdef-000000".format  # as long as those of SES are
_seconds = count(3600)  # after all that the other tables change


@dataclass
class Told:
    """What it cost, for so many followers; the processor's seconds are those of `deliver`."""

    followers: int  # 0: it tells none
    meter: Meter
    seconds: float | None = None

    def figures(self) -> tuple[str, ...]:
        """As they stand in a row of the table."""
        meter, calls = self.meter, self.meter.dynamodb
        operations = ", ".join(f"{number:,} {operation}" for operation, number in sorted(calls.items()))
        providers = [f"{number:,} {name}" for name in ("sesv2", "sns") if (number := meter.others[name])]
        each = self.followers or None
        return (
            ", ".join(providers).replace("sesv2", "SES").replace("sns", "SNS"), f"{meter.others['sqs'] or ''}",
            f"{calls.total():,}", operations, f"{meter.read:,g}", f"{meter.write:,g}",
            f"{meter.write / each:.3g}" if each else "",
            f"{calls.total() * 1000 / each:,.0f}" if each else "",
            f"{self.seconds * 1000 / each:.2f}" if each and self.seconds is not None else "",
        )  # fmt: skip


def measure(updates: Iterable[FlightUpdate]) -> Iterator[tuple[str, Told]]:
    """Each row of the table by name. The flights are kept already."""
    flights = iter([flight for flight in day.still_to_leave(updates) if soon(flight)])
    with providers() as taken:

        def tell(channel: Channel, number: int, had: int = 0) -> Told:
            leg = followed(next(flights), channel, number, had)
            taken.clear()
            told = _tell(leg, channel)
            if taken[channel] != number:
                raise RuntimeError(f"{taken[channel]} of {number} were told")
            return Told(number, *told)

        tell(Channel.EMAIL, 1)  # what a process does once is done
        for number in EMAILS:
            yield f"{number:,} email follower{'s' * (number > 1)}", tell(Channel.EMAIL, number)
        yield f"1,000, each told {ledger.RECENT} times before", tell(Channel.EMAIL, 1000, ledger.RECENT)
        yield "100 by SMS", tell(Channel.SMS, 100)
        yield "100 webhooks", tell(Channel.WEBHOOK, 100)
        yield "a page of 500 with nothing to tell", _nothing_to_tell(next(flights))
        yield "a follow and its confirmation", Told(0, _follow(next(flights).leg))
        yield "the schedule, nothing being due", Told(0, _nothing_due())


def soon(flight: Flight) -> bool:
    out = flight.status.expected_out
    return out is not None and out - NOW.flight < model.PLACES_WITHIN


def followed(flight: Flight, channel: Channel, number: int, had: int = 0) -> LegId:
    """Keep a flight's followers, many at a time, who had so many messages before."""
    subject, rule = Subject(leg=flight.leg), Rule()
    entry = ledger.Entry(
        model.at_first(flight, NOW.flight),
        tuple(Delivery(NOW.wall, ("gate",), 1, Outcome.ACCEPTED, _RECEIPT(n)) for n in range(had)),
        revision=1,
    )
    secret = webhook.new_secret() if channel is Channel.WEBHOOK else None
    rows: list[Any] = []
    for n in range(number):
        address = Address(channel, _ADDRESSES[channel](n))
        id_ = store.subscription_id(address.id, subject)
        follower = Follower(id_, subject, address, rule, n // ledger.PAGE[channel], secret=secret)
        rows.append(ledger.follower_row(follower))
        rows.append(ledger._ledger_row(flight.leg, ledger.Page.of(follower), id_, entry))
    _put([row.serialize() for row in rows])
    ledger._rows()(f"head#{subject}", "head").update([getattr(ledger._Row, channel).set(number)])
    return flight.leg


def _put(items: Sequence[Any]) -> None:
    dynamodb = aws.client("dynamodb")

    def put(first: int) -> None:
        requests = [{"PutRequest": {"Item": item}} for item in items[first : first + 25]]
        if dynamodb.batch_write_item(RequestItems={config().followers_table: requests})["UnprocessedItems"]:
            raise RuntimeError("the followers could not all be kept")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(0, len(items), 25)))


def _tell(leg: LegId, channel: Channel) -> tuple[Meter, float]:
    """One change of a flight, the whole way: what was counted, and the processor's seconds."""
    day.take([day.new_gate(leg, next(_seconds))])
    change = day.told(leg)
    with metered() as meter:
        fanout.fan_out(change, NOW)
    return meter, _deliver(queued(channel), meter)


def _deliver(pages: Sequence[dict[str, Any]], meter: Meter) -> float:
    means = letters.Means("bench", letters.send, lambda channel, number: None, lambda: 60)
    with metered(meter):
        began = time.process_time()
        for page in pages:
            deliver.deliver(page, NOW, means)
        return time.process_time() - began


def _nothing_to_tell(flight: Flight) -> Told:
    number = ledger.PAGE[Channel.EMAIL]
    page = ledger.Page(f"flight:{followed(flight, Channel.EMAIL, number)}", Channel.EMAIL, 0)
    meter = Meter()
    return Told(number, meter, _deliver([{"leg": str(flight.leg), "page": str(page)}], meter))


def _nothing_due() -> Meter:
    with metered() as meter:
        if due.take_up(NOW, lambda: 60):
            raise RuntimeError("something was due")
    return meter


def _follow(leg: LegId) -> Meter:
    """By email, as a passenger does: the request, the stream, the link's button, the stream."""
    send = email.send
    with pytest.MonkeyPatch.context() as patched, metered() as meter:
        passenger = world(NOW, patched)
        noted = email.send
        patched.setattr(email, "send", lambda emails: send(emails) if noted(emails) else [])
        asked = passenger.follow(flight=str(leg))
        passenger.stream()
        agreed = passenger.press(passenger.link)
        passenger.stream()
    if (asked.status, agreed.status) != (202, 200) or not ledger.following(LegId.parse(str(leg)), [f"flight:{leg}"])[1]:
        raise RuntimeError(f"{asked.text} {agreed.text}")
    del meter.dynamodb["DescribeTable"]  # by whoever reads the stream here
    return meter


@contextmanager
def providers(hear: Callable[[str], Any] = lambda body: None) -> Iterator[Counter[str]]:
    """SES, SNS, people's servers and WebSockets answer from memory; gives the messages that each took.

    `hear` is told each call of SES.
    """
    taken: Counter[str] = Counter()
    send = URLLib3Session.send

    def answer(session: Any, request: Any) -> Any:
        body = request.body
        if request.url.endswith("/v2/email/outbound-bulk-emails"):
            number = body.count(b'"Destination"')
            taken["email"] += number
            taken["bytes of emails"] += len(body)
            hear(body if isinstance(body, str) else body.decode())
            results = [{"Status": "SUCCESS", "MessageId": _RECEIPT(n)} for n in range(number)]
            return _answer(request, json.dumps({"BulkEmailEntryResults": results}))
        if "/@connections/" in request.url:
            taken["websocket"] += 1
            taken["bytes to websockets"] += len(body)
            return _answer(request, "")
        said = parse_qs(body) if isinstance(body, str) else {}
        if "PhoneNumber" in said or "TargetArn" in said:
            taken["sms" if "PhoneNumber" in said else "push"] += 1
            taken["segments"] += sms.segments(said["Message"][0]).count if "PhoneNumber" in said else 0
            return _answer(request, f"<PublishResponse><PublishResult><MessageId>{_RECEIPT(1)}</MessageId>"
                           "</PublishResult></PublishResponse>")  # fmt: skip
        return send(session, request)

    def post(_: str, headers: Mapping[str, str], body: bytes, **__: Any) -> https.Answer:
        taken["webhook"] += 1
        taken["bytes to webhooks"] += len(body) + sum(len(name) + len(value) + 4 for name, value in headers.items())
        return https.Answer(200, b"")

    with patch.object(URLLib3Session, "send", answer), patch.object(https, "post", post):
        yield taken


def _answer(request: Any, body: str) -> AWSResponse:
    class Raw:
        def stream(self) -> Iterator[bytes]:
            yield body.encode()

    return AWSResponse(request.url, 200, {}, Raw())
