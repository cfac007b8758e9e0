"""Which language suits a browser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.channels.model import LANGUAGES, language_of


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "en"), ("de", "de"), ("de-AT,en;q=0.9", "de"), ("pt, es;q=0.5", "es"), ("en;q=0, fr;q=0.1", "fr"),
        ("zh-Hant-TW", "zh"), ("*", "en"), ("de;q=nan, fr", "fr"), ("DE;q=0.2, FR;q=0.7", "fr"),
    ],
)  # fmt: skip
def test_the_language_a_browser_likes_best_is_spoken(accept: str, language: str) -> None:
    """Of the five."""
    assert language_of(accept) == language


@given(st.text(max_size=80))
def test_any_header_gives_a_language(accept: str) -> None:
    """Clients send anything."""
    assert language_of(accept) in LANGUAGES
