"""Who may see and change a booking: its account, who has its link, who knows locator and family name, and admins.

What admins do to somebody else's booking stands in the audit trail.

Locators can be guessed at, family names too: both together only a few times. What is wrong about a pair is not said.
Both stand on bag tags and boarding passes. So who shows no more than them sees addresses in part, and pays with no card
that was paid with before.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from chalicelib.accounts import audit
from chalicelib.accounts.model import Event
from chalicelib.booking import locator as locators
from chalicelib.booking import names, store, tickets
from chalicelib.booking.model import KEPT, Booking, By
from chalicelib.booking.store import Kept
from chalicelib.core import limits, signed
from chalicelib.core.callers import Party, Role
from chalicelib.core.clock import Now
from chalicelib.core.errors import NotFound, Unauthenticated
from chalicelib.core.secrets import secret

# Wrong pairs an hour, of a network address: one may be that of an airport, where many mistype. Of a million bookings
# among 2**30 locators, one flies under the commonest name (1 of 100) per 100,000 guesses: five months of one address.
GUESSES = 30
GUESSES_OF = 200  # a day of one locator, by whomever: so many that nobody locks a passenger out in passing
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_LINK, _DAY_LINK = "booking", "day"


def admitted(pnr: str, party: Party, client: str, now: Now) -> Kept:
    """The booking of a locator, for who may see it. Raises Invalid, NotFound, TooMany, Unauthenticated, Unavailable."""
    name = _locator(pnr)
    linked = party.link is not None and _linked(party.link, now.wall)[0] == name
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


def acting(pnr: str, party: Party, client: str, now: Now, what: str) -> Kept:
    """Likewise, for who is about to do `what` to it: where that is an admin, a line of the audit trail says so first.

    It says what was asked for: the verb may still refuse it.
    """
    kept = admitted(pnr, party, client, now)
    if party.person and by(kept.booking, party) is By.STAFF:
        about = f"booking:{kept.booking.locator}"
        audit.record(Event(now.wall, "booking-changed", party.person.id, about, client, (("what", what),)), now.wall)
    return kept


def by(booking: Booking, party: Party) -> By:
    """As who somebody acts who was admitted: admins act as staff on what is not their own."""
    person = party.person
    staff = person is not None and person.role is Role.ADMIN and booking.account != person.id
    return By.STAFF if staff else By.PASSENGER


def _locator(text: str) -> str:
    """The locator that is given, or that of a ticket whose number is: it stands on receipts, too. Raises Invalid."""
    if sum(letter.isdecimal() for letter in text) == tickets.DIGITS:
        return tickets.holder(text, secret("ticket-key"))[0]
    return locators.parse(text)


def is_whole(booking: Booking, party: Party, now: datetime) -> bool:
    """Whether somebody who was admitted shows more than locator and name, which boarding passes show to others."""
    return _is_theirs(booking, party) or (party.link is not None and not _is_day_link(party.link, now))


def link(booking: Booking) -> str:
    """The token of a booking's link: who has it, may do all that may be done with the booking."""
    made = booking.journal[0].at  # by the wall's clock, as links are; the flights' may be far behind
    return signed.sign(_LINK, [booking.locator], max(booking.last_in or made, made) + KEPT)


def day_link(booking: Booking, now: datetime) -> str:
    """Likewise for who showed locator and name: until the end of tomorrow (UTC), and for no more than they may."""
    until = datetime(now.year, now.month, now.day, tzinfo=UTC) + 2 * DAY
    return signed.sign(_LINK, [booking.locator, _DAY_LINK], until)


def _is_theirs(booking: Booking, party: Party) -> bool:
    person = party.person
    return person is not None and (person.role is Role.ADMIN or booking.account == person.id)


def _linked(token: str, now: datetime) -> list[str]:
    """The locator whose link this is, and what kind of link. Raises Unauthenticated."""
    try:
        return signed.verify(_LINK, token, now)
    except signed.BadLink as error:
        raise Unauthenticated(str(error), 'Bearer error="invalid_token"') from None


def _is_day_link(token: str, now: datetime) -> bool:
    return _DAY_LINK in _linked(token, now)


def _see_that_guesses_are_few(count: Callable[..., None], name: str, client: str, now: datetime) -> None:
    still = "its link and its account still open a booking;"
    of_network, of_one = (
        f"{still} locators may be given with wrong names from one network",
        f"{still} {name} may be given with wrong names",
    )
    count("booking-guesses", limits.network(client), GUESSES, HOUR, now, of_network)
    count("booking-guesses-of", name, GUESSES_OF, DAY, now, of_one)
