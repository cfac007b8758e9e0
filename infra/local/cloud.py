"""What stands in the place of AWS on this machine, and the environment that points the SDK and the app at it."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from infra import resources
from infra.local import dynoxide, events, motoserver

ROOT = Path(__file__).parents[2]
DIRECTORY = ROOT / ".local"  # git ignores it
NOTE = "cloud.json"


class NotRunning(RuntimeError):
    """No local cloud runs; the message says how to start one."""


@dataclass(frozen=True)
class Running:
    """A local cloud as other commands on this machine find it."""

    pid: int
    rest: str  # address of the REST API
    websocket: str  # address of the WebSocket API
    environment: dict[str, str]  # what points the SDK and the app's settings at it


@contextmanager
def services(warn: Callable[[str], None]) -> Iterator[dict[str, str]]:
    """Run moto and, where it can be had, dynoxide; gives the SDK's environment. `warn` is told where it can't."""
    with ExitStack() as stack:
        tables = None
        try:
            tables = stack.enter_context(dynoxide.running(dynoxide.binary(DIRECTORY)))
        except dynoxide.NotToBeHad as reason:
            warn(f"moto keeps the tables, more slowly than dynoxide would: {reason}")
        everything = stack.enter_context(motoserver.running())
        yield {
            "AWS_ENDPOINT_URL": everything,
            "AWS_ENDPOINT_URL_DYNAMODB": tables or everything,
            "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": tables or everything,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": events.REGION,
            "AWS_DEFAULT_REGION": events.REGION,
            # boto3 1.44 would put the account into the address once it knows it, and moto's streams don't match that
            "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def point_here(environment: Mapping[str, str]) -> None:
    """Point this process at the local cloud, and away from whatever AWS account its user has set up."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(environment)
    # a profile in ~/.aws could bring endpoints and roles of its own
    os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)


def settings(given: Mapping[str, str]) -> dict[str, str]:
    """The app's settings that .chalice/config.json has for every stage, with those `given` in their place."""
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    return {**config["environment_variables"], **given}


def provision(given: Mapping[str, str], speed: float = 1) -> dict[str, str]:
    """Make the tables, topics and queues of infra/resources.yaml here; gives the app's environment.

    `speed` is the flight clock's, in its seconds per second: what a queue holds back for a minute is a minute of it.
    """
    from chalicelib.core import aws

    return resources.create(events.STAGE, aws.client, settings(given), faster=speed)


def write_urls(rest: str, websocket: str) -> None:
    """Tell the app where it is to be had, as deploying does."""
    from chalicelib.core import aws

    for name, url in (("web", rest), ("rest", rest), ("websocket", websocket)):
        aws.client("ssm").put_parameter(Name=f"/gatecall/{events.STAGE}/{name}-url", Type="String", Value=url)


def write_note(directory: Path, running: Running) -> None:
    """Tell other commands on this machine of a cloud."""
    directory.mkdir(parents=True, exist_ok=True)
    scratch = directory / f"{NOTE}.{running.pid}"
    scratch.write_text(json.dumps(asdict(running), indent=2))
    scratch.replace(directory / NOTE)


def remove_note(directory: Path) -> None:
    """Take the note back, unless another cloud has written its own since."""
    with suppress(NotRunning):
        if find(directory).pid == os.getpid():
            (directory / NOTE).unlink(missing_ok=True)


def find(directory: Path = DIRECTORY) -> Running:
    """The local cloud that runs on this machine. Raises NotRunning."""
    try:
        running = Running(**json.loads((directory / NOTE).read_text()))
        os.kill(running.pid, 0)
    except (OSError, ValueError, TypeError):
        raise NotRunning("the local cloud is not running; start it with: make run") from None
    return running
