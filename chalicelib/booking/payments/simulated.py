"""The simulated payment service: for whoever tries Gatecall before a real one is put behind the port. No money moves.

What a card does hangs on its token:

| token | what it does |
| --- | --- |
| `tok_approve` | is approved |
| `tok_decline` | is declined: insufficient funds |
| `tok_decline_stolen` | is declined: reported as stolen, which the payer is not told |
| `tok_challenge` | asks for 3-D Secure: a page to approve or decline on; after ten minutes it is declined |
| `tok_timeout` | is approved, but the answer never comes (TimedOut) |
| `tok_timeout_lost` | never arrives (TimedOut) |
| `tok_slow` | takes 20 seconds: TimedOut at first, AtWork for who asks meanwhile, then approved |
| `tok_duplicate` | is approved, and its callback comes twice |
| `tok_refund_fails` | is approved; its refund is refused the first time, and taken the next |
| `tok_refund_timeout` | is approved; its refund is taken, but the answer never comes (TimedOut) |

Its ledger lies in the table `bookings`: pk = simulated#<reference>, sk = charge, one item for each charge with all its
refunds. Each write is conditional, so it is exact under any number of callers. A callback is lost where the queue does
not take it, as one of a real service may be late for days: nobody may rely on it alone.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from chalicelib.booking.payments import (
    AtWork,
    Charged,
    Decline,
    Method,
    Outcome,
    Reason,
    Refunded,
    TimedOut,
    page_of_ours,
)
from chalicelib.core import aws
from chalicelib.core.clock import instant
from chalicelib.core.config import config
from chalicelib.core.errors import Conflict, Fault, Invalid, NotFound, TooLarge, Unauthenticated, Unavailable
from chalicelib.core.secrets import secret
from chalicelib.core.telemetry import logger
from chalicelib.core.urls import public_url

CHALLENGE_FOR = timedelta(minutes=10)  # to pass a challenge in; apps may allow 5 to 99 (Stripe's 3DS2 SDK, setTimeout)
KEPT = timedelta(days=500)  # longer than a booking: what was charged can be refunded until that ends
TOLERANCE = timedelta(minutes=5)  # between a callback's time and ours (Standard Webhooks, as its libraries have it)
LARGEST = 10_000  # bytes of a callback's body
_SLOW = timedelta(seconds=20)
_ATTEMPTS = 8  # of a refund that others are first with
_REFERENCE = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True)
class _Card:
    """What a card does."""

    label: str
    what: str
    code: str = ""  # why it is declined
    challenge: bool = False
    lost: bool = False  # a charge of it never arrives
    silent: bool = False  # its charge is not answered the first time
    busy: timedelta = timedelta()  # how long its charge takes
    callbacks: int = 1
    refusals: int = 0  # of refunds, before one is taken
    refund_silent: bool = False  # its refund is not answered the first time


_CARDS: Mapping[str, _Card] = {
    "tok_approve": _Card("Card that pays", "Approved at once."),
    "tok_decline": _Card("Empty card", "Declined: insufficient funds.", code="insufficient_funds"),
    "tok_decline_stolen": _Card("Stolen card", "Declined, without a reason being told.", code="stolen_card"),
    "tok_challenge": _Card("Card with 3-D Secure", "Asks you to approve on the bank's page.", challenge=True),
    "tok_timeout": _Card("Card whose answer is lost", "Approved, but the answer never comes.", silent=True),
    "tok_timeout_lost": _Card("Card that is never reached", "Nothing is taken, and no answer comes.", lost=True),
    "tok_slow": _Card("Slow card", "No answer at first; approved after 20 seconds.", silent=True, busy=_SLOW),
    "tok_duplicate": _Card("Card that is told of twice", "Approved; its callback comes twice.", callbacks=2),
    "tok_refund_fails": _Card("Card that refuses a refund", "Approved; takes a refund the second time.", refusals=1),
    "tok_refund_timeout": _Card(
        "Card whose refund is not answered", "Approved; takes a refund, but the answer never comes.", refund_silent=True
    ),
}

# By the service's code. Of a stolen card no more is said than of any other (Stripe, Decline codes).
_DECLINES = {
    code: Decline(reason, text, code)
    for code, reason, text in (
        ("insufficient_funds", Reason.INSUFFICIENT_FUNDS, "The card has not enough money left for this."),
        ("stolen_card", Reason.CARD_DECLINED, "The card was declined. Its bank can say why."),
        ("authentication_failed", Reason.NOT_AUTHENTICATED, "The payment was declined on the bank's page."),
        ("authentication_expired", Reason.NOT_AUTHENTICATED, "The payment was not approved in time."),
        ("cancelled", Reason.CANCELLED, "The payment was cancelled before it was approved."),
    )
}


def methods() -> Sequence[Method]:
    """One card for everything that can become of a payment."""
    return [Method(token, card.label, card.what) for token, card in _CARDS.items()]


def charge(reference: str, *, amount: int, currency: str, token: str, return_url: str, now: datetime) -> Charged:
    """Charge a card. Raises as the port says."""
    card = _CARDS.get(token)
    if card is None:
        raise Invalid("this payment token is not known", [Fault("body", "token", "is not one of the service's")])
    _see_amount(amount)
    back = page_of_ours(return_url)
    if card.lost:
        raise TimedOut("the payment service does not answer")
    key = secrets.token_urlsafe(16)  # booking/api.py routes the URL to `pages`
    challenge_url = f"{public_url()}/v1/payments/simulated/{reference}?{urlencode({'key': key})}"
    state = Outcome.CHALLENGE if card.challenge else Outcome.DECLINED if card.code else Outcome.APPROVED
    made = {
        **_key(reference),
        "amount": amount, "currency": currency, "token": _digest(reference, token), "return_url": back,
        "payment": f"sim_{secrets.token_urlsafe(12)}", "state": state, "code": card.code,
        "challenge_key": key, "challenge_url": challenge_url, "challenge_until": _seconds(now + CHALLENGE_FOR),
        "busy_until": _seconds(now + card.busy), "callbacks": card.callbacks, "refusals": card.refusals,
        "refund_silent": int(card.refund_silent), "refunds": {}, "refunded": 0, "expires": _seconds(now + KEPT),
        "schema": 1,
    }  # fmt: skip
    kept = _put_or_find(made)
    if kept["payment"] != made["payment"]:  # it was charged before
        if kept["token"] and any(kept[name] != made[name] for name in ("token", "amount", "currency")):
            raise Conflict("this reference was used for another charge")
        return _charged(_as_of(kept, now))
    if state is not Outcome.CHALLENGE:
        _call_back(kept, after=card.busy)
    if card.silent:
        raise TimedOut("the payment service does not answer")
    return _charged(kept)


def status(reference: str, now: datetime) -> Charged | None:
    """What became of a charge. Raises AtWork, Unavailable."""
    kept = _find(reference)
    return _charged(_as_of(kept, now)) if kept else None


def cancel(reference: str, now: datetime) -> Charged:
    """Decline for good what is not approved. Raises AtWork, Unavailable.

    Of a charge that has not arrived a line is kept that declines it when it does.
    """
    never = {
        **_key(reference),
        "amount": 0, "currency": "", "token": "", "return_url": "", "payment": f"sim_{secrets.token_urlsafe(12)}",
        "state": Outcome.DECLINED, "code": "cancelled", "busy_until": 0, "refunds": {}, "refunded": 0,
        "expires": _seconds(now + KEPT), "schema": 1,
    }  # fmt: skip
    kept = _as_of(_find(reference) or _put_or_find(never), now)
    if kept["state"] == Outcome.CHALLENGE:
        kept = _decide(kept, Outcome.DECLINED, "cancelled")
    return _charged(kept)


def refund(reference: str, refund_reference: str, amount: int, now: datetime) -> Refunded:
    """Give back some or all of a charge. Raises as the port says."""
    _see_reference(refund_reference)
    _see_amount(amount)
    for _ in range(_ATTEMPTS):
        kept = _find(reference)
        if kept is None:
            raise NotFound("there is no such charge")
        kept = _as_of(kept, now)
        before = kept["refunds"].get(refund_reference)
        if before is not None and before != amount:
            raise Conflict("this reference was used for another refund")
        if before is not None:
            return Refunded(reference, refund_reference, amount, taken=True)
        if kept["state"] != Outcome.APPROVED:
            raise Conflict("this charge was not approved; there is nothing to refund")
        if kept["refunded"] + amount > kept["amount"]:
            raise Conflict(f"of this charge {kept['amount'] - kept['refunded']} are left to refund; this asks {amount}")
        if kept["refusals"]:
            if _update(reference, "SET refusals = :less", "refusals = :were",
                       less=kept["refusals"] - 1, were=kept["refusals"]):  # fmt: skip
                return Refunded(reference, refund_reference, amount, taken=False, reason="refused by the card's bank")
        elif _update(
            reference, "SET refunds.#refund = :amount ADD refunded :amount",
            "attribute_not_exists(refunds.#refund) AND refunded <= :room",
            {"#refund": refund_reference}, amount=amount, room=kept["amount"] - amount,
        ):  # fmt: skip
            if kept["refund_silent"]:
                raise TimedOut("the payment service does not answer")
            return Refunded(reference, refund_reference, amount, taken=True)
    raise Unavailable("others keep refunding the same charge")


@dataclass(frozen=True)
class Challenge:
    """A charge as its payer sees it on the bank's page, and where to go from there."""

    charged: Charged
    return_url: str


def challenge(reference: str, key: str, now: datetime) -> Challenge:
    """What a challenge is about; who has its URL has the key. Raises NotFound, Unavailable."""
    kept = _challenged(reference, key, now)
    return Challenge(_charged(kept), kept["return_url"])


def answer(reference: str, key: str, approve: bool, now: datetime) -> Challenge:
    """Approve or decline as the payer. What was decided before stays. Raises NotFound, Unavailable."""
    kept = _challenged(reference, key, now)
    if kept["state"] == Outcome.CHALLENGE:
        kept = (
            _decide(kept, Outcome.APPROVED, "") if approve else _decide(kept, Outcome.DECLINED, "authentication_failed")
        )
        _call_back(kept)
    return Challenge(_charged(kept), kept["return_url"])


def signed(event: Mapping[str, Any], now: datetime) -> tuple[dict[str, str], bytes]:
    """The headers and the body of a callback that is sent at this instant (Standard Webhooks). Raises Unavailable."""
    from standardwebhooks import Webhook

    at = now.astimezone(UTC)  # the library takes any time for UTC
    body = json.dumps({"type": event["type"], "timestamp": instant(at), "data": {"reference": event["reference"]}})
    headers = {
        "webhook-id": str(event["id"]),
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret("payments-callback")).sign(str(event["id"]), at, body),
    }
    return headers, body.encode()


def callback(headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The reference of the charge that a genuine callback is about. Raises Unauthenticated, Invalid, Unavailable."""
    if len(body) > LARGEST:
        raise TooLarge(f"a callback has at most {LARGEST} bytes")
    if not _is_genuine(headers, body, now):
        raise Unauthenticated("this is signed by nobody we know, or was signed too long ago", "StandardWebhooks")
    try:
        reference = json.loads(body)["data"]["reference"]
    except (ValueError, KeyError, TypeError, RecursionError):
        reference = None
    if not isinstance(reference, str) or not _REFERENCE.fullmatch(reference):
        raise Invalid("this callback names no charge", [Fault("body", "data.reference", "is to name a charge")])
    return reference


def _is_genuine(headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Whether we signed it, lately. The library's own check reads the clock by itself."""
    from standardwebhooks import Webhook

    id, sent, given = (headers.get(f"webhook-{name}") or "" for name in ("id", "timestamp", "signature"))
    try:
        text = body.decode()
        at = datetime.fromtimestamp(int(sent), UTC) if re.fullmatch(r"[0-9]{1,10}", sent) else None
    except ValueError:
        return False
    if not (id and id.isascii() and given.isascii() and at and abs(now - at) <= TOLERANCE):
        return False
    expected = Webhook(secret("payments-callback")).sign(id, at, text)
    return any(hmac.compare_digest(each, expected) for each in given.split(" "))


def _call_back(kept: Mapping[str, Any], after: timedelta = timedelta()) -> None:
    """Say by the queue of settlements what became of a charge, a moment later: who asked may not have noted it yet."""
    from botocore.exceptions import BotoCoreError, ClientError

    reference, state = kept["pk"].partition("#")[2], kept["state"]
    event = {"id": f"evt_{kept['payment']}_{state}", "type": f"payment.{state}", "reference": reference}
    try:
        for number in range(1, kept["callbacks"] + 1):
            aws.client("sqs").send_message(
                QueueUrl=config().settlements_queue,
                MessageBody=json.dumps({"callback": event}),
                DelaySeconds=int(after.total_seconds()) + number,
            )
    except (BotoCoreError, ClientError) as error:
        logger.warning("a callback is lost", payment=reference, reason=type(error).__name__)


def _as_of(kept: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A charge as it is at this instant. A challenge whose time is over is declined in writing, so that it stays so.

    Raises AtWork, Unavailable.
    """
    if kept["busy_until"] > now.timestamp():
        raise AtWork("the payment service is still at work on this charge")
    if kept["state"] == Outcome.CHALLENGE and kept["challenge_until"] <= now.timestamp():
        return _decide(kept, Outcome.DECLINED, "authentication_expired")
    return kept


def _decide(kept: dict[str, Any], state: Outcome, code: str) -> dict[str, Any]:
    """End a challenge, or find how somebody else ended it."""
    reference = kept["pk"].partition("#")[2]
    decided = _update(
        reference, "SET #state = :state, code = :code", "#state = :waits", {"#state": "state"},
        state=state, code=code, waits=Outcome.CHALLENGE,
    )  # fmt: skip
    return decided or _find(reference) or kept


def _challenged(reference: str, key: str, now: datetime) -> dict[str, Any]:
    kept = _find(reference) if _REFERENCE.fullmatch(reference) else None
    if not kept or not hmac.compare_digest(kept.get("challenge_key", "").encode(), key.encode(errors="replace")):
        raise NotFound("there is no such challenge")
    as_of_now = _as_of(kept, now)
    if as_of_now["state"] != kept["state"]:
        _call_back(as_of_now)
    return as_of_now


def _charged(kept: Mapping[str, Any]) -> Charged:
    reference, outcome = kept["pk"].partition("#")[2], Outcome(kept["state"])
    return Charged(
        reference, kept["amount"], kept["currency"], outcome, kept["payment"],
        decline=_DECLINES[kept["code"]] if outcome is Outcome.DECLINED else None,
        challenge_url=kept["challenge_url"] if outcome is Outcome.CHALLENGE else None,
        refunded=kept["refunded"],
    )  # fmt: skip


def _see_amount(amount: int) -> None:
    if amount < 1:
        raise Invalid(f"an amount is at least 1 of the currency's smallest unit; this is {amount}")


def _see_reference(reference: str) -> None:
    if not _REFERENCE.fullmatch(reference):
        raise Invalid("a reference has up to 64 letters, digits and hyphens")


def _key(reference: str) -> dict[str, Any]:
    _see_reference(reference)
    return {"pk": f"simulated#{reference}", "sk": "charge"}


def _digest(reference: str, token: str) -> str:
    """By which a token is known again; the token itself is not kept."""
    return hashlib.blake2b(f"{reference}#{token}".encode(), digest_size=16).hexdigest()


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _find(reference: str) -> dict[str, Any] | None:
    found = _asked("get_item", Key=_item(_key(reference)), ConsistentRead=True)
    return _plain(found["Item"]) if found and "Item" in found else None


def _put_or_find(made: dict[str, Any]) -> dict[str, Any]:
    """Keep a charge, or find the one that was kept first."""
    if _asked("put_item", Item=_item(made), ConditionExpression="attribute_not_exists(pk)") is not None:
        return made
    return _find(made["pk"].partition("#")[2]) or made


def _update(
    reference: str, change: str, condition: str, names: Mapping[str, str] | None = None, **values: Any
) -> dict[str, Any] | None:
    """Change a charge where a condition holds; as it is then, or None."""
    answer = _asked(
        "update_item", Key=_item(_key(reference)), UpdateExpression=change, ConditionExpression=condition,
        ExpressionAttributeValues=_item({f":{name}": value for name, value in values.items()}),
        ReturnValues="ALL_NEW", **({"ExpressionAttributeNames": names} if names else {}),
    )  # fmt: skip
    return _plain(answer["Attributes"]) if answer else None


def _asked(operation: str, **request: Any) -> dict[str, Any] | None:
    """DynamoDB's answer; None where a condition does not hold. Raises Unavailable."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer: dict[str, Any] = getattr(aws.client("dynamodb"), operation)(
            TableName=config().bookings_table, **request
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            return None
        raise Unavailable("the payment service can't be asked") from error
    except BotoCoreError as error:
        raise Unavailable("the payment service can't be asked") from error
    return answer


def _item(values: Mapping[str, Any]) -> dict[str, Any]:
    """Texts, whole numbers and maps of them as DynamoDB takes them."""
    return {
        name: {"M": _item(value)} if isinstance(value, Mapping)
        else {"N": str(value)} if isinstance(value, int)
        else {"S": str(value)}
        for name, value in values.items()
    }  # fmt: skip


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """What `_item` made, back again."""
    return {
        name: _plain(value["M"]) if "M" in value else int(value["N"]) if "N" in value else value["S"]
        for name, value in item.items()
    }
