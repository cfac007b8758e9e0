"""Scheduled functions, on a clock the test sets."""

from datetime import UTC, datetime, timedelta

import pytest
from chalice import Chalice, Cron, Rate

from infra.local.functions import Functions
from infra.local.triggers.schedules import Schedule, UnknownSchedule, parse

START = datetime(2026, 11, 20, 23, 58, 30, tzinfo=UTC)  # a Friday


class Clock:
    now = START

    def __call__(self):
        return self.now


def scheduled(expression, fails=False):
    """A schedule, its clock, and the times its function was told."""
    app, clock, told = Chalice("toy"), Clock(), []

    @app.schedule(expression)
    def run(event):
        told.append(event.time)
        if fails:
            raise ValueError("it failed")

    functions = Functions(app, set_aside=lambda *_: pytest.fail("a schedule has no record"), sleep=lambda _: None)
    return Schedule(app.event_sources[0], functions, clock), clock, told


def test_a_rate_fires_each_time_its_period_has_passed():
    """Counted from the start, on the clock given; not before, and not twice."""
    schedule, clock, told = scheduled(Rate(1, unit=Rate.MINUTES))
    for seconds in (0, 59, 60, 61, 119, 120):
        clock.now = START + timedelta(seconds=seconds)
        schedule.poll()
    assert told == ["2026-11-20T23:59:30Z", "2026-11-21T00:00:30Z"]


def test_missed_times_become_one_run():
    """After a run that took long, or on a clock that runs fast, the last time counts; none is made up for."""
    schedule, clock, told = scheduled("rate(5 minutes)")
    clock.now = START + timedelta(minutes=23)
    schedule.poll()
    schedule.poll()
    assert told == ["2026-11-21T00:18:30Z"]


def test_a_cron_rule_fires_at_the_minutes_it_names():
    """Six fields in UTC, as EventBridge reads them."""
    schedule, clock, told = scheduled(Cron(0, 6, "?", "*", "MON-FRI", "*"))
    for hours in range(24 * 4):
        clock.now = START + timedelta(hours=hours)
        schedule.poll()
    assert told == ["2026-11-23T06:00:00Z", "2026-11-24T06:00:00Z"]


@pytest.mark.parametrize(
    ("expression", "fires"),
    [
        ("cron(0/15 * * * ? *)", "2026-11-21T00:00:00+00:00"),
        ("cron(58,59 23 20 NOV ? 2026)", "2026-11-20T23:59:00+00:00"),
        ("cron(0 0 ? * SAT *)", "2026-11-21T00:00:00+00:00"),
        ("cron(0 0 ? * SUN *)", None),
        ("rate(1 minutes)", "2026-11-21T00:00:30+00:00"),
        ("rate(1 day)", None),
    ],
)
def test_expressions_are_read_as_eventbridge_reads_them(expression, fires):
    """The last time in the two minutes from 23:58:30 on Friday, 20 November 2026."""
    latest = parse(expression, START).latest(START, START + timedelta(minutes=2))
    assert (latest and latest.isoformat()) == fires


@pytest.mark.parametrize(
    "expression", ["rate(0 minutes)", "rate(1 week)", "cron(* * *)", "cron(0 0 L * ? *)", "cron(61 * * * ? *)", "daily"]
)
def test_what_is_no_schedule_is_refused(expression):
    """An expression that can't be understood says so when the app is loaded, not by never firing."""
    with pytest.raises(UnknownSchedule):
        parse(expression, START)


def test_a_failing_run_is_tried_again_and_the_next_one_comes():
    """Three attempts, as Lambda's asynchronous invocation; then the schedule goes on."""
    schedule, clock, told = scheduled("rate(1 minute)", fails=True)
    for minutes in (1, 2):
        clock.now = START + timedelta(minutes=minutes)
        schedule.poll()
    assert len(told) == 6
