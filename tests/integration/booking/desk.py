"""Bookings as a client of the REST API makes them, with clocks that stand until a test moves them."""

import json
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any
from urllib.parse import quote, urlencode

from chalice.test import Client

from chalicelib.booking import changes, settle, store
from chalicelib.booking.model import Booking
from chalicelib.core.clock import Now
from chalicelib.flights import ingest
from chalicelib.flights.model import FlightUpdate, Observation
from chalicelib.flights.timetable import ScheduledLeg

_keys = count(1)


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Desk:
    """Asks the API; `now` is what its clocks show."""

    def __init__(self, client: Client, now: Now):
        self.client, self.now = client, now

    def wait(self, **span: float) -> None:
        """Time passes, on both clocks; nothing runs."""
        self.now = Now(self.now.flight + timedelta(**span), self.now.wall + timedelta(**span))

    def until(self, leg: ScheduledLeg, **before: float) -> None:
        """It is so long before the departure of a leg."""
        at = leg.scheduled_out - timedelta(**before)
        self.now = Now(at, at)

    def post(
        self, path: str, body: Any = None, *, key: str | None = None, name: str = "Smith", **headers: str
    ) -> Answer:
        """POST with a new Idempotency-Key, or that one, as whoever knows a family name."""
        sent = {"Idempotency-Key": key or f"key-{next(_keys)}", "X-Family-Name": quote(name), **headers}
        if body is not None:
            sent["Content-Type"] = "application/json"
        return self._answer(
            self.client.http.post(path, headers=sent, body=json.dumps(body) if body is not None else "")
        )

    def get(self, path: str, *, name: str = "Smith", **query: object) -> Answer:
        """GET, as whoever knows a family name."""
        asked = f"{path}?{urlencode(query)}" if query else path
        return self._answer(self.client.http.get(asked, headers={"X-Family-Name": quote(name)}))

    def hold(self, *legs: ScheduledLeg, key: str | None = None, **wanted: Any) -> Answer:
        """POST /v1/bookings for a party of one, unless more is said."""
        return self.post("/v1/bookings", order(*legs, **wanted), key=key)

    def pay(self, pnr: str, token: str = "tok_approve", *, key: str | None = None) -> Answer:
        """POST …/payments."""
        return self.post(f"/v1/bookings/{pnr}/payments", {"token": token, "return_url": "/"}, key=key)

    def ticketed(self, *legs: ScheduledLeg, **wanted: Any) -> str:
        """The locator of a booking that is paid, and whose seats are its own: the stream was read."""
        held = self.hold(*legs, **wanted)
        assert held.status == 201, held.body
        paid = self.pay(held.json["pnr"])
        assert (paid.status, paid.json["state"]) == (200, "ticketed"), paid.body
        pnr = str(paid.json["pnr"])
        changes._settle_seats(self.booking(pnr), self.now)
        return pnr

    def booking(self, pnr: str) -> Booking:
        """A booking as it is kept."""
        kept = store.booking(pnr, self.now.wall)
        assert kept
        return kept.booking

    def look(self, pnr: str) -> None:
        """What the queue of settlements has done."""
        settle.look(pnr, self.now)

    def fly(self, leg: ScheduledLeg, **observed: Any) -> None:
        """Something is known of a leg: at least how it is scheduled."""
        known = {
            "destination": leg.destination, "scheduled_out": leg.scheduled_out, "scheduled_in": leg.scheduled_in,
            **observed,
        }  # fmt: skip
        at = self.now.flight
        update = FlightUpdate(leg.leg, "replay", {name: Observation(value, at) for name, value in known.items()})
        ingest.take([update], self.now, sleep=lambda seconds: None)

    def _answer(self, response: Any) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, response.body)


def order(*legs: ScheduledLeg, passengers: Any = None, **more: Any) -> dict[str, Any]:
    """The body of POST /v1/bookings: one adult, economy, unless more is said."""
    seats, cabin = more.pop("seats", None), more.pop("cabin", "economy")
    return {
        "flights": [{"flight": str(each.leg), "cabin": cabin, **({"seats": seats} if seats else {})} for each in legs],
        "passengers": passengers or [{"family_name": "Smith", "given_name": "Ann"}],
        "contact": {"email": "ann@example.com"},
        **more,
    }


def adults(number: int) -> list[dict[str, str]]:
    """Some adults."""
    return [{"family_name": "Smith", "given_name": f"Number{chr(65 + place)}"} for place in range(number)]
