"""Does what is to be done after a change of an account was committed: letters, and moving and erasing what hangs on it.

The change and its errand are written in one transaction. The table's stream puts the errand into a queue (`queue`), and
from there it is done (`run`): claimed by a lease, done, and marked. A crash between the provider's answer and the mark
repeats that one letter at most; moving and erasing may be done again. An errand that is done goes, and the address with
it; but where its letter holds a link, it stays until that is used: whoever uses it lets the errand go in the same
transaction.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.accounts import store
from chalicelib.accounts.model import LINKS, Errand, Task
from chalicelib.channels.model import Outcome
from chalicelib.core import aws
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.errors import Unavailable
from chalicelib.core.telemetry import count, logger

LEASE = timedelta(seconds=120)  # longer than a function runs, shorter than the queue keeps a message back


def queue(record: Mapping[str, Any]) -> None:
    """Queue the errand that a record of the table's stream tells of, where it is new. Raises Unavailable.

    ValueError, KeyError or TypeError for a record that can't be understood.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    image = record["dynamodb"].get("NewImage")
    errand = store.errand_of_image(image) if image else None
    if errand is None or errand.revision != 1 or errand.done:
        return
    try:
        aws.client("sqs").send_message(QueueUrl=config().errands_queue, MessageBody=json.dumps({"errand": errand.id}))
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(f"the queue of errands does not take messages: {type(error).__name__}") from error


def run(id: str, now: Now) -> None:
    """Do an errand, once; nothing where it is done or gone. Raises Unavailable where it is to come again."""
    errand = store.persist(lambda: _claim(id, now.wall))
    if errand is None:
        return
    try:
        _do(errand, now)
    except Unavailable:
        store.persist(lambda: _settle(errand, now.wall, done=False))
        raise
    store.persist(lambda: _settle(errand, now.wall, done=True))


def _claim(id: str, now: datetime) -> Errand | None:
    """Be the one who does it."""
    errand = store.errand(id, now)
    if errand is None or errand.done:
        return None
    if errand.leased_until > now.timestamp():
        raise Unavailable("somebody is doing this")
    claimed = replace(errand, leased_until=int((now + LEASE).timestamp()))
    store.save(claimed, now=now)
    return claimed


def _do(errand: Errand, now: Now) -> None:
    match errand.task:
        case Task.MOVE:
            from chalicelib.accounts import personal

            personal.move(errand, now)
        case Task.ERASE:
            from chalicelib.accounts import personal

            personal.go_on_erasing(errand, now)
        case _:
            _write(errand)


def _write(errand: Errand) -> None:
    """Send the letter that is due."""
    from chalicelib.accounts import letters
    from chalicelib.channels import email

    account = store.account_with(errand.email)
    if errand.task is Task.RESET and account and account.disabled:
        account = None  # a new password would open nothing
    letter = letters.letter(errand, account is not None)
    if letter is None:
        logger.info("no letter is due", errand=errand.id, task=errand.task)
        return
    receipt = email.send([letter])[0]
    logger.info("wrote a letter", errand=errand.id, task=errand.task, outcome=receipt.outcome, reason=receipt.reason)
    if receipt.outcome is Outcome.LATER:
        raise Unavailable("the letter is not taken now")
    count("AccountLettersSent" if receipt.outcome is Outcome.ACCEPTED else "AccountLettersRefused")


def _settle(claimed: Errand, now: datetime, *, done: bool) -> None:
    """Let go of an errand, where it is still there and still ours."""
    errand = store.errand(claimed.id, now)
    if errand is None or errand.done or errand.leased_until != claimed.leased_until:
        return
    if done and errand.task not in LINKS:
        store.save(gone=[errand], now=now)
    else:
        store.save(replace(errand, done=done, leased_until=0), now=now)
