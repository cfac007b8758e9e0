"""Idempotency-Key: the same request, sent again, is done once and gets the same answer, for 24 hours.

draft-ietf-httpapi-idempotency-key-header-07; what it leaves open is as Stripe's API has it (docs.stripe.com,
"Idempotent requests"), but that refusals are not kept. A route says how it takes the header
(`routes.post(..., idempotency=)`):

- `required`: the capability keeps the key beside what it did, in the same write (booking), so that no crash lies
  between. Its view is given a `Key`.
- `kept`: the header is optional. The answer is kept here, in the table `limits`: one write claims the key, one keeps
  the answer. Without the header nothing is written.
- `none`: the request changes nothing, or what it is a part of has a rule of its own for what comes twice.

An answer may hold personal data or secrets. So it is kept under AES-256-GCM, with a key made from the Idempotency-Key
and the caller: neither is stored, so who reads the table reads no answer. Of the request only an HMAC by the
Idempotency-Key stands there, as a bare hash of a password or a name could be guessed. That is worth as much as the key
is hard to guess: a client takes a new random one, such as a UUID of version 4, for each thing that it wants done. What
is kept of a person can't be found for them, by us either; it is gone after a day.

What is refused (4xx) or fails (5xx) is not kept: the same key may try again, with another body too. A process that dies
between claim and answer leaves a claim for `LEASE`; until then others get a 409, and after it the request is done
again, as without a key. So is one whose answer could not be kept: the caller has it, but who lost it on the way waits
for the end of the claim. An answer whose packed form does not fit into an item (`LARGEST`) is not kept either.

| item | pk | holds | lives |
| --- | --- | --- | --- |
| an answer | `answer#`, the key's hash | fingerprint, claim and its end, the sealed answer | 24 hours from the claim |

An item that is over counts as absent, whether or not the broom (`expires`) was there yet.
"""

import hashlib
import hmac
import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from secrets import token_bytes, token_hex
from typing import Any

from chalicelib.core import aws
from chalicelib.core.config import config
from chalicelib.core.errors import AtWork, Fault, Invalid, KeyReused, Unavailable
from chalicelib.core.telemetry import logger

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=60)  # of a claim: longer than the function's 29 seconds
LARGEST = 350_000  # bytes of a packed answer: an item has 400 kB (DynamoDB's quotas)
LONGEST = 255  # characters of a key, as at Stripe
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')  # RFC 9651, section 3.3.3: a String
_BARE = re.compile(r"[!#-~]+")  # as most clients send it
_WRONG = f"is to be 1 to {LONGEST} printable ASCII characters, such as a UUID, bare or in double quotes"


@dataclass(frozen=True)
class Key:
    """An Idempotency-Key as it may be stored: neither it nor the request can be told from this."""

    name_hash: str  # hex, 32 characters: of the key, of who calls, and of the route's path with its {names}
    fingerprint: str  # hex, 64 characters: HMAC-SHA256 of path, query and body, by the key


@dataclass(frozen=True)
class Kept:
    """An answer: what is kept of it, and comes again."""

    status: int
    headers: Mapping[str, str | list[str]]
    body: str


def shown(headers: Mapping[str, str], *, required: bool) -> str | None:
    """The key that a request shows; None where it shows none. Raises Invalid."""
    raw = headers.get(HEADER.lower())
    if raw is None:
        if required:
            _refuse("is missing: " + _WRONG.replace("is to be", "it is"))
        return None
    if quoted := _QUOTED.fullmatch(raw.strip()):
        text = re.sub(r'\\(["\\])', r"\1", quoted[1])
    else:
        text = raw.strip() if _BARE.fullmatch(raw.strip()) else ""
    if not 0 < len(text) <= LONGEST:
        _refuse(_WRONG)
    return text


def _refuse(what: str) -> None:
    raise Invalid(f"the header {HEADER} {what}", [Fault("header", HEADER, what)])


def key(text: str, identity: str, route: str, request: bytes) -> Key:
    """What may be stored of a key: of whose (`callers.identity`), for which route, and what was asked.

    `request` is canonical: equal for requests that say the same.
    """
    name = json.dumps([identity, route, text]).encode()
    return Key(hashlib.blake2b(name, digest_size=16).hexdigest(), hmac.digest(text.encode(), request, "sha256").hex())


def once(key: Key, text: str, act: Callable[[], Kept], now: datetime) -> tuple[Kept, bool]:
    """Do what a key (`text`) is for, or give the answer that it got; and whether it was that. `now` is wall time.

    Raises KeyReused for another request, AtWork while the first is still at work, Unavailable where the table does not
    answer: then nothing was done. What `act` raises comes through, and ends the claim.
    """
    claim = token_hex(16)
    kept = _claim(key, claim, now)
    if kept is not None:
        return _opened(key, text, kept), True
    try:
        answer = act()
    except Exception:
        _give_up(key, claim, now)
        raise
    if answer.status >= 400:
        _give_up(key, claim, now)
    else:
        _keep(key, claim, _sealed(key, text, answer))
    return answer, False


def _claim(key: Key, claim: str, now: datetime) -> bytes | None:
    """Claim a key by one conditional write; the sealed answer where it has one."""
    from botocore.exceptions import BotoCoreError, ClientError

    at = now.timestamp()
    lease, ends = at + LEASE.total_seconds(), ceil(at + KEPT.total_seconds())
    try:
        aws.client("dynamodb").update_item(
            TableName=config().limits_table,
            Key=_pk(key),
            UpdateExpression="SET claim = :claim, claimed_until = :lease, fingerprint = :asked, expires = :ends "
            "REMOVE answer",
            ConditionExpression="attribute_not_exists(pk) OR expires <= :now "
            "OR (attribute_not_exists(answer) AND claimed_until <= :now)",
            ExpressionAttributeValues={
                ":claim": {"S": claim}, ":asked": {"S": key.fingerprint}, ":now": {"N": f"{at:.3f}"},
                ":lease": {"N": f"{lease:.3f}"}, ":ends": {"N": str(ends)},
            },
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )  # fmt: skip
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise Unavailable("nobody can see whether this Idempotency-Key came before") from error
        return _judged(key, claim, error.response.get("Item", {}))
    except BotoCoreError as error:
        raise Unavailable("nobody can see whether this Idempotency-Key came before") from error
    return None


def _judged(key: Key, claim: str, item: Mapping[str, Any]) -> bytes | None:
    """What to make of the item that a claim met. Raises KeyReused, AtWork."""
    if item.get("claim", {}).get("S") == claim:
        return None  # it is ours: botocore asked twice, as the first answer was lost
    if not hmac.compare_digest(item.get("fingerprint", {}).get("S", ""), key.fingerprint):
        raise KeyReused(f"this {HEADER} came before with another request; take a new one")
    if "answer" not in item:
        raise AtWork(f"the request with this {HEADER} is still at work; try again")
    return bytes(item["answer"]["B"])


def _keep(key: Key, claim: str, sealed: bytes) -> None:
    """Keep an answer. What was asked for is done: so the caller hears of it, whatever becomes of this."""
    if len(sealed) > LARGEST:
        logger.warning("an answer is too large to be kept", key=key.name_hash, size=len(sealed))
        return
    _complete(key, claim, "SET answer = :answer", {":answer": {"B": sealed}})


def _give_up(key: Key, claim: str, now: datetime) -> None:
    """End a claim, so that the same key may try again at once. Where that fails, its lease ends it."""
    _complete(key, claim, "SET expires = :now", {":now": {"N": str(int(now.timestamp()))}})


def _complete(key: Key, claim: str, change: str, values: Mapping[str, Any]) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        aws.client("dynamodb").update_item(
            TableName=config().limits_table,
            Key=_pk(key),
            UpdateExpression=change,
            ConditionExpression="claim = :claim",
            ExpressionAttributeValues={":claim": {"S": claim}, **values},
        )
    except (BotoCoreError, ClientError) as error:
        logger.warning("a claim is left to its end", key=key.name_hash, reason=type(error).__name__)


def _pk(key: Key) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"answer#{key.name_hash}"}}


def _sealed(key: Key, text: str, answer: Kept) -> bytes:
    packed = zlib.compress(json.dumps([answer.status, dict(answer.headers), answer.body]).encode())
    nonce = token_bytes(12)  # 96 random bits: a seal's key is used for as many answers as the Idempotency-Key gets: few
    sealed: bytes = _seal(key, text).encrypt(nonce, packed, key.fingerprint.encode())
    return nonce + sealed


def _opened(key: Key, text: str, sealed: bytes) -> Kept:
    packed = _seal(key, text).decrypt(sealed[:12], sealed[12:], key.fingerprint.encode())
    return Kept(*json.loads(zlib.decompress(packed)))


def _seal(key: Key, text: str) -> Any:
    """AES-256-GCM by a key made (HKDF, RFC 5869) from the Idempotency-Key, for this caller, route and no other."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    info = f"gatecall.answer#{key.name_hash}".encode()
    return AESGCM(HKDF(SHA256(), length=32, salt=None, info=info).derive(text.encode()))
