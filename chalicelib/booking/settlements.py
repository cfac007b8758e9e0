"""What the queue `settlements` brings: a booking to look at, a callback of the payment service, seats that came back, a
flight that was configured, a cancelled flight whose parties wait, a party that has just got its seats, an account that
was erased.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from chalicelib.booking import changes, disrupt, settle, waitlist
from chalicelib.booking.payments import callbacks
from chalicelib.core.clock import Now
from chalicelib.core.errors import Unavailable
from chalicelib.core.telemetry import count, logger
from chalicelib.flights.identity import LegId

AGAIN = timedelta(minutes=3)  # between two tries of what a payment service or a table does not answer to


def handle(message: Mapping[str, Any], now: Now, remaining: Callable[[], float] = lambda: 60) -> None:
    """Do what one message is for; twice is harmless. Raises KeyError or ValueError for what is none.

    `remaining` says how many seconds there are for it. What can't be done now is sent again, however long that lasts:
    neither money nor passengers are to wait among the dead letters. Raises Unavailable where the queue takes nothing.
    """
    try:
        _do(message, now, remaining)
    except Unavailable as error:
        count("SettlementsLater")
        logger.warning("what is to be settled has to wait", settlement=dict(message), reason=str(error))
        changes.send(message, AGAIN)


def _do(message: Mapping[str, Any], now: Now, remaining: Callable[[], float]) -> None:
    """Raises Unavailable, KeyError, ValueError."""
    if "disrupted" in message:
        disrupt.again(LegId.parse(message["disrupted"]), now, remaining)
    elif "party" in message:
        disrupt.attend(message["party"], [LegId.parse(leg) for leg in message["flights"]], now, remaining)
    elif "erased" in message:
        from chalicelib.booking import personal

        personal.erase(message["erased"], now)
    elif "freed" in message:
        leg, destination = message["freed"]
        waitlist.serve(LegId.parse(leg), destination, now)
    elif "configured" in message:
        leg, version = message["configured"]
        changes.tell_seats(LegId.parse(leg), int(version), now)
    else:
        name = message["look"] if "look" in message else booking_of(callbacks.deliver(message["callback"], now.wall))
        changes.send_later(name, settle.look(name, now), now.wall)


def booking_of(reference: str) -> str:
    """The locator in the reference of a charge."""
    return reference.rpartition("-")[0]
