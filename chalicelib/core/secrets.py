"""Secrets of a stage: SecureString parameters of SSM, kept for some minutes.

`python -m infra provision` makes them; `infra/secrets.py` says what each holds.
"""

import time
from threading import Lock

from chalicelib.core import aws
from chalicelib.core.config import config
from chalicelib.core.errors import Unavailable

KEPT = 300  # seconds: so long may a rotated secret still be the old one

_known: dict[str, tuple[float, str]] = {}
_one_at_a_time = Lock()


def secret(name: str) -> str:
    """The secret of that name, such as `link-keys`. Raises Unavailable."""
    from botocore.exceptions import BotoCoreError, ClientError

    path = f"/gatecall/{config().stage}/{name}"
    with _one_at_a_time:
        read_at, value = _known.get(path, (-KEPT, ""))
        if time.monotonic() - read_at < KEPT:
            return value
        try:
            value = str(aws.client("ssm").get_parameter(Name=path, WithDecryption=True)["Parameter"]["Value"])
        except (BotoCoreError, ClientError) as error:
            raise Unavailable(f"the secret {name} can't be read: {type(error).__name__}") from error
        _known[path] = time.monotonic(), value
        return value
