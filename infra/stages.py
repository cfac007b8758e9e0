"""Points this process at a stage: the one that runs on this machine (`local`), or one of .chalice/config.json."""

import json
import os
from pathlib import Path

from infra.local import cloud

CONFIG = Path(__file__).parents[1] / ".chalice" / "config.json"


class NoSuchStage(ValueError):
    """There is no such stage, or it is not provisioned; the message says what to do."""


def enter(stage: str, directory: Path = cloud.DIRECTORY) -> None:
    """Set the environment of this process to the stage's. Raises NoSuchStage, or cloud.NotRunning for `local`."""
    if stage == "local":
        cloud.point_here(cloud.find(directory).environment)
        return
    config = json.loads(CONFIG.read_text())
    if stage not in config["stages"]:
        known = ", ".join(["local", *config["stages"]])
        raise NoSuchStage(f"there is no stage {stage}; .chalice/config.json has: {known}")
    environment = {**config["environment_variables"], **config["stages"][stage].get("environment_variables", {})}
    missing = [name for name, value in environment.items() if value == "set by provisioning"]
    missing += [] if "GATECALL_STAGE" in environment else ["GATECALL_STAGE"]
    if missing:
        raise NoSuchStage(f"{', '.join(missing)} not known yet; run: python -m infra provision --stage {stage}")
    os.environ.update(environment)
