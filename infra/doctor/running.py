"""What goes on: feeds, records set aside, alarms."""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.core.telemetry import namespace
from chalicelib.flights.poll import FEEDS
from chalicelib.flights.read import SILENT_AFTER
from infra.doctor.stage import Finding, Findings, Stage, join, some

LOOKED_BACK = timedelta(minutes=15)


def feeds(stage: Stage) -> Findings:
    """Is every feed polled, and has each said something lately?"""
    wrong = []
    if stage.feeds and not stage.settings["AIRPORTS"].strip(", "):
        wrong.append(Finding("AIRPORTS is empty, so the feeds are asked about no airport.",
                             f"Name them in .chalice/config.json. Then run: {stage.again('deploy')}"))  # fmt: skip
    silences = _silences(stage)
    look = f"See why: aws logs tail /aws/lambda/gatecall-{stage.name}-poll_feeds --since 15m"
    unheard = [feed for feed in stage.feeds if feed in FEEDS and feed not in silences]
    if unheard and _is_new(stage):
        yield Finding(f"Nothing was reported of {join(unheard)} yet: polling was deployed just now. Look again soon.")
    elif unheard:
        wrong.append(Finding(
            f"Nothing was reported of {join(unheard)} within the last {LOOKED_BACK.seconds // 60} minutes: it is not "
            "polled, or has never said anything.", look,
        ))  # fmt: skip
    for feed, seconds in silences.items():
        if seconds > SILENT_AFTER.total_seconds():
            sender = look if feed in stage.feeds else "It is pushed: ask whoever runs the system that sends it."
            wrong.append(Finding(f"The feed {feed} has said nothing for {_time(seconds)}: boards call it silent.",
                                 sender))  # fmt: skip
    if silences and not wrong:
        yield Finding(f"All feeds speak: {join(list(silences))}.")
    elif not stage.feeds and not wrong:
        yield Finding("No feed is polled, and none has pushed yet.")
    yield from wrong


def _is_new(stage: Stage) -> bool:
    """Whether the function that polls is younger than what it would have reported."""
    there = stage.deployed.get("poll_feeds")
    return there is not None and stage.now - datetime.fromisoformat(there["LastModified"]) < LOOKED_BACK


def _silences(stage: Stage) -> dict[str, float]:
    """For how many seconds each feed that was heard of lately had said nothing when it was last looked at."""
    cloudwatch, space = stage.client("cloudwatch"), namespace(stage.name)
    found = cloudwatch.get_paginator("list_metrics").paginate(Namespace=space, MetricName="FeedSilence")
    metrics = [metric for page in found for metric in page["Metrics"]]
    silences = {}
    for metric in metrics:
        of_feed = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
        if "feed" in of_feed and (last := _last(stage, space, "FeedSilence", metric["Dimensions"])) is not None:
            silences[of_feed["feed"]] = last
    return silences


def _last(stage: Stage, space: str, name: str, dimensions: list[dict[str, str]]) -> float | None:
    points = stage.client("cloudwatch").get_metric_statistics(
        Namespace=space, MetricName=name, Dimensions=dimensions, StartTime=stage.now - LOOKED_BACK,
        EndTime=stage.now + timedelta(minutes=1), Period=60, Statistics=["Maximum"],
    )["Datapoints"]  # fmt: skip
    return max(points, key=lambda point: point["Timestamp"])["Maximum"] if points else None


def _time(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"


def dead_letters(stage: Stage) -> Findings:
    """Is there anything that could not be handled?"""
    queue = stage.settings["DEAD_LETTERS_QUEUE_URL"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = stage.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    number = sum(int(told[name]) for name in names)
    if not number:
        yield Finding("Nothing was set aside.")
        return
    dimensions = [{"Name": "QueueName", "Value": queue.rpartition("/")[2]}]
    age = _last(stage, "AWS/SQS", "ApproximateAgeOfOldestMessage", dimensions)
    since = "" if age is None else f", the oldest since {stage.now - timedelta(seconds=age):%Y-%m-%d %H:%M} UTC"
    were = "was" if number == 1 else "were"
    yield Finding(
        f"{some(number, 'record')} could not be handled and {were} set aside{since}; SQS forgets after 14 days.",
        f"Look: {stage.again('deadletters list')}. Once the cause is gone: {stage.again('deadletters replay')}",
    )


def alarms(stage: Stage) -> Findings:
    """Which alarms are raised?"""
    pages = (
        stage.client("cloudwatch")
        .get_paginator("describe_alarms")
        .paginate(AlarmNamePrefix=f"gatecall-{stage.name}-", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    )
    found: list[dict[str, Any]] = [
        alarm for page in pages for kind in ("MetricAlarms", "CompositeAlarms") for alarm in page.get(kind, ())
    ]
    # One without an action is part of another.
    raised = [alarm for alarm in found if alarm["StateValue"] == "ALARM" and alarm.get("AlarmActions")]
    for alarm in raised:
        since = alarm.get("StateUpdatedTimestamp")
        when = f" since {since:%Y-%m-%d %H:%M} UTC" if since else ""
        yield Finding(f"The alarm {alarm['AlarmName']} is raised{when}.",
                      alarm.get("AlarmDescription") or "The README's operations part says what to do.")  # fmt: skip
    if not raised:
        yield Finding("No alarm is raised.")


def told_of_alarms(stage: Stage) -> Findings:
    """Does anybody hear of an alarm?"""
    topic = stage.outputs.get("AlarmsTopicArn")
    if not topic:
        yield Finding("The stack has no topic for alarms.", f"Run: {stage.again('provision')}")
        return
    pages = stage.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    subscribed = [each for page in pages for each in page["Subscriptions"]]
    waiting = [each["Endpoint"] for each in subscribed if each["SubscriptionArn"] == "PendingConfirmation"]
    if not subscribed and stage.replays:
        yield Finding("Nobody is told of alarms; while FEEDS has replay, nobody has to be.")
    elif not subscribed:
        yield Finding("Nobody is told of alarms.",
                      f"Run: {stage.again('provision')} --alarms-to you@example.com")  # fmt: skip
    elif len(waiting) == len(subscribed):
        yield Finding(f"Nobody is told of alarms: {join(waiting)} has not agreed to be.",
                      "Open the link in the letter that AWS Notifications sent there.")  # fmt: skip
    else:
        told = len(subscribed) - len(waiting)
        yield Finding(f"{some(told, 'subscriber')} of the alarms' topic {'is' if told == 1 else 'are'} told of alarms.")
