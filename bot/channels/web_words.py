"""The words of the chat page, in every language that has a file in `web_page/words/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "web_page" / "words"
ENGLISH = "en"


class WordsError(ValueError):
    """A file of words is wrong; the message names the file, the key and the mend."""


@dataclass(frozen=True)
class Words:
    """A key's English text and when it is seen."""

    text: str
    when: str


@cache
def languages(folder: Path = FOLDER) -> tuple[str, ...]:
    """Return the languages that the page has, such as `en` and `cy`."""
    return tuple(sorted(path.stem for path in folder.glob("*.yml")))


@cache
def english_words(folder: Path = FOLDER) -> Mapping[str, Words]:
    """Return key -> words of the English page, with when each is seen.

    Raises:
        WordsError: at the first key that is wrong.
    """
    found = {}
    for key, row in _load(folder, ENGLISH).items():
        if not isinstance(row, dict) or set(row) != {"text", "when"}:
            raise WordsError(f"words/{ENGLISH}.yml, {key}: write `text` and `when`, nothing else")
        where = f"words/{ENGLISH}.yml, {key}"
        found[key] = Words(_text(f"{where}, text", row["text"]), _text(where, row["when"]))
    return found


@cache
def page_words(language: str, folder: Path = FOLDER) -> Mapping[str, str]:
    """Return key -> text in `language`, which has every key that English has and no other.

    Raises:
        WordsError: at the first key that is wrong.
    """
    english = english_words(folder)
    if language == ENGLISH:
        return {key: words.text for key, words in english.items()}
    rows = _load(folder, language)
    for key in english:
        if key not in rows:
            raise WordsError(f"words/{language}.yml: {key} is missing; English says it")
    for key in rows:
        if key not in english:
            raise WordsError(f"words/{language}.yml: {key} is not known; remove it")
    return {key: _text(f"words/{language}.yml, {key}", text) for key, text in rows.items()}


def check_words() -> None:
    """Read every file of words.

    Raises:
        WordsError: at the first key that is wrong.
    """
    for language in languages():
        page_words(language)


def _load(folder: Path, language: str) -> dict[str, Any]:
    try:
        rows = yaml.safe_load((folder / f"{language}.yml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise WordsError(f"words/{language}.yml: not a readable YAML file in UTF-8") from None
    if not isinstance(rows, dict):
        raise WordsError(f"words/{language}.yml: must be a mapping of keys")
    return rows


def _text(where: str, text: Any) -> str:
    if not isinstance(text, str) or not text.strip():
        raise WordsError(f"{where}: must be a text, in quotes")
    return text.strip()
