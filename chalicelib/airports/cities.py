"""Cities that are sold under a code of their own with several airports: NYC is JFK, EWR and LGA.

The data stand in `cities.tsv` beside this file: IATA's Multi Airport Cities, as the PyPI package airportsdata lists
them, and a few airports that booking systems sell with them (`python -m infra.data.airports` makes the file, and says
which). Of the places that New York's flights serve, Chicago, New York and Washington are such cities. Dallas and
Houston are too, but their codes, DFW and HOU, are also those of one of their airports, and mean that.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chalicelib.airports.lookup import airport
from chalicelib.airports.suggest import words


@dataclass(frozen=True, slots=True)
class City:
    """A city with several airports (IATA codes, the more prominent first)."""

    code: str
    name: str
    country: str
    airports: tuple[str, ...]


def city(code: str) -> City | None:
    """The city of a code, in any case of letters; None where it is none, or an airport's too."""
    found = _by_code().get(code.upper())
    return found if found and airport(code) is None else None


def city_of(iata: str) -> City | None:
    """The city with which an airport is sold, whatever its code; None where it is sold by itself."""
    return _by_airport().get(iata.upper())


def cities_begun(text: str) -> list[City]:
    """The cities whose code was typed, or whose name begins so; accents do not matter. None for a letter or two."""
    typed = " ".join(words(text))
    if len(typed) < 3:
        return []
    return [each for each in _by_code().values() if city(each.code) and _is_begun(typed, each)]


def _is_begun(typed: str, found: City) -> bool:
    return found.code.lower() == typed or " ".join(words(found.name)).startswith(typed)


@cache
def _by_code() -> Mapping[str, City]:
    with Path(__file__).with_name("cities.tsv").open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t")
        return {
            row["code"]: City(row["code"], row["name"], row["country"], tuple(row["airports"].split())) for row in rows
        }


@cache
def _by_airport() -> Mapping[str, City]:
    return {iata: each for each in _by_code().values() for iata in each.airports}
