"""The metrics of the local cloud, scraped as Prometheus does."""

import os
import subprocess
import sys
import time

import httpx
from prometheus_client.parser import text_string_to_metric_families

from .conftest import ROOT

KEY = """
from chalicelib.accounts import keys
from chalicelib.core.clock import wall_now
print(keys.make("prometheus", ["metrics:read"], [], wall_now()))
"""


def test_a_scraper_reads_what_the_local_cloud_measured(cloud):
    """The flights that its feed brought, and the functions that ran for it."""
    made = subprocess.run(
        [sys.executable, "-c", KEY], cwd=ROOT, env={**os.environ, **cloud.environment},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    found, deadline = {}, time.monotonic() + 120
    while not found and time.monotonic() < deadline:  # what happened is put to CloudWatch every few seconds
        answer = httpx.get(f"{cloud.rest}/v1/metrics", headers={"X-Api-Key": made.stdout.strip()}, timeout=30)
        assert answer.status_code == 200
        found = {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }
        time.sleep(0.2)
    assert found["gatecall_flights_added_total", ("stage", "local")] > 100
    assert found["gatecall_function_invocations_total", ("function", "poll_feeds"), ("stage", "local")] >= 1
