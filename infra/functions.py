"""The Lambda functions that Chalice makes of app.py, and what each is triggered by."""

from dataclasses import dataclass
from typing import Literal

from chalice.app import (
    CloudWatchEventConfig,
    DynamoDBEventConfig,
    ScheduledEventConfig,
    SNSEventConfig,
    SQSEventConfig,
)

Kind = Literal["rest", "websocket", "schedule", "stream", "queue", "topic"]


@dataclass(frozen=True)
class Function:
    """One function: `name` as .chalice/config.json and the policies know it, `handler` in app.py."""

    name: str
    handler: str
    kind: Kind
    source: str = ""  # the name of the table, queue or topic that triggers it

    def full_name(self, stage: str) -> str:
        """As AWS knows it: Chalice gives the REST function no name of its own."""
        return f"gatecall-{stage}" if self.kind == "rest" else f"gatecall-{stage}-{self.name}"


def declared() -> list[Function]:
    """Every function that app.py declares, for the stage that this process has entered (stages.enter)."""
    from app import app

    found = [Function("api_handler", "app", "rest")]
    kinds = {"$connect": "connect", "$disconnect": "disconnect"}
    for route, handler in app.websocket_handlers.items():
        found.append(
            Function(f"websocket_{kinds.get(route, 'message')}", handler.handler_string.partition(".")[2], "websocket")
        )
    for each in app.event_sources:
        kind: Kind
        match each:
            case ScheduledEventConfig() | CloudWatchEventConfig():
                kind, source = "schedule", ""
            case DynamoDBEventConfig():
                kind, source = "stream", each.stream_arn.partition(":table/")[2].partition("/")[0]
            case SQSEventConfig():
                kind, source = "queue", str(each.queue)
            case SNSEventConfig():
                kind, source = "topic", each.topic.rpartition(":")[2]
            case _:
                raise TypeError(f"{each.name}: nobody here knows of {type(each).__name__}")
        found.append(Function(each.name, each.name, kind, source))
    return found
