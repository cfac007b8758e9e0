"""The airports a person means by the letters typed so far.

Searched is `names.tsv` beside this file, made by `python -m infra.data.airports`, which says what it holds: one airport
to a line, the more prominent first. It is searched as bytes: that takes milliseconds, and a cold function has no index
to build or to load before its first answer.
"""

import re
import unicodedata
from bisect import bisect
from collections.abc import Iterator, Sequence
from functools import cache
from heapq import nlargest
from itertools import accumulate, islice
from pathlib import Path

from chalicelib.airports.lookup import airport, lines, parse
from chalicelib.airports.model import Airport

# Letters that are no other letter with an accent; and apostrophes, which part no words: O'Hare is "ohare".
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\N{LATIN SMALL LETTER DOTLESS I}": "i"}
    | dict.fromkeys("'`\N{ACUTE ACCENT}\N{RIGHT SINGLE QUOTATION MARK}", "")
)
_LONGEST_QUERY = 200  # characters; no airport's name is half as long
_WEIGHED = 500  # so many matches at most are compared, the most prominent; only a vague query has more
_SAMPLE = 200_000  # bytes: the names of the two thousand most prominent airports

# What may follow a name that is nevertheless typed in full.
_NAME_ENDS = (b"^", b"|airport^", b"|international|airport^", b"|regional|airport^", b"|municipal|airport^",
              b"|international^", b"|field^")  # fmt: skip
# Points for what matched, to be added to the weight (0 to 60).
_CODE, _IN_FULL, _BEGUN, _WITHIN, _PLACE_IN_FULL, _PLACE = 100, 40, 32, 16, 8, 0


def suggest(query: str, limit: int = 10) -> list[Airport]:
    """At most `limit` airports that match every word of the query, the likeliest first; none for an empty query.

    A word matches the beginning of any word of the airport's name, city, codes, state or country, in any order; case,
    accents and punctuation do not matter. The airport whose IATA code was typed comes first, then those of the city
    whose code it is. The others are ranked by what matched (a name in full before one begun before a word within it
    before the place alone) together with how prominent the airport is.
    """
    typed = words(query) if len(query) <= _LONGEST_QUERY else []
    if not typed or limit < 1:
        return []
    sought = [b"|" + word.encode() for word in typed]
    matches = islice(_matches(sought), _WEIGHED)
    best = nlargest(limit, ((_score(line, sought), -start) for start, line in matches))
    found = [parse(_records()[bisect(_ends(), -start)]) for _, start in best]
    exact = airport(typed[0]) if len(typed) == 1 and len(typed[0]) == 3 else None
    return [exact, *(a for a in found if a != exact)][:limit] if exact else found


def words(text: str) -> list[str]:
    """The words of a text as they are compared: small Latin letters and digits, without accents or punctuation."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    found = re.findall("[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c)))
    return ["international" if word == "intl" else word for word in found]


@cache
def _names() -> bytes:
    return Path(__file__).with_name("names.tsv").read_bytes()


@cache
def _ends() -> list[int]:
    """Where the lines of `_names` end: the number of those before a place there is that of its line."""
    return list(accumulate(map(len, _names().splitlines(keepends=True))))


@cache
def _records() -> list[bytes]:
    return lines().split(b"\n")


def _matches(sought: Sequence[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines that hold every word, each with where it starts, in their order: that of prominence."""
    names = _names()
    rarest = min(set(sought), key=lambda word: names.count(word, 0, _SAMPLE))
    at = 0
    while (at := names.find(rarest, at)) >= 0:
        start, end = names.rfind(b"\n", 0, at) + 1, names.index(b"\n", at)
        line = names[start:end]
        if all(word in line for word in sought):
            yield start, line
        at = end


def _score(line: bytes, sought: Sequence[bytes]) -> float:
    weight, codes, names, places = line.split(b"\t")
    points = _points(b"".join(sought), codes, names, places)
    if points is None:  # the words match, but not side by side
        points = sum(_points(word, codes, names, places) or 0 for word in sought) / len(sought)
    # Of a place's airports the prominent are meant; of those near a place merely begun ("col": Colorado), maybe none.
    return points + (int(weight) if points else int(weight) / 2)


def _points(phrase: bytes, codes: bytes, names: bytes, places: bytes) -> float | None:
    begun = b"^" + phrase
    if begun + b"^" in codes:
        return _CODE
    if begun in names or begun in codes:
        return _IN_FULL if _in_full(begun, names) else _BEGUN
    if phrase in names:
        return _WITHIN
    if begun + b"^" in places:
        return _IN_FULL if places.startswith(begun + b"^") else _PLACE_IN_FULL  # the ICAO code leads
    return _PLACE if phrase in places else None


def _in_full(begun: bytes, names: bytes) -> bool:
    at = names.find(begun)
    while at >= 0 and not names.startswith(_NAME_ENDS, at + len(begun)):
        at = names.find(begun, at + 1)
    return at >= 0
