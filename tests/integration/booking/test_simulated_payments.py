"""The simulated payment service: what becomes of each card, and that no call does anything twice."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product
from threading import Barrier
from typing import Any

import boto3
import pytest
from moto.sqs import sqs_backends
from standardwebhooks import Webhook

import app
from chalicelib.booking import payments
from chalicelib.booking.payments import (
    AtWork,
    Charged,
    Outcome,
    Reason,
    Refunded,
    TimedOut,
    callbacks,
    pages,
    simulated,
)
from chalicelib.core import aws
from chalicelib.core.clock import Now, wall_now
from chalicelib.core.config import config
from chalicelib.core.errors import Conflict, GatecallError, Invalid, NotFound, TooLarge, Unauthenticated, Unavailable
from chalicelib.core.secrets import secret
from infra import secrets as made_secrets
from infra.local import events

REFERENCE = "K3M9TZ-1"
BACK = "/trips/K3M9TZ"
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
THREADS = 16


def charge(token: str, now: Now, reference: str = REFERENCE, **more: Any) -> Charged:
    given = {"amount": 25_000, "currency": "USD", "return_url": BACK, **more}
    return payments.service().charge(reference, token=token, now=now.wall, **given)


def later(now: Now, by: timedelta) -> Now:
    return Now(now.flight + by, now.wall + by)


def told() -> list[dict[str, Any]]:
    """The callbacks that wait in the queue, also those that are not due yet."""
    queue = sqs_backends["123456789012"]["us-east-1"].get_queue(config().settlements_queue.rpartition("/")[2])
    return [json.loads(message.body)["callback"] for message in queue._messages]


def key_of(charged: Charged) -> str:
    assert charged.challenge_url
    return charged.challenge_url.partition("?key=")[2]


@pytest.fixture
def secrets_made(cloud: None) -> None:
    made_secrets.make("test", boto3.client("ssm"))


@pytest.mark.usefixtures("cloud")
class TestCharges:
    def test_a_card_that_pays_is_approved_once(self, now: Now) -> None:
        """Asked again, the service says the same; and status knows it."""
        first = charge("tok_approve", now)
        assert (first.outcome, first.amount, first.currency) == (Outcome.APPROVED, 25_000, "USD")
        assert first.decline is None
        assert charge("tok_approve", later(now, MINUTE)) == first
        assert payments.service().status(REFERENCE, now.wall) == first
        assert len(told()) == 1

    @pytest.mark.parametrize(
        ("token", "reason", "code"),
        [
            ("tok_decline", Reason.INSUFFICIENT_FUNDS, "insufficient_funds"),
            ("tok_decline_stolen", Reason.CARD_DECLINED, "stolen_card"),
        ],
    )
    def test_a_declined_charge_says_why(self, token: str, reason: Reason, code: str, now: Now) -> None:
        """It stays declined, whoever asks."""
        first = charge(token, now)
        assert first.outcome is Outcome.DECLINED
        assert first.decline
        assert (first.decline.reason, first.decline.code) == (reason, code)
        assert charge(token, now) == payments.service().status(REFERENCE, now.wall) == first

    def test_a_charge_whose_answer_is_lost_was_taken(self, now: Now) -> None:
        """Status says so, and so does the same charge when it is asked for again."""
        with pytest.raises(TimedOut):
            charge("tok_timeout", now)
        found = payments.service().status(REFERENCE, now.wall)
        assert found
        assert found.outcome is Outcome.APPROVED
        assert charge("tok_timeout", now) == found
        assert len(told()) == 1

    def test_a_charge_that_never_arrives_is_not_known(self, now: Now) -> None:
        """Its reference is free for another card."""
        with pytest.raises(TimedOut):
            charge("tok_timeout_lost", now)
        assert payments.service().status(REFERENCE, now.wall) is None
        assert charge("tok_approve", now).outcome is Outcome.APPROVED

    def test_a_slow_charge_is_at_work_until_it_is_approved(self, now: Now) -> None:
        """Nobody is told anything of it in between."""
        with pytest.raises(TimedOut):
            charge("tok_slow", now)
        meanwhile = later(now, 19 * SECOND)
        for ask in (
            lambda: charge("tok_slow", meanwhile),
            lambda: payments.service().status(REFERENCE, meanwhile.wall),
            lambda: payments.service().cancel(REFERENCE, meanwhile.wall),
            lambda: payments.service().refund(REFERENCE, "r1", 1, meanwhile.wall),
        ):
            with pytest.raises(AtWork):
                ask()
        assert charge("tok_slow", later(now, 20 * SECOND)).outcome is Outcome.APPROVED

    @pytest.mark.parametrize(
        "other",
        [{"amount": 24_999}, {"currency": "EUR"}, {"token": "tok_decline"}],
        ids=lambda other: next(iter(other)),
    )
    def test_a_reference_stands_for_one_charge(self, other: dict[str, Any], now: Now) -> None:
        """Another amount, currency or card is a conflict, and changes nothing."""
        first = charge("tok_approve", now)
        with pytest.raises(Conflict):
            charge(**{"token": "tok_approve", "now": now, **other})
        assert payments.service().status(REFERENCE, now.wall) == first

    def test_what_can_not_be_charged_is_refused(self, now: Now) -> None:
        """And nothing is kept of it."""
        wrong: dict[str, list[Any]] = {
            "token": ["4111111111111111", ""],
            "amount": [0, -5],
            "reference": ["a b", "é-1", "", "a" * 65],
            "return_url": ["https://evil.example/"],
        }
        for name, values in wrong.items():
            for value in values:
                with pytest.raises(Invalid):
                    charge(**{"token": "tok_approve", "now": now, name: value})
        assert boto3.client("dynamodb").scan(TableName=config().bookings_table)["Items"] == []

    def test_the_token_is_not_kept(self, now: Now) -> None:
        """Nor does what is kept stay longer than a booking may be refunded."""
        charge("tok_approve", now)
        (item,) = boto3.client("dynamodb").scan(TableName=config().bookings_table)["Items"]
        assert "tok_approve" not in json.dumps(item)
        assert item["pk"]["S"] == f"simulated#{REFERENCE}"
        assert int(item["expires"]["N"]) == (now.wall + 500 * DAY).timestamp()

    def test_a_service_that_can_not_be_asked_is_said_to_be_so(self, now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
        """By the error that leaves open whether anything was taken."""
        boto3.client("dynamodb").update_table(TableName=config().bookings_table, DeletionProtectionEnabled=False)
        boto3.client("dynamodb").delete_table(TableName=config().bookings_table)
        with pytest.raises(Unavailable):
            charge("tok_approve", now)


@pytest.mark.usefixtures("cloud")
class TestLostAnswers:
    """DynamoDB does what it was asked, the answer is lost, and botocore asks once more."""

    @pytest.fixture(autouse=True)
    def _every_write_twice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ask = simulated._asked

        def ask_twice(operation: str, **request: Any) -> Any:
            ask(operation, **request)
            return ask(operation, **request)

        monkeypatch.setattr(simulated, "_asked", ask_twice)

    def test_one_charge_is_kept_and_told_of(self, now: Now) -> None:
        """It is known as one's own."""
        assert charge("tok_approve", now).outcome is Outcome.APPROVED
        assert len(told()) == 1

    def test_a_challenge_ends_as_the_payer_wished(self, now: Now) -> None:
        """And that is told."""
        waiting = charge("tok_challenge", now)
        found = simulated.answer(REFERENCE, key_of(waiting), True, now.wall)
        assert found.charged.outcome is Outcome.APPROVED
        assert len(told()) == 1

    @pytest.mark.parametrize("token", ["tok_approve", "tok_refund_fails", "tok_refund_timeout"])
    def test_one_refund_is_taken(self, token: str, now: Now) -> None:
        """Whichever of both answers was lost."""
        charge(token, now)
        assert payments.service().refund(REFERENCE, "r1", 5_000, now.wall).taken
        found = payments.service().status(REFERENCE, now.wall)
        assert found
        assert found.refunded == 5_000


@pytest.mark.usefixtures("cloud")
class TestCancelling:
    def test_a_waiting_challenge_is_declined_for_good(self, now: Now) -> None:
        """Its payer comes too late."""
        waiting = charge("tok_challenge", now)
        cancelled = payments.service().cancel(REFERENCE, now.wall)
        assert cancelled.decline
        assert cancelled.decline.reason is Reason.CANCELLED
        found = simulated.answer(REFERENCE, key_of(waiting), True, now.wall)
        assert found.charged == cancelled == payments.service().status(REFERENCE, now.wall)
        assert told() == []

    def test_a_charge_that_has_not_arrived_can_arrive_no_more(self, now: Now) -> None:
        """Whatever card it comes with."""
        assert payments.service().cancel(REFERENCE, now.wall).outcome is Outcome.DECLINED
        for token in ("tok_approve", "tok_challenge"):
            late = charge(token, now)
            assert late.decline
            assert late.decline.reason is Reason.CANCELLED
        with pytest.raises(Conflict):
            payments.service().refund(REFERENCE, "r1", 1, now.wall)

    @pytest.mark.parametrize("token", ["tok_approve", "tok_decline"])
    def test_what_is_final_stays(self, token: str, now: Now) -> None:
        """It can only be refunded."""
        assert payments.service().cancel(REFERENCE, now.wall).outcome is Outcome.DECLINED
        other = charge(token, now, "K3M9TZ-2")
        assert payments.service().cancel("K3M9TZ-2", now.wall) == other


@pytest.mark.usefixtures("cloud")
class TestRefunds:
    def refund(self, amount: int, now: Now, refund_reference: str = "r1") -> Refunded:
        return payments.service().refund(REFERENCE, refund_reference, amount, now.wall)

    def refunded(self, now: Now) -> int:
        found = payments.service().status(REFERENCE, now.wall)
        assert found
        return found.refunded

    def test_a_refund_is_taken_once(self, now: Now) -> None:
        """However often it is asked for."""
        charge("tok_approve", now)
        assert [self.refund(10_000, now).taken for _ in range(3)] == [True] * 3
        assert self.refunded(now) == 10_000

    def test_refunds_never_exceed_the_charge(self, now: Now) -> None:
        """To the last cent, in as many parts as one likes."""
        charge("tok_approve", now)
        self.refund(20_000, now, "r1")
        with pytest.raises(Conflict):
            self.refund(5_001, now, "r2")
        self.refund(5_000, now, "r2")
        with pytest.raises(Conflict):
            self.refund(1, now, "r3")
        assert self.refunded(now) == 25_000

    def test_a_refunds_reference_stands_for_one_amount(self, now: Now) -> None:
        """Another is a conflict."""
        charge("tok_approve", now)
        self.refund(1_000, now)
        with pytest.raises(Conflict):
            self.refund(1_001, now)
        assert self.refunded(now) == 1_000

    def test_a_refused_refund_is_taken_the_next_time(self, now: Now) -> None:
        """By the same reference."""
        charge("tok_refund_fails", now)
        first = self.refund(25_000, now)
        assert not first.taken
        assert first.reason
        assert self.refunded(now) == 0
        assert self.refund(25_000, now).taken
        assert self.refunded(now) == 25_000

    def test_a_refund_whose_answer_is_lost_was_taken(self, now: Now) -> None:
        """Asked for again, it is not taken twice."""
        charge("tok_refund_timeout", now)
        with pytest.raises(TimedOut):
            self.refund(10_000, now)
        assert self.refund(10_000, now).taken
        assert self.refunded(now) == 10_000

    @pytest.mark.parametrize("token", ["tok_decline", "tok_challenge"])
    def test_what_was_not_taken_is_not_given_back(self, token: str, now: Now) -> None:
        """Nor what was never charged."""
        with pytest.raises(NotFound):
            self.refund(1, now)
        charge(token, now)
        with pytest.raises(Conflict):
            self.refund(1, now)

    def test_a_refund_is_of_some_money(self, now: Now) -> None:
        """Below zero it would be a charge."""
        charge("tok_approve", now)
        for amount in (0, -1):
            with pytest.raises(Invalid):
                self.refund(amount, now)
        assert self.refunded(now) == 0


@pytest.mark.usefixtures("cloud")
class TestChallenges:
    @pytest.mark.parametrize(("approve", "outcome"), [(True, Outcome.APPROVED), (False, Outcome.DECLINED)])
    def test_the_payer_decides_once(self, approve: bool, outcome: Outcome, now: Now) -> None:
        """What is pressed after that changes nothing; the callback says that something became of it."""
        waiting = charge("tok_challenge", now)
        assert waiting.outcome is Outcome.CHALLENGE
        assert told() == []
        for press in (approve, not approve, approve):
            found = simulated.answer(REFERENCE, key_of(waiting), press, later(now, 9 * MINUTE).wall)
            assert found.charged.outcome is outcome
            assert found.return_url == "https://flights.test/trips/K3M9TZ"
        assert charge("tok_challenge", now).outcome is outcome
        assert [event["type"] for event in told()] == [f"payment.{outcome}"]

    def test_the_same_charge_has_the_same_challenge(self, now: Now) -> None:
        """So that a repeated request leads to the same page."""
        assert charge("tok_challenge", now).challenge_url == charge("tok_challenge", later(now, MINUTE)).challenge_url

    def test_after_ten_minutes_it_is_declined_and_stays_so(self, now: Now) -> None:
        """Also for a clock that is behind."""
        waiting = charge("tok_challenge", now)
        over = later(now, 10 * MINUTE)
        found = simulated.answer(REFERENCE, key_of(waiting), True, over.wall).charged
        assert found.decline
        assert found.decline.reason is Reason.NOT_AUTHENTICATED
        assert simulated.answer(REFERENCE, key_of(waiting), True, now.wall).charged == found
        assert [event["type"] for event in told()] == ["payment.declined"]

    def test_a_charge_says_of_itself_that_its_challenge_is_over(self, now: Now) -> None:
        """Nothing has to run for that."""
        charge("tok_challenge", now)
        before = payments.service().status(REFERENCE, (now.wall + 10 * MINUTE) - SECOND)
        after = payments.service().status(REFERENCE, now.wall + 10 * MINUTE)
        assert before
        assert after
        assert (before.outcome, after.outcome) == (Outcome.CHALLENGE, Outcome.DECLINED)

    def test_nobody_answers_without_the_key(self, now: Now) -> None:
        """A locator can be read over a shoulder; the key of the challenge stands in its URL alone."""
        charge("tok_challenge", now)
        charge("tok_approve", now, "K3M9TZ-2")
        charged = (REFERENCE, "K3M9TZ-2", "nobody", "a b#\x00")
        for reference, key in product(charged, ("", "x", "é", "\udc00")):
            with pytest.raises(NotFound):
                simulated.challenge(reference, key, now.wall)
            with pytest.raises(NotFound):
                simulated.answer(reference, key, True, now.wall)
        found = payments.service().status(REFERENCE, now.wall)
        assert found
        assert found.outcome is Outcome.CHALLENGE


@pytest.mark.usefixtures("cloud")
class TestPages:
    @pytest.fixture
    def key(self) -> str:
        wall = wall_now()
        return key_of(charge("tok_challenge", Now(wall, wall)))

    def test_the_page_has_two_buttons_and_leads_back(self, key: str) -> None:
        """See Other: the browser gets the page it came from."""
        page = pages.challenge(REFERENCE, key)
        assert page.status == 200
        assert re.findall(r'<button[^>]* value="(\w+)"', page.body) == ["approve", "decline"]
        assert "250.00 USD" in page.body
        gone_back = pages.answered(REFERENCE, key, approve=True)
        assert (gone_back.status, gone_back.headers["Location"]) == (303, "https://flights.test/trips/K3M9TZ")
        assert "This payment is approved." in pages.challenge(REFERENCE, key).body

    def test_a_declined_challenge_leads_back_too(self, key: str) -> None:
        """And its page says so."""
        assert pages.answered(REFERENCE, key, approve=False).status == 303
        assert "This payment is declined." in pages.challenge(REFERENCE, key).body

    def test_a_guessed_page_is_not_found(self, key: str) -> None:
        """It says no more, and repeats nothing."""
        for wrong in (("K3M9TZ-9", ""), (REFERENCE, "guessed"), ("<script>", "<script>")):
            for page in (pages.challenge(*wrong), pages.answered(*wrong, approve=True)):
                assert page.status == 404
                assert "<script>" not in page.body
                assert "Location" not in page.headers


@pytest.mark.usefixtures("secrets_made")
class TestCallbacks:
    def event(self, now: Now, token: str = "tok_approve") -> dict[str, Any]:
        charge(token, now)
        return told()[-1]

    def test_a_callback_names_its_charge(self, now: Now) -> None:
        """As the queue delivers it, and as a service would post it."""
        event = self.event(now)
        assert callbacks.deliver(event, now.wall) == REFERENCE
        assert callbacks.receive(*simulated.signed(event, now.wall), now.wall) == REFERENCE

    def test_it_is_signed_by_standard_webhooks(self, now: Now) -> None:
        """The library's own check agrees."""
        headers, body = simulated.signed(self.event(now), wall_now())
        sent = Webhook(secret("payments-callback")).verify(body, headers)
        assert (sent["type"], sent["data"]) == ("payment.approved", {"reference": REFERENCE})

    def test_a_callback_may_come_twice(self, now: Now) -> None:
        """Both are the same event."""
        charge("tok_duplicate", now)
        first, second = told()
        assert first == second
        assert callbacks.deliver(first, now.wall) == callbacks.deliver(second, now.wall) == REFERENCE

    def test_a_message_that_waited_for_hours_is_still_delivered(self, now: Now) -> None:
        """It is signed as it is sent, as a service signs each attempt."""
        assert callbacks.deliver(self.event(now), now.wall + DAY) == REFERENCE

    def test_the_function_of_settlements_hears_of_it(self) -> None:
        """What it has to look at is not there any more: there is nothing to do."""
        wall = wall_now()
        messages = [
            {"callback": each} for each in (self.event(Now(wall, wall)), {"id": "e", "type": "t", "reference": "x"})
        ]
        records = [{"messageId": str(n), "body": json.dumps(each)} for n, each in enumerate(messages)]
        done = app.settle_bookings(events.records(*records), events.context("settle_bookings"))
        assert done == {"batchItemFailures": []}

    def test_a_slow_charge_is_told_of_when_it_is_done(self, now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
        """Not while it is at work."""
        delays: list[int] = []
        queue = aws.client("sqs")
        send = queue.send_message
        monkeypatch.setattr(queue, "send_message", lambda **m: (delays.append(m["DelaySeconds"]), send(**m)))
        with pytest.raises(TimedOut):
            charge("tok_slow", now)
        assert delays == [21]

    def test_a_forged_callback_is_refused(self, now: Now) -> None:
        """Whatever was changed of it."""
        headers, body = simulated.signed(self.event(now), now.wall)
        forged = {
            "webhook-signature": ["", "v1,", "v1,AAAA v1a,BBBB", "v1,é", "\udc00"],
            "webhook-id": ["", "other", "é", "\udc00"],
            "webhook-timestamp": ["", "0", "nan", "-5", "9999999999", "9" * 400, "\uff11\uff17"],
        }
        for name, values in forged.items():
            for value in values:
                with pytest.raises(Unauthenticated):
                    callbacks.receive({**headers, name: value}, body, now.wall)

    def test_another_body_or_secret_is_refused(self, now: Now) -> None:
        """As is one without any header."""
        headers, body = simulated.signed(self.event(now), now.wall)
        by_a_stranger = {
            **headers,
            "webhook-signature": Webhook("whsec_AAAA").sign(headers["webhook-id"], now.wall, ""),
        }
        for given, sent in (
            (headers, body.replace(b"K3M9TZ-1", b"K3M9TZ-2")), (headers, b""), (headers, b"\xff\xfe"),
            (by_a_stranger, body), ({}, body),
        ):  # fmt: skip
            with pytest.raises(Unauthenticated):
                callbacks.receive(given, sent, now.wall)

    def test_an_old_callback_is_refused(self, now: Now) -> None:
        """Who overheard one can't use it later; nor one from the future."""
        event = self.event(now)
        assert callbacks.receive(*simulated.signed(event, now.wall - 5 * MINUTE), now.wall) == REFERENCE
        for off in (5 * MINUTE + SECOND, -5 * MINUTE - SECOND, 365 * DAY):
            with pytest.raises(Unauthenticated):
                callbacks.receive(*simulated.signed(event, now.wall), now.wall + off)

    def test_one_of_several_signatures_is_enough(self, now: Now) -> None:
        """A service that rotates its secret signs with both."""
        headers, body = simulated.signed(self.event(now), now.wall)
        both = {**headers, "webhook-signature": f"v1,AAAA {headers['webhook-signature']}"}
        assert callbacks.receive(both, body, now.wall) == REFERENCE

    def test_a_huge_body_is_refused_before_it_is_looked_at(self, now: Now) -> None:
        """No signature is reckoned over it."""
        with pytest.raises(TooLarge):
            callbacks.receive({}, b"x" * 10_001, now.wall)

    def test_a_signed_callback_that_names_no_charge_is_refused(self, now: Now) -> None:
        """It is the service's fault then, and said to be."""
        unknown = ["", '""', "5", '"../../x"', '"' + "a" * 65 + '"']
        bodies = ["", "no JSON", "[]", "{}", "null", '{"data": []}', "[" * 5000]
        for body in bodies + [f'{{"data": {{"reference": {reference}}}}}' for reference in unknown]:
            headers = {
                "webhook-id": "evt_1",
                "webhook-timestamp": str(int(now.wall.timestamp())),
                "webhook-signature": Webhook(secret("payments-callback")).sign("evt_1", now.wall, body),
            }
            with pytest.raises(Invalid):
                callbacks.receive(headers, body.encode(), now.wall)

    def test_a_charge_holds_where_its_callback_is_lost(self, now: Now) -> None:
        """As where the queue does not take it."""
        boto3.client("sqs").delete_queue(QueueUrl=config().settlements_queue)
        assert charge("tok_approve", now).outcome is Outcome.APPROVED


@pytest.mark.usefixtures("exact_cloud")
class TestRaces:
    def at_once(self, deed: Callable[[int], Any]) -> list[Any]:
        """What came of it in each thread, also where that was an error of ours."""
        start = Barrier(THREADS)

        def do(number: int) -> Any:
            start.wait()
            try:
                return deed(number)
            except GatecallError as error:
                return error

        with ThreadPoolExecutor(THREADS) as threads:
            return list(threads.map(do, range(THREADS)))

    @pytest.mark.parametrize("token", ["tok_approve", "tok_decline", "tok_challenge", "tok_duplicate"])
    def test_one_reference_charged_by_many_is_one_charge(self, token: str, now: Now) -> None:
        """All are told the same."""
        came = self.at_once(lambda _: charge(token, now))
        assert all(isinstance(each, Charged) for each in came), came
        assert len(set(came)) == 1

    def test_of_different_charges_with_one_reference_one_is_taken(self, now: Now) -> None:
        """The others are told that there is another."""
        came = self.at_once(lambda number: charge("tok_approve", now, amount=1000 + number))
        taken = [each for each in came if isinstance(each, Charged)]
        assert len(taken) == 1
        assert sum(isinstance(each, Conflict) for each in came) == THREADS - 1
        assert payments.service().status(REFERENCE, now.wall) == taken[0]

    def test_one_refund_asked_for_by_many_is_given_once(self, now: Now) -> None:
        """All are told that it is taken."""
        charge("tok_approve", now)
        came = self.at_once(lambda _: payments.service().refund(REFERENCE, "r1", 9_000, now.wall))
        assert {each.taken for each in came} == {True}
        found = payments.service().status(REFERENCE, now.wall)
        assert found
        assert found.refunded == 9_000

    def test_many_refunds_together_never_exceed_the_charge(self, now: Now) -> None:
        """Of 16 of 3,000 each, 8 fit into 25,000."""
        charge("tok_approve", now)
        came = self.at_once(lambda number: payments.service().refund(REFERENCE, f"r{number}", 3_000, now.wall))
        assert sum(isinstance(each, Refunded) for each in came) == 8
        assert sum(isinstance(each, Conflict) for each in came) == 8
        found = payments.service().status(REFERENCE, now.wall)
        assert found
        assert found.refunded == 24_000

    def test_approved_declined_and_cancelled_at_once_it_has_one_end(self, now: Now) -> None:
        """Everybody is told the same, then and later."""
        waiting = charge("tok_challenge", now)

        def end(number: int) -> Charged:
            if number % 3 == 0:
                return payments.service().cancel(REFERENCE, now.wall)
            return simulated.answer(REFERENCE, key_of(waiting), number % 3 == 1, now.wall).charged

        came = self.at_once(end)
        assert all(isinstance(each, Charged) for each in came), came
        assert {*came, payments.service().status(REFERENCE, now.wall)} == {came[0]}
        assert came[0].outcome is not Outcome.CHALLENGE

    def test_charged_and_cancelled_at_once_it_is_one_of_both(self, now: Now) -> None:
        """Who cancels knows then whether the money was taken."""
        for number in range(5):
            reference = f"K3M9TZ-{number}"
            came = self.at_once(
                lambda each, reference=reference: (
                    charge("tok_approve", now, reference)
                    if each % 2
                    else payments.service().cancel(reference, now.wall)
                )
            )
            assert len({each.outcome for each in came}) == 1
