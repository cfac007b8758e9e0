"""What app.py puts together for alerts."""

import pytest
from chalice.test import Client

import app
from chalicelib.alerts import links
from chalicelib.core.clock import wall_now


@pytest.mark.usefixtures("cloud")
def test_a_signed_link_is_recognised_by_the_app() -> None:
    """Whoever has it sees what its address follows; whoever has none is told what is missing."""
    with Client(app.app) as client:
        token = links.manage_token("a" * 24, wall_now())
        answer = client.http.get("/v1/subscriptions", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code in (200, 404)
        assert client.http.get("/v1/subscriptions").status_code == 401
