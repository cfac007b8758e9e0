"""The seats of a flight reach everyone who watches them, whatever SNS, the clients and other buyers do."""

import json
from datetime import timedelta
from typing import Any

import pytest

import app
from chalicelib.alerts import bookings
from chalicelib.booking import changes, configure
from chalicelib.booking.configure import Said
from chalicelib.booking.model import HOLD, Booking
from chalicelib.core import clock
from chalicelib.core.callers import Person, Role
from chalicelib.core.clock import Now
from chalicelib.core.errors import Unavailable
from chalicelib.flights.timetable import ScheduledLeg
from chalicelib.live import seats, store, watch
from chalicelib.live.model import QUARANTINE
from chalicelib.live.wire import Sent
from chalicelib.pricing import show
from chalicelib.pricing.answers import FlightSeats
from infra.local import events

from ..booking.shop import held, leg, paid
from .watchers import Gateway, connect, gate, no_sleep, push_all, say, scheduled, watching

pytestmark = pytest.mark.usefixtures("cloud", "one_thread")


@pytest.fixture
def flight() -> ScheduledLeg:
    """A flight that is sold."""
    return leg()


def message(after: Booking, now: Now, before: Booking | None = None) -> dict[str, Any]:
    """What the topic is told of a booking."""
    return changes.message(before, after, now)


def shown(gateway: Gateway, connection: str) -> list[dict[str, Any]]:
    """The seats that a connection was sent."""
    return [each for each in gateway.sent[connection] if "seats" in each]


def states(told: dict[str, Any]) -> dict[str, str]:
    """How each seat stands."""
    lines = (seat for cabin in told["seats"]["cabins"] for row in cabin["rows"] for seat in row["seats"])
    return {line["number"]: line["state"] for line in lines}


def as_rest(flight: ScheduledLeg, now: Now) -> Any:
    """The seats as REST shows them."""
    return FlightSeats.of(show.seats(flight.leg, now, consistent=True), now.wall).model_dump(
        mode="json", exclude_none=True, by_alias=True
    )


def test_who_watches_gets_the_seats_at_once(now: Now, gateway: Gateway, flight: ScheduledLeg) -> None:
    """Who begins to watch gets all seats as they stand, as REST shows them."""
    booking = held(flight, now=now, size=2)
    watching("c", [f"seats:{flight.leg}"], now, gateway)
    [told] = shown(gateway, "c")
    assert told == {
        "type": "state", "topic": f"seats:{flight.leg}", "part": 1, "parts": 1, "seats": as_rest(flight, now)
    }  # fmt: skip
    assert [number for number, state in states(told).items() if state == "held"] == sorted(booking.segments[0].taken)


def test_a_flight_that_is_not_sold(now: Now, gateway: Gateway) -> None:
    """The seats of a flight that is not sold are null."""
    watching("c", ["seats:ZZ1-20260801-EWR"], now, gateway)
    assert shown(gateway, "c")[0]["seats"] is None


def test_a_sale_is_told(now: Now, gateway: Gateway, flight: ScheduledLeg) -> None:
    """A hold shows its seats as held, and until when; the payment shows them as taken; versions rise."""
    watching("c", [f"seats:{flight.leg}"], now, gateway)
    watching("other", [f"seats:{leg('JFK', 'LAX').leg}"], now, gateway)
    booking = held(flight, now=now)
    [seat] = booking.segments[0].taken
    seats.push(message(booking, now), now, sleep=no_sleep, post=gateway.post)
    told = shown(gateway, "c")[-1]
    [line] = [s for c in told["seats"]["cabins"] for r in c["rows"] for s in r["seats"] if s["number"] == seat]
    assert (line["state"], line["until"]) == ("held", (now.wall + HOLD).isoformat().replace("+00:00", "Z"))
    ticketed = paid(booking, now)
    changes._settle_seats(ticketed, now)
    seats.push(message(ticketed, now), now, sleep=no_sleep, post=gateway.post)
    assert [states(each)[seat] for each in shown(gateway, "c")] == ["free", "held", "taken"]
    versions = [each["seats"]["version"] for each in shown(gateway, "c")]
    assert versions == sorted(set(versions))
    assert len(shown(gateway, "other")) == 1, "other flights' watchers are not told"


def test_what_takes_no_seats_is_not_pushed(now: Now, gateway: Gateway, flight: ScheduledLeg) -> None:
    """A message that names no seats sends nothing; one that nobody watches neither."""
    watching("c", [f"seats:{flight.leg}"], now, gateway)
    booking = held(flight, now=now)
    before = gateway.tries
    seats.push(message(booking, now, booking), now, sleep=no_sleep, post=gateway.post)
    seats.push(
        {**message(booking, now), "seats_of": [str(leg("JFK", "LAX").leg)]}, now, sleep=no_sleep, post=gateway.post
    )
    assert gateway.tries == before


def test_blocked_seats_are_told(
    now: Now, gateway: Gateway, flight: ScheduledLeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though they move nobody: by the queue of settlements and its function, with no booking to follow."""
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(clock, "now", lambda setting: now)
    monkeypatch.setattr(changes, "send", lambda message, *_: sent.append(message))
    watching("c", [f"seats:{flight.leg}"], now, gateway)
    operator = Person("ada", Role.OPERATOR, "ada@example.com", "a", "en", "s", timedelta(), ("UA",), ())
    configure.configure(flight.leg, Said(None, ("20A",)), operator, "192.0.2.1", now)
    told: list[dict[str, Any]] = []
    publish = changes._publish
    monkeypatch.setattr(changes, "_publish", lambda said: (told.append(said), publish(said)))
    bodies = [{"messageId": "1", "body": json.dumps(each), "eventSource": "aws:sqs"} for each in sent]
    app.settle_bookings(events.records(*bodies), events.context("settle_bookings", 60))
    [said] = told
    seats.push(said, now, sleep=no_sleep, post=gateway.post)
    assert states(shown(gateway, "c")[0])["20A"] == "free"
    assert states(shown(gateway, "c")[-1])["20A"] != "free"
    bookings.follow(said, now)


def test_twice_late_and_out_of_order(now: Now, gateway: Gateway, flight: ScheduledLeg) -> None:
    """Whatever order messages come in, each sends the seats as they now stand: versions never fall."""
    watching("c", [f"seats:{flight.leg}"], now, gateway)
    messages = [message(held(flight, now=now), now) for _ in range(3)]
    for each in (messages[2], messages[0], messages[0], messages[1]):
        seats.push(each, now, sleep=no_sleep, post=gateway.post)
    versions = [each["seats"]["version"] for each in shown(gateway, "c")]
    assert versions == [0, 3, 3, 3, 3]


@pytest.mark.parametrize("answer", [Sent.FULL, Sent.UNKNOWN, Sent.GONE])
def test_one_bad_connection_holds_up_nobody(
    answer: Sent, now: Now, gateway: Gateway, flight: ScheduledLeg
) -> None:  # fmt: skip
    """Who takes no more is owed the seats, once, and gets them as they then are by its next message."""
    topic = f"seats:{flight.leg}"
    for connection in ("a", "bad", "b"):
        watching(connection, [topic], now, gateway)
    gateway.answers["bad"] = answer
    for _ in range(2):
        seats.push(message(held(flight, now=now), now), now, sleep=no_sleep, post=gateway.post)
    assert [len(shown(gateway, each)) for each in ("a", "bad", "b")] == [3, 1, 3]
    rows = store.connections(["bad"], now.wall)
    if answer is Sent.GONE:
        assert not rows
        assert set(store.watchers(topic, now.wall)) == {"a", "b"}
        return
    assert topic in rows[0].owed
    assert (len(rows[0].owed) == 1) == (answer is Sent.FULL), "to who is in quarantine, each sale is owed by itself"
    del gateway.answers["bad"]
    later = Now(now.flight, now.wall + QUARANTINE)
    assert [each["type"] for each in say("bad", {"action": "ping"}, later, gateway)] == ["state", "pong"]
    assert shown(gateway, "bad")[-1]["seats"]["version"] == 2
    assert not store.connections(["bad"], later.wall)[0].owed


def test_a_sale_while_a_client_is_caught_up(now: Now, gateway: Gateway, flight: ScheduledLeg) -> None:
    """A sale while a client is sent the seats comes right after them: it is owed to who writes to it."""
    sold: list[Booking] = []

    def meanwhile(connection: str, told: dict[str, Any]) -> None:
        if "seats" in told and len(sold) < 2:
            sold.append(held(flight, now=now))
            seats.push(message(sold[-1], now), now, sleep=no_sleep, post=gateway.post)

    gateway.before = meanwhile
    watching("c", [f"seats:{flight.leg}"], now, gateway)
    assert [each["seats"]["version"] for each in shown(gateway, "c")] == [0, 1, 2]
    assert gateway.types("c") == ["state"] * 3 + ["watching"]
    [row] = store.connections(["c"], now.wall)
    assert not row.owed
    assert not row.held(now.wall)


def test_seats_beside_boards(now: Now, gateway: Gateway, flight: ScheduledLeg) -> None:
    """One connection watches seats and boards: each is told of its own, and unwatched by itself."""
    scheduled(1, now)
    topics = ["airport:EWR:departures", f"seats:{flight.leg}"]
    watching("c", topics, now, gateway)
    assert sorted(each["topic"] for each in gateway.take("c")[:-1]) == topics
    push_all(gate(1, now, "A1"), now, gateway)
    seats.push(message(held(flight, now=now), now), now, sleep=no_sleep, post=gateway.post)
    assert gateway.types("c") == ["change", "state"]
    say("c", {"action": "unwatch", "topics": topics[1:]}, now, gateway)
    gateway.take("c")
    seats.push(message(held(flight, now=now), now), now, sleep=no_sleep, post=gateway.post)
    assert gateway.take("c") == []


def test_a_connection_that_never_watched_seats_costs_nothing(
    now: Now, gateway: Gateway, flight: ScheduledLeg
) -> None:  # fmt: skip
    """A sale sends nothing to connections that watch something else."""
    connect("c", now)
    seats.push(message(held(flight, now=now), now), now, sleep=no_sleep, post=gateway.post)
    assert gateway.tries == 0


def test_a_busy_table_is_asked_again_at_once(
    now: Now, gateway: Gateway, flight: ScheduledLeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seats are not a minute late for a moment's throttling; where it lasts, SNS brings the message again."""
    watching("c", [f"seats:{flight.leg}"], now, gateway)
    told = message(held(flight, now=now), now)
    read, refusals = seats.seats_of, [2]

    def busy(*arguments: Any) -> Any:
        refusals[0] -= 1
        if refusals[0] >= 0:
            raise Unavailable("the table is busy")
        return read(*arguments)

    monkeypatch.setattr(seats, "seats_of", busy)
    seats.push(told, now, sleep=no_sleep, post=gateway.post)
    assert len(shown(gateway, "c")) == 2
    refusals[0] = 3
    with pytest.raises(Unavailable):
        seats.push(told, now, sleep=no_sleep, post=gateway.post)


@pytest.mark.parametrize("sent", [Sent.YES, Sent.FULL, Sent.GONE])
def test_the_functions_may_do_so(
    sent: Sent, now: Now, gateway: Gateway, flight: ScheduledLeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """websocket_message and push_seats, by their handlers, whether API Gateway takes the seats or not."""
    monkeypatch.setattr(clock, "now", lambda setting: now)
    address = "an-api.execute-api.us-east-1.amazonaws.com"

    def says(what: Any) -> None:
        event = events.websocket(
            "$default", "c", at=now.wall, connected_at=now.wall, body=json.dumps(what), domain=address
        )
        app.message(event, events.context("websocket_message", 29))

    watch.connect("c", address, "test", now)
    says({"action": "watch", "topics": [f"seats:{flight.leg}"]})
    told = json.dumps(message(held(flight, now=now), now))
    if sent is not Sent.YES:
        monkeypatch.setitem(seats.push.__kwdefaults__ or {}, "post", lambda *_: sent)
    topic = "arn:aws:sns:us-east-1:123456789012:topic"
    app.push_seats(
        events.records(events.sns_record(told, topic_arn=topic, at=now.wall)), events.context("push_seats", 60)
    )
    owed = [each.owed for each in store.connections(["c"], now.wall)]
    assert owed == {Sent.YES: [frozenset()], Sent.FULL: [{f"seats:{flight.leg}"}], Sent.GONE: []}[sent]
