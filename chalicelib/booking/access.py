"""Who may see and change a booking: its account, who has its link, who knows locator and family name, and admins.

Locators can be guessed at, family names too: both together only a few times. What is wrong about a pair is not said.
"""

from datetime import datetime, timedelta

from chalicelib.booking import locator as locators
from chalicelib.booking import names, store
from chalicelib.booking.model import KEPT, Booking
from chalicelib.booking.store import Kept
from chalicelib.core import limits, signed
from chalicelib.core.callers import Party, Role
from chalicelib.core.clock import Now
from chalicelib.core.errors import NotFound

GUESSES = 10  # wrong pairs an hour, of a network address
GUESSES_OF = 20  # likewise for one locator, by whomever
HOUR = timedelta(hours=1)
_LINK = "booking"


def admitted(pnr: str, party: Party, client: str, now: Now) -> Kept:
    """The booking of a locator, for who may see it. Raises Invalid, NotFound, TooMany, Unavailable."""
    name = locators.parse(pnr)
    guesses = party.family_name is not None and party.person is None and party.link is None
    if guesses:
        limits.check("booking-guesses", limits.network(client), GUESSES, HOUR, now.wall)
        limits.check("booking-guesses-of", name, GUESSES_OF, HOUR, now.wall)
    kept = store.booking(name, now.wall)
    if kept and _may(kept.booking, party, now.wall):
        return kept
    if guesses:
        limits.spend("booking-guesses", limits.network(client), GUESSES, HOUR, now.wall)
        limits.spend("booking-guesses-of", name, GUESSES_OF, HOUR, now.wall)
    raise NotFound(f"there is no booking {name} that you may see; is the family name as on the booking?")


def link(booking: Booking) -> str:
    """The token of a booking's link: who has it, may do all that may be done with the booking."""
    last = booking.last_in or booking.journal[0].at
    return signed.sign(_LINK, [booking.locator], last + KEPT)


def _may(booking: Booking, party: Party, now: datetime) -> bool:
    if party.person:
        return party.person.role is Role.ADMIN or (booking.account is not None and booking.account == party.person.id)
    if party.link is not None:
        return signed.verify(_LINK, party.link, now) == [booking.locator]
    given = party.family_name or ""
    return any(names.same_family(given, each.family_name) for each in booking.travellers)
