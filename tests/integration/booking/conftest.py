"""Who books over the REST API."""

from collections.abc import Iterator

import boto3
import pytest
from chalice.test import Client

import app
from chalicelib.booking.payments import pages
from chalicelib.core import clock
from chalicelib.core.clock import Now
from chalicelib.flights import ingest
from infra import secrets as made_secrets

from .desk import Desk


@pytest.fixture
def desk(cloud: None, now: Now, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The API, at noon."""
    made_secrets.make("test", boto3.client("ssm"))
    monkeypatch.setattr(ingest, "WRITERS", 1)  # moto is not atomic under threads
    with Client(app.app) as client:
        desk = Desk(client, now)
        monkeypatch.setattr(clock, "now", lambda setting: desk.now)
        for module in (clock, pages):
            monkeypatch.setattr(module, "wall_now", lambda: desk.now.wall)
        yield desk
