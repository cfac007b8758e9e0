"""The map of Gatecall: every trigger of the system, and the routes of each capability.

Event handlers stand here, not in blueprints: Lambda imports the module that a handler stands in, and only this one
puts the whole app together. Each handler imports what it alone needs: all of them start with this module.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from chalice.app import Chalice, CloudWatchEvent, DynamoDBEvent, Rate, SNSEvent, SQSEvent, WebsocketEvent

from chalicelib.accounts import api as accounts
from chalicelib.accounts import personal
from chalicelib.airports import api as airports
from chalicelib.alerts import api as alerts
from chalicelib.alerts import personal as personal_alerts
from chalicelib.booking import api as booking
from chalicelib.booking import personal as personal_booking
from chalicelib.channels.model import AT_ONCE, Channel
from chalicelib.core import api as system
from chalicelib.core import callers, clock, telemetry
from chalicelib.core.config import config
from chalicelib.core.errors import Unavailable
from chalicelib.flights import api as flights
from chalicelib.pricing import api as pricing
from chalicelib.search import api as search

settings = config()

app = Chalice("gatecall")
app.api.binary_types += ["application/xml", "application/soap+xml"]  # so that XML arrives byte for byte
app.experimental_feature_flags.update(["WEBSOCKETS"])
app.register_middleware(telemetry.invocation)

for capability in (system, accounts, airports, flights, pricing, search, booking, alerts):
    app.register_blueprint(capability.routes)

# Who holds something on people: for export and erasing.
personal.KEEPERS[:] = [personal.KEEPER, personal_booking.KEEPER, personal_alerts.KEEPER]


@callers.recognise_machines_by
def machine_of(key: str) -> callers.Machine | None:
    """Whose API key this is."""
    from chalicelib.accounts import keys

    return keys.machine_of(key, clock.wall_now())


@callers.recognise_people_by
def person_of(token: str) -> callers.Person | None:
    """Whose access token this is."""
    from chalicelib.accounts import tokens

    return tokens.person_of(token, clock.wall_now())


@callers.recognise_links_by
def holder_of(token: str) -> callers.Holder | None:
    """Whose link this is."""
    from chalicelib.alerts import links

    return links.holder(token, clock.wall_now())


def _now() -> clock.Now:
    return clock.now(settings.flight_clock)


@app.schedule(Rate(1, unit=Rate.MINUTES))
def poll_feeds(_: CloudWatchEvent) -> None:
    """Ask each polled feed what it has to say, and report which feeds have fallen silent."""
    from chalicelib.flights import poll

    poll.poll(settings.feeds, settings.airports, _now(), sleep=time.sleep)


@app.schedule(Rate(1, unit=Rate.MINUTES))
def repair_changes(_: CloudWatchEvent) -> None:
    """Tell the versions that the stream lost."""
    from chalicelib.flights import changes

    changes.repair(_now().wall)


@app.on_dynamodb_record(settings.flights_stream, batch_size=100, starting_position="TRIM_HORIZON")
def tell_changes(event: DynamoDBEvent) -> dict[str, Any]:
    """Tell each committed version of a leg to the topic."""
    from chalicelib.core.deadletters import handle_each
    from chalicelib.flights import changes

    records = event.to_dict()["Records"]
    return handle_each("tell_changes", records, changes.tell_record, _sequence_number)


@app.on_sns_message(settings.flight_changes_topic)
def push_change(event: SNSEvent) -> None:
    """Send a change to everyone who watches the flight or one of its boards."""
    from chalicelib.core.deadletters import handle_each
    from chalicelib.live import push

    def handle(record: Mapping[str, Any]) -> None:
        push.push(json.loads(record["Sns"]["Message"]), _now(), sleep=time.sleep)

    handle_each("push_change", event.to_dict()["Records"], handle, _message_id)


@app.on_sqs_message(queue=f"gatecall-{settings.stage}-urgent-changes", batch_size=10)
def fan_out_at_once(event: SQSEvent) -> dict[str, Any]:
    """Queue the followers of a flight that is cancelled, diverted, back or flies after all."""
    return _fan_out("fan_out_at_once", event)


@app.on_sqs_message(queue=f"gatecall-{settings.stage}-changes", batch_size=10)
def fan_out(event: SQSEvent) -> dict[str, Any]:
    """Queue the followers of a flight that changed a minute ago, with all that came since."""
    return _fan_out("fan_out", event)


def _fan_out(function: str, event: SQSEvent) -> dict[str, Any]:
    from chalicelib.alerts import fanout
    from chalicelib.core.deadletters import handle_each

    def handle(record: Mapping[str, Any]) -> None:
        fanout.fan_out(json.loads(record["body"]), _now())

    return handle_each(function, event.to_dict()["Records"], handle, _message_id)


def _message_id(record: Mapping[str, Any]) -> str:
    return str(record["Sns"]["MessageId"] if "Sns" in record else record["messageId"])


def _sequence_number(record: Mapping[str, Any]) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


@app.on_sqs_message(queue=f"gatecall-{settings.stage}-emails", batch_size=1, maximum_concurrency=AT_ONCE[Channel.EMAIL])
def send_emails(event: SQSEvent) -> dict[str, Any]:
    """Tell a page of followers by email."""
    return _deliver("send_emails", event)


@app.on_sqs_message(queue=f"gatecall-{settings.stage}-texts", batch_size=1, maximum_concurrency=AT_ONCE[Channel.SMS])
def send_texts(event: SQSEvent) -> dict[str, Any]:
    """Tell a page of followers by SMS."""
    return _deliver("send_texts", event)


@app.on_sqs_message(queue=f"gatecall-{settings.stage}-pushes", batch_size=1, maximum_concurrency=AT_ONCE[Channel.PUSH])
def send_pushes(event: SQSEvent) -> dict[str, Any]:
    """Tell a page of followers by app push or web push."""
    return _deliver("send_pushes", event)


@app.on_sqs_message(
    queue=f"gatecall-{settings.stage}-webhooks", batch_size=1, maximum_concurrency=AT_ONCE[Channel.WEBHOOK]
)
def call_webhooks(event: SQSEvent) -> dict[str, Any]:
    """Tell a page of followers' servers."""
    return _deliver("call_webhooks", event)


def _deliver(function: str, event: SQSEvent) -> dict[str, Any]:
    from chalicelib.alerts import confirm, deliver, letters
    from chalicelib.core.deadletters import handle_each

    means = letters.Means(function, letters.send, letters.pace, lambda: _remaining(event))

    def handle(record: Mapping[str, Any]) -> None:
        message = json.loads(record["body"])
        if "ask" in message:  # a challenge: strangers' servers hold up none but their like
            confirm.ask_again(message["ask"], 0, _now())
        else:
            deliver.deliver(message, _now(), means)

    return handle_each(function, event.to_dict()["Records"], handle, _message_id)


def _remaining(event: Any) -> float:
    """Seconds until the function's end."""
    return float(event.context.get_remaining_time_in_millis()) / 1000


@app.schedule(Rate(1, unit=Rate.MINUTES))
def take_up_due(event: CloudWatchEvent) -> None:
    """Look again at the followers who had to wait: quiet hours, reminders, retries."""
    from chalicelib.alerts import due

    due.take_up(_now(), lambda: _remaining(event))


@app.on_dynamodb_record(settings.subscriptions_stream, batch_size=10, starting_position="TRIM_HORIZON")
def ask_to_confirm(event: DynamoDBEvent) -> dict[str, Any]:
    """Ask an address once whether its owner wants to be told."""
    from chalicelib.alerts import confirm
    from chalicelib.core.deadletters import handle_each

    records = event.to_dict()["Records"]
    return handle_each("ask_to_confirm", records, lambda record: confirm.ask(record, _now()), _sequence_number)


@app.on_dynamodb_record(settings.accounts_stream, batch_size=100, starting_position="TRIM_HORIZON")
def queue_errands(event: DynamoDBEvent) -> dict[str, Any]:
    """Queue what is to be done after a change of an account: letters first of all."""
    from chalicelib.accounts import errands
    from chalicelib.core.deadletters import handle_each

    records = event.to_dict()["Records"]
    return handle_each("queue_errands", records, errands.queue, _sequence_number)


@app.on_sqs_message(queue=f"gatecall-{settings.stage}-errands", batch_size=1, maximum_concurrency=5)
def run_errands(event: SQSEvent) -> dict[str, Any]:
    """Do one of them: send a letter, move or erase what hangs on an account."""
    from chalicelib.accounts import errands
    from chalicelib.core.deadletters import handle_each

    def handle(record: Mapping[str, Any]) -> None:
        errands.run(json.loads(record["body"])["errand"], _now())

    return handle_each("run_errands", event.to_dict()["Records"], handle, _message_id)


@app.on_sns_message(settings.email_events_topic)
def hear_email_events(event: SNSEvent) -> None:
    """Write no more to addresses that bounce or complain."""
    from chalicelib.alerts import manage
    from chalicelib.channels import feedback

    def handle(message: str) -> None:
        for address, reason in feedback.read_email_event(message):
            manage.drop(address, reason, _now())

    _hear("hear_email_events", event, handle)


@app.on_sns_message(settings.sms_replies_topic)
def hear_sms_replies(event: SNSEvent) -> None:
    """Stop for whoever answers STOP; let who answers START be asked again."""
    from chalicelib.alerts import manage
    from chalicelib.channels import feedback

    def handle(message: str) -> None:
        reply = feedback.read_sms_reply(message)
        if reply and reply[1]:
            manage.drop(reply[0], "stop", _now())
        elif reply and reply[1] is False:
            manage.readmit(reply[0], _now())

    _hear("hear_sms_replies", event, handle)


def _hear(function: str, event: SNSEvent, handle: Callable[[str], None]) -> None:
    """Handle what a topic tells; what can't be handled, now either, is set aside: it would not come again."""
    from chalicelib.core.deadletters import handle_each, set_aside

    for record in event.to_dict()["Records"]:
        try:
            handle_each(function, [record], lambda r: handle(r["Sns"]["Message"]), _message_id)
        except Unavailable as error:
            if not set_aside(function, record, error):
                raise


@app.schedule(Rate(1, unit=Rate.HOURS))
def honour_opt_outs(_: CloudWatchEvent) -> None:
    """Stop for whoever answered STOP to a number that SNS itself keeps the list of."""
    from chalicelib.alerts import manage

    manage.honour_opt_outs(_now())


@app.on_dynamodb_record(settings.bookings_stream, batch_size=100, starting_position="TRIM_HORIZON")
def tell_bookings(event: DynamoDBEvent) -> dict[str, Any]:
    """Tell each committed version of a booking to the topic, and note what is to be settled later."""
    from chalicelib.booking import changes
    from chalicelib.core.deadletters import handle_each

    records = event.to_dict()["Records"]
    return handle_each("tell_bookings", records, lambda record: changes.tell_record(record, _now()), _sequence_number)


@app.on_sqs_message(queue=f"gatecall-{settings.stage}-settlements", batch_size=10)
def settle_bookings(event: SQSEvent) -> dict[str, Any]:
    """Settle what bookings left open: holds that are over, charges without an answer, refunds; serve waitlists."""
    from chalicelib.booking import settlements
    from chalicelib.core.deadletters import handle_each

    def handle(record: Mapping[str, Any]) -> None:
        settlements.handle(json.loads(record["body"]), _now(), lambda: _remaining(event))

    return handle_each("settle_bookings", event.to_dict()["Records"], handle, _message_id)


@app.on_sqs_message(queue=f"gatecall-{settings.stage}-disruptions", batch_size=1)
def follow_disruptions(event: SQSEvent) -> dict[str, Any]:
    """Offer other flights to the parties of a flight that is cancelled, or much later."""
    from chalicelib.booking import disrupt
    from chalicelib.core.deadletters import handle_each

    def handle(record: Mapping[str, Any]) -> None:
        disrupt.follow(json.loads(record["body"]), _now(), lambda: _remaining(event))

    return handle_each("follow_disruptions", event.to_dict()["Records"], handle, _message_id)


@app.on_sns_message(settings.booking_changes_topic)
def push_seats(event: SNSEvent) -> None:
    """Send the free seats of a flight to everyone who watches them."""
    from chalicelib.core.deadletters import handle_each
    from chalicelib.live import seats

    def handle(record: Mapping[str, Any]) -> None:
        seats.push(json.loads(record["Sns"]["Message"]), _now(), sleep=time.sleep)

    handle_each("push_seats", event.to_dict()["Records"], handle, _message_id)


@app.on_sqs_message(queue=f"gatecall-{settings.stage}-bookings-told", batch_size=10)
def follow_bookings(event: SQSEvent) -> dict[str, Any]:
    """Have a booking follow its flights, and tell its passengers what became of it."""
    from chalicelib.alerts import bookings
    from chalicelib.core.deadletters import handle_each

    def handle(record: Mapping[str, Any]) -> None:
        bookings.follow(json.loads(record["body"]), _now())

    return handle_each("follow_bookings", event.to_dict()["Records"], handle, _message_id)


@app.schedule(Rate(1, unit=Rate.HOURS))
def forecast_demand(event: CloudWatchEvent) -> None:
    """Reckon anew how many will want which seats, from what was sold."""
    from chalicelib.pricing import demand

    demand.recompute(_now(), lambda: _remaining(event))


@app.schedule(Rate(1, unit=Rate.HOURS))
def erase_documents(_: CloudWatchEvent) -> None:
    """Erase the passports of passengers whose last flight arrived a day ago."""
    from chalicelib.booking import passports

    passports.sweep(_now())


@app.on_ws_connect()
def connect(event: WebsocketEvent) -> None:
    """Remember a connection, and where to call it back."""
    from chalicelib.live import watch

    watch.connect(event.connection_id, event.domain_name, event.stage, _now())


@app.on_ws_message()
def message(event: WebsocketEvent) -> None:
    """Watch, unwatch, or answer a ping."""
    from chalicelib.live import watch

    watch.receive(event.connection_id, event.domain_name, event.stage, event.body, _now(), sleep=time.sleep)


@app.on_ws_disconnect()
def disconnect(event: WebsocketEvent) -> None:
    """Forget a connection and what it watched."""
    from chalicelib.live import watch

    watch.disconnect(event.connection_id)
