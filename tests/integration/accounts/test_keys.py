"""API keys: made, recognised, listed, rotated, revoked, and each of it in the audit trail."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest
from chalice.test import Client

import app
from chalicelib.accounts import keys, store
from chalicelib.accounts.model import Event, hash_of, id_of
from chalicelib.core import callers
from chalicelib.core.callers import Machine, Person, Role
from chalicelib.core.clock import Now, instant
from chalicelib.core.config import config
from chalicelib.core.errors import Conflict, Invalid, NotFound, Unavailable

pytestmark = pytest.mark.usefixtures("cloud")

OLD = "gck_made-before-there-was-a-list"
WSI = Machine("wsi-aodb", ("feeds:aidx",), ("EWR", "WSI"))


@pytest.fixture
def key(now: Now) -> str:
    return keys.make("wsi-aodb", ["feeds:aidx"], ["WSI", "EWR"], now.wall, by="admin", client="198.51.100.7")


@pytest.fixture
def old(now: Now) -> str:
    """A key as it was kept before keys had a list and a revision."""
    boto3.client("dynamodb").put_item(
        TableName=config().accounts_table,
        Item={
            "pk": {"S": f"key#{hash_of(OLD)}"}, "sk": {"S": "key"}, "name": {"S": "wsi-aodb"},
            "scopes": {"SS": ["feeds:aidx"]}, "airports": {"SS": ["WSI", "EWR"]},
            "made_at": {"S": instant(now.wall - timedelta(days=30))}, "revoked": {"BOOL": False},
        },
    )  # fmt: skip
    return OLD


def told(now: Now) -> list[Event]:
    return list(reversed(store.events_about("key:wsi-aodb", now.wall, 100, None)[0]))


def row(secret: str) -> dict[str, Any]:
    key = {"pk": {"S": f"key#{hash_of(secret)}"}, "sk": {"S": "key"}}
    found: dict[str, Any] = boto3.client("dynamodb").get_item(TableName=config().accounts_table, Key=key)["Item"]
    return found


def test_a_key_opens_what_it_was_made_for(now: Now, key: str) -> None:
    """And no other does."""
    assert key.startswith("gck_")
    assert keys.machine_of(key, now.wall) == WSI
    for other in ("", "gck_", key[:-1], key.upper(), "\ud800", "x" * 5000):
        assert keys.machine_of(other, now.wall) is None


def test_a_key_that_feeds_no_flights_speaks_for_no_airports(now: Now) -> None:
    """A scraper's; it is listed, recognised and rotated like any other."""
    secret = keys.make("prometheus", ["metrics:read"], [], now.wall)
    assert keys.machine_of(secret, now.wall) == Machine("prometheus", ("metrics:read",), ())
    successor, _ = keys.rotate(id_of(secret), now.wall)
    assert {id_of(secret), id_of(successor)} == {kept.id for kept in keys.every()}
    assert keys.machine_of(successor, now.wall) == Machine("prometheus", ("metrics:read",), ())


def test_an_admin_makes_a_key_with_airports_where_it_feeds_flights(monkeypatch: pytest.MonkeyPatch) -> None:
    """And without, where it reads metrics; the list shows both as they are."""
    admin = Person("a1", Role.ADMIN, "admin@example.com", "address", "en", "session", timedelta())
    monkeypatch.setattr(callers, "_find_person", lambda token: admin)
    with Client(app.app) as client:

        def ask(method: str, **body: Any) -> Any:
            headers = {"Authorization": "Bearer x", "Content-Type": "application/json"}
            answer = client.http.request(method, "/v1/keys", headers=headers, body=json.dumps(body).encode())
            return answer.status_code, answer.json_body

        assert ask("POST", name="prometheus", scopes=["metrics:read"])[0] == 201
        assert ask("POST", name="wsi-aodb", scopes=["feeds:aidx"], airports=["WSI"])[0] == 201
        status, problem = ask("POST", name="ewr-aodb", scopes=["feeds:aidx"])
        assert (status, problem["errors"][0]["name"]) == (400, "airports")
        _, listed = ask("GET")
    assert [(key["name"], key["scopes"], key["airports"]) for key in listed["keys"]] == [
        ("prometheus", ["metrics:read"], []), ("wsi-aodb", ["feeds:aidx"], ["WSI"]),
    ]  # fmt: skip


def test_only_the_hash_of_a_key_is_kept(now: Now, key: str) -> None:
    """In the list and in the trail too."""
    keys.rotate(id_of(key), now.wall)
    assert key not in json.dumps(boto3.client("dynamodb").scan(TableName=config().accounts_table)["Items"])


@pytest.mark.parametrize(
    ("name", "scopes", "airports"),
    [
        ("", ["feeds:aidx"], ["EWR"]), ("WSI", ["feeds:aidx"], ["EWR"]), ("a b", ["feeds:aidx"], ["EWR"]),
        ("x" * 41, ["feeds:aidx"], ["EWR"]), ("wsi", [], ["EWR"]), ("wsi", ["feeds:all"], ["EWR"]),
        ("wsi", ["feeds:aidx"], []), ("wsi", ["feeds:aidx"], ["ewr"]), ("wsi", ["feeds:aidx"], ["EWR", "N"]),
        ("wsi", ["feeds:aidx"], ["EWR,JFK"]), ("wsi", ["feeds:aidx", "metrics:read"], []),
        ("prometheus", ["metrics:read"], ["ewr"]),
    ],
)  # fmt: skip
def test_what_is_no_key_is_not_made(name: str, scopes: list[str], airports: list[str], now: Now) -> None:
    """By its name, scopes and airports."""
    with pytest.raises(Invalid):
        keys.make(name, scopes, airports, now.wall)
    assert keys.every() == []


def test_keys_are_listed_by_name_revoked_ones_too(now: Now, key: str) -> None:
    """With what they may do, and without what opens."""
    other = keys.make("ewr-aodb", ["feeds:aidx"], ["EWR"], now.wall)
    keys.revoke(id_of(key), now.wall)
    listed = keys.every()
    assert [(each.id, each.name, each.airports, each.revoked) for each in listed] == [
        (id_of(other), "ewr-aodb", ("EWR",), False), (id_of(key), "wsi-aodb", ("EWR", "WSI"), True),
    ]  # fmt: skip


def test_a_rotated_key_opens_for_seven_days_beside_its_successor(now: Now, key: str) -> None:
    """And can't be rotated again; the successor can, and may do the same."""
    successor, kept = keys.rotate(id_of(key), now.wall, by="admin", client="198.51.100.7")
    assert (kept.id, kept.name) == (id_of(successor), "wsi-aodb")
    last = now.wall + timedelta(days=7, seconds=-1)
    assert keys.machine_of(key, last) == keys.machine_of(successor, last) == WSI
    end = now.wall + timedelta(days=7)
    assert keys.machine_of(key, end) is None
    assert keys.machine_of(successor, end) == WSI
    with pytest.raises(Conflict):
        keys.rotate(id_of(key), now.wall)
    keys.rotate(id_of(successor), now.wall)


def test_a_revoked_key_opens_nothing_and_can_not_be_rotated(now: Now, key: str) -> None:
    """Revoking it again does no harm, and says nothing twice; a rotated one can be revoked before its end."""
    successor, _ = keys.rotate(id_of(key), now.wall)
    for _ in range(2):
        keys.revoke(id_of(key), now.wall)
        keys.revoke_shown(key, now.wall)
    assert keys.machine_of(key, now.wall) is None
    assert keys.machine_of(successor, now.wall) == WSI
    keys.revoke_shown(successor, now.wall)
    with pytest.raises(Conflict):
        keys.rotate(id_of(successor), now.wall)
    assert [each.what for each in told(now)].count("key-revoked") == 2


def test_what_is_no_key_is_neither_rotated_nor_revoked(now: Now, key: str) -> None:
    """By its id, or as it was shown."""
    for nothing in ("", "0123456789abcdef", key, hash_of(key), "\ud800"):
        with pytest.raises(NotFound):
            keys.rotate(nothing, now.wall)
        with pytest.raises(NotFound):
            keys.revoke(nothing, now.wall)
    with pytest.raises(NotFound):
        keys.revoke_shown("gck_none", now.wall)


def test_the_trail_says_who_made_rotated_and_revoked_a_key(now: Now, key: str) -> None:
    """By its id; nothing in it opens anything."""
    later = now.wall + timedelta(seconds=1)
    successor, _ = keys.rotate(id_of(key), later, by="admin", client="198.51.100.7")
    keys.revoke(id_of(key), later + timedelta(seconds=1), by="other", client="198.51.100.8")
    assert [(each.what, each.by, each.client, each.detail) for each in told(now)] == [
        ("key-made", "admin", "198.51.100.7", (("key", id_of(key)),)),
        ("key-rotated", "admin", "198.51.100.7", (("key", id_of(key)), ("successor", id_of(successor)))),
        ("key-revoked", "other", "198.51.100.8", (("key", id_of(key)),)),
    ]


def test_a_key_made_before_keys_were_listed_opens_and_is_listed_from_when_it_is_used(now: Now, old: str) -> None:
    """With all that it was, and once."""
    assert keys.every() == []
    for _ in range(2):
        assert keys.machine_of(old, now.wall) == WSI
    (listed,) = keys.every()
    assert (listed.id, listed.name, listed.scopes, listed.airports) == (id_of(old), *WSI.__dict__.values())
    assert (listed.made_at, listed.revision) == (now.wall - timedelta(days=30), 1)


def test_a_key_made_before_keys_were_listed_opens_also_where_it_can_not_be_listed(
    now: Now, old: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is listed the next time."""
    for trouble in (Conflict("somebody else was first"), Unavailable("busy")):

        def refuse(*_: object, trouble: Exception = trouble, **__: object) -> None:
            raise trouble

        with monkeypatch.context() as patched:
            patched.setattr(store, "save", refuse)
            assert keys.machine_of(old, now.wall) == WSI
    assert keys.machine_of(old, now.wall) == WSI
    assert len(keys.every()) == 1


def test_a_key_made_before_keys_were_listed_is_rotated_and_revoked(now: Now, old: str) -> None:
    """As any other, once it was used."""
    keys.machine_of(old, now.wall)
    successor, _ = keys.rotate(id_of(old), now.wall)
    assert keys.machine_of(successor, now.wall) == WSI
    assert keys.machine_of(old, now.wall + timedelta(days=7)) is None
    keys.revoke(id_of(old), now.wall)
    assert keys.machine_of(old, now.wall) is None


def test_a_key_made_before_keys_were_listed_is_revoked_by_itself_unused(now: Now, old: str) -> None:
    """As who finds a leaked one does; it stays as a record, listed."""
    keys.revoke_shown(old, now.wall)
    assert keys.machine_of(old, now.wall) is None
    assert [(each.id, each.revoked) for each in keys.every()] == [(id_of(old), True)]


def test_a_key_that_was_revoked_before_keys_were_listed_stays_so(now: Now, old: str) -> None:
    """Showing it lists nothing and opens nothing."""
    boto3.client("dynamodb").put_item(TableName=config().accounts_table, Item=row(old) | {"revoked": {"BOOL": True}})
    assert keys.machine_of(old, now.wall) is None
    keys.revoke_shown(old, now.wall)
    assert keys.machine_of(old, now.wall) is None
    assert "revision" not in row(old)
