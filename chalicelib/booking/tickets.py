"""Ticket numbers: 13 digits, the airline's accounting code (3) and the document number (10).

A document number is reckoned from the booking's locator and the passenger's place in it, so that no two passengers
share one and nothing has to be counted: locator * 9 + place, of which there are 2**30 * 9 < 10**10, goes through a
keyed permutation of all numbers of ten digits. Who has the key reads the booking from the number; nobody else can tell
which numbers are in use.

A passenger has one ticket for all flights of a booking, of which there are up to eight. IATA's has four coupons
(Resolution 722f), and a longer journey goes on on conjunction tickets, numbered in a row: airlines settle with each
other by them. Nobody does here, so there are none; API, itinerary and boarding passes show the same one number.

A ticket keeps its number through a change: its coupons are revalidated for the flights that the passenger changed to. A
number is therefore never given to another passenger.
"""

import csv
import hmac
from functools import cache
from pathlib import Path

from chalicelib.booking import locator as locators
from chalicelib.core.errors import Fault, Invalid

DIGITS = 13
PLACES = 9  # travellers that a booking may have, infants among them
_HALF = 10**5
_ROUNDS = 10  # as many as FF1 has (NIST SP 800-38G); no secrecy of text hangs on it


def ticket(accounting_code: str, locator: str, place: int, secret: str) -> str:
    """The number of the ticket of the passenger at `place`, 0 to 8. `secret` is the stage's. Raises ValueError."""
    if len(accounting_code) != 3 or not accounting_code.isdecimal():
        raise ValueError(f"{accounting_code!r} is no accounting code, which has three digits")
    if not 0 <= place < PLACES:
        raise ValueError(f"a booking has places 0 to {PLACES - 1}, and no {place}")
    left, right = divmod(locators.to_number(locator) * PLACES + place, _HALF)
    for step in range(_ROUNDS):
        left, right = right, (left + _mixed(secret, step, right)) % _HALF
    return f"{accounting_code}{left * _HALF + right:010}"


def holder(number: str, secret: str) -> tuple[str, int]:
    """The locator and the place in the booking for which a ticket was issued.

    Raises Invalid for what is no ticket number, or none that was made with this secret. That the booking is there, and
    has such a passenger, is for its reader to say.
    """
    digits = number.replace("-", "").replace(" ", "")
    if not (len(digits) == DIGITS and digits.isascii() and digits.isdecimal()):
        raise _wrong(f"{number[:20]!r} is no ticket number; one has 13 digits, such as 016 2400123456")
    left, right = divmod(int(digits[3:]), _HALF)
    for step in reversed(range(_ROUNDS)):
        left, right = (right - _mixed(secret, step, left)) % _HALF, left
    named, place = divmod(left * _HALF + right, PLACES)
    if not 0 < named <= locators.HIGHEST:
        raise _wrong(f"no ticket {digits} was issued here")
    return locators.of_number(named), place


def check_digit(number: str) -> int:
    """The check digit of a document: its number modulo 7, not weighted. It is printed on paper, and no part of it."""
    return int(number) % 7


def accounting_code(designator: str) -> str | None:
    """The three digits with which an airline's tickets begin, by its IATA designator; None where they are not known."""
    return _codes().get(designator)


@cache
def _codes() -> dict[str, str]:
    with Path(__file__).with_name("accounting_codes.tsv").open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t")
        return {row["carrier"]: row["code"] for row in rows}


def _mixed(secret: str, step: int, half: int) -> int:
    digest = hmac.digest(secret.encode(), f"ticket\0{step}\0{half}".encode(), "sha256")
    return int.from_bytes(digest[:8], "big") % _HALF


def _wrong(detail: str) -> Invalid:
    return Invalid(detail, [Fault("path", "pnr", detail)])
