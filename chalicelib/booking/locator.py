"""The PNR locator: six characters that name a booking, none of which can be misread.

The alphabet is A to Z and 2 to 9 without I and O: 32 letters, five bits each. So a locator is also a number of 30 bits,
as which inventories hold it in four bytes. 0 means nobody there, so `AAAAAA` is never given out.

A locator alone opens nothing: whoever asks for a booking also gives a family name. No list of words is kept that a
locator must not spell: no list would do for all languages.
"""

import hmac
import re

from chalicelib.core.errors import Fault, Invalid

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LENGTH = 6
HIGHEST = len(ALPHABET) ** LENGTH - 1
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
_MISREAD = {"0": "zero", "1": "one", "I": "the letter I", "O": "the letter O"}


def of_number(number: int) -> str:
    """The locator of a number from 1 to 2**30 - 1. Raises ValueError for any other."""
    if not 0 < number <= HIGHEST:
        raise ValueError(f"{number} is no locator's number; these are 1 to {HIGHEST}")
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(LENGTH)))


def to_number(locator: str) -> int:
    """The number of a locator as `parse` gives it."""
    number = 0
    for letter in locator:
        number = number << 5 | _VALUES[letter]
    return number


def parse(text: str, place: str = "path", name: str = "pnr") -> str:
    """Read a locator in any case, with spaces or hyphens in it. `place` and `name` say where it stood, for the fault.

    A letter that no locator has is named and not guessed at: 0 may be meant as a Q as well as a D. Raises Invalid.
    """
    letters = re.sub(r"[\s-]", "", text).upper()
    strange = [letter for letter in dict.fromkeys(letters) if letter not in _VALUES]
    if len(letters) == LENGTH and not strange and to_number(letters):
        return letters
    if len(letters) != LENGTH:
        wrong = f"{text[:20]!r} has {len(letters)} characters; a booking's locator has {LENGTH}, such as K3M9TZ"
    elif strange:
        named = ", ".join(_MISREAD.get(letter, repr(letter)) for letter in strange)
        wrong = f"{text[:20]!r} has {named} in it, which no locator has; one looks like K3M9TZ"
    else:
        wrong = f"{letters} is given to no booking"
    raise Invalid(wrong, [Fault(place, name, wrong)])


def derive(secret: str, key: str, attempt: int = 0) -> str:
    """The locator for what `key` names, the same each time; `attempt` counts the locators found taken.

    HMAC-SHA256 (RFC 2104) by a secret of the stage: who sees locators can't tell the next.
    """
    digest = hmac.digest(secret.encode(), f"locator\0{key}\0{attempt}".encode(), "sha256")
    return of_number(1 + int.from_bytes(digest, "big") % HIGHEST)
