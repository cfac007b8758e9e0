"""Builds the web app, infra/web, into infra/web/dist: where something changed since the last time, and else not at all.

Whoever needs it asks here: `make run`, `python -m infra web`, a deploy, the tests. What is noted between two builds
stands in infra/web/.build, which git ignores.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).parents[1]
WEB = ROOT / "infra" / "web"
DIST = WEB / "dist"
INDEX = "index.html"

Say = Callable[[str, float], None]  # what is being done, and for how many seconds by now

_GENERATED = {"node_modules", "dist", ".build", "start", "schema.d.ts"}  # none of these is a source
# The API's document needs no stage: what it tells does not hang on any setting.
_DOCUMENT = """
import json, os
from chalicelib.core import config, openapi
os.environ.update(dict.fromkeys(config.names(), "1") | {"CORS_ORIGIN": ""})
import app, chalicelib
print(json.dumps(openapi.document(openapi.routes_of(app.app), chalicelib.__version__), indent=1))
"""
_OUT_OF_REACH = re.compile(r"EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH")


class NotBuilt(Exception):
    """The web app can't be built; the message says why and what to do, in one sentence."""


class NoNode(NotBuilt):
    """There is no node on this machine, or one that is too old."""


@contextmanager
def telling(console: Console) -> Iterator[Say]:
    """Show on a terminal what is being done, in a line that goes away; elsewhere a line for each thing that is done."""
    said = ""

    def say(what: str, seconds: float) -> None:
        nonlocal said
        if console.is_terminal:
            status.update(f"{what} … {seconds:.0f} s")
        elif what != said:
            console.print(f"{what} …", markup=False, soft_wrap=True)
        said = what

    with console.status("Looking at the web app …") as status:
        yield say


def build(say: Say = lambda *_: None, web: Path = WEB) -> bool:
    """Build what changed. Returns whether there was something to do. Raises NotBuilt, and leaves the former build."""
    if _is_built(web):
        return False
    if not (web / "dist" / INDEX).exists():
        _npm(web)  # where it is missing, that is said at once
    with _alone(web, say):
        if _is_built(web):  # somebody else did it meanwhile
            return False
        api = _write_document(web, say)
        sources = _of_sources(web)
        if _noted(web).get("web") != sources or not (web / "dist" / INDEX).exists():
            npm = _npm(web)
            _install(npm, web, say)
            made = web / ".build" / "dist"
            shutil.rmtree(made, ignore_errors=True)
            out = ["--", "--outDir", str(made.relative_to(web)), "--emptyOutDir"]
            _run("Building the web app", [npm, "run", "build", *out], web, say)
            _put_in_place(made, web / "dist")
        _note(web, {"api": api, "web": sources})
    return True


def prepare(say: Say = lambda *_: None, web: Path = WEB) -> list[str]:
    """Install and generate what the scripts of package.json need. Returns the command that runs one, but for its name,
    such as `lint`. Raises NotBuilt.
    """  # fmt: skip
    npm = _npm(web)
    with _alone(web, say):
        _write_document(web, say)
        _install(npm, web, say)
    return [npm, "--prefix", str(web), "run", "--silent"]


def _is_built(web: Path) -> bool:
    built = (web / "dist" / INDEX).exists()
    return built and _noted(web) == {"api": _of_api(), "web": _of_sources(web)}


def _of_api() -> str:
    """What the API's document is made from, as a digest: quicker than to make it."""
    return _digest(ROOT, [ROOT / "app.py", ROOT / "requirements.txt", *(ROOT / "chalicelib").rglob("*.py")])


def _of_sources(web: Path) -> str:
    """What the web app is made from, the API's document among it, as a digest."""
    tops = [path for path in web.iterdir() if path.name not in _GENERATED] if web.exists() else []
    return _digest(web, [path for top in tops for path in ([top] if top.is_file() else top.rglob("*"))])


def _digest(root: Path, paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        if path.name not in _GENERATED and path.is_file():
            content = path.read_bytes()
            digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _noted(web: Path) -> dict[str, str]:
    try:
        noted: dict[str, str] = json.loads((web / ".build" / "state.json").read_text())
    except (OSError, ValueError):
        return {}
    return noted


def _note(web: Path, state: dict[str, str]) -> None:
    _write(web / ".build" / "state.json", json.dumps(state))


def _write(path: Path, text: str) -> None:
    """Write it whole or not at all."""
    scratch = path.with_name(f"{path.name}.new")
    scratch.write_text(text)
    scratch.replace(path)


@contextmanager
def _alone(web: Path, say: Say) -> Iterator[None]:
    """One build at a time: another terminal, another worker of the tests."""
    (web / ".build").mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with (web / ".build" / "lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                say("Waiting for another build of the web app", time.monotonic() - began)
                time.sleep(0.1)
        yield


def _write_document(web: Path, say: Say) -> str:
    """Write the API's document, where what it is made from changed. Returns the digest of that."""
    api, path = _of_api(), web / "openapi.json"
    if _noted(web).get("api") == api and path.exists():
        return api
    say("Writing the API's document", 0)
    made = subprocess.run([sys.executable, "-c", _DOCUMENT], cwd=ROOT, capture_output=True, text=True, check=False)
    if made.returncode:
        reason = (made.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        raise NotBuilt(f"the API's document, which the web app is built by, can't be made: {reason}")
    if not path.exists() or path.read_text() != made.stdout:
        _write(path, made.stdout)
    return api


def _npm(web: Path) -> str:
    """The npm of a node that builds the web app. Raises NoNode."""
    node, npm = shutil.which("node"), shutil.which("npm")
    wanted = json.loads((web / "package.json").read_text())["engines"]["node"]
    newest = re.findall(r"\d+\.\d+", wanted)[-1]
    if not node or not npm:
        missing = "npm" if node else "node"
        raise NoNode(f"{missing} is not installed; get node {newest} or newer: https://nodejs.org")
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    if not _fits(told, wanted):
        raise NoNode(f"node {told.removeprefix('v')} is too old; get {newest} or newer: https://nodejs.org")
    return npm


def _fits(version: str, wanted: str) -> bool:
    """Whether a version such as v20.20.2 is one of `wanted`, such as ^20.19.0 || >=22.12.0 (package.json, engines)."""
    there = tuple(map(int, re.findall(r"\d+", version)[:3]))
    for kind, least in re.findall(r"(\^|>=)([\d.]+)", wanted):
        from_ = tuple(map(int, least.split(".")))
        if there >= from_ and (kind == ">=" or there[0] == from_[0]):
            return True
    return False


def _install(npm: str, web: Path, say: Say) -> None:
    """Install what package-lock.json says, and write the API's types, where either changed."""
    fresh = not _is_installed(web)
    if fresh:
        # Out of reach, `npm ci` tries for minutes; to ask for one package's version takes seconds.
        _run("Asking npm's registry", [npm, "view", "vite", "version", "--fetch-retries=0"], web, say)
        # No package's own scripts are run: none that we use needs it. Development's packages are what builds.
        _run("Installing what builds the web app", [npm, "ci", "--ignore-scripts", "--include=dev"], web, say)
    document, types = web / "openapi.json", web / "src" / "api" / "schema.d.ts"
    if fresh or not types.exists() or types.stat().st_mtime_ns < document.stat().st_mtime_ns:
        _run("Writing the API's types", [npm, "run", "api"], web, say)


def _is_installed(web: Path) -> bool:
    """Whether node_modules is what package-lock.json says: npm notes there, at the end, what it installed."""
    try:
        wanted, there = (
            json.loads((web / name).read_text())["packages"]
            for name in ("package-lock.json", "node_modules/.package-lock.json")
        )
    except (OSError, ValueError, KeyError):
        return False
    return (
        all(
            there.get(name) == of
            if name in there
            else of.get("optional", False)  # those for other machines are left out
            for name, of in wanted.items()
            if name
        )
        and there.keys() <= wanted.keys()
    )


def _run(what: str, command: list[str], web: Path, say: Say) -> None:
    """Run a program, which takes whatever it started with it when we are stopped. Raises NotBuilt."""
    began, log = time.monotonic(), web / ".build" / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=web, env=_environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            while process.poll() is None:
                say(what, time.monotonic() - began)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.2)
        finally:
            _end(process)
    if process.returncode:
        name = " ".join(["npm", *command[1 : 3 if command[1] == "run" else 2]])
        raise NotBuilt(_why(name, log, web))


def _end(process: subprocess.Popen[bytes]) -> None:
    for by in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, by)
        with suppress(subprocess.TimeoutExpired):
            process.wait(3)


def _environment() -> dict[str, str]:
    """Ours without AWS's: what builds a web app is no business of theirs, and it is the work of many strangers."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {"npm_config_update_notifier": "false"}


def _why(command: str, log: Path, web: Path) -> str:
    said = re.sub(r"\x1b\[[\d;]*m", "", log.read_text(errors="replace"))
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if command in ("npm view", "npm ci") and (found := _OUT_OF_REACH.search(said)):
        return f"npm can't reach its registry ({found[0]}); try again when the network is there"
    errors = [line for line in lines if re.search(r"error", line, re.IGNORECASE)] or lines[-1:] or ["without a word"]
    at = lines.index(errors[0]) if errors[0] in lines else 0
    reason = " ".join(lines[at : at + 2]) if errors[0].endswith(":") else errors[0]
    return f"{command} failed: {reason[:300].rstrip('.')}; all that it said is in {_shown(log, web)}"


def _shown(log: Path, web: Path) -> str:
    return os.path.relpath(log) if web == WEB else str(log)


def _put_in_place(made: Path, dist: Path) -> None:
    """What is built takes the place of what was: whoever serves it has the one or the other."""
    if not (made / INDEX).is_file():
        raise NotBuilt(f"npm run build made no {INDEX}; look at infra/web/vite.config.ts")
    former = made.with_name("former")
    shutil.rmtree(former, ignore_errors=True)
    with suppress(FileNotFoundError):
        dist.rename(former)
    made.rename(dist)
    shutil.rmtree(former, ignore_errors=True)
