# ruff: noqa: RUF001 - dashes and full-width letters are what is said
"""What a booking tells: every fact in every language, the same texts in each, and what happened first."""

import string
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.alerts import facts
from chalicelib.alerts.facts import Fact
from chalicelib.alerts.words import booking as words
from chalicelib.alerts.words.booking import BookingLinks, BookingWords
from chalicelib.booking.model import (
    Booking,
    By,
    Cancelled,
    Change,
    Changed,
    Contact,
    Disrupted,
    Event,
    Held,
    KeyUse,
    Offered,
    Overpaid,
    Refunded,
    Reseated,
    Segment,
    Ticketed,
    Traveller,
    Waitlisted,
    replay,
)
from chalicelib.channels.model import LANGUAGES
from chalicelib.channels.sms import segments
from chalicelib.core.clock import Now
from chalicelib.flights.identity import LegId
from chalicelib.pricing.model import Line, TravellerKind
from chalicelib.pricing.seats import Cabin

NOON = datetime(2026, 7, 10, 12, tzinfo=UTC)
NOW = Now(NOON, NOON)
FOLDER = Path(words.__file__).with_name("bookings")
KEY = KeyUse("1" * 32, "f" * 32)
LINKS = BookingLinks(
    "https://flights.test/bookings/K3M9TZ#link=x", "https://flights.test/i.ics", "https://flights.test/i.pdf",
    "https://flights.test/v1/rebook?token=y",
)  # fmt: skip


def segment(leg: str, seat: str = "12A") -> Segment:
    out = NOON + timedelta(days=1)
    return Segment(LegId.parse(leg), "LAX", out, out + timedelta(hours=6), Cabin.ECONOMY, "M", "MFLEX", (seat,), "")


OWN, OTHER = segment("UA1545-20260711-EWR"), segment("UA1740-20260711-EWR", "14C")
PARTY = (Traveller(TravellerKind.ADULT, "Smith", "Ann"),)
LINES = (Line("fare", "M", 123_450, 0, 0),)
CONTACT = Contact("ann@example.com")
HELD = Held(NOON, NOON + timedelta(minutes=15), PARTY, (OWN,), LINES, (), "USD", CONTACT, None, KEY)
PAID = Ticketed(NOON, 1, "pay1", 123_450, ("0162345678901",), None, KEY)
INSTEAD = Change((OTHER,), LINES, 0, NOON + timedelta(hours=2))
JOURNALS: dict[Fact, tuple[Event, ...]] = {
    Fact.TICKETS: (HELD, PAID),
    Fact.CHANGED: (HELD, PAID, Changed(NOON, INSTEAD, By.PASSENGER, KEY)),
    Fact.SEATS_FOUND: (Waitlisted(NOON, PARTY, (OWN,), (), CONTACT, None, KEY), HELD),
    Fact.OFFERED: (HELD, PAID, Offered(NOON, INSTEAD, OWN.leg, "cancelled")),
    Fact.NO_SEATS: (HELD, PAID, Disrupted(NOON, OWN.leg, "delayed")),
    Fact.REBOOKED: (HELD, PAID, Offered(NOON, INSTEAD, OWN.leg, "cancelled"), Changed(NOON, INSTEAD, By.AIRLINE, KEY)),
    Fact.DROPPED: (HELD, PAID, Changed(NOON, Change((OTHER,), (), -5_000), By.AIRLINE, None)),
    Fact.CANCELLED: (HELD, PAID, Cancelled(NOON, By.PASSENGER, 5_000, "", KEY)),
    Fact.CANCELLED_BY_AIRLINE: (HELD, PAID, Cancelled(NOON, By.AIRLINE, 123_450, "cancelled", None)),
    Fact.REFUNDED: (HELD, PAID, Refunded(NOON, 1, "r1", 5_000)),
    Fact.TOO_LATE: (HELD, Overpaid(NOON, 1, "pay1", 123_450, KEY)),
    Fact.RESEATED: (HELD, PAID, Reseated(NOON, OWN.leg, ("20F",), LINES, By.AIRLINE, None)),
    Fact.CHECK_IN: (HELD, PAID),
}
EACH = [(fact, language) for fact in Fact for language in LANGUAGES]


def made(fact: Fact) -> tuple[Booking, str]:
    """A booking of which a fact is to be told, and the fact's name."""
    booking = replay("K3M9TZ", JOURNALS[fact])
    return booking, facts.check_in(OWN.leg) if fact is Fact.CHECK_IN else str(booking.version)


def written(fact: Fact, language: str) -> BookingWords:
    return BookingWords(*[made(fact)[0], fact, made(fact)[1]], LINKS, NOW, language)


@pytest.mark.parametrize("fact", Fact)
def test_each_fact_is_told_by_its_event(fact: Fact) -> None:
    """What an event tells, and that it still holds at once."""
    booking, name = made(fact)
    assert facts.still(booking, name, NOON) is fact


def test_events_that_tell_nothing() -> None:
    """A hold is seen by who makes it; an event that is not there is no fact."""
    booking = replay("K3M9TZ", (HELD,))
    assert [facts.kind(booking, number) for number in (0, 1, 2)] == [None, None, None]


@pytest.mark.parametrize(
    ("fact", "after"),
    [
        (Fact.OFFERED, Changed(NOON, INSTEAD, By.AIRLINE, KEY)),
        (Fact.NO_SEATS, Offered(NOON, INSTEAD, OWN.leg, "delayed")),
        (Fact.SEATS_FOUND, PAID),
        (Fact.TICKETS, Cancelled(NOON, By.PASSENGER, 0, "", KEY)),
        (Fact.CHECK_IN, Cancelled(NOON, By.PASSENGER, 0, "", KEY)),
    ],
)
def test_what_was_overtaken_is_not_told(fact: Fact, after: Event) -> None:
    """An offer that was taken, a hold that was paid, tickets that were given back."""
    booking, name = made(fact)
    assert facts.still(booking.then(after), name, NOON) is None


@pytest.mark.parametrize("fact", [Fact.OFFERED, Fact.SEATS_FOUND])
def test_what_is_over_is_not_told(fact: Fact) -> None:
    """Seats that are held no more."""
    booking, name = made(fact)
    assert facts.still(booking, name, NOON + timedelta(hours=2)) is None


@pytest.mark.parametrize(("fact", "language"), EACH)
def test_a_letter_says_what_happened_then_what_was_done_then_what_to_do(fact: Fact, language: str) -> None:
    """In this order, with its link, the booking's reference, and nothing left to fill in."""
    subject, text, page = written(fact, language).email
    happened, done, do, *_ = text.split("\n\n")
    button = tomllib.loads((FOLDER / f"{language}.toml").read_text())[fact]["button"]
    link = LINKS.rebook if fact is Fact.OFFERED else LINKS.booking
    assert do.splitlines()[1] == f"{button}: {link}"
    assert all((subject, happened, done))
    assert "K3M9TZ" in text
    assert not set("{}") & set(subject + text)
    assert "None" not in text
    assert str(link).replace("&", "&amp;") in page
    if fact in (Fact.OFFERED, Fact.NO_SEATS):
        assert str(OWN.leg.flight) in happened


@pytest.mark.parametrize(("fact", "language"), EACH)
def test_an_sms_is_short_and_has_the_link(fact: Fact, language: str) -> None:
    """Three segments at the most beside what the link takes; in GSM-7 but for Chinese."""
    text = written(fact, language).sms
    assert text.endswith(("#link=x", "token=y"))
    measured = segments(text)
    assert measured.count <= (5 if language == "zh" else 3)
    assert language == "zh" or measured.encoding == "GSM-7"


@pytest.mark.parametrize(("fact", "amount"), [
    (Fact.TICKETS, "USD 1,234.50"), (Fact.CANCELLED, "USD 50.00"), (Fact.DROPPED, "USD 50.00"),
    (Fact.REFUNDED, "USD 50.00"), (Fact.TOO_LATE, "USD 1,234.50"), (Fact.SEATS_FOUND, "USD 1,234.50"),
])  # fmt: skip
def test_amounts(fact: Fact, amount: str) -> None:
    """What was paid, is to be paid, or comes back."""
    assert amount in written(fact, "en").email[1]


def test_nothing_comes_back() -> None:
    """It is said so, rather than that nothing is on its way."""
    booking = replay("K3M9TZ", (HELD, PAID, Cancelled(NOON, By.PASSENGER, 0, "", KEY)))
    text = BookingWords(booking, Fact.CANCELLED, "3", LINKS, NOW, "en").email[1]
    assert "nothing is refunded" in text
    assert "0.00" not in text


def test_an_offer_says_which_flights_and_until_when() -> None:
    """By the clocks of where they leave."""
    text = written(Fact.OFFERED, "en").email[1]
    assert "UA1545 Newark–Los Angeles on Saturday 11 July is CANCELLED." in text
    assert "at no cost, until 10:00 EDT" in text
    assert "UA1740 at 08:00 EDT on Sat 11 July" in text.replace("Jul:", "July:") or "UA1740 at 08:00 EDT" in text
    assert "Seats: 14C" in text
    assert OWN.leg.date == date(2026, 7, 11)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_says_everything_that_english_says(language: str) -> None:
    """The same texts with the same placeholders, none empty."""
    here, english = (tomllib.loads((FOLDER / f"{each}.toml").read_text()) for each in (language, "en"))
    assert here.keys() == english.keys() == {"letter", *Fact}
    for kind, texts in english.items():
        assert here[kind].keys() == texts.keys()
        for name, text in texts.items():
            assert here[kind][name]
            assert placeholders(here[kind][name]) == placeholders(text), f"{kind}.{name}"


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
