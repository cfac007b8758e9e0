"""The six characters that name a booking."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.booking import locator
from chalicelib.core.errors import Invalid

NUMBERS = st.integers(1, locator.HIGHEST)


def test_no_letter_can_be_taken_for_another():
    """32 letters, five bits each, without 0, O, 1 and I."""
    assert len(set(locator.ALPHABET)) == 32
    assert not set("01IO") & set(locator.ALPHABET)
    assert locator.HIGHEST == 2**30 - 1


@example(1)
@example(locator.HIGHEST)
@given(NUMBERS)
def test_a_locator_is_a_number(number):
    """There and back, whatever the number; and each has six characters."""
    text = locator.of_number(number)
    assert len(text) == 6
    assert locator.to_number(text) == number
    assert locator.parse(text) == text


@pytest.mark.parametrize("number", [0, -1, 2**30])
def test_nobody_is_zero(number):
    """0 says that a seat is free, so no locator has it."""
    with pytest.raises(ValueError, match=str(number)):
        locator.of_number(number)


@pytest.mark.parametrize("text", ["K3M9TZ", "k3m9tz", " K3M-9TZ ", "k3 m9 tz"])
def test_a_locator_is_read_as_people_write_it(text):
    """In any case, in groups."""
    assert locator.parse(text) == "K3M9TZ"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("K3M9T0", "zero"),
        ("KOM9TI", "the letter O, the letter I"),
        ("K3M9T", "5 characters"),
        ("K3M9TZ2", "7 characters"),
        ("", "0 characters"),
        ("K3M9T\u0130", "no locator has"),
        ("AAAAAA", "no booking"),
    ],
)
def test_a_letter_that_was_misread_is_named_not_guessed(text, said):
    """The fault says where it stood and what is wrong."""
    with pytest.raises(Invalid, match=said) as raised:
        locator.parse(text, "body", "locator")
    assert [(fault.place, fault.name) for fault in raised.value.faults] == [("body", "locator")]


@given(st.text(max_size=12))
def test_whatever_is_typed_is_a_locator_or_invalid(text):
    """Nothing else comes of it."""
    with suppress(Invalid):
        assert locator.of_number(locator.to_number(locator.parse(text))) == locator.parse(text)


def test_a_key_has_one_locator_and_others_when_that_is_taken():
    """By the secret: with another, others."""
    assert locator.derive("s", "key") == locator.derive("s", "key", 0) == "B2S9EK"
    few = {locator.derive(secret, key, attempt) for secret in "st" for key in "kl" for attempt in range(250)}
    assert len(few) == 1000
