"""Every route by every caller, generated from the routes: the answer is the one that the route declares."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import app
from chalicelib.accounts.model import WORDING
from chalicelib.core import openapi
from chalicelib.core.callers import ANYONE, ANYONE_OR_SIGNED_IN, BOOKING_PARTY, SIGNED_LINK, RefreshToken, Role
from chalicelib.core.routes import SECURITY, Route

from .callers import FLIGHT, FOR_SALE, PASSWORD, Answer, Caller, Cast, ask, cast

ROUTES = sorted(openapi.routes_of(app.app), key=lambda route: (route.path, route.method))
DOCUMENT = openapi.document(ROUTES, "0")
BODIES: dict[str, Any] = {  # what is good, so that who is let in does something; all else gets an empty object
    "POST /v1/accounts": {"email": "new@example.com", "consent": WORDING},
    "POST /v1/accounts/reset": {"email": "new@example.com"},
    "PATCH /v1/accounts/me": {"language": "fr"},
    "POST /v1/accounts/me/consents": {"consent": WORDING},
    "POST /v1/accounts/me/password": {"current_password": PASSWORD, "password": "another tram to the hills"},
    "POST /v1/accounts/me/email": {"current_password": PASSWORD, "email": "new@example.com"},
    "POST /v1/flights/{id}/updates": {"departure_gate": "B9"},
    "POST /v1/people": {"email": "new@example.com", "role": "operator", "airlines": ["UA"]},
    "PATCH /v1/people/{id}": {"disabled": True},
    "PATCH /v1/subscriptions/{id}": {"language": "fr"},
    "POST /v1/bookings": {
        "flights": [{"flight": FOR_SALE}], "passengers": [{"family_name": "Lee", "given_name": "Ann"}],
        "contact": {"email": "ann.lee@example.com"},
    },
    "POST /v1/bookings/{pnr}/payments": {"token": "tok_approve"},
    "POST /v1/bookings/{pnr}/change": {"flights": [{"flight": "UA742-20260721-EWR"}]},
    "POST /v1/bookings/{pnr}/seats": {"flight": FOR_SALE, "seats": ["22C"]},
    "POST /v1/bookings/{pnr}/check-in": {"flight": FOR_SALE},
    "POST /v1/bookings/{pnr}/documents": {"passport": {
        "number": "C01X00T47", "issuing_state": "USA", "nationality": "USA", "date_of_birth": "1984-06-03",
        "expires_on": "2030-06-02", "sex": "F",
    }},
    "PATCH /v1/flights/{id}/configuration": {"blocked": ["20A"]},
    "POST /v1/keys": {"name": "lga-aodb", "scopes": ["feeds:aidx"], "airports": ["LGA"]},
}  # fmt: skip
QUERIES = {  # likewise, where a query is needed
    "GET /v1/bookings/{pnr}/change": {"flights": "UA742-20260721-EWR"},
    "GET /v1/bookings/{pnr}/boarding-pass": {"flight": FOR_SALE},
    "GET /v1/bookings/{pnr}/boarding-pass.svg": {"flight": FOR_SALE},
}
SIGNED = {"POST /v1/payments/callbacks"}  # who calls shows by a signature who they are: nobody here has one
# A role is not all: an operator acts for some airlines and airports. Here the view says no, by what the path names.
BARRED = {
    "POST /v1/flights/{id}/updates": {"operator of another airline": 403},
    "PATCH /v1/flights/{id}/configuration": {"operator of another airline": 403},
}


@pytest.fixture(scope="module")
def everybody() -> Iterator[Cast]:
    """All callers, made once: every test leaves them as they were."""
    with cast() as made:
        yield made


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


def ids(route: Route, everybody: Cast) -> dict[str, str]:
    """What stands in a route's path: something that is there, always where somebody must say who they are."""
    names, place = re.findall(r"{(\w+)}", route.path), everybody.place(route.path)
    known = re.findall(r"{(\w+)}", place or "") == names
    assert known or route.callers in (ANYONE, ANYONE_OR_SIGNED_IN), (
        f"{route.path} names something that is not in the cast: put it there"
    )
    return dict.fromkeys(names, everybody.ids[place] if place else "x")


def owner(route: Route, everybody: Cast) -> str | None:
    """Whose it is what a route's path names, where people and links act on what is theirs; None: nobody's."""
    place, callers = everybody.place(route.path), route.callers
    if place is None or not (
        callers in (SIGNED_LINK, BOOKING_PARTY) or Role.PASSENGER in getattr(callers, "roles", ())
    ):
        return None
    assert place in everybody.owners, f"say in the cast whose that is what {route.path} names"
    return everybody.owners[place]


def call(route: Route, caller: Caller, everybody: Cast) -> Answer:
    body = BODIES.get(name_of(route), {})
    if isinstance(route.callers, RefreshToken):  # what it shows elsewhere, it shows in the body
        shown = caller.refresh or caller.headers.get("Authorization", "").removeprefix("Bearer ")[:1000]
        caller, body = replace(caller, headers={}, query={}), {"refresh_token": shown} if shown else {}
    caller = replace(caller, query={**QUERIES.get(name_of(route), {}), **caller.query})
    kind = route.consumes[0] if route.consumes else "application/json"
    raw = json.dumps(body).encode() if kind == "application/json" else b"x"
    return ask(route, caller, ids(route, everybody), raw if route.consumes else b"", kind)


def verdict(route: Route, answer: Answer) -> int | str | None:
    """401, 403 or None: it was let in, and answered as the document says. Else what is wrong."""
    for name, value in SECURITY.items():
        if name != "Content-Security-Policy" and answer.headers.get(name) != value:
            return f"lacks {name}"
    if "default-src 'none'" not in answer.headers.get("Content-Security-Policy", ""):
        return "has no policy of its content"
    if answer.status == 401 and not re.match(
        "Bearer|ApiKey|StandardWebhooks", answer.headers.get("WWW-Authenticate", "")
    ):
        return "401 that does not say how"
    if answer.status in (401, 403):
        return answer.status
    documented = DOCUMENT["paths"][route.path][route.method.lower()]["responses"]
    if answer.status >= 500 or str(answer.status) not in documented:
        return f"{answer.status}: {answer.text}"
    return None


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_every_caller_gets_what_the_route_declares(route: Route, everybody: Cast) -> None:
    """Let in, 401 with how to show who one is, 403, or 404 for what is another's; whatever the token is worth."""
    barred, whose = BARRED.get(name_of(route), {}), owner(route, everybody)
    got, declared = {}, {}
    for caller in everybody.callers:
        answer = call(route, caller, everybody)
        booking = route.callers == BOOKING_PARTY  # what is asked of it may be too early, or too late
        denied = answer.status == 404 if booking else answer.status >= 300
        got[caller.name] = verdict(route, answer) or (answer.status if whose and denied else None)
        expected = barred.get(caller.name, caller.expected(route.callers))
        if name_of(route) in SIGNED:
            expected = None if caller.query else 401  # it takes no query
        theirs = caller.of == whose or (booking and caller.role is Role.ADMIN)
        declared[caller.name] = 404 if expected is None and whose and not theirs else expected
        ends = answer.status < 300 or isinstance(route.callers, RefreshToken)  # a used one ends its session
        changes = route.method != "GET" and route.callers != ANYONE
        if (ends and changes) or booking:  # where family names may be guessed a few times
            everybody.restore()
    assert {name: (verdict, declared[name]) for name, verdict in got.items() if verdict != declared[name]} == {}


def test_the_matrix_holds_every_route_and_every_kind_of_caller(everybody: Cast) -> None:
    """Each route is called; among the callers are some whom it lets in, and some whom it does not."""
    registered = {f"{method} {path}" for path, methods in app.app.routes.items() for method in methods}
    assert {name_of(route) for route in ROUTES} == registered
    assert {caller.role for caller in everybody.callers} == {None, *Role}
    for route in ROUTES:
        expected = {caller.expected(route.callers) for caller in everybody.callers}
        assert None in expected
        assert str(route.callers) == "anyone" or 401 in expected


def route_of(name: str) -> Route:
    return next(route for route in ROUTES if name_of(route) == name)


def test_whoever_is_let_in_does_what_was_asked(everybody: Cast) -> None:
    """The matrix tells who may; this, that it comes to something."""
    done = {
        "PATCH /v1/accounts/me": 200, "POST /v1/flights/{id}/updates": 200, "POST /v1/people": 202,
        "PATCH /v1/people/{id}": 200, "DELETE /v1/people/{id}": 200, "POST /v1/keys": 201,
        "POST /v1/keys/{id}/rotation": 201, "DELETE /v1/keys/{id}": 204, "GET /v1/audit": 200, "GET /v1/people": 200,
        "POST /v1/bookings": 201, "POST /v1/bookings/{pnr}/payments": 200, "GET /v1/accounts/me/export": 200,
        "DELETE /v1/sessions/current": 204, "DELETE /v1/sessions": 204,
    }  # fmt: skip
    got = {}
    for name in done:
        got[name] = call(route_of(name), everybody.caller("admin"), everybody).status
        everybody.restore()
    assert got == done


def test_a_challenge_says_what_is_amiss(everybody: Cast) -> None:
    """RFC 6750: no error where nothing was shown; RFC 9470: how recent the login is to be."""
    challenges = {
        ("GET /v1/accounts/me", "none"): "Bearer",
        ("GET /v1/accounts/me", "a token alg=none"): 'Bearer error="invalid_token"',
        ("GET /v1/accounts/me", "whose session ended"): 'Bearer error="invalid_token"',
        ("GET /v1/subscriptions", "none"): "Bearer",
        ("DELETE /v1/accounts/me", "who logged in long ago"):
            'Bearer error="insufficient_user_authentication", max_age=900',
        ("POST /v1/feeds/aidx", "none"): "ApiKey",
    }  # fmt: skip
    got = {
        (name, caller): call(route_of(name), everybody.caller(caller), everybody).headers["WWW-Authenticate"]
        for name, caller in challenges
    }
    assert got == challenges


def test_a_refusal_tells_nothing_of_why_a_token_is_worth_nothing(everybody: Cast) -> None:
    """Forged, expired, ended, disabled or deleted: the same words."""
    me = route_of("GET /v1/accounts/me")
    refused = [each for each in everybody.callers if each.role is None and "Authorization" in each.headers]
    bearing = [each for each in refused if each.headers["Authorization"].startswith("Bearer ")]
    assert len({call(me, each, everybody).json["detail"] for each in bearing}) == 1


def test_nobody_sees_or_ends_what_is_another_persons(everybody: Cast) -> None:
    """Another's session is as good as none; one's own ends, and its token with it."""
    end, mine = route_of("DELETE /v1/sessions/{id}"), everybody.logins["another passenger"].session.id
    for name in ("passenger", "operator", "admin"):
        assert ask(end, everybody.caller(name), {"id": mine}).status == 404
    listed = ask(route_of("GET /v1/sessions"), everybody.caller("passenger"), {}).json["sessions"]
    assert [each["id"] for each in listed] == [everybody.logins["passenger"].session.id]
    owner, me = everybody.caller("another passenger"), route_of("GET /v1/accounts/me")
    assert ask(me, owner, {}).json["email"] == everybody.accounts["another passenger"].email
    assert ask(end, owner, {"id": mine}).status == 204
    assert ask(me, owner, {}).status == 401
    everybody.restore()
    assert ask(me, owner, {}).status == 200


def test_an_admin_sees_and_ends_what_is_anybodys(everybody: Cast) -> None:
    """The account, its sessions; who was disabled is out at once."""
    admin, person = everybody.caller("admin"), {"id": everybody.accounts["passenger"].id}
    assert ask(route_of("GET /v1/people/{id}"), admin, person).json["email"] == everybody.accounts["passenger"].email
    sessions = ask(route_of("GET /v1/people/{id}/sessions"), admin, person).json["sessions"]
    assert [each["id"] for each in sessions] == [everybody.logins["passenger"].session.id]
    me = route_of("GET /v1/accounts/me")
    disable = json.dumps({"disabled": True}).encode()
    assert ask(route_of("PATCH /v1/people/{id}"), admin, person, disable).status == 200
    assert ask(me, everybody.caller("passenger"), {}).status == 401
    everybody.restore()
    assert ask(route_of("DELETE /v1/people/{id}/sessions"), admin, person).status == 204
    assert ask(me, everybody.caller("passenger"), {}).status == 401
    everybody.restore()


def test_what_an_admin_does_to_a_booking_stands_in_the_trail(everybody: Cast) -> None:
    """Every route that changes one, before it is done; what its account does itself leaves no line."""
    trail, pnr = route_of("GET /v1/audit"), everybody.ids["/v1/bookings/{pnr}"]
    lines = {}
    for route in [each for each in ROUTES if each.callers == BOOKING_PARTY and each.method != "GET"]:
        for name in ("passenger", "admin"):
            assert call(route, everybody.caller(name), everybody).status not in (400, 401, 403, 404), name_of(route)
            about = replace(everybody.caller("admin"), query={"about": f"booking:{pnr}"})
            lines[name_of(route), name] = [each["by"] for each in ask(trail, about, {}).json["events"]]
            everybody.restore()
    admin = everybody.accounts["admin"].id
    assert lines == {(route, name): [admin] if name == "admin" else [] for route, name in lines}
    assert len(lines) > 2


def test_a_new_role_holds_at_once(everybody: Cast) -> None:
    """By the token that was given out before: what counts is the account as it stands."""
    admin, person = everybody.caller("admin"), {"id": everybody.accounts["passenger"].id}
    give = json.dumps({"role": "operator", "airlines": ["UA"]}).encode()
    update, gate = route_of("POST /v1/flights/{id}/updates"), json.dumps({"departure_gate": "B7"}).encode()
    assert ask(update, everybody.caller("passenger"), {"id": FLIGHT}, gate).status == 403
    assert ask(route_of("PATCH /v1/people/{id}"), admin, person, give).status == 200
    assert ask(update, everybody.caller("passenger"), {"id": FLIGHT}, gate).status == 200
    everybody.restore()
    assert ask(update, everybody.caller("passenger"), {"id": FLIGHT}, gate).status == 403
