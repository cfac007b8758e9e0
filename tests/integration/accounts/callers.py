"""Everybody who may call a route, and everybody who may not, with what they show: real accounts, sessions, keys, links.

What is forged claims to be the admin: where it opened anything, it would open everything.
"""

import base64
import hmac
import json
import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import boto3
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import OKPAlgorithm
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends

import app
from chalicelib.accounts import keys, passwords, people, sessions, store, tokens
from chalicelib.accounts.model import Account, Errand, Key, Origin, Task, hash_of, id_of, new_id, new_secret
from chalicelib.alerts import follow, links
from chalicelib.alerts.wishes import FollowRequest
from chalicelib.booking import access, hold
from chalicelib.booking.model import KeyUse
from chalicelib.booking.requests import HoldRequest
from chalicelib.channels.model import Address, Channel
from chalicelib.core import aws, clock, idempotency, secrets, signed
from chalicelib.core.callers import (
    Anyone,
    AnyoneOrSignedIn,
    ApiKey,
    BookingParty,
    RefreshToken,
    Role,
    SignedIn,
    SignedLink,
)
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.routes import Route
from chalicelib.flights import ingest
from infra import resources
from infra.local import events, moto_gaps
from tests.integration.flights.legs import scheduled

NOON = datetime(2026, 7, 10, 12, tzinfo=UTC)
NOW = Now(NOON, NOON)
FLIGHT = "UA1-20260710-EWR"
PASSWORD = "a tram to the harbour"
FOR_SALE = "UA742-20260720-EWR"  # a flight of the timetable in ten days
FAMILY_NAME = "M\u00fcller"  # of the passenger's booking
HERE = Origin("198.51.100.7", "a browser")


@dataclass(frozen=True)
class Caller:
    """Somebody who calls, with what they show and what is true of it."""

    name: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    role: Role | None = None  # of the account, where the access token holds
    recent: bool = True  # the password was given within 15 minutes
    scopes: tuple[str, ...] | None = None  # of the key, where it holds
    link: bool = False  # it is a link's good token
    party: bool = False  # it shows a booking's good link, or a family name
    refresh: str = ""  # a refresh token that is ours
    over: bool = False  # its session is over
    of: str = ""  # whose link or booking it is; a person is of that name

    def expected(self, callers: Any) -> int | None:
        """401, 403, or None where a route that declares this is to let them in."""
        match callers:
            case ApiKey(scope):
                return 401 if self.scopes is None else None if scope in self.scopes else 403
            case SignedIn(roles, recently) if self.role:
                return 403 if self.role not in roles else 401 if recently and not self.recent else None
            case Anyone():
                good = True
            case AnyoneOrSignedIn():
                good = self.role is not None or "Authorization" not in self.headers
            case BookingParty():
                good = self.role is not None or self.party
            case RefreshToken():
                good = bool(self.refresh) and not self.over
            case SignedLink():
                good = self.role is not None or self.link
            case SignedIn():
                good = False
            case _:
                raise LookupError(callers)
        return None if good else 401


@dataclass
class Cast:
    """All callers, the accounts behind them, and the tables as they were before anybody called."""

    callers: list[Caller] = field(default_factory=list)
    accounts: dict[str, Account] = field(default_factory=dict)
    logins: dict[str, sessions.Tokens] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)  # of what is there, by how a route's path begins
    owners: dict[str, str] = field(default_factory=dict)  # whose that is, where it is somebody's
    kept: dict[str, bytes] = field(default_factory=dict)  # what was in each table

    def caller(self, name: str) -> Caller:
        """The one of that name."""
        return next(each for each in self.callers if each.name == name)

    def place(self, path: str) -> str | None:
        """How a path of a route begins that names something there; None: it names nothing of the kind."""
        return next((each for each in self.ids if path.startswith(each)), None)

    def keep(self) -> None:
        """Note what is in the tables, with no counters of limits."""
        tables = _tables()
        tables[config().limits_table].items.clear()
        self.kept = {name: pickle.dumps(table.items) for name, table in tables.items()}

    def restore(self) -> None:
        """Put back what was in the tables: what calls changed, deleted, and added. By moto's own, as it is quick."""
        for name, table in _tables().items():
            table.items = pickle.loads(self.kept[name])


@contextmanager
def cast() -> Iterator[Cast]:
    """A Gatecall in moto at noon, with a flight, people, keys and links. Slow to make: once for many tests."""
    moto_gaps.mend()
    with mock_aws(), pytest.MonkeyPatch.context() as patched:
        resources.create("test", cache(boto3.client), {"EMAIL_SENDER": config().email_sender})
        _forget()
        patched.setattr(clock, "wall_now", lambda: NOON)
        patched.setattr(ingest, "WRITERS", 1)  # moto is not atomic under threads
        ingest.take([scheduled(1, NOON + timedelta(hours=1))], NOW, sleep=lambda seconds: None)
        made = Cast()
        made.ids |= {"/v1/flights/{id}": FLIGHT, "/v1/airports/{iata}": "EWR", "/docs/{asset}": "swagger-ui.min.css"}
        with pytest.MonkeyPatch.context() as quicker:
            quicker.setattr(passwords, "matches", lambda kept, given: True)  # argon2 takes 50 ms
            _people(made)
        _machines(made)
        _links(made)
        _forged(made)
        _belongings(made)
        _bookings(made)
        made.keep()
        yield made
    _forget()


def _tables() -> dict[str, Any]:
    tables: dict[str, Any] = dynamodb_backends[events.ACCOUNT][events.REGION].tables
    return tables


def _forget() -> None:
    aws._client.cache_clear()
    secrets._known.clear()
    ingest._noted.clear()


def bearer(token: str) -> dict[str, str]:
    """What shows a token (RFC 6750)."""
    return {"Authorization": f"Bearer {token}"}


def account(made: Cast, name: str, role: Role, **more: Any) -> Account:
    """An account of that name, kept."""
    new = Account(new_id(), f"{name.replace(' ', '.')}@example.com", role, "en", 1, _hash(), 1, **more)
    store.save(new, now=NOON)
    made.accounts[name] = kept = people.one(new.id)
    return kept


@cache
def _hash() -> str:
    return passwords.hash_of(PASSWORD)


def _logged_in(made: Cast, name: str, at: datetime = NOON) -> sessions.Tokens:
    made.logins[name] = sessions.log_in(made.accounts[name].email, PASSWORD, HERE, at)
    return made.logins[name]


def _people(made: Cast) -> None:
    made.callers.append(Caller("none"))
    for name, role, mandate in (
        ("passenger", Role.PASSENGER, {}),
        ("another passenger", Role.PASSENGER, {}),
        ("operator", Role.OPERATOR, {"airlines": ("UA",)}),
        ("operator of another airline", Role.OPERATOR, {"airlines": ("BA",), "airports": ("LHR",)}),
        ("admin", Role.ADMIN, {}),
    ):
        account(made, name, role, **mandate)
        shown = _logged_in(made, name)
        made.callers.append(Caller(name, bearer(shown.access), role=role, refresh=shown.refresh, of=name))
    account(made, "who logged in long ago", Role.ADMIN)
    early = _logged_in(made, "who logged in long ago", NOON - timedelta(hours=1))
    shown = sessions.refresh(early.refresh, HERE, NOON)
    made.callers.append(
        Caller("who logged in long ago", bearer(shown.access), role=Role.ADMIN, recent=False, refresh=shown.refresh)
    )
    account(made, "who was an admin", Role.ADMIN)
    shown = _logged_in(made, "who was an admin")
    before = people.one(shown.account.id)

    store.save(replace(before, role=Role.PASSENGER), now=NOON)
    made.callers.append(Caller("who was an admin", bearer(shown.access), role=Role.PASSENGER, refresh=shown.refresh))
    for name in (
        "who was disabled", "who was deleted", "whose session ended", "who logged out everywhere",
        "whose password was set anew",
    ):  # fmt: skip
        account(made, name, Role.ADMIN)
        shown = _logged_in(made, name)
        made.callers.append(Caller(name, bearer(shown.access), refresh=shown.refresh, over=True))
    account(made, "who shows a used refresh token", Role.ADMIN)
    used = _logged_in(made, "who shows a used refresh token", NOON - timedelta(hours=1)).refresh
    sessions.refresh(used, HERE, NOON - timedelta(minutes=1))
    made.callers.append(Caller("who shows a used refresh token", refresh=used, over=True))
    store.save(replace(people.one(made.accounts["who was disabled"].id), disabled=True), now=NOON)
    anew = people.one(made.accounts["whose password was set anew"].id)
    store.save(replace(anew, epoch=anew.epoch + 1), now=NOON)  # the session's row is still there
    gone = people.one(made.accounts["who was deleted"].id)
    store.save(gone=[gone], now=NOON)
    ended = made.logins["whose session ended"].session
    sessions.end(ended.account, ended.id, NOON, by=None, client="")
    sessions.end_all(made.accounts["who logged out everywhere"].id, NOON, by=None, client="")
    made.ids["/v1/people/{id}"] = account(made, "somebody", Role.PASSENGER).id


def _machines(made: Cast) -> None:
    good = keys.make("ewr-aodb", ["feeds:aidx"], ["EWR"], NOON)
    spare = keys.make("spare", ["feeds:aidx"], ["EWR"], NOON)
    scraper = keys.make("prometheus", ["metrics:read"], [], NOON)
    revoked = keys.make("revoked", ["feeds:aidx"], ["EWR"], NOON)
    keys.revoke_shown(revoked, NOON)
    rotated = keys.make("rotated", ["feeds:aidx"], ["EWR"], NOON - timedelta(days=30))
    keys.rotate(id_of(rotated), NOON - timedelta(days=20))
    scopeless = new_secret()
    store.save(Key(hash_of(scopeless), "else", ("feeds:else",), ("EWR",), NOON), now=NOON)
    made.ids["/v1/keys/{id}"] = id_of(spare)
    shown = {
        "a key": (good, ("feeds:aidx",)), "a key for metrics": (scraper, ("metrics:read",)),
        "a key of another scope": (scopeless, ("feeds:else",)),
        "a revoked key": (revoked, None), "a key that was rotated long ago": (rotated, None),
        "an unknown key": (new_secret(), None), "a key cut short": (good[:-1], None), "a session's token as key": (
            made.logins["admin"].access, None),
    }  # fmt: skip
    for name, (secret, scopes) in shown.items():
        made.callers.append(Caller(name, {"X-Api-Key": secret}, scopes=scopes))
    made.callers.append(Caller("a key as bearer", bearer(good)))


def _links(made: Cast) -> None:
    address = Address(Channel.EMAIL, "guest@example.com").id
    token = links.manage_token(address, NOON)
    made.callers += [
        Caller("a link's token as bearer", bearer(token), link=True),
        Caller("a link that is too old", bearer(links.manage_token(address, NOON - timedelta(days=61)))),
        Caller("a link to confirm", bearer(signed.sign("alerts.confirm", [address, "ask"], NOON + timedelta(days=1)))),
        Caller(
            "a link to set a password",
            bearer(signed.sign("accounts.password", [new_id()], NOON + timedelta(days=1))),
        ),
    ]


def _belongings(made: Cast) -> None:
    """What is the passenger's and nobody else's, and what is nobody's."""
    email = made.accounts["passenger"].email
    made.callers.append(Caller(
        "a link of the passenger's", bearer(links.manage_token(Address(Channel.EMAIL, email).id, NOON)), link=True,
        of="passenger",
    ))  # fmt: skip
    followed = [
        follow.follow(FollowRequest(flight=FLIGHT, channel=Channel.EMAIL, address=address), NOW, "192.0.2.1", "en").id
        for address in (email, made.accounts["another passenger"].email, "guest@example.com")
    ]
    theirs = {
        "/v1/subscriptions/{id}": followed[0],
        "/v1/sessions/{id}": made.logins["passenger"].session.id,
    }
    made.ids |= theirs
    made.owners |= dict.fromkeys(theirs, "passenger")
    admin = made.accounts["admin"].id
    invitation = Errand(
        new_id(), Task.INVITE, "invited@example.com", "en", int(NOON.timestamp()), int(NOON.timestamp()) + 86_400,
        role=Role.PASSENGER, by=admin,
    )  # fmt: skip
    store.save(invitation, now=NOON)
    made.ids["/v1/invitations/{id}"] = invitation.id


def _bookings(made: Cast) -> None:
    """What the passenger holds seats by, and what shows that; and what shows that for another booking."""
    passenger = made.accounts["passenger"]
    wanted = HoldRequest.model_validate({
        "flights": [{"flight": FOR_SALE}], "passengers": [{"family_name": FAMILY_NAME, "given_name": "Ann"}],
        "contact": {"email": passenger.email},
    })  # fmt: skip
    held = hold.hold(wanted.order(passenger.id, ""), KeyUse("k", "f"), HERE.client, NOW, lambda seconds: None)
    made.ids["/v1/bookings/{pnr}"] = held.locator
    made.owners["/v1/bookings/{pnr}"] = "passenger"
    made.ids["/v1/waitlist/{pnr}"] = held.locator
    made.owners["/v1/waitlist/{pnr}"] = "passenger"
    other = replace(held, locator="ABCDEF" if held.locator != "ABCDEF" else "ABCDEG")
    made.callers += [
        Caller("the booking's link", bearer(access.link(held)), party=True, of="passenger"),
        Caller("the booking's link in the query", query={"token": access.link(held)}, party=True, of="passenger"),
        Caller("a passenger's family name", {"X-Family-Name": quote(FAMILY_NAME)}, party=True, of="passenger"),
        Caller("another booking's link", bearer(access.link(other)), party=True),
        Caller("another family name", {"X-Family-Name": "Smith"}, party=True),
        Caller("no family name", {"X-Family-Name": " "}),
    ]


def _forged(made: Cast) -> None:
    """Tokens that name the admin's account and session and are not good."""
    admin = made.logins["admin"]
    header, payload, signature = admin.access.split(".")
    key = tokens._keys()[0]
    claims = _part(payload)
    other = Ed25519PrivateKey.generate()
    public = key.public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    pem = key.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    jwk = OKPAlgorithm.to_jwk(other.public_key(), as_dict=True)
    public_jwk = json.dumps(OKPAlgorithm.to_jwk(key.public, as_dict=True)).encode()

    def ours(**changes: Any) -> str:
        """As we sign."""
        return jwt.encode({**claims, **changes}, key.private, algorithm="EdDSA", headers={"kid": key.kid})

    def theirs(**headers: Any) -> str:
        """Signed with another Ed25519 key."""
        return jwt.encode(claims, other, algorithm="EdDSA", headers={"kid": key.kid, **headers})

    forged = {
        "expired": tokens.access_token(admin.account, admin.session, NOON - tokens.LIFE - timedelta(seconds=1)),
        "of tomorrow": ours(iat=claims["iat"] + 86_400, exp=claims["exp"] + 86_400),
        "for another audience": ours(aud="gatecall:prod:api"),
        "for several audiences": ours(aud=[claims["aud"], "gatecall:prod:api"]),
        "of another issuer": ours(iss="gatecall:prod"),
        "of another session": ours(sid=made.logins["passenger"].session.id),
        "of another account": ours(sub=made.accounts["another passenger"].id),
        "without a session": ours(sid=None),
        "without an end": jwt.encode(
            {name: value for name, value in claims.items() if name != "exp"}, key.private, algorithm="EdDSA",
            headers={"kid": key.kid},
        ),
        "whose end is a text": ours(exp=str(claims["exp"])),
        "alg=none": _token({"alg": "none", "typ": "JWT", "kid": key.kid}, claims, b""),
        "alg=None, with the signature": _token({"alg": "None", "kid": key.kid}, claims, _bytes(signature)),
        "HS256 by the public key": _hs256(claims, key.kid, public),
        "HS256 by the public key in PEM": _hs256(claims, key.kid, pem),
        "HS256 by the public key as JWK": _hs256(claims, key.kid, public_jwk),
        "HS256 by nothing": _hs256(claims, key.kid, b""),
        "by another key": theirs(),
        "by another key that it brings along": theirs(jwk=jwk),
        "by another key that it says where to find": theirs(jku="https://keys.test/jwks", x5u="https://keys.test/x"),
        "by another key of another name": theirs(kid="another"),
        "whose key's name is a path": theirs(kid="../../../dev/null"),
        "without a key's name": jwt.encode(claims, key.private, algorithm="EdDSA"),
        "whose payload was changed": f"{header}.{_text(json.dumps(claims | {'jti': 'x'}).encode())}.{signature}",
        "whose role was changed": ".".join([
            made.logins["passenger"].access.split(".")[0],
            _text(json.dumps(_part(made.logins["passenger"].access.split(".")[1]) | {"role": "admin"}).encode()),
            made.logins["passenger"].access.split(".")[2],
        ]),
        "whose signature was cut": f"{header}.{payload}.{signature[:-4]}",
        "without a signature": f"{header}.{payload}.",
        "that is none": "x",
        "that is twice": f"{admin.access}, Bearer {admin.access}",
        "that never ends": "e" * 5000,
    }  # fmt: skip
    made.callers += [Caller(f"a token {name}", bearer(token)) for name, token in forged.items()]
    made.callers += [
        Caller("a refresh token as bearer", bearer(admin.refresh), refresh=admin.refresh),
        Caller("a session's token in the query", query={"access_token": admin.access}),
        Caller("a session's token as a cookie", {"Cookie": f"__Secure-gatecall-refresh={admin.access}"}),
        Caller("a session's token by Basic", {"Authorization": f"Basic {admin.access}"}),
        Caller("a password by Basic", {
            "Authorization": "Basic " + _text(f"{admin.account.email}:{PASSWORD}".encode())
        }),
    ]  # fmt: skip


def _hs256(claims: Mapping[str, Any], kid: str, secret: bytes) -> str:
    signed_part = _token({"alg": "HS256", "typ": "JWT", "kid": kid}, claims, b"").rstrip(".")
    return f"{signed_part}.{_text(hmac.digest(secret, signed_part.encode(), sha256))}"


def _token(header: Mapping[str, Any], claims: Mapping[str, Any], signature: bytes) -> str:
    return ".".join([_text(json.dumps(header).encode()), _text(json.dumps(claims).encode()), _text(signature)])


def _text(binary: bytes) -> str:
    return base64.urlsafe_b64encode(binary).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


def _part(text: str) -> Any:
    return json.loads(_bytes(text))


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def ask(
    route: Route, caller: Caller, ids: Mapping[str, str], body: bytes = b"", kind: str = "application/json"
) -> Answer:
    """Call a route as somebody; `ids` by the names in its path."""
    path = route.path
    key = [(idempotency.HEADER, str(uuid4()))] if route.idempotency == "required" else []
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    event = events.rest(
        route.method, path, at=NOON, resource=route.path, path_parameters=ids, query=urlencode(caller.query),
        headers=[*caller.headers.items(), *key, *([("Content-Type", kind)] if body else [])], body=body,
        source_ip=HERE.client, binary_types=app.app.api.binary_types,
    )  # fmt: skip
    answer = app.app(event, events.context("gatecall", 29))
    headers = {name: values[-1] for name, values in answer.get("multiValueHeaders", {}).items()} | answer["headers"]
    return Answer(int(answer["statusCode"]), headers, answer["body"])
