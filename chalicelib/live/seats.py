"""Sends the seats of a flight, whole, to everyone who watches them: a booking took or freed some, or it was configured.

Whole, and with their version: so they may come twice or out of order, and no pusher waits for another. What is sent is
read after who watches is; who begins to watch later reads seats that are at least as new (the package's docstring).
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from chalicelib.core.clock import Now
from chalicelib.core.errors import Unavailable
from chalicelib.flights.identity import LegId
from chalicelib.live import messages, store, wire
from chalicelib.live.catch_up import seats_of
from chalicelib.live.delivery import Delivery, by_connection
from chalicelib.live.model import MissedSeats, SeatsTopic
from chalicelib.live.wire import Post

if TYPE_CHECKING:
    from chalicelib.pricing.inventory import Inventory

AGAIN = (0.2, 0.5)  # seconds until a busy table is asked again: SNS comes back after a minute, which is late for seats


def push(message: Mapping[str, Any], now: Now, *, sleep: Callable[[float], None], post: Post = wire.post) -> None:
    """Push the seats that one message of `booking-changes` names (`booking.changes.message`).

    Raises Unavailable where storage does not answer; ValueError, KeyError or TypeError for a message that can't be
    understood.
    """
    for leg in map(LegId.parse, message["seats_of"]):
        _push(leg, MissedSeats(leg, str(message["booking"]), int(message["version"])), now, sleep, post)


def _push(leg: LegId, missed: MissedSeats, now: Now, sleep: Callable[[float], None], post: Post) -> None:
    topic = str(SeatsTopic(leg))
    listed = {topic: set(store.watchers(topic, now.wall))}
    if not listed[topic]:
        return
    delivery = Delivery(by_connection(listed), str(missed), "SeatsPushed", {"seats": str(leg)}, now, post)
    ready = delivery.ready()
    if ready and (inventory := _seats(leg, now, sleep)):
        delivery.send(ready, messages.seats(topic, inventory, now.wall))


def _seats(leg: LegId, now: Now, sleep: Callable[[float], None]) -> "Inventory | None":
    for pause in AGAIN:
        try:
            return seats_of(leg, now)
        except Unavailable:
            sleep(pause)
    return seats_of(leg, now)
