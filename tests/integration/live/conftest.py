"""Watchers in moto."""

import pytest

from chalicelib.flights import ingest
from chalicelib.live import delivery

from .watchers import Gateway


@pytest.fixture
def gateway() -> Gateway:
    """The other end of every connection."""
    return Gateway()


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto is not atomic under threads."""
    monkeypatch.setattr(delivery, "SENDERS", 1)
    monkeypatch.setattr(ingest, "WRITERS", 1)
