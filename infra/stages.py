"""Points this process at a stage: the one that runs on this machine (`local`), or one of .chalice/config.json."""

import json
import os
from pathlib import Path
from typing import Any

from chalicelib.core import config
from infra.local import cloud

CONFIG = Path(__file__).parents[1] / ".chalice" / "config.json"


class NoSuchStage(ValueError):
    """There is no such stage, or it is not provisioned; the message says what to do."""


def enter(stage: str, directory: Path = cloud.DIRECTORY) -> None:
    """Set the environment of this process to the stage's. Raises NoSuchStage, or cloud.NotRunning for `local`."""
    if stage == "local":
        cloud.point_here(cloud.find(directory).environment)
        return
    settings = written()
    if stage not in settings["stages"]:
        known = ", ".join(["local", *settings["stages"]])
        raise NoSuchStage(f"there is no stage {stage!r}; .chalice/config.json has: {known}. To make it, or to know it "
                          f"here too, run: .venv/bin/python -m infra provision --stage {stage}")  # fmt: skip
    environment = {
        **settings["environment_variables"], **settings["stages"][stage].get("environment_variables", {}),
    }  # fmt: skip
    unknown = "set by provisioning"
    missing = sorted(name for name in config.names() if environment.get(name, unknown) == unknown)
    if missing:
        names = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        raise NoSuchStage(f"{names} not known yet; run: .venv/bin/python -m infra provision --stage {stage}")
    os.environ.update(environment)


def written() -> dict[str, Any]:
    """What .chalice/config.json says. Raises Misconfigured where it can't be read, or is not what Chalice takes."""
    try:
        found: dict[str, Any] = json.loads(CONFIG.read_text())
        for where in (found, *found["stages"].values()):
            for name, value in where.get("environment_variables", {}).items():
                if not isinstance(value, str):
                    raise config.Misconfigured(
                        f'.chalice/config.json has {name} as {value!r}; a setting stands in quotes: "{value}"'
                    )
            for name, function in where.get("lambda_functions", {}).items():
                function.get("iam_policy_file", name)
        found["environment_variables"].keys()
    except (OSError, ValueError) as error:
        raise config.Misconfigured(f".chalice/config.json can't be read: {error}. {_AGAIN}") from error
    except (AttributeError, KeyError, TypeError) as error:
        raise config.Misconfigured(f".chalice/config.json is not as it should be ({error}). {_AGAIN}") from error
    return found


_AGAIN = "Mend it; or put the one that is checked in back (git checkout .chalice/config.json), and deploy"
