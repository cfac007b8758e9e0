"""What a stage's stack retains when it goes, as it holds data: tables, a queue, the bucket, logs."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from infra import resources
from infra.deploy import Refused

# What services say of a thing that is not there: gone already, which is what is wanted.
_NOT_THERE = {
    "404", "AWS.SimpleQueueService.NonExistentQueue", "NoSuchBucket", "NoSuchEntity", "NotFound", "NotFoundException",
    "ParameterNotFound", "QueueDoesNotExist", "ResourceNotFoundException",
}  # fmt: skip
KINDS = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::Logs::LogGroup": "LogGroupName",
}


def retained(stage: str) -> list[tuple[str, str]]:
    """What of this stage outlives its stack and is here: each one's type of CloudFormation, and its name."""
    import boto3

    ask: dict[str, tuple[Callable[..., Any], str]] = {
        "AWS::DynamoDB::Table": (boto3.client("dynamodb").describe_table, "TableName"),
        "AWS::SQS::Queue": (boto3.client("sqs").get_queue_url, "QueueName"),
        "AWS::S3::Bucket": (boto3.client("s3").head_bucket, "Bucket"),
        "AWS::Logs::LogGroup": (boto3.client("logs").list_tags_log_group, "logGroupName"),
    }
    return [(kind, name) for kind, name in of_template(stage)
            if unless_gone(ask[kind][0], **{ask[kind][1]: name})]  # fmt: skip


def is_empty(kind: str, name: str) -> bool:
    """Whether a table, queue, bucket or log group holds nothing."""
    import boto3

    match kind:
        case "AWS::DynamoDB::Table":
            return not boto3.client("dynamodb").scan(TableName=name, Limit=1)["Items"]
        case "AWS::SQS::Queue":
            sqs = boto3.client("sqs")
            told = sqs.get_queue_attributes(
                QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"], AttributeNames=["ApproximateNumberOfMessages"]
            )
            return bool(told["Attributes"]["ApproximateNumberOfMessages"] == "0")
        case "AWS::S3::Bucket":
            return not boto3.client("s3").list_objects_v2(Bucket=name, MaxKeys=1).get("Contents")
    return not boto3.client("logs").describe_log_streams(logGroupName=name, limit=1)["logStreams"]


def take_away(kind: str, name: str) -> None:
    """Delete a table, queue, bucket or log group, with all that it holds."""
    import boto3

    match kind:
        case "AWS::DynamoDB::Table":
            unprotect(name)
            dynamodb = boto3.client("dynamodb")
            dynamodb.delete_table(TableName=name)
            dynamodb.get_waiter("table_not_exists").wait(TableName=name)
        case "AWS::SQS::Queue":
            sqs = boto3.client("sqs")
            sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"])
        case "AWS::S3::Bucket":
            _empty(name)
            boto3.client("s3").delete_bucket(Bucket=name)
        case "AWS::Logs::LogGroup":
            boto3.client("logs").delete_log_group(logGroupName=name)


def of_template(stage: str) -> list[tuple[str, str]]:
    """Every table, queue, bucket and log group that the template names: its type and name."""
    import boto3

    us = boto3.client("sts").get_caller_identity()
    region = boto3.client("sts").meta.region_name
    found = []
    for each in resources.template(stage).values():
        kind = each["Type"]
        match each["Properties"].get(KINDS.get(kind, "")):
            case {"Fn::Sub": str(text)}:
                text = text.replace("${Stage}", stage).replace("${AWS::Region}", region)
                found.append((kind, text.replace("${AWS::AccountId}", us["Account"])))
            case str(name):
                found.append((kind, name))
    return found


def unprotect(table: str) -> None:
    """Let a table be deleted."""
    import boto3

    dynamodb = boto3.client("dynamodb")
    if dynamodb.describe_table(TableName=table)["Table"].get("DeletionProtectionEnabled"):
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
        dynamodb.get_waiter("table_exists").wait(TableName=table)


def _empty(bucket: str) -> None:
    """Delete every version of every object."""
    import boto3

    s3 = boto3.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        every = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        if every:
            keys = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in every]
            errors = s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True}).get("Errors", ())
            for error in errors:
                raise Refused(f"{error['Key']} of {bucket} can't be deleted: {error['Message']}")


def unless_gone(action: Callable[..., Any], *of: str, **named: str) -> bool:
    """Do it. False where what it is about is not there."""
    try:
        action(*of, **named)
    except ClientError as error:
        if error.response["Error"]["Code"] in _NOT_THERE:
            return False
        raise
    return True
