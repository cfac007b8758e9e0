"""Lists whose work is in what is deployed, and under which licence: python -m infra licences.

It reads what each distribution says of itself (METADATA: License-Expression, else its classifiers, else License), and
the list below of what comes without saying. Whoever passes the package on passes these licences on with it.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from infra.deploy import Refused

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT / "requirements.txt"

# Free software that asks no more than to be named (SPDX identifiers). No GPL and its like: whoever runs Gatecall may
# change it and keep that to themselves.
FREE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0", "PSF-2.0", "Unlicense",
}  # fmt: skip
# What distributions said before there were License-Expressions (PEP 639).
_FORMER = {
    "Apache Software License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "PSFL": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
_TEXTS = ("LICEN", "COPYING", "NOTICE", "UNLICENSE")  # what files begin with that hold a licence


@dataclass(frozen=True)
class Part:
    """Somebody's work in the package; `licence` is an SPDX expression or what was said instead, "" where nothing."""

    name: str
    version: str
    licence: str
    text: str  # where the licence can be read

    @property
    def is_free(self) -> bool:
        """Whether one of the licences to choose among asks for no more than its name. In doubt not."""
        return any(all(each in FREE for each in choice.split(" AND ")) for choice in self.licence.split(" OR "))


# By the path of what comes without a METADATA of its own. Of data, the facts are nobody's; these say who gathered them.
WITHIN: dict[str, tuple[str, str, str]] = {
    "chalice/app.py": ("Chalice's runtime", "Apache-2.0", "https://github.com/aws/chalice/blob/master/LICENSE"),
    "aws_lambda_powertools/event_handler/openapi/swagger_ui": (
        "Swagger UI, in aws-lambda-powertools", "Apache-2.0", "https://github.com/swagger-api/swagger-ui",
    ),
    "zxcvbn/frequency_lists.py": (
        "lists of words and names, in zxcvbn", "MIT", "https://github.com/dropbox/zxcvbn (data: see its data-scripts)",
    ),
    "chalicelib/airports/airports.tsv": ("airports, of airportsdata", "MIT", "https://github.com/mborsetti/airportsdata"),
    "chalicelib/airports/cities.tsv": ("cities with several, likewise", "MIT", "https://github.com/mborsetti/airportsdata"),
    "chalicelib/airports/names.tsv": ("their names, likewise", "MIT", "https://github.com/mborsetti/airportsdata"),
    "chalicelib/booking/accounting_codes.tsv": ("airlines' accounting codes, gathered here", "Apache-2.0", "LICENSE"),
    "chalicelib/flights/carriers.tsv": ("airlines, gathered here", "Apache-2.0", "LICENSE"),
    "chalicelib/flights/feeds/replay/day.csv": (
        "a day of the US Bureau of Transportation Statistics, by nycflights13", "CC0-1.0",
        "a work of the US government; https://github.com/tidyverse/nycflights13",
    ),
    "chalicelib/pricing/aircraft.csv": (
        "seats of aircraft, of the FAA's register, by nycflights13", "CC0-1.0",
        "a work of the US government; https://github.com/tidyverse/nycflights13",
    ),
}  # fmt: skip


def show(console: Console, package: Path | None = None) -> int:
    """Print whose work is in a package (zip or directory), without one in what is installed to be deployed.

    Returns how many name no licence, or one that is not free. Raises Refused.
    """
    found = sorted(parts(package), key=lambda part: part.name.lower())
    table = Table(*(Column(name, overflow="fold") for name in ("what", "version", "licence", "its text")))
    wrong = [part for part in found if not part.is_free]
    for part in found:
        licence = escape(part.licence or "none named")
        style = "red" if part in wrong else None
        table.add_row(escape(part.name), escape(part.version), licence, escape(part.text), style=style)
    console.print(table)
    for part in wrong:
        said = f"is under {part.licence}, which is not on the list of free licences" if part.licence else "names none"
        console.print(f"{part.name} {part.version} {said}; see infra/licences.py", style="red", soft_wrap=True)
    console.print(f"{len(found)} parts; {len(wrong)} to look into.", highlight=False, soft_wrap=True)
    return len(wrong)


def parts(package: Path | None = None) -> Iterator[Part]:
    """Everybody's work in a package, or in what requirements.txt names. Raises Refused."""
    if package is None:
        for line in REQUIREMENTS.read_text().splitlines():
            if name := line.partition("#")[0].partition("==")[0].strip():
                yield _installed(name)
        yield from (_within(path) for path in WITHIN)
        return
    if not package.exists() or not (package.is_dir() or zipfile.is_zipfile(package)):
        raise Refused(f"{package} is no package: name the zip file that chalice made, or a directory of what is in it")
    root: Any = package if package.is_dir() else zipfile.Path(package)  # both are walked in the same way
    for folder in root.iterdir():
        if folder.name.endswith(".dist-info"):
            texts = [str(each.name) for each in _files(folder) if each.name.upper().startswith(_TEXTS)]
            yield _part(HeaderParser().parsestr((folder / "METADATA").read_text("utf-8")), folder.name, texts)
    yield from (_within(path) for path in WITHIN if (root / path).exists())


def _installed(name: str) -> Part:
    try:
        there = distribution(name)
    except PackageNotFoundError:
        raise Refused(f"{name} is not installed, so its licence can't be read; run: make package") from None
    files = [file for file in there.files or () if ".dist-info" in str(file)]
    texts = [file.name for file in files if file.name.upper().startswith(_TEXTS)]
    return _part(
        HeaderParser().parsestr(there.read_text("METADATA") or ""), str(files[0].parts[0]) if files else "", texts
    )


def _files(folder: Any) -> Iterator[Any]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _files(each)
        else:
            yield each


def _part(metadata: Message, folder: str, texts: list[str]) -> Part:
    elsewhere = metadata.get("Home-page") or f"https://pypi.org/project/{metadata['Name']}/"
    where = f"{folder}: {', '.join(sorted(set(texts)))}" if texts else elsewhere
    return Part(metadata["Name"], metadata["Version"], _licence(metadata), where)


def _licence(metadata: Message) -> str:
    if expression := metadata.get("License-Expression"):
        return str(expression)
    classified = [
        classifier.rpartition(" :: ")[2]
        for classifier in metadata.get_all("Classifier", ())
        if classifier.startswith("License :: ") and classifier != "License :: OSI Approved"
    ]
    said = classified or [str(metadata.get("License") or "").strip()]
    return " AND ".join(_FORMER.get(each, each) for each in said)


def _within(path: str) -> Part:
    name, licence, text = WITHIN[path]
    return Part(name, "", licence, f"{text} ({path})")
