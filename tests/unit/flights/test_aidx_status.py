"""How far an AIDX leg has come, and what befell it: cancellation, diversion, return, special action."""

import pytest

from chalicelib.flights.model import Kind, Phase, Shown
from tests.unit.flights.aidx_messages import (
    UA1545,
    fids,
    kinds,
    leg,
    nil,
    notification,
    observed,
    only_leg,
    sent,
    status,
    time,
    utc,
)


@pytest.mark.parametrize(
    ("event", "stage"),
    [("CHK", "check-in"), ("GTO", "check-in"), ("BST", "boarding"), ("FCT", "final-call"), ("BEN", "final-call"),
     ("GCL", "gate-closed"), ("FCL", "gate-closed"), ("TEN", "airborne"), ("FBG", "arrived")],
)  # fmt: skip
def test_actual_times_of_events_make_the_stage(event: str, stage: str) -> None:
    """An estimated one makes none."""
    assert observed(time(event, "ACT", "2025-09-10T09:40:00Z"))["stage"] == stage
    assert "stage" not in observed(time(event, "EST", "2025-09-10T09:40:00Z"))


def test_the_furthest_event_counts_and_may_be_taken_back() -> None:
    """A gate closed by mistake opens again."""
    boarding, closed = time("BST", "ACT", "09:30"), time("GCL", "ACT", "09:50")
    assert observed(closed + boarding)["stage"] == "gate-closed"
    assert observed(boarding + nil("GCL", "ACT"))["stage"] == "boarding"
    assert observed(nil("GCL", "ACT"))["stage"] is None


@pytest.mark.parametrize("context", ["2005", "1245", "9750", "ZZZ", ""])
@pytest.mark.parametrize(
    ("code", "stage"),
    [("BST", "boarding"), ("FCT", "final-call"), ("GOP", "check-in"), ("GCL", "gate-closed"), ("OFB", "departed"),
     ("TKO", "airborne"), ("THM", "airborne"), ("OVS", "airborne"), ("LAN", "landed"), ("LD", "landed"),
     ("ONB", "arrived"), ("OC", "arrived"), ("FRB", "arrived"), ("LSB", "arrived")],
)  # fmt: skip
def test_status_words_make_the_stage_whatever_code_set_they_name(code: str, stage: str, context: str) -> None:
    """Gatwick's words among them."""
    assert observed(status(code, context=context))["stage"] == stage


@pytest.mark.parametrize("code", ["SCH", "OP", "SCT", "EST", "EXP", "DEL", "NIT", "REM", "UNK", "RT", "???", "Z" * 50])
def test_other_words_say_nothing_of_progress(code: str) -> None:
    """Punctuality is not progress, and a word nobody knows is no error."""
    assert set(observed(status(code), extension=fids(code))) == {"destination", "shown"}


@pytest.mark.parametrize(
    ("code", "stage"), [("ARR", "arrived"), ("DEP", "departed"), ("LBG", "arrived"), ("LND", "landed")]
)
def test_displayed_words_are_heard_too(code: str, stage: str) -> None:
    """RemarkFreeText, RemarkTextCode, PublicStatus and Amadeus' FIDS status."""
    assert observed(f"<RemarkFreeText>{code}</RemarkFreeText>")["stage"] == stage
    assert observed(f'<RemarkTextCode Qualifier="PUB" CodeContext="9750">{code}</RemarkTextCode>')["stage"] == stage
    assert observed(f'<PublicStatus CodeContext="2005">{code}</PublicStatus>')["stage"] == stage
    assert observed(extension=fids(code))["stage"] == stage


def test_a_word_adds_nothing_to_a_time_that_says_as_much() -> None:
    """Landed at 12:40 needs no word for it; a word that goes further than the times does count."""
    landed = time("TDN", "ACT", "12:40")
    assert "stage" not in observed(status("LAN") + landed)
    assert "stage" not in observed(status("TKO") + landed)
    assert observed(status("ONB") + landed)["stage"] == "arrived"
    assert observed(status("GCL") + landed)["stage"] == "gate-closed"


def test_a_cancellation_is_undone_by_sq_alone() -> None:
    """DX cancels; operating, scheduled and boarding do not bring the leg back; SQ does."""
    flight, _ = sent(None, "08:00", status("OP", context="1245") + time("OFB", "SCT", "10:00"))
    flight, changes = sent(flight, "08:10", status("DX"))
    assert kinds(changes) == [Kind.CANCELLED]
    for minute, code in enumerate(("OP", "SCH", "BST"), 20):
        flight, _ = sent(flight, f"08:{minute}", status(code, context="1245"))
        assert flight.status.phase is Phase.CANCELLED
    flight, changes = sent(flight, "08:30", status("SQ", context="1245"))
    assert Kind.REINSTATED in kinds(changes)
    assert flight.status.phase is Phase.BOARDING


def test_a_leg_that_does_not_operate_is_cancelled() -> None:
    """NOP: who holds a ticket won't fly either way."""
    assert observed(status("NOP", context="1245"))["cancelled"] is True


def test_of_cancelled_and_reinstated_the_later_counts() -> None:
    """RepeatIndex says which is later."""
    assert observed(status("DX", "SQ"))["cancelled"] is False
    assert observed(status("SQ", "DX"))["cancelled"] is True


def test_a_displayed_cancellation_counts_where_no_operational_status_is_given() -> None:
    """Operational status decides; where the two disagree the sender is told."""
    assert observed(extension=fids("CX"))["cancelled"] is True
    read = only_leg(notification(leg(status("OP"), extension=fids("CX"))))
    assert "cancelled" not in read.update.observed
    assert read.warnings == ("LegData: CX is displayed, but OperationalStatus does not say so",)


def history(*airports: str) -> str:
    return "".join(f'<PlannedArrivalAptHistory CodeContext="3" RepeatIndex="{n}">{a}</PlannedArrivalAptHistory>'
                   for n, a in enumerate(airports, 1))  # fmt: skip


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (status("DV") + history("IAH", "AUS"), "AUS"),
        (status("DV") + history("IAH", "AUS", "DFW"), "DFW"),
        (status("DV") + history("IAH", "KORD"), "ORD"),
        (status("DV") + history("IAH"), ""),
        (status("DV"), ""),
        (status("DV") + "<PlannedArrivalAptHistory/>", ""),
        (status("RT") + history("IAH", "AUS"), "AUS"),
        (status("OP") + history("IAH"), None),
        (status("OP") + history("IAH", "AUS", "IAH"), None),
    ],
)
def test_a_diversion_goes_to_the_newest_planned_airport(data: str, expected: str | None) -> None:
    """It is not known where to while the newest is still the scheduled one; back at that, it is over."""
    assert observed(data)["diverted_to"] == expected


def test_a_diversion_lasts_until_the_leg_heads_for_its_destination_again() -> None:
    """A message that just does not mention it ends nothing; nor does a diversion change which leg it is."""
    flight, _ = sent(None, "09:00", history("IAH") + time("TKO", "ACT", "08:00"))
    flight, changes = sent(flight, "09:10", status("DV") + history("IAH", "AUS"))
    assert kinds(changes) == [Kind.DIVERTED]
    assert flight.airports == ("EWR", "IAH", "AUS")
    flight, changes = sent(flight, "09:20", status("OP"))
    assert flight.status.phase is Phase.DIVERTED
    assert not changes
    flight, _ = sent(flight, "09:30", status("OP") + history("IAH", "AUS", "IAH"))
    assert flight.status.phase is Phase.AIRBORNE


def test_a_leg_that_returned_starts_anew_with_its_next_attempt() -> None:
    """GRT: returned. RepeatNumber 2: the same leg, without the first attempt's times."""
    times = time("OFB", "SCT", "08:00") + time("OFB", "ACT", "08:05")
    flight, _ = sent(None, "08:06", times)
    flight, changes = sent(flight, "08:30", status("GRT"))
    assert kinds(changes) == [Kind.RETURNED]
    assert flight.status.phase is Phase.RETURNED
    again = UA1545 + '<RepeatNumber CurrentInd="true">2</RepeatNumber>'
    flight, _ = sent(flight, "09:00", time("OFB", "EST", "10:00"), again)
    assert flight.status.phase is Phase.SCHEDULED
    assert (flight.status.actual_out, flight.status.estimated_out) == (None, utc("10:00"))
    flight, _ = sent(flight, "09:05", times)  # an echo of the first attempt
    assert flight.status.actual_out is None


def test_gatwicks_return_to_stand_is_a_return() -> None:
    """And a re-routing (RT) is none."""
    assert observed(status("RST", context="9750"))["returned"] is True
    assert "returned" not in observed(status("RT"))


@pytest.mark.parametrize(
    ("action", "shown"),
    [("Delete", Shown.DELETED), ("DoNotDisplay", Shown.HIDDEN), ("LockDown", Shown.SHOWN), ("", Shown.SHOWN)],
)
def test_special_actions_say_who_may_see_a_leg(action: str, shown: Shown) -> None:
    """Deleted, hidden or shown; a lock-down is handed on."""
    read = only_leg(notification(leg(action=f"<SpecialAction>{action}</SpecialAction>")))
    assert (read.special_action, read.update.observed["shown"].value) == (action, shown)
    assert not read.warnings


def test_a_deletion_needs_no_data() -> None:
    """Only the identification and the action."""
    document = notification(leg(action="<SpecialAction>Delete</SpecialAction>").replace("<LegData></LegData>", ""))
    assert only_leg(document).update.observed["shown"].value == Shown.DELETED


def test_an_unknown_special_action_is_passed_over() -> None:
    """With a warning; a nil one without."""
    assert "'Burn'" in only_leg(notification(leg(action="<SpecialAction>Burn</SpecialAction>"))).warnings[0]
    assert not only_leg(notification(leg(action='<SpecialAction xsi:nil="true"/>'))).warnings
