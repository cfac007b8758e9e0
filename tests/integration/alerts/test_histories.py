"""Whatever happens, and in whatever order: everybody is told, and nobody twice but for a call that was cut off."""

import random
from collections import Counter
from contextlib import ExitStack
from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from chalicelib.alerts import deliver, due, fanout, ledger, letters
from chalicelib.alerts.ledger import Entry, Page
from chalicelib.alerts.model import Interest, QuietHours, Rule, Wait, decide, unseen
from chalicelib.channels.model import Outcome, Receipt
from chalicelib.core.clock import Now
from chalicelib.flights import ingest, read

from ..conftest import NOON
from .following import Provider, a_flight, changes, follow, means, queued, write
from .killing import Process
from .test_kill_points import an_empty_gatecall

RULES = (
    Rule(interests=frozenset(Interest)),
    Rule(first_delay=30, further=20),
    Rule(quiet=QuietHours(time(12, 10), time(13, 30))),
)
deaths = st.one_of(st.none(), st.none(), st.integers(0, 24))  # the point at which a process dies, if it gets there


class Telling(RuleBasedStateMachine):
    """Three followers of one flight; messages come twice, in any order, to processes that die and providers that fail.

    F3, F4, F6 and F12 for the path from the topic to the provider.
    """

    @initialize(seed=st.integers(0, 2**16))
    def begin(self, seed: int) -> None:
        self.stack = ExitStack()
        patched = self.stack.enter_context(pytest.MonkeyPatch.context())
        patched.setattr(letters, "write", write)
        patched.setattr(ingest, "WRITERS", 1)
        self.stack.enter_context(an_empty_gatecall())
        self.dice = random.Random(seed)
        self.now = Now(NOON, NOON)
        self.flight = a_flight(self.now, timedelta(hours=3), departure_gate="B4")
        self.process = Process()
        self.stack.enter_context(self.process.installed())
        self.provider = Provider(self.process)
        self.followers = [
            follower
            for number, each in enumerate(RULES)
            for follower in follow(self.flight, 1, self.now, rule=each, first=number)
        ]
        self.told: list[dict[str, Any]] = []
        self.pages: list[dict[str, Any]] = []
        self.deaths_in_a_call = 0

    @rule(
        what=st.sampled_from([
            {"departure_gate": "B7"}, {"departure_gate": "B4"}, {"departure_terminal": "C"}, {"cancelled": True},
            {"cancelled": False}, {"late": 20}, {"late": 50}, {"late": 0}, {"stage": "boarding"},
            {"diverted_to": "AUS"}, {"diverted_to": None},
        ])
    )  # fmt: skip
    def change(self, what: dict[str, Any]) -> None:
        """The flight changes."""
        self.pass_time(1)
        if "late" in what:
            what = {"estimated_out": self.flight.status.scheduled_out + timedelta(minutes=what["late"])}
        [flight] = read.current([self.flight.leg], self.now.flight)
        [field] = what
        if getattr(flight.status, field) != what[field]:
            try:
                self.told.append(changes(self.flight, self.now, self.now.flight, **what))
            except AssertionError:  # what changes nothing a follower could be told
                return

    @rule(dies_at=deaths, again=st.booleans())
    def fan_out(self, dies_at: int | None, again: bool) -> None:
        """Some message of the topic is handled, not the oldest first; it may come again."""
        if self.told:
            message = self.dice.choice(self.told)
            if self._run(lambda: fanout.fan_out(message, self.now), dies_at) and not again:
                self.told.remove(message)

    @rule(dies_at=deaths, again=st.booleans())
    def tell(self, dies_at: int | None, again: bool) -> None:
        """Some page's message is handled; it may come again."""
        self.pages += queued()
        if self.pages:
            message = self.dice.choice(self.pages)
            lived = self._run(lambda: deliver.deliver(message, self.now, means(self.provider)), dies_at)
            if lived and not again:
                self.pages.remove(message)

    @rule(dies_at=deaths)
    def take_up_due(self, dies_at: int | None) -> None:
        """The schedule fires."""
        self._run(lambda: due.take_up(self.now, lambda: 60), dies_at)

    @rule(minutes=st.sampled_from([1, 3, 30]))
    def pass_time(self, minutes: int) -> None:
        """Leases run out, quiet hours end, departure comes nearer."""
        by = timedelta(minutes=minutes)
        self.now = Now(self.now.flight + by, self.now.wall + by)

    @rule(fails=st.sampled_from([0, 0.3, 1]))
    def change_mood(self, fails: float) -> None:
        """The provider throttles, more or less."""
        self.provider.answer = lambda name: Receipt(
            Outcome.LATER if self.dice.random() < fails else Outcome.ACCEPTED, f"id-{name}"
        )

    def teardown(self) -> None:
        """Let everything come to rest; then look."""
        if not hasattr(self, "stack"):
            return
        with self.stack:
            self.provider.answer = lambda name: Receipt(Outcome.ACCEPTED, f"id-{name}")
            for _ in range(12):
                for message in self.told:
                    fanout.fan_out(message, self.now)
                self.pages += queued()
                for message in self.pages:
                    deliver.deliver(message, self.now, means(self.provider))
                self.told, self.pages = [], []
                self.pass_time(70)
                due.take_up(self.now, lambda: 60)
            self._everybody_knows_the_flight()
            self._nobody_was_told_twice()

    def _run(self, work: Any, dies_at: int | None) -> bool:
        calls = len(self.process.calls)
        self.process.dies_at = None if dies_at is None else 2 * calls + dies_at
        sends = len(self.provider.sent)
        lived = self.process.run(work)
        self.process.dies_at = None
        if not lived and len(self.provider.sent) > sends:
            self.deaths_in_a_call += 1
        if not lived:
            self.pass_time(3)  # the queue's time-out, longer than a claim
        return lived

    def _everybody_knows_the_flight(self) -> None:
        [flight] = read.current([self.flight.leg], self.now.flight)
        for follower in self.followers:
            entry = ledger.entries(flight.leg, Page.of(follower)).get(follower.id, Entry())
            left = decide(follower.rule, entry.told or unseen(flight), flight, self.now.flight)
            assert left is None or isinstance(left, Wait) or entry.given_up, f"{follower.id} is not told {left}"

    def _nobody_was_told_twice(self) -> None:
        repeats = 0
        for follower in self.followers:
            texts = [text for name, text in self.provider.taken if name == follower.id]
            repeats = max(repeats, sum(times - 1 for times in Counter(texts).values()))
            versions = [int(text.partition(":")[0]) for text in texts]
            assert versions == sorted(versions), f"{follower.id} was told {texts}"
        assert repeats <= self.deaths_in_a_call


class MoreTelling(Telling):
    """The same: two processors share the examples."""


TestF6Histories, TestF6MoreHistories = Telling.TestCase, MoreTelling.TestCase
# An example takes over a second: fewer and shorter ones than of other tests, but with --hypothesis-profile=long.
TestF6Histories.settings = TestF6MoreHistories.settings = (
    settings(max_examples=8, stateful_step_count=20)
    if settings().max_examples <= 60
    else settings(stateful_step_count=30)
)


def test_the_history_machine_would_notice_a_loss() -> None:
    """A follower who is not told is found."""
    machine = Telling()
    machine.begin(1)
    machine.change({"departure_gate": "B7"})
    machine.told.clear()
    with pytest.raises(AssertionError, match="is not told"):
        machine.teardown()
