"""The app's handlers as Lambda functions: called by name, with events, many at a time."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, cast

from chalice.app import Chalice
from chalice.local import LambdaContext, LocalChalice

from infra.local import events

AGAIN_AFTER = (1.0, 5.0)  # seconds before each retry of an asynchronous invocation (Lambda: one minute, two minutes)

log = logging.getLogger(__name__)


class NoSuchFunction(LookupError):
    """The app declares no function of that name."""


class Functions:
    """What `chalice deploy` would make of an app: the REST function, and one for each handler it declares.

    `seconds` is how long each may take, as its context says; `set_aside` takes (function, record, error) of what could
    not be handled; `sleep` in seconds; `measured` is told of each run: the handler's name, the event, for how many
    seconds, and whether it failed.
    """

    def __init__(
        self,
        app: Chalice,
        *,
        seconds: float = 29,
        set_aside: Callable[[str, Any, Exception], Any],
        sleep: Callable[[float], Any] = time.sleep,
        measured: Callable[[str, Any, float, bool], None] = lambda *_: None,
    ):
        self.app = _many_at_a_time(app)
        self._seconds = seconds
        self._set_aside = set_aside
        self._sleep = sleep
        self._measured = measured
        self._prefix = f"{app.app_name}-{events.STAGE}"

    @property
    def names(self) -> Iterable[str]:
        """The declared handlers' names."""
        return self.app.handler_map.keys()

    def full_name(self, name: str) -> str:
        """A handler's function as Chalice names it, such as gatecall-local-poll; "" is the REST function."""
        return f"{self._prefix}-{name}" if name else self._prefix

    def named(self, full_name: str) -> str:
        """The handler of a function's full name or ARN. Raises NoSuchFunction."""
        function = full_name.partition(":function:")[2].partition(":")[0] or full_name
        for name in ("", *self.names):
            if function == self.full_name(name):
                return name
        raise NoSuchFunction(f"there is no function {function}; there are {', '.join(map(self.full_name, self.names))}")

    def invoke(self, name: str, event: Any) -> Any:
        """Call a handler and wait for its answer: JSON goes in and comes out, as on Lambda. Raises what it raises."""
        handler = self.app.handler_map[name] if name else self.app
        began, failed = time.perf_counter(), True
        try:
            result = handler(json.loads(json.dumps(event)), events.context(self.full_name(name), self._seconds))
            failed = False
        finally:
            self._measured(name, event, time.perf_counter() - began, failed)
        return json.loads(json.dumps(result))

    def invoke_later(self, name: str, event: Any) -> bool:
        """Lambda's asynchronous invocation, in the caller's own thread: retried twice, then its records are set aside.

        Returns whether the handler succeeded.
        """
        for pause in (*AGAIN_AFTER, None):
            try:
                self.invoke(name, event)
                return True
            except Exception as error:
                log.warning("%s failed: %r", name, error, exc_info=pause is None)
                if pause is not None:
                    self._sleep(pause)
                    continue
                for record in event.get("Records", ()):
                    self._set_aside(name, record, error)
        return False


def _many_at_a_time(app: Chalice) -> Chalice:
    """Make an app's current request and context each thread's own, as every Lambda instance has its own."""
    if not isinstance(app, _PerThread):
        app.__class__ = type("LocalApp", (_PerThread, type(app)), {})
    return app


class _PerThread(LocalChalice):
    _thread = threading.local()

    @property
    def lambda_context(self) -> LambdaContext:
        return cast("LambdaContext", self._thread.context)

    @lambda_context.setter
    def lambda_context(self, context: LambdaContext) -> None:
        self._thread.context = context
