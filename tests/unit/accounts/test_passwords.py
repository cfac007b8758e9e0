"""Which passwords are taken, and how they are kept."""

import logging
from contextlib import suppress
from typing import Any
from unicodedata import normalize

import argon2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.accounts import passwords
from chalicelib.core.errors import Invalid

EMAIL = "ada.lovelace+trips@example.com"
GOOD = "a tram to the harbour"


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hasher that takes no time."""
    hasher = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "hasher", lambda: hasher)
    monkeypatch.setattr(passwords, "NOBODYS", hasher.hash("of nobody"))


def why(password: str, email: str = EMAIL) -> str:
    with pytest.raises(Invalid) as refused:
        passwords.check(password, email)
    (fault,) = refused.value.faults
    assert (fault.place, fault.name) == ("body", "password")
    assert password not in str(refused.value)
    assert fault.detail in str(refused.value)
    return fault.detail


def test_a_password_is_kept_as_owasp_says() -> None:
    """Argon2id with 19 MiB, 2 passes and 1 lane; what nobody's password is tried against costs the same."""
    hash_ = passwords.hash_of(GOOD)
    kept, nobodys = argon2.extract_parameters(hash_), argon2.extract_parameters(passwords.NOBODYS)
    assert (kept.type, kept.memory_cost, kept.time_cost, kept.parallelism) == (argon2.Type.ID, 19456, 2, 1)
    assert nobodys == kept
    assert not passwords.outdated(hash_)
    assert passwords.matches(hash_, GOOD)
    assert not passwords.matches(hash_, GOOD + " ")


def test_a_hash_of_other_parameters_is_outdated_and_still_matches() -> None:
    """So that it is made anew at the next login."""
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(GOOD)
    assert passwords.outdated(old)
    assert passwords.matches(old, GOOD)


@pytest.mark.usefixtures("cheap")
def test_who_has_no_account_has_no_password() -> None:
    """Not even the one that the fixed hash is of; and each of these verifies once."""
    assert not passwords.matches(None, "of nobody")
    assert not passwords.matches("", "of nobody")


def test_each_comparison_is_one_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an account and without, right or wrong; a text that is longer than any password is not even read."""
    hash_ = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(GOOD)
    tried: list[int] = []  # how long each was

    class Counting(argon2.PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Any:
            tried.append(len(password))
            return super().verify(hash_, password)

    monkeypatch.setattr(passwords, "hasher", Counting)
    for kept, password in (
        (hash_, GOOD),
        (hash_, "wrong"),
        (None, GOOD),
        (hash_, "x" * 100_000),
        (None, "x" * 100_000),
    ):
        tried.clear()
        assert passwords.matches(kept, password) is (kept is not None and password == GOOD)
        assert [length <= 1000 for length in tried] == [True]


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize("damaged", ["none", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$", "$argon2id$v=19$", "é", "\x00"])
def test_a_damaged_hash_lets_nobody_in_and_is_logged(damaged: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no error of who logs in, and whoever operates this learns of it; not what was tried."""
    said: list[str] = []
    monkeypatch.setattr(passwords.logger, "error", said.append)
    assert not passwords.matches(damaged, GOOD)
    (line,) = said
    assert "hash can't be read" in line


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize("password", ["café au lait à Orléans", "Ωκεανός και ουρανός", "각자의 여행 가방"])
def test_a_password_is_the_same_on_every_keyboard(password: str) -> None:
    """Composed or not (NIST SP 800-63B-4, 3.1.1.2: NFC)."""
    apart = normalize("NFD", password)
    assert apart != normalize("NFC", password)
    assert passwords.matches(passwords.hash_of(password), apart)
    assert passwords.matches(passwords.hash_of(apart), password)


@pytest.mark.usefixtures("cheap")
@given(st.text(st.characters(codec=None, exclude_categories=())) | st.text(st.characters(), min_size=12))
def test_any_text_can_be_checked_kept_and_compared(password: str) -> None:
    """NUL, half of a surrogate pair, controls: what is taken matches itself, nothing breaks."""
    with suppress(Invalid):
        passwords.check(password, EMAIL)
    assert passwords.matches(passwords.hash_of(password), password)
    assert not passwords.matches(None, password)


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "correct horse battery staple",
        "kVw3-9qPz_Lr7",
        "пароход идёт прямо к пристани",
        "             tea? no: 4711",
        "tram\x00harbour\x00lantern",
        "nineteen lanterns " * 11,
        "an example of a company's canteen",
    ],
)
def test_no_kinds_of_characters_are_asked_for(password: str) -> None:
    """Long and not easily guessed is enough."""
    passwords.check(password, EMAIL)


def test_a_password_has_12_to_200_characters() -> None:
    """As people count them, however they are encoded."""
    assert "has 11 characters; at least 12" in why("xK9#mQ2$vL7")
    passwords.check("xK9#mQ2$vL7!", EMAIL)
    assert "longer than 200" in why("the quick lantern " * 12)
    assert "longer than 200" in why("x" * 100_000)
    accented = "dépêche-toi, Zoé, l'été s'achève déjà là-bas. " * 4
    assert len(normalize("NFC", accented)) <= 200 < len(normalize("NFD", accented))
    passwords.check(normalize("NFD", accented), EMAIL)


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "Password1234",
        "qwertyuiop12",
        "123456789012",
        "aaaaaaaaaaaaaaaaaaaaaaaaa",
        "P@ssw0rd2026",
        "iloveyouiloveyou",
        "gatecall2026",
        "example air 1",
        "ExampleAir2026",
    ],
)
def test_what_is_common_or_about_this_service_is_refused(password: str) -> None:
    """Fewer than 10^8 guesses, by lists of a maintained package; our name and the airline's are on the list too."""
    assert "easily guessed" in why(password)


@pytest.mark.parametrize(
    "password",
    [
        "ada.lovelace+trips@example.com",
        "AdaLovelace lantern 77!",
        "lantern ada_lovelace harbour",
        "Lantern-Example.COM-harbour",
        "ada.lovelace@example",
    ],
)
def test_what_is_like_the_email_is_refused(password: str) -> None:
    """Its name or its domain, in whatever case, with anything between the letters; or a part of it."""
    assert "like your email address" in why(password)


def test_a_short_name_may_occur_in_a_password() -> None:
    """Three letters occur in anything."""
    passwords.check("canada geese over harbour", "ada@example.com")
    assert "easily guessed" in why("adaadaadaada", "ada@example.com")


def test_what_looks_hard_to_guess_is_not_looked_at_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """zxcvbn's time grows with the square of the length: it gets no more than it needs."""
    import zxcvbn

    seen: list[int] = []

    def counting(password: str, user_inputs: list[str]) -> dict[str, int]:
        seen.append(len(password))
        return {"score": 4}

    monkeypatch.setattr(zxcvbn, "zxcvbn", counting)
    passwords.check("4@8({[</369&#!1/|0$5+7%2" * 8, EMAIL)
    assert seen == [passwords.LOOKED_AT]


def test_nothing_of_a_password_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Neither when it is refused nor when it is compared."""
    with caplog.at_level(logging.DEBUG):
        why("qwertyuiop12")
        passwords.matches("damaged", GOOD)
    assert GOOD not in caplog.text
    assert "qwertyuiop12" not in caplog.text
