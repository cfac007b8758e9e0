"""Creates or updates a stage's tables, topics and queues on AWS, and tells the app their names.

`infra/resources.yaml` becomes the CloudFormation stack `gatecall-<stage>`; its outputs become the stage's environment
in .chalice/config.json, where `chalice deploy` finds them. Run again, it changes nothing.
"""

import json
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, WaiterError
from rich.console import Console

from infra.resources import TEMPLATE, setting

NOTHING_TO_DO = "No updates are to be performed"


class NotProvisioned(RuntimeError):
    """CloudFormation could not make the stage; the message says why."""


def provision(stage: str, cloudformation: Any, config: Path, console: Console) -> None:
    """Create or update the stack and write what it made into the config file. Raises NotProvisioned."""
    stack = f"gatecall-{stage}"
    request = {
        "StackName": stack,
        "TemplateBody": TEMPLATE.read_text(),
        "Parameters": [{"ParameterKey": "Stage", "ParameterValue": stage}],
    }
    with console.status(f"{stack}: waiting for CloudFormation"):
        try:
            if _exists(cloudformation, stack):
                cloudformation.update_stack(**request)
                cloudformation.get_waiter("stack_update_complete").wait(StackName=stack)
            else:
                cloudformation.create_stack(**request, EnableTerminationProtection=True)
                cloudformation.get_waiter("stack_create_complete").wait(StackName=stack)
        except ClientError as error:
            if NOTHING_TO_DO not in str(error):
                raise NotProvisioned(f"CloudFormation refused {stack}: {error}") from error
        except WaiterError as error:
            raise NotProvisioned(f"{stack}: {_reason(cloudformation, stack)}") from error
    outputs = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    _tell_the_app(stage, {setting(o["OutputKey"]): o["OutputValue"] for o in outputs}, config)
    console.print(f"{stack} stands, and {config.name} knows it. Next: chalice deploy --stage {stage}")


def _exists(cloudformation: Any, stack: str) -> bool:
    try:
        cloudformation.describe_stacks(StackName=stack)
    except ClientError as error:
        if "does not exist" in str(error):
            return False
        raise
    return True


def _reason(cloudformation: Any, stack: str) -> str:
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [e for e in events if e["ResourceStatus"].endswith("FAILED") and "ResourceStatusReason" in e]
    return "; ".join(f"{e['LogicalResourceId']}: {e['ResourceStatusReason']}" for e in reversed(failed)) or "it failed"


def _tell_the_app(stage: str, made: dict[str, str], config: Path) -> None:
    settings = json.loads(config.read_text())
    of_stage = settings["stages"].setdefault(stage, {"api_gateway_stage": stage, "iam_policy_file": "policy.json"})
    of_stage.setdefault("environment_variables", {}).update(GATECALL_STAGE=stage, **made)
    config.write_text(json.dumps(settings, indent=2) + "\n")
