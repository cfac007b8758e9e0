"""Takes a stage away: everything that provision, Chalice and tune made of it, and what it holds."""

import sys
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from infra import stages
from infra.deploy import Refused, lock, recorded, remains, stacks


def destroy(stage: str, console: Console, typed: str | None, *, begun: Callable[[], None] = lambda: None) -> None:
    """Take the stage away. Every stage but `dev` wants its stack's name `typed`, and asks for it in a terminal.

    `begun` is called once it is sure, while all is still there. What is gone already is no error; where something could
    not be taken away, run it again. Raises Refused.
    """
    import boto3

    stacks.check_name(stage)
    cloudformation, s3 = boto3.client("cloudformation"), boto3.client("s3")
    stack = stacks.settle(stage, cloudformation, console)
    kept, app = remains.retained(stage), _app(stage)
    groups, parameters = _log_groups(stage), _parameters(stage)
    if not (stack or kept or app or groups or parameters):
        console.print(f"There is nothing of {stage} here.", highlight=False, soft_wrap=True)
        _forget(stage)
        return
    _say_what_goes(stage, stack, kept, app, console)
    _ask(stage, console, typed)
    begun()
    bucket = next((name for kind, name in kept if kind == "AWS::S3::Bucket"), None)
    if bucket:
        with lock.alone(stage, bucket, s3, "destroy"):
            _take_app_away(stage, app, console)
    else:
        _take_app_away(stage, app, console)
    if stack:
        for table in (name for kind, name in remains.of_template(stage) if kind == "AWS::DynamoDB::Table"):
            remains.unless_gone(remains.unprotect, table)
        stacks.delete(stage, stack, cloudformation, console)
    failed = []
    kept = remains.retained(stage)  # what the stack let go of, too
    for kind, name in kept:
        failed += _tried(name, console, remains.take_away, kind, name)
    logs, ssm = boto3.client("logs"), boto3.client("ssm")
    for group in groups:
        failed += _tried(f"log group {group}", console, logs.delete_log_group, logGroupName=group)
    for name in parameters:
        failed += _tried(f"parameter {name}", console, ssm.delete_parameter, Name=name)
    if failed:
        raise Refused(f"{stage} is not wholly gone: {'; '.join(failed)}. Run this again")
    _forget(stage)
    console.print(f"{stage} is gone. Its entry in {stages.CONFIG.name} is yours to keep or delete.",
                  highlight=False, soft_wrap=True)  # fmt: skip


def _say_what_goes(
    stage: str, stack: dict[str, Any] | None, kept: list[tuple[str, str]], app: list[tuple[str, str]], console: Console
) -> None:
    import boto3

    tables, queues, buckets = ([name for kind, name in kept if kind == of] for of in list(remains.KINDS)[:3])
    lines = [f"To be taken away, of {stage}:"]
    if app:
        functions = sum(kind == "function" for kind, _ in app)
        lines.append(f"  the app: {functions} functions, their roles and logs, the REST and WebSocket APIs")
    if stack:
        lines.append(f"  the stack {stack['StackName']}, with its topics, alarms and CloudFront's distribution")
    if queues:
        lines.append(f"  {len(queues)} queues, with the messages in them")
    lines += [f"  the bucket {bucket}, with the web app and the packages to go back to" for bucket in buckets]
    dynamodb = boto3.client("dynamodb")
    for table in tables:
        items = dynamodb.describe_table(TableName=table)["Table"]["ItemCount"]
        backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
        recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus") == "ENABLED"
        after = "DynamoDB keeps a backup of it for 35 days" if recovery else "no backup is kept"
        lines.append(f"  the table {table} with about {items} items; {after}")
    lines.append("  the secrets and addresses in SSM")
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _ask(stage: str, console: Console, typed: str | None) -> None:
    """Raises Refused unless the stack's name is typed; of dev nobody asks."""
    name = stacks.name_of(stage)
    if stage != "dev" and typed is None:
        if not (console.is_terminal and sys.stdin.isatty()):
            raise Refused(f"{stage} is not dev: nothing was taken away. If it is to go, run: .venv/bin/python -m infra "
                          f"destroy --stage {stage} --name {name}")  # fmt: skip
        typed = console.input(f"Type {name} to take it all away: ")
    if typed is not None and typed.strip() != name:
        raise Refused(f"that is not {name}: nothing was taken away")


def _names(stage: str) -> dict[str, str]:
    """What AWS calls each function, by what .chalice/config.json calls it."""
    from infra import policies

    name = stacks.name_of(stage)
    known = {each: name if each == "api_handler" else f"{name}-{each}" for each in policies.files(stage)}
    noted = {each["name"]: each["lambda_arn"].rpartition(":")[2] for each in recorded.read(stage).values()
             if each["resource_type"] == "lambda_function"}  # fmt: skip
    return known | noted


def _roles(stage: str) -> list[str]:
    import boto3

    iam, name = boto3.client("iam"), stacks.name_of(stage)
    names = {f"{name}-{each}" for each in _names(stage)}
    names |= {each["role_name"] for each in recorded.read(stage).values() if "role_name" in each}
    return [each for each in sorted(names) if remains.unless_gone(iam.get_role, RoleName=each)]


def _log_groups(stage: str) -> list[str]:
    import boto3

    names = _names(stage)
    wanted = {f"/aws/lambda/{name}" for name in names.values()}
    wanted |= {f"/aws/lambda/{stacks.name_of(stage)}-{name}" for name in names}  # as Chalice calls the REST function's
    wanted |= {each["log_group_name"] for each in recorded.read(stage).values() if "log_group_name" in each}
    pages = (
        boto3.client("logs")
        .get_paginator("describe_log_groups")
        .paginate(logGroupNamePrefix=f"/aws/lambda/{stacks.name_of(stage)}")
    )
    return sorted(wanted & {each["logGroupName"] for page in pages for each in page["logGroups"]})


def _parameters(stage: str) -> list[str]:
    import boto3

    pages = boto3.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=f"/gatecall/{stage}")
    return [each["Name"] for page in pages for each in page["Parameters"]]


def _app(stage: str) -> list[tuple[str, str]]:
    """What Chalice made of this stage and is there: each one's kind and id, in the order in which it is to go."""
    import boto3

    client, sns, events = boto3.client("lambda"), boto3.client("sns"), boto3.client("events")
    apis, sockets = boto3.client("apigateway"), boto3.client("apigatewayv2")
    noted, names = recorded.read(stage), set(_names(stage).values())
    rest = {noted.get("rest_api", {}).get("rest_api_id", ""), recorded.rest_api(stage)} - {""}
    live = {noted.get("websocket_api", {}).get("websocket_api_id", ""), recorded.websocket_api(stage)} - {""}
    found = [("REST API", api) for api in sorted(rest) if remains.unless_gone(apis.get_rest_api, restApiId=api)]
    found += [("WebSocket API", api) for api in sorted(live) if remains.unless_gone(sockets.get_api, ApiId=api)]
    # What triggers functions outlives them.
    for page in client.get_paginator("list_event_source_mappings").paginate():
        found += [("event source mapping", each["UUID"]) for each in page["EventSourceMappings"]
                  if each["FunctionArn"].rpartition(":")[2] in names and each.get("State") != "Deleting"]  # fmt: skip
    for page in sns.get_paginator("list_subscriptions").paginate():
        found += [("subscription", each["SubscriptionArn"]) for each in page["Subscriptions"]
                  if each["Protocol"] == "lambda" and each["Endpoint"].rpartition(":")[2] in names]  # fmt: skip
    for page in events.get_paginator("list_rules").paginate(NamePrefix=stacks.name_of(stage)):
        found += [("rule", each["Name"]) for each in page["Rules"] if each["Name"].removesuffix("-event") in names]
    found += [("function", name) for name in sorted(names)
              if remains.unless_gone(client.get_function_configuration, FunctionName=name)]  # fmt: skip
    return found + [("role", name) for name in _roles(stage)]


def _take_app_away(stage: str, app: list[tuple[str, str]], console: Console) -> None:
    """What `chalice delete` does, but by what is there: it goes by its record, and stops at what is gone already.

    Raises Refused.
    """
    import boto3

    ways: dict[str, tuple[Callable[..., Any], str]] = {
        "REST API": (boto3.client("apigateway").delete_rest_api, "restApiId"),
        "WebSocket API": (boto3.client("apigatewayv2").delete_api, "ApiId"),
        "event source mapping": (boto3.client("lambda").delete_event_source_mapping, "UUID"),
        "subscription": (boto3.client("sns").unsubscribe, "SubscriptionArn"),
        "rule": (_take_rule_away, "name"),
        "function": (boto3.client("lambda").delete_function, "FunctionName"),
        "role": (_take_role_away, "role"),
    }
    failed = []
    for kind, name in app:
        action, called = ways[kind]
        failed += _tried(f"{kind} {name}", console, action, **{called: name})
    if failed:
        raise Refused(f"the app of {stage} is not wholly gone, and its data stays: {'; '.join(failed)}. Run this again")


def _take_rule_away(name: str) -> None:
    import boto3

    events = boto3.client("events")
    if targets := [each["Id"] for each in events.list_targets_by_rule(Rule=name)["Targets"]]:
        events.remove_targets(Rule=name, Ids=targets)
    events.delete_rule(Name=name)


def _take_role_away(role: str) -> None:
    import boto3

    iam = boto3.client("iam")
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=role, PolicyArn=attached["PolicyArn"])
    iam.delete_role(RoleName=role)


def _forget(stage: str) -> None:
    """Drop Chalice's record of the stage on this machine: it names what is no more."""
    recorded.path_of(stage).unlink(missing_ok=True)


def _tried(what: str, console: Console, action: Callable[..., Any], *of: str, **named: str) -> list[str]:
    """What failed, and why; nothing if it was done, or there was nothing to do."""
    try:
        if remains.unless_gone(action, *of, **named):
            console.print(f"  gone: {what}", highlight=False, markup=False, soft_wrap=True)
    except (ClientError, BotoCoreError, Refused) as error:
        return [f"{what}: {error}"]
    return []
