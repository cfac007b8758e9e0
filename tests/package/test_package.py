"""What is deployed: the package is whole and small, all around it is there, and it works from end to end.

A change goes the whole way in the deployed functions alone, from poll to sent message.
"""

import json
import re
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import app
from chalicelib.flights import timetable
from infra import functions
from infra.local import events, motoserver
from tests.permissions import deeds

from .conftest import ROOT, Checkout, Cloud
from .player import Connections, Player

MB = 1_000_000
LATER = "2026-07-10T16:20:00Z*0"
DELAYED = "DL954-20260710-LGA"  # in these twenty minutes, by 45 more
CANCELLED = "UA1661-20260710-LGA"  # likewise
PASSENGER, NUMBER = "ada@example.net", "+12025550123"
TOKEN = "an_app_on_a_phone:" + "x" * 40


@pytest.fixture(scope="module")
def deployed(cloud: Cloud, dev: Checkout) -> dict[str, dict[str, Any]]:
    """The configuration of each deployed function, by AWS's name."""
    pages = cloud.client("lambda").get_paginator("list_functions").paginate()
    return {
        each["FunctionName"]: each
        for page in pages
        for each in page["Functions"]
        if each["FunctionName"].startswith("gatecall-dev")
    }


def test_no_wheel_is_missing(unpacked: Path) -> None:
    """Each dependency that requirements.txt pins is there: Chalice only warns of one that has no wheel for Lambda."""
    pinned = [line.partition("==")[0] for line in (ROOT / "requirements.txt").read_text().splitlines()
              if "==" in line]  # fmt: skip
    there = {path.name.partition("-")[0].lower().replace("_", "-") for path in unpacked.glob("*.dist-info")}
    assert pinned
    assert [name for name in pinned if name.lower().replace("_", "-") not in there] == []


def test_the_package_is_small(package: Path) -> None:
    """At most 40 MB to upload and 150 MB unpacked, below Lambda's 50 and 250."""
    assert package.stat().st_size <= 40 * MB
    with zipfile.ZipFile(package) as archive:
        assert sum(entry.file_size for entry in archive.infolist()) <= 150 * MB


def test_the_app_is_whole(unpacked: Path) -> None:
    """app.py and every file of chalicelib, data too, as they stand here."""
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "app.py", "chalicelib"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    files = [name for name in tracked if (ROOT / name).exists()]
    missing = [name for name in files if not (unpacked / name).is_file()]
    assert not missing
    for data in ("airports/airports.tsv", "flights/carriers.tsv", "flights/feeds/replay/day.csv"):
        assert f"chalicelib/{data}" in files, f"{data} has moved: name it here"


def test_nothing_else_is_packed(package: Path) -> None:
    """No tests, no local cloud, no web app's source, nothing of what only this repository needs; nothing compiled."""
    with zipfile.ZipFile(package) as archive:
        files = [Path(name) for name in archive.namelist()]
    ours = {path.name for path in ROOT.iterdir()} - {"app.py", "chalicelib"}
    strangers = {"moto", "boto3", "pytest", "starlette", "uvicorn", "node_modules", "web"}
    assert not (ours | strangers) & {file.parts[0] for file in files}
    data = {file.suffix for file in files if file.parts[0] == "chalicelib"}
    assert data == {".py", ".tsv", ".csv", ".toml", ".html"}


def test_every_function_is_deployed(deployed: dict[str, dict[str, Any]]) -> None:
    """Those that app.py declares, each as the handler it declares, all of one package, and no other."""
    declared = {each.full_name("dev"): f"app.{each.handler}" for each in functions.declared()}
    assert {name: each["Handler"] for name, each in deployed.items()} == declared
    assert len({each["CodeSha256"] for each in deployed.values()}) == 1


def test_every_function_has_memory_a_role_and_its_settings(deployed: dict[str, dict[str, Any]]) -> None:
    """At least 1,024 MB, as a cold start of all this needs; a role of its own; what provisioning made known."""
    for each in deployed.values():
        assert each["MemorySize"] >= 1024
        assert 29 <= each["Timeout"] <= 60
        assert each["TracingConfig"] == {"Mode": "Active"}
        told = each["Environment"]["Variables"]
        assert told["GATECALL_STAGE"] == "dev"
        assert "set by provisioning" not in told.values()
    assert len({each["Role"] for each in deployed.values()}) == len(deployed)


def test_every_trigger_is_deployed(cloud: Cloud, deployed: dict[str, dict[str, Any]]) -> None:
    """Streams and queues, topics, schedules and the WebSocket's routes reach the functions they are declared for."""
    found: set[tuple[str, str, str]] = set()
    for mapping in cloud.client("lambda").list_event_source_mappings()["EventSourceMappings"]:
        arn = mapping["EventSourceArn"]
        stream = ":dynamodb:" in arn
        source = arn.partition(":table/")[2].partition("/")[0] if stream else arn.rpartition(":")[2]
        found.add((mapping["FunctionArn"].rpartition(":")[2], "stream" if stream else "queue", source))
        assert not stream or mapping["StartingPosition"] == "TRIM_HORIZON"
    for each in cloud.client("sns").list_subscriptions()["Subscriptions"]:
        if each["Protocol"] == "lambda":
            found.add((each["Endpoint"].rpartition(":")[2], "topic", each["TopicArn"].rpartition(":")[2]))
    rules = cloud.client("events")
    for rule in rules.list_rules()["Rules"]:
        for target in rules.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
            found.add((target["Arn"].rpartition(":")[2], "schedule", rule["ScheduleExpression"]))
    hourly = {"erase_documents", "forecast_demand", "honour_opt_outs"}
    assert {each for each in found if each[0] in deployed} == {
        (each.full_name("dev"), each.kind, _source(each, hourly))
        for each in functions.declared()
        if each.kind not in {"rest", "websocket"}
    }
    gateway = cloud.client("apigatewayv2")
    [api] = [each for each in gateway.get_apis()["Items"] if each["Name"] == "gatecall-dev-websocket-api"]
    assert {each["RouteKey"] for each in gateway.get_routes(ApiId=api["ApiId"])["Items"]} == {
        "$connect", "$default", "$disconnect",
    }  # fmt: skip


def _source(function: functions.Function, hourly: set[str]) -> str:
    if function.kind == "schedule":
        return "rate(1 hour)" if function.name in hourly else "rate(1 minute)"
    return function.source.replace("-test-", "-dev-")  # as the tests' own environment has it


def test_every_route_is_deployed(cloud: Cloud, dev: Checkout) -> None:
    """Each path of app.py with its methods."""
    gateway = cloud.client("apigateway")
    found: set[tuple[str, str]] = set()
    for api in gateway.get_rest_apis()["items"]:
        if any(each["stageName"] == "dev" for each in gateway.get_stages(restApiId=api["id"])["item"]):
            for resource in gateway.get_resources(restApiId=api["id"])["items"]:
                found |= {(resource["path"], method) for method in resource.get("resourceMethods", ())}
    assert found >= {(path, method) for path, methods in app.app.routes.items() for method in methods}


@dataclass
class Sent:
    """What has left: by email, SMS and push as moto has it, to servers and connections as they got it."""

    emails: list[Any]
    texts: list[str]
    pushes: list[str]
    calls: list[tuple[str, str, Any]]

    def count(self) -> dict[str, int]:
        """How many of each."""
        return {name: len(each) for name, each in vars(self).items()}


Mailbox = Callable[[], Sent]


@pytest.fixture(scope="module")
def mailbox(connections: Connections) -> Mailbox:
    """Looks what has left until now."""

    def look() -> Sent:
        from moto.ses.models import ses_backends
        from moto.sns.models import sns_backends

        with motoserver.alone():
            sns = sns_backends[events.ACCOUNT][events.REGION]
            return Sent(
                list(ses_backends[events.ACCOUNT][events.REGION].sent_messages),
                [text for _, text in sns.sms_messages.values()],
                [text for each in sns.platform_endpoints.values() for text in each.messages.values()],
                list(connections.sent),
            )

    return look


@pytest.fixture(scope="module")
def polled(player: Player) -> None:
    """LaGuardia was polled at noon, and all that hangs on it is done."""
    player.tick("poll_feeds")
    player.carry()


def code_in(text: str) -> str:
    """The six digits of a message."""
    codes = {match[0] for match in re.finditer(r"\b[0-9]{6}\b", text)}
    assert len(codes) == 1, text
    return codes.pop()


def token_in(text: str, path: str) -> str:
    """What the link to a page of ours carries."""
    links = [each for each in re.findall(r"https://\S+", text) if urlsplit(each).path == path]
    assert len(links) == 1, text
    return parse_qs(urlsplit(links[0]).query)["token"][0]


@pytest.fixture(scope="module")
def followed(player: Player, polled: None, mailbox: Mailbox, connections: Connections, cloud: Cloud) -> dict[str, int]:
    """Passengers and programs follow two flights by each channel, and have confirmed. What was sent until then."""

    def follow(flight: str, channel: str, address: Any) -> str:
        asked = {"flight": flight, "channel": channel, "address": address, "language": "en"}
        answer = player.request("POST", "/v1/subscriptions", body=asked)
        assert answer["statusCode"] == 202, answer
        player.carry()
        return str(answer["body"]["id"])

    def confirm(path: str, body: dict[str, str]) -> None:
        answer = player.request("POST", path, body=body)
        assert answer["statusCode"] == 200, answer

    def confirm_by_code(subscription: str, code: str) -> None:
        confirm(f"/v1/subscriptions/{subscription}/confirmation", {"code": code})

    follow(DELAYED, "email", PASSENGER)
    email = mailbox().emails[-1]
    web = cloud.client("ssm").get_parameter(Name="/gatecall/dev/web-url")["Parameter"]["Value"]
    assert f"{web}/follow/confirm?" in email.text
    token = token_in(email.text, "/follow/confirm")
    assert player.request("GET", "/follow/confirm", query=f"token={token}")["statusCode"] == 200
    confirm("/v1/confirmations", {"token": token})

    by_sms = follow(CANCELLED, "sms", NUMBER)
    confirm_by_code(by_sms, code_in(mailbox().texts[-1]))
    by_push = follow(CANCELLED, "push", {"platform": "fcm", "token": TOKEN})
    confirm_by_code(by_push, code_in(mailbox().pushes[-1].replace("\\", " ")))
    by_webhook = follow(CANCELLED, "webhook", f"http://{connections.domain}/hook")
    [challenge] = [message for _, path, message in connections.sent if path == "/hook"]
    confirm_by_code(by_webhook, challenge["data"]["code"])

    assert player.websocket("$connect", "Xyz=", connections.domain)["statusCode"] == 200
    topics = {"action": "watch", "topics": [f"flight:{CANCELLED}"]}
    player.websocket("$default", "Xyz=", connections.domain, topics)
    player.carry()
    return mailbox().count()


@pytest.fixture(scope="module")
def told(player: Player, followed: dict[str, int]) -> int:
    """Twenty minutes later the schedule polls again. How many events the functions had had before."""
    before = len(player.invoked)
    player.configure(FLIGHT_CLOCK=LATER)
    player.tick("poll_feeds")
    player.carry()
    return before


def test_health_answers(player: Player) -> None:
    """The deployed REST function knows its stage, and may reach all its tables."""
    answer = player.request("GET", "/v1/health")
    assert answer["statusCode"] == 200
    assert answer["body"]["stage"] == "dev"
    assert set(answer["body"]["tables"].values()) == {"answers"}


def test_an_admin_logs_in_and_invites(player: Player, dev: Checkout, mailbox: Mailbox) -> None:
    """argon2, zxcvbn and PyJWT came along; the letter goes through stream, queue and SES."""
    shown = dev.infra("admin", "--stage", "dev", "--email", "admin@example.com")
    [token] = re.findall(r'token(?:=|": ")([^"&\s]+)', shown)

    def set_password(password: str) -> Any:
        body = {"token": token, "password": password}
        return player.request("POST", "/v1/accounts/confirmation", body=body)["statusCode"]

    assert set_password("passwordpassword") == 400
    assert set_password("a tram to the harbour") == 200
    credentials = {"email": "admin@example.com", "password": "a tram to the harbour"}
    session = player.request("POST", "/v1/sessions", body=credentials)
    assert session["statusCode"] == 201, session
    bearer = session["body"]["access_token"]
    people = player.request("GET", "/v1/people", token=bearer)
    assert [each["role"] for each in people["body"]["people"]] == ["admin"]

    before = len(mailbox().emails)
    invitation = {"email": "grace@example.com", "role": "operator", "airlines": ["DL"], "airports": ["LGA"]}
    assert player.request("POST", "/v1/people", body=invitation, token=bearer)["statusCode"] == 202
    player.carry()
    [letter] = mailbox().emails[before:]
    assert letter.to == "grace@example.com"
    assert token_in(letter.text, "/account/password")


def test_a_polled_airport_has_a_board(player: Player, polled: None) -> None:
    """What the deployed schedule polled, the deployed REST function shows."""
    board = player.request("GET", "/v1/airports/LGA/departures")["body"]
    assert board["feeds"][0]["name"] == "replay"
    assert not board["feeds"][0]["silent"]
    assert len(board["flights"]) == 100
    assert {flight["departure"]["airport"] for flight in board["flights"]} == {"LGA"}


def test_a_seat_is_sold(player: Player, polled: None) -> None:
    """Searched, held, paid by the simulated service, ticketed; and what hangs on it is done by streams and queues."""
    day = date(2026, 7, 10)
    leg = str(timetable.legs("LGA", "ORD", day, day)[-1].leg)
    found = player.request("GET", "/v1/search", query=f"from=LGA&to=ORD&date={day}")
    assert found["statusCode"] == 200, found
    assert leg in json.dumps(found["body"])
    order = {
        "flights": [{"flight": leg}],
        "passengers": [{"family_name": "Hopper", "given_name": "Grace"}],
        "contact": {"email": "hopper@example.net"},
    }
    held = player.request("POST", "/v1/bookings", body=order, more={"Idempotency-Key": "hold-1"})
    assert held["statusCode"] == 201, held
    path, named = f"/v1/bookings/{held['body']['pnr']}", {"X-Family-Name": "Hopper"}
    body, key = {"token": "tok_approve"}, {**named, "Idempotency-Key": "pay-1"}
    paid = player.request("POST", f"{path}/payments", body=body, more=key)
    assert paid["statusCode"] == 200, paid
    player.carry()
    kept = player.request("GET", path, more=named)["body"]
    assert kept["state"] == "ticketed"
    assert [len(each["ticket"]) for each in kept["passengers"]] == [13]


def test_a_change_reaches_who_follows(player: Player, followed: dict[str, int], told: int, mailbox: Mailbox) -> None:
    """From poll to sent message by email, SMS, push, webhook and WebSocket, each once."""
    sent = mailbox()
    new = {name: vars(sent)[name][had:] for name, had in followed.items()}

    [email] = new["emails"]
    assert email.to == PASSENGER
    assert "DL954" in email.subject
    [text] = new["texts"]
    assert "UA1661" in text
    [push] = new["pushes"]
    assert "UA1661" in push
    [hooked] = [message for _, path, message in new["calls"] if path == "/hook"]
    assert hooked["data"]["flight"]["id"] == CANCELLED
    [pushed] = [message for _, path, message in new["calls"] if path == "/dev/@connections/Xyz="]
    assert (pushed["type"], pushed["flight"]["id"]) == ("change", CANCELLED)


def test_what_comes_again_is_not_told_again(player: Player, told: int, mailbox: Mailbox) -> None:
    """Each event of that change once more, as streams, topics and queues may bring it: nothing is sent twice."""
    before = mailbox().count()
    again = [(name, event) for name, event in player.invoked[told:] if "Records" in event]
    assert {name.rpartition("-")[2] for name, _ in again} >= {
        "tell_changes", "push_change", "fan_out", "fan_out_at_once", "send_emails", "send_texts", "send_pushes",
        "call_webhooks",
    }  # fmt: skip
    for name, event in again:
        player.invoke(name, event)
    player.carry()
    assert mailbox().count() == before


def test_what_comes_back_is_heard(player: Player, told: int, cloud: Cloud) -> None:
    """Who has a mailbox that bounces, as SES tells, and who answers STOP to an SMS, is told nothing any more."""
    sns, now = cloud.client("sns"), "2026-07-10T16:20:00Z"
    bounce = {
        "eventType": "Bounce",
        "bounce": {
            "bounceType": "Permanent", "bounceSubType": "General", "timestamp": now,
            "bouncedRecipients": [{"emailAddress": PASSENGER}],
        },
        "mail": {"timestamp": now, "messageId": "a-message"},
    }  # fmt: skip
    reply = {"originationNumber": NUMBER, "destinationNumber": "+12025550100", "messageBody": "STOP"}
    for topic, message in (("email-events", bounce), ("sms-replies", reply)):
        arn = f"arn:aws:sns:{events.REGION}:{events.ACCOUNT}:gatecall-dev-{topic}"
        sns.publish(TopicArn=arn, Message=json.dumps(message))
    player.carry()
    items = cloud.client("dynamodb").scan(TableName="gatecall-dev-subscriptions")["Items"]
    standings = [each["standing"]["S"] for each in items if "standing" in each]
    assert sorted(standings) == ["booked", "confirmed", "confirmed", "suppressed", "suppressed"]


def test_a_connection_ends(player: Player, followed: dict[str, int], connections: Connections, cloud: Cloud) -> None:
    """What it watched is forgotten."""
    player.websocket("$disconnect", "Xyz=", connections.domain)
    assert "Xyz=" not in str(cloud.client("dynamodb").scan(TableName="gatecall-dev-live")["Items"])


def test_other_schedules_run(player: Player, told: int) -> None:
    """What repairs, waits, is opted out of, is expected to sell, and is to be forgotten is looked at."""
    for function in ("repair_changes", "take_up_due", "honour_opt_outs", "forecast_demand", "erase_documents"):
        player.tick(function)
    player.carry()


def test_nothing_was_set_aside(cloud: Cloud) -> None:
    """After all this the queue of dead letters is empty."""
    sqs = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName="gatecall-dev-dead-letters")["QueueUrl"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_each_function_was_at_work(player: Player) -> None:
    """None of those deployed was left out here."""
    assert {name for name, _ in player.invoked} == set(player.configurations)


def test_each_function_may_do_what_it_does(player: Player, connections: Connections) -> None:
    """Every call that a function made is one that its deployed role allows."""
    for who, path, _ in connections.sent:
        if who:
            connection = {"ConnectionId": path.rpartition("/")[2]}
            player.calls.append(motoserver.Call(who, "apigatewaymanagementapi", "PostToConnection", connection))
    assert len({call.access_key for call in player.calls}) == len(player.configurations)
    assert all(list(deeds(call.service, call.operation, call.request, "dev")) for call in player.calls)
    assert player.not_allowed() == []
