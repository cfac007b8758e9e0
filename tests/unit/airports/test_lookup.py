import subprocess
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import airportsdata
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.airports import lookup
from chalicelib.airports.lookup import airport, zone
from chalicelib.airports.model import Airport

PACKAGE = airportsdata.load()


def test_an_airport_is_found_with_all_that_is_known_of_it() -> None:
    """Every field of an airport comes from the package's data."""
    assert airport("EWR") == Airport(
        iata="EWR",
        icao="KEWR",
        name="Newark Liberty International Airport",
        city="Newark",
        subdivision="New Jersey",
        country="US",
        lat=40.692481,
        lon=-74.168688,
        zone="America/New_York",
    )


@pytest.mark.parametrize("code", ["LHR", "lhr", "Lhr", "EGLL", "egll"])
def test_iata_and_icao_codes_of_any_case_find_the_airport(code: str) -> None:
    """One airport answers to both of its codes."""
    found = airport(code)
    assert found
    assert (found.iata, found.icao) == ("LHR", "EGLL")


@given(st.sampled_from(sorted(PACKAGE)))
def test_every_airport_of_the_package_is_found_by_each_of_its_codes(icao: str) -> None:
    """No line of the data hides another, whatever text they hold."""
    row = PACKAGE[icao]
    found = airport(icao)
    assert found
    assert (found.icao, found.iata or "", found.zone) == (icao, row["iata"], row["tz"])
    assert not row["iata"] or airport(row["iata"]) == found


def test_a_small_field_has_no_iata_code() -> None:
    """The absence of an IATA code is None, not an empty text."""
    found = airport("00AL")
    assert found
    assert found.iata is None


# FCT and ARMM are regions in the data, US is a country, NAME a column; the long s is a capital S in upper case.
@pytest.mark.parametrize(
    "code", ["", "ZZZ", "ZZZZ", "FCT", "ARMM", "US", "NAME", "IATA", "L R", "LH\n", "\u017fan", "LHR "]
)
def test_what_is_no_airports_code_finds_none(code: str) -> None:
    """Only codes find an airport, not the data's other texts."""
    assert airport(code) is None


def test_a_region_of_the_same_letters_does_not_stand_in_for_an_airport() -> None:
    """ACT is Waco in Texas, not the Australian Capital Territory."""
    found = airport("ACT")
    assert found
    assert found.city == "Waco"


@given(st.text())
def test_any_text_is_looked_up_without_error(text: str) -> None:
    """A code comes from outside: no text raises, and every text has a zone."""
    found = airport(text)
    assert found is None or text.upper() in (found.iata, found.icao)
    assert zone(text).key == (found.zone if found else "UTC")


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("EWR", "America/New_York"),
        ("PHX", "America/Phoenix"),
        ("HNL", "Pacific/Honolulu"),
        ("SJU", "America/Puerto_Rico"),
        ("LHR", "Europe/London"),
        ("DEL", "Asia/Kolkata"),
        ("APW", "Pacific/Apia"),
        ("XYZZY", "UTC"),
    ],
)
def test_zones_are_the_airports_or_utc(code: str, name: str) -> None:
    """An unknown airport is on UTC."""
    assert zone(code) == ZoneInfo(name)


def test_a_zone_keeps_summer_time() -> None:
    """A zone is more than an offset: New York is four hours behind in July and five in January."""
    at = {month: datetime(2013, month, 10, 12, tzinfo=UTC).astimezone(zone("JFK")).utcoffset() for month in (1, 7)}
    assert at == {1: timedelta(hours=-5), 7: timedelta(hours=-4)}


def test_a_zone_this_machine_does_not_know_is_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zone data older than the airport's do not break a board."""
    monkeypatch.setattr(
        lookup, "airport", lambda code: Airport(None, code, "", "", "", "US", 0, 0, "Mars/Olympus_Mons")
    )
    assert zone("OLYM") == ZoneInfo("UTC")


def test_every_zone_of_the_data_is_known() -> None:
    """The zone data that are deployed know each of the airports' zones."""
    for name in {row["tz"] for row in PACKAGE.values()}:
        assert ZoneInfo(name).key == name


def test_looking_up_loads_neither_the_package_nor_the_suggestions() -> None:
    """A cold function that needs one airport pays for that alone."""
    program = "import sys; from chalicelib.airports.lookup import airport; airport('JFK'); print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"airportsdata", "csv", "json", "sqlite3", "pydantic", "boto3", "botocore", "chalicelib.airports.suggest"}
    assert not heavy & set(out)
