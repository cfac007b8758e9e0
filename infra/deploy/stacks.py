"""A stage's CloudFormation stack: what it is called, how it stands, what becomes of it."""

import re
import time
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError
from rich.console import Console

from infra import resources
from infra.deploy import Refused

LIMIT = timedelta(minutes=45)  # of one change of the stack; CloudFront's distribution takes the most of it
PACE = 3.0  # seconds between two looks at the stack's events
NEVER_CAME_UP = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"}


class NotProvisioned(Refused):
    """There is no such stack, or CloudFormation could not make it; the message says why, and what to do."""


def outputs(stage: str, cloudformation: Any) -> dict[str, str]:
    """What the stack made, by the names of the template's outputs. Raises NotProvisioned."""
    stack = describe(stage, cloudformation)
    if stack is None or stack["StackStatus"] in NEVER_CAME_UP:
        raise NotProvisioned(
            f"there is no stack {name_of(stage)} here; run: .venv/bin/python -m infra deploy --stage {stage}"
        )
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", ())}


def name_of(stage: str) -> str:
    """The stack's name."""
    return f"gatecall-{stage}"


def check_name(stage: str) -> None:
    """Raises Refused where a stage on AWS can't be called so."""
    pattern = resources.document()["Parameters"]["Stage"]["AllowedPattern"]
    if stage == "local":
        raise Refused("the stage local is the one on this machine, which needs none of this; run: make run")
    if not re.fullmatch(pattern, stage):
        raise Refused(f"{stage!r} can't be a stage's name: it begins with a letter and has up to 16 of a-z, 0-9 and -")


def describe(stage: str, cloudformation: Any) -> dict[str, Any] | None:
    """The stack as CloudFormation describes it; None where there is none."""
    try:
        found: dict[str, Any] = cloudformation.describe_stacks(StackName=name_of(stage))["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return found


def settle(stage: str, cloudformation: Any, console: Console) -> dict[str, Any] | None:
    """Wait until nobody changes the stack. Raises Refused where that takes too long."""
    stack = describe(stage, cloudformation)
    if stack and stack["StackStatus"].endswith("_IN_PROGRESS"):
        if stack["StackStatus"] == "REVIEW_IN_PROGRESS":
            raise Refused(f"{name_of(stage)} is somebody's change set that was never executed; execute it or delete "
                          "the stack in CloudFormation, then run this again")  # fmt: skip
        console.print(f"Somebody else changes {name_of(stage)} ({stack['StackStatus']}); waiting for it.",
                      highlight=False, soft_wrap=True)  # fmt: skip
        follow(stack["StackId"], cloudformation, console, None)
        stack = describe(stage, cloudformation)
    return stack


def follow(stack_id: str, cloudformation: Any, console: Console, since: str | None) -> list[str]:
    """Show what becomes of the stack's resources after the event `since`, until all is done.

    Returns what failed, and why. Raises Refused after LIMIT.
    """
    seen: set[str] = set() if since is None else {since}
    failures: list[str] = []
    until = time.monotonic() + LIMIT.total_seconds()
    with console.status("CloudFormation is at it") as status:
        while True:
            stack = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]
            for event in _new_events(stack_id, cloudformation, seen):
                resource, state = event["LogicalResourceId"], event["ResourceStatus"]
                if event.get("PhysicalResourceId") != stack_id:
                    line = f"  {state.lower().replace('_', ' '):<28} {resource}"
                    console.print(line, highlight=False, markup=False, soft_wrap=True)
                reason = event.get("ResourceStatusReason", "")
                if state.endswith("_FAILED") and reason and "cancelled" not in reason:
                    failures.append(f"{resource}: {reason}")
                status.update(f"CloudFormation is at it: {resource} {state.lower().replace('_', ' ')}")
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return failures
            if time.monotonic() > until:
                raise Refused(f"{stack['StackName']} is still {stack['StackStatus']} after {LIMIT}; CloudFormation "
                              "goes on by itself. Look there, and run this again")  # fmt: skip
            time.sleep(PACE)


def _new_events(stack_id: str, cloudformation: Any, seen: set[str]) -> list[dict[str, Any]]:
    """The events that were not seen yet, the oldest first."""
    new: list[dict[str, Any]] = []
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id):
        for event in page["StackEvents"]:
            if event["EventId"] in seen:
                break
            new.append(event)
        else:
            continue
        break
    seen.update(event["EventId"] for event in new)
    return new[::-1]


def last_event(stack_id: str, cloudformation: Any) -> str | None:
    """The id of the newest event of a stack."""
    events = cloudformation.describe_stack_events(StackName=stack_id)["StackEvents"]  # the newest first
    return events[0]["EventId"] if events else None


def delete(stage: str, stack: dict[str, Any], cloudformation: Any, console: Console) -> None:
    """Delete the stack; what it retains stays. Raises NotProvisioned where CloudFormation can't."""
    name = name_of(stage)
    cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=False)
    since = last_event(stack["StackId"], cloudformation)
    cloudformation.delete_stack(StackName=name)
    failures = follow(stack["StackId"], cloudformation, console, since)
    if describe(stage, cloudformation):
        raise NotProvisioned(f"{name} can't be deleted: {'; '.join(failures) or 'its events say why'}. Mend that, "
                             "then run this again")  # fmt: skip
