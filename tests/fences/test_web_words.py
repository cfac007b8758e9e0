"""What the API says in English alone has its words in the web app, which speaks five languages."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path

from chalicelib.airports.model import Airport
from chalicelib.flights.delay_codes import AHM730
from chalicelib.flights.identity import FlightNumber, LegId
from chalicelib.flights.model import DelayCode, Flight, FlightUpdate, Observation, apply
from chalicelib.flights.passenger_law import PASSENGER_LAWS
from chalicelib.flights.rights import NOT_LEGAL_ADVICE, RightKind, rights

WEB = Path(__file__).parents[2] / "infra" / "web" / "src" / "flight"
DEPARTS = datetime(2026, 7, 10, 12, tzinfo=UTC)
ARRIVES = DEPARTS + timedelta(hours=4)


def test_every_reason_for_a_delay_has_its_words():
    table = (WEB / "delayReasons.ts").read_text(encoding="utf-8")
    rows = re.findall(r'\{\s*code: "(\d\d)",\s*alpha: "([A-Z]{2})",\s*words: msg`([^`]+)`,?\s*\}', table)
    assert rows == [(reason.code, reason.alpha, reason.words) for reason in AHM730.values()]


def test_every_text_about_rights_has_its_words():
    source = (WEB / "rightsWords.ts").read_text(encoding="utf-8")
    texts = re.findall(r'^\s*\[\s*"((?:[^"\\]|\\.)+)",', source, re.MULTILINE)
    patterns = [re.compile(re.sub(r"\\\{\w+\\\}", ".+?", re.escape(text))) for text in texts]
    said = {NOT_LEGAL_ADVICE}
    schemes = {law.scheme for law in PASSENGER_LAWS} | {"US-DOT"}
    for right in _all_rights():
        said |= {right.wording, *right.conditions, *filter(None, [right.likelihood])}
        schemes.add(right.scheme)
    assert sorted(text for text in said if not any(pattern.fullmatch(text) for pattern in patterns)) == []
    named = re.findall(r'^  "?([\w-]+)"?: msg`', source, re.MULTILINE)
    assert schemes | {str(kind) for kind in RightKind} <= set(named)
    countries = {covered.licence for law in PASSENGER_LAWS for covered in law.arrivals}
    assert countries <= set(re.findall(r'^  "([^"]+)": msg`', source, re.MULTILINE))


def _all_rights():
    codes = [None, *((DelayCode(code),) for code in ("15", "41", "71", "81", "86", "69", "93", "51", "99"))]
    ways = product(("US", "FR", "GB"), ("US", "FR", "GB"), (1500.0, 6000.0), (None, "US"))
    cases = [*((way, None) for way in ways), *((("FR", "FR", 500.0, "FR"), code) for code in codes)]
    for (origin, destination, km, carrier), code in cases:
        for flight in _flights(code):
            for now in (DEPARTS - timedelta(days=1), ARRIVES + timedelta(days=2)):
                for known in (True, False):
                    yield from rights(
                        flight,
                        origin=_airport("AAA", origin, 0),
                        destination=_airport("BBB", destination, km) if known else None,
                        carrier_country=carrier,
                        now=now,
                    )


def _flights(codes):
    for delay in (timedelta(hours=3, minutes=20), timedelta(hours=7), -timedelta(hours=7)):
        yield _flight(codes, estimated_out=DEPARTS + delay, estimated_in=ARRIVES + delay)
        yield _flight(codes, actual_out=DEPARTS + delay, actual_in=ARRIVES + delay)
        yield _flight(codes, estimated_out=DEPARTS + delay, scheduled_in=None)
        yield _flight(codes, estimated_out=DEPARTS + delay)
        yield _flight(codes, diverted_to="CCC", estimated_out=DEPARTS + delay)
    yield _flight(codes, diverted_to="AAA")
    for notice in (timedelta(days=20), timedelta(days=9), timedelta(days=1), timedelta(hours=3), -timedelta(hours=1)):
        yield _flight(codes, at=DEPARTS - notice, cancelled=True)


def _flight(codes, at=DEPARTS, **observed) -> Flight:
    fields = {"destination": "BBB", "scheduled_out": DEPARTS, "scheduled_in": ARRIVES, "delay_codes": codes, **observed}
    seen = {name: Observation(value, at) for name, value in fields.items() if value is not None}
    return apply(None, FlightUpdate(LegId(FlightNumber("XX", 1), date(2026, 7, 10), "AAA"), "aidx:test", seen))[0]


def _airport(code: str, country: str, km: float) -> Airport:
    return Airport(code, f"X{code}", code, code, "", country, 0.0, km / 111.195, "UTC")
