"""The airport behind a code, and its time zone.

The data stand in `airports.tsv` beside this file: what the PyPI package airportsdata (MIT licence, (c) Mike Borsetti,
https://github.com/mborsetti/airportsdata) knows of some 28,000 airports, one to a line, the more prominent first.
`python -m infra.data.airports` makes the file and says what its columns hold. A code is found by searching the bytes:
that beats building an index of which a cold function would use one entry.
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chalicelib.airports.model import Airport

_CODE = re.compile(r"[A-Z0-9_]{3,4}")


def airport(code: str) -> Airport | None:
    """The airport of an IATA code or, where it is none, an ICAO code, in any case of letters; None if unknown."""
    upper = code.upper()
    return _find(upper) if code.isascii() and _CODE.fullmatch(upper) else None


def home(codes: Iterable[str]) -> list[Airport]:
    """The airports of the setting AIRPORTS, in its order; a code that is none is left out."""
    return [found for code in codes if (found := airport(code))]


def zone(code: str) -> ZoneInfo:
    """The time zone of an airport; UTC where the airport or its zone is unknown."""
    found = airport(code)
    try:
        return ZoneInfo(found.zone if found else "UTC")
    except (ZoneInfoNotFoundError, ValueError):  # this machine's zone data are older than the airport's
        return ZoneInfo("UTC")


@cache
def lines() -> bytes:
    """The data file: lines of tab-separated UTF-8, the first of them the columns' names."""
    return Path(__file__).with_name("airports.tsv").read_bytes()


def parse(line: bytes) -> Airport:
    """The airport that a line of the data file describes."""
    iata, icao, name, city, subdivision, country, lat, lon, zone = line.decode().split("\t")
    return Airport(iata or None, icao, name, city, subdivision, country, float(lat), float(lon), zone)


@lru_cache(maxsize=4096)
def _find(code: str) -> Airport | None:
    # IATA codes have three characters and lead the lines. ICAO codes have four and are second. Nothing but a comparison
    # tells a code from another field: there is a region "FATA".
    pattern = f"\n{code}\t" if len(code) == 3 else f"\t{code}\t"
    at = -1
    while (at := lines().find(pattern.encode(), at + 1)) >= 0:
        start = lines().rfind(b"\n", 0, at + 1) + 1
        found = parse(lines()[start : lines().index(b"\n", at + 1)])
        if code in (found.iata, found.icao):
            return found
    return None
