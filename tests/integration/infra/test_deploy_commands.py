"""`python -m infra deploy`, `rollback` and `destroy` are told to the audit trail, as all that is done to a stage."""

from collections.abc import Callable

import pytest

from chalicelib.accounts import audit
from chalicelib.core.clock import wall_now
from chalicelib.core.errors import Unavailable
from infra import __main__ as command
from infra.deploy import Refused, deploy, destroy, rollback

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command does what it does elsewhere; here it is only told of."""
    monkeypatch.setattr(command.stages, "enter", lambda stage: None)
    monkeypatch.setattr(deploy, "deploy", lambda *_, **__: None)
    monkeypatch.setattr(rollback, "rollback", lambda *_: None)

    def destroyed(*_: object, begun: Callable[[], None]) -> None:
        begun()

    monkeypatch.setattr(destroy, "destroy", destroyed)


def told() -> list[tuple[str, str | None, str, str]]:
    found, _ = audit.trail(None, None, None, 100, None, wall_now())
    return [(event.what, event.by, event.about, event.client) for event in found]


@pytest.mark.usefixtures("done")
@pytest.mark.parametrize(
    ("name", "what"), [("deploy", "deployed"), ("rollback", "rolled-back"), ("destroy", "destroyed")]
)
def test_what_is_done_to_a_stage_is_in_the_trail(name: str, what: str) -> None:
    """Once, and that it came from a terminal."""
    assert command.main([name, "--stage", "test"]) == 0
    assert told() == [(what, None, "stage:test", "terminal")]


@pytest.mark.usefixtures("done")
def test_what_was_refused_is_not(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It did not happen; it is said, and the exit code is 2."""

    def refused(*_: object, **__: object) -> None:
        raise Refused("there is no release before this one")

    monkeypatch.setattr(rollback, "rollback", refused)
    assert command.main(["rollback", "--stage", "test"]) == 2
    assert capsys.readouterr().out == "there is no release before this one\n"
    assert told() == []


@pytest.mark.usefixtures("done")
def test_a_stage_whose_tables_are_not_there_is_deployed_all_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was done is done; that nobody was told is said."""

    def unavailable(*_: object) -> None:
        raise Unavailable("the tables can't be reached")

    monkeypatch.setattr(audit, "record", unavailable)
    assert command.main(["destroy", "--stage", "test"]) == 0
    assert "The audit trail does not say so: the tables can't be reached" in capsys.readouterr().out


def test_ctrl_c_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Who stops a deploy is told that it may be run again."""

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(deploy, "deploy", stopped)
    assert command.main(["deploy", "--stage", "test"]) == 130
    assert "run it again" in capsys.readouterr().out
    assert told() == []
