"""Who an airline is: its name and the country that licenses it, by its designator.

The facts are the table `carriers.tsv` beside this file, which says what it is based on.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Carrier:
    """An airline. `country` is ISO 3166-1 alpha-2, None where its flights are not all of one country's airline."""

    iata: str | None
    icao: str | None
    name: str
    country: str | None


def carrier(designator: str) -> Carrier | None:
    """The airline of an IATA (`UA`) or ICAO designator (`UAL`); None where it is not known."""
    return _by_designator().get(designator.strip().upper())


@cache
def carriers() -> tuple[Carrier, ...]:
    """All airlines known here."""
    with Path(__file__).with_name("carriers.tsv").open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t")
        return tuple(
            Carrier(row["iata"] or None, row["icao"] or None, row["name"], row["country"] or None) for row in rows
        )


@cache
def _by_designator() -> dict[str, Carrier]:
    return {code: known for known in carriers() for code in (known.iata, known.icao) if code}
