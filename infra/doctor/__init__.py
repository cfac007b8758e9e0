"""Says what is wrong with a deployed stage, and what to do: python -m infra doctor.

Each check is a function of the stage that yields what it finds: infra/doctor/{stack,made,functions,gateway,
channels,running}.py. It reads, and changes nothing.
"""

import os
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http.client import HTTPException
from textwrap import indent
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from chalicelib.core.config import Misconfigured
from infra import functions as of_app
from infra import stages
from infra.deploy import stacks
from infra.doctor import channels, functions, gateway, made, running, stack
from infra.doctor.stage import Finding, Findings, Stage

CHECKS: tuple[tuple[str, Callable[[Stage], Findings]], ...] = (
    ("the stack", stack.state),
    ("what the stack made", made.made),
    ("the functions", functions.deployed),
    ("the functions' roles", functions.roles),
    ("the settings", lambda stage: stack.settings(stage, written(stage.name))),
    ("what the settings say", stack.sense),
    ("the secrets and addresses", stack.parameters),
    ("streams and queues", functions.streams_and_queues),
    ("topics and schedules", functions.topics_and_schedules),
    ("API Gateway", gateway.tuned),
    ("CORS", gateway.pages),
    ("the certificate", gateway.domain),
    ("its health", gateway.health),
    ("feeds", running.feeds),
    ("email", channels.email),
    ("SMS", channels.sms),
    ("app push", channels.push),
    ("records set aside", running.dead_letters),
    ("alarms", running.alarms),
    ("who is told of alarms", running.told_of_alarms),
    ("the account's limits", functions.limits),
    ("logs", functions.logs),
)


def examine(stage: str, console: Console, *, quiet: bool = False) -> int:
    """Print what was found, where `quiet` only what is wrong. Returns how much is wrong. Raises Refused."""
    stacks.check_name(stage)
    wrong = 0
    for finding in _findings(stage):
        wrong += bool(finding.do)
        if finding.do:
            console.print(f"✗ {finding.says}", style="red", markup=False, highlight=False, soft_wrap=True)
            console.print(indent(finding.do, "    "), markup=False, highlight=False, soft_wrap=True)
        elif not quiet:
            console.print(f"✓ {finding.says}", markup=False, highlight=False, soft_wrap=True)
    summary = "Nothing is wrong." if not wrong else f"{wrong} to put right."
    console.print(f"gatecall-{stage}: {summary}", highlight=False, soft_wrap=True)
    return wrong


def _findings(name: str) -> Findings:
    found, client = _account()
    yield found
    if found.do:
        return
    try:
        there = stacks.describe(name, client("cloudformation"))
    except (BotoCoreError, ClientError) as error:
        yield _not_seen("the stack", error)
        return
    if there is None or there["StackStatus"] in stacks.NEVER_CAME_UP:
        yield Finding(f"There is no stack {stacks.name_of(name)} in this account and region.",
                      f"Run: .venv/bin/python -m infra deploy --stage {name}")  # fmt: skip
        return
    outputs = {each["OutputKey"]: each["OutputValue"] for each in there.get("Outputs", ())}
    settings = {**written(name), **stack.settings_of(outputs), "GATECALL_STAGE": name}
    os.environ.update(settings)  # app.py reads them when it is imported
    try:
        declared = of_app.declared()
    except Misconfigured as problem:
        yield Finding(
            f"{problem}.",
            f"Correct it in .chalice/config.json. Then run: .venv/bin/python -m infra deploy --stage {name}",
        )
        return
    stage = Stage(name, there, client, settings, declared, answer_of, datetime.now(UTC))
    for what, check in CHECKS:
        yield from look(what, check, stage)


def look(what: str, check: Callable[[Stage], Findings], stage: Stage) -> Findings:
    """What a check finds; where AWS does not let it look, that."""
    try:
        yield from check(stage)
    except (BotoCoreError, ClientError) as error:
        yield _not_seen(what, error)


def written(stage: str) -> Mapping[str, str]:
    """The settings of a stage as .chalice/config.json has them. Raises Misconfigured."""
    config = stages.written()
    of_stage: Mapping[str, str] = config["stages"].get(stage, {}).get("environment_variables", {})
    return {**config["environment_variables"], **of_stage}


def answer_of(url: str) -> tuple[int, str]:
    """Status and body of an address. Raises OSError where nothing answers."""
    try:
        with urlopen(url, timeout=15) as answer:
            return answer.status, answer.read(100_000).decode(errors="replace")
    except HTTPError as refused:
        return refused.code, ""
    except URLError as error:
        raise OSError(str(error.reason)) from error
    except HTTPException as error:
        raise OSError(f"that was no HTTP: {error}") from error


def _account() -> tuple[Finding, Callable[..., Any]]:
    """Whose credentials these are, and what makes clients of them."""
    import boto3

    session = boto3.session.Session()
    if not session.region_name:
        return Finding("No region is set.", "Name the stage's in AWS_REGION, or in the profile."), session.client
    try:
        us = session.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        return Finding(
            f"AWS does not know who is asking: {error}",
            "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; where they have ended: aws sso login.",
        ), session.client
    return Finding(
        f"Account {us['Account']}, {session.region_name}, as {us['Arn'].rpartition(':')[2]}."
    ), session.client


def _not_seen(what: str, error: BotoCoreError | ClientError) -> Finding:
    if isinstance(error, ClientError) and "AccessDenied" in (code := error.response["Error"]["Code"]) + str(error):
        return Finding(f"Could not look at {what}: {error.response['Error'].get('Message') or code}",
                       f"Have {error.operation_name} allowed to whoever runs this, then look again.")  # fmt: skip
    if isinstance(error, ClientError) and _GONE.search(error.response["Error"]["Code"]):
        return Finding(f"Could not look at {what}, as something is gone: {error}",
                       "Put back what is named as gone above, then look again.")  # fmt: skip
    return Finding(f"Could not look at {what}: {error}", "Look again; if it stays so, tell us with this line.")


_GONE = re.compile("NotFound|NonExistent|NoSuch|DoesNotExist")  # in services' words for it
