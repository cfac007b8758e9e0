"""What people change of their own account."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.accounts import links, passwords, profile, store
from chalicelib.accounts.model import WORDING, Account, Errand, Session, Task, new_id
from chalicelib.channels.model import Address, Channel
from chalicelib.core.callers import Person, Role
from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, Invalid, NotFound, TooMany
from chalicelib.core.signed import BadLink

from .test_registering import GOOD, HERE, errands, events, registered, token

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing is another test's matter: here it is quick."""
    monkeypatch.setattr(passwords, "hash_of", lambda password: f"hash of {password}")
    monkeypatch.setattr(passwords, "matches", lambda hash, password: hash == f"hash of {password}")


def logged_in(account: Account, now: Now) -> Person:
    """Somebody with a session, who logged in an hour ago."""
    at = int(now.wall.timestamp()) - 3600
    session = Session(account.id, new_id(), "hash", 1, at, at, at, at + 86400, "", "", account.epoch)
    store.save(session, now=now.wall)
    address = Address(Channel.EMAIL, account.email).id
    return Person(account.id, account.role, account.email, address, "en", session.id, timedelta(hours=1))


def test_a_new_password_ends_all_other_sessions(now: Now) -> None:
    """Who gave it just now stays logged in, and is told by a letter."""
    account = registered("ada@example.com", now.wall)
    here, elsewhere = logged_in(account, now), logged_in(account, now)
    profile.change_password(here, "old", GOOD, HERE, now.wall)
    changed = store.account(account.id)
    assert changed
    assert changed.password == f"hash of {GOOD}"
    mine, others = (store.session(account.id, each.session, now.wall) for each in (here, elsewhere))
    assert mine
    assert others
    assert (mine.epoch, others.epoch) == (changed.epoch, changed.epoch - 1)
    assert mine.logged_in_at == int(now.wall.timestamp())
    assert [each.email for each in errands(Task.PASSWORD_CHANGED)] == ["ada@example.com"]
    assert "password-changed" in events(account.id, now.wall)


@pytest.mark.parametrize(("current", "new"), [("wrong", GOOD), ("old", "short"), ("old", "password1234")])
def test_without_the_present_password_or_with_a_bad_one_nothing_changes(now: Now, current: str, new: str) -> None:
    """Neither the account nor its sessions, and no letter goes."""
    account = registered("ada@example.com", now.wall)
    with pytest.raises(Invalid) as refused:
        profile.change_password(logged_in(account, now), current, new, HERE, now.wall)
    assert current not in str(refused.value)
    assert store.account(account.id) == account
    assert errands() == []


def test_nobody_tries_out_passwords_with_a_stolen_token(now: Now) -> None:
    """Ten an hour."""
    person = logged_in(registered("ada@example.com", now.wall), now)
    for _ in range(10):
        with pytest.raises(Invalid):
            profile.change_password(person, "wrong", GOOD, HERE, now.wall)
    with pytest.raises(TooMany):
        profile.change_password(person, "old", GOOD, HERE, now.wall)


def asked_for(new: str, account: Account, now: Now) -> Errand:
    profile.ask_for_address(logged_in(account, now), "old", new, HERE, now.wall)
    return errands(Task.NEW_ADDRESS)[-1]


def test_an_address_is_taken_over_by_who_reads_its_mail(now: Now) -> None:
    """Nothing changes before; the former address is told after, and is free again."""
    account = registered("ada@example.com", now.wall)
    errand = asked_for("Lovelace@example.org", account, now)
    assert errand.email == "lovelace@example.org"
    assert store.account(account.id) == account
    profile.take_address(token(errand), "old", HERE, now.wall)
    found = store.account_with("lovelace@example.org")
    assert found
    assert found.id == account.id
    assert store.account_with("ada@example.com") is None
    assert [each.email for each in errands(Task.ADDRESS_CHANGED)] == ["ada@example.com"]
    (move,) = errands(Task.MOVE)
    assert (move.former, move.email, move.account) == ("ada@example.com", "lovelace@example.org", account.id)
    assert {"email-change-asked", "email-changed"} <= set(events(account.id, now.wall))
    registered("ada@example.com", now.wall)
    with pytest.raises(BadLink):
        profile.take_address(token(errand), "old", HERE, now.wall + timedelta(minutes=11))


def test_nobody_takes_the_address_of_another_account(now: Now) -> None:
    """It is said to who reads its mail, and to nobody before."""
    account = registered("ada@example.com", now.wall)
    registered("lovelace@example.org", now.wall)
    errand = asked_for("lovelace@example.org", account, now)
    with pytest.raises(Conflict):
        profile.take_address(token(errand), "old", HERE, now.wall)
    assert store.account(account.id) == account


def test_of_two_wishes_for_another_address_only_the_first_used_holds(now: Now) -> None:
    """The second was asked for from an address that is no more."""
    account = registered("ada@example.com", now.wall)
    first, second = asked_for("b@example.com", account, now), asked_for("c@example.com", account, now)
    first, second = sorted(errands(Task.NEW_ADDRESS), key=lambda each: each.email)
    profile.take_address(token(second), "old", HERE, now.wall)
    with pytest.raises(BadLink):
        profile.take_address(token(first), "old", HERE, now.wall)


def test_who_only_reads_the_mail_gives_their_address_to_nobody(now: Now) -> None:
    """A stranger may ask to have it: without the stranger's password the link does nothing, and stays."""
    account = registered("mallory@example.com", now.wall)
    errand = asked_for("ada@example.com", account, now)
    with pytest.raises(Invalid):
        profile.take_address(token(errand), "the password of ada", HERE, now.wall)
    assert store.account(account.id) == account
    assert errands(Task.NEW_ADDRESS) == [errand]


@pytest.mark.parametrize("how", [{"epoch": 2}, {"disabled": True}])
def test_whatever_ends_the_sessions_ends_a_wish_for_another_address(now: Now, how: dict[str, Any]) -> None:
    """A new password, logging out everywhere, disabling: whoever asked had a copy of the password, perhaps."""
    account = registered("ada@example.com", now.wall)
    errand = asked_for("mallory@example.org", account, now)
    assert [each.email for each in errands(Task.ADDRESS_ASKED)] == ["ada@example.com"]
    store.save(replace(account, **how), now=now.wall)
    with pytest.raises(BadLink):
        profile.take_address(token(errand), "old", HERE, now.wall)
    assert store.account_with("mallory@example.org") is None


def test_one_mailbox_is_not_filled_by_many_accounts(now: Now) -> None:
    """Three an hour."""
    for number in range(3):
        asked_for("ada@example.com", registered(f"m{number}@example.com", now.wall), now)
    with pytest.raises(TooMany):
        asked_for("ada@example.com", registered("m3@example.com", now.wall), now)


def test_another_address_needs_the_password(now: Now) -> None:
    """A session alone moves no account."""
    person = logged_in(registered("ada@example.com", now.wall), now)
    for password, email in (("wrong", "b@example.com"), ("old", "ada@example.com"), ("old", "no address")):
        with pytest.raises(Invalid):
            profile.ask_for_address(person, password, email, HERE, now.wall)
    assert errands() == []


def test_the_language_of_letters_is_changed(now: Now) -> None:
    """To say the same again writes nothing."""
    account = registered("ada@example.com", now.wall)
    person = logged_in(account, now)
    assert profile.change_language(person, "zh", now.wall).language == "zh"
    changed = store.account(account.id)
    profile.change_language(person, "zh", now.wall)
    assert store.account(account.id) == changed


def test_consent_is_a_log(now: Now) -> None:
    """Only to the wording that holds; once."""
    account = registered("ada@example.com", now.wall)
    person = logged_in(account, now)
    with pytest.raises(Invalid):
        profile.agree(person, "2020-01", "en", HERE, now.wall)
    for _ in range(2):
        profile.agree(person, WORDING, "en", HERE, now.wall)
    assert [each.wording for each in store.consents(account.id)] == [WORDING]
    assert profile.of(person)[1] == store.consents(account.id)[0]


def test_what_was_deleted_meanwhile_is_not_found(now: Now) -> None:
    """The token outlives the account by the time of one request."""
    account = registered("ada@example.com", now.wall)
    person = logged_in(account, now)
    store.save(gone=[account], now=now.wall)
    for act in (
        lambda: profile.of(person),
        lambda: profile.change_language(person, "fr", now.wall),
        lambda: profile.change_password(person, "old", GOOD, HERE, now.wall),
    ):
        with pytest.raises(NotFound):
            act()


def test_an_admin_does_not_delete_their_own_account(now: Now) -> None:
    """So there is always one."""
    account = registered("root@example.com", now.wall, role=Role.ADMIN)
    with pytest.raises(Conflict):
        profile.delete(logged_in(account, now), "", now)
    assert store.account(account.id)


def test_a_link_for_a_password_takes_no_address(now: Now) -> None:
    """No kind of link stands in for another."""
    errand = Errand(new_id(), Task.RESET, "ada@example.com", "en", 0, int(now.wall.timestamp()) + 60)
    store.save(errand, now=now.wall)
    with pytest.raises(BadLink):
        profile.take_address(links.url(errand).partition("token=")[2], "old", HERE, now.wall)
