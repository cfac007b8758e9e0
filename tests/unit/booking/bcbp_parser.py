"""A parser of boarding passes that is not ours: npm's `bcbp` (MIT, George Smith), fetched once and run by Node.js."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest

_VERSION = "6.0.2"
_INTEGRITY = "GOpIZW5+lgbpHghyuwBCm1SjneaCw3lk/oHpUtS+1HewAkhZKZfmGDG6U4toUMCS2KOOG3YuVU5Hkt34M8JVEg=="  # sha512
_KEPT = Path(__file__).parents[3] / ".local" / f"bcbp-{_VERSION}.js"
_PROGRAM = (
    "const {decode} = require(process.argv[1]);"
    "let all = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
    "console.log(JSON.stringify(all.map(text => decode(text, 2026))))"
)


def parse(texts: list[str]) -> list[dict[str, Any]]:
    """What each text says, read by that parser. Skips the test where it can't be had; with CI set, fails it."""
    node = shutil.which("node")
    if not node or not _there():
        if os.environ.get("CI"):
            pytest.fail("npm's bcbp can't be had")
        pytest.skip("npm's bcbp can't be had")
    environment = {**os.environ, "TZ": "UTC"}  # it reckons days by the machine's clocks
    asked = subprocess.run(
        [node, "-e", _PROGRAM, str(_KEPT)],
        input=json.dumps(texts), capture_output=True, text=True, timeout=30, check=True, env=environment,
    )  # fmt: skip
    return list(json.loads(asked.stdout))


def _there() -> bool:
    npm = shutil.which("npm")
    if _KEPT.exists() or not npm:
        return _KEPT.exists()
    _KEPT.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_KEPT.parent) as scratch:
        pack = [npm, "pack", "--json", "--silent", f"bcbp@{_VERSION}"]
        packed = subprocess.run(pack, cwd=scratch, capture_output=True, text=True, timeout=40, check=False)
        if packed.returncode:
            return False
        archive = Path(scratch, json.loads(packed.stdout)[0]["filename"])
        if base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode() != _INTEGRITY:
            pytest.fail(f"what npm fetched is not bcbp {_VERSION} as it was pinned")
        with tarfile.open(archive) as package:
            package.extract("package/dist/index.umd.js", scratch, filter="data")
        Path(scratch, "package/dist/index.umd.js").replace(_KEPT)  # whole or not at all, also when two fetch at once
    return True
