"""`python -m infra admin`, `key`, `keys`, `rotate-key` and `revoke`, against moto."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from chalicelib.accounts import audit, keys, links, people, store
from chalicelib.accounts.model import Account, Errand, hash_of, id_of, new_id
from chalicelib.core.callers import Role
from chalicelib.core.clock import instant, wall_now
from chalicelib.core.config import config
from infra import __main__ as command

pytestmark = pytest.mark.usefixtures("cloud")

Run = Callable[..., list[str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command; gives the lines that it prints. `code` is what it is to exit with."""
    monkeypatch.setattr(command.stages, "enter", lambda stage: None)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str, code: int = 0) -> list[str]:
        assert command.main([*arguments, "--stage", "test"]) == code
        return capsys.readouterr().out.splitlines()

    return run


def events() -> list[tuple[str, str | None, str]]:
    """What the trail of today says, the last first."""
    found, _ = audit.trail(None, None, None, 100, None, wall_now())
    return [(event.what, event.by, event.client) for event in found]


def errands() -> list[Errand]:
    rows = boto3.client("dynamodb").scan(TableName=config().accounts_table)["Items"]
    return [errand for row in rows if (errand := store.errand_of_image(row))]


def test_the_first_admin_gets_a_link_to_set_a_password(run: Run) -> None:
    """For 7 days, in their language; no letter is sent, and the trail says that it came from a terminal."""
    said, url = run("admin", "--email", "Boss@Example.com", "--language", "de")
    assert url.startswith("https://flights.test/account/password?token=")
    (token,) = parse_qs(urlsplit(url).query)["token"]
    errand = links.to_set_password(token, wall_now())
    assert (errand.email, errand.role, errand.language, errand.done) == ("boss@example.com", Role.ADMIN, "de", True)
    assert instant(datetime.fromtimestamp(errand.expires, UTC)) in said
    assert abs(errand.expires - (wall_now() + timedelta(days=7)).timestamp()) < 60
    assert events() == [("invited", None, "terminal")]


def test_the_first_admin_needs_neither_email_nor_pages(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage that was just deployed: what to post where is said, and it holds the token."""
    monkeypatch.setenv("PUBLIC_URL", "")
    monkeypatch.setenv("EMAIL_SENDER", "")
    config.cache_clear()
    try:
        said, body = run("admin", "--email", "boss@example.com")
    finally:
        monkeypatch.undo()
        config.cache_clear()
    assert "PUBLIC_URL is not set" in said
    assert "/v1/accounts/confirmation" in said
    post = json.loads(body)
    assert set(post) == {"token", "password"}
    assert links.to_set_password(post["token"], wall_now()).role is Role.ADMIN


def test_who_has_an_account_becomes_an_admin(run: Run) -> None:
    """And that is said: there is no link then."""
    account = Account(new_id(), "ada@example.com", Role.PASSENGER, "en", 1, "a hash", 1)
    store.save(account, now=wall_now())
    (said,) = run("admin", "--email", "ada@example.com")
    assert "has an account" in said
    assert people.one(account.id).role is Role.ADMIN
    assert errands() == []
    assert events() == [("role-changed", None, "terminal")]


def test_an_address_that_is_none_makes_no_admin(run: Run) -> None:
    """What is wrong is said, and nothing is written."""
    (said,) = run("admin", "--email", "boss", code=2)
    assert "is no email address" in said
    assert (errands(), events()) == ([], [])


def test_a_key_is_made_and_shown_once(run: Run) -> None:
    """And it opens."""
    said, key = run("key", "--name", "wsi-aodb", "--airports", "wsi, EWR")
    assert said == "The key of wsi-aodb for WSI, EWR, shown this once:"
    machine = keys.machine_of(key, wall_now())
    assert machine
    assert (machine.name, machine.airports) == ("wsi-aodb", ("EWR", "WSI"))
    assert events() == [("key-made", None, "terminal")]


def test_a_scrapers_key_needs_no_airports(run: Run) -> None:
    """What it may do is read metrics."""
    said, key = run("key", "--name", "prometheus", "--scopes", "metrics:read")
    assert said == "The key of prometheus, shown this once:"
    machine = keys.machine_of(key, wall_now())
    assert machine
    assert (machine.scopes, machine.airports) == (("metrics:read",), ())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--name", "wsi"), "speaks for some; name them, such as WSI"),
        (("--name", "WSI", "--airports", "WSI"), "is not a key's name"),
        (("--name", "wsi", "--airports", "nowhere"), "is no airport"),
        (("--name", "wsi", "--airports", "WSI", "--scopes", "all"), "is no scope"),
    ],
)
def test_a_key_that_can_not_be_is_not_made(wrong: tuple[str, ...], said: str, run: Run) -> None:
    """What is wrong is said."""
    assert said in "\n".join(run("key", *wrong, code=2))
    assert (keys.every(), events()) == ([], [])


def test_keys_are_listed_with_their_state(run: Run) -> None:
    """Never with what opens."""
    assert "There are no API keys yet." in run("keys")[0]
    now = wall_now()
    made = {name: keys.make(name, ["feeds:aidx"], ["EWR", "JFK"], now) for name in ("good", "rotated", "revoked")}
    successor, _ = keys.rotate(id_of(made["rotated"]), now)
    over = keys.make("over", ["feeds:aidx"], ["EWR"], now)
    keys.rotate(id_of(over), now - timedelta(days=8))
    keys.revoke(id_of(made["revoked"]), now)
    lines = run("keys")

    def state(key: str) -> str:
        (line,) = [line for line in lines if id_of(key) in line]
        assert all(part in line for part in ("feeds:aidx", "EWR", instant(now)))
        return [cell.strip() for cell in line.split("│")][-2]

    assert state(made["good"]) == state(successor) == "good"
    assert state(made["rotated"]) == f"ends {instant(now + timedelta(days=7))}"
    assert state(made["revoked"]) == "revoked"
    assert state(over) == f"ended {instant(now - timedelta(days=1))}"
    shown = "\n".join(lines)
    assert not [key for key in (*made.values(), successor, over) if key in shown or hash_of(key) in shown]


def test_the_id_of_a_key_is_whole_on_a_narrow_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is what the other commands ask for."""
    monkeypatch.setenv("COLUMNS", "80")
    airports = ["EWR", "JFK", "LGA", "IAH", "ORD", "SFO", "LAX", "DEN"]
    key = keys.make("a-name-that-is-as-long-as-a-name-may-be", ["feeds:aidx"], airports, wall_now())
    shown = run("keys")
    assert id_of(key) in "\n".join(shown)
    assert all(len(line) <= 80 for line in shown)


def test_a_key_is_rotated_by_its_id(run: Run) -> None:
    """The new one is shown once; the end of the former is said."""
    key = keys.make("wsi-aodb", ["feeds:aidx"], ["WSI"], wall_now())
    said, successor = run("rotate-key", id_of(key))
    (former,) = [each for each in keys.every() if each.id == id_of(key)]
    assert former.ends_at
    assert said == (
        "The new key of wsi-aodb, shown this once; the former one ends at "
        f"{instant(datetime.fromtimestamp(former.ends_at, UTC))}:"
    )
    assert keys.machine_of(successor, wall_now()) == keys.machine_of(key, wall_now())
    assert events()[0] == ("key-rotated", None, "terminal")
    (refused,) = run("rotate-key", id_of(key), code=2)
    assert "revoked or rotated already" in refused
    (unknown,) = run("rotate-key", "none", code=2)
    assert "there is no key 'none'" in unknown


def test_a_key_is_revoked_by_its_id_or_by_itself(run: Run) -> None:
    """Whoever finds one that leaked has the key; whoever reads the list has its id."""
    for named in (id_of, str):
        key = keys.make("wsi-aodb", ["feeds:aidx"], ["WSI"], wall_now())
        assert run("revoke", named(key)) == ["Revoked: it opens nothing any more."]
        assert keys.machine_of(key, wall_now()) is None
        assert events()[0] == ("key-revoked", None, "terminal")
    for nothing in ("none", "gck_none"):
        (said,) = run("revoke", nothing, code=2)
        assert "there is no" in said
