"""`python -m infra.local follow`, against a REST API of the test's own."""

import io
import json
import os
from contextlib import ExitStack
from datetime import date

import pytest
from chalice import Chalice, Response
from rich.console import Console

from infra.local import __main__ as command
from infra.local import cloud, follow
from infra.local.functions import Functions
from infra.local.gateway.serving import listening, serving

MORNING = "2026-07-10T14:00:00+00:00*0.001"  # at EWR; the clock all but stands


@pytest.fixture
def asked():
    return []


@pytest.fixture
def running(asked):
    """A cloud that takes whatever it is asked to but for addresses of nobody, and where UA1 has left today."""
    app = Chalice("toy")

    @app.route("/v1/subscriptions", methods=["POST"])
    def subscriptions():
        body = app.current_request.json_body
        if body["address"] == "nobody":
            errors = [{"in": "body", "name": "address", "detail": "is no address"}]
            return Response(json.dumps({"detail": "the body can't be used", "errors": errors}), status_code=400)
        asked.append(body)
        return Response(json.dumps({"id": "abc", "status": "pending"}), status_code=202)

    @app.route("/v1/flights")
    def flights():
        query = app.current_request.query_params
        left = {"departure": {"expected_out": "2026-07-10T12:00:00Z"}}
        return {"flights": [left] if query == {"number": "UA1", "date": "2026-07-10"} else []}

    with ExitStack() as stack:
        rest, websocket = (stack.enter_context(listening("PORT", 0)) for _ in range(2))
        stack.enter_context(serving(Functions(app, set_aside=print), rest, websocket, compress_from=None))
        address = f"http://127.0.0.1:{rest.getsockname()[1]}"
        yield cloud.Running(os.getpid(), address, "", {"FLIGHT_CLOCK": MORNING, "AIRPORTS": "EWR,JFK"})


@pytest.fixture
def console():
    return Console(record=True, width=200, file=io.StringIO())


def ask(running, what, on, console, **more):
    given = {"by": "email", "address": "me@example.com", "language": "en", **more}
    return follow.follow(running, what, on, console=console, **given)


@pytest.mark.parametrize(
    ("what", "on", "named"),
    [
        ("ua 1545", None, {"number": "UA1545", "date": "2026-07-10"}),
        ("UA1", None, {"number": "UA1", "date": "2026-07-11"}),  # today's has left
        ("UA1", date(2026, 7, 10), {"number": "UA1", "date": "2026-07-10"}),
        ("EWR-LAX", None, {"origin": "EWR", "destination": "LAX", "date": "2026-07-10"}),
        ("ewr-lax", date(2026, 7, 12), {"origin": "EWR", "destination": "LAX", "date": "2026-07-12"}),
        ("UA1545-20260710-EWR", None, {"flight": "UA1545-20260710-EWR"}),
    ],
)
def test_a_flight_a_number_or_a_route_is_followed(running, asked, what, on, named):
    """Where no date is given, on the next one on which it leaves."""
    assert ask(running, what, on, Console(quiet=True)) == 0
    assert asked == [{**named, "channel": "email", "address": "me@example.com", "language": "en"}]


def test_what_came_back_and_how_to_confirm_is_said(running, console):
    """The answer as it is, and the outbox; a text holds a code, which is sent back."""
    ask(running, "UA1545", None, console, by="sms", address="+12015550123")
    said = console.export_text()
    assert "Asked to tell +12015550123 by sms of UA1545 2026-07-10" in said
    assert '"status": "pending"' in said
    assert f"{running.rest}/local/outbox" in said
    assert f"{running.rest}/v1/subscriptions/abc/confirmation" in said


def test_a_refusal_is_said_in_its_words(running, console):
    """With each thing that is wrong."""
    with pytest.raises(follow.Refused, match=r"^the body can't be used; address is no address$"):
        ask(running, "UA1545", None, console, address="nobody")


@pytest.mark.parametrize("what", ["EWR", "UA1545-20261399-EWR", "[/]"])
def test_what_can_not_be_followed_is_refused(what):
    """Before anything is asked; what can be is said."""
    with pytest.raises(ValueError, match="UA1545-20130710-EWR"):
        follow.subject(what, date(2026, 7, 10))


def test_a_cloud_that_has_ended_is_said_in_one_sentence(console):
    """No trace of a socket's."""
    gone = cloud.Running(os.getpid(), "http://127.0.0.1:1", "", {"FLIGHT_CLOCK": "", "AIRPORTS": "EWR"})
    with pytest.raises(follow.Refused, match="does not answer"):
        ask(gone, "UA1545-20260710-EWR", None, console)


def test_the_command_line(running, asked, tmp_path, capsys):
    """`python -m infra.local follow UA1545 --webhook …`; without a cloud it says how to start one."""
    line = ["follow", "UA1545", "--webhook", "http://localhost:9000/hook", "--language", "de", "--directory"]
    assert command.main([*line, str(tmp_path)]) == 2
    assert "make run" in capsys.readouterr().out
    cloud.write_note(tmp_path, running)
    assert command.main([*line, str(tmp_path)]) == 0
    assert asked[0]["channel"] == "webhook"
    assert asked[0]["address"] == "http://localhost:9000/hook"
    assert asked[0]["language"] == "de"
