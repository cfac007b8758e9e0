"""What a feed says is taken into the flights: only what changed is written, and nobody's word is lost."""

from datetime import timedelta

import pytest

from chalicelib.core.clock import Now
from chalicelib.flights import ingest, store
from chalicelib.flights.model import FlightUpdate, Observation

from .legs import leg, said, scheduled

pytestmark = pytest.mark.usefixtures("cloud")


def no_sleep(seconds: float) -> None:
    assert seconds >= 0


@pytest.fixture(autouse=True)
def one_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto is not atomic under threads."""
    monkeypatch.setattr(ingest, "WRITERS", 1)


def test_a_poll_of_1000_unchanged_flights_reads_ten_times_and_writes_nothing(now: Now, calls: list[str]) -> None:
    """What costs nothing can be asked every minute."""
    programme = [scheduled(number, now.flight) for number in range(1000)]
    ingest.take(programme, now, sleep=no_sleep)
    calls.clear()
    taken = ingest.take(programme, now, sleep=no_sleep)
    assert taken.unchanged == 1000
    assert calls == ["BatchGetItem"] * 10


def test_only_what_changed_is_written(now: Now, calls: list[str]) -> None:
    """One transaction for each changed leg."""
    programme = [scheduled(number, now.flight) for number in range(100)]
    ingest.take(programme, now, sleep=no_sleep)
    calls.clear()
    news = [said(number, now.flight, now.flight, departure_gate="B4") for number in (3, 7)]
    taken = ingest.take([*programme, *news], now, sleep=no_sleep)
    assert (taken.changed, taken.unchanged) == (2, 98)
    assert calls == ["BatchGetItem", "TransactWriteItems", "TransactWriteItems"]


def test_several_updates_of_a_leg_in_one_delivery_are_one_version(now: Now) -> None:
    """With one entry of history, so that no version is missing from it."""
    ingest.take([scheduled(1, now.flight)], now, sleep=no_sleep)
    later = now.flight + timedelta(minutes=1)
    ingest.take(
        [
            said(1, now.flight, now.flight, departure_gate="B4"),
            said(1, now.flight, later, departure_gate="B7", belt="3"),
        ],
        now,
        sleep=no_sleep,
    )
    [version] = store.history(leg(1, now.flight), 0, now.flight)
    assert version.version == 2
    assert {(change.field, change.before, change.after) for change in version.changes} == {
        ("departure_gate", None, "B7"),
        ("belt", None, "3"),
    }


def test_a_newer_confirmation_is_kept_without_a_version(now: Now) -> None:
    """No history, no message."""
    ingest.take([scheduled(1, now.flight, departure_gate="B4")], now, sleep=no_sleep)
    taken = ingest.take([said(1, now.flight, now.flight, departure_gate="B4")], now, sleep=no_sleep)
    assert taken.confirmed == 1
    kept = store.flight(leg(1, now.flight), now.flight)
    assert kept
    assert (kept.flight.version, kept.flight.seen["departure_gate"].at) == (1, now.flight)


def test_whoever_loses_a_race_reads_again_and_both_are_kept(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """F13: a conflict is tried again, with a pause, and has no double effect."""
    ingest.take([scheduled(1, now.flight)], now, sleep=no_sleep)
    first_read, pauses = store.flights, []

    def stale(legs: object, at: object, *, consistent: bool = True) -> list[store.Kept]:
        read = first_read(legs, at, consistent=consistent)
        if not consistent:  # somebody else writes between our read and our write
            monkeypatch.setattr(store, "flights", first_read)
            ingest.take([said(1, now.flight, now.flight, belt="3")], now, sleep=no_sleep)
        return read

    monkeypatch.setattr(store, "flights", stale)
    taken = ingest.take([said(1, now.flight, now.flight, departure_gate="B4")], now, sleep=pauses.append)
    assert (taken.changed, len(pauses)) == (1, 1)
    kept = store.flight(leg(1, now.flight), now.flight)
    assert kept
    assert (kept.flight.status.belt, kept.flight.status.departure_gate, kept.flight.version) == ("3", "B4", 3)


def test_an_update_that_can_not_be_taken_stops_no_other(now: Now) -> None:
    """It is named; the others are kept."""
    wrong = FlightUpdate(leg(2, now.flight), "replay", {"departure_gat": Observation("B4", now.flight)})
    unwritable = scheduled(3, now.flight, departure_gate="B" * 500_000)
    taken = ingest.take([scheduled(1, now.flight), wrong, unwritable, scheduled(4, now.flight)], now, sleep=no_sleep)
    assert taken.added == 2
    assert {failed.flight.number for failed in taken.failed} == {2, 3}


def test_the_same_delivery_many_times_is_the_same_as_once(now: Now, calls: list[str]) -> None:
    """F3: state is byte-identical."""
    delivery = [scheduled(n, now.flight) for n in range(5)] + [said(2, now.flight, now.flight, departure_gate="B4")]
    ingest.take(delivery, now, sleep=no_sleep)
    first = [store.flight(leg(n, now.flight), now.flight) for n in range(5)]
    calls.clear()
    for _ in range(5):
        ingest.take(delivery, now, sleep=no_sleep)
    assert set(calls) == {"BatchGetItem"}
    assert [store.flight(leg(n, now.flight), now.flight) for n in range(5)] == first


def test_an_old_delivery_after_a_newer_one_changes_nothing(now: Now) -> None:
    """F4: the final status is that of the newest observation."""
    old = said(1, now.flight, now.flight, departure_gate="B4")
    new = said(1, now.flight, now.flight + timedelta(minutes=1), departure_gate="B7")
    ingest.take([scheduled(1, now.flight)], now, sleep=no_sleep)
    ingest.take([new], now, sleep=no_sleep)
    taken = ingest.take([old], now, sleep=no_sleep)
    assert taken.unchanged == 1
    kept = store.flight(leg(1, now.flight), now.flight)
    assert kept
    assert kept.flight.status.departure_gate == "B7"


def later(now: Now, minutes: float) -> Now:
    return Now(now.flight + timedelta(minutes=minutes), now.wall + timedelta(minutes=minutes))


def test_a_feed_is_noted_as_heard_with_news_and_else_every_five_minutes(now: Now, calls: list[str]) -> None:
    """So that a poll without news costs no write."""
    ingest._noted.clear()
    for minute, news in ((0, 1), (1, 0), (4, 0), (5, 0), (6, 1), (7, 0)):
        ingest.hear("replay", ["EWR"], ingest.Taken(changed=news), later(now, minute))
    assert calls == ["UpdateItem"] * 3
    [feed] = store.feeds(now)
    assert feed == store.FeedState("replay", ("EWR",), later(now, 6))
