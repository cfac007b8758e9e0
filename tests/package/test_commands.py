"""The way of an admin: provision, deploy, tune, doctor, upgrade, go back, take away; of production, against moto.

The tests build on one another, in this order.
"""

import json
import os
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from infra.local import events, motoserver

from . import state
from .conftest import CheckOut, Checkout, Cloud, laid_out, taken_back
from .front import front
from .player import Player

STAGE = ("--stage", "prod")
BUCKET = f"gatecall-prod-{events.ACCOUNT}-{events.REGION}"


@dataclass
class Deployed:
    """The stage as it was deployed first."""

    nothing: dict[str, Any]  # what was in the account before
    checkout: Checkout
    said: dict[str, str]  # what each command said


@pytest.fixture(scope="module")
def deployed(cloud: Cloud, check_out: CheckOut) -> Deployed:
    """An admin has deployed the stage `prod` in three commands; no feed is polled, email is sent."""
    nothing = state.of(cloud.client)
    checkout = check_out()
    checkout.set("prod", FEEDS="", EMAIL_SENDER="Example Air <flights@example.com>")
    said = {
        "provision": checkout.infra("provision", *STAGE, "--alarms-to", "ops@example.com"),
        "chalice deploy": checkout.chalice("deploy", *STAGE),
        "tune": checkout.infra("tune", *STAGE),
    }
    return Deployed(nothing, checkout, said)


@pytest.fixture(scope="module")
def upgraded(cloud: Cloud, deployed: Deployed, check_out: CheckOut) -> Checkout:
    """Another machine, which knows nothing of what was deployed, has deployed changed code by one command."""
    checkout = check_out()
    checkout.set("prod", FEEDS="", EMAIL_SENDER="Example Air <flights@example.com>")
    with (checkout.directory / "app.py").open("a") as app:
        app.write("\n# a change of code\n")
    assert not (checkout.directory / ".chalice" / "deployed").exists()
    checkout.infra("deploy", *STAGE)
    return checkout


def apis(cloud: Cloud) -> tuple[list[str], list[str]]:
    """The ids of all REST and WebSocket APIs that have this stage."""
    rest, websocket = cloud.client("apigateway"), cloud.client("apigatewayv2")
    return (
        [each["id"] for each in rest.get_rest_apis()["items"]
         if any(of["stageName"] == "prod" for of in rest.get_stages(restApiId=each["id"])["item"])],
        [each["ApiId"] for each in websocket.get_apis()["Items"]
         if any(of["StageName"] == "prod" for of in websocket.get_stages(ApiId=each["ApiId"])["Items"])],
    )  # fmt: skip


def packages(cloud: Cloud) -> set[str]:
    """What the functions run, by digest."""
    pages = cloud.client("lambda").get_paginator("list_functions").paginate()
    found = [each for page in pages for each in page["Functions"]]
    return {each["CodeSha256"] for each in found if each["FunctionName"].startswith("gatecall-prod")}


def releases(cloud: Cloud) -> list[dict[str, Any]]:
    """What the bucket notes of releases."""
    kept = cloud.client("s3").get_object(Bucket=BUCKET, Key="releases.json")["Body"].read()
    noted: list[dict[str, Any]] = json.loads(kept)["releases"]
    return noted


def test_three_commands_deploy(cloud: Cloud, deployed: Deployed) -> None:
    """There is one API of each kind, and the app is told where it is to be had."""
    [rest], [websocket] = apis(cloud)
    assert rest in deployed.said["chalice deploy"]
    told = {
        each["Name"].rpartition("/")[2]: each["Value"]
        for each in cloud.client("ssm").get_parameters_by_path(Path="/gatecall/prod")["Parameters"]
        if each["Name"].endswith("-url")
    }
    assert told["rest-url"] == f"https://{rest}.execute-api.{events.REGION}.amazonaws.com/prod"
    assert told["web-url"].startswith("https://")
    assert told["websocket-url"] == told["web-url"].replace("https", "wss") + "/ws"
    assert websocket
    for url in told.values():
        assert url in deployed.said["tune"]


def test_the_web_app_is_deployed(cloud: Cloud, deployed: Deployed) -> None:
    """As it is built here; where this machine has no node, a page says so in its place."""
    kept = cloud.client("s3").get_object(Bucket=BUCKET, Key="web/index.html")["Body"].read()
    built = deployed.checkout.directory / "infra" / "web" / "dist" / "index.html"
    if built.exists():
        assert kept == built.read_bytes()
    else:
        assert not os.environ.get("CI")
        assert b"has no Node.js" in kept
        assert "web app: not built, a page in its place is shown: " in deployed.said["tune"]


def test_chalice_misses_no_dependency(deployed: Deployed) -> None:
    """It only warns of one that has no wheel for Lambda."""
    assert "Could not install" not in deployed.said["chalice deploy"]


@pytest.fixture(scope="module")
def online(cloud: Cloud, deployed: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a program for which CloudFront and API Gateway answer over HTTPS."""
    package = taken_back(cloud, "gatecall-prod", tmp_path_factory.mktemp("package"))
    player = Player("prod", laid_out(package, tmp_path_factory.mktemp("task")), cloud.client, cloud.sdk)
    [rest], _ = apis(cloud)
    distributions = cloud.client("cloudfront").list_distributions()["DistributionList"]["Items"]
    [host] = [each["DomainName"] for each in distributions if each["Comment"] == "gatecall-prod"]
    hosts = {host: "", f"{rest}.execute-api.{events.REGION}.amazonaws.com": "/prod"}
    with front(player, hosts, tmp_path_factory.mktemp("front")) as environment:
        yield environment
    player.end()


def test_doctor_names_what_an_admin_has_to_do_himself(cloud: Cloud, deployed: Deployed, online: dict[str, str]) -> None:
    """SES has to see the domain's DNS, AWS has to be asked to spend on SMS: then nothing is wrong."""
    said = deployed.checkout.infra("doctor", *STAGE, code=1, **online)
    wrong = [line for line in said.splitlines() if line.startswith("✗")]
    assert [each for each in wrong if not re.search("SES has not verified|SNS spends at most", each)] == []
    verify_identity("example.com")
    cloud.client("sns").set_sms_attributes(attributes={"MonthlySpendLimit": "100"})
    assert "Nothing is wrong." in deployed.checkout.infra("doctor", *STAGE, **online)


def verify_identity(name: str) -> None:
    """SES has found its records in the DNS."""
    from moto.ses.models import ses_backends

    with motoserver.alone():
        identity = ses_backends[events.ACCOUNT][events.REGION].email_identities[name]
        identity.verified_for_sending_status = True
        identity.dkim_attributes |= {"SigningEnabled": True, "Status": "SUCCESS"}


def test_each_command_again_changes_nothing(cloud: Cloud, deployed: Deployed, online: dict[str, str]) -> None:
    """Neither in the cloud nor in the checkout's files."""
    checkout = deployed.checkout
    before, files = state.of(cloud.client), checkout.files()
    checkout.infra("provision", *STAGE)
    assert state.differences(before, state.of(cloud.client)) == {}
    said = checkout.infra("tune", *STAGE)
    assert "nothing to do" in said
    assert state.differences(before, state.of(cloud.client)) == {}
    checkout.infra("doctor", *STAGE, **online)
    checkout.chalice("deploy", *STAGE)
    checkout.infra("tune", *STAGE)  # what Chalice undoes with each deploy
    differ = state.differences(before, state.of(cloud.client))
    assert differ.keys() <= {f"bucket {BUCKET}: releases.json"}  # it says which deployment of the API is the release's
    assert state.differences(files, checkout.files()) == {}


def test_a_fresh_checkout_upgrades_the_same_stage(cloud: Cloud, deployed: Deployed, upgraded: Checkout) -> None:
    """What Chalice knows comes from the bucket: no second API, the same addresses, and the new code everywhere."""
    rest, websocket = apis(cloud)
    assert len(rest) == len(websocket) == 1
    assert rest[0] in deployed.said["chalice deploy"]
    noted = {each["name"]: each for each in json.loads(
        (upgraded.directory / ".chalice" / "deployed" / "prod.json").read_text())["resources"]}  # fmt: skip
    assert (noted["rest_api"]["rest_api_id"], noted["websocket_api"]["websocket_api_id"]) == (rest[0], websocket[0])
    assert len(packages(cloud)) == 1
    assert len(releases(cloud)) == 2


def test_rollback_brings_the_package_before_back(cloud: Cloud, upgraded: Checkout) -> None:
    """All functions run what they ran before the upgrade; and there is nothing before that to go back to."""
    now = packages(cloud)
    upgraded.infra("rollback", *STAGE)
    assert len(packages(cloud)) == 1
    assert packages(cloud) != now
    assert {b64decode(each).hex() for each in packages(cloud)} == {releases(cloud)[0]["sha256"]}
    assert "no release before" in upgraded.infra("rollback", *STAGE, code=2)


def test_production_goes_only_by_its_name(cloud: Cloud, deployed: Deployed, upgraded: Checkout) -> None:
    """Without it, or with another, nothing is taken away."""
    before = state.of(cloud.client)
    assert "gatecall-prod" in upgraded.infra("destroy", *STAGE, code=2)
    upgraded.infra("destroy", *STAGE, "--name", "gatecall-dev", code=2)
    assert state.differences(before, state.of(cloud.client)) == {}


def test_destroy_leaves_nothing(cloud: Cloud, deployed: Deployed, upgraded: Checkout) -> None:
    """The account is as it was before the first command."""
    upgraded.infra("destroy", *STAGE, "--name", "gatecall-prod")
    left = state.differences(deployed.nothing, state.of(cloud.client))
    assert left == {}
    assert re.search("nothing", upgraded.infra("destroy", *STAGE, "--name", "gatecall-prod"), re.IGNORECASE)
