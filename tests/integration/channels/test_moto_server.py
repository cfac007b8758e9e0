"""The local cloud's moto takes bulk email over HTTP as well."""

import boto3
import pytest
from moto.ses.models import ses_backends

from chalicelib.channels import email
from chalicelib.channels.email import Email
from chalicelib.channels.model import CallRefused, Outcome
from chalicelib.core import aws
from infra.local import motoserver


def test_bulk_email_over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent is found in the server's memory, in the order sent; a call with a bad address is refused."""
    letters = [Email(to, "Gate B7", "text", "html") for to in ("b@example.com", "nobody", "a@example.com")]
    with motoserver.running() as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        aws._client.cache_clear()
        boto3.client("sesv2").create_email_identity(EmailIdentity="example.com")
        outbox = ses_backends["123456789012"]["us-east-1"].sent_messages
        outbox.clear()
        with pytest.raises(CallRefused):
            email.send(letters)
        receipts = email.send([each for each in letters if each.to != "nobody"])
    aws._client.cache_clear()
    assert [receipt.outcome for receipt in receipts] == [Outcome.ACCEPTED, Outcome.ACCEPTED]
    assert [(each.to, each.subject) for each in outbox] == [("b@example.com", "Gate B7"), ("a@example.com", "Gate B7")]
