"""What infra/local/moto_gaps adds to moto answers as AWS does, as botocore's model of each service reads it."""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any
from urllib.request import urlopen

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.local import motoserver
from infra.local.moto_gaps import functions as lambda_gap

Client = Callable[[str], Any]
ROLE = '{"Version": "2012-10-17", "Statement": []}'
SWAGGER = {
    "swagger": "2.0",
    "info": {"title": "gatecall", "version": "1.0"},
    "paths": {"/v1/health": {"get": {"responses": {}, "x-amazon-apigateway-integration": {
        "type": "aws_proxy", "httpMethod": "POST", "uri": "an-arn"}}}},
    "x-amazon-apigateway-binary-media-types": ["application/xml"],
}  # fmt: skip


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Clients of an empty account."""
    with motoserver.running(deploying=True) as address:
        yield lambda service: boto3.client(service, endpoint_url=address)


@pytest.fixture(scope="module")
def api(client: Client) -> str:
    """A REST API as Chalice imports it, deployed and tuned."""
    gateway = client("apigateway")
    made: str = gateway.import_rest_api(
        body=json.dumps(SWAGGER), parameters={"endpointConfigurationTypes": "REGIONAL"}
    )["id"]
    gateway.create_deployment(restApiId=made, stageName="dev", tracingEnabled=True)
    patch = {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "7"}
    gateway.update_stage(restApiId=made, stageName="dev", patchOperations=[patch])
    return made


def test_swagger_is_imported(client: Client, api: str) -> None:
    """With its binary types and its endpoint; and it is told how small a body is compressed."""
    gateway = client("apigateway")
    gateway.update_rest_api(
        restApiId=api, patchOperations=[{"op": "replace", "path": "/minimumCompressionSize", "value": "1000"}]
    )
    told = gateway.get_rest_api(restApiId=api)
    assert told["binaryMediaTypes"] == ["application/xml"]
    assert told["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert told["minimumCompressionSize"] == 1000
    paths = {each["path"]: each.get("resourceMethods", {}) for each in gateway.get_resources(restApiId=api)["items"]}
    assert list(paths["/v1/health"]) == ["GET"]


def test_another_definition_takes_gateway_responses_along(client: Client, api: str) -> None:
    """So that they have to be put again after each deploy."""
    gateway = client("apigateway")
    gateway.put_gateway_response(restApiId=api, responseType="DEFAULT_4XX")
    gateway.put_rest_api(restApiId=api, mode="overwrite", body=json.dumps(SWAGGER))
    assert gateway.get_gateway_responses(restApiId=api)["items"] == []


def test_a_stage_stays_when_it_is_deployed_again(client: Client, api: str) -> None:
    """Its throttling does; the deployment is the new one."""
    gateway = client("apigateway")
    made = gateway.create_deployment(restApiId=api, stageName="dev", tracingEnabled=True)
    stage = gateway.get_stage(restApiId=api, stageName="dev")
    assert stage["deploymentId"] == made["id"]
    assert stage["tracingEnabled"]
    assert stage["methodSettings"]["*/*"]["throttlingRateLimit"] == 7


def test_a_websocket_api_is_deployed(client: Client) -> None:
    """A deployment is made and listed, a stage names it, and can be changed."""
    gateway = client("apigatewayv2")
    api = gateway.create_api(Name="a", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")[
        "ApiId"
    ]
    made = gateway.create_deployment(ApiId=api)
    assert made["DeploymentStatus"] == "DEPLOYED"
    assert [each["DeploymentId"] for each in gateway.get_deployments(ApiId=api)["Items"]] == [made["DeploymentId"]]
    gateway.create_stage(ApiId=api, StageName="dev", DeploymentId=made["DeploymentId"])
    settings = {"ThrottlingRateLimit": 7.0, "ThrottlingBurstLimit": 9}
    told = gateway.update_stage(ApiId=api, StageName="dev", DefaultRouteSettings=settings)
    assert told["DefaultRouteSettings"] == settings
    assert gateway.get_stage(ApiId=api, StageName="dev")["DeploymentId"] == made["DeploymentId"]


@pytest.fixture(scope="module")
def package() -> bytes:
    """A zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "def app(event, context): return event\n")
    return packed.getvalue()


@pytest.fixture(scope="module")
def function(client: Client, package: bytes) -> str:
    """A function's ARN."""
    role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=ROLE)["Role"]["Arn"]
    made: str = client("lambda").create_function(
        FunctionName="f", Runtime="python3.11", Role=role, Handler="app.app", Code={"ZipFile": package}
    )["FunctionArn"]
    return made


def test_a_package_can_be_had_again(client: Client, function: str, package: bytes) -> None:
    """At the address that Lambda tells, by anybody who was told it; and after another came, that one."""

    def fetched() -> bytes:
        with urlopen(client("lambda").get_function(FunctionName="f")["Code"]["Location"]) as answer:
            body: bytes = answer.read()
            return body

    assert fetched() == package
    told = client("lambda").update_function_code(FunctionName="f", ZipFile=package + b"\0")
    assert fetched() == package + b"\0"
    assert told["CodeSha256"] == base64.b64encode(hashlib.sha256(package + b"\0").digest()).decode()
    client("lambda").update_function_code(FunctionName="f", ZipFile=package)


def test_a_function_is_changed(client: Client, function: str) -> None:
    """How it is traced, and what becomes of events that it can't handle: the last that was said."""
    functions = client("lambda")
    functions.update_function_configuration(FunctionName="f", TracingConfig={"Mode": "Active"})
    assert functions.get_function_configuration(FunctionName="f")["TracingConfig"] == {"Mode": "Active"}
    for attempts in (2, 0):
        functions.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=attempts)
    assert functions.get_function_event_invoke_config(FunctionName="f")["MaximumRetryAttempts"] == 0


def test_an_event_source_takes_nothing_by_itself(client: Client, function: str) -> None:
    """It is known by the function's name and its ARN, tells what AWS tells unasked, and leaves messages be."""
    sqs, functions = client("sqs"), client("lambda")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    made = functions.create_event_source_mapping(EventSourceArn=arn, FunctionName=function)["UUID"]
    for name in ("f", function):
        [mapping] = functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
        assert mapping["UUID"] == made
    assert mapping["FunctionResponseTypes"] == []
    sqs.send_message(QueueUrl=url, MessageBody="here")
    assert [each["Body"] for each in sqs.receive_message(QueueUrl=url)["Messages"]] == ["here"]


def test_what_a_topic_tells_a_function_is_noted(client: Client, function: str) -> None:
    """As it was published; nothing is run."""
    sns = client("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)
    lambda_gap.notifications.clear()
    sent = sns.publish(TopicArn=topic, Message="here", Subject="s")["MessageId"]
    [noted] = lambda_gap.notifications
    assert (noted.function_arn, noted.topic_arn, noted.message_id) == (function, topic, sent)
    assert (noted.message, noted.subject) == ("here", "s")
    lambda_gap.notifications.clear()


TEMPLATE = {
    "Parameters": {
        "Stage": {"Type": "String"},
        "Host": {"Type": "String", "Default": ""},
        "Key": {"Type": "String", "Default": "", "NoEcho": True},
    },
    "Conditions": {"Deployed": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Host"}, ""]}]}},
    "Resources": {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketName": {"Fn::Sub": "a-${Stage}"},
                "VersioningConfiguration": {"Status": "Enabled"},
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": True, "BlockPublicPolicy": True,
                    "IgnorePublicAcls": True, "RestrictPublicBuckets": True,
                },
            },
        },
        "Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Bucket"},
                "PolicyDocument": {"Statement": [
                    {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
                     "Condition": {"Bool": {"aws:SecureTransport": False}}},
                    {"Fn::If": ["Deployed", {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
                                             "Principal": {"Service": "cloudfront.amazonaws.com"}},
                                {"Ref": "AWS::NoValue"}]},
                ]},
            },
        },
        "Url": {
            "Type": "AWS::SSM::Parameter",
            "Condition": "Deployed",
            "Properties": {"Name": "/url", "Type": "String", "Value": {"Fn::Sub": "https://${Host}"}},
        },
        "Distribution": {
            "Type": "AWS::CloudFront::Distribution",
            "Condition": "Deployed",
            "Properties": {"DistributionConfig": {
                "Comment": "a", "Enabled": True, "Origins": [{"Id": "o", "DomainName": {"Ref": "Host"}}],
                "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only"},
            }},
        },
    },
    "Outputs": {
        "Url": {"Condition": "Deployed", "Value": {"Fn::GetAtt": ["Url", "Value"]}},
        "Distribution": {"Condition": "Deployed", "Value": {"Ref": "Distribution"}},
    },
}  # fmt: skip


@pytest.fixture
def stack(client: Client) -> Iterator[Callable[..., dict[str, Any]]]:
    """A stack of TEMPLATE, protected; gives what changes its parameters and tells the stack's description."""
    cloudformation = client("cloudformation")
    cloudformation.create_stack(
        StackName="a", TemplateBody=json.dumps(TEMPLATE), EnableTerminationProtection=True,
        Parameters=[{"ParameterKey": "Stage", "ParameterValue": "dev"}],
    )  # fmt: skip

    def with_parameters(**given: str) -> dict[str, Any]:
        parameters = [
            {"ParameterKey": name, "ParameterValue": given[name]} if name in given
            else {"ParameterKey": name, "UsePreviousValue": True}
            for name in TEMPLATE["Parameters"]
        ]  # fmt: skip
        cloudformation.update_stack(StackName="a", UsePreviousTemplate=True, Parameters=parameters)
        described: dict[str, Any] = cloudformation.describe_stacks(StackName="a")["Stacks"][0]
        return described

    yield with_parameters
    cloudformation.update_termination_protection(StackName="a", EnableTerminationProtection=False)
    cloudformation.delete_stack(StackName="a")


def outputs(stack: dict[str, Any]) -> dict[str, str]:
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", ())}


def test_a_condition_that_holds_now_makes_something(client: Client, stack: Callable[..., dict[str, Any]]) -> None:
    """And what it holds is taken away where it holds no more; in between, what a !Sub holds changes."""
    first = outputs(stack(Host="a.example"))
    assert first["Url"] == "https://a.example"
    second = outputs(stack(Host="b.example"))
    assert second == {**first, "Url": "https://b.example"}
    assert client("ssm").get_parameter(Name="/url")["Parameter"]["Value"] == "https://b.example"
    told = client("cloudfront").create_invalidation(
        DistributionId=first["Distribution"],
        InvalidationBatch={"Paths": {"Quantity": 1, "Items": ["/"]}, "CallerReference": "a"},
    )
    assert told["Invalidation"]["Id"]
    assert outputs(stack(Host="")) == {}
    with pytest.raises(ClientError, match="ParameterNotFound"):
        client("ssm").get_parameter(Name="/url")


def test_parameters_keep_their_values(stack: Callable[..., dict[str, Any]]) -> None:
    """Those that were left to their defaults, too; and a hidden one is not shown."""
    told = {each["ParameterKey"]: each["ParameterValue"] for each in stack(Key="secret")["Parameters"]}
    assert told == {"Stage": "dev", "Host": "", "Key": "****"}
    with pytest.raises(ClientError, match="No updates are to be performed"):
        stack()


def test_a_protected_stack_is_not_deleted(client: Client, stack: Callable[..., dict[str, Any]]) -> None:
    """It says so."""
    with pytest.raises(ClientError, match="TerminationProtection is enabled"):
        client("cloudformation").delete_stack(StackName="a")


def test_a_bucket_is_as_the_template_has_it(client: Client, stack: Callable[..., dict[str, Any]]) -> None:
    """Versioned, not public; and a statement whose condition is not met denies nothing."""
    s3 = client("s3")
    assert s3.get_bucket_versioning(Bucket="a-dev")["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket="a-dev")["PublicAccessBlockConfiguration"].values())
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="a-dev", Key="none")
    assert len(json.loads(s3.get_bucket_policy(Bucket="a-dev")["Policy"])["Statement"]) == 1


def test_the_account_sends_to_everybody(client: Client) -> None:
    """What the doctor asks of it."""
    assert client("sesv2").get_account()["ProductionAccessEnabled"]
    assert client("sesv2").get_account()["SendQuota"]["MaxSendRate"] == 14
    assert client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"] == 1000
    assert not client("sns").get_sms_sandbox_account_status()["IsInSandbox"]


def test_the_server_says_who_calls_what() -> None:
    """By the access key, in botocore's words."""
    heard: list[motoserver.Call] = []
    with motoserver.running(hear=lambda _, call: heard.append(call())) as address:
        sqs = boto3.client("sqs", endpoint_url=address, aws_access_key_id="a-name", aws_secret_access_key="secret")
        sqs.create_queue(QueueName="heard")
    [call] = heard
    assert call == motoserver.Call("a-name", "sqs", "CreateQueue", {"QueueName": "heard"})
