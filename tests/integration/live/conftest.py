"""Watchers in moto; and in dynoxide, where it can be had, for whatever runs at the same time."""

from collections.abc import Callable, Iterator
from itertools import count

import boto3
import pytest

from chalicelib.core import aws, config
from chalicelib.flights import ingest
from chalicelib.flights import store as flights
from chalicelib.live import push
from chalicelib.live import store as live
from infra import resources
from infra.local import cloud as local_cloud

from .watchers import Gateway

_stages = count(1)


@pytest.fixture
def gateway() -> Gateway:
    """The other end of every connection."""
    return Gateway()


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto is not atomic under threads."""
    monkeypatch.setattr(push, "SENDERS", 1)
    monkeypatch.setattr(ingest, "WRITERS", 1)


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
    for name, value in resources.create(f"race{next(_stages)}", boto3.client, {}).items():
        monkeypatch.setenv(name, value)
    _forget_tables()
    yield
    _forget_tables()


def _forget_tables() -> None:
    forget: list[Callable[[], None]] = [aws._client.cache_clear, config.config.cache_clear]
    for store in (flights, live):
        forget.append(store._rows.cache_clear)
        store._Row._connection = None
    for each in forget:
        each()
