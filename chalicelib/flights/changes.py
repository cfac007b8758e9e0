"""Tells each committed version of a leg to the topic `flight-changes`, once in the ordinary case.

The flights table's stream brings every version as an item of its leg's history. What the stream lost (a record older
than its 24 hours, a crash between telling and marking) is found again by `repair`, in the sparse index of versions
not told yet. Receivers drop a version they have, so telling twice is harmless.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core import aws
from chalicelib.core.clock import instant
from chalicelib.core.config import config
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.core.telemetry import count, logger
from chalicelib.flights import store
from chalicelib.flights.answers import ChangeLine

PATIENCE = timedelta(minutes=2)  # how long the stream may take before a version counts as forgotten


def tell_record(record: Mapping[str, Any]) -> None:
    """Tell the version that a stream record brings; any other item of the table is passed over.

    Raises Unavailable where the topic or the table does not answer now; ValueError, KeyError or TypeError for a
    record that can't be understood.
    """
    image = record["dynamodb"].get("NewImage")
    version = store.version_of_image(image) if record["eventName"] == "INSERT" and image else None
    if version:
        tell(version)


def tell(version: store.Version) -> None:
    """Publish one version and mark it told. Raises Unavailable; ClientError for a version the topic never takes."""
    from botocore.exceptions import BotoCoreError, ClientError

    kinds = sorted({change.kind for change in version.changes})
    try:
        aws.client("sns", retries=False).publish(
            TopicArn=config().flight_changes_topic,
            Message=json.dumps(message(version), separators=(",", ":")),
            MessageAttributes={
                "flight": {"DataType": "String", "StringValue": str(version.leg)},
                "kinds": {"DataType": "String.Array", "StringValue": json.dumps(kinds)},
                "airports": {"DataType": "String.Array", "StringValue": json.dumps(version.airports)},
            },
        )
    except (BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError) and not aws.is_transient(error):
            raise
        raise Unavailable(f"the topic does not take {version.leg} version {version.version}: {error}") from error
    try:
        store.mark_told(version.leg, version.version)
    except Conflict:
        logger.info("told, but gone meanwhile", flight=str(version.leg), version=version.version)
    count("ChangesTold")
    logger.info("change told", flight=str(version.leg), version=version.version, kinds=kinds)


def message(version: store.Version) -> dict[str, Any]:
    """A version as the topic's subscribers read it: flight, version, kinds, airports, and each change."""
    return {
        "flight": str(version.leg),
        "version": version.version,
        "committed_at": instant(version.committed_at),
        "airports": list(version.airports),
        "kinds": sorted({change.kind for change in version.changes}),
        "changes": [ChangeLine.of(version.version, change).model_dump(mode="json") for change in version.changes],
    }


def repair(now: datetime, limit: int = 500) -> int:
    """Tell what was committed before `now` less two minutes and never told. Returns how many versions were told."""
    told = 0
    for version in store.untold(now - PATIENCE, limit):
        try:
            tell(version)
        except Exception:
            logger.exception("a version can't be told", flight=str(version.leg), version=version.version)
            count("ChangesNotTold")
            continue
        logger.warning("told what the stream had lost", flight=str(version.leg), version=version.version)
        told += 1
    count("ChangesRepaired", told)
    return told
