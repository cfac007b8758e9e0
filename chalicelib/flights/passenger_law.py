"""The laws on what passengers may be due, as tables with sources and the dates from which they apply.

A flight is judged by the rows of its date. A changed law is a new row, and an `until` in the old one. The reform of
Regulation 261/2004 under way since 2025 is not adopted and has no row.

Sources: Regulation (EC) No 261/2004, articles 3 and 5 to 9; Court of Justice C-402/07 Sturgeon (compensation from three
hours late on, half below four hours where article 7(1)(c) applies); UK SI 2019/278, regulation 8 (scope, and GBP 220,
350, 520); UK SI 2023/1370; 14 CFR 260.2 and 49 U.S.C. 42305(d) (three and six hours).
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Source:
    """A law, where to read it, and the dates (both included) between which it is in force."""

    regulation: str
    url: str
    effective_from: date
    effective_to: date | None = None


class Band(NamedTuple):
    """What holds for flights up to a distance (None: any): the point of article 7(1), its sum, and times.

    An arrival less late than `half_below` halves the sum; so may a re-routing that arrives at most `rerouted_within`
    late (article 7(2)). Care is due from a delay of departure of `care_from` on (article 6(1)).
    """

    point: str
    up_to_km: int | None
    amount: int | None
    care_from: timedelta
    rerouted_within: timedelta
    half_below: timedelta | None = None


class Arrivals(NamedTuple):
    """Flights from elsewhere that are covered: to these countries, by airlines licensed in those (article 3(1)(b))."""

    countries: frozenset[str]
    licensed_in: frozenset[str]
    licence: str


class Rerouting(NamedTuple):
    """What re-routing frees the airline from compensation (article 5(1)(c)).

    With at least this notice: one that leaves at most so much earlier and arrives less than so much later.
    """

    notice: timedelta
    earlier: timedelta
    later: timedelta


@dataclass(frozen=True, slots=True)
class PassengerLaw:
    """Regulation 261/2004 in one of its versions, as it applies to flights of `since` to `until` (both included)."""

    scheme: str
    source: Source
    since: date
    until: date | None
    currency: str
    bands: tuple[Band, ...]
    departures: frozenset[str]  # from these countries, by any airline (article 3(1)(a))
    arrivals: tuple[Arrivals, ...]
    internal: frozenset[str]  # between these, a flight beyond the first band is of the second, however long
    late_arrival: str  # what makes article 7 apply to a late arrival
    compensation_from: timedelta = timedelta(hours=3)
    refund_from: timedelta = timedelta(hours=5)
    notice: timedelta = timedelta(days=14)  # of a cancellation, that frees from compensation
    reroutings: tuple[Rerouting, ...] = (
        Rerouting(timedelta(days=7), timedelta(hours=2), timedelta(hours=4)),
        Rerouting(timedelta.min, timedelta(hours=1), timedelta(hours=2)),
    )


@dataclass(frozen=True, slots=True)
class RefundRule:
    """The US rule: how late or early a flight is significantly changed, for trips within the US and for others."""

    source: Source
    since: date
    until: date | None
    domestic: timedelta
    international: timedelta


# ISO 3166-1 codes. The French regions that are part of the EU have codes of their own, and so has Åland.
_EU = frozenset({
    "AT", "AX", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GF", "GP", "GR", "HR", "HU", "IE", "IT",
    "LT", "LU", "LV", "MF", "MQ", "MT", "NL", "PL", "PT", "RE", "RO", "SE", "SI", "SK", "YT",
})  # fmt: skip
_EEA = _EU | {"IS", "LI", "NO"}
_EUROPE = _EEA | {"CH"}  # by the EU's air transport agreement with Switzerland
_WITH_UK = _EUROPE | {"GB"}
US = frozenset({"US", "AS", "GU", "MP", "PR", "UM", "VI"})

_EU261 = PassengerLaw(
    scheme="EU261",
    source=Source("Regulation (EC) No 261/2004", "https://eur-lex.europa.eu/eli/reg/2004/261/oj", date(2005, 2, 17)),
    since=date(2021, 1, 1),  # the first day without the UK
    until=None,
    currency="EUR",
    bands=(
        Band("a", 1500, 250, timedelta(hours=2), timedelta(hours=2)),
        Band("b", 3500, 400, timedelta(hours=3), timedelta(hours=3)),
        Band("c", None, 600, timedelta(hours=4), timedelta(hours=4), half_below=timedelta(hours=4)),
    ),
    departures=_EUROPE,
    arrivals=(Arrivals(_EUROPE, _EUROPE, "the EU, Iceland, Norway or Switzerland"),),
    internal=_EUROPE,
    late_arrival="Court of Justice C-402/07 (Sturgeon)",
)
_UK261 = PassengerLaw(
    scheme="UK261",
    source=Source(
        "Regulation (EC) No 261/2004 as kept in UK law, amended by SI 2019/278 and SI 2023/1370",
        "https://www.legislation.gov.uk/eur/2004/261",
        date(2021, 1, 1),  # to the day: from 11 p.m. of the day before
    ),
    since=date(2023, 12, 14),
    until=None,
    currency="GBP",
    bands=tuple(band._replace(amount=gbp) for band, gbp in zip(_EU261.bands, (220, 350, 520), strict=True)),
    departures=frozenset({"GB"}),
    arrivals=(
        Arrivals(frozenset({"GB"}), _EEA | {"GB"}, "the UK, the EU, Iceland or Norway"),
        Arrivals(_EEA, frozenset({"GB"}), "the UK"),
    ),
    internal=frozenset(),
    late_arrival="C-402/07 (Sturgeon), restated by SI 2023/1370",
)
PASSENGER_LAWS: tuple[PassengerLaw, ...] = (
    replace(  # with the UK; the members are those from Mayotte's accession on, and no earlier flight is judged
        _EU261,
        since=date(2014, 1, 1),
        until=date(2020, 12, 31),
        departures=_WITH_UK,
        arrivals=(Arrivals(_WITH_UK, _WITH_UK, "the EU, the UK, Iceland, Norway or Switzerland"),),
        internal=_WITH_UK,
    ),
    _EU261,
    replace(  # before the rulings it follows were written into it
        _UK261,
        source=replace(_UK261.source, regulation="Regulation (EC) No 261/2004 as kept in UK law by SI 2019/278"),
        since=date(2021, 1, 1),
        until=date(2023, 12, 13),
        late_arrival="C-402/07 (Sturgeon), as kept in UK law",
    ),
    _UK261,
)
US_REFUNDS: tuple[RefundRule, ...] = (
    RefundRule(
        Source(
            "14 CFR Part 260",
            "https://www.ecfr.gov/current/title-14/chapter-II/subchapter-A/part-260",
            date(2024, 10, 28),  # the day from which airlines must comply (89 FR 32760)
        ),
        since=date(2024, 10, 28),
        until=None,
        domestic=timedelta(hours=3),
        international=timedelta(hours=6),
    ),
)
