"""The web app's components and functions with logic of their own, by Vitest."""

import os
import subprocess

import pytest

from infra import webapp


def test_the_components_do_what_their_own_tests_say() -> None:
    """All of `npm test`. A machine without node runs the other tests; CI has it."""
    try:
        command = webapp.prepare()
    except webapp.NoNode as reason:
        if os.environ.get("CI"):
            pytest.fail(str(reason))
        pytest.skip(str(reason))
    ran = subprocess.run([*command, "test"], check=False, capture_output=True, text=True, timeout=900)
    assert ran.returncode == 0, ran.stdout + ran.stderr
