"""The tables, topics and queues of the template, made in moto for each test."""

import copy
import copyreg
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from itertools import count
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from moto import mock_aws
from moto.backends import get_backend
from moto.ssm.models import ParameterDict

from chalicelib.core import aws, config
from chalicelib.core.clock import Now
from chalicelib.core.tables import Rows
from infra import resources
from infra.local import cloud as local_cloud
from infra.local import events, moto_gaps

make_client, _clients = boto3.client, {}


def client(*service: str, **settings: Any) -> Any:
    """Of moto, which each test finds empty: making one takes longer than all that it is asked."""
    environment = ((name, value) for name, value in os.environ.items() if name.startswith("AWS_"))
    key = service, *settings.items(), *sorted(environment)
    if key not in _clients:
        _clients[key] = make_client(*service, **settings)
    return _clients[key]


boto3.client = client

_stages = count(1)
NOON = datetime(2026, 7, 10, 12, tzinfo=UTC)


@pytest.fixture
def now() -> Now:
    """Both clocks stand at noon."""
    return Now(NOON, NOON)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls to AWS from then on, by operation, in their order."""
    made, real = list[str](), BaseClient._make_api_call

    def call(client: BaseClient, operation: str, parameters: Any) -> Any:
        made.append(operation)
        return real(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return made


@pytest.fixture
def cloud() -> Iterator[None]:
    """An empty Gatecall."""
    with an_empty_gatecall():
        yield


@contextmanager
def an_empty_gatecall() -> Iterator[None]:
    """Moto in the place of AWS, with all that the template describes. Clients stay: they are the same for each test."""
    moto_gaps.mend()
    with mock_aws():
        _fill(_made())
        _forget_known()
        yield


_MADE = ("dynamodb", "kms", "ses", "sesv2", "sns", "sqs", "ssm")
copyreg.pickle(threading.Condition, lambda _: (threading.Condition, ()))  # of a queue
copyreg.pickle(ParameterDict, lambda one: (_parameters, (one.account_id, one.region_name, dict(one))))


def _parameters(account: str, region: str, known: dict[str, Any]) -> ParameterDict:
    made = ParameterDict(account, region)
    made.update(known)
    return made


@cache
def _made() -> tuple[dict[str, Any], dict[str, Any]]:
    """What moto knows of an empty Gatecall, by service, and what keeps it: making it takes fifty calls."""
    resources.create("test", client, {"EMAIL_SENDER": os.environ["EMAIL_SENDER"]})
    keepers = _keepers()
    known = {service: vars(keeper) for service, keeper in keepers.items()}
    return copy.deepcopy(known, {id(keeper): keeper for keeper in keepers.values()}), keepers


def _fill(made: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Have moto know a copy of it."""
    known, former = made
    keepers = _keepers()
    copied = copy.deepcopy(known, {id(former[service]): keeper for service, keeper in keepers.items()})
    for service, keeper in keepers.items():
        vars(keeper).update(copied[service])


def _keepers() -> dict[str, Any]:
    """What keeps each service's state for as long as moto stands in for AWS."""
    return {service: get_backend(service)[events.ACCOUNT][events.REGION] for service in _MADE}  # type: ignore[call-overload]


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
    _forget_known()
    stores = [module._rows for module in _ours() if hasattr(getattr(module, "_rows", None), "cache_clear")]
    for asked in (aws._client, config.config, *stores):
        asked.cache_clear()
    classes = Rows.__subclasses__()
    for rows in classes:
        rows._connection = None
        classes += rows.__subclasses__()


def _forget_known() -> None:
    """What modules keep for some minutes of what they read: secrets, addresses, demand."""
    for module in _ours():
        if isinstance(known := getattr(module, "_known", None), dict):
            known.clear()


def _ours() -> list[ModuleType]:
    return [module for name, module in sys.modules.items() if name.startswith("chalicelib.")]
