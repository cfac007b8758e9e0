"""Webhooks are signed, answered, and tried again."""

import base64
import hashlib
import hmac
import socket
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from chalicelib.channels import https, webhook
from chalicelib.channels.model import Outcome, Receipt

AT = datetime(2026, 7, 10, 14, tzinfo=timezone(timedelta(hours=2)))


def test_pauses() -> None:
    """Svix's, then every ten hours, until 72 hours are over."""
    pauses = [webhook.pause_after(attempts) for attempts in range(14)]
    made = [pause for pause in pauses if pause is not None]
    assert made[:7] == [timedelta(seconds=s) for s in (0, 5, 300, 1800, 7200, 18000, 36000)]
    assert set(made[7:]) == {timedelta(hours=10)}
    assert timedelta(hours=62) < sum(made, timedelta()) <= timedelta(hours=72)
    assert pauses == [*made, *[None] * (14 - len(made))]


def test_secrets() -> None:
    """24 random bytes, in the form of Standard Webhooks."""
    one, other = webhook.new_secret(), webhook.new_secret()
    assert one != other
    assert one.startswith("whsec_")
    assert len(base64.b64decode(one.removeprefix("whsec_"), validate=True)) == 24


@pytest.mark.usefixtures("anywhere")
def test_a_signed_message(server: Any) -> None:
    """HMAC-SHA256 over id, time stamp and body (recomputed here); the time stamp is UTC, whatever zone is given."""
    secret, body = "whsec_" + base64.b64encode(b"k" * 24).decode(), '{"gate":"B7 é"}'.encode()
    with server(b"HTTP/1.1 204 No Content\r\n\r\n") as at:
        assert webhook.send(at.url, secret, "msg_1", AT, body) == Receipt(Outcome.ACCEPTED, id="msg_1")
    head, _, sent = at.asked[0].partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    stamp = int(datetime(2026, 7, 10, 12, tzinfo=UTC).timestamp())
    signature = hmac.new(b"k" * 24, f"msg_1.{stamp}.".encode() + body, hashlib.sha256).digest()
    assert sent == body
    assert headers["webhook-id"] == "msg_1"
    assert headers["webhook-timestamp"] == str(stamp)
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(signature).decode()}"
    assert headers["Content-Type"] == "application/json"


@pytest.mark.usefixtures("anywhere")
@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.ACCEPTED), (299, Outcome.ACCEPTED), (301, Outcome.LATER), (400, Outcome.LATER),
        (404, Outcome.LATER), (410, Outcome.GONE), (429, Outcome.LATER), (500, Outcome.LATER),
    ],
)  # fmt: skip
def test_answers(server: Any, status: int, outcome: Outcome) -> None:
    """2xx takes it, 410 wants no more; all else is tried again, by the caller, not here."""
    with server(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nLocation: /\r\n\r\n".encode()) as at:
        assert webhook.send(at.url, webhook.new_secret(), "m", AT, b"{}").outcome is outcome
    assert len(at.asked) == 1


@pytest.mark.usefixtures("anywhere")
def test_no_answer(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that hangs, or is not there, is tried again."""
    monkeypatch.setattr(https, "ANSWERS_WITHIN", 0.2)

    def hang(client: socket.socket) -> None:
        client.recv(1)

    with server(hang) as at:
        receipt = webhook.send(at.url, webhook.new_secret(), "m", AT, b"{}")
    assert receipt == Receipt(Outcome.LATER, reason="it took too long")
    assert len(at.asked) == 1
    assert webhook.send(at.url, webhook.new_secret(), "m", AT, b"{}").outcome is Outcome.LATER


def test_a_host_that_has_moved_into_a_private_network(names: dict[str, list[str]]) -> None:
    """It was public when it was given. Nothing goes there now; it may move back."""
    names["moved.example.com"] = ["10.0.0.1"]
    receipt = webhook.send("https://moved.example.com/", webhook.new_secret(), "m", AT, b"{}")
    assert receipt == Receipt(Outcome.LATER, reason="does not lead to a public network")
