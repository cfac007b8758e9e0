"""The table of airlines."""

import re
from collections import Counter

import pytest

from chalicelib.flights.carriers import carrier, carriers
from chalicelib.flights.identity import FlightNumber
from chalicelib.flights.passenger_law import PASSENGER_LAWS


def test_an_airline_is_found_by_either_designator():
    """UA and UAL are the same airline, however they are typed."""
    assert carrier("UA") == carrier("ual ") == carrier(" Ua")
    assert (carrier("UA").name, carrier("UA").country) == ("United Airlines", "US")


@pytest.mark.parametrize("designator", ["", "ZZ", "QQQ", "U", "not an airline", "#", "iata"])
def test_an_airline_that_is_not_in_the_table_stays_unknown(designator):
    """Nothing is guessed from a designator that is not known, nor taken from the table's own header and comments."""
    assert carrier(designator) is None


@pytest.mark.parametrize(
    "designator",
    ["9E", "AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "VX", "WN", "YV"],
)
def test_the_airlines_of_the_replayed_day_are_american(designator):
    """Every carrier of New York's 2013 data is known, those that have ceased too."""
    assert carrier(designator).country == "US"


@pytest.mark.parametrize(
    ("designator", "country"),
    [("LH", "DE"), ("AF", "FR"), ("FR", "IE"), ("W6", "HU"), ("SK", "SE"), ("DY", "NO"), ("FI", "IS"), ("LX", "CH"),
     ("BA", "GB"), ("W9", "GB"), ("RK", "GB"), ("EC", "AT"), ("DS", "CH"), ("TK", "TR"), ("EK", "AE"), ("QF", "AU")],
)  # fmt: skip
def test_the_country_is_the_one_that_licenses_the_airline(designator, country):
    """Sister airlines of one brand have each their own country: it decides which law covers a flight."""
    assert carrier(designator).country == country


def test_a_designator_shared_by_airlines_of_several_countries_has_none():
    """U2 stands on the flights of easyJet's British, Austrian and Swiss airlines: its country stays open."""
    assert carrier("U2").name == "easyJet"
    assert carrier("U2").country is None


def test_every_row_is_well_formed_and_no_designator_names_two_airlines():
    """Designators are ones a flight number can carry, countries are alpha-2, and every code is unique."""
    for known in carriers():
        assert known.iata or known.icao, known
        assert known.name == known.name.strip() != ""
        assert known.icao is None or re.fullmatch(r"[A-Z]{3}", known.icao), known
        assert known.country is None or re.fullmatch(r"[A-Z]{2}", known.country), known
        for code in (known.iata, known.icao):
            if code is not None:
                assert FlightNumber.parse(f"{code}1").carrier == code
    codes = Counter(code for known in carriers() for code in (known.iata, known.icao) if code)
    assert [code for code, times in codes.items() if times > 1] == []


def test_every_country_whose_airlines_a_european_law_names_has_some():
    """EU, EEA, Swiss and UK airlines are there, except from the few countries that have no scheduled ones."""
    current = [law for law in PASSENGER_LAWS if law.until is None]
    named = {country for law in current for arrivals in law.arrivals for country in arrivals.licensed_in}
    without = {"LI", "SI"} | {"AX", "GF", "GP", "MF", "MQ", "RE", "YT"}  # the latter by airlines of Finland and France
    assert named - {known.country for known in carriers()} == without
