"""What is held on a person, over all capabilities: for export and erasing (GDPR, articles 15, 17 and 20).

Each capability that holds something on people is a `Keeper`, which app.py puts on the list.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from chalicelib.channels.model import Address, Channel
from chalicelib.core.clock import Now


class Owner(NamedTuple):
    """Whose data it is: an account's id, and its verified email address."""

    account: str
    email: str

    @property
    def address(self) -> Address:
        """The address as channels know it."""
        return Address(Channel.EMAIL, self.email)


class Kept(NamedTuple):
    """What stays after erasing, in words for the person: what, why, and how long."""

    what: str
    why: str
    until: str


@dataclass(frozen=True)
class Keeper:
    """A capability that holds something on people. All of it may be done again, and raises Unavailable."""

    name: str  # of the part of the export
    export: Callable[[Owner, Now], dict[str, Any]]  # everything, as JSON
    erase: Callable[[Owner, Now], None]
    move: Callable[[Owner, Owner, Now], None]  # bring along what hangs on the address before to the one now
    kept: tuple[Kept, ...] = ()


KEEPERS: list[Keeper] = []  # app.py fills it, once
