"""What is in an AWS account, as far as deploying makes it: to compare before and after."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

# Ids and instants that each call or deployment makes anew, and how often something was asked.
_PASSING = {
    "ResponseMetadata", "LastModified", "LastModifiedDate", "LastUpdatedDate", "LastUpdatedTime", "RevisionId",
    "DeploymentId", "deploymentId", "lastUpdatedDate", "RouteId", "IntegrationId", "Target", "LatestStreamLabel",
    "id", "parentId", "CreationDate", "ApproximateNumberOfMessages", "LastModifiedTimestamp", "Owner",
}  # fmt: skip


def of(client: Callable[[str], Any]) -> dict[str, Any]:
    """Everything, by a name that tells what it is."""
    return {name: _lasting(value) for name, value in sorted(_everything(client))}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What is otherwise: before and after."""
    names = before.keys() | after.keys()
    return {name: (before.get(name), after.get(name)) for name in sorted(names)
            if before.get(name) != after.get(name)}  # fmt: skip


def _lasting(value: Any) -> Any:
    match value:
        case Mapping():
            return {name: _lasting(each) for name, each in value.items() if name not in _PASSING}
        case list():
            return [_lasting(each) for each in value]
    return value


def _everything(client: Callable[[str], Any]) -> Iterator[tuple[str, Any]]:
    yield from _of_data(client)
    yield from _of_messages(client)
    yield from _of_functions(client)
    yield from _of_apis(client)
    yield from _of_the_stack(client)


def _of_data(client: Callable[[str], Any]) -> Iterator[tuple[str, Any]]:
    dynamodb, s3, ssm = client("dynamodb"), client("s3"), client("ssm")
    for name in dynamodb.list_tables()["TableNames"]:
        yield f"table {name}", dynamodb.describe_table(TableName=name)["Table"]
        yield f"table {name}: lifetime", dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        yield f"bucket {name}", s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        for each in s3.list_objects_v2(Bucket=name).get("Contents", ()):
            yield f"bucket {name}: {each['Key']}", each["ETag"]
    for parameter in ssm.describe_parameters()["Parameters"]:
        told = ssm.get_parameter(Name=parameter["Name"], WithDecryption=True)["Parameter"]
        yield f"parameter {parameter['Name']}", (told["Type"], told["Value"], told["Version"])


def _of_messages(client: Callable[[str], Any]) -> Iterator[tuple[str, Any]]:
    sqs, sns, ses, events = client("sqs"), client("sns"), client("sesv2"), client("events")
    for url in sqs.list_queues().get("QueueUrls", ()):
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        yield f"queue {url.rpartition('/')[2]}", told
    for topic in sns.list_topics()["Topics"]:
        yield f"topic {topic['TopicArn']}", sns.get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]
    for each in sns.list_subscriptions()["Subscriptions"]:
        yield f"subscription {each['TopicArn']} {each['Endpoint']}", each
    for name in ses.list_configuration_sets()["ConfigurationSets"]:
        yield f"configuration set {name}", True
    for each in ses.list_email_identities()["EmailIdentities"]:
        yield f"identity {each['IdentityName']}", True
    for rule in events.list_rules()["Rules"]:
        yield f"rule {rule['Name']}", rule
        yield f"rule {rule['Name']}: targets", events.list_targets_by_rule(Rule=rule["Name"])["Targets"]


def _of_functions(client: Callable[[str], Any]) -> Iterator[tuple[str, Any]]:
    functions, iam, logs = client("lambda"), client("iam"), client("logs")
    for page in functions.get_paginator("list_functions").paginate():
        for each in page["Functions"]:
            name = each["FunctionName"]
            yield f"function {name}", each
            with suppress(functions.exceptions.ResourceNotFoundException):  # what Lambda itself polls for has none
                yield f"function {name}: who may invoke it", functions.get_policy(FunctionName=name)["Policy"]
            configs = functions.list_function_event_invoke_configs(FunctionName=name)
            yield f"function {name}: asynchronously", configs["FunctionEventInvokeConfigs"]
    for each in functions.list_event_source_mappings()["EventSourceMappings"]:
        yield f"event source {each['EventSourceArn']} {each['FunctionArn']}", each
    for role in iam.list_roles()["Roles"]:
        yield f"role {role['RoleName']}", role
        for policy in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            told = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=policy)
            yield f"role {role['RoleName']}: {policy}", told["PolicyDocument"]
    for group in logs.describe_log_groups()["logGroups"]:
        yield f"log group {group['logGroupName']}", group


def _of_apis(client: Callable[[str], Any]) -> Iterator[tuple[str, Any]]:
    rest, websocket = client("apigateway"), client("apigatewayv2")
    for api in rest.get_rest_apis()["items"]:
        name = f"REST API {api['id']}"
        yield name, {each: value for each, value in api.items() if each != "rootResourceId"}
        for stage in rest.get_stages(restApiId=api["id"])["item"]:
            yield f"{name}: stage {stage['stageName']}", stage
        for each in rest.get_gateway_responses(restApiId=api["id"])["items"]:
            yield f"{name}: answers {each['responseType']}", each
        for each in rest.get_resources(restApiId=api["id"], limit=500)["items"]:
            yield f"{name}: {each['path']}", sorted(each.get("resourceMethods", ()))
    for api in websocket.get_apis()["Items"]:
        name = f"WebSocket API {api['ApiId']}"
        yield name, api
        for stage in websocket.get_stages(ApiId=api["ApiId"])["Items"]:
            yield f"{name}: stage {stage['StageName']}", stage
        for each in websocket.get_routes(ApiId=api["ApiId"])["Items"]:
            yield f"{name}: {each['RouteKey']}", each


def _of_the_stack(client: Callable[[str], Any]) -> Iterator[tuple[str, Any]]:
    cloudformation, cloudwatch, kms = client("cloudformation"), client("cloudwatch"), client("kms")
    for stack in cloudformation.describe_stacks()["Stacks"]:
        yield f"stack {stack['StackName']}", stack
    alarms = cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    for each in alarms["MetricAlarms"] + alarms["CompositeAlarms"]:
        yield f"alarm {each['AlarmName']}", each["AlarmArn"]
    for each in cloudwatch.list_dashboards()["DashboardEntries"]:
        yield f"dashboard {each['DashboardName']}", True
    for each in client("cloudfront").list_distributions()["DistributionList"].get("Items", ()):
        yield f"distribution {each['Id']}", each["Comment"]
    for key in kms.list_keys()["Keys"]:
        told = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        awss = told["Description"].startswith("Default master key")  # of a service, for this account
        if told["KeyState"] != "PendingDeletion" and not awss:
            yield f"key {key['KeyId']}", told["Description"]
