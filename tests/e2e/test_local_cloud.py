"""Gatecall on one machine, as `make run` starts it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest
from botocore.config import Config
from botocore.session import get_session
from websockets.sync.client import connect

from .conftest import ROOT


def children(pid: int) -> set[int]:
    """The processes that a process started."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return {int(child) for child, parent in map(str.split, listed.splitlines()) if int(parent) == pid}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def refused(address: str) -> bool:
    """Whether nothing listens at an address such as http://127.0.0.1:4566."""
    host, port = address.rpartition("/")[2].split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) != 0


def client(cloud, service):
    """A client of the cloud, with the settings that it hands to other commands."""
    told = cloud.environment
    session = get_session()
    session.set_credentials(told["AWS_ACCESS_KEY_ID"], told["AWS_SECRET_ACCESS_KEY"])
    address = told.get(f"AWS_ENDPOINT_URL_{service.upper()}", told["AWS_ENDPOINT_URL"])
    settings = Config(retries={"total_max_attempts": 1}, read_timeout=60)
    return session.create_client(service, region_name=told["AWS_REGION"], endpoint_url=address, config=settings)


def test_everything_it_says_to_open_answers(cloud):
    """Each address in the welcome can be opened as it stands there."""
    addresses = re.findall(r"http://[^\s']+", cloud.said)
    assert len(addresses) >= 5
    for address in addresses:
        assert httpx.get(address).status_code == 200, address
    health = httpx.get(f"{cloud.rest}/v1/health").json()
    assert health["stage"] == "local"
    assert health["urls"] == {"web": cloud.rest, "rest": cloud.rest, "websocket": cloud.websocket}


def test_it_is_filled(cloud):
    """The board holds flights as soon as it says that it runs, and its feed has just spoken."""
    board = httpx.get(f"{cloud.rest}/v1/airports/EWR/departures").json()
    assert len(board["flights"]) > 20
    assert [feed["silent"] for feed in board["feeds"]] == [False]


def test_answers_are_compressed_and_revalidated(cloud):
    """As API Gateway does it: gzip above the configured size; 304 for what the client has."""
    address = f"{cloud.rest}/v1/airports?q=london"
    answer = httpx.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    again = httpx.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def of_its_own(cloud):
    """The WebSocket at the address that it has to itself."""
    return cloud.websocket


def beside_the_web_app(cloud):
    """The WebSocket at the web app's own host, where CloudFront has it too."""
    return cloud.rest.replace("http", "ws") + "/ws"


@pytest.mark.parametrize("address", [of_its_own, beside_the_web_app])
def test_a_board_moves(cloud, address):
    """From the poll to the watcher: the state in parts, then changes, never an older version; REST shows them too."""
    with connect(address(cloud), max_size=None) as watcher:
        watcher.send(json.dumps({"action": "watch", "topics": ["airport:EWR:departures"]}))
        versions, changes, parts = {}, [], []
        deadline = time.monotonic() + 30
        while len(changes) < 3:
            message = json.loads(watcher.recv(timeout=max(0, deadline - time.monotonic())))
            if message["type"] == "state":
                parts.append(message["part"])
                versions |= {row["id"]: row["version"] for row in message["flights"]}
            elif message["type"] == "change":
                row = message["flight"]
                assert row["version"] >= versions.get(row["id"], 0)
                versions[row["id"]] = row["version"]
                changes.append(row)
    assert parts == list(range(1, len(parts) + 1))
    shown = httpx.get(f"{cloud.rest}/v1/flights/{changes[0]['id']}").json()
    assert shown["version"] >= changes[0]["version"]


def test_what_can_not_be_handled_is_set_aside_whole_and_can_be_given_again(cloud):
    """A message of the topic that can't be understood is in the dead-letter queue; given again, it is there again."""
    client(cloud, "sns").publish(TopicArn=cloud.environment["FLIGHT_CHANGES_TOPIC_ARN"], Message="{", Subject="poison")
    queues, queue = client(cloud, "sqs"), cloud.environment["DEAD_LETTERS_QUEUE_URL"]

    def next_letter():
        """The next of the function that pushes; the message goes to the followers' queue too."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for message in queues.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", []):
                queues.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                letter = json.loads(message["Body"])
                if letter["function"] == "push_change":
                    return letter
        return None

    letter = next_letter()
    assert letter["record"]["Sns"]["Message"] == "{"
    assert "JSONDecodeError" in letter["error"]
    event = json.dumps({"Records": [letter["record"]]})
    answer = client(cloud, "lambda").invoke(FunctionName=f"gatecall-local-{letter['function']}", Payload=event)
    assert "FunctionError" not in answer
    again = next_letter()
    assert (again["function"], again["record"]) == (letter["function"], letter["record"])


def test_the_board_in_the_terminal(cloud):
    """`watch` prints the board and then each change as a line; Ctrl-C ends it without a trace."""
    command = [sys.executable, "-m", "infra.local", "watch", "EWR", "--url", cloud.websocket]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
        lines = []
        for line in watching.stdout:
            lines.append(line)
            if re.match(r"\S+ +EWR→\S+  \S", line):  # a change
                break
        watching.send_signal(signal.SIGINT)
        _, errors = watching.communicate(timeout=10)
    assert lines[0].startswith(f"connected to {cloud.websocket}")
    assert re.match(r"\d+ flights on airport:EWR:departures", lines[1])
    assert (watching.returncode, errors) == (0, "")


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly(start, by):
    """Ctrl-C, or SIGTERM: exit code 0, no trace, no child left, nothing listening, no note left."""
    with start(AIRPORTS="LGA", SPEED="60") as cloud:
        cloud.wait_until_it_says("Ctrl-C ends it")
        addresses = [cloud.rest.replace("localhost", "127.0.0.1"), cloud.environment["AWS_ENDPOINT_URL_DYNAMODB"]]
        started = children(cloud.process.pid)
        with connect(cloud.websocket) as watcher:
            watcher.send('{"action": "ping"}')
            assert json.loads(watcher.recv(timeout=5))["type"] == "pong"
            assert cloud.end(by) == 0
        assert all(refused(address) for address in addresses)
        assert not [pid for pid in started if alive(pid)]
        assert not (cloud.directory / "cloud.json").exists()
        assert cloud.said.rstrip().endswith("Ended.")
        assert "Traceback" not in cloud.said + (cloud.directory / "app.log").read_text()


def test_it_ends_cleanly_while_it_starts(start):
    """Also in the middle of starting: exit code 0, no trace, no child left."""
    with start() as cloud:
        deadline = time.monotonic() + 30
        while not (started := children(cloud.process.pid)) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.5)
        assert cloud.end() == 0
        assert not [pid for pid in started if alive(pid)]
        assert "Traceback" not in cloud.said


def test_a_port_in_use_is_said_in_one_sentence(start):
    """With the setting that chooses another; nothing else is started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for setting in ("PORT", "WS_PORT"):
            with start(**{setting: str(port)}) as cloud:
                assert cloud.process.wait(20) == 1
                [line] = cloud.said.splitlines()
                assert f"port {port} is in use" in line
                assert f"{setting}={port + 10}" in line


@pytest.mark.parametrize(
    ("setting", "value"),
    [("PORT", "http"), ("WS_PORT", "70000"), ("SPEED", "-1"), ("SPEED", "fast"), ("AIRPORTS", "EWR,QQQ")],
)
def test_a_setting_that_makes_no_sense_is_said_in_one_sentence(start, setting, value):
    """What is wrong, and what would be right."""
    with start(**{setting: value}) as cloud:
        assert cloud.process.wait(20) == 2
        [line] = cloud.said.splitlines()
        assert line.startswith(setting)
        assert "such as" in line or "number" in line


def outbox(cloud, channel, to):
    """The first message to an address, once it is in the outbox."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for message in httpx.get(f"{cloud.rest}/local/outbox.json").json():
            if (message["channel"], message["to"]) == (channel, to):
                return message
        time.sleep(0.1)
    raise AssertionError(f"nothing to {to} in {cloud.said}")


def test_a_flight_is_followed_from_the_terminal(cloud):
    """`follow` asks; the email is in the outbox and named on the terminal; its link opens here, and confirms."""
    to = "follower@example.com"
    command = [
        sys.executable, "-m", "infra.local", "follow", "EWR-LAX", "--email", to, "--directory", cloud.directory,
    ]  # fmt: skip
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert f"{cloud.rest}/local/outbox" in said
    email = outbox(cloud, "email", to)
    assert f"✉ email to {to}: {email['title']}" in cloud.said
    assert httpx.get(f"{cloud.rest}/local/outbox/{email['number']}.html").status_code == 200
    [link] = re.findall(rf"{cloud.rest}/follow/confirm\S+", email["text"])
    page = httpx.get(link)
    assert page.status_code == 200
    assert "EWR" in page.text or "Newark" in page.text
    assert httpx.post(link, headers={"Content-Type": "application/x-www-form-urlencoded"}).status_code == 200
