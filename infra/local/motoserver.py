"""moto in the place of AWS, inside this process; of DynamoDB too, where dynoxide can't be had."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from infra.local import moto_gaps

_one = threading.RLock()


@contextmanager
def alone() -> Iterator[None]:
    """Look into moto while no call is being answered."""
    with _one:
        yield


@contextmanager
def running(deploying: bool = False) -> Iterator[str]:
    """Run moto's server on a free port of this machine; gives its address. `deploying`: Gatecall is deployed there."""
    from moto.server import ThreadedMotoServer

    (moto_gaps.mend_deploying if deploying else moto_gaps.mend)()
    _one_call_at_a_time()
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


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
            return call_action(self)

    def wait(_: Queue, timeout: int) -> None:  # noqa: ARG001 - moto looks again until its caller's time is up
        _one.release()
        try:
            time.sleep(0.02)
        finally:
            _one.acquire()

    for place, name, patch in (
        (BaseResponse, "call_action", one_call),
        (BaseResponse, "one_at_a_time", True),
        (Queue, "wait_for_messages", wait),
    ):
        setattr(place, name, patch)
