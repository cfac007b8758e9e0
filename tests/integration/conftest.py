"""The tables, topics and queues of the template, made in moto for each test."""

import copy
import copyreg
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import count
from types import ModuleType
from typing import Any
from weakref import WeakValueDictionary

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
        _made().fill()
        _forget_known()
        yield


_MADE = tuple((service, events.REGION) for service in ("dynamodb", "kms", "ses", "sesv2", "sns", "sqs", "ssm"))
Keepers = dict[tuple[str, str], Any]  # what keeps a service's state in moto, by service and region
copyreg.pickle(threading.Condition, lambda _: (threading.Condition, ()))  # of a queue
copyreg.pickle(ParameterDict, lambda one: (_parameters, (one.account_id, one.region_name, dict(one))))


def _with_values(self: WeakValueDictionary[Any, Any], memo: dict[int, Any]) -> WeakValueDictionary[Any, Any]:
    """Copy what is in it, too: Lambda's functions by ARN would stay another stage's."""
    made = memo[id(self)] = WeakValueDictionary()
    made.update((copy.deepcopy(key, memo), copy.deepcopy(value, memo)) for key, value in self.items())
    return made


setattr(WeakValueDictionary, "__deepcopy__", _with_values)  # noqa: B010 - the class has one that mypy knows


def _parameters(account: str, region: str, known: dict[str, Any]) -> ParameterDict:
    made = ParameterDict(account, region)
    made.update(known)
    return made


@cache
def _made() -> "Known":
    """An empty Gatecall: making it takes fifty calls."""
    resources.create("test", client, {"EMAIL_SENDER": os.environ["EMAIL_SENDER"]})
    return Known.of(_MADE)


@dataclass(frozen=True)
class Known:
    """What moto knew at some time, to be known by it again."""

    known: dict[tuple[str, str], dict[str, Any]]
    keepers: Keepers

    @classmethod
    def of(cls, services: Iterable[tuple[str, str]]) -> "Known":
        """What it knows now of services, each with its region."""
        keepers = _keepers(services)
        known = {service: vars(keeper) for service, keeper in keepers.items()}
        return cls(copy.deepcopy(known, {id(keeper): keeper for keeper in keepers.values()}), keepers)

    def fill(self) -> None:
        """Have moto know a copy of it."""
        keepers = _keepers(self.keepers)
        copied = copy.deepcopy(self.known, {id(self.keepers[service]): keeper for service, keeper in keepers.items()})
        for service, keeper in keepers.items():
            vars(keeper).update(copied[service])


def _keepers(services: Iterable[tuple[str, str]]) -> Keepers:
    """What keeps each service's state for as long as moto stands in for AWS."""
    return {
        (service, region): get_backend(service)[events.ACCOUNT][region]  # type: ignore[call-overload]
        for service, region in services
    }


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
