"""A person's trips as they are answered. Instants are UTC; each flight has the zones of its airports."""

from datetime import date
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field

from chalicelib.booking.answers import SegmentShown
from chalicelib.booking.model import State
from chalicelib.core.clock import Now
from chalicelib.core.routes import Answer, Shape
from chalicelib.flights.answers import FlightRow, Instant
from chalicelib.pricing.answers import Money

if TYPE_CHECKING:
    from chalicelib.alerts.trips import Trip, Trips


class BookedFlight(Shape):
    """A flight of a booking: as booked, and as it now stands where that is known."""

    booked: SegmentShown
    live: FlightRow | None = Field(None, description="absent until the day before, and once it is long over")


class NextStep(Shape):
    """What the party can do next."""

    do: Literal["pay", "wait", "rebook", "options", "check_in", "board"] = Field(
        description="pay what is held; wait for seats; take the flights that are held instead; choose other flights or"
        " a refund; check in; show boarding passes and go"
    )
    until: Instant | None = Field(None, description="by when; of board: when it leaves")
    flight: str | None = Field(None, description="the flight that it is about")
    why: Literal["cancelled", "delayed", "missed_connection"] | None = Field(
        None, description="of rebook and options: what is wrong; missed_connection: a delay is about to break it"
    )
    url: str | None = Field(None, description="of rebook: a page whose button takes the flights")


class TripBooking(Shape):
    """A booking, in what a list shows of it."""

    pnr: str
    state: State
    passengers: int
    to_pay: Money | None = None
    flights: list[BookedFlight]
    next: NextStep | None = None


class TripFollowed(Shape):
    """A flight, a flight number or a route that is followed without a booking, and the flights that it means."""

    id: str = Field(description="the subscription's")
    flight: str | None = None
    number: str | None = None
    origin: str | None = None
    destination: str | None = None
    day: date = Field(serialization_alias="date")
    flights: list[FlightRow]


class TripLine(Shape):
    """One trip: a booking, or something that is followed."""

    leaves: Instant
    over: bool = Field(description="true: it is behind, or does not take place")
    booking: TripBooking | None = None
    followed: TripFollowed | None = None

    @classmethod
    def of(cls, trip: "Trip", now: Now) -> Self:
        """A trip as it stands."""
        return cls(leaves=trip.leaves, over=trip.over, booking=_booking(trip, now), followed=_followed(trip))


class TripsAnswer(Answer):
    """What comes, the soonest first; then what is over, the latest first."""

    trips: list[TripLine]
    more: bool = Field(description="true: there are bookings made before these, which are not shown")

    @classmethod
    def of(cls, trips: "Trips", now: Now) -> Self:
        """All of a person's trips."""
        return cls(trips=[TripLine.of(trip, now) for trip in trips.trips], more=trips.more)


def _booking(trip: "Trip", now: Now) -> TripBooking | None:
    booking = trip.booking
    if booking is None:
        return None
    to_pay, step = booking.to_pay(now.wall), trip.step
    return TripBooking(
        pnr=booking.locator,
        state=booking.state(now.wall),
        passengers=len(booking.travellers),
        to_pay=None if to_pay is None else Money(amount=to_pay, currency=booking.currency),
        flights=[
            BookedFlight(
                booked=SegmentShown.of(segment, booking),
                live=FlightRow.of(trip.flights[segment.leg]) if segment.leg in trip.flights else None,
            )
            for segment in booking.segments
        ],
        next=NextStep.model_validate({
            "do": step.do, "until": step.until, "flight": str(step.leg) if step.leg else None, "why": step.why,
            "url": step.url,
        }) if step else None,
    )  # fmt: skip


def _followed(trip: "Trip") -> TripFollowed | None:
    if trip.subscription is None:
        return None
    subject = trip.subscription.subject
    origin, destination = subject.route or (None, None)
    return TripFollowed(
        id=trip.subscription.id, flight=str(subject.leg) if subject.leg else None,
        number=str(subject.number) if subject.number else None, origin=origin, destination=destination,
        day=subject.day, flights=[FlightRow.of(flight) for flight in trip.flights.values()],
    )  # fmt: skip
