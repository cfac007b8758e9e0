"""Gatecall deployed to a moto server by its own commands, from copies of this project, as an admin does it."""

import compileall
import hashlib
import json
import logging
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3
import pytest

from infra import webapp
from infra.local import events, motoserver

from .player import Connections, Player

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Cloud:
    """An AWS account."""

    sdk: dict[str, str]  # what points the SDK at it
    listeners: list[motoserver.Hear]

    def client(self, service: str) -> Any:
        """A client of it, of an admin."""
        return boto3.client(service, endpoint_url=self.sdk["AWS_ENDPOINT_URL"], region_name=events.REGION)


@dataclass(frozen=True)
class Checkout:
    """A fresh copy of this project, with what is not committed yet, and without what git ignores."""

    directory: Path
    environment: dict[str, str]

    def infra(self, *arguments: str, code: int = 0, **environment: str) -> str:
        """Run `python -m infra …`; gives what it says."""
        return self._run("-m", "infra", *arguments, code=code, **environment)

    def chalice(self, *arguments: str) -> str:
        """Run `chalice …`; gives what it says."""
        return self._run(str(Path(sys.executable).with_name("chalice")), *arguments, code=0)

    def _run(self, *arguments: str, code: int, **environment: str) -> str:
        ran = subprocess.run(
            [sys.executable, *arguments], cwd=self.directory, env={**self.environment, **environment}, timeout=300,
            check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert ran.returncode == code, ran.stdout
        return ran.stdout

    def set(self, stage: str, **settings: str) -> None:
        """Write settings of a stage, as an admin does."""
        file = self.directory / ".chalice" / "config.json"
        config = json.loads(file.read_text())
        config["stages"][stage]["environment_variables"] |= settings
        file.write_text(json.dumps(config, indent=2) + "\n")

    def files(self) -> dict[str, str]:
        """A digest of each file, but for what Chalice packed and Python compiled."""
        return {
            str(path.relative_to(self.directory)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.directory.rglob("*"))
            if path.is_file() and not {"deployments", "__pycache__"} & set(path.parts)
        }


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """An AWS account in which nothing is."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    listeners: list[motoserver.Hear] = []

    def hear(access_key: str, call: Callable[[], motoserver.Call]) -> None:
        for listener in listeners:
            listener(access_key, call)

    with motoserver.running(deploying=True, hear=hear) as address:
        yield Cloud({
            "AWS_ENDPOINT_URL": address, "AWS_REGION": events.REGION, "AWS_DEFAULT_REGION": events.REGION,
            "AWS_ACCESS_KEY_ID": "admin", "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled", "AWS_EC2_METADATA_DISABLED": "true",
        }, listeners)  # fmt: skip


CheckOut = Callable[[], Checkout]


@pytest.fixture(scope="session")
def check_out(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> CheckOut:
    """Makes checkouts, each in a directory of its own. What Chalice packed in one, the next finds: it saves minutes.

    So does each find the web app built, where this machine has node; else it is deployed without.
    """
    with suppress(webapp.NoNode):
        webapp.build()
    made: list[Path] = []
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    own = {name: value for name, value in os.environ.items() if name in {"HOME", "LANG", "PATH", "TMPDIR"}}
    own |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "https_", "HTTPS_"))}

    def check_out() -> Checkout:
        directory = tmp_path_factory.mktemp("checkout") / "gatecall"
        for name in listed:
            if (ROOT / name).is_file():
                (directory / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, directory / name)
        for before in made:
            if (packed := before / ".chalice" / "deployments").is_dir():
                shutil.copytree(packed, directory / ".chalice" / "deployments", dirs_exist_ok=True)
        for built in ("dist", ".build", "openapi.json"):
            if (at := webapp.WEB / built).exists():
                copy = shutil.copytree if at.is_dir() else shutil.copy2
                copy(at, directory / at.relative_to(ROOT))
        made.append(directory)
        return Checkout(directory, {**own, **cloud.sdk, "AWS_EXECUTION_ENV": "tests", "COLUMNS": "200"})

    return check_out


NOON = "2026-07-10T16:00:00Z*0"  # at New York; the clock stands still


@pytest.fixture(scope="session")
def dev(cloud: Cloud, check_out: CheckOut) -> Checkout:
    """The stage `dev`, deployed by one command: LaGuardia of the replayed day at noon, and email is sent."""
    checkout = check_out()
    application = cloud.client("sns").create_platform_application(
        Name="dev", Platform="GCM", Attributes={"PlatformCredential": "none", "PlatformPrincipal": "none"}
    )
    checkout.set(
        "dev", AIRPORTS="LGA", EMAIL_SENDER="Example Air <flights@example.com>", FLIGHT_CLOCK=NOON,
        WEBHOOKS_TO="anywhere", FCM_APPLICATION_ARN=application["PlatformApplicationArn"],
    )  # fmt: skip
    checkout.infra("deploy", "--stage", "dev")
    return checkout


def taken_back(cloud: Cloud, function: str, directory: Path) -> Path:
    """The zip that Lambda got for a function."""
    told = cloud.client("lambda").get_function(FunctionName=function)
    file = directory / "package.zip"
    with urlopen(told["Code"]["Location"]) as answer, file.open("wb") as out:
        shutil.copyfileobj(answer, out)
    return file


def laid_out(package: Path, directory: Path) -> Path:
    """A package as Lambda lays it out; compiled, so that the many cold starts here take half the time."""
    with zipfile.ZipFile(package) as archive:
        archive.extractall(directory)
    compileall.compile_dir(directory, quiet=2, workers=2)
    return directory


@pytest.fixture(scope="session")
def package(cloud: Cloud, dev: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Lambda got."""
    return taken_back(cloud, "gatecall-dev-poll_feeds", tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def unpacked(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, and nothing else."""
    return laid_out(package, tmp_path_factory.mktemp("task"))


@pytest.fixture(scope="session")
def connections() -> Iterator[Connections]:
    """In the place of the management API, and of a server that is called."""
    yield from Connections.listening()


@pytest.fixture(scope="session")
def player(cloud: Cloud, unpacked: Path) -> Iterator[Player]:
    """AWS, which runs what is deployed."""
    player = Player("dev", unpacked, cloud.client, cloud.sdk)
    cloud.listeners.append(player.hear)
    yield player
    player.end()
