"""How many segments a text takes (3GPP TS 23.038)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.channels.sms import Segments, segments


@pytest.mark.parametrize(
    ("text", "encoding", "units", "count"),
    [
        ("a", "GSM-7", 1, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("文", "UCS-2", 1, 1),
        ("文" * 70, "UCS-2", 70, 1),
        ("文" * 71, "UCS-2", 71, 2),
        ("文" * 134, "UCS-2", 134, 2),
        ("文" * 135, "UCS-2", 135, 3),
        ("", "GSM-7", 0, 1),
        ("€^{}[]~\\|\f", "GSM-7", 20, 1),
        ("€" * 80, "GSM-7", 160, 1),
        ("a" * 159 + "€", "GSM-7", 161, 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),  # the € does not fit into the first by one septet
        ("Gate B4 → B7", "UCS-2", 12, 1),
        ("á", "UCS-2", 1, 1),  # é and ü are in the alphabet, á is not
        ("éüñÇ@\n\r", "GSM-7", 7, 1),
        ("`", "UCS-2", 1, 1),
        ("\x1b", "UCS-2", 1, 1),
        ("😀", "UCS-2", 2, 1),
        ("😀" * 35, "UCS-2", 70, 1),
        ("a" * 66 + "😀" + "a" * 66, "UCS-2", 134, 3),  # a pair is not split
    ],
)
def test_segments(text: str, encoding: str, units: int, count: int) -> None:
    """Published limits, extension characters and surrogate pairs."""
    assert segments(text) == Segments(encoding, units, count)


def test_the_alphabet() -> None:
    """127 characters (escape is none), and ten of the extension: each alone keeps a text in GSM-7."""
    of_gsm = [chr(code) for code in range(0x10000) if segments(chr(code)).encoding == "GSM-7"]
    assert len(of_gsm) == 127 + 10
    assert [character for character in of_gsm if segments(character).units == 2] == sorted("\f^{}\\[~]|€")


@given(st.text(st.sampled_from("ab€|文😀"), max_size=400), st.sampled_from("a€文😀"))
def test_more_text_takes_no_fewer_segments(text: str, more: str) -> None:
    """And the count is never below what the units alone would take."""
    whole = segments(text + more)
    assert whole.count >= segments(text).count
    alone, each = (160, 153) if whole.encoding == "GSM-7" else (70, 67)
    assert whole.count >= (1 if whole.units <= alone else -(-whole.units // each))
