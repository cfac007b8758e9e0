"""The tables, topics and queues of the template, made in moto for each test."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.core import aws, secrets
from chalicelib.core.clock import Now
from infra import resources
from infra.local import moto_gaps


@cache
def client(service: str) -> Any:
    """Of moto, which each test finds empty: making one takes longer than all that it is asked."""
    return boto3.client(service)


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
        yield
