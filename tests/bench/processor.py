"""What a warm request takes of a processor, its AWS calls answered from memory; beside a bare Chalice route."""

import json
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from unittest.mock import patch

from botocore.client import BaseClient
from chalice.app import Chalice

import app
from chalicelib.flights.identity import LegId
from infra.local import events
from tests.bench.requests import get, reads

TIMES = 200


class Taken(NamedTuple):
    """Processor time of this thread, in microseconds; and the answer's size in bytes."""

    least: float
    median: float
    bytes: int


def measure(leg: LegId, record: dict[str, Any]) -> Iterator[tuple[str, Taken]]:
    """Each kind of request by name. The first answers of AWS are those that it is given again and again."""
    bare = Chalice("bare")
    bare.route("/v1/bare")(lambda: {"ok": True})
    yield "a bare Chalice route", _timed(bare, get("/v1/bare", "/v1/bare"))
    for name, event in reads(leg).items():
        yield name, _timed(app.app, event)
    board = reads(leg)["a board, 100 rows"]
    tag = app.app(board, _CONTEXT)["headers"]["ETag"]
    board["headers"] = {"if-none-match": tag}
    board["multiValueHeaders"] = {"if-none-match": [tag]}
    yield "a board, 100 rows, not modified (304)", _timed(app.app, board)
    yield "telling one change", _timed(app.tell_changes, events.records(record))


_CONTEXT = events.context("gatecall-bench")


def _timed(handler: Callable[[Any, Any], Any], event: Mapping[str, Any]) -> Taken:
    call = BaseClient._make_api_call
    answers: list[Any] = []

    def recorded(client: Any, operation: str, parameters: Any) -> Any:
        answers.append(call(client, operation, parameters))
        return answers[-1]

    with patch.object(BaseClient, "_make_api_call", recorded):
        answer = handler(event, _CONTEXT)
    if (
        not isinstance(answer, dict)
        or answer.get("statusCode", 200) not in (200, 304)
        or answer.get("batchItemFailures")
    ):
        raise RuntimeError(f"{event}: {answer}")
    taken = []
    for _ in range(TIMES):
        left = iter(answers)
        with patch.object(BaseClient, "_make_api_call", lambda *of, left=left: next(left)):
            began = time.thread_time_ns()
            handler(event, _CONTEXT)
            taken.append((time.thread_time_ns() - began) / 1000)
    return Taken(min(taken), statistics.median(taken), len(answer.get("body") or json.dumps(answer)))
