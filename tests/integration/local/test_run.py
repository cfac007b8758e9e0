"""What `make run` says when it can't start, or not all of it."""

import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from infra import webapp
from infra.local import cloud
from infra.local.run import Settings, _web_app, run


def test_a_second_cloud_in_one_directory_is_refused(tmp_path: Path) -> None:
    """It would take the first one's note away, and with it the way for other commands."""
    cloud.write_note(tmp_path, cloud.Running(os.getpid(), "http://localhost:8000", "ws://localhost:8001", {}))
    console = Console(record=True, file=io.StringIO())
    assert run(Settings(port=0, ws_port=0, directory=tmp_path), console) == 1
    assert "runs here already, at http://localhost:8000" in console.export_text()
    assert cloud.find(tmp_path).rest == "http://localhost:8000"


@pytest.mark.parametrize(
    ("built_before", "said"),
    [
        (False, "Note: there is no web app, but all else runs: node is not installed\n"),
        (True, "Note: the web app is as it was built before: node is not installed\n"),
    ],
)
def test_where_node_is_missing_one_line_says_so(
    built_before: bool, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is there is served: the API, or the web app as it was."""

    def without_node(say: webapp.Say) -> bool:
        raise webapp.NoNode("node is not installed")

    monkeypatch.setattr(webapp, "build", without_node)
    monkeypatch.setattr(webapp, "DIST", tmp_path)
    if built_before:
        (tmp_path / "index.html").write_text("")
    notes: list[str] = []
    console = Console(record=True, file=io.StringIO())
    found = _web_app(console, lambda text: notes.append(f"Note: {text}\n"))
    assert notes == [said]
    assert found == (tmp_path if built_before else None)
    assert console.export_text() == ""
