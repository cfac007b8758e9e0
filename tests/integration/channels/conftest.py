"""AWS's sending services in moto, and how often each is called."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from moto import mock_aws

from chalicelib.core import aws, config
from infra.local import moto_gaps


@pytest.fixture
def senders() -> Iterator[None]:
    """A verified sender, and the two platform applications of the test settings."""
    moto_gaps.mend()
    with mock_aws():
        aws._client.cache_clear()
        boto3.client("sesv2").create_email_identity(EmailIdentity="flights@example.com")
        for platform in ("GCM", "APNS"):
            boto3.client("sns").create_platform_application(Name="test", Platform=platform, Attributes={})
        yield
    aws._client.cache_clear()


@pytest.fixture
def set_to(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Changes a setting for one test."""

    def change(name: str, value: str) -> None:
        monkeypatch.setenv(name, value)
        config.config.cache_clear()

    yield change
    config.config.cache_clear()


class Answering:
    """Answers calls in the place of a service, and keeps them. None leaves an answer to moto; moto acts in any case."""

    def __init__(self, client: Any, operation: str, *answers: Any):
        self.requests: list[Any] = []
        self._answers = list(answers)
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register_first(f"before-send.{service}.{operation}", self._answer)

    def _answer(self, request: Any, **_: Any) -> Any:
        self.requests.append(request)
        answer = self._answers.pop(0) if self._answers else None
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            return None
        status, body, headers = answer
        return AWSResponse(request.url, status, {"Content-Type": "application/json", **headers}, _Body(body))


class _Body:
    def __init__(self, body: bytes):
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body

    def read(self) -> bytes:
        return self._body
