"""The words with which every route says who may call it, and how a request shows that it may."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chalicelib.core.errors import Forbidden, Unauthenticated

API_KEY_HEADER = "x-api-key"


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
    """Whoever has the link that was sent to an address: its token as bearer (RFC 6750), or as `token` in the query."""

    def __str__(self) -> str:
        return "who has the signed link of a message"


Callers = Anyone | ApiKey | SignedLink
ANYONE = Anyone()
SIGNED_LINK = SignedLink()


@dataclass(frozen=True)
class Machine:
    """Who calls with an API key: its name, what it may do, and the airports it speaks for."""

    name: str
    scopes: tuple[str, ...]
    airports: tuple[str, ...]


@dataclass(frozen=True)
class Holder:
    """Who calls with a signed link: the id of the address it was sent to."""

    address: str


FindMachine = Callable[[str], Machine | None]
_find_machine: FindMachine | None = None
FindHolder = Callable[[str], Holder | None]
_find_holder: FindHolder | None = None


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


def admit(callers: Callers, headers: Mapping[str, str], token: str | None = None) -> Machine | Holder | None:
    """Let a request in, or raise Unauthenticated or Forbidden; `token` is the query's.

    Returns the machine or the holder of a link, where one had to show itself.
    """
    if isinstance(callers, ApiKey):
        return _machine(callers, headers)
    if isinstance(callers, SignedLink):
        return _holder(headers, token)
    return None


def _machine(callers: ApiKey, headers: Mapping[str, str]) -> Machine:
    key = headers.get(API_KEY_HEADER)
    if not key:
        raise Unauthenticated("this needs an API key in the X-Api-Key header")
    assert _find_machine, "app.py has not said who answers for API keys"
    machine = _find_machine(key)
    if machine is None:
        raise Unauthenticated("this API key is not known, or was revoked")
    if callers.scope not in machine.scopes:
        raise Forbidden(f"this API key may not do this: it lacks the scope {callers.scope}")
    return machine


def _holder(headers: Mapping[str, str], token: str | None) -> Holder:
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    shown = bearer.strip() if scheme.lower() == "bearer" else token
    if not shown:
        raise Unauthenticated("this needs the token of a signed link, as bearer or as `token` in the query", "Bearer")
    assert _find_holder, "app.py has not said who answers for signed links"
    holder = _find_holder(shown)
    if holder is None:
        raise Unauthenticated("this link is not one of ours, or is too old", "Bearer")
    return holder
