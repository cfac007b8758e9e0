"""What the queue `settlements` brings: a booking to look at, a callback of the payment service, seats that came back, a
cancelled flight whose parties wait, a party that has just got its seats, an account that was erased.
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

AGAIN = timedelta(minutes=3)  # between two looks at a booking whose payment service or tables do not answer


def handle(message: Mapping[str, Any], now: Now, remaining: Callable[[], float] = lambda: 60) -> None:
    """Do what one message is for; twice is harmless. Raises Unavailable, KeyError or ValueError for what is none.

    `remaining` says how many seconds there are for it.
    """
    if "disrupted" in message:
        disrupt.again(LegId.parse(message["disrupted"]), now, remaining)
        return
    if "party" in message:
        disrupt.attend(message["party"], [LegId.parse(leg) for leg in message["flights"]], now, remaining)
        return
    if "erased" in message:
        from chalicelib.booking import personal

        personal.erase(message["erased"], now)
        return
    if "freed" in message:
        leg, destination = message["freed"]
        waitlist.serve(LegId.parse(leg), destination, now)
        return
    name = message["look"] if "look" in message else booking_of(callbacks.deliver(message["callback"], now.wall))
    try:
        again = settle.look(name, now)
    except Unavailable as error:  # however long it lasts: money is not to wait among the dead letters
        again = now.wall + AGAIN
        count("SettlementsLater")
        logger.warning("a booking can't be settled now", pnr=name, reason=str(error))
    changes.send_later(name, again, now.wall)


def booking_of(reference: str) -> str:
    """The locator in the reference of a charge."""
    return reference.rpartition("-")[0]
