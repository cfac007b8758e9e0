"""Travel documents of passengers: what ICAO Doc 9303 has in them, sealed while they are kept.

They are asked for only where a flight needs them. A document is sealed for one passenger of one booking and opens for
no other; 24 hours after the last flight has arrived it is erased. Lists show its last characters alone.
"""

import json
import re
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from chalicelib.booking import names
from chalicelib.core import vault
from chalicelib.core.errors import Fault, Invalid

KEPT = timedelta(hours=24)  # after the last arrival
LONGEST_VALID = 20  # years; 10 in most states, and more in few
_STATE = re.compile(r"[A-Z]{1,3}")
_NUMBER = re.compile(r"[A-Z0-9]{1,20}")
_VALUES = {letter: value for value, letter in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}
_LINE = 44  # characters of a line of a passport's machine readable zone (TD3)
_SEXES = {"<": "X"}


@dataclass(frozen=True, slots=True)
class Document:
    """A passport, as its machine readable zone has it (Doc 9303-4, section 4.2)."""

    number: str
    issuing_state: str  # three letters, for Germany one (Doc 9303-3, section 5)
    nationality: str  # likewise
    date_of_birth: date
    expires_on: date
    sex: str  # F, M, or X where it does not say
    kind: str = "P"

    @property
    def ending(self) -> str:
        """The last characters of its number, by which its holder knows it; stars stand for the others."""
        shown = 3 if len(self.number) > 6 else 1
        return "*" * (len(self.number) - shown) + self.number[-shown:]


def passport(
    *,
    number: str,
    issuing_state: str,
    nationality: str,
    date_of_birth: date,
    expires_on: date,
    sex: str,
    last_flight_on: date,
) -> Document:
    """A passport as typed by hand, checked. Raises Invalid, with all that is wrong."""
    document = Document(
        re.sub(r"[\s<-]", "", number).upper(),
        issuing_state.strip().upper(),
        nationality.strip().upper(),
        date_of_birth,
        expires_on,
        sex.strip().upper(),
    )
    faults = []
    if not _NUMBER.fullmatch(document.number):
        faults.append(("number", "is no document number; one has letters A to Z and digits, 9 in most passports"))
    for name in ("issuing_state", "nationality"):
        if not _STATE.fullmatch(getattr(document, name)):
            faults.append((name, "is no state; it has three letters, such as USA or CHE (Germany: D)"))
    if document.sex not in ("F", "M", "X"):
        faults.append(("sex", "is F, M or X, as the passport has it"))
    if document.date_of_birth >= last_flight_on:
        faults.append(("date_of_birth", "is not before the flight"))
    elif names.age(document.date_of_birth, last_flight_on) > names.OLDEST:
        faults.append(("date_of_birth", f"is {date_of_birth}; nobody alive is so old"))
    if document.expires_on < last_flight_on:
        faults.append(("expires_on", f"is {expires_on}; the passport is to be valid on {last_flight_on}"))
    elif document.expires_on.year - last_flight_on.year > LONGEST_VALID:
        faults.append(("expires_on", f"is {expires_on}; no passport is valid for more than {LONGEST_VALID} years"))
    if faults:
        raise Invalid("the passport can't be taken as it stands", [Fault("body", name, why) for name, why in faults])
    return document


def of_machine_readable(first: str, second: str, last_flight_on: date) -> Document:
    """A passport by the two lines of its machine readable zone (TD3), whose check digits must hold. Raises Invalid.

    A birthday of two digits is in the century before where it would be after the last flight; an expiry is in this one.
    """
    first, second = (line.replace(" ", "").upper() for line in (first, second))
    for line in (first, second):
        if len(line) != _LINE or not set(line) <= _VALUES.keys():
            raise _unreadable(f"a line has {_LINE} characters: A to Z, digits and <")
    if not first.startswith("P"):
        raise _unreadable("it is not of a passport, which begins with P")
    # Doc 9303-4, appendix B to section 4: positions of the lower line, each with its check digit behind it.
    parts = {"number": (0, 9), "date of birth": (13, 19), "date of expiry": (21, 27), "optional data": (28, 42)}
    for name, (start, end) in parts.items():
        stated = second[end]
        empty = name == "optional data" and not second[start:end].strip("<") and stated == "<"
        if not empty and stated != str(check_digit(second[start:end])):
            raise _unreadable(f"the check digit of the {name} does not hold; one character is misread")
    if second[43] != str(check_digit(second[0:10] + second[13:20] + second[21:43])):
        raise _unreadable("the last check digit does not hold; one character is misread")
    century = last_flight_on.year // 100 * 100
    born = _day(second[13:19], century)
    if born >= last_flight_on:
        born = _day(second[13:19], century - 100)
    return passport(
        number=second[0:9],
        issuing_state=first[2:5].rstrip("<"),
        nationality=second[10:13].rstrip("<"),
        date_of_birth=born,
        expires_on=_day(second[21:27], century),
        sex=_SEXES.get(second[20], second[20]),
        last_flight_on=last_flight_on,
    )


def check_digit(text: str) -> int:
    """The check digit of Doc 9303-3, section 4.9: weights 7, 3, 1, modulo 10."""
    return sum(_VALUES[letter] * (7, 3, 1)[place % 3] for place, letter in enumerate(text)) % 10


def seal(document: Document, locator: str, passenger: int) -> bytes:
    """A document, sealed for a passenger (by place) of a booking. Raises Unavailable."""
    return vault.seal(json.dumps(asdict(document), default=str), _context(locator, passenger))


def unseal(sealed: bytes, locator: str, passenger: int) -> Document:
    """The document sealed for that passenger; whoever calls has shown that they may. Raises Invalid, Unavailable."""
    said: dict[str, Any] = json.loads(vault.unseal(sealed, _context(locator, passenger)))
    days = {name: date.fromisoformat(said[name]) for name in ("date_of_birth", "expires_on")}
    return Document(**{**said, **days})


def _context(locator: str, passenger: int) -> dict[str, str]:
    return {"purpose": "document", "booking": locator, "passenger": str(passenger)}


def _day(text: str, century: int) -> date:
    try:
        return date(century + int(text[0:2]), int(text[2:4]), int(text[4:6]))
    except ValueError:
        raise _unreadable(f"{text} is no day; one has six digits: year, month, day") from None


def _unreadable(detail: str) -> Invalid:
    return Invalid(
        f"the machine readable zone can't be read: {detail}", [Fault("body", "machine_readable_zone", detail)]
    )
