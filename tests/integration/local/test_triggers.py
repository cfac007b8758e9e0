"""Streams, queues and topics, read for an app's functions."""

import itertools
import json
import threading
import time
from contextlib import ExitStack

import pytest
from botocore.config import Config
from botocore.session import get_session
from chalice import Chalice

from infra.local import cloud, dynoxide, motoserver
from infra.local.functions import Functions
from infra.local.triggers import Triggers
from infra.local.triggers.streams import Stream

numbers = itertools.count()


@pytest.fixture(scope="module")
def moto():
    with motoserver.running() as address:
        yield address


@pytest.fixture(scope="module")
def tables(moto):
    """The addresses of the table engines."""
    with ExitStack() as stack:
        addresses = {"moto": moto}
        try:
            addresses["dynoxide"] = stack.enter_context(dynoxide.running(dynoxide.binary(cloud.DIRECTORY)))
        except dynoxide.NotToBeHad as reason:
            addresses["why not"] = str(reason)
        yield addresses


def client(service, address):
    session = get_session()
    session.set_credentials("local", "local")
    settings = Config(parameter_validation=False, account_id_endpoint_mode="disabled")
    return session.create_client(service, region_name="us-east-1", endpoint_url=address, config=settings)


@pytest.fixture(params=["dynoxide", "moto"])
def table(request, tables):
    """A table with a stream, on each engine; `put(names)` writes items, in that order."""
    if request.param not in tables:
        pytest.skip(f"dynoxide can't be had: {tables['why not']}")
    return Table(tables[request.param])


class Table:
    def __init__(self, address):
        self.name = f"table-{next(numbers)}"
        self._tables = client("dynamodb", address)
        self.streams = client("dynamodbstreams", address)
        made = self._tables.create_table(
            TableName=self.name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        self.stream = made["TableDescription"]["LatestStreamArn"]

    def put(self, names):
        for name in names:
            self._tables.put_item(TableName=self.name, Item={"pk": {"S": name}, "raw": {"B": b"\0\xff"}})


class Reader:
    """An app with one stream handler, and a stream's reading of it. `behave(names)` says what the handler answers."""

    def __init__(self, table, behave=lambda names: None, batch_size=100):
        self.batches, self.aside, self.pauses = [], [], []
        app = Chalice("toy")

        @app.on_dynamodb_record(table.stream, batch_size=batch_size, starting_position="TRIM_HORIZON")
        def changed(event):
            self.records = event.to_dict()["Records"]
            names = [record.keys["pk"]["S"] for record in event]
            self.batches.append(names)
            return behave(names, [record.sequence_number for record in event])

        self.stream = Stream(
            app.event_sources[0],
            Functions(app, set_aside=self._set_aside),
            table.streams,
            set_aside=self._set_aside,
            sleep=self.pauses.append,
        )

    def _set_aside(self, function, record, error):
        self.aside.append((function, record["dynamodb"]["Keys"]["pk"]["S"], error))

    def read(self):
        while self.stream.poll():
            pass
        return self


def test_a_stream_is_read_from_its_beginning_in_order(table):
    """What was written before the reading began comes too, each record once, in batches no larger than declared."""
    names = [f"n{number}" for number in range(25)]
    table.put(names)
    reader = Reader(table, lambda names, _: None, batch_size=10).read()
    assert list(itertools.chain(*reader.batches)) == names
    assert max(map(len, reader.batches)) <= 10
    table.put(["later"])
    assert reader.read().batches[-1] == ["later"]


def test_a_records_shape_is_lambdas(table):
    """A record is JSON with its stream's ARN, binary values in base64, its time as a number."""
    table.put(["a"])
    [record] = Reader(table, lambda names, _: None).read().records
    assert record["eventName"] == "INSERT"
    assert record["eventSourceARN"] == table.stream
    assert record["dynamodb"]["NewImage"] == {"pk": {"S": "a"}, "raw": {"B": "AP8="}}
    assert abs(record["dynamodb"]["ApproximateCreationDateTime"] - time.time()) < 60


def test_a_reported_record_comes_again_with_all_after_it(table):
    """The lowest number reported is where reading goes on: what is before it does not come again."""
    times = itertools.count()
    reader = Reader(table, lambda names, seqs: next(times) or {
        "batchItemFailures": [{"itemIdentifier": seqs[names.index(name)]} for name in ("d", "c")]
    })  # fmt: skip
    table.put("abcd")
    assert reader.read().batches == [["a", "b", "c", "d"], ["c", "d"]]
    assert not reader.aside


@pytest.mark.parametrize("poison", range(7))
@pytest.mark.parametrize("way", ["raises", "reports"])
def test_a_poison_record_costs_no_good_one(tables, poison, way):
    """Wherever in the batch it stands: it alone is set aside, after three attempts, the rest is handled in order."""
    table = Table(tables.get("dynoxide", tables["moto"]))
    names, handled = [f"n{number}" for number in range(7)], []

    def behave(batch, seqs):
        bad = f"n{poison}"
        if bad in batch and way == "raises":
            raise ValueError("poison")
        if bad in batch:
            handled.extend(batch[: batch.index(bad)])
            return {"batchItemFailures": [{"itemIdentifier": seqs[batch.index(bad)]}]}
        handled.extend(batch)
        return {"batchItemFailures": []}

    reader = Reader(table, behave)
    table.put(names)
    reader.read()
    assert handled == [name for name in names if name != f"n{poison}"]
    assert [(function, name) for function, name, _ in reader.aside] == [("changed", f"n{poison}")]
    attempts = [batch for batch in reader.batches if f"n{poison}" in batch and (way == "reports" or len(batch) == 1)]
    assert len(attempts) == 3
    assert reader.pauses
    assert max(reader.pauses) <= 1


def test_a_passing_fault_sets_nothing_aside(table):
    """A batch whose handler fails once or twice is handled in the end, whole."""
    times, handled = itertools.count(), []

    def behave(batch, _):
        if next(times) < 2:
            raise OSError("the network")
        handled.extend(batch)

    reader = Reader(table, behave)
    table.put("abcd")
    reader.read()
    assert handled == list("abcd")
    assert not reader.aside


class World:
    """An app's triggers, polled by the test; what happens concurrently is awaited by `done`."""

    def __init__(self, app, moto):
        self.aside, self.pauses = [], []
        self.clients = {name: client(name, moto) for name in ("sns", "sqs")} | {"dynamodbstreams": None}
        functions = Functions(app, set_aside=lambda *told: self.aside.append(told), sleep=self.pauses.append)
        self.triggers = Triggers(functions, self.clients, set_aside=print, now=lambda: None)

    def __enter__(self):
        self.triggers.start()
        return self

    def __exit__(self, *_):
        self.triggers.stop(2)


def wait_until(true):
    deadline = time.monotonic() + 8
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_a_topics_messages_come_as_lambda_tells_them(moto):
    """Message, subject, attributes and topic are as published; a topic may be declared by name or ARN."""
    topic, seen = f"topic-{next(numbers)}", []
    arn = client("sns", moto).create_topic(Name=topic)["TopicArn"]
    app = Chalice("toy")
    app.on_sns_message(topic, name="by-name")(lambda event: seen.append(event.to_dict()))
    app.on_sns_message(arn, name="by-arn")(lambda event: seen.append(event.to_dict()))
    with World(app, moto) as world:
        attributes = {"kinds": {"DataType": "String.Array", "StringValue": '["gate"]'}}
        told = world.clients["sns"].publish(TopicArn=arn, Message="hello", Subject="S", MessageAttributes=attributes)
        wait_until(lambda: len(seen) == 2)
    record = seen[0]["Records"][0]
    assert record["EventSource"] == "aws:sns"
    assert record["Sns"]["Message"] == "hello"
    assert record["Sns"]["Subject"] == "S"
    assert record["Sns"]["TopicArn"] == arn
    assert record["Sns"]["MessageId"] == told["MessageId"]
    assert record["Sns"]["MessageAttributes"] == {"kinds": {"Type": "String.Array", "Value": '["gate"]'}}


def test_a_topics_messages_are_handled_beside_each_other(moto):
    """One message whose handling takes long holds up no other."""
    arn = client("sns", moto).create_topic(Name=f"topic-{next(numbers)}")["TopicArn"]
    app, release, seen = Chalice("toy"), threading.Event(), []

    @app.on_sns_message(arn, name="beside")  # no other test's: who listened there may still do
    def told(event):
        if event.message == "slow":
            release.wait(8)
        seen.append(event.message)

    with World(app, moto) as world:
        for message in ("slow", "a", "b", "c"):
            world.clients["sns"].publish(TopicArn=arn, Message=message)
        wait_until(lambda: len(seen) == 3)
        assert sorted(seen) == ["a", "b", "c"]
        release.set()
        wait_until(lambda: len(seen) == 4)


def test_a_failing_message_is_tried_three_times_then_set_aside(moto):
    """As Lambda invokes asynchronously; the record is set aside whole, and the next message is handled."""
    arn = client("sns", moto).create_topic(Name=f"topic-{next(numbers)}")["TopicArn"]
    app, tried = Chalice("toy"), []

    @app.on_sns_message(arn)
    def told(event):
        tried.append(event.message)
        if event.message == "bad":
            raise ValueError("it can't be handled")

    with World(app, moto) as world:
        for message in ("bad", "good"):
            world.clients["sns"].publish(TopicArn=arn, Message=message)
        wait_until(lambda: world.aside and "good" in tried)
    assert sorted(tried) == ["bad"] * 3 + ["good"]
    assert world.pauses == [1, 5]
    [(function, record, error)] = world.aside
    assert (function, record["Sns"]["Message"], str(error)) == ("told", "bad", "it can't be handled")


def test_a_queues_messages_are_deleted_when_handled_and_come_again_when_reported(moto):
    """A batch is handed over with ids and attributes; what is reported as failed comes again, the rest is gone."""
    sqs, queue = client("sqs", moto), f"queue-{next(numbers)}"
    url = sqs.create_queue(QueueName=queue, Attributes={"VisibilityTimeout": "1"})["QueueUrl"]
    app, seen = Chalice("toy"), []

    @app.on_sqs_message(queue, batch_size=10)
    def arrived(event):
        records = event.to_dict()["Records"]
        seen.extend(records)
        first = {r["messageId"] for r in records if r["attributes"]["ApproximateReceiveCount"] == "1"}
        if any(record["body"] == "bad" for record in records) and len(seen) > 3:
            raise OSError("once more")
        return {"batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in records
                                      if r["body"] != "good" and r["messageId"] in first]}  # fmt: skip

    attributes = {"n": {"DataType": "Number", "StringValue": "7"}}
    for body in ("good", "reported"):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes)
    with World(app, moto):
        wait_until(lambda: len(seen) == 3)
        sqs.send_message(QueueUrl=url, MessageBody="bad")
        wait_until(lambda: len(seen) == 5)
    assert [record["body"] for record in seen] == ["good", "reported", "reported", "bad", "bad"]
    assert seen[0]["messageAttributes"]["n"]["stringValue"] == "7"
    assert seen[0]["eventSourceARN"].endswith(f":{queue}")
    left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert int(left["ApproximateNumberOfMessages"]) + int(left["ApproximateNumberOfMessagesNotVisible"]) == 1


def made_queue(sqs, **attributes):
    """A queue's name and address."""
    name = f"queue-{next(numbers)}"
    return name, sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]


def test_a_batch_is_as_large_as_the_function_takes(moto):
    """Also larger than SQS gives in one answer; a last one is smaller."""
    sqs = client("sqs", moto)
    name, url = made_queue(sqs)
    app, batches = Chalice("toy"), []
    app.on_sqs_message(name, batch_size=25, maximum_batching_window_in_seconds=1)(
        lambda event: batches.append(len(list(event)))
    )
    for start in range(0, 40, 10):
        sqs.send_message_batch(
            QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": str(n)} for n in range(start, start + 10)]
        )
    with World(app, moto):
        wait_until(lambda: sum(batches) == 40)
    assert batches == [25, 15]


def test_a_queue_runs_no_more_batches_at_a_time_than_its_function_allows(moto):
    """maximum_concurrency: what there is no place for stays in the queue; another queue's messages go on."""
    sqs = client("sqs", moto)
    (name, url), (other, other_url) = made_queue(sqs), made_queue(sqs)
    app, release, under_way, others = Chalice("toy"), threading.Event(), [], []

    @app.on_sqs_message(name, batch_size=1, maximum_concurrency=2)
    def slow(event):
        under_way.append([record.body for record in event])
        release.wait(8)

    app.on_sqs_message(other, batch_size=1, name="other")(lambda event: others.append(1))
    for number in range(5):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    with World(app, moto):
        wait_until(lambda: len(under_way) == 2)
        sqs.send_message(QueueUrl=other_url, MessageBody="x")
        wait_until(lambda: others)
        assert len(under_way) == 2
        left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
        assert left == {"ApproximateNumberOfMessages": "3"}
        release.set()
        wait_until(lambda: len(under_way) == 5)


def test_a_queue_holds_back_what_it_is_told_to(moto):
    """DelaySeconds of the queue; a message may say otherwise."""
    sqs = client("sqs", moto)
    name, url = made_queue(sqs, DelaySeconds="1")
    app, came = Chalice("toy"), []
    app.on_sqs_message(name, batch_size=1)(
        lambda event: came.extend((record.body, time.monotonic()) for record in event)
    )
    with World(app, moto):
        began = time.monotonic()
        sqs.send_message(QueueUrl=url, MessageBody="later")
        sqs.send_message(QueueUrl=url, MessageBody="now", DelaySeconds=0)
        wait_until(lambda: len(came) == 2)
    assert [body for body, _ in came] == ["now", "later"]
    assert came[1][1] - began >= 0.9


def test_what_comes_too_often_goes_to_the_dead_letters(moto):
    """By the queue's redrive policy, whole, and saying from where."""
    sqs = client("sqs", moto)
    _, letters = made_queue(sqs)
    arn = sqs.get_queue_attributes(QueueUrl=letters, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    name, url = made_queue(sqs, VisibilityTimeout="1", RedrivePolicy=policy)
    app, tried = Chalice("toy"), []

    @app.on_sqs_message(name, batch_size=10)
    def arrived(event):
        records = event.to_dict()["Records"]
        tried.extend(record["body"] for record in records)
        return {"batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in records if r["body"] == "bad"]}

    for body in ("bad", "good"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    found = []
    with World(app, moto):
        wait_until(lambda: found.extend(
            sqs.receive_message(QueueUrl=letters, MessageSystemAttributeNames=["All"]).get("Messages", [])
        ) or found)  # fmt: skip
    assert sorted(tried) == ["bad", "bad", "good"]
    [letter] = found
    assert letter["Body"] == "bad"
    assert letter["Attributes"]["DeadLetterQueueSourceArn"].endswith(f":{name}")


def test_a_queue_gets_of_a_topic_what_its_subscription_asks_for(moto):
    """By a filter on one of several kinds; delivered raw: the body is the message, its attributes those it had."""
    sqs, sns = client("sqs", moto), client("sns", moto)
    topic = sns.create_topic(Name=f"topic-{next(numbers)}")["TopicArn"]
    name, url = made_queue(sqs)
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    attributes = {"RawMessageDelivery": "true", "FilterPolicy": json.dumps({"kinds": ["cancelled", "diverted"]})}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    app, seen = Chalice("toy"), []
    app.on_sqs_message(name, batch_size=1)(lambda event: seen.extend(event.to_dict()["Records"]))
    with World(app, moto):
        for message, kinds in (("a", ["gate"]), ("b", ["gate", "cancelled"]), ("c", ["updated"]), ("d", ["diverted"])):
            told = {"kinds": {"DataType": "String.Array", "StringValue": json.dumps(kinds)}}
            sns.publish(TopicArn=topic, Message=message, MessageAttributes=told)
        wait_until(lambda: len(seen) == 2)
    assert sorted(record["body"] for record in seen) == ["b", "d"]
    kinds = {record["body"]: record["messageAttributes"]["kinds"] for record in seen}
    assert kinds["d"] == {"dataType": "String.Array", "stringValue": '["diverted"]'}


def test_a_trigger_without_a_stand_in_is_named(moto):
    """A handler that nothing calls here is said to be so, and the others work."""
    app = Chalice("toy")
    app.on_s3_event("bucket", name="uploaded")(print)
    assert World(app, moto).triggers.not_run == ["uploaded"]


def test_moto_is_safe_under_threads(moto):
    """Of many conditional writes at once exactly one wins, and a message is lost by nobody's deleting another."""
    tables, sqs = client("dynamodb", moto), client("sqs", moto)
    name, url = f"table-{next(numbers)}", sqs.create_queue(QueueName=f"queue-{next(numbers)}")["QueueUrl"]
    tables.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    won = []

    def take(seat):
        try:
            tables.put_item(TableName=name, Item={"pk": {"S": seat}}, ConditionExpression="attribute_not_exists(pk)")
        except tables.exceptions.ConditionalCheckFailedException:
            return
        won.append(seat)

    def many():
        for seat in range(20):
            take(str(seat))

    waiting = threading.Thread(target=lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20))
    threads = [threading.Thread(target=many) for _ in range(8)]
    waiting.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won, key=int) == [str(seat) for seat in range(20)]
    assert waiting.is_alive()  # a long poll holds up nobody
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps("wake up"))
    waiting.join(5)
    assert not waiting.is_alive()
