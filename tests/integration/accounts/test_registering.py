"""How somebody gets an account and a password: by the link of a letter, and no other way."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from chalicelib.accounts import links, passwords, register, store
from chalicelib.accounts.model import WORDING, Account, Errand, Origin, Task, new_id
from chalicelib.core.callers import Role
from chalicelib.core.clock import Now
from chalicelib.core.errors import Invalid, TooMany, Unavailable
from chalicelib.core.signed import BadLink

pytestmark = pytest.mark.usefixtures("cloud")

GOOD = "a tram to the harbour"
HERE = Origin("198.51.100.7")


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing is another test's matter: here it is quick."""
    monkeypatch.setattr(passwords, "hash_of", lambda password: f"hash of {password}")


def errands(task: Task | None = None) -> list[Errand]:
    """What is to be done, the first asked first."""
    rows = boto3.client("dynamodb").scan(TableName="gatecall-test-accounts")["Items"]
    found = [errand for row in rows if (errand := store.errand_of_image(row))]
    return sorted((e for e in found if task in (None, e.task)), key=lambda e: e.asked_at)


def token(errand: Errand) -> str:
    return links.url(errand).partition("token=")[2]


def registered(email: str, now: datetime, **changes: Any) -> Account:
    at = int(now.timestamp())
    account = replace(Account(new_id(), email, Role.PASSENGER, "en", at, "hash of old", at), **changes)
    store.save(account, now=now)
    found = store.account(account.id)
    assert found
    return found


def events(account: str, now: datetime) -> list[str]:
    return [event.what for event in store.events_about(account, now, 100, None)[0]]


def test_an_account_is_made_by_who_reads_the_letter_and_sets_the_password(now: Now) -> None:
    """Asking makes none; the consent is kept with its wording's version."""
    register.ask(" Ada@Example.com", "fr", WORDING, HERE, now.wall)
    assert store.account_with("ada@example.com") is None
    (errand,) = errands(Task.CONFIRM)
    made = register.set_password(token(errand), GOOD, HERE, now.wall)
    account = store.account_with("ada@example.com")
    assert account
    assert (account.id, account.password, account.role) == (made.id, f"hash of {GOOD}", Role.PASSENGER)
    assert account.language == "fr"
    (agreed,) = store.consents(account.id)
    assert (agreed.wording, agreed.language) == (WORDING, "fr")
    assert events(account.id, now.wall) == ["registered"]


def test_asking_does_the_same_whether_the_address_is_known_or_not(now: Now, calls: list[str]) -> None:
    """AWS calls are counted, for an account and for a lost password."""
    registered("known@example.com", now.wall)
    register.ask("warm@example.com", "en", WORDING, HERE, now.wall)  # connections are made
    told: dict[str, list[list[str]]] = {"known": [], "new": []}
    for who, of in told.items():
        calls.clear()
        register.ask(f"{who}@example.com", "en", WORDING, HERE, now.wall)
        of.append(list(calls))
        calls.clear()
        register.forgot(f"{who}@example.com", "en", HERE, now.wall)
        of.append(list(calls))
    assert told["known"] == told["new"]
    assert told["new"][0].count("PutItem") == 1


def test_a_link_is_used_once(now: Now) -> None:
    """Neither again, nor by somebody who was as quick."""
    register.ask("ada@example.com", "en", WORDING, HERE, now.wall)
    (errand,) = errands()
    register.set_password(token(errand), GOOD, HERE, now.wall)
    with pytest.raises(BadLink):
        register.set_password(token(errand), "another good one here", HERE, now.wall)


def test_a_second_confirmation_makes_no_second_account_and_changes_no_password(now: Now) -> None:
    """Who asked twice has two letters."""
    register.ask("ada@example.com", "en", WORDING, HERE, now.wall)
    register.ask("ada@example.com", "en", WORDING, HERE, now.wall)
    first, second = errands()
    made = register.set_password(token(first), GOOD, HERE, now.wall)
    with pytest.raises(BadLink):
        register.set_password(token(second), "another good one here", HERE, now.wall)
    account = store.account(made.id)
    assert account
    assert account.password == f"hash of {GOOD}"


@pytest.mark.parametrize("after", [timedelta(hours=24), timedelta(days=40)])
def test_a_link_that_is_too_old_opens_nothing(now: Now, after: timedelta) -> None:
    """24 hours for an account; the row may still be there."""
    register.ask("ada@example.com", "en", WORDING, HERE, now.wall)
    (errand,) = errands()
    with pytest.raises(BadLink):
        register.set_password(token(errand), GOOD, HERE, now.wall + after)


def test_a_forgotten_password_is_set_anew_and_all_sessions_end(now: Now) -> None:
    """The epoch of the account is another, and a letter says so."""
    account = registered("ada@example.com", now.wall)
    register.forgot("ADA@example.com", "en", HERE, now.wall)
    (errand,) = errands(Task.RESET)
    assert errand.expires - errand.asked_at == 3600
    register.set_password(token(errand), GOOD, HERE, now.wall)
    changed = store.account(account.id)
    assert changed
    assert (changed.password, changed.epoch) == (f"hash of {GOOD}", account.epoch + 1)
    assert [each.email for each in errands(Task.PASSWORD_CHANGED)] == ["ada@example.com"]
    assert "password-reset" in events(account.id, now.wall)


def test_links_to_set_a_password_end_when_it_is_set(now: Now) -> None:
    """Whoever finds an older letter changes nothing."""
    registered("ada@example.com", now.wall - timedelta(days=1))
    register.forgot("ada@example.com", "en", HERE, now.wall)
    register.forgot("ada@example.com", "en", HERE, now.wall + timedelta(seconds=5))
    older, newer = errands(Task.RESET)
    later = now.wall + timedelta(seconds=60)
    register.set_password(token(newer), GOOD, HERE, later)
    with pytest.raises(BadLink):
        register.set_password(token(older), "another good one here", HERE, later)


def test_nobody_gets_an_account_by_a_link_for_a_lost_password(now: Now) -> None:
    """The address may have had one."""
    register.forgot("nobody@example.com", "en", HERE, now.wall)
    (errand,) = errands(Task.RESET)
    with pytest.raises(BadLink):
        register.set_password(token(errand), GOOD, HERE, now.wall)
    assert store.account_with("nobody@example.com") is None


def test_a_link_for_an_address_sets_no_password(now: Now) -> None:
    """No kind of link stands in for another."""
    account = registered("ada@example.com", now.wall)
    errand = Errand(
        new_id(), Task.NEW_ADDRESS, "new@example.com", "en", 0, int(now.wall.timestamp()) + 60, account=account.id
    )
    store.save(errand, now=now.wall)
    with pytest.raises(BadLink):
        register.set_password(token(errand), GOOD, HERE, now.wall)


@pytest.mark.parametrize("bad", ["short", "password1234", "ada@example.com"])
def test_a_refused_password_uses_up_no_link(now: Now, bad: str) -> None:
    """Who reads why, tries again."""
    register.ask("ada@example.com", "en", WORDING, HERE, now.wall)
    (errand,) = errands()
    with pytest.raises(Invalid) as refused:
        register.set_password(token(errand), bad, HERE, now.wall)
    assert [fault.name for fault in refused.value.faults] == ["password"]
    assert bad not in str(refused.value)
    register.set_password(token(errand), GOOD, HERE, now.wall)


def test_an_invitation_gives_its_role(now: Now) -> None:
    """By whom stands in the trail."""
    admin = registered("admin@example.com", now.wall, role=Role.ADMIN)
    errand = Errand(
        new_id(), Task.INVITE, "op@example.com", "de", int(now.wall.timestamp()), int(now.wall.timestamp()) + 600,
        role=Role.OPERATOR, airlines=("UA",), by=admin.id,
    )  # fmt: skip
    store.save(errand, now=now.wall)
    account = register.set_password(token(errand), GOOD, HERE, now.wall)
    assert (account.role, account.airlines) == (Role.OPERATOR, ("UA",))
    (event,) = store.events_about(account.id, now.wall, 10, None)[0]
    assert (event.what, event.by, dict(event.detail)) == (
        "registered", account.id, {"invitation": errand.id, "role": "operator"},
    )  # fmt: skip


def test_an_invitation_finds_who_made_an_account_meanwhile(now: Now) -> None:
    """They keep it, and get the role."""
    errand = Errand(
        new_id(), Task.INVITE, "op@example.com", "de", int(now.wall.timestamp()) + 5, int(now.wall.timestamp()) + 600,
        role=Role.ADMIN,
    )  # fmt: skip
    store.save(errand, now=now.wall)
    before = registered("op@example.com", now.wall)
    account = register.set_password(token(errand), GOOD, HERE, now.wall)
    assert (account.id, account.role, account.epoch) == (before.id, Role.ADMIN, 2)


@pytest.mark.parametrize("how", [{"role": Role.PASSENGER}, {"disabled": True}, None])
def test_an_invitation_holds_as_long_as_who_sent_it_is_an_admin(now: Now, how: dict[str, Any] | None) -> None:
    """Who is none any more, is disabled or gone, has left nothing behind by which to come back."""
    admin = registered("admin@example.com", now.wall, role=Role.ADMIN)
    at = int(now.wall.timestamp())
    errand = Errand(new_id(), Task.INVITE, "op@example.com", "de", at, at + 600, role=Role.ADMIN, by=admin.id)
    store.save(errand, now=now.wall)
    if how is None:
        store.save(gone=[admin], now=now.wall)
    else:
        store.save(replace(admin, **how), now=now.wall)
    with pytest.raises(BadLink):
        register.set_password(token(errand), GOOD, HERE, now.wall)
    assert store.account_with("op@example.com") is None


def test_only_the_wording_that_holds_is_agreed_to(now: Now) -> None:
    """What else is said is no consent to it."""
    with pytest.raises(Invalid, match=WORDING):
        register.ask("ada@example.com", "en", "2020-01", HERE, now.wall)
    assert errands() == []


def test_one_mailbox_is_not_filled_with_letters(now: Now) -> None:
    """Three an hour, whatever the spelling."""
    for number, spelling in enumerate(("ada@example.com", "ADA@example.com", "ada+1@example.com")):
        register.ask(spelling, "en", WORDING, Origin(f"203.0.113.{number}"), now.wall)
    with pytest.raises(TooMany):
        register.ask("ada+2@example.com", "en", WORDING, Origin("203.0.113.9"), now.wall)


def test_one_client_keeps_nobody_from_a_new_password(now: Now) -> None:
    """Their own counter is spent before the address's."""
    for _ in range(2):
        register.forgot("ada@example.com", "en", HERE, now.wall)
    for _ in range(10):
        with pytest.raises(TooMany):
            register.forgot("ada@example.com", "en", HERE, now.wall)
    register.forgot("ada@example.com", "en", Origin("203.0.113.1"), now.wall)
    assert len(errands(Task.RESET)) == 3


def test_one_client_does_not_write_to_everybody(now: Now) -> None:
    """100 an hour, of an IPv6 network as of one address."""
    for number in range(100):
        register.ask(f"a{number}@example.com", "en", WORDING, Origin(f"2001:db8:0:{number:x}::/64"), now.wall)
    with pytest.raises(TooMany):
        register.ask("b@example.com", "en", WORDING, Origin("2001:db8:0:ffff::/64"), now.wall)


def test_nothing_is_asked_where_no_email_is_sent(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment without EMAIL_SENDER says so."""
    monkeypatch.setattr(links, "config", lambda: type("None", (), {"email_sender": ""}))
    monkeypatch.setattr(links, "public_url", lambda: "")
    with pytest.raises(Unavailable, match="EMAIL_SENDER and PUBLIC_URL"):
        register.ask("ada@example.com", "en", WORDING, HERE, now.wall)


def test_json_of_the_errand_tells_no_secret(now: Now) -> None:
    """The link is made when the letter is; the table holds no token."""
    register.ask("ada@example.com", "en", WORDING, HERE, now.wall)
    (errand,) = errands()
    rows = boto3.client("dynamodb").scan(TableName="gatecall-test-accounts")["Items"]
    assert token(errand) not in json.dumps(rows)
