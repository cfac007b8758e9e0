"""What accounts say to people, in their language. All texts of a language stand in one file: see `en.toml`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.channels import texts as files
from chalicelib.channels.texts import Texts

_HERE = Path(__file__).parent


def texts(language: str) -> Texts:
    """Everything that is said in a language; English where there is no such language."""
    return files.texts(_HERE, language)


def page_texts(language: str) -> Mapping[str, str]:
    """The texts of the pages; and `dir`, the direction in which the language is written."""
    return files.page_texts(_HERE, language)


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
