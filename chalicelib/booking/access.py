"""Who may see and change a booking: its account, who has its link, who knows locator and family name, and admins.

Locators can be guessed at, family names too: both together only a few times. What is wrong about a pair is not said.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from chalicelib.booking import locator as locators
from chalicelib.booking import names, store
from chalicelib.booking.model import KEPT, Booking
from chalicelib.booking.store import Kept
from chalicelib.core import limits, signed
from chalicelib.core.callers import Party, Role
from chalicelib.core.clock import Now
from chalicelib.core.errors import NotFound, Unauthenticated

GUESSES = 10  # wrong pairs an hour, of a network address
GUESSES_OF = 20  # likewise for one locator, by whomever
HOUR = timedelta(hours=1)
_LINK = "booking"


def admitted(pnr: str, party: Party, client: str, now: Now) -> Kept:
    """The booking of a locator, for who may see it. Raises Invalid, NotFound, TooMany, Unauthenticated, Unavailable."""
    name = locators.parse(pnr)
    linked = party.link is not None and _linked(party.link, now.wall) == name
    kept = store.booking(name, now.wall)
    if kept and (linked or _is_theirs(kept.booking, party)):
        return kept
    if party.family_name is None:
        raise NotFound(f"there is no booking {name} that you may see")
    _see_that_guesses_are_few(limits.check, name, client, now.wall)
    if kept and any(names.same_family(party.family_name, each.family_name) for each in kept.booking.travellers):
        return kept
    _see_that_guesses_are_few(limits.spend, name, client, now.wall)
    raise NotFound(f"there is no booking {name} of that family name")


def link(booking: Booking) -> str:
    """The token of a booking's link: who has it, may do all that may be done with the booking."""
    last = booking.last_in or booking.journal[0].at
    return signed.sign(_LINK, [booking.locator], last + KEPT)


def _is_theirs(booking: Booking, party: Party) -> bool:
    person = party.person
    return person is not None and (person.role is Role.ADMIN or booking.account == person.id)


def _linked(token: str, now: datetime) -> str:
    """The locator whose link this is. Raises Unauthenticated."""
    try:
        return signed.verify(_LINK, token, now)[0]
    except signed.BadLink as error:
        raise Unauthenticated(str(error), 'Bearer error="invalid_token"') from None


def _see_that_guesses_are_few(count: Callable[..., None], name: str, client: str, now: datetime) -> None:
    count("booking-guesses", limits.network(client), GUESSES, HOUR, now)
    count("booking-guesses-of", name, GUESSES_OF, HOUR, now)
