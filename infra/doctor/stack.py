"""The stack, and what the app is told of it."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress

from chalicelib.core import config
from chalicelib.core.config import Misconfigured
from infra import resources, secrets
from infra.deploy import checks
from infra.doctor.stage import Finding, Findings, Stage, join


def state(stage: Stage) -> Findings:
    """Is the stack in a good state, and made of the template of this checkout?"""
    name, status = stage.stack_name, str(stage.stack["StackStatus"])
    if status.endswith("_IN_PROGRESS"):
        yield Finding(f"The stack {name} is being changed ({status}).", "Wait until it is done, then look again.")
    elif status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        yield Finding(
            f"The last change of the stack {name} failed ({status}).",
            f'See why: aws cloudformation describe-stack-events --stack-name {name} --query "StackEvents[?contains('
            "ResourceStatus,'FAILED')].[LogicalResourceId,ResourceStatusReason]\". "
            f"Then run: {stage.again('provision')}",
        )
    else:
        yield Finding(f"The stack {name} is in a good state ({status}).")
    there = stage.client("cloudformation").get_template(StackName=name)["TemplateBody"]
    if there == resources.document():
        yield Finding("The stack is made of this checkout's template.")
    else:
        yield Finding("The stack is made of another template than infra/resources.yaml of this checkout.",
                      f"Run: {stage.again('deploy')}")  # fmt: skip


def settings(stage: Stage, written: Mapping[str, str]) -> Findings:
    """Does .chalice/config.json (`written`) say what the stack made, and do the functions have it?"""
    made, current = settings_of(stage.outputs), streams(stage)
    anew = [name for name, arn in current.items() if made.get(name) != arn]
    for name in anew:
        if written.get(name) == current[name]:
            yield Finding(f"{name} is of a stream that was made by hand. A deploy puts the former one there again.")
        else:
            yield Finding(
                f"The stream behind {name} was made anew, not by CloudFormation: the stack names one that has ended.",
                f"Put {current[name]} there in .chalice/config.json. Then run: .venv/bin/chalice deploy --stage "
                f"{stage.name}; then: {stage.again('tune')}",
            )
    stale = sorted(name for name, value in made.items() if name not in anew and written.get(name) != value)
    if stale:
        yield Finding(
            f".chalice/config.json does not say what the stack {stage.stack_name} made: {join(stale)}.",
            f"Run: {stage.again('deploy')}",
        )
    else:
        yield Finding(".chalice/config.json says what the stack made.")
    expected = {name: value for name, value in {**stage.settings, **current}.items() if name in config.names()}
    differ: dict[str, list[str]] = {}
    for function, there in stage.deployed.items():
        has = there.get("Environment", {}).get("Variables", {})
        for name in sorted(expected.keys() | (has.keys() & config.names())):
            if has.get(name) != expected.get(name):
                differ.setdefault(name, []).append(function)
    for name, functions in differ.items():
        yield Finding(
            f"{name} was changed since the last deploy: {join(functions)} still run with another.",
            f"Run: {stage.again('deploy')}",
        )
    if stage.deployed and not differ:
        yield Finding("The functions run with these settings.")


def settings_of(outputs: Mapping[str, str]) -> dict[str, str]:
    """Those outputs of the stack that are settings of the app."""
    named = {resources.setting(output): value for output, value in outputs.items()}
    return {name: value for name, value in named.items() if name in config.names()}


def streams(stage: Stage) -> dict[str, str]:
    """The ARNs of the tables' streams as they are, by setting."""
    dynamodb = stage.client("dynamodb")
    found = {}
    for name, arn in stage.settings.items():
        if name.endswith("_STREAM_ARN"):
            table = arn.partition(":table/")[2].partition("/")[0]
            with suppress(dynamodb.exceptions.ResourceNotFoundException):  # infra/doctor/made.py says so
                found[name] = dynamodb.describe_table(TableName=table)["Table"].get("LatestStreamArn", "")
    return found


def sense(stage: Stage) -> Findings:
    """Do the settings make sense together?"""
    told = stage.settings
    wrong = []
    try:
        checks.settings(stage.name)
    except Misconfigured as problem:
        wrong.append(Finding(f"{problem}.", f"Once that is done, run: {stage.again('deploy')}"))
    if stage.replays and (real := [name for name in _SENDING if told[name]]):
        wrong.append(Finding(
            f"FEEDS has replay, so flights are of 2013, and {join(real)} is set: real people would be told of them.",
            f"In .chalice/config.json, leave {join(real)} empty or take replay out of FEEDS. "
            f"Then run: {stage.again('deploy')}",
        ))  # fmt: skip
    if told["FLIGHT_CLOCK"] and not stage.replays:
        wrong.append(Finding(
            f"FLIGHT_CLOCK is {told['FLIGHT_CLOCK']!r}: the flight clock does not go with the world's.",
            f"Leave it empty in .chalice/config.json. Then run: {stage.again('deploy')}",
        ))  # fmt: skip
    if told["WEBHOOKS_TO"] != "public":
        wrong.append(Finding(
            f"WEBHOOKS_TO is {told['WEBHOOKS_TO']!r}: a follower could have the functions call private addresses.",
            f'Set it to "public" in .chalice/config.json. Then run: {stage.again("deploy")}',
        ))  # fmt: skip
    if (url := told["PUBLIC_URL"]) and not re.fullmatch(r"https://[^/]+/?", url):
        wrong.append(Finding(
            f"PUBLIC_URL is {url!r}; links in messages begin with it, so it is https:// and a host.",
            "Correct it in .chalice/config.json, or leave it empty for the stage's own. "
            f"Then run: {stage.again('deploy')}",
        ))  # fmt: skip
    yield from wrong or [Finding("The settings make sense together.")]


_SENDING = ("EMAIL_SENDER", "SMS_SENDER", "FCM_APPLICATION_ARN", "APNS_APPLICATION_ARN")


def parameters(stage: Stage) -> Findings:
    """Are the secrets there, and the addresses that the app tells people?"""
    ssm = stage.client("ssm")
    missing = secrets.missing(stage.name, ssm)
    if missing:
        yield Finding(f"Secrets are missing: {join(missing)}.", f"Run: {stage.again('provision')}")
    else:
        yield Finding("The secrets are there.")
    if not (web := stage.outputs.get("WebUrl")):
        yield Finding("The app does not know its own address, and puts no links into messages.",
                      f"Run: {stage.again('tune')}")  # fmt: skip
        return
    urls = {"web-url": web, "rest-url": stage.outputs["RestUrl"], "websocket-url": f"wss{web.removeprefix('https')}/ws"}
    wanted = {f"/gatecall/{stage.name}/{name}": url for name, url in urls.items()}
    there = {each["Name"]: each["Value"] for each in ssm.get_parameters(Names=list(wanted))["Parameters"]}
    # CloudFormation made them, and does not look whether they are there still. In JSON, as the older AWS CLI opens an
    # address that it is given as a value.
    for name in (name for name, url in wanted.items() if there.get(name) != url):
        told = json.dumps({"Name": name, "Type": "String", "Value": wanted[name], "Overwrite": True})
        yield Finding(
            f"The app does not know its own address: the parameter {name} is {there.get(name, 'gone')}.",
            f"Run: aws ssm put-parameter --cli-input-json '{told}'",
        )
    if there == wanted:
        yield Finding(f"The stage is at {web}.")
