"""Seats for a party: side by side where that can be, and where it is least to the cost of others."""

from itertools import groupby
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.pricing.seats import Cabin, Seat, SeatMap, seat_map
from chalicelib.pricing.together import together

MAPS = ("B738-149", "E145-55", "CRJ9-95", "A332-377", "B762-255", "MD88-142", "E190-20", "B744-374")
ECONOMY = Cabin.ECONOMY


def plain(laid: SeatMap, *but: str) -> set[str]:
    """The seats that could be sold, without some."""
    return {seat.number for seat in laid.seats if not seat.blocked} - set(but)


def only(laid: SeatMap, text: str) -> set[str]:
    """The seats of a list such as `20AB 21F`."""
    numbers = {part.rstrip("ABCDEFGHJK") + letter for part in text.split() for letter in part.lstrip("0123456789")}
    assert numbers <= set(laid.index)
    return numbers


def seated(name: str, text: str, party: int, cabin: Cabin = ECONOMY, **more: Any) -> str:
    """Where a party of adults sits when just those seats are free."""
    laid = seat_map(name)
    words: dict[str, Any] = {"may_exit": [True] * party, **more}
    return " ".join(together(laid, only(laid, text), cabin, party, **words) or ())


def runs(laid: SeatMap, cabin: Cabin, free: set[str]) -> list[list[Seat]]:
    """The stretches of free seats side by side, no aisle between."""
    found: list[list[Seat]] = []
    for _, row in groupby(laid.of(cabin), key=lambda seat: seat.row):
        by_letter = {seat.letter: seat for seat in row}
        for block in laid.letters[cabin].split(" "):
            there = [by_letter[c] if c in by_letter and by_letter[c].number in free else None for c in block]
            found += [[s for s in run if s] for taken, run in groupby(there, key=lambda s: s is None) if not taken]
    return found


@st.composite
def questions(draw: st.DrawFn) -> tuple[SeatMap, Cabin, set[str], list[bool], list[bool]]:
    """A map, a cabin, free seats, and who of a party may sit at an exit and who is a child."""
    laid = seat_map(draw(st.sampled_from(MAPS)))
    cabin = draw(st.sampled_from(laid.cabins))
    numbers = [seat.number for seat in laid.seats]
    share, seed = draw(st.sampled_from([0.03, 0.1, 0.3, 0.7, 1])), draw(st.randoms(use_true_random=False))
    free = {number for number in numbers if seed.random() < share} & plain(laid)
    party = draw(st.integers(1, 9))
    children = draw(st.lists(st.booleans(), min_size=party, max_size=party))
    may_exit = [not child and draw(st.booleans()) for child in children]
    return laid, cabin, free, may_exit, children


@given(questions())
def test_each_of_a_party_has_a_free_seat_of_the_cabin(
    question: tuple[SeatMap, Cabin, set[str], list[bool], list[bool]],
) -> None:
    """As many different seats as passengers, all of one cabin; nobody at an exit who may not; always the same."""
    laid, cabin, free, may_exit, children = question
    found = together(laid, free, cabin, len(may_exit), may_exit=may_exit, children=children)
    there = [seat for seat in laid.of(cabin) if seat.number in free]
    away = [seat for seat in there if not seat.exit]
    enough = len(there) >= len(may_exit) and len(away) >= may_exit.count(False)
    assert (found is not None) == enough
    if found is None:
        return
    assert len(set(found)) == len(found) == len(may_exit)
    assert set(found) <= {seat.number for seat in there}
    exits = {seat.number for seat in there if seat.exit}
    assert all(may or number not in exits for may, number in zip(may_exit, found, strict=True))
    again = together(laid, sorted(free, reverse=True), cabin, len(may_exit), may_exit=may_exit, children=children)
    assert again == found


@given(questions())
def test_a_party_sits_side_by_side_where_it_can(
    question: tuple[SeatMap, Cabin, set[str], list[bool], list[bool]],
) -> None:
    """Wherever there are as many free seats side by side as passengers, it has such seats."""
    laid, cabin, free, may_exit, _ = question
    permitted = free if all(may_exit) else {n for n in free if not laid.seats[laid.index[n]].exit}
    # A party that has such seats: as many of this one as sit side by side somewhere.
    may_exit = may_exit[: max((len(run) for run in runs(laid, cabin, permitted)), default=0)]
    if not may_exit:
        return
    found = together(laid, free, cabin, len(may_exit), may_exit=may_exit)
    assert found
    assert any(len(run) == len(may_exit) for run in runs(laid, cabin, set(found)))


@given(questions())
def test_one_person_takes_no_pair_apart_where_another_seat_is_as_good(
    question: tuple[SeatMap, Cabin, set[str], list[bool], list[bool]],
) -> None:
    """If the seat taken breaks two neighbours up, every seat that costs no more does."""
    laid, cabin, free, _, _ = question

    def pairs(free: set[str]) -> int:
        return sum(len(run) // 2 for run in runs(laid, cabin, free))

    found = together(laid, free, cabin, 1, may_exit=[True])
    if not found:
        return
    taken = laid.seats[laid.index[found[0]]]
    as_good = [s for s in laid.of(cabin) if s.number in free and s.extra_legroom <= taken.extra_legroom]
    best = max(pairs(free - {seat.number}) for seat in as_good)
    assert pairs(free - {taken.number}) == best


@given(questions())
@example(
    (
        seat_map("B738-149"),
        ECONOMY,
        {"20A", "20B", "21A", "21B"},
        [True, True, False, False],
        [False, False, True, True],
    )
)
def test_a_child_sits_beside_an_adult_where_the_seats_allow_it(
    question: tuple[SeatMap, Cabin, set[str], list[bool], list[bool]],
) -> None:
    """A child and an adult who are given two seats of one row side by side sit so; of four, each child has an adult."""
    laid, _, _, _, _ = question
    found = together(
        laid, plain(laid), ECONOMY, 4, may_exit=[True, True, False, False], children=[False, False, True, True]
    )
    assert found
    columns = {letter: at for at, letter in enumerate(laid.letters[ECONOMY].replace(" ", ""))}
    places = [(int(number[:-1]), columns[number[-1]]) for number in found]
    for row, column in places[2:]:
        assert any(row == other and abs(column - beside) == 1 for other, beside in places[:2])


@pytest.mark.parametrize(
    ("free", "party", "seats"),
    [
        ("20ABC 21DEF", 3, "20A 20B 20C"),
        ("20ABD 21DEF", 3, "21D 21E 21F"),  # side by side before across the aisle
        ("20ABC 21AB", 2, "21A 21B"),  # nobody is left alone
        ("20ABC 21ABC", 2, "20A 20B"),
        ("8AB 20AB", 2, "8A 8B"),  # the farthest in front
        ("6AB 20AB", 2, "20A 20B"),  # but nothing that costs extra
        ("12AB 20A 21B", 2, "12A 12B"),  # side by side before free of extra cost
        ("12AB 20CD", 2, "12A 12B"),  # also before two across the aisle that are
        ("20CD 21AC", 2, "20C 20D"),  # across the aisle
        ("20A 21A 27F", 2, "20A 21A"),  # behind each other
        ("20ABCDEF", 5, "20A 20B 20C 20D 20E"),
        ("20ABC 21ABC 22ABC", 4, "20A 20B 21A 21B"),  # nobody alone in a row
        ("20AC 20F 21AB 22AB", 4, "21A 21B 22A 22B"),
        ("20A 22C 26F 27F", 2, "26F 27F"),
        ("15A 20C 22E 27F", 2, "20C 22E"),  # the nearest rows
        ("20A 21C", 3, ""),
    ],
)
def test_what_is_best_for_a_party(free: str, party: int, seats: str) -> None:
    """Side by side, across the aisle, behind each other, near: in this order."""
    assert seated("B738-149", free, party) == seats


@pytest.mark.parametrize(
    ("free", "seat"),
    [
        ("20AB 21B", "21B"),  # a middle seat, before a pair is taken apart
        ("20AB 21E 22D", "22D"),  # no middle seat
        ("20ABC", "20A"),  # two neighbours are left
        ("20ABC 21A", "21A"),  # a seat that is left alone anyway
        ("12A 20AB", "20A"),  # what costs extra is left to who wants it
        ("12A", "12A"),
    ],
)
def test_what_is_best_for_one(free: str, seat: str) -> None:
    """A seat that leaves others their pairs, costs nothing extra and is not in the middle."""
    assert seated("B738-149", free, 1) == seat


def test_a_first_class_pair_has_two_seats_together() -> None:
    """Other cabins are seated by their own rows."""
    assert seated("B738-149", "1AE 2EF 20AB", 2, Cabin.FIRST) == "2E 2F"


def test_a_cabin_the_aircraft_has_not_has_no_seats() -> None:
    """There is no business class on a 737."""
    assert together(seat_map("B738-149"), plain(seat_map("B738-149")), Cabin.BUSINESS, 1, may_exit=[True]) is None


def test_who_may_not_sit_at_an_exit_does_not() -> None:
    """14 CFR 121.585: a party with a child keeps away from the exits; where it can't, only the others sit there."""
    free = "12ABC 20A 21C"
    assert seated("B738-149", free, 2, may_exit=[True, False]) == "20A 21C"
    assert seated("B738-149", free, 3, may_exit=[True, False, True], children=[False, True, False]) == "12A 20A 21C"
    assert seated("B738-149", free, 3, may_exit=[False, False, False]) == ""
    assert seated("B738-149", "12AB 20A", 2, may_exit=[False, False]) == ""


def test_a_child_sits_between_its_parents() -> None:
    """Each child beside an adult, whatever the order in which they are named."""
    words: dict[str, Any] = {"may_exit": [True, True, False], "children": [False, False, True]}
    assert seated("B738-149", "20ABC", 3, **words) in ("20B 20C 20A", "20A 20C 20B", "20A 20B 20C")
    words = {"may_exit": [True, False, False], "children": [False, True, True]}
    assert seated("B738-149", "20ABC", 3, **words) == "20B 20A 20C"


def test_blocked_seats_are_given_to_nobody() -> None:
    """Whoever counts them as free."""
    laid = seat_map("CRJ2-55")
    assert together(laid, {"14A", "14B"}, ECONOMY, 1, may_exit=[True]) is None


def test_it_is_asked_of_each_passenger_whether_they_may_sit_at_an_exit() -> None:
    """A party of two with a word on one is a fault of ours."""
    for party, words in ((2, [True]), (0, [])):
        with pytest.raises(ValueError, match="party"):
            together(seat_map("B738-149"), {"20A", "20B"}, ECONOMY, party, may_exit=words)
