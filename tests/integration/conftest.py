"""The tables, topics and queues of the template, made in moto for each test."""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import count
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.core import aws, config, secrets, urls
from chalicelib.core.clock import Now
from chalicelib.core.tables import Rows
from infra import resources
from infra.local import cloud as local_cloud
from infra.local import moto_gaps


@cache
def client(service: str) -> Any:
    """Of moto, which each test finds empty: making one takes longer than all that it is asked."""
    return boto3.client(service)


_stages = count(1)
NOON = datetime(2026, 7, 10, 12, tzinfo=UTC)


@pytest.fixture
def now() -> Now:
    """Both clocks stand at noon."""
    return Now(NOON, NOON)


@pytest.fixture
def cloud() -> Iterator[None]:
    """An empty Gatecall."""
    moto_gaps.mend()
    with mock_aws():
        resources.create("test", client, {"EMAIL_SENDER": os.environ["EMAIL_SENDER"]})
        aws._client.cache_clear()
        secrets._known.clear()
        urls._known.clear()
        yield


@pytest.fixture(scope="session")
def services() -> Iterator[dict[str, str]]:
    """Tables that are exact under threads: dynoxide's, or moto's behind one lock."""
    with local_cloud.services(lambda text: None) as environment:
        yield environment


@pytest.fixture
def exact_cloud(services: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty Gatecall that many threads may use."""
    for name, value in services.items():
        monkeypatch.setenv(name, value)
    for name, value in resources.create(
        f"race{next(_stages)}", boto3.client, {"EMAIL_SENDER": os.environ["EMAIL_SENDER"]}
    ).items():
        monkeypatch.setenv(name, value)
    _forget_tables()
    yield
    _forget_tables()


def _forget_tables() -> None:
    """Let every store, and what else knows a name or a key of the cloud before, ask anew."""
    for known in (secrets._known, urls._known):
        known.clear()
    stores = [module._rows for name, module in sys.modules.items()
              if name.startswith("chalicelib.") and hasattr(getattr(module, "_rows", None), "cache_clear")]  # fmt: skip
    for asked in (aws._client, config.config, *stores):
        asked.cache_clear()
    classes = Rows.__subclasses__()
    for rows in classes:
        rows._connection = None
        classes += rows.__subclasses__()
