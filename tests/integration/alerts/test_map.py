"""What app.py puts together for alerts."""

import json

import pytest
from chalice.test import Client

import app
from chalicelib.alerts import confirm, links, manage
from chalicelib.core.clock import wall_now
from chalicelib.core.errors import Unavailable
from infra.local import events

from .following import set_aside


@pytest.mark.usefixtures("cloud")
def test_a_signed_link_is_recognised_by_the_app() -> None:
    """Whoever has it sees what its address follows; whoever has none is told what is missing."""
    with Client(app.app) as client:
        token = links.manage_token("a" * 24, wall_now())
        answer = client.http.get("/v1/subscriptions", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code in (200, 404)
        assert client.http.get("/v1/subscriptions").status_code == 401


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("busy", [False, True])
def test_a_bounce_that_cannot_be_handled_is_set_aside(busy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """SNS brings it twice more at most, and then never again; a busy table is no reason to lose it."""
    told = '{"eventType": "Bounce"}'
    if busy:
        recipient = {"emailAddress": "ada@example.com"}
        told = json.dumps(
            {"eventType": "Bounce", "bounce": {"bounceType": "Permanent", "bouncedRecipients": [recipient]}}
        )

        def drop(*_: object) -> None:
            raise Unavailable("the tables are busy")

        monkeypatch.setattr(manage, "drop", drop)
    record = events.sns_record(told, topic_arn="arn:aws:sns:us-east-1:123456789012:events", at=wall_now())
    app.hear_email_events(events.records(record), events.context("hear_email_events"))
    [letter] = set_aside()
    assert letter["function"] == "hear_email_events"
    assert letter["record"]["Sns"]["Message"] == told


@pytest.mark.usefixtures("cloud")
def test_a_challenge_goes_out_by_the_webhooks_own_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue's messages are pages to tell, or addresses to ask."""
    asked: list[tuple[str, int]] = []
    monkeypatch.setattr(confirm, "ask_again", lambda address, attempts, now: asked.append((address, attempts)))
    record = {"messageId": "m", "body": json.dumps({"ask": "a" * 24}), "eventSource": "aws:sqs"}
    app.call_webhooks(events.records(record), events.context("call_webhooks"))
    assert asked == [("a" * 24, 0)]
