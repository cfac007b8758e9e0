"""What every test stands on: an environment that points nowhere, and no clock but the one a test gives."""

import os

from hypothesis import settings

pytest_plugins = ["tests.leaks", "tests.permissions"]  # every test's log is read, and every call of AWS

# Set before anything imports app.py, which reads its settings then. Nothing leaves this machine.
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_ACCOUNT_ID_ENDPOINT_MODE="disabled",
    AWS_EC2_METADATA_DISABLED="true",
    GATECALL_STAGE="test",
    FLIGHTS_TABLE="gatecall-test-flights",
    FLIGHTS_STREAM_ARN="arn:aws:dynamodb:us-east-1:123456789012:table/gatecall-test-flights/stream/2026-01-01",
    LIVE_TABLE="gatecall-test-live",
    ACCOUNTS_TABLE="gatecall-test-accounts",
    ACCOUNTS_STREAM_ARN="arn:aws:dynamodb:us-east-1:123456789012:table/gatecall-test-accounts/stream/2026-01-01",
    SUBSCRIPTIONS_TABLE="gatecall-test-subscriptions",
    SUBSCRIPTIONS_STREAM_ARN="arn:aws:dynamodb:us-east-1:123456789012:table/gatecall-test-subscriptions/stream/2026-01-01",
    FOLLOWERS_TABLE="gatecall-test-followers",
    LIMITS_TABLE="gatecall-test-limits",
    INVENTORY_TABLE="gatecall-test-inventory",
    SEARCHES_TABLE="gatecall-test-searches",
    BOOKINGS_TABLE="gatecall-test-bookings",
    BOOKINGS_STREAM_ARN="arn:aws:dynamodb:us-east-1:123456789012:table/gatecall-test-bookings/stream/2026-01-01",
    PASSENGERS_KEY="alias/gatecall-test-passengers",
    FLIGHT_CHANGES_TOPIC_ARN="arn:aws:sns:us-east-1:123456789012:gatecall-test-flight-changes",
    BOOKING_CHANGES_TOPIC_ARN="arn:aws:sns:us-east-1:123456789012:gatecall-test-booking-changes",
    DEAD_LETTERS_QUEUE_URL="https://sqs.us-east-1.amazonaws.com/123456789012/gatecall-test-dead-letters",
    EMAIL_EVENTS_TOPIC_ARN="arn:aws:sns:us-east-1:123456789012:gatecall-test-email-events",
    SMS_REPLIES_TOPIC_ARN="arn:aws:sns:us-east-1:123456789012:gatecall-test-sms-replies",
    EMAILS_QUEUE_URL="https://sqs.us-east-1.amazonaws.com/123456789012/gatecall-test-emails",
    TEXTS_QUEUE_URL="https://sqs.us-east-1.amazonaws.com/123456789012/gatecall-test-texts",
    PUSHES_QUEUE_URL="https://sqs.us-east-1.amazonaws.com/123456789012/gatecall-test-pushes",
    WEBHOOKS_QUEUE_URL="https://sqs.us-east-1.amazonaws.com/123456789012/gatecall-test-webhooks",
    ERRANDS_QUEUE_URL="https://sqs.us-east-1.amazonaws.com/123456789012/gatecall-test-errands",
    SETTLEMENTS_QUEUE_URL="https://sqs.us-east-1.amazonaws.com/123456789012/gatecall-test-settlements",
    PUBLIC_URL="https://flights.test",
    SHORT_URL="https://f.test",
    EMAIL_SENDER="Example Air <flights@example.com>",
    EMAIL_CONFIGURATION_SET="gatecall-test",
    EMAIL_RATE="100000",
    SMS_SENDER="",
    SMS_RATE="100000",
    FCM_APPLICATION_ARN="arn:aws:sns:us-east-1:123456789012:app/GCM/test",
    APNS_APPLICATION_ARN="arn:aws:sns:us-east-1:123456789012:app/APNS/test",
    WEBHOOKS_TO="public",
    PAYMENTS="simulated",
    CORS_ORIGIN="",
    FEEDS="replay",
    AIRPORTS="EWR,JFK,LGA",
    FLIGHT_CLOCK="",
    POWERTOOLS_LOG_LEVEL="INFO",
)
for name in [name for name in os.environ if name.startswith(("AWS_ENDPOINT_URL", "AWS_PROFILE"))]:
    del os.environ[name]

# Quick at the desk, more in CI; `pytest --hypothesis-profile=long` looks hardest.
settings.register_profile("quick", max_examples=15, deadline=None)
settings.register_profile("ci", max_examples=60, deadline=None)
settings.register_profile("long", max_examples=5000, deadline=None)
settings.register_profile("fuzz", max_examples=300, deadline=None)  # of each route as each role: `make fuzz`
settings.load_profile("ci" if os.environ.get("CI") else "quick")
