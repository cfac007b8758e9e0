"""What infra/policies.yaml lets functions do, done by their handlers: events go in as AWS hands them over.

tests/permissions.py holds each call against the function's policy, and sees at the end of the whole suite that nothing
is granted which nobody uses. Here is what no other test does through a handler.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Thread
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import app
from chalicelib.accounts import keys
from chalicelib.accounts import store as accounts
from chalicelib.accounts.model import Errand, Task, new_id
from chalicelib.alerts import confirm, deliver, ledger, letters, store
from chalicelib.alerts.ledger import Kind, Page
from chalicelib.alerts.model import Rule, Subject
from chalicelib.alerts.store import Contact, Standing, Subscription
from chalicelib.channels import email, https, sns
from chalicelib.channels.model import Address, Channel, Outcome, Receipt
from chalicelib.core import clock, config, secrets, urls
from chalicelib.core.clock import Now
from chalicelib.flights import ingest, poll
from chalicelib.flights.identity import LegId
from chalicelib.live import push, watch, wire
from infra.local import events

from .accounts import logins
from .alerts.held import registered
from .alerts.passenger import World
from .booking import shop
from .flights.legs import said, scheduled

FLIGHT, NUMBER, ROUTE = map(
    Subject.parse, ("flight:UA1545-20260710-EWR", "number:UA1545-20260710", "route:EWR-IAH-20260710")
)
LEG = LegId.parse("UA1545-20260710-EWR")
PHONE, OPTED_OUT = "+12015550123", "+447420505401"  # moto has the latter on its list
FUNCTIONS = {  # of each channel: which function tells by it
    Channel.EMAIL: "send_emails",
    Channel.SMS: "send_texts",
    Channel.PUSH: "send_pushes",
    Channel.WEBPUSH: "send_pushes",
    Channel.WEBHOOK: "call_webhooks",
}
QUEUES = {
    "changes": "fan_out", "urgent-changes": "fan_out_at_once", "emails": "send_emails", "texts": "send_texts",
    "pushes": "send_pushes", "webhooks": "call_webhooks", "errands": "run_errands",
    "settlements": "settle_bookings", "disruptions": "follow_disruptions", "bookings-told": "follow_bookings",
}  # fmt: skip
STREAMS = {
    "flights": "tell_changes", "subscriptions": "ask_to_confirm", "accounts": "queue_errands",
    "bookings": "tell_bookings",
}  # fmt: skip


@dataclass
class System(World):
    """All functions, and what lies between them: streams, queues and topics of moto."""

    told: list[dict[str, Any]] = field(default_factory=list)  # what the topic flight-changes told

    def invoke(self, function: str, event: dict[str, Any], seconds: float = 60) -> Any:
        """Call a handler as Lambda does: nothing is known from other functions."""
        secrets._known.clear()
        urls._known.clear()
        result = getattr(app, function)(json.loads(json.dumps(event)), events.context(function, seconds))
        return json.loads(json.dumps(result))

    def on_schedule(self, function: str) -> None:
        self.invoke(function, events.schedule(function, self.now.wall))

    def on_message(self, function: str, *bodies: Any, seconds: float = 60) -> Any:
        """Messages of a queue."""
        records = [{"messageId": new_id(), "body": json.dumps(body), "eventSource": "aws:sqs"} for body in bodies]
        return self.invoke(function, events.records(*records), seconds)

    def on_topic(self, function: str, message: str) -> None:
        topic = "arn:aws:sns:us-east-1:123456789012:topic"
        self.invoke(function, events.records(events.sns_record(message, topic_arn=topic, at=self.now.wall)))

    def on_websocket(self, function: str, route: str, body: Any = None) -> None:
        text = None if body is None else json.dumps(body)
        event = events.websocket(
            route, "a-connection", at=self.now.wall, connected_at=self.now.wall, body=text,
            domain="an-api.execute-api.us-east-1.amazonaws.com",
        )  # fmt: skip
        self.invoke(function, event)

    def run(self, *but: str) -> None:
        """Hand on what streams and queues hold, until there is no more; what is for `but` stays where it is."""
        moved = True
        while moved:
            moved = False
            for table, function in STREAMS.items():
                for record in () if function in but else self._news(table):
                    self.invoke(function, events.records(record))
                    moved = True
            for queue, function in QUEUES.items():
                for body in () if function in but else self.taken(queue):
                    if queue == "changes":
                        self.told.append(body)
                    self.on_message(function, body)
                    moved = True

    def taken(self, queue: str) -> Iterator[Any]:
        """The messages of a queue, taken out of it."""
        sqs, url = boto3.client("sqs"), f"https://sqs.us-east-1.amazonaws.com/123456789012/gatecall-test-{queue}"
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                yield json.loads(message["Body"])

    def _news(self, table: str) -> list[dict[str, Any]]:
        streams = boto3.client("dynamodbstreams")
        arn = boto3.client("dynamodb").describe_table(TableName=f"gatecall-test-{table}")["Table"]["LatestStreamArn"]
        [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records = streams.get_records(ShardIterator=iterator)["Records"]
        new = [each for each in records if (table + each["dynamodb"]["SequenceNumber"]) not in self.read]
        self.read |= {table + each["dynamodb"]["SequenceNumber"] for each in new}
        return [events.stream_record(each, arn) for each in new]


@pytest.fixture
def set_to() -> Iterator[Callable[..., None]]:
    """Changes settings for one test."""

    with pytest.MonkeyPatch.context() as patch:

        def change(**settings: str) -> None:
            for name, value in settings.items():
                patch.setenv(name, value)
            config.config.cache_clear()

        yield change
    config.config.cache_clear()
    config.config()  # before chalice.test.Client sets another environment


@pytest.fixture
def system(cloud: None, now: Now, monkeypatch: pytest.MonkeyPatch, set_to: Callable[..., None]) -> System:
    """Noon; UA1545 was to leave in an hour, and leaves in three. The stage's addresses are in SSM alone."""
    made = System(now)
    monkeypatch.setattr(clock, "now", lambda setting: made.now)
    monkeypatch.setattr(clock, "wall_now", lambda: made.now.wall)
    monkeypatch.setattr(app.time, "sleep", lambda _: None)  # which handlers give to what may have to wait
    monkeypatch.setattr(ingest, "WRITERS", 1)  # moto is not atomic under threads
    monkeypatch.setattr(deliver, "SENDERS", {})
    monkeypatch.setattr(https, "locate", lambda target, *, allow_private: ["192.0.2.9"])
    monkeypatch.setattr(https, "post", lambda *request, allow_private: https.Answer(201, b""))
    monkeypatch.setattr(letters, "pace", lambda channel, number: None)
    set_to(PUBLIC_URL="")
    for name in ("web", "rest", "websocket"):
        boto3.client("ssm").put_parameter(
            Name=f"/gatecall/test/{name}-url", Type="String", Value=f"https://{name}.test"
        )
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/gatecall-test-changes"
    boto3.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "0"})  # no test waits
    leaves = now.flight + timedelta(hours=1)
    ingest.take([scheduled(1545, leaves, codeshares=("LH7645",))], now, sleep=print)
    late(made, 3)
    return made


def late(system: System, hours: float) -> None:
    """The flight leaves that late after noon, by one observation more."""
    noon = system.now.flight.replace(hour=12)
    update = said(1545, noon, system.now.flight, estimated_out=noon + timedelta(hours=hours))
    ingest.take([update], system.now, sleep=print)


def address(channel: Channel, name: str = "ada") -> Address:
    """An address of that channel; of a push, an SNS endpoint that is there."""
    match channel:
        case Channel.EMAIL:
            return Address(channel, f"{name}@example.com")
        case Channel.SMS:
            return Address(channel, PHONE)
        case Channel.PUSH:
            made = boto3.client("sns").create_platform_endpoint(
                PlatformApplicationArn="arn:aws:sns:us-east-1:123456789012:app/GCM/test", Token=name
            )
            return Address(channel, made["EndpointArn"])
        case Channel.WEBPUSH:
            point = ec.generate_private_key(ec.SECP256R1()).public_key()
            keys = {
                "p256dh": point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint), "auth": b"a" * 16,
            }  # fmt: skip
            text = {key: urlsafe_b64encode(value).rstrip(b"=").decode() for key, value in keys.items()}
            return Address(channel, json.dumps({"endpoint": "https://push.example.com/s", "keys": text}))
        case Channel.WEBHOOK:
            return Address(channel, "https://example.com/hook")


def follows(system: System, of: Address, *subjects: Subject, rule: Rule | None = None, run: bool = True) -> Contact:
    """Somebody who confirmed follows; with `run`, the stream has brought that on its way."""
    at = int(system.now.wall.timestamp())
    for subject in subjects or (FLIGHT,):
        before = store.contact(of.id, system.now.wall)
        contact = before or Contact(
            of, "en", standing=Standing.CONFIRMED, confirmed_at=at, sent=True, secret="whsec_" + "a" * 32,
            expires=at + 86_400,
        )  # fmt: skip
        wish = Subscription(of.id, subject, rule or Rule(), at, expires=at + 86_400)
        store.save(before, contact, wish, system.now.wall)
    confirm.start_all(of.id, system.now.wall, again=True)
    if run:
        system.run(*FUNCTIONS.values())
    return known(system, of)


def known(system: System, of: Address) -> Contact:
    found = store.contact(of.id, system.now.wall)
    assert found
    return found


def statuses(system: System, of: Address) -> set[str]:
    return {str(each.status) for each in store.holding(of.id, system.now.wall).subscriptions}


def is_asked(system: System, of: Address) -> None:
    """The address is to be asked, as somebody wishes for what was stopped once."""
    before, at = known(system, of), int(system.now.wall.timestamp())
    wish = Subscription(of.id, NUMBER, Rule(), at, ask_first=True, expires=at + 86_400)
    store.save(before, replace(before, ask="an-ask", asked_at=at, sent=False), wish, system.now.wall)


@contextmanager
def providers(receipt: Receipt) -> Iterator[None]:
    """SNS, SES, push services and servers answer like that."""
    status = 410 if receipt.outcome is Outcome.GONE else 503
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sns, "publish", lambda **request: receipt)
        patch.setattr(email, "_call", lambda emails: receipt)
        patch.setattr(https, "post", lambda *request, allow_private: https.Answer(status, b""))
        yield


def elsewhere(deed: Callable[[], None]) -> None:
    """Do something while a function runs, and not in its name."""
    thread = Thread(target=deed)
    thread.start()
    thread.join()


LATER, GONE = Receipt(Outcome.LATER, reason="Throttled"), Receipt(Outcome.GONE, reason="gone")
each_channel = pytest.mark.parametrize("channel", FUNCTIONS)


def test_a_feed_is_polled_and_its_changes_told(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """poll_feeds, tell_changes: legs one by one and many at once, with codeshares that come and go."""
    leaves = system.now.flight + timedelta(hours=1)
    feed = [scheduled(7, leaves, codeshares=("LH7007",)), scheduled(8, leaves)]
    monkeypatch.setitem(poll.FEEDS, "replay", lambda at, airports: feed)
    system.on_schedule("poll_feeds")
    system.later(minutes=1)
    noon = system.now.flight.replace(hour=12)
    feed += [said(7, noon, system.now.flight, codeshares=(), departure_gate="B7"), scheduled(9, leaves)]
    system.on_schedule("poll_feeds")
    system.run()
    assert [change["flight"] for change in system.told] == [str(LEG), "UA7-20260710-EWR"]


@pytest.mark.parametrize("sent", wire.Sent)
def test_a_change_is_pushed_to_who_watches(sent: wire.Sent, system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """websocket_connect, _message, _disconnect and push_change, whether API Gateway takes the change or not."""
    system.run()
    system.on_websocket("connect", "$connect")
    topics = ["airport:EWR:departures", "airport:IAH:arrivals", f"flight:{LEG}"]
    system.on_websocket("message", "$default", {"action": "watch", "topics": topics})
    late(system, 4)
    system.run()
    if sent is not wire.Sent.YES:
        monkeypatch.setitem(push.push.__kwdefaults__ or {}, "post", lambda *message: sent)
    system.on_topic("push_change", json.dumps(system.told[-1]))
    system.on_websocket("message", "$default", {"action": "ping"})  # who was owed it gets it
    system.on_websocket("message", "$default", {"action": "unwatch", "topics": topics[:1]})
    system.on_websocket("disconnect", "$disconnect")
    rows = boto3.client("dynamodb").scan(TableName="gatecall-test-live")["Items"]
    assert [row["sk"]["S"] for row in rows] == ["position"]


def test_what_is_pushed_while_a_client_is_answered_is_sent_with_the_answer(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """websocket_message reads the changes that push_change left to it."""
    system.on_websocket("connect", "$connect")

    posted: list[Any] = []

    def post(*message: Any) -> wire.Sent:
        posted.append(message)
        if len(posted) == 1:
            elsewhere(changes)
        return wire.Sent.YES

    def changes() -> None:
        late(system, 4)
        system.run()
        system.on_topic("push_change", json.dumps(system.told[-1]))

    monkeypatch.setitem(watch.receive.__kwdefaults__ or {}, "post", post)
    system.on_websocket("message", "$default", {"action": "watch", "topics": [f"flight:{LEG}"]})
    assert [json.loads(message)["type"] for _, _, message in posted] == ["state", "change", "watching"]


def test_who_is_found_gone_while_answered_is_forgotten(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """websocket_message, where API Gateway says 410."""
    system.on_websocket("connect", "$connect")
    system.on_websocket("message", "$default", {"action": "watch", "topics": [f"flight:{LEG}"]})
    monkeypatch.setitem(watch.receive.__kwdefaults__ or {}, "post", lambda *message: wire.Sent.GONE)
    system.on_websocket("message", "$default", {"action": "ping"})
    assert boto3.client("dynamodb").scan(TableName="gatecall-test-live")["Items"] == []


def test_what_the_stream_lost_is_told_by_the_schedule(system: System) -> None:
    """repair_changes."""
    system.later(minutes=5)
    system.on_schedule("repair_changes")
    system.run("tell_changes")
    assert [change["flight"] for change in system.told] == [str(LEG)]


@pytest.mark.parametrize("function", sorted(set(QUEUES.values())))
def test_what_a_function_of_a_queue_cannot_understand_is_set_aside(function: str, system: System) -> None:
    """The message is handled, and lies in the dead-letter queue."""
    assert system.on_message(function, {"flight": "?"}) == {"batchItemFailures": []}
    [letter] = system.taken("dead-letters")
    assert letter["function"] == function


@pytest.mark.parametrize("function", ["fan_out", "fan_out_at_once"])
def test_a_change_goes_to_the_queues_of_all_channels(function: str, system: System) -> None:
    """And the flight's reminder is planned."""
    for channel in FUNCTIONS:
        follows(system, address(channel))
    for queue in ("emails", "texts", "pushes", "webhooks"):
        list(system.taken(queue))
    late(system, 4)
    system.on_message(function, {"flight": str(LEG), "version": 3})
    assert all(len(list(system.taken(queue))) >= 1 for queue in ("emails", "texts", "pushes", "webhooks"))


@each_channel
def test_a_page_is_told_again_where_its_provider_took_nothing(channel: Channel, system: System) -> None:
    """The function plans it, take_up_due brings it, and what was due is done."""
    follows(system, address(channel))
    with providers(LATER):
        system.run()
    system.later(hours=2)
    system.on_schedule("take_up_due")
    system.run()
    told = ledger.entries(LEG, Page(str(FLIGHT), channel, 0)).values()
    assert [each.recent[-1].outcome for each in told] == [Outcome.ACCEPTED]
    assert ledger.due("wall", system.now.wall + timedelta(days=1), 10) == []


@each_channel
def test_a_function_that_has_no_time_left_puts_its_page_back(channel: Channel, system: System) -> None:
    """Into the queue it came from."""
    follows(system, address(channel))
    page = {"leg": str(LEG), "page": str(Page(str(FLIGHT), channel, 0)), "version": 2}
    system.on_message(FUNCTIONS[channel], page, seconds=5)
    queue = next(queue for queue, function in QUEUES.items() if function == FUNCTIONS[channel])
    assert {body["page"] for body in system.taken(queue)} == {page["page"]}


@each_channel
def test_who_was_claimed_by_another_is_looked_at_once_more(
    channel: Channel, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One write for one follower: whether it was ours, another read says."""
    follows(system, address(channel))

    def rival() -> None:
        page = Page(str(FLIGHT), channel, 0)
        ledger.claim(LEG, page, ledger.entries(LEG, page), "a-rival", system.now.wall + timedelta(minutes=2))

    monkeypatch.setattr(letters, "pace", lambda *letters: elsewhere(rival))
    page = {"leg": str(LEG), "page": str(Page(str(FLIGHT), channel, 0)), "version": 2}
    system.on_message(FUNCTIONS[channel], page)
    told = ledger.entries(LEG, Page(str(FLIGHT), channel, 0)).values()
    assert {each.claimed(system.now.wall) for each in told} == {True}


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.PUSH, Channel.WEBPUSH, Channel.WEBHOOK])
def test_who_is_gone_is_told_nothing_more(channel: Channel, system: System) -> None:
    """The address is suppressed, and what it followed is stopped."""
    of = follows(system, address(channel)).address
    with providers(GONE):
        system.run()
    assert known(system, of).standing is Standing.SUPPRESSED
    assert statuses(system, of) == {"stopped"}


@each_channel
def test_who_asks_to_follow_is_asked_to_confirm(channel: Channel, system: System) -> None:
    """From the stream, or by the channel's own function; by take_up_due where the provider took it later."""
    given: Any = {"platform": "fcm", "token": "a" * 40} if channel is Channel.PUSH else address(channel).value
    assert system.follow(given, channel, flight=str(LEG)).status == 202
    with providers(LATER):
        system.run()
    system.later(minutes=10)
    system.on_schedule("take_up_due")
    system.run()
    assert system.follow(given, channel, number="UA1545", date="2026-07-10").status == 202
    system.run()
    [contact] = [
        found
        for row in boto3.client("dynamodb").scan(TableName="gatecall-test-subscriptions")["Items"]
        if isinstance(found := store.row_of_image(row), Contact)
    ]
    assert contact.sent


@pytest.mark.parametrize("function", ["ask_to_confirm", "take_up_due", "send_pushes", "call_webhooks"])
def test_whoever_asks_and_finds_nobody_ends_it(function: str, system: System) -> None:
    """An address that follows is asked once more, and is gone: all that it follows is stopped."""
    channel = {"send_pushes": Channel.WEBPUSH, "call_webhooks": Channel.WEBHOOK}.get(function, Channel.SMS)
    of = follows(system, address(channel)).address
    system.run()
    is_asked(system, of)
    if function == "take_up_due":
        with providers(LATER):
            system.run()
        system.later(minutes=10)
    with providers(GONE):
        if function == "take_up_due":
            system.on_schedule("take_up_due")
        system.run()
    assert known(system, of).standing is Standing.SUPPRESSED
    assert statuses(system, of) == {"stopped", "pending"}


def test_what_a_crash_left_of_withdrawing_is_ended_by_the_stream(system: System) -> None:
    """ask_to_confirm."""
    of = follows(system, address(Channel.EMAIL)).address
    store.save_contact(replace(known(system, of), standing=Standing.SUPPRESSED, reason="bounce"), system.now.wall)
    assert statuses(system, of) == {"active"}
    system.run()
    assert statuses(system, of) == {"stopped"}


@pytest.mark.parametrize("subject", [FLIGHT, NUMBER, ROUTE], ids=str)
def test_reminders_and_flights_to_come_are_taken_up(subject: Subject, system: System) -> None:
    """A follower of a number or a route begins to be told of flights that are not there yet."""
    for channel in (Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.WEBHOOK):
        follows(system, address(channel), subject)
    system.run()
    ledger.plan(ledger.Task(Kind.LOOK, str(subject), "flight"), system.now.flight, subject.day)
    for _ in range(4):
        system.later(minutes=45)
        system.on_schedule("take_up_due")
        system.run()


def test_bounces_replies_and_opt_outs_end_what_an_address_follows(system: System) -> None:
    """hear_email_events, hear_sms_replies (START takes STOP back), honour_opt_outs."""
    ada, phone = (follows(system, address(channel)).address for channel in (Channel.EMAIL, Channel.SMS))
    other = follows(system, Address(Channel.SMS, OPTED_OUT)).address
    bounce = {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [{"emailAddress": ada.value}]}
    system.on_topic("hear_email_events", json.dumps({"eventType": "Bounce", "bounce": bounce}))
    for word in ("STOP", "START"):
        reply = {"originationNumber": phone.value, "destinationNumber": "+12015550100", "messageBody": word}
        system.on_topic("hear_sms_replies", json.dumps(reply))
    system.on_schedule("honour_opt_outs")
    for of in (ada, phone, other):
        assert known(system, of).standing is Standing.SUPPRESSED
        assert statuses(system, of) == {"stopped"}


def errand(system: System, task: Task, **more: Any) -> Errand:
    """An errand, as a request leaves it behind."""
    at = int(system.now.wall.timestamp())
    made = Errand(new_id(), task, more.pop("email", "ada@example.com"), "en", at, at + 86_400, **more)
    accounts.save(made, now=system.now.wall)
    return made


def test_a_letter_leaves_by_the_queue_of_errands(system: System) -> None:
    """queue_errands, run_errands; with a link and without."""
    errand(system, Task.CONFIRM)
    done = errand(system, Task.DELETED)
    system.run()
    assert accounts.errand(done.id, system.now.wall) is None


def test_what_hangs_on_an_account_is_moved_and_erased_by_errands(system: System) -> None:
    """run_errands: all subjects, to an address that is new and to one that follows already; then nothing is left."""
    now = system.now.wall
    account = registered("new@example.com", now)
    old, new = address(Channel.EMAIL, "old"), address(Channel.EMAIL, "new")
    follows(system, old, FLIGHT, NUMBER, ROUTE)
    follows(system, new, FLIGHT)
    system.run()
    errand(system, Task.MOVE, email="new@example.com", account=account.id, former="old@example.com")
    system.run()
    assert store.holding(old.id, None).subscriptions == []
    assert len(store.holding(new.id, now).subscriptions) == 3
    accounts.save(gone=[account], now=now)
    system.later(minutes=1)
    errand(system, Task.ERASE, email="new@example.com", account=account.id)
    system.run()
    assert store.holding(new.id, None) == (None, [])
    assert accounts.sessions(account.id, None) == []


def test_a_push_service_is_told_whom_to_ask_where_no_email_is_sent(system: System, set_to: Callable[..., None]) -> None:
    """VAPID's contact is then the web app's address."""
    set_to(EMAIL_SENDER="")
    follows(system, address(Channel.WEBPUSH))
    system.run()


def test_an_app_that_sns_knows_by_other_attributes_is_registered_anew(system: System) -> None:
    """api_handler: it is found, enabled, and given this token."""
    application = "arn:aws:sns:us-east-1:123456789012:app/GCM/test"
    boto3.client("sns").create_platform_endpoint(
        PlatformApplicationArn=application, Token="a" * 40, CustomUserData="of an earlier system"
    )
    given = {"platform": "fcm", "token": "a" * 40}
    assert system.follow(given, "push", flight=str(LEG)).status == 202


def test_the_api_believes_cloudfront_by_its_key(system: System) -> None:
    """api_handler: the key is read where one is shown, to tell whose limits count."""
    wish = {"channel": "email", "address": "ada@example.com", "flight": str(LEG)}
    answer = system.request("POST", "/v1/subscriptions", wish, headers={"X-Gatecall-Front": "guessed"})
    assert answer.status == 202


def test_who_has_an_account_logs_in_and_deletes_it(system: System) -> None:
    """api_handler: tokens are made, and all that hangs on the account goes within the request."""
    logins.account("ada@example.com", system.now.wall)
    follows(system, address(Channel.EMAIL), FLIGHT, ROUTE)
    login = {"email": "ada@example.com", "password": logins.PASSWORD}
    token = system.request("POST", "/v1/sessions", login).json["access_token"]
    assert system.request("DELETE", "/v1/accounts/me", token=token).status == 200
    assert store.holding(address(Channel.EMAIL).id, None) == (None, [])


def booked(system: System, token: str = "", phone: str | None = None) -> dict[str, Any]:
    """What is held for somebody, tomorrow."""
    wanted = {
        "flights": [{"flight": str(shop.leg("EWR", "LAX", days=1).leg)}],
        "passengers": [{"family_name": "Smith", "given_name": "Ann"}],
        "contact": {"email": "ann@example.com", "phone": phone},
    }
    held = system.request("POST", "/v1/bookings", wanted, token=token or None, headers={"Idempotency-Key": new_id()})
    assert held.status == 201, held.json
    found: dict[str, Any] = held.json
    return found


def asked(system: System, booking: dict[str, Any], what: str, body: Any = None) -> Any:
    """What is asked for of a booking, by its link."""
    path = f"/v1/bookings/{booking['pnr']}/{what}"
    answer = system.request("POST", path, body, token=booking["link"], headers={"Idempotency-Key": new_id()})
    assert answer.status == 200, answer.json
    return answer.json


def test_a_booking_goes_its_way(system: System) -> None:
    """Held, paid, told by email and SMS; changed and paid with the card of before; cancelled, and followed no more."""
    booking = booked(system, phone=PHONE)
    system.run()
    asked(system, booking, "payments", {"token": "tok_approve"})
    system.run()
    other = shop.leg("EWR", "SFO", days=1).leg
    due = asked(system, booking, "change", {"flights": [{"flight": str(other)}]}).get("to_pay")
    if due:
        asked(system, booking, "payments", {})
    passport = {
        "number": "L898902C3", "issuing_state": "UTO", "nationality": "UTO", "date_of_birth": "1974-08-12", "sex": "F",
        "expires_on": "2032-04-15",
    }  # fmt: skip
    asked(system, booking, "documents", {"passenger": 0, "passport": passport})
    system.run()
    asked(system, booking, "cancel")
    system.run()


def test_a_charge_whose_answer_was_lost_makes_tickets_later(system: System) -> None:
    """settle_bookings: it asks, and issues them."""
    booking = booked(system)
    assert asked(system, booking, "payments", {"token": "tok_timeout"})["payment"] == "open"
    system.on_message("settle_bookings", {"look": booking["pnr"]})
    there = system.request("GET", f"/v1/bookings/{booking['pnr']}", token=booking["link"]).json
    assert there["state"] == "ticketed"


def test_the_payment_service_is_heard(system: System) -> None:
    """api_handler: its signature is checked."""
    at = str(int(system.now.wall.timestamp()))
    forged = {"webhook-id": "evt_1", "webhook-timestamp": at, "webhook-signature": "v1,AAAA"}
    answer = system.request("POST", "/v1/payments/callbacks", {"id": "evt_1"}, headers=forged)
    assert answer.status == 401


def test_bookings_of_an_account_lose_it_by_an_errand(system: System) -> None:
    """run_errands, and settle_bookings once more: what is still to be flown is kept, without the account."""
    account = logins.account("ada@example.com", system.now.wall)
    login = {"email": "ada@example.com", "password": logins.PASSWORD}
    token = system.request("POST", "/v1/sessions", login).json["access_token"]
    booking = booked(system, token)
    asked(system, booking, "payments", {"token": "tok_approve"})
    system.run()
    system.on_message("settle_bookings", {"erased": account.id})
    assert system.request("GET", f"/v1/bookings/{booking['pnr']}", token=token).status == 404
    booking = booked(system, token)
    asked(system, booking, "payments", {"token": "tok_approve"})
    system.run()
    accounts.save(gone=[account], now=system.now.wall)
    system.later(minutes=1)
    errand(system, Task.ERASE, email="ada@example.com", account=account.id)
    system.run()
    assert system.request("GET", f"/v1/bookings/{booking['pnr']}", token=booking["link"]).status == 200


AIDX = """<IATA_AIDX_FlightLegNotifRQ xmlns="http://www.iata.org/IATA/2007/00" Version="22.1"
  TimeStamp="2026-07-10T12:0{minute}:00Z"><FlightLeg><LegIdentifier><Airline>UA</Airline><FlightNumber>9</FlightNumber>
  <DepartureAirport>EWR</DepartureAirport><ArrivalAirport>IAH</ArrivalAirport><OriginDate>2026-07-10</OriginDate>
  </LegIdentifier><LegData><CodeShareInfo><Airline>LH</Airline><FlightNumber>{codeshare}</FlightNumber></CodeShareInfo>
  <OperationTime OperationQualifier="OFB" TimeType="SCT">2026-07-10T13:00:00Z</OperationTime></LegData></FlightLeg>
  </IATA_AIDX_FlightLegNotifRQ>"""


def test_an_airport_uploads_legs_whose_codeshares_change(system: System) -> None:
    """api_handler."""
    headers = {"X-Api-Key": keys.make("ewr-aodb", ["feeds:aidx"], ["EWR"], system.now.wall), "Content-Type": "text/xml"}
    for minute, codeshare in enumerate((7009, 7010)):
        message = AIDX.format(minute=minute, codeshare=codeshare).encode()
        assert system.request("POST", "/v1/feeds/aidx", raw=message, headers=headers).status == 200
        system.later(minutes=1)
    found = system.request("GET", "/v1/flights?number=LH7010&date=2026-07-10").json["flights"]
    assert [flight["number"] for flight in found] == ["UA9"]
