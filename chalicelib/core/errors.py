"""What can go wrong, in words every capability shares. No HTTP here: `routes` gives each kind its status."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

NOTHING: Mapping[str, object] = MappingProxyType({})


class Fault(NamedTuple):
    """One thing wrong with a request: where it stands (`query`, `path`, `body`, `header`), its name, and why."""

    place: str
    name: str
    detail: str


class GatecallError(Exception):
    """Something this system says about itself; the message is fit for the caller to read.

    `members` says the same to the caller's program, such as the price as it is now: names with what JSON can hold.
    """

    def __init__(self, detail: str = "", *, members: Mapping[str, object] = NOTHING):
        super().__init__(detail)
        self.members = members


class Invalid(GatecallError):
    """What was sent can't be understood or used."""

    def __init__(self, detail: str, faults: Sequence[Fault] = ()):
        super().__init__(detail)
        self.faults = tuple(faults)


class WrongMediaType(Invalid):
    """The body is of a kind that is not taken here."""


class TooLarge(Invalid):
    """What was sent is larger than what is taken."""


class Unauthenticated(GatecallError):
    """The caller did not say who it is, or is not known; `scheme` is how it could have."""

    def __init__(self, detail: str, scheme: str = "ApiKey"):
        super().__init__(detail)
        self.scheme = scheme


class Forbidden(GatecallError):
    """The caller is known and may not do this."""


class NotFound(GatecallError):
    """There is no such thing, or none that the caller may see."""


class Conflict(GatecallError):
    """It can't be so as things stand, or somebody else changed the same thing first."""


class AtWork(Conflict):
    """The same request, by its Idempotency-Key, is still at work; `retry_after` seconds is a fair pause."""

    def __init__(self, detail: str, retry_after: int = 2):
        super().__init__(detail)
        self.retry_after = retry_after


class KeyReused(GatecallError):
    """An Idempotency-Key came before with another request."""


class PaymentDeclined(GatecallError):
    """The payment service, or who issued the card, does not pay."""


class Unavailable(GatecallError):
    """Storage does not answer, or stays throttled; `retry_after` seconds is a fair pause."""

    def __init__(self, detail: str, retry_after: int = 2):
        super().__init__(detail)
        self.retry_after = retry_after


class TooMany(GatecallError):
    """Somebody asked for something too often: more than `allowed` times `within` seconds, by the named limit.

    In `retry_after` seconds there is room again.
    """

    def __init__(self, detail: str, retry_after: int, limit: str, allowed: int, within: int):
        super().__init__(detail)
        self.retry_after = retry_after
        self.limit = limit
        self.allowed = allowed
        self.within = within
