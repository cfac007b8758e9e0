import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.airports.lookup import airport
from chalicelib.airports.model import Airport, distance_km

HALF_ROUND_THE_EARTH = 20_015.2  # km, of a sphere of the mean radius


def place(lat: float, lon: float) -> Airport:
    return Airport(None, "XXXX", "", "", "", "US", lat, lon, "UTC")


PLACES = st.builds(place, st.floats(-90, 90), st.floats(-180, 180))


@pytest.mark.parametrize(
    ("origin", "destination", "km"),
    [
        ("JFK", "LHR", 5540),
        ("EWR", "SFO", 4128),
        ("LAX", "SYD", 12051),  # across the date line
        ("SIN", "JFK", 15344),  # almost over the pole
        ("AMS", "BRU", 158),  # corrected: the package has Brussels 42 km off
    ],
)
def test_distances_are_those_of_the_great_circle(origin: str, destination: str, km: float) -> None:
    """Known distances are met within one per cent."""
    a, b = airport(origin), airport(destination)
    assert a
    assert b
    assert distance_km(a, b) == pytest.approx(km, rel=0.01)


def test_opposite_ends_of_the_earth_are_half_its_circumference_apart() -> None:
    """Antipodes, where the formula's root may exceed 1 by rounding, are measured too."""
    assert distance_km(place(90, 0), place(-90, 0)) == pytest.approx(HALF_ROUND_THE_EARTH, rel=1e-4)
    assert distance_km(place(0, -180), place(0, 0)) == pytest.approx(HALF_ROUND_THE_EARTH, rel=1e-4)


@given(PLACES, PLACES)
def test_a_distance_is_the_same_both_ways_and_never_beyond_the_antipodes(a: Airport, b: Airport) -> None:
    """Distance is symmetric, zero to itself, and at most half the Earth's circumference."""
    assert distance_km(a, b) == pytest.approx(distance_km(b, a))
    assert 0 <= distance_km(a, b) <= HALF_ROUND_THE_EARTH
    assert distance_km(a, a) == 0
