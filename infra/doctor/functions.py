"""The functions, and what triggers them."""

from collections import Counter
from typing import Any

from chalicelib.channels.model import AT_ONCE
from infra import policies
from infra.deploy import checks, tuning
from infra.deploy.tune import holds
from infra.doctor.stage import Finding, Findings, Stage, join
from infra.functions import Function


def deployed(stage: Stage) -> Findings:
    """Is every function there, whole, and from the same package?"""
    deploy = f"Run: {stage.again('deploy')}"
    wrong = []
    if missing := [f.full_name(stage.name) for f in stage.functions if f.name not in stage.deployed]:
        wrong.append(Finding(f"Functions are not deployed: {join(missing)}.", deploy))
    for name, there in stage.deployed.items():
        if there.get("LastUpdateStatus") == "Failed" or there.get("State") == "Failed":
            why = there.get("LastUpdateStatusReason") or there.get("StateReason") or "AWS does not say why"
            wrong.append(Finding(f"The last update of {name} failed: {why}.", deploy))
    packages = Counter(there["CodeSha256"] for there in stage.deployed.values())
    if len(packages) > 1:
        most = packages.most_common(1)[0][0]
        others = [name for name, there in stage.deployed.items() if there["CodeSha256"] != most]
        wrong.append(Finding(f"Not all functions run the same package: {join(others)} differ from the rest.", deploy))
    yield from wrong or [Finding(f"All {len(stage.functions)} functions are deployed, from one package.")]


def roles(stage: Stage) -> Findings:
    """Is each function's role there, and may the function what infra/policies.yaml says, and no more?"""
    iam, deploy = stage.client("iam"), f"Run: {stage.again('deploy')}"
    gone, other, wrong = [], [], []
    for name, there in stage.deployed.items():
        role = there["Role"].rpartition("/")[2]
        _, partition, _, region, account, *_ = there["FunctionArn"].split(":")
        wanted = policies.render(stage.name, partition=partition, region=region, account=account)[name]
        try:
            has = {policy: iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
                   for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]}  # fmt: skip
        except iam.exceptions.NoSuchEntityException:
            gone.append(role)
            continue
        if wanted not in has.values():
            other.append(name)
            continue
        wrong += [
            Finding(f"The role {role} has a policy besides its own, {policy}, so {name} may more than it should.",
                    f"Run: aws iam delete-role-policy --role-name {role} --policy-name {policy}")
            for policy, document in has.items() if document != wanted
        ]  # fmt: skip
    if gone:
        wrong.append(Finding(f"Roles are gone: {join(gone)}. Their functions may do nothing.", deploy))
    if other:
        wrong.append(Finding(f"What functions may do is not what infra/policies.yaml says: {join(other)}.", deploy))
    if stage.deployed:
        yield from wrong or [Finding("Each function may do what infra/policies.yaml says.")]


def streams_and_queues(stage: Stage) -> Findings:
    """Does each function that handles a stream or queue get what is in it, as infra/deploy/tuning.py says?"""
    wrong: list[Finding] = []
    looked_at = [f for f in stage.functions if f.kind in {"stream", "queue"} and f.name in stage.deployed]
    for function in looked_at:
        wrong += _mapping(stage, function)
    yield from wrong or [Finding(f"All {len(looked_at)} streams and queues reach their functions, and are tuned.")]


def _mapping(stage: Stage, function: Function) -> list[Finding]:
    found = stage.client("lambda").list_event_source_mappings(FunctionName=function.full_name(stage.name))
    mappings = found["EventSourceMappings"]
    if function.kind == "stream":
        if (current := _stream(stage, function.source)) is None:
            return []  # infra/doctor/made.py says so
        good = [each for each in mappings if each["EventSourceArn"] == current]
        stale = [each for each in mappings if each not in good]
    else:
        good = [each for each in mappings if each["EventSourceArn"].rpartition(":")[2] == function.source]
        stale = []
    # Where the table was made by hand, the stack goes on naming the former stream, and a deploy with it.
    by_hand = function.kind == "stream" and current not in stage.outputs.values()
    then = "do what is said above of its stream's setting." if by_hand else f"run: {stage.again('deploy')}"
    problems = [
        Finding(
            f"{function.name} listens to a former stream of {function.source} (a stale stream ARN: "
            f"{each['EventSourceArn']}); what changes now does not reach it.",
            f"Run: aws lambda delete-event-source-mapping --uuid {each['UUID']}, wait a minute, then {then}",
        )
        for each in stale
    ]
    if not good and not stale:
        problems.append(Finding(
            f"{function.name} is not connected to {function.source}: nothing triggers it.",
            f"Run: {stage.again('deploy')}",
        ))  # fmt: skip
    for each in good:
        problems += _of_mapping(stage, function, each)
    return problems


def _stream(stage: Stage, table: str) -> str | None:
    """The ARN of a table's stream, "" where it is off; None where there is no table."""
    dynamodb = stage.client("dynamodb")
    try:
        found: str = dynamodb.describe_table(TableName=table)["Table"].get("LatestStreamArn", "")
    except dynamodb.exceptions.ResourceNotFoundException:
        return None
    return found


def _of_mapping(stage: Stage, function: Function, mapping: dict[str, Any]) -> list[Finding]:
    problems = []
    if mapping.get("State") in {"Disabled", "Disabling"}:
        problems.append(Finding(
            f"The event source of {function.name} ({function.source}) is disabled: nothing triggers it.",
            f"Run: {stage.again('tune')}",
        ))  # fmt: skip
    if "PROBLEM" in (result := str(mapping.get("LastProcessingResult", ""))):
        problems.append(Finding(f"Lambda can't read {function.source} for {function.name}: {result}.",
                                f"Run: {stage.again('deploy')}; it sets the function's permissions."))  # fmt: skip
    if untuned := _differing(tuning.event_source(function, stage.dead_letters), mapping):
        problems.append(Finding(f"The event source of {function.name} is not tuned: {join(untuned)}.",
                                f"Run: {stage.again('tune')}"))  # fmt: skip
    return problems


def _differing(wanted: dict[str, Any], there: dict[str, Any]) -> list[str]:
    return [name for name, value in wanted.items() if not holds(there.get(name), value)]


def topics_and_schedules(stage: Stage) -> Findings:
    """Is each function called by its topic or clock, and what can't be handled kept?"""
    wrong: list[Finding] = []
    looked_at = [f for f in stage.functions if f.kind in {"topic", "schedule"} and f.name in stage.deployed]
    for function in looked_at:
        arn = stage.deployed[function.name]["FunctionArn"]
        wrong += _schedule(stage, function, arn) if function.kind == "schedule" else _topic(stage, function, arn)
        if untuned := _differing(tuning.asynchronous(function, stage.dead_letters), _asynchronous(stage, function)):
            wrong.append(Finding(f"{function.name} is not tuned, so what it can't handle may be lost: {join(untuned)}.",
                                 f"Run: {stage.again('tune')}"))  # fmt: skip
    yield from wrong or [Finding(f"All {len(looked_at)} topics and schedules reach their functions, and are tuned.")]


def _schedule(stage: Stage, function: Function, arn: str) -> list[Finding]:
    events = stage.client("events")
    rules = [events.describe_rule(Name=name) for name in events.list_rule_names_by_target(TargetArn=arn)["RuleNames"]]
    if not rules:
        return [Finding(f"Nothing calls {function.name}: its schedule is not there.", f"Run: {stage.again('deploy')}")]
    return [
        Finding(f"The schedule of {function.name} is disabled.", f"Run: {stage.again('tune')}")
        for rule in rules
        if rule["State"] == "DISABLED"
    ]


def _topic(stage: Stage, function: Function, arn: str) -> list[Finding]:
    topic = next(value for value in stage.settings.values() if value.rpartition(":")[2] == function.source)
    pages = stage.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    if any(each["Endpoint"] == arn for page in pages for each in page["Subscriptions"]):
        return []
    return [Finding(f"{function.name} does not hear the topic {function.source}.", f"Run: {stage.again('deploy')}")]


def _asynchronous(stage: Stage, function: Function) -> dict[str, Any]:
    functions = stage.client("lambda")
    try:
        found: dict[str, Any] = functions.get_function_event_invoke_config(FunctionName=function.full_name(stage.name))
    except functions.exceptions.ResourceNotFoundException:
        return {}
    return found


def limits(stage: Stage) -> Findings:
    """Does the account let as many functions run, and as many requests in, as this stage is set up for?"""
    limit = stage.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    reserved = checks.reserved(stage.name)
    kept = sum(reserved.values())
    at_once = sum(AT_ONCE.values()) + sum(
        tuning.event_source(f, "").get("ParallelizationFactor", 1) for f in stage.functions if f.name not in reserved
    )
    needed = kept + max(checks.LEFT_FREE if kept else 0, at_once)
    if limit < needed:
        yield Finding(
            f"This account lets {limit} functions run at once; the stage may need {needed}, and is throttled above.",
            "Ask for more: aws service-quotas request-service-quota-increase --service-code lambda "
            "--quota-code L-B99A9384 --desired-value 1000",
        )
    else:
        yield Finding(f"The account lets {limit} functions run at once; the stage may need {needed}.")
    let_in = stage.client("apigateway").get_account()["throttleSettings"]["rateLimit"]
    if let_in < (asked := tuning.REST.rate + tuning.WEBSOCKET.rate):
        yield Finding(
            f"API Gateway lets {let_in:g} requests a second into this account here; the stage alone may take {asked}.",
            "Ask for more: aws service-quotas request-service-quota-increase --service-code apigateway "
            "--quota-code L-8A5B8E43 --desired-value 10000",
        )
    else:
        yield Finding(f"API Gateway lets in {let_in:g} requests a second; the stage takes {asked} at most.")


def logs(stage: Stage) -> Findings:
    """Does every log end?"""
    ours = {f"/aws/lambda/{function.full_name(stage.name)}" for function in stage.functions}
    pages = (
        stage.client("logs")
        .get_paginator("describe_log_groups")
        .paginate(logGroupNamePrefix=f"/aws/lambda/gatecall-{stage.name}")
    )
    groups = [group for page in pages for group in page["logGroups"] if group["logGroupName"] in ours]
    endless = [group["logGroupName"] for group in groups if not group.get("retentionInDays")]
    for name in endless:
        yield Finding(f"The log {name} is kept for ever.",
                      f"Run: {stage.again('tune')}")  # fmt: skip
    if not endless:
        yield Finding("No log is kept for ever.")
