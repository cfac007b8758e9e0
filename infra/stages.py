"""Points this process at a stage: the one that runs on this machine (`local`), or one of .chalice/config.json."""

import json
import os
from pathlib import Path

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
    written = json.loads(CONFIG.read_text())
    if stage not in written["stages"]:
        known = ", ".join(["local", *written["stages"]])
        raise NoSuchStage(f"there is no stage {stage}; .chalice/config.json has: {known}. To make it, or to know it "
                          f"here too, run: python -m infra provision --stage {stage}")  # fmt: skip
    environment = {
        **written["environment_variables"], **written["stages"][stage].get("environment_variables", {}),
    }  # fmt: skip
    unknown = "set by provisioning"
    missing = sorted(name for name in config.names() if environment.get(name, unknown) == unknown)
    if missing:
        raise NoSuchStage(f"{', '.join(missing)} not known yet; run: python -m infra provision --stage {stage}")
    os.environ.update(environment)
