"""Tasks that take turns as the dice fall, one step at a time. Without waiting, and so that moto is safe."""

import random
import threading
from collections.abc import Callable, Iterable

STEP = 0.02  # seconds that pass with each step, for those who sleep


class Interleaved:
    """Runs tasks in threads of which one goes at a time, up to its next `pause` (a call to AWS, a message, a sleep)."""

    def __init__(self, dice: random.Random):
        self._dice = dice
        self._time = 0.0
        self._wakes: dict[int, float] = {}  # by task: when it may go on
        self._turns: dict[int, threading.Semaphore] = {}
        self._tasks: dict[int, int] = {}  # by thread
        self._done = threading.Semaphore(0)
        self._failures: list[BaseException] = []

    def run(self, tasks: Iterable[Callable[[], None]]) -> None:
        """Run all tasks to their ends. Raises what the first one to fail raised."""
        threads = []
        for number, task in enumerate(tasks):
            self._turns[number] = threading.Semaphore(0)
            self._wakes[number] = 0.0
            threads.append(threading.Thread(target=self._run, args=(number, task), daemon=True))
            threads[-1].start()
        while self._wakes and not self._failures:
            self._time = max(self._time + STEP, min(self._wakes.values()))
            number = self._dice.choice([n for n, wake in self._wakes.items() if wake <= self._time])
            self._turns[number].release()
            self._done.acquire()
        for failure in self._failures:
            raise failure

    def pause(self, seconds: float = 0) -> None:
        """Let others go first. What no task does (a pool's thread) goes on at once."""
        number = self._tasks.get(threading.get_ident())
        if number is not None:
            self._wakes[number] = self._time + seconds
            self._done.release()
            self._turns[number].acquire()

    def _run(self, number: int, task: Callable[[], None]) -> None:
        self._turns[number].acquire()
        self._tasks[threading.get_ident()] = number
        try:
            task()
        except BaseException as failure:
            self._failures.append(failure)
        finally:
            del self._tasks[threading.get_ident()], self._wakes[number]
            self._done.release()
