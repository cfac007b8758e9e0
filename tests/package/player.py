"""Plays AWS for what is deployed at a moto server: it hands the deployed functions what their deployed sources have.

moto keeps functions, and runs none. Here each runs as on Lambda: in a clean interpreter with nothing but the package on
its path, with its own environment variables, as the role that it was deployed with. Its access key is its name, so that
each call it makes is known to be its own.
"""

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from infra.local import events, motoserver
from infra.local.moto_gaps import functions as lambda_gap
from tests.permissions import Deed, allows, deeds

BATCH = 100
GIVES_UP = 200  # rounds of carrying, after which something goes in circles

# What Lambda does: the package and the standard library on the path, nothing else; an event in, JSON out, one after the
# other in the same process. What the function prints is its log.
RUNTIME = """
import importlib, json, os, sys, time, traceback, types
from importlib.util import find_spec
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
sys.path.append(sys.argv[1])
for stranger in ("pytest", "moto", "boto3", "tests", "infra"):
    assert not find_spec(stranger), f"this interpreter is not clean: it has {stranger}"
module, _, name = sys.argv[2].rpartition(".")
handler = getattr(importlib.import_module(module), name)
for line in sys.stdin:
    event, end = json.loads(line), time.monotonic() + float(sys.argv[3])
    context = types.SimpleNamespace(
        aws_request_id="a-request", function_name=os.environ["AWS_LAMBDA_FUNCTION_NAME"], memory_limit_in_mb=1769,
        invoked_function_arn="an-arn", get_remaining_time_in_millis=lambda: int(1000 * (end - time.monotonic())))
    try:
        told = {"result": handler(event, context)}
    except Exception as error:
        traceback.print_exc()
        told = {"error": repr(error)}
    print(json.dumps(told), file=answers, flush=True)
"""


class Failed(Exception):
    """A function raised; its log says what."""


@dataclass
class Environment:
    """One of Lambda's execution environments: a process that has started a function, and waits for events."""

    process: "subprocess.Popen[str]"
    log: Any

    @classmethod
    def start(cls, package: Path, configuration: Mapping[str, Any], sdk: Mapping[str, str]) -> "Environment":
        """Start a function as it is configured."""
        name = configuration["FunctionName"]
        variables = {
            **sdk,
            **configuration["Environment"]["Variables"],
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_ACCESS_KEY_ID": name,
            "LAMBDA_TASK_ROOT": str(package),
        }
        log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - as long as the process
        process = subprocess.Popen(
            [sys.executable, "-ISBc", RUNTIME, package, configuration["Handler"], str(configuration["Timeout"])],
            env=variables, cwd=package, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
        return cls(process, log)

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """What the function answers. Raises Failed."""
        assert self.process.stdin
        assert self.process.stdout
        with suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(event) + "\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        told = json.loads(line) if line else {"error": "the process has ended"}
        if "error" in told:
            raise Failed(f"{told['error']}\n{self.said()}")
        return told["result"]

    def said(self) -> str:
        """Its log."""
        self.log.seek(0)
        text: str = self.log.read()
        return text

    def end(self) -> None:
        """End the process."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        self.process.wait(10)
        self.log.close()


class Player:
    """AWS, as far as it runs functions. `client` gives a client of a service, `sdk` points the SDK at the server."""

    def __init__(self, stage: str, package: Path, client: Callable[[str], Any], sdk: Mapping[str, str]):
        self.stage = stage
        self.client = client
        self.calls: list[motoserver.Call] = []  # of the functions, to moto and to connections
        self.invoked: list[tuple[str, dict[str, Any]]] = []  # the functions' names, and the events
        self._package = package
        self._sdk = sdk
        self._running: dict[str, Environment] = {}
        self._policies: dict[str, dict[str, Any]] = {}
        self._invokers: set[tuple[str, str, str]] = set()  # who was seen to be allowed to invoke what
        self._read: dict[str, str | None] = {}  # iterators of mappings' shards
        self.restart()

    # -- Lambda

    def restart(self) -> None:
        """Forget what runs, and read the functions' configuration again: the next event of each is a cold start."""
        self.end()
        self._policies.clear()
        self._invokers.clear()
        pages = self.client("lambda").get_paginator("list_functions").paginate()
        self.configurations = {
            each["FunctionName"]: each
            for page in pages
            for each in page["Functions"]
            if each["FunctionName"].startswith(f"gatecall-{self.stage}")
        }

    def configure(self, **settings: str) -> None:
        """Change environment variables of every function, as an admin can."""
        for name, each in self.configurations.items():
            variables = each["Environment"]["Variables"] | settings
            self.client("lambda").update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        self.restart()

    def name_of(self, function: str) -> str:
        """AWS's name of a function, such as poll_feeds."""
        return f"gatecall-{self.stage}" + (f"-{function}" if function else "")

    def invoke(self, name: str, event: Mapping[str, Any]) -> Any:
        """Run a function. Raises Failed."""
        name = name.rpartition(":function:")[2].partition(":")[0] or name
        if name not in self._running:
            self._running[name] = Environment.start(self._package, self.configurations[name], self._sdk)
        self.invoked.append((name, dict(event)))
        return self._running[name].invoke(event)

    def hear(self, access_key: str, call: Callable[[], motoserver.Call]) -> None:
        """Note what functions call."""
        if access_key in self.configurations:
            self.calls.append(call())

    def logs(self) -> dict[str, str]:
        """What each function that runs has written."""
        return {name: each.said() for name, each in self._running.items()}

    def end(self) -> None:
        """End what runs."""
        for each in self._running.values():
            each.end()
        self._running.clear()

    # -- what triggers functions by itself

    def carry(self) -> None:
        """Hand on what is in streams, topics and queues, until all is quiet. Time passes: no message is held back."""
        for _ in range(GIVES_UP):
            moved = [self._carry_notifications()]
            for page in self.client("lambda").get_paginator("list_event_source_mappings").paginate():
                for mapping in page["EventSourceMappings"]:
                    if not mapping["FunctionArn"].rpartition(":")[2].startswith(f"gatecall-{self.stage}"):
                        continue
                    assert mapping["State"] == "Enabled"
                    carry = self._carry_stream if ":dynamodb:" in mapping["EventSourceArn"] else self._carry_queue
                    moved.append(carry(mapping))
            if not any(moved):
                return
        raise AssertionError("there is no end of it")

    def tick(self, function: str) -> None:
        """Fire the rule that runs a function."""
        rule_client = self.client("events")
        for rule in rule_client.list_rules()["Rules"]:
            for target in rule_client.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                if target["Arn"].rpartition(":")[2] == self.name_of(function):
                    assert rule["State"] == "ENABLED"
                    self._may_be_invoked(target["Arn"], "events.amazonaws.com", rule["Arn"])
                    self.invoke(target["Arn"], events.schedule(rule["Name"], datetime.now(UTC)))
                    return
        raise LookupError(f"no rule runs {function}")

    def _carry_notifications(self) -> bool:
        brought = [each for each in lambda_gap.notifications if f":gatecall-{self.stage}-" in each.topic_arn]
        for each in brought:
            lambda_gap.notifications.remove(each)
            self._may_be_invoked(each.function_arn, "sns.amazonaws.com", each.topic_arn)
            record = events.sns_record(
                each.message, topic_arn=each.topic_arn, at=datetime.now(UTC), subject=each.subject,
                message_id=each.message_id, attributes=each.attributes,
            )  # fmt: skip
            self.invoke(each.function_arn, events.records(record))
        return bool(brought)

    def _carry_stream(self, mapping: Mapping[str, Any]) -> bool:
        client, arn, name = self.client("dynamodbstreams"), mapping["EventSourceArn"], mapping["FunctionArn"]
        self._lambda_may(name, "dynamodb", arn, ("DescribeStream", "GetShardIterator", "GetRecords"))
        if name not in self._read:
            [shard] = client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
            started = client.get_shard_iterator(
                StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType=mapping["StartingPosition"]
            )
            self._read[name] = started["ShardIterator"]
        batch = client.get_records(ShardIterator=self._read[name], Limit=mapping["BatchSize"])
        self._read[name] = batch["NextShardIterator"]
        if batch["Records"]:
            self._hand_over(mapping, [events.stream_record(each, arn) for each in batch["Records"]])
        return bool(batch["Records"])

    def _carry_queue(self, mapping: Mapping[str, Any]) -> bool:
        client, arn = self.client("sqs"), mapping["EventSourceArn"]
        self._lambda_may(mapping["FunctionArn"], "sqs", arn, ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"))
        let_time_pass(arn)
        url = client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        told = client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=min(10, mapping["BatchSize"]), AttributeNames=["All"]
        )
        messages = told.get("Messages", [])
        if messages:
            self._hand_over(mapping, [events.sqs_record(each, arn) for each in messages])
        for each in messages:
            client.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return bool(messages)

    def _hand_over(self, mapping: Mapping[str, Any], records: Sequence[dict[str, Any]]) -> None:
        answer = self.invoke(mapping["FunctionArn"], events.records(*records))
        assert answer == {"batchItemFailures": []}, f"{mapping['FunctionArn']}: {answer}"

    # -- API Gateway

    def request(
        self, method: str, path: str, *, query: str = "", body: Any = None, token: str = "",
        more: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """A request to the deployed REST API, with `more` headers; the answer with its `body` read where it is JSON."""
        gateway = self.client("apigateway")
        [api] = [each for each in gateway.get_rest_apis()["items"] if self._has_stage(gateway, each["id"])]
        resource, parameters = self._resource(gateway.get_resources(restApiId=api["id"])["items"], path)
        integration = gateway.get_integration(restApiId=api["id"], resourceId=resource["id"], httpMethod=method)
        arn = integration["uri"].partition("/functions/")[2].partition("/invocations")[0]
        self._may_be_invoked(
            arn, "apigateway.amazonaws.com", f"arn:aws:execute-api:{events.REGION}:{events.ACCOUNT}:{api['id']}/*"
        )
        headers = [("content-type", "application/json")] * (body is not None)
        headers += [("authorization", f"Bearer {token}")] * bool(token)
        headers += (more or {}).items()
        event = events.rest(
            method, path, at=datetime.now(UTC), resource=resource["path"], path_parameters=parameters, query=query,
            headers=headers, body=json.dumps(body).encode() if body is not None else b"",
        )  # fmt: skip
        event["requestContext"] |= {"apiId": api["id"], "stage": self.stage}
        answer: dict[str, Any] = self.invoke(arn, event)
        with suppress(ValueError):
            answer["body"] = json.loads(answer["body"])
        return answer

    def websocket(self, route: str, connection: str, domain: str, body: Any = None) -> Any:
        """What a client of the deployed WebSocket API does: `route` is $connect, $default or $disconnect."""
        gateway, now = self.client("apigatewayv2"), datetime.now(UTC)
        [api] = [each for each in gateway.get_apis()["Items"] if each["Name"] == f"gatecall-{self.stage}-websocket-api"]
        [found] = [each for each in gateway.get_routes(ApiId=api["ApiId"])["Items"] if each["RouteKey"] == route]
        integration = gateway.get_integration(
            ApiId=api["ApiId"], IntegrationId=found["Target"].removeprefix("integrations/")
        )
        arn = integration["IntegrationUri"].partition("/functions/")[2].partition("/invocations")[0]
        self._may_be_invoked(
            arn, "apigateway.amazonaws.com", f"arn:aws:execute-api:{events.REGION}:{events.ACCOUNT}:{api['ApiId']}/*"
        )
        text = None if body is None else json.dumps(body)
        event = events.websocket(route, connection, at=now, connected_at=now, domain=domain, body=text)
        event["requestContext"] |= {"apiId": api["ApiId"], "stage": self.stage}
        return self.invoke(arn, event)

    def _has_stage(self, gateway: Any, api: str) -> bool:
        return any(each["stageName"] == self.stage for each in gateway.get_stages(restApiId=api)["item"])

    def _resource(self, resources: Sequence[dict[str, Any]], path: str) -> tuple[dict[str, Any], dict[str, str]]:
        """The resource that answers for a path: one without parameters before one with."""
        parts = path.strip("/").split("/")
        for resource in sorted(resources, key=lambda each: each["path"].count("{")):
            wanted = resource["path"].strip("/").split("/")
            if len(wanted) == len(parts) and all(
                w in (p, f"{{{w[1:-1]}}}") for w, p in zip(wanted, parts, strict=True)
            ):
                return resource, {w[1:-1]: p for w, p in zip(wanted, parts, strict=True) if w.startswith("{")}
        raise LookupError(f"no resource is {path}")

    # -- IAM

    def policy(self, name: str) -> dict[str, Any]:
        """The policies of a function's role, as one."""
        if name not in self._policies:
            self._policies[name] = self._policy(name)
        return self._policies[name]

    def _policy(self, name: str) -> dict[str, Any]:
        iam, role = self.client("iam"), self.configurations[name]["Role"].rpartition("/")[2]
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        assert not iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        documents = [iam.get_role_policy(RoleName=role, PolicyName=each)["PolicyDocument"] for each in names]
        return {"Statement": [statement for document in documents for statement in document["Statement"]]}

    def not_allowed(self) -> list[str]:
        """What functions called, and their roles do not allow."""
        policies = {name: self.policy(name) for name in {call.access_key for call in self.calls}}
        return sorted({
            f"{call.access_key}: {deed.action} on {deed.resource}"
            for call in self.calls
            for deed in deeds(call.service, call.operation, call.request, self.stage)
            if not allows(policies[call.access_key], deed)
        })  # fmt: skip

    def _lambda_may(self, function_arn: str, service: str, resource: str, actions: Sequence[str]) -> None:
        """Lambda polls in the function's name."""
        policy = self.policy(function_arn.rpartition(":")[2])
        for action in actions:
            assert allows(policy, Deed(f"{service}:{action}", resource)), f"{function_arn}: {action} on {resource}"

    def _may_be_invoked(self, function_arn: str, service: str, source: str) -> None:
        if (function_arn, service, source) in self._invokers:
            return
        told = self.client("lambda").get_policy(FunctionName=function_arn.rpartition(":")[2])
        statements = json.loads(told["Policy"])["Statement"]
        assert any(
            each["Principal"] == {"Service": service} and each["Condition"]["ArnLike"]["AWS:SourceArn"] == source
            for each in statements
        ), f"{source} may not invoke {function_arn}: {statements}"
        self._invokers.add((function_arn, service, source))


def let_time_pass(queue_arn: str) -> None:
    """Hold back no message of a queue any longer."""
    from moto.sqs.models import sqs_backends

    with motoserver.alone():
        for message in sqs_backends[events.ACCOUNT][events.REGION].queues[queue_arn.rpartition(":")[2]]._messages:
            message.delayed_until = 0


@dataclass
class Connections:
    """In the place of API Gateway's management API, and of anybody's server: keeps what it is sent."""

    domain: str
    sent: list[tuple[str, str, Any]]  # who (an access key, or nobody's), the path, and the message

    @classmethod
    def listening(cls) -> "Iterator[Connections]":
        """It listens until the generator is closed."""
        sent: list[tuple[str, str, Any]] = []

        class Management(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                who = self.headers.get("Authorization", "").partition("Credential=")[2].partition("/")[0]
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sent.append((who, unquote(self.path), json.loads(body)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *said: object) -> None:
                """Nothing: the test says what came."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Management)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield cls(f"127.0.0.1:{server.server_port}", sent)
        server.shutdown()
        server.server_close()
