"""What accounts say to people, in their language. All texts of a language stand in one file: see `en.toml`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.channels.model import LANGUAGES

Texts = Mapping[str, Any]  # a language's file


def texts(language: str) -> Texts:
    """Everything that is said in a language; English where there is no such language."""
    return _read(language if language in LANGUAGES else "en")


@cache
def _read(language: str) -> Texts:
    import tomllib

    return tomllib.loads(Path(__file__).with_name(f"{language}.toml").read_text(encoding="utf-8"))


def page_texts(language: str) -> Mapping[str, str]:
    """The texts of the pages; and `dir`, the direction in which the language is written."""
    t = texts(language)
    return {**t["pages"], "dir": t["dir"]}


def consent(language: str) -> str:
    """What a person with an account agrees to, in paragraphs; its version is `model.WORDING`."""
    return "\n\n".join(texts(language)["consent"])


def moment(t: Texts, at: int) -> str:
    """An instant, in seconds since 1970, such as "21 November 2026, 14:55 UTC": where the reader is, nobody knows."""
    utc, times = datetime.fromtimestamp(at, UTC), t["times"]
    day = times["first_of_month"] if utc.day == 1 else utc.day
    return str(
        times["moment"].format(
            day=day, month=times["months"][utc.month - 1], year=utc.year, hour=f"{utc:%H}", minute=f"{utc:%M}"
        )
    )
