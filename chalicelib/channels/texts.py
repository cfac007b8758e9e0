"""The texts of a capability's messages: one TOML file for each language, in one folder."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.channels.model import LANGUAGES

Texts = Mapping[str, Any]  # a language's file


def texts(folder: Path, language: str) -> Texts:
    """Everything that is said in a language; English where there is no such language."""
    return _read(folder / f"{language if language in LANGUAGES else 'en'}.toml")


def page_texts(folder: Path, language: str) -> Mapping[str, str]:
    """The texts of the pages, `[pages]` of a language's file; and `dir`, the direction in which it is written."""
    t = texts(folder, language)
    return {**t["pages"], "dir": t["dir"]}


@cache
def _read(file: Path) -> Texts:
    import tomllib

    return tomllib.loads(file.read_text(encoding="utf-8"))
