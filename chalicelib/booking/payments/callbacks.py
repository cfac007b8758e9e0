"""What payment services tell us by themselves: that something became of a charge. They say it again until we answer.

A callback only says where to look; what became of the charge is asked for by its reference.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.booking import payments
from chalicelib.core.telemetry import logger


def receive(headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The reference of the charge that a callback is about, where it is genuine.

    Raises Unauthenticated, Invalid, Unavailable.
    """
    reference = payments.service().callback(headers, body, now)
    logger.info("a payment service called back", payment=reference)
    return reference


def deliver(event: Mapping[str, Any], now: datetime) -> str:
    """Receive a callback of the simulated service, which comes by the queue of settlements. Raises as `receive`.

    As services do, it signs each time that it sends: a message may have waited for longer than a signature holds.
    """
    from chalicelib.booking.payments import simulated

    return receive(*simulated.signed(event, now), now)
