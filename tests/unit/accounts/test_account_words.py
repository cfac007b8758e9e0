"""The texts of accounts in each language."""

import hashlib
import re
import string
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chalicelib.accounts import words
from chalicelib.accounts.model import LETTERS, LINKS, WORDING
from chalicelib.channels.model import LANGUAGES
from chalicelib.core.callers import Role

HERE = Path(words.__file__).parent

# What people agreed to, by version. Where this fails, either the wording means the same, and its new hash goes here; or
# it means something else, and WORDING gets a new version.
AGREED_TO = {"2026-11": "5448f2415d156afe", "2026-11b": "a57a90e0cd655bc1"}


def entries(table: dict, path: str = "") -> Iterator[tuple[str, str]]:
    """Each text with its place, such as pages.rules; of a list the paragraphs, one by one."""
    for key, value in table.items():
        place = f"{path}.{key}".lstrip(".")
        if isinstance(value, dict):
            yield from entries(value, place)
        elif isinstance(value, list):
            yield from ((f"{place}.{n}", each) for n, each in enumerate(value))
        else:
            yield place, value


def said_in(language: str) -> dict[str, str]:
    return dict(entries(words.texts(language)))


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_there_is_one_file_for_each_language():
    """No language lacks its texts, and no texts lack their language."""
    assert {path.stem for path in HERE.glob("*.toml")} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_says_what_english_says(language):
    """The same texts in as many paragraphs, none empty, each with the same placeholders."""
    here, english = said_in(language), said_in("en")
    assert here.keys() == english.keys()
    assert [place for place, text in here.items() if not text.strip()] == []
    assert [place for place, text in here.items() if placeholders(text) != placeholders(english[place])] == []


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_nothing_is_left_in_english(language):
    """A text that was copied to be translated is."""
    here, english = said_in(language), said_in("en")
    same = {place for place, text in here.items() if text == english[place] and re.search("[a-z]{3} ", text)}
    assert same == set()


def test_every_letter_and_role_has_its_words_and_every_word_its_use():
    """Nothing is missing in the moment that somebody waits for a letter, and nothing is left over."""
    t = words.texts("en")
    assert set(t["letters"]) == {*LETTERS, "known"}
    assert {kind for kind, said in t["letters"].items() if "button" in said} == set(LINKS)
    assert set(t["role"]) == {*Role, "airlines", "airports", "between"}
    folder = HERE.parent
    code = "".join((folder / name).read_text() for name in ("pages.html", "pages.py", "api.py"))
    code += (folder.parent / "core" / "pages.py").read_text()
    unused = [name for name in t["pages"] if not re.search(rf'[".]{name}\b', code)]
    assert [name for name in unused if name.partition("heading_")[2] not in t["pages"]] == []


def test_what_is_agreed_to_changes_with_its_version_only():
    """So that a kept consent says what the person read, in each language."""
    read = "\n\n\n".join(words.consent(language) for language in LANGUAGES)
    assert hashlib.sha256(read.encode()).hexdigest()[:16] == AGREED_TO[WORDING]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_consent_tells_the_facts(language):
    """How long bookings, the security log and the backups last; and that passports are kept."""
    assert words.consent(language).count("400") == 2
    for fact in (
        "24",
        "35",
        {"en": "passport", "de": "Pässe", "es": "pasaporte", "fr": "passeport", "zh": "护照"}[language],
    ):
        assert fact in words.consent(language)


MOMENTS = {
    "en": ("1 August 2026, 09:05 UTC", "31 December 2026, 23:59 UTC"),
    "es": ("1 de agosto de 2026, 09:05 UTC", "31 de diciembre de 2026, 23:59 UTC"),
    "fr": ("1er août 2026, 09:05 UTC", "31 décembre 2026, 23:59 UTC"),
    "de": ("1. August 2026, 09:05 UTC", "31. Dezember 2026, 23:59 UTC"),
    "zh": ("2026年8月1日 09:05（UTC）", "2026年12月31日 23:59（UTC）"),  # noqa: RUF001 - as Chinese writes it
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_moment_is_said_with_its_zone(language):
    """UTC: where the reader of a letter is, nobody knows."""
    moments = datetime(2026, 8, 1, 9, 5, 59, tzinfo=UTC), datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    assert tuple(words.moment(words.texts(language), int(at.timestamp())) for at in moments) == MOMENTS[language]


def test_an_unknown_language_reads_english():
    """Nobody is left without words."""
    assert words.texts("tlh") is words.texts("en")
