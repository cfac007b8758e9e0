"""F2: a process that dies anywhere sells no seat twice, keeps no money without a ticket, and leaves nothing stuck."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple

import pytest
from hypothesis import settings

from chalicelib.booking import cancel, change, disrupt, hold, pay, rebook
from chalicelib.booking.hold import Wanted
from chalicelib.booking.model import HOLD, OFFER, Booking
from chalicelib.booking.payments import simulated
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.errors import Conflict
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.pricing.seats import Cabin

from .. import conftest
from ..alerts.killing import Process
from ..conftest import NOON
from . import shop, trouble
from .world import GaveUp, World, an_empty_gatecall, check, check_quiet, now_of

MINUTE = timedelta(minutes=1)


class Story:
    """Some buyers and their keys, and what becomes of them in a world where somebody dies."""

    def __init__(self, world: World):
        self.world = world
        self.legs: list[ScheduledLeg] = []
        self.names: list[str] = []
        self.answers: list[tuple[Callable[[], Booking], Booking]] = []
        self.begins = 0

    def flight(self, days: int = 20, place: int = 0) -> ScheduledLeg:
        """One of a route's flights."""
        from chalicelib.flights import timetable

        today = NOON.date()
        found = timetable.legs("EWR", "LAX", today + timedelta(days=days), today)[place]
        self.legs.append(found)
        return found

    def hold(self, leg: ScheduledLeg, size: int = 2, seats: tuple[str, ...] | None = None) -> str:
        """Hold seats; gives the locator."""
        order, use = shop.order(leg, size=size, seats=seats), shop.key()
        self.names.append(hold.locators.derive(hold.secret("locator-key"), use.key, 0))
        return self._ask(lambda: hold.hold(order, use, "192.0.2.1", self.world.now, lambda _: None)).locator

    def pay(self, name: str, token: str = "tok_approve") -> Booking:
        """Pay what waits for a payment."""
        use = shop.key()
        return self._ask(lambda: pay.pay(pay.known(name, self.world.now), token, "/", use, self.world.now))

    def approve(self, name: str) -> None:
        """Approve a challenge on the bank's page."""
        row = conftest.client("dynamodb").get_item(
            TableName=config().bookings_table, Key={"pk": {"S": f"simulated#{name}-1"}, "sk": {"S": "charge"}}
        )["Item"]
        key = row["challenge_key"]["S"]
        self.world.ask(lambda: simulated.answer(f"{name}-1", key, True, self.world.now.wall))

    def cancel(self, name: str) -> Booking:
        """Cancel a booking."""
        use = shop.key()
        return self._ask(lambda: cancel.cancel(pay.known(name, self.world.now), use, self.world.now))

    def change(self, name: str, *legs: ScheduledLeg) -> Booking:
        """Change a booking to other flights."""
        use, wanted = shop.key(), [Wanted(leg.leg, Cabin.ECONOMY) for leg in legs]
        return self._ask(lambda: change.change(pay.known(name, self.world.now), wanted, None, use, self.world.now))

    def rebook(self, name: str) -> Booking:
        """Take the flights that are offered."""
        use = shop.key()
        return self._ask(lambda: rebook.rebook(pay.known(name, self.world.now), None, use, self.world.now))

    def _ask(self, work: Callable[[], Booking]) -> Booking:
        answer = self.world.ask(work)
        self.answers.append((work, answer))
        return answer

    def from_here(self) -> None:
        """What came before is another story's: nobody dies in it."""
        self.begins = len(self.world.process.calls)


def bought(story: Story) -> None:
    """Held and paid."""
    story.pay(story.hold(story.flight()))


def left(story: Story) -> None:
    """Held, and never paid; what of it was handled comes late."""
    story.hold(story.flight())
    story.from_here()
    story.world.deliver()


def taken_over(story: Story) -> None:
    """Held until the hold is over, while nothing runs; another buyer has the seats then, and the first comes late."""
    leg = story.flight()
    first = story.hold(leg, size=1)
    seats = now_of(first, story.world.now).segments[0].taken
    story.from_here()
    story.world.wait(HOLD)
    second = story.hold(leg, size=1, seats=seats)
    with pytest.raises(Conflict):
        pay.pay(pay.known(first, story.world.now), "tok_approve", "/", shop.key(), story.world.now)
    story.pay(second)


def unanswered(story: Story) -> None:
    """The payment service takes the money, and does not say so."""
    name = story.hold(story.flight())
    story.from_here()
    story.pay(name, "tok_timeout")


def never_arrived(story: Story) -> None:
    """A charge never arrives; then another card is taken."""
    name = story.hold(story.flight())
    story.from_here()
    story.pay(name, "tok_timeout_lost")
    story.pay(name, "tok_duplicate")


def challenged(story: Story) -> None:
    """The payer shows the bank who they are."""
    name = story.hold(story.flight())
    story.from_here()
    story.pay(name, "tok_challenge")
    story.approve(name)


def declined(story: Story) -> None:
    """One card is declined, another one pays."""
    name = story.hold(story.flight())
    story.from_here()
    story.pay(name, "tok_decline")
    story.pay(name)


def given_up(story: Story) -> None:
    """What is held is cancelled while a charge has no answer yet."""
    name = story.hold(story.flight())
    story.pay(name, "tok_timeout")
    story.from_here()
    story.cancel(name)


def cancelled(story: Story) -> None:
    """A ticket is cancelled, and its refund is refused once."""
    name = story.hold(story.flight())
    story.pay(name, "tok_refund_fails")
    story.world.deliver()
    story.from_here()
    story.cancel(name)


def cancelled_unheard(story: Story) -> None:
    """A ticket is cancelled, and its refund is taken without an answer."""
    name = story.hold(story.flight())
    story.pay(name, "tok_refund_timeout")
    story.from_here()
    story.cancel(name)


def changed(story: Story) -> None:
    """A ticket is changed to a later flight, and back; what costs more is paid."""
    leg, other = story.flight(), story.flight(days=30)
    name = story.hold(leg)
    story.pay(name)
    story.from_here()
    for wanted in (other, leg):
        if story.change(name, wanted).to_pay(story.world.now.wall):
            story.pay(name)
        story.world.deliver()


def change_left(story: Story) -> None:
    """A change is not paid in time."""
    leg, dearer = story.flight(days=40), story.flight(days=1)
    name = story.hold(leg)
    story.pay(name)
    story.from_here()
    story.change(name, dearer)
    story.world.deliver(HOLD + MINUTE)


def rebooked(story: Story) -> None:
    """The flight is cancelled, and the offered one is taken."""
    leg = story.flight(days=1)
    story.legs += [other for place in range(1, 40) if (other := _other(place))]
    name = story.hold(leg)
    story.pay(name)
    story.world.deliver()
    story.from_here()
    trouble.say(leg, story.world.now, cancelled=True)
    story.world.bring(lambda: disrupt.look(leg.leg, story.world.now, lambda: 900))
    story.rebook(name)


def _other(place: int) -> ScheduledLeg | None:
    from chalicelib.flights import timetable

    today = NOON.date()
    found = [
        leg
        for day in (1, 2)
        for origin in ("EWR", "JFK", "LGA")
        for leg in timetable.legs(origin, "LAX", today + timedelta(days=day), today)
    ]
    return found[place] if place < len(found) else None


STORIES: Sequence[Callable[[Story], None]] = (
    bought, left, taken_over, unanswered, never_arrived, challenged, declined, given_up, cancelled, cancelled_unheard,
    changed, change_left, rebooked,
)  # fmt: skip


WHOLLY: Sequence[Callable[[Story], None]] = (bought, taken_over, cancelled, rebooked)
FEWER = 1 if settings.default.max_examples > 1000 else 4  # of other stories' points one in so many: all with `long`


class Told(NamedTuple):
    """How a story went: the points at which somebody can die in it, and those of them that cut a client off."""

    points: list[int]
    of_clients: frozenset[int]


def lived(tell: Callable[[Story], None], dies_at: int | None, *, patient: bool) -> Told:
    """Tell a story in a world where somebody dies, to its end and beyond; what always holds is seen to on the way."""
    process = Process(dies_at=dies_at)
    with an_empty_gatecall(), World(Now(NOON, NOON), process, patient).open() as world:
        story = Story(world)
        with suppress(GaveUp):
            tell(story)
        check(story.legs, story.names, world.now)
        world.deliver((OFFER if tell is rebooked else HOLD) + 10 * MINUTE)  # nothing is stuck for longer
        assert process.dies_at is None, f"nobody died at {dies_at}"
        told = Told([point for point in world.points() if point >= 2 * story.begins], frozenset(world.of_clients))
        check_quiet(story.legs, story.names, world)
        for again, answer in story.answers if patient else ():
            assert again().journal[: len(answer.journal)] == answer.journal, "the same key, another answer"
    return told


@pytest.mark.parametrize("tell", STORIES, ids=lambda tell: tell.__name__)
def test_f2_whoever_dies_anywhere_sells_nothing_twice_and_keeps_no_money(tell: Callable[[Story], None]) -> None:
    """At every AWS call of a sale, a cancellation and a rebooking; the client asks again with its key, or gives up.

    Of the ways that branch off from these, at every fourth, and at every one with the profile `long`.

    All that outlives a process is in AWS. So to die before a call is the same as to die after the one before it, and
    after a call that only reads the same as before that: what is left to try is the beginning, and after each write.
    """
    unharmed = lived(tell, None, patient=True)
    assert len(unharmed.points) > 5
    every = 1 if tell in WHOLLY else FEWER
    for point in unharmed.points[STORIES.index(tell) % every :: every]:
        lived(tell, point, patient=True)
        if point in unharmed.of_clients:
            lived(tell, point, patient=False)
