"""The routes of payments: what to pay with, the bank's page, and callbacks, as the world asks for them."""

import json
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
import pytest
from chalice.test import Client

from app import app
from chalicelib.booking import payments
from chalicelib.booking.payments import Outcome, simulated
from chalicelib.core.clock import wall_now
from infra import secrets as made_secrets

REFERENCE = "K3M9TZ-1"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def client() -> Client:
    with Client(app) as client:
        yield client


@pytest.fixture
def page() -> str:
    """The path and query of a challenge's page."""
    charged = payments.service().charge(
        REFERENCE, amount=25_000, currency="USD", token="tok_challenge", return_url="/trips/K3M9TZ", now=wall_now()
    )
    parts = urlsplit(charged.challenge_url or "")
    return f"{parts.path}?{parts.query}"


def outcome() -> Outcome:
    found = payments.service().status(REFERENCE, wall_now())
    assert found
    return found.outcome


def test_a_page_can_offer_the_cards_of_the_service(client: Client) -> None:
    """By their tokens: no card's number comes here."""
    answer = client.http.get("/v1/payments/methods")
    assert answer.status_code == 200
    said = answer.json_body
    assert said["service"] == "simulated"
    assert {"tok_approve", "tok_challenge"} <= {each["token"] for each in said["methods"]}
    assert all(each.keys() == {"token", "label", "what"} for each in said["methods"])


@pytest.mark.parametrize(("button", "becomes"), [("approve", Outcome.APPROVED), ("decline", Outcome.DECLINED)])
def test_the_buttons_of_the_banks_page_lead_back(button: str, becomes: Outcome, client: Client, page: str) -> None:
    """And what was pressed counts."""
    shown = client.http.get(page)
    assert shown.status_code == 200
    assert shown.headers["Content-Type"] == "text/html; charset=utf-8"
    assert shown.headers["Cache-Control"] == "no-store"
    answer = client.http.post(page, headers=FORM, body=urlencode({"answer": button}).encode())
    assert (answer.status_code, answer.headers["Location"]) == (303, "https://flights.test/trips/K3M9TZ")
    assert outcome() is becomes


@pytest.mark.parametrize("body", [b"", b"answer=maybe", b"answer=approve&answer=decline"])
def test_other_buttons_there_are_not(body: bytes, client: Client, page: str) -> None:
    """Nothing is decided."""
    assert client.http.post(page, headers=FORM, body=body).status_code == 400
    assert outcome() is Outcome.CHALLENGE


def test_without_the_key_there_is_no_page(client: Client, page: str) -> None:
    """The locator is not enough."""
    path = page.partition("?")[0]
    for wrong in (path, f"{path}?key=guessed"):
        assert client.http.get(wrong).status_code == 404
        assert client.http.post(wrong, headers=FORM, body=b"answer=approve").status_code == 404
    assert outcome() is Outcome.CHALLENGE


def test_a_callback_is_answered_at_once_and_looked_at_later(client: Client) -> None:
    """What is not signed by the service is refused."""
    made_secrets.make("test", boto3.client("ssm"))
    event: dict[str, Any] = {"id": "evt_1", "type": "payment.approved", "reference": REFERENCE}
    headers, body = simulated.signed(event, wall_now())
    headers["Content-Type"] = "application/json"
    assert client.http.post("/v1/payments/callbacks", headers=headers, body=body).status_code == 204
    forged = {**headers, "webhook-id": "evt_2"}
    refused = client.http.post("/v1/payments/callbacks", headers=forged, body=body)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "StandardWebhooks"
    assert client.http.post("/v1/payments/callbacks", headers=headers, body=b"x" * 20_000).status_code == 413
    assert REFERENCE not in json.dumps(refused.json_body)
