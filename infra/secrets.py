"""The secrets of a stage: SecureString parameters of SSM, which chalicelib/core/secrets.py reads.

/gatecall/<stage>/link-keys  the keys that links in messages are signed with: a JSON list of 256-bit keys. The first
                             signs, the second will, all verify: see `rotate`.
/gatecall/<stage>/token-keys what sessions are made of: a JSON list of keys in the same order, each with its `kid`, the
                             Ed25519 key that access tokens are signed with (JWK, RFC 8037), and the 256-bit key that
                             refresh tokens are derived by.
/gatecall/<stage>/front-key  what CloudFront shows the API (header X-Gatecall-Front), so that it believes who it says is
                             calling. 256 bits.
/gatecall/<stage>/vapid-key  the private key that Web Push services know this stage by (RFC 8292): PEM, EC P-256. It
                             is never changed: browsers bind their subscriptions to it.
/gatecall/<stage>/payments-callback  what the payment service signs its callbacks with (Standard Webhooks): whsec_ and
                             192 bits in base64.
/gatecall/<stage>/locator-key what a booking's locator is derived by from its request's Idempotency-Key. 256 bits, hex.
                             It is never changed, or a request made again would make a second booking.
/gatecall/<stage>/ticket-key what ticket numbers are derived by. 256 bits, hex. It is never changed either.
"""

import base64
import json
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

from chalicelib.core.errors import NotFound


def make(stage: str, ssm: Any) -> list[str]:
    """Make what is not there yet; nothing is overwritten. Returns the names of what was made."""
    made = []
    for path in missing(stage, ssm):
        try:
            ssm.put_parameter(Name=path, Type="SecureString", Value=_MAKE[path.rpartition("/")[2]](), Overwrite=False)
        except ssm.exceptions.ParameterAlreadyExists:  # somebody else was as quick
            continue
        made.append(path)
    return made


def missing(stage: str, ssm: Any) -> list[str]:
    """The names of the secrets that are not there."""
    paths = [_path(stage, name) for name in _MAKE]
    there = {each["Name"] for each in ssm.get_parameters(Names=paths)["Parameters"]}
    return [path for path in paths if path not in there]


def rotate(stage: str, name: str, ssm: Any) -> None:
    """Give a stage a new key: `link-keys` or `token-keys`.

    The second key of the list becomes the one that signs, so that functions that still hold the old list (for five
    minutes) verify what it signs; the new key takes the second place. The key that signed until now still verifies;
    what was signed before the rotation before this one does no more. Nobody is logged out: what counts of a session is
    stored. Raises NotFound.
    """
    path = _path(stage, name)
    try:
        keys = json.loads(ssm.get_parameter(Name=path, WithDecryption=True)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        raise NotFound(f"there is no {path} yet; run: .venv/bin/python -m infra provision --stage {stage}") from None
    new = _ROTATED[name]
    following = keys[1] if len(keys) > 1 else new()  # of one key, nobody knows the next yet
    ssm.put_parameter(Name=path, Type="SecureString", Value=json.dumps([following, new(), keys[0]]), Overwrite=True)


def _path(stage: str, name: str) -> str:
    return f"/gatecall/{stage}/{name}"


def _key() -> str:
    return secrets.token_urlsafe(32)


def _token_key() -> dict[str, Any]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from jwt.algorithms import OKPAlgorithm

    jwk = OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate(), as_dict=True)
    return {"kid": secrets.token_hex(4), "jwk": jwk, "refresh": _key()}


def _vapid_key() -> str:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


_ROTATED: dict[str, Callable[[], Any]] = {"link-keys": _key, "token-keys": _token_key}
_MAKE: dict[str, Callable[[], str]] = {
    **{name: partial(lambda new: json.dumps([new(), new()]), new) for name, new in _ROTATED.items()},
    "front-key": _key,
    "vapid-key": _vapid_key,
    "payments-callback": lambda: f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}",
    "locator-key": partial(secrets.token_hex, 32),
    "ticket-key": partial(secrets.token_hex, 32),
}
