"""The Lambda package, made as `chalice package` makes it, and a clean interpreter that runs its handlers."""

import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra import resources
from infra.local import cloud as local_cloud
from infra.local import events, motoserver

ROOT = Path(__file__).parents[2]


def known_once_provisioned(name: str) -> str:
    """A stage's setting as provisioning writes it, as far as Chalice looks into it."""
    what = name.lower().replace("_", "-")
    if what.endswith("-stream-arn"):
        table = what.removesuffix("-stream-arn")
        return f"arn:aws:dynamodb:us-east-1:123456789012:table/gatecall-dev-{table}/stream/2026-01-01"
    if what.endswith("-topic-arn"):
        return f"arn:aws:sns:us-east-1:123456789012:gatecall-dev-{what.removesuffix('-topic-arn')}"
    return f"https://sqs.us-east-1.amazonaws.com/123456789012/gatecall-dev-{what.removesuffix('-queue-url')}"


# What Lambda does: the package and the standard library on the path, nothing else; the event in, JSON out.
LAMBDA = """
import json, sys, types
from importlib.util import find_spec
sys.path.append(sys.argv[1])
assert not find_spec("pytest"), "this interpreter is not clean"
import app
context = types.SimpleNamespace(aws_request_id="a-request", function_name=sys.argv[2], memory_limit_in_mb=1769,
                                get_remaining_time_in_millis=lambda: 29_000)
result = getattr(app, sys.argv[2])(json.load(sys.stdin), context)
print("\\n" + json.dumps(result))
"""


@dataclass
class Package:
    """What `chalice package` made."""

    output: str  # what it said
    zip: Path
    template: dict[str, Any]


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """The package of the stage `dev`, made in a copy of this project. Needs the Python package index."""
    project = tmp_path_factory.mktemp("project") / "gatecall"
    shutil.copytree(ROOT, project, ignore=shutil.ignore_patterns(".venv", ".git", ".local", ".*_cache", "deployments"))
    config = project / ".chalice" / "config.json"
    settings = json.loads(config.read_text())
    of_stage = settings["stages"]["dev"]["environment_variables"]
    of_stage |= {name: known_once_provisioned(name) for name, v in of_stage.items() if v == "set by provisioning"}
    config.write_text(json.dumps(settings))
    out = project.parent / "out"
    made = subprocess.run(
        [Path(sys.executable).with_name("chalice"), "package", "--stage", "dev", "--pkg-format", "cloudformation", out],
        cwd=project, env={**os.environ, "AWS_DEFAULT_REGION": events.REGION}, timeout=300, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout
    return Package(made.stdout, out / "deployment.zip", json.loads((out / "sam.json").read_text()))


@pytest.fixture(scope="session")
def unpacked(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as Lambda lays it out."""
    directory = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(package.zip) as archive:
        archive.extractall(directory)
    return directory


@dataclass
class Cloud:
    """moto in the place of AWS, and the functions of the package."""

    package: Path
    environment: dict[str, str]

    def client(self, service: str) -> Any:
        """A client of this cloud."""
        return boto3.client(service, endpoint_url=self.environment["AWS_ENDPOINT_URL"])

    def invoke(self, handler: str, event: dict[str, Any], **settings: str) -> Any:
        """Run a handler in a new, clean interpreter, as a cold start does; `settings` over the environment's."""
        ran = subprocess.run(
            [sys.executable, "-ISBc", LAMBDA, self.package, handler],
            input=json.dumps(event), env={**self.environment, **settings}, cwd=self.package, timeout=120, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def cloud(unpacked: Path) -> Iterator[Cloud]:
    """Gatecall's tables, topics and queues, empty."""
    with motoserver.running() as address:
        cloud = Cloud(unpacked, {
            "AWS_ENDPOINT_URL": address, "AWS_REGION": events.REGION, "AWS_DEFAULT_REGION": events.REGION,
            "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        })  # fmt: skip
        given = local_cloud.settings({"FEEDS": "replay", "AIRPORTS": "LGA"})
        cloud.environment |= resources.create("dev", cloud.client, given)
        yield cloud


@dataclass
class Gateway:
    """In the place of API Gateway's management API: keeps what a connection is sent."""

    domain: str
    sent: list[tuple[str, Any]]  # the path, and the message


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """It listens while a test runs."""
    sent: list[tuple[str, Any]] = []

    class Management(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *said: object) -> None:
            """Nothing: the test says what came."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Management)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Gateway(f"127.0.0.1:{server.server_port}", sent)
    server.shutdown()
    server.server_close()
