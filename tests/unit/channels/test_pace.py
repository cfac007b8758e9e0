"""A sender keeps to its provider's rate."""

from chalicelib.channels.pace import Pace


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.at = 100.0

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.at += seconds

    def monotonic(self) -> float:
        return self.at


def test_the_rate_is_kept() -> None:
    """The first goes at once; over any time no more than the rate and one batch go."""
    clock = Clock()
    pace = Pace(10, clock.sleep, clock.monotonic)
    pace.take(5)
    assert clock.at == 100
    pace.take(20)
    assert clock.at == 100.5
    pace.take()
    assert clock.at == 102.5


def test_time_that_was_not_used_is_gone() -> None:
    """After a quiet hour there is no burst."""
    clock = Clock()
    pace = Pace(1, clock.sleep, clock.monotonic)
    clock.at += 3600
    for _ in range(3):
        pace.take()
    assert clock.at == 3702
