"""F22: whatever buyers, cards, banks, airports, operators and the clock do, in any order, bookings are as a plain model
says."""  # fmt: skip

import sys
from collections.abc import Container
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.booking import cancel, change, changes, hold, pay, rebook, settle, settlements
from chalicelib.booking.hold import SoldOut, Wanted
from chalicelib.booking.model import OFFER, Booking, KeyUse, State
from chalicelib.booking.payments import Outcome, simulated
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.errors import Conflict, KeyReused
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing import store as pricing
from chalicelib.pricing.inventory import Inventory, SeatTaken
from chalicelib.pricing.model import Party as Travellers
from chalicelib.pricing.seats import Cabin
from chalicelib.search import find
from chalicelib.search.market import Part

from .. import conftest
from ..conftest import NOON
from . import shop, trouble
from .world import World, an_empty_gatecall, now_of

ROUTE = "JFK", "SRQ"  # one flight a day, so the flights instead of one are those of the next two days
DAYS = (1, 2, 3, 40)  # of the model's flights, from today
TROUBLED = (0, 1)  # flights of which an airport may say something
LATE = timedelta(hours=30)  # who takes the next day's flight is there sooner, and nobody is by the one after it
SEATS = 7  # in economy, of each flight; so that they run short
TOKENS = (
    "tok_approve", "tok_approve", "tok_decline", "tok_timeout", "tok_timeout_lost", "tok_challenge", "tok_duplicate",
    "tok_refund_fails", "tok_refund_timeout",
)  # fmt: skip
MINUTE = timedelta(minutes=1)
BANK_WAITS = 10 * MINUTE
LAST_CALL = timedelta(seconds=30)
MOST_OFFERS = 3
which = st.integers(0, 10**6)  # one of those there are
which_flight = st.sampled_from((0, 0, 0, 1, 1, 2, 3))  # most want those of which an airport may speak


class How(StrEnum):
    """How a flight stands."""

    ON_TIME = "on time"
    CANCELLED = "cancelled"
    LATE = "late"


@dataclass
class Charge:
    """What the bank knows, and we do not yet."""

    what: str  # approved | lost | challenge | declined
    amount: int
    at: datetime


class Offer(NamedTuple):
    """Seats on another flight that are held for a party."""

    flight: int
    seats: frozenset[str]
    until: datetime


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
    other: tuple[int, frozenset[str], int, datetime] | None = None  # a change: flight, seats, due, until
    unclosed: bool = False  # the bank was not told yet that a change is not to be paid any more
    offer: Offer | None = None
    offers: list[tuple[int, int]] = field(default_factory=list)  # made so far: instead of a flight, at its news

    def lives(self, at: datetime) -> bool:
        """Whether it has a right to its seats."""
        return not self.gone and (self.until is None or at < self.until)

    def waits(self, at: datetime) -> bool:
        """Whether a change of it is held."""
        return self.other is not None and at < self.other[3]

    def offered(self, at: datetime) -> Offer | None:
        """The offer it has."""
        return self.offer if self.offer and at < self.offer.until else None

    def flies(self, flight: int, seats: frozenset[str], price: int) -> None:
        """It has other seats, for which it paid before; what they cost less comes back."""
        self.due_back += max(0, self.price - price)
        self.unclosed = self.unclosed or self.other is not None
        self.flight, self.seats, self.price, self.other, self.offer = flight, seats, price, None, None

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
        self.how = [How.ON_TIME] * len(DAYS)
        self.news = [0] * len(DAYS)
        self.clients = 0
        self.offered: list[frozenset[str]] = []

    def teardown(self) -> None:
        """The first flight's hour comes, unless something failed already; AWS ends."""
        try:
            if self.parties and not sys.exc_info()[0]:
                self.the_first_flight_was_to_leave()
        finally:
            self.stack.close()

    @property
    def now(self) -> Now:
        """Both clocks."""
        return self.world.now

    @initialize(sold=st.lists(st.tuples(st.sampled_from(TROUBLED), st.integers(1, 3)), max_size=3))
    def opens(self, sold: list[tuple[int, int]]) -> None:
        """Four flights with a few seats each, some of them sold; the day after the third has one without."""
        self.legs = [shop.leg(*ROUTE, days=days) for days in DAYS]
        for leg in self.legs:
            self.offered.append(self.all_seats(leg))
            pricing.save(self.without_others(leg, self.offered[-1]))
        pricing.save(self.without_others(shop.leg(*ROUTE, days=4), frozenset()))
        for flight, size in sold:
            self.somebody_holds(flight, size, pays=True)

    def all_seats(self, leg: ScheduledLeg) -> frozenset[str]:
        """Those of a flight that were for sale at first, blocked since or not."""
        inventory = Inventory.unsold(leg)
        economy = inventory.free(NOON) & {seat.number for seat in inventory.seat_map.of(Cabin.ECONOMY)}
        return frozenset(sorted(economy)[:SEATS])

    def without_others(self, leg: ScheduledLeg, seats: frozenset[str]) -> Inventory:
        """A flight of which all other seats are blocked."""
        inventory = Inventory.unsold(leg)
        return replace(inventory, blocked=frozenset(seat.number for seat in inventory.seat_map.seats) - seats)

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
            if party.lives(at) and (offer := party.offered(at)) and offer.flight == flight:
                gone |= offer.seats
        return self.offered[flight] - gone

    def instead(self, party: Party) -> list[int]:
        """The flights that a party may have instead of its own, the first to arrive first; none where its own flies."""
        how, own = self.how[party.flight], party.flight
        if how is How.ON_TIME or not party.lives(self.now.wall) or party.until:
            return []
        later = [other for other in (1, 2) if other > own and self.how[other] is How.ON_TIME]
        return later if how is How.CANCELLED else [other for other in later if other == own + 1]

    def needs(self, party: Party) -> bool:
        """Whether a party is to be offered another flight."""
        if self.how[party.flight] is How.ON_TIME or not party.lives(self.now.wall) or party.until:
            return False
        if offer := party.offered(self.now.wall):
            return self.how[offer.flight] is not How.ON_TIME
        made = [news for flight, news in party.offers if flight == party.flight]
        return len(made) < MOST_OFFERS and made[-1:] != [self.news[party.flight]]

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
            flight, seats, due, _ = party.other
            party.other = None
            party.flies(flight, seats, party.price + due)

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
        if party.unclosed or not party.lives(at) or (party.other is not None and not party.waits(at)):
            self.learned(party, closing=True)
        party.unclosed = False
        if not party.lives(at) and not party.gone:
            party.gone = "expired"
        if party.other and not party.waits(at):
            party.other = None
        party.back = party.due_back

    # what happens

    @rule(flight=which_flight, size=st.integers(1, 4), pays=st.booleans())
    def somebody_holds(self, flight: int, size: int, *, pays: bool) -> None:
        """A party wants any seats: it gets as many as it is, or is told that there are too few. It may pay."""
        free, use = self.free(flight), shop.key()
        order = shop.order(self.legs[flight], size=size)
        try:
            booking = hold.hold(order, use, self.client(), self.now, lambda _: None)
        except SoldOut:
            assert len(free) < size
            return
        except Conflict:
            assert self.how[flight] is How.CANCELLED
            return
        assert self.how[flight] is not How.CANCELLED
        self.has(booking, flight, size, free)
        self.keys.append((order, booking, use))
        if pays:
            self.somebody_pays(len(self.parties) - 1, "tok_approve")

    @rule(flight=which_flight, size=st.integers(1, 4), likes_it=st.booleans())
    def somebody_searches(self, flight: int, size: int, likes_it: bool) -> None:
        """A party is shown the flight while it has seats for all of them, and gets them at the price it is shown.

        A search asks no bookings: it knows by the stream, within seconds, what was paid before its hold was over.
        """
        self.the_stream_is_read()
        leg, free = self.legs[flight], self.free(flight)
        trip = (Part(leg.leg.origin, leg.destination, leg.leg.date),)
        found = find.offers(find.Request(trip, Travellers(size), stops=0), self.now).offers
        assert [segment.scheduled.leg for offer in found for segment in offer.segments] == [leg.leg] * len(found)
        assert len(found) == (self.how[flight] is not How.CANCELLED and len(free) >= size)
        if found and likes_it:
            order = replace(shop.order(leg, size=size), total=found[0].total)
            self.has(hold.hold(order, shop.key(), self.client(), self.now, lambda _: None), flight, size, free)

    @rule(flight=which_flight, seats=st.sets(st.integers(0, SEATS - 1), min_size=1, max_size=3))
    def somebody_chooses(self, flight: int, seats: set[int]) -> None:
        """A party wants certain seats: it gets these, or none."""
        free = self.free(flight)
        wanted = tuple(sorted(sorted(self.all_seats(self.legs[flight]))[at] for at in seats))
        order, use = shop.order(self.legs[flight], size=len(wanted), seats=wanted), shop.key()
        try:
            booking = hold.hold(order, use, self.client(), self.now, lambda _: None)
        except SeatTaken:
            assert set(wanted) - free
            return
        except Conflict:
            assert self.how[flight] is How.CANCELLED or len(free) < len(wanted)
            return
        assert set(wanted) <= free
        assert booking.segments[0].taken == wanted
        self.has(booking, flight, len(wanted), free)

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
        payable = payable and not (party.until and self.how[party.flight] is How.CANCELLED)
        try:
            pay.pay(pay.known(party.name, self.now), token, "/", shop.key(), self.now)
        except Conflict:
            assert not payable
            return
        assert payable
        assert amount
        kind = {"tok_decline": "declined", "tok_challenge": "challenge", "tok_timeout": "approved"}
        kind["tok_timeout_lost"] = "lost"
        charge = Charge(kind.get(token, ""), amount, at)
        party.taken += amount if charge.what in ("", "approved") else 0
        if charge.what == "declined":
            party.attempts += 1
        elif charge.what:
            party.charge = charge
        else:
            self.approved(party, amount)

    @precondition(lambda self: any(p.charge and p.charge.what == "challenge" for p in self.parties.values()))
    @rule(number=which, approves=st.booleans())
    def somebody_is_at_the_bank(self, number: int, approves: bool) -> None:
        """The payer approves or declines; after ten minutes it is too late."""
        waiting = [p for p in self.parties.values() if p.charge and p.charge.what == "challenge"]
        party = waiting[number % len(waiting)]
        charge, attempt = party.charge, now_of(party.name, self.now).open_attempt
        assert charge
        assert attempt
        reference = pay.reference(party.name, attempt.attempt)
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
        self.cancelled(party)

    def cancelled(self, party: Party) -> None:
        """Nobody flies, and all that was paid is due back."""
        if party.until is None:
            party.due_back = party.known()
        party.gone, party.other, party.offer = "cancelled", None, None

    @precondition(lambda self: self.parties)
    @rule(number=which, flight=which_flight)
    def somebody_changes(self, number: int, flight: int) -> None:
        """A ticket is changed to another flight: at once, or once it is paid."""
        party, at = self.one(number), self.now.wall
        free = self.free(flight)
        may = (
            party.tickets and party.lives(at) and not party.waits(at) and flight != party.flight
            and self.how[flight] is not How.CANCELLED and len(free) >= party.size
        )  # fmt: skip
        offer = party.offered(at)
        may = may and not (offer and offer.flight == flight)  # which it can have for nothing
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
            party.flies(flight, seats, after.total)

    @rule(flight=st.sampled_from(TROUBLED), how=st.sampled_from(How), heard=st.booleans())
    def an_airport_speaks(self, flight: int, how: How, heard: bool) -> None:
        """A flight is cancelled, a day late, or on time again; its parties are looked after at once, or later."""
        if how is self.how[flight]:
            return
        self.world.wait(timedelta(seconds=1))
        leg, by = self.legs[flight], LATE if how is How.LATE else timedelta()
        expected = {"estimated_out": leg.scheduled_out + by, "estimated_in": leg.scheduled_in + by}
        trouble.say(leg, self.now, cancelled=how is How.CANCELLED, **expected)
        self.how[flight] = how
        self.news[flight] += 1
        if heard:
            self.news_of_a_flight_come(flight, "delayed" if how is How.LATE else "cancelled")

    @rule(flight=st.sampled_from(TROUBLED), kind=st.sampled_from(("cancelled", "delayed")))
    def news_of_a_flight_come(self, flight: int, kind: str) -> None:
        """Its parties are looked after, as it stands by then."""
        trouble.follow(self.legs[flight], self.now, kind)
        self.were_offered(self.parties_of(flight))

    def parties_of(self, flight: int) -> set[str]:
        """Who is on a flight."""
        return {name for name, party in self.parties.items() if party.flight == flight}

    def were_offered(self, looked_at: Container[str]) -> None:
        """Who needs another flight, and was looked at, has the next one with seats for all of them held for it."""
        at, made = self.now.wall, list[Party]()
        for party in self.parties.values():
            there = now_of(party.name, self.now).offer_at(at)
            if there is None or (party.offer and there.change.until == party.offer.until):
                continue
            assert self.needs(party)
            [segment] = there.change.segments
            flight, seats = [leg.leg for leg in self.legs].index(segment.leg), frozenset(segment.taken)
            assert flight in self.instead(party)
            assert len(seats) == party.size
            assert seats <= self.free(flight)
            assert there.change.until
            assert there.change.until <= at + OFFER
            party.offer = Offer(flight, seats, there.change.until)
            party.offers.append((party.flight, self.news[party.flight]))
            made.append(party)
        for party in self.parties.values():
            possible = [f for f in self.instead(party) if not (party.waits(at) and party.other and party.other[0] == f)]
            if party in made and party.offer:
                possible = possible[: possible.index(party.offer.flight)]
            elif party.name not in looked_at or not self.needs(party):
                continue
            assert all(len(self.free(flight)) < party.size for flight in possible), "there were seats for it"

    @precondition(lambda self: any(self.instead(party) or party.offer for party in self.parties.values()))
    @rule(number=which, flight=st.sampled_from((None, 1, 2)))
    def somebody_rebooks(self, number: int, flight: int | None) -> None:
        """Who is in trouble has what is held for it (None), or seats on another of the next flights; for nothing."""
        concerned = [party for party in self.parties.values() if self.instead(party) or party.offer]
        party, at = concerned[number % len(concerned)], self.now.wall
        offer, live = party.offered(at), party.lives(at) and not party.until
        may = live and offer is not None and self.how[offer.flight] is not How.CANCELLED
        if flight is not None:
            may = flight in self.instead(party) and len(self.free(flight)) >= party.size
        chosen = None if flight is None else [self.legs[flight].leg]
        try:
            after = rebook.rebook(pay.known(party.name, self.now), chosen, shop.key(), self.now)
        except Conflict:
            assert not may
            return
        assert may
        flight = flight if flight is not None else offer.flight if offer else 0
        own = [(offer.flight, offer.seats)] if offer else []
        own += [party.other[:2]] if party.other and party.waits(at) else []
        seats = frozenset(after.segments[0].taken)
        assert len(seats) == party.size
        assert seats <= self.free(flight).union(*(held for of, held in own if of == flight))
        assert after.total <= party.price
        party.flies(flight, seats, after.total)

    @rule(flight=which_flight, number=which)
    def an_operator_blocks_a_seat(self, flight: int, number: int) -> None:
        """One that nobody has is not sold any more."""
        free = sorted(self.free(flight))
        if len(free) > 2:
            seat = free[number % len(free)]
            there = hold.shelf([self.legs[flight]], self.now.wall)
            inventory = there.seats[self.legs[flight].leg]
            blocked = replace(inventory, blocked=inventory.blocked | {seat})
            hold.store.write(there.lapsed, {inventory.leg: blocked})
            self.offered[flight] -= {seat}

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

    def the_stream_is_read(self) -> None:
        """All that there is of it."""
        for record in (*self.records, *self.world.records()):
            changes.tell_record(record, self.now)
        self.records.clear()

    @rule(number=which, keep=st.booleans())
    def a_message_comes(self, number: int, keep: bool) -> None:
        """A message of the queue is handled: early, late, or twice."""
        if not self.world.queue:
            return
        at = number % len(self.world.queue)
        _, body = self.world.queue[at] if keep else self.world.queue.pop(at)
        if not {"look", "callback"} & body.keys():
            settlements.handle(body, self.now)
            flight = [str(leg.leg) for leg in self.legs].index(body["disrupted"]) if "disrupted" in body else 0
            of_flight = self.parties_of(flight) if self.how[flight] is How.CANCELLED else set()
            self.were_offered(of_flight if "disrupted" in body else {body.get("party")})
            return
        name = body["look"] if "look" in body else settlements.booking_of(body["callback"]["reference"])
        self._settled(self.parties[name], lambda: settlements.handle(body, self.now))

    def _settled(self, party: Party, work: Any) -> None:
        """Once more where a bank refuses a refund the first time, or its answer is lost, as messages come again."""
        for _ in range(12):
            with suppress(hold.Unavailable):
                work()
                if not now_of(party.name, self.now).refunds:
                    break
        else:
            raise AssertionError("stuck")
        self.looked(party)

    def the_first_flight_was_to_leave(self) -> None:
        """All comes that is on its way. Nothing stays open, and who is on a flight that was cancelled has its money."""
        for flight in TROUBLED:
            self.news_of_a_flight_come(flight, str(self.how[flight]))
        self.world.wait(self.legs[0].scheduled_out - self.now.flight)
        self.the_stream_is_read()
        self.world.deliver(timedelta(minutes=10))
        for party in self.parties.values():
            self.looked(party)
            if party.flight == 0 and self.how[0] is How.CANCELLED and party.lives(self.now.wall):
                self.cancelled(party)
                self.looked(party)
        self.were_offered(())
        self.all_is_as_the_model_says()
        for booking in shop.everything(self.parties, self.now.wall):
            assert (booking.closed, booking.open_attempt, booking.refunds, booking.change) == (True, None, (), None)
            assert booking.kept_as is not State.HELD

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
        offer, there = party.offered(at) if party.lives(at) else None, booking.offer_at(at)
        assert (there and there.change.until) == (offer and offer.until)
        assert booking.to_pay(at) == party.to_pay(at)
        assert booking.due_back == party.due_back
        assert booking.paid == party.known() - party.back


TestAirline = Airline.TestCase
TestAirline.settings = settings(
    max_examples=min(250, settings.default.max_examples // 4),  # 12,500 steps with the profile `long`
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
