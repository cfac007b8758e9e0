"""What a deployment is told by its environment: read once, here and nowhere else.

The names stand in `.chalice/config.json` for each stage and in the README.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache


class Misconfigured(RuntimeError):
    """The environment lacks a setting, or one can't be read; the message names it."""


@dataclass(frozen=True)
class Config:
    """The settings of one stage."""

    stage: str  # GATECALL_STAGE
    flights_table: str  # FLIGHTS_TABLE
    flights_stream: str  # FLIGHTS_STREAM_ARN
    live_table: str  # LIVE_TABLE
    accounts_table: str  # ACCOUNTS_TABLE
    flight_changes_topic: str  # FLIGHT_CHANGES_TOPIC_ARN
    dead_letters_queue: str  # DEAD_LETTERS_QUEUE_URL
    feeds: tuple[str, ...]  # FEEDS: the feeds to poll, by name, comma separated
    airports: tuple[str, ...]  # AIRPORTS: the home airports of the polled feeds
    flight_clock: str  # FLIGHT_CLOCK: "" in production; "2026-11-21T08:00:00Z*60" runs from now on at 60 times speed


def read(environment: Mapping[str, str]) -> Config:
    """Read the settings. Raises Misconfigured."""

    def setting(name: str) -> str:
        try:
            return environment[name]
        except KeyError:
            raise Misconfigured(f"{name} is not set; .chalice/config.json names every setting") from None

    def names(name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in setting(name).split(",") if part.strip())

    return Config(
        stage=setting("GATECALL_STAGE"),
        flights_table=setting("FLIGHTS_TABLE"),
        flights_stream=setting("FLIGHTS_STREAM_ARN"),
        live_table=setting("LIVE_TABLE"),
        accounts_table=setting("ACCOUNTS_TABLE"),
        flight_changes_topic=setting("FLIGHT_CHANGES_TOPIC_ARN"),
        dead_letters_queue=setting("DEAD_LETTERS_QUEUE_URL"),
        feeds=names("FEEDS"),
        airports=names("AIRPORTS"),
        flight_clock=setting("FLIGHT_CLOCK"),
    )


@cache
def config() -> Config:
    """The settings of this process."""
    return read(os.environ)
