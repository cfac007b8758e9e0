"""The tokens of a session. An access token shows for 15 minutes who calls; a refresh token gets the next two, once.

Access tokens are JWT (RFC 7519), signed with Ed25519 and nothing else (RFC 8725, section 3.1): the first of the stage's
`token-keys` signs, all verify. What counts is the account and the session as they are stored: a token of one that ended
is worth nothing, however long it holds.

Refresh tokens are opaque to clients: `gcr_`, whose session, how many came before, and an HMAC of that by the same keys.
So who loses one in an answer can be given the same again, though only its hash is kept.
"""

import hmac
import json
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from chalicelib.accounts import store
from chalicelib.accounts.model import Account, Session, new_id, stands
from chalicelib.channels.model import Address, Channel
from chalicelib.core.callers import Person
from chalicelib.core.config import config
from chalicelib.core.secrets import secret

LIFE = timedelta(minutes=15)  # of an access token, unless its session ends earlier
LEEWAY = 60  # seconds that the clock of another function may be ahead
LONGEST = 2000  # characters of an access token; ours have about 500
PREFIX = "gcr_"  # so that a refresh token that leaked is recognised for what it is
CLAIMS = ("iss", "aud", "sub", "sid", "jti", "role", "iat", "exp", "auth_time")
_ID = "[0-9A-Za-z-]{1,40}"
_REFRESH = re.compile(rf"{PREFIX}({_ID})\.({_ID})\.([1-9][0-9]{{0,8}})\.[A-Za-z0-9_-]{{43}}", re.ASCII)


class Refresh(NamedTuple):
    """What a refresh token says of itself; whether it is one of ours is another question."""

    account: str
    session: str
    generation: int


@dataclass(frozen=True)
class _Key:
    kid: str
    private: Any = field(repr=False)
    public: Any
    refresh: bytes = field(repr=False)


def access_token(account: Account, session: Session, now: datetime) -> str:
    """A token that shows for `LIFE` who calls, and no longer than the session lives. Raises Unavailable."""
    import jwt

    key = _keys()[0]
    issuer, audience = _names()
    claims = {
        "iss": issuer, "aud": audience, "sub": account.id, "sid": session.id, "jti": new_id(), "role": account.role,
        "iat": int(now.timestamp()), "exp": expires(session, now), "auth_time": session.logged_in_at,
    }  # fmt: skip
    return jwt.encode(claims, key.private, algorithm="EdDSA", headers={"kid": key.kid})


def expires(session: Session, now: datetime) -> int:
    """When an access token ends that is given out now."""
    return min(int((now + LIFE).timestamp()), session.expires)


def person_of(token: str, now: datetime) -> Person | None:
    """Who calls, as their account is now; None for a token that is none, or whose session is over. Raises Unavailable.

    Whoever raises the least doubt of a token costs nothing more.
    """
    claims = _claims(token)
    if claims is None or not (claims["iat"] - LEEWAY <= now.timestamp() < claims["exp"]):
        return None
    account, session = store.account_and_session(claims["sub"], claims["sid"], now)
    if account is None or session is None or not stands(account, session, now):
        return None
    return Person(
        account.id, account.role, account.email, Address(Channel.EMAIL, account.email).id, account.language, session.id,
        timedelta(seconds=max(0, int(now.timestamp()) - session.logged_in_at)), account.airlines, account.airports,
    )  # fmt: skip


def new_refresh(account_id: str, session_id: str, generation: int) -> str:
    """The refresh token of a generation of a session. Raises Unavailable."""
    return each_refresh(Refresh(account_id, session_id, generation))[0]


def each_refresh(of: Refresh) -> list[str]:
    """What the token of a generation is by each of the keys; by the first those are made that are given out now."""
    said = f"{PREFIX}{of.account}.{of.session}.{of.generation}"  # no id has a dot
    return [f"{said}.{_text(hmac.digest(key.refresh, said.encode(), sha256))}" for key in _keys()]


def refresh_of(token: str) -> Refresh | None:
    """What a refresh token says of itself; None for one that can't be ours."""
    match = _REFRESH.fullmatch(token)
    return Refresh(match[1], match[2], int(match[3])) if match else None


def is_ours(token: str) -> bool:
    """Whether a refresh token was made with one of the keys. Raises Unavailable."""
    said = refresh_of(token)
    return said is not None and any(hmac.compare_digest(token, made) for made in each_refresh(said))


def _claims(token: str) -> dict[str, Any] | None:
    """What an access token of this stage says, whatever the time."""
    if len(token) > LONGEST or token.count(".") != 2 or not token.isascii():
        return None
    import jwt

    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = next((key for key in _keys() if key.kid == kid), None)
        if key is None:
            return None
        issuer, audience = _names()
        claims: dict[str, Any] = jwt.decode(
            token, key.public, algorithms=["EdDSA"], audience=audience, issuer=issuer,
            # PyJWT asks a clock of its own.
            options={"require": list(CLAIMS), "verify_exp": False, "verify_iat": False, "strict_aud": True},
        )  # fmt: skip
    except jwt.PyJWTError:
        return None
    said = [type(claims[name]) for name in ("sub", "sid", "iat", "exp")]
    return claims if said == [str, str, int, int] else None


def _names() -> tuple[str, str]:
    """Who makes these tokens, and for whom (RFC 8725, sections 3.8 and 3.9): another stage is somebody else."""
    return f"gatecall:{config().stage}", f"gatecall:{config().stage}:api"


def _keys() -> list[_Key]:
    return _parsed(secret("token-keys"))


@lru_cache(maxsize=4)  # a rotated secret is another one
def _parsed(text: str) -> list[_Key]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from jwt.algorithms import OKPAlgorithm

    keys = []
    for each in json.loads(text):
        private = OKPAlgorithm.from_jwk(each["jwk"])
        assert isinstance(private, Ed25519PrivateKey), "token-keys are Ed25519, each with its private half"
        keys.append(_Key(each["kid"], private, private.public_key(), each["refresh"].encode()))
    return keys


def _text(binary: bytes) -> str:
    return urlsafe_b64encode(binary).rstrip(b"=").decode()
