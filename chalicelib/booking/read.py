"""Bookings as they stand, for capabilities downstream: who is to be told of them, and what a person's trips are."""

from datetime import datetime

from chalicelib.booking import store
from chalicelib.booking.model import Booking


def booking(name: str, now: datetime) -> Booking | None:
    """The booking of a locator as it stands this instant (wall clock). Raises Unavailable."""
    kept = store.booking(name, now)
    return kept.booking if kept else None


def of_account(account: str, now: datetime, limit: int) -> tuple[list[Booking], bool]:
    """An account's bookings, those made last first, and whether there are more. Raises Unavailable."""
    found, more = store.of_account(account, now, limit)
    return [kept.booking for kept in found], more
