"""What an airport system says of a leg, and when: the replay's simulated part.

What came of a leg is known (`Flown`: the true day of `day.csv`). What its passengers are told before and while it
happens is made up here, from a hash of the leg's id and nothing else:

- The schedule is published three days before the origin date; aircraft, terminal and linked legs 14 to 20 hours before
  the scheduled departure, the gate 3 to 6 hours before; one gate in eight is changed (see `gates`).
- Check-in opens 3 hours before the scheduled departure. Boarding, final call and gate closed come about 35, 16 and 7
  minutes before the actual one; boarding not before the aircraft is there. Legs back have none of these: they happen
  at the other airport.
- A delay of 15 minutes and more grows in up to six announced steps, the first 20 minutes to three hours ahead; the last
  estimate is within three minutes. One in four goes too far in between. Shorter ones, and early departures from the
  fifth minute on, are announced once. Each step has its AHM 730 codes with minutes: 93 for what a late inbound aircraft
  accounts for, the rest by weights, others in hours of bad weather than in calm ones (`Flown.bad_weather`).
- Of the cancelled legs, 15 in 100 are cancelled 6 to 20 hours ahead, 45 one to five hours ahead, 30 after announced
  delays, 10 with passengers already boarding. The estimates are taken back, the code names the reason.
- Under way, the arrival is estimated after take-off, halfway and shortly before landing, ever better.
- A diversion is announced before the landing at the alternate, and the estimate of the arrival taken back. `actual_on`
  is then the landing there; there is no `actual_in` unless the leg reached its destination in the end, which is
  announced like any arrival. `diverted_to` stays, as the statistics count such a leg as diverted.
- At New York a leg back gets its gate about an hour before, its belt after landing. Of the other airports nothing but
  times is said: the airport system does not know.
- Actual times are announced 40 to 100 seconds after they happened.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import blake2b

from chalicelib.flights.identity import LegId
from chalicelib.flights.model import DelayCode, Value

MIN_TURN = 30  # minutes an aircraft needs between two legs; what it comes in later than that is a reactionary delay

# Reasons for a delay, beside reactionary ones: AHM 730 codes, each as often as it is drawn in a hundred. The shares are
# estimates. 71 and 73 weather at departure and en route, 81 and 84 traffic flow (capacity, weather at destination),
# 83 and 89 the airports' restrictions, 64 and 66 crew, 41 technical, 15 boarding, 32 loading, 36 fuelling.
_BAD_WEATHER = (
    30 * ["71"] + 18 * ["84"] + 16 * ["81"] + 12 * ["89"] + 10 * ["73"] + 7 * ["64"] + 5 * ["41"] + 2 * ["36"]
)
_CALM = 26 * ["41"] + 20 * ["81"] + 14 * ["15"] + 12 * ["64"] + 10 * ["89"] + 8 * ["32"] + 6 * ["66"] + 4 * ["36"]
_HELD = 50 * ["84"] + 35 * ["81"] + 15 * ["83"]  # legs back held elsewhere by New York's traffic flow
_CANCELLED_BAD_WEATHER = 60 * ["71"] + 20 * ["84"] + 12 * ["64"] + 8 * ["41"]
_CANCELLED_CALM = 50 * ["41"] + 35 * ["64"] + 15 * ["66"]

Said = tuple[datetime, str, Value]  # when, the field, what


@dataclass(slots=True)
class Flown:
    """A leg of the replayed day, laid over a date: its programme and what came of it. Times are UTC instants."""

    leg: LegId
    id: str
    destination: str
    scheduled_out: datetime
    scheduled_in: datetime
    registration: str | None
    aircraft_type: str | None
    codeshares: tuple[str, ...]
    derived: bool
    bad_weather: bool  # in New York, at the scheduled hour
    alternate: str | None  # None: not diverted; "": not known where to
    out: datetime | None = None  # None: cancelled; so are the three below
    off: datetime | None = None
    on: datetime | None = None  # None, like `in_`, also if it never reached its destination
    in_: datetime | None = None
    landed_away: datetime | None = None  # at the alternate
    inbound: str | None = None
    onward: str | None = None
    aircraft_there: datetime | None = None  # when the inbound leg came in

    @property
    def home(self) -> str:
        """Its airport in New York."""
        return self.destination if self.derived else self.leg.origin


@dataclass(frozen=True, slots=True)
class Places:
    """Where at New York: the terminal, the gate, the gate first announced, the belt ("" at departure)."""

    terminal: str
    gate: str
    first_gate: str
    belt: str


def draw(seed: str, what: str) -> float:
    """A number in [0, 1) that looks like chance and is always the same for a seed and a purpose."""
    return int.from_bytes(blake2b(f"{seed}/{what}".encode(), digest_size=4).digest(), "big") / 2**32


def between(seed: str, what: str, low: int, high: int) -> int:
    """A whole number from low to high, drawn as by `draw`."""
    return low + int(draw(seed, what) * (high - low + 1))


def announcements(flown: Flown, places: Places) -> list[Said]:
    """Everything the airport system says of a leg, in the order of time; of one field never two values at once."""
    said = [*_programme(flown, places)]
    if flown.out is not None:
        said += _until_departure(flown, flown.out)
        said += _diverted(flown) if flown.alternate is not None else _under_way(flown, places)
    else:
        at, would_leave, reason = _cancellation(flown)
        said += _until_departure(flown, would_leave)
        said = [line for line in said if line[0] < at]
        given = {line[1] for line in said}
        said += [(at, "cancelled", True), (at, "delay_codes", (DelayCode(reason),))]
        said += [(at, name, None) for name in ("estimated_out", "estimated_in") if name in given]
    return sorted(said, key=lambda line: line[0])


def _programme(flown: Flown, places: Places) -> Iterator[Said]:
    published = datetime.combine(flown.leg.date, time(12), UTC) - timedelta(days=3)
    yield published, "destination", flown.destination
    yield published, "scheduled_out", flown.scheduled_out
    yield published, "scheduled_in", flown.scheduled_in
    if flown.codeshares:
        yield published, "codeshares", flown.codeshares
    if flown.derived:
        yield published, "derived", True
    planned = flown.scheduled_out - timedelta(minutes=between(flown.id, "planned", 14 * 60, 20 * 60))
    yield planned, "arrival_terminal" if flown.derived else "departure_terminal", places.terminal
    for name in ("registration", "aircraft_type", "inbound", "onward"):
        if value := getattr(flown, name):
            yield planned, name, value
    if not flown.derived:
        assigned = flown.scheduled_out - timedelta(minutes=between(flown.id, "gate assigned", 180, 360))
        yield assigned, "departure_gate", places.first_gate
        if places.gate != places.first_gate:
            changed = between(flown.id, "gate changed", 50, 120)
            yield flown.scheduled_out - timedelta(minutes=changed), "departure_gate", places.gate


def _until_departure(flown: Flown, out: datetime) -> Iterator[Said]:
    """Estimates, reasons and the stages at the gate of a leg that leaves, or would have left, then."""
    scheduled = flown.scheduled_out
    ahead = between(flown.id, "boarding", 30, 40)
    if flown.aircraft_there:
        ahead = max(20, min(ahead, _minutes(out - flown.aircraft_there) - 8))
    delay = _minutes(out - scheduled)
    for when, estimate in _steps(flown.id, delay, boarding=delay - ahead):
        at = scheduled + timedelta(minutes=when)
        yield at, "estimated_out", scheduled + timedelta(minutes=estimate)
        yield at, "estimated_in", flown.scheduled_in + timedelta(minutes=estimate)
        if estimate >= 5:
            yield at, "delay_codes", _reasons(flown, estimate)
    if flown.derived:
        return
    yield scheduled - timedelta(hours=3), "stage", "check-in"
    yield out - timedelta(minutes=ahead), "stage", "boarding"
    yield out - timedelta(minutes=between(flown.id, "final call", 14, 18)), "stage", "final-call"
    yield out - timedelta(minutes=between(flown.id, "gate closed", 5, 9)), "stage", "gate-closed"


def _steps(seed: str, delay: int, boarding: int) -> list[tuple[int, int]]:
    """When a departure's delay is announced, and what it is then said to be; minutes after the scheduled departure."""
    if delay <= -5:
        return [(min(boarding, between(seed, "early", -48, -38)), delay + between(seed, "early by", 0, 2))]
    if delay < 5:
        return []
    if delay < 15:
        return [(between(seed, "late", -20, -6), _to_five(delay + 2))]
    last = boarding - between(seed, "last word", 2, 10)
    first = min(-between(seed, "first word", 20, 60 + min(delay, 120)), last)
    count = max(1, min(6, delay // 40 + between(seed, "steps", 1, 2), (last - first) // 10))
    times = [first + (last - first) * i // max(1, count - 1) for i in range(count)]
    estimates: list[int] = []
    for i in range(1, count):  # not yet the true one; at the next announcement still ten minutes away
        so_far = _to_five(round(delay * i / count * (0.8 + 0.4 * draw(seed, f"step {i}"))))
        estimates.append(max(so_far, times[i] + 10, estimates[-1] + 5 if estimates else 5))
    if count > 2 and draw(seed, "too far") < 0.25:
        estimates[-1] = _to_five(max(delay, estimates[-1]) + between(seed, "too far by", 10, 25))
    estimates.append(delay + between(seed, "nearly", -3, 3))
    return list(zip(times, estimates, strict=True))


def _to_five(minutes: int) -> int:
    return 5 * round(minutes / 5)


def _reasons(flown: Flown, delay: int) -> tuple[DelayCode, ...]:
    """The codes of a delay, whose minutes add up to it."""
    late_aircraft = 0
    if flown.aircraft_there:
        late_aircraft = min(delay, _minutes(flown.aircraft_there - flown.scheduled_out) + MIN_TURN)
    elif flown.derived:
        late_aircraft = delay  # the way out is not in the replay, but that it came late is what held up the way back
    if delay - late_aircraft < 5:
        return (DelayCode("93", minutes=delay),)
    codes = [DelayCode("93", minutes=late_aircraft)] if late_aircraft >= 5 else []
    rest = delay - sum(code.minutes or 0 for code in codes)
    reasons = _HELD if flown.derived else _BAD_WEATHER if flown.bad_weather else _CALM
    first = _one_of(reasons, flown.id, "reason")
    second = _one_of(reasons, flown.id, "second reason") if rest >= 60 else first
    share = round(rest * 0.35) if first != second else 0
    codes.append(DelayCode(first, minutes=rest - share))
    return (*codes, DelayCode(second, minutes=share)) if share else tuple(codes)


def _one_of(codes: list[str], seed: str, what: str) -> str:
    return codes[int(draw(seed, what) * len(codes))]


def _cancellation(flown: Flown) -> tuple[datetime, datetime, str]:
    """When a leg is cancelled, when until then it was going to leave, and the reason's code."""
    seed, kind = flown.id, draw(flown.id, "cancelled")
    scheduled = flown.scheduled_out
    turned = _minutes(flown.aircraft_there - scheduled) + MIN_TURN if flown.aircraft_there else 0
    delay = 0
    if kind < 0.15:
        at = -between(seed, "cancelled at", 360, 1200)
    elif kind < 0.60:
        at = -between(seed, "cancelled at", 60, 300)
    elif kind < 0.90:
        delay = max(turned, between(seed, "would leave", 75, 260))
        at = between(seed, "cancelled at", -10, delay - 55)
    else:
        delay = max(turned, between(seed, "would leave", 0, 40))
        at = delay - between(seed, "cancelled at", 0, 15)
    codes = _CANCELLED_BAD_WEATHER if flown.bad_weather else _CANCELLED_CALM
    return scheduled + timedelta(minutes=at), scheduled + timedelta(minutes=delay), _one_of(codes, seed, "reason")


def _departed(flown: Flown) -> Iterator[Said]:
    assert flown.out
    assert flown.off
    yield _told(flown, "out", flown.out), "actual_out", flown.out
    delay = _minutes(flown.out - flown.scheduled_out)
    if delay >= 5:
        yield _told(flown, "out", flown.out), "delay_codes", _reasons(flown, delay)
    yield _told(flown, "off", flown.off), "actual_off", flown.off


def _under_way(flown: Flown, places: Places) -> Iterator[Said]:
    assert flown.off
    assert flown.on
    assert flown.in_
    yield from _departed(flown)
    yield from _estimates(flown.id, flown.off, flown.on, flown.in_)
    if flown.derived:
        ahead = timedelta(minutes=between(flown.id, "arrival gate", 45, 90))
        yield max(flown.off + timedelta(minutes=5), flown.in_ - ahead), "arrival_gate", places.gate
        yield flown.on + timedelta(minutes=between(flown.id, "belt", 3, 8)), "belt", places.belt
    yield from _arrived(flown, flown.on, flown.in_)


def _estimates(seed: str, start: datetime, on: datetime, in_: datetime) -> Iterator[Said]:
    """Estimates of the arrival of a flight from one instant to the landing, within 12, 6 and 2 minutes."""
    air = _minutes(on - start)
    yield start + timedelta(minutes=3), "estimated_in", in_ + timedelta(minutes=between(seed, "at first", -8, 12))
    if air > 75:
        yield start + timedelta(minutes=air // 2), "estimated_in", in_ + timedelta(minutes=between(seed, "half", -5, 6))
    if air > 45:
        ahead = timedelta(minutes=between(seed, "near", 18, 28))
        yield on - ahead, "estimated_in", in_ + timedelta(minutes=between(seed, "last", -2, 2))


def _arrived(flown: Flown, on: datetime, in_: datetime) -> Iterator[Said]:
    yield _told(flown, "on", on), "actual_on", on
    yield _told(flown, "in", in_), "actual_in", in_


def _diverted(flown: Flown) -> Iterator[Said]:
    assert flown.out
    assert flown.off
    assert flown.landed_away
    yield from _departed(flown)
    hoped = flown.scheduled_in + (flown.out - flown.scheduled_out)
    after = timedelta(minutes=between(flown.id, "hoped", -5, 15))
    yield flown.off + timedelta(minutes=3), "estimated_in", max(hoped + after, flown.off + timedelta(minutes=10))
    turned = flown.off + (flown.landed_away - flown.off) * (0.7 + 0.2 * draw(flown.id, "diverted"))
    yield turned, "diverted_to", flown.alternate
    yield turned, "estimated_in", None
    yield _told(flown, "landed away", flown.landed_away), "actual_on", flown.landed_away
    if flown.on and flown.in_:
        again = flown.landed_away + (flown.on - flown.landed_away) * 0.5
        yield from _estimates(f"{flown.id}/again", again, flown.on, flown.in_)
        yield from _arrived(flown, flown.on, flown.in_)


def _told(flown: Flown, event: str, at: datetime) -> datetime:
    return at + timedelta(seconds=between(flown.id, f"told {event}", 40, 100))


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
