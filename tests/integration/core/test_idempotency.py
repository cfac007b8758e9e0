"""The same POST, sent again: done once, answered the same. Through Chalice; where threads race, on exact tables."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ConnectTimeoutError
from chalice.app import Chalice

from chalicelib.core import callers, clock, idempotency
from chalicelib.core.callers import ANYONE, SIGNED_IN, Person, Role
from chalicelib.core.config import config
from chalicelib.core.errors import AtWork, Conflict, KeyReused, Unavailable
from chalicelib.core.idempotency import KEPT, LEASE, Kept
from chalicelib.core.routes import Answer, Document, Routes, Shape
from infra.local import events
from tests.integration.accounts.logins import at_once

NOON = datetime(2026, 7, 10, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
SECRET = "gck_what-nobody-else-may-read"


class Wish(Shape):
    """What is wanted."""

    name: str = ""


class Made(Answer):
    """What was made."""

    secret: str
    number: int
    wish: str

    def headers(self) -> dict[str, str]:
        """One of its own."""
        return {"Location": f"/v1/made/{self.number}"}


@dataclass
class World:
    """An app that counts what it does, at a time of its own."""

    app: Chalice
    now: datetime = NOON
    done: list[str] = field(default_factory=list)
    fails: Callable[[], None] = lambda: None

    def post(
        self, body: object = None, key: str | None = KEY, *, path: str = "/v1/made", who: str = "", query: str = ""
    ) -> Any:
        """Ask; gives API Gateway's answer."""
        headers = [("Content-Type", "application/json")]
        headers += [("Idempotency-Key", key)] if key else []
        headers += [("Authorization", f"Bearer {who}")] if who else []
        resource = "/v1/made/{id}" if path.startswith("/v1/made/") else path
        event = events.rest(
            "POST", path, at=NOON, resource=resource, headers=headers, query=query,
            body=json.dumps(body or {}).encode(), path_parameters={"id": path.rpartition("/")[2]},
        )  # fmt: skip
        return self.app(event, events.context("app", 29))


@pytest.fixture
def world(cloud: None, monkeypatch: pytest.MonkeyPatch) -> World:
    routes = Routes(__name__)
    made = World(Chalice("app"))

    def make(wish: str) -> Made:
        made.fails()
        made.done.append(wish)
        return Made(secret=SECRET, number=len(made.done), wish=wish)

    @routes.post("/v1/made", callers=ANYONE, status=201)
    def anybody(body: Wish) -> Made:
        """Make."""
        return make(body.name)

    @routes.post("/v1/made/{id}", callers=SIGNED_IN, status=201)
    def somebody(id: str, body: Wish, person: Person) -> Made:
        """Make for somebody."""
        return make(f"{person.id} {id} {body.name}")

    @routes.post("/v1/pages", callers=ANYONE, produces=("text/xml",))
    def page(body: Wish) -> Document:
        """Make a document."""
        make(body.name)
        status = 400 if body.name == "bad" else 200
        return Document(f"<\u00fc {len(made.done)}/>", "text/xml", status, {"Set-Cookie": "a=b"})

    @routes.post("/v1/free", callers=ANYONE, idempotency="none")
    def free(body: Wish) -> Made:
        """Make, by a rule of its own."""
        return make(body.name)

    made.app.register_blueprint(routes)
    monkeypatch.setattr(clock, "wall_now", lambda: made.now)
    people = {name: Person(name, Role.PASSENGER, "a@example.com", "a", "en", "s", SECOND) for name in ("ada", "bob")}
    monkeypatch.setattr(callers, "_find_person", people.get)
    return made


def rows() -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = boto3.client("dynamodb").scan(TableName=config().limits_table)["Items"]
    return items


def same(again: Any, first: Any) -> bool:
    """Whether an answer is another, said again."""
    headers = {**first["headers"], "Idempotency-Replayed": "true"}
    rest = {"headers": headers}
    return {**again, **rest} == {**first, **rest} and dict(again["headers"]) == headers


def test_what_is_sent_again_is_done_once_and_answered_the_same(world: World, calls: list[str]) -> None:
    """Status, headers and body, byte for byte; two writes the first time, one the second, none without a key."""
    first = world.post({"name": "\u00fc"})
    assert (first["statusCode"], first["headers"]["Location"]) == (201, "/v1/made/1")
    assert "Idempotency-Replayed" not in first["headers"]
    assert calls == ["UpdateItem"] * 2
    again = world.post({"name": "\u00fc"})
    assert again["body"] == first["body"]
    assert same(again, first)
    assert calls == ["UpdateItem"] * 3
    assert world.done == ["\u00fc"]
    world.post({"name": "\u00fc"}, key=None)
    assert len(calls) == 3
    assert len(world.done) == 2


def test_a_document_is_answered_the_same_too(world: World) -> None:
    """With its cookie and content type."""
    first = world.post(path="/v1/pages")
    assert first["headers"]["Set-Cookie"] == "a=b"
    assert same(world.post(path="/v1/pages"), first)


def test_another_request_by_the_same_key_is_refused(world: World) -> None:
    """Another body, query or path: 422; the first stays."""
    first = world.post({"name": "a"}, path="/v1/made/1", who="ada")
    for body, path in (({"name": "b"}, "/v1/made/1"), ({"name": "a"}, "/v1/made/2"), ({}, "/v1/made/1")):
        refused = world.post(body, path=path, who="ada")
        assert refused["statusCode"] == 422
        assert "another request" in json.loads(refused["body"])["detail"]
    assert same(world.post({"name": "a"}, path="/v1/made/1", who="ada"), first)
    assert world.done == ["ada 1 a"]


def test_somebody_elses_key_is_another(world: World) -> None:
    """Of another account, and of another route; who is not let in gets no answer of anybody's."""
    answers = [world.post(path="/v1/made/1", who=who) for who in ("ada", "bob")]
    assert [json.loads(answer["body"])["wish"] for answer in answers] == ["ada 1 ", "bob 1 "]
    assert "Idempotency-Replayed" not in answers[1]["headers"]
    assert world.post(path="/v1/made/1", who="eve")["statusCode"] == 401
    assert json.loads(world.post()["body"])["number"] == 3


def test_a_route_with_a_rule_of_its_own_looks_at_no_key(world: World, calls: list[str]) -> None:
    """Also not at one that is none."""
    numbers = [json.loads(world.post(path="/v1/free", key=key)["body"])["number"] for key in (KEY, KEY, "\x00")]
    assert (numbers, calls) == ([1, 2, 3], [])


def test_a_refusal_is_not_kept(world: World) -> None:
    """By an error or a document of the view's, or before it is asked: the same key tries again, with another body."""

    def full() -> None:
        raise Conflict("no seat is left")

    world.fails = full
    assert world.post({"name": "a"})["statusCode"] == 409
    world.fails = lambda: None
    assert world.post({"name": 1})["statusCode"] == 400
    assert world.post({"name": "b"})["statusCode"] == 201
    assert world.post({"name": "bad"}, path="/v1/pages")["statusCode"] == 400
    assert world.post({"name": "good"}, path="/v1/pages")["statusCode"] == 200
    assert world.done == ["b", "bad", "good"]


def test_a_failure_of_ours_is_not_kept(world: World) -> None:
    """503 or 500: the same key may try again at once."""
    for failure, status in ((Unavailable("busy"), 503), (ZeroDivisionError(), 500)):

        def fail(failure: Exception = failure) -> None:
            raise failure

        world.fails = fail
        assert world.post()["statusCode"] == status
    world.fails = lambda: None
    assert world.post()["statusCode"] == 201
    assert world.done == [""]


def test_an_answer_is_kept_for_24_hours(world: World) -> None:
    """Judged when it is read: the broom comes later. Then the key is as good as new, also for another request."""
    first = world.post({"name": "a"})
    [row] = rows()
    assert int(row["expires"]["N"]) == (NOON + KEPT).timestamp()
    world.now = NOON + KEPT - SECOND
    assert same(world.post({"name": "a"}), first)
    world.now = NOON + KEPT
    assert json.loads(world.post({"name": "b"})["body"])["number"] == 2
    world.now += KEPT
    meanwhile: list[Any] = []

    def ask_again() -> None:
        world.fails = lambda: None
        meanwhile.append(world.post({"name": "b"})["statusCode"])

    world.fails = ask_again
    assert json.loads(world.post({"name": "b"})["body"])["number"] == 3
    assert meanwhile == [409]  # not what it got the day before


def test_a_process_that_died_leaves_a_claim_for_as_long_as_it_could_have_lived(world: World) -> None:
    """409 and a pause until then; after it the request is done, as without a key."""

    class Died(BaseException):
        """The end of the process: nothing more of it runs."""

    def die() -> None:
        raise Died

    world.fails = die
    with pytest.raises(Died):
        world.post({"name": "a"})
    world.fails = lambda: None
    world.now = NOON + LEASE - SECOND
    waits = world.post({"name": "a"})
    assert (waits["statusCode"], waits["headers"]["Retry-After"]) == (409, "2")
    assert world.post({"name": "b"})["statusCode"] == 422
    world.now = NOON + LEASE
    assert world.post({"name": "a"})["statusCode"] == 201
    assert world.done == ["a"]
    assert timedelta(seconds=29) < LEASE


def test_who_comes_back_after_the_end_of_a_claim_takes_nothing_from_the_next(world: World) -> None:
    """A process that was only slow: its answer goes to its caller, and the next one's stays."""

    def slow() -> None:
        world.fails = lambda: None
        world.now = NOON + LEASE
        assert json.loads(world.post({"name": "a"})["body"])["number"] == 1

    world.fails = slow
    assert json.loads(world.post({"name": "a"})["body"])["number"] == 2
    kept = world.post({"name": "a"})
    assert (json.loads(kept["body"])["number"], kept["headers"]["Idempotency-Replayed"]) == (1, "true")


def test_what_is_stored_tells_nothing(world: World) -> None:
    """Neither the answer, nor the request, nor the key; by an account or by nobody."""
    world.post({"name": "Garc\u00eda"})
    world.post({"name": "Garc\u00eda"}, path="/v1/made/1", who="ada")
    stored = rows()
    assert len(stored) == 2
    for row in stored:
        assert set(row) == {"pk", "claim", "claimed_until", "fingerprint", "answer", "expires"}
        raw = b"".join(bytes(of["B"]) if "B" in of else next(iter(of.values())).encode() for of in row.values())
        for plain in (SECRET, SECRET[4:20], "Garc", "secret", KEY, "ada", "201"):
            assert plain.encode() not in raw, plain
    answers = {bytes(row["answer"]["B"]) for row in stored}
    assert len({answer[:12] for answer in answers}) == 2


def test_one_answer_does_not_stand_in_for_another(world: World) -> None:
    """Who can write to the table can't make a caller read what another was told."""
    world.post(path="/v1/made/1", who="ada")
    world.post(path="/v1/made/1", who="bob")
    one, other = rows()
    boto3.client("dynamodb").put_item(TableName=config().limits_table, Item={**one, "answer": other["answer"]})
    boto3.client("dynamodb").put_item(TableName=config().limits_table, Item={**other, "answer": one["answer"]})
    for who in ("ada", "bob"):
        answer = world.post(path="/v1/made/1", who=who)
        assert answer["statusCode"] == 500
        assert SECRET not in answer["body"]


def test_a_claim_whose_own_answer_was_lost_is_still_ones_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore asks again by itself, and meets what it wrote."""
    real = BaseClient._make_api_call

    def twice(client: BaseClient, operation: str, request: Any) -> Any:
        if ":lease" in request.get("ExpressionAttributeValues", {}):
            real(client, operation, request)
        return real(client, operation, request)

    monkeypatch.setattr(BaseClient, "_make_api_call", twice)
    first = world.post()
    assert first["statusCode"] == 201
    assert same(world.post(), first)


THROTTLED = ClientError(
    {"Error": {"Code": "ProvisionedThroughputExceededException"}, "ResponseMetadata": {"HTTPStatusCode": 400}},
    "UpdateItem",
)


@pytest.mark.parametrize("failure", [THROTTLED, ConnectTimeoutError(endpoint_url="https://dynamodb.test")])
def test_where_nobody_can_look_nothing_is_done(
    world: World, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    """503 and a pause; without a key it goes on."""

    def fail(client: BaseClient, operation: str, request: Any) -> Any:
        raise failure

    monkeypatch.setattr(BaseClient, "_make_api_call", fail)
    answer = world.post()
    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, "2")
    assert world.done == []
    assert world.post(key=None)["statusCode"] == 201


def test_an_answer_that_can_not_be_kept_is_given_all_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked for is done. Sent again, it waits for the end of the claim and is done again, as without a key."""
    real = BaseClient._make_api_call

    def fail(client: BaseClient, operation: str, request: Any) -> Any:
        if ":answer" in request.get("ExpressionAttributeValues", {}):
            raise THROTTLED
        return real(client, operation, request)

    monkeypatch.setattr(BaseClient, "_make_api_call", fail)
    assert world.post()["statusCode"] == 201
    assert world.post()["statusCode"] == 409
    world.now = NOON + LEASE
    assert world.post()["statusCode"] == 201


def test_an_answer_too_large_for_an_item_is_given_all_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not kept."""
    monkeypatch.setattr(idempotency, "LARGEST", 100)
    assert world.post({"name": "a"})["statusCode"] == 201
    assert "answer" not in rows()[0]


@pytest.mark.usefixtures("exact_cloud")
@pytest.mark.parametrize("round_", range(3))
def test_of_many_at_once_one_is_done(round_: int) -> None:
    """The others are told to come again, or get its answer; another request by the same key never does."""
    key = idempotency.key(KEY, "", "POST /v1/made", b"a")
    other = idempotency.key(KEY, "", "POST /v1/made", b"b")
    done: list[int] = []
    others_came = Event()

    def act() -> Kept:
        done.append(len(done))
        others_came.wait(0.05)  # long enough that some come meanwhile; what is asserted holds in any order
        return Kept(201, {"A": ["b", "c"]}, f"\u00fc{len(done)}")

    def ask(which: idempotency.Key) -> Any:
        return idempotency.once(which, KEY, act, NOON)

    asked = [*[key] * 12, *[other] * 4]
    came = at_once(*[lambda which=which: ask(which) for which in asked])
    [first] = [which for which, result in zip(asked, came, strict=True) if isinstance(result, tuple) and not result[1]]
    assert len(done) == 1
    for which, result in zip(asked, came, strict=True):
        if which == first:
            assert isinstance(result, AtWork) or result[0].body == "\u00fc1"
        else:
            assert isinstance(result, KeyReused)
    assert ask(first) == (Kept(201, {"A": ["b", "c"]}, "\u00fc1"), True)
