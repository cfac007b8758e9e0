from collections.abc import Mapping

import pytest

from infra.data import airports

AGAIN = "make the files again with `python -m infra.data.airports`, and look at what changed"


@pytest.fixture(scope="module")
def made() -> Mapping[str, str]:
    return airports.data()


@pytest.mark.parametrize("file", ["airports.tsv", "names.tsv", "cities.tsv"])
def test_the_data_files_are_what_the_pinned_package_gives(made: Mapping[str, str], file: str) -> None:
    """Nobody edits the files by hand, and the same package gives the same bytes."""
    assert (airports.TARGET / file).read_bytes() == made[file].encode(), AGAIN


def test_the_files_describe_the_same_airports_line_by_line(made: Mapping[str, str]) -> None:
    """What is found in one file is read at the same line of the other; no text breaks the columns."""
    records = [line.split("\t") for line in made["airports.tsv"].splitlines()]
    names = [line.split("\t") for line in made["names.tsv"].splitlines()]
    assert len(records) == len(names) > 28_000
    assert {len(fields) for fields in records} == {9}
    assert {len(fields) for fields in names} == {4}
    for (iata, icao, *_), (_, codes, _, places) in zip(records[1:], names[1:], strict=True):
        assert codes.startswith(f"^|{iata.lower()}^" if iata else "^")
        assert places.startswith(f"^|{icao.lower().removeprefix('_')}^")


def test_the_more_prominent_come_first_and_those_without_an_iata_code_last(made: Mapping[str, str]) -> None:
    """Lookups and suggestions stop early by this order."""
    weights = [int(line.split("\t")[0]) for line in made["names.tsv"].splitlines()[1:]]
    assert weights == sorted(weights, reverse=True)
    coded = [not line.startswith("\t") for line in made["airports.tsv"].splitlines()[1:]]
    assert coded == sorted(coded, reverse=True)
    assert [weight > 0 for weight in weights] == coded


def test_what_was_added_by_hand_names_airports_of_the_package(made: Mapping[str, str]) -> None:
    """A code mistyped in a hand-made list, or one that was withdrawn, is noticed."""
    known = {line.split("\t")[0] for line in made["airports.tsv"].splitlines()[1:]}
    by_hand = [*airports.BUSIEST, *airports.ALSO_SOLD_AS, *airports.ALSO_CALLED]
    assert [code for code in by_hand if code not in known] == []
    assert len(airports.BUSIEST) == len(set(airports.BUSIEST))


@pytest.mark.parametrize(
    ("more", "less"),
    [
        (("ATL", "Any", False), ("YHZ", "Any International", False)),
        (("YHZ", "Any", False), ("QQQ", "Any International", True)),
        (("QQQ", "Any", True), ("QQQ", "Any International", False)),
        (("QQQ", "Any International", False), ("QQQ", "Any", False)),
        (("QQQ", "Any", False), ("QQQ", "Any Air Base", False)),
        (("QQQ", "Any Air Base", False), ("", "Any International", False)),
    ],
)
def test_prominence_is_by_the_documented_signs(more: tuple[str, str, bool], less: tuple[str, str, bool]) -> None:
    """Busy before the metropolis's before international before other airports; a field without a code comes last."""
    assert 60 >= airports.weight(*more) > airports.weight(*less) >= 0
