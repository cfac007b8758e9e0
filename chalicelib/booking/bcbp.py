"""Bar coded boarding passes: the text in the symbol, as IATA Resolution 792 lays it out, format M.

Item numbers are those of the Resolution's attachment A. A pass has 23 characters on the passenger, then 37 for each
leg, each followed by the conditional items whose length it states; sizes are hexadecimal. The date has no year: readers
take the nearest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from chalicelib.core.errors import Invalid

VERSION = 6  # of the conditional items
MOST_LEGS = 4


class Description(StrEnum):
    """Who travels (item 15)."""

    ADULT = "0"
    CHILD = "3"
    INFANT = "4"
    ADULT_WITH_INFANT = "6"


@dataclass(frozen=True, slots=True)
class Issue:
    """What is said once of the pass: when and by whom it was issued (items 15 to 31)."""

    description: str = Description.ADULT
    checked_in_by: str = "W"  # web; K is a kiosk, M a mobile device, O an agent (item 12)
    issued_by: str = "W"  # likewise (item 14)
    issued_on: date | None = None
    document_type: str = "B"  # boarding pass (item 16)
    issuer: str = ""  # the airline's designator (item 21)
    bag_tags: tuple[str, ...] = ()  # at most three, 13 digits each (items 23, 31, 32)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What is said of the ticket of a leg (items 142 to 236)."""

    number: str  # 13 digits: accounting code and document number
    selectee: str = " "
    document_check: str = " "  # 0 not required, 1 required, 2 done (item 108)
    marketing_carrier: str = ""
    frequent_flyer_airline: str = ""
    frequent_flyer_number: str = ""
    id_ad: str = " "
    free_bags: str = ""  # such as 2PC, 20K
    fast_track: str = " "


@dataclass(frozen=True, slots=True)
class Leg:
    """A leg, with the passenger's seat on it."""

    locator: str
    origin: str
    destination: str
    carrier: str
    number: int
    departs_on: date  # the local day
    compartment: str  # the booking class or cabin, one letter
    seat: str  # "12A"; "INF" for an infant on a lap
    sequence: int | None  # of the check-in on this flight; None for an infant
    suffix: str = ""
    status: str = "1"  # checked in; 0 is not (item 117)
    ticket: Ticket | None = None
    airline_use: str = ""  # what the airline adds for itself


@dataclass(frozen=True, slots=True)
class Security:
    """A signature over all that stands before it (items 25 to 30); `kind` says how it was made."""

    kind: str
    data: str


def encode(
    name: str, legs: Sequence[Leg], issue: Issue | None = None, security: Security | None = None, version: int = VERSION
) -> str:
    """The text of a boarding pass. `name` is `LAST/FIRST` in A to Z (`names.on_ticket`).

    Without `issue` and tickets it has the mandatory items alone. Raises Invalid where something does not fit its field.
    """
    if not 1 <= len(legs) <= MOST_LEGS:
        raise Invalid(f"a boarding pass has 1 to {MOST_LEGS} legs, and not {len(legs)}")
    parts = ["M", str(len(legs)), _text("the name", name, 20), "E"]
    for place, leg in enumerate(legs):
        unique = _issue(issue) if issue and place == 0 else ""
        repeated = _ticket(leg.ticket) if leg.ticket else ""
        conditional = ""
        if unique or repeated or leg.airline_use:
            head = f">{version}{_sized(unique)}" if place == 0 else ""
            conditional = head + _sized(repeated) + leg.airline_use
        parts += [_leg(leg), _sized(conditional)]
    if security:
        parts += ["^", _text("the kind of signature", security.kind, 1), _sized(security.data)]
    text = "".join(parts)
    if not (text.isascii() and text.isprintable()):
        raise Invalid("a boarding pass has letters A to Z, digits and a few signs, and no others")
    return text


def _leg(leg: Leg) -> str:
    # A seat is three digits and a letter; what is no seat ("INF") stands as it is.
    seat = f"{leg.seat[:-1]:0>3}{leg.seat[-1]}" if leg.seat[:1].isdecimal() else leg.seat
    return "".join(
        (
            _text("the locator", leg.locator, 7),
            _text("the origin", leg.origin, 3),
            _text("the destination", leg.destination, 3),
            _text("the carrier", leg.carrier, 3),
            _text("the flight number", f"{leg.number:04}{leg.suffix}", 5),
            f"{leg.departs_on:%j}",
            _text("the compartment", leg.compartment, 1),
            _text("the seat", seat, 4),
            _text("the sequence number", "" if leg.sequence is None else f"{leg.sequence:04}", 5),
            _text("the status", leg.status, 1),
        )
    )


def _issue(issue: Issue) -> str:
    day = f"{issue.issued_on.year % 10}{issue.issued_on:%j}" if issue.issued_on else ""
    if len(issue.bag_tags) > 3:
        raise Invalid("a boarding pass holds three bag tags")
    return "".join(
        (
            _text("the passenger's description", issue.description, 1),
            _text("the source of the check-in", issue.checked_in_by, 1),
            _text("the source of the pass", issue.issued_by, 1),
            _text("the day of issue", day, 4),
            _text("the document type", issue.document_type, 1),
            _text("the issuer", issue.issuer, 3),
            *(_text("a bag tag", tag, 13) for tag in issue.bag_tags or ("",)),
        )
    )


def _ticket(ticket: Ticket) -> str:
    return "".join(
        (
            _text("the accounting code", ticket.number[:3], 3),
            _text("the document number", ticket.number[3:], 10),
            _text("the selectee indicator", ticket.selectee, 1),
            _text("the document check", ticket.document_check, 1),
            _text("the marketing carrier", ticket.marketing_carrier, 3),
            _text("the frequent flyer airline", ticket.frequent_flyer_airline, 3),
            _text("the frequent flyer number", ticket.frequent_flyer_number, 16),
            _text("the ID/AD indicator", ticket.id_ad, 1),
            _text("the free bags", ticket.free_bags, 3),
            _text("the fast track", ticket.fast_track, 1),
        )
    )


def _text(what: str, text: str, width: int) -> str:
    """A field, padded with blanks."""
    if len(text) > width:
        raise Invalid(f"{what} is {text[:40]!r}; a boarding pass has room for {width} characters of it")
    return f"{text:{width}}"


def _sized(text: str) -> str:
    if len(text) > 0xFF:
        raise Invalid(f"{len(text)} characters are too many for a part of a boarding pass; 255 are allowed")
    return f"{len(text):02X}{text}"
