"""How followers, what they were told, and what is due are kept."""

from datetime import UTC, date, datetime, time, timedelta

import boto3
import pytest

from chalicelib.alerts import ledger
from chalicelib.alerts.ledger import Due, Entry, Kind, Page, Task
from chalicelib.alerts.model import Delivery, Follower, Interest, QuietHours, Rule, Subject, Told
from chalicelib.channels.model import Address, Channel
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.errors import Conflict
from chalicelib.flights.identity import LegId
from chalicelib.flights.model import Phase

pytestmark = pytest.mark.usefixtures("cloud")

LEG = LegId.parse("UA1545-20260710-EWR")
DAY = date(2026, 7, 10)
FLIGHT = Subject(leg=LEG)
PAGE = Page(str(FLIGHT), Channel.EMAIL, 0)
TOLD = Told(
    version=7, out=datetime(2026, 7, 10, 20, tzinfo=UTC), off_schedule=True, arrival_moved=True, gate="B4",
    terminal="B", diverted_to="AUS", returned_at=datetime(2026, 7, 10, 19, tzinfo=UTC),
    phase=Phase.BOARDING, counted=2, reminded=3,
)  # fmt: skip
DELIVERY = Delivery(datetime(2026, 7, 10, 18, tzinfo=UTC), ("gate",), 7, "accepted", "0100-id", None)


def follower(number: int, channel: Channel = Channel.EMAIL, page: int = 0) -> Follower:
    return Follower(f"{number:024}", FLIGHT, Address(channel, f"p{number}@example.com"), Rule(), page)


def keep(*followers: Follower) -> None:
    for each in followers:
        ledger.follower_row(each).save()


def test_a_follower_comes_back_as_it_was_kept(now: Now) -> None:
    """Rule, secret and all."""
    quiet = QuietHours(time(22, 30), time(7))
    rule = Rule("de", "Europe/Berlin", frozenset({Interest.GATE}), 30, 20, quiet)
    kept = Follower(
        "a" * 24, FLIGHT, Address(Channel.WEBHOOK, "https://example.com/x"), rule, 3, "whsec_x", "abc", booked=True
    )
    keep(kept)
    assert ledger.followers(Page(str(FLIGHT), Channel.WEBHOOK, 3), now.wall) == [kept]


def test_f18_an_expired_follower_is_absent(now: Now) -> None:
    """F18: TTL is only the broom."""
    keep(follower(1))
    assert ledger.followers(PAGE, now.wall)
    assert ledger.followers(PAGE, now.wall + timedelta(days=40)) == []


def test_followers_fill_pages_by_channel() -> None:
    """Twenty webhooks to a page, five hundred emails."""
    numbers = [ledger.place(FLIGHT, Channel.WEBHOOK) for _ in range(41)]
    assert numbers == [0] * 20 + [1] * 20 + [2]
    assert ledger.place(FLIGHT, Channel.EMAIL) == 0
    assert sorted(ledger.following(LEG, [str(FLIGHT), "number:UA1545-20260710"])[1]) == [
        Page(str(FLIGHT), Channel.EMAIL, 0), *(Page(str(FLIGHT), Channel.WEBHOOK, n) for n in range(3))
    ]  # fmt: skip
    assert ledger.following(LEG, ["flight:UA1-20260710-EWR"]) == (0, [])


def test_what_was_told_comes_back_as_it_was_kept() -> None:
    """With its last deliveries."""
    entry = Entry(TOLD, (DELIVERY,) * 3, 4, 0, 2, datetime(2026, 7, 10, 19, tzinfo=UTC), 6)
    ledger.mark(LEG, PAGE, {"a": entry})
    assert ledger.entries(LEG, PAGE) == {"a": entry}
    assert ledger.entries(LEG, PAGE._replace(number=1)) == {}


def test_a_row_keeps_its_last_deliveries_within_a_kilobyte() -> None:
    """So that telling costs no more with the years; a long flight's followers see the last five emails."""
    many = tuple(DELIVERY._replace(version=v, id="0" * 60) for v in range(15))
    id_ = "a" * 40
    ledger.mark(LEG, PAGE, {id_: Entry(TOLD, many, 123)})
    assert [d.version for d in ledger.entries(LEG, PAGE)[id_].recent] == list(range(10, 15))
    item = boto3.client("dynamodb").query(
        TableName=config().followers_table, KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"told#{LEG}#{PAGE}"}},
    )["Items"][0]  # fmt: skip
    size = sum(len(name) + len(str(next(iter(value.values())))) for name, value in item.items())
    assert size < 900, "a claim's lease adds some fifty"


def test_a_new_follower_knows_what_stands(now: Now) -> None:
    """And what was told before, stays."""
    ledger.begin(follower(1), {LEG: TOLD})
    ledger.begin(follower(1), {LEG: Told()})
    assert ledger.entries(LEG, PAGE)[follower(1).id].told == TOLD


@pytest.mark.parametrize("number", [1, 3])
def test_a_claim_is_won_once(number: int, now: Now) -> None:
    """Alone, or with others in one transaction; until it is marked, nobody else wins it."""
    found = {f"{n}": Entry() for n in range(number)}
    until = now.wall + timedelta(minutes=2)
    won = ledger.claim(LEG, PAGE, found, "one", until)
    assert set(won) == set(found)
    assert ledger.claim(LEG, PAGE, found, "two", until) == {}
    assert all(entry.claimed(now.wall) for entry in ledger.entries(LEG, PAGE).values())
    assert not any(entry.claimed(until) for entry in ledger.entries(LEG, PAGE).values())


def test_a_claim_whose_answer_was_lost_is_still_ours(now: Now) -> None:
    """The SDK asks again, and its second condition fails on our own success."""
    until = now.wall + timedelta(minutes=2)
    assert ledger.claim(LEG, PAGE, {"a": Entry()}, "one", until)
    assert ledger.claim(LEG, PAGE, {"a": Entry()}, "one", until)


def test_who_is_claimed_already_does_not_hold_up_the_others(now: Now) -> None:
    """Of three, two are left."""
    until = now.wall + timedelta(minutes=2)
    ledger.claim(LEG, PAGE, {"b": Entry()}, "one", until)
    assert set(ledger.claim(LEG, PAGE, {n: Entry() for n in "abc"}, "two", until)) == {"a", "c"}


def test_a_claim_fails_on_a_row_that_was_marked_since_it_was_read(now: Now) -> None:
    """What was told meanwhile is not told again."""
    until = now.wall + timedelta(minutes=2)
    ledger.mark(LEG, PAGE, ledger.claim(LEG, PAGE, {"a": Entry()}, "one", until))
    assert ledger.claim(LEG, PAGE, {"a": Entry()}, "two", until) == {}
    assert ledger.claim(LEG, PAGE, ledger.entries(LEG, PAGE), "two", until)


def test_a_leg_is_fanned_out_upwards() -> None:
    """An older version never takes a newer one back."""
    assert ledger.following(LEG, [])[0] == 0
    for version in (3, 2):
        ledger.mark_fanned(LEG, version)
    assert ledger.following(LEG, [])[0] == 3


def test_deliveries_come_newest_first() -> None:
    """Of all legs of what is followed."""
    other, later = LegId.parse("UA1545-20260710-ORD"), DELIVERY._replace(at=DELIVERY.at + timedelta(hours=1))
    ledger.mark(LEG, PAGE, {follower(1).id: Entry(TOLD, (DELIVERY,), 1)})
    ledger.mark(other, PAGE, {follower(1).id: Entry(TOLD, (later,), 1)})
    assert ledger.deliveries(follower(1), [LEG, other]) == [(other, later), (LEG, DELIVERY)]


TASK = Task(Kind.PAGE, f"{LEG} {PAGE}", "wall")


def due(now: Now, minutes: float = 0) -> list[Due]:
    return ledger.due("wall", now.wall + timedelta(minutes=minutes), 10)


def test_what_is_due_is_found_from_its_instant_on(now: Now) -> None:
    """By its own clock."""
    ledger.plan(TASK, now.wall + timedelta(minutes=5), DAY, "a note")
    assert due(now, 4) == []
    [found] = due(now, 5)
    assert (found.task, found.note) == (TASK, "a note")
    assert ledger.due("flight", now.wall + timedelta(days=1), 10) == []


def test_the_earliest_plan_stays(now: Now) -> None:
    """A later one does not put it off."""
    for minutes in (5, 3, 9):
        ledger.plan(TASK, now.wall + timedelta(minutes=minutes), DAY)
    assert [found.at for found in due(now, 60)] == [now.wall + timedelta(minutes=3)]


def test_what_was_taken_up_is_settled_or_due_again(now: Now) -> None:
    """Once; two schedules at once don't take it twice."""
    ledger.plan(TASK, now.wall, DAY)
    [found] = due(now)
    revision = ledger.take(found, now.wall + timedelta(minutes=10))
    with pytest.raises(Conflict):
        ledger.take(found, now.wall + timedelta(minutes=10))
    assert due(now, 9) == []
    assert due(now, 10)  # whoever took it died
    ledger.settle(TASK, revision, None, DAY)
    assert due(now, 60) == []


def test_a_plan_made_while_it_is_taken_up_survives_the_settling(now: Now) -> None:
    """Somebody found a reason that whoever is at it may not have seen."""
    ledger.plan(TASK, now.wall, DAY)
    revision = ledger.take(due(now)[0], now.wall + timedelta(minutes=10))
    ledger.plan(TASK, now.wall + timedelta(minutes=30), DAY)
    ledger.settle(TASK, revision, None, DAY)
    assert due(now, 60)


def test_settling_for_later_puts_it_off(now: Now) -> None:
    """Until quiet hours end, say."""
    ledger.plan(TASK, now.wall, DAY)
    revision = ledger.take(due(now)[0], now.wall + timedelta(minutes=10))
    ledger.settle(TASK, revision, now.wall + timedelta(hours=8), DAY)
    assert due(now, 7 * 60) == []
    assert due(now, 8 * 60)
