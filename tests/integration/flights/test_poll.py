"""The schedule that polls the feeds: it may fire late, twice or not at all, and a clock may step."""

from collections.abc import Collection
from datetime import datetime, timedelta

import pytest

from chalicelib.core.clock import Now
from chalicelib.flights import ingest, poll, store
from chalicelib.flights.model import Flight, FlightUpdate, Observation

from .legs import leg

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture(autouse=True)
def one_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto is not atomic under threads; and every process begins without having heard a feed."""
    monkeypatch.setattr(ingest, "WRITERS", 1)
    monkeypatch.setattr(ingest, "_noted", {})


@pytest.fixture
def announced(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """A feed that announces another gate every minute, and a cancellation in the fourth."""

    def snapshot(at: datetime, _: Collection[str]) -> list[FlightUpdate]:
        said = [("scheduled_out", now.flight, now.flight - timedelta(days=1))]
        said += [("departure_gate", f"B{n}", now.flight + timedelta(minutes=n)) for n in range(10)]
        said += [("cancelled", True, now.flight + timedelta(minutes=4))]
        return [
            FlightUpdate(
                leg(1, now.flight),
                "replay",
                {name: Observation(value, then) for name, value, then in said if then <= at},
            )
        ]

    monkeypatch.setitem(poll.FEEDS, "replay", snapshot)


def poll_at(now: Now, minute: float) -> None:
    at = now.flight + timedelta(minutes=minute)
    poll.poll(["replay"], ["EWR"], Now(at, at), sleep=lambda seconds: None)


def kept(now: Now) -> Flight:
    found = store.flight(leg(1, now.flight), now.flight)
    assert found
    return found.flight


@pytest.mark.parametrize(
    "fired",
    [[0, 5], [0, 1, 2, 3, 4, 5], [0, 5, 5, 5], [0, 2, 2, 5.7], [0, 5, 3, 1], [0, 3, -60, 5, 4], [0, 0, 5, 0, 5]],
    ids=str,
)
@pytest.mark.usefixtures("announced")
def test_however_the_schedule_fires_the_flight_ends_the_same(now: Now, fired: list[float]) -> None:
    """F19: fired late, twice, not at all, or on a clock that stepped back; no version is told twice."""
    for minute in fired:
        poll_at(now, minute)
    status = kept(now).status
    assert (status.departure_gate, status.cancelled) == ("B5", True)
    versions = store.history(leg(1, now.flight), 0, now.flight)
    assert [v.version for v in versions] == list(range(2, kept(now).version + 1))
    told = [(change.field, change.after) for v in versions for change in v.changes]
    assert len(told) == len(set(told))


@pytest.mark.usefixtures("announced")
def test_a_feed_that_fails_stops_no_other(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are polled, and silence is reported."""
    monkeypatch.setitem(poll.FEEDS, "broken", lambda at, airports: 1 / 0)
    poll.poll(["broken", "unknown", "replay"], ["EWR"], now, sleep=lambda seconds: None)
    assert kept(now).version == 1


@pytest.mark.usefixtures("announced")
def test_a_silent_feed_raises_a_metric(now: Now, capsys: pytest.CaptureFixture[str]) -> None:
    """The seconds since it last spoke, by feed; and the longest of all feeds, which an alarm watches."""
    poll_at(now, 0)
    store.heard("aodb", ["EWR"], Now(now.flight, now.wall + timedelta(minutes=15)))
    capsys.readouterr()
    poll.poll([], [], Now(now.flight, now.wall + timedelta(minutes=20)), sleep=lambda seconds: None)
    told = capsys.readouterr().out
    assert '"feed":"replay","FeedSilence":[1200.0]' in told
    assert '"feed":"aodb","FeedSilence":[300.0]' in told
    assert '"service":"gatecall","LongestFeedSilence":[1200.0]' in told
