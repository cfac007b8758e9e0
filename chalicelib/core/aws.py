"""AWS clients: made once per process, on first use. Nothing else makes one.

Endpoints come from the standard SDK variables (AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_SNS), so another cloud, or moto in
the place of one, needs no code.
"""

from functools import cache
from threading import Lock
from typing import Any


def client(service: str, endpoint_url: str | None = None, *, retries: bool = True, timeout: float = 5) -> Any:
    """The botocore client of a service; `timeout` in seconds, for connecting and for reading.

    Clients that send (SNS, SES, WebSocket) are made with retries=False: botocore's own retry of a call whose answer
    was lost would send twice.
    """
    with _one_at_a_time:
        return _client(service, endpoint_url, retries, timeout)


_one_at_a_time = Lock()  # botocore's sessions make clients for one thread only


@cache
def _client(service: str, endpoint_url: str | None, retries: bool, timeout: float) -> Any:
    from botocore.config import Config

    settings = Config(
        connect_timeout=min(timeout, 2),
        read_timeout=timeout,
        retries={"mode": "standard", "total_max_attempts": 4 if retries else 1},
        max_pool_connections=50,
    )
    return _session().create_client(service, endpoint_url=endpoint_url, config=settings)


def is_transient(error: Any) -> bool:
    """Whether a botocore ClientError may go well later: throttling, or a fault on AWS's side."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    code = error.response.get("Error", {}).get("Code", "")
    return status >= 500 or status == 429 or "Throttl" in code or code in _BUSY


_BUSY = {"ProvisionedThroughputExceededException", "RequestLimitExceeded", "LimitExceededException", "InternalFailure"}


@cache
def _session() -> Any:
    from botocore.session import get_session

    return get_session()
