"""The app's log as CloudWatch bills it. The logger keeps the standard output that it finds as it is imported."""

import io
import json
from collections.abc import Mapping
from typing import Any

LINE = 26  # bytes that CloudWatch adds to a log line


class Said(io.TextIOBase):
    """Standard output, which is the log: how many lines and bytes were written, and which metrics are in them."""

    def __init__(self) -> None:
        self.bytes = 0
        self.metrics: set[tuple[str, ...]] = set()  # each with its dimensions: CloudWatch bills them one by one
        self._line = ""

    def write(self, text: str) -> int:
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            self.bytes += len(line.encode()) + LINE
            if '"_aws"' in line:
                self._note(json.loads(line))
        return len(text)

    def _note(self, metrics: Mapping[str, Any]) -> None:
        for directive in metrics["_aws"]["CloudWatchMetrics"]:
            for dimensions in directive["Dimensions"]:
                values = tuple(f"{name}={metrics[name]}" for name in sorted(dimensions))
                self.metrics.update((metric["Name"], *values) for metric in directive["Metrics"])
