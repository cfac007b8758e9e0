"""Where moto falls short, for the tests and for the local cloud: the one place where it is mended.

Each module says what moto lacks, and does what AWS does. Nothing else patches moto, but for the lock around its
handlers (infra/local/motoserver.py).
"""

from functools import cache

from infra.local.moto_gaps import messages, metrics, speed, tables
from infra.local.moto_gaps.messages import BulkEmail

__all__ = ["BulkEmail", "mend", "mend_deploying"]


@cache
def mend() -> None:
    """Mend what the app calls, in this process; again does no harm."""
    messages.mend()
    metrics.mend()
    tables.mend()
    speed.mend()


@cache
def mend_deploying() -> None:
    """Mend what deploying calls, too: this loads many of moto's services, and some that `make run` does not install."""
    from infra.local.moto_gaps import accounts, apis, functions, stacks

    mend()
    for area in (accounts, apis, functions, stacks):
        area.mend()
