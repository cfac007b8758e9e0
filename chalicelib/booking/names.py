# ruff: noqa: RUF001 - Cyrillic letters are meant
"""Names of passengers, as ICAO Doc 9303 (machine readable travel documents) has them; what age makes of a passenger.

A name is kept as it was given, cleaned, and shown so. Where machines read it (tickets, boarding passes, the look-up of
a booking) it is A to Z alone, by the tables of Doc 9303-3 (8th edition, 2021), section 6: A for Latin letters, B for
Cyrillic ones. Apostrophes and full stops are left out, hyphens part words as spaces do (section 4.6). A digit has no
place in a name there. Who writes in another script gives the name as the passport's machine readable zone has it.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from chalicelib.core.errors import Fault, Invalid
from chalicelib.pricing.model import TravellerKind

LONGEST = 60  # characters of a family name, or of the given names together
OLDEST = 122  # years that anybody is known to have lived: a date before that is mistyped
TICKET_LENGTH = 20  # characters of a name on a boarding pass (Resolution 792, item 11)

# Doc 9303-3, section 6, table A, of the letters that are not a letter of A to Z with a mark. The first is recommended;
# the others it allows too, or people are used to (Ə). Letters with marks that are not here lose the marks.
_LATIN = {
    "Ä": "AE A", "Å": "AA A", "Æ": "AE", "Ð": "D", "Ñ": "N NXX", "Ö": "OE O", "Ø": "OE O", "Ü": "UE UXX U", "Þ": "TH",
    "ß": "SS", "ẞ": "SS", "Đ": "D", "Ħ": "H", "ı": "I", "Ĳ": "IJ", "ĸ": "Q", "Ŀ": "L", "Ł": "L", "ŉ": "N", "Ŋ": "N",
    "Œ": "OE", "Ŧ": "T", "Ə": "E A",
}  # fmt: skip
# Table B. The first is the letter's common form; the others stand there for single languages.
_CYRILLIC = {
    "А": "A", "Б": "B", "В": "V", "Г": "G H", "Д": "D", "Е": "E", "Ж": "ZH Z", "З": "Z", "И": "I Y", "Й": "I",
    "К": "K", "Л": "L", "М": "M", "Н": "N", "О": "O", "П": "P", "Р": "R", "С": "S", "Т": "T", "У": "U", "Ф": "F",
    "Х": "KH H", "Ц": "TS C", "Ч": "CH C", "Ш": "SH S", "Щ": "SHCH SHT", "Ъ": "IE", "Ы": "Y", "Ь": "", "Э": "E",
    "Ю": "IU", "Я": "IA", "Ё": "E IO", "Ђ": "D", "Є": "IE YE", "Ѕ": "DZ", "І": "I", "Ї": "I YI", "Ј": "J", "Љ": "LJ",
    "Њ": "NJ", "Ћ": "C", "Ќ": "K KJ", "Ў": "U", "Џ": "DZ DJ", "Ѓ": "G GJ", "Ґ": "G",
}  # fmt: skip
_LETTERS: Mapping[str, tuple[str, ...]] = {
    letter: tuple(forms.split(" ")) for letter, forms in {**_LATIN, **_CYRILLIC}.items()
}
_SAME = str.maketrans("‐‑‒–—−’‘ʼ`´ʻ", "------''''''")  # hyphens and apostrophes as phones write them
_DROPPED = "'.·"
_FORMS = 64  # ways to write a name that are told apart; with more open letters than that, the recommended alone


@dataclass(frozen=True, slots=True)
class Name:
    """A passenger's name as given and cleaned. `given` is "" for whoever has one name only."""

    family: str
    given: str = ""

    def __str__(self) -> str:
        return f"{self.given} {self.family}".strip()


def name(family: str, given: str = "", within: str = "") -> Name:
    """A passenger's name, cleaned. `within` is what stands before `family_name` and `given_name` in faults.

    Raises Invalid, with all that is wrong with both.
    """
    faults = []
    cleaned = []
    for field, text in (("family_name", family), ("given_name", given)):
        clean = _clean(text)
        cleaned.append(clean)
        if wrong := _wrong(clean, may_be_empty=field == "given_name"):
            faults.append(Fault("body", f"{within}{field}", wrong))
    if faults:
        raise Invalid("the name can't be taken as it stands", faults)
    return Name(*cleaned)


def machine_readable(text: str) -> str:
    """A family name, or given names, in A to Z, its words parted by single spaces. "" where there is no such letter."""
    words = re.split(r"[\s-]+", _clean(text))
    written = ("".join(_forms_of(letter)[0] for letter in word) for word in words)
    return " ".join(word for word in written if word)


def on_ticket(given_name: Name) -> str:
    """A name as tickets and boarding passes have it: `LAST/FIRST`, without spaces, at most 20 characters.

    Of a longer name the given names are cut first, to no less than their first letter, then the family name. The
    standards leave to the airline how it cuts.
    """
    family, given = (machine_readable(part).replace(" ", "") for part in (given_name.family, given_name.given))
    if not given:
        return family[:TICKET_LENGTH]
    family = family[: TICKET_LENGTH - 2]
    return f"{family}/{given}"[:TICKET_LENGTH]


def same_family(one: str, other: str) -> bool:
    """Whether two family names are the same to whoever looks up a booking.

    Case, marks, spaces, hyphens and apostrophes make no difference. Of letters that are written in several ways each
    will do: `Müller` is `Mueller` and `Muller`, which are two names.
    """
    return not _ways(one).isdisjoint(_ways(other))


def passenger_type(date_of_birth: date, on: date) -> TravellerKind:
    """What somebody counts as on the local day of a flight. Raises Invalid for who is not born by then.

    Infants (no seat) are below 2, children below 12: IATA's types INF and CHD. An infant who turns 2 between two
    flights needs a seat on the second.
    """
    if date_of_birth > on:
        detail = f"born on {date_of_birth}, which is after the flight on {on}"
        raise Invalid(detail, [Fault("body", "date_of_birth", detail)])
    years = age(date_of_birth, on)
    return TravellerKind.INFANT if years < 2 else TravellerKind.CHILD if years < 12 else TravellerKind.ADULT


def age(date_of_birth: date, on: date) -> int:
    """How old somebody is on a day, in years; below 0: not born yet. Who is born on February 29 turns on March 1."""
    return on.year - date_of_birth.year - ((on.month, on.day) < (date_of_birth.month, date_of_birth.day))


def _clean(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).translate(_SAME).split())


def _wrong(clean: str, *, may_be_empty: bool) -> str:
    if not clean and may_be_empty:
        return ""
    if len(clean) > LONGEST:
        return f"has {len(clean)} characters; at most {LONGEST} are taken"
    for letter in clean:
        if letter.isdecimal():
            return f"{letter!r} is a digit, which names in passports do not have; write it as Roman numerals"
        if letter not in _DROPPED + " -" and not _is_known(letter):
            return f"{letter!r} is not taken: write the name as the machine readable zone of the passport has it"
    return "" if machine_readable(clean) else "has no letter in it; write the name as the passport has it"


def _is_known(letter: str) -> bool:
    return bool(_forms_of(letter)[0]) or letter.upper() in _LETTERS


def _forms_of(letter: str) -> tuple[str, ...]:
    """The ways to write one character in A to Z, the recommended first."""
    upper = letter.upper() if len(letter.upper()) == 1 else letter
    if upper in _LETTERS or letter in _LETTERS:
        return _LETTERS.get(upper) or _LETTERS[letter]
    base = unicodedata.normalize("NFD", upper)[0]
    if base in _LETTERS and base != upper:
        return _LETTERS[base]
    return (base,) if "A" <= base <= "Z" else ("",)


def _ways(text: str) -> frozenset[str]:
    ways = [""]
    for letter in _clean(text):
        forms = _forms_of(letter)
        if len(ways) * len(forms) > _FORMS:
            forms = forms[:1]
        ways = [way + form for way in ways for form in forms]
    return frozenset(ways) - {""}
