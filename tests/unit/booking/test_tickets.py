"""Ticket numbers."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.booking import locator, tickets
from chalicelib.core.errors import Invalid
from chalicelib.flights.feeds import replay

LOCATORS = st.integers(1, locator.HIGHEST).map(locator.of_number)
PLACES = st.integers(0, tickets.PLACES - 1)


@given(LOCATORS, PLACES, st.text(max_size=5))
def test_a_ticket_leads_to_its_passenger_and_to_nobody_else(pnr, place, secret):
    """The number can be read back: so no two passengers share one."""
    number = tickets.ticket("016", pnr, place, secret)
    assert len(number) == 13
    assert number.isdecimal()
    assert number.startswith("016")
    assert tickets.holder(number, secret) == (pnr, place)
    assert tickets.holder(f"{number[:3]}-{number[3:7]} {number[7:]}", secret) == (pnr, place)


def test_numbers_are_enough_for_every_locator_and_place():
    """Of ten digits."""
    assert (locator.HIGHEST + 1) * tickets.PLACES <= 10**10


def test_numbers_say_nothing_of_each_other():
    """A party's numbers are not in a row, and another secret makes others."""
    party = [int(tickets.ticket("016", "K3M9TZ", place, "s")) for place in range(9)]
    assert min(abs(one - other) for one in party for other in party if one != other) > 1000
    assert tickets.ticket("016", "K3M9TZ", 0, "t") != tickets.ticket("016", "K3M9TZ", 0, "s")


def test_a_ticket_is_the_same_wherever_it_is_reckoned():
    """Releases must agree: a number once printed is never reckoned anew."""
    assert tickets.ticket("016", "K3M9TZ", 3, "secret") == "0166995762352"


def test_there_are_no_tickets_of_locators_that_are_not_given_out():
    """Of numbers that are left over no booking is looked for."""
    unused = tickets.ticket("016", "AAAAAA", 0, "s")
    with pytest.raises(Invalid, match="no ticket"):
        tickets.holder(unused, "s")
    beyond = sum(not _is_ours(f"016{number:010}") for number in range(2000))
    assert 0 < beyond < 200  # 3.4 % of all numbers


def _is_ours(number):
    try:
        tickets.holder(number, "s")
    except Invalid:
        return False
    return True


@pytest.mark.parametrize(("code", "place"), [("16", 0), ("0160", 0), ("UA1", 0), ("016", 9), ("016", -1)])
def test_there_are_nine_places_and_codes_of_three_digits(code, place):
    """What else is asked for is a mistake of ours."""
    with pytest.raises(ValueError, match=r"place|code"):
        tickets.ticket(code, "K3M9TZ", place, "s")


@given(st.text(max_size=15) | st.from_regex(r"[0-9]{13}", fullmatch=True))
def test_what_is_no_ticket_is_told_so(number):
    """Or it leads to a locator and a place that there can be."""
    with suppress(Invalid):
        pnr, place = tickets.holder(number, "s")
        assert tickets.ticket(number[:3], pnr, place, "s") == number


@pytest.mark.parametrize(("number", "check"), [("00032781811234", 4), ("00121373147367", 3), ("10237424413392", 1)])
def test_check_digits_are_as_published(number, check):
    """Vectors gathered from published tickets: the number modulo 7, without weights."""
    assert tickets.check_digit(number) == check


def test_every_airline_of_the_replayed_day_has_an_accounting_code():
    """Of three digits, and no other airline's. An unknown one has none."""
    lines = (Path(replay.__file__).parent / "day.csv").read_text().splitlines()
    flown = {line.split(",")[0] for line in lines if not line.startswith(("#", "carrier"))}
    codes = {carrier: tickets.accounting_code(carrier) for carrier in flown}
    assert len(flown) > 10
    assert all(code and len(code) == 3 and code.isdecimal() for code in codes.values())
    assert len(set(codes.values())) == len(codes)
    assert (codes["UA"], codes["AA"], codes["DL"], codes["B6"]) == ("016", "001", "006", "279")
    assert tickets.accounting_code("ZZ") is None
