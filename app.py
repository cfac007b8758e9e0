"""The map of Gatecall: every trigger of the system, and the routes of each capability.

Event handlers stand here, not in blueprints: Lambda imports the module that a handler stands in, and only this one
puts the whole app together. Each handler imports what it alone needs: all of them start with this module.
"""

import json
import time
from collections.abc import Mapping
from typing import Any

from chalice.app import Chalice, CloudWatchEvent, DynamoDBEvent, Rate, SNSEvent, WebsocketEvent

from chalicelib.airports import api as airports
from chalicelib.core import api as system
from chalicelib.core import callers, clock, telemetry
from chalicelib.core.config import config
from chalicelib.core.errors import Unavailable
from chalicelib.flights import api as flights

settings = config()

app = Chalice("gatecall")
app.api.binary_types += ["application/xml", "application/soap+xml"]  # so that XML arrives byte for byte
app.experimental_feature_flags.update(["WEBSOCKETS"])
app.register_middleware(telemetry.invocation)

for capability in (system, airports, flights):
    app.register_blueprint(capability.routes)


@callers.recognise_machines_by
def machine_of(key: str) -> callers.Machine | None:
    """Whose API key this is."""
    from chalicelib.accounts import keys

    return keys.machine_of(key)


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
    return handle_each(
        "tell_changes", records, changes.tell_record, lambda record: record["dynamodb"]["SequenceNumber"]
    )


@app.on_sns_message(settings.flight_changes_topic)
def push_change(event: SNSEvent) -> None:
    """Send a change to everyone who watches the flight or one of its boards."""
    from chalicelib.core.deadletters import handle_each
    from chalicelib.live import push

    def handle(record: Mapping[str, Any]) -> None:
        push.push(json.loads(record["Sns"]["Message"]), _now(), sleep=time.sleep)

    left = handle_each("push_change", event.to_dict()["Records"], handle, lambda r: str(r["Sns"]["MessageId"]))
    if left["batchItemFailures"]:
        raise Unavailable("not now; Lambda asks twice again")


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
