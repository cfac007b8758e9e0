"""What can go wrong, in words every capability shares. No HTTP here: `routes` gives each kind its status."""

from collections.abc import Sequence
from typing import NamedTuple


class Fault(NamedTuple):
    """One thing wrong with a request: where it stands (`query`, `path`, `body`, `header`), its name, and why."""

    place: str
    name: str
    detail: str


class GatecallError(Exception):
    """Something this system says about itself; the message is fit for the caller to read."""


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
