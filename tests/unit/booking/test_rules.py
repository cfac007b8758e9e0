"""By which rules the fares of a booking go."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.booking.model import Booking, Contact, Held, Segment, Waitlisted
from chalicelib.booking.rules import priced_on, rules_of
from chalicelib.flights.identity import LegId
from chalicelib.pricing import tariff
from chalicelib.pricing.fares import Inputs
from chalicelib.pricing.seats import Cabin

JOINED, HELD = datetime(2026, 7, 10, 12, tzinfo=UTC), datetime(2026, 8, 3, 12, tzinfo=UTC)
ANN = Contact("ann@example.com")


@pytest.fixture
def tariffs(monkeypatch: pytest.MonkeyPatch) -> None:
    """From August on, changes of a standard fare cost one dollar, and from September on two."""
    old = tariff.tariffs()[0]

    def dearer(effective: date, fee: int) -> tariff.Tariff:
        return replace(
            old, effective=effective, brands=old.brands | {"standard": {**old.brands["standard"], "change_fee": fee}}
        )

    every = (old, dearer(date(2026, 8, 1), 100), dearer(date(2026, 9, 1), 200))
    monkeypatch.setattr(tariff, "tariffs", lambda: every)


def segment(number: int, *tariffs: int) -> Segment:
    """A flight in a standard fare, priced by tariffs."""
    packed = [Inputs(each, "economy", 1, 1, 1, 1, 1, 1, 1, "UA", (), 0).pack() for each in tariffs]
    leg = LegId.parse(f"UA{number}-20261001-EWR")
    out = datetime(2026, 10, 1, 12, tzinfo=UTC)
    return Segment(leg, "LAX", out, out + timedelta(hours=6), Cabin.ECONOMY, "M", "M14STAN", (), "\n".join(packed))


def test_each_fare_goes_by_the_tariff_it_was_priced_by(tariffs: None) -> None:
    """Not by that of the day on which its party began to wait; a flight flown on another's ticket goes by that."""
    segments = segment(1, 20260801), segment(2, 20260901), segment(3), segment(4, 20260901, 20260801)
    wait = Waitlisted(JOINED, (), segments, (), ANN, None, None)
    held = Held(HELD, HELD, (), segments, (), (), "USD", ANN, None, None)
    booking = Booking("K3M9TZ").then(wait, held)
    assert [rules.change_fee for rules in rules_of(booking)] == [100, 200, 100, 200]
    assert priced_on(booking) == HELD.date()


def test_a_fare_without_inputs_goes_by_the_day_of_its_hold(tariffs: None) -> None:
    """That is all there is."""
    held = Held(HELD, HELD, (), (segment(1),), (), (), "USD", ANN, None, None)
    assert rules_of(Booking("K3M9TZ").then(held))[0].change_fee == 100
