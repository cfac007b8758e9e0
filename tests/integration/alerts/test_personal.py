"""What an account follows: all that its verified address follows, as a guest's too; by access token or by link."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.alerts import links, store
from chalicelib.alerts.store import Status
from chalicelib.channels.model import Address, Channel
from chalicelib.core import callers
from chalicelib.core.callers import Person, Role
from chalicelib.core.clock import Now

from .held import ADA, EVE, FLIGHT, LEG, a_flight, agrees, changes, streams, tell, wishes
from .passenger import Answer, World, followers, world

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def of(now: Now, monkeypatch: pytest.MonkeyPatch) -> World:
    """Noon; UA1545 leaves in two hours. An access token is the address of its account."""
    made = world(now, monkeypatch)

    def person_of(token: str) -> Person | None:
        if "@" not in token:
            return None
        return Person(
            "id", Role.PASSENGER, token, Address(Channel.EMAIL, token).id, "en", "session", timedelta(hours=1)
        )

    monkeypatch.setattr(callers, "_find_holder", lambda token: links.holder(token, made.now.wall))
    monkeypatch.setattr(callers, "_find_person", person_of)
    a_flight(now)
    return made


def guest(of: World, given: str = "Ada@Example.com", address: str = ADA) -> str:
    """Somebody without an account follows a flight, however they write their address. Returns the subscription's id."""
    id_ = wishes(given, FLIGHT, of.now)
    streams(of)
    agrees(address, of)
    return id_


def asks(of: World, method: str, path: str, token: str = ADA, body: Any = None) -> Answer:
    return of.request(method, f"/v1/subscriptions{path}", body, token=token)


def test_what_a_guest_followed_is_the_accounts_once_its_address_is_verified(of: World) -> None:
    """It is listed, shown, changed, and its deliveries are told; stopped, it is told no more."""
    id_ = guest(of)
    changes(of.now)
    assert tell(of.now) == [ADA]
    listed = asks(of, "GET", "").json
    assert (listed["channel"], listed["address"]) == ("email", "a…@example.com")
    assert [each["id"] for each in listed["subscriptions"]] == [id_]
    assert asks(of, "GET", f"/{id_}").json["flight"] == str(LEG)
    assert asks(of, "PATCH", f"/{id_}", body={"tell": ["gate"]}).json["tell"] == ["gate"]
    [delivery] = asks(of, "GET", f"/{id_}/deliveries").json["deliveries"]
    assert (delivery["flight"], delivery["matters"], delivery["outcome"]) == (str(LEG), ["gate"], "accepted")
    assert asks(of, "DELETE", f"/{id_}").status == 204
    assert asks(of, "GET", f"/{id_}").json["status"] == "stopped"
    assert followers() == []


def test_an_account_sees_and_touches_nothing_of_another_address(of: World) -> None:
    """As if it were not there."""
    id_ = guest(of)
    assert asks(of, "GET", "", EVE).json["subscriptions"] == []
    for method, path, body in (
        ("GET", f"/{id_}", None), ("PATCH", f"/{id_}", {"tell": ["gate"]}), ("DELETE", f"/{id_}", None),
        ("GET", f"/{id_}/deliveries", None),
    ):  # fmt: skip
        assert asks(of, method, path, EVE, body).status == 404
    found = store.subscription(id_, of.now.wall)
    assert found
    assert found.status is Status.ACTIVE


def test_an_account_that_follows_nothing_has_an_empty_list(of: World) -> None:
    """Who has the link of an address that is forgotten is told so."""
    answer = asks(of, "GET", "")
    assert (answer.status, answer.json) == (200, {"channel": "email", "address": "a…@example.com", "subscriptions": []})
    link = links.manage_token(Address(Channel.EMAIL, ADA).id, of.now.wall)
    assert asks(of, "GET", "", link).status == 404
    assert asks(of, "GET", "", "neither").status == 401
