"""What a person's requests ask of AWS and of the processor: registering, logging in, staying so, exporting, leaving."""

import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import boto3

from chalicelib.accounts import links, store
from chalicelib.accounts.model import WORDING, Errand, Task
from chalicelib.core.clock import wall_now
from infra.local import events
from tests.bench.meter import Meter, metered
from tests.bench.requests import functions

EMAIL, PASSWORD = "ada@example.com", "a tram to the harbour"


class Asked(NamedTuple):
    """What one request asked for."""

    meter: Meter
    milliseconds: float  # of this thread's processor time, botocore's packing and parsing included

    def figures(self) -> tuple[str, ...]:
        """As they stand in a row of the table."""
        calls, _, read, _, write, *_ = self.meter.figures()
        return calls, f"{self.meter.others['sqs'] + self.meter.others['sesv2'] or ''}", read, write, (
            f"{self.milliseconds:.1f}"
        )  # fmt: skip


def measure() -> Iterator[tuple[str, Asked]]:
    """Each request by name, the second time it is asked where it can be, so that nothing is made for the first time."""
    told: dict[str, Any] = {}
    for email in ("warm@example.com", EMAIL):
        asking = _post("/v1/accounts", {"email": email, "consent": WORDING})
        told["asking for an account"] = _asked(lambda event=asking: functions.invoke("", event), 202)
        errand = next(each for each in _errands() if each.email == email)
        told["sending its letter"] = _asked(lambda id=errand.id: _run(id), None)
        token = links.url(errand).partition("token=")[2]
        setting = _post("/v1/accounts/confirmation", {"token": token, "password": PASSWORD})
        told["setting the password, which makes it"] = _asked(lambda event=setting: functions.invoke("", event), 200)
    for name, email, status in (
        ("logging in, an address that has no account", "nobody@example.com", 401), ("logging in", EMAIL, 201),
    ):  # fmt: skip
        event = _post("/v1/sessions", {"email": email, "password": PASSWORD})
        for _ in range(2):
            told[name] = _asked(lambda event=event: functions.invoke("", event), status)
    answer = json.loads(functions.invoke("", _post("/v1/sessions", {"email": EMAIL, "password": PASSWORD}))["body"])
    for _ in range(2):
        event = _post("/v1/sessions/refresh", {"refresh_token": answer["refresh_token"]})
        told["refreshing"] = _asked(lambda event=event: functions.invoke("", event), 200)
        answer = json.loads(functions.invoke("", event)["body"])  # within 10 seconds it is the same
    bearer = f"Bearer {answer['access_token']}"
    for name, method, path in (
        ("one's own account", "GET", "/v1/accounts/me"),
        ("the export", "GET", "/v1/accounts/me/export"),
        ("deleting it", "DELETE", "/v1/accounts/me"),
    ):
        event = _event(method, path, None, bearer)
        told[name] = _asked(lambda event=event: functions.invoke("", event), 200)
    yield from told.items()


def _asked(do: Callable[[], Any], status: int | None) -> Asked:
    with metered() as meter:
        began = time.thread_time()
        answer = do()
        taken = time.thread_time() - began
    if status is not None and answer["statusCode"] != status:
        raise RuntimeError(str(answer))
    return Asked(meter, taken * 1000)


def _run(errand: str) -> None:
    body = json.dumps({"errand": errand})
    functions.invoke("run_errands", {"Records": [{"messageId": "1", "body": body, "receiptHandle": "1"}]})


def _errands() -> list[Errand]:
    rows = boto3.client("dynamodb").scan(TableName=os.environ["ACCOUNTS_TABLE"])["Items"]
    return [each for row in rows if (each := store.errand_of_image(row)) and each.task is Task.CONFIRM]


def _post(path: str, body: dict[str, Any]) -> dict[str, Any]:
    return _event("POST", path, body, None)


def _event(method: str, path: str, body: dict[str, Any] | None, bearer: str | None) -> dict[str, Any]:
    headers = [("content-type", "application/json")] if body is not None else []
    headers += [("authorization", bearer)] if bearer else []
    sent = json.dumps(body).encode() if body is not None else b""
    return events.rest(method, path, at=wall_now(), resource=path, headers=headers, body=sent)
