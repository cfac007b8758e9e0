"""What a wish makes of a rule."""

import pytest
from pydantic import ValidationError

from chalicelib.alerts.model import Interest, Rule
from chalicelib.alerts.wishes import Wishes


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
