"""F22: whatever buyers, cards, banks, operators and the clock do, in any order, bookings are as a plain model says."""

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.booking import cancel, change, changes, hold, pay, settle, settlements
from chalicelib.booking.hold import SoldOut, Wanted
from chalicelib.booking.model import Booking, KeyUse, State
from chalicelib.booking.payments import Outcome, simulated
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.errors import Conflict, KeyReused
from chalicelib.pricing import store as pricing
from chalicelib.pricing.inventory import Inventory, SeatTaken
from chalicelib.pricing.seats import Cabin

from .. import conftest
from ..conftest import NOON
from . import shop, trouble
from .world import World, an_empty_gatecall

SEATS = 7  # in economy, of each flight; so that they run short
TOKENS = (
    "tok_approve", "tok_approve", "tok_decline", "tok_timeout", "tok_timeout_lost", "tok_challenge", "tok_duplicate",
    "tok_refund_fails", "tok_refund_timeout",
)  # fmt: skip
MINUTE = timedelta(minutes=1)
BANK_WAITS = 10 * MINUTE
LAST_CALL = timedelta(seconds=30)
which = st.integers(0, 10**6)  # one of those there are


@dataclass
class Charge:
    """What the bank knows, and we do not yet."""

    what: str  # approved | lost | challenge | declined
    amount: int
    at: datetime
    number: int  # of the attempt


@dataclass
class Party:
    """A party as the model has it: the flight it has seats on, and its money."""

    name: str
    size: int
    price: int
    flight: int
    seats: frozenset[str]
    until: datetime | None  # None: paid
    gone: str = ""  # expired | cancelled
    charge: Charge | None = None
    attempts: int = 0
    taken: int = 0
    due_back: int = 0
    back: int = 0
    tickets: bool = False
    refused_once: set[int] = field(default_factory=set)
    other: tuple[int, frozenset[str], int, datetime] | None = None  # a change: flight, seats, due, until

    def lives(self, at: datetime) -> bool:
        """Whether it has a right to its seats."""
        return not self.gone and (self.until is None or at < self.until)

    def waits(self, at: datetime) -> bool:
        """Whether a change of it is held."""
        return self.other is not None and at < self.other[3]

    def to_pay(self, at: datetime) -> int | None:
        """What a payment would be."""
        if not self.lives(at):
            return None
        if self.until:
            return self.price
        return self.other[2] if self.other and self.waits(at) else None

    def known(self) -> int:
        """The money that was taken, as far as we know."""
        return self.taken - (self.charge.amount if self.charge and self.charge.what == "approved" else 0)

    def ends(self) -> datetime:
        """Until when that can be paid."""
        end = self.until or (self.other and self.other[3])
        assert end
        return end


class Airline(RuleBasedStateMachine):
    """The implementation beside the model; each rule does the same to both."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(an_empty_gatecall())
        self.world = self.stack.enter_context(World(Now(NOON, NOON)).open())
        self.records: list[dict[str, Any]] = []
        self.parties: dict[str, Party] = {}
        self.keys: list[tuple[Any, Booking, KeyUse]] = []
        self.cancelled: set[int] = set()
        self.clients = 0
        self.offered: list[frozenset[str]] = []

    def teardown(self) -> None:
        """AWS ends."""
        self.stack.close()

    @property
    def now(self) -> Now:
        """Both clocks."""
        return self.world.now

    @initialize()
    def opens(self) -> None:
        """Two flights with a few seats each."""
        self.legs = [shop.leg("EWR", "LAX", days=2), shop.leg("EWR", "SFO", days=2), shop.leg("EWR", "LAX", days=40)]
        for leg in self.legs:
            inventory = Inventory.unsold(leg)
            economy = sorted(inventory.free(NOON) & {seat.number for seat in inventory.seat_map.of(Cabin.ECONOMY)})
            other = {seat.number for seat in inventory.seat_map.seats} - set(economy[:SEATS])
            pricing.save(replace(inventory, blocked=frozenset(other)))
            self.offered.append(frozenset(economy[:SEATS]))

    def client(self) -> str:
        """An address that nobody asked from before."""
        self.clients += 1
        return f"10.0.{self.clients >> 8}.{self.clients & 255}"

    # what the model says

    def free(self, flight: int) -> frozenset[str]:
        """The seats of a flight that nobody has a right to."""
        at, gone = self.now.wall, set[str]()
        for party in self.parties.values():
            if party.lives(at) and party.flight == flight:
                gone |= party.seats
            if party.lives(at) and party.waits(at) and party.other and party.other[0] == flight:
                gone |= party.other[1]
        return self.offered[flight] - gone

    def one(self, number: int) -> Party:
        """One of the parties."""
        return list(self.parties.values())[number % len(self.parties)]

    def approved(self, party: Party, amount: int) -> None:
        """The bank's word that money was taken has come: for seats, or for nothing that can be had any more."""
        at = self.now.wall
        party.charge, party.attempts = None, party.attempts + 1
        if party.to_pay(at) != amount:
            party.due_back += amount
        elif party.until:
            party.until, party.tickets = None, True
        elif party.other:
            party.flight, party.seats, due, _ = party.other
            party.price, party.other = party.price + due, None

    def learned(self, party: Party, *, closing: bool) -> None:
        """We ask the bank what became of a charge; `closing`: and it is not to become anything else."""
        charge, at = party.charge, self.now.wall
        if charge is None:
            return
        if charge.what == "challenge" and (closing or at >= charge.at + BANK_WAITS):
            charge.what = "declined"
        if charge.what == "lost" and closing:
            charge.what = "declined"
        if charge.what == "approved":
            self.approved(party, charge.amount)
        elif charge.what == "declined":
            party.charge, party.attempts = None, party.attempts + 1

    def looked(self, party: Party) -> None:
        """Somebody looks after what a party has left open."""
        at = self.now.wall
        self.learned(party, closing=False)
        over = not party.lives(at) or (party.other is not None and not party.waits(at))
        if over:
            self.learned(party, closing=True)
        if not party.lives(at) and not party.gone:
            party.gone = "expired"
        if party.other and not party.waits(at):
            party.other = None
        party.back = party.due_back

    # what happens

    @rule(flight=st.integers(0, 2), size=st.integers(1, 4))
    def somebody_holds(self, flight: int, size: int) -> None:
        """A party wants any seats: it gets as many as it is, or is told that there are not enough."""
        free, use = self.free(flight), shop.key()
        order = shop.order(self.legs[flight], size=size)
        try:
            booking = hold.hold(order, use, self.client(), self.now, lambda _: None)
        except SoldOut:
            assert len(free) < size
            return
        except Conflict:
            assert flight in self.cancelled
            return
        assert flight not in self.cancelled
        self.has(booking, flight, size, free)
        self.keys.append((order, booking, use))

    @rule(flight=st.integers(0, 2), seats=st.sets(st.integers(0, SEATS - 1), min_size=1, max_size=3))
    def somebody_chooses(self, flight: int, seats: set[int]) -> None:
        """A party wants certain seats: it gets these, or none."""
        free = self.free(flight)
        wanted = tuple(sorted(sorted(self.all_seats(flight))[at] for at in seats))
        order, use = shop.order(self.legs[flight], size=len(wanted), seats=wanted), shop.key()
        try:
            booking = hold.hold(order, use, self.client(), self.now, lambda _: None)
        except SeatTaken:
            assert set(wanted) - free
            return
        except Conflict:
            assert flight in self.cancelled or len(free) < len(wanted)
            return
        assert set(wanted) <= free
        assert booking.segments[0].taken == wanted
        self.has(booking, flight, len(wanted), free)

    def all_seats(self, flight: int) -> frozenset[str]:
        """As there were at first, blocked since or not."""
        inventory = Inventory.unsold(self.legs[flight])
        return frozenset(
            sorted(inventory.free(NOON) & {s.number for s in inventory.seat_map.of(Cabin.ECONOMY)})[:SEATS]
        )

    def has(self, booking: Booking, flight: int, size: int, free: frozenset[str]) -> None:
        """A party is there."""
        seats = frozenset(booking.segments[0].taken)
        assert len(seats) == size, "a party was split"
        assert seats <= free, "a seat was sold twice"
        assert booking.locator not in self.parties
        until = self.now.wall + 15 * MINUTE
        self.parties[booking.locator] = Party(booking.locator, size, booking.total, flight, seats, until)

    @precondition(lambda self: self.keys)
    @rule(number=which, other=st.booleans())
    def somebody_asks_again(self, number: int, other: bool) -> None:
        """The same key gives the same answer, whatever became of it; with another body it gives none."""
        order, booking, use = self.keys[number % len(self.keys)]
        if other:
            use = use._replace(fingerprint="e" * 32)
        try:
            again = hold.hold(order, use, self.client(), self.now, lambda _: None)
        except KeyReused:
            assert other
            return
        assert not other
        assert again == booking

    @precondition(lambda self: self.parties)
    @rule(number=which, token=st.sampled_from(TOKENS))
    def somebody_pays(self, number: int, token: str) -> None:
        """A card is charged where something is to be paid; what a former one was charged is settled first."""
        party, at = self.one(number), self.now.wall
        amount = party.to_pay(at)
        payable = amount is not None and party.ends() - at >= LAST_CALL and party.attempts < 10
        if payable and party.charge:
            self.learned(party, closing=True)
            amount = party.to_pay(at)
            payable = amount is not None and party.attempts < 10
        payable = payable and not (party.until and party.flight in self.cancelled)
        try:
            pay.pay(pay.known(party.name, self.now), token, "/", shop.key(), self.now)
        except Conflict:
            assert not payable
            return
        assert payable
        assert amount
        kind = {"tok_decline": "declined", "tok_challenge": "challenge", "tok_timeout": "approved"}
        kind["tok_timeout_lost"] = "lost"
        charge = Charge(kind.get(token, ""), amount, at, party.attempts + 1)
        party.taken += amount if charge.what in ("", "approved") else 0
        if charge.what == "declined":
            party.attempts += 1
        elif charge.what:
            party.charge = charge
        else:
            self.approved(party, amount)
        if token == "tok_refund_fails":
            party.refused_once.add(charge.number)

    @precondition(lambda self: any(p.charge and p.charge.what == "challenge" for p in self.parties.values()))
    @rule(number=which, approves=st.booleans())
    def somebody_is_at_the_bank(self, number: int, approves: bool) -> None:
        """The payer approves or declines; after ten minutes it is too late."""
        waiting = [p for p in self.parties.values() if p.charge and p.charge.what == "challenge"]
        party = waiting[number % len(waiting)]
        charge = party.charge
        assert charge
        reference = f"{party.name}-{charge.number}"
        row = conftest.client("dynamodb").get_item(
            TableName=config().bookings_table, Key={"pk": {"S": f"simulated#{reference}"}, "sk": {"S": "charge"}}
        )["Item"]
        answer = simulated.answer(reference, row["challenge_key"]["S"], approves, self.now.wall)
        in_time = self.now.wall < charge.at + BANK_WAITS
        charge.what = "approved" if approves and in_time else "declined"
        party.taken += charge.amount if charge.what == "approved" else 0
        assert (answer.charged.outcome is Outcome.APPROVED) == (charge.what == "approved")

    @precondition(lambda self: self.parties)
    @rule(number=which)
    def somebody_cancels(self, number: int) -> None:
        """Seats are free at once; who paid gets all back, as it is within a day."""
        party, at = self.one(number), self.now.wall
        lives = party.lives(at)
        try:
            cancel.cancel(pay.known(party.name, self.now), shop.key(), self.now)
        except Conflict:
            assert not lives
            return
        assert lives
        if party.until is None:
            party.due_back = party.known()
        party.gone, party.other = "cancelled", None

    @precondition(lambda self: self.parties)
    @rule(number=which, flight=st.integers(0, 2))
    def somebody_changes(self, number: int, flight: int) -> None:
        """A ticket is changed to another flight: at once, or once it is paid."""
        party, at = self.one(number), self.now.wall
        free = self.free(flight)
        may = (
            party.tickets and party.lives(at) and not party.waits(at) and flight != party.flight
            and flight not in self.cancelled and len(free) >= party.size
        )  # fmt: skip
        wanted = [Wanted(self.legs[flight].leg, Cabin.ECONOMY)]
        try:
            after = change.change(pay.known(party.name, self.now), wanted, None, shop.key(), self.now)
        except Conflict:
            assert not may
            return
        assert may
        change_ = after.change_at(at)
        held = change_.segments if change_ else after.segments
        seats = frozenset(held[0].taken)
        assert len(seats) == party.size
        assert seats <= free
        if change_:
            party.other = flight, seats, change_.due, at + 15 * MINUTE
        else:
            party.flight, party.seats, party.other = flight, seats, None
            party.due_back += max(0, party.price - after.total)
            party.price = after.total

    @rule(flight=st.integers(0, 1))
    def the_airline_cancels_a_flight(self, flight: int) -> None:
        """Nobody buys it any more."""
        if len(self.cancelled) < 1:
            trouble.say(self.legs[flight], self.now, cancelled=True)
            self.cancelled.add(flight)

    @rule(flight=st.integers(0, 2), number=which)
    def an_operator_blocks_a_seat(self, flight: int, number: int) -> None:
        """One that nobody has is not sold any more."""
        free = sorted(self.free(flight))
        if len(free) > 2:
            seat = free[number % len(free)]
            there = hold.shelf([self.legs[flight]], self.now.wall)
            inventory = there.seats[self.legs[flight].leg]
            blocked = replace(inventory, blocked=inventory.blocked | {seat})
            hold.store.write(there.lapsed, {inventory.leg: blocked})
            for kept, _ in there.lapsed:
                self.ended(self.parties[kept.booking.locator])
            self.offered[flight] -= {seat}

    def ended(self, party: Party) -> None:
        """A hold that is over was written down so; what the bank knows of it is not known here yet."""
        if not party.lives(self.now.wall):
            party.gone = party.gone or "expired"
        if party.other and not party.waits(self.now.wall):
            party.other = None

    @rule(seconds=st.sampled_from((1, 29, 60, 300, 600, 840, 899, 900, 901)))
    def time_passes(self, seconds: int) -> None:
        """And nothing runs."""
        self.world.wait(timedelta(seconds=seconds))

    @precondition(lambda self: self.parties)
    @rule(number=which)
    def somebody_looks(self, number: int) -> None:
        """What is open of a booking is settled, at any time."""
        party = self.one(number)
        self._settled(party, lambda: settle.look(party.name, self.now))

    @rule(number=which, keep=st.booleans())
    def the_stream_tells(self, number: int, keep: bool) -> None:
        """A record of the stream is handled: late, twice, or before older ones."""
        self.records += self.world.records()
        if self.records:
            at = number % len(self.records)
            changes.tell_record(self.records[at] if keep else self.records.pop(at), self.now)

    @rule(number=which, keep=st.booleans())
    def a_message_comes(self, number: int, keep: bool) -> None:
        """A message of the queue is handled: early, late, or twice."""
        if not self.world.queue:
            return
        at = number % len(self.world.queue)
        _, body = self.world.queue[at] if keep else self.world.queue.pop(at)
        if "freed" in body:
            settlements.handle(body, self.now)
            return
        name = body["look"] if "look" in body else settlements.booking_of(body["callback"]["reference"])
        self._settled(self.parties[name], lambda: settlements.handle(body, self.now))

    def _settled(self, party: Party, work: Any) -> None:
        """Once more where a bank refuses a refund the first time, or its answer is lost."""
        for _ in range(12):
            try:
                work()
                break
            except hold.Unavailable:
                continue
        else:
            raise AssertionError("stuck")
        self.looked(party)

    # what always holds

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        """Seats, bookings, and the bank's books."""
        if not hasattr(self, "legs"):
            return
        at = self.now.wall
        bookings = {each.locator: each for each in shop.everything(self.parties, at)}
        assert bookings.keys() == self.parties.keys()
        shop.check_sums(self.legs, bookings.values(), self.now)
        shop.check_money(bookings.values())
        for flight, inventory in enumerate(hold.shelf(self.legs, at).seats.values()):
            assert inventory.free(at) == self.free(flight)
        rows = conftest.client("dynamodb").scan(TableName=config().bookings_table)["Items"]
        bank = {row["pk"]["S"]: row for row in rows if row["pk"]["S"].startswith("simulated#")}
        for name, party in self.parties.items():
            self._as_the_model_says(bookings[name], party, at)
            charges = [row for pk, row in bank.items() if pk.startswith(f"simulated#{name}-")]
            assert sum(int(row["amount"]["N"]) for row in charges if row["state"]["S"] == "approved") == party.taken
            assert sum(int(row["refunded"]["N"]) for row in charges) == party.back

    def _as_the_model_says(self, booking: Booking, party: Party, at: datetime) -> None:
        state = booking.state(at)
        if party.lives(at):
            assert state is (State.HELD if party.until else State.TICKETED)
            assert frozenset(booking.segments[0].taken) == party.seats
            assert booking.segments[0].leg == self.legs[party.flight].leg
        else:
            assert state is (State.CANCELLED if party.gone == "cancelled" else State.EXPIRED)
        assert bool(booking.change_at(at)) == (party.lives(at) and party.waits(at))
        assert booking.to_pay(at) == party.to_pay(at)
        assert booking.due_back == party.due_back
        assert booking.paid == party.known() - party.back


TestAirline = Airline.TestCase
TestAirline.settings = settings(
    max_examples=min(250, settings.default.max_examples // 3),  # 12,500 steps with the profile `long`
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
