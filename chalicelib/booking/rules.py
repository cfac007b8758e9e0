"""The rules of a booking's fares: those of the tariff by which each was priced."""

from datetime import date

from chalicelib.booking.model import Booking, Held, Segment
from chalicelib.pricing import fares, tariff
from chalicelib.pricing.model import FareRules


def rules_of(booking: Booking) -> list[FareRules]:
    """The rules of each segment's fare."""
    return [fare_rules(booking, segment) for segment in booking.segments]


def fare_rules(booking: Booking, segment: Segment) -> FareRules:
    """The rules of a segment's fare. Raises KeyError for a class that is not of its tariff."""
    return tariff.rules(segment.booking_class, _day(booking, segment))


def freedom(rules: FareRules) -> tuple[bool, bool, int, int]:
    """By which of several fares one is freer: the greater."""
    return rules.refundable, rules.changeable, -rules.cancel_fee, -rules.change_fee


def priced_on(booking: Booking) -> date:
    """The day by whose lists a booking was priced: that of its hold, which comes after its wait for seats."""
    holds = [event.at for event in booking.journal if isinstance(event, Held)]
    return (holds or [booking.journal[0].at])[-1].date()


def _day(booking: Booking, segment: Segment) -> date:
    """A day of the tariff that a segment's fare names; one flown on another's ticket goes by that."""
    same = (each for each in booking.segments if each.fare_basis == segment.fare_basis)
    inputs = next((inputs for each in (segment, *same) for inputs in each.fares), None)
    return tariff.numbered(fares.Inputs.unpack(inputs).tariff).effective if inputs else priced_on(booking)
