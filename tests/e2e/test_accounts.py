"""People on one machine: from the first admin to a passenger who leaves, over HTTP as they would."""

import json
import os
import re
import subprocess
import sys
import time

import httpx
import pytest
from websockets.sync.client import connect

from .conftest import ROOT

PASSWORD = "a tram to the harbour"
MAKE_ADMIN = """
import sys
from chalicelib.accounts import links, people
from chalicelib.core.clock import wall_now
print(links.url(people.make_admin(sys.argv[1], "en", "terminal", wall_now())))
"""


def letter(cloud, to: str, link: str) -> str:
    """The token of the link in the newest email to an address that has one, once it is in the outbox."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for message in httpx.get(f"{cloud.rest}/local/outbox.json").json():
            found = re.search(rf"{link}\?token=([^\s\"]+)", message["text"])
            if message["to"] == to and found:
                return found[1]
        time.sleep(0.2)
    raise AssertionError(f"no letter with {link}")


def ask(cloud, method: str, path: str, body: object = None, token: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.request(method, f"{cloud.rest}{path}", json=body, headers=headers, timeout=30)


def log_in(cloud, email: str) -> str:
    answer = ask(cloud, "POST", "/v1/sessions", {"email": email, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return answer.json()["access_token"]


@pytest.fixture(scope="module")
def admin(cloud) -> str:
    """The access token of the first admin, who set the password on the page that the link opens."""
    email = f"admin{os.getpid()}@example.com"
    run = subprocess.run(
        [sys.executable, "-c", MAKE_ADMIN, email],
        cwd=ROOT, env={**os.environ, **cloud.environment}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    link = run.stdout.strip()
    page = httpx.get(link)
    assert page.status_code == 200
    assert 'autocomplete="new-password"' in page.text
    assert httpx.post(link, data={"password": "short"}).status_code == 400
    assert httpx.post(link, data={"password": PASSWORD}).status_code == 200
    return log_in(cloud, email)


def test_an_operator_cancels_a_flight_of_their_airline_and_the_board_shows_it(cloud, admin):
    """Invited by the admin; other airlines' flights are not theirs; the trail says who it was."""
    email = f"ops{os.getpid()}@example.com"
    invitation = {"email": email, "role": "operator", "airlines": ["UA"]}
    assert ask(cloud, "POST", "/v1/people", invitation, admin).status_code == 202
    confirmation = {"token": letter(cloud, email, "/account/password"), "password": PASSWORD}
    assert ask(cloud, "POST", "/v1/accounts/confirmation", confirmation).status_code == 200
    operator = log_in(cloud, email)
    rows = ask(cloud, "GET", "/v1/airports/EWR/departures?limit=500").json()["flights"]
    to_leave = [row for row in rows if row["phase"] == "scheduled"]
    ours = next(row["id"] for row in reversed(to_leave) if row["number"].startswith("UA"))
    theirs = next(row["id"] for row in to_leave if not row["number"].startswith("UA"))
    refused = ask(cloud, "POST", f"/v1/flights/{theirs}/updates", {"cancelled": True}, operator)
    assert refused.status_code == 403, refused.text
    with connect(cloud.websocket, max_size=None) as watcher:
        watcher.send(json.dumps({"action": "watch", "topics": [f"flight:{ours}"]}))
        assert json.loads(watcher.recv(timeout=20))["type"] == "state"
        done = ask(cloud, "POST", f"/v1/flights/{ours}/updates", {"cancelled": True, "note": "Crew sick"}, operator)
        assert done.status_code == 200, done.text
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            told = json.loads(watcher.recv(timeout=20))
            if told["type"] == "change" and told["flight"]["phase"] == "cancelled":
                break
    assert told["flight"]["phase"] == "cancelled"
    trail = ask(cloud, "GET", f"/v1/audit?about=flight:{ours}", None, admin).json()["events"]
    assert [(event["what"], event["detail"]["cancelled"]) for event in trail] == [("flight-updated", "yes")]
    assert ask(cloud, "GET", "/v1/people", None, operator).status_code == 403


def test_a_passenger_registers_finds_what_they_followed_as_a_guest_and_leaves(cloud):
    """What is held on them can be seen, and is gone."""
    email = f"ada{os.getpid()}@example.com"
    row = next(
        row
        for row in reversed(ask(cloud, "GET", "/v1/airports/EWR/departures?limit=500").json()["flights"])
        if row["phase"] == "scheduled"
    )
    wish = {"flight": row["id"], "channel": "email", "address": email}
    assert ask(cloud, "POST", "/v1/subscriptions", wish).status_code == 202
    agreed = {"token": letter(cloud, email, "/follow/confirm")}
    assert ask(cloud, "POST", "/v1/confirmations", agreed).status_code == 200
    wording = ask(cloud, "GET", "/v1/consent").json()["version"]
    asked = ask(cloud, "POST", "/v1/accounts", {"email": email, "consent": wording})
    assert asked.status_code == 202
    confirmation = {"token": letter(cloud, email, "/account/password"), "password": PASSWORD}
    assert ask(cloud, "POST", "/v1/accounts/confirmation", confirmation).status_code == 200
    token = log_in(cloud, email)
    followed = ask(cloud, "GET", "/v1/subscriptions", None, token).json()["subscriptions"]
    assert [each["flight"] for each in followed] == [row["id"]]
    held = ask(cloud, "GET", "/v1/accounts/me/export", None, token)
    assert email in held.text
    assert row["id"] in held.text
    left = ask(cloud, "DELETE", "/v1/accounts/me", None, token)
    assert left.status_code == 200, left.text
    assert left.json()["kept"]
    assert ask(cloud, "GET", "/v1/accounts/me", None, token).status_code == 401
    again = ask(cloud, "POST", "/v1/sessions", {"email": email, "password": PASSWORD})
    assert again.status_code == 401


def test_a_browser_stays_logged_in_by_a_cookie_that_other_sites_can_not_use(cloud, admin):
    """The refresh token is not in the answer; without our own header the cookie opens nothing."""
    email = ask(cloud, "GET", "/v1/accounts/me", None, admin).json()["email"]
    answer = ask(cloud, "POST", "/v1/sessions", {"email": email, "password": PASSWORD, "cookie": True})
    assert "refresh_token" not in answer.json()
    set_cookie = answer.headers["set-cookie"]
    assert set_cookie.startswith("__Host-")
    assert {"HttpOnly", "Secure", "SameSite=Strict", "Path=/"} <= set(set_cookie.split("; "))
    cookie = {"Cookie": set_cookie.partition(";")[0]}
    address = f"{cloud.rest}/v1/sessions/refresh"
    assert httpx.post(address, json={}).status_code == 401
    assert httpx.post(address, json={}, headers=cookie).status_code == 403
    ours = {**cookie, "X-Requested-With": "gatecall"}
    assert httpx.post(address, json={}, headers={**ours, "Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert httpx.post(address, json={"refresh_token": ""}, headers=ours).status_code == 400  # no script gets it so
    following = httpx.post(address, json={}, headers=ours)
    assert following.status_code == 200
    assert following.headers["set-cookie"] != set_cookie
    out = ask(cloud, "DELETE", "/v1/sessions/current", None, following.json()["access_token"])
    assert out.status_code == 204
    assert "Max-Age=0" in out.headers["set-cookie"]
    again = {"Cookie": following.headers["set-cookie"].partition(";")[0], "X-Requested-With": "gatecall"}
    assert httpx.post(address, json={}, headers=again).status_code == 401
