"""From a committed change to the letter: once, whatever comes twice, late, or breaks off."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto.ses.models import ses_backends

from chalicelib.accounts import errands, letters, links, personal, store
from chalicelib.accounts.model import LETTERS, LINKS, Account, Errand, Event, Task, new_id
from chalicelib.channels import email
from chalicelib.channels.email import Email
from chalicelib.channels.model import Outcome, Receipt
from chalicelib.core import aws
from chalicelib.core.callers import Role
from chalicelib.core.clock import Now
from chalicelib.core.config import config
from chalicelib.core.errors import Unavailable

ADA = "ada@example.com"
ACCEPTED, LATER = Receipt(Outcome.ACCEPTED, "m1"), Receipt(Outcome.LATER, reason="Throttled")


class Postman:
    """Takes letters, as it is told to."""

    def __init__(self) -> None:
        self.sent: list[Email] = []
        self.says: Receipt | Exception | type[BaseException] = ACCEPTED

    def send(self, emails: list[Email]) -> list[Receipt]:
        self.sent += emails
        if isinstance(self.says, Receipt):
            return [self.says] * len(emails)
        raise self.says


@pytest.fixture
def postman(monkeypatch: pytest.MonkeyPatch) -> Postman:
    made = Postman()
    monkeypatch.setattr(email, "send", made.send)
    return made


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    monkeypatch.setattr(errands, "count", names.append)
    return names


def later(now: Now, **by: float) -> Now:
    return Now(now.flight + timedelta(**by), now.wall + timedelta(**by))


def kept(now: Now, task: Task = Task.CONFIRM, **other: Any) -> Errand:
    """An errand, as a request leaves it behind."""
    at = int(now.wall.timestamp())
    errand = Errand(new_id(), task, ADA, "en", at, at + 86_400, **other)
    store.save(errand, now=now.wall)
    return errand


def account(now: Now) -> Account:
    at = int(now.wall.timestamp())
    made = Account(new_id(), ADA, Role.PASSENGER, "en", at, "$argon2id$", at)
    store.save(made, now=now.wall)
    return made


def state(errand: Errand, now: Now) -> tuple[bool, int]:
    """Whether it is done, and until when it is claimed; what holds no link is gone once it is done."""
    found = store.errand(errand.id, now.wall)
    if found is None:
        assert errand.task not in LINKS
        return True, 0
    assert not found.done or errand.task in LINKS
    return found.done, found.leased_until


def records() -> list[dict[str, Any]]:
    """All that the accounts table's stream tells."""
    streams = boto3.client("dynamodbstreams")
    arn = boto3.client("dynamodb").describe_table(TableName=config().accounts_table)["Table"]["LatestStreamArn"]
    found = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found += streams.get_records(ShardIterator=iterator)["Records"]
    return found


def queued() -> list[Any]:
    """The messages in the queue of errands."""
    answer = boto3.client("sqs").receive_message(
        QueueUrl=config().errands_queue, MaxNumberOfMessages=10, VisibilityTimeout=0
    )
    return [json.loads(message["Body"]) for message in answer.get("Messages", ())]


@pytest.mark.usefixtures("cloud")
class TestQueue:
    """What of the table's stream is queued."""

    def test_a_new_errand_is_queued_by_its_number_alone(self, now: Now) -> None:
        """No address stands in the queue."""
        errand = kept(now)
        for record in records():
            errands.queue(record)
        assert queued() == [{"errand": errand.id}]

    def test_nothing_else_is_queued(self, now: Now, postman: Postman) -> None:
        """Accounts and their addresses, the audit trail, an errand that is claimed, done or used."""
        made = account(now)
        store.save(Event(now.wall, "logged-in", made.id, made.id, ""), now=now.wall)
        errand = kept(now)
        before = len(records())
        errands.run(errand.id, now)
        found = store.errand(errand.id, now.wall)
        assert found
        store.save(gone=[found], now=now.wall)
        told = records()
        assert len(told) >= before + 3
        for record in told[: before - 1] + told[before:]:
            errands.queue(record)
        assert queued() == []

    def test_what_the_queue_does_not_take_comes_again(self, now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
        """The record is reported back, whatever is wrong with the queue."""
        kept(now)
        [record] = records()

        for error in (
            EndpointConnectionError(endpoint_url="sqs"),
            ClientError({"Error": {"Code": "Throttled"}}, "SendMessage"),
        ):

            class Broken:
                def send_message(self, error: Exception = error, **_: Any) -> None:
                    raise error

            with monkeypatch.context() as patch:
                patch.setattr(aws, "client", lambda service: Broken())
                with pytest.raises(Unavailable):
                    errands.queue(record)

    @pytest.mark.parametrize(
        "image", [{"sk": {"S": "errand"}}, {"pk": {"S": "errand#1"}, "sk": {"S": "errand"}, "said": {"S": "{"}}]
    )
    def test_a_record_that_is_none_is_refused(self, image: dict[str, Any]) -> None:
        """So that it is set aside."""
        with pytest.raises((KeyError, TypeError, ValueError)):
            errands.queue({"dynamodb": {"NewImage": image}})


@pytest.mark.usefixtures("cloud")
class TestRun:
    """What is done with a queued errand."""

    @pytest.mark.parametrize("task", LETTERS)
    def test_a_letter_is_sent_once(self, now: Now, task: Task, postman: Postman, counted: list[str]) -> None:
        """However often the message comes; the errand stays, for who has the link."""
        if task is not Task.CONFIRM:
            account(now)
        errand = kept(now, task, account="a")
        for _ in range(3):
            errands.run(errand.id, now)
        assert [letter.to for letter in postman.sent] == [ADA]
        assert counted == ["AccountLettersSent"]
        assert state(errand, now) == (True, 0)

    def test_a_letter_goes_out_through_ses_as_it_was_written(self, now: Now) -> None:
        """To its address alone, from the stage's sender, with no header that unsubscribes."""
        errand = kept(now)
        errands.run(errand.id, now)
        [message] = ses_backends["123456789012"]["us-east-1"].sent_messages
        letter = letters.letter(errand, False)
        assert letter
        assert (message.to, message.source) == (ADA, "Example Air <flights@example.com>")
        assert (message.subject, message.text, message.html) == (letter.subject, letter.text, letter.html)
        assert message.headers == {}

    def test_the_letter_is_the_one_that_fits_when_it_is_written(self, now: Now, postman: Postman) -> None:
        """Who asks for an account and has one is told so; the link in the first letter still leads on."""
        first, second = kept(now), kept(now)
        errands.run(first.id, now)
        account(now)
        errands.run(second.id, now)
        assert ["token=" in letter.text for letter in postman.sent] == [True, False]
        token = links.url(first).partition("token=")[2]
        assert links.to_set_password(token, now.wall).id == first.id

    def test_nobody_without_an_account_is_written_to_for_a_password(
        self, now: Now, postman: Postman, counted: list[str]
    ) -> None:
        """Anybody may ask for it, for any address. It is done all the same."""
        errand = kept(now, Task.RESET)
        errands.run(errand.id, now)
        account(now)  # it is too late for the letter now
        errands.run(errand.id, now)
        assert postman.sent == []
        assert counted == []
        assert state(errand, now) == (True, 0)

    def test_nothing_is_done_for_an_errand_that_is_gone(self, now: Now, postman: Postman) -> None:
        """It was used, or is too old, or never was."""
        used, old = kept(now), kept(now)
        store.save(gone=[replace(used, revision=1)], now=now.wall)
        for id in (used.id, "never"):
            errands.run(id, now)
        errands.run(old.id, later(now, hours=25))
        assert postman.sent == []

    def test_what_the_provider_does_not_take_now_comes_again(
        self, now: Now, postman: Postman, counted: list[str]
    ) -> None:
        """At once, if it must: nothing holds it up."""
        errand = kept(now)
        postman.says = LATER
        for _ in range(2):
            with pytest.raises(Unavailable):
                errands.run(errand.id, now)
            assert state(errand, now) == (False, 0)
        assert counted == []
        postman.says = ACCEPTED
        errands.run(errand.id, now)
        assert counted == ["AccountLettersSent"]
        assert state(errand, now) == (True, 0)

    @pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.GONE])
    def test_what_the_provider_never_takes_is_not_tried_again(
        self, now: Now, outcome: Outcome, postman: Postman, counted: list[str]
    ) -> None:
        """It is counted."""
        errand = kept(now)
        postman.says = Receipt(outcome, reason="no")
        for _ in range(2):
            errands.run(errand.id, now)
        assert len(postman.sent) == 1
        assert counted == ["AccountLettersRefused"]

    def test_a_crash_after_sending_repeats_that_letter_and_no_more(self, now: Now, postman: Postman) -> None:
        """The message comes again after three minutes; until the lease is over nobody else sends."""
        errand = kept(now)
        postman.says = KeyboardInterrupt
        with pytest.raises(KeyboardInterrupt):
            errands.run(errand.id, now)
        postman.says = ACCEPTED
        with pytest.raises(Unavailable):
            errands.run(errand.id, later(now, seconds=119))
        assert len(postman.sent) == 1
        for _ in range(2):
            errands.run(errand.id, later(now, seconds=180))
        assert len(postman.sent) == 2
        assert postman.sent[0] == postman.sent[1]

    def test_a_link_that_is_used_before_the_letter_is_marked_does_not_come_back(
        self, now: Now, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The errand is gone, and stays so."""
        errand = kept(now)

        def use(emails: list[Email]) -> list[Receipt]:
            found = store.errand(errand.id, now.wall)
            assert found
            store.save(gone=[found], now=now.wall)
            return [ACCEPTED]

        monkeypatch.setattr(email, "send", use)
        errands.run(errand.id, now)
        assert store.errand(errand.id, now.wall) is None

    def test_who_comes_back_after_the_lease_does_not_mark_what_is_anothers(
        self, now: Now, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A function that slept over its lease lets the other finish."""
        errand, held = kept(now), later(now, seconds=150)

        def sleep(emails: list[Email]) -> list[Receipt]:
            errands._claim(errand.id, held.wall)
            return [ACCEPTED]

        monkeypatch.setattr(email, "send", sleep)
        errands.run(errand.id, now)
        assert state(errand, held) == (False, int(held.wall.timestamp()) + 120)

    @pytest.mark.parametrize(("task", "does"), [(Task.MOVE, "move"), (Task.ERASE, "go_on_erasing")])
    def test_moving_and_erasing_send_nothing_and_come_again_until_done(
        self, now: Now, task: Task, does: str, postman: Postman, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each is done by `personal`, and may be done again."""
        errand, calls = kept(now, task, account="a", former="byron@example.com"), []

        def do(given: Errand, at: Now) -> None:
            calls.append((given.id, at))
            if len(calls) == 1:
                raise Unavailable("not now")

        monkeypatch.setattr(personal, does, do)
        with pytest.raises(Unavailable):
            errands.run(errand.id, now)
        assert state(errand, now) == (False, 0)
        for _ in range(2):
            errands.run(errand.id, now)
        assert calls == [(errand.id, now)] * 2
        assert state(errand, now) == (True, 0)
        assert postman.sent == []

    def test_an_erasing_that_ends_its_own_errand_leaves_none(self, now: Now, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing with the address comes back by the mark."""
        errand = kept(now, Task.ERASE, account="a")

        def erase(given: Errand, at: Now) -> None:
            found = store.errand(given.id, at.wall)
            assert found
            store.save(gone=[found], now=at.wall)

        monkeypatch.setattr(personal, "go_on_erasing", erase)
        errands.run(errand.id, now)
        assert store.errand(errand.id, now.wall) is None


@pytest.fixture
def at_once() -> Iterator[Callable[[Callable[[], Any]], list[Any]]]:
    """Runs a call eight times at the same time; returns what each returned, or its exception."""
    with ThreadPoolExecutor(8) as pool:

        def run(call: Callable[[], Any]) -> list[Any]:
            futures = [pool.submit(call) for _ in range(8)]
            return [future.exception() or future.result() for future in futures]

        yield run


@pytest.mark.usefixtures("exact_cloud")
def test_a_message_that_comes_many_times_at_once_is_one_letter(
    now: Now, postman: Postman, at_once: Callable[[Callable[[], Any]], list[Any]]
) -> None:
    """Whoever finds it claimed has it come again, and finds it done then."""
    errand = kept(now)
    came = at_once(lambda: errands.run(errand.id, now))
    assert all(each is None or isinstance(each, Unavailable) for each in came)
    assert None in came
    assert len(postman.sent) == 1
    assert at_once(lambda: errands.run(errand.id, now)) == [None] * 8
    assert len(postman.sent) == 1
