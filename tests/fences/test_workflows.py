"""What GitHub does with this repository: checked, pinned, and with no more rights than it needs."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra import resources

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ROLE = ROOT / "infra" / "github.yaml"
LONGEST_POLICY = 6144  # characters of a managed policy, without spaces (IAM quotas)


def run(tool: str, *arguments: Any) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name(tool)), *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    ("schema", "paths"),
    [
        ("vendor.github-workflows", WORKFLOWS),
        ("custom.github-workflows-require-timeout", [p for p in WORKFLOWS if p.name != "deploy.yml"]),
        ("vendor.dependabot", [ROOT / ".github" / "dependabot.yml"]),
    ],
)
def test_workflows_are_what_github_reads(schema: str, paths: list[Path]) -> None:
    """By the schemas of GitHub's files; and none runs on without an end."""
    assert paths
    ran = run("check-jsonschema", "--builtin-schema", schema, *paths)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_workflows_are_safe() -> None:
    """Zizmor finds nothing: no text of others in a script, no credentials left lying, no cache to poison."""
    ran = run("zizmor", "--offline", "--no-progress", "--quiet", ROOT / ".github")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_action_is_pinned() -> None:
    """To a commit, which nobody can move, with its version beside it; or it is a workflow of ours."""
    uses = [line for path in WORKFLOWS for line in path.read_text().splitlines() if re.search(r"\buses:", line)]
    assert len(uses) >= len(WORKFLOWS)
    assert [
        line for line in uses if not re.search(r"uses: (\./\.github/|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)", line)
    ] == []


def test_no_key_is_stored() -> None:
    """AWS is shown whose workflow it is; no secret of GitHub is read, and only the deploy is somebody."""
    for path in WORKFLOWS:
        text, workflow = path.read_text(), yaml.safe_load(path.read_text())
        assert "secrets." not in text
        assert "access-key" not in text
        assert workflow["permissions"] == {}
        for name, job in workflow["jobs"].items():
            more = {"id-token": "write"} if (path.name, name) == ("deploy.yml", "deploy") else {}
            assert job["permissions"] == {"contents": "read", **more}


def test_nothing_is_deployed_unchecked_or_twice_at_once() -> None:
    """A deploy waits for every check and for the deploy before it, and is not broken off."""
    deploy = yaml.safe_load((ROOT / ".github" / "workflows" / "deploy.yml").read_text())["jobs"]["deploy"]
    check = yaml.safe_load((ROOT / ".github" / "workflows" / "check.yml").read_text())["jobs"]["check"]
    assert deploy["needs"] == "check"
    assert deploy["concurrency"]["cancel-in-progress"] is False
    asked = re.findall(r"^make (\w+)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert check["strategy"]["matrix"]["what"] == asked


def of_role() -> dict[str, Any]:
    template: dict[str, Any] = yaml.load(ROLE.read_text(), resources._Loader)
    return template


def test_the_role_is_a_template_that_cloudformation_takes() -> None:
    """Cfn-lint, with no rule switched off."""
    ran = run("cfn-lint", ROLE)
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")


def test_the_role_is_for_one_repository_and_environment() -> None:
    """By their exact names, and for AWS alone."""
    role = of_role()["Resources"]["Role"]["Properties"]
    statements = role["AssumeRolePolicyDocument"]["Statement"]
    assert [statement["Condition"] for statement in statements] == [{"StringEquals": {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": {"Fn::Sub": "repo:${Repository}:environment:${Environment}"},
    }}]  # fmt: skip
    assert not role["RoleName"]["Fn::Sub"].startswith("gatecall-"), "it could write itself"


@pytest.mark.parametrize(
    ("repository", "taken"),
    [("octo-org/octo.repo", True), ("octo-org@123456/octo-repo@456789", True), ("octo-org/*", False), ("octo", False)],
)
def test_a_repository_is_named_as_github_does(repository: str, taken: bool) -> None:
    """With the ids that GitHub's tokens have of those made after 2026-07-15 (OpenID Connect reference)."""
    pattern = of_role()["Parameters"]["Repository"]["AllowedPattern"]
    assert (re.fullmatch(pattern, repository) is not None) is taken


def allowed() -> Iterator[str]:
    """The actions that the role may take, with wildcards."""
    for resource in of_role()["Resources"].values():
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                assert statement["Effect"] == "Allow"
                yield from statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]


def statements_of(action: str) -> list[dict[str, Any]]:
    """Those statements that allow exactly this action."""
    return [
        statement
        for name in ("Resources", "App")
        for statement in of_role()["Resources"][name]["Properties"]["PolicyDocument"]["Statement"]
        if action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    ]


def test_composite_alarms_are_allowed_for_all_alarms() -> None:
    """CloudWatch takes no narrower permission (API reference, PutCompositeAlarm)."""
    assert [statement["Resource"] for statement in statements_of("cloudwatch:PutCompositeAlarm")] == ["*"]


def test_keys_are_changed_through_cloudformation_only() -> None:
    """CloudFormation marks none with its tags (`cloudFormationSystemTags` of the type), so no tag can say whose."""
    for action in ("kms:CreateKey", "kms:PutKeyPolicy", "kms:EnableKeyRotation"):
        assert [statement["Condition"] for statement in statements_of(action)] == [
            {"StringEquals": {"aws:CalledViaFirst": "cloudformation.amazonaws.com"}}
        ]


def test_the_roles_policies_are_not_too_long() -> None:
    """With names as long as they get."""
    for resource in of_role()["Resources"].values():
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            text = re.sub(r'{"Fn::Sub":("(?:[^"\\]|\\.)*")}', r"\1",
                          json.dumps(resource["Properties"]["PolicyDocument"], separators=(",", ":")))  # fmt: skip
            for name, longest in {"Stage": "s" * 16, "AWS::Partition": "aws-us-gov", "AWS::Region": "ap-southeast-2",
                                  "AWS::AccountId": "1" * 12}.items():  # fmt: skip
                text = text.replace(f"${{{name}}}", longest)
            assert len(text) <= LONGEST_POLICY


# What CloudFormation would need for what our template does not ask for, and what the handlers' schemas only seem to.
UNUSED = (
    "cloudfront:*ConnectionGroup", "dynamodb:*Replica", "dynamodb:*Item", "dynamodb:Query", "dynamodb:Scan",
    "dynamodb:ImportTable", "dynamodb:*KinesisStreaming*", "dynamodb:*ContributorInsights", "dynamodb:*ResourcePolicy",
    "iam:CreateServiceLinkedRole", "iam:GetRole", "iam:PassRole", "kinesis:*", "kms:CreateGrant", "kms:Decrypt",
    "kms:Encrypt", "kms:RevokeGrant", "logs:*", "s3:CreateBucketMetadata*", "s3:UpdateBucketMetadata*",
    "s3:DeleteBucket*", "s3tables:*", "sns:PutDataProtectionPolicy",
)  # fmt: skip


def test_the_role_may_do_what_cloudformation_needs_for_the_stack() -> None:
    """Making, reading and changing each kind of resource of the template, as AWS publishes what that asks for."""
    of_type = {}
    for path in (files("cfnlint") / "data" / "schemas" / "resources").iterdir():
        if path.name.endswith(".json"):
            schema = json.loads(path.read_text())
            of_type[schema["typeName"]] = schema.get("handlers", {})
    patterns = [*allowed(), *UNUSED]
    kinds = {resource["Type"] for resource in resources.document()["Resources"].values()}
    needed = {
        action
        for kind in kinds
        for verb in ("create", "read", "update")
        for action in of_type[kind].get(verb, {}).get("permissions", ())
    }
    assert len(needed) > 100
    assert sorted(action for action in needed if not any(fnmatchcase(action, each) for each in patterns)) == []


def test_the_role_reads_no_data_and_takes_nothing_big_away() -> None:
    """Neither what is in tables and queues, nor a table, a stack, an API or a distribution; and no policy of AWS's."""
    patterns = list(allowed())
    for action in (
        "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:DeleteTable", "dynamodb:DeleteItem",
        "sqs:ReceiveMessage", "sqs:PurgeQueue", "sqs:DeleteQueue", "cloudformation:DeleteStack", "s3:DeleteBucket",
        "cloudfront:DeleteDistribution", "kms:ScheduleKeyDeletion", "kms:Decrypt", "iam:CreateUser",
        "iam:AttachRolePolicy", "lambda:InvokeFunction", "sns:Publish", "sns:DeleteTopic", "ses:SendEmail",
    ):  # fmt: skip
        assert not [pattern for pattern in patterns if fnmatchcase(action, pattern)], action
