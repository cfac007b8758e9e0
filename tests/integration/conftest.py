"""The tables, topics and queues of the template, made in moto for each test."""

from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import pytest
from moto import mock_aws

from chalicelib.core import aws
from chalicelib.core.clock import Now
from infra import resources
from infra.local import moto_gaps

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
        clients = {name: boto3.client(name) for name in ("dynamodb", "sns", "sqs")}
        resources.create("test", clients, {})
        aws._client.cache_clear()
        yield
