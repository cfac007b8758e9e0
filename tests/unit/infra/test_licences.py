"""Whose work is deployed, and under which licence."""

import io
import zipfile
from pathlib import Path

import pytest
from rich.console import Console

from infra import licences
from infra.__main__ import main
from infra.deploy import Refused
from infra.licences import Part

OSI = "Classifier: License :: OSI Approved"
METADATA = "Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{more}\n\nLicense: GPL-3.0-only, says the description\n"


def package(directory: Path, **said: str) -> Path:
    for name, more in said.items():
        info = directory / f"{name}-1.0.dist-info"
        (info / "licenses").mkdir(parents=True)
        (info / "METADATA").write_text(METADATA.format(name=name, more=more))
    return directory


def licence_of(directory: Path, more: str) -> str:
    return next(licences.parts(package(directory, some=more))).licence


def show(path: Path | None = None) -> tuple[int, str]:
    printed = io.StringIO()
    return licences.show(Console(file=printed, width=250), path), printed.getvalue()


def test_what_is_deployed_is_free() -> None:
    """Every distribution of requirements.txt, and what comes with them and us; each names where its text is."""
    wrong, printed = show()
    assert wrong == 0, printed
    deployed = [line.partition("=")[0] for line in licences.REQUIREMENTS.read_text().splitlines() if "==" in line]
    assert {part.name.lower().replace("_", "-") for part in licences.parts()} >= {
        name.lower().replace("_", "-") for name in deployed
    }
    assert all(part.text for part in licences.parts())


def test_every_table_of_facts_says_whose_it_is() -> None:
    """A file of data in chalicelib stands on the list."""
    data = [
        path for kind in ("tsv", "csv", "json", "txt", "gz") for path in licences.ROOT.glob(f"chalicelib/**/*.{kind}")
    ]
    assert data
    assert {str(path.relative_to(licences.ROOT)) for path in data} <= licences.WITHIN.keys()


@pytest.mark.parametrize(
    ("more", "licence"),
    [
        (f"License-Expression: MIT OR GPL-3.0-only\n{OSI} :: BSD License", "MIT OR GPL-3.0-only"),
        (f"License: see the file\n{OSI} :: MIT License", "MIT"),
        (f"{OSI} :: BSD License\n{OSI} :: Apache Software License", "BSD-3-Clause AND Apache-2.0"),
        (f"License: Apache-2.0\n{OSI}", "Apache-2.0"),
        ("Home-page: https://example.com", ""),
    ],
)
def test_a_distribution_says_its_licence_in_one_of_three_ways(tmp_path: Path, more: str, licence: str) -> None:
    """The expression before the classifiers, these before the old field; its description is no word."""
    assert licence_of(tmp_path, more) == licence


@pytest.mark.parametrize(
    "licence", ["MIT", "MIT OR GPL-3.0-only", "Apache-2.0 AND BSD-2-Clause", "GPL-2.0 OR MIT AND ISC"]
)
def test_free_is_what_may_be_chosen_so(licence: str) -> None:
    """Of choices one, of parts all."""
    assert Part("some", "1", licence, "").is_free


@pytest.mark.parametrize(
    "licence", ["", "GPL-3.0-only", "MIT AND LGPL-2.1-only", "see the file", "(MIT AND GPL-3.0-only) OR AGPL-3.0-only"]
)
def test_in_doubt_a_licence_is_not_free(licence: str) -> None:
    """None named, copyleft, or something that can't be read."""
    assert not Part("some", "1", licence, "").is_free


def test_what_is_not_free_is_named_and_counted(tmp_path: Path) -> None:
    """With the version; the others are in the table all the same."""
    path = package(tmp_path, good="License-Expression: MIT", bad="License-Expression: GPL-3.0-only", silent="")
    wrong, printed = show(path)
    assert wrong == 2
    assert "bad 1.0 is under GPL-3.0-only" in printed
    assert "silent 1.0 names none" in printed
    assert "good" in printed


def test_a_package_is_read_as_it_is_uploaded(tmp_path: Path) -> None:
    """The zip says the same as its directory: what is in it, where each text is, and Chalice's runtime."""
    made = package(tmp_path / "made", some="License-Expression: MIT")
    (made / "some-1.0.dist-info" / "licenses" / "LICENSE.md").write_text("MIT")
    (made / "chalice").mkdir()
    (made / "chalice" / "app.py").touch()
    archive = tmp_path / "deployment.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for path in made.rglob("*"):
            if path.is_file():
                zipped.write(path, path.relative_to(made))
    found = list(licences.parts(archive))
    assert found == list(licences.parts(made))
    assert [(part.name, part.licence) for part in found] == [("some", "MIT"), ("Chalice's runtime", "Apache-2.0")]
    assert found[0].text == "some-1.0.dist-info: LICENSE.md"


def test_what_is_no_package_is_refused(tmp_path: Path) -> None:
    """With what to name."""
    (tmp_path / "deployment.zip").write_text("no zip")
    for path in (tmp_path / "deployment.zip", tmp_path / "nothing"):
        with pytest.raises(Refused, match="no package"):
            list(licences.parts(path))


def test_the_command_fails_where_a_licence_does(tmp_path: Path) -> None:
    """Exit code 0, 1 for a licence, 2 for no package."""
    good, bad = tmp_path / "good", tmp_path / "bad"
    package(good, some="License-Expression: MIT")
    package(bad, some="License-Expression: GPL-3.0-only")
    assert [main(["licences", str(path)]) for path in (good, bad, tmp_path / "nothing")] == [0, 1, 2]
