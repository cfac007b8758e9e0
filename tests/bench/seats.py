"""Drives the API of the local cloud as the benchmark SEATS does, and sees afterwards that all adds up.

`make run` in one terminal, `make seats` in another, or `python -m tests.bench.seats --seconds 60 --rate 20`. The mix is
that of benchbase's SEATS (Brown and Stonebraker's airline): delete a reservation 10 %, find flights 10, find open seats
35, new reservation 20, update a customer 10, update a reservation 15. Only this machine is called, no faster than
`--rate` says and for as long as `--seconds`; Ctrl-C ends it sooner. Either way every booking and every flight is read
back then:

- no two bookings have one seat, and none of their seats counts as free;
- of each flight, seats sold and held by the bookings' word and seats free by the map's are those there were to sell;
- of each booking, money taken is the price of its tickets, what was refunded and what is due back.

All clients have one network address, so some holds are refused with a 429: an address may hold one flight six times an
hour. The exit status is 1 where something does not add up, or an answer is one that no client expects.
"""

import argparse
import http.client
import json
import random
import statistics
import sys
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
MOST_RATE, MOST_CLIENTS, MOST_SECONDS = 200, 32, 3600
PLAIN = {200, 201, 402, 404, 409, 429}  # answers that a client expects: declined, gone, taken, too many


class Answer(NamedTuple):
    """What the API said; status 0: nothing."""

    status: int
    body: dict[str, Any]


class Seats(NamedTuple):
    """A flight's seats by its map: those that can be had, and all that are for sale."""

    free: frozenset[str]
    sellable: frozenset[str]


class Airline:
    """What all clients know together: flights that were found, what they have, how each call went."""

    def __init__(self, rest: str, first: date):
        self.address, self.first = urlsplit(rest), first
        self.flights: list[str] = []
        self.reservations: dict[str, str] = {}  # by locator, the flight
        self.gone: set[str] = set()
        self.at_first: dict[str, Seats] = {}  # flights, before anything was sold of them here
        self.done: Counter[str] = Counter()  # pieces of work of the mix
        self.money: Counter[str] = Counter()  # minor units, of all bookings, once they were read back
        self.over = threading.Event()
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
            self.reservations[pnr] = flight
        token = random.choices(("tok_approve", "tok_decline", "tok_timeout"), (90, 5, 5))[0]
        self.ask("new reservation: pay", "POST", f"/v1/bookings/{pnr}/payments", {"token": token})

    def delete_reservation(self) -> None:
        """Cancel one of those there are."""
        with self.lock:
            pnr = random.choice(list(self.reservations)) if self.reservations else None
            if pnr:
                del self.reservations[pnr]
                self.gone.add(pnr)
        if pnr:
            self.ask("delete reservation", "POST", f"/v1/bookings/{pnr}/cancel")

    def update_customer(self) -> None:
        """Give a passenger's passport."""
        pnr, _ = self._reservation()
        passport = {
            "number": "L898902C3", "issuing_state": "UTO", "nationality": "UTO", "date_of_birth": "1974-08-12",
            "expires_on": "2034-04-15",
        }  # fmt: skip
        if pnr:
            body = {"passenger": 0, "passport": passport}
            self.ask("update customer", "POST", f"/v1/bookings/{pnr}/documents", body)

    def update_reservation(self) -> None:
        """Take another seat."""
        pnr, flight = self._reservation()
        seat = self._free(flight)
        if pnr and seat:
            body = {"flight": flight, "seats": [seat]}
            self.ask("update reservation", "POST", f"/v1/bookings/{pnr}/seats", body)

    def _flight(self) -> str | None:
        with self.lock:
            return random.choice(self.flights) if self.flights else None

    def _reservation(self) -> tuple[str, str] | tuple[None, None]:
        with self.lock:
            return random.choice(list(self.reservations.items())) if self.reservations else (None, None)

    def _free(self, flight: str | None) -> str | None:
        """A free seat in economy, not at an exit; the first look at a flight is remembered."""
        if not flight:
            return None
        seen = self.ask("open seats", "GET", f"/v1/flights/{quote(flight)}/seats").body
        with self.lock:
            if seen:
                self.at_first.setdefault(flight, seats_of(seen))
        free = [
            seat["number"]
            for cabin in seen.get("cabins", ()) if cabin["cabin"] == "economy"
            for row in cabin["rows"] for seat in row["seats"] if seat["state"] == "free" and "exit" not in seat
        ]  # fmt: skip
        return random.choice(free) if free else None


def seats_of(seen: Mapping[str, Any]) -> Seats:
    """A flight's seats, as its map is answered."""
    states = {
        seat["number"]: seat["state"] for cabin in seen["cabins"] for row in cabin["rows"] for seat in row["seats"]
    }
    free = frozenset(number for number, state in states.items() if state == "free")
    return Seats(free, frozenset(number for number, state in states.items() if state != "blocked"))


def drive(airline: Airline, seconds: float, rate: float, clients: int) -> float:
    """Have clients ask, `rate` pieces of work a second together, until time is over. Returns how long it took."""
    mix: list[tuple[Callable[[], None], int]] = [
        (airline.delete_reservation, 10), (airline.find_flights, 10), (airline.open_seats, 35),
        (airline.new_reservation, 20), (airline.update_customer, 10), (airline.update_reservation, 15),
    ]  # fmt: skip
    airline.find_flights()
    began = time.monotonic()

    def client() -> None:
        while (now := time.monotonic()) - began < seconds and not airline.over.is_set():
            [work] = random.choices([work for work, _ in mix], [share for _, share in mix])
            work()
            with airline.lock:
                airline.done[work.__name__.replace("_", " ")] += 1
            airline.over.wait(max(0, now + clients / rate * random.uniform(0.5, 1.5) - time.monotonic()))

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        airline.over.set()
        for thread in threads:
            thread.join()
    return time.monotonic() - began


def wrong(airline: Airline) -> list[str]:
    """What does not add up, read back from the API."""
    found, money, seats = list[str](), Counter[str](), defaultdict[str, dict[str, str]](dict)
    for pnr in sorted({*airline.reservations, *airline.gone}):
        booking = airline.ask("reading back", "GET", f"/v1/bookings/{pnr}").body
        if not booking:
            found.append(f"{pnr} can't be read")
            continue
        lives = booking["state"] in ("ticketed", "held")
        parts = {
            "for tickets": booking["total"]["amount"] if booking["state"] == "ticketed" else 0,
            "refunded": (booking.get("refunded") or {"amount": 0})["amount"],
            "due back": (booking.get("refund_due") or {"amount": 0})["amount"],
        }
        money.update(parts, taken=booking["paid"]["amount"])
        if booking["paid"]["amount"] != sum(parts.values()):
            found.append(f"{pnr}, {booking['state']}: {booking['paid']['amount']} was taken, of which {parts}")
        for segment in booking["flights"] if lives else ():
            for seat in filter(None, segment["seats"]):
                other = seats[segment["flight"]].setdefault(seat, pnr)
                if other != pnr:
                    found.append(f"{segment['flight']} {seat} is {pnr}'s and {other}'s")
    for flight, at_first in sorted(airline.at_first.items()):
        seen = airline.ask("reading back", "GET", f"/v1/flights/{quote(flight)}/seats").body
        if not seen:
            found.append(f"the seats of {flight} can't be read")
            continue
        there, own = seats_of(seen), seats[flight].keys()
        others = at_first.sellable - at_first.free
        found += [f"{flight} {seat} is {seats[flight][seat]}'s, and free" for seat in sorted(own & there.free)]
        if len(own | others) + len(there.free) != len(there.sellable):
            found.append(
                f"{flight}: {len(own)} sold or held here, {len(others)} before, {len(there.free)} free"
                f" make not {len(there.sellable)}"
            )
    airline.money = money
    return found


def main() -> int:
    """Drive, print, and see that all adds up; 1 where something does not, or the API failed."""
    parser = argparse.ArgumentParser(
        "python -m tests.bench.seats", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=_number(MOST_SECONDS), default=30, help=f"30; at most {MOST_SECONDS}")
    parser.add_argument(
        "--rate", type=_number(MOST_RATE), default=20, help=f"pieces of work a second: 20; at most {MOST_RATE}"
    )
    parser.add_argument("--clients", type=_number(MOST_CLIENTS), default=8, help=f"8; at most {MOST_CLIENTS}")
    parser.add_argument("--first", type=date.fromisoformat, help="day from which on flights are asked for: today")
    parser.add_argument("--directory", type=Path, default=cloud.DIRECTORY, help="of the note that a cloud runs")
    given = parser.parse_args()
    try:
        running = cloud.find(given.directory)
    except cloud.NotRunning as error:
        raise SystemExit(str(error)) from None
    host = urlsplit(running.rest).hostname
    if host not in ("127.0.0.1", "localhost", "::1"):
        raise SystemExit(f"{host} is not this machine")
    airline = Airline(running.rest, given.first or date.today())  # noqa: DTZ011 - the traveller's day
    clients = max(1, int(given.clients))
    took = drive(airline, given.seconds, given.rate, clients)
    calls = sum(sum(each.values()) for each in airline.statuses.values())
    bad = wrong(airline)
    console, work = Console(width=None if sys.stdout.isatty() else 140), sum(airline.done.values())
    table = Table(
        title=f"\n{work:,} pieces of work in {took:.0f} s, {work / took:.1f} a second, of {given.rate:g} wanted; "
        f"{calls:,} calls, {calls / took:.1f} a second, by {clients} clients",
        caption=", ".join(f"{what} {number / max(1, work):.0%}" for what, number in airline.done.most_common()),
    )
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
    console.print("; ".join(f"{what} {amount / 100:,.2f} USD" for what, amount in airline.money.items()))
    console.print(
        "\n".join(bad) or "Every seat is had by one, seats sold, held and free are all there are, and money adds up."
    )
    return 1 if bad or failed else 0


def _number(most: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        value = float(text)
        if not 0 < value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between 0 and {most}")
        return value

    return number


if __name__ == "__main__":
    raise SystemExit(main())
