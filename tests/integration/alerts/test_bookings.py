"""A booking follows its own flights, and its passengers are told what becomes of it, each fact once."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import boto3
import pytest

import app
from chalicelib.alerts import bookings, deliver, due, fanout, letters, manage, store, tell
from chalicelib.alerts.model import Interest
from chalicelib.alerts.store import Standing, Status
from chalicelib.booking import cancel, changes, hold, rebook, settle
from chalicelib.booking import store as kept_bookings
from chalicelib.booking.model import Booking, Contact
from chalicelib.booking.reroute import Finder
from chalicelib.channels.model import Address, Channel, Outcome, Receipt
from chalicelib.channels.sms import segments
from chalicelib.core.clock import Now
from chalicelib.core.errors import Unavailable
from chalicelib.flights.timetable import ScheduledLeg
from infra.local import events

from ..booking import shop, trouble
from ..conftest import an_empty_gatecall
from .killing import Process
from .passenger import World, followers, world

pytestmark = pytest.mark.usefixtures("cloud")

ANN, PHONE = "ann@example.com", "+12025550123"
EMAIL, SMS = Address(Channel.EMAIL, ANN), Address(Channel.SMS, PHONE)


@pytest.fixture
def of(now: Now, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose providers remember what they were given."""
    return world(now, monkeypatch)


@pytest.fixture
def flight() -> ScheduledLeg:
    """A flight that is sold."""
    return shop.leg()


def kept(booking: Booking, of: World) -> kept_bookings.Kept:
    found = kept_bookings.booking(booking.locator, of.now.wall)
    assert found
    return found


def bought(of: World, *legs: ScheduledLeg, phone: str | None = None, language: str = "en", size: int = 1) -> Booking:
    """A booking that is held and paid."""
    wanted = replace(shop.order(*legs, size=size), contact=Contact(ANN, phone, language))
    return shop.paid(hold.hold(wanted, shop.key(), "192.0.2.1", of.now, lambda _: None), of.now)


def said(booking: Booking, of: World, since: int = 0) -> dict[str, Any]:
    """What the topic is told of a booking's events since a version."""
    now = kept(booking, of).booking
    before = replace(now, journal=now.journal[:since]) if since else None
    message: dict[str, Any] = json.loads(json.dumps(changes.message(before, now, of.now)))
    return message


def told(booking: Booking, of: World, since: int = 0) -> list[str]:
    """The queue's function runs, and those of the channels. Returns what went out, each as its first line."""
    bookings.follow(said(booking, of, since), of.now)
    return went_out(of)


def went_out(of: World) -> list[str]:
    """The channels' functions run until their queues are empty."""
    before = len(of.sent)
    of.stream()
    for message in waiting():
        deliver.deliver(message, of.now, letters.Means("send_emails", letters.send, lambda *_: None, lambda: 60))
    return [first_line(message) for _, _, message in of.sent[before:]]


def first_line(message: Any) -> str:
    return str(message if isinstance(message, str) else message.text).splitlines()[0]


def waiting() -> list[dict[str, Any]]:
    """What waits in the queues of email and SMS, taken out."""
    sqs, found = boto3.client("sqs"), []
    for channel in (Channel.EMAIL, Channel.SMS):
        url = fanout.queue_of(channel)
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def following(of: World, address: Address = EMAIL) -> dict[str, Status]:
    """What an address follows, by its subject."""
    return {str(each.subject): each.status for each in store.holding(address.id, of.now.wall).subscriptions}


def active(of: World, address: Address = EMAIL) -> set[str]:
    return {subject for subject, status in following(of, address).items() if status is Status.ACTIVE}


def subjects(legs: Iterable[ScheduledLeg]) -> set[str]:
    return {f"flight:{leg.leg}" for leg in legs}


def test_who_paid_follows_the_flights(of: World, flight: ScheduledLeg) -> None:
    """Without asking: by email, by SMS where a number was given, in the booking's language, in the origin's zone."""
    booking = bought(of, flight, phone=PHONE, language="de")
    told(booking, of)
    for address in (EMAIL, SMS):
        contact, [subscription] = store.holding(address.id, of.now.wall)
        assert contact
        assert (contact.standing, subscription.status) == (Standing.BOOKED, Status.ACTIVE)
        assert (subscription.rule.language, subscription.rule.zone) == ("de", "America/New_York")
        assert Interest.CANCELLATION in subscription.rule.interests
    assert len(followers()) == 2
    assert not any("bestätigen" in str(message) for _, _, message in of.sent), "nobody is asked to confirm"


def test_what_is_only_held_is_not_followed(of: World, flight: ScheduledLeg) -> None:
    """A hold follows nothing and tells nothing: nobody has paid."""
    booking = shop.held(flight, now=of.now)
    assert told(booking, of) == []
    assert following(of) == {}


def test_the_airport_cancels_and_the_passenger_is_told(of: World, flight: ScheduledLeg) -> None:
    """A change of a booked flight reaches its passengers like any follower; what they can do, their booking says."""
    of.now = trouble.before(flight, hours=30)
    told(bought(of, flight), of)
    trouble.say(flight, of.now, cancelled=True)
    fanout.fan_out({"flight": str(flight.leg), "version": 2}, of.now)
    [line] = went_out(of)
    assert "CANCELLED" in line
    text = of.sent[-1][2].text
    assert "See your booking" in text
    assert "Ask your airline" not in text


def test_twice_late_and_out_of_order(of: World, flight: ScheduledLeg) -> None:
    """Messages may come in any order, and again: what is followed is what now is flown; each fact is told once."""
    booking = bought(of, flight)
    ticketed = said(booking, of)
    cancel.cancel(kept(booking, of), shop.key(), of.now)
    cancelled = said(booking, of, booking.version)
    for message in (cancelled, ticketed, cancelled, ticketed):
        bookings.follow(message, of.now)
    lines = went_out(of)
    assert len(lines) == 1
    assert "is cancelled" in lines[0]
    assert active(of) == set()
    assert followers() == []


def test_each_fact_is_told_once(of: World, flight: ScheduledLeg) -> None:
    """However often the topic and the queues bring it."""
    booking = bought(of, flight, phone=PHONE)
    message = said(booking, of)
    lines = []
    for _ in range(3):
        bookings.follow(message, of.now)
        lines += went_out(of)
    assert len(lines) == 2, lines  # by email and by SMS
    assert all("booked" in line and booking.locator in line for line in lines)


def test_the_tickets(of: World, flight: ScheduledLeg) -> None:
    """The letter has the locator, flights, what was paid, and links to the booking, its receipt and its calendar."""
    booking = bought(of, flight, size=2)
    told(booking, of)
    [(_, to, email)] = of.sent
    assert to == ANN
    assert booking.locator in email.subject
    links = (f"/bookings/{booking.locator}#link=", "itinerary.pdf?token=", "itinerary.ics?token=")
    for part in (booking.locator, str(flight.leg.flight), *booking.segments[0].taken, *links):
        assert part in email.text
    amount = booking.total
    assert f"USD {amount // 100:,}.{amount % 100:02}" in email.text
    assert email.unsubscribe is None


def test_a_change_follows_the_other_flight(of: World, flight: ScheduledLeg) -> None:
    """Rebooked by one tap: the new flight is followed, the old one no more, and each step is told once."""
    of.now = trouble.before(flight, hours=30)
    booking = bought(of, flight, size=2)
    told(booking, of)
    trouble.cancel(flight, of.now)
    offered = kept(booking, of).booking
    [line] = told(offered, of, booking.version)
    assert "is CANCELLED" in line
    link = rebook.link(offered)
    assert link
    [(_, _, email)] = of.sent[-1:]
    assert email.text.index("CANCELLED") < email.text.index("at no cost, until") < email.text.index(link)
    assert str(offered.offer.change.segments[0].leg.flight) in email.text  # type: ignore[union-attr]
    rebook.take(rebook.tapped(link.partition("token=")[2], of.now), of.now)
    [line] = told(booking, of, offered.version)
    assert line.startswith("You are rebooked")
    [segment] = kept(booking, of).booking.segments
    assert active(of) == {f"flight:{segment.leg}"}
    assert following(of)[f"flight:{flight.leg}"] is Status.STOPPED


def test_an_offer_that_was_taken_is_not_told(of: World, flight: ScheduledLeg) -> None:
    """What is over when its turn comes is not told: the letter would invite to what is gone."""
    of.now = trouble.before(flight, hours=30)
    booking = bought(of, flight)
    told(booking, of)
    trouble.cancel(flight, of.now)
    offered = kept(booking, of)
    rebook.rebook(offered, None, shop.key(), of.now)
    lines = told(booking, of, booking.version)
    assert [line for line in lines if line.startswith("You are rebooked")] == lines


def test_two_bookings_of_one_flight(of: World, flight: ScheduledLeg) -> None:
    """The flight is followed once, until both are cancelled."""
    one, other = bought(of, flight), bought(of, flight)
    told(one, of)
    told(other, of)
    cancel.cancel(kept(one, of), shop.key(), of.now)
    told(one, of, one.version)
    assert active(of) == subjects([flight])
    cancel.cancel(kept(other, of), shop.key(), of.now)
    told(other, of, other.version)
    assert active(of) == set()


def test_what_a_person_follows_stays(of: World, flight: ScheduledLeg) -> None:
    """A cancelled booking ends only what bookings began, not what its passenger wished to follow."""
    of.follow(ANN, flight=str(flight.leg))
    of.stream()
    of.press(of.link)
    of.stream()
    booking = bought(of, flight)
    told(booking, of)
    cancel.cancel(kept(booking, of), shop.key(), of.now)
    told(booking, of, booking.version)
    assert active(of) == subjects([flight])
    [subscription] = store.holding(EMAIL.id, of.now.wall).subscriptions
    assert not subscription.bookings


def test_what_was_stopped_stays_stopped(of: World, flight: ScheduledLeg) -> None:
    """Who unsubscribes from a booked flight is told of it no more, whatever the booking says again."""
    booking = bought(of, flight)
    told(booking, of)
    [subscription] = store.holding(EMAIL.id, of.now.wall).subscriptions
    manage.stop(subscription.id, of.now.wall)
    told(booking, of)
    assert active(of) == set()
    assert followers() == []


def test_stop_by_sms_stops_everything_by_sms(of: World, flight: ScheduledLeg) -> None:
    """Who answered STOP gets no SMS of any booking; email goes on."""
    manage.drop(SMS, "stop", of.now)
    booking = bought(of, flight, phone=PHONE)
    told(booking, of)
    assert active(of, SMS) == set()
    assert {channel for channel, _, _ in of.sent} == {"email"}


def test_a_number_that_nobody_confirmed_is_told_little_a_day(
    of: World, flight: ScheduledLeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever books with somebody else's number and cancels, again and again, does not flood it; email says all."""
    monkeypatch.setattr(tell, "LETTERS", 2)
    monkeypatch.setattr(bookings, "FLIGHTS", 1)

    def books_and_cancels() -> int:
        """How many SMS that makes."""
        before = len(of.sent)
        booking = bought(of, flight, shop.leg(days=30), phone=PHONE)
        told(booking, of)
        assert len(active(of)) == 2
        cancel.cancel(kept(booking, of), shop.key(), of.now)
        told(booking, of, booking.version)
        assert [channel for channel, _, _ in of.sent[before:]].count("email") == 2
        return [channel for channel, _, _ in of.sent[before:]].count("sms")

    assert [books_and_cancels() for _ in range(2)] == [2, 0]
    assert len(following(of, SMS)) == 1
    of.now = trouble.later(of.now, days=1)
    assert books_and_cancels() == 2
    contact = store.contact(SMS.id, of.now.wall)
    assert contact
    store.save_contact(replace(contact, standing=Standing.CONFIRMED), of.now.wall)
    assert books_and_cancels() == 2


def test_a_booked_address_confirmed_nothing_else(of: World, flight: ScheduledLeg) -> None:
    """Whoever books with an address does not make it follow other flights: it is asked first."""
    told(bought(of, flight), of)
    of.follow(ANN, number="UA9", date="2026-07-12")
    of.stream()
    assert following(of)["number:UA9-20260712"] is Status.PENDING
    assert "confirm" in of.sent[-1][2].subject.lower()
    assert active(of) == subjects([flight]), "to be asked ends nothing"


def test_check_in_opens(of: World, flight: ScheduledLeg) -> None:
    """24 hours before the scheduled departure, once; not for a booking that was cancelled."""
    booking, gone = bought(of, flight), bought(of, flight)
    for each in (booking, gone):
        told(each, of)
    cancel.cancel(kept(gone, of), shop.key(), of.now)
    told(gone, of, gone.version)
    of.now = trouble.before(flight, hours=24, minutes=1)
    due.take_up(of.now, lambda: 60)
    assert went_out(of) == []
    of.now = trouble.before(flight, hours=23, minutes=59)
    lines = []
    for _ in range(2):
        due.take_up(of.now, lambda: 60)
        lines += went_out(of)
    assert len(lines) == 1
    assert lines[0].startswith("Check-in is open")


def test_a_provider_that_takes_nothing_now(of: World, flight: ScheduledLeg) -> None:
    """A letter that is not taken is tried again, and told once it is."""
    booking = bought(of, flight)
    of.receipt = Receipt(Outcome.LATER, reason="throttled")
    told(booking, of)
    again = waiting_later()
    assert [message["booking"] for message in again] == [booking.locator]
    of.receipt = Receipt(Outcome.ACCEPTED, "m1")
    before = len(of.sent)
    for message in again * 2:
        deliver.deliver(message, of.now, letters.Means("send_emails", letters.send, lambda *_: None, lambda: 60))
    assert len(of.sent) == before + 1


def waiting_later() -> list[dict[str, Any]]:
    """The messages that a queue keeps back."""
    from moto.sqs import sqs_backends

    backend = next(iter(sqs_backends["123456789012"].values()))
    queues = [queue for name, queue in backend.queues.items() if name.endswith(("emails", "texts"))]
    return [json.loads(message.body) for queue in queues for message in queue._messages]


def test_a_crash_between_claim_and_sending(of: World, flight: ScheduledLeg) -> None:
    """While somebody may be sending a letter nobody else does; once the claim is over, it is told."""
    booking = bought(of, flight)
    bookings.follow(said(booking, of), of.now)
    of.stream()
    [message] = waiting()

    def dies(*_: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver.deliver(message, of.now, letters.Means("send_emails", dies, lambda *_: None, lambda: 60))
    means = letters.Means("send_emails", letters.send, lambda *_: None, lambda: 60)
    with pytest.raises(Unavailable):
        deliver.deliver(message, of.now, means)
    of.later(minutes=3)
    deliver.deliver(message, of.now, means)
    deliver.deliver(message, of.now, means)
    assert len(of.sent) == 1


def test_a_refund_is_told(of: World, flight: ScheduledLeg) -> None:
    """A cancellation says what comes back, and a refund that was sent is told too."""
    booking = bought(of, flight)
    told(booking, of)
    after = cancel.cancel(kept(booking, of), shop.key(), of.now)
    [line] = told(booking, of, booking.version)
    assert "is cancelled" in line
    assert f"USD {after.due_back // 100:,}" in of.sent[-1][2].text
    settle.look(booking.locator, of.now)
    lines = told(booking, of, after.version)
    assert any("on its way back" in line for line in lines)


def test_no_seats_were_found(of: World, flight: ScheduledLeg, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cancelled flight without other seats: says so, and the ways on."""
    of.now = trouble.before(flight, hours=30)
    booking = bought(of, flight)
    told(booking, of)
    monkeypatch.setattr(Finder, "routes", lambda *_: [])
    trouble.cancel(flight, of.now)
    [line] = told(booking, of, booking.version)
    assert "is CANCELLED" in line
    text = of.sent[-1][2].text
    assert "found none with seats" in text
    assert "get all your money back" in text
    assert f"/bookings/{booking.locator}#link=" in text


def test_an_sms_has_the_link_that_takes_the_offer(of: World, flight: ScheduledLeg) -> None:
    """One tap in the SMS, too, in characters that need no UCS-2."""
    of.now = trouble.before(flight, hours=30)
    booking = bought(of, flight, phone=PHONE, language="fr")
    told(booking, of)
    trouble.cancel(flight, of.now)
    told(booking, of, booking.version)
    [text] = [message for channel, _, message in of.sent[-2:] if channel == "sms"]
    assert rebook.link(kept(booking, of).booking) in text
    assert segments(text).encoding == "GSM-7"


def test_killed_at_each_call_while_it_begins_to_follow(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the process dies, the message that comes again has the booking follow, reminded and told, once."""
    point = 1  # after each call: before the next one is the same
    while True:
        with an_empty_gatecall():
            of = world(now, monkeypatch)
            flight = shop.leg()
            message = said(bought(of, flight), of)
            process = Process(dies_at=point)
            with process.installed():
                lived = process.run(lambda m=message, o=of: bookings.follow(m, o.now))  # type: ignore[misc]
            bookings.follow(message, of.now)
            lines = went_out(of)
            assert ["booked" in line for line in lines] == [True], (point, lines)
            assert active(of) == subjects([flight])
            assert len(followers()) == 1, point
            of.now = trouble.before(flight, hours=23)
            due.take_up(of.now, lambda: 60)
            assert [line.startswith("Check-in is open") for line in went_out(of)] == [True], point
        if lived:
            break
        point += 2
    assert point > 10


def test_killed_at_each_call_while_a_letter_is_told(now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told once wherever the process dies; twice only where it died between the provider's answer and the mark."""
    point, means = 0, letters.Means("send_emails", letters.send, lambda *_: None, lambda: 60)
    while True:
        with an_empty_gatecall():
            of = world(now, monkeypatch)
            bookings.follow(said(bought(of, shop.leg()), of), of.now)
            [message] = waiting()
            process = Process(dies_at=point)
            with process.installed():
                lived = process.run(lambda m=message, o=of: deliver.deliver(m, o.now, means))  # type: ignore[misc]
            sent_by_then = len(of.sent)
            for _ in range(2):
                of.later(minutes=3)
                deliver.deliver(message, of.now, means)
            in_between = not lived and sent_by_then == 1 and process.died_in == len(process.calls)
            assert len(of.sent) in ((1, 2) if in_between else (1,)), point
        if lived:
            break
        point += 1
    assert point > 4


@pytest.mark.parametrize("answer", list(Outcome))
def test_the_functions_may_do_so(of: World, flight: ScheduledLeg, answer: Outcome) -> None:
    """follow_bookings, send_emails, send_texts, take_up_due: by their handlers, whatever the providers answer."""
    of.now = trouble.before(flight, hours=30)
    booking = bought(of, flight, phone=PHONE)
    other = bought(of, flight)
    message = said(booking, of)
    _handled("follow_bookings", message)
    _handled("follow_bookings", said(other, of))
    trouble.cancel(flight, of.now)
    for each in (booking, other):
        _handled("follow_bookings", said(each, of, booking.version))
    cancel.cancel(kept(other, of), shop.key(), of.now)
    _handled("follow_bookings", said(other, of, other.version))
    of.now = trouble.before(flight, hours=23)
    app.take_up_due(events.schedule("take_up_due", of.now.wall), events.context("take_up_due", 60))
    for waits in waiting():
        by_sms = "sms" in str(waits.get("channel", waits.get("page")))
        gone_by_email = answer is Outcome.GONE and not by_sms  # SES never says so
        of.receipt = Receipt(Outcome.ACCEPTED if gone_by_email else answer, reason="said so")
        _handled("send_texts" if by_sms else "send_emails", waits)
    _handled("follow_bookings", "nothing that can be understood")  # is set aside
    assert {channel for channel, _, _ in of.sent} == {"email", "sms"}


def _handled(function: str, body: Any) -> None:
    record = {"messageId": "m1", "body": json.dumps(body), "eventSource": "aws:sqs"}
    answer = getattr(app, function)(events.records(record), events.context(function, 60))
    assert not (answer or {}).get("batchItemFailures")
