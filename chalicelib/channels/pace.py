"""Keeps a sender to the rate that its provider allows."""

from collections.abc import Callable
from threading import Lock


class Pace:
    """So many messages a second, from this process; more at once are made up for by a longer pause after them."""

    def __init__(self, per_second: float, sleep: Callable[[float], None], monotonic: Callable[[], float]):
        self._seconds_each = 1 / per_second
        self._sleep = sleep
        self._monotonic = monotonic
        self._free_at = monotonic()
        self._one_at_a_time = Lock()

    def take(self, number: int = 1) -> None:
        """Wait until this many messages may go."""
        with self._one_at_a_time:
            now = self._monotonic()
            wait = self._free_at - now
            self._free_at = max(self._free_at, now) + number * self._seconds_each
        if wait > 0:
            self._sleep(wait)
