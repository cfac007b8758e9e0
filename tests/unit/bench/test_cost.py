"""A bill is arithmetic: each formula beside an example worked out by hand."""

from types import SimpleNamespace

import pytest

from tests.bench import cost, prices
from tests.bench.log import LINE, Said
from tests.bench.prices import PRICES, Item

WRU, EMAILS, TIME = Item("WRU", "followers"), Item("emails"), Item("GB-s", "send_emails")


@pytest.mark.parametrize(
    ("kind", "number", "dollars"),
    [
        ("WRU", 12_000_000, 7.50),
        ("RRU", 8_000_000, 1.00),
        ("storage", 4, 1.00),
        ("recovery", 5, 1.00),
        ("requests", 5_000_000, 1.00),
        ("GB-s", 60_000, 1.000002),
        ("emails", 4_000_000, 400.00),
        ("SNS", 2_000_000, 1.00),
        ("app pushes", 2_000_000, 1.00),
        ("SMS", 1000, 6.45),
        ("carriers", 1000, 3.00),
        ("SQS", 2_500_000, 1.00),
        ("REST", 1_000_000, 3.50),
        ("WebSocket", 1_000_000, 1.00),
        ("connected", 4_000_000, 1.00),
        ("CloudFront", 1_000_000, 1.00),
        ("edge", 10_000_000, 1.00),
        ("viewers", 100e9, 8.50),
        ("internet", 100e9, 9.00),
        ("logs", 2e9, 1.00),
        ("metrics", 10, 3.00),
        ("alarms", 10, 1.00),
        ("composite", 2, 1.00),
        ("dashboards", 1, 3.00),
        ("traces", 200_000, 1.00),
        ("keys", 1, 1.00),
        ("KMS", 1_000_000, 3.00),
    ],
)
def test_so_many_of_a_thing_cost_so_much(kind: str, number: float, dollars: float) -> None:
    """The price of each thing is the one that is published, per the number it is published for."""
    assert prices.cost(Item(kind), number) == pytest.approx(dollars)


def test_every_price_is_tried_and_says_where_it_is_from() -> None:
    """No price stands there without a source, or untried by the test above."""
    tried = {each[0] for each in test_so_many_of_a_thing_cost_so_much.pytestmark[0].args[1]}
    assert tried == set(PRICES)
    assert all(price.source for price in PRICES.values())


def test_a_bill_is_the_sum_of_its_lines() -> None:
    """12 million write units are 7.50 dollars and four million emails 400."""
    assert prices.usd({WRU: 12e6, EMAILS: 4e6}) == pytest.approx(407.50)


def test_what_has_no_price_is_not_left_out() -> None:
    """A thing that was counted and that nobody knows the price of stops the bill."""
    with pytest.raises(KeyError):
        prices.usd({Item("telegrams"): 1})


def test_the_line_through_two_flights_goes_on() -> None:
    """3 units a follower on 4 that come whatever happens: 3,004 for 1,000, 6,004 for 2,000, so 30,004 for 10,000."""
    few, many = {WRU: 3004.0, TIME: 10.0}, {WRU: 6004.0, TIME: 20.0, EMAILS: 0.0}
    line = prices.on_the_line(few, many, (1000, 2000), 10_000)
    assert line[WRU] == pytest.approx(30_004)
    assert line[TIME] == pytest.approx(100)


def test_an_invocation_is_billed_by_the_whole_millisecond_and_its_memory() -> None:
    """11.2 ms are 12 ms; with 1,024 MB those are 0.012 GB-s, with 1,769 MB 0.02073."""
    assert prices.gb_seconds(11.2, 1024) == pytest.approx(0.012)
    assert prices.gb_seconds(11.2, 1769) == pytest.approx(0.012 * 1769 / 1024)


@pytest.mark.parametrize(
    ("processor", "waiting", "held", "memory", "milliseconds"),
    [
        (10, 30, 0, 1769, 40),
        (10, 30, 250, 1769, 250),  # 50 emails at 200 a second
        (10, 30, 0, 3538, 40),  # more memory makes one thread no faster
        (10, 30, 0, 884.5, 50),  # with half of it, it has half a processor; AWS answers as fast
    ],
)
def test_an_invocation_lasts_for_its_work_and_its_waiting(
    processor: float, waiting: float, held: float, memory: float, milliseconds: float
) -> None:
    """And at least as long as it is held back by a provider's rate."""
    assert prices.duration(processor, waiting, held, memory) == pytest.approx(milliseconds)  # type: ignore[arg-type]


def test_traces_are_one_a_second_and_a_twentieth_of_the_rest() -> None:
    """Of 1,086,400 a day 86,400 and 50,000; of 1,440 all; each function for itself."""
    assert prices.traces([1_086_400, 1440]) == pytest.approx(86_400 + 50_000 + 1440)


def test_a_cache_answers_what_comes_before_an_answer_runs_out() -> None:
    """864,000 reads a day of ten addresses are one a second of each: of eleven in ten seconds, it answers ten."""
    assert prices.hits(864_000, addresses=10, max_age=10) == pytest.approx(10 / 11)
    assert prices.hits(0, addresses=10, max_age=10) == 0


def test_idle_queues_are_asked_all_day() -> None:
    """Five pollers, three times a minute: 21,600 a queue and day."""
    assert prices.idle_polls(7) == pytest.approx(7 * 21_600)


def test_keys_are_asked_for_every_five_minutes() -> None:
    """288 times a day, by each that holds one."""
    assert prices.kept_keys(10) == pytest.approx(2880)


def test_essentials_asks_by_the_month_in_steps() -> None:
    """4 million a day are 120 million a month: 10 million at 0.16, 90 at 0.14, 20 at 0.11 dollars a thousand."""
    assert prices.emails_by_plan(4e6) == pytest.approx((1600 + 12_600 + 2200) / 30)
    assert prices.emails_by_plan(1000) == pytest.approx(0.16)


def test_a_month_has_its_days() -> None:
    """What is 30.40 a month is 1.00 a day."""
    assert prices.a_day_of({Item("dashboards"): 30.4})[Item("dashboards")] == pytest.approx(1)


def test_an_alarm_costs_by_the_metrics_it_looks_at() -> None:
    """One of a single metric is one; one that calculates of two is two, its formula costing nothing."""
    two = {"Metrics": [{"MetricStat": {}}, {"MetricStat": {}}, {"Expression": "m1 / m2"}]}
    assert cost.metrics_of_alarm({"MetricName": "Errors"}) == 1
    assert cost.metrics_of_alarm(two) == 2


def test_reads_that_the_cache_answers_cost_no_function() -> None:
    """Of a kind that is all answered by CloudFront, its requests and bytes are left."""
    asked = {Item("REST"): 1.0, Item("CloudFront"): 1.0, Item("viewers"): 1000.0, Item("requests", "api_handler"): 1.0}
    measured = SimpleNamespace(read=dict.fromkeys(cost.READ, asked), again=dict.fromkeys(cost.READ, asked))
    used = cost.reads_of(measured, 1000, dict.fromkeys(cost.READ, 1.0))  # type: ignore[arg-type]
    assert used[Item("REST")] == 0
    assert used[Item("requests", "api_handler")] == 0
    assert used[Item("CloudFront")] == pytest.approx(1000)
    assert used[Item("viewers")] == pytest.approx(1_000_000)


def test_the_reads_are_all_of_them() -> None:
    """The shares of the kinds of reads add up."""
    assert sum(share for share, _, _ in cost.READ.values()) == pytest.approx(1)


def test_a_log_line_costs_its_bytes_and_some_more() -> None:
    """Two lines of 5 bytes, one of them in parts; a metric is known by its name and its dimensions."""
    said = Said()
    said.write("hello\nwo")
    said.write("rld\n")
    assert said.bytes == 2 * (5 + LINE)
    said.write(
        '{"_aws": {"CloudWatchMetrics": [{"Dimensions": [["feed"]], "Metrics": [{"Name": "FeedSilence"}]}]}, '
        '"feed": "replay"}\n'
    )
    assert said.metrics == {("FeedSilence", "feed=replay")}
