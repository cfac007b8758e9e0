"""The app's log on one machine: whole in a file, what is amiss in short on the terminal."""

import io
import json
import re
import threading
import time
from collections.abc import Callable
from typing import TextIO

QUIET = 60.0  # seconds before the same trouble is shown again
_AMISS = ("WARNING", "ERROR", "CRITICAL")
_PLAIN = re.compile(rf"(?:.* - )?(?P<level>{'|'.join(_AMISS)})(?:: | - )(?P<message>.*)")


class AppLog(io.TextIOBase):
    """A stream to stand in the place of stdout and stderr. `show` is told (level, message) of what is amiss, `measured`
    each line.
    """  # fmt: skip

    def __init__(
        self,
        file: TextIO,
        show: Callable[[str, str], None],
        clock: Callable[[], float] = time.monotonic,
        *,
        measured: Callable[[str], None] = lambda *_: None,
    ):
        self._file = file
        self._show = show
        self._clock = clock
        self._measured = measured
        self._lock = threading.Lock()
        self._begun = threading.local()  # each thread's line that has not ended yet
        self._shown: dict[str, float] = {}

    def writable(self) -> bool:
        """It is written to."""
        return True

    def write(self, text: str) -> int:
        """Take text; lines of several threads stay whole."""
        *lines, self._begun.text = (getattr(self._begun, "text", "") + text).split("\n")
        with self._lock:
            for line in lines:
                self._file.write(line + "\n")
                self._tell(line)
                self._measured(line)
            self._file.flush()
        return len(text)

    def _tell(self, line: str) -> None:
        level, message = _amiss(line)
        if message and self._clock() - self._shown.get(message, -QUIET) >= QUIET:
            self._shown[message] = self._clock()
            self._show(level, message)


def _amiss(line: str) -> tuple[str, str]:
    """Level and message of a log line, or empty strings where nothing is amiss."""
    if line.startswith("{"):
        try:
            told = json.loads(line)
        except ValueError:
            return "", ""
        if told.get("level") not in _AMISS:
            return "", ""
        message = " ".join(str(told[name]) for name in ("message", "exception_name", "reason") if told.get(name))
        return told["level"], message
    found = _PLAIN.fullmatch(line)
    return (found["level"], found["message"]) if found else ("", "")
