"""Whatever calls the app's functions by itself: streams, queues, topics and schedules, as app.py declares them."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from chalice.app import DynamoDBEventConfig, ScheduledEventConfig, SNSEventConfig, SQSEventConfig

from infra.local.functions import Functions
from infra.local.triggers.queues import Queue, Topic
from infra.local.triggers.schedules import Schedule
from infra.local.triggers.streams import Stream

AT_A_TIME = 32  # invocations by queues and topics under way at a time
LOOK_EVERY = 0.25  # seconds between looks into what is empty, as Lambda looks into a stream
LISTEN = 2  # seconds for which an empty queue is listened to at a time: shorter than a client waits for an answer
TICK = 1.0  # seconds between looks at a schedule: it fires no more often, however fast the flight clock

log = logging.getLogger(__name__)


class _Polled(Protocol):
    def poll(self) -> bool: ...


class Triggers:
    """Every event source of an app. `now` reads the flight clock.

    Clients: "sns", "sqs" and "dynamodbstreams".
    """

    def __init__(
        self,
        functions: Functions,
        clients: dict[str, Any],
        *,
        set_aside: Callable[[str, Any, Exception], Any],
        now: Callable[[], datetime],
    ):
        self.schedules: list[Schedule] = []
        self.not_run: list[str] = []  # handlers whose kind of trigger has no stand-in here
        self._polled: list[tuple[str, _Polled, float]] = []
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._places = threading.BoundedSemaphore(AT_A_TIME)
        sqs, sns = clients["sqs"], clients["sns"]
        for source in functions.app.event_sources:
            polled: _Polled
            match source:
                case ScheduledEventConfig():
                    self.schedules.append(polled := Schedule(source, functions, now))
                case DynamoDBEventConfig():
                    polled = Stream(
                        source, functions, clients["dynamodbstreams"], set_aside=set_aside, sleep=self._stopping.wait
                    )
                case SQSEventConfig():
                    polled = Queue(source, functions, sqs, concurrently=self._concurrently, listen=LISTEN)
                case SNSEventConfig():
                    polled = Topic(source, functions, sqs, sns, concurrently=self._concurrently, listen=LISTEN)
                case _:
                    self.not_run.append(source.name)
                    continue
            self._polled.append((source.name, polled, TICK if isinstance(polled, Schedule) else LOOK_EVERY))

    def start(self) -> None:
        """Begin; each source in a thread of its own."""
        for name, polled, pause in self._polled:
            thread = threading.Thread(target=self._keep, args=(polled, pause), name=f"trigger {name}", daemon=True)
            if not isinstance(polled, Queue | Topic):  # who listens has nothing under way
                self._threads.append(thread)
            thread.start()

    def stop(self, seconds: float) -> None:
        """End, and wait up to `seconds` for what is under way."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(seconds / max(1, len(self._threads)))

    def _keep(self, polled: _Polled, pause: float) -> None:
        while not self._stopping.is_set():
            try:
                busy = polled.poll()
            except Exception:
                busy = False
                if not self._stopping.is_set():
                    log.exception("a trigger could not be read; it is tried again")
            if not busy:
                self._stopping.wait(pause)

    def _concurrently(self, work: Callable[[], Any]) -> None:
        """Run work in a thread of its own, when there is a place."""

        def run() -> None:
            try:
                work()
            finally:
                self._places.release()

        self._places.acquire()
        threading.Thread(target=run, name="invocation", daemon=True).start()
