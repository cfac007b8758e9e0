"""What a cold start takes: fresh interpreters, in turn, so that a busy moment of the machine falls on all alike."""

import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
RUNS = 7
FLOOR = "chalice + a botocore DynamoDB client"
APP = "import app"

_SESSION = "import chalice, botocore.session; botocore.session.get_session().create_client('dynamodb')"
_BOARD = """
import app, json, sys, types
context = types.SimpleNamespace(aws_request_id="bench", function_name="bench", memory_limit_in_mb=1769)
answer = app.app(json.loads(sys.argv[1]), context)
assert answer["statusCode"] == 200, answer
"""
_TIMES = "\nimport sys, time; print(time.process_time() * 1000, file=sys.stderr)"


class Start(NamedTuple):
    """Medians of the processor time of a whole process, in milliseconds: its modules compiled before, or not."""

    compiled: float
    not_compiled: float


def measure(board: str) -> Mapping[str, Start]:
    """Each case by name. `board` is the event of a board, as JSON; the environment's tables answer it."""
    cases = {"bare Python": "pass", FLOOR: _SESSION, APP: "import app", f"{APP}, and its first board": _BOARD}
    times: dict[tuple[str, bool], list[float]] = {(case, kind): [] for case in cases for kind in (True, False)}
    with tempfile.TemporaryDirectory() as empty:
        nowhere = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": empty}
        for run in range(RUNS + 1):
            for (case, compiled), taken in times.items():
                said = _run(["-c", cases[case] + _TIMES, board], {} if compiled else nowhere)
                if run:  # the first may have compiled
                    taken.append(float(said.splitlines()[-1]))
    return {case: Start(*(statistics.median(times[case, kind]) for kind in (True, False))) for case in cases}


def most_expensive(number: int = 10) -> Iterator[tuple[str, float]]:
    """What `import app` spends in each package's own modules, in milliseconds: the costliest, of the best of 5 runs."""
    best = min((_import_times() for _ in range(5)), key=lambda times: times.total())
    for package, microseconds in best.most_common(number):
        yield package, microseconds / 1000


def _import_times() -> Counter[str]:
    times: Counter[str] = Counter()
    for line in _run(["-X", "importtime", "-c", "import app"], {}).splitlines():
        if found := re.match(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", line):
            parts = found[2].split(".")
            times[".".join(parts[: 2 if parts[0] == "chalicelib" else 1])] += int(found[1])
    return times


def _run(arguments: list[str], environment: Mapping[str, str]) -> str:
    ran = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, timeout=60, check=False,
    )  # fmt: skip
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    return ran.stderr
