"""Records that could not be handled are set aside whole, with the error, so that the rest goes on and none is lost.

`python -m infra deadletters` lists and replays them.
"""

import json
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chalicelib.core import aws
from chalicelib.core.clock import instant, wall_now
from chalicelib.core.config import config
from chalicelib.core.errors import Unavailable
from chalicelib.core.telemetry import count, logger


def handle_each(
    function: str,
    records: Iterable[Mapping[str, Any]],
    handle: Callable[[Mapping[str, Any]], None],
    name: Callable[[Mapping[str, Any]], str],
) -> dict[str, Any]:
    """Handle every record of a batch; `name` gives the identifier by which the source knows it.

    A record that can't be handled ever is set aside. One that can't be handled now (Unavailable, or the queue of the
    set-aside does not answer) is reported back, to come again. Returns Lambda's partial-batch response.

    Raises Unavailable where that is all of them: the batch comes again whole. So does a topic's message, which is asked
    for twice again, and whatever comes before `python -m infra tune` has told Lambda to look at what we return.
    """
    again = []
    batch = list(records)
    for record in batch:
        identifier = name(record)
        try:
            handle(record)
        except Unavailable as error:
            logger.warning("a record comes again", function=function, record=identifier, reason=str(error))
            again.append({"itemIdentifier": identifier})
        except Exception as error:
            if not set_aside(function, record, error):
                again.append({"itemIdentifier": identifier})
    if batch and len(again) == len(batch):
        raise Unavailable("not now; what was done of this batch is not done twice")
    return {"batchItemFailures": again}


def set_aside(function: str, record: Mapping[str, Any], error: Exception) -> bool:
    """Put a record into the dead-letter queue. Returns whether it is there."""
    logger.exception("a record is set aside", function=function)
    count("RecordsSetAside")
    reason = "".join(traceback.format_exception_only(error)).strip()
    letter = {"function": function, "at": instant(wall_now()), "error": reason, "record": record}
    try:
        aws.client("sqs").send_message(
            QueueUrl=config().dead_letters_queue, MessageBody=json.dumps(letter, default=str)
        )
    except Exception:
        logger.exception("the dead-letter queue does not take a record", function=function)
        return False
    return True
