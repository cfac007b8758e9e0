"""A stage on AWS, made from the template; against moto's CloudFormation."""

import json
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from rich.console import Console

from infra.provision import provision
from infra.stages import CONFIG

# policies, subscriptions and SES's: cfn-lint checks them
pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse .* not supported by moto's CloudFormation")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    copy = tmp_path / "config.json"
    copy.write_text(CONFIG.read_text())
    return copy


@mock_aws
def test_a_provisioned_stage_is_known_to_the_app(config: Path) -> None:
    """Every name the app is told leads to something that is there."""
    provision("dev", boto3.client("cloudformation"), config, Console(quiet=True))
    told = json.loads(config.read_text())["stages"]["dev"]["environment_variables"]
    tables = boto3.client("dynamodb")
    for name in ("FLIGHTS_TABLE", "LIVE_TABLE", "ACCOUNTS_TABLE"):
        assert tables.describe_table(TableName=told[name])["Table"]["TableStatus"] == "ACTIVE"
    assert (
        told["FLIGHTS_STREAM_ARN"] == tables.describe_table(TableName=told["FLIGHTS_TABLE"])["Table"]["LatestStreamArn"]
    )
    for name in told:
        if name.endswith("_TOPIC_ARN"):
            boto3.client("sns").get_topic_attributes(TopicArn=told[name])
        elif name.endswith("_QUEUE_URL"):
            boto3.client("sqs").get_queue_attributes(QueueUrl=told[name])
    assert "set by provisioning" not in told.values()


@mock_aws
def test_provisioning_again_changes_nothing(config: Path) -> None:
    """Neither the stack's resources nor the file."""
    client = boto3.client("cloudformation")
    provision("dev", client, config, Console(quiet=True))
    first = config.read_text(), client.describe_stack_resources(StackName="gatecall-dev")["StackResources"]
    provision("dev", client, config, Console(quiet=True))
    again = config.read_text(), client.describe_stack_resources(StackName="gatecall-dev")["StackResources"]
    assert first[0] == again[0]
    assert [r.get("PhysicalResourceId") for r in first[1]] == [r.get("PhysicalResourceId") for r in again[1]]
