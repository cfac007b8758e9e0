"""What an API key is. It is shown once, when it is made; only its hash is kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from chalicelib.core.errors import Invalid

PREFIX = "gck_"  # so that a key that leaked is recognised for what it is
SCOPES = ("feeds:aidx",)


@dataclass(frozen=True)
class Key:
    """An API key as kept: the hash, whose it is, what it may do, and the airports its holder speaks for."""

    hash: str
    name: str
    scopes: tuple[str, ...]
    airports: tuple[str, ...]
    made_at: datetime
    revoked: bool = False


def new_secret() -> str:
    """A key no one can guess: 256 bits."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """The hash by which a key is kept. Of 256 random bits a plain SHA-256 is enough; nothing can be tried out."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def check_name(name: str) -> str:
    """A key's name, which its feed is known by on boards. Raises Invalid."""
    if not (name.isascii() and name.replace("-", "").isalnum() and name == name.lower() and len(name) <= 40):
        raise Invalid(f"{name!r} is not a key's name; one is of small letters, digits and hyphens, such as wsi-aodb")
    return name
