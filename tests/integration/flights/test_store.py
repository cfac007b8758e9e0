"""How legs are kept, against moto."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, Invalid, Unavailable
from chalicelib.core.tables import batch_get
from chalicelib.flights import store
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import Direction, apply

from .legs import leg, said, scheduled

pytestmark = pytest.mark.usefixtures("cloud")


def departures(
    now: datetime, *, start: int = -1, end: int = 12, limit: int = 100, cursor: str | None = None
) -> store.Page:
    return store.board(
        "EWR",
        Direction.DEPARTURES,
        start=now + timedelta(hours=start),
        end=now + timedelta(hours=end),
        limit=limit,
        cursor=cursor,
        now=now,
    )


def added(*numbers: int, out: datetime, **more: object) -> None:
    for number in numbers:
        store.add([apply(None, scheduled(number, out + timedelta(minutes=number), **more))[0]], out)


def test_a_leg_reads_back_as_it_was_kept(now: Now) -> None:
    """Every field, its instant and its source."""
    update = scheduled(1, now.flight, departure_gate="B4", codeshares=("LH7600",), cancelled=True)
    flight, _ = apply(None, update)
    store.add([flight], now.flight)
    kept = store.flight(leg(1, now.flight), now.flight)
    assert kept == store.Kept(flight, 1)


def test_a_leg_is_added_once(now: Now) -> None:
    """Whoever comes second is told, with or without codeshares."""
    for number, codeshares in ((1, None), (2, ("LH7600",))):
        added(number, out=now.flight, codeshares=codeshares)
        with pytest.raises(Conflict):
            added(number, out=now.flight, codeshares=codeshares)


def test_a_board_shows_its_window_in_time_order(now: Now) -> None:
    """From `from` to before `to`."""
    added(30, 0, 10, 60, out=now.flight)
    page = departures(now.flight, start=0, end=1)
    assert [f.leg.flight.number for f in page.flights] == [0, 10, 30]


def test_a_delayed_leg_stands_where_it_is_now_expected(now: Now) -> None:
    """Who waits five hours for a leg still finds it on the board; who comes at its scheduled time too late does not."""
    added(1, out=now.flight)
    before = store.flight(leg(1, now.flight), now.flight)
    assert before
    late = said(1, now.flight, now.flight, estimated_out=now.flight + timedelta(hours=5))
    flight, changes = apply(before.flight, late)
    store.commit(before, flight, changes, now)
    assert departures(now.flight, start=0, end=1).flights == []
    assert departures(now.flight + timedelta(hours=4), start=0, end=2).flights == [flight]


def test_a_board_comes_in_parts_that_together_are_the_whole(now: Now) -> None:
    """The cursor of a part leads to the next, and the last has none."""
    added(*range(7), out=now.flight)
    seen, cursor = [], None
    while True:
        page = departures(now.flight, limit=3, cursor=cursor)
        seen += [f.leg.flight.number for f in page.flights]
        if (cursor := page.cursor) is None:
            break
    assert seen == list(range(7))


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "W10", "eyJhIjoxfQ", "é", "W1tdLHt9LDFd", "bnVsbA"])
def test_a_forged_cursor_is_refused(now: Now, cursor: str) -> None:
    """It is the caller's fault, and said so."""
    with pytest.raises(Invalid, match="cursor"):
        departures(now.flight, cursor=cursor)


def test_a_hidden_leg_is_on_no_board(now: Now) -> None:
    """DoNotDisplay."""
    added(1, out=now.flight, shown="hidden")
    assert departures(now.flight).flights == []


def test_a_leg_is_found_by_its_number_and_by_its_codeshares(now: Now) -> None:
    """Passengers know the number on their ticket."""
    added(1, out=now.flight, codeshares=("LH7600", "AC3000"))
    for number in ("UA1", "LH7600", "AC3000"):
        assert store.legs_numbered(FlightNumber.parse(number), now.flight.date(), now.flight) == [leg(1, now.flight)]
    assert store.legs_numbered(FlightNumber.parse("LH7601"), now.flight.date(), now.flight) == []


def test_a_codeshare_taken_back_finds_nothing(now: Now) -> None:
    """In the same transaction as the version that says so."""
    added(1, out=now.flight, codeshares=("LH7600", "AC3000"))
    before = store.flight(leg(1, now.flight), now.flight)
    assert before
    flight, changes = apply(before.flight, said(1, now.flight, now.flight, codeshares=("AC3000", "NH6400")))
    store.commit(before, flight, changes, now)
    day = now.flight.date()
    found = {n: store.legs_numbered(FlightNumber.parse(n), day, now.flight) for n in ("LH7600", "AC3000", "NH6400")}
    assert found == {"LH7600": [], "AC3000": [flight.leg], "NH6400": [flight.leg]}


def test_two_writers_of_one_revision_have_one_winner(now: Now) -> None:
    """The loser's history is not written either."""
    added(1, out=now.flight)
    before = store.flight(leg(1, now.flight), now.flight)
    assert before
    first, changes = apply(before.flight, said(1, now.flight, now.flight, departure_gate="B4"))
    store.commit(before, first, changes, now)
    second, others = apply(before.flight, said(1, now.flight, now.flight, departure_gate="B7"))
    with pytest.raises(Conflict):
        store.commit(before, second, others, now)
    with pytest.raises(Conflict):
        store.confirm(before, second, now.flight)
    kept = store.flight(first.leg, now.flight)
    assert kept
    assert kept.flight == first
    assert [version.changes for version in store.history(first.leg, 0, now.flight)] == [tuple(changes)]


def test_history_begins_after_the_version_one_has(now: Now) -> None:
    """And ends with the newest."""
    added(1, out=now.flight)
    for minute, gate in enumerate(("B4", "B5", "B6")):
        before = store.flight(leg(1, now.flight), now.flight)
        assert before
        update = said(1, now.flight, now.flight + timedelta(minutes=minute), departure_gate=gate)
        flight, changes = apply(before.flight, update)
        store.commit(before, flight, changes, now)
    later = store.history(leg(1, now.flight), 2, now.flight)
    assert [(version.version, version.changes[0].after) for version in later] == [(3, "B5"), (4, "B6")]


def test_what_has_expired_is_absent(now: Now) -> None:
    """F18: TTL is only the broom; an item that is still there after its time is not."""
    added(1, out=now.flight, codeshares=("LH7600",))
    after = now.flight + timedelta(days=31)
    assert store.flight(leg(1, now.flight), after) is None
    assert store.legs_numbered(FlightNumber.parse("LH7600"), now.flight.date(), after) == []
    page = store.board("EWR", Direction.DEPARTURES, start=now.flight, end=after, limit=10, cursor=None, now=after)
    assert page.flights == []


@pytest.mark.parametrize("codeshares", [None, ("LH7600",)])
def test_a_leg_that_expired_can_be_kept_anew(now: Now, codeshares: tuple[str, ...] | None) -> None:
    """F18: re-usable; its old history is in nobody's way."""
    added(1, out=now.flight, codeshares=codeshares)
    for later in (now.flight, now.flight + timedelta(days=40)):
        if store.flight(leg(1, now.flight), later) is None:
            store.add([apply(None, scheduled(1, now.flight, codeshares=codeshares))[0]], later)
        before = store.flight(leg(1, now.flight), later)
        assert before
        flight, changes = apply(before.flight, said(1, now.flight, later, departure_gate="B4"))
        store.commit(before, flight, changes, Now(later, later))
        assert [version.version for version in store.history(flight.leg, 0, later)] == [2]


def test_a_leg_of_long_ago_lives_from_its_last_write(now: Now) -> None:
    """A feed that brings an old leg brings it for somebody."""
    old = now.flight - timedelta(days=400)
    store.add([apply(None, scheduled(1, old))[0]], now.flight)
    assert store.flight(leg(1, old), now.flight + timedelta(days=29))
    assert store.flight(leg(1, old), now.flight + timedelta(days=31)) is None


def test_a_cursor_carries_its_window(now: Now) -> None:
    """The next part is of the same board, however late it is asked for."""
    added(*range(6), out=now.flight)
    first = departures(now.flight, start=0, end=1, limit=3)
    rest = departures(now.flight + timedelta(hours=9), start=0, end=1, cursor=first.cursor)
    assert [f.leg.flight.number for f in rest.flights] == [3, 4, 5]
    assert (rest.start, rest.end) == (first.start, first.end)


def test_who_was_told_of_a_diversion_is_told_that_it_is_off(now: Now) -> None:
    """A version concerns the airports before it and after it."""
    added(1, out=now.flight, diverted_to="AUS")
    before = store.flight(leg(1, now.flight), now.flight)
    assert before
    flight, changes = apply(before.flight, said(1, now.flight, now.flight, diverted_to=None))
    store.commit(before, flight, changes, now)
    [version] = store.history(flight.leg, 0, now.flight)
    assert set(version.airports) == {"EWR", "IAH", "AUS"}


def test_a_table_that_answers_in_part_is_asked_again_some_times(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """F14, F12: every key is read in the end, or one clean answer; never for ever."""
    added(*range(3), out=now.flight)
    pauses: list[float] = []
    connection = store._rows()._get_connection()
    whole = connection.batch_get_item

    def in_part(keys: list[object], **more: object) -> dict[str, Any]:
        answer = whole(keys[:1], **more)
        left = {"gatecall-test-flights": {"Keys": keys[1:]}} if keys[1:] else {}
        return {**answer, "UnprocessedKeys": left}

    monkeypatch.setattr(connection, "batch_get_item", in_part)
    legs = [leg(n, now.flight) for n in range(3)]
    assert len(list(batch_get(store._rows(), map(key, legs), consistent=True, sleep=pauses.append))) == 3
    assert len(pauses) == 2
    never = {"Responses": {}, "UnprocessedKeys": {"gatecall-test-flights": {"Keys": [{}]}}}
    monkeypatch.setattr(connection, "batch_get_item", lambda keys, **more: never)
    with pytest.raises(Unavailable):
        list(batch_get(store._rows(), map(key, legs), consistent=True, sleep=pauses.append))


def key(of: LegId) -> tuple[str, str]:
    return f"{of.flight}-{of.date:%Y%m%d}", f"flight#{of.origin}"
