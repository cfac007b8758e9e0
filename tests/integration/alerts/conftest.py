"""Followers in moto; and in dynoxide, where it can be had, for whatever runs at the same time."""

import pytest

from chalicelib.flights import ingest


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto is not atomic under threads."""
    monkeypatch.setattr(ingest, "WRITERS", 1)
