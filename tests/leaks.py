"""Reads what every test wrote to the log, and fails the test that wrote what no log may hold.

A pytest plugin, which tests/conftest.py brings in: so it is in every process of the run. What counts as the log is what
pytest captured: the lines of JSON on stdout (the logger's, with tracebacks, and the metrics'), all of stderr, and all
that went through `logging`. What a command prints on its terminal for its own user is no log.
"""

import re
import sys
from collections.abc import Callable, Generator, Iterable
from functools import wraps
from typing import Any

import argon2
import pytest

SENDERS = {"flights@example.com", "flights@gatecall.test"}  # our own
_LEAKS = {
    name: re.compile(pattern)
    for name, pattern in {
        "an email address": r"[\w.+%-]+@(?:\w[\w-]*\.)+[A-Za-z]{2,}",
        "a phone number": r"(?<![\w.+])\+[1-9](?:[ ()-]?\d){6,14}\b",
        "an API key or a refresh token": r"\bgc[kr]_[\w.-]{8,}",
        "a JWT": r"\beyJ[\w-]{8,}",
        "the token of a signed link": r"\bWyJ[\w-]{6,}\.[\w-]{20,}|\btoken(?:=|%3D)[\w%.-]{6,}",
        "an authorization": r"(?i)\b(?:bearer|basic) [\w.~+/-]{16,}",
        "a password's hash": r"\$argon2",
        "a webhook's secret": r"\bwhsec_",
        "a webhook's URL": r"https?://[^/\s\"'\\]+/[^\s\"'\\]*hook",
        "a code that confirms": r"(?i)(?:\bcode|\bcódigo|验证码|确认码)\W{0,9}(?:is|est|es|ist|是|为)?\W{0,5}\d{6}\b",
        "a client's address": r"(?<![\w.])(?!127\.|0\.0\.0\.0\b)(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|(?i:\b2001:db8:)",
    }.items()
}

_passwords: set[str] = set()  # all that were hashed or compared in this process


def leaks(text: str, secrets: Iterable[str] = ()) -> list[str]:
    """What no log may hold, each with the line that holds it; `secrets` are looked for as they are."""
    secrets = list(secrets)
    found = []
    for line in text.splitlines():
        for name, pattern in _LEAKS.items():
            if any(match[0] not in SENDERS for match in pattern.finditer(line)):
                found.append(f"{name}: {line}")
        if any(secret in line for secret in secrets):
            found.append(f"a password or a key: {line}")
    return found


def logged(section: str, text: str) -> str:
    """The part of a captured section that is log; the section is such as `Captured stdout call`."""
    if "stdout" in section:
        return "\n".join(line for line in text.splitlines() if line.startswith("{"))
    return text


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Read what setup, call or teardown of a test wrote."""
    report = yield
    if report.passed:
        written = "\n".join(logged(name, text) for name, text in report.sections if name.endswith(report.when or ""))
        if written and (found := leaks(written, _secrets())):
            report.outcome = "failed"
            report.longrepr = "\n".join(["The log holds what it may not hold:", *found])
    return report


def _secrets() -> set[str]:
    """The passwords and the stage's secrets that were in use."""
    kept = sys.modules.get("chalicelib.core.secrets")
    values = [value for _, value in kept._known.values()] if kept else []
    return _passwords | {part for value in values for part in re.findall(r"[\w+/-]{32,}", value)}


def _noted(method: Callable[..., Any], at: int) -> Callable[..., Any]:
    @wraps(method)
    def noting(*arguments: Any, **more: Any) -> Any:
        password = more.get("password", arguments[at] if at < len(arguments) else "")
        text = password if isinstance(password, str) else password.decode(errors="replace")
        if len(text) >= 8:
            _passwords.add(text)
        return method(*arguments, **more)

    return noting


argon2.PasswordHasher.hash = _noted(argon2.PasswordHasher.hash, 1)  # type: ignore[method-assign]
argon2.PasswordHasher.verify = _noted(argon2.PasswordHasher.verify, 2)  # type: ignore[method-assign]
