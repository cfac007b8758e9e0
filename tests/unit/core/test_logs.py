"""What reads the log of every test (tests/leaks.py) finds what no log may hold, and nothing else."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import leaks

HELD = "WyJhIiwxNzg4ODY4ODAwXQ.6YDozCRPDj1SQf9xGrytC72bJMekVGuR9HBoKtit00k"


@pytest.mark.parametrize(
    "line",
    [
        '{"level":"INFO","message":"asked","to":"ada@example.com"}',
        "KeyError: 'Ada.Lovelace+x@mail.example.co.uk'",
        '{"message":"sent","number":"+12015550123"}',
        '{"message":"sent","number":"+44 7700 900123"}',
        "gck_3vX8kLm2n4p5q6r7s8t9",
        "gcr_0a1b2c3d.4e5f6a7b.1.abcdefghijk",
        "no: eyJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.eyJzdWIiOiIxIn0.c2ln",
        HELD,
        "GET /follow/manage?token=abcdef",
        "Location: /account/password?token%3Dabcdef",
        "Authorization: Bearer abcdefghijklmnopqrst",
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "no answer of https://hooks.example.com/in/hook",
        "your code is 123456",
        '{"code": "012345"}',
        "Ihr Code: 123456",
        "您的验证码:123456",
        '{"client":"203.0.113.7"}',
        "203.0.113.7 - GET",
        '{"client":"2001:db8:1:2::/64"}',
        "it was correct horse battery",
    ],
)
def test_what_no_log_may_hold_is_found(line: str) -> None:
    """Addresses, numbers, tokens, keys, passwords, codes, and where a client calls from."""
    assert leaks.leaks(f"fine\n{line}\nfine", ["correct horse battery"])


@pytest.mark.parametrize(
    "line",
    [
        '{"level":"INFO","location":"take:87","message":"updates taken","timestamp":"2026-07-10T12:00:00.000+00:00"}',
        '{"_aws":{"Timestamp":1795273080430,"CloudWatchMetrics":[]},"service":"gatecall","FlightsAdded":[12345678.0]}',
        '{"xray_trace_id":"1-5759e988-bd862e3fe1be46a994272793","flight":"UA1545-20130710-EWR","version":7}',
        '{"message":"SES does not let us send","code":"AccessDenied"}',
        "moto: 127.0.0.1 - POST / 200",
        '{"address":"c7c874f9275fe9a1c35c6b96","account":"0123456789abcdef01234567","sender":"flights@example.com"}',
        "status code 404; delay code 93; 100000 followers",
        "https://errors.pydantic.dev/2.14/v/value_error",
        "see section 4.2.1 of version 1.2.3",
        "ValueError: this token is none of ours",
    ],
)
def test_what_a_log_is_for_is_left_alone(line: str) -> None:
    """Ids, counts, instants, flights, versions."""
    assert leaks.leaks(line, ["correct horse battery"]) == []


LOGS = """
import logging
from chalicelib.core.telemetry import MetricUnit, count, gauge, invocation, logger

def test_clean():
    logger.info("asked", address="c7c874f9")
    print("your key, which is seen this once: gck_3vX8kLm2n4p5q6r7s8t9")

def test_a_value():
    logger.info("asked", address="ada@example.com")

def test_a_traceback():
    try:
        raise KeyError("ada@example.com")
    except KeyError:
        logger.exception("a view failed")

def test_another_logger():
    try:
        raise KeyError("+12015550123")
    except KeyError:
        logging.getLogger("infra").exception("failed")

def test_a_metric():
    gauge("Sent", 1, MetricUnit.Count, address="203.0.113.7")

def test_a_password():
    from argon2 import PasswordHasher
    PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("lamp river quiet forty")
    logger.info("hashed", what="lamp river quiet forty")

def test_a_command_with_a_capture_of_its_own(capsys):
    logger.info("asked", address="ada@example.com")
"""


def test_the_test_that_leaks_is_the_one_that_fails(tmp_path: Path) -> None:
    """By a value, by an exception's text, by another logger, by a metric; not by what a command prints."""
    (tmp_path / "test_logs.py").write_text(LOGS)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.leaks", "-c", "/dev/null", "--rootdir", tmp_path, "-rA",
         "-p", "no:cacheprovider", tmp_path],
        cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "6 failed, 1 passed" in run.stdout
    said, _, _ = run.stdout.partition("short test summary info")
    assert re.search(r"PASSED \S*::test_clean", run.stdout)
    assert said.count("The log holds what it may not hold") == 6
