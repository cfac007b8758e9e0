"""Chalice's record and the releases in a stage's bucket, and going back to the one before; against moto."""

import base64
import hashlib
import json
import os
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.core.clock import wall_now
from infra import stages
from infra.deploy import Refused, recorded, releases, rollback
from infra.deploy.deploy import deploy

from .conftest import Screen, StandIn

BUCKET = "gatecall-dev-123456789012-us-east-1"


@pytest.fixture
def bucket(aws: None, project: Path) -> Any:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    return s3


def noted(rest_api: str = "", **more: str) -> bytes:
    entries = [{"name": name, "resource_type": "x", "value": value} for name, value in more.items()]
    if rest_api:
        entries.append({"name": "rest_api", "resource_type": "rest_api", "rest_api_id": rest_api})
    return json.dumps({"resources": entries, "schema_version": "2.0", "backend": "api"}).encode()


def write_here(body: bytes, age: timedelta = timedelta(0)) -> None:
    file = recorded.path_of("dev")
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(body)
    at = (wall_now() - age).timestamp()
    os.utime(file, (at, at))


def here() -> bytes:
    return recorded.path_of("dev").read_bytes()


HOUR = timedelta(hours=1)


def test_a_machine_without_a_record_gets_the_buckets(bucket: Any) -> None:
    """A fresh runner."""
    write_here(noted(a="1"))
    assert recorded.save("dev", BUCKET, bucket)
    recorded.path_of("dev").unlink()
    assert recorded.restore("dev", BUCKET, bucket) == "Chalice's record of dev: from the bucket."
    assert here() == noted(a="1")


def test_a_stale_record_of_another_machine_loses(bucket: Any) -> None:
    """This machine deployed an hour ago, somebody else since: theirs is what runs."""
    write_here(noted(a="theirs"))
    recorded.save("dev", BUCKET, bucket)
    write_here(noted(a="ours"), age=HOUR)
    assert "this machine's of" in recorded.restore("dev", BUCKET, bucket)
    assert here() == noted(a="theirs")


def test_a_record_that_was_never_saved_wins(bucket: Any) -> None:
    """`chalice deploy` was run by itself since the last deploy: the bucket's is older, whenever it was put there."""
    write_here(noted(a="before"), age=HOUR)
    recorded.save("dev", BUCKET, bucket)  # now, but written an hour ago
    write_here(noted(a="since"), age=HOUR / 2)
    assert "it is used" in recorded.restore("dev", BUCKET, bucket)
    assert here() == noted(a="since")
    assert recorded.save("dev", BUCKET, bucket)
    assert not recorded.save("dev", BUCKET, bucket)


def test_a_stale_record_does_not_overwrite_the_buckets(bucket: Any) -> None:
    """`tune` was run by itself where somebody deployed long ago."""
    write_here(noted(a="theirs"))
    recorded.save("dev", BUCKET, bucket)
    write_here(noted(a="ours"), age=HOUR)
    assert not recorded.save("dev", BUCKET, bucket)
    recorded.restore("dev", BUCKET, bucket)
    assert here() == noted(a="theirs")


def test_a_restored_record_is_as_old_as_it_was(bucket: Any) -> None:
    """Restoring is not deploying: what another machine deploys meanwhile is later."""
    write_here(noted(a="1"), age=HOUR)
    recorded.save("dev", BUCKET, bucket)
    recorded.path_of("dev").unlink()
    recorded.restore("dev", BUCKET, bucket)
    assert wall_now().timestamp() - recorded.path_of("dev").stat().st_mtime > 3000


def test_a_record_of_another_api_is_dropped(bucket: Any) -> None:
    """However new it looks, such as in a checkout that was copied: others deploy to the bucket's API."""
    api = boto3.client("apigateway").create_rest_api(name="gatecall")["id"]
    write_here(noted(rest_api=api), age=HOUR)
    recorded.save("dev", BUCKET, bucket)
    write_here(noted(rest_api="another"))
    assert "names another API, and is dropped" in recorded.restore("dev", BUCKET, bucket)
    assert here() == noted(rest_api=api)


def test_a_record_of_an_api_that_is_gone_is_not_kept(bucket: Any) -> None:
    """Somebody deleted it, and Chalice made another: the later record is right."""
    write_here(noted(rest_api="gone"), age=HOUR)
    recorded.save("dev", BUCKET, bucket)
    write_here(noted(rest_api="another"))
    assert "it is used" in recorded.restore("dev", BUCKET, bucket)
    assert here() == noted(rest_api="another")


def runs(stage: str = "dev") -> dict[str, str]:
    """The package that each function runs."""
    found = boto3.client("lambda").list_functions()["Functions"]
    return {each["FunctionName"].removeprefix(f"gatecall-{stage}").strip("-") or "api_handler": each["CodeSha256"]
            for each in found}  # fmt: skip


def routes() -> str:
    """The deployment that the REST API's stage serves."""
    api = recorded.read("dev")["rest_api"]["rest_api_id"]
    return str(boto3.client("apigateway").get_stage(restApiId=api, stageName="dev")["deploymentId"])


def kept() -> list[releases.Release]:
    return releases.read(BUCKET, boto3.client("s3"))


def packages() -> set[str]:
    found = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="packages/").get("Contents", [])
    return {each["Key"].removeprefix("packages/").removesuffix(".zip") for each in found}


def test_each_deploy_keeps_its_package(chalice: StandIn, screen: Screen) -> None:
    """Under its digest, with what it takes to run it again."""
    deploy("dev", screen.console, chalice=chalice)
    [release] = kept()
    assert packages() == {release.sha256}
    body = boto3.client("s3").get_object(Bucket=BUCKET, Key=f"packages/{release.sha256}.zip")["Body"].read()
    assert hashlib.sha256(body).hexdigest() == release.sha256
    assert set(runs().values()) == {base64.b64encode(bytes.fromhex(release.sha256)).decode()}
    assert release.functions["gatecall-dev"] == {"handler": "app.app", "runtime": "python3.11"}
    assert len(release.functions) == 4
    assert release.deployment == routes()
    assert release.version == "0.1.0"


def test_deploying_the_same_again_is_no_release(chalice: StandIn, screen: Screen, project: Path) -> None:
    """Neither with the same package nor with the same files packed anew, as a fresh runner does: else there would be
    nothing to go back to.
    """  # fmt: skip
    deploy("dev", screen.console, chalice=chalice)
    [first] = kept()
    deploy("dev", screen.console, chalice=chalice)
    for file in (project / ".chalice" / "deployments").glob("*.zip"):
        with zipfile.ZipFile(file, "a") as archive:
            archive.comment = b"packed anew"
    deploy("dev", screen.console, chalice=chalice)
    [again] = kept()
    assert again.sha256 != first.sha256
    assert (again.at, again.content) == (first.at, first.content)
    assert packages() == {again.sha256}


def test_the_last_ten_are_kept(chalice: StandIn, screen: Screen) -> None:
    """And the packages of no others."""
    for number in range(12):
        chalice.code = f"code {number}"
        deploy("dev", screen.console, chalice=chalice)
    assert len(kept()) == 10
    assert packages() == {release.sha256 for release in kept()}


def test_a_package_that_is_not_here_comes_from_lambda(
    chalice: StandIn, screen: Screen, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What runs was packed on another machine."""
    deploy("dev", screen.console, chalice=chalice)
    s3 = boto3.client("s3")
    s3.delete_object(Bucket=BUCKET, Key=releases.RELEASES)
    [file] = (project / ".chalice" / "deployments").glob("*.zip")
    elsewhere = file.rename(tmp_path / "package.zip")
    asked = []
    monkeypatch.setattr(releases, "urlopen", lambda url, timeout: asked.append(url) or elsewhere.open("rb"))
    releases.record("dev", BUCKET, s3, screen.console)
    assert len(asked) == 1
    assert [release.sha256 for release in kept()] == [hashlib.sha256(elsewhere.read_bytes()).hexdigest()]


def test_functions_that_run_different_packages_are_no_release(chalice: StandIn, screen: Screen) -> None:
    """A deploy that stopped between two functions."""
    deploy("dev", screen.console, chalice=chalice)
    before = kept()
    chalice.code, chalice.fails = "2", "fan_out"
    with pytest.raises(Refused, match="chalice deploy ended"):
        deploy("dev", screen.console, chalice=chalice)
    with pytest.raises(Refused, match="do not run one package"):
        releases.record("dev", BUCKET, boto3.client("s3"), screen.console)
    assert kept() == before


def test_a_rollback_puts_the_release_before_back(chalice: StandIn, screen: Screen) -> None:
    """The code of every function, and the routes of the REST API; one more goes one further, until none is left."""
    states = []
    for code in ("1", "2", "3"):
        chalice.code = code
        deploy("dev", screen.console, chalice=chalice)
        states.append((runs(), routes()))
    assert len({state[1] for state in states}) == 3
    for state in (states[1], states[0]):
        rollback.rollback("dev", screen.console)
        assert (runs(), routes()) == state
    with pytest.raises(Refused, match="has no release before this one"):
        rollback.rollback("dev", screen.console)
    assert (runs(), routes()) == states[0]
    assert [bool(release.withdrawn) for release in kept()] == [False, True, True]
    assert "Tables, settings and policies stay as they are" in screen.text


def test_after_a_rollback_a_deploy_goes_forward(chalice: StandIn, screen: Screen) -> None:
    """And a rollback of that goes back to what ran before it, not to what was withdrawn."""
    for code in ("good", "bad"):
        chalice.code = code
        deploy("dev", screen.console, chalice=chalice)
    rollback.rollback("dev", screen.console)
    good = runs()
    chalice.code = "mended"
    deploy("dev", screen.console, chalice=chalice)
    assert runs() != good
    rollback.rollback("dev", screen.console)
    assert runs() == good


def test_the_withdrawn_release_may_be_deployed_again(chalice: StandIn, screen: Screen) -> None:
    """It is a release like any other then."""
    for code in ("good", "bad"):
        chalice.code = code
        deploy("dev", screen.console, chalice=chalice)
    bad = runs()
    rollback.rollback("dev", screen.console)
    deploy("dev", screen.console, chalice=chalice)
    assert runs() == bad
    rollback.rollback("dev", screen.console)
    assert runs() != bad


def triggers() -> dict[str, bool]:
    """What triggers functions: the mappings and rules, and whether they are enabled; the subscriptions."""
    mappings = boto3.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    rules = boto3.client("events").list_rules()["Rules"]
    subscriptions = boto3.client("sns").list_subscriptions()["Subscriptions"]
    return {
        **{each["FunctionArn"].rpartition(":")[2]: each["State"] == "Enabled" for each in mappings},
        **{each["Name"].removesuffix("-event"): each["State"] == "ENABLED" for each in rules},
        **{each["Endpoint"].rpartition(":")[2]: True for each in subscriptions if each["Protocol"] == "lambda"},
    }


def test_what_the_release_did_not_have_is_triggered_no_more(chalice: StandIn, screen: Screen) -> None:
    """Its package has no such handler: queues, schedules and topics wait for the deploy that goes forward again."""
    deploy("dev", screen.console, chalice=chalice)
    chalice.code, chalice.functions = "2", (*chalice.functions, "send_more", "sweep", "hear")
    deploy("dev", screen.console, chalice=chalice)
    before = triggers()
    assert all(before.values())
    rollback.rollback("dev", screen.console)
    newer = {f"gatecall-dev-{name}" for name in ("send_more", "sweep", "hear")}
    assert {name for name in before if not triggers().get(name)} == newer
    assert "send_more is triggered no more" in screen.text


def test_a_rollback_that_fails_midway_goes_on(
    chalice: StandIn, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The function that failed is named; the same rollback, run again, ends where it should."""
    deploy("dev", screen.console, chalice=chalice)
    first = runs()
    chalice.code = "2"
    deploy("dev", screen.console, chalice=chalice)
    client = boto3.client("lambda")
    update = client.update_function_code

    def throttled(FunctionName: str, **given: Any) -> Any:
        if FunctionName == "gatecall-dev-fan_out":
            raise ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "slow down"}}, "Update")
        return update(FunctionName=FunctionName, **given)

    with monkeypatch.context() as patched:
        patched.setattr(boto3, "client", lambda name, real=boto3.client: client if name == "lambda" else real(name))
        patched.setattr(client, "update_function_code", throttled)
        with pytest.raises(Refused, match=r"not wholly back at .*gatecall-dev-fan_out: .*slow down.*Run the rollback"):
            rollback.rollback("dev", screen.console)
    assert not kept()[-1].withdrawn
    rollback.rollback("dev", screen.console)
    assert runs() == first


def test_a_release_whose_parts_are_gone_is_not_begun(chalice: StandIn, screen: Screen) -> None:
    """A function that a later deploy took away can't be brought back by code alone: nothing is changed."""
    chalice.functions = (*chalice.functions, "sweep")
    deploy("dev", screen.console, chalice=chalice)
    chalice.code, chalice.functions = "2", chalice.functions[:-1]
    deploy("dev", screen.console, chalice=chalice)
    before = runs()
    with pytest.raises(Refused, match=r"the function gatecall-dev-sweep is no more. Deploy that commit"):
        rollback.rollback("dev", screen.console)
    assert runs() == before


def test_a_handler_that_moved_goes_back_too(chalice: StandIn, screen: Screen) -> None:
    """Code and handler belong together."""
    deploy("dev", screen.console, chalice=chalice)
    chalice.code = "2"
    client = boto3.client("lambda")
    client.update_function_configuration(FunctionName="gatecall-dev-fan_out", Handler="app.renamed")
    deploy("dev", screen.console, chalice=chalice)
    rollback.rollback("dev", screen.console)
    assert client.get_function_configuration(FunctionName="gatecall-dev-fan_out")["Handler"] == "app.fan_out"


def test_a_stage_that_is_not_there_can_not_be_rolled_back(aws: None, project: Path, screen: Screen) -> None:
    """Said with what to run."""
    with pytest.raises(Refused, match="python -m infra deploy --stage dev"):
        rollback.rollback("dev", screen.console)
    assert stages.CONFIG.exists()
