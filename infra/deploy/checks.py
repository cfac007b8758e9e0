"""What an admin may have got wrong, looked at before anything is made of it."""

import json
import re
from email.utils import parseaddr

from chalicelib.core import config, cors
from chalicelib.core.clock import flight_now, wall_now
from chalicelib.core.config import Misconfigured
from infra import resources, stages
from infra.deploy import Refused

LEFT_FREE = 100  # of concurrent executions, which Lambda lets nobody reserve

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]+", re.IGNORECASE)


def asked(alarms_to: str | None, domain: str | None) -> None:
    """Raises Refused for what CloudFormation would fail at after minutes, and take back all that it made."""
    if alarms_to and not _ADDRESS.fullmatch(alarms_to):
        raise Refused(f"--alarms-to {alarms_to} is no email address, such as ops@example.com")
    if domain and not _DOMAIN.fullmatch(domain):
        raise Refused(f"--domain {domain} is no name of a host, such as flights.example.com")


def settings(stage: str) -> None:
    """Raises Misconfigured for a setting in .chalice/config.json with which the app would not run."""
    from chalicelib.flights.poll import FEEDS

    written = stages.written()
    of_stage = written["stages"].get(stage, {}).get("environment_variables", {})
    made = {resources.setting(output) for output in resources.document()["Outputs"]}
    told = config.read(
        {**dict.fromkeys(made, ""), "GATECALL_STAGE": stage, **written["environment_variables"], **of_stage}
    )
    where = "; correct it in .chalice/config.json"
    cors.allowed(told.cors_origin)
    if unknown := [feed for feed in told.feeds if feed not in FEEDS]:
        raise Misconfigured(f"FEEDS names {', '.join(unknown)}; there is: {', '.join(sorted(FEEDS))}{where}")
    try:
        flight_now(told.flight_clock, wall_now())
    except ValueError as error:
        raise Misconfigured(
            f"FLIGHT_CLOCK is {told.flight_clock!r}; it is empty, or looks like 2026-11-21T08:00:00Z*60{where}"
        ) from error
    if told.email_sender and not _ADDRESS.fullmatch(parseaddr(told.email_sender)[1]):
        raise Misconfigured(
            f"EMAIL_SENDER is {told.email_sender!r}; it is empty, or such as Example Air <flights@example.com>{where}"
        )


def reserved(stage: str) -> dict[str, int]:
    """How many executions at a time .chalice/config.json keeps for functions of a stage, by name."""
    from infra import policies

    written = stages.written()
    for_all, of_stage = (each.get("lambda_functions", {}) for each in (written, written["stages"].get(stage, {})))
    asked = {name: {**for_all.get(name, {}), **of_stage.get(name, {})}.get("reserved_concurrency")
             for name in policies.files(stage)}  # fmt: skip
    return {name: number for name, number in asked.items() if number}


def concurrency(stage: str) -> None:
    """Raises Refused where the account can't reserve that: `chalice deploy` would fail midway."""
    import boto3

    functions, missing = boto3.client("lambda"), 0
    for name, number in reserved(stage).items():
        full = f"gatecall-{stage}" if name == "api_handler" else f"gatecall-{stage}-{name}"
        try:
            missing += number - functions.get_function_concurrency(FunctionName=full).get(
                "ReservedConcurrentExecutions", 0
            )
        except functions.exceptions.ResourceNotFoundException:
            missing += number
    if missing <= 0:
        return
    free = functions.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    if free - missing < LEFT_FREE:
        raise Refused(
            f"{stage} keeps {missing} executions at a time for itself (reserved_concurrency in .chalice/config.json), "
            f"and this account has {free}, of which {LEFT_FREE} can't be reserved. Ask for more: aws service-quotas "
            "request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000; or "
            "take reserved_concurrency out"
        )


def other_region(stage: str) -> None:
    """Raises Refused where a stage of this name is in another Region.

    IAM's roles are the account's: deploying here would take them from the functions there, and destroying here delete
    them.
    """
    import boto3

    from infra import policies

    iam, here = boto3.client("iam"), boto3.client("lambda").meta.region_name
    for function in policies.files(stage):
        role = f"gatecall-{stage}-{function}"
        try:
            names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        except iam.exceptions.NoSuchEntityException:
            continue
        for name in names:
            document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            there = set(re.findall(r"arn:[\w-]+:\w+:([a-z0-9-]+):\d{12}:", json.dumps(document)))
            if there and here not in there:
                raise Refused(
                    f"{stage} is in {', '.join(sorted(there))} already, and a stage is in one Region: its IAM roles "
                    "would be taken away from there. Set AWS_REGION, or call this stage otherwise"
                )
