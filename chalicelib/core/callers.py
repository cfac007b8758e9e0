"""The words with which every route says who may call it, and how a request shows that it may.

`core` knows the words; app.py says who answers for keys, links and people (they stand downstream).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from chalicelib.core.errors import Forbidden, Unauthenticated

API_KEY_HEADER = "x-api-key"
RECENT = timedelta(minutes=15)  # since the password was given: what ends an account asks for that


class Role(StrEnum):
    """What a person with an account may do; who has none is a guest."""

    PASSENGER = "passenger"
    OPERATOR = "operator"  # runs flights of some airlines or airports
    ADMIN = "admin"  # runs the system


@dataclass(frozen=True)
class Anyone:
    """No proof is asked for."""

    def __str__(self) -> str:
        return "anyone"


@dataclass(frozen=True)
class ApiKey:
    """A machine with an API key of this scope, in the `X-Api-Key` header."""

    scope: str

    def __str__(self) -> str:
        return f"an API key with scope {self.scope}"


@dataclass(frozen=True)
class SignedLink:
    """Whoever has the link that was sent to an address: its token as bearer (RFC 6750), or as `token` in the query.

    Or the account whose verified address it is, by its access token.
    """

    def __str__(self) -> str:
        return "who has the signed link of a message, or the account of its address"


@dataclass(frozen=True)
class SignedIn:
    """A person with an account of one of these roles: an access token as bearer (RFC 6750).

    `recently`: who gave the password within `RECENT`; others are told to log in anew (RFC 9470).
    """

    roles: tuple[Role, ...]
    recently: bool = False

    def __str__(self) -> str:
        roles = "anyone with an account" if set(self.roles) == set(Role) else " or ".join(self.roles)
        return f"{roles}, logged in within {RECENT.seconds // 60} minutes" if self.recently else roles


@dataclass(frozen=True)
class RefreshToken:
    """Who has the refresh token of a session, in the body or in the cookie: the view looks at it itself."""

    def __str__(self) -> str:
        return "who has the refresh token of a session"


Callers = Anyone | ApiKey | SignedLink | SignedIn | RefreshToken
ANYONE = Anyone()
SIGNED_LINK = SignedLink()
REFRESH_TOKEN = RefreshToken()
SIGNED_IN = SignedIn(tuple(Role))
RECENTLY_SIGNED_IN = SignedIn(tuple(Role), recently=True)
OPERATORS = SignedIn((Role.OPERATOR, Role.ADMIN))
ADMINS = SignedIn((Role.ADMIN,))


@dataclass(frozen=True)
class Machine:
    """Who calls with an API key: its name, what it may do, and the airports it speaks for."""

    name: str
    scopes: tuple[str, ...]
    airports: tuple[str, ...]


@dataclass(frozen=True)
class Holder:
    """Who calls with a signed link, or as the account of an address: the id of that address."""

    address: str
    email: str | None = field(default=None, repr=False)  # the address itself, where it is an account's


@dataclass(frozen=True)
class Person:
    """Who calls with an access token: an account as it stands now, and the session."""

    id: str  # of the account
    role: Role
    email: str = field(repr=False)  # verified
    address: str  # the id of that email address
    language: str
    session: str  # its id
    since_login: timedelta
    airlines: tuple[str, ...] = ()  # designators that an operator acts for
    airports: tuple[str, ...] = ()


FindMachine = Callable[[str], Machine | None]
_find_machine: FindMachine | None = None
FindHolder = Callable[[str], Holder | None]
_find_holder: FindHolder | None = None
FindPerson = Callable[[str], Person | None]
_find_person: FindPerson | None = None


def recognise_machines_by(find: FindMachine) -> FindMachine:
    """Say who answers for API keys; app.py does, once (accounts stand downstream of core). Usable as a decorator."""
    global _find_machine  # noqa: PLW0603 - wiring, set once when the app is put together
    _find_machine = find
    return find


def recognise_links_by(find: FindHolder) -> FindHolder:
    """Say who answers for the tokens of signed links; app.py does, once. Usable as a decorator."""
    global _find_holder  # noqa: PLW0603 - wiring, set once when the app is put together
    _find_holder = find
    return find


def recognise_people_by(find: FindPerson) -> FindPerson:
    """Say who answers for access tokens; app.py does, once. Usable as a decorator."""
    global _find_person  # noqa: PLW0603 - wiring, set once when the app is put together
    _find_person = find
    return find


def admit(callers: Callers, headers: Mapping[str, str], token: str | None = None) -> Machine | Holder | Person | None:
    """Let a request in, or raise Unauthenticated or Forbidden; `token` is the query's.

    Returns who it is, where somebody had to show that.
    """
    match callers:
        case ApiKey(scope):
            return _machine(scope, headers)
        case SignedLink():
            return _holder(headers, token)
        case SignedIn():
            return _person(callers, headers)
    return None


def _machine(scope: str, headers: Mapping[str, str]) -> Machine:
    key = headers.get(API_KEY_HEADER)
    if not key:
        raise Unauthenticated("this needs an API key in the X-Api-Key header")
    assert _find_machine, "app.py has not said who answers for API keys"
    machine = _find_machine(key)
    if machine is None:
        raise Unauthenticated("this API key is not known, or was revoked")
    if scope not in machine.scopes:
        raise Forbidden(f"this API key may not do this: it lacks the scope {scope}")
    return machine


def _holder(headers: Mapping[str, str], token: str | None) -> Holder:
    bearer = _bearer(headers)
    shown = bearer or token
    if not shown:
        raise Unauthenticated(
            "this needs the token of a signed link, as bearer or as `token` in the query, or an access token", "Bearer"
        )
    assert _find_holder, "app.py has not said who answers for signed links"
    if holder := _find_holder(shown):
        return holder
    person = _find_person(bearer) if bearer and _find_person else None
    if person is None:
        raise Unauthenticated("this link is not one of ours, or is too old", _INVALID)
    return Holder(person.address, person.email)


def _person(callers: SignedIn, headers: Mapping[str, str]) -> Person:
    bearer = _bearer(headers)
    if not bearer:
        raise Unauthenticated("this needs an access token as bearer; POST /v1/sessions gives one", "Bearer")
    assert _find_person, "app.py has not said who answers for access tokens"
    person = _find_person(bearer)
    if person is None:
        raise Unauthenticated("this access token is none, or holds no more; refresh the session or log in", _INVALID)
    if person.role not in callers.roles:
        raise Forbidden(f"this is for {callers}; the role of this account is {person.role}")
    if callers.recently and person.since_login > RECENT:
        raise Unauthenticated(
            "this asks for a login within the last 15 minutes; log in anew",
            f'Bearer error="insufficient_user_authentication", max_age={int(RECENT.total_seconds())}',  # RFC 9470
        )
    return person


_INVALID = 'Bearer error="invalid_token"'  # RFC 6750, section 3.1


def _bearer(headers: Mapping[str, str]) -> str:
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else ""
