"""Access tokens: who is let in by one, and what is none. Refresh tokens: what they say, and whose they are."""

import base64
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jwt.algorithms import OKPAlgorithm

from chalicelib.accounts import tokens
from chalicelib.accounts.model import Account, Session
from chalicelib.accounts.tokens import Refresh
from chalicelib.channels.model import Address, Channel
from chalicelib.core.callers import Role
from chalicelib.core.errors import Unavailable

NOW = datetime(2026, 7, 10, 12, tzinfo=UTC)
AT = int(NOW.timestamp())
ADA = Account("a1", "ada@example.com", Role.PASSENGER, "de", AT - 1000, "hash", AT - 1000)
HERE = Session("a1", "s1", "hash", 1, AT, AT - 60, AT, AT + 86_400, "192.0.2.1", "curl")


def new_key(kid: str) -> dict[str, Any]:
    jwk = OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate(), as_dict=True)
    return {"kid": kid, "jwk": jwk, "refresh": f"refresh key of {kid}, which is 256 bits"}


KEYS = [new_key("k1"), new_key("k2"), new_key("k0")]
READS: list[str] = []  # what was asked for in this test: secrets and rows
STORED: dict[str, tuple[Account | None, Session | None]] = {}


@pytest.fixture(autouse=True)
def stage(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[dict[str, Any]]], None]:
    """Ada is logged in, and there are three keys. Returns what gives the stage others."""

    def keys_are(keys: list[dict[str, Any]]) -> None:
        def secret(name: str) -> str:
            READS.append(name)
            return json.dumps(keys)

        monkeypatch.setattr(tokens, "secret", secret)

    def account_and_session(account: str, session: str, now: datetime) -> tuple[Account | None, Session | None]:
        READS.append(f"{account} {session}")
        return STORED.get(f"{account} {session}", (None, None))

    monkeypatch.setattr(tokens.store, "account_and_session", account_and_session)
    STORED.clear()
    STORED["a1 s1"] = (ADA, HERE)
    READS.clear()
    keys_are(KEYS)
    return keys_are


def private(key: dict[str, Any]) -> Any:
    return OKPAlgorithm.from_jwk(key["jwk"])


def claims(**changes: Any) -> dict[str, Any]:
    made = jwt.decode(tokens.access_token(ADA, HERE, NOW), options={"verify_signature": False})
    return {name: value for name, value in (made | changes).items() if value is not None}


def signed(changes: dict[str, Any], key: dict[str, Any] = KEYS[0], **headers: Any) -> str:
    """A token with other claims or headers, rightly signed."""
    return jwt.encode(claims(**changes), private(key), algorithm="EdDSA", headers={"kid": key["kid"], **headers})


def b64(what: Any) -> str:
    raw = what if isinstance(what, bytes) else json.dumps(what).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_an_access_token_shows_who_calls() -> None:
    """As the account is stored, not as the token says."""
    token = tokens.access_token(ADA, HERE, NOW)
    STORED["a1 s1"] = (replace(ADA, role=Role.OPERATOR, airlines=("UA",), airports=("EWR",)), HERE)
    person = tokens.person_of(token, NOW + timedelta(minutes=1))
    assert person
    assert (person.id, person.session, person.email, person.language) == ("a1", "s1", "ada@example.com", "de")
    assert (person.role, person.airlines, person.airports) == (Role.OPERATOR, ("UA",), ("EWR",))
    assert person.address == Address(Channel.EMAIL, "ada@example.com").id
    assert person.since_login == timedelta(minutes=2)
    assert READS.count("a1 s1") == 1


def test_what_an_access_token_says() -> None:
    """RFC 7519 and RFC 8725: who made it, for whom, about whom, till when, each with an id of its own."""
    token = tokens.access_token(ADA, HERE, NOW)
    said = jwt.decode(token, options={"verify_signature": False})
    jti = said.pop("jti")
    assert said == {
        "iss": "gatecall:test", "aud": "gatecall:test:api", "sub": "a1", "sid": "s1", "role": "passenger",
        "iat": AT, "exp": AT + 900, "auth_time": AT - 60,
    }  # fmt: skip
    assert jwt.get_unverified_header(token) == {"alg": "EdDSA", "typ": "JWT", "kid": "k1"}
    assert claims()["jti"] != jti


def test_an_access_token_holds_15_minutes_and_no_longer_than_its_session() -> None:
    """To the second."""
    token = tokens.access_token(ADA, HERE, NOW)
    assert tokens.person_of(token, NOW + timedelta(minutes=15) - timedelta(seconds=1))
    assert tokens.person_of(token, NOW + timedelta(minutes=15)) is None
    short = tokens.access_token(ADA, replace(HERE, expires=AT + 60), NOW)
    assert tokens.person_of(short, NOW + timedelta(seconds=59))
    assert tokens.person_of(short, NOW + timedelta(seconds=60)) is None


def test_a_clock_may_be_a_little_ahead() -> None:
    """By a minute; what was made later than that was not made yet."""
    token = tokens.access_token(ADA, HERE, NOW)
    assert tokens.person_of(token, NOW - timedelta(seconds=60))
    assert tokens.person_of(token, NOW - timedelta(seconds=61)) is None


@pytest.mark.parametrize(
    "stored",
    [
        (None, None),
        (ADA, None),
        (None, HERE),
        (replace(ADA, disabled=True), HERE),
        (replace(ADA, epoch=2), HERE),
        (ADA, replace(HERE, logged_in_at=AT - 181 * 86_400)),
        (replace(ADA, role=Role.ADMIN), replace(HERE, logged_in_at=AT - 13 * 3600)),
    ],
    ids=["no account", "no session", "account deleted", "disabled", "all ended", "180 days", "12 hours on duty"],
)
def test_a_token_is_worth_as_much_as_what_is_stored(stored: tuple[Account | None, Session | None]) -> None:
    """Whoever is logged out, disabled or deleted is so at once."""
    token = tokens.access_token(ADA, HERE, NOW)
    assert tokens.person_of(token, NOW)
    STORED["a1 s1"] = stored
    assert tokens.person_of(token, NOW) is None


@pytest.mark.parametrize("key", KEYS, ids=["signs now", "will sign", "signed before"])
def test_each_key_of_the_list_verifies(key: dict[str, Any]) -> None:
    """So that a key can be rotated with nobody logged out."""
    assert tokens.person_of(signed({}, key), NOW)


def test_a_key_that_is_gone_verifies_no_more(stage: Callable[[list[dict[str, Any]]], None]) -> None:
    """Also where another has its id now."""
    token = tokens.access_token(ADA, HERE, NOW)
    stage([new_key("k2"), new_key("k3")])
    assert tokens.person_of(token, NOW) is None
    stage([new_key("k1")])
    assert tokens.person_of(token, NOW) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "gatecall:prod"},
        {"aud": "gatecall:prod:api"},
        {"aud": "gatecall:test"},
        {"aud": ["gatecall:test:api", "gatecall:prod:api"]},
        {"exp": AT},
        {"exp": AT - 1},
        {"iat": AT + 61},
        {"nbf": 99_999_999_999},
        {"exp": "soon"},
        {"exp": 1e400},
        {"exp": True},
        {"iat": "now"},
        {"sub": 7},
        {"sub": ["a1"]},
        {"sid": 7},
        {"sid": {"s1": 1}},
        {"jti": 7},
        *({name: None} for name in tokens.CLAIMS),
    ],
    ids=str,
)
def test_claims_that_are_not_as_we_make_them(changes: dict[str, Any]) -> None:
    """However well signed: another stage's, for another audience, too old, too new, of a wrong kind, or missing."""
    assert tokens.person_of(signed(changes), NOW) is None
    assert "a1 s1" not in READS


def test_only_ed25519_signs() -> None:
    """No `none`, and no public key taken for a password (RFC 8725, section 2.1)."""
    public = private(KEYS[0]).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    jwk = json.dumps(OKPAlgorithm.to_jwk(public, as_dict=True)).encode()
    forged = []
    for alg in ("none", "None", "NONE", "", None):
        head = f"{b64({'alg': alg, 'typ': 'JWT', 'kid': 'k1'})}.{b64(claims())}"
        forged += [f"{head}.", f"{head}.{b64(bytes(64))}"]
    for alg, digest in (("HS256", "sha256"), ("HS512", "sha512"), ("EdDSA", "sha256")):
        head = f"{b64({'alg': alg, 'typ': 'JWT', 'kid': 'k1'})}.{b64(claims())}"
        forged += [f"{head}.{b64(hmac.digest(key, head.encode(), digest))}" for key in (pem, raw, jwk, b"")]
    body, headers = claims(), {"kid": "k1"}
    forged.append(jwt.encode(body, ec.generate_private_key(ec.SECP256R1()), algorithm="ES256", headers=headers))
    forged.append(jwt.encode(body, rsa.generate_private_key(65537, 2048), algorithm="RS256", headers=headers))
    forged.append(jwt.encode(body, Ed25519PrivateKey.generate(), algorithm="EdDSA", headers=headers))
    assert [token for token in forged if tokens.person_of(token, NOW)] == []
    assert "a1 s1" not in READS
    assert tokens.person_of(signed({}), NOW)


def test_a_key_comes_from_the_list_and_nowhere_else() -> None:
    """Whatever the header names: an id that is none, a path, a URL, a key of its own (RFC 8725, section 3.10)."""
    thiefs = new_key("k1")
    jwk = OKPAlgorithm.to_jwk(private(thiefs).public_key(), as_dict=True)
    for kid in ("k9", "", "../../dev/null", "k1' OR 1=1 --", "http://thief.example/k1", "k1\x00", "k" * 800):
        assert tokens.person_of(signed({}, {**thiefs, "kid": kid}), NOW) is None
        assert tokens.person_of(signed({}, {**KEYS[0], "kid": kid}), NOW) is None
    for header in ({"jwk": jwk}, {"jku": "http://thief.example/keys"}, {"x5u": "http://thief.example/k"}):
        assert tokens.person_of(signed({}, thiefs, **header), NOW) is None
    assert tokens.person_of(signed({}, {**KEYS[1], "kid": "k1"}), NOW) is None
    for kid in (7, None, ["k1"], {"k1": 1}):
        head = f"{b64({'alg': 'EdDSA', 'kid': kid})}.{b64(claims())}"
        assert tokens.person_of(f"{head}.{b64(private(KEYS[0]).sign(head.encode()))}", NOW) is None
    assert "a1 s1" not in READS


def test_no_letter_of_a_token_can_be_changed() -> None:
    """In whichever part."""
    token = tokens.access_token(ADA, HERE, NOW)
    for at, letter in enumerate(token):
        for other in "AZ-.=é":
            if other != letter:
                assert tokens.person_of(token[:at] + other + token[at + 1 :], NOW) is None, at
    head, body, signature = token.split(".")
    for other in (f"{head}.{b64(claims(sub='a2'))}.{signature}", f"{head}.{body}.", f"{head}..{signature}"):
        assert tokens.person_of(other, NOW) is None


@pytest.mark.parametrize("token", ["", ".", "a.b", "a.b.c.d", "x" * 2001, f"a.b.{'c' * 2000}", "ä.b.c", "\ud800.b.c"])
def test_what_looks_like_no_token_costs_nothing(token: str) -> None:
    """Neither the keys nor a row are read for it."""
    assert tokens.person_of(token, NOW) is None
    assert READS == []


def test_what_is_longer_than_any_of_ours_costs_nothing() -> None:
    """However well signed."""
    token = signed({"pad": "x" * tokens.LONGEST})
    READS.clear()
    assert tokens.person_of(token, NOW) is None
    assert READS == []


parts = st.text(max_size=60) | st.binary(max_size=60).map(b64)
headers = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["EdDSA", "k1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["alg", "kid", "crit", "b64", "typ"]) | st.text(max_size=4), inner, max_size=5
        )
    ),
)


@given(st.text() | st.tuples(parts | headers.map(b64), parts | headers.map(b64), parts).map(".".join))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_that_anybody_sends_breaks(token: str) -> None:
    """It is no token, and that is all; the same for refresh tokens."""
    assert tokens.person_of(token, NOW) is None
    assert not tokens.is_ours(token)


def test_a_header_that_is_nested_deeply_is_no_token() -> None:
    """JSON of a thousand brackets."""
    head = b64(b"[" * 1000 + b"]" * 100)
    assert tokens.person_of(f"{head}.{b64({})}.{b64(b'x')}", NOW) is None
    assert tokens.person_of(f"{b64(b'9' * 1200)}.{b64({})}.{b64(b'x')}", NOW) is None


def test_storage_that_does_not_answer_is_no_wrong_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is logged out by it: it is said that it is unavailable."""
    token = tokens.access_token(ADA, HERE, NOW)

    def fails(*_: Any) -> Any:
        raise Unavailable("the tables are busy")

    monkeypatch.setattr(tokens.store, "account_and_session", fails)
    with pytest.raises(Unavailable):
        tokens.person_of(token, NOW)
    monkeypatch.setattr(tokens, "secret", fails)
    with pytest.raises(Unavailable):
        tokens.person_of(token, NOW)


def test_a_refresh_token_says_whose_it_is() -> None:
    """It is recognised for what it is, and by the first key."""
    token = tokens.new_refresh("a1", "s1", 7)
    assert token.startswith("gcr_")
    assert tokens.refresh_of(token) == Refresh("a1", "s1", 7)
    assert tokens.each_refresh(Refresh("a1", "s1", 7))[0] == token
    assert len(set(tokens.each_refresh(Refresh("a1", "s1", 7)))) == 3
    assert tokens.new_refresh("a1", "s1", 7) == token


def test_no_refresh_token_stands_in_for_another() -> None:
    """What it is made from can be read in one way only."""
    of = [("a1", "s1", 1), ("a1", "s1", 11), ("a11", "s1", 1), ("a", "1s1", 1), ("a1", "s11", 1), ("s1", "a1", 1)]
    made = [tokens.new_refresh(*each) for each in of]
    assert len({token.rpartition(".")[2] for token in made}) == len(of)
    assert [tokens.refresh_of(token) for token in made] == [Refresh(*each) for each in of]


def test_a_refresh_token_that_was_made_up_is_none_of_ours() -> None:
    """Nor one that was changed; those of a key before are."""
    token = tokens.new_refresh("a1", "s1", 7)
    said, _, secret = token.rpartition(".")
    assert all(tokens.is_ours(each) for each in tokens.each_refresh(Refresh("a1", "s1", 7)))
    for other in (
        f"{said}.{'A' * 43}", f"{said}.{secret[:-1]}", f"{said}.{secret}A", f"{said}\n.{secret}", f"{token}\n",
        token.replace("s1.7", "s1.8"), token.replace("s1.7", "s1.07"), token.replace("s1.7", "s1.\u0667"), token[4:],
        token.replace("a1", "a2"), token.replace("a1", "é1"), token.upper(), "", "gcr_", "gcr_...",
    ):  # fmt: skip
        assert not tokens.is_ours(other), other


def test_tokens_and_keys_are_not_shown_by_accident() -> None:
    """What is printed of a key holds nothing secret."""
    (key, *_) = tokens._keys()
    assert "refresh key" not in repr(key)
    assert KEYS[0]["jwk"]["d"] not in repr(key)
