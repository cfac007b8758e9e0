"""What bookings keep on a person: to show it, and to erase it.

All that an account booked hangs on the account's id. Bookings that are over are made anonymous at once: who flew, whom
to tell, documents and payment tokens go, flights and money stay by the locator, as the ledger has to. What is still to
be flown keeps its names until 24 hours after the last flight, as nobody could board else; it is no account's by then.

The index of an account's bookings may lag, and a hold may be under way while the account goes. So all is erased once
more five minutes later, by a message of the queue `settlements`.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from chalicelib.accounts.personal import Keeper, Kept, Owner
from chalicelib.core.clock import Now, instant

if TYPE_CHECKING:
    from chalicelib.booking.model import Booking

MOST = 500  # bookings of an export, the newest: one answer of at most 6 MB (Lambda)
ONCE_MORE = timedelta(minutes=5)  # longer than a request takes, and than indexes usually lag


def _export(owner: Owner, now: Now) -> dict[str, Any]:
    from chalicelib.booking import store

    found, more = store.of_account(owner.account, now.wall, MOST)
    return {
        "bookings": [_booking(kept.booking, now) for kept in found],
        "more": more,
        "ask": "GET /v1/bookings/{pnr}; what was booked without an account, by its locator and a family name",
    }


def _erase(owner: Owner, _: datetime | None, now: Now) -> None:
    """All that hangs on the account's id, which nobody else ever gets; now, and once more."""
    from chalicelib.booking import changes

    erase(owner.account, now)
    changes.send({"erased": owner.account}, ONCE_MORE)


def erase(account: str, now: Now) -> None:
    """Erase what an account has booked, as far as the index knows it. Twice is harmless. Raises Unavailable."""
    from chalicelib.booking import store
    from chalicelib.core.tables import persist

    for locator in store.locators_of(account):
        persist(partial(_erase_one, locator, now))


def _erase_one(locator: str, now: Now) -> None:
    from chalicelib.booking import passports, store
    from chalicelib.booking.model import Held, Waitlisted, replay
    from chalicelib.core.telemetry import logger

    kept = store.booking(locator, now.wall)
    if kept is None or kept.booking.account is None:
        return
    due = passports.due_at(kept.booking, now)
    if due <= now.flight:
        store.save(kept, passports.anonymous(kept.booking))
    else:
        store.note_erasing(locator, due.date(), now, whole=True)  # first: what is noted and not due, is not done
        journal = (
            replace(each, account=None) if isinstance(each, Held | Waitlisted) else each
            for each in kept.booking.journal
        )
        store.save(kept, replay(locator, journal))
    logger.info("a booking is no account's any more", pnr=locator, over=due <= now.flight)


def _stay(before: Owner, after: Owner, until: datetime, now: Now) -> None:
    """All of it hangs on the account's id."""


def _booking(booking: "Booking", now: Now) -> dict[str, Any]:
    from chalicelib.booking import passports

    contact = booking.contact
    return {
        "pnr": booking.locator,
        "state": str(booking.state(now.wall)),
        "made_at": instant(booking.journal[0].at),
        "contact": asdict(contact) if contact else None,
        "passengers": [
            {
                "kind": str(each.kind), "family_name": each.family_name, "given_name": each.given_name,
                "date_of_birth": each.date_of_birth.isoformat() if each.date_of_birth else None,
                "ticket": booking.tickets[place] if booking.tickets else None,
                "document": _plain(asdict(passports.opened(booking, place))) if place in booking.documents else None,
            }
            for place, each in enumerate(booking.travellers)
        ],
        "flights": [
            {"flight": str(each.leg), "destination": each.destination, "cabin": str(each.cabin),
             "booking_class": each.booking_class, "seats": list(each.seats)}
            for each in booking.segments
        ],
        "extras": [asdict(each) for each in booking.extras],
        "lines": [asdict(each) for each in booking.lines],
        "currency": booking.currency,
        "payments": [asdict(each) for each in booking.payments],
        "what_happened": [{"at": instant(each.at), "what": each.what} for each in booking.journal],
    }  # fmt: skip


def _plain(document: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in document.items()}


KEEPER = Keeper(
    "booking",
    _export,
    _erase,
    _stay,
    (
        Kept(
            "bookings that are still to be flown: names, whom to tell, and passports, without the account",
            "so that you can fly (GDPR, article 6(1)(b))",
            "24 hours after the last flight has arrived",
        ),
        Kept(
            "what was booked, flown, paid and refunded: by the locator and ticket numbers, without names",
            "accounts, and claims of passengers (GDPR, article 17(3)(b) and (e))",
            "400 days after the last flight",
        ),
        Kept(
            "what was booked without being logged in, as nothing leads from the account to it",
            "so that you can fly",
            "400 days after the last flight; passports 24 hours after it",
        ),
    ),
)
