"""moto in the place of AWS, inside this process; of DynamoDB too, where dynoxide can't be had."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from infra.local import moto_gaps

DUE_EVERY = 0.1  # seconds between looks at whether a message that was held back is due

_one = threading.RLock()
_hear: list["Hear"] = []


@dataclass(frozen=True)
class Call:
    """A call of AWS: by whom, and what, in botocore's words."""

    access_key: str
    service: str
    operation: str
    request: dict[str, Any]


Hear = Callable[[str, Callable[[], Call]], object]  # the access key, and what tells the call


@contextmanager
def alone() -> Iterator[None]:
    """Look into moto while no call is being answered."""
    with _one:
        yield


@contextmanager
def running(deploying: bool = False, hear: Hear | None = None) -> Iterator[str]:
    """Run moto's server on a free port of this machine; gives its address.

    `deploying`: Gatecall is deployed there, as an admin does it. `hear` is told of each call before it is answered.
    """
    from moto.server import ThreadedMotoServer

    (moto_gaps.mend_deploying if deploying else moto_gaps.mend)()
    _one_call_at_a_time()
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    heard = [hear] if hear else []
    _hear.extend(heard)
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()
        for each in heard:
            _hear.remove(each)


def _one_call_at_a_time() -> None:
    """Put moto's handlers behind one lock: it is not safe under threads (conditions pass that must not, answers 500).

    A ReceiveMessage that waits lets go of it meanwhile.
    """
    from moto.core.responses import BaseResponse
    from moto.sqs.models import Queue

    if getattr(BaseResponse, "one_at_a_time", False):
        return
    call_action = BaseResponse.call_action

    def one_call(self: Any) -> Any:
        with _one:
            for hear in _hear:
                hear(_caller(self), partial(_call, self))
            return call_action(self)

    def wait(queue: Queue, timeout: int) -> None:  # noqa: ARG001 - moto looks again until its caller's time is up
        with queue._messages_lock:  # taken before: what another call adds from here on is noticed
            _one.release()
            queue._messages_lock.wait(DUE_EVERY)
        _one.acquire()

    for place, name, patch in (
        (BaseResponse, "call_action", one_call),
        (BaseResponse, "one_at_a_time", True),
        (Queue, "wait_for_messages", wait),
    ):
        setattr(place, name, patch)


def _caller(response: Any) -> str:
    """The access key that a request is signed with, whatever it looks like."""
    credential = str(response.headers.get("Authorization", "")).partition("Credential=")[2]
    return credential.partition("/")[0]


def _call(response: Any) -> Call:
    had = vars(response).get("params")
    response.parse_parameters(response.normalized_request)
    asked = dict(response.params)
    response.params = had
    return Call(_caller(response), response.boto3_service_name, response._get_action(), asked)
