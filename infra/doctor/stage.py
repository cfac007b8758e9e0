"""What doctor looks at, and what it finds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from infra.functions import Function


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, in plain words; `do` is how to put it right, "" where nothing is wrong."""

    says: str
    do: str = ""


Findings = Iterator[Finding]


@dataclass(frozen=True)
class Stage:
    """A deployed stage."""

    name: str
    stack: Mapping[str, Any]  # as CloudFormation describes it
    client: Callable[..., Any]  # of boto3, by the service's name, and region_name where it is not the stage's
    settings: Mapping[str, str]  # those of .chalice/config.json, with what the stack really made
    functions: Sequence[Function]  # those of this checkout
    answer_of: Callable[[str], tuple[int, str]]  # status and body of an address on the web; raises OSError
    now: datetime

    @property
    def stack_name(self) -> str:
        """CloudFormation's."""
        return f"gatecall-{self.name}"

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """Of the stack."""
        return {each["ParameterKey"]: each["ParameterValue"] for each in self.stack.get("Parameters", ())}

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        """Of the stack."""
        return {each["OutputKey"]: each["OutputValue"] for each in self.stack.get("Outputs", ())}

    @cached_property
    def deployed(self) -> Mapping[str, Mapping[str, Any]]:
        """How Lambda has each function that is there, by our name for it."""
        functions = self.client("lambda")
        found = {}
        for function in self.functions:
            try:
                found[function.name] = functions.get_function_configuration(FunctionName=function.full_name(self.name))
            except functions.exceptions.ResourceNotFoundException:
                continue
        return found

    @cached_property
    def dead_letters(self) -> str:
        """The ARN of the queue of what could not be handled."""
        told = self.client("sqs").get_queue_attributes(
            QueueUrl=self.settings["DEAD_LETTERS_QUEUE_URL"], AttributeNames=["QueueArn"]
        )
        arn: str = told["Attributes"]["QueueArn"]
        return arn

    @property
    def replays(self) -> bool:
        """Whether it shows the replayed day: flights of 2013, of which nobody real is to be told."""
        return "replay" in self.feeds

    @property
    def feeds(self) -> list[str]:
        """Those that are polled."""
        return [feed.strip() for feed in self.settings["FEEDS"].split(",") if feed.strip()]

    def again(self, command: str) -> str:
        """A command of ours for this stage."""
        return f".venv/bin/python -m infra {command} --stage {self.name}"


def some(number: int, noun: str) -> str:
    """So many of something: "1 record", "2 records"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def join(names: Sequence[str], most: int = 6) -> str:
    """Names in a sentence; of many, the first."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
