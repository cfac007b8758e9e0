"""What a view is given of a request, and what becomes of its answer: no AWS."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, get_args

import pytest
from chalice.app import Chalice
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict, PlainSerializer

import app as the_app
from chalicelib.core import callers, openapi
from chalicelib.core import routes as core_routes
from chalicelib.core.callers import ANYONE, ANYONE_OR_SIGNED_IN, BOOKING_PARTY, SIGNED_LINK, Holder, Party, Person, Role
from chalicelib.core.errors import (
    AtWork,
    Conflict,
    Forbidden,
    Invalid,
    KeyReused,
    NotFound,
    PaymentDeclined,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    WrongMediaType,
)
from chalicelib.core.idempotency import Key
from chalicelib.core.routes import FORM, JSON, SECURITY, Answer, Document, Routes, Shape
from infra.local import events

AT = datetime(2026, 7, 10, tzinfo=UTC)
ADA = "ada@example.com"


class Fields(Shape):
    """Whatever is sent."""

    name: str | list[str] = ""


class Told(Answer):
    """What a view was given."""

    given: Any = None


class Links(Shape):
    """A token; all else is passed over."""

    token: str = ""


routes = Routes(__name__)


@routes.post("/echo", callers=ANYONE, consumes=(JSON, FORM), status=202)
def echo(body: Fields) -> Told:
    """Echo."""
    return Told(given=body.name)


class Counted(Shape):
    """A number, that would be given as text."""

    number: Annotated[int, PlainSerializer(str, return_type=str)]


@routes.post("/counted", callers=ANYONE)
def counted(body: Counted) -> Told:
    """Count."""
    return Told(given=body.number)


class Strict(Shape):
    """One field, and no other."""

    model_config = ConfigDict(extra="forbid")

    name: Literal["x"] = "x"


@routes.post("/strict", callers=ANYONE)
def strict(body: Strict) -> Told:
    """Take what is known."""
    return Told(given=body.name)


@routes.post("/any", callers=ANYONE, consumes=())
def anything() -> Told:
    """Look at no body."""
    return Told()


@routes.get("/link", callers=ANYONE, max_age=None)
def link(query: Links) -> Told:
    """A page behind a link."""
    return Told(given=query.token)


@routes.get("/client", callers=ANYONE, max_age=None)
def client_of(client: str) -> Told:
    """Who calls."""
    return Told(given=client)


RAISED = {
    "invalid": (Invalid("no"), 400), "unauthenticated": (Unauthenticated("no", "Bearer"), 401),
    "forbidden": (Forbidden("no"), 403), "missing": (NotFound("no"), 404), "conflict": (Conflict("no"), 409),
    "declined": (PaymentDeclined("no"), 402), "reused": (KeyReused("no"), 422), "work": (AtWork("no", 3), 409),
    "price": (Conflict("no", members={"price": {"amount": 12345, "currency": "USD"}, "status": 7}), 409),
    "large": (TooLarge("no"), 413), "kind": (WrongMediaType("no"), 415), "many": (TooMany("no", 7, "x", 3, 60), 429),
    "bug": (ZeroDivisionError("no"), 500), "busy": (Unavailable("no"), 503),
}  # fmt: skip


@routes.get("/raises", callers=ANYONE, max_age=60)
def raises(query: Links) -> Told:
    """Fail, or not."""
    if query.token:
        raise RAISED[query.token][0]
    return Told()


@routes.get("/page", callers=ANYONE, max_age=None, produces=("text/html",))
def page() -> Document:
    """A page that needs more than an answer does."""
    return Document("<p>", "text/html", headers={"Content-Security-Policy": "default-src 'self'"})


@routes.get("/broken", callers=ANYONE, max_age=None)
def broken() -> Told:
    """Make an answer of what is none."""
    Counted.model_validate({"number": ADA})
    return Told()


@routes.delete("/held/{id}", callers=SIGNED_LINK)
def end(id: str, holder: Holder) -> None:
    """End."""
    if id != holder.address:
        raise TooMany("too often", 7, "ends", 3, 60)


@routes.post("/booked", callers=ANYONE_OR_SIGNED_IN)
def booked(body: Fields, person: Person | None) -> Told:
    """Make a booking."""
    return Told(given=person and person.id)


@routes.post("/held/{id}", callers=BOOKING_PARTY, idempotency="required")
def paid(id: str, body: Fields, party: Party, idempotency_key: Key) -> Told:
    """Pay for a booking."""
    shown = {"person": party.person and party.person.id, "name": party.family_name, "link": party.link}
    return Told(given={**shown, "id": id, "key": idempotency_key.name_hash, "asked": idempotency_key.fingerprint})


app = Chalice("routes")
app.register_blueprint(routes)


@pytest.fixture(autouse=True)
def links(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every token but `bad` is its holder's address; that of an account is `ada`."""
    monkeypatch.setattr(callers, "_find_holder", lambda token: None if token == "bad" else Holder(token))
    ada = Person("a1", Role.PASSENGER, ADA, "adr1", "en", "s1", timedelta())
    monkeypatch.setattr(callers, "_find_person", {"ada": ada}.get)


def ask(method: str, path: str, body: bytes = b"", *, client: str = "192.0.2.1", **more: Any) -> dict[str, Any]:
    resource = "/held/{id}" if path.startswith("/held") else path
    response: dict[str, Any] = app(
        events.rest(
            method, path, at=AT, resource=resource, body=body, source_ip=client,
            path_parameters={"id": path.removeprefix("/held/")}, **more,
        ),
        events.context("routes", 29),
    )  # fmt: skip
    return response


@pytest.mark.parametrize("body", [b"[]", b"1", b"null"])
def test_a_body_is_an_object(body: bytes) -> None:
    """Other JSON is refused in plain words."""
    answer = ask("POST", "/strict", body, headers=[("Content-Type", "application/json")])
    assert (answer["statusCode"], json.loads(answer["body"])["detail"]) == (400, "the body must be a JSON object")


def form(body: bytes, kind: str = FORM) -> Any:
    answer = ask("POST", "/echo", body, headers=[("Content-Type", kind)])
    return json.loads(answer["body"])["given"] if answer["statusCode"] == 202 else answer["statusCode"]


def test_a_form_is_read_as_text_or_a_list_of_texts() -> None:
    """As pages send it."""
    assert form(b"name=a+b%26") == "a b&"
    assert form(b"name=one&name=zw%C3%B6lf&name=3&other=x") == ["one", "zw\u00f6lf", "3"]


@pytest.mark.parametrize("body", [b"name=%ff", b"&".join([b"a=1"] * 201)])
def test_what_is_no_form_is_refused(body: bytes) -> None:
    """400."""
    assert form(body) == 400


@given(st.binary(max_size=60), st.sampled_from([FORM, JSON]))
def test_no_body_gets_a_5xx(body: bytes, kind: str) -> None:
    """Whatever stands in it."""
    answer = ask("POST", "/echo", body, headers=[("Content-Type", kind)])
    assert answer["statusCode"] < 500


def test_a_body_of_another_kind_is_refused_where_one_is_looked_at() -> None:
    """415, a form in parts too; a view that looks at none takes any."""
    for text in ("text/plain", "multipart/form-data; boundary=b"):
        kind = [("Content-Type", text)]
        assert ask("POST", "/echo", b"x", headers=kind)["statusCode"] == 415
        assert ask("POST", "/any", b"x", headers=kind)["statusCode"] == 200
    assert ask("POST", "/any")["statusCode"] == 200


@pytest.mark.parametrize(
    ("address", "client"),
    [("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("test-invoke-source-ip",) * 2],
)
def test_a_client_is_its_address_or_its_64(address: str, client: str) -> None:
    """Whoever has one IPv6 address has 2^64 of them."""
    assert json.loads(ask("GET", "/client", client=address)["body"])["given"] == client


FRONT = "the front's own secret"


@pytest.fixture
def front(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The secret that the front knows; which secrets were asked for."""
    asked: list[str] = []
    monkeypatch.setattr(core_routes, "secret", lambda name: asked.append(name) or FRONT)
    return asked


def client_seen(**headers: str) -> str:
    sent = [(name.replace("_", "-"), value) for name, value in headers.items()]
    answer = ask("GET", "/client", headers=sent)
    assert answer["statusCode"] == 200
    seen: str = json.loads(answer["body"])["given"]
    return seen


def test_who_comes_through_our_front_is_who_it_says(front: list[str]) -> None:
    """An IPv4 address, or the /64 of an IPv6 one."""
    assert client_seen(X_Gatecall_Front=FRONT, X_Gatecall_Viewer="203.0.113.7") == "203.0.113.7"
    assert client_seen(X_Gatecall_Front=FRONT, X_Gatecall_Viewer="2001:db8:1:2:3::4") == "2001:db8:1:2::/64"
    assert set(front) == {"front-key"}


@pytest.mark.parametrize("shown", [None, "", "wrong", FRONT[:-1], FRONT + "x", "\xff\ud800"])
def test_nobody_else_says_who_calls(front: list[str], shown: str | None) -> None:
    """Whoever does not know the secret is the address that API Gateway saw; without the header nobody even looks."""
    headers = {} if shown is None else {"X_Gatecall_Front": shown}
    spoofed = {"X_Gatecall_Viewer": "203.0.113.7", "X_Forwarded_For": "203.0.113.7", "Forwarded": "for=x"}
    assert client_seen(**headers, **spoofed) == "192.0.2.1"
    assert bool(front) == bool(shown)


@pytest.mark.parametrize("said", ["", ":", "46532", "203.0.113.7:46532", "[2001:db8::1]"])
def test_a_front_that_does_not_say_who_leaves_what_api_gateway_saw(front: list[str], said: str) -> None:
    """X-Forwarded-For counts for nothing, also beside the secret."""
    headers = {"X_Gatecall_Front": FRONT, "X_Gatecall_Viewer": said, "X_Forwarded_For": "203.0.113.7"}
    assert client_seen(**headers) == "192.0.2.1"


@given(st.text(max_size=60))
def test_no_viewers_address_gets_a_5xx(said: str) -> None:
    """Whatever stands in it: it is a name for a counter, and no more."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(core_routes, "secret", lambda name: FRONT)
        client_seen(X_Gatecall_Front=FRONT, X_Gatecall_Viewer=said)


def test_a_front_whose_secret_can_not_be_read_is_asked_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """503: nobody is counted as somebody else."""

    def busy(name: str) -> str:
        raise Unavailable("not now")

    monkeypatch.setattr(core_routes, "secret", busy)
    assert ask("GET", "/client", headers=[("X-Gatecall-Front", "x")])["statusCode"] == 503
    assert ask("GET", "/client")["statusCode"] == 200


@pytest.mark.parametrize("kind", RAISED)
def test_every_error_has_the_headers_that_guard(kind: str) -> None:
    """CSP, HSTS, nosniff, referrer policy; once each."""
    answer = ask("GET", "/raises", query=f"token={kind}")
    assert answer["statusCode"] == RAISED[kind][1]
    assert answer["headers"] | SECURITY == answer["headers"]
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert len({name.lower() for name in answer["headers"]}) == len(answer["headers"])


def test_every_answer_has_the_headers_that_guard() -> None:
    """Also an empty one, a 304, and what is refused before a view is asked; a page brings a policy of its own."""
    etag = ask("GET", "/raises")["headers"]["ETag"]
    answers = {
        200: ask("GET", "/raises"), 304: ask("GET", "/raises", headers=[("If-None-Match", etag)]),
        204: ask("DELETE", "/held/a", query="token=a"), 400: ask("GET", "/client", query="x=1"),
        401: ask("DELETE", "/held/a"), 415: ask("POST", "/echo", b"x", headers=[("Content-Type", "text/plain")]),
        413: ask("POST", "/echo", b" " * 100_001, headers=[("Content-Type", JSON)]),
    }  # fmt: skip
    for status, answer in answers.items():
        assert answer["statusCode"] == status
        assert answer["headers"] | SECURITY == answer["headers"]
    headers = ask("GET", "/page")["headers"]
    assert headers | SECURITY | {"Content-Security-Policy": "default-src 'self'"} == headers


def test_what_was_given_stands_in_no_error_that_is_logged() -> None:
    """A 500 is logged with its trace, where pydantic would show the value; what reads each log would fail this."""
    with pytest.raises(ValueError, match="number") as caught:
        Counted.model_validate({"number": ADA})
    assert ADA not in str(caught.value)
    assert ask("GET", "/broken")["statusCode"] == 500


def test_what_a_view_passes_over_may_be_given_twice() -> None:
    """As mail programs add to links; what it looks at may not, nor what is an error anyway."""
    answer = ask("GET", "/link", query="token=t&utm=1&utm=2")
    assert json.loads(answer["body"])["given"] == "t"
    assert ask("GET", "/link", query="token=t&token=u")["statusCode"] == 400
    assert ask("GET", "/client", query="utm=1&utm=2")["statusCode"] == 400


def test_a_signed_link_is_shown_as_bearer_or_in_the_query() -> None:
    """Not found: 401, and how."""
    assert ask("DELETE", "/held/a", headers=[("Authorization", "bearer a")])["statusCode"] == 204
    ended = ask("DELETE", "/held/a", query="token=a")
    assert (ended["statusCode"], ended["body"]) == (204, "")
    for how in ({}, {"query": "token=bad"}, {"headers": [("Authorization", "Basic a")]}):
        refused = ask("DELETE", "/held/a", **how)
        assert refused["statusCode"] == 401
        assert refused["headers"]["WWW-Authenticate"].startswith("Bearer")


def test_too_many_is_429_with_the_limit_and_the_pause() -> None:
    """draft-ietf-httpapi-ratelimit-headers."""
    answer = ask("DELETE", "/held/a", query="token=b")
    assert answer["statusCode"] == 429
    headers = {name: answer["headers"][name] for name in ("Retry-After", "RateLimit-Policy", "RateLimit")}
    assert headers == {"Retry-After": "7", "RateLimit-Policy": '"ends";q=3;w=60', "RateLimit": '"ends";r=0;t=7'}
    problem = json.loads(answer["body"])
    assert problem["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
    assert problem["violated-policies"] == ["ends"]


def test_a_route_that_declares_nothing_does_not_start() -> None:
    """Neither by Chalice's own decorator, nor by ours without callers."""
    for declare in (lambda at: at.route("/open"), lambda at: at.route("/open", methods=["POST"])):
        undeclared = Routes("undeclared")
        with pytest.raises(TypeError, match="/open does not say who may call it"):
            declare(undeclared)(lambda: {})
        started = Chalice("undeclared")
        started.register_blueprint(undeclared)
        assert started.routes == {}
    with pytest.raises(TypeError, match="callers"):
        Routes("undeclared").get("/open", max_age=None)


def test_every_route_that_starts_declares_who_may_call_it() -> None:
    """Each of the app's, whatever registered it."""
    every = openapi.routes_of(the_app.app)
    assert len(every) == sum(len(methods) for methods in the_app.app.routes.values())
    assert {type(route.callers) for route in every} <= set(get_args(callers.Callers))


def test_the_document_tells_of_links_limits_and_status() -> None:
    """For whoever writes a client."""
    paths = openapi.document(openapi.routes_of(app), "0")["paths"]
    end = paths["/held/{id}"]["delete"]
    assert end["security"] == [{"signedLink": []}, {"signedLinkQuery": []}, {"accessToken": []}]
    assert {"204", "401"} <= set(end["responses"])
    assert "content" not in end["responses"]["204"]
    assert "429" in paths["/client"]["get"]["responses"]
    assert set(paths["/echo"]["post"]["requestBody"]["content"]) == {JSON, FORM}
    assert "202" in paths["/echo"]["post"]["responses"]


def test_the_document_tells_which_pages_come() -> None:
    """Of the pages behind links: each with its status and as HTML; and nothing of what never comes."""
    paths = openapi.document(openapi.routes_of(the_app.app), "0")["paths"]

    def told(method: str, path: str) -> dict[str, set[str]]:
        return {code: set(each.get("content", ())) for code, each in paths[path][method]["responses"].items()}

    page, problem = {"text/html"}, {"application/problem+json"}
    assert told("get", "/follow/confirm") == {"200": page, "400": problem, "404": page, "503": page | problem}
    assert told("get", "/s/{code}") == {"303": set(), "400": problem, "404": page, "429": page, "503": page | problem}
    assert told("post", "/follow/manage")["400"] == page | problem
    assert told("post", "/follow/manage")["415"] == problem
    assert told("get", "/v1/subscriptions")["404"] == problem
    assert "404" not in told("post", "/v1/subscriptions/{id}/confirmation")


def test_the_document_tells_what_is_taken_as_it_is_taken() -> None:
    """Not as it is given: a time of day has no seconds."""
    document = openapi.document(openapi.routes_of(the_app.app), "0")
    schema = document["components"]["schemas"]["Quiet"]["properties"]["from"]
    assert schema["pattern"] == "^([01][0-9]|2[0-3]):[0-5][0-9]$"
    taken = openapi.document(openapi.routes_of(app), "0")
    body = taken["paths"]["/counted"]["post"]["requestBody"]["content"][JSON]["schema"]
    [name] = re.findall(r"[^/]+$", body["$ref"])
    assert taken["components"]["schemas"][name]["properties"]["number"]["type"] == "integer"


@pytest.mark.parametrize("body", [b'{"name": "\\ud800"}', b'{"name": ["a", "\\udfff"]}', b"[" * 90_000, b"NaN"])
def test_json_that_holds_no_text_is_refused(body: bytes) -> None:
    """Half of a surrogate pair can't be stored or sent on."""
    assert form(body, JSON) == 400


def refused(answer: dict[str, Any]) -> Any:
    assert answer["statusCode"] == 400
    return json.loads(answer["body"])


def test_a_problem_names_the_first_faults_and_says_how_many_more_there_are() -> None:
    """Of a body and of a query: thousands of small faults do not make a large answer."""
    body = json.dumps({f"f{n}": 1 for n in range(8000)}).encode()
    problem = refused(ask("POST", "/strict", body, headers=[("Content-Type", JSON)]))
    assert [fault["name"] for fault in problem["errors"]] == [f"f{n}" for n in range(20)]
    assert problem["detail"].endswith("; f19: is not known here; and 7980 more")
    assert len(json.dumps(problem)) < 4000
    problem = refused(ask("GET", "/client", query="&".join(f"q{n}=" for n in range(2000))))
    assert [fault["name"] for fault in problem["errors"]] == [f"q{n}" for n in range(20)]
    assert problem["detail"] == "this takes no query; and 1980 more"


def test_a_few_faults_are_all_named() -> None:
    """With nothing about others."""
    problem = refused(ask("POST", "/strict", b'{"a": 1, "name": "y"}', headers=[("Content-Type", JSON)]))
    assert problem["detail"] == "the body can't be used: name: input should be 'x'; a: is not known here"
    assert [fault["name"] for fault in problem["errors"]] == ["name", "a"]


def test_a_problem_repeats_no_long_name() -> None:
    """The name of a field may be as long as a body."""
    names = ["a" * 4000 + str(n) for n in range(20)]
    problem = refused(
        ask("POST", "/strict", json.dumps(dict.fromkeys(names)).encode(), headers=[("Content-Type", JSON)])
    )
    assert problem["errors"][0]["name"] == "a" * 199 + "\u2026"
    assert len(problem["detail"]) < 5000


def test_a_problem_tells_programs_what_it_tells_people() -> None:
    """Members of its own (RFC 9457, section 3.2), none in the place of those that every problem has."""
    problem = json.loads(ask("GET", "/raises", query="token=price")["body"])
    assert problem["price"] == {"amount": 12345, "currency": "USD"}
    assert (problem["status"], problem["title"]) == (409, "Conflict")
    assert "price" not in json.loads(ask("GET", "/raises", query="token=conflict")["body"])


def test_a_request_that_is_still_at_work_comes_again_after_a_pause() -> None:
    """A 409 that is to be asked again says when; one that is an answer does not."""
    assert ask("GET", "/raises", query="token=work")["headers"]["Retry-After"] == "3"
    assert "Retry-After" not in ask("GET", "/raises", query="token=conflict")["headers"]


def test_who_may_be_signed_in_is_given_as_account_or_none() -> None:
    """And a token that holds no more is refused."""
    kind = ("Content-Type", JSON)
    assert "given" not in json.loads(ask("POST", "/booked", b"{}", headers=[kind])["body"])
    signed_in = ask("POST", "/booked", b"{}", headers=[kind, ("Authorization", "Bearer ada")])
    assert json.loads(signed_in["body"])["given"] == "a1"
    assert ask("POST", "/booked", b"{}", headers=[kind, ("Authorization", "Bearer old")])["statusCode"] == 401


def pay(body: bytes = b"{}", *, id: str = "K3M9TZ", key: str | None = "k1", query: str = "", **headers: str) -> Any:
    sent = {"Content-Type": JSON, **({} if key is None else {"Idempotency-Key": key})}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    answer = ask("POST", f"/held/{id}", body, headers=list(sent.items()), query=query)
    return json.loads(answer["body"])["given"] if answer["statusCode"] == 200 else answer["statusCode"]


def test_a_view_is_given_what_somebody_shows_for_a_booking() -> None:
    """By token, by link as bearer or in the query, by family name."""
    assert pay(Authorization="Bearer ada")["person"] == "a1"
    assert pay(Authorization="Bearer a.link")["link"] == pay(query="token=a.link")["link"] == "a.link"
    assert pay(X_Family_Name="Garc%C3%ADa")["name"] == "Garc\u00eda"
    assert pay() == 401
    assert pay(X_Family_Name="%ff") == 400
    assert pay(query="token=t&token=u") == 400


def test_a_view_that_keeps_the_key_is_given_it() -> None:
    """It needs one; and the same request has the same, however its JSON is written."""
    assert pay(key=None, X_Family_Name="Lee") == pay(key="a b", X_Family_Name="Lee") == 400
    first = pay(b'{"name": "x", "other": 1}', X_Family_Name="Lee")
    assert first == pay(b'{ "other":1,"name":"\\u0078"}', key='"k1"', X_Family_Name="Lee")
    assert pay(b'{"name": "x", "other": 2}', X_Family_Name="Lee")["asked"] != first["asked"]
    assert pay(b'{"name": "x", "other": 1}', id="ABCDEF", X_Family_Name="Lee")["asked"] != first["asked"]
    assert pay(b'{"name": "x", "other": 1}', Authorization="Bearer ada")["key"] != first["key"]
    assert pay(b'{"name": "x", "other": 1}', query="token=t")["key"] == first["key"]


@pytest.mark.parametrize("idempotency", ["kept", "none"])
def test_a_view_that_asks_for_a_key_says_that_it_needs_one(idempotency: Any) -> None:
    """And the other way round: it does not start."""
    some = Routes("some")
    with pytest.raises(TypeError, match="idempotency_key"):
        some.post("/keyed", callers=ANYONE, idempotency=idempotency)(paid)
    with pytest.raises(TypeError, match="idempotency_key"):
        some.post("/keyed", callers=ANYONE, idempotency="required")(booked)


HEADERS = ("Authorization", "Idempotency-Key", "X-Family-Name", "X-Api-Key", "Content-Type", "If-None-Match", "Accept")


@given(
    st.sampled_from(["/booked", "/held/K3M9TZ", "/echo"]),
    st.dictionaries(
        st.sampled_from(HEADERS),
        st.one_of(st.text(max_size=300), st.text('"\\%,;= aG\xff', max_size=40), st.just("x" * 10_000)),
    ),
)
def test_no_header_gets_a_5xx(path: str, headers: dict[str, str]) -> None:
    """Bytes, quotes, lengths: whatever stands in it. Nor does a key that is none reach the table."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(callers, "_find_person", lambda token: None)
        patched.setattr("chalicelib.core.idempotency._claim", lambda *claim: None)
        patched.setattr("chalicelib.core.idempotency._complete", lambda *claim: None)
        sent = {"Content-Type": JSON, "X-Family-Name": "Lee", "Idempotency-Key": "k", **headers}
        assert ask("POST", path, b"{}", headers=list(sent.items()))["statusCode"] < 500


def test_the_document_tells_of_keys() -> None:
    """The header, whether it is needed, and what comes of one that came before."""
    paths = openapi.document(openapi.routes_of(app), "0")["paths"]

    def told(path: str) -> list[bool]:
        found = paths[path]["post"]
        assert {"409", "422"} <= set(found["responses"])
        return [each["required"] for each in found["parameters"] if each["name"] == "Idempotency-Key"]

    assert told("/held/{id}") == [True]
    assert told("/echo") == [False]
    assert "Idempotency-Replayed" in paths["/echo"]["post"]["responses"]["202"]["headers"]
    assert not [each for each in paths["/link"]["get"]["parameters"] if each["name"] == "Idempotency-Key"]
    assert paths["/held/{id}"]["post"]["security"][-1] == {"familyName": []}
    assert paths["/booked"]["post"]["security"] == [{}, {"accessToken": []}]


def test_every_post_of_the_api_takes_a_key_but_where_it_has_a_rule_of_its_own() -> None:
    """A log-in, a refresh, what the payment service says again; pages' forms can send none."""
    keyless = {
        route.path
        for route in openapi.routes_of(the_app.app)
        if route.method == "POST" and route.idempotency == "none" and route.path.startswith("/v1/")
    }
    assert {"/v1/sessions", "/v1/sessions/refresh"} <= keyless
    pages = {"/v1/payments/simulated/{reference}", "/v1/rebook"}
    assert keyless <= {"/v1/sessions", "/v1/sessions/refresh", "/v1/payments/callbacks"} | pages
