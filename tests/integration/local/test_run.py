"""What `make run` says when it can't start."""

import io
import os
from pathlib import Path

from rich.console import Console

from infra.local import cloud
from infra.local.run import Settings, run


def test_a_second_cloud_in_one_directory_is_refused(tmp_path: Path) -> None:
    """It would take the first one's note away, and with it the way for other commands."""
    cloud.write_note(tmp_path, cloud.Running(os.getpid(), "http://localhost:8000", "ws://localhost:8001", {}))
    console = Console(record=True, file=io.StringIO())
    assert run(Settings(port=0, ws_port=0, directory=tmp_path), console) == 1
    assert "runs here already, at http://localhost:8000" in console.export_text()
    assert cloud.find(tmp_path).rest == "http://localhost:8000"
