"""Seats are protected for those who pay more as published: EMSR-b, and Littlewood's rule for two classes."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.pricing.emsr import booking_limits, emsr_b, littlewood

# Fares and demands of the example in K. Talluri, G. van Ryzin, The Theory and Practice of Revenue Management (2004),
# section 2.2; the levels are those that public programs print for it, as the book itself could not be read here.
FARES = [1050, 567, 534, 520]
MEANS = [17.3, 45.1, 39.6, 34.0]
DEVIATIONS = [5.8, 15.0, 13.2, 11.3]
PROTECTED = [16.717484421033475, 50.94418638163151, 83.1548385006148]

A_CLASS = st.tuples(
    st.integers(1, 500_000), st.floats(0, 300, allow_subnormal=False), st.floats(0, 100, allow_subnormal=False)
)
CLASSES = st.lists(A_CLASS, min_size=1, max_size=12).map(lambda some: sorted(some, key=lambda c: -c[0]))


def levels(classes):
    return emsr_b(*map(list, zip(*classes, strict=True)))


def test_the_published_example_comes_out():
    """The protection levels of Talluri and van Ryzin's example, to ten digits."""
    assert emsr_b(FARES, MEANS, DEVIATIONS) == pytest.approx(PROTECTED, rel=1e-10)


def test_its_booking_limits_come_out():
    """With 124 seats the four classes may sell 124, 107, 73 and 41."""
    assert booking_limits(124, PROTECTED) == [124, 107, 73, 41]


def test_two_classes_go_by_littlewood():
    """617 and 238 dollars, 166 seats, 150 wanted of each for certain: 150 are kept and 16 sold, for 96,358 dollars.

    MIT OpenCourseWare 15.071, The Analytics Edge (spring 2017), section 8.2, quick question.
    """
    [kept] = emsr_b([617, 238], [150, 150], [0, 0])
    full, discounted = booking_limits(166, [kept])
    assert (kept, full, discounted) == (150, 166, 16)
    assert 617 * 150 + 238 * discounted == 96_358


def test_half_the_fare_protects_the_mean():
    """Littlewood with a ratio of a half: as many as are expected, however uncertain that is."""
    assert littlewood(0.5, 70, 1) == pytest.approx(70)
    assert littlewood(0.5, 70, 25) == pytest.approx(70)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 300), st.floats(0, 100))
def test_the_cheaper_the_other_class_the_more_is_protected(a, b, mean, deviation):
    """A lower ratio of fares never protects less, and nothing is protected below 0 seats."""
    low, high = sorted((a, b))
    assert littlewood(low, mean, deviation) >= littlewood(high, mean, deviation) >= 0


@given(CLASSES)
def test_levels_never_fall_and_are_never_negative(classes):
    """What is protected for some classes is protected for these and one more."""
    found = levels(classes)
    assert len(found) == len(classes) - 1
    assert all(level >= 0 for level in found)
    assert all(later >= earlier for earlier, later in pairwise(found))


@given(CLASSES, st.integers(0, 600))
def test_limits_are_nested(classes, seats):
    """The first class may sell every seat, no class more than the one above, none fewer than no seat."""
    limits = booking_limits(seats, levels(classes))
    assert limits[0] == seats
    assert all(0 <= later <= earlier for earlier, later in pairwise(limits))


@given(CLASSES, st.integers(0, 600))
def test_one_seat_more_is_at_most_one_more_for_each_class(classes, seats):
    """A seat that comes back never closes a class."""
    some, more = booking_limits(seats, levels(classes)), booking_limits(seats + 1, levels(classes))
    assert all(0 <= b - a <= 1 for a, b in zip(some, more, strict=True))


@given(CLASSES, st.sampled_from([2, 4, 1024]))
def test_the_currency_does_not_matter(classes, times):
    """Fares in another unit protect the same seats: to the last bit for powers of two, which round nothing."""
    assert levels([(fare * times, *rest) for fare, *rest in classes]) == levels(classes)


def test_a_level_that_would_fall_stays():
    """Fares 100, 60 and 59: the second boundary alone would protect nothing, as its demand is a wild guess."""
    first, second = emsr_b([100, 60, 59], [10, 0.1, 20], [1, 100, 5])
    assert first == second == pytest.approx(littlewood(0.6, 10, 1))


def test_equal_fares_protect_nothing_from_each_other():
    """Nobody is turned away for somebody who pays as much."""
    assert emsr_b([100, 100], [50, 50], [10, 10]) == [0]


def test_nothing_is_protected_for_nobody():
    """Classes without demand keep no seat."""
    assert emsr_b([300, 200, 100], [0, 0, 0], [0, 0, 0]) == [0, 0]


@pytest.mark.parametrize(
    ("fares", "means", "deviations"),
    [([1, 2], [1, 1], [1, 1]), ([2, 1], [1], [1, 1]), ([2, 1], [-1, 1], [1, 1]), ([2, -1], [1, 1], [1, 1])],
)
def test_what_makes_no_sense_is_refused(fares, means, deviations):
    """Fares that rise, lists of other lengths and negative numbers are errors of the caller."""
    with pytest.raises(ValueError, match=r"fare|class|negative"):
        emsr_b(fares, means, deviations)


def test_levels_are_plain_numbers():
    """They can be sent as JSON."""
    assert json.loads(json.dumps(emsr_b(FARES, MEANS, DEVIATIONS))) == pytest.approx(PROTECTED)
