"""What holds the functions against their policies (tests/permissions.py) reads calls and policies as IAM does."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from moto import mock_aws

import app
from chalicelib.core import clock
from chalicelib.flights import poll
from infra.local import events
from tests import permissions
from tests.permissions import ARN, Deed, allows, deeds

TABLE, KEYS = ARN.format("dynamodb", "table/t"), "dynamodb:LeadingKeys"
ITEM = {"pk": {"S": "a"}, "sk": {"S": "b"}}


def statement(effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": ["dynamodb:GetItem", "dynamodb:PutItem"], "Resource": f"{TABLE}/*", **more}


@pytest.mark.parametrize(
    ("service", "operation", "request_", "done"),
    [
        ("dynamodb", "PutItem", {"TableName": "t", "Item": ITEM}, [Deed("dynamodb:PutItem", TABLE, {KEYS: ["a"]})]),
        ("dynamodb", "Query", {"TableName": "t", "IndexName": "i"}, [Deed("dynamodb:Query", f"{TABLE}/index/i")]),
        ("dynamodb", "BatchGetItem", {"RequestItems": {"t": {}}}, [Deed("dynamodb:BatchGetItem", TABLE)]),
        (
            "dynamodb", "TransactWriteItems",
            {"TransactItems": [
                {"Put": {"TableName": "t", "Item": ITEM}},
                {"ConditionCheck": {"TableName": "t", "Key": {"pk": {"S": "c"}}}},
            ]},
            [
                Deed("dynamodb:PutItem", TABLE, {KEYS: ["a"]}), Deed("dynamodb:PutItem", TABLE, {KEYS: ["a", "c"]}),
                Deed("dynamodb:ConditionCheckItem", TABLE, {KEYS: ["c"]}),
                Deed("dynamodb:ConditionCheckItem", TABLE, {KEYS: ["a", "c"]}),
            ],
        ),
        ("sqs", "SendMessageBatch", {"QueueUrl": "https://sqs/1/q"}, [Deed("sqs:SendMessage", ARN.format("sqs", "q"))]),
        ("sns", "PublishBatch", {"TopicArn": "arn:t"}, [Deed("sns:Publish", "arn:t")]),
        (
            "sns", "Publish", {"PhoneNumber": "+12015550123"},
            [
                Deed("sns:Publish", "+12015550123"),
                Deed("sms-voice:SendTextMessage", "*", {"aws:CalledViaLast": "sns.amazonaws.com"}),
            ],
        ),
        ("ssm", "GetParameter", {"Name": "/a/b"}, [Deed("ssm:GetParameter", ARN.format("ssm", "parameter/a/b"))]),
        (
            "sesv2", "SendBulkEmail", {"FromEmailAddress": "Us <us@example.com>", "ConfigurationSetName": "s"},
            [
                Deed("ses:SendBulkEmail", ARN.format("ses", "identity/us@example.com")),
                Deed("ses:SendBulkEmail", ARN.format("ses", "template/of-the-call")),
                Deed("ses:SendBulkEmail", ARN.format("ses", "configuration-set/s")),
            ],
        ),
        (
            "apigatewaymanagementapi", "PostToConnection", {"ConnectionId": "c"},
            [Deed("execute-api:ManageConnections", ARN.format("execute-api", "an-api/dev/POST/@connections/c"))],
        ),
        ("s3", "PutObject", {"Bucket": "b"}, [Deed("s3:PutObject", "nobody knows: tests/permissions.py")]),
    ],
)  # fmt: skip
def test_a_call_is_what_iam_asks_for(service: str, operation: str, request_: Any, done: list[Deed]) -> None:
    """Each item of a transaction, each table, each recipient."""
    assert list(deeds(service, operation, request_, "dev")) == done


def test_what_is_allowed_and_not_denied_may_be_done() -> None:
    """Wildcards stand for anything, NotResource for all else; a denial wins."""
    index = Deed("dynamodb:GetItem", f"{TABLE}/index/i")
    assert allows({"Statement": [statement()]}, index)
    assert not allows({"Statement": []}, index)
    assert not allows({"Statement": [statement()]}, Deed("dynamodb:DeleteItem", index.resource))
    assert not allows({"Statement": [statement()]}, Deed(index.action, TABLE))
    assert not allows({"Statement": [statement(), statement("Deny", Action="dynamodb:GetItem")]}, index)
    but = {"Effect": "Allow", "Action": "sns:Publish", "NotResource": "arn:*:sns:*:*:*"}
    assert allows({"Statement": [but]}, Deed("sns:Publish", "+12015550123"))
    assert not allows({"Statement": [but]}, Deed("sns:Publish", ARN.format("sns", "topic")))


@pytest.mark.parametrize(
    ("condition", "context", "holds"),
    [
        (
            {"StringEquals": {"aws:CalledViaLast": "sns.amazonaws.com"}},
            {"aws:CalledViaLast": "sns.amazonaws.com"},
            True,
        ),
        ({"StringEquals": {"aws:CalledViaLast": "sns.amazonaws.com"}}, {}, False),
        ({"ForAllValues:StringLike": {KEYS: ["a#*"]}}, {KEYS: ["a#1", "a#2"]}, True),
        ({"ForAllValues:StringLike": {KEYS: ["a#*"]}}, {KEYS: ["a#1", "b"]}, False),
        ({"ForAllValues:StringLike": {KEYS: ["a#*"]}}, {}, True),
        ({"ForAllValues:StringLike": {KEYS: ["a#*"]}, "Null": {KEYS: "false"}}, {}, False),
    ],
)
def test_a_condition_holds_as_iam_has_it(condition: Any, context: Any, holds: bool) -> None:
    """For all values is true of none."""
    deed = Deed("dynamodb:GetItem", f"{TABLE}/x", context)
    assert allows({"Statement": [statement(Condition=condition)]}, deed) is holds


@pytest.mark.parametrize("more", [{"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.1"}}}, {"Principal": "*"}])
def test_what_no_policy_says_is_not_passed_over(more: Any) -> None:
    """A condition that nobody evaluates would look like one that does not matter."""
    with pytest.raises(NotImplementedError):
        allows({"Statement": [statement(**more)]}, Deed("dynamodb:GetItem", f"{TABLE}/x"))


@mock_aws
def test_a_call_that_a_functions_policy_does_not_allow_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in the threads of its pools; what a test does by itself, is nobody's."""
    ssm = boto3.client("ssm")

    def ask(name: str) -> None:
        ssm.get_parameters(Names=[name])

    def asks(*of: Any, **more: Any) -> None:
        ask("/a")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(ask, "/b").result()

    monkeypatch.setattr(poll, "poll", asks)
    ask("/c")
    app.poll_feeds(events.schedule("poll_feeds", clock.wall_now()), events.context("poll_feeds"))
    with ThreadPoolExecutor(1) as pool:
        pool.submit(ask, "/d").result()
    found = list(permissions._refused)
    permissions._refused.clear()
    parameter = ARN.format("ssm", "parameter")
    assert found == [f"poll_feeds: ssm:GetParameters on {parameter}/{name}" for name in "ab"]
