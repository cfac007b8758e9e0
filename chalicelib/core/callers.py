"""The words with which every route says who may call it, and how a request shows that it may.

`core` knows the words; app.py says who answers for keys, links and people (they stand downstream).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from urllib.parse import unquote

from chalicelib.core.errors import Fault, Forbidden, Invalid, Unauthenticated

API_KEY_HEADER = "x-api-key"
FAMILY_NAME_HEADER = "x-family-name"
LONGEST_NAME = 100  # characters; who holds names has a limit of its own
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


@dataclass(frozen=True)
class AnyoneOrSignedIn:
    """No proof is asked for; whoever shows an access token as bearer acts as that account.

    A token that holds no more is refused all the same: else what is made would silently lack its account.
    """

    def __str__(self) -> str:
        return "anyone, or an account by its access token"


@dataclass(frozen=True)
class BookingParty:
    """Who may have to do with a booking: the account, who has its link, or who knows its locator and a family name.

    The link's token comes as bearer, or as `token` in the query. The family name comes in the header `X-Family-Name`,
    percent-encoded UTF-8 (RFC 3986), as names fit into no header otherwise, and what stands in a URL ends in logs.
    Whether they go with the booking is for its capability to see.
    """

    def __str__(self) -> str:
        return "the account that booked, who has the booking's link, or who knows its locator and a family name"


Callers = Anyone | ApiKey | SignedLink | SignedIn | RefreshToken | AnyoneOrSignedIn | BookingParty
ANYONE = Anyone()
ANYONE_OR_SIGNED_IN = AnyoneOrSignedIn()
BOOKING_PARTY = BookingParty()
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


@dataclass(frozen=True)
class Party:
    """What somebody shows to have to do with a booking: at least one of these. Only the person is verified."""

    person: Person | None = None
    family_name: str | None = field(default=None, repr=False)  # as it was typed
    link: str | None = field(default=None, repr=False)  # a signed token, or what claims to be one


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


Caller = Machine | Holder | Person | Party


def admit(callers: Callers, headers: Mapping[str, str], token: str | None = None) -> Caller | None:
    """Let a request in, or raise Unauthenticated, Forbidden or Invalid; `token` is the query's.

    Returns who it is, where somebody had to show that, or did.
    """
    match callers:
        case ApiKey(scope):
            return _machine(scope, headers)
        case SignedLink():
            return _holder(headers, token)
        case SignedIn():
            return _person(callers, headers)
        case AnyoneOrSignedIn():
            return _person(SIGNED_IN, headers) if headers.get("authorization") else None
        case BookingParty():
            return _party(headers, token)
    return None


def identity(caller: Caller | None) -> str:
    """Who it is that calls, as far as that is known and stays the same; empty where it is not."""
    match caller:
        case Machine(name):
            return f"machine:{name}"
        case Holder(address):
            return f"address:{address}"
        case Person(id) | Party(Person(id)):
            return f"person:{id}"
    return ""


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


def _party(headers: Mapping[str, str], token: str | None) -> Party:
    bearer, family_name = _bearer(headers), _family_name(headers)
    if not (bearer or token or family_name):
        raise Unauthenticated(
            "this needs the access token of the account that booked or the token of the booking's link, as bearer, or "
            "a passenger's family name in the X-Family-Name header",
            "Bearer",
        )
    person = _find_person(bearer) if bearer and _find_person else None
    if person is None and bearer.startswith(_JWT):  # no link: who is told so refreshes the session
        raise Unauthenticated("this access token is none, or holds no more; refresh the session or log in", _INVALID)
    return Party(person, family_name, (None if person else bearer) or token)


def _family_name(headers: Mapping[str, str]) -> str | None:
    raw = headers.get(FAMILY_NAME_HEADER, "").strip()
    if not raw:
        return None
    try:
        name = unquote(raw, errors="strict").strip() if _PERCENT_ENCODED.fullmatch(raw) else ""
    except ValueError:
        name = ""
    if not name or len(name) > LONGEST_NAME or _CONTROLS.search(name):
        what = f"is to be percent-encoded UTF-8 (RFC 3986) of 1 to {LONGEST_NAME} characters, such as Garc%C3%ADa"
        raise Invalid(f"the family name {what}", [Fault("header", "X-Family-Name", what)])
    return name


_PERCENT_ENCODED = re.compile(r"(?:[ -$&-~]|%[0-9A-Fa-f]{2})+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_JWT = "eyJ"  # how the base64url of a JSON object begins: a JWT's header (RFC 7519)
_INVALID = 'Bearer error="invalid_token"'  # RFC 6750, section 3.1


def _bearer(headers: Mapping[str, str]) -> str:
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else ""
