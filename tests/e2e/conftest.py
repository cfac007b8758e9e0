"""The running system: the local cloud with the real app, as `make run` starts it, on free ports."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_SH, LOCK_UN, flock
from pathlib import Path

import pytest

from infra import webapp
from tests.leaks import leaks

ROOT = Path(__file__).parents[2]
STARTS_WITHIN = 60  # seconds; a machine that runs all tests at once is slow


@dataclass
class LocalCloud:
    """A local cloud in a process of its own. `said` reads what it printed so far."""

    directory: Path
    process: subprocess.Popen[bytes] | None = None  # of who started it

    @property
    def said(self) -> str:
        return (self.directory / "said").read_text()

    @property
    def note(self) -> dict:
        return json.loads((self.directory / "cloud.json").read_text())

    @property
    def rest(self) -> str:
        """The REST API's address."""
        return self.note["rest"]

    @property
    def websocket(self) -> str:
        """The WebSocket API's address."""
        return self.note["websocket"]

    @property
    def environment(self) -> dict[str, str]:
        """What points the SDK and the app's code at it."""
        return self.note["environment"]

    def wait_until_it_says(self, words: str) -> None:
        deadline = time.monotonic() + STARTS_WITHIN
        while words not in self.said:
            assert self.process.poll() is None, f"it ended: {self.said}"
            assert time.monotonic() < deadline, f"it does not say {words!r}: {self.said}"
            time.sleep(0.02)

    def end(self, by: signal.Signals = signal.SIGINT) -> int:
        """Ask it to end, as a terminal does: it and whatever it started in its group. Returns the exit code."""
        assert self.process
        os.killpg(self.process.pid, by)
        return self.process.wait(60)  # a machine that runs all tests at once is slow


@contextmanager
def starting(directory: Path, **settings: str) -> Iterator[LocalCloud]:
    """Start a local cloud with settings such as SPEED="60"; it is ended with the context."""
    with suppress(webapp.NotBuilt):
        webapp.build()  # here, as it may take longer than a start does
    environment = {**os.environ, "PORT": "0", "WS_PORT": "0", "SPEED": "", "AIRPORTS": "", **settings}
    with (directory / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.local", "run", "--directory", directory],
            cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield LocalCloud(directory, process)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    if (log := directory / "app.log").exists():
        assert leaks(log.read_text()) == []


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., object]:
    """Start a local cloud of the test's own: `with start(SPEED="60") as cloud:`."""
    return lambda **settings: starting(tmp_path, **settings)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """One local cloud for all tests that only look at it: EWR's flights, a quarter of a minute every second."""
    speed = "15"  # at 60 it takes a processor for itself
    with shared(tmp_path_factory, "cloud", SPEED=speed, AIRPORTS="EWR") as running:
        yield running


@contextmanager
def shared(tmp_path_factory: pytest.TempPathFactory, name: str, **settings: str) -> Iterator[LocalCloud]:
    """A local cloud that the workers of one run of pytest share.

    Whoever comes first starts it, and ends it when the others are done.
    """
    own = tmp_path_factory.getbasetemp()
    directory = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name
    directory.mkdir(exist_ok=True)
    with (directory / "turn").open("w") as turn, (directory / "users").open("w") as users:
        flock(turn, LOCK_EX)
        if (directory / "cloud.json").exists():
            flock(users, LOCK_SH)
            flock(turn, LOCK_UN)
            yield LocalCloud(directory)
            return
        with starting(directory, **settings) as started:
            started.wait_until_it_says("Ctrl-C ends it")
            flock(turn, LOCK_UN)
            yield started
            flock(turn, LOCK_EX)
            flock(users, LOCK_EX)
