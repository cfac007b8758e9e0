"""`python -m infra destroy` against moto: what is taken away, from whom it is kept, and that it can be run again."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra import stages
from infra.deploy import Refused, destroy, lock, provision, recorded, remains, stacks
from infra.deploy.deploy import deploy

from ..conftest import Known
from .conftest import STAGE_IS_OF, Screen, StandIn

BUCKET = "gatecall-dev-123456789012-us-east-1"


_deployed: dict[str, tuple[Known, list[str], Path]] = {}  # stages once they are made: making one takes 200 calls


@pytest.fixture
def there_is(chalice: StandIn, screen: Screen, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], None]:
    """Have a stage be deployed: a copy of the first one, and of the record that the project keeps of it."""

    def deployed(stage: str) -> None:
        if stage in _deployed:
            known, chalice.ran[:], record = _deployed[stage]
            known.fill()
            shutil.copytree(record, chalice.project, dirs_exist_ok=True)
            return
        deploy(stage, screen.console, chalice=chalice)
        record = tmp_path_factory.mktemp("record")
        shutil.copytree(chalice.project, record, dirs_exist_ok=True)
        _deployed[stage] = Known.of(STAGE_IS_OF), list(chalice.ran), record

    return deployed


def everything() -> dict[str, list[str]]:
    """What there is of any stage in this account, by its kind."""
    iam = boto3.client("iam")
    return {
        "stacks": [each["StackName"] for each in boto3.client("cloudformation").describe_stacks()["Stacks"]],
        "tables": boto3.client("dynamodb").list_tables()["TableNames"],
        "queues": boto3.client("sqs").list_queues().get("QueueUrls", []),
        "topics": [each["TopicArn"] for each in boto3.client("sns").list_topics()["Topics"]],
        "subscriptions": [
            each["SubscriptionArn"] for each in boto3.client("sns").list_subscriptions()["Subscriptions"]
        ],
        "buckets": [each["Name"] for each in boto3.client("s3").list_buckets()["Buckets"]],
        "functions": [each["FunctionName"] for each in boto3.client("lambda").list_functions()["Functions"]],
        "mappings": [
            each["UUID"] for each in boto3.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        ],
        "roles": [each["RoleName"] for each in iam.list_roles()["Roles"]],
        "rules": [each["Name"] for each in boto3.client("events").list_rules()["Rules"]],
        "apis": [each["id"] for each in boto3.client("apigateway").get_rest_apis()["items"]],
        "sockets": [each["ApiId"] for each in boto3.client("apigatewayv2").get_apis()["Items"]],
        "groups": [each["logGroupName"] for each in boto3.client("logs").describe_log_groups()["logGroups"]],
        "parameters": [each["Name"] for each in boto3.client("ssm").describe_parameters()["Parameters"]],
        "identities": [
            each["IdentityName"] for each in boto3.client("sesv2").list_email_identities()["EmailIdentities"]
        ],
    }


def set_sender(address: str) -> None:
    written = json.loads(stages.CONFIG.read_text())
    written["environment_variables"]["EMAIL_SENDER"] = address
    stages.CONFIG.write_text(json.dumps(written))


def test_nothing_is_left(chalice: StandIn, screen: Screen) -> None:
    """Of a whole stage with data in it: no resource of any kind, no secret, no record here."""
    set_sender("flights@example.com")
    deploy("dev", screen.console, chalice=chalice)
    deploy("dev", screen.console, chalice=chalice)  # the bucket has former versions now
    provision.update("dev", screen.console, RestApi="abc123", WebSocketApi="def456", FrontKey="a-key")
    assert "/gatecall/dev/web-url" in everything()["parameters"]  # goes with the stack
    row = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    boto3.client("dynamodb").put_item(TableName="gatecall-dev-accounts", Item=row)
    assert all(everything().values()), everything()
    destroy.destroy("dev", screen.console, None)
    assert {kind: names for kind, names in everything().items() if names} == {}
    assert not recorded.path_of("dev").exists()


def test_other_stages_stay(chalice: StandIn, screen: Screen) -> None:
    """Those too whose name begins with this one's, and what the account has besides."""
    deploy("dev-two", screen.console, chalice=chalice)
    boto3.client("sesv2").create_email_identity(EmailIdentity="example.org")
    boto3.client("logs").create_log_group(logGroupName="/aws/lambda/gatecall-devils")
    before = everything()
    deploy("dev", screen.console, chalice=chalice)
    destroy.destroy("dev", screen.console, None)
    assert {kind: sorted(names) for kind, names in everything().items()} == {
        kind: sorted(names) for kind, names in before.items()
    }


def test_it_says_what_goes(there_is: Callable[[str], None], screen: Screen) -> None:
    """Before it goes; and of which tables DynamoDB keeps a backup."""
    there_is("dev")
    screen.clear()
    destroy.destroy("dev", screen.console, None)
    said = screen.text
    first = said.partition("  gone: ")[0]
    assert "4 functions" in first
    assert "the table gatecall-dev-accounts with about 0 items; DynamoDB keeps a backup of it for 35 days" in first
    assert "the table gatecall-dev-limits with about 0 items; no backup is kept" in first
    assert BUCKET in first


def test_again_there_is_nothing(there_is: Callable[[str], None], screen: Screen) -> None:
    """And that is no error."""
    there_is("dev")
    destroy.destroy("dev", screen.console, None)
    screen.clear()
    destroy.destroy("dev", screen.console, None)
    assert screen.text == "There is nothing of dev here.\n"


@pytest.mark.parametrize("typed", [None, "prod", "gatecall-dev", "", "GATECALL-PROD"])
def test_production_wants_its_name(there_is: Callable[[str], None], screen: Screen, typed: str | None) -> None:
    """Whole and as it is; without a terminal nobody is asked, and nothing happens."""
    there_is("prod")
    before = everything()
    with pytest.raises(Refused, match="nothing was taken away"):
        destroy.destroy("prod", screen.console, typed)
    assert everything() == before


def test_production_goes_when_its_name_is_typed(
    chalice: StandIn, there_is: Callable[[str], None], screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an argument, or at a terminal where it is asked for."""
    there_is("prod")
    destroy.destroy("prod", screen.console, "gatecall-prod")
    assert not everything()["stacks"]
    deploy("prod", screen.console, chalice=chalice)
    asked = []
    monkeypatch.setattr(destroy.sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(screen.console, "_force_terminal", True)
    monkeypatch.setattr(screen.console, "input", lambda prompt: asked.append(prompt) or "gatecall-prod")
    destroy.destroy("prod", screen.console, None)
    assert asked == ["Type gatecall-prod to take it all away: "]
    assert not everything()["stacks"]


def test_a_wrong_name_keeps_dev_too(there_is: Callable[[str], None], screen: Screen) -> None:
    """Nobody is asked for dev; who names another stack means another."""
    there_is("dev")
    with pytest.raises(Refused, match="that is not gatecall-dev"):
        destroy.destroy("dev", screen.console, "gatecall-prod")
    assert everything()["stacks"]


def test_the_local_stage_stays(aws: None, project: Path, screen: Screen) -> None:
    """It is a process, and its data a directory."""
    with pytest.raises(Refused, match="the one on this machine"):
        destroy.destroy("local", screen.console, "gatecall-local")


def taken_by_hand(name: str) -> Callable[[], None]:
    """What somebody may have deleted before."""

    def record() -> None:
        recorded.path_of("dev").unlink()

    def stack() -> None:
        client = boto3.client("cloudformation")
        client.update_termination_protection(StackName="gatecall-dev", EnableTerminationProtection=False)
        client.delete_stack(StackName="gatecall-dev")

    def function() -> None:
        boto3.client("lambda").delete_function(FunctionName="gatecall-dev-fan_out")

    def role() -> None:
        iam = boto3.client("iam")
        [policy] = iam.list_role_policies(RoleName="gatecall-dev-fan_out")["PolicyNames"]
        iam.delete_role_policy(RoleName="gatecall-dev-fan_out", PolicyName=policy)
        iam.delete_role(RoleName="gatecall-dev-fan_out")

    def api() -> None:
        boto3.client("apigateway").delete_rest_api(restApiId=everything()["apis"][0])

    def bucket() -> None:
        remains.take_away("AWS::S3::Bucket", BUCKET)

    def secret() -> None:
        boto3.client("ssm").delete_parameter(Name="/gatecall/dev/front-key")

    made: dict[str, Callable[[], None]] = {
        each.__name__: each for each in (record, stack, function, role, api, bucket, secret)
    }
    return made[name]


@pytest.mark.parametrize("gone", ["record", "stack", "function", "role", "api", "bucket", "secret"])
def test_what_is_gone_already_is_no_error(there_is: Callable[[str], None], screen: Screen, gone: str) -> None:
    """Somebody took a part away by hand, or a destroy before stopped there."""
    there_is("dev")
    taken_by_hand(gone)()
    destroy.destroy("dev", screen.console, None)
    assert {kind: names for kind, names in everything().items() if names and kind != "subscriptions"} == {}


def test_what_could_not_be_taken_away_is_named(
    there_is: Callable[[str], None], screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All else of the app goes, its data stays; run again, it goes on where it stopped."""
    there_is("dev")
    iam = boto3.client("iam")
    answer = {"Error": {"Code": "AccessDenied", "Message": "not authorized to perform: iam:DeleteRole"}}

    def denied(**_: Any) -> None:
        raise ClientError(answer, "DeleteRole")

    with monkeypatch.context() as patched:
        patched.setattr(boto3, "client", lambda name, real=boto3.client: iam if name == "iam" else real(name))
        patched.setattr(iam, "delete_role", denied)
        with pytest.raises(Refused, match=r"role gatecall-dev-fan_out: .*iam:DeleteRole.*Run this again"):
            destroy.destroy("dev", screen.console, None)
    assert everything()["functions"] == []
    assert "gatecall-dev-accounts" in everything()["tables"]
    destroy.destroy("dev", screen.console, None)
    assert {kind: names for kind, names in everything().items() if names} == {}


def test_nobody_destroys_what_somebody_deploys(there_is: Callable[[str], None], screen: Screen) -> None:
    """A deploy holds it off."""
    there_is("dev")
    before = everything()
    with (
        lock.alone("dev", BUCKET, boto3.client("s3"), "deploy"),
        pytest.raises(Refused, match="a deploy of dev is going on"),
    ):
        destroy.destroy("dev", screen.console, None)
    assert everything() == before


def test_it_is_known_before_anything_goes(there_is: Callable[[str], None], screen: Screen) -> None:
    """The audit trail is told while its table is there; not of what was refused."""
    there_is("prod")
    told = []
    with pytest.raises(Refused):
        destroy.destroy("prod", screen.console, "no", begun=lambda: told.append(everything()["tables"]))
    assert told == []
    destroy.destroy("prod", screen.console, "gatecall-prod", begun=lambda: told.append(everything()["tables"]))
    assert "gatecall-prod-accounts" in told[0]


def test_a_former_stages_tables_can_be_taken_away(there_is: Callable[[str], None], screen: Screen) -> None:
    """As provision says, where it finds them without a stack: then the stage can be made again."""
    there_is("dev")
    taken_by_hand("stack")()
    with pytest.raises(stacks.NotProvisioned, match="destroy --stage dev"):
        provision.provision("dev", screen.console)
    destroy.destroy("dev", screen.console, None)
    provision.provision("dev", screen.console)
