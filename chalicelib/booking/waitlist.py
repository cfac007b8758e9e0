"""Parties that wait for seats on flights that are full, and are held some as seats come back."""

from chalicelib.core.clock import Now
from chalicelib.flights.identity import LegId


def serve(leg: LegId, destination: str, now: Now) -> None:
    """Hold seats that came back for those who wait for them."""
