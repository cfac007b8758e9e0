"""What keeps infra/policies.yaml and .chalice/config.json true: each function may do what it needs, and no more."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core.config import config
from infra import functions, policies, resources
from tests import permissions
from tests.permissions import Deed, allows

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / ".chalice" / "config.json").read_text()
CONFIG = json.loads(TEXT)
STAGES = sorted(CONFIG["stages"])
HERE = {"partition": "aws", "region": "eu-west-1", "account": "123456789012"}
PARAMETERS = {"partition": "${AWS::Partition}", "region": "${AWS::Region}", "account": "${AWS::AccountId}"}
DECLARED = functions.declared()
POLICIES = policies.render("dev", **HERE)
ANY_RESOURCE = {  # AWS has no resource to name for these (Service Authorization Reference), or IAM can't know it
    "xray:PutTraceSegments": "traces are no resources",
    "xray:PutTelemetryRecords": "traces are no resources",
    "cloudwatch:GetMetricData": "metrics are no resources",
    "sns:ListPhoneNumbersOptedOut": "phone numbers are no resources",
    "sms-voice:SendTextMessage": "SNS chooses by which number or pool; allowed to SNS alone, for us",
    "sms-voice:DescribeOptedOutNumbers": "SNS chooses the list; allowed to SNS alone, for us",
}


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:eu-west-1:123456789012:{resource}"


def may(function: str, action: str, resource: str, **context: Any) -> bool:
    return allows(POLICIES[function], Deed(action, resource, context.get("context", {})))


def statements() -> list[tuple[str, dict[str, Any]]]:
    return [(name, statement) for name, policy in POLICIES.items() for statement in policy["Statement"]]


def test_every_function_has_a_policy_and_every_policy_a_function() -> None:
    """With the trigger that app.py declares."""
    declared = {each.name: (each.kind, each.source) for each in DECLARED}
    assert policies.declared(config().stage) == declared


@pytest.mark.parametrize("stage", STAGES)
def test_chalice_finds_each_functions_policy(stage: str) -> None:
    """Chalice makes a role for each, of what no policy file is named for it makes none."""
    named = {name: of["iam_policy_file"] for name, of in CONFIG["stages"][stage]["lambda_functions"].items()}
    assert named == policies.files(stage)
    assert CONFIG["autogen_policy"] is False
    assert not [key for key in ("iam_policy_file", "manage_iam_role", "iam_role_arn") if key in CONFIG]
    assert not [key for key in ("iam_policy_file", "iam_role_arn") if key in CONFIG["stages"][stage]]


@pytest.mark.parametrize("where", [HERE, PARAMETERS, {**HERE, "partition": "aws-us-gov"}])
@pytest.mark.parametrize("stage", [*STAGES, "a-stage-of-16-ch"])
def test_every_policy_is_within_the_limits_of_iam(stage: str, where: dict[str, str]) -> None:
    """And every resource is named whole: nothing is left to fill in but by CloudFormation."""
    for name, policy in policies.render(stage, **where).items():
        text = json.dumps(policy)
        assert len(text) <= policies.LARGEST, name
        left = text.replace('{"Fn::Sub": "', "")
        assert "${" not in (left if where is not PARAMETERS else left.replace("${AWS::", ""))
        sids = [statement["Sid"] for statement in policy["Statement"] if "Sid" in statement]
        assert len(sids) == len(set(sids))
        assert all(sid.isalnum() for sid in sids)


def test_actions_and_resources_are_named() -> None:
    """No action by a wildcard; no resource `*` but where AWS has none to name; nothing of others in the account."""
    for name, statement in statements():
        assert not [action for action in statement["Action"] if "*" in action], name
        if "NotResource" in statement:
            assert statement["NotResource"] == "arn:*:sns:*:*:*"
            continue
        for resource in permissions._list(statement["Resource"]):
            if resource == "*":
                assert set(statement["Action"]) <= ANY_RESOURCE.keys()
                continue
            service, owner, tail = resource.split(":")[2], ":".join(resource.split(":")[3:5]), resource.split(":", 5)[5]
            assert owner == "eu-west-1:123456789012", resource
            ours = "gatecall-dev" in tail or tail.startswith(("parameter/gatecall/dev/", "*/dev/POST/@connections/"))
            theirs = tail in {"identity/*": "ses", "template/*": "ses", "app/*": "sns", "endpoint/*": "sns"}
            by_alias = statement.get("Condition") == {
                "StringEquals": {"kms:RequestAlias": "alias/gatecall-dev-passengers"}
            }
            assert ours or (theirs and service in {"ses", "sns"}) or (service == "kms" and by_alias), resource
    used = {
        action for _, statement in statements() if statement.get("Resource") == "*" for action in statement["Action"]
    }
    assert used == ANY_RESOURCE.keys()


def test_messages_leave_and_nothing_else_does() -> None:
    """Email by an identity, SMS to phones (no ARN), pushes to endpoints; not to the topics and secrets of others.

    SecureStrings under the key that AWS keeps for SSM need no permission on the key: who may read the parameter may.
    """
    assert may("send_emails", "ses:SendBulkEmail", arn("ses", "identity/example.com"))
    assert may("send_emails", "ses:SendBulkEmail", arn("ses", "configuration-set/gatecall-dev"))
    assert may("send_texts", "sns:Publish", "+15550100")
    assert may("send_pushes", "sns:Publish", arn("sns", "endpoint/GCM/app/1"))
    assert may("api_handler", "sns:CreatePlatformEndpoint", arn("sns", "app/APNS/app"))
    assert may("api_handler", "ssm:GetParameter", arn("ssm", "parameter/gatecall/dev/link-keys"))
    for function in POLICIES:
        assert not may(function, "sns:Publish", arn("sns", "payroll"))
        assert not may(function, "sqs:SendMessage", arn("sqs", "payroll"))
        assert not may(function, "ssm:GetParameter", arn("ssm", "parameter/payroll"))
        assert not may(function, "ssm:GetParameter", arn("ssm", "parameter/gatecall/prod/link-keys"))
        assert not may(function, "dynamodb:GetItem", arn("dynamodb", "table/gatecall-prod-accounts"))
        assert may(function, "sns:Publish", "+15550100") == (
            function in {"send_texts", "take_up_due", "ask_to_confirm"}
        )


@pytest.mark.parametrize("function", POLICIES)
def test_nobody_changes_a_line_of_the_audit_trail(function: str) -> None:
    """Not alone, not many at once; what is deleted in one transaction with a new line is none of it."""
    table = arn("dynamodb", "table/gatecall-dev-accounts")
    for action in ("dynamodb:UpdateItem", "dynamodb:DeleteItem"):
        for keys in (["audit#2026-07-10#3"], ["by#somebody"], ["audit#2026-07-10#3", "by#somebody"]):
            assert not may(function, action, table, context={"dynamodb:LeadingKeys": keys})
    assert not may(function, "dynamodb:BatchWriteItem", table)
    for keys in (["account#a"], ["account#a", "audit#2026-07-10#3"]):
        deletes = function in {"api_handler", "run_errands"}
        assert may(function, "dynamodb:DeleteItem", table, context={"dynamodb:LeadingKeys": keys}) is deletes


@pytest.mark.parametrize("function", DECLARED, ids=lambda each: each.name)
def test_lambda_may_read_what_triggers_a_function_and_write_its_log(function: functions.Function) -> None:
    """And set aside what failed. It may not make the log's group: that would be one that is kept for ever."""
    source = function.source.replace(config().stage, "dev")
    group = f"log-group:/aws/lambda/{function.full_name('dev')}"
    assert may(function.name, "logs:PutLogEvents", arn("logs", f"{group}:log-stream:2026/07/10/[1]abc"))
    assert not may(function.name, "logs:CreateLogGroup", arn("logs", group))
    assert may(function.name, "xray:PutTraceSegments", "*")
    stream = arn("dynamodb", f"table/{source}/stream/2026-07-10T00:00:00.000")
    assert may(function.name, "dynamodb:GetRecords", stream) == (function.kind == "stream")
    assert may(function.name, "sqs:ReceiveMessage", arn("sqs", source)) == (function.kind == "queue")
    aside = may(function.name, "sqs:SendMessage", arn("sqs", "gatecall-dev-dead-letters"))
    assert aside == (function.kind in ("stream", "queue", "topic", "schedule"))


def test_what_is_written_again_is_not_written(tmp_path: Path) -> None:
    """And a function that is no more leaves no policy behind."""
    (tmp_path / "policies" / "dev").mkdir(parents=True)
    (tmp_path / "policies" / "dev" / "former.json").write_text("{}")
    assert sorted(policies.write("dev", tmp_path, **HERE)) == sorted([*POLICIES, "former"])
    assert policies.write("dev", tmp_path, **HERE) == []
    written = {path.stem: json.loads(path.read_text()) for path in (tmp_path / "policies" / "dev").iterdir()}
    assert written == POLICIES
    assert [
        path.relative_to(tmp_path).as_posix() for path in sorted((tmp_path / "policies" / "dev").iterdir())
    ] == sorted(policies.files("dev").values())


@pytest.mark.parametrize(
    ("described", "says"),
    [
        ({"trigger": "NoQueue"}, "NoQueue"),
        ({"trigger": "DeadLettersQueue", "may": {"NoTable": ["GetItem"]}}, "NoTable"),
        ({"trigger": "rest", "may": {"FlightsTable/nothing": ["Query"]}}, "FlightsTable/nothing"),
    ],
)
def test_a_name_that_nobody_knows_is_named(described: Any, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who mistypes a resource reads which."""
    monkeypatch.setitem(policies._read()["functions"], "poll_feeds", described)
    with pytest.raises(ValueError, match=says):
        policies.render("dev", **HERE)


def test_no_function_outlives_the_message_it_works_on() -> None:
    """A queue's message comes again after its visibility time-out, by when its function has ended; API Gateway waits
    29 seconds."""
    queues = {
        made["Properties"]["QueueName"]: made["Properties"]
        for made in resources.template(config().stage).values()
        if made["Type"] == "AWS::SQS::Queue"
    }
    for function in DECLARED:
        seconds = CONFIG["lambda_functions"].get(function.name, {}).get("lambda_timeout", CONFIG["lambda_timeout"])
        if function.kind == "queue":
            assert seconds < queues[function.source]["VisibilityTimeout"], function.name
        assert seconds <= (29 if function.kind in ("rest", "websocket") else 60), function.name
    assert CONFIG["lambda_functions"].keys() <= {each.name for each in DECLARED}


def test_logs_are_kept_as_long_as_people_are_told() -> None:
    """30 days (chalicelib/accounts/personal.py); no stage has others."""
    assert CONFIG["log_retention_in_days"] == 30
    assert TEXT.count("log_retention_in_days") == 1


def test_production_differs_by_what_it_must() -> None:
    """No replayed flights of 2013 for real people, nor seats for no money. Its settings else are the same, until an
    admin gives it others.

    It keeps executions for requests: a storm of messages must not keep passengers from their boards. A new account has
    10 at a time, of which Lambda lets none be reserved: dev keeps none, and provisioning says so of prod.
    """
    assert CONFIG["stages"]["prod"]["environment_variables"]["FEEDS"] == ""
    assert CONFIG["stages"]["prod"]["environment_variables"]["PAYMENTS"] == ""
    assert TEXT.count("reserved_concurrency") == 1
    assert CONFIG["stages"]["prod"]["lambda_functions"]["api_handler"]["reserved_concurrency"] == 200
    own = {stage: set(CONFIG["stages"][stage]["environment_variables"]) for stage in ("dev", "prod")}
    assert own["prod"] - own["dev"] == {"FEEDS", "AIRPORTS", "PAYMENTS"}
    for stage in STAGES:
        assert CONFIG["stages"][stage]["api_gateway_stage"] == stage  # as the policies have it


def test_the_config_file_is_written_as_provisioning_writes_it() -> None:
    """So that a stage's first provisioning shows in a diff as its settings alone."""
    assert json.dumps(CONFIG, indent=2) + "\n" == TEXT
