"""Drives the API of the local cloud as the benchmark SEATS does, and sees afterwards that every seat is sold once.

`make run`, then `python -m tests.bench.seats --seconds 30 --rate 20`. The mix is that of benchbase's SEATS (Brown and
Stonebraker's airline): delete a reservation 10 %, find flights 10, find open seats 35, new reservation 20, update a
customer 10, update a reservation 15. Only this machine is called, and no faster than `--rate` says.
"""

import argparse
import http.client
import json
import random
import statistics
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from rich.console import Console
from rich.table import Table

from infra.local import cloud

ROUTES = [(a, b) for a in ("EWR", "JFK", "LGA") for b in ("LAX", "SFO", "ORD", "MIA", "ATL", "BOS")]
NAME = "Featherstonehaugh"
PLAIN = {200, 201, 402, 404, 409, 429}  # answers that a client expects: declined, gone, taken, too many


class Answer(NamedTuple):
    """What the API said; status 0: nothing."""

    status: int
    body: dict[str, Any]


class Reservation(NamedTuple):
    """What a client has."""

    pnr: str
    flight: str
    seat: str


class Airline:
    """What all clients know together: flights that were found, what they have, how each call went."""

    def __init__(self, rest: str, first: date):
        self.address, self.first = urlsplit(rest), first
        self.flights: list[str] = []
        self.reservations: dict[str, Reservation] = {}
        self.gone: set[str] = set()
        self.statuses: dict[str, Counter[int]] = defaultdict(Counter)
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.lock = threading.Lock()

    def ask(self, what: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Ask the API, and note how that went."""
        headers = {"content-type": "application/json", "x-family-name": NAME}
        if method == "POST":
            headers["idempotency-key"] = uuid.uuid4().hex
        began = time.monotonic()
        connection = http.client.HTTPConnection(self.address.hostname or "", self.address.port, timeout=30)
        try:
            sent = json.dumps(body) if body is not None else None
            connection.request(method, self.address.path + path, sent, headers)
            response = connection.getresponse()
            text = response.read()
            answer = Answer(response.status, json.loads(text) if text else {})
        except (OSError, http.client.HTTPException, ValueError):
            answer = Answer(0, {})
        finally:
            connection.close()
        with self.lock:
            self.statuses[what][answer.status] += 1
            self.seconds[what].append(time.monotonic() - began)
        return answer

    def find_flights(self) -> None:
        """Search a route on a day."""
        origin, destination = random.choice(ROUTES)
        day = self.first + timedelta(days=random.randrange(3, 40))
        found = self.ask("find flights", "GET", f"/v1/search?from={origin}&to={destination}&date={day}&stops=0")
        with self.lock:
            for offer in found.body.get("offers", ()):
                self.flights += [segment["flight"] for journey in offer["journeys"] for segment in journey["segments"]]

    def open_seats(self) -> None:
        """Look at a flight's seats."""
        self._free(self._flight())

    def new_reservation(self) -> None:
        """Hold a free seat, and pay for it."""
        flight = self._flight()
        seat = self._free(flight)
        if not flight or not seat:
            return
        body = {
            "flights": [{"flight": flight, "seats": [seat]}],
            "passengers": [{"family_name": NAME, "given_name": "Ann"}],
            "contact": {"email": "ann@example.com"},
        }
        held = self.ask("new reservation: hold", "POST", "/v1/bookings", body)
        if held.status != 201:
            return
        pnr = held.body["pnr"]
        with self.lock:
            self.reservations[pnr] = Reservation(pnr, flight, seat)
        token = random.choices(("tok_approve", "tok_decline", "tok_timeout"), (90, 5, 5))[0]
        self.ask("new reservation: pay", "POST", f"/v1/bookings/{pnr}/payments", {"token": token})

    def delete_reservation(self) -> None:
        """Cancel one of those there are."""
        with self.lock:
            pnr = random.choice(list(self.reservations)) if self.reservations else None
            mine = self.reservations.pop(pnr) if pnr else None
            self.gone |= {pnr} if pnr else set()
        if mine:
            self.ask("delete reservation", "POST", f"/v1/bookings/{mine.pnr}/cancel")

    def update_customer(self) -> None:
        """Give a passenger's passport."""
        mine = self._reservation()
        passport = {
            "number": "L898902C3", "issuing_state": "UTO", "nationality": "UTO", "date_of_birth": "1974-08-12",
            "expires_on": "2034-04-15",
        }  # fmt: skip
        if mine:
            self.ask(
                "update customer", "POST", f"/v1/bookings/{mine.pnr}/documents", {"passenger": 0, "passport": passport}
            )

    def update_reservation(self) -> None:
        """Take another seat."""
        mine = self._reservation()
        seat = self._free(mine.flight) if mine else None
        if mine and seat:
            body = {"flight": mine.flight, "seats": [seat]}
            self.ask("update reservation", "POST", f"/v1/bookings/{mine.pnr}/seats", body)

    def _flight(self) -> str | None:
        with self.lock:
            return random.choice(self.flights) if self.flights else None

    def _reservation(self) -> Reservation | None:
        with self.lock:
            return random.choice(list(self.reservations.values())) if self.reservations else None

    def _free(self, flight: str | None) -> str | None:
        if not flight:
            return None
        seen = self.ask("open seats", "GET", f"/v1/flights/{quote(flight)}/seats")
        free = [
            seat["number"]
            for cabin in seen.body.get("cabins", ()) if cabin["cabin"] == "economy"
            for row in cabin["rows"] for seat in row["seats"] if seat["state"] == "free" and "exit" not in seat
        ]  # fmt: skip
        return random.choice(free) if free else None


def drive(airline: Airline, seconds: float, rate: float, clients: int) -> float:
    """Have clients ask, `rate` pieces of work a second together, for so long. Returns how long it took."""
    mix: list[tuple[Callable[[], None], int]] = [
        (airline.delete_reservation, 10), (airline.find_flights, 10), (airline.open_seats, 35),
        (airline.new_reservation, 20), (airline.update_customer, 10), (airline.update_reservation, 15),
    ]  # fmt: skip
    airline.find_flights()
    began = time.monotonic()

    def client() -> None:
        while (now := time.monotonic()) - began < seconds:
            random.choices([work for work, _ in mix], [share for _, share in mix])[0]()
            time.sleep(max(0, now + clients / rate * random.uniform(0.5, 1.5) - time.monotonic()))

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - began


def wrong(airline: Airline) -> list[str]:
    """What does not add up, read back from the API: a seat that two have, one that counts as free, money kept."""
    found, seats = [], dict[tuple[str, str], str]()
    for pnr in {*airline.reservations, *airline.gone}:
        booking = airline.ask("reading back", "GET", f"/v1/bookings/{pnr}").body
        if booking.get("state") not in ("ticketed", "held"):
            continue
        for segment in booking["flights"]:
            for seat in filter(None, segment["seats"]):
                other = seats.setdefault((segment["flight"], seat), pnr)
                if other != pnr:
                    found.append(f"{segment['flight']} {seat} is {pnr}'s and {other}'s")
    for flight in {flight for flight, _ in seats}:
        seen = airline.ask("reading back", "GET", f"/v1/flights/{quote(flight)}/seats").body
        free = {
            seat["number"] for cabin in seen.get("cabins", ()) for row in cabin["rows"] for seat in row["seats"]
            if seat["state"] == "free"
        }  # fmt: skip
        found += [
            f"{flight} {seat} is {pnr}'s, and free"
            for (of, seat), pnr in seats.items()
            if of == flight and seat in free
        ]
    return found


def main() -> int:
    """Drive, print, and see that all adds up; 1 where something does not, or the API failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rate", type=float, default=20, help="pieces of work a second")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--first", type=date.fromisoformat, default=None, help="day from which flights are asked for")
    parser.add_argument("--directory", type=Path, default=cloud.DIRECTORY, help="of the note that a cloud runs")
    given = parser.parse_args()
    running = cloud.find(given.directory)
    host = urlsplit(running.rest).hostname
    if host not in ("127.0.0.1", "localhost", "::1"):
        raise SystemExit(f"{host} is not this machine")
    airline = Airline(running.rest, given.first or date.today())  # noqa: DTZ011 - the traveller's day
    took = drive(airline, given.seconds, min(given.rate, 200), min(given.clients, 32))
    bad = wrong(airline)
    console = Console()
    calls = sum(sum(each.values()) for each in airline.statuses.values())
    table = Table(title=f"\n{calls:,} calls in {took:.0f} s, {calls / took:.1f} a second, by {given.clients} clients")
    for heading in ("what", "calls", "by status", "median ms", "95 % ms", "longest ms"):
        table.add_column(heading, justify="left" if heading in ("what", "by status") else "right")
    for what, statuses in sorted(airline.statuses.items()):
        times = sorted(each * 1000 for each in airline.seconds[what])
        late = times[min(len(times) - 1, int(len(times) * 0.95))]
        counted = ", ".join(f"{number} x {status or 'no answer'}" for status, number in sorted(statuses.items()))
        table.add_row(
            what, str(len(times)), counted, f"{statistics.median(times):.0f}", f"{late:.0f}", f"{times[-1]:.0f}"
        )
    console.print(table)
    failed = sum(n for each in airline.statuses.values() for status, n in each.items() if status not in PLAIN)
    console.print(f"{len(airline.reservations)} reservations; {failed} answers that nobody expects")
    console.print("\n".join(bad) or "Every seat is had by one, and none of them is free.")
    return 1 if bad or failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
