"""The web app is built where something changed, by a stand-in for npm; the real one builds it in tests/e2e/web."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

import app as the_map
from chalicelib import __version__
from chalicelib.core import openapi
from infra import webapp

# `ci` installs, `run api` writes types, `run build` builds src/main.ts; by what stands in that, it fails or takes long.
NPM = """#!{python}
import json, os, pathlib, subprocess, sys, time
web, [what, *more] = pathlib.Path.cwd(), sys.argv[1:]
what = more[0] if what == "run" else what
with open("{calls}", "a") as calls:
    print(what, *sorted(name for name in os.environ if name.startswith("AWS_")), file=calls)
source = (web / "src" / "main.ts").read_text()
if source == "no network" and what == "view":
    sys.exit("npm error code ENOTFOUND\\nnpm error network request to https://registry.test failed")
if what == "ci":
    (web / "node_modules").mkdir(exist_ok=True)
    (web / "node_modules" / ".package-lock.json").write_text((web / "package-lock.json").read_text())
if what == "api":
    (web / "src" / "api").mkdir(exist_ok=True)
    (web / "src" / "api" / "schema.d.ts").write_text((web / "openapi.json").read_text())
if what == "build":
    out = web / more[more.index("--outDir") + 1]
    out.mkdir(parents=True)
    if source == "slow":
        sleeping = subprocess.Popen(["sleep", "60"])
        pathlib.Path("{calls}.sleeping").write_text(str(sleeping.pid))
        sleeping.wait()
    if source == "broken":
        sys.exit("transforming...\\nerror during build:\\nsrc/main.ts (1:7): Expected ';'.\\n    at parse (x.js:1)")
    if source != "empty":
        (out / "index.html").write_text(source)
"""
LOCK = {"packages": {"": {}, "node_modules/vite": {"version": "7"}, "node_modules/of-a-mac": {"optional": True}}}


@dataclass
class Project:
    """A small web app, beside a small API."""

    root: Path
    bin: Path
    calls: Path

    @property
    def web(self) -> Path:
        """Where it stands."""
        return self.root / "web"

    @property
    def built(self) -> str:
        """What is in the page that was built."""
        return (self.web / "dist" / "index.html").read_text()

    def write(self, source: str) -> None:
        (self.web / "src" / "main.ts").write_text(source)

    def build(self) -> bool:
        return webapp.build(web=self.web)

    def asked(self) -> list[str]:
        """What npm was asked since the last time: `ci`, `api` or `build`."""
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        self.calls.unlink(missing_ok=True)
        return lines

    def node(self, version: str) -> None:
        """Have this node, and npm with it."""
        for name, text in {
            "node": f"#!/bin/sh\necho {version}\n",
            "npm": NPM.replace("{python}", sys.executable).replace("{calls}", str(self.calls)),
        }.items():
            (self.bin / name).write_text(text)
            (self.bin / name).chmod(0o755)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name, text in {
        "app.py": "app = None",
        "requirements.txt": "",
        "chalicelib/__init__.py": "__version__ = '1'",
        "chalicelib/core/__init__.py": "",
        "chalicelib/core/config.py": "def names(): return ['A_SETTING']",
        "chalicelib/core/openapi.py": "def routes_of(app): return []\ndef document(*_): return {'paths': {}}",
        "web/package.json": json.dumps({"engines": {"node": "^20.19.0 || >=22.12.0"}}),
        "web/package-lock.json": json.dumps(LOCK),
        "web/src/main.ts": "first",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "bin").mkdir()
    project = Project(tmp_path, tmp_path / "bin", tmp_path / "calls")
    project.node("v22.14.0")
    monkeypatch.setattr(webapp, "ROOT", tmp_path)
    monkeypatch.setenv("PATH", f"{project.bin}:/bin:/usr/bin")
    return project


def test_what_is_built_is_not_built_again(project: Project) -> None:
    """Nothing is run then: not even node is asked for."""
    assert project.build()
    assert project.asked() == ["view", "ci", "api", "build"]
    assert project.built == "first"
    (project.bin / "node").unlink()
    assert not project.build()
    assert project.asked() == []


@pytest.mark.parametrize(
    ("file", "text", "asked"),
    [
        ("web/src/main.ts", "second", ["build"]),
        ("web/src/board/board.module.css", ".row {}", ["build"]),
        ("web/public/icon.svg", "<svg/>", ["build"]),
        ("web/vite.config.ts", "export default {}", ["build"]),
        ("web/package-lock.json", json.dumps({"packages": {"node_modules/vite": {"version": "8"}}}),
         ["view", "ci", "api", "build"]),
        ("chalicelib/core/openapi.py", "def routes_of(app): return []\ndef document(*_): return {'paths': {'/': {}}}",
         ["api", "build"]),
        ("chalicelib/flights/store.py", "# no route changes by this", []),
        ("web/start/index.html", "the page in its place", []),
    ],
)  # fmt: skip
def test_what_changed_is_built_and_no_more(project: Project, file: str, text: str, asked: list[str]) -> None:
    """Packages are installed when the lock changes, types written when the API does; then nothing is left to do."""
    project.build()
    project.asked()
    (project.root / file).parent.mkdir(parents=True, exist_ok=True)
    (project.root / file).write_text(text)
    project.build()
    assert project.asked() == asked
    assert not project.build()
    assert project.asked() == []


def test_what_a_build_needs_is_found_missing(project: Project) -> None:
    """Whoever deleted the build, or what was installed, gets it again; what only other machines need is not missed."""
    project.build()
    (project.web / "dist" / "index.html").unlink()
    (project.web / "node_modules" / ".package-lock.json").write_text(
        json.dumps({"packages": {name: of for name, of in LOCK["packages"].items() if "mac" not in name and name}})
    )
    project.asked()
    assert project.build()
    assert project.asked() == ["build"]
    (project.web / "node_modules" / ".package-lock.json").unlink()  # as npm leaves it, when it is stopped
    webapp.prepare(web=project.web)
    assert project.asked() == ["view", "ci", "api"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("broken", r"npm run build failed: error during build: src/main\.ts \(1:7\): Expected ';'; all that it said"),
        ("empty", r"npm run build made no index\.html"),
    ],
)
def test_a_build_that_fails_leaves_the_former_one(project: Project, source: str, reason: str) -> None:
    """It says why in one sentence, and tries again the next time."""
    project.build()
    project.write(source)
    for _ in range(2):
        with pytest.raises(webapp.NotBuilt, match=reason) as failed:
            project.build()
        assert "\n" not in str(failed.value)
        assert project.built == "first"
    project.write("mended")
    assert project.build()
    assert project.built == "mended"


def test_an_api_that_can_not_be_read_is_told_of(project: Project) -> None:
    """The last line of what Python says."""
    (project.root / "app.py").write_text("import nothing_of_that_name")
    with pytest.raises(webapp.NotBuilt, match="can't be made: ModuleNotFoundError: No module named 'nothing_of_that"):
        project.build()
    assert project.asked() == []


def test_a_registry_out_of_reach_is_told_of(project: Project) -> None:
    """What npm fetches comes from elsewhere."""
    project.write("no network")
    with pytest.raises(
        webapp.NotBuilt, match=r"npm can't reach its registry \(ENOTFOUND\); try again when the network is there"
    ):
        project.build()


@pytest.mark.parametrize("version", ["v20.19.0", "v20.20.2", "v22.12.0", "v24.0.1", "v100.1.0"])
def test_a_node_that_is_new_enough_builds(project: Project, version: str) -> None:
    """By what package.json says of it."""
    project.node(version)
    assert project.build()


@pytest.mark.parametrize("version", ["v9.99.0", "v20.18.3", "v21.7.3", "v22.11.0"])
def test_a_node_that_is_too_old_is_told_of(project: Project, version: str) -> None:
    """And which one to get, and where."""
    project.node(version)
    with pytest.raises(webapp.NoNode, match=rf"node {version[1:]} is too old; get 22\.12 or newer: https://nodejs"):
        project.build()
    assert project.asked() == []


@pytest.mark.parametrize("missing", ["node", "npm"])
def test_a_machine_without_node_is_told_of(project: Project, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one sentence, with where to get it."""
    (project.bin / missing).unlink()
    monkeypatch.setenv("PATH", str(project.bin))
    with pytest.raises(webapp.NoNode, match=f"{missing} is not installed; get node 22.12 or newer: https://nodejs"):
        project.build()
    assert not (project.web / "dist").exists()


def test_two_builds_at_once_are_one(project: Project) -> None:
    """The one waits for the other, and finds it done: workers of the tests, two terminals."""
    with ThreadPoolExecutor(4) as pool:
        built = list(pool.map(lambda _: project.build(), range(4)))
    assert sorted(built) == [False, False, False, True]
    assert project.asked() == ["view", "ci", "api", "build"]


def alive(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return state.strip() != "" and not state.startswith("Z")


def until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


def test_a_build_that_is_stopped_ends_what_it_started_and_leaves_nothing_half(project: Project) -> None:
    """Ctrl-C: npm's children go too, the former build stays, and the next one goes on."""
    project.build()
    project.write("slow")
    sleeping = project.calls.with_name("calls.sleeping")
    program = (
        "import pathlib, sys; from infra import webapp; webapp.ROOT = pathlib.Path(sys.argv[1]); "
        "webapp.build(web=webapp.ROOT / 'web')"
    )
    building = subprocess.Popen(
        [sys.executable, "-c", program, project.root], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path(webapp.__file__).parents[1])},
    )  # fmt: skip
    assert until(lambda: sleeping.exists() and sleeping.read_text() != "")
    building.send_signal(signal.SIGINT)
    assert building.wait(20) != 0
    assert until(lambda: not alive(int(sleeping.read_text())))
    assert project.built == "first"
    project.write("second")
    assert project.build()
    assert project.built == "second"


def test_what_builds_the_web_app_gets_no_credentials(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deploy has some, and builds with the work of many strangers."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    project.build()
    assert project.asked() == ["view", "ci", "api", "build"]  # the stand-in would name any


def test_long_work_is_shown(project: Project) -> None:
    """On a terminal with its seconds, in a line that goes away; elsewhere each thing once."""
    for terminal in (True, False):
        console = Console(file=StringIO(), width=100, force_terminal=terminal)
        with webapp.telling(console) as say:
            project.write(f"for a terminal: {terminal}")
            assert webapp.build(say, project.web)
            say("Building the web app", 12.3)
            time.sleep(0.2)
        assert isinstance(console.file, StringIO)
        said = console.file.getvalue()
        assert ("Building the web app … 12 s" in said) is terminal
        assert terminal or said.splitlines() == ["Building the web app …"]


def test_the_document_is_the_apps_own(tmp_path: Path) -> None:
    """What the web app is typed by is what the API says of itself, on every machine and in every stage."""
    (tmp_path / ".build").mkdir()
    webapp._write_document(tmp_path, lambda *_: None)
    document = openapi.document(openapi.routes_of(the_map.app), __version__)
    assert json.loads((tmp_path / "openapi.json").read_text()) == json.loads(json.dumps(document))
