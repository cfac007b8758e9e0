"""Whose pages may call the API from a browser (the Fetch standard's CORS): the setting CORS_ORIGIN.

Every answer of the API names the same origin, whoever asked, so no cache has to vary by Origin. Cookies are never
allowed: a page of another site logs in for tokens, not for a cookie. Pages for people (/follow, /account) are left out:
no script has to read them.
"""

import re
from typing import Literal

from chalice.app import CORSConfig

from chalicelib.core.config import Misconfigured

API = "/v1/"
# What this API looks at of a request, and what it says beside its body.
_ASKED = (
    "Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "X-Api-Key", "X-Family-Name",
    "X-Requested-With",
)  # fmt: skip
_SAID = ("ETag", "Idempotency-Replayed", "RateLimit", "RateLimit-Policy", "Retry-After", "WWW-Authenticate")
_KEPT = 7200  # seconds that a browser remembers what it may do: Chromium keeps nothing longer
_LOCAL = r"http://(localhost|127\.0\.0\.1)"
_ORIGIN = re.compile(rf"\*|(https://[a-z0-9-]+(\.[a-z0-9-]+)*|{_LOCAL})(:[0-9]{{1,5}})?")


def allowed(origin: str) -> CORSConfig | Literal[False]:
    """What Chalice is told of CORS; False: the pages of this host alone may call. Raises Misconfigured."""
    if not origin:
        return False
    if not _ORIGIN.fullmatch(origin):
        raise Misconfigured(
            f"CORS_ORIGIN is {origin!r}; it is empty, * or one origin such as https://app.example.com: in lower case, "
            "with no path and no slash at its end"
        )
    return CORSConfig(origin, allow_headers=_ASKED, expose_headers=_SAID, max_age=_KEPT)
