"""What a passenger of a flight may be due, by the laws of `passenger_law`. Not legal advice.

Only what follows from the flight's status is worked out; what else must be true (when the airline told the passenger,
whether they travelled) is said as a condition. Court rulings beside the articles: Court of Justice C-826/19 and C-83/10
(diverted and returned flights), C-452/13 (arrival is when a door opens), C-549/07 (technical defects).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from chalicelib.airports.model import Airport, distance_km
from chalicelib.flights.delay_codes import Responsibility, responsibility
from chalicelib.flights.model import DelayCode, Flight, FlightStatus, Phase
from chalicelib.flights.passenger_law import PASSENGER_LAWS, US, US_REFUNDS, Band, PassengerLaw, RefundRule, Source

NOT_LEGAL_ADVICE = "This is general information from public rules, not legal advice."
DISTANCE_ERROR = 0.005  # the computed distance is that of a sphere, within 0.5 % of the true one


class RightKind(StrEnum):
    """What a right is to."""

    COMPENSATION = "compensation"
    REFUND = "refund"
    REROUTING = "re-routing"
    CARE = "care"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Right:
    """Something a passenger may be due.

    `amount` is for each passenger in whole units of `currency`, None for what is no fixed sum. `likelihood` says how
    the reported reason bears on the claim, None where the reason does not matter.
    """

    scheme: str
    section: str
    kind: RightKind
    wording: str
    conditions: tuple[str, ...]
    source: Source
    amount: int | None = None
    currency: str | None = None
    likelihood: str | None = None
    disclaimer: str = NOT_LEGAL_ADVICE


def rights(
    flight: Flight, *, origin: Airport | None, destination: Airport | None, carrier_country: str | None, now: datetime
) -> list[Right]:
    """What a passenger of this flight may be due as it now stands; an empty list where nothing is.

    `origin` and `destination` are the leg's as scheduled, None where not known: without an origin the European laws are
    not applied; without a distance only what holds at any distance is said, and no sum. `carrier_country` is where the
    operating airline is licensed (ISO 3166-1 alpha-2), None where not known: a condition then says so. `now` is an
    aware instant; it tells an arrival still expected from one that was not reported.
    """
    day = flight.leg.date
    found: list[Right] = []
    for law in PASSENGER_LAWS:
        scope = _scope(law, origin, destination, carrier_country)
        if law.since <= day <= (law.until or date.max) and scope is not None:
            band, near = _band(law, origin, destination)
            found += _Case(law, band, flight, now, (_BOOKED, *scope, *near)).rights()
    for rule in US_REFUNDS:
        if rule.since <= day <= (rule.until or date.max):
            found += _us_refund(rule, flight.status, origin, destination, now)
    return found


def _scope(
    law: PassengerLaw, origin: Airport | None, destination: Airport | None, carrier_country: str | None
) -> tuple[str, ...] | None:
    """Under which conditions a law covers a flight (article 3(1)); None where it does not."""
    if origin is None:
        return None
    if origin.country in law.departures:
        return ()
    for covered in law.arrivals:
        if destination is not None and destination.country in covered.countries:
            if carrier_country is None:
                licence = f"Only if the airline operating the flight is licensed in {covered.licence}"
                return (f"{licence}; where it is licensed is not known here.", _ONCE)
            if carrier_country in covered.licensed_in:
                return (_ONCE,)
    return None


def _band(law: PassengerLaw, origin: Airport | None, destination: Airport | None) -> tuple[Band, tuple[str, ...]]:
    """The band of a flight's length, and what must be said about it.

    Without a distance it is the last band, as what that gives holds at any distance, but no sum.
    """
    if origin is None or destination is None:
        return law.bands[-1]._replace(amount=None, half_below=None), ("The sum depends on the distance.",)
    km = round(distance_km(origin, destination), 3)
    bands = law.bands
    if {origin.country, destination.country} <= law.internal:
        bands = (bands[0], bands[1]._replace(up_to_km=None))
    near = tuple(
        f"The flight is close to the limit of {limit} km; measured exactly, other sums and times may hold."
        for limit in (band.up_to_km for band in bands)
        if limit is not None and abs(km - limit) <= DISTANCE_ERROR * limit
    )
    return next(band for band in bands if band.up_to_km is None or km <= band.up_to_km), near


@dataclass(frozen=True, slots=True)
class _Case:
    """A flight under a law that covers it."""

    law: PassengerLaw
    band: Band
    flight: Flight
    now: datetime
    always: tuple[str, ...]  # conditions of every right

    def rights(self) -> Iterator[Right]:
        match self.flight.status.phase:
            case Phase.CANCELLED:
                yield from self._cancelled()
            case Phase.DIVERTED:
                yield from self._diverted()
                yield from self._leaves_late()
            case _:
                yield from self._arrives_late()
                yield from self._leaves_late()

    def _arrives_late(self) -> Iterator[Right]:
        late = _arrival(self.flight.status, self.now)
        if late is None or late.by < self.law.compensation_from:
            return
        half = self.band.half_below
        if half is not None and late.by < half:
            more = f"{self.law.currency} {self.band.amount} from {_span(half)} late on."
            yield self._compensation(self.law.late_arrival, late.basis, more, divisor=2)
        else:
            yield self._compensation(self.law.late_arrival, late.basis)

    def _leaves_late(self) -> Iterator[Right]:
        late = _departure(self.flight.status, self.now)
        if late is not None and late.by >= self.band.care_from:
            yield self._care("Art. 6(1), 9", late.basis)
        if late is not None and late.by >= self.law.refund_from:
            not_travelled = "Only if you do not travel on the flight."
            yield self._right(RightKind.REFUND, "Art. 6(1), 8(1)(a)", _REFUND, late.basis, not_travelled)

    def _cancelled(self) -> Iterator[Right]:
        notice, compensated = self._notice()
        choice = "You choose between the refund and the re-routing."
        if compensated:
            within = _span(self.band.rerouted_within)
            half = f"The airline may pay half where the re-routing it offers arrives at most {within} late."
            yield self._compensation("Art. 5(1)(c)", *notice, half)
        yield self._right(RightKind.REFUND, "Art. 5(1)(a), 8(1)(a)", _REFUND, choice, *([] if compensated else notice))
        yield self._right(RightKind.REROUTING, "Art. 5(1)(a), 8(1)(b), (c)", _REROUTING, choice)
        yield self._care("Art. 5(1)(b), 9", "While you wait for the re-routing.")

    def _notice(self) -> tuple[Sequence[str], bool]:
        """What is known of when the cancellation was reported, as conditions; and whether it leaves compensation."""
        law, status, seen = self.law, self.flight.status, self.flight.seen.get("cancelled")
        scheduled = status.scheduled_out or status.scheduled_off
        told = f"Not where the airline told you at least {law.notice.days} days before departure."
        if seen is None or scheduled is None:
            return [told], True
        notice = scheduled - seen.at
        if notice >= law.notice:
            only = f"Compensation only where the airline told you less than {law.notice.days} days before departure"
            return [f"{only}; the cancellation was reported {_days(notice)} before."], False
        before = f"{_days(notice)} before" if notice >= timedelta(0) else "after"
        reported = f"The cancellation was last reported {before} departure; what counts is when the airline told you."
        window = next(window for window in law.reroutings if notice >= window.notice)
        rerouted = f"leaving at most {_span(window.earlier)} earlier and arriving less than {_span(window.later)} later"
        return [told, reported, f"Not where the airline offered you a re-routing {rerouted} than booked."], True

    def _diverted(self) -> Iterator[Right]:
        status = self.flight.status
        booked = status.destination or "the airport booked"
        returned = status.diverted_to == self.flight.leg.origin
        reached = f"If you reach {booked} {_span(self.law.compensation_from)} or more late"
        half = self.band.half_below
        reduced = [f"Half of it where you are less than {_span(half)} late."] if half else []
        cancelled = "Where the airport of landing does not serve the same town, city or region."
        if returned:
            cancelled = "Where you were moved to another flight: one that came back then counts as cancelled."
        yield self._compensation(self.law.late_arrival, f"{reached}, or the flight counts as cancelled.", *reduced)
        yield self._right(RightKind.REROUTING, "Art. 5(1)(a), 8(1)", _REROUTING, cancelled)
        if not returned:
            wording = f"The cost of the transfer to {booked}, or to a place nearby agreed with you, may be due."
            same = "Where the airport of landing serves the same town, city or region."
            yield self._right(RightKind.TRANSFER, "Art. 8(3)", wording, same)

    def _compensation(self, ground: str, *conditions: str, divisor: int = 1) -> Right:
        conditions = (*conditions, _EXTRAORDINARY, _WHOLE_TRIP)
        likelihood = _likelihood(self.flight.status.delay_codes or ())
        if self.band.amount is None:
            right = self._right(RightKind.COMPENSATION, f"Art. 7(1); {ground}", "Compensation may be due.", *conditions)
            return replace(right, likelihood=likelihood)
        amount, currency = self.band.amount // divisor, self.law.currency
        section = f"Art. 7(1)({self.band.point}); {ground}"
        wording = f"Compensation of {currency} {amount} for each passenger may be due."
        right = self._right(RightKind.COMPENSATION, section, wording, *conditions)
        return replace(right, amount=amount, currency=currency, likelihood=likelihood)

    def _care(self, section: str, condition: str) -> Right:
        night = "A hotel, and the way there, only where you must stay a night."
        receipts = "What you had to buy yourself can be claimed with receipts, as far as necessary and reasonable."
        return self._right(RightKind.CARE, section, _CARE, condition, night, receipts)

    def _right(self, kind: RightKind, section: str, wording: str, *conditions: str) -> Right:
        return Right(self.law.scheme, section, kind, wording, (*conditions, *self.always), self.law.source)


_REFUND = "A refund of the ticket, within seven days, may be due."
_REROUTING = "Re-routing to your destination, as soon as possible or at a later date you choose, may be due."
_CARE = "Meals, refreshments, two calls or e-mails and, overnight, a hotel may be due."
_BOOKED = "You had a confirmed booking and, unless the flight was cancelled, checked in on time."
_ONCE = "Not where you received benefits or compensation and were given assistance in the country of departure."
_EXTRAORDINARY = (
    "Not where the airline proves extraordinary circumstances that could not have been avoided even if all reasonable "
    "measures had been taken."
)
_WHOLE_TRIP = (
    "Distance and delay count from the first airport of your booking to its last, where a door opens; here they are "
    "those of this flight, to the gate."
)


def _us_refund(
    rule: RefundRule, status: FlightStatus, origin: Airport | None, destination: Airport | None, now: datetime
) -> list[Right]:
    """The refund of a cancelled or significantly changed flight to, from or within the United States."""
    countries = {airport.country for airport in (origin, destination) if airport is not None}
    if not countries & US:
        return []
    within = origin is not None and destination is not None and countries <= US
    limit = rule.domestic if within else rule.international
    arrival, departure = _arrival(status, now), _departure(status, now)
    if status.phase is Phase.CANCELLED:
        basis = "The flight is cancelled."
    elif status.phase is Phase.DIVERTED:
        basis = (
            "Another airport of arrival is a significant change; whether a diversion on the way is one is not settled."
        )
    elif arrival is not None and arrival.by >= limit:
        basis = arrival.basis
    elif departure is not None and -departure.by >= limit:
        basis = departure.basis
    else:
        return []
    conditions = (
        basis,
        "Only if you do not travel and accept no re-booking, voucher or other compensation, whatever the reason.",
        f"Times count for the whole trip as booked: {_span(rule.domestic)} for trips within the US, "
        f"{_span(rule.international)} for others.",
        "To be paid within 7 business days for credit cards, 20 calendar days otherwise; where you paid an agency, by "
        "the agency on request.",
    )
    wording = "A refund of the ticket, with taxes and fees, may be due."
    return [Right("US-DOT", "14 CFR 260.6(a)", RightKind.REFUND, wording, conditions, rule.source)]


class _Late(NamedTuple):
    """By how much a flight is late (negative: early), and how that is known."""

    by: timedelta
    basis: str


def _arrival(status: FlightStatus, now: datetime) -> _Late | None:
    """The delay of arrival; where no time of arrival is known, that of departure in its place."""
    if status.arrival_delay is not None:
        actual = status.actual_in or status.actual_on
        return _late(("arrived", "arrives"), status.arrival_delay, actual, status.expected_in, now)
    if status.departure_delay is not None:
        by = timedelta(minutes=status.departure_delay)
        return _Late(by, f"If the flight arrives as late as it leaves, {_span(by)}; no time of arrival is known.")
    return None


def _departure(status: FlightStatus, now: datetime) -> _Late | None:
    if status.departure_delay is None:
        return None
    actual = status.actual_out or status.actual_off
    return _late(("left", "leaves"), status.departure_delay, actual, status.expected_out, now)


def _late(
    verb: tuple[str, str], minutes: int, actual: datetime | None, expected: datetime | None, now: datetime
) -> _Late:
    past, present = verb
    by = timedelta(minutes=minutes)
    span = f"{_span(abs(by))} {'early' if minutes < 0 else 'late'}"
    if actual is not None:
        return _Late(by, f"The flight {past} {span}.")
    if expected is not None and expected > now:
        return _Late(by, f"If the flight {present} as now expected, {span}.")
    return _Late(by, f"If the flight {past} as last expected, {span}; that has not been reported.")


def _span(time: timedelta) -> str:
    """`3 h`, `3 h 05 min`."""
    hours, minutes = divmod(int(time.total_seconds()) // 60, 60)
    return f"{hours} h {minutes:02} min" if minutes else f"{hours} h"


def _days(time: timedelta) -> str:
    return {0: "less than a day", 1: "1 day"}.get(time.days, f"{time.days} days")


_NOT_KNOWN = "not known: no reason has been reported that tells whether the circumstances were extraordinary"
_LIKELIHOOD = {
    Responsibility.CARRIER: "more likely: what belongs to an airline's own operation is usually not extraordinary",
    Responsibility.PASSENGER: "depends: on what happened with the passengers concerned",
    Responsibility.WEATHER: "less likely: weather is usually an extraordinary circumstance",
    Responsibility.AIR_TRAFFIC: "less likely: air-traffic control's decisions are usually extraordinary circumstances",
    Responsibility.AIRPORT: "less likely: failings and orders of airports and authorities are often extraordinary",
    Responsibility.SECURITY: "less likely: a security risk is often an extraordinary circumstance",
    Responsibility.REACTIONARY: "depends: on what made the earlier flight late",
    Responsibility.EXTERNAL: "less likely: events from outside, such as a bird strike, are often extraordinary",
}


def _likelihood(codes: Sequence[DelayCode]) -> str:
    """How the reported reason bears on a claim: the code that accounts for the most minutes, else the first."""
    if not codes:
        return _NOT_KNOWN
    weightiest = max(codes, key=lambda code: code.minutes or 0)
    return _LIKELIHOOD.get(responsibility(weightiest), _NOT_KNOWN)
