"""The secrets of a stage: SecureString parameters of SSM, which chalicelib/core/secrets.py reads.

/gatecall/<stage>/link-keys  the keys that links in messages are signed with: a JSON list of 256-bit keys. The first
                             signs, the second will, all verify: see `rotate`.
/gatecall/<stage>/vapid-key  the private key that Web Push services know this stage by (RFC 8292): PEM, EC P-256. It
                             is never changed: browsers bind their subscriptions to it.
"""

import json
import secrets
from typing import Any

from chalicelib.core.errors import NotFound


def make(stage: str, ssm: Any) -> list[str]:
    """Make what is not there yet; nothing is overwritten. Returns the names of what was made."""
    made = []
    there = {each["Name"] for each in ssm.get_parameters(Names=[_path(stage, name) for name in _MAKE])["Parameters"]}
    for name, new in _MAKE.items():
        path = _path(stage, name)
        if path not in there:
            try:
                ssm.put_parameter(Name=path, Type="SecureString", Value=new(), Overwrite=False)
            except ssm.exceptions.ParameterAlreadyExists:  # somebody else was as quick
                continue
            made.append(path)
    return made


def rotate(stage: str, ssm: Any) -> None:
    """Give a stage a new link key.

    The second key of the list becomes the one that signs, so that functions that still hold the old list (for five
    minutes) verify what it signs; the new key takes the second place. The key that signed until now still verifies;
    what was signed before the rotation before this one does no more. Raises NotFound.
    """
    path = _path(stage, "link-keys")
    try:
        keys = json.loads(ssm.get_parameter(Name=path, WithDecryption=True)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        raise NotFound(f"there is no {path} yet; run: python -m infra provision --stage {stage}") from None
    following = keys[1] if len(keys) > 1 else secrets.token_urlsafe(32)  # of one key, nobody knows the next yet
    keys = [following, secrets.token_urlsafe(32), keys[0]]
    ssm.put_parameter(Name=path, Type="SecureString", Value=json.dumps(keys), Overwrite=True)


def _path(stage: str, name: str) -> str:
    return f"/gatecall/{stage}/{name}"


def _link_keys() -> str:
    return json.dumps([secrets.token_urlsafe(32), secrets.token_urlsafe(32)])


def _vapid_key() -> str:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


_MAKE = {"link-keys": _link_keys, "vapid-key": _vapid_key}
