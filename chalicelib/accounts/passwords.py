"""Passwords: which are taken, and how they are kept. Nobody reads one back from what is kept.

Argon2id (RFC 9106) with 19 MiB, 2 passes, 1 lane (OWASP, Password Storage Cheat Sheet). Before anything else a password
is put into Unicode's form NFC, as one keyboard writes é as one character and another as two (NIST SP 800-63B-4, section
3.1.1.2). No kinds of characters are asked for, and a password never has to be changed (the same section).
"""

import re
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING
from unicodedata import normalize

from chalicelib.core.config import config
from chalicelib.core.errors import Fault, Invalid
from chalicelib.core.telemetry import logger

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 12, 200  # characters
LOOKED_AT = 32  # characters of a password that are tried to guess: zxcvbn may take 5 seconds for 72
SAFE = 3  # of zxcvbn's scores: more than 10^8 guesses
# Of a random password that is not known; with the same parameters as any that is kept.
NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$5UZe7FtBbZVsyZiZRcdCfg$fbZ/q00CkLbOSF3hWQqxNtu/cfMCk8cQmfcJcBf0KTw"

_one_at_a_time = Lock()  # zxcvbn keeps what is like the person in one place for all threads


@cache
def hasher() -> "PasswordHasher":
    """What hashes and verifies."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


def check(password: str, email: str) -> None:
    """See that nobody guesses a password easily. Raises Invalid, which says what would be right."""
    if wrong := _wrong(password, email):
        raise Invalid(f"this password can't be taken: it {wrong}", [Fault("body", "password", wrong)])


def hash_of(password: str) -> str:
    """The hash by which a password is kept."""
    return hasher().hash(_bytes(password))


def matches(hash: str | None, password: str) -> bool:
    """Whether this is the password. For None, where there is no account, the same work, and it is not."""
    from argon2.exceptions import VerificationError, VerifyMismatchError

    if len(password) > 4 * LONGEST:  # nobody has that one; Unicode's forms take their time over long texts
        hash, password = None, ""
    try:
        return hasher().verify(NOBODYS if hash is None else hash, _bytes(password)) and hash is not None
    except VerifyMismatchError:
        return False
    except (ValueError, VerificationError):  # its InvalidHashError is a ValueError
        logger.error("a password's hash can't be read; a new password cures that")
        return False


def outdated(hash: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return hasher().check_needs_rehash(hash)


def _wrong(password: str, email: str) -> str | None:
    text = normalize("NFC", password[: 4 * LONGEST])
    if len(text) < SHORTEST:
        return f"has {len(text)} characters; at least {SHORTEST} are needed, such as those of four or five words"
    if len(text) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if _is_like(text, email):
        return "is like your email address; choose one that has nothing of it"
    if _is_easily_guessed(text, email):
        return "is common, or easily guessed; choose some words that do not belong together, or let a program choose"
    return None


def _is_like(password: str, email: str) -> bool:
    """Whether it holds the address, its name or its domain, or is a part of it; what stands between does not count."""

    def letters(text: str) -> str:
        return re.sub(r"[\W_]", "", text.casefold())

    name, _, domain = email.rpartition("@")
    given, parts = letters(password), [letters(name), letters(name.partition("+")[0]), letters(domain)]
    return any(len(part) >= 4 and part in given for part in parts) or (len(given) >= 8 and given in letters(email))


def _is_easily_guessed(password: str, email: str) -> bool:
    from zxcvbn import zxcvbn  # type: ignore[import-untyped] # has no types

    brand = config().email_sender.partition("<")[0].strip()
    words = re.split(r"[\W_]+", f"{email} {config().email_sender}")
    about = ["gatecall", brand, brand.replace(" ", ""), *words]
    with _one_at_a_time:
        score: int = zxcvbn(password[:LOOKED_AT], user_inputs=[each for each in about if each])["score"]
    return score < SAFE


def _bytes(password: str) -> bytes:
    return normalize("NFC", password).encode(errors="surrogatepass")
