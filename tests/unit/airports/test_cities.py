"""Cities under whose code several airports are sold."""

import pytest

from chalicelib.airports.cities import cities_begun, city, city_of
from chalicelib.airports.lookup import airport


@pytest.mark.parametrize(
    ("code", "airports"),
    [("NYC", {"JFK", "EWR", "LGA"}), ("WAS", {"DCA", "IAD", "BWI"}), ("CHI", {"ORD", "MDW"})],
)
def test_a_city_has_its_airports(code: str, airports: set[str]) -> None:
    """The cities that New York's flights serve at several airports."""
    found = city(code.lower())
    assert found is not None
    assert set(found.airports) == airports
    assert {city_of(iata) for iata in airports} == {found}


@pytest.mark.parametrize("code", ["DFW", "HOU", "BOS", "XXX", "", "NYCX"])
def test_a_code_that_is_an_airports_is_no_citys(code: str) -> None:
    """Who says DFW means the airport; other codes are none at all."""
    assert city(code) is None


def test_an_airport_of_its_own_is_sold_with_no_other() -> None:
    """Boston has one; Dallas has two, though its code is one of theirs."""
    assert city_of("BOS") is None
    dallas = city_of("DAL")
    assert dallas is not None
    assert set(dallas.airports) == {"DAL", "DFW"}


def test_each_airport_of_a_city_is_known() -> None:
    """No code of the list leads nowhere."""
    found = [each for code in ("NYC", "LON", "PAR", "TYO", "MIL") if (each := city(code))]
    assert len(found) == 5
    assert all(airport(iata) for each in found for iata in each.airports)


@pytest.mark.parametrize(
    ("typed", "code"), [("nyc", "NYC"), ("New Y", "NYC"), ("new york", "NYC"), ("sao paulo", "SAO")]
)
def test_a_city_is_found_by_its_code_or_the_beginning_of_its_name(typed: str, code: str) -> None:
    """Accents and case do not matter, as for airports."""
    assert code in [each.code for each in cities_begun(typed)]


@pytest.mark.parametrize("typed", ["", "n", "ne", "newark", "york", "DFW", "xyz"])
def test_no_city_is_found_where_none_is_meant(typed: str) -> None:
    """One or two letters say too little; Dallas's code is that of an airport."""
    assert cities_begun(typed) == []
