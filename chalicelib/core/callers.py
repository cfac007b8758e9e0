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


Callers = Anyone | ApiKey
ANYONE = Anyone()


@dataclass(frozen=True)
class Machine:
    """Who calls with an API key: its name, what it may do, and the airports it speaks for."""

    name: str
    scopes: tuple[str, ...]
    airports: tuple[str, ...]


FindMachine = Callable[[str], Machine | None]
_find_machine: FindMachine | None = None


def recognise_machines_by(find: FindMachine) -> FindMachine:
    """Say who answers for API keys; app.py does, once (accounts stand downstream of core). Usable as a decorator."""
    global _find_machine  # noqa: PLW0603 - wiring, set once when the app is put together
    _find_machine = find
    return find


def admit(callers: Callers, headers: Mapping[str, str]) -> Machine | None:
    """Let a request in, or raise Unauthenticated or Forbidden. Returns the machine, where one had to show itself."""
    if isinstance(callers, Anyone):
        return None
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
