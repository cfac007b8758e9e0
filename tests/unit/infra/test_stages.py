"""Which stage a command is for, and what is said of one that is not known here."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core import config
from infra import stages
from infra.stages import NoSuchStage, enter


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The settings of a stage `dev`, whole; called, it writes other ones."""
    monkeypatch.setattr(os, "environ", {})
    file = tmp_path / "config.json"
    monkeypatch.setattr(stages, "CONFIG", file)
    whole = {name: f"the {name}" for name in config.names()} | {"GATECALL_STAGE": "dev"}

    def write(**others: str | None) -> None:
        of_stage = {name: value for name, value in (whole | others).items() if value is not None}
        file.write_text(
            json.dumps({"environment_variables": {}, "stages": {"dev": {"environment_variables": of_stage}}})
        )

    write()
    return write


def test_a_stage_is_entered_by_its_settings(written: Any) -> None:
    """They become this process's environment."""
    enter("dev")
    assert os.environ["FLIGHTS_TABLE"] == "the FLIGHTS_TABLE"


def test_a_stage_that_this_checkout_does_not_know_is_named_with_the_command(written: Any) -> None:
    """It may be there, deployed from elsewhere: provisioning learns of it."""
    with pytest.raises(NoSuchStage, match=r"has: local, dev.*python -m infra provision --stage prod"):
        enter("prod")


@pytest.mark.parametrize("value", ["set by provisioning", None])
def test_a_setting_that_is_not_known_yet_is_named_with_the_command(written: Any, value: str | None) -> None:
    """As before the first provisioning, and after an upgrade that brought a new setting. Nothing is entered then."""
    written(FLIGHTS_STREAM_ARN=value)
    with pytest.raises(NoSuchStage, match=r"^FLIGHTS_STREAM_ARN not known yet.*provision --stage dev"):
        enter("dev")
    assert "FLIGHTS_TABLE" not in os.environ


def test_of_many_settings_that_are_not_known_the_first_are_named(written: Any) -> None:
    """A stage that was never provisioned lacks a dozen."""
    written(**dict.fromkeys(config.names(), None))
    with pytest.raises(NoSuchStage, match=r"^\w+, \w+, \w+ and \d+ more not known yet"):
        enter("dev")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"stages": {,}}', r"can't be read: .* line 1 column 13"),
        ("{}", r"not as it should be .*stages"),
        ('{"stages": {}}', r"not as it should be .*environment_variables"),
        ('{"stages": [], "environment_variables": {}}', r"not as it should be"),
        ('{"stages": {"dev": {"lambda_functions": {"f": 3}}}, "environment_variables": {}}', r"not as it should be"),
        ('{"stages": {}, "environment_variables": {"SMS_RATE": 20}}', r'SMS_RATE as 20; .* quotes: "20"'),
    ],
)
def test_what_somebody_broke_in_the_settings_is_said(written: Any, text: str, said: str) -> None:
    """People edit the file by hand; so it is read by one function, which says what is wrong with it."""
    stages.CONFIG.write_text(text)
    with pytest.raises(config.Misconfigured, match=said):
        stages.written()
    with pytest.raises(config.Misconfigured):
        enter("dev")


def test_settings_that_are_not_there_are_said_so(written: Any) -> None:
    """No traceback."""
    stages.CONFIG.unlink()
    with pytest.raises(config.Misconfigured, match="can't be read"):
        enter("dev")
