"""What stands in the place of AWS, and how other commands find it; and the log."""

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import threading

import httpx
import pytest

from infra.local import cloud, dynoxide
from infra.local.applog import AppLog


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """An npm that packs a program; its version is what `dynoxide --version` says. Returns the folder to fetch into."""
    program = tmp_path / "program"
    program.write_text(f'#!{sys.executable}\nprint("dynoxide {dynoxide.VERSION}")\n')
    program.chmod(0o755)
    archive = tmp_path / "packed.tgz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(program, "package/dynoxide")
    told = json.dumps([{"filename": "packed.tgz"}])
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "npm").write_text(f"#!/bin/sh\n/bin/cp {archive} . && echo '{told}'\n")
    (tmp_path / "bin" / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(dynoxide.platform, "system", lambda: "Linux")
    monkeypatch.setattr(dynoxide.platform, "machine", lambda: "x86_64")
    integrity = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    monkeypatch.setattr(dynoxide, "INTEGRITY", integrity)
    return tmp_path / "fetched"


def test_dynoxide_is_fetched_once(npm, monkeypatch):
    """From npm the first time; afterwards no npm is needed."""
    program = dynoxide.binary(npm)
    monkeypatch.setenv("PATH", "")
    assert dynoxide.binary(npm) == program
    assert [path.name for path in npm.iterdir()] == [f"dynoxide-{dynoxide.VERSION}"]


def test_what_is_not_dynoxide_as_pinned_is_not_run(npm, monkeypatch):
    """Other content under the same name and version is refused, and not kept."""
    monkeypatch.setattr(dynoxide, "INTEGRITY", "other")
    with pytest.raises(dynoxide.NotToBeHad, match="as it was pinned"):
        dynoxide.binary(npm)
    assert list(npm.iterdir()) == []


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda patch: patch.setenv("PATH", ""), "npm, which fetches it, is not installed"),
        (lambda patch: patch.setattr(dynoxide.platform, "system", lambda: "Darwin"), "not for Darwin x86_64"),
        (lambda patch: patch.setattr(dynoxide, "VERSION", "9.9.9"), "is not version 9.9.9"),
    ],
)
def test_why_dynoxide_can_not_be_had_is_said(npm, monkeypatch, spoil, reason):
    """In one sentence, fit for the terminal."""
    spoil(monkeypatch)
    with pytest.raises(dynoxide.NotToBeHad, match=reason) as said:
        dynoxide.binary(npm)
    assert "\n" not in str(said.value)


def test_an_npm_that_fails_is_quoted(npm, monkeypatch, tmp_path):
    """Its first line, without its stack."""
    (tmp_path / "bin" / "npm").write_text("#!/bin/sh\necho 'npm error network' >&2; echo more >&2; exit 1\n")
    with pytest.raises(dynoxide.NotToBeHad, match=r"npm could not fetch it: npm error network$"):
        dynoxide.binary(npm)


def test_moto_keeps_the_tables_where_dynoxide_can_not_be_had(monkeypatch):
    """One address for everything, and a note that says why."""
    said = []

    def nowhere(_):
        raise dynoxide.NotToBeHad("there is none")

    monkeypatch.setattr(dynoxide, "binary", nowhere)
    with cloud.services(said.append) as environment:
        assert environment["AWS_ENDPOINT_URL_DYNAMODB"] == environment["AWS_ENDPOINT_URL"]
        assert httpx.get(f"{environment['AWS_ENDPOINT_URL']}/moto-api/").status_code == 200
    assert said == ["moto keeps the tables, more slowly than dynoxide would: there is none"]


def test_nothing_of_the_users_own_aws_account_is_left(monkeypatch):
    """Profiles, sessions and endpoints of the shell are taken out before the local ones are put in."""
    kept = dict(os.environ)
    try:
        os.environ.update(AWS_PROFILE="work", AWS_SESSION_TOKEN="secret", AWS_ENDPOINT_URL_SES="https://example.test")
        cloud.point_here({"AWS_REGION": "us-east-1"})
        left = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        assert left == {
            "AWS_REGION": "us-east-1", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }  # fmt: skip
    finally:
        os.environ.clear()
        os.environ.update(kept)


def test_other_commands_find_a_running_cloud_and_no_dead_one(tmp_path):
    """By its note; a note whose process is gone, or that can't be read, counts for nothing."""
    with pytest.raises(cloud.NotRunning, match="make run"):
        cloud.find(tmp_path)
    ours = cloud.Running(os.getpid(), "http://localhost:8000", "ws://localhost:8001", {"A": "b"})
    cloud.write_note(tmp_path, ours)
    assert cloud.find(tmp_path) == ours
    cloud.remove_note(tmp_path)
    assert list(tmp_path.iterdir()) == []
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    cloud.write_note(tmp_path, cloud.Running(gone.pid, "", "", {}))
    with pytest.raises(cloud.NotRunning):
        cloud.find(tmp_path)
    (tmp_path / "cloud.json").write_text("{")
    with pytest.raises(cloud.NotRunning):
        cloud.find(tmp_path)


def test_a_note_of_another_cloud_is_left_alone(tmp_path):
    """Who ends takes back its own note only."""
    other = cloud.Running(os.getppid(), "", "", {})
    cloud.write_note(tmp_path, other)
    cloud.remove_note(tmp_path)
    assert cloud.find(tmp_path) == other


def test_the_log_keeps_everything_and_shows_what_is_amiss():
    """Warnings and errors in short, the same one once a minute; all lines whole in the file."""
    file, shown, clock = io.StringIO(), [], [0.0]
    log = AppLog(file, lambda level, message: shown.append((level, message)), lambda: clock[0])
    lines = [
        '{"level":"INFO","message":"fine"}',
        '{"level":"ERROR","message":"it failed","exception_name":"ValueError"}',
        "WARNING: infra.local: slow",
        "gatecall - ERROR - Caught exception for path /x",
        "{no json",
        "a plain line about an ERROR",
    ]
    for line in lines * 2:
        print(line, file=log)
    assert file.getvalue().splitlines() == lines * 2
    wanted = [
        ("ERROR", "it failed ValueError"), ("WARNING", "infra.local: slow"), ("ERROR", "Caught exception for path /x"),
    ]  # fmt: skip
    assert shown == wanted
    clock[0] = 61
    print(lines[2], file=log)
    assert shown[3:] == [wanted[1]]


def test_lines_of_several_threads_stay_whole():
    """print() writes a line in two steps; no other thread's line comes between."""
    file = io.StringIO()
    log = AppLog(file, lambda *_: None)

    def say(word):
        for _ in range(500):
            print(word * 20, file=log)

    threads = [threading.Thread(target=say, args=(word,)) for word in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = file.getvalue().splitlines()
    assert len(lines) == 2000
    assert set(lines) == {word * 20 for word in "abcd"}
