"""Where this stage is to be had: what deploying wrote to SSM, kept for some minutes.

/gatecall/<stage>/web-url, rest-url and websocket-url are made by infra/resources.yaml, once there are APIs to speak of.
"""

import time
from typing import NamedTuple

from chalicelib.core import aws
from chalicelib.core.config import config
from chalicelib.core.errors import Unavailable

KEPT = 300  # seconds


class Urls(NamedTuple):
    """A stage's addresses, "" where none is known: the web app's, the REST API's and the WebSocket API's."""

    web: str
    rest: str
    websocket: str


_known: dict[str, tuple[float, Urls]] = {}


def urls() -> Urls:
    """This stage's addresses. Raises Unavailable."""
    from botocore.exceptions import BotoCoreError, ClientError

    stage = config().stage
    if stage in _known and time.monotonic() - _known[stage][0] < KEPT:
        return _known[stage][1]
    names = [f"/gatecall/{stage}/{name}-url" for name in Urls._fields]
    try:
        answer = aws.client("ssm").get_parameters(Names=names)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(f"the addresses of this stage can't be read: {type(error).__name__}") from error
    found = {parameter["Name"]: parameter["Value"].rstrip("/") for parameter in answer["Parameters"]}
    known = Urls(*(found.get(name, "") for name in names))
    if all(known):  # a stage that is being deployed knows more in a moment
        _known[stage] = time.monotonic(), known
    return known


def public_url() -> str:
    """What links in messages begin with: the setting PUBLIC_URL, else the web app's address. Raises Unavailable."""
    return config().public_url or urls().web
