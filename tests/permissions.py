"""Holds what each Lambda function does in AWS against its IAM policy, in every test: nothing missing, nothing over.

A pytest plugin, which tests/conftest.py brings in: so it is in every process of the run. While one of app.py's handlers
runs, every call of AWS is that function's, also in the threads of its pools. A call that its policy (infra/policies.py)
does not allow fails the test that made it. What policies.yaml grants to a function's code and nothing in the whole
suite used fails the session; a part of the suite can't tell.
"""

import re
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, wraps
from typing import Any

import pytest
from botocore.client import BaseClient
from chalice.app import Chalice, EventSourceHandler

HERE = {"partition": "aws", "region": "us-east-1", "account": "123456789012"}
ARN = "arn:{partition}:{{}}:{region}:{account}:{{}}".format(**HERE)
SMS = {"sns:Publish": "sms-voice:SendTextMessage", "sns:ListPhoneNumbersOptedOut": "sms-voice:DescribeOptedOutNumbers"}
_PART_OF_A_RUN = ("keyword", "markexpr", "deselect", "lf", "ignore", "ignore_glob", "collectonly")

Statement = Mapping[str, Any]


@dataclass(frozen=True)
class Deed:
    """Something done to a resource, as IAM sees it; `context` as IAM's condition keys."""

    action: str
    resource: str  # an ARN, a phone number, or "*" where the action has none
    context: Mapping[str, str | list[str]] = field(default_factory=dict)


_function: ContextVar[str | None] = ContextVar("function", default=None)
_refused: list[str] = []
_used: set[tuple[str, int]] = set()  # functions, and which of the grants in their policy


def deeds(service: str, operation: str, request: Mapping[str, Any], stage: str) -> Iterator[Deed]:  # noqa: PLR0912 - a table
    """What an operation of botocore does, by what IAM asks for it (Service Authorization Reference)."""
    match service, operation:
        case "dynamodb", "TransactWriteItems":
            yield from _transaction(request["TransactItems"])
        case "dynamodb", "BatchGetItem" | "BatchWriteItem":
            for table in request["RequestItems"]:
                yield Deed(f"dynamodb:{operation}", _table(table))
        case "dynamodb", _:
            index = f"/index/{request['IndexName']}" if "IndexName" in request else ""
            keys = request.get("Key") or request.get("Item") or {}
            context = {"dynamodb:LeadingKeys": [keys["pk"]["S"]]} if keys else {}
            yield Deed(f"dynamodb:{operation}", _table(request["TableName"]) + index, context)
        case "sqs", _:
            queue = ARN.format("sqs", request["QueueUrl"].rpartition("/")[2])
            yield Deed(f"sqs:{operation.removesuffix('Batch')}", queue)
        case "sns", "Publish" | "PublishBatch" if "PhoneNumber" not in request:
            yield Deed("sns:Publish", request.get("TopicArn") or request["TargetArn"])
        case "sns", "Publish" | "ListPhoneNumbersOptedOut":
            yield Deed(f"sns:{operation}", request.get("PhoneNumber", "*"))
            yield Deed(SMS[f"sns:{operation}"], "*", {"aws:CalledViaLast": "sns.amazonaws.com"})
        case "sns", _:
            yield Deed(f"sns:{operation}", request.get("PlatformApplicationArn") or request["EndpointArn"])
        case "sesv2", _:
            sender = request["FromEmailAddress"].rpartition("<")[2].rstrip(">")
            yield Deed(f"ses:{operation}", ARN.format("ses", f"identity/{sender}"))
            yield Deed(f"ses:{operation}", ARN.format("ses", "template/of-the-call"))
            if "ConfigurationSetName" in request:
                name = request["ConfigurationSetName"]
                yield Deed(f"ses:{operation}", ARN.format("ses", f"configuration-set/{name}"))
        case "ssm", _:
            for name in request.get("Names") or [request["Name"]]:
                yield Deed(f"ssm:{operation}", ARN.format("ssm", f"parameter{name}"))
        case "kms", _:
            yield Deed(f"kms:{operation}", ARN.format("kms", "key/of-it"), {"kms:RequestAlias": request["KeyId"]})
        case "apigatewaymanagementapi", "PostToConnection":
            connection = f"an-api/{stage}/POST/@connections/{request['ConnectionId']}"
            yield Deed("execute-api:ManageConnections", ARN.format("execute-api", connection))
        case "cloudwatch", "GetMetricData":
            yield Deed("cloudwatch:GetMetricData", "*")
        case _:  # nobody has thought of it yet: no policy allows this
            yield Deed(f"{service}:{operation}", "nobody knows: tests/permissions.py")


def _transaction(items: Iterable[Mapping[str, Any]]) -> Iterator[Deed]:
    """Each item with its own key, and with all keys of the transaction: nobody says which of both IAM is told."""
    each = [(kind, of) for item in items for kind, of in item.items()]
    keys = [(of.get("Key") or of["Item"])["pk"]["S"] for _, of in each]
    for (kind, of), key in zip(each, keys, strict=True):
        action = "dynamodb:ConditionCheckItem" if kind == "ConditionCheck" else f"dynamodb:{kind}Item"
        yield Deed(action, _table(of["TableName"]), {"dynamodb:LeadingKeys": [key]})
        yield Deed(action, _table(of["TableName"]), {"dynamodb:LeadingKeys": keys})


def _table(name: str) -> str:
    return ARN.format("dynamodb", f"table/{name}")


def allows(policy: Mapping[str, Any], deed: Deed) -> bool:
    """Whether an identity's policy allows something: some statement does, and none denies it.

    Raises NotImplementedError for what no policy here says.
    """
    return bool(_allowed_by(_singles(policy), deed))


def _allowed_by(singles: list[Statement], deed: Deed) -> list[int]:
    """Which of these statements allow something; none where one denies it."""
    about = [number for number, statement in enumerate(singles) if _is_about(statement, deed)]
    return about if all(singles[number]["Effect"] == "Allow" for number in about) else []


def _singles(policy: Mapping[str, Any]) -> list[Statement]:
    """A policy's statements, each of one action and one resource."""
    found: list[Statement] = []
    for statement in policy["Statement"]:
        if unknown := statement.keys() - {"Sid", "Effect", "Action", "Resource", "NotResource", "Condition"}:
            raise NotImplementedError(f"no policy here has {', '.join(unknown)}")
        for action in _list(statement["Action"]):
            if "Resource" in statement:
                found += [{**statement, "Action": action, "Resource": each} for each in _list(statement["Resource"])]
            else:
                found.append({**statement, "Action": action})
    return found


def _is_about(statement: Statement, deed: Deed) -> bool:
    if not _is(statement["Action"], deed.action):
        return False
    if "Resource" in statement:
        there = _is(statement["Resource"], deed.resource)
    else:
        there = not any(_is(each, deed.resource) for each in _list(statement["NotResource"]))
    return there and all(
        _holds(operator, _list(wanted), _list(deed.context.get(key, [])))
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _holds(operator: str, wanted: list[str], given: list[str]) -> bool:
    """A condition, as the IAM User Guide has it ("Set operators for multi-valued context keys")."""
    match operator:
        case "Null":
            return (wanted == ["true"]) == (not given)
        case "StringEquals":
            return bool(given) and given[0] in wanted
        case "ForAllValues:StringLike":
            return all(any(_is(pattern, value) for pattern in wanted) for value in given)
    raise NotImplementedError(f"no policy here has {operator}")


def _is(pattern: str, text: str) -> bool:
    """IAM's wildcards: * and ?, which stand for slashes and colons, too."""
    return pattern == text or (("*" in pattern or "?" in pattern) and bool(_compiled(pattern).fullmatch(text)))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern), re.DOTALL)


def _list(one_or_many: str | list[str]) -> list[str]:
    return [one_or_many] if isinstance(one_or_many, str) else one_or_many


@cache
def _policies(stage: str) -> dict[str, list[Statement]]:
    from infra import policies

    return {name: _singles(policy) for name, policy in policies.render(stage, **HERE).items()}


def _done(function: str, deed: Deed, stage: str) -> None:
    """A function did something."""
    if allowed := _allowed_by(_policies(stage).get(function, []), deed):
        _used.update((function, number) for number in allowed)
    else:
        keys = " ".join(f"{key}={value}" for key, value in deed.context.items())
        _refused.append(f"{function}: {deed.action} on {deed.resource} {keys}".rstrip())


def unused() -> list[str]:
    """What policies grant to functions' code that nobody used in this process, or in those it heard of."""
    return [
        f"{function}: {grant['Action']} on {grant.get('Resource', 'no ARN')}"
        for function, grants in _policies("test").items()
        for number, grant in enumerate(grants)
        if grant["Effect"] == "Allow" and (function, number) not in _used and not _is_lambdas(grant)
    ]


def _is_lambdas(grant: Statement) -> bool:
    """Whether it is Lambda that does this in the function's name."""
    return str(grant.get("Sid", "")).startswith("Lambda")


@contextmanager
def _at_work(function: str | None) -> Iterator[None]:
    before = _function.set(function)
    try:
        yield
    finally:
        _function.reset(before)


@cache
def _names() -> dict[str, str]:
    """The functions, by the names of their handlers."""
    from infra import functions

    return {each.handler: each.name for each in functions.declared()}


def _noting_handlers(call: Callable[..., Any], handler: Callable[[Any], str | None]) -> Callable[..., Any]:
    @wraps(call)
    def noting(self: Any, *event_and_context: Any) -> Any:
        name = handler(self)
        if name is None:
            return call(self, *event_and_context)
        with _at_work(_names()[name]):
            return call(self, *event_and_context)

    return noting


def _handler_of(source: EventSourceHandler) -> str | None:
    return source.func.__name__ if source.func.__module__ == "app" else None


def _app_of(app: Chalice) -> str | None:
    return "app" if app is getattr(sys.modules.get("app"), "app", None) else None


def _noting_calls(call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def noting(self: Any, operation: str, request: Any) -> Any:
        if function := _function.get():
            from chalicelib.core.config import config

            stage = config().stage
            for deed in deeds(self.meta.service_model.service_name, operation, request, stage):
                _done(function, deed, stage)
        return call(self, operation, request)

    return noting


def _handing_on(submit: Callable[..., Any]) -> Callable[..., Any]:
    """A pool's threads work for whoever gave them work."""

    @wraps(submit)
    def handing_on(self: Any, work: Callable[..., Any], /, *arguments: Any, **more: Any) -> Any:
        function = _function.get()
        if function is None:
            return submit(self, work, *arguments, **more)

        def as_function(*arguments: Any, **more: Any) -> Any:
            with _at_work(function):
                return work(*arguments, **more)

        return submit(self, as_function, *arguments, **more)

    return handing_on


EventSourceHandler.__call__ = _noting_handlers(EventSourceHandler.__call__, _handler_of)  # type: ignore[method-assign]
Chalice.__call__ = _noting_handlers(Chalice.__call__, _app_of)  # type: ignore[method-assign]
BaseClient._make_api_call = _noting_calls(BaseClient._make_api_call)
ThreadPoolExecutor.submit = _handing_on(ThreadPoolExecutor.submit)  # type: ignore[method-assign]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail the test in which a function did what it may not do."""
    report = yield
    if _refused:
        told = "\n".join(["A function did what infra/policies.yaml does not allow it:", *dict.fromkeys(_refused)])
        _refused.clear()
        if report.passed:
            report.outcome, report.longrepr = "failed", told
        else:
            report.sections.append(("permissions", told))
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker of xdist tells what was used in it."""
    _used.update((function, number) for function, number in getattr(node, "workeroutput", {}).get("used", ()))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the session where something is granted that the whole suite never used."""
    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["used"] = sorted(_used)
    elif _is_whole(config) and session.exitstatus == pytest.ExitCode.OK and unused():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    """Name it."""
    if _is_whole(config) and not terminalreporter.stats.get("failed") and (left := unused()):
        terminalreporter.section("granted by infra/policies.yaml, and used by nobody", red=True)
        for line in left:
            terminalreporter.line(line)


def _is_whole(config: pytest.Config) -> bool:
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not any(
        config.getoption(name, None) for name in _PART_OF_A_RUN
    )
