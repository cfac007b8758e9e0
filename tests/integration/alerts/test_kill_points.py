"""F1: a process that dies anywhere loses no message, and repeats at most the one call it was cut off in."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from chalicelib.alerts import deliver, fanout, letters
from chalicelib.channels.model import Channel
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.flights import changes, ingest

from .. import conftest
from ..conftest import NOON
from ..flights.legs import said
from .following import NUMBER, Provider, a_flight, follow, means, no_sleep, write
from .killing import Process, Queue, stream_records

FOLLOWERS, IN_ONE_CALL = 8, 5  # two calls of the provider
PARTS = 4  # so that workers share the points


@contextmanager
def an_empty_gatecall() -> Iterator[None]:
    """One in which changes are told without the minute's delay."""
    with conftest.an_empty_gatecall():
        sqs = conftest.client("sqs")
        sqs.set_queue_attributes(QueueUrl=Queue.named("changes").url, Attributes={"DelaySeconds": "0"})
        yield


def one_change(process: Process) -> Provider:
    """Announce a flight, follow it, change it, and see the change through to the provider, whoever dies on the way."""
    now, provider = Now(NOON, NOON), Provider(process)

    def died() -> None:
        nonlocal now
        now = Now(now.flight, now.wall + deliver.LEASE + timedelta(seconds=1))  # as the queue's time-out

    flight = a_flight(now, departure_gate="B4")
    follow(flight, FOLLOWERS, now)
    update = said(NUMBER, NOON, NOON, departure_gate="B7")
    with process.installed():
        while not process.run(lambda: ingest.take([update], now, sleep=no_sleep)):
            died()
        for record in stream_records(config().flights_table):
            plain = {**record, "eventName": record["eventName"]}
            while not process.run(lambda plain=plain: changes.tell_record(plain)):
                died()
        Queue.named("urgent-changes").drain(process, lambda told: fanout.fan_out(told, now), died)
        Queue.named("changes").drain(process, lambda told: fanout.fan_out(told, now), died)
        Queue(fanout.queue_of(Channel.EMAIL)).drain(
            process, lambda page: deliver.deliver(page, now, means(provider)), died
        )
    return provider


@pytest.mark.parametrize("part", range(PARTS))
def test_f1_whoever_dies_anywhere_loses_nothing_and_repeats_one_call_at_most(
    part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and after every AWS call, one by one: everyone told; twice only who was in the call cut off."""
    monkeypatch.setattr(letters, "write", write)
    monkeypatch.setattr(letters, "in_one_call", lambda channel: IN_ONE_CALL)
    unharmed = Process()
    with an_empty_gatecall():
        provider = one_change(unharmed)
    assert provider.calls == 2
    assert provider.each == {f"s{n}": 1 for n in range(FOLLOWERS)}
    points = 2 * len(unharmed.calls)
    assert points > 30
    repeated = 0
    for point in range(part, points, PARTS):
        process = Process(dies_at=point)
        with an_empty_gatecall():
            provider = one_change(process)
        assert process.dies_at is None, f"nobody died at {point}"
        told = provider.each
        assert set(told) == {f"s{n}" for n in range(FOLLOWERS)}, f"point {point}: {process.calls}"
        twice = {name for name, times in told.items() if times > 1}
        if twice:
            repeated += 1
            assert max(told.values()) == 2, f"point {point}: {process.calls}"
            assert twice <= provider.cut_off, f"point {point}: {process.calls}"
    assert repeated <= 2 * 3, "only between a provider's answer and the last mark"
