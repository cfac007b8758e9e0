"""What the OpenAPI document tells of who may call what: that which each route declares, and nothing else."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from chalice.app import Chalice
from openapi_spec_validator import validate

import app as the_app
from chalicelib.core import api, openapi
from chalicelib.core.callers import (
    ADMINS,
    ANYONE,
    SIGNED_IN,
    AnyoneOrSignedIn,
    ApiKey,
    BookingParty,
    RefreshToken,
    SignedIn,
    SignedLink,
)
from chalicelib.core.routes import Route, Routes
from infra.local import events

AT = datetime(2026, 7, 10, tzinfo=UTC)
ROUTES = sorted(openapi.routes_of(the_app.app), key=lambda route: (route.path, route.method))
DOCUMENT = openapi.document(ROUTES, "0")


def operation(route: Route) -> Any:
    return DOCUMENT["paths"][route.path][route.method.lower()]


def test_one_table_says_who_may_call_what() -> None:
    """A row for each route, in the words of its declaration; none is left out, none is made up."""
    _, _, table = DOCUMENT["info"]["description"].partition("## Who may call what")
    rows = re.findall(r"^\| `(\w+) (\S+)` \| (.+) \|$", table, re.MULTILINE)
    assert rows == [(route.method, route.path, str(route.callers)) for route in ROUTES]
    assert ("POST", "/v1/flights/{id}/updates", "operator or admin") in rows
    assert ("POST", "/v1/feeds/aidx", "an API key with scope feeds:aidx") in rows
    for method, path, callers in rows:
        if path.startswith(("/v1/people", "/v1/keys", "/v1/audit")):
            assert (method, path, callers) == (method, path, "admin")
        if path.startswith("/v1/accounts/me"):
            assert callers.startswith("anyone with an account")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_each_operation_says_who_may_call_it_and_what_others_get(route: Route) -> None:
    """`x-callers`, the scheme that shows it, and 401 and 403 where they can come."""
    told = operation(route)
    assert told["x-callers"] == str(route.callers)
    schemes = [name for each in told.get("security", []) for name in each]
    refusals = {code for code in ("401", "403") if code in told["responses"]}
    others = {str(code) for code in route.others if code in (401, 403)}
    match route.callers:
        case ApiKey():
            assert (schemes, refusals) == (["apiKey"], {"401", "403"})
        case SignedLink():
            assert (schemes, refusals) == (["signedLink", "signedLinkQuery", "accessToken"], {"401"} | others)
        case SignedIn(roles):
            everyone = set(roles) == set(SIGNED_IN.roles)
            assert (schemes, refusals) == (["accessToken"], {"401"} | others | (set() if everyone else {"403"}))
        case RefreshToken():
            assert "401" in refusals
        case AnyoneOrSignedIn():
            assert (schemes, refusals) == (["accessToken"], {"401"} | others)
        case BookingParty():
            shown = ["accessToken", "signedLink", "signedLinkQuery", "familyName"]
            assert (schemes, refusals) == (shown, {"401"} | others)
        case _:
            assert (schemes, refusals) == ([], others)
    assert set(schemes) <= set(DOCUMENT["components"]["securitySchemes"])


def test_a_403_names_the_roles_that_it_takes() -> None:
    """In the words of the table."""
    told = DOCUMENT["paths"]["/v1/people"]["get"]["responses"]["403"]["description"]
    assert str(ADMINS) in told


def test_the_document_is_one() -> None:
    """As OpenAPI 3.1 defines it, and every reference leads somewhere: those of queries too."""
    validate(json.loads(json.dumps(DOCUMENT)))
    referred = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(DOCUMENT)))
    assert referred <= {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}


def test_a_parameter_of_a_query_is_there_or_is_not() -> None:
    """Null is nothing that a URL can say."""
    told = {each["name"]: each["schema"] for each in DOCUMENT["paths"]["/v1/people"]["get"]["parameters"]}
    assert told["role"] == {"$ref": "#/components/schemas/Role"}
    assert told["cursor"]["type"] == "string"
    assert "null" not in json.dumps(
        [each.get("parameters") for at in DOCUMENT["paths"].values() for each in at.values()]
    )


def test_the_document_is_made_once_however_its_path_is_spelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """To make it takes long, and to keep it, room: `%6fpenapi.json` is the same path, and there are thousands of it."""
    made: list[str] = []
    document = openapi.document
    monkeypatch.setattr(openapi, "document", lambda *args: made.append("") or document(*args))
    api._document.cache_clear()
    api._served_at.cache_clear()
    bases = ["", "/prod", *(f"/spelling/{n}" for n in range(20))]
    assert [served(base) for base in bases] == [[{"url": base or "/"}] for base in bases]
    assert len(made) == 1
    assert api._served_at.cache_info().currsize <= 4


def served(base: str) -> Any:
    path = "/v1/openapi.json"
    event = events.rest("GET", path, at=AT, resource=path)
    event["requestContext"]["path"] = base + path
    return json.loads(the_app.app(event, events.context("gatecall", 29))["body"])["servers"]


def test_no_form_of_ours_is_taken_in_parts() -> None:
    """The standard library reads some forms in parts (RFC 7578) for seconds, before anybody is asked who they are."""
    taken = {kind for route in ROUTES for kind in route.consumes}
    assert "application/x-www-form-urlencoded" in taken
    assert [kind for kind in taken if kind.startswith("multipart/")] == []


def test_a_body_with_an_unknown_name_is_refused_by_every_route() -> None:
    """Also where it stands further in: a misspelt wish is an error, and not forgotten. An amount has no more to say."""
    schemas, lax = DOCUMENT["components"]["schemas"], set()
    for route in ROUTES:
        asked = operation(route).get("requestBody", {}).get("content", {}).get("application/json")
        seen, ahead = {"Money"}, _named(asked)
        while ahead := ahead - seen:
            seen |= ahead
            objects = {name for name in ahead if schemas[name]["type"] == "object"}
            lax |= {(route.path, name) for name in objects if schemas[name].get("additionalProperties") is not False}
            ahead = _named([schemas[name] for name in ahead])
    assert lax == set()


def _named(schema: Any) -> set[str]:
    return set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(schema)))


def test_a_new_route_is_in_the_table_by_itself() -> None:
    """It is made from the routes."""
    routes = Routes("chalicelib.new.api")

    @routes.get("/v1/new", callers=ANYONE, max_age=None)
    def new() -> None:
        """Something new."""

    new.__module__ = "chalicelib.new.api"
    app = Chalice("new")
    app.register_blueprint(routes)
    assert "| `GET /v1/new` | anyone |" in openapi.document(openapi.routes_of(app), "0")["info"]["description"]
