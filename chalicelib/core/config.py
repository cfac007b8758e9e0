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
    accounts_stream: str  # ACCOUNTS_STREAM_ARN
    subscriptions_table: str  # SUBSCRIPTIONS_TABLE
    subscriptions_stream: str  # SUBSCRIPTIONS_STREAM_ARN
    followers_table: str  # FOLLOWERS_TABLE
    limits_table: str  # LIMITS_TABLE
    inventory_table: str  # INVENTORY_TABLE
    searches_table: str  # SEARCHES_TABLE
    bookings_table: str  # BOOKINGS_TABLE
    bookings_stream: str  # BOOKINGS_STREAM_ARN
    flight_changes_topic: str  # FLIGHT_CHANGES_TOPIC_ARN
    booking_changes_topic: str  # BOOKING_CHANGES_TOPIC_ARN
    email_events_topic: str  # EMAIL_EVENTS_TOPIC_ARN: bounces and complaints, from SES
    sms_replies_topic: str  # SMS_REPLIES_TOPIC_ARN: what people answer to a two-way number
    emails_queue: str  # EMAILS_QUEUE_URL
    texts_queue: str  # TEXTS_QUEUE_URL: SMS
    pushes_queue: str  # PUSHES_QUEUE_URL: push and web push
    webhooks_queue: str  # WEBHOOKS_QUEUE_URL
    errands_queue: str  # ERRANDS_QUEUE_URL: what is to be done after a change of an account
    settlements_queue: str  # SETTLEMENTS_QUEUE_URL: bookings to look at later
    passengers_key: str  # PASSENGERS_KEY: alias of the KMS key that passengers' documents are encrypted with
    dead_letters_queue: str  # DEAD_LETTERS_QUEUE_URL
    feeds: tuple[str, ...]  # FEEDS: the feeds to poll, by name, comma separated
    airports: tuple[str, ...]  # AIRPORTS: the home airports of the polled feeds
    public_url: str  # PUBLIC_URL: what links in messages begin with, such as https://flights.example.com
    short_url: str  # SHORT_URL: likewise in SMS, such as https://f.example; "" sends SMS without links
    email_sender: str  # EMAIL_SENDER: "Example Air <flights@example.com>"; "" sends no email
    email_configuration_set: str  # EMAIL_CONFIGURATION_SET: of SES; "" uses none
    email_rate: float  # EMAIL_RATE: recipients a second that SES allows this account
    sms_sender: str  # SMS_SENDER: the number or sender id that SMS come from; "" leaves it to SNS
    sms_rate: float  # SMS_RATE: messages a second that SNS allows this account
    fcm_application: str  # FCM_APPLICATION_ARN: SNS platform application for Android; "" takes no such tokens
    apns_application: str  # APNS_APPLICATION_ARN: likewise for iOS
    webhooks_to: str  # WEBHOOKS_TO: "public" addresses only; "anywhere" also on this machine and private networks
    payments: str  # PAYMENTS: who takes them: "simulated", which moves no money; "" nobody, and nothing is sold
    cors_origin: (
        str  # CORS_ORIGIN: whose pages may call from a browser: "*", or one such as https://app.example.com; "" none
    )
    flight_clock: str  # FLIGHT_CLOCK: "" in production; "2026-11-21T08:00:00Z*60" runs from now on at 60 times speed


def read(environment: Mapping[str, str]) -> Config:
    """Read the settings. Raises Misconfigured."""

    def setting(name: str) -> str:
        try:
            return environment[name]
        except KeyError:
            raise Misconfigured(f"{name} is not set; .chalice/config.json names every setting") from None

    def number(name: str) -> float:
        try:
            given = float(setting(name))
        except ValueError:
            given = 0
        if not 0 < given < float("inf"):
            raise Misconfigured(f"{name} is {setting(name)!r}; it is a number above 0")
        return given

    def names(name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in setting(name).split(",") if part.strip())

    return Config(
        stage=setting("GATECALL_STAGE"),
        flights_table=setting("FLIGHTS_TABLE"),
        flights_stream=setting("FLIGHTS_STREAM_ARN"),
        live_table=setting("LIVE_TABLE"),
        accounts_table=setting("ACCOUNTS_TABLE"),
        accounts_stream=setting("ACCOUNTS_STREAM_ARN"),
        subscriptions_table=setting("SUBSCRIPTIONS_TABLE"),
        subscriptions_stream=setting("SUBSCRIPTIONS_STREAM_ARN"),
        followers_table=setting("FOLLOWERS_TABLE"),
        limits_table=setting("LIMITS_TABLE"),
        inventory_table=setting("INVENTORY_TABLE"),
        searches_table=setting("SEARCHES_TABLE"),
        bookings_table=setting("BOOKINGS_TABLE"),
        bookings_stream=setting("BOOKINGS_STREAM_ARN"),
        flight_changes_topic=setting("FLIGHT_CHANGES_TOPIC_ARN"),
        booking_changes_topic=setting("BOOKING_CHANGES_TOPIC_ARN"),
        email_events_topic=setting("EMAIL_EVENTS_TOPIC_ARN"),
        sms_replies_topic=setting("SMS_REPLIES_TOPIC_ARN"),
        emails_queue=setting("EMAILS_QUEUE_URL"),
        texts_queue=setting("TEXTS_QUEUE_URL"),
        pushes_queue=setting("PUSHES_QUEUE_URL"),
        webhooks_queue=setting("WEBHOOKS_QUEUE_URL"),
        errands_queue=setting("ERRANDS_QUEUE_URL"),
        settlements_queue=setting("SETTLEMENTS_QUEUE_URL"),
        passengers_key=setting("PASSENGERS_KEY"),
        dead_letters_queue=setting("DEAD_LETTERS_QUEUE_URL"),
        feeds=names("FEEDS"),
        airports=names("AIRPORTS"),
        public_url=setting("PUBLIC_URL").rstrip("/"),
        short_url=setting("SHORT_URL").rstrip("/"),
        email_sender=setting("EMAIL_SENDER"),
        email_configuration_set=setting("EMAIL_CONFIGURATION_SET"),
        email_rate=number("EMAIL_RATE"),
        sms_sender=setting("SMS_SENDER"),
        sms_rate=number("SMS_RATE"),
        fcm_application=setting("FCM_APPLICATION_ARN"),
        apns_application=setting("APNS_APPLICATION_ARN"),
        webhooks_to=setting("WEBHOOKS_TO"),
        payments=setting("PAYMENTS"),
        cors_origin=setting("CORS_ORIGIN"),
        flight_clock=setting("FLIGHT_CLOCK"),
    )


@cache
def names() -> frozenset[str]:
    """The names of all settings."""

    class Asked(dict[str, str]):
        def __missing__(self, name: str) -> str:
            return self.setdefault(name, "1")

    asked = Asked()
    read(asked)
    return frozenset(asked)


@cache
def config() -> Config:
    """The settings of this process."""
    return read(os.environ)
