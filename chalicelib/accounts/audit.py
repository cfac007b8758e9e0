"""The audit trail: who did what to whom or what, from where, when. It is added to, and never changed.

A change of an account stands in it by the same transaction (`store.save`).
"""

from datetime import UTC, date, datetime

from chalicelib.accounts import store
from chalicelib.accounts.model import Event

PAGES = 10  # that one question reads at most, where `by` passes most lines over


def trail(  # noqa: PLR0917 - the question, part by part
    about: str | None, by: str | None, day: date | None, limit: int, cursor: str | None, now: datetime
) -> tuple[list[Event], str | None]:
    """What stands about an account, a flight or a key, or what happened on a day (UTC; today), the last first.

    `by` leaves only what that account did. Returns at most `limit` lines and what to read on from: a page may hold
    fewer, also none, and there is more as long as there is a cursor. Raises Invalid for a cursor that is none.
    """
    found: list[Event] = []
    for _ in range(PAGES):
        events, cursor = _page(about, day, limit - len(found), cursor, now)
        found += [event for event in events if by in (None, event.by)]
        if cursor is None or len(found) >= limit:
            break
    return found, cursor


def record(event: Event, now: datetime) -> None:
    """Add a line on what was changed outside of accounts. Raises Conflict where it stands there, Unavailable."""
    store.save(event, now=now)


def _page(
    about: str | None, day: date | None, limit: int, cursor: str | None, now: datetime
) -> tuple[list[Event], str | None]:
    if about is None:
        return store.events_of(day or now.astimezone(UTC).date(), now, limit, cursor)
    if day is None:
        return store.events_about(about, now, limit, cursor)
    events, following = store.events_about(about, now, limit, cursor or store.cursor_of(f"{day}U"))  # U: after T
    of_day = [event for event in events if event.at.date() == day]
    return of_day, following if len(of_day) == len(events) else None
