"""What a wish makes of a rule, and which language suits a browser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chalicelib.alerts.model import Interest, Rule
from chalicelib.alerts.wishes import Wishes, language_of
from chalicelib.channels.model import LANGUAGES


def test_what_is_not_mentioned_stays() -> None:
    """And null ends the quiet hours."""
    rule = Wishes.model_validate({"quiet": {"from": "22:00", "to": "06:30"}, "tell": ["gate"]}).applied_to(Rule())
    assert rule.interests == {Interest.GATE}
    assert rule.quiet
    assert (rule.quiet.start.hour, rule.quiet.end.minute) == (22, 30)
    assert Wishes.model_validate({"first_delay": 30}).applied_to(rule).quiet == rule.quiet
    assert Wishes.model_validate({"quiet": None}).applied_to(rule).quiet is None


@pytest.mark.parametrize("zone", ["", "Mars/Base", "../UTC", "/etc/localtime", "Europe", "utc\x00", "\u00fc"])
def test_a_zone_is_one_of_iana(zone: str) -> None:
    """No file of this machine, no folder."""
    with pytest.raises(ValidationError):
        Wishes.model_validate({"zone": zone})


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
