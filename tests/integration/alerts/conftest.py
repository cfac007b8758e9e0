"""Followers in moto."""

import pytest

from chalicelib.alerts import deliver
from chalicelib.flights import ingest


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto is not atomic under threads."""
    monkeypatch.setattr(ingest, "WRITERS", 1)
    monkeypatch.setattr(deliver, "SENDERS", {})
