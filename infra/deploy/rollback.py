"""Goes back to the release before the current one."""

import base64
from dataclasses import replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from chalicelib.core.clock import instant, wall_now
from infra.deploy import Refused, lock, recorded, releases, stacks
from infra.deploy.recorded import Record
from infra.deploy.releases import Release


def rollback(stage: str, console: Console) -> None:
    """Put the release before the current one back. Raises Refused; then running it again goes on where it stopped.

    Tables and policies stay as they are: schemas only ever gain (CONTRIBUTING), so the release before reads what this
    one wrote.
    """
    import boto3

    stacks.check_name(stage)
    bucket = stacks.outputs(stage, boto3.client("cloudformation"))["Bucket"]
    s3 = boto3.client("s3")
    with lock.alone(stage, bucket, s3, "rollback"):
        recorded.restore(stage, bucket, s3)
        there = releases.read(bucket, s3)
        good = [each for each in there if not each.withdrawn]
        if len(good) < 2:
            raise Refused(f"{stage} has no release before this one in its bucket" + (
                f": it runs {good[0]}" if good else "") + ". Deploy the commit that you want")  # fmt: skip
        before, now = good[-2], good[-1]
        console.print(f"From {now} back to {before}.", highlight=False, soft_wrap=True)
        noted = recorded.read(stage)
        _refuse_what_is_gone(before, noted, bucket, s3)
        failed = _put_code_back(before, bucket, console)
        if not failed:
            failed = _put_api_back(before, stage, noted, console) + _silence(before, noted, console)
        if failed:
            raise Refused(f"{stage} is not wholly back at {before}: {'; '.join(failed)}. Run the rollback "
                          "again: it goes on with what is left")  # fmt: skip
        there[there.index(now)] = replace(now, withdrawn=instant(wall_now()))
        releases.note(there, bucket, s3)
    console.print(f"{stage} runs {before} again. Tables, settings and policies stay as they are; the next "
                  "deploy goes forward again.", highlight=False, soft_wrap=True)  # fmt: skip


def _refuse_what_is_gone(before: Release, noted: Record, bucket: str, s3: Any) -> None:
    """Raises Refused, before anything is changed, where what the release needs is no more."""
    import boto3

    there = {each["lambda_arn"].rpartition(":")[2] for each in noted.values()
             if each["resource_type"] == "lambda_function"}  # fmt: skip
    gone = [f"the function {name}" for name in before.functions if name not in there]
    if f"packages/{before.sha256}.zip" not in releases.packages(bucket, s3):
        gone.append("its package in the bucket")
    api = boto3.client("apigateway")
    try:
        api.get_deployment(restApiId=noted["rest_api"]["rest_api_id"], deploymentId=before.deployment)
    except api.exceptions.NotFoundException:
        gone.append("its deployment of the REST API")
    if gone:
        raise Refused(f"{before} can't be put back: {', '.join(gone)} is no more. Deploy that commit instead")


def _put_code_back(before: Release, bucket: str, console: Console) -> list[str]:
    """Returns what failed, and why."""
    import boto3

    client, failed = boto3.client("lambda"), []
    wanted = base64.b64encode(bytes.fromhex(before.sha256)).decode()
    for name, ran in before.functions.items():
        try:
            about = client.get_function_configuration(FunctionName=name)
            if (about["Handler"], about["Runtime"]) != (ran["handler"], ran["runtime"]):
                client.update_function_configuration(FunctionName=name, Handler=ran["handler"], Runtime=ran["runtime"])
                client.get_waiter("function_updated_v2").wait(FunctionName=name)
            if about["CodeSha256"] != wanted:
                client.update_function_code(FunctionName=name, S3Bucket=bucket, S3Key=f"packages/{before.sha256}.zip")
                client.get_waiter("function_updated_v2").wait(FunctionName=name)
                about = client.get_function_configuration(FunctionName=name)
            if about["CodeSha256"] != wanted:
                failed.append(f"{name} runs another package than it was given")
            else:
                console.print(f"  {name}", highlight=False, soft_wrap=True)
        except (ClientError, BotoCoreError) as error:
            failed.append(f"{name}: {error}")
    return failed


def _put_api_back(before: Release, stage: str, noted: Record, console: Console) -> list[str]:
    """Point the REST API's stage at the release's deployment."""
    import boto3

    try:
        if releases.rest_stage(noted, stage)["deploymentId"] != before.deployment:
            boto3.client("apigateway").update_stage(
                restApiId=noted["rest_api"]["rest_api_id"],
                stageName=stage,
                patchOperations=[{"op": "replace", "path": "/deploymentId", "value": before.deployment}],
            )
            console.print(f"  the REST API's routes of {before.at}", highlight=False, soft_wrap=True)
    except (ClientError, BotoCoreError) as error:
        return [f"the REST API: {error}"]
    return []


def _silence(before: Release, noted: Record, console: Console) -> list[str]:
    """Disable what triggers functions that the release did not have: its package holds no such handler."""
    import boto3

    newer = {each["name"] for each in noted.values() if each["resource_type"] == "lambda_function"
             and each["lambda_arn"].rpartition(":")[2] not in before.functions}  # fmt: skip
    mappings, failed = boto3.client("lambda"), []
    for name, entry in noted.items():
        function = name.partition("-")[0]  # fan_out-sqs-event-source
        if function not in newer or entry["resource_type"] == "lambda_function":
            continue
        try:
            match entry["resource_type"]:
                case "sqs_event" | "dynamodb_event":
                    state = mappings.get_event_source_mapping(UUID=entry["event_uuid"])["State"]
                    if state not in {"Disabled", "Disabling"}:
                        mappings.update_event_source_mapping(UUID=entry["event_uuid"], Enabled=False)
                case "cloudwatch_event":
                    boto3.client("events").disable_rule(Name=entry["rule_name"])
                case "sns_event":
                    boto3.client("sns").unsubscribe(SubscriptionArn=entry["subscription_arn"])
                case _:
                    continue
            console.print(f"  {function} is triggered no more: the release did not have it", highlight=False,
                          soft_wrap=True)  # fmt: skip
        except (ClientError, BotoCoreError) as error:
            failed.append(f"{name}: {error}")
    return failed
