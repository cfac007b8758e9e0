"""What a passenger may be due."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.airports.model import EARTH_RADIUS_KM, Airport
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import OBSERVED, DelayCode, Flight, FlightUpdate, Observation, Phase, apply
from chalicelib.flights.passenger_law import PASSENGER_LAWS, US_REFUNDS
from chalicelib.flights.rights import NOT_LEGAL_ADVICE, Right, RightKind, rights

DEPARTS = datetime(2026, 7, 10, 12, tzinfo=UTC)
HOURS = timedelta(hours=4)  # from gate to gate
COMPENSATION, REFUND, CARE = RightKind.COMPENSATION, RightKind.REFUND, RightKind.CARE


def airport(code: str, country: str, km: float = 0.0) -> Airport:
    """An airport so many kilometres along the equator."""
    return Airport(code, f"X{code}", code, code, "", country, 0.0, math.degrees(km / EARTH_RADIUS_KM), "UTC")


def flight(*, day: date = date(2026, 7, 10), at: datetime = DEPARTS, **observed) -> Flight:
    """A flight of four hours with what was observed of it."""
    departs = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    fields = {"destination": "BBB", "scheduled_out": departs, "scheduled_in": departs + HOURS, **observed}
    assert set(fields) <= set(OBSERVED)
    leg = LegId(FlightNumber("XX", 1), day, "AAA")
    seen = {name: Observation(value, at) for name, value in fields.items()}
    return apply(None, FlightUpdate(leg, "aidx:test", seen))[0]


def late(minutes: int, **observed) -> Flight:
    """A flight that left and arrived so many minutes late."""
    delay = timedelta(minutes=minutes)
    return flight(actual_out=DEPARTS + delay, actual_in=DEPARTS + HOURS + delay, **observed)


def due(subject: Flight, km: float = 1000, *, frm="DE", to="DE", carrier="DE", now=DEPARTS) -> list[Right]:
    """The rights of a flight between two countries so many kilometres apart."""
    return rights(
        subject, origin=airport("AAA", frm), destination=airport("BBB", to, km), carrier_country=carrier, now=now
    )


def compensation(found: list[Right]) -> list[tuple[str, int | None]]:
    """The sums of compensation by scheme."""
    return [(right.scheme, right.amount) for right in found if right.kind is COMPENSATION]


def kinds(found: list[Right], scheme: str) -> set[RightKind]:
    return {right.kind for right in found if right.scheme == scheme}


def test_a_flight_on_time_gives_no_rights():
    """Nothing is due for a flight as scheduled, expected on time, or a little late."""
    for subject in (flight(), late(0), late(-20), late(119)):
        assert due(subject, frm="US", to="DE") == []


# ---- EU 261/2004: distance and delay


@pytest.mark.parametrize(("km", "eur"), [(1, 250), (1499, 250), (1500, 250), (1501, 400), (3499, 400), (3500, 400)])
def test_the_sum_depends_on_the_distance(km, eur):
    """EUR 250 to 1,500 km, EUR 400 to 3,500 km, both limits included (article 7(1))."""
    assert compensation(due(late(180), km, to="US")) == [("EU261", eur)]


@pytest.mark.parametrize(("minutes", "eur"), [(179, None), (180, 300), (239, 300), (240, 600), (600, 600)])
def test_beyond_3500_km_the_sum_is_halved_below_four_hours(minutes, eur):
    """EUR 600 for long flights out of Europe, half of it between three and four hours late (Sturgeon)."""
    for km in (3501, 6200):
        assert compensation(due(late(minutes), km, to="US")) == ([("EU261", eur)] if eur else [])


@pytest.mark.parametrize(("minutes", "due_"), [(179, False), (180, True), (181, True)])
@pytest.mark.parametrize("km", [500, 2000, 5000])
def test_compensation_begins_at_three_hours(km, minutes, due_):
    """2:59 gives nothing, 3:00 gives compensation, at any distance (Court of Justice C-402/07)."""
    assert bool(compensation(due(late(minutes), km, to="US"))) is due_


@pytest.mark.parametrize(("frm", "to"), [("FR", "RE"), ("GP", "FR"), ("NO", "ES"), ("IS", "PT"), ("CH", "ES")])
@pytest.mark.parametrize("minutes", [180, 239, 240])
def test_within_europe_a_long_flight_counts_as_a_middle_one(frm, to, minutes):
    """Paris-Reunion, Oslo-Canaries: EUR 400, not 600, and never halved; EU, EEA, Switzerland, outermost regions."""
    assert compensation(due(late(minutes), 9300, frm=frm, to=to)) == [("EU261", 400)]
    assert compensation(due(late(minutes), 1500, frm=frm, to=to)) == [("EU261", 250)]


@pytest.mark.parametrize("country", ["BL", "PF", "NC", "GL", "FO", "AW", "GI", "JE", "TR", "US"])
def test_territories_outside_the_union_are_third_countries(country):
    """Overseas countries that belong to member states, and the Channel Islands, are not covered on departure."""
    assert due(late(300), 5000, frm=country, to="KE", carrier="FR") == []
    assert compensation(due(late(240), 5000, frm="FR", to=country)) == [("EU261", 600)]


def test_close_to_a_limit_the_distance_is_said_to_be_uncertain():
    """A computed distance within half a per cent of a limit is no proof of the band."""
    near, far = due(late(180), 1494, to="US"), due(late(180), 1490, to="US")
    assert any("close to the limit of 1500 km" in text for text in near[0].conditions)
    assert not any("close to the limit" in text for text in far[0].conditions)
    within = due(late(180), 3500, frm="NO", to="ES")
    assert not any("close to the limit" in text for text in within[0].conditions)


def test_without_a_distance_no_sum_is_named():
    """Where the destination is not known, only what holds at any distance is said."""
    found = rights(late(239), origin=airport("AAA", "DE"), destination=None, carrier_country="DE", now=DEPARTS)
    assert [(right.kind, right.amount, right.currency) for right in found] == [(COMPENSATION, None, None)]
    assert "The sum depends on the distance." in found[0].conditions
    assert not any("EUR" in text for text in found[0].conditions)
    found = rights(late(240), origin=airport("AAA", "DE"), destination=None, carrier_country="DE", now=DEPARTS)
    assert [right.kind for right in found] == [COMPENSATION, CARE]
    assert rights(late(600), origin=None, destination=airport("BBB", "DE"), carrier_country="DE", now=DEPARTS) == []


# ---- EU 261/2004: which flights


@pytest.mark.parametrize("carrier", ["DE", "US", "GB", "TR", None])
@pytest.mark.parametrize("frm", ["DE", "NO", "IS", "CH", "MQ", "AX"])
def test_from_europe_every_airline_is_covered(frm, carrier):
    """Article 3(1)(a): departures from the EU, EEA and Switzerland, whoever flies."""
    assert compensation(due(late(200), 1000, frm=frm, to="TR", carrier=carrier)) == [("EU261", 250)]


@pytest.mark.parametrize(
    ("carrier", "covered"), [("DE", True), ("CH", True), ("NO", True), ("US", False), ("GB", False)]
)
def test_to_europe_only_european_airlines_are_covered(carrier, covered):
    """Article 3(1)(b): arrivals from a third country on an airline licensed in Europe."""
    found = due(late(240), 6000, frm="US", to="DE", carrier=carrier)
    assert [scheme for scheme, _ in compensation(found)] == (["EU261"] if covered else ["UK261"] * (carrier == "GB"))
    if covered:
        assert any("given assistance in the country of departure" in c for c in found[0].conditions)


def test_an_airline_of_unknown_country_is_a_condition_not_a_guess():
    """To Europe on an airline that is not known: the right is named with what it depends on."""
    found = [r for r in due(late(240), 6000, frm="US", to="DE", carrier=None) if r.scheme == "EU261"]
    assert found
    for right in found:
        assert any("Only if the airline operating the flight is licensed in the EU" in c for c in right.conditions)
    known = due(late(240), 6000, frm="US", to="DE", carrier="DE")
    assert not any("Only if the airline operating" in c for right in known for c in right.conditions)


def test_flights_between_third_countries_are_not_covered():
    """A European airline between two other countries is outside the regulation."""
    assert due(late(600), 2000, frm="TH", to="SG", carrier="NL") == []


@pytest.mark.parametrize(("day", "schemes"), [
    (date(2013, 7, 10), []), (date(2014, 1, 1), ["EU261"]), (date(2020, 12, 31), ["EU261"]),
    (date(2021, 1, 1), ["UK261"]), (date(2023, 12, 13), ["UK261"]), (date(2023, 12, 14), ["UK261"]),
    (date(2026, 7, 10), ["UK261"]),
])  # fmt: skip
def test_the_law_is_the_one_of_the_flights_date(day, schemes):
    """London-New York was under the EU's regulation to the end of 2020 and is under the UK's since."""
    departs = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    subject = flight(day=day, actual_in=departs + HOURS + timedelta(hours=4))
    assert [scheme for scheme, _ in compensation(due(subject, 5500, frm="GB", to="CA", carrier="GB"))] == schemes


def test_no_two_rows_of_a_scheme_hold_on_one_day():
    """The rows of a scheme follow one another, and none begins before its law was in force."""
    for table in (PASSENGER_LAWS, US_REFUNDS):
        for law in table:
            assert law.source.effective_from <= law.since <= (law.until or date.max)
    for scheme in {law.scheme for law in PASSENGER_LAWS}:
        rows = sorted((law for law in PASSENGER_LAWS if law.scheme == scheme), key=lambda law: law.since)
        assert all(a.until is not None and a.until < b.since for a, b in pairwise(rows))
        assert rows[-1].until is None


# ---- UK


@pytest.mark.parametrize(
    ("km", "minutes", "gbp"),
    [(1500, 180, 220), (1501, 180, 350), (3500, 180, 350), (3501, 180, 260), (3501, 239, 260), (3501, 240, 520)],
)
def test_the_uk_has_its_own_sums(km, minutes, gbp):
    """GBP 220, 350 and 520, the last halved below four hours; from the UK on any airline."""
    found = due(late(minutes), km, frm="GB", to="TR", carrier="TR")
    assert compensation(found) == [("UK261", gbp)]
    assert next(right for right in found if right.kind is COMPENSATION).currency == "GBP"


@pytest.mark.parametrize(
    ("frm", "to", "carrier", "schemes"),
    [("GB", "FR", "GB", ["UK261"]), ("GB", "FR", "FR", ["EU261", "UK261"]), ("GB", "FR", "US", ["UK261"]),
     ("FR", "GB", "GB", ["EU261", "UK261"]), ("FR", "GB", "IE", ["EU261", "UK261"]), ("FR", "GB", "US", ["EU261"]),
     ("US", "GB", "GB", ["UK261"]), ("US", "GB", "FR", ["UK261"]), ("US", "GB", "US", []), ("US", "GB", "CH", []),
     ("US", "FR", "GB", ["UK261"]), ("CH", "GB", "CH", ["EU261"]), ("JE", "GB", "US", [])],
)  # fmt: skip
def test_between_the_uk_and_europe_both_laws_may_hold(frm, to, carrier, schemes):
    """Each law covers its own departures, and arrivals on the airlines it names."""
    found = due(late(200), 1000, frm=frm, to=to, carrier=carrier)
    assert [scheme for scheme, _ in compensation(found)] == schemes


def test_a_long_flight_within_europe_by_the_uks_law_is_a_long_one():
    """UK law has no class for flights within the union or the UK: distance alone decides."""
    for to in ("ES", "GB"):
        assert compensation(due(late(240), 4000, frm="GB", to=to, carrier="GB")) == [("UK261", 520)]


# ---- care and refund for a late departure


@pytest.mark.parametrize(
    ("km", "to", "hours"),
    [(1500, "US", 2), (1501, "US", 3), (3500, "US", 3), (3501, "US", 4), (9000, "RE", 3), (1400, "FR", 2)],
)
def test_care_begins_after_two_three_or_four_hours_by_distance(km, to, hours):
    """Article 6(1): the expected delay of departure counts."""
    for minutes, cared in ((hours * 60 - 1, False), (hours * 60, True)):
        subject = flight(estimated_out=DEPARTS + timedelta(minutes=minutes), estimated_in=DEPARTS + HOURS)
        assert (CARE in kinds(due(subject, km, to=to), "EU261")) is cared


@pytest.mark.parametrize(("minutes", "refunded"), [(299, False), (300, True)])
def test_from_five_hours_on_the_ticket_may_be_refunded(minutes, refunded):
    """Article 6(1)(iii): for who no longer travels."""
    found = due(flight(estimated_out=DEPARTS + timedelta(minutes=minutes)))
    assert (REFUND in kinds(found, "EU261")) is refunded
    assert all("Only if you do not travel on the flight." in r.conditions for r in found if r.kind is REFUND)


@pytest.mark.parametrize(
    ("observed", "now", "basis"),
    [({"estimated_in": DEPARTS + 2 * HOURS}, DEPARTS, "If the flight arrives as now expected, 4 h late."),
     ({"estimated_in": DEPARTS + 2 * HOURS}, DEPARTS + 3 * HOURS,
      "If the flight arrived as last expected, 4 h late; that has not been reported."),
     ({"actual_in": DEPARTS + 2 * HOURS + timedelta(minutes=5)}, DEPARTS + 3 * HOURS,
      "The flight arrived 4 h 05 min late."),
     ({"estimated_out": DEPARTS + HOURS}, DEPARTS,
      "If the flight arrives as late as it leaves, 4 h; no time of arrival is known.")],
)  # fmt: skip
def test_what_is_expected_is_not_said_as_if_it_had_happened(observed, now, basis):
    """Before the arrival a right hangs on the estimate, after it on the fact; what was not reported is said so."""
    found = due(flight(**observed), now=now)
    right = next(right for right in found if right.kind is COMPENSATION)
    assert right.conditions[0] == basis


def test_time_made_up_on_the_way_counts():
    """Compensation looks at the arrival, care at the departure."""
    left_late = flight(actual_out=DEPARTS + timedelta(hours=3), actual_in=DEPARTS + HOURS + timedelta(minutes=179))
    assert kinds(due(left_late), "EU261") == {CARE}
    arrived_late = flight(actual_out=DEPARTS, actual_in=DEPARTS + HOURS + timedelta(minutes=180))
    assert kinds(due(arrived_late), "EU261") == {COMPENSATION}


# ---- cancellation and diversion


def cancelled(notice: timedelta, **observed) -> Flight:
    """A flight cancelled so long before its departure."""
    return flight(at=DEPARTS - notice, cancelled=True, **observed)


@pytest.mark.parametrize(
    ("notice", "eur", "window"),
    [(timedelta(days=20), None, None), (timedelta(days=14), None, None),
     (timedelta(days=14, seconds=-1), 250, "at most 2 h earlier and arriving less than 4 h later"),
     (timedelta(days=7), 250, "at most 2 h earlier and arriving less than 4 h later"),
     (timedelta(days=7, seconds=-1), 250, "at most 1 h earlier and arriving less than 2 h later"),
     (timedelta(0), 250, "at most 1 h earlier and arriving less than 2 h later"),
     (timedelta(hours=-2), 250, "at most 1 h earlier and arriving less than 2 h later")],
)  # fmt: skip
def test_compensation_for_a_cancellation_depends_on_notice(notice, eur, window):
    """Article 5(1)(c): nothing from 14 days on; before that, unless a close enough re-routing was offered."""
    found = due(cancelled(notice))
    assert compensation(found) == ([("EU261", eur)] if eur else [])
    assert {REFUND, RightKind.REROUTING, CARE} <= kinds(found, "EU261")
    text = " ".join(condition for right in found for condition in right.conditions)
    assert window in text if window else "told you less than 14 days before departure" in text


def test_how_early_a_cancellation_was_reported_is_said():
    """The passenger sees what the reckoning rests on, and that it is their own notice that counts."""
    for notice, said in (
        (timedelta(days=9, hours=3), "reported 9 days before departure"),
        (timedelta(days=1), "reported 1 day before departure"),
        (timedelta(hours=5), "reported less than a day before departure"),
        (timedelta(hours=-1), "reported after departure"),
    ):
        conditions = due(cancelled(notice))[0].conditions
        assert any(said in text and "when the airline told you" in text for text in conditions)


def test_a_cancelled_flight_without_a_schedule_keeps_its_rights_open():
    """Where the notice can't be reckoned it is a condition."""
    found = due(flight(cancelled=True, scheduled_out=None, scheduled_in=None))
    assert compensation(found) == [("EU261", 250)]
    assert "Not where the airline told you at least 14 days before departure." in found[0].conditions


@pytest.mark.parametrize(
    ("km", "to", "within"), [(900, "FR", "2 h"), (3000, "US", "3 h"), (9000, "US", "4 h"), (9000, "RE", "3 h")]
)
def test_a_quick_re_routing_may_halve_the_sum_of_a_cancellation(km, to, within):
    """Article 7(2): two, three or four hours by distance; said as a condition, the sum stays whole."""
    found = due(cancelled(timedelta(days=1)), km, to=to)
    assert any(
        f"pay half where the re-routing it offers arrives at most {within} late" in c for c in found[0].conditions
    )


def test_a_reinstated_flight_is_not_cancelled():
    """What was cancelled and then flies on time gives nothing."""
    assert due(flight(cancelled=False, estimated_out=DEPARTS)) == []


def test_a_diverted_flight_may_give_transfer_re_routing_and_compensation():
    """Article 8(3) for an airport of the region, else as a cancellation; the delay counts at the airport booked."""
    found = due(late(10, diverted_to="CCC"), 6000, to="US")
    assert kinds(found, "EU261") == {COMPENSATION, RightKind.REROUTING, RightKind.TRANSFER}
    right = next(right for right in found if right.kind is COMPENSATION)
    assert right.amount == 600
    assert right.conditions[0] == "If you reach BBB 3 h or more late, or the flight counts as cancelled."
    assert "Half of it where you are less than 4 h late." in right.conditions
    unknown = due(flight(diverted_to=""))
    assert RightKind.TRANSFER in kinds(unknown, "EU261")


def test_a_flight_that_came_back_has_no_transfer():
    """Diverted to where it started: it may count as cancelled, and there is nowhere to be driven from."""
    found = due(flight(actual_off=DEPARTS, diverted_to="AAA"))
    assert kinds(found, "EU261") == {COMPENSATION, RightKind.REROUTING}
    assert any("moved to another flight" in text for right in found for text in right.conditions)


# ---- how likely


@pytest.mark.parametrize(
    ("codes", "hint"),
    [([DelayCode("71")], "less likely: weather"), ([DelayCode("81")], "less likely: air-traffic"),
     ([DelayCode("87")], "less likely: failings"), ([DelayCode("85")], "less likely: a security"),
     ([DelayCode("51")], "less likely: events from outside"), ([DelayCode("41")], "more likely"),
     ([DelayCode("64A")], "more likely"), ([DelayCode("97")], "more likely"), ([DelayCode("93")], "depends: on what"),
     ([DelayCode("15")], "depends"), ([DelayCode("99")], "not known"), ([DelayCode("DBN", "AHM732")], "not known"),
     ([], "not known"), ([DelayCode("41"), DelayCode("71")], "more likely"),
     ([DelayCode("41", minutes=10), DelayCode("71", minutes=200)], "less likely: weather")],
)  # fmt: skip
def test_the_reported_reason_bears_on_compensation_alone(codes, hint):
    """Extraordinary circumstances: the code with the most minutes decides the hint; care and refund do not ask why."""
    found = due(late(300, delay_codes=tuple(codes)))
    for right in found:
        if right.kind is COMPENSATION:
            assert right.likelihood.startswith(hint)
        else:
            assert right.likelihood is None
    assert {right.kind for right in found} == {COMPENSATION, CARE, REFUND}


# ---- US


@pytest.mark.parametrize(("to", "minutes", "refunded"), [
    ("US", 179, False), ("US", 180, True), ("PR", 180, True), ("GU", 180, True),
    ("MX", 359, False), ("MX", 360, True), ("US", -179, False), ("US", -180, True), ("MX", -180, False),
    ("MX", -360, True),
])  # fmt: skip
def test_a_us_refund_begins_at_three_hours_or_six_abroad(to, minutes, refunded):
    """14 CFR 260.2: three hours for flights within the US and its territories, six for others, early ones too."""
    found = due(late(minutes), 3000, frm="US", to=to, carrier="US")
    assert [(right.scheme, right.kind) for right in found] == ([("US-DOT", REFUND)] if refunded else [])
    assert due(late(minutes), 3000, frm=to, to="US", carrier="MX") == found


def test_a_us_refund_needs_a_us_airport():
    """A US airline between two other countries is not covered; a foreign one to the US is."""
    assert due(late(600), 2000, frm="MX", to="CA", carrier="US") == []
    assert kinds(due(late(600), 2000, frm="MX", to="US", carrier="MX"), "US-DOT") == {REFUND}


def test_with_one_airport_unknown_the_longer_us_limit_holds():
    """What may be an international trip is not refunded by the domestic limit."""
    for minutes, refunded in ((359, False), (360, True)):
        found = rights(late(minutes), origin=airport("AAA", "US"), destination=None, carrier_country="US", now=DEPARTS)
        assert bool(found) is refunded
    assert rights(late(999), origin=None, destination=None, carrier_country="US", now=DEPARTS) == []


def test_cancelled_and_diverted_flights_may_be_refunded_in_the_us():
    """A cancellation is refunded whatever its notice and reason; a diversion is said to be unsettled."""
    for notice in (timedelta(days=30), timedelta(0)):
        found = due(cancelled(notice, delay_codes=(DelayCode("71"),)), frm="US", to="US")
        assert [(right.scheme, right.likelihood) for right in found] == [("US-DOT", None)]
        assert any("accept no re-booking" in text for text in found[0].conditions)
        assert any("7 business days" in text and "20 calendar days" in text for text in found[0].conditions)
    found = due(flight(diverted_to="CCC"), frm="US", to="US")
    assert any("not settled" in text for text in found[0].conditions)


@pytest.mark.parametrize(("day", "refunded"), [(date(2024, 10, 27), False), (date(2024, 10, 28), True)])
def test_the_us_rule_holds_from_the_day_airlines_had_to_comply(day, refunded):
    """28 October 2024."""
    subject = flight(day=day, cancelled=True)
    assert bool(due(subject, frm="US", to="US")) is refunded


def test_transatlantic_flights_are_under_both():
    """New York-Frankfurt on a German airline, seven hours late: EU compensation, care and refund, and the US refund."""
    found = due(late(420), 6200, frm="US", to="DE", carrier="DE")
    assert kinds(found, "EU261") == {COMPENSATION, CARE, REFUND}
    assert kinds(found, "US-DOT") == {REFUND}


# ---- what holds for all

COUNTRIES = st.sampled_from(["DE", "FR", "RE", "NO", "IS", "CH", "GB", "US", "PR", "TR", "JE"])
CARRIERS = st.none() | COUNTRIES
KM = st.sampled_from([100, 1499, 1500, 1501, 3499, 3500, 3501, 9000]) | st.floats(1, 19_000)
MINUTES = st.sampled_from([119, 120, 179, 180, 239, 240, 299, 300, 359, 360]) | st.integers(-600, 3000)


@given(
    km=KM,
    frm=COUNTRIES,
    to=COUNTRIES,
    carrier=CARRIERS,
    minutes=st.integers(0, 1500) | st.sampled_from([119, 120, 179, 180, 239, 240, 299, 300, 359, 360]),
    more=st.integers(0, 600),
    departed=st.booleans(),
)
def test_a_longer_delay_never_takes_a_right_away(*, km, frm, to, carrier, minutes, more, departed):
    """Delays from none upwards: every right stays, and no sum shrinks."""

    def sums(late_by: int) -> dict[tuple[str, RightKind], int]:
        delay = timedelta(minutes=late_by)
        times = {"estimated_out": DEPARTS + delay, "estimated_in": DEPARTS + HOURS + delay}
        if departed:
            times = {"actual_out": DEPARTS + delay, "actual_in": DEPARTS + HOURS + delay}
        found = due(flight(**times), km, frm=frm, to=to, carrier=carrier)
        assert len({(right.scheme, right.kind) for right in found}) == len(found)
        return {(right.scheme, right.kind): right.amount or 0 for right in found}

    less, longer = sums(minutes), sums(minutes + more)
    assert set(less) <= set(longer)
    assert all(longer[key] >= amount for key, amount in less.items())


@given(
    km=KM,
    frm=COUNTRIES,
    to=COUNTRIES,
    carrier=CARRIERS,
    minutes=MINUTES,
    what=st.sampled_from(["late", "cancelled", "diverted", "returned"]),
    notice=st.integers(-3, 30),
    no_origin=st.booleans(),
    no_destination=st.booleans(),
)
def test_every_right_has_a_source_with_a_date_and_says_may_be_due(
    *, km, frm, to, carrier, minutes, what, notice, no_origin, no_destination
):
    """Whatever happened to a flight: sourced, dated, never promised, and marked as no legal advice."""
    subject = {
        "late": lambda: late(minutes),
        "cancelled": lambda: cancelled(timedelta(days=notice)),
        "diverted": lambda: late(minutes, diverted_to="AAA" if notice < 0 else "CCC"),
        "returned": lambda: flight(
            actual_out=DEPARTS, returned=True, estimated_out=DEPARTS + timedelta(minutes=minutes)
        ),
    }[what]()
    found = rights(
        subject,
        origin=None if no_origin else airport("AAA", frm),
        destination=None if no_destination else airport("BBB", to, km),
        carrier_country=carrier,
        now=DEPARTS,
    )
    for right in found:
        assert right.scheme in {"EU261", "UK261", "US-DOT"}
        assert right.section.startswith(("Art. ", "14 CFR "))
        assert "may be due" in right.wording
        text = " ".join([right.wording, *right.conditions])
        assert " is due" not in text
        assert "None" not in text
        assert "are due" not in text
        assert right.conditions
        assert all(condition.endswith(".") and condition[0].isupper() for condition in right.conditions)
        assert len(set(right.conditions)) == len(right.conditions)
        assert right.source.regulation
        assert right.source.url.startswith("https://")
        assert right.source.effective_from <= subject.leg.date
        assert right.disclaimer == NOT_LEGAL_ADVICE
        assert (right.amount is None) == (right.currency is None)
        assert (right.kind is COMPENSATION) == (right.likelihood is not None)
        if right.amount is not None:
            assert f"{right.currency} {right.amount}" in right.wording


def test_a_later_law_is_a_row_of_the_table(monkeypatch):
    """A reform takes a new row and an end date in the old one, and nothing else."""
    old = next(law for law in PASSENGER_LAWS if law.scheme == "EU261" and law.until is None)
    reform = replace(old, since=date(2026, 7, 10), compensation_from=timedelta(hours=4))
    table = (replace(old, until=date(2026, 7, 9)), reform)
    monkeypatch.setattr("chalicelib.flights.rights.PASSENGER_LAWS", table)
    assert compensation(due(late(239))) == []
    assert compensation(due(late(240))) == [("EU261", 250)]
    day_before = datetime(2026, 7, 9, 12, tzinfo=UTC)
    subject = flight(day=date(2026, 7, 9), actual_in=day_before + HOURS + timedelta(minutes=239))
    assert compensation(due(subject)) == [("EU261", 250)]


def test_the_phases_that_change_a_flights_rights_are_reached():
    """The flights of these tests are what they are meant to be."""
    assert cancelled(timedelta(0)).status.phase is Phase.CANCELLED
    assert flight(diverted_to="").status.phase is Phase.DIVERTED
    assert late(5).status.phase is Phase.ARRIVED
